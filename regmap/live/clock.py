"""The clock of an instance: what must be switched on before its registers answer."""

from __future__ import annotations

import time
from typing import Any, Protocol

from regmap.errors import WaitTimeout
from regmap.layout.device import ClockLayout
from regmap.live.value import check_duration

__all__ = ["Clock"]


class _Root(Protocol):
    """What gives a register of any instance by its path: a device."""

    def __getitem__(self, path: str) -> Any: ...


class Clock:
    """Switches an instance on, by registers of other instances of the same device."""

    def __init__(self, device: _Root, name: str, layout: ClockLayout) -> None:
        self._device = device
        self._name = name
        self._layout = layout

    def ready(self) -> bool:
        """Whether it runs. One bus read for each field that tells."""
        wanted = self._layout.ready or self._layout.enable
        return all(self._holds(path, value) for path, value in wanted)

    def enable(self, timeout_s: float = 1.0) -> None:
        """Switch it on and wait until it runs.

        One read and one write for each field to set, then one read a poll. Raises WaitTimeout
        after ``timeout_s`` seconds.
        """
        check_duration("timeout_s", timeout_s)
        for path, value in self._layout.enable:
            register, _, field = path.rpartition(".")
            setattr(self._device[register], field, value)
        end = time.monotonic() + timeout_s
        while not self.ready():
            if time.monotonic() >= end:
                awaited = self._layout.ready or self._layout.enable
                wanted = ", ".join(f"{path} = {value}" for path, value in awaited)
                raise WaitTimeout(
                    self._name, f"its clock does not start: no {wanted}", last=None, values=()
                )
            time.sleep(0.0001)

    def _holds(self, path: str, value: int | str) -> bool:
        register, _, field = path.rpartition(".")
        live = self._device[register]
        number, care = live.FIELDS[field].wanted(value, path)
        return bool(live.read().fields[field] & care == number)

    def __repr__(self) -> str:
        return f"<clock of {self._name}>"
