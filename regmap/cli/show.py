"""show: what a map says of a device, a block, a register, a field or a view."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.describe import layout_of, model_of
from regmap.cli.pins import pin_called, show_pin
from regmap.cli.show_device import brief, interrupts_of, show_device, titled
from regmap.cli.target import MAP_HELP, hexadecimal
from regmap.errors import NoSuchElement

if TYPE_CHECKING:
    from regmap.layout.device import DeviceLayout, InstanceLayout
    from regmap.layout.rows import Row
    from regmap.layout.shape import FieldLayout, ViewLayout
    from regmap.model.chip import Interrupt

__all__ = ["add"]

_ELEMENT = re.compile(r"(.*)\[([0-9]+)\]")
_VIEW = re.compile(r"\w+\.(\w+)(?:\[([0-9]{1,9})\])?")


def add(commands: Any) -> None:
    """Put the command into the tree."""
    show = commands.add_parser(
        "show",
        help="show what a map says",
        description="Show the instances and pins of a map, the registers of a block, the fields "
        "of a register, or the members of a view. No hardware is touched.",
        epilog="example: regmap show rpi1-rev2 GPIO.GPFSEL1",
    )
    show.add_argument("map", metavar="MAP", help=MAP_HELP)
    show.add_argument(
        "path", nargs="?", metavar="PATH", help="GPIO, GPIO.GPFSEL1, 'GPIO.GPFSEL*' or a pin: P1-11"
    )
    show.add_argument("--json", action="store_true", help="answer as JSON")
    show.set_defaults(run=run_show, more="path")


def run_show(arguments: argparse.Namespace, console: Console) -> int:
    """Find what the path names and show it."""
    model, path = model_of(arguments.map), arguments.path
    layout = layout_of(model)
    if not path:
        show_device(layout, model, console)
        return 0
    pin = pin_called(layout, path)
    if pin is not None:
        show_pin(layout, pin, console)
        return 0
    from regmap.layout.shape import ViewLayout  # noqa: PLC0415

    instance = layout.instances.get(path.partition(".")[0])
    found = _VIEW.fullmatch(path)
    for view in instance.block.members if found and instance else ():
        if found and instance and isinstance(view, ViewLayout) and view.name == found[1]:
            _show_view(instance, view, found[2], console)
            return 0
    wanted, field = _rows(layout, path)
    if console.json_mode:
        console.json([_as_json(row, field) for row in wanted])
    elif field:
        _show_field(wanted[0], field, console)
    elif instance and path == instance.name:
        raised = interrupts_of(model).get((instance.base, instance.block_name), ())
        _show_registers(layout, wanted, console, raised)
        _views_of(instance, layout, console)
    elif len(wanted) == 1:
        _show_register(wanted[0], console)
    else:
        _show_registers(layout, wanted, console)
    return 0


def _rows(layout: DeviceLayout, path: str) -> tuple[list[Row], str]:
    """The registers that a path names, and the field where it names one."""
    from regmap.layout.rows import rows, rows_of  # noqa: PLC0415

    # Of a large chip, the one block that is asked for.
    instance = layout.instances.get(path.partition(".")[0])
    every = {row.path: row for row in (rows_of(instance) if instance else rows(layout))}
    owner, _, field = path.rpartition(".")
    if path in every:
        return [every[path]], ""
    if owner in every and any(field == each.name for each in every[owner].register.fields):
        return [every[owner]], field
    inside = [row for row in every.values() if row.path.startswith((f"{path}.", f"{path}["))]
    if inside:
        return inside, ""
    # Globs, and the names that elements have by index: what the live objects answer to.
    from regmap.live.build import build  # noqa: PLC0415
    from regmap.live.path import find  # noqa: PLC0415

    targets = find(build(layout)(_Nothing()), path)
    wanted = dict.fromkeys(target.register.path for target in targets)
    field = targets[0].field if len(targets) == 1 else ""
    return [every[path] for path in wanted], field


class _Nothing:
    """A backend for looking things up by path; no command reads through it."""

    def read(self, address: int, width: int) -> int:
        raise NotImplementedError

    def write(self, address: int, width: int, value: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _as_json(row: Row, field: str = "") -> dict[str, Any]:
    """The flat form, and what only people need."""
    from regmap.layout.rows import as_json  # noqa: PLC0415

    made = as_json(row)
    register = row.register
    made |= {"description": register.description, "source": register.source}
    for each, own in zip(made["fields"], register.fields, strict=True):
        each |= {"description": own.description, "unit": own.unit}
    if field:
        made["fields"] = [each for each in made["fields"] if each["name"] == field]
    return made


def _show_registers(
    layout: DeviceLayout,
    wanted: Sequence[Row],
    console: Console,
    interrupts: Sequence[Interrupt] = (),
) -> None:
    names = {row.path.partition(".")[0] for row in wanted}
    instance = layout.instances[names.pop()] if len(names) == 1 else None
    if instance:
        console.line(titled(f"{instance.name} ({instance.block_name})", instance.description))
    if interrupts:
        console.line(
            f"interrupts: {', '.join(f'{each.name} {each.number}' for each in interrupts)}"
        )
    console.table(
        ["register", "at", "bits", "access", "reset", "description"],
        [
            [
                path,
                where,
                str(row.register.width),
                _access(row.register.access, row.register.write_action, row.register.read_action),
                _reset(row),
                brief(row.register.description),
            ]
            for path, where, row in _collapsed(wanted)
        ],
    )


def _collapsed(wanted: Iterable[Row]) -> Iterator[tuple[str, str, Row]]:
    """Rows with path and place; elements of an array that differ in their index only are one."""
    run: list[Row] = []
    for row in wanted:
        if run and not _follows(run[-1], row):
            yield from _told(run)
            run = []
        run.append(row)
    yield from _told(run)


def _follows(before: Row, row: Row) -> bool:
    this, last = _ELEMENT.fullmatch(row.path), _ELEMENT.fullmatch(before.path)
    if this is None or last is None or row.register is not before.register:
        return False
    return this[1] == last[1] and int(this[2]) == int(last[2]) + 1


def _told(run: list[Row]) -> Iterator[tuple[str, str, Row]]:
    first = _ELEMENT.fullmatch(run[0].path) if len(run) > 2 else None
    if first is None:
        yield from ((row.path, _at(row), row) for row in run)
        return
    end = f"{run[-1].offset if run[-1].address is None else run[-1].address:#x}"
    path = f"{first[1]}[{first[2]}..{int(first[2]) + len(run) - 1}]"
    yield path, f"{_at(run[0])} to {end}", run[0]


def _at(row: Row) -> str:
    return f"index {row.offset:#x}" if row.address is None else f"{row.address:#x}"


def _views_of(instance: InstanceLayout, layout: DeviceLayout, console: Console) -> None:
    for own, view in layout.views():
        if own is instance:
            members = ", ".join(member.name for member in view.members)
            console.line(f"{own.name}.{view.name}[0] to [{view.length - 1}]: {members}")


def _reset(row: Row) -> str:
    reset = row.register.reset
    return "" if reset is None else hexadecimal(reset, row.register.width)


def _access(access: str, write_action: str, read_action: str) -> str:
    parts = [access]
    if write_action != "modify":
        parts.append(write_action)
    if read_action:
        parts.append(f"read: {read_action}")
    return ", ".join(parts)


def _show_register(row: Row, console: Console) -> None:
    register = row.register
    behind = f"behind {row.window}, index {row.offset:#x}"
    where = behind if row.address is None else f"at {row.address:#x}, offset {row.offset:#x}"
    console.line(f"{row.path}: {register.width} bits {where} of {row.block}")
    if register.description:
        console.line(f"  {' '.join(register.description.split())}")
    access = _access(register.access, register.write_action, register.read_action)
    console.line(f"  access: {access}{', read back after each write' if register.verify else ''}")
    if register.reset is not None:
        known = "" if register.reset_mask is None else f", known bits {register.reset_mask:#x}"
        console.line(f"  reset: {_reset(row)}{known}")
    if register.access_widths and register.access_widths != (register.width,):
        widths = ", ".join(map(str, register.access_widths))
        order = f", {register.word_order}" if register.word_order else ""
        console.line(f"  taken in accesses of: {widths} bits{order}")
    if register.side_effect:
        console.line(f"  a read has a side effect: {register.side_effect}")
    if register.unit:
        console.line(f"  unit: {register.unit}")
    if register.source:
        console.line(f"  source: {register.source}")
    if register.fields:
        _fields(sorted(register.fields, key=lambda field: -field.lsb), console)


def _fields(fields: Iterable[FieldLayout], console: Console) -> None:
    console.table(
        ["bits", "field", "access", "values", "description"],
        [
            [
                _bits(field),
                field.name,
                _access(field.access, field.write_action, field.read_action),
                _values(field),
                field.description,
            ]
            for field in fields
        ],
    )


def _bits(field: FieldLayout) -> str:
    parts = [
        f"{lsb + width - 1}:{lsb}" if width > 1 else str(lsb) for lsb, width in reversed(field.bits)
    ]
    return ",".join(parts)


def _values(field: FieldLayout) -> str:
    parts = [f"{name}={value}" for name, value in field.enum.members] if field.enum else []
    if field.minimum is not None or field.maximum is not None:
        low, high = field.minimum or 0, field.maximum
        parts.append(f"{low:#x} to {(1 << field.width) - 1 if high is None else high:#x}")
    return " ".join(filter(None, [", ".join(parts), field.unit]))


def _show_field(row: Row, name: str, console: Console) -> None:
    field = row.register.field(name)
    access = _access(field.access, field.write_action, field.read_action)
    console.line(f"{row.path}.{name}: bits {_bits(field)}, {access}")
    for text in (field.description, field.source and f"source: {field.source}"):
        if text:
            console.line(f"  {' '.join(text.split())}")
    for why in (field.refuse_read, field.refuse_write):
        if why and "only" not in why:
            console.line(f"  {why}")
    if not field.enum and (values := _values(field)):
        console.line(f"  values: {values}")
    if field.enum:
        docs = field.enum.docs or ("",) * len(field.enum.members)
        console.table(
            ["value", "name", "description"],
            [
                [f"{value:#x}", member, doc]
                for (member, value), doc in zip(field.enum.members, docs, strict=True)
            ],
        )


def _show_view(
    instance: InstanceLayout, view: ViewLayout, index: str | None, console: Console
) -> None:
    if index is not None and int(index) >= view.length:
        raise NoSuchElement(f"{instance.name}.{view.name}", int(index), view.length)
    at = int(index or 0)
    names = view.names[at] if index is not None and view.names else ()
    members: list[dict[str, Any]] = [
        {
            "name": member.name,
            "kind": member.kind,
            "uses": list(dict.fromkeys(_uses(instance, view, at, number))),
            "description": member.description,
        }
        for number, member in enumerate(view.members)
    ]
    path = f"{instance.name}.{view.name}[{at}]"
    if console.json_mode:
        made = {"path": path, "length": view.length, "names": list(names), "members": members}
        console.json(made)
        return
    console.line(titled(f"{instance.name}.{view.name}", view.description or "a view"))
    also = f" ({', '.join(names)})" if names else ""
    console.line(f"  of {view.length}; shown is {path}{also}")
    console.table(
        ["member", "kind", "uses", "description"],
        [[m["name"], m["kind"], ", ".join(m["uses"]), m["description"]] for m in members],
    )


def _uses(instance: InstanceLayout, view: ViewLayout, index: int, number: int) -> Iterable[str]:
    """The registers and fields behind a member of one index."""
    member = view.members[number]
    targets = member.targets[index] if member.targets else ()
    steps = [step.target for step in member.steps[index]] if member.steps else []
    for target in (*targets, *filter(None, steps)):
        bit = f".bit[{target.bit}]" if target.bit >= 0 else ""
        field = f".{target.field}" if target.field else bit
        yield f"{instance.name}.{target.register}{field}"
