"""The command ``regmap``: the tree of commands, and what an error becomes.

Exit status: 0 done; 1 the answer is no; 2 wrong usage, an unknown path, a refused value, a bad
map; 3 the hardware or backend failed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import regmap
from regmap.cli import access, describe, machine, raw
from regmap.cli.console import Console
from regmap.errors import (
    BackendError,
    DaemonError,
    GeneratedOutdated,
    MapError,
    RegmapError,
    WaitTimeout,
)

__all__ = ["main", "make_parser"]


def make_parser() -> argparse.ArgumentParser:
    """The whole tree."""
    parser = argparse.ArgumentParser(
        prog="regmap",
        description="Registers by name: describe a chip once, then read, write and decode it.",
        epilog="BOARD and MAP are a shipped name (see `regmap list`) or a .yaml or .svd file.",
    )
    parser.add_argument("--version", action="version", version=f"regmap {regmap.__version__}")
    parser.add_argument("--traceback", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (describe, access, raw, machine):
        group.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parse(argv)
    console = Console(json_mode=getattr(arguments, "json", False))
    try:
        status: int = arguments.run(arguments, console)
        console.out.flush()
    except BrokenPipeError:
        # Whoever read our answer has seen enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (RegmapError, OSError, argparse.ArgumentTypeError) as error:
        if arguments.traceback:
            raise
        return _report(error, console)
    return status


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse; an optional PATH may also stand behind the options, where argparse misses it."""
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(arguments, "path", "") is None:
        arguments.path = rest.pop()
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _report(error: Exception, console: Console) -> int:
    if isinstance(error, MapError):
        for problem in error.problems:
            console.note(f"{problem}{f'; {problem.fix}' if problem.fix else ''}")
        return 2
    console.note(str(error))
    failed = BackendError, DaemonError, WaitTimeout
    if isinstance(error, GeneratedOutdated):
        return 1
    if isinstance(error, failed):
        return 3
    return 2
