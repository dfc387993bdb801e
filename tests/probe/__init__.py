"""The access tracer: which loads and stores a piece of code really makes to a mapping.

``with traced(m) as seen: ...`` fills ``seen`` at the end with tuples such as ``("R", 4, 32)``:
load or store, offset into the mapping in bytes, width in bits. ``m`` is a ``regmap._core.Map`` or
an ``mmap.mmap``. x86-64 Linux with a C compiler; ``unavailable()`` says what is missing. The
fixture ``bus_trace`` is ``traced``, or skips the test with that reason.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regmap import _core
from tests.probe.compiler import compiler, library
from tests.probe.decode import Kind, accesses

__all__ = ["Access", "start_of", "traced", "unavailable"]

Access = tuple[Kind, int, int]

_PROTECTION = {"r": mmap.PROT_READ, "w": mmap.PROT_WRITE, "x": mmap.PROT_EXEC}
_OBJECT_HEAD = object.__basicsize__


class _Record(ctypes.Structure):
    _fields_ = (
        ("offset", ctypes.c_uint64),
        ("is_write", ctypes.c_uint8),
        ("code", ctypes.c_uint8 * 15),
    )


def unavailable() -> str:
    """Why accesses cannot be traced here; empty where they can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "the access tracer knows x86-64 Linux only"
    if compiler() is None:
        return "the access tracer needs a C compiler"
    return ""


@contextmanager
def traced(target: _core.Map | mmap.mmap) -> Iterator[list[Access]]:
    """Record every access to the mapping made inside the ``with``, by any code of this thread."""
    seen: list[Access] = []
    probe = library("tracer")
    probe.probe_end.restype = ctypes.c_long
    probe.probe_records.restype = ctypes.POINTER(_Record)
    probe.probe_capacity.restype = ctypes.c_size_t
    start, size, protection = _region(target)
    _core.Map(-1, mmap.PAGESIZE).close()  # the core's own handler is now below ours
    if probe.probe_begin(ctypes.c_void_p(start), ctypes.c_size_t(size), protection) != 0:
        raise RuntimeError("the tracer cannot start; is another one running?")
    try:
        yield seen
    finally:
        count = probe.probe_end()
        if count > probe.probe_capacity():
            raise RuntimeError(f"{count} accesses are more than the tracer holds")
        for record in probe.probe_records()[:count]:
            for kind, width in accesses(bytes(record.code), bool(record.is_write)):
                seen.append((kind, record.offset, width))


def start_of(target: _core.Map | mmap.mmap) -> int:
    """Where the mapping lies in this process."""
    if isinstance(target, _core.Map):
        # `start` is the first member of the core's Map (core.h).
        return ctypes.c_void_p.from_address(id(target) + _OBJECT_HEAD).value or 0
    return ctypes.addressof(ctypes.c_char.from_buffer(target))


def _region(target: _core.Map | mmap.mmap) -> tuple[int, int, int]:
    """First byte, whole pages and protection of a mapping, as the kernel has them."""
    start = start_of(target)
    size = target.size if isinstance(target, _core.Map) else len(target)
    size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, flags = line.split()[:2]
        first, last = (int(part, 16) for part in span.split("-"))
        if first <= start and start + size <= last and flags[3] == "s":
            return start, size, sum(_PROTECTION[flag] for flag in flags[:3] if flag != "-")
    raise ValueError(f"{target!r} is no shared mapping")
