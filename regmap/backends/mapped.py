"""Backends that are a mapping, and those of files and shared memory.

Each is one open descriptor, mapped piece by piece as instances are attached: whole pages, which
neighbours share, kept until ``close``. A register reaches its page through the C core alone.

Threads may share a backend. A forked child shares the mappings and the descriptor.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from regmap._core import Map
from regmap.backends import explain
from regmap.backends.machine import Machine
from regmap.errors import BackendError, BackendUnavailable, BadAddress, BusFault, ClosedError

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Mapped", "open_anon", "open_device", "open_file", "open_shm"]

_PAGE = mmap.PAGESIZE
# Sparse, so that only pages that are touched take memory.
_ANON_BYTES = 1 << 32
_REFUSES_WRITING = {errno.EACCES, errno.EPERM, errno.EROFS}


class Mapped:
    """An open device or file whose first byte stands for address ``origin``.

    ``limit`` says how many bytes there are (None: no end is known). ``skew`` is where in its page
    the first byte lies, as what is smaller than a page need not begin at one; nothing before it is
    reached. ``start`` is the offset of that page for mmap. ``gone`` tells whether the device has
    been taken away, when a read gave all ones or
    zeros. ``read_only`` says why nothing may be
    written, "" where it may. Takes the descriptor ``fd`` over.
    """

    # A 64-bit access of a 32-bit CPU is two transactions, which the core refuses.
    widths = (8, 16, 32, 64) if sys.maxsize > 1 << 32 else (8, 16, 32)

    def __init__(
        self,
        fd: int,
        device: str,
        *,
        origin: int = 0,
        limit: Callable[[], int] | None = None,
        skew: int = 0,
        start: int = 0,
        gone: Callable[[], bool] | None = None,
        read_only: str = "",
        machine: Machine | None = None,
    ) -> None:
        self._give_back = weakref.finalize(self, os.close, fd)
        self._fd = fd
        self.device = device
        self.origin = origin
        self.read_only = read_only
        self._limit = limit
        self._skew = skew
        self._start = start
        self._gone = gone
        self._machine = machine or Machine()
        self._maps: list[Map] = []
        self._lock = threading.Lock()
        self._sealed = self._closed = False

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def seal(self) -> None:
        """Close the device and go on with what is mapped: nothing else can be from now on."""
        with self._lock:
            self._sealed = True
            self._give_back()

    def check(self, address: int, size: int) -> None:
        """Raise BadAddress unless ``size`` bytes at ``address`` lie inside; maps nothing."""
        if self.closed:
            raise ClosedError(f"{self.device} is closed")
        if self._sealed:
            if self._find(address, size) is None:
                what = f"{self.device} was closed when all that is needed was mapped"
                raise BackendUnavailable(f"{what}: nothing is at {address:#x}")
            return
        last = self.origin + (self._limit() if self._limit else 1 << 64)
        if size < 1 or address < self.origin or address + size > last:
            reach = f"{self.origin:#x} to {last - 1:#x}" if last > self.origin else "no byte"
            raise BadAddress(
                f"{self.device} holds {reach}; {size:#x} bytes at {address:#x} are outside"
                " (@ADDRESS says which address its first byte stands for)"
            )

    def attach(self, address: int, size: int) -> Map:
        """The mapping that holds ``size`` bytes at ``address``, made if there is none yet.

        Touches no register. Raises BadAddress outside of the device or file, BackendUnavailable
        with the reason where the kernel refuses, ClosedError after ``close``.
        """
        with self._lock:
            self.check(address, size)
            return self._find(address, size) or self._map(address, size)

    def _find(self, address: int, size: int) -> Map | None:
        for known in self._maps:
            if known.address <= address and address + size <= known.address + known.size:
                return known
        return None

    def _map(self, address: int, size: int) -> Map:
        at = address - self.origin + self._skew
        first = at // _PAGE * _PAGE
        end = -(-(at + size) // _PAGE) * _PAGE
        if self._limit:
            # A page reaches beyond the end of a file, where a write would be lost unseen.
            end = min(end, self._limit() + self._skew)
        try:
            made = Map(
                self._fd,
                end - first,
                offset=self._start + first,
                address=self.origin - self._skew + first,
                writable=not self.read_only,
                gone=self._gone,
            )
        except OverflowError:
            raise BadAddress(f"{self.device} cannot be mapped at {address:#x}") from None
        except OSError as error:
            why = explain.mapping(error, self.device, address, size, self._machine)
            raise BackendUnavailable(f"{size:#x} bytes at {address:#x}: {why}") from error
        self._maps.append(made)
        return made

    def read(self, address: int, width: int) -> int:
        """One load of ``width`` bits at ``address``, mapped first where it is not."""
        port = self._port(address, width)
        try:
            return port.read(address, width)
        except BusFault as error:
            raise self._explained(error) from None

    def write(self, address: int, width: int, value: int) -> None:
        """One store. Raises BackendError where the device could only be opened for reading."""
        port = self._port(address, width, writing=True)
        try:
            port.write(address, width, value)
        except BusFault as error:
            raise self._explained(error) from None

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One load and one store with no other thread of this process in between."""
        port = self._port(address, width, writing=True)
        try:
            return port.update(address, width, keep=keep, neutral=neutral, mask=mask, value=value)
        except BusFault as error:
            raise self._explained(error) from None

    def _port(self, address: int, width: int, *, writing: bool = False) -> Map:
        if writing and self.read_only:
            raise BackendError(f"{self.device} is open for reading only: {self.read_only}")
        return self.attach(address, max(width // 8, 1))

    def why_fault(self, address: int) -> str:
        """What a fault at this address most likely means."""
        return explain.fault(self.device, address)

    def _explained(self, error: BusFault) -> BusFault:
        return BusFault(f"{error}; {self.why_fault(error.address)}", address=error.address)

    def close(self) -> None:
        """Unmap and close everything; a second call does nothing."""
        with self._lock:
            for known in self._maps:
                known.close()
            self._maps.clear()
            self._closed = True
            self._give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.device} from {self.origin:#x}{', closed' if self.closed else ''}>"


def open_file(target: Target) -> Mapped:
    """A file, never created and never made longer."""
    return _open_sized(target.rest, target)


def open_shm(target: Target) -> Mapped:
    """POSIX shared memory that another process made. Source: shm_overview(7)."""
    name = target.rest.removeprefix("/")
    if not name or "/" in name or "\0" in name or name in {".", ".."} or len(name.encode()) > 255:
        raise BackendUnavailable(
            f"shm:{target.rest}: no name for shared memory, which is 1 to 255 bytes without a /"
        )
    return _open_sized(f"/dev/shm/{name}", target, os.O_NOFOLLOW)  # noqa: S108  (no temporary file)


def open_anon(target: Target) -> Mapped:
    """Memory of zeros without a name, for this process and the children that it forks.

    It ends at the map's end, or 4 GiB from its origin where no end is known. One object in memory
    backs all mappings, so a child sees also what is attached after the fork.
    """
    size = _ANON_BYTES if target.extent is None else max(target.extent - target.origin, 1)
    fd = os.memfd_create("regmap", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, -(-size // _PAGE) * _PAGE)
    except (OSError, OverflowError) as error:
        os.close(fd)
        raise BackendUnavailable(f"anon: cannot hold {size:#x} bytes: {error}") from error
    return Mapped(fd, "anon:", origin=target.origin, limit=lambda: os.fstat(fd).st_size)


def _open_sized(device: str, target: Target, flags: int = 0) -> Mapped:
    machine = target.machine or Machine()
    path = _path(device, machine)
    # Asked before opening, which has effects of its own on a pipe or a device.
    if path.exists() and not path.is_file():
        raise BackendUnavailable(f"{device} is no regular file; a device has a backend of its own")
    fd, read_only = open_device(device, machine, flags)
    return Mapped(
        fd,
        device,
        origin=target.origin,
        limit=lambda: os.fstat(fd).st_size,
        read_only=read_only,
        machine=machine,
    )


def _path(device: str, machine: Machine) -> Path:
    return machine.path(device) if device.startswith("/") else Path(device)


def open_device(device: str, machine: Machine, flags: int = 0) -> tuple[int, str]:
    """A descriptor, and why it is for reading only ("" where it is not).

    Raises BackendUnavailable.
    """
    path = _path(device, machine)
    flags |= os.O_CLOEXEC
    try:
        # Root could write to a file that is marked as read-only; whoever marked it meant it.
        if not path.stat().st_mode & 0o222:
            return os.open(path, os.O_RDONLY | flags), "nobody may write to it"
        try:
            return os.open(path, os.O_RDWR | flags), ""
        except OSError as refused:
            if refused.errno not in _REFUSES_WRITING:
                raise
        return os.open(path, os.O_RDONLY | flags), "this user may not write to it"
    except OSError as error:
        raise BackendUnavailable(explain.opening(error, device, machine)) from error
