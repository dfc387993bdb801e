"""The tiny grammar of names, paths and counts: what it accepts, and where it says it is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.model.expr import Count, ExprError, NamePattern, Path, parse_expr

# ---- expressions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7), ("0x1F", 31), ("0X1f", 31), (" 12 ", 12), ("i", 17), ("j", 3),
        ("1+2*3", 7), ("(1+2)*3", 9), ("7-3-2", 2), ("7//2%2+2*(3-1)", 5), ("i // 10", 1),
        ("i % 10", 7), ("10*i+j", 173), ("0-7//2", -3), ("(0-7)//2", -4), ("(0-7)%4", 1),
        ("((((i))))", 17), ("2*3//4", 1), ("2//3*4", 0), ("i-j-1", 13),
    ],
)  # fmt: skip
def test_expressions_are_worked_out_as_python_would(text: str, number: int) -> None:
    assert parse_expr(text).at({"i": 17, "j": 3}) == number


@st.composite
def _texts(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["i", "j", "0x10", *map(str, range(20))]))
    op = draw(st.sampled_from([" + ", "-", " * ", "//", "%"]))
    left, right = draw(_texts(depth - 1)), draw(_texts(depth - 1))
    text = f"{left}{op}{right}"
    return f"({text})" if draw(st.booleans()) else text


@given(_texts(), st.integers(0, 99), st.integers(0, 99))
def test_python_agrees(text: str, i: int, j: int) -> None:
    try:
        wanted = eval(text, {}, {"i": i, "j": j})  # noqa: S307  (made of digits above)
    except ZeroDivisionError:
        with pytest.raises(ExprError, match="division by zero"):
            parse_expr(text).at({"i": i, "j": j})
        return
    assert parse_expr(text).at({"i": i, "j": j}) == wanted


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0), ("  ", 2), ("1 +", 3), ("1 1", 2), ("i $", 2), ("(1", 0), ("2*(1", 2), ("1)", 1),
        ("-1", 0), ("1 / 2", 2), ("1 ** 2", 3), ("0b1", 1), ("0x", 1), ("i.j", 1), ("i[0]", 1),
        ("f(1)", 1), ("1 +\n*", 4), ("i = 1", 2), ("é", 0), ("1 if i else 2", 2), ("'a'", 0),
    ],
)  # fmt: skip
def test_what_is_outside_the_grammar_is_refused_where_it_begins(text: str, at: int) -> None:
    with pytest.raises(ExprError) as caught:
        parse_expr(text)
    assert caught.value.at == at


def test_an_index_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ExprError, match=r"unknown index 'k' \(known here: i, j\)"):
        parse_expr("i+k").at({"i": 1, "j": 2})
    with pytest.raises(ExprError, match="known here: none"):
        parse_expr("i").at({})


@given(st.text(max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    for parse in (parse_expr, NamePattern.parse, Path.parse, Count.parse):
        wrong: ExprError | None = None
        try:
            parse(text)
        except ExprError as error:
            wrong = error
        assert wrong is None or 0 <= wrong.at <= len(text)


# ---- hostile texts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parse", "text", "why"),
    [
        (parse_expr, "(" * 100_000, "longer"),
        (parse_expr, "(" * 33 + "1" + ")" * 33, "nested deeper"),
        (parse_expr, "1+" * 300 + "1", "longer"),
        (NamePattern.parse, "{" * 100_000, "partner"),
        (NamePattern.parse, "{" + "(" * 100_000 + "}", "longer"),
        (NamePattern.parse, "{a" * 100_000, "partner"),
        (Path.parse, "A." * 100_000, "longer"),
        (Path.parse, "A" + "[0]" * 100_000, "longer"),
        (Path.parse, "A" + " " * 511, ""),
        (Path.parse, "A[" + "(" * 400, "unexpected"),
        (Count.parse, "A" * 100_000, "longer"),
    ],
)
def test_hostile_texts_are_refused_at_once(
    parse: Callable[[str], object], text: str, why: str
) -> None:
    start = time.monotonic()
    if why:
        with pytest.raises(ExprError, match=why):
            parse(text)
    else:
        parse(text)
    assert time.monotonic() - start < 1


def test_the_deepest_and_the_longest_are_worked_out() -> None:
    deep = "(" * 32 + "1" + ")" * 32
    assert parse_expr(deep).at({}) == 1
    long = "+".join("1" * 256)
    assert parse_expr(long).at({}) == 256


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "indexes", "name"),
    [
        ("GPFSEL{i}", {"i": 3}, "GPFSEL3"),
        ("FSEL{10*i+j}", {"i": 2, "j": 7}, "FSEL27"),
        ("{i}_{j}_X", {"i": 0, "j": 1}, "0_1_X"),
        ("PLAIN", {}, "PLAIN"),
        ("", {}, ""),
    ],
)
def test_name_patterns(pattern: str, indexes: dict[str, int], name: str) -> None:
    assert NamePattern.parse(pattern).at(indexes) == name


@pytest.mark.parametrize(
    ("pattern", "at"), [("{i+}", 3), ("AB{i $}", 5), ("{}", 1), ("{", 0), ("}", 0)]
)
def test_a_wrong_pattern_is_refused_with_its_place(pattern: str, at: int) -> None:
    with pytest.raises(ExprError) as caught:
        NamePattern.parse(pattern)
    assert caught.value.at == at


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "i", "steps"),
    [
        ("PLAIN", 0, (("PLAIN", ()),)),
        ("GPFSEL[i // 10].FSEL[i % 10]", 17, (("GPFSEL", (1,)), ("FSEL", (7,)))),
        ("A[i][2].bit[i]", 4, (("A", (4, 2)), ("bit", (4,)))),
        (" A [ 1 ] . B ", 0, (("A", (1,)), ("B", ()))),
    ],
)
def test_paths(path: str, i: int, steps: object) -> None:
    parsed = Path.parse(path)
    assert parsed.at({"i": i}) == steps
    assert str(parsed) == path


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("", 0), (".", 0), ("A.", 2), ("A..B", 2), ("1A", 0), ("A[", 1), ("A[1", 1), ("A B", 2),
        ("A[1]x", 4), ("A[[1]]", 1), ("A[i+]", 4), ("A.B[2*].C", 6), ("A-B", 1), ("A.{i}", 2),
    ],
)  # fmt: skip
def test_a_wrong_path_is_refused_with_its_place(path: str, at: int) -> None:
    with pytest.raises(ExprError) as caught:
        Path.parse(path)
    assert caught.value.at == at


# ---- counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field", "plus"),
    [
        ("GCAP_ID.NUM_TIM_CAP + 1", "GCAP_ID.NUM_TIM_CAP", 1),
        ("VER.MAX-2", "VER.MAX", -2),
        (" A.B ", "A.B", 0),
        ("A[1].B+16", "A[1].B", 16),
    ],
)
def test_counts(text: str, field: str, plus: int) -> None:
    count = Count.parse(text)
    assert (str(count.field).strip(), count.plus, count.text) == (field, plus, text)


@pytest.mark.parametrize("text", ["", "1", "A.B + 1 + 1", "A.B + C.D", "A.B +", "+ 1", "A.B * 2"])
def test_wrong_counts_are_refused(text: str) -> None:
    with pytest.raises(ExprError):
        Count.parse(text)
