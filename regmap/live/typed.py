"""What a type checker is told of generated modules: the bases and attributes that their stubs name.

Nothing here runs. At run time a register of a generated module is a ``regmap.live`` register like
any other, and a class below that has a counterpart there is that counterpart, so that it serves in
annotations and in ``isinstance`` alike.

Registers, snapshots and arrays stand beside the live ones and do not derive from them: what a
register cannot do, such as ``write``, must not be there at all. Blocks, views and devices are the
live ones less their dynamic attributes.
"""

from __future__ import annotations

from builtins import property  # noqa: A004  (stubs name it where a member may hide it)
from collections.abc import Callable, Iterator, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    Protocol,
    Required,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Union,
    Unpack,
    overload,
)

from regmap.backends.base import Backend
from regmap.layout.device import DeviceLayout
from regmap.layout.shape import RegisterLayout
from regmap.live import array, block, device, register, value, views
from regmap.live.bitfields import Bits
from regmap.live.typed_fields import Number
from regmap.live.value import FieldEnum, FieldInfo

if TYPE_CHECKING:
    from regmap.live.typed_fields import (
        EnumField,
        EnumWriteField,
        Field,
        FieldArray,
        Got,
        HiddenField,
        HiddenFieldArray,
        Live,
        NotAssignable,
        ReadField,
        ReadFieldArray,
        Shown,
        WriteField,
        WriteFieldArray,
        Written,
    )

    __all__ = [
        "Array",
        "Block",
        "Blocks",
        "Bool",
        "Carrier",
        "Cpu",
        "Device",
        "DeviceLayout",
        "EnumField",
        "EnumWriteField",
        "Field",
        "FieldArray",
        "FieldEnum",
        "Got",
        "Grid",
        "HiddenField",
        "HiddenFieldArray",
        "Int",
        "Literal",
        "Live",
        "Member",
        "Number",
        "Pins",
        "Polling",
        "ReadChanges",
        "ReadChangesOnly",
        "ReadField",
        "ReadFieldArray",
        "ReadOnly",
        "ReadWrite",
        "Register",
        "RegisterValue",
        "Self",
        "Shown",
        "TypeAlias",
        "TypedDict",
        "Union",
        "Unpack",
        "Until",
        "View",
        "ViewItem",
        "WritableArray",
        "WritableGrid",
        "WritableMember",
        "WriteField",
        "WriteFieldArray",
        "WriteOnly",
        "Written",
        "overload",
        "property",
    ]

    T = TypeVar("T", covariant=True)
    I = TypeVar("I", covariant=True)  # noqa: E741  (the inner array of an array of arrays)
    V = TypeVar("V", covariant=True)  # a register's snapshot

    # Plain types by names that no register or field can hide inside its own class.
    Int: TypeAlias = int
    Bool: TypeAlias = bool
    Cpu: TypeAlias = int | None
    Carrier: TypeAlias = Backend | str | None
    Blocks: TypeAlias = tuple[T, ...]
    Until: TypeAlias = Callable[[V], bool]

    class Polling(TypedDict, total=False):
        """How long ``wait`` polls and how often, in seconds, or whether by interrupts."""

        timeout_s: Required[float]
        period_s: float
        irq: bool

    class RegisterValue(int):
        """A snapshot."""

        @property
        def path(self) -> str: ...
        @property
        def width(self) -> int: ...
        @property
        def fields(self) -> dict[str, int]: ...

    class _ReadRaw:
        def __get__(self, instance: object, owner: type | None = None) -> Number: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

    class _Raw:
        def __get__(self, instance: object, owner: type | None = None) -> Number: ...
        def __set__(self, instance: object, value: int, /) -> None: ...

    class _WriteRaw:
        def __get__(self, instance: None, owner: type) -> property: ...
        def __set__(self, instance: object, value: int, /) -> None: ...

    class _ReadBits(Protocol):
        def __getitem__(self, index: int, /) -> int: ...
        def __len__(self) -> int: ...

    class Register:
        """Any register of a generated module."""

        LAYOUT: ClassVar[RegisterLayout]
        FIELDS: ClassVar[Mapping[str, FieldInfo]]

        @property
        def path(self) -> str: ...
        @property
        def name(self) -> str: ...
        @property
        def address(self) -> int: ...
        @property
        def width(self) -> int: ...

    class _Readable(Register, Generic[V]):
        def read(self) -> V: ...

    class _Writable(Register):
        @property
        def bit(self) -> Bits: ...
        def write(self, value: int, /) -> None: ...
        def reset(self) -> None: ...

    class _Steady(_Readable[V]):
        def wait(
            self, until: Until[V], /, *, timeout_s: float, period_s: float = ..., irq: bool = ...
        ) -> V: ...

    class ReadWrite(_Steady[V], _Writable):
        """A register that can be read and written."""

        raw: _Raw

    class ReadOnly(_Steady[V]):
        """A register that cannot be written."""

        raw: _ReadRaw

        @property
        def bit(self) -> _ReadBits: ...

    class WriteOnly(_Writable):
        """A register that cannot be read."""

        raw: _WriteRaw

    class ReadChanges(_Readable[V], _Writable):
        """A register that changes when it is read, so that only ``read`` does it."""

        raw: _WriteRaw

    class ReadChangesOnly(_Readable[V]):
        """A register that cannot be written, and that changes when it is read."""

    class Member(Generic[T]):
        """A name of a block or device; it cannot be assigned to."""

        @overload
        def __get__(self, instance: None, owner: type) -> property: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> T: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

    class WritableMember(Generic[T]):
        """A register of a block; assigning writes the whole of it."""

        @overload
        def __get__(self, instance: None, owner: type) -> property: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> T: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        def __set__(self, instance: object, value: int, /) -> None: ...

    class _Array(Generic[T]):
        @property
        def path(self) -> str: ...
        @property
        def largest(self) -> int: ...
        def count(self) -> int: ...
        def every(self) -> Iterator[T]: ...
        def __len__(self) -> int: ...

    class Array(_Array[T]):
        """An array; its elements cannot be assigned to."""

        def __getitem__(self, index: int) -> T: ...
        def __iter__(self) -> Iterator[T]: ...

    class WritableArray(Array[T]):
        """An array of registers; assigning to an element writes the whole of it."""

        def __setitem__(self, index: int, value: int) -> None: ...

    class Grid(_Array[T], Generic[I, T]):
        """An array of arrays."""

        @overload
        def __getitem__(self, index: int) -> I: ...
        @overload
        def __getitem__(self, index: tuple[int, ...]) -> T: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __iter__(self) -> Iterator[I]: ...

    class WritableGrid(Grid[I, T]):
        """An array of arrays of registers."""

        def __setitem__(self, index: tuple[int, ...], value: int) -> None: ...

    class View(views.View, Generic[T]):
        """A view; its items by index."""

        def __getitem__(self, index: int) -> T: ...
        def __iter__(self) -> Iterator[T]: ...

    class ViewItem(views.ViewItem):
        """One index of a view."""

        __getattr__: None  # type: ignore[misc, assignment]
        __setattr__: None  # type: ignore[misc, assignment]

    class Block(block.Block):
        """A block or group of a generated module."""

        __getattr__: None  # type: ignore[misc, assignment]
        __setattr__: None  # type: ignore[misc, assignment]

    class Pins(device.Pins, Generic[T]):
        """The pins of a board under all their names."""

        def __getitem__(self, name: str) -> T: ...

    class Device(device.Device):
        """The device of a generated module."""

        __getattr__: None  # type: ignore[misc, assignment]
        __setattr__: None  # type: ignore[misc, assignment]

else:
    __all__ = [
        "Array",
        "Block",
        "Device",
        "Number",
        "Register",
        "RegisterValue",
        "View",
        "ViewItem",
    ]

    Array = array.Array
    Block = block.Block
    Device = device.Device
    Register = register.Register
    RegisterValue = value.RegisterValue
    View = views.View
    ViewItem = views.ViewItem
