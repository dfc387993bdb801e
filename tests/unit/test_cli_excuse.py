"""What ``export --format yaml`` says of a vendor's faults: the YAML is as usable as the SVD."""

from __future__ import annotations

from pathlib import Path

import pytest

import regmap
from regmap.errors import MapError
from tests.support import without_places
from tests.unit.cli_support import run

SVD = """<device schemaVersion="1.3"><name>ACME</name><version>1</version>
<description>A chip with faults.</description>
<addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
<peripherals><peripheral><name>class</name><baseAddress>0x1000</baseAddress>
<addressBlock><offset>0</offset><size>4</size><usage>registers</usage></addressBlock>
<registers>
<register><name>A</name><addressOffset>0</addressOffset><fields>
<field><name>X</name><bitRange>[3:0]</bitRange></field>
<field><name>def</name><bitRange>[5:2]</bitRange></field></fields></register>
<register><name>B</name>{0}<addressOffset>2</addressOffset></register>
</registers></peripheral></peripherals></device>
"""


@pytest.fixture
def svd(tmp_path: Path) -> Path:
    file = tmp_path / "acme.svd"
    file.write_text(SVD.format(""))
    return file


def test_what_is_exported_of_a_faulty_file_opens(svd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    assert run("export", str(svd), "--format", "yaml", "-o", str(out)).status == 0
    assert without_places(regmap.load(out)) == without_places(regmap.load(svd))
    assert run("check", str(out)).status == 0


def test_a_comment_stands_above_each_line_and_names_its_rules(svd: Path) -> None:
    lines = run("export", str(svd), "--format", "yaml").out.splitlines()
    found = [
        (line.strip().removeprefix("# regmap: "), lines[at + 1].strip())
        for at, line in enumerate(lines)
        if line.lstrip().startswith("# regmap:")
    ]
    assert found == [
        ("ignore[RM010, RM213]", "class:"),  # the instance
        ("ignore[RM010]", "class:"),  # the block
        ("ignore[RM010, RM201]", 'def: {bits: "5:2"}'),
        ("ignore[RM210, RM211]", "B: {offset: 0x02, reset: 0}"),
    ]


def test_one_block_of_it_opens_as_well(svd: Path, tmp_path: Path) -> None:
    out = tmp_path / "part.yaml"
    assert run("export", str(svd), "class", "--format", "yaml", "-o", str(out)).status == 0
    assert regmap.load(out).name == "part"


def test_what_nobody_can_use_is_not_excused(tmp_path: Path) -> None:
    svd, out = tmp_path / "acme.svd", tmp_path / "out.yaml"
    svd.write_text(SVD.format("<size>24</size>"))
    assert run("export", str(svd), "--format", "yaml", "-o", str(out)).status == 0
    assert "RM212" not in out.read_text()
    with pytest.raises(MapError, match="RM212"):
        regmap.load(out)


def test_a_file_without_faults_has_no_comments() -> None:
    assert "# regmap:" not in run("export", "bcm2835", "--format", "yaml").out
