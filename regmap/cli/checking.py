"""check: everything that is wrong with descriptions."""

from __future__ import annotations

import argparse
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regmap import __version__
from regmap.cli.console import Console

if TYPE_CHECKING:
    from regmap.check import Profile
    from regmap.errors import Problem
    from regmap.loaders import Loaded
    from regmap.model.block import Block
    from regmap.model.chip import Board, Chip

__all__ = ["add"]

# Of a larger SVD file no lines are shown; it is refused anyhow.
_MOST_TEXT = 64 << 20


def add(commands: Any) -> None:
    """Put the command into the tree."""
    check = commands.add_parser(
        "check",
        help="say everything that is wrong with descriptions",
        description="Check descriptions against every rule and report all problems with their "
        "places. Exit status 1 where a file has errors or cannot be read. A file may begin with "
        "`regmap: 1`, the version of the format; the line is optional.",
        epilog="example: regmap check my_chip.yaml my-board.yaml",
    )
    check.add_argument(
        "file", nargs="+", metavar="FILE", help="a .yaml or .svd file, or a shipped name"
    )
    check.add_argument(
        "--format",
        choices=("text", "json", "sarif"),
        default="text",
        help="text for people (the default), json, or sarif for code hosts and editors",
    )
    check.add_argument("--json", action="store_true", help="the same as --format json")
    check.add_argument(
        "--profile",
        choices=("strict", "import", "pedantic"),
        help="strict: what an author must mend is an error (the default for YAML); import: most "
        "of that is a warning, for a vendor's file that nobody here can mend (the default for "
        "SVD); pedantic: strict, and what only a perfectionist wants to know",
    )
    check.add_argument(
        "--strict",
        action="store_const",
        const="strict",
        dest="profile",
        help="the same as "
        "--profile strict: for SVD, what was repaired or is only a warning becomes an error",
    )
    check.add_argument(
        "--every",
        action="store_true",
        help="list every problem; without it, a kind of problem that an SVD file has often is "
        "told once, at its first place and with a count",
    )
    check.set_defaults(run=run_check, more="file")


def run_check(arguments: argparse.Namespace, console: Console) -> int:
    """Report every problem of every file, each once."""
    from regmap import loaders  # noqa: PLC0415
    from regmap.check import check_boards, report  # noqa: PLC0415
    from regmap.errors import Severity  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415
    from regmap.model.chip import Board  # noqa: PLC0415

    problems: list[Problem] = []
    texts: dict[str, str] = {}
    boards: list[Board] = []
    for file in arguments.file:
        loaded = loaders.read(file)
        found, its_texts = _found(loaded, arguments.profile, every=arguments.every)
        problems += found
        texts.update(its_texts)
        if isinstance(loaded.model, Board):
            boards.append(loaded.model)
    problems += check_boards(boards, profile=arguments.profile or "strict")
    named = {str(find.shipped(file) or file) for file in arguments.file}
    problems = [each for each in dict.fromkeys(problems) if _concerns(each, named)]
    form = "json" if arguments.json else arguments.format
    if form == "json":
        console.out.write(report.as_json(problems))
    elif form == "sarif":
        console.out.write(report.as_sarif(problems, version=__version__))
    else:
        console.out.write(report.as_text(problems, texts, colour=console.colour))
    return int(any(problem.severity is Severity.ERROR for problem in problems))


def _found(
    loaded: Loaded, wanted: Profile | None, *, every: bool
) -> tuple[list[Problem], dict[str, str]]:
    """The problems of one file, without those that a comment in it suppresses, and the texts."""
    from regmap.check import apply_suppressions, bounded, check, gathered  # noqa: PLC0415
    from regmap.check.columns import with_columns  # noqa: PLC0415
    from regmap.errors import Severity  # noqa: PLC0415

    found = [_as_asked(problem, wanted) for problem in loaded.problems]
    if loaded.model is not None:
        found += check(loaded.model, profile=wanted)
        if not any(problem.severity is Severity.ERROR for problem in found):
            found += _refusals(loaded.model)
    texts = dict(loaded.texts)
    svd = {problem.place.file for problem in found if problem.place and _is_svd(problem.place.file)}
    for file in svd - texts.keys():
        texts[file] = _text(file)
    checked = loaded.model is not None
    found = apply_suppressions(found, texts, profile=wanted, checked=checked, every=True)
    if not every:
        found = [*bounded(gathered(found, lambda file: wanted == "import" or _is_svd(file)))]
    return [*with_columns(found, {file: texts[file] for file in svd})], texts


def _is_svd(file: str) -> bool:
    from regmap.check import profile_of  # noqa: PLC0415

    return profile_of(file) == "import"


def _as_asked(problem: Problem, wanted: Profile | None) -> Problem:
    """What a loader found: a repair, which is a warning, is an error to who asks strictly."""
    from regmap.errors import Severity  # noqa: PLC0415

    if problem.severity is Severity.WARNING and wanted in {"strict", "pedantic"}:
        return replace(problem, severity=Severity.ERROR)
    return problem


def _text(file: str) -> str:
    """The text of an SVD file, for messages: what is no text in it is shown as such."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_TEXT:
            return ""
        data = path.read_bytes()
    except (OSError, ValueError):
        return ""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return data.decode(encoding, "replace")


def _refusals(model: Block | Chip) -> list[Problem]:
    """What keeps a description that breaks no rule from being laid out for use."""
    from regmap.errors import MapError  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415

    problems: list[Problem] = []
    try:
        for instance in lay_out(model).instances.values():
            try:
                _ = instance.block
            except MapError as error:
                problems += error.problems
    except MapError as error:
        problems += error.problems
    return problems


def _concerns(problem: Problem, named: AbstractSet[str]) -> bool:
    """Whether a problem is anybody's here: an error, or in no shipped file but one asked for."""
    from regmap.errors import Severity  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415

    if problem.severity is Severity.ERROR or problem.place is None:
        return True
    return problem.place.file in named or not find.is_shipped(problem.place.file)
