"""Paths on a board: an instance, then what lies in its block."""

from __future__ import annotations

from regmap.check.resolve import LostError, Target
from regmap.check.scope import Scope
from regmap.model.block import Enum
from regmap.model.expr import Path
from regmap.model.walk import InstanceAt

__all__ = ["enum_of", "on_board"]


def on_board(model: Scope, text: str) -> Target:
    """What ``INSTANCE.REGISTER.FIELD`` means. Raises LostError or ExprError."""
    path = Path.parse(text)
    first, *rest = path.steps
    at = _instance(model, first.name, tuple(expr.at({}) for expr in first.indexes))
    if not rest:
        raise LostError(f"{text} is an instance, not a register")
    inner = Path(".".join(step.name for step in rest), tuple(rest))
    return model.block_of(at.instance).names.find(inner)


def _instance(model: Scope, name: str, indexes: tuple[int, ...]) -> InstanceAt:
    found = model.instance_names.get(name)
    if found is not None and not indexes:
        return found
    members = [at for at in model.instances if at.instance.array and at.instance.name == name]
    if len(indexes) == 1 and 0 <= indexes[0] < len(members):
        return members[indexes[0]]
    if members or found is not None:
        shown = "".join(f"[{index}]" for index in indexes)
        raise LostError(f"there is no instance {name}{shown}")
    known = [
        *model.instance_names,
        *(at.name for at in (model.chip.instances if model.chip else ())),
    ]
    raise LostError(f"there is no instance {name}", name=name, known=known)


def enum_of(target: Target) -> Enum | None:
    """The enum of the values that can be written to a target, or that are read there."""
    if target.field is None:
        return None
    return target.field.field.write_enum or target.field.field.enum
