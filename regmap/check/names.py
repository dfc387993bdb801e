"""Rules on names: RM010 to RM013. What a name becomes in Python is decided in ``regmap.names``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from regmap.check.registry import Finding, rule
from regmap.check.scope import BlockScope, Scope
from regmap.errors import Place, Severity
from regmap.model.block import Field, Group, Register
from regmap.model.chip import Instance
from regmap.model.walk import Indexes, elements, fields_of, own_name
from regmap.names import LONGEST, is_python_name, is_word_of_python, python_name

__all__: list[str] = []

_MOST_NAMES = 100_000
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class _Name(NamedTuple):
    """A name as it is used in Python, and the item of the description that it comes from.

    ``shared`` marks those that must differ from others in more than their case, ``reserved``
    those that must not hide an attribute of a live object.
    """

    kind: str
    name: str
    place: Place | None
    item: object
    shared: bool = True
    reserved: bool = True


def _names_of(item: Register | Group | Instance, kind: str) -> Iterator[_Name]:
    """An item's own name, and those of its elements where it is an array that names them."""
    yield _Name(kind, item.py_name or item.name, item.place, item)
    if item.array is None:
        return
    for number, indexes, _ in elements(item.array):
        own = own_name(item, number, indexes)
        if not own or number >= _MOST_NAMES:
            return
        yield _Name(kind, own, item.place, item)


def _kind_of(item: Register | Group) -> str:
    return "register" if isinstance(item, Register) else "group"


def _members(block: BlockScope) -> Iterator[tuple[str, Iterator[_Name]]]:
    """Every scope of names in a block: (what it is, its names)."""

    def top() -> Iterator[_Name]:
        for item in block.block.items:
            yield from _names_of(item, _kind_of(item))
        for window in block.block.windows:
            for register in window.items:
                yield from _names_of(register, "register")
        for view in block.block.views:
            yield _Name("view", view.name, view.place, view, shared=False, reserved=False)

    yield block.block.name, top()
    for group in block.groups:
        yield group.name, (name for item in group.items for name in _names_of(item, _kind_of(item)))
    for view in block.block.views:
        named = (_Name("member", m.name, m.place, m, reserved=False) for m in view.members)
        yield f"view {view.name}", named


def _field_names(register: Register) -> Iterator[Iterator[_Name]]:
    """The names of fields, one scope an element: arrays may name them by the element's index."""
    array = register.array
    alike = array is None or all(f.array is None or f.array.names is None for f in register.fields)
    for number, indexes, _ in elements(array):
        yield _names_in(register, number, indexes)
        if alike or number * max(len(register.fields), 1) > _MOST_NAMES:
            return


def _names_in(register: Register, number: int, indexes: Indexes) -> Iterator[_Name]:
    for field in register.fields:
        yield _Name("field", field.py_name or field.name, field.place, field)
    for at in fields_of(register, number, indexes):
        if at.element is not None:
            yield _Name("field", at.name, at.field.place, at.field)


def _scopes(model: Scope) -> Iterator[tuple[str, Iterator[_Name]]]:
    for block in model.blocks:
        yield from _members(block)
        for at in block.registers:
            for names in _field_names(at.register):
                yield at.register.name, names
    if model.chip is not None:
        yield model.chip.name, (n for at in model.chip.instances for n in _names_of(at, "instance"))


def _why_not(name: _Name) -> str:
    """Why a name cannot be used in Python as it is, or ""."""
    text = name.name
    if name.reserved and is_python_name(text):
        return ""
    if not text[:1].isascii() or not text[:1].isalpha():
        return "it does not begin with a letter"
    if _PLAIN.fullmatch(text) is None:
        return "only letters, digits and _ may stand in it"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if is_word_of_python(text):
        return "it is a word of Python"
    return "objects of regmap have an attribute of this name" if name.reserved else ""


@rule(
    "RM010",
    "not-an-identifier",
    Severity.ERROR,
    prose="A name is a Python identifier that neither Python nor a register object needs.",
    fix="keep the manual's name and give the one for Python with `py-name`",
)
def not_an_identifier(model: Scope) -> Iterator[Finding]:
    told: set[int] = set()
    for owner, names in _scopes(model):
        for name in names:
            why = _why_not(name)
            if why and id(name.item) not in told:
                told.add(id(name.item))
                text = f"{name.kind} {name.name!r} of {owner} is no name for Python: {why}"
                fix = f"add `py-name: {python_name(name.name)}`"
                yield Finding(name.place, text, fix=fix, kind=why)
    for block in model.blocks:
        own = block.block.instance_name
        if own and not is_python_name(own):
            text = f"instance name {own!r} is no name for Python"
            fix = f"write `instance: {python_name(own)}`"
            yield Finding(block.block.place, text, fix=fix, kind="instance")
    for enum in model.enums:
        for value in enum.values:
            why = _why_not(_Name("value", value.name, None, value))
            if why and not value.name[:1].isdigit():
                text = f"enum value {value.name!r} is no name for Python: {why}"
                fix = f"rename it, such as {python_name(value.name)}"
                yield Finding(value.place, text, fix=fix, kind=f"value {why}")


def _meetings(names: Iterable[_Name]) -> Iterator[tuple[_Name, _Name]]:
    """Each name that is there already, case aside, with the first one."""
    exact: dict[str, _Name] = {}
    folded: dict[str, _Name] = {}
    for name in names:
        first = exact.setdefault(name.name, name)
        if first is name and name.shared:
            first = folded.setdefault(name.name.casefold(), name)
        if first is not name:
            yield first, name


@rule(
    "RM011",
    "same-name",
    Severity.ERROR,
    prose="Names in one place differ in more than their case, with arrays written out.",
    fix="rename one of them with `py-name`, or change the name pattern of the array",
)
def same_name(model: Scope) -> Iterator[Finding]:
    told: set[tuple[int, int]] = set()
    scopes = [*_scopes(model)]
    for owner, names in scopes:
        for first, second in _meetings(names):
            pair = id(first.item), id(second.item)
            if pair in told:
                continue
            told.add(pair)
            how = "are both called" if first.name == second.name else "differ only in case:"
            both = first.name if first.name == second.name else f"{first.name} and {second.name}"
            kinds = (
                f"two {first.kind}s"
                if first.kind == second.kind
                else f"a {first.kind} and a {second.kind}"
            )
            text = f"{kinds} of {owner} {how} {both}"
            if first.item is second.item:
                text = f"the array makes the {first.kind} name {first.name} of {owner} twice"
                yield Finding(second.place, text, kind="array")
                continue
            related = ((f"the other {first.kind} is here", first.place),)
            yield Finding(second.place, text, related, kind=f"{second.kind} {how}")
    for enum in model.enums:
        values = [_Name("value", value.name, value.place, value) for value in enum.values]
        for first, second in _meetings(values):
            if first.name != second.name:  # the same name twice is RM230
                text = f"two enum values differ only in case: {first.name} and {second.name}"
                related = (("the other one is here", first.place),)
                yield Finding(second.place, text, related, kind="value")


@rule(
    "RM012",
    "repeated-prefix",
    Severity.INFO,
    prose="A name does not repeat the name of what it is in: GPIO.MODER, not GPIO.GPIO_MODER.",
    fix="leave the prefix out unless the manual's name has it",
)
def repeated_prefix(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        owners = {block.block.name, block.block.instance_name.rstrip("0123456789")} - {""}
        for owner in sorted(owners):
            yield from _repeats(owner, block.block.items)
        for group in block.groups:
            yield from _repeats(group.name, group.items)
        for at in block.registers:
            yield from _repeats(at.register.name, at.register.fields)


def _repeats(owner: str, items: Iterable[Register | Group | Field]) -> Iterator[Finding]:
    """One finding for all names of one owner, at the first of them."""
    prefix = f"{owner}_".casefold()
    same = [
        item
        for item in items
        if item.name.casefold().startswith(prefix) and len(item.name) > len(prefix)
    ]
    if same:
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        text = f"{same[0].name}{more} repeat{'' if more else 's'} the name of {owner}"
        yield Finding(same[0].place, text)


@rule(
    "RM013",
    "enum-name",
    Severity.WARNING,
    prose="An enum name begins with a letter.",
    fix="choose a name that begins with a letter",
)
def enum_name(model: Scope) -> Iterator[Finding]:
    for enum in model.enums:
        for value in enum.values:
            if value.name[:1].isdigit():
                text = f"enum value {value.name!r} begins with a digit"
                fix = f"rename it, such as {python_name(value.name)}"
                yield Finding(value.place, text, fix=fix)
