"""A model, or an item of one, as the plain mapping that a YAML file holds.

Each ``of_...`` gives a dict of plain values (texts, numbers, truth values, lists, dicts) with the
keys in the order of the language; nothing is written that is the same without it. What the loader
makes of it is the item again, its places and its ``extends`` aside. What no file can hold is a
``MapError`` with the item's place.

What a field or register inherits is an argument, by default what a file without ``defaults`` has.
"""

from __future__ import annotations

from regmap.model.block import Block
from regmap.model.chip import Chip
from regmap.writers.blocks import of_array, of_block, of_group, of_register, of_window
from regmap.writers.chips import of_chip, of_instance
from regmap.writers.fields import of_enum, of_field
from regmap.writers.plain import Mapping
from regmap.writers.views import of_view

__all__ = [
    "of_array",
    "of_block",
    "of_chip",
    "of_enum",
    "of_field",
    "of_group",
    "of_instance",
    "of_model",
    "of_register",
    "of_view",
    "of_window",
]


def of_model(model: Block | Chip) -> Mapping:
    """A whole file: a block, chip or board."""
    return of_block(model) if isinstance(model, Block) else of_chip(model)
