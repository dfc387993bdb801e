"""What rules look at: one description with everything that more than one rule needs of it.

Each thing is made on first use and kept, so that a model is written out once however many rules
there are. Blocks shared by instances are looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from regmap.check.follow import ViewUse, uses_of
from regmap.check.overlap import Overlap, overlaps
from regmap.check.resolve import Names
from regmap.model.block import Array, Block, Enum, Field, Group, Register, Window
from regmap.model.chip import Board, Chip, Instance
from regmap.model.walk import (
    Element,
    FieldAt,
    InstanceAt,
    count_registers,
    extent,
    fields_of,
    instances_of,
    walk,
)

__all__ = ["MOST_ELEMENTS", "BlockScope", "RegisterIn", "Scope"]

# More registers than this in one block are a mistake; the rest of it is not looked at.
MOST_ELEMENTS = 1_000_000
_ENOUGH = 10_000
_MOST_INSTANCES = 10_000


class RegisterIn:
    """A register as it was written, with what is around it."""

    __slots__ = ("block", "fields", "groups", "register", "window")

    def __init__(
        self,
        register: Register,
        groups: tuple[Group, ...],
        window: Window | None,
        block: BlockScope,
    ) -> None:
        self.register = register
        self.groups = groups
        self.window = window
        self.block = block
        self.fields = _widest(register)

    @property
    def path(self) -> str:
        """Its path in the block, arrays not written out."""
        return ".".join([*(group.name for group in self.groups), self.register.name])

    @property
    def parts(self) -> list[tuple[str, Register | Field]]:
        """The register and its fields, with a path for each."""
        path = self.path
        fields = [(f"{path}.{field.name}", field) for field in self.register.fields]
        return [(path, self.register), *fields]


def _widest(register: Register) -> list[FieldAt]:
    """The fields of the element of a register that has most of them."""
    number = max(
        (
            f.array.counts.index(max(f.array.counts))
            for f in register.fields
            if f.array and f.array.counts
        ),
        default=0,
    )
    array = register.array
    if array is None or len(array.counts) != 1:
        return fields_of(register, number, (0,) * (len(array.counts) if array else 0))
    return fields_of(register, number, (number,))


class EnumUse(NamedTuple):
    """An enum where a field uses it."""

    at: RegisterIn
    field: Field
    enum: Enum
    writes: bool

    @property
    def width(self) -> int:
        """Bits of the field's own number."""
        return sum(part.width for part in self.field.bits)


class BlockScope:
    """One block."""

    def __init__(self, block: Block) -> None:
        self.block = block

    @cached_property
    def registers(self) -> list[RegisterIn]:
        """Every register as written, those of groups and windows among them."""
        found = list(self._of(self.block.items, ()))
        for window in self.block.windows:
            found += [RegisterIn(register, (), window, self) for register in window.items]
        return found

    def _of(
        self, items: tuple[Register | Group, ...], groups: tuple[Group, ...]
    ) -> Iterator[RegisterIn]:
        for item in items:
            if isinstance(item, Register):
                yield RegisterIn(item, groups, None, self)
            else:
                yield from self._of(item.items, (*groups, item))

    @cached_property
    def groups(self) -> list[Group]:
        """Every group as written."""
        found: list[Group] = []
        todo: list[Register | Group] = list(self.block.items)
        for item in todo:
            if isinstance(item, Group):
                found.append(item)
                todo.extend(item.items)
        return found

    @cached_property
    def arrays(self) -> list[tuple[Register | Group, Array]]:
        """Every group and register that repeats, as written."""
        items: list[Register | Group] = [*self.groups, *(at.register for at in self.registers)]
        return [(item, item.array) for item in items if item.array is not None]

    @cached_property
    def element_count(self) -> int:
        """Registers with an address, arrays counted out."""
        return count_registers(self.block.items)

    @cached_property
    def elements(self) -> list[Element]:
        """Registers with an address, arrays written out; cut short where there are too many."""
        limit = MOST_ELEMENTS if self.element_count <= MOST_ELEMENTS else _ENOUGH
        return list(islice(walk(self.block.items), limit))

    @cached_property
    def overlaps(self) -> list[Overlap]:
        """Elements that share bytes without being meant to."""
        return overlaps(self.elements)

    @cached_property
    def view_uses(self) -> list[ViewUse]:
        """Every path of every view, followed for every index."""
        return [use for view in self.block.views for use in uses_of(view, self.names)]

    @cached_property
    def names(self) -> Names:
        """What paths in this block mean."""
        return Names(self.block)

    @cached_property
    def end(self) -> int:
        """The offset behind its last register."""
        return extent(self.block.items)

    @cached_property
    def enum_uses(self) -> list[EnumUse]:
        """Every use of an enum by a field."""
        return [
            EnumUse(at, field, enum, writes)
            for at in self.registers
            for field in at.register.fields
            for enum, writes in ((field.enum, False), (field.write_enum, True))
            if enum is not None
        ]


class Scope:
    """A whole description: a block, or a chip or board with its blocks."""

    def __init__(self, model: Block | Chip) -> None:
        self.chip = None if isinstance(model, Block) else model
        self.board = model if isinstance(model, Board) else None
        blocks = [model] if isinstance(model, Block) else [at.block for at in model.instances]
        self._scopes = {id(block): BlockScope(block) for block in blocks}
        self.blocks = list(self._scopes.values())

    @cached_property
    def registers(self) -> list[RegisterIn]:
        """Every register of every block as written."""
        return [register for block in self.blocks for register in block.registers]

    @cached_property
    def instances(self) -> list[InstanceAt]:
        """Every instance of the chip, arrays written out."""
        if self.chip is None:
            return []
        return list(islice(instances_of(self.chip.instances), _MOST_INSTANCES))

    @cached_property
    def instance_names(self) -> dict[str, InstanceAt]:
        """The instances by name, and by py-name where they are no array."""
        found = {at.name: at for at in self.instances}
        for at in self.instances:
            if at.instance.py_name and at.instance.array is None:
                found.setdefault(at.instance.py_name, at)
        return found

    @cached_property
    def enums(self) -> list[Enum]:
        """Every enum once: those of blocks, fields and members of views."""
        found: dict[int, Enum] = {}
        for block in self.blocks:
            used = [use.enum for use in block.enum_uses]
            members = (member for view in block.block.views for member in view.members)
            used += [member.enum for member in members if member.enum is not None]
            found.update((id(enum), enum) for enum in (*block.block.enums, *used))
        return list(found.values())

    def block_of(self, instance: Instance) -> BlockScope:
        """The scope of an instance's block."""
        return self._scopes[id(instance.block)]

    def size_of(self, instance: Instance) -> int:
        """Bytes that an instance takes from its base."""
        return instance.size or instance.block.size or self.block_of(instance).end
