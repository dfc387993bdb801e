"""The asyncio client: many tasks on one connection, and edges as they come."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.backends.remote_async import AsyncRemote
from regmap.daemon.policy import Limits
from regmap.wire import Event, Lost
from tests.daemon.clients import Daemon
from tests.serving import Server, lines_of


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(test(**given))

    return run


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "s") as made:
        yield made


@in_loop
async def test_pins_and_registers(daemon: Daemon) -> None:
    async with await AsyncRemote.open(str(daemon.path)) as client:
        assert client.greeting["board"] == "rpi1-rev2"
        await client.mode(0, "OUT")
        await client.write(0, 1)
        assert await client.read(0) == 1
        assert await client.read_all() == {pin: int(pin == 0) for pin in range(17)}
        await client.set({"GPIO.GPFSEL0.FSEL4": "OUTPUT", "GPIO.GPFSEL0.FSEL5": 2})
        await client.modify({"GPIO.GPFSEL0.FSEL4": "ALT0"})
        paths = ("GPIO.GPFSEL0.FSEL4", "GPIO.GPFSEL0.FSEL5")
        assert await client.get(*paths) == dict(zip(paths, (4, 2), strict=True))
        assert await client.wait(paths[0], "ALT0", 1) == 4
        with pytest.raises(regmap.WaitTimeout):
            await client.wait(paths[0], 0, 0.01)
        with pytest.raises(regmap.AccessError):
            await client.get("GPIO.GPSET0")
        with pytest.raises(ValueError, match="READ"):
            await client.read(17)
    with pytest.raises(regmap.ClosedError):
        await client.read(0)


@in_loop
async def test_many_tasks_share_a_connection(daemon: Daemon) -> None:
    async with await AsyncRemote.open(str(daemon.path)) as client:

        async def one(field: int) -> None:
            path = f"GPIO.GPFSEL0.FSEL{field}"
            for value in range(8):
                await client.set({path: value})
                assert await client.get(path) == {path: value}

        await asyncio.gather(*(one(field) for field in range(10)))
    assert daemon.device.GPIO.GPFSEL0.raw == (1 << 30) - 1


@in_loop
async def test_who_stops_waiting_leaves_nothing_behind(daemon: Daemon) -> None:
    async with await AsyncRemote.open(str(daemon.path), timeout_s=0.3) as client:
        waits = asyncio.create_task(client.wait("GPIO.GPFSEL0", 1, 1))
        behind = asyncio.create_task(client.read(3))  # no later than its own limit after the wait
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        daemon.device.GPIO.GPFSEL0.raw = 2
        assert await client.get("GPIO.GPFSEL0") == {"GPIO.GPFSEL0": 2}
        assert await behind == 0


@in_loop
async def test_edges_come_as_they_are(daemon: Daemon) -> None:
    async with (
        await AsyncRemote.open(str(daemon.path)) as client,
        client.edges(3) as edges,
    ):
        with pytest.raises(regmap.AccessError, match="pin 3: it is followed already"):
            await client.edges(3).__aenter__()
        for level in (1, 0, 1):
            await client.ask("DRIVE", "3", str(level))
        found = [await anext(edges) for _ in range(3)]
        told = [each[:2] + each[3:] for each in found]
        assert told == [(3, "RISING", 1), (3, "FALLING", 2), (3, "RISING", 3)]


@in_loop
async def test_edges_that_nobody_takes_are_counted(tmp_path: Path) -> None:
    with Daemon(tmp_path / "s") as daemon:
        async with await AsyncRemote.open(str(daemon.path), events=4) as client:
            async with client.edges(3) as edges:
                for at in range(10):
                    await client.ask("DRIVE", "3", str(~at & 1))
                await client.read(3)
                found: list[Event | Lost] = []
                while sum(each.missed if isinstance(each, Lost) else 1 for each in found) < 10:
                    found.append(await anext(edges))
                assert [each.sequence for each in found if isinstance(each, Event)] == [1, 2, 3, 4]
                assert found[4:] == [Lost(6)]
            async with client.edges(3, "FALLING"):
                pass


@in_loop
async def test_everybody_is_told_when_the_daemon_ends(daemon: Daemon) -> None:
    async with await AsyncRemote.open(str(daemon.path)) as client, client.edges(3) as edges:
        waits = asyncio.create_task(client.wait("GPIO.GPFSEL0", 1, 60))
        follows = asyncio.create_task(anext(edges))
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, daemon.kill)
        for task in (waits, follows):
            with pytest.raises(regmap.Disconnected):
                await asyncio.wait_for(task, 1)
        with pytest.raises(regmap.Disconnected, match="nothing was asked"):
            await client.read(3)


@contextlib.contextmanager
def answering(path: Path, reply: bytes) -> Iterator[None]:
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        lines = lines_of(connection)
        next(lines)
        connection.sendall(b"HELLO 2\n")
        next(lines)
        connection.sendall(reply)
        over.wait(10)

    with Server(path, talk):
        yield
        over.set()


@pytest.mark.parametrize("reply", [b"@2 Ok\n", b"Ok\n", b"\xff\n", b"EVENT\n", b"@ Ok\n"])
@in_loop
async def test_a_daemon_that_says_nonsense_is_lost(reply: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with answering(path, reply):
        async with await AsyncRemote.open(str(path)) as client:
            with pytest.raises(regmap.Disconnected, match="whether it took effect is unknown"):
                await client.write(3, 1)


@in_loop
async def test_a_silent_daemon_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with answering(path, b""):
        async with await AsyncRemote.open(str(path), timeout_s=0.05) as client:
            with pytest.raises(regmap.Disconnected, match=r"not answer in time.*unknown"):
                await client.write(3, 1)


@in_loop
async def test_who_does_not_serve_us(tmp_path: Path) -> None:
    with Daemon(tmp_path / "s", limits=Limits(clients=1)) as daemon:
        async with await AsyncRemote.open(str(daemon.path)):
            with pytest.raises(regmap.BackendUnavailable, match="busy: too many clients"):
                await AsyncRemote.open(str(daemon.path))
    with pytest.raises(regmap.BackendUnavailable, match="No such file"):
        await AsyncRemote.open(str(tmp_path / "none"))
