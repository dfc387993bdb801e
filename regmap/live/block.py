"""Live blocks and groups: registers, groups, arrays and views as attributes, made on first touch.

Making one touches no bus; it only computes an address. An unknown name raises UnknownName with
the nearest ones. Iterating gives registers in address order, without reading any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from regmap import _core
from regmap.errors import AccessError, NotWritable, UnknownName
from regmap.layout.shape import WindowLayout
from regmap.live.clock import Clock
from regmap.live.context import Context
from regmap.live.register import Register

__all__ = ["Block", "GroupMember", "Member", "RegisterMember"]


class Member(property):
    """What a block class says of one of its names; a ``property`` so that completion tools do
    not evaluate the live object behind it."""

    def make(self, block: Block, name: str) -> object:
        """The live object for this name of ``block``; no bus access."""
        raise NotImplementedError


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
        if not self.window:
            port = context.port_for(layout)
            return self.cls(port, block.address + self.offset, local, context)
        window = block.window(self.window)
        step = window.data_width // 8
        port = context.port_behind(window, layout, self.offset)
        return self.cls(port, self.offset * step, local, context)

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

    def __repr__(self) -> str:
        return f"<group at +{self.offset:#x}>"


class Block(_core.Block):
    """A block or group at an address, with its members as attributes.

    Safe between threads; two threads that touch a new name at once get the same object.
    """

    __slots__ = ("__weakref__", "address", "context", "local", "parent")
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
        self.context = context
        self.address = address
        self.local = local
        self.parent = parent

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
        """Every register once, groups and arrays included, in address order; reads nothing."""
        from regmap.live.path import registers_of  # noqa: PLC0415  (path walks blocks)

        return registers_of(self)

    def __getitem__(self, path: str) -> Any:
        """What a dotted path names: ``block["TIMER[0].CONF"]``. No bus access."""
        from regmap.live.path import lookup  # noqa: PLC0415

        return lookup(self, path)

    def __repr__(self) -> str:
        return f"<block {self.path} at {self.address:#x}>"
