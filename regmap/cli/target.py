"""What every command that touches hardware shares: its options, opening, paths and values."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regmap.errors import RegmapError

if TYPE_CHECKING:
    from regmap.live.device import Device

__all__ = ["Refusal", "add_target", "hexadecimal", "number", "opened", "parse_value"]

_NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)")


class Refusal(RegmapError):
    """The command was called in a way that means nothing."""


def number(text: str) -> int:
    """A number in any base: ``17``, ``0x11``, ``0b10001``, ``0o21``."""
    if _NUMBER.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no number (17, 0x11, 0b10001)")
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number; leading zeros mean nothing, octal is 0o..."
        ) from None


def parse_value(text: str) -> int | str:
    """A value to write: a number in any base, or the name of an enum's value."""
    text = text.strip()
    return number(text) if _NUMBER.fullmatch(text) else text


def hexadecimal(value: int, width: int) -> str:
    """``value`` with all digits of ``width`` bits."""
    return f"{int(value):#0{width // 4 + 2}x}"


def add_target(parser: argparse.ArgumentParser, *, board: bool = True) -> None:
    """The options of a command that touches hardware."""
    if board:
        parser.add_argument("map", metavar="BOARD", help="a shipped name, or a .yaml or .svd file")
    group = parser.add_argument_group("hardware")
    group.add_argument(
        "--backend",
        metavar="URI",
        help="what carries the accesses: sim:, mem:, file:PATH ... (default: the board's own)",
    )
    group.add_argument(
        "--dry-run", action="store_true", help="print the accesses and perform none of them"
    )
    group.add_argument(
        "--force", action="store_true", help="use the board's backend on a machine it is not for"
    )
    group.add_argument("--cpu", type=int, metavar="N", help="access blocks that differ by CPU on N")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Device]:
    """The device that the arguments name; with --dry-run one that only prints."""
    import regmap.api  # noqa: PLC0415  (help texts need none of it)

    if not arguments.dry_run:
        with regmap.api.open(
            arguments.map, arguments.backend, force=arguments.force, cpu=arguments.cpu
        ) as device:
            yield device
        return
    from regmap.cli.dryrun import DryRun  # noqa: PLC0415

    model = regmap.api.load(arguments.map)
    with regmap.api.open(model, DryRun(sys.stdout), cpu=arguments.cpu) as device:
        yield device
