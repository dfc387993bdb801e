"""Registers behind an index/data pair: select, then access, with nobody in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from regmap._core import merge
from regmap.backends.base import Port
from regmap.errors import BadAddress

__all__ = ["WindowPort"]


class WindowPort:
    """A port whose addresses are indexes: index ``i`` is address ``i * data_width // 8``.

    So a register of several data words takes consecutive indexes, and ``InParts`` steps them.
    Every access is one write of the index register and one access of the data register, also each
    half of an update, since hardware may step the index by itself.

    What is written to select comes from ``select_value(index)``; without it the index goes to
    ``index_mask`` (in register position) and all other bits are 0. ``lock`` must be the same for
    all ports of one pair; it is held from the select to the access, and over an update.
    """

    def __init__(
        self,
        port: Port,
        *,
        index_address: int,
        index_width: int,
        data_address: int,
        data_width: int,
        index_mask: int | None = None,
        select_value: Callable[[int], int] | None = None,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self.port = port
        self.index_address = index_address
        self.index_width = index_width
        self.data_address = data_address
        self.data_width = data_width
        self.index_mask = (1 << index_width) - 1 if index_mask is None else index_mask
        self.lock = threading.RLock() if lock is None else lock
        self._select_value = select_value

    def read(self, address: int, width: int) -> int:
        """One select, one read of the data register. Raises BadAddress before any access."""
        index = self._index(address, width)
        with self.lock:
            self._select(index)
            return self.port.read(self.data_address, width)

    def write(self, address: int, width: int, value: int) -> None:
        """One select, one write of the data register. Raises BadAddress before any access."""
        index = self._index(address, width)
        with self.lock:
            self._select(index)
            self.port.write(self.data_address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One select and read, one select and write; returns what was written."""
        with self.lock:
            new = merge(self.read(address, width), keep, neutral, mask, value)
            self.write(address, width, new)
            return new

    def _index(self, address: int, width: int) -> int:
        if width != self.data_width:
            raise BadAddress(
                f"{width} bits at {address:#x}: the window's data register takes {self.data_width}"
            )
        index, rest = divmod(address, self.data_width // 8)
        if rest or not 0 <= index <= self.largest:
            raise BadAddress(
                f"{address:#x} is no index of this window: a multiple of {self.data_width // 8} up"
                f" to {self.largest * self.data_width // 8:#x}"
            )
        return index

    @property
    def largest(self) -> int:
        """The largest index there is."""
        return self.index_mask // (self.index_mask & -self.index_mask)

    def _select(self, index: int) -> None:
        if self._select_value is None:
            shift = (self.index_mask & -self.index_mask).bit_length() - 1
            value = index << shift
        else:
            value = self._select_value(index)
        self.port.write(self.index_address, self.index_width, value)
