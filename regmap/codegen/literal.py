"""Data as Python literals: ASCII, and in the very form that ``ruff format`` gives them.

A text is the literal of ``ascii()`` in the quotes that the formatter prefers, so whatever it holds,
it is one token on one line. A shape of ``layout`` is a call of its class with the arguments that
differ from their defaults; a bracket that does not fit in its line has one element a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from regmap.layout.device import ClockLayout, MatchLayout, PinLayout
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    CountLayout,
    EnumLayout,
    FieldLayout,
    GroupAt,
    PadLayout,
    RegisterAt,
    RegisterLayout,
    StepLayout,
    Target,
    ViewLayout,
    ViewMember,
    WindowLayout,
)

__all__ = ["SHAPES", "WIDTH", "Bracket", "Node", "assigned", "call", "lay", "literal", "node"]

WIDTH = 100

# Every tuple class that a generated module may call, with the number of arguments that are clear
# without their names.
SHAPES: Mapping[type, int] = {
    ArrayLayout: 3,
    BlockLayout: 0,
    ClockLayout: 0,
    CountLayout: 3,
    EnumLayout: 2,
    FieldLayout: 2,
    GroupAt: 3,
    MatchLayout: 0,
    PadLayout: 0,
    PinLayout: 4,
    RegisterAt: 3,
    RegisterLayout: 2,
    StepLayout: 3,
    Target: 3,
    ViewLayout: 0,
    ViewMember: 2,
    WindowLayout: 0,
}

# Numbers that are addresses, masks or whole values; people read these in base 16.
_HEXADECIMAL = frozenset(
    """
    base bus_base cpuinfo_revision guess index_mask index_rest keep neutral offset reset reset_mask
    size volatile_mask
    """.split()  # noqa: SIM905  (a list of words reads best as words)
)
_ESCAPE = re.compile(r"\\.|\"")


class Bracket(NamedTuple):
    """Something in brackets: ``flat`` is its form on one line; each item is what stands before
    it (``name=``) and the item."""

    flat: str
    opening: str
    items: tuple[tuple[str, Node], ...]
    closing: str


Node = str | Bracket
Shape = tuple[Any, ...] | RegisterAt
Shared = Callable[[str | Shape], str | None]


def literal(text: str) -> str:
    """The string literal of ``text``, as the formatter quotes it."""
    # Behind a double quote ascii() always quotes with single ones; both are taken off again.
    body = ascii(f'"{text}')[2:-1]
    if text.count('"') > text.count("'"):
        return f"'{body}'"

    def turned(found: re.Match[str]) -> str:
        return {'"': r"\"", r"\'": "'"}.get(found[0], found[0])

    return f'"{_ESCAPE.sub(turned, body)}"'


def number(value: int, *, hexadecimal: bool = False) -> str:
    """The literal of a number; large ones and those asked for in base 16."""
    if (hexadecimal and abs(value) > 9) or abs(value) >= 1 << 32:
        return f"{'-' if value < 0 else ''}0x{abs(value):X}"
    return str(value)


def bracket(opening: str, items: Sequence[tuple[str, Node]], closing: str) -> Node:
    """A bracket around items; a tuple of one keeps its comma."""
    flat = ", ".join(
        prefix + (item if isinstance(item, str) else item.flat) for prefix, item in items
    )
    comma = "," if opening == "(" and len(items) == 1 else ""
    whole = f"{opening}{flat}{comma}{closing}"
    return Bracket(whole, opening, tuple(items), closing) if items else whole


def call(name: str, arguments: Sequence[tuple[str, Node]]) -> Node:
    """A call with arguments that stand behind ``name=`` or behind nothing."""
    return bracket(f"{name}(", arguments, ")")


def node(value: object, shared: Shared | None = None, *, hexadecimal: bool = False) -> Node:
    """The literal of a value made of numbers, texts, tuples, mappings and shapes.

    ``shared`` gives the name of a shape or text that is printed elsewhere, or None. Raises
    TypeError for anything else.
    """
    kind = type(value)
    if value is None or kind is bool:
        return str(value)
    if isinstance(value, int) and kind is int:
        return number(value, hexadecimal=hexadecimal)
    if isinstance(value, str) and kind is str:
        return (shared(value) if shared else None) or literal(value)
    if isinstance(value, tuple | RegisterAt) and kind in SHAPES:
        return (shared(value) if shared else None) or _shape(value, shared)
    if isinstance(value, tuple) and kind is tuple:
        items = [("", node(item, shared, hexadecimal=hexadecimal)) for item in value]
        return bracket("(", items, ")")
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        pairs = [(f"{literal(key)}: ", node(item, shared)) for key, item in value.items()]
        return bracket("{", pairs, "}")
    raise TypeError(f"a {kind.__name__} has no literal")


def _shape(value: Shape, shared: Shared | None) -> Node:
    """The call that makes a shape; arguments with their default values are left out."""
    kind: Any = type(value)
    plain = SHAPES[kind]
    defaults = kind._field_defaults
    arguments: list[tuple[str, Node]] = []
    for place, (name, part) in enumerate(zip(kind._fields, value, strict=True)):
        if name in defaults and _same(part, defaults[name]):
            plain = min(plain, place)
            continue
        made = node(part, shared, hexadecimal=name in _HEXADECIMAL)
        arguments.append(("" if place < plain else f"{name}=", made))
    return call(kind.__name__, arguments)


def _same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def lay(item: Node, before: str, *, indent: int = 0, after: str = "") -> str:
    """``before``, the item and ``after`` as the formatter has them; the first line is not
    indented."""
    flat = item if isinstance(item, str) else item.flat
    if isinstance(item, str) or indent + len(before) + len(flat) + len(after) <= WIDTH:
        return f"{before}{flat}{after}"
    inner = " " * (indent + 4)
    rows = [
        f"{inner}{lay(part, prefix, indent=indent + 4, after=',')}\n" for prefix, part in item.items
    ]
    return f"{before}{item.opening}\n{''.join(rows)}{' ' * indent}{item.closing}{after}"


def assigned(name: str, text: str, *, indent: int = 0) -> str:
    """``name = "text"``, the text in brackets of its own where that makes it fit."""
    value = literal(text)
    inner = " " * (indent + 4)
    if len(value) + len(inner) <= WIDTH < indent + len(name) + len(" = ") + len(value):
        return f"{name} = (\n{inner}{value}\n{' ' * indent})"
    return f"{name} = {value}"
