"""What the data sheet says of a block, as frozen data: enums, fields, registers, groups, views.

Rules of this file: no I/O, no addresses summed up, no masks derived. A loader has already
resolved shorthands, defaults and inheritance, so every value here is the one in force; arrays,
views and windows are still as written. ``layout`` turns this into names, addresses and masks.

Words: ``offset`` in bytes from the parent; ``size`` in bytes; ``width`` in bits; ``place`` is
where it was written (None for a model made in Python).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Union

from regmap.bits import BitRange
from regmap.errors import Place
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.expr import Count, NamePattern, Path

__all__ = [
    "Array",
    "Block",
    "ByteOrder",
    "Constraint",
    "Enum",
    "EnumValue",
    "Extra",
    "Field",
    "FieldArray",
    "Group",
    "Line",
    "Member",
    "Pad",
    "Register",
    "SequenceStep",
    "View",
    "Window",
    "WordOrder",
]

ByteOrder = Literal["little", "big"]
WordOrder = Literal["low-first", "high-first", "high-low-high"]

# What a deferred block makes when it is first asked for.
_LATE = ("items", "enums")

# What SVD says beyond this model, kept as it was written: (element, its text or what is in it), in
# the order of the file; an attribute's name begins with "@". Nothing here has a meaning for regmap.
Extra = tuple[tuple[str, Union[str, "Extra"]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumValue:
    """One named value. ``care`` masks the bits that count (None: all); ``default`` marks the
    name of every value not listed, which then has no ``value``."""

    name: str
    value: int | None
    description: str = ""
    care: int | None = None
    default: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """Named values of a field; ``name`` is "" for one written inside its field."""

    name: str = ""
    values: tuple[EnumValue, ...]
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """Which values may be written: a range, the enum's values only, or only what was read."""

    minimum: int | None = None
    maximum: int | None = None
    enum_only: bool = False
    as_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """Repetition of a register, group or instance.

    One entry a dimension in ``counts`` and ``strides``, the outermost first. ``strides`` are in
    bytes (in index steps behind a window). ``names`` makes an own name for each element out of
    its indexes ``i``, ``j``, ``k``; ``labels`` lists them instead. With ``live`` the hardware
    states the count of the one dimension and ``counts`` holds the largest.
    """

    counts: tuple[int, ...]
    strides: tuple[int, ...]
    names: NamePattern | None = None
    labels: tuple[str, ...] = ()
    live: Count | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldArray:
    """Repetition of a field inside its register; ``stride`` is in bits.

    ``counts`` has one number, or one for each element of the register's own array (the last of
    which is often shorter). ``names`` sees the register's indexes first, then the field's.
    """

    counts: tuple[int, ...]
    stride: int
    names: NamePattern | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Some bits of a register with a meaning. ``bits`` lists the parts of the field from its
    least significant end; nearly always there is one. ``enum`` names values read and written,
    ``write_enum`` those written where they differ."""

    name: str
    bits: tuple[BitRange, ...]
    access: Access = Access.READ_WRITE
    write_action: WriteAction = WriteAction.MODIFY
    read_action: ReadAction | None = None
    reset: int | None = None
    enum: Enum | None = None
    write_enum: Enum | None = None
    array: FieldArray | None = None
    volatile: bool = False
    constraint: Constraint | None = None
    unit: str = ""
    lock: str = ""
    description: str = ""
    source: str = ""
    py_name: str = ""
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One addressable word, or an array of them.

    ``access``, ``write_action`` and ``read_action`` hold for bits that no field declares when
    there are no fields at all. ``resets`` gives each element of its array a reset value of its
    own. ``target`` is the register whose storage a set, clear or toggle register acts on;
    ``storage`` names a storage that has no readable register; ``alias`` is the register that this
    address is another way to; ``alternate`` says that sharing an address with other registers is
    meant. ``access_widths`` are the widths, in bits, that the hardware takes (empty: the
    register's own). ``verify`` asks for a read back after each write, since the hardware may
    drop it.
    """

    name: str
    offset: int
    width: int = 32
    access: Access = Access.READ_WRITE
    write_action: WriteAction = WriteAction.MODIFY
    read_action: ReadAction | None = None
    reset: int | None = None
    reset_mask: int | None = None
    resets: tuple[int, ...] = ()
    fields: tuple[Field, ...] = ()
    array: Array | None = None
    access_widths: tuple[int, ...] = ()
    word_order: WordOrder | None = None
    byte_order: ByteOrder = "little"
    volatile: bool = False
    verify: bool = False
    target: str = ""
    storage: str = ""
    alias: str = ""
    alternate: bool = False
    constraint: Constraint | None = None
    unit: str = ""
    lock: str = ""
    description: str = ""
    source: str = ""
    py_name: str = ""
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Registers that repeat or nest (SVD: cluster)."""

    name: str
    offset: int
    items: tuple[Register | Group, ...]
    array: Array | None = None
    alternate: bool = False
    description: str = ""
    source: str = ""
    py_name: str = ""
    extra: Extra = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Registers behind an index/data pair; their ``offset`` is the index, in index steps."""

    name: str
    index: Path
    data: Path
    items: tuple[Register, ...]
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceStep:
    """One step of a member that is a procedure: a register write or a wait.

    ``write`` names a field; the other bits of its register are written with their reset value.
    ``value`` is a number, or None for the value that the caller gave.
    """

    write: Path | None = None
    value: int | None = None
    wait_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One name of a view.

    Exactly one form: ``path`` (a value read and written there), ``read`` with ``set`` and
    ``clear`` (read at one place, written as a 1 to one of two others), ``call`` (a method that
    writes the acting value once), or ``steps`` (a procedure that takes a value).
    """

    name: str
    path: Path | None = None
    read: Path | None = None
    set: Path | None = None
    clear: Path | None = None
    call: Path | None = None
    steps: tuple[SequenceStep, ...] = ()
    enum: Enum | None = None
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """How a pin of a view meets the outside world; used by the simulator alone.

    ``level`` shows the pad; ``latch`` is what an output drives; the pin drives while member
    ``output[0]`` has the value named ``output[1]``. ``event`` collects edges and levels that
    the other paths enable.
    """

    level: Path
    latch: Path
    output: tuple[str, str]
    event: Path | None = None
    rising: Path | None = None
    falling: Path | None = None
    high: Path | None = None
    low: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one index of a view is on the chip: further names, functions by function name, and
    the pull that it has after reset."""

    names: tuple[str, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    reset_pull: str = ""
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One index over many registers: ``pin[17]``."""

    name: str
    count: int
    members: tuple[Member, ...]
    pad: Pad | None = None
    lines: Mapping[int, Line] = field(default_factory=dict)
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A kind of peripheral (SVD: peripheral). ``size`` in bytes, None where not stated.

    ``instance_name`` is what the one instance is called when the block is opened alone.
    ``per_cpu`` says that each CPU sees its own registers at the one address.
    """

    name: str
    items: tuple[Register | Group, ...] = ()
    windows: tuple[Window, ...] = ()
    views: tuple[View, ...] = ()
    enums: tuple[Enum, ...] = ()
    size: int | None = None
    instance_name: str = ""
    per_cpu: bool = False
    description: str = ""
    source: str = ""
    extends: str = ""
    extra: Extra = ()
    place: Place | None = None
    _make: Callable[[], Block] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def deferred(cls, make: Callable[[], Block], **known: Any) -> Block:
        """A block whose ``items`` and ``enums`` are made by ``make`` when first asked for.

        ``known`` is everything else about it. To every user it is a block like any other; what
        ``make`` raises comes out where the items are asked for, each time.
        """
        block = cls(**known)
        for late in _LATE:
            object.__delattr__(block, late)
        object.__setattr__(block, "_make", make)
        return block

    def __getattr__(self, name: str) -> Any:
        # Reached only for a slot that is empty: what a deferred block has not made yet.
        if name not in _LATE:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        make = self._make
        if make is not None:  # else another thread has just made them
            made = make()
            for late in _LATE:
                object.__setattr__(self, late, getattr(made, late))
            object.__setattr__(self, "_make", None)
        return object.__getattribute__(self, name)
