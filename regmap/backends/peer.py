"""What backends have in common whose accesses another program makes when it is asked to.

One request and its answer at a time. Once an answer is missing, wrong or late, nothing that comes
afterwards can be told from it, so the connection is given up: every later access says why.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self, TypeVar

from regmap.backends.stream import Lost, Stream
from regmap.errors import (
    BackendError,
    BadAddress,
    BusFault,
    ClosedError,
    RegmapError,
    ValueDoesNotFit,
)

__all__ = ["Peer"]

T = TypeVar("T")


class Peer(ABC):
    """A backend at the other end of ``stream``, which answers within ``timeout_s`` or is lost.

    A subclass has ``_read`` and ``_write``, which talk until a given moment. ``reach`` is the
    first address that there is no more. Threads may share it: ``lock`` is held over a request and
    its answer. ``name`` is what kind of peer it is.
    """

    name = "the peer"
    widths: tuple[int, ...] = (8, 16, 32)
    reach = 1 << 64

    def __init__(self, stream: Stream, *, timeout_s: float) -> None:
        self.lock = threading.RLock()
        self.timeout_s = timeout_s
        self._stream = stream
        self._closed = False
        self._lost = ""

    @abstractmethod
    def _read(self, address: int, width: int, until: float) -> int: ...

    @abstractmethod
    def _write(self, address: int, width: int, value: int, until: float) -> None: ...

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def read(self, address: int, width: int) -> int:
        """One bus read of exactly ``width`` bits.

        Raises BadAddress before anything is sent; BusFault where the peer refuses, is gone or
        answers nonsense; ClosedError after ``close``.
        """
        what = f"{width}-bit read at {address:#x}"
        self._check(address, width, what)
        return self._exchange(what, lambda until: self._read(address, width, until), address)

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write of exactly ``width`` bits, finished when this returns.

        Raises as ``read`` does, and ValueDoesNotFit. After a BusFault for want of an answer it is
        unknown whether the write was made.
        """
        what = f"{width}-bit write at {address:#x}"
        self._check(address, width, what)
        if not 0 <= value < 1 << width:
            raise ValueDoesNotFit(f"{address:#x}", value, width, (1 << width) - 1)
        self._exchange(what, lambda until: self._write(address, width, value, until), address)

    def _check(self, address: int, width: int, what: str) -> None:
        if width not in self.widths:
            taken = ", ".join(map(str, self.widths))
            raise BadAddress(f"{what}: {self} takes {taken} bits; {self._why_width(width)}")
        if address % (width // 8):
            raise BadAddress(f"{what}: not aligned, so it would be split into several accesses")
        if not 0 <= address <= self.reach - width // 8:
            raise BadAddress(f"{what}: the last address of {self} is {self.reach - 1:#x}")

    def _why_width(self, width: int) -> str:
        return f"one of {width} bits would be split or refused"

    def _exchange(self, what: str, talk: Callable[[float], T], address: int | None = None) -> T:
        """What ``talk`` gives; it may raise Lost, or a refusal after which all is as before."""
        with self.lock:
            if self._closed:
                raise ClosedError(f"{what}: {self} is closed")
            if self._lost:
                raise self._gone(what, address)
            # Stays so where an exception (Ctrl-C) leaves an answer behind that nobody took.
            self._lost = "an exchange before this one was interrupted"
            try:
                result = talk(time.monotonic() + self.timeout_s)
            except Lost as lost:
                self._lost = str(lost)
                self._stream.cut()
                if self._closed:
                    raise ClosedError(f"{what}: {self} was closed meanwhile") from None
                raise self._gone(what, address) from lost
            except RegmapError:
                self._lost = ""
                raise
            self._lost = ""
            return result

    def _gone(self, what: str, address: int | None) -> RegmapError:
        text = f"{what}: {self} is lost: {self._lost}; see whether it still runs, and open it anew"
        return BackendError(text) if address is None else BusFault(text, address=address)

    def close(self) -> None:
        """Close the connection; a second call does nothing. A thread that waits gets an error."""
        self._closed = True
        self._stream.cut()
        with self.lock:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return f"{self.name} at {self._stream.where}"

    def __repr__(self) -> str:
        state = ", closed" if self._closed else f", lost: {self._lost}" if self._lost else ""
        return f"<{self}{state}>"
