"""Replaces a dumper for which "every second byte is unwritable".

Its 16-bit registers took whole words only. Python's mmap copies bytes as memcpy likes, so the odd
bytes went nowhere and the even ones cleared their neighbours: 0x12345678 became 0x00340078. Here a
write is one store of its width. (The bus below is a model of such registers, 16 bits each.)
"""

from __future__ import annotations

from typing import Any

from regmap.model.block import Block, Register

BOARD = Block(
    name="words",
    items=tuple(
        Register(name=f"WORD{width}", offset=width, width=width, reset=0)
        for width in (8, 16, 32, 64)
    ),
)


class RegisterFile:
    """Registers of 16 bits that take whole words: a byte alone is written to the low half with
    zeros above it, or nowhere. Wider accesses reach several of them at once."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def read(self, address: int, width: int) -> int:
        """The words that the access covers; a byte is cut out of its word."""
        first = address // 2 * 2
        size = max(width // 8, 2)
        whole = sum(self.words.get(first + at, 0) << 8 * at for at in range(0, size, 2))
        return whole >> 8 * (address - first) & (1 << width) - 1

    def write(self, address: int, width: int, value: int) -> None:
        """Every word that the access covers; a byte at an odd address reaches none."""
        if address % 2 == 0:
            for at in range(0, max(width // 8, 2), 2):
                self.words[address + at] = value >> 8 * at & 0xFFFF

    def close(self) -> None:
        """Nothing to give back."""


def backend() -> RegisterFile:
    """The bus of this demonstration."""
    return RegisterFile()


def play(device: Any) -> None:
    """The dumper's way, byte by byte; then whole words."""
    address = device.WORDS.WORD32.address
    for at, byte in enumerate((0x12345678).to_bytes(4, "little")):
        device.backend.write(address + at, 8, byte)
    print(f"bytes: {device.WORDS.WORD32.raw:#010x}")
    device.WORDS.WORD32 = 0x12345678
    print(f"whole: {device.WORDS.WORD32.raw:#010x}")
    device.WORDS.WORD8 = 0x12
    device.WORDS.WORD16 = 0x1234
    device.WORDS.WORD64 = 0x123456789ABCDEF0
    print(*(f"{word.raw:#x}" for word in device.WORDS))
