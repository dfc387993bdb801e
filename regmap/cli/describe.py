"""list and export: which descriptions there are, and one of them for other tools."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import MAP_HELP, Refusal

if TYPE_CHECKING:
    from regmap.layout.device import DeviceLayout

__all__ = ["add", "layout_of"]


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    listing = commands.add_parser(
        "list",
        help="list the shipped maps",
        description="List the boards and blocks that are shipped, with what each is.",
    )
    listing.add_argument("--json", action="store_true", help="answer as JSON")
    listing.set_defaults(run=run_list)

    export = commands.add_parser(
        "export",
        help="write a map in a form for other tools",
        description="Write a map flat: one JSON object a register in address order, arrays and "
        "groups expanded. No hardware is touched.",
        epilog="example: regmap export rpi1-rev2 --format jsonl -o rpi1.jsonl",
    )
    export.add_argument("map", metavar="MAP", help=MAP_HELP)
    export.add_argument("--format", choices=("jsonl",), default="jsonl", help="jsonl (the default)")
    export.add_argument("-o", "--output", metavar="FILE", help="write to a file, not to the screen")
    export.set_defaults(run=run_export)


def layout_of(name: str) -> DeviceLayout:
    """The layout of a map by name or path. Raises MapError."""
    import regmap.api  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415

    return lay_out(regmap.api.load(name))


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
        short = [(name, kind, _first_sentence(text)) for name, kind, text in rows]
        console.table(["name", "kind", "description"], short)
    return 0


def _first_sentence(text: str) -> str:
    first, stop, _ = text.partition(". ")
    return first + stop.strip()


def run_export(arguments: argparse.Namespace, console: Console) -> int:
    """Every register as a line of JSON."""
    from regmap.layout.rows import as_json, rows  # noqa: PLC0415

    lines = (json.dumps(as_json(row)) for row in rows(layout_of(arguments.map)))
    if arguments.output is None:
        for line in lines:
            print(line, file=console.out)
        return 0
    try:
        write_whole(Path(arguments.output), lines)
    except OSError as error:
        raise Refusal(f"cannot write {arguments.output}: {error.strerror}") from error
    return 0


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file beside its place and rename it, so that no half of it is ever seen.

    What is no regular file, such as /dev/stdout, is written to as it is.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
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
