"""Comments that suppress a rule: ``# regmap: ignore[RM201]``, or several IDs with commas.

The comment stands at the end of the line of the problem, or alone on the line above. Behind the
bracket there may be a reason. What a file's own syntax breaks (RM001 to RM009) is not to be
suppressed: what was not read cannot be meant. A comment that suppresses nothing is told (RM105).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from regmap.check.gather import bounded, by_place
from regmap.check.registry import RULES, Profile
from regmap.errors import Place, Problem, Severity

__all__ = ["apply_suppressions"]

# Nothing but blanks may follow the bracket directly, so that quoted text is left alone.
_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*regmap:\s*ignore\[([^\]]*)\](?=\s|$)")
_UNUSED = "RM105"


@dataclass(slots=True)
class _Comment:
    """One comment: the line that it speaks for and which of its rules it suppressed."""

    place: Place
    line: int
    rules: tuple[str, ...]
    used: set[str] = field(default_factory=set)


def apply_suppressions(
    problems: Iterable[Problem],
    texts: Mapping[str, str],
    *,
    profile: Profile | None = "strict",
    checked: bool = True,
    every: bool = False,
) -> list[Problem]:
    """The problems that no comment suppresses, and one for each suppression of nothing.

    Of a file with more problems than anybody would read, the worst are given and the rest are
    counted in one more problem, unless ``every`` is asked for.

    ``texts`` are the files by the name that places carry. ``checked`` is false where the rules
    did not run, since the file could not be loaded: then nothing is told about comments.
    """
    comments = [comment for file, text in texts.items() for comment in _comments(file, text)]
    by_line: dict[tuple[str, int], list[_Comment]] = {}
    for comment in comments:
        by_line.setdefault((comment.place.file, comment.line), []).append(comment)
    kept = [problem for problem in problems if not _suppressed(problem, by_line)]
    if checked:
        for comment in comments:
            kept += _unused(comment, profile)
    return sorted(kept if every else bounded(kept), key=by_place)


def _comments(file: str, text: str) -> list[_Comment]:
    if "regmap:" not in text:
        return []
    found: list[_Comment] = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        alone = not line[: match.start()].strip()
        rules = tuple(name.strip() for name in match[1].split(","))
        place = Place(file, number, match.start() + 1, match.end() - match.start())
        found.append(_Comment(place, number + 1 if alone else number, rules))
    return found


def _suppressed(problem: Problem, by_line: Mapping[tuple[str, int], list[_Comment]]) -> bool:
    if problem.place is None or problem.rule.startswith("RM00"):
        return False
    hit = False
    for comment in by_line.get((problem.place.file, problem.place.line), ()):
        if problem.rule in comment.rules:
            comment.used.add(problem.rule)
            hit = True
    return hit


def _unused(comment: _Comment, profile: Profile | None) -> Iterable[Problem]:
    entry = RULES[_UNUSED]
    for name in comment.rules:
        known = RULES.get(name)
        if name in comment.used or (known is not None and known.pedantic and profile != "pedantic"):
            continue
        text = f"{name} does not occur here"
        if known is None:
            text = f"there is no rule {name}" if name else "no rule is named"
        elif name.startswith("RM00"):
            text = f"{name} cannot be suppressed"
        yield Problem(
            rule=entry.id,
            name=entry.name,
            severity=Severity.INFO,
            text=text,
            place=comment.place,
            fix=entry.fix,
        )
