"""Short demonstrations, one script each, run by ``regmap demo``; start reading with ``pi_leds``.

A demonstration is a module with a docstring, a ``BOARD`` and a function ``play(device)``. The stage
shows each line of ``play`` with the bus traffic that the line causes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple, TextIO

from regmap.errors import UnknownName

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["DEMOS", "Demo", "run"]


class Demo(NamedTuple):
    """A demonstration by name; ``tour`` says whether plain ``regmap demo`` shows it."""

    name: str
    title: str
    tour: bool = True

    def module(self) -> ModuleType:
        """The module that plays it."""
        return importlib.import_module(f"regmap.demos.{self.name}")


DEMOS = (
    Demo("pi_leds", "Raspberry Pi 1: five LEDs in turn"),
    Demo("bbb_blink", "BeagleBone Black: blink USR0, clock and pad checked"),
    Demo("hpet", "PC: the high precision event timer"),
    Demo("apic", "PC: local APIC and the I/O APIC's table"),
    Demo("words", "Whole words of 8, 16, 32 and 64 bits in a memory dump", tour=False),
)


def run(name: str | None, out: TextIO, *, backend: str | None = None) -> None:
    """Play one demonstration, or the tour. Raises UnknownName."""
    from regmap.demos.stage import Stage  # noqa: PLC0415  (listing needs no stage)

    chosen = [demo for demo in DEMOS if demo.name == name or (name is None and demo.tour)]
    if not chosen:
        raise UnknownName("regmap demo", str(name), [demo.name for demo in DEMOS])
    for demo in chosen:
        Stage(out, backend or "sim:").play(demo.title, demo.module())
