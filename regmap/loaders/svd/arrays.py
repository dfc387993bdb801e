"""``dim``, ``dimIncrement`` and ``dimIndex`` of any element.

What is mended, with a note: no dimIncrement (elements follow each other without a gap); a dimIndex
too short or with a text twice (numbers from 0); a name without ``%s`` (as ``X[%s]``); ``%s``
without a dim (one element, without the ``%s``). An array of no elements is left out.
"""

from __future__ import annotations

from collections.abc import Callable

from regmap.loaders.report import WRONG_VALUE, shown
from regmap.loaders.svd.names import Dim
from regmap.loaders.svd.scan import Node, Scan
from regmap.loaders.svd.words import indexes_of

__all__ = ["NO_ARRAY", "dim_of"]

NO_ARRAY = Dim(0, 0, ())


def dim_of(node: Node, scan: Scan, most: int, step: Callable[[], int]) -> Dim | None:
    """The array that an element is, NO_ARRAY for none, or None where it is left out; ``step`` is
    the stride where none is given."""
    name = node.name
    text = node.texts.get("dim")
    notes = scan.notes
    if text is not None and text.strip().startswith("-"):
        count: int | None = 0
    else:
        count = scan.number(node, "dim")
    if count is None:
        if "%s" in name and text is None:
            what = f"{node.tag} {shown(name)} has no <dim>; taken for one"
            notes.odd((node.tag, "no dim"), WRONG_VALUE, node.element, what)
        return NO_ARRAY
    if count < 1:
        what = f"array {shown(name)} has no elements; left out"
        notes.odd((node.tag, "empty array"), WRONG_VALUE, node.element, what)
        return None
    if count > most:
        what = f"array {shown(name)} has {count:,} elements, more than {most:,}"
        fix = "describe memory by its size alone"
        if node.tag != "field":
            notes.refuse(WRONG_VALUE, node.element, what, fix)
        notes.odd("too many fields", WRONG_VALUE, node.element, f"{what}; left out", fix)
        return None
    if "%s" not in name:
        what = f"array {shown(name)} has no %s in its name; taken for {shown(name)}[%s]"
        notes.odd((node.tag, "no %s"), WRONG_VALUE, node.element, what)
    stride = scan.number(node, "dimIncrement")
    if stride is None:
        stride = step()
        what = (
            f"array {shown(name)} has no <dimIncrement>; {stride} is used, the size of an element"
        )
        notes.odd((node.tag, "no step"), WRONG_VALUE, node.element, what)
    given = node.texts.get("dimIndex") or ""
    indexes = indexes_of(given, count)
    if len(indexes) < count or (given and len(set(indexes)) < count):
        what = f"<dimIndex> of {shown(name)} has {len(set(indexes))} entries for {count} elements"
        what += "; numbers from 0 are used"
        notes.odd((node.tag, "short index"), WRONG_VALUE, node.element, what)
        indexes = [str(index) for index in range(count)]
    return Dim(count, stride, indexes)
