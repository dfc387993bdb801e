"""Wrappers around a port: exact traces of parts, windows and pinned access, and their locks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap._core import merge
from regmap.backends.base import Attachable, Backend, Port, Updating, update
from regmap.backends.trace import TraceBackend
from regmap.errors import BackendError, BadAddress, ValueDoesNotFit
from regmap.live.parts import InParts
from regmap.live.percpu import OnCpu
from regmap.live.window import WindowPort
from regmap.model.block import WordOrder


class Fake:
    """Words in a dictionary; ``log`` has every access in order. ``hook`` runs before each one."""

    def __init__(self, words: dict[int, int] | None = None) -> None:
        self.words = dict(words or {})
        self.log: list[str] = []
        self.hook: Callable[[], None] = lambda: None

    def read(self, address: int, width: int) -> int:
        self.hook()
        self.log.append(f"R{width} {address:#x}")
        return self.words.get(address, 0)

    def write(self, address: int, width: int, value: int) -> None:
        self.hook()
        self.log.append(f"W{width} {address:#x} {value:#x}")
        self.words[address] = value

    def close(self) -> None:
        pass


class Counter(Fake):
    """A 64-bit counter in two halves; ``values`` are its values at each read, the last for ever."""

    def __init__(self, values: list[int]) -> None:
        super().__init__()
        self.values = values

    def read(self, address: int, width: int) -> int:
        now = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        self.log.append(f"R{width} {address:#x}")
        return now >> 32 if address & 4 else now & 0xFFFF_FFFF


MERGE = {"keep": 0xFFFF_FFFF_0000_FFFF, "neutral": 0, "mask": 0xFF, "value": 0x42}


# ---- update ------------------------------------------------------------------------------------


def test_an_update_of_a_plain_port_is_one_read_and_one_write() -> None:
    fake = Fake({0x10: 0x1234_5678})
    assert update(fake, 0x10, 32, keep=0xFFFF_FF00, neutral=1 << 9, mask=0xFF, value=1) == (
        0x1234_5601 | 1 << 9
    )
    assert fake.log == ["R32 0x10", "W32 0x10 0x12345601"]


def test_an_update_of_a_port_that_has_its_own_is_that() -> None:
    class Own(Fake):
        def update(self, address: int, width: int, **how: int) -> int:
            self.log.append(f"U{width} {address:#x} {how}")
            return 5

    own = Own()
    assert update(own, 4, 8, keep=1, neutral=2, mask=3, value=4) == 5
    assert own.log == ["U8 0x4 {'keep': 1, 'neutral': 2, 'mask': 3, 'value': 4}"]


def test_the_protocols_know_their_own() -> None:
    assert isinstance(Fake(), Port)
    assert isinstance(Fake(), Backend)
    assert not isinstance(Fake(), Updating)
    trace = TraceBackend(Fake())
    for protocol in (Backend, Updating, Attachable):
        assert isinstance(trace, protocol)
    assert isinstance(InParts(Fake(), 32, "low-first"), Updating)
    assert not isinstance(object(), Port)


def test_a_ports_private_lock_is_left_alone() -> None:
    class Private(Fake):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

        def read(self, address: int, width: int) -> int:
            assert self.lock.acquire(blocking=False)
            self.lock.release()
            return super().read(address, width)

    assert InParts(Private(), 32, "low-first").read(0, 64) == 0


# ---- parts -------------------------------------------------------------------------------------


def test_parts_are_read_once_each_in_the_stated_order() -> None:
    words = {0x10: 0x1111_1111, 0x14: 0x2222_2222}
    logs: dict[WordOrder, list[str]] = {
        "low-first": ["R32 0x10", "R32 0x14"],
        "high-first": ["R32 0x14", "R32 0x10"],
        "high-low-high": ["R32 0x14", "R32 0x10", "R32 0x14"],
    }
    for order, log in logs.items():
        fake = Fake(words)
        assert InParts(fake, 32, order).read(0x10, 64) == 0x2222_2222_1111_1111
        assert fake.log == log


def test_parts_are_written_once_each_in_the_stated_order() -> None:
    low, high = "W32 0x10 0xaaaaaaaa", "W32 0x14 0xbbbbbbbb"
    logs: dict[WordOrder, list[str]] = {
        "low-first": [low, high],
        "high-first": [high, low],
        "high-low-high": [high, low],
    }
    for order, log in logs.items():
        fake = Fake()
        InParts(fake, 32, order).write(0x10, 64, 0xBBBB_BBBB_AAAA_AAAA)
        assert fake.log == log


def test_four_parts_go_up_or_down_one_by_one() -> None:
    fake = Fake({0: 0x11, 1: 0x22, 2: 0x33, 3: 0x44})
    assert InParts(fake, 8, "low-first").read(0, 32) == 0x4433_2211
    assert InParts(fake, 8, "high-first").read(0, 32) == 0x4433_2211
    assert InParts(fake, 8, "high-low-high").read(0, 32) == 0x4433_2211
    assert [int(entry[-1]) for entry in fake.log] == [0, 1, 2, 3, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1]
    InParts(fake, 16, "low-first").write(0, 32, 0xCCCC_DDDD)
    assert fake.log[-2:] == ["W16 0x0 0xdddd", "W16 0x2 0xcccc"]


def test_a_register_of_one_part_is_one_access_in_any_order() -> None:
    orders: tuple[WordOrder, ...] = ("low-first", "high-first", "high-low-high")
    for order in orders:
        fake = Fake({8: 3})
        port = InParts(fake, 32, order)
        assert port.read(8, 32) == 3
        port.write(8, 32, 9)
        assert fake.log == ["R32 0x8", "W32 0x8 0x9"]


def test_a_counter_that_carries_while_it_is_read_is_read_again() -> None:
    counter = Counter([0x0_FFFF_FFFE, 0x1_0000_0000, 0x1_0000_0001, 0x1_0000_0002, 0x1_0000_0003])
    assert InParts(counter, 32, "high-low-high").read(0xF0, 64) == 0x1_0000_0002
    assert counter.log == ["R32 0xf4", "R32 0xf0", "R32 0xf4", "R32 0xf0", "R32 0xf4"]


@given(st.integers(0, 2**64 - 1), st.lists(st.integers(0, 2**31), min_size=40, max_size=40))
def test_a_counter_never_reads_a_value_that_it_did_not_have(start: int, steps: list[int]) -> None:
    values = [start]
    for step in steps:
        values.append((values[-1] + step) % 2**64)
    counter = Counter(list(values))
    value = InParts(counter, 32, "high-low-high").read(0, 64)
    # The counter only counts up, so the value lies between the first and the last read.
    passed = values[: len(counter.log)]
    assert (value - passed[0]) % 2**64 <= (passed[-1] - passed[0]) % 2**64


def test_a_high_part_that_never_rests_is_an_error_not_a_loop() -> None:
    counter = Counter([n << 32 for n in range(1000)])
    with pytest.raises(BackendError, match="no whole value"):
        InParts(counter, 32, "high-low-high").read(0, 64)
    assert len(counter.log) < 40


def test_an_update_in_parts_reads_all_then_writes_all() -> None:
    fake = Fake({0: 0x1234_5678, 4: 0x9ABC_DEF0})
    port = InParts(fake, 32, "low-first")
    assert port.update(0, 64, **MERGE) == 0x9ABC_DEF0_0000_5642
    assert fake.log == ["R32 0x0", "R32 0x4", "W32 0x0 0x5642", "W32 0x4 0x9abcdef0"]
    fake.log.clear()
    InParts(fake, 32, "high-first").update(0, 64, **MERGE)
    assert fake.log == ["R32 0x4", "R32 0x0", "W32 0x4 0x9abcdef0", "W32 0x0 0x5642"]


def test_parts_refuse_what_is_no_whole_number_of_them() -> None:
    fake = Fake()
    port = InParts(fake, 32, "low-first")
    for width in (8, 16, 24, 48, 0):
        with pytest.raises(BadAddress, match="whole parts of 32 bits"):
            port.read(0, width)
        with pytest.raises(BadAddress):
            port.write(0, width, 0)
    for value in (1 << 64, -1):
        with pytest.raises(ValueDoesNotFit):
            port.write(0, 64, value)
    assert fake.log == []


# ---- windows -----------------------------------------------------------------------------------


def window(fake: Fake, **more: object) -> WindowPort:
    how: dict[str, object] = {
        "index_address": 0xFEC0_0000,
        "index_width": 32,
        "index_mask": 0xFF,
        "data_address": 0xFEC0_0010,
        "data_width": 32,
    }
    return WindowPort(fake, **{**how, **more})  # type: ignore[arg-type]


def test_a_window_selects_then_accesses_once() -> None:
    fake = Fake({0xFEC0_0010: 0x170020})
    port = window(fake)
    assert port.read(1 * 4, 32) == 0x170020
    port.write(0x10 * 4, 32, 0x10000)
    assert fake.log == [
        "W32 0xfec00000 0x1",
        "R32 0xfec00010",
        "W32 0xfec00000 0x10",
        "W32 0xfec00010 0x10000",
    ]


def test_parts_over_a_window_step_the_index() -> None:
    fake = Fake({0xFEC0_0010: 0x10000})
    port = InParts(window(fake), 32, "high-first")
    assert port.read(0x12 * 4, 64) == 0x10000_0001_0000
    assert fake.log == [
        "W32 0xfec00000 0x13",
        "R32 0xfec00010",
        "W32 0xfec00000 0x12",
        "R32 0xfec00010",
    ]


def test_an_update_in_a_window_selects_before_each_half() -> None:
    fake = Fake({0xFEC0_0010: 0x1_0030})
    assert window(fake).update(4, 32, keep=0xFFFF_FFFF, neutral=0, mask=0xF, value=5) == 0x10035
    assert fake.log == [
        "W32 0xfec00000 0x1",
        "R32 0xfec00010",
        "W32 0xfec00000 0x1",
        "W32 0xfec00010 0x10035",
    ]


def test_an_index_field_is_placed_and_its_neighbours_are_the_callers_business() -> None:
    fake = Fake()
    window(fake, index_mask=0x0F00, index_width=16).read(5 * 4, 32)
    window(fake, index_mask=0x0F00, select_value=lambda index: 0xA000 | index << 8).read(5 * 4, 32)
    assert [entry for entry in fake.log if entry[0] == "W"] == [
        "W16 0xfec00000 0x500",
        "W32 0xfec00000 0xa500",
    ]


def test_an_index_steps_by_the_width_of_the_data_register() -> None:
    fake = Fake()
    window(fake, data_width=8).read(5, 8)
    window(fake, data_width=64).read(5 * 8, 64)
    assert fake.log == [
        "W32 0xfec00000 0x5",
        "R8 0xfec00010",
        "W32 0xfec00000 0x5",
        "R64 0xfec00010",
    ]


@pytest.mark.parametrize(
    ("address", "width"), [(2, 32), (0x100 * 4, 32), (-4, 32), (0, 64), (0, 16)]
)
def test_a_window_refuses_what_is_no_index_before_it_selects(address: int, width: int) -> None:
    fake = Fake()
    for access in (
        lambda: window(fake).read(address, width),
        lambda: window(fake).write(address, width, 0),
        lambda: window(fake).update(address, width, keep=0, neutral=0, mask=0, value=0),
    ):
        with pytest.raises(BadAddress):
            access()
    assert fake.log == []


class Yielding:
    """A lock of windows over ``fake`` that lets another thread in once, when ``at`` accesses were
    made: up to the lock, or, where it is not held, through an access of its own."""

    def __init__(self, fake: Fake, at: int) -> None:
        self.fake, self.at = fake, at
        self.lock = threading.RLock()
        self.depth = 0
        self.moved = threading.Event()
        self.other = threading.Thread(target=self.intrude)
        fake.hook = self.yield_once

    def __enter__(self) -> None:
        if not self.lock.acquire(blocking=False):
            self.moved.set()
            self.lock.acquire()
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        given_back = not self.depth
        self.lock.release()
        if given_back:
            self.yield_once()

    def yield_once(self) -> None:
        if len(self.fake.log) == self.at and not self.other.ident:
            self.other.start()
            assert self.moved.wait(30)

    def intrude(self) -> None:
        window(self.fake, lock=self).read(9 * 4, 32)
        self.moved.set()


@pytest.mark.parametrize(
    ("operation", "accesses"),
    [
        (lambda port: port.read(4, 32), 2),
        (lambda port: port.write(4, 32, 7), 2),
        (lambda port: port.update(4, 32, keep=0, neutral=0, mask=1, value=1), 4),
        (lambda port: InParts(port, 32, "high-first").read(4, 64), 4),
        (lambda port: InParts(port, 32, "high-first").write(4, 64, 7), 4),
        (lambda port: InParts(port, 32, "high-first").update(4, 64, **MERGE), 8),
    ],
    ids=["read", "write", "update", "read parts", "write parts", "update parts"],
)
def test_threads_never_come_between_what_belongs_together(
    operation: Callable[[WindowPort], object], accesses: int
) -> None:
    for at in range(1, accesses):
        fake = Fake()
        lock = Yielding(fake, at)
        operation(window(fake, lock=lock))
        lock.other.join(30)
        assert len(fake.log) == accesses + 2
        assert fake.log[-2:] == ["W32 0xfec00000 0x9", "R32 0xfec00010"]


def test_all_parts_are_accessed_under_the_ports_own_lock() -> None:
    depth: list[int] = []

    class Lock:
        held = 0

        def __enter__(self) -> None:
            self.held += 1

        def __exit__(self, *_: object) -> None:
            self.held -= 1

    lock = Lock()
    fake = Fake()
    fake.hook = lambda: depth.append(lock.held)
    port = InParts(window(fake, lock=lock), 32, "low-first")
    assert port.lock is lock
    port.read(0, 64)
    port.write(0, 64, 0)
    port.update(0, 64, **MERGE)
    # Outside of the window's own hold there is that of the whole register.
    assert min(depth) == 2
    assert lock.held == 0


# ---- one CPU -----------------------------------------------------------------------------------


def test_each_access_runs_on_the_cpu_and_the_thread_is_free_again() -> None:
    before = os.sched_getaffinity(0)
    cpu = max(before)
    fake = Fake()
    seen: list[set[int]] = []
    fake.hook = lambda: seen.append(os.sched_getaffinity(0))
    port = OnCpu(fake, cpu)
    port.read(0, 32)
    port.write(0, 32, 1)
    assert port.update(0, 32, keep=0xFF, neutral=0, mask=2, value=2) == 3
    assert seen == [{cpu}] * 4
    assert fake.log == ["R32 0x0", "W32 0x0 0x1", "R32 0x0", "W32 0x0 0x3"]
    assert os.sched_getaffinity(0) == before


def test_an_update_on_a_cpu_is_one_unit_between_threads() -> None:
    fake = Fake()
    port = OnCpu(fake, min(os.sched_getaffinity(0)))
    fake.hook = lambda: held.append(not free_for_others(port.lock))
    held: list[bool] = []
    port.update(0, 32, keep=0, neutral=0, mask=1, value=1)
    assert held == [True, True]
    assert free_for_others(port.lock)


def free_for_others(lock: object) -> bool:
    """Whether another thread could take the lock now."""
    got: list[bool] = []

    def probe() -> None:
        got.append(lock.acquire(blocking=False))  # type: ignore[attr-defined]
        if got[0]:
            lock.release()  # type: ignore[attr-defined]

    thread = threading.Thread(target=probe)
    thread.start()
    thread.join(30)
    return got[0]


def test_a_failed_access_frees_the_thread_too() -> None:
    before = os.sched_getaffinity(0)
    fake = Fake()

    def fail() -> None:
        raise BackendError("gone")

    fake.hook = fail
    with pytest.raises(BackendError, match="gone"):
        OnCpu(fake, min(before)).read(0, 32)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("cpu", [-1, 1023, 10**6, 2**70])
def test_a_cpu_that_is_not_there_is_named_and_nothing_is_accessed(cpu: int) -> None:
    fake = Fake()
    with pytest.raises(BackendError, match=rf"CPU {cpu}: this machine has no such CPU"):
        OnCpu(fake, cpu).read(0, 32)
    assert fake.log == []


def test_an_offline_and_a_forbidden_cpu_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = {"present": {0, 1, 2, 3, 4}, "online": {0, 1, 3}}

    def refuse(_: int, cpus: set[int]) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("regmap.live.percpu._cpus", lists.__getitem__)
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(BackendError, match=r"CPU 2: it is offline.*cpu2/online"):
        OnCpu(Fake(), 2).read(0, 32)
    with pytest.raises(BackendError, match=r"CPU 3: this process may not run on it.*allows 0, 1"):
        OnCpu(Fake(), 3).read(0, 32)


def test_the_merge_is_the_cores() -> None:
    assert merge(0x1234, 0xFF00, 0x10, 0xF, 0x5) == 0x1215
