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
from collections.abc import Container

__all__ = ["LONGEST", "RESERVED", "is_python_name", "python_name", "unique_name"]

LONGEST = 64
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

# The public attributes of registers, blocks, devices, snapshots, pins and enum members. A test
# holds this list against the classes.
RESERVED = frozenset(
    """
    address as_integer_ratio backend bit bit_count bit_length blocks clear clock close conjugate
    context denominator description fields flush force from_bytes function imag index is_integer
    layout level load modify mro name names numerator on_cpu open path pin pins port raw read
    read_all real register registers replace reset set size spec store to_bytes toggle
    transaction update value values view wait width write
    LAYOUT NAMES SPEC
    """.split()  # noqa: SIM905  (a list of words reads best as words)
)


def is_python_name(name: str) -> bool:
    """Whether ``name`` can be used as it is."""
    return (
        _PLAIN.fullmatch(name) is not None
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
        and name not in RESERVED
    )


def python_name(name: str) -> str:
    """``name`` as a Python name by the rule above, collisions aside."""
    if is_python_name(name):
        return name
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name[: 4 * LONGEST])
    if not clean[:1].isalpha():
        clean = "N" + clean
    clean = clean[:LONGEST]
    return clean if is_python_name(clean) else clean[: LONGEST - 1] + "_"


def unique_name(name: str, taken: Container[str]) -> str:
    """``python_name(name)``, with a number behind it where that is taken."""
    first = candidate = python_name(name)
    number = 2
    while candidate in taken:
        tail = f"_{number}"
        candidate = first[: LONGEST - len(tail)] + tail
        number += 1
    return candidate
