"""Rules on registers that stand for the storage of others: RM243 and RM244."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.check.registry import Finding, rule
from regmap.check.resolve import LostError
from regmap.check.scope import BlockScope, RegisterIn, Scope
from regmap.errors import Severity
from regmap.model.access import WRITE_RULES, WriteAction
from regmap.model.block import Register
from regmap.model.expr import ExprError, Path

__all__ = ["referred"]


def referred(at: RegisterIn, text: str) -> Register | None:
    """The register that a ``target`` or ``alias`` names, None where there is none (RM101)."""
    try:
        target = at.block.names.find(Path.parse(text), within=at.groups, loose=True)
    except (LostError, ExprError):
        return None
    return target.register if target.field is None and target.bit is None else None


def _shape(register: Register) -> tuple[int, tuple[int, ...]]:
    return register.width, register.array.counts if register.array else ()


def _shown(register: Register) -> str:
    width, counts = _shape(register)
    return f"{' x '.join(map(str, counts))} x {width} bits" if counts else f"{width} bits"


@rule(
    "RM243",
    "alias-shape",
    Severity.ERROR,
    prose="A set, clear or toggle register, or an alias, has the width and the array of the"
    " storage that it acts on.",
    fix="correct the width or the array of one of them, or the name",
)
def alias_shape(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        first_of: dict[str, RegisterIn] = {}
        for at in block.registers:
            register = at.register
            if register.target:
                yield from _differs(at, register.target, "target")
                if not _verbs(register):
                    text = f"{at.path} has a target, but no write to it sets, clears or toggles"
                    fix = "give it an access such as `wo1s` or `rw1c`, or use `alias`"
                    yield Finding(register.place, text, fix=fix)
            if register.alias:
                yield from _differs(at, register.alias, "alias")
            if register.storage:
                first = first_of.setdefault(register.storage, at)
                if _shape(first.register) != _shape(register):
                    text = (
                        f"{at.path} ({_shown(register)}) and {first.path}"
                        f" ({_shown(first.register)}) share the storage {register.storage}"
                    )
                    related = ((f"{first.path} is declared here", first.register.place),)
                    yield Finding(register.place, text, related)


def _differs(at: RegisterIn, name: str, what: str) -> Iterator[Finding]:
    other = referred(at, name)
    if other is None or other is at.register:
        return  # RM101 and RM102 tell
    if _shape(other) != _shape(at.register):
        text = f"{at.path} ({_shown(at.register)}) differs from its {what} {name} ({_shown(other)})"
        yield Finding(at.register.place, text, ((f"{other.name} is declared here", other.place),))


def _verbs(register: Register) -> set[str]:
    """What writes to a register do: set, clear, toggle."""
    fields = [field for field in register.fields if field.access.writable]
    actions = {f.write_action for f in fields} if fields else {register.write_action}
    actions.discard(WriteAction.MODIFY)
    return {verb for action in actions if (verb := WRITE_RULES[action].does) is not None}


@rule(
    "RM244",
    "set-without-clear",
    Severity.INFO,
    prose="Storage that has a register to set its bits has one to clear them as well.",
    fix="describe the other register, if the hardware has it",
)
def set_without_clear(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for name, (first, verbs) in _by_storage(block).items():
            if "toggle" in verbs or len(verbs) != 1:
                continue
            verb = min(verbs)
            other = "clear" if verb == "set" else "set"
            text = f"{first.path} can {verb} bits of {name}, and nothing can {other} them"
            yield Finding(first.register.place, text)


def _by_storage(block: BlockScope) -> dict[str, tuple[RegisterIn, set[str]]]:
    """For each storage, visible or hidden, a register that acts on it and what all of them do.

    A register through which it can be written whole does everything.
    """
    found: dict[str, tuple[RegisterIn, set[str]]] = {}
    for at in block.registers:
        register = at.register
        name, verbs = register.storage, _verbs(register)
        if register.target:
            other = referred(at, register.target)
            if other is None:
                continue
            name = other.name
            verbs = verbs | (_verbs(other) or ({"toggle"} if other.access.writable else set()))
        elif name and not verbs and register.access.writable:
            verbs = {"toggle"}
        if name:
            found.setdefault(name, (at, set()))[1].update(verbs)
    return found
