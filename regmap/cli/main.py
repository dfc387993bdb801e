"""The command ``regmap``: the tree of commands, and what an error becomes.

Exit status: 0 done; 1 the answer is no; 2 wrong usage, an unknown path, a refused value, a bad
map; 3 the hardware or backend failed, or the system (a full disk); 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

import regmap
from regmap.cli import (
    access,
    checking,
    completion,
    describe,
    generate,
    machine,
    raw,
    serve,
    show,
)
from regmap.cli.console import Console, Remarks, forget, safe, shortened
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
        self.exit(2, f"{self.prog}: {safe(shortened(message))}{end} `{self.prog} --help`\n")


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
    for group in (checking, describe, show, generate, access, raw, serve, machine, completion):
        group.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    with _streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    console = Console(json_mode=getattr(arguments, "json", False))
    try:
        status: int = arguments.run(arguments, console)
        console.out.flush()
    except BrokenPipeError:
        # Whoever read our answer has seen enough; Python would complain at exit.
        forget(console.out)
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
            forget(console.out)
    return status


@contextmanager
def _streams() -> Iterator[None]:
    """Make sure that there is something to print to, and that remarks stop nothing."""
    # Python has None for what the caller closed, and print would take one for the other.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (as long as the process)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character shall not stop the answer.
        sys.stdout.reconfigure(errors="backslashreplace")
    remarks = sys.stderr
    sys.stderr = cast("TextIO", Remarks(remarks))
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = remarks


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
    arguments.parser = parser  # what the completion script is made of
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
    if isinstance(error, UnknownName) and "; " not in text:
        text += f"; {_where_names_are(error.owner, arguments)}"
    console.note(text)
    if isinstance(error, GeneratedOutdated):
        return 1
    return 3 if isinstance(error, _FAILURES) else 2


# What is nobody's wrong usage: a device, a daemon, a full disk.
_FAILURES = (BackendError, DaemonError, WaitTimeout, OSError)


# Bytes of a file whose lines are shown.
_MOST_SHOWN = 64 << 20


def _report_problems(error: MapError, console: Console) -> None:
    from regmap.check import report  # noqa: PLC0415

    texts = {}
    for file in {problem.place.file for problem in error.problems if problem.place}:
        try:
            # One of a size that no loader takes is not read for the sake of a line of it either.
            if Path(file).is_file() and Path(file).stat().st_size <= _MOST_SHOWN:
                texts[file] = Path(file).read_text("utf-8")
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
    given = getattr(arguments, arguments.more, None) or []
    words = [given] if isinstance(given, str) else given
    # The owner may also be the map itself, which is no path.
    inside = f" '{path}'" if any(re.match(rf"{re.escape(path)}\b", word) for word in words) else ""
    return f"`regmap show {source}{inside}` says what there is"
