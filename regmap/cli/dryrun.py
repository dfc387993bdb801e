"""A backend that says what it would do and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regmap.cli.console import Console

__all__ = ["DryRun"]


class DryRun:
    """Prints each access as a line, or keeps it for JSON.

    A read answers what was written there before, or else 0. What a field write would keep is not
    known here: an update says which bits those are. ``names(address, width)`` gives a register's
    name.
    """

    def __init__(self, console: Console, names: Callable[[int, int], str] | None = None) -> None:
        self._console = console
        self._names = names
        self._written: dict[int, int] = {}
        self._guessed = False
        self.accesses: list[dict[str, Any]] = []

    def read(self, address: int, width: int) -> int:
        """One line, no access."""
        self._say("read", address, width)
        self._guessed |= address not in self._written
        return self._written.get(address, 0)

    def write(self, address: int, width: int, value: int) -> None:
        """One line, no access."""
        self._say("write", address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """Two lines, no access."""
        new = neutral & ~mask | value & mask
        self._say("read", address, width)
        self._say("write", address, width, new, kept=keep & ~mask)
        return new

    def close(self) -> None:
        """Nothing to give back."""

    def finish(self) -> None:
        """The JSON, and what the lines cannot say."""
        if self._console.json_mode:
            self._console.json(self.accesses)
        if self._guessed and any(access["op"] == "write" for access in self.accesses):
            self._console.note("a dry run reads nothing: what would be read counts as 0 here")

    def _say(
        self, op: str, address: int, width: int, value: int | None = None, *, kept: int = 0
    ) -> None:
        name = self._names(address, width) if self._names else ""
        access: dict[str, Any] = {"op": op, "address": address, "width": width, "path": name}
        text = f"would {op:<5} {width:2} bits at {address:#x}"
        if value is not None:
            self._written[address] = value
            access["value"] = value
            text += f": {value:#0{width // 4 + 2}x}"
        if kept:
            access["kept"] = kept
            text += f" with bits {kept:#x} as read"
        self.accesses.append(access)
        if not self._console.json_mode:
            self._console.line(f"{text}  {name}" if name else text)
