"""A description is data (law 7): whatever its names and texts hold, nothing of it ever runs, and
every text comes back exactly.

Each hostile text goes into each place of a description where a text or a name can stand, and from
there into every form of output: a module, a package, their stubs and a C header.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regmap.bits import BitRange
from regmap.cli.main import main
from regmap.codegen.cheader import comment
from regmap.layout import lay_out
from regmap.layout.device import DeviceLayout
from regmap.layout.shape import RegisterAt
from regmap.live.build import build
from regmap.model.block import Field, Register
from tests.generating import canary, emitted, header_for, layout_facts, run_module
from tests.hostile import HOSTILE, SLOTS, board_with
from tests.support import Recorder

# What every place is tried with.
ODDEST = [HOSTILE["lone surrogates"], HOSTILE["NUL"], HOSTILE["closes a docstring"]]
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_FILES = re.compile(r"chip\.(py|pyi|h)|chip/(__init__|block_[a-z0-9_]{0,58})\.(py|pyi)")


def names_of(layout: DeviceLayout) -> Iterator[str]:
    """Every name that becomes an attribute or a class."""
    yield layout.class_name
    yield from layout.instances
    yield from layout.arrays
    for instance in layout.instances.values():
        yield from _names_in(instance.block)


def _names_in(value: Any) -> Iterator[str]:
    kind = type(value).__name__
    if kind in {"RegisterLayout", "BlockLayout", "ViewLayout"}:
        yield value.class_name
    if kind in {"RegisterAt", "GroupAt", "ArrayLayout"}:
        # The elements of an array without names of their own are called by index: R[0].
        yield re.sub(r"\[[0-9]+\]", "", value.name)
    if kind in {"FieldLayout", "EnumLayout", "ViewLayout", "ViewMember"}:
        yield value.name
    if kind == "EnumLayout":
        yield from (name for name, _ in value.members)
    elif isinstance(value, tuple | RegisterAt):
        for part in value:
            yield from _names_in(part)


def _hold_python(layout: DeviceLayout, *, split: bool) -> None:
    """Module or package, and stubs: nothing runs, every text comes back, names are names."""
    files = emitted(layout, split=split)
    if split:
        blocks = [repr(instance.block) for instance in layout.instances.values()]
        for name, text in files.items():
            assert (
                not re.search(r"block_.*\.py$", name) or repr(run_module(text).layout()) in blocks
            )
    else:
        module = run_module(files["chip.py"])
        assert layout_facts(module.LAYOUT) == layout_facts(layout)
        for block in build(module.LAYOUT)(Recorder()).blocks:
            assert list(block)
    for name, text in files.items():
        assert _FILES.fullmatch(name)
        assert re.fullmatch(r"[\n -~]*", text), name
        if name.endswith(".pyi"):
            assert not any(isinstance(node, ast.Call) for node in ast.walk(ast.parse(text)))


def _blocks(layout: DeviceLayout) -> list[Any]:
    return [instance.block for instance in layout.instances.values()]


def _hold_c(layout: DeviceLayout) -> None:
    """The header: outside of comments there is nothing but macros with numbers."""
    text = emitted(layout, "c-header")["chip.h"]
    code, comments = _without_comments(text)
    allowed = re.compile(
        r"|#ifndef \w+|#endif|#define [A-Z][A-Z0-9_]* (1|[0-9]+u|0x[0-9A-F]+u(ll)?)"
    )
    assert all(allowed.fullmatch(line.rstrip()) for line in code.split("\n"))
    said = {ast.literal_eval(each.strip()) for each in comments if each.strip()[:1] in {'"', "'"}}
    descriptions = {layout.description}
    for block in _blocks(layout):
        descriptions |= {block.description, *_descriptions(block)}
    assert said == descriptions - {""}


def _descriptions(value: Any) -> Iterator[str]:
    """What a C header says of a block."""
    kind = type(value).__name__
    if kind in {"RegisterLayout", "FieldLayout"}:
        yield value.description
    if kind == "EnumLayout":
        yield from value.docs
    elif isinstance(value, tuple | RegisterAt) and kind not in {"ViewLayout", "str"}:
        for part in value:
            yield from _descriptions(part)


def _without_comments(text: str) -> tuple[str, list[str]]:
    """What a C compiler sees, and what stands in the comments."""
    # First the steps that come before comments are known: trigraphs, then spliced lines.
    text = text.replace("??/", "\\").replace("\\\n", "")
    code: list[str] = []
    comments: list[str] = []
    rest = text
    while True:
        before, opened, rest = rest.partition("/*")
        code.append(before)
        if not opened:
            return " ".join(code), comments
        inside, closed, rest = rest.partition("*/")
        assert closed
        comments.append(inside)


def _texts_for(slot: str) -> list[str]:
    """Every hostile text for a name; for a text, which is printed in one way wherever it stands,
    every other one, in turns."""
    texts = [*HOSTILE.values()]
    return texts if "name" in slot else texts[[*SLOTS].index(slot) % 2 :: 2] + ODDEST


@pytest.mark.parametrize("slot", SLOTS)
def test_hostile_texts_stay_texts(slot: str) -> None:
    for number, text in enumerate(_texts_for(slot)):
        layout = lay_out(SLOTS[slot](text))
        with canary():
            # A package prints the same pieces; now and then one is enough.
            _hold_python(layout, split=(number + [*SLOTS].index(slot)) % 6 == 0)
            _hold_c(layout)
        for name in names_of(layout):
            assert _IDENTIFIER.fullmatch(name), (slot, name[:200])


def test_there_are_enough_of_them() -> None:
    assert sum(len(_texts_for(slot)) for slot in SLOTS) >= 500
    assert len({text for slot in SLOTS for text in _texts_for(slot)}) == len(HOSTILE)


@pytest.mark.parametrize("slot", SLOTS)
def test_a_text_reaches_the_layout_that_is_generated(slot: str) -> None:
    """The slots are no dead ends: what is said there is in the layout, as it is or renamed."""
    plain, marked = lay_out(SLOTS[slot]("Qplain")), lay_out(SLOTS[slot]("Qmarked"))
    assert layout_facts(plain) != layout_facts(marked)


@settings(max_examples=150, deadline=None)
@given(
    slot=st.sampled_from(sorted(SLOTS)),
    text=st.text(
        st.one_of(
            st.characters(),
            st.sampled_from(list("\"'\\\n\r\t{}%#*/?()\0\u2028\ud800")),
        ),
        max_size=40,
    ),
    split=st.booleans(),
)
def test_any_text_stays_a_text(slot: str, text: str, split: bool) -> None:
    layout = lay_out(SLOTS[slot](text))
    with canary():
        _hold_python(layout, split=split)
        _hold_c(layout)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from(list("*/?\\\"' a\n=<>!'()-"))))
def test_a_comment_says_the_text_and_ends_where_it_should(text: str) -> None:
    shown = comment(text)
    assert ast.literal_eval(shown) == text
    assert not re.search(r"\*/|/\*|\?\?", shown)


def test_hostile_headers_compile_to_nothing(tmp_path: Path) -> None:
    """Every hostile text in one header: the compiler finds no code, and says no word."""
    fields = tuple(
        Field(name=f"F{n}", bits=(BitRange(n % 64, 1),), description=text)
        for n, text in enumerate(HOSTILE.values())
    )
    registers = tuple(
        Register(name=text, offset=4 * n, description=text)
        for n, text in enumerate(HOSTILE.values())
    )
    register = Register(name="ALL", offset=0x1000, width=64, fields=fields)
    layout = lay_out(board_with(items=(*registers, register), windows=(), views=()))
    header = tmp_path / "chip.h"
    header.write_text(emitted(layout, "c-header")["chip.h"], encoding="ascii")
    source = tmp_path / "main.c"
    source.write_text('#include "chip.h"\n#include "chip.h"\nint main(void) { return 0; }\n')
    done = subprocess.run(
        ["gcc", "-Wall", "-Wextra", "-Werror", "-std=c11", "-o", str(tmp_path / "a"), str(source)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "stem",
    [
        "a b", "a;import os", "a.b", "..", "CON", "class", "8051", "\uff49\uff4e\uff49\uff54",
        "__init__", "a\nb", "é", "$(x)", "-o", "a'b", 'a"b', "{{x}}", "x" * 200,
    ],
)  # fmt: skip
def test_the_name_of_a_file_stays_a_name(
    stem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The module is called by the rule, lies in the folder, and its header is a comment."""
    source = tmp_path / f"{stem}.svd"
    source.write_text(
        "<device><name>D</name><peripherals><peripheral><name>P</name><baseAddress>0</baseAddress>"
        "<registers><register><name>R</name><addressOffset>0</addressOffset></register></registers>"
        "</peripheral></peripherals></device>",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    with canary():
        assert main(["generate", "-o", str(out), "--", str(source)]) == 0
        made = sorted(path.name for path in out.iterdir())
        (module,) = [name for name in made if name.endswith(".py")]
        assert made == [module, f"{module}i"]
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}\.py", module)
        assert run_module((out / module).read_text("ascii")).LAYOUT.instances["P"].base == 0
    capsys.readouterr()


_SVD = """<?xml version="1.0" encoding="utf-8"?>
<device><name>evil</name><description>{text}</description><peripherals><peripheral>
<name>P</name><description>{text}</description><baseAddress>0x1000</baseAddress><registers>
<register><name>{name}</name><description>{text}</description><addressOffset>0</addressOffset>
<fields><field><name>{name}</name><description>{text}</description><bitRange>[1:0]</bitRange>
<enumeratedValues><enumeratedValue><name>{name}</name><description>{text}</description>
<value>1</value></enumeratedValue></enumeratedValues></field></fields></register>
<register><name>{name}</name><addressOffset>4</addressOffset></register>
</registers></peripheral></peripherals></device>
"""


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if "NUL" not in kind])
def test_a_hostile_svd_file_is_generated_from(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a file to a module by the command, and the two registers of one name are two."""
    text = "".join(c for c in HOSTILE[kind] if c.isprintable() or c in "\n\r\t").strip()
    text = text or "nothing of it may stand in XML"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    source = tmp_path / "evil.svd"
    source.write_text(_SVD.format(text=escaped, name=escaped[:2000]), encoding="utf-8")
    with canary():
        assert main(["generate", str(source), "-o", str(tmp_path)]) == 0
        capsys.readouterr()
        layout = run_module((tmp_path / "evil.py").read_text("ascii")).LAYOUT
    assert " ".join(text.split()) == layout.description
    assert len({member.name for member in layout.instances["P"].block.members}) == 2


def test_the_header_of_a_module_is_made_of_checked_words() -> None:
    header = header_for("x\n; evil")
    assert header.module == "x___evil"
