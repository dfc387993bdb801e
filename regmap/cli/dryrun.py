"""A backend that prints what it would do and does nothing."""

from __future__ import annotations

from typing import TextIO

__all__ = ["DryRun"]


class DryRun:
    """Prints each access as a line; every read answers 0, so a write after a read shows only the
    bits that the command itself sets."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def read(self, address: int, width: int) -> int:
        """One line, no access."""
        print(f"would read  {width:2} bits at {address:#x}", file=self._out)
        return 0

    def write(self, address: int, width: int, value: int) -> None:
        """One line, no access."""
        shown = f"{value:#0{width // 4 + 2}x}"
        print(f"would write {width:2} bits at {address:#x}: {shown}", file=self._out)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """Two lines, no access: what is kept is not known here."""
        new = neutral & ~mask | value & mask
        kept = keep & ~mask
        print(f"would read  {width:2} bits at {address:#x}", file=self._out)
        shown = f"{new:#0{width // 4 + 2}x}"
        print(
            f"would write {width:2} bits at {address:#x}: {shown}, with bits {kept:#x} as read",
            file=self._out,
        )
        return new

    def close(self) -> None:
        """Nothing to give back."""
