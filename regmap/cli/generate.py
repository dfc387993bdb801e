"""generate: a map as static Python, or as a C header."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regmap import __version__
from regmap.cli.console import Console
from regmap.cli.target import MAP_HELP, Refusal
from regmap.errors import GeneratedOutdated

if TYPE_CHECKING:
    from regmap.loaders import Loaded

__all__ = ["add"]

# The rules on names by which one is used in another form than the manual's.
_RENAMING = ("RM010", "RM011")
_SVD = (".svd", ".xml")
_MOST_SHOWN = 10


def add(commands: Any) -> None:
    """Put the command into the tree."""
    generate = commands.add_parser(
        "generate",
        help="write a map as a static, typed Python module or as a C header",
        description="Write DIR/chip.py and its type stub, or for a large chip the package "
        "DIR/chip/: `import chip` gives `chip.open(backend)` and `chip.LAYOUT`. The name is that "
        "of the map in lower case with _ for other characters. Nothing that regmap did not write "
        "is overwritten.",
        epilog="example: regmap generate rpi1-rev2 -o src/boards",
    )
    generate.add_argument("map", nargs="?", metavar="MAP", help=MAP_HELP)
    generate.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="the folder to write into"
    )
    generate.add_argument("--all", action="store_true", help="every shipped board, not one map")
    generate.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 1 and name what is out of date",
    )
    generate.add_argument(
        "--format",
        choices=("python", "c-header"),
        default="python",
        help="python (the default), or c-header: offsets, masks, shifts, reset and enum values",
    )
    form = generate.add_mutually_exclusive_group()
    form.add_argument(
        "--split", action="store_true", help="a package with one module a block, at any size"
    )
    form.add_argument("--single", action="store_true", help="one module, at any size")
    generate.add_argument(
        "--force", action="store_true", help="overwrite a file that regmap did not generate"
    )
    generate.set_defaults(run=run_generate, more="map")


def run_generate(arguments: argparse.Namespace, console: Console) -> int:
    """Render, then write or compare."""
    from regmap.codegen import output  # noqa: PLC0415

    if bool(arguments.map) == arguments.all:
        raise Refusal("name one MAP, or give --all for every shipped board")
    folder = Path(arguments.output)
    files = _boards(arguments) if arguments.all else _one(arguments.map, arguments, console)
    complete = arguments.all and arguments.format == "python"
    if arguments.check:
        return _compare(folder, files, complete, arguments, console)
    try:
        written = output.write(folder, files, force=arguments.force, complete=complete)
    except OSError as error:
        raise Refusal(f"cannot write into {folder}: {error.strerror or error}") from error
    for path in written:
        console.line(str(path))
    return 0


def _compare(
    folder: Path,
    files: Mapping[str, str],
    complete: bool,
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    from regmap.codegen import output  # noqa: PLC0415

    try:
        found = output.outdated(folder, files, complete=complete)
    except OSError as error:
        raise Refusal(f"cannot read {folder}: {error.strerror or error}") from error
    if found:
        what = "--all" if arguments.all else arguments.map
        again = f"regmap generate {what} -o {folder}"
        listed = "\n".join(f"  {line}" for line in found)
        raise GeneratedOutdated(f"out of date:\n{listed}\nrun `{again}`")
    console.line(f"{len(files)} generated files in {folder} are up to date")
    return 0


def _boards(arguments: argparse.Namespace) -> dict[str, str]:
    """The files of every shipped board, and what makes a package of them."""
    import hashlib  # noqa: PLC0415

    from regmap.codegen.emit import emit_boards  # noqa: PLC0415
    from regmap.codegen.plan import Header, module_name  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415

    files: dict[str, str] = {}
    modules: list[str] = []
    for name in find.shipped_names("boards"):
        files.update(_one(name, arguments, None))
        modules.append(module_name(name))
    if arguments.format == "python":
        digest = hashlib.sha256("\n".join(modules).encode("ascii")).hexdigest()
        header = Header("boards", __version__, "the-names-of-all-boards", digest)
        files.update(emit_boards(header, modules))
    return files


def _one(name: str, arguments: argparse.Namespace, console: Console | None) -> dict[str, str]:
    """The files of one map."""
    import regmap.api  # noqa: PLC0415
    from regmap import loaders  # noqa: PLC0415
    from regmap.codegen.emit import emit  # noqa: PLC0415
    from regmap.codegen.plan import Header, module_name, source_name, split_by_size  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415

    loaded = loaders.read(name)
    layout = lay_out(regmap.api.usable(loaded))
    if console is not None:
        _warn(loaded, console)
    is_split = arguments.split or (not arguments.single and split_by_size(layout))
    header = Header(
        module=module_name(Path(loaded.file).stem),
        version=__version__,
        source=source_name(loaded.file),
        sha256=loaded.sha256,
        split=is_split and arguments.format == "python",
    )
    return emit(layout, header, arguments.format)


def _warn(loaded: Loaded, console: Console) -> None:
    """Say which names of a vendor's file are other in Python; in YAML that is an error."""
    from regmap.check import check  # noqa: PLC0415

    if loaded.authored or loaded.model is None or not loaded.file.lower().endswith(_SVD):
        return
    found = [
        problem for problem in check(loaded.model, profile="import") if problem.rule in _RENAMING
    ]
    for problem in found[:_MOST_SHOWN]:
        console.note(str(problem))
    if len(found) > _MOST_SHOWN:
        console.note(f"{len(found) - _MOST_SHOWN} more names; see `regmap check {loaded.file}`")
