"""The shipped HPET, I/O APIC and PC board against tables written down a second time.

The tables come from the manuals and headers that the descriptions name, not from the YAML: bits as
text, whole registers decoded field by field, and values that real machines show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.check import check
from regmap.errors import ReadHasSideEffect, ValueDoesNotFit
from regmap.layout import ArrayLayout, RegisterAt
from regmap.loaders import load, read
from regmap.model.chip import Board
from tests.support import Recorder
from tests.unit.map_reading import (
    BOARDS,
    CHIPS,
    TINKER,
    block,
    decode,
    named_values,
    picture,
    places,
    register,
)

HPET = CHIPS / "hpet.yaml"
IOAPIC = CHIPS / "ioapic.yaml"

HPET_FIELDS = {
    "GCAP_ID": "COUNTER_CLK_PERIOD[63:32] VENDOR_ID[31:16] LEG_RT_CAP[15] COUNT_SIZE_CAP[13] "
    "NUM_TIM_CAP[12:8] REV_ID[7:0]",
    "GEN_CONF": "LEG_RT_CNF[1] ENABLE_CNF[0]",
    "TIMER.CONF": "INT_ROUTE_CAP[63:32] FSB_INT_DEL_CAP[15] FSB_EN_CNF[14] INT_ROUTE_CNF[13:9] "
    "MODE32_CNF[8] VAL_SET_CNF[6] SIZE_CAP[5] PER_INT_CAP[4] TYPE_CNF[3] INT_ENB_CNF[2] "
    "INT_TYPE_CNF[1]",
    "TIMER.FSB_ROUTE": "FSB_INT_ADDR[63:32] FSB_INT_VAL[31:0]",
}

IOAPIC_FIELDS = {
    "IOREGSEL": "INDEX[7:0]",
    "EOIR": "VECTOR[7:0]",
    "IOAPICID": "ID[27:24]",
    "IOAPICVER": "MRE[23:16] PRQ[15] APIC_VERSION[7:0]",
    "IOAPICARB": "ARBITRATION_ID[27:24]",
    "IOREDTBL": "DESTINATION[63:56] INTERRUPT_MASK[16] TRIGGER_MODE[15] REMOTE_IRR[14] INTPOL[13] "
    "DELIVS[12] DESTMOD[11] DELMOD[10:8] INTVEC[7:0]",
}


@pytest.mark.parametrize(
    "path",
    [
        *(CHIPS / f"{name}.yaml" for name in ("hpet", "lapic", "ioapic", "ioapic_82093aa")),
        BOARDS / "pc.yaml",
        TINKER / "rk3288_gpio.yaml",
        TINKER / "tinker-board.yaml",
    ],
    ids=lambda path: path.stem,
)
def test_a_map_has_no_error_and_no_warning(path: Path) -> None:
    found = [*read(path).problems, *check(load(path))]
    assert [str(problem) for problem in found if problem.severity != "info"] == []


@pytest.mark.parametrize("name", ["hpet", "lapic", "ioapic", "ioapic_82093aa"])
def test_every_register_says_where_it_comes_from_and_what_it_is(name: str) -> None:
    layout = block(CHIPS / f"{name}.yaml")
    registers = [at.register for _, _, at in places(layout)]
    registers += [m.register for m in layout.members if isinstance(m, RegisterAt) and m.window]
    assert registers
    for layout_of in registers:
        assert layout_of.source.count(";") >= 1, layout_of.class_name  # two sources at least
        assert layout_of.description, layout_of.class_name


class TestHpet:
    def test_registers_stand_where_the_specification_puts_them(self) -> None:
        layout = block(HPET)
        found = {offset: name for offset, name, _ in places(layout)}
        expected = {0x000: "GCAP_ID", 0x010: "GEN_CONF", 0x020: "GINTR_STA", 0x0F0: "MAIN_CNT"}
        for timer in range(32):
            base = 256 + 32 * timer
            expected[base] = f"TIMER[{timer}].CONF"
            expected[base + 8] = f"TIMER[{timer}].COMP"
            expected[base + 16] = f"TIMER[{timer}].FSB_ROUTE"
        assert found == expected
        assert all(at.register.width == 64 for _, _, at in places(layout))
        assert {n: at.register.word_order for _, n, at in places(layout)} == {
            name: "high-low-high" if name == "MAIN_CNT" else "low-first"
            for name in expected.values()
        }
        for _, name, at in places(layout):
            halves = (32,) if name == "MAIN_CNT" else (32, 64)
            assert at.register.access_widths == halves

    @pytest.mark.parametrize("path", HPET_FIELDS)
    def test_fields(self, path: str) -> None:
        assert picture(register(block(HPET), path)) == HPET_FIELDS[path]

    def test_named_values(self) -> None:
        sizes = "BITS_32=0 BITS_64=1"
        assert named_values(register(block(HPET), "GCAP_ID")) == {"COUNT_SIZE_CAP": sizes}
        assert named_values(register(block(HPET), "TIMER.CONF")) == {
            "INT_TYPE_CNF": "EDGE=0 LEVEL=1",
            "TYPE_CNF": "NON_PERIODIC=0 PERIODIC=1",
            "SIZE_CAP": sizes,
        }

    def test_status_bits_are_write_one_to_clear_and_lie_in_order(self) -> None:
        status = register(block(HPET), "GINTR_STA")
        assert [(field.name, field.mask) for field in status.fields] == [
            (f"T{n}_INT_STS", 1 << n) for n in range(32)
        ]
        assert {field.write_action for field in status.fields} == {"oneToClear"}
        assert (status.keep, status.neutral, status.reset) == (0, 0, 0)

    def test_the_capabilities_of_qemu_read_right(self) -> None:
        capabilities = register(block(HPET), "GCAP_ID")
        assert decode(capabilities, 0x009896808086A201) == {
            "REV_ID": 1,
            "NUM_TIM_CAP": 2,
            "COUNT_SIZE_CAP": 1,
            "LEG_RT_CAP": 1,
            "VENDOR_ID": 0x8086,
            "COUNTER_CLK_PERIOD": 10_000_000,
        }

    def test_the_capabilities_of_an_intel_chipset_read_right(self) -> None:
        # Core Ultra 200S: 24 MHz, 8 timers.
        capabilities = register(block(HPET), "GCAP_ID")
        values = decode(capabilities, 0x027BC86B_8086A701)
        assert (values["NUM_TIM_CAP"] + 1, values["COUNTER_CLK_PERIOD"]) == (8, 41_666_667)

    def test_the_period_has_its_unit_and_limits(self) -> None:
        period = register(block(HPET), "GCAP_ID").field("COUNTER_CLK_PERIOD")
        assert (period.unit, period.minimum, period.maximum) == ("fs", 1, 0x05F5E100)

    def test_the_number_of_timers_comes_from_the_hardware(self) -> None:
        members = block(HPET).members
        (timers,) = [member for member in members if isinstance(member, ArrayLayout)]
        assert timers.live == ("GCAP_ID", "NUM_TIM_CAP", 1)

    def test_the_counter_is_read_so_that_a_carry_cannot_tear_it(self) -> None:
        counter = register(block(HPET), "MAIN_CNT")
        assert counter.word_order == "high-low-high"
        assert counter.volatile_mask == 2**64 - 1

    def test_capability_bits_cannot_be_written_and_value_set_is_volatile(self) -> None:
        assert register(block(HPET), "GCAP_ID").refuse_write
        config = register(block(HPET), "TIMER.CONF")
        assert (config.reset, config.reset_mask) == (0, 0x3E00)  # INT_ROUTE_CNF alone is known
        assert {f.name for f in config.fields if f.access == "read-only"} == {
            "PER_INT_CAP",
            "SIZE_CAP",
            "FSB_INT_DEL_CAP",
            "INT_ROUTE_CAP",
        }
        assert config.volatile_mask == 0x40


class TestIoapic:
    def test_the_three_registers_on_the_bus(self) -> None:
        layout = block(IOAPIC)
        assert {name: offset for offset, name, _ in places(layout)} == {
            "IOREGSEL": 0x00,
            "IOWIN": 0x10,
            "EOIR": 0x40,
        }
        (window,) = layout.windows
        assert (window.index_register, window.index_mask, window.data_register) == (
            "IOREGSEL",
            0xFF,
            "IOWIN",
        )

    @pytest.mark.parametrize("name", IOAPIC_FIELDS)
    def test_fields(self, name: str) -> None:
        assert picture(register(block(IOAPIC), name)) == IOAPIC_FIELDS[name]

    def test_access_and_reset(self) -> None:
        found = {
            name: (register(block(IOAPIC), name).access, register(block(IOAPIC), name).reset)
            for name in (*IOAPIC_FIELDS, "IOWIN")
        }
        assert found == {
            "IOREGSEL": ("read-write", 0),
            "IOWIN": ("read-write", None),
            "EOIR": ("write-only", None),
            "IOAPICID": ("read-write", 0),
            "IOAPICVER": ("read-only", None),
            "IOAPICARB": ("read-only", None),
            "IOREDTBL": ("read-write", 0x10000),
        }

    def test_named_values(self) -> None:
        assert named_values(register(block(IOAPIC), "IOREDTBL")) == {
            "DELMOD": "FIXED=0 LOWEST_PRIORITY=1 SMI=2 NMI=4 INIT=5 EXTINT=7",
            "DESTMOD": "PHYSICAL=0 LOGICAL=1",
            "DELIVS": "IDLE=0 SEND_PENDING=1",
            "INTPOL": "ACTIVE_HIGH=0 ACTIVE_LOW=1",
            "TRIGGER_MODE": "EDGE=0 LEVEL=1",
            "INTERRUPT_MASK": "NOT_MASKED=0 MASKED=1",
        }

    def test_indexes(self) -> None:
        layout = block(IOAPIC)
        single = {
            member.name: member.offset
            for member in layout.members
            if isinstance(member, RegisterAt) and member.window
        }
        assert single == {"IOAPICID": 0, "IOAPICVER": 1, "IOAPICARB": 2}
        (table,) = [member for member in layout.members if isinstance(member, ArrayLayout)]
        assert [element.offset for element in table.elements] == list(range(0x10, 0x100, 2))
        assert table.live == ("IOAPICVER", "MRE", 1)

    def test_an_entry_is_two_words_the_one_with_the_mask_last(self) -> None:
        entry = register(block(IOAPIC), "IOREDTBL")
        assert (entry.width, entry.access_widths, entry.word_order) == (64, (32,), "high-first")
        assert (entry.reset, entry.reset_mask) == (1 << 16, 1 << 16)
        assert {f.name for f in entry.fields if f.access == "read-only"} == {"DELIVS", "REMOTE_IRR"}

    def test_the_version_of_qemu_reads_right(self) -> None:
        version = register(block(IOAPIC), "IOAPICVER")
        assert decode(version, 0x00170020) == {"APIC_VERSION": 0x20, "PRQ": 0, "MRE": 23}

    def test_an_entry_reads_right(self) -> None:
        # Input 2 of a PC: vector 0x30, level, active low, logical, CPU set 0x01, not masked.
        entry = register(block(IOAPIC), "IOREDTBL")
        assert decode(entry, 0x0100_0000_0000_A830) == {
            "INTVEC": 0x30,
            "DELMOD": 0,
            "DESTMOD": 1,
            "DELIVS": 0,
            "INTPOL": 1,
            "REMOTE_IRR": 0,
            "TRIGGER_MODE": 1,
            "INTERRUPT_MASK": 0,
            "DESTINATION": 1,
        }

    def test_the_82093aa_has_no_eoi_register_and_24_inputs(self) -> None:
        layout = block(CHIPS / "ioapic_82093aa.yaml")
        assert [name for _, name, _ in places(layout)] == ["IOREGSEL", "IOWIN"]
        version = register(layout, "IOAPICVER")
        assert version.reset is not None
        assert decode(version, version.reset) == {"APIC_VERSION": 0x11, "PRQ": 0, "MRE": 23}


def test_the_pc_board() -> None:
    board = load(BOARDS / "pc.yaml")
    assert isinstance(board, Board)
    found = {
        at.name: (at.base, at.size, at.locator.kind, at.locator.key)
        for at in board.instances
        if at.locator
    }
    assert found == {
        "HPET": (0xFED0_0000, None, "acpi", "HPET"),
        "LAPIC": (0xFEE0_0000, 4096, "acpi", "MADT.LAPIC"),
        "IOAPIC": (0xFEC0_0000, 1024, "acpi", "MADT.IOAPIC"),
    }
    assert board.match is not None
    assert board.match.architecture == ("x86_64", "i686")
    assert board.backends == ("mem",)


def test_what_the_bus_sees_of_the_pc_board() -> None:
    bus = Recorder()
    pc: Any = regmap.open(BOARDS / "pc.yaml", backend=bus)
    pc.IOAPIC.IOREDTBL[3].raw = 0x0100_0000_0000_A830
    assert bus.taken() == [  # the destination stands before the low half takes the mask away
        ("W", 0xFEC0_0000, 32, 0x17),
        ("W", 0xFEC0_0010, 32, 0x0100_0000),
        ("W", 0xFEC0_0000, 32, 0x16),
        ("W", 0xFEC0_0010, 32, 0xA830),
    ]
    assert pc.HPET.MAIN_CNT.raw == 0
    assert bus.taken() == [
        ("R", 0xFED0_00F4, 32),
        ("R", 0xFED0_00F0, 32),
        ("R", 0xFED0_00F4, 32),
    ]
    pc.HPET.GINTR_STA.clear("T1_INT_STS")
    assert bus.taken() == [("W", 0xFED0_0020, 64, 2)]
    with pytest.raises(ReadHasSideEffect):
        _ = pc.LAPIC.RRD.raw
    with pytest.raises(ValueDoesNotFit):
        pc.LAPIC.EOI = 5
    pc.LAPIC.EOI = 0
    assert bus.taken() == [("W", 0xFEE0_00B0, 32, 0)]
