"""Python code that runs in the midst of the core: it may change everything, and nothing crashes.

What would crash runs in a child, whose allocator overwrites what is freed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from regmap import _core
from regmap.errors import BackendError, BadAddress, ValueDoesNotFit
from tests.unit.core_objects import BASE, PAGE, Port, register, register_class, spelt

# Python writes out no int of more than 4300 decimal digits.
HUGE = 1 << 20_000

PRELUDE = """
import gc
from regmap import _core

class Spelt(str):
    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__

class Emptying:
    def __eq__(self, other):
        other.clear()
        return True
    __hash__ = None

def register_class(fields, **spec):
    made = _core.Spec(width=32, fields=fields, **spec)
    return type("Made", (_core.Register,), {"__slots__": (), "SPEC": made})

class Port:
    def __init__(self, answer=0):
        self.answer = answer
    def read(self, address, width):
        return self.answer
    def write(self, address, width, value):
        print("wrote", hex(address), value)

A = {"A": _core.Field(0, 4)}
"""


def last_line(code: str) -> str:
    """What the child prints last; it must live to its end."""
    environment = {"PYTHONMALLOC": "debug", **os.environ}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout.strip().splitlines()[-1]


# ---- a port that is taken away while it is used --------------------------------------------------

LEAVING = """
class Leaving(Port):
    @property
    def read(self):
        leave()
        return lambda address, width: 0x50

    @property
    def write(self):
        leave()
        return super().write

    {update}

def leave():
    reg.__init__(Port(), 0x9999, "OTHER", None)
    gc.collect()

reg = register_class(A, keep=0xF0)(Leaving(), 0x100, "R", None)
{operation}
"""
OWN_UPDATE = """
    @property
    def update(self):
        leave()
        if not {has}:
            raise AttributeError(self.answer)
        return lambda address, width, **words: print("wrote", hex(address), 0x53) or 0x53
"""


@pytest.mark.parametrize("update", ["", OWN_UPDATE.format(has=True), OWN_UPDATE.format(has=False)])
@pytest.mark.parametrize(
    ("operation", "prints"),
    [
        ("print(reg.A, reg.name)", "0 OTHER"),
        ("reg.raw = 7", "wrote 0x100 7"),
        ("reg.A = 3", "wrote 0x100 83"),
        ("reg.act(0xF, 3)", "wrote 0x100 83"),
    ],
)
def test_a_port_is_held_during_its_call(operation: str, prints: str, update: str) -> None:
    """And the address goes with it: no access is half here, half there."""
    code = LEAVING.format(update=update, operation=operation)
    assert last_line(code) == prints


def test_a_finaliser_that_runs_init_again_finds_a_whole_register() -> None:
    code = """
        class Context:
            def __del__(self):
                if again:
                    again.pop()
                    print(reg.port is port, hex(reg.address), reg.name, reg.context)
                    reg.__init__(Port(5), 0x300, "LAST", None)

        again = [1]
        reg = register_class(A)(Port(1), 0x100, "FIRST", Context())
        port = Port(2)
        reg.__init__(port, 0x200, "SECOND", "new")
        print(reg.A, hex(reg.address), reg.name, reg.context)
    """
    assert last_line(code) == "5 0x300 LAST None"
    shown = code.replace("print(reg.A", "(reg.A")
    assert last_line(shown) == "True 0x200 SECOND new"


@pytest.mark.parametrize("where", ["port", "context"])
def test_a_finaliser_may_take_the_mapping_away(where: str) -> None:
    """What the finaliser set last counts, and the mapping is the register's own port."""
    code = f"""
        class Old(Port):
            def __del__(self):
                reg.__init__(_core.Map(-1, 4096, address=0x1000), 0x1000, "LAST", None)

        old = dict(port=Port(), context=None) | dict({where}=Old())
        reg = register_class(A)(old["port"], 0x100, "FIRST", old["context"])
        del old
        reg.__init__(_core.Map(-1, 4096), 0, "SECOND", None)
        gc.collect()
        reg.A = 3
        print(reg.A, reg.raw, reg.name)
    """
    assert last_line(code) == "3 3 LAST"


# ---- tables that others cannot reach -------------------------------------------------------------


def test_nobody_gets_at_the_fields() -> None:
    code = """
        reg = register_class({"A": _core.Field(0, 4), "B": _core.Field(4, 4)})
        reg = reg(Port(0x53), 0, "R", None)
        assert reg.SPEC.fields == Emptying()
        gc.collect()
        print(reg.A, reg.B, list(reg.SPEC.fields))
    """
    assert last_line(code) == "3 5 ['A', 'B']"


@pytest.mark.parametrize("width", [4, 12])
def test_nobody_gets_at_the_members(width: int) -> None:
    code = f"""
        field = _core.Field(0, {width}, members={{3: "x" * 50 + str(gc)[:1]}})
        reg = register_class({{"A": field}})(Port(3), 0, "R", None)
        assert field.members == Emptying()
        gc.collect()
        print(reg.A[-1], list(field.members))
    """
    assert last_line(code) == "< [3]"


def test_nobody_gets_at_the_names() -> None:
    code = """
        names = _core.Names(["A" * 40 + str(gc)[:1], "B"])
        for held in gc.get_referents(iter(names)):
            held.clear()
        print(len(list(names)), "B" in names)
    """
    assert last_line(code) == "2 True"


def test_the_same_name_twice_is_refused_however_it_is_spelt() -> None:
    code = """
        fields = {Spelt("A"): _core.Field(0, 4), Spelt("A"): _core.Field(4, 4)}
        assert len(fields) == 2
        try:
            reg = register_class(fields)(Port(0x53), 0, "R", None)
        except ValueError as error:
            print(error)
        else:
            del fields
            gc.collect()
            print(reg.A)
    """
    assert last_line(code) == "the same name 'A' twice"


def test_a_name_with_its_own_equality_is_that_name() -> None:
    code = """
        reg = register_class({Spelt("A"): _core.Field(4, 4)})(Port(0x53), 0, "R", None)
        print(reg.A, getattr(reg, "".join(["A"])), [type(name) for name in reg.SPEC.fields])
    """
    assert last_line(code) == "5 5 [<class 'str'>]"


# ---- the class is for good -----------------------------------------------------------------------


def test_the_class_of_a_register_cannot_be_changed() -> None:
    port = Port()
    reg = register(port, {"F": _core.Field(0, 4)})
    other = register_class({"F": _core.Field(4, 4)})
    mine = type(reg)
    for name in ("__class__", spelt("__class__")):
        with pytest.raises(TypeError, match="is for good"):
            setattr(reg, name, other)
        with pytest.raises(TypeError, match="is for good"):
            delattr(reg, name)
    assert type(reg) is mine
    reg.F = 3
    assert port.calls == [("W", BASE, 32, 3)]


def test_the_class_of_a_block_cannot_be_changed() -> None:
    def made(name: str) -> type[Any]:
        return type("Made", (_core.Block,), {"__slots__": (), "NAMES": _core.Names([name])})

    mine, other = made("A"), made("B")
    block = mine()
    with pytest.raises(TypeError, match="is for good"):
        block.__class__ = other
    assert type(block) is mine


# ---- numbers that Python does not write out ------------------------------------------------------


@pytest.mark.parametrize("value", [HUGE, -HUGE], ids=["huge", "negative"])
def test_huge_numbers_go_the_way_of_all_that_do_not_fit(value: int) -> None:
    port = Port()
    asked: list[tuple[object, ...]] = []

    class Asked(_core.Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32, fields={"F": _core.Field(0, 4)})

        def _set_field(self, name: str, value: object) -> None:
            asked.append((name, value))

        def _set_raw(self, value: object) -> None:
            asked.append(("raw", value))

    reg: Any = Asked(port, BASE, "R", None)
    reg.F = value
    reg.raw = value
    assert asked == [("F", value), ("raw", value)]
    for change in (reg.store, lambda v: reg.update(v, 0), lambda v: reg.act(0, v)):
        with pytest.raises(ValueDoesNotFit, match=r"R: value of 20001 bits does not fit in 32"):
            change(value)
    assert port.calls == []
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        with pytest.raises(ValueDoesNotFit):
            mapping.write(BASE, 32, value)
        with pytest.raises(BadAddress, match="a number of thousands of digits is no address"):
            mapping.read(value, 32)
        with pytest.raises(BadAddress, match="must be 8, 16, 32 or 64"):
            mapping.read(BASE, value)
    with pytest.raises(BadAddress, match="R: a number of thousands of digits"):
        Asked(port, value, "R", None)
    with pytest.raises(ValueError, match="mask=a number of thousands of digits is no number of 64"):
        _core.merge(0, 0, 0, value, 0)
    with pytest.raises(ValueError, match="does not fit in 4 bits"):
        _core.Field(0, 4, members={value: "x"})
    with pytest.raises(ValueError, match="must fit in 32 bits"):
        _core.Spec(width=32, keep=value)


NONSENSE = {
    "too large": (1 << 32, "4294967296, which does not fit in 32 bits"),
    "negative": (-1, "-1, which does not fit in 32 bits"),
    "huge": (HUGE, "a number of thousands of digits, which does not fit in 32 bits"),
    "huge and negative": (-HUGE, "a number of thousands of digits, which does not fit in 32 bits"),
    "text": ("7", "'7', which is no number"),
    "float": (7.0, r"7\.0, which is no number"),
    "nothing": (None, "None, which is no number"),
}


@pytest.mark.parametrize(("answer", "says"), NONSENSE.values(), ids=NONSENSE)
def test_what_a_backend_returns_is_checked(answer: Any, says: str) -> None:
    class Wrong(Port):
        def read(self, address: int, width: int) -> Any:
            return answer

    class WrongUpdate(Port):
        def update(self, *where: int, **words: int) -> Any:
            return answer

    fields = {"F": _core.Field(0, 4)}
    reading, updating = (register(made(), fields, keep=0xF0) for made in (Wrong, WrongUpdate))
    for operation in (
        lambda: reading.F,
        lambda: reading.raw,
        reading.load,
        lambda: setattr(reading, "F", 1),
        lambda: setattr(updating, "F", 1),
        lambda: updating.act(0xF, 1),
    ):
        with pytest.raises(BackendError, match=rf"^BLOCK\.REG: the backend returned {says}$"):
            operation()
    assert reading.port.calls == []  # nothing was written after a read that failed


def test_an_error_inside_the_number_of_a_backend_stays() -> None:
    class Number:
        def __index__(self) -> int:
            raise ZeroDivisionError

    class Wrong(Port):
        def read(self, address: int, width: int) -> Any:
            return Number()

    with pytest.raises(ZeroDivisionError):
        register(Wrong()).load()
