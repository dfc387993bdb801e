"""A patch is used like any other description: opened, checked, shown, exported, generated."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import regmap
from regmap import loaders
from regmap.errors import MapError
from regmap.model.chip import Chip
from tests.support import without_places
from tests.unit.cli_support import run
from tests.unit.patching import VENDOR

PATCH = """\
regmap: 1
patch: {svd: vendor.svd, version: "1.2"}
description: What the vendor got wrong.
rename: {"UART?/UART_*": "{1}"}
set: {"UART?/UART_SR": {access: rw}}
delete: ["*/RESERVED*"]
"""


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    shutil.copy(VENDOR, tmp_path / "vendor.svd")
    path = tmp_path / "my_chip.patch.yaml"
    path.write_text(PATCH)
    return path


def said(*words: object) -> tuple[int, str]:
    """The status and all output of a command."""
    result = run(*map(str, words))
    return result.status, result.out + result.err


def test_it_is_opened(patch: Path) -> None:
    with regmap.open(patch, backend="sim:") as chip:
        chip.UART1.CR.MODE = "RUN"
        assert chip.UART1.CR.raw == 1
        assert not hasattr(chip.UART1, "UART_CR")


def test_it_is_checked_as_somebody_writes_it(patch: Path) -> None:
    assert said("check", patch)[0] == 0
    patch.write_text(PATCH.replace("access: rw", "access: rw, offset: 1"))
    status, told = said("check", patch)
    assert status == 1
    assert f"{patch}:5:7: error RM211" in told
    with pytest.raises(MapError, match="RM211"):
        regmap.load(patch)


def test_what_is_left_wrong_in_the_vendors_file_stops_nobody(patch: Path) -> None:
    patch.write_text(PATCH.replace("set: ", "x-set: "))
    status, told = said("check", patch)
    assert "vendor.svd:58:13: warning RM205" in told
    assert status == 0
    assert isinstance(regmap.load(patch), Chip)
    assert said("check", "--strict", patch)[0] == 1


def test_a_comment_silences_a_rule(patch: Path) -> None:
    line = 'set: {"UART?/UART_SR": {offset: 1}}'
    patch.write_text(PATCH.replace('set: {"UART?/UART_SR": {access: rw}}', line))
    assert said("check", patch)[0] == 1
    patch.write_text(patch.read_text().replace(line, f"{line}  # regmap: ignore[RM210, RM211]"))
    assert "error" not in said("check", patch)[1].replace("errors", "")


def test_it_is_shown_and_exported(patch: Path) -> None:
    assert "UART1.SR: 32 bits at 0x40001004" in said("show", patch, "UART1.SR")[1]
    lines = said("export", patch)[1].splitlines()
    paths = [json.loads(line)["path"] for line in lines]
    assert "UART0.SR" in paths
    assert not any("RESERVED1" in path for path in paths)


def test_the_effective_map_is_a_file_of_its_own(patch: Path, tmp_path: Path) -> None:
    first, second = (said("export", patch, "--format", "yaml")[1] for _ in range(2))
    assert first == second, "stable for a diff"
    (tmp_path / "whole.yaml").write_text(first)
    assert without_places(loaders.load(tmp_path / "whole.yaml")) == without_places(
        loaders.load(patch)
    )
    assert "UART_SR" not in first.replace("alternateRegister", "")


def test_generated_code_knows_the_patch_and_its_svd_file(patch: Path, tmp_path: Path) -> None:
    words = ("generate", patch, "-o", tmp_path / "out")
    assert said(*words)[0] == 0
    assert said(*words, "--check")[0] == 0
    vendor = tmp_path / "vendor.svd"
    before = vendor.read_text()
    vendor.write_text(before.replace("</device>", "<!-- a new edition --></device>"))
    status, told = said(*words, "--check")
    assert (status, "out of date" in told) == (1, True)
    vendor.write_text(before)
    assert said(*words, "--check")[0] == 0
    patch.write_text(PATCH + "# a word more\n")
    assert said(*words, "--check")[0] == 1
