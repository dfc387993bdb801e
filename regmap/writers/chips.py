"""Chips and boards with their instances and pins to plain mappings.

The blocks stand in the file itself, so that it needs no other.
"""

from __future__ import annotations

from collections.abc import Iterable

from regmap.model.block import Block
from regmap.model.chip import Board, Chip, Clock, Instance, Interrupt, Pin
from regmap.writers.blocks import of_array, of_block
from regmap.writers.plain import Hex, Mapping, kept, named, refuse
from regmap.writers.views import of_line

__all__ = ["of_chip", "of_instance"]


def of_chip(chip: Chip) -> Mapping:
    """A whole chip file, or board file for a ``Board``."""
    found: Mapping = {"regmap": 1, "board" if isinstance(chip, Board) else "chip": chip.name}
    for key in ("description", "source"):
        if getattr(chip, key):
            found[key] = getattr(chip, key)
    if chip.extra:
        found["svd"] = kept(chip.extra)
    found["instances"] = named(chip.instances, "instances", of_instance)
    if isinstance(chip, Board):
        _put_board(found, chip)
    blocks = list(_blocks_of(chip))
    if blocks:
        found["blocks"] = named(blocks, "blocks", _of_inline)
    return found


def _of_inline(block: Block) -> Mapping:
    found = of_block(block)
    del found["regmap"], found["block"]
    return found


def _blocks_of(chip: Chip) -> Iterable[Block]:
    """The blocks of the instances, each once, in the order of their first instance."""
    found: dict[str, Block] = {}
    for instance in chip.instances:
        block = instance.block
        known = found.setdefault(block.name, block)
        if known is not block and known != block and of_block(known) != of_block(block):
            text = f"two different blocks are called {block.name!a}"
            raise refuse(text, instance.place, "rename one of them")
    return found.values()


def of_instance(instance: Instance) -> Mapping:
    """An instance, with its block by name."""
    found: Mapping = {"block": instance.block.name, "base": Hex(instance.base, 2)}
    if instance.size is not None:
        found["size"] = Hex(instance.size)
    if instance.bus_base is not None:
        found["bus-base"] = Hex(instance.bus_base, 2)
    if instance.array is not None:
        found["array"] = of_array(instance.array)
    if instance.locator is not None:
        found["locator"] = {instance.locator.kind: instance.locator.key}
    if instance.clock is not None:
        found["clock"] = _of_clock(instance.clock)
    if instance.interrupts:
        found["interrupts"] = named(
            instance.interrupts, f"interrupts of {instance.name!a}", _of_interrupt
        )
    if instance.py_name:
        found["py-name"] = instance.py_name
    for key in ("description", "source"):
        if getattr(instance, key):
            found[key] = getattr(instance, key)
    if instance.extra:
        found["svd"] = kept(instance.extra)
    return found


def _of_clock(clock: Clock) -> Mapping:
    found: Mapping = {"enable": dict(clock.enable)}
    if clock.ready:
        found["ready"] = dict(clock.ready)
    return found


def _of_interrupt(interrupt: Interrupt) -> int | Mapping:
    if not interrupt.description:
        return interrupt.number
    return {"number": interrupt.number, "description": interrupt.description}


def _put_board(found: Mapping, board: Board) -> None:
    if board.match is not None:
        match = board.match
        lists: Mapping = {
            "cpuinfo-revision": [Hex(number, 1) for number in match.cpuinfo_revision],
            "compatible": list(match.compatible),
            "architecture": list(match.architecture),
        }
        found["match"] = {key: values for key, values in lists.items() if values}
    if board.backends:
        found["backends"] = list(board.backends)
    if board.pins:
        found["pins"] = _of_pins(board.pins)
    if board.fixed_pins:
        found["fixed-pins"] = dict(board.fixed_pins)


def _of_pins(pins: Iterable[Pin]) -> Mapping:
    """Pins by instance and index."""
    found: Mapping = {}
    for pin in pins:
        lines = found.setdefault(pin.instance, {})
        if pin.index in lines or pin.view != "pin":
            text = f"{pin.instance!a} has pin {pin.index} twice, or in a view not called pin"
            raise refuse(text, pin.place, "a board names lines of the view `pin`, each once")
        lines[pin.index] = of_line(pin, {"pad": pin.pad} if pin.pad else {})
    return found
