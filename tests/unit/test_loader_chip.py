"""Chip files, blocks inside of a file, ``svd:``, interrupts, and groups among registers."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from yaml.events import MappingStartEvent, ScalarEvent, SequenceStartEvent

import regmap
from regmap import loaders
from regmap.cli.part import check_size
from regmap.cli.target import Refusal
from regmap.errors import Severity
from regmap.model.block import Block, Group, Register
from regmap.model.chip import Board, Chip, Interrupt
from regmap.writers.mapping import of_model
from regmap.writers.yaml import as_yaml
from tests.support import Recorder, model_of
from tests.unit.cli_support import ok, refused, run

CHIP = """\
regmap: 1
chip: STM32 of mine
description: A chip
source: "Manual, 1"
svd:
  "@schemaVersion": 1.3
  vendor: ACME
  cpu: {name: CM4, mpuPresent: true, fpuPresent: 0}
instances:
  UART1:
    block: UART
    base: 0x4000_0000
    interrupts: {UART1: 5, UART1_RX: {number: 6, description: Received}, FAULT: -3}
    svd:
      addressBlock:
        - {offset: 0x0, size: 0x10, usage: registers}
        - {offset: 0x20, size: 0x10, usage: reserved}
  UART2: {block: UART, base: 0x5000_0000}
blocks:
  UART:
    description: Serial
    svd: {headerStructName: UART_T}
    enums:
      mode: {svd: {headerEnumName: MODE_T}, "OFF": 0, RUN: 1}
    registers:
      DR: {offset: 0x0, svd: {displayName: DR, dataType: uint8_t}}
      CH:
        offset: 0x10
        svd: {alternateCluster: CX}
        registers:
          SR:
            offset: 0x4
            fields:
              GO: {bits: 0, enum: mode, svd: {dimName: GO_T}}
      LAST: {offset: 0x1C}
"""


def problems(text: str, file: str = "own.yaml") -> list[str]:
    loaded = loaders.read(file, text=textwrap.dedent(text))
    return [f"{each} [{each.fix}]" if each.fix else str(each) for each in loaded.problems]


@pytest.fixture
def chip() -> Chip:
    found = model_of(CHIP, "any file.yaml")
    assert type(found) is Chip
    return found


def test_a_chip_file_may_be_called_as_one_likes(chip: Chip) -> None:
    assert (chip.name, chip.description, chip.source) == ("STM32 of mine", "A chip", "Manual, 1")
    one, two = chip.instances
    assert (one.name, one.base, two.base) == ("UART1", 0x4000_0000, 0x5000_0000)
    assert one.block is two.block
    assert (one.block.name, one.block.instance_name, one.block.description) == (
        "UART", "UART", "Serial",
    )  # fmt: skip


def test_what_svd_says_is_kept_as_it_is_written(chip: Chip) -> None:
    assert chip.extra == (
        ("@schemaVersion", "1.3"),
        ("vendor", "ACME"),
        ("cpu", (("name", "CM4"), ("mpuPresent", "true"), ("fpuPresent", "0"))),
    )
    instance = chip.instances[0]
    assert instance.extra == (
        ("addressBlock", (("offset", "0x0"), ("size", "0x10"), ("usage", "registers"))),
        ("addressBlock", (("offset", "0x20"), ("size", "0x10"), ("usage", "reserved"))),
    )
    assert instance.block.extra == (("headerStructName", "UART_T"),)
    register, group, _ = instance.block.items
    assert register.extra == (("displayName", "DR"), ("dataType", "uint8_t"))
    assert group.extra == (("alternateCluster", "CX"),)
    (enum,) = instance.block.enums
    assert enum.extra == (("headerEnumName", "MODE_T"),)
    assert [value.name for value in enum.values] == ["OFF", "RUN"]


def test_interrupts(chip: Chip) -> None:
    assert [(i.name, i.number, i.description) for i in chip.instances[0].interrupts] == [
        ("UART1", 5, ""), ("UART1_RX", 6, "Received"), ("FAULT", -3, ""),
    ]  # fmt: skip
    assert all(isinstance(each, Interrupt) and each.place for each in chip.instances[0].interrupts)


def test_a_group_may_stand_among_registers(chip: Chip) -> None:
    register, group, last = chip.instances[0].block.items
    assert [item.name for item in (register, group, last)] == ["DR", "CH", "LAST"]
    assert isinstance(group, Group)
    assert isinstance(last, Register)
    (inner,) = group.items
    assert isinstance(inner, Register)
    assert inner.fields[0].extra == (("dimName", "GO_T"),)
    empty = model_of("{block: block, registers: {A: {offset: 0, groups: {}}}}")
    assert empty.items == (Group(name="A", offset=0, items=(), place=empty.items[0].place),)


def test_an_enum_value_may_be_called_svd() -> None:
    block = model_of("{block: block, enums: {e: {svd: {value: 1}}, f: {svd: 2}, g: {x: 1}}}")
    assert [(each.values[0].name, each.values[0].value) for each in block.enums] == [
        ("svd", 1), ("svd", 2), ("x", 1),
    ]  # fmt: skip


def test_a_name_in_quotes_is_no_note() -> None:
    block = model_of("""
        block: block
        registers:
          x-note: {anything: goes}
          "x-axis": {offset: 4, x-note: 1, "x-quoted": 1}
        """)
    assert [item.name for item in block.items] == ["x-axis"]


def test_an_own_block_wins_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "hpet.yaml").write_text("{block: hpet, registers: {BESIDE: {offset: 0}}}")
    (tmp_path / "mine.yaml").write_text(
        textwrap.dedent("""
        board: mine
        instances: {A: {block: hpet, base: 0}, B: {block: other, base: 0x100}}
        blocks:
          hpet: {instance: OWN, registers: {INSIDE: {offset: 0}}}
        """)
    )
    (tmp_path / "other.yaml").write_text("{block: other, registers: {R: {offset: 0}}}")
    board = loaders.load(tmp_path / "mine.yaml")
    assert isinstance(board, Board)
    one, two = (instance.block for instance in board.instances)
    assert (one.items[0].name, one.instance_name) == ("INSIDE", "OWN")
    assert two.items[0].name == "R"


def test_a_board_may_change_the_blocks_of_the_board_it_extends(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        textwrap.dedent("""
        board: one
        instances: {A: {block: own, base: 0}}
        blocks: {own: {registers: {R: {offset: 0}, S: {offset: 4}}}}
        """)
    )
    (tmp_path / "two.yaml").write_text(
        textwrap.dedent("""
        board: two
        extends: one
        blocks: {own: {registers: {S: null, T: {offset: 8}}}}
        """)
    )
    board = loaders.load(tmp_path / "two.yaml")
    assert isinstance(board, Board)
    assert [item.name for item in board.instances[0].block.items] == ["R", "T"]


def test_a_chip_opens_and_answers(tmp_path: Path) -> None:
    file = tmp_path / "any.yaml"
    file.write_text(CHIP)
    recorder = Recorder({0x4000_0014: 1})
    with regmap.open(file, backend=recorder) as device:
        assert device.UART1.CH.SR.GO.name == "RUN"
    assert recorder.accesses == [("R", 0x4000_0014, 32)]


WRONG: dict[str, tuple[str, str]] = {
    "an unknown element": (
        "{chip: c, instances: {}, svd: {vendr: ACME}}",
        (
            "own.yaml:1:32: error RM003 unknown-key: `svd` of a chip has no 'vendr' "
            "[did you mean vendor or vendorID?]"
        ),
    ),
    "an element that belongs elsewhere": (
        "{block: own, registers: {R: {offset: 0, svd: {headerStructName: A}}}}",
        "own.yaml:1:47: error RM003 unknown-key: `svd` of a register has no 'headerStructName'",
    ),
    "a text for the mapping": (
        "{chip: c, instances: {}, svd: ACME}",
        (
            "own.yaml:1:31: error RM004 wrong-value: `svd` is a mapping of SVD's elements, "
            "not the text 'ACME'"
        ),
    ),
    "an element of nothing": (
        "{chip: c, instances: {}, svd: {vendor: }}",
        "own.yaml:1:40: error RM004 wrong-value: `vendor` is a text",
    ),
    "a list of lists": (
        "{chip: c, instances: {}, svd: {cpu: [[a]]}}",
        (
            "own.yaml:1:38: error RM004 wrong-value: "
            "`cpu` is a text or a mapping of SVD's elements, not a list"
        ),
    ),
    "no name of an element": (
        '{chip: c, instances: {}, svd: {cpu: {"a><b": x}}}',
        "own.yaml:1:38: error RM004 wrong-value: 'a><b' is no name of an element",
    ),
    "an ambiguous text": (
        "{chip: c, instances: {}, svd: {version: 010}}",
        "own.yaml:1:41: error RM005 ambiguous-scalar: 010 means different things",
    ),
    "two kinds in one file": (
        "{chip: c, board: own, instances: {}}",
        "own.yaml:1:1: error RM004 wrong-value: board and chip in one file",
    ),
    "no kind": ("{instances: {}}", "own.yaml:1:1: error RM004 wrong-value: the file says neither"),
    "a chip without instances": (
        "{chip: c}", "own.yaml:1:1: error RM004 wrong-value: a chip file needs `instances`",
    ),
    "a chip that extends": (
        "{chip: c, extends: d, instances: {}}",
        "own.yaml:1:11: error RM003 unknown-key: a chip file has no key 'extends'",
    ),
    "blocks that are no mapping": (
        "{chip: c, instances: {}, blocks: [a]}",
        "own.yaml:1:34: error RM004 wrong-value: `blocks` is a mapping of names, not a list",
    ),
    "a block that is none": (
        "{chip: c, instances: {A: {block: b, base: 0}}, blocks: {b: 4}}",
        "own.yaml:1:60: error RM004 wrong-value: a block is a mapping of keys to values",
    ),
    "a block that names itself": (
        "{chip: c, instances: {}, blocks: {b: {block: b}}}",
        "own.yaml:1:39: error RM003 unknown-key: a block has no key 'block'",
    ),
    "an interrupt without a number": (
        "{chip: c, instances: {A: {block: b, base: 0, interrupts: {I: {}}}}, blocks: {b: {}}}",
        "own.yaml:1:59: error RM004 wrong-value: an interrupt needs `number`",
    ),
    "an interrupt that is a text": (
        "{chip: c, instances: {A: {block: b, base: 0, interrupts: {I: five}}}, blocks: {b: {}}}",
        "own.yaml:1:62: error RM004 wrong-value: `I` is a whole number",
    ),
    "a block that is not there": (
        "{chip: c, instances: {A: {block: b, base: 0}}, blocks: {d: {}}}",
        "own.yaml:1:34: error RM008 missing-file: no block 'b' beside this file nor among",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(case: str) -> None:
    text, expected = WRONG[case]
    found = problems(text)
    assert found
    assert found[0].startswith(expected)
    assert len(found) == 1


def test_a_block_that_no_instance_uses_is_told() -> None:
    text = "{chip: c, instances: {A: {block: b, base: 0}}, blocks: {b: {}, spare: {}}}"
    (found,) = problems(text)
    assert found.startswith("own.yaml:1:64: warning RM103 unused: no instance is a block 'spare'")


# ---- the command line --------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "any.yaml"
    path.write_text(CHIP)
    return path


def exported(*argv: str, status: int = 0) -> Any:
    result = run("export", *argv)
    assert (result.status, result.err) == (status, "")
    return result.out


def test_a_chip_is_exported(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "Out Of It.yaml"
    assert exported(str(file), "--format", "yaml", "-o", str(out)) == ""
    assert out.read_text() == exported(str(out), "--format", "yaml")
    assert out.read_text().startswith("regmap: 1\nchip: STM32 of mine\ndescription: A chip\n")


def test_a_block_is_exported_under_the_name_of_its_file(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "serial_1.yaml"
    exported(str(file), "UART2", "--format", "yaml", "-o", str(out))
    block = loaders.load(out)
    assert isinstance(block, Block)
    assert (block.name, block.instance_name) == ("serial_1", "UART2")
    assert out.read_text().startswith("regmap: 1\nblock: serial_1\ninstance: UART2\n")
    for path in ("UART2", "UART"):
        assert exported(str(file), path, "--format", "yaml").startswith("regmap: 1\nblock: uart\n")
    again = exported(str(out), "UART2", "--format", "yaml", "-o", "/dev/stdout")
    assert again in {"", out.read_text()}


def test_a_board_is_exported_with_its_blocks(tmp_path: Path) -> None:
    out = tmp_path / "my-pi.yaml"
    exported("rpi1-rev2", "--format", "yaml", "-o", str(out))
    board = loaders.load(out)
    assert isinstance(board, Board)
    assert board.name == "my-pi"
    assert run("check", str(out)).status == 0
    rows = [line.split('"path"')[1] for line in exported("rpi1-rev2").splitlines()]
    assert [line.split('"path"')[1] for line in exported(str(out)).splitlines()] == rows


def test_a_file_that_could_not_be_read_is_not_written(file: Path, tmp_path: Path) -> None:
    why = refused("export", str(file), "UART1", "--format", "yaml", "-o", f"{tmp_path}/Bad-1.yaml")
    assert "Bad-1.yaml: the file of a block is called a lower-case letter" in why
    assert not (tmp_path / "Bad-1.yaml").exists()


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_NODES"])
def test_a_map_too_large_for_a_file_is_refused(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = of_model(model_of(CHIP, "any.yaml"))
    text = as_yaml(mapping)
    size = len(text) if limit == "MOST_BYTES" else nodes(text)
    monkeypatch.setattr(f"regmap.loaders.text.{limit}", size)
    check_size(mapping, text)
    monkeypatch.setattr(f"regmap.loaders.text.{limit}", size - 1)
    with pytest.raises(Refusal, match="too large for one YAML file"):
        check_size(mapping, text)


def nodes(text: str) -> int:
    """How many values the loader counts."""
    kinds = ScalarEvent, SequenceStartEvent, MappingStartEvent
    return sum(isinstance(event, kinds) for event in yaml.parse(text))


def test_an_unknown_path_offers_the_nearest(file: Path) -> None:
    for form in ("yaml", "jsonl"):
        why = refused("export", str(file), "UART3", "--format", form)
        assert "has no 'UART3'; did you mean UART" in why


def test_one_instance_of_the_flat_form(file: Path) -> None:
    rows = exported(str(file), "UART2").splitlines()
    assert len(rows) == 3
    assert all('"path": "UART2.' in row for row in rows)


def test_show_tells_the_interrupts(file: Path) -> None:
    assert "interrupts: UART1 5, UART1_RX 6, FAULT -3\n" in ok("show", str(file), "UART1")
    assert "interrupts" not in ok("show", str(file), "UART2")
    one, two = run("show", str(file), "--json").json["instances"]
    assert one["interrupts"][1] == {"name": "UART1_RX", "number": 6, "description": "Received"}
    assert two["interrupts"] == []


def test_a_check_of_a_chip_has_no_error(file: Path) -> None:
    loaded = loaders.read(file)
    assert not [each for each in loaded.problems if each.severity is not Severity.INFO]
    assert run("check", str(file)).status == 0
