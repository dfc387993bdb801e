"""Views: one index over many registers, such as the pins of a GPIO block.

``block.pin[17]`` is an item whose members are properties (a value, or a level that is read at one
place and written at two others) or methods (one write of a bit, or a procedure with waits).
Nothing touches the bus until a member is used; each use is what the register's own would be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, NoReturn

from regmap.backends.base import EdgeKind
from regmap.bits import ones
from regmap.errors import (
    AccessError,
    NoSuchElement,
    NotReadable,
    NotWritable,
    UnknownName,
)
from regmap.layout.shape import EnumLayout, PadLayout, StepLayout, Target
from regmap.live.block import Block, Member
from regmap.live.edges import Edges, Polled
from regmap.live.handle import Handle, Indexed
from regmap.live.register import Register
from regmap.live.value import as_index, as_number, check_fit

__all__ = ["CallMember", "LevelMember", "StepsMember", "ValueMember", "View", "ViewItem", "ViewOf"]


class ViewItem(Handle):
    """One index of a view. A subclass has the members of its view as attributes."""

    VIEW: ClassVar[str] = ""
    PAD: ClassVar[PadLayout | None] = None
    ACCESSORS: ClassVar[Mapping[str, ValueMember | LevelMember | CallMember | StepsMember]] = {}

    def __init__(self, block: Block, index: int, names: tuple[str, ...]) -> None:
        object.__setattr__(self, "_block", block)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "_registers", {})

    def __init_subclass__(cls) -> None:
        cls.ACCESSORS = {
            name: member
            for name, member in vars(cls).items()
            if isinstance(member, ValueMember | LevelMember | CallMember | StepsMember)
        }

    _block: Block
    _registers: dict[str, Register]
    index: int
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where it is: ``GPIO.pin[17]``."""
        return f"{self._block.path}.{self.VIEW}[{self.index}]"

    def edges(
        self,
        kind: EdgeKind = "both",
        *,
        debounce_us: int = 0,
        queue: int = 0,
        period_s: float = 0.001,
    ) -> Edges:
        """Changes of the pin from now on: an iterator, also an asynchronous one.

        From the kernel's gpiochip where a driver has the block (the line becomes an input;
        ``debounce_us`` and ``queue``, the edges that the kernel keeps, are the kernel's), else by
        polling the block's event detection every ``period_s`` seconds; ``Edges.source`` says
        which. Raises AccessError where the map knows no event detection, BackendUnavailable.
        """
        context = self._block.context
        if context.lines is not None:
            base = self._block.address
            found = context.lines.line_edges(
                base, self.index, kind, debounce_us=debounce_us, queue=queue
            )
            if found is not None:
                return Edges(self.path, found)
        if self.PAD is None:
            raise AccessError(self.path, "the map does not say how it detects edges (`pad`)")
        if debounce_us:
            raise AccessError(self.path, "only the kernel debounces, and no driver has this block")
        polled = Polled(
            self.path,
            self.PAD,
            self.index,
            kind=kind,
            register=self.register,
            period_s=period_s,
        )
        return Edges(self.path, polled)

    def register(self, path: str) -> Register:
        """The register that a member uses. No bus access."""
        found = self._registers.get(path)
        if found is None:
            found = self._registers[path] = self._block[path]
        return found

    def __setattr__(self, name: str, value: object) -> None:
        member = self.ACCESSORS.get(name)
        if member is None:
            raise UnknownName(self.path, name, self.ACCESSORS)
        if isinstance(member, CallMember):
            raise AccessError(f"{self.path}.{name}", f"it is a method; call {name}()")
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> NoReturn:
        # Python also comes here when a member was refused with an AttributeError. A private name
        # is nobody's member, and may be one that an item without its __init__ does not have yet.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        member = self.ACCESSORS.get(name)
        if isinstance(member, StepsMember):
            raise NotReadable(f"{self.path}.{name}", "the hardware does not show it")
        if isinstance(member, ValueMember):
            _check_read(self, member.targets[self.index])
        if isinstance(member, LevelMember):
            _check_read(self, member.targets[self.index][0])
        raise UnknownName(self.path, name, self.ACCESSORS)

    def __repr__(self) -> str:
        names = f" ({', '.join(self.names)})" if self.names else ""
        return f"<{self.path}{names}>"


def _read(item: ViewItem, target: Target) -> int:
    register = item.register(target.register)
    if target.field:
        value: int = getattr(register, target.field)
        return value
    return register.bit[target.bit] if target.bit >= 0 else register.raw


def _check_read(item: ViewItem, target: Target) -> None:
    """Raise what reading there raises before any access."""
    register = item.register(target.register)
    if target.field:
        if register.LAYOUT.field(target.field).refuse_read:
            register._get_field(target.field)
    elif target.bit >= 0:
        register.bit.check_read(target.bit)
    elif register.LAYOUT.refuse_read or register.LAYOUT.side_effect:
        register._get_raw()


def _write(item: ViewItem, target: Target, value: object) -> None:
    register = item.register(target.register)
    if target.field:
        setattr(register, target.field, value)
    elif target.bit >= 0:
        register.bit[target.bit] = value  # type: ignore[assignment]
    else:
        register._set_raw(value)


class ValueMember(property):
    """A member read and written at one place."""

    def __init__(self, name: str, targets: tuple[Target, ...], doc: str = "") -> None:
        super().__init__()
        self.__doc__ = doc
        self.name = name
        self.targets = targets

    def __get__(self, item: ViewItem | None, owner: type | None = None) -> Any:
        return self if item is None else _read(item, self.targets[item.index])

    def __set__(self, item: ViewItem, value: object) -> None:
        _write(item, self.targets[item.index], value)


class LevelMember(property):
    """A member read at one place and written as a 1 at one of two others: one write, no read."""

    def __init__(self, name: str, targets: tuple[tuple[Target, ...], ...], doc: str = "") -> None:
        super().__init__()
        self.__doc__ = doc
        self.name = name
        self.targets = targets

    def __get__(self, item: ViewItem | None, owner: type | None = None) -> Any:
        return self if item is None else _read(item, self.targets[item.index][0])

    def __set__(self, item: ViewItem, value: object) -> None:
        targets = self.targets[item.index]
        if len(targets) < 3:
            raise NotWritable(f"{item.path}.{self.name}", "it is read-only")
        path = f"{item.path}.{self.name}"
        number = as_number(value, path)
        check_fit(path, number, 1)
        target = targets[1 if number else 2]
        act(item.register(target.register), target)


def act(register: Register, target: Target) -> None:
    """Write the value that acts at a target: all its bits 1, or 0 where a 0 acts."""
    mask, value, _ = _action(register, target)
    if target.field:
        info = register.FIELDS[target.field]
        setattr(register, target.field, ones(info.width) if value else 0)
    elif target.bit >= 0:
        register.bit[target.bit] = 1 if value else 0
    else:
        register.raw = value & mask


def _action(register: Register, target: Target) -> tuple[int, int, bool]:
    """The bits of a target, what acts there, and whether that is one write that is always right."""
    layout = register.LAYOUT
    if target.bit >= 0:
        mask = 1 << target.bit
        owner = next((field for field in layout.fields if field.mask & mask), None)
    else:
        owner = layout.field(target.field) if target.field else None
        mask = owner.mask if owner else ones(layout.width)
    if owner is not None:
        acting, limited = owner.acting, owner.limited or owner.access == "read-only"
    else:
        words = {"one": 1, "zer": 0}
        acting, limited = None if layout.fields else words.get(layout.write_action[:3]), False
    limited = limited or layout.limited
    alone = not (layout.keep or layout.guess or layout.verify or layout.refuse_write or limited)
    return mask, 0 if acting == 0 else mask, alone


class CallMember:
    """A member that is a method: one write of the bit that acts.

    The method is made once for each item and then found in the item itself.
    """

    def __init__(self, name: str, targets: tuple[Target, ...], doc: str = "") -> None:
        self.name = name
        self.targets = targets
        self.__doc__ = doc

    def __get__(self, item: ViewItem | None, owner: type | None = None) -> Any:
        if item is None:
            return self
        target = self.targets[item.index]
        register = item.register(target.register)
        method: Callable[[], object] = partial(act, register, target)
        mask, value, alone = _action(register, target)
        if alone:
            # Nothing to keep and nothing to check: the core's single write is all there is to do.
            method = partial(register.act, mask, value)
        item.__dict__[self.name] = method
        return method


class StepsMember(property):
    """A member that is assigned to and carried out as a procedure of writes and waits.

    The procedure holds the instance's lock, so that two threads never mix their steps.
    """

    def __init__(
        self,
        name: str,
        steps: tuple[tuple[StepLayout, ...], ...],
        enum: EnumLayout | None,
        doc: str = "",
    ) -> None:
        super().__init__()
        self.__doc__ = doc
        self.name = name
        self.steps = steps
        self.enum = enum
        self.numbers = dict(enum.members) if enum else {}

    def __get__(self, item: ViewItem | None, owner: type | None = None) -> Any:
        if item is None:
            return self
        raise NotReadable(f"{item.path}.{self.name}", "the hardware does not show it")

    def __set__(self, item: ViewItem, value: object) -> None:
        path = f"{item.path}.{self.name}"
        if isinstance(value, str):
            if value not in self.numbers:
                raise UnknownName(f"the enum of {path}", value, self.numbers)
            value = self.numbers[value]
        # Every step is tried before the first write, so that a bad one leaves nothing half done.
        steps = [self._prepared(item, step, value) for step in self.steps[item.index]]
        with item._block.context.lock:
            for write, number, wait_us in steps:
                if write is not None:
                    write(number)
                if wait_us:
                    time.sleep(wait_us / 1e6)

    def _prepared(
        self, item: ViewItem, step: StepLayout, value: object
    ) -> tuple[Callable[[Any], None] | None, object, int]:
        """A step as a call with a number that is known to be right, and the wait after it."""
        target, number = step.target, value if step.value is None else step.value
        if target is None:
            return None, 0, step.wait_us
        register = item.register(target.register)
        if target.field:
            number = register.check_write({target.field: number})
            return register._put, number, step.wait_us
        if target.bit < 0:
            return register._put, register.check_raw(number), step.wait_us
        return partial(_write, item, target), number, step.wait_us


class ViewOf(Member):
    """A view in a block class; ``names`` gives each index its further names."""

    def __init__(
        self,
        cls: type[ViewItem] | Callable[[], type[ViewItem]],
        length: int,
        names: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        super().__init__()
        self._cls = cls
        self.length = length
        self.names = names

    @property
    def cls(self) -> type[ViewItem]:
        """The class of its items."""
        if not isinstance(self._cls, type):
            self._cls = self._cls()
        return self._cls

    def make(self, block: Block, name: str) -> View:
        """The view of ``block``."""
        return View(block, name, self)

    def __repr__(self) -> str:
        return f"<view of {self.length}>"


class View(Indexed):
    """A live view: items by index. No bus access until a member of an item is used."""

    __slots__ = ("_block", "_items", "_member", "_name")

    def __init__(self, block: Block, name: str, member: ViewOf) -> None:
        self._block = block
        self._name = name
        self._member = member
        self._items: dict[int, ViewItem] = {}

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{self._block.path}.{self._name}"

    def __getitem__(self, index: int) -> Any:
        index = as_index(index, self.path)
        if not 0 <= index < self._member.length:
            raise NoSuchElement(self.path, index, self._member.length)
        item = self._items.get(index)
        if item is None:
            names = self._member.names[index] if self._member.names else ()
            item = self._items.setdefault(index, self._member.cls(self._block, index, names))
        return item

    def __len__(self) -> int:
        return self._member.length

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(self._member.length))

    def __repr__(self) -> str:
        return f"<view {self.path} of {self._member.length}>"
