"""What every transport offers: reads and writes of whole words at absolute addresses, no names.

Addresses are in bytes, widths in bits (8, 16, 32, 64). A value is the number whose little-endian
bytes lie at the address; big-endian registers are turned round by their owner, not here. One call
is one bus transaction of exactly that width, or an error and no transaction.

To add a transport, write a class with ``read``, ``write`` and ``close`` and, where it has a URI of
its own, one line in ``backends.SCHEMES``.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol, get_args, runtime_checkable

from regmap._core import merge

__all__ = [
    "Attachable",
    "Backend",
    "Edge",
    "EdgeKind",
    "EdgeSource",
    "Interrupt",
    "Interrupts",
    "Lines",
    "Locating",
    "Named",
    "Port",
    "Updating",
    "check_kind",
    "lock_of",
    "readable",
    "update",
]

# poll(2) takes an int of milliseconds; what is longer is as good as for ever.
_LONGEST_S = 2_000_000.0
_PLAIN_LOCK = type(threading.Lock())


@runtime_checkable
class Port(Protocol):
    """What a register is accessed through: a ``_core.Map``, a backend, or a wrapper of either.

    An optional attribute ``lock`` (a context manager that one thread may enter twice) is held
    over accesses that belong together.
    """

    def read(self, address: int, width: int) -> int:
        """One bus read. Raises BackendError."""

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write. Raises BackendError."""


@runtime_checkable
class Backend(Port, Protocol):
    """The least a transport must do. An optional attribute ``widths`` (a tuple of bits) says
    which widths the bus takes; without it all four are assumed. An optional method
    ``why_fault(address) -> str`` says what a fault at this address most likely means."""

    def close(self) -> None:
        """Give everything back; a second call does nothing."""


@runtime_checkable
class Updating(Protocol):
    """A transport with a read-modify-write of its own, atomic where it can be.

    ``new = (((old & keep) | neutral) & ~mask) | (value & mask)``; the default for all others is
    one read, ``_core.merge`` and one write.
    """

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One bus read and one bus write; returns what was written."""


@runtime_checkable
class Attachable(Protocol):
    """A transport that hands out something better for a whole instance: a mapping that the C
    core accesses directly, or an object for this region alone."""

    def attach(self, address: int, size: int) -> Port:
        """The port for ``size`` bytes at ``address``: a ``_core.Map`` or a Backend."""


@runtime_checkable
class Locating(Protocol):
    """A transport to the machine it runs on, which can say where a block is."""

    def locate(self, kind: str, key: str, base: int) -> tuple[int, Port | None]:
        """The address of what a map's locator names, ``base`` where nothing is known, and the
        port that reaches it where that is another than this transport's own."""


@runtime_checkable
class Named(Protocol):
    """A transport that is asked by path (``GPIO.GPFSEL1.FSEL17``, ``GPIO.GPLEV0.bit[3]``): the
    peer has the map as well, and its own rules of who may do what."""

    def get_named(self, path: str) -> int:
        """The number of a register, field or bit. One bus read at the peer."""

    def set_named(self, path: str, value: int) -> None:
        """Do what assigning to it does."""

    def modify_named(self, values: Mapping[str, int]) -> None:
        """Change fields of one register by one ``modify``."""


class Interrupts(NamedTuple):
    """What a wait for an interrupt saw: the kernel's count since the driver was loaded
    (``total``), how many are ``new`` since the last look, and how many of those nobody waited for
    (``missed``)."""

    total: int
    new: int
    missed: int


@runtime_checkable
class Interrupt(Protocol):
    """The interrupt of a device, as the attribute ``irq`` of a transport that has one."""

    def wait(self, timeout_s: float | None = None) -> Interrupts:
        """Wait for one, switched on first unless it has come. Raises WaitTimeout, BackendError."""

    async def wait_async(self, timeout_s: float | None = None) -> Interrupts:
        """The same in an asyncio task."""


EdgeKind = Literal["rising", "falling", "both"]


def readable(fd: int, timeout_s: float | None) -> bool:
    """Wait until a descriptor can be read; False after ``timeout_s`` seconds (None: for ever)."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if timeout_s is None or timeout_s > _LONGEST_S:
        return bool(poll.poll())
    # Less than nothing would mean for ever.
    return bool(poll.poll(max(timeout_s, 0) * 1000))


def check_kind(kind: str) -> None:
    """Raise ValueError for what is no kind of edges to watch."""
    if kind not in get_args(EdgeKind):
        raise ValueError(f"edges are 'rising', 'falling' or 'both', not {kind!r}")


class Edge(NamedTuple):
    """One change of a line. ``timestamp_ns`` is of the clock CLOCK_MONOTONIC, ``sequence`` counts
    the line's edges from 1. ``missed`` are those lost just before this one, None where that
    cannot be known; ``kind`` is then what the level showed."""

    kind: EdgeKind
    timestamp_ns: int
    sequence: int
    missed: int | None = 0


class EdgeSource(Protocol):
    """Where the edges of one line come from; ``source`` says it in words."""

    source: str

    def fileno(self) -> int:
        """What to wait on for reading."""

    def take(self) -> list[Edge]:
        """The edges that are there; waits for one if there is none."""

    def close(self) -> None:
        """Give the line back; a second call does nothing."""


@runtime_checkable
class Lines(Protocol):
    """A transport on a machine whose kernel tells the edges of GPIO lines."""

    def line_edges(
        self, base: int, line: int, kind: EdgeKind, *, debounce_us: int, queue: int
    ) -> EdgeSource | None:
        """The edges of a line of the block at ``base``; None where no driver has the block."""


def update(
    port: Port, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
) -> int:
    """Modify by the port's own ``update``, or by one read and one write; returns what was written.

    The default is not atomic: who shares the port between threads holds a lock.
    """
    own = getattr(port, "update", None)
    if own is not None:
        written: int = own(address, width, keep=keep, neutral=neutral, mask=mask, value=value)
        return written
    new = merge(port.read(address, width), keep, neutral, mask, value)
    port.write(address, width, new)
    return new


def lock_of(port: Port) -> AbstractContextManager[object]:
    """The port's own lock, or a new one; either may be entered twice by one thread."""
    lock: AbstractContextManager[object] | None = getattr(port, "lock", None)
    # A plain Lock is the port's private business: holding it here would stop the port for ever.
    return threading.RLock() if lock is None or isinstance(lock, _PLAIN_LOCK) else lock
