"""Which storage a simulated register acts on: its own, another's, a hidden one, one by index."""

from __future__ import annotations

import pytest

from regmap.errors import BusFault, UnknownName
from regmap.layout import lay_out
from regmap.sim import Simulator
from tests.support import model_of


def simulated(body: str) -> Simulator:
    return Simulator(lay_out(model_of(f"regmap: 1\nblock: block\ninstance: DEV\n{body}")))


def test_set_clear_and_toggle_registers_act_on_their_target() -> None:
    simulator = simulated(
        """
registers:
  TOGGLE: {offset: 12, access: wo1t, target: OUT}
  OUT: {offset: 0, reset: 0xF0}
  SET: {offset: 4, access: rw1s, target: OUT}
  CLEAR: {offset: 8, access: wo1c, target: OUT}
"""
    )
    simulator.write(4, 32, 0x0F)
    simulator.write(8, 32, 0x11)
    simulator.write(12, 32, 0x03)
    assert simulator.read(0, 32) == 0xED
    assert simulator.peek("DEV.OUT") == simulator.peek("DEV.TOGGLE") == 0xED
    assert simulator.read(4, 32) == 0xED  # a readable one shows its target
    assert simulator.read(8, 32) == 0


def test_an_alias_is_the_same_storage() -> None:
    simulator = simulated(
        "registers:\n  MIRROR: {offset: 8, alias: R}\n  R: {offset: 0, reset: 5}\n"
    )
    assert simulator.read(8, 32) == 5
    simulator.write(8, 32, 7)
    assert simulator.read(0, 32) == 7


def test_a_hidden_storage_is_shared_by_those_that_name_it() -> None:
    simulator = simulated(
        """
registers:
  SET: {offset: 0, access: wo1s, storage: latch}
  CLEAR: {offset: 4, access: wo1c, storage: latch}
  OTHER: {offset: 8, access: wo1s, storage: elsewhere}
"""
    )
    simulator.write(0, 32, 0xFF)
    simulator.write(4, 32, 0x0F)
    simulator.write(8, 32, 0x100)
    assert simulator.peek("DEV.SET") == 0xF0
    assert simulator.read(0, 32) == 0


def test_elements_share_with_the_same_element() -> None:
    simulator = simulated(
        """
registers:
  OUT: {offset: 0, array: {count: [2, 2], stride: [8, 4], name: "OUT{i}{j}"}}
  SET: {offset: 0x20, access: wo1s, target: OUT, array: {count: [2, 2], stride: [8, 4]}}
  HID: {offset: 0x40, access: wo1s, storage: s, array: {count: 2, stride: 4}}
  HIC: {offset: 0x50, access: wo1c, storage: s, array: {count: 2, stride: 4}}
"""
    )
    simulator.write(0x28, 32, 5)
    assert simulator.peek("DEV.OUT10") == simulator.peek("DEV.OUT[1][0]") == 5
    assert simulator.peek("DEV.OUT[0][1]") == 0
    simulator.write(0x44, 32, 3)
    simulator.write(0x54, 32, 1)
    assert (simulator.peek("DEV.HIC[0]"), simulator.peek("DEV.HIC[1]")) == (0, 2)


def test_groups_share_inside_of_themselves_or_with_what_is_around_them() -> None:
    simulator = simulated(
        """
registers: {TOP: {offset: 0}}
groups:
  G:
    offset: 0x10
    array: {count: 2, stride: 0x10, name: "G{i}"}
    registers:
      OUT: {offset: 0}
      SET: {offset: 4, access: wo1s, target: OUT}
      TSET: {offset: 8, access: wo1s, target: TOP}
      HID: {offset: 12, access: wo1s, storage: s}
"""
    )
    simulator.write(0x14, 32, 1)
    simulator.write(0x24, 32, 2)
    assert (simulator.peek("DEV.G0.OUT"), simulator.peek("DEV.G[1].OUT")) == (1, 2)
    simulator.write(0x18, 32, 4)
    simulator.write(0x28, 32, 8)
    assert simulator.peek("DEV.TOP") == 12
    simulator.write(0x1C, 32, 1)
    assert (simulator.peek("DEV.G0.HID"), simulator.peek("DEV.G1.HID")) == (1, 0)


def test_a_storage_begins_with_its_owners_reset_value() -> None:
    simulator = simulated(
        "registers:\n  SET: {offset: 4, access: wo1s, target: OUT}\n  OUT: {offset: 0, reset: 9}\n"
    )
    assert simulator.peek("DEV.SET") == 9
    simulator.write(4, 32, 6)
    simulator.power_on_reset()
    assert simulator.peek("DEV.OUT") == 9


# ---- windows -----------------------------------------------------------------------------------

WINDOW = """
registers:
  SEL: {offset: 0, reset: 0x80000000, fields: {NUMBER: {bits: "7:4"}, TOP: {bits: 31, access: ro}}}
  DATA: {offset: 4}
windows:
  pair:
    index: SEL.NUMBER
    data: DATA
    registers:
      A: {index: 2, reset: 0x22}
      WIDE:
        {index: 4, width: 64, access-widths: [32], word-order: low-first, reset: 0x1122334455667788}
      EVENTS: {index: 7, access: rw1c, reset: 0xFF}
      WRITE: {index: 8, access: wo}
"""


def test_the_data_register_is_the_one_that_is_selected() -> None:
    simulator = simulated(WINDOW)
    simulator.write(0, 32, 2 << 4)
    assert simulator.read(4, 32) == 0x22
    simulator.write(4, 32, 0x33)
    assert simulator.peek("DEV.A") == 0x33
    simulator.write(0, 32, 4 << 4)
    assert simulator.read(4, 32) == 0x5566_7788
    simulator.write(0, 32, 5 << 4)
    assert simulator.read(4, 32) == 0x1122_3344
    simulator.write(4, 32, 0xAAAA_AAAA)
    assert simulator.peek("DEV.WIDE") == 0xAAAA_AAAA_5566_7788


def test_actions_hold_behind_a_window_too() -> None:
    simulator = simulated(WINDOW)
    simulator.write(0, 32, 7 << 4)
    simulator.write(4, 32, 0x0F)
    assert simulator.read(4, 32) == 0xF0
    simulator.write(0, 32, 8 << 4)
    simulator.write(4, 32, 5)
    assert (simulator.read(4, 32), simulator.peek("DEV.WRITE")) == (0, 5)


def test_an_index_without_a_register_is_a_fault() -> None:
    simulator = simulated(WINDOW)
    simulator.write(0, 32, 3 << 4)
    for use in (lambda: simulator.read(4, 32), lambda: simulator.write(4, 32, 1)):
        with pytest.raises(BusFault, match="no register has index 0x3") as caught:
            use()
        assert caught.value.address == 4


def test_a_register_behind_a_window_has_no_address() -> None:
    simulator = simulated(WINDOW)
    with pytest.raises(BusFault, match="nothing is there"):
        simulator.read(8, 32)


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [("DEF.R", "did you mean DEV"), ("DEV.S", "DEV has no 'S'"), ("DEV", "DEV has no ''")],
)
def test_a_path_that_is_not_there_is_refused(path: str, why: str) -> None:
    simulator = simulated("registers: {R: {offset: 0}}")
    for use in (
        lambda: simulator.peek(path),
        lambda: simulator.poke(path, 1),
        lambda: simulator.on_read(path, lambda old: old),
        lambda: simulator.on_write(path, lambda new: new),
        lambda: simulator.drop_writes(path),
    ):
        with pytest.raises(UnknownName, match=why):
            use()
