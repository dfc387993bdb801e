"""Paths of a patch: the names of things, step by step, with wildcards.

Steps are parted by ``/``, or by ``.`` where there is no ``/``; ``.`` alone and nothing at all are
the chip. In a step ``*`` is any text, ``?`` any character, ``[abc]``, ``[a-f]`` and ``[!abc]`` one
of some. Matching takes time in proportion to the name, whatever the pattern: what a ``*`` has
matched up to the text behind it is never tried again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PathError", "Step", "parse_path", "substituted"]

_MOST_STEPS = 32
_LONGEST = 1_000
_WILDCARD = re.compile(r"\*+|\?|\[(?:![^/]|[^!/])[^]/]*\]")
_WORD = re.compile(r"\{([0-9]+)\}")


class PathError(ValueError):
    """The text is no path; ``at`` is the offset of what is wrong."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``at`` is its offset in the path. Without wildcards ``pattern`` is None."""

    text: str
    at: int
    pattern: re.Pattern[str] | None = None

    def match(self, name: str) -> tuple[str, ...] | None:
        """What the wildcards stand for in ``name``; None where it does not match."""
        if self.pattern is None:
            return () if name == self.text else None
        found = self.pattern.fullmatch(name)
        return found.groups() if found else None


def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path; none for the chip itself. Raises PathError."""
    if text in {"", "."}:
        return ()
    if len(text) > _LONGEST:
        raise PathError(f"a path has at most {_LONGEST} characters")
    separator = "/" if "/" in text else "."
    steps: list[Step] = []
    at = 0
    for part in text.split(separator):
        if not part or part != part.strip():
            raise PathError("a step of a path is a name, without blanks around it", at)
        steps.append(Step(part, at, _pattern(part)))
        at += len(part) + 1
    if len(steps) > _MOST_STEPS:
        raise PathError(f"a path has at most {_MOST_STEPS} steps", steps[_MOST_STEPS].at)
    return tuple(steps)


def _pattern(text: str) -> re.Pattern[str] | None:
    """The regular expression of a step, one group for each wildcard."""
    # What stands between the stars, each a run of single characters.
    runs = [""]
    end = 0
    for found in _WILDCARD.finditer(text):
        runs[-1] += re.escape(text[end : found.start()])
        end = found.end()
        if found[0][0] == "*":
            runs.append("")
        else:
            runs[-1] += "(.)" if found[0] == "?" else f"({_one_of(found[0][1:-1])})"
    if end == 0:
        return None
    runs[-1] += re.escape(text[end:])
    first, *rest = runs
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    # The first place where the text behind a star fits is as good as any later one.
    inner = "".join(f"(?>(.*?){run})" for run in middle)
    return re.compile(f"{first}{inner}(.*){last}", re.DOTALL)


def _one_of(text: str) -> str:
    """A set of characters as a regular expression."""
    negated = text.startswith("!")
    body = text[negated:]
    parts: list[str] = []
    at = 0
    while at < len(body):
        if body[at + 1 : at + 2] == "-" and at + 2 < len(body) and body[at] <= body[at + 2]:
            parts.append(f"{re.escape(body[at])}-{re.escape(body[at + 2])}")
            at += 3
        else:
            parts.append(re.escape(body[at]))
            at += 1
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def substituted(name: str, wildcards: tuple[str, ...]) -> str:
    """``name`` with ``{1}``, ``{2}`` ... replaced by what the wildcards stand for. Raises
    PathError."""

    def value(found: re.Match[str]) -> str:
        number = int(found[1][:4])
        if not 0 < number <= len(wildcards):
            there = f"the path's last step has {len(wildcards) or 'no'} of them"
            raise PathError(f"{found[0]} stands for a wildcard, and {there}", found.start())
        return wildcards[number - 1]

    return _WORD.sub(value, name)
