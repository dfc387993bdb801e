"""Fields and enumerated values of an SVD register to the model."""

from __future__ import annotations

from typing import Any

from regmap.bits import BitRange, ones
from regmap.loaders.report import WRONG_VALUE, Log
from regmap.loaders.svd_names import array_names, plain
from regmap.loaders.svd_tree import Dim
from regmap.loaders.svd_words import place_of
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Constraint, Enum, EnumValue, Field, FieldArray

__all__ = ["Enums", "read_constraint", "read_field"]

_ALL_BITS = ones(64)
_TRUE = frozenset({"true", "1"})


class Enums:
    """The enums of one chip; those with the same values are one object."""

    def __init__(self, file: str, log: Log) -> None:
        self._file = file
        self._log = log
        self._made: dict[tuple[object, ...], Enum] = {}

    @property
    def file(self) -> str:
        """The file that places are in."""
        return self._file

    def of_field(self, element: Any, field: Any) -> tuple[Enum | None, Enum | None]:
        """A field's enums: (for reading and writing, for writing where it differs)."""
        read: Enum | None = None
        write: Enum | None = None
        elements = element.findall("enumeratedValues")
        for each, values in zip(elements, field.enumerated_values or (), strict=True):
            enum = self._enum(each, values)
            if values.usage is not None and values.usage.value == "write":
                write = enum
            else:
                read = enum
        return read, write

    def _enum(self, element: Any, values: Any) -> Enum | None:
        found = []
        elements = element.findall("enumeratedValue")
        for each, value in zip(elements, values.enumerated_values, strict=True):
            is_default = bool(value.is_default) and value.value is None
            if value.value is None and not is_default:
                text = f"enumerated value {value.name or ''} has no <value>; left out"
                self._log.warning(WRONG_VALUE, place_of(each, self._file), text)
                continue
            free = int(each.get("free", "0"))
            found.append(
                EnumValue(
                    name=value.name or ("DEFAULT" if is_default else f"VALUE_{value.value}"),
                    value=None if is_default else value.value,
                    description=plain(value.description),
                    care=_ALL_BITS ^ free if free else None,
                    default=is_default,
                    place=place_of(each, self._file),
                )
            )
        if not found:
            return None
        key = tuple((v.name, v.value, v.care, v.default, v.description) for v in found)
        enum = Enum(values=tuple(found), place=place_of(element, self._file))
        return self._made.setdefault(key, enum)


def read_field(element: Any, field: Any, dim: Dim | None, index: str, enums: Enums) -> list[Field]:
    """A field as the model has it; several where an array's names follow no pattern.

    ``index`` is what a pattern calls the number of a field in its array.
    """
    name, names, labels = array_names(field.name, dim, index)
    read, write = enums.of_field(element, field)
    bits = BitRange(field.bit_offset, field.bit_width)
    values: dict[str, Any] = {
        "access": Access(field.access.value) if field.access else Access.READ_WRITE,
        "write_action": WriteAction(field.modified_write_values.value)
        if field.modified_write_values
        else WriteAction.MODIFY,
        "read_action": ReadAction(field.read_action.value) if field.read_action else None,
        "enum": read,
        "write_enum": write,
        "constraint": read_constraint(element),
        "description": plain(field.description),
        "place": place_of(element, enums.file),
    }
    if dim is None:
        return [Field(name=name, bits=(bits,), **values)]
    if labels:
        return [
            Field(name=label, bits=(bits.shifted(number * dim.stride),), **values)
            for number, label in enumerate(labels)
        ]
    array = FieldArray(counts=(dim.count,), stride=dim.stride, names=names, place=values["place"])
    return [Field(name=name, bits=(bits,), array=array, **values)]


def read_constraint(element: Any) -> Constraint | None:
    """``writeConstraint``; the package reads a range as truth values, so it is taken from the
    element."""
    constraint = element.find("writeConstraint")
    if constraint is None:
        return None
    if constraint.findtext("writeAsRead", "").lower() in _TRUE:
        return Constraint(as_read=True)
    if constraint.findtext("useEnumeratedValues", "").lower() in _TRUE:
        return Constraint(enum_only=True)
    lowest, highest = (constraint.findtext(f"range/{tag}") for tag in ("minimum", "maximum"))
    if lowest is None and highest is None:
        return None
    return Constraint(
        minimum=int(lowest) if lowest else None, maximum=int(highest) if highest else None
    )
