"""What the tests of shipped descriptions read a layout with: offsets, fields and values as text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from regmap.layout import ArrayLayout, BlockLayout, GroupAt, RegisterAt, RegisterLayout
from regmap.layout.blocks import lay_out_block
from regmap.loaders import load
from regmap.model.block import Block

ROOT = Path(__file__).parents[2]
CHIPS = ROOT / "maps" / "chips"
BOARDS = ROOT / "maps" / "boards"
TINKER = ROOT / "tests" / "data" / "tinker"


@cache
def block(path: Path) -> BlockLayout:
    """The layout of a block's file."""
    model = load(path)
    assert isinstance(model, Block)
    return lay_out_block(model)


def places(layout: BlockLayout, base: int = 0) -> Iterator[tuple[int, str, RegisterAt]]:
    """Every register outside windows: its offset and its path."""
    for member in layout.members:
        if isinstance(member, RegisterAt) and not member.window:
            yield base + member.offset, member.name, member
        elif isinstance(member, GroupAt):
            for offset, name, at in places(member.group, base + member.offset):
                yield offset, f"{member.name}.{name}", at
        elif isinstance(member, ArrayLayout) and not member.named and not member.window:
            for element in member.elements:
                if isinstance(element, RegisterAt):
                    yield base + element.offset, element.name, element
                else:
                    for offset, name, at in places(element.group, base + element.offset):
                        yield offset, f"{element.name}.{name}", at


def register(layout: BlockLayout, path: str) -> RegisterLayout:
    """The register of this path, behind a window or not."""
    for member in layout.members:
        if isinstance(member, RegisterAt) and member.name == path:
            return member.register
        if isinstance(member, ArrayLayout):
            first = member.elements[0]
            if member.name == path and isinstance(first, RegisterAt):
                return first.register
            if isinstance(first, GroupAt) and path.startswith(f"{member.name}."):
                return register(first.group, path.removeprefix(f"{member.name}."))
    raise KeyError(path)


def picture(layout: RegisterLayout) -> str:
    """The fields from the top bit down, as ``NAME[msb:lsb]``; parts of a split one joined by +."""
    fields = []
    for field in sorted(layout.fields, key=lambda field: -field.lsb):
        parts = [
            f"{lsb}" if width == 1 else f"{lsb + width - 1}:{lsb}"
            for lsb, width in reversed(field.bits)
        ]
        fields.append(f"{field.name}[{'+'.join(parts)}]")
    return " ".join(fields)


def named_values(layout: RegisterLayout) -> dict[str, str]:
    """The enum of each field that has one, as ``NAME=number NAME=number``."""
    return {
        field.name: " ".join(f"{name}={number}" for name, number in field.enum.members)
        for field in layout.fields
        if field.enum
    }


def decode(layout: RegisterLayout, raw: int) -> dict[str, int]:
    """Every field's number in a whole register, added up part by part."""
    values = {}
    for field in layout.fields:
        value = shift = 0
        for lsb, width in field.bits:
            value += (raw // 2**lsb) % 2**width * 2**shift
            shift += width
        values[field.name] = value
    return values
