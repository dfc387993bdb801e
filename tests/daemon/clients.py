"""A daemon in a thread of the test, for tests of its clients."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import regmap
from regmap.backends.base import Backend
from regmap.daemon.board import Served
from regmap.daemon.policy import PINS, VERBS, Limits, Peer, Policy, Rule
from regmap.daemon.server import Server

__all__ = ["Daemon", "everything"]

US = Peer(pid=os.getpid(), uid=os.getuid(), gid=os.getgid())


def everything() -> Rule:
    """A rule that allows us everything."""
    return Rule(uid=US.uid, pins=frozenset(PINS), paths=("*",), verbs=frozenset(VERBS))


class Daemon:
    """Serves ``model`` at ``path`` in a thread; ``device`` is what it serves, ``written`` what it
    told its audit log."""

    def __init__(
        self,
        path: Path,
        model: Any = "rpi1-rev2",
        *,
        backend: str | Backend = "sim:",
        rules: Iterable[Rule] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.uri = f"unix:{path}"
        self.path = path
        self.device: Any = regmap.open(model, backend=backend)
        self.written: list[tuple[str, int | None, int]] = []
        self.loop = asyncio.new_event_loop()
        served = Served(self.device, audit=lambda _, path, old, new: self._tell(path, old, new))
        names = served.names()
        policy = Policy([everything()] if rules is None else rules, _expander(names))
        self._server = Server(
            served,
            limits or Limits(),
            peer_of=lambda _: US,
            permissions=policy.permissions,
            loop=self.loop,
        )
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _tell(self, path: str, old: int | None, new: int) -> None:
        self.written.append((path, old, new))

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._server.start(self._listening))
        self._ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(self._server.stop())
        self.loop.close()

    def kill(self) -> None:
        """End it, as nearly as a thread can be killed: clients see their connection close."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(30)
            assert not self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.device.close()


def _expander(names: tuple[str, ...]) -> Any:
    from fnmatch import fnmatchcase

    return lambda glob: [name for name in names if fnmatchcase(name, glob.replace("[", "[[]"))]
