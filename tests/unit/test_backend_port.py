"""I/O ports and MSRs: what is refused, with which words, and that accesses are whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from regmap._core import IoPorts
from regmap.backends import open_backend
from regmap.backends.explain import msr, ports
from regmap.backends.machine import Machine
from regmap.backends.msr import Msr
from regmap.backends.port import DevPort
from regmap.errors import (
    BackendError,
    BackendUnavailable,
    BadAddress,
    ClosedError,
)


def file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# ---- the instructions: what no kernel needs to be asked for ------------------------------------


@pytest.mark.parametrize(
    ("address", "width", "words"),
    [
        (0x70, 64, "8, 16 or 32 bits"),
        (0x71, 16, "aligned"),
        (0x10000, 8, "0xffff"),
        (0xFFFF, 32, "aligned"),
        (-1, 8, "no address"),
        (0x70, 7, "width of 7"),
    ],
)
def test_no_such_port(address: int, width: int, words: str) -> None:
    with pytest.raises(BadAddress, match=words):
        IoPorts().read(address, width)
    with pytest.raises(BadAddress, match=words):
        IoPorts().write(address, width, 0)
    with pytest.raises(BadAddress, match=words):
        IoPorts().update(address, width, keep=0, neutral=0, mask=0, value=0)


def test_ports_close() -> None:
    closed = IoPorts()
    closed.close()
    closed.close()
    with pytest.raises(ClosedError):
        closed.read(0x70, 8)
    with pytest.raises(ClosedError):
        closed.grant(0x70, 2)


def test_no_more_ports_than_there_are() -> None:
    for address, size in ((0xFFFF, 2), (0x10000, 1), (0, 0)):
        with pytest.raises(BadAddress):
            IoPorts().grant(address, size)


def test_a_refusal_of_the_kernel_is_explained(tmp_path: Path) -> None:
    here = Machine(tmp_path)
    assert "only root" in ports(PermissionError(errno.EPERM, "no"), here)
    assert "ioperm" in ports(OSError(errno.ENOSYS, "no"), Machine(_arch(tmp_path, "x86_64")))
    assert "only x86" in ports(OSError(errno.ENOSYS, "no"), Machine(_arch(tmp_path, "aarch64")))
    file(tmp_path / "sys/kernel/security/lockdown", b"none [integrity] confidentiality\n")
    assert "locked down" in ports(PermissionError(errno.EPERM, "no"), here)


def _arch(root: Path, name: str) -> Path:
    file(root / "proc/sys/kernel/arch", name.encode())
    return root


# ---- /dev/port ---------------------------------------------------------------------------------


def test_dev_port_makes_bytes_and_refuses_the_rest(tmp_path: Path) -> None:
    path = file(tmp_path / "port", bytes(256))
    port = DevPort(os.open(path, os.O_RDWR))
    port.write(0x70, 8, 0x0B)
    assert port.read(0x70, 8) == 0x0B
    assert path.read_bytes()[0x6F:0x72] == b"\0\x0b\0"
    with pytest.raises(BadAddress, match="2 accesses of a byte each"):
        port.read(0x70, 16)
    with pytest.raises(BadAddress, match="no port"):
        port.read(0x10000, 8)
    port.close()
    port.close()
    with pytest.raises(ClosedError):
        port.read(0x70, 8)


# ---- MSRs --------------------------------------------------------------------------------------


def test_an_msr_is_64_bits_at_eight_times_its_number(tmp_path: Path) -> None:
    # As the driver does, pread at offset N gives 8 bytes of MSR N; a file overlaps, so one is used.
    file(tmp_path / "dev/cpu/3/msr", bytes(0x1B) + (0xFEE00900).to_bytes(8, "little"))
    backend = open_backend("msr:3", machine=Machine(tmp_path))
    assert isinstance(backend, Msr)
    assert backend.read(8 * 0x1B, 64) == 0xFEE00900
    backend.write(8 * 0x1B, 64, 0x1122334455667788)
    assert (tmp_path / "dev/cpu/3/msr").read_bytes()[0x1B:] == bytes.fromhex("8877665544332211")
    with pytest.raises(BadAddress, match="64 bits"):
        backend.read(8 * 0x1B, 32)
    with pytest.raises(BadAddress, match=r"8\*N.*0xd8"):
        backend.read(0x1B, 64)
    backend.close()
    with pytest.raises(ClosedError):
        backend.read(0, 64)


def test_an_msr_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="modprobe msr"):
        open_backend("msr:0", machine=Machine(tmp_path))
    (tmp_path / "dev/cpu").mkdir(parents=True)
    with pytest.raises(BackendUnavailable, match="such a CPU"):
        open_backend("msr:9", machine=Machine(tmp_path))
    for name in ("x", "-1", "1/../2", "9" * 9, "٣"):
        with pytest.raises(BackendUnavailable, match="names no CPU"):
            open_backend(f"msr:{name}", machine=Machine(tmp_path))
    assert "SYS_RAWIO" in msr(PermissionError(errno.EPERM, "no"), "/dev/cpu/0/msr", Machine())


def test_an_msr_opened_for_reading_is_not_written(tmp_path: Path) -> None:
    path = file(tmp_path / "msr", bytes(64))
    backend = Msr(os.open(path, os.O_RDONLY), 0, read_only="a test says so")
    with pytest.raises(BackendError, match="a test says so"):
        backend.write(0, 64, 1)
    backend.close()
