"""Views of a block to plain mappings: members, pad and lines."""

from __future__ import annotations

from collections.abc import Callable

from regmap.model.block import Enum, Line, Member, Pad, SequenceStep, View
from regmap.model.chip import Pin
from regmap.writers.plain import Mapping, named, refuse

__all__ = ["of_line", "of_view"]

_PATHS = ("path", "read", "set", "clear", "call")
_PAD_PATHS = ("level", "latch", "event", "rising", "falling", "high", "low")

_OfEnum = Callable[[Enum | None], str | Mapping | None]


def of_view(view: View, of_enum: _OfEnum) -> Mapping:
    """A view; ``of_enum`` writes how an enum is used."""
    found: Mapping = {"count": view.count}
    if view.description:
        found["description"] = view.description
    found["members"] = named(
        view.members, f"members of view {view.name!a}", lambda member: _of_member(member, of_enum)
    )
    if view.pad is not None:
        found["pad"] = _of_pad(view.pad)
    if view.lines:
        found["lines"] = {index: of_line(line, {}) for index, line in view.lines.items()}
    return found


def _of_member(member: Member, of_enum: _OfEnum) -> str | Mapping:
    found: Mapping = {
        key: path.text for key in _PATHS if (path := getattr(member, key)) is not None
    }
    if member.steps:
        found["steps"] = [_of_step(step, member) for step in member.steps]
    if member.enum is not None:
        found["enum"] = of_enum(member.enum)
    if member.description:
        found["description"] = member.description
    return str(found["path"]) if found.keys() == {"path"} else found


def _of_step(step: SequenceStep, member: Member) -> Mapping:
    if step.write is None:
        return {"wait-us": step.wait_us}
    if step.wait_us:
        text = f"a step of member {member.name!a} both writes and waits"
        raise refuse(text, member.place, "make two steps of it")
    return {"write": step.write.text, "value": "value" if step.value is None else step.value}


def _of_pad(pad: Pad) -> Mapping:
    found: Mapping = {
        key: path.text for key in _PAD_PATHS if (path := getattr(pad, key)) is not None
    }
    member, value = pad.output
    return {**found, "output": {member: value}}


def of_line(line: Line | Pin, more: Mapping) -> list[str] | Mapping:
    """A line of a view, or a pin with ``more``: its names alone where there is nothing else."""
    found: Mapping = {}
    if line.names:
        found["names"] = list(line.names)
    found |= more
    if line.functions:
        found["functions"] = dict(line.functions)
    if line.reset_pull:
        found["reset-pull"] = line.reset_pull
    if line.description:
        found["description"] = line.description
    names: list[str] = found.get("names", [])
    return names if found.keys() == {"names"} else found
