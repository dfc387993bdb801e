"""Rules on reset values: RM206, RM220 and RM221."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.bits import extract, mask_of, ones
from regmap.check.enums import Named
from regmap.check.fields import ranges_of, shown_bits
from regmap.check.registry import Finding, rule
from regmap.check.scope import RegisterIn, Scope
from regmap.errors import Place, Severity
from regmap.model.block import Constraint, Field
from regmap.model.walk import FieldAt

__all__: list[str] = []


def _inside(at: RegisterIn, field: FieldAt) -> bool:
    """Whether the bits can be looked at; RM202 tells about those that cannot."""
    width = at.register.width
    return all(part.lsb >= 0 and part.width > 0 and part.msb < width for part in field.bits)


def _known(at: RegisterIn, field: FieldAt) -> int | None:
    """The reset value of a field that the register's own reset states, None if it does not."""
    register = at.register
    if register.reset is None or register.reset < 0 or not _inside(at, field):
        return None
    mask = mask_of(field.bits)
    known = register.reset_mask
    if known is not None and known & mask != mask:
        return None
    return extract(field.bits, register.reset)


@rule(
    "RM206",
    "two-resets",
    Severity.ERROR,
    prose="Where both a register and its field state a reset value, they agree.",
    fix="state it once: correct one of them, or leave one out",
)
def two_resets(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        told: set[int] = set()
        for this in at.fields:
            stated = this.field.reset
            if stated is None or id(this.field) in told:
                continue
            derived = _known(at, this)
            if (
                derived is not None
                and derived != stated
                and 0 <= stated <= ones(_width(this.field))
            ):
                told.add(id(this.field))
                text = (
                    f"field {at.path}.{this.name} resets to {stated:#x}, but the reset value"
                    f" {at.register.reset:#x} of {at.register.name} says {derived:#x}"
                )
                related = ((f"{at.register.name} is declared here", at.register.place),)
                yield Finding(this.field.place, text, related)


def _width(field: Field) -> int:
    return sum(part.width for part in field.bits)


@rule(
    "RM220",
    "bad-reset",
    Severity.ERROR,
    prose="A reset value fits, lies inside its reset mask, and belongs to something readable.",
    fix="correct the reset value or the reset mask",
)
def bad_reset(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        register = at.register
        every = ones(max(register.width, 0))
        stated = [("reset value", value) for value in (register.reset, *register.resets)]
        for what, value in (*stated, ("reset mask", register.reset_mask)):
            # A mask that covers all bits and more was meant for wider registers beside this one.
            covers = what == "reset mask" and value is not None and value & every == every
            if value is not None and not 0 <= value <= every and not covers:
                text = f"the {what} {value:#x} of {at.path} does not fit in {register.width} bits"
                yield Finding(register.place, text, kind=what)
        if register.reset is not None and register.reset_mask is not None:
            beyond = register.reset & ~register.reset_mask & every
            if beyond:
                text = (
                    f"the reset value {register.reset:#x} of {at.path} has ones"
                    f" {shown_bits(ranges_of(beyond))} outside its mask {register.reset_mask:#x}"
                )
                yield Finding(register.place, text, kind="beyond the mask")
        for field in register.fields:
            yield from _field_reset(at, field)


def _field_reset(at: RegisterIn, field: Field) -> Iterator[Finding]:
    if field.reset is None:
        return
    name = f"{at.path}.{field.name}"
    width = max(_width(field), 0)
    if not 0 <= field.reset <= ones(width):
        text = f"the reset value {field.reset:#x} of field {name} does not fit in {width} bits"
        yield Finding(field.place, text, kind="field")
    if not field.access.readable:
        text = f"field {name} has a reset value, but it is {field.access}"
        fix = "leave the reset value out: nobody can see it"
        yield Finding(field.place, text, fix=fix, kind="not readable")


def _forbids(limits: Constraint | None, number: int) -> str:
    """Why a constraint does not allow a value, "" if it does."""
    if limits is not None and limits.minimum is not None and number < limits.minimum:
        return f"the smallest value allowed is {limits.minimum:#x}"
    if limits is not None and limits.maximum is not None and number > limits.maximum:
        return f"the largest value allowed is {limits.maximum:#x}"
    return ""


@rule(
    "RM221",
    "illegal-reset",
    Severity.WARNING,
    prose="A reset value is one that the enum or the constraint allows.",
    fix="name the reset value in the enum, or correct it",
)
def illegal_reset(model: Scope) -> Iterator[Finding]:
    named: dict[int, Named] = {}
    for at in model.registers:
        register = at.register
        if register.reset is not None and not at.fields:
            why = _forbids(register.constraint, register.reset)
            if why:
                text = f"the reset value {register.reset:#x} of {at.path} is not allowed: {why}"
                yield Finding(register.place, text)
        told: set[int] = set()
        for this in at.fields:
            field = this.field
            if (field.enum is None and field.constraint is None) or id(field) in told:
                continue
            number = field.reset if field.reset is not None else _known(at, this)
            if number is None or not field.access.readable:
                continue
            why = _forbids(field.constraint, number)
            related: tuple[tuple[str, Place | None], ...] = ()
            enum = field.enum
            if enum is not None and enum.values:
                if id(enum) not in named:
                    named[id(enum)] = Named(enum)
                if number not in named[id(enum)]:
                    why = "its enum has no such value"
                    related = (("the enum is here", enum.place),)
            if why:
                told.add(id(field))
                text = f"field {at.path}.{this.name} resets to {number:#x}, but {why}"
                yield Finding(field.place, text, related, kind="enum" if related else "limits")
