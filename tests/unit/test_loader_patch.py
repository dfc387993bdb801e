"""Patches of an SVD file: what each kind of rule does, and what it leaves alone."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

import regmap
from regmap import loaders
from regmap.bits import BitRange
from regmap.errors import MapError
from regmap.loaders.patch import patched as apply_patch
from regmap.loaders.report import Log
from regmap.loaders.text import parse
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Group
from regmap.model.chip import Board, Chip
from tests.unit.patching import (
    FILE,
    VENDOR,
    block,
    field,
    instance,
    names,
    patched,
    read,
    register,
    vendor,
)


def values(chip: Chip, path: str) -> dict[str, int | None]:
    """The names and numbers of a field's enum."""
    enum = field(chip, path).enum
    assert enum is not None
    return {value.name: value.value for value in enum.values}


def test_a_patch_without_rules_changes_nothing() -> None:
    assert patched("") == vendor()


def test_a_set_changes_what_it_speaks_of_and_nothing_else() -> None:
    chip = patched("set: {'UART?/UART_SR/DONE': {access: rw1c, source: manual}}")
    before, after = field(vendor(), "UART0/UART_SR/DONE"), field(chip, "UART0/UART_SR/DONE")
    assert after.write_action is WriteAction.ONE_TO_CLEAR
    changes = {"access": Access.READ_WRITE, "write_action": WriteAction.ONE_TO_CLEAR}
    assert after == replace(before, **changes, source="manual", place=after.place)  # type: ignore[arg-type]
    assert after.place is not None
    assert (after.place.file, after.place.line) == (str(FILE), 3)
    status = register(chip, "UART0/UART_SR")
    assert status.fields[1:] == register(vendor(), "UART0/UART_SR").fields[1:]
    rest = [each for each in block(chip, "UART0").items if each.name != "UART_SR"]
    assert rest == [each for each in block(vendor(), "UART0").items if each.name != "UART_SR"]
    assert block(chip, "DMA") == block(vendor(), "DMA")


def test_what_is_only_said_about_a_thing_leaves_it_where_it_stands() -> None:
    chip = patched("set: {'UART?/UART_SR/DONE': {description: Sent}}")
    assert field(chip, "UART0/UART_SR/DONE").description == "Sent"
    assert field(chip, "UART0/UART_SR/DONE").place == field(vendor(), "UART0/UART_SR/DONE").place


def test_instances_share_a_block_as_long_as_the_same_happens_to_them() -> None:
    chip = patched("set: {'UART?/UART_SR': {volatile: true}}")
    assert block(chip, "UART0") is block(chip, "UART1") is block(chip, "UART2")
    assert block(chip, "UART0").name == "UART0"


def test_a_patch_of_one_instance_leaves_the_others_of_its_block_alone() -> None:
    chip = patched("set: {UART1/UART_SR: {volatile: true}}")
    assert register(chip, "UART1/UART_SR").volatile
    assert not register(chip, "UART0/UART_SR").volatile
    assert block(chip, "UART0") == block(vendor(), "UART0")
    assert block(chip, "UART0") is block(chip, "UART2")
    assert block(chip, "UART1").name == "UART1"
    assert block(chip, "UART1").instance_name == "UART1"


def test_the_first_instance_alone_gets_a_block_with_a_number() -> None:
    chip = patched("set: {UART0/UART_SR: {volatile: true}}")
    assert [each.block.name for each in chip.instances] == ["UART0_2", "UART0", "UART0", "DMA"]


def test_where_something_happens_to_every_instance_the_namesake_keeps_the_name() -> None:
    rules = "set: {'UART[12]/UART_SR': {volatile: true}, UART0/UART_SR: {verify: true}}"
    assert [each.block.name for each in patched(rules).instances] == [
        "UART0",
        "UART1",
        "UART1",
        "DMA",
    ]


def test_what_a_field_inherits_from_its_register_follows_it() -> None:
    chip = patched("set: {UART0/UART_SR: {access: rw}}")
    assert field(chip, "UART0/UART_SR/DONE").access is Access.READ_WRITE
    chip = patched("set: {UART0/UART_SR: {access: wo}}")
    assert field(chip, "UART0/UART_SR/DONE").access is Access.WRITE_ONLY
    assert field(chip, "UART0/UART_SR/LATE").access is Access.READ_WRITE, "it has its own"
    chip = patched("set: {UART0/UART_SR: {access: wo}, UART0/UART_SR/DONE: {access: ro}}")
    assert field(chip, "UART0/UART_SR/DONE").access is Access.READ_ONLY


def test_what_is_not_spoken_of_is_not_inherited_anew() -> None:
    chip = patched("set: {UART0/UART_SR: {volatile: true}}")
    for before, after in zip(
        register(vendor(), "UART0/UART_SR").fields,
        register(chip, "UART0/UART_SR").fields,
        strict=True,
    ):
        assert after == replace(before, volatile=True)


def test_a_word_for_access_speaks_of_actions_as_well() -> None:
    rules = "set: {UART0/UART_SR/LATE: {access: rw, read-action: clear}}"
    assert field(patched(rules), "UART0/UART_SR/LATE").read_action is ReadAction.CLEAR
    late = field(patched("set: {UART0/UART_SR/LATE: {access: rc}}"), "UART0/UART_SR/LATE")
    assert (late.access, late.read_action) == (Access.READ_ONLY, ReadAction.CLEAR)


def test_null_takes_something_away() -> None:
    assert register(vendor(), "UART0/UART_CR").reset == 0
    chip = patched("set: {UART0/UART_CR: {reset: null}, UART0/UART_SR: {svd: null}}")
    assert register(chip, "UART0/UART_CR").reset is None
    assert register(chip, "UART0/UART_SR").extra == ()


def test_positions_widths_and_arrays() -> None:
    chip = patched("""
        set:
          UART0/UART_CR/MODE: {bits: "9:8"}
          UART0/BUF: {offset: 0x30, width: 8, array: {count: 8, stride: 1}, reset: null}
          UART0/UART_SR: {reset: 0x10, svd: {displayName: SR}}
          DMA/CH: {offset: 0x80, array: {stride: 0x40}}
    """, idle=True)  # fmt: skip
    assert field(chip, "UART0/UART_CR/MODE").bits == (BitRange(8, 2),)
    buffer = register(chip, "UART0/BUF")
    assert (buffer.offset, buffer.width) == (0x30, 8)
    assert buffer.array is not None
    assert (buffer.array.counts, buffer.array.strides) == ((8,), (1,))
    assert buffer.array.names is not None, "what is not spoken of stays"
    assert register(chip, "UART0/UART_SR").reset == 0x10
    assert register(chip, "UART0/UART_SR").extra == (
        ("alternateRegister", "UART_CR"),
        ("displayName", "SR"),
    )
    group = block(chip, "DMA").items[0]
    assert isinstance(group, Group)
    assert group.array is not None
    assert (group.offset, group.array.counts, group.array.strides) == (0x80, (2,), (0x40,))
    assert group.items == block(vendor(), "DMA").items[0].items  # type: ignore[union-attr]


def test_a_list_of_reset_values_for_an_array() -> None:
    chip = patched("set: {UART0/BUF: {reset: [1, 2, 3, 4]}}")
    assert register(chip, "UART0/BUF").resets == (1, 2, 3, 4)


def test_the_chip_and_its_instances() -> None:
    chip = patched("""
        set:
          ".": {description: Mended, source: me}
          UART0:
            description: Console
            base: 0x41000000
            interrupts: {UART0_IRQ: 7, UART0_ERR: null}
          "": {svd: {version: "1.2-mended"}}
        rename:
          ".": MENDED
    """)
    assert (chip.name, chip.description, chip.source) == ("MENDED", "Mended", "me")
    assert dict(chip.extra)["version"] == "1.2-mended"
    uart = instance(chip, "UART0")
    assert (uart.base, uart.description) == (0x41000000, "Console")
    assert [(each.name, each.number) for each in uart.interrupts] == [("UART0_IRQ", 7)]
    assert uart.block == block(vendor(), "UART0")


def test_interrupts_by_their_path() -> None:
    chip = patched("""
        set: {UART0/interrupts/UART0_IRQ: {number: 9, description: Works}}
        rename: {"*/interrupts/*_ERR": "{1}_OOPS"}
        add: {UART1: {interrupts: {UART1_IRQ: 10}}}
    """)
    found = [(each.name, each.number, each.description) for each in chip.instances[0].interrupts]
    assert found == [("UART0_IRQ", 9, "Works"), ("UART0_OOPS", 6, "")]
    assert [each.number for each in chip.instances[1].interrupts] == [10]
    assert [*patched("delete: [UART0/interrupts/*]").instances[0].interrupts] == []


def test_enum_values_of_one_field() -> None:
    chip = patched("""
        set:
          UART0/UART_CR/SPEED: {enum: {SLOW: 2}}
          UART0/UART_CR/SPEED/FAST: {value: 3}
        rename: {UART0/UART_CR/SPEED/FAST: QUICK}
        add: {UART0/UART_CR/SPEED: {enum: {MID: 1}}}
    """)
    assert values(chip, "UART0/UART_CR/SPEED") == {"SLOW": 2, "QUICK": 3, "MID": 1}
    enum = field(chip, "UART0/UART_CR/SPEED").enum
    assert enum is not None
    assert enum.values[1].description == "Fast"
    assert values(patched("delete: [UART0/UART_CR/SPEED/FAST]"), "UART0/UART_CR/SPEED") == {
        "SLOW": 0
    }


def test_a_shared_enum_of_one_field_becomes_the_fields_own() -> None:
    chip = patched("rename: {'UART?/UART_CR/MODE/RUN': GO}")
    assert values(chip, "UART0/UART_CR/MODE") == {"STOP": 0, "GO": 1}
    assert values(chip, "UART0/UART_CR/NEXT") == {"STOP": 0, "RUN": 1}
    assert [enum.name for enum in block(chip, "UART0").enums] == ["mode", "mode_2"]
    chip = patched("rename: {'UART?/UART_CR/*/RUN': GO}")
    assert values(chip, "UART0/UART_CR/NEXT") == {"STOP": 0, "GO": 1}
    assert [enum.name for enum in block(chip, "UART0").enums] == ["mode"]
    assert field(chip, "UART0/UART_CR/MODE").enum is field(chip, "UART0/UART_CR/NEXT").enum


def test_a_shared_enum_for_all_its_fields() -> None:
    chip = patched("""
        set: {"UART?/enums/mode": {RUN: {value: 2, description: Runs}}}
        add: {"UART?/enums/mode": {WAIT: 3}}
        rename: {"UART?/enums/mode/STOP": HALT, "UART?/enums/mode": state}
    """)
    assert values(chip, "UART0/UART_CR/NEXT") == {"HALT": 0, "RUN": 2, "WAIT": 3}
    assert [enum.name for enum in block(chip, "UART0").enums] == ["state"]
    chip = patched("delete: ['UART?/enums/mode']")
    assert field(chip, "UART0/UART_CR/MODE").enum is None
    assert block(chip, "UART0").enums == ()


def test_a_new_enum_for_fields() -> None:
    chip = patched("""
        add: {UART0: {enums: {yesno: {"NO": 0, "YES": 1}}}}
        set: {"UART0/UART_SR/*": {enum: yesno}}
    """)
    assert values(chip, "UART0/UART_SR/LATE") == {"NO": 0, "YES": 1}
    assert [enum.name for enum in block(chip, "UART0").enums] == ["mode", "yesno"]


def test_renames_with_what_the_wildcards_stand_for() -> None:
    chip = patched("rename: {'UART?/UART_*': '{1}', DMA/CH/CFG: CONFIG, UART1: SERIAL}")
    assert names(chip, "UART0") == ["CR", "SR", "BUF", "RESERVED1"]
    assert names(chip, "SERIAL") == names(chip, "UART2") == names(chip, "UART0")
    assert register(chip, "DMA/CH/CONFIG").offset == 0
    assert register(chip, "UART0/SR").extra == (("alternateRegister", "CR"),)


def test_names_can_be_swapped() -> None:
    chip = patched("rename: {UART0/UART_CR: UART_SR, UART0/UART_SR: UART_CR}")
    assert names(chip, "UART0") == ["UART_SR", "UART_CR", "BUF", "RESERVED1"]
    assert register(chip, "UART0/UART_CR").offset == 4


def test_the_elements_of_an_array_follow_its_name() -> None:
    buffer = register(patched("rename: {UART0/BUF: DATA}"), "UART0/DATA")
    assert buffer.array is not None
    assert buffer.array.names is not None
    assert buffer.array.names.at({"i": 3}) == "DATA3"


def test_deletions() -> None:
    chip = patched("delete: ['*/RESERVED*', DMA/CH/RESERVED2, UART0/UART_SR/LATE, UART2]")
    assert names(chip, "UART0") == ["UART_CR", "UART_SR", "BUF"]
    assert [each.name for each in register(chip, "UART0/UART_SR").fields] == ["DONE"]
    assert names(chip, "UART1") == ["UART_CR", "UART_SR", "BUF"]
    assert [each.name for each in register(chip, "UART1/UART_SR").fields] == ["DONE", "LATE"]
    assert [each.name for each in chip.instances] == ["UART0", "UART1", "DMA"]
    group = block(chip, "DMA").items[0]
    assert isinstance(group, Group)
    assert [each.name for each in group.items] == ["CFG"]


def test_a_thing_can_be_deleted_out_of_many_that_a_wildcard_means() -> None:
    chip = patched("""
        set: {"UART0/*": {volatile: true}}
        delete: [UART0/RESERVED1]
    """)
    assert names(chip, "UART0") == ["UART_CR", "UART_SR", "BUF"]
    assert register(chip, "UART0/BUF").volatile


def test_additions() -> None:
    chip = patched("""
        add:
          UART0:
            registers: {ID: {offset: 0x40, access: ro, fields: {REV: {bits: "3:0"}}}}
            groups: {FIFO: {offset: 0x80, registers: {IN: {offset: 0}}}}
          UART0/UART_SR: {fields: {FULL: {bits: 2}}}
          DMA/CH: {registers: {STATE: {offset: 8}}}
          ".":
            instances:
              WDT: {base: 0x60000000, registers: {KICK: {offset: 0, access: wo}}}
              UART3: {block: UART0, base: 0x40003000}
    """)
    assert names(chip, "UART0")[-2:] == ["ID", "FIFO"]
    assert field(chip, "UART0/ID/REV").access is Access.READ_ONLY
    assert field(chip, "UART0/UART_SR/FULL").access is Access.READ_ONLY, "as its register"
    assert names(chip, "UART1") == names(vendor(), "UART1")
    assert register(chip, "DMA/CH/STATE").offset == 8
    assert names(chip, "WDT") == ["KICK"]
    assert block(chip, "WDT").name == "WDT"
    assert names(chip, "UART3") == names(vendor(), "UART0")


def test_a_deleted_name_is_free() -> None:
    chip = patched("""
        delete: [UART0/UART_SR]
        add: {UART0: {registers: {UART_SR: {offset: 0x44}}}}
    """)
    assert register(chip, "UART0/UART_SR").offset == 0x44


def test_an_instance_becomes_what_another_is() -> None:
    chip = patched("copy: {DMA: UART0}")
    assert block(chip, "DMA") is block(chip, "UART0")
    assert instance(chip, "DMA").base == 0x50000000
    assert instance(chip, "DMA").description == "Channels"


def test_a_new_instance() -> None:
    chip = patched("copy: {UART7: {from: UART0, base: 0x40007000, description: Another}}")
    new = instance(chip, "UART7")
    assert (new.base, new.description, new.interrupts) == (0x40007000, "Another", ())
    assert new.block is block(chip, "UART0")


def test_registers_and_fields_are_copied() -> None:
    chip = patched("""
        copy:
          UART1/UART_CR2: {from: UART0/UART_CR, offset: 0x40}
          DMA/CH/CFG: UART0/UART_CR
          DMA/ALL/MODE: UART0/UART_CR/MODE
          UART1/UART_SR/LATE: {from: UART1/UART_SR/DONE, description: Too late}
          DMA/SPARE: {from: DMA/CH, offset: 0x100}
    """)
    source = register(vendor(), "UART0/UART_CR")
    new = register(chip, "UART1/UART_CR2")
    assert (new.offset, new.fields) == (0x40, source.fields)
    config = register(chip, "DMA/CH/CFG")
    assert (config.offset, config.fields) == (0, source.fields)
    assert values(chip, "DMA/ALL/MODE") == {"STOP": 0, "RUN": 1}
    assert [enum.name for enum in block(chip, "DMA").enums] == ["mode"]
    late = field(chip, "UART1/UART_SR/LATE")
    assert (late.bits, late.access, late.description) == (
        (BitRange(1, 1),),
        Access.READ_ONLY,
        "Too late",
    )
    assert names(chip, "DMA") == ["CH", "ALL", "SPARE"]
    assert names(chip, "UART0") == names(vendor(), "UART0")


def test_copies_come_first_and_are_patched_by_their_names() -> None:
    chip = patched("""
        set: {"UART[07]/UART_SR": {volatile: true}}
        copy: {UART7: {from: UART0, base: 0x40007000}}
    """)
    assert block(chip, "UART7") is block(chip, "UART0")
    assert register(chip, "UART7/UART_SR").volatile


def test_paths_may_have_dots_and_rules_stand_in_any_order() -> None:
    one = "rename: {UART0.UART_SR: SR}\nset: {UART0.UART_SR.DONE: {volatile: true}}"
    two = "set: {UART0/UART_SR/DONE: {volatile: true}}\nrename: {UART0/UART_SR: SR}"
    assert field(patched(one), "UART0/SR/DONE").volatile
    assert (
        register(patched(one), "UART0/SR").fields[1:]
        == register(patched(two), "UART0/SR").fields[1:]
    )


@pytest.mark.parametrize(
    "rule",
    [
        "set: {UART9/X: {access: ro, optional: true}}",
        "set: {UART0/X: {access: ro, optional: true}}",
        "add: {UART9: {registers: {X: {offset: 0}}, optional: true}}",
        "rename: {UART0/X*: {to: Z, optional: true, source: manual}}",
        "delete: [{path: '*/Nothing*', optional: true, source: manual}]",
        "copy: {UART9/X: {from: UART0/UART_SR, optional: true}}",
        "copy: {UART0/X: {from: UART0/Y, optional: true, offset: 0x40}}",
    ],
)
def test_an_optional_rule_may_mean_nothing(rule: str) -> None:
    assert patched(rule) == vendor()


def test_a_key_that_changes_nothing_is_told() -> None:
    loaded = read("set: {'UART?/UART_SR': {access: ro, volatile: true}}")
    told = [str(problem).partition("patches/")[2] for problem in loaded.problems]
    assert told == [
        "mine.yaml:3:25: warning RM104 idle-override: 'access' of 'UART?/UART_SR' is so already"
    ]


def test_the_files_of_a_patch_are_all_in_its_digest() -> None:
    loaded = read("")
    other = read("delete: [UART2]")
    assert loaded.sha256 != other.sha256
    assert loaded.authored
    assert VENDOR.read_bytes()[:5] == b"<?xml"


def test_a_board_is_patched_like_a_chip() -> None:
    """An SVD file that regmap has written may hold one."""
    board = loaders.load("rpi1-rev2")
    assert isinstance(board, Board)
    log = Log()
    text = """
        patch: {svd: board.svd, version: x}
        set: {".": {description: Mine, backends: [mem]}, GPIO/GPLEV: {unit: V}}
    """
    tree = parse(textwrap.dedent(text), "patch.yaml", log)
    assert tree is not None
    made = apply_patch(board, tree, "patch.yaml", log)
    assert not log.problems
    assert isinstance(made, Board)
    assert (made.description, made.backends) == ("Mine", ("mem",))
    assert (made.pins, made.match, made.extends) == (board.pins, board.match, board.extends)
    assert register(made, "GPIO/GPLEV").unit == "V"
    assert block(made, "GPIO").views == block(board, "GPIO").views


def test_what_a_patch_puts_in_the_way_is_the_patch_s_fault(tmp_path: Path) -> None:
    (tmp_path / "chip.svd").write_text(
        "<device><name>C</name><version>1</version><size>32</size><peripherals><peripheral>"
        "<name>P</name><baseAddress>0</baseAddress><addressBlock><offset>0</offset>"
        "<size>0x100</size><usage>registers</usage></addressBlock><registers><register>"
        "<name>R</name><addressOffset>0</addressOffset></register></registers></peripheral>"
        "</peripherals></device>"
    )
    for change, rule in (
        ("copy: {Q: {from: P, base: 0x80}}", "RM217"),
        ("add: {P: {registers: {S: {offset: 2, width: 16}}}}", "RM210"),
    ):
        patch = tmp_path / "fix.yaml"
        patch.write_text(f'patch: {{svd: chip.svd, version: "1"}}\n{change}\n')
        with pytest.raises(MapError) as refused:
            regmap.load(patch)
        (problem,) = (each for each in refused.value.problems if each.rule == rule)
        assert problem.place is not None
        assert (problem.place.file, problem.place.line) == (str(patch), 2)
