"""Stubs as text: formatted, stable, safe, and true to the live objects that they speak of.

What checkers make of them is tested in ``tests/typing``.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.codegen import guard
from regmap.errors import AccessError, ValueDoesNotFit
from regmap.layout import DeviceLayout, FieldLayout, lay_out
from regmap.live.build import build
from regmap.live.device import Device
from regmap.live.generated import Module
from regmap.live.register import Register
from regmap.live.views import View
from regmap.loaders.find import shipped_names
from tests.support import Recorder
from tests.unit.stub_reading import Stub, assert_formatted, stub, stubs

EVERYTHING = Path(__file__).resolve().parent.parent / "data" / "good" / "everything-board.yaml"
MAPS: list[str | Path] = [*shipped_names("boards"), *shipped_names("chips"), EVERYTHING]

READABLE = {"ReadWrite", "ReadOnly", "ReadChanges", "ReadChangesOnly"}
WRITABLE = {"ReadWrite", "WriteOnly", "ReadChanges"}
STEADY = {"ReadWrite", "ReadOnly"}
READ_FIELDS = {"Field", "EnumField", "ReadField"}
WRITE_FIELDS = {"Field", "EnumField", "WriteField", "EnumWriteField"}

each_map = pytest.mark.parametrize("source", MAPS, ids=lambda source: Path(source).stem)


@cache
def layout_of(source: str | Path) -> DeviceLayout:
    return lay_out(regmap.load(source))


def registers_of(device: Device) -> Iterator[Register]:
    seen: set[type] = set()
    for register in device:
        if type(register) not in seen:
            seen.add(type(register))
            yield register


def refused(action: Any) -> bool:
    try:
        action()
    except ValueDoesNotFit:
        return False
    except AccessError:
        return True
    return False


def some_value(field: FieldLayout) -> int:
    """A number that may be written to a field."""
    if field.acting is not None:
        return (1 << field.width) - 1 if field.acting else 0
    if field.enum_only and field.enum:
        return field.enum.members[0][1]
    return field.minimum or 0


# Text.


@each_map
def test_the_formatter_changes_nothing(source: str | Path, tmp_path: Path) -> None:
    layout = layout_of(source)
    for split in (False, True):
        for name, text in stubs(layout, split=split).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
    assert_formatted(tmp_path)


@each_map
def test_the_guard_takes_it(source: str | Path) -> None:
    for split in (False, True):
        guard.check(stubs(layout_of(source), split=split))


def test_hash_seed_does_not_matter() -> None:
    program = (
        "import hashlib, regmap\n"
        "from regmap.layout import lay_out\n"
        "from regmap.codegen.plan import Header\n"
        "from regmap.codegen.stub import render_stub\n"
        f"for source in ('rpi4', {str(EVERYTHING)!r}):\n"
        "    files = render_stub(lay_out(regmap.load(source)), Header('m', '1', 'a', '0' * 64))\n"
        "    print(hashlib.sha256(files['m.pyi'].encode('ascii')).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_a_package_has_one_stub_for_each_module() -> None:
    files = stubs(layout_of("pc"), split=True)
    assert set(files) == {
        "pc/__init__.pyi",
        "pc/block_hpet.pyi",
        "pc/block_ioapic.pyi",
        "pc/block_lapic.pyi",
    }
    assert "from .block_hpet import *\n" in files["pc/__init__.pyi"]
    assert "class Hpet(_t.Block):" in files["pc/block_hpet.pyi"]


# Truth.


@each_map
def test_each_class_is_there_at_run_time(source: str | Path) -> None:
    layout = layout_of(source)
    found = Stub(stub(layout))
    module = Module("any", lambda: layout)
    for name, node in found.public().items():
        live = module.attribute(name)
        assert live.__name__ == name
        names = set(found.attributes(node))
        match found.base(node):
            case "FieldEnum":
                values = {
                    each.targets[0].id: ast.literal_eval(each.value)  # type: ignore[attr-defined]
                    for each in node.body
                    if isinstance(each, ast.Assign)
                }
                assert values == {name: int(member) for name, member in live.__members__.items()}
            case "Device":
                assert names - {"pin", "pins"} == set(live.MEMBERS)
            case "Block":
                assert names == set(live.MEMBERS)
            case "ViewItem":
                assert names == set(live.ACCESSORS)
            case _:
                assert issubclass(live, Register)
                arrays = {name for name, _ in live.LAYOUT.field_arrays}
                fields = {*live.FIELDS, *arrays}
                assert {name for name in names if name in fields} == fields
                assert names - fields <= {"write", "modify", "wait", "set", "clear", "toggle"}


@each_map
def test_each_live_class_is_in_the_stub(source: str | Path) -> None:
    layout = layout_of(source)
    known = set(Stub(stub(layout)).public())
    device = build(layout)(Recorder())
    assert type(device).__name__ in known
    assert {type(block).__name__ for block in device.blocks} <= known
    assert {type(register).__name__ for register in registers_of(device)} <= known


@each_map
def test_what_it_says_of_registers_is_so(source: str | Path) -> None:
    layout = layout_of(source)
    found = Stub(stub(layout))
    for register in registers_of(build(layout)(Recorder())):
        node = found.classes[type(register).__name__]
        base, attributes = found.base(node), found.attributes(node)
        assert refused(register.read) == (base not in READABLE), register
        assert refused(lambda r=register: r.raw) == (base not in STEADY), register
        assert refused(lambda r=register: r.check_raw(0)) == (base not in WRITABLE), register
        values = {
            name: some_value(info.layout)
            for name, info in register.FIELDS.items()
            if info.layout.access != "read-only" and not info.layout.as_read
        }
        assert ("write" in attributes) == bool(values), register
        if values:
            assert refused(lambda r=register, v=values: r.modify(**v)) == (
                "modify" not in attributes
            ), register
        for name, info in register.FIELDS.items():
            live = attributes[name]
            assert refused(lambda r=register, n=name: getattr(r, n)) == (live not in READ_FIELDS)
            value = some_value(info.layout)
            assert refused(lambda r=register, n=name, v=value: setattr(r, n, v)) == (
                live not in WRITE_FIELDS
            ), (register, name)
        for verb in ("set", "clear", "toggle"):
            does = [name for name, i in register.FIELDS.items() if i.layout.does == verb]
            assert (verb in attributes) == bool(does), register


@each_map
def test_what_it_says_of_views_is_so(source: str | Path) -> None:
    layout = layout_of(source)
    found = Stub(stub(layout))
    device = build(layout)(Recorder())
    for block in device.blocks:
        views = [getattr(block, name) for name in type(block).MEMBERS]
        for view in views:
            if not isinstance(view, View):
                continue
            node = found.classes[type(view[0]).__name__]
            for name, what in found.attributes(node).items():
                items: list[Any] = list(view)
                if what == "def":
                    assert all(callable(getattr(item, name)) for item in items)
                else:
                    reads = any(not refused(lambda i=item, n=name: getattr(i, n)) for item in items)
                    assert reads == (what in READ_FIELDS), (view, name)
