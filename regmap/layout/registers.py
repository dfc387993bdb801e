"""A register of the description as it is in use: field arrays written out, names, masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from threading import RLock

from regmap.bits import BitRange, mask_of, ones
from regmap.layout.masks import field_refusals, register_refusals, side_effect, write_masks
from regmap.layout.refuse import refuse
from regmap.layout.shape import EnumLayout, FieldLayout, LaterRegister, RegisterLayout
from regmap.model.access import WRITE_RULES
from regmap.model.block import Enum, Field, FieldArray, Register
from regmap.model.expr import ExprError
from regmap.names import Taken, python_name, unique_name

__all__ = ["INDEX_NAMES", "EnumShelf", "lay_out_later"]

INDEX_NAMES = "ijklmnop"
_MOST_VALUES = 200_000
_WIDTHS = (8, 16, 32, 64)


class EnumShelf:
    """Enums laid out once each and shared by all fields that name them.

    ``taken`` are the names of classes that the block has already; those of enums are added.
    ``lock`` is held while something is laid out that was left for later.
    """

    def __init__(self, prefix: str, taken: set[str]) -> None:
        self.lock = RLock()
        self._prefix = prefix
        self._names: dict[int, tuple[Enum, str]] = {}
        self._done: dict[int, EnumLayout] = {}
        self._taken = taken
        self._values = 0

    def name(self, enum: Enum, fallback: str) -> str:
        """What the class of ``enum`` is called; ``fallback`` names one without a name of its own.

        The first to ask decides, so that names follow the order of the description whatever is
        laid out first.
        """
        found = self._names.get(id(enum))
        if found is not None:
            return found[1]
        self._values += len(enum.values)
        if self._values > _MOST_VALUES:
            text = f"more than {_MOST_VALUES:,} enum values in one block"
            raise refuse(text, enum.place, "write numbers where the names say no more")
        name = unique_name(f"{self._prefix}_{enum.name or fallback}", self._taken)
        self._taken.add(name)
        self._names[id(enum)] = (enum, name)
        return name

    def get(self, enum: Enum | None, fallback: str) -> EnumLayout | None:
        """The layout of ``enum``, None for one without values."""
        if enum is None or not enum.values:
            return None
        found = self._done.get(id(enum))
        if found is None:
            found = self._done[id(enum)] = _lay_out_enum(enum, self.name(enum, fallback))
        return found


def _lay_out_enum(enum: Enum, name: str) -> EnumLayout:
    taken = Taken()
    members: list[tuple[str, int]] = []
    docs: list[str] = []
    printed: list[tuple[str, str]] = []
    patterns: list[tuple[str, int, int]] = []
    default = ""
    for value in enum.values:
        python = unique_name(value.name, taken)
        taken.add(python)
        if python != value.name:
            printed.append((value.name, python))
        if value.default or value.value is None:
            default = python
        elif value.care is not None:
            patterns.append((python, value.value, value.care))
        else:
            members.append((python, value.value))
            docs.append(value.description)
    return EnumLayout(name, tuple(members), tuple(docs), tuple(printed), tuple(patterns), default)


def lay_out_later(
    register: Register,
    *,
    class_name: str,
    element: int,
    indexes: Mapping[str, int],
    enums: EnumShelf,
) -> LaterRegister | RegisterLayout:
    """What ``lay_out_register`` gives, made when it is asked for.

    What others must know is settled now: the names of its enums, and whether it means anything.
    """
    make = partial(
        lay_out_register,
        register,
        class_name=class_name,
        element=element,
        indexes=indexes,
        enums=enums,
    )
    for field in register.fields:
        if field.array is None:
            name = field.name
        elif (first := _first_name(field, field.array, indexes)) is not None:
            name = first
        else:
            return make()
        if field.enum is not None and field.enum.values:
            enums.name(field.enum, f"{register.name}_{name}")
        if field.write_enum is not None and field.write_enum.values:
            enums.name(field.write_enum, f"{register.name}_{name}_write")
    return LaterRegister(register.width, make, enums.lock)


def lay_out_register(
    register: Register,
    *,
    class_name: str,
    element: int,
    indexes: Mapping[str, int],
    enums: EnumShelf,
) -> RegisterLayout:
    """One element of a register as it is in use.

    ``element`` is its number in its array, ``indexes`` its indexes by name.
    """
    if register.width not in _WIDTHS:
        text = f"register {register.name} is {register.width} bits wide"
        raise refuse(text, register.place, "write `width: 8`, 16, 32 or 64; `width` is in bits")
    fields, arrays = _expand(register, element, indexes)
    fields = _cut(fields, register.width)
    masks = write_masks(register, fields)
    effect = side_effect(register, fields)
    refuse_read, refuse_write = register_refusals(register, fields)
    stated = register.resets[element] if register.resets else register.reset
    reset, reset_mask = _reset(register, stated, fields)
    taken = Taken(name for name, _ in arrays)
    laid: list[FieldLayout] = []
    renamed: dict[str, str] = {}
    enum: EnumLayout | None
    write_enum: EnumLayout | None
    for field in fields:
        name = unique_name(field.py_name or field.name, taken)
        taken.add(name)
        renamed[field.name] = name
        rule = WRITE_RULES[field.write_action]
        writable = field.access.writable
        no_read, no_write = field_refusals(field, masks, effect)
        limits = field.constraint
        enum = write_enum = None
        if field.enum is not None:
            enum = enums.get(field.enum, f"{register.name}_{field.name}")
        if field.write_enum is not None:
            write_enum = enums.get(field.write_enum, f"{register.name}_{field.name}_write")
        laid.append(
            FieldLayout(
                name=name,
                bits=tuple([(part.lsb, part.width) for part in field.bits]),
                access=str(field.access),
                write_action=str(field.write_action),
                read_action=str(field.read_action or ""),
                refuse_read=no_read,
                refuse_write=no_write,
                acting=rule.acting if writable else None,
                does=(rule.does or "") if writable else "",
                enum=enum,
                write_enum=write_enum,
                reset=field.reset,
                volatile=field.volatile,
                minimum=limits.minimum if limits else None,
                maximum=limits.maximum if limits else None,
                enum_only=bool(limits and limits.enum_only),
                as_read=bool(limits and limits.as_read),
                unit=field.unit,
                description=field.description,
                source=field.source,
            )
        )
    volatile = ones(register.width) if register.volatile and not fields else 0
    for field in fields:
        volatile |= mask_of(field.bits) if field.volatile else 0
    limits = register.constraint
    return RegisterLayout(
        class_name=class_name,
        width=register.width,
        access=str(register.access),
        write_action=str(register.write_action),
        read_action=str(register.read_action or ""),
        keep=masks.keep,
        neutral=masks.neutral,
        guess=masks.guess,
        why_guess=masks.why_guess,
        refuse_read=refuse_read,
        refuse_write=refuse_write,
        side_effect=effect,
        reset=reset,
        reset_mask=reset_mask,
        big_endian=register.byte_order == "big",
        access_widths=register.access_widths,
        word_order=register.word_order or "",
        volatile_mask=volatile,
        # Reading back is no use where nothing shows, and no business of a write where it acts.
        verify=register.verify and not (refuse_read or effect),
        minimum=limits.minimum if limits else None,
        maximum=limits.maximum if limits else None,
        as_read=bool(limits and limits.as_read),
        fields=tuple(laid),
        field_arrays=tuple(
            (python_name(name), tuple(renamed[element] for element in elements))
            for name, elements in arrays
        ),
        unit=register.unit,
        lock=register.lock,
        description=register.description,
        source=register.source,
    )


def _expand(
    register: Register, element: int, indexes: Mapping[str, int]
) -> tuple[tuple[Field, ...], list[tuple[str, tuple[str, ...]]]]:
    """The fields of one element with their arrays written out, and those arrays by name."""
    if not any(field.array for field in register.fields):
        return register.fields, []
    fields: list[Field] = []
    arrays: list[tuple[str, tuple[str, ...]]] = []
    own = INDEX_NAMES[len(indexes)]
    for field in register.fields:
        array = field.array
        if array is None:
            fields.append(field)
            continue
        count = array.counts[min(element, len(array.counts) - 1)]
        names: list[str] = []
        for number in range(count):
            name = f"{field.name}{number}"
            if array.names is not None:
                try:
                    name = array.names.at({**indexes, own: number})
                except ExprError as error:
                    text = f"{field.name}: {array.names.text} names no element {number}: {error}"
                    raise refuse(text, array.place) from None
            names.append(name)
            fields.append(_at(field, name, number * array.stride))
        arrays.append((field.py_name or field.name, tuple(names)))
    return tuple(fields), arrays


def _first_name(field: Field, array: FieldArray, indexes: Mapping[str, int]) -> str | None:
    """The name of the first element; None where it is not certain that every element has one."""
    if array.names is None:
        return f"{field.name}0"
    if "/" in array.names.text or "%" in array.names.text or 0 in array.counts:
        return None  # dividing by an index may fail at any of them
    try:
        return array.names.at({**indexes, INDEX_NAMES[len(indexes)]: 0})
    except ExprError:
        return None


def _cut(fields: tuple[Field, ...], width: int) -> tuple[Field, ...]:
    """The fields without bits beyond the register (RM202), which vendors' files do have; one that
    has no bit inside keeps its place as the highest bit."""
    if all(part.msb < width for field in fields for part in field.bits):
        return fields
    return tuple(replace(field, bits=_inside(field.bits, width)) for field in fields)


def _inside(bits: tuple[BitRange, ...], width: int) -> tuple[BitRange, ...]:
    kept = tuple(
        BitRange(part.lsb, min(part.width, width - part.lsb)) for part in bits if part.lsb < width
    )
    return kept or (BitRange(width - 1, 1),)


def _at(field: Field, name: str, shift: int) -> Field:
    """One element of a field array."""
    return Field(
        name=name,
        bits=tuple([BitRange(part.lsb + shift, part.width) for part in field.bits]),
        access=field.access,
        write_action=field.write_action,
        read_action=field.read_action,
        reset=field.reset,
        enum=field.enum,
        write_enum=field.write_enum,
        volatile=field.volatile,
        constraint=field.constraint,
        unit=field.unit,
        lock=field.lock,
        description=field.description,
        source=field.source,
        place=field.place,
    )


def _reset(
    register: Register, whole: int | None, fields: tuple[Field, ...]
) -> tuple[int | None, int | None]:
    """Reset value and mask; fields that state their own add to the register's."""
    stated = [field for field in fields if field.reset is not None]
    if not stated:
        return whole, register.reset_mask
    value = whole or 0
    known = 0 if whole is None else ones(register.width)
    if register.reset_mask is not None:
        known &= register.reset_mask
    for field in stated:
        mask, low = mask_of(field.bits), 0
        number = field.reset or 0
        for part in field.bits:
            low |= (number & ones(part.width)) << part.lsb
            number >>= part.width
        value = (value & ~mask) | low
        known |= mask
    return value, None if known == ones(register.width) else known
