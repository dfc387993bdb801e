"""Objects of the model, made quickly: a large file is a few hundred thousand of them.

``__init__`` of a frozen class goes through ``object.__setattr__`` by name for each attribute, which
is half of the time that a field takes to read. Here each slot is set by its own descriptor. What
comes of it is the same object in every way; a test holds each function against its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from regmap.bits import BitRange
from regmap.errors import Place
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import (
    Array,
    ByteOrder,
    Constraint,
    Enum,
    EnumValue,
    Extra,
    Field,
    Register,
)

__all__ = ["make_field", "make_place", "make_register", "make_value"]

_new = object.__new__


def _setters(of: type) -> list[Callable[[Any, Any], None]]:
    """What sets each attribute of a class with slots, in the order of the class."""
    return [getattr(of, each.name).__set__ for each in fields(of)]


(
    _p_file, _p_line, _p_column, _p_width,
) = _setters(Place)  # fmt: skip
(
    _v_name, _v_value, _v_description, _v_care, _v_default, _v_place,
) = _setters(EnumValue)  # fmt: skip
(
    _f_name, _f_bits, _f_access, _f_write_action, _f_read_action, _f_reset, _f_enum,
    _f_write_enum, _f_array, _f_volatile, _f_constraint, _f_unit, _f_lock, _f_description,
    _f_source, _f_py_name, _f_extra, _f_place,
) = _setters(Field)  # fmt: skip
(
    _r_name, _r_offset, _r_width, _r_access, _r_write_action, _r_read_action, _r_reset,
    _r_reset_mask, _r_resets, _r_fields, _r_array, _r_access_widths, _r_word_order,
    _r_byte_order, _r_volatile, _r_verify, _r_target, _r_storage, _r_alias, _r_alternate,
    _r_constraint, _r_unit, _r_lock, _r_description, _r_source, _r_py_name, _r_extra, _r_place,
) = _setters(Register)  # fmt: skip


def make_place(file: str, line: int, column: int) -> Place:
    """A place of one character."""
    made = _new(Place)
    _p_file(made, file)
    _p_line(made, line)
    _p_column(made, column)
    _p_width(made, 1)
    return made


def make_value(
    *, name: str, value: int | None, description: str, care: int | None, default: bool, place: Place
) -> EnumValue:
    """A value of an enum."""
    made = _new(EnumValue)
    _v_name(made, name)
    _v_value(made, value)
    _v_description(made, description)
    _v_care(made, care)
    _v_default(made, default)
    _v_place(made, place)
    return made


def make_field(
    *,
    name: str,
    bits: tuple[BitRange, ...],
    access: Access,
    write_action: WriteAction,
    read_action: ReadAction | None,
    enum: Enum | None,
    write_enum: Enum | None,
    constraint: Constraint | None,
    description: str,
    place: Place,
) -> Field:
    """A field that is no array."""
    made = _new(Field)
    _f_name(made, name)
    _f_bits(made, bits)
    _f_access(made, access)
    _f_write_action(made, write_action)
    _f_read_action(made, read_action)
    _f_reset(made, None)
    _f_enum(made, enum)
    _f_write_enum(made, write_enum)
    _f_array(made, None)
    _f_volatile(made, False)
    _f_constraint(made, constraint)
    _f_unit(made, "")
    _f_lock(made, "")
    _f_description(made, description)
    _f_source(made, "")
    _f_py_name(made, "")
    _f_extra(made, ())
    _f_place(made, place)
    return made


def make_register(
    *,
    name: str,
    offset: int,
    width: int,
    access: Access,
    write_action: WriteAction,
    read_action: ReadAction | None,
    reset: int | None,
    reset_mask: int | None,
    fields: tuple[Field, ...],
    array: Array | None,
    byte_order: ByteOrder,
    constraint: Constraint | None,
    alternate: bool,
    description: str,
    extra: Extra,
    place: Place,
) -> Register:
    """A register."""
    made = _new(Register)
    _r_name(made, name)
    _r_offset(made, offset)
    _r_width(made, width)
    _r_access(made, access)
    _r_write_action(made, write_action)
    _r_read_action(made, read_action)
    _r_reset(made, reset)
    _r_reset_mask(made, reset_mask)
    _r_resets(made, ())
    _r_fields(made, fields)
    _r_array(made, array)
    _r_access_widths(made, ())
    _r_word_order(made, None)
    _r_byte_order(made, byte_order)
    _r_volatile(made, False)
    _r_verify(made, False)
    _r_target(made, "")
    _r_storage(made, "")
    _r_alias(made, "")
    _r_alternate(made, alternate)
    _r_constraint(made, constraint)
    _r_unit(made, "")
    _r_lock(made, "")
    _r_description(made, description)
    _r_source(made, "")
    _r_py_name(made, "")
    _r_extra(made, extra)
    _r_place(made, place)
    return made
