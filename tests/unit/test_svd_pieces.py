"""A large SVD file is read a peripheral at a time, and nothing shows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regmap.loaders import read, svd
from regmap.loaders.report import Log
from regmap.loaders.svd.pieces import chip_in_pieces
from tests.support import without_places
from tests.unit.svd_support import device, peripheral, tag

GOOD = Path(__file__).parents[1] / "data" / "good"
VENDORS = Path(os.environ.get("REGMAP_SVD_DIR", Path(__file__).parents[3] / "shared" / "svd"))
FILES = [GOOD / "small.svd", *sorted((GOOD / "svd").glob("*.svd")), *sorted(VENDORS.glob("*.svd"))]
R = tag("register", name="R", addressOffset=0, access="rw")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_comes_of_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(file)
    monkeypatch.setattr(svd, "LEAST_BYTES", 0)
    found = read(file)
    # Of enums that are equal, the one made first has the place.
    assert without_places(found.model) == without_places(expected.model)
    assert {(p.rule, p.text, p.count) for p in found.problems} == {
        (p.rule, p.text, p.count) for p in expected.problems
    }


def pieces(text: str) -> object:
    """The chip of a document read in pieces, or None."""
    return chip_in_pieces(text.encode(), "d.svd", Log())


def test_what_stands_for_itself_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regmap.loaders.svd.pieces._PIECE", 4)
    text = f"<device><peripherals>{peripheral(R)}</peripherals></device>"
    assert pieces(text) is not None
    # What would change peripherals that are made already is read at once.
    for late in ("<size>8</size>", "<cpu><endian>big</endian></cpu>"):
        assert pieces(text.replace("</device>", f"{late}</device>")) is None
        assert pieces(text.replace("<peripherals>", f"{late}<peripherals>")) is not None


@pytest.mark.parametrize(
    "text",
    ["<device><peripherals><peripheral>", "<device/>", "<other><peripheral/></other>",
     "<device><peripherals><peripheral/><regmap/></peripherals></device>"],
)  # fmt: skip
def test_the_rest_is_read_at_once(text: str) -> None:
    assert pieces(text) is None


def test_a_refusal_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svd, "LEAST_BYTES", 0)
    huge = tag("register", name="R%s", addressOffset=0, dim=2_000_000, dimIncrement=4)
    loaded = device(peripheral(huge))
    assert loaded.model is None
    assert len(loaded.problems) == 1
