"""Rules on where registers of arrays and groups come to lie: RM210, RM214 to RM216, RM219, and
on counts that the hardware states, RM270."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from regmap.bits import ones
from regmap.check.overlap import Kind, Overlap
from regmap.check.registry import Finding, rule
from regmap.check.resolve import LostError
from regmap.check.scope import MOST_ELEMENTS, BlockScope, RegisterIn, Scope
from regmap.errors import Place, Severity
from regmap.model.block import Array, FieldArray, Group
from regmap.model.expr import Count, ExprError, NamePattern
from regmap.model.walk import INDEX_NAMES, Element, extent

__all__: list[str] = []


def _told(model: Scope, kind: Kind) -> Iterator[Overlap]:
    for block in model.blocks:
        yield from (overlap for overlap in block.overlaps if overlap.kind == kind)


def _where(element: Element) -> str:
    last = element.end - 1
    span = f"{element.offset:#x}" if last <= element.offset else f"{element.offset:#x}..{last:#x}"
    return f"{element.path} at {span}"


def _both(overlap: Overlap) -> Finding:
    first, second = overlap.first, overlap.second
    # The one that comes later in the file is the one to look at.
    if _line(first) > _line(second):
        first, second = second, first
    text = f"{_where(second)} overlaps {_where(first)}"
    related = ((f"{first.register.name} is declared here", first.register.place),)
    return Finding(second.register.place, text, related)


def _line(element: Element) -> tuple[int, int]:
    place = element.register.place
    return (place.line, place.column) if place else (0, 0)


@rule(
    "RM210",
    "register-overlap",
    Severity.ERROR,
    prose="No two registers share a byte, but for those that are meant to.",
    fix="correct the offset; where both are meant, mark one `alternate: true`",
)
def register_overlap(model: Scope) -> Iterator[Finding]:
    for overlap in _told(model, "registers"):
        yield _both(overlap)


@rule(
    "RM214",
    "stride-too-small",
    Severity.ERROR,
    prose="The elements of an array do not share bytes with one another.",
    fix="a stride is at least the size of an element, in bytes",
)
def stride_too_small(model: Scope) -> Iterator[Finding]:
    for overlap in _told(model, "stride"):
        register = overlap.first.register
        array = register.array
        text = f"{_where(overlap.second)} overlaps {_where(overlap.first)}"
        fix = f"write a stride of at least {register.width // 8}"
        yield Finding(_array_place(array) or register.place, text, fix=fix)


def _array_place(array: Array | FieldArray | None) -> Place | None:
    return array.place if array is not None else None


@rule(
    "RM215",
    "arrays-overlap",
    Severity.ERROR,
    prose="Interleaved arrays do not share bytes.",
    fix="correct an offset, a stride or a count",
)
def arrays_overlap(model: Scope) -> Iterator[Finding]:
    for overlap in _told(model, "arrays"):
        yield _both(overlap)


@rule(
    "RM216",
    "group-too-large",
    Severity.ERROR,
    prose="The content of a group fits in the stride of its array, or interleaves without overlap.",
    fix="a stride is at least the size of the group's content, in bytes",
)
def group_too_large(model: Scope) -> Iterator[Finding]:
    for overlap in _told(model, "group"):
        group = overlap.items[0]
        assert isinstance(group, Group)  # noqa: S101  (what this kind of overlap is)
        strides = (
            " x ".join(f"{stride:#x}" for stride in group.array.strides) if group.array else ""
        )
        text = (
            f"group {group.name} takes {extent(group.items):#x} bytes and repeats every {strides}:"
            f" {_where(overlap.second)} overlaps {_where(overlap.first)}"
        )
        yield Finding(_array_place(group.array) or group.place, text)


@rule(
    "RM219",
    "array-shape",
    Severity.ERROR,
    prose="An array has a stride and an index for each of its dimensions and a name for each of"
    " its elements, and as many elements as can be meant.",
    fix="correct `count`, `stride`, `name` or `labels`",
    always_error=True,
)
def array_shape(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for item, array in block.arrays:
            for why in _wrong_shape(array):
                text = f"array {item.name} {why}"
                yield Finding(array.place or item.place, text, kind="array")
        if block.element_count > MOST_ELEMENTS:
            count = block.element_count
            text = f"{block.block.name} has {count:,} registers, more than {MOST_ELEMENTS:,}"
            yield Finding(block.block.place, text, fix="correct the counts of its arrays")
        for at in block.registers:
            yield from _field_arrays(at)
    for instance in model.chip.instances if model.chip else ():
        if instance.array is not None:
            for why in _wrong_shape(instance.array):
                place = instance.array.place or instance.place
                yield Finding(place, f"array {instance.name} {why}", kind="array")


def _wrong_shape(array: Array) -> Iterator[str]:
    counts = array.counts
    if not counts or min(counts) < 1:
        yield "has no elements"
        return
    if len(counts) > len(INDEX_NAMES):
        yield f"has more than {len(INDEX_NAMES)} dimensions"
    if len(array.strides) != len(counts):
        yield f"has {len(counts)} dimensions and {len(array.strides)} strides"
    if array.labels and len(array.labels) != prod(counts):
        yield f"has {prod(counts)} elements and {len(array.labels)} labels"
    if array.labels and array.names is not None:
        yield "has labels and a name pattern; give one of them"
    yield from _pattern(array.names, len(counts))


def _pattern(names: NamePattern | None, dimensions: int) -> Iterator[str]:
    if names is None:
        return
    try:
        names.at(dict.fromkeys(INDEX_NAMES[:dimensions], 0))
    except ExprError as error:
        yield f"has the name pattern {names.text!r}: {error}"


def _field_arrays(at: RegisterIn) -> Iterator[Finding]:
    array = at.register.array
    counts = array.counts if array else ()
    for field in at.register.fields:
        repeat = field.array
        if repeat is None:
            continue
        name, place = f"field array {at.path}.{field.name}", repeat.place or field.place
        if not repeat.counts or max(repeat.counts) < 1 or min(repeat.counts) < 0:
            yield Finding(place, f"{name} has no elements", kind="field array")
        if len(repeat.counts) not in {1, prod(counts)}:
            text = (
                f"{name} has {len(repeat.counts)} counts, but {at.register.name} has"
                f" {prod(counts)} element{'s' if prod(counts) != 1 else ''}"
            )
            yield Finding(
                place, text, fix="give one count, or one for each element of the register"
            )
        for why in _pattern(repeat.names, len(counts) + 1):
            yield Finding(place, f"{name} {why}")


@rule(
    "RM270",
    "bad-count",
    Severity.ERROR,
    prose="A count that the hardware states is a constant, read-only field, and has a `max` that"
    " is large enough for it.",
    fix='name a read-only field that never changes, such as `count: "CAP.NUM + 1"`, with `max`',
)
def bad_count(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        for item, array in block.arrays:
            if array.live is not None:
                place = array.place or item.place
                if len(array.counts) != 1:
                    text = f"array {item.name} has several dimensions and a count at run time"
                    yield Finding(place, text, fix="a count at run time is for one dimension")
                yield from _count(block, array.live, max(array.counts, default=0), place)


def _count(block: BlockScope, count: Count, most: int, place: Place | None) -> Iterator[Finding]:
    try:
        target = block.names.find(count.field)
    except LostError:
        return  # RM101 tells
    if target.field is None:
        yield Finding(place, f"the count {count.text} names no field")
        return
    field = target.field.field
    where = ((f"{field.name} is declared here", field.place),)
    if field.access.writable or not field.access.readable:
        yield Finding(place, f"the count {count.text} names a field that is {field.access}", where)
    elif field.read_action is not None:
        yield Finding(place, f"the count {count.text} names a field that changes when read", where)
    elif field.volatile:
        yield Finding(place, f"the count {count.text} names a field that changes (volatile)", where)
    largest = ones(sum(part.width for part in field.bits))
    if field.constraint is not None and field.constraint.maximum is not None:
        largest = field.constraint.maximum
    if largest + count.plus > most:
        text = f"{count.text} can state {largest + count.plus} elements, but max is {most}"
        limit = f"constraint: {{max: {most - count.plus}}}"
        fix = f"a count beyond max is refused at run time; state `{limit}` for {field.name}"
        yield Finding(place, text, where, Severity.INFO, fix)
