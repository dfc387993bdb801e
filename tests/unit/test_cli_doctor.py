"""doctor: what it prints of what the examination found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regmap.backends import doctor, machine
from regmap.loaders.find import shipped_names
from tests.unit.cli_support import ok, run
from tests.unit.test_backend_doctor import PC_IOMEM, tree


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> machine.Machine:
    """A PC without /dev/mem that shows its addresses."""
    made = tree(
        tmp_path,
        {
            "proc/sys/kernel/arch": "x86_64\n",
            "proc/sys/kernel/osrelease": "6.1.0\n",
            "boot/config-6.1.0": "CONFIG_DEVMEM=y\nCONFIG_STRICT_DEVMEM=y\n",
            "proc/iomem": PC_IOMEM,
            "sys/class/dmi/id/product_name": "Standard \x1b[31mPC\n",
        },
    )
    examine = doctor.examine

    def elsewhere(boards: Any) -> doctor.Report:
        return examine(boards, made)

    monkeypatch.setattr(doctor, "examine", elsewhere)
    return made


def test_the_machine_its_boards_and_its_regions(here: machine.Machine) -> None:
    lines = ok("doctor").splitlines()
    assert lines[0] == "machine   Standard \\x1b[31mPC (x86_64)"
    assert lines[1] == "kernel    6.1.0"
    assert lines[2].startswith("built     CONFIG_DEVMEM=y, CONFIG_STRICT_DEVMEM=y")
    assert lines[4] == "board     pc"
    assert "pc: the architecture x86_64" in lines
    assert "rpi1-rev2: this machine is another" in lines
    assert any("there is no /dev/mem" in line for line in lines)
    table = [line.split() for line in lines[-3:]]
    assert table[0] == ["in", "region", "called", "would", "be", "of"]
    region = ["/proc/iomem", "0xfed00000-0xfed003ff", "PNP0103:00", "HPET", "(hpet)", "pc"]
    assert region in table


def test_only_the_boards_that_are_named(here: machine.Machine) -> None:
    text = ok("doctor", "rpi4", "rpi3")
    assert text.index("rpi4:") < text.index("rpi3:")
    assert "rpi2:" not in text
    assert "No region of /proc/iomem or /proc/ioports matches a shipped block." in text


def test_hidden_addresses_are_explained(here: machine.Machine) -> None:
    (here.root / "proc/iomem").write_text("00000000-00000000 : HPET 0\n")
    text = ok("doctor", "pc")
    assert "The kernel hides addresses from this user; as root there is more to say." in text
    assert "hidden" in text


def test_json(here: machine.Machine) -> None:
    answer = run("doctor", "--json").json
    assert list(answer) == ["facts", "recognised", "boards", "iomem", "ioports", "found", "located"]
    assert [board["name"] for board in answer["boards"]] == list(shipped_names("boards"))
    assert answer["facts"]["model"] == "Standard \x1b[31mPC"


def test_on_the_machine_that_this_is() -> None:
    assert "kernel    " in ok("doctor")
