"""Programs and files from Debian packages: found, installed, or unpacked into a cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

__all__ = ["Unavailable", "cache", "install", "program", "resolve", "unpacked"]

_MINUTES = 60.0


class Unavailable(Exception):
    """Something a hardware test needs is not on this machine; the text is one line."""


def program(name: str, package: str) -> str:
    """The path of a program. Raises Unavailable, naming the package that has it."""
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed (Debian package {package})")
    return found


def install(packages: Sequence[str]) -> None:
    """Install packages with apt-get, as root. Raises Unavailable."""
    if os.geteuid() != 0:
        raise Unavailable(f"installing {' '.join(packages)} needs root")
    _run(["apt-get", "update"])
    _run(["apt-get", "install", "--yes", "--no-install-recommends", *packages])


def resolve(metapackage: str, prefix: str) -> str:
    """The package that a metapackage stands for: its first dependency that starts with prefix."""
    for line in _run(["apt-cache", "depends", "--important", metapackage]).splitlines():
        kind, _, name = line.strip().partition(": ")
        if kind == "Depends" and name.startswith(prefix):
            return name
    raise Unavailable(f"apt knows no {prefix}* behind {metapackage}")


def unpacked(package: str, members: Sequence[str]) -> Path:
    """A folder with those members of a package, which need not be installed; fetched once.

    ``members`` are patterns for tar. Takes the version that apt offers. Raises Unavailable.
    """
    offered = _run(["apt-get", "download", "--print-uris", package]).split()
    if len(offered) < 2:
        raise Unavailable(f"apt offers no {package}")
    key = zlib.crc32(repr(tuple(members)).encode())
    folder = cache() / f"{Path(offered[1]).stem}-{key:08x}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tree = Path(scratch, "tree")
            tree.mkdir()
            _fetch(package, members, tree)
            tree.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another run has just made the same one
            raise Unavailable(f"cannot unpack {package}: {error}") from error
    return folder


def cache() -> Path:
    """Where unpacked packages are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "regmap-hw", "packages")


def _fetch(package: str, members: Sequence[str], tree: Path) -> None:
    print(f"fetching {package} into {cache()}", file=sys.stderr, flush=True)
    # apt's own sandbox user cannot write to a private folder; root needs no sandbox for this.
    _run(["apt-get", "--option", "APT::Sandbox::User=root", "download", package], tree.parent)
    [deb] = tree.parent.glob("*.deb")
    with subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        _run(["tar", "--extract", "--wildcards", *members], tree, source.stdout)


def _run(command: list[str], folder: Path | None = None, source: IO[bytes] | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if source is None else source,
            capture_output=True,
            text=True,
            timeout=10 * _MINUTES,
            check=True,
        )
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{' '.join(command)} did not end") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        hint = " (try apt-get update)" if command[0].startswith("apt-") else ""
        raise Unavailable(f"{' '.join(command)}: {last}{hint}") from error
    return done.stdout
