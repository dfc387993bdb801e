"""The daemon against a bare ``asyncio.Protocol`` that sends back what it gets, in the same run.

Both serve the same clients with the same lines, in turn, as processes of their own; the least of
each is taken. Time of the processor is the server's own, as the kernel's scheduler counts it.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import regmap
from regmap.daemon.board import Served
from regmap.daemon.policy import PINS, Limits, Peer, Policy, Rule
from regmap.daemon.server import Server
from regmap.daemon.session import Session
from regmap.live.device import Device
from tools.bench.timing import Ratio, report

__all__ = ["run"]

_ROUNDS = 7
_SERIAL = 4_000
# How many requests a client that pipelines sends at once; and far more, where an echo server, to
# which lines are nothing, has next to no work: no target.
_DEPTH = 16
_DEEP = 100
_PIPELINED = 40_000
_MANY = 100
_EACH = 60
_TEN = 10
_REQUEST = b"READ 3\n"
_LIMIT_S = 60

_ECHO = """
import asyncio, sys

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

async def main():
    server = await asyncio.get_running_loop().create_unix_server(Echo, sys.argv[1], backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


class _Process:
    """A server: where it listens and what it has used of the processor."""

    def __init__(self, path: Path, pid: int) -> None:
        self.path = path
        self._schedstat = Path(f"/proc/{pid}/schedstat")

    def used_us(self) -> float:
        """Microseconds on a processor so far; proc(5)."""
        return int(self._schedstat.read_text(encoding="ascii").split()[0]) / 1000

    def clients(self, count: int) -> list[socket.socket]:
        """So many connections."""
        made = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        for client in made:
            client.settimeout(_LIMIT_S)
            client.connect(str(self.path))
        return made


def run() -> None:
    """Print the ratios."""
    report("regmapd and a bare echo server", _ratios())
    report("writes for each chunk received", [_writes(lines) for lines in (1, 10, 100)])


def _ratios() -> list[Ratio]:
    cases: dict[str, tuple[Callable[[_Process], float], str, float | None]] = {
        "CPU of a READ, serial": (_serial, "us", 2.5),
        f"CPU of a READ, {_DEPTH} pipelined": (_pipelined(_DEPTH), "us", 3),
        f"CPU of a READ, {_DEEP} in a chunk": (_pipelined(_DEEP), "us", None),
        "time of a READ, 10 pipelining clients (>= 0.3 of its throughput)": (_ten, "us", 1 / 0.3),
        "p99 with 100 clients": (_p99, "ms", 3),
    }  # fmt: skip
    ours = dict.fromkeys(cases, float("inf"))
    theirs = dict(ours)
    with (
        tempfile.TemporaryDirectory() as name,
        _daemon(Path(name)) as daemon,
        _echo(Path(name)) as echo,
    ):
        for _ in range(_ROUNDS):
            for case, (measure, _, _) in cases.items():
                ours[case] = min(ours[case], measure(daemon))
                theirs[case] = min(theirs[case], measure(echo))
    return [
        Ratio(what=case, ours=ours[case], theirs=theirs[case], unit=unit, target=target)
        for case, (_, unit, target) in cases.items()
    ]


@contextmanager
def _started(command: list[str], path: Path) -> Iterator[_Process]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101  (for the type checker)
            if not process.stdout.readline().startswith("ready"):
                raise SystemExit(f"{command[0]} did not start")
            yield _Process(path, process.pid)
        finally:
            process.terminate()


@contextmanager
def _daemon(folder: Path) -> Iterator[_Process]:
    """The daemon on a mapped file, as it maps registers, with room for all clients."""
    folder.chmod(0o755)
    path, file, memory = folder / "daemon", folder / "regmapd.yaml", folder / "memory"
    memory.write_bytes(bytes(4096))
    memory.chmod(0o666)
    user = "user: nobody\n" if os.geteuid() == 0 else ""
    file.write_text(
        f"regmapd: 1\nboard: rpi1-rev2\nbackend: 'file:{memory}'\n{user}limits: {{clients: 128}}\n"
        f"socket: {{path: {json.dumps(str(path))}}}\naudit: {{to: stderr}}\n"
        f"allow:\n  - {{uid: {os.getuid()}, pins: ['*'], verbs: [read]}}\n",
        encoding="utf-8",
    )
    with _started([sys.executable, "-m", "regmap", "serve", str(file)], path) as process:
        yield process


@contextmanager
def _echo(folder: Path) -> Iterator[_Process]:
    path = folder / "echo"
    with _started([sys.executable, "-c", _ECHO, str(path)], path) as process:
        yield process


# ---- what is measured --------------------------------------------------------------------------


def _take(client: socket.socket, lines: int) -> None:
    """So many replies."""
    while lines > 0:
        lines -= client.recv(1 << 16).count(b"\n")


def _serial(server: _Process) -> float:
    """Of one client that waits for each reply."""
    [client] = server.clients(1)
    with client:
        client.sendall(_REQUEST)
        client.recv(100)
        before = server.used_us()
        for _ in range(_SERIAL):
            client.sendall(_REQUEST)
            client.recv(100)
        return (server.used_us() - before) / _SERIAL


def _pipelined(depth: int) -> Callable[[_Process], float]:
    """Of one client that sends ``depth`` requests at once."""
    data = _REQUEST * depth

    def measure(server: _Process) -> float:
        [client] = server.clients(1)
        with client:
            client.sendall(_REQUEST)
            client.recv(100)
            before = server.used_us()
            for _ in range(_PIPELINED // depth):
                client.sendall(data)
                _take(client, depth)
            return (server.used_us() - before) / _PIPELINED

    return measure


def _ten(server: _Process) -> float:
    """Microseconds between two replies to ten clients that pipeline."""
    depth, data = _DEPTH, _REQUEST * _DEPTH
    clients = server.clients(_TEN)
    owed = dict.fromkeys(clients, 0)
    rest = dict.fromkeys(clients, _PIPELINED // _TEN // depth)
    with selectors.DefaultSelector() as selector:
        begun = time.perf_counter()
        for each in clients:
            selector.register(each, selectors.EVENT_READ, each)
            each.sendall(data)
            owed[each] = depth
        while any(owed.values()):
            for key, _ in selector.select(_LIMIT_S):
                client = key.data
                owed[client] -= client.recv(1 << 16).count(b"\n")
                if not owed[client] and rest[client] > 1:
                    rest[client] -= 1
                    client.sendall(data)
                    owed[client] = depth
        spent = time.perf_counter() - begun
    for each in clients:
        each.close()
    return spent * 1e6 / _PIPELINED


def _p99(server: _Process) -> float:
    """Milliseconds within which 99 of 100 replies come to 100 clients that each wait for theirs."""
    clients = server.clients(_MANY)
    sent = dict.fromkeys(clients, 0.0)
    rest = dict.fromkeys(clients, _EACH)
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for each in clients:
            selector.register(each, selectors.EVENT_READ, each)
            sent[each] = time.perf_counter()
            each.sendall(_REQUEST)
        while len(times) < _MANY * _EACH:
            for key, _ in selector.select(_LIMIT_S):
                client = key.data
                client.recv(100)
                now = time.perf_counter()
                times.append(now - sent[client])
                rest[client] -= 1
                if rest[client]:
                    sent[client] = now
                    client.sendall(_REQUEST)
    for each in clients:
        each.close()
    return sorted(times)[len(times) * 99 // 100] * 1000


# ---- writes ------------------------------------------------------------------------------------


class _Counting(asyncio.Transport):
    """A transport that counts what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = self.lines = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """One write."""
        self.writes += 1
        self.lines += bytes(data).count(b"\n")

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Everything is taken at once."""

    def pause_reading(self) -> None:
        """Nothing comes by itself."""

    def resume_reading(self) -> None:
        """Nothing comes by itself."""

    def is_closing(self) -> bool:
        """Never."""
        return False


def _on_file(name: str) -> Device:
    os.truncate(name, 4096)
    return regmap.open("rpi1-rev2", f"file:{name}")


def _writes(lines: int) -> Ratio:
    """Writes against chunks of so many lines."""
    me = Peer(os.getpid(), os.getuid(), os.getgid())
    rule = Rule(pins=frozenset(PINS), verbs=frozenset({"read"}))
    chunks, data, transport = 1000, _REQUEST * lines, _Counting()
    with (
        tempfile.NamedTemporaryFile() as memory,
        _on_file(memory.name) as device,
        asyncio.Runner() as runner,
    ):
        loop = runner.get_loop()
        served = Served(device, audit=lambda *_: None)
        policy = Policy([rule], lambda _: [])
        server = Server(
            served, Limits(), peer_of=lambda _: me, permissions=policy.permissions, loop=loop
        )

        async def feed() -> None:
            session = Session(server)
            session.connection_made(transport)
            for number in range(1, chunks + 1):
                session.get_buffer(-1)[: len(data)] = data
                session.buffer_updated(len(data))
                while transport.lines < number * lines:
                    await asyncio.sleep(0)

        runner.run(feed())
    return Ratio(what=f"of {lines} lines", ours=transport.writes, theirs=chunks, unit="", target=1)
