"""``derivedFrom`` on the XML tree: every level, any order, chains, dotted paths, cycles found.

What an element does not say itself is copied from the one that it derives from; children that
both have by name are the element's own. Copies are bounded, since a few hostile lines can ask
for endless ones. A peripheral that adds nothing is not copied at all: it shares its source's
registers.
"""

from __future__ import annotations

import copy
from typing import Any

from regmap.loaders.report import REFERENCE_CYCLE, UNRESOLVED_REFERENCE, Log, did_you_mean, shown
from regmap.loaders.svd_words import place_of

__all__ = ["POSITION", "PROPERTIES", "Derivation", "dim_indexes"]

PROPERTIES = ("size", "access", "resetValue", "resetMask")
_LEVELS = ("peripheral", "cluster", "register", "field", "enumeratedValues")
_CHILDREN = {
    "device": "peripherals/peripheral",
    "peripheral": "registers/register|registers/cluster",
    "cluster": "register|cluster",
    "register": "fields/field",
    "field": "enumeratedValues",
}
POSITION = frozenset({"bitRange", "lsb", "msb", "bitOffset", "bitWidth"})
_DIM = frozenset({"dim", "dimIncrement", "dimIndex", "dimName", "dimArrayIndex"})
_CONTAINERS = frozenset({"registers", "fields"})
_NAMED = frozenset(_LEVELS)
_MOST_COPIES = 300_000
# Looking for the array that an element's name belongs to.
_MOST_TRIES = 1_000_000
# A copied cluster may bring derived clusters along; nothing real nests deeper than a few.
_MOST_ROUNDS = 8


class _TooMuchError(Exception):
    """The file asks for more copies than any device has parts."""


class Derivation:
    """Resolves one device; ``shared`` tells which peripheral's registers another one uses."""

    def __init__(self, root: Any, file: str, log: Log) -> None:
        self._root = root
        self._file = file
        self._log = log
        self._names: dict[Any, dict[str, Any]] = {}
        self._left = _MOST_COPIES
        self._tries = _MOST_TRIES
        self._done: set[Any] = set()
        self.shared: dict[Any, Any] = {}

    def run(self) -> None:
        """Resolve all levels, the outer ones first so that the inner see what was copied."""
        for level in _LEVELS:
            for _round in range(_MOST_ROUNDS):
                waiting = [
                    element
                    for element in self._root.iter(level)
                    if element.get("derivedFrom") and element not in self._done
                ]
                if not waiting:
                    break
                try:
                    for element in waiting:
                        self._resolve(element)
                except _TooMuchError:
                    return
                self._names.clear()
        # What is resolved must not be resolved again, and worse, by the package.
        for element in self._root.iter(*_LEVELS):
            element.attrib.pop("derivedFrom", None)

    def _resolve(self, element: Any) -> None:
        """Follow the chain to its end, then copy back along it."""
        chain: list[tuple[Any, Any]] = []
        seen = {element}
        while element.get("derivedFrom") and element not in self._done:
            source = self._source(element)
            self._done.add(element)
            if source is None:
                break
            if source in seen or source in element.iterancestors():
                path = shown(element.get("derivedFrom"))
                text = f"derived from itself by way of {path!r}"
                self._log.warning(REFERENCE_CYCLE, place_of(element, self._file), text)
                break
            chain.append((element, source))
            seen.add(source)
            element = source
        for target, source in reversed(chain):
            self._derive(target, source)

    def _derive(self, target: Any, source: Any) -> None:
        if target.tag == "peripheral" and self._may_share(target):
            self.shared[target] = self.shared.get(source, source)
        own = {child.tag for child in target}
        own_items = {(child.tag, child.findtext("name")) for child in target}
        positioned = bool(own & POSITION)
        is_array = "%s" in (target.findtext("name") or "")
        for child in source:
            tag = child.tag
            if target in self.shared and tag == "registers":
                continue
            if positioned and tag in POSITION:
                continue
            if tag in _DIM and (not is_array or own & _DIM):
                continue
            if tag in _CONTAINERS and tag in own:
                self._merge(target.find(tag), child)
            elif tag not in own or (
                target.tag == "cluster"
                and tag in _NAMED
                and (tag, child.findtext("name")) not in own_items
            ):
                self._copy_into(target, child)

    def _may_share(self, target: Any) -> bool:
        return not any(target.find(tag) is not None for tag in ("registers", *PROPERTIES))

    def _merge(self, own: Any, other: Any) -> None:
        names = {child.findtext("name") for child in own}
        for child in other:
            if child.findtext("name") not in names:
                self._copy_into(own, child)

    def _copy_into(self, target: Any, child: Any) -> None:
        self._left -= sum(1 for _ in child.iter())
        if self._left < 0:
            text = "derivedFrom asks for too many copies"
            fix = "break the circle in which clusters hold what derives from them"
            self._log.error(REFERENCE_CYCLE, place_of(target, self._file), text, fix)
            raise _TooMuchError
        self._names.pop(target, None)
        target.append(copy.deepcopy(child))

    def _source(self, element: Any) -> Any | None:
        """What ``derivedFrom`` names: searched from the element's surroundings outwards."""
        path = element.get("derivedFrom").strip()
        steps = path.split(".")
        scope = element.getparent()
        while scope is not None:
            if scope.tag in _CHILDREN:
                found = self._walk(scope, steps, element.tag)
                if found is not None and found is not element:
                    return found
            scope = scope.getparent()
        if element.tag == "enumeratedValues" and len(steps) == 1:
            found = self._enums().get(path)
            if found is not None and found is not element:
                return found
        if not self._log.quiet:
            text = f"derived from {shown(path)!r}, which is not there"
            fix = did_you_mean(steps[-1], self._near(element))
            self._log.warning(UNRESOLVED_REFERENCE, place_of(element, self._file), text, fix)
        return None

    def _near(self, element: Any) -> list[str]:
        scopes = (each for each in element.iterancestors() if each.tag in _CHILDREN)
        return [name for scope in scopes for name in self._children(scope) if "%s" not in name]

    def _walk(self, scope: Any, steps: list[str], tag: str) -> Any | None:
        for step in steps:
            found = self._children(scope).get(step)
            if found is None:
                found = self._of_array(scope, step)
            if found is None:
                return None
            scope = found
        return scope if scope.tag == tag else None

    def _children(self, scope: Any) -> dict[str, Any]:
        """The named elements inside one; an array also by its name without ``%s``."""
        scope = self.shared.get(scope, scope)
        found = self._names.get(scope)
        if found is None:
            children = [
                (each.findtext("name") or "", each) for each in scope.xpath(_CHILDREN[scope.tag])
            ]
            found = {}
            for name, child in children:
                found.setdefault(name, child)
            for name, child in children:
                found.setdefault(name.replace("[%s]", "").replace("%s", ""), child)
            self._names[scope] = found
        return found

    def _of_array(self, scope: Any, step: str) -> Any | None:
        """The array of which an element has this name."""
        for name, child in self._children(scope).items():
            if "%s" not in name:
                continue
            self._tries -= 1
            if self._tries < 0:
                return None
            before, _, after = name.partition("%s")
            if step.startswith(before) and step.endswith(after):
                index = step[len(before) : len(step) - len(after)]
                if index in dim_indexes(child):
                    return child
        return None

    def _enums(self) -> dict[str, Any]:
        found = self._names.get(None)
        if found is None:
            found = {}
            for each in self._root.iter("enumeratedValues"):
                found.setdefault(each.findtext("name") or "", each)
            self._names[None] = found
        return found


def dim_indexes(element: Any) -> list[str]:
    """The texts that stand for ``%s``, as far as ``dimIndex`` says; numbers from 0 if it does
    not. At most a million."""
    count = min(int(element.findtext("dim") or 0), 1_000_000)
    text = (element.findtext("dimIndex") or "").strip()
    if not text:
        return [str(index) for index in range(count)]
    if "," in text:
        return [index.strip() for index in text.split(",")][:count]
    first, dash, last = (part.strip() for part in text.partition("-"))
    if dash and first.isdecimal() and last.isdecimal():
        return [str(index) for index in range(int(first[:9]), int(last[:9]) + 1)[:count]]
    if dash and len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(index) for index in range(ord(first), ord(last) + 1)][:count]
    return [text][:count]
