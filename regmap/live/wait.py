"""Polling a register until it shows what is wanted, or until the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import ClassVar, Protocol

from regmap.backends.base import Interrupt
from regmap.errors import NotReadable, ReadHasSideEffect, WaitTimeout
from regmap.layout.shape import RegisterLayout
from regmap.live.value import FieldInfo, RegisterValue, check_duration

__all__ = ["wait_for"]


class _Readable(Protocol):
    """What is needed of a register."""

    LAYOUT: ClassVar[RegisterLayout]

    @property
    def path(self) -> str: ...
    def read(self) -> RegisterValue: ...
    def _info(self, name: str) -> FieldInfo: ...


def wait_for(
    register: _Readable,
    condition: Callable[[RegisterValue], bool] | None,
    fields: Mapping[str, object],
    timeout_s: float,
    period_s: float,
    *,
    irq: Interrupt | None = None,
) -> RegisterValue:
    """Look at ``register`` as its ``wait`` says, again after each interrupt where there is one."""
    effect = register.LAYOUT.side_effect
    if effect:
        raise ReadHasSideEffect(register.path, f"polling would change it ({effect})")
    if condition is None and not fields:
        raise TypeError("wait() needs fields or a condition")
    check_duration("timeout_s", timeout_s)
    check_duration("period_s", period_s)
    mask = placed = 0
    for name, value in fields.items():
        info = register._info(name)
        if info.layout.refuse_read:
            raise NotReadable(f"{register.path}.{name}", info.layout.refuse_read)
        number, care = info.wanted(value, f"{register.path}.{name}")
        mask |= info.place(care)
        placed |= info.place(number)
    wanted = ", ".join(f"{name}={value}" for name, value in fields.items()) or "its condition"
    end = time.monotonic() + timeout_s
    values: list[int] = []
    while True:
        late = time.monotonic() >= end
        now = register.read()
        if now & mask == placed and (condition is None or condition(now)):
            return now
        if not values or values[-1] != now:
            values.append(now)
        if late:
            raise WaitTimeout(
                register.path,
                f"no {wanted} within {timeout_s:g} s; last value {now!r}",
                last=now,
                values=tuple(values),
            )
        left = max(0.0, end - time.monotonic())
        if irq is None:
            time.sleep(min(period_s, left))
        else:
            with suppress(WaitTimeout):  # a last look follows
                irq.wait(left)
