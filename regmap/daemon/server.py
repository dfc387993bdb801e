"""All clients of one board: who may come in, what they have in common, and who is closed.

Runs in one thread, an asyncio event loop, in which every access to the bus is made.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable

from regmap.daemon.board import Served
from regmap.daemon.events import Hub
from regmap.daemon.policy import Limits, Peer, Permissions
from regmap.daemon.session import CHUNK, Session
from regmap.daemon.values import Action
from regmap.wire import VERSION, WireError

__all__ = ["Rights", "Server"]

# asyncio accepts so many connections in one turn.
_BACKLOG = 16
# So many may wait for that. Where there are more, connecting fails at once for those that do not
# block, which are Node.js, asyncio, and Python with a time limit: unix(7), EAGAIN.
_WAITING = 1024
# The clock for slow and silent clients ticks a few times in the shortest of their limits.
_TICKS = 5
_LONGEST_TICK_S = 1.0
# Of messages about clients, so many are written in so many seconds.
_MOST_NOTES = 5
_NOTES_S = 10.0
_MOST_RIGHTS = 256


class Rights:
    """What peers with the same permissions have in common: those, and the lines that were
    prepared for them, before and after ``HELLO``."""

    def __init__(self, allowed: Permissions) -> None:
        self.allowed = allowed
        self.article: dict[bytes | WireError, Action] = {}
        self.everything: dict[bytes | WireError, Action] = {}


class Server:
    """The clients of one board. ``permissions`` says what a peer may do, and gives the same
    object for the same rights; ``peer_of`` asks the kernel who is at the other end; ``tick`` is
    called about once a second."""

    def __init__(
        self,
        served: Served,
        limits: Limits,
        *,
        peer_of: Callable[[socket.socket], Peer],
        permissions: Callable[[Peer], Permissions],
        loop: asyncio.AbstractEventLoop,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.served = served
        self.limits = limits
        self.loop = loop
        self.hub = Hub(served.device)
        self.buffer = bytearray(CHUNK)
        self.requests = self.errors = self.events = self.lost = self.refused = 0
        self._peer_of = peer_of
        self._permissions = permissions
        self._also = tick
        self._sessions: set[Session] = set()
        self._rights: dict[int, Rights] = {}
        self._server: asyncio.Server | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._begun = time.monotonic()
        self._notes = self._left_out = 0
        self._notes_since = 0.0

    async def start(self, listening: socket.socket) -> None:
        """Take clients from now on."""
        loop = self.loop
        loop.set_exception_handler(self._failed)
        # Not create_unix_server, which looks for the socket in the file system.
        self._server = await loop.create_server(
            lambda: Session(self), sock=listening, backlog=_BACKLOG
        )
        listening.listen(_WAITING)
        self._look_around()

    async def stop(self) -> None:
        """Close every client and the socket."""
        if self._tick is not None:
            self._tick.cancel()
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            session.close()
        await asyncio.sleep(0)
        for session in tuple(self._sessions):  # what they did not take is not waited for
            session.abort()
        await asyncio.sleep(0)
        self.hub.close()

    # For sessions.

    def enter(self, session: Session, transport: asyncio.Transport) -> Peer | None:
        """Let a client in; None where there are too many, or it is gone already."""
        if len(self._sessions) >= self.limits.clients:
            self.refused += 1
            self.note(f"a client is refused: there are {len(self._sessions)}, which is the limit")
            return None
        try:
            peer = self._peer_of(transport.get_extra_info("socket"))
        except OSError as error:
            self.note(f"a client is refused: {error}")
            return None
        self._sessions.add(session)
        return peer

    def leave(self, session: Session) -> None:
        """Forget a client."""
        if session in self._sessions:
            self._sessions.discard(session)
            self.hub.drop(session)

    def rights(self, peer: Peer) -> Rights:
        """What a peer may do, with what was prepared for its like."""
        allowed = self._permissions(peer)
        rights = self._rights.get(id(allowed))
        if rights is None or rights.allowed is not allowed:
            if len(self._rights) >= _MOST_RIGHTS:
                self._rights.clear()
            rights = self._rights[id(allowed)] = Rights(allowed)
        return rights

    def hello(self) -> bytes:
        """The reply to HELLO."""
        limits, device = self.limits, self.served.device
        said = {
            "board": device.name,
            "pins": len(self.served.pins.by_number),
            "line": limits.line,
            "queue": limits.queue,
            "events": limits.events,
            "clients": limits.clients,
        }
        words = " ".join(f"{key}={value}" for key, value in said.items())
        return f"HELLO {VERSION} {words}\n".encode("ascii", "replace")

    def stats(self) -> bytes:
        """The reply to STATS."""
        now = {
            "clients": len(self._sessions),
            "requests": self.requests,
            "errors": self.errors,
            "events": self.events,
            "lost": self.lost,
            "refused": self.refused,
            "uptime_s": round(time.monotonic() - self._begun, 3),
        }
        return json.dumps(now, separators=(",", ":")).encode("ascii") + b"\n"

    def note(self, text: str) -> None:
        """Say something on standard error, but not too often."""
        now = time.monotonic()
        if now - self._notes_since > _NOTES_S:
            if self._left_out:
                _say(f"{self._left_out} messages were left out")
            self._notes_since, self._notes, self._left_out = now, 0, 0
        if self._notes >= _MOST_NOTES:
            self._left_out += 1
            return
        self._notes += 1
        _say(text)

    # The clock.

    def _look_around(self) -> None:
        limits = self.limits
        now = time.monotonic()
        self._also()
        for session in tuple(self._sessions):
            why = session.late(now)
            if why:
                session.cut(why)
        shortest = min(limits.slow_s, limits.idle_s or limits.slow_s)
        self._tick = self.loop.call_later(
            min(shortest / _TICKS, _LONGEST_TICK_S), self._look_around
        )

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """What asyncio would print with a traceback, as often as it happens."""
        del loop
        self.note(f"{context.get('message')}: {context.get('exception')}")


def _say(text: str) -> None:
    line = " ".join(text.split())
    sys.stderr.write(f"regmapd: {line}\n")
    sys.stderr.flush()
