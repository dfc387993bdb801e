"""What paths of a description mean, and what is said about those that mean nothing."""

from __future__ import annotations

import pytest

from regmap import loaders
from regmap.bits import BitRange
from regmap.check.resolve import LostError, Names, Target
from regmap.model.block import Block, Group
from regmap.model.expr import Path

TEXT = """
block: paths
registers:
  CTRL:
    offset: 0x00
    fields:
      ENABLE: {bits: 0}
      32MODE: {bits: 8, py-name: mode32}
      SPLIT: {bits: [3, "1:0"]}
  FSEL:
    offset: 0x10
    array: {count: 2, stride: 4, name: "FSEL{i}"}
    fields:
      F: {bits: "2:0", array: {count: [10, 4], stride: 3, name: "F{10*i+j}"}}
  BANK: {offset: 0x40, array: {count: [2, 3], stride: [0x10, 4]}}
groups:
  TIMER:
    offset: 0x100
    array: {count: 2, stride: 0x20}
    registers:
      CTRL: {offset: 0x00, fields: {RUN: {bits: 5}}}
      CMP: {offset: 0x08, width: 64}
windows:
  indirect:
    index: CTRL
    data: FSEL0
    registers:
      ENTRY: {index: 0, array: {count: 4, stride: 1}}
"""


@pytest.fixture(scope="module")
def block() -> Block:
    model = loaders.read("paths.yaml", text=TEXT).model
    assert isinstance(model, Block)
    return model


def find(block: Block, path: str, **indexes: int) -> Target:
    return Names(block).find(Path.parse(path), indexes)


@pytest.mark.parametrize(
    ("path", "register", "number", "bits"),
    [
        ("CTRL", "CTRL", 0, (BitRange(0, 32),)),
        ("CTRL.ENABLE", "CTRL", 0, (BitRange(0, 1),)),
        ("CTRL.mode32", "CTRL", 0, (BitRange(8, 1),)),
        ("CTRL.SPLIT", "CTRL", 0, (BitRange(0, 2), BitRange(3, 1))),
        ("CTRL.bit[31]", "CTRL", 0, (BitRange(31, 1),)),
        ("FSEL[1]", "FSEL", 1, (BitRange(0, 32),)),
        ("FSEL1", "FSEL", 1, (BitRange(0, 32),)),
        ("FSEL[1].F[3]", "FSEL", 1, (BitRange(9, 3),)),
        ("FSEL1.F13", "FSEL", 1, (BitRange(9, 3),)),
        ("FSEL[i // 10].F[i % 10]", "FSEL", 1, (BitRange(6, 3),)),
        ("BANK[1][2].bit[0]", "BANK", 5, (BitRange(0, 1),)),
        ("TIMER[1].CTRL.RUN", "CTRL", 0, (BitRange(5, 1),)),
        ("TIMER[1].CMP", "CMP", 0, (BitRange(0, 64),)),
        ("ENTRY[3]", "ENTRY", 3, (BitRange(0, 32),)),
    ],
)
def test_a_path_leads_to_its_register_and_bits(
    block: Block, path: str, register: str, number: int, bits: tuple[BitRange, ...]
) -> None:
    target = find(block, path, i=12)
    assert (target.register.name, target.number, target.bits) == (register, number, bits)


def test_the_same_register_of_two_group_elements_is_not_the_same(block: Block) -> None:
    assert find(block, "TIMER[0].CMP").key != find(block, "TIMER[1].CMP").key
    assert find(block, "TIMER[1].CMP").key == find(block, "TIMER[1].CMP.bit[3]").key


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("CTLR", "there is no CTLR"),
        ("TIMER[0].CMPP", "there is no CMPP in TIMER"),
        ("TIMER[0]", "is a group of registers"),
        ("TIMER[2].CMP", "TIMER has elements 0 to 1, no [2]"),
        ("TIMER.CMP", "TIMER has 2 elements and needs one index"),
        ("CTRL[0]", "CTRL is no array and takes no index"),
        ("FSEL1[0]", "FSEL is no array and takes no index"),
        ("BANK[1]", "BANK has 2 x 3 elements and needs 2 indexes"),
        ("BANK[1][3]", "BANK has elements 0 to 1, 2, no [1][3]"),
        ("CTRL.ENABEL", "CTRL has no field ENABEL"),
        ("CTRL.ENABLE[0]", "CTRL.ENABLE is one field and takes no index"),
        ("CTRL.ENABLE.X", "nothing lies below the field CTRL.ENABLE"),
        ("CTRL.bit[32]", "CTRL has bits 0 to 31, no [32]"),
        ("FSEL[1].F", "FSEL.F has 4 elements and needs one index"),
        ("FSEL[1].F[4]", "FSEL.F has elements 0 to 3, no [4]"),
        ("FSEL[0 - 1]", "no [-1]"),
        ("FSEL[i // 0]", "division by zero"),
        ("FSEL[n]", "unknown index 'n'"),
    ],
)
def test_a_path_to_nothing_says_why(block: Block, path: str, text: str) -> None:
    with pytest.raises(LostError) as caught:
        find(block, path, i=0)
    assert text in str(caught.value)
    assert caught.value.expression is (path in {"FSEL[i // 0]", "FSEL[n]"})


def test_a_wrong_name_comes_with_those_that_there_are(block: Block) -> None:
    with pytest.raises(LostError) as caught:
        find(block, "FSEL0.FX")
    assert caught.value.name == "FX"
    assert {"F", "F0", "F9"} <= set(caught.value.known)


def test_names_of_a_group_go_before_those_of_the_block(block: Block) -> None:
    (timer,) = (item for item in block.items if isinstance(item, Group))
    names = Names(block)
    inside = names.find(Path.parse("CTRL"), within=(timer,))
    assert inside.register is timer.items[0]
    assert names.find(Path.parse("BANK"), within=(timer,), loose=True).register.name == "BANK"
    assert names.find(Path.parse("CTRL")).register is block.items[0]
