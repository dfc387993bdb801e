"""What the board and its clients say to each other: who asks, what is allowed, numbers, refusals.

Nothing here touches the bus.
"""

from __future__ import annotations

from collections.abc import Callable

from regmap.daemon.policy import Peer
from regmap.errors import (
    AccessError,
    BusFault,
    NoSuchElement,
    RegmapError,
    UnknownName,
    ValueDoesNotFit,
    VerifyError,
    WaitTimeout,
)
from regmap.wire import WireError, number

__all__ = [
    "OK",
    "Action",
    "Audit",
    "as_value",
    "refusal",
]

OK = b"Ok\n"


# Does what a request asks for and gives the reply, its LF included.
Action = Callable[[Peer], bytes]
# Is told of every write: by whom, where, the old number where it is known, and the new one.
Audit = Callable[[Peer, str, int | None, int], None]

_LONGEST_TEXT = 100


def as_value(word: str) -> int | str:
    """A VALUE of a request: a number, or the name of an enum's value."""
    known = number(word)
    return word if known is None else known


def refusal(error: RegmapError) -> WireError:
    """What a client is told of an error: a code and a short text."""
    if isinstance(error, NoSuchElement):
        return WireError("path", "no such element")
    if isinstance(error, UnknownName):
        of_enum = error.owner.startswith("the enum of ")
        return WireError("value", "no such name") if of_enum else WireError("path", "no such path")
    if isinstance(error, ValueDoesNotFit):
        return WireError("value", f"does not fit, the largest is {error.largest:#x}")
    if isinstance(error, AccessError):
        return WireError("access", _short(error.reason))
    if isinstance(error, WaitTimeout):
        return WireError("timeout", "the value did not come")
    if isinstance(error, BusFault):
        return WireError("fault", f"bus fault at {error.address:#x}")
    if isinstance(error, VerifyError):
        return WireError("fault", "the write was dropped")
    return WireError("fault", "the access failed")


def _short(text: str) -> str:
    """Text of a description as one short line of ASCII."""
    line = " ".join(text.encode("ascii", "replace").decode("ascii").split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 3]}..."
