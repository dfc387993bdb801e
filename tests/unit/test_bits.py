"""Bit positions: laws of the two directions, and the merge against a bit-by-bit reference."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap._core import merge
from regmap.bits import BitRange, extract, insert, mask_of, ones, swap_bytes

WORDS = st.integers(0, (1 << 64) - 1)


@st.composite
def split_fields(draw: st.DrawFn) -> tuple[BitRange, ...]:
    """Some runs of a 64-bit register that share no bit, in any order."""
    cuts = sorted(draw(st.sets(st.integers(0, 64), min_size=2, max_size=9)))
    runs = [BitRange(low, high - low) for low, high in itertools.pairwise(cuts)]
    chosen = draw(st.lists(st.sampled_from(runs), min_size=1, unique=True))
    return tuple(draw(st.permutations(chosen)))


def test_ones() -> None:
    assert [ones(width) for width in (0, 1, 8, 64)] == [0, 1, 0xFF, 0xFFFF_FFFF_FFFF_FFFF]


@pytest.mark.parametrize(
    ("bits", "msb", "mask", "text"),
    [
        (BitRange(0, 1), 0, 1, "0"),
        (BitRange(4, 3), 6, 0b111_0000, "6:4"),
        (BitRange(63, 1), 63, 1 << 63, "63"),
        (BitRange(0, 64), 63, (1 << 64) - 1, "63:0"),
    ],
)
def test_a_range_knows_its_ends_and_its_mask(
    bits: BitRange, msb: int, mask: int, text: str
) -> None:
    assert (bits.msb, bits.mask, str(bits)) == (msb, mask, text)
    assert bits.shifted(0) == bits
    assert BitRange(1, 2).shifted(5) == BitRange(6, 2)


def test_a_split_field_is_read_from_its_least_significant_end() -> None:
    # The local APIC's divide configuration: bits 1:0, then bit 3.
    divide = (BitRange(0, 2), BitRange(3, 1))
    assert extract(divide, 0b1011) == 0b111
    assert extract(divide, 0b0100) == 0
    assert insert(divide, 0b100) == 0b1000
    # The other way round the same bits are another number.
    assert insert(divide[::-1], 0b100) == 0b0010


@given(split_fields(), WORDS)
def test_insert_then_extract_gives_the_number_back(bits: tuple[BitRange, ...], raw: int) -> None:
    number = raw & ones(sum(part.width for part in bits))
    assert extract(bits, insert(bits, number)) == number


@given(split_fields(), WORDS)
def test_extract_then_insert_gives_the_fields_own_bits(
    bits: tuple[BitRange, ...], raw: int
) -> None:
    assert insert(bits, extract(bits, raw)) == raw & mask_of(bits)


@given(split_fields(), WORDS, WORDS)
def test_extract_sees_no_other_bit(bits: tuple[BitRange, ...], raw: int, other: int) -> None:
    mask = mask_of(bits)
    assert extract(bits, raw & mask | other & ~mask) == extract(bits, raw)


@given(split_fields())
def test_the_mask_has_each_bit_once(bits: tuple[BitRange, ...]) -> None:
    assert mask_of(bits).bit_count() == sum(part.width for part in bits)
    assert insert(bits, -1) == mask_of(bits)


@given(st.sampled_from([8, 16, 32, 64]), WORDS)
def test_swapping_twice_gives_the_word_back(width: int, word: int) -> None:
    word &= ones(width)
    assert swap_bytes(swap_bytes(word, width), width) == word
    assert swap_bytes(word, width).to_bytes(width // 8, "big") == word.to_bytes(
        width // 8, "little"
    )


def test_swapping_by_hand() -> None:
    assert swap_bytes(0x12, 8) == 0x12
    assert swap_bytes(0x1234, 16) == 0x3412
    assert swap_bytes(0x12345678, 32) == 0x78563412


@given(WORDS, WORDS, WORDS, WORDS, WORDS)
def test_a_merge_is_decided_bit_by_bit(
    old: int, keep: int, neutral: int, mask: int, value: int
) -> None:
    merged = merge(old, keep, neutral, mask, value)
    for bit in range(64):
        at = 1 << bit
        if mask & at:
            wanted = value & at  # written
        elif neutral & at:
            wanted = at  # set, so that nothing acts
        elif keep & at:
            wanted = old & at  # written back as it was
        else:
            wanted = 0
        assert merged & at == wanted
