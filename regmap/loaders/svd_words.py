"""SVD's texts made clean, element by element, before anything is made of them.

Vendors write ``read-Write`` and ``0x1C `` and ``4k`` and ``3:0``. What can only mean one thing is
taken so; what cannot is taken out with a warning at its line. After ``clean`` every number is
decimal and every word is one of SVD's.
"""

from __future__ import annotations

import re
from typing import Any

from regmap.errors import Place
from regmap.loaders.report import BAD_BITS, WRONG_VALUE, Log, did_you_mean, shown

__all__ = ["clean", "number", "pattern", "place_of"]

_NUMBER_TAGS = frozenset(
    {
        "addressOffset", "addressUnitBits", "base", "baseAddress", "bitOffset", "bitWidth",
        "deviceNumInterrupts", "dim", "dimIncrement", "limit", "lsb", "maximum", "minimum", "msb",
        "nvicPrioBits", "offset", "resetMask", "resetValue", "sauNumRegions", "size", "value",
        "width",
    }
)  # fmt: skip
_ACCESS = ("read-only", "write-only", "read-write", "writeOnce", "read-writeOnce")
_WORD_TAGS: dict[str, tuple[str, ...]] = {
    "access": _ACCESS,
    "modifiedWriteValues": (
        "oneToClear", "oneToSet", "oneToToggle", "zeroToClear", "zeroToSet", "zeroToToggle",
        "clear", "set", "modify",
    ),
    "readAction": ("clear", "set", "modify", "modifyExternal"),
    "usage": ("read", "write", "read-write", "registers", "buffer", "reserved"),
    "endian": ("little", "big", "selectable", "other"),
}  # fmt: skip
# Other spellings that vendors use and that leave no doubt.
_MEANT = {
    "read": "read-only", "write": "write-only", "ro": "read-only", "wo": "write-only",
    "rw": "read-write", "r": "read-only", "w": "write-only", "read-opnly": "read-only",
    "readonly": "read-only", "writeonly": "write-only", "readwrite": "read-write",
    "write-read": "read-write", "read/write": "read-write",
}  # fmt: skip
# Nothing here depends on these, and one odd value in them makes the parser drop the whole file.
_UNUSED_TAGS = frozenset({"protection", "dataType", "cpu", "vendorExtensions", "interrupt"})

_NUMBER = re.compile(r"\+?(?:0[xX]([0-9a-fA-F]+)|(?:#|0[bB])([01]+)|([0-9]+))([kmgtKMGT]?)")
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_LARGEST = 1 << 64
_BIT_RANGE = re.compile(r"\[?\s*([0-9]{1,4})\s*:\s*([0-9]{1,4})\s*\]?")


def place_of(element: Any, file: str) -> Place:
    """The line on which an element begins; XML parsers keep no column."""
    return Place(file, int(element.sourceline or 1), 1)


def number(text: str) -> int | None:
    """A number in any of SVD's forms, or None."""
    match = _NUMBER.fullmatch(text.strip()[:80])
    if match is None:
        return None
    based, binary, decimal, suffix = match.groups()
    value = int(based, 16) if based else int(binary, 2) if binary else int(decimal)
    value <<= _SHIFTS[suffix.lower()]
    return value if value < _LARGEST else None


def pattern(text: str) -> tuple[int, int] | None:
    """An enumerated value with don't-care bits, ``#1xx``: (value, bits that do not count)."""
    match = re.fullmatch(r"(?:#|0[bB])([01xX]{1,64})", text.strip())
    if match is None:
        return None
    digits = match[1].lower()
    free = int(re.sub("[^x]", "0", digits).replace("x", "1"), 2)
    return int(digits.replace("x", "0"), 2), free


def clean(root: Any, file: str, log: Log) -> None:
    """Clean all texts below ``root``. An enumerated value gets an attribute ``free`` with its
    don't-care bits, the device one with its ``endian``."""
    endian = root.findtext("cpu/endian")
    for element in root.xpath("|".join(f"//{tag}" for tag in sorted(_UNUSED_TAGS))):
        _drop(element)
    if endian is not None:
        root.set("endian", endian.strip())
    for element in list(root.iter()):
        tag = element.tag
        if len(element) or not isinstance(tag, str):
            continue
        text = (element.text or "").strip()
        element.text = text
        if tag in _NUMBER_TAGS:
            _clean_number(element, text, file, log)
        elif tag in _WORD_TAGS:
            _clean_word(element, text, file, log)
        elif tag == "bitRange":
            _clean_bit_range(element, text, file, log)


def _clean_number(element: Any, text: str, file: str, log: Log) -> None:
    value = number(text)
    parent = element.getparent()
    if value is None and element.tag == "value" and parent.tag == "enumeratedValue":
        found = pattern(text)
        if found is not None:
            value, free = found
            parent.set("free", str(free))
    if value is None:
        what = f"<{element.tag}> is no number: {shown(text)!r}; left out"
        log.warning(WRONG_VALUE, place_of(element, file), what)
        _drop(element)
        return
    element.text = str(value)


def _clean_word(element: Any, text: str, file: str, log: Log) -> None:
    words = _WORD_TAGS[element.tag]
    if element.getparent().tag == "enumeratedValues":
        words = words[:3]
    if text in words:
        return
    folded = {word.casefold(): word for word in words}
    key = text.casefold().replace(" ", "-").replace("_", "-")
    found = folded.get(key) or (_MEANT.get(key) if element.tag == "access" else None)
    place = place_of(element, file)
    if found:
        log.warning(WRONG_VALUE, place, f"<{element.tag}> {shown(text)!r} is taken for {found}")
        element.text = found
        return
    what = f"<{element.tag}> is no word of SVD: {shown(text)!r}; left out"
    log.warning(WRONG_VALUE, place, what, "" if log.quiet else did_you_mean(text, words))
    _drop(element)


def _clean_bit_range(element: Any, text: str, file: str, log: Log) -> None:
    match = _BIT_RANGE.fullmatch(text)
    high, low = (int(match[1]), int(match[2])) if match else (0, 0)
    if match is None or low > high:
        what = f"<bitRange> {shown(text)!r} is not [high:low]"
        log.warning(BAD_BITS, place_of(element, file), what)
        _drop(element)
        return
    element.text = f"[{high}:{low}]"


def _drop(element: Any) -> None:
    element.getparent().remove(element)
