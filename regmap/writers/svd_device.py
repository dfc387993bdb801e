"""A chip in SVD: the device, its processor and its peripherals.

The instances of one block derive from the first of them and say what is different about them. A
lone block becomes a device with that one peripheral at address 0. What is a board's alone (pins,
how to recognise the machine, where an address is found) has no place in SVD.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from regmap.model.block import Block, Extra, Group, Register
from regmap.model.chip import Chip, Instance
from regmap.model.walk import extent
from regmap.writers.plain import refuse
from regmap.writers.svd_arrays import put_dim, said
from regmap.writers.svd_extras import put_cpu, put_each, put_index, put_kept, texts_of
from regmap.writers.svd_items import ACCESS, WIDTH, put_items
from regmap.writers.svd_text import Scope, hexadecimal, identifier, put

__all__ = ["as_chip", "device_of"]

_SCHEMA = "1.3"
_BLOCK_PARTS = ("offset", "size", "usage", "protection")


def as_chip(model: Block | Chip) -> Chip:
    """The model, or a chip around a lone block."""
    if isinstance(model, Chip):
        return model
    name = model.instance_name or model.name.upper()
    instance = Instance(
        name=name, block=model, base=0, description=model.description, extra=model.extra
    )
    return Chip(name=name, instances=(instance,), description=model.description)


def device_of(chip: Chip) -> Any:
    """The element ``device``.

    Raises MapError for a chip without instances, which SVD does not allow.
    """
    if not chip.instances:
        fix = "give it an instance of a block"
        raise refuse(f"chip {chip.name!a} has nothing in it that SVD can say", chip.place, fix)
    extra = chip.extra
    device = etree.Element("device")
    version = texts_of(extra).get("@schemaVersion", "")
    is_number = version.replace(".", "", 1).isdecimal() and version.isascii()
    device.set("schemaVersion", version if is_number else _SCHEMA)
    put_kept(device, extra, "vendor")
    put_kept(device, extra, "vendorID")
    put(device, "name", identifier(chip.name, first_digit=True))
    put_kept(device, extra, "series")
    put_kept(device, extra, "version", otherwise="1.0")
    put(device, "description", chip.description or chip.name)
    put_kept(device, extra, "licenseText")
    put_cpu(device, extra)
    put_kept(device, extra, "headerSystemFilename")
    put_kept(device, extra, "headerDefinitionsPrefix")
    put_kept(device, extra, "addressUnitBits", otherwise="8")
    put_kept(device, extra, "width", otherwise=str(_widest(chip)))
    put(device, "size", str(WIDTH))
    put(device, "access", ACCESS)
    peripherals = put(device, "peripherals")
    scope = Scope()
    first: dict[int, tuple[Instance, str]] = {}
    for instance in chip.instances:
        source = first.get(id(instance.block))
        names = _put_instance(peripherals, instance, source, scope)
        if source is None and names:
            first[id(instance.block)] = (instance, names[0])
    return device


def _widest(chip: Chip) -> int:
    """The bits of the widest register, 32 at least."""
    blocks = {id(each.block): each.block for each in chip.instances}
    return max(WIDTH, *(_widest_of(block.items) for block in blocks.values()))


def _widest_of(items: Iterable[Register | Group]) -> int:
    widths = (
        item.width if isinstance(item, Register) else _widest_of(item.items) for item in items
    )
    return max(widths, default=0)


def _put_instance(
    parent: Any, instance: Instance, source: tuple[Instance, str] | None, scope: Scope
) -> list[str]:
    """The peripherals that an instance is; their names."""
    names = []
    for each in said(instance, scope):
        element = put(parent, "peripheral")
        if source is not None:
            element.set("derivedFrom", source[1])
        if each.dim is not None:
            put_dim(element, each.dim)
            put_index(element, instance.extra)
        put(element, "name", each.name)
        _put_about(element, instance, source[0] if source is not None else None)
        put(element, "baseAddress", hexadecimal(instance.base + each.offset, 8))
        blocks = _address_blocks(instance)
        if source is None or _address_blocks(source[0]) != blocks:
            put_each(element, blocks, "addressBlock", _BLOCK_PARTS)
        for interrupt in instance.interrupts:
            inner = put(element, "interrupt")
            put(inner, "name", interrupt.name)
            if interrupt.description:
                put(inner, "description", interrupt.description)
            put(inner, "value", str(interrupt.number))
        if source is None:
            registers = put(element, "registers")
            put_items(registers, instance.block.items)
            if not len(registers):
                element.remove(registers)
            source = (instance, each.name)
        names.append(each.name)
    return names


def _put_about(element: Any, instance: Instance, source: Instance | None) -> None:
    """What a peripheral says about itself, as far as the one that it derives from does not."""
    theirs = texts_of(source.extra) if source is not None else {}
    own: Extra = tuple(
        (name, text)
        for name, text in instance.extra
        if name == "alternatePeripheral" or theirs.get(name) != text
    )
    put_kept(element, own, "version")
    if instance.description and (source is None or source.description != instance.description):
        put(element, "description", instance.description)
    put_kept(element, own, "alternatePeripheral")
    put_kept(element, own, "groupName")
    put_kept(element, own, "headerStructName")
    put_kept(element, own, "disableCondition")


def _address_blocks(instance: Instance) -> Extra:
    """The address blocks that were kept, or else one over all that there is."""
    kept = tuple(each for each in instance.extra if each[0] == "addressBlock")
    if any(not isinstance(each, str) and dict(each).get("usage") for _, each in kept):
        return kept
    block = instance.block
    size = instance.size or block.size or -(-extent(block.items) // 4) * 4 or 4
    one: Extra = (("offset", "0x0"), ("size", hexadecimal(size)), ("usage", "registers"))
    return (("addressBlock", one),)
