"""Names and Block: members made when first asked for, and everything else an attribute can be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import _core
from regmap.errors import NotReadable
from tests.unit.core_objects import BASE, PAGE, AskedError, Port, UnknownTestName, register, spelt


class Block(_core.Block):
    """Two registers and something else; remembers what was made."""

    __slots__ = ("made", "port")
    NAMES = _core.Names(["FIRST", "SECOND", "OTHER"])

    def __init__(self, port: object) -> None:
        super().__init__()
        self.made: list[str] = []
        self.port = port

    def _make(self, name: str) -> object:
        self.made.append(name)
        if name == "OTHER":
            return object()
        return register(self.port, {"F": _core.Field(0, 4)}, offset=4 if name == "SECOND" else 0)

    def _set_member(self, name: str, value: object) -> NoReturn:
        raise AskedError("set_member", name, value)

    def _unknown(self, name: str) -> NoReturn:
        raise UnknownTestName(name)

    @property
    def refuses(self) -> int:
        raise NotReadable("BLOCK", "a property's own error")


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
def block(port: Port) -> Any:
    return Block(port)


# ---- Names ---------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=8), unique=True, max_size=300))
def test_names_keep_their_order(given_names: list[str]) -> None:
    names = _core.Names(iter(given_names))
    assert list(names) == given_names
    assert len(names) == len(given_names)
    assert all(name in names for name in given_names)
    assert "never there, whatever was drawn" not in names
    assert 5 not in names


def test_names_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="twice"):
        _core.Names(["A", "B", "A"])
    for wrong in (5, [5], ["A", None]):
        with pytest.raises(TypeError):
            _core.Names(wrong)  # type: ignore[arg-type]

    def broken() -> Iterator[str]:
        yield "A"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _core.Names(broken())


@given(st.lists(st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True), unique=True, max_size=200))
def test_every_name_finds_its_own_member(names: list[str]) -> None:
    class Any_(_core.Block):
        __slots__ = ()
        NAMES = _core.Names(names)

        def _make(self, name: str) -> object:
            return ("made", name)

    block = Any_()
    for name in [*names, *reversed(names)]:
        assert getattr(block, name) == ("made", name)


# ---- reading -------------------------------------------------------------------------------------


def test_a_member_is_made_once_and_stays(block: Any, port: Port) -> None:
    assert block.made == []
    first = block.FIRST
    assert block.FIRST is first
    assert block.SECOND is not first
    assert block.made == ["FIRST", "SECOND"]
    assert port.calls == []


def test_other_spellings_of_a_name_are_the_same_member(block: Any) -> None:
    class Text(str):
        __slots__ = ()

    assert getattr(block, spelt("FIRST")) is block.FIRST is getattr(block, Text("FIRST"))
    assert block.made == ["FIRST"]


def test_names_given_as_other_strings(port: Port) -> None:
    class Text(str):
        __slots__ = ()

    class Other(Block):
        __slots__ = ()
        NAMES = _core.Names([Text("FIRST"), spelt("SECOND")])

    block: Any = Other(port)
    assert block.FIRST is block.FIRST
    assert block.SECOND is block.SECOND
    assert block.made == ["FIRST", "SECOND"]


def test_a_member_that_cannot_be_made_is_tried_again() -> None:
    class Failing(_core.Block):
        __slots__ = ("tries",)
        NAMES = _core.Names(["A"])

        def _make(self, name: str) -> object:
            self.tries = getattr(self, "tries", 0) + 1
            if self.tries < 3:
                raise ZeroDivisionError(name)
            return "made"

    block: Any = Failing()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="A"):
            block.A
    assert block.A == block.A == "made"
    assert block.tries == 3


def test_threads_agree_on_one_object() -> None:
    class Slow(_core.Block):
        __slots__ = ()
        NAMES = _core.Names(["A"])

        def _make(self, name: str) -> object:
            time.sleep(0.01)  # lets every thread in before the first one is done
            return object()

    block: Any = Slow()
    gate = threading.Barrier(8)
    seen: list[object] = []

    def look() -> None:
        gate.wait()
        seen.append(block.A)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert all(found is block.A for found in seen)


def test_names_that_are_nowhere(block: Any) -> None:
    with pytest.raises(UnknownTestName, match=r"^THIRD$"):
        block.THIRD
    assert not hasattr(block, "THIRD")
    assert getattr(block, "THIRD", 5) == 5


def test_private_names_do_not_ask(block: Any) -> None:
    with pytest.raises(AttributeError, match="no attribute '_private'") as caught:
        block._private
    assert not isinstance(caught.value, UnknownTestName)
    assert not hasattr(block, "__array_interface__")


def test_a_property_keeps_its_own_error(block: Any) -> None:
    with pytest.raises(NotReadable, match="a property's own error"):
        block.refuses


def test_methods_and_slots_are_found(block: Any, port: Port) -> None:
    assert block.port is port
    assert block._make.__func__ is Block._make


# ---- writing -------------------------------------------------------------------------------------


def test_assigning_to_a_register_is_one_write(block: Any, port: Port) -> None:
    block.SECOND = 7
    block.SECOND = 8
    assert port.calls == [("W", BASE + 4, 32, 7), ("W", BASE + 4, 32, 8)]
    assert block.made == ["SECOND"]


def test_assigning_what_python_has_to_decide(block: Any, port: Port) -> None:
    for value in (1 << 32, -1, "7", None, 1.0):
        with pytest.raises(AskedError) as caught:
            block.FIRST = value
        assert caught.value.args == ("set_raw", value)
    with pytest.raises(AskedError) as caught:
        block.OTHER = 1
    assert caught.value.args == ("set_member", "OTHER", 1)
    assert port.calls == []


def test_assigning_with_another_spelling(block: Any, port: Port) -> None:
    setattr(block, spelt("FIRST"), 9)
    assert port.calls == [("W", BASE, 32, 9)]


def test_assigning_to_names_that_are_nowhere(block: Any) -> None:
    with pytest.raises(UnknownTestName, match=r"^THIRD$"):
        block.THIRD = 1
    with pytest.raises(UnknownTestName, match=r"^THIRD$"):
        del block.THIRD


def test_a_class_with_a_dict_still_refuses_misspelt_names(port: Port) -> None:
    class Loose(Block):
        known = 1

    block: Any = Loose(port)
    with pytest.raises(UnknownTestName):
        block.FRIST = 1
    block.known = 2
    block._private = 3
    assert vars(block) == {"known": 2, "_private": 3}
    vars(block)["put_there"] = 4
    block.put_there = 5
    assert block.put_there == 5
    del block.put_there
    assert not hasattr(block, "put_there")


def test_a_property_without_a_setter_says_so(block: Any) -> None:
    with pytest.raises(AttributeError, match="refuses") as caught:
        block.refuses = 1
    assert not isinstance(caught.value, UnknownTestName)


def test_members_cannot_be_deleted(block: Any) -> None:
    for _ in range(2):
        with pytest.raises(AttributeError, match="cannot delete 'FIRST'"):
            del block.FIRST
        block.FIRST


# ---- what a subclass leaves out ------------------------------------------------------------------


def test_without_names_there_is_no_block() -> None:
    with pytest.raises(TypeError, match="has no NAMES"):
        _core.Block()
    with pytest.raises(TypeError, match="has no NAMES"):
        type("Wrong", (_core.Block,), {"NAMES": ["A"]})()


def test_without_methods_the_error_names_what_is_missing() -> None:
    class Bare(_core.Block):
        __slots__ = ()
        NAMES = _core.Names(["A"])

    bare: Any = Bare()
    with pytest.raises(AttributeError, match="_make"):
        bare.A
    with pytest.raises(AttributeError, match="no attribute 'B'"):
        bare.B
    with pytest.raises(AttributeError, match="'B'"):
        bare.B = 1


def test_arguments_are_refused() -> None:
    class Bare(_core.Block):
        __slots__ = ()
        NAMES = _core.Names([])

    Bare()
    with pytest.raises(TypeError):
        Bare(1)  # type: ignore[call-arg]


def test_on_a_mapping(bus_trace: Any) -> None:
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        block: Any = Block(mapping)
        block.FIRST = 5
        assert block.FIRST.raw == 5
        assert block.FIRST.F == 5
        block.FIRST.F = 6
        assert mapping.read(BASE, 32) == 6
