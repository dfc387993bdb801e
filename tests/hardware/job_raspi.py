"""What the Raspberry Pi 3 does, and what its GPIO block must then have seen.

Run in the guest, it executes each statement between marks. The tests import it for the lists.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import shutil
from pathlib import Path

import regmap
from tests.hardware.job_x86 import Storage, command, on_storage
from tools.hardware import arm, inside, pc

__all__ = ["DEMO", "DOCTOR", "GPIO", "ON_GPIO", "STORAGE", "demo_bus"]

GPIO = 0x3F200000
STORAGE = Storage("FSEL.GPFSEL2", 0x08, 32)
DOCTOR = "command('doctor', 'rpi3', 'rpi1-rev2')"
DEMO = "command('demo', 'pi-leds', '--backend', 'mem:')"
_SCRATCH = Path("/dev/shm")  # noqa: S108 - the guest's own, and there is no other

Seen = list[tuple[str, int, int]]  # "read" or "write", the offset, and what the bus carried

# Lines 14 and 15 are the kernel's console (ALT5, which is 2); line 16 is on the header, an input.
ON_GPIO: list[tuple[str, Seen]] = [
    ("pi.GPIO.GPFSEL1.read()", [("read", 0x04, 0x12000)]),
    ("pi.pin[14].function", [("read", 0x04, 0x12000)]),
    ("pi.pin[16].function = 'OUTPUT'", [("read", 0x04, 0x12000), ("write", 0x04, 0x52000)]),
    ("pi.pin[16].set()", [("write", 0x1C, 0x10000)]),
    ("pi.pin[16].level", [("read", 0x34, 0x10000)]),
    ("pi.GPIO.GPLEV0.raw", [("read", 0x34, 0x10000)]),
    ("pi.pins['J8-36'].clear()", [("write", 0x28, 0x10000)]),
    ("pi.pins['J8-36'].level", [("read", 0x34, 0)]),
    ("pi.GPIO.GPSET0 = 1 << 16", [("write", 0x1C, 0x10000)]),
    ("pi.GPIO.GPCLR0.CLR16 = 1", [("write", 0x28, 0x10000)]),
    ("pi.pin[16].level = 1", [("write", 0x1C, 0x10000)]),
    ("pi.pin[16].level = 0", [("write", 0x28, 0x10000)]),
    ("pi.GPIO.GPSET0.raw", []),  # cannot be read
    ("pi.pin[16].function = 'INPUT'", [("read", 0x04, 0x52000), ("write", 0x04, 0x12000)]),
]


def demo_bus() -> Seen:
    """What the demonstration with five LEDs on lines 7 to 11 does."""
    lines = range(7, 12)
    seen: Seen = [("write", 0x28, 0xF80)]
    select = {0x00: 0, 0x04: 0x12000}
    for line in lines:
        offset, shift = (0x00, 3 * line) if line < 10 else (0x04, 3 * (line - 10))
        seen.append(("read", offset, select[offset]))
        select[offset] |= 1 << shift
        seen.append(("write", offset, select[offset]))
    seen.append(("read", 0x04, select[0x04]))
    for line in lines:
        seen += [("write", 0x1C, 1 << line), ("write", 0x28, 1 << line)]
    return [*seen, ("write", 0x1C, 1 << 7), ("read", 0x34, 1 << 7), ("write", 0x28, 1 << 7)]


def about_the_wheel() -> None:
    """Which of the project's files are at work, and for what they were built."""
    files = importlib.metadata.distribution("regmap-hw")
    inside.report(
        "wheel",
        core=importlib.import_module("regmap._core").__file__,
        tags=files.read_text("WHEEL"),
        machine=platform.machine(),
        python=platform.python_version(),
    )


def storage_board() -> Path:
    """A board with the function selects as storage."""
    shutil.copy(Path(__file__).with_name("maps") / "fsel.yaml", _SCRATCH)
    board = _SCRATCH / "bench.yaml"
    board.write_text(
        "regmap: 1\nboard: bench\nsource: QEMU\nbackends: [mem]\n"
        f"instances:\n  FSEL: {{block: fsel, base: {GPIO:#x}}}\n"
    )
    return board


def main() -> None:
    """Every statement, on whatever this boot allows."""
    about_the_wheel()
    relaxed = "iomem=relaxed" in Path("/proc/cmdline").read_text()
    with (
        regmap.open() if relaxed else regmap.open("rpi3") as pi,
        regmap.open("rpi1-rev2", backend="mem:") as older,
        regmap.open(storage_board(), backend="mem:") as bench,
    ):
        names = {"pi": pi, "older": older, "bench": bench, "command": command}
        runner = inside.Bench(Path("/dev/mem"), pc.MARK_OFFSET, names, start=arm.PI_MARKS)
        runner.step("repr(pi)")
        for statement, _ in ON_GPIO:
            runner.step(statement)
        runner.step("older.GPIO.GPFSEL1.read()")
        if relaxed:
            for statement, _ in on_storage(STORAGE):
                runner.step(statement)
        runner.step(DOCTOR)
        runner.step(DEMO)


if __name__ == "__main__":
    main()
