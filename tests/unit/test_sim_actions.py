"""What simulated storage does on reads and writes: each action of the table, bit by bit, reached
over the bus alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.layout import lay_out
from regmap.model.access import ACCESS_SHORTHANDS
from regmap.sim import Simulator
from tests.support import model_of

# The stored byte after ``written`` over ``old``, worked out by hand from the words.
OLD, WRITTEN = 0b1100_1010, 0b1010_0110
AFTER = {
    "ro": OLD,
    "rc": OLD,
    "rs": OLD,
    "wo": WRITTEN,
    "rw": WRITTEN,
    "w1": WRITTEN,
    "rw1": WRITTEN,
    "rwrc": WRITTEN,
    "rwrs": WRITTEN,
    "rw1c": 0b0100_1000,
    "wo1c": 0b0100_1000,
    "rw1s": 0b1110_1110,
    "wo1s": 0b1110_1110,
    "rw1t": 0b0110_1100,
    "wo1t": 0b0110_1100,
    "rw0c": 0b1000_0010,
    "wo0c": 0b1000_0010,
    "rw0s": 0b1101_1011,
    "wo0s": 0b1101_1011,
    "rw0t": 0b1001_0011,
    "wo0t": 0b1001_0011,
    "rwc": 0,
    "woc": 0,
    "rws": 0xFF,
    "wos": 0xFF,
}
# What a read shows, and what it leaves, of OLD.
READ = {
    "wo": (0, OLD), "w1": (0, OLD),
    **{word: (0, OLD) for word in ACCESS_SHORTHANDS if word.startswith("wo")},
    "rc": (OLD, 0), "rwrc": (OLD, 0), "rs": (OLD, 0xFF), "rwrs": (OLD, 0xFF),
}  # fmt: skip


def simulated(registers: str) -> Simulator:
    text = f"regmap: 1\nblock: block\ninstance: DEV\nregisters:\n{registers}"
    return Simulator(lay_out(model_of(text)))


def test_the_tables_here_know_every_word() -> None:
    assert set(AFTER) == set(ACCESS_SHORTHANDS)


@pytest.mark.parametrize("word", ACCESS_SHORTHANDS)
def test_each_write_action(word: str) -> None:
    for field in ("", ', fields: {F: {bits: "7:0"}}'):
        simulator = simulated(f"  R: {{offset: 0, width: 8, access: {word}{field}}}")
        simulator.poke("DEV.R", OLD)
        simulator.write(0, 8, WRITTEN)
        assert simulator.peek("DEV.R") == AFTER[word]


@pytest.mark.parametrize("word", ACCESS_SHORTHANDS)
def test_each_read_action(word: str) -> None:
    for field in ("", ', fields: {F: {bits: "7:0"}}'):
        simulator = simulated(f"  R: {{offset: 0, width: 8, access: {word}{field}}}")
        simulator.poke("DEV.R", OLD)
        shown, left = READ.get(word, (OLD, OLD))
        assert simulator.read(0, 8) == shown
        assert simulator.peek("DEV.R") == left


def test_what_only_the_hardware_knows_stays() -> None:
    for action in ("modify", "modifyExternal"):
        simulator = simulated(f"  R: {{offset: 0, width: 8, access: ro, read-action: {action}}}")
        simulator.poke("DEV.R", OLD)
        assert [simulator.read(0, 8), simulator.read(0, 8)] == [OLD, OLD]


MIX = """
  R:
    offset: 0
    fields:
      A: {bits: "7:0"}
      B: {bits: "15:8", access: rw1c}
      C: {bits: "23:16", access: ro}
      D: {bits: "27:24", access: rc}
      E: {bits: "29:28", access: wo}
"""


def test_fields_of_one_register_act_each_by_itself() -> None:
    simulator = simulated(MIX)
    simulator.poke("DEV.R", 0xFFFF_FFFF)
    simulator.write(0, 32, 0x0000_0F12)
    # Bits 31:30 are nobody's: they hold what is written, so that a write that forgets is seen.
    assert simulator.peek("DEV.R") == 0x0FFF_F012
    simulator.poke("DEV.R", 0xFFFF_FFFF)
    assert simulator.read(0, 32) == 0xCFFF_FFFF
    assert simulator.peek("DEV.R") == 0xF0FF_FFFF


def test_write_one_registers_do_not_hold_undeclared_bits() -> None:
    simulator = simulated("  R: {offset: 0, access: rw1s, fields: {F: {bits: 0}}}")
    simulator.write(0, 32, 0xFFFF_FFFF)
    assert simulator.peek("DEV.R") == 1


# ---- only once ---------------------------------------------------------------------------------


def test_only_the_first_write_counts_until_the_next_reset() -> None:
    simulator = simulated("  R: {offset: 0, width: 8, access: rw1, reset: 0x11}")
    simulator.write(0, 8, 0x22)
    simulator.write(0, 8, 0x33)
    assert simulator.read(0, 8) == 0x22
    simulator.power_on_reset()
    assert simulator.read(0, 8) == 0x11
    simulator.write(0, 8, 0x44)
    simulator.write(0, 8, 0x55)
    assert simulator.read(0, 8) == 0x44


def test_each_part_of_a_register_is_written_once_by_itself() -> None:
    simulator = simulated(
        "  R: {offset: 0, width: 16, access: rw1, access-widths: [8], word-order: low-first}"
    )
    simulator.write(0, 8, 0x12)
    simulator.write(1, 8, 0x34)
    simulator.write(0, 8, 0xFF)
    assert simulator.peek("DEV.R") == 0x3412


def test_a_plain_neighbour_is_not_locked_with_it() -> None:
    simulator = simulated(
        '  R: {offset: 0, width: 8, fields: {K: {bits: "3:0", access: rw1}, P: {bits: "7:4"}}}'
    )
    for value, held in ((0x12, 0x12), (0x34, 0x32), (0x56, 0x52)):
        simulator.write(0, 8, value)
        assert simulator.peek("DEV.R") == held


# ---- byte order and parts ----------------------------------------------------------------------


def test_a_big_endian_register_holds_its_number_and_shows_its_bytes() -> None:
    simulator = simulated("  R: {offset: 0, byte-order: big, reset: 0x11223344}")
    assert simulator.read(0, 32) == 0x4433_2211
    simulator.write(0, 32, 0x0102_0304)
    assert simulator.peek("DEV.R") == 0x0403_0201


@pytest.mark.parametrize(
    ("order", "parts"), [("little", [0x44, 0x33, 0x22, 0x11]), ("big", [0x11, 0x22, 0x33, 0x44])]
)
def test_parts_lie_as_their_bytes_do(order: str, parts: list[int]) -> None:
    simulator = simulated(
        f"  R: {{offset: 0, access-widths: [8], word-order: low-first, byte-order: {order},"
        " reset: 0x11223344}"
    )
    assert [simulator.read(at, 8) for at in range(4)] == parts
    for at, part in enumerate(parts):
        simulator.write(at, 8, part ^ 0xFF)
    assert simulator.peek("DEV.R") == 0x1122_3344 ^ 0xFFFF_FFFF


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_part_acts_on_its_own_bits_alone(order: str) -> None:
    simulator = simulated(
        f"  W: {{offset: 0, width: 16, access: rw1c, access-widths: [8], word-order: low-first,"
        f" byte-order: {order}}}\n"
        f"  T: {{offset: 2, width: 16, access: rc, access-widths: [8], word-order: low-first,"
        f" byte-order: {order}}}"
    )
    low = 0 if order == "little" else 1
    simulator.poke("DEV.W", 0xFFFF)
    simulator.write(low, 8, 0x0F)
    assert simulator.peek("DEV.W") == 0xFFF0
    simulator.poke("DEV.T", 0x1234)
    assert simulator.read(2 + low, 8) == 0x34
    assert simulator.peek("DEV.T") == 0x1200


@given(
    st.sampled_from(["little", "big"]),
    st.sampled_from([(16, 8), (32, 8), (32, 16), (64, 8), (64, 16), (64, 32)]),
    st.integers(0, (1 << 64) - 1),
)
def test_a_register_in_parts_is_the_register_whole(
    order: str, widths: tuple[int, int], number: int
) -> None:
    """The live register over the simulator gives back what was written, whatever the parts."""
    from regmap.live.build import build

    width, part = widths
    number &= (1 << width) - 1
    text = (
        "regmap: 1\nblock: block\ninstance: DEV\nregisters: {R: {offset: 0, "
        f"width: {width}, access-widths: [{part}], word-order: high-first, byte-order: {order}}}}}"
    )
    layout = lay_out(model_of(text))
    simulator = Simulator(layout)
    device: Any = build(layout)(simulator)
    device.DEV.R = number
    assert simulator.peek("DEV.R") == number
    assert device.DEV.R.raw == number


def test_a_register_in_parts_may_lie_anywhere() -> None:
    simulator = simulated("  R: {offset: 4, width: 64, access-widths: [32], word-order: low-first}")
    simulator.write(4, 32, 1)
    simulator.write(8, 32, 2)
    assert simulator.peek("DEV.R") == 2 << 32 | 1
