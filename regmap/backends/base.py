"""What every transport offers: reads and writes of whole words at absolute addresses, no names.

Addresses are in bytes, widths in bits (8, 16, 32, 64). A value is the number whose little-endian
bytes lie at the address; big-endian registers are turned round by their owner, not here. One call
is one bus transaction of exactly that width, or an error and no transaction.

To add a transport, write a class with ``read``, ``write`` and ``close`` and, where it has a URI of
its own, one line in ``backends.SCHEMES``.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from regmap._core import merge

__all__ = ["Attachable", "Backend", "Port", "Updating", "lock_of", "update"]

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
