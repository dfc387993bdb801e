"""What all generated modules share: the shapes that they print, and the way to live objects.

A generated module imports this one alone, and only inside its functions, so that importing it
costs next to nothing. Everything here is made once, when it is first asked for, and may be used
by several threads.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib.machinery import SourceFileLoader
from threading import RLock
from typing import TYPE_CHECKING, Any

from regmap.layout.device import (
    ClockLayout,
    DeviceLayout,
    InstanceLayout,
    MatchLayout,
    PinLayout,
)
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    CountLayout,
    EnumLayout,
    FieldLayout,
    GroupAt,
    PadLayout,
    RegisterAt,
    RegisterLayout,
    StepLayout,
    Target,
    ViewLayout,
    ViewMember,
    WindowLayout,
)
from regmap.names import class_name_of

if TYPE_CHECKING:
    from regmap.backends.base import Backend
    from regmap.live.block import Block, Member
    from regmap.live.device import Device

__all__ = [
    "ArrayLayout",
    "BlockLayout",
    "ClockLayout",
    "CountLayout",
    "DeviceLayout",
    "EnumLayout",
    "FieldLayout",
    "GroupAt",
    "InstanceLayout",
    "MatchLayout",
    "Module",
    "PadLayout",
    "PinLayout",
    "RegisterAt",
    "RegisterLayout",
    "StepLayout",
    "Target",
    "ViewLayout",
    "ViewMember",
    "WindowLayout",
    "class_in",
    "module",
    "once",
    "part",
]

# One lock for all: two threads that touch a block at once must get the same layout, or its classes
# would be made twice.
_lock = RLock()


@cache
def once(make: Callable[[], BlockLayout]) -> Callable[[], BlockLayout]:
    """What gives the layout of a block; ``make`` is called when it is first needed."""
    made: list[BlockLayout] = []

    def laid_out() -> BlockLayout:
        with _lock:
            if not made:
                made.append(make())
        return made[0]

    return laid_out


def part(package: str, name: str) -> Callable[[], BlockLayout]:
    """What gives the layout of a block that is a module of its own, imported when first needed."""
    return _part_of(sys.modules.get(package), package, name)


@cache
def _part_of(owner: object, package: str, name: str) -> Callable[[], BlockLayout]:
    # Remembered for this very package, not for its name: another may come to be called the same.
    del owner

    def load() -> BlockLayout:
        made: BlockLayout = _imported(package, name).layout()
        return made

    return once(load)


def _imported(package: str, name: str) -> Any:
    """The module of a block.

    An ordinary import first reads the folder, which for a chip of a thousand blocks takes longer
    than all the rest; where the package lies in plain files, the name of this one is known.
    """
    full = f"{package}.{name}"
    parent = sys.modules.get(package)
    loader = getattr(parent, "__loader__", None)
    if full in sys.modules or type(loader) is not SourceFileLoader:
        return importlib.import_module(full)
    file = os.path.join(os.path.dirname(loader.path), f"{name}.py")
    spec = importlib.util.spec_from_file_location(full, file)
    if spec is None or spec.loader is None:
        return importlib.import_module(full)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    sys.modules[full] = made
    setattr(parent, name, made)
    return made


@cache
def module(name: str, layout: Callable[[], DeviceLayout]) -> Module:
    """What stands behind the generated module of this name."""
    return Module(name, layout)


def class_in(package: str, name: str) -> Any:
    """A class of a device by its name, for the module of one of its blocks."""
    if name.startswith("__"):
        raise AttributeError(f"a module of {package!r} has no attribute {name!r}")
    return getattr(importlib.import_module(package), name)


class Module:
    """One generated module: its layout, the class of its device, and opening it."""

    def __init__(self, name: str, layout: Callable[[], DeviceLayout]) -> None:
        self.name = name
        self._make = layout

    @cached_property
    def layout(self) -> DeviceLayout:
        """The layout of the device."""
        with _lock:
            return self.__dict__.get("layout") or self._make()

    @cached_property
    def device(self) -> type[Device]:
        """The class of the device."""
        from regmap.live.build import build  # noqa: PLC0415  (a layout alone needs no live objects)

        with _lock:
            return self.__dict__.get("device") or build(self.layout)

    def open(self, backend: str | Backend | None, *, force: bool, cpu: int | None) -> Device:
        """Open the device as ``regmap.open`` does; touches no register."""
        from regmap.api import open_layout  # noqa: PLC0415

        return open_layout(self.layout, backend, force=force, cpu=cpu, cls=self.device)

    def attribute(self, name: str) -> Any:
        """``LAYOUT``, or the class of this name: of the device, a block, group, register or view,
        or an enum; of two that share a name, the first in the order of the description.

        Raises AttributeError.
        """
        if name == "LAYOUT":
            return self.layout
        if not name.startswith("_"):
            for cls in _classes(self.device, name):
                if cls.__name__ == name:
                    return cls
        raise AttributeError(f"module {self.name!r} has no attribute {name!r}")


def _classes(device: type[Device], name: str) -> Iterator[type]:
    """The classes of a device among which ``name`` can be; only blocks that it can belong to are
    laid out."""
    from regmap.live.device import InstanceMember  # noqa: PLC0415  (a layout alone needs none)

    yield device
    for member in device.MEMBERS.values():
        if isinstance(member, InstanceMember):
            prefix = class_name_of(member.layout.block_name)
            if name == prefix or name.startswith(f"{prefix}_"):
                yield from _in_block(member.cls)


def _in_block(block: type[Block]) -> Iterator[type]:
    yield block
    for member in block.MEMBERS.values():
        yield from _in_member(member)


def _in_member(member: Member) -> Iterator[type]:
    from regmap.live.array import ArrayMember  # noqa: PLC0415
    from regmap.live.block import GroupMember, RegisterMember  # noqa: PLC0415
    from regmap.live.value import enum_class  # noqa: PLC0415
    from regmap.live.views import StepsMember, ViewOf  # noqa: PLC0415

    if isinstance(member, RegisterMember):
        yield member.cls
        for field in member.cls.LAYOUT.fields:
            for enum in filter(None, (field.enum, field.write_enum)):
                yield enum_class(enum)
    elif isinstance(member, GroupMember):
        yield from _in_block(member.cls)
    elif isinstance(member, ArrayMember):
        for element in member.members():
            yield from _in_member(element)
    elif isinstance(member, ViewOf):
        yield member.cls
        for accessor in member.cls.ACCESSORS.values():
            if isinstance(accessor, StepsMember) and accessor.enum:
                yield enum_class(accessor.enum)
