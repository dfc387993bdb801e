"""Lines that no client should send, made from those that one does, and what they are answered.

All from a seed, so that what was found is found again.
"""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from regmap.wire import WireError, parse
from tests.daemon.torture import PIN

__all__ = ["VERBS", "Asker", "mutated"]

# Every verb, as it is used.
VERBS = (
    b"READ 3", b"WRITE 3 1", b"MODE 3 OUT", b"READALL", b"HELLO 2", b"DRIVE 3 1",
    b"SUBSCRIBE 3 BOTH", b"UNSUBSCRIBE 3", b"STATS", b"LIST GPIO.GPLEV?",
    b"DESCRIBE GPIO.GPLEV0.LEV4", b"GET GPIO.GPREN0 GPIO.GPLEV0.LEV4", b"SET GPIO.GPREN0=0x10",
    b"MODIFY GPIO.GPREN0.REN3=1",
    b"CAS GPIO.GPREN0 0 1", b"WAIT GPIO.GPREN0.REN3=1 1", b"GET GPIO.GPREN0.bit[3]",
    b"BATCH GET GPIO.GPREN0; SET GPIO.GPFEN0=1; MODIFY GPIO.GPREN0.REN2=1", b"@a.b-c_9 READ 3",
)  # fmt: skip
_ODD = (
    b"", b"\r", b" ", b"\0", b"\xff" * 9, b"@", b"@ ", b"@x", b"\xc3\xa4",
    b"READ 99999999999999999999", b"SET GPIO.GPREN0=" + b"9" * 60, b"GET " + b"A." * 900,
    b"GET GPIO.GPREN[0][0]", b"BATCH ; ;",
    b"LIST " + b"*[" * 40, b"LIST " + b"*a" * 99 + b"b", b"X" * 4097, b"@t " + b"X" * 9000,
)  # fmt: skip
_TAG = re.compile(rb"@([A-Za-z0-9._-]{1,32}) ")
# Nobody waits that long here.
_LONG_WAIT = re.compile(rb"WAIT.* 0*[1-9][0-9]{2,}\r*\Z")
_LEAVE_ALONE = {"WRITE", "MODE", "DRIVE"}


def mutated(seed: int) -> Iterator[bytes]:
    """Lines without LF for ever: right ones, mutated ones and noise."""
    dice = random.Random(seed)  # noqa: S311
    while True:
        kind = dice.random()
        if kind < 0.05:
            line = dice.randbytes(dice.randrange(80))
        elif kind < 0.06:
            line = dice.choice(_ODD)
        else:
            line = dice.choice(VERBS)
            for _ in range(dice.randrange(4)):
                line = _changed(line, dice)
        line = line.replace(b"\n", b"\r")
        if not _LONG_WAIT.search(line) and not _touches_the_healthy(line):
            yield line


def _changed(line: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(line) + 1)
    match dice.randrange(7):
        case 0:
            return line[:at] + dice.randbytes(1) + line[at + 1 :]
        case 1:
            return (
                line[:at]
                + dice.choice((b" ", b"0", b"9", b"=", b".", b"@", b";", b"\r"))
                + line[at:]
            )
        case 2:
            return line[:at] + line[at + dice.randrange(1, 5) :]
        case 3:
            return line[:at]
        case 4:
            return line[at:] + line[:at]
        case 5:
            return line[:at] + dice.choice(VERBS)[-at:] + line[at:]
        case _:
            return b"@%d %s" % (at, line)


def _touches_the_healthy(line: bytes) -> bool:
    try:
        request = parse(line.removesuffix(b"\r"), hello=True)
    except WireError:
        return False
    return request.verb in _LEAVE_ALONE and request.args[0] == str(PIN)


class Asker:
    """A client that knows how many lines each of its lines is answered by, and with which tag."""

    def __init__(self, path: Path, *, hello: bool) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(60)
        self._connection.connect(str(path))
        self._replies = self._connection.makefile("rb")
        self._hello = False
        if hello:
            self.ask([b"HELLO 2"])

    def close(self) -> None:
        """End it."""
        self._replies.close()
        self._connection.close()

    def ask(self, lines: list[bytes]) -> None:
        """Send all at once; each has to be answered in its turn."""
        self._connection.sendall(b"".join([line + b"\n" for line in lines]))
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        found = _TAG.match(line) if self._hello else None
        tag = found[0] if found else b""
        request = line[len(tag) :].removesuffix(b"\r")
        for _ in range(17 if request == b"READALL" else 1):
            reply = self._reply()
            assert reply.endswith(b"\n"), f"closed at {line!r}"
            assert reply.startswith(tag), f"{line!r} is answered {reply!r}"
            assert tag or not reply.startswith(b"@"), f"{line!r} is answered {reply!r}"
            text = reply[len(tag) : -1]
            assert text.isascii(), f"{line!r} is answered {reply!r}"
            assert text.decode().isprintable(), f"{line!r} is answered {reply!r}"
            assert text, f"{line!r} is answered by an empty line"
        if request == b"HELLO 2":
            assert text.startswith(b"HELLO 2 ")
            self._hello = True

    def _reply(self) -> bytes:
        while True:
            line = self._replies.readline()
            if not (self._hello and line.startswith((b"EVENT ", b"LOST "))):
                return line
