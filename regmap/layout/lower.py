"""From a description to its layout: instances placed, their blocks laid out when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from regmap.layout.blocks import lay_out_block
from regmap.layout.device import (
    ClockLayout,
    DeviceLayout,
    InstanceLayout,
    MatchLayout,
    PinLayout,
)
from regmap.layout.refuse import refuse
from regmap.layout.shape import BlockLayout
from regmap.model.block import Block, Line
from regmap.model.chip import Board, Chip, Instance, Match, Pin
from regmap.names import RESERVED_IN_VIEWS, Taken, class_name_of, python_name, unique_name

__all__ = ["lay_out"]

# What an instance takes at least: a bus hands out words.
_LEAST_SIZE = 4
# A description may ask for an array of any size; more blocks than this are memory.
_MOST_INSTANCES = 10_000


def lay_out(model: Block | Chip) -> DeviceLayout:
    """The layout of a description; a lone block becomes a device with one instance at 0.

    Raises MapError for a description that means nothing; for what is wrong inside a block, when
    that block is first used.
    """
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
    classes = _class_names(chip)
    instances: dict[str, InstanceLayout] = {}
    arrays: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    taken = Taken()

    def add(name: str, base: int, model: Instance) -> str:
        size = model.size or model.block.size or 0
        if base + (size or _LEAST_SIZE) > 1 << 64:
            raise refuse(f"{model.name} lies beyond the 64-bit address space", model.place)
        if len(instances) >= _MOST_INSTANCES:
            raise refuse(f"{chip.name} has more than {_MOST_INSTANCES:,} instances", model.place)
        own = unique_name(name, taken)
        taken.add(own)
        instances[own] = InstanceLayout(
            name=own,
            base=base,
            size=size,
            block_name=model.block.name,
            block=_once(blocks, model.block, classes[id(model.block)]),
            bus_base=model.bus_base,
            clock=_clock(model),
            locator=_locator(model, base),
            description=model.description or model.block.description,
        )
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
        array_name = unique_name(model.py_name or model.name, taken)
        taken.add(array_name)
        arrays[array_name] = tuple(elements)
    board = chip if isinstance(chip, Board) else None
    blocks_of = {model.name: model.block for model in chip.instances}
    return DeviceLayout(
        name=chip.name,
        class_name=classes[id(chip)],
        kind=kind,
        instances=instances,
        arrays=arrays,
        pins=tuple(
            _lay_out_pin(pin, names.get(pin.instance, pin.instance), _line(blocks_of, pin))
            for pin in (board.pins if board else ())
        ),
        fixed_pins=board.fixed_pins if board else None,
        backends=board.backends if board else (),
        match=_match(board.match) if board else None,
        description=chip.description,
    )


def _class_names(chip: Chip) -> dict[int, str]:
    """What the classes of the device and of its blocks are called, by the identity of each."""
    names: dict[int, str] = {}
    taken = Taken()
    for instance in chip.instances:
        if id(instance.block) not in names:
            name = unique_name(class_name_of(instance.block.name), taken)
            names[id(instance.block)] = name
            taken.add(name)
    own = class_name_of(chip.name)
    # A block that is opened alone has given the device its name.
    names[id(chip)] = unique_name(f"{own}Device", taken) if own in taken else own
    return names


def _once(
    blocks: dict[int, BlockLayout], block: Block, class_name: str
) -> Callable[[], BlockLayout]:
    """Lays a block out when it is first needed; all its instances share the result."""

    def laid_out() -> BlockLayout:
        if id(block) not in blocks:
            blocks[id(block)] = lay_out_block(block, class_name)
        return blocks[id(block)]

    return laid_out


def _locator(model: Instance, base: int) -> tuple[str, str] | None:
    """How the instance is found; what is told of an array is where it begins."""
    if model.locator is None or base != model.base:
        return None
    return model.locator.kind, model.locator.key


def _clock(model: Instance) -> ClockLayout | None:
    if model.clock is None:
        return None
    return ClockLayout(tuple(model.clock.enable.items()), tuple(model.clock.ready.items()))


def _match(match: Match | None) -> MatchLayout | None:
    if match is None:
        return None
    return MatchLayout(match.cpuinfo_revision, match.compatible, match.architecture)


def _line(blocks: Mapping[str, Block], pin: Pin) -> Line:
    """What the chip says of the pin's line."""
    block = blocks.get(pin.instance)
    for view in block.views if block else ():
        if view.name == pin.view and pin.index in view.lines:
            return view.lines[pin.index]
    return Line()


def _lay_out_pin(pin: Pin, instance: str, line: Line) -> PinLayout:
    """A pin with what the board says of it, or else the chip."""
    return PinLayout(
        names=pin.names,
        instance=instance,
        view=python_name(pin.view, RESERVED_IN_VIEWS),
        number=pin.index,
        functions=tuple((pin.functions or line.functions).items()),
        reset_pull=pin.reset_pull or line.reset_pull,
        pad=pin.pad,
        description=pin.description or line.description,
    )
