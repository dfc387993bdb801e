"""A whole chip or board as it is in use: instances at addresses, pins by name.

Blocks are laid out when they are first asked for, so that a chip of a hundred thousand registers
costs only what is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from regmap.layout.blocks import class_name_of, lay_out_block, refuse
from regmap.layout.shape import BlockLayout, ViewLayout
from regmap.model.chip import Block, Board, Chip, Clock, Instance, Match
from regmap.names import unique_name

__all__ = ["DeviceLayout", "InstanceLayout", "PinLayout", "lay_out"]

# What an instance takes at least: an address space is handed out in pages, a bus in words.
_LEAST_SIZE = 4


class PinLayout(NamedTuple):
    """A pin of a board: an index of a view of an instance, with all its names."""

    names: tuple[str, ...]
    instance: str
    view: str
    number: int
    functions: tuple[tuple[str, str], ...] = ()
    reset_pull: str = ""
    pad: str = ""
    description: str = ""


class InstanceLayout:
    """A block at a base address; ``block`` is laid out on first use and shared."""

    def __init__(
        self,
        *,
        name: str,
        base: int,
        model: Instance,
        blocks: dict[int, BlockLayout],
    ) -> None:
        self.name = name
        self.base = base
        self._model = model
        self._blocks = blocks

    @cached_property
    def block(self) -> BlockLayout:
        """The layout of its block."""
        key = id(self._model.block)
        if key not in self._blocks:
            self._blocks[key] = lay_out_block(self._model.block)
        return self._blocks[key]

    @property
    def block_name(self) -> str:
        """What kind of block it is."""
        return self._model.block.name

    @property
    def size(self) -> int:
        """Bytes that it takes from its base."""
        return self._model.size or self._model.block.size or max(self.block.size, _LEAST_SIZE)

    @property
    def clock(self) -> Clock | None:
        """What must be switched on before it answers."""
        return self._model.clock

    @property
    def bus_base(self) -> int | None:
        """The address as the manual prints it, where that differs."""
        return self._model.bus_base

    @property
    def description(self) -> str:
        """What it is."""
        return self._model.description or self._model.block.description


class DeviceLayout:
    """A device: its instances by name in the order written, arrays of instances, and pins."""

    def __init__(
        self,
        *,
        name: str,
        class_name: str,
        kind: str,
        instances: Mapping[str, InstanceLayout],
        arrays: Mapping[str, tuple[str, ...]],
        pins: tuple[PinLayout, ...] = (),
        fixed_pins: Mapping[str, str] | None = None,
        backends: tuple[str, ...] = (),
        match: Match | None = None,
        description: str = "",
    ) -> None:
        self.name = name
        self.class_name = class_name
        self.kind = kind
        self.instances = instances
        self.arrays = arrays
        self.pins = pins
        self.fixed_pins = dict(fixed_pins or {})
        self.backends = backends
        self.match = match
        self.description = description

    @property
    def origin(self) -> int:
        """The lowest address of all instances."""
        return min((instance.base for instance in self.instances.values()), default=0)

    @property
    def extent(self) -> int:
        """The address behind the last byte of all instances."""
        return max((at.base + at.size for at in self.instances.values()), default=0)

    def views(self) -> list[tuple[InstanceLayout, ViewLayout]]:
        """Every view of every instance."""
        return [
            (instance, member)
            for instance in self.instances.values()
            for member in instance.block.members
            if isinstance(member, ViewLayout)
        ]


def lay_out(model: Block | Chip) -> DeviceLayout:
    """The layout of a description; a lone block becomes a device with one instance at 0."""
    if isinstance(model, Block):
        instance = Instance(
            name=model.instance_name or model.name.upper(), block=model, base=0, place=model.place
        )
        model = Chip(
            name=model.name, instances=(instance,), description=model.description, place=model.place
        )
        return _lay_out_chip(model, "block")
    return _lay_out_chip(model, "board" if isinstance(model, Board) else "chip")


def _lay_out_chip(chip: Chip, kind: str) -> DeviceLayout:
    blocks: dict[int, BlockLayout] = {}
    instances: dict[str, InstanceLayout] = {}
    arrays: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}

    def add(name: str, base: int, model: Instance) -> str:
        if base + (model.size or _LEAST_SIZE) > 1 << 64:
            raise refuse(f"{model.name} lies beyond the 64-bit address space", model.place)
        own = unique_name(name, {*instances, *arrays})
        instances[own] = InstanceLayout(name=own, base=base, model=model, blocks=blocks)
        return own

    for model in chip.instances:
        if model.array is None:
            names[model.name] = add(model.py_name or model.name, model.base, model)
            continue
        array = model.array
        elements: list[str] = []
        for number in range(array.counts[0]):
            own = array.names.at({"i": number}) if array.names else f"{model.name}{number}"
            own = array.labels[number] if array.labels else own
            elements.append(add(own, model.base + number * array.strides[0], model))
        arrays[unique_name(model.py_name or model.name, instances)] = tuple(elements)
    layout = DeviceLayout(
        name=chip.name,
        class_name=class_name_of(chip.name),
        kind=kind,
        instances=instances,
        arrays=arrays,
        description=chip.description,
    )
    if isinstance(chip, Board):
        layout.fixed_pins = dict(chip.fixed_pins)
        layout.backends = chip.backends
        layout.match = chip.match
        layout.pins = tuple(
            PinLayout(
                names=pin.names,
                instance=names.get(pin.instance, pin.instance),
                view=pin.view,
                number=pin.index,
                functions=tuple(pin.functions.items()),
                reset_pull=pin.reset_pull,
                pad=pin.pad,
                description=pin.description,
            )
            for pin in chip.pins
        )
    return layout
