"""Live blocks and groups: registers, groups, arrays and views as attributes, made on first touch.

Making one touches no bus; it only computes an address. An unknown name raises UnknownName with
the nearest ones. Iterating gives registers in address order, without reading any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from regmap import _core
from regmap.errors import AccessError, NotWritable, UnknownName
from regmap.layout.shape import WindowLayout
from regmap.live.clock import Clock
from regmap.live.context import Context, place_of
from regmap.live.handle import Handle
from regmap.live.lookup import lookup
from regmap.live.register import Register

__all__ = ["Block", "GroupMember", "Member", "RegisterMember", "in_order"]


class Member(property):
    """What a block class says of one of its names; a ``property`` so that completion tools do
    not evaluate the live object behind it."""

    @property
    def covers(self) -> tuple[str, ...]:
        """The names of others that this member answers for: an array's of its elements."""
        return ()

    def make(self, block: Block, name: str) -> object:
        """The live object for this name of ``block``; no bus access."""
        raise NotImplementedError

    def registers(self, block: Block, name: str, *, there: bool) -> Iterator[Register]:
        """Every register behind this name of ``block``; with ``there``, only those that the
        hardware says it has, which takes one bus read for each array whose length it states."""
        del block, name, there
        return iter(())


class RegisterMember(Member):
    """A register at ``offset`` bytes from its block; behind ``window``, offset is the index.

    ``cls`` is the register's class, or what makes it when it is first needed.
    """

    def __init__(
        self, cls: type[Register] | Callable[[], type[Register]], offset: int, window: str = ""
    ) -> None:
        super().__init__()
        self._cls = cls
        self.offset = offset
        self.window = window

    @property
    def cls(self) -> type[Register]:
        """The class of the register."""
        if not isinstance(self._cls, type):
            self._cls = self._cls()
        return self._cls

    def make(self, block: Block, name: str) -> Register:
        """The register of ``block``."""
        context = block.context
        layout = self.cls.LAYOUT
        local = block.local + name
        if self.window:
            window = block.window(self.window)
            address = self.offset * window.data_width // 8
            port = context.port_behind(window, layout, self.offset)
        else:
            address = block.address + self.offset
            port = context.port_for(layout)
        port = context.asked_by_name(local, layout, port)
        return self.cls(port, address, local, context)

    def registers(self, block: Block, name: str, *, there: bool) -> Iterator[Register]:
        """The one register."""
        del there
        yield getattr(block, name)

    def __repr__(self) -> str:
        return f"<register at {'index ' if self.window else '+'}{self.offset:#x}>"


class GroupMember(Member):
    """A group of registers at ``offset`` bytes from its block."""

    def __init__(self, cls: type[Block] | Callable[[], type[Block]], offset: int) -> None:
        super().__init__()
        self._cls = cls
        self.offset = offset

    @property
    def cls(self) -> type[Block]:
        """The class of the group."""
        if not isinstance(self._cls, type):
            self._cls = self._cls()
        return self._cls

    def make(self, block: Block, name: str) -> Block:
        """The group of ``block``."""
        local = f"{block.local}{name}."
        return self.cls(block.context, block.address + self.offset, local, block)

    def registers(self, block: Block, name: str, *, there: bool) -> Iterator[Register]:
        """Those of the group."""
        group: Block = getattr(block, name)
        return group._registers(there=there)

    def __repr__(self) -> str:
        return f"<group at +{self.offset:#x}>"


class Block(Handle, _core.Block):
    """A block or group at an address, with its members as attributes.

    Safe between threads; two threads that touch a new name at once get the same object.
    """

    __slots__ = ("__weakref__", "_address", "_context", "_local", "_parent")
    MEMBERS: ClassVar[Mapping[str, Member]] = {}
    WINDOWS: ClassVar[tuple[WindowLayout, ...]] = ()
    PER_CPU: ClassVar[bool] = False

    if TYPE_CHECKING:
        # A description read at run time tells a checker nothing: every name may be there.
        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.MEMBERS = {
            name: member for name, member in vars(cls).items() if isinstance(member, Member)
        }
        cls.NAMES = _core.Names(cls.MEMBERS)

    def __init__(
        self, context: Context, address: int, local: str = "", parent: Block | None = None
    ) -> None:
        super().__init__()
        self._context = context
        self._address = address
        self._local = local
        self._parent = parent

    # The registers that were made already are where they are, so none of these can be changed.

    @property
    def context(self) -> Context:
        """What all registers of its instance share."""
        return self._context

    @property
    def address(self) -> int:
        """Where it begins: absolute, in bytes."""
        return self._address

    @property
    def local(self) -> str:
        """Its path inside its instance, with a dot behind; "" for the instance itself."""
        return self._local

    @property
    def parent(self) -> Block | None:
        """The block that it is a group of."""
        return self._parent

    @property
    def path(self) -> str:
        """Where it is: ``HPET.TIMER[0]``."""
        return f"{self.context.name}.{self.local}".rstrip(".")

    @property
    def clock(self) -> Clock:
        """What switches the block on. Raises AccessError where the description names none."""
        if self.context.clock is None:
            raise AccessError(self.path, "its description names no clock")
        return self.context.clock

    def window(self, name: str) -> Any:
        """The port behind the index/data pair of this name. No bus access."""
        for window in self.WINDOWS:
            if window.name == name:
                return self.context.window_port(
                    window, self[window.index_register], self[window.data_register]
                )
        raise UnknownName(self.path, name, [window.name for window in self.WINDOWS])

    def on_cpu(self, cpu: int) -> Self:
        """The same block as CPU number ``cpu`` sees it: each access runs on that CPU.

        For blocks such as the local APIC, where every CPU has its own registers at one address.
        """
        if self.parent is None:
            return type(self)(self.context.on_cpu(cpu), self.address, self.local)
        parent = self.parent.on_cpu(cpu)
        return type(self)(parent.context, self.address, self.local, parent)

    def _make(self, name: str) -> object:
        with self.context.lock:
            return self.MEMBERS[name].make(self, name)

    def _unknown(self, name: str) -> NoReturn:
        raise UnknownName(self.path, name, self.MEMBERS)

    def _set_member(self, name: str, value: object) -> NoReturn:
        del value
        raise NotWritable(f"{self.path}.{name}", "it is not a register; name one of its registers")

    def __iter__(self) -> Iterator[Register]:
        """Every register once, groups and arrays included, in address order; those behind a
        window come after the window's data register. Reads nothing."""
        return iter(in_order(self._registers(there=False)))

    def _registers(self, *, there: bool) -> Iterator[Register]:
        """Every register in the order of the description, some more than once."""
        covered = {name for member in self.MEMBERS.values() for name in member.covers}
        for name, member in self.MEMBERS.items():
            if name not in covered:
                yield from member.registers(self, name, there=there)

    def __getitem__(self, path: str) -> Any:
        """What a dotted path names: ``block["TIMER[0].CONF"]``. No bus access."""
        return lookup(self, path)

    def __repr__(self) -> str:
        return f"<block {self.path} at {self.address:#x}>"


def in_order(registers: Iterable[Register]) -> list[Register]:
    """Registers once each and in address order. No bus access."""
    found = dict.fromkeys(registers)
    return sorted(found, key=lambda register: place_of(register.port, register.address))
