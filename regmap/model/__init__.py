"""What the data sheet says: frozen data, no I/O. Start with ``chip``; ``access`` has the table of
read and write actions, ``expr`` the tiny grammar of names, paths and counts."""

from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Block, Enum, EnumValue, Field, Group, Register
from regmap.model.chip import Board, Chip, Instance

__all__ = [
    "Access",
    "Block",
    "Board",
    "Chip",
    "Enum",
    "EnumValue",
    "Field",
    "Group",
    "Instance",
    "ReadAction",
    "Register",
    "WriteAction",
]
