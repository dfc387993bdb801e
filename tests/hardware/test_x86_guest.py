"""regmap on Debian's own kernel, on hardware models that are not ours.

Each boot runs ``job_x86.py``; QEMU's record of memory operations says what its bus saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hardware.job_x86 import ON_EDU, ON_HPET, STORAGE, Storage, on_storage
from tools.hardware import guest, pc
from tools.hardware.debian import Unavailable
from tools.hardware.guest import Report

pytestmark = pytest.mark.hardware

GCAP_ID = 0x009896808086A201
HPET, LAPIC, IOAPIC = 0xFED00000, 0xFEE00000, 0xFEC00000


@pytest.fixture(scope="session")
def boots() -> dict[str, Report]:
    """One boot for each kernel command line, side by side."""

    def boot(command_line: str) -> Report:
        job = Path(__file__).with_name("job_x86.py")
        return guest.boot(pc.GUEST, job, command_line=command_line)

    try:
        pc.require()
        guest.files(pc.GUEST)
    except Unavailable as reason:
        pytest.skip(str(reason))
    lines = ("", "iomem=relaxed")
    with ThreadPoolExecutor() as pool:
        return dict(zip(lines, pool.map(boot, lines), strict=True))


@pytest.fixture(scope="session")
def default(boots: dict[str, Report]) -> Report:
    return boots[""]


@pytest.fixture(scope="session")
def relaxed(boots: dict[str, Report]) -> Report:
    return boots["iomem=relaxed"]


@pytest.fixture(params=["default", "relaxed"])
def either(request: pytest.FixtureRequest) -> Report:
    report: Report = request.getfixturevalue(request.param)
    return report


def op(kind: str, address: int, width: int, value: int | None) -> str:
    """A transaction as text, so that a failure can be read."""
    return f"{kind} {width} bits at {address:#x}: {'refused' if value is None else hex(value)}"


def bus(report: Report, statement: str) -> list[str]:
    """What the bus saw of a statement."""
    return [op(*operation[:4]) for operation in report.steps[statement].bus]


def differing(seen: Mapping[str, object], expected: Mapping[str, object]) -> str:
    """The statements whose transactions are not as expected, as text; "" where there are none."""
    return "\n".join(
        f"{statement}: {seen[statement]}, not {expected[statement]}"
        for statement in expected
        if seen[statement] != expected[statement]
    )


def whole(report: Report, statement: str) -> list[tuple[str, int, int]]:
    """The same for the HPET, whose 64-bit accesses this QEMU may carry as two halves.

    Its model takes 32 bits at most, so QEMU itself splits, low half first; later ones take 64.
    That the CPU made one access is shown on storage that takes 64 bits. The running counter is
    meant to be read in halves, so its accesses are shown as they are.
    """
    halves = "MAIN_CNT" in statement
    seen: list[tuple[str, int, int]] = []
    for kind, address, width, _, region in report.steps[statement].bus:
        assert region == "hpet"
        low = (kind, address - 4, 32)
        if not halves and width == 32 and address % 8 == 4 and seen[-1:] == [low]:
            seen[-1] = (kind, address - 4, 64)
        else:
            seen.append((kind, address, width))
    return seen


def test_the_command_line_reads_the_capabilities(either: Report) -> None:
    step = "command('read', 'pc', 'HPET.GCAP_ID')"
    done = either.steps[step].result
    assert isinstance(done, dict)
    assert done["status"] == 0
    assert "pc is opened on </dev/mem" in done["err"]
    assert f"{GCAP_ID:#018x}" in done["out"]
    assert whole(either, step) == [("read", HPET, 64)]


def test_the_counter_ticks_at_the_rate_it_states(either: Report) -> None:
    values = either.steps["rate"].values
    start, end, period_fs = values["start"], values["end"], values["period_fs"]
    assert isinstance(start, list)
    assert isinstance(end, list)
    assert isinstance(period_fs, int)
    ticked_ns = (end[1] - start[1]) * period_fs / 1e6
    # Each count was read between two looks at the guest's clock, so on a busy host the bounds
    # widen by themselves. The 10 % beyond them are for that clock: the guest's kernel calibrated
    # it by measuring at boot, and emulated time is not smooth. A wrong unit, a wrong field or a
    # lost half of the counter is wrong by far more.
    assert 0.9 * (end[0] - start[2]) <= ticked_ns <= 1.1 * (end[2] - start[0])


@pytest.mark.parametrize("statement", ["pc.LAPIC.VERSION.read()", "pc.IOAPIC.IOAPICVER.read()"])
def test_apics_are_refused_with_the_reason(default: Report, statement: str) -> None:
    error = default.steps[statement].values["error"]
    assert isinstance(error, dict)
    assert error["type"] == "BackendUnavailable"
    assert _explains(error["text"])
    assert bus(default, statement) == []


def test_the_command_line_explains_the_refusal(default: Report) -> None:
    done = default.steps["command('read', 'pc', 'LAPIC.VERSION')"].result
    assert isinstance(done, dict)
    assert (done["status"], done["out"]) == (3, "")
    assert _explains(done["err"])


def _explains(text: str) -> bool:
    return all(word in text for word in ("STRICT_DEVMEM", "iomem=relaxed", "/proc/iomem"))


def test_the_local_apic_is_read_where_the_kernel_lets_it(relaxed: Report) -> None:
    statement = "pc.LAPIC.VERSION.read()"
    version = relaxed.steps[statement].result
    assert isinstance(version, int)
    assert version & 0xFF == 0x14
    assert bus(relaxed, statement) == [op("read", LAPIC + 0x30, 32, version)]


def test_the_io_apic_is_read_by_one_select_and_one_access(relaxed: Report) -> None:
    version = "pc.IOAPIC.IOAPICVER.read()"
    assert relaxed.steps[version].result == 0x00170020
    assert bus(relaxed, version) == [
        op("write", IOAPIC, 32, 1),
        op("read", IOAPIC + 0x10, 32, 0x00170020),
    ]


def test_a_redirection_entry_is_two_words_high_half_first(relaxed: Report) -> None:
    low, high = 0x10 + 2 * 23, 0x11 + 2 * 23
    reads = [
        op("write", IOAPIC, 32, high),
        op("read", IOAPIC + 0x10, 32, 0),
        op("write", IOAPIC, 32, low),
        op("read", IOAPIC + 0x10, 32, 0x00010000),
    ]
    writes = [each.replace("read", "write") for each in reads]
    assert bus(relaxed, "entry.read()") == reads
    assert relaxed.steps["entry.read()"].result == 0x00010000
    assert bus(relaxed, "entry.INTERRUPT_MASK = 'MASKED'") == reads + writes


HPET_BUS: dict[str, list[tuple[str, int, int]]] = {
    "pc.HPET.GCAP_ID.read()": [("read", HPET, 64)],
    "pc.HPET.GCAP_ID.raw": [("read", HPET, 64)],
    "pc.HPET.GCAP_ID.COUNTER_CLK_PERIOD": [("read", HPET, 64)],
    "pc.HPET.MAIN_CNT.raw": [
        ("read", HPET + 0xF4, 32),
        ("read", HPET + 0xF0, 32),
        ("read", HPET + 0xF4, 32),
    ],
    "timer = pc.HPET.TIMER[2]": [],
    "timer.CONF.read()": [("read", HPET + 0x140, 64)],
    "timer.CONF.INT_ROUTE_CNF = 2": [("read", HPET + 0x140, 64), ("write", HPET + 0x140, 64)],
    "timer.CONF.INT_ROUTE_CNF": [("read", HPET + 0x140, 64)],
    "timer.CONF.modify(INT_ROUTE_CNF=0, MODE32_CNF=0)": [
        ("read", HPET + 0x140, 64),
        ("write", HPET + 0x140, 64),
    ],
    "timer.COMP.write(0x1122334455667788)": [("write", HPET + 0x148, 64)],
    "timer.COMP.raw": [("read", HPET + 0x148, 64)],
}


def test_each_access_to_the_hpet_is_one_transaction(either: Report) -> None:
    assert [each for each in ON_HPET if either.steps[each].values["error"]] == []
    assert differing({each: whole(either, each) for each in ON_HPET}, HPET_BUS) == ""


def test_what_the_hpet_gives_and_keeps(either: Report) -> None:
    result = {statement: either.steps[statement].result for statement in ON_HPET}
    assert result["pc.HPET.GCAP_ID.read()"] == GCAP_ID
    assert result["pc.HPET.GCAP_ID.raw"] == GCAP_ID
    assert result["pc.HPET.GCAP_ID.COUNTER_CLK_PERIOD"] == 10_000_000
    assert result["timer.CONF.INT_ROUTE_CNF"] == 2
    assert result["timer.COMP.raw"] == 0x1122334455667788


@pytest.mark.parametrize("at", STORAGE, ids=lambda at: f"{at.width}bits")
def test_each_operation_is_its_transactions(either: Report, at: Storage) -> None:
    base = either.steps[at.path.split(".")[0]].values["address"]
    assert isinstance(base, int)
    where = (base + at.offset, at.width)
    steps = on_storage(at)
    seen = {statement: bus(either, statement) for statement, _ in steps}
    wanted = {
        statement: [op(kind, *where, value) for kind, value in expected]
        for statement, expected in steps
    }
    assert differing(seen, wanted) == ""
    errors = {statement: either.steps[statement].values["error"] for statement, _ in steps}
    [(statement, error)] = [item for item in errors.items() if item[1]]
    assert statement.endswith(f".LOW = 1 << {at.width // 2}")
    assert isinstance(error, dict)
    assert error["type"] == "ValueDoesNotFit"


def test_write_one_fields_are_written_alone(either: Report) -> None:
    base = either.steps["EDU"].values["address"]
    assert isinstance(base, int)
    expected = [
        op("write", base + 0x60, 32, 1),
        op("read", base + 0x24, 32, 1),
        op("write", base + 0x64, 32, 1),
        op("read", base + 0x24, 32, 0),
    ]
    assert [bus(either, statement) for statement in ON_EDU] == [[each] for each in expected]


def test_the_values_of_the_trace_are_those_that_python_got(either: Report) -> None:
    found = either.steps["pc.HPET.GCAP_ID.raw"].bus
    assert sum(each.value << 8 * (each.address - HPET) for each in found if each.value) == GCAP_ID
