"""Map: bounds, widths, byte order, life and errors of a mapping."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import _core
from regmap.backends.base import Backend, Updating
from regmap.errors import BadAddress, ClosedError, RegmapError, ValueDoesNotFit
from tests.unit.core_objects import BASE, PAGE, WIDTHS, MemoryFile, ones


@pytest.fixture
def file() -> Iterator[MemoryFile]:
    made = MemoryFile()
    yield made
    made.close()


@pytest.fixture
def mapping(file: MemoryFile) -> Iterator[_core.Map]:
    with file.map() as made:
        yield made


@pytest.mark.parametrize("width", WIDTHS)
def test_reads_little_endian(file: MemoryFile, mapping: _core.Map, width: int) -> None:
    data = bytes(range(0xF0, 0xF0 + width // 8))
    file.put(16, data)
    assert mapping.read(BASE + 16, width) == int.from_bytes(data, "little")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("offset", [0, 64, PAGE - 8])
def test_writes_little_endian_and_nothing_else(
    file: MemoryFile, mapping: _core.Map, width: int, offset: int
) -> None:
    file.put(0, b"\xaa" * PAGE)
    value = 0x8123_4567_89AB_CDEF & ones(width)
    mapping.write(BASE + offset, width, value)
    size = width // 8
    expected = bytearray(b"\xaa" * PAGE)
    expected[offset : offset + size] = value.to_bytes(size, "little")
    assert file.get(0, PAGE) == bytes(expected)


@given(
    st.sampled_from(WIDTHS),
    st.lists(st.integers(0, ones(64)), min_size=5, max_size=5),
)
def test_update_writes_what_merge_says(width: int, words: list[int]) -> None:
    old, keep, neutral, mask, value = (word & ones(width) for word in words)
    with _core.Map(-1, PAGE, address=BASE) as mapping:
        mapping.write(BASE, width, old)
        written = mapping.update(BASE, width, keep=keep, neutral=neutral, mask=mask, value=value)
        assert written == _core.merge(old, keep, neutral, mask, value)
        assert mapping.read(BASE, width) == written


def test_it_is_a_backend(mapping: _core.Map) -> None:
    assert isinstance(mapping, Backend)
    assert isinstance(mapping, Updating)


def test_keywords_are_those_of_the_backend_protocol(mapping: _core.Map) -> None:
    mapping.write(value=7, width=32, address=BASE)
    assert mapping.read(width=8, address=BASE) == 7


# ---- refused -------------------------------------------------------------------------------------

ACCESSES: dict[str, Callable[[_core.Map, int, int], object]] = {
    "read": lambda m, address, width: m.read(address, width),
    "write": lambda m, address, width: m.write(address, width, 0),
    "update": lambda m, address, width: m.update(
        address, width, keep=0, neutral=0, mask=0, value=0
    ),
}
every_access = pytest.mark.parametrize("access", ACCESSES.values(), ids=ACCESSES)


@every_access
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("address", [0, BASE - 8, BASE + PAGE, BASE + 2**63, 2**64 - 8, 2**63])
def test_outside(
    mapping: _core.Map, access: Callable[..., object], width: int, address: int
) -> None:
    with pytest.raises(BadAddress, match=f"{address:#x} is outside of the mapping"):
        access(mapping, address, width)


@every_access
def test_the_last_place_of_each_width(mapping: _core.Map, access: Callable[..., object]) -> None:
    for width in WIDTHS:
        access(mapping, BASE + PAGE - width // 8, width)


@every_access
@pytest.mark.parametrize(
    ("width", "offset"), [(w, o) for w in WIDTHS for o in range(1, 8) if o % (w // 8)]
)
def test_misaligned(
    mapping: _core.Map, access: Callable[..., object], width: int, offset: int
) -> None:
    with pytest.raises(BadAddress, match=rf"not aligned to {width // 8} bytes"):
        access(mapping, BASE + offset, width)


@every_access
def test_a_size_that_is_no_whole_word_ends_where_it_says(
    file: MemoryFile, access: Callable[..., object]
) -> None:
    with file.map(6) as mapping:
        access(mapping, BASE + 4, 16)
        with pytest.raises(BadAddress, match="outside"):
            access(mapping, BASE + 4, 32)


@every_access
def test_an_address_aligned_in_the_map_but_not_on_the_bus(
    file: MemoryFile, access: Callable[..., object]
) -> None:
    with file.map(address=BASE + 4) as mapping:
        access(mapping, BASE + 4, 32)
        for address in (BASE + 4, BASE + 8):
            with pytest.raises(BadAddress, match="not aligned to 8"):
                access(mapping, address, 64)


@every_access
@pytest.mark.parametrize("width", [0, 1, 4, 7, 12, 24, 128, -8, 2**70])
def test_no_such_width(mapping: _core.Map, access: Callable[..., object], width: int) -> None:
    with pytest.raises(BadAddress, match="must be 8, 16, 32 or 64"):
        access(mapping, BASE, width)


@every_access
@pytest.mark.parametrize("address", [-1, -BASE, 2**64, 2**100])
def test_no_such_address(mapping: _core.Map, access: Callable[..., object], address: int) -> None:
    with pytest.raises(BadAddress, match="is no address of 64 bits"):
        access(mapping, address, 32)


def test_the_top_of_the_address_space() -> None:
    with _core.Map(-1, PAGE, address=2**64 - PAGE) as mapping:
        mapping.write(2**64 - 4, 32, 5)
        assert mapping.read(2**64 - 8, 64) == 5 << 32
        with pytest.raises(BadAddress):
            mapping.read(0, 32)


@pytest.mark.parametrize("address", [2**64 - PAGE + 1, 2**64 - 1, 2**64, -1])
def test_a_mapping_beyond_the_address_space_is_refused(address: int) -> None:
    with pytest.raises(BadAddress, match="does not fit in a space of 64 bits"):
        _core.Map(-1, PAGE, address=address)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("value", [-1, lambda width: 1 << width, 2**64, -(2**70)])
def test_a_value_that_does_not_fit(
    file: MemoryFile, mapping: _core.Map, width: int, value: int | Callable[[int], int]
) -> None:
    number = value if isinstance(value, int) else value(width)
    with pytest.raises(ValueDoesNotFit) as caught:
        mapping.write(BASE, width, number)
    error = caught.value
    assert (error.value, error.width, error.largest) == (number, width, ones(width))
    words = {"keep": 0, "neutral": 0, "mask": 0, "value": 0}
    for name in words:
        with pytest.raises(ValueDoesNotFit, match=f"^{name}: "):
            mapping.update(BASE, width, **{**words, name: number})
    assert file.get(0, 8) == bytes(8)


@pytest.mark.parametrize("value", [1.0, "1", None, b"\x01"])
def test_a_value_that_is_no_number(mapping: _core.Map, value: object) -> None:
    with pytest.raises(TypeError):
        mapping.write(BASE, 32, value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        mapping.read(value, 32)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        mapping.read(BASE, value)  # type: ignore[arg-type]


def test_anything_with_an_index_is_a_number(mapping: _core.Map) -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    class Broken:
        def __index__(self) -> int:
            raise ZeroDivisionError

    mapping.write(BASE, 32, Five())  # type: ignore[arg-type]
    assert mapping.read(BASE, 32) == 5
    with pytest.raises(ZeroDivisionError):
        mapping.write(BASE, 32, Broken())  # type: ignore[arg-type]


def test_a_read_only_mapping(file: MemoryFile) -> None:
    with file.map(writable=False) as mapping:
        assert not mapping.writable
        assert mapping.read(BASE, 32) == 0
        with pytest.raises(BadAddress, match="the mapping is read-only"):
            mapping.write(BASE, 32, 1)
        with pytest.raises(BadAddress, match="the mapping is read-only"):
            mapping.update(BASE, 32, keep=0, neutral=0, mask=1, value=1)


# ---- life ----------------------------------------------------------------------------------------


def test_attributes(file: MemoryFile) -> None:
    mapping = file.map(16)
    assert (mapping.address, mapping.size, mapping.closed, mapping.writable) == (
        BASE, 16, False, True,
    )  # fmt: skip
    for name in ("address", "size", "closed", "writable"):
        with pytest.raises(AttributeError):
            setattr(mapping, name, 1)
    mapping.close()
    assert (mapping.address, mapping.size, mapping.closed) == (BASE, 0, True)


@every_access
def test_closed(file: MemoryFile, access: Callable[..., object]) -> None:
    mapping = file.map()
    with mapping as same:
        assert same is mapping
    mapping.close()
    with pytest.raises(ClosedError, match=f"at {BASE:#x} after the mapping was closed"):
        access(mapping, BASE, 32)
    with pytest.raises(ClosedError):
        mapping.flush()


def test_the_file_may_be_closed_first() -> None:
    file = MemoryFile()
    mapping = file.map()
    copy = os.dup(file.fd)
    file.close()
    mapping.write(BASE, 32, 7)
    mapping.flush()
    assert os.pread(copy, 4, 0) == bytes([7, 0, 0, 0])
    os.close(copy)


def test_an_offset_into_the_file() -> None:
    file = MemoryFile(2 * PAGE)
    file.put(PAGE, b"\x05")
    with file.map(offset=PAGE) as mapping:
        assert mapping.read(BASE, 8) == 5
    file.close()


def test_errors_of_the_system_keep_their_number(file: MemoryFile) -> None:
    with pytest.raises(OSError, match="Invalid argument") as caught:
        file.map(offset=1)
    assert caught.value.errno == errno.EINVAL
    closed = os.dup(file.fd)
    os.close(closed)
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        _core.Map(closed, PAGE)
    assert caught.value.errno == errno.EBADF
    reading = os.open("/proc/self/exe", os.O_RDONLY)
    with pytest.raises(PermissionError):
        _core.Map(reading, PAGE)
    os.close(reading)
    assert not isinstance(caught.value, RegmapError)


@pytest.mark.parametrize(("size", "offset"), [(0, 0), (-1, 0), (PAGE, -PAGE)])
def test_sizes_and_offsets_that_cannot_be(size: int, offset: int) -> None:
    with pytest.raises(ValueError, match="positive size"):
        _core.Map(-1, size, offset=offset)


@pytest.mark.parametrize("address", ["0", 1.5, None])
def test_an_address_that_is_no_number(address: object) -> None:
    with pytest.raises(TypeError):
        _core.Map(-1, PAGE, address=address)  # type: ignore[arg-type]


def test_an_anonymous_map_reaches_forked_children() -> None:
    with _core.Map(-1, PAGE) as mapping:
        child = os.fork()
        if child == 0:
            mapping.write(0, 32, 0xC0FFEE)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert mapping.read(0, 32) == 0xC0FFEE


def test_a_map_that_is_dropped_is_unmapped(file: MemoryFile) -> None:
    def mapped() -> int:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            return sum("regmap-test" in line for line in maps)

    before = mapped()
    mapping = file.map()
    assert mapped() == before + 1
    del mapping
    assert mapped() == before


def test_it_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError):
        type("Sub", (_core.Map,), {})
