"""Names of SVD: ``%s`` in the names of arrays, and names that one place has twice.

``X[%s]`` is an array X with elements ``X[0]``, whatever dimIndex says; ``X%s`` is an array whose
elements have names of their own. svd-rs and SVDConv agree on both.

Of equal names in one place the first keeps it, the later ones become ``NAME_2``, ``NAME_3``: the
rule of ``regmap.names``. An array's own name is none of the file's where its elements have names:
``GP%s`` is called ``GP``, or ``GPx`` beside a register ``GP``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from regmap.model.expr import Expr, NamePattern, parse_expr

__all__ = ["Dim", "Naming", "Scope", "own_name"]

# Names of array elements are held against those of neighbours up to this number.
_MOST_COMPARED = 65_536


class Dim:
    """An array: how many, how far apart, and what stands for ``%s``."""

    __slots__ = ("count", "indexes", "stride")

    def __init__(self, count: int, stride: int, indexes: Sequence[str]) -> None:
        self.count = count
        self.stride = stride
        self.indexes = indexes

    def numbered(self) -> int | None:
        """The first number, where the indexes are numbers that count up by one."""
        first = self.indexes[0]
        if not first.isdecimal() or (len(first) > 1 and first[0] == "0"):
            return None
        start = int(first)
        same = all(text == str(start + n) for n, text in enumerate(self.indexes))
        return start if same else None


class Naming:
    """Array names to patterns; equal ones are one object."""

    def __init__(self) -> None:
        self._patterns: dict[str, NamePattern] = {}
        self._expressions: dict[str, Expr] = {}

    def array(
        self, name: str, dim: Dim, index: str = "i"
    ) -> tuple[str, NamePattern | None, tuple[str, ...]]:
        """The array's own name, and the pattern or else the list of its elements' names."""
        if "[%s]" in name or "%s" not in name:
            return own_name(name), None, ()
        first = dim.numbered()
        if first is not None:
            pattern = self._pattern(name, index, first)
            if pattern is not None:
                return own_name(name), pattern, ()
        return own_name(name), None, tuple(name.replace("%s", each) for each in dim.indexes)

    def _pattern(self, name: str, index: str, first: int) -> NamePattern | None:
        """``CH%s`` as the pattern ``CH{i}`` or ``CH{i+first}``; None where a brace stands in it."""
        if "{" in name or "}" in name:
            return None
        inner = f"{index}+{first}" if first else index
        text = name.replace("%s", f"{{{inner}}}")
        pattern = self._patterns.get(text)
        if pattern is None:
            number = self._expressions.get(inner)
            if number is None:
                number = self._expressions[inner] = parse_expr(inner)
            parts: list[str | Expr] = []
            for part in name.split("%s"):
                parts += (part, number) if part else (number,)
            pattern = self._patterns[text] = NamePattern(text, tuple(parts[:-1]))
        return pattern


def own_name(name: str) -> str:
    """A name without ``%s``."""
    if "%" not in name:
        return name
    return name.replace("[%s]", "").replace("%s", "") or "ELEMENT"


class Scope:
    """The names of one place; ``singles`` tells those that are no array's, wherever they stand.

    ``renamed`` is the last one that had to change.
    """

    __slots__ = ("_numbers", "_singles", "_used", "renamed")

    def __init__(self, singles: Callable[[], set[str]] = set) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._singles: set[str] | Callable[[], set[str]] = singles
        self.renamed = ""

    def single(self, name: str) -> str:
        """A name for one thing."""
        used = self._used
        if name in used:
            name = self._fresh(name)
        used.add(name)
        return name

    def array(self, name: str, *, named: bool) -> str:
        """A name for an array; ``named`` where its elements have names of their own."""
        if callable(self._singles):
            self._singles = self._singles()
        if name in self._singles or (named and name in self._used):
            name += "x"
        own = self.single(name)
        while own in self._singles:
            own = self._fresh(name)
            self._used.add(own)
        return own

    def elements(self, names: list[str]) -> list[str]:
        """The names for an array's elements: those given, as far as they are free."""
        used = self._used
        if len(names) > _MOST_COMPARED:
            return names
        if used.isdisjoint(names) and len(set(names)) == len(names):
            used.update(names)
            return names
        return [self.single(each) for each in names]

    def _fresh(self, name: str) -> str:
        number = self._numbers.get(name, 2)
        while f"{name}_{number}" in self._used:
            number += 1
        self._numbers[name] = number + 1
        self.renamed = f"{name}_{number}"
        return self.renamed
