"""Several threads on one device: nothing written is lost, and nothing made is made twice.

The interpreter is made to change threads after every few instructions, so that what can be torn
apart is. Each test fails when its lock is taken away.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import regmap
from tests.support import Recorder, device_of, model_of

THREADS = 4
TIMES = 200
CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      FLAGS:
        offset: 0
        width: 64
        reset: 0
        fields: {F: {bits: "15:0", array: {count: 4, stride: 16}}}
      PARTS:
        offset: 8
        width: 64
        reset: 0
        access-widths: [32]
        word-order: low-first
        fields: {P: {bits: "15:0", array: {count: 4, stride: 16}}}
      IDX: {offset: 16}
      DAT: {offset: 20}
      MANY: {offset: 32, array: {count: 64, stride: 4}}
    windows:
      pair:
        index: IDX
        data: DAT
        registers:
          IN:
            index: 0
            reset: 0
            array: {count: 4, stride: 1}
            fields: {A: {bits: "15:0"}, B: {bits: "31:16"}}
"""


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], None]) -> None:
    """Run ``work(number)`` in some threads that start at the same moment."""
    start = threading.Barrier(THREADS)
    failed: list[BaseException] = []

    def run(number: int) -> None:
        start.wait(30)
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  (whatever it is fails the test)
            failed.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not failed


@pytest.mark.parametrize("uri", ["anon:", "sim:"])
@pytest.mark.parametrize("name", ["FLAGS", "PARTS"])
def test_a_modify_loses_nothing_of_another(uri: str, name: str) -> None:
    """Each thread counts in a field of its own of one register."""
    with regmap.open(model_of(CHIP), backend=uri) as device:
        register = getattr(device.DEV, name)
        fields = list(register.FIELDS)

        def count(number: int) -> None:
            for value in range(1, TIMES + 1):
                setattr(register, fields[number], value)
                register.modify(**{fields[number]: value})

        together(count)
        assert list(register.read().fields.values()) == [TIMES] * 4


def test_a_window_is_never_torn_apart() -> None:
    """Each thread works on a register of its own behind the one pair."""
    with regmap.open(model_of(CHIP), backend="sim:") as device:

        def work(number: int) -> None:
            register = device.DEV.IN[number]
            for value in range(1, TIMES + 1):
                register.A = value
                register.raw = value << 16 | value
                assert register.read() == value << 16 | value
                register.modify(B=number)
                assert register.read() == number << 16 | value

        together(work)
        assert [r.read() for r in device.DEV.IN] == [n << 16 | TIMES for n in range(4)]


class Slow(Recorder):
    """A simulator of an index/data pair that lets others run at each access."""

    def write(self, address: int, width: int, value: int) -> None:
        for _ in range(20):
            pass
        super().write(address, width, value)


def test_the_bus_sees_each_select_right_before_its_access() -> None:
    bus = Slow()
    device = device_of(CHIP, bus)

    def work(number: int) -> None:
        for _ in range(50):
            device.DEV.IN[number] = number

    together(work)
    accesses = bus.taken()
    pairs = list(zip(accesses[::2], accesses[1::2], strict=True))
    assert len(pairs) == 50 * THREADS
    for (_, index, _, selected), (_, data, _, value) in pairs:
        assert (index, data) == (16, 20)
        assert selected == value


def test_two_threads_that_touch_a_name_first_get_the_same_object() -> None:
    for _ in range(20):
        device = device_of(CHIP)
        seen: list[list[Any]] = [[] for _ in range(THREADS)]

        def touch(number: int, device: Any = device, seen: Any = seen) -> None:
            block = device.DEV
            seen[number] = [block, block.FLAGS, block.IN[2], *block.MANY]

        together(touch)
        first = seen[0]
        for other in seen[1:]:
            assert all(a is b for a, b in zip(first, other, strict=True))
