"""SVD's lexical forms: numbers, words, bit ranges, indexes; and what vendors write instead.

What a text can only mean is decided here, by tables; that something was mended is told by the
caller, who knows the place. The wider forms that the schema allows (``+``, ``#``, ``0b``, the
suffixes k, m, g, t) are no mending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from regmap.bits import BitRange
from regmap.model.access import Access, ReadAction, WriteAction

__all__ = [
    "ACCESS",
    "HIGHEST_BIT",
    "READ_ACTIONS",
    "TRUE",
    "WRITE_ACTIONS",
    "BitRanges",
    "Numbers",
    "indexes_of",
    "meant",
    "mended",
    "number",
    "pattern",
    "plain",
]

HIGHEST_BIT = 1023
_LARGEST = 1 << 64
_LONGEST_NUMBER = 80
_NUMBER = re.compile(r"\+?(?:0[xX]([0-9a-fA-F]+)|(?:#|0[bB])([01]+)|([0-9]+))([kmgtKMGT]?)")
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_BIT_RANGE = re.compile(r"\[?\s*([0-9]{1,4})\s*:\s*([0-9]{1,4})\s*\]?")
_PATTERN = re.compile(r"(?:#|0[bB])([01xX]{1,64})")

ACCESS: Mapping[str | None, Access] = {each.value: each for each in Access}
WRITE_ACTIONS: Mapping[str | None, WriteAction] = {each.value: each for each in WriteAction}
READ_ACTIONS: Mapping[str | None, ReadAction] = {each.value: each for each in ReadAction}
TRUE = frozenset({"true", "1"})

# Other spellings that vendors use for an access. `read/clear` says nothing of writing; the widest
# access hides nothing, and what reading does is `readAction`'s to say.
_MEANT = {
    "read": "read-only", "write": "write-only", "ro": "read-only", "wo": "write-only",
    "rw": "read-write", "r": "read-only", "w": "write-only", "read-opnly": "read-only",
    "readonly": "read-only", "writeonly": "write-only", "readwrite": "read-write",
    "write-read": "read-write", "read/write": "read-write", "read/clear": "read-write",
    "r/w": "read-write", "write-once": "writeOnce", "read-write-once": "read-writeOnce",
}  # fmt: skip


def number(text: str) -> int | None:
    """A number in any of SVD's forms, or None."""
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        return None
    based, binary, decimal, suffix = match.groups()
    value = int(based, 16) if based else int(binary, 2) if binary else int(decimal)
    value <<= _SHIFTS[suffix.lower()]
    return value if value < _LARGEST else None


def mended(text: str) -> int | None:
    """What a number that is none can only mean: one with digits grouped, or a suffix of C."""
    if len(text) > _LONGEST_NUMBER:
        return None
    bare = re.sub(r"(?<=[0-9a-fA-F])[_' ](?=[0-9a-fA-F])", "", text.strip())
    bare = re.sub(r"(?<=[0-9a-fA-F])[uU]?[lL]{0,2}$", "", bare)
    hexadecimal = re.fullmatch(r"([0-9][0-9a-fA-F]*)[hH]", bare)
    return number(f"0x{hexadecimal[1]}" if hexadecimal else bare)


class Numbers(dict[str, int | None]):
    """The numbers of one file by their texts; a text is parsed once."""

    def __missing__(self, text: str) -> int | None:
        value = self[text] = number(text)
        return value


class BitRanges(dict[str, BitRange | None]):
    """``[high:low]`` by its text, one object for all fields that have it."""

    def __missing__(self, text: str) -> BitRange | None:
        match = _BIT_RANGE.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
        high, low = (int(match[1]), int(match[2])) if match else (-1, 0)
        value = BitRange(low, high - low + 1) if low <= high <= HIGHEST_BIT else None
        self[text] = value
        return value


def meant(text: str, words: Mapping[str | None, object]) -> str | None:
    """The word that a text can only mean: another case, blanks, or a vendor's own spelling."""
    key = re.sub(r"[\s_]+", "-", text.strip()[:_LONGEST_NUMBER].casefold())
    folded = {word.casefold(): word for word in words if word}
    return folded.get(key) or (_MEANT.get(key) if "read-only" in words else None)


def pattern(text: str) -> tuple[int, int] | None:
    """An enumerated value with don't-care bits, ``#1xx``: (value, bits that do not count)."""
    match = _PATTERN.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        return None
    digits = match[1].lower()
    free = int(re.sub("[^x]", "0", digits).replace("x", "1"), 2)
    return int(digits.replace("x", "0"), 2), free


def indexes_of(text: str, count: int) -> list[str]:
    """The texts that stand for ``%s``, at most ``count``; numbers from 0 where none are given.

    ``0-3`` and ``A-D`` are ranges with both ends, ``A,B,C`` is a list, anything else one text.
    """
    text = text.strip()
    if not text:
        return [str(index) for index in range(count)]
    if "," in text:
        return [index.strip() for index in text.split(",", count)[:count]]
    first, dash, last = (part.strip() for part in text.partition("-"))
    if dash and first.isdecimal() and last.isdecimal() and len(first) < 10 and len(last) < 10:
        low, high = int(first), int(last)
        return [str(index) for index in range(low, min(high + 1, low + count))]
    if dash and len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(index) for index in range(ord(first), ord(last) + 1)][:count]
    return [text][:count]


def plain(text: str | None) -> str:
    """A text on one line."""
    if not text:
        return ""
    # Most texts are that already, and splitting is the slower half of reading a description.
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        return " ".join(text.split())
    return text.strip()
