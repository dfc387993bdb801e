"""Register: the attributes that are no fields, and `raw` as instances and classes show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from regmap import _core
from regmap.errors import NotReadable
from tests.unit.core_objects import BASE, PAGE, Register, UnknownTestName, register, spelt


@pytest.fixture
def mapping() -> Iterator[_core.Map]:
    with _core.Map(-1, PAGE, address=BASE) as made:
        yield made


class Rich(Register):
    __slots__ = ("slot",)
    SPEC = _core.Spec(width=32, fields={"FIELD": _core.Field(0, 4)})

    @property
    def refuses(self) -> int:
        raise NotReadable("REG", "a property's own error")

    def method(self) -> str:
        return "called"


def test_attributes(mapping: _core.Map) -> None:
    context = object()
    reg: Any = Rich(mapping, BASE + 8, "BLOCK.REG", context)
    assert (reg.port, reg.address, reg.name, reg.context) == (
        mapping,
        BASE + 8,
        "BLOCK.REG",
        context,
    )
    for name in ("port", "address", "name", "context"):
        with pytest.raises(AttributeError) as caught:
            setattr(reg, name, 1)
        assert not isinstance(caught.value, UnknownTestName)
    reg.slot = 5
    assert (reg.slot, reg.method()) == (5, "called")
    del reg.slot
    assert not hasattr(reg, "slot")


def test_names_that_are_nowhere(mapping: _core.Map) -> None:
    reg: Any = Rich(mapping, BASE, "R", None)
    for operation in (lambda: reg.G, lambda: setattr(reg, "G", 1), lambda: delattr(reg, "G")):
        with pytest.raises(UnknownTestName, match=r"^G$"):
            operation()
    with pytest.raises(AttributeError, match="no attribute '_g'") as caught:
        reg._g
    assert not isinstance(caught.value, UnknownTestName)
    with pytest.raises(NotReadable, match="own error"):
        reg.refuses
    with pytest.raises(AttributeError, match="refuses"):
        reg.refuses = 1


def test_nothing_can_be_deleted(mapping: _core.Map) -> None:
    reg: Any = Rich(mapping, BASE, "R", None)
    with pytest.raises(AttributeError, match="cannot delete the field 'FIELD'"):
        del reg.FIELD
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del reg.raw


def test_other_spellings_of_a_field(mapping: _core.Map) -> None:
    class Text(str):
        __slots__ = ()

    reg = register(mapping, {"FIELD": _core.Field(0, 4)})
    only_in_spec: Any = Rich(mapping, BASE, "R", None)
    assert not hasattr(Rich, "FIELD")
    setattr(only_in_spec, spelt("FIELD"), 3)
    assert getattr(only_in_spec, spelt("FIELD")) == only_in_spec.FIELD == 3
    setattr(reg, spelt("FIELD"), 5)
    assert getattr(reg, spelt("FIELD")) == getattr(reg, Text("FIELD")) == reg.FIELD == 5
    setattr(reg, spelt("raw"), 6)
    assert getattr(reg, spelt("raw")) == 6


def test_a_class_shows_raw_as_a_property(mapping: _core.Map) -> None:
    """Tab completion evaluates every attribute whose class gives no property."""
    assert isinstance(_core.Register.raw, property)
    reg = register(mapping)
    reg.raw = 5
    raw: Any = _core.Register.__dict__["raw"]
    assert raw.__get__(reg) == 5
    raw.__set__(reg, 6)
    assert reg.raw == 6
    for wrong in (5, mapping):
        with pytest.raises(TypeError):
            raw.fget(wrong)
        with pytest.raises(TypeError):
            raw.fset(wrong, 1)


def test_a_subclass_may_replace_raw_as_the_class_shows_it(mapping: _core.Map) -> None:
    class Own(Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32)
        raw = property(doc="documented elsewhere")

    reg = Own(mapping, BASE, "R", None)
    reg.raw = 5
    assert reg.raw == 5
