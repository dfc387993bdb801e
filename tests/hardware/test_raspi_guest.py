"""regmap on a Raspberry Pi 3 with Debian's arm64 kernel: its GPIO block, and who keeps it closed.

Each boot runs ``job_raspi.py``, by the wheel for aarch64 that this machine's cross compiler made.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.hardware.job_raspi import DEMO, DOCTOR, GPIO, ON_GPIO, STORAGE, demo_bus
from tests.hardware.job_x86 import on_storage
from tests.hardware.test_x86_guest import bus, differing, op
from tools.hardware import arm, guest
from tools.hardware.debian import Unavailable
from tools.hardware.guest import Report

pytestmark = pytest.mark.hardware

LIMIT_S = 240


@pytest.fixture(scope="module")
def boots() -> dict[str, Report]:
    """One boot for each kernel command line, side by side."""

    def boot(command_line: str) -> Report:
        job = Path(__file__).with_name("job_raspi.py")
        return guest.boot(arm.PI, job, command_line=command_line, limit_s=LIMIT_S)

    try:
        arm.require()
    except Unavailable as reason:
        pytest.skip(str(reason))
    lines = ("", "iomem=relaxed")
    with ThreadPoolExecutor() as pool:
        return dict(zip(lines, pool.map(boot, lines), strict=True))


@pytest.fixture(scope="module")
def default(boots: dict[str, Report]) -> Report:
    return boots[""]


@pytest.fixture(scope="module")
def relaxed(boots: dict[str, Report]) -> Report:
    return boots["iomem=relaxed"]


def output(report: Report, statement: str, status: int = 0) -> str:
    done: Any = report.steps[statement].result
    assert done["status"] == status, done
    return f"{done['out']}{done['err']}"


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_wheel_for_aarch64_is_what_runs(relaxed: Report) -> None:
    values = relaxed.steps["wheel"].values
    assert values["machine"] == "aarch64"
    assert "Tag: cp311-abi3-linux_aarch64" in str(values["tags"])
    assert str(values["core"]).endswith("dist-packages/regmap/_core.abi3.so")


def test_the_machine_is_recognised_and_its_board_opened(default: Report, relaxed: Report) -> None:
    for report in (default, relaxed):
        assert report.steps["repr(pi)"].result == "<board rpi3 on </dev/mem from 0x0>>"


def test_each_access_is_its_transactions(relaxed: Report) -> None:
    wanted = {
        statement: [op(kind, GPIO + offset, 32, value) for kind, offset, value in seen]
        for statement, seen in ON_GPIO
    }
    assert differing({statement: bus(relaxed, statement) for statement in wanted}, wanted) == ""


def test_what_the_lines_show(relaxed: Report) -> None:
    def result(statement: str) -> object:
        return relaxed.steps[statement].result

    assert result("pi.GPIO.GPFSEL1.read()") == 0x12000
    assert result("pi.pin[14].function") == 2
    assert result("pi.pin[16].level") == 1
    assert result("pi.GPIO.GPLEV0.raw") == 0x10000
    assert result("pi.pins['J8-36'].level") == 0
    error: Any = relaxed.steps["pi.GPIO.GPSET0.raw"].values["error"]
    assert error["type"] == "NotReadable"


def test_a_board_of_another_base_is_found_by_the_device_tree(relaxed: Report) -> None:
    statement = "older.GPIO.GPFSEL1.read()"  # described at 0x20200000
    assert bus(relaxed, statement) == [op("read", GPIO + 4, 32, 0x12000)]


def test_each_operation_on_storage_is_its_transactions(relaxed: Report) -> None:
    steps = on_storage(STORAGE)
    where = (GPIO + STORAGE.offset, STORAGE.width)
    wanted = {
        statement: [op(kind, *where, value) for kind, value in expected]
        for statement, expected in steps
    }
    assert differing({statement: bus(relaxed, statement) for statement in wanted}, wanted) == ""
    errors = {statement: relaxed.steps[statement].values["error"] for statement in wanted}
    [(statement, error)] = [item for item in errors.items() if item[1]]
    assert statement.endswith(".LOW = 1 << 16")
    assert isinstance(error, dict)
    assert error["type"] == "ValueDoesNotFit"


def test_the_chase_of_the_leds(relaxed: Report) -> None:
    assert bus(relaxed, DEMO) == [
        op(kind, GPIO + offset, 32, value) for kind, offset, value in demo_bus()
    ]
    assert "W32 0x3F20001C = 0x00000080" in output(relaxed, DEMO)


def refusal(text: str) -> bool:
    """Whether it names who holds the block, the option that keeps it closed, and the remedy."""
    wanted = ("3f200000.gpio", "CONFIG_IO_STRICT_DEVMEM=y", "iomem=relaxed", "unbind")
    return all(word in text for word in wanted)


def test_the_kernels_driver_keeps_the_block_and_is_named(default: Report) -> None:
    steps = [statement for statement, _ in ON_GPIO]
    assert [bus(default, each) for each in steps] == [[]] * len(steps)
    for statement in ("pi.GPIO.GPFSEL1.read()", "pi.pin[16].set()", "older.GPIO.GPFSEL1.read()"):
        error: Any = default.steps[statement].values["error"]
        assert error["type"] == "BackendUnavailable"
        assert refusal(error["text"])


def test_the_doctor_says_so(default: Report, relaxed: Report) -> None:
    kept = words(output(default, DOCTOR))
    assert "Raspberry Pi 3 Model B (aarch64)" in kept
    assert "board rpi3" in kept
    assert refusal(kept)
    works = words(output(relaxed, DOCTOR))
    assert "booted with iomem=relaxed" in works
    assert "rpi3: 'raspberrypi,3-model-b' in the device tree" in works
    assert "GPIO rpi1-rev2 devicetree brcm,bcm2835-gpio 0x3f200000 0x20200000" in works
    assert "unbind" not in works


def test_the_demonstration_says_so_too(default: Report) -> None:
    assert refusal(output(default, DEMO, status=3))
    assert bus(default, DEMO) == []
