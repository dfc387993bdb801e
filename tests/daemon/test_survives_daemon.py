"""The daemon killed under its clients, a board that goes away, many edges, and hours made short."""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import regmap
from regmap.errors import Disconnected, RegmapError
from tests.daemon.load import work
from tests.daemon.mutations import Asker, mutated
from tests.daemon.served import Client
from tests.daemon.torture import LONG_P99_MS, Daemon, daemon, healthy, until

# All of it under load, so with `make test-long` alone.
pytestmark = pytest.mark.long

_long = pytest.mark.long
_EVERYTHING = f"  - {{uid: {os.getuid()}, pins: ['*'], paths: ['*'], verbs: [read, write]}}\n"

# ---- the daemon killed -------------------------------------------------------------------------

# Registers of 32 bits in the file, each with its offset; each belongs to one writer.
_WRITTEN = {"GPREN0": 0x4C, "GPFEN0": 0x58, "GPHEN0": 0x64, "GPLEN0": 0x70, "GPAREN0": 0x7C}


class _Writer(threading.Thread):
    """Writes 1, 2, 3 and so on to a register, until that fails."""

    def __init__(self, uri: str, register: str) -> None:
        super().__init__()
        self.register = register
        self.acknowledged = self.asked = 0
        self.error: Exception | None = None
        self.ended = 0.0
        self._device = regmap.open("rpi1-rev2", backend=uri)

    def run(self) -> None:
        """Until an error."""
        register = self._device.GPIO[self.register]
        try:
            while True:
                self.asked += 1
                register.write(self.asked)
                self.acknowledged = self.asked
        except RegmapError as error:
            self.error = error
        self.ended = time.monotonic()
        self._device.close()


@pytest.mark.parametrize("times", [5, pytest.param(200, marks=_long)])
def test_the_daemon_killed_under_load(tmp_path: Path, times: int) -> None:
    """Clients know it within a second, and what they were told was written is in the file."""
    memory = tmp_path / "memory"
    memory.write_bytes(bytes(4096))
    memory.chmod(0o666)
    for number in range(times):
        with daemon(tmp_path, backend=f"file:{memory}", allow=_EVERYTHING) as served:
            writers = [_Writer(served.uri, register) for register in _WRITTEN]
            for writer in writers:
                writer.start()
            until(lambda: all(writer.acknowledged > 20 + number % 50 for writer in writers))  # noqa: B023
            killed = time.monotonic()
            served.kill()
            for writer in writers:
                writer.join(10)
        after = memory.read_bytes()
        for writer in writers:
            assert isinstance(writer.error, Disconnected), writer.error
            assert writer.ended - killed < 1
            offset = _WRITTEN[writer.register]
            value = int.from_bytes(after[offset : offset + 4], "little")
            assert value in {writer.acknowledged, writer.asked}, writer.register
            # The write of which nobody knows is called that; there is no other.
            unknown = "whether it took effect is unknown" in str(writer.error)
            assert unknown == (writer.asked > writer.acknowledged), writer.error


# ---- a board that goes away --------------------------------------------------------------------

_BOARD = """\
regmap: 1
board: two-pages
instances:
  NEAR: {block: page, base: 0x0}
  FAR: {block: page, base: 0x1000}
blocks:
  page:
    size: 0x1000
    registers:
      VALUE: {offset: 0x0, width: 32}
"""


def test_a_truncated_mapping_is_a_fault_of_those_who_touch_it(tmp_path: Path) -> None:
    memory, board = tmp_path / "memory", tmp_path / "two-pages.yaml"
    memory.write_bytes(bytes(8192))
    memory.chmod(0o666)
    board.write_text(_BOARD, encoding="utf-8")
    once = [["HELLO 2", "HELLO 2 *"]]
    again = [[f"SET NEAR.VALUE={value}", "Ok"] for value in (1, 2)]
    again[1:1] = [["GET NEAR.VALUE", "NEAR.VALUE=0x1"]]
    with (
        daemon(tmp_path, board=str(board), backend=f"file:{memory}", allow=_EVERYTHING) as served,
        healthy(served, once=once, again=again),
        Client(served.socket, hello=True) as client,
    ):
        for _ in range(50):
            assert client.ask("SET FAR.VALUE=7") == "Ok"
            os.truncate(memory, 4096)
            for request in ("GET FAR.VALUE", "SET FAR.VALUE=1", "CAS FAR.VALUE 0 1"):
                assert client.ask(request).startswith("Error fault ")
            assert client.ask("BATCH SET NEAR.VALUE=2; GET NO").startswith("Error ")
            os.truncate(memory, 8192)
            assert client.ask("GET FAR.VALUE") == "FAR.VALUE=0x0"


# ---- edges -------------------------------------------------------------------------------------

# A process of its own, so that its clock is not this one's: PATH COUNT RATE; every tenth of a
# millisecond's worth of edges at their time.
_DRIVER = """
import socket, sys, time
path, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
connection = socket.socket(socket.AF_UNIX)
connection.connect(path)
replies = connection.makefile("rb")
connection.sendall(b"HELLO 2\\n")
replies.readline()
begun, sent = time.perf_counter(), 0
while sent < count:
    due = min(count, int((time.perf_counter() - begun) * rate))
    if due > sent:
        some = range(sent, due)
        connection.sendall(b"".join([b"DRIVE 3 %d\\n" % (1 - number % 2) for number in some]))
        for _ in some:
            line = replies.readline()
            assert line == b"Ok\\n", line
        sent = due
    time.sleep(0.0002)
"""
_EVENT = re.compile(rb"EVENT 3 (RISING|FALLING) ([0-9]+) ([0-9]+)\n")


class _Subscriber(threading.Thread):
    """Counts events and what is said to be lost, until all are accounted for."""

    def __init__(self, path: Path, edges: int, begin: threading.Event) -> None:
        super().__init__()
        self.told = self.lost = 0
        self.error: Exception | None = None
        self._edges = edges
        self._begin = begin
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(30)
        self._connection.connect(str(path))
        self._lines = self._connection.makefile("rb")
        self._connection.sendall(b"HELLO 2\nSUBSCRIBE 3 BOTH\n")
        assert self._lines.readline().startswith(b"HELLO 2 ")
        assert self._lines.readline() == b"Ok\n"

    def run(self) -> None:
        """Until all edges are accounted for, or something is wrong."""
        try:
            self._count()
        except Exception as error:  # noqa: BLE001  (told to the test, in whose thread it is not)
            self.error = error
        self._lines.close()
        self._connection.close()

    def _count(self) -> None:
        last_ns = sequence = gaps = 0
        assert self._begin.wait(120)
        while self.told + self.lost < self._edges:
            line = self._lines.readline()
            if line.startswith(b"LOST "):
                self.lost += int(line[5:])
            else:
                found = _EVENT.fullmatch(line)
                assert found, line
                self.told += 1
                assert int(found[2]) >= last_ns
                last_ns, gap = int(found[2]), int(found[3]) - sequence - 1
                assert gap >= 0
                gaps, sequence = gaps + gap, int(found[3])
                # Edges alternate: the first is rising, and each is the one its number says.
                assert found[1] == (b"RISING" if sequence % 2 else b"FALLING")
                # What is missing so far was said before the next.
                assert gaps <= self.lost
        assert self.told + self.lost == self._edges
        assert gaps <= self.lost


@pytest.mark.parametrize("edges", [20_000, pytest.param(100_000, marks=_long)])
def test_edges_at_10000_a_second_are_told_or_counted(tmp_path: Path, edges: int) -> None:
    """By one who reads at once, and by one who reads when all is over."""
    now, later = threading.Event(), threading.Event()
    with daemon(tmp_path, limits="slow_s: 120") as served, healthy(served):
        fast = _Subscriber(served.socket, edges, now)
        slow = _Subscriber(served.socket, edges, later)
        for subscriber in (fast, slow):
            subscriber.start()
        now.set()
        driver = [sys.executable, "-I", "-c", _DRIVER, str(served.socket), str(edges), "10000"]
        subprocess.run(driver, check=True, timeout=120)
        later.set()
        for subscriber in (fast, slow):
            subscriber.join(60)
            assert subscriber.error is None, subscriber.error
            assert subscriber.told + subscriber.lost == edges
        assert slow.lost > 0
        served.forgets()


# ---- for long ----------------------------------------------------------------------------------

_SOAK_S = float(os.environ.get("REGMAP_SOAK_S", "300"))
_WARM_S = min(60.0, _SOAK_S / 5)


@_long
def test_it_serves_for_minutes_and_does_not_grow(tmp_path: Path) -> None:
    """Every kind of client, over and over; ``REGMAP_SOAK_S`` says for how many seconds."""
    samples: list[tuple[float, int]] = []
    with (
        daemon(tmp_path, limits="clients: 80, slow_s: 1") as served,
        healthy(served, p99_ms=LONG_P99_MS),
    ):
        begun = time.monotonic()
        lines = mutated(3)
        while (now := time.monotonic() - begun) < _SOAK_S:
            assert not [worker.wrong for worker in work(served.socket, 50) if worker.wrong]
            for hello in (False, True):
                asker = Asker(served.socket, hello=hello)
                for _ in range(10):
                    asker.ask(list(itertools.islice(lines, 100)))
                asker.close()
            _go_without_a_word(served)
            served.forgets()
            if now > _WARM_S:
                samples.append((now, served.resident()))
    assert _slope(samples) * 600 < 1 << 20, samples[:: len(samples) // 20 or 1]


def _go_without_a_word(served: Daemon) -> None:
    for request in (
        b"",
        b"READ 3",
        b"READALL\n" * 100,
        b"HELLO 2\nSUBSCRIBE 3 BOTH\n",
        b"X" * 5000,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(served.socket))
            client.sendall(request)


def _slope(samples: list[tuple[float, int]]) -> float:
    """Of the line nearest to the samples: bytes in a second."""
    middle = sum(at for at, _ in samples) / len(samples)
    mean = sum(size for _, size in samples) / len(samples)
    above = sum((at - middle) * (size - mean) for at, size in samples)
    return above / sum((at - middle) ** 2 for at, _ in samples)
