"""The one equation, bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import _core

words = st.integers(0, (1 << 64) - 1)


@given(words, words, words, words, words)
def test_every_bit_is_the_value_or_neutral_or_kept_or_zero(
    old: int, keep: int, neutral: int, mask: int, value: int
) -> None:
    merged = _core.merge(old, keep, neutral, mask, value)
    for bit in range(64):
        old_bit, kept, idle, chosen, new = (
            word >> bit & 1 for word in (old, keep, neutral, mask, value)
        )
        expected = new if chosen else 1 if idle else old_bit if kept else 0
        assert merged >> bit & 1 == expected


def test_names_and_numbers() -> None:
    assert _core.merge(value=1, mask=3, neutral=0, keep=12, old=0xFF) == 13
    assert _core.merge(True, True, False, False, False) == 1


@pytest.mark.parametrize("bad", [-1, 1 << 64])
def test_what_is_no_word_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match="no number of 64 bits"):
        _core.merge(bad, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        ((1, 2, 3, 4), {}, "needs the argument 'value'"),
        ((1, 2, 3, 4, 5, 6), {}, "at most 5 positional"),
        ((1, 2, 3, 4, 5), {"old": 1}, "two values for 'old'"),
        ((1, 2, 3, 4), {"valeu": 1}, "no argument 'valeu'"),
        ((1, 2, 3, 4, "5"), {}, "str"),
        ((1, 2, 3, 4, 5.0), {}, "float"),
    ],
)
def test_wrong_arguments(args: tuple[int, ...], options: dict[str, int], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        _core.merge(*args, **options)
