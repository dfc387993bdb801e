"""Small SVD files, one feature or defect each, held against what a person read in them.

Beside each ``tests/data/good/svd/NAME.svd`` stands ``NAME.jsonl``: a row for each register, in the
words below, and a row for each kind of problem with rule, line, count and words of its text. What
is not in a row has its default: 32 bits, read-write, no reset value, no actions, no fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from regmap.bits import ones
from regmap.check import check
from regmap.errors import Problem, Severity
from regmap.layout.lower import lay_out
from regmap.layout.rows import rows as layout_rows
from regmap.loaders import Loaded, read
from regmap.model.access import Access, WriteAction
from regmap.model.block import Constraint, Enum, Register
from regmap.model.chip import Chip
from regmap.model.walk import FieldAt, fields_of, instances_of, walk

FOLDER = Path(__file__).parents[1] / "data" / "good" / "svd"
NAMES = sorted(path.stem for path in FOLDER.glob("*.svd"))


def loaded(name: str) -> Loaded:
    return read(FOLDER / f"{name}.svd")


def chip_of(name: str) -> Chip:
    model = loaded(name).model
    assert isinstance(model, Chip)
    return model


def expected(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def rows(chip: Chip) -> Iterator[dict[str, Any]]:
    for instance in instances_of(chip.instances):
        for at in walk(instance.instance.block.items):
            register = at.register
            row: dict[str, Any] = {
                "path": f"{instance.name}.{at.path}",
                "address": hex(instance.base + at.offset),
                "width": register.width,
                "access": str(register.access),
                "reset": None if register.reset is None else hex(register.reset),
                "mask": None if register.reset_mask is None else hex(register.reset_mask),
                "write": str(register.write_action),
                "read": register.read_action and str(register.read_action),
                "constraint": in_words(register.constraint) or None,
                "fields": [one_line(each) for each in fields_of(register, at.number, at.indexes)],
            }
            usual = {"width": 32, "access": "read-write", "write": "modify", "fields": []}
            yield {key: row[key] for key in row if row[key] not in (None, usual.get(key))}


def one_line(at: FieldAt) -> str:
    field = at.field
    words = [at.name, *map(str, at.bits)]
    if field.access is not Access.READ_WRITE:
        words.append(str(field.access))
    if field.write_action is not WriteAction.MODIFY:
        words.append(str(field.write_action))
    if field.read_action is not None:
        words.append(f"read:{field.read_action}")
    if field.enum is not None:
        words.append(values_of(field.enum, at.bits[0].width))
    if field.write_enum is not None:
        words.append("write" + values_of(field.write_enum, at.bits[0].width))
    return " ".join(filter(None, [*words, in_words(field.constraint)]))


def values_of(enum: Enum, width: int) -> str:
    found = []
    for each in enum.values:
        care = "" if each.care is None else f"&{each.care & ones(width)}"
        found.append(f"{each.name}={'*' if each.default else each.value}{care}")
    return "{" + " ".join(found) + "}"


def in_words(constraint: Constraint | None) -> str:
    if constraint is None:
        return ""
    if constraint.as_read:
        return "as read"
    return "enum only" if constraint.enum_only else f"{constraint.minimum} to {constraint.maximum}"


@pytest.mark.parametrize("name", NAMES)
def test_registers(name: str) -> None:
    wanted = [row for row in expected(name) if "problem" not in row]
    assert wanted, "a file without registers shows nothing"
    assert sorted(rows(chip_of(name)), key=by_path) == sorted(wanted, key=by_path)


def by_path(row: dict[str, Any]) -> str:
    path: str = row["path"]
    return path


@pytest.mark.parametrize("name", NAMES)
def test_problems(name: str) -> None:
    """Each kind once, at its first place, with its count; and nothing else is found odd."""
    wanted = [row for row in expected(name) if "problem" in row]
    found = list(loaded(name).problems)
    unmet = [row for row in wanted if not any(meets(row, each) for each in found)]
    unasked = [str(each) for each in found if not any(meets(row, each) for row in wanted)]
    assert (unmet, unasked) == ([], [])
    assert len(found) == len(wanted)


def meets(row: dict[str, Any], problem: Problem) -> bool:
    assert problem.place is not None
    return (
        problem.rule == row["problem"]
        and problem.place.line == row["line"]
        and problem.place.column > 1
        and problem.count == row.get("count", 1)
        and all(word in str(problem) for word in row["says"])
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_opens(name: str) -> None:
    """What was read can be laid out, and nothing is left out there."""
    chip = chip_of(name)
    assert sum(1 for _ in layout_rows(lay_out(chip))) == sum(1 for _ in rows(chip))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("bad_bits", {"RM202"}),
        ("blanks", {"RM010"}),
        ("overlaps", {"RM201", "RM210"}),
        ("reserved_names", {"RM010"}),
        ("too_wide", {"RM231"}),
    ],
)
def test_what_only_the_checker_sees(name: str, rules: set[str]) -> None:
    found = {each.rule for each in check(chip_of(name)) if each.severity is not Severity.INFO}
    assert found == rules


# What has no meaning for an access is kept as it was written.


def test_kept_of_the_device() -> None:
    extra = dict(chip_of("extras").extra)
    assert extra["@schemaVersion"] == "1.3"
    assert extra["vendorID"] == "NB"
    assert extra["licenseText"] == "Do as you like"
    assert extra["headerSystemFilename"] == "system_small"
    assert extra["headerDefinitionsPrefix"] == "NB_"
    cpu = extra["cpu"]
    assert isinstance(cpu, tuple)
    assert ("nvicPrioBits", "3") in cpu
    assert dict(cpu)["sauRegionsConfig"] == (
        ("@enabled", "true"),
        ("@protectionWhenDisabled", "n"),
        (
            "region",
            (
                ("@enabled", "true"),
                ("@name", "SAU1"),
                ("base", "0x10000000"),
                ("limit", "0x1FFFFFFF"),
                ("access", "c"),
            ),
        ),
    )
    assert extra["vendorExtensions"] == (
        '<own:thing xmlns:own="urn:example" value="1"><own:inner/></own:thing>'
    )


def test_kept_of_a_peripheral() -> None:
    (uart,) = chip_of("extras").instances
    assert (uart.description, uart.size) == ("Sends and receives", 0x1000)
    assert [(each.name, each.number, each.description) for each in uart.interrupts] == [
        ("UART_RX", 5, "A byte is there"),
        ("UART_TX", 6, ""),
    ]
    first = (("offset", "0"), ("size", "0x400"), ("usage", "registers"), ("protection", "p"))
    second = (("offset", "0x800"), ("size", "0x800"), ("usage", "buffer"))
    assert uart.extra == (
        ("version", "2.1"),
        ("groupName", "SERIAL"),
        ("headerStructName", "uart_regs"),
        ("disableCondition", "(SYS->OFF == 1)"),
        ("addressBlock", first),
        ("addressBlock", second),
    )


def test_kept_of_registers() -> None:
    (uart,) = chip_of("extras").instances
    extras = {item.name: dict(item.extra) for item in uart.block.items}
    assert extras["DATA"] == {"displayName": "Data", "dataType": "uint8_t *", "protection": "s"}
    assert extras["OPEN"] == {"protection": "n"}


def test_kept_of_arrays() -> None:
    (can,) = chip_of("dim_names").instances
    (box,) = can.block.items
    extra = dict(box.extra)
    assert extra["dimName"] == "CanBox"
    assert extra["dimArrayIndex"] == (
        ("headerEnumName", "BoxIndex"),
        ("enumeratedValue", (("name", "RX"), ("value", "0"))),
        ("enumeratedValue", (("name", "TX"), ("value", "1"))),
    )


def test_alternates() -> None:
    master, slave = chip_of("alternates").instances
    assert {item.name: (item.alternate, item.extra) for item in master.block.items} == {
        "DATA": (False, ()),
        "CMD": (True, (("alternateRegister", "DATA"),)),
        "STAT": (True, (("alternateGroup", "RX"),)),
        "STAT2": (False, ()),
        "C16": (False, ()),
        "C8": (True, (("alternateCluster", "C16"),)),
    }
    assert slave.extra == (("alternatePeripheral", "MASTER"),)


def test_enums_with_a_name_are_the_blocks() -> None:
    a, b = chip_of("derived_enums").instances
    assert [[each.name for each in at.block.enums] for at in (a, b)] == [["ONOFF"], ["ONOFF"]]
    fields = [at.field for item in walk(a.block.items) for at in fields_of(item.register)]
    assert {id(each.enum) for each in fields} == {id(a.block.enums[0])}
    (plain,) = chip_of("enums").instances
    assert plain.block.enums == ()


def test_derived_peripherals_share_a_block_unless_they_differ() -> None:
    blocks = {each.name: each.block for each in chip_of("derived_peripherals").instances}
    assert blocks["U0"] is blocks["U1"] is blocks["U2"]
    assert blocks["U3"] is not blocks["U2"]
    assert blocks["LPT"] is blocks["T"]


def test_the_byte_order() -> None:
    (big,) = chip_of("big_endian").instances
    (little,) = chip_of("bits").instances
    orders = [item.byte_order for at in (big, little) for item in at.block.items if is_one(item)]
    assert orders == ["big", "little"]


def is_one(item: object) -> TypeGuard[Register]:
    return isinstance(item, Register)
