"""Edges of the article's pins, from one source for each pin to every session that asked.

A source is opened with a pin's first subscription and closed with its last: the simulator itself,
the kernel's gpiochip (which makes the line an input), the block's event detection after each
interrupt of a UIO device, or else the same every millisecond. Each session counts its own edges of
a pin from 1, lost ones included, so that a gap in the sequence is what was lost, as far as that
can be known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal, Protocol, runtime_checkable

from regmap.backends.base import Edge, Interrupt
from regmap.daemon.pins import Pin
from regmap.errors import RegmapError, WaitTimeout
from regmap.live.device import Device
from regmap.live.edges import Edges, Polled
from regmap.wire import WireError

__all__ = ["Hub", "Listener", "Watched", "hold"]

Kind = Literal["rising", "falling"]
# An interrupt that came before anybody waited is made up for after so long.
_LATEST_S = 0.1


class Listener(Protocol):
    """Who is told of edges."""

    def event(self, line: bytes) -> None:
        """Take the line of one event, or count it as lost."""

    def missed(self, count: int) -> None:
        """So many were lost before they came here."""

    def cut(self, why: str) -> None:
        """The source is dead: end the connection."""


@runtime_checkable
class Watched(Protocol):
    """A backend that calls on every change of a pin: the simulator."""

    def watch(self, pin: int | str, tell: Callable[[int], object]) -> Callable[[], None]:
        """Call ``tell(level)`` on each change; returns what ends it."""


class _Asked:
    """One session's subscription of a pin."""

    __slots__ = ("kind", "sequence")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sequence = 0


class _Watch:
    """The source of one pin, and who wants what of it."""

    def __init__(self, pin: Pin, device: Device) -> None:
        self.pin = pin
        self.asked: dict[Listener, _Asked] = {}
        self._task: asyncio.Task[None] | None = None
        self._edges: Edges | None = None
        self._end: Callable[[], None] | None = None
        self._polled: Polled | None = None
        self._last: Kind | None = None
        self._sequence = 0
        backend, item = device.backend, pin.item
        if isinstance(backend, Watched):
            self._end = backend.watch(pin.path, self._changed)
        elif getattr(backend, "irq", None) is not None and item.PAD is not None:
            self._polled = Polled(
                item.path, item.PAD, item.index, kind="both", register=item.register, period_s=1
            )
        else:
            self._edges = item.edges("both")
            self._task = asyncio.get_running_loop().create_task(self._follow(self._edges))

    def _changed(self, level: int) -> None:
        self._tell("rising" if level else "falling", time.monotonic_ns(), 0)

    async def _follow(self, edges: Edges) -> None:
        try:
            async for edge in edges:
                self._take(edge)
        except (RegmapError, OSError) as error:
            self.cut(error)

    def look(self) -> None:
        """After an interrupt: what the block has seen."""
        for edge in self._polled.poll() if self._polled is not None else ():
            self._take(edge)

    def cut(self, error: Exception) -> None:
        """The source is dead."""
        for listener in tuple(self.asked):
            listener.cut(f"the edges of pin {self.pin.number} ended: {error}")

    def _take(self, edge: Edge) -> None:
        kind: Kind = "falling" if edge.kind == "falling" else "rising"
        missed = max(edge.missed or 0, edge.sequence - self._sequence - 1)
        # Kinds alternate on a line, so that one more was lost where this does not fit.
        if self._last is not None and (kind == self._last) != bool(missed % 2):
            missed += 1
        self._last, self._sequence = kind, edge.sequence
        self._tell(kind, edge.timestamp_ns, missed)

    def _tell(self, kind: Kind, timestamp_ns: int, missed: int) -> None:
        start = b"EVENT %d %s %d " % (self.pin.number, kind.upper().encode(), timestamp_ns)
        for listener, asked in tuple(self.asked.items()):
            if missed:
                asked.sequence += missed
                listener.missed(missed)
            if asked.kind in {kind, "both"}:
                asked.sequence += 1
                listener.event(b"%s%d\n" % (start, asked.sequence))

    def close(self) -> None:
        """Give the source back."""
        if self._task is not None:
            self._task.cancel()
        if self._end is not None:
            self._end()
        for source in (self._edges, self._polled):
            if source is not None:
                with suppress(RegmapError, OSError):  # a dead source cannot be switched off
                    source.close()


def hold(device: Device, pins: Iterable[Pin]) -> None:
    """Open what edges of these pins will need, while it may be. Raises BackendUnavailable."""
    hold_lines = getattr(device.backend, "hold_lines", None)
    if hold_lines is not None:
        for name in dict.fromkeys(pin.path.partition(".")[0] for pin in pins):
            hold_lines(device[name].address)


class Hub:
    """All subscriptions."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._watches: dict[int, _Watch] = {}
        self._interrupts: asyncio.Task[None] | None = None

    def subscribe(self, listener: Listener, pin: Pin, kind: str) -> None:
        """Tell ``listener`` of the edges of a pin from now on; a second time changes the kind.
        Raises AccessError, BackendError."""
        watch = self._watches.get(pin.number)
        if watch is None:
            watch = self._watches[pin.number] = _Watch(pin, self._device)
            irq: Interrupt | None = getattr(self._device.backend, "irq", None)
            if irq is not None and self._interrupts is None:
                loop = asyncio.get_running_loop()
                self._interrupts = loop.create_task(self._on_interrupts(irq))
        known = watch.asked.get(listener)
        if known is None:
            watch.asked[listener] = _Asked(kind.lower())
        else:
            known.kind = kind.lower()

    def unsubscribe(self, listener: Listener, number: int) -> None:
        """Tell no more. Raises WireError."""
        watch = self._watches.get(number)
        if watch is None or watch.asked.pop(listener, None) is None:
            raise WireError("pin", "you are not subscribed to it")
        if not watch.asked:
            self._watches.pop(number).close()
        if not self._watches:
            self._stop_interrupts()

    def drop(self, listener: Listener) -> None:
        """Forget a listener."""
        for number in [n for n, watch in self._watches.items() if listener in watch.asked]:
            self.unsubscribe(listener, number)

    def close(self) -> None:
        """Close every source."""
        self._stop_interrupts()
        while self._watches:
            self._watches.popitem()[1].close()

    async def _on_interrupts(self, irq: Interrupt) -> None:
        """Look at every pin after each interrupt of the device, and now and then without."""
        try:
            while True:
                with suppress(WaitTimeout):
                    await irq.wait_async(_LATEST_S)
                for watch in tuple(self._watches.values()):
                    watch.look()
        except (RegmapError, OSError) as error:
            for watch in tuple(self._watches.values()):
                watch.cut(error)

    def _stop_interrupts(self) -> None:
        if self._interrupts is not None:
            self._interrupts.cancel()
            self._interrupts = None
