"""A live register: every operation is the bus transaction that its docstring names, no more.

The fast path (one load, one store, one merge) is in the C core; this module decides and refuses.
Methods whose names begin with one underscore are called by the core when something is not plain.
Objects may be shared between threads: one access is one access, and a modify is not interleaved
with another thread's on a mapping or behind a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, NoReturn

from regmap import _core
from regmap.bits import ones
from regmap.errors import (
    AccessError,
    BackendUnavailable,
    BusFault,
    NotANumber,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    UnknownName,
    ValueDoesNotFit,
    VerifyError,
)
from regmap.layout.shape import FieldLayout, RegisterLayout
from regmap.live.bitfields import Bits, FieldArrayInfo
from regmap.live.context import Context
from regmap.live.handle import Handle
from regmap.live.named import NamedPort, load_for
from regmap.live.spec import spec_of
from regmap.live.value import FieldInfo, RegisterValue, as_number, check_fit
from regmap.live.wait import wait_for

__all__ = ["Register"]


class Register(Handle, _core.Register):
    """One addressable word of the hardware, with its fields as attributes.

    A subclass states ``LAYOUT``; its fields are made from it. ``repr`` and comparison by identity
    are all that works without a bus access; ``int()``, ``bool()`` and ordering are refused.
    """

    __slots__ = ()
    LAYOUT: ClassVar[RegisterLayout]
    FIELDS: ClassVar[Mapping[str, FieldInfo]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        layout = cls.LAYOUT
        infos = {field.name: FieldInfo(field) for field in layout.fields}
        cls.FIELDS = infos
        cls.SPEC = spec_of(layout, infos)
        for name, field in cls.SPEC.fields.items():
            setattr(cls, name, field)
        for name, elements in layout.field_arrays:
            setattr(cls, name, FieldArrayInfo(elements))

    @property
    def path(self) -> str:
        """Where it is: ``GPIO.GPFSEL1``."""
        return f"{self.context.name}.{self.name}" if self.context.name else self.name

    @property
    def width(self) -> int:
        """Its width in bits."""
        return self.LAYOUT.width

    @property
    def bit(self) -> Bits:
        """Its single bits by number: ``register.bit[3]``. No bus access until one is used."""
        return Bits(self)

    def read(self) -> RegisterValue:
        """Read the register once and return an immutable snapshot.

        One bus read. This is the one way to read a register whose read has side effects.
        Raises NotReadable, BackendError.
        """
        if self.LAYOUT.refuse_read:
            raise NotReadable(self.path, self.LAYOUT.refuse_read)
        return RegisterValue(self.load(), type(self), self.path)

    def write(self, value: int | None = None, /, **fields: object) -> None:
        """Write the whole register once: a number, or fields by name.

        One bus write, no read. Fields not named take their reset value, write-one fields their
        neutral one; bits that nobody declared take what the reset value has. Raises NotWritable,
        ValueDoesNotFit, AccessError where a field that is not named has no known reset value,
        BackendError.
        """
        if value is not None:
            if fields:
                raise TypeError("write() takes a number or fields, not both")
            self._set_raw(value)
            return
        if not fields:
            raise TypeError("write() needs a number or fields")
        self._put(self.check_write(fields))

    def modify(self, /, **fields: object) -> None:
        """Change some fields and leave all others as they are.

        One bus read and one bus write; one write alone where all that is named is write-one and
        nothing has to be kept. Raises AccessError where a neighbour cannot be left alone,
        ValueDoesNotFit, UnknownName, BackendError.
        """
        if not fields:
            raise TypeError("modify() needs at least one field")
        mask, placed, named = self._place(fields)
        self._merge(mask, placed, named, always_read=True)

    def set(self, *names: str) -> None:
        """Set write-one (or write-zero) fields by name: one bus write, no read, where nothing
        else has to be kept. Raises AccessError for a field that is not of this kind."""
        self._act("set", names)

    def clear(self, *names: str) -> None:
        """Clear write-one (or write-zero) fields by name: one bus write, no read, where nothing
        else has to be kept. Raises AccessError for a field that is not of this kind."""
        self._act("clear", names)

    def toggle(self, *names: str) -> None:
        """Invert write-one (or write-zero) fields by name: one bus write, no read, where nothing
        else has to be kept. Raises AccessError for a field that is not of this kind."""
        self._act("toggle", names)

    def reset(self) -> None:
        """Write the reset value; write-one fields get their neutral bits.

        One bus write. Raises AccessError where the reset value is not known.
        """
        if self.LAYOUT.refuse_write:
            raise NotWritable(self.path, self.LAYOUT.refuse_write)
        if self.LAYOUT.reset is None:
            raise AccessError(self.path, "its reset value is not known")
        number = self._reset_bits(named=0)
        self._check_range(number)
        self._put(number)

    def wait(
        self,
        condition: Callable[[RegisterValue], bool] | None = None,
        /,
        *,
        timeout_s: float,
        period_s: float = 0.001,
        irq: bool = False,
        **fields: object,
    ) -> RegisterValue:
        """Poll until every named field has its value, and return the snapshot that had.

        One bus read a poll, every ``period_s`` seconds, at least one and one more at the end; one
        alone where ``timeout_s`` is 0 or less. With ``irq`` one read after each interrupt of the
        backend instead; what ends the interrupt at the device is for the caller to do.
        ``condition`` takes a snapshot instead. Raises WaitTimeout with the values seen,
        ReadHasSideEffect, NotReadable, ValueError for NaN, BackendUnavailable without interrupts.
        """
        if irq and self.context.irq is None:
            raise BackendUnavailable(f"{self.path}: this backend tells no interrupts; uio: does")
        interrupt = self.context.irq if irq else None
        return wait_for(self, condition, fields, timeout_s, period_s, irq=interrupt)

    def _reset_bits(self, *, named: int) -> int:
        """The reset value, write-one fields neutral; ``named`` bits are given by the caller."""
        layout = self.LAYOUT
        if not (layout.keep or layout.guess):
            # All that can be written is write-one, and so nothing else is to be set either.
            return layout.neutral
        known = 0
        if layout.reset is not None:
            known = ones(layout.width) if layout.reset_mask is None else layout.reset_mask
        raw = (layout.reset or 0) & known
        for field in layout.fields:
            if field.acting is not None:
                raw = raw & ~field.mask | (field.mask if field.acting == 0 else 0)
            elif field.mask & ~named and field.as_read and field.access != "read-only":
                raise AccessError(
                    f"{self.path}.{field.name}", "it takes only what was read; modify() keeps it"
                )
            elif field.mask & ~named & ~known and field.access != "read-only":
                raise AccessError(
                    f"{self.path}.{field.name}",
                    "its reset value is not known; name it, or modify()",
                )
        if not layout.fields and ones(layout.width) & ~known:
            raise AccessError(self.path, f"its reset value is known in bits {known:#x} alone")
        return raw

    # What is not plain ends up here: called by the core and by the methods above.

    def _place(self, fields: Mapping[str, object]) -> tuple[int, int, dict[str, int]]:
        """The mask, the bits and the numbers for some fields by name."""
        mask = placed = 0
        named: dict[str, int] = {}
        for name, value in fields.items():
            info = self._info(name)
            number = info.encode(value, f"{self.path}.{name}")
            self._check_writable(info.layout)
            if info.layout.as_read:
                raise AccessError(f"{self.path}.{name}", info.layout.refuse_write)
            self._check_acts(info, number)
            mask |= info.mask
            placed |= info.place(number)
            named[name] = number
        return mask, placed, named

    def _merge(
        self, mask: int, value: int, named: Mapping[str, int], *, always_read: bool = False
    ) -> None:
        """Change the bits of ``mask``, which ``named`` gives by the names of fields and bits."""
        layout = self.LAYOUT
        if layout.refuse_write:
            raise NotWritable(self.path, layout.refuse_write)
        if layout.as_read:
            raise AccessError(self.path, "it takes only what was read; assign that to raw")
        if layout.guess & ~mask:
            raise AccessError(self.path, f"its neighbours cannot be left alone: {layout.why_guess}")
        reads = layout.keep if always_read else layout.keep & ~mask
        if reads and layout.side_effect:
            raise ReadHasSideEffect(
                self.path, f"its neighbours must be read first ({layout.side_effect})"
            )
        port = self.port
        if isinstance(port, NamedPort):
            port.write_fields(named, always_read=always_read)
            return
        if layout.limited:
            with self.context.lock:  # no update: what is merged must be looked at in between
                old = self.load() if reads else 0
                written = _core.merge(old, layout.keep, layout.neutral, mask, value)
                self._check_range(written)
                self.store(written)
        else:
            written = self.update(mask, value, always_read=always_read)
        if layout.verify:
            self._verify(written)

    def _act(self, verb: str, names: tuple[str, ...]) -> None:
        if not names:
            raise TypeError(f"{verb}() needs at least one field name")
        mask = placed = 0
        named: dict[str, int] = {}
        for name in names:
            info = self._info(name)
            layout = info.layout
            self._check_writable(layout)
            if layout.does != verb:
                does = (
                    f"a write to it does a {layout.does}"
                    if layout.does
                    else "it is plain; assign to it"
                )
                raise AccessError(f"{self.path}.{name}", f"no {verb}() here: {does}")
            mask |= info.mask
            placed |= info.mask if layout.acting == 1 else 0
            named[name] = ones(info.width) if layout.acting == 1 else 0
        self._merge(mask, placed, named)

    def _info(self, name: str) -> FieldInfo:
        info = self.FIELDS.get(name)
        if info is None:
            raise UnknownName(self.path, name, self.FIELDS)
        return info

    def _check_writable(self, field: FieldLayout) -> None:
        if field.access == "read-only":
            raise NotWritable(f"{self.path}.{field.name}", "it is read-only")

    def _check_acts(self, info: FieldInfo, number: int) -> None:
        layout = info.layout
        if number == info.idle:
            raise AccessError(
                f"{self.path}.{info.name}",
                f"writing {number:#x} would do nothing; a {layout.acting} {layout.does}s it",
            )

    def _get_field(self, name: str) -> int:
        info = self._info(name)
        if info.layout.refuse_read:
            path = f"{self.path}.{name}"
            if self.LAYOUT.side_effect and info.layout.access not in {"write-only", "writeOnce"}:
                raise ReadHasSideEffect(path, info.layout.refuse_read)
            raise NotReadable(path, info.layout.refuse_read)
        return info.decode(load_for(self, info))

    def check_field(self, name: str, value: object) -> int:
        """The number that assigning ``value`` to a field would write there. No bus access.

        Raises what the assignment would raise before its first access.
        """
        info = self._info(name)
        path = f"{self.path}.{name}"
        self._check_writable(info.layout)
        if info.layout.refuse_write:
            raise AccessError(path, info.layout.refuse_write)
        number = info.encode(value, path)
        self._check_acts(info, number)
        return number

    def check_write(self, fields: Mapping[str, object]) -> int:
        """The number that ``write(**fields)`` would write. No bus access.

        Raises what that would raise before its access.
        """
        mask, placed, _ = self._place(fields)
        if self.LAYOUT.refuse_write:
            raise NotWritable(self.path, self.LAYOUT.refuse_write)
        number = self._reset_bits(named=mask) & ~mask | placed
        self._check_range(number)
        return number

    def check_raw(self, value: object) -> int:
        """The number that ``raw = value`` would write. No bus access.

        Raises what the assignment would raise before its first access.
        """
        layout = self.LAYOUT
        if layout.refuse_write:
            raise NotWritable(self.path, layout.refuse_write)
        number = as_number(value, self.path)
        check_fit(self.path, number, layout.width)
        self._check_range(number)
        for info in self.FIELDS.values():
            info.check_inside(number, self.path)
        return number

    def _check_range(self, number: int) -> None:
        layout = self.LAYOUT
        low, high = layout.minimum or 0, layout.maximum
        if number < low or (high is not None and number > high):
            largest = ones(layout.width) if high is None else high
            raise ValueDoesNotFit(
                self.path, number, layout.width, largest, f"the smallest is {low:#x}"
            )

    def _set_field(self, name: str, value: object) -> None:
        info = self.FIELDS[name]
        number = self.check_field(name, value)
        self._merge(info.mask, info.place(number), {name: number})

    def _get_raw(self) -> int:
        if self.LAYOUT.refuse_read:
            raise NotReadable(self.path, self.LAYOUT.refuse_read)
        raise ReadHasSideEffect(
            self.path, f"reading has a side effect ({self.LAYOUT.side_effect}); use .read()"
        )

    def _set_raw(self, value: object) -> None:
        self._put(self.check_raw(value))

    def _put(self, number: int) -> None:
        """Store a number that was checked."""
        self.store(number)
        if self.LAYOUT.verify and not isinstance(self.port, NamedPort):  # that verifies itself
            self._verify(number)

    def _verify(self, written: int) -> None:
        """Read back and compare what fields hold: not volatile, write-only or reserved bits, nor
        those with actions. One bus read."""
        layout = self.LAYOUT
        compared = 0
        for part in layout.fields or (layout,):
            if part.access == "read-write" and part.write_action == "modify":
                compared |= part.mask if isinstance(part, FieldLayout) else ones(layout.width)
        compared &= ~layout.volatile_mask
        read = self.load()
        if (read ^ written) & compared:
            hint = f"; {self.context.hint}" if self.context.hint else ""
            raise VerifyError(self.path, written, read, f"the write was dropped{hint}")

    def _fault(self, address: int, width: int, operation: str) -> NoReturn:
        why = self.context.hint or self.context.why(address)
        hint = f"; {why}" if why else ""
        raise BusFault(
            f"{self.path}: bus fault at {address:#x} on a {width}-bit {operation}{hint}",
            address=address,
            path=self.path,
        )

    def _unknown(self, name: str) -> NoReturn:
        known = [*self.FIELDS, *(array for array, _ in self.LAYOUT.field_arrays)]
        raise UnknownName(self.path, name, known)

    def __repr__(self) -> str:
        return f"<register {self.path} at {self.address:#x}, {self.width} bits>"

    def _number(self, *_: object) -> NoReturn:
        raise NotANumber(
            self.path, "a live register is no number; use .raw, or .read() for a snapshot"
        )

    __int__ = __index__ = __bool__ = __float__ = _number
    __lt__ = __le__ = __gt__ = __ge__ = _number
    context: Context
