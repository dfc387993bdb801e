"""The example of the README, a chip that is not shipped: the RK3288 and the Tinker Board."""

from __future__ import annotations

from regmap.loaders import load
from regmap.model.chip import Board
from tests.unit.map_reading import TINKER, block, named_values, picture, places, register


def tinker_board() -> Board:
    """The board beside the chip."""
    board = load(TINKER / "tinker-board.yaml")
    assert isinstance(board, Board)
    return board


def test_registers() -> None:
    layout = block(TINKER / "rk3288_gpio.yaml")
    found = " ".join(f"{offset:X}={name}" for offset, name, _ in places(layout))
    assert found == (
        "0=SWPORTA_DR 4=SWPORTA_DDR 30=INTEN 34=INTMASK 38=INTTYPE_LEVEL 3C=INT_POLARITY "
        "40=INT_STATUS 44=INT_RAWSTATUS 48=DEBOUNCE 4C=PORTA_EOI 50=EXT_PORTA 60=LS_SYNC"
    )


def test_fields_and_access() -> None:
    layout = block(TINKER / "rk3288_gpio.yaml")
    direction = register(layout, "SWPORTA_DDR")
    assert [field.mask for field in direction.fields] == [1 << n for n in range(32)]
    assert set(named_values(direction).values()) == {"INPUT=0 OUTPUT=1"}
    assert picture(register(layout, "LS_SYNC")) == "LS_SYNC[0]"
    ends = register(layout, "PORTA_EOI")
    assert (ends.access, ends.write_action) == ("write-only", "oneToClear")
    fixed = {name for _, name, at in places(layout) if at.register.access == "read-only"}
    assert fixed == {"INT_STATUS", "INT_RAWSTATUS", "EXT_PORTA"}


def test_banks_stand_64_kib_apart_after_the_first() -> None:
    board = tinker_board()
    assert [(at.name, at.base) for at in board.instances] == [
        ("GPIO0", 0xFF75_0000),
        *((f"GPIO{n}", 0xFF77_0000 + 0x1_0000 * n) for n in range(1, 9)),
    ]


def test_every_header_position_is_there_once() -> None:
    board = tinker_board()
    header = [pin.names[0] for pin in board.pins if pin.names[0].startswith("P1-")]
    assert sorted([*header, *board.fixed_pins]) == [f"P1-{n:02}" for n in range(1, 41)]


def test_line_names_are_bank_letter_and_bit() -> None:
    board = tinker_board()
    for pin in board.pins:
        assert pin.names[1] == f"{pin.instance}_{'ABCD'[pin.index // 8]}{pin.index % 8}"
