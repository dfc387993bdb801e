"""Sweeps and masks against the slow and obvious way to do the same."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from regmap.bits import BitRange, mask_of
from regmap.check import check
from regmap.check.fields import ranges_of
from regmap.check.overlap import overlaps
from regmap.model.access import Access
from regmap.model.block import Array, Block, Enum, EnumValue, Field, Register
from regmap.model.walk import Element, walk

registers = st.builds(
    Register,
    name=st.uuids().map(lambda uuid: f"R{uuid.hex[:8]}"),
    offset=st.integers(0, 40),
    width=st.sampled_from([8, 16, 32, 64]),
    array=st.none()
    | st.builds(
        lambda count, stride: Array(counts=(count,), strides=(stride,)),
        st.integers(2, 4),
        st.integers(0, 16),
    ),
    alternate=st.sampled_from([False, False, False, True]),
)


def share(one: Element, two: Element) -> bool:
    return one.offset < two.end and two.offset < one.end


@given(st.lists(registers, min_size=1, max_size=6))
def test_the_sweep_finds_what_comparing_all_pairs_finds(found: list[Register]) -> None:
    elements = list(walk(found))
    plain = [element for element in elements if not element.register.alternate]
    slow = {
        frozenset((id(one.register), id(two.register)))
        for one, two in itertools.combinations(plain, 2)
        if share(one, two)
    }
    fast = overlaps(elements)
    assert {frozenset(map(id, overlap.items)) for overlap in fast} == slow
    for overlap in fast:
        assert share(overlap.first, overlap.second)
        same = overlap.first.register is overlap.second.register
        assert (overlap.kind == "stride") is same


@given(st.integers(0, (1 << 70) - 1))
@example(0)
@example((1 << 64) - 1)
def test_ranges_are_the_runs_of_a_mask(mask: int) -> None:
    found = ranges_of(mask)
    assert mask_of(found) == mask
    assert all(low.msb + 1 < high.lsb for low, high in itertools.pairwise(found))


fields = st.builds(
    Field,
    name=st.uuids().map(lambda uuid: f"F{uuid.hex[:8]}"),
    bits=st.builds(BitRange, st.integers(0, 24), st.integers(1, 8)).map(lambda part: (part,)),
    access=st.sampled_from(list(Access)),
)


def collide(one: Field, two: Field) -> bool:
    ways = (one.access.readable and two.access.readable) or (
        one.access.writable and two.access.writable
    )
    return bool(ways and mask_of(one.bits) & mask_of(two.bits))


@given(st.lists(fields, max_size=6))
def test_every_field_that_collides_with_one_before_it_is_told(found: list[Field]) -> None:
    late = {two.name for one, two in itertools.combinations(found, 2) if collide(one, two)}
    block = Block(name="b", items=(Register(name="R", offset=0, fields=tuple(found)),))
    told = [problem.text for problem in check(block) if problem.rule == "RM201"]
    assert {text.split()[1].removeprefix("R.") for text in told} == late


patterns = st.text("01x", min_size=3, max_size=3)


def fits(pattern: str, number: int) -> bool:
    bits = f"{number:03b}"
    return all(want in {"x", have} for want, have in zip(pattern, bits, strict=True))


@given(st.lists(patterns, min_size=1, max_size=4, unique=True))
def test_ambiguous_patterns_are_those_that_fit_one_number(found: list[str]) -> None:
    values = tuple(
        EnumValue(
            name=f"V{index}",
            value=int(text.replace("x", "0"), 2),
            care=int(text.replace("0", "1").replace("x", "0"), 2) if "x" in text else None,
        )
        for index, text in enumerate(found)
    )
    field = Field(name="F", bits=(BitRange(0, 3),), enum=Enum(values=values))
    block = Block(name="b", items=(Register(name="R", offset=0, fields=(field,)),))
    rules = {problem.rule for problem in check(block)}
    numbers = range(8)
    shared = any(
        fits(one, n) and fits(two, n)
        for one, two in itertools.combinations(found, 2)
        for n in numbers
    )
    assert ("RM232" in rules) is shared
    missing = [n for n in numbers if not any(fits(text, n) for text in found)]
    narrow = {value.value for value in values} == {0, 1} and not any("x" in t for t in found)
    if not shared:
        assert ("RM233" in rules) is (bool(missing) or narrow)
