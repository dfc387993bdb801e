"""The shared enums of a block after a patch: one of a name, and each used by name where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from regmap.loaders.patch.nodes import same
from regmap.model.block import Enum, Group, Register

__all__ = ["settled", "with_enums"]

_Items = tuple[Register | Group, ...]


def with_enums(items: _Items, new: dict[str, tuple[Enum, Enum | None]]) -> _Items:
    """Items with other enums in place of shared ones: by name, the old one and the new one."""

    def replaced(enum: Enum | None) -> Enum | None:
        old, now = new.get(enum.name, (enum, enum)) if enum is not None else (None, None)
        return now if same(old, enum) else enum

    return _mapped(items, replaced)


def settled(items: _Items, shared: list[Enum]) -> tuple[_Items, tuple[Enum, ...]]:
    """Items in which no two enums have one name, and all enums that are used by name.

    Where a patch has changed an enum for some of its users only, these get one of their own,
    called NAME_2. Equal ones are one object.
    """
    used = [enum for enum in _used(items) if enum.name]
    names = {enum.name for enum in shared} | {enum.name for enum in used}
    variants: dict[str, list[Enum]] = {name: [] for name in names}
    # The shared one keeps its name while anybody uses it, or nobody uses another.
    users: dict[str, list[Enum]] = {}
    for enum in used:
        users.setdefault(enum.name, []).append(enum)
    for enum in shared:
        kept = users.get(enum.name)
        if kept is None or any(same(each, enum) for each in kept):
            variants[enum.name].append(enum)
    chosen: dict[int, Enum] = {}
    for enum in used:
        known = variants[enum.name]
        equal = next((each for each in known if same(each, enum)), None)
        if equal is None:
            known.append(enum)
        chosen[id(enum)] = equal or enum
    own: dict[int, Enum] = {}
    for name, several in variants.items():
        number = 2
        for enum in several[1:]:
            while f"{name}_{number}" in names:
                number += 1
            names.add(f"{name}_{number}")
            own[id(enum)] = replace(enum, name=f"{name}_{number}")

    def final(enum: Enum | None) -> Enum | None:
        if enum is None or not enum.name:
            return enum
        known = chosen[id(enum)]
        return own.get(id(known), known)

    order = dict.fromkeys(enum.name for enum in (*shared, *used))
    found = [own.get(id(enum), enum) for name in order for enum in variants[name]]
    return _mapped(items, final), tuple(found)


def _used(items: Iterable[Register | Group]) -> Iterator[Enum]:
    for item in items:
        if isinstance(item, Group):
            yield from _used(item.items)
            continue
        for field in item.fields:
            if field.enum is not None:
                yield field.enum
            if field.write_enum is not None:
                yield field.write_enum


def _mapped(items: _Items, new: Callable[[Enum | None], Enum | None]) -> _Items:
    """Items with the enums that ``new`` gives; what does not change stays the same object."""
    found: list[Register | Group] = []
    for item in items:
        if isinstance(item, Group):
            inner = _mapped(item.items, new)
            found.append(item if inner is item.items else replace(item, items=inner))
            continue
        fields = []
        for field in item.fields:
            read, write = new(field.enum), new(field.write_enum)
            is_same = read is field.enum and write is field.write_enum
            fields.append(field if is_same else replace(field, enum=read, write_enum=write))
        is_same = all(one is other for one, other in zip(fields, item.fields, strict=True))
        found.append(item if is_same else replace(item, fields=tuple(fields)))
    if all(one is other for one, other in zip(found, items, strict=True)):
        return items
    return tuple(found)
