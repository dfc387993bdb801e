"""Simulated pins: what a pad shows, who drives it, and the edges that its registers collect."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from regmap.layout.shape import PadLayout, Target, ViewLayout
from regmap.sim.cells import Cell, Place, Places

__all__ = ["Pads"]


class Pads:
    """The pins of one view of one instance.

    A pin that its function register makes an output shows its latch; any other shows what
    ``drive`` put there (0 at first). Levels are settled after every write and every drive.
    """

    def __init__(self, view: ViewLayout, pad: PadLayout, places: Places) -> None:
        self.pad = pad
        self.places = places
        self.outside = [0] * view.length
        self.watchers: dict[int, list[Callable[[int], object]]] = {}
        function = next(member for member in view.members if member.name == pad.output_member)
        self._function = [self._bits(targets[0]) for targets in function.targets]
        self._latch = self._all(pad.latch)
        self._level = self._all(pad.level)
        self._enables = {
            name: self._all(targets)
            for name, targets in (
                ("rising", pad.rising),
                ("falling", pad.falling),
                ("high", pad.high),
                ("low", pad.low),
            )
        }
        self._event = self._all(pad.event)
        self.cells = {
            id(cell) for cell, _, _ in [*self._function, *self._latch, *self._level, *self._event]
        } | {id(cell) for enables in self._enables.values() for cell, _, _ in enables}
        self._now = [self._wanted(index) for index in range(view.length)]
        for index, level in enumerate(self._now):
            self._put(self._level[index], level)

    def _all(self, targets: Iterable[Target]) -> list[tuple[Cell, int, int]]:
        return [self._bits(target) for target in targets]

    def _bits(self, target: Target) -> tuple[Cell, int, int]:
        """The cell of a target, and the position and mask of its bits there."""
        place: Place = self.places.by_path[target.register]
        if target.field:
            field = place.layout.field(target.field)
            return place.cell, field.lsb, field.mask
        bit = max(target.bit, 0)
        return place.cell, bit, 1 << bit

    def _wanted(self, index: int) -> int:
        cell, lsb, mask = self._function[index]
        if (cell.value & mask) >> lsb == self.pad.output_value:
            latch, _, bit = self._latch[index]
            return int(bool(latch.value & bit))
        return self.outside[index]

    @staticmethod
    def _put(where: tuple[Cell, int, int], level: int) -> None:
        cell, _, mask = where
        cell.value = cell.value | mask if level else cell.value & ~mask

    def drive(self, index: int, level: int) -> None:
        """Put a level on a pin from outside; an output pin keeps showing its latch."""
        self.outside[index] = level
        self.settle()

    def level(self, index: int) -> int:
        """What the pad shows now."""
        return self._now[index]

    def settle(self) -> None:
        """Recompute every pad, and collect the edges and levels that are enabled."""
        for index, before in enumerate(self._now):
            now = self._wanted(index)
            self._put(self._level[index], now)
            if now != before:
                self._now[index] = now
                self._collect("rising" if now else "falling", index)
                for tell in tuple(self.watchers.get(index, ())):
                    tell(now)
            self._collect("high" if now else "low", index)

    def _collect(self, kind: str, index: int) -> None:
        enables = self._enables[kind]
        if not enables or not self._event:
            return
        cell, _, mask = enables[index]
        if cell.value & mask:
            self._put(self._event[index], 1)
