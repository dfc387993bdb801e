"""PCI, UIO, ports and MSRs on Debian's own kernel: each access is one transaction of its width.

One boot runs ``job_transports.py``; QEMU's record of memory operations says what its bus saw. The
local APIC in x2APIC mode is not here: no release of QEMU that Debian 12 has emulates it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hardware.job_transports import BY_PORT, ON_EDU, ON_INTERRUPTS
from tests.hardware.job_x86 import STORAGE, Storage, on_storage
from tests.hardware.test_x86_guest import bus, differing, op
from tools.hardware import guest, pc, qmp
from tools.hardware.debian import Unavailable
from tools.hardware.guest import Report

pytestmark = pytest.mark.hardware

_BARS = {"EDU": "1234", "SDHCI": "1b36"}


@pytest.fixture(scope="module")
def report() -> Report:
    job = Path(__file__).with_name("job_transports.py")

    def unplug(control: Path) -> None:
        qmp.execute(control, "device_del", {"id": pc.VICTIM})

    try:
        pc.require()
        guest.files(pc.TRANSPORTS)
    except Unavailable as reason:
        pytest.skip(str(reason))
    return guest.boot(pc.TRANSPORTS, job, at={"unplug": unplug})


def base(report: Report, name: str) -> int:
    address = report.steps[_BARS[name]].values["address"]
    assert isinstance(address, int)
    return address


@pytest.mark.parametrize("transport", ["pci", "uio"])
@pytest.mark.parametrize("at", STORAGE, ids=lambda at: f"{at.width}bits")
def test_each_operation_is_its_transactions(report: Report, transport: str, at: Storage) -> None:
    where = (base(report, at.path.split(".")[0]) + at.offset, at.width)
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


def test_edu_identifies_itself_inverts_and_computes(report: Report) -> None:
    results = {statement: report.steps[statement].result for statement in ON_EDU}
    assert results["edu.EDU.ID.read()"] == 0x010000ED
    assert results["edu.EDU.LIVENESS.read()"] == 0xFFFFFFFF ^ 0x12345678
    assert results["edu.EDU.FACTORIAL.read()"] == 3628800
    first = base(report, "EDU")
    assert bus(report, "edu.EDU.ID.read()") == [op("read", first, 32, 0x010000ED)]
    assert bus(report, "edu.EDU.LIVENESS.write(0x12345678)") == [
        op("write", first + 4, 32, 0x12345678)
    ]


def test_interrupts_are_waited_for_and_counted(report: Report) -> None:
    results = {statement: report.steps[statement].result for statement in ON_INTERRUPTS}
    assert results["edu.irq.wait(5)._asdict()"] == {"total": 1, "new": 1, "missed": 0}
    assert results["edu.EDU.IRQ_STATUS.read()"] == 4
    waited = "edu.EDU.IRQ_STATUS.wait(lambda now: now & 1, timeout_s=5, irq=True)"
    assert results[waited] == 1
    looks = [each for each in report.steps[waited].bus if each.region == "edu-mmio"]
    assert len(looks) <= 3  # one read before, one after each interrupt
    assert results["edu.EDU.FACTORIAL.raw"] == 120
    later = results["asyncio.run(raised(edu))._asdict()"]
    assert isinstance(later, dict)
    assert later["missed"] == 0


def test_ports_are_accessed_by_their_width(report: Report) -> None:
    results = {statement: report.steps[statement].values["result"] for statement in BY_PORT}
    battery = "ports.RTC.REGISTER_D.read()"
    assert results[battery] == 0x80
    assert [each.split(":")[0] for each in bus(report, battery)] == [
        "write 8 bits at 0x70", "read 8 bits at 0x71",
    ]  # fmt: skip
    assert results["in_thread(lambda: ports.RTC.REGISTER_D.read())"] == 0x80
    assert results["ports.PCI.CONFIG_DATA.read()"] == 0x11E81234
    assert bus(report, "ports.PCI.CONFIG_DATA.read()") == [op("read", 0xCFC, 32, 0x11E81234)]
    assert bus(report, "ports.backend.read(0xCFC, 16)") == [op("read", 0xCFC, 16, 0x1234)]
    assert bus(report, "ports.backend.read(0xCFE, 8)") == [op("read", 0xCFE, 8, 0xE8)]


@pytest.mark.parametrize("statement", BY_PORT[6:8])
def test_ports_refuse_what_is_no_single_access(report: Report, statement: str) -> None:
    error = report.steps[statement].values["error"]
    assert isinstance(error, dict)
    assert error["type"] == "BadAddress"
    assert bus(report, statement) == []


def peeked(report: Report, *arguments: str) -> dict[str, object]:
    shown = ", ".join(map(repr, arguments))
    done = report.steps[f"command({shown})"].result
    assert isinstance(done, dict)
    return done


def test_the_base_of_the_local_apic_is_read_by_msr(report: Report) -> None:
    done = peeked(report, "peek", "0xd8", "--width", "64", "--backend", "msr:0", "--json")
    assert done["status"] == 0
    # Enabled, on the first CPU, at its usual address, not in x2APIC mode.
    assert "4276095232" in str(done["out"]) or "0xfee00900" in str(done["out"]).lower()
    refused = peeked(report, "peek", "0xd8", "--width", "32", "--backend", "msr:0")
    assert refused["status"] != 0
    assert "64 bits" in str(refused["err"])


def test_configuration_space_is_read_by_sysfs(report: Report) -> None:
    done = peeked(report, "peek", "0", "--width", "32", "--backend", "pciconf:1234:11e8", "--json")
    assert done["status"] == 0
    assert str(0x11E81234) in str(done["out"]) or "0x11e81234" in str(done["out"]).lower()
    refused = peeked(report, "peek", "0", "--width", "64", "--backend", "pciconf:1234:11e8")
    assert refused["status"] != 0


def test_a_device_that_is_unplugged_is_a_bus_fault(report: Report) -> None:
    assert isinstance(report.steps["victim.SDHCI.ARGUMENT.read()"].result, int)
    assert report.steps["unplugged"].result is True
    for statement in (
        "until_silent()", "victim.SDHCI.ARGUMENT.modify(HIGH=1)",
    ):  # fmt: skip
        error = report.steps[statement].values["error"]
        assert isinstance(error, dict)
        assert error["type"] == "BusFault", error
        assert "SDHCI.ARGUMENT" in error["text"]
        assert "removed" in error["text"]
    # A write is posted: nothing tells that it was lost.
    assert report.steps["victim.SDHCI.ARGUMENT.write(1)"].values["error"] is None
    assert report.steps["'alive'"].result == "alive"
