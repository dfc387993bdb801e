"""Is a description right? Rules by theme, one function and one ID each; ``report`` shows them.

``check`` looks at a model and never at a file; ``suppress`` and ``report`` need the texts that a
loader kept. Nothing here raises over what a description says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from regmap.check import (  # noqa: F401  (each module enters its rules)
    actions,
    aliases,
    arrays,
    boards,
    docs,
    enums,
    fields,
    loading,
    names,
    references,
    registers,
    resets,
    views,
    windows,
)
from regmap.check.gather import bounded, gathered
from regmap.check.registry import RULES, Finding, Profile, Rule, severity_in
from regmap.check.scope import Scope
from regmap.check.suppress import apply_suppressions
from regmap.errors import Place, Problem
from regmap.model.block import Block
from regmap.model.chip import Board, Chip

__all__ = [
    "RULES",
    "Profile",
    "Rule",
    "apply_suppressions",
    "bounded",
    "check",
    "check_boards",
    "gathered",
    "profile_of",
    "sort_key",
]

_VENDORS = (".svd", ".xml")
# So many of one kind are told one by one; the last of them stands for the rest as well.
_MOST_OF_A_KIND = 1_000
# A name may be made by a pattern, and so be as long as the pattern is.
_MOST_TEXT = 600


def check(model: Block | Chip, *, profile: Profile | None = "strict") -> list[Problem]:
    """Every problem of a description, sorted by place.

    ``strict`` is for descriptions that somebody writes, ``import`` turns most errors into
    warnings for a vendor's file, ``pedantic`` adds what only a perfectionist wants to know; None
    is ``import`` for what an SVD file says and ``strict`` for the rest (a patch of one has both).
    Blocks that instances share are looked at once. Touches no bus and no file; safe in threads.
    """
    scope = Scope(model)
    problems: list[Problem] = []
    for entry in RULES.values():
        if entry.find is not None and (profile == "pedantic" or not entry.pedantic):
            problems += _found(entry, entry.find(scope), profile)
    return sorted(problems, key=sort_key)


def profile_of(file: str) -> Profile:
    """The usual profile of a file: ``import`` for an SVD's, which nobody here can mend."""
    return "import" if file.lower().endswith(_VENDORS) else "strict"


def _found(entry: Rule, findings: Iterator[Finding], profile: Profile | None) -> Iterable[Problem]:
    """The problems of one rule, each once."""
    counts: dict[tuple[str, str], int] = {}
    lasts: dict[tuple[str, str], Problem] = {}
    problems: dict[Problem, None] = {}
    for finding in findings:
        kind = finding.kind, finding.place.file if finding.place else ""
        counts[kind] = count = counts.get(kind, 0) + 1
        if count <= _MOST_OF_A_KIND:
            lasts[kind] = problem = _problem(entry, finding, profile)
            problems[problem] = None
    for kind, count in counts.items():
        if count > _MOST_OF_A_KIND:
            del problems[lasts[kind]]
            problems[replace(lasts[kind], count=count - _MOST_OF_A_KIND + 1)] = None
    return problems


def check_boards(models: Iterable[Chip], *, profile: Profile = "strict") -> list[Problem]:
    """Problems among several boards: two that match the same machine (RM283)."""
    found: Iterator[Finding] = boards.shared_machines(m for m in models if isinstance(m, Board))
    return sorted((_problem(RULES["RM283"], f, profile) for f in found), key=sort_key)


def _problem(entry: Rule, finding: Finding, profile: Profile | None) -> Problem:
    place, related = _blamed(entry, finding)
    profile = profile or profile_of(place.file if place else "")
    return Problem(
        rule=entry.id,
        name=entry.name,
        kind=f"{entry.name} {finding.kind}",
        severity=severity_in(profile, entry, finding.severity),
        text=_readable(finding.text),
        place=place,
        fix=finding.fix or entry.fix,
        related=tuple((text, at) for text, at in related if at is not None and at != place),
    )


def _blamed(
    entry: Rule, finding: Finding
) -> tuple[Place | None, tuple[tuple[str, Place | None], ...]]:
    """Where a problem is, and what belongs to it. Of two that are in each other's way the one
    that somebody here wrote is to blame, not the vendor's."""
    place = finding.place
    if place is None or not entry.name.endswith("overlap") or profile_of(place.file) == "strict":
        return place, finding.related
    own = next((at for _, at in finding.related if at and profile_of(at.file) == "strict"), None)
    if own is None:
        return place, finding.related
    return own, (("the other is declared here", place),)


def _readable(text: str) -> str:
    """A text of a length that somebody reads: its two ends, where a name in it has no end."""
    if len(text) <= _MOST_TEXT:
        return text
    return f"{text[: _MOST_TEXT // 2]} ... {text[-_MOST_TEXT // 2 :]}"


def sort_key(problem: Problem) -> tuple[str, int, int, str, str]:
    """By file, line and column, then by rule; problems without a place come first."""
    place = problem.place
    if place is None:
        return "", 0, 0, problem.rule, problem.text
    return place.file, place.line, place.column, problem.rule, problem.text
