"""read, write, dump: registers and fields by name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from regmap.cli.console import Console
from regmap.cli.target import Refusal, add_target, hexadecimal, opened, parse_value
from regmap.errors import BackendError

if TYPE_CHECKING:
    from regmap.live.device import Device
    from regmap.live.path import Target
    from regmap.live.register import Register
    from regmap.live.value import RegisterValue

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    read = commands.add_parser(
        "read",
        help="read registers or fields",
        description="Read registers or fields: one bus read for each register. A glob (* and ?, "
        "[*] for every index), a block or an array leaves out registers whose read has side "
        "effects; name one to read it.",
        epilog="example: regmap read rpi1-rev2 --backend sim: 'GPIO.GPFSEL*.FSEL17'",
    )
    add_target(read)
    read.add_argument(
        "path",
        nargs="+",
        metavar="PATH",
        help="GPIO.GPLEV0, GPIO.GPLEV0.LEV17, GPIO.pin[17].level, P1-11.level",
    )
    read.add_argument(
        "--raw",
        action="store_true",
        help="print numbers only, one a line: registers in hexadecimal, fields in decimal",
    )
    read.set_defaults(run=run_read, more="path")

    write = commands.add_parser(
        "write",
        help="write registers or fields",
        description="Write registers (one bus write) or fields (one read and one write, or one "
        "write where nothing has to be kept), in the order given. All are checked first.",
        epilog="example: regmap write rpi1-rev2 --backend sim: GPIO.GPFSEL1.FSEL17=OUTPUT",
    )
    add_target(write)
    write.add_argument(
        "assignment",
        nargs="+",
        metavar="PATH=VALUE",
        help="VALUE is a number in any base or the name of an enum's value",
    )
    write.set_defaults(run=run_write, more="assignment")

    dump = commands.add_parser(
        "dump",
        help="read everything that can be read without side effects",
        description="Read every register once, in address order, and once more for each array "
        "whose length the hardware states; registers that are write-only or whose read has side "
        "effects are left out and named.",
        epilog="example: regmap dump pc --backend sim: HPET",
    )
    add_target(dump)
    dump.add_argument("path", nargs="?", metavar="PATH", help="a block, array or glob")
    dump.set_defaults(run=run_dump, more="path")


class Reading(NamedTuple):
    """What was read: ``snapshot`` of a whole register, or the ``number`` of a field or pin."""

    path: str
    number: int
    snapshot: RegisterValue | None = None
    address: int | None = None
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """With its fields where it is a register; no address behind a window."""
        if self.snapshot is None:
            return {"path": self.path, **_number(self.number)}
        fields = {name: _number(number) for name, number in self.snapshot.fields.items()}
        value = int(self.number)
        return {"path": self.path, "address": self.address, "value": value, "fields": fields}

    def as_text(self, *, raw: bool) -> str:
        """One line, or the decoded table of a register."""
        if self.snapshot is not None:
            return hexadecimal(self.number, self.snapshot.width) if raw else str(self.snapshot)
        if raw:
            return str(int(self.number))
        return f"{self.path} = {_decoded(self.number)}{f' {self.unit}' if self.unit else ''}"


def _number(number: int) -> dict[str, Any]:
    name = number.name if isinstance(number, IntEnum) else None
    return {"value": int(number), "name": name} if name else {"value": int(number)}


def _decoded(number: int) -> str:
    return f"{number.name} ({int(number)})" if isinstance(number, IntEnum) else f"{number:#x}"


def run_read(arguments: argparse.Namespace, console: Console) -> int:
    """Find everything, then read and print."""
    from regmap.cli.select import Member, choose  # noqa: PLC0415

    answers: list[dict[str, Any]] = []
    with opened(arguments, console) as device:
        for choice in [choose(device, path) for path in arguments.path]:
            readings: Iterable[Reading]
            if isinstance(choice.one, Member):
                readings = [Reading(choice.one.path, choice.one.read())]
            elif choice.one:
                readings = [_reading(choice.one, choice.one.register.read())]
            else:
                readings = _look(device, choice.many, console, dry=arguments.dry_run)
            for reading in readings:
                answers.append(reading.as_json())
                if not arguments.json and not arguments.dry_run:
                    console.line(reading.as_text(raw=arguments.raw))
    if arguments.json and not arguments.dry_run:
        console.json(answers)
    return 0


def _reading(target: Target, snapshot: RegisterValue) -> Reading:
    from regmap.cli.select import address_of  # noqa: PLC0415

    register, field = target
    if not field:
        return Reading(register.path, snapshot, snapshot, address_of(register))
    info = register.FIELDS[field]
    return Reading(target.path, info.decode(snapshot), unit=info.layout.unit)


def _look(
    device: Device, targets: tuple[Target, ...], console: Console, *, dry: bool
) -> Iterator[Reading]:
    """Read what may be looked at; fields of one register come from one read."""
    from regmap.cli.select import existing, why_not_read  # noqa: PLC0415

    read: dict[Register, RegisterValue] = {}
    told: set[str] = set()
    for target in existing(device, targets, console, dry=dry):
        left_out, why = why_not_read(device, target)
        if why:
            if left_out not in told:
                console.note(f"left out {left_out}: {why}")
            told.add(left_out)
            continue
        if target.register not in read:
            read[target.register] = target.register.read()
        yield _reading(target, read[target.register])


def run_write(arguments: argparse.Namespace, console: Console) -> int:
    """Check every assignment, then carry them out."""
    from regmap.cli.select import Member, check, is_glob, one  # noqa: PLC0415
    from regmap.live.path import Target  # noqa: PLC0415

    pairs = []
    for assignment in arguments.assignment:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip() or not text.strip():
            raise Refusal(f"{assignment!r} is no assignment; write PATH=VALUE, without blanks")
        if is_glob(path):
            raise Refusal(f"{path}: globs are for reading; name each register to write")
        pairs.append((path.strip(), parse_value(text)))
    with opened(arguments, console) as device:
        writes: list[tuple[Target | Member, int | str]] = []
        for path, value in pairs:
            thing = one(device, path)
            if not isinstance(thing, Target | Member):
                raise Refusal(f"{path} is neither a register nor a field; name one of its own")
            check(thing, value)
            writes.append((thing, value))
        for thing, value in writes:
            thing.write(value)
    if arguments.json and not arguments.dry_run:
        console.json([{"path": thing.path, "written": value} for thing, value in writes])
    return 0


def run_dump(arguments: argparse.Namespace, console: Console) -> int:
    """Read all that a look may read, instance by instance; one that fails stops only itself."""
    from regmap.cli.select import address_of, why_not_read  # noqa: PLC0415
    from regmap.live.path import Target  # noqa: PLC0415

    readings: list[Reading] = []
    left_out: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []
    with opened(arguments, console) as device:
        for name, registers in _by_instance(device, arguments, console):
            at = name
            try:
                for register in registers():
                    at = register.path
                    why = why_not_read(device, Target(register))[1]
                    if why:
                        left_out.append((register.path, why))
                        continue
                    value = register.read()
                    readings.append(Reading(value.path, value, value, address_of(register)))
            except BackendError as error:
                failed.append((at, str(error).removeprefix(f"{at}: ")))
    if not arguments.dry_run:
        _print_dump(device.name, readings, left_out, failed, console)
    return 3 if failed else 0


def _by_instance(
    device: Device, arguments: argparse.Namespace, console: Console
) -> Iterator[tuple[str, Callable[[], list[Register]]]]:
    """Each instance by address with what gives the registers of it that are wanted and there."""
    from regmap.cli.select import choose_all, existing, registers  # noqa: PLC0415
    from regmap.live.path import Target  # noqa: PLC0415

    chosen = None if arguments.path is None else choose_all(device, arguments.path)

    def wanted(name: str) -> list[Register]:
        if chosen is None:
            targets: Iterable[Target] = map(Target, getattr(device, name))
        else:
            targets = [target for target in chosen if target.register.context.name == name]
        return registers(existing(device, targets, console, dry=arguments.dry_run))

    for at in sorted(device.layout.instances.values(), key=lambda at: at.base):
        yield at.name, partial(wanted, at.name)


def _print_dump(
    name: str,
    readings: list[Reading],
    left_out: list[tuple[str, str]],
    failed: list[tuple[str, str]],
    console: Console,
) -> None:
    if console.json_mode:
        console.json(
            {
                "map": name,
                "registers": [reading.as_json() for reading in readings],
                "left_out": [{"path": path, "why": why} for path, why in left_out],
                "failed": [{"path": path, "why": why} for path, why in failed],
            }
        )
        return
    rows = []
    for reading in readings:
        assert reading.snapshot is not None  # noqa: S101  (whole registers only)
        fields = reading.snapshot.fields.items()
        shown = ", ".join(f"{field}={_short(number)}" for field, number in fields if number)
        rows.append([reading.path, hexadecimal(reading.number, reading.snapshot.width), shown])
    if rows:
        console.table(["register", "value", "fields that are not 0"], rows)
    for path, why in left_out:
        console.note(f"left out {path}: {why}")
    for path, why in failed:
        console.note(f"failed at {path}, the rest of its block is left out: {why}")


def _short(number: int) -> str:
    return number.name if isinstance(number, IntEnum) else f"{number:#x}"
