"""What the x86-64 guest does, and for plain storage what its bus must then have seen.

Run in the guest, it executes each statement between marks. The tests import it for the lists.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import regmap
from tools.hardware import inside, pc

__all__ = ["STORAGE", "Expected", "Storage", "on_storage"]

_SCRATCH = Path("/dev/shm")  # noqa: S108 - the guest's own, and there is no other
_DEVICES = {"EDU": ("edu", 0x1234, 0x11E8), "SDHCI": ("sdhci", 0x1B36, 0x0007)}


class Storage(NamedTuple):
    """A register that holds what is written to it, with two fields LOW and HIGH of equal width."""

    path: str
    offset: int
    width: int


STORAGE = (
    Storage("SDHCI.TIMEOUT", 0x2E, 8),
    Storage("SDHCI.BLOCK_COUNT", 0x06, 16),
    Storage("SDHCI.ARGUMENT", 0x08, 32),
    Storage("EDU.DMA_DESTINATION", 0x88, 64),
)

Expected = list[tuple[str, int]]  # "read" or "write", and the value that the bus carried


def on_storage(at: Storage, device: str = "bench") -> list[tuple[str, Expected]]:
    """Every operation of the public interface, and the transactions of that register it makes.

    In an order in which each finds what the one before it left. ``device`` is what the job calls
    the device that has it.
    """
    r = f"{device}.{at.path}"
    half = at.width // 2
    a = 0x1122334455667788 >> (64 - at.width)
    b = a >> half << half
    c = 5 << half | 7
    return [
        (f"{r}.write({a:#x})", [("write", a)]),
        (f"{r}.read()", [("read", a)]),
        (f"{r}.raw", [("read", a)]),
        (f"{r}.HIGH", [("read", a)]),
        (f"{r}.bit[{half}]", [("read", a)]),
        (f"repr({r}), str({r}), dir({r}), hash({r}), {r} == {r}", []),
        (f"type({r}).HIGH", []),
        (f"{r}.LOW = 0", [("read", a), ("write", b)]),
        (f"{r}.modify(LOW=7, HIGH=5)", [("read", b), ("write", c)]),
        (f"{r}.raw = {a:#x}", [("write", a)]),
        (f"{r} = {c:#x}", [("write", c)]),
        (f"{r}.write(LOW=9)", [("write", 9)]),
        (f"{r}.wait(LOW=9, timeout_s=5)", [("read", 9)]),
        (f"{r}.bit[1] = 1", [("read", 9), ("write", 11)]),
        (f"{r}.LOW = 1 << {half}", []),  # does not fit
        (f"{r}.reset()", [("write", 0)]),
        (f"{device}['{at.path}'].read()", [("read", 0)]),
    ]


ON_EDU = (
    "bench.EDU.INTERRUPT_RAISE.LINE0 = 1",
    "bench.EDU.INTERRUPT_STATUS.LINE",
    "bench.EDU.INTERRUPT_ACK.clear('LINE0')",
    "bench.EDU.INTERRUPT_STATUS.read()",
)

ON_HPET = (
    "pc.HPET.GCAP_ID.read()",
    "pc.HPET.GCAP_ID.raw",
    "pc.HPET.GCAP_ID.COUNTER_CLK_PERIOD",
    "pc.HPET.MAIN_CNT.raw",
    # Timer 2 is one that Linux leaves alone.
    "timer = pc.HPET.TIMER[2]",
    "timer.CONF.read()",
    "timer.CONF.INT_ROUTE_CNF = 2",
    "timer.CONF.INT_ROUTE_CNF",
    "timer.CONF.modify(INT_ROUTE_CNF=0, MODE32_CNF=0)",
    "timer.COMP.write(0x1122334455667788)",
    "timer.COMP.raw",
)

ON_APICS = (
    "pc.LAPIC.VERSION.read()",
    "pc.IOAPIC.IOAPICVER.read()",
    # Nothing is connected to the last input.
    "entry = pc.IOAPIC.IOREDTBL[23]",
    "entry.read()",
    "entry.INTERRUPT_MASK = 'MASKED'",
)


def command(*arguments: str) -> dict[str, object]:
    """The command line, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "regmap", *arguments], capture_output=True, text=True, check=False
    )
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


def report_rate(device: regmap.Device) -> None:
    """The main counter and the guest's clock, before and after half a second."""

    def moment() -> list[int]:
        before = time.perf_counter_ns()
        count = device["HPET.MAIN_CNT"].raw
        return [before, count, time.perf_counter_ns()]

    period = device["HPET.GCAP_ID.COUNTER_CLK_PERIOD"].read()
    start = moment()
    time.sleep(0.5)
    inside.report("rate", start=start, end=moment(), period_fs=period)


def bench_board() -> Path:
    """A board with the PCI devices where this machine has them."""
    lines = ["regmap: 1", "board: bench", "source: QEMU", "backends: [mem]", "instances:"]
    for name, (block, vendor, device) in _DEVICES.items():
        shutil.copy(Path(__file__).with_name("maps") / f"{block}.yaml", _SCRATCH)
        address, _ = inside.pci_region(inside.pci_device(vendor, device), 0)
        inside.report(name, address=address)
        lines.append(f"  {name}: {{block: {block}, base: {address:#x}}}")
    board = _SCRATCH / "bench.yaml"
    board.write_text("\n".join(lines) + "\n")
    return board


def main() -> None:
    """Every statement, on whatever this boot allows."""
    marks = inside.pci_device(0x1B36, 0x0005) / "resource0"
    with (
        regmap.open("pc", backend="mem:") as machine,
        regmap.open(bench_board(), backend="mem:") as bench,
    ):
        names = {"pc": machine, "bench": bench, "command": command}
        runner = inside.Bench(marks, pc.MARK_OFFSET, names)
        runner.step("command('read', 'pc', 'HPET.GCAP_ID')")
        runner.step("command('read', 'pc', 'LAPIC.VERSION')")
        for statement in (*ON_HPET, *ON_APICS, *ON_EDU):
            runner.step(statement)
        for at in STORAGE:
            for statement, _ in on_storage(at):
                runner.step(statement)
        report_rate(machine)


if __name__ == "__main__":
    main()
