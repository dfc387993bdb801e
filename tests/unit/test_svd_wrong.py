"""What vendors get wrong in SVD files: each kind is told once, with a count, and mended as told."""

from __future__ import annotations

import pytest

from regmap.errors import Severity
from regmap.loaders import Loaded, read
from tests.unit.svd_support import (
    chip_of,
    device,
    field,
    names_of_fields,
    names_of_instances,
    one_field,
    one_register,
    only_problem,
    peripheral,
    register,
    registers,
    said,
    tag,
)


def told(loaded: Loaded) -> str:
    """The text of the one warning, which has a place."""
    problem = only_problem(loaded)
    assert problem.severity is Severity.WARNING
    assert problem.place is not None
    return problem.text


def plain(name: str, offset: object = 0, **more: object) -> str:
    """A register."""
    return tag("register", name=name, addressOffset=offset, **more)


class TestPlaces:
    def test_line_and_column_of_the_first_with_a_count(self) -> None:
        loaded = registers(plain("A") + "\n  " + plain("B", 4, access="read/clear")
                           + plain("C", 8, access="read/clear"))  # fmt: skip
        problem = only_problem(loaded)
        text = loaded.texts["d.svd"].splitlines()
        assert problem.place is not None
        assert (problem.place.line, problem.count) == (2, 2)
        assert text[1][problem.place.column - 1 :].startswith("<access>read/clear")
        assert problem.text == "<access> 'read/clear' is taken for read-write"

    def test_the_one_of_many_in_a_line(self) -> None:
        loaded = registers(plain("A", access="read-only") + plain("B", 4, access="Read Only"))
        problem = only_problem(loaded)
        assert problem.place is not None
        text = loaded.texts["d.svd"].splitlines()[problem.place.line - 1]
        assert text[problem.place.column - 1 :].startswith("<access>Read Only")

    def test_in_the_order_of_the_file(self) -> None:
        loaded = registers(
            plain("A", access="Read Only") + "\n" + plain("B", 4, size="x") + "\n"
            + plain("C", 8, readAction="eat")
        )  # fmt: skip
        lines = [each.place.line for each in loaded.problems if each.place]
        assert lines == sorted(lines)
        assert len(lines) == 3

    def test_beyond_the_65535th_line(self) -> None:
        problem = only_problem(registers("\n" * 70_000 + plain("A", access="rw")))
        assert problem.place is not None
        assert problem.place.line == 70_001


class TestWords:
    @pytest.mark.parametrize(
        ("text", "access"),
        [
            ("read/clear", "read-write"), ("read-opnly", "read-only"), ("Read Only", "read-only"),
            ("write-read", "read-write"), ("RW", "read-write"), ("read_write", "read-write"),
            ("writeonce", "writeOnce"), ("read-WriteOnce", "read-writeOnce"),
        ],
    )  # fmt: skip
    def test_access(self, text: str, access: str) -> None:
        loaded = one_register(access=text)
        assert told(loaded) == f"<access> {text!r} is taken for {access}"
        assert register(loaded).access == access

    def test_blanks_around_are_nothing_to_tell(self) -> None:
        loaded = one_register(name=" R\n", access=" read-only ", size=" 0x10 ")
        assert not loaded.problems
        assert said(loaded) == ["R 0x0 16 read-only"]

    def test_an_unknown_one_leaves_what_is_around(self) -> None:
        loaded = device(peripheral(plain("R", access="often"), access="read-only"))
        assert told(loaded) == "<access> 'often' is no word of SVD; taken for read-only"
        assert register(loaded).access == "read-only"

    @pytest.mark.parametrize("element", ["readAction", "modifiedWriteValues"])
    def test_actions(self, element: str) -> None:
        loaded = one_register(**{element: "OneToclear"})
        text = told(loaded)
        assert f"<{element}> 'OneToclear' is" in text
        assert register(loaded).write_action == (
            "modify" if element == "readAction" else "oneToClear"
        )


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("0x1_000", 0x1000), ("10h", 16), ("0x20u", 32), ("0x10UL", 16), ("1 024", 1024)],
    )
    def test_that_can_only_mean_one(self, text: str, value: int) -> None:
        loaded = registers(plain("R", text))
        assert told(loaded) == f"<addressOffset> {text!r} is taken for {value:#x}"
        assert said(loaded) == [f"R {value:#x} 32 read-write"]

    @pytest.mark.parametrize("text", ["zzz", "-4", "1.5", "0x", "", "1e400", "9" * 100])
    def test_that_mean_nothing(self, text: str) -> None:
        loaded = registers(plain("R", text) + plain("S"))
        assert [each.name for each in chip_of(loaded).instances[0].block.items] == ["S"]
        assert {each.severity for each in loaded.problems} == {Severity.WARNING}
        assert len(loaded.problems) == (2 if text else 1)

    @pytest.mark.parametrize("size", ["0", "2000", "-8", "wide"])
    def test_sizes_that_no_register_has(self, size: str) -> None:
        loaded = one_register(size=size)
        assert "left out" in told(loaded)
        assert register(loaded).width == 32

    def test_a_reset_value_that_is_too_wide(self) -> None:
        loaded = one_register(size=8, resetValue="0xE05", resetMask="0xFFFF")
        texts = [each.text for each in loaded.problems]
        assert {each.rule for each in loaded.problems} == {"RM220"}
        assert texts[0] == "<resetValue> 0xe05 does not fit in 8 bits; cut to 0x5"
        assert (register(loaded).reset, register(loaded).reset_mask) == (5, 0xFF)


class TestBits:
    @pytest.mark.parametrize(
        ("said", "bits"),
        [
            ({"bitRange": "[0:3]"}, "3:0"),
            ({"lsb": 7, "msb": 4}, "7:4"),
            ({"bitRange": "4:7"}, "7:4"),
        ],
    )
    def test_the_wrong_way_round(self, said: dict[str, object], bits: str) -> None:
        loaded = one_field(**said)
        assert only_problem(loaded).rule == "RM202"
        assert f"taken for [{bits}]" in told(loaded)
        assert str(field(loaded).bits[0]) == bits

    def test_without_brackets(self) -> None:
        loaded = one_field(bitRange="3:0")
        assert str(field(loaded).bits[0]) == "3:0"

    @pytest.mark.parametrize(
        "said",
        [
            {}, {"msb": 3}, {"lsb": 3}, {"bitOffset": 0, "bitWidth": 0}, {"bitOffset": 5000},
            {"bitRange": "[a:b]"}, {"bitRange": "[3]"}, {"bitRange": "[9999:0]"},
        ],
    )  # fmt: skip
    def test_no_bits_at_all(self, said: dict[str, object]) -> None:
        loaded = one_field(**said)
        assert only_problem(loaded).rule == "RM202"
        assert "left out" in told(loaded)
        assert not register(loaded).fields


class TestArrays:
    def test_no_increment(self) -> None:
        loaded = one_register(name="R%s", dim=2, size=16)
        assert "2 is used, the size of an element" in told(loaded)
        assert [line.split()[1] for line in said(loaded)] == ["0x0", "0x2"]
        inner = plain("A") + plain("B", 12)
        cluster = tag("cluster", inner, name="C[%s]", addressOffset=0, dim=2)
        assert said(registers(cluster))[2] == "C[1].A 0x10 32 read-write"
        assert names_of_fields(one_field(name="F%s", dim=2, bitRange="[2:0]")) == [
            "F0 2:0",
            "F1 5:3",
        ]

    def test_no_placeholder(self) -> None:
        loaded = one_register(dim=2, dimIncrement=8)
        assert told(loaded) == "array R has no %s in its name; taken for R[%s]"
        assert [line.split()[0] for line in said(loaded)] == ["R[0]", "R[1]"]

    def test_a_placeholder_and_no_dim(self) -> None:
        loaded = one_register(name="R%s_X")
        assert told(loaded) == "register R%s_X has no <dim>; taken for one"
        assert said(loaded) == ["R_X 0x0 32 read-write"]

    @pytest.mark.parametrize("dim", ["0", "-3"])
    def test_none_at_all(self, dim: str) -> None:
        loaded = registers(plain("R%s", dim=dim, dimIncrement=4) + plain("S"))
        assert told(loaded) == "array R%s has no elements; left out"
        assert said(loaded) == ["S 0x0 32 read-write"]

    @pytest.mark.parametrize("index", ["3", "A,B", "0-1", "A,B,A"])
    def test_an_index_that_is_too_short(self, index: str) -> None:
        loaded = one_register(name="R%s", dim=3, dimIncrement=4, dimIndex=index)
        assert told(loaded).endswith("; numbers from 0 are used")
        assert [line.split()[0] for line in said(loaded)] == ["R0", "R1", "R2"]

    def test_a_field_array_beyond_any_register(self) -> None:
        loaded = one_field(name="F%s", dim=5000, dimIncrement=1, bitOffset=0)
        assert "left out" in told(loaded)


class TestNames:
    def test_one_name_for_several(self) -> None:
        loaded = registers("".join(plain("R", n) for n in range(4)) + plain("R_2", 9))
        problem = only_problem(loaded)
        assert (problem.rule, problem.count) == ("RM002", 4)
        assert [line.split()[0] for line in said(loaded)] == ["R", "R_2", "R_3", "R_4", "R_2_2"]

    def test_on_every_level(self) -> None:
        bit = tag("field", name="F", bitOffset=0) + tag("field", name="F", bitOffset=1)
        loaded = device(
            peripheral(tag("register", f"<fields>{bit}</fields>", name="R", addressOffset=0)) * 2
        )
        assert names_of_instances(loaded) == ["P 0x0", "P_2 0x0"]
        assert names_of_fields(loaded) == ["F 0", "F_2 1"]
        assert {each.rule for each in loaded.problems} == {"RM002"}

    def test_an_arrays_element_and_a_neighbour(self) -> None:
        array = plain("R%s", dim=3, dimIncrement=4)
        first = registers(plain("R1", 64) + array)
        assert [line.split()[0] for line in said(first)] == ["R1", "R0", "R1_2", "R2"]
        last = registers(array + plain("R1", 64))
        assert [line.split()[0] for line in said(last)] == ["R0", "R1", "R2", "R1_2"]
        fields = tag("field", name="F1", bitOffset=9)
        fields += tag("field", name="F%s", bitOffset=0, dim=2, dimIncrement=1)
        assert names_of_fields(one_register(f"<fields>{fields}</fields>")) == [
            "F1 9",
            "F0 0",
            "F1_2 1",
        ]

    def test_none(self) -> None:
        loaded = device(
            tag("peripheral", f"<registers>{tag('register', addressOffset=16)}</registers>",
                baseAddress=4096)
        )  # fmt: skip
        assert names_of_instances(loaded) == ["PERIPHERAL_1000 0x1000"]
        assert said(loaded, "PERIPHERAL_1000") == ["REGISTER_10 0x10 32 read-write"]
        assert len(loaded.problems) == 2
        nameless = one_register(f"<fields>{tag('field', bitOffset=7)}</fields>")
        assert names_of_fields(nameless) == ["FIELD_7 7"]

    def test_enum_values(self) -> None:
        inside = "".join(tag("enumeratedValue", name="V", value=n) for n in range(3))
        found = field(one_field(tag("enumeratedValues", inside), bitRange="[3:0]")).enum
        assert found is not None
        assert [each.name for each in found.values] == ["V", "V_2", "V_3"]


class TestStructure:
    def test_a_namespace(self) -> None:
        text = "<x:device xmlns:x='urn:svd'><x:name>D</x:name><x:peripherals>"
        text += "<x:peripheral><x:name>P</x:name><x:baseAddress>16</x:baseAddress></x:peripheral>"
        loaded = read("d.svd", text=f"{text}</x:peripherals></x:device>")
        assert told(loaded) == "<device> is in the namespace 'urn:svd'; that is not looked at"
        assert names_of_instances(loaded) == ["P 0x10"]

    def test_several_registers(self) -> None:
        text = peripheral(plain("A")).replace(
            "</peripheral>", f"<registers>{plain('B', 4)}</registers></peripheral>"
        )
        loaded = device(text)
        assert told(loaded) == "several <registers> in one peripheral; all are used"
        assert [line.split()[0] for line in said(loaded)] == ["A", "B"]

    def test_an_element_twice(self) -> None:
        loaded = one_register("<size>8</size><size>16</size>")
        assert told(loaded) == "<size> twice in one register; the first one counts"
        assert register(loaded).width == 8

    @pytest.mark.parametrize(
        ("element", "fix"),
        [("bitWidth", "it belongs in <field>"), ("adressOffset", "did you mean addressOffset?"),
         ("range", "it belongs in <writeConstraint>")],
    )  # fmt: skip
    def test_an_element_that_is_not_known_there(self, element: str, fix: str) -> None:
        problem = only_problem(one_register(f"<{element}>1</{element}>"))
        assert (problem.rule, problem.fix) == ("RM003", fix)

    def test_no_address(self) -> None:
        assert "no <baseAddress>; left out" in told(
            device("<peripheral><name>P</name></peripheral>")
        )
        assert "no <addressOffset>; left out" in told(
            registers("<register><name>R</name></register>")
        )

    def test_a_value_that_is_no_number(self) -> None:
        inside = tag("enumeratedValue", name="A", value="q") + tag(
            "enumeratedValue", name="B", value=1
        )
        loaded = one_field(tag("enumeratedValues", inside), bitRange="[3:0]")
        found = field(loaded).enum
        assert found is not None
        assert [each.name for each in found.values] == ["B"]
        assert {each.rule for each in loaded.problems} == {"RM004"}

    @pytest.mark.parametrize(
        ("before", "said"),
        [
            ("<addressUnitBits>32</addressUnitBits>", "<addressUnitBits> '32' is taken for 8"),
            ("<cpu><endian>mixed</endian></cpu>", "<endian> 'mixed' is taken for little"),
        ],
    )
    def test_of_the_device(self, before: str, said: str) -> None:
        assert told(device(peripheral(plain("R")), before)).startswith(said)
