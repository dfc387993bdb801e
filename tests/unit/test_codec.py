"""Models as text: what is written comes back equal and shared alike; anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import loaders
from regmap.bits import BitRange
from regmap.errors import Place
from regmap.loaders import find
from regmap.model.block import Block, Enum, EnumValue, Extra, Field, Register
from regmap.model.chip import Chip, Instance, Interrupt
from regmap.model.codec import CodecError, dumps, loads
from regmap.model.expr import Expr, NamePattern
from tests.strategies import chips

SHIPPED = [*find.shipped_names("chips"), *find.shipped_names("boards")]

PLACES = st.one_of(
    st.none(),
    st.builds(
        Place,
        st.sampled_from(["chip.svd", "other.yaml", ""]),
        st.integers(1, 10**6),
        st.integers(1, 200),
        st.integers(1, 9),
    ),
)
TEXTS = st.text(max_size=8)
EXTRAS: st.SearchStrategy[Extra] = st.recursive(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
    lambda inner: st.lists(st.tuples(TEXTS, TEXTS | inner), max_size=2).map(tuple),
    max_leaves=6,
)


@st.composite
def decorated(draw: st.DrawFn) -> Chip:
    """A chip with what only a file gives: places, words of SVD beyond the model, interrupts."""
    chip = draw(chips())
    (device,) = chip.instances
    items = tuple(
        replace(each, place=draw(PLACES), extra=draw(EXTRAS), description=draw(TEXTS))
        for each in device.block.items
    )
    block = replace(device.block, items=items, place=draw(PLACES), size=draw(st.integers(0, 99)))
    interrupts = st.builds(Interrupt, name=TEXTS, number=st.integers(0, 500), place=PLACES)
    one = replace(device, block=block, interrupts=tuple(draw(st.lists(interrupts, max_size=2))))
    # The same block twice: one object.
    return replace(chip, instances=(one, replace(one, name="TWIN")), extra=draw(EXTRAS))


@given(decorated())
def test_what_is_written_comes_back(chip: Chip) -> None:
    text = dumps(chip, file="chip.svd")
    back = loads(text, Chip, file="chip.svd")
    assert back == chip
    assert back.instances[0].block is back.instances[1].block
    assert dumps(back, file="chip.svd") == text


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_maps_come_back(name: str) -> None:
    model = loaders.load(name)
    assert loads(dumps(model), type(model)) == model


def test_the_kinds_inside_come_back_too() -> None:
    # Equality alone would take 1 for True and "read-only" for the word of the enumeration.
    model = loaders.load("rpi1-rev2")
    back = loads(dumps(model), type(model))
    assert list(kinds(back)) == list(kinds(model))


def kinds(value: Any) -> Iterator[type]:
    yield type(value)
    if is_dataclass(value):
        for each in fields(value):
            if each.init:
                yield from kinds(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from kinds(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from kinds(key)
            yield from kinds(each)


def shared() -> Block:
    level = Enum(name="LEVEL", values=(EnumValue(name="LOW", value=0),))
    equal = Enum(name="LEVEL", values=(EnumValue(name="LOW", value=0),))
    flags = tuple(
        Field(name=f"F{n}", bits=(BitRange(n, 1),), enum=enum)
        for n, enum in enumerate([level, level, equal])
    )
    register = Register(name="R", offset=0, fields=flags, place=Place("chip.svd", 7, 3))
    return Block(name="B", items=(register,), enums=(level,))


def test_one_object_comes_back_as_one() -> None:
    back = loads(dumps(shared()), Block)
    (register,) = back.items
    assert isinstance(register, Register)
    first, second, third = (field.enum for field in register.fields)
    assert first is second is back.enums[0]
    assert third is not first
    assert third == first


def test_places_follow_the_file_and_other_files_keep_their_name() -> None:
    text = dumps(shared(), file="chip.svd")
    assert "chip.svd" not in text
    assert loads(text, Block, file="moved.svd").items[0].place == Place("moved.svd", 7, 3)
    elsewhere = dumps(shared(), file="another.svd")
    assert loads(elsewhere, Block, file="moved.svd") == shared()


def test_a_deferred_block_is_made() -> None:
    late = Block.deferred(shared, name="B")
    assert loads(dumps(late), Block) == shared()


def test_what_no_model_holds_is_not_written() -> None:
    with pytest.raises(TypeError, match="where str belongs"):
        dumps(Block(name=7))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="where int belongs"):
        dumps(Register(name="R", offset=True))
    with pytest.raises(TypeError, match="is not what its text says"):
        dumps(NamePattern("A{i}", (Expr("os.system"),)))


def enum_text(**value: object) -> str:
    return json.dumps([[[1, {"values": [{"name": "A", "value": 1, **value}]}]], {"name": "B"}])


HOSTILE = {
    "nothing": "",
    "no JSON": "{]",
    "a pickle": "cos\nsystem\n(S'true'\ntR.",
    "not UTF-8": b"\xff\xfe\x00\x00",
    "a number": "7",
    "no list": "{}",
    "too short": "[[]]",
    "too long": '[[],{"name":"B"},1]',
    "no object": "[[],[]]",
    "no name": "[[],{}]",
    "an unknown attribute": '[[],{"name":"B","cost":1}]',
    "a private attribute": '[[],{"name":"B","_make":1}]',
    "a number as a text": '[[],{"name":1}]',
    "a text as a number": '[[],{"name":"B","size":"1"}]',
    "a truth as a number": '[[],{"name":"B","size":true}]',
    "a fraction": '[[],{"name":"B","size":1.5}]',
    "no number": '[[],{"name":"B","size":NaN}]',
    "a number as a truth": '[[],{"name":"B","per_cpu":1}]',
    "nothing for a text": '[[],{"name":"B","source":null}]',
    "a reference into nowhere": '[[],{"name":"B","enums":[0]}]',
    "a reference from behind": '[[[1,{"values":[]}]],{"name":"B","enums":[-1]}]',
    "a reference to another kind": '[[[0,{"name":"C"}]],{"name":"B","enums":[0]}]',
    "a reference as truth": '[[[1,{"values":[]}]],{"name":"B","enums":[false]}]',
    "a reference to itself": '[[[0,{"name":"C","items":[0]}]],{"name":"B"}]',
    "an unknown kind": '[[[2,{"values":[]}]],{"name":"B"}]',
    "a kind that is a list": '[[[[],{"values":[]}]],{"name":"B"}]',
    "an item without its class": '[[],{"name":"B","items":[{"name":"R","offset":0}]}]',
    "an item of another class": '[[],{"name":"B","items":[{"@":"Field","name":"R"}]}]',
    "an item of a class of Python": '[[],{"name":"B","items":[{"@":"__class__"}]}]',
    "a tag where none belongs": '[[],{"@":"Block","name":"B"}]',
    "a word that is none": (
        '[[],{"name":"B","items":[{"@":"Register","name":"R","offset":0,"access":"all"}]}]'
    ),
    "a byte order that is none": (
        '[[],{"name":"B","items":[{"@":"Register","name":"R","offset":0,"byte_order":"odd"}]}]'
    ),
    "a word that is a list": (
        '[[],{"name":"B","items":[{"@":"Register","name":"R","offset":0,"access":[]}]}]'
    ),
    "a place without a column": '[[],{"name":"B","place":[1]}]',
    "a place with too much": '[[],{"name":"B","place":[1,1,1,"f",1]}]',
    "a place with a text": '[[],{"name":"B","place":[1,"1"]}]',
    "a place in no file": '[[],{"name":"B","place":[1,1,1,null]}]',
    "an extra of three": '[[],{"name":"B","extra":[["a","b","c"]]}]',
    "an extra of a number": '[[],{"name":"B","extra":[["a",1]]}]',
    "a view with half a path": (
        '[[],{"name":"B","views":[{"name":"v","count":1,"members":[{"name":"m","path":"A["}]}]}]'
    ),
    "a line twice": (
        '[[],{"name":"B","views":[{"name":"v","count":1,"members":[],"lines":[[1,{}],[1,{}]]}]}]'
    ),
    "an enum value with a text": enum_text(value="1"),
    "an enum value with more": enum_text(extra=1),
    "too deep": "[" * 100_000,
    "an extra too deep": '[[],{"name":"B","extra":'
    + '[["a",' * 20_000
    + '""'
    + "]]" * 20_000
    + "}]",
    "a number too long": '[[],{"name":"B","size":' + "9" * 10_000 + "}]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_anything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(CodecError):
        loads(text, Block)


def test_the_valid_forms_of_the_hostile_ones_are_taken() -> None:
    # So that the table above fails for the stated reason and no other.
    assert loads('[[],{"name":"B"}]', Block) == Block(name="B")
    assert loads(enum_text(), Block) == Block(name="B")
    taken = loads('[[[1,{"values":[]}]],{"name":"B","enums":[0],"extra":[["a","b"]]}]', Block)
    assert taken == Block(name="B", enums=(Enum(values=()),), extra=(("a", "b"),))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.data())
def test_a_broken_text_is_a_model_or_refused(data: st.DataObject) -> None:
    document = json.loads(dumps(data.draw(chips())))
    at: Any = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or data.draw(st.integers(0, 4)) == 0:
            at[key] = data.draw(JSON)
            break
        at = at[key]
    text = json.dumps(document)
    try:
        back = loads(text, Chip)
    except CodecError:
        return
    assert loads(dumps(back), Chip) == back
    assert all(isinstance(each, Instance) for each in back.instances)
