"""What the arm64 board ``virt`` does: storage of four widths by three transports, edges of a line.

Run in the guest. Storage goes between marks; edges are driven by the host, each when it is told
that the guest waits for it. The tests import it for the lists.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import regmap
from regmap.backends.base import Edge
from tests.hardware.job_transports import bind, storage
from tests.hardware.job_x86 import STORAGE, bench_board, on_storage
from tools.hardware import inside, pc

__all__ = ["BURST_LINE", "DRIVEN", "EDGES", "LINE", "OVERFLOWING", "QUEUE", "TRANSPORTS"]

TRANSPORTS = ("mem", "pci", "uio")

LINE, BURST_LINE = 5, 6
EDGES = 8  # driven one by one
OVERFLOWING = 12  # driven one by one while nobody takes any from a queue of QUEUE
QUEUE = 4
# What the host does to LINE when the guest has reported so.
DRIVEN = {
    **{f"{kind} {number}": number % 2 == 0 for kind in ("edge", "task") for number in range(EDGES)},
    **{f"over {number}": number % 2 == 0 for number in range(OVERFLOWING)},
    **{f"{kind} {number}": kind == "rise" for kind in ("rise", "fall") for number in range(2)},
}

_PL061 = 0x09030000
_IDS = {"EDU": "1234:11e8", "SDHCI": "1b36:0007"}
_SCRATCH = Path("/dev/shm")  # noqa: S108 - the guest's own, and there is no other
_LIMIT_S = 30.0


def plain(edge: Edge) -> dict[str, object]:
    """What JSON carries of an edge."""
    return {
        "kind": edge.kind,
        "time": edge.timestamp_ns,
        "sequence": edge.sequence,
        "missed": edge.missed,
    }


def interrupts() -> int:
    """How many interrupts the kernel has had from the line that regmap asked for."""
    for line in Path("/proc/interrupts").read_text().splitlines():
        if line.endswith("regmap"):
            return int(line.split()[1])
    raise LookupError("regmap has no line")


def until(true: Callable[[], bool], what: str) -> None:
    """Look again and again: nothing tells when the kernel has taken an interrupt."""
    end = time.monotonic() + _LIMIT_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)


def one_by_one(device: Any) -> None:
    """Each edge is driven when the one before it has been taken."""
    with device.PL061.pin[LINE].edges() as edges:
        inside.report("source", result=edges.source)
        for number in range(EDGES):
            start = time.monotonic_ns()
            inside.report(f"edge {number}")
            edge = edges.wait(_LIMIT_S)
            level, end = device.PL061.pin[LINE].level, time.monotonic_ns()
            inside.report(f"edge {number} seen", **plain(edge), level=level, start=start, end=end)
        try:
            device.PL061.pin[LINE].edges()
        except regmap.BackendUnavailable as error:
            inside.report("in use", result=str(error))


async def in_a_task(device: Any) -> None:
    """The same by the asynchronous iterator, while another task goes on."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    number = 0
    async with asyncio.timeout(_LIMIT_S):
        with device.PL061.pin[LINE].edges() as edges:
            inside.report(f"task {number}")
            async for edge in edges:
                inside.report(f"task {number} seen", **plain(edge), turns=turns)
                number, turns = number + 1, 0
                if number == EDGES:
                    break
                inside.report(f"task {number}")
    running.cancel()


def one_kind(device: Any) -> None:
    """Rising edges alone: the falling ones between them are none of its numbers."""
    with device.PL061.pin[LINE].edges("rising") as edges:
        for number in range(2):
            inside.report(f"rise {number}")
            inside.report(f"rise {number} seen", **plain(edges.wait(_LIMIT_S)))
            inside.report(f"fall {number}")


def too_many(device: Any) -> None:
    """More edges than the kernel's queue holds, none of which is taken meanwhile.

    This machine has one CPU, on which the kernel's part comes before this program goes on: what
    /proc/interrupts counts is in the queue.
    """
    with device.PL061.pin[LINE].edges(queue=QUEUE) as edges:
        before = interrupts()
        for number in range(OVERFLOWING):
            inside.report(f"over {number}")
            until(lambda: interrupts() == before + number + 1, f"edge {number}")  # noqa: B023
        inside.report("over seen", result=[plain(edges.wait(_LIMIT_S)) for _ in range(QUEUE)])


def burst(device: Any) -> None:
    """Edges as fast as the host drives them; another line says that they are over."""
    with device.PL061.pin[LINE].edges(queue=QUEUE) as edges:
        before = interrupts()
        inside.report("burst")
        until(lambda: device.PL061.pin[BURST_LINE].level == 1, "the end of the burst")
        had = interrupts() - before
        seen: list[dict[str, object]] = []
        while len(seen) <= QUEUE:
            try:
                seen.append(plain(edges.wait(0)))
            except regmap.WaitTimeout:
                break
        inside.report("burst seen", result=seen, interrupts=had)


def main() -> None:
    """Everything."""
    marks = inside.pci_device(0x1B36, 0x0005) / "resource0"
    names: dict[str, Any] = {
        "mem": regmap.open(bench_board(), backend="mem:"),
        "pci": storage({name: f"pci:{ids}/0" for name, ids in _IDS.items()}),
    }
    runner = inside.Bench(marks, pc.MARK_OFFSET, names)
    for transport in TRANSPORTS:
        if transport == "uio":
            numbers = {name: bind(ids) for name, ids in _IDS.items()}
            names["uio"] = storage({name: f"uio:{number}" for name, number in numbers.items()})
        for at in STORAGE:
            for statement, _ in on_storage(at, transport):
                runner.step(statement)
    shutil.copy(Path(__file__).with_name("maps") / "pl061.yaml", _SCRATCH)
    board = _SCRATCH / "virt.yaml"
    board.write_text(
        "regmap: 1\nboard: virt\nsource: qemu hw/arm/virt.c\nbackends: [mem]\n"
        f"instances:\n  PL061: {{block: pl061, base: {_PL061:#x}}}\n"
    )
    with regmap.open(board, backend="mem:") as device:
        names["device"] = device
        runner.step("device.PL061.PERIPHID0.read()")
        one_by_one(device)
        asyncio.run(in_a_task(device))
        one_kind(device)
        too_many(device)
        burst(device)


if __name__ == "__main__":
    main()
