"""Where edges come from: the simulator, a gpiochip that is held open, interrupts, polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import regmap
from regmap.backends import gpiochip
from regmap.backends.base import Edge, Interrupts
from regmap.backends.machine import Machine
from regmap.backends.physical import Physical
from regmap.daemon import events
from regmap.daemon.events import Hub, hold
from regmap.daemon.pins import Pins
from regmap.errors import BackendUnavailable, BusFault
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.live.device import Device
from regmap.sim import Simulator
from tests.support import Recorder

_LEV0, _EDS0, _REN0, _FEN0 = (0x20200000 + offset for offset in (0x34, 0x40, 0x4C, 0x58))
_PIN3 = 1 << 22


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.lost = 0
        self.why = ""
        self.changed = asyncio.Event()

    def event(self, line: bytes) -> None:
        _, pin, kind, _, number = line.decode().split()
        self.heard.append(f"{pin} {kind} {number}")
        self.changed.set()

    def missed(self, count: int) -> None:
        self.lost += count

    def cut(self, why: str) -> None:
        self.why = why
        self.changed.set()

    async def next(self) -> None:
        await asyncio.wait_for(self.changed.wait(), 10)
        self.changed.clear()


def _on(bus: Any) -> Device:
    return build(lay_out(regmap.load("rpi1-rev2")))(bus)


def _pins(device: Device) -> Pins:
    return Pins(device, lambda *_: None)


def test_the_simulator_tells_each_change_until_it_is_told_to_end() -> None:
    with regmap.open("rpi1-rev2", "sim:") as pi:
        simulator = pi.backend
        assert isinstance(simulator, Simulator)
        seen: list[int] = []
        end = simulator.watch("GPIO.pin[22]", seen.append)
        for level in (1, 1, 0, 1):
            simulator.drive(22, level)
        simulator.drive(23, 1)
        pi.pin[22].function = "OUTPUT"  # its latch is 0
        assert seen == [1, 0, 1, 0]
        end()
        end()
        simulator.drive(22, 0)
        pi.pin[22].set()
        assert seen == [1, 0, 1, 0]


class _WithInterrupt(Recorder):
    """A bus with an interrupt that a test makes, and an event register that is written to clear."""

    def __init__(self) -> None:
        super().__init__()
        self.irq = self
        self.came = asyncio.Event()
        self.waits = 0
        self.fault = False

    async def wait_async(self, timeout_s: float | None = None) -> Interrupts:
        self.waits += 1
        await self.came.wait()
        self.came.clear()
        return Interrupts(1, 1, 0)

    def wait(self, timeout_s: float | None = None) -> Interrupts:
        raise NotImplementedError

    def read(self, address: int, width: int) -> int:
        if self.fault:
            raise BusFault("gone", address=address)
        return super().read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        super().write(address, width, value)
        if address == _EDS0:
            self.memory[address] = 0

    def edge(self, level: int) -> None:
        self.memory |= {_LEV0: _PIN3 if level else 0, _EDS0: _PIN3}
        self.came.set()


def _run(what: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(what(), 20))


def test_an_interrupt_looks_at_the_pins_once() -> None:
    async def steps() -> None:
        bus, ear = _WithInterrupt(), Ear()
        device = _on(bus)
        hub, pin = Hub(device), _pins(device).by_number[3]
        hub.subscribe(ear, pin, "BOTH")
        assert (bus.memory[_REN0], bus.memory[_FEN0]) == (_PIN3, _PIN3)
        for level in (1, 0, 1):
            bus.edge(level)
            await ear.next()
        assert ear.heard == ["3 RISING 1", "3 FALLING 2", "3 RISING 3"]
        assert ear.lost == 0
        assert bus.waits == 4
        hub.unsubscribe(ear, 3)
        assert (bus.memory[_REN0], bus.memory[_FEN0]) == (0, 0)
        bus.edge(0)
        await asyncio.sleep(0)
        assert len(ear.heard) == 3

    _run(steps)


def test_an_edge_that_comes_twice_means_that_one_was_lost() -> None:
    async def steps() -> None:
        bus, ear = _WithInterrupt(), Ear()
        device = _on(bus)
        hub = Hub(device)
        hub.subscribe(ear, _pins(device).by_number[3], "BOTH")
        for level in (1, 1):
            bus.edge(level)
            await ear.next()
        assert (ear.heard, ear.lost) == (["3 RISING 1", "3 RISING 3"], 1)
        hub.close()

    _run(steps)


def test_a_device_that_fails_ends_its_subscriptions() -> None:
    async def steps() -> None:
        bus, ear = _WithInterrupt(), Ear()
        device = _on(bus)
        hub = Hub(device)
        hub.subscribe(ear, _pins(device).by_number[3], "BOTH")
        bus.fault = True
        bus.edge(1)
        await ear.next()
        assert "gone" in ear.why or "fault" in ear.why
        hub.drop(ear)

    _run(steps)


@pytest.mark.parametrize(
    ("edges", "heard", "lost"),
    [
        ([("rising", 3, 2), ("falling", 4, 0)], ["3 RISING 3", "3 FALLING 4"], 2),
        ([("rising", 1, 0), ("falling", 4, 2)], ["3 RISING 1", "3 FALLING 4"], 2),
        ([("rising", 1, 0), ("rising", 2, None)], ["3 RISING 1", "3 RISING 3"], 1),
        ([("rising", 1, 0), ("falling", 3, None)], ["3 RISING 1", "3 FALLING 4"], 2),
    ],
)
def test_what_the_kernel_lost_is_counted(
    edges: list[tuple[Any, int, int | None]], heard: list[str], lost: int
) -> None:
    async def steps() -> None:
        ear, device = Ear(), _on(Recorder())
        watch = events._Watch(_pins(device).by_number[3], device)
        watch.asked[ear] = events._Asked("both")
        for kind, number, missed in edges:
            watch._take(Edge(kind, 1000 + number, number, missed))
        assert (ear.heard, ear.lost) == (heard, lost)
        watch.close()

    _run(steps)


def _machine(folder: Path) -> Machine:
    chip = folder / "sys/devices/platform/soc/20200000.gpio/gpiochip0"
    chip.mkdir(parents=True)
    devices = folder / "sys/bus/gpio/devices"
    devices.mkdir(parents=True)
    (devices / "gpiochip0").symlink_to(chip)
    (folder / "dev").mkdir()
    (folder / "dev/mem").write_bytes(bytes(64))
    return Machine(folder)


def test_a_gpiochip_is_opened_before_and_asked_for_lines_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a subscription comes, no file can be opened or even looked for."""
    backend = regmap.backends.open_backend("mem:", machine=_machine(tmp_path))
    assert isinstance(backend, Physical)
    asked: list[Any] = []
    chip = SimpleNamespace(
        request_lines=lambda **options: asked.append(options) or SimpleNamespace(release=list),
        close=lambda: asked.append("closed"),
    )
    opened: list[str] = []
    monkeypatch.setattr(gpiochip, "open_chip", lambda device: opened.append(device) or chip)
    with regmap.open("rpi1-rev2", backend=backend) as pi:
        hold(pi, _pins(pi).by_number.values())
        assert opened == ["/dev/gpiochip0"]
        monkeypatch.setattr(gpiochip, "chip_at", None)
        with pi.pin[22].edges("both") as edges:
            assert edges.source == "/dev/gpiochip0 line 22"
        assert [*asked[0]["config"]] == [22]
    assert asked[-1] == "closed"


def test_a_chip_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="gpiochip9"):
        gpiochip.open_chip(str(tmp_path / "gpiochip9"))
