"""What SVD cannot say, kept in a written file: when it is used, and when it is not."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from regmap import loaders
from regmap.errors import MapError, Place
from regmap.loaders import Loaded
from regmap.loaders.text import MOST_BYTES
from regmap.model.block import Block, Register
from regmap.model.chip import Board, Chip
from regmap.writers.svd import as_svd
from regmap.writers.svd_rest import MOST_TEXT, digest_of
from regmap.writers.svd_same import Same
from tests.support import without_places

SMALL = Path(__file__).parents[1] / "data" / "good" / "small.svd"


def read(text: str) -> Any:
    return loaders.read("written.svd", text=text).model


@pytest.fixture(scope="module")
def written() -> str:
    return as_svd(loaders.load("rpi1-rev2"), read)


def loaded(text: str) -> Loaded:
    return loaders.read("written.svd", text=text)


def warning_of(found: Loaded) -> str:
    (problem,) = found.problems
    assert problem.severity == "warning"
    assert problem.place is not None
    assert problem.place.line > 1
    return problem.text


def test_it_is_said_what_svd_cannot_say(written: str) -> None:
    said = re.findall("<unsaid>(.*?)</unsaid>", written)
    assert said[0] == "rpi1-rev2: source, pins, fixed-pins, match, backends, bus-base, locator"
    assert said[1].startswith("bcm2835_gpio: views, ")


COMPLETE = (
    '<device schemaVersion="1.3"><name>D</name><version>1</version><description>d</description>'
    "<addressUnitBits>8</addressUnitBits><width>32</width><peripherals><peripheral>"
    "<name>P</name><baseAddress>0</baseAddress><addressBlock><offset>0</offset>"
    "<size>4</size><usage>registers</usage></addressBlock><registers><register><name>R</name>"
    "<addressOffset>0</addressOffset></register></registers></peripheral></peripherals></device>"
)


def test_a_file_that_says_it_all_has_no_extension() -> None:
    assert "vendorExtensions" not in as_svd(read(COMPLETE), read)


def test_one_odd_name_keeps_its_block_alone() -> None:
    model = read(COMPLETE.replace("<name>R</name>", "<name>R-1</name>"))
    text = as_svd(model, read)
    assert "<name>R_1</name>" in text
    root = etree.fromstring(text.encode())
    kept = [(each.tag, each.get("name")) for each in root.find("vendorExtensions/regmap")]
    assert kept == [("unsaid", None), ("block", "P")]
    assert without_places(read(text)) == without_places(model)


def test_places_and_what_is_extended_are_not_compared() -> None:
    here, there = (Place("f", line, 1) for line in (1, 2))
    one = Block(name="b", items=(Register(name="R", offset=0, place=here),), extends="a")
    other = replace(one, items=(Register(name="R", offset=0, place=there),), extends="")
    assert one != other
    assert Same().of(one, other)
    assert not Same().of(one, replace(other, items=other.items * 2))
    assert not Same().of(one, replace(other, items=()))
    assert not Same().of(one, replace(other, per_cpu=True))
    assert Same().of(one, replace(other, per_cpu=True), aside=frozenset({"per_cpu"}))


def test_indentation_and_comments_do_not_matter(written: str) -> None:
    root = etree.fromstring(written.encode(), etree.XMLParser(remove_blank_text=True))
    root.find("peripherals").insert(0, etree.Comment("seen"))
    found = loaded(etree.tostring(root, encoding="unicode"))
    assert isinstance(found.model, Board)
    assert without_places(found.model) == without_places(loaders.load("rpi1-rev2"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<addressOffset>0x4</addressOffset>", "<addressOffset>0x8</addressOffset>"),
        ("<baseAddress>0x20200000", "<baseAddress>0x3F200000"),
        ("<description>Raspberry", "<description>raspberry"),
        ('schemaVersion="1.3"', 'schemaVersion="1.1"'),
    ],
)
def test_an_edited_svd_means_what_it_says(written: str, before: str, after: str) -> None:
    assert before in written
    found = loaded(written.replace(before, after, 1))
    assert "was edited" in warning_of(found)
    assert type(found.model) is Chip
    assert after.partition(">")[2][:5] in as_svd(found.model)


def test_another_version_is_not_used(written: str) -> None:
    found = loaded(written.replace('<regmap version="1"', '<regmap version="2"'))
    assert "version '2'" in warning_of(found)
    assert type(found.model) is Chip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("block: bcm2835_gpio\n    base", "block: none\n    base"),
        ("board: rpi1-rev2", "chip: rpi1-rev2"),
        ("board: rpi1-rev2", "bored: rpi1-rev2"),
        ("regmap: 1\nblock:", "regmap: 1\nblock: [\nblock:"),
        ('kind="board"', 'kind="chip"'),
        ('kind="board"', 'kind="strange"'),
        ("views:", "veiws:"),
        ("regmap: 1\nboard", "&amp;a [*a]\nboard"),
    ],
)
def test_what_cannot_be_read_is_not_used(written: str, before: str, after: str) -> None:
    assert before in written
    found = loaded(written.replace(before, after))
    assert "cannot be read" in warning_of(found)
    assert type(found.model) is Chip


def test_a_chip_with_one_odd_block_keeps_the_others() -> None:
    model = read(SMALL.read_text())
    text = as_svd(model, read)
    assert without_places(read(text)) == without_places(model)
    assert loaded(text).problems == ()


def test_the_rest_of_a_block_without_its_registers() -> None:
    """A block with nothing but one thing that SVD cannot say keeps its registers in SVD alone."""
    yaml = "regmap: 1\nblock: b\nper-cpu: true\nregisters:\n  R: {offset: 0}\n"
    block = loaders.read("b.yaml", text=yaml).model
    assert isinstance(block, Block)
    text = as_svd(block, read)
    assert '<block name="b" registers="B">' in text
    assert "offset: 0" not in text
    assert without_places(read(text)) == without_places(block)
    missing = text.replace('registers="B"', 'registers="X"')
    assert "no peripheral 'X'" in warning_of(loaded(missing))


def test_blocks_stay_unmade_until_they_are_asked_for() -> None:
    yaml = "regmap: 1\nblock: b\nper-cpu: true\nregisters:\n  R: {offset: 0}\n"
    text = as_svd(loaders.read("b.yaml", text=yaml).model, read)  # type: ignore[arg-type]
    model = loaders.read("written.svd", text=text, whole=False).model
    assert isinstance(model, Block)
    assert model.per_cpu
    with pytest.raises(AttributeError):
        object.__getattribute__(model, "items")
    assert [each.name for each in model.items] == ["R"]


def test_the_digest_is_over_the_canonical_form() -> None:
    text = '<device schemaVersion="1.3"><name>D</name><peripherals b="1" a="2"/></device>'
    root = etree.fromstring(text)
    canonical = '1.3<name>D</name><peripherals a="2" b="1"></peripherals>'
    assert digest_of(root) == hashlib.sha256(canonical.encode()).hexdigest()
    etree.SubElement(root, "vendorExtensions").text = "anything"
    assert digest_of(root) == hashlib.sha256(canonical.encode()).hexdigest()


def test_more_than_a_reader_takes_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_TEXT == MOST_BYTES
    monkeypatch.setattr("regmap.writers.svd_rest.MOST_TEXT", 1000)
    with pytest.raises(MapError, match="more than 1,000 bytes"):
        as_svd(loaders.load("rpi1-rev2"), read)


def test_more_than_is_ever_written_is_not_read(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regmap.loaders.svd.embedded.MOST_TEXTS", 1000)
    found = loaded(written)
    assert "too long" in warning_of(found)
    assert type(found.model) is Chip


def test_places_are_in_the_svd_file(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = written[: written.index("\nboard: rpi1-rev2")].count("\n") + 2
    model = read(written)
    assert str(model.place) == f"written.svd:{line}:1"
    # Far down in a file that would cost too much.
    monkeypatch.setattr("regmap.loaders.svd.embedded._MOST_LINES", 10)
    within = line - 2
    assert str(read(written).place) == f"written.svd, from line {within} on:2:1"
