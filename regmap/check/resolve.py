"""What a path of the description means: from ``GPFSEL[1].FSEL[7]`` to the register and the bits.

Names are those of the description, or the ``py-name`` beside them; an element of a named array
has two names, its own and the array's with an index. Nothing is written out for a look-up but the
names of arrays, once, so that resolving costs the length of the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

from regmap.bits import BitRange
from regmap.model.block import Array, Block, Group, Register
from regmap.model.expr import ExprError, Path, Step
from regmap.model.walk import FieldAt, Indexes, elements, fields_of, own_name

__all__ = ["LostError", "Names", "Target"]

# Arrays larger than this are found by index only; their elements' own names are not written out.
_MOST_NAMES = 100_000


class LostError(Exception):
    """A path means nothing. ``known`` are the names that were there to choose from, where a name
    is what was wrong; ``expression`` is true where an expression has no value."""

    def __init__(
        self, text: str, *, name: str = "", known: Iterable[str] = (), expression: bool = False
    ) -> None:
        super().__init__(text)
        self.name = name
        self.known = known
        self.expression = expression


class Target(NamedTuple):
    """Where a path points: one element of a register, and a field, a bit or all of it."""

    register: Register
    number: int
    indexes: Indexes
    where: tuple[int, ...]
    field: FieldAt | None = None
    bit: int | None = None

    @property
    def bits(self) -> tuple[BitRange, ...]:
        """The bits that it means."""
        if self.field is not None:
            return self.field.bits
        if self.bit is not None:
            return (BitRange(self.bit, 1),)
        return (BitRange(0, self.register.width),)

    @property
    def key(self) -> tuple[int, ...]:
        """The same for two targets in the same register of the same block."""
        return (*self.where, id(self.register), self.number)


class _Entry(NamedTuple):
    """What a name in a scope stands for: an item, or one element of it."""

    item: Register | Group
    element: tuple[int, Indexes] | None


_Scope = Mapping[str, _Entry]

# The fields of one element of a register by name, and by the name of an array with an index.
_Fields = dict[tuple[str, int | None], FieldAt]


class Names:
    """The names of one block and its groups."""

    def __init__(self, block: Block) -> None:
        self._scopes: dict[int, _Scope] = {}
        self._fields: dict[tuple[int, int], _Fields] = {}
        windows = [register for window in block.windows for register in window.items]
        self._top = _scope_of([*block.items, *windows])

    def find(
        self,
        path: Path,
        indexes: Mapping[str, int] | None = None,
        *,
        within: Sequence[Group] = (),
        loose: bool = False,
    ) -> Target:
        """What ``path`` means for these indexes.

        It is looked up in the groups of ``within``, the innermost first, then in the block.
        ``loose`` takes an array without an index for its first element. Raises LostError.
        """
        scope = self._top
        first = path.steps[0].name
        for group in reversed(within):
            if first in self._scope(group):
                scope = self._scope(group)
                break
        where: tuple[int, ...] = ()
        for position, step in enumerate(path.steps):
            entry = scope.get(step.name)
            if entry is None:
                text = f"there is no {step.name}"
                if position:
                    text += f" in {path.steps[position - 1].name}"
                raise LostError(text, name=step.name, known=scope)
            number, own = _element(entry, _values(step, indexes or {}), loose)
            if isinstance(entry.item, Register):
                target = Target(entry.item, number, own, where)
                return self._inside(target, path.steps[position + 1 :], indexes or {})
            where = (*where, number)
            scope = self._scope(entry.item)
        raise LostError(f"{path} is a group of registers, not a register", known=scope)

    def _scope(self, group: Group) -> _Scope:
        found = self._scopes.get(id(group))
        if found is None:
            found = self._scopes[id(group)] = _scope_of(group.items)
        return found

    def _inside(self, target: Target, steps: Sequence[Step], indexes: Mapping[str, int]) -> Target:
        """The field or bit that the steps behind a register name."""
        if not steps:
            return target
        register, step = target.register, steps[0]
        if len(steps) > 1:
            raise LostError(f"nothing lies below the field {register.name}.{step.name}")
        fields = self._named_fields(target)
        values = _values(step, indexes)
        found = fields.get((step.name, None))
        if found is None and step.name == "bit":
            if len(values) != 1 or not 0 <= values[0] < register.width:
                shown = ", ".join(map(str, values))
                raise LostError(f"{register.name} has bits 0 to {register.width - 1}, no [{shown}]")
            return target._replace(bit=values[0])
        if not values and found is not None:
            return target._replace(field=found)
        if len(values) == 1 and (step.name, values[0]) in fields:
            return target._replace(field=fields[step.name, values[0]])
        raise _no_field(register, step.name, values, fields)

    def _named_fields(self, target: Target) -> _Fields:
        key = (id(target.register), target.number)
        known = self._fields.get(key)
        if known is None:
            known = self._fields[key] = {}
            for at in fields_of(target.register, target.number, target.indexes):
                field = at.field
                if at.element is not None:
                    known.setdefault((at.name, None), at)
                for name in (field.name, field.py_name):
                    if name:
                        known.setdefault((name, at.element), at)
        return known


def _no_field(register: Register, name: str, values: Indexes, fields: _Fields) -> LostError:
    """Why a register has no such field."""
    elements = [element for known, element in fields if known == name and element is not None]
    if elements and len(values) == 1:
        last = max(elements)
        return LostError(f"{register.name}.{name} has elements 0 to {last}, no [{values[0]}]")
    if elements:
        return LostError(f"{register.name}.{name} has {len(elements)} elements and needs one index")
    if (name, None) in fields:
        return LostError(f"{register.name}.{name} is one field and takes no index")
    text = f"{register.name} has no field {name}"
    return LostError(text, name=name, known=dict.fromkeys(known for known, _ in fields))


def _scope_of(items: Iterable[Register | Group]) -> _Scope:
    scope: dict[str, _Entry] = {}
    for item in items:
        for name in (item.name, item.py_name):
            if name:
                scope.setdefault(name, _Entry(item, None))
        if item.array is None or prod(item.array.counts) > _MOST_NAMES:
            continue
        for number, indexes, _ in elements(item.array):
            own = own_name(item, number, indexes)
            if not own:
                break
            scope.setdefault(own, _Entry(item, (number, indexes)))
    return scope


def _values(step: Step, indexes: Mapping[str, int]) -> Indexes:
    try:
        return tuple(expr.at(indexes) for expr in step.indexes)
    except ExprError as error:
        raise LostError(f"the index of {step.name}: {error}", expression=True) from None


def _element(entry: _Entry, values: Indexes, loose: bool) -> tuple[int, Indexes]:
    """The element that an entry and the indexes behind its name mean."""
    name, array = entry.item.name, entry.item.array
    if entry.element is not None or array is None:
        if values:
            raise LostError(f"{name} is no array and takes no index")
        return entry.element or (0, ())
    if not values and loose:
        return 0, (0,) * len(array.counts)
    return _number(name, array, values), values


def _number(name: str, array: Array, values: Indexes) -> int:
    counts = array.counts
    if len(values) != len(counts):
        shape = " x ".join(map(str, counts))
        wants = "one index" if len(counts) == 1 else f"{len(counts)} indexes"
        raise LostError(f"{name} has {shape} elements and needs {wants}")
    number = 0
    for value, count in zip(values, counts, strict=True):
        if not 0 <= value < count:
            shown = "".join(f"[{each}]" for each in values)
            last = ", ".join(str(count - 1) for count in counts)
            raise LostError(f"{name} has elements 0 to {last}, no {shown}")
        number = number * count + value
    return number
