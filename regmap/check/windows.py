"""Rules on windows, registers behind an index/data pair: RM260 and RM261."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from regmap.bits import ones
from regmap.check.overlap import sweep
from regmap.check.registers import smallest_access
from regmap.check.registry import Finding, rule
from regmap.check.resolve import LostError, Target
from regmap.check.scope import BlockScope, Scope
from regmap.errors import Severity
from regmap.model.access import WRITE_RULES
from regmap.model.block import Register, Window
from regmap.model.walk import Element, count_registers, walk

__all__: list[str] = []

_MOST_ELEMENTS = 100_000


class _Pair(NamedTuple):
    """The two registers of a window."""

    select: Target
    data: Register


def _pair(block: BlockScope, window: Window) -> _Pair | None:
    try:
        index = block.names.find(window.index)
        data = block.names.find(window.data)
    except LostError:
        return None  # RM101 tells
    return _Pair(index, data.register)


@rule(
    "RM260",
    "bad-window",
    Severity.ERROR,
    prose="The index of a window is writable and wide enough, its data register is as wide as an"
    " access and allows what the registers behind it allow, and no two of these share an index.",
    fix="correct the index, the stride or the count; a register takes one index for each word",
)
def bad_window(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for window in block.block.windows:
            pair = _pair(block, window)
            if pair is not None:
                yield from _ends(block, window, pair)
                yield from _words(window, pair.data)
                yield from _indexes(window, pair)


def _ends(block: BlockScope, window: Window, pair: _Pair) -> Iterator[Finding]:
    """What index and data must allow."""
    index, data = pair
    behind = {id(at.register) for at in block.registers if at.window is not None}
    for what, register in (("index", index.register), ("data", data)):
        if id(register) in behind:
            text = f"the {what} register {register.name} of window {window.name} is behind a window"
            yield Finding(
                window.place, text, ((f"{register.name} is declared here", register.place),)
            )
    access = index.field.field.access if index.field is not None else index.register.access
    if not access.writable:
        text = f"the index {window.index} of window {window.name} is {access}"
        yield Finding(window.place, text, (("it is declared here", index.register.place),))
    for other in index.register.fields:
        chosen = index.field is not None and other is index.field.field
        neutral = WRITE_RULES[other.write_action].neutral is not None
        if index.field is not None and not chosen and other.access.writable and not neutral:
            text = (
                f"selecting in window {window.name} would overwrite"
                f" {index.register.name}.{other.name}: a select is one write without a read"
            )
            yield Finding(window.place, text, ((f"{other.name} is declared here", other.place),))
    for way, wanted, allowed in (
        ("read", any(r.access.readable for r in window.items), data.access.readable),
        ("written", any(r.access.writable for r in window.items), data.access.writable),
    ):
        if wanted and not allowed:
            text = (
                f"registers of window {window.name} can be {way}, but {data.name} is {data.access}"
            )
            yield Finding(window.place, text, ((f"{data.name} is declared here", data.place),))


def _words(window: Window, data: Register) -> Iterator[Finding]:
    """Each access behind the window is one access of the data register."""
    for register in window.items:
        access = smallest_access(register)
        if access != data.width:
            text = (
                f"{register.name} is accessed {access} bits at a time, but the data register"
                f" {data.name} of window {window.name} has {data.width}"
            )
            fix = f"add `access-widths: [{data.width}]`, or correct `width`"
            related = ((f"{data.name} is declared here", data.place),)
            yield Finding(register.place, text, related, fix=fix)


def _indexes(window: Window, pair: _Pair) -> Iterator[Finding]:
    """The indexes that registers take: inside what the index can hold, each once."""
    if count_registers(window.items) > _MOST_ELEMENTS:
        yield Finding(
            window.place, f"window {window.name} has more than {_MOST_ELEMENTS:,} registers"
        )
        return
    most = ones(sum(part.width for part in pair.select.bits if part.width > 0))
    spans: list[tuple[int, int, Element]] = []
    told: set[int] = set()
    for element in walk(window.items):
        words = max(element.register.width // max(pair.data.width, 1), 1)
        last = element.offset + words - 1
        spans.append((element.offset, last + 1, element))
        if (last > most or element.offset < 0) and id(element.register) not in told:
            told.add(id(element.register))
            text = f"{element.path} has index {last:#x}, but {window.index} holds at most {most:#x}"
            related = (("the index is declared here", pair.select.register.place),)
            yield Finding(element.register.place, text, related)
    shared: set[frozenset[int]] = set()
    for first, second in sweep(sorted(spans, key=lambda span: span[:2])):
        pair_of = frozenset((id(first.register), id(second.register)))
        if pair_of in shared or (first.register.alternate or second.register.alternate):
            continue
        shared.add(pair_of)
        text = (
            f"{second.path} at index {second.offset:#x} collides with"
            f" {first.path} at {first.offset:#x}"
        )
        related = ((f"{first.register.name} is declared here", first.register.place),)
        yield Finding(second.register.place, text, related)


@rule(
    "RM261",
    "unreachable-window",
    Severity.WARNING,
    prose="An instance is large enough for the index and the data register of its windows, or no"
    " register behind them can be reached.",
    fix="correct the `size` of the instance, or instantiate a variant without the window",
)
def unreachable_window(model: Scope) -> Iterator[Finding]:
    for instance in model.chip.instances if model.chip else ():
        if instance.size is None:
            continue
        block = model.block_of(instance)
        for window in block.block.windows:
            pair = _pair(block, window)
            ends = [pair.select.register, pair.data] if pair is not None else []
            keys = {id(register) for register in ends}
            lost = [e for e in block.elements if id(e.register) in keys and e.end > instance.size]
            if lost:
                text = (
                    f"{lost[0].path} at {lost[0].offset:#x} is outside {instance.name} of"
                    f" {instance.size:#x} bytes: no register of window {window.name} can be reached"
                )
                yield Finding(
                    instance.place, text, ((f"{window.name} is declared here", window.place),)
                )
