"""A board that regmapd serves on a Unix socket.

Registers and fields are asked for by name, one request for each operation of a live object; the
daemon does it with its own map and holds it against its policy. A daemon has no addresses to
offer, so ``read`` and ``write`` by address are refused.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Mapping
from typing import Final

from regmap.backends import Target
from regmap.backends.peer import Peer
from regmap.backends.stream import Lost, Stream, options
from regmap.errors import (
    AccessError,
    BackendError,
    BackendUnavailable,
    BadAddress,
    BusFault,
    DaemonError,
    Denied,
    Disconnected,
    ProtocolError,
    RegmapError,
    UnknownName,
    WaitTimeout,
)
from regmap.wire import (
    LONGEST_WAIT_MS,
    VERSION,
    Failure,
    Lines,
    Reply,
    Request,
    WireError,
    parse,
    parse_reply,
    render,
    values,
)

__all__ = [
    "LONGEST_REPLY",
    "Remote",
    "error_of",
    "greeted",
    "line_of",
    "milliseconds",
    "open_remote",
]

# LIST names every register of a board in one line.
LONGEST_REPLY: Final = 1 << 24
_TIMEOUT_S = 5.0
_BUS_FAULT = re.compile("bus fault at 0x([0-9a-f]{1,16})")
_READS = {"GET", "WAIT", "READ", "READALL", "LIST", "DESCRIBE", "STATS", "HELLO"}


class Remote(Peer):
    """A connection to regmapd; ``greeting`` is what it said of itself. Threads may share it: one
    request at a time.

    A connection that broke stays so: reconnecting is the caller's business, as only he knows
    whether a write of which nobody knows may be done twice.
    """

    name = "regmapd"
    widths = (8, 16, 32, 64)

    def __init__(self, stream: Stream, *, timeout_s: float = _TIMEOUT_S) -> None:
        super().__init__(stream, timeout_s=timeout_s)
        self._lines = Lines(LONGEST_REPLY)
        self._came: deque[bytes | WireError] = deque()
        self._asked = 0
        self._begun = ""  # the verb of a request that was begun and not answered
        self._nonsense = False
        self.greeting = greeted(self._answer(Request("", "HELLO", (str(VERSION),))))

    # By name.

    def get_named(self, path: str) -> int:
        """The number of a register, field or bit: what ``read()`` reads. One bus read there.

        Raises Denied, Disconnected, AccessError, UnknownName, BusFault.
        """
        return self.get(path)[path]

    def set_named(self, path: str, value: int) -> None:
        """Do what assigning ``value`` does. Raises as ``get_named`` does; after Disconnected it
        is unknown whether the write was made."""
        self.ask("SET", f"{path}={value:#x}")

    def modify_named(self, values: Mapping[str, int]) -> None:
        """One ``modify`` for each register: one bus read and one bus write there. Raises as
        ``set_named`` does."""
        self.ask("MODIFY", *(f"{path}={value:#x}" for path, value in values.items()))

    def get(self, *paths: str) -> dict[str, int]:
        """The numbers of several registers and fields by one request, one bus read for each."""
        found = values(self.ask("GET", *paths).split(" "))
        if found.keys() != set(paths):
            raise ProtocolError(f"{self}: asked for {' '.join(paths)} it tells {' '.join(found)}")
        return found

    def cas(self, path: str, old: int, new: int) -> bool:
        """Write ``new`` where ``old`` is found; False, and nothing written, where it is not.

        One bus read, and one write or what assigning needs; nothing comes between them."""
        try:
            self.ask("CAS", path, f"{old:#x}", f"{new:#x}")
        except _Different:
            return False
        return True

    def wait(self, path: str, value: int | str, timeout_s: float) -> int:
        """Wait there until a register or field has a value, a number or an enum's name, and give
        it. Raises WaitTimeout, and as ``get_named`` does."""
        word = value if isinstance(value, str) else f"{value:#x}"
        timeout_ms = milliseconds(timeout_s)
        text = self.ask("WAIT", f"{path}={word}", str(timeout_ms), more_s=timeout_ms / 1000)
        return values([text])[path]

    def ask(self, verb: str, *args: str, more_s: float = 0) -> str:
        """Any request that is answered by one line, such as ``ask("STATS")``; the answer.

        ``more_s`` is how much longer than other answers this one may take.
        """
        self._asked += 1
        answer = self._answer(Request(f"{self._asked}", verb, args), more_s)
        if isinstance(answer, Failure):
            raise error_of(answer, str(self), verb, args)
        return answer.text

    # By address: there are none.

    def read(self, address: int, width: int) -> int:
        """Raises BadAddress."""
        raise BadAddress(f"{width}-bit read at {address:#x}: {self} is asked by name")

    def write(self, address: int, width: int, value: int) -> None:
        """Raises BadAddress."""
        del value
        raise BadAddress(f"{width}-bit write at {address:#x}: {self} is asked by name")

    def _read(self, address: int, width: int, until: float) -> int:
        del until
        return self.read(address, width)

    def _write(self, address: int, width: int, value: int, until: float) -> None:
        del until
        self.write(address, width, value)

    # On the connection.

    def _answer(self, request: Request, more_s: float = 0) -> Reply | Failure:
        line = line_of(request)

        def talk(until: float) -> Reply | Failure:
            self._begun = request.verb
            # One client too many is told so and closed, perhaps before it says a word.
            with contextlib.suppress(Lost) if request.verb == "HELLO" else contextlib.nullcontext():
                self._stream.send(line, until + more_s)
            while True:
                answer = self._next(until + more_s)
                if isinstance(answer, Reply | Failure):
                    break
            if answer.tag != request.tag and not _is_busy(answer):
                raise self._broken(f"it answers {answer.tag!r} instead of {request.tag!r}")
            self._begun = ""
            return answer

        with self.lock:
            self._begun = ""
            words = f"{request.verb} {' '.join(request.args)}".rstrip()
            return self._exchange(words if len(words) <= 80 else f"{words[:77]}...", talk)

    def _next(self, until: float) -> object:
        """What the next line is. Raises Lost."""
        while not self._came:
            self._came.extend(self._lines.feed(self._stream.receive(until)))
        line = self._came.popleft()
        try:
            if isinstance(line, WireError):
                raise line
            return parse_reply(line)
        except WireError as error:
            raise self._broken(error.text) from error

    def _broken(self, text: str) -> Lost:
        self._nonsense = True
        return Lost(text)

    def _gone(self, what: str, address: int | None) -> RegmapError:
        del address
        if not self._begun:
            then = "nothing was asked"
        elif self._begun in _READS:
            then = "no answer came"
        else:
            then = "whether it took effect is unknown"
        kind = ProtocolError if self._nonsense and self._begun else Disconnected
        return kind(
            f"{what}: {self} is lost: {self._lost}; {then};"
            " see whether it still runs, and open it anew"
        )


class _Different(DaemonError):
    """A CAS that found another value."""


def error_of(failure: Failure, where: str, verb: str, args: tuple[str, ...]) -> RegmapError:
    """The error that a live object raises for what the daemon refused; ``where`` is the daemon.

    It has the path where the request named one alone.
    """
    what = " ".join(arg.partition("=")[0] for arg in (args[:1] if verb in _ONE_PATH else args))
    text = f"{failure.text}; {where} says so"
    match failure.code:
        case "denied":
            return Denied(f"{what}: {text}")
        case "access":
            return AccessError(what, text)
        case "path" if failure.text == "no such path":
            return UnknownName(where, what)
        case "timeout":
            return WaitTimeout(what, text, last=None, values=())
        case "fault" if fault := _BUS_FAULT.fullmatch(failure.text):
            return BusFault(f"{what}: {text}", address=int(fault[1], 16), path=what)
        case "fault":
            return BackendError(f"{what}: {text}")
        case "busy":
            return BackendUnavailable(f"{where}: {failure.text}; try again later")
        case "value" if verb == "CAS" and failure.text.startswith("it is "):
            return _Different(f"{what}: {text}")
        case "syntax" | "unknown" | "hello" | "toolong":
            return ProtocolError(f"{verb} {what}: {failure.code}: {text}")
    return DaemonError(f"{what}: {text}")


_ONE_PATH = {"CAS", "WAIT", "WRITE", "MODE", "DRIVE", "SUBSCRIBE"}


def line_of(request: Request) -> bytes:
    """What is sent for a request. Raises ValueError where its words would be something else, such
    as two requests."""
    try:
        line = render(request)
        if parse(line, hello=True) == request:
            return line + b"\n"
        why = "the words are not those of one request"
    except (WireError, UnicodeError) as error:
        why = str(error)
    raise ValueError(f"{request.verb} {' '.join(request.args)!r:.200}: {why}")


def greeted(answer: Reply | Failure) -> dict[str, str]:
    """What a daemon says of itself. Raises BackendUnavailable where it will not serve."""
    if isinstance(answer, Failure):
        raise BackendUnavailable(f"it does not serve us: {answer.code}: {answer.text}")
    hello, version, *rest = [*answer.text.split(" "), ""]
    if hello != "HELLO" or version != str(VERSION):
        raise BackendUnavailable(f"it is no regmapd: it says {answer.text[:60]!r}")
    return {key: value for key, _, value in (word.partition("=") for word in rest) if key}


def milliseconds(timeout_s: float) -> int:
    """A time limit as WAIT takes it, no longer than that may be."""
    if not timeout_s >= 0:
        raise ValueError(f"timeout_s is a number of seconds from 0 on, not {timeout_s}")
    return round(min(timeout_s, LONGEST_WAIT_MS / 1000) * 1000)


def _is_busy(answer: Reply | Failure) -> bool:
    """Whether it is what one client too many is told, whatever that asks."""
    return isinstance(answer, Failure) and answer.code == "busy" and not answer.tag


def open_remote(target: Target) -> Remote:
    """The daemon at a Unix socket; ``?timeout=SECONDS`` is how long an answer may take.

    Raises BackendUnavailable.
    """
    path, _, timeout_s = options(target.rest, {}, _TIMEOUT_S)
    remedy = "see whether regmapd runs (regmap serve) and whether you may use its socket"
    stream = Stream.connect(path, f"unix:{path}", timeout_s=timeout_s, remedy=remedy)
    try:
        return Remote(stream, timeout_s=timeout_s)
    except BackendUnavailable as error:
        stream.close()
        raise BackendUnavailable(f"unix:{path}: {error}; {remedy}") from error
    except (DaemonError, BackendError) as error:
        stream.close()
        raise BackendUnavailable(f"{error}; {remedy}") from error
