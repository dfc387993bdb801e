"""Carries operations out on the simulator and holds all that happens against the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regmap.errors import RegmapError, ValueDoesNotFit, WaitTimeout
from regmap.layout.device import DeviceLayout
from regmap.layout.rows import rows
from regmap.layout.shape import Target as TargetLayout
from regmap.layout.shape import ViewLayout, ViewMember, WindowLayout
from regmap.live.build import build
from regmap.sim import Simulator
from regmap.sim.cells import Cell
from tests.contract.oracle import Access, Outcome, Spot, Window, expected
from tests.operations import Operation, perform

__all__ = ["Bus", "Witness", "spots_of"]


class Bus:
    """The simulator as the least a backend must be; remembers every access with its value."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.accesses: list[Access] = []

    def read(self, address: int, width: int) -> int:
        value = self.simulator.read(address, width)
        self.accesses.append(("R", address, width, value))
        return value

    def write(self, address: int, width: int, value: int) -> None:
        self.accesses.append(("W", address, width, value))
        self.simulator.write(address, width, value)

    def close(self) -> None:
        self.simulator.close()


def spots_of(layout: DeviceLayout) -> dict[str, Spot]:
    """Every register of a device by its path, but for the data registers of windows, which are no
    storage of their own."""
    spots: dict[str, Spot] = {}
    found = list(rows(layout))
    plain = {row.path: row for row in found if row.address is not None}
    data = {
        f"{instance.name}.{window.data_register}"
        for instance in layout.instances.values()
        for window in instance.block.windows
    }
    for row in found:
        instance = layout.instances[row.path.partition(".")[0]]
        if row.address is not None:
            if row.path not in data:
                spots[row.path] = Spot(row.path, row.register, row.address)
            continue
        pair: WindowLayout = next(w for w in instance.block.windows if w.name == row.window)
        index = plain[f"{instance.name}.{pair.index_register}"]
        window = Window(
            pair,
            index.address or 0,
            index.register.width,
            index.register.big_endian,
            plain[f"{instance.name}.{pair.data_register}"].address or 0,
            plain[f"{instance.name}.{pair.data_register}"].register.width,
        )
        spots[row.path] = Spot(row.path, row.register, row.offset, window)
    return spots


class Witness:
    """One device on one simulator; ``check`` holds an operation against the oracle."""

    def __init__(self, layout: DeviceLayout, device_class: Any = None) -> None:
        self.layout = layout
        self.spots = spots_of(layout)
        self.simulator = Simulator(layout)
        self.bus = Bus(self.simulator)
        self.device = (device_class or build(layout))(self.bus)
        self.once: dict[int, int] = {}
        for instance in layout.instances.values():
            self.simulator._of(instance)
        self.loose = {id(cell) for cell in self._pad_cells()}

    def poke(self, path: str, value: int) -> None:
        """Let a register hold ``value``."""
        self.simulator.poke(path, value & (1 << self.spots[path].layout.width) - 1)

    def check(self, operation: Operation) -> None:
        """Carry ``operation`` out. Fails where anything differs from what the laws say."""
        steps = list(self._resolved(operation))
        self.bus.accesses.clear()
        before = self._held()
        error: RegmapError | None = None
        result: Any = None
        try:
            result = perform(self.device, operation)
        except RegmapError as refused:
            error = refused
        made = list(self.bus.accesses)
        after = self._held()
        held = dict(before)
        wanted: list[Access] = []
        outcome = Outcome()
        indexes: set[int] = set()
        for spot, verb, arguments in steps:
            cell = self._cell(spot)
            key = id(cell)
            outcome = expected(spot, held[key], self.once.get(key, 0), verb, arguments)
            if outcome.errors and not outcome.accesses:
                break
            wanted += outcome.accesses
            held[key] = outcome.after
            if any(kind == "W" for kind, *_ in outcome.accesses):
                self.once[key] = cell.written_once
            if spot.window is not None:
                indexes.add(self._index_cell(spot))
        if outcome.errors:
            assert isinstance(error, outcome.errors), (error, outcome.errors)
            if not outcome.accesses:
                assert made == [], "a refused operation touched the bus"
                assert after == before, "a refused operation changed something"
                return
            assert isinstance(error, WaitTimeout | ValueDoesNotFit)
        else:
            assert error is None, repr(error)
        assert made == wanted, f"accesses {_shown(made)}, not {_shown(wanted)}"
        if not outcome.errors:
            assert result == outcome.result
        for key, value in after.items():
            # What pads show and collect follows from other registers, an index from the window.
            if key not in self.loose | indexes:
                wrong = f"{self._name(key)} holds {value:#x}, not {held[key]:#x}"
                assert value == held[key], wrong

    def _resolved(self, operation: Operation) -> Iterator[tuple[Spot, str, tuple[Any, ...]]]:
        """The operation as one on a register, or several where a view's member is a procedure."""
        if not operation.verb.startswith("view_"):
            yield self.spots[operation.path], operation.verb, operation.arguments
            return
        path, _, index = operation.path[:-1].rpartition("[")
        instance, _, name = path.partition(".")
        block = self.layout.instances[instance].block
        view = next(m for m in block.members if isinstance(m, ViewLayout) and m.name == name)
        member = next(m for m in view.members if m.name == operation.arguments[0])
        value = operation.arguments[1] if len(operation.arguments) > 1 else None
        if member.kind == "steps":
            yield from self._procedure(instance, member, int(index), value)
            return
        targets = member.targets[int(index)]
        if operation.verb == "view_get":
            yield self._read_of(instance, targets[0])
        elif operation.verb == "view_call" or member.kind == "level":
            yield self._act_of(instance, targets[0 if member.kind == "call" else 1 if value else 2])
        else:
            yield self._write_of(instance, targets[0], value)

    def _spot(self, instance: str, target: TargetLayout) -> Spot:
        place = self.simulator._place(f"{instance}.{target.register}")
        return self.spots[place.path]

    def _read_of(self, instance: str, target: TargetLayout) -> tuple[Spot, str, tuple[Any, ...]]:
        spot = self._spot(instance, target)
        if target.field:
            return spot, "get", (target.field,)
        return (spot, "bit", (target.bit,)) if target.bit >= 0 else (spot, "raw", ())

    def _write_of(
        self, instance: str, target: TargetLayout, value: Any
    ) -> tuple[Spot, str, tuple[Any, ...]]:
        spot = self._spot(instance, target)
        if target.field:
            return spot, "set", (target.field, value)
        return (
            (spot, "set_bit", (target.bit, value))
            if target.bit >= 0
            else (spot, "set_raw", (value,))
        )

    def _act_of(self, instance: str, target: TargetLayout) -> tuple[Spot, str, tuple[Any, ...]]:
        """The value that acts, written at a target."""
        spot = self._spot(instance, target)
        if target.field:
            field = spot.layout.field(target.field)
            zero = field.write_action.startswith("zero") and field.access != "read-only"
            return spot, "set", (target.field, 0 if zero else (1 << field.width) - 1)
        owner = next((f for f in spot.layout.fields if f.mask >> target.bit & 1), spot.layout)
        zero = owner.write_action.startswith("zero") and owner.access != "read-only"
        return spot, "set_bit", (target.bit, 0 if zero else 1)

    def _procedure(
        self, instance: str, member: ViewMember, index: int, value: Any
    ) -> Iterator[tuple[Spot, str, tuple[Any, ...]]]:
        numbers: dict[Any, int] = dict(member.enum.members) if member.enum else {}
        for step in member.steps[index]:
            if step.target is not None:
                number = value if step.value is None else step.value
                spot = self._spot(instance, step.target)
                yield spot, "write_fields", ({step.target.field: numbers.get(number, number)},)

    # What the simulator holds.

    def _held(self) -> dict[int, int]:
        return {
            id(cell): cell.value
            for places in self.simulator._places.values()
            for cell in places.cells.values()
        }

    def _name(self, key: int) -> str:
        return next(
            f"{instance}.{cell.name}"
            for instance, places in self.simulator._places.items()
            for cell in places.cells.values()
            if id(cell) == key
        )

    def _cell(self, spot: Spot) -> Cell:
        return self.simulator._place(spot.path).cell

    def _index_cell(self, spot: Spot) -> int:
        assert spot.window is not None
        instance = spot.path.partition(".")[0]
        return id(self.simulator._place(f"{instance}.{spot.window.layout.index_register}").cell)

    def _pad_cells(self) -> Iterator[Cell]:
        for instance, view in self.layout.views():
            if view.pad is not None:
                for target in (*view.pad.level, *view.pad.event):
                    yield self.simulator._place(f"{instance.name}.{target.register}").cell


def _shown(accesses: list[Access]) -> str:
    return ", ".join(f"{kind}{width} {at:#x}={value:#x}" for kind, at, width, value in accesses)
