"""Edges of a pin: by polling the block's event detection on the simulator, and from a gpiochip."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpiod
import pytest

import regmap
from regmap.backends import gpiochip, open_backend
from regmap.backends.base import Edge
from regmap.backends.gpiochip import LineEdges, chip_at
from regmap.backends.machine import Machine
from regmap.backends.physical import Physical
from regmap.errors import (
    AccessError,
    BackendUnavailable,
    BusFault,
    ClosedError,
    ReadHasSideEffect,
    WaitTimeout,
)
from tests.support import Recorder


@pytest.fixture
def pi() -> Iterator[Any]:
    with regmap.open("rpi1-rev2", backend="sim:") as opened:
        yield opened


def kinds(edges: Any, count: int) -> list[tuple[str, int, int | None]]:
    return [
        (edge.kind, edge.sequence, edge.missed) for edge in (edges.wait(5) for _ in range(count))
    ]


def test_edges_are_polled_and_each_is_told_once(pi: Any) -> None:
    with pi.pin[17].edges() as edges:
        assert "may miss" in edges.source
        pi.backend.drive("P1-11", 1)
        assert kinds(edges, 1) == [("rising", 1, None)]
        pi.backend.drive("P1-11", 0)
        assert kinds(edges, 1) == [("falling", 2, None)]
        with pytest.raises(WaitTimeout, match=r"no edge within 0\.01 s"):
            edges.wait(0.01)


def test_only_the_kind_that_is_asked_for(pi: Any) -> None:
    with pi.pin[17].edges("rising") as edges:
        pi.backend.drive("P1-11", 1)
        pi.backend.drive("P1-11", 0)
        pi.backend.drive("P1-11", 1)
        # Two rises between two polls are one event: that is what the source says.
        assert kinds(edges, 1) == [("rising", 1, None)]


def test_detection_is_switched_on_and_off_again_and_neighbours_are_left_alone(pi: Any) -> None:
    gpio = pi.GPIO
    gpio.GPREN0.REN4 = 1
    gpio.GPFEN0.FEN17 = 1
    edges = pi.pin[17].edges()
    assert gpio.GPREN0.raw == 1 << 17 | 1 << 4
    assert gpio.GPFEN0.raw == 1 << 17
    edges.close()
    edges.close()
    assert gpio.GPREN0.raw == 1 << 4
    assert gpio.GPFEN0.raw == 1 << 17  # was on before
    with pytest.raises(ClosedError):
        edges.wait(0)


def test_a_poll_is_one_read_and_an_event_one_write_more() -> None:
    recorder = Recorder({0x20200040: 0})
    with regmap.open("rpi1-rev2", backend=recorder) as pi, pi.pin[17].edges("rising") as edges:
        recorder.taken()
        recorder.memory[0x20200040] = 0
        with pytest.raises(WaitTimeout):
            edges.wait(0)
        assert recorder.taken() == [("R", 0x20200040, 32)]
        recorder.memory[0x20200040] = 1 << 17
        assert edges.wait(0).kind == "rising"
        assert recorder.taken() == [("R", 0x20200040, 32), ("W", 0x20200040, 32, 1 << 17)]


def test_iterators_of_both_kinds(pi: Any) -> None:
    with pi.pin[17].edges() as edges:
        pi.backend.drive("P1-11", 1)
        for edge in edges:
            assert edge.kind == "rising"
            break

        async def next_one() -> Edge:
            pi.backend.drive("P1-11", 0)
            async for edge in edges:
                return edge
            raise AssertionError

        assert asyncio.run(next_one()).kind == "falling"
        with pytest.raises(WaitTimeout):
            asyncio.run(edges.wait_async(0.01))


def test_what_is_no_kind_of_edges_is_refused(pi: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'rising', 'falling' or 'both', not 'up'"):
        pi.pin[17].edges("up")
    with pytest.raises(ValueError, match="not 'up'"):
        gpiochip.open_line(str(tmp_path / "gpiochip0"), 3, "up")  # type: ignore[arg-type]


def test_a_task_that_does_not_wait_gets_what_is_there(pi: Any) -> None:
    with pi.pin[17].edges("rising") as edges:
        pi.backend.drive("P1-11", 1)
        assert asyncio.run(edges.wait_async(0)).kind == "rising"
        with pytest.raises(WaitTimeout):
            asyncio.run(edges.wait_async(0))
        with pytest.raises(ValueError, match="NaN"):
            asyncio.run(edges.wait_async(float("nan")))


def test_detection_that_fails_half_way_is_switched_off_again() -> None:
    class Refusing(Recorder):
        def write(self, address: int, width: int, value: int) -> None:
            if address == 0x20200058:
                raise BusFault("GPFEN0", address=address)
            super().write(address, width, value)

    recorder = Refusing({0x2020004C: 0, 0x20200058: 0})
    with regmap.open("rpi1-rev2", backend=recorder) as pi:
        with pytest.raises(BusFault):
            pi.pin[17].edges()
        assert recorder.memory[0x2020004C] == 0
        assert ("W", 0x2020004C, 32, 1 << 17) in recorder.taken()


def test_a_pin_without_event_detection_says_so() -> None:
    block = "block: b\nregisters: {LEV: {offset: 0, width: 32, access: ro, volatile: true}}\n"
    block += 'views: {pin: {count: 32, members: {level: "LEV.bit[i]"}}}\n'
    from regmap.loaders import read

    model = read("b.yaml", text=block).model
    assert model is not None
    with (
        regmap.open(model, backend="sim:") as device,
        pytest.raises(AccessError, match="does not say how"),
    ):
        device.B.pin[3].edges()


# ---- a gpiochip --------------------------------------------------------------------------------


def chips(root: Path) -> Machine:
    """Two chips as sysfs shows them."""
    devices = root / "sys/bus/gpio/devices"
    devices.mkdir(parents=True)
    for number, parent in ((0, "soc/20200000.gpio"), (1, "soc/soc:firmware/soc:firmware:gpio")):
        own = root / f"sys/devices/platform/{parent}/gpiochip{number}"
        own.mkdir(parents=True)
        (devices / f"gpiochip{number}").symlink_to(own)
    return Machine(root)


def test_the_chip_of_a_block_is_found_by_its_address(tmp_path: Path) -> None:
    machine = chips(tmp_path)
    assert chip_at(0x20200000, machine) == "/dev/gpiochip0"
    assert chip_at(0x20200004, machine) is None
    assert chip_at(0x20200000, Machine(tmp_path / "none")) is None


class Request:
    """What gpiod gives for a line that was requested; a pipe stands for the device."""

    def __init__(self, numbers: list[int], kinds: str = "") -> None:
        self.kinds = kinds or "".join("fr"[number % 2] for number in numbers)
        self.fd, self._end = os.pipe()
        os.write(self._end, b"x")
        self.numbers = numbers
        self.released = 0

    def read_edge_events(self, most: int) -> list[Any]:
        kinds_ = gpiod.EdgeEvent.Type
        return [
            SimpleNamespace(
                event_type=kinds_.RISING_EDGE if kind == "r" else kinds_.FALLING_EDGE,
                Type=kinds_,
                timestamp_ns=1000 + number,
                line_seqno=number,
            )
            for number, kind in zip(self.numbers[:most], self.kinds, strict=False)
        ]

    def release(self) -> None:
        self.released += 1
        os.close(self.fd)
        os.close(self._end)


def test_lost_edges_are_counted() -> None:
    request = Request([1, 2, 7])
    source = LineEdges(request, "/dev/gpiochip0", 17)
    assert source.take() == [
        Edge("rising", 1001, 1, 0),
        Edge("falling", 1002, 2, 0),
        Edge("rising", 1007, 7, 4),
    ]
    source.close()
    source.close()
    assert request.released == 1
    with pytest.raises(ClosedError):
        source.fileno()


def test_a_pin_of_this_machine_asks_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/mem").write_bytes(bytes(64))
    backend = open_backend("mem:", machine=Machine(tmp_path))
    assert isinstance(backend, Physical)
    asked: list[Any] = []

    def request_lines(path: str, **options: Any) -> Request:
        asked.append((path, options))
        return Request([1])

    monkeypatch.setattr(gpiod, "request_lines", request_lines)
    with (
        regmap.open("rpi1-rev2", backend=backend) as pi,
        pi.pin[17].edges("falling", debounce_us=50, queue=100) as edges,
    ):
        assert "/dev/gpiochip0 line 17" in edges.source
        assert edges.wait(5) == Edge("rising", 1001, 1, 0)
    path, options = asked[0]
    assert (path, options["event_buffer_size"]) == ("/dev/gpiochip0", 100)
    settings = options["config"][17]
    assert settings.edge_detection is gpiod.line.Edge.FALLING
    assert settings.debounce_period.total_seconds() == pytest.approx(50e-6)


@pytest.mark.parametrize(
    ("numbers", "kinds", "missed"),
    [
        ([1, 2, 3], "rfr", [0, 0, 0]),
        ([3, 4, 5], "rfr", [2, 0, 0]),  # nothing is known of the level before the first
        ([3, 4, 5], "frf", [2, 0, 0]),
        ([1, 2, 3], "rrf", [0, None, 0]),
        ([1, 4, 6], "rff", [0, 2, 1]),
        ([1, 4, 6], "rfr", [0, 2, None]),
        ([1, 4, 5], "rrf", [0, None, 0]),
    ],
)
def test_a_kind_that_comes_twice_shows_edges_that_the_kernel_did_not_number(
    numbers: list[int], kinds: str, missed: list[int | None]
) -> None:
    source = LineEdges(Request(numbers, kinds), "/dev/gpiochip0", 17, both=True)
    assert [edge.missed for edge in source.take()] == missed
    source.close()


def test_of_one_kind_each_comes_again() -> None:
    source = LineEdges(Request([1, 2, 5], "rrr"), "/dev/gpiochip0", 17)
    assert [edge.missed for edge in source.take()] == [0, 0, 2]
    source.close()


def test_a_task_waits_for_a_chip() -> None:
    edges = LineEdges(Request([3]), "/dev/gpiochip0", 1)
    from regmap.live.edges import Edges

    with Edges("GPIO.pin[1]", edges) as live:
        assert asyncio.run(live.wait_async(5)).sequence == 3


def test_any_length_of_time_is_waited_for() -> None:
    from regmap.live.edges import Edges

    for timeout_s in (0, 1e9, float("inf"), None):
        with Edges("GPIO.pin[1]", LineEdges(Request([3]), "/dev/gpiochip0", 1)) as live:
            assert live.wait(timeout_s).sequence == 3
        with Edges("GPIO.pin[1]", LineEdges(Request([3]), "/dev/gpiochip0", 1)) as live:
            assert asyncio.run(live.wait_async(timeout_s)).sequence == 3


def test_edges_that_are_closed_end_the_task_that_waits() -> None:
    from regmap.live.edges import Edges

    async def close_meanwhile() -> bool:
        request = Request([3])
        os.read(request.fd, 1)  # so that nothing is there
        live = Edges("GPIO.pin[1]", LineEdges(request, "/dev/gpiochip0", 1))
        waiting = asyncio.create_task(live.wait_async())
        await asyncio.sleep(0)
        live.close()
        # Its number is now another's, whose reader must stay.
        other, end = os.pipe()
        assert other == request.fd
        asyncio.get_running_loop().add_reader(other, lambda: None)
        done, _ = await asyncio.wait({waiting}, timeout=5)
        kept = asyncio.get_running_loop().remove_reader(other)
        os.close(other)
        os.close(end)
        waiting.cancel()
        assert done == {waiting}
        with pytest.raises(ClosedError, match="closed meanwhile"):
            waiting.result()
        return kept

    assert asyncio.run(close_meanwhile())


def test_a_line_that_cannot_be_had(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="line 3"):
        gpiochip.open_line(str(tmp_path / "gpiochip0"), 3, "both")


# ---- interrupts --------------------------------------------------------------------------------


class Interrupting(Recorder):
    """A backend with an interrupt that changes what a register shows."""

    def __init__(self) -> None:
        super().__init__({0x20200034: 0})
        self.irq = self
        self.waits = 0

    def wait(self, timeout_s: float | None = None) -> None:
        self.waits += 1
        if self.waits == 3:
            self.memory[0x20200034] = 1 << 4
        if self.waits > 3:
            raise WaitTimeout("irq", "none", last=None, values=())


def test_wait_by_interrupts_reads_once_an_interrupt() -> None:
    backend = Interrupting()
    with regmap.open("rpi1-rev2", backend=backend) as pi:
        pi.GPIO.GPLEV0.wait(LEV4=1, timeout_s=5, irq=True)
        assert backend.waits == 3
        assert backend.taken() == [("R", 0x20200034, 32)] * 4
        assert pi.irq is backend
        with pytest.raises(WaitTimeout, match="LEV5=1"):
            pi.GPIO.GPLEV0.wait(LEV5=1, timeout_s=0.01, irq=True)


def test_a_backend_without_interrupts_says_so(pi: Any) -> None:
    with pytest.raises(BackendUnavailable, match="uio:"):
        _ = pi.irq
    with pytest.raises(BackendUnavailable, match="uio:"):
        pi.GPIO.GPLEV0.wait(LEV4=1, timeout_s=0, irq=True)
    with pytest.raises(ReadHasSideEffect):
        regmap.open("pc-ports", backend="sim:").RTC.REGISTER_C.wait(PF=1, timeout_s=0)
