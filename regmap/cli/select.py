"""What a PATH of the command line names: one register, field or pin member, or many registers.

Whoever names one thing means that thing; a glob, a block or an array only looks, and so leaves
out what a look must not read, and elements that the hardware says it does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from regmap.cli.pins import without_pin
from regmap.cli.target import Refusal
from regmap.errors import NotReadable, NotWritable, UnknownName, ValueDoesNotFit
from regmap.live.array import Array
from regmap.live.device import Device
from regmap.live.path import Target, find, lookup
from regmap.live.register import Register
from regmap.live.views import CallMember, LevelMember, StepsMember, ValueMember, View, ViewItem
from regmap.live.window import WindowPort

if TYPE_CHECKING:
    from regmap.cli.console import Console
    from regmap.layout.shape import Target as Place

__all__ = [
    "Choice",
    "Member",
    "address_of",
    "check",
    "choose",
    "choose_all",
    "existing",
    "is_glob",
    "one",
    "registers",
    "why_not_read",
]

_INDEX = re.compile(r"\[([0-9]+)\]")


class Member(NamedTuple):
    """A member of one item of a view: ``GPIO.pin[17].level``."""

    item: ViewItem
    name: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{self.item.path}.{self.name}"

    def read(self) -> int:
        """Its number, as the attribute gives it."""
        number: int = getattr(self.item, self.name)
        return number

    def check_read(self) -> None:
        """Refuse what cannot be read. No bus access."""
        match self.item.ACCESSORS[self.name]:
            case CallMember():
                raise NotReadable(self.path, "it is a method that writes; nothing can be read")
            case StepsMember():
                raise NotReadable(self.path, "the hardware does not show it")

    def check(self, value: int | str) -> None:
        """Raise what ``write`` would raise for this value before any access. No bus access."""
        accessor, index = self.item.ACCESSORS[self.name], self.item.index
        match accessor:
            case CallMember():
                target = accessor.targets[index]
                register = self.item.register(target.register)
                field = f".{target.field}" if target.field else ""
                raise Refusal(f"{self.path} is a method; write to {register.path}{field} instead")
            case LevelMember():
                if len(accessor.targets[index]) < 3:
                    raise NotWritable(self.path, "it is read-only")
                _check_bit(self.path, value)
            case StepsMember():
                _check_steps(self, accessor, value)
            case ValueMember():
                _check_place(self, accessor.targets[index], value)

    def write(self, value: object) -> None:
        """Assign to the attribute."""
        setattr(self.item, self.name, value)


class Choice(NamedTuple):
    """What one PATH names. ``one`` is set where it names a single thing, else ``many``."""

    one: Target | Member | None
    many: tuple[Target, ...] = ()


def _check_place(member: Member, place: Place, value: int | str) -> None:
    register = member.item.register(place.register)
    if place.field:
        register.check_field(place.field, value)
    elif register.LAYOUT.refuse_write:
        raise NotWritable(member.path, register.LAYOUT.refuse_write)
    elif place.bit >= 0:
        _check_bit(member.path, value)
    else:
        check(Target(register), value)


def _check_bit(path: str, value: int | str) -> None:
    if value not in {0, 1}:
        raise ValueDoesNotFit(path, value, 1, 1)


def _check_steps(member: Member, accessor: StepsMember, value: int | str) -> None:
    if isinstance(value, str):
        if value not in accessor.numbers:
            raise UnknownName(f"the enum of {member.path}", value, accessor.numbers)
        value = accessor.numbers[value]
    for step in accessor.steps[member.item.index]:
        if step.target is not None and step.value is None and step.target.field:
            register = member.item.register(step.target.register)
            register.FIELDS[step.target.field].encode(value, member.path)


def check(thing: Target | Member, value: int | str) -> None:
    """Raise what writing ``value`` would raise before its first access. No bus access."""
    if isinstance(thing, Target) and not thing.field and isinstance(value, str):
        raise Refusal(
            f"{thing.path} is a whole register and takes a number, not {value!r};"
            f" for a name say {thing.path}.FIELD={value}"
        )
    thing.check(value)


def is_glob(path: str) -> bool:
    """Whether a path is a pattern."""
    return "*" in path or "?" in path


def choose(device: Device, path: str) -> Choice:
    """What ``path`` names, checked for reading as far as that needs no access. No bus access."""
    if is_glob(path):
        return Choice(None, tuple(find(device, path)))
    thing = one(device, path)
    if isinstance(thing, Target):
        register, field = thing
        if register.LAYOUT.refuse_read:
            raise NotReadable(register.path, register.LAYOUT.refuse_read)
        if field and register.FIELDS[field].layout.access in {"write-only", "writeOnce"}:
            raise NotReadable(thing.path, "it is write-only, a read does not show it")
        return Choice(thing)
    if isinstance(thing, Member):
        thing.check_read()
        return Choice(thing)
    if isinstance(thing, View | ViewItem):
        raise Refusal(_members_of(thing))
    return Choice(None, tuple(find(device, path)))


def one(device: Device, path: str) -> object:
    """The one thing that ``path`` names: a Target, a Member, or what holds many of them.

    No bus access. Raises UnknownName.
    """
    if not path:
        raise Refusal("a PATH is empty; name a register, such as GPIO.GPLEV0")
    path = without_pin(device.LAYOUT, path)
    before, dot, name = path.rpartition(".")
    # A view's items have members that the library reaches as attributes, not by path.
    if dot and before.endswith("]") and name.isidentifier():
        item = lookup(device, before)
        if isinstance(item, ViewItem):
            if name not in item.ACCESSORS:
                raise UnknownName(item.path, name, item.ACCESSORS)
            return Member(item, name)
    thing = lookup(device, path)
    return Target(thing) if isinstance(thing, Register) else thing


def _members_of(thing: View | ViewItem) -> str:
    item = thing[0] if isinstance(thing, View) else thing
    index = "[0]" if isinstance(thing, View) else ""
    names = ", ".join(item.ACCESSORS)
    return f"{thing.path} has no number of its own; name a member of {thing.path}{index}: {names}"


def choose_all(device: Device, path: str) -> list[Target]:
    """Every register that ``path`` names, or that a field of which it names. No bus access."""
    if not is_glob(path) and isinstance(thing := one(device, path), View | ViewItem | Member):
        raise Refusal(f"{getattr(thing, 'path', path)}: a dump is of registers; use `regmap read`")
    return find(device, path)


def why_not_read(device: Device, target: Target) -> tuple[str, str]:
    """What a look leaves out, the register or its field, and why; "" where it does not."""
    register, field = target
    layout = register.LAYOUT
    instance = register.context.name
    for window in type(getattr(device, instance)).WINDOWS:
        if register.path == f"{instance}.{window.data_register}":
            return register.path, f"it shows what {instance}.{window.index_register} selects"
    if layout.refuse_read:
        return register.path, layout.refuse_read
    if layout.side_effect:
        return register.path, f"reading has a side effect ({layout.side_effect})"
    return target.path, register.FIELDS[field].layout.refuse_read if field else ""


def address_of(register: Register) -> int | None:
    """Its address on the bus, None behind a window."""
    port = register.port
    while port is not None:
        if isinstance(port, WindowPort):
            return None
        port = getattr(port, "port", None)
    return register.address


def registers(targets: Iterable[Target]) -> list[Register]:
    """The registers of some targets, each once."""
    return list(dict.fromkeys(target.register for target in targets))


def existing(
    device: Device, targets: Iterable[Target], console: Console, *, dry: bool = False
) -> Iterator[Target]:
    """The targets that are there; one bus read for each array whose length the hardware states.

    A dry run cannot know that length: it takes the first element and says so.
    """
    counts: dict[str, int | None] = {}
    for target in targets:
        path = target.register.path
        for index in _INDEX.finditer(path):
            array = path[: index.start()]
            if array not in counts:
                counts[array] = _count(device, array, console, dry=dry)
            count = counts[array]
            if count is not None and int(index[1]) >= count:
                break
        else:
            yield target


def _count(device: Device, path: str, console: Console, *, dry: bool) -> int | None:
    """How many elements an array has, None where the description says it all."""
    array = lookup(device, path)
    if not isinstance(array, Array) or array._member.live is None:
        return None
    if dry:
        console.note(f"the hardware states how many {path} there are; a dry run shows the first")
    return array.count()
