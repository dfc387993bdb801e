"""What clients send that they should not: noise, pieces, too much, too slowly, and nothing read."""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.mutations import VERBS, Asker, mutated
from tests.daemon.served import Client
from tests.daemon.torture import LONG_P99_MS, Daemon, daemon, healthy

# All of it under load, so with `make test-long` alone.
pytestmark = pytest.mark.long

_AT_ONCE = 200
_MB = 1 << 20


def _noise(served: Daemon, count: int, seed: int) -> None:
    """So many lines, over several connections, before and after HELLO."""
    lines = mutated(seed)
    for number in itertools.count():
        if count <= 0:
            return
        asker = Asker(served.socket, hello=number % 4 != 0)
        for _ in range(min(10, -(-count // _AT_ONCE))):
            asker.ask(list(itertools.islice(lines, min(_AT_ONCE, count))))
            count -= _AT_ONCE
        asker.close()


@pytest.mark.parametrize(
    ("count", "p99_ms"),
    [(20_000, None), pytest.param(1_000_000, LONG_P99_MS, marks=pytest.mark.long)],
)
def test_random_and_mutated_lines(tmp_path: Path, count: int, p99_ms: float | None) -> None:
    """Each is answered in its turn, and nothing is left behind in memory."""
    with daemon(tmp_path) as served, healthy(served, p99_ms=p99_ms):
        _noise(served, 4_000, seed=1)
        before = served.resident()
        _noise(served, count, seed=2)
        assert served.resident() - before < 5 * _MB
        served.forgets()
        assert len(served.said().splitlines()) <= 10


def _state(served: Daemon) -> list[str]:
    with Client(served.socket, hello=True) as client:
        client.send("GET GPIO.GPREN0 GPIO.GPFEN0 GPIO.GPFSEL2.FSEL22", "READ 3")
        return client.lines(2)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.split()[0].decode())
def test_a_client_cut_at_every_byte(everything: Daemon, verb: bytes) -> None:
    """What is no whole line does nothing, however the connection ends."""
    before = _state(everything)
    for cut in range(1, len(verb) + 1):
        for half_closed in (False, True):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(str(everything.socket))
                client.sendall(b"HELLO 2\n" + verb[:cut])
                if half_closed:
                    client.shutdown(socket.SHUT_WR)
                    replies = client.makefile("rb").readlines()
                    assert len(replies) == 1
                    assert replies[0].startswith(b"HELLO 2 ")
    assert _state(everything) == before
    # A whole line whose answer nobody takes.
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(everything.socket))
            client.sendall(b"HELLO 2\n" + verb + b"\n")
    everything.forgets()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with its healthy client, for several tests."""
    with daemon(tmp_path_factory.mktemp("cut")) as served, healthy(served):
        yield served


_ODD_LINES = [
    (b"X" * 4096, b"unknown"), (b"X" * 4097, b"toolong"), (b"X" * _MB, b"toolong"),
    (b"READ 3" + b" " * 4091, b"toolong"), (b"READ\x003", b"syntax"), (b"\0", b"syntax"),
    (b"READ 3\r\r", b"syntax"), (b"READ\r 3", b"syntax"), (b"\r", b"syntax"), (b"", b"syntax"),
    ("READ \N{FULLWIDTH DIGIT THREE}".encode(), b"syntax"), (b"READ \xd9\xa3", b"syntax"),
    (b"\xff", b"syntax"), (b"READ 3\xff", b"syntax"), (b"\xff" * 4097, b"toolong"),
    (b"\xef\xbb\xbfREAD 3", b"syntax"), (b"READ\t3", b"syntax"), (b"READ 3\x1b[2J", b"syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code"), _ODD_LINES)
def test_odd_lines_are_one_error_each(everything: Daemon, line: bytes, code: bytes) -> None:
    with Client(everything.socket) as client:
        client.socket.sendall(line + b"\nREAD 99\n")
        assert client.line().encode().startswith(b"Error " + code + b" ")
        assert client.line().startswith("Error pin ")


def test_one_byte_now_and_then_is_closed_at_the_limit(tmp_path: Path) -> None:
    """60 clients, each with a byte every tenth of a second, which never become a line."""
    slow_s = 1.0
    with daemon(tmp_path, limits=f"slow_s: {slow_s}") as served, healthy(served):
        clients = [socket.socket(socket.AF_UNIX) for _ in range(60)]
        begun: dict[socket.socket, float] = {}
        lasted: list[float] = []
        for client in clients:
            client.connect(str(served.socket))
            client.setblocking(False)
        for letter in itertools.cycle(b"READ 3 "):
            for client in clients:
                if client in begun and select.select([client], [], [], 0)[0]:
                    assert client.recv(100) == b""
                    lasted.append(time.monotonic() - begun.pop(client))
                    clients.remove(client)
                    client.close()
                    break
                try:
                    client.send(bytes([letter]))
                except (BrokenPipeError, ConnectionResetError):
                    continue  # the next look sees its end
                begun.setdefault(client, time.monotonic())
            else:
                if not clients:
                    break
                time.sleep(0.1)
        assert min(lasted) >= slow_s
        assert max(lasted) < 10 * slow_s
        served.forgets()
        assert len(served.said().splitlines()) <= 10


def test_clients_that_never_read_are_held_to_a_limit_and_closed(tmp_path: Path) -> None:
    """30 of them, asking for as much as they can send; less than 256 KiB is held for each."""
    count, slow_s = 30, 2.0
    with daemon(tmp_path, limits=f"slow_s: {slow_s}") as served, healthy(served):
        with Client(served.socket, hello=True) as once:  # what is made with the first of its kind
            once.send("READALL", "LIST")
            once.lines(18)
        before = served.resident()
        clients = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        for client in clients:
            client.connect(str(served.socket))
            client.sendall(b"HELLO 2\n")
            client.setblocking(False)
        most, alive = 0, set(clients)
        asked, end = b"LIST\nREADALL\n" * 500, time.monotonic() + 30
        while alive:
            assert time.monotonic() < end, "they were not closed"
            for client in tuple(alive):
                try:
                    client.send(asked)
                except BlockingIOError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    alive.discard(client)
            most = max(most, served.resident() - before)
            select.select([], alive, [], 0.02)
        assert most < count * (256 << 10)
        for client in clients:
            client.close()
        served.forgets()
        assert len(served.said().splitlines()) <= 10
