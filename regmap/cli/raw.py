"""peek and poke: whole words at addresses, without a description."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import Refusal, add_target, hexadecimal, number

if TYPE_CHECKING:
    from regmap.backends.base import Backend

__all__ = ["add"]

_MOST_WORDS = 1 << 20
_LINE_BYTES = 16


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    peek = commands.add_parser(
        "peek",
        help="read whole words at an address",
        description="Read words of the given width, one bus read each, and show them as words, "
        "bytes and text.",
        epilog="example, the BIOS date of a PC: regmap peek 0xFFFF5 --width 8 --count 8",
    )
    peek.add_argument("address", type=number, metavar="ADDRESS")
    peek.add_argument("--count", type=number, default=1, metavar="N", help="how many words (1)")
    _width(peek)
    add_target(peek, board=False)
    peek.set_defaults(run=run_peek)

    poke = commands.add_parser(
        "poke",
        help="write one whole word at an address",
        description="Write one word of the given width: one bus write, no read.",
    )
    poke.add_argument("address", type=number, metavar="ADDRESS")
    poke.add_argument("value", type=number, metavar="VALUE")
    _width(poke)
    add_target(poke, board=False)
    poke.set_defaults(run=run_poke)


def _width(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--width", type=number, choices=(8, 16, 32, 64), default=32, help="bits of a word (32)"
    )


def _backend(arguments: argparse.Namespace, end: int) -> Backend:
    from regmap.backends import open_backend  # noqa: PLC0415

    return open_backend(arguments.backend or "mem:", origin=0, extent=end)


def _check(arguments: argparse.Namespace, size: int) -> None:
    if arguments.address < 0 or arguments.address + size > 1 << 64:
        raise Refusal(f"{arguments.address:#x} is no address in 64 bits")
    if arguments.address % (arguments.width // 8):
        raise Refusal(f"{arguments.address:#x} is not aligned to {arguments.width} bits")


def run_peek(arguments: argparse.Namespace, console: Console) -> int:
    """Read words and show them three ways."""
    step = arguments.width // 8
    if not 0 < arguments.count <= _MOST_WORDS:
        raise Refusal(f"--count is from 1 to {_MOST_WORDS}")
    _check(arguments, arguments.count * step)
    addresses = range(arguments.address, arguments.address + arguments.count * step, step)
    if arguments.dry_run:
        for address in addresses:
            console.line(f"would read  {arguments.width:2} bits at {address:#x}")
        return 0
    backend = _backend(arguments, addresses[-1] + step)
    try:
        words = [backend.read(address, arguments.width) for address in addresses]
    finally:
        backend.close()
    if arguments.json:
        console.json({"address": arguments.address, "width": arguments.width, "words": words})
        return 0
    per_line = _LINE_BYTES // step
    for start in range(0, len(words), per_line):
        chunk = words[start : start + per_line]
        shown = " ".join(f"{word:0{arguments.width // 4}x}" for word in chunk)
        # Bytes as they lie in memory: a word's first byte is its lowest.
        raw = b"".join(word.to_bytes(step, "little") for word in chunk)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in raw)
        full = per_line * (arguments.width // 4 + 1) - 1
        line = f"{addresses[start]:08x}  {shown:<{full}}  "
        if arguments.width > 8:
            line += f"{raw.hex(' '):<{3 * _LINE_BYTES - 1}}  "
        console.line(f"{line}|{text}|")
    return 0


def run_poke(arguments: argparse.Namespace, console: Console) -> int:
    """Write one word."""
    _check(arguments, arguments.width // 8)
    if not 0 <= arguments.value < 1 << arguments.width:
        raise Refusal(f"{arguments.value:#x} does not fit in {arguments.width} bits")
    shown = hexadecimal(arguments.value, arguments.width)
    if arguments.dry_run:
        console.line(f"would write {arguments.width:2} bits at {arguments.address:#x}: {shown}")
        return 0
    backend = _backend(arguments, arguments.address + arguments.width // 8)
    try:
        backend.write(arguments.address, arguments.width, arguments.value)
    finally:
        backend.close()
    if arguments.json:
        written = {"address": arguments.address, "width": arguments.width}
        console.json({**written, "written": arguments.value})
    return 0
