"""Edges of GPIO lines from the kernel: the gpiochip that drives a block, by the official bindings.

The kernel notes each edge when its interrupt comes and keeps it in a queue; its numbers tell how
many were lost where the queue was full. Edges that come faster than the kernel takes interrupts are
lost before it numbers them: where both kinds are watched and one comes twice, such a loss shows
(``missed`` is None), else nothing tells of it. Needs no register and no root, only the device
``/dev/gpiochipN``. Sources: linux Documentation/userspace-api/gpio/chardev.rst and
drivers/gpio/gpiolib-cdev.c (edge_irq_thread); libgpiod 2.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

from regmap.backends import explain
from regmap.backends.base import Edge, EdgeKind, check_kind
from regmap.backends.machine import Machine
from regmap.errors import BackendError, BackendUnavailable, ClosedError

__all__ = ["LineEdges", "chip_at", "open_chip", "open_line"]

_DEVICES = "/sys/bus/gpio/devices"
_NAMED_BY_ADDRESS = re.compile(r"([0-9a-f]+)\.")
_CONSUMER = "regmap"
_MOST_AT_ONCE = 64


def chip_at(base: int, machine: Machine) -> str | None:
    """The device of the gpiochip whose registers begin at ``base``, such as ``/dev/gpiochip0``.

    A device of the device tree is called by its address: ``3f200000.gpio``.
    """
    folder = machine.path(_DEVICES)
    for chip in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not re.fullmatch(r"gpiochip\d+", chip.name):
            continue
        parent = chip.resolve().parent.name
        found = _NAMED_BY_ADDRESS.match(parent)
        if found and int(found[1], 16) == base:
            return f"/dev/{chip.name}"
    return None


class LineEdges:
    """The edges of one line; ``both`` says that both kinds are watched. One thread or task at a
    time."""

    def __init__(self, request: Any, device: str, line: int, *, both: bool = False) -> None:
        self._request = request
        self._both = both
        self._last = 0
        self._kind: EdgeKind | None = None
        self.source = f"{device} line {line}"

    def fileno(self) -> int:
        """What to wait on for reading."""
        if self._request is None:
            raise ClosedError(f"the edges of {self.source} are closed")
        return int(self._request.fd)

    def take(self) -> list[Edge]:
        """The edges that are there; waits for one if there is none. Raises BackendError."""
        self.fileno()
        try:
            events = self._request.read_edge_events(_MOST_AT_ONCE)
        except OSError as error:
            raise BackendError(f"{self.source}: {error.strerror}") from error
        return [self._edge(event) for event in events]

    def _edge(self, event: Any) -> Edge:
        number = int(event.line_seqno)
        kind: EdgeKind = "rising" if event.event_type is event.Type.RISING_EDGE else "falling"
        missed: int | None = max(number - self._last - 1, 0)
        alike, even = kind == self._kind, (number - self._last) % 2 == 0
        if self._both and self._kind is not None and alike != even:
            missed = None  # kinds alternate on a line, so more were lost than the numbers say
        self._last, self._kind = number, kind
        return Edge(kind, int(event.timestamp_ns), number, missed)

    def close(self) -> None:
        """Give the line back; a second call does nothing."""
        if self._request is not None:
            self._request.release()
            self._request = None


def _bindings(device: str) -> Any:
    try:
        import gpiod  # noqa: PLC0415  (an extra, and only for this)
    except ImportError as error:
        raise BackendUnavailable(
            f"{device} tells edges through the package gpiod; `pip install 'regmap-hw[gpiod]'`"
        ) from error
    return gpiod


def open_chip(device: str) -> Any:
    """The gpiochip, to ask for lines later, when its device may not be opened any more.

    Asks for no line. Raises BackendUnavailable.
    """
    try:
        return _bindings(device).Chip(device)
    except OSError as error:
        raise BackendUnavailable(explain.line(error, device)) from error


def open_line(
    device: str,
    line: int,
    kind: EdgeKind,
    *,
    debounce_us: int = 0,
    queue: int = 0,
    chip: Any = None,
) -> LineEdges:
    """Ask the kernel for the edges of a line, which makes it an input.

    ``queue`` is how many edges the kernel keeps (0: its own choice, 16); ``chip`` is the device
    where it is open already. Raises BackendUnavailable.
    """
    check_kind(kind)
    gpiod = _bindings(device)
    edge = gpiod.line.Edge
    chosen = {"rising": edge.RISING, "falling": edge.FALLING, "both": edge.BOTH}[kind]
    settings = gpiod.LineSettings(
        direction=gpiod.line.Direction.INPUT,
        edge_detection=chosen,
        debounce_period=timedelta(microseconds=debounce_us),
    )
    ask = partial(gpiod.request_lines, device) if chip is None else chip.request_lines
    try:
        request = ask(config={line: settings}, consumer=_CONSUMER, event_buffer_size=queue or None)
    except OSError as error:
        raise BackendUnavailable(explain.line(error, device, line)) from error
    return LineEdges(request, device, line, both=kind == "both")
