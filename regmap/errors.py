"""Every error of the package, in one tree: a caller catches as wide or narrow as it likes.

RegmapError
  MapError                     a description is wrong; ``problems`` says where and how to mend it
  UnknownName                  (AttributeError, LookupError) no such name; offers the nearest
    NoSuchElement              (IndexError) no such element of an array or view
  AccessError                  the register does not allow this; says why
    NotReadable, NotWritable   (AttributeError) the data sheet gives no such access
    ReadHasSideEffect          (AttributeError) reading changes the hardware; say ``read()``
    NotANumber                 (TypeError) a live register used where a number belongs
  ValueDoesNotFit              (ValueError) with path, value, width and the largest legal value
  BackendError                 (OSError) the transport failed
    BackendUnavailable         cannot be opened; says what to do
    ClosedError                used after close
    BadAddress                 outside the mapping, misaligned, or a width the bus refuses
    BusFault                   the bus answered with a fault at ``address``
    VerifyError                what was read back is not what was written
  WaitTimeout                  (TimeoutError) a wait ended without its value
  DaemonError
    ProtocolError, Denied (PermissionError), Disconnected (ConnectionError)
  GeneratedOutdated            a generated module does not match its description

This module imports nothing of the package. The C core raises its errors from here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "AccessError",
    "BackendError",
    "BackendUnavailable",
    "BadAddress",
    "BusFault",
    "ClosedError",
    "DaemonError",
    "Denied",
    "Disconnected",
    "GeneratedOutdated",
    "MapError",
    "NoSuchElement",
    "NotANumber",
    "NotReadable",
    "NotWritable",
    "Place",
    "Problem",
    "ProtocolError",
    "ReadHasSideEffect",
    "RegmapError",
    "Severity",
    "UnknownName",
    "ValueDoesNotFit",
    "VerifyError",
    "WaitTimeout",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: file, line and column, both counted from 1; ``width`` in
    characters is what a caret underlines."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How bad a problem is. Only an error stops a description from loading."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding about a description.

    ``rule`` is the stable ID (``RM201``) and ``name`` its short name (``field-overlap``);
    ``text`` says what is wrong, ``fix`` what to do about it; ``related`` are further places with
    a word each, such as the other party of an overlap. ``count`` is how often it was found: one
    problem may stand for many alike, at the place of the first. Problems of one rule and one
    ``kind`` may be told as one; "" is like no other.
    """

    rule: str
    name: str
    severity: Severity
    text: str
    place: Place | None
    fix: str = ""
    related: tuple[tuple[str, Place], ...] = ()
    count: int = 1
    kind: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.severity} {self.rule} {self.name}: {self.text}{self.more}"

    @property
    def more(self) -> str:
        """What follows the text of a problem that stands for several, else ""."""
        return f"; and {self.count - 1:,} more like it" if self.count > 1 else ""


class RegmapError(Exception):
    """Base of every error that the package raises on purpose."""


class MapError(RegmapError):
    """A description cannot be used; ``problems`` holds every reason, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{each}\n  help: {each.fix}" if each.fix else str(each) for each in self.problems]
        super().__init__("\n".join(lines) if lines else "the description is wrong")


# So many names are shorter told than searched for.
_FEW = 12


class UnknownName(RegmapError, AttributeError, LookupError):
    """No such instance, register, field, pin or enum member; ``nearest`` offers what is there."""

    def __init__(self, owner: str, name: str, known: Iterable[str] = ()) -> None:
        self.owner = owner
        self.unknown = name
        known = tuple(known)
        self.nearest = nearest(name, known)
        super().__init__(f"{owner} has no {name!r}{self._hint(known)}")

    def _hint(self, known: tuple[str, ...]) -> str:
        if self.nearest:
            return f"; did you mean {' or '.join(self.nearest)}?"
        return f"; it has {', '.join(known)}" if 0 < len(known) <= _FEW else ""


# Python refuses to write out a number of thousands of digits, and nobody would read it.
_LONGEST_BITS = 256


def _shown(number: int) -> str:
    """A number for people; of a huge one, how long it is."""
    bits = number.bit_length()
    return str(number) if bits <= _LONGEST_BITS else f"of {bits} bits"


class NoSuchElement(UnknownName, IndexError):
    """An index beyond an array, a view or a register's bits."""

    def __init__(self, owner: str, index: int, count: int) -> None:
        shown = _shown(index)
        super().__init__(owner, f"[{shown}]")
        self.args = (f"{owner} has no element {shown}; it has {count}, from 0",)


class AccessError(RegmapError):
    """The register or field does not allow this operation; ``path`` and ``reason`` say which
    and why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class NotReadable(AccessError, AttributeError):
    """The register or field cannot be read."""


class NotWritable(AccessError, AttributeError):
    """The register or field cannot be written."""


class ReadHasSideEffect(AccessError, AttributeError):
    """Reading changes the hardware, so only an explicit ``read()`` does it."""


class NotANumber(AccessError, TypeError):
    """A live register was used as a number or truth value; that would hide a bus access."""


class ValueDoesNotFit(RegmapError, ValueError):
    """A value is too large, negative or not one of the allowed; nothing was written.

    ``width`` is in bits, ``largest`` is the largest legal value.
    """

    def __init__(self, path: str, value: object, width: int, largest: int, why: str = "") -> None:
        self.path = path
        self.value = value
        self.width = width
        self.largest = largest
        if not isinstance(value, int):
            shown = repr(value)
        elif value.bit_length() > _LONGEST_BITS:
            shown = _shown(value)
        else:
            shown = f"{value} ({value:#x})"
        tail = f": {why}" if why else ""
        super().__init__(
            f"{path}: value {shown} does not fit in {width} bit{'s' if width != 1 else ''}"
            f" (largest {largest:#x}){tail}"
        )


class BackendError(RegmapError, OSError):
    """The transport failed."""


class BackendUnavailable(BackendError):
    """The backend cannot be opened here; the message says why and what to do."""


class ClosedError(BackendError):
    """The device was used after it was closed."""


class BadAddress(BackendError):
    """Outside the mapping, misaligned, or a width that the bus refuses; nothing was accessed."""


class BusFault(BackendError):
    """The access reached the bus and the bus answered with a fault; ``address`` says where."""

    def __init__(self, message: str, *, address: int, path: str = "") -> None:
        self.address = address
        self.path = path
        super().__init__(message)


class VerifyError(BackendError):
    """A value read back differs from the value written, volatile bits left aside."""

    def __init__(self, path: str, written: int, read: int, why: str = "") -> None:
        self.path = path
        self.written = written
        self.read = read
        tail = f"; {why}" if why else ""
        super().__init__(f"{path}: wrote {written:#x} but read back {read:#x}{tail}")


class WaitTimeout(RegmapError, TimeoutError):
    """A wait ran out of time; ``last`` is the last value read, ``values`` all that were seen."""

    def __init__(
        self, path: str, message: str, *, last: int | None, values: tuple[int, ...]
    ) -> None:
        self.path = path
        self.last = last
        self.values = values
        super().__init__(f"{path}: {message}")


class DaemonError(RegmapError):
    """The daemon on the other end of the socket refused or failed."""


class ProtocolError(DaemonError):
    """The peer broke the protocol."""


class Denied(DaemonError, PermissionError):
    """The daemon's policy does not allow this."""


class Disconnected(DaemonError, ConnectionError):
    """The daemon went away; whether the last request took effect is unknown."""


class GeneratedOutdated(RegmapError):
    """A generated module was made from another description than the one at hand."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The known names most like ``name``, best first, case aside."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    # A name of 100,000 characters is somebody's attack, not somebody's typing error.
    close = difflib.get_close_matches(name[:128].casefold(), by_folded, n=count, cutoff=0.6)
    return tuple(by_folded[folded] for folded in close)
