"""Where simulated bits live: every address of an instance, and the storage behind it.

A cell is one storage. A register has its own, or acts on another's (a set register on the latch, an
alias on its original); registers behind a window are reached by index instead of address.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from regmap.bits import ones
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    GroupAt,
    MemberLayout,
    RegisterAt,
    RegisterLayout,
)

__all__ = ["Cell", "Place", "Places"]


@dataclass(slots=True)
class Cell:
    """One storage: what it holds now, and what it holds after reset."""

    name: str
    width: int
    value: int = 0
    reset: int = 0
    written_once: int = 0

    def restart(self) -> None:
        """Back to the reset value."""
        self.value = self.reset
        self.written_once = 0


@dataclass(slots=True, eq=False)
class Place:
    """One register at one place: its path, its layout and the cell it acts on."""

    path: str
    offset: int
    layout: RegisterLayout
    cell: Cell
    window: str = ""
    owns: bool = True


@dataclass(slots=True)
class _Window:
    """An index/data pair: where the two registers are and what each index reaches."""

    index: Place
    data: Place
    lsb: int
    mask: int
    by_index: dict[int, tuple[Place, int]] = field(default_factory=dict)


class Places:
    """All registers of one instance by offset, and by index behind its windows."""

    def __init__(self, name: str, block: BlockLayout) -> None:
        self.name = name
        self.cells: dict[str, Cell] = {}
        self.by_path: dict[str, Place] = {}
        self.at: dict[int, list[Place]] = {}
        self.windows: dict[str, _Window] = {}
        found = list(_registers(block.members, [""], 0))
        # Owners first: a register that borrows a cell may stand before the one that owns it.
        for paths, offset, register, _ in found:
            if not register.cell:
                self._add(paths, offset, register, paths[0])
        for paths, offset, register, prefix in found:
            if register.cell.startswith("+"):
                self._add(paths, offset, register, prefix + register.cell)
            elif register.cell:
                owner = self._nearest(register.cell, prefix)
                self._add(paths, offset, register, owner.cell.name if owner else paths[0])
        for window in block.windows:
            index, data = self.by_path[window.index_register], self.by_path[window.data_register]
            pair = _Window(index, data, window.index_lsb, window.index_mask)
            step = data.layout.width
            for place in self.by_path.values():
                if place.window == window.name:
                    for word in range(max(1, place.layout.width // step)):
                        pair.by_index[place.offset + word] = place, word * step
            self.windows[window.name] = pair

    def _nearest(self, name: str, prefix: str) -> Place | None:
        """The register of this name in a group, or else in the groups around it."""
        while prefix and prefix + name not in self.by_path:
            prefix = prefix[: prefix[:-1].rfind(".") + 1]
        return self.by_path.get(prefix + name)

    def _add(self, paths: list[str], offset: int, at: RegisterAt, key: str) -> None:
        layout = at.register
        cell = self.cells.get(key)
        owns = cell is None
        if cell is None:
            cell = self.cells[key] = Cell(key, layout.width)
            cell.reset = cell.value = (layout.reset or 0) & ones(layout.width)
        place = Place(f"{self.name}.{paths[0]}", offset, layout, cell, at.window, owns)
        for path in paths:
            self.by_path.setdefault(path, place)
        if not at.window:
            self.at.setdefault(offset, []).append(place)

    def window_of(self, place: Place) -> _Window | None:
        """The window whose data register this is."""
        for window in self.windows.values():
            if window.data is place:
                return window
        return None

    def inside(self, offset: int, width: int) -> tuple[Place, int] | None:
        """The register that takes ``width`` bits at ``offset`` as a part of it, and the bit that
        they begin at."""
        size = width // 8
        for parts in (2, 4, 8):
            for number in range(parts):
                for place in self.at.get(offset - number * size, ()):
                    layout = place.layout
                    if layout.width == parts * width and width in layout.access_widths:
                        return place, number * width
        return None


def _registers(
    members: tuple[MemberLayout, ...], prefixes: list[str], offset: int
) -> Iterator[tuple[list[str], int, RegisterAt, str]]:
    """Every register: its paths in the block, offset, layout, and its group's path."""
    # The elements of a named array are members as well; they have their index as a second name.
    numbered = {
        element.name: member.name + "".join(f"[{index}]" for index in indexes)
        for member in members
        if isinstance(member, ArrayLayout) and member.named
        for indexes, element in zip(
            itertools.product(*map(range, member.counts)), member.elements, strict=True
        )
    }
    for member in members:
        elements: tuple[RegisterAt | GroupAt, ...] = ()
        if isinstance(member, RegisterAt | GroupAt):
            elements = (member,)
        elif isinstance(member, ArrayLayout) and not member.named:
            elements = member.elements
        for element in elements:
            names = [element.name, *filter(None, [numbered.get(element.name)])]
            paths = [prefix + name for prefix in prefixes for name in names]
            if isinstance(element, RegisterAt):
                yield paths, offset + element.offset, element, prefixes[0]
            else:
                inner = [f"{path}." for path in paths]
                yield from _registers(element.group.members, inner, offset + element.offset)
