"""Rules on what a read or a write does: RM240 to RM242, and on constraints and locks, RM245 and
RM246."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from regmap.bits import ones
from regmap.check.registry import Finding, rule
from regmap.check.resolve import LostError
from regmap.check.scope import RegisterIn, Scope
from regmap.errors import Severity
from regmap.model.access import WRITE_RULES, WriteAction
from regmap.model.block import Constraint, Field, Register
from regmap.model.expr import ExprError, Path
from regmap.model.walk import Element

__all__: list[str] = []


@rule(
    "RM240",
    "action-without-access",
    Severity.ERROR,
    prose="What a write does needs write access; what a read does needs read access.",
    fix="correct `access`, or leave the action out",
)
def action_without_access(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        for name, item in at.parts:
            if item.write_action is not WriteAction.MODIFY and not item.access.writable:
                text = f"{name} has write-action {item.write_action}, but it is {item.access}"
                yield Finding(item.place, text, kind="write")
            if item.read_action is not None and not item.access.readable:
                text = f"{name} has read-action {item.read_action}, but it is {item.access}"
                yield Finding(item.place, text, kind="read")


@rule(
    "RM241",
    "mixed-write",
    Severity.INFO,
    prose="Plain fields beside fields that act on what is written need a careful write: the"
    " neighbours get their neutral value.",
    fix="nothing to do: field writes and `modify` see to it; a whole write must too",
)
def mixed_write(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        acting = [f for f in at.register.fields if f.access.writable and _acts(f)]
        plain = [f for f in at.register.fields if f.access.writable and not _acts(f)]
        if not acting or not plain:
            continue
        told = ", ".join(_neutral(field) for field in acting[:4])
        more = f" and {len(acting) - 4} more" if len(acting) > 4 else ""
        text = f"{at.path} has plain fields beside {told}{more}"
        yield Finding(at.register.place, text)


def _acts(field: Field) -> bool:
    return field.write_action is not WriteAction.MODIFY


def _neutral(field: Field) -> str:
    neutral = WRITE_RULES[field.write_action].neutral
    told = "no neutral value" if neutral is None else f"neutral value {neutral}"
    return f"{field.name} ({field.write_action}: {told})"


@rule(
    "RM242",
    "read-hazard",
    Severity.INFO,
    prose="A register whose read changes the hardware is told where it lies inside a run of plain"
    " ones, since a raw read of the run changes it.",
    fix="nothing to do: `regmap dump` leaves it out; `regmap peek` with a count does not",
)
def read_hazard(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        if not any(_side_effect(at.register) for at in block.registers if at.window is None):
            continue
        ordered = sorted(block.elements, key=lambda element: element.offset)
        told: set[int] = set()
        for (before, this), (_, after) in pairwise(pairwise(ordered)):
            register = this.register
            if id(register) in told or not _side_effect(register):
                continue
            if (
                _plain(before)
                and _plain(after)
                and before.end == this.offset
                and this.end == after.offset
            ):
                told.add(id(register))
                text = (
                    f"reading {this.path} changes the hardware, and it lies between"
                    f" {before.path} and {after.path}"
                )
                related = (
                    (f"{before.register.name} is declared here", before.register.place),
                    (f"{after.register.name} is declared here", after.register.place),
                )
                yield Finding(register.place, text, related)


def _side_effect(register: Register) -> bool:
    return register.read_action is not None or any(f.read_action for f in register.fields)


def _plain(element: Element) -> bool:
    return element.register.access.readable and not _side_effect(element.register)


@rule(
    "RM245",
    "bad-constraint",
    Severity.ERROR,
    prose="A constraint allows at least one value, and none that does not fit.",
    fix="correct `min` and `max`; they are the field's own numbers, both allowed",
)
def bad_constraint(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        register = at.register
        if register.constraint is not None:
            why = _wrong(register.constraint, register.width, has_enum=False)
            if why:
                yield Finding(register.place, f"the constraint of {at.path} {why}")
        for field in register.fields:
            if field.constraint is None:
                continue
            width = sum(part.width for part in field.bits)
            has_enum = field.enum is not None or field.write_enum is not None
            why = _wrong(field.constraint, width, has_enum=has_enum)
            if why:
                yield Finding(field.place, f"the constraint of field {at.path}.{field.name} {why}")


def _wrong(limits: Constraint, width: int, *, has_enum: bool) -> str:
    low, high = limits.minimum, limits.maximum
    if limits.enum_only and not has_enum:
        return "allows the values of an enum, and there is none"
    if low is not None and high is not None and low > high:
        return f"allows nothing: min {low:#x} is larger than max {high:#x}"
    for number in (low, high):
        if number is not None and not 0 <= number <= ones(max(width, 0)):
            return (
                f"names {number:#x}, which does not fit in {width} bit{'s' if width != 1 else ''}"
            )
    return ""


@rule(
    "RM246",
    "bad-lock",
    Severity.ERROR,
    prose="A lock is a field that can be written, other than what it locks.",
    fix='name a field that can be written, such as `lock: "KEY.LOCK"`',
)
def bad_lock(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        for name, item in at.parts:
            if item.lock:
                why = _bad_lock(at, item, item.lock)
                if why:
                    yield Finding(item.place, f"the lock {item.lock} of {name} {why}")


def _bad_lock(at: RegisterIn, item: Register | Field, lock: str) -> str:
    try:
        target = at.block.names.find(Path.parse(lock), within=at.groups, loose=True)
    except (LostError, ExprError):
        return ""  # RM101 tells
    locked = target.field.field if target.field is not None else target.register
    if locked is item or (item is at.register and target.register is item):
        return "is locked by itself"
    if not locked.access.writable:
        return f"is {locked.access} and cannot be opened"
    if target.field is None and target.bit is None:
        return "is a whole register, not a field"
    return ""
