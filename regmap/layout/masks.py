"""Which bits a write may touch and how: ``keep``, ``neutral`` and ``guess``, and every refusal.

The one place where the action table becomes masks. For a write of some fields (``mask``), with
``new = (((old & keep) | neutral) & ~mask) | (value & mask)``:

* a plain readable field, and bits that nobody declared, are kept;
* a write-one or write-zero field gets its neutral bits;
* a field that can be neither kept nor written neutral (write-only, write-once, any-write-clears)
  is in ``guess``: a write that does not name it is refused, with the reason;
* where nothing has to be kept, ``keep`` is 0 and the write needs no read.
"""

from __future__ import annotations

from typing import NamedTuple

from regmap.bits import mask_of, ones
from regmap.model.access import READ_RULES, WRITE_RULES, WriteAction
from regmap.model.block import Field, Register

__all__ = ["WriteMasks", "field_refusals", "register_refusals", "side_effect", "write_masks"]


class WriteMasks(NamedTuple):
    """The masks of one register."""

    keep: int
    neutral: int
    guess: int
    why_guess: str


def write_masks(register: Register, fields: tuple[Field, ...]) -> WriteMasks:
    """The masks by which any field of ``register`` is written."""
    every = ones(register.width)
    if not fields:
        return _whole(register, every)
    keep = neutral = guess = must_keep = declared = acts = 0
    reasons: list[str] = []
    polarity: set[int] = set()
    for field in fields:
        mask = mask_of(field.bits)
        declared |= mask
        rule = WRITE_RULES[field.write_action]
        if not field.access.writable:
            keep |= mask
        elif rule.neutral is not None:
            polarity.add(rule.neutral)
            acts |= mask
            neutral |= mask if rule.neutral else 0
        elif field.access.once:
            guess |= mask
            reasons.append(f"{field.name} can be written only once")
        elif field.write_action is not WriteAction.MODIFY:
            guess |= mask
            reasons.append(f"any write to {field.name} {rule.does}s it")
        elif not field.access.readable:
            guess |= mask
            reasons.append(f"{field.name} is write-only and would be guessed")
        else:
            keep |= mask
            must_keep |= mask
    undeclared = every & ~declared
    readable = _readable(fields)
    writable = [field for field in fields if field.access.writable]
    write_one_only = bool(writable) and all(
        WRITE_RULES[field.write_action].neutral is not None for field in writable
    )
    if write_one_only:
        # Bits that nobody declared are written as their neighbours' neutral value.
        neutral |= undeclared if polarity == {1} else 0
    elif readable:
        keep |= undeclared
        must_keep |= undeclared
    else:
        # Nothing can be kept by reading; the best known value of a reserved bit is its reset.
        neutral |= undeclared & (register.reset or 0)
    # Where fields share bits, a 1 that was read and written back must not act.
    keep &= ~acts
    if not readable or not must_keep:
        keep = 0
    return WriteMasks(keep, neutral & every, guess, "; ".join(reasons))


def _whole(register: Register, every: int) -> WriteMasks:
    """A register without fields: all its bits are of one kind, reached one by one by ``bit``."""
    rule = WRITE_RULES[register.write_action]
    if rule.neutral is not None:
        return WriteMasks(0, every if rule.neutral else 0, 0, "")
    plain = register.write_action is WriteAction.MODIFY
    if register.access.readable and plain and not register.access.once:
        return WriteMasks(every, 0, 0, "")
    if not register.access.writable:
        return WriteMasks(every, 0, 0, "")
    return WriteMasks(0, 0, every, "its other bits cannot be kept")


def _readable(fields: tuple[Field, ...]) -> bool:
    return any(field.access.readable for field in fields)


def side_effect(register: Register, fields: tuple[Field, ...]) -> str:
    """What reading the register changes beside answering, or ""."""
    if register.read_action and not fields:
        return READ_RULES[register.read_action].prose
    changed = [
        f"{field.name}: {READ_RULES[field.read_action].prose}"
        for field in fields
        if field.read_action
    ]
    if register.read_action and not changed:
        return READ_RULES[register.read_action].prose
    return "; ".join(changed)


def register_refusals(register: Register, fields: tuple[Field, ...]) -> tuple[str, str]:
    """Why the whole register cannot be read, and why it cannot be written ("" where it can)."""
    readable = _readable(fields) if fields else register.access.readable
    writable = (
        any(field.access.writable for field in fields) if fields else register.access.writable
    )
    return "" if readable else "it is write-only", "" if writable else "it is read-only"


def field_refusals(field: Field, masks: WriteMasks, effect: str) -> tuple[str, str]:
    """Why an attribute read of a field, and an attribute write, are refused ("" where allowed)."""
    refuse_read = ""
    if not field.access.readable:
        refuse_read = "it is write-only"
    elif effect:
        refuse_read = f"reading has a side effect ({effect}); use .read() on the register"
    refuse_write = ""
    rest = ~mask_of(field.bits)
    if not field.access.writable:
        refuse_write = "it is read-only"
    elif masks.guess & rest:
        refuse_write = f"its neighbours cannot be left alone: {masks.why_guess}"
    elif field.constraint is not None and field.constraint.as_read:
        refuse_write = "it takes only what was read; modify() its neighbours and it is kept"
    elif masks.keep & rest and effect:
        refuse_write = (
            f"its neighbours must be read first, and reading has a side effect ({effect})"
        )
    return refuse_read, refuse_write
