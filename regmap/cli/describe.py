"""list and export: which descriptions there are, and one of them for other tools.

``_FORMATS`` is the table of the forms that ``export`` can write.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import MAP_HELP, Refusal
from regmap.errors import UnknownName

if TYPE_CHECKING:
    from regmap.layout.device import DeviceLayout
    from regmap.model.block import Block
    from regmap.model.chip import Chip

__all__ = ["add", "layout_of", "model_of"]


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
        description="Write a map for other tools, or one block of it. jsonl is flat: one JSON "
        "object a register in address order, arrays and groups expanded. yaml is a file of the "
        "map language that means the same and needs no other file. svd is a CMSIS-SVD file, with "
        "what SVD cannot say in its vendorExtensions. No hardware is touched.",
        epilog="example: regmap export vendor.svd GPIOA --format yaml -o gpioa.yaml",
    )
    export.add_argument("map", metavar="MAP", help=MAP_HELP)
    export.add_argument(
        "path", nargs="?", metavar="PATH", help="an instance or block, for that alone"
    )
    export.add_argument(
        "--format", choices=tuple(_FORMATS), default="jsonl", help="jsonl is the default"
    )
    export.add_argument("-o", "--output", metavar="FILE", help="write to a file, not to the screen")
    export.set_defaults(run=run_export, more="path")


def model_of(name: str) -> Block | Chip:
    """The model of a map by name or path. Raises MapError."""
    import regmap.api  # noqa: PLC0415

    return regmap.api.load(name)


def layout_of(given: str | Block | Chip) -> DeviceLayout:
    """The layout of a model, or of a map by name or path. Raises MapError."""
    from regmap.layout import lay_out  # noqa: PLC0415

    return lay_out(model_of(given) if isinstance(given, str) else given)


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
    """The map, or what the path names of it, line by line."""
    lines = _FORMATS[arguments.format](model_of(arguments.map), arguments)
    if arguments.output is None:
        for line in lines:
            print(line, file=console.out)
        return 0
    try:
        write_whole(Path(arguments.output), lines)
    except OSError as error:
        raise Refusal(f"cannot write {arguments.output}: {error.strerror}") from error
    return 0


def _as_jsonl(model: Block | Chip, arguments: argparse.Namespace) -> Iterator[str]:
    """Every register as a line of JSON."""
    from regmap.layout.rows import as_json, rows, rows_of  # noqa: PLC0415

    layout, path = layout_of(model), arguments.path
    if path and path not in layout.instances:
        raise UnknownName(layout.name, path, layout.instances)
    found = rows_of(layout.instances[path]) if path else rows(layout)
    return (json.dumps(as_json(row)) for row in found)


def _as_yaml(model: Block | Chip, arguments: argparse.Namespace) -> list[str]:
    """A file of the map language, called as it must be in the file that is written."""
    from regmap.cli.excuse import excused  # noqa: PLC0415
    from regmap.cli.part import called, check_size, part_of  # noqa: PLC0415
    from regmap.writers.mapping import of_model  # noqa: PLC0415
    from regmap.writers.yaml import as_yaml  # noqa: PLC0415

    part = part_of(model, arguments.path) if arguments.path else model
    part = called(part, arguments.output)
    mapping = of_model(part)
    text = as_yaml(mapping)
    check_size(mapping, text)
    text = excused(text, f"{part.name}.yaml")
    return text.removesuffix("\n").split("\n")


def _as_svd(model: Block | Chip, arguments: argparse.Namespace) -> list[str]:
    """A CMSIS-SVD file, with what SVD cannot say in its vendorExtensions."""
    from regmap import loaders  # noqa: PLC0415
    from regmap.cli.part import part_of  # noqa: PLC0415
    from regmap.writers.svd import as_svd  # noqa: PLC0415

    part = part_of(model, arguments.path) if arguments.path else model
    text = as_svd(part, lambda text: loaders.read("written.svd", text=text).model)
    return text.removesuffix("\n").split("\n")


# How a model becomes the lines of a file; the arguments are those of the command.
_FORMATS: dict[str, Callable[[Block | Chip, argparse.Namespace], Iterable[str]]] = {
    "jsonl": _as_jsonl,
    "yaml": _as_yaml,
    "svd": _as_svd,
}


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
