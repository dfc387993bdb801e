"""Devices: instances attached when first touched, pins by name, clocks, and the end of it all."""

from __future__ import annotations

from typing import Any

import pytest

import regmap
from regmap.errors import AccessError, BackendError, NotWritable, UnknownName, WaitTimeout
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.model.block import Array
from regmap.model.chip import Board, Clock, Instance, Pin
from regmap.sim import Simulator
from tests.support import Recorder, model_of

GPIO = """
    regmap: 1
    block: gpio
    size: 0x20
    registers:
      MODE: {offset: 0, fields: {M: {bits: 0, enum: {IN: 0, OUT: 1}, array: {count: 4, stride: 1}}}}
      DATA: {offset: 4}
    views: {pin: {count: 4, members: {mode: "MODE.M[i]", level: "DATA.bit[i]"}}}
"""
CM = """
    regmap: 1
    block: cm
    registers:
      CLK:
        offset: 0
        reset: 0x00030000
        fields:
          ENABLE: {bits: "1:0", enum: {"OFF": 0, "RUN": 2}}
          IDLE: {bits: "17:16", access: ro, volatile: true, enum: {FUNC: 0, DISABLED: 3}}
"""


def board(**more: Any) -> Board:
    gpio, clocks = model_of(GPIO, "gpio.yaml"), model_of(CM, "cm.yaml")
    clock = Clock(enable={"CM.CLK.ENABLE": "RUN"}, ready={"CM.CLK.IDLE": "FUNC"})
    uart = Array(counts=(2,), strides=(0x100,))
    return Board(
        name="board",
        instances=(
            Instance(name="CM", block=clocks, base=0x100),
            Instance(name="GPIO", block=gpio, base=0x1000, clock=clock),
            Instance(name="UART", block=clocks, base=0x2000, array=uart),
        ),
        pins=(
            Pin(names=("P1-03", "SDA"), instance="GPIO", view="pin", index=2),
            Pin(names=("P1-05", "SCL"), instance="GPIO", view="pin", index=3),
        ),
        fixed_pins={"P1-01": "3V3"},
        **more,
    )


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def device(bus: Recorder) -> Any:
    return build(lay_out(board()))(bus)


def test_it_says_what_it_is(device: Any, bus: Recorder) -> None:
    assert (device.name, device.layout.kind) == ("board", "board")
    assert repr(device).startswith("<board board on <tests.support.Recorder")
    assert [block.path for block in device.blocks] == ["CM", "GPIO", "UART0", "UART1"]
    assert device.UART == (device.UART0, device.UART1)
    assert repr(type(device).MEMBERS["GPIO"]) == "<instance of gpio at 0x1000>"
    assert [r.path for r in device][:3] == ["CM.CLK", "GPIO.MODE", "GPIO.DATA"]
    assert bus.taken() == []


def test_instances_are_no_place_to_write_to(device: Any) -> None:
    for name in ("GPIO", "UART"):
        with pytest.raises(NotWritable, match="it is a block"):
            setattr(device, name, 1)
    with pytest.raises(UnknownName, match="board has no 'GPOI'; did you mean GPIO"):
        device.GPOI = 1
    with pytest.raises(UnknownName, match="did you mean pin or pins"):
        _ = device.pinz


# ---- pins --------------------------------------------------------------------------------------


def test_a_pin_has_many_names_and_is_one_item(device: Any, bus: Recorder) -> None:
    assert device.pins["P1-03"] is device.pins["SDA"] is device.pin[2] is device.GPIO.pin[2]
    assert list(device.pins) == ["P1-03", "SDA", "P1-05", "SCL"]
    assert len(device.pins) == 4
    assert repr(device.pins) == "<4 pin names of board>"
    device.pins["SCL"].mode = "OUT"
    assert bus.taken() == [("R", 0x1000, 32), ("W", 0x1000, 32, 8)]


def test_a_pin_that_is_not_there_says_so(device: Any) -> None:
    with pytest.raises(UnknownName, match=r"board\.pins has no 'SDB'; did you mean SDA"):
        device.pins["SDB"]
    with pytest.raises(AccessError, match="P1-01: it is no GPIO: 3V3"):
        device.pins["P1-01"]


def test_pins_are_asked_for_as_any_mapping_is(device: Any) -> None:
    assert "SDA" in device.pins
    assert "NOPE" not in device.pins
    assert "P1-01" not in device.pins
    assert 3 not in device.pins
    assert device.pins.get("NOPE") is None
    assert device.pins.get("P1-01", 7) == 7
    assert device.pins.get("SDA") is device.pin[2]
    assert dict(device.pins)["SCL"] is device.pin[3]


def test_pin_is_there_where_one_block_has_pins() -> None:
    gpio = model_of(GPIO, "gpio.yaml")
    for count, why in ((0, "has 0 GPIO blocks"), (2, r"2 GPIO blocks; use G0\.pin or G1\.pin")):
        instances = tuple(Instance(name=f"G{n}", block=gpio, base=0x100 * n) for n in range(count))
        device: Any = build(lay_out(Board(name="b", instances=instances)))(Recorder())
        with pytest.raises(AccessError, match=why):
            _ = device.pin


# ---- backends ----------------------------------------------------------------------------------


class Attaching(Recorder):
    """Hands itself out for each instance, and remembers which."""

    def __init__(self) -> None:
        super().__init__()
        self.attached: list[tuple[int, int]] = []
        self.closed = 0

    def attach(self, address: int, size: int) -> Attaching:
        self.attached.append((address, size))
        return self

    def close(self) -> None:
        self.closed += 1


def test_an_instance_is_attached_once_when_a_register_is_first_touched() -> None:
    backend = Attaching()
    device: Any = build(lay_out(board()))(backend)
    _ = (device.GPIO, device.GPIO.pin[1], repr(device.GPIO), device.pins["SDA"])
    assert backend.attached == []
    _ = (device.GPIO.MODE, device.GPIO.DATA, device.GPIO.pin[1].level)
    assert backend.attached == [(0x1000, 0x20)]
    _ = device.CM.CLK
    assert backend.attached == [(0x1000, 0x20), (0x100, 4)]


def test_it_closes_its_backend_once() -> None:
    backend = Attaching()
    with build(lay_out(board()))(backend) as device:
        assert "closed" not in repr(device)
    device.close()
    assert backend.closed == 1
    assert repr(device) == "<board board closed>"


def test_an_error_inside_still_closes() -> None:
    backend = Attaching()
    with pytest.raises(ZeroDivisionError), build(lay_out(board()))(backend):
        raise ZeroDivisionError
    assert backend.closed == 1


def test_blocks_that_differ_by_cpu_take_the_devices_cpu() -> None:
    text = "regmap: 1\nblock: block\nper-cpu: %s\nregisters: {R: {offset: 0}}\n"
    for stated, cpu, wanted in (("true", 0, 0), ("true", None, None), ("false", 0, None)):
        layout = lay_out(model_of(text % stated))
        assert build(layout)(Recorder(), cpu=cpu).BLOCK.context.cpu == wanted


def test_a_cpu_that_is_not_there_is_refused_at_the_access() -> None:
    layout = lay_out(
        model_of("regmap: 1\nblock: b\nper-cpu: true\nregisters: {R: {offset: 0}}\n", "b.yaml")
    )
    bus = Recorder()
    register = build(layout)(bus, cpu=10**6).B.R
    with pytest.raises(BackendError, match="CPU 1000000"):
        register.read()
    assert bus.taken() == []


# ---- clocks ------------------------------------------------------------------------------------


@pytest.fixture
def simulated() -> Any:
    layout = lay_out(board())
    return build(layout)(Simulator(layout))


def test_a_clock_is_switched_on_and_waited_for(simulated: Any) -> None:
    device = simulated
    with pytest.raises(regmap.BusFault, match="GPIO has no clock"):
        device.GPIO.DATA.read()
    assert not device.GPIO.clock.ready()
    assert repr(device.GPIO.clock) == "<clock of GPIO>"
    device.GPIO.clock.enable()
    assert device.GPIO.clock.ready()
    assert device.CM.CLK.IDLE.name == "FUNC"
    assert device.GPIO.DATA.read() == 0
    device.CM.CLK.ENABLE = "OFF"
    assert device.CM.CLK.IDLE.name == "DISABLED"


def test_the_bus_sees_one_change_and_one_read_a_poll(
    device: Any, bus: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: list[float] = []

    def sleep(seconds: float) -> None:
        polls.append(seconds)
        bus.memory[0x100] &= 0xFFFF if len(polls) == 2 else -1

    monkeypatch.setattr("regmap.live.clock.time.sleep", sleep)
    bus.memory[0x100] = 0x30000
    device.GPIO.clock.enable()
    read = ("R", 0x100, 32)
    assert bus.taken() == [read, ("W", 0x100, 32, 0x30002), read, read, read]
    assert len(polls) == 2


def test_a_clock_that_does_not_start_is_a_time_out(
    device: Any, bus: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regmap.live.clock.time.sleep", lambda seconds: None)
    bus.memory[0x100] = 0x30000
    with pytest.raises(WaitTimeout, match=r"GPIO: its clock does not start: no CM\.CLK\.IDLE"):
        device.GPIO.clock.enable(timeout_s=0)


def test_a_fault_of_an_unclocked_block_says_what_to_do(device: Any) -> None:
    assert device.GPIO.context.hint == (
        "GPIO may have no clock: it needs CM.CLK.ENABLE = RUN; GPIO.clock.enable() does that"
    )
    assert device.CM.context.hint == ""


def test_without_a_name_the_board_that_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from regmap.backends import doctor

    def recognised(boards: Any) -> Any:
        return next(board for board in boards if board.name == "rpi3")

    with monkeypatch.context() as patch:
        patch.setattr(doctor, "recognise", recognised)
        with regmap.open(backend="sim:") as device:
            assert device.name == "rpi3"
    monkeypatch.setattr(doctor, "recognise", lambda _boards: None)
    monkeypatch.setattr(doctor, "nearest_board", lambda boards, _machine: boards[0])
    with pytest.raises(regmap.BackendUnavailable, match="nearest is beaglebone-black"):
        regmap.open(backend="sim:")
