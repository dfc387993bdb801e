"""What an arm64 guest starts from: a root of its own with Debian's Python for it, and the project.

The project is there as its wheel for that processor, so that the wheel is what is tested.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
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
    [vmlinuz], [config] = kernel.rglob("vmlinuz-*"), kernel.rglob("config-*")
    entry = Entry(f"boot/{config.name}", stat.S_IFREG | 0o644, config.read_bytes())
    start = initramfs.own_root((*_files(), entry), modules.in_load_order(kernel, wanted), run)
    tree = ("-dtb", str(next(kernel.rglob(device_tree)))) if device_tree else ()
    return guest.Image(vmlinuz, start, tree)


@cache
def _files() -> tuple[Entry, ...]:
    system, packages = arm_packages.system(), arm_packages.requirements()
    for cached in (system, packages):
        if not any(cached.rglob("__pycache__")):
            _compile(cached)
    with TemporaryDirectory(prefix="regmap-arm64-") as scratch:
        site, project = Path(scratch, "site"), Path(scratch, _PROJECT)
        with zipfile.ZipFile(arm_wheel.build(Path(scratch))) as wheel:
            wheel.extractall(site)
        for file in (each for pattern in _TESTS for each in arm_packages.ROOT.glob(pattern)):
            copy = project / file.relative_to(arm_packages.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        _compile(Path(scratch))
        return (
            *_tree(system, ""),
            *_tree(packages, _SITE),
            *_tree(site, _SITE),
            *_tree(project, _PROJECT),
        )


def _compile(folder: Path) -> None:
    """Compile to bytecode here, where it is fast, by a Python whose bytecode is the guest's."""
    same = sys.version_info[:2] == arm_packages.VERSION
    python = sys.executable if same else shutil.which(arm_packages.PYTHON)
    if python is None:
        print(
            f"no {arm_packages.PYTHON} here: the guest starts slowly", file=sys.stderr, flush=True
        )
        return
    how = ["-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash"]
    # Without a check: what does not compile is not run either.
    subprocess.run([python, *how, str(folder)], stdout=subprocess.DEVNULL, check=False)


def _tree(folder: Path, into: str) -> Iterator[Entry]:
    for base, names, others in os.walk(folder):
        names[:] = [name for name in names if name not in _LEFT_OUT]
        for path in (Path(base, name) for name in (*names, *others)):
            target = f"{into}/{path.relative_to(folder)}"
            if path.is_symlink():
                yield Entry(target, stat.S_IFLNK | 0o777, os.fsencode(path.readlink()))
            elif path.is_file():
                yield Entry(target, stat.S_IFREG | 0o755, path.read_bytes())
