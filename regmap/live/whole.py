"""A port whose updates are whole between threads, around a transport that has none of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager

from regmap._core import merge
from regmap.backends.base import Port, Updating

__all__ = ["Whole", "whole"]


class Whole:
    """Passes every access on as it is. Between the read and the write of an update no other
    thread writes through any port with the same ``lock``."""

    def __init__(self, port: Port, lock: AbstractContextManager[object]) -> None:
        self.port = port
        self.lock = lock

    def read(self, address: int, width: int) -> int:
        """One bus read."""
        return self.port.read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write; waits for an update that another thread is at."""
        with self.lock:
            self.port.write(address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One bus read and one bus write; returns what was written."""
        with self.lock:
            new = merge(self.port.read(address, width), keep, neutral, mask, value)
            self.port.write(address, width, new)
            return new

    def __repr__(self) -> str:
        return repr(self.port)


def whole(port: Port, lock: AbstractContextManager[object]) -> Port:
    """``port`` itself where it has an update of its own, as a mapping has, else around it."""
    return port if isinstance(port, Updating) else Whole(port, lock)
