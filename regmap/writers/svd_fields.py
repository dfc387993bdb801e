"""Fields, enums and constraints of a register in SVD.

A field in several parts becomes a field each, ``NAME_1`` the one with the least significant bits;
its enum and constraint, which speak of the whole number, are left out. A field's own reset value
goes into its register's. Enums are written out wherever they are used: their ``derivedFrom`` is
read in as many ways as there are readers.
"""

from __future__ import annotations

import itertools
from typing import Any

from regmap.bits import BitRange, insert, mask_of, ones
from regmap.model.access import WriteAction
from regmap.model.block import Constraint, Enum, EnumValue, Field, FieldArray, Register
from regmap.model.walk import FieldAt, Indexes, fields_of
from regmap.writers.svd_arrays import Dim, array_name, put_dim
from regmap.writers.svd_extras import put_index, put_kept
from regmap.writers.svd_text import Scope, hexadecimal, identifier, put

__all__ = ["are_alike", "put_constraint", "put_fields", "reset_of"]

# The schema's bitRange goes no further.
_HIGHEST_BIT = 69
_LONG_CODE = 0x100


def are_alike(register: Register) -> bool:
    """Whether all elements of a register's array have the same fields and reset value."""
    array = register.array
    if array is None:
        return True
    if register.resets:
        return False
    arrays = [field.array for field in register.fields if field.array is not None]
    return all(_is_alike(each, len(array.counts)) for each in arrays)


def _is_alike(array: FieldArray, dimensions: int) -> bool:
    """Whether a field array is the same in every element of its register's array: its names have
    its own index alone, the letter behind those of the register."""
    names = array.names
    if names is None or len(array.counts) != 1:
        return len(array.counts) == 1
    letters = set("ijklmnop"[:dimensions])
    found = [part for part in names.parts if not isinstance(part, str)]
    while found:
        part = found.pop()
        if part.name in letters:
            return False
        found += [inner for inner in (part.left, part.right) if inner is not None]
    return True


def reset_of(register: Register, number: int) -> tuple[int | None, int | None]:
    """Reset value and mask of one element; out of its fields where it states none itself."""
    if register.resets:
        inside = number < len(register.resets)
        return (register.resets[number] if inside else None), register.reset_mask
    known = [each for each in register.fields if each.reset is not None and each.array is None]
    if register.reset is not None or not known:
        return register.reset, register.reset_mask
    value = mask = 0
    for field in known:
        value |= insert(field.bits, field.reset or 0)
        mask |= mask_of(field.bits)
    return value & ones(register.width), mask & ones(register.width)


def put_fields(element: Any, register: Register, number: int, indexes: Indexes) -> None:
    """``fields`` of one element of a register's array."""
    found = fields_of(register, number, indexes)
    if not found:
        return
    fields = put(element, "fields")
    scope = Scope()
    for _field, run in itertools.groupby(found, key=lambda at: id(at.field)):
        _put_field(fields, list(run), register, scope)


def _put_field(parent: Any, run: list[FieldAt], register: Register, scope: Scope) -> None:
    field = run[0].field
    if field.array is not None and len(field.bits) == 1 and field.array.stride >= 0:
        names = [at.name for at in run] if field.array.names is not None else [""] * len(run)
        named = array_name(field.name, names, scope)
        if named is not None:
            name, index = named
            _put_one(
                parent, field, name, field.bits[0], register,
                dim=Dim(len(run), field.array.stride, index),
            )  # fmt: skip
            return
    for at in run:
        if len(at.bits) == 1:
            _put_one(parent, field, scope.one(identifier(at.name)), at.bits[0], register)
            continue
        for number, bits in enumerate(at.bits, 1):
            name = scope.one(identifier(f"{at.name}_{number}"))
            _put_one(parent, field, name, bits, register, whole=False)


def _put_one(
    parent: Any,
    field: Field,
    name: str,
    bits: BitRange,
    register: Register,
    *,
    dim: Dim | None = None,
    whole: bool = True,
) -> None:
    element = put(parent, "field")
    if dim is not None:
        put_dim(element, dim, bits=True)
        put_index(element, field.extra)
    put(element, "name", name)
    if field.description:
        put(element, "description", field.description)
    if bits.msb <= _HIGHEST_BIT:
        put(element, "bitRange", f"[{bits.msb}:{bits.lsb}]")
    else:
        put(element, "lsb", str(bits.lsb))
        put(element, "msb", str(bits.msb))
    if field.access is not register.access:
        put(element, "access", field.access)
    # Some readers hand a register's actions to its fields and some do not, so they are said twice.
    if not field.write_action is register.write_action is WriteAction.MODIFY:
        put(element, "modifiedWriteValues", field.write_action)
    if whole:
        put_constraint(element, field.constraint, sum(part.width for part in field.bits))
    if field.read_action is not None:
        put(element, "readAction", field.read_action)
    if not whole:
        return
    width = sum(part.width for part in field.bits)
    if field.enum is not None:
        _put_enum(element, field.enum, "read" if field.write_enum is not None else "", width)
    if field.write_enum is not None:
        _put_enum(element, field.write_enum, "write", width)


def put_constraint(element: Any, constraint: Constraint | None, width: int) -> None:
    """``writeConstraint`` of something so many bits wide; a range in SVD has both ends."""
    if constraint is None:
        return
    inside = put(element, "writeConstraint")
    if constraint.as_read:
        put(inside, "writeAsRead", "true")
    elif constraint.enum_only:
        put(inside, "useEnumeratedValues", "true")
    else:
        limits = put(inside, "range")
        maximum = ones(width) if constraint.maximum is None else constraint.maximum
        put(limits, "minimum", str(constraint.minimum or 0))
        put(limits, "maximum", str(maximum))


def _put_enum(element: Any, enum: Enum, usage: str, width: int) -> None:
    values = put(element, "enumeratedValues")
    if enum.name:
        put(values, "name", identifier(enum.name, first_digit=True))
    put_kept(values, enum.extra, "headerEnumName")
    if usage:
        put(values, "usage", usage)
    scope = Scope()
    for value in enum.values:
        one = put(values, "enumeratedValue")
        put(one, "name", scope.one(identifier(value.name, first_digit=True)))
        if value.description:
            put(one, "description", value.description)
        if value.value is None:
            put(one, "isDefault", "true")
        else:
            put(one, "value", _code(value, value.value, width))


def _code(value: EnumValue, number: int, width: int) -> str:
    free = 0 if value.care is None else ones(max(width, number.bit_length())) & ~value.care
    if not free:
        return str(number) if number < _LONG_CODE else hexadecimal(number)
    digits = range(max(free.bit_length(), number.bit_length()) - 1, -1, -1)
    return "#" + "".join("x" if free >> bit & 1 else str(number >> bit & 1) for bit in digits)
