"""The API reference: HTML from the docstrings, under ``build/docs``.

Needs pdoc and no network. What a docstring or an annotation gets wrong is an error here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
import sys
import warnings
from pathlib import Path
from types import ModuleType

import regmap
import regmap.api

__all__ = ["build", "modules"]

ROOT = Path(__file__).resolve().parent.parent
# The command line is documented by its own help, demonstrations by playing them, and generated
# modules by what they are made of; a generated module's stub is what ``live.typed`` is for.
LEFT_OUT = (
    "regmap.cli",
    "regmap.codegen",
    "regmap.demos",
    "regmap.generated",
    "regmap.live.typed",
    "regmap.maps",
)


def modules() -> list[ModuleType]:
    """The public modules."""
    found = [regmap]
    for info in pkgutil.walk_packages(regmap.__path__, "regmap."):
        left_out = any(f"{info.name}.".startswith(f"{name}.") for name in LEFT_OUT)
        if not left_out and not info.name.rpartition(".")[2].startswith("_"):
            found.append(importlib.import_module(info.name))
    return found


def build(output: Path) -> list[str]:
    """Write the reference into ``output``, which is emptied first; the warnings that it gave."""
    import pdoc  # noqa: PLC0415  (only this tool needs it)
    import pdoc.render  # noqa: PLC0415

    found = modules()
    _make_visible(found)
    shutil.rmtree(output, ignore_errors=True)
    pdoc.render.configure(
        docformat="markdown",
        show_source=False,
        footer_text="regmap: registers by name, one exact bus access at a time",
    )
    # pdoc goes into a package by itself only where nothing says what the package exports.
    implied = {module.__name__ for module in found if not hasattr(module, "__all__")}
    named = (
        name for module in found if (name := module.__name__).rpartition(".")[0] not in implied
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pdoc.pdoc(*named, *(f"!{name}" for name in LEFT_OUT), output_directory=output)
    return [str(warning.message) for warning in caught]


def _make_visible(found: list[ModuleType]) -> None:
    """What pdoc, which looks at a module's dictionary, would miss."""
    from pdoc.doc_types import resolve_annotations  # noqa: PLC0415

    for module in found:
        # Names that a module makes when they are first used.
        for name in getattr(module, "__all__", ()):
            vars(module).setdefault(name, getattr(module, name))
        # The constructor of a named tuple has forgotten the module that its annotations are of.
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(cls, tuple)
                and hasattr(cls, "_fields")
                and cls.__module__ == module.__name__
            ):
                hints = resolve_annotations(cls.__annotations__, module, None, name)
                cls.__new__.__annotations__.update(hints)


def main(arguments: list[str]) -> int:
    """Build into the folder that is named, or into ``build/docs``."""
    output = Path(arguments[0]) if arguments else ROOT / "build" / "docs"
    found = build(output)
    for text in found:
        print(f"docs: {text}", file=sys.stderr)
    print(f"the API reference is {output / 'index.html'}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
