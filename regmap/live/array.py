"""Arrays of registers and groups: elements by index, made on first touch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from regmap.errors import NoSuchElement
from regmap.layout.shape import ArrayLayout, GroupAt, RegisterAt
from regmap.live.block import Block, Member
from regmap.live.handle import Indexed
from regmap.live.register import Register
from regmap.live.value import as_index

__all__ = ["Array", "ArrayMember"]


class ArrayMember(Member):
    """An array in a block class; ``member`` makes what stands in such a class for an element.

    Elements that the block also has under their own names are those members of the block.
    """

    def __init__(
        self, layout: ArrayLayout, member: Callable[[RegisterAt | GroupAt], Member]
    ) -> None:
        super().__init__()
        self.counts = layout.counts
        self.live = layout.live
        self._layout = layout
        self._member = member

    @property
    def covers(self) -> tuple[str, ...]:
        """The names of all elements."""
        return tuple([element.name for element in self._layout.elements])

    def members(self) -> Iterator[Member]:
        """What stands for each element that has no name of its own in the block."""
        return iter(()) if self._layout.named else map(self._member, self._layout.elements)

    def element(self, block: Block, flat: int) -> Any:
        """Element number ``flat``, in row-major order, of the array in ``block``."""
        at = self._layout.elements[flat]
        if self._layout.named:
            return getattr(block, at.name)
        return self._member(at).make(block, at.name)

    def make(self, block: Block, name: str) -> Array:
        """The array of ``block``."""
        return Array(block, name, self, prefix=(), counts=self.counts)

    def registers(self, block: Block, name: str, *, there: bool) -> Iterator[Register]:
        """Those of all elements."""
        array: Array = getattr(block, name)
        for element in array.present() if there else array.every():
            if isinstance(element, Register):
                yield element
            else:
                yield from element._registers(there=there)

    def __repr__(self) -> str:
        return f"<array of {' x '.join(map(str, self.counts))}>"


class Array(Indexed):
    """A live array. ``array[3]`` is the element; of an array with more dimensions, the rest of
    it (``array[1, 2]`` and ``array[1][2]`` are the same).

    Indexing touches no bus. Where the hardware states how many elements there are, ``count()``,
    ``len()`` and iteration read that field once each time; ``list(array)``, for which Python asks
    for the length as well, once in all. An index is held against the largest possible.
    """

    __slots__ = ("_block", "_counts", "_made", "_member", "_name", "_prefix", "_told")

    def __init__(
        self,
        block: Block,
        name: str,
        member: ArrayMember,
        *,
        prefix: tuple[int, ...],
        counts: tuple[int, ...],
        made: dict[int, Any] | None = None,
    ) -> None:
        self._block = block
        self._name = name
        self._member = member
        self._prefix = prefix
        self._counts = counts
        self._made: dict[int, Any] = {} if made is None else made
        self._told: int | None = None

    @property
    def path(self) -> str:
        """Where it is."""
        indexes = "".join(f"[{index}]" for index in self._prefix)
        return f"{self._block.path}.{self._name}{indexes}"

    @property
    def largest(self) -> int:
        """How many elements there can be, without asking the hardware."""
        return self._counts[0]

    def count(self) -> int:
        """How many elements there are. One bus read where the hardware states it, else none."""
        live = self._member.live
        if live is None:
            return self._counts[0]
        root = self._block
        while root.parent is not None:
            root = root.parent
        register: Register = root[live.register]
        stated = int(register.read().fields[live.field]) + live.plus
        return max(0, min(stated, self._counts[0]))

    def __len__(self) -> int:
        count = self.count()
        if self._member.live is not None:
            # What was read for the length serves the loop that comes next: the field is constant.
            self._told = count
        return count

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int | tuple[int, ...]) -> Any:
        if isinstance(index, tuple):
            found: Any = self
            for part in index:
                found = found[part]
            return found
        index = as_index(index, self.path)
        count = self._counts[0]
        if not 0 <= index < count:
            raise NoSuchElement(self.path, index, count)
        prefix = (*self._prefix, index)
        if len(self._counts) > 1:
            return Array(
                self._block,
                self._name,
                self._member,
                prefix=prefix,
                counts=self._counts[1:],
                made=self._made,
            )
        flat = 0
        for number, size in zip(prefix, self._member.counts, strict=True):
            flat = flat * size + number
        return self._element(flat)

    def _element(self, flat: int) -> Any:
        if flat not in self._made:
            with self._block.context.lock:
                # Another thread may have been faster; then its object counts.
                if flat not in self._made:
                    self._made[flat] = self._member.element(self._block, flat)
        return self._made[flat]

    def __setitem__(self, index: int, value: int) -> None:
        self[index].raw = value

    def __iter__(self) -> Iterator[Any]:
        """The elements that are there; one bus read first where the hardware states how many."""
        told, self._told = self._told, None
        for index in range(self.count() if told is None else told):
            yield self[index]

    def __contains__(self, thing: object) -> bool:
        """Whether it is one of the elements that can be there. No bus access."""
        return any(thing is element for element in self.every())

    def every(self) -> Iterator[Any]:
        """Every element that can be there, in row-major order. No bus access."""
        start = 0
        for number, size in itertools.zip_longest(self._prefix, self._member.counts, fillvalue=0):
            start = start * size + number
        for flat in range(start, start + prod(self._counts)):
            yield self._element(flat)

    def present(self) -> Iterator[Any]:
        """Every element that is there, in row-major order; one bus read first where the hardware
        states how many."""
        return itertools.islice(self.every(), prod(self._counts[1:]) * self.count())

    def __repr__(self) -> str:
        return f"<array {self.path} of {self._counts[0]}>"
