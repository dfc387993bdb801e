"""Which spans share bytes: one sweep over sorted spans, each pair of written items told once.

The rules on overlap differ only in which level of the description is to blame; ``kind`` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from regmap.model.block import Group, Register
from regmap.model.walk import Element

__all__ = ["Kind", "Overlap", "overlaps", "sweep"]

# registers: two of them, at most one in an array; arrays: elements of two arrays;
# stride: two elements of one register array; group: two elements of one group array.
Kind = Literal["registers", "arrays", "stride", "group"]

_Span = tuple[int, int, Element]

# More spans than this over one byte are told about the last ones only.
_MOST_ACTIVE = 8


# Nobody mends more than this; a file of registers all at one place would have millions.
_MOST_OVERLAPS = 50_000


class Overlap(NamedTuple):
    """Two elements that share bytes, and the items of the description that cause it."""

    first: Element
    second: Element
    items: tuple[Register | Group, Register | Group]
    kind: Kind


def overlaps(elements: Iterable[Element]) -> list[Overlap]:
    """Elements that share bytes without being meant to (``alternate``, ``alias``)."""
    spans = sorted(
        (
            (element.offset, element.end, element)
            for element in elements
            if not element.register.alternate
            and not any(group.alternate for group, _, _ in element.groups)
        ),
        key=lambda span: span[:2],
    )
    found: dict[tuple[int, ...], Overlap] = {}
    for first, second in sweep(spans):
        overlap = _classify(first, second)
        if _aliases(first.register, second.register):
            continue
        key = tuple(sorted(map(id, overlap.items)))
        found.setdefault(key, overlap)
        if len(found) >= _MOST_OVERLAPS:
            break
    return list(found.values())


def sweep(spans: Iterable[_Span]) -> Iterator[tuple[Element, Element]]:
    """Pairs of spans, sorted by their start, that share something."""
    active: list[_Span] = []
    for span in spans:
        start = span[0]
        if active:
            active = [other for other in active if other[1] > start]
            for other in active:
                yield other[2], span[2]
        active.append(span)
        if len(active) > _MOST_ACTIVE:
            active.remove(min(active, key=lambda other: other[1]))


def _classify(first: Element, second: Element) -> Overlap:
    """Where the ways from the block to the two elements part."""
    ways = zip(_levels(first), _levels(second), strict=False)
    for (left, left_number), (right, right_number) in ways:
        if left is not right:
            both = left.array is not None and right.array is not None
            return Overlap(first, second, (left, right), "arrays" if both else "registers")
        if left_number != right_number:
            kind: Kind = "stride" if isinstance(left, Register) else "group"
            return Overlap(first, second, (left, left), kind)
    return Overlap(first, second, (first.register, second.register), "registers")


def _levels(element: Element) -> list[tuple[Register | Group, int]]:
    levels: list[tuple[Register | Group, int]] = [(g, number) for g, number, _ in element.groups]
    levels.append((element.register, element.number))
    return levels


def _aliases(first: Register, second: Register) -> bool:
    names = first.alias.rpartition(".")[2], second.alias.rpartition(".")[2]
    return second.name == names[0] or first.name == names[1]
