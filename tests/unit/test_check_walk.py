"""Arrays written out: ``walk`` against sums done by hand, and its shortcuts against ``walk``."""

from __future__ import annotations

import itertools
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from regmap.bits import BitRange
from regmap.model.block import Array, Block, Field, FieldArray, Group, Register
from regmap.model.chip import Instance
from regmap.model.expr import NamePattern
from regmap.model.walk import (
    count_registers,
    elements,
    extent,
    fields_of,
    instances_of,
    walk,
)

shapes = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 64)), min_size=1, max_size=3)
arrays = st.none() | shapes.map(
    lambda shape: Array(
        counts=tuple(count for count, _ in shape), strides=tuple(stride for _, stride in shape)
    )
)
registers = st.builds(
    Register,
    name=st.just("R"),
    offset=st.integers(0, 256),
    width=st.sampled_from([8, 16, 32, 64]),
    array=arrays,
)
items = st.recursive(
    registers,
    lambda inner: st.builds(
        Group,
        name=st.just("G"),
        offset=st.integers(0, 256),
        items=st.lists(inner, max_size=3).map(tuple),
        array=arrays,
    ),
    max_leaves=5,
)


@given(st.lists(items, max_size=4))
def test_the_shortcuts_agree_with_the_walk(found: list[Register | Group]) -> None:
    walked = list(walk(found))
    assert count_registers(found) == len(walked)
    if walked and all(isinstance(item, Register) for item in found):
        assert extent(found) == max(element.end for element in walked)
    assert extent(found) >= max((element.end for element in walked), default=0)


@given(shapes)
def test_elements_are_in_row_major_order(shape: list[tuple[int, int]]) -> None:
    counts = tuple(count for count, _ in shape)
    strides = tuple(stride for _, stride in shape)
    found = list(elements(Array(counts=counts, strides=strides)))
    assert [number for number, _, _ in found] == list(range(prod(counts)))
    assert [indexes for _, indexes, _ in found] == list(itertools.product(*map(range, counts)))
    for _, indexes, offset in found:
        assert offset == sum(i * s for i, s in zip(indexes, strides, strict=True))


def test_offsets_and_paths_add_up_through_groups() -> None:
    conf = Register(name="CONF", offset=0x4, array=Array(counts=(2,), strides=(0x10,)))
    inner = Group(name="CH", offset=0x40, items=(conf,))
    timer = Group(
        name="TIMER", offset=0x100, items=(inner,), array=Array(counts=(2,), strides=(0x200,))
    )
    assert [(element.path, element.offset) for element in walk((timer,))] == [
        ("TIMER[0].CH.CONF[0]", 0x144),
        ("TIMER[0].CH.CONF[1]", 0x154),
        ("TIMER[1].CH.CONF[0]", 0x344),
        ("TIMER[1].CH.CONF[1]", 0x354),
    ]


def test_elements_take_names_from_patterns_and_labels() -> None:
    pattern = Array(counts=(2, 2), strides=(8, 4), names=NamePattern.parse("M{2*i+j}"))
    labels = Array(counts=(2,), strides=(4,), labels=("LOW", "HIGH"))
    wrong = Array(counts=(2,), strides=(4,), names=NamePattern.parse("X{k}"))
    found = walk(
        Register(name=name, offset=0, array=array)
        for name, array in (("M", pattern), ("L", labels), ("X", wrong))
    )
    assert [each.path for each in found] == ["M0", "M1", "M2", "M3", "LOW", "HIGH", "X[0]", "X[1]"]


def test_fields_see_the_indexes_of_their_register() -> None:
    field = Field(
        name="FSEL",
        bits=(BitRange(0, 3),),
        array=FieldArray(counts=(10, 4), stride=3, names=NamePattern.parse("FSEL{10*i+j}")),
    )
    register = Register(
        name="GPFSEL", offset=0, fields=(field,), array=Array(counts=(2,), strides=(4,))
    )
    first, last = fields_of(register, 0, (0,)), fields_of(register, 1, (1,))
    assert [at.name for at in last] == ["FSEL10", "FSEL11", "FSEL12", "FSEL13"]
    assert len(first) == 10
    assert last[3].bits == (BitRange(9, 3),)
    assert last[3].element == 3


def test_a_field_array_without_end_is_cut_behind_the_register() -> None:
    field = Field(name="B", bits=(BitRange(0, 1),), array=FieldArray(counts=(10**9,), stride=1))
    assert len(fields_of(Register(name="R", offset=0, width=8, fields=(field,)))) == 9


def test_instances_without_a_pattern_are_numbered() -> None:
    block = Block(name="uart")
    plain = Instance(
        name="UART", block=block, base=0x1000, array=Array(counts=(2,), strides=(0x100,))
    )
    named = Instance(
        name="SPI",
        block=block,
        base=0x2000,
        array=Array(counts=(2,), strides=(0x100,), labels=("SPI_A", "SPI_B")),
    )
    assert [(at.name, at.base) for at in instances_of((plain, named))] == [
        ("UART0", 0x1000),
        ("UART1", 0x1100),
        ("SPI_A", 0x2000),
        ("SPI_B", 0x2100),
    ]
