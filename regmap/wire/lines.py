"""Bytes to lines, and what is wrong with a line."""

from __future__ import annotations

import re

__all__ = ["CODES", "LONGEST_LINE", "TAG", "Lines", "WireError"]

LONGEST_LINE = 4096
CODES = (
    "syntax", "unknown", "pin", "value", "mode", "path", "access", "denied", "busy", "toolong",
    "timeout", "hello", "fault",
)  # fmt: skip
TAG = re.compile(rb"@([A-Za-z0-9._-]{1,32}) ")

_LONGEST_TEXT = 200
_STRANGE = re.compile(r"[^ -~]")


class WireError(ValueError):
    """A line that cannot be served. ``str()`` is the reply, ``Error CODE text``, without the
    ``tag`` that the line had."""

    def __init__(self, code: str, text: str, *, tag: str = "") -> None:
        self.code = code
        self.text = _STRANGE.sub("?", text[:_LONGEST_TEXT])
        self.tag = tag
        super().__init__(f"Error {code} {self.text}")


class Lines:
    """Bytes to lines: ended by LF, a CR before it tolerated, at most ``limit`` bytes before LF.

    Of a longer line nothing is kept but that it is one. Memory is bounded by ``limit``.
    """

    def __init__(self, limit: int = LONGEST_LINE) -> None:
        self._limit = limit
        self._begun = bytearray()
        self._dropping = False

    @property
    def pending(self) -> int:
        """Bytes of the line that has not ended; ``limit + 1`` for one that is too long."""
        return self._limit + 1 if self._dropping else len(self._begun)

    def feed(self, data: bytes) -> list[bytes | WireError]:
        """The lines that ``data`` ends, each without its end, and a WireError ``toolong`` in the
        place of each too long one, as soon as it is."""
        *ended, rest = data.split(b"\n")
        limit = self._limit
        found: list[bytes | WireError] = []
        for line in ended:
            if self._begun or self._dropping:
                self._add(line, found)
                if self._dropping:
                    self._dropping = False
                    continue
                line = bytes(self._begun)  # noqa: PLW2901  (with what came of it before)
                self._begun.clear()
            if len(line) > limit:
                found.append(self._too_long(line))
            else:
                found.append(line[:-1] if line[-1:] == b"\r" else line)
        if rest:
            self._add(rest, found)
        return found

    def _add(self, piece: bytes, found: list[bytes | WireError]) -> None:
        """Add to the line that has begun."""
        if self._dropping:
            return
        if len(self._begun) + len(piece) > self._limit:
            found.append(self._too_long(bytes(self._begun[:64]) + piece[:64]))
            self._begun.clear()
            self._dropping = True
        else:
            self._begun += piece

    def _too_long(self, head: bytes) -> WireError:
        tag = TAG.match(head)
        text = f"at most {self._limit} bytes before LF"
        return WireError("toolong", text, tag=tag[1].decode("ascii") if tag else "")
