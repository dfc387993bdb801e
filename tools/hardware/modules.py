"""Kernel modules and what they depend on, read from the modules themselves."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["in_load_order"]

_DEPENDS = re.compile(rb"(?:^|\0)depends=([^\0]*)\0")


def in_load_order(tree: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Each wanted module after those it depends on: its name and its contents, uncompressed.

    What is built into the kernel is left out. Raises LookupError for a module that is neither.
    """
    files = {_name(path.name): path for path in tree.rglob("*.ko*")}
    builtin = {
        _name(Path(line).name)
        for listing in tree.rglob("modules.builtin")
        for line in listing.read_text().split()
    }
    found: dict[str, bytes] = {}

    def visit(name: str) -> None:
        if name in found or name in builtin:
            return
        if name not in files:
            raise LookupError(f"no kernel module {name} under {tree}")
        data = _contents(files[name])
        match = _DEPENDS.search(data)
        for other in (match[1].decode() if match else "").split(","):
            if other:
                visit(_name(other))
        found[name] = data

    for name in wanted:
        visit(_name(name))
    return found


def _name(file: str) -> str:
    return file.partition(".ko")[0].replace("-", "_")


def _contents(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data
