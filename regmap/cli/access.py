"""read, write, dump: registers and fields by name."""

from __future__ import annotations

import argparse
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import Refusal, add_target, hexadecimal, opened, parse_value

if TYPE_CHECKING:
    from regmap.live.register import Register
    from regmap.live.value import RegisterValue

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    read = commands.add_parser(
        "read",
        help="read registers or fields",
        description="Read registers or fields: one bus read for each register. Globs (* and ?, "
        "[*] for an index) leave out registers whose read has side effects; name one to read it.",
        epilog="example: regmap read rpi1-rev2 --backend sim: 'GPIO.GPFSEL*.FSEL17'",
    )
    add_target(read)
    read.add_argument("path", nargs="+", metavar="PATH", help="GPIO.GPLEV0 or GPIO.GPLEV0.LEV17")
    read.add_argument("--raw", action="store_true", help="print numbers only, one a line")
    read.set_defaults(run=run_read)

    write = commands.add_parser(
        "write",
        help="write registers or fields",
        description="Write registers (one bus write) or fields (one read and one write, or one "
        "write where nothing has to be kept), in the order given. All are checked first.",
        epilog="example: regmap write rpi1-rev2 --backend sim: GPIO.GPFSEL1.FSEL17=OUTPUT",
    )
    add_target(write)
    write.add_argument(
        "assignment", nargs="+", metavar="PATH=VALUE", help="a number in any base or an enum's name"
    )
    write.set_defaults(run=run_write)

    dump = commands.add_parser(
        "dump",
        help="read everything that can be read without side effects",
        description="Read every register once, in address order; registers that are write-only "
        "or whose read has side effects are left out and named.",
    )
    add_target(dump)
    dump.add_argument("path", nargs="?", metavar="PATH", help="a block, array or glob")
    dump.set_defaults(run=run_dump)


def run_read(arguments: argparse.Namespace, console: Console) -> int:
    """Read and print."""
    from regmap.live.path import find  # noqa: PLC0415

    with opened(arguments) as device:
        answers: list[dict[str, Any]] = []
        read: dict[int, RegisterValue] = {}
        for path in arguments.path:
            glob = "*" in path or "?" in path
            for target in find(device, path):
                register = target.register
                if glob and _left_out(register):
                    console.note(f"left out {register.path}: {_left_out(register)}")
                    continue
                # Fields of one register that one pattern names come from one read.
                if not glob or id(register) not in read:
                    read[id(register)] = register.read()
                if arguments.dry_run:
                    continue
                value = read[id(register)]
                answers.append(_answer(register, target.field, value))
                if not arguments.json:
                    _print(console, register, target.field, value, raw=arguments.raw)
    if arguments.json and not arguments.dry_run:
        console.json(answers)
    return 0


def _left_out(register: Register) -> str:
    layout = register.LAYOUT
    if layout.refuse_read:
        return layout.refuse_read
    return f"reading has a side effect ({layout.side_effect})" if layout.side_effect else ""


def _answer(register: Register, field: str, value: RegisterValue) -> dict[str, Any]:
    if field:
        return {"path": f"{register.path}.{field}", **_number(register.FIELDS[field].decode(value))}
    fields = {name: _number(number) for name, number in value.fields.items()}
    return {
        "path": register.path,
        "address": register.address,
        "value": int(value),
        "fields": fields,
    }


def _number(number: int) -> dict[str, Any]:
    name = number.name if isinstance(number, IntEnum) else None
    return {"value": int(number), "name": name} if name else {"value": int(number)}


def _print(
    console: Console, register: Register, field: str, value: RegisterValue, *, raw: bool
) -> None:
    if not field:
        console.line(hexadecimal(value, register.width) if raw else str(value))
        return
    number = register.FIELDS[field].decode(value)
    if raw:
        console.line(str(int(number)))
        return
    shown = f"{number.name} ({int(number)})" if isinstance(number, IntEnum) else f"{number:#x}"
    unit = register.FIELDS[field].layout.unit
    console.line(f"{register.path}.{field} = {shown}{f' {unit}' if unit else ''}")


def run_write(arguments: argparse.Namespace, console: Console) -> int:
    """Check every assignment, then carry them out."""
    from regmap.live.path import Target, lookup  # noqa: PLC0415
    from regmap.live.register import Register  # noqa: PLC0415

    pairs = []
    for assignment in arguments.assignment:
        path, equals, text = assignment.partition("=")
        if not equals or not path or not text:
            raise Refusal(f"{assignment!r} is no assignment; write PATH=VALUE")
        pairs.append((path.strip(), parse_value(text)))
    with opened(arguments) as device:
        writes: list[tuple[Target, int | str]] = []
        for path, value in pairs:
            found = lookup(device, path)
            target = Target(found) if isinstance(found, Register) else found
            if not isinstance(target, Target):
                raise Refusal(f"{path} is neither a register nor a field")
            target.check(value)
            writes.append((target, value))
        for target, value in writes:
            target.write(value)
    if arguments.json and not arguments.dry_run:
        console.json([{"path": target.path, "written": value} for target, value in writes])
    return 0


def run_dump(arguments: argparse.Namespace, console: Console) -> int:
    """Read all that a look may read."""
    from regmap.live.path import find, present  # noqa: PLC0415

    with opened(arguments) as device:
        if arguments.path:
            registers = [target.register for target in find(device, arguments.path)]
        else:
            registers = [register for block in device.blocks for register in present(block)]
        registers = list(dict.fromkeys(registers))
        left_out = [(register, why) for register in registers if (why := _left_out(register))]
        values = [register.read() for register in registers if not _left_out(register)]
    if arguments.dry_run:
        return 0
    if arguments.json:
        readable = [register for register in registers if not _left_out(register)]
        console.json(
            {
                "map": device.name,
                "registers": [
                    _answer(register, "", value)
                    for register, value in zip(readable, values, strict=True)
                ],
                "left_out": [{"path": register.path, "why": why} for register, why in left_out],
            }
        )
        return 0
    rows = []
    for value in values:
        fields = ", ".join(
            f"{name}={_short(number)}" for name, number in value.fields.items() if number
        )
        rows.append([value.path, hexadecimal(value, value.width), fields])
    console.table(["register", "value", "fields that are not 0"], rows)
    for register, why in left_out:
        console.note(f"left out {register.path}: {why}")
    return 0


def _short(number: int) -> str:
    return number.name if isinstance(number, IntEnum) else f"{number:#x}"
