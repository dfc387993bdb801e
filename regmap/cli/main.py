"""The command ``regmap``: the tree of commands, and what an error becomes.

Exit status: 0 done; 1 the answer is no; 2 wrong usage, an unknown path, a refused value, a bad
map; 3 the hardware or backend failed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import regmap
from regmap.cli import access, checking, completion, describe, machine, raw, show
from regmap.cli.console import Console
from regmap.errors import (
    BackendError,
    DaemonError,
    GeneratedOutdated,
    MapError,
    RegmapError,
    UnknownName,
    WaitTimeout,
    nearest,
)

__all__ = ["main", "make_parser"]


class _Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviated options, which a later option would break."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        super().__init__(**settings)

    def error(self, message: str) -> NoReturn:
        """What is wrong, how the command is called, and where to read more."""
        self.print_usage(sys.stderr)
        end = " See" if message.endswith("?") else "; see"
        self.exit(2, f"{self.prog}: {message}{end} `{self.prog} --help`\n")


def make_parser() -> argparse.ArgumentParser:
    """The whole tree."""
    parser = _Parser(
        prog="regmap",
        description="Registers by name: describe a chip once, then read, write and decode it.",
        epilog="BOARD and MAP are a shipped name (see `regmap list`) or a .yaml or .svd file. "
        "`regmap COMMAND --help` says more of each. Exit status: 0 done, 1 the answer is no, "
        "2 wrong usage or a refused value, 3 the hardware or backend failed.",
    )
    parser.add_argument("--version", action="version", version=f"regmap {regmap.__version__}")
    parser.add_argument("--traceback", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (checking, describe, show, access, raw, machine, completion):
        group.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character shall not stop the answer.
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    console = Console(json_mode=getattr(arguments, "json", False))
    try:
        status: int = arguments.run(arguments, console)
        console.out.flush()
    except BrokenPipeError:
        # Whoever read our answer has seen enough; Python would complain at exit.
        _forget(console)
        return 0
    except KeyboardInterrupt:
        return 130
    except (RegmapError, OSError, argparse.ArgumentTypeError) as error:
        if arguments.traceback:
            raise
        status = _report(error, arguments, console)
        try:
            console.out.flush()
        except OSError:
            _forget(console)
    return status


def _forget(console: Console) -> None:
    """Let what is still to be printed go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, console.out.fileno())
    os.close(nowhere)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse; what a command takes last may also stand behind its options, where argparse does
    not look for it."""
    parser = make_parser()
    commands = next(a.choices for a in parser._actions if isinstance(a.choices, dict))
    command = next((word for word in argv if not word.startswith("-")), "")
    if command and command not in commands:
        near = nearest(command, commands, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(commands)}"
        parser.error(f"there is no command {command!r}; {hint}")
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        rest = _place(arguments, rest)
    if rest:
        commands[command].error(f"no option or argument like this: {' '.join(rest)}")
    return arguments


def _place(arguments: argparse.Namespace, rest: list[str]) -> list[str]:
    """Give the rest of the words to the command's last argument; return those it cannot take."""
    name = getattr(arguments, "more", "")
    if not name or any(word.startswith("-") for word in rest):
        return rest
    value = getattr(arguments, name)
    if isinstance(value, list):
        setattr(arguments, name, [*value, *rest])
        return []
    if value is None:
        setattr(arguments, name, rest[0])
        return rest[1:]
    return rest


def _report(error: Exception, arguments: argparse.Namespace, console: Console) -> int:
    """Say what went wrong, on standard error; the exit status."""
    if isinstance(error, MapError) and error.problems:
        _report_problems(error, console)
        return 2
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, RegmapError):
        text = ": ".join(str(part) for part in (error.filename, error.strerror) if part) or text
    if isinstance(error, UnknownName) and not error.nearest:
        text += f"; {_where_names_are(error.owner, arguments)}"
    console.note(text)
    if isinstance(error, GeneratedOutdated):
        return 1
    return 3 if isinstance(error, BackendError | DaemonError | WaitTimeout) else 2


def _report_problems(error: MapError, console: Console) -> None:
    from regmap.check import report  # noqa: PLC0415

    texts = {}
    for place in (problem.place for problem in error.problems if problem.place):
        try:
            texts[place.file] = Path(place.file).read_text("utf-8")
        except (OSError, ValueError):
            continue
    console.note("the map cannot be used")
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    sys.stderr.write(report.as_text(error.problems, texts, colour=colour))


def _where_names_are(owner: str, arguments: argparse.Namespace) -> str:
    """How to see what ``owner`` has."""
    source = getattr(arguments, "map", "")
    if not source:
        return "see `regmap list`"
    path = owner.removeprefix("the enum of ")
    inside = f" '{path}'" if re.fullmatch(r"[A-Za-z_]\w*([.\[\]\w])*", path) else ""
    return f"`regmap show {source}{inside}` says what there is"
