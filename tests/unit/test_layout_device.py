"""A device laid out: instances at addresses, arrays of them, pins, and the flat form of it all."""

from __future__ import annotations

from typing import Any

import pytest

from regmap.bits import BitRange
from regmap.errors import MapError
from regmap.layout import lay_out
from regmap.layout.rows import as_json, rows
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import (
    Array,
    Block,
    Enum,
    EnumValue,
    Field,
    Group,
    Line,
    Member,
    Register,
    View,
    Window,
)
from regmap.model.chip import Board, Chip, Clock, Instance, Match, Pin
from regmap.model.expr import NamePattern, Path


def reg(name: str = "R", offset: int = 0, **more: Any) -> Register:
    return Register(name=name, offset=offset, **more)


def block(*items: Register | Group, **more: Any) -> Block:
    return Block(name="kind", items=items or (reg(),), **more)


def instance(name: str = "DEV", base: int = 0x1000, **more: Any) -> Instance:
    return Instance(name=name, base=base, **{"block": block(), **more})


def chip(*instances: Instance, **more: Any) -> Any:
    return lay_out(Chip(name="some-chip", instances=instances, **more))


def test_a_lone_block_is_a_device_with_one_instance_at_0() -> None:
    layout = lay_out(block(description="what it is"))
    assert (layout.name, layout.kind, layout.description) == ("kind", "block", "what it is")
    assert [(i.name, i.base) for i in layout.instances.values()] == [("KIND", 0)]
    assert list(lay_out(block(instance_name="GPIO")).instances) == ["GPIO"]


def test_instances_keep_their_order_and_share_the_layout_of_their_block() -> None:
    kind = block(reg(), reg("S", 4))
    layout = chip(instance("B", 0x2000, block=kind), instance("A", 0x1000, block=kind))
    assert list(layout.instances) == ["B", "A"]
    assert layout.instances["B"].block is layout.instances["A"].block
    assert (layout.origin, layout.extent) == (0x1000, 0x2008)
    assert (layout.kind, layout.class_name) == ("chip", "SomeChip")


def test_an_empty_chip_is_nowhere() -> None:
    assert (chip().origin, chip().extent, chip().views()) == (0, 0, [])


@pytest.mark.parametrize(
    ("stated", "of_block", "wanted"), [(0x40, 0x80, 0x40), (None, 0x80, 0x80), (None, None, 8)]
)
def test_the_size_is_the_instances_the_blocks_or_what_it_takes(
    stated: int | None, of_block: int | None, wanted: int
) -> None:
    kind = block(reg(), reg("S", 4), size=of_block)
    assert chip(instance(size=stated, block=kind)).instances["DEV"].size == wanted


def test_a_block_is_laid_out_when_it_is_first_used() -> None:
    bad = block(reg(array=Array(counts=(2,), strides=(4,), labels=("ONLY",))), size=4)
    layout = chip(instance(block=bad))
    with pytest.raises(MapError, match="no label"):
        _ = layout.instances["DEV"].block


def test_an_instance_beyond_64_bits_is_refused() -> None:
    chip(instance(base=(1 << 64) - 16, size=16))
    with pytest.raises(MapError, match="beyond the 64-bit address space"):
        chip(instance(base=(1 << 64) - 16, size=32))


def test_arrays_of_instances_are_tuples_of_names() -> None:
    layout = chip(
        instance("UART", 0x1000, array=Array(counts=(2,), strides=(0x100,))),
        instance(
            "T", 0x2000,
            array=Array(counts=(2,), strides=(0x10,), names=NamePattern.parse("TIMER{i+1}")),
        ),
        instance("L", 0x3000, array=Array(counts=(2,), strides=(4,), labels=("LOW", "HIGH"))),
    )  # fmt: skip
    assert layout.arrays == {
        "UART": ("UART0", "UART1"), "T": ("TIMER1", "TIMER2"), "L": ("LOW", "HIGH"),
    }  # fmt: skip
    assert [i.base for i in layout.instances.values()] == [
        0x1000, 0x1100, 0x2000, 0x2010, 0x3000, 0x3004,
    ]  # fmt: skip


def test_names_of_instances_are_made_safe() -> None:
    assert list(chip(instance("pins"), instance("A"), instance("A")).instances) == [
        "pins_", "A", "A_2",
    ]  # fmt: skip


PIN = View(
    name="pin",
    count=4,
    members=(Member(name="value", path=Path.parse("R.bit[i]")),),
    lines={2: Line(functions={"ALT0": "TXD"}, reset_pull="up", description="the line")},
)


def board(*pins: Pin, **more: Any) -> Any:
    gpio = instance("GPIO", block=block(views=(PIN,)), **more)
    return lay_out(
        Board(
            name="some-board",
            instances=(gpio,),
            pins=pins,
            fixed_pins={"P1": "3V3"},
            backends=("mem:",),
            match=Match(compatible=("vendor,board",), architecture=("armv6l",)),
        )
    )


def test_pins_take_what_the_board_says_or_else_the_chip() -> None:
    layout = board(
        Pin(names=("P1-03", "X"), instance="GPIO", view="pin", index=2),
        Pin(
            names=("P1-05",), instance="GPIO", view="pin", index=2, pad="CONTROL.PAD",
            functions={"ALT1": "RXD"}, reset_pull="down", description="the pin",
        ),
        Pin(names=("P1-07",), instance="GPIO", view="pin", index=3),
    )  # fmt: skip
    first, second, third = layout.pins
    assert (first.functions, first.reset_pull, first.description) == (
        (("ALT0", "TXD"),), "up", "the line",
    )  # fmt: skip
    assert (second.functions, second.reset_pull, second.description) == (
        (("ALT1", "RXD"),), "down", "the pin",
    )  # fmt: skip
    assert second.pad == "CONTROL.PAD"
    assert (third.functions, third.names, third.number) == ((), ("P1-07",), 3)
    assert layout.fixed_pins == {"P1": "3V3"}
    assert layout.backends == ("mem:",)
    assert layout.kind == "board"
    assert layout.match is not None
    assert layout.match.compatible == ("vendor,board",)
    assert [(at.name, view.name) for at, view in layout.views()] == [("GPIO", "pin")]


def test_a_clock_is_kept_as_it_is_written() -> None:
    clock = Clock(enable={"CM.R.ENABLE": "ON"}, ready={"CM.R.IDLE": 0})
    found = chip(instance(clock=clock)).instances["DEV"].clock
    assert (found.enable, found.ready) == ((("CM.R.ENABLE", "ON"),), (("CM.R.IDLE", 0),))


# ---- the flat form -----------------------------------------------------------------------------


def test_rows_are_in_address_order_with_arrays_and_groups_written_out() -> None:
    kind = block(
        reg("LAST", 0x40),
        Group(
            name="G", offset=0x10, items=(reg("B", 4), reg("A")),
            array=Array(counts=(2,), strides=(0x10,)),
        ),
        reg("N", 0, array=Array(counts=(2,), strides=(4,), names=NamePattern.parse("N{i}"))),
    )  # fmt: skip
    found = list(rows(chip(instance("TWO", 0x2000, block=kind), instance("ONE", 0x1000))))
    assert [(row.path, row.address) for row in found] == [
        ("ONE.R", 0x1000),
        ("TWO.N0", 0x2000), ("TWO.N1", 0x2004),
        ("TWO.G[0].A", 0x2010), ("TWO.G[0].B", 0x2014),
        ("TWO.G[1].A", 0x2020), ("TWO.G[1].B", 0x2024),
        ("TWO.LAST", 0x2040),
    ]  # fmt: skip
    assert {row.block for row in found} == {"kind"}


@pytest.mark.parametrize("data", ["DATA", "G0.DATA", "G[0].DATA"])
def test_what_is_behind_a_window_follows_its_data_register(data: str) -> None:
    group = Group(
        name="G", offset=8, items=(reg("DATA"),),
        array=Array(counts=(1,), strides=(4,), names=NamePattern.parse("G{i}")),
    )  # fmt: skip
    kind = block(
        reg("SEL"), reg("DATA", 4), group, reg("AFTER", 16),
        windows=(
            Window(
                name="pair", index=Path.parse("SEL"), data=Path.parse(data),
                items=(reg("IN1", 7), reg("IN0", 3)),
            ),
        ),
    )  # fmt: skip
    found = list(rows(chip(instance(block=kind))))
    paths = [row.path for row in found]
    at = paths.index(f"DEV.{'G0.DATA' if '.' in data else 'DATA'}")
    assert paths[at + 1 : at + 3] == ["DEV.IN0", "DEV.IN1"]
    assert [(row.address, row.offset, row.window) for row in found[at + 1 : at + 3]] == [
        (None, 3, "pair"), (None, 7, "pair"),
    ]  # fmt: skip
    assert as_json(found[at + 1])["window"] == "pair"
    assert "window" not in as_json(found[0])


def test_a_row_as_json_is_in_svds_words_with_null_for_what_is_not_stated() -> None:
    values = (EnumValue(name="2X", value=2), EnumValue(name="ANY", value=0, care=2))
    fields = (
        Field(
            name="A", bits=(BitRange(4, 2),), enum=Enum(values=values),
            write_action=WriteAction.ONE_TO_CLEAR,
        ),
        Field(
            name="B", bits=(BitRange(8, 2), BitRange(0, 1)), access=Access.READ_ONLY,
            read_action=ReadAction.CLEAR,
        ),
    )  # fmt: skip
    register = reg(width=16, reset=0x12, reset_mask=0xFF, fields=fields)
    (row,) = rows(chip(instance(block=block(register))))
    assert as_json(row) == {
        "path": "DEV.R", "block": "kind", "address": 0x1000, "offset": 0, "width": 16,
        "access": "read-write", "reset": 0x12, "reset_mask": 0xFF, "read_action": None,
        "write_action": None,
        "fields": [
            {
                "name": "A", "lsb": 4, "width": 2, "access": "read-write", "read_action": None,
                "write_action": "oneToClear", "enum": {"2X": 2, "ANY": 0},
            },
            {
                "name": "B", "lsb": 8, "width": 3, "access": "read-only", "read_action": "clear",
                "write_action": None, "enum": None,
                "bits": [{"lsb": 8, "width": 2}, {"lsb": 0, "width": 1}],
            },
        ],
    }  # fmt: skip
