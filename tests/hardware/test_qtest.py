"""The shipped maps on QEMU's device models, through its qtest socket, without a guest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

import regmap
from regmap.backends.qtest import Irq
from regmap.errors import BackendError, BackendUnavailable, BadAddress, BusFault
from regmap.model.chip import Chip, Instance
from tests.contract.test_backends import Bare, model, played
from tests.hardware.stopped import ARM, PC, Stopped, machine

pytestmark = pytest.mark.hardware

GPIO = 0x3F20_0000
HPET, IOAPIC = 0xFED0_0000, 0xFEC0_0000
EDU = 0xFEA0_0000
OMAP = 0x4801_8000
OMAP_DEVICE = "/machine/unattached/device[7]"  # in Debian 12's QEMU 7.2


@pytest.fixture
def pi() -> Iterator[Stopped]:
    with machine(ARM, "raspi2b") as found:
        yield found


@pytest.fixture
def pc() -> Iterator[Stopped]:
    with machine(PC, "q35,hpet=on", "-device", "edu,addr=5") as found:
        yield found


def test_a_pin_of_a_raspberry_pi(pi: Stopped) -> None:
    with regmap.open("rpi2", backend=pi.qtest) as board:
        gpio = board.GPIO

        def function() -> None:
            board.pin[16].function = "OUTPUT"

        assert pi.bus("bcm2835_gpio", function) == [
            f"read 32 {GPIO + 4:#x} 0x0",
            f"write 32 {GPIO + 4:#x} 0x40000",
        ]
        assert pi.bus("bcm2835_gpio", board.pin[16].set) == [f"write 32 {GPIO + 0x1C:#x} 0x10000"]
        assert board.pin[16].level == 1
        assert pi.bus("bcm2835_gpio", lambda: gpio.GPLEV0.raw) == [
            f"read 32 {GPIO + 0x34:#x} 0x10000"
        ]
        assert pi.bus("bcm2835_gpio", board.pin[16].clear) == [f"write 32 {GPIO + 0x28:#x} 0x10000"]
        assert gpio.GPLEV0.raw == 0


def test_a_pins_level_is_seen_outside(pi: Stopped) -> None:
    with pi.open(pi.qtest) as backend:
        backend.irq_intercept("/machine/soc/peripherals/gpio", outputs=True)
        with pytest.raises(BackendError, match="intercept already enabled"):
            backend.irq_intercept("/machine", outputs=True)
        with pytest.raises(BackendError, match="Unknown device"):
            backend.irq_intercept("/machine/soc/nothing")
        board = regmap.open("rpi2", backend=backend)
        board.pin[16].function = "OUTPUT"
        board.pin[16].set()
        board.pin[16].clear()
        assert backend.irqs() == [Irq(16, True), Irq(16, False)]


def test_the_timer_of_a_pc_takes_its_widths(pc: Stopped) -> None:
    with regmap.open("pc", backend=pc.qtest) as board:
        timer = board.HPET
        # The model is built of 32-bit words, so QEMU makes two of one request for 64 bits.
        assert pc.bus("hpet", timer.GCAP_ID.read) == [
            f"read 32 {HPET:#x} 0x8086a201",
            f"read 32 {HPET + 4:#x} 0x989680",
        ]
        assert timer.GCAP_ID.COUNTER_CLK_PERIOD == 10_000_000
        assert timer.MAIN_CNT.raw == 0
        timer.MAIN_CNT = 0x1234_5678_9ABC_DEF0
        assert timer.MAIN_CNT.raw == 0x1234_5678_9ABC_DEF0
        assert board.backend.read(HPET + 0xF4, 32) == 0x1234_5678
        assert board.backend.read(HPET + 0xF0, 16) == 0  # refused by the model, and nobody told
        assert pc.bus("hpet", lambda: board.backend.read(HPET, 16)) == ["read 16 0x0 refused"]


def test_the_io_apic_is_read_by_one_select_and_one_access(pc: Stopped) -> None:
    with regmap.open("pc", backend=pc.qtest) as board:
        assert pc.bus("ioapic", board.IOAPIC.IOAPICVER.read) == [
            f"write 32 {IOAPIC:#x} 0x1",
            f"read 32 {IOAPIC + 0x10:#x} 0x170020",
        ]


def test_ports_find_a_device_and_64_bits_are_one_access(pc: Stopped) -> None:
    with pc.open(f"{pc.qtest}?space=io") as ports:
        for at, value in ((0x00, None), (0x10, EDU), (0x04, 0x6)):
            ports.write(0xCF8, 32, 0x8000_0000 | 5 << 11 | at)
            if value is None:
                assert ports.read(0xCFC, 32) == 0x11E8_1234
            else:
                ports.write(0xCFC, 32, value)
        assert ports.read(0xCFC, 16) == 0x6
        ports.write(0x70, 8, 0x0D)  # the clock's register D: its memory is valid
        assert ports.read(0x71, 8) == 0x80
        with pytest.raises(BadAddress):
            ports.read(0x1_0000, 8)
    with pc.open(pc.qtest) as memory:
        assert memory.read(EDU, 32) == 0x0100_00ED
        wide = EDU + 0x88
        assert pc.bus("edu-mmio", lambda: memory.write(wide, 64, 0x1122334455667788)) == [
            f"write 64 {wide:#x} 0x1122334455667788"
        ]
        assert pc.bus("edu-mmio", lambda: memory.read(wide, 64)) == [
            f"read 64 {wide:#x} 0x1122334455667788"
        ]
        assert pc.bus("edu-mmio", lambda: memory.read(EDU, 8)) == ["read 8 0x0 refused"]
        memory.irq_intercept("ioapic")
        memory.write(EDU + 0x60, 32, 1)
        memory.write(EDU + 0x64, 32, 1)
        raised, lowered = memory.irqs()
        assert (raised.high, lowered.high) == (True, False)
        assert raised.line == lowered.line


def omap() -> Chip:
    """The am335x map where its direction and data registers meet those of an OMAP2420."""
    block: Any = regmap.load("am335x_gpio")
    where = Instance(name="GPIO", block=block, base=OMAP - 0x100, size=0x1000)
    return Chip(name="omap2420", instances=(where,))


def test_lines_of_an_omap_go_in_and_out() -> None:
    with machine(ARM, "n800") as n800, n800.open(n800.qtest) as backend:
        chip = regmap.open(omap(), backend=backend)
        gpio = chip.GPIO
        backend.irq_intercept(OMAP_DEVICE, outputs=True)
        assert gpio.OE.raw == 0xFFFF_FFFF
        gpio.pin[21].function = "OUTPUT"
        assert gpio.OE.raw == 0xFFDF_FFFF
        gpio.pin[21].set()
        assert gpio.DATAOUT.raw == 1 << 21
        gpio.pin[21].clear()
        assert backend.irqs() == [Irq(21, True), Irq(21, False)]
        backend.set_irq_in(OMAP_DEVICE, 5, True)
        assert gpio.DATAIN.raw == 1 << 5
        assert gpio.pin[5].level == 1
        for width in (8, 16, 32):
            seen = n800.bus("omap.gpio-module", partial(backend.read, OMAP + 0x34, width))
            assert seen == [f"read {width} {OMAP + 0x34:#x} {0xFFDF_FFFF & (1 << width) - 1:#x}"]


def test_the_script_of_all_backends_on_a_machines_memory() -> None:
    """RAM begins where the script's block lies: the same values, errors and bytes as in Python."""
    bare = Bare()
    wanted = played(regmap.open(model(), backend=bare))
    with machine(ARM, "virt", "-m", "16") as found:
        found.clear(0x4000_0000, len(bare.memory))  # QEMU puts a device tree there
        with regmap.open(model(), backend=found.qtest) as device:
            assert played(device) == wanted
        with found.open(found.qtest) as memory:
            for at in range(0, len(bare.memory), 8):
                wanted_there = int.from_bytes(bare.memory[at : at + 8], "little")
                assert memory.read(0x4000_0000 + at, 64) == wanted_there


def test_one_client_at_a_time(pi: Stopped) -> None:
    with pi.open(pi.qtest), pytest.raises(BackendUnavailable, match="no other is connected"):
        regmap.open("rpi2", backend=f"{pi.qtest}?timeout=0.2")


def test_a_machine_that_is_gone_is_a_fault_with_the_address(pi: Stopped) -> None:
    with regmap.open("rpi2", backend=pi.qtest) as board:
        assert board.GPIO.GPLEV0.raw == 0
        pi.emulator.end()
        for _ in range(2):
            with pytest.raises(BusFault, match="is lost") as caught:
                board.GPIO.GPLEV0.read()
            assert caught.value.address == GPIO + 0x34
