"""What an arm64 guest starts from: a root of its own with Debian's Python for it, and the project.

The project is there as its wheel for that processor, so that the wheel is what is tested.
"""

from __future__ import annotations

import os
import shlex
import stat
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.hardware import arm_packages, arm_wheel, guest, initramfs, modules
from tools.hardware.initramfs import Entry

__all__ = ["image"]

_LEFT_OUT = {"share", "gconv", "test", "idlelib", "tkinter", "lib2to3", "pydoc_data", "include"}
_SITE = "usr/lib/python3/dist-packages"
_PROJECT = "project"  # a folder with the tests' side, which is in no wheel
_TESTS = ("tools/hardware/*.py", "tests/hardware/*.py", "tests/hardware/maps/*.yaml")


def image(script: Path, wanted: Sequence[str] = (), *, device_tree: str = "") -> guest.Image:
    """Runs a script of the checkout, with kernel modules and a device tree. Raises Unavailable."""
    kernel = arm_packages.kernel()
    inside = f"/{_PROJECT}/{script.resolve().relative_to(arm_packages.ROOT)}"
    python = [f"/usr/bin/{arm_packages.PYTHON}", "-u", "-c", guest.RUN, inside, f"/{_PROJECT}"]
    # What init started has a short path, and none of Python's folders.
    run = shlex.join(["env", "PATH=/usr/bin:/bin", *guest.ENVIRONMENT, *python])
    start = initramfs.own_root(_files(), modules.in_load_order(kernel, wanted), run)
    [vmlinuz] = kernel.rglob("vmlinuz-*")
    tree = ("-dtb", str(next(kernel.rglob(device_tree)))) if device_tree else ()
    return guest.Image(vmlinuz, start, tree)


@cache
def _files() -> tuple[Entry, ...]:
    return (
        *_tree(arm_packages.system(), ""),
        *_tree(arm_packages.requirements(), _SITE),
        *(Entry(f"{_SITE}/{name}", stat.S_IFREG | 0o644, data) for name, data in _wheel().items()),
        *(
            _file(f"{_PROJECT}/{each.relative_to(arm_packages.ROOT)}", each)
            for pattern in _TESTS
            for each in sorted(arm_packages.ROOT.glob(pattern))
        ),
    )


def _wheel() -> dict[str, bytes]:
    with (
        TemporaryDirectory(prefix="regmap-wheel-") as scratch,
        zipfile.ZipFile(arm_wheel.build(Path(scratch))) as wheel,
    ):
        return {name: wheel.read(name) for name in wheel.namelist()}


def _tree(folder: Path, into: str) -> Iterator[Entry]:
    for base, names, others in os.walk(folder):
        names[:] = [name for name in names if name not in _LEFT_OUT]
        for path in (Path(base, name) for name in (*names, *others)):
            target = f"{into}/{path.relative_to(folder)}"
            if path.is_symlink():
                yield Entry(target, stat.S_IFLNK | 0o777, os.fsencode(path.readlink()))
            elif path.is_file():
                yield _file(target, path)


def _file(name: str, path: Path) -> Entry:
    return Entry(name, stat.S_IFREG | 0o755, path.read_bytes())
