"""What a daemon says: replies, errors, events; and either side's words to a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from regmap.wire.lines import TAG, WireError
from regmap.wire.requests import Request, request_line
from regmap.wire.words import number

__all__ = ["Event", "Failure", "Lost", "Reply", "parse_reply", "render", "values"]

_EVENT = re.compile(rb"EVENT ([0-9]{1,2}) (RISING|FALLING) ([0-9]{1,20}) ([0-9]{1,20})")
_LOST = re.compile(rb"LOST ([0-9]{1,20})")
_ERROR = re.compile(r"Error ([a-z]{1,32}) (.*)")
_PRINTABLE = re.compile(rb"[ -~]*")


class Reply(NamedTuple):
    """One line of an answer."""

    tag: str
    text: str


class Failure(NamedTuple):
    """The answer to what was refused or failed: ``Error CODE text``."""

    tag: str
    code: str
    text: str


class Event(NamedTuple):
    """An edge of a pin: ``timestamp_ns`` of CLOCK_MONOTONIC, ``sequence`` counting that pin's."""

    pin: int
    kind: str
    timestamp_ns: int
    sequence: int


class Lost(NamedTuple):
    """``missed`` events were dropped here, because the client was slow to read."""

    missed: int


def render(what: Request | Reply | Failure | Event | Lost) -> bytes:
    """The line of a request or of what comes back, without LF."""
    match what:
        case Request():
            return request_line(what).encode("ascii")
        case Event():
            text = f"EVENT {what.pin} {what.kind} {what.timestamp_ns} {what.sequence}"
            return text.encode("ascii")
        case Lost():
            return b"LOST %d" % what.missed
        case Reply():
            text = what.text
        case Failure():
            text = f"Error {what.code} {what.text}"
    return (f"@{what.tag} {text}" if what.tag else text).encode("ascii")


def parse_reply(line: bytes) -> Reply | Failure | Event | Lost:
    """What a line from the daemon is. Raises WireError for one that a daemon does not send."""
    event = _EVENT.fullmatch(line)
    if event is not None:
        pin, kind, timestamp_ns, sequence = event.groups()
        return Event(int(pin), kind.decode("ascii"), int(timestamp_ns), int(sequence))
    lost = _LOST.fullmatch(line)
    if lost is not None:
        return Lost(int(lost[1]))
    if not _PRINTABLE.fullmatch(line) or line.startswith((b"EVENT ", b"LOST ")):
        raise WireError("syntax", f"no line of a daemon: {line[:64]!r}")
    tag = ""
    if line[:1] == b"@":
        found = TAG.match(line)
        if found is None:
            raise WireError("syntax", f"no @ID: {line[:64]!r}")
        line, tag = line[found.end() :], found[1].decode("ascii")
    text = line.decode("ascii")
    error = _ERROR.fullmatch(text)
    return Reply(tag, text) if error is None else Failure(tag, error[1], error[2])


def values(words: Iterable[str]) -> dict[str, int]:
    """``PATH=NUMBER`` words, as GET, WAIT and BATCH answer them. Raises WireError."""
    found: dict[str, int] = {}
    for word in words:
        path, equals, value = word.partition("=")
        got = number(value)
        if not equals or got is None or got < 0:
            raise WireError("syntax", f"{word[:64]!r} is not PATH=NUMBER")
        found[path] = got
    return found
