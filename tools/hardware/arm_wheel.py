"""The wheel for aarch64, built on another machine by Debian's cross compiler.

``python -m tools.hardware.arm_wheel FOLDER`` puts it there. Needs the packages
``gcc-aarch64-linux-gnu`` and ``libc6-dev-arm64-cross``; Python's headers are fetched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.hardware import arm_packages, debian

__all__ = ["PACKAGES", "BuildFailed", "build", "main"]

PACKAGES = ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")
_COMPILER = "aarch64-linux-gnu-gcc"
_SOURCES = ("pyproject.toml", "LICENSE", "README.md", "regmap", "maps", "generated")
_BUILT = shutil.ignore_patterns("*.so", "__pycache__", "build", "*.egg-info")


class BuildFailed(Exception):
    """The sources do not build; the text is what the tools said."""


def build(folder: Path) -> Path:
    """The wheel, in ``folder``. Every warning is an error. Raises Unavailable, BuildFailed."""
    compiler = debian.program(_COMPILER, PACKAGES[0])
    headers = arm_packages.headers()
    environment = {
        # Names the platform to the build; the rest would otherwise be this Python's own.
        "_PYTHON_HOST_PLATFORM": "linux-aarch64",
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
        "CFLAGS": f"-Werror -I{headers}/{arm_packages.PYTHON} -I{headers}",
        "LDFLAGS": "",
    }
    with TemporaryDirectory(prefix="regmap-wheel-") as scratch:
        source = Path(scratch, "source")
        source.mkdir()
        for name in _SOURCES:  # a copy, since a build leaves files behind
            here = arm_packages.ROOT / name
            if here.is_dir():
                shutil.copytree(here, source / name, ignore=_BUILT)
            else:
                shutil.copy(here, source)
        command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"]
        command += ["--no-index", "--wheel-dir", f"{scratch}/made", str(source)]
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildFailed(done.stdout)
        [wheel] = Path(scratch, "made").glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(wheel, folder / wheel.name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it where the command line says; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.hardware.arm_wheel", description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        print(build(parser.parse_args(arguments).folder))
    except (debian.Unavailable, BuildFailed) as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
