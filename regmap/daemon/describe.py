"""What LIST and DESCRIBE answer: one line of JSON of the names, addresses and masks of the
daemon's own layout. No bus access; nothing of what the peer may neither read nor write."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable
from typing import Any

from regmap.daemon.pins import Pins
from regmap.daemon.policy import Permissions
from regmap.daemon.registers import Point, find
from regmap.layout.shape import EnumLayout, FieldLayout
from regmap.live.device import Device
from regmap.wire import WireError

__all__ = ["Listing", "describe", "names_of"]

_PIN_VERBS = ("read", "write", "mode", "subscribe", "drive")
_PATH_VERBS = ("read", "write")
_LONGEST_PATTERN = 128


def names_of(device: Device) -> tuple[str, ...]:
    """Every register and field by its full path, in the order of addresses."""
    return tuple(
        path
        for register in device
        for path in (register.path, *(f"{register.path}.{name}" for name in register.FIELDS))
    )


class Listing:
    """What LIST tells those with the same permissions: pins and, by path in the order of
    addresses, what they may do there.

    Fields are told where other things may be done to them than to their register.
    """

    def __init__(self, device: Device, pins: Pins, allowed: Permissions) -> None:
        self.allowed = allowed
        self._start = f'{{"board":{json.dumps(device.name)},"paths":{{'.encode("ascii")
        rows = []
        for path in frozenset[str]().union(*map(allowed.paths, _PATH_VERBS)):
            verbs, whole = _verbs(allowed, path), _verbs(allowed, path.rpartition(".")[0])
            if verbs != whole:
                place = find(device, path)
                lsb = place.register.FIELDS[place.field].layout.lsb if place.field else -1
                rows.append((place.register.address, place.register.path, lsb, path, verbs))
        rows.sort()
        self._rows = [
            (path, f"{json.dumps(path)}:{_dense(verbs)}".encode("ascii"))
            for _, _, _, path, verbs in rows
        ]
        told = []
        for pin in pins.by_number.values():
            may = [verb for verb in _PIN_VERBS if allowed.pin(pin.number, verb)]
            if may:
                row = {"pin": pin.number, "line": pin.line, "name": pin.name, "path": pin.path}
                told.append(row | {"verbs": may})
        self._all = self._reply(lambda _: True, f'}},"pins":{_dense(told)}}}\n')

    def reply(self, pattern: str) -> bytes:
        """The reply to LIST with a pattern of paths; without one (``*``) pins are told too.
        Raises WireError."""
        if pattern == "*":
            return self._all
        if len(pattern) > _LONGEST_PATTERN:
            raise WireError("value", f"a pattern has at most {_LONGEST_PATTERN} characters")
        # An index is written as it is; a pattern of many * takes no longer than one of few.
        match = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
        return self._reply(match, "}}\n")

    def _reply(self, match: Callable[[str], object], end: str) -> bytes:
        rows = [row for path, row in self._rows if match(path)]
        return self._start + b",".join(rows) + end.encode("ascii")


def describe(point: Point, allowed: Permissions) -> bytes | None:
    """The reply to DESCRIBE; None where the peer may do nothing there."""
    register = point.register
    layout = register.LAYOUT
    verbs = _verbs(allowed, point.path)
    if point.field:
        if not verbs:
            return None
        return _line({"path": point.path, "verbs": verbs} | _field(layout.field(point.field)))
    fields = []
    for field in layout.fields:
        may = _verbs(allowed, f"{register.path}.{field.name}")
        if may or verbs:
            fields.append({"name": field.name, "verbs": may} | _field(field))
    if not (verbs or fields):
        return None
    answer: dict[str, Any] = {
        "path": register.path,
        "verbs": verbs,
        "address": register.address,
        "width": layout.width,
        "access": layout.access,
        "reset": layout.reset,
        "read_action": layout.read_action,
        "write_action": layout.write_action,
        "keep": layout.keep,
        "neutral": layout.neutral,
        "description": layout.description,
        "fields": fields,
    }
    return _line(answer)


def _field(field: FieldLayout) -> dict[str, Any]:
    return {
        "lsb": field.lsb,
        "width": field.width,
        "mask": field.mask,
        "access": field.access,
        "read_action": field.read_action,
        "write_action": field.write_action,
        "enum": _enum(field.write_enum or field.enum),
        "description": field.description,
    }


def _enum(enum: EnumLayout | None) -> dict[str, int] | None:
    return dict(enum.members) if enum else None


def _verbs(allowed: Permissions, path: str) -> list[str]:
    return [verb for verb in _PATH_VERBS if allowed.path(path, verb)]


def _line(answer: dict[str, Any]) -> bytes:
    return _dense(answer).encode("ascii") + b"\n"


def _dense(answer: object) -> str:
    return json.dumps(answer, separators=(",", ":"))
