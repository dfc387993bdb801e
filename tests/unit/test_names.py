"""From a description's name to a Python name, and the list of names that live objects need."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.layout.shape import EnumLayout
from regmap.live.block import Block
from regmap.live.device import Device
from regmap.live.register import Register
from regmap.live.value import RegisterValue, enum_class
from regmap.live.views import ViewItem
from regmap.names import (
    LONGEST,
    RESERVED,
    RESERVED_IN_VIEWS,
    RESERVED_LATER,
    class_name_of,
    is_python_name,
    is_word_of_python,
    python_name,
    unique_name,
)
from tests.support import device_of


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("GPFSEL1", "GPFSEL1"),
        ("conf_gpmc_a5", "conf_gpmc_a5"),
        ("a", "a"),
        ("A" * 64, "A" * 64),
        # Other characters, other beginnings, too long.
        ("TX/RX", "TX_RX"),
        ("P9.12", "P9_12"),
        ("7SEG", "N7SEG"),
        ("_HIDDEN", "N_HIDDEN"),
        ("__class__", "N__class__"),
        ("µC", "N_C"),
        ("", "N"),
        ("A" * 65, "A" * 64),
        # Words of Python and of ours.
        ("class", "class_"),
        ("None", "None_"),
        ("match", "match_"),
        ("type", "type_"),
        ("read", "read_"),
        ("FIELDS", "FIELDS_"),
        ("mro", "mro_"),
        ("real", "real_"),
        ("read_all", "read_all_"),
    ],
)
def test_the_rule(name: str, python: str) -> None:
    assert python_name(name) == python
    assert is_python_name(name) is (name == python)


@given(st.text(max_size=300))
def test_any_text_becomes_a_name_that_can_be_used(text: str) -> None:
    name = python_name(text)
    assert is_python_name(name)
    assert name.isidentifier()
    assert name.isascii()
    assert not name.startswith("_")
    assert len(name) <= LONGEST
    assert python_name(name) == name


@given(st.lists(st.text("AB_ /", max_size=3), max_size=30))
def test_names_that_meet_are_told_apart(texts: list[str]) -> None:
    taken: set[str] = set()
    for text in texts:
        name = unique_name(text, taken)
        assert is_python_name(name)
        assert name not in taken
        taken.add(name)


def test_the_later_of_two_gets_a_number() -> None:
    assert unique_name("TX", ()) == "TX"
    assert unique_name("TX", {"TX"}) == "TX_2"
    assert unique_name("TX", {"TX", "TX_2", "TX_3"}) == "TX_4"
    assert unique_name("A" * 80, {"A" * 64}) == "A" * 62 + "_2"


def test_a_hostile_length_is_cut_before_it_is_looked_at() -> None:
    assert len(python_name("/" * 10_000_000)) == LONGEST


def test_class_names() -> None:
    assert class_name_of("bcm2835_gpio") == "Bcm2835Gpio"
    assert class_name_of("rpi1-rev2") == "Rpi1Rev2"
    assert class_name_of("82093aa") == "N82093aa"
    assert class_name_of("///") == "Block"


def test_every_keyword_is_a_word_of_python() -> None:
    for word in (*keyword.kwlist, *keyword.softkwlist):
        assert is_word_of_python(word)
        assert not is_python_name(word)


def _public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def _needed() -> set[str]:
    """What live objects are called by: of their classes, and of one of each that is made."""
    made = device_of(
        """
        regmap: 1
        block: block
        registers: {R: {offset: 0, fields: {F: {bits: 0, enum: {ONLY: 0}}}}}
        """
    )
    found = set().union(*map(_public, (Register, Block, Device, RegisterValue)))
    found |= _public(type(made)) | _public(type(made.BLOCK)) | _public(type(made.BLOCK.R))
    found |= _public(enum_class(EnumLayout("E", (("ONLY", 0),))))
    return found - {"R", "F", "BLOCK", "ONLY"}


def test_what_live_objects_need_is_reserved() -> None:
    assert _needed() - RESERVED == set()


def test_nothing_is_reserved_that_nobody_needs() -> None:
    # From the classes' classes; from view items; and is_integer, which an int has from 3.12 on.
    others = {"mro", "index", "names", "register", "is_integer"}
    assert RESERVED - RESERVED_LATER - _needed() - others == set()
    assert RESERVED_LATER & _needed() == set()


def test_what_view_items_and_their_blocks_need_is_reserved_in_views() -> None:
    needed = _public(ViewItem) | _public(Block) | {"index", "names", "mro"}
    assert needed - RESERVED_IN_VIEWS == set()
    assert RESERVED_IN_VIEWS - needed == {"NAMES"}


def test_a_name_that_live_objects_need_is_never_theirs() -> None:
    """Law 7: a description cannot replace what is ours."""
    from regmap.bits import BitRange
    from regmap.layout import lay_out
    from regmap.live.build import build
    from regmap.model.block import Block as BlockModel
    from regmap.model.block import Field
    from regmap.model.block import Register as RegisterModel
    from tests.support import Recorder

    names = sorted(RESERVED)
    block = BlockModel(
        name="block",
        items=tuple(
            RegisterModel(
                name=name,
                offset=4 * number,
                fields=(Field(name=name, bits=(BitRange(0, 1),)),),
            )
            for number, name in enumerate(names)
        ),
    )
    live = build(lay_out(block))(Recorder()).BLOCK
    for name in names:
        register = getattr(live, f"{name}_")
        assert isinstance(register, Register)
        assert getattr(register, f"{name}_") == 0
    assert [r.path for r in live] == [f"BLOCK.{name}_" for name in names]
