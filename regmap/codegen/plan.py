"""What is generated from a layout: the header's facts, the name of the module, and its parts."""

from __future__ import annotations

import keyword
import re
from typing import NamedTuple

from regmap.layout.device import DeviceLayout
from regmap.layout.shape import ArrayLayout, BlockLayout, GroupAt, RegisterAt
from regmap.names import LONGEST, Taken, unique_name

__all__ = ["Header", "Part", "module_name", "parts", "registers_in", "source_name", "split_by_size"]

# A module is read whole. With this many registers that takes about 3 ms, and a package, which
# reads one block at a time, begins to pay for its many files.
_MOST_IN_ONE_MODULE = 1_500


class Header(NamedTuple):
    """What a generated file says of itself; every text is already fit for a comment.

    ``module`` is the name that it is imported by; with ``split`` it is a package with one module
    for each part. ``source`` is the name of the description's file, ``sha256`` the digest over
    everything that was read for it.
    """

    module: str
    version: str
    source: str
    sha256: str
    split: bool = False


class Part(NamedTuple):
    """One block of a device. ``name`` is that of the function that lays it out, or in a package
    of the module that holds it; ``instances`` are the names of the instances of the block."""

    name: str
    layout: BlockLayout
    instances: tuple[str, ...]


def module_name(text: str) -> str:
    """The name of the module for a map: lower case, other characters ``_``.

    ``rpi1-rev2`` becomes ``rpi1_rev2``. A name that begins with no letter gets an ``n`` before
    it, a word of Python a ``_`` behind it, and no name is longer than 64 characters.
    """
    clean = re.sub(r"[^a-z0-9_]", "_", text[: 4 * LONGEST].lower())
    if not clean[:1].isalpha():
        clean = f"n{clean}"
    clean = clean[:LONGEST]
    return f"{clean[: LONGEST - 1]}_" if keyword.iskeyword(clean) else clean


def source_name(text: str) -> str:
    """The name of a file as it may stand in a comment, without its folder."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", re.split(r"[/\\]", text)[-1])[:LONGEST]


def parts(layout: DeviceLayout) -> tuple[Part, ...]:
    """The blocks of a device, each once, in the order of its instances. Lays all of them out."""
    blocks: dict[int, tuple[BlockLayout, list[str]]] = {}
    for name, instance in layout.instances.items():
        block = instance.block
        blocks.setdefault(id(block), (block, []))[1].append(name)
    made: list[Part] = []
    taken = Taken()
    for block, instances in blocks.values():
        name = unique_name(f"block_{block.name[:LONGEST].lower()}", taken)
        taken.add(name)
        made.append(Part(name, block, tuple(instances)))
    return tuple(made)


def split_by_size(layout: DeviceLayout) -> bool:
    """Whether a device has so many registers that one module would be slow to import."""
    return sum(registers_in(part.layout) for part in parts(layout)) > _MOST_IN_ONE_MODULE


def registers_in(block: BlockLayout) -> int:
    """How many registers a block has, arrays and groups written out."""
    count = 0
    for member in block.members:
        elements: tuple[RegisterAt | GroupAt, ...] = ()
        if isinstance(member, RegisterAt | GroupAt):
            elements = (member,)
        elif isinstance(member, ArrayLayout) and not member.named:
            elements = member.elements
        for element in elements:
            count += 1 if isinstance(element, RegisterAt) else registers_in(element.group)
    return count
