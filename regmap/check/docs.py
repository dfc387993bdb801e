"""Rules on what is said about registers: RM290 and RM291."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.check.registry import Finding, rule
from regmap.check.scope import RegisterIn, Scope
from regmap.errors import Severity

__all__: list[str] = []

_MOST_SHOWN = 4


@rule(
    "RM290",
    "no-description",
    Severity.INFO,
    prose="Blocks, registers and fields have a description, and one that says more than the name.",
    fix="add `description`",
)
def no_description(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        if not block.block.description.strip():
            text = f"block {block.block.name} has no description"
            yield Finding(block.block.place, text, kind="block")
        for at in block.registers:
            register = at.register
            if not register.description.strip():
                text = f"register {at.path} has no description"
                yield Finding(register.place, text, kind="register")
            elif _same(register.description, register.name):
                text = f"the description of {at.path} is its name"
                yield Finding(register.place, text, kind="name")
            yield from _fields(at)


def _fields(at: RegisterIn) -> Iterator[Finding]:
    """One finding for all fields of a register, at the first of them."""
    silent = [f for f in at.register.fields if not f.description.strip()]
    if silent:
        names = ", ".join(field.name for field in silent[:_MOST_SHOWN])
        more = f" and {len(silent) - _MOST_SHOWN} more" if len(silent) > _MOST_SHOWN else ""
        have = "has" if len(silent) == 1 else "have"
        word = "field" if len(silent) == 1 else "fields"
        text = f"{word} {names}{more} of {at.path} {have} no description"
        yield Finding(silent[0].place, text, kind="fields")
    for field in at.register.fields:
        if field.description and _same(field.description, field.name):
            text = f"the description of {at.path}.{field.name} is its name"
            yield Finding(field.place, text, kind="name")


def _same(description: str, name: str) -> bool:
    return _letters(description) == _letters(name)


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


@rule(
    "RM291",
    "no-source",
    Severity.INFO,
    prose="A register says where it is written down: manual and chapter.",
    fix="add `source` to the register, or to its block for all of them",
    pedantic=True,
)
def no_source(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        if not at.register.source.strip():
            yield Finding(at.register.place, f"register {at.path} has no source")
