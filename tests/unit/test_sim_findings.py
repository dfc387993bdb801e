"""The simulator cuts nothing: what does not fit, and what no bus has, is refused with its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from regmap.errors import BadAddress, BusFault, NoSuchElement, RegmapError, ValueDoesNotFit
from regmap.layout import lay_out
from regmap.layout.device import ClockLayout, DeviceLayout, InstanceLayout
from regmap.layout.shape import BlockLayout, FieldLayout, RegisterAt, RegisterLayout
from regmap.live.build import build
from regmap.sim import Simulator
from tests.support import model_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      WORD: {offset: 0, reset: 5}
      BYTE: {offset: 4, width: 8}
      DIR: {offset: 8, fields: {D: {bits: "1:0"}}}
      LEVEL: {offset: 12, access: ro}
      LATCH: {offset: 16}
    views:
      pin:
        count: 2
        members:
          dir: {enum: {IN: 0, OUT: 1}, path: "DIR.bit[i]"}
        pad: {level: "LEVEL.bit[i]", latch: "LATCH.bit[i]", output: {dir: OUT}}
"""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(lay_out(model_of(CHIP)))


@pytest.mark.parametrize(
    ("use", "error", "why"),
    [
        (lambda s: s.poke("DEV.WORD", 1 << 32), ValueDoesNotFit, r"DEV\.WORD: .*0xffffffff"),
        (lambda s: s.poke("DEV.BYTE", 256), ValueDoesNotFit, r"DEV\.BYTE: .*0xff"),
        (lambda s: s.poke("DEV.WORD", -1), ValueDoesNotFit, r"DEV\.WORD: "),
        (lambda s: s.write(0, 32, 1 << 32), ValueDoesNotFit, "0x0: .*0xffffffff"),
        (lambda s: s.write(4, 8, 256), ValueDoesNotFit, "0x4: .*0xff"),
        (lambda s: s.write(0, 32, -1), ValueDoesNotFit, "0x0: "),
        (lambda s: s.write(0, 24, 1), BadAddress, "24-bit write at 0x0"),
        (lambda s: s.read(0, 0), BadAddress, "0-bit read at 0x0"),
        (lambda s: s.read(0, 128), BadAddress, "128-bit read"),
        (
            lambda s: s.update(4, 8, keep=0, neutral=0, mask=0x1FF, value=0x100),
            ValueDoesNotFit,
            "0x4",
        ),
        (lambda s: s.drive(0, 2), ValueDoesNotFit, "pin 0: .*largest 0x1"),
        (lambda s: s.drive("DEV.pin[1]", -1), ValueDoesNotFit, r"pin DEV\.pin\[1\]: "),
        (lambda s: s.drive(f"DEV.pin[{'9' * 6000}]", 1), NoSuchElement, "bits; it has 2"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    simulator: Simulator, use: Callable[[Simulator], object], error: type[RegmapError], why: str
) -> None:
    with pytest.raises(error, match=why):
        use(simulator)
    assert [simulator.peek(f"DEV.{name}") for name in ("WORD", "BYTE", "LEVEL")] == [5, 0, 0]


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (lambda s: s.poke("DEV.WORD", 1.0), r"DEV\.WORD: takes a number"),
        (lambda s: s.write(0, 32, "1"), "0x0: takes a number"),
        (lambda s: s.drive(0, None), "pin 0: takes a number"),
    ],
)
def test_what_is_no_number_is_refused(
    simulator: Simulator, use: Callable[[Any], object], why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        use(simulator)


@pytest.mark.parametrize("number", [256, -1])
def test_a_hook_has_to_give_what_fits(simulator: Simulator, number: int) -> None:
    simulator.on_read("DEV.BYTE", lambda _: number)
    with pytest.raises(ValueDoesNotFit, match=r"the hook of DEV\.BYTE: "):
        simulator.read(4, 8)
    simulator.on_write("DEV.BYTE", lambda _: number)
    with pytest.raises(ValueDoesNotFit, match=r"the hook of DEV\.BYTE: "):
        simulator.write(4, 8, 1)
    assert simulator.peek("DEV.BYTE") == 0


def test_a_block_without_its_clock_says_what_to_do() -> None:
    register = RegisterLayout("R", 32, keep=0xFFFF_FFFF, fields=(FieldLayout("ON", ((0, 1),)),))
    block = BlockLayout("b", "B", (RegisterAt("R", 0, register),), size=4)

    def instance(name: str, base: int, clock: ClockLayout | None) -> InstanceLayout:
        return InstanceLayout(
            name=name, base=base, size=4, block_name="b", block=lambda: block, clock=clock
        )

    clock = ClockLayout(enable=(("CM.R.ON", 1),))
    instances = {"CM": instance("CM", 0, None), "GPIO": instance("GPIO", 4, clock)}
    layout = DeviceLayout(name="chip", class_name="C", kind="chip", instances=instances)
    assert instances["CM"].clock_hint == ""
    device: Any = build(layout)(Simulator(layout))
    what = r"it needs CM\.R\.ON = 1; GPIO\.clock\.enable\(\) does that"
    with pytest.raises(BusFault, match=f"GPIO has no clock: {what}"):
        device.GPIO.R.read()
    assert device.GPIO.context.hint.endswith(instances["GPIO"].clock_hint)
    device.GPIO.clock.enable()
    assert device.GPIO.R.raw == 0
    with pytest.raises(ValueError, match="NaN"):
        device.GPIO.clock.enable(timeout_s=float("nan"))
