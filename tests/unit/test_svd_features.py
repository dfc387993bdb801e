"""What CMSIS-SVD 1.3.12 can say, one feature a test: properties, bits, enums, constraints, cpu."""

from __future__ import annotations

import pytest

from regmap.bits import BitRange
from regmap.model.block import Constraint
from regmap.model.chip import Chip, Interrupt
from tests.unit.svd_support import (
    block,
    chip_of,
    device,
    field,
    group,
    instance,
    names_of_fields,
    names_of_instances,
    one_field,
    one_register,
    peripheral,
    register,
    registers,
    said,
    tag,
)

BITS = {"bitRange": "[3:0]"}


def values(*pairs: tuple[str, str], **children: object) -> str:
    """enumeratedValues of (name, value)."""
    inside = "".join(tag("enumeratedValue", name=name, value=value) for name, value in pairs)
    return tag("enumeratedValues", inside, **children)


class TestProperties:
    def test_each_level_hands_down_what_the_next_does_not_say(self) -> None:
        inner = tag("register", name="IN", addressOffset=0)
        own = tag("register", name="OWN", addressOffset=4, size=8, resetValue=1, resetMask=3)
        cluster = tag("cluster", own + inner, name="C", addressOffset=0, access="write-only")
        outer = tag("register", name="OUT", addressOffset=8)
        loaded = device(
            peripheral(cluster + outer, size=16, resetValue="0x12"),
            "<size>64</size><access>read-only</access><resetMask>0xFF</resetMask>",
        )
        assert not loaded.problems
        assert said(loaded) == [
            "C.OWN 0x4 8 write-only", "C.IN 0x0 16 write-only", "OUT 0x8 16 read-only"
        ]  # fmt: skip
        resets = [(r.reset, r.reset_mask) for r in (register(loaded, n) for n in ("OWN", "IN"))]
        assert resets == [(1, 3), (0x12, 0xFF)]

    def test_what_comes_from_around_is_cut_to_the_register(self) -> None:
        loaded = device(
            peripheral(tag("register", name="R", addressOffset=0, size=8)),
            "<resetValue>0x1234</resetValue><resetMask>0xFFFFFFFF</resetMask>",
        )
        assert not loaded.problems
        assert (register(loaded).reset, register(loaded).reset_mask) == (0x34, 0xFF)

    def test_a_field_has_its_registers_access_and_actions(self) -> None:
        loaded = one_register(
            "<fields>"
            + tag("field", name="A", **BITS)
            + tag("field", name="B", access="read-only", modifiedWriteValues="modify", **BITS)
            + "</fields>",
            access="writeOnce", modifiedWriteValues="zeroToSet", readAction="clear",
        )  # fmt: skip
        a, b = register(loaded).fields
        assert (a.access, a.write_action, a.read_action) == ("writeOnce", "zeroToSet", "clear")
        assert (b.access, b.write_action, b.read_action) == ("read-only", "modify", "clear")

    @pytest.mark.parametrize("action", ["clear", "set", "modify", "modifyExternal"])
    def test_read_actions(self, action: str) -> None:
        assert register(one_register(readAction=action)).read_action == action

    @pytest.mark.parametrize(
        "action",
        ["oneToClear", "oneToSet", "oneToToggle", "zeroToClear", "zeroToSet", "zeroToToggle",
         "clear", "set", "modify"],
    )  # fmt: skip
    def test_write_actions(self, action: str) -> None:
        assert register(one_register(modifiedWriteValues=action)).write_action == action

    def test_protection_in_force_is_kept_at_the_register(self) -> None:
        loaded = device(
            peripheral(
                tag("register", name="A", addressOffset=0)
                + tag("register", name="B", addressOffset=4, protection="n"),
                protection="s",
            )
        )
        assert register(loaded, "A").extra == (("protection", "s"),)
        assert register(loaded, "B").extra == (("protection", "n"),)


class TestBits:
    @pytest.mark.parametrize(
        "said",
        [
            {"bitRange": "[7:4]"},
            {"lsb": 4, "msb": "0x7"},
            {"bitOffset": "#100", "bitWidth": 4},
        ],
    )
    def test_three_ways_to_say_it(self, said: dict[str, object]) -> None:
        assert field(one_field(**said)).bits == (BitRange(4, 4),)

    def test_an_offset_alone_is_one_bit(self) -> None:
        assert field(one_field(bitOffset=5)).bits == (BitRange(5, 1),)

    def test_registers_wider_than_any_bus(self) -> None:
        inside = f"<fields>{tag('field', name='F', bitRange='[127:64]')}</fields>"
        loaded = one_register(inside, size=128)
        assert (register(loaded).width, field(loaded).bits) == (128, (BitRange(64, 64),))


class TestEnums:
    def test_numbers_and_patterns(self) -> None:
        pairs = (
            ("A", "0x0"),
            ("B", "0b01"),
            ("C", "#10"),
            ("D", "#1xx"),
            ("E", "0b1X0"),
            ("F", "1k"),
        )
        enum = field(one_field(values(*pairs), bitRange="[15:0]")).enum
        assert enum is not None
        assert [(v.name, v.value, v.care) for v in enum.values] == [
            ("A", 0, None), ("B", 1, None), ("C", 2, None),
            ("D", 4, (1 << 64) - 4), ("E", 4, (1 << 64) - 3), ("F", 1024, None),
        ]  # fmt: skip

    def test_usage(self) -> None:
        read, write = values(("R", "0"), usage="read"), values(("W", "0"), usage="write")
        both = field(one_field(read + write, **BITS))
        assert both.enum is not None
        assert both.write_enum is not None
        assert (both.enum.values[0].name, both.write_enum.values[0].name) == ("R", "W")
        only = field(one_field(write, **BITS))
        assert (only.enum, only.write_enum) == (None, both.write_enum)
        plain = field(one_field(values(("R", "0"), usage="read-write"), **BITS))
        assert plain.enum is not None
        assert plain.write_enum is None

    def test_the_rest_has_a_name(self) -> None:
        rest = tag("enumeratedValue", name="REST", isDefault="true")
        nameless = tag("enumeratedValue", isDefault="1")
        enum = field(one_field(tag("enumeratedValues", rest + nameless), **BITS)).enum
        assert enum is not None
        assert [(v.name, v.value, v.default) for v in enum.values] == [
            ("REST", None, True), ("DEFAULT", None, True)
        ]  # fmt: skip

    def test_those_with_a_name_are_the_blocks(self) -> None:
        def one(name: str, bit: int, enum: str, value: str) -> str:
            return tag("field", values((value, "1"), name=enum), name=name, bitOffset=bit)

        loaded = one_register(
            "<fields>"
            + one("A", 0, "MODE", "ON") + one("B", 1, "MODE", "ON") + one("C", 2, "MODE", "UP")
            + one("D", 3, "OTHER", "ON") + tag("field", values(("X", "0")), name="E", bitOffset=4)
            + "</fields>"
        )  # fmt: skip
        assert [each.name for each in block(loaded).enums] == ["MODE", "MODE_2", "OTHER"]
        a, b, c, d, e = (field(loaded, name).enum for name in "ABCDE")
        assert a is b is block(loaded).enums[0]
        assert (c, d) == block(loaded).enums[1:]
        assert e is not None
        assert e.name == ""

    def test_header_name_is_kept(self) -> None:
        enum = field(one_field(values(("A", "0"), headerEnumName="hdr_e"), **BITS)).enum
        assert enum is not None
        assert enum.extra == (("headerEnumName", "hdr_e"),)


class TestConstraints:
    @pytest.mark.parametrize(
        ("inside", "constraint"),
        [
            ("<writeAsRead>true</writeAsRead>", Constraint(as_read=True)),
            ("<useEnumeratedValues>true</useEnumeratedValues>", Constraint(enum_only=True)),
            ("<range><minimum>0</minimum><maximum>200</maximum></range>",
             Constraint(minimum=0, maximum=200)),
            ("<writeAsRead>false</writeAsRead>", None),
        ],
    )  # fmt: skip
    def test_three_forms(self, inside: str, constraint: Constraint | None) -> None:
        said = tag("writeConstraint", inside)
        assert field(one_field(said, **BITS)).constraint == constraint
        assert register(one_register(said)).constraint == constraint


class TestArrays:
    def test_nested_clusters_are_where_their_offsets_sum_up(self) -> None:
        inner = tag("cluster", tag("register", name="r", addressOffset=4), name="I",
                    addressOffset="0x10")  # fmt: skip
        assert said(registers(tag("cluster", inner, name="O", addressOffset="0x100"))) == [
            "O.I.r 0x114 32 read-write"
        ]

    def test_arrays_in_arrays(self) -> None:
        inner = tag("cluster", tag("register", name="R", addressOffset=1), dim=2, dimIncrement=4,
                    name="I[%s]", addressOffset=8)  # fmt: skip
        outer = tag("cluster", inner, dim=2, dimIncrement="0x40", name="O%s", addressOffset=0)
        assert [line.split()[:2] for line in said(registers(outer))] == [
            ["O0.I[0].R", "0x9"], ["O0.I[1].R", "0xd"], ["O1.I[0].R", "0x49"],
            ["O1.I[1].R", "0x4d"],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("index", "names"),
        [
            ("3-5", ["R3", "R4", "R5"]),
            ("A-C", ["RA", "RB", "RC"]),
            ("x,yy, Z", ["Rx", "Ryy", "RZ"]),
            ("", ["R0", "R1", "R2"]),
            ("00,01,02", ["R00", "R01", "R02"]),
        ],
    )
    def test_indexes(self, index: str, names: list[str]) -> None:
        loaded = one_register(name="R%s", dim=3, dimIncrement=4, dimIndex=index)
        assert not [each for each in loaded.problems if index]
        assert [line.split()[0] for line in said(loaded)] == names

    def test_brackets_count_from_zero_whatever_the_index_says(self) -> None:
        loaded = one_register(name="R[%s]", dim=2, dimIncrement=4, dimIndex="4,5")
        assert [line.split()[0] for line in said(loaded)] == ["R[0]", "R[1]"]

    def test_of_one_element(self) -> None:
        assert said(one_register(name="R%s", dim=1, dimIncrement=4, dimIndex="3")) == [
            "R3 0x0 32 read-write"
        ]

    def test_of_fields(self) -> None:
        loaded = one_field(name="F%s", dim=3, dimIncrement=2, dimIndex="1-3", bitRange="[1:0]")
        assert names_of_fields(loaded) == ["F1 1:0", "F2 3:2", "F3 5:4"]
        labelled = one_field(name="F%s", dim=2, dimIncrement=1, dimIndex="A,B", bitOffset=0)
        assert names_of_fields(labelled) == ["FA 0", "FB 1"]

    def test_of_peripherals(self) -> None:
        loaded = device(peripheral("", name="T[%s]", dim=2, dimIncrement="0x100", baseAddress=4096))
        assert names_of_instances(loaded) == ["T0 0x1000", "T1 0x1100"]
        named = device(peripheral("", name="T%s", dim=2, dimIncrement=16, dimIndex="A,B"))
        assert names_of_instances(named) == ["TA 0x0", "TB 0x10"]

    def test_what_else_they_say_is_kept(self) -> None:
        index = tag(
            "dimArrayIndex",
            tag("enumeratedValue", name="UART0", value=0)
            + tag("enumeratedValue", name="U1", value=1),
            headerEnumName="ids",
        )
        cluster = tag(
            "cluster", tag("register", name="R", addressOffset=0) + index,
            name="C[%s]", dim=2, dimIncrement=8, dimName="C_Type", addressOffset=0,
        )  # fmt: skip
        assert group(registers(cluster), "C").extra == (
            ("dimName", "C_Type"),
            (
                "dimArrayIndex",
                (
                    ("headerEnumName", "ids"),
                    ("enumeratedValue", (("name", "UART0"), ("value", "0"))),
                    ("enumeratedValue", (("name", "U1"), ("value", "1"))),
                ),
            ),
        )


class TestNames:
    def test_prefix_and_suffix_are_part_of_the_names(self) -> None:
        inner = tag("register", name="R", addressOffset=0)
        cluster = tag("cluster", inner, name="C", addressOffset=8)
        loaded = device(peripheral(inner + cluster, prependToName="A_", appendToName="_Z"))
        assert [line.split()[0] for line in said(loaded)] == ["A_R_Z", "A_C_Z.R"]

    def test_one_that_derives_with_another_prefix_has_a_block_of_its_own(self) -> None:
        first = peripheral(tag("register", name="R", addressOffset=0), prependToName="A_")
        second = peripheral(name="Q", derivedFrom="P", prependToName="B_")
        third = peripheral(name="S", derivedFrom="P")
        loaded = device(first + second + third)
        assert [said(loaded, n)[0].split()[0] for n in "PQS"] == ["A_R", "B_R", "A_R"]
        assert block(loaded, "S") is block(loaded, "P")


class TestKept:
    def test_of_registers_and_clusters(self) -> None:
        loaded = registers(
            tag(
                "cluster", tag("register", name="R", addressOffset=0), name="C", addressOffset=0,
                alternateCluster="K", headerStructName="c_t",
            )
            + tag(
                "register", name="A", displayName="Reg A", alternateRegister="B", addressOffset=0,
                alternateGroup="G", dataType="uint16_t",
            )
        )  # fmt: skip
        assert group(loaded, "C").extra == (("alternateCluster", "K"), ("headerStructName", "c_t"))
        assert group(loaded, "C").alternate
        assert register(loaded, "A").alternate
        assert register(loaded, "A").extra == (
            ("displayName", "Reg A"), ("alternateRegister", "B"), ("alternateGroup", "G"),
            ("dataType", "uint16_t"),
        )  # fmt: skip

    def test_of_peripherals(self) -> None:
        blocks = "".join(
            tag("addressBlock", offset=offset, size="0x10", usage=usage, protection="s")
            for offset, usage in ((0, "registers"), ("0x20", "reserved"))
        )
        loaded = device(
            peripheral(None, version="1.2", groupName="G", headerStructName="p_t",
                       alternatePeripheral="Q", disableCondition="(A-&gt;B == 0)")
            .replace("</peripheral>", f"{blocks}</peripheral>")
        )  # fmt: skip
        found = instance(loaded)
        assert found.size == 0x30
        assert found.extra == (
            ("version", "1.2"), ("groupName", "G"), ("headerStructName", "p_t"),
            ("alternatePeripheral", "Q"), ("disableCondition", "(A->B == 0)"),
            ("addressBlock", (("offset", "0"), ("size", "0x10"), ("usage", "registers"),
                              ("protection", "s"))),
            ("addressBlock", (("offset", "0x20"), ("size", "0x10"), ("usage", "reserved"),
                              ("protection", "s"))),
        )  # fmt: skip

    def test_interrupts(self) -> None:
        irq = tag("interrupt", name="P_IRQ", description="all of  it", value="0x11")
        loaded = device(
            peripheral(None).replace("</peripheral>", f"{irq}</peripheral>")
            + peripheral(name="Q", derivedFrom="P")
        )
        (found,) = instance(loaded).interrupts
        expected = Interrupt(name="P_IRQ", number=17, description="all of it", place=found.place)
        assert found == expected
        # An interrupt belongs to one instance.
        assert not instance(loaded, "Q").interrupts

    def test_of_the_device(self) -> None:
        before = (
            "<vendor>V</vendor><series>S</series><version>2</version>"
            "<licenseText>free\n  to use</licenseText>"
            "<cpu><name>CM33</name><endian>big</endian><sauNumRegions>1</sauNumRegions>"
            '<sauRegionsConfig enabled="true"><region name="r"><base>0x0</base></region>'
            "</sauRegionsConfig></cpu><addressUnitBits>8</addressUnitBits><width>32</width>"
            "<vendorExtensions><x:a xmlns:x='urn:x'>1 &lt; 2</x:a></vendorExtensions>"
        )
        chip = chip_of(device(peripheral(tag("register", name="R", addressOffset=0)), before))
        assert isinstance(chip, Chip)
        assert chip.source == "V D 2"
        assert chip.extra == (
            ("vendor", "V"), ("series", "S"), ("version", "2"), ("licenseText", "free to use"),
            ("cpu", (("name", "CM33"), ("endian", "big"), ("sauNumRegions", "1"),
                     ("sauRegionsConfig", (("@enabled", "true"),
                                           ("region", (("@name", "r"), ("base", "0x0"))))))),
            ("addressUnitBits", "8"), ("width", "32"),
            ("vendorExtensions", '<x:a xmlns:x="urn:x">1 &lt; 2</x:a>'),
        )  # fmt: skip
        (only,) = chip.instances[0].block.items
        assert getattr(only, "byte_order", "") == "big"
