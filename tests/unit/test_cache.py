"""The cache of SVD files: what it gives is what the file says, whatever has happened to either."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import regmap.loaders.svd
from regmap import loaders
from regmap.errors import MapError, Place
from regmap.loaders.cache.store import Store
from regmap.model.chip import Chip

DATABASE = "svd-1.sqlite"
# Larger than what is too small to be kept.
PADDING = f"<!--{'x' * 79}-->\n" * 4000


def svd_text(reset: int = 5, padding: str = PADDING) -> str:
    return f"""<?xml version="1.0"?>
<device schemaVersion="1.3">
  <name>BIG</name><version>1</version><description>Large</description>
  <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size>
  <peripherals>
    <peripheral><name>A</name><baseAddress>0x1000</baseAddress>
      <registers><register><name>R</name><addressOffset>4</addressOffset>
        <resetValue>{reset}</resetValue>
        <fields><field><name>F</name><bitRange>[1:0]</bitRange>
          <enumeratedValues><name>LEVEL</name><enumeratedValue><name>LOW</name><value>0</value>
          </enumeratedValue></enumeratedValues></field></fields>
      </register></registers></peripheral>
    <peripheral derivedFrom="A"><name>B</name><baseAddress>0x2000</baseAddress></peripheral>
    <peripheral><name>C</name><baseAddress>0x3000</baseAddress>
      <registers><register><name>ODD</name><addressOffset>0</addressOffset></register></registers>
    </peripheral>
  </peripherals>
</device>
{padding}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own; not made yet."""
    made = tmp_path / "cache"
    monkeypatch.setenv("REGMAP_CACHE", str(made))
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that has been there for a while."""
    made = tmp_path / "big.svd"
    made.write_text(svd_text(), encoding="utf-8")
    return made


@pytest.fixture(autouse=True)
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files written by a test count as old; the test of young ones asks the clock."""
    monkeypatch.setattr("regmap.loaders.cache._RACY_NS", -(1 << 62))


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are parsed from here on."""
    found: list[str] = []
    parse = regmap.loaders.svd.read_svd

    def counted(data: bytes, name: str, files: object, *, whole: bool = True) -> object:
        found.append(Path(name).name)
        return parse(data, name, files, whole=whole)  # type: ignore[arg-type]

    monkeypatch.setattr(regmap.loaders.svd, "read_svd", counted)
    return found


def load(file: Path) -> Chip:
    model = loaders.load(file)
    assert type(model) is Chip
    return model


def whole(file: Path) -> Chip:
    """What the file says, read in full and without the cache."""
    model = loaders.read(file).model
    assert type(model) is Chip
    return model


def used(chip: Chip) -> Chip:
    """The chip after each of its blocks was asked for."""
    for each in chip.instances:
        assert each.block.items
    return chip


def reset_of(chip: Chip) -> int | None:
    register = chip.instances[0].block.items[0]
    return getattr(register, "reset", None)


# ---- what is found -----------------------------------------------------------------------------


def test_the_second_opening_parses_nothing(folder: Path, file: Path, parses: list[str]) -> None:
    first = used(load(file))
    assert parses == ["big.svd"]
    second = used(load(file))
    assert parses == ["big.svd"]
    assert first == second == whole(file)
    assert second.instances[0].block is second.instances[1].block
    assert (folder / DATABASE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_digest_and_problems_are_told_as_at_first(folder: Path, file: Path) -> None:
    file.write_text(svd_text().replace("<size>32<", "<size>32</size><size>32<"), encoding="utf-8")
    first = loaders.read(file, whole=False)
    second = loaders.read(file, whole=False)
    assert first.problems
    assert second.problems == first.problems
    assert second.sha256 == first.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_block_that_nobody_had_asked_for_is_read_late(
    folder: Path, file: Path, parses: list[str]
) -> None:
    assert load(file).instances[0].block.items
    second = load(file)
    assert second.instances[0].block.items
    assert parses == ["big.svd"]
    assert second.instances[2].block.items
    assert parses == ["big.svd", "big.svd"]
    assert second == whole(file)
    parses.clear()
    assert used(load(file)) == second
    assert parses == []


def test_a_file_that_has_changed_before_that_is_an_error(folder: Path, file: Path) -> None:
    load(file)
    late = load(file)
    file.write_text(svd_text(6), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(MapError, match="has changed since it was opened"):
            _ = late.instances[0].block.items
    file.unlink()
    with pytest.raises(MapError, match="cannot be read"):
        _ = late.instances[0].block.items


def test_another_content_is_another_chip(folder: Path, file: Path, parses: list[str]) -> None:
    assert reset_of(load(file)) == 5
    file.write_text(svd_text(6), encoding="utf-8")
    assert reset_of(load(file)) == 6
    file.write_text(svd_text(5), encoding="utf-8")
    assert reset_of(load(file)) == 5
    assert parses == ["big.svd", "big.svd"]


def test_an_equal_file_elsewhere_has_places_of_its_own(
    folder: Path, file: Path, tmp_path: Path, parses: list[str]
) -> None:
    used(load(file))
    copy = tmp_path / "copy" / file.name
    copy.parent.mkdir()
    shutil.copy(file, copy)
    second = used(load(copy))
    assert parses == ["big.svd"]
    assert second == whole(copy)
    place = second.instances[0].block.items[0].place
    assert isinstance(place, Place)
    assert place.file == str(copy)


def test_a_device_without_a_name_is_called_after_its_own_file(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    file.write_text(svd_text().replace("<name>BIG</name>", ""), encoding="utf-8")
    copy = tmp_path / "other.svd"
    shutil.copy(file, copy)
    assert load(file).name != load(copy).name


def test_a_file_written_just_now_is_known_by_its_content(
    folder: Path, file: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The times of a file say nothing about a writing within their own grain.
    monkeypatch.setattr("regmap.loaders.cache._RACY_NS", 2_000_000_000)
    monkeypatch.setattr("regmap.loaders.cache._stamp_of", lambda _: "the same all the time")
    assert reset_of(load(file)) == 5
    assert reset_of(load(file)) == 5
    assert parses == ["big.svd"]
    file.write_text(svd_text(6), encoding="utf-8")
    assert reset_of(load(file)) == 6
    # And this is what goes wrong without that rule: the stamp is taken for the content.
    monkeypatch.setattr("regmap.loaders.cache._RACY_NS", -(1 << 62))
    assert reset_of(load(file)) == 6
    file.write_text(svd_text(7), encoding="utf-8")
    assert reset_of(load(file)) == 6


def test_another_version_of_the_reader_finds_nothing(
    folder: Path, file: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(file)
    monkeypatch.setattr("regmap.loaders.cache._version", lambda: "another")
    load(file)
    assert parses == ["big.svd", "big.svd"]


def test_errors_are_not_kept(folder: Path, file: Path) -> None:
    file.write_text(svd_text().replace("</device>", "</devise>"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(MapError, match="RM001"):
            load(file)


# ---- what does not go through the cache --------------------------------------------------------


def test_reading_all_of_a_file_leaves_the_cache_alone(folder: Path, file: Path) -> None:
    loaders.read(file)
    loaders.read(file, text=svd_text(), whole=False)
    assert not folder.exists()


def test_a_small_file_is_not_kept(folder: Path, file: Path) -> None:
    file.write_text(svd_text(padding=""), encoding="utf-8")
    assert used(load(file)) == whole(file)
    assert not folder.exists()


def test_importing_and_yaml_bring_no_database() -> None:
    code = """
        import sys, regmap
        assert "sqlite3" not in sys.modules
        regmap.load("rpi1-rev2")
        assert "sqlite3" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


# ---- where it is -------------------------------------------------------------------------------


def test_off_is_off(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("REGMAP_CACHE", "off")
    load(file)
    assert not (tmp_path / "xdg").exists()
    monkeypatch.delenv("REGMAP_CACHE")
    load(file)
    assert (tmp_path / "xdg" / "regmap" / DATABASE).exists()


def test_the_home_is_used_where_nothing_else_is_said(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGMAP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    load(file)
    assert (tmp_path / ".cache" / "regmap" / DATABASE).exists()


def unsafe_folder_open_to_others(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    folder.chmod(0o750)


def unsafe_folder_is_a_link(folder: Path) -> None:
    other = folder.with_name("elsewhere")
    other.mkdir(mode=0o700)
    folder.symlink_to(other)


def unsafe_folder_is_a_file(folder: Path) -> None:
    folder.write_text("")


def unsafe_parent_is_everybodys(folder: Path) -> None:
    folder.parent.chmod(0o777)
    folder.mkdir(mode=0o700)


def unsafe_file_open_to_others(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / DATABASE).touch(mode=0o644)
    (folder / DATABASE).chmod(0o644)


def unsafe_file_is_a_link(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    target = folder.with_name("target")
    target.touch(mode=0o600)
    (folder / DATABASE).symlink_to(target)


def unsafe_file_has_a_second_name(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / DATABASE).touch(mode=0o600)
    folder.with_name("target").hardlink_to(folder / DATABASE)


def unsafe_file_is_a_pipe(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.mkfifo(folder / DATABASE, 0o600)


UNSAFE = [
    unsafe_folder_open_to_others,
    unsafe_folder_is_a_link,
    unsafe_folder_is_a_file,
    unsafe_parent_is_everybodys,
    unsafe_file_open_to_others,
    unsafe_file_is_a_link,
    unsafe_file_has_a_second_name,
    unsafe_file_is_a_pipe,
]


@pytest.mark.parametrize("make", UNSAFE, ids=lambda make: make.__name__)
def test_a_place_that_others_could_have_prepared_is_not_used(
    make: object, folder: Path, file: Path, tmp_path: Path, parses: list[str]
) -> None:
    assert callable(make)
    make(folder)
    before = state_of(tmp_path)
    load(file)
    used(load(file))
    assert parses == ["big.svd", "big.svd"]
    assert state_of(tmp_path) == before  # nothing written, nothing mended


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(each): (each.lstat().st_mode, each.lstat().st_size)
        for each in sorted(folder.rglob("*"))
    }


def test_what_belongs_to_somebody_else_is_not_used(
    folder: Path, file: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(file)
    # To become somebody else takes root; that root and we are others does not.
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    load(file)
    assert parses == ["big.svd", "big.svd"]


# ---- broken and foreign files ------------------------------------------------------------------


def database(folder: Path) -> Path:
    return folder / DATABASE


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database(folder), isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def break_nonsense(folder: Path) -> None:
    database(folder).write_bytes(b"this is no database" * 1000)


def break_empty(folder: Path) -> None:
    database(folder).write_bytes(b"")


def break_foreign(folder: Path) -> None:
    database(folder).unlink()
    execute(folder, "CREATE TABLE mine (a)")
    database(folder).chmod(0o600)


def break_trigger(folder: Path) -> None:
    execute(folder, "CREATE TRIGGER t AFTER INSERT ON part BEGIN DELETE FROM part; END")


def break_view(folder: Path) -> None:
    execute(folder, "DROP TABLE part", "CREATE VIEW part AS SELECT 'k' key, 1 number")


def break_payloads(folder: Path) -> None:
    execute(
        folder,
        "UPDATE part SET payload ="
        """ CAST(replace(payload, '"reset":5', '"reset":6') AS BLOB) WHERE number = 0""",
    )


def break_swapped(folder: Path) -> None:
    # The index and the blocks change places.
    execute(
        folder, "UPDATE part SET number = 100 + number", "UPDATE part SET number = 100 - number"
    )


def break_types(folder: Path) -> None:
    execute(folder, "UPDATE part SET payload = 7, digest = 'x'", "UPDATE document SET used = 'x'")


def break_nulls(folder: Path) -> None:
    execute(folder, "UPDATE part SET payload = NULL", "UPDATE path SET sha256 = NULL")


def break_giants(folder: Path) -> None:
    execute(folder, "UPDATE part SET payload = zeroblob(100000000)")


def break_contents(folder: Path) -> None:
    execute(folder, "UPDATE path SET sha256 = 'elsewhere'")


def break_lost_index(folder: Path) -> None:
    execute(folder, "DELETE FROM part WHERE number < 0")


BREAKS = [
    break_nonsense, break_empty, break_foreign, break_trigger, break_view, break_payloads,
    break_swapped, break_types, break_nulls, break_giants, break_contents, break_lost_index,
]  # fmt: skip


@pytest.mark.parametrize("damage", BREAKS, ids=lambda damage: damage.__name__)
def test_a_broken_cache_is_ignored_and_made_anew(
    damage: object, folder: Path, file: Path, parses: list[str]
) -> None:
    expected = used(load(file))
    assert callable(damage)
    damage(folder)
    assert used(load(file)) == expected
    assert used(load(file)) == expected
    parses.clear()
    assert used(load(file)) == expected
    assert parses == []


def test_a_cache_cut_short_or_damaged_anywhere_gives_nothing_wrong(
    folder: Path, file: Path
) -> None:
    expected = used(load(file))
    kept = database(folder).read_bytes()
    for at in range(0, len(kept), len(kept) // 60):
        for broken in (kept[:at], kept[:at] + bytes([kept[at] ^ 0x55]) + kept[at + 1 :]):
            database(folder).write_bytes(broken)
            assert used(load(file)) == expected


# ---- several at once ---------------------------------------------------------------------------


def test_a_locked_cache_is_done_without(folder: Path, file: Path) -> None:
    expected = used(load(file))
    with closing(sqlite3.connect(database(folder), isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert used(load(file)) == expected
        db.execute("ROLLBACK")


def test_several_processes_fill_one_cache(folder: Path, tmp_path: Path) -> None:
    files = []
    for number in range(4):
        files.append(tmp_path / f"big{number}.svd")
        files[-1].write_text(svd_text(number), encoding="utf-8")
    code = """
        import sys
        from regmap import loaders
        for turn in range(5):
            for number, file in enumerate(sys.argv[1:]):
                chip = loaders.load(file)
                assert chip.instances[0].block.items[0].reset == number
                assert chip.instances[2].block.items[0].name == "ODD"
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *map(str, files)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    assert [each.communicate()[1] for each in running] == [b""] * 4
    assert [each.returncode for each in running] == [0] * 4
    assert Store(database(folder)).get("none", 0) is None  # whole, and free


def test_threads_make_a_block_alike(
    folder: Path, file: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(file)
    late = load(file)
    parse = regmap.loaders.svd.read_svd

    def slow(*given: Any, **options: Any) -> object:
        threading.Event().wait(0.2)  # time for the others to come here too, if they may
        return parse(*given, **options)

    monkeypatch.setattr(regmap.loaders.svd, "read_svd", slow)
    gate = threading.Barrier(8)
    found: list[object] = []

    def work() -> None:
        gate.wait()
        found.append(late.instances[0].block.items)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [whole(file).instances[0].block.items] * 8
    assert parses.count("big.svd") == 3  # the first opening, the late block once, and here


# ---- the store ---------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    file = tmp_path / "store.sqlite"
    file.touch(mode=0o600)
    yield Store(file, most_bytes=1 << 20)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store.sqlite"]


def test_what_was_used_least_recently_makes_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    for number in range(8):
        store.put(f"key{number}", 0, bytes([number]) * 100_000)
        now += 100_000
    assert store.get("key0", 0) == bytes([0]) * 100_000  # used again
    for number in range(8, 12):
        now += 100_000
        store.put(f"key{number}", 0, bytes([number]) * 100_000)
    found = [number for number in range(12) if store.get(f"key{number}", 0)]
    assert 0 in found
    assert found[-4:] == [8, 9, 10, 11]
    assert 1 not in found
    assert store.file.stat().st_size < 1.5 * (1 << 20)


def test_what_is_larger_than_the_store_is_not_kept(store: Store) -> None:
    store.put("small", 0, b"x")
    store.put("key", 0, b"x" * (2 << 20))
    assert store.get("key", 0) is None
    assert store.get("small", 0) == b"x"


def test_odd_names_are_kept(store: Store) -> None:
    name = os.fsdecode(b"/tmp/\xff\xfe'; DROP TABLE part --")
    store.note_content(name, "stamp", "digest")
    assert store.content_of(name, "stamp") == "digest"
    assert store.content_of(name, "other") is None
    assert store.content_of("/tmp/other", "stamp") is None  # noqa: S108  (never opened)


def test_paths_are_forgotten_before_they_are_too_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regmap.loaders.cache.store._MOST_PATHS", 10)
    for number in range(25):
        store.note_content(f"/{number}", "stamp", "digest")
    with closing(sqlite3.connect(store.file)) as db:
        assert db.execute("SELECT count(*) FROM path").fetchone()[0] <= 10
