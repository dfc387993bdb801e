"""Rules on enums: RM230 to RM234."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.bits import ones
from regmap.check.registry import Finding, rule
from regmap.check.scope import EnumUse, Scope
from regmap.errors import Place, Severity
from regmap.model.access import WriteAction
from regmap.model.block import Enum, EnumValue

__all__ = ["Named"]

# Up to this many bits, the values without a name are looked for one by one, and shown if few.
_MOST_WIDTH = 8
_MOST_SHOWN = 6
# An enum with more ways to leave bits out than this is only looked at in part.
_MOST_CARES = 256


class Named:
    """Which numbers an enum names, fast for enums with many values."""

    def __init__(self, enum: Enum) -> None:
        self._default = False
        self._by_care: dict[int, set[int]] = {}
        for value in enum.values:
            if value.value is None:
                self._default |= value.default
            else:
                care = -1 if value.care is None else value.care
                self._by_care.setdefault(care, set()).add(value.value & care)

    def __contains__(self, number: int) -> bool:
        return self._default or any(number & c in known for c, known in self._by_care.items())


def _titled(enum: Enum) -> str:
    return f"enum {enum.name}" if enum.name else "the enum"


@rule(
    "RM230",
    "duplicate-enum",
    Severity.ERROR,
    prose="An enum has each name once, and each value once.",
    fix="remove one of them",
)
def duplicate_enum(model: Scope) -> Iterator[Finding]:
    for enum in model.enums:
        names: dict[str, EnumValue] = {}
        values: dict[tuple[int, int | None], EnumValue] = {}
        for value in enum.values:
            first = names.setdefault(value.name, value)
            if first is not value:
                text = f"{_titled(enum)} has the name {value.name} twice"
                yield Finding(value.place, text, (("the first one is here", first.place),))
                continue
            if value.value is None:
                continue
            first = values.setdefault((value.value, value.care), value)
            if first is not value:
                text = f"{first.name} and {value.name} of {_titled(enum)} are both {value.value:#x}"
                related = ((f"{first.name} is declared here", first.place),)
                fix = "keep one name; a value read is shown by the first of them"
                yield Finding(value.place, text, related, Severity.WARNING, fix)


@rule(
    "RM231",
    "enum-too-wide",
    Severity.ERROR,
    prose="Every value of an enum fits in the fields that use it.",
    fix="correct the value or the bits of the field",
)
def enum_too_wide(model: Scope) -> Iterator[Finding]:
    told: set[tuple[int, int]] = set()
    for block in model.blocks:
        for use in block.enum_uses:
            key = id(use.enum), max(use.width, 0)
            if key in told:
                continue
            told.add(key)
            for value in use.enum.values:
                number = value.value
                if number is None or 0 <= number <= ones(key[1]):
                    continue
                text = (
                    f"enum value {value.name} = {number:#x} does not fit in the {use.width}"
                    f" bit{'s' if use.width != 1 else ''} of {_path(use)}"
                )
                related = (("the field is declared here", use.field.place),)
                yield Finding(value.place or use.field.place, text, related)


def _path(use: EnumUse) -> str:
    return f"{use.at.path}.{use.field.name}"


@rule(
    "RM232",
    "enum-ambiguous",
    Severity.WARNING,
    prose="A number has one name: don't-care patterns do not overlap, and there is one default,"
    " which some number needs.",
    fix="narrow one of the patterns, or remove the default",
)
def enum_ambiguous(model: Scope) -> Iterator[Finding]:
    for enum in model.enums:
        yield from _patterns(enum)
        defaults = [value for value in enum.values if value.default or value.value is None]
        for value in defaults[1:]:
            text = f"{_titled(enum)} has two defaults: {defaults[0].name} and {value.name}"
            related = (("the first one is here", defaults[0].place),)
            yield Finding(value.place, text, related, kind="two defaults")
    told: set[tuple[int, int]] = set()
    for block in model.blocks:
        for use in block.enum_uses:
            key = id(use.enum), use.width
            default = next((v for v in use.enum.values if v.default or v.value is None), None)
            if default is None or key in told:
                continue
            told.add(key)
            if _covered(use.enum, use.width) >= 1 << max(use.width, 0):
                text = (
                    f"default {default.name} of {_titled(use.enum)} names nothing:"
                    f" all values of {_path(use)} have names"
                )
                related = (("the field is declared here", use.field.place),)
                yield Finding(default.place, text, related, kind="idle default")


def _patterns(enum: Enum) -> Iterator[Finding]:
    """Values of which one is a pattern that the other fits too.

    Values are grouped by the bits that count; two groups meet where they agree on the bits that
    count for both, so that the work is groups squared and not values squared.
    """
    by_care: dict[int | None, dict[int, EnumValue]] = {}
    for value in enum.values:
        if value.value is not None:
            by_care.setdefault(value.care, {}).setdefault(value.value, value)
    cares = list(by_care)[:_MOST_CARES]
    for index, left in enumerate(cares):
        for right in cares[index + 1 :]:
            common = (-1 if left is None else left) & (-1 if right is None else right)
            seen = {number & common: value for number, value in by_care[left].items()}
            for number, value in by_care[right].items():
                other = seen.get(number & common)
                if other is not None:
                    text = f"{other.name} and {value.name} of {_titled(enum)} fit the same numbers"
                    yield Finding(value.place, text, (("the other one is here", other.place),))


def _covered(enum: Enum, width: int) -> int:
    """How many numbers of a field have names of their own (patterns that overlap count twice)."""
    every = ones(max(width, 0))
    numbers: dict[tuple[int, int], int] = {}
    for value in enum.values:
        if value.value is not None and 0 <= value.value <= every:
            free = every & ~value.care if value.care is not None else 0
            numbers[value.value, free] = 1 << free.bit_count()
    return sum(numbers.values())


@rule(
    "RM233",
    "enum-incomplete",
    Severity.INFO,
    prose="The enum of a field that can be written names every value, or has a default.",
    fix="name the missing values, add a default (`OTHER: default`), or `constraint: enum`",
)
def enum_incomplete(model: Scope) -> Iterator[Finding]:
    told: set[tuple[int, int, bool]] = set()
    for block in model.blocks:
        for use in block.enum_uses:
            enum, width = use.enum, use.width
            key = id(enum), width, use.field.access.writable
            if width < 1 or key in told:
                continue
            told.add(key)
            if not enum.values:
                text = f"the enum of {_path(use)} has no values"
                warning = Severity.WARNING
                yield Finding(_place(use), text, severity=warning, fix="remove it", kind="empty")
                continue
            if any(value.default or value.value is None for value in enum.values):
                continue
            if _looks_too_narrow(enum, width):
                text = f"{_path(use)} has {width} bits, but its enum names only 0 and 1"
                related = (("the field is declared here", use.field.place),)
                fix = "correct the bits of the field, or name its other values"
                yield Finding(_place(use), text, related, Severity.WARNING, fix)
                continue
            limits = use.field.constraint
            plain = use.field.write_action is WriteAction.MODIFY
            if not use.field.access.writable or not plain or (limits and limits.enum_only):
                continue
            if _covered(enum, width) < 1 << width:
                yield Finding(_place(use), _missing(use))


def _missing(use: EnumUse) -> str:
    """Which values have no name, or how many."""
    every = 1 << use.width
    if use.width <= _MOST_WIDTH:
        named = Named(use.enum)
        numbers = [number for number in range(every) if number not in named]
        if len(numbers) == 1:
            return f"value {numbers[0]} of {_path(use)} has no name"
        if len(numbers) <= _MOST_SHOWN:
            return f"values {', '.join(map(str, numbers))} of {_path(use)} have no name"
    missing = every - _covered(use.enum, use.width)
    return f"{missing} of the {every} values of {_path(use)} have no name"


def _place(use: EnumUse) -> Place | None:
    return use.enum.place or use.field.place


def _looks_too_narrow(enum: Enum, width: int) -> bool:
    return (
        width > 1 and {value.value for value in enum.values} == {0, 1} and not _has_patterns(enum)
    )


def _has_patterns(enum: Enum) -> bool:
    return any(value.care is not None for value in enum.values)


@rule(
    "RM234",
    "two-enums",
    Severity.ERROR,
    prose="A field has at most one enum for what is read and one for what is written.",
    fix="give one enum, or make the field one that is read and written",
)
def two_enums(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        for field in at.register.fields:
            if field.enum is None or field.write_enum is None or field.write_enum is field.enum:
                continue
            access = field.access
            if access.readable and access.writable:
                continue
            way = "read" if access.readable else "written"
            text = f"field {at.path}.{field.name} can only be {way}, but has two enums"
            related = (("the enum for writing is here", field.write_enum.place),)
            yield Finding(field.place, text, related)
