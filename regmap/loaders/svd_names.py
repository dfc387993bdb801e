"""Names of SVD: ``%s`` in the names of arrays, and texts without the file's line breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regmap.model.expr import ExprError, NamePattern

if TYPE_CHECKING:
    from regmap.loaders.svd_tree import Dim

__all__ = ["array_names", "plain", "unique"]


def array_names(
    name: str, dim: Dim | None, index: str = "i"
) -> tuple[str, NamePattern | None, tuple[str, ...]]:
    """The array's own name, and the pattern or else the list of its elements' names.

    ``X[%s]`` is ``X`` with elements ``X[0]``; ``X%s`` is ``X`` with elements ``X0`` or whatever
    ``dimIndex`` makes of it.
    """
    own = name.replace("[%s]", "").replace("%s", "") or "ELEMENT"
    if dim is None or "[%s]" in name or "%s" not in name:
        return own, None, ()
    first = dim.indexes[0]
    numbers = [str(int(first) + number) for number in range(dim.count)] if first.isdecimal() else []
    if list(dim.indexes) == numbers:
        text = name.replace("%s", f"{{{index}+{first}}}" if first != "0" else f"{{{index}}}")
        try:
            return own, NamePattern.parse(text), ()
        except ExprError:
            pass
    return own, None, tuple(name.replace("%s", each) for each in dim.indexes)


def unique(name: str, taken: set[str]) -> str:
    """The name, with an ``x`` for the index where a neighbour has it already; enters it."""
    while name in taken:
        name += "x"
    taken.add(name)
    return name


def plain(text: str | None) -> str:
    """A text on one line."""
    return " ".join(text.split()) if text else ""
