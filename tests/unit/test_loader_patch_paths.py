"""Paths of patches: steps and wildcards, held against Python's own."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.loaders.patch.paths import PathError, Step, parse_path, substituted


def step(text: str) -> Step:
    (only,) = parse_path(text)
    return only


@pytest.mark.parametrize("text", ["", "."])
def test_the_chip_has_no_steps(text: str) -> None:
    assert parse_path(text) == ()


def test_steps_know_where_they_stand() -> None:
    assert [(each.text, each.at) for each in parse_path("AB/C*/D")] == [
        ("AB", 0),
        ("C*", 3),
        ("D", 6),
    ]
    assert [each.text for each in parse_path("AB.C.D")] == ["AB", "C", "D"]
    assert [each.text for each in parse_path("A/b.c")] == ["A", "b.c"], "a name with a dot"


@pytest.mark.parametrize(
    ("text", "at"), [("A//B", 2), ("/A", 0), ("A/", 2), ("A/ B", 2), ("..", 0), ("a" * 1_001, 0)]
)
def test_what_is_no_path(text: str, at: int) -> None:
    with pytest.raises(PathError) as error:
        parse_path(text)
    assert error.value.at == at


@pytest.mark.parametrize(
    ("pattern", "name", "wildcards"),
    [
        ("UART0", "UART0", ()),
        ("UART0", "UART00", None),
        ("UART?", "UART0", ("0",)),
        ("UART?", "UART", None),
        ("*_IRQ", "UART0_IRQ", ("UART0",)),
        ("A*C*E", "ABCDE", ("B", "D")),
        ("A**E", "ABCDE", ("BCD",)),
        ("*", "", ("",)),
        ("[AB]X", "BX", ("B",)),
        ("[A-C]", "B", ("B",)),
        ("[!A-C]", "B", None),
        ("[!A-C]", "D", ("D",)),
        ("[]x]", "]", ("]",)),
        ("[x", "[x", ()),
        ("[-a]", "-", ("-",)),
        ("a.b(c?", "a.b(cd", ("d",)),
    ],
)
def test_wildcards(pattern: str, name: str, wildcards: tuple[str, ...] | None) -> None:
    path = parse_path(pattern if "." not in pattern else f"x/{pattern}")
    assert path[-1].match(name) == wildcards


PATTERNS = st.text("ab*?[]!-", min_size=1, max_size=12).filter(
    lambda text: "[" not in text.replace("[a]", "").replace("[!b]", "").replace("[a-b]", "")
)


@given(PATTERNS, st.text("ab-]!", max_size=12))
def test_they_mean_what_everybody_takes_them_for(pattern: str, name: str) -> None:
    assert (step(pattern).match(name) is not None) == fnmatch.fnmatchcase(name, pattern)


@given(PATTERNS, st.text("ab", max_size=12))
def test_what_the_wildcards_stand_for_makes_the_name_again(pattern: str, name: str) -> None:
    found = step(pattern).match(name)
    if found is None or "[" in pattern:
        return
    rest = list(found)
    parts = []
    stars = False
    for letter in pattern:
        if letter == "*":
            parts += [] if stars else [rest.pop(0)]
        else:
            parts.append(rest.pop(0) if letter == "?" else letter)
        stars = letter == "*"
    assert "".join(parts) == name


def test_new_names_of_what_the_wildcards_stand_for() -> None:
    assert substituted("X{2}_{1}", ("a", "b")) == "Xb_a"
    assert substituted("plain", ()) == "plain"
    for wrong in ("{0}", "{3}", "{99999999999999999999}"):
        with pytest.raises(PathError):
            substituted(wrong, ("a", "b"))
