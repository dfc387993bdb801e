"""Where blocks are: instances at addresses, chips, and boards with their pins, as frozen data.

Rules of this file: as in ``block``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regmap.errors import Place
from regmap.model.block import Array, Block, Extra

__all__ = [
    "Board",
    "Chip",
    "Clock",
    "Instance",
    "Interrupt",
    "Locator",
    "Match",
    "Pin",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Where a base address is found at run time: ``kind`` is acpi, devicetree, pci or iomem."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What must be switched on before an instance answers: dotted paths on the board with the
    values to write, and those to see afterwards."""

    enable: Mapping[str, int | str]
    ready: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """An interrupt that an instance raises, by its number at the interrupt controller."""

    name: str
    number: int
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A block at a base address. ``bus_base`` is the address as the manual prints it where that
    differs from the CPU's."""

    name: str
    block: Block
    base: int
    size: int | None = None
    bus_base: int | None = None
    array: Array | None = None
    locator: Locator | None = None
    clock: Clock | None = None
    interrupts: tuple[Interrupt, ...] = ()
    description: str = ""
    source: str = ""
    py_name: str = ""
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A pin of a board: index ``index`` of view ``view`` of instance ``instance``. ``names``
    lists all its names, the header position first; ``pad`` is the path of its pad register."""

    names: tuple[str, ...]
    instance: str
    view: str
    index: int
    functions: Mapping[str, str] = field(default_factory=dict)
    reset_pull: str = ""
    pad: str = ""
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How to recognise the machine; any one listed value of any one key is enough."""

    cpuinfo_revision: tuple[int, ...] = ()
    compatible: tuple[str, ...] = ()
    architecture: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A part with its blocks at addresses: an SVD device, or the common ground of a board."""

    name: str
    instances: tuple[Instance, ...]
    description: str = ""
    source: str = ""
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Chip):
    """A machine: instances at addresses, with pins, and how to recognise it.

    ``backends`` are URIs in order of preference. ``fixed_pins`` are header pins that are no
    GPIO (supply, ground, analogue), with what they are.
    """

    pins: tuple[Pin, ...] = ()
    fixed_pins: Mapping[str, str] = field(default_factory=dict)
    match: Match | None = None
    backends: tuple[str, ...] = ()
    extends: str = ""
