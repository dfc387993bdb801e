"""What a generated module is called, and into which parts it falls."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.codegen.plan import module_name, parts, registers_in, source_name, split_by_size
from regmap.layout import lay_out
from regmap.model.block import Array, Block, Group, Register
from regmap.model.chip import Chip, Instance


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("rpi1-rev2", "rpi1_rev2"), ("STM32G031", "stm32g031"), ("a b", "a_b"), ("8051", "n8051"),
        ("class", "class_"), ("Class", "class_"), ("match", "match"), ("", "n"), ("..", "n__"),
        ("../../etc/passwd", "n______etc_passwd"), ("é", "n_"), ("_x", "n_x"),
        ("x" * 100, "x" * 64), ("\uff49\uff46", "n__"), ("None", "none"), ("True", "true"),
        ("İ", "i_"),
    ],
)  # fmt: skip
def test_a_module_is_called_after_its_map(name: str, module: str) -> None:
    assert module_name(name) == module


@given(st.text())
def test_any_name_makes_a_module_that_can_be_imported(name: str) -> None:
    module = module_name(name)
    assert module.isidentifier()
    assert module.isascii()
    assert module == module.lower()
    assert len(module) <= 64
    assert not keyword.iskeyword(module)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/me/maps/chip.svd", "chip.svd"), ("chip.yaml", "chip.yaml"),
        ("C:\\a\\b.svd", "b.svd"),
        ("a\nb: -*- coding: x -*-.svd", "a_b__-_-_coding__x_-_-.svd"),
    ],
)  # fmt: skip
def test_a_source_is_named_without_its_folder(path: str, shown: str) -> None:
    assert source_name(path) == shown


def _block(name: str, count: int) -> Block:
    return Block(name=name, items=tuple(Register(name=f"R{n}", offset=4 * n) for n in range(count)))


def _chip(*blocks: Block) -> Chip:
    return Chip(
        name="chip",
        instances=tuple(
            Instance(name=f"I{n}", block=block, base=n << 20) for n, block in enumerate(blocks)
        ),
    )


def test_a_block_is_one_part_however_many_instances_it_has() -> None:
    gpio, uart = _block("gpio", 1), _block("uart", 1)
    found = parts(lay_out(_chip(gpio, uart, gpio)))
    assert [(part.name, part.instances) for part in found] == [
        ("block_gpio", ("I0", "I2")),
        ("block_uart", ("I1",)),
    ]


def test_parts_whose_names_differ_only_in_case_are_two_files() -> None:
    found = parts(lay_out(_chip(_block("TIM", 1), _block("tim", 1), _block("Tim/", 1))))
    assert [part.name for part in found] == ["block_tim", "block_tim_2", "block_tim_"]


def test_registers_are_counted_with_arrays_and_groups_written_out() -> None:
    inner = Register(name="R", offset=0, array=Array(counts=(3,), strides=(4,)))
    group = Group(name="G", offset=0, items=(inner,), array=Array(counts=(5,), strides=(16,)))
    named = Register(
        name="N", offset=0x100, array=Array(counts=(2,), strides=(4,), labels=("A", "B"))
    )
    (part,) = parts(lay_out(_chip(Block(name="b", items=(group, named)))))
    assert registers_in(part.layout) == 3 * 5 + 2


def test_a_large_chip_becomes_a_package() -> None:
    small, large = _chip(_block("b", 1500)), _chip(_block("b", 1500), _block("c", 1))
    assert not split_by_size(lay_out(small))
    assert split_by_size(lay_out(large))
