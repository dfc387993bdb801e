"""Fields as a type checker sees them in generated modules: what they give and what they take.

What hardware holds changes by itself, so a checker must not conclude from an assignment what a
later read gives. A live field therefore gives a ``Number``, which nobody ever assigns, and takes
an ``int``; one with named values takes those by signatures of their own. A snapshot does not
change: its fields are plain numbers and members. Nothing here runs; ``typed`` is the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Never, TypeAlias, TypeVar, overload

from regmap.live.bitfields import FieldArrayInfo
from regmap.live.value import FieldInfo
from regmap.live.views import ViewItem

if TYPE_CHECKING:
    __all__ = [
        "EnumField",
        "EnumWriteField",
        "Field",
        "FieldArray",
        "Got",
        "HiddenField",
        "HiddenFieldArray",
        "Live",
        "NotAssignable",
        "Number",
        "ReadField",
        "ReadFieldArray",
        "Shown",
        "WriteField",
        "WriteFieldArray",
        "Written",
    ]

    T = TypeVar("T", covariant=True)
    G = TypeVar("G", covariant=True)  # what reading gives
    S = TypeVar("S", contravariant=True)  # what may be assigned
    E = TypeVar("E")  # an enum's class
    N = TypeVar("N")  # a Literal of the names that may be assigned

    class Number(int):
        """A number as the hardware has it now; at run time a plain ``int``.

        Comparing one says nothing of the next: two reads of the same field are two accesses.
        """

        def __eq__(self, other: object, /) -> bool: ...
        def __hash__(self) -> int: ...

    # Of a field with the enum E whose names are N: what a live read gives, what a snapshot has, and
    # what may be written. A value that has no name is its number.
    Live: TypeAlias = E | Number
    Got: TypeAlias = E | int
    Written: TypeAlias = E | int | N

    class NotAssignable:
        """What can be assigned to a name that cannot be assigned to; nothing is one."""

        def __init__(self, never: Never) -> None: ...

    # Of a field, and of a member of a view, the class gives what describes it. A checker compares
    # ``__get__`` and ``__set__`` of one class, and concludes nothing from an assignment where their
    # types differ.

    class ReadField(Generic[G]):
        """A field that can be read and not written."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> G: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

    class Field:
        """A field that takes and gives numbers."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> Number: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        def __set__(self, instance: object, value: int, /) -> None: ...

    class EnumField(Generic[G, E, N]):
        """A field whose values have names."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> G: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        @overload
        def __set__(self, instance: object, value: E, /) -> None: ...
        @overload
        def __set__(self, instance: object, value: int, /) -> None: ...
        @overload
        def __set__(self, instance: object, value: N, /) -> None: ...
        def __set__(self, instance: object, value: Any, /) -> None: ...

    class HiddenField:
        """A field that only ``read``, ``write`` and ``modify`` of its register reach."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        def __get__(self, instance: None, owner: type) -> Any: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

    class WriteField:
        """A field that can be written and not read."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        def __get__(self, instance: None, owner: type) -> Any: ...
        def __set__(self, instance: object, value: int, /) -> None: ...

    class EnumWriteField(Generic[E, N]):
        """A field that can be written, also by name, and not read."""

        @overload
        def __get__(self, instance: None, owner: type[ViewItem]) -> property: ...
        @overload
        def __get__(self, instance: None, owner: type) -> FieldInfo: ...
        def __get__(self, instance: None, owner: type) -> Any: ...
        def __set__(self, instance: object, value: E | int | N, /) -> None: ...

    class HiddenElements:
        """The elements of a field array on one register; iterating gives their names."""

        def __iter__(self) -> Iterator[str]: ...
        def __len__(self) -> int: ...

    class ReadElements(HiddenElements, Generic[G]):
        """The elements of a field array that can be read."""

        def __getitem__(self, index: int) -> G: ...

    class WriteElements(HiddenElements, Generic[S]):
        """The elements of a field array that can only be written."""

        def __setitem__(self, index: int, value: S) -> None: ...

    class Elements(ReadElements[G], Generic[G, S]):
        """The elements of a field array that can be written too."""

        def __setitem__(self, index: int, value: S) -> None: ...

    class _FieldArray(Generic[T]):
        @overload
        def __get__(self, instance: None, owner: type) -> FieldArrayInfo: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> T: ...
        def __get__(self, instance: object, owner: type | None = None) -> Any: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

    class FieldArray(_FieldArray[Elements[G, S]]):
        """A field array."""

    class ReadFieldArray(_FieldArray[ReadElements[G]]):
        """A field array that can only be read."""

    class WriteFieldArray(_FieldArray[WriteElements[S]]):
        """A field array that can only be written."""

    class HiddenFieldArray(_FieldArray[HiddenElements]):
        """A field array whose elements only ``read``, ``write`` and ``modify`` reach."""

    class Shown(Generic[G]):
        """A field of a snapshot."""

        def __get__(self, instance: object, owner: type | None = None) -> G: ...
        def __set__(self, instance: object, value: NotAssignable, /) -> None: ...

else:
    __all__ = ["Number"]

    Number = int
