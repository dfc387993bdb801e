"""Rules on views: RM250 to RM252. Names that are not there are RM101."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.bits import ones
from regmap.check.fields import mask_within, ranges_of, shown_bits
from regmap.check.follow import MOST_INDEXES, ViewUse
from regmap.check.registry import Finding, rule
from regmap.check.scope import BlockScope, Scope
from regmap.errors import Severity
from regmap.model.block import Register, View
from regmap.model.walk import Indexes, element_name, elements, fields_of

__all__: list[str] = []

_MOST_TOLD = 4


@rule(
    "RM250",
    "view-miss",
    Severity.ERROR,
    prose="Every index of a view means a register and bits of its own.",
    fix="correct the expression, or the `count` of the view",
)
def view_miss(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for view in block.block.views:
            yield from _shape(view)
        for use in block.view_uses:
            lost = use.lost
            if lost is not None and not lost.name and not lost.expression:
                index = len(use.targets)
                text = f"{use.view.name}[{index}].{use.role}: {use.path} leads nowhere: {lost}"
                yield Finding(use.place, text)
            if not use.step:
                yield from _shared(use)


def _shape(view: View) -> Iterator[Finding]:
    if not 1 <= view.count <= MOST_INDEXES:
        yield Finding(view.place, f"view {view.name} has {view.count:,} indexes")
    for index, line in view.lines.items():
        if not 0 <= index < view.count:
            text = f"line {index} is beyond view {view.name} of {view.count} indexes"
            yield Finding(line.place or view.place, text)


def _shared(use: ViewUse) -> Iterator[Finding]:
    """The first two indexes that mean the same bit."""
    view, path = use.view, use.path
    if use.constant:
        if view.count > 1 and use.lost is None:
            text = f"every index of {view.name}.{use.role} means the same bits: {path}"
            yield Finding(use.place, text, fix="use the index `i` in the path")
        return
    seen: dict[tuple[int, ...], dict[int, int]] = {}
    for index, target in enumerate(use.targets):
        owners = seen.setdefault(target.key, {})
        for part in target.bits:
            for bit in range(part.lsb, min(part.msb, target.register.width) + 1):
                first = owners.setdefault(bit, index)
                if first != index:
                    text = (
                        f"{view.name}[{first}] and {view.name}[{index}] share bit {bit} of"
                        f" {_name(target.register, target.number, target.indexes)}: {path}"
                    )
                    yield Finding(use.place, text)
                    return


def _name(register: Register, number: int, indexes: Indexes) -> str:
    return element_name(register, number, indexes)


@rule(
    "RM251",
    "view-gap",
    Severity.INFO,
    prose="Bits that a view could reach and does not are worth a look: the last register of a"
    " bank is often shorter than the others.",
    fix="nothing to do where the hardware has no such bits; fields take one count an element",
)
def view_gap(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for view in block.block.views:
            yield from _gaps(view, block)


def _gaps(view: View, block: BlockScope) -> Iterator[Finding]:
    uses = [u for u in block.view_uses if u.view is view and not u.step and not u.constant]
    if any(use.lost is not None for use in uses):
        return
    reached: dict[int, dict[int, int]] = {}
    wanted: dict[int, tuple[Register, set[str], bool]] = {}
    for use in uses:
        for target in use.targets:
            register = target.register
            bits = reached.setdefault(id(register), {})
            bits[target.number] = bits.get(target.number, 0) | mask_within(target.bits)
            _, names, _ = wanted.setdefault(id(register), (register, set(), target.where != ()))
            names.add(target.field.field.name if target.field is not None else "")
    for key, (register, names, grouped) in wanted.items():
        if not grouped:
            yield from _unreached(view, register, names, reached[key])


def _unreached(
    view: View, register: Register, names: set[str], reached: dict[int, int]
) -> Iterator[Finding]:
    told: list[str] = []
    more = 0
    for number, indexes, _ in elements(register.array):
        if number >= MOST_INDEXES:
            break
        rest = _reachable(register, number, indexes, names) & ~reached.get(number, 0)
        if rest and len(told) < _MOST_TOLD:
            told.append(f"{_name(register, number, indexes)} {shown_bits(ranges_of(rest))}")
        elif rest:
            more += 1
    if told:
        tail = f" and {more} more" if more else ""
        text = f"view {view.name} does not reach {', '.join(told)}{tail}"
        yield Finding(view.place, text, ((f"{register.name} is declared here", register.place),))


def _reachable(register: Register, number: int, indexes: Indexes, names: set[str]) -> int:
    """The bits of one element that the fields named, or ``bit[n]`` ("" in ``names``), make up."""
    mask = 0
    for at in fields_of(register, number, indexes):
        if at.field.name in names or "" in names:
            mask |= mask_within(at.bits)
    if not register.fields:
        return ones(register.width)
    return mask & ones(register.width)


@rule(
    "RM252",
    "view-expression",
    Severity.ERROR,
    prose="The expressions of a view are numbers, the index `i`, `+ - * // %` and parentheses.",
    fix="the only index of a view is `i`; `//` and `%` need a number that is not 0",
)
def view_expression(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for use in block.view_uses:
            if use.lost is not None and use.lost.expression:
                text = f"{use.view.name}.{use.role}: {use.path}: {use.lost}"
                yield Finding(use.place, text)
