"""The shipped BeagleBone Black against tables written down a second time, in another form.

The tables come from the memory map, the reference manual and the numbers that old kernels give GPIO
lines, not from the YAML; the LED recipe is checked down to its bus accesses.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import regmap
from regmap.check import check
from regmap.loaders import read
from regmap.model.chip import Board
from tests.support import Recorder
from tests.unit.map_reading import BOARDS, CHIPS, block, register

BOARD = BOARDS / "beaglebone-black.yaml"
CONTROL = CHIPS / "am335x_control.yaml"

# Rows of tables 12 and 13 of the System Reference Manual: position, signals of mode 0 to 7.
SRM_ROWS = """
P8_07 gpmc_advn_ale - timer4 - - - - gpio2_2
P8_12 gpmc_ad12 lcd_data19 mmc1_dat4 mmc2_dat0 eQEP2A_in pr1_mii0_txd2 pr1_pru0_pru_r30_14 gpio1_12
P8_19 gpmc_ad8 lcd_data23 mmc1_dat0 mmc2_dat4 ehrpwm2A pr1_mii_mt0_clk - gpio0_22
P8_26 gpmc_csn0 - - - - - - gpio1_29
P8_31 lcd_data14 gpmc_a18 eQEP1_index mcasp0_axr1 uart5_rxd pr1_mii_mr0_clk uart5_ctsn gpio0_10
P9_12 gpmc_be1n gmii2_col gpmc_csn6 mmc2_dat3 gpmc_dir pr1_mii1_rxlink mcasp0_aclkr gpio1_28
P9_19 uart1_rtsn timer5 dcan0_rx I2C2_SCL spi1_cs1 pr1_uart0_rts_n pr1_edc_latch1_in gpio0_13
P9_24 uart1_txd mmc2_sdwp dcan1_rx I2C1_SCL - pr1_uart0_txd pr1_pru0_pru_r31_16 gpio0_15
P9_31 mcasp0_aclkx ehrpwm0A - spi1_sclk mmc0_sdcd pr1_pru0_pru_r30_0 pr1_pru0_pru_r31_0 gpio3_14
P9_41 xdma_event_intr1 - tclkin clkout2 timer7 pr1_pru0_pru_r31_16 EMU3 gpio0_20
"""

# 32 * bank + line of header positions 3 to 46 and 11 to 31, as old kernels and bonescript count.
P8 = """38 39 34 35 66 67 69 68 45 44 23 26 47 46 27 65 22 63 62 37 36 33 32 61 86 88 87 89 10 11
        9 81 8 80 78 79 76 77 74 75 72 73 70 71"""
P9 = "30 60 31 50 48 51 5 4 13 12 3 2 49 15 117 14 115 113 111 112 110"
FURTHER = {"P9_41": 20, "P9_42": 7, "P9_41.1": 116, "P9_42.1": 114, "P9_15B": 64}


@pytest.fixture(scope="module")
def board() -> Board:
    loaded = read(BOARD)
    assert loaded.problems == ()
    assert isinstance(loaded.model, Board)
    return loaded.model


def test_the_map_has_no_error_and_no_warning(board: Board) -> None:
    assert [str(problem) for problem in check(board) if problem.severity != "info"] == []


def test_blocks_stand_where_the_memory_map_has_them(board: Board) -> None:
    assert {i.name: (i.base, i.size, i.block.name) for i in board.instances} == {
        "CM_PER": (0x44E0_0000, 1024, "am335x_cm_per"),
        "CM_WKUP": (0x44E0_0400, 256, "am335x_cm_wkup"),
        "CONTROL": (0x44E1_0000, 8192, "am335x_control"),
        "GPIO0": (0x44E0_7000, 4096, "am335x_gpio"),
        "GPIO1": (0x4804_C000, 4096, "am335x_gpio"),
        "GPIO2": (0x481A_C000, 4096, "am335x_gpio"),
        "GPIO3": (0x481A_E000, 4096, "am335x_gpio"),
    }
    assert board.match is not None
    assert board.match.compatible == ("ti,am335x-bone-black",)
    assert (board.match.architecture, board.match.cpuinfo_revision) == ((), ())
    assert board.backends == ("mem",)


def test_each_bank_has_its_own_clock(board: Board) -> None:
    for instance in board.instances:
        if not instance.name.startswith("GPIO"):
            assert instance.clock is None
            continue
        module = "CM_WKUP" if instance.name == "GPIO0" else "CM_PER"
        path = f"{module}.{module}_{instance.name}_CLKCTRL"
        assert instance.clock is not None
        assert instance.clock.enable == {f"{path}.MODULEMODE": "ENABLE"}
        assert instance.clock.ready == {f"{path}.IDLEST": "FUNC"}


def test_header_positions_are_on_the_lines_that_old_kernels_count(board: Board) -> None:
    expected = {f"P8_{n:02}": int(at) for n, at in enumerate(P8.split(), 3)}
    expected |= {f"P9_{n:02}": int(at) for n, at in enumerate(P9.split(), 11)}
    expected |= FURTHER | {f"USR{n}": 53 + n for n in range(4)}
    found = {}
    for pin in board.pins:
        bank = int(pin.instance.removeprefix("GPIO"))
        assert pin.names[-1] == f"GPIO{bank}_{pin.index}"
        found[pin.names[0]] = 32 * bank + pin.index
    assert found == expected


def test_every_position_of_both_headers_is_something(board: Board) -> None:
    positions = [pin.names[0] for pin in board.pins] + [*board.fixed_pins]
    assert sorted(p for p in positions if re.fullmatch(r"P[89]_\d\d", p)) == [
        f"P{header}_{n:02}" for header in (8, 9) for n in range(1, 47)
    ]
    kinds: dict[str, list[str]] = {}
    for position, what in board.fixed_pins.items():
        kinds.setdefault(what.split(",")[0], []).append(position)
    assert kinds == {
        "GND": ["P8_01", "P8_02", "P9_01", "P9_02", "P9_43", "P9_44", "P9_45", "P9_46"],
        "3V3": ["P9_03", "P9_04"], "VDD_5V": ["P9_05", "P9_06"], "SYS_5V": ["P9_07", "P9_08"],
        "PWR_BUT": ["P9_09"], "SYS_RESETn": ["P9_10"], "VADC": ["P9_32"], "AGND": ["P9_34"],
        "AIN0": ["P9_39"], "AIN1": ["P9_40"], "AIN2": ["P9_37"], "AIN3": ["P9_38"],
        "AIN4": ["P9_33"], "AIN5": ["P9_36"], "AIN6": ["P9_35"],
    }  # fmt: skip


def test_each_pin_has_the_pad_its_line_is_on_with_its_signals_and_pull(board: Board) -> None:
    for pin in board.pins:
        instance, name = pin.pad.split(".")
        assert instance == "CONTROL"
        pad = register(block(CONTROL), name)
        modes = pad.field("mmode").enum
        assert modes is not None
        signals = {mode: signal for signal, mode in modes.members}
        assert dict(pin.functions) == {f"MODE{m}": s for m, s in sorted(signals.items())}
        assert pin.functions["MODE7"] == f"gpio{pin.instance[4:]}_{pin.index}"
        pulls = {None: "", 0x27: "down", 0x37: "up"}
        assert pin.reset_pull == pulls[pad.reset], pin.names


@pytest.mark.parametrize("row", SRM_ROWS.strip().splitlines(), ids=lambda row: row.split()[0])
def test_signals_are_those_of_the_reference_manual(board: Board, row: str) -> None:
    position, *signals = row.split()
    (pin,) = (p for p in board.pins if p.names[0] == position)
    assert dict(pin.functions) == {
        f"MODE{mode}": signal for mode, signal in enumerate(signals) if signal != "-"
    }


def test_joined_balls_point_at_each_other(board: Board) -> None:
    lines = {pin.names[-1]: pin for pin in board.pins}
    for one, other in (("1_16", "2_0"), ("0_20", "3_20"), ("0_7", "3_18")):
        assert f"GPIO{other}:" in lines[f"GPIO{one}"].description
        assert f"GPIO{one}:" in lines[f"GPIO{other}"].description
    # Sources disagree on which ball of 41 is A.
    names = {name for pin in lines.values() for name in pin.names}
    assert not names & {"P9_41A", "P9_41B"}


def test_the_led_recipe_makes_the_accesses_of_the_manual() -> None:
    bus = Recorder({0x4804_C134: 0xFFFF_FFFF, 0x44E0_00AC: 0x0003_0000})
    bone: Any = regmap.open("beaglebone-black", backend=bus)
    bone.CM_PER.CM_PER_GPIO1_CLKCTRL.MODULEMODE = "ENABLE"
    led = bone.pins["USR0"]
    led.function = "OUTPUT"
    led.set()
    led.clear()
    led.level = 1
    assert bus.taken() == [
        ("R", 0x44E0_00AC, 32), ("W", 0x44E0_00AC, 32, 0x0003_0002),
        ("R", 0x4804_C134, 32), ("W", 0x4804_C134, 32, 0xFFDF_FFFF),
        ("W", 0x4804_C194, 32, 0x0020_0000),
        ("W", 0x4804_C190, 32, 0x0020_0000),
        ("W", 0x4804_C194, 32, 0x0020_0000),
    ]  # fmt: skip
