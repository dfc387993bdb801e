"""What is told of very many problems: of those alike the first, of the rest the worst.

Nobody reads one line a register. Of a vendor's file, each kind of problem is told once with a
count; of any file, no more problems than somebody mends in a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from regmap.errors import Place, Problem, Severity

__all__ = ["bounded", "by_place", "gathered"]

_MOST_TOLD = 200
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def gathered(problems: Iterable[Problem], among: Callable[[str], bool]) -> list[Problem]:
    """The first problem of each rule and kind in each file, with the count of all of them.

    Only in files that are ``among`` those meant, by their names. Problems without a kind are left
    as they are: a loader that tells of each kind once has counted them itself.
    """
    found: list[Problem] = []
    first: dict[tuple[str, str, str, str], int] = {}
    for problem in sorted(problems, key=by_place):
        file = problem.place.file if problem.place else ""
        index = len(found)
        if problem.kind and among(file):
            key = file, problem.rule, problem.severity, problem.kind
            index = first.setdefault(key, index)
        if index < len(found):
            found[index] = replace(found[index], count=found[index].count + problem.count)
        else:
            found.append(problem)
    return found


def bounded(problems: Iterable[Problem]) -> Iterator[Problem]:
    """At most ``_MOST_TOLD`` problems of a file, the worst and first of them, and how many more
    there are."""
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.place.file if problem.place else "", []).append(problem)
    for file, found in by_file.items():
        # Loaders stop at the same number and say so themselves, in one more.
        if len(found) <= _MOST_TOLD + 1:
            yield from found
            continue
        found.sort(key=lambda problem: (_SEVERITIES.index(problem.severity), *by_place(problem)))
        yield from found[:_MOST_TOLD]
        rest = found[_MOST_TOLD:]
        worst = [each for each in rest if each.severity is rest[0].severity]
        (((rule, name), _),) = Counter((each.rule, each.name) for each in worst).most_common(1)
        hidden = sum(each.count for each in rest)
        yield Problem(
            rule=rule,
            name=name,
            severity=rest[0].severity,
            text=f"{hidden:,} or more further problems in this file, not shown",
            place=Place(file, 1, 1) if file else None,
            fix="mend these first",
        )


def by_place(problem: Problem) -> tuple[str, int, int, str]:
    """A key to sort by: file, line, column, rule; problems without a place come first."""
    place = problem.place
    return (
        (place.file, place.line, place.column, problem.rule) if place else ("", 0, 0, problem.rule)
    )
