"""Live objects as Python handles them: indexes, iteration, copies, attributes, paths, imports."""

from __future__ import annotations

import ast
import copy
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import regmap.live
from regmap.errors import NoSuchElement, UnknownName, ValueDoesNotFit
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.live.path import Target, find, lookup
from regmap.model.block import Array
from regmap.model.chip import Chip, Instance
from tests.support import Recorder, device_of, model_of

HUGE = 1 << 20_000

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
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
    assert len(dev.LIVE) == 3
    assert next(reversed(dev.LIVE)).path == "DEV.LIVE[2]"
    assert bus.taken() == [("R", 32, 32)] * 2
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


# ---- paths -------------------------------------------------------------------------------------


def test_a_path_reaches_the_elements_of_a_field_array(device: Any, bus: Recorder) -> None:
    assert lookup(device, "DEV.SEL.S[7]") == Target(device.DEV.SEL, "S17")
    assert find(device, "DEV.SEL.S[7]") == [Target(device.DEV.SEL, "S17")]
    assert [each.field for each in find(device, "DEV.*.S[*]")] == [f"S{n}" for n in range(10, 20)]
    with pytest.raises(NoSuchElement, match=r"DEV\.SEL\.S has no element 17; it has 10"):
        lookup(device, "DEV.SEL.S[17]")
    with pytest.raises(NoSuchElement, match=r"DEV\.SEL\.S has no element 17; it has 10"):
        find(device, "DEV.SEL.S[17]")
    with pytest.raises(UnknownName, match=r"it has S\[0\] to S\[9\]"):
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
