"""Access from one certain CPU, for blocks that each CPU sees for itself, such as the local APIC."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from regmap.backends.base import Port, lock_of, update
from regmap.errors import BackendError

__all__ = ["OnCpu"]


class OnCpu:
    """A port whose accesses are made by CPU ``cpu``: the calling thread is pinned for each one
    and freed after it.

    Threads may share it; each is pinned by itself. Raises BackendError where the CPU is offline or
    this process may not run on it; nothing was accessed then. Source: sched_setaffinity(2).
    """

    def __init__(self, port: Port, cpu: int) -> None:
        self.port = port
        self.cpu = cpu
        self.lock = lock_of(port)

    def read(self, address: int, width: int) -> int:
        """One bus read, made by that CPU."""
        with self._pinned():
            return self.port.read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write, made by that CPU."""
        with self._pinned():
            self.port.write(address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One bus read and one bus write, both made by that CPU."""
        with self.lock, self._pinned():
            return update(
                self.port, address, width, keep=keep, neutral=neutral, mask=mask, value=value
            )

    @contextmanager
    def _pinned(self) -> Iterator[None]:
        # Process 0 is the calling thread.
        before = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, {self.cpu})
        except (OSError, ValueError, OverflowError) as error:
            raise BackendError(f"CPU {self.cpu}: {self._why()}") from error
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def _why(self) -> str:
        present = _cpus("present")
        if present and self.cpu not in present:
            return f"this machine has no such CPU (it has {_shown(present)})"
        online = _cpus("online")
        if online and self.cpu not in online:
            return (
                "it is offline; switch it on with"
                f" `echo 1 > /sys/devices/system/cpu/cpu{self.cpu}/online` as root"
            )
        allowed = _shown(os.sched_getaffinity(0))
        return f"this process may not run on it (a cpuset or container allows {allowed})"


def _cpus(which: str) -> set[int]:
    """The CPUs in a list like ``0-3,8``; empty where the kernel does not state it."""
    try:
        with open(f"/sys/devices/system/cpu/{which}", encoding="ascii") as file:
            parts = file.read().strip().split(",")
    except OSError:
        return set()
    ranges = [part.partition("-") for part in parts if part]
    return {n for low, _, high in ranges for n in range(int(low), int(high or low) + 1)}


def _shown(cpus: set[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))
