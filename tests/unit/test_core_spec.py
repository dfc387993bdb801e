"""Field and Spec: what they hold, what they refuse, and the field as a descriptor."""

from __future__ import annotations

import enum
from typing import Any

import pytest

from regmap import _core
from tests.unit.core_objects import BASE, WIDTHS, AskedError, Port, ones, register, register_class

# ---- Field ---------------------------------------------------------------------------------------


def test_what_a_field_holds() -> None:
    field = _core.Field(4, 3)
    assert (field.lsb, field.width, field.mask, field.acting) == (4, 3, 0x70, None)
    assert (field.readable, field.writable, field.plain) == (True, True, True)
    assert (field.name, field.info, field.members) == (None, None, None)
    members = {0: "off", 5: "on"}
    info = object()
    full = _core.Field(
        63, 1, readable=False, writable=False, acting=0, members={1: "on"}, plain=False, info=info
    )
    assert (full.lsb, full.width, full.mask, full.acting) == (63, 1, 1 << 63, 0)
    assert (full.readable, full.writable, full.plain) == (False, False, False)
    assert full.info is info
    field = _core.Field(0, 3, members=members)
    members[1] = "later"
    assert field.members == {0: "off", 5: "on"}
    with pytest.raises(TypeError):
        field.members[1] = "x"  # type: ignore[index]


@pytest.mark.parametrize("width", range(1, 65))
def test_masks_of_every_width(width: int) -> None:
    assert _core.Field(0, width).mask == ones(width)
    assert _core.Field(64 - width, width).mask == ones(width) << (64 - width)


@pytest.mark.parametrize(("lsb", "width"), [(-1, 1), (0, 0), (0, 65), (64, 1), (63, 2), (0, -1)])
def test_fields_that_cannot_be(lsb: int, width: int) -> None:
    with pytest.raises(ValueError, match="no field of"):
        _core.Field(lsb, width)


def test_a_split_field_may_be_wider_than_its_place() -> None:
    assert _core.Field(1, 64, plain=False).width == 64


@pytest.mark.parametrize("acting", [2, -1])
def test_acting_is_a_bit(acting: int) -> None:
    with pytest.raises(ValueError, match="0, 1 or None"):
        _core.Field(0, 1, acting=acting)


@pytest.mark.parametrize("members", [{8: "x"}, {-1: "x"}, {"1": "x"}, {2**64: "x"}])
def test_members_must_fit(members: Any) -> None:
    with pytest.raises(ValueError, match="does not fit in 3 bits"):
        _core.Field(0, 3, members=members)


@pytest.mark.parametrize(
    "arguments", [{"lsb": "0", "width": 1}, {"lsb": 0}, {"lsb": 0, "width": 1, "members": 5}]
)
def test_wrong_arguments(arguments: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        _core.Field(**arguments)


def test_fields_are_immutable() -> None:
    field = _core.Field(0, 1)
    for name in ("lsb", "width", "mask", "name", "info", "members", "extra"):
        with pytest.raises(AttributeError):
            setattr(field, name, 1)


# ---- the descriptor ------------------------------------------------------------------------------


def test_a_class_gives_the_info() -> None:
    info = object()
    made = register_class({"A": _core.Field(0, 1, info=info), "B": _core.Field(1, 1)})
    assert made.A is info
    assert isinstance(made.B, _core.Field)


def test_called_directly_it_is_the_attribute() -> None:
    port = Port()
    fields = {"A": _core.Field(0, 4), "B": _core.Field(4, 4, readable=False)}
    reg = register(port, fields, keep=0xF)
    port.memory[BASE] = 0x5A
    assert fields["A"].__get__(reg, type(reg)) == 0xA
    with pytest.raises(AskedError):
        fields["B"].__get__(reg)
    fields["A"].__set__(reg, 3)
    assert port.memory[BASE] == 0x03
    with pytest.raises(AttributeError, match="cannot delete"):
        fields["A"].__delete__(reg)


def test_a_field_of_another_class_is_refused() -> None:
    port = Port()
    mine = register(port, {"A": _core.Field(0, 4)})
    other = register_class({"A": _core.Field(4, 4)}).__dict__["A"]
    strangers: list[tuple[_core.Field, Any]] = [
        (other, mine),
        (_core.Field(0, 4), mine),
        (other, 5),
    ]
    for field, owner in strangers:
        with pytest.raises(TypeError, match="no field of"):
            field.__get__(owner)
        with pytest.raises(TypeError, match="no field of"):
            field.__set__(owner, 1)
    assert port.calls == []


# ---- Spec ----------------------------------------------------------------------------------------


def test_what_a_spec_holds() -> None:
    spec = _core.Spec(width=16)
    assert (spec.width, spec.keep, spec.neutral) == (16, 0, 0)
    assert (spec.big_endian, spec.readable, spec.writable, spec.plain) == (False, True, True, True)
    assert spec.fields == {}
    fields = {"B": _core.Field(0, 1), "A": _core.Field(1, 1)}
    spec = _core.Spec(
        width=64, keep=2**63, neutral=1, big_endian=True, readable=False, writable=False,
        plain=False, fields=fields,
    )  # fmt: skip
    assert (spec.width, spec.keep, spec.neutral) == (64, 2**63, 1)
    assert (spec.big_endian, spec.readable, spec.writable, spec.plain) == (
        True,
        False,
        False,
        False,
    )
    assert list(spec.fields.items()) == list(fields.items())
    assert [field.name for field in fields.values()] == ["B", "A"]
    fields["C"] = _core.Field(2, 1)
    assert list(spec.fields) == ["B", "A"]
    with pytest.raises(TypeError):
        spec.fields["C"] = fields["C"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        spec.keep = 1  # type: ignore[misc]


@pytest.mark.parametrize("width", [0, 1, 7, 24, 128, -32])
def test_widths_that_cannot_be(width: int) -> None:
    with pytest.raises(ValueError, match="must be 8, 16, 32 or 64"):
        _core.Spec(width=width)


@pytest.mark.parametrize("width", WIDTHS)
def test_masks_must_fit_and_share_nothing(width: int) -> None:
    full = ones(width)
    _core.Spec(width=width, keep=full)
    _core.Spec(width=width, neutral=full)
    for keep, neutral in ((full + 1, 0), (0, full + 1), (-1, 0), (1, 3)):
        with pytest.raises(ValueError, match=f"must fit in {width} bits"):
            _core.Spec(width=width, keep=keep, neutral=neutral)


@pytest.mark.parametrize("width", WIDTHS)
def test_fields_must_lie_inside(width: int) -> None:
    _core.Spec(width=width, fields={"A": _core.Field(width - 1, 1)})
    if width < 64:
        with pytest.raises(ValueError, match=f"field 'A' does not fit in {width} bits"):
            _core.Spec(width=width, fields={"A": _core.Field(width - 1, 2)})
        _core.Spec(width=width, fields={"A": _core.Field(width - 1, 2, plain=False)})


@pytest.mark.parametrize("fields", [{"A": 5}, {5: _core.Field(0, 1)}, 5, ["A"]])
def test_fields_that_are_none(fields: Any) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError)):
        _core.Spec(width=32, fields=fields)


def test_a_field_has_one_name() -> None:
    field = _core.Field(0, 1)
    _core.Spec(width=32, fields={"A": field})
    _core.Spec(width=8, fields={"A": field})
    with pytest.raises(ValueError, match="already called 'A'"):
        _core.Spec(width=32, fields={"B": field})


def test_width_is_needed() -> None:
    with pytest.raises((TypeError, ValueError)):
        _core.Spec()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        _core.Spec(32)  # type: ignore[call-arg]


def test_many_fields_are_all_found() -> None:
    fields = {f"BIT{i}": _core.Field(i, 1) for i in range(64)}
    port = Port()
    reg = register(port, fields, width=64)
    for i in range(64):
        port.memory = {BASE + i // 8: 1 << i % 8}
        assert [getattr(reg, f"BIT{j}") for j in range(64)] == [int(i == j) for j in range(64)]


@pytest.mark.parametrize("kind", [_core.Field, _core.Spec, _core.Names])
def test_they_cannot_be_subclassed(kind: type) -> None:
    with pytest.raises(TypeError):
        type("Sub", (kind,), {})


class Level(enum.IntEnum):
    LOW = 0
    HIGH = 1
    TOP = 200


@pytest.mark.parametrize("width", [8, 9, 16, 64])
def test_members_are_given_for_their_values_and_numbers_for_others(width: int) -> None:
    port = Port()
    reg = register(port, {"F": _core.Field(0, width, members=dict(Level._value2member_map_))},
                   width=64)  # fmt: skip
    for value in (0, 1, 2, 199, 200, 201, ones(width)):
        port.write(BASE, 64, value)
        got = reg.F
        assert got == value
        assert type(got) is (Level if value in {0, 1, 200} else int)
    reg.F = Level.TOP
    assert reg.F is Level.TOP
