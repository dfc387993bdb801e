"""``defaults`` of a block: what most of its registers say, said once.

A majority decides, not unanimity, so that a change of one register changes the lines of that
register.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from regmap.writers.plain import Mapping

__all__ = ["with_defaults"]

# Of each key: what a register has that neither it nor the defaults speak of.
_UNSAID: Mapping = {
    "width": 32,
    "access": "rw",
    "reset": None,
    "reset-mask": None,
    "access-widths": [],
    "byte-order": "little",
}
# A key that is added stands behind those of these that there are.
_BEFORE = ("offset", "index", "array", *_UNSAID)
_LEAST = 3


def with_defaults(body: Mapping) -> Mapping:
    """The body of a block with ``defaults`` before the rest where that makes it shorter."""
    registers = list(_registers(body))
    defaults: Mapping = {}
    if len(registers) >= _LEAST:
        for key, unsaid in _UNSAID.items():
            found = _majority(registers, key)
            # A list of reset values is of one array.
            if found not in (None, unsaid) and not (key == "reset" and isinstance(found, list)):
                defaults[key] = found
    if not defaults:
        return body
    for register in registers:
        _apply(register, defaults)
    return {"defaults": defaults, **body}


def _registers(body: Mapping) -> Iterator[Mapping]:
    for kind in ("registers", "groups"):
        for item in body.get(kind, {}).values():
            if kind == "groups" or "registers" in item or "groups" in item:
                yield from _registers(item)
            else:
                yield item
    for window in body.get("windows", {}).values():
        yield from window["registers"].values()


def _majority(registers: list[Mapping], key: str) -> Any:
    """What more than half of the registers say, None where there is no such thing."""
    counts = Counter(map(repr, (each.get(key) for each in registers)))
    ((most, count),) = counts.most_common(1)
    if count * 2 <= len(registers):
        return None
    return next(value for each in registers if repr(value := each.get(key)) == most)


def _apply(register: Mapping, defaults: Mapping) -> None:
    """Take out of a register what it need not say any more, and say what it must say now."""
    changed: Mapping = {}
    for key, default in defaults.items():
        own = register.get(key, _UNSAID[key])
        if own != default or (key == "reset" and _fields_reset(register)):
            changed[key] = own
    old = dict(register)
    register.clear()
    for key in (*_BEFORE, *old):
        if key in changed:
            register[key] = changed[key]
        elif key in old and key not in defaults:
            register[key] = old[key]


def _fields_reset(register: Mapping) -> bool:
    """Whether a field states a reset value, which would change a default one."""
    return any("reset" in field for field in register.get("fields", {}).values())
