"""What there is in a model that SVD has no words for, as a list for whoever reads the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regmap.model.block import Block, Field, Group, Register
from regmap.model.chip import Board, Chip

__all__ = ["unsaid_of_block", "unsaid_of_chip"]

# Attributes by what they are called in a description.
_OF_BOARD = ("pins", "fixed_pins", "match", "backends")
_OF_INSTANCE = ("bus_base", "locator", "clock", "source", "py_name")
_OF_BLOCK = ("views", "windows", "per_cpu", "source")
_OF_REGISTER = (
    "resets", "access_widths", "word_order", "volatile", "verify", "target", "storage", "alias",
    "unit", "lock", "source", "py_name",
)  # fmt: skip
# Where SVD has words for everything.
_FORM = "names, texts, or an order of them, that the schema of SVD does not allow"
_OF_FIELD = ("reset", "volatile", "unit", "lock", "source", "py_name")


def _there(thing: object, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = getattr(thing, name, None)
        # A reset value of 0 is one, an empty tuple is none.
        if value is not None and value is not False and value not in ("", ()) and value != {}:
            yield name.replace("_", "-")


def unsaid_of_chip(chip: Chip) -> list[str]:
    """Of a chip or board, its blocks aside."""
    stated = dict(chip.extra)
    # What a reader of SVD takes for the source.
    known = " ".join(
        str(text) for text in (stated.get("vendor"), chip.name, stated.get("version")) if text
    )
    found = [] if chip.source in ("", known) else ["source"]
    if isinstance(chip, Board):
        found += _there(chip, _OF_BOARD)
    for instance in chip.instances:
        found += _there(instance, _OF_INSTANCE)
    return list(dict.fromkeys(found)) or [_FORM]


def unsaid_of_block(block: Block) -> list[str]:
    """Of a block."""
    found = dict.fromkeys(_there(block, _OF_BLOCK))
    found |= dict.fromkeys(_of_items(block.items))
    return list(found) or [_FORM]


def _of_items(items: Iterable[Register | Group]) -> Iterator[str]:
    for item in items:
        array = item.array
        if array is not None:
            if array.live is not None:
                yield "counts that the hardware states"
            if len(array.counts) > 1:
                yield "arrays of several dimensions"
        if isinstance(item, Group):
            yield from _there(item, ("source", "py_name"))
            yield from _of_items(item.items)
            continue
        yield from _there(item, _OF_REGISTER)
        for field in item.fields:
            yield from _of_field(field)


def _of_field(field: Field) -> Iterator[str]:
    yield from _there(field, _OF_FIELD)
    if len(field.bits) > 1:
        yield "fields in several parts"
    if field.array is not None and len(field.array.counts) > 1:
        yield "field arrays of different lengths"
