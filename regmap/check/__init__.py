"""Is a description right? Rules by theme, one function and one ID each; ``report`` shows them.

``check`` looks at a model and never at a file; ``suppress`` and ``report`` need the texts that a
loader kept. Nothing here raises over what a description says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

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
from regmap.check.registry import RULES, Finding, Profile, Rule, severity_in
from regmap.check.scope import Scope
from regmap.check.suppress import apply_suppressions
from regmap.errors import Problem
from regmap.model.block import Block
from regmap.model.chip import Board, Chip

__all__ = ["RULES", "Profile", "Rule", "apply_suppressions", "check", "check_boards", "sort_key"]


# One rule tells no more than this; ``apply_suppressions`` leaves of all what is worth reading.
_MOST_OF_A_RULE = 1_000


def check(model: Block | Chip, *, profile: Profile = "strict") -> list[Problem]:
    """Every problem of a description, sorted by place.

    ``strict`` is for descriptions that somebody writes, ``import`` turns most errors into
    warnings for a vendor's file, ``pedantic`` adds what only a perfectionist wants to know.
    Blocks that instances share are looked at once. Touches no bus and no file; safe in threads.
    """
    scope = Scope(model)
    problems = [
        _problem(entry, finding, profile)
        for entry in RULES.values()
        if entry.find is not None and (profile == "pedantic" or not entry.pedantic)
        for finding in islice(entry.find(scope), _MOST_OF_A_RULE)
    ]
    return sorted(set(problems), key=sort_key)


def check_boards(models: Iterable[Chip], *, profile: Profile = "strict") -> list[Problem]:
    """Problems among several boards: two that match the same machine (RM283)."""
    found: Iterator[Finding] = boards.shared_machines(m for m in models if isinstance(m, Board))
    return sorted((_problem(RULES["RM283"], f, profile) for f in found), key=sort_key)


def _problem(entry: Rule, finding: Finding, profile: Profile) -> Problem:
    return Problem(
        rule=entry.id,
        name=entry.name,
        severity=severity_in(profile, entry, finding.severity),
        text=finding.text,
        place=finding.place,
        fix=finding.fix or entry.fix,
        related=tuple(
            (text, place)
            for text, place in finding.related
            if place is not None and place != finding.place
        ),
    )


def sort_key(problem: Problem) -> tuple[str, int, int, str, str]:
    """By file, line and column, then by rule; problems without a place come first."""
    place = problem.place
    if place is None:
        return "", 0, 0, problem.rule, problem.text
    return place.file, place.line, place.column, problem.rule, problem.text
