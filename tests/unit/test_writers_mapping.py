"""What is written of a model, read again, is the model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from regmap import loaders
from regmap.bits import BitRange
from regmap.check import check
from regmap.errors import MapError, Place, Severity
from regmap.loaders import find
from regmap.model.access import Access, AccessTriple, ReadAction, WriteAction
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
    Register,
    SequenceStep,
    View,
)
from regmap.model.chip import Board, Chip, Instance, Interrupt, Pin
from regmap.writers.mapping import (
    of_block,
    of_chip,
    of_enum,
    of_field,
    of_group,
    of_instance,
    of_model,
    of_register,
)
from regmap.writers.yaml import as_yaml
from tests.model_strategies import boards, full_chips
from tests.support import without_places

DATA = Path(__file__).parents[1] / "data" / "good"
SHIPPED = [*find.shipped_names("boards"), *find.shipped_names("chips")]
VENDORS = (
    "ATSAML11D14A", "CMSDK_CM3", "MKE04Z4", "STM32G031", "bcm2711_lpa", "d1_unofficial", "e310x",
    "esp32c3", "k210", "mspm0g350x", "nrf52", "rp2040",
)  # fmt: skip
LAW = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
HERE = Place("a.svd", 3, 5)


def written(model: Any) -> str:
    return as_yaml(of_model(model))


def read_back(model: Any) -> Any:
    """What the loader makes of what is written, which it must have nothing to remark on."""
    loaded = loaders.read(f"{model.name}.yaml", text=written(model))
    assert [str(problem) for problem in loaded.problems] == []
    return loaded.model


def errors_of(model: Any) -> set[tuple[str, str]]:
    found = check(model, profile="strict")
    return {(each.rule, each.text) for each in found if each.severity is Severity.ERROR}


def assert_same(model: Any, again: Any) -> None:
    assert type(again) is type(model)
    assert without_places(again) == without_places(model)


# ---- the law -----------------------------------------------------------------------------------


@LAW
@given(full_chips())
def test_a_chip_comes_back(chip: Chip) -> None:
    assert_same(chip, read_back(chip))


@LAW
@given(boards())
def test_a_board_comes_back(board: Board) -> None:
    assert_same(board, read_back(board))


@LAW
@given(full_chips())
def test_a_block_comes_back_and_is_written_the_same_again(chip: Chip) -> None:
    block = replace(chip.instances[0].block, name="own")
    again = read_back(block)
    assert_same(block, again)
    assert written(again) == written(block)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_map_comes_back(name: str) -> None:
    model = loaders.load(name)
    again = read_back(model)
    assert_same(model, again)
    assert written(again) == written(model)


@pytest.mark.parametrize("file", sorted(DATA.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_every_key_of_the_language_comes_back(file: Path) -> None:
    model = loaders.load(file)
    assert_same(model, read_back(model))


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_file_comes_back(name: str) -> None:
    folder = os.environ.get("REGMAP_SVD_DIR") or Path(__file__).parents[3] / "shared" / "svd"
    file = Path(folder) / f"{name}.svd"
    if not file.is_file():
        pytest.skip("vendor files are not part of the project; REGMAP_SVD_DIR says where they are")
    model = loaders.read(file).model
    assert isinstance(model, Chip)
    again = read_back(model)
    assert_same(model, again)
    assert written(again) == written(model)
    # A check finds no error but those that the file itself has.
    assert errors_of(again) == errors_of(model)


# ---- what is written, and what is not ----------------------------------------------------------

TRIPLES = [
    (AccessTriple(Access.READ_WRITE), {}),
    (AccessTriple(Access.READ_ONLY), {"access": "ro"}),
    (AccessTriple(Access.READ_WRITE, WriteAction.ONE_TO_CLEAR), {"access": "rw1c"}),
    (
        AccessTriple(Access.READ_WRITE, WriteAction.ONE_TO_SET, ReadAction.MODIFY),
        {"access": "rw", "write-action": "oneToSet", "read-action": "modify"},
    ),
    (
        AccessTriple(Access.WRITE_ONCE, WriteAction.MODIFY, ReadAction.SET),
        {"access": "w1", "read-action": "set"},
    ),
]


@pytest.mark.parametrize(("triple", "says"), TRIPLES)
def test_access_is_a_shorthand_where_there_is_one(
    triple: AccessTriple, says: dict[str, str]
) -> None:
    values = {
        "access": triple.access, "write_action": triple.write_action,
        "read_action": triple.read_action,
    }  # fmt: skip
    register = Register(name="R", offset=4, **values)  # type: ignore[arg-type]
    assert of_register(register) == {"offset": 4, **says}
    field = Field(name="F", bits=(BitRange(0, 1),), **values)  # type: ignore[arg-type]
    assert of_field(field) == {"bits": 0, **says}
    assert of_field(field, access=triple) == {"bits": 0}


def test_a_field_says_what_it_does_not_inherit() -> None:
    plain = Field(name="F", bits=(BitRange(4, 4),))
    assert of_field(plain, access=AccessTriple(Access.READ_ONLY), volatile=True) == {
        "bits": "7:4", "access": "rw", "volatile": False,
    }  # fmt: skip


def test_the_parts_of_a_split_field_stand_as_in_the_manual() -> None:
    field = Field(name="F", bits=(BitRange(16, 2), BitRange(31, 1)), reset=0x10)
    assert of_field(field) == {"bits": [31, "17:16"], "reset": 0x10}


def test_a_source_is_said_once() -> None:
    inner = Register(name="R", offset=0, source="Manual, 2")
    other = Register(name="S", offset=4)
    group = Group(name="G", offset=0, items=(inner, other), source="Manual, 2")
    assert of_group(group, source="Manual, 2") == {
        "offset": 0, "registers": {"R": {"offset": 0}, "S": {"offset": 4, "source": ""}},
    }  # fmt: skip


def test_groups_among_registers_keep_their_place() -> None:
    group = Group(name="G", offset=4, items=())
    items = (Register(name="A", offset=0), group, Register(name="B", offset=8))
    block = Block(name="b", items=items)
    assert list(of_block(block)["registers"]) == ["A", "G", "B"]
    assert_same(block, read_back(block))
    behind = of_block(replace(block, items=(items[0], items[2], group)))
    assert (list(behind["registers"]), list(behind["groups"])) == (["A", "B"], ["G"])


def test_what_most_registers_share_is_said_once() -> None:
    ro = {"access": Access.READ_ONLY, "width": 16, "reset": 0}
    items = (
        *(Register(name=f"R{n}", offset=2 * n, **ro) for n in range(4)),  # type: ignore[arg-type]
        Register(name="UNKNOWN", offset=8, reset=None, width=16),
        Register(
            name="STATED", offset=12, reset=0,
            fields=(Field(name="F", bits=(BitRange(0, 1),), reset=1),),
        ),
    )  # fmt: skip
    found = of_block(Block(name="b", items=items))
    assert found["defaults"] == {"width": 16, "access": "ro", "reset": 0}
    assert found["registers"]["R3"] == {"offset": 6}
    assert found["registers"]["UNKNOWN"] == {"offset": 8, "access": "rw", "reset": None}
    # A field's reset would change the default one.
    assert found["registers"]["STATED"]["reset"] == 0
    assert_same(Block(name="b", items=items), read_back(Block(name="b", items=items)))


def test_a_list_of_reset_values_stays_with_its_array() -> None:
    array = Array(counts=(2,), strides=(4,))
    items = tuple(
        Register(name=f"R{n}", offset=8 * n, array=array, resets=(1, 2)) for n in range(4)
    )
    assert "defaults" not in of_block(Block(name="b", items=items))
    assert_same(Block(name="b", items=items), read_back(Block(name="b", items=items)))


def test_a_change_of_one_register_changes_one_register() -> None:
    items = tuple(Register(name=f"R{n}", offset=4 * n, reset=0, reset_mask=0xFF) for n in range(9))
    before = written(Block(name="b", items=items)).splitlines()
    changed = (*items[:4], replace(items[4], reset=1, access=Access.READ_ONLY), *items[5:])
    after = written(Block(name="b", items=changed)).splitlines()
    assert [line for line in after if line not in before] == [
        "  R4: {offset: 0x10, access: ro, reset: 1}"
    ]
    assert len(before) == len(after)


def test_enums_with_names_are_of_the_block() -> None:
    enum = Enum(name="mode", values=(EnumValue(name="A", value=1),))
    field = Field(name="F", bits=(BitRange(0, 1),), enum=enum, write_enum=enum)
    register = Register(name="R", offset=0, fields=(field,))
    found = of_block(Block(name="b", items=(register,), enums=(enum,)))
    assert found["enums"] == {"mode": {"A": 1}}
    assert found["registers"]["R"]["fields"]["F"]["enum"] == {"read": "mode", "write": "mode"}
    # One that the block does not list is written all the same.
    assert of_block(Block(name="b", items=(register,)))["enums"] == found["enums"]


@pytest.mark.parametrize("name", ["read", "write", "value", "svd", "x-odd", "default", "32"])
@pytest.mark.parametrize("kind", ["one", "both", "write"])
def test_enum_values_may_be_called_as_the_keys_around_them(name: str, kind: str) -> None:
    enum = Enum(values=(EnumValue(name=name, value=2, care=(1 << 64) - 2),))
    extra = () if name == "svd" else (("headerEnumName", "E_T"),)
    other = replace(enum, values=(EnumValue(name=name, value=1),), extra=extra)
    field = Field(
        name="F",
        bits=(BitRange(0, 2),),
        enum=None if kind == "write" else enum,
        write_enum=None if kind == "one" else other,
    )
    block = Block(name="b", items=(Register(name="R", offset=0, fields=(field,)),))
    assert_same(block, read_back(block))


def test_what_svd_says_beyond_the_model() -> None:
    blocks = tuple(("addressBlock", (("offset", text), ("size", "0x4"))) for text in ("0x0", "0x8"))
    block = Block(name="UART", items=())
    instance = Instance(
        name="UART1",
        block=block,
        base=0x4000_0000,
        extra=(("version", "1.0"), *blocks),
        interrupts=(
            Interrupt(name="RX", number=5),
            Interrupt(name="TX", number=6, description="T"),
        ),
    )
    assert of_instance(instance) == {
        "block": "UART",
        "base": 0x4000_0000,
        "interrupts": {"RX": 5, "TX": {"number": 6, "description": "T"}},
        "svd": {
            "version": "1.0",
            "addressBlock": [{"offset": "0x0", "size": "0x4"}, {"offset": "0x8", "size": "0x4"}],
        },
    }


def test_equal_blocks_written_at_two_places_are_one() -> None:
    one = Block(name="B", items=(), place=HERE)
    other = replace(one, place=None)
    chip = Chip(
        name="C",
        instances=(Instance(name="X", block=one, base=0), Instance(name="Y", block=other, base=8)),
    )
    assert list(of_chip(chip)["blocks"]) == ["B"]


# ---- what no file can hold ---------------------------------------------------------------------

FIELD = Field(name="F", bits=(BitRange(0, 1),), place=HERE)
REGISTER = Register(name="R", offset=0, place=HERE)
STEP = SequenceStep(wait_us=1)


def view(**changes: Any) -> View:
    return View(name="v", count=1, members=(Member(name="m", place=HERE, **changes),))


def enum_of(**changes: Any) -> Enum:
    return Enum(values=(EnumValue(**{"name": "A", "value": 1, "place": HERE, **changes}),))


REFUSED: dict[str, tuple[Any, str]] = {
    "no name": (replace(REGISTER, name=""), "no name"),
    "blanks around a name": (replace(REGISTER, name="R "), "no name"),
    "an endless name": (replace(REGISTER, name="R" * 129), "no name"),
    "a field without bits": (replace(FIELD, bits=()), "no bits"),
    "a constraint of two kinds": (
        replace(FIELD, constraint=Constraint(minimum=1, enum_only=True)), "not of one kind",
    ),
    "an empty constraint": (replace(FIELD, constraint=Constraint()), "not of one kind"),
    "an enum value that is nothing": (enum_of(value=None), "neither a number nor the default"),
    "a default with a number": (enum_of(default=True), "neither a number nor the default"),
    "a value where bits do not count": (enum_of(value=3, care=1 << 1), "do not count"),
    "two values of one name": (
        Enum(values=(EnumValue(name="A", value=1), EnumValue(name="A", value=2, place=HERE))),
        "two values of an enum are called 'A'",
    ),
    "a value in the place of the extra": (
        replace(enum_of(name="svd"), extra=(("headerEnumName", "E"),), place=HERE), "svd",
    ),
    "both resets": (replace(REGISTER, reset=1, resets=(1, 2)), "both one reset value and many"),
    "an array of nothing": (
        replace(REGISTER, array=Array(counts=(), strides=(), place=HERE)), "needs a count",
    ),
    "a field array of nothing": (
        replace(FIELD, array=FieldArray(counts=(), stride=1, place=HERE)), "needs a count",
    ),
    "two registers of one name": (
        Group(name="G", offset=0, items=(REGISTER, REGISTER)), "two registers of 'G' are called",
    ),
    "half a character": (replace(REGISTER, description="\ud800"), "half a character"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_file_can_hold_is_refused(case: str) -> None:
    item, says = REFUSED[case]
    if isinstance(item, Enum):
        item = replace(FIELD, enum=item)
    if isinstance(item, Field):
        item = replace(REGISTER, fields=(item,))
    with pytest.raises(MapError) as caught:
        written(Block(name="b", items=(item,)))
    (problem,) = caught.value.problems
    assert says in problem.text
    assert problem.place == (None if case == "half a character" else HERE)


def test_enums_and_blocks_of_one_name_are_the_same() -> None:
    one, other = (replace(enum_of(value=n), name="mode", place=HERE) for n in (1, 2))
    fields = (replace(FIELD, enum=other),)
    with pytest.raises(MapError, match="two enums of block 'b' are called 'mode'"):
        of_block(Block(name="b", items=(replace(REGISTER, fields=fields),), enums=(one,)))
    blocks = Block(name="B", items=(REGISTER,)), Block(name="B", items=())
    instances = (Instance(name=f"I{n}", block=b, base=0) for n, b in enumerate(blocks))
    with pytest.raises(MapError, match="two different blocks are called 'B'"):
        of_chip(Chip(name="C", instances=tuple(instances)))


def test_pins_and_steps_that_have_no_form() -> None:
    board = Board(name="b", instances=())
    pin = Pin(names=("A",), instance="I", view="pin", index=1, place=HERE)
    for pins in ((pin, pin), (replace(pin, view="pad"),)):
        with pytest.raises(MapError, match="pin 1 twice, or in a view not called pin"):
            of_chip(replace(board, pins=pins))
    both = SequenceStep(write=read_path("R.F"), wait_us=1)
    with pytest.raises(MapError, match="both writes and waits"):
        of_block(Block(name="b", views=(view(steps=(STEP, both)),)))


def read_path(text: str) -> Any:
    from regmap.model.expr import Path as RegisterPath

    return RegisterPath.parse(text)


def test_plain_values_only() -> None:
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(k, str | int) and plain(v) for k, v in value.items())
        if isinstance(value, list):
            return all(map(plain, value))
        return value is None or isinstance(value, str | int)

    for name in SHIPPED:
        assert plain(of_model(loaders.load(name)))
    assert of_enum(enum_of(value=0x1000)) == {"A": 0x1000}
