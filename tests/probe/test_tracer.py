"""The tracer must be able to fail: ways to a mapping that are not one access are seen as such."""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from regmap import _core
from regmap.errors import BusFault
from tests.probe import Access, traced, unavailable
from tests.unit.core_objects import PAGE, MemoryFile

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


@pytest.fixture
def plain() -> Iterator[mmap.mmap]:
    with mmap.mmap(-1, PAGE) as mapping:
        yield mapping


def test_an_mmap_slice_reads_twice(plain: mmap.mmap) -> None:
    with traced(plain) as seen:
        plain[4:8]
    assert len(seen) >= 2, seen
    assert {kind for kind, _, _ in seen} == {"R"}


def test_an_mmap_slice_writes_twice(plain: mmap.mmap) -> None:
    with traced(plain) as seen:
        plain[4:8] = b"abcd"
    assert len(seen) >= 2, seen
    assert {kind for kind, _, _ in seen} == {"W"}


def test_pack_into_fills_with_zeros_first(plain: mmap.mmap) -> None:
    with traced(plain) as seen:
        struct.pack_into("<I", plain, 8, 5)
    assert len(seen) >= 2, seen
    assert seen[-1] == ("W", 8, 32)


def test_ctypes_reads_before_it_writes(plain: mmap.mmap) -> None:
    word = ctypes.c_uint32.from_buffer(plain, 4)
    with traced(plain) as seen:
        word.value = 5
    assert seen == [("R", 4, 32), ("W", 4, 32)]
    del word


@pytest.mark.parametrize(("code", "width"), [("B", 8), ("H", 16), ("I", 32), ("Q", 64)])
def test_a_cast_memoryview_is_one_access(plain: mmap.mmap, code: Any, width: int) -> None:
    with memoryview(plain) as view, view.cast("B").cast(code) as cells:
        with traced(plain) as seen:
            cells[1]
            cells[2] = 7
        assert seen == [("R", width // 8, width), ("W", width // 4, width)]
        assert cells[2] == 7


def test_nothing_is_seen_where_nothing_happens(plain: mmap.mmap) -> None:
    with traced(plain) as seen:
        sum(range(1000))
    assert seen == []


def test_accesses_on_other_pages_of_the_range_are_seen() -> None:
    with _core.Map(-1, 3 * PAGE) as mapping, traced(mapping) as seen:
        mapping.read(2 * PAGE, 16)
    assert seen == [("R", 2 * PAGE, 16)]


def test_a_read_only_mapping_stays_read_only() -> None:
    file = MemoryFile()
    with file.map(writable=False) as mapping:
        with traced(mapping) as seen:
            mapping.read(mapping.address, 8)
        assert seen == [("R", 0, 8)]
        with traced(mapping):
            pass
    file.close()


def test_bus_faults_still_come_through_while_tracing_and_after() -> None:
    file = MemoryFile()
    beyond = file.map(2 * PAGE)
    inside = file.map()
    with traced(inside) as seen:
        inside.read(inside.address, 32)
        with pytest.raises(BusFault):
            beyond.read(beyond.address + PAGE, 32)
        inside.write(inside.address, 32, 1)
    assert seen == [("R", 0, 32), ("W", 0, 32)]
    with pytest.raises(BusFault):
        beyond.read(beyond.address + PAGE, 32)
    with traced(inside) as again:
        inside.read(inside.address, 32)
    assert again == [("R", 0, 32)]
    file.close()


def test_an_exception_ends_the_trace(plain: mmap.mmap) -> None:
    caught: list[Access] = []
    with suppress(ZeroDivisionError), traced(plain) as seen:
        caught = seen
        plain[0]
        raise ZeroDivisionError
    assert caught == [("R", 0, 8)]
    plain[0]
