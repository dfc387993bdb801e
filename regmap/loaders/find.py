"""Names to files: shipped descriptions, paths, and what a description refers to.

A text that ends in ``.yaml``, ``.yml``, ``.svd`` or ``.xml`` is a path, any other is a shipped
name. What a file refers to by name (``block:``, ``extends:``) is looked for beside it, in the
folders ``chips`` and ``boards`` next to its own, and then among the shipped.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Literal

__all__ = ["Kind", "is_path", "is_shipped", "referred", "shipped", "shipped_names"]

Kind = Literal["chips", "boards"]

_SUFFIXES = (".yaml", ".yml", ".svd", ".xml")
# A name never leaves its folder: no separator, no leading dot.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def is_path(source: str) -> bool:
    """Whether a text is the path of a description, not the name of a shipped one."""
    return source.lower().endswith(_SUFFIXES)


@cache
def _folder(kind: Kind) -> Traversable:
    return files("regmap.maps").joinpath(kind)


def shipped_names(kind: Kind) -> tuple[str, ...]:
    """The names of the shipped blocks (``chips``) or boards, sorted."""
    folder = _folder(kind)
    found = folder.iterdir() if folder.is_dir() else iter(())
    return tuple(
        sorted(each.name.removesuffix(".yaml") for each in found if each.name.endswith(".yaml"))
    )


def shipped(name: str, kinds: tuple[Kind, ...] = ("boards", "chips")) -> Traversable | None:
    """The file of a shipped description, boards first."""
    if not _NAME.fullmatch(name):
        return None
    for kind in kinds:
        found = _folder(kind).joinpath(f"{name}.yaml")
        if found.is_file():
            return found
    return None


def is_shipped(file: str) -> bool:
    """Whether a file, by the name that places carry, is one of the shipped."""
    found = shipped(PurePath(file).stem)
    return found is not None and str(found) == file


def referred(name: str, kind: Kind, beside: str | None) -> Traversable | None:
    """The file that the description in file ``beside`` means by a name."""
    if not _NAME.fullmatch(name):
        return None
    if beside is not None:
        for folder in _folders(Path(beside).parent, kind):
            found = folder / f"{name}.yaml"
            if found.is_file():
                return found
    return shipped(name, (kind,))


def _folders(own: Path, kind: Kind) -> Iterator[Path]:
    yield own
    yield own.parent / kind if own.name else Path(os.pardir) / kind
