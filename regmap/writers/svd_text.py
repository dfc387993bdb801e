"""Texts, names and numbers as SVD's schema allows them, and elements that hold them.

What the schema does not allow is written as near to it as can be: a control character becomes the
replacement character, a name gets ``_`` for what may not be in it, and is made unique in its place.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

__all__ = ["DIMABLE", "NUMBER", "Scope", "fit", "hexadecimal", "identifier", "put"]

# The forms of schema 1.3.12.
NUMBER = re.compile(r"[+]?(0x|0X|#)?[0-9a-fA-F]+[kmgtKMGT]?")
DIMABLE = re.compile(
    r"%s([_A-Za-z][_A-Za-z0-9]*)?"
    r"|[_A-Za-z][_A-Za-z0-9]*(\[%s\]|%s[_A-Za-z0-9]*)?"
)

_UNFIT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_PART_OF_A_NAME = re.compile(r"[^_A-Za-z0-9]")


def put(parent: Any, tag: str, text: str | None = None) -> Any:
    """A new last element of ``parent``, with this text as far as XML can hold it."""
    element = etree.SubElement(parent, tag)
    if text:
        element.text = fit(text)
    return element


def fit(text: str) -> str:
    """The text as far as XML can hold it."""
    return _UNFIT.sub("\ufffd", text)


def hexadecimal(number: int, digits: int = 1) -> str:
    """A number as people read addresses and masks."""
    return f"0x{number:0{digits}X}"


def identifier(name: str, *, first_digit: bool = False) -> str:
    """The name as an identifier; only some may begin with a digit."""
    name = _NO_PART_OF_A_NAME.sub("_", name) or "_"
    return f"_{name}" if name[0].isdigit() and not first_digit else name


class Scope:
    """The names of one place, each once: a later one becomes NAME_2, NAME_3."""

    __slots__ = ("_numbers", "_used")

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def one(self, name: str) -> str:
        """A free name like this one; it is taken from now on."""
        own, number = name, self._numbers.get(name, 2)
        while own in self._used:
            own = f"{name}_{number}"
            number += 1
            self._numbers[name] = number
        self._used.add(own)
        return own

    def all(self, names: list[str]) -> bool:
        """Takes these names if every one is free."""
        if len(set(names)) < len(names) or not self._used.isdisjoint(names):
            return False
        self._used.update(names)
        return True
