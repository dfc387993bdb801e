"""The source of the core: clean under every compiler here, within the stable ABI, and with one
place that touches a device."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from regmap import _core

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "regmap" / "csrc"
EXTENSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "setuptools"
]["ext-modules"][0]


def test_every_source_is_built_and_every_header_rebuilds() -> None:
    assert sorted(EXTENSION["sources"]) == sorted(
        str(path.relative_to(ROOT)) for path in SOURCES.glob("*.c")
    )
    assert sorted(EXTENSION["depends"]) == sorted(
        str(path.relative_to(ROOT)) for path in SOURCES.glob("*.h")
    )


@pytest.mark.parametrize("path", sorted(SOURCES.iterdir()), ids=lambda path: path.name)
def test_files_are_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 350
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("/* ")


@pytest.mark.parametrize("optimise", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", [name for name in ("gcc", "clang") if shutil.which(name)])
def test_no_warnings(compiler: str, optimise: str, tmp_path: Path) -> None:
    defines = [f"-D{name}={value}" for name, value in EXTENSION["define-macros"]]
    done = subprocess.run(
        [compiler, *EXTENSION["extra-compile-args"], *defines, optimise, "-Werror", "-fPIC",
         "-shared", f"-I{sysconfig.get_path('include')}", "-o", str(tmp_path / "core.so"),
         *(str(ROOT / source) for source in EXTENSION["sources"])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_only_the_access_header_dereferences_a_device_pointer() -> None:
    """Elsewhere a mapping's start may be passed on, never looked through."""
    for path in SOURCES.iterdir():
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        if path.name != "access.h":
            assert not re.search(r"volatile\s+u?int", text), path.name
            assert not re.search(r"start\s*\[|\*\s*\(?\s*\w+->start", text), path.name
        else:
            assert len(re.findall(r"return \*\(const volatile uint\d+_t \*\)at", text)) == 4
            assert len(re.findall(r"\*\(volatile uint\d+_t \*\)at = ", text)) == 4


def test_the_equation_is_written_once() -> None:
    holders = [path.name for path in SOURCES.iterdir() if "& ~mask) |" in path.read_text("utf-8")]
    assert sorted(holders) == ["merge.h", "module.c"]  # module.c: the docstring


def test_the_binary_keeps_to_the_stable_abi() -> None:
    """Private names of CPython are not part of it, but for those that its macros use."""
    if shutil.which("nm") is None:
        pytest.skip("no nm on this machine")
    file = _core.__file__
    assert file is not None
    assert file.endswith(".abi3.so")
    done = subprocess.run(
        ["nm", "-D", "--undefined-only", file], capture_output=True, text=True, check=True
    )
    names = {line.split()[-1].split("@")[0] for line in done.stdout.splitlines()}
    # Macros of the stable ABI stand for these.
    allowed = re.compile(r"_Py_(Dealloc|(None|True|False)Struct)|_Py\w+_SizeT")
    assert [name for name in names if name.startswith("_Py") and not allowed.fullmatch(name)] == []
    exported = subprocess.run(
        ["nm", "-D", "--defined-only", file], capture_output=True, text=True, check=True
    )
    assert [line.split()[-1] for line in exported.stdout.splitlines()] == ["PyInit__core"]


def test_the_stub_says_what_is_there(tmp_path: Path) -> None:
    """mypy's stubtest, on the core alone: nothing is excluded."""
    config = tmp_path / "mypy.ini"
    config.write_text(
        f"[mypy]\nstrict = True\nfollow_imports = silent\ncache_dir = {tmp_path}/cache\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "regmap._core", "--mypy-config-file", str(config)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_core_loads_nothing_but_the_errors() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import regmap._core\n"
        "print(sorted(n for n in set(sys.modules) - before if n.startswith('regmap')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = done.stdout.strip()
    assert "'regmap._core'" in loaded
    assert "'regmap.errors'" in loaded
