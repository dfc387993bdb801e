"""The way from a description to checked text: render in one form, hold it against the guard."""

from __future__ import annotations

from typing import Literal

from regmap.codegen import guard
from regmap.codegen.cheader import render_c_header
from regmap.codegen.module import render_boards, render_module
from regmap.codegen.plan import Header
from regmap.codegen.stub import render_stub
from regmap.layout.device import DeviceLayout

__all__ = ["Form", "emit", "emit_boards"]

Form = Literal["python", "c-header"]


def emit(layout: DeviceLayout, header: Header, form: Form = "python") -> dict[str, str]:
    """The files of a device by their names in the output folder, checked.

    Raises guard.UnsafeOutput where something was rendered that no generated file may hold.
    """
    if form == "c-header":
        files = render_c_header(layout, header)
    else:
        files = render_module(layout, header)
        files.update(render_stub(layout, header))
    guard.check(files)
    return files


def emit_boards(header: Header, modules: list[str]) -> dict[str, str]:
    """The ``__init__.py`` of a folder that holds the modules of some boards, checked."""
    files = render_boards(header, modules)
    guard.check(files)
    return files
