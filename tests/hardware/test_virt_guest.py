"""regmap on Debian's arm64 kernel: the trace of the bus at four widths, and edges of a GPIO line.

One boot runs ``job_virt.py``. The lines of its PL061 are driven from outside, by QEMU's qtest
socket, while the guest runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from regmap.backends import open_backend
from regmap.backends.qtest import QTest
from tests.hardware.job_virt import (
    BURST_LINE,
    DRIVEN,
    EDGES,
    LINE,
    OVERFLOWING,
    QUEUE,
    TRANSPORTS,
)
from tests.hardware.job_x86 import STORAGE, Storage, on_storage
from tests.hardware.test_x86_guest import bus, differing, op
from tools.hardware import arm, guest, qmp
from tools.hardware.debian import Unavailable
from tools.hardware.guest import Report

pytestmark = pytest.mark.hardware

BURST = 2000


class Lines:
    """The inputs of the machine's PL061, as something outside of it drives them."""

    def __init__(self) -> None:
        self._backend: QTest | None = None
        self._device = ""

    def set(self, control: Path, line: int, high: bool) -> None:
        if self._backend is None:
            backend = open_backend(f"qtest:{control.with_name('qtest')}")
            assert isinstance(backend, QTest)
            self._backend = backend
            self._device = self._find(control)
        self._backend.set_irq_in(self._device, line, high)

    @staticmethod
    def _find(control: Path) -> str:
        folder = "/machine/unattached"
        listed: Any = qmp.execute(control, "qom-list", {"path": folder})
        [name] = (each["name"] for each in listed if each["type"] == "child<pl061>")
        return f"{folder}/{name}"

    def one(self, high: bool) -> Callable[[Path], None]:
        return lambda control: self.set(control, LINE, high)

    def burst(self, control: Path) -> None:
        for number in range(BURST):
            self.set(control, LINE, number % 2 == 0)
        self.set(control, BURST_LINE, True)

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    lines = Lines()
    try:
        arm.require()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with closing(lines):
        yield guest.boot(
            arm.VIRT,
            Path(__file__).with_name("job_virt.py"),
            command_line="iomem=relaxed",
            limit_s=200,
            at={**{name: lines.one(high) for name, high in DRIVEN.items()}, "burst": lines.burst},
        )


def values(report: Report, name: str) -> dict[str, Any]:
    return dict(report.steps[name].values)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("at", STORAGE, ids=lambda at: f"{at.width}bits")
def test_each_operation_is_its_transactions(report: Report, transport: str, at: Storage) -> None:
    base = report.steps[at.path.split(".")[0]].values["address"]
    assert isinstance(base, int)
    where = (base + at.offset, at.width)
    steps = on_storage(at, transport)
    wanted = {
        statement: [op(kind, *where, value) for kind, value in expected]
        for statement, expected in steps
    }
    assert differing({statement: bus(report, statement) for statement, _ in steps}, wanted) == ""
    errors = {statement: report.steps[statement].values["error"] for statement, _ in steps}
    [(statement, error)] = [item for item in errors.items() if item[1]]
    assert statement.endswith(f".LOW = 1 << {at.width // 2}")
    assert isinstance(error, dict)
    assert error["type"] == "ValueDoesNotFit"


def test_the_gpio_block_is_there(report: Report) -> None:
    assert report.steps["device.PL061.PERIPHID0.read()"].result == 0x61


def test_edges_come_from_the_kernel_in_order_and_none_is_lost(report: Report) -> None:
    assert "/dev/gpiochip0 line 5" in str(report.steps["source"].result)
    seen = [values(report, f"edge {number} seen") for number in range(EDGES)]
    assert [(each["kind"], each["level"]) for each in seen] == [("rising", 1), ("falling", 0)] * (
        EDGES // 2
    )
    assert [(each["sequence"], each["missed"]) for each in seen] == [
        (number, 0) for number in range(1, EDGES + 1)
    ]
    # The times are of CLOCK_MONOTONIC.
    assert all(each["start"] <= each["time"] <= each["end"] for each in seen)


def test_a_task_gets_them_while_others_run(report: Report) -> None:
    seen = [values(report, f"task {number} seen") for number in range(EDGES)]
    assert [each["kind"] for each in seen] == ["rising", "falling"] * (EDGES // 2)
    assert [(each["sequence"], each["missed"]) for each in seen] == [
        (number, 0) for number in range(1, EDGES + 1)
    ]
    assert all(each["turns"] for each in seen)


def test_one_kind_of_edge_is_numbered_alone(report: Report) -> None:
    seen = [values(report, f"rise {number} seen") for number in range(2)]
    assert [(each["kind"], each["sequence"], each["missed"]) for each in seen] == [
        ("rising", 1, 0),
        ("rising", 2, 0),
    ]


def test_edges_that_the_queue_has_no_room_for_are_counted(report: Report) -> None:
    seen: Any = report.steps["over seen"].result
    lost = OVERFLOWING - QUEUE  # the oldest make room
    assert [each["missed"] for each in seen] == [lost, 0, 0, 0]
    assert [each["sequence"] for each in seen] == list(range(lost + 1, OVERFLOWING + 1))
    assert [each["kind"] for each in seen] == ["rising", "falling"] * 2


def test_of_a_burst_every_edge_that_the_kernel_numbered_is_accounted_for(report: Report) -> None:
    seen: Any = report.steps["burst seen"].result
    assert 1 <= len(seen) <= QUEUE
    assert seen[0]["missed"] == seen[0]["sequence"] - 1
    for before, after in pairwise(seen):
        assert after["sequence"] == before["sequence"] + 1
        # Of edges faster than its interrupts the kernel numbers some; a kind twice shows others.
        assert after["missed"] == (None if after["kind"] == before["kind"] else 0)
    assert seen[-1]["sequence"] <= values(report, "burst seen")["interrupts"] <= BURST
    assert seen[-1]["kind"] == "falling"  # the level that stayed


def test_a_line_has_one_owner(report: Report) -> None:
    assert "line 5 of /dev/gpiochip0 is in use" in str(report.steps["in use"].result)
