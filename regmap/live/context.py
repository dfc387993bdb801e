"""What all registers of one instance share: its name, its port and what to say when it fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Protocol, cast

from regmap.bits import swap_bytes
from regmap.errors import BackendUnavailable, BadAddress
from regmap.live.clock import Clock
from regmap.live.named import NamedPort
from regmap.live.parts import InParts
from regmap.live.percpu import OnCpu
from regmap.live.window import WindowPort

if TYPE_CHECKING:
    from regmap.backends.base import Interrupt, Lines, Named, Port
    from regmap.layout.shape import RegisterLayout, WindowLayout
    from regmap.model.block import WordOrder

__all__ = ["Context", "Refused", "place_of"]

_HOST_WIDTHS = (8, 16, 32, 64) if sys.maxsize > 1 << 32 else (8, 16, 32)


class _Register(Protocol):
    """What is needed of the registers of an index/data pair."""

    @property
    def address(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def LAYOUT(self) -> RegisterLayout: ...  # noqa: N802  (as registers call it)


class Refused:
    """A port for a register that ``port`` cannot carry; says why at the access."""

    def __init__(self, port: Port, why: str) -> None:
        self.port = port
        self._why = why

    def read(self, address: int, width: int) -> int:
        """Raises BadAddress."""
        raise BadAddress(f"{width}-bit read at {address:#x}: {self._why}")

    def write(self, address: int, width: int, value: int) -> None:
        """Raises BadAddress."""
        raise BadAddress(f"{width}-bit write of {value:#x} at {address:#x}: {self._why}")

    def close(self) -> None:
        """Nothing to give back."""


class Context:
    """One instance on one backend.

    ``attach`` gives the port when the first register is touched; ``hint`` explains a bus fault
    there, or else ``why`` does from its address; ``lines`` and ``irq`` are the backend's edges and
    interrupt; ``named`` is who is asked by path instead. Safe between threads.
    """

    def __init__(
        self,
        name: str,
        attach: Callable[[], Port],
        *,
        widths: tuple[int, ...] | None = None,
        cpu: int | None = None,
        hint: str = "",
        clock: Clock | None = None,
        lines: Lines | None = None,
        irq: Interrupt | None = None,
        why: Callable[[int], str] = lambda _address: "",
        named: Named | None = None,
    ) -> None:
        self.name = name
        self.hint = hint
        self.cpu = cpu
        self.clock = clock
        self.lines = lines
        self.irq = irq
        self.why = why
        self.named = named
        self._attach = attach
        self._widths = widths or _HOST_WIDTHS
        self._windows: dict[str, WindowPort] = {}
        self.lock = RLock()

    @cached_property
    def port(self) -> Port:
        """What carries accesses of this instance; made on first use."""
        port = self._attach()
        return port if self.cpu is None else OnCpu(port, self.cpu)

    def on_cpu(self, cpu: int) -> Context:
        """The same instance as one CPU sees it. Raises BackendUnavailable for a daemon's."""
        if self.named is not None:
            raise BackendUnavailable(f"{self.name}: {self.named!r} accesses it on a CPU of its own")
        return Context(
            self.name,
            self._attach,
            widths=self._widths,
            cpu=cpu,
            hint=self.hint,
            clock=self.clock,
            lines=self.lines,
            irq=self.irq,
            why=self.why,
        )

    def port_for(self, layout: RegisterLayout) -> Port:
        """The port for a register: in parts where the hardware or the bus takes no more."""
        return self._in_parts(self.port, layout, self._widths)

    def window_port(self, window: WindowLayout, index: _Register, data: _Register) -> WindowPort:
        """The port behind an index/data pair, one for each window with one lock."""
        with self.lock:
            port = self._windows.get(window.name)
            if port is None:
                width, big_endian = index.width, index.LAYOUT.big_endian

                def select(number: int) -> int:
                    value = window.index_rest | number << window.index_lsb
                    return swap_bytes(value, width) if big_endian else value

                port = WindowPort(
                    self.port,
                    index_address=index.address,
                    index_width=width,
                    index_mask=window.index_mask,
                    data_address=data.address,
                    data_width=data.width,
                    select_value=select,
                )
                self._windows[window.name] = port
            return port

    def port_behind(self, window: WindowPort, layout: RegisterLayout, index: int) -> Port:
        """The port for a register behind a window, at this index."""
        last = index + layout.width // window.data_width - 1
        if last > window.largest:
            # Told before any part is accessed, not when the last one is.
            return Refused(window, f"the window has no index above {window.largest:#x}")
        return self._in_parts(window, layout, (window.data_width,))

    def asked_by_name(self, path: str, layout: RegisterLayout, port: Port) -> Port:
        """``port`` itself, or what asks for the register of this path by its name."""
        if self.named is None or isinstance(port, Refused):
            return port
        return NamedPort(self.named, f"{self.name}.{path}".lstrip("."), layout, port)

    def _in_parts(self, port: Port, layout: RegisterLayout, bus: tuple[int, ...]) -> Port:
        taken = layout.access_widths or (layout.width,)
        usable = [width for width in taken if width in bus and width <= layout.width]
        if layout.width in usable:
            return port
        if not usable:
            why = (
                f"the register takes accesses of {_list(taken)} bits and this bus has {_list(bus)}"
            )
            return Refused(port, why)
        if not layout.word_order:
            why = "the description does not say in which order its parts are accessed"
            return Refused(port, why)
        order = cast("WordOrder", layout.word_order)
        return InParts(port, max(usable), order, big_endian=layout.big_endian)


def place_of(port: object, address: int) -> tuple[int, int, int]:
    """Where a register comes in address order: behind a window, after the data register."""
    while isinstance(port, InParts | Refused | NamedPort):
        port = port.port
    if isinstance(port, WindowPort):
        return port.data_address, 1, address
    return address, 0, 0


def _list(widths: tuple[int, ...]) -> str:
    return ", ".join(str(width) for width in widths)
