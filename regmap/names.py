"""The one rule by which a name of a description becomes a Python name.

A name is used as the manual prints it where it is an identifier ``[A-Za-z][A-Za-z0-9_]*`` of at
most 64 characters that nothing of ours is called by. Otherwise: every other character becomes
``_``, a name that does not begin with a letter gets ``N`` before it, the rest is cut at 64
characters, and a name that Python or a live object needs gets ``_`` behind it. When two names meet,
the later one gets ``_2``, ``_3`` and so on.

In YAML the checker makes the author choose (``py-name``), so there this rule changes nothing; in
an SVD file, where nobody can be asked, it is applied with a warning.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable
from functools import lru_cache

__all__ = [
    "LONGEST",
    "RESERVED",
    "RESERVED_IN_VIEWS",
    "RESERVED_LATER",
    "Taken",
    "class_name_of",
    "is_python_name",
    "is_word_of_python",
    "python_name",
    "unique_name",
]

LONGEST = 64
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

# The public attributes of registers, blocks, devices, snapshots, view items and enum members, and
# words kept free for what later releases may add. A test holds the first against the classes.
RESERVED_LATER = frozenset(
    """
    description flush force function level open read_all registers size spec transaction value
    values view
    """.split()  # noqa: SIM905  (a list of words reads best as words)
)
RESERVED = RESERVED_LATER | frozenset(
    """
    act address as_integer_ratio backend bit bit_count bit_length blocks check_field check_raw
    check_write clear clock close conjugate context cpu denominator fields from_bytes imag index
    irq is_integer layout load local modify mro name names numerator on_cpu parent path pin pins
    port raw read real register replace reset set store to_bytes toggle update wait width window
    write FIELDS LAYOUT MEMBERS NAMES PER_CPU SPEC WINDOWS
    """.split()  # noqa: SIM905
)

# Views and their members are often called as a register's methods are (``level``, ``set``), and
# hide nothing by it; these are what the blocks that hold views, and their items, need themselves.
RESERVED_IN_VIEWS = frozenset(
    """
    address clock context edges index local mro names on_cpu parent path register window
    ACCESSORS MEMBERS NAMES PAD PER_CPU VIEW WINDOWS
    """.split()  # noqa: SIM905
)

# Which words are soft keywords depends on the version of Python; what a name becomes must not.
_SOFT_KEYWORDS = frozenset({"_", "case", "match", "type"})


def is_word_of_python(name: str) -> bool:
    """Whether Python has a meaning of its own for ``name``, in any version."""
    return keyword.iskeyword(name) or name in _SOFT_KEYWORDS


def is_python_name(name: str, reserved: Container[str] = RESERVED) -> bool:
    """Whether ``name`` can be used as it is."""
    return len(name) <= LONGEST and _is_plain(name) and name not in reserved


@lru_cache(maxsize=8192)  # registers of one chip share most of the names of their fields
def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and not is_word_of_python(name)


def python_name(name: str, reserved: Container[str] = RESERVED) -> str:
    """``name`` as a Python name by the rule above, collisions aside."""
    if is_python_name(name, reserved):
        return name
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name[: 4 * LONGEST])
    if not clean[:1].isalpha():
        clean = "N" + clean
    clean = clean[:LONGEST]
    return clean if is_python_name(clean, reserved) else clean[: LONGEST - 1] + "_"


class Taken(set[str]):
    """The names of one place, to which names are only added.

    ``unique_name`` notes here up to which number a name is taken, so that a name that meets
    itself thousands of times is not counted up from 2 each time.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(names)
        self.numbers: dict[str, int] = {}


def unique_name(name: str, taken: Container[str], reserved: Container[str] = RESERVED) -> str:
    """``python_name(name)``, with a number behind it where that is taken."""
    first = candidate = python_name(name, reserved)
    if candidate not in taken:
        return candidate
    numbers = taken.numbers if isinstance(taken, Taken) else {}
    number = numbers.get(first, 2)
    while candidate in taken:
        tail = f"_{number}"
        candidate = first[: LONGEST - len(tail)] + tail
        number += 1
    # The one before is free now; it is looked at again, since the caller need not take it.
    numbers[first] = number - 1
    return candidate


def class_name_of(name: str) -> str:
    """``bcm2835_gpio`` as a class name: ``Bcm2835Gpio``."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return unique_name(joined or "Block", ())
