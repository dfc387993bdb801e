"""One access is one access: what the CPU really does, for every operation of the core."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from regmap import _core
from regmap.errors import BadAddress
from tests.unit.core_objects import BASE, PAGE, WIDTHS, AskedError, ones, register

Tracer = Callable[[object], AbstractContextManager[list[tuple[str, int, int]]]]


@pytest.fixture
def mapping() -> Iterator[_core.Map]:
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        yield mapping


@pytest.mark.parametrize("width", WIDTHS)
def test_map(mapping: _core.Map, bus_trace: Tracer, width: int) -> None:
    with bus_trace(mapping) as seen:
        mapping.read(BASE + 16, width)
        mapping.write(BASE + 24, width, 5)
        mapping.update(BASE + 32, width, keep=ones(width), neutral=0, mask=2, value=2)
    assert seen == [("R", 16, width), ("W", 24, width), ("R", 32, width), ("W", 32, width)]


CASES: dict[str, tuple[Callable[[Any], object], str]] = {
    "field read": (lambda reg: reg.FIELD, "R"),
    "enum read": (lambda reg: reg.ENUM, "R"),
    "wide enum read": (lambda reg: reg.WHOLE, "R"),
    "raw read": (lambda reg: reg.raw, "R"),
    "load": (lambda reg: reg.load(), "R"),
    "raw write": (lambda reg: setattr(reg, "raw", 5), "W"),
    "store": (lambda reg: reg.store(5), "W"),
    "field write": (lambda reg: setattr(reg, "FIELD", 1), "RW"),
    "enum write": (lambda reg: setattr(reg, "ENUM", 1), "RW"),
    "write of a field that is all there is": (lambda reg: setattr(reg, "WHOLE", 1), "W"),
    "write-one beside plain fields": (lambda reg: setattr(reg, "ACTS", 1), "RW"),
    "update": (lambda reg: reg.update(1, 1), "RW"),
    "act": (lambda reg: reg.act(1, 1), "RW"),
    "act on everything": (lambda reg: reg.act(ones(reg.SPEC.width), 1), "W"),
    "update of everything": (lambda reg: reg.update(ones(reg.SPEC.width), 1), "W"),
    "update that must read": (
        lambda reg: reg.update(ones(reg.SPEC.width), 1, always_read=True),
        "RW",
    ),
}


@pytest.mark.parametrize(("width", "big_endian"), list(itertools.product(WIDTHS, (False, True))))
@pytest.mark.parametrize("case", CASES)
def test_register(
    mapping: _core.Map,
    bus_trace: Tracer,
    case: str,
    width: int,
    big_endian: bool,
) -> None:
    operation, expected = CASES[case]
    fields = {
        "FIELD": _core.Field(1, 3),
        "ENUM": _core.Field(4, 2, members={0: "zero", 1: "one"}),
        "ACTS": _core.Field(7, 1, acting=1),
        "WHOLE": _core.Field(0, width, members={1: "one"}),
    }
    keep = ones(width) & ~0x80
    reg = register(mapping, fields, offset=16, width=width, keep=keep, big_endian=big_endian)
    with bus_trace(mapping) as seen:
        operation(reg)
    assert seen == [(kind, 16, width) for kind in expected]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_write_one_field_with_nothing_to_keep_is_one_write(
    mapping: _core.Map, bus_trace: Tracer, width: int
) -> None:
    reg = register(mapping, {"ACTS": _core.Field(3, 1, acting=1)}, width=width, neutral=0x40)
    with bus_trace(mapping) as seen:
        reg.ACTS = 1
    assert seen == [("W", 0, width)]
    assert mapping.read(BASE, width) == 0x48


def test_assigning_a_member_of_a_block_is_one_write(mapping: _core.Map, bus_trace: Tracer) -> None:
    reg = register(mapping, offset=8)

    class Block(_core.Block):
        __slots__ = ()
        NAMES = _core.Names(["REG"])

        def _make(self, name: str) -> object:
            return reg

    block: Any = Block()
    with bus_trace(mapping) as seen:
        block.REG = 7
        block.REG
    assert seen == [("W", 8, 32)]


def test_what_is_not_an_access_does_not_touch_the_bus(
    mapping: _core.Map, bus_trace: Tracer
) -> None:
    reg = register(mapping, {"F": _core.Field(0, 4)})
    same: Any = reg
    with bus_trace(mapping) as seen:
        repr(reg), str(reg), dir(reg), hash(reg)
        assert reg == same
        assert reg != 5
        type(reg).F, type(reg).raw, type(reg).SPEC
        reg.port, reg.address, reg.name, reg.context
        repr(mapping), mapping.size, mapping.closed
        hasattr(reg, "nothing")
        hasattr(reg, "_private")
    assert seen == []


REFUSED: dict[str, Callable[[Any], object]] = {
    "value too large": lambda reg: setattr(reg, "F", 16),
    "negative": lambda reg: setattr(reg, "F", -1),
    "not an int": lambda reg: setattr(reg, "F", 1.0),
    "neutral value": lambda reg: setattr(reg, "ACTS", 0),
    "unreadable field": lambda reg: reg.HIDDEN,
    "unwritable field": lambda reg: setattr(reg, "HIDDEN", 1),
    "split field read": lambda reg: reg.SPLIT,
    "split field write": lambda reg: setattr(reg, "SPLIT", 1),
    "raw too large": lambda reg: setattr(reg, "raw", 1 << 32),
}


@pytest.mark.parametrize("operation", REFUSED.values(), ids=REFUSED)
def test_what_python_has_to_decide_does_not_touch_the_bus(
    mapping: _core.Map, bus_trace: Tracer, operation: Callable[[Any], object]
) -> None:
    fields = {
        "F": _core.Field(0, 4),
        "ACTS": _core.Field(4, 1, acting=1),
        "HIDDEN": _core.Field(5, 1, readable=False, writable=False),
        "SPLIT": _core.Field(6, 2, plain=False),
    }
    reg = register(mapping, fields, keep=0xF)
    with bus_trace(mapping) as seen, pytest.raises(AskedError):
        operation(reg)
    assert seen == []


@pytest.mark.parametrize("offset", [PAGE, 2], ids=["outside", "misaligned"])
def test_refused_addresses_do_not_touch_the_bus(
    mapping: _core.Map, bus_trace: Tracer, offset: int
) -> None:
    reg = register(mapping, {"F": _core.Field(0, 1)}, offset=offset, keep=1 << 31)
    operations: list[Callable[[], object]] = [
        lambda: reg.F,
        lambda: setattr(reg, "F", 1),
        lambda: reg.raw,
        lambda: setattr(reg, "raw", 1),
        lambda: reg.update(1, 1),
        lambda: mapping.read(BASE + offset, 32),
        lambda: mapping.write(BASE + offset, 32, 1),
        lambda: mapping.update(BASE + offset, 32, keep=0, neutral=0, mask=0, value=0),
    ]
    with bus_trace(mapping) as seen:
        for operation in operations:
            with pytest.raises(BadAddress):
                operation()
    assert seen == []
