"""Hypothesis strategies for chips of every kind that a description can state.

``chips()`` gives model objects that the checker would pass: registers of every width and byte
order with every access shorthand, split fields, enums, constraints, arrays of all kinds, groups,
shared storage, windows and views. What is done to them is in ``tests/operations.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from regmap.bits import BitRange, ones
from regmap.model.access import ACCESS_SHORTHANDS, Access, AccessTriple, ReadAction, WriteAction
from regmap.model.block import (
    Array,
    Block,
    Constraint,
    Enum,
    EnumValue,
    Field,
    FieldArray,
    Group,
    Member,
    Register,
    View,
    Window,
)
from regmap.model.chip import Chip, Instance
from regmap.model.expr import NamePattern, Path

__all__ = ["TRIPLES", "WIDTHS", "chips", "numbers", "registers"]

WIDTHS = (8, 16, 32, 64)
TRIPLES = (
    *ACCESS_SHORTHANDS.values(),
    AccessTriple(Access.READ_ONLY, WriteAction.MODIFY, ReadAction.MODIFY),
    AccessTriple(Access.READ_WRITE, WriteAction.MODIFY, ReadAction.MODIFY_EXTERNAL),
)
_LETTERS = "ijkl"
# What stands together in one register: mostly what hardware has, now and then anything at all.
_FLAVOURS = (
    ("rw", "rw", "ro"),
    ("rw1c", "rw1s", "wo1t", "ro"),
    ("rw0c", "rw0s", "wo0t", "ro"),
    ("rw", "rw1c", "ro", "rw0s", "wo1s"),
    ("rw", "rw1c", "rw1t", "rw0c"),
    ("rw", "rc", "ro"),
    ("wo", "wo1s"),
)


def numbers(width: int) -> st.SearchStrategy[int]:
    """Numbers of ``width`` bits, the extreme ones often."""
    top = ones(width)
    return st.one_of(st.sampled_from([0, 1, top, top ^ 1]), st.integers(0, top))


@st.composite
def enums(draw: st.DrawFn, width: int) -> Enum:
    """Some names for numbers of ``width`` bits; now and then one with don't-care bits, and a
    default."""
    found = draw(st.lists(numbers(width), min_size=1, max_size=4, unique=True))
    values = [EnumValue(name=f"V{n}", value=number) for n, number in enumerate(found)]
    if width > 1 and draw(st.booleans()):
        care = ones(width) & ~1
        values.append(EnumValue(name="SOME", value=draw(numbers(width)) & care, care=care))
    if draw(st.booleans()):
        values.append(EnumValue(name="REST", value=None, default=True))
    return Enum(values=tuple(values))


@st.composite
def constraints(draw: st.DrawFn, width: int, named: bool) -> Constraint | None:
    """Mostly none."""
    kind = draw(st.sampled_from(["", "", "", "range", "enum"]))
    if kind == "range":
        low, high = sorted(draw(st.tuples(numbers(width), numbers(width))))
        return Constraint(minimum=low, maximum=high)
    return Constraint(enum_only=True) if kind == "enum" and named else None


@st.composite
def fields(
    draw: st.DrawFn, width: int, triples: Sequence[AccessTriple], index: str
) -> tuple[Field, ...]:
    """Fields that share no bit, in some of the bits: runs, split ones and arrays, whose own index
    is called ``index``."""
    runs: list[BitRange] = []
    at = draw(st.integers(0, width // 2))
    while at < width and len(runs) < 6:
        size = draw(st.integers(1, min(width - at, 12)))
        runs.append(BitRange(at, size))
        at += size + draw(st.sampled_from([0, 0, 1, 3]))
    if width - at > 0 and draw(st.booleans()):
        runs.append(BitRange(at, width - at))
    made: list[Field] = []
    while runs:
        name = f"F{len(made)}"
        parts = [runs.pop(0)]
        if len(runs) > 1 and draw(st.integers(0, 4)) == 0:
            parts.append(runs.pop(1))
            if draw(st.booleans()):
                parts.reverse()
        triple = draw(st.sampled_from(triples))
        size = sum(part.width for part in parts)
        array = None
        if len(parts) == 1 and size > 1 and draw(st.integers(0, 4)) == 0:
            # The run becomes an array of smaller elements.
            element = draw(st.integers(1, size // 2))
            stride = draw(st.integers(element, size // 2))
            parts, array = (
                [BitRange(parts[0].lsb, element)],
                FieldArray(
                    counts=(size // stride,),
                    stride=stride,
                    names=draw(
                        st.sampled_from([None, NamePattern.parse(f"{name}_{{2*{index}+1}}")])
                    ),
                ),
            )
            size = element
        enum = draw(st.one_of(st.none(), enums(size)))
        made.append(
            Field(
                name=name,
                bits=tuple(parts),
                access=triple.access,
                write_action=triple.write_action,
                read_action=triple.read_action,
                reset=draw(st.one_of(st.none(), st.none(), numbers(size))) if not array else None,
                enum=enum,
                constraint=draw(constraints(size, enum is not None)),
                volatile=draw(st.booleans()),
                array=array,
            )
        )
    return tuple(made)


@st.composite
def registers(draw: st.DrawFn, name: str = "R", *, dimensions: int = 0) -> Register:
    """One register at offset 0; ``dimensions`` is how many its array will have."""
    width = draw(st.sampled_from(WIDTHS))
    if draw(st.integers(0, 3)):
        triples = [ACCESS_SHORTHANDS[word] for word in draw(st.sampled_from(_FLAVOURS))]
    else:
        triples = draw(st.lists(st.sampled_from(TRIPLES), min_size=1, max_size=3))
    whole = draw(st.sampled_from(TRIPLES))
    inside: tuple[Field, ...] = ()
    if draw(st.integers(0, 3)):
        inside = draw(fields(width, triples, _LETTERS[dimensions]))
    reset = draw(st.one_of(st.none(), numbers(width)))
    part = draw(st.sampled_from([w for w in WIDTHS if w <= width]))
    orders = ["low-first", "high-first"]
    if not whole.read_action and not any(field.read_action for field in inside):
        orders.append("high-low-high")  # for counters, whose reading changes nothing
    access = replace(whole, read_action=None) if inside else whole
    return Register(
        name=name,
        offset=0,
        width=width,
        access=access.access if not inside else Access.READ_WRITE,
        write_action=access.write_action if not inside else WriteAction.MODIFY,
        read_action=access.read_action,
        reset=reset,
        reset_mask=draw(st.one_of(st.none(), numbers(width))) if reset is not None else None,
        fields=inside,
        access_widths=draw(st.sampled_from([(), (part,), (part, width)])),
        word_order=draw(st.sampled_from(orders)) if part < width else None,
        byte_order=draw(st.sampled_from(["little", "big"])),
        verify=draw(st.sampled_from([False] * 7 + [True])),
        constraint=None if inside else draw(constraints(width, False)),
    )


def _strided(counts: Sequence[int], size: int) -> tuple[int, ...]:
    """Strides that lay elements of ``size`` side by side, the last dimension the nearest."""
    strides = []
    for count in reversed(counts):
        strides.append(size)
        size *= count
    return tuple(reversed(strides))


@st.composite
def arrays(draw: st.DrawFn, name: str, counts: tuple[int, ...], size: int) -> Array:
    """An array of items of ``size``: by index alone, by pattern or by label."""
    kind = draw(st.sampled_from(["plain", "pattern", "labels"]))
    total = 1
    for count in counts:
        total *= count
    pattern = name + "".join(f"_{{{letter}}}" for letter in _LETTERS[: len(counts)])
    return Array(
        counts=counts,
        strides=_strided(counts, size),
        names=NamePattern.parse(pattern) if kind == "pattern" else None,
        labels=tuple(f"{name}_L{n}" for n in range(total)) if kind == "labels" else (),
    )


_COUNTS = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


@st.composite
def _items(draw: st.DrawFn, name: str, depth: int) -> Register | Group:
    kind = draw(st.sampled_from(["one", "one", "array", "group"] if depth else ["one", "array"]))
    if kind == "one":
        return draw(registers(name))
    counts = draw(_COUNTS)
    if kind == "array":
        register = draw(registers(name, dimensions=len(counts)))
        return replace(register, array=draw(arrays(name, counts, register.width // 8)))
    inner = _placed([draw(_items(f"M{n}", depth - 1)) for n in range(draw(st.integers(1, 2)))])
    size = -(-_end(inner) // 8) * 8
    array = draw(st.one_of(st.none(), arrays(name, counts, size)))
    return Group(name=name, offset=0, items=tuple(inner), array=array)


def _size(item: Register | Group) -> int:
    one = item.width // 8 if isinstance(item, Register) else -(-_end(item.items) // 8) * 8
    if item.array is not None:
        for count in item.array.counts:
            one *= count
    return one


def _end(items: Sequence[Register | Group]) -> int:
    return max((item.offset + _size(item) for item in items), default=0)


def _placed(items: Sequence[Register | Group], at: int = 0) -> list[Register | Group]:
    """The items one behind the other, each aligned to 8 bytes."""
    made: list[Register | Group] = []
    for item in items:
        made.append(replace(item, offset=at))
        at = -(-(at + _size(item)) // 8) * 8
    return made


def _storage(width: int) -> list[Register | Group]:
    """A latch, the registers that set and clear its bits, a mirror of it, and two registers over a
    storage that nobody reads."""
    wo1s, wo1c = ACCESS_SHORTHANDS["wo1s"], ACCESS_SHORTHANDS["rw1c"]
    return [
        Register(name="LATCH", offset=0, width=width, reset=0x5A),
        Register(name="LATCH_SET", offset=0, width=width, access=wo1s.access,
                 write_action=wo1s.write_action, target="LATCH"),
        Register(name="LATCH_CLR", offset=0, width=width, access=wo1c.access,
                 write_action=wo1c.write_action, target="LATCH"),
        Register(name="MIRROR", offset=0, width=width, alias="LATCH"),
        Register(name="HIDDEN_SET", offset=0, width=width, access=wo1s.access,
                 write_action=wo1s.write_action, storage="hidden"),
        Register(name="HIDDEN_CLR", offset=0, width=width, access=Access.WRITE_ONLY,
                 write_action=WriteAction.ONE_TO_CLEAR, storage="hidden"),
    ]  # fmt: skip


@st.composite
def _windows(draw: st.DrawFn) -> tuple[list[Register | Group], Window]:
    """An index/data pair, its index in a field or not, and registers behind it."""
    width = draw(st.sampled_from(WIDTHS))
    shift = draw(st.sampled_from([0, 0, 3]))
    order = draw(st.sampled_from(["little", "big"]))
    index = Register(
        name="INDEX",
        offset=0,
        width=draw(st.sampled_from([8, 32])),
        byte_order=order,  # type: ignore[arg-type]
        reset=0x81 if shift else None,
        fields=(Field(name="NUMBER", bits=(BitRange(shift, 4),)),) if shift else (),
    )
    data = Register(name="DATA", offset=0, width=width)
    behind: list[Register] = []
    at = 0
    for number in range(draw(st.integers(1, 3))):
        register = draw(registers(f"W{number}").filter(lambda r: r.width % width == 0))
        parts = register.width // width
        behind.append(
            replace(
                register,
                offset=at,
                access_widths=(width,),
                word_order=draw(st.sampled_from(["low-first", "high-first"])),
            )
        )
        at += parts
        if at > 8:
            break
    path = "INDEX.NUMBER" if shift else "INDEX"
    window = Window(
        name="pair", index=Path.parse(path), data=Path.parse("DATA"), items=tuple(behind)
    )
    return [index, data], window


def _view(items: Sequence[Register | Group]) -> View | None:
    """A view over the elements of the first array of registers with one dimension."""
    for item in items:
        if isinstance(item, Register) and item.array and len(item.array.counts) == 1:
            fields = [field for field in item.fields if field.array is None]
            where = f"{item.name}[i]" + (f".{fields[0].name}" if fields else ".bit[3]")
            path = Path.parse(where)
            value = Member(name="value", path=path)
            level = Member(name="state", read=path, set=path, clear=path)
            call = Member(name="act", call=path)
            whole = Member(name="whole", path=Path.parse(f"{item.name}[i]"))
            return View(
                name="line", count=item.array.counts[0], members=(value, level, call, whole)
            )
    return None


@st.composite
def chips(draw: st.DrawFn) -> Chip:
    """A chip of one block."""
    items: list[Register | Group] = [
        draw(_items(f"R{n}", 2)) for n in range(draw(st.integers(1, 4)))
    ]
    if draw(st.booleans()):
        items += _storage(draw(st.sampled_from(WIDTHS)))
    windows: tuple[Window, ...] = ()
    if draw(st.integers(0, 2)) == 0:
        pair, window = draw(_windows())
        items += pair
        windows = (window,)
    view = _view(items)
    block = Block(
        name="block",
        items=tuple(_placed(items)),
        windows=windows,
        views=(view,) if view else (),
    )
    base = draw(st.sampled_from([0, 0x1000, 0xFEC0_0000, (1 << 64) - (1 << 16)]))
    return Chip(name="chip", instances=(Instance(name="DEV", block=block, base=base),))
