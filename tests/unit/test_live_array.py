"""Arrays: elements by index and by name, several dimensions, and counts that hardware states."""

from __future__ import annotations

from typing import Any

import pytest

from regmap.errors import NoSuchElement, NotWritable
from regmap.live.path import present, registers_of
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      CAP: {offset: 0, access: ro, fields: {NUM: {bits: "3:0"}}}
      PLAIN: {offset: 0x10, array: {count: 3, stride: 4}}
      NAMED: {offset: 0x20, array: {count: 3, stride: 4, name: "NAMED{i}"}}
      GRID: {offset: 0x40, array: {count: [2, 3], stride: [0x10, 4]}}
      CUBE:
        offset: 0x80
        width: 8
        array: {count: [2, 2, 2], stride: [4, 2, 1], name: "C{i}{j}{k}"}
      LIVE: {offset: 0x100, array: {count: "CAP.NUM + 1", max: 4, stride: 4}}
      LIVE_NAMED: {offset: 0x110, array: {count: "CAP.NUM + 1", max: 4, stride: 4, name: "LN{i}"}}
      LESS: {offset: 0x120, array: {count: "CAP.NUM - 2", max: 4, stride: 4}}
    groups:
      CELL:
        offset: 0x200
        array: {count: "CAP.NUM + 1", max: 4, stride: 0x20}
        registers: {A: {offset: 0}, B: {offset: 4, array: {count: 2, stride: 4}}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder({0: 1})


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


def test_elements_are_made_once_and_have_one_object_for_all_their_names(
    dev: Any, bus: Recorder
) -> None:
    assert dev.PLAIN[1] is dev.PLAIN[1]
    assert dev.NAMED[1] is dev.NAMED1
    assert dev.GRID[1][2] is dev.GRID[1, 2]
    assert dev.CUBE[1][0][1] is dev.C101
    assert dev.CUBE[1, 0][1] is dev.C101
    assert bus.taken() == []


@pytest.mark.parametrize(
    ("element", "path", "address"),
    [
        (lambda d: d.PLAIN[2], "DEV.PLAIN[2]", 0x18),
        (lambda d: d.NAMED[2], "DEV.NAMED2", 0x28),
        (lambda d: d.GRID[1][2], "DEV.GRID[1][2]", 0x58),
        (lambda d: d.CUBE[1][0][1], "DEV.C101", 0x85),
        (lambda d: d.CELL[3].B[1], "DEV.CELL[3].B[1]", 0x268),
    ],
)
def test_elements_know_their_path_and_address(
    dev: Any, element: Any, path: str, address: int
) -> None:
    assert (element(dev).path, element(dev).address) == (path, address)


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (lambda d: d.PLAIN[3], r"DEV\.PLAIN has no element 3; it has 3"),
        (lambda d: d.PLAIN[-1], "no element -1"),
        (lambda d: d.GRID[2], "it has 2"),
        (lambda d: d.GRID[1][3], r"DEV\.GRID\[1\] has no element 3; it has 3"),
        (lambda d: d.GRID[0, 3], "it has 3"),
        (lambda d: d.LIVE[4], "it has 4"),
    ],
)
def test_an_element_that_is_not_there_is_refused(dev: Any, use: Any, why: str) -> None:
    with pytest.raises(NoSuchElement, match=why) as caught:
        use(dev)
    assert isinstance(caught.value, IndexError)


def test_an_element_can_be_assigned_to(dev: Any, bus: Recorder) -> None:
    dev.PLAIN[1] = 5
    dev.GRID[1][2] = 6
    dev.GRID[0, 1] = 7
    dev.NAMED[0] = 8
    assert bus.taken() == [
        ("W", 0x14, 32, 5), ("W", 0x58, 32, 6), ("W", 0x44, 32, 7), ("W", 0x20, 32, 8),
    ]  # fmt: skip
    for name in ("PLAIN", "CELL", "GRID"):
        with pytest.raises(NotWritable):
            setattr(dev, name, 1)


def test_a_fixed_array_counts_and_iterates_without_the_bus(dev: Any, bus: Recorder) -> None:
    assert len(dev.PLAIN) == 3
    assert [r.path for r in dev.PLAIN] == ["DEV.PLAIN[0]", "DEV.PLAIN[1]", "DEV.PLAIN[2]"]
    assert [r.address for r in dev.GRID.every()] == [0x40, 0x44, 0x48, 0x50, 0x54, 0x58]
    assert [r.address for r in dev.GRID[1].every()] == [0x50, 0x54, 0x58]
    assert [len(row) for row in dev.GRID] == [3, 3]
    assert (len(dev.CUBE), dev.CUBE.largest, dev.CUBE.count()) == (2, 2, 2)
    assert (repr(dev.GRID), repr(dev.GRID[1])) == (
        "<array DEV.GRID of 2>", "<array DEV.GRID[1] of 3>",
    )  # fmt: skip
    assert bus.taken() == []


CAP = ("R", 0, 32)


def test_a_stated_count_is_read_each_time_that_it_is_needed(dev: Any, bus: Recorder) -> None:
    assert dev.LIVE.count() == 2
    assert bus.taken() == [CAP]
    assert [r.address for r in list(dev.LIVE)] == [0x100, 0x104]
    assert bus.taken() == [CAP]
    assert len(dev.LIVE) == 2
    assert bus.taken() == [CAP]
    assert len([r.address for r in dev.LIVE]) == 2
    assert dev.LIVE[1] in dev.LIVE
    assert dev.PLAIN[1] not in dev.LIVE
    assert bus.taken() == []
    bus.memory[0] = 2
    assert [r.address for r in dev.LIVE] == [0x100, 0x104, 0x108]
    assert bus.taken() == [CAP]
    assert [c.path for c in dev.CELL] == ["DEV.CELL[0]", "DEV.CELL[1]", "DEV.CELL[2]"]
    assert [r.address for r in dev.LIVE.present()] == [0x100, 0x104, 0x108]
    assert bus.taken() == [CAP] * 2


@pytest.mark.parametrize(("stated", "live", "less"), [(0, 1, 0), (2, 3, 0), (3, 4, 1), (15, 4, 4)])
def test_a_stated_count_stays_between_none_and_the_largest(
    dev: Any, bus: Recorder, stated: int, live: int, less: int
) -> None:
    bus.memory[0] = stated
    assert (dev.LIVE.count(), dev.LESS.count()) == (live, less)
    assert len(list(dev.LESS)) == less


def test_an_index_is_held_against_the_largest_count_without_asking(dev: Any, bus: Recorder) -> None:
    assert dev.LIVE[3].address == 0x10C
    assert len(list(dev.LIVE.every())) == 4
    assert dev.LIVE.largest == 4
    assert bool(dev.LIVE)
    assert repr(dev.LIVE) == "<array DEV.LIVE of 4>"
    assert bus.taken() == []


def test_what_is_present_follows_the_stated_counts(dev: Any, bus: Recorder) -> None:
    every, there = list(registers_of(dev)), list(present(dev))
    assert set(there) <= set(every)
    gone = sorted(r.path for r in every if r not in there)
    assert gone == sorted(
        [
            *(f"DEV.LIVE[{n}]" for n in (2, 3)),
            *(f"DEV.LN{n}" for n in (2, 3)),
            *(f"DEV.LESS[{n}]" for n in range(4)),
            *(f"DEV.CELL[{n}].{r}" for n in (2, 3) for r in ("A", "B[0]", "B[1]")),
        ]
    )
    assert bus.taken() == [CAP] * 4


def test_a_count_inside_a_group_is_looked_up_from_the_block(bus: Recorder) -> None:
    dev = device_of(
        """
        regmap: 1
        block: block
        instance: DEV
        registers: {CAP: {offset: 0, access: ro, fields: {NUM: {bits: "3:0"}}}}
        groups:
          OUTER:
            offset: 8
            registers: {R: {offset: 0, array: {count: "CAP.NUM", max: 2, stride: 4}}}
        """,
        bus,
    ).DEV
    assert dev.OUTER.R.count() == 1
    assert dev.on_cpu(0).OUTER.R.count() == 1
    assert dev.OUTER.on_cpu(0).R.count() == 1
    assert bus.taken() == [CAP] * 3
