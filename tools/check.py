"""The one command of the tests: every check that needs no special machine, in order.

Each step prints one line with its time; a step that fails prints what it said and ends the run.
pytest is last and prints its own summary.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CHECKED = ["regmap", "tools", "tests"]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout and keep what it says."""
    return subprocess.run(  # noqa: PLW1510  (the caller looks at the status)
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def compile_core() -> subprocess.CompletedProcess[str]:
    """The C core with every warning an error."""
    sources = sorted(str(path) for path in (ROOT / "regmap" / "csrc").glob("*.c"))
    with tempfile.TemporaryDirectory() as scratch:
        return run(
            "gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
            "-fvisibility=hidden", "-DPy_LIMITED_API=0x030B0000",
            f"-I{sysconfig.get_paths()['include']}",
            *sources, "-o", f"{scratch}/core.so",
        )  # fmt: skip


def compare_modules() -> subprocess.CompletedProcess[str]:
    """The generated modules are what the shipped boards give now."""
    return run(PYTHON, "-m", "regmap", "generate", "--all", "--check", "-o", "generated")


STEPS: list[tuple[str, Callable[[], subprocess.CompletedProcess[str]]]] = [
    ("format", lambda: run(PYTHON, "-m", "ruff", "format", "--check", *CHECKED, "generated")),
    ("lint", lambda: run(PYTHON, "-m", "ruff", "check", *CHECKED)),
    ("types", lambda: run(PYTHON, "-m", "mypy", "--strict", "regmap", "tools", "generated")),
    ("C core", compile_core),
    ("modules", compare_modules),
]


def main(arguments: list[str]) -> int:
    """Run all steps; further arguments go to pytest."""
    for name, step in STEPS:
        start = time.monotonic()
        done = step()
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:<8} {verdict} ({time.monotonic() - start:.1f} s)", flush=True)
        if done.returncode != 0:
            print(done.stdout)
            return 1
    return subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
