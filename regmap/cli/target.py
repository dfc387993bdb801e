"""What every command that touches hardware shares: its options, numbers, and opening a device."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regmap.backends import SCHEMES
from regmap.cli.console import Console
from regmap.errors import BackendUnavailable, RegmapError

if TYPE_CHECKING:
    from regmap.backends.base import Backend
    from regmap.live.device import Device

__all__ = [
    "MAP_HELP",
    "Refusal",
    "add_target",
    "hexadecimal",
    "number",
    "opened",
    "opened_raw",
    "parse_value",
]

MAP_HELP = "a shipped name (see `regmap list`), or a .yaml or .svd file"
# More than 64 bits have in any base.
_MOST_DIGITS = 200
_NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)")
# The library's errors speak Python; here the same words are options.
_IN_SHELL = (
    ('Name one with backend=..., use backend="sim:" for the simulator, or force=True',
     "Name one with --backend, use --backend sim: for the simulator, or --force"),
    ('backend="sim:" or backend="file:PATH"', "--backend sim: or --backend file:PATH"),
    ("open the map with backend='sim:'", "use it with a map: read, write or dump"),
)  # fmt: skip


class Refusal(RegmapError):
    """The command was called in a way that means nothing."""


def number(text: str) -> int:
    """A number in any base: ``17``, ``0x11``, ``0b10001``, ``0o21``."""
    try:
        if len(text) <= _MOST_DIGITS and _NUMBER.fullmatch(text):
            return int(text, 0)
    except ValueError:
        pass  # a leading zero, a stray _
    raise argparse.ArgumentTypeError(
        f"{text[:80]!r} is no number; write it like 17, 0x11, 0b10001 or 0o21"
    )


def parse_value(text: str) -> int | str:
    """A value to write: a number in any base, or the name of an enum's value."""
    text = text.strip()
    return number(text) if _NUMBER.fullmatch(text) else text


def hexadecimal(value: int, width: int) -> str:
    """``value`` with all digits of ``width`` bits."""
    return f"{int(value):#0{width // 4 + 2}x}"


def add_target(parser: argparse.ArgumentParser, *, board: bool = True) -> None:
    """The options of a command that touches hardware; ``board``: by way of a map."""
    default = "the board's own" if board else "mem:"
    if board:
        parser.add_argument("map", metavar="BOARD", help=MAP_HELP)
    group = parser.add_argument_group(
        "hardware", "URI is one of " + ", ".join(scheme.form for scheme in SCHEMES.values())
    )
    group.add_argument(
        "--backend", metavar="URI", help=f"what carries the accesses (default: {default})"
    )
    group.add_argument(
        "--dry-run", action="store_true", help="print the accesses and perform none of them"
    )
    if board:
        group.add_argument(
            "--force",
            action="store_true",
            help="use the board's backends on a machine that is not recognised as this board",
        )
    cpu = "access blocks that differ by CPU on CPU N" if board else "access from CPU N"
    group.add_argument("--cpu", type=number, metavar="N", help=cpu)
    parser.add_argument("--json", action="store_true", help="answer as JSON")


@contextmanager
def opened(arguments: argparse.Namespace, console: Console) -> Iterator[Device]:
    """The device that the arguments name; with --dry-run one that only prints."""
    import regmap.api  # noqa: PLC0415  (help texts need none of it)

    if not arguments.dry_run:
        try:
            device = regmap.api.open(
                arguments.map, arguments.backend, force=arguments.force, cpu=arguments.cpu
            )
        except BackendUnavailable as error:
            raise _in_shell_words(error) from error
        if arguments.backend is None:
            console.note(f"{device.name} is opened on {device.backend!r}")
        with device:
            yield device
        return
    from regmap.backends import parse_uri  # noqa: PLC0415
    from regmap.cli.dryrun import DryRun  # noqa: PLC0415
    from regmap.demos.traffic import namer  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415
    from regmap.live.build import build  # noqa: PLC0415

    if arguments.backend is not None:
        parse_uri(arguments.backend)
    layout = lay_out(regmap.api.load(arguments.map))
    dry = DryRun(console, namer(layout))
    with build(layout)(dry) as device:
        yield device
    dry.finish()


@contextmanager
def opened_raw(arguments: argparse.Namespace, console: Console, end: int) -> Iterator[Backend]:
    """The backend for bare addresses up to ``end``; with --dry-run one that only prints."""
    from regmap import backends  # noqa: PLC0415

    uri = arguments.backend or "mem:"
    if arguments.dry_run:
        from regmap.cli.dryrun import DryRun  # noqa: PLC0415

        backends.parse_uri(uri)
        dry = DryRun(console)
        yield dry
        dry.finish()
        return
    try:
        backend = backends.open_backend(uri, origin=0, extent=end)
    except BackendUnavailable as error:
        raise _in_shell_words(error) from error
    try:
        if arguments.cpu is None:
            yield backend
        else:
            yield _on_cpu(backend, arguments.cpu)
    finally:
        backend.close()


def _on_cpu(backend: Backend, cpu: int) -> Backend:
    from regmap.live.percpu import OnCpu  # noqa: PLC0415

    class Pinned(OnCpu):
        def close(self) -> None:
            backend.close()

    return Pinned(backend, cpu)


def _in_shell_words(error: BackendUnavailable) -> BackendUnavailable:
    text = str(error)
    for python, shell in _IN_SHELL:
        text = text.replace(python, shell)
    return BackendUnavailable(text)
