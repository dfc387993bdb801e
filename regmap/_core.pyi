"""The C core: the only code that touches a mapping, and attribute access that is one bus access.

Everything here holds the GIL from the first to the last bus access of a call, so no other Python
thread comes between the read and the write of an update. Addresses are absolute and in bytes,
widths in bits (8, 16, 32, 64), and one access is one volatile load or store of that width.

Refused before the bus sees anything: ``BadAddress`` (outside, misaligned, no such width, a
read-only mapping), ``ClosedError``, ``ValueDoesNotFit``. Answered by the bus with a fault:
``BusFault`` with the address.
"""

# ruff: noqa: PYI021 (the docstrings here are what an editor shows)
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import ClassVar, Self, final

from typing_extensions import disjoint_base

def merge(old: int, keep: int, neutral: int, mask: int, value: int) -> int:
    """What a read-modify-write writes: ``(((old & keep) | neutral) & ~mask) | (value & mask)``.

    Pure arithmetic on 64 bits. Raises ValueError for a negative or larger number.
    """

@final
class Map:
    """A shared mapping of a device or file, addressed as the bus addresses it.

    ``fd`` may be closed afterwards; -1 maps fresh memory that forked children share. ``offset``
    is into the file and a multiple of the page size, ``address`` what the bus calls the first
    byte. The first Map installs the handler that turns bus faults into BusFault; a SIGSEGV or
    SIGBUS handler installed later comes first and has to pass on what is not its own. In a thread
    that has blocked SIGSEGV or SIGBUS (``signal.pthread_sigmask``) a bus fault still ends the
    process, since the kernel runs no handler there. ``gone`` is asked after a load of all
    ones or zeros, which is how a bus without a device answers; where it says True the load is a
    BusFault.

    Raises OSError as mmap(2) does, BadAddress where the addresses leave 64 bits.
    """

    def __new__(
        cls,
        fd: int,
        size: int,
        *,
        offset: int = 0,
        address: int = 0,
        writable: bool = True,
        gone: Callable[[], bool] | None = None,
    ) -> Self: ...
    @property
    def address(self) -> int:
        """What the bus calls the first byte."""

    @property
    def size(self) -> int:
        """In bytes; 0 once closed."""

    @property
    def closed(self) -> bool:
        """Whether the mapping was given back."""

    @property
    def writable(self) -> bool:
        """Whether it was mapped for writing."""

    def read(self, address: int, width: int) -> int:
        """One load of exactly ``width`` bits; the bytes are taken as little-endian."""

    def write(self, address: int, width: int, value: int) -> None:
        """One store of exactly ``width`` bits."""

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One load, ``merge``, one store; returns what was stored."""

    def flush(self) -> None:
        """Hand what was written to the file behind the mapping (msync). Raises OSError."""

    def close(self) -> None:
        """Give the mapping back; a second call does nothing."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        type: type[BaseException] | None,  # noqa: A002
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class IoPorts:
    """The I/O ports of an x86 CPU, 0 to 0xffff, by the ``in`` and ``out`` instructions.

    The kernel grants ports to a thread (ioperm(2), CAP_SYS_RAWIO); each thread takes those that
    it uses when it first does. Raises OSError where the kernel refuses them, or on another CPU.
    """

    def __new__(cls) -> Self: ...
    def read(self, address: int, width: int) -> int:
        """One ``in`` of exactly ``width`` bits: 8, 16 or 32."""

    def write(self, address: int, width: int, value: int) -> None:
        """One ``out`` of exactly ``width`` bits."""

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One ``in``, ``merge``, one ``out``; returns what was written."""

    def grant(self, address: int, size: int, /) -> None:
        """Ask the kernel for ``size`` ports from ``address`` on now, for this thread."""

    def close(self) -> None:
        """Refuse further accesses; a second call does nothing."""

@final
class Names:
    """The member names of a block class, in order. Immutable, shared by its instances."""

    def __new__(cls, names: Iterable[str]) -> Self: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object, /) -> bool: ...

@final
class Field:
    """A field of a register class, as a data descriptor. Immutable but for its name.

    ``readable`` and ``writable`` say what an attribute may do on its own; where they are False,
    or ``plain`` is (a split or constrained field), the register's ``_get_field`` or
    ``_set_field`` is asked. ``acting`` is 1 for a one-to-clear (set, toggle) field, 0 for a
    zero-to-clear one and None for a field that takes what is written; the value that would do
    nothing goes to ``_set_field``, which refuses it. ``members`` turns values into enum members.
    """

    def __new__(
        cls,
        lsb: int,
        width: int,
        *,
        readable: bool = True,
        writable: bool = True,
        acting: int | None = None,
        members: Mapping[int, object] | None = None,
        plain: bool = True,
        info: object = None,
    ) -> Self: ...
    @property
    def lsb(self) -> int:
        """The lowest bit."""

    @property
    def width(self) -> int:
        """In bits."""

    @property
    def mask(self) -> int:
        """The field's bits in register position; meaningless for a split field."""

    @property
    def readable(self) -> bool:
        """Whether an attribute may load it directly."""

    @property
    def writable(self) -> bool:
        """Whether an attribute may store it directly."""

    @property
    def plain(self) -> bool:
        """Whether it is one run of bits without conditions."""

    @property
    def acting(self) -> int | None:
        """The bit value that acts when written, or None."""

    @property
    def name(self) -> str | None:
        """Its name in the Spec that took it."""

    @property
    def info(self) -> object:
        """What the class gives for the field."""

    @property
    def members(self) -> MappingProxyType[int, object] | None:
        """Enum members by value; a copy."""

    def __get__(self, instance: Register | None, owner: type | None = None, /) -> object: ...
    def __set__(self, instance: Register, value: object, /) -> None: ...
    def __delete__(self, instance: Register, /) -> None: ...

@final
class Spec:
    """What a register class is, in numbers. Immutable.

    ``keep`` and ``neutral`` are the bits that a write elsewhere in the register returns as they
    were read, and those it sets to 1; they share none. ``readable`` and ``writable`` are about
    ``raw`` and what needs a read; with ``plain`` False every attribute asks Python.
    """

    def __new__(
        cls,
        *,
        width: int,
        keep: int = 0,
        neutral: int = 0,
        big_endian: bool = False,
        readable: bool = True,
        writable: bool = True,
        plain: bool = True,
        fields: Mapping[str, Field] = {},
    ) -> Self: ...
    @property
    def width(self) -> int:
        """In bits."""

    @property
    def keep(self) -> int:
        """Bits that a write elsewhere returns as they were read."""

    @property
    def neutral(self) -> int:
        """Bits that a write elsewhere sets to 1."""

    @property
    def big_endian(self) -> bool:
        """Whether the most significant byte is first."""

    @property
    def readable(self) -> bool:
        """Whether an attribute may load the register."""

    @property
    def writable(self) -> bool:
        """Whether an attribute may store the register."""

    @property
    def plain(self) -> bool:
        """Whether attributes touch the bus by themselves."""

    @property
    def fields(self) -> MappingProxyType[str, Field]:
        """Field by name, in the order given; a copy."""

@disjoint_base
class Register:
    """Base of live registers; a subclass has a SPEC. Fields are attributes.

    A field or ``raw`` is read by one bus read and written by one write, or by one read and one
    write where something beside it has to be kept. What C does not decide it asks of the
    subclass, all of them optional until needed:

    - ``_get_field(name)``, ``_set_field(name, value)``: a field that is not plain, readable or
      writable here, or a value that is no int, does not fit or would do nothing;
    - ``_get_raw()``, ``_set_raw(value)``: the same for the whole register;
    - ``_unknown(name)``: raises for a name that is nowhere (not asked for names that begin with
      an underscore);
    - ``_fault(address, width, kind)``: raises for a bus fault; ``kind`` is "read" or "write".

    ``port`` is a Map or any object with ``read``, ``write`` and perhaps ``update``. Raises
    BadAddress where the register would leave 64 bits; a register outside of its Map is refused
    when it is accessed. What a port returns must be a number that fits, else BackendError. The
    class of a register cannot be changed.
    """

    SPEC: ClassVar[Spec]

    def __init__(self, port: object, address: int, name: str, context: object) -> None: ...
    @property
    def port(self) -> object:
        """Who moves the bits."""

    @property
    def address(self) -> int:
        """Absolute, in bytes."""

    @property
    def name(self) -> str:
        """The register's path."""

    @property
    def context(self) -> object:
        """What the register belongs to. On Arm, accesses of different contexts are ordered."""

    @property
    def raw(self) -> int:
        """The whole register: one read, or one write when assigned."""

    @raw.setter
    def raw(self, value: int) -> None: ...
    def load(self) -> int:
        """One read of the whole register, whatever its Spec allows attributes."""

    def store(self, value: int) -> None:
        """One write of the whole register. Raises ValueDoesNotFit."""

    def act(self, mask: int, value: int) -> None:
        """As ``update(mask, value)`` without a result: the shortest way to a write-one bit.

        One write where nothing else is to be kept, else one read and one write. Raises
        ValueDoesNotFit for a mask or value wider than the register.
        """

    def update(self, mask: int, value: int, *, always_read: bool = False) -> int:
        """Change the bits of ``mask``; returns what was written.

        One write where nothing else is to be kept, else one read and one write; with
        ``always_read``, one read and one write where anything in the register is kept at all.
        """

@disjoint_base
class Block:
    """Base of live blocks, groups and devices; a subclass has NAMES.

    A member is made by the subclass's ``_make(name)`` when it is first asked for and is that
    object for good. Assigning to a member that is a Register is its ``raw``; for any other
    member ``_set_member(name, value)`` is asked, and ``_unknown(name)`` for a name that is
    nowhere. The class of a block cannot be changed.
    """

    NAMES: ClassVar[Names]

    def __init__(self) -> None: ...
