"""What is made quickly is what the classes make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from regmap.bits import BitRange
from regmap.errors import Place
from regmap.loaders.svd.makers import make_field, make_place, make_register, make_value
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Array, Constraint, Enum, EnumValue, Field, Register

PLACE = Place("f", 2, 3)
VALUE: dict[str, Any] = {
    "name": "V", "value": 5, "description": "d", "care": 7, "default": True, "place": PLACE
}  # fmt: skip
ENUM = Enum(values=())
ACTIONS: dict[str, Any] = {
    "access": Access.WRITE_ONCE, "write_action": WriteAction.SET, "read_action": ReadAction.CLEAR,
    "constraint": Constraint(as_read=True), "description": "d", "place": PLACE,
}  # fmt: skip
FIELD: dict[str, Any] = {
    "name": "F", "bits": (BitRange(1, 2),), "enum": ENUM, "write_enum": Enum(values=(), name="w"),
    **ACTIONS,
}  # fmt: skip
REGISTER: dict[str, Any] = {
    "name": "R", "offset": 4, "width": 16, "reset": 1, "reset_mask": 3, "byte_order": "big",
    "fields": (Field(**FIELD),), "array": Array(counts=(2,), strides=(4,)), "alternate": True,
    "extra": (("a", "b"),), **ACTIONS,
}  # fmt: skip


@pytest.mark.parametrize(
    ("made", "of", "values"),
    [
        (make_value, EnumValue, VALUE),
        (make_field, Field, FIELD),
        (make_register, Register, REGISTER),
    ],
)
def test_every_attribute_is_that_of_the_class(
    made: Callable[..., Any], of: type, values: dict[str, Any]
) -> None:
    found, expected = made(**values), of(**values)
    assert found == expected
    for each in fields(of):
        assert getattr(found, each.name) is getattr(expected, each.name) or each.name == "fields"
        # A value that is another attribute's by mistake would be seen.
        assert each.name not in values or getattr(found, each.name) == values[each.name]
    assert hash(found) == hash(expected)
    assert repr(found) == repr(expected)


def test_a_place() -> None:
    assert make_place("f", 2, 3) == PLACE
