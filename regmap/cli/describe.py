"""check, list, show, export: descriptions, without touching hardware."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import hexadecimal

if TYPE_CHECKING:
    from regmap.layout.device import DeviceLayout, InstanceLayout
    from regmap.layout.rows import Row

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    check = commands.add_parser(
        "check",
        help="say everything that is wrong with descriptions",
        description="Check descriptions against every rule and report all problems with their "
        "places. Exit status 1 where a file has errors.",
    )
    check.add_argument("file", nargs="+", metavar="FILE", help="a .yaml or .svd file, or a name")
    check.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    check.add_argument("--json", action="store_true", help="the same as --format json")
    check.add_argument(
        "--profile",
        choices=("strict", "import", "pedantic"),
        help="how strict (default: strict for YAML, import for SVD)",
    )
    check.set_defaults(run=run_check)

    listing = commands.add_parser("list", help="list the shipped maps")
    listing.add_argument("--json", action="store_true", help="answer as JSON")
    listing.set_defaults(run=run_list)

    show = commands.add_parser(
        "show",
        help="show what a map says",
        description="Show the instances of a map, the registers of a block, or the fields of a "
        "register. No hardware is touched.",
    )
    show.add_argument("map", metavar="MAP", help="a shipped name, or a .yaml or .svd file")
    show.add_argument("path", nargs="?", metavar="PATH", help="GPIO or GPIO.GPFSEL1")
    show.add_argument("--json", action="store_true", help="answer as JSON")
    show.set_defaults(run=run_show)

    export = commands.add_parser(
        "export",
        help="write a map in a form for other tools",
        description="Write a map flat, one JSON object a register in address order.",
    )
    export.add_argument("map", metavar="MAP", help="a shipped name, or a .yaml or .svd file")
    export.add_argument("--format", choices=("jsonl",), default="jsonl")
    export.add_argument("-o", "--output", metavar="FILE", help="write to a file, not to the screen")
    export.set_defaults(run=run_export)


def run_check(arguments: argparse.Namespace, console: Console) -> int:
    """Report every problem of every file."""
    from regmap import loaders  # noqa: PLC0415
    from regmap.check import apply_suppressions, check, report  # noqa: PLC0415
    from regmap.errors import Severity  # noqa: PLC0415

    problems = []
    texts: dict[str, str] = {}
    for file in arguments.file:
        loaded = loaders.read(file)
        found = list(loaded.problems)
        if loaded.model is not None:
            default = (
                "strict" if loaded.authored or not file.endswith((".svd", ".xml")) else "import"
            )
            found += check(loaded.model, profile=arguments.profile or default)
        texts.update(loaded.texts)
        problems += apply_suppressions(found, loaded.texts)
    form = "json" if arguments.json else arguments.format
    if form == "json":
        print(report.as_json(problems), file=console.out)
    elif form == "sarif":
        print(report.as_sarif(problems), file=console.out)
    else:
        console.out.write(report.as_text(problems, texts, colour=console.colour))
    return int(any(problem.severity is Severity.ERROR for problem in problems))


def run_list(arguments: argparse.Namespace, console: Console) -> int:
    """The shipped maps."""
    from regmap import loaders  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415

    boards, chips = find.shipped_names("boards"), find.shipped_names("chips")
    rows = [
        (name, kind, loaders.load(name).description)
        for names, kind in ((boards, "board"), (chips, "block"))
        for name in names
    ]
    if arguments.json:
        console.json([dict(zip(("name", "kind", "description"), row, strict=True)) for row in rows])
    else:
        console.table(["name", "kind", "description"], rows)
    return 0


def _layout(name: str) -> DeviceLayout:
    import regmap.api  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415

    return lay_out(regmap.api.load(name))


def run_show(arguments: argparse.Namespace, console: Console) -> int:
    """Instances, registers or fields."""
    from regmap.errors import UnknownName  # noqa: PLC0415
    from regmap.layout.rows import as_json, rows  # noqa: PLC0415

    layout = _layout(arguments.map)
    path = arguments.path
    if not path:
        return _show_device(layout, arguments, console)
    instance = layout.instances.get(path.partition(".")[0])
    if instance is None:
        raise UnknownName(layout.name, path.partition(".")[0], layout.instances)
    every = list(rows(layout))
    wanted = [row for row in every if row.path == path] or [
        row
        for row in every
        if row.path.startswith((f"{path}.", f"{path}[")) or path == instance.name
    ]
    wanted = [row for row in wanted if row.path.startswith(f"{instance.name}.")]
    if not wanted:
        from regmap.live.build import build  # noqa: PLC0415
        from regmap.live.path import find  # noqa: PLC0415

        targets = find(build(layout)(_Nothing()), path)
        paths = {target.register.path for target in targets}
        wanted = [row for row in every if row.path in paths]
    if arguments.json:
        console.json([as_json(row) for row in wanted])
    elif len(wanted) == 1:
        _show_register(wanted[0], console)
    else:
        _show_registers(instance, wanted, console)
    return 0


class _Nothing:
    """A backend for looking things up by path; no command reads through it."""

    def read(self, address: int, width: int) -> int:
        raise NotImplementedError

    def write(self, address: int, width: int, value: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _show_device(layout: DeviceLayout, arguments: argparse.Namespace, console: Console) -> int:
    instances = list(layout.instances.values())
    if arguments.json:
        console.json(
            {
                "name": layout.name,
                "kind": layout.kind,
                "description": layout.description,
                "backends": list(layout.backends),
                "instances": [
                    {"name": at.name, "block": at.block_name, "base": at.base, "size": at.size}
                    for at in instances
                ],
                "pins": [
                    {"names": list(pin.names), "at": f"{pin.instance}.{pin.view}[{pin.number}]"}
                    for pin in layout.pins
                ],
            }
        )
        return 0
    console.line(f"{layout.name} ({layout.kind}): {layout.description}")
    console.table(
        ["instance", "block", "base", "size", "description"],
        [
            [at.name, at.block_name, f"{at.base:#x}", f"{at.size:#x}", at.description]
            for at in instances
        ],
    )
    if layout.pins:
        console.table(
            ["pin", "is", "also", "functions"],
            [
                [
                    pin.names[0],
                    f"{pin.instance}.{pin.view}[{pin.number}]",
                    ", ".join(pin.names[1:]),
                    ", ".join(f"{name}={what}" for name, what in pin.functions),
                ]
                for pin in layout.pins
            ],
        )
    return 0


def _show_registers(instance: InstanceLayout, wanted: Iterable[Row], console: Console) -> None:
    console.line(f"{instance.name} ({instance.block_name}): {instance.description}")
    console.table(
        ["register", "at", "bits", "access", "reset", "description"],
        [
            [
                row.path,
                f"index {row.offset:#x}" if row.address is None else f"{row.address:#x}",
                str(row.register.width),
                _access(row.register.access, row.register.write_action, row.register.read_action),
                ""
                if row.register.reset is None
                else hexadecimal(row.register.reset, row.register.width),
                row.register.description,
            ]
            for row in wanted
        ],
    )


def _access(access: str, write_action: str, read_action: str) -> str:
    parts = [access]
    if write_action != "modify":
        parts.append(write_action)
    if read_action:
        parts.append(f"read: {read_action}")
    return ", ".join(parts)


def _show_register(row: Row, console: Console) -> None:
    register = row.register
    where = (
        f"behind {row.window}, index {row.offset:#x}"
        if row.address is None
        else f"at {row.address:#x}"
    )
    console.line(
        f"{row.path}: {register.width} bits {where} (offset {row.offset:#x} of {row.block})"
    )
    if register.description:
        console.line(f"  {register.description}")
    if register.reset is not None:
        known = "" if register.reset_mask is None else f", known bits {register.reset_mask:#x}"
        console.line(f"  reset {hexadecimal(register.reset, register.width)}{known}")
    if register.side_effect:
        console.line(f"  a read has a side effect: {register.side_effect}")
    if register.source:
        console.line(f"  source: {register.source}")
    if register.fields:
        fields = sorted(register.fields, key=lambda field: -field.lsb)
        console.table(
            ["bits", "field", "access", "values", "description"],
            [
                [
                    ",".join(
                        f"{lsb + width - 1}:{lsb}" if width > 1 else str(lsb)
                        for lsb, width in reversed(field.bits)
                    ),
                    field.name,
                    _access(field.access, field.write_action, field.read_action),
                    ", ".join(f"{name}={value}" for name, value in field.enum.members)
                    if field.enum
                    else field.unit,
                    field.description,
                ]
                for field in fields
            ],
        )


def run_export(arguments: argparse.Namespace, console: Console) -> int:
    """Every register as a line of JSON."""
    from regmap.layout.rows import as_json, rows  # noqa: PLC0415

    lines = (json.dumps(as_json(row)) for row in rows(_layout(arguments.map)))
    if arguments.output is None:
        for line in lines:
            print(line, file=console.out)
        return 0
    write_whole(Path(arguments.output), lines)
    return 0


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file beside its place and rename it, so that no half of it is ever seen."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
