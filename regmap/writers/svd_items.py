"""Registers and clusters in SVD.

Every register says its size and access where they are not the device's (32 bits, read-write), so
that each can be read alone and a change of one changes no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regmap.model.access import Access, WriteAction
from regmap.model.block import Group, Register
from regmap.writers.svd_arrays import Said, put_dim, said
from regmap.writers.svd_extras import put_index, put_kept
from regmap.writers.svd_fields import are_alike, put_constraint, put_fields, reset_of
from regmap.writers.svd_text import Scope, hexadecimal, put

__all__ = ["ACCESS", "WIDTH", "put_items"]

# What the device says for all registers that say nothing else.
WIDTH = 32
ACCESS = Access.READ_WRITE


def put_items(parent: Any, items: Sequence[Register | Group]) -> None:
    """What stands in a peripheral or cluster."""
    scope = Scope()
    for item in items:
        alike = isinstance(item, Group) or are_alike(item)
        for each in said(item, scope, alike=alike):
            if isinstance(item, Group):
                _put_cluster(parent, item, each, items)
            else:
                _put_register(parent, item, each, items)


def _put_cluster(parent: Any, group: Group, at: Said, beside: Sequence[Register | Group]) -> None:
    element = put(parent, "cluster")
    _put_head(element, group, at)
    put(element, "description", group.description)
    if not put_kept(element, group.extra, "alternateCluster") and group.alternate:
        other = _same_place(group, beside)
        if other:
            put(element, "alternateCluster", other)
    header = tuple((name, text) for name, text in group.extra if "%s" not in text)
    put_kept(element, header, "headerStructName")
    put(element, "addressOffset", hexadecimal(group.offset + at.offset))
    put_items(element, group.items)


def _put_register(
    parent: Any, register: Register, at: Said, beside: Sequence[Register | Group]
) -> None:
    element = put(parent, "register")
    _put_head(element, register, at)
    put_kept(element, register.extra, "displayName")
    if register.description:
        put(element, "description", register.description)
    kept = put_kept(element, register.extra, "alternateGroup", "alternateRegister")
    if not kept and register.alternate:
        other = _same_place(register, beside)
        if other:
            put(element, "alternateRegister", other)
    put(element, "addressOffset", hexadecimal(register.offset + at.offset))
    if register.width != WIDTH:
        put(element, "size", str(register.width))
    if register.access is not ACCESS:
        put(element, "access", register.access)
    put_kept(element, register.extra, "protection")
    reset, mask = reset_of(register, at.number)
    if reset is not None:
        put(element, "resetValue", hexadecimal(reset))
    if mask is not None:
        put(element, "resetMask", hexadecimal(mask))
    put_kept(element, register.extra, "dataType")
    if register.write_action is not WriteAction.MODIFY:
        put(element, "modifiedWriteValues", register.write_action)
    put_constraint(element, register.constraint, register.width)
    # What reading does is said by the fields where it is not the same for all of them.
    if register.read_action is not None and all(
        field.read_action is not None for field in register.fields
    ):
        put(element, "readAction", register.read_action)
    put_fields(element, register, at.number, at.indexes)


def _put_head(element: Any, item: Register | Group, at: Said) -> None:
    if at.dim is not None:
        put_dim(element, at.dim)
        put_index(element, item.extra)
    put(element, "name", at.name)


def _same_place(item: Register | Group, beside: Sequence[Register | Group]) -> str:
    """The neighbour that something is an alternative to, "" where there is none to be named."""
    for other in beside:
        if other is not item and type(other) is type(item) and other.offset == item.offset:
            name = other.name if other.array is None else ""
            return name if name.isidentifier() and name.isascii() else ""
    return ""
