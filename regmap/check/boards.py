"""Rules on instances, pins and clocks: RM217 and RM280 to RM284."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regmap.bits import ones
from regmap.check.paths import enum_of, on_board
from regmap.check.registers import WIDTHS, smallest_access
from regmap.check.registry import Finding, Rule, add, rule
from regmap.check.resolve import LostError, Target
from regmap.check.scope import Scope
from regmap.errors import Place, Severity
from regmap.model.chip import Board, Instance, Pin
from regmap.model.expr import ExprError
from regmap.model.walk import InstanceAt

__all__ = ["shared_machines"]

_SPACE = 1 << 64


@rule(
    "RM217",
    "instance-overlap",
    Severity.ERROR,
    prose="No two instances share an address, unless one is said to be another way to see it.",
    fix="correct `base` or `size` (in bytes)",
)
def instance_overlap(model: Scope) -> Iterator[Finding]:
    spans = sorted(
        ((at.base, at.base + model.size_of(at.instance), at) for at in model.instances),
        key=lambda span: span[:2],
    )
    told: set[frozenset[int]] = set()
    reach, farthest = -1, None
    for start, end, at in spans:
        if farthest is not None and start < reach:
            pair = frozenset((id(farthest.instance), id(at.instance)))
            if pair not in told and not _alternates(farthest.instance, at.instance):
                told.add(pair)
                first, second = farthest, at
                if _line(first.instance) > _line(second.instance):
                    first, second = second, first
                text = f"{_span(model, second)} overlaps {_span(model, first)}"
                related = ((f"{first.name} is declared here", first.instance.place),)
                yield Finding(second.instance.place, text, related)
        if end > reach:
            reach, farthest = end, at


def _alternates(one: Instance, other: Instance) -> bool:
    """Whether SVD's alternatePeripheral says that one of them shows what the other does."""
    return any(
        ("alternatePeripheral", second.name) in first.extra
        for first, second in ((one, other), (other, one))
    )


def _line(instance: Instance) -> tuple[int, int]:
    return (instance.place.line, instance.place.column) if instance.place else (0, 0)


def _span(model: Scope, at: InstanceAt) -> str:
    last = at.base + max(model.size_of(at.instance), 1) - 1
    return f"{at.name} at {at.base:#x}..{last:#x}"


@rule(
    "RM280",
    "bad-pin",
    Severity.ERROR,
    prose="A pin has a name of its own and an index that its view has.",
    fix="correct the name or the index",
)
def bad_pin(model: Scope) -> Iterator[Finding]:
    if model.board is None:
        return
    names: dict[str, Pin] = {}
    places: dict[tuple[str, str, int], Pin] = {}
    for pin in model.board.pins:
        where = _pin(pin)
        if not pin.names:
            yield Finding(pin.place, f"pin {where} has no name")
        first = places.setdefault((pin.instance, pin.view, pin.index), pin)
        if first is not pin:
            yield Finding(pin.place, f"pin {where} is there twice", (_here(first.place),))
        for name in dict.fromkeys(pin.names):
            first = names.setdefault(name, pin)
            if first is not pin:
                text = f"pin name {name} is used for {where} and for {_pin(first)}"
                yield Finding(pin.place, text, (_here(first.place),))
            elif name in model.board.fixed_pins:
                what = model.board.fixed_pins[name]
                text = f"pin name {name} is used for {where} and is fixed ({what})"
                yield Finding(pin.place, text, fix="remove it here or from `fixed-pins`")
        yield from _beyond(model, pin, where)


def _pin(pin: Pin) -> str:
    return f"{pin.instance}.{pin.view}[{pin.index}]"


def _here(place: Place | None) -> tuple[str, Place | None]:
    return "the first one is here", place


def _beyond(model: Scope, pin: Pin, where: str) -> Iterator[Finding]:
    at = model.instance_names.get(pin.instance)
    views = at.instance.block.views if at is not None else ()
    for view in views:
        if view.name == pin.view and not 0 <= pin.index < view.count:
            text = f"pin {where} is beyond the view of {view.count} indexes"
            yield Finding(pin.place, text, (("the view is declared here", view.place),))


@rule(
    "RM281",
    "no-base",
    Severity.WARNING,
    prose="An instance whose address is found at run time states one for machines that say none.",
    fix="add `base` with the usual address",
)
def no_base(model: Scope) -> Iterator[Finding]:
    for instance in model.chip.instances if model.chip else ():
        if instance.locator is not None and instance.base == 0:
            text = (
                f"instance {instance.name} is found by {instance.locator.kind}"
                f" {instance.locator.key} and has no base to fall back on"
            )
            yield Finding(instance.place, text)


@rule(
    "RM282",
    "bad-base",
    Severity.ERROR,
    prose="A base is an address of 64 bits, aligned for the registers of its block, and leaves"
    " room for all of it.",
    fix="correct `base`; the manual's bus address goes into `bus-base`",
)
def bad_base(model: Scope) -> Iterator[Finding]:
    widest = {
        id(block.block): max(
            (smallest_access(at.register) for at in block.registers if at.register.width in WIDTHS),
            default=8,
        )
        for block in model.blocks
    }
    told: set[int] = set()
    for at in model.instances:
        instance = at.instance
        if id(instance) in told:
            continue
        step = widest[id(instance.block)] // 8
        why = kind = ""
        if not 0 <= at.base < _SPACE or at.base + model.size_of(instance) > _SPACE:
            why = kind = "is outside the 64-bit address space"
        elif at.base % step:
            why = f"is no multiple of {step}, which registers of {instance.block.name} need"
            kind = "misaligned"
        if why:
            told.add(id(instance))
            text = f"the base {at.base:#x} of {at.name} {why}"
            yield Finding(instance.place, text, kind=kind)


@rule(
    "RM284",
    "bad-clock",
    Severity.ERROR,
    prose="What a clock enables can be written, what it waits for can be read, and the values fit.",
    fix="correct the path or the value",
)
def bad_clock(model: Scope) -> Iterator[Finding]:
    for instance in model.chip.instances if model.chip else ():
        clock = instance.clock
        if clock is None:
            continue
        for path, value in clock.enable.items():
            yield from _setting(model, instance, path, value, "enable")
        for path, value in clock.ready.items():
            yield from _setting(model, instance, path, value, "ready")


def _setting(
    model: Scope, instance: Instance, path: str, value: int | str, what: str
) -> Iterator[Finding]:
    try:
        target = on_board(model, path)
    except (LostError, ExprError):
        return  # RM101 tells
    text = f"clock of {instance.name}: {what} {path}"
    access = target.field.field.access if target.field is not None else target.register.access
    if what == "enable" and not access.writable:
        yield Finding(instance.place, f"{text} is {access} and cannot be written")
    if what == "ready" and not access.readable:
        yield Finding(instance.place, f"{text} is {access} and cannot be read")
    width = _width(target)
    if isinstance(value, int) and not 0 <= value <= ones(width):
        yield Finding(instance.place, f"{text}: {value:#x} does not fit in {width} bits")
    if isinstance(value, str) and enum_of(target) is None:
        yield Finding(instance.place, f"{text} has no enum, so {value} means nothing there")


def _width(target: Target) -> int:
    return max(sum(part.width for part in target.bits), 0)


# It takes several boards to find it: ``shared_machines``, not a function over one description.
add(
    Rule(
        id="RM283",
        name="same-machine",
        severity=Severity.ERROR,
        prose="No two boards say that they are the same machine.",
        fix="make `match` tell them apart",
    )
)


def shared_machines(boards: Iterable[Board]) -> Iterator[Finding]:
    """Boards that a machine could be taken for both of."""
    owners: dict[tuple[str, int | str], Board] = {}
    told: set[frozenset[str]] = set()
    for board in boards:
        match = board.match
        if match is None:
            continue
        keys: list[tuple[str, int | str]] = [
            ("cpuinfo-revision", n) for n in match.cpuinfo_revision
        ]
        keys += [("compatible", text) for text in match.compatible]
        keys += [("architecture", text) for text in match.architecture]
        for key in keys:
            first = owners.setdefault(key, board)
            pair = frozenset((first.name, board.name))
            if first is board or len(pair) == 1 or pair in told:
                continue
            told.add(pair)
            shown = hex(key[1]) if isinstance(key[1], int) else key[1]
            text = f"boards {first.name} and {board.name} both match {key[0]} {shown}"
            yield Finding(board.place, text, ((f"{first.name} is described here", first.place),))
