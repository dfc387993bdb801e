"""Fields by number: the elements of a field array, and the single bits of any register."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from regmap.errors import AccessError, NoSuchElement, NotReadable, NotWritable, ReadHasSideEffect

if TYPE_CHECKING:
    from regmap.live.register import Register

__all__ = ["Bits", "FieldArray", "FieldArrayInfo"]


class FieldArrayInfo(property):
    """A field array, as its register class gives it; on a register it becomes a FieldArray."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        super().__init__()
        self.elements = elements

    @overload
    def __get__(self, register: None, owner: type | None = None) -> FieldArrayInfo: ...
    @overload
    def __get__(self, register: Register, owner: type | None = None) -> FieldArray: ...
    def __get__(self, register: Register | None, owner: type | None = None) -> Any:
        return self if register is None else FieldArray(register, self.elements)


class FieldArray:
    """The elements of a field array on one register: ``GPFSEL1.FSEL[7]`` is ``GPFSEL1.FSEL17``.

    Reading and assigning an element does what its own name does.
    """

    __slots__ = ("_elements", "_register")

    def __init__(self, register: Register, elements: tuple[str, ...]) -> None:
        self._register = register
        self._elements = elements

    def _name(self, index: int) -> str:
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

    def __repr__(self) -> str:
        return f"<fields {self._register.path}.{self._elements[0]} to {self._elements[-1]}>"


class Bits:
    """The single bits of a register: ``register.bit[3]``.

    Reading is one bus read. Assigning writes that bit as a field of its own would be written: one
    read and one write, or one write where nothing has to be kept.
    """

    __slots__ = ("_register",)

    def __init__(self, register: Register) -> None:
        self._register = register

    def _path(self, index: int) -> str:
        width = self._register.LAYOUT.width
        if not 0 <= index < width:
            raise NoSuchElement(f"{self._register.path}.bit", index, width)
        return f"{self._register.path}.bit[{index}]"

    def __getitem__(self, index: int) -> int:
        register, layout = self._register, self._register.LAYOUT
        path = self._path(index)
        if layout.refuse_read:
            raise NotReadable(path, layout.refuse_read)
        if layout.side_effect:
            raise ReadHasSideEffect(path, f"reading has a side effect ({layout.side_effect})")
        return register.load() >> index & 1

    def __setitem__(self, index: int, value: int) -> None:
        register, layout = self._register, self._register.LAYOUT
        path = self._path(index)
        for field in layout.fields:
            if field.mask >> index & 1 and field.access == "read-only":
                raise NotWritable(path, f"it belongs to {field.name}, which is read-only")
        if value not in {0, 1}:
            raise AccessError(path, f"a bit is 0 or 1, not {value!r}")
        acting = self._acting(index)
        if acting is not None and value != acting:
            raise AccessError(path, f"writing {value} would do nothing; a {acting} acts")
        register._merge(1 << index, int(value) << index)

    def _acting(self, index: int) -> int | None:
        layout = self._register.LAYOUT
        if not layout.fields:
            return {"one": 1, "zer": 0}.get(layout.write_action[:3])
        for field in layout.fields:
            if field.mask >> index & 1:
                return field.acting
        return None

    def __len__(self) -> int:
        return self._register.LAYOUT.width

    def __repr__(self) -> str:
        return f"<bits of {self._register.path}>"
