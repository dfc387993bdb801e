"""UIO on a tree that stands for sysfs and /dev, and its interrupt against a peer that plays the
kernel: a read waits for a count of four bytes, a write switches the interrupt on."""

from __future__ import annotations

import asyncio
import mmap
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from regmap.backends import open_backend
from regmap.backends.base import Interrupts
from regmap.backends.interrupt import UioInterrupt
from regmap.backends.machine import Machine
from regmap.backends.uio import Uio
from regmap.errors import BackendError, BackendUnavailable, BadAddress, ClosedError, WaitTimeout

PAGE = mmap.PAGESIZE


def uio(
    root: Path,
    number: int = 0,
    name: str = "leds",
    maps: tuple[tuple[str, int, int], ...] = (("regs", 0x100, 0), ("ram", PAGE, 0x40)),
) -> Path:
    """A device with maps of (name, size, offset in the first page)."""
    folder = root / f"sys/class/uio/uio{number}"
    for index, (own, size, offset) in enumerate(maps):
        place = folder / f"maps/map{index}"
        place.mkdir(parents=True)
        (place / "name").write_text(f"{own}\n")
        (place / "size").write_text(f"{size:#x}\n")
        (place / "offset").write_text(f"{offset:#x}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (root / "dev").mkdir(exist_ok=True)
    path = root / f"dev/uio{number}"
    path.write_bytes(bytes(3 * PAGE))
    return path


@pytest.mark.parametrize("name", ["0", "uio0", "leds", "leds/0", "0/regs"])
def test_the_ways_to_name_a_map(tmp_path: Path, name: str) -> None:
    path = uio(tmp_path)
    backend = open_backend(f"uio:{name}@0x1000", machine=Machine(tmp_path))
    backend.write(0x1004, 32, 0x01020304)
    assert path.read_bytes()[4:8] == bytes.fromhex("04030201")
    with pytest.raises(BadAddress, match="0x1000 to 0x10ff"):
        backend.read(0x1100, 32)
    backend.close()


def test_the_second_map_is_a_page_further_and_may_begin_inside_of_it(tmp_path: Path) -> None:
    path = uio(tmp_path)
    backend = open_backend("uio:leds/ram", origin=0x2000, machine=Machine(tmp_path))
    backend.write(0x2000, 32, 0x0A0B0C0D)
    assert path.read_bytes()[PAGE + 0x40 : PAGE + 0x44] == bytes.fromhex("0d0c0b0a")
    with pytest.raises(BadAddress):
        backend.read(0x1FFC, 32)
    backend.close()
    with pytest.raises(ClosedError):
        backend.read(0x2000, 32)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("led", "did you mean leds"),
        ("9", "no UIO device"),
        ("0/2", r"no map '2'; there are 0 \(regs\), 1 \(ram\)"),
        ("../..", "no UIO device"),
    ],
)
def test_what_is_not_there(tmp_path: Path, name: str, words: str) -> None:
    uio(tmp_path)
    with pytest.raises(BackendUnavailable, match=words):
        open_backend(f"uio:{name}", machine=Machine(tmp_path))


def test_a_machine_without_uio_and_a_device_without_maps(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="no UIO device"):
        open_backend("uio:0", machine=Machine(tmp_path))
    uio(tmp_path, maps=())
    with pytest.raises(BackendUnavailable, match="only an interrupt"):
        open_backend("uio:0", machine=Machine(tmp_path))
    uio(tmp_path, 1, "leds")
    with pytest.raises(BackendUnavailable, match="2 UIO devices are called"):
        open_backend("uio:leds", machine=Machine(tmp_path))


# ---- the interrupt -----------------------------------------------------------------------------


class Kernel:
    """The other end of a device's descriptor."""

    def __init__(self, folder: Path) -> None:
        self.own, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.irq = UioInterrupt(self.theirs.fileno(), "/dev/uio0", folder)

    def interrupt(self, count: int) -> None:
        self.own.send(struct.pack("=I", count))

    def switched_on(self) -> int:
        """How often the interrupt was switched on since the last look."""
        self.own.setblocking(False)
        times = 0
        try:
            while self.own.recv(8) == struct.pack("=i", 1):
                times += 1
        except BlockingIOError:
            return times
        raise AssertionError("something else was written")


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    made = Kernel(tmp_path)
    with made.own, made.theirs:
        yield made


def test_a_wait_switches_on_unless_one_has_come(kernel: Kernel) -> None:
    with pytest.raises(WaitTimeout):
        kernel.irq.wait(0)
    assert kernel.switched_on() == 1
    # Switched on again before the device was told, it would come again at once.
    kernel.interrupt(1)
    kernel.irq.wait(5)
    assert kernel.switched_on() == 0


def test_a_wait_tells_what_was_missed(kernel: Kernel) -> None:
    kernel.interrupt(7)
    assert kernel.irq.wait(5) == Interrupts(total=7, new=1, missed=0)
    kernel.interrupt(8)
    assert kernel.irq.wait(5) == Interrupts(8, 1, 0)
    kernel.interrupt(11)
    assert kernel.irq.wait(5) == Interrupts(11, 3, 2)
    kernel.interrupt(0xFFFFFFFF)
    kernel.irq.wait(5)
    kernel.interrupt(1)  # the kernel's count has 32 bits
    assert kernel.irq.wait(5) == Interrupts(1, 2, 1)


def test_a_wait_ends(kernel: Kernel) -> None:
    with pytest.raises(WaitTimeout, match=r"no interrupt within 0\.01 s"):
        kernel.irq.wait(0.01)
    with pytest.raises(WaitTimeout):
        asyncio.run(kernel.irq.wait_async(0.01))
    kernel.irq.close()
    with pytest.raises(ClosedError):
        kernel.irq.wait(0)


def test_a_time_of_any_length(kernel: Kernel) -> None:
    late = threading.Timer(5, kernel.interrupt, [9])  # ends a wait that means for ever by -1
    late.start()
    try:
        with pytest.raises(WaitTimeout):
            kernel.irq.wait(-1)
        with pytest.raises(WaitTimeout):
            asyncio.run(kernel.irq.wait_async(-1))
    finally:
        late.cancel()
    for count, timeout_s in enumerate((0, 1e9, float("inf"))):
        kernel.interrupt(2 * count)
        assert kernel.irq.wait(timeout_s).total == 2 * count
        kernel.interrupt(2 * count + 1)
        assert asyncio.run(kernel.irq.wait_async(timeout_s)).total == 2 * count + 1


def test_a_task_waits(kernel: Kernel) -> None:
    async def both() -> Interrupts:
        waiting = asyncio.create_task(kernel.irq.wait_async(5))
        await asyncio.sleep(0)
        kernel.interrupt(3)
        return await waiting

    assert asyncio.run(both()) == Interrupts(3, 1, 0)
    assert kernel.switched_on() == 1


def test_a_device_that_went_away(kernel: Kernel) -> None:
    kernel.irq.enable()
    kernel.own.close()
    with pytest.raises(BackendError):
        kernel.irq.wait(5)


def test_a_driver_without_a_switch_is_switched_on_by_its_command_register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "device/config"
    config.parent.mkdir()
    config.write_bytes(bytes(4) + (0x0407).to_bytes(2, "little") + bytes(58))
    made = Kernel(tmp_path)

    def refuse(_fd: int, _data: bytes) -> int:
        raise OSError(38, os.strerror(38))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)  # as uio_pci_generic answers
        made.irq.enable()
    assert config.read_bytes()[4:6] == (0x0007).to_bytes(2, "little")
    made.own.close()
    made.theirs.close()


def test_the_backend_has_its_interrupt(tmp_path: Path) -> None:
    uio(tmp_path)
    backend = open_backend("uio:0", machine=Machine(tmp_path))
    assert isinstance(backend, Uio)
    assert isinstance(backend.irq, UioInterrupt)
    backend.close()
    with pytest.raises(ClosedError):
        backend.irq.wait(0)
