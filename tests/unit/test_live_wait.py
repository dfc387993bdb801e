"""Waiting for a register, on a clock of our own: how often it is read, and what a time-out says."""

from __future__ import annotations

from typing import Any

import pytest

from regmap.errors import (
    NotReadable,
    ReadHasSideEffect,
    UnknownName,
    ValueDoesNotFit,
    WaitTimeout,
)
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      STATUS:
        offset: 0
        fields:
          MODE: {bits: "2:0", enum: {IDLE: 0, FAST: 4}}
          DONE: {bits: 3, access: rw1c}
          GO: {bits: 4, access: wo}
          STATE: {bits: 5, access: ro}
      FIFO: {offset: 4, access: ro, read-action: modify}
      ORDER: {offset: 8, access: wo}
"""


class Clock:
    """Time that passes only while somebody sleeps; the register takes its values as it passes."""

    def __init__(self, bus: Recorder, changes: dict[float, int]) -> None:
        self.now = 100.0
        self.bus = bus
        self.changes = {100.0 + after: value for after, value in changes.items()}
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now = round(self.now + seconds, 6)
        for at, value in self.changes.items():
            if at <= self.now:
                self.bus.memory[0] = value


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(**changes: int) -> tuple[Any, Recorder, Clock]:
        bus = Recorder()
        clock = Clock(bus, {int(name[1:]) / 1000: value for name, value in changes.items()})
        monkeypatch.setattr("regmap.live.wait.time", clock)
        return device_of(CHIP, bus).DEV, bus, clock

    return made


READ = ("R", 0, 32)


def test_what_is_there_already_is_one_read_and_no_sleep(waiting: Any) -> None:
    dev, bus, clock = waiting()
    assert dev.STATUS.wait(MODE="IDLE", timeout_s=1).MODE.name == "IDLE"
    assert (bus.taken(), clock.slept) == ([READ], [])


def test_it_is_read_once_a_period_until_all_fields_match(waiting: Any) -> None:
    dev, bus, clock = waiting(t3=0x4, t5=0xC)
    assert dev.STATUS.wait(MODE="FAST", DONE=1, timeout_s=1) == 0xC
    assert (len(bus.taken()), clock.slept) == (6, [0.001] * 5)


def test_the_period_is_the_callers(waiting: Any) -> None:
    dev, bus, clock = waiting(t100=8)
    dev.STATUS.wait(DONE=1, timeout_s=1, period_s=0.03)
    assert clock.slept == [0.03] * 4
    assert bus.taken() == [READ] * 5


def test_a_condition_sees_each_snapshot(waiting: Any) -> None:
    dev, _, _ = waiting(t1=1, t2=2, t3=0x25)
    seen = []

    def wanted(now: Any) -> bool:
        seen.append(int(now))
        return bool(now.STATE)

    assert dev.STATUS.wait(wanted, timeout_s=1) == 0x25
    assert seen == [0, 1, 2, 0x25]
    # Both together: the condition is asked only where the fields match.
    seen.clear()
    dev.STATUS.wait(wanted, STATE=1, timeout_s=1)
    assert seen == [0x25]


def test_a_time_out_says_what_was_seen(waiting: Any) -> None:
    dev, bus, clock = waiting(t1=1, t2=1, t3=3)
    with pytest.raises(WaitTimeout) as caught:
        dev.STATUS.wait(MODE="FAST", DONE=1, timeout_s=0.0045)
    error = caught.value
    assert (error.path, error.last, error.values) == ("DEV.STATUS", 3, (0, 1, 3))
    assert "no MODE=FAST, DONE=1 within 0.0045 s" in str(error)
    assert "<DEV.STATUS 0x00000003>" in str(error)
    assert isinstance(error, TimeoutError)
    # The last sleep ends at the limit, and one more read comes after it.
    assert clock.slept == [0.001] * 4 + [0.0005]
    assert bus.taken() == [READ] * 6


def test_a_value_that_comes_with_the_last_read_still_counts(waiting: Any) -> None:
    dev, bus, _ = waiting(t10=8)
    assert dev.STATUS.wait(DONE=1, timeout_s=0.01, period_s=0.02) == 8
    assert bus.taken() == [READ] * 2


def test_a_read_that_outlasts_the_limit_is_followed_by_one_more(waiting: Any) -> None:
    """Whoever was held up looks again before giving up."""
    dev, bus, clock = waiting()
    values = iter([0, 8])

    def slow(address: int, width: int) -> int:
        clock.now += 5
        bus.accesses.append(("R", address, width))
        return next(values)

    bus.read = slow
    assert dev.STATUS.wait(DONE=1, timeout_s=1) == 8
    assert bus.taken() == [READ] * 2


@pytest.mark.parametrize("timeout_s", [0, -1])
def test_no_time_is_one_read(waiting: Any, timeout_s: float) -> None:
    dev, bus, clock = waiting()
    with pytest.raises(WaitTimeout):
        dev.STATUS.wait(DONE=1, timeout_s=timeout_s)
    assert (bus.taken(), clock.slept) == ([READ], [])


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda dev: dev.FIFO.wait(lambda now: True, timeout_s=0), ReadHasSideEffect),
        (lambda dev: dev.ORDER.wait(lambda now: True, timeout_s=0), NotReadable),
        (lambda dev: dev.STATUS.wait(GO=1, timeout_s=0), NotReadable),
        (lambda dev: dev.STATUS.wait(NOTHING=1, timeout_s=0), UnknownName),
        (lambda dev: dev.STATUS.wait(MODE="NOTHING", timeout_s=0), UnknownName),
        (lambda dev: dev.STATUS.wait(MODE=8, timeout_s=0), ValueDoesNotFit),
        (lambda dev: dev.STATUS.wait(timeout_s=0), TypeError),
    ],
)
def test_what_cannot_be_waited_for_is_refused_before_any_read(
    waiting: Any, use: Any, error: type[Exception]
) -> None:
    dev, bus, _ = waiting()
    with pytest.raises(error):
        use(dev)
    assert bus.taken() == []


def test_the_neutral_value_of_a_write_one_field_can_be_waited_for(waiting: Any) -> None:
    dev, _, _ = waiting()
    assert dev.STATUS.wait(DONE=0, timeout_s=0) == 0
