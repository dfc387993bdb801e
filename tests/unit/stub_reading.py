"""What tests of stubs share: rendering one, taking it apart, and holding it to the formatter."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from regmap.codegen.plan import Header, module_name
from regmap.codegen.stub import render_stub
from regmap.layout import (
    BlockLayout,
    DeviceLayout,
    EnumLayout,
    FieldLayout,
    InstanceLayout,
    RegisterAt,
    RegisterLayout,
)
from regmap.layout.shape import MemberLayout


def header(name: str, *, split: bool = False) -> Header:
    return Header(name, "1.2.3", "a.yaml", "0" * 64, split)


def stubs(layout: DeviceLayout, *, split: bool = False) -> dict[str, str]:
    return render_stub(layout, header(module_name(layout.name), split=split))


@cache
def stub(layout: DeviceLayout) -> str:
    (text,) = stubs(layout).values()
    return text


def device_with(*members: MemberLayout, **more: Any) -> DeviceLayout:
    """A device with one block of these members."""
    block = BlockLayout("part", "Part", members, **more)
    at = InstanceLayout(name="PART", base=0, size=64, block_name="part", block=lambda: block)
    return DeviceLayout(name="chip", class_name="Chip", kind="chip", instances={"PART": at})


def hiding_names() -> DeviceLayout:
    """Members called like the classes beside them, and fields like what annotations are made of."""
    inner = RegisterLayout("Part_Part_X", 32)
    names = ("Int", "property", "timeout_s", "period_s", "self", "Part_X", "int", "keys", "Any")
    fields = tuple(FieldLayout(name, ((at, 1),)) for at, name in enumerate(names))
    layout = device_with(
        RegisterAt("Part_X", 0, inner),
        RegisterAt("X", 4, RegisterLayout("Part_X", 32, fields=fields)),
        RegisterAt("Part", 8, RegisterLayout("Part_Part", 32)),
        RegisterAt("property", 12, RegisterLayout("P" * 90, 32)),
    )
    (part,) = layout.instances.values()
    layout.instances = {"Part": part, "Chip": part}
    return layout


def long_names() -> DeviceLayout:
    """Names as long as names can be."""
    long = ["A" * 64, "B" * 64, "C" * 64]
    enum = EnumLayout(long[0], tuple((name, at) for at, name in enumerate(long)))
    one = EnumLayout(long[1], ((long[0], 1),))
    fields = (
        FieldLayout(long[0], ((0, 2),), enum=enum),
        FieldLayout(long[1], ((2, 1),), enum=one, write_enum=enum),
        FieldLayout(long[2], ((3, 1),), acting=1, does="set"),
    )
    registers = [RegisterLayout(name, 32, fields=fields[:at]) for at, name in enumerate(long, 1)]
    layout = device_with(*(RegisterAt(n, 0, r) for n, r in zip(long, registers, strict=True)))
    layout.class_name = "D" * 64
    return layout


class Stub:
    """A stub, taken apart again."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.classes = {
            node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)
        }
        self.aliases = {
            node.target.id: node.value
            for node in self.tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
        }

    def public(self) -> dict[str, ast.ClassDef]:
        return {name: node for name, node in self.classes.items() if not name.startswith("_")}

    def base(self, node: ast.ClassDef) -> str:
        """The ``_t`` class that a class derives from in the end."""
        base = node.bases[0]
        if isinstance(base, ast.Name):
            return self.base(self.classes[base.id])
        return kind(base)

    def body(self, node: ast.ClassDef) -> list[ast.stmt]:
        """Its statements after those of its private bases."""
        base = node.bases[0]
        inherited = self.body(self.classes[base.id]) if isinstance(base, ast.Name) else []
        return [*inherited, *node.body]

    def attributes(self, node: ast.ClassDef) -> dict[str, str]:
        """Its attributes with the ``_t`` class that each is of; methods are "def"."""
        found: dict[str, str] = {}
        for each in self.body(node):
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                annotation = each.annotation
                if isinstance(annotation, ast.Name):
                    annotation = self.aliases[annotation.id]
                found[each.target.id] = kind(annotation)
            elif isinstance(each, ast.FunctionDef):
                found[each.name] = "def"
        return found


def kind(node: ast.expr) -> str:
    """``ReadOnly`` of ``_t.ReadOnly[_v0]``."""
    return ast.unparse(node).removeprefix("_t.").partition("[")[0]


def assert_formatted(folder: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=100",
            "--no-cache", "--diff", str(folder),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[:4000] + done.stderr
