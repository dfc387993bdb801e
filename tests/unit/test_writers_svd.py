"""What a model looks like as SVD: each thing that SVD says otherwise, and what comes of texts and
names that it cannot hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from regmap import loaders
from regmap.bits import BitRange
from regmap.cli.main import main
from regmap.errors import MapError
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Array, Block, Enum, EnumValue, Extra, Field, Group, Register
from regmap.model.chip import Chip, Instance, Interrupt
from regmap.model.expr import NamePattern
from regmap.writers.svd import as_svd
from tests.support import without_places
from tests.svd_structure import faults


def read(text: str) -> Any:
    loaded = loaders.read("written.svd", text=text)
    assert not loaded.errors
    return loaded.model


def chip_of(*items: Register | Group, **known: Any) -> Chip:
    block = Block(name="B", instance_name="B", items=items)
    return Chip(name="C", instances=(Instance(name="B", block=block, base=0x1000),), **known)


def device(model: Any) -> Any:
    """The element of a model without an extension, which is always valid."""
    root = etree.fromstring(as_svd(model).encode(), etree.XMLParser(remove_blank_text=True))
    assert faults(root) == []
    return root


def registers(text: str) -> Any:
    """``registers`` of a block file with these registers."""
    loaded = loaders.read("b.yaml", text=f"regmap: 1\nblock: b\nregisters:\n{text}")
    assert not loaded.errors
    assert loaded.model is not None
    return device(loaded.model).find(".//registers")


def xml(element: Any) -> str:
    return str(etree.tostring(element, encoding="unicode"))


def names(element: Any, tag: str = "register") -> list[tuple[str, str, str | None, str | None]]:
    """Name, offset, dim and dimIndex of each register or cluster."""
    return [
        (each.findtext("name"), each.findtext("addressOffset"), each.findtext("dim"),
         each.findtext("dimIndex"))
        for each in element.findall(tag)
    ]  # fmt: skip


# ---- the device --------------------------------------------------------------------------------


def test_a_lone_block_is_a_device_with_one_peripheral_at_0() -> None:
    block = Block(name="uart", description="A UART.", items=(Register(name="DR", offset=0),))
    root = device(block)
    assert [child.tag for child in root] == [
        "name", "version", "description", "addressUnitBits", "width", "size", "access",
        "peripherals",
    ]  # fmt: skip
    (peripheral,) = root.iter("peripheral")
    assert peripheral.findtext("name") == root.findtext("name") == "UART"
    assert peripheral.findtext("baseAddress") == "0x00000000"
    assert xml(peripheral.find("addressBlock")) == (
        "<addressBlock><offset>0x0</offset><size>0x4</size><usage>registers</usage></addressBlock>"
    )


def test_instances_of_one_block_derive_and_say_what_differs() -> None:
    block = Block(name="T", items=(Register(name="R", offset=0),))
    kept: Extra = (("groupName", "TIMERS"), ("version", "1"))
    chip = Chip(
        name="C",
        instances=(
            Instance(name="T0", block=block, base=0, size=0x100, description="Timer", extra=kept),
            Instance(
                name="T1", block=block, base=0x100, size=0x200, description="Timer", extra=kept,
                interrupts=(Interrupt(name="T1", number=7, description="Of T1"),),
            ),
        ),
    )  # fmt: skip
    first, second = device(chip).iter("peripheral")
    assert first.findtext("groupName") == "TIMERS"
    assert second.get("derivedFrom") == "T0"
    assert [child.tag for child in second] == ["name", "baseAddress", "addressBlock", "interrupt"]
    assert xml(second.find("interrupt")) == (
        "<interrupt><name>T1</name><description>Of T1</description><value>7</value></interrupt>"
    )


def test_an_array_of_instances() -> None:
    block = Block(name="T", items=(Register(name="R", offset=0),))
    array = Array(counts=(3,), strides=(0x100,))
    named = Array(counts=(2,), strides=(0x10,), names=NamePattern.parse("U{i+1}"))
    chip = Chip(
        name="C",
        instances=(
            Instance(name="T", block=block, base=0, array=array),
            Instance(name="U", block=block, base=0x1000, array=named),
        ),
    )
    first, second = device(chip).iter("peripheral")
    assert (first.findtext("name"), first.findtext("dim")) == ("T[%s]", "3")
    assert (second.findtext("name"), second.findtext("dimIndex")) == ("U%s", "1-2")
    assert second.get("derivedFrom") == "T[%s]"


def test_what_was_kept_goes_back_to_its_place_in_the_order_of_the_schema() -> None:
    extra: Extra = (
        ("width", "64"),
        ("vendor", "Somebody"),
        ("@schemaVersion", "1.1"),
        (
            "cpu",
            (
                ("endian", "little"),
                ("name", "CM33"),
                ("revision", "r0p1"),
                ("vendorSystickConfig", "true"),
                ("nvicPrioBits", "3"),
                (
                    "sauRegionsConfig",
                    (
                        ("@enabled", "true"),
                        ("region", (("base", "0"), ("limit", "0x1f"), ("access", "n"))),
                    ),
                ),
            ),
        ),
        ("licenseText", "Free <as> air & water"),
        ("vendorExtensions", "<a:b xmlns:a='urn:a'>1</a:b><c/>"),
    )
    root = device(chip_of(Register(name="R", offset=0), extra=extra))
    assert root.get("schemaVersion") == "1.1"
    tags = [child.tag for child in root]
    assert tags[:5] == ["vendor", "name", "version", "description", "licenseText"]
    assert root.findtext("licenseText") == "Free <as> air & water"
    assert [child.tag for child in root.find("cpu")] == [
        "name", "revision", "endian", "nvicPrioBits", "vendorSystickConfig", "sauRegionsConfig",
    ]  # fmt: skip
    assert root.find("cpu/sauRegionsConfig").get("enabled") == "true"
    assert [child.tag for child in root.find("vendorExtensions")] == ["{urn:a}b", "c"]


def test_a_processor_gets_what_other_readers_ask_for() -> None:
    extra: Extra = (("cpu", (("name", "RV32IMC"), ("mpuPresent", "maybe"))),)
    cpu = device(chip_of(Register(name="R", offset=0), extra=extra)).find("cpu")
    assert [(child.tag, child.text) for child in cpu] == [
        ("name", "other"), ("revision", "r0p0"), ("endian", "little"), ("nvicPrioBits", "0"),
        ("vendorSystickConfig", "false"),
    ]  # fmt: skip


def test_what_was_kept_of_registers_and_clusters() -> None:
    kept: Extra = (
        ("dataType", "uint8_t"), ("protection", "s"), ("alternateGroup", "ALT"),
        ("displayName", "the R"), ("dimName", "RS"),
        ("dimArrayIndex", (("headerEnumName", "E"),
                           ("enumeratedValue", (("name", "one"), ("value", "0"))))),
    )  # fmt: skip
    array = Array(counts=(2,), strides=(4,))
    register = Register(name="R", offset=0, array=array, alternate=True, extra=kept)
    cluster = Group(
        name="G", offset=0x10, items=(register,), alternate=True,
        extra=(("headerStructName", "GS"), ("alternateCluster", "H")),
    )  # fmt: skip
    element = device(chip_of(cluster)).find(".//cluster")
    assert [child.tag for child in element] == [
        "name", "description", "alternateCluster", "headerStructName", "addressOffset", "register",
    ]  # fmt: skip
    assert [child.tag for child in element.find("register")] == [
        "dim", "dimIncrement", "dimName", "dimArrayIndex", "name", "displayName",
        "alternateGroup", "addressOffset", "protection", "dataType",
    ]  # fmt: skip


def test_a_chip_with_nothing_in_it_is_refused() -> None:
    with pytest.raises(MapError, match="nothing in it"):
        as_svd(Chip(name="C", instances=()))


def test_a_block_without_registers_has_no_element_for_them() -> None:
    assert device(chip_of()).find(".//registers") is None
    empty = Register(name="R", offset=0, array=Array(counts=(0,), strides=(4,)))
    assert device(chip_of(empty)).find(".//registers") is None


def test_the_width_is_that_of_the_widest_register() -> None:
    assert device(chip_of(Register(name="R", offset=0, width=8))).findtext("width") == "32"
    inside = Group(name="G", offset=0, items=(Register(name="R", offset=0, width=64),))
    assert device(chip_of(inside)).findtext("width") == "64"


# ---- arrays ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ("{count: 3, stride: 4}", [("R[%s]", "0x0", "3", None)]),
        ('{count: 3, stride: 4, name: "CH{i}_R"}', [("CH%s_R", "0x0", "3", None)]),
        ('{count: 3, stride: 4, name: "R{i+5}"}', [("R%s", "0x0", "3", "5-7")]),
        ('{count: 3, stride: 4, name: "R{2*i}"}', [("R%s", "0x0", "3", "0,2,4")]),
        ("{count: 3, stride: 4, labels: [RA, RB, RC]}", [("R%s", "0x0", "3", "A,B,C")]),
        ("{count: 2, stride: 4, labels: [LOW_R, HIGH_R]}", [("%s_R", "0x0", "2", "LOW,HIGH")]),
        ("{count: 1, stride: 4, labels: [ONLY]}", [("ONLY", "0x0", None, None)]),
        ("{count: 2, stride: 4, labels: [A, B]}", [("%s", "0x0", "2", "A,B")]),
        (
            "{count: [2, 3], stride: [0x10, 4]}",
            [("R_0[%s]", "0x0", "3", None), ("R_1[%s]", "0x10", "3", None)],
        ),
        (
            '{count: [2, 2], stride: [8, 4], name: "R{i}_{j}"}',
            [("R0_%s", "0x0", "2", None), ("R1_%s", "0x8", "2", None)],
        ),
    ],
)
def test_arrays_of_registers(array: str, expected: list[Any]) -> None:
    assert names(registers(f"  R: {{offset: 0, array: {array}}}")) == expected


def test_an_array_whose_elements_differ_is_written_out() -> None:
    found = registers("  R: {offset: 0, array: {count: 2, stride: 4}, reset: [1, 2]}")
    assert names(found) == [("R_0", "0x0", None, None), ("R_1", "0x4", None, None)]
    assert [each.findtext("resetValue") for each in found] == ["0x1", "0x2"]


def test_field_arrays_that_count_on_over_registers_are_written_out() -> None:
    found = registers(
        "  SEL:\n"
        "    offset: 0\n"
        '    array: {count: 2, stride: 4, name: "SEL{i}"}\n'
        "    fields:\n"
        '      F: {bits: "2:0", array: {count: [10, 4], stride: 3, name: "F{10*i+j}"}}\n'
    )
    assert names(found) == [("SEL0", "0x0", None, None), ("SEL1", "0x4", None, None)]
    assert [xml(each.find("fields")) for each in found] == [
        f"<fields><field><dim>{count}</dim><dimIncrement>3</dimIncrement>{index}<name>F%s</name>"
        "<bitRange>[2:0]</bitRange></field></fields>"
        for count, index in ((10, ""), (4, "<dimIndex>10-13</dimIndex>"))
    ]


def test_a_field_array_in_an_array_of_registers() -> None:
    found = registers(
        "  R:\n"
        "    offset: 0\n"
        "    array: {count: 2, stride: 4}\n"
        "    fields:\n"
        '      F: {bits: "2:0", array: {count: 4, stride: 4, name: "F{j+1}"}}\n'
        "      G: {bits: 16, array: {count: 2, stride: 1}}\n"
    )
    assert names(found) == [("R[%s]", "0x0", "2", None)]
    assert [each.findtext("name") for each in found.iter("field")] == ["F%s", "G[%s]"]
    assert found.find(".//field").findtext("dimIndex") == "1-4"


def test_clusters_nest_and_repeat() -> None:
    inner = Group(
        name="IN", offset=0x8, items=(Register(name="R", offset=0),),
        array=Array(counts=(2,), strides=(4,)),
    )  # fmt: skip
    outer = Group(
        name="OUT", offset=0x20, items=(inner,), array=Array(counts=(2, 2), strides=(32, 16))
    )
    found = device(chip_of(outer)).find(".//registers")
    assert names(found, "cluster") == [
        ("OUT_0[%s]", "0x20", "2", None),
        ("OUT_1[%s]", "0x40", "2", None),
    ]
    assert names(found.find("cluster"), "cluster") == [("IN[%s]", "0x8", "2", None)]


# ---- registers and fields ----------------------------------------------------------------------


def test_a_register_says_what_is_not_the_devices() -> None:
    (found,) = registers(
        "  R: {offset: 4, width: 16, access: rw1c, reset: 0x10, reset-mask: 0xF0, description: Hm}"
    )
    assert xml(found) == (
        "<register><name>R</name><description>Hm</description><addressOffset>0x4</addressOffset>"
        "<size>16</size><resetValue>0x10</resetValue><resetMask>0xF0</resetMask>"
        "<modifiedWriteValues>oneToClear</modifiedWriteValues></register>"
    )
    (found,) = registers("  R: {offset: 0, access: rc}")
    assert (found.findtext("access"), found.findtext("readAction")) == ("read-only", "clear")


def test_shorthands_become_access_and_actions_of_fields() -> None:
    (found,) = registers(
        "  R:\n"
        "    offset: 0\n"
        "    access: rw1c\n"
        "    fields:\n"
        "      A: {bits: 0}\n"
        "      B: {bits: 1, access: rw}\n"
        "      C: {bits: 2, access: wo0t}\n"
        "      D: {bits: 3, access: rs}\n"
    )
    assert [
        (each.findtext("name"), each.findtext("access"), each.findtext("modifiedWriteValues"),
         each.findtext("readAction"))
        for each in found.iter("field")
    ] == [
        ("A", None, "oneToClear", None),
        ("B", None, "modify", None),
        ("C", "write-only", "zeroToToggle", None),
        ("D", "read-only", "modify", "set"),
    ]  # fmt: skip


def test_a_read_action_of_some_fields_is_not_the_registers() -> None:
    fields = tuple(
        Field(name=f"F{n}", bits=(BitRange(n, 1),), read_action=action)
        for n, action in enumerate((None, ReadAction.CLEAR))
    )
    register = Register(name="R", offset=0, read_action=ReadAction.CLEAR, fields=fields)
    found = device(chip_of(register)).find(".//register")
    assert found.find("readAction") is None
    assert [each.findtext("readAction") for each in found.iter("field")] == [None, "clear"]


def test_a_field_in_parts_is_several_fields() -> None:
    (found,) = registers(
        "  R:\n"
        "    offset: 0\n"
        "    fields:\n"
        '      S: {bits: ["9:8", "3:0"], access: ro, enum: {ZERO: 0}}\n'
        "      S_1: {bits: 31}\n"
    )
    assert [(f.findtext("name"), f.findtext("bitRange")) for f in found.iter("field")] == [
        ("S_1", "[3:0]"),
        ("S_2", "[9:8]"),
        ("S_1_2", "[31:31]"),
    ]
    assert found.find(".//enumeratedValues") is None


def test_reset_values_of_fields_are_their_registers() -> None:
    (found,) = registers(
        '  R:\n    offset: 0\n    fields:\n      A: {bits: "7:4", reset: 5}\n      B: {bits: 0}\n'
    )
    assert (found.findtext("resetValue"), found.findtext("resetMask")) == ("0x50", "0xF0")


def test_enums_with_patterns_defaults_and_two_usages() -> None:
    (found,) = registers(
        "  R:\n"
        "    offset: 0\n"
        "    fields:\n"
        "      A:\n"
        '        bits: "2:0"\n'
        "        enum:\n"
        "          read: {IDLE: {value: 0, description: Nothing}, HIGH: 0b1xx, REST: default}\n"
        "          write: {GO: 1}\n"
    )
    first, second = found.iter("enumeratedValues")
    assert xml(first) == (
        "<enumeratedValues><usage>read</usage>"
        "<enumeratedValue><name>IDLE</name><description>Nothing</description><value>0</value>"
        "</enumeratedValue>"
        "<enumeratedValue><name>HIGH</name><value>#1xx</value></enumeratedValue>"
        "<enumeratedValue><name>REST</name><isDefault>true</isDefault></enumeratedValue>"
        "</enumeratedValues>"
    )
    assert (second.findtext("usage"), second.findtext("enumeratedValue/value")) == ("write", "1")


def test_an_enum_with_a_name_is_written_out_at_every_use() -> None:
    enum = Enum(
        name="modes", values=(EnumValue(name="ON", value=1),), extra=(("headerEnumName", "M"),)
    )
    fields = tuple(Field(name=f"F{n}", bits=(BitRange(n, 1),), enum=enum) for n in range(2))
    chip = chip_of(Register(name="R", offset=0, fields=fields))
    found = list(device(chip).iter("enumeratedValues"))
    assert [(e.findtext("name"), e.findtext("headerEnumName"), len(e)) for e in found] == [
        ("modes", "M", 3),
        ("modes", "M", 3),
    ]


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("{min: 1, max: 5}", "<range><minimum>1</minimum><maximum>5</maximum></range>"),
        ("{min: 1}", "<range><minimum>1</minimum><maximum>15</maximum></range>"),
        ("{max: 5}", "<range><minimum>0</minimum><maximum>5</maximum></range>"),
        ("as-read", "<writeAsRead>true</writeAsRead>"),
        ("enum", "<useEnumeratedValues>true</useEnumeratedValues>"),
    ],
)
def test_constraints(constraint: str, expected: str) -> None:
    (found,) = registers(
        "  R:\n    offset: 0\n    fields:\n"
        f'      A: {{bits: "3:0", enum: {{ONE: 1}}, constraint: {constraint}}}\n'
    )
    assert xml(found.find(".//writeConstraint")) == f"<writeConstraint>{expected}</writeConstraint>"


def test_bits_that_a_bit_range_cannot_say() -> None:
    wide = Register(
        name="R", offset=0, width=128, fields=(Field(name="A", bits=(BitRange(64, 64),)),)
    )
    field = device(chip_of(wide)).find(".//field")
    assert (field.findtext("lsb"), field.findtext("msb")) == ("64", "127")


def test_an_alternate_register_names_its_neighbour() -> None:
    found = registers("  A: {offset: 0}\n  B: {offset: 0, alternate: true}")
    assert [each.findtext("alternateRegister") for each in found] == [None, "A"]


# ---- names and texts ---------------------------------------------------------------------------


def test_names_that_svd_does_not_allow() -> None:
    register = Register(
        name="2 fast",
        offset=0,
        fields=(
            Field(
                name="a-b",
                bits=(BitRange(0, 1),),
                enum=Enum(
                    values=(EnumValue(name="1 / 2", value=0), EnumValue(name="1_._2", value=1))
                ),
            ),
            Field(name="a_b", bits=(BitRange(1, 1),)),
        ),
    )
    chip = chip_of(register, Register(name="_2_fast", offset=4))
    root = device(chip)
    assert [each.findtext("name") for each in root.iter("register")] == ["_2_fast", "_2_fast_2"]
    assert [each.findtext("name") for each in root.iter("field")] == ["a_b", "a_b_2"]
    assert [each.findtext("name") for each in root.iter("enumeratedValue")] == ["1___2", "1___2_2"]
    assert without_places(read(as_svd(chip, read))) == without_places(chip)


@pytest.mark.parametrize(
    "text",
    ["a <b> & 'c' \"d\" ]]>", "two\nlines", "\x00\x1b[2J", " around ", "\ufffe", "\u2028", "\r"],
)
def test_texts_come_back_whatever_xml_can_hold(text: str) -> None:
    chip = chip_of(Register(name="R", offset=0, description=f"x{text}x"), description=text)
    written = as_svd(chip, read)
    assert faults(etree.fromstring(written.encode())) == []
    assert without_places(read(written)) == without_places(chip)


def test_vendor_extensions_that_are_no_xml_are_kept_apart() -> None:
    extra: Extra = (("vendorExtensions", "<broken>"),)
    chip = chip_of(Register(name="R", offset=0), extra=extra)
    assert device(chip).find("vendorExtensions") is None
    assert read(as_svd(chip, read)).extra == extra


def test_the_same_model_gives_the_same_text() -> None:
    chip = loaders.load("rpi1-rev2")
    assert as_svd(chip, read) == as_svd(loaders.load("rpi1-rev2"), read)
    other = replace(chip, description="Another")
    before, after = (as_svd(each).splitlines() for each in (chip, other))
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (f"  <description>{chip.description}</description>", "  <description>Another</description>")
    ]


# ---- the command -------------------------------------------------------------------------------


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hpet.svd"
    assert main(["export", "hpet", "--format", "svd", "-o", str(file)]) == 0
    assert without_places(loaders.load(file)) == without_places(loaders.load("hpet"))
    assert main(["export", "rpi1-rev2", "GPIO", "--format", "svd"]) == 0
    found = read(capsys.readouterr().out)
    assert isinstance(found, Block)
    assert (found.name, found.instance_name) == ("bcm2835_gpio", "GPIO")


def test_write_actions_all_have_their_word() -> None:
    actions = [each for each in WriteAction if each is not WriteAction.MODIFY]
    chip = chip_of(
        *(
            Register(name=f"R{n}", offset=4 * n, access=access, write_action=action)
            for n, (access, action) in enumerate((a, w) for a in Access for w in actions)
        )
    )
    again = read(as_svd(chip))
    found = [(each.access, each.write_action) for each in again.instances[0].block.items]
    assert found == [(a, w) for a in Access for w in actions]
