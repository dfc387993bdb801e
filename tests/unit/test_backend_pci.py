"""PCI devices on a tree that stands for sysfs: which file is opened, and where a BAR begins."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

import pytest

import regmap
from regmap.backends import open_backend
from regmap.backends.machine import Machine
from regmap.backends.mapped import Mapped
from regmap.errors import BackendError, BackendUnavailable, BadAddress, BusFault, ClosedError

PAGE = mmap.PAGESIZE
ON, OFF = 0x0007, 0x0000


def device(
    root: Path,
    address: str = "0000:00:05.0",
    identity: tuple[str, str] = ("0x1234", "0x11e8"),
    *,
    bars: tuple[tuple[int, int, int], ...] = ((0xFEA00000, 0x100000, 0x40200),),
    command: int = ON,
) -> Path:
    """A device with BARs of (start, size, flags); a page that is shared is in the file as well,
    as the kernel maps whole pages of it."""
    folder = root / "sys/bus/pci/devices" / address
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{identity[0]}\n")
    (folder / "device").write_text(f"{identity[1]}\n")
    (folder / "enable").write_text("0\n")
    lines = []
    for number in range(6):
        start, size, flags = bars[number] if number < len(bars) else (0, 0, 0)
        end = start + size - 1 if size else 0
        lines.append(f"{start:#018x} {end:#018x} {flags:#018x}\n")
        if size:
            (folder / f"resource{number}").write_bytes(bytes(start % PAGE + size))
    (folder / "resource").write_text("".join(lines))
    config = bytearray(256)
    config[4:6] = command.to_bytes(2, "little")
    (folder / "config").write_bytes(config)
    return folder


def test_a_bar_is_mapped_at_the_address_of_the_map(tmp_path: Path) -> None:
    folder = device(tmp_path)
    backend = open_backend("pci:0000:00:05.0/0", origin=0x1000, machine=Machine(tmp_path))
    assert isinstance(backend, Mapped)
    port = backend.attach(0x1000, 0x40)
    port.write(0x1008, 32, 0x11223344)
    assert (folder / "resource0").read_bytes()[8:12] == bytes.fromhex("44332211")
    with pytest.raises(BadAddress, match="0x1000 to 0x100fff"):
        backend.read(0x101000, 32)
    with pytest.raises(BadAddress):
        backend.read(0xFFC, 32)
    backend.close()


@pytest.mark.parametrize("name", ["00:05.0", "0000:00:05.0", "1234:11E8"])
def test_the_ways_to_name_a_device(tmp_path: Path, name: str) -> None:
    device(tmp_path)
    device(tmp_path, "0000:00:06.0", ("0x8086", "0x1237"))
    backend = open_backend(f"pci:{name}/0@0", machine=Machine(tmp_path))
    assert "0000:00:05.0" in repr(backend)
    backend.close()


def test_a_bar_smaller_than_a_page_begins_inside_of_it(tmp_path: Path) -> None:
    folder = device(tmp_path, bars=((0xFEB01200, 0x100, 0x40200),))
    backend = open_backend("pci:00:05.0/0@0x8000", machine=Machine(tmp_path))
    backend.write(0x8010, 32, 0xAABBCCDD)
    assert (folder / "resource0").read_bytes()[0x210:0x214] == bytes.fromhex("ddccbbaa")
    # What is before and behind it in the page is somebody else's.
    for address in (0x7FFC, 0x8100):
        with pytest.raises(BadAddress, match="0x8000 to 0x80ff"):
            backend.read(address, 32)
    backend.close()


def test_a_device_that_is_off_is_switched_on_where_asked(tmp_path: Path) -> None:
    folder = device(tmp_path, command=OFF)
    machine = Machine(tmp_path)
    with pytest.raises(BackendUnavailable, match=r"\+enable"):
        open_backend("pci:00:05.0/0", machine=machine)
    assert (folder / "enable").read_text() == "0\n"
    backend = open_backend("pci:00:05.0/0+enable", machine=machine)
    assert (folder / "enable").read_text() == "1"
    backend.close()
    assert (folder / "enable").read_text() == "0"


def test_a_device_without_configuration_space_is_refused(tmp_path: Path) -> None:
    (device(tmp_path) / "config").unlink()
    with pytest.raises(BackendUnavailable, match=r"no /sys/bus/pci/devices/0000:00:05\.0/config"):
        open_backend("pci:00:05.0/0", machine=Machine(tmp_path))


def test_configuration_space_that_may_only_be_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = device(tmp_path)
    (folder / "config").write_bytes((folder / "config").read_bytes()[:64])
    real = os.open

    def opened(path: Path, flags: int) -> int:
        if flags & os.O_ACCMODE != os.O_RDONLY:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, flags)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened)  # as for a user other than root
        backend = open_backend("pciconf:00:05.0", machine=Machine(tmp_path))
    assert backend.read(4, 16) == ON
    with pytest.raises(BackendError, match="for reading only: Permission denied"):
        backend.write(4, 16, OFF)
    backend.close()


def test_a_device_that_is_on_is_left_as_it_is(tmp_path: Path) -> None:
    folder = device(tmp_path)
    open_backend("pci:00:05.0/0+enable", machine=Machine(tmp_path)).close()
    assert (folder / "enable").read_text() == "0\n"


def test_an_io_bar_makes_one_access_of_the_width(tmp_path: Path) -> None:
    folder = device(tmp_path, bars=((0xC000, 0x20, 0x40101),))
    backend = open_backend("pci:00:05.0/0@0xC000", machine=Machine(tmp_path))
    backend.write(0xC004, 16, 0xBEEF)
    assert (folder / "resource0").read_bytes()[4:6] == b"\xef\xbe"
    assert backend.read(0xC004, 16) == 0xBEEF
    for address, width in ((0xC002, 32), (0xC020, 8), (0xC000, 64)):
        with pytest.raises(BadAddress):
            backend.read(address, width)
    backend.close()
    with pytest.raises(ClosedError):
        backend.read(0xC004, 16)


def test_configuration_space_by_its_widths(tmp_path: Path) -> None:
    device(tmp_path)
    backend = open_backend("pciconf:1234:11e8", machine=Machine(tmp_path))
    assert backend.read(4, 16) == ON
    backend.write(0x10, 32, 0xFFFFFFFF)
    assert backend.read(0x10, 32) == 0xFFFFFFFF
    with pytest.raises(BadAddress, match="two accesses"):
        backend.read(0x11, 16)
    with pytest.raises(BadAddress, match="not 64"):
        backend.read(0, 64)
    with pytest.raises(BadAddress, match="0x0 to 0xff"):
        backend.read(0x100, 32)
    backend.close()


def test_a_user_sees_only_the_beginning_of_configuration_space(tmp_path: Path) -> None:
    folder = device(tmp_path)
    backend = open_backend("pciconf:00:05.0", machine=Machine(tmp_path))
    (folder / "config").write_bytes(bytes(64))  # what the kernel gives to users
    with pytest.raises(BackendError, match="only root") as refused:
        backend.read(0x40, 32)
    assert not isinstance(refused.value, BusFault)
    backend.close()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pci:00:05.0", "which BAR"),
        ("pci:00:05.0/6", "which BAR"),
        ("pci:00:05.0/x", "which BAR"),
        ("pci:00:05.0/2", "no BAR 2; it has 0"),
        ("pci:00:07.0/0", "nearest is 0000:00:05.0"),
        ("pci:1234:0000/0", "no such device"),
        ("pci:../etc/0", "which BAR"),
        ("pci:..\\0/0", "lspci"),
        ("pci:00:05.0/0+wc", "not prefetchable"),
        ("pci:00:05.0/0+enabel", r"\+enable"),
    ],
)
def test_what_is_refused(tmp_path: Path, uri: str, words: str) -> None:
    device(tmp_path)
    with pytest.raises(BackendUnavailable, match=words):
        open_backend(uri, machine=Machine(tmp_path))


def test_two_devices_of_a_kind_must_be_told_apart(tmp_path: Path) -> None:
    device(tmp_path)
    device(tmp_path, "0000:00:06.0")
    with pytest.raises(BackendUnavailable, match=r"2 such devices.*00:05\.0, 0000:00:06\.0"):
        open_backend("pci:1234:11e8/0", machine=Machine(tmp_path))


def test_a_machine_without_pci(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="no PCI devices"):
        open_backend("pci:00:05.0/0", machine=Machine(tmp_path))


def test_all_ones_of_a_device_that_was_removed_is_a_fault(tmp_path: Path) -> None:
    folder = device(tmp_path)
    (folder / "resource0").write_bytes(b"\xff" * 8 + bytes(0xFF8))
    edu = regmap.open("edu", backend=open_backend("pci:00:05.0/0", machine=Machine(tmp_path)))
    backend = edu.backend
    # As long as the device is there, all ones are a value like any other.
    assert edu.EDU.LIVENESS.raw == 0xFFFFFFFF
    assert backend.read(4, 32) == 0xFFFFFFFF
    folder.rename(folder.with_name("gone"))
    with pytest.raises(BusFault, match=r"EDU\.LIVENESS.*removed") as fault:
        _ = edu.EDU.LIVENESS.raw
    assert fault.value.address == 4
    with pytest.raises(BusFault):
        edu.EDU.STATUS.IRQ_WHEN_DONE = 1  # nothing is merged into what is no value
    with pytest.raises(BusFault):
        backend.read(4, 32)
    edu.close()
