"""Where the cache may be: a folder and a file of our own that nobody else can write or swap.

What is in the cache becomes addresses that are written to, so a place that another user could have
prepared is not used at all. Nothing is mended either: a folder with the wrong owner or mode stays
as it is.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["private_file"]

_VARIABLE = "REGMAP_CACHE"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def private_file(name: str) -> tuple[Path | None, str]:
    """The file ``name`` in the cache's folder, both made where they are missing, and ""; or None
    and why there is none.

    The folder is what ``REGMAP_CACHE`` says ("off" for none), else ``$XDG_CACHE_HOME/regmap``,
    else ``~/.cache/regmap``.
    """
    folder, why = _folder()
    if folder is None:
        return None, why
    try:
        why = _make_folder(folder)
        file = folder / name
        return (None, why) if why else (file, "") if not (why := _make_file(file)) else (None, why)
    except OSError as error:
        return None, f"{folder}: {error.strerror}"


def _folder() -> tuple[Path | None, str]:
    said = os.environ.get(_VARIABLE, "")
    if said.lower() == "off":
        return None, f"{_VARIABLE} is off"
    if not hasattr(os, "geteuid"):
        return None, "this system has no owners of files"
    if said:
        return Path(os.path.abspath(said)), ""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return (Path(base) / "regmap", "") if os.path.isabs(base) else (None, "there is no home")


def _make_folder(folder: Path) -> str:
    """Why the folder cannot be used, or ""."""
    if not os.path.lexists(folder):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else"
    if found.st_mode & _OTHERS:
        return f"{folder} is open to others (chmod 700)"
    # Who may write a folder above could put another one in our folder's place.
    for above in Path(os.path.realpath(folder)).parents:
        found = os.lstat(above)
        is_shared = found.st_mode & _WRITE_OTHERS and not found.st_mode & stat.S_ISVTX
        if is_shared or found.st_uid not in {0, os.geteuid()}:
            return f"{above}, above it, can be written by others"
    return ""


def _make_file(file: Path) -> str:
    """Why the file cannot be used, or ""."""
    try:
        found = os.lstat(file)
    except FileNotFoundError:
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        made = os.open(file, flags, 0o600)
        try:
            found = os.fstat(made)
        finally:
            os.close(made)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        return f"{file} is no plain file"
    if found.st_uid != os.geteuid():
        return f"{file} belongs to somebody else"
    if found.st_mode & _OTHERS:
        return f"{file} is open to others (chmod 600)"
    return ""
