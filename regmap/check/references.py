"""Rules on references: RM101 to RM103. What a loader resolves (enums, files, blocks) it reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from regmap.check.aliases import referred
from regmap.check.follow import ViewUse
from regmap.check.paths import enum_of, on_board
from regmap.check.registry import Finding, rule
from regmap.check.resolve import LostError
from regmap.check.scope import BlockScope, RegisterIn, Scope
from regmap.errors import Place, Severity, nearest
from regmap.model.block import Block, Enum, Register, View
from regmap.model.chip import Instance, Pin
from regmap.model.expr import ExprError, Path

__all__: list[str] = []

# Comparing a name with more candidates than this takes longer than anybody waits.
_MOST_CANDIDATES = 2_000
_MOST_SHOWN = 8
# After this many references to nothing, the rest are told without looking for similar names.
_MOST_OFFERS = 100


def _offer(name: str, known: Iterable[str]) -> str:
    names = sorted(set(known))[:_MOST_CANDIDATES]
    close = nearest(name, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return "there is none here"
    more = ", ..." if len(names) > _MOST_SHOWN else ""
    return f"there is {', '.join(names[:_MOST_SHOWN])}{more}"


class _Lost(NamedTuple):
    """A reference to something that is not there; ``known`` is what there was to choose from."""

    place: Place | None
    text: str
    name: str = ""
    known: Iterable[str] = ()


def _lost(place: Place | None, what: str, error: LostError | ExprError) -> _Lost:
    if isinstance(error, LostError):
        return _Lost(place, f"{what}: {error}", error.name, error.known)
    return _Lost(place, f"{what}: {error}")


@rule(
    "RM101",
    "unresolved-reference",
    Severity.ERROR,
    prose="Everything that is named is there.",
    fix="correct the name or the index",
    always_error=True,
)
def unresolved_reference(model: Scope) -> Iterator[Finding]:
    for number, lost in enumerate(_all_lost(model)):
        offer = lost.name and number < _MOST_OFFERS
        yield Finding(lost.place, lost.text, fix=_offer(lost.name, lost.known) if offer else "")


def _all_lost(model: Scope) -> Iterator[_Lost]:
    for block in model.blocks:
        for at in block.registers:
            yield from _register(at)
        for item, array in block.arrays:
            if array.live is not None:
                what = f"the count {array.live.text} of {item.name}"
                yield from _path(block, array.live.field, array.place or item.place, what)
        for window in block.block.windows:
            yield from _path(
                block, window.index, window.place, f"the index of window {window.name}"
            )
            yield from _path(block, window.data, window.place, f"the data of window {window.name}")
        for use in block.view_uses:
            if use.lost is not None and use.lost.name:
                yield _lost(use.place, f"{use.view.name}.{use.role}: {use.path}", use.lost)
        for view in block.block.views:
            yield from _view(view, block)
    for instance in model.chip.instances if model.chip else ():
        yield from _clock(model, instance)
    for pin in model.board.pins if model.board else ():
        yield from _pin(model, pin)


def _path(block: BlockScope, path: Path, place: Place | None, what: str) -> Iterator[_Lost]:
    try:
        block.names.find(path)
    except LostError as error:
        yield _lost(place, what, error)


def _register(at: RegisterIn) -> Iterator[_Lost]:
    register = at.register
    for what, text in (("target", register.target), ("alias", register.alias)):
        if text:
            yield from _reference(at, register.place, text, f"the {what} of {at.path}", whole=True)
    for name, item in at.parts:
        if item.lock:
            yield from _reference(at, item.place, item.lock, f"the lock of {name}", whole=False)


def _reference(
    at: RegisterIn, place: Place | None, text: str, what: str, *, whole: bool
) -> Iterator[_Lost]:
    try:
        target = at.block.names.find(Path.parse(text), within=at.groups, loose=True)
    except (LostError, ExprError) as error:
        yield _lost(place, what, error)
        return
    if whole and (target.field is not None or target.bit is not None):
        yield _Lost(place, f"{what}: {text} is no register")


def _view(view: View, block: BlockScope) -> Iterator[_Lost]:
    """The member and the value that say when a pad drives; the functions of lines."""
    enums = _enums_of_members(view, block)
    if view.pad is not None:
        name, value = view.pad.output
        members = [member.name for member in view.members]
        what = f"pad of view {view.name}: output {name}: {value}"
        if name not in members:
            yield _Lost(view.place, f"{what}: there is no member {name}", name, members)
        elif name in enums:
            known = [each.name for each in enums[name].values]
            if value not in known:
                text = f"{what}: {name} has no value {value}"
                yield _Lost(view.place, text, value, known)
    for index, line in view.lines.items():
        what = f"line {index} of view {view.name}"
        yield from _functions(line.functions, enums, line.place or view.place, what)


def _enums_of_members(view: View, block: BlockScope) -> dict[str, Enum]:
    """The enum of each member that has one, its own or that of the field it means."""
    found = {member.name: member.enum for member in view.members if member.enum is not None}
    uses: Iterable[ViewUse] = (use for use in block.view_uses if use.view is view and use.targets)
    for use in uses:
        enum = enum_of(use.targets[0])
        if enum is not None and not use.step:
            found.setdefault(use.role, enum)
    return found


def _functions(
    functions: Mapping[str, str], enums: Mapping[str, Enum], place: Place | None, what: str
) -> Iterator[_Lost]:
    """Functions are named as the member ``function`` names its values."""
    if "function" not in enums:
        return
    known = [value.name for value in enums["function"].values]
    for name in functions:
        if name not in known:
            yield _Lost(place, f"{what}: there is no function {name}", name, known)


def _clock(model: Scope, instance: Instance) -> Iterator[_Lost]:
    clock = instance.clock
    for path, value in {**clock.enable, **clock.ready}.items() if clock is not None else ():
        what = f"the clock of {instance.name}: {path}"
        try:
            target = on_board(model, path)
        except (LostError, ExprError) as error:
            yield _lost(instance.place, what, error)
            continue
        enum = enum_of(target)
        if isinstance(value, str) and enum is not None:
            known = [each.name for each in enum.values]
            if value not in known:
                text = f"{what} has no value {value}"
                yield _Lost(instance.place, text, value, known)


def _pin(model: Scope, pin: Pin) -> Iterator[_Lost]:
    what = f"pin {', '.join(pin.names[:1]) or pin.index}"
    at = model.instance_names.get(pin.instance)
    if at is None:
        text = f"{what}: there is no instance {pin.instance}"
        yield _Lost(pin.place, text, pin.instance, model.instance_names)
        return
    views = {view.name: view for view in at.instance.block.views}
    if pin.view not in views:
        text = f"{what}: {at.instance.block.name} has no view {pin.view}"
        yield _Lost(pin.place, text, pin.view, views)
        return
    if pin.pad:
        try:
            on_board(model, pin.pad)
        except (LostError, ExprError) as error:
            yield _lost(pin.place, f"{what}: its pad {pin.pad}", error)
        return
    enums = _enums_of_members(views[pin.view], model.block_of(at.instance))
    yield from _functions(pin.functions, enums, pin.place, what)


@rule(
    "RM102",
    "reference-cycle",
    Severity.ERROR,
    prose="A register is neither its own target or alias, nor that of its target.",
    fix="let `target` and `alias` name the register that has the storage",
    always_error=True,
)
def reference_cycle(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        by_id = {id(at.register): at for at in block.registers}
        for what in ("target", "alias"):
            done: set[int] = set()
            for at in block.registers:
                cycle = _cycle(at, what, by_id, done)
                if cycle:
                    way = " -> ".join(each.path for each in (*cycle, cycle[0]))
                    related = [
                        (f"{each.path} is declared here", each.register.place) for each in cycle[1:]
                    ]
                    yield Finding(
                        cycle[0].register.place, f"{what} leads in a circle: {way}", tuple(related)
                    )


def _cycle(
    start: RegisterIn, what: str, by_id: Mapping[int, RegisterIn], done: set[int]
) -> list[RegisterIn]:
    """The registers of a circle that begins at or behind ``start``; each is looked at once."""
    way: list[RegisterIn] = []
    following: RegisterIn | None = start
    follow = partial(_next, what=what, by_id=by_id)
    while following is not None and id(following.register) not in done:
        done.add(id(following.register))
        way.append(following)
        following = follow(following)
    if following is None or following not in way:
        return []
    return way[way.index(following) :]


def _next(at: RegisterIn, *, what: str, by_id: Mapping[int, RegisterIn]) -> RegisterIn | None:
    text = at.register.target if what == "target" else at.register.alias
    other: Register | None = referred(at, text) if text else None
    return by_id.get(id(other)) if other is not None else None


@rule(
    "RM103",
    "unused",
    Severity.WARNING,
    prose="An enum is used by a field or a member of a view, and a group holds registers.",
    fix="use it or remove it",
)
def unused(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        used = {id(use.enum) for use in block.enum_uses}
        names = {use.enum.name for use in block.enum_uses if use.enum.name}
        for view in block.block.views:
            used |= {id(member.enum) for member in view.members}
            names |= {member.enum.name for member in view.members if member.enum}
        for enum in block.block.enums:
            if id(enum) not in used and enum.name not in names and _own(block.block, enum.place):
                yield Finding(enum.place, f"enum {enum.name} is used by no field", kind="enum")
        for group in block.groups:
            if not group.items:
                yield Finding(group.place, f"group {group.name} has no registers", kind="group")


def _own(block: Block, place: Place | None) -> bool:
    """Whether something is written in the block's own file; a variant may leave the rest unused."""
    return place is None or block.place is None or place.file == block.place.file
