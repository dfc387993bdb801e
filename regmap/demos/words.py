"""Replaces a dumper for which "every second byte is unwritable".

Python's mmap copies bytes: a 32-bit assignment becomes whatever memcpy likes, and hardware that
takes whole words sees halves of it, or the same half twice. Here each write is one store of its
width. The memory is a block made for this demonstration, one register for each width.
"""

from __future__ import annotations

from typing import Any

from regmap.model.chip import Block, Register

BOARD = Block(
    name="words",
    items=tuple(
        Register(name=f"WORD{width}", offset=width, width=width, reset=0)
        for width in (8, 16, 32, 64)
    ),
)


def play(device: Any) -> None:
    """Write a word of each width and read it back whole."""
    words = device.WORDS
    words.WORD8 = 0x12
    words.WORD16 = 0x1234
    words.WORD32 = 0x12345678
    words.WORD64 = 0x123456789ABCDEF0
    print(*(f"{word.raw:#x}" for word in words))
