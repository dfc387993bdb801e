"""Registers, groups, windows and whole blocks to plain mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regmap.model.access import AccessTriple
from regmap.model.block import Array, Block, Enum, Group, Register, Window
from regmap.writers.defaults import with_defaults
from regmap.writers.fields import (
    PLAIN,
    of_enum,
    of_field,
    of_use,
    put_about,
    put_access,
    put_shared,
)
from regmap.writers.plain import Hex, Mapping, kept, named, refuse
from regmap.writers.views import of_view

__all__ = ["of_array", "of_block", "of_group", "of_register", "of_window"]


def of_array(array: Array) -> Mapping:
    """The array of a register, group or instance."""
    if not array.counts or not array.strides or (array.live and len(array.counts) != 1):
        raise refuse("an array needs a count and a stride for each dimension", array.place)
    counts, strides = list(array.counts), [Hex(stride) for stride in array.strides]
    found: Mapping = {
        "count": array.live.text if array.live else counts[0] if len(counts) == 1 else counts
    }
    if array.live:
        found["max"] = counts[0]
    found["stride"] = strides[0] if len(strides) == 1 else strides
    if array.names is not None:
        found["name"] = array.names.text
    if array.labels:
        found["labels"] = list(array.labels)
    return found


def of_register(register: Register, *, source: str = "", index: bool = False) -> Mapping:
    """A register inside of something with this ``source``; with ``index``, behind a window."""
    found: Mapping = {"index" if index else "offset": Hex(register.offset, 2)}
    if register.array is not None:
        found["array"] = of_array(register.array)
    if register.width != 32:
        found["width"] = register.width
    put_access(found, register, PLAIN)
    if register.resets:
        if register.reset is not None:
            text = f"{register.name!a} has both one reset value and many"
            raise refuse(text, register.place)
        found["reset"] = [Hex(reset) for reset in register.resets]
    elif register.reset is not None:
        found["reset"] = Hex(register.reset)
    if register.reset_mask is not None:
        found["reset-mask"] = Hex(register.reset_mask)
    if register.access_widths:
        found["access-widths"] = list(register.access_widths)
    if register.word_order is not None:
        found["word-order"] = register.word_order
    if register.byte_order != "little":
        found["byte-order"] = register.byte_order
    for key in ("volatile", "verify", "target", "storage", "alias", "alternate"):
        if getattr(register, key):
            found[key] = getattr(register, key)
    put_shared(found, register, source)
    if register.fields:
        access = AccessTriple(register.access, register.write_action, register.read_action)
        found["fields"] = named(
            register.fields,
            f"fields of {register.name!a}",
            lambda field: of_field(field, access=access, volatile=register.volatile),
        )
    return found


def of_group(group: Group, *, source: str = "") -> Mapping:
    """A group inside of something with this ``source``."""
    found: Mapping = {"offset": Hex(group.offset, 2)}
    if group.array is not None:
        found["array"] = of_array(group.array)
    if group.alternate:
        found["alternate"] = True
    put_about(found, group, source)
    # A group is told from a register by these keys, so one of them is always there.
    return {**found, **(_of_items(group.items, group.name, group.source) or {"registers": {}})}


def _of_items(items: tuple[Register | Group, ...], inside: str, source: str) -> Mapping:
    """``registers`` and ``groups``; groups that stand before registers stay among them."""
    what = f"registers of {inside!a}"
    first_group = next((n for n, item in enumerate(items) if isinstance(item, Group)), len(items))
    if any(isinstance(item, Register) for item in items[first_group:]):
        first_group = len(items)

    def of_item(item: Register | Group) -> Mapping:
        if isinstance(item, Group):
            return of_group(item, source=source)
        return of_register(item, source=source)

    registers = named(items[:first_group], what, of_item)
    groups = named(items[first_group:], f"groups of {inside!a}", of_item)
    found = {"registers": registers, "groups": groups}
    return {key: inner for key, inner in found.items() if inner}


def of_window(window: Window, *, source: str = "") -> Mapping:
    """A window of a block with this ``source``."""
    found: Mapping = {"index": window.index.text, "data": window.data.text}
    if window.description:
        found["description"] = window.description
    found["registers"] = named(
        window.items,
        f"registers of window {window.name!a}",
        lambda register: of_register(register, source=source, index=True),
    )
    return found


def of_block(block: Block) -> Mapping:
    """A whole block file. What most registers share becomes its ``defaults``."""
    found: Mapping = {"regmap": 1, "block": block.name}
    if block.instance_name not in {"", block.name.upper()}:
        found["instance"] = block.instance_name
    for key in ("description", "source"):
        if getattr(block, key):
            found[key] = getattr(block, key)
    if block.size is not None:
        found["size"] = Hex(block.size)
    if block.per_cpu:
        found["per-cpu"] = True
    if block.extra:
        found["svd"] = kept(block.extra)
    inside: Mapping = {}
    enums = list(_enums_of(block))
    if enums:
        inside["enums"] = named(enums, "enums of a block", of_enum)
    inside |= _of_items(block.items, block.name, block.source)
    if block.windows:
        inside["windows"] = named(
            block.windows, "windows", lambda window: of_window(window, source=block.source)
        )
    if block.views:
        inside["views"] = named(block.views, "views", lambda view: of_view(view, of_use))
    return {**found, **with_defaults(inside)}


def _enums_of(block: Block) -> Iterator[Enum]:
    """The enums that are used by name: those of the block, then any that it does not list."""
    known = {enum.name: enum for enum in block.enums}
    yield from block.enums
    for enum in _used(block):
        if not enum.name or (found := known.get(enum.name)) is enum:
            continue
        if found is None:
            known[enum.name] = enum
            yield enum
        elif found != enum and of_enum(found) != of_enum(enum):
            text = f"two enums of block {block.name!a} are called {enum.name!a}"
            raise refuse(text, enum.place, "rename one of them")


def _used(block: Block) -> Iterator[Enum]:
    yield from _used_in(block.items)
    for window in block.windows:
        yield from _used_in(window.items)
    for view in block.views:
        yield from (member.enum for member in view.members if member.enum is not None)


def _used_in(items: Iterable[Register | Group]) -> Iterator[Enum]:
    for item in items:
        if isinstance(item, Group):
            yield from _used_in(item.items)
            continue
        for field in item.fields:
            if field.enum is not None:
                yield field.enum
            if field.write_enum is not None:
                yield field.write_enum
