"""Fields by number: the elements of a field array, and the single bits of any register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NoReturn, Protocol, overload

from regmap.errors import AccessError, NoSuchElement, NotReadable, NotWritable, ReadHasSideEffect
from regmap.layout.shape import FieldLayout, RegisterLayout
from regmap.live.handle import Handle
from regmap.live.named import NamedPort
from regmap.live.value import as_index, as_number, check_fit

__all__ = ["Bits", "FieldArray", "FieldArrayInfo"]


class _Register(Protocol):
    """What is needed of a register."""

    LAYOUT: ClassVar[RegisterLayout]

    @property
    def path(self) -> str: ...
    @property
    def port(self) -> object: ...
    def load(self) -> int: ...
    def _merge(self, mask: int, value: int, named: Mapping[str, int]) -> None: ...


class FieldArrayInfo(property):
    """A field array, as its register class gives it; on a register it becomes a FieldArray."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        super().__init__()
        self.elements = elements

    @overload
    def __get__(self, register: None, owner: type | None = None) -> FieldArrayInfo: ...
    @overload
    def __get__(self, register: _Register, owner: type | None = None) -> FieldArray: ...
    def __get__(self, register: _Register | None, owner: type | None = None) -> Any:
        return self if register is None else FieldArray(register, self.elements)


class FieldArray(Handle):
    """The elements of a field array on one register: ``GPFSEL1.FSEL[7]`` is ``GPFSEL1.FSEL17``.

    Reading and assigning an element does what its own name does.
    """

    __slots__ = ("_elements", "_register")

    def __init__(self, register: _Register, elements: tuple[str, ...]) -> None:
        self._register = register
        self._elements = elements

    def _name(self, index: int) -> str:
        index = as_index(index, self._register.path)
        if not -len(self._elements) <= index < len(self._elements):
            raise NoSuchElement(self._register.path, index, len(self._elements))
        return self._elements[index]

    def __getitem__(self, index: int) -> int:
        value: int = getattr(self._register, self._name(index))
        return value

    def __setitem__(self, index: int, value: object) -> None:
        setattr(self._register, self._name(index), value)

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[str]:
        """The names of the elements; iterating values would hide a bus read each."""
        return iter(self._elements)

    def __reversed__(self) -> Iterator[str]:
        """Their names from the last."""
        return reversed(self._elements)

    def __contains__(self, name: object) -> bool:
        """Whether a field of this name is an element. No bus access."""
        if not isinstance(name, str):
            raise TypeError(f"{self._register.path}: only a name is looked for; read() values")
        return name in self._elements

    def __repr__(self) -> str:
        return f"<fields {self._register.path}.{self._elements[0]} to {self._elements[-1]}>"


class Bits(Handle):
    """The single bits of a register: ``register.bit[3]``.

    Reading is one bus read. Assigning writes that bit as a field of its own would be written: one
    read and one write, or one write where nothing has to be kept.
    """

    __slots__ = ("_register",)

    def __init__(self, register: _Register) -> None:
        self._register = register

    def _index(self, index: object) -> int:
        path = f"{self._register.path}.bit"
        number = as_index(index, path)
        width = self._register.LAYOUT.width
        if not 0 <= number < width:
            raise NoSuchElement(path, number, width)
        return number

    def _path(self, index: int) -> str:
        return f"{self._register.path}.bit[{index}]"

    def check_read(self, index: int) -> None:
        """Raise what reading a bit raises before its access. No bus access."""
        index = self._index(index)
        layout, path, owner = self._register.LAYOUT, self._path(index), self._owner(index)
        if layout.refuse_read or (owner and owner.access in {"write-only", "writeOnce"}):
            raise NotReadable(path, layout.refuse_read or f"it belongs to {_why(owner)}")
        if layout.side_effect:
            raise ReadHasSideEffect(path, f"reading has a side effect ({layout.side_effect})")

    def __getitem__(self, index: int) -> int:
        self.check_read(index)
        port, index = self._register.port, self._index(index)
        if isinstance(port, NamedPort):
            return port.read_field(f"bit[{index}]")
        return self._register.load() >> index & 1

    def check_write(self, index: int, value: object) -> int:
        """The number that assigning ``value`` to a bit would write there. No bus access.

        Raises what the assignment would raise of this bit before its first access.
        """
        index = self._index(index)
        path, owner = self._path(index), self._owner(index)
        if owner and owner.access == "read-only":
            raise NotWritable(path, f"it belongs to {_why(owner)}")
        if owner and owner.as_read:
            raise AccessError(path, f"{owner.name} takes only what was read")
        if owner and owner.limited:
            raise AccessError(path, f"{owner.name} does not take every value; assign to it")
        number = as_number(value, path)
        check_fit(path, number, 1)
        acting = owner.acting if owner else self._acting()
        if acting is not None and number != acting:
            raise AccessError(path, f"writing {number} would do nothing; a {acting} acts")
        return number

    def __setitem__(self, index: int, value: int) -> None:
        number = self.check_write(index, value)
        index = self._index(index)
        self._register._merge(1 << index, number << index, {f"bit[{index}]": number})

    def _owner(self, index: int) -> FieldLayout | None:
        """The field that the bit belongs to."""
        fields = self._register.LAYOUT.fields
        return next((field for field in fields if field.mask >> index & 1), None)

    def _acting(self) -> int | None:
        """The bit value that acts in a register without fields."""
        layout = self._register.LAYOUT
        return None if layout.fields else {"one": 1, "zer": 0}.get(layout.write_action[:3])

    def __len__(self) -> int:
        return self._register.LAYOUT.width

    def _many(self, *_: object) -> NoReturn:
        raise TypeError(
            f"{self._register.path}.bit: each bit would be a bus read; take them from read()"
        )

    # Without these Python would go through __getitem__ and read once for each bit.
    __iter__ = __reversed__ = __contains__ = _many

    def __repr__(self) -> str:
        return f"<bits of {self._register.path}>"


def _why(owner: FieldLayout | None) -> str:
    return f"{owner.name}, which is {owner.access}" if owner else ""
