"""Where loaders put what they find wrong: the rules that loading has, and the log they fill.

A loader goes on after a problem wherever what follows still makes sense, so that one run shows
all of them. Two things end a run early: a file that is no YAML at all, and more problems than
anybody would read.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from regmap.errors import Place, Problem, Severity, nearest

__all__ = [
    "AMBIGUOUS_SCALAR",
    "BAD_BITS",
    "BAD_CHARACTER",
    "BAD_COUNT",
    "DUPLICATE_KEY",
    "EXTENDS_CYCLE",
    "FORMAT_VERSION",
    "IDLE_OVERRIDE",
    "MISSING_FILE",
    "PATCH_BINDING",
    "PATCH_CONFLICT",
    "REFERENCE_CYCLE",
    "SYNTAX",
    "UNKNOWN_KEY",
    "UNRESOLVED_REFERENCE",
    "VIEW_EXPRESSION",
    "WRONG_VALUE",
    "Log",
    "Rule",
    "TooManyProblemsError",
    "did_you_mean",
    "shown",
]


class Rule(NamedTuple):
    """The stable ID of a rule and its short name."""

    id: str
    name: str


SYNTAX = Rule("RM001", "syntax")
DUPLICATE_KEY = Rule("RM002", "duplicate-key")
UNKNOWN_KEY = Rule("RM003", "unknown-key")
WRONG_VALUE = Rule("RM004", "wrong-value")
AMBIGUOUS_SCALAR = Rule("RM005", "ambiguous-scalar")
FORMAT_VERSION = Rule("RM006", "format-version")
BAD_CHARACTER = Rule("RM007", "bad-character")
MISSING_FILE = Rule("RM008", "missing-file")
EXTENDS_CYCLE = Rule("RM009", "extends-cycle")
UNRESOLVED_REFERENCE = Rule("RM101", "unresolved-reference")
REFERENCE_CYCLE = Rule("RM102", "reference-cycle")
IDLE_OVERRIDE = Rule("RM104", "idle-override")
PATCH_BINDING = Rule("RM106", "patch-binding")
PATCH_CONFLICT = Rule("RM107", "patch-conflict")
BAD_BITS = Rule("RM202", "field-outside")
VIEW_EXPRESSION = Rule("RM252", "view-expression")
BAD_COUNT = Rule("RM270", "bad-count")

_MOST_PROBLEMS = 200
# Comparing one name with many is slow; nobody mistypes one of more names than this.
_MOST_CANDIDATES = 200
_MOST_SHOWN = 60


class TooManyProblemsError(Exception):
    """The log is full; the rest of the description is not looked at."""


class Log:
    """The problems of one run, in the order found, each once.

    ``incomplete`` becomes true when something that others build on had to be left out, so that
    there is no model worth checking further. Errors beyond what anybody would read end the run;
    warnings beyond that are only counted (``quiet``).
    """

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._errors = 0
        self._warnings = 0
        self.incomplete = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far."""
        found = tuple(self._problems)
        hidden = self._warnings - _MOST_PROBLEMS
        if hidden <= 0:
            return found
        text = f"{hidden} further warning{'s' if hidden != 1 else ''}, not shown"
        place = found[-1].place
        place = place and Place(place.file, 1, 1)
        return (*found, _problem(Severity.WARNING, WRONG_VALUE, place, text))

    @property
    def failed(self) -> bool:
        """Whether one of the problems is an error."""
        return self._errors > 0

    @property
    def quiet(self) -> bool:
        """Whether warnings are only counted, so that no fix need be thought of."""
        return self._warnings >= _MOST_PROBLEMS

    def repeat(self, problems: Iterable[Problem]) -> None:
        """Note warnings that an earlier reading of the same file has found."""
        self._problems.update(dict.fromkeys(problems))

    def error(
        self,
        rule: Rule,
        place: Place | None,
        text: str,
        fix: str = "",
        related: tuple[tuple[str, Place], ...] = (),
    ) -> None:
        """Note an error. Raises TooManyProblemsError when that is enough."""
        problem = _problem(Severity.ERROR, rule, place, text, fix=fix, related=related)
        if problem in self._problems:
            return
        self._problems[problem] = None
        self._errors += 1
        if self._errors >= _MOST_PROBLEMS:
            self.incomplete = True
            text = f"{_MOST_PROBLEMS} errors; what follows is not looked at"
            end = _problem(Severity.ERROR, SYNTAX, place, text, fix="mend these first")
            self._problems[end] = None
            raise TooManyProblemsError

    def warning(
        self, rule: Rule, place: Place | None, text: str, fix: str = "", count: int = 1
    ) -> None:
        """Note something that loads but is hardly meant; ``count`` is how often it is there."""
        problem = _problem(Severity.WARNING, rule, place, text, fix=fix, count=count)
        if problem not in self._problems:
            if not self.quiet:
                self._problems[problem] = None
            self._warnings += 1


def _problem(
    severity: Severity,
    rule: Rule,
    place: Place | None,
    text: str,
    *,
    fix: str = "",
    related: tuple[tuple[str, Place], ...] = (),
    count: int = 1,
) -> Problem:
    return Problem(
        rule=rule.id,
        name=rule.name,
        severity=severity,
        text=_printable(text),
        place=place,
        fix=_printable(fix),
        related=tuple((_printable(what), where) for what, where in related),
        count=count,
    )


def _printable(text: str) -> str:
    # A file's own names stand in messages; what they hold must not steer a terminal.
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The known names most like ``name`` as a fix, or else what is there at all."""
    few = list(islice(known, _MOST_CANDIDATES))
    close = nearest(name, few)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if otherwise or not few:
        return otherwise
    more = ", ..." if len(few) > 12 else ""
    return f"there is {', '.join(shown(each) for each in few[:12])}{more}"


def shown(text: str) -> str:
    """``text`` short enough for a message."""
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
