"""An asyncio client of regmapd: requests of many tasks on one connection, and edges as they come.

Every request has an ``@ID``, so that a task that stopped waiting leaves nothing behind for the
next one. Live objects are blocking and have ``remote``; this is for programs of one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

from regmap.backends.remote import LONGEST_REPLY, error_of, greeted, line_of, milliseconds
from regmap.errors import AccessError, BackendUnavailable, ClosedError, Disconnected, RegmapError
from regmap.wire import (
    LONGEST_LINE,
    PINS,
    VERSION,
    Event,
    Failure,
    Lines,
    Lost,
    Reply,
    Request,
    WireError,
    parse_reply,
    values,
)

__all__ = ["AsyncRemote"]

_READS = {"HELLO", "GET", "WAIT", "READ", "READALL", "LIST", "DESCRIBE", "STATS"}


class AsyncRemote(asyncio.Protocol):
    """A connection to regmapd for the tasks of one event loop: ``await AsyncRemote.open(path)``.

    ``greeting`` is what the daemon said of itself. A request that is not answered within
    ``timeout_s`` ends the connection, and it stays ended: whoever waits gets Disconnected.
    """

    def __init__(self, path: str, *, timeout_s: float = 5.0, events: int = 256) -> None:
        self.path = path
        self.timeout_s = timeout_s
        self.greeting: dict[str, str] = {}
        self._transport: asyncio.Transport | None = None
        self._lines = Lines(LONGEST_REPLY)
        self._asked = 0
        self._waiting: dict[str, _Answer] = {}
        self._edges: dict[int, _Edges] = {}
        self._most_events = events
        self._why = "it is not open"
        self._closed = False
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def open(cls, path: str, *, timeout_s: float = 5.0, events: int = 256) -> Self:
        """Connect to the socket at ``path``. ``events`` are held for each pin that is followed;
        what comes beyond is counted. Raises BackendUnavailable."""
        self = cls(path, timeout_s=timeout_s, events=events)
        try:
            async with asyncio.timeout(timeout_s):
                self.greeting = await self._connect()
        except (RegmapError, OSError, ValueError) as error:
            await self.close()
            words = getattr(error, "strerror", "") or str(error) or "no answer in time"
            raise BackendUnavailable(f"unix:{path}: {words}") from error
        return self

    async def _connect(self) -> dict[str, str]:
        loop = asyncio.get_running_loop()
        made = socket.socket(socket.AF_UNIX)
        try:
            made.setblocking(False)
            await loop.sock_connect(made, self.path)
            # One client too many is told so and closed, perhaps before it says a word; a transport
            # would not read that any more.
            with contextlib.suppress(BrokenPipeError):
                await loop.sock_sendall(made, line_of(Request("", "HELLO", (str(VERSION),))))
            data = b""
            while b"\n" not in data and len(data) < LONGEST_LINE:
                piece = await loop.sock_recv(made, LONGEST_LINE)
                if not piece:
                    raise BackendUnavailable("it closed the connection")
                data += piece
            answer = parse_reply(data.partition(b"\n")[0])
            if not isinstance(answer, Reply | Failure):
                raise BackendUnavailable("it is no regmapd")
            greeting = greeted(answer)
            await loop.create_unix_connection(lambda: self, sock=made)
        except BaseException:
            made.close()
            raise
        return greeting

    async def close(self) -> None:
        """Close the connection; a second call does nothing. Whoever waits gets ClosedError."""
        self._closed = True
        self._end("it was closed")
        await asyncio.sleep(0)  # asyncio closes the socket in its next turn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # Pins, by the article's numbers.

    async def read(self, pin: int) -> int:
        """The level of a pin, 0 or 1."""
        answer = await self.ask("READ", str(pin))
        return self._word(answer, 1)

    async def write(self, pin: int, value: int) -> None:
        """Set the level of a pin."""
        await self.ask("WRITE", str(pin), str(int(value)))

    async def mode(self, pin: int, mode: str) -> None:
        """Make a pin an input (``IN``) or an output (``OUT``)."""
        await self.ask("MODE", str(pin), mode)

    async def read_all(self) -> dict[int, int]:
        """The level of every pin."""
        lines = await self._asked_for("READALL", (), count=PINS)
        return {self._word(line, 0): self._word(line, -1) for line in lines}

    @contextlib.asynccontextmanager
    async def edges(
        self, pin: int, kind: str = "BOTH"
    ) -> AsyncIterator[AsyncIterator[Event | Lost]]:
        """Follow a pin: ``async with client.edges(3) as edges: async for edge in edges``.

        Gives an Event for each edge (``kind`` is RISING, FALLING or BOTH), and a Lost where some
        are missing, which may be of any pin that is followed. Ends with Disconnected where the
        connection does. One at a time for each pin: raises AccessError for a second.
        """
        if pin in self._edges:
            raise AccessError(f"pin {pin}", "it is followed already, by another edges()")
        edges = self._edges[pin] = _Edges(self._most_events)
        try:
            await self.ask("SUBSCRIBE", str(pin), kind)
            yield edges
        finally:
            del self._edges[pin]
            if not self._why:
                with contextlib.suppress(RegmapError):
                    await self.ask("UNSUBSCRIBE", str(pin))

    # Registers and fields, by path.

    async def get(self, *paths: str) -> dict[str, int]:
        """The numbers of registers, fields or bits. One bus read for each, there."""
        return values((await self.ask("GET", *paths)).split(" "))

    async def set(self, changes: Mapping[str, int | str]) -> None:
        """Do what assigning each of them does: a number, or the name of an enum's member."""
        await self.ask("SET", *_pairs(changes))

    async def modify(self, changes: Mapping[str, int | str]) -> None:
        """Change fields by one ``modify`` for each register."""
        await self.ask("MODIFY", *_pairs(changes))

    async def wait(self, path: str, value: int | str, timeout_s: float) -> int:
        """Wait there until a register or field has a value. Raises WaitTimeout."""
        ms = milliseconds(timeout_s)
        (word,) = _pairs({path: value})
        (text,) = await self._asked_for("WAIT", (word, str(ms)), more_s=ms / 1000)
        return values([text])[path]

    async def ask(self, verb: str, *args: str) -> str:
        """Any request that is answered by one line.

        Raises Denied, AccessError, UnknownName, BusFault and others as live objects do, and
        Disconnected, after which it is unknown whether a write was made.
        """
        (text,) = await self._asked_for(verb, args)
        return text

    # On the connection.

    async def _asked_for(
        self, verb: str, args: tuple[str, ...], *, count: int = 1, more_s: float = 0
    ) -> list[str]:
        self._asked += 1
        request = Request(f"{self._asked}", verb, args)
        texts: list[str] = []
        for each in await self._answer(request, count, more_s):
            if isinstance(each, Failure):
                raise error_of(each, str(self), verb, args)
            texts.append(each.text)
        return texts

    async def _answer(
        self, request: Request, count: int, more_s: float = 0
    ) -> list[Reply | Failure]:
        if self._why or self._transport is None:
            raise self._gone(request.verb, "nothing was asked")
        line = line_of(request)
        answer = _Answer(request.verb, count, more_s)
        # Replies keep their order: one behind a WAIT comes after it.
        more_s += sum(each.more_s for each in self._waiting.values())
        self._waiting[request.tag] = answer
        self._transport.write(line)
        try:
            async with asyncio.timeout(self.timeout_s + more_s):
                await self._writable.wait()
                # What is cancelled is the waiting: the answer still comes, and is for nobody.
                return await asyncio.shield(answer.lines)
        except TimeoutError:
            self._end("it did not answer in time")
            return await answer.lines

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (for the type checker)
        self._transport = transport
        self._why = ""

    def pause_writing(self) -> None:
        """The daemon takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Give each line to whom it is for."""
        for line in self._lines.feed(data):
            try:
                if isinstance(line, WireError):
                    raise line
                self._take(parse_reply(line))
            except WireError as error:
                self._end(f"it says what no regmapd says: {error.text}")
                return

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._end(f"the connection broke: {exc}" if exc else "it closed the connection")

    def _take(self, line: Reply | Failure | Event | Lost) -> None:
        if isinstance(line, Event):
            if line.pin in self._edges:
                self._edges[line.pin].put(line)
        elif isinstance(line, Lost):
            for edges in self._edges.values():
                edges.put(line)
        elif line.tag in self._waiting:
            answer = self._waiting[line.tag]
            if answer.add(line):
                del self._waiting[line.tag]
        elif isinstance(line, Failure) and line.code == "busy":
            self._end(f"{line.code}: {line.text}")
        else:
            raise WireError("syntax", f"an answer @{line.tag} to nothing")

    def _end(self, why: str) -> None:
        if self._why:
            return
        self._why = why
        self._writable.set()
        if self._transport is not None:
            self._transport.abort()
        for answer in self._waiting.values():
            unknown = (
                "no answer came" if answer.verb in _READS else ("whether it took effect is unknown")
            )
            answer.fail(self._gone(answer.verb, unknown))
        self._waiting.clear()
        for edges in self._edges.values():
            edges.end(self._gone("edges", "those to come are unknown"))

    def _gone(self, what: str, then: str) -> RegmapError:
        if self._closed:
            return ClosedError(f"{what}: {self} is closed")
        return Disconnected(f"{what}: {self} is lost: {self._why}; {then}")

    def _word(self, text: str, at: int) -> int:
        words = text.split(" ")
        if len(words) <= at or not words[at].isdecimal():
            self._end(f"it answers {text[:60]!r}")
            raise self._gone("READ", "no answer came")
        return int(words[at])

    def __str__(self) -> str:
        return f"regmapd at unix:{self.path}"

    def __repr__(self) -> str:
        return f"<{self}{f', lost: {self._why}' if self._why else ''}>"


def _pairs(changes: Mapping[str, int | str]) -> list[str]:
    return [
        f"{path}={value}" if isinstance(value, str) else f"{path}={value:#x}"
        for path, value in changes.items()
    ]


class _Answer:
    """A request that is not answered yet: ``lines`` of ``count``, or one that says why not."""

    def __init__(self, verb: str, count: int, more_s: float) -> None:
        self.verb = verb
        self.more_s = more_s
        self.lines: asyncio.Future[list[Reply | Failure]] = (
            asyncio.get_running_loop().create_future()
        )
        self._count = count
        self._came: list[Reply | Failure] = []

    def add(self, line: Reply | Failure) -> bool:
        """Take a line; whether it was the last."""
        self._came.append(line)
        done = isinstance(line, Failure) or len(self._came) == self._count
        if done and not self.lines.done():
            self.lines.set_result(self._came)
        return done

    def fail(self, error: RegmapError) -> None:
        """There will be none."""
        if not self.lines.done():
            self.lines.set_exception(error)
            self.lines.exception()  # where nobody waits any more, nobody need be told


class _Edges:
    """The edges of one pin that nobody has taken yet; at most ``most``, the others counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: deque[Event | Lost] = deque()
        self._missed = 0
        self._error: RegmapError | None = None
        self._there = asyncio.Event()

    def put(self, line: Event | Lost) -> None:
        """Hold one more, or count it as lost."""
        if len(self._held) >= self._most:
            self._missed += line.missed if isinstance(line, Lost) else 1
        else:
            if self._missed:
                self._held.append(Lost(self._missed))
                self._missed = 0
            self._held.append(line)
        self._there.set()

    def end(self, error: RegmapError) -> None:
        """No more will come."""
        self._error = error
        self._there.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | Lost:
        while not self._held:
            if self._missed:
                missed, self._missed = self._missed, 0
                return Lost(missed)
            if self._error is not None:
                raise self._error
            self._there.clear()
            await self._there.wait()
        return self._held.popleft()
