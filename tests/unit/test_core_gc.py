"""References: cycles are collected, and no operation keeps or loses one."""

from __future__ import annotations

import gc
import itertools
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from regmap import _core
from regmap.errors import BackendError, BadAddress, BusFault, ValueDoesNotFit
from tests.unit.core_objects import (
    BASE,
    PAGE,
    AskedError,
    MemoryFile,
    Port,
    register,
    register_class,
    spelt,
)

CELL = register_class({"F": _core.Field(0, 4)})


class Owner(_core.Block):
    """A block whose registers know it: a cycle for every member that was looked at."""

    __slots__ = ("__weakref__", "port")
    NAMES = _core.Names(["A", "B", "OTHER"])

    def __init__(self, port: object) -> None:
        super().__init__()
        self.port = port

    def _make(self, name: str) -> object:
        if name == "OTHER":
            return object()
        return CELL(self.port, BASE, name, self)

    def _set_member(self, name: str, value: object) -> object:
        return [name]


def test_a_block_and_its_registers_are_collected() -> None:
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        before = sys.getrefcount(mapping)
        block: Any = Owner(mapping)
        block.A.F = 5
        block.B = 7
        gone = weakref.ref(block)
        assert sys.getrefcount(mapping) == before + 3
        del block
        assert gone() is not None
        gc.collect()
        assert gone() is None
        assert sys.getrefcount(mapping) == before


def test_a_port_that_knows_its_register_is_collected() -> None:
    class Knowing(Port):
        register: object

    port = Knowing()
    port.register = register(port)
    gone = weakref.ref(port)
    del port
    gc.collect()
    assert gone() is None


def test_a_class_with_its_spec_fields_and_info_is_collected() -> None:
    class Info:
        owner: object

    info = Info()
    made = type(register(Port(), {"F": _core.Field(0, 1, info=info, members={1: info})}))
    info.owner = made
    gone: list[Callable[[], object]] = [weakref.ref(made), weakref.ref(info)]
    del made, info
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_a_register_on_its_way_out_is_still_safe() -> None:
    """A finaliser in the same cycle may use it."""
    seen: list[object] = []

    class Last:
        def __init__(self, port: object) -> None:
            self.register = register(port, {"F": _core.Field(0, 4)}, context=self)

        def __del__(self) -> None:
            seen.append(self.register.F)

    port = Port()
    port.memory[BASE] = 9
    Last(port)
    gc.collect()
    assert seen == [9]


class Indexed:
    def __index__(self) -> int:
        return int("2147483648")  # a new object each time


class SilentPort:
    """A port with an update of its own, which remembers nothing."""

    def update(self, address: int, width: int, **words: int) -> int:
        return 2**31


class NonsensePort:
    def read(self, address: int, width: int) -> object:
        return [address]


class Spelt(str):
    """A name that equals no other."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Answering(_core.Register):
    """Everything is decided here, and answered with a new object."""

    __slots__ = ()
    SPEC = _core.Spec(width=32, plain=False, fields={"F": _core.Field(0, 4)})

    def _get_field(self, name: str) -> object:
        return [name]

    def _set_field(self, name: str, value: object) -> object:
        return [name]

    def _get_raw(self) -> object:
        return [0]

    def _set_raw(self, value: object) -> object:
        return [0]


def members_of(block: Any) -> tuple[object, ...]:
    return block.A, block.B


def assign(target: Any, name: str, value: object) -> bool:
    setattr(target, name, value)
    return True


def operations(
    mapping: _core.Map, beyond: _core.Map
) -> tuple[dict[str, Callable[[], object]], list[object]]:
    """Everything the core does, and the lasting objects it does it with."""
    members = {1: object(), 2: object()}
    fields = {
        "F": _core.Field(0, 4),
        "E": _core.Field(4, 4, members=members),
        "W": _core.Field(8, 16, members={300: members[1]}),
        "LONG": _core.Field(25, 2),
        "H": _core.Field(24, 1, readable=False, writable=False),
    }
    reg = register(mapping, fields, keep=0xFFFF_FFFF)
    port = Port()
    taken = port.taken
    ported = register(port, fields, keep=0xFFFF_FFFF)
    outside = register(mapping, fields, offset=PAGE)
    faulty = register(beyond, fields, offset=PAGE)
    block: Any = Owner(mapping)
    updating = register(SilentPort(), fields, keep=0xFFFF_FFFF)
    asked: Any = Answering(mapping, BASE, "R", None)

    nonsense = register(NonsensePort(), fields)

    def twice() -> object:
        return _core.Spec(width=8, fields={Spelt("F"): fields["F"], Spelt("F"): fields["F"]})

    def raising(error: type[Exception], operation: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                operation()
            except error:
                return
            raise AssertionError(f"no {error}")

        return run

    made = {
        "field": lambda: (reg.F, reg.E, reg.W, assign(reg, "E", 1), assign(reg, "W", 300)),
        "raw": lambda: (reg.raw, assign(reg, "raw", 2**31), reg.load()),
        "update": lambda: (reg.update(3, 1), reg.update(mask=3, value=1, always_read=True)),
        "act": lambda: (reg.act(3, 2**31), reg.act(mask=2**31, value=1), ported.act(3, 1), taken()),
        "updating act": lambda: updating.act(3, 1),
        "bad act": raising(ValueDoesNotFit, lambda: reg.act(3, -1)),
        "port": lambda: (ported.F, assign(ported, "F", 1), assign(ported, "raw", 1), taken()),
        "map read": lambda: mapping.read(BASE, 64),
        "map write": lambda: mapping.write(BASE, 64, 2**63),
        "store": lambda: reg.store(2**31),
        "map update": lambda: mapping.update(BASE, 32, keep=1, neutral=2, mask=4, value=4),
        "block": lambda: (block.A, assign(block, "A", 1), assign(block, "A", 2**31)),
        "spelling": lambda: (getattr(reg, spelt("LONG")), getattr(block, spelt("OTHER"))),
        "slow": raising(AskedError, lambda: reg.H),
        "slow value": raising(AskedError, lambda: assign(reg, "F", 99)),
        "updating port": lambda: assign(updating, "F", 1),
        "index": lambda: reg.store(Indexed()),
        "new block": lambda: members_of(Owner(mapping)),
        "asked": lambda: (asked.F, assign(asked, "F", 1), asked.raw, assign(asked, "raw", 1)),
        "asked block": lambda: assign(block, "OTHER", 1),
        "outside": raising(BadAddress, lambda: outside.F),
        "map outside": raising(BadAddress, lambda: mapping.read(0, 32)),
        "fault": raising(BusFault, lambda: faulty.F),
        "unknown": raising(AttributeError, lambda: reg.NOTHING),
        "unknown member": raising(AttributeError, lambda: block.NOTHING),
        "unknown set": raising(AttributeError, lambda: assign(block, "NOTHING", 1)),
        "private": raising(AttributeError, lambda: reg._nothing),
        "method": lambda: (reg.name, reg.port, reg.context, reg.address, type(reg).F),
        "init": lambda: reg.__init__(mapping, BASE, "BLOCK.REG", block),
        "bad answer": raising(BackendError, lambda: nonsense.F),
        "class for good": raising(TypeError, lambda: assign(reg, "__class__", type(reg))),
        "spec": lambda: (reg.SPEC.fields["F"].members, reg.SPEC.keep, list(Owner.NAMES)),
        "merge": lambda: _core.merge(1, 2, 3, 4, value=2**63),
        "made": lambda: register(mapping, {"X": _core.Field(0, 2, members=members)}).X,
        "bad field": raising(ValueError, lambda: _core.Field(0, 1, members={9: 1})),
        "same field": raising(ValueError, twice),
        "bad spec": raising(ValueError, lambda: _core.Spec(width=8, keep=1, neutral=1)),
        "bad names": raising(ValueError, lambda: _core.Names(["A", "A"])),
        "bad register": raising(BadAddress, lambda: type(reg)(mapping, -1, "R", None)),
        "bad map": raising(OSError, lambda: _core.Map(-1, PAGE, address=-1)),
        "class": lambda: type(reg).SPEC,
    }
    lasting = [mapping, beyond, reg, type(reg), reg.SPEC, port, outside, faulty, block, block.A]
    return made, [*lasting, Owner.NAMES, *fields.values(), *members.values(), None, True]


NAMES = list(operations(_core.Map(-1, PAGE, address=BASE), _core.Map(-1, PAGE, address=BASE))[0])


CALLS = 50


def drifts(operation: Callable[[], object], lasting: list[object]) -> list[str]:
    """What grows or shrinks with the number of calls.

    One leak a call moves a count by CALLS in every round. Anything else (a cache that others fill
    or empty meanwhile) moves it in some rounds only.
    """
    seen = []
    for _ in range(5):
        for _ in range(CALLS):
            operation()
        gc.collect()
        seen.append([sys.getallocatedblocks(), *map(sys.getrefcount, lasting)])
    found = []
    for what, counts in zip(["blocks", *map(repr, lasting)], zip(*seen, strict=True), strict=True):
        steps = [after - before for before, after in itertools.pairwise(counts[1:])]
        kept = min(steps) >= CALLS // 2
        # Blocks that go were others'; a reference lost each time is ours.
        lost = what != "blocks" and max(steps) <= -CALLS // 2
        if kept or lost:
            found.append(f"{what}: {counts}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_kept_and_nothing_is_lost(name: str) -> None:
    """Neither memory blocks nor references to lasting objects grow with the number of calls."""
    file = MemoryFile()
    with file.map() as mapping, file.map(2 * PAGE) as beyond:
        made, lasting = operations(mapping, beyond)
        assert drifts(made[name], lasting) == []
    file.close()


def test_what_would_be_kept_or_lost_is_seen() -> None:
    lasting = object()
    kept: list[object] = []
    counted = ["blocks"] if sys.getallocatedblocks() else []  # only Python's own allocator counts
    assert [each[:6] for each in drifts(lambda: kept.append(object()), [lasting])] == counted
    assert len(drifts(lambda: kept.append(lasting), [lasting])) == 1
    assert len(drifts(kept.pop, [lasting])) == 1
    # What goes or comes once is no leak.
    cache = [object() for _ in range(30)]
    calls = iter(range(1000))
    assert drifts(lambda: cache.clear() if next(calls) == 3 * CALLS else None, [lasting]) == []
    filled = iter(range(1000))
    assert drifts(lambda: kept.append(object()) if next(filled) < 3 * CALLS else None, []) == []
