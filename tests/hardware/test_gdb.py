"""The shipped maps, and a vendor's SVD file, through the GDB stub of a real QEMU."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.backends import open_backend
from regmap.backends.gdb import Gdb
from regmap.errors import BackendUnavailable, BadAddress, BusFault
from tests.contract.test_backends import Bare, model, played
from tests.hardware.stopped import ARM, PC, Stopped, machine
from tools.hardware import debian
from tools.hardware.emulator import Emulator

pytestmark = pytest.mark.hardware

GPIO = 0x3F20_0000
HPET = 0xFED0_0000
TIMER0 = 0x4000_0000
CPUID = 0xE000_ED00
# cli; hlt; jmp to the hlt: at the reset vector, 16 bytes before the end of the image.
HALT = b"\xfa\xf4\xeb\xfd"


@pytest.fixture
def pi() -> Iterator[Stopped]:
    with machine(ARM, "raspi2b") as found:
        yield found


@pytest.fixture
def cortex() -> Iterator[Stopped]:
    with machine(ARM, "mps2-an385") as found:
        yield found


def test_a_pin_of_a_raspberry_pi(pi: Stopped) -> None:
    with regmap.open("rpi2", backend=pi.gdb) as board:

        def function() -> None:
            board.pin[16].function = "OUTPUT"

        assert isinstance(board.backend, Gdb)
        assert board.backend.physical
        assert pi.bus("bcm2835_gpio", function) == [
            f"read 32 {GPIO + 4:#x} 0x0",
            f"write 32 {GPIO + 4:#x} 0x40000",
        ]
        assert pi.bus("bcm2835_gpio", board.pin[16].set) == [f"write 32 {GPIO + 0x1C:#x} 0x10000"]
        assert pi.bus("bcm2835_gpio", lambda: board.GPIO.GPLEV0.raw) == [
            f"read 32 {GPIO + 0x34:#x} 0x10000"
        ]
        assert pi.bus("bcm2835_gpio", board.pin[16].clear) == [f"write 32 {GPIO + 0x28:#x} 0x10000"]


def test_each_width_is_one_transaction() -> None:
    with machine(ARM, "n800") as n800, n800.open(n800.gdb) as backend:
        enable = 0x4801_8034
        for verb in ("read", "write"):  # the model does not keep its neighbours on narrow writes
            for width in (8, 16, 32):
                ones = (1 << width) - 1
                value = (ones,) if verb == "write" else ()
                access = partial(getattr(backend, verb), enable, width, *value)
                assert n800.bus("omap.gpio-module", access) == [
                    f"{verb} {width} {enable:#x} {ones:#x}"
                ]
        for refused in ((enable, 64), (enable + 1, 32), (enable + 1, 16)):
            assert n800.bus("omap.gpio-module", partial(_refused, backend, *refused)) == []


def _refused(backend: Any, address: int, width: int) -> None:
    with pytest.raises(BadAddress):
        backend.read(address, width)
    with pytest.raises(BadAddress):
        backend.write(address, width, 0)


def test_a_vendors_file_on_a_cortex_m(cortex: Stopped) -> None:
    folder = os.environ.get("REGMAP_SVD_DIR") or Path(__file__).parents[3] / "shared" / "svd"
    file = Path(folder, "CMSDK_CM3.svd")
    if not file.exists():
        pytest.skip("vendor files are not part of the project; REGMAP_SVD_DIR says where they are")
    with regmap.open(file, backend=cortex.gdb) as chip:
        timer = chip.TIMER0

        def start() -> None:
            timer.CTRL.INTEN = 1

        assert cortex.bus("cmsdk-apb-timer", start) == [
            f"read 32 {TIMER0:#x} 0x0",
            f"write 32 {TIMER0:#x} 0x8",
        ]
        timer.RELOAD = 0x1234_5678
        assert timer.RELOAD.raw == 0x1234_5678
        assert timer.CTRL.INTEN == 1
        assert chip.UART0.STATE.raw == 0
        chip.UART0.BAUDDIV = 16
        assert chip.UART0.BAUDDIV.raw == 16


def test_what_only_the_cpu_sees(cortex: Stopped) -> None:
    """Why physical mode is the default, why it cannot be all, and why nothing is written then."""
    with cortex.open(f"{cortex.gdb}?memory=cpu") as backend:
        assert not backend.physical
        assert backend.read(CPUID, 32) == 0x410F_C231
        with pytest.raises(BadAddress, match="would drop it"):
            backend.write(TIMER0, 32, 8)
    with cortex.open(cortex.gdb) as backend:
        assert backend.physical
        assert backend.read(CPUID, 32) == 0
        backend.write(TIMER0, 32, 8)
        assert backend.read(TIMER0, 32) == 8
    with cortex.open(f"{cortex.gdb}?memory=cpu") as backend:
        assert backend.read(TIMER0, 32) == 8


def test_the_script_of_all_backends_on_a_machines_memory() -> None:
    bare = Bare()
    wanted = played(regmap.open(model(), backend=bare))
    with machine(ARM, "virt", "-m", "16") as found:
        found.clear(0x4000_0000, len(bare.memory))  # QEMU puts a device tree there
        with regmap.open(model(), backend=f"{found.gdb}?widths=8,16,32,64") as device:
            assert played(device) == wanted
        with found.open(found.qtest) as memory:  # by another way
            there = [memory.read(0x4000_0000 + at, 8) for at in range(len(bare.memory))]
        assert bytes(there) == bytes(bare.memory)


def test_connecting_halts_and_only_asking_resumes(tmp_path: Path) -> None:
    image = tmp_path / "bios"
    image.write_bytes(HALT.rjust(65536 - 16 + len(HALT), b"\xf4").ljust(65536, b"\xf4"))
    with machine(PC, "q35,hpet=on", "-bios", str(image), stopped=False) as pc:

        def counts() -> bool:
            """Whether the timer goes on, which it does with the CPU."""
            with pc.open(pc.qtest) as backend:
                start = backend.read(HPET + 0xF0, 32)
                until = time.monotonic() + 0.5
                while time.monotonic() < until:
                    if backend.read(HPET + 0xF0, 32) != start:
                        return True
            return False

        with pc.open(pc.qtest) as backend:
            backend.write(HPET + 0x10, 32, 1)
        assert counts()
        with pc.open(pc.gdb) as backend:
            assert not counts()
            backend.timeout_s = 0.5
            assert not backend.interrupt()  # halted by the connection, which is not reported
            backend.timeout_s = 30
            assert backend.read(HPET + 0x10, 32) == 1
        assert not counts()
        pc.open(f"{pc.gdb}?resume=yes").close()
        assert counts()


def test_gdbs_own_server_on_the_memory_of_a_process() -> None:
    """Another implementation of the protocol, without acknowledgments and with short runs."""
    try:
        program = debian.program("gdbserver", "gdbserver")
    except debian.Unavailable as reason:
        pytest.skip(str(reason))
    command = [program, "--once", "127.0.0.1:0", "/bin/sleep", "60"]
    with Emulator(command, limit_s=60) as server:
        said = server.lines()
        process = next(said).rpartition(" = ")[2]
        port = next(said).rpartition(" ")[2]
        maps = Path(f"/proc/{process}/maps").read_text(encoding="ascii")
        [stack] = (line for line in maps.splitlines() if line.endswith("[stack]"))
        top = int(stack.partition(" ")[0].partition("-")[2], 16)
        # It is stopped at its first instruction, and is never let go.
        base = top - 0x800
        with open_backend(f"gdb:127.0.0.1:{port}?widths=8,16,32,64") as backend:  # type: ignore[attr-defined]
            for width, value in ((64, 0), (64, 0x1122334455667788), (32, 0xCAFEBABE), (8, 0x7D)):
                backend.write(base, width, value)
                assert backend.read(base, width) == value
                with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
                    memory.seek(base)
                    assert int.from_bytes(memory.read(width // 8), "little") == value
            assert backend.read(base, 64) == 0x11223344_CAFEBA7D
            with pytest.raises(BusFault, match="'E01'") as caught:
                backend.read(0x10, 32)
            assert caught.value.address == 0x10


def test_one_client_at_a_time(pi: Stopped) -> None:
    with pi.open(pi.gdb), pytest.raises(BackendUnavailable, match="no other"):
        regmap.open("rpi2", backend=f"{pi.gdb}?timeout=0.2")


def test_a_machine_that_is_gone_is_a_fault_with_the_address(pi: Stopped) -> None:
    with regmap.open("rpi2", backend=pi.gdb) as board:
        assert board.GPIO.GPLEV0.raw == 0
        pi.emulator.end()
        for _ in range(2):
            with pytest.raises(BusFault, match="is lost") as caught:
                board.GPIO.GPLEV0.read()
            assert caught.value.address == GPIO + 0x34
