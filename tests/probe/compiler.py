"""Test-only C libraries, compiled when first needed with the system's compiler."""

from __future__ import annotations

import atexit
import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["compiler", "library", "library_path"]

_HERE = Path(__file__).parent


def compiler() -> str | None:
    """The C compiler to use, or None where the machine has none."""
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


@functools.cache
def _directory() -> Path:
    directory = tempfile.TemporaryDirectory(prefix="regmap-probe-")
    atexit.register(directory.cleanup)
    return Path(directory.name)


@functools.cache
def library_path(stem: str) -> Path:
    """The shared library made from ``<stem>.c`` beside this file."""
    command = compiler()
    if command is None:
        raise RuntimeError("no C compiler: looked for cc, gcc and clang")
    target = _directory() / f"{stem}.so"
    subprocess.run(
        [command, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
         "-pthread", "-o", str(target), str(_HERE / f"{stem}.c")],
        check=True,
    )  # fmt: skip
    return target


@functools.cache
def library(stem: str) -> ctypes.CDLL:
    """The same, loaded."""
    return ctypes.CDLL(str(library_path(stem)))
