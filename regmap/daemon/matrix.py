"""The permission matrix as text: each rule, and for each pin and path which verbs it gives.

Paths are looked up on a board without a bus.
"""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from regmap.daemon.policy import VERBS, Config, Permissions, Policy, Rule
from regmap.errors import BackendUnavailable, UnknownName
from regmap.layout import DeviceLayout
from regmap.live.build import build
from regmap.live.device import Device
from regmap.live.path import find

__all__ = ["expander", "matrix", "unconnected"]


class _Nowhere:
    """A backend for asking about names; there is no bus."""

    def read(self, address: int, width: int) -> NoReturn:
        raise BackendUnavailable(f"no bus: {width} bits at {address:#x} are not read")

    def write(self, address: int, width: int, value: int) -> NoReturn:
        raise BackendUnavailable(f"no bus: {width} bits at {address:#x} stay, not {value:#x}")

    def close(self) -> None:
        """There is nothing to give back."""


def unconnected(layout: DeviceLayout) -> Device:
    """A device with all its names and no bus."""
    return build(layout)(_Nowhere())


def expander(device: Device) -> Callable[[str], Iterable[str]]:
    """What gives the canonical paths of the registers and fields that a pattern names.

    On a real backend that maps their instances; no register is touched. Raises UnknownName where
    it names none.
    """

    def expand(pattern: str) -> list[str]:
        if not pattern:  # a path of no steps is the whole device
            raise UnknownName(device.name, pattern)
        return [target.path for target in find(device, pattern)]

    return expand


def matrix(config: Config, policy: Policy) -> str:
    """A table for each rule, a row for each pin and path, ``x`` where the verb is allowed."""
    lines: list[str] = []
    for number, rule in enumerate(config.rules):
        rows = list(_rows(policy.of_rule(number)))
        width = max((len(name) for name, _ in rows), default=0)
        lines.append(f"{_whom(rule)}:")
        lines.append("  ".join(["", "".ljust(width), *VERBS]).rstrip())
        for name, marks in rows:
            cells = (mark.center(len(verb)) for mark, verb in zip(marks, VERBS, strict=True))
            lines.append("  ".join(["", name.ljust(width), *cells]).rstrip())
        lines.append("")
    return "\n".join(lines or ["nobody may do anything: there is no rule", ""])


def _rows(given: Permissions) -> Iterator[tuple[str, str]]:
    """Names with a mark for each verb; pins with the same marks are one row."""
    pins: dict[str, list[int]] = {}
    for number in sorted(frozenset[int]().union(*map(given.pins, VERBS))):
        marks = "".join("x" if given.pin(number, verb) else "-" for verb in VERBS)
        pins.setdefault(marks, []).append(number)
    for marks, numbers in pins.items():
        yield f"pins {', '.join(_ranges(numbers))}", marks
    paths = dict.fromkeys(path for verb in VERBS for path in given.paths(verb))
    for path in sorted(paths, key=_natural):
        yield path, "".join("x" if given.path(path, verb) else "-" for verb in VERBS)


def _natural(path: str) -> list[tuple[str, int]]:
    """Numbers in a name by their size."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", path)
    return [(text, int(digits or -1)) for text, digits in parts]


def _ranges(numbers: list[int]) -> Iterator[str]:
    first = last = numbers[0]
    for number in [*numbers[1:], -1]:
        if number == last + 1:
            last = number
            continue
        yield str(first) if first == last else f"{first}-{last}"
        first = last = number


def _whom(rule: Rule) -> str:
    said = []
    if rule.uid is not None:
        said.append(f"uid {_user_name(rule.uid)}")
    if rule.gid is not None:
        said.append(f"primary group {_group_name(rule.gid)}")
    if rule.group is not None:
        said.append(f"group {_group_name(rule.group)}")
    return " and ".join(said) or "everybody"


def _user_name(number: int) -> str:
    try:
        return f"{pwd.getpwuid(number).pw_name} ({number})"
    except KeyError:
        return str(number)


def _group_name(number: int) -> str:
    try:
        return f"{grp.getgrgid(number).gr_name} ({number})"
    except KeyError:
        return str(number)
