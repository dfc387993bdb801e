"""A live register: what each operation writes, what it refuses and why, beside the laws' tests."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import pytest

from regmap.errors import (
    AccessError,
    NotANumber,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    UnknownName,
    ValueDoesNotFit,
)
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    defaults: {reset: 0}
    registers:
      PLAIN:
        offset: 0x00
        reset: 0xA0000075
        description: What it is.
        fields:
          MODE:
            bits: "2:0"
            enum: {IDLE: 0, RUN: 1, FAST: 4, "2X": 5, ANY: {value: "0b11x"}, REST: default}
            description: How it runs.
          SPEED: {bits: "7:4", constraint: {min: 2, max: 9}}
          KIND: {bits: "9:8", enum: {A: 1, B: 2}, constraint: enum}
          SPLIT: {bits: ["31:30", "12"]}
          STATE: {bits: 16, access: ro}
          BOTH: {bits: 17, enum: {read: {CLEAN: 0, DIRTY: 1}, write: {FLUSH: 1, KEEP: 0}}}
      FLAGS: {offset: 0x04, access: rw1c, reset: 0xFF, fields: {F: {bits: "1:0"}, G: {bits: 2}}}
      ZEROS: {offset: 0x08, access: rw0c, reset: 0, fields: {F: {bits: "1:0"}, G: {bits: 2}}}
      MIXED:
        offset: 0x0C
        reset: 0x30
        fields: {EN: {bits: 0}, DONE: {bits: 1, access: rw1c}, ERR: {bits: 2, access: rw0c},
                 LEVEL: {bits: "5:4"}}
      PARTLY:
        offset: 0x10
        reset: 5
        reset-mask: 0x0F
        fields: {LOW: {bits: "3:0"}, HIGH: {bits: "7:4"}}
      UNKNOWN: {offset: 0x14, reset: null, fields: {F: {bits: "3:0"}, ONE: {bits: 7, access: wo1s}}}
      SOME: {offset: 0x18, reset: 5, reset-mask: 0x0F}
      ALL_ONE: {offset: 0x1C, access: rw1c, reset: 0xFF}
      ALL_ZERO: {offset: 0x20, access: rw0c, reset: 0}
      COMMAND: {offset: 0x24, access: wo, fields: {GO: {bits: 0}, WHAT: {bits: "7:4"}}}
      ERASE: {offset: 0x28, fields: {KEY: {bits: "7:0", access: woc}}}
      FIFO: {offset: 0x2C, access: ro, reset: null, fields: {DATA: {bits: "7:0", access: rc},
             LEFT: {bits: "15:8"}}}
      INFO: {offset: 0x30, access: ro}
      LIMITED: {offset: 0x34, constraint: {min: 3, max: 100}}
      CHECKED:
        offset: 0x38
        verify: true
        fields: {A: {bits: "3:0"}, NOW: {bits: "7:4", volatile: true}, DO: {bits: 8, access: rw1s},
                 HID: {bits: 9, access: ro}}
      TOGGLES: {offset: 0x3C, access: wo1t, fields: {T: {bits: 0}, U: {bits: 1}}}
      WIDE: {offset: 0x40, width: 64}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


def written(bus: Recorder) -> list[int]:
    """The values of the writes since the last call; whatever else happened is an error."""
    accesses = bus.taken()
    assert all(kind == "W" for kind, *_ in accesses), accesses
    return [access[3] for access in accesses]


# ---- what it is --------------------------------------------------------------------------------


def test_it_says_where_and_what_it_is(dev: Any) -> None:
    register = dev.PLAIN
    assert (register.path, register.name, register.width) == ("DEV.PLAIN", "PLAIN", 32)
    assert register.address == 0
    assert repr(register) == "<register DEV.PLAIN at 0x0, 32 bits>"
    assert type(register).__doc__ == "What it is."
    assert type(register).LAYOUT.reset == 0xA000_0075
    assert "MODE" in dir(register)


def test_the_class_gives_a_fields_description(dev: Any) -> None:
    cls = type(dev.PLAIN)
    assert (cls.MODE.name, cls.MODE.position, cls.MODE.width, cls.MODE.mask) == (
        "MODE", "2:0", 3, 7,
    )  # fmt: skip
    assert cls.MODE.__doc__ == "How it runs."
    assert cls.SPLIT.position == "31:30,12"
    assert repr(cls.MODE).startswith("<field MODE [2:0] read-write, IDLE, RUN, FAST")
    assert repr(type(dev.FLAGS).F) == "<field F [1:0] read-write, oneToClear>"
    assert cls.FIELDS["MODE"] is cls.MODE


def test_registers_are_compared_by_identity(dev: Any, bus: Recorder) -> None:
    assert dev.PLAIN == dev.PLAIN
    assert dev.PLAIN != dev.FLAGS
    assert len({dev.PLAIN, dev.PLAIN, dev.FLAGS}) == 2
    assert bus.taken() == []


@pytest.mark.parametrize("name", ["MODE", "raw", "PLAIN"])
def test_nothing_of_a_register_can_be_deleted(dev: Any, name: str, bus: Recorder) -> None:
    with pytest.raises(AttributeError):
        delattr(dev if name == "PLAIN" else dev.PLAIN, name)
    assert bus.taken() == []


def test_a_new_attribute_is_a_misspelt_field(dev: Any) -> None:
    with pytest.raises(UnknownName, match=r"DEV\.PLAIN has no 'MOOD'; did you mean MODE"):
        dev.PLAIN.MOOD = 1
    with pytest.raises(UnknownName, match="DEV has no 'PLAN'"):
        dev.PLAN = 1


# ---- values ------------------------------------------------------------------------------------


def test_an_enum_is_read_as_its_member_and_other_numbers_as_they_are(
    dev: Any, bus: Recorder
) -> None:
    bus.memory[0] = 4
    mode = dev.PLAIN.MODE
    assert isinstance(mode, IntEnum)
    assert (mode.name, mode) == ("FAST", 4)
    assert mode is type(dev.PLAIN).MODE.enum.FAST
    # Don't-care bits and the default have no member: it would hide the number that was read.
    for number in (2, 6, 7):
        bus.memory[0] = number
        mode = dev.PLAIN.MODE
        assert mode == number
        assert not isinstance(mode, IntEnum)


@pytest.mark.parametrize(
    ("value", "number"), [("RUN", 1), (4, 4), (True, 1), ("2X", 5), ("N2X", 5), ("ANY", 6), (3, 3)]
)
def test_a_value_may_be_a_name_a_number_or_a_member(
    dev: Any, bus: Recorder, value: object, number: int
) -> None:
    dev.PLAIN.MODE = value
    assert bus.memory[0] == number
    dev.PLAIN.modify(MODE=0)
    dev.PLAIN.modify(MODE=value)
    assert bus.memory[0] == number
    dev.PLAIN.MODE = type(dev.PLAIN).MODE.enum.FAST
    assert bus.memory[0] == 4


def test_names_may_differ_between_reading_and_writing(dev: Any, bus: Recorder) -> None:
    dev.PLAIN.BOTH = "FLUSH"
    assert dev.PLAIN.BOTH.name == "DIRTY"
    with pytest.raises(UnknownName, match="FLUSH"):
        dev.PLAIN.BOTH = "DIRTY"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SPEED", 1, "smallest is 0x2"), ("SPEED", 10, "largest 0x9"), ("KIND", 0, "only A, B"),
        ("KIND", 3, "only A, B"), ("SPEED", 16, "does not fit"), ("SPLIT", 8, "in 3 bits"),
        ("SPEED", -1, "does not fit"), ("MODE", 1 << 70, "in 3 bits"),
    ],
)  # fmt: skip
def test_limits_hold_for_every_way_to_write_a_field(
    dev: Any, bus: Recorder, name: str, value: int, why: str
) -> None:
    for write in (
        lambda: setattr(dev.PLAIN, name, value),
        lambda: dev.PLAIN.modify(**{name: value}),
        lambda: dev.PLAIN.write(**{name: value}),
        lambda: dev.PLAIN.check_field(name, value),
        lambda: dev.PLAIN.check_write({name: value}),
    ):
        with pytest.raises(ValueDoesNotFit, match=why):
            write()
    assert bus.taken() == []


def test_a_name_whose_number_does_not_fit_is_refused_and_not_cut(bus: Recorder) -> None:
    """Law 5, for descriptions that no checker has seen."""
    from regmap.bits import BitRange
    from regmap.layout import lay_out
    from regmap.live.build import build
    from regmap.model.block import Block, Constraint, Enum, EnumValue, Field, Register

    enum = Enum(values=(EnumValue(name="BIG", value=9), EnumValue(name="OVER", value=6)))
    limit = Constraint(maximum=5)
    field = Field(name="F", bits=(BitRange(0, 3),), enum=enum, constraint=limit)
    block = Block(name="block", items=(Register(name="R", offset=0, fields=(field,)),))
    register = build(lay_out(block))(bus).BLOCK.R
    for name in ("BIG", "OVER"):
        with pytest.raises(ValueDoesNotFit):
            register.F = name
    assert bus.taken() == []


@pytest.mark.parametrize("value", [1.0, None, [1], b"1", object()])
def test_what_is_no_number_is_a_type_error_with_the_path(
    dev: Any, bus: Recorder, value: object
) -> None:
    write: Callable[[], object]
    for path, write in {
        "DEV.PLAIN.MODE": lambda: setattr(dev.PLAIN, "MODE", value),
        "DEV.PLAIN": lambda: setattr(dev.PLAIN, "raw", value),
    }.items():
        with pytest.raises(TypeError, match=path):
            write()
    assert bus.taken() == []


def test_a_live_register_is_no_value_either(dev: Any, bus: Recorder) -> None:
    for write in (
        lambda: setattr(dev.PLAIN, "MODE", dev.INFO),
        lambda: setattr(dev, "PLAIN", dev.INFO),
        lambda: dev.PLAIN.modify(MODE=dev.INFO),
    ):
        with pytest.raises(NotANumber, match=r"\.raw"):
            write()
    assert bus.taken() == []


def test_a_snapshot_is_a_value(dev: Any, bus: Recorder) -> None:
    bus.memory[0x30] = 0x1234
    dev.WIDE = dev.INFO.read()
    assert bus.memory[0x40] == 0x1234


def test_a_whole_registers_limits(dev: Any, bus: Recorder) -> None:
    dev.LIMITED = 100
    assert written(bus) == [100]
    for value in (2, 101):
        with pytest.raises(ValueDoesNotFit, match="smallest is 0x3"):
            dev.LIMITED = value
    with pytest.raises(ValueDoesNotFit):
        dev.LIMITED.reset()
    assert bus.taken() == []


# ---- whole writes ------------------------------------------------------------------------------


def test_write_takes_fields_not_named_from_the_reset_value(dev: Any, bus: Recorder) -> None:
    dev.PLAIN.write(MODE="RUN", SPLIT=0)
    dev.MIXED.write(EN=1)
    dev.MIXED.write(DONE=1)
    assert written(bus) == [0x2000_0071, 0b11_0101, 0b11_0110]


def test_reset_writes_the_reset_value_and_lets_nothing_act(dev: Any, bus: Recorder) -> None:
    dev.PLAIN.reset()
    dev.MIXED.reset()
    dev.FLAGS.reset()
    dev.ZEROS.reset()
    dev.ALL_ONE.reset()
    dev.ALL_ZERO.reset()
    assert written(bus) == [
        0xA000_0075, 0b11_0100, 0, 0xFFFF_FFFF, 0, 0xFFFF_FFFF,
    ]  # fmt: skip


def test_write_one_registers_are_written_neutral_beside_what_is_named(
    dev: Any, bus: Recorder
) -> None:
    dev.FLAGS.write(G=1)
    dev.FLAGS.modify(F=2)
    dev.ZEROS.write(G=0)
    dev.ZEROS.modify(F=1)
    assert written(bus) == [0b100, 0b010, 0xFFFF_FFFB, 0xFFFF_FFFD]


def test_what_is_not_known_after_reset_is_not_guessed(dev: Any, bus: Recorder) -> None:
    for write in (
        dev.PARTLY.reset,
        lambda: dev.PARTLY.write(LOW=1),
        dev.UNKNOWN.reset,
        lambda: dev.UNKNOWN.write(ONE=1),
        dev.SOME.reset,
        dev.FIFO.reset,
    ):
        with pytest.raises(AccessError):
            write()
    assert bus.taken() == []
    dev.PARTLY.write(HIGH=7)
    dev.UNKNOWN.write(F=3)
    assert written(bus) == [0x75, 0x03]
    with pytest.raises(AccessError, match=r"DEV\.SOME: .* bits 0xf alone"):
        dev.SOME.reset()
    with pytest.raises(NotWritable, match=r"DEV\.INFO: it is read-only"):
        dev.INFO.reset()


@pytest.mark.parametrize("arguments", [((), {}), ((1,), {"MODE": 1})])
def test_write_takes_a_number_or_fields(dev: Any, arguments: Any) -> None:
    positional, named = arguments
    with pytest.raises(TypeError):
        dev.PLAIN.write(*positional, **named)


@pytest.mark.parametrize("verb", ["modify", "set", "clear", "toggle"])
def test_a_verb_needs_a_name(dev: Any, bus: Recorder, verb: str) -> None:
    with pytest.raises(TypeError, match="at least one field"):
        getattr(dev.FLAGS, verb)()
    assert bus.taken() == []


# ---- refusals ----------------------------------------------------------------------------------


def test_what_can_only_be_written(dev: Any, bus: Recorder) -> None:
    for read in (lambda: dev.COMMAND.raw, dev.COMMAND.read, lambda: dev.COMMAND.GO):
        with pytest.raises(NotReadable, match="write-only"):
            read()
    with pytest.raises(AccessError, match="WHAT is write-only and would be guessed"):
        dev.COMMAND.GO = 1
    dev.COMMAND.write(GO=1, WHAT=2)
    dev.COMMAND = 3
    assert written(bus) == [0x21, 3]


def test_what_can_only_be_read(dev: Any, bus: Recorder) -> None:
    for write in (
        lambda: setattr(dev.PLAIN, "STATE", 1),
        lambda: dev.PLAIN.modify(STATE=1, MODE=1),
        lambda: dev.PLAIN.write(STATE=1),
        lambda: setattr(dev, "INFO", 1),
        lambda: dev.INFO.write(1),
        lambda: dev.INFO.check_raw(1),
        lambda: dev.PLAIN.check_field("STATE", 1),
        lambda: dev.PLAIN.clear("STATE"),
    ):
        with pytest.raises(NotWritable, match="read-only"):
            write()
    assert bus.taken() == []


def test_a_neighbour_of_a_side_effect_is_refused_with_it(dev: Any, bus: Recorder) -> None:
    look: Callable[[], object]
    for look in (lambda: dev.FIFO.raw, lambda: dev.FIFO.LEFT, lambda: dev.FIFO.DATA):
        with pytest.raises(ReadHasSideEffect, match="a read clears it"):
            look()
    assert bus.taken() == []
    assert dev.FIFO.read().LEFT == 0
    assert bus.taken() == [("R", 0x2C, 32)]


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("FLAGS set F", r"no set\(\) here: a write to it does a clear"),
        ("TOGGLES clear T", "does a toggle"),
        ("PLAIN clear MODE", "it is plain; assign to it"),
        ("FLAGS clear X", "has no 'X'"),
    ],
)
def test_a_verb_that_a_field_has_not_is_refused(
    dev: Any, bus: Recorder, use: str, why: str
) -> None:
    register, verb, field = use.split()
    with pytest.raises((AccessError, UnknownName), match=why):
        getattr(getattr(dev, register), verb)(field)
    assert bus.taken() == []


def test_verbs_write_all_bits_of_their_fields(dev: Any, bus: Recorder) -> None:
    dev.FLAGS.clear("F")
    dev.FLAGS.clear("F", "G")
    dev.ZEROS.clear("F")
    dev.TOGGLES.toggle("U", "T")
    dev.ERASE.write(KEY=0)
    assert written(bus) == [0b011, 0b111, 0xFFFF_FFFC, 0b11, 0]
