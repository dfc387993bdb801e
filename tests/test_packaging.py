"""What is built and installed: the wheel, the sdist, other Pythons, other systems, make's hints.

Everything is built in temporary folders from a copy of the sources, without a network and without
build isolation. The environments see the third-party packages of the environment that runs the
tests, and regmap from the wheel alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import textwrap
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typing import checkers

ROOT = Path(__file__).parent.parent
SHIPPED = ["pyproject.toml", "LICENSE", "README.md", "regmap", "maps", "generated"]
BUILT = shutil.ignore_patterns("*.so", "__pycache__", "build", "*.egg-info")

SMOKE = """
import sys
import regmap
from regmap.bits import BitRange
from regmap.model.access import Access, WriteAction
from regmap.model.block import Block, Field, Register

FLAG = Field(
    name="FLAG", bits=(BitRange(8, 1),), access=Access.READ_WRITE,
    write_action=WriteAction.ONE_TO_CLEAR,
)
BLOCK = Block(
    name="smoke",
    items=(
        Register(name="CTRL", offset=0, width=32, fields=(
            Field(name="MODE", bits=(BitRange(0, 4),)), FLAG,
        )),
        Register(name="BYTE", offset=4, width=8),
        Register(name="LONG", offset=8, width=64),
    ),
)


class Bus:
    def __init__(self):
        self.seen = []

    def read(self, address, width):
        self.seen.append(("R", address, width))
        return 0x10F

    def write(self, address, width, value):
        self.seen.append(("W", address, width, value))

    def close(self):
        pass


bus = Bus()
with regmap.open(BLOCK, backend=bus) as device:
    device.SMOKE.CTRL.MODE = 5
    device.SMOKE.BYTE = 0xFF
    assert bus.seen == [("R", 0, 32), ("W", 0, 32, 5), ("W", 4, 8, 0xFF)], bus.seen
    try:
        device.SMOKE.CTRL.MODE = 16
    except regmap.ValueDoesNotFit as error:
        assert "largest 0xf" in str(error)

with open(sys.argv[1], "wb") as file:
    file.truncate(0x1000)
with regmap.open(BLOCK, backend="file:" + sys.argv[1]) as device:
    device.SMOKE.LONG = 0x123456789ABCDEF0
    assert device.SMOKE.LONG.raw == 0x123456789ABCDEF0
    with open(sys.argv[1], "r+b") as file:
        file.truncate(0)
    try:
        device.SMOKE.LONG.raw
    except regmap.BusFault as error:
        assert error.address == 8
    else:
        raise AssertionError("a truncated file was read")
with regmap.open(BLOCK, backend="sim:") as device:
    device.backend.poke("SMOKE.CTRL", 0x100)
    device.SMOKE.CTRL.clear("FLAG")
    assert device.backend.peek("SMOKE.CTRL") == 0
print("ok", regmap._core.__file__)
"""


def run(*command: object, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        text=True, capture_output=True, timeout=300, check=False, **settings,  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done  # type: ignore[no-any-return]


def quiet() -> dict[str, str]:
    """An environment in which nothing of the tests' own is found by accident."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def build_wheel(source: Path, into: Path) -> Path:
    """The wheel that pip builds from a folder or an sdist, offline."""
    run(
        sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index",
        "--wheel-dir", into, source,
    )  # fmt: skip
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is needed to build, and nothing that was built before."""
    folder = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
        else:
            shutil.copy(ROOT / name, folder)
    # A checkout has these as well; they must stay out.
    shutil.copytree(ROOT / "tests" / "golden", folder / "tests" / "golden")
    (folder / "tests" / "test_something.py").touch()
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel holds, as a folder to put on a path."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # noqa: S202  (our own wheel)
    return folder


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
        "--no-index", wheel,
    )  # fmt: skip
    # Only the folder goes on the path: the editable install in there is not followed.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "third_party.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    return python


def names_in(wheel: Path) -> list[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


class TestWheel:
    def test_it_is_for_every_cpython_from_3_11(self, wheel: Path) -> None:
        assert wheel.name.startswith("regmap_hw-0.1.0-cp311-abi3-linux_")
        with zipfile.ZipFile(wheel) as archive:
            (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
            text = archive.read(file).decode()
        assert "Root-Is-Purelib: false" in text
        assert "Tag: cp311-abi3-" in text

    def test_it_holds_the_package_the_core_and_the_maps(self, wheel: Path) -> None:
        names = set(names_in(wheel))
        assert {"regmap/py.typed", "regmap/_core.pyi", "regmap/_core.abi3.so"} <= names
        for package in ("regmap", "maps", "generated"):
            inside = "regmap" if package == "regmap" else f"regmap/{package}"
            wanted = {
                f"{inside}/{file.relative_to(ROOT / package)}"
                for suffix in ("*.py", "*.pyi", "*.yaml", "*.j2")
                for file in (ROOT / package).rglob(suffix)
            }
            assert wanted <= names, sorted(wanted - names)
        assert sum(name.startswith("regmap/maps/boards/") for name in names) >= 8

    def test_it_holds_nothing_else(self, wheel: Path) -> None:
        for name in names_in(wheel):
            inside = name.startswith("regmap/") and name.endswith(
                (".py", ".pyi", ".yaml", ".j2", "/py.typed", "/_core.abi3.so")
            )
            # What the system is given to run the daemon.
            inside = inside or name.startswith("regmap/daemon/system/")
            assert inside or ".dist-info/" in name, name
        top = {name.split("/")[0] for name in names_in(wheel)}
        assert top == {"regmap", "regmap_hw-0.1.0.dist-info"}

    def test_it_says_what_it_is(self, unpacked: Path) -> None:
        text = (unpacked / "regmap_hw-0.1.0.dist-info" / "METADATA").read_text()
        head = text.partition("\n\n")[0].splitlines()
        for line in ("Name: regmap-hw", "License-Expression: MIT", "Requires-Python: >=3.11"):
            assert line in head
        for minor in range(11, 15):
            assert f"Classifier: Programming Language :: Python :: 3.{minor}" in head
        floors = [line for line in head if line.startswith("Requires-Dist") and "extra" not in line]
        assert floors
        assert all(">=" in line for line in floors)
        assert list((unpacked / "regmap_hw-0.1.0.dist-info" / "licenses").iterdir())

    def test_every_package_is_listed(self) -> None:
        listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
        packages = {
            ".".join(("regmap", *file.parent.relative_to(ROOT / "regmap").parts))
            for file in (ROOT / "regmap").rglob("__init__.py")
        }
        assert set(listed["packages"]) == packages | {"regmap.maps", "regmap.generated"}

    def test_every_c_source_is_listed(self) -> None:
        (core,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
            "ext-modules"
        ]
        found = {str(file.relative_to(ROOT)) for file in (ROOT / "regmap" / "csrc").iterdir()}
        assert {*core["sources"], *core["depends"]} == found


class TestInstalled:
    def test_it_brings_the_maps_along(self, installed: Path, tmp_path: Path) -> None:
        command = installed.with_name("regmap")
        listed = run(command, "list", cwd=tmp_path, env=quiet()).stdout
        assert "rpi1-rev2 " in listed
        assert "hpet " in listed
        where = "import regmap, regmap.maps; print(regmap.__file__, regmap.maps.__path__[0])"
        for place in run(installed, "-c", where, cwd=tmp_path, env=quiet()).stdout.split():
            assert Path(place).is_relative_to(installed.parent.parent)

    def test_the_command_and_the_module_work(self, installed: Path, tmp_path: Path) -> None:
        argv = ("read", "rpi1-rev2", "--backend", "sim:", "--raw", "GPIO.GPLEV0")
        for command in ((installed.with_name("regmap"),), (installed, "-m", "regmap")):
            assert run(*command, *argv, cwd=tmp_path, env=quiet()).stdout == "0x00000000\n"

    def test_the_demonstrations_find_their_own_source(
        self, installed: Path, tmp_path: Path
    ) -> None:
        shown = run(installed.with_name("regmap"), "demo", "words", cwd=tmp_path, env=quiet())
        assert ">>> device.WORDS.WORD32 = 0x12345678" in shown.stdout

    def test_types_reach_the_user(self, installed: Path, tmp_path: Path) -> None:
        script = tmp_path / "typed.py"
        script.write_text(
            textwrap.dedent(
                """
                from typing import assert_type

                import regmap
                from regmap.backends.base import Backend
                from regmap.live.device import Device
                from regmap.model.block import Block
                from regmap.model.chip import Board, Chip


                class Bus:
                    def read(self, address: int, width: int) -> int:
                        return 0

                    def write(self, address: int, width: int, value: int) -> None:
                        pass

                    def close(self) -> None:
                        pass


                bus: Backend = Bus()
                assert_type(regmap.load("pc"), Block | Chip | Board)
                with regmap.open("pc", backend=bus, cpu=0) as device:
                    assert_type(device, Device)
                    print(device.name, device.pins["P1-11"])
                try:
                    pass
                except regmap.BusFault as error:
                    assert_type(error.address, int)
                """
            )
        )
        mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", installed)
        cache = ("--cache-dir", tmp_path / "cache")
        done = run(*mypy, *cache, script, cwd=tmp_path, env=quiet())
        assert done.stdout == "Success: no issues found in 1 source file\n"
        script.write_text('import regmap\n\nregmap.open("pc", backend=5)\nregmap.opne("pc")\n')
        wrong = subprocess.run(
            [*mypy, *cache, script], cwd=tmp_path, env=quiet(), text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert "[arg-type]" in wrong.stdout
        assert 'Module has no attribute "opne"' in wrong.stdout

    @pytest.mark.parametrize("checker", [checkers.mypy, checkers.pyright])
    def test_the_typing_cases_hold_for_the_installed_modules(
        self, installed: Path, tmp_path: Path, checker: Callable[..., list[checkers.Finding]]
    ) -> None:
        if checker is checkers.pyright and checkers.no_pyright():
            pytest.skip(checkers.no_pyright())
        folder = checkers.prepare(tmp_path, installed=True)
        assert checkers.complaints(checker, folder, python=str(installed)) == ""

    def test_the_checkout_is_installed_editable(self) -> None:
        """The environment of these tests is one: it imports what is being edited."""
        import regmap

        assert Path(regmap.__file__) == ROOT / "regmap" / "__init__.py"
        from regmap.loaders import find

        assert find.shipped("pc") == ROOT / "maps" / "boards" / "pc.yaml"


def test_an_sdist_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    run(
        sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, source,
        env=quiet(),
    )  # fmt: skip
    (sdist,) = tmp_path.glob("regmap_hw-0.1.0.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "regmap/csrc/core.h"} <= names
    assert not [name for name in names if "golden" in name or name.endswith(".so")]
    again = build_wheel(sdist, tmp_path / "wheel")
    assert sorted(names_in(again)) == sorted(names_in(wheel))


def others() -> dict[str, Path]:
    """Other CPythons of this machine: on the path, or where pyenv keeps them."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found: dict[str, Path] = {}
    for minor in range(11, 16):
        name = f"python3.{minor}"
        candidates = [shutil.which(name), *sorted(pyenv.glob(f"3.{minor}.*/bin/{name}"))]
        for candidate in filter(None, candidates):
            command = [str(candidate), "-c", "import sys; print(sys.implementation.name)"]
            done = subprocess.run(command, text=True, capture_output=True, check=False)
            if done.stdout == "cpython\n":
                found[f"3.{minor}"] = Path(candidate)
                break
    return found


OTHERS = others()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_cpython_loads_the_same_core(version: str, unpacked: Path, tmp_path: Path) -> None:
    """A model made in Python needs no third-party package."""
    if version not in OTHERS:
        pytest.skip(f"CPython {version} is not on this machine")
    script = tmp_path / "smoke.py"
    script.write_text(SMOKE)
    done = run(
        OTHERS[version], "-W", "error", "-S", script, tmp_path / "image", cwd=tmp_path,
        env={**quiet(), "PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.stdout == f"ok {unpacked}/regmap/_core.abi3.so\n"


class TestElsewhere:
    """Off Linux there is no core: what needs it says so, and the rest works."""

    SCRIPT = """
        import sys
        # Python's own library is that of this system, whatever we pretend below.
        import importlib.resources, shutil, subprocess, tempfile

        sys.platform = sys.argv[1]
        for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
            sys.modules[name] = None
        import regmap

        assert type(regmap.load("rpi1-rev2")).__name__ == "Board"
        from regmap.cli.main import main

        commands = "check pc", "list", "show pc HPET", "export pc", "generate pc -o made"
        for command in commands:
            assert main(command.split()) == 0, command
        for backend in ("sim:", "mem:", None):
            try:
                regmap.open("pc", backend=backend)
            except regmap.BackendUnavailable as error:
                print(error, file=sys.stderr)
        assert main(["read", "pc", "--backend", "sim:", "HPET.GEN_CONF"]) == 3
        assert main(["doctor"]) == 0
        """

    @pytest.fixture
    def coreless(self, unpacked: Path, tmp_path: Path) -> Path:
        """The package without its compiled part."""
        shutil.copytree(unpacked / "regmap", tmp_path / "site" / "regmap", ignore=BUILT)
        return tmp_path / "site"

    @pytest.mark.parametrize("platform", ["darwin", "win32", "linux"])
    def test_it_says_so_and_does_the_rest(
        self, platform: str, coreless: Path, tmp_path: Path
    ) -> None:
        script = tmp_path / "elsewhere.py"
        script.write_text(textwrap.dedent(self.SCRIPT))
        done = run(
            sys.executable, script, platform, cwd=tmp_path,
            env={**quiet(), "PYTHONPATH": str(coreless)},
        )  # fmt: skip
        why = f"registers are accessed on Linux only, and this is {platform}"
        if platform == "linux":
            why = "the C core is not built for this Python; install the package with `pip install"
        lines = done.stderr.splitlines()
        assert len(lines) == 4
        assert all(why in line and "load, check and generate" in line for line in lines)


class TestMake:
    """`make` names whichever tool is missing before it starts anything."""

    @pytest.fixture
    def tools(self, tmp_path: Path) -> Path:
        """A path with everything that `make need` asks for."""
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("sh", "make", "gcc", "git"):
            found = shutil.which(name)
            assert found, f"{name} is needed for this test"
            (folder / name).symlink_to(found)
        python = folder / "python3"
        python.write_text(f'#!/bin/sh\nexec {sys._base_executable} "$@"\n')  # type: ignore[attr-defined]
        python.chmod(0o755)
        return folder

    def need(self, tools: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "-s", "-f", str(ROOT / "Makefile"), "need"],
            cwd=ROOT, env={"PATH": str(tools)}, text=True, capture_output=True, check=False,
        )  # fmt: skip

    def test_nothing_is_missing(self, tools: Path) -> None:
        done = self.need(tools)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize("missing", [["gcc"], ["git"], ["python3"], ["gcc", "git"]])
    def test_what_is_missing_is_named(self, tools: Path, missing: list[str]) -> None:
        for name in missing:
            (tools / name).unlink()
        done = self.need(tools)
        assert done.returncode != 0
        wanted = " ".join(missing).replace("python3", "python3 python3-venv python3-dev")
        assert done.stderr.startswith(f"make: missing: {wanted}; as root: apt install {wanted}\n")

    @pytest.mark.parametrize(
        ("test", "package"), [("ensurepip", "python3-venv"), ("sysconfig", "python3-dev")]
    )
    def test_debians_parts_of_python_are_named(self, tools: Path, test: str, package: str) -> None:
        """Debian splits Python; the command line that asks for a part fails as it does there."""
        python = (tools / "python3").read_text()
        fail = f'#!/bin/sh\ncase "$*" in *{test}*) exit 1;; esac\n'
        (tools / "python3").write_text(python.replace("#!/bin/sh\n", fail))
        done = self.need(tools)
        assert done.returncode != 0
        assert f"apt install {package}" in done.stderr

    def test_an_old_python_is_told(self, tools: Path) -> None:
        python = (tools / "python3").read_text()
        fail = '#!/bin/sh\ncase "$*" in *version_info*) exit 1;; esac\n'
        (tools / "python3").write_text(python.replace("#!/bin/sh\n", fail))
        done = self.need(tools)
        assert done.returncode != 0
        assert "Python 3.11 or later is needed" in done.stderr
