"""One client: bytes to lines, lines to replies in their order, and its queue of events.

A chunk is answered with one write. What takes long is cut into turns of the event loop, so that
no client waits for another's thousand lines; while a client does not take its replies nothing more
of it is read or done, so that what is held for it is bounded.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections import deque
from typing import TYPE_CHECKING

from regmap.daemon.board import Wait
from regmap.daemon.policy import Peer
from regmap.daemon.values import OK, Action, refusal
from regmap.errors import RegmapError
from regmap.wire import Lines, Request, WireError, parse

if TYPE_CHECKING:
    from regmap.daemon.server import Server

__all__ = ["CHUNK", "Session"]

# At most so many bytes are taken from a client at once.
CHUNK = 16384
# A turn looks at the clock after so much work, about a line each, and ends after so many seconds.
_LOOK = 32
_TURN_S = 0.00025
# What more bytes of a request or reply count as another line.
_LONG = 128
# Between two looks at a register that is waited for, at first and after a while.
_PERIOD_S = 0.001
_LONG_PERIOD_S = 0.005
_SHORT_LOOKS = 100
# Lines that are remembered with what they do, for each peer's rights.
_MOST_KNOWN = 512
_LONGEST_KNOWN = 128

# What is of the connection itself, and what has replies that are long to keep.
_OWN = {"HELLO", "SUBSCRIBE", "UNSUBSCRIBE", "STATS", "WAIT"}
_LONG_REPLIES = {"LIST", "DESCRIBE"}


class Session(asyncio.BufferedProtocol):
    """A connection. All of it runs in the event loop's thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._limits = server.limits
        self._transport: asyncio.Transport | None = None
        self._feed = Lines(server.limits.line)
        self._lines: deque[bytes | WireError] = deque()
        self._out: list[bytes] = []
        self._events: list[bytes] = []
        self._lost = 0
        self._hello = False
        self._turn: asyncio.Handle | None = None
        self._flush: asyncio.Handle | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._paused = False
        self._ended = False
        self._half_since = self._blocked_since = 0.0
        self._heard = time.monotonic()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the peer's rights, or say that there are too many clients."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (for the type checker)
        self._transport = transport
        transport.set_write_buffer_limits(high=0)
        peer = self._server.enter(self, transport)
        if peer is None:
            self._ended = True
            transport.write(b"Error busy too many clients\n")
            transport.close()
            return
        self.peer: Peer = peer
        self._rights = self._server.rights(peer)
        self._known = self._rights.article

    def get_buffer(self, sizehint: int) -> bytearray:
        """One buffer for all: what is in it is copied before another client is read."""
        del sizehint
        return self._server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the client sent."""
        if self._ended:
            return
        data = bytes(self._server.buffer[:nbytes])
        now = self._heard = time.monotonic()
        if data[-1] == 10:
            self._half_since = 0.0
        elif not self._half_since or 10 in data:
            self._half_since = now
        self._lines.extend(self._feed.feed(data))
        if self._lines:
            if self._turn is None and self._waiting is None and not self._blocked_since:
                self._serve()
            elif not self._paused:
                self._pause()

    def eof_received(self) -> bool:
        """Answer what was asked before, then close; half a line is nothing."""
        self._ended = True
        self._half_since = 0.0
        return bool(self._lines or self._waiting is not None or self._blocked_since)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything of the client."""
        del exc
        for handle in (self._turn, self._flush, self._waiting):
            if handle is not None:
                handle.cancel()
        self._turn = self._flush = self._waiting = None
        self._lines.clear()
        self._events.clear()
        self._server.leave(self)

    def pause_writing(self) -> None:
        """The client does not take what was written."""
        self._blocked_since = time.monotonic()

    def resume_writing(self) -> None:
        """The client has taken everything."""
        self._blocked_since = 0.0
        if self._events or self._lost:
            self._send()
        if not self._blocked_since and self._turn is None and self._waiting is None:
            self._serve()

    # Requests.

    def _serve(self) -> None:
        """One turn: answer lines until there are no more, or it has been long enough."""
        self._turn = None
        lines, out, known, peer = self._lines, self._out, self._known, self.peer
        held = count = work = 0
        room, end = self._limits.queue, time.monotonic() + _TURN_S
        while lines:
            line = lines.popleft()
            count += 1
            action = known.get(line)
            if action is not None:
                try:
                    reply: bytes | None = action(peer)
                except Exception as error:  # noqa: BLE001  (whatever it is, the daemon lives)
                    reply = self._refused(error, "")
            else:
                reply = self._answer(line)
                known = self._known
                if reply is None:
                    break
            assert reply is not None  # noqa: S101  (for the type checker)
            out.append(reply)
            size = len(reply)
            held += size
            work += (
                1 if action is not None and size < _LONG else 2 + (size + _length(line)) // _LONG
            )
            if work >= _LOOK:
                if held >= room or time.monotonic() >= end:
                    break
                work = 0
        self._server.requests += count
        self._send()
        self._next()

    def _next(self) -> None:
        """What comes after a turn."""
        if self._lines:
            if not self._paused:
                self._pause()
            if not self._blocked_since and self._waiting is None:
                self._turn = self._server.loop.call_soon(self._serve)
        elif self._ended:
            if self._waiting is None and not self._blocked_since:
                self._close()
        elif self._paused and not self._blocked_since:
            self._paused = False
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    def _pause(self) -> None:
        self._paused = True
        if self._transport is not None and not self._ended:
            self._transport.pause_reading()

    def _answer(self, line: bytes | WireError) -> bytes | None:
        """The reply to a line that is not known; None where it has to wait."""
        request = Request("", "")
        try:
            if isinstance(line, WireError):
                raise line
            request = parse(line, hello=self._hello)
            if request.verb in _OWN:
                reply = self._own(request)
                return None if reply is None else _tagged(request.tag, reply)
            action = self._server.served.prepare(request, self._rights.allowed)
            assert not isinstance(action, Wait)  # noqa: S101  (those are never known)
            if not request.tag and request.verb not in _LONG_REPLIES:
                self._remember(line, action)
            return _tagged(request.tag, action(self.peer))
        except Exception as error:  # noqa: BLE001  (whatever it is, the daemon lives)
            return self._refused(error, request.tag)

    def _remember(self, line: bytes, action: Action) -> None:
        if len(line) > _LONGEST_KNOWN:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[line] = action

    def _refused(self, error: Exception, tag: str) -> bytes:
        """The reply to what failed."""
        self._server.errors += 1
        if isinstance(error, RegmapError):
            if refusal(error).code == "fault":
                self._server.note(f"pid={self.peer.pid} uid={self.peer.uid}: {error}")
            error = refusal(error)
        if not isinstance(error, WireError):
            self._server.note(f"a bug, please report it: {type(error).__name__}: {error}")
            error = WireError("fault", "the daemon failed")
        tag = (tag or error.tag) if self._hello else ""
        return _tagged(tag, f"{error}\n".encode("ascii", "replace"))

    def _own(self, request: Request) -> bytes | None:
        """What concerns the connection itself."""
        server = self._server
        if request.verb == "HELLO":
            self._hello = True
            self._known = self._rights.everything
            return server.hello()
        if request.verb == "STATS":
            return server.stats()
        if request.verb == "SUBSCRIBE":
            pin = server.served.pin(request, self._rights.allowed, "subscribe")
            try:
                server.hub.subscribe(self, pin, request.args[1])
            except PermissionError as error:
                raise WireError("fault", "the source of edges cannot be opened") from error
            return OK
        if request.verb == "UNSUBSCRIBE":
            pin = server.served.pin(request, self._rights.allowed, "subscribe")
            server.hub.unsubscribe(self, pin.number)
            return OK
        wait = server.served.prepare(request, self._rights.allowed)
        assert isinstance(wait, Wait)  # noqa: S101  (nothing else is left)
        return self._look(wait, request.tag, server.loop.time() + wait.timeout_s, 0)

    def _look(self, wait: Wait, tag: str, end: float, looks: int) -> bytes | None:
        """Look at what is waited for, and again later; the reply, once there is one."""
        loop = self._server.loop
        late = loop.time() >= end
        reply = wait.look()
        if reply is not None:
            return reply
        if late:
            raise WireError("timeout", "the value did not come")
        period = _PERIOD_S if looks < _SHORT_LOOKS else _LONG_PERIOD_S
        at = min(loop.time() + period, end)
        self._waiting = loop.call_at(at, self._again, wait, tag, end, looks + 1)
        return None

    def _again(self, wait: Wait, tag: str, end: float, looks: int) -> None:
        self._waiting = None
        if self._ended and self._gone():
            self.abort()
            return
        try:
            reply = self._look(wait, tag, end, looks)
            if reply is None:
                return
            reply = _tagged(tag, reply)
        except Exception as error:  # noqa: BLE001  (whatever it is, the daemon lives)
            reply = self._refused(error, tag)
        self._heard = time.monotonic()
        self._out.append(reply)
        if not self._blocked_since:
            self._serve()

    def _gone(self) -> bool:
        """Whether a client that sends no more does not read any more either."""
        if self._transport is None:
            return True
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), 0)
        return bool(poll.poll(0))

    # Events and writing.

    def event(self, line: bytes) -> None:
        """Hold the line of an event until it can be written, or count it as lost."""
        if len(self._events) >= self._limits.events:
            if not self._blocked_since:
                self._send()
            if len(self._events) >= self._limits.events:
                self.missed(1)
                return
        if self._lost:
            # What is lost is told where it is missing.
            self._events.append(b"LOST %d\n" % self._lost)
            self._lost = 0
        self._events.append(line)
        self._soon()

    def missed(self, count: int) -> None:
        """Count events that are not told."""
        self._lost += count
        self._server.lost += count
        self._soon()

    def _soon(self) -> None:
        if self._flush is None and not self._blocked_since:
            self._flush = self._server.loop.call_soon(self._send)

    def _send(self) -> None:
        """Write all replies and events there are, at once."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        pieces = self._out
        if self._events or self._lost:
            pieces = pieces + self._events
            self._server.events += len(self._events)
            self._events.clear()
            if self._lost:
                pieces.append(b"LOST %d\n" % self._lost)
                self._lost = 0
        if pieces and self._transport is not None:
            self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._out.clear()

    # The end.

    def late(self, now: float) -> str:
        """Why the client is to be closed now, or ""."""
        limits = self._limits
        if self._half_since and now - self._half_since > limits.slow_s and not self._paused:
            return "half a line"
        if self._blocked_since and now - self._blocked_since > limits.slow_s:
            return "replies not taken"
        busy = self._lines or self._waiting is not None
        if limits.idle_s and not busy and now - self._heard > limits.idle_s:
            return "silent"
        return ""

    def cut(self, why: str) -> None:
        """End the connection at once."""
        self._server.note(f"pid={self.peer.pid} uid={self.peer.uid} is closed: {why}")
        self.abort()

    def abort(self) -> None:
        """End the connection; what the client has not taken is gone."""
        self._ended = True
        self._lines.clear()
        if self._transport is not None:
            self._transport.abort()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def close(self) -> None:
        """The daemon ends."""
        self._ended = True
        self._close()


def _length(line: bytes | WireError) -> int:
    return 0 if isinstance(line, WireError) else len(line)


def _tagged(tag: str, reply: bytes) -> bytes:
    """The reply with the request's tag before each of its lines."""
    if not tag:
        return reply
    start = f"@{tag} ".encode("ascii")
    return b"".join([start + line for line in reply.splitlines(keepends=True)])
