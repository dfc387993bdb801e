"""Enums and fields to plain mappings, and what registers write as fields do."""

from __future__ import annotations

from regmap.bits import BitRange, ones
from regmap.model.access import ACCESS_SHORTHANDS, Access, AccessTriple
from regmap.model.block import Constraint, Enum, EnumValue, Field, FieldArray, Group, Register
from regmap.writers.plain import Hex, Mapping, kept, named, refuse

__all__ = ["PLAIN", "of_enum", "of_field", "of_use", "put_about", "put_access", "put_shared"]

# What a file without `defaults` has.
PLAIN = AccessTriple(Access.READ_WRITE)
_SHORTHANDS = {triple: word for word, triple in ACCESS_SHORTHANDS.items()}
_ALL_BITS = ones(64)
# From here on, the codes of an enum are masks or addresses rather than counts.
_LONG_CODE = 0x100


def of_enum(enum: Enum) -> Mapping:
    """The values of an enum by name."""
    long = max((value.value or 0 for value in enum.values), default=0) >= _LONG_CODE
    found = named(enum.values, "values of an enum", lambda value: _of_value(value, long))
    if enum.extra:
        if "svd" in found:
            text = "an enum with a value called svd cannot keep what SVD says beyond it"
            raise refuse(text, enum.place, "rename the value")
        found["svd"] = kept(enum.extra)
    return found


def _of_value(value: EnumValue, long: bool) -> str | int | Mapping:
    code = _code(value, long)
    if value.description:
        return {"value": code, "description": value.description}
    # What stands behind one of these names must not be taken for a further enum.
    return {"value": code} if value.name in {"read", "write", "value"} else code


def _code(value: EnumValue, long: bool) -> str | int:
    if value.default or value.value is None:
        if value.value is not None or not value.default or value.care is not None:
            text = f"enum value {value.name!a} is neither a number nor the default"
            raise refuse(text, value.place, "a default has no value")
        return "default"
    free = 0 if value.care is None else _ALL_BITS & ~value.care
    if value.care is None or not free:
        return Hex(value.value, 1) if long else value.value
    if value.value & free or value.care > _ALL_BITS or value.value > _ALL_BITS:
        text = f"enum value {value.name!a} has a value in bits that do not count"
        raise refuse(text, value.place, "make these bits 0, of 64")
    width = max(free.bit_length(), value.value.bit_length())
    digits = ("x" if free >> bit & 1 else str(value.value >> bit & 1) for bit in range(width))
    return "0b" + "".join(digits)[::-1]


def of_use(enum: Enum | None) -> str | Mapping | None:
    """How a field or member uses an enum: by name, or with its values."""
    return None if enum is None else enum.name or of_enum(enum)


def of_field(field: Field, *, access: AccessTriple = PLAIN, volatile: bool = False) -> Mapping:
    """A field in a register of this access and volatility."""
    found: Mapping = {"bits": _bits(field)}
    if field.array is not None:
        found["array"] = _of_field_array(field.array)
    put_access(found, field, access)
    read, write = of_use(field.enum), of_use(field.write_enum)
    if write is not None:
        found["enum"] = {"write": write} if read is None else {"read": read, "write": write}
    elif read is not None:
        found["enum"] = read
    if field.reset is not None:
        found["reset"] = Hex(field.reset)
    if field.volatile != volatile:
        found["volatile"] = field.volatile
    put_shared(found, field, "")
    return found


def _bits(field: Field) -> int | str | list[int | str]:
    parts = [_part(part) for part in reversed(field.bits)]
    if not parts:
        raise refuse(f"field {field.name!a} has no bits", field.place)
    return parts[0] if len(parts) == 1 else parts


def _part(part: BitRange) -> int | str:
    return part.lsb if part.width == 1 else str(part)


def put_access(found: Mapping, item: Field | Register, inherited: AccessTriple) -> None:
    """Write the access of an item where it is not the inherited one."""
    own = AccessTriple(item.access, item.write_action, item.read_action)
    if own == inherited:
        return
    word = _SHORTHANDS.get(own)
    if word is not None:
        found["access"] = word
        return
    plain = AccessTriple(own.access)
    found["access"] = _SHORTHANDS[plain]
    if own.write_action is not plain.write_action:
        found["write-action"] = own.write_action.value
    if own.read_action is not None:
        found["read-action"] = own.read_action.value


def put_shared(found: Mapping, item: Field | Register, source: str) -> None:
    """Write what fields and registers share, about themselves included."""
    if item.constraint is not None:
        found["constraint"] = _of_constraint(item.constraint, item)
    for key in ("unit", "lock"):
        if getattr(item, key):
            found[key] = getattr(item, key)
    put_about(found, item, source)


def put_about(found: Mapping, item: Field | Register | Group, source: str) -> None:
    """Write what an item says about itself."""
    if item.py_name:
        found["py-name"] = item.py_name
    if item.description:
        found["description"] = item.description
    if item.source != source:
        found["source"] = item.source
    if item.extra:
        found["svd"] = kept(item.extra)


def _of_constraint(constraint: Constraint, item: Field | Register) -> str | Mapping:
    limits = {
        key: limit
        for key, limit in (("min", constraint.minimum), ("max", constraint.maximum))
        if limit is not None
    }
    if bool(limits) + constraint.enum_only + constraint.as_read != 1:
        text = f"the constraint of {item.name!a} is not of one kind"
        raise refuse(text, item.place, "a range, the enum's values, or what was read")
    return limits or ("enum" if constraint.enum_only else "as-read")


def _of_field_array(array: FieldArray) -> Mapping:
    counts = list(array.counts)
    if not counts:
        raise refuse("an array of fields needs a count", array.place)
    found: Mapping = {"count": counts[0] if len(counts) == 1 else counts, "stride": array.stride}
    if array.names is not None:
        found["name"] = array.names.text
    return found
