"""Stubs of small layouts: what is shared in them, and what hostile descriptions cannot do."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from regmap.codegen import guard
from regmap.layout import (
    BlockLayout,
    DeviceLayout,
    EnumLayout,
    FieldLayout,
    InstanceLayout,
    RegisterAt,
    RegisterLayout,
)
from regmap.live.generated import Module
from tests.unit.stub_reading import (
    Stub,
    assert_formatted,
    device_with,
    hiding_names,
    long_names,
    stub,
    stubs,
)

# Sharing.


def plain_register(class_name: str, **more: Any) -> RegisterLayout:
    fields = (FieldLayout("LOW", ((0, 4),)), FieldLayout("HIGH", ((4, 4),)))
    return RegisterLayout(class_name, 32, fields=fields, **more)


def test_alike_registers_share_one_class_and_one_body() -> None:
    first, again = plain_register("Part_A", reset=1), plain_register("Part_A", reset=1)
    other = plain_register("Part_B", reset=2, description="Another.")
    text = stub(
        device_with(RegisterAt("A", 0, first), RegisterAt("B", 4, again), RegisterAt("C", 8, other))
    )
    found = Stub(text)
    assert text.count("LOW: ") == 3  # the shared body, the keywords, the snapshot
    assert [name for name in found.public() if name.startswith("Part_")] == ["Part_A", "Part_B"]
    assert set(found.attributes(found.classes["Part_B"])) >= {"LOW", "HIGH", "write", "modify"}
    assert "B: _t.WritableMember[Part_A]\n" in text
    assert "C: _t.WritableMember[Part_B]\n" in text
    assert "Offsets 0x0, 0x4, 32 bits, read-write, reset 0x1." in text


def test_of_two_classes_of_one_name_the_first_has_it() -> None:
    first, second = plain_register("Part_A", reset=1), RegisterLayout("Part_A", 16)
    layout = device_with(RegisterAt("A", 0, first), RegisterAt("B", 4, second))
    found = Stub(stub(layout))
    assert "Part_A" in found.classes
    assert found.attributes(found.classes["_Part_A_2"]) == {}
    assert "B: _t.WritableMember[_Part_A_2]" in stub(layout)
    live = Module("any", lambda: layout).attribute("Part_A")
    assert first == live.LAYOUT


def test_a_lone_block_is_a_device_of_the_same_name() -> None:
    block = BlockLayout("part", "Part", (RegisterAt("A", 0, plain_register("Part_A")),))
    at = InstanceLayout(name="PART", base=0, size=64, block_name="part", block=lambda: block)
    layout = DeviceLayout(name="part", class_name="Part", kind="block", instances={"PART": at})
    found = Stub(stub(layout))
    assert found.base(found.classes["Part"]) == "Device"
    assert found.base(found.classes["_Part_2"]) == "Block"


def test_wait_takes_the_names_that_reads_have_and_write_those_of_writes() -> None:
    seen, given = EnumLayout("Part_seen", (("IDLE", 0),)), EnumLayout("Part_given", (("GO", 1),))
    field = FieldLayout("CODE", ((0, 2),), enum=seen, write_enum=given)
    text = stub(device_with(RegisterAt("A", 0, RegisterLayout("Part_A", 32, fields=(field,)))))
    found = Stub(text)

    def keyword(name: str) -> str:
        """The type of CODE among the keywords of a method."""
        body = found.classes["Part_A"].body
        (said,) = (ast.unparse(each) for each in body if f"def {name}(" in ast.unparse(each))
        node = found.classes[said.partition("**fields: _t.Unpack[")[2].partition("]")[0]]
        while not isinstance(node.body[0], ast.AnnAssign):
            node = found.classes[ast.unparse(node.bases[0])]
        return ast.unparse(node.body[0].annotation)

    assert "Part_given" in keyword("write")
    assert "Part_given" in keyword("modify")
    assert "Part_seen" in keyword("wait")


# Hostile descriptions.

TEXTS = [
    '"""',
    "'''",
    'say "this" and "that"',
    "it's",
    '"' + "'",
    "ends in a backslash \\",
    'ends in a quote "',
    "\\N{DASH} {braces} %s $x `tick`",
    "new\nline\rreturn\r\n\ttab",
    "\x00\x1b[31mred\x07",
    "\u2028\u2029\ufeff\u202e",
    "\ud800 lone",
    "\uff3f\uff3finit\uff3f\uff3f",
    "# type: ignore\nimport os",
    "x" * 100_000,
    "  spaces at both ends  ",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_comes_back_from_a_docstring(text: str, tmp_path: Path) -> None:
    enum = EnumLayout("Part_mode", (("ON", 1),), (text,), ((text, "ON"),))
    fields = (FieldLayout("LOW", ((0, 4),), enum=enum, description=text, unit=text),)
    register = RegisterLayout("Part_A", 32, fields=fields, description=text, source=text, unit=text)
    layout = device_with(RegisterAt("A", 0, register), description=text, source=text)
    layout.description = text
    for instance in layout.instances.values():
        instance.description = text
    files = stubs(layout)
    guard.check(files)
    (tmp_path / "chip.pyi").write_text(files["chip.pyi"], encoding="ascii")
    assert_formatted(tmp_path)
    found = Stub(files["chip.pyi"])
    assert ast.get_docstring(found.tree, clean=False) == text.strip()
    for name in ("Chip", "Part", "Part_A"):
        said = ast.get_docstring(found.classes[name], clean=False)
        assert said is not None
        assert said.startswith(text.strip())
    # What a checker shows on a terminal holds no text that could steer it.
    names = {
        node.value
        for alias in found.aliases.values()
        for node in ast.walk(alias)
        if isinstance(node, ast.Constant)
    }
    assert "ON" in names
    assert (text in names) == (text.isascii() and text.isprintable() and len(text) <= 64)


def test_names_that_hide_others(tmp_path: Path) -> None:
    layout = hiding_names()
    files = stubs(layout)
    guard.check(files)
    (tmp_path / "chip.pyi").write_text(files["chip.pyi"])
    assert_formatted(tmp_path)
    found = Stub(files["chip.pyi"])
    (x,) = (each for each in found.classes["Part"].body if ast.unparse(each).startswith("X: "))
    assert isinstance(x, ast.AnnAssign)
    # Inside the block, Part_X is the member; its class goes by another name.
    assert ast.unparse(x.annotation) == "_t.WritableMember[_c0]"
    assert ast.unparse(found.aliases["_c0"]) == "Part_X"
    assert all(len(name) <= 65 for name in found.classes)


def test_long_names_stay_in_their_lines(tmp_path: Path) -> None:
    layout = long_names()
    for split in (False, True):
        files = stubs(layout, split=split)
        guard.check(files)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
    assert_formatted(tmp_path)
