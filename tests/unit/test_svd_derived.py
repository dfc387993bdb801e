"""``derivedFrom`` in SVD files: on every level, in any order, by every kind of path, in circles."""

from __future__ import annotations

import pytest

from tests.unit.svd_support import (
    block,
    chip_of,
    device,
    field,
    group,
    instance,
    names_of_fields,
    names_of_instances,
    one_register,
    only_problem,
    peripheral,
    register,
    registers,
    said,
    tag,
)

R = tag("register", name="R", addressOffset=4, size=8)
FIELD = tag("field", name="F", bitRange="[3:0]", access="read-only", description="What F is")
WITH_FIELD = tag("register", f"<fields>{FIELD}</fields>", name="R", addressOffset=0, size=16)


def enums(name: str = "", *, source: str | None = None, value: str = "1") -> str:
    """enumeratedValues with one value, or derived ones."""
    if source is not None:
        return tag("enumeratedValues", derivedFrom=source)
    inside = tag("enumeratedValue", name="ON", value=value)
    return tag("enumeratedValues", inside, **({"name": name} if name else {}))


def derived(source: str, name: str = "D", **children: object) -> str:
    """A register that derives."""
    return tag("register", derivedFrom=source, **{"name": name, "addressOffset": 8, **children})


class TestPeripherals:
    @pytest.mark.parametrize("order", ["ABC", "CBA", "BCA", "CAB"])
    def test_chains_in_any_order(self, order: str) -> None:
        parts = {
            "A": peripheral(R, name="A"),
            "B": peripheral(name="B", derivedFrom="A", baseAddress=16),
            "C": peripheral(name="C", derivedFrom="B", baseAddress=32),
        }
        loaded = device("".join(parts[name] for name in order))
        assert not loaded.problems
        assert said(loaded, "C") == ["R 0x4 8 read-write"]
        assert block(loaded, "C") is block(loaded, "A") is block(loaded, "B")
        assert block(loaded, "A").name == "A"

    def test_from_an_element_of_an_array(self) -> None:
        array = peripheral(R, name="T%s", dim=2, dimIncrement=16, dimIndex="A,B")
        loaded = device(array + peripheral(name="Q", derivedFrom="TB", baseAddress=64))
        assert not loaded.problems
        assert said(loaded, "Q") == ["R 0x4 8 read-write"]
        assert names_of_instances(loaded) == ["TA 0x0", "TB 0x10", "Q 0x40"]

    def test_other_properties_make_another_block(self) -> None:
        first = peripheral(tag("register", name="R", addressOffset=0))
        loaded = device(first + peripheral(name="Q", derivedFrom="P", size=8, access="read-only"))
        assert said(loaded, "Q") == ["R 0x0 8 read-only"]
        assert said(loaded, "P") == ["R 0x0 32 read-write"]
        assert [block(loaded, name).name for name in "PQ"] == ["P", "Q"]

    def test_own_registers_stand_beside_the_sources(self) -> None:
        second = tag("register", name="S", addressOffset=8)
        own = tag("register", name="R", addressOffset=12)
        loaded = device(peripheral(R + second) + peripheral(own, name="Q", derivedFrom="P"))
        assert said(loaded, "Q") == ["R 0xc 32 read-write", "S 0x8 32 read-write"]

    def test_what_is_said_of_an_instance(self) -> None:
        blocks = tag("addressBlock", offset=0, size="0x20", usage="registers")
        first = peripheral(R, description="First", groupName="G", alternatePeripheral="X")
        first = first.replace("</peripheral>", f"{blocks}</peripheral>")
        found = instance(device(first + peripheral(name="Q", derivedFrom="P", version="3")), "Q")
        assert (found.description, found.size) == ("First", 0x20)
        assert dict(found.extra).keys() == {"groupName", "version", "addressBlock"}


class TestRegisters:
    def test_what_is_taken_over(self) -> None:
        source = tag(
            "register", f"<fields>{FIELD}</fields>", name="A", displayName="a", description="What",
            alternateRegister="Z", addressOffset=0, size=16, access="writeOnce", resetValue=5,
            readAction="set", modifiedWriteValues="clear", dataType="int16_t",
        )  # fmt: skip
        found = register(registers(derived("A") + source), "D")
        assert (found.offset, found.width, found.access, found.reset) == (8, 16, "writeOnce", 5)
        assert (found.read_action, found.write_action) == ("set", "clear")
        assert (found.description, found.alternate) == ("What", False)
        assert found.extra == (("dataType", "int16_t"),)
        assert found.fields[0].description == "What F is"

    def test_own_fields_stand_beside_the_sources(self) -> None:
        own = tag("field", name="G", bitOffset=8) + tag("field", name="F", bitOffset=4)
        loaded = registers(WITH_FIELD + tag(
            "register", f"<fields>{own}</fields>", name="D", addressOffset=2, derivedFrom="R"
        ))  # fmt: skip
        assert names_of_fields(loaded, "D") == ["G 8", "F 4"]

    @pytest.mark.parametrize("path", ["Q.C.R", "Q.C[1].R", "Q.C0.R"])
    def test_by_a_path_through_a_cluster(self, path: str) -> None:
        name = "C[%s]" if "[" in path else "C%s"
        cluster = tag("cluster", WITH_FIELD, name=name, addressOffset=0, dim=2, dimIncrement=8)
        loaded = device(peripheral(derived(path)) + peripheral(cluster, name="Q", baseAddress=64))
        assert not loaded.problems
        assert names_of_fields(loaded, "D") == ["F 3:0"]

    def test_an_arrays_element_is_one_register(self) -> None:
        array = tag("register", name="A%s", addressOffset=0, size=16, dim=2, dimIncrement=2)
        assert said(registers(array + derived("A1"))) == [
            "A0 0x0 16 read-write", "A1 0x2 16 read-write", "D 0x8 16 read-write"
        ]  # fmt: skip

    def test_an_array_takes_the_sources_dim(self) -> None:
        array = tag(
            "register", name="A%s", addressOffset=0, size=8, dim=2, dimIncrement=1, dimIndex="X,Y"
        )
        loaded = registers(
            array
            + derived("AX", "B%s")
            + derived("AX", "C%s", dim=2, dimIncrement=1, addressOffset=16)
            + derived("AX", "E%s", dim=1, dimIncrement=1, addressOffset=32)
        )
        names = [line.split()[0] for line in said(loaded)]
        assert names == ["AX", "AY", "BX", "BY", "CX", "CY", "E0"]

    def test_the_neighbour_comes_before_one_further_out(self) -> None:
        inner = tag("register", name="R", addressOffset=0, size=64) + derived("R")
        cluster = tag("cluster", inner, name="C", addressOffset=16)
        assert register(registers(R + cluster), "D").width == 64


class TestClusters:
    def test_children_and_properties(self) -> None:
        source = tag("cluster", R, name="A", addressOffset=0, access="read-only")
        loaded = registers(source + tag("cluster", name="B", addressOffset=64, derivedFrom="A"))
        assert said(loaded) == ["A.R 0x4 8 read-only", "B.R 0x44 8 read-only"]
        assert group(loaded, "B").items is group(loaded, "A").items

    def test_with_children_of_its_own(self) -> None:
        source = tag("cluster", R, name="A", addressOffset=0)
        own = tag("register", name="S", addressOffset=0)
        loaded = registers(
            source + tag("cluster", own, name="B", addressOffset=64, derivedFrom="A")
        )
        assert [each.name for each in group(loaded, "B").items] == ["S", "R"]


class TestFields:
    @pytest.mark.parametrize("path", ["F", "R.F", "P.R.F"])
    def test_by_every_path(self, path: str) -> None:
        other = tag("field", name="G", bitOffset=8, bitWidth=2, derivedFrom=path)
        inside = f"<fields>{other}{FIELD}</fields>"
        loaded = registers(tag("register", inside, name="R", addressOffset=0))
        assert not loaded.problems
        found = field(loaded, "G")
        # Its own position wins, however the source says its own.
        assert str(found.bits[0]) == "9:8"
        assert (found.access, found.description) == ("read-only", "What F is")

    def test_without_a_position_it_has_the_sources(self) -> None:
        other = tag("field", name="G", derivedFrom="R.F")
        second = tag("register", f"<fields>{other}</fields>", name="S", addressOffset=4)
        assert names_of_fields(registers(WITH_FIELD + second), "S") == ["G 3:0"]


class TestEnums:
    def test_by_name_and_by_path(self) -> None:
        first = tag("field", enums("E"), name="A", bitOffset=0)
        other = tag("field", enums(source="E"), name="B", bitOffset=1)
        field_path = tag("field", enums(source="A.E"), name="C", bitOffset=2)
        full = tag("field", enums(source="P.R.A.E"), name="X", bitOffset=0)
        far = tag("field", enums(source="E"), name="Y", bitOffset=1)
        second = tag("register", f"<fields>{full}{far}</fields>", name="S", addressOffset=4)
        inside = f"<fields>{other}{field_path}{first}</fields>"
        loaded = registers(second + tag("register", inside, name="R", addressOffset=0))
        assert not loaded.problems
        found = [field(loaded, name).enum for name in "ABC"]
        found += [field(loaded, name, "S").enum for name in "XY"]
        assert all(each is found[0] for each in found)
        assert found[0] in block(loaded).enums

    def test_the_nearest_of_one_name(self) -> None:
        def one(name: str, value: str) -> str:
            fields = tag("field", enums("E", value=value), name="A", bitRange="[3:0]")
            fields += tag("field", enums(source="E"), name="B", bitRange="[7:4]")
            return tag("register", f"<fields>{fields}</fields>", name=name, addressOffset=value)

        loaded = registers(one("R", "1") + one("S", "2"))
        found = [field(loaded, "B", name).enum for name in "RS"]
        assert [each.values[0].value for each in found if each] == [1, 2]
        assert [each.name for each in found if each] == ["E", "E_2"]

    def test_an_own_name(self) -> None:
        own = tag("enumeratedValues", name="MINE", derivedFrom="E", usage="write")
        fields = tag("field", enums("E"), name="A", bitOffset=0)
        fields += tag("field", own, name="B", bitOffset=1)
        loaded = one_register(f"<fields>{fields}</fields>")
        found = field(loaded, "B").write_enum
        assert found is not None
        assert (found.name, found.values[0].name) == ("MINE", "ON")


class TestWrong:
    def test_what_is_not_there(self) -> None:
        loaded = registers(R + derived("RR") + derived("RR", "E"))
        problem = only_problem(loaded)
        assert (problem.rule, problem.count) == ("RM101", 2)
        assert problem.fix == "did you mean R?"
        assert register(loaded, "D").width == 32

    @pytest.mark.parametrize("source", ["D", "P.D"])
    def test_itself(self, source: str) -> None:
        loaded = registers(derived(source))
        assert only_problem(loaded).rule == "RM102"
        assert said(loaded) == ["D 0x8 32 read-write"]

    def test_a_circle_loses_nothing(self) -> None:
        loaded = registers(
            derived("B", "A") + derived("C", "B", addressOffset=4)
            + derived("A", "C", addressOffset=0, size=16)
        )  # fmt: skip
        assert only_problem(loaded).rule == "RM102"
        assert [line.split()[0] for line in said(loaded)] == ["A", "B", "C"]

    def test_a_cluster_in_what_it_derives_from(self) -> None:
        inner = tag("cluster", name="L", addressOffset=0, derivedFrom="K")
        loaded = registers(tag("cluster", R + inner, name="K", addressOffset=0))
        assert only_problem(loaded).rule == "RM102"
        assert said(loaded) == ["K.R 0x4 8 read-write"]

    def test_clusters_that_hold_each_other_are_refused(self) -> None:
        def one(name: str, other: str) -> str:
            inner = tag("cluster", name="I", addressOffset=0, derivedFrom=other)
            return tag("cluster", R + inner, name=name, addressOffset=0)

        loaded = registers(one("A", "B") + one("B", "A"))
        assert loaded.model is None
        assert only_problem(loaded).rule == "RM102"

    def test_a_source_of_another_kind(self) -> None:
        cluster = tag("cluster", R, name="C", addressOffset=0)
        assert only_problem(registers(cluster + derived("C"))).rule == "RM101"

    def test_a_long_chain(self) -> None:
        text = tag("register", name="R0", addressOffset=0, size=16)
        text += "".join(derived(f"R{n - 1}", f"R{n}", addressOffset=n) for n in range(1, 3000))
        loaded = device(peripheral(text, name="X") + peripheral(derived("X.R2999"), name="P"))
        assert not loaded.problems
        assert register(loaded, "D").width == 16
        backwards = "".join(derived(f"R{n + 1}", f"R{n}", addressOffset=n) for n in range(3000))
        last = tag("register", name="R3000", addressOffset=0, size=16)
        loaded = registers(backwards + last)
        assert not loaded.problems
        assert {at.width for at in block(loaded).items if hasattr(at, "width")} == {16}

    def test_a_long_chain_of_peripherals(self) -> None:
        text = "".join(
            peripheral(name=f"P{n}", derivedFrom=f"P{n + 1}", baseAddress=n) for n in range(3000)
        )
        loaded = device(text + peripheral(R, name="P3000"))
        assert not loaded.problems
        assert len({id(each.block) for each in chip_of(loaded).instances}) == 1
