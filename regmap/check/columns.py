"""Columns for places in XML files, whose parser keeps the line of an element alone.

A place of such an element has column 1; the column is looked for in the line's text when somebody
is told. A start tag that is written on several lines is placed by its parser on the last of them;
it is then pointed at where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from regmap.errors import Place, Problem

__all__ = ["with_columns"]

_TAG = re.compile(r"<[^\s<>/!?][^\s<>/]*>?")
_END_OF_LINE = re.compile("\r\n|\r|\n")
# A start tag has no more lines than this; a line with no tag within its first characters is data.
_MOST_LINES = 20
_MOST_CHARACTERS = 1 << 16


def with_columns(problems: Iterable[Problem], texts: Mapping[str, str]) -> Iterator[Problem]:
    """The problems, those in column 1 of one of ``texts`` at the element that is meant there."""
    lines = {file: _END_OF_LINE.split(text) for file, text in texts.items()}
    for problem in problems:
        place = _column(problem.place, lines) if problem.place is not None else None
        related = tuple((text, _column(at, lines)) for text, at in problem.related)
        yield replace(problem, place=place, related=related)


def _column(place: Place, lines: Mapping[str, Sequence[str]]) -> Place:
    known = lines.get(place.file, ())
    if place.width != 1 or not 1 <= place.line <= len(known):
        return place
    if place.column != 1:
        match = _TAG.match(known[place.line - 1], place.column - 1)
        return replace(place, width=len(match[0])) if match else place
    for line in range(place.line, max(place.line - _MOST_LINES, 0), -1):
        match = _TAG.search(known[line - 1], 0, _MOST_CHARACTERS)
        if match is not None:
            return Place(place.file, line, match.start() + 1, match.end() - match.start())
    return place
