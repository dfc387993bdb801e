"""Problems for people and for machines: text with the source line and a caret, JSON, SARIF.

Pure functions of problems and texts; where the result goes and whether it has colours is the
caller's business. Nothing that a description says reaches a terminal unescaped.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from regmap.check.registry import RULES, Rule
from regmap.errors import Place, Problem, Severity

__all__ = ["as_json", "as_sarif", "as_text", "summary"]

_WIDEST = 120
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOURS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;35m",
    Severity.INFO: "\x1b[1;36m",
}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def as_text(problems: Sequence[Problem], texts: Mapping[str, str], *, colour: bool = False) -> str:
    """Every problem with its line, the related places and the fix, then a line with the counts."""
    lines = {file: re.split("\r\n|\r|\n", text) for file, text in texts.items()}
    parts: list[str] = []
    for problem in problems:
        parts += _problem(problem, lines, colour=colour)
        parts.append("")
    return "\n".join([*parts, summary(problems), ""])


def summary(problems: Iterable[Problem]) -> str:
    """How many errors, warnings and infos there are: ``1 error, 2 warnings``."""
    problems = list(problems)
    found = [problem.severity for problem in problems]
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
    counts = [(found.count(severity), word) for severity, word in words.items()]
    told = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts if count]
    every = sum(problem.count for problem in problems)
    stand = f"; they stand for {every:,}" if every > len(problems) else ""
    return f"{', '.join(told) or 'no problems'}{stand}"


def _problem(problem: Problem, lines: Mapping[str, list[str]], *, colour: bool) -> Iterable[str]:
    severity = _paint(
        f"{problem.severity} {problem.rule} {problem.name}", _COLOURS[problem.severity], colour
    )
    where = _paint(f"{_clean(str(problem.place))}: ", _BOLD, colour) if problem.place else ""
    yield f"{where}{severity}: {_clean(problem.text)}{problem.more}"
    yield from _source(problem.place, lines, "~", colour=colour)
    for text, place in problem.related:
        yield f"{_clean(str(place))}: note: {_clean(text)}"
        yield from _source(place, lines, "-", colour=colour)
    fix = _fix(problem)
    if fix:
        yield f"{_paint('help:', _BOLD, colour)} {_clean(fix)}"


def _fix(problem: Problem) -> str:
    """What to do about it: what was said with the problem, else what its rule says."""
    entry = RULES.get(problem.rule)
    return problem.fix or (entry.fix if entry is not None else "")


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{_PLAIN}" if colour else text


def _clean(text: str) -> str:
    """Without what could move a cursor: every such character as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _source(
    place: Place | None, lines: Mapping[str, list[str]], mark: str, *, colour: bool
) -> Iterable[str]:
    """The line of a place and a caret with ``mark`` under the rest of what it means."""
    if place is None or not 1 <= place.line <= len(lines.get(place.file, ())):
        return
    line = lines[place.file][place.line - 1]
    start = min(max(place.column, 1), len(line) + 1) - 1
    width = max(min(place.width, len(line) - start), 1)
    shown = "".join(c if c.isprintable() else " " for c in line.rstrip())
    if len(shown) > _WIDEST:
        first = max(min(start - _WIDEST // 3, len(shown) - _WIDEST), 0)
        shown = f"{'...' if first else ''}{shown[first : first + _WIDEST]}"
        start += 3 - first if first else 0
        width = max(min(width, len(shown) - start), 1)
    yield f"    {shown}"
    caret = _paint("^" + mark * (width - 1), _DIM if mark == "-" else _BOLD, colour)
    yield f"    {' ' * start}{caret}"


def as_json(problems: Iterable[Problem]) -> str:
    """A list with one object for each problem; a problem without a place has nulls there."""
    rows = [
        {
            "rule": problem.rule,
            "name": problem.name,
            "severity": str(problem.severity),
            **_json_place(problem.place),
            "text": problem.text,
            "count": problem.count,
            "fix": _fix(problem),
            "related": [{"text": text, **_json_place(place)} for text, place in problem.related],
        }
        for problem in problems
    ]
    return json.dumps(rows, indent=2) + "\n"


def _json_place(place: Place | None) -> dict[str, Any]:
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "width": place.width if place else None,
    }


def as_sarif(problems: Iterable[Problem], *, base: Path | None = None, version: str = "") -> str:
    """A SARIF 2.1.0 log of one run, with the rules that it names.

    Files are given relative to ``base``, the current directory by default; ``version`` is that
    of this package.
    """
    found = list(problems)
    rules = sorted({problem.rule: _rule_of(problem) for problem in found}.items())
    number = {rule_id: index for index, (rule_id, _) in enumerate(rules)}
    root = base or Path.cwd()
    driver: dict[str, Any] = {"name": "regmap", "rules": [_sarif_rule(entry) for _, entry in rules]}
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, number, root) for problem in found],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule_of(problem: Problem) -> Rule:
    """The registered rule; one made up for a problem that something else reported."""
    return RULES.get(problem.rule) or Rule(
        id=problem.rule,
        name=problem.name,
        severity=problem.severity,
        prose=problem.name.replace("-", " "),
        fix=problem.fix or "see the message",
    )


def _sarif_rule(entry: Rule) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": "".join(word.capitalize() for word in entry.name.split("-")),
        "shortDescription": {"text": entry.name.replace("-", " ")},
        "fullDescription": {"text": entry.prose},
        "help": {"text": f"{entry.prose} To mend it: {entry.fix}."},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
    }


def _sarif_result(problem: Problem, number: Mapping[str, int], root: Path) -> dict[str, Any]:
    fix = _fix(problem)
    text = f"{problem.text}{problem.more}"
    text = f"{text} (help: {fix})" if fix else text
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": number[problem.rule],
        "level": _LEVELS[problem.severity],
        "message": {"text": text},
        "locations": [],
    }
    if problem.count > 1:
        result["occurrenceCount"] = problem.count
    if problem.place is not None:
        result["locations"] = [_location(problem.place, root)]
    if problem.related:
        result["relatedLocations"] = [
            {"id": index, **_location(place, root), "message": {"text": note}}
            for index, (note, place) in enumerate(problem.related)
        ]
    return result


def _location(place: Place, root: Path) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.file, root)},
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column + place.width,
            },
        }
    }


def _uri(file: str, root: Path) -> str:
    """A relative reference with ``/`` between its parts, whatever the platform."""
    relative = os.path.relpath(Path(file).absolute(), root.absolute())
    # A name may hold bytes that are no text.
    return quote(os.fsencode(PurePath(relative).as_posix()))
