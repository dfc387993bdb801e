"""A device as a flat list: one row a register in address order, arrays and groups written out.

This is the form for other tools (``regmap export --format jsonl``) and for anything that walks all
registers without a backend. A register behind a window comes after the window's data register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    EnumLayout,
    FieldLayout,
    GroupAt,
    MemberLayout,
    RegisterAt,
    RegisterLayout,
)

__all__ = ["Row", "as_json", "rows", "rows_of"]


class Row(NamedTuple):
    """One register: its Python path, its block's kind, its address (None behind a window), and
    its offset from the instance (its index behind a window)."""

    path: str
    block: str
    address: int | None
    offset: int
    register: RegisterLayout
    window: str = ""


def rows(layout: DeviceLayout) -> Iterator[Row]:
    """Every register of every instance, instances by address."""
    instances = sorted(layout.instances.values(), key=lambda at: at.base)
    return chain.from_iterable(map(rows_of, instances))


def rows_of(instance: InstanceLayout) -> list[Row]:
    """Every register of one instance in address order."""
    block = instance.block
    plain: list[Row] = []
    behind: dict[str, list[Row]] = {}
    for path, offset, at in _registers(block.members, "", 0):
        row = Row(f"{instance.name}.{path}", block.name, None, offset, at.register, at.window)
        if at.window:
            behind.setdefault(at.window, []).append(row)
        else:
            plain.append(row._replace(address=instance.base + offset))
    plain.sort(key=lambda row: row.offset)
    for window in block.windows:
        data = f"{instance.name}.{window.data_register}"
        spot = next(number for number, row in enumerate(plain) if row.path == data) + 1
        plain[spot:spot] = sorted(behind.get(window.name, ()), key=lambda row: row.offset)
    return plain


def _registers(
    members: Sequence[MemberLayout], prefix: str, offset: int
) -> Iterator[tuple[str, int, RegisterAt]]:
    for member in members:
        elements: tuple[RegisterAt | GroupAt, ...] = ()
        if isinstance(member, RegisterAt | GroupAt):
            elements = (member,)
        elif isinstance(member, ArrayLayout) and not member.named:
            elements = member.elements
        for element in elements:
            if isinstance(element, RegisterAt):
                yield prefix + element.name, offset + element.offset, element
            else:
                group: BlockLayout = element.group
                inner = f"{prefix}{element.name}."
                yield from _registers(group.members, inner, offset + element.offset)


def as_json(row: Row) -> dict[str, Any]:
    """The row as a JSON object, in SVD's words; null for what is not stated."""
    register = row.register
    made: dict[str, Any] = {
        "path": row.path,
        "block": row.block,
        "address": row.address,
        "offset": row.offset,
        "width": register.width,
        "access": register.access,
        "reset": register.reset,
        "reset_mask": register.reset_mask,
        "read_action": register.read_action or None,
        "write_action": _stated(register.write_action),
        "fields": [_field(field) for field in register.fields],
    }
    if row.window:
        made["window"] = row.window
    return made


def _stated(action: str) -> str | None:
    return None if action == "modify" else action


def _field(field: FieldLayout) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": field.name,
        "lsb": field.bits[0][0],
        "width": field.width,
        "access": field.access,
        "read_action": field.read_action or None,
        "write_action": _stated(field.write_action),
        "enum": _enum(field.enum),
    }
    if len(field.bits) > 1:
        made["bits"] = [{"lsb": lsb, "width": width} for lsb, width in field.bits]
    return made


def _enum(enum: EnumLayout | None) -> dict[str, int] | None:
    if enum is None:
        return None
    printed = {python: manual for manual, python in enum.names}
    values = {printed.get(name, name): value for name, value in enum.members}
    values.update({printed.get(name, name): value for name, value, _ in enum.patterns})
    return values
