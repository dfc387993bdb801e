"""An SVD tree made ready for the ``cmsis-svd`` package, and what is kept aside for the model.

The package expands arrays by copying and loses offsets of nested clusters, properties set on
clusters, don't-care bits and chains of ``derivedFrom``. So all of that is settled on the tree
before the package reads it: it sees no array, no inheritance and no odd spelling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regmap.bits import ones
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.report import BAD_BITS, WRONG_VALUE, Log, shown
from regmap.loaders.svd_derive import POSITION, PROPERTIES, Derivation, dim_indexes
from regmap.loaders.svd_words import clean, place_of

__all__ = ["Dim", "Prepared", "prepare"]

# What an element cannot do without.
_REQUIRED = {
    "peripheral": ("name", "baseAddress"),
    "cluster": ("name", "addressOffset"),
    "register": ("name", "addressOffset"),
    "field": ("name",),
}
_HIGHEST_BIT = 1023
_MOST_FIELDS = 1024
_DIM_TAGS = ("dim", "dimIncrement", "dimIndex", "dimName", "dimArrayIndex")


@dataclass(frozen=True, slots=True)
class Dim:
    """An array: how many, how far apart, and what stands for ``%s``."""

    count: int
    stride: int
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The cleaned tree's side tables, by element."""

    shared: dict[Any, Any]
    dims: dict[Any, Dim]


def prepare(root: Any, file: str, log: Log) -> Prepared:
    """Clean, derive, hand properties down and take arrays aside; changes the tree."""
    clean(root, file, log)
    derivation = Derivation(root, file, log)
    derivation.run()
    _drop_incomplete(root, file, log)
    dims = _take_dims(root, file, log)
    _hand_down(root, {})
    return Prepared(derivation.shared, dims)


def _drop_incomplete(root: Any, file: str, log: Log) -> None:
    for tag, required in _REQUIRED.items():
        for element in list(root.iter(tag)):
            for each in required:
                if not element.findtext(each):
                    name = shown(element.findtext("name") or "without a name")
                    text = f"{tag} {name} has no <{each}>; left out"
                    log.warning(WRONG_VALUE, place_of(element, file), text)
                    element.getparent().remove(element)
                    break
    for element in list(root.iter("field")):
        _place_bits(element, file, log)


def _place_bits(element: Any, file: str, log: Log) -> None:
    """Say where a field is in one of SVD's three ways, offset and width."""
    text = element.findtext("bitRange")
    if text is not None:
        high, low = map(int, text.strip("[]").split(":"))
    elif element.findtext("bitOffset") is not None:
        low = int(element.findtext("bitOffset"))
        high = low + int(element.findtext("bitWidth", "1")) - 1
    else:
        low = int(element.findtext("lsb", "-1"))
        high = int(element.findtext("msb", "-2"))
    if not 0 <= low <= high <= _HIGHEST_BIT:
        name = shown(element.findtext("name"))
        text = f"field {name} has no bits that make sense; left out"
        log.warning(BAD_BITS, place_of(element, file), text)
        element.getparent().remove(element)
        return
    for tag in POSITION:
        for child in element.findall(tag):
            element.remove(child)
    _append(element, "bitOffset", str(low))
    _append(element, "bitWidth", str(high - low + 1))


def _take_dims(root: Any, file: str, log: Log) -> dict[Any, Dim]:
    dims: dict[Any, Dim] = {}
    for element in list(root.iter(*_REQUIRED)):
        count = element.findtext("dim")
        if count is not None:
            dim = _dim(element, int(count), file, log)
            if dim is None:
                element.getparent().remove(element)
            else:
                dims[element] = dim
        for tag in _DIM_TAGS:
            for child in element.findall(tag):
                element.remove(child)
    return dims


def _dim(element: Any, count: int, file: str, log: Log) -> Dim | None:
    name = element.findtext("name")
    place = place_of(element, file)
    if count < 1:
        log.warning(WRONG_VALUE, place, f"array {shown(name)} has no elements; left out")
        return None
    most = _MOST_FIELDS if element.tag == "field" else MOST_ELEMENTS
    if count > most:
        text = f"array {shown(name)} has {count:,} elements, more than {most:,}; left out"
        log.warning(WRONG_VALUE, place, text, "describe memory by its size alone")
        return None
    stride = element.findtext("dimIncrement")
    if stride is None:
        log.warning(WRONG_VALUE, place, f"array {shown(name)} has no <dimIncrement>; left out")
        return None
    indexes = dim_indexes(element)
    if len(indexes) < count:
        text = f"<dimIndex> of {shown(name)} has {len(indexes)} entries for {count} elements"
        log.warning(WRONG_VALUE, place, text, "numbers from 0 are used")
        indexes = [str(index) for index in range(count)]
    return Dim(count, int(stride), tuple(indexes))


def _hand_down(element: Any, outer: dict[str, str]) -> None:
    """Give every register and field the size, access and reset in force around it."""
    own = dict(outer)
    for tag in PROPERTIES:
        text = element.findtext(tag)
        if text is not None:
            own[tag] = text
        elif element.tag == "register" and tag in own:
            _append(element, tag, _fitting(tag, own))
    if element.tag == "register":
        # What a register's writes and reads do, its fields do, unless they say otherwise.
        for tag in ("access", "modifiedWriteValues", "readAction"):
            text = element.findtext(tag)
            for field in element.findall("fields/field") if text is not None else ():
                if field.find(tag) is None:
                    _append(field, tag, text)
        return
    inside = {"device": "peripherals/peripheral", "peripheral": "registers/*", "cluster": "*"}
    for child in element.findall(inside[element.tag]):
        if child.tag in {"peripheral", "cluster", "register"}:
            _hand_down(child, own)


def _fitting(tag: str, own: dict[str, str]) -> str:
    """A value from around a register, cut to the register: a device's reset mask of 32 ones is
    meant for its narrower registers too."""
    if tag not in {"resetValue", "resetMask"}:
        return own[tag]
    return str(int(own[tag]) & ones(min(int(own.get("size", "32")), 64)))


def _append(element: Any, tag: str, text: str) -> None:
    child = element.makeelement(tag)
    child.text = text
    element.append(child)
