"""The shape of a laid-out description: names, addresses and masks as plain, comparable tuples.

Everything that reads, writes, prints or guards registers works from these and derives nothing
again. Field values are ready to be printed as literals. ``mask``, ``keep``, ``neutral`` and
``guess`` are in register position; offsets in bytes from the enclosing block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Literal, NamedTuple

__all__ = [
    "ArrayLayout",
    "BlockLayout",
    "CountLayout",
    "EnumLayout",
    "FieldLayout",
    "GroupAt",
    "LaterRegister",
    "MemberLayout",
    "PadLayout",
    "RegisterAt",
    "RegisterLayout",
    "StepLayout",
    "Target",
    "ViewKind",
    "ViewLayout",
    "ViewMember",
    "WindowLayout",
]


class EnumLayout(NamedTuple):
    """Named values: ``members`` pairs Python name and number; ``names`` maps what the manual
    prints where that differs; ``patterns`` are (name, value, care) with don't-care bits;
    ``default`` names all numbers not listed."""

    name: str
    members: tuple[tuple[str, int], ...]
    docs: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    patterns: tuple[tuple[str, int, int], ...] = ()
    default: str = ""


class FieldLayout(NamedTuple):
    """One field of a register, as software may use it.

    ``bits`` are (lsb, width) from the least significant part. ``refuse_read`` and
    ``refuse_write`` give the reason why an attribute access is refused, "" where it is allowed.
    ``acting`` is the bit value that does something for a write-one or write-zero field, and
    ``does`` the verb. ``minimum``, ``maximum``, ``enum_only`` and ``as_read`` (nothing but what
    was read) limit what may be written.
    """

    name: str
    bits: tuple[tuple[int, int], ...]
    access: str = "read-write"
    write_action: str = "modify"
    read_action: str = ""
    refuse_read: str = ""
    refuse_write: str = ""
    acting: int | None = None
    does: str = ""
    enum: EnumLayout | None = None
    write_enum: EnumLayout | None = None
    reset: int | None = None
    volatile: bool = False
    minimum: int | None = None
    maximum: int | None = None
    enum_only: bool = False
    as_read: bool = False
    unit: str = ""
    description: str = ""
    source: str = ""

    @property
    def limited(self) -> bool:
        """Whether not every number may be written to it."""
        ranged = self.minimum is not None or self.maximum is not None
        return ranged or self.enum_only or self.as_read

    @property
    def width(self) -> int:
        """Bits of the field's own number."""
        return sum(width for _, width in self.bits)

    @property
    def lsb(self) -> int:
        """The lowest bit in the register."""
        return min(lsb for lsb, _ in self.bits)

    @property
    def mask(self) -> int:
        """All its bits in register position."""
        mask = 0
        for lsb, width in self.bits:
            mask |= ((1 << width) - 1) << lsb
        return mask


class RegisterLayout(NamedTuple):
    """What one register is, wherever it stands; registers that are alike share one of these.

    ``keep`` are the bits that a write of some fields must read and write back, ``neutral`` the
    ones to set in bits that must not act, ``guess`` the bits that no write of another field can
    leave alone. ``refuse_read`` and ``refuse_write`` hold for the whole register and are "" where
    it is allowed; ``side_effect`` says what a read changes. ``field_arrays`` maps a name to the
    fields that are its elements.
    """

    class_name: str
    width: int
    access: str = "read-write"
    write_action: str = "modify"
    read_action: str = ""
    keep: int = 0
    neutral: int = 0
    guess: int = 0
    why_guess: str = ""
    refuse_read: str = ""
    refuse_write: str = ""
    side_effect: str = ""
    reset: int | None = None
    reset_mask: int | None = None
    big_endian: bool = False
    access_widths: tuple[int, ...] = ()
    word_order: str = ""
    volatile_mask: int = 0
    verify: bool = False
    minimum: int | None = None
    maximum: int | None = None
    as_read: bool = False
    fields: tuple[FieldLayout, ...] = ()
    field_arrays: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unit: str = ""
    lock: str = ""
    description: str = ""
    source: str = ""

    @property
    def limited(self) -> bool:
        """Whether not every number may be written to the whole of it, fields aside."""
        return self.minimum is not None or self.maximum is not None or self.as_read

    def field(self, name: str) -> FieldLayout:
        """The field of this name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


class LaterRegister:
    """A register that is laid out when it is first asked for; only its width is known before.

    ``make`` is called once, under ``lock``, which all that it shares things with have in common.
    """

    __slots__ = ("_layout", "_lock", "width")

    def __init__(
        self, width: int, make: Callable[[], RegisterLayout], lock: AbstractContextManager[object]
    ) -> None:
        self.width = width
        self._layout: RegisterLayout | Callable[[], RegisterLayout] = make
        self._lock = lock

    def get(self) -> RegisterLayout:
        """The layout, the same object each time."""
        with self._lock:
            if not isinstance(self._layout, RegisterLayout):
                self._layout = self._layout()
            return self._layout


class RegisterAt:
    """A register at an offset; behind a window, ``offset`` is the index.

    ``cell`` names the storage that it acts on where that is not its own: another register of the
    same block or group, or a hidden storage (``+latch[0]``). What the register is may be laid out
    later, when ``register`` is asked for; else this is a named tuple like the other shapes.
    """

    __slots__ = ("_register", "cell", "name", "offset", "window")
    _fields: ClassVar = ("name", "offset", "register", "window", "cell")
    _field_defaults: ClassVar[Mapping[str, object]] = {"window": "", "cell": ""}

    def __init__(
        self,
        name: str,
        offset: int,
        register: RegisterLayout | LaterRegister,
        window: str = "",
        cell: str = "",
    ) -> None:
        self.name = name
        self.offset = offset
        self._register = register
        self.window = window
        self.cell = cell

    @property
    def register(self) -> RegisterLayout:
        """What the register is."""
        register = self._register
        if isinstance(register, LaterRegister):
            self._register = register = register.get()
        return register

    @property
    def width(self) -> int:
        """Its width in bits, known before it is laid out."""
        return self._register.width

    def __iter__(self) -> Iterator[Any]:
        return iter((self.name, self.offset, self.register, self.window, self.cell))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, RegisterAt) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        parts = zip(self._fields, self, strict=True)
        return f"RegisterAt({', '.join(f'{name}={part!r}' for name, part in parts)})"

    def _replace(self, **changes: Any) -> RegisterAt:
        now = (self.name, self.offset, self._register, self.window, self.cell)
        return RegisterAt(**(dict(zip(self._fields, now, strict=True)) | changes))


class GroupAt(NamedTuple):
    """A group of registers at an offset."""

    name: str
    offset: int
    group: BlockLayout


class CountLayout(NamedTuple):
    """A count that the hardware states: a field of the same block plus a constant."""

    register: str
    field: str
    plus: int


class ArrayLayout(NamedTuple):
    """An array of registers or groups.

    ``elements`` lists every element in row-major order; those of a named array are members of
    the block under their own names as well (``named``). ``live`` is the count at run time.
    """

    name: str
    counts: tuple[int, ...]
    elements: tuple[RegisterAt | GroupAt, ...]
    named: bool = False
    live: CountLayout | None = None
    window: str = ""
    description: str = ""


class Target(NamedTuple):
    """Where one index of a view member points: a register by its path in the block and a field,
    or ``bit`` where no field is named there, or neither for the whole register."""

    register: str
    field: str = ""
    bit: int = -1


class StepLayout(NamedTuple):
    """A step of a procedure: write ``value`` (None: the caller's) at a target, or wait."""

    target: Target | None
    value: int | None
    wait_us: int


ViewKind = Literal["value", "level", "call", "steps"]


class ViewMember(NamedTuple):
    """One name of a view. ``targets`` holds, for each index, the places it uses: one for a value
    or a call, three (read, set, clear) for a level; ``steps`` holds a procedure for each index."""

    name: str
    kind: ViewKind
    targets: tuple[tuple[Target, ...], ...] = ()
    steps: tuple[tuple[StepLayout, ...], ...] = ()
    enum: EnumLayout | None = None
    description: str = ""


class PadLayout(NamedTuple):
    """How each pin of a view meets the outside; targets per index, empty where there is none."""

    level: tuple[Target, ...]
    latch: tuple[Target, ...]
    output_member: str
    output_value: int
    event: tuple[Target, ...] = ()
    rising: tuple[Target, ...] = ()
    falling: tuple[Target, ...] = ()
    high: tuple[Target, ...] = ()
    low: tuple[Target, ...] = ()


class ViewLayout(NamedTuple):
    """One index over many registers."""

    name: str
    class_name: str
    length: int
    members: tuple[ViewMember, ...]
    pad: PadLayout | None = None
    names: tuple[tuple[str, ...], ...] = ()
    description: str = ""


class WindowLayout(NamedTuple):
    """An index/data pair. ``index_mask`` and ``index_lsb`` place the index in its register;
    ``index_rest`` is what its other bits are written with."""

    name: str
    index_register: str
    index_lsb: int
    index_mask: int
    index_rest: int
    data_register: str


MemberLayout = RegisterAt | GroupAt | ArrayLayout | ViewLayout


class BlockLayout(NamedTuple):
    """A block or group: its members in the order written, and its windows."""

    name: str
    class_name: str
    members: tuple[MemberLayout, ...]
    windows: tuple[WindowLayout, ...] = ()
    size: int = 0
    per_cpu: bool = False
    description: str = ""
    source: str = ""
