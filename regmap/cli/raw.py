"""peek and poke: whole words at addresses, without a description."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from regmap.cli.console import Console
from regmap.cli.target import Refusal, add_target, number, opened_raw

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
    peek.add_argument("address", type=number, metavar="ADDRESS", help="absolute, in bytes")
    peek.add_argument("--count", type=number, default=1, metavar="N", help="how many words (1)")
    _width(peek)
    add_target(peek, board=False)
    peek.set_defaults(run=run_peek)

    poke = commands.add_parser(
        "poke",
        help="write one whole word at an address",
        description="Write one word of the given width: one bus write, no read.",
        epilog="example: regmap poke 0x1000 0xFF --width 8 --backend file:image.bin",
    )
    poke.add_argument("address", type=number, metavar="ADDRESS", help="absolute, in bytes")
    poke.add_argument("value", type=number, metavar="VALUE", help="a number in any base")
    _width(poke)
    add_target(poke, board=False)
    poke.set_defaults(run=run_poke)


def _width(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--width", type=number, choices=(8, 16, 32, 64), default=32, help="bits of a word (32)"
    )


def _check(arguments: argparse.Namespace, size: int) -> None:
    step = arguments.width // 8
    if arguments.address < 0 or arguments.address + size > 1 << 64:
        raise Refusal(f"{arguments.address:#x}: addresses are from 0 to {(1 << 64) - 1:#x}")
    if arguments.address % step:
        below = arguments.address - arguments.address % step
        raise Refusal(
            f"{arguments.address:#x} is not aligned to {arguments.width} bits;"
            f" use {below:#x} or {below + step:#x}, or --width 8"
        )


def run_peek(arguments: argparse.Namespace, console: Console) -> int:
    """Read words and show them three ways."""
    step = arguments.width // 8
    if not 0 < arguments.count <= _MOST_WORDS:
        raise Refusal(f"--count is from 1 to {_MOST_WORDS}")
    size = arguments.count * step
    _check(arguments, size)
    addresses = range(arguments.address, arguments.address + size, step)
    with opened_raw(arguments, console, arguments.address + size) as backend:
        # Mapped once, not looked for anew at each word.
        attach = getattr(backend, "attach", None)
        port = attach(arguments.address, size) if attach else backend
        words = (port.read(address, arguments.width) for address in addresses)
        if arguments.dry_run:
            deque(words, 0)
        elif arguments.json:
            answer = {"address": arguments.address, "width": arguments.width}
            console.json({**answer, "words": list(words)})
        else:
            _show(arguments, words, console)
    return 0


def _show(arguments: argparse.Namespace, words: Iterator[int], console: Console) -> None:
    """Each line as soon as it is read."""
    step = arguments.width // 8
    per_line = _LINE_BYTES // step
    digits = arguments.width // 4
    columns = min(per_line, arguments.count)
    address = arguments.address
    while chunk := list(islice(words, per_line)):
        shown = " ".join(f"{word:0{digits}x}" for word in chunk)
        # Bytes as they lie in memory: a word's first byte is its lowest.
        raw = b"".join(word.to_bytes(step, "little") for word in chunk)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in raw)
        line = f"{address:08x}  {shown:<{columns * (digits + 1) - 1}}  "
        if arguments.width > 8:
            line += f"{raw.hex(' '):<{3 * columns * step - 1}}  "
        console.line(f"{line}|{text}|")
        address += _LINE_BYTES


def run_poke(arguments: argparse.Namespace, console: Console) -> int:
    """Write one word."""
    _check(arguments, arguments.width // 8)
    if not 0 <= arguments.value < 1 << arguments.width:
        raise Refusal(
            f"value {arguments.value:#x} does not fit in {arguments.width} bits"
            f" (largest {(1 << arguments.width) - 1:#x}); see --width"
        )
    end = arguments.address + arguments.width // 8
    with opened_raw(arguments, console, end) as backend:
        backend.write(arguments.address, arguments.width, arguments.value)
    if arguments.json and not arguments.dry_run:
        written = {"address": arguments.address, "width": arguments.width}
        console.json({**written, "written": arguments.value})
    return 0
