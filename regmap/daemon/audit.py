"""The log of writes: one line for each, opened before privileges are dropped.

It never holds the server up: what cannot be written at once, and what is beyond so many a second,
is left out and counted, and the count is logged.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from regmap.daemon.policy import Audit, Peer

__all__ = ["AuditLog", "FileSink", "Sink", "StreamSink", "SyslogSink", "open_audit"]

_DEV_LOG = "/dev/log"
_DAEMON_INFO = 3 << 3 | 6  # facility and severity, RFC 5424


class Sink(Protocol):
    """Where lines go."""

    def write(self, line: str) -> bool:
        """Whether the line, which has no end of line, could be written without waiting."""

    def close(self) -> None:
        """Give it back."""


class SyslogSink:
    """The system's log, by datagrams in the form of RFC 3164."""

    def __init__(self, path: str = _DEV_LOG) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            what = f"{path}: {error.strerror}; is a system log running? audit: {{to: stderr}}"
            raise OSError(error.errno, f"{what} needs none") from None

    def write(self, line: str) -> bool:
        """One datagram; a log that was started again is found by its path."""
        data = f"<{_DAEMON_INFO}>regmapd[{os.getpid()}]: {line}".encode()
        try:
            self._socket.send(data)
        except BlockingIOError:
            return False
        except OSError:
            try:
                self._socket.sendto(data, self._path)
            except OSError:
                return False
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class StreamSink:
    """A descriptor that belongs to somebody else, such as standard error."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._ready = select.poll()
        self._ready.register(fd, select.POLLOUT)

    def write(self, line: str) -> bool:
        """One write, shorter than what a pipe takes that says it has room."""
        try:
            if not any(events & select.POLLOUT for _, events in self._ready.poll(0)):
                return False
            os.write(self._fd, f"regmapd: {line}\n".encode())
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Leave it open."""


class FileSink:
    """A file of its own, longer with every line; each begins with the time, UTC."""

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self._fd = os.open(path, flags | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise OSError(error.errno, f"{path}: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            os.close(self._fd)
            raise OSError(f"{path} is no regular file")

    def write(self, line: str) -> bool:
        """One append."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        data = f"{now} regmapd[{os.getpid()}]: {line}\n".encode()
        try:
            return os.write(self._fd, data) == len(data)
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class AuditLog:
    """Is called for every write: by whom, where, the old number (None: not known), the new one.

    At most ``per_s`` lines go to each sink in a second; ``tick`` tells of those left out once
    there is room again. For one thread.
    """

    def __init__(
        self,
        sinks: tuple[Sink, ...],
        per_s: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sinks = sinks
        self._per_s = per_s
        self._clock = clock
        self._since = clock()
        self._written = 0
        self._left_out = [0] * len(sinks)

    def __call__(self, peer: Peer, path: str, old: int | None, new: int) -> None:
        """Log one write."""
        self.tick()
        if self._written >= self._per_s:
            self._left_out = [count + 1 for count in self._left_out]
            return
        self._written += 1
        was = "?" if old is None else f"{old:#x}"
        line = f"pid={peer.pid} uid={peer.uid} path={path} old={was} new={new:#x}"
        for number, sink in enumerate(self._sinks):
            if not sink.write(line):
                self._left_out[number] += 1

    def tick(self) -> None:
        """Tell of what was left out, when its second is over; to be called now and then."""
        now = self._clock()
        if now - self._since < 1:
            return
        self._since, self._written = now, 0
        self._tell()

    def close(self) -> None:
        """Tell of what was left out, and close the sinks."""
        self._tell()
        for sink in self._sinks:
            sink.close()

    def _tell(self) -> None:
        for number, (sink, count) in enumerate(zip(self._sinks, self._left_out, strict=True)):
            if count and sink.write(f"writes left out of this log: {count}"):
                self._left_out[number] = 0


def open_audit(settings: Audit, *, foreground: bool = False) -> AuditLog:
    """The log that the settings name; with ``foreground`` standard error has it too.

    Raises OSError with what could not be opened.
    """
    sinks: list[Sink] = []
    if foreground or settings.to == "stderr":
        sinks.append(StreamSink(sys.stderr.fileno()))
    if settings.to == "syslog":
        sinks.append(SyslogSink())
    elif settings.to != "stderr":
        sinks.append(FileSink(settings.to))
    return AuditLog(tuple(sinks), settings.per_s)
