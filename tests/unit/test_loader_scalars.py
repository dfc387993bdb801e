"""Plain scalars: ours is YAML 1.2's core value, one of two extensions, or refused."""

from __future__ import annotations

import math
import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from regmap.loaders.scalars import Ambiguous, Huge, plain_value


def core_value(text: str) -> object:
    """YAML 1.2.2, chapter 10.3.2, row by row."""
    if re.fullmatch(r"null|Null|NULL|~|", text):
        return None
    if re.fullmatch(r"true|True|TRUE", text):
        return True
    if re.fullmatch(r"false|False|FALSE", text):
        return False
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+", text):
        return int(text[2:], 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text[2:], 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.fullmatch(r"[-+]?(\.inf|\.Inf|\.INF)", text):
        return float(text.replace(".", ""))
    if re.fullmatch(r"\.nan|\.NaN|\.NAN", text):
        return math.nan
    return text


def is_extension(text: str) -> bool:
    return bool(
        re.fullmatch(r"0b[01]+(_[01]+)*", text)
        or re.fullmatch(r"[-+]?[1-9][0-9]*(_[0-9]+)+", text)
        or re.fullmatch(r"0x[0-9a-fA-F]+(_[0-9a-fA-F]+)+|0o[0-7]+(_[0-7]+)+", text)
    )


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


NUMBERLIKE = st.text(alphabet="0123456789abfoxeE_+-.:,~ ", max_size=12)
WORDS = st.sampled_from(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", ".inf", ".nan", "nan"]
).flatmap(lambda word: st.sampled_from([word, word.upper(), word.title(), word.swapcase()]))


@given(st.one_of(NUMBERLIKE, WORDS, st.text(max_size=20)))
@settings(max_examples=1000)
def test_a_value_is_that_of_yaml_1_2_or_refused(text: str) -> None:
    value = plain_value(text)
    if isinstance(value, Ambiguous):
        return
    if is_extension(text):
        assert value == int(text.replace("_", ""), 0)
    else:
        assert same(value, core_value(text)), (value, core_value(text))


@given(st.one_of(NUMBERLIKE, WORDS))
@settings(max_examples=1000)
def test_what_yaml_1_1_takes_for_another_number_or_truth_is_refused(text: str) -> None:
    reader: Any = yaml.SafeLoader("")
    tag = reader.resolve(yaml.ScalarNode, text, (True, False))
    if tag.rsplit(":", 1)[-1] not in {"int", "bool"}:
        return
    try:
        theirs = reader.construct_object(yaml.ScalarNode(tag, text))
    except ValueError:
        return  # PyYAML's own slip: it resolves 0x_ and 08:1 to numbers that it cannot make
    value = plain_value(text)
    assert isinstance(value, Ambiguous) or same(value, theirs), (value, theirs)


@pytest.mark.parametrize(
    "text",
    [
        *("7:4", "31:0", "0:0", "1:30:00", "190:20:30.15", "-1:30", "1_0:5"),
        *("010", "00", "007", "08", "-010", "+01", "0_1", "1_", "1__0", "0x_1", "-0x10", "+0b1"),
        *("on", "On", "oN", "OFF", "yes", "No", "y", "N", "1_000.5"),
    ],
)
def test_ambiguous(text: str) -> None:
    value = plain_value(text)
    assert type(value) is Ambiguous
    assert value == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0", 0), ("-0", 0), ("+7", 7), ("1_000", 1000), ("0x2020_0000", 0x2020_0000)),
        *(("0o17", 15), ("0b1010_0101", 0xA5), ("~", None), ("", None), ("TRUE", True)),
        *(("0X10", "0X10"), ("0x", "0x"), ("0b2", "0b2"), ("0b1x", "0b1x"), ("P9_12", "P9_12")),
        *(("5V", "5V"), ("3V3", "3V3"), ("1e3", 1000.0), ("rw1c", "rw1c"), ("32MODE", "32MODE")),
        *(("2012-02-06", "2012-02-06"), ("-", "-"), (".", "."), ("on time", "on time")),
    ],
)
def test_plain(text: str, value: object) -> None:
    assert same(plain_value(text), value)


def test_a_number_of_any_length_takes_no_time() -> None:
    start = time.perf_counter()
    for digits in ("9" * 1_000_000, "0x" + "f" * 1_000_000, "1_" * 500_000, "1:" * 500_000):
        assert isinstance(plain_value(digits + "1"), Huge)
    assert plain_value("-" * 1_000_000) == "-" * 1_000_000
    assert time.perf_counter() - start < 1
