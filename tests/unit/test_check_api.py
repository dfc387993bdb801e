"""``check`` itself: profiles, order, blocks shared by instances, models that no loader makes."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regmap.bits import BitRange
from regmap.check import RULES, Profile, check, check_boards, sort_key
from regmap.check.registry import Rule, add
from regmap.errors import Place, Severity
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import (
    Array,
    Block,
    Constraint,
    Enum,
    EnumValue,
    Field,
    FieldArray,
    Group,
    Member,
    Pad,
    Register,
    SequenceStep,
    View,
    Window,
)
from regmap.model.chip import Board, Chip, Clock, Instance, Match, Pin
from regmap.model.expr import Count, NamePattern, Path


def place(line: int, file: str = "b.yaml") -> Place:
    return Place(file, line, 3)


def overlapping() -> Block:
    return Block(
        name="b",
        place=place(1),
        description="Two registers at one address.",
        items=(
            Register(name="A", offset=0, description="First.", place=place(2)),
            Register(name="B", offset=0, description="Second.", place=place(3)),
        ),
    )


def test_every_rule_is_explained() -> None:
    for rule_id, entry in RULES.items():
        assert re.fullmatch(r"RM\d{3}", rule_id)
        assert entry.id == rule_id
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", entry.name)
        assert entry.prose.endswith("."), rule_id
        assert entry.fix, rule_id
        assert not entry.fix.endswith("."), rule_id


@pytest.mark.parametrize(("rule_id", "name"), [("RM201", "brand-new"), ("RM999", "field-overlap")])
def test_an_id_and_a_name_stand_for_one_rule(rule_id: str, name: str) -> None:
    entry = Rule(id=rule_id, name=name, severity=Severity.INFO, prose="None.", fix="none")
    with pytest.raises(ValueError, match="registered twice"):
        add(entry)


@pytest.mark.parametrize(
    ("profile", "severity"),
    [
        ("strict", Severity.ERROR),
        ("pedantic", Severity.ERROR),
        ("import", Severity.WARNING),
    ],
)
def test_an_error_of_an_author_is_a_warning_about_a_vendor(
    profile: Profile, severity: Severity
) -> None:
    (problem,) = (p for p in check(overlapping(), profile=profile) if p.rule == "RM210")
    assert problem.severity is severity
    assert problem.related == (("A is declared here", place(2)),)


def test_what_is_cut_for_use_is_a_warning_on_import() -> None:
    outside = Field(name="F", bits=(BitRange(30, 4),))
    block = Block(name="b", items=(Register(name="R", offset=0, fields=(outside,)),))
    (problem,) = (p for p in check(block, profile="import") if p.rule == "RM202")
    assert problem.severity is Severity.WARNING
    (problem,) = (p for p in check(block) if p.rule == "RM202")
    assert problem.severity is Severity.ERROR


def test_instances_that_are_another_way_to_see_one_may_share_its_address() -> None:
    block = Block(name="b", items=(Register(name="R", offset=0),), size=4)
    one = Instance(name="ONE", block=block, base=0)
    for name, wanted in (("ONE", []), ("NONE", ["RM217"])):
        two = Instance(name="TWO", block=block, base=0, extra=(("alternatePeripheral", name),))
        found = check(Chip(name="c", instances=(one, two)), profile="import")
        assert [each.rule for each in found if each.rule == "RM217"] == wanted


def test_pedantic_rules_run_only_when_asked() -> None:
    pedantic = {entry.id for entry in RULES.values() if entry.pedantic}
    assert pedantic == {"RM203", "RM291"}
    register = Register(name="R", offset=0, fields=(Field(name="F", bits=(BitRange(0, 1),)),))
    block = Block(name="b", items=(register,))
    profiles: tuple[Profile, ...] = ("strict", "import")
    for profile in profiles:
        assert not pedantic & {problem.rule for problem in check(block, profile=profile)}
    assert pedantic <= {problem.rule for problem in check(block, profile="pedantic")}


def test_problems_are_sorted_by_place() -> None:
    found = check(overlapping(), profile="pedantic")
    assert len(found) > 2
    assert found == sorted(found, key=sort_key)
    assert [p.place.line for p in found if p.place] == sorted(
        p.place.line for p in found if p.place
    )


def test_a_block_is_looked_at_once_however_many_instances_it_has() -> None:
    block = overlapping()
    instances = tuple(
        Instance(name=f"B{n}", block=block, base=0x1000 * (n + 1), place=place(n, "m.yaml"))
        for n in range(5)
    )
    found = check(Board(name="m", instances=instances, place=place(1, "m.yaml")))
    assert [problem.rule for problem in found].count("RM210") == 1


def test_enum_names_may_not_be_twice() -> None:
    values = (EnumValue(name="A", value=0, place=place(4)), EnumValue(name="A", value=1))
    field = Field(name="F", bits=(BitRange(0, 1),), enum=Enum(values=values))
    block = Block(name="b", items=(Register(name="R", offset=0, fields=(field,)),))
    (problem,) = (p for p in check(block) if p.rule == "RM230")
    assert problem.severity is Severity.ERROR
    assert problem.related == (("the first one is here", place(4)),)


def texts_of(rule: str, model: Block | Board) -> list[str]:
    return [problem.text for problem in check(model) if problem.rule == rule]


def test_a_pin_may_not_be_there_twice() -> None:
    view = View(name="pin", count=4, members=())
    gpio = Instance(name="GPIO", block=Block(name="b", views=(view,)), base=0x1000)
    pins = tuple(Pin(names=(name,), instance="GPIO", view="pin", index=1) for name in "AB")
    board = Board(name="m", instances=(gpio,), pins=pins)
    assert texts_of("RM280", board) == ["pin GPIO.pin[1] is there twice"]


@pytest.mark.parametrize("count", [0, -1, 100_000])
def test_a_view_has_some_indexes_and_not_too_many(count: int) -> None:
    level = Member(name="level", path=Path.parse("R.bit[i % 32]"))
    view = View(name="pin", count=count, members=(level,))
    block = Block(name="b", items=(Register(name="R", offset=0),), views=(view,))
    assert f"view pin has {count:,} indexes" in texts_of("RM250", block)


def test_a_count_at_run_time_is_for_one_dimension() -> None:
    cap = Field(name="NUM", bits=(BitRange(0, 2),), access=Access.READ_ONLY)
    array = Array(counts=(4, 2), strides=(8, 4), live=Count.parse("CAP.NUM + 1"))
    items = (
        Register(name="CAP", offset=0, fields=(cap,)),
        Register(name="T", offset=0x10, array=array),
    )
    (text,) = texts_of("RM270", Block(name="b", items=items))
    assert text == "array T has several dimensions and a count at run time"


def test_boards_for_other_machines_do_not_meet() -> None:
    def board(name: str, *revisions: int) -> Board:
        return Board(name=name, instances=(), match=Match(cpuinfo_revision=revisions))

    assert check_boards([board("a", 1, 2), board("b", 3), Board(name="c", instances=())]) == []
    (problem,) = check_boards([board("a", 1, 2), board("b", 2, 1)])
    assert problem.rule == "RM283"
    assert "0x2" in problem.text


def big_block(registers: int) -> Block:
    enum = Enum(name="mode", values=tuple(EnumValue(name=f"V{n}", value=n) for n in range(8)))
    fields = tuple(
        Field(name=f"F{n}", bits=(BitRange(4 * n, 3),), enum=enum, description="A field.")
        for n in range(4)
    )
    items = tuple(
        Register(name=f"R{n}", offset=4 * n, reset=0, fields=fields, description="One of many.")
        for n in range(registers)
    )
    return Block(name="big", items=items, enums=(enum,), size=4 * registers, description="Many.")


def test_ten_thousand_registers_take_about_a_second() -> None:
    # Measured at 0.8 s; a rule that compares every register with every other takes minutes.
    block = big_block(10_000)
    before = time.process_time()
    assert check(block) == []
    assert time.process_time() - before < 8


def test_an_array_too_large_to_write_out_is_told_at_once() -> None:
    array = Array(counts=(10_000, 10_000, 10_000), strides=(4, 4, 4))
    block = Block(name="b", items=(Register(name="R", offset=0, array=array),))
    before = time.process_time()
    assert "RM219" in {problem.rule for problem in check(block)}
    assert time.process_time() - before < 8


numbers = st.integers(-5, 80) | st.sampled_from([1 << 32, (1 << 64) - 1, 1 << 64])
names = st.sampled_from(["A", "B", "a", "CTRL", "read", "if", "", "0", "ü", "X Y", "A.B"])
paths = st.sampled_from(["A", "B.A", "CTRL[i].A[j]", "A.bit[i]", "A[i // 0]", "A[0-i]", "Z.Y.X"])
patterns = st.none() | st.sampled_from(["A{i}", "A{k}", "A", "{i}{j}", "A{i // 0}"]).map(
    NamePattern.parse
)
counts = st.lists(st.integers(-1, 6), max_size=3).map(tuple)
array = st.none() | st.builds(
    Array,
    counts=counts,
    strides=counts,
    names=patterns,
    labels=st.lists(names, max_size=3).map(tuple),
    live=st.none() | st.sampled_from(["A.B + 1", "CTRL.A", "Z"]).map(Count.parse),
)
enum = st.none() | st.builds(
    Enum,
    name=names,
    values=st.lists(
        st.builds(
            EnumValue,
            name=names,
            value=st.none() | numbers,
            care=st.none() | numbers,
            default=st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
)
limits = st.none() | st.builds(
    Constraint, minimum=st.none() | numbers, maximum=st.none() | numbers, enum_only=st.booleans()
)
actions: dict[str, Any] = {
    "access": st.sampled_from(list(Access)),
    "write_action": st.sampled_from(list(WriteAction)),
    "read_action": st.none() | st.sampled_from(list(ReadAction)),
    "reset": st.none() | numbers,
    "constraint": limits,
    "lock": st.sampled_from(["", "A.B", "CTRL", "[", "A.bit[0]"]),
}
field = st.builds(
    Field,
    name=names,
    bits=st.lists(st.builds(BitRange, st.integers(-2, 70), st.integers(-1, 40)), max_size=3).map(
        tuple
    ),
    enum=enum,
    write_enum=enum,
    array=st.none()
    | st.builds(FieldArray, counts=counts, stride=st.integers(-2, 9), names=patterns),
    **actions,
)
register = st.builds(
    Register,
    name=names,
    offset=numbers,
    width=st.sampled_from([0, 1, 8, 24, 32, 64, 128]),
    reset_mask=st.none() | numbers,
    fields=st.lists(field, max_size=3).map(tuple),
    array=array,
    access_widths=st.lists(st.sampled_from([0, 4, 8, 32, 64]), max_size=2).map(tuple),
    target=names,
    alias=names,
    storage=names,
    **actions,
)
group = st.builds(
    Group, name=names, offset=numbers, items=st.lists(register, max_size=2).map(tuple), array=array
)
path = paths.map(Path.parse)
member = st.builds(
    Member,
    name=names,
    path=st.none() | path,
    read=st.none() | path,
    call=st.none() | path,
    steps=st.lists(st.builds(SequenceStep, write=st.none() | path), max_size=2).map(tuple),
    enum=enum,
)
view = st.builds(
    View,
    name=names,
    count=st.integers(-1, 40),
    members=st.lists(member, max_size=2).map(tuple),
    pad=st.none()
    | st.builds(
        Pad, level=path, latch=path, output=st.tuples(names, names), event=st.none() | path
    ),
)
block = st.builds(
    Block,
    name=names,
    items=st.lists(register | group, max_size=4).map(tuple),
    windows=st.lists(
        st.builds(
            Window,
            name=names,
            index=path,
            data=path,
            items=st.lists(register, max_size=2).map(tuple),
        ),
        max_size=1,
    ).map(tuple),
    views=st.lists(view, max_size=1).map(tuple),
    size=st.none() | numbers,
)
settings_of = st.dictionaries(
    st.sampled_from(["A.A", "A", "B[0].A.A", "[", "A.B.C"]), numbers | names, max_size=2
)
instance = st.builds(
    Instance,
    name=names,
    block=block,
    base=numbers,
    size=st.none() | numbers,
    array=array,
    clock=st.none() | st.builds(Clock, enable=settings_of, ready=settings_of),
)
pin = st.builds(
    Pin,
    names=st.lists(names, max_size=2).map(tuple),
    instance=names,
    view=names,
    index=st.integers(-1, 50),
    pad=st.sampled_from(["", "A.B", "[", "A.A"]),
)
board = st.builds(
    Board,
    name=names,
    instances=st.lists(instance, max_size=2).map(tuple),
    pins=st.lists(pin, max_size=2).map(tuple),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(block | board)
def test_no_model_makes_it_raise(model: Block | Board) -> None:
    for problem in check(model, profile="pedantic"):
        assert problem.text
        assert problem.fix


def test_a_name_without_end_is_told_by_its_ends() -> None:
    array = Array(counts=(2,), strides=(4,), names=NamePattern.parse("R{i}-" + "9" * 5_000))
    block = Block(name="b", items=(Register(name="R", offset=0, array=array),))
    texts = [each.text for each in check(block, profile="import") if each.rule == "RM010"]
    assert texts
    assert all("R0-999" in text and "no name for Python" in text for text in texts[:1])
    assert max(map(len, texts)) < 1_000
