"""Short demonstrations, one script each, run by ``regmap demo``; start reading with ``pi_leds``.

A demonstration is a module with a docstring, a ``BOARD`` and a function ``play(device)``. The stage
shows each line of ``play`` with the bus traffic that the line causes. Further functions, all
optional: ``prepare(sim)`` sets the scene, ``draw(simulator)`` gives a picture as text,
``off(device)`` leaves the hardware quiet when a run is cut short, and ``backend()`` makes a backend
of its own in place of the simulator.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple, TextIO

from regmap.errors import RegmapError, UnknownName

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["DEMOS", "Demo", "NoSuchDemo", "run"]


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
    Demo("words", "A memory dumper that writes 8, 16, 32 and 64 bits whole", tour=False),
)


class NoSuchDemo(RegmapError):
    """No demonstration has this name."""


def run(name: str | None, out: TextIO, *, backend: str | None = None) -> None:
    """Play one demonstration, or the tour. Raises NoSuchDemo."""
    from regmap.demos.stage import Stage  # noqa: PLC0415  (listing needs no stage)

    wanted = name.replace("-", "_") if name else None
    chosen = [demo for demo in DEMOS if demo.name == wanted or (not name and demo.tour)]
    if not chosen:
        near = UnknownName("", str(name), [demo.name for demo in DEMOS]).nearest
        hint = f"did you mean {near[0]}?" if near else "see `regmap demo --list`"
        raise NoSuchDemo(f"there is no demonstration {name!r}; {hint}")
    for demo in chosen:
        Stage(out, backend).play(demo.title, demo.module())
