"""A QEMU machine without a guest: its CPU stopped, its devices behind qtest and GDB sockets.

QEMU writes each transaction to its log before it answers the request that made it, so what has
been answered can be read there at once.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from regmap.backends import open_backend
from regmap.errors import BackendUnavailable
from tools.hardware import debian, trace
from tools.hardware.emulator import Emulator

__all__ = ["ARM", "PC", "Stopped", "machine"]

ARM = ("qemu-system-arm", "qemu-system-arm")
PC = ("qemu-system-x86_64", "qemu-system-x86")
_LIMIT_S = 120
_START_S = 30


@dataclass
class Stopped:
    """A running QEMU; ``qtest`` and ``gdb`` are URIs, without options."""

    emulator: Emulator
    folder: Path

    @property
    def qtest(self) -> str:
        return f"qtest:{self.folder}/qtest"

    @property
    def gdb(self) -> str:
        return f"gdb:unix:{self.folder}/gdb"

    def open(self, uri: str) -> Any:
        """A backend as soon as QEMU listens."""
        until = time.monotonic() + _START_S
        while True:
            try:
                return open_backend(uri)
            except BackendUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def clear(self, address: int, size: int) -> None:
        """Write zeros to memory."""
        with self.open(self.qtest) as backend:
            for at in range(address, address + size, 8):
                backend.write(at, 64, 0)

    def bus(self, region: str, act: Callable[[], object]) -> list[str]:
        """What the bus saw of ``act`` in the region that QEMU calls so, as text."""
        log = self.folder / "log"
        before = log.stat().st_size
        act()
        with log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(before)
            found = list(trace.operations(lines))
        return [
            f"{each.kind} {each.width} {each.address:#x}"
            + (" refused" if each.value is None else f" {each.value:#x}")
            for each in found
            if each.region == region
        ]


@contextmanager
def machine(
    where: tuple[str, str], name: str, *arguments: str, stopped: bool = True
) -> Iterator[Stopped]:
    """A machine of this program (and its Debian package); skips the test without either."""
    program, package = where
    try:
        debian.program(program, package)
    except debian.Unavailable as reason:
        pytest.skip(str(reason))
    known = subprocess.run([program, "-M", "help"], capture_output=True, text=True, check=True)
    if f"\n{name.partition(',')[0]} " not in known.stdout:
        pytest.skip(f"this version of {program} has no machine {name}")
    with TemporaryDirectory(prefix="regmap-qemu-") as folder:
        command: Sequence[str] = [
            # Some machines have a sound chip, which wants to be heard.
            *(
                "env",
                "QEMU_AUDIO_DRV=none",
                program,
                "-M",
                name,
                *arguments,
                *(["-S"] if stopped else []),
            ),
            *("-accel", "tcg", "-display", "none", "-nodefaults", "-qtest-log", "none"),
            *("-qtest", f"unix:{folder}/qtest,server=on,wait=off"),
            *("-gdb", f"unix:{folder}/gdb,server=on,wait=off"),
            *("-d", "guest_errors", "-trace", "memory_region_ops_*", "-D", f"{folder}/log"),
        ]
        with Emulator(command, limit_s=_LIMIT_S) as emulator:
            made = Stopped(emulator, Path(folder))
            made.open(made.qtest).close()
            yield made
