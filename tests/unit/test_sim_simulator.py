"""The simulator as a backend and as a bench: strictness, hooks, clocks, pins, reset."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import regmap
from regmap import _core
from regmap.backends.base import Backend, Updating
from regmap.errors import (
    AccessError,
    BadAddress,
    BusFault,
    ClosedError,
    NoSuchElement,
    UnknownName,
    ValueDoesNotFit,
)
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.sim import Simulator
from tests.support import model_of
from tests.unit.test_live_device import board

BLOCK = """
regmap: 1
block: block
instance: DEV
size: 0x20
registers:
  WORD: {offset: 0, reset: 0x12345678}
  BYTE: {offset: 4, width: 8}
  HALVES: {offset: 8, width: 64, access-widths: [32], word-order: low-first}
  BOTH: {offset: 16, width: 64, access-widths: [32, 64], word-order: low-first}
  STATUS: {offset: 24, access: ro, reset: 1, alternate: true}
  COMMAND: {offset: 24, access: wo, alternate: true}
"""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(lay_out(model_of(BLOCK)))


# ---- strictness --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "width", "why"),
    [
        (0x100, 32, "nothing is there"),
        (0x20, 32, "nothing is there"),
        (0x1C, 32, "no register is there"),
        (0, 8, "the register takes 32 bits"),
        (0, 64, "the register takes 32 bits"),
        (2, 16, "no register is there"),
        (4, 32, "the register takes 8 bits"),
        (8, 64, "the register takes 32 bits"),
        (8, 16, "the register takes 32 bits"),
        (16, 16, "the register takes 32 or 64 bits"),
    ],
)
def test_what_no_register_takes_is_a_fault_with_its_address(
    simulator: Simulator, address: int, width: int, why: str
) -> None:
    with pytest.raises(BusFault, match=why) as caught:
        simulator.read(address, width)
    assert caught.value.address == address
    assert f"{width}-bit read at {address:#x}" in str(caught.value)
    with pytest.raises(BusFault, match=f"{width}-bit write"):
        simulator.write(address, width, 0)


def test_every_width_that_a_register_takes_is_taken(simulator: Simulator) -> None:
    simulator.write(16, 64, 1 << 40 | 2)
    assert [simulator.read(16, 32), simulator.read(20, 32)] == [2, 1 << 8]
    simulator.write(12, 32, 7)
    assert simulator.peek("DEV.HALVES") == 7 << 32


def test_two_registers_at_one_address_are_told_apart_by_the_direction(
    simulator: Simulator,
) -> None:
    simulator.write(24, 32, 5)
    assert simulator.read(24, 32) == 1
    assert (simulator.peek("DEV.COMMAND"), simulator.peek("DEV.STATUS")) == (5, 1)


def test_a_closed_simulator_says_so(simulator: Simulator) -> None:
    simulator.close()
    simulator.close()
    for use in (lambda: simulator.read(0, 32), lambda: simulator.write(0, 32, 0)):
        with pytest.raises(ClosedError):
            use()


def test_it_is_a_backend_with_an_update_of_its_own(simulator: Simulator) -> None:
    assert isinstance(simulator, Backend)
    assert isinstance(simulator, Updating)
    assert simulator.update(0, 32, keep=0xFF00, neutral=1 << 31, mask=0xF, value=9) == (0x8000_5609)
    assert simulator.peek("DEV.WORD") == 0x8000_5609
    assert repr(simulator) == "<simulator of block>"


def test_an_update_is_whole_between_threads(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its read and its write no other thread gets in, however long that takes."""
    between, done = threading.Event(), threading.Event()
    came_in: list[bool] = []

    def other() -> None:
        between.wait(30)
        simulator.write(0, 32, 0xAAAA_AAAA)
        done.set()

    def merge(*arguments: int) -> int:
        between.set()
        came_in.append(done.wait(0.2))
        return _core.merge(*arguments)

    monkeypatch.setattr("regmap.sim.simulator.merge", merge)
    thread = threading.Thread(target=other)
    thread.start()
    simulator.update(0, 32, keep=0xFFFF_FFFF, neutral=0, mask=1, value=1)
    thread.join(30)
    assert came_in == [False]
    assert simulator.peek("DEV.WORD") == 0xAAAA_AAAA


# ---- from behind -------------------------------------------------------------------------------


def test_peek_and_poke_reach_the_storage_and_nothing_else(simulator: Simulator) -> None:
    simulator.poke("DEV.STATUS", 0x2345_6789)
    assert simulator.peek("DEV.STATUS") == 0x2345_6789
    assert simulator.read(24, 32) == 0x2345_6789


def test_a_hook_plays_a_counter(simulator: Simulator) -> None:
    simulator.on_read("DEV.BYTE", lambda old: (old + 100) % 256)
    assert [simulator.read(4, 8) for _ in range(3)] == [100, 200, 44]
    assert simulator.peek("DEV.BYTE") == 44


def test_a_hook_sees_and_changes_what_is_written(simulator: Simulator) -> None:
    seen: list[int] = []

    def hook(value: int) -> int:
        seen.append(value)
        return value | 1

    simulator.on_write("DEV.WORD", hook)
    simulator.write(0, 32, 0xF0)
    assert (seen, simulator.peek("DEV.WORD")) == ([0xF0], 0xF1)


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.poke("DEV.BYTE", 256),
        lambda s: s.poke("DEV.WORD", -1),
        lambda s: s.write(4, 8, 256),
        lambda s: s.write(0, 32, -1),
        lambda s: (s.on_read("DEV.BYTE", lambda old: 256), s.read(4, 8)),
        lambda s: (s.on_write("DEV.BYTE", lambda new: -1), s.write(4, 8, 1)),
    ],
)
def test_nothing_that_does_not_fit_is_cut(simulator: Simulator, use: Any) -> None:
    """Law 5 holds for the bench as well."""
    with pytest.raises(ValueDoesNotFit):
        use(simulator)
    assert (simulator.peek("DEV.BYTE"), simulator.peek("DEV.WORD")) == (0, 0x1234_5678)


@pytest.mark.parametrize("width", [0, 7, 24, 128, -8])
def test_a_width_that_no_bus_has_is_refused(simulator: Simulator, width: int) -> None:
    for use in (lambda: simulator.read(0, width), lambda: simulator.write(0, width, 0)):
        with pytest.raises(BadAddress, match="no bus has this width"):
            use()


def test_dropped_writes_leave_no_trace(simulator: Simulator) -> None:
    simulator.drop_writes("DEV.WORD")
    simulator.write(0, 32, 0)
    assert simulator.read(0, 32) == 0x1234_5678
    simulator.poke("DEV.WORD", 5)
    assert simulator.read(0, 32) == 5


def test_a_power_on_reset_starts_again_and_keeps_hooks(simulator: Simulator) -> None:
    simulator.on_read("DEV.BYTE", lambda old: old + 1)
    simulator.drop_writes("DEV.HALVES")
    simulator.write(0, 32, 0)
    simulator.read(4, 8)
    simulator.power_on_reset()
    assert (simulator.peek("DEV.WORD"), simulator.peek("DEV.BYTE")) == (0x1234_5678, 0)
    assert simulator.read(4, 8) == 1


def test_two_devices_may_share_one(simulator: Simulator) -> None:
    first: Any = build(simulator.layout)(simulator)
    second: Any = build(simulator.layout)(simulator)
    first.DEV.WORD = 7
    assert second.DEV.WORD.raw == 7


# ---- clocks ------------------------------------------------------------------------------------


def test_a_block_without_its_clock_is_a_fault() -> None:
    simulator = Simulator(lay_out(board()))
    with pytest.raises(BusFault, match="32-bit read at 0x1000: GPIO has no clock"):
        simulator.read(0x1000, 32)
    simulator.write(0x100, 32, 1)
    with pytest.raises(BusFault, match="no clock"):
        simulator.write(0x1000, 32, 1)
    simulator.write(0x100, 32, 2)
    simulator.write(0x1000, 32, 1)
    assert simulator.read(0x1000, 32) == 1
    simulator.power_on_reset()
    with pytest.raises(BusFault, match="no clock"):
        simulator.read(0x1000, 32)


def test_the_status_follows_the_clock_without_any_access_to_the_block() -> None:
    simulator = Simulator(lay_out(board()))
    assert simulator.read(0x100, 32) == 0x30000
    simulator.write(0x100, 32, 2)
    assert simulator.read(0x100, 32) == 2
    simulator.write(0x100, 32, 0)
    assert simulator.read(0x100, 32) == 0x30000
    simulator.poke("CM.CLK", 0x30002)
    assert simulator.read(0x100, 32) == 2
    simulator.power_on_reset()
    assert simulator.read(0x100, 32) == 0x30000


# ---- pins --------------------------------------------------------------------------------------

GPIO = """
regmap: 1
block: gpio
instance: GPIO
registers:
  MODE:
    offset: 0
    reset: 0
    fields: {M: {bits: "1:0", enum: {IN: 0, OUT: 1, ALT: 2}, array: {count: 4, stride: 2}}}
  LEVEL: {offset: 4, access: ro}
  SET: {offset: 8, access: wo1s, storage: latch}
  CLEAR: {offset: 12, access: wo1c, storage: latch}
  EVENT: {offset: 16, access: rw1c, reset: 0}
  RISE: {offset: 20, reset: 0}
  FALL: {offset: 24, reset: 0}
  HIGH: {offset: 28, reset: 0}
  LOW: {offset: 32, reset: 0}
views:
  pin:
    count: 4
    members:
      mode: "MODE.M[i]"
      level: {read: "LEVEL.bit[i]", set: "SET.bit[i]", clear: "CLEAR.bit[i]"}
    pad:
      {level: "LEVEL.bit[i]", latch: "SET.bit[i]", output: {mode: OUT}, event: "EVENT.bit[i]",
       rising: "RISE.bit[i]", falling: "FALL.bit[i]", high: "HIGH.bit[i]", low: "LOW.bit[i]"}
"""


@pytest.fixture
def gpio() -> tuple[Simulator, Any]:
    layout = lay_out(model_of(GPIO, "gpio.yaml"))
    simulator = Simulator(layout)
    return simulator, build(layout)(simulator).GPIO


def test_an_input_shows_what_is_driven_and_an_output_its_latch(gpio: Any) -> None:
    simulator, dev = gpio
    simulator.drive(2, 1)
    assert (dev.LEVEL.raw, simulator.level(2)) == (0b0100, 1)
    dev.pin[2].level = 0
    assert dev.pin[2].level == 1
    dev.pin[1].level = 1
    assert dev.pin[1].level == 0  # loaded, but not driven yet
    dev.pin[1].mode = "OUT"
    dev.pin[2].mode = "OUT"
    assert (dev.LEVEL.raw, simulator.level(2), simulator.level(1)) == (0b0010, 0, 1)
    simulator.drive(1, 0)
    assert dev.pin[1].level == 1
    dev.pin[1].mode = "ALT"
    assert dev.pin[1].level == 0


def test_edges_are_collected_where_they_are_enabled(gpio: Any) -> None:
    simulator, dev = gpio
    dev.RISE = 0b0001
    dev.FALL = 0b0010
    for pin in (0, 1, 2):
        simulator.drive(pin, 1)
    assert dev.EVENT.raw == 0b0001
    for pin in (0, 1, 2):
        simulator.drive(pin, 0)
    assert dev.EVENT.raw == 0b0011
    dev.EVENT = 0b0001
    assert dev.EVENT.raw == 0b0010
    simulator.drive(0, 0)
    assert dev.EVENT.raw == 0b0010  # no edge, no event


def test_levels_are_collected_as_long_as_they_last(gpio: Any) -> None:
    simulator, dev = gpio
    dev.HIGH = 0b0001
    dev.LOW = 0b0010
    assert dev.EVENT.raw == 0b0010
    simulator.drive(0, 1)
    simulator.drive(1, 1)
    assert dev.EVENT.raw == 0b0011
    dev.EVENT = 0b0011
    assert dev.EVENT.raw == 0b0001  # still high, so it is set again at once
    simulator.drive(0, 0)
    dev.EVENT = 0b0011
    assert dev.EVENT.raw == 0


def test_edges_of_an_output_count_too(gpio: Any) -> None:
    _, dev = gpio
    dev.RISE = 0b1000
    dev.pin[3].mode = "OUT"
    dev.pin[3].level = 1
    assert dev.EVENT.raw == 0b1000


def test_after_a_reset_driven_pins_show_what_is_driven(gpio: Any) -> None:
    simulator, dev = gpio
    simulator.drive(2, 1)
    dev.pin[0].mode = "OUT"
    dev.pin[0].level = 1
    simulator.power_on_reset()
    assert dev.LEVEL.raw == 0b0100
    assert (simulator.level(2), simulator.level(0)) == (1, 0)


def test_a_poked_level_is_what_the_pads_say(gpio: Any) -> None:
    simulator, dev = gpio
    simulator.drive(1, 1)
    simulator.poke("GPIO.LEVEL", 0b1001)
    assert dev.LEVEL.raw & 0b1111 == 0b0010


@pytest.mark.parametrize("pin", [3, "GPIO.pin[3]"])
def test_a_pin_may_be_named_in_several_ways(gpio: Any, pin: int | str) -> None:
    simulator, dev = gpio
    simulator.drive(pin, 1)
    assert (simulator.level(pin), dev.pin[3].level) == (1, 1)


@pytest.mark.parametrize(
    ("pin", "error"),
    [
        (4, NoSuchElement), (-1, NoSuchElement), ("GPIO.pin[4]", NoSuchElement),
        ("GPIO.pin[x]", UnknownName), ("GPIO.pins[1]", UnknownName), ("P1", UnknownName),
        ("GPIO.pin[", UnknownName), ("", UnknownName),
    ],
)  # fmt: skip
def test_a_pin_that_is_not_there_is_refused(
    gpio: Any, pin: int | str, error: type[Exception]
) -> None:
    simulator, _ = gpio
    use: Callable[[], object]
    for use in (lambda: simulator.drive(pin, 1), lambda: simulator.level(pin)):
        with pytest.raises(error):
            use()


def test_a_number_is_a_pin_only_where_there_is_one_gpio_block(simulator: Simulator) -> None:
    with pytest.raises(AccessError, match="has 0 GPIO blocks; use a path"):
        simulator.drive(0, 1)


def test_a_boards_names_are_pins_of_the_simulator() -> None:
    with regmap.open("rpi1-rev2", backend="sim:") as pi:
        simulator: Any = pi.backend
        simulator.drive("P1-11", 1)
        assert pi.pins["P1-11"].level == 1
        assert pi.pin[17].level == 1
        assert simulator.level("GPIO17") == 1
        with pytest.raises(UnknownName, match="P1-11"):
            simulator.drive("P1-111", 1)
