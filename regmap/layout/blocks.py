"""A block of the description as it is in use: arrays written out, members named, windows placed."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from math import prod

from regmap.errors import Place
from regmap.layout.refuse import refuse
from regmap.layout.registers import INDEX_NAMES, EnumShelf, lay_out_later
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    CountLayout,
    GroupAt,
    LaterRegister,
    MemberLayout,
    RegisterAt,
    RegisterLayout,
    WindowLayout,
)
from regmap.layout.views import lay_out_view
from regmap.model.block import Array, Block, Group, Register, Window
from regmap.model.expr import ExprError, Path
from regmap.model.walk import count_innermost
from regmap.names import RESERVED_IN_VIEWS, Taken, class_name_of, unique_name

__all__ = ["lay_out_block"]

# A description may ask for an array of any size; this many registers in one block is a mistake.
_MOST_ELEMENTS = 1_000_000

_Part = RegisterLayout | LaterRegister | BlockLayout


def lay_out_block(block: Block, class_name: str = "") -> BlockLayout:
    """The layout of a block; ``class_name`` is what its class is called, by default after the
    block. Raises MapError where it means nothing."""
    return _Blocks(block, class_name or class_name_of(block.name)).layout()


class _Blocks:
    """Lays out one block: holds what all its members share."""

    def __init__(self, block: Block, class_name: str) -> None:
        self.block = block
        self.class_name = class_name
        self.classes = Taken([class_name])
        self.enums = EnumShelf(class_name, self.classes)
        self.elements = 0

    def layout(self) -> BlockLayout:
        if count_innermost(self.block.items) > _MOST_ELEMENTS:
            text = f"{self.block.name} has more than {_MOST_ELEMENTS} elements"
            raise refuse(text, self.block.place)
        taken = Taken()
        members = self.members(self.block.items, taken, self.class_name, "")
        windows: list[WindowLayout] = []
        for window in self.block.windows:
            members.extend(self.members(window.items, taken, self.class_name, window.name))
            windows.append(_lay_out_window(window, members))
        views = []
        registers = {path: at for path, _, at in _registers(members)} if self.block.views else {}
        for view in self.block.views:
            name = unique_name(view.name, taken, RESERVED_IN_VIEWS)
            taken.add(name)
            class_name = self.class_of(self.class_name, name)
            views.append(lay_out_view(view, name, class_name, registers, self.enums))
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

    def class_of(self, prefix: str, name: str) -> str:
        """A name for the class of a member, that no other class of the block has."""
        made = unique_name(f"{prefix}_{name}", self.classes)
        self.classes.add(made)
        return made

    def members(
        self, items: Sequence[Register | Group], taken: set[str], prefix: str, window: str
    ) -> list[MemberLayout]:
        """The members for ``items``, arrays under their own and their elements' names."""
        members: list[MemberLayout] = []
        for item in items:
            name = unique_name(item.py_name or item.name, taken)
            taken.add(name)
            if item.array is None:
                part = self.part(item, self.class_of(prefix, name), window)
                members.append(_at(item, name, item.offset, part, window))
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
        if len(array.strides) != len(array.counts) or len(array.counts) >= len(INDEX_NAMES):
            raise refuse(f"{item.name}: its array needs one stride for each count", array.place)
        named = array.names is not None or bool(array.labels)
        elements: list[RegisterAt | GroupAt] = []
        part: _Part | None = None
        alike = isinstance(item, Group) or not (
            item.resets or any(field.array for field in item.fields)
        )
        for number, indexes in enumerate(itertools.product(*map(range, array.counts))):
            if named:
                own = unique_name(_own_name(item, array, number, indexes), taken)
                taken.add(own)
            else:
                own = name + _in_brackets(indexes)
            if part is None or not alike:
                class_name = self.class_of(prefix, name if alike else own)
                part = self.part(item, class_name, window, number, indexes)
            offset = item.offset + sum(map(operator.mul, indexes, array.strides))
            elements.append(_at(item, own, offset, part, window, number=number))
        if named:
            yield from elements
        live = None
        if array.live is not None:
            *register, field = _texts(array.live.field, array.place)
            live = CountLayout(".".join(register), field, array.live.plus)
        yield ArrayLayout(
            name, array.counts, tuple(elements), named, live, window, item.description
        )

    def part(
        self,
        item: Register | Group,
        class_name: str,
        window: str,
        number: int = 0,
        indexes: tuple[int, ...] = (),
    ) -> _Part:
        """What one register or group is, wherever it stands."""
        if isinstance(item, Register):
            return lay_out_later(
                item,
                class_name=class_name,
                element=number,
                indexes=dict(zip(INDEX_NAMES, indexes, strict=False)),
                enums=self.enums,
            )
        members = self.members(item.items, Taken(), class_name, window)
        return BlockLayout(
            name=item.name,
            class_name=class_name,
            members=tuple(members),
            size=max((_end(member) for member in members), default=0),
            description=item.description,
            source=item.source,
        )


def _at(
    item: Register | Group, name: str, offset: int, part: _Part, window: str, *, number: int = 0
) -> RegisterAt | GroupAt:
    """A register or group at its offset; element ``number`` where ``item`` is an array."""
    if isinstance(part, BlockLayout):
        return GroupAt(name, offset, part)
    return RegisterAt(name, offset, part, window, _cell(item, number))


def _own_name(item: Register | Group, array: Array, number: int, indexes: tuple[int, ...]) -> str:
    """The name that a pattern or a label gives to an element, "" where there is none."""
    if array.names is not None:
        try:
            return array.names.at(dict(zip(INDEX_NAMES, indexes, strict=False)))
        except ExprError as error:
            text = f"{item.name}: {array.names.text} names no element {indexes}: {error}"
            raise refuse(text, array.place) from None
    if array.labels and number >= len(array.labels):
        raise refuse(f"{item.name}: there is no label for element {number}", array.place)
    return array.labels[number] if array.labels else ""


def _in_brackets(indexes: tuple[int, ...]) -> str:
    return "".join(f"[{index}]" for index in indexes)


def _texts(path: Path, place: Place | None) -> list[str]:
    """The steps of a path without an index of its own, as they are written out."""
    try:
        return [name + _in_brackets(indexes) for name, indexes in path.at({})]
    except ExprError as error:
        raise refuse(f"{path}: {error}", place) from None


def _cell(item: Register | Group, number: int) -> str:
    """The storage of element ``number``: that of the same element of what it names, if any."""
    if not isinstance(item, Register) or not (item.storage or item.target or item.alias):
        return ""
    indexes = []
    for count in reversed(item.array.counts if item.array else ()):
        indexes.append(f"[{number % count}]")
        number //= count
    element = "".join(reversed(indexes))
    if item.storage:
        return f"+{item.storage}{element}"
    named = item.target or item.alias
    return named if named.endswith("]") else f"{named}{element}"


def _end(member: MemberLayout) -> int:
    """The offset behind the last byte of a member; 0 for what takes no addresses."""
    if isinstance(member, RegisterAt):
        return 0 if member.window else member.offset + member.width // 8
    if isinstance(member, GroupAt):
        return member.offset + member.group.size
    if isinstance(member, ArrayLayout):
        return max(map(_end, member.elements), default=0)
    return 0


def _registers(
    members: Sequence[MemberLayout], prefix: str = "", first: str = ""
) -> Iterator[tuple[str, str, RegisterAt]]:
    """Every register by every path it has inside its block, each with the first of its paths."""
    for member in members:
        if isinstance(member, RegisterAt):
            yield prefix + member.name, first + member.name, member
        elif isinstance(member, GroupAt):
            inner = f"{prefix}{member.name}.", f"{first}{member.name}."
            yield from _registers(member.group.members, *inner)
        elif isinstance(member, ArrayLayout):
            shape = itertools.product(*map(range, member.counts))
            for indexes, element in zip(shape, member.elements, strict=True):
                path, own = prefix + member.name + _in_brackets(indexes), first + element.name
                if isinstance(element, RegisterAt):
                    yield path, own, element
                else:
                    yield from _registers(element.group.members, f"{path}.", f"{own}.")


def _lay_out_window(window: Window, members: Sequence[MemberLayout]) -> WindowLayout:
    """Where index and data are, and how an index is written into its register."""
    registers = {path: (first, at) for path, first, at in _registers(members)}

    def resolved(path: Path) -> tuple[str, str]:
        """A register and perhaps its field, the register by the first of its names."""
        *parents, last = _texts(path, window.place)
        for name, field in ((".".join([*parents, last]), ""), (".".join(parents), last)):
            if name in registers:
                return registers[name][0], field
        raise refuse(f"window {window.name}: there is no register {path}", window.place)

    index, field = resolved(window.index)
    data, of_data = resolved(window.data)
    if of_data:
        raise refuse(f"window {window.name}: {window.data} is no whole register", window.place)
    layout = registers[index][1].register
    lsb, mask, rest = 0, (1 << layout.width) - 1, 0
    if field:
        try:
            found = layout.field(field)
        except KeyError:
            raise refuse(f"{index} has no field {field}", window.place) from None
        lsb, mask = found.lsb, found.mask
        # A select is one write without a read, so every other bit must be known.
        for other in layout.fields:
            if other is not found and other.access != "read-only" and other.acting is None:
                raise refuse(
                    f"window {window.name}: selecting would overwrite {index}.{other.name}",
                    window.place,
                    f"the register of an index holds nothing else; is {other.name} read-only?",
                )
        rest = ((layout.reset or 0) | layout.neutral) & ~mask
    return WindowLayout(window.name, index, lsb, mask, rest, data)
