"""Simulated clocks: whether an instance has its own, and the status fields that say so."""

from __future__ import annotations

from collections.abc import Callable

from regmap.bits import BitRange, extract, insert
from regmap.layout.device import ClockLayout, DeviceLayout
from regmap.sim.cells import Cell, Place

__all__ = ["Clocks"]


class Clocks:
    """The clocks of a device. A clock runs while all its enable fields hold their values; its
    ready fields show that, and their reset values otherwise."""

    def __init__(self, layout: DeviceLayout, place_of: Callable[[str], Place]) -> None:
        self._place_of = place_of
        self._clocks = [at.clock for at in layout.instances.values() if at.clock is not None]
        self._switched_by: dict[int, list[ClockLayout]] | None = None

    def run(self, clock: ClockLayout | None) -> bool:
        """Whether an instance with this clock answers; one without a clock always does."""
        return clock is None or all(self._holds(path, value) for path, value in clock.enable)

    def follow(self, cell: Cell) -> None:
        """Let the status fields follow after ``cell`` has changed."""
        if not self._clocks:
            return
        if self._switched_by is None:
            self._switched_by = {}
            for clock in self._clocks:
                for path, _ in clock.enable:
                    switch = self._place_of(path.rpartition(".")[0]).cell
                    self._switched_by.setdefault(id(switch), []).append(clock)
        for clock in self._switched_by.get(id(cell), ()):
            running = self.run(clock)
            for path, value in clock.ready:
                place, bits, number = self._field(path, value)
                shown = insert(bits, number if running else extract(bits, place.cell.reset))
                place.cell.value = place.cell.value & ~insert(bits, -1) | shown

    def _holds(self, path: str, value: int | str) -> bool:
        place, bits, number = self._field(path, value)
        return extract(bits, place.cell.value) == number

    def _field(self, path: str, value: int | str) -> tuple[Place, tuple[BitRange, ...], int]:
        """The register of a field, the field's bits, and ``value`` as its number."""
        register, _, name = path.rpartition(".")
        place = self._place_of(register)
        field = place.layout.field(name)
        if isinstance(value, str):
            value = dict(field.enum.members)[value] if field.enum else int(value, 0)
        return place, tuple(BitRange(*part) for part in field.bits), value
