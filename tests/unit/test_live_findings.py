"""Live objects at their edges: byte order in parts, limits, indexes, copies, what cannot change."""

from __future__ import annotations

import ast
import copy
import operator
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import regmap.live
from regmap.errors import AccessError, NoSuchElement, UnknownName, ValueDoesNotFit, WaitTimeout
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.live.path import Target, find, lookup
from tests.support import Recorder, device_of, model_of

HUGE = 1 << 20_000

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    enums:
      shown: {IDLE: 0, BUSY: 1, SOME: {value: "0b1x"}}
      asked: {START: 1, STOP: 2}
    registers:
      LIMITED: {offset: 0, constraint: {min: 0x10, max: 0x4F}, fields: {A: {bits: "3:0"},
        B: {bits: "7:4"}}}
      LIMITED_ALONE: {offset: 4, access: wo, constraint: {max: 1}}
      LIMITED_WHOLE: {offset: 8, constraint: {max: 5}}
      FIELDS:
        offset: 12
        reset: 0
        fields:
          FREE: {bits: "3:0"}
          RANGE: {bits: "7:4", constraint: {min: 2, max: 9}}
          NAMED: {bits: "9:8", enum: {X: 1, Z: 2}, constraint: enum}
          ACT: {bits: 12, access: rw1c, constraint: {min: 1}}
          SEEN: {bits: "17:16", access: ro, constraint: {max: 1}}
      KEPT: {offset: 16, reset: 0, fields: {FREE: {bits: "3:0"}, RSVD: {bits: "7:4",
        constraint: as-read}}}
      KEPT_WHOLE: {offset: 20, constraint: as-read, fields: {FREE: {bits: "3:0"}}}
      STATE: {offset: 24, fields: {S: {bits: "1:0", enum: {read: shown, write: asked}},
        LOW: {bits: "7:4", constraint: {max: 3}}}}
      SEL: {offset: 28, fields: {S: {bits: "2:0", array: {count: 10, stride: 3, name: "S{i+10}"}}}}
      CAP: {offset: 32, access: ro, fields: {NUM: {bits: "3:0"}}}
      LIVE: {offset: 0x40, array: {count: "CAP.NUM + 1", max: 4, stride: 4}}
      GRID: {offset: 0x60, array: {count: [2, 2], stride: [8, 4]}}
      IN: {offset: 0x80, access: ro}
      SET: {offset: 0x84, access: wo1s}
      CLR: {offset: 0x88, access: wo1c}
    views:
      pin:
        count: 4
        members:
          level: {read: "IN.bit[i]", set: "SET.bit[i]", clear: "CLR.bit[i]"}
          set: {call: "SET.bit[i]"}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def device(bus: Recorder) -> Any:
    return device_of(CHIP, bus)


@pytest.fixture
def dev(device: Any) -> Any:
    return device.DEV


# ---- big-endian registers in parts -------------------------------------------------------------

VALUE = 0x11223344_55667788
# The bytes at 0 and at 4 of that number in each byte order, as little-endian words.
WORDS = {"little": {0: 0x55667788, 4: 0x11223344}, "big": {0: 0x44332211, 4: 0x88776655}}
LOW = {"little": 0, "big": 4}


def parts_of(byte_order: str, word_order: str, bus: Any) -> Any:
    text = f"""
        regmap: 1
        block: block
        instance: DEV
        registers:
          R: {{offset: 0, width: 64, access-widths: [32], word-order: {word_order},
            byte-order: {byte_order}}}
    """
    return device_of(text, bus).DEV.R


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("word_order", ["low-first", "high-first", "high-low-high"])
def test_the_order_of_parts_follows_the_halves_of_the_value(
    byte_order: str, word_order: str, bus: Recorder
) -> None:
    words, low = WORDS[byte_order], LOW[byte_order]
    high = 4 - low
    register = parts_of(byte_order, word_order, bus)
    order = [low, high] if word_order == "low-first" else [high, low]
    again = [high] if word_order == "high-low-high" else []
    bus.memory.update(words)
    assert register.raw == VALUE
    assert bus.taken() == [("R", at, 32) for at in [*order, *again]]
    bus.memory.clear()
    register.raw = VALUE
    assert bus.taken() == [("W", at, 32, words[at]) for at in order]


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_a_counter_that_carries_is_read_whole_in_either_byte_order(byte_order: str) -> None:
    class Counter(Recorder):
        """Ticks once before each read; the low half is about to overflow."""

        now = 0x0000_0001_FFFF_FFFE

        def read(self, address: int, width: int) -> int:
            self.now += 1
            self.accesses.append(("R", address, width))
            half = self.now >> 32 if address != LOW[byte_order] else self.now & 0xFFFF_FFFF
            return int.from_bytes(half.to_bytes(4, byte_order), "little")  # type: ignore[arg-type]

    bus = Counter()
    low = LOW[byte_order]
    assert parts_of(byte_order, "high-low-high", bus).raw == 0x2_0000_0002
    assert [at for _, at, _ in bus.taken()] == [4 - low, low, 4 - low, low, 4 - low]


# ---- limits ------------------------------------------------------------------------------------


def test_a_limit_of_a_register_holds_for_what_its_fields_make_of_it(
    dev: Any, bus: Recorder
) -> None:
    bus.memory[0] = 0x1F
    dev.LIMITED.A = 3
    dev.LIMITED.modify(B=4)
    dev.LIMITED.bit[0] = 0
    assert bus.taken() == [
        ("R", 0, 32), ("W", 0, 32, 0x13), ("R", 0, 32), ("W", 0, 32, 0x43),
        ("R", 0, 32), ("W", 0, 32, 0x42),
    ]  # fmt: skip
    for use in (
        lambda: setattr(dev.LIMITED, "B", 5),
        lambda: setattr(dev.LIMITED, "B", 0),
        lambda: dev.LIMITED.modify(A=1, B=9),
        lambda: operator.setitem(dev.LIMITED.bit, 31, 1),
    ):
        with pytest.raises(ValueDoesNotFit, match=r"DEV\.LIMITED: .*largest 0x4f"):
            use()
        assert bus.taken() == [("R", 0, 32)], "it is known after the read, and nothing is written"
    dev.LIMITED_WHOLE.bit[2] = 1
    assert bus.taken() == [("R", 8, 32), ("W", 8, 32, 4)]
    with pytest.raises(ValueDoesNotFit):
        dev.LIMITED_WHOLE.bit[1] = 1
    assert bus.taken() == [("R", 8, 32)]


def test_a_limit_of_a_field_holds_for_the_whole_register_and_its_bits(
    dev: Any, bus: Recorder
) -> None:
    for value, field in ((0x110, "RANGE"), (0x1A0, "RANGE"), (0x020, "NAMED"), (0x320, "NAMED")):
        with pytest.raises(ValueDoesNotFit, match=rf"DEV\.FIELDS\.{field}: "):
            dev.FIELDS.raw = value
        with pytest.raises(ValueDoesNotFit, match=rf"DEV\.FIELDS\.{field}: "):
            dev.FIELDS = value
    for bit in (4, 8):
        with pytest.raises(AccessError, match="does not take every value"):
            dev.FIELDS.bit[bit] = 1
    assert bus.taken() == []
    # A write-one field may stay as it is, and a read-only one is nobody's business.
    dev.FIELDS.raw = 0x3_0120
    dev.FIELDS.bit[0] = 1
    assert [access[0] for access in bus.taken()] == ["W", "R", "W"]


def test_the_reset_value_is_nobodys_mistake(dev: Any, bus: Recorder) -> None:
    dev.FIELDS.write(FREE=1)
    dev.FIELDS.reset()
    assert bus.taken() == [("W", 12, 32, 1), ("W", 12, 32, 0)]


def test_what_takes_only_what_was_read_is_not_assigned_to(dev: Any, bus: Recorder) -> None:
    bus.memory[16] = 0x50
    dev.KEPT.FREE = 3
    dev.KEPT.raw = dev.KEPT.read().replace(FREE=4)
    assert bus.taken() == [
        ("R", 16, 32), ("W", 16, 32, 0x53), ("R", 16, 32), ("W", 16, 32, 0x54),
    ]  # fmt: skip
    for use in (
        lambda: setattr(dev.KEPT, "RSVD", 5),
        lambda: dev.KEPT.modify(RSVD=5),
        lambda: dev.KEPT.write(RSVD=5, FREE=1),
        lambda: dev.KEPT.write(FREE=1),
        dev.KEPT.reset,
        lambda: operator.setitem(dev.KEPT.bit, 4, 1),
        lambda: dev.KEPT.check_field("RSVD", 5),
        lambda: setattr(dev.KEPT_WHOLE, "FREE", 5),
        lambda: dev.KEPT_WHOLE.modify(FREE=5),
        lambda: operator.setitem(dev.KEPT_WHOLE.bit, 9, 1),
    ):
        with pytest.raises(AccessError, match="only what was read"):
            use()
    assert bus.taken() == []


# ---- waiting -----------------------------------------------------------------------------------


def test_waiting_takes_the_names_that_a_read_shows(dev: Any, bus: Recorder) -> None:
    bus.memory[24] = 1
    assert dev.STATE.wait(S="BUSY", timeout_s=0) == 1
    bus.memory[24] = 3
    assert dev.STATE.wait(S="SOME", timeout_s=0) == 3
    with pytest.raises(UnknownName, match="START"):
        dev.STATE.wait(S="START", timeout_s=0)
    bus.memory[24] = 0x90
    assert dev.STATE.wait(LOW=9, timeout_s=0) == 0x90, "a limit is one of writes"
    with pytest.raises(ValueDoesNotFit):
        dev.STATE.wait(LOW=16, timeout_s=0)


def test_a_time_that_never_comes_is_refused_and_one_that_has_passed_polls_once(
    dev: Any, bus: Recorder
) -> None:
    for times in ({"timeout_s": float("nan")}, {"timeout_s": 1, "period_s": float("nan")}):
        with pytest.raises(ValueError, match="NaN"):
            dev.STATE.wait(S=1, **times)
    assert bus.taken() == []
    with pytest.raises(WaitTimeout):
        dev.STATE.wait(S=1, timeout_s=-5, period_s=-1)
    assert bus.taken() == [("R", 24, 32)]


# ---- numbers and indexes -----------------------------------------------------------------------


@pytest.mark.parametrize("value", [1.0, [1], "1", None])
def test_a_level_and_a_bit_are_numbers(dev: Any, bus: Recorder, value: object) -> None:
    with pytest.raises(TypeError, match=r"DEV\.pin\[2\]\.level: "):
        dev.pin[2].level = value
    with pytest.raises(TypeError, match=r"DEV\.SEL\.bit\[2\]: "):
        dev.SEL.bit[2] = value
    assert bus.taken() == []


INDEXED: dict[str, Callable[[Any], Any]] = {
    r"DEV\.pin": lambda dev: dev.pin,
    r"DEV\.GRID": lambda dev: dev.GRID,
    r"DEV\.GRID\[1\]": lambda dev: dev.GRID[1],
    r"DEV\.LIVE": lambda dev: dev.LIVE,
    r"DEV\.SEL": lambda dev: dev.SEL.S,
    r"DEV\.SEL\.bit": lambda dev: dev.SEL.bit,
}


@pytest.mark.parametrize("path", INDEXED)
def test_an_index_is_a_number_that_is_there(path: str, dev: Any, bus: Recorder) -> None:
    thing = INDEXED[path](dev)
    for index in (slice(1), "1", 1.0, None):
        with pytest.raises(TypeError, match=rf"{path}: an index is a number"):
            thing[index]
    for index in (HUGE, -HUGE):
        with pytest.raises(NoSuchElement, match=r"of 2000\d bits"):
            thing[index]
    assert bus.taken() == []


def test_true_is_one(dev: Any) -> None:
    assert dev.pin[True].path == "DEV.pin[1]"
    assert dev.LIVE[True].path == "DEV.LIVE[1]"


def test_huge_numbers_are_told_by_their_length(dev: Any) -> None:
    for use in (
        lambda: setattr(dev.SEL, "raw", HUGE),
        lambda: setattr(dev.SEL, "S10", HUGE),
        lambda: operator.setitem(dev.SEL.bit, 0, HUGE),
        lambda: setattr(dev.pin[0], "level", HUGE),
    ):
        with pytest.raises(ValueDoesNotFit, match="of 20001 bits"):
            use()
    for name in ("pin", "LIVE", "GRID", "SEL.S"):
        with pytest.raises(NoSuchElement, match=r"has no element of \d+ bits"):
            dev[f"{name}[{'9' * 6000}]"]
    with pytest.raises(NoSuchElement):
        dev["pin[99999999999]"]


def test_an_array_of_instances_is_indexed_as_any_other() -> None:
    block = "{regmap: 1, block: timer, registers: {R: {offset: 0}}}"
    from regmap.model.chip import Array, Chip, Instance

    model = Chip(
        name="chip",
        instances=(
            Instance(
                name="T", block=model_of(block, "timer.yaml"), base=0,
                array=Array(counts=(2,), strides=(16,)),
            ),
        ),
    )  # fmt: skip
    chip: Any = build(lay_out(model))(Recorder())
    assert [block.address for block in chip.T] == [0, 16]
    assert chip.T[1] is chip.T1 is chip["T[1]"]
    for index in (2, -1, HUGE):
        with pytest.raises(NoSuchElement, match=r"chip\.T has no element"):
            chip.T[index]
    with pytest.raises(TypeError, match=r"chip\.T: an index is a number"):
        chip.T["0"]


# ---- nothing reads by itself -------------------------------------------------------------------


def test_bits_are_neither_iterated_nor_searched(dev: Any, bus: Recorder) -> None:
    for use in (list, reversed, lambda bits: 1 in bits, lambda bits: [*bits]):
        with pytest.raises(TypeError, match=r"DEV\.SEL\.bit: .*read\(\)"):
            use(dev.SEL.bit)
    names = [f"S{n}" for n in range(10, 20)]
    assert [*dev.SEL.S] == names
    assert [*reversed(dev.SEL.S)] == names[::-1]
    assert "S10" in dev.SEL.S
    assert "S9" not in dev.SEL.S
    with pytest.raises(TypeError, match="name"):
        assert 0 in dev.SEL.S
    assert bus.taken() == []


def test_a_list_of_an_array_asks_once_how_many_there_are(dev: Any, bus: Recorder) -> None:
    bus.memory[32] = 2
    for make in (list, tuple, lambda array: [*array]):
        assert [r.path for r in make(dev.LIVE)] == ["DEV.LIVE[0]", "DEV.LIVE[1]", "DEV.LIVE[2]"]
        assert bus.taken() == [("R", 32, 32)]
    for use in (len, reversed):
        with pytest.raises(TypeError, match="count"):
            use(dev.LIVE)
    assert dev.LIVE[3] in dev.LIVE
    assert dev.GRID[1, 1] in dev.GRID
    assert dev.GRID[1, 1] in dev.GRID[1]
    assert dev.GRID[0, 1] not in dev.GRID[1]
    assert 5 not in dev.LIVE
    assert bus.taken() == []


# ---- copies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize(
    "of",
    [
        lambda d: d, lambda d: d.DEV, lambda d: d.DEV.SEL, lambda d: d.DEV.SEL.bit,
        lambda d: d.DEV.SEL.S, lambda d: d.DEV.LIVE, lambda d: d.DEV.pin, lambda d: d.DEV.pin[1],
        lambda d: d.pins,
    ],
)  # fmt: skip
def test_what_stands_for_hardware_is_not_copied(
    device: Any, bus: Recorder, of: Callable[[Any], Any], copied: Callable[[Any], Any]
) -> None:
    with pytest.raises(TypeError, match="stands for hardware"):
        copied(of(device))
    assert bus.taken() == []


def test_an_item_before_its_init_has_no_members(dev: Any) -> None:
    item = type(dev.pin[0]).__new__(type(dev.pin[0]))
    with pytest.raises(AttributeError):
        _ = item._registers
    with pytest.raises(AttributeError):
        _ = item.__deepcopy__


# ---- what is fixed -----------------------------------------------------------------------------


def test_where_things_are_does_not_change(device: Any) -> None:
    device.DEV.SEL.load()
    for owner, name in (
        (device, "backend"), (device, "cpu"), (device, "layout"), (device.DEV, "address"),
        (device.DEV, "context"), (device.DEV, "local"), (device.DEV, "parent"),
        (device.DEV.SEL, "address"), (device.DEV.SEL, "port"),
    ):  # fmt: skip
        before = getattr(owner, name)
        with pytest.raises(AttributeError, match=name):
            setattr(owner, name, None)
        assert getattr(owner, name) is before or getattr(owner, name) == before
    assert device.path == "block"


# ---- updates between threads -------------------------------------------------------------------


@pytest.mark.parametrize("attached", [False, True])
def test_no_update_is_lost_on_a_backend_without_one(attached: bool) -> None:
    """The first read stops until the other thread has written, or has had every chance to."""
    other_wrote, reading = threading.Event(), threading.Event()

    class Slow(Recorder):
        def read(self, address: int, width: int) -> int:
            value = super().read(address, width)
            if not reading.is_set():
                reading.set()
                other_wrote.wait(0.3)
            return value

        def write(self, address: int, width: int, value: int) -> None:
            super().write(address, width, value)
            other_wrote.set()

    class Attaching(Slow):
        def attach(self, address: int, size: int) -> Slow:
            return self

    bus = Attaching() if attached else Slow()
    register = device_of(CHIP, bus).DEV.SEL

    def first() -> None:
        register.S10 = 1

    thread = threading.Thread(target=first)
    thread.start()
    assert reading.wait(30)
    register.S11 = 1
    thread.join(30)
    assert bus.memory[28] == 0b001_001
    assert [access[0] for access in bus.taken()] == ["R", "W", "R", "W"]


# ---- paths -------------------------------------------------------------------------------------


def test_a_path_reaches_the_elements_of_a_field_array(device: Any, bus: Recorder) -> None:
    assert lookup(device, "DEV.SEL.S[7]") == Target(device.DEV.SEL, "S17")
    assert find(device, "DEV.SEL.S[7]") == [Target(device.DEV.SEL, "S17")]
    assert [each.field for each in find(device, "DEV.*.S[*]")] == [f"S{n}" for n in range(10, 20)]
    with pytest.raises(NoSuchElement, match=r"DEV\.SEL\.S has no element 17; it has 10"):
        lookup(device, "DEV.SEL.S[17]")
    with pytest.raises(NoSuchElement, match=r"DEV\.SEL\.S has no element 17; it has 10"):
        find(device, "DEV.SEL.S[17]")
    with pytest.raises(UnknownName, match=r"did you mean S\[0\]"):
        lookup(device, "DEV.SEL.S")
    assert bus.taken() == []


# ---- calls -------------------------------------------------------------------------------------


def test_a_method_of_a_pin_gives_nothing_back(dev: Any, bus: Recorder) -> None:
    assert dev.pin[2].set() is None
    assert dev.pin[2].set() is None
    assert bus.taken() == [("W", 0x84, 32, 4)] * 2


# ---- structure ---------------------------------------------------------------------------------


def test_no_module_of_live_imports_itself_in_the_end() -> None:
    """Imports inside functions and for type checkers count as well."""
    (folder,) = regmap.live.__path__
    imports: dict[str, set[str]] = {}
    for file in Path(folder).glob("*.py"):
        found = imports.setdefault(f"regmap.live.{file.stem}", set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "regmap.live":
                found |= {f"regmap.live.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    imports = {name: found & imports.keys() for name, found in imports.items()}
    while imports:
        leaves = {name for name, found in imports.items() if not found & imports.keys()}
        assert leaves, f"a circle among {sorted(imports)}"
        imports = {name: found for name, found in imports.items() if name not in leaves}
