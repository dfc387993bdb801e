"""A whole chip or board as it is in use: instances at addresses, pins by name.

Blocks are laid out when they are first asked for, so that a chip of a hundred thousand registers
costs only what is touched. Nothing here knows where a layout comes from: a description
(``lower``) or a generated module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from regmap.layout.shape import BlockLayout, ViewLayout

__all__ = ["ClockLayout", "DeviceLayout", "InstanceLayout", "MatchLayout", "PinLayout"]


class PinLayout(NamedTuple):
    """A pin of a board: an index of a view of an instance, with all its names."""

    names: tuple[str, ...]
    instance: str
    view: str
    number: int
    functions: tuple[tuple[str, str], ...] = ()
    reset_pull: str = ""
    pad: str = ""
    description: str = ""


class ClockLayout(NamedTuple):
    """What must be switched on before an instance answers: paths with the values to write, and
    those to see afterwards."""

    enable: tuple[tuple[str, int | str], ...]
    ready: tuple[tuple[str, int | str], ...] = ()


class MatchLayout(NamedTuple):
    """How to recognise the machine; any one value of any one kind is enough."""

    cpuinfo_revision: tuple[int, ...] = ()
    compatible: tuple[str, ...] = ()
    architecture: tuple[str, ...] = ()


class InstanceLayout:
    """A block at a base address; ``block`` is laid out on first use.

    ``block_name`` is what kind of block it is; ``bus_base`` the address as the manual prints it,
    where that differs; ``locator`` is how a machine is asked where it is: (kind, key).
    """

    def __init__(
        self,
        *,
        name: str,
        base: int,
        size: int,
        block_name: str,
        block: Callable[[], BlockLayout],
        bus_base: int | None = None,
        clock: ClockLayout | None = None,
        locator: tuple[str, str] | None = None,
        description: str = "",
    ) -> None:
        self.name = name
        self.base = base
        self.block_name = block_name
        self.bus_base = bus_base
        self.clock = clock
        self.locator = locator
        self.description = description
        self._size = size
        self._block = block

    @cached_property
    def block(self) -> BlockLayout:
        """The layout of its block."""
        return self._block()

    @property
    def clock_hint(self) -> str:
        """What to do where it has no clock, "" where it needs none."""
        if self.clock is None:
            return ""
        wanted = ", ".join(f"{path} = {value}" for path, value in self.clock.enable)
        return f"it needs {wanted}; {self.name}.clock.enable() does that"

    @property
    def size(self) -> int:
        """Bytes that it takes from its base."""
        return self._size or self.block.size

    @property
    def reach(self) -> int:
        """Bytes from its base that hold all its registers; lays out its block. More than ``size``
        where a vendor's file states a size that its own registers do not keep to."""
        return max(self._size, self.block.size)


class DeviceLayout:
    """A device: its instances by name in the order written, arrays of instances, and pins."""

    def __init__(
        self,
        *,
        name: str,
        class_name: str,
        kind: str,
        instances: Mapping[str, InstanceLayout],
        arrays: Mapping[str, tuple[str, ...]] | None = None,
        pins: tuple[PinLayout, ...] = (),
        fixed_pins: Mapping[str, str] | None = None,
        backends: tuple[str, ...] = (),
        match: MatchLayout | None = None,
        description: str = "",
    ) -> None:
        self.name = name
        self.class_name = class_name
        self.kind = kind
        self.instances = instances
        self.arrays = dict(arrays or {})
        self.pins = pins
        self.fixed_pins = dict(fixed_pins or {})
        self.backends = backends
        self.match = match
        self.description = description

    @property
    def origin(self) -> int:
        """The lowest address of all instances."""
        return min((instance.base for instance in self.instances.values()), default=0)

    @property
    def extent(self) -> int:
        """The address behind the last byte of all instances."""
        return max((at.base + at.size for at in self.instances.values()), default=0)

    def views(self) -> list[tuple[InstanceLayout, ViewLayout]]:
        """Every view of every instance."""
        return [
            (instance, member)
            for instance in self.instances.values()
            for member in instance.block.members
            if isinstance(member, ViewLayout)
        ]
