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

__all__ = ["Unavailable", "cache", "install", "program", "resolve", "run", "unpacked"]

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
    run(["apt-get", "update"])
    run(["apt-get", "install", "--yes", "--no-install-recommends", *packages])


def resolve(metapackage: str, prefix: str, apt: Sequence[str] = ()) -> str:
    """The package that a metapackage stands for: its first dependency that starts with prefix.

    ``apt`` are further options for apt, here and below.
    """
    command = ["apt-cache", *apt, "depends", "--important", metapackage]
    for line in run(command).splitlines():
        kind, _, name = line.strip().partition(": ")
        if kind == "Depends" and name.startswith(prefix):
            return name
    raise Unavailable(f"apt knows no {prefix}* behind {metapackage}")


def unpacked(package: str | Sequence[str], members: Sequence[str], apt: Sequence[str] = ()) -> Path:
    """A folder with those members of a package, which need not be installed; fetched once.

    Several packages are unpacked into one folder. ``members`` are patterns for tar, each of which
    every package must have. Takes the version that apt offers. Raises Unavailable.
    """
    packages = (package,) if isinstance(package, str) else tuple(package)
    offered = run(["apt-get", *apt, "download", "--print-uris", *packages]).splitlines()
    names = [line.split()[1] for line in offered if line.startswith("'")]
    if len(names) != len(packages):
        raise Unavailable(f"apt does not offer all of: {' '.join(packages)}")
    named = (tuple(members), *names[1:]) if names[1:] else tuple(members)
    key = zlib.crc32(repr(named).encode())
    folder = cache() / f"{Path(names[0]).stem}-{key:08x}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tree = Path(scratch, "tree")
            tree.mkdir()
            _fetch(packages, members, tree, apt)
            tree.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another run has just made the same one
            raise Unavailable(f"cannot unpack {' '.join(packages)}: {error}") from error
    return folder


def cache() -> Path:
    """Where unpacked packages are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "regmap-hw", "packages")


def _fetch(packages: Sequence[str], members: Sequence[str], tree: Path, apt: Sequence[str]) -> None:
    print(f"fetching {' '.join(packages)} into {cache()}", file=sys.stderr, flush=True)
    # apt's own sandbox user cannot write to a private folder; root needs no sandbox for this.
    download = ["apt-get", *apt, "--option", "APT::Sandbox::User=root", "download"]
    run([*download, *packages], tree.parent)
    for deb in sorted(tree.parent.glob("*.deb")):
        with subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
            run(["tar", "--extract", "--wildcards", *members], tree, source.stdout)


def run(command: Sequence[str], folder: Path | None = None, source: IO[bytes] | None = None) -> str:
    """What a command writes to its standard output. Raises Unavailable where it fails."""
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
