"""From a layout to live classes; each is made when it is first needed.

A class made here has the name, the bases and the namespace that a generated module would have.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from regmap.layout.device import DeviceLayout
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    GroupAt,
    MemberLayout,
    RegisterAt,
    ViewLayout,
)
from regmap.live.array import ArrayMember
from regmap.live.block import Block, GroupMember, Member, RegisterMember
from regmap.live.device import Device, InstanceArrayMember, InstanceMember
from regmap.live.register import Register
from regmap.live.views import (
    CallMember,
    LevelMember,
    StepsMember,
    ValueMember,
    ViewItem,
    ViewOf,
)

__all__ = ["build"]


def build(layout: DeviceLayout) -> type[Device]:
    """The class of a device; ``build(layout)(backend)`` is the live object."""
    builder = _Builder()
    namespace: dict[str, Any] = {
        "__slots__": (),
        "__doc__": _doc(layout.description or layout.name),
        "LAYOUT": layout,
    }
    for name, instance in layout.instances.items():
        namespace[name] = InstanceMember(partial(builder.instance_block, layout, name), instance)
    for name, elements in layout.arrays.items():
        namespace[name] = InstanceArrayMember(elements)
    return type(layout.class_name, (Device,), namespace)


def _doc(text: str) -> str:
    """A docstring: a class keeps it as UTF-8, which has no lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class _Builder:
    """Makes each class once: equal pieces of a layout are the same object and share a class."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[object, type]] = {}

    def instance_block(self, layout: DeviceLayout, name: str) -> type[Block]:
        return self.block(layout.instances[name].block)

    def register(self, at: RegisterAt) -> type[Register]:
        layout = at.register
        found = self._made.get(id(layout))
        if found is None:
            namespace = {"__slots__": (), "__doc__": _doc(layout.description), "LAYOUT": layout}
            found = layout, type(layout.class_name, (Register,), namespace)
            self._made[id(layout)] = found
        return found[1]

    def block(self, layout: BlockLayout) -> type[Block]:
        found = self._made.get(id(layout))
        if found is None:
            namespace: dict[str, Any] = {
                "__slots__": (),
                "__doc__": _doc(layout.description),
                "WINDOWS": layout.windows,
                "PER_CPU": layout.per_cpu,
            }
            for member in layout.members:
                namespace[member.name] = self.member(member)
            found = layout, type(layout.class_name, (Block,), namespace)
            self._made[id(layout)] = found
        return found[1]

    def member(self, layout: MemberLayout) -> Member:
        if isinstance(layout, RegisterAt):
            return RegisterMember(partial(self.register, layout), layout.offset, layout.window)
        if isinstance(layout, GroupAt):
            return GroupMember(partial(self.block, layout.group), layout.offset)
        if isinstance(layout, ArrayLayout):
            return ArrayMember(layout, self.member)
        return ViewOf(partial(self.view, layout), layout.length, layout.names)

    def view(self, layout: ViewLayout) -> type[ViewItem]:
        namespace: dict[str, Any] = {
            "__doc__": _doc(layout.description),
            "VIEW": layout.name,
            "PAD": layout.pad,
        }
        for member in layout.members:
            doc = member.description
            made: property | CallMember
            match member.kind:
                case "value":
                    made = ValueMember(member.name, tuple(t[0] for t in member.targets), doc)
                case "level":
                    made = LevelMember(member.name, member.targets, doc)
                case "call":
                    made = CallMember(member.name, tuple(t[0] for t in member.targets), doc)
                case "steps":
                    made = StepsMember(member.name, member.steps, member.enum, doc)
            namespace[member.name] = made
        return type(layout.class_name, (ViewItem,), namespace)
