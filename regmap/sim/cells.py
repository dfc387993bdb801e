"""Where simulated bits live: every address of an instance, and the storage behind it.

A cell is one storage. A register has its own, or acts on another's (a set register on the latch, an
alias on its original); registers behind a window are reached by index instead of address.
"""

from __future__ import annotations

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
        found = list(_registers(block.members, "", 0))
        # Owners first: a register that borrows a cell may stand before the one that owns it.
        for paths, offset, register, prefix in found:
            if not register.cell:
                self._add(paths, offset, register, paths[0])
        for paths, offset, register, prefix in found:
            if register.cell:
                borrowed = register.cell
                key = borrowed if borrowed.startswith("+") else prefix + borrowed
                owner = self.by_path.get(key)
                self._add(paths, offset, register, owner.cell.name if owner else prefix + key)
        for window in block.windows:
            index, data = self.by_path[window.index_register], self.by_path[window.data_register]
            pair = _Window(index, data, window.index_lsb, window.index_mask)
            step = data.layout.width
            for place in self.by_path.values():
                if place.window == window.name:
                    for word in range(max(1, place.layout.width // step)):
                        pair.by_index[place.offset + word] = place, word * step
            self.windows[window.name] = pair

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
        """The wider register that holds ``width`` bits at ``offset``, and the bit they begin at."""
        size = width // 8
        for wide in (16, 32, 64):
            start = offset - offset % (wide // 8)
            for place in self.at.get(start, ()):
                if place.layout.width == wide > width and offset + size <= start + wide // 8:
                    return place, 8 * (offset - start)
        return None


def _registers(
    members: tuple[MemberLayout, ...], prefix: str, offset: int
) -> Iterator[tuple[list[str], int, RegisterAt, str]]:
    """Every register: its paths in the block, offset, layout, and its group's path."""
    other_names = {
        element.name: f"{prefix}{member.name}[{number}]"
        for member in members
        if isinstance(member, ArrayLayout) and member.named and len(member.counts) == 1
        for number, element in enumerate(member.elements)
    }
    for member in members:
        elements: tuple[RegisterAt | GroupAt, ...] = ()
        if isinstance(member, RegisterAt | GroupAt):
            elements = (member,)
        elif isinstance(member, ArrayLayout) and not member.named:
            elements = member.elements
        for element in elements:
            name = prefix + element.name
            if isinstance(element, RegisterAt):
                paths = [name, *filter(None, [other_names.get(element.name)])]
                yield paths, offset + element.offset, element, prefix
            else:
                group = element.group.members
                yield from _registers(group, f"{name}.", offset + element.offset)
