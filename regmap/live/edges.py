"""Edges of a pin, as an iterator and as an asynchronous iterator.

They come from the kernel's gpiochip where a driver has the block, with the kernel's own timestamps
and counts. Elsewhere the block's own event detection is polled, by the registers that the map's
``pad`` names: two edges between two polls are then one event, how many were lost cannot be known,
and the time is that of the poll. The detection that was switched on is switched off at the end.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from regmap.backends.base import Edge, EdgeKind, EdgeSource, check_kind, readable
from regmap.errors import AccessError, ClosedError, WaitTimeout
from regmap.live.value import check_duration

if TYPE_CHECKING:
    from regmap.layout.shape import PadLayout, Target
    from regmap.live.register import Register

__all__ = ["Edges", "Polled"]


class Edges:
    """The edges of one pin from now on. A context manager; one thread or task at a time.

    ``source`` says where they come from and what can be missed.
    """

    def __init__(self, path: str, source: EdgeSource | Polled) -> None:
        self._path = path
        self._source: EdgeSource | Polled | None = source
        self._ready: deque[Edge] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.source = source.source

    def wait(self, timeout_s: float | None = None) -> Edge:
        """The next edge. Raises WaitTimeout after ``timeout_s`` seconds, BackendError."""
        if timeout_s is not None:
            check_duration("timeout_s", timeout_s)
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._ready:
            source = self._open()
            left = None if end is None else max(end - time.monotonic(), 0.0)
            if isinstance(source, Polled):
                self._ready.extend(source.poll())
                if not self._ready:
                    self._late(left, timeout_s)
                    time.sleep(source.period_s if left is None else min(source.period_s, left))
                continue
            if not readable(source.fileno(), left):
                self._late(0.0, timeout_s)
            self._ready.extend(source.take())
        return self._ready.popleft()

    async def wait_async(self, timeout_s: float | None = None) -> Edge:
        """As ``wait``, in an asyncio task."""
        if timeout_s is not None:
            check_duration("timeout_s", timeout_s)
            if timeout_s <= 0:
                return self.wait(timeout_s)  # asyncio would give up before it looked
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError:
            self._late(0.0, timeout_s)
            raise

    async def _next(self) -> Edge:
        while not self._ready:
            source = self._open()
            if isinstance(source, Polled):
                self._ready.extend(source.poll())
                if not self._ready:
                    await asyncio.sleep(source.period_s)
                continue
            await self._readable(source.fileno())
            self._ready.extend(source.take())
        return self._ready.popleft()

    async def _readable(self, fd: int) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = ready = loop.create_future()
        loop.add_reader(fd, _resolve, ready)
        try:
            await ready
        finally:
            if self._waiter is ready:  # else ``close`` did it, and the number may be another's now
                self._waiter = None
                loop.remove_reader(fd)

    def _late(self, left: float | None, timeout_s: float | None) -> None:
        if left is not None and left <= 0 and timeout_s is not None:
            text = f"no edge within {timeout_s:g} s"
            raise WaitTimeout(self._path, text, last=None, values=())

    def _open(self) -> EdgeSource | Polled:
        if self._source is None:
            raise ClosedError(f"the edges of {self._path} are closed")
        return self._source

    def close(self) -> None:
        """Give the line back; a second call does nothing. A task that waits gets ClosedError."""
        source, self._source = self._source, None
        ready, self._waiter = self._waiter, None
        if ready is not None and source is not None and not isinstance(source, Polled):
            ready.get_loop().remove_reader(source.fileno())
            if not ready.done():
                ready.set_exception(ClosedError(f"the edges of {self._path} were closed meanwhile"))
        if source is not None:
            source.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Edge:
        return self.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Edge:
        return await self.wait_async()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<edges of {self._path} from {self.source}>"


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class Polled:
    """The event detection of a block itself. ``register`` gives a register by its path.

    A poll is one read of the event register; an event takes one write to clear it and, where both
    edges are watched, one read of the level. Two of one pin take each other's events, and what the
    first switched on is off for both when it closes.
    """

    def __init__(
        self,
        path: str,
        pad: PadLayout,
        index: int,
        *,
        kind: EdgeKind,
        register: Callable[[str], Register],
        period_s: float,
    ) -> None:
        check_kind(kind)
        check_duration("period_s", period_s)
        self.period_s = period_s
        self.source = f"polls of {path} every {period_s:g} s, which may miss edges"
        self._kind = kind
        self._register = register
        self._level = pad.level[index]
        wanted = {"rising": (pad.rising,), "falling": (pad.falling,)}
        enables = wanted.get(kind, (pad.rising, pad.falling))
        if not pad.event or not all(enables):
            raise AccessError(path, f"the map knows no event detection for {kind} edges of it")
        self._event = pad.event[index]
        self._sequence = 0
        self._switched: list[Target] = []
        self._clear()
        try:
            for enable in enables:
                target = enable[index]
                if not self._read(target):
                    setattr(register(target.register), target.field, 1)
                    self._switched.append(target)
        except BaseException:
            self.close()  # nobody else can: this object is not made
            raise

    def poll(self) -> list[Edge]:
        """The edge that was detected since the last poll, if there was one."""
        if not self._read(self._event):
            return []
        now = time.monotonic_ns()
        self._clear()
        self._sequence += 1
        kind: EdgeKind = self._kind
        if kind == "both":
            kind = "rising" if self._read(self._level) else "falling"
        return [Edge(kind, now, self._sequence, None)]

    def _read(self, target: Target) -> int:
        value: int = getattr(self._register(target.register), target.field)
        return value

    def _clear(self) -> None:
        self._register(self._event.register).clear(self._event.field)

    def close(self) -> None:
        """Switch off what was switched on here."""
        while self._switched:
            target = self._switched.pop()
            setattr(self._register(target.register), target.field, 0)
