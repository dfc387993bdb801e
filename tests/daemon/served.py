"""A board served in this process, and clients that talk to it as any program would."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from regmap.daemon.board import Served
from regmap.daemon.policy import PINS, VERBS, Limits, Peer, Policy, Rule
from regmap.daemon.server import Server
from regmap.live.device import Device
from regmap.live.path import find

ME = Peer(1, 1000, 1000)
EVERYTHING = Rule(pins=frozenset(PINS), paths=("*",), verbs=frozenset(VERBS))


def policy_for(device: Device, *rules: Rule) -> Policy:
    """The rules with their patterns looked up on this device."""
    return Policy(
        rules or (EVERYTHING,), lambda pattern: [target.path for target in find(device, pattern)]
    )


def peer_of(connection: socket.socket) -> Peer:
    """Who is at the other end, as the kernel says."""
    word = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return Peer(*struct.unpack("iII", word))


class Running:
    """A server in a thread of its own, and what it wrote to the audit log."""

    def __init__(self, device: Device, path: Path, limits: Limits, rules: tuple[Rule, ...]) -> None:
        self.path = path
        self.device = device
        self.written: list[tuple[str, int | None, int]] = []
        self.server: Server
        self._limits = limits
        self._policy = policy_for(device, *rules)
        self._ready = threading.Event()
        self._end: Callable[[], object]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(10)

    async def _run(self) -> None:
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(end.set)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.path))
        served = Served(
            self.device,
            audit=lambda _peer, path, old, new: self.written.append((path, old, new)),
        )
        self.server = Server(
            served,
            self._limits,
            peer_of=peer_of,
            permissions=self._policy.permissions,
            loop=loop,
        )
        await self.server.start(listening)
        self._ready.set()
        await end.wait()
        await self.server.stop()

    def stop(self) -> None:
        """End it and wait for that."""
        self._end()
        self._thread.join(10)
        assert not self._thread.is_alive()


@contextmanager
def serving(
    device: Device, folder: Path, *rules: Rule, limits: Limits | None = None
) -> Iterator[Running]:
    """A running server of a device."""
    running = Running(device, folder / "d.sock", limits or Limits(), rules)
    try:
        yield running
    finally:
        running.stop()


class Client:
    """A blocking client; a read that takes five seconds is an error."""

    def __init__(self, path: Path, *, hello: bool = False) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self._buffer = b""
        if hello:
            assert self.ask("HELLO 2").startswith("HELLO 2 ")

    def send(self, *lines: str) -> None:
        self.socket.sendall(b"".join(f"{line}\n".encode("latin-1") for line in lines))

    def line(self) -> str:
        """The next line; "" at the end."""
        while b"\n" not in self._buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return ""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("ascii")

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def ask(self, line: str) -> str:
        """One request, one line of reply."""
        self.send(line)
        return self.line()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
