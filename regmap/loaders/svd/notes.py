"""What is odd in an SVD file: one problem a kind, at its first place, with a count.

A vendor's tool repeats its mistake thousands of times; nobody wants to read it thousands of times.
lxml keeps the line of an element but no column, so the column is looked up in the text, for the
few elements that a problem is told of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NoReturn

from regmap.errors import Place
from regmap.loaders.report import Log, Rule

__all__ = ["Notes", "RefusedError"]

_PIECE = 1 << 15
# As many as the log shows.
_MOST_TOLD = 200


class RefusedError(Exception):
    """The file asks for more than a device has; the log says what."""


class _Note:
    __slots__ = ("count", "element", "fix", "rule", "text")

    def __init__(self, rule: Rule, element: Any, text: str, fix: str) -> None:
        self.rule = rule
        self.element = element
        self.text = text
        self.fix = fix
        self.count = 1


class Notes:
    """Collects what is odd; ``tell`` puts it into the log."""

    def __init__(self, root: Any, data: bytes, file: str, log: Log) -> None:
        self.file = file
        self.log = log
        self._root = root
        self._data = data
        self._notes: dict[Hashable, _Note] = {}
        self.total = 0

    def odd(
        self,
        kind: Hashable,
        rule: Rule,
        element: Any,
        text: str,
        fix: str | Callable[[], str] = "",
    ) -> None:
        """Note something odd; a ``fix`` that takes time to find is asked for once a kind."""
        self.total += 1
        note = self._notes.get((rule, kind))
        if note is not None:
            note.count += 1
            return
        found = fix if isinstance(fix, str) else "" if len(self._notes) > 200 else fix()
        self._notes[rule, kind] = _Note(rule, element, text, found)

    def refuse(self, rule: Rule, element: Any, text: str, fix: str = "") -> NoReturn:
        """Give the file up, with an error. Raises RefusedError."""
        (place,) = self._places([element]).values()
        self.log.incomplete = True
        self.log.error(rule, place, text, fix)
        raise RefusedError

    def tell(self) -> None:
        """Put all notes into the log, in the order of the file."""
        notes = sorted(self._notes.values(), key=lambda note: note.element.sourceline or 1)
        if not notes:
            return
        places = self._places(note.element for note in notes[:_MOST_TOLD])
        for note in notes:  # the log only counts what is beyond
            place = places.get(note.element)
            self.log.warning(note.rule, place, note.text, note.fix, count=note.count)
        self._notes.clear()

    def _places(self, elements: Iterable[Any]) -> dict[Any, Place]:
        """Line and column of each element: the n-th ``<tag`` in the text of its line."""
        wanted = dict.fromkeys(elements)
        ordinals = self._ordinals(set(wanted))
        lines = self._lines({int(each.sourceline or 1) for each in wanted})
        places = {}
        found: dict[tuple[int, str], list[int]] = {}
        for each in wanted:
            line, tag = int(each.sourceline or 1), re.escape(each.tag.rpartition("}")[2])
            starts = found.get((line, tag))
            if starts is None:
                pattern = rf"<(?:\w+:)?{tag}[\s/>]"
                starts = [match.start() for match in re.finditer(pattern, lines[line] + "\n")]
                found[line, tag] = starts
            number = ordinals.get(each, 0)
            column = starts[number] + 1 if number < len(starts) else 1
            places[each] = Place(self.file, line, column)
        return places

    def _ordinals(self, wanted: set[Any]) -> dict[Any, int]:
        """How many elements of its tag begin before each element in the same line."""
        last: dict[str, tuple[int, int]] = {}
        found: dict[Any, int] = {}
        for each in self._root.iter(*{each.tag for each in wanted}):
            tag, line = each.tag, int(each.sourceline or 1)
            before, count = last.get(tag, (0, 0))
            count = count + 1 if before == line else 0
            last[tag] = (line, count)
            if each in wanted:
                found[each] = count
                if len(found) == len(wanted):
                    break
        return found

    def _lines(self, wanted: set[int]) -> dict[int, str]:
        """The texts of some lines, by their numbers."""
        data = self._data
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            data = data.decode("utf-16", "replace").encode()
        found = {}
        start, line = 0, 1
        for number in sorted(wanted):
            # Whole pieces without the line are skipped: counting is much quicker than finding.
            while line + (ends := data.count(b"\n", start, start + _PIECE)) < number:
                if start + _PIECE >= len(data):
                    break
                start, line = start + _PIECE, line + ends
            while line < number and (end := data.find(b"\n", start)) >= 0:
                start, line = end + 1, line + 1
            # The piece may begin within its line.
            begin = data.rfind(b"\n", 0, start) + 1
            end = data.find(b"\n", start)
            text = data[begin : end if end >= 0 else len(data)] if line == number else b""
            found[number] = text.decode("utf-8", "replace").removeprefix("\ufeff")
        return found
