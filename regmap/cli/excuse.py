"""What ``export`` writes above the lines of a file that break a rule: the comment that suppresses
it. A vendor's SVD is usable in spite of such faults, and the YAML of it has to be no less."""

from __future__ import annotations

from regmap.errors import Severity

__all__ = ["excused"]


def excused(text: str, name: str) -> str:
    """The text of a YAML file, ``name``, with ``# regmap: ignore[...]`` where it has errors.

    Errors of rules that no description can be used with stay as they are, for the next who reads
    the file. The writer begins a line for each entry that a rule may point at, so that a comment
    fits above it.
    """
    from regmap import loaders  # noqa: PLC0415
    from regmap.check import RULES, check  # noqa: PLC0415

    loaded = loaders.read(name, text=text)
    if loaded.model is None or loaded.errors:
        return text
    wrong: dict[int, set[str]] = {}
    for problem in check(loaded.model):
        known = RULES.get(problem.rule)
        if problem.severity is not Severity.ERROR or known is None or known.always_error:
            continue
        if problem.place is not None:
            wrong.setdefault(problem.place.line, set()).add(problem.rule)
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if number in wrong:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}# regmap: ignore[{', '.join(sorted(wrong[number]))}]")
        lines.append(line)
    return "\n".join(lines)
