"""The paths of a view followed for each of its indexes, as far as they lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from regmap.check.resolve import LostError, Names, Target
from regmap.errors import Place
from regmap.model.block import View
from regmap.model.expr import Expr, Path

__all__ = ["MOST_INDEXES", "ViewUse", "uses_of"]

# No view has more indexes than this; of one that says so, the first are looked at.
MOST_INDEXES = 65_536
# All paths of a view with all their indexes: a budget against a description made to keep us busy.
_MOST_STEPS = 250_000


class ViewUse(NamedTuple):
    """One path of a view: where each index leads, up to the first that leads nowhere.

    ``role`` is the member with its part (``level.set``); ``step`` marks a path of a procedure,
    which may be the same for every index. ``constant`` is a path without an index: it is
    followed once.
    """

    view: View
    role: str
    path: Path
    place: Place | None
    step: bool
    constant: bool
    targets: list[Target]
    lost: LostError | None


def uses_of(view: View, names: Names) -> Iterator[ViewUse]:
    """Every path of one view."""
    paths = list(_paths(view))
    most = max(_MOST_STEPS // max(len(paths), 1), 1)
    for role, path, place, step in paths:
        constant = not any(_has_index(expr) for each in path.steps for expr in each.indexes)
        count = min(view.count, MOST_INDEXES, 1 if constant else most)
        targets: list[Target] = []
        lost: LostError | None = None
        for index in range(count):
            try:
                targets.append(names.find(path, {"i": index}))
            except LostError as error:
                lost = error
                break
        yield ViewUse(view, role, path, place or view.place, step, constant, targets, lost)


def _has_index(expr: Expr | None) -> bool:
    return expr is not None and (
        expr.op == "name" or _has_index(expr.left) or _has_index(expr.right)
    )


def _paths(view: View) -> Iterator[tuple[str, Path, Place | None, bool]]:
    """(role, path, place, whether it is a step of a procedure)."""
    for member in view.members:
        name, place = member.name, member.place
        parts = (
            ("", member.path),
            (".read", member.read),
            (".set", member.set),
            (".clear", member.clear),
            (".call", member.call),
        )
        for part, path in parts:
            if path is not None:
                yield f"{name}{part}", path, place, False
        for number, step in enumerate(member.steps):
            if step.write is not None:
                yield f"{name}.steps[{number}]", step.write, place, True
    if view.pad is not None:
        pad = view.pad
        for part in ("level", "latch", "event", "rising", "falling", "high", "low"):
            path = getattr(pad, part)
            if path is not None:
                yield f"pad.{part}", path, view.place, False
