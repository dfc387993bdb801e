"""The server and its clients: order, limits, fairness, events, and what a client cannot do."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.daemon.policy import Limits
from regmap.errors import BusFault
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.sim import Simulator
from tests.daemon.served import Client, Running, serving
from tests.support import Recorder

_LEV0 = 0x20200034


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Running]:
    """The simulator of a Raspberry Pi."""
    with regmap.open("rpi1-rev2", "sim:") as device, serving(device, tmp_path) as running:
        yield running


def _sim(running: Running) -> Simulator:
    backend = running.device.backend
    assert isinstance(backend, Simulator)
    return backend


def _on(bus: Any) -> Any:
    return build(lay_out(regmap.load("rpi1-rev2")))(bus)


# ---- the article's client ----------------------------------------------------------------------


def test_the_article_s_requests_and_replies(pi: Running) -> None:
    with Client(pi.path) as client:
        assert client.ask("MODE 3 OUT") == "Ok"
        assert client.ask("WRITE 3 1") == "Ok"
        assert client.ask("READ 3") == "3 1"
        assert client.ask("READ 3\r") == "3 1"
        client.send("READALL")
        assert client.lines(17)[3] == "3 22 GPIO 3 1"
        assert client.ask("MODE 3 IN") == "Ok"
        assert client.ask("READ 3") == "3 0"


_WRONG = [
    ("", "syntax"), ("READ", "syntax"), ("READ 3 1", "syntax"), ("READ  3", "syntax"),
    ("READ x", "syntax"), ("READ 17", "pin"), ("WRITE 3 2", "value"), ("MODE 3 INPUT", "mode"),
    ("read 3", "unknown"), ("FOO", "unknown"), ("READ 3\0", "syntax"), ("READ 3\xff", "syntax"),
    ("GET GPIO.GPLEV0", "hello"), ("@1 READ 3", "hello"), ("SUBSCRIBE 3 BOTH", "hello"),
    ("STATS", "hello"), ("HELLO 1", "hello"), ("A" * 4097, "toolong"), ("A" * 100_000, "toolong"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code"), _WRONG)
def test_anything_else_is_one_error_and_nothing_happens(
    tmp_path: Path, line: str, code: str
) -> None:
    bus = Recorder()
    with serving(_on(bus), tmp_path) as running, Client(running.path) as client:
        client.send(line, "READ 3")
        assert client.line().startswith(f"Error {code} ")
        assert client.line() == "3 0"
        assert bus.taken() == [("R", _LEV0, 32)]


@pytest.mark.parametrize("cut", range(1, len("READ 3\nWRITE 3 1\n")))
def test_a_line_may_come_in_pieces(pi: Running, cut: int) -> None:
    data = b"READ 3\nWRITE 3 1\n"
    with Client(pi.path) as client:
        client.socket.sendall(data[:cut])
        with Client(pi.path) as other:  # the first piece has been read when this is answered
            assert other.ask("READ 3") in {"3 0", "3 1"}
        client.socket.sendall(data[cut:])
        assert client.lines(2) == ["3 0", "Ok"]


def test_half_a_line_at_the_end_is_nothing(tmp_path: Path) -> None:
    bus = Recorder()
    with serving(_on(bus), tmp_path) as running:
        with Client(running.path) as client:
            client.socket.sendall(b"READ 3\nWRITE 3 1")
            client.socket.shutdown(socket.SHUT_WR)
            assert client.lines(2) == ["3 0", ""]
        assert bus.taken() == [("R", _LEV0, 32)]


def test_a_client_that_only_sends_gets_all_its_answers_before_the_end(pi: Running) -> None:
    """As ``nc -N`` and PHP's ``fwrite`` with ``stream_socket_shutdown`` do."""
    with Client(pi.path) as client:
        client.send(*["READALL"] * 500)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.lines(500 * 17)[-1] == "16 15 RxD 0"
        assert client.line() == ""


# ---- version 2 ---------------------------------------------------------------------------------


def test_every_line_of_a_reply_has_the_tag(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        assert client.ask("@a.b_c-9 READ 3") == "@a.b_c-9 3 0"
        client.send("@x READALL")
        assert [line.partition(" ")[0] for line in client.lines(17)] == ["@x"] * 17
        assert client.ask("@x READ 17").startswith("@x Error pin ")
        assert client.ask(f"@x {'A' * 5000}").startswith("@x Error toolong ")
        assert client.ask("@ READ 3").startswith("Error syntax ")
        assert client.ask("READ 3") == "3 0"


def test_hello_holds_for_its_connection_alone(pi: Running) -> None:
    with Client(pi.path, hello=True) as client, Client(pi.path) as other:
        assert client.ask("GET GPIO.GPLEV0") == "GPIO.GPLEV0=0x0"
        assert other.ask("GET GPIO.GPLEV0").startswith("Error hello ")


def test_hello_tells_the_board_and_the_limits(pi: Running) -> None:
    with Client(pi.path) as client:
        said = client.ask("HELLO 2")
        assert said.split()[:2] == ["HELLO", "2"]
        told = dict(word.split("=") for word in said.split()[2:])
        assert (told["board"], told["line"], told["events"]) == ("rpi1-rev2", "4096", "256")


def test_wait_gives_the_value_when_it_comes_and_keeps_the_order(pi: Running) -> None:
    with Client(pi.path, hello=True) as client, Client(pi.path, hello=True) as other:
        client.send("WAIT GPIO.GPLEV0.LEV22=1 5000", "@2 READ 3")
        assert other.ask("READ 3") == "3 0"  # nobody else waits
        assert other.ask("DRIVE 3 1") == "Ok"
        assert client.lines(2) == ["GPIO.GPLEV0.LEV22=0x1", "@2 3 1"]


def test_wait_ends_with_an_error(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        client.send("@w WAIT GPIO.GPLEV0.LEV22=1 20", "READ 3")
        first, second = client.lines(2)
        assert first.startswith("@w Error timeout ")
        assert second == "3 0"


def test_a_client_that_goes_while_it_waits_is_forgotten(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        client.send("SUBSCRIBE 3 BOTH", "WAIT GPIO.GPLEV0.LEV22=1 3600000")
        assert client.line() == "Ok"
    with Client(pi.path, hello=True) as other:
        _until(lambda: json.loads(other.ask("STATS"))["clients"] == 1)
        assert other.ask("DRIVE 3 1") == "Ok"
        assert json.loads(other.ask("STATS"))["events"] == 0


def _until(true: Any) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_stats_count(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        client.send("READ 3", "READ 99", "STATS")
        stats = json.loads(client.lines(3)[-1])
        assert stats["clients"] == 1
        assert stats["errors"] == 1


def test_every_write_is_told(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        assert client.ask("WRITE 3 1") == "Ok"
        assert client.ask("SET GPIO.GPFSEL2.FSEL22=1") == "Ok"
        assert client.ask("WRITE 3 1") == "Ok"
    level = ("GPIO.pin[22].level", None, 1)
    assert pi.written == [level, ("GPIO.GPFSEL2.FSEL22", 0, 1), level]


# ---- faults ------------------------------------------------------------------------------------


class _Faulty(Recorder):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def read(self, address: int, width: int) -> int:
        if self.error is not None:
            raise self.error
        return super().read(address, width)


@pytest.mark.parametrize("error", [BusFault("gone", address=_LEV0), RuntimeError("a bug")])
def test_a_fault_is_an_error_of_the_client_and_no_end(
    tmp_path: Path, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    bus = _Faulty(error)
    with serving(_on(bus), tmp_path) as running, Client(running.path, hello=True) as client:
        for line in ("READ 3", "@7 READ 3", "READALL", "GET GPIO.GPLEV0", "WAIT GPIO.GPLEV0=1 9"):
            assert "Error fault " in client.ask(line)
        bus.error = None
        assert client.ask("READ 3") == "3 0"
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert str(error).split()[0] in said


# ---- many clients ------------------------------------------------------------------------------


def test_one_too_many_is_told_and_closed(tmp_path: Path) -> None:
    limits = Limits(clients=2)
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=limits) as running,
    ):
        first, second = Client(running.path), Client(running.path)
        assert [first.ask("READ 3"), second.ask("READ 3")] == ["3 0"] * 2
        with Client(running.path) as third:
            assert third.line().startswith("Error busy ")
            assert third.line() == ""
        first.close()
        _until(lambda: _is_let_in(running.path))
        assert second.ask("READ 3") == "3 0"
        second.close()


def _is_let_in(path: Path) -> bool:
    with Client(path) as client:
        client.socket.sendall(b"READ 3\n")
        return client.line() == "3 0"


def test_many_refused_clients_are_few_lines_of_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = Limits(clients=1)
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=limits) as running,
        Client(running.path) as first,
    ):
        assert first.ask("READ 3") == "3 0"
        for _ in range(200):
            with Client(running.path) as other:
                assert other.line().startswith("Error busy ")
        assert first.ask("READ 3") == "3 0"
    assert 1 <= len(capsys.readouterr().err.splitlines()) <= 10


class _Slow(Recorder):
    def read(self, address: int, width: int) -> int:
        time.sleep(0.0005)
        return super().read(address, width)


def test_a_client_with_a_thousand_lines_does_not_keep_another_waiting(tmp_path: Path) -> None:
    bus = _Slow()
    with (
        serving(_on(bus), tmp_path) as running,
        Client(running.path) as many,
        Client(running.path) as one,
    ):
        assert one.ask("READ 3") == "3 0"
        many.send(*["READ 4"] * 2000)
        assert many.line() == "4 0"
        assert one.ask("READ 3") == "3 0"
        assert len(bus.accesses) < 1000
        assert many.lines(1999) == ["4 0"] * 1999


def test_a_chunk_is_answered_by_one_write(pi: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    plain = asyncio.selector_events._SelectorSocketTransport.write  # type: ignore[attr-defined]

    def write(transport: Any, data: bytes) -> None:
        sent.append(data)
        plain(transport, data)

    monkeypatch.setattr("asyncio.selector_events._SelectorSocketTransport.write", write)
    with Client(pi.path) as client:
        client.send(*["READ 3", "NOPE", "READ 4"] * 5)
        client.lines(15)
    assert len(sent) == 1


def test_replies_stay_right_under_many_clients_at_once(pi: Running) -> None:
    """Each has its own pin and sees its own last value."""
    wrong: list[str] = []

    def use(pin: int) -> None:
        with Client(pi.path, hello=True) as client:
            client.ask(f"MODE {pin} OUT")
            for number in range(200):
                client.send(f"@{number} WRITE {pin} {number % 2}", f"@{number} READ {pin}")
                wanted = [f"@{number} Ok", f"@{number} {pin} {number % 2}"]
                if client.lines(2) != wanted:
                    wrong.append(f"{pin} {number}")

    threads = [threading.Thread(target=use, args=(pin,)) for pin in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


# ---- slow and silent clients -------------------------------------------------------------------

_SHORT = Limits(slow_s=0.3)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Running]:
    """With a limit of 0.3 seconds."""
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=_SHORT) as running,
    ):
        yield running


def _seconds_until_closed(client: Client) -> float:
    begun = time.monotonic()
    while client.line():
        pass
    return time.monotonic() - begun


def test_half_a_line_is_not_waited_for_for_ever(hasty: Running) -> None:
    with Client(hasty.path) as client, Client(hasty.path) as other:
        client.socket.sendall(b"READ 3\nREA")
        assert client.line() == "3 0"
        assert _seconds_until_closed(client) >= 0.25
        assert other.ask("READ 3") == "3 0"


@pytest.mark.parametrize("piece", [b"A", b"A" * 5000])
def test_a_byte_now_and_then_does_not_help(hasty: Running, piece: bytes) -> None:
    """Nor does a line that is too long already."""

    def drip() -> None:
        for _ in range(100):
            client.socket.sendall(piece)
            time.sleep(0.05)

    with Client(hasty.path) as client, pytest.raises(OSError, match=r"Broken pipe|reset"):
        drip()


def test_a_whole_line_now_and_then_is_enough(hasty: Running) -> None:
    with Client(hasty.path) as client:
        for _ in range(8):
            client.socket.sendall(b"READ")
            time.sleep(0.1)
            client.socket.sendall(b" 3\n")
            assert client.line() == "3 0"


def test_a_client_that_never_reads_is_held_to_its_limit_and_closed(hasty: Running) -> None:
    with Client(hasty.path) as client, Client(hasty.path) as other:
        client.socket.setblocking(False)
        sent = 0
        with pytest.raises(OSError, match=r"Broken pipe|reset"):  # noqa: PT012
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    sent += client.socket.send(b"READALL\n" * 1000)
                except BlockingIOError:
                    assert other.ask("READ 3") == "3 0"
                    select.select([], [client.socket], [], 0.01)
        # What it may send before it is stopped: a chunk, and what the kernel holds.
        assert sent < 1_000_000
        assert other.ask("READ 3") == "3 0"


def test_a_silent_client_is_closed_where_the_limit_says_so(tmp_path: Path) -> None:
    limits = Limits(idle_s=0.3)
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=limits) as running,
        Client(running.path, hello=True) as waiting,
        Client(running.path) as client,
    ):
        waiting.send("WAIT GPIO.GPLEV0.LEV22=1 600")  # it is the daemon that is silent here
        assert client.ask("READ 3") == "3 0"
        assert _seconds_until_closed(client) >= 0.25
        assert waiting.line().startswith("Error timeout ")


def test_stopping_closes_every_client(tmp_path: Path) -> None:
    with regmap.open("rpi1-rev2", "sim:") as device:
        with serving(device, tmp_path) as running:
            client = Client(running.path)
            assert client.ask("READ 3") == "3 0"
        assert client.line() == ""
        client.close()


# ---- edges -------------------------------------------------------------------------------------


def test_edges_come_to_those_who_asked(pi: Running) -> None:
    with Client(pi.path, hello=True) as both, Client(pi.path, hello=True) as one:
        assert both.ask("SUBSCRIBE 3 BOTH") == "Ok"
        assert one.ask("SUBSCRIBE 3 FALLING") == "Ok"
        with Client(pi.path, hello=True) as other:
            other.send("DRIVE 3 1", "DRIVE 3 1", "DRIVE 3 0", "DRIVE 4 1", "DRIVE 3 1")
            assert other.lines(5) == ["Ok"] * 5
        events = [line.split() for line in both.lines(3)]
        assert [(e[0], e[1], e[2], e[4]) for e in events] == [
            ("EVENT", "3", "RISING", "1"),
            ("EVENT", "3", "FALLING", "2"),
            ("EVENT", "3", "RISING", "3"),
        ]
        times = [int(event[3]) for event in events]
        assert times == sorted(times)
        assert abs(times[0] - time.monotonic_ns()) < 10**10
        assert one.line().split()[2:5:2] == ["FALLING", "1"]
        assert both.ask("UNSUBSCRIBE 3") == "Ok"
        assert both.ask("UNSUBSCRIBE 3").startswith("Error pin ")
        assert both.ask("DRIVE 3 0") == "Ok"
        assert both.ask("READ 3") == "3 0"


def test_a_client_s_own_write_is_an_edge_as_well(pi: Running) -> None:
    with Client(pi.path, hello=True) as client:
        client.send("MODE 3 OUT", "SUBSCRIBE 3 BOTH", "WRITE 3 1", "READ 3")
        lines = client.lines(5)
        assert lines[:4] == ["Ok", "Ok", "Ok", "3 1"]
        assert lines[4].startswith("EVENT 3 RISING ")


def test_what_a_slow_reader_misses_is_counted_and_said(tmp_path: Path) -> None:
    limits = Limits(events=8)
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=limits) as running,
        Client(running.path, hello=True) as slow,
        Client(running.path, hello=True) as other,
    ):
        assert slow.ask("SUBSCRIBE 3 BOTH") == "Ok"
        count = 0
        while not json.loads(other.ask("STATS"))["lost"]:
            other.send(*[f"DRIVE 3 {1 - number % 2}" for number in range(1000)])
            assert other.lines(1000) == ["Ok"] * 1000
            count += 1000
            assert count < 100_000  # the kernel holds a few hundred, and eight are held here
        seen, lost, last = 0, 0, 0
        while seen + lost < count:
            words = slow.line().split()
            if words[0] == "LOST":
                lost += int(words[1])
            else:
                seen += 1
                assert int(words[4]) == seen + lost
                last = int(words[4])
        assert last <= count
        assert lost == json.loads(other.ask("STATS"))["lost"] > 0
        assert slow.ask("DRIVE 3 1") == "Ok"
        assert slow.line().split()[4] == str(count + 1)


def test_a_fast_reader_misses_nothing(tmp_path: Path) -> None:
    limits = Limits(events=1)
    with (
        regmap.open("rpi1-rev2", "sim:") as device,
        serving(device, tmp_path, limits=limits) as running,
        Client(running.path, hello=True) as reader,
        Client(running.path, hello=True) as other,
    ):
        assert reader.ask("SUBSCRIBE 3 BOTH") == "Ok"
        other.send(*[f"DRIVE 3 {1 - number % 2}" for number in range(100)])
        assert other.lines(100) == ["Ok"] * 100
        numbers = [int(line.split()[4]) for line in reader.lines(100)]
        assert numbers == list(range(1, 101))


class _Detecting(Recorder):
    """A bus that is no simulator, whose event register a test sets."""

    def write(self, address: int, width: int, value: int) -> None:
        super().write(address, width, value)
        if address == 0x20200040:
            self.memory[address] = 0


def test_elsewhere_the_block_s_event_detection_is_polled(tmp_path: Path) -> None:
    bus = _Detecting()
    with serving(_on(bus), tmp_path) as running, Client(running.path, hello=True) as client:
        assert client.ask("SUBSCRIBE 3 BOTH") == "Ok"
        assert (bus.memory[0x2020004C], bus.memory[0x20200058]) == (1 << 22, 1 << 22)
        bus.memory[_LEV0] = 1 << 22
        bus.memory[0x20200040] = 1 << 22
        assert client.line().startswith("EVENT 3 RISING ")
        assert client.ask("UNSUBSCRIBE 3") == "Ok"
        assert (bus.memory[0x2020004C], bus.memory[0x20200058]) == (0, 0)


class _FaultyDetecting(_Faulty, _Detecting):
    """Both."""


def test_a_subscriber_is_closed_when_its_source_dies(tmp_path: Path) -> None:
    bus = _FaultyDetecting(BusFault("gone", address=_LEV0))
    error, bus.error = bus.error, None
    with serving(_on(bus), tmp_path) as running, Client(running.path, hello=True) as client:
        assert client.ask("SUBSCRIBE 3 BOTH") == "Ok"
        bus.error = error
        assert client.line() == ""
        bus.error = None
        with Client(running.path) as other:
            assert other.ask("READ 3") == "3 0"
