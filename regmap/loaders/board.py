"""A chip file's tree to a ``Chip``, a board file's to a ``Board``.

An instance's block comes from a function that finds it by name, so this module reads no file.
Several instances of one block share one ``Block`` object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regmap.loaders.arrays import read_array
from regmap.loaders.extra import extra_of
from regmap.loaders.fields import LARGEST
from regmap.loaders.keys import (
    WRONG,
    Keys,
    Reader,
    as_is,
    entries,
    integer,
    list_of,
    name,
    text,
    wanted,
)
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.report import Log
from regmap.loaders.views import LINE_KEYS, numbered, read_line
from regmap.model.block import Block
from regmap.model.chip import Board, Chip, Clock, Instance, Interrupt, Locator, Match, Pin

__all__ = ["FindBlock", "read_board", "read_chip"]

# The name of a block, where it is wanted, to the block.
FindBlock = Callable[[str, Scalar], Block | None]

_ADDRESS = integer(0, LARGEST)
# Pins are those of the view of this name.
_PIN_VIEW = "pin"

_CHIP: dict[str, Reader] = {
    "regmap": as_is,
    "description": text,
    "source": text,
    "svd": extra_of("a chip"),
    "blocks": as_is,
    "instances": as_is,
}
_CHIP_KEYS = Keys("a chip file", {"chip": name, **_CHIP}, required=("chip", "instances"))
_KEYS = Keys(
    "a board file",
    {
        "board": name,
        "extends": name,
        **_CHIP,
        "match": as_is,
        "backends": list_of(name),
        "pins": as_is,
        "fixed-pins": as_is,
    },
    required=("board", "instances"),
)
_INSTANCE_KEYS = Keys(
    "an instance",
    {
        "block": as_is,
        "base": _ADDRESS,
        "size": integer(1, LARGEST),
        "bus-base": _ADDRESS,
        "array": as_is,
        "locator": as_is,
        "clock": as_is,
        "interrupts": as_is,
        "description": text,
        "source": text,
        "py-name": name,
        "svd": extra_of("an instance"),
    },
    required=("block", "base"),
)
# SVD allows negative ones.
_INTERRUPT_NUMBER = integer(-LARGEST, LARGEST)
_INTERRUPT_KEYS = Keys(
    "an interrupt", {"number": _INTERRUPT_NUMBER, "description": text}, required=("number",)
)
_LOCATOR_KEYS = Keys("a locator", {"acpi": name, "devicetree": name, "pci": name, "iomem": name})
_CLOCK_KEYS = Keys("a clock", {"enable": as_is, "ready": as_is}, required=("enable",))
_MATCH_KEYS = Keys(
    "`match`",
    {
        "cpuinfo-revision": list_of(integer(0, 0xFFFF_FFFF)),
        "compatible": list_of(name),
        "architecture": list_of(name),
    },
)
_PIN_KEYS = Keys("a pin", {**LINE_KEYS, "pad": name}, required=("names",))


def read_chip(tree: Mapping, find_block: FindBlock, log: Log) -> Chip | None:
    """The chip that a tree describes."""
    values = _CHIP_KEYS.read(tree, tree.place, log)
    if values is None:
        return None
    return Chip(name=values["chip"], **_common(values, tree, "chip", find_block, log))


def _common(
    values: dict[str, Any], tree: Mapping, kind: str, find_block: FindBlock, log: Log
) -> dict[str, Any]:
    """What chips and boards both say."""
    instances = (
        _instance(*entry, find_block, log)
        for entry in entries(values["instances"], "instances", log)
    )
    return {
        "instances": tuple(instance for instance in instances if instance is not None),
        "description": values.get("description", ""),
        "source": values.get("source", ""),
        "extra": values.get("svd", ()),
        "place": tree.entries[kind][0].place,
    }


def read_board(tree: Mapping, find_block: FindBlock, log: Log) -> Board | None:
    """The board that a tree describes, boards that it extends already merged."""
    values = _KEYS.read(tree, tree.place, log)
    if values is None:
        return None
    match = values.get("match")
    fixed = values.get("fixed_pins")
    return Board(
        name=values["board"],
        pins=_pins(values.get("pins"), log),
        fixed_pins=_texts(fixed, "fixed-pins", log) if fixed is not None else {},
        match=Match(**(_MATCH_KEYS.read(match, match.place, log) or {})) if match else None,
        backends=values.get("backends", ()),
        extends=values.get("extends", ""),
        **_common(values, tree, "board", find_block, log),
    )


def _instance(
    each: str, key: Scalar, node: Node, find_block: FindBlock, log: Log
) -> Instance | None:
    place = key.place
    values = _INSTANCE_KEYS.read(node, place, log)
    if values is None:
        return None
    where = values["block"]
    block_name = name(where, "block", log)
    block = find_block(block_name, where) if block_name is not WRONG else None
    if block is None:
        log.incomplete = True
        return None
    values["block"] = block
    if "array" in values:
        values["array"] = read_array(values["array"], place, log)
    if "locator" in values:
        values["locator"] = _locator(values["locator"], log)
    if "clock" in values:
        values["clock"] = _clock(values["clock"], log)
    if "interrupts" in values:
        values["interrupts"] = _interrupts(values["interrupts"], log)
    if "svd" in values:
        values["extra"] = values.pop("svd")
    return Instance(name=each, place=place, **values)


def _locator(node: Node, log: Log) -> Locator | None:
    found = _LOCATOR_KEYS.read(node, node.place, log)
    if found is None:
        return None
    if len(found) != 1:
        wanted("a locator has one of acpi, devicetree, pci, iomem", node, log)
        return None
    ((kind, key),) = found.items()
    return Locator(kind=kind, key=key)


def _interrupts(node: Node, log: Log) -> tuple[Interrupt, ...]:
    """Interrupts by name: a number, or a mapping with more about it."""
    found = []
    for each, key, value in entries(node, "interrupts", log):
        if isinstance(value, Mapping):
            values = _INTERRUPT_KEYS.read(value, key.place, log)
        else:
            number = _INTERRUPT_NUMBER(value, each, log)
            values = None if number is WRONG else {"number": number}
        if values is not None:
            found.append(Interrupt(name=each, place=key.place, **values))
    return tuple(found)


def _clock(node: Node, log: Log) -> Clock | None:
    found = _CLOCK_KEYS.read(node, node.place, log)
    if found is None:
        return None
    ready = found.get("ready")
    return Clock(
        enable=_settings(found["enable"], "enable", log),
        ready=_settings(ready, "ready", log) if ready is not None else {},
    )


_NUMBER = integer(0, LARGEST)


def _settings(node: Node, what: str, log: Log) -> dict[str, int | str]:
    """Dotted paths with a number or the name of an enum value each."""
    found: dict[str, Any] = {}
    for path, _key, value in entries(node, what, log):
        is_name = isinstance(value, Scalar) and isinstance(value.value, str)
        found[path] = (name if is_name else _NUMBER)(value, path, log)
    return {path: value for path, value in found.items() if value is not WRONG}


def _texts(node: Node, what: str, log: Log) -> dict[str, str]:
    found = {each: text(value, each, log) for each, _key, value in entries(node, what, log)}
    return {each: value for each, value in found.items() if value is not WRONG}


def _pins(node: Node | None, log: Log) -> tuple[Pin, ...]:
    found = []
    for instance, _key, lines in entries(node, "pins", log):
        for index, key, line in numbered(lines, instance, log):
            values = read_line(_PIN_KEYS, line, key.place, log)
            if values is not None:
                pin = Pin(instance=instance, view=_PIN_VIEW, index=index, place=key.place, **values)
                found.append(pin)
    return tuple(found)
