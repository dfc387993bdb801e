"""Literals: they mean what was printed, in ASCII, and in the formatter's own form."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regmap.codegen.literal import WIDTH, assigned, bracket, call, lay, literal, node
from regmap.layout.shape import EnumLayout, FieldLayout, RegisterAt, RegisterLayout, Target

_ANY = st.text(st.one_of(st.characters(), st.sampled_from(list("\"'\\\n\r\0\u2028\ud800 "))))


def ruff_format(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the formatter would change in a folder, by the project's line length and no more."""
    return subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(WIDTH),
         "--target-version", "py311", "--no-cache", "--diff", str(folder)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@settings(max_examples=500)
@given(text=_ANY)
def test_a_text_is_one_token_that_means_it(text: str) -> None:
    shown = literal(text)
    assert ast.literal_eval(shown) == text
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", '"plain"'),
        ("it's", '"it\'s"'),
        ('say "yes"', "'say \"yes\"'"),
        ('"it\'s"', "'\"it\\'s\"'"),
        ("'\"", '"\'\\""'),
        ("\\", '"\\\\"'),
        ("\\'", '"\\\\\'"'),
        ("é\n\x1b", '"\\xe9\\n\\x1b"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_a_text_has_the_quotes_that_the_formatter_prefers(text: str, shown: str) -> None:
    assert literal(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (255, "255"), (-1, "-1"), (1 << 32, "0x100000000"),
        (-(1 << 40), "-0x10000000000"),
        (True, "True"), (None, "None"), ((), "()"), ((1,), "(1,)"), ((1, "a"), '(1, "a")'),
        ({}, "{}"), ({"a": "b"}, '{"a": "b"}'),
        (Target("R", "F"), 'Target("R", "F")'),
        (Target("R", bit=3), 'Target("R", bit=3)'),
        (RegisterLayout("C", 32, reset=0, keep=0xFF),
         'RegisterLayout("C", 32, keep=0xFF, reset=0)'),
        (FieldLayout("F", ((0, 1),), volatile=True, minimum=0),
         'FieldLayout("F", ((0, 1),), volatile=True, minimum=0)'),
    ],
)  # fmt: skip
def test_a_value_is_printed_without_its_defaults(value: object, shown: str) -> None:
    assert lay(node(value), "") == shown


@pytest.mark.parametrize("value", [1.5, b"x", [1], {1}, object(), EnumLayout, {1: 2}])
def test_anything_else_has_no_literal(value: object) -> None:
    with pytest.raises(TypeError):
        node(value)


def test_a_default_is_left_out_only_where_its_type_is_the_same() -> None:
    odd: Any = FieldLayout("F", (), volatile=0)  # type: ignore[arg-type]
    assert lay(node(odd), "") == 'FieldLayout("F", (), volatile=0)'


def test_a_piece_that_has_a_name_is_called_by_it() -> None:
    register = RegisterLayout("C", 32)
    named = node(RegisterAt("R", 16, register), lambda part: "r7" if part is register else None)
    assert lay(named, "x = ") == 'x = RegisterAt("R", 0x10, r7)'


_ATOMS = st.one_of(
    st.integers(-(1 << 70), 1 << 70), st.booleans(), st.none(),
    st.text(st.sampled_from(list("ab \"'\\\n#")), max_size=90),
)  # fmt: skip
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(st.text("ab'\"", max_size=5), inner, max_size=3),
        st.builds(Target, inner, inner),
    ),
    max_leaves=25,
)


@settings(max_examples=25, deadline=None)
@given(values=st.lists(_VALUES, min_size=10, max_size=40))
def test_the_formatter_changes_nothing(values: list[Any]) -> None:
    import tempfile

    lines = [lay(node(value), f"e{n} = ") for n, value in enumerate(values)]
    lines += ["", "", "def layout():", "    pass"]
    lines += [f"    {lay(node(value), 'return ', indent=4)}" for value in values]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "chip.py").write_text("\n".join(lines) + "\n", encoding="ascii")
        done = ruff_format(Path(name))
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("length", range(WIDTH - 20, WIDTH + 8))
def test_a_long_text_is_assigned_as_the_formatter_does(length: int, tmp_path: Path) -> None:
    lines = [
        assigned("__doc__", "x" * length),
        "",
        "",
        "def layout():",
        f"    {assigned('t0', 'x' * length, indent=4)}",
    ]
    (tmp_path / "chip.py").write_text("\n".join(lines) + "\n", encoding="ascii")
    done = ruff_format(tmp_path)
    assert done.returncode == 0, done.stdout
    assert ast.literal_eval(ast.parse(lines[0]).body[0].value) == "x" * length  # type: ignore[attr-defined]


def test_a_bracket_breaks_where_it_no_longer_fits() -> None:
    items = [("", "a" * 46), ("", "b" * 46)]
    assert lay(bracket("(", items, ")"), "x = ") == f"x = ({'a' * 46}, {'b' * 46})"
    assert lay(call("f", items), "x = ", indent=4).count("\n") == 3
