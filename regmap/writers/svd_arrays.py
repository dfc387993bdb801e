"""Arrays as ``dim``: which of them SVD can say, and the others written out.

SVD has arrays of one dimension whose elements are all alike, called ``NAME[%s]``, or ``NAME%s``
with what stands for ``%s``. So the outer dimensions of an array are written out, and one whose
elements differ (in their reset values or fields) or whose names have nothing in common is written
out entirely. What the hardware counts is written with the most there can be.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from regmap.model.block import Group, Register
from regmap.model.chip import Instance
from regmap.model.walk import Indexes, elements, own_name
from regmap.writers.svd_text import DIMABLE, Scope, hexadecimal, identifier, put

__all__ = ["Dim", "Said", "array_name", "put_dim", "said"]

_INDEX = re.compile(r"[_0-9a-zA-Z]+")
_RANGE = re.compile(r"0|[1-9][0-9]*")


class Dim(NamedTuple):
    """``dim``, ``dimIncrement`` and ``dimIndex``, which is "" where it need not be said."""

    times: int
    step: int
    labels: str


class Said(NamedTuple):
    """One element of SVD for an item: its name, its offset from the item's, its ``dim`` if it is
    an array, and the element of the item's own array that it is or begins with."""

    name: str
    offset: int
    dim: Dim | None
    number: int
    indexes: Indexes


def said(item: Register | Group | Instance, scope: Scope, *, alike: bool = True) -> Iterator[Said]:
    """The elements of SVD that an item becomes; ``alike`` tells whether its elements are."""
    array = item.array
    if array is None:
        yield Said(scope.one(identifier(item.name)), 0, None, 0, ())
        return
    rows = itertools.groupby(elements(array), key=lambda element: element[1][:-1])
    stride = array.strides[-1] if array.strides else 0
    for outer, row in rows:
        found = list(row)
        names = [own_name(item, number, indexes) for number, indexes, _ in found]
        own = "_".join([item.name, *map(str, outer)])
        dimmed = array_name(own, names, scope) if alike and stride >= 0 else None
        if dimmed is not None:
            number, indexes, offset = found[0]
            name, index = dimmed
            yield Said(name, offset, Dim(len(found), stride, index), number, indexes)
            continue
        for name, (number, indexes, offset) in zip(names, found, strict=True):
            written = name or "_".join([item.name, *map(str, indexes)])
            yield Said(scope.one(identifier(written)), offset, None, number, indexes)


def array_name(own: str, names: Sequence[str], scope: Scope) -> tuple[str, str] | None:
    """The name with ``%s`` of an array that is called ``own`` and its ``dimIndex``; None where its
    elements' names have no such form. Names of "" are those by index alone."""
    if not any(names):
        return f"{scope.one(identifier(own))}[%s]", ""
    plain = [identifier(name) for name in names]
    for before, after in _splits(identifier(own), plain):
        indexes = [name[len(before) : len(name) - len(after)] for name in plain]
        text = _index(indexes)
        whole = f"{before}%s{after}"
        if text is not None and DIMABLE.fullmatch(whole):
            # Names of two rows of one array can have the same form.
            return (whole, text) if scope.all([whole, *plain]) else None
    return None


def _splits(own: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What may stand before and behind ``%s``: the array's own name in two parts, as in a model
    that came from SVD, or else what all names have in common."""
    shortest = min(map(len, names))
    # An array's name may have an x more than SVD has (``GPx`` for ``GP%s``).
    for whole in dict.fromkeys((own, own.rstrip("x"))):
        for cut in range(len(whole), -1, -1):
            before, after = whole[:cut], whole[cut:]
            if len(whole) < shortest and all(_is_between(name, before, after) for name in names):
                yield before, after
    before = _common(names).rstrip("0123456789")
    after = _common([name[len(before) :][::-1] for name in names])[::-1].lstrip("0123456789")
    if len(before) + len(after) < shortest:
        yield before, after


def _is_between(name: str, before: str, after: str) -> bool:
    """Whether a name begins and ends so, and what is between looks like an index by itself."""
    if not (name.startswith(before) and name.endswith(after)):
        return False
    return "_" not in {name[len(before)], name[len(name) - len(after) - 1]}


def _common(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(each for each, _ in same)


def _index(indexes: Sequence[str]) -> str | None:
    """``dimIndex`` for these texts, "" where they are what is taken without; None where it cannot
    say them."""
    if not all(map(_INDEX.fullmatch, indexes)):
        return None
    first, last = indexes[0], indexes[-1]
    if _RANGE.fullmatch(first):
        start = int(first)
        if all(text == str(start + n) for n, text in enumerate(indexes)):
            return f"{first}-{last}" if start else ""
    return ",".join(indexes) if len(indexes) > 1 else None


def put_dim(element: Any, dim: Dim, *, bits: bool = False) -> None:
    """The elements that begin an array; the increment is in bytes, or in bits."""
    put(element, "dim", str(dim.times))
    put(element, "dimIncrement", str(dim.step) if bits else hexadecimal(dim.step))
    if dim.labels:
        put(element, "dimIndex", dim.labels)
