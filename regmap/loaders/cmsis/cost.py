"""How much work a document is for the ``cmsis-svd`` package, told before the package sees it.

The package copies what is derived and writes every array out by copying, the list of the array's
indexes with each element, so that the work grows with the square of ``dim``; it formats names with
``%``. A few lines could keep it busy for hours or take all memory. What is estimated here is the
number of objects that it would make.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import inf
from typing import Any, NamedTuple

from regmap.loaders.report import shown

__all__ = ["MOST_OBJECTS", "Refusal", "refusal"]

# About 70 us and 4 KB each: half a minute and 2 GB. A vendor file with 45,000 registers and 228,000
# fields is within.
MOST_OBJECTS = 500_000
# Copying one entry of an index list, in parts of the work of making an object.
_ENTRIES_PER_OBJECT = 500
# Names compared in looking for the sources of ``derivedFrom``, about 3 us each.
_MOST_STEPS = 20_000_000
_LONGEST = 1_000
_LONGEST_NUMBER = 40
_OBJECTS = frozenset({"peripheral", "cluster", "register", "field", "enumeratedValue"})
_NAMES = ("name", "displayName", "prependToName", "appendToName")
_PLAIN_NAME = re.compile(r"(?:[^%]|%s|%%)*")
_DERIVED = ("field", "register", "cluster", "peripheral")


class Refusal(NamedTuple):
    """Why a document is not given to the package, and the element that it is about."""

    element: Any
    text: str


def refusal(root: Any) -> Refusal | None:
    """Why the package would take too long or too much over this document, or None."""
    if _searching(root) > _MOST_STEPS:
        element = next(each for each in root.iter() if each.get("derivedFrom"))
        return Refusal(element, "too many derivedFrom in a document of this size")
    found = next(_bad_names(root), None)
    if found is None:
        expansion = _Expansion(root)
        expansion.derive()
        if expansion.objects(root) > MOST_OBJECTS:
            return Refusal(
                expansion.largest(), f"more than {MOST_OBJECTS:,} objects, arrays written out"
            )
    return found


def _searching(root: Any) -> int:
    """How long the package looks for the sources of what is derived, in names compared: each
    time it passes over the whole document, and compares the names of all elements of the kind."""
    count = Counter(each.tag for each in root.iter())
    return sum(
        count[each.tag] + count.total() // 64
        for each in root.iter(*_DERIVED, "enumeratedValues")
        if each.get("derivedFrom")
    )


def _bad_names(root: Any) -> Iterator[Refusal]:
    for element in root.iter(*_NAMES):
        text = element.text or ""
        if len(text) > _LONGEST:
            yield Refusal(element, f"<{element.tag}> of {len(text):,} characters")
        elif not _PLAIN_NAME.fullmatch(text):
            yield Refusal(element, f"<{element.tag}> {shown(text)!r}: a % that is no %s")
    for element in root.iter("dimIndex"):
        text = element.text or ""
        if max(map(len, text.split(","))) > _LONGEST:
            yield Refusal(element, f"an entry of <dimIndex> of {len(text):,} characters")


class _Expansion:
    """The document as large as the package would make it."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._added: dict[Any, float] = {}  # by element: objects that derivation brings
        self._dims: dict[Any, float] = {}  # by element: a dim that derivation brings
        self._siblings: dict[Any, dict[tuple[str, str], Any]] = {}
        self._everywhere: dict[tuple[str, str], list[Any]] = {}
        self._known: dict[Any, float] = {}
        self._fixed: frozenset[str] = frozenset()
        self._steps = 4 * sum(1 for _ in root.iter()) + 1_000_000

    def derive(self) -> None:
        """Note what each derived element is given, in the package's own order."""
        for each in self._root.iter(*_DERIVED):
            key = (each.tag, each.findtext("name") or "")
            self._everywhere.setdefault(key, []).append(each)
        for tag in _DERIVED:
            for element in self._root.iter(tag):
                path = element.get("derivedFrom")
                sources = self._sources(element, path) if path else ()
                if sources:
                    self._take(element, sources)
            self._fixed |= {tag}  # what derives later changes nothing inside of these

    def _sources(self, element: Any, path: str) -> list[Any]:
        """What ``derivedFrom`` may name: a sibling, or by a path anything of that name."""
        name = path.rsplit(".", maxsplit=1)[-1]
        if name != path or element.tag == "peripheral":
            return self._everywhere.get((element.tag, name), [])
        parent = element.getparent()
        if parent not in self._siblings:
            found: dict[tuple[str, str], Any] = {}
            for each in parent:
                found.setdefault((each.tag, each.findtext("name") or ""), each)
            self._siblings[parent] = found
        source = self._siblings[parent].get((element.tag, name))
        return [] if source is None else [source]

    def _take(self, element: Any, sources: list[Any]) -> None:
        own = {child.tag for child in element}
        given = [
            self._added.get(source, 0)
            + sum(self.objects(child) for child in source if child.tag not in own)
            for source in sources
        ]
        self._added[element] = self._added.get(element, 0) + max(given)
        if "dim" not in own:
            self._dims[element] = max(self._dim(source) for source in sources)

    def objects(self, element: Any) -> float:
        """Objects below and with one element, arrays written out; no end to them where even
        counting takes too long."""
        known = self._known.get(element)
        if known is not None:
            return known
        self._steps -= 1
        if self._steps < 0:
            return inf
        made = self._added.get(element, 0) + (1 if element.tag in _OBJECTS else 0)
        for child in element:
            if len(child) or child.tag in _OBJECTS:
                made += self.objects(child)
        count = self._dim(element)
        if count:
            made = count * (made + _entries(element, count) / _ENTRIES_PER_OBJECT)
        if element.tag in self._fixed:
            self._known[element] = made
        return made

    def _dim(self, element: Any) -> float:
        count = _number(element.findtext("dim"))
        return self._dims.get(element, 0) if count is None else count

    def largest(self) -> Any:
        """The longest array, to show where to look."""
        return max(self._root.iter(*_OBJECTS), key=self._dim, default=self._root)


def _entries(element: Any, count: float) -> float:
    """How many entries the list of an array's indexes has; a range is written out whole."""
    text = element.findtext("dimIndex") or ""
    if "," in text:
        return text.count(",") + 1
    first, _, last = (part.strip() for part in text.partition("-"))
    if first.isdecimal() and last.isdecimal():
        return inf if len(first + last) > _LONGEST_NUMBER else max(int(last) - int(first), 0)
    return count


def _number(text: str | None) -> float | None:
    """A number as the package reads it, roughly: never less, and None for what it cannot read."""
    text = (text or "").strip().lower()
    if len(text) > _LONGEST_NUMBER:
        return inf
    try:
        if text.startswith("#"):
            return int(text[1:].replace("x", "0"), 2)
        return abs(int(text, 16 if text.startswith("0x") else 10))
    except ValueError:
        return 1 if text.startswith("true") else None
