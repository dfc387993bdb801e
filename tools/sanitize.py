"""Test the C core under AddressSanitizer and UndefinedBehaviorSanitizer.

Builds the core with both into a temporary directory, beside copies of the package and of the
core's tests, and runs those tests there with libasan loaded first. Nothing in the work tree
changes. Exit status 0: no findings; 1: a finding or a failed test; 2: cannot run here.

    python tools/sanitize.py [PYTEST-ARGUMENT...]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
COMPILER = "gcc"  # the name of the run-time library below is gcc's
FLAGS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]

ENVIRONMENT = {
    # The interpreter never frees what lives as long as it does, so leaks at exit say nothing;
    # tests/unit/test_core_gc.py counts what calls leave behind. The core's own fault handler and
    # those of the tests must get SIGSEGV and SIGBUS, so the sanitizer does not take them; a wild
    # pointer then ends the run with that signal.
    "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0:handle_sigbus=0:abort_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "PYTHONMALLOC": "malloc",  # one sanitized allocation for each object
    "PYTHONDONTWRITEBYTECODE": "1",
}

DESELECTED = {
    "tests/unit/test_core_build.py": "about the source and the ordinary binary, not about running",
}


def main(arguments: list[str]) -> int:
    """Build, run, and give pytest's verdict."""
    runtime = _runtime()
    if runtime is None:
        print(f"cannot sanitize: {COMPILER} or its libasan is missing", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="regmap-sanitize-") as name:
        place = Path(name)
        _copy(place)
        if _compile(place / "regmap" / "_core.abi3.so") != 0:
            print("cannot sanitize: the core did not compile", file=sys.stderr)
            return 2
        return _test(place, runtime, arguments)


def _runtime() -> str | None:
    """The library that has to be loaded before all others."""
    if shutil.which(COMPILER) is None:
        return None
    found = subprocess.run(
        [COMPILER, "-print-file-name=libasan.so"], capture_output=True, text=True, check=False
    ).stdout.strip()
    # gcc answers with the bare name where it has no such file.
    return found if Path(found).is_absolute() and Path(found).exists() else None


def _copy(place: Path) -> None:
    """The package without its binary, and the tests of the core."""
    shutil.copytree(
        ROOT / "regmap", place / "regmap", ignore=shutil.ignore_patterns("*.so", "__pycache__")
    )
    tests = place / "tests"
    (tests / "unit").mkdir(parents=True)
    shutil.copytree(
        ROOT / "tests" / "probe", tests / "probe", ignore=shutil.ignore_patterns("__pycache__")
    )
    for source in [
        *ROOT.glob("tests/__init__.py"),
        *ROOT.glob("tests/conftest.py"),
        *ROOT.glob("tests/unit/__init__.py"),
        *ROOT.glob("tests/unit/core_*.py"),
        *ROOT.glob("tests/unit/test_core_*.py"),
        ROOT / "pyproject.toml",
    ]:
        shutil.copy(source, place / source.relative_to(ROOT))


def _compile(target: Path) -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extension = settings["tool"]["setuptools"]["ext-modules"][0]
    defines = [f"-D{name}={value}" for name, value in extension["define-macros"]]
    return subprocess.run(
        [COMPILER, *extension["extra-compile-args"], "-O1", "-g", *FLAGS, *defines, "-fPIC",
         "-shared", f"-I{sysconfig.get_path('include')}", "-o", str(target),
         *(str(ROOT / source) for source in extension["sources"])],
        check=False,
    ).returncode  # fmt: skip


def _test(place: Path, runtime: str, arguments: list[str]) -> int:
    environment = {**os.environ, **ENVIRONMENT, "LD_PRELOAD": runtime, "PYTHONPATH": str(place)}
    probe = subprocess.run(
        [sys.executable, "-c", "import regmap._core; print(regmap._core.__file__)"],
        env=environment, cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not probe.stdout.startswith(str(place)):
        print(f"cannot sanitize: {probe.stdout}{probe.stderr}", file=sys.stderr)
        return 2
    ignored = [f"--ignore={path}" for path in DESELECTED]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ignored, *arguments,
         "tests"],
        env=environment, cwd=place, check=False,
    )  # fmt: skip
    return 0 if done.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
