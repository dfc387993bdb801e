"""Register: fields and raw against a model, on mappings and on ports, and what Python decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import _core
from regmap.errors import BadAddress, ClosedError, ValueDoesNotFit
from tests.unit.core_objects import (
    BASE,
    PAGE,
    WIDTHS,
    AskedError,
    MemoryFile,
    Port,
    Register,
    UpdatingPort,
    ones,
    register,
    register_class,
)


@pytest.fixture
def mapping() -> Iterator[_core.Map]:
    with _core.Map(-1, PAGE, address=BASE) as made:
        yield made


# ---- the law: every way to the hardware does the same ------------------------------------------


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    """A width, disjoint keep and neutral, a byte order and one field."""
    width = draw(st.sampled_from(WIDTHS))
    keep = draw(st.integers(0, ones(width)))
    neutral = draw(st.integers(0, ones(width))) & ~keep
    lsb = draw(st.integers(0, width - 1))
    return {
        "width": width,
        "keep": keep,
        "neutral": neutral,
        "big_endian": draw(st.booleans()),
        "fields": {"F": _core.Field(lsb, draw(st.integers(1, width - lsb)))},
    }


@given(layouts(), st.integers(0, ones(64)), st.integers(0, ones(64)))
def test_a_field_is_its_bits_everywhere(layout: dict[str, Any], old: int, new: int) -> None:
    width, field = layout["width"], layout["fields"]["F"]
    order: Literal["big", "little"] = "big" if layout["big_endian"] else "little"
    old &= ones(width)
    new &= ones(field.width)
    others = layout["keep"] & ~field.mask
    base = old if others else 0
    expected = _core.merge(base, layout["keep"], layout["neutral"], field.mask, new << field.lsb)
    file = MemoryFile()
    with file.map() as mapping:
        for port in (mapping, Port(), UpdatingPort()):
            start = int.from_bytes(old.to_bytes(width // 8, order), "little")
            port.write(BASE, width, start)
            reg = register(port, **layout)
            assert (reg.raw, reg.load()) == (old, old)
            assert old >> field.lsb & ones(field.width) == reg.F
            if isinstance(port, Port):
                port.calls.clear()
            reg.F = new
            after = port.read(BASE, width).to_bytes(width // 8, "little")
            assert int.from_bytes(after, order) == expected
            if isinstance(port, UpdatingPort):
                assert [call[0] for call in port.calls] == (["U", "R"] if others else ["W", "R"])
            elif isinstance(port, Port):
                assert [call[0] for call in port.calls] == [*("RW" if others else "W"), "R"]
        assert file.get(0, width // 8) == expected.to_bytes(width // 8, order)
        assert file.get(width // 8, 16) == bytes(16)
    file.close()


@given(layouts(), *[st.integers(0, ones(64))] * 3, st.booleans())
def test_update_is_merge(
    layout: dict[str, Any], old: int, mask: int, value: int, always_read: bool
) -> None:
    width, keep = layout["width"], layout["keep"]
    old, mask, value = (word & ones(width) for word in (old, mask, value))
    reads = bool(keep if always_read else keep & ~mask)
    expected = _core.merge(old if reads else 0, keep, layout["neutral"], mask, value)
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        for port in (mapping, Port(), UpdatingPort()):
            reg = register(port, **layout)
            reg.store(old)
            if isinstance(port, Port):
                port.calls.clear()
            assert reg.update(mask, value, always_read=always_read) == expected
            if isinstance(port, Port):
                kinds = "".join(call[0] for call in port.calls)
                assert kinds == ("W" if not reads else "U" if hasattr(port, "update") else "RW")
            assert reg.load() == expected


@given(layouts(), *[st.integers(0, ones(64))] * 3)
def test_act_is_an_update_without_a_result(
    layout: dict[str, Any], old: int, mask: int, value: int
) -> None:
    old, mask, value = (word & ones(layout["width"]) for word in (old, mask, value))
    ports = [(Port(), Port()), (UpdatingPort(), UpdatingPort())]
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        for one, other in [(mapping, mapping), *ports]:
            acting, updating = register(one, **layout), register(other, **layout)
            acting.store(old)
            assert acting.act(mask, value) is None
            acted = acting.load()
            updating.store(old)
            assert updating.update(mask, value) == acted == updating.load()
            if isinstance(one, Port) and isinstance(other, Port):
                assert one.calls == other.calls


# ---- write-one fields ----------------------------------------------------------------------------


@pytest.mark.parametrize(("acting", "idle"), [(1, 0), (0, 7)])
def test_only_the_idle_value_of_an_acting_field_is_asked_about(acting: int, idle: int) -> None:
    port = Port()
    reg = register(port, {"F": _core.Field(4, 3, acting=acting)}, neutral=0x70 if idle else 0)
    for value in range(8):
        if value == idle:
            with pytest.raises(AskedError) as caught:
                reg.F = value
            assert caught.value.args == ("set_field", "F", idle)
        else:
            reg.F = value
            assert port.taken() == [("W", BASE, 32, value << 4)]


# ---- what Python decides -------------------------------------------------------------------------


@pytest.mark.parametrize("value", [16, -1, 2**64, -(2**64), 1.0, "INPUT", None, [1]])
def test_values_that_are_no_plain_fit(value: object) -> None:
    port = Port()
    reg = register(port, {"F": _core.Field(0, 4)})
    with pytest.raises(AskedError) as caught:
        reg.F = value
    assert caught.value.args == ("set_field", "F", value)
    assert port.calls == []


FIELD = {"F": _core.Field(0, 4)}
SLOW: dict[str, tuple[dict[str, Any], str]] = {
    # what is different: which of read field, write field, read raw, write raw are asked about
    "nothing": ({"fields": FIELD}, ""),
    "field not readable": ({"fields": {"F": _core.Field(0, 4, readable=False)}}, "r"),
    "field not writable": ({"fields": {"F": _core.Field(0, 4, writable=False)}}, "w"),
    "field not plain": ({"fields": {"F": _core.Field(0, 4, plain=False)}}, "rw"),
    "register not readable, nothing kept": ({"fields": FIELD, "readable": False}, "rR"),
    "register not readable, neighbours": (
        {"fields": FIELD, "readable": False, "keep": 0x10}, "rwR",
    ),
    "register not writable": ({"fields": FIELD, "writable": False}, "W"),
    "register not plain": ({"fields": FIELD, "plain": False}, "rwRW"),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "asked"), SLOW.values(), ids=SLOW)
def test_who_decides(spec: dict[str, Any], asked: str) -> None:
    port = Port()
    reg = register(port, **spec)
    operations: dict[str, Callable[[], object]] = {
        "r": lambda: reg.F,
        "w": lambda: setattr(reg, "F", 1),
        "R": lambda: reg.raw,
        "W": lambda: setattr(reg, "raw", 1),
    }
    for letter, operation in operations.items():
        if letter in asked:
            with pytest.raises(AskedError):
                operation()
            assert port.taken() == []
        else:
            operation()
            assert port.taken() != []
    assert reg.load() == port.read(BASE, 32)
    reg.store(3)
    assert reg.load() == 3


def test_the_answer_of_a_slow_path_is_given_on() -> None:
    class Answering(_core.Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32, plain=False, fields={"F": _core.Field(0, 4)})

        def _get_field(self, name: str) -> object:
            return ("field", name)

        def _get_raw(self) -> object:
            return "raw"

        def _set_field(self, name: str, value: object) -> None:
            self.store(10)

        def _set_raw(self, value: object) -> None:
            self.store(11)

    port = Port()
    reg: Any = Answering(port, BASE, "R", None)
    assert (reg.F, reg.raw) == (("field", "F"), "raw")
    reg.F = "anything"
    reg.raw = "anything"
    assert [call[-1] for call in port.calls] == [10, 11]


@pytest.mark.parametrize("value", [1 << 32, -1, 1.0, "7", None])
def test_raw_values_that_are_no_plain_fit(value: object) -> None:
    port = Port()
    reg = register(port)
    with pytest.raises(AskedError) as caught:
        reg.raw = value
    assert caught.value.args == ("set_raw", value)
    assert port.calls == []


# ---- store, load, update -------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_values_at_the_edge(mapping: _core.Map, width: int) -> None:
    reg = register(mapping, {"F": _core.Field(0, width)}, width=width)
    for value in (0, 1, ones(width), ones(width) - 1, 1 << (width - 1)):
        reg.raw = value
        assert (reg.raw, reg.load(), reg.F) == (value, value, value)
        reg.F = value
        assert reg.raw == value
    for bad in (1 << width, -1, 2**64):
        for operation in (reg.store, lambda v: reg.update(v, 0), lambda v: reg.update(0, v)):
            with pytest.raises(ValueDoesNotFit) as caught:
                operation(bad)
            error = caught.value
            assert (error.path, error.value, error.width, error.largest) == (
                "BLOCK.REG", bad, width, ones(width),
            )  # fmt: skip


def test_numbers_and_what_is_none(mapping: _core.Map) -> None:
    class Seven:
        def __index__(self) -> int:
            return 7

    reg = register(mapping)
    reg.store(Seven())
    assert reg.load() == 7
    reg.raw = True
    assert reg.load() == 1
    for wrong in (1.0, "1", None):
        with pytest.raises(TypeError):
            reg.store(wrong)
    with pytest.raises(TypeError):
        reg.update(1)
    with pytest.raises(TypeError):
        reg.update(1, 1, True)
    reg.act(value=0xFF, mask=2)
    assert reg.load() == 2
    for arguments in ((), (1,), (1, 1, 1), (1.0, 1), (1, None)):
        with pytest.raises(TypeError):
            reg.act(*arguments)
    with pytest.raises(TypeError, match="no argument 'always_read'"):
        reg.act(1, 1, always_read=True)


# ---- where a register may be ---------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-4, PAGE, PAGE - 2, 1, -BASE, 2**64 - 4 - BASE])
def test_a_register_outside_of_its_map_is_refused_when_used(
    mapping: _core.Map, offset: int
) -> None:
    reg = register(mapping, FIELD, offset=offset, keep=0xF0)
    for operation in (
        lambda: reg.F,
        lambda: setattr(reg, "F", 1),
        lambda: reg.raw,
        lambda: setattr(reg, "raw", 1),
        reg.load,
        lambda: reg.store(1),
        lambda: reg.update(1, 1),
    ):
        with pytest.raises(BadAddress, match=rf"^BLOCK\.REG: 32-bit .* at {BASE + offset:#x} is"):
            operation()
    assert [mapping.read(BASE + at, 64) for at in range(0, PAGE, 8)] == [0] * (PAGE // 8)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_last_place_of_each_width(mapping: _core.Map, width: int) -> None:
    reg = register(mapping, offset=PAGE - width // 8, width=width)
    reg.raw = 5
    assert reg.raw == 5


@pytest.mark.parametrize("width", WIDTHS)
def test_the_end_of_the_address_space_is_not_the_start_of_the_map(width: int) -> None:
    with _core.Map(-1, PAGE, address=0) as mapping:
        reg = register_class(width=width)(mapping, 2**64 - width // 8, "R", None)
        with pytest.raises(BadAddress, match="is outside of the mapping"):
            reg.raw = 1
        assert mapping.read(0, 64) == 0


def test_aligned_in_the_map_is_not_aligned_on_the_bus() -> None:
    with _core.Map(-1, PAGE, address=BASE + 4) as mapping:
        for offset in (4, 8):
            with pytest.raises(BadAddress, match="not aligned to 8 bytes"):
                register(mapping, offset=offset, width=64).raw = 1
        register(mapping, offset=8).raw = 1
        assert mapping.read(BASE + 8, 32) == 1


@pytest.mark.parametrize("address", [-1, 2**64, 2**64 - 3, 2**64 - 1])
def test_a_register_beyond_the_address_space_cannot_be(mapping: _core.Map, address: int) -> None:
    made = register_class()
    with pytest.raises(BadAddress, match="is not in a space of 64 bits"):
        made(mapping, address, "R", None)
    with pytest.raises(BadAddress):
        made(Port(), address, "R", None)
    made(Port(), 2**64 - 4, "R", None).store(5)


def test_closed_and_read_only_maps() -> None:
    file = MemoryFile()
    mapping = file.map()
    reg = register(mapping, FIELD, keep=0xF0)
    mapping.close()
    for operation in (lambda: reg.F, lambda: setattr(reg, "F", 1), lambda: reg.store(1)):
        with pytest.raises(ClosedError, match=r"^BLOCK\.REG: "):
            operation()
    with file.map(writable=False) as readable:
        reg = register(readable, FIELD, keep=0xF0)
        assert reg.F == 0
        for operation in (
            lambda: setattr(reg, "F", 1),
            lambda: setattr(reg, "raw", 1),
            lambda: reg.update(1, 1),
        ):
            with pytest.raises(BadAddress, match=r"^BLOCK\.REG: .* the mapping is read-only"):
                operation()
    file.close()


def test_errors_call_the_register_by_its_path_where_it_has_one(mapping: _core.Map) -> None:
    class Placed(Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32)

        @property
        def path(self) -> str:
            return f"GPIO.{self.name}"

    reg = Placed(mapping, BASE + PAGE, "SET0", None)
    with pytest.raises(BadAddress, match=r"^GPIO\.SET0: "):
        reg.load()
    with pytest.raises(ValueDoesNotFit, match=r"^GPIO\.SET0: "):
        reg.store(-1)


def test_errors_do_without_a_path_that_fails(mapping: _core.Map) -> None:
    class Broken(Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32)

        @property
        def path(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(BadAddress, match=r"^SET0: "):
        Broken(mapping, BASE + PAGE, "SET0", None).load()
