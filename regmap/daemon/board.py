"""The opened device as clients see it: every request becomes an action that is prepared once.

Preparing looks names up, checks values and asks what the peer may do; it never touches the bus.
An action may be kept and carried out again for the same peer's rights. All actions run in the
one thread of the server, so that nothing comes between the accesses of one request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from regmap.daemon.describe import Listing, describe, names_of
from regmap.daemon.pins import Pin, Pins
from regmap.daemon.policy import Peer, Permissions
from regmap.daemon.registers import Change, Point, Read, find, modify_of, set_of
from regmap.daemon.values import OK, Action, Audit, as_value, refusal
from regmap.errors import BackendUnavailable, RegmapError
from regmap.live.device import Device
from regmap.live.register import Register
from regmap.wire import Request, WireError

__all__ = ["Served", "Wait"]

_MOST_PATHS = 4096
_MOST_LISTINGS = 256


class Wait(NamedTuple):
    """A WAIT: ``look`` reads once and gives the reply, or None while the value is another."""

    look: Callable[[], bytes | None]
    timeout_s: float


class Served:
    """One opened device. Made before privileges are dropped; resolves every name of the pins."""

    def __init__(self, device: Device, *, audit: Audit) -> None:
        self.device = device
        self.pins = Pins(device, audit)
        self._audit = audit
        self._points: dict[str, Point] = {}
        self._listings: dict[int, Listing] = {}
        self._verbs: dict[str, Callable[[Request, Permissions], Action | Wait]] = {
            "READ": self._read,
            "WRITE": self._write,
            "MODE": self._mode,
            "READALL": self._read_all,
            "DRIVE": self._drive,
            "GET": self._steps,
            "SET": self._steps,
            "MODIFY": self._steps,
            "BATCH": self._steps,
            "CAS": self._cas,
            "WAIT": self._wait,
            "LIST": self._list,
            "DESCRIBE": self._describe,
        }

    def names(self) -> tuple[str, ...]:
        """Every register and field by its full path, in the order of addresses."""
        return names_of(self.device)

    def prepare(self, request: Request, allowed: Permissions) -> Action | Wait:
        """What a request asks for, ready to be carried out. No bus access. Raises WireError."""
        try:
            return self._verbs[request.verb](request, allowed)
        except RegmapError as error:
            raise refusal(error) from error

    # The article's pins.

    def pin(self, request: Request, allowed: Permissions, verb: str) -> Pin:
        """The pin that a request names first. Raises WireError."""
        pin = self.pins.find(request.args[0])
        if not allowed.pin(pin.number, verb):
            raise _denied(verb)
        return pin

    def _read(self, request: Request, allowed: Permissions) -> Action:
        return self.pins.read(self.pin(request, allowed, "read"))

    def _write(self, request: Request, allowed: Permissions) -> Action:
        return self.pins.write(self.pin(request, allowed, "write"), int(request.args[1]))

    def _mode(self, request: Request, allowed: Permissions) -> Action:
        return self.pins.mode(self.pin(request, allowed, "mode"), request.args[1])

    def _drive(self, request: Request, allowed: Permissions) -> Action:
        return self.pins.drive(self.pin(request, allowed, "drive"), int(request.args[1]))

    def _read_all(self, request: Request, allowed: Permissions) -> Action:
        del request
        action = self.pins.read_all()
        if not all(allowed.pin(number, "read") for number in self.pins.by_number):
            raise _denied("read every pin")
        return action

    # Registers by name.

    def _point(self, path: str, allowed: Permissions, *verbs: str) -> Point:
        point = self._points.get(path)
        if point is None:
            try:
                point = find(self.device, path)
            except BackendUnavailable:  # all that a rule names was mapped before
                raise _denied(verbs[0] if verbs else "use it") from None
            if len(self._points) >= _MOST_PATHS:
                self._points.clear()
            self._points[path] = point
        for verb in verbs:
            if not allowed.path(point.path, verb):
                raise _denied(verb)
        return point

    def _prepared(self, request: Request, allowed: Permissions) -> list[Read | Change]:
        if request.verb == "GET":
            return [
                Read(f"{path}=".encode(), self._point(path, allowed, "read").reader())
                for path in request.args
            ]
        pairs = []
        for word in request.args:
            path, _, value = word.partition("=")
            pairs.append((self._point(path, allowed, "write"), value))
        if request.verb == "SET":
            return [set_of(point, value) for point, value in pairs]
        registers: dict[Register, list[tuple[Point, str]]] = {}
        for point, value in pairs:
            registers.setdefault(point.register, []).append((point, value))
        return [modify_of(register, wanted) for register, wanted in registers.items()]

    def _steps(self, request: Request, allowed: Permissions) -> Action:
        parts = request.parts or (request,)
        steps = [step for part in parts for step in self._prepared(part, allowed)]
        if request.verb == "GET":
            reads = [step.run for step in steps if isinstance(step, Read)]
            if len(reads) == 1:
                return lambda _: reads[0]() + b"\n"
            return lambda _: b" ".join([read() for read in reads]) + b"\n"
        audit = self._audit
        return lambda peer: _carry_out(steps, peer, audit)

    def _cas(self, request: Request, allowed: Permissions) -> Action:
        path, expected, new = request.args
        point = self._point(path, allowed, "read", "write")
        point.check_quiet()
        load, number = point.reader(), _number_of(point, expected)
        change, audit = set_of(point, new), self._audit
        lock = point.register.context.lock

        def cas(peer: Peer) -> bytes:
            with lock:
                now = load()
                if now != number:
                    raise WireError("value", f"it is {now:#x}")
                change.carry()
            for there, written in change.parts:
                audit(peer, there.shown, now, written)
            return OK

        return cas

    def _wait(self, request: Request, allowed: Permissions) -> Wait:
        path, _, word = request.args[0].partition("=")
        point = self._point(path, allowed, "read")
        point.check_quiet()
        load, name, value = point.reader(), path.encode(), as_value(word)
        wanted, care = _number_of(point, word), -1
        if point.field:
            info = point.register.FIELDS[point.field]
            wanted, care = info.wanted(value, point.path)

        def look() -> bytes | None:
            now = load()
            return b"%s=0x%x\n" % (name, now) if now & care == wanted else None

        return Wait(look, int(request.args[1]) / 1000)

    # What there is.

    def _list(self, request: Request, allowed: Permissions) -> Action:
        listing = self._listings.get(id(allowed))
        if listing is None or listing.allowed is not allowed:
            if len(self._listings) >= _MOST_LISTINGS:
                self._listings.clear()
            listing = self._listings[id(allowed)] = Listing(self.device, self.pins, allowed)
        reply = listing.reply(request.args[0] if request.args else "*")
        return lambda _: reply

    def _describe(self, request: Request, allowed: Permissions) -> Action:
        point = self._point(request.args[0], allowed)
        reply = describe(point, allowed)
        if reply is None:
            raise _denied("read or write")
        return lambda _: reply


def _denied(verb: str) -> WireError:
    return WireError("denied", f"you may not {verb} this")


def _number_of(point: Point, word: str) -> int:
    """The number that a name or number of a request is, to compare with what is read."""
    value = as_value(word)
    if point.field:
        number, _ = point.register.FIELDS[point.field].wanted(value, point.path)
        return number
    width = 1 if point.bit >= 0 else point.register.width
    if isinstance(value, str) or not 0 <= value < 1 << width:
        raise WireError("value", f"a number of {width} bit{'s' if width > 1 else ''}")
    return value


def _carry_out(steps: list[Read | Change], peer: Peer, audit: Audit) -> bytes:
    """All steps in their order. Where one fails, those before it are undone if they can be."""
    read: list[bytes] = []
    done: list[tuple[Change, int | None]] = []
    try:
        for step in steps:
            if isinstance(step, Change):
                done.append((step, step.carry()))
            else:
                read.append(step.run())
    except RegmapError as error:
        if not done:
            raise
        raise _half_done(error, done, peer, audit) from error
    for change, old in done:
        change.tell(peer, audit, old)
    return b" ".join([b"Ok", *read]) + b"\n"


def _half_done(
    error: RegmapError, done: list[tuple[Change, int | None]], peer: Peer, audit: Audit
) -> WireError:
    """Put back what was written, or say how much was."""
    refused = refusal(error)
    for change, old in done:
        change.tell(peer, audit, old)
    if all(change.undoable and old is not None for change, old in done):
        try:
            for change, old in reversed(done):
                change.register.store(old or 0)
        except RegmapError:
            pass
        else:
            for change, old in reversed(done):
                for point, _ in change.parts:
                    audit(peer, point.shown, None, point.part(old or 0))
            return WireError(refused.code, f"{refused.text}; nothing is changed")
    return WireError(refused.code, f"{refused.text}; writes done before: {len(done)}")
