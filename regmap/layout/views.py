"""A view of the description as it is in use: for each index, the very register and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regmap.errors import MapError, Place
from regmap.layout.refuse import refuse
from regmap.layout.registers import EnumShelf
from regmap.layout.shape import (
    EnumLayout,
    PadLayout,
    RegisterAt,
    StepLayout,
    Target,
    ViewKind,
    ViewLayout,
    ViewMember,
)
from regmap.model.block import Member, Pad, View
from regmap.model.expr import ExprError, Path
from regmap.names import RESERVED_IN_VIEWS, Taken, unique_name

__all__ = ["lay_out_view"]


def lay_out_view(
    view: View,
    name: str,
    class_name: str,
    registers: Mapping[str, RegisterAt],
    enums: EnumShelf,
) -> ViewLayout:
    """The layout of a view. Raises MapError for an index that points at nothing."""
    maker = _Views(view, registers, enums)
    members: list[ViewMember] = []
    taken = Taken()
    for member in view.members:
        own = unique_name(member.name, taken, RESERVED_IN_VIEWS)
        taken.add(own)
        members.append(maker.member(member)._replace(name=own))
    return ViewLayout(
        name=name,
        class_name=class_name,
        length=view.count,
        members=tuple(members),
        pad=maker.pad(view.pad, members) if view.pad else None,
        names=tuple(
            view.lines[index].names if index in view.lines else () for index in range(view.count)
        ),
        description=view.description,
    )


class _Views:
    """Resolves the paths of one view."""

    def __init__(self, view: View, registers: Mapping[str, RegisterAt], enums: EnumShelf) -> None:
        self.view = view
        self.registers = registers
        self.enums = enums

    def member(self, member: Member) -> ViewMember:
        enum = self.enums.get(member.enum, f"{self.view.name}_{member.name}")
        kind: ViewKind
        if member.steps:
            steps = tuple(
                tuple(
                    StepLayout(
                        self.target(step.write, index, member.place) if step.write else None,
                        step.value,
                        step.wait_us,
                    )
                    for step in member.steps
                )
                for index in range(self.view.count)
            )
            return ViewMember(member.name, "steps", (), steps, enum, member.description)
        if member.read is not None:
            kind, paths = "level", [p for p in (member.read, member.set, member.clear) if p]
        elif member.call is not None:
            kind, paths = "call", [member.call]
        else:
            kind, paths = "value", [member.path] if member.path else []
        targets = tuple(
            tuple(self.target(path, index, member.place) for path in paths)
            for index in range(self.view.count)
        )
        return ViewMember(member.name, kind, targets, (), enum, member.description)

    def target(self, path: Path, index: int, place: Place | None) -> Target:
        """Where ``path`` points for this index."""
        try:
            steps = path.at({"i": index})
        except ExprError as error:
            raise self.lost(path, index, str(error), place) from None
        *parents, (last, last_indexes) = steps
        texts = [name + "".join(f"[{n}]" for n in numbers) for name, numbers in parents]
        whole = ".".join([*texts, last + "".join(f"[{n}]" for n in last_indexes)])
        if whole in self.registers:
            return Target(whole)
        register = self.registers.get(".".join(texts))
        if register is None:
            raise self.lost(path, index, f"there is no register {'.'.join(texts)}", place)
        layout = register.register
        where = ".".join(texts)
        if last == "bit" and len(last_indexes) == 1:
            if not 0 <= last_indexes[0] < layout.width:
                raise self.lost(path, index, f"{where} has {layout.width} bits", place)
            return Target(where, "", last_indexes[0])
        name = last
        if last_indexes:
            elements = dict(layout.field_arrays).get(last, ())
            if not 0 <= last_indexes[0] < len(elements):
                raise self.lost(path, index, f"{where}.{last} has {len(elements)} elements", place)
            name = elements[last_indexes[0]]
        if all(field.name != name for field in layout.fields):
            raise self.lost(path, index, f"{where} has no field {name}", place)
        return Target(where, name)

    def lost(self, path: Path, index: int, why: str, place: Place | None) -> MapError:
        return refuse(
            f"view {self.view.name}[{index}]: {path} points at nothing: {why}",
            place or self.view.place,
            "correct the expression or the count",
            rule="RM250",
            name="view-misses",
        )

    def pad(self, pad: Pad, members: Sequence[ViewMember]) -> PadLayout:
        """The pad of each pin."""
        place = self.view.place

        def each(path: Path | None) -> tuple[Target, ...]:
            if path is None:
                return ()
            return tuple(self.target(path, index, place) for index in range(self.view.count))

        name, value = pad.output
        return PadLayout(
            level=each(pad.level),
            latch=each(pad.latch),
            output_member=name,
            output_value=self.named_value(members, name, value),
            event=each(pad.event),
            rising=each(pad.rising),
            falling=each(pad.falling),
            high=each(pad.high),
            low=each(pad.low),
        )

    def named_value(self, members: Sequence[ViewMember], name: str, value: str) -> int:
        """The number that member ``name`` calls ``value``."""
        for member in members:
            if member.name == name and member.targets:
                target = member.targets[0][0]
                enum: EnumLayout | None = member.enum
                if target.field:
                    field = self.registers[target.register].register.field(target.field)
                    enum = enum or field.enum
                numbers = dict(enum.members) if enum else {}
                if value in numbers:
                    return numbers[value]
        raise refuse(
            f"view {self.view.name}: no member {name} with a value {value}",
            self.view.place,
            "name a member of the view and one of its enum's values",
            rule="RM101",
            name="unresolved-reference",
        )
