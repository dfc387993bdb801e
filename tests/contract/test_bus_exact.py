"""Law 1 on a real mapping: the loads and stores that the CPU makes for every operation there is.

The tracer of ``tests/probe`` single-steps each access, so what is compared here is what the
hardware would see: operation, offset and width, in order, nothing more. A table names every public
operation of a register; a test holds it against the class, so that none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

import regmap
from regmap.errors import BadAddress, ClosedError, RegmapError, WaitTimeout
from regmap.live.array import Array
from regmap.live.bitfields import Bits, FieldArray
from regmap.live.path import Target, find, present
from regmap.live.register import Register
from tests.probe import Access, unavailable
from tests.support import model_of

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

Trace = Callable[[object], AbstractContextManager[list[Access]]]

WIDTHS = (8, 16, 32, 64)


def _registers() -> Iterator[str]:
    """For each width and byte order: registers of plain fields, of write-one fields, of both, of
    none, one that is read back, and an array."""
    for number, (width, order) in enumerate((w, o) for w in WIDTHS for o in ("little", "big")):
        base, tag = number * 0x80, f"{width}{order[0].upper()}"
        what = f"width: {width}, byte-order: {order}"
        yield f"""
  PLAIN{tag}: {{offset: {base:#x}, {what}, reset: 0, fields: {{
    A: {{bits: "2:0", enum: {{IDLE: 0, FAST: 5}}}}, B: {{bits: "5:3"}},
    S: {{bits: ["7", "6"], constraint: {{max: 2}}}}}}}}
  EVENTS{tag}: {{offset: {base + 0x10:#x}, {what}, access: rw1c, reset: 0, fields: {{
    E: {{bits: 0, array: {{count: 4, stride: 1}}}}}}}}
  MIXED{tag}: {{offset: {base + 0x20:#x}, {what}, fields: {{
    EN: {{bits: 0}}, DONE: {{bits: 1, access: rw1c}}, FLIP: {{bits: 2, access: rw1t}},
    GO: {{bits: 3, access: rw1s}}}}}}
  WHOLE{tag}: {{offset: {base + 0x30:#x}, {what}}}
  VERIFIED{tag}: {{offset: {base + 0x40:#x}, {what}, verify: true, reset: 0, fields: {{
    V: {{bits: "3:0"}}}}}}
  LIST{tag}: {{offset: {base + 0x50:#x}, {what}, array: {{count: 2, stride: {width // 8}}},
   fields: {{
    L: {{bits: 0, array: {{count: 8, stride: 1}}}}}}}}"""


CHIP = f"""
regmap: 1
block: block
instance: DEV
registers:
{"".join(_registers())}
  LOW: {{offset: 0x800, width: 64, access-widths: [32], word-order: low-first, reset: 0,
         fields: {{L: {{bits: "3:0"}}, H: {{bits: "63:60"}}}}}}
  HIGH: {{offset: 0x808, width: 64, access-widths: [32], word-order: high-first}}
  COUNTER: {{offset: 0x810, width: 64, access-widths: [32], word-order: high-low-high}}
  BYTES: {{offset: 0x818, width: 32, access-widths: [8], word-order: low-first}}
  SELECT: {{offset: 0x820, width: 8}}
  WINDOW: {{offset: 0x824, width: 32}}
  COUNT: {{offset: 0x828, access: ro, fields: {{NUM: {{bits: "3:0"}}}}}}
  CONTROL: {{offset: 0x82C, array: {{count: 2, stride: 4, name: "CONTROL{{i}}"}},
             fields: {{MODE: {{bits: "1:0", enum: {{IN: 0, OUT: 1}}}}}}}}
  LEVEL: {{offset: 0x834, access: ro, fields: {{IN: {{bits: 0, array: {{count: 2, stride: 1}}}}}}}}
  SET: {{offset: 0x838, access: wo1s, fields: {{S: {{bits: 0, array: {{count: 2, stride: 1}}}}}}}}
  CLR: {{offset: 0x83C, access: wo1c, fields: {{C: {{bits: 0, array: {{count: 2, stride: 1}}}}}}}}
  PULL: {{offset: 0x840, reset: 0, fields: {{P: {{bits: "1:0"}}}}}}
groups:
  CELL:
    offset: 0x880
    array: {{count: "COUNT.NUM + 1", max: 4, stride: 8}}
    registers: {{VALUE: {{offset: 4, width: 16}}}}
windows:
  pair:
    index: SELECT
    data: WINDOW
    registers:
      INNER: {{index: 3, fields: {{X: {{bits: "7:4"}}}}}}
      WIDE: {{index: 4, width: 64, access-widths: [32], word-order: high-first}}
views:
  pin:
    count: 2
    members:
      function: "CONTROL[i].MODE"
      level: {{read: "LEVEL.IN[i]", set: "SET.S[i]", clear: "CLR.C[i]"}}
      set: {{call: "SET.S[i]"}}
      pull: {{enum: {{UP: 2}}, steps: [{{write: PULL.P, value: value}}, {{wait-us: 1}},
                                       {{write: PULL.P, value: 0}}]}}
"""


@pytest.fixture(scope="module")
def device() -> Iterator[Any]:
    with regmap.open(model_of(CHIP), backend="anon:@0") as device:
        yield device


@pytest.fixture
def trace(device: Any, bus_trace: Trace) -> Callable[[Callable[[], object]], list[Access]]:
    """Runs something and gives the accesses that it made to the device's memory."""
    mapping = device.DEV.context.port

    def traced(use: Callable[[], object]) -> list[Access]:
        with bus_trace(mapping) as seen:
            use()
        return seen

    return traced


def _setter(owner: Any, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(owner, name, value)


def _item(owner: Any, index: Any, value: object) -> Callable[[], None]:
    return lambda: owner.__setitem__(index, value)


# Each operation: the register it is done on, what it is, and its accesses in order.
Operation = tuple[str, Callable[[Any, Any], Any], str]
OPERATIONS: dict[str, Operation] = {
    "read": ("PLAIN", lambda d, r: r.read(), "R"),
    "raw": ("PLAIN", lambda d, r: r.raw, "R"),
    "raw =": ("PLAIN", lambda d, r: setattr(r, "raw", 1), "W"),
    "load": ("PLAIN", lambda d, r: r.load(), "R"),
    "store": ("PLAIN", lambda d, r: r.store(1), "W"),
    "update": ("PLAIN", lambda d, r: r.update(1, 1), "RW"),
    "act": ("PLAIN", lambda d, r: r.act(1, 1), "RW"),
    "act write-one": ("EVENTS", lambda d, r: r.act(1, 1), "W"),
    "block.register =": ("PLAIN", lambda d, r: setattr(d.DEV, r.name, 2), "W"),
    "write number": ("PLAIN", lambda d, r: r.write(3), "W"),
    "write fields": ("PLAIN", lambda d, r: r.write(A=1, B=2), "W"),
    "modify": ("PLAIN", lambda d, r: r.modify(A="FAST", B=1), "RW"),
    "modify one": ("PLAIN", lambda d, r: r.modify(S=1), "RW"),
    "field": ("PLAIN", lambda d, r: r.A, "R"),
    "split field": ("PLAIN", lambda d, r: r.S, "R"),
    "field =": ("PLAIN", lambda d, r: setattr(r, "A", 1), "RW"),
    "field = member": ("PLAIN", lambda d, r: setattr(r, "A", type(r).A.enum.FAST), "RW"),
    "field = name": ("PLAIN", lambda d, r: setattr(r, "A", "IDLE"), "RW"),
    "split field =": ("PLAIN", lambda d, r: setattr(r, "S", 2), "RW"),
    "wait": ("PLAIN", lambda d, r: r.wait(lambda now: True, timeout_s=0), "R"),
    "reset": ("PLAIN", lambda d, r: r.reset(), "W"),
    "bit": ("PLAIN", lambda d, r: r.bit[3], "R"),
    "bit =": ("PLAIN", lambda d, r: _item(r.bit, 3, 1)(), "RW"),
    "Target.read": ("PLAIN", lambda d, r: Target(r, "A").read(), "R"),
    "Target.write": ("PLAIN", lambda d, r: Target(r, "A").write(1), "RW"),
    "Target.write raw": ("PLAIN", lambda d, r: Target(r).write(1), "W"),
    "write-one field": ("EVENTS", lambda d, r: r.E1, "R"),
    "write-one field =": ("EVENTS", lambda d, r: setattr(r, "E1", 1), "W"),
    "clear": ("EVENTS", lambda d, r: r.clear("E0", "E3"), "W"),
    "modify write-one": ("EVENTS", lambda d, r: r.modify(E2=1), "W"),
    "reset write-one": ("EVENTS", lambda d, r: r.reset(), "W"),
    "element": ("EVENTS", lambda d, r: r.E[2], "R"),
    "element =": ("EVENTS", lambda d, r: _item(r.E, 2, 1)(), "W"),
    "write-one bit =": ("EVENTS", lambda d, r: _item(r.bit, 2, 1)(), "W"),
    "clear beside plain": ("MIXED", lambda d, r: r.clear("DONE"), "RW"),
    "set beside plain": ("MIXED", lambda d, r: r.set("GO"), "RW"),
    "toggle beside plain": ("MIXED", lambda d, r: r.toggle("FLIP"), "RW"),
    "plain beside write-one": ("MIXED", lambda d, r: setattr(r, "EN", 1), "RW"),
    "whole": ("WHOLE", lambda d, r: r.raw, "R"),
    "whole =": ("WHOLE", lambda d, r: setattr(r, "raw", 1), "W"),
    "whole bit =": ("WHOLE", lambda d, r: _item(r.bit, 0, 1)(), "RW"),
    "verified =": ("VERIFIED", lambda d, r: setattr(r, "raw", 1), "WR"),
    "verified field =": ("VERIFIED", lambda d, r: setattr(r, "V", 1), "RWR"),
    "verified modify": ("VERIFIED", lambda d, r: r.modify(V=2), "RWR"),
    "verified write": ("VERIFIED", lambda d, r: r.write(V=2), "WR"),
    "verified reset": ("VERIFIED", lambda d, r: r.reset(), "WR"),
    "array[0] =": ("LIST", lambda d, r: _item(r, 0, 1)(), "W"),
    "array[0].raw": ("LIST", lambda d, r: r[0].raw, "R"),
    "array[0].element =": ("LIST", lambda d, r: _item(r[0].L, 3, 1)(), "RW"),
    "array every raw": ("LIST", lambda d, r: [next(iter(r)).raw, len(r)], "R"),
}
# What never touches a bus.
SILENT: dict[str, Callable[[Any], object]] = {
    "address": lambda r: r.address,
    "bit": lambda r: r.bit,
    "check_field": lambda r: r.check_field("A", 1),
    "check_raw": lambda r: r.check_raw(1),
    "check_write": lambda r: r.check_write({"A": 1}),
    "context": lambda r: r.context,
    "name": lambda r: r.name,
    "path": lambda r: r.path,
    "port": lambda r: r.port,
    "width": lambda r: r.width,
    "LAYOUT": lambda r: r.LAYOUT,
    "FIELDS": lambda r: r.FIELDS,
    "SPEC": lambda r: r.SPEC,
    "repr": repr,
    "str": str,
    "dir": dir,
    "hash": hash,
    "==": lambda r: r == 5,
    "type(r).A": lambda r: type(r).A,
}


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_exactly_its_accesses(
    device: Any, trace: Any, name: str, width: int, order: str
) -> None:
    register, use, kinds = OPERATIONS[name]
    live = getattr(device.DEV, f"{register}{width}{order[0].upper()}")
    offset = (live[0] if isinstance(live, Array) else live).address
    assert trace(lambda: use(device, live)) == [(kind, offset, width) for kind in kinds]


@pytest.mark.parametrize("name", SILENT)
def test_what_only_asks_touches_nothing(device: Any, trace: Any, name: str) -> None:
    assert trace(lambda: SILENT[name](device.DEV.PLAIN32L)) == []


def test_no_public_operation_is_forgotten() -> None:
    """Every public attribute of a register is in one of the two tables."""
    public = {name for name in dir(Register) if not name.startswith("_")}
    named = {word.split()[0].split(".")[0] for word in OPERATIONS} | set(SILENT)
    assert public - named == set()
    for kind in (Bits, FieldArray):
        assert {n for n in dir(kind) if not n.startswith("_")} <= {"check_read", "check_write"}


def words(text: str) -> list[Access]:
    """``R32@800 W32@804`` as accesses."""
    made: list[Access] = []
    for word in text.split():
        width, _, offset = word[1:].partition("@")
        made.append(("R" if word[0] == "R" else "W", int(offset, 16), int(width)))
    return made


IN_PARTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "low-first read": (lambda d: d.LOW.read(), "R32@800 R32@804"),
    "low-first raw": (lambda d: d.LOW.raw, "R32@800 R32@804"),
    "low-first raw =": (lambda d: setattr(d.LOW, "raw", 5), "W32@800 W32@804"),
    "low-first field": (lambda d: d.LOW.H, "R32@800 R32@804"),
    "low-first field =": (lambda d: setattr(d.LOW, "H", 1), "R32@800 R32@804 W32@800 W32@804"),
    "low-first modify": (lambda d: d.LOW.modify(L=1, H=2), "R32@800 R32@804 W32@800 W32@804"),
    "low-first write": (lambda d: d.LOW.write(L=1), "W32@800 W32@804"),
    "low-first reset": (lambda d: d.LOW.reset(), "W32@800 W32@804"),
    "high-first read": (lambda d: d.HIGH.read(), "R32@80c R32@808"),
    "high-first =": (lambda d: setattr(d, "HIGH", 5), "W32@80c W32@808"),
    "high-first bit =": (
        lambda d: _item(d.HIGH.bit, 40, 1)(), "R32@80c R32@808 W32@80c W32@808",
    ),
    "counter read": (lambda d: d.COUNTER.read(), "R32@814 R32@810 R32@814"),
    "counter =": (lambda d: setattr(d.COUNTER, "raw", 5), "W32@814 W32@810"),
    "bytes read": (lambda d: d.BYTES.read(), "R8@818 R8@819 R8@81a R8@81b"),
    "bytes =": (lambda d: d.BYTES.write(1), "W8@818 W8@819 W8@81a W8@81b"),
}  # fmt: skip
INDIRECT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "read": (lambda d: d.INNER.read(), "W8@820 R32@824"),
    "raw =": (lambda d: setattr(d.INNER, "raw", 5), "W8@820 W32@824"),
    "block.register =": (lambda d: setattr(d, "INNER", 5), "W8@820 W32@824"),
    "field": (lambda d: d.INNER.X, "W8@820 R32@824"),
    "field =": (lambda d: setattr(d.INNER, "X", 5), "W8@820 R32@824 W8@820 W32@824"),
    "modify": (lambda d: d.INNER.modify(X=1), "W8@820 R32@824 W8@820 W32@824"),
    "bit": (lambda d: d.INNER.bit[1], "W8@820 R32@824"),
    "two words read": (lambda d: d.WIDE.read(), "W8@820 R32@824 W8@820 R32@824"),
    "two words =": (lambda d: d.WIDE.write(5), "W8@820 W32@824 W8@820 W32@824"),
}
VIEWS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "value": (lambda d: d.pin[1].function, "R32@830"),
    "value =": (lambda d: setattr(d.pin[1], "function", "OUT"), "R32@830 W32@830"),
    "level": (lambda d: d.pin[0].level, "R32@834"),
    "level = 1": (lambda d: setattr(d.pin[0], "level", 1), "W32@838"),
    "level = 0": (lambda d: setattr(d.pin[0], "level", 0), "W32@83c"),
    "call": (lambda d: d.pin[1].set(), "W32@838"),
    "call again": (lambda d: d.pin[1].set(), "W32@838"),
    "steps": (lambda d: setattr(d.pin[0], "pull", "UP"), "W32@840 W32@840"),
    "repr": (lambda d: [repr(d.pin), repr(d.pin[0]), len(d.pin), list(d.pin)], ""),
}
# Where the hardware states a count, it is read once each time that it is asked for.
COUNTED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "array[0].register": (lambda d: d.CELL[0].VALUE.raw, "R16@884"),
    "array[3].register =": (lambda d: setattr(d.CELL[3], "VALUE", 1), "W16@89c"),
    "count": (lambda d: d.CELL.count(), "R32@828"),
    "in": (lambda d: d.CELL[0] in d.CELL, ""),
    "iterate": (lambda d: [cell.path for cell in d.CELL], "R32@828"),
    "list": (lambda d: list(d.CELL), "R32@828"),
    "every": (lambda d: list(d.CELL.every()), ""),
    "present": (lambda d: list(present(d)), "R32@828"),
    "iterate block": (list, ""),
    "lookup": (lambda d: d["CELL[3].VALUE"], ""),
    "find": (lambda d: find(d, "CELL[*].VALUE"), ""),
    "bool": (lambda d: bool(d.CELL), ""),
}


@pytest.mark.parametrize(
    ("use", "accesses"),
    [
        pytest.param(*case, id=f"{kind} {name}")
        for kind, table in {
            "parts": IN_PARTS, "window": INDIRECT, "view": VIEWS, "counted": COUNTED,
        }.items()
        for name, case in table.items()
    ],
)  # fmt: skip
def test_parts_windows_views_and_counts_are_exactly_their_accesses(
    device: Any, trace: Any, use: Any, accesses: str
) -> None:
    assert trace(lambda: use(device.DEV)) == words(accesses)


def test_a_wait_reads_once_a_poll(device: Any, trace: Any, monkeypatch: Any) -> None:
    now = iter([0.0, 0.0, 0.0, 0.5, 0.5, 1.0])
    monkeypatch.setattr("regmap.live.wait.time.monotonic", lambda: next(now))
    monkeypatch.setattr("regmap.live.wait.time.sleep", lambda seconds: None)
    device.DEV.PLAIN32L.raw = 0

    def use() -> None:
        with pytest.raises(WaitTimeout):
            device.DEV.PLAIN32L.wait(A=5, timeout_s=1)

    assert trace(use) == [("R", device.DEV.PLAIN32L.address, 32)] * 3


def test_each_access_on_one_cpu_is_one_access(device: Any, trace: Any) -> None:
    import os

    block = device.DEV.on_cpu(min(os.sched_getaffinity(0)))
    at = block.PLAIN32L.address
    assert trace(lambda: block.PLAIN32L.raw) == [("R", at, 32)]
    assert trace(lambda: setattr(block, "PLAIN32L", 1)) == [("W", at, 32)]
    assert trace(lambda: setattr(block.PLAIN32L, "A", 1)) == [("R", at, 32), ("W", at, 32)]


REFUSED: dict[str, Callable[[Any], Any]] = {
    "too large": lambda d: d.PLAIN8L.write(256),
    "too large for a field": lambda d: setattr(d.PLAIN64B, "A", 8),
    "negative": lambda d: setattr(d, "WHOLE16L", -1),
    "the neutral value": lambda d: setattr(d.EVENTS32B, "E0", 0),
    "no such name": lambda d: setattr(d.PLAIN32L, "A", "NOTHING"),
    "beyond the constraint": lambda d: d.PLAIN8B.modify(A=1, S=3),
    "write-only": lambda d: d.SET.raw,
    "read-only": lambda d: setattr(d, "LEVEL", 1),
    "a verb that it has not": lambda d: d.EVENTS16L.set("E1"),
    "beyond the array": lambda d: d.LIST8L[2],
    "no such bit": lambda d: d.PLAIN8L.bit[8],
    "a bit that is none": lambda d: _item(d.PLAIN8L.bit, 0, 2)(),
    "an unknown register": lambda d: setattr(d, "PLAIN8X", 1),
    "a view's level": lambda d: setattr(d.pin[0], "level", 2),
    "a view's name": lambda d: setattr(d.pin[0], "pull", "DOWN"),
    "a view's procedure is not read": lambda d: d.pin[0].pull,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_never_reaches_the_bus(device: Any, trace: Any, name: str) -> None:
    def use() -> None:
        with pytest.raises(RegmapError):
            REFUSED[name](device.DEV)

    assert trace(use) == []


def test_outside_misaligned_and_closed_never_reach_the_bus(bus_trace: Trace) -> None:
    text = """
    regmap: 1
    block: block
    registers:
      INSIDE: {offset: 0}
      ODD: {offset: 2}
      BEYOND: {offset: 0x2000}
    """
    layout = model_of(text)
    with regmap.open(layout, backend="anon:@0") as device:
        mapping = device.BLOCK.context.port
        inside = device.BLOCK.INSIDE
        outside = type(inside)(mapping, 0x10_0000, "OUTSIDE", device.BLOCK.context)
        with bus_trace(mapping) as seen:
            for register in (device.BLOCK.ODD, outside):
                for use in (register.read, lambda r=register: r.write(1)):
                    with pytest.raises(BadAddress):
                        use()
        assert seen == []
        inside.write(1)
    with pytest.raises(ClosedError):
        inside.read()


@pytest.mark.parametrize("uri", ["anon:", "file:"])
def test_both_kinds_of_mapping_are_the_same(uri: str, bus_trace: Trace, tmp_path: Any) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(8192))
    backend = f"file:{image}@0" if uri == "file:" else "anon:@0"
    with regmap.open(model_of(CHIP), backend=backend) as device:
        with bus_trace(device.DEV.context.port) as seen:
            device.DEV.PLAIN64B.B = 5
            device.DEV.LOW.modify(H=1)
        assert seen == words("R64@380 W64@380 R32@800 R32@804 W32@800 W32@804")
