"""A live device: the instances of a chip or board on one backend, and its pins by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, SupportsIndex

from regmap import _core
from regmap.backends.base import (
    Attachable,
    Backend,
    Interrupt,
    Lines,
    Locating,
    Named,
    Port,
    lock_of,
)
from regmap.errors import (
    AccessError,
    BackendUnavailable,
    BadAddress,
    NoSuchElement,
    NotWritable,
    UnknownName,
)
from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.live.block import Block
from regmap.live.clock import Clock
from regmap.live.context import Context
from regmap.live.handle import Handle, Indexed
from regmap.live.lookup import lookup
from regmap.live.register import Register
from regmap.live.value import as_index
from regmap.live.views import View, ViewItem
from regmap.live.whole import whole

__all__ = ["Device", "InstanceArrayMember", "InstanceMember", "Pins"]


class InstanceMember(property):
    """An instance in a device class: a block's class and where it is."""

    def __init__(
        self, cls: type[Block] | Callable[[], type[Block]], layout: InstanceLayout
    ) -> None:
        super().__init__()
        self._cls = cls
        self.layout = layout

    @property
    def cls(self) -> type[Block]:
        """The class of the block."""
        if not isinstance(self._cls, type):
            self._cls = self._cls()
        return self._cls

    def __repr__(self) -> str:
        return f"<instance of {self.layout.block_name} at {self.layout.base:#x}>"


class InstanceArrayMember(property):
    """An array of instances in a device class, by the names of its elements."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        super().__init__()
        self.elements = elements


class Device(Handle, _core.Block):
    """A chip or board on a backend. Instances are attributes, mapped when first touched.

    Close it, or use it as a context manager; a closed device raises ClosedError. Safe between
    threads. ``cpu`` is the CPU on which blocks that differ by CPU are accessed.
    """

    __slots__ = ("__weakref__", "_backend", "_closed", "_cpu", "_lock", "_pins", "_updates")
    LAYOUT: ClassVar[DeviceLayout]
    MEMBERS: ClassVar[Mapping[str, InstanceMember | InstanceArrayMember]] = {}

    if TYPE_CHECKING:
        # A description read at run time tells a checker nothing: every name may be there.
        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.MEMBERS = {
            name: member
            for name, member in vars(cls).items()
            if isinstance(member, InstanceMember | InstanceArrayMember)
        }
        cls.NAMES = _core.Names(cls.MEMBERS)

    def __init__(self, backend: Backend, *, cpu: int | None = None) -> None:
        super().__init__()
        self._backend = backend
        self._cpu = cpu
        self._lock = RLock()
        self._updates = lock_of(backend)
        self._pins: Pins | None = None
        self._closed = False

    @property
    def backend(self) -> Backend:
        """What carries its accesses."""
        return self._backend

    @property
    def cpu(self) -> int | None:
        """The CPU on which blocks that differ by CPU are accessed."""
        return self._cpu

    @property
    def layout(self) -> DeviceLayout:
        """Its names, addresses and masks."""
        return self.LAYOUT

    @property
    def name(self) -> str:
        """The name of the chip or board."""
        return self.LAYOUT.name

    @property
    def path(self) -> str:
        """Where paths begin: its name."""
        return self.LAYOUT.name

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its instances in the order of the description. No bus access."""
        return tuple(getattr(self, name) for name in self.LAYOUT.instances)

    @property
    def irq(self) -> Interrupt:
        """The interrupt of the backend: ``wait(timeout_s)`` and ``wait_async``.

        Raises BackendUnavailable where the backend has none.
        """
        found: Interrupt | None = getattr(self._backend, "irq", None)
        if found is None:
            raise BackendUnavailable(f"{self._backend!r} tells no interrupts; uio: does")
        return found

    @property
    def pin(self) -> View:
        """The pins of its GPIO block, where it has exactly one: ``device.pin[17]``."""
        owners = [at.name for at, view in self.LAYOUT.views() if view.name == "pin"]
        if len(owners) != 1:
            known = [f"{name}.pin" for name in owners]
            listed = f"; use {' or '.join(known)}" if known else ""
            raise AccessError(f"{self.name}.pin", f"it has {len(owners)} GPIO blocks{listed}")
        view: View = getattr(self, owners[0]).pin
        return view

    @property
    def pins(self) -> Pins:
        """The pins of the board by name: ``device.pins["P1-11"]``. No bus access."""
        if self._pins is None:
            self._pins = Pins(self)
        return self._pins

    def close(self) -> None:
        """Give the backend back; a second call does nothing. Later accesses raise ClosedError."""
        if not self._closed:
            self._closed = True
            self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self, name: str) -> object:
        member = self.MEMBERS[name]
        with self._lock:
            if isinstance(member, InstanceArrayMember):
                blocks = (getattr(self, element) for element in member.elements)
                return Instances(blocks, f"{self.name}.{name}")
            return self._block(member)

    def _block(self, member: InstanceMember) -> Block:
        layout, cls, hint = member.layout, member.cls, member.layout.clock_hint
        base, port = layout.base, None
        if layout.locator is not None and isinstance(self._backend, Locating):
            base, port = self._backend.locate(*layout.locator, base)
        context = Context(
            layout.name,
            lambda: self._attach(layout, base, port),
            widths=getattr(self._backend, "widths", None),
            hint=f"{layout.name} may have no clock: {hint}" if hint else "",
            clock=Clock(self, layout.name, layout.clock) if layout.clock else None,
            lines=self._backend if isinstance(self._backend, Lines) else None,
            irq=getattr(self._backend, "irq", None),
            why=getattr(self._backend, "why_fault", lambda _address: ""),
            named=self._backend if isinstance(self._backend, Named) else None,
        )
        if cls.PER_CPU and self.cpu is not None:
            context = context.on_cpu(self.cpu)
        return cls(context, base)

    def _attach(self, layout: InstanceLayout, base: int, own: Port | None) -> Port:
        port = own or self._backend
        if own is None and isinstance(self._backend, Attachable):
            port = _attached(self._backend, base, layout)
        return whole(port, self._updates)

    def _unknown(self, name: str) -> NoReturn:
        raise UnknownName(self.name, name, [*self.MEMBERS, "pin", "pins", "close", "blocks"])

    def _set_member(self, name: str, value: object) -> NoReturn:
        del value
        raise NotWritable(f"{self.name}.{name}", "it is a block; name one of its registers")

    def __iter__(self) -> Iterator[Register]:
        """Every register of every instance, in address order by instance; reads nothing."""
        for block in self.blocks:
            yield from block

    def __getitem__(self, path: str) -> Any:
        """What a dotted path names: ``device["GPIO.GPFSEL1"]``. No bus access."""
        return lookup(self, path)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"on {self._backend!r}"
        return f"<{self.LAYOUT.kind} {self.name} {state}>"


def _attached(backend: Attachable, base: int, layout: InstanceLayout) -> Port:
    """The port of an instance: of all its registers, or of the size that the description states
    where the backend has no more."""
    if layout.reach > layout.size:
        try:
            return backend.attach(base, layout.reach)
        except (BadAddress, BackendUnavailable):
            pass
    return backend.attach(base, layout.size)


class Instances(Indexed, tuple[Block, ...]):  # noqa: SLOT001  (a tuple has room for no slots)
    """The blocks of an array of instances."""

    path: str

    def __new__(cls, blocks: Iterable[Block], path: str) -> Self:
        self = super().__new__(cls, blocks)
        self.path = path
        return self

    def __getitem__(self, index: SupportsIndex) -> Block:  # type: ignore[override]
        number = as_index(index, self.path)
        if not 0 <= number < len(self):
            raise NoSuchElement(self.path, number, len(self))
        return tuple.__getitem__(self, number)


class Pins(Handle, Mapping[str, Any]):
    """The pins of a board under all their names."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._at = {name: pin for pin in device.LAYOUT.pins for name in pin.names}

    def __getitem__(self, name: str) -> Any:
        pin = self._at.get(name)
        if pin is None:
            fixed = self._device.LAYOUT.fixed_pins.get(name)
            if fixed is not None:
                raise AccessError(name, f"it is no GPIO: {fixed}")
            raise UnknownName(f"{self._device.name}.pins", name, self._at)
        view: View = getattr(getattr(self._device, pin.instance), pin.view)
        item: ViewItem = view[pin.number]
        return item

    def get(self, name: str, default: Any = None) -> Any:
        """The pin of this name, or ``default`` where no GPIO is called so."""
        if name not in self._at:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._at

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def __repr__(self) -> str:
        return f"<{len(self._at)} pin names of {self._device.name}>"
