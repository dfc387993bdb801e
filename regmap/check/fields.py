"""Rules on the bits of fields: RM201 to RM205. Field arrays are looked at written out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from regmap.bits import BitRange, mask_of, ones
from regmap.check.registry import Finding, rule
from regmap.check.scope import RegisterIn, Scope
from regmap.errors import Severity
from regmap.model.block import Field
from regmap.model.walk import FieldAt

__all__ = ["mask_within", "ranges_of", "shown_bits"]

# Bits beyond are in no register, and a mask up to there could fill the memory.
_MOST_BITS = 1 << 12


def shown_bits(bits: tuple[BitRange, ...]) -> str:
    """Bits as a manual writes them, the most significant part first: ``[3,1:0]``."""
    return f"[{','.join(str(part) for part in reversed(bits))}]"


def mask_within(bits: tuple[BitRange, ...]) -> int:
    """The bits of a field in register position, without parts that RM202 finds to be none."""
    sane = (part for part in bits if part.width > 0 and part.lsb >= 0 and part.msb < _MOST_BITS)
    return mask_of(tuple(sane))


def ranges_of(mask: int) -> tuple[BitRange, ...]:
    """The runs of ones in a mask, lowest first."""
    found: list[BitRange] = []
    lsb = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        lsb += zeros
        width = (~mask & -~mask).bit_length() - 1
        found.append(BitRange(lsb, width))
        mask >>= width
        lsb += width
    return tuple(found)


@rule(
    "RM201",
    "field-overlap",
    Severity.ERROR,
    prose="No two fields of a register share a bit, but for one that is read and one that is"
    " written there.",
    fix="correct the bits; where both are meant, one is read-only (`ro`) and the other `wo`",
)
def field_overlap(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        told: set[tuple[int, int]] = set()
        for other, this in _collisions(at.fields):
            pair = id(other.field), id(this.field)
            if pair not in told:
                told.add(pair)
                yield _overlap(at, other, this)


def _collisions(fields: list[FieldAt]) -> Iterator[tuple[FieldAt, FieldAt]]:
    """Each field with the first that has its lowest shared bit, reading and writing apart."""
    readers: dict[int, FieldAt] = {}
    writers: dict[int, FieldAt] = {}
    read = written = 0
    for this in fields:
        mask = mask_within(this.bits)
        access = this.field.access
        if access.readable:
            if mask & read:
                yield readers[_lowest(mask & read)], this
            readers |= dict.fromkeys(_bits(mask & ~read), this)
            read |= mask
        if access.writable:
            if mask & written:
                yield writers[_lowest(mask & written)], this
            writers |= dict.fromkeys(_bits(mask & ~written), this)
            written |= mask


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield _lowest(mask)
        mask &= mask - 1


def _overlap(at: RegisterIn, other: FieldAt, this: FieldAt) -> Finding:
    text = (
        f"field {at.path}.{this.name} {shown_bits(this.bits)}"
        f" overlaps {other.name} {shown_bits(other.bits)}"
    )
    if other.field is this.field:
        fix = f"the stride of an array is at least the width of its field, {_width(this.field)}"
        return Finding(this.field.place, text, fix=fix, kind="array")
    return Finding(this.field.place, text, ((f"{other.name} is declared here", other.field.place),))


def _width(field: Field) -> int:
    return sum(part.width for part in field.bits)


@rule(
    "RM202",
    "field-outside",
    Severity.ERROR,
    prose="A field has at least one bit, and all its bits are in its register.",
    fix='write `bits: "msb:lsb"`, with msb less than the width of the register',
)
def field_outside(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        width = at.register.width
        told: set[int] = set()
        for this in at.fields:
            if id(this.field) in told:
                continue
            bits = this.bits
            why = kind = ""
            if not bits or any(part.width < 1 or part.lsb < 0 for part in bits):
                why = kind = "has no bits"
            elif max(part.msb for part in bits) >= width:
                why = f"{shown_bits(bits)} is outside its register of {width} bits"
                kind = "outside"
            if why:
                told.add(id(this.field))
                related = ((f"{at.register.name} is declared here", at.register.place),)
                text = f"field {at.path}.{this.name} {why}"
                yield Finding(this.field.place, text, related, kind=kind)


@rule(
    "RM203",
    "undeclared-bits",
    Severity.INFO,
    prose="Every bit of a register that has fields is in one of them, reserved ones too.",
    fix="declare them, or leave them: bits that nobody declares are kept by every write",
    pedantic=True,
)
def undeclared_bits(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        if not at.fields:
            continue
        declared = 0
        for this in at.fields:
            declared |= mask_within(this.bits)
        rest = ones(at.register.width) & ~declared
        if rest:
            text = f"bits {shown_bits(ranges_of(rest))} of {at.path} are in no field"
            set_bits = rest & (at.register.reset or 0)
            if set_bits:
                text += f"; {shown_bits(ranges_of(set_bits))} of them are 1 after reset"
            yield Finding(at.register.place, text)


@rule(
    "RM204",
    "split-field",
    Severity.ERROR,
    prose="The parts of a split field are apart and listed from the most significant one.",
    fix='list the parts from the most significant one, such as `bits: ["3", "1:0"]`',
)
def split_field(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        for field in at.register.fields:
            if len(field.bits) > 1:
                yield from _parts(at, field)


def _parts(at: RegisterIn, field: Field) -> Iterator[Finding]:
    name = f"field {at.path}.{field.name} {shown_bits(field.bits)}"
    seen = 0
    for part in field.bits:
        mask = mask_within((part,))
        if seen & mask:
            text = f"{name} has {shown_bits(ranges_of(seen & mask))} twice"
            yield Finding(field.place, text, kind="twice")
            return
        seen |= mask
    for low, high in pairwise(field.bits):
        if low.msb + 1 == high.lsb:
            fix = f'write them as one: "{high.msb}:{low.lsb}"'
            yield Finding(field.place, f"{name} has parts that touch", fix=fix, kind="touching")
            return
    if any(low.lsb > high.lsb for low, high in pairwise(field.bits)):
        text = f"the parts of {name} are not in falling order"
        yield Finding(field.place, text, severity=Severity.WARNING)


@rule(
    "RM205",
    "field-access",
    Severity.ERROR,
    prose="A field allows nothing that its register forbids.",
    fix="give the register the access that all its fields have together, such as `rw`",
)
def field_access(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        whole = at.register.access
        for field in at.register.fields:
            can = []
            if field.access.readable and not whole.readable:
                can.append("read")
            if field.access.writable and not whole.writable:
                can.append("written")
            if can:
                text = (
                    f"field {at.path}.{field.name} is {field.access} and can be"
                    f" {' and '.join(can)}, but {at.register.name} is {whole}"
                )
                related = ((f"{at.register.name} is declared here", at.register.place),)
                yield Finding(field.place, text, related, kind=" ".join(can))
