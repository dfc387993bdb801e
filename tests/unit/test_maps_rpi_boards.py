"""The shipped Raspberry Pi boards against tables written down a second time, in another form.

The tables come from pin lists, drivers and the revision table, not from the YAML: rows of a header,
wiringPi numbers in order, revision codes that state their own board type.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regmap.check import check, check_boards
from regmap.loaders import read
from regmap.model.chip import Board

BOARD_FILES = Path(__file__).parents[2] / "maps" / "boards"
BOARDS = ("rpi1-rev1", "rpi1-rev2", "rpi-zero", "rpi2", "rpi3", "rpi4")

# The headers as they lie on the board, odd position first in each pair.
P1_REV1 = (
    "3V3 5V  0 5V  1 GND  4 14  GND 15  17 18  21 GND  22 23  3V3 24  10 GND  9 25  11 8  GND 7"
)
P1_REV2 = (
    "3V3 5V  2 5V  3 GND  4 14  GND 15  17 18  27 GND  22 23  3V3 24  10 GND  9 25  11 8  GND 7"
)
P5 = "5V 3V3  28 29  30 31  GND GND"
J8 = P1_REV2 + "  0 1  5 GND  6 12  13 GND  19 16  26 20  GND 21"
HEADERS = {
    "rpi1-rev1": {"P1": P1_REV1},
    "rpi1-rev2": {"P1": P1_REV2, "P5": P5},
    "rpi-zero": {"J8": J8},
    "rpi2": {"J8": J8},
    "rpi3": {"J8": J8},
    "rpi4": {"J8": J8},
}
# The line of wiringPi pin 0, 1, 2, ...
WIRINGPI_REV1 = "17 18 21 22 23 24 25 4 0 1 8 7 10 9 11 14 15"
WIRINGPI = "17 18 27 22 23 24 25 4 2 3 8 7 10 9 11 14 15 28 29 30 31 5 6 13 19 26 12 16 20 21 0 1"

LEDS = {
    "rpi1-rev1": {"ACT_LED": (16, "low")},
    "rpi1-rev2": {"ACT_LED": (16, "low")},
    "rpi-zero": {"ACT_LED": (47, "low")},
    "rpi2": {"ACT_LED": (47, "high"), "PWR_LED": (35, "high")},
    "rpi3": {},
    "rpi4": {"ACT_LED": (42, "high")},
}
# Where the CPU sees bus address 0x7E000000.
PERIPHERALS = {
    "rpi1-rev1": 0x2000_0000,
    "rpi1-rev2": 0x2000_0000,
    "rpi-zero": 0x2000_0000,
    "rpi2": 0x3F00_0000,
    "rpi3": 0x3F00_0000,
    "rpi4": 0xFE00_0000,
}
REVISIONS = {
    "rpi1-rev1": "0002 0003",
    "rpi1-rev2": "0004 0005 0006 0007 0008 0009 000d 000e 000f",
    "rpi-zero": "900092 900093 920092 920093 9000c1",
    "rpi2": "a01040 a01041 a21041 a02042 a22042",
    "rpi3": "a02082 a22082 a32082 a52082 a22083 a020d3 a020d4 9020e0 9020e1 902120",
    "rpi4": "a03111 b03111 c03111 b03112 c03112 b03114 c03114 d03114 b03115 c03115 d03115",
}
# New-style codes: the board types and processors that the code itself states.
TYPES = {
    "rpi-zero": ({0x09, 0x0C}, {0}),
    "rpi2": ({0x04}, {1, 2}),
    "rpi3": ({0x08, 0x0D, 0x0E, 0x12}, {2}),
    "rpi4": ({0x11}, {3}),
}


def board(name: str) -> Board:
    """A shipped board, which must load without a word of complaint."""
    loaded = read(BOARD_FILES / f"{name}.yaml")
    assert loaded.problems == ()
    assert isinstance(loaded.model, Board)
    return loaded.model


@pytest.mark.parametrize("name", BOARDS)
def test_the_checker_has_no_error_and_no_warning(name: str) -> None:
    assert [str(found) for found in check(board(name)) if found.severity != "info"] == []


@pytest.mark.parametrize("name", BOARDS)
def test_headers_row_by_row(name: str) -> None:
    model = board(name)
    positions: dict[str, str] = {}
    fixed: dict[str, str] = {}
    for header, rows in HEADERS[name].items():
        for at, what in enumerate(rows.split(), 1):
            (positions if what.isdigit() else fixed)[f"{header}-{at:02}"] = what
    on_header = [each for each in model.pins if re.match(r"(P1|P5|J8)-", each.names[0])]
    assert {each.names[0]: str(each.index) for each in on_header} == positions
    assert dict(model.fixed_pins) == fixed
    every = [label for each in model.pins for label in each.names]
    assert len(set(every)) == len(every)
    for each in model.pins:
        assert (each.instance, each.view) == ("GPIO", "pin")
        assert f"GPIO{each.index}" in each.names
    if "J8" in HEADERS[name]:
        assert all(each.names[1] == each.names[0].replace("J8", "P1") for each in on_header)
        assert {each.index: each.names[-1] for each in on_header if each.index < 2} == {
            0: "ID_SD",
            1: "ID_SC",
        }


@pytest.mark.parametrize("name", BOARDS)
def test_wiringpi_numbers(name: str) -> None:
    table = WIRINGPI_REV1 if name == "rpi1-rev1" else WIRINGPI
    on_header = {what for rows in HEADERS[name].values() for what in rows.split()}
    expected = {f"WPI{n}": int(line) for n, line in enumerate(table.split()) if line in on_header}
    found = {
        label: each.index for each in board(name).pins for label in each.names if label[:3] == "WPI"
    }
    assert found == expected
    assert len(found) == {"rpi1-rev1": 17, "rpi1-rev2": 21}.get(name, 28)


@pytest.mark.parametrize("name", BOARDS)
def test_leds(name: str) -> None:
    found = {
        each.names[0]: (
            each.index,
            each.description.split("the line is ")[1].split(" ")[0].strip(".;"),
        )
        for each in board(name).pins
        if each.names[0].endswith("_LED")
    }
    assert found == LEDS[name]


@pytest.mark.parametrize("name", BOARDS)
def test_the_gpio_block_is_where_the_cpu_sees_it(name: str) -> None:
    model = board(name)
    (gpio,) = model.instances
    chip = "bcm2711_gpio" if name == "rpi4" else "bcm2835_gpio"
    assert (gpio.name, gpio.block.name, gpio.bus_base) == ("GPIO", chip, 0x7E20_0000)
    assert gpio.base == PERIPHERALS[name] + 0x20_0000
    assert gpio.size == gpio.block.size
    assert gpio.locator is not None
    assert (gpio.locator.kind, gpio.locator.key) == ("devicetree", f"brcm,{chip.replace('_', '-')}")
    assert model.backends == ("gpiomem", "mem")
    assert model.source
    assert gpio.source


@pytest.mark.parametrize("name", BOARDS)
def test_revision_codes_say_what_they_match(name: str) -> None:
    match = board(name).match
    assert match is not None
    assert sorted(match.cpuinfo_revision) == sorted(
        int(code, 16) for code in REVISIONS[name].split()
    )
    if name in TYPES:
        types, processors = TYPES[name]
        codes = match.cpuinfo_revision
        assert all(code >> 23 == 1 for code in codes)
        assert {code >> 4 & 0xFF for code in codes} == types
        assert {code >> 12 & 0xF for code in codes} == processors
        assert all(code >> 16 & 0xF <= 5 for code in codes)


def test_no_machine_is_two_boards() -> None:
    assert check_boards(map(board, BOARDS)) == []
    matches = [each.match for each in map(board, BOARDS) if each.match is not None]
    for values in (
        [code for match in matches for code in match.cpuinfo_revision],
        [text for match in matches for text in match.compatible],
    ):
        assert len(set(values)) == len(values)
        # Raspberry Pi OS uses this one for both revisions of the first board.
        assert "raspberrypi,model-b" not in values
