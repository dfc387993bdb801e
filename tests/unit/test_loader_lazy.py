"""Reading an SVD file late: the same chip as reading all of it, made no sooner than asked for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap import loaders
from regmap.layout.lower import lay_out
from regmap.layout.rows import as_json, rows
from regmap.loaders.svd import read_svd
from regmap.model.block import Block
from regmap.model.chip import Chip

SMALL = Path(__file__).parents[1] / "data" / "good" / "small.svd"
SHARED = Path(__file__).parents[3] / "shared" / "svd"
REAL = sorted(SHARED.glob("*.svd"))
FILES = [SMALL, *REAL]
needs_files = pytest.mark.skipif(not REAL, reason=f"there are no vendor files in {SHARED}")


class Words:
    """A backend whose every word is its address."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def read(self, address: int, width: int) -> int:
        self.seen.append((address, width))
        return address & ((1 << width) - 1)

    def write(self, address: int, width: int, value: int) -> None:
        raise AssertionError("nothing is written here")

    def close(self) -> None: ...


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blocks made from here on."""
    found: list[str] = []
    defer = Block.deferred.__func__  # type: ignore[attr-defined]

    def watched(cls: type[Block], make: object, **known: object) -> Block:
        def make_it() -> Block:
            found.append(str(known["name"]))
            block: Block = make()  # type: ignore[operator]
            return block

        block: Block = defer(cls, make_it, **known)
        return block

    monkeypatch.setattr(Block, "deferred", classmethod(watched))
    return found


def chip(file: Path, *, whole: bool) -> Chip:
    model = loaders.read(file, whole=whole).model
    assert type(model) is Chip
    return model


def differences(one: Chip, other: Chip) -> list[str]:
    """The instances that differ, by name: chips of thousands of lines say nothing to a reader."""
    pairs = zip(one.instances, other.instances, strict=True)
    found = [mine.name for mine, theirs in pairs if mine != theirs]
    return found or ([] if one == other else ["the chip itself"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_late_is_the_same_as_whole(file: Path) -> None:
    assert differences(chip(file, whole=False), chip(file, whole=True)) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_blocks_in_any_order_mean_the_same(file: Path) -> None:
    # What one block is does not depend on which were made before it; but equal enums are one
    # object, which has the place of the first that was read.
    late = chip(file, whole=False)
    for instance in reversed(late.instances):
        assert instance.block.items is not None
    pairs = zip(flat(late), flat(chip(file, whole=True)), strict=True)
    assert [mine["path"] for mine, theirs in pairs if mine != theirs] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_cache_gives_the_same(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGMAP_CACHE", str(tmp_path))
    monkeypatch.setattr("regmap.loaders.cache._LEAST_BYTES", 0)
    tmp_path.chmod(0o700)
    expected = chip(file, whole=True)
    for _ in range(3):
        assert differences(chip(file, whole=False), expected) == []
    # What layout makes of it depends on what is one object, too.
    pairs = zip(flat(chip(file, whole=False)), flat(expected), strict=True)
    assert [mine["path"] for mine, theirs in pairs if mine != theirs] == []
    monkeypatch.setattr("regmap.loaders.svd.read_svd", None)
    assert differences(chip(file, whole=False), expected) == []


def flat(model: Chip) -> Iterator[dict[str, Any]]:
    return map(as_json, rows(lay_out(model)))


def test_only_what_is_touched_is_made(made: list[str]) -> None:
    bus = Words()
    with regmap.open(SMALL, backend=bus) as device:
        names = list(device.layout.instances)
        repr(device), dir(device)
        assert made == []
        uart = device[names[0]]
        assert made == [device.layout.instances[names[0]].block_name]
        register = next(iter(uart))
        register.read()
        assert bus.seen == [(register.address, register.width)]
        assert len(made) == 1


@needs_files
def test_reading_one_register_of_a_real_file_makes_one_block(made: list[str]) -> None:
    for file in REAL:
        made.clear()
        with regmap.open(file, backend=Words()) as device:
            for name in device.layout.instances:
                register = next(iter(device[name]), None)
                if register is not None:
                    break
            assert len(made) <= 2  # one of them may have been empty


def test_what_is_odd_inside_a_block_is_told_by_reading_all(tmp_path: Path) -> None:
    file = tmp_path / "odd.svd"
    text = SMALL.read_text(encoding="utf-8")
    file.write_text(text.replace("read-only", "read only", 1), encoding="utf-8")
    assert any("read only" in str(each) for each in loaders.read(file).problems)
    assert loaders.read(file, whole=False).problems == ()
    assert chip(file, whole=False) == chip(file, whole=True)


def test_a_text_of_ones_own_is_read_whole_or_late() -> None:
    text = SMALL.read_text(encoding="utf-8")
    late = loaders.read(SMALL, text=text, whole=False).model
    assert late == chip(SMALL, whole=True)


def test_load_and_open_read_late(made: list[str]) -> None:
    regmap.load(SMALL)
    loaders.load(SMALL)
    assert made == []
    loaders.read(SMALL)
    assert callable(read_svd)


def test_a_whole_reading_leaves_no_work_for_the_collector(tmp_path: Path) -> None:
    path = tmp_path / "chip.svd"
    path.write_text(
        "<device><name>C</name><peripherals><peripheral><name>P</name><baseAddress>0</baseAddress>"
        "<registers><register><name>R</name><addressOffset>0</addressOffset></register></registers>"
        '</peripheral><peripheral derivedFrom="P"><name>Q</name><baseAddress>64</baseAddress>'
        "</peripheral></peripherals></device>"
    )
    loaders.read(path)  # what is made once and kept
    gc.collect()
    gc.disable()
    try:
        loaded = loaders.read(path)
        assert loaded.model is not None
        del loaded
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kinds = {type(each).__name__ for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not kinds & {"Node", "_Element"}
