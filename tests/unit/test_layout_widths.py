"""A register of a width that no bus has, which the file of a vendor can state, is refused with its
place when it is used; the rest of the file works."""

from __future__ import annotations

from pathlib import Path

import pytest

import regmap
from regmap.errors import MapError
from tests.unit.cli_support import run

SVD = """<device schemaVersion="1.3"><name>ACME</name><version>1</version>
<description>d</description><addressUnitBits>8</addressUnitBits><width>32</width>
<peripherals>
<peripheral><name>GOOD</name><baseAddress>0x2000</baseAddress>
<registers><register><name>R</name><addressOffset>0</addressOffset></register></registers>
</peripheral>
<peripheral><name>BAD</name><baseAddress>0x1000</baseAddress><registers>
<register><name>R</name><size>{0}</size><addressOffset>0</addressOffset></register>
</registers></peripheral></peripherals></device>
"""


@pytest.fixture(params=[1, 7, 24, 128])
def svd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "acme.svd"
    file.write_text(SVD.format(request.param))
    return file


def test_the_register_is_refused_and_other_blocks_work(svd: Path) -> None:
    with regmap.open(svd, backend="sim:") as chip:
        assert chip.GOOD.R.raw == 0
        with pytest.raises(MapError, match=r"acme\.svd:8:1: .*register R is \d+ bits wide"):
            _ = chip.BAD.R


@pytest.mark.parametrize(
    "command",
    [["dump", "--backend", "sim:"], ["export"], ["generate", "-o", "{out}"], ["show", "{bad}"]],
)
def test_no_command_ends_in_a_traceback(svd: Path, tmp_path: Path, command: list[str]) -> None:
    name, *rest = command
    words = [word.format(out=tmp_path / "out", bad="BAD") for word in rest]
    result = run(name, str(svd), *words)
    assert result.status == 2
    assert "bits wide" in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["GOOD", "GOOD.R", "GOOD.*"])
def test_the_other_blocks_are_shown(svd: Path, path: str) -> None:
    assert run("show", str(svd), path).status == 0
