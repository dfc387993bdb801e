"""Generated modules in the eyes of mypy --strict and of pyright's strict mode.

Files in ``passes`` get no error. In ``fails`` each line marked ``# error: code`` gets one from both
checkers, mypy's of one of these codes, and no other line gets any.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from regmap.layout import DeviceLayout
from tests.typing.checkers import (
    Finding,
    complaints,
    expected,
    mypy,
    no_pyright,
    prepare,
    pyright,
    stubs_of,
)
from tests.unit.stub_reading import hiding_names, long_names, stubs

Checker = Callable[..., list[Finding]]

needs_pyright = pytest.mark.skipif(bool(no_pyright()), reason=no_pyright())
each_checker = pytest.mark.parametrize(
    "checker", [pytest.param(mypy, id="mypy"), pytest.param(pyright, marks=needs_pyright)]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("typing"))


def shown(findings: list[Finding]) -> str:
    return "\n".join(f"{each.file}:{each.line}: {each.text} [{each.code}]" for each in findings)


@each_checker
def test_what_users_write_passes_and_what_they_get_wrong_is_said(
    folder: Path, checker: Checker
) -> None:
    assert complaints(checker, folder) == ""


def test_there_are_cases(folder: Path) -> None:
    assert len([*folder.glob("passes/*.py")]) >= 6
    assert len(expected(folder / "fails")) >= 100


@each_checker
def test_the_stubs_of_all_boards_are_clean(folder: Path, checker: Checker) -> None:
    findings = checker(folder, *(path.name for path in sorted(folder.glob("*.pyi"))))
    assert not findings, shown(findings)


@each_checker
def test_a_package_is_typed_like_a_module(tmp_path: Path, checker: Checker) -> None:
    for name, text in stubs_of("rpi1-rev2", split=True).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "case.py").write_text(
        "from typing import assert_type\n"
        "import rpi1_rev2\n"
        "from rpi1_rev2 import Bcm2835Gpio, Bcm2835Gpio_fsel, Bcm2835Gpio_pin\n"
        "pi = rpi1_rev2.open('sim:')\n"
        "assert_type(pi.GPIO, Bcm2835Gpio)\n"
        "assert_type(pi.pins['P1-11'], Bcm2835Gpio_pin)\n"
        "pi.GPIO.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT\n"
        "pi.GPIO.GPFSEL1.FSEL17 = 'OUTPT'\n"
    )
    findings = checker(tmp_path, "case.py", "rpi1_rev2")
    assert [(each.file, each.line) for each in findings] == [("case.py", 8)], shown(findings)


@each_checker
@pytest.mark.parametrize("layout", [hiding_names(), long_names()], ids=["hiding", "long"])
@pytest.mark.parametrize("split", [False, True], ids=["module", "package"])
def test_hostile_names_hide_nothing(
    tmp_path: Path, checker: Checker, layout: DeviceLayout, split: bool
) -> None:
    for name, text in stubs(layout, split=split).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    findings = checker(tmp_path, "chip" if split else "chip.pyi")
    assert not findings, shown(findings)
