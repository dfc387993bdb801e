"""A connection to a program that accesses the hardware: bytes out, bytes in, within time limits.

It knows nothing of what is said on it. Who waits for an answer gives the moment at which he has
waited long enough, so a peer that sends one byte a second gains nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import time
from collections.abc import Mapping

from regmap.errors import BackendUnavailable

__all__ = ["Lost", "Stream", "options"]

_PIECE = 1 << 16
_OPTIONS = re.compile(r"[a-z]+=[^?&]*(?:&[a-z]+=[^?&]*)*")
_LONGEST_S = 3600.0


class Lost(Exception):
    """The peer is gone, silent, or says what it must not; the text says which."""


class Stream:
    """A connected socket; ``where`` is what a person calls the peer.

    One thread at a time, but ``cut`` may come from any.
    """

    def __init__(self, connected: socket.socket, where: str) -> None:
        self.where = where
        self._socket = connected
        self._process = os.getpid()

    @classmethod
    def connect(
        cls, address: str | tuple[str, int], where: str, *, timeout_s: float, remedy: str
    ) -> Stream:
        """Connect to a Unix socket's path, or to a host and a port.

        Raises BackendUnavailable with the reason and the remedy.
        """
        made: socket.socket | None = None
        try:
            if isinstance(address, str):
                made = socket.socket(socket.AF_UNIX)
                made.settimeout(timeout_s)
                made.connect(address)
            else:
                made = socket.create_connection(address, timeout_s)
                # Requests are a few bytes, and each waits for its answer.
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError, ValueError) as error:
            if made is not None:
                made.close()
            # A path that is too long for a socket has no errno.
            words = (error.strerror if isinstance(error, OSError) else "") or str(error)
            raise BackendUnavailable(f"{where}: {words}; {remedy}") from error
        return cls(made, where)

    def send(self, data: bytes, until: float) -> None:
        """Send everything. Raises Lost."""
        if os.getpid() != self._process:
            # Parent and child would take each other's answers.
            raise Lost("it was opened by another process, of which this is a fork; open it anew")
        try:
            self._socket.settimeout(_left(until))
            self._socket.sendall(data)
        except TimeoutError:
            raise Lost("it takes no more requests") from None
        except OSError as error:
            raise Lost(_words(error)) from error

    def receive(self, until: float) -> bytes:
        """Wait for what comes next: at least one byte. Raises Lost, also when time is up."""
        try:
            # Whoever sends without end is late as well.
            self._socket.settimeout(_left(until))
            data = self._socket.recv(_PIECE)
        except TimeoutError:
            raise Lost("it did not answer in time") from None
        except OSError as error:
            raise Lost(_words(error)) from error
        if not data:
            raise Lost("it closed the connection")
        return data

    def ready(self, until: float) -> bool:
        """Wait for something to come; False when time is up, whatever has come by then."""
        left = until - time.monotonic()
        if left <= 0:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(left * 1000))

    def arrived(self) -> bytes:
        """What has come without being waited for, up to 64 KiB; empty where nothing has."""
        try:
            self._socket.settimeout(0)
            data = self._socket.recv(_PIECE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise Lost(_words(error)) from error
        if not data:
            raise Lost("it closed the connection")
        return data

    def cut(self) -> None:
        """End the connection, so that a thread that waits on it gets Lost at once."""
        if os.getpid() != self._process:
            return  # it is the parent's as well
        with contextlib.suppress(OSError):  # the peer may have been faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _words(error: OSError) -> str:
    return f"the connection broke: {error.strerror or error}"


def options(
    rest: str, known: Mapping[str, tuple[str, ...]], timeout_s: float
) -> tuple[str, dict[str, str], float]:
    """Take ``?NAME=VALUE&...`` off the end of a URI: the rest, its options, the time limit.

    ``known`` says which values each option may have, none for any. ``timeout=SECONDS`` is known
    always; ``timeout_s`` is what it is where it is not given. Raises BackendUnavailable.
    """
    before, mark, after = rest.rpartition("?")
    if not mark or not _OPTIONS.fullmatch(after):
        return rest, {}, timeout_s
    given: dict[str, str] = {}
    for each in after.split("&"):
        name, _, value = each.partition("=")
        allowed = known.get(name, ())
        if name in given or (name not in known and name != "timeout"):
            names = ", ".join([*known, "timeout"])
            raise BackendUnavailable(f"{rest!r}: options are {names}, each once, not {each!r}")
        if allowed and value not in allowed:
            raise BackendUnavailable(f"{rest!r}: {name} is {' or '.join(allowed)}, not {value!r}")
        given[name] = value
    return before, given, _seconds(given.pop("timeout", ""), timeout_s, rest)


def _seconds(text: str, default: float, rest: str) -> float:
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise BackendUnavailable(
            f"{rest!r}: timeout is a number of seconds from 0.001 to {_LONGEST_S:.0f},"
            f" not {text[:40]!r}"
        )
    return seconds
