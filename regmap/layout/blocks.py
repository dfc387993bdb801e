"""A block of the description as it is in use: arrays written out, members named, windows placed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from math import prod

from regmap.errors import MapError, Place, Problem, Severity
from regmap.layout.registers import INDEX_NAMES, EnumShelf, lay_out_register
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    CountLayout,
    GroupAt,
    MemberLayout,
    RegisterAt,
    RegisterLayout,
    WindowLayout,
)
from regmap.layout.views import lay_out_view
from regmap.model.chip import Array, Block, Group, Register, Window
from regmap.names import unique_name

__all__ = ["class_name_of", "lay_out_block", "refuse"]

# A description may ask for an array of any size; this many registers in one block is a mistake.
_MOST_ELEMENTS = 1_000_000


def refuse(text: str, place: Place | None, fix: str = "") -> MapError:
    """The error for a description that cannot be laid out."""
    return MapError(
        [
            Problem(
                rule="RM000",
                name="cannot-lay-out",
                severity=Severity.ERROR,
                text=text,
                place=place,
                fix=fix,
            )
        ]
    )


def class_name_of(name: str) -> str:
    """``bcm2835_gpio`` as a class name: ``Bcm2835Gpio``."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return unique_name(joined or "Block", ())


def lay_out_block(block: Block) -> BlockLayout:
    """The layout of a block. Raises MapError where it means nothing."""
    return _Blocks(block).layout()


class _Blocks:
    """Lays out one block: holds what all its members share."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.class_name = class_name_of(block.name)
        self.enums = EnumShelf(self.class_name)
        self.elements = 0

    def layout(self) -> BlockLayout:
        taken: set[str] = set()
        members = self.members(self.block.items, taken, self.class_name, "")
        windows: list[WindowLayout] = []
        for window in self.block.windows:
            members.extend(self.members(window.items, taken, self.class_name, window.name))
            windows.append(_lay_out_window(window, members))
        registers = dict(_registers(members, ""))
        views = []
        for view in self.block.views:
            name = unique_name(view.name, taken) if view.name in taken else view.name
            taken.add(name)
            views.append(lay_out_view(view, name, self.class_name, registers, self.enums))
        size = self.block.size or max((_end(member) for member in members), default=0)
        return BlockLayout(
            name=self.block.name,
            class_name=self.class_name,
            members=(*members, *views),
            windows=tuple(windows),
            size=size,
            per_cpu=self.block.per_cpu,
            description=self.block.description,
            source=self.block.source,
        )

    def members(
        self, items: Sequence[Register | Group], taken: set[str], prefix: str, window: str
    ) -> list[MemberLayout]:
        """The members for ``items``, arrays under their own and their elements' names."""
        members: list[MemberLayout] = []
        for item in items:
            name = unique_name(item.name, taken) if not item.py_name else item.py_name
            taken.add(name)
            if item.array is None:
                members.append(
                    self.element(
                        item,
                        name=name,
                        offset=item.offset,
                        class_name=f"{prefix}_{name}",
                        window=window,
                    )
                )
            else:
                members.extend(
                    self.array(
                        item, item.array, name=name, taken=taken, prefix=prefix, window=window
                    )
                )
        return members

    def array(
        self,
        item: Register | Group,
        array: Array,
        *,
        name: str,
        taken: set[str],
        prefix: str,
        window: str,
    ) -> Iterator[MemberLayout]:
        """The elements under their own names, where they have such, then the array."""
        self.elements += prod(array.counts)
        if self.elements > _MOST_ELEMENTS:
            raise refuse(f"{item.name} has more than {_MOST_ELEMENTS} elements", array.place)
        named = array.names is not None or bool(array.labels)
        elements: list[RegisterAt | GroupAt] = []
        shared: RegisterLayout | BlockLayout | None = None
        alike = isinstance(item, Group) or not (
            item.resets or any(field.array for field in item.fields)
        )
        for number, indexes in enumerate(itertools.product(*map(range, array.counts))):
            if array.names is not None:
                own = array.names.at(dict(zip(INDEX_NAMES, indexes, strict=False)))
            elif array.labels:
                own = array.labels[number]
            else:
                own = name + "".join(f"[{index}]" for index in indexes)
            if named:
                own = unique_name(own, taken)
                taken.add(own)
            offset = item.offset + sum(
                index * stride for index, stride in zip(indexes, array.strides, strict=True)
            )
            if shared is None or not alike:
                part = f"{prefix}_{name if alike else own}"
                first = self.element(
                    item,
                    name=own,
                    offset=offset,
                    class_name=part,
                    window=window,
                    number=number,
                    indexes=indexes,
                )
                shared = first.register if isinstance(first, RegisterAt) else first.group
                elements.append(first)
            elif isinstance(shared, RegisterLayout):
                cell = _cell(item, number, array.counts)
                elements.append(RegisterAt(own, offset, shared, window, cell))
            else:
                elements.append(GroupAt(own, offset, shared))
        if named:
            yield from elements
        live = None
        if array.live is not None:
            steps = array.live.field.steps
            live = CountLayout(
                ".".join(step.name for step in steps[:-1]), steps[-1].name, array.live.plus
            )
        yield ArrayLayout(
            name, array.counts, tuple(elements), named, live, window, item.description
        )

    def element(
        self,
        item: Register | Group,
        *,
        name: str,
        offset: int,
        class_name: str,
        window: str,
        number: int = 0,
        indexes: tuple[int, ...] = (),
    ) -> RegisterAt | GroupAt:
        """One register or group at its offset."""
        if isinstance(item, Register):
            layout = lay_out_register(
                item,
                class_name=class_name,
                element=number,
                indexes=dict(zip(INDEX_NAMES, indexes, strict=False)),
                enums=self.enums,
            )
            counts = item.array.counts if item.array else ()
            return RegisterAt(name, offset, layout, window, _cell(item, number, counts))
        members = self.members(item.items, set(), class_name, window)
        group = BlockLayout(
            name=item.name,
            class_name=class_name,
            members=tuple(members),
            size=max((_end(member) for member in members), default=0),
            description=item.description,
            source=item.source,
        )
        return GroupAt(name, offset, group)


def _cell(item: Register | Group, number: int, counts: tuple[int, ...]) -> str:
    """The storage of element ``number``: that of the same element of what it names, if any."""
    if not isinstance(item, Register):
        return ""
    indexes = []
    for count in reversed(counts):
        indexes.append(f"[{number % count}]")
        number //= count
    element = "".join(reversed(indexes))
    if item.storage:
        return f"+{item.storage}{element}"
    named = item.target or item.alias
    return named if not named or named.endswith("]") else f"{named}{element}"


def _end(member: MemberLayout) -> int:
    """The offset behind the last byte of a member; 0 for what takes no addresses."""
    if isinstance(member, RegisterAt):
        return 0 if member.window else member.offset + member.register.width // 8
    if isinstance(member, GroupAt):
        return member.offset + member.group.size
    if isinstance(member, ArrayLayout):
        return max(map(_end, member.elements), default=0)
    return 0


def _registers(members: Sequence[MemberLayout], prefix: str) -> Iterator[tuple[str, RegisterAt]]:
    """Every register by every path it has inside its block."""
    for member in members:
        if isinstance(member, RegisterAt):
            yield prefix + member.name, member
        elif isinstance(member, GroupAt):
            yield from _registers(member.group.members, f"{prefix}{member.name}.")
        elif isinstance(member, ArrayLayout):
            shape = itertools.product(*map(range, member.counts))
            for indexes, element in zip(shape, member.elements, strict=True):
                path = prefix + member.name + "".join(f"[{index}]" for index in indexes)
                if isinstance(element, RegisterAt):
                    yield path, element
                else:
                    yield from _registers(element.group.members, f"{path}.")


def _lay_out_window(window: Window, members: Sequence[MemberLayout]) -> WindowLayout:
    """Where index and data are, and how an index is written into its register."""
    registers = dict(_registers(members, ""))
    index, *field = [step.name for step in window.index.steps]
    data = ".".join(step.name for step in window.data.steps)
    for path in (index, data):
        if path not in registers:
            raise refuse(f"window {window.name} needs a register {path}", window.place)
    layout = registers[index].register
    lsb, mask, rest = 0, (1 << layout.width) - 1, 0
    if field:
        try:
            found = layout.field(field[0])
        except KeyError:
            raise refuse(f"{index} has no field {field[0]}", window.place) from None
        lsb, mask = found.lsb, found.mask
        rest = (layout.reset or 0) & ~mask
    return WindowLayout(window.name, index, lsb, mask, rest, data)
