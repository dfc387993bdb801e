"""Blocks written out: elements and their names, offsets, fields, storages, windows and counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from regmap.bits import BitRange
from regmap.errors import MapError
from regmap.layout.blocks import lay_out_block
from regmap.layout.shape import ArrayLayout, BlockLayout, GroupAt, RegisterAt, WindowLayout
from regmap.model.block import Array, Block, Field, FieldArray, Group, Register, Window
from regmap.model.expr import Count, NamePattern, Path
from tests.support import model_of


def laid_out(text: str) -> BlockLayout:
    return lay_out_block(model_of("regmap: 1\nblock: block\n" + text))


def block(*items: Register | Group, **more: Any) -> BlockLayout:
    return lay_out_block(Block(name="block", items=items, **more))


def reg(name: str = "R", offset: int = 0, **more: Any) -> Register:
    return Register(name=name, offset=offset, **more)


def members(layout: BlockLayout) -> dict[str, Any]:
    return {member.name: member for member in layout.members}


def array_of(layout: BlockLayout, name: str) -> ArrayLayout:
    found = members(layout)[name]
    assert isinstance(found, ArrayLayout)
    return found


def at(elements: Any) -> list[tuple[str, int]]:
    return [(element.name, element.offset) for element in elements]


# ---- arrays ------------------------------------------------------------------------------------


def test_an_array_without_names_is_reached_by_index_alone() -> None:
    layout = block(reg(offset=8, array=Array(counts=(3,), strides=(4,))))
    assert list(members(layout)) == ["R"]
    array = array_of(layout, "R")
    assert at(array.elements) == [("R[0]", 8), ("R[1]", 12), ("R[2]", 16)]
    assert (array.counts, array.named) == ((3,), False)


def test_elements_with_names_are_members_too() -> None:
    layout = block(
        reg(array=Array(counts=(2,), strides=(4,), names=NamePattern.parse("R{i}"))),
        reg("L", 8, array=Array(counts=(2,), strides=(4,), labels=("LOW", "HIGH"))),
    )
    assert list(members(layout)) == ["R0", "R1", "R", "LOW", "HIGH", "L"]
    assert array_of(layout, "R").elements == (members(layout)["R0"], members(layout)["R1"])
    assert array_of(layout, "L").named


def test_several_dimensions_are_in_row_major_order() -> None:
    array = Array(counts=(2, 3), strides=(0x100, 4), names=NamePattern.parse("B{i}_C{j}"))
    layout = block(reg(offset=0x10, array=array))
    assert at(array_of(layout, "R").elements) == [
        ("B0_C0", 0x10), ("B0_C1", 0x14), ("B0_C2", 0x18),
        ("B1_C0", 0x110), ("B1_C1", 0x114), ("B1_C2", 0x118),
    ]  # fmt: skip
    plain = block(reg(array=replace(array, names=None)))
    assert [e.name for e in array_of(plain, "R").elements][-1] == "R[1][2]"


def test_elements_that_are_alike_share_one_layout_and_those_that_are_not_do_not() -> None:
    array = Array(counts=(3,), strides=(4,))
    alike = array_of(block(reg(array=array)), "R").elements
    assert len({id(e.register) for e in alike if isinstance(e, RegisterAt)}) == 1
    field = Field(name="F", bits=(BitRange(0, 2),), array=FieldArray(counts=(4, 4, 1), stride=2))
    unlike = array_of(block(reg(array=array, fields=(field,))), "R").elements
    names = [[f.name for f in e.register.fields] for e in unlike if isinstance(e, RegisterAt)]
    assert names == [["F0", "F1", "F2", "F3"]] * 2 + [["F0"]]
    classes = [e.register.class_name for e in unlike if isinstance(e, RegisterAt)]
    assert len(set(classes)) == 3


def test_each_element_has_its_own_reset_where_they_are_stated() -> None:
    layout = block(reg(array=Array(counts=(3,), strides=(4,)), resets=(1, 2, 3)))
    found = [e.register.reset for e in array_of(layout, "R").elements if isinstance(e, RegisterAt)]
    assert found == [1, 2, 3]


def test_field_arrays_take_the_indexes_of_the_register_first() -> None:
    layout = laid_out(
        """
registers:
  SEL:
    offset: 0
    array: {count: 3, stride: 4, name: "SEL{i}"}
    fields:
      S: {bits: "2:0", array: {count: [10, 10, 4], stride: 3, name: "S{10*i+j}"}}
"""
    )
    second, third = members(layout)["SEL1"].register, members(layout)["SEL2"].register
    assert [f.name for f in second.fields] == [f"S{n}" for n in range(10, 20)]
    assert [f.lsb for f in second.fields] == list(range(0, 30, 3))
    assert second.field_arrays == (("S", tuple(f"S{n}" for n in range(10, 20))),)
    assert [f.name for f in third.fields] == ["S20", "S21", "S22", "S23"]


def test_a_field_array_in_two_dimensions_of_registers_uses_the_third_index() -> None:
    field = Field(
        name="F",
        bits=(BitRange(0, 1),),
        array=FieldArray(counts=(2,), stride=4, names=NamePattern.parse("F{100*i+10*j+k}")),
    )
    array = Array(counts=(2, 2), strides=(8, 4))
    elements = array_of(block(reg(array=array, fields=(field,))), "R").elements
    last = elements[-1]
    assert isinstance(last, RegisterAt)
    assert [(f.name, f.lsb) for f in last.register.fields] == [("F110", 0), ("F111", 4)]


def test_groups_repeat_and_nest() -> None:
    inner = Group(name="IN", offset=0x10, items=(reg(),), array=Array(counts=(2,), strides=(4,)))
    outer = Group(
        name="OUT",
        offset=0x100,
        items=(reg("HEAD"), inner),
        array=Array(counts=(2,), strides=(0x20,), names=NamePattern.parse("OUT{i}")),
    )
    layout = block(outer)
    assert [(m.name, m.offset) for m in layout.members if isinstance(m, GroupAt)] == [
        ("OUT0", 0x100), ("OUT1", 0x120),
    ]  # fmt: skip
    group = members(layout)["OUT1"].group
    assert group is members(layout)["OUT0"].group
    assert at(array_of(group, "IN").elements) == [("IN[0]", 0x10), ("IN[1]", 0x14)]
    assert group.size == 0x18
    assert layout.size == 0x138


def test_a_count_that_the_hardware_states_has_its_field() -> None:
    array = Array(counts=(8,), strides=(4,), live=Count.parse("CAP[1].NUM.COUNT + 1"))
    live = array_of(block(reg(array=array)), "R").live
    assert live == ("CAP[1].NUM", "COUNT", 1)


# ---- names -------------------------------------------------------------------------------------


def test_names_that_meet_or_are_reserved_are_changed() -> None:
    layout = block(
        reg("R"),
        reg("R", 4),
        reg("read", 8),
        reg("A/B", 12, py_name="AB"),
        reg("E", 16, array=Array(counts=(2,), strides=(4,), names=NamePattern.parse("E"))),
    )
    assert list(members(layout)) == ["R", "R_2", "read_", "AB", "E_2", "E_3", "E"]


def test_no_two_classes_of_a_block_have_the_same_name() -> None:
    """``A_B`` as a register beside group ``A`` with a register ``B``."""
    layout = block(reg("A_B"), Group(name="A", offset=8, items=(reg("B"),)))
    first = members(layout)["A_B"].register.class_name
    second = members(members(layout)["A"].group)["B"].register.class_name
    assert first != second
    assert layout.class_name == "Block"


# ---- storages ----------------------------------------------------------------------------------


def cells(layout: BlockLayout) -> dict[str, str]:
    found: dict[str, str] = {}
    for member in layout.members:
        if isinstance(member, RegisterAt):
            found[member.name] = member.cell
        elif isinstance(member, ArrayLayout) and not member.named:
            found |= {e.name: e.cell for e in member.elements if isinstance(e, RegisterAt)}
    return found


def test_targets_aliases_and_storages_name_their_cells() -> None:
    layout = block(
        reg("OUT"),
        reg("SET", 4, target="OUT"),
        reg("MIRROR", 8, alias="OUT"),
        reg("HIDDEN", 12, storage="latch"),
        reg("LIST", 16, array=Array(counts=(2, 2), strides=(8, 4))),
        reg("LIST_SET", 32, target="LIST", array=Array(counts=(2, 2), strides=(8, 4))),
        reg("PAIR", 48, storage="latch", array=Array(counts=(2,), strides=(4,))),
        reg("ONE", 56, target="LIST[1][0]"),
    )
    assert cells(layout) == {
        "OUT": "", "SET": "OUT", "MIRROR": "OUT", "HIDDEN": "+latch", "LIST[0][0]": "",
        "LIST[0][1]": "", "LIST[1][0]": "", "LIST[1][1]": "", "LIST_SET[0][0]": "LIST[0][0]",
        "LIST_SET[0][1]": "LIST[0][1]", "LIST_SET[1][0]": "LIST[1][0]",
        "LIST_SET[1][1]": "LIST[1][1]", "PAIR[0]": "+latch[0]", "PAIR[1]": "+latch[1]",
        "ONE": "LIST[1][0]",
    }  # fmt: skip


# ---- windows -----------------------------------------------------------------------------------

INDEX = Field(name="NUMBER", bits=(BitRange(4, 4),))


def window(index: str, data: str, *items: Register | Group, **more: Any) -> WindowLayout:
    layout = block(
        *items,
        windows=(
            Window(
                name="pair",
                index=Path.parse(index),
                data=Path.parse(data),
                items=(reg("IN", 3, **more),),
            ),
        ),
    )
    assert members(layout)["IN"].window == "pair"
    return layout.windows[0]


def test_an_index_may_be_a_register_or_a_field_of_it() -> None:
    assert window("SEL", "DATA", reg("SEL", width=8), reg("DATA", 4)) == (
        "pair", "SEL", 0, 0xFF, 0, "DATA",
    )  # fmt: skip
    sel = reg("SEL", fields=(INDEX,), reset=0x1234_5678)
    assert window("SEL.NUMBER", "DATA", sel, reg("DATA", 4)) == (
        "pair", "SEL", 4, 0xF0, 0x1234_5608, "DATA",
    )  # fmt: skip


def test_the_pair_may_stand_in_groups_and_arrays() -> None:
    group = Group(
        name="G",
        offset=0,
        items=(reg("SEL", fields=(INDEX,)), reg("DATA", 4)),
        array=Array(counts=(2,), strides=(8,), names=NamePattern.parse("G{i}")),
    )
    found = window("G[1].SEL.NUMBER", "G[0].DATA", group)
    assert (found.index_register, found.data_register) == ("G1.SEL", "G0.DATA")
    listed = reg("DATA", 4, array=Array(counts=(2,), strides=(4,)))
    assert window("SEL", "DATA[1]", reg("SEL"), listed).data_register == "DATA[1]"


@pytest.mark.parametrize(
    ("index", "data", "why"),
    [
        ("NONE", "DATA", "there is no register NONE"),
        ("SEL", "NONE.X", "there is no register NONE.X"),
        ("SEL.NO", "DATA", "SEL has no field NO"),
        ("SEL", "DATA.F", "no whole register"),
        ("SEL[i]", "DATA", "unknown index 'i'"),
        ("MORE.NUMBER", "DATA", "selecting would overwrite MORE.OTHER"),
    ],
)
def test_a_window_that_means_nothing_is_refused(index: str, data: str, why: str) -> None:
    other = Field(name="OTHER", bits=(BitRange(0, 1),))
    with pytest.raises(MapError, match=why):
        window(
            index,
            data,
            reg("SEL", fields=(INDEX,)),
            reg("DATA", 4, fields=(replace(other, name="F"),)),
            reg("MORE", 8, fields=(INDEX, other)),
        )


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("register", "why"),
    [
        (reg(array=Array(counts=(3,), strides=(4,), labels=("A", "B"))), "no label for element 2"),
        (
            reg(array=Array(counts=(2,), strides=(4,), names=NamePattern.parse("R{j}"))),
            r"R\{j\} names no element \(0,\): unknown index 'j'",
        ),
        (
            reg(array=Array(counts=(2,), strides=(4,), names=NamePattern.parse("R{4//i}"))),
            "division by zero",
        ),
        (reg(array=Array(counts=(2, 2), strides=(4,))), "one stride for each count"),
        (reg(array=Array(counts=(10**6, 10**6), strides=(4, 4))), "more than 1000000 elements"),
        (
            reg(
                fields=(
                    Field(
                        name="F",
                        bits=(BitRange(0, 1),),
                        array=FieldArray(counts=(2,), stride=1, names=NamePattern.parse("F{j}")),
                    ),
                )
            ),
            "names no element 0",
        ),
    ],
)
def test_an_array_that_cannot_be_written_out_is_refused(register: Register, why: str) -> None:
    with pytest.raises(MapError, match=why):
        block(register)


# ---- registers ---------------------------------------------------------------------------------


def laid(**more: Any) -> Any:
    return members(block(reg(**more)))["R"].register


def field(name: str, lsb: int, width: int, **more: Any) -> Field:
    return Field(name=name, bits=(BitRange(lsb, width),), **more)


@pytest.mark.parametrize(
    ("register", "fields", "wanted"),
    [
        # The register's own value, all or some of it known.
        ({"reset": 0x55}, (), (0x55, None)),
        ({"reset": 0x55, "reset_mask": 0x0F}, (), (0x55, 0x0F)),
        ({}, (), (None, None)),
        # Fields add to it, or make it.
        ({"reset": 0xFF}, (field("F", 4, 4, reset=3),), (0x3F, None)),
        ({}, (field("F", 4, 4, reset=3),), (0x30, 0xF0)),
        ({"reset": 0x0A, "reset_mask": 0x0F}, (field("F", 4, 4, reset=3),), (0x3A, None)),
        ({"reset": 0x0A, "reset_mask": 0x03}, (field("F", 4, 4, reset=3),), (0x3A, 0xF3)),
        # A mask alone says of no value that it is known.
        ({"reset_mask": 0xFF}, (field("F", 4, 4, reset=3),), (0x30, 0xF0)),
    ],
)
def test_reset_values_of_register_and_fields_come_together(
    register: dict[str, int], fields: tuple[Field, ...], wanted: tuple[int | None, int | None]
) -> None:
    layout = laid(width=8, fields=fields, **register)
    assert (layout.reset, layout.reset_mask) == wanted


def test_a_split_fields_reset_is_spread_over_its_parts() -> None:
    split = Field(name="F", bits=(BitRange(0, 2), BitRange(3, 1)), reset=0b101)
    assert (laid(width=8, fields=(split,)).reset, laid(width=8, fields=(split,)).reset_mask) == (
        0b1001, 0b1011,
    )  # fmt: skip


def test_volatile_bits_are_those_of_volatile_fields() -> None:
    some = (field("A", 0, 4, volatile=True), field("B", 4, 4))
    assert laid(width=8, fields=some).volatile_mask == 0x0F
    assert laid(width=8, volatile=True).volatile_mask == 0xFF


def test_nothing_is_read_back_where_nothing_shows_or_reading_acts() -> None:
    from regmap.model.access import Access, ReadAction

    assert laid(verify=True).verify
    assert not laid(verify=True, access=Access.WRITE_ONLY).verify
    assert not laid(verify=True, read_action=ReadAction.CLEAR).verify


def test_enums_are_laid_out_once_and_named_after_the_block() -> None:
    layout = laid_out(
        """
enums:
  mode: {IN: 0, OUT: {value: 1, description: drives}, "2X": 2, ANY: {value: "0b1x0"}, REST: default}
registers:
  A: {offset: 0, fields: {F: {bits: "2:0", enum: mode}, G: {bits: "5:3", enum: mode}}}
  B: {offset: 4, fields: {H: {bits: 0, enum: {"NO": 0, "YES": 1}}}}
"""
    )
    a, b = members(layout)["A"].register, members(layout)["B"].register
    mode = a.field("F").enum
    assert mode is a.field("G").enum
    assert mode.name == "Block_mode"
    assert mode.members == (("IN", 0), ("OUT", 1), ("N2X", 2))
    assert mode.docs == ("", "drives", "")
    assert mode.names == (("2X", "N2X"),)
    assert [(name, value, care & 0b111) for name, value, care in mode.patterns] == [
        ("ANY", 0b100, 0b101)
    ]
    assert mode.default == "REST"
    assert b.field("H").enum.members == (("NO", 0), ("YES", 1))
