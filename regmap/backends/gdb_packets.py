"""The framing of GDB's remote protocol, without any input or output.

A packet is ``$body#xx`` with the sum of the body's bytes modulo 256 in two hexadecimal digits. In
a body ``}`` escapes the byte behind it (which is sent with bit 5 turned), and ``c*n`` stands for
``c`` and n - 29 more of it. Each packet is acknowledged by ``+``, or by ``-`` to have it again,
until both sides agree to leave that out. ``%body#xx`` is a notification, never acknowledged.

Source: GDB manual, appendix E: Overview, Packet Acknowledgment, Notification Packets.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["LONGEST", "Event", "Kind", "PacketError", "Packets", "escaped", "frame"]

# In bytes, before and after runs are written out. Nobody here asks for more than 8 bytes.
LONGEST = 1 << 14
# How often a packet may be damaged on its way before the way is no good.
_MOST_TRIES = 3
_ESCAPED = b"#$}*"


class PacketError(Exception):
    """What came is no conversation in this protocol; nothing that follows can be trusted."""


class Kind(Enum):
    """What can come from the other side."""

    PACKET = "packet"
    NOTICE = "notification"
    ACK = "+"
    AGAIN = "-"


class Event(NamedTuple):
    """Something that came; ``body`` is that of a packet or notification, decoded."""

    kind: Kind
    body: bytes = b""


class Packets:
    """One side of a conversation: ``feed`` what came, take ``events``, send ``replies``.

    ``acks`` says whether packets are acknowledged; set it to False once the other side agreed.
    Holds at most LONGEST bytes of an unfinished packet and what one ``feed`` brought.
    """

    def __init__(self) -> None:
        self.acks = True
        self._buffer = b""
        self._replies = b""
        self._damaged = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes. Raises PacketError."""
        self._buffer += data
        events = []
        while (event := self._next()) is not None:
            events.append(event)
        return events

    def replies(self) -> bytes:
        """The acknowledgments that are due, each given once."""
        due, self._replies = self._replies, b""
        return due

    def _next(self) -> Event | None:
        while self._buffer:
            first, self._buffer = self._buffer[:1], self._buffer[1:]
            if first == b"+":
                return Event(Kind.ACK)
            if first == b"-":
                return Event(Kind.AGAIN)
            if first not in {b"$", b"%"}:
                began = (first + self._buffer)[:60]
                raise PacketError(f"where a packet begins it says {began!r}")
            end = self._buffer.find(b"#")
            if (len(self._buffer) if end < 0 else end) > LONGEST:
                raise PacketError(f"its packet is longer than {LONGEST} bytes")
            if end < 0 or len(self._buffer) < end + 3:
                self._buffer = first + self._buffer
                return None
            body, stated = self._buffer[:end], self._buffer[end + 1 : end + 3]
            self._buffer = self._buffer[end + 3 :]
            if self._is_sound(body, stated, first):
                kind = Kind.PACKET if first == b"$" else Kind.NOTICE
                return Event(kind, _decoded(body))
        return None

    def _is_sound(self, body: bytes, stated: bytes, first: bytes) -> bool:
        sound = stated.lower() == _checksum(body)
        if first == b"%":  # a damaged notification is left aside, for it is not sent again
            return sound
        if sound:
            self._damaged = 0
            if self.acks:
                self._replies += b"+"
            return True
        self._damaged += 1
        if not self.acks or self._damaged > _MOST_TRIES:
            raise PacketError(
                f"the checksum {stated!r} of {body[:60]!r} is wrong, it is {_checksum(body)!r}"
            )
        self._replies += b"-"
        return False


def frame(body: bytes) -> bytes:
    """A packet with this body, in which whatever needs it is escaped already."""
    return b"$%s#%s" % (body, _checksum(body))


def escaped(data: bytes) -> bytes:
    """Binary data as it may stand in a body."""
    return b"".join(b"}%c" % (byte ^ 0x20) if byte in _ESCAPED else b"%c" % byte for byte in data)


def _checksum(body: bytes) -> bytes:
    return b"%02x" % (sum(body) & 0xFF)


def _decoded(body: bytes) -> bytes:
    """A body with its runs written out and its escapes resolved."""
    if b"*" not in body and b"}" not in body:
        return body
    out = bytearray()
    before = -1
    at = 0
    while at < len(body):
        byte = body[at]
        if byte in b"}*" and at + 1 == len(body):
            raise PacketError(f"a packet ends within {chr(byte)!r} and what belongs to it")
        if byte == ord("*"):
            more = body[at + 1] - 29
            if before < 0 or not 3 <= more <= 126 - 29:
                raise PacketError(f"a run in {body[:60]!r} has nothing to repeat or no length")
            # What is repeated is the byte as it was sent, so behind an escape the escaped form.
            out += b"%c" % before * more
            at += 2
        elif byte == ord("}"):
            before = body[at + 1]
            out.append(before ^ 0x20)
            at += 2
        else:
            before = byte
            out.append(byte)
            at += 1
        if len(out) > LONGEST:
            raise PacketError(f"its packet is longer than {LONGEST} bytes")
    return bytes(out)
