"""Real mappings: files, shared memory, anonymous memory; what is shared, kept and refused."""

from __future__ import annotations

import gc
import mmap
import os
from collections.abc import Callable, Iterator
from multiprocessing import shared_memory
from pathlib import Path

import pytest

from regmap._core import Map
from regmap.backends import mapped, open_backend
from regmap.backends.machine import Machine
from regmap.backends.mapped import Mapped
from regmap.errors import (
    BackendError,
    BackendUnavailable,
    BadAddress,
    BusFault,
    ClosedError,
    ValueDoesNotFit,
)

PAGE = mmap.PAGESIZE
SHM = Path("/dev/shm")  # noqa: S108  (where shm_open looks)
BASE = 0x2020_0000


def opened(uri: str, **how: object) -> Mapped:
    backend = open_backend(uri, **how)  # type: ignore[arg-type]
    assert isinstance(backend, Mapped)
    return backend


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Three pages whose bytes count up, and half a page more."""
    path = tmp_path / "memory"
    path.write_bytes(bytes(i & 0xFF for i in range(3 * PAGE + PAGE // 2)))
    return path


@pytest.fixture
def backend(memory: Path) -> Iterator[Mapped]:
    with opened(f"file:{memory}@{BASE:#x}") as backend:
        yield backend


def descriptors() -> set[str]:
    return {
        os.readlink(f"/proc/self/fd/{n}")
        for n in os.listdir("/proc/self/fd")
        if n.isdigit() and os.path.lexists(f"/proc/self/fd/{n}")
    }


# ---- access ------------------------------------------------------------------------------------


def test_words_of_every_width_lie_where_the_address_says(backend: Mapped, memory: Path) -> None:
    assert backend.read(BASE + 0x10, 8) == 0x10
    assert backend.read(BASE + 0x10, 16) == 0x1110
    assert backend.read(BASE + 0x10, 32) == 0x13121110
    assert backend.read(BASE + 0x10, 64) == 0x1716151413121110
    backend.write(BASE + PAGE + 4, 32, 0xAABBCCDD)
    assert backend.update(BASE, 32, keep=0xFFFF_FF00, neutral=0, mask=0xFF, value=0x5A) == (
        0x0302015A
    )
    stored = memory.read_bytes()
    assert stored[PAGE + 4 : PAGE + 8] == bytes.fromhex("ddccbbaa")
    assert stored[:4] == bytes.fromhex("5a010203")


def test_the_first_byte_stands_for_the_maps_lowest_address_by_default(memory: Path) -> None:
    with opened(f"file:{memory}", origin=0x4000_0000) as backend:
        assert backend.read(0x4000_0008, 8) == 8
    with opened(f"file:{memory}@0", origin=0x4000_0000) as backend:
        assert backend.read(8, 8) == 8
        with pytest.raises(BadAddress):
            backend.read(0x4000_0008, 8)


def test_a_relative_path_is_relative_to_the_process(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(memory.parent)
    with opened("file:memory") as backend:
        assert backend.read(3, 8) == 3


def test_an_origin_within_a_page_still_meets_its_bytes(memory: Path) -> None:
    with opened(f"file:{memory}@0x1008") as backend:
        assert backend.read(0x1008, 8) == 0
        assert backend.read(0x1010, 64) == 0x0F0E0D0C0B0A0908
        assert backend.attach(0x1008 + PAGE, 8).address == 0x1008 + PAGE


@pytest.mark.parametrize(("address", "width"), [(1, 16), (2, 32), (4, 64), (0, 24), (0, 0), (0, 7)])
def test_misaligned_words_and_odd_widths_are_refused(
    backend: Mapped, address: int, width: int
) -> None:
    with pytest.raises(BadAddress):
        backend.read(BASE + address, width)
    with pytest.raises(BadAddress):
        backend.write(BASE + address, width, 0)


def test_a_value_that_does_not_fit_is_not_written(backend: Mapped) -> None:
    with pytest.raises(ValueDoesNotFit):
        backend.write(BASE, 8, 0x100)
    assert backend.read(BASE, 8) == 0


# ---- mapping -----------------------------------------------------------------------------------


def test_neighbours_share_whole_pages(backend: Mapped) -> None:
    first = backend.attach(BASE + 0x100, 0x100)
    assert isinstance(first, Map)
    assert (first.address, first.size) == (BASE, PAGE)
    assert backend.attach(BASE + 0x400, 0x100) is first
    assert backend.attach(BASE, PAGE) is first
    second = backend.attach(BASE + PAGE, 4)
    assert second is not first
    assert (second.address, second.size) == (BASE + PAGE, PAGE)
    both = backend.attach(BASE + PAGE - 4, 8)
    assert (both.address, both.size) == (BASE, 2 * PAGE)
    both.write(BASE + 4, 32, 7)
    assert first.read(BASE + 4, 32) == 7
    assert backend.read(BASE + 0x200, 8) == 0
    assert backend.attach(BASE + 0x100, 0x100) is first


def test_opening_and_attaching_read_and_write_nothing(memory: Path) -> None:
    before = memory.read_bytes()
    os.utime(memory, (1, 1))
    with opened(f"file:{memory}") as backend:
        backend.attach(0, PAGE)
    assert memory.read_bytes() == before
    assert memory.stat().st_mtime == 1


def test_a_block_beyond_the_end_of_the_file_is_refused_when_it_is_attached(
    backend: Mapped, memory: Path
) -> None:
    end = BASE + 3 * PAGE + PAGE // 2
    assert backend.attach(end - 8, 8).size == PAGE // 2
    for address, size in [(end - 4, 8), (end, 4), (end + 5 * PAGE, 4), (BASE - 4, 4), (BASE, 0)]:
        with pytest.raises(BadAddress, match="are outside"):
            backend.attach(address, size)
        with pytest.raises(BadAddress):
            backend.check(address, size)
    # The rest of the last page exists in memory, yet not in the file.
    with pytest.raises(BadAddress):
        backend.attach(end - 8, 8).write(end, 32, 1)
    assert memory.stat().st_size == 3 * PAGE + PAGE // 2


def test_a_file_that_others_made_longer_is_reached_to_its_new_end(
    backend: Mapped, memory: Path
) -> None:
    end = BASE + 3 * PAGE + PAGE // 2
    old = backend.attach(end - 4, 4)
    with memory.open("ab") as file:
        file.write(bytes(PAGE))
    assert backend.read(end, 32) == 0
    assert backend.attach(end - 4, 4) is old


def test_a_file_truncated_under_its_mapping_is_a_fault_with_the_reason(
    backend: Mapped, memory: Path
) -> None:
    port = backend.attach(BASE + PAGE, 8)
    # Cut behind the checks: what the kernel does with the access itself is wanted here.
    limit = 3 * PAGE
    backend._limit = lambda: limit
    os.truncate(memory, 0)
    with pytest.raises(BusFault) as caught:
        port.read(BASE + PAGE, 32)
    assert caught.value.address == BASE + PAGE
    for access in (
        lambda: backend.read(BASE + PAGE, 32),
        lambda: backend.write(BASE + PAGE, 32, 1),
        lambda: backend.update(BASE + PAGE, 32, keep=0, neutral=0, mask=1, value=1),
    ):
        with pytest.raises(BusFault, match="it was truncated after it was mapped") as caught:
            access()
        assert caught.value.address == BASE + PAGE


def test_a_file_truncated_before_the_access_is_out_of_bounds(backend: Mapped, memory: Path) -> None:
    backend.attach(BASE + PAGE, 8)
    os.truncate(memory, PAGE)
    with pytest.raises(BadAddress):
        backend.read(BASE + PAGE, 32)


# ---- the end -----------------------------------------------------------------------------------


def test_after_close_everything_is_refused_and_nothing_stays_open(memory: Path) -> None:
    backend = opened(f"file:{memory}")
    port = backend.attach(0, 8)
    assert str(memory) in descriptors()
    backend.close()
    backend.close()
    assert backend.closed
    assert port.closed
    assert str(memory) not in descriptors()
    for access in (
        lambda: backend.read(0, 32),
        lambda: backend.write(0, 32, 1),
        lambda: backend.attach(0, 4),
        lambda: backend.check(0, 4),
        lambda: port.read(0, 32),
    ):
        with pytest.raises(ClosedError):
            access()
    assert repr(backend) == f"<{memory} from 0x0, closed>"


def test_a_forgotten_backend_gives_its_descriptor_back(memory: Path) -> None:
    backend = opened(f"file:{memory}")
    port = backend.attach(0, 8)
    del backend
    gc.collect()
    assert str(memory) not in descriptors()
    assert port.read(4, 8) == 4


# ---- refused -----------------------------------------------------------------------------------


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="never created"):
        open_backend(f"file:{tmp_path}/missing")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_regular_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(BackendUnavailable, match="no regular file"):
            open_backend(f"file:{name}")


def test_an_empty_file_has_room_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with opened(f"file:{tmp_path}/empty") as backend, pytest.raises(BadAddress, match="no byte"):
        backend.attach(0, 4)


def test_a_file_marked_read_only_reads_and_says_why_it_does_not_write(memory: Path) -> None:
    memory.chmod(0o444)
    with opened(f"file:{memory}") as backend:
        assert backend.read(5, 8) == 5
        port = backend.attach(0, 4)
        assert not port.writable
        for access in (
            lambda: backend.write(0, 8, 1),
            lambda: backend.update(0, 8, keep=0, neutral=0, mask=1, value=1),
        ):
            with pytest.raises(BackendError, match="for reading only: nobody may write"):
                access()
        with pytest.raises(BackendError):
            port.write(0, 8, 1)
    assert memory.read_bytes()[0] == 0


def test_a_file_that_this_user_may_only_read_is_opened_for_reading(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse_writing(path: Path, flags: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr(os, "open", refuse_writing)
    with opened(f"file:{memory}") as backend:
        assert backend.read(5, 8) == 5
        with pytest.raises(BackendError, match="this user may not write"):
            backend.write(0, 8, 1)


def test_a_refused_mapping_says_what_and_why(
    backend: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Map:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mapped, "Map", refuse)
    with pytest.raises(BackendUnavailable, match=r"0x4 bytes at 0x20200000: .*allocate memory"):
        backend.attach(BASE, 4)


# ---- devices (a tree of our own stands for the machine) ----------------------------------------


def test_mem_is_mapped_at_its_own_addresses_and_uncached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/mem").write_bytes(bytes(i & 0xFF for i in range(4 * PAGE)))
    flags = []
    real = os.open

    def watch(path: Path, how: int) -> int:
        flags.append(how)
        return real(path, how)

    monkeypatch.setattr(os, "open", watch)
    with opened("mem:", origin=0x4000, machine=Machine(tmp_path)) as backend:
        assert backend.read(2 * PAGE + 9, 8) == 9
        assert backend.attach(PAGE + 0x10, 0x20).address == PAGE
    assert flags[0] & os.O_SYNC == os.O_SYNC
    assert flags[0] & os.O_CLOEXEC
    with opened("mem:", machine=Machine(tmp_path)) as backend:
        with pytest.raises(BadAddress):
            backend.attach((1 << 64) - 8, 8)
        with pytest.raises(BadAddress):
            backend.attach((1 << 64) - 4, 8)
        with pytest.raises(BadAddress):
            backend.attach(-4, 8)


@pytest.mark.parametrize("device", ["gpiomem", "gpiomem0"])
def test_gpiomem_is_one_page_at_the_blocks_address(tmp_path: Path, device: str) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / device).write_bytes(bytes(i & 0xFF for i in range(2 * PAGE)))
    machine = Machine(tmp_path)
    for uri in ("gpiomem:", f"gpiomem:@{BASE:#x}"):
        with opened(uri, origin=BASE, machine=machine) as backend:
            assert backend.device == f"/dev/{device}"
            assert backend.read(BASE + 0x34, 8) == 0x34
            # The driver would show its one page again at any offset.
            for outside in (BASE + 0x1000, BASE - 4):
                with pytest.raises(BadAddress):
                    backend.attach(outside, 4)


def test_gpiomem_believes_the_device_tree_before_the_maps_lowest_address(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiomem").write_bytes(bytes(i & 0xFF for i in range(PAGE)))
    soc = tmp_path / "proc/device-tree/soc"
    (soc / "gpiomem").mkdir(parents=True)
    (soc / "gpiomem/reg").write_bytes(bytes.fromhex("7e20000000001000"))
    (soc / "ranges").write_bytes(bytes.fromhex("7e0000002000000002000000"))
    (soc / "#address-cells").write_bytes(bytes.fromhex("00000001"))
    (soc / "#size-cells").write_bytes(bytes.fromhex("00000001"))
    (soc.parent / "#address-cells").write_bytes(bytes.fromhex("00000001"))
    with opened("gpiomem:", origin=0x2000_3000, machine=Machine(tmp_path)) as backend:
        assert backend.read(BASE + 4, 8) == 4
        with pytest.raises(BadAddress):
            backend.attach(0x2000_3000, 4)
    with opened("gpiomem:@0x1000", machine=Machine(tmp_path)) as backend:
        assert backend.read(0x1004, 8) == 4


def test_a_missing_device_is_explained(tmp_path: Path) -> None:
    for uri in ("mem:", "gpiomem:"):
        with pytest.raises(BackendUnavailable, match="there is no /dev/"):
            open_backend(uri, machine=Machine(tmp_path))


# ---- shared memory -----------------------------------------------------------------------------


def test_shared_memory_of_another_is_opened_and_seen_by_both() -> None:
    made = shared_memory.SharedMemory(create=True, size=2 * PAGE)
    try:
        assert made.buf is not None
        with opened(f"shm:{made.name}@{BASE:#x}") as backend:
            backend.write(BASE + 8, 32, 0x01020304)
            assert bytes(made.buf[8:12]) == bytes.fromhex("04030201")
            made.buf[12] = 0x77
            assert backend.read(BASE + 12, 8) == 0x77
            with pytest.raises(BadAddress):
                backend.attach(BASE + 2 * PAGE, 4)
        with opened(f"shm:/{made.name}") as backend:
            assert backend.read(12, 8) == 0x77
    finally:
        made.close()
        made.unlink()


def test_shared_memory_is_opened_not_made() -> None:
    name = f"regmap-test-{os.getpid()}"
    with pytest.raises(BackendUnavailable, match=f"there is no /dev/shm/{name}"):
        open_backend(f"shm:{name}")
    assert not (SHM / name).exists()


@pytest.mark.parametrize("name", ["/", "a/b", "..", ".", "../etc/passwd", "x" * 256, "a\0b", "//a"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BackendUnavailable, match="no name for shared memory"):
        open_backend(f"shm:{name}")


def test_a_link_in_the_place_of_shared_memory_is_not_followed(memory: Path) -> None:
    link = SHM / f"regmap-link-{os.getpid()}"
    link.symlink_to(memory)
    try:
        with pytest.raises(BackendUnavailable):
            open_backend(f"shm:{link.name}")
    finally:
        link.unlink()


# ---- anonymous memory --------------------------------------------------------------------------


def in_child(work: Callable[[], None]) -> None:
    """Run ``work`` in a forked child and wait for it to succeed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  (a child must not run on as a second test session)
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_forked_child_shares_anonymous_memory_mapped_before_and_after() -> None:
    with opened("anon:", origin=BASE, extent=BASE + 3 * PAGE) as backend:
        backend.write(BASE, 32, 1)

        def child() -> None:
            assert backend.read(BASE, 32) == 1
            backend.write(BASE + 4, 32, 2)
            # A page that no one had mapped when the child was made.
            backend.write(BASE + 2 * PAGE, 32, 3)

        in_child(child)
        assert backend.read(BASE + 4, 32) == 2
        assert backend.read(BASE + 2 * PAGE, 32) == 3


def test_anonymous_memory_is_zero_private_and_as_long_as_the_map() -> None:
    with (
        opened("anon:", origin=BASE, extent=BASE + 0xB4) as one,
        opened("anon:", origin=BASE, extent=BASE + 0xB4) as two,
    ):
        assert one.read(BASE + 0xB0, 32) == 0
        one.write(BASE, 32, 1)
        assert two.read(BASE, 32) == 0
        with pytest.raises(BadAddress):
            one.attach(BASE + PAGE, 4)
    with opened("anon:@0x1000") as backend:
        backend.write(0x1000 + (1 << 32) - 8, 64, 5)
        assert backend.read(0x1000 + (1 << 32) - 8, 64) == 5


def test_two_processes_share_a_file(backend: Mapped, memory: Path) -> None:
    def child() -> None:
        with opened(f"file:{memory}") as other:
            other.write(8, 32, 0x55AA)

    assert backend.read(BASE + 8, 8) == 8
    in_child(child)
    assert backend.read(BASE + 8, 32) == 0x55AA
