"""Blocks, groups, arrays and views as a checker sees them."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from regmap.codegen.literal import WIDTH, Node
from regmap.codegen.scope import Class, Scope
from regmap.codegen.stubregister import (
    HIDDEN_FROM_READ,
    Registers,
    assigned,
    doc,
    generic,
    sentence,
)
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    FieldLayout,
    GroupAt,
    MemberLayout,
    RegisterAt,
    Target,
    ViewLayout,
    ViewMember,
)

__all__ = ["Blocks", "member"]

# An array whose elements differ says for each index which one it is, up to this many.
_MOST_INDEXES = 64
# What stands around the longest name in the line of an index.
_AROUND_INDEX = 60


def member(scope: Scope, name: str, form: str, of: str, hidden: Collection[str]) -> str:
    """The line of a member; ``form`` has ``{}`` where the class ``of`` goes."""
    around = len(f"    {name}: {form.format('')}")
    return f"{name}: {form.format(scope.reference(of, hidden, room=WIDTH - around))}"


class Blocks:
    """The block, group and view classes of one stub file, each once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._registers = Registers(scope)
        self._names: dict[BlockLayout | ViewLayout, str] = {}
        self._classes: list[Class] = []

    def finish(self) -> None:
        """Write the classes of all blocks that were named, and of what is in them."""
        self.scope.classes += self._classes
        self._registers.finish()

    def block(self, layout: BlockLayout) -> str:
        """The class of a block or group; its members are written too."""
        name = self._names.get(layout)
        if name is not None:
            return name
        name = self._names[layout] = self.scope.names.claim(layout.class_name)
        hidden = {each.name for each in layout.members}
        found: Mapping[str, RegisterAt] = {}
        body: list[str] = []
        for each in layout.members:
            if isinstance(each, ViewLayout):
                found = found or dict(_registers(layout.members, ""))
                form, of = "_t.Member[_t.View[{}]]", self.view(each, found)
            else:
                form, of = self._form(each)
            body.append(member(self.scope, each.name, form, of, hidden))
            body += filter(None, [_doc(each)])
        size = f"{layout.size} bytes" if layout.size else ""
        source = f"Source: {layout.source}" if layout.source else ""
        text = doc(layout.description, sentence(size), source)
        self._classes.append(Class(name, "_t.Block", text, tuple(body)))
        return name

    def _form(self, each: RegisterAt | GroupAt | ArrayLayout) -> tuple[str, str]:
        """How a member is declared, and the class that it is of."""
        if isinstance(each, RegisterAt):
            form = "_t.Member[{}]" if each.register.refuse_write else "_t.WritableMember[{}]"
            return form, self._registers.name(each)
        if isinstance(each, GroupAt):
            return "_t.Member[{}]", self.block(each.group)
        return self._array(each)

    # Arrays.

    def _array(self, layout: ArrayLayout) -> tuple[str, str]:
        elements = [self._form(element)[1] for element in layout.elements]
        writable = all(
            isinstance(element, RegisterAt) and not element.register.refuse_write
            for element in layout.elements
        )
        prefix = "Writable" if writable else ""
        distinct = list(dict.fromkeys(elements))
        if len(layout.counts) > 1 or not distinct:
            return "_t.Member[{}]", self._grid(prefix, layout.counts, distinct)
        if len(distinct) == 1:
            return f"_t.Member[_t.{prefix}Array[{{}}]]", distinct[0]
        base = f"_t.{prefix}Array[{self._any_of(distinct)}]"
        if len(elements) > _MOST_INDEXES:
            return f"_t.Member[{base}]", base
        return "_t.Member[{}]", self.scope.shape("a", base, [*self._indexes(elements, distinct)])

    def _indexes(self, elements: Sequence[str], distinct: Sequence[str]) -> Iterator[str]:
        each = [(f"_t.Literal[{index}]", name) for index, name in enumerate(elements)]
        for index, name in [*each, ("_t.Int", self._any_of(distinct))]:
            result = self.scope.reference(name, (), room=WIDTH - _AROUND_INDEX)
            yield "@_t.overload"
            yield f"def __getitem__(self, index: {index}) -> {result}: ..."

    def _grid(self, prefix: str, counts: Sequence[int], distinct: Sequence[str]) -> str:
        """The type of an array with these dimensions, as an alias."""
        whole = self._any_of(distinct) if distinct else "_t.Register"
        node: Node = generic(f"{prefix}Array", whole)
        for _ in counts[1:]:
            node = generic(f"{prefix}Grid", node, whole)
        return self.scope.alias("a", node)

    def _any_of(self, names: Sequence[str]) -> str:
        if len(names) == 1:
            return self.scope.reference(names[0], (), room=WIDTH - _AROUND_INDEX)
        return self.scope.alias("u", generic("Union", *names))

    # Views.

    def view(self, layout: ViewLayout, registers: Mapping[str, RegisterAt]) -> str:
        """The class of one index of a view; ``registers`` are those of its block by path."""
        name = self._names.get(layout)
        if name is not None:
            return name
        name = self._names[layout] = self.scope.names.claim(layout.class_name)
        body: list[str] = []
        for each in layout.members:
            text = doc(each.description)
            if each.kind == "call":
                end = f"\n        {text}" if text else " ..."
                body.append(f"def {each.name}(self) -> None:{end}")
            else:
                body.append(f"{each.name}: {self._view_member(each, registers)}")
                body += filter(None, [text])
        self._classes.append(Class(name, "_t.ViewItem", doc(layout.description), tuple(body)))
        return name

    def _view_member(self, each: ViewMember, registers: Mapping[str, RegisterAt]) -> str:
        if each.kind == "steps":
            if each.enum is not None:
                self._registers.enum(each.enum)
            return self._registers.setter(*self._registers.taken(each.enum))
        fields = [_field(targets[0], registers) for targets in each.targets]
        if each.kind == "level":
            refused = "" if all(len(targets) > 2 for targets in each.targets) else "it is read-only"
            fields = [field._replace(enum=None, write_enum=None) for field in fields]
            fields = [field._replace(refuse_write=refused) for field in fields]
        if len({(field.enum, field.write_enum) for field in fields}) > 1:
            fields = [field._replace(enum=None, write_enum=None) for field in fields]
        return self._registers.attribute(*fields)


def _field(target: Target, registers: Mapping[str, RegisterAt]) -> FieldLayout:
    """The field that a target is; a bit or a whole register is like one without names."""
    layout = registers[target.register].register
    if target.field:
        return assigned(layout.field(target.field), layout)
    no_read, no_write = layout.refuse_read or layout.side_effect, layout.refuse_write
    if target.bit >= 0:
        mask = 1 << target.bit
        for owner in (field for field in layout.fields if field.mask & mask):
            no_read = no_read or ("it is write-only" if owner.access in HIDDEN_FROM_READ else "")
            kept = owner.limited or owner.access == "read-only"
            no_write = no_write or ("it is not written by bits" if kept else "")
        no_write = no_write or ("it takes only what was read" if layout.as_read else "")
    return FieldLayout(
        target.register, ((0, layout.width),), refuse_read=no_read, refuse_write=no_write
    )


def _registers(members: Sequence[MemberLayout], prefix: str) -> Iterator[tuple[str, RegisterAt]]:
    """Every register by every path that it has inside its block."""
    for each in members:
        if isinstance(each, RegisterAt):
            yield prefix + each.name, each
        elif isinstance(each, GroupAt):
            yield from _registers(each.group.members, f"{prefix}{each.name}.")
        elif isinstance(each, ArrayLayout):
            places = itertools.product(*map(range, each.counts))
            for place, element in zip(places, each.elements, strict=True):
                path = prefix + each.name + "".join(f"[{index}]" for index in place)
                yield from _registers((element._replace(name=path),), "")


def _doc(each: MemberLayout) -> str:
    """The docstring of a member: where it is, or how many there are."""
    if isinstance(each, RegisterAt):
        word = "index" if each.window else "offset"
        return doc(f"{sentence(f'{word} 0x{each.offset:X}')} {each.register.description}")
    if isinstance(each, GroupAt):
        return doc(f"{sentence(f'offset 0x{each.offset:X}')} {each.group.description}")
    if isinstance(each, ViewLayout):
        return doc(f"{sentence(f'{each.length} items')} {each.description}")
    counts = " x ".join(map(str, each.counts))
    return doc(f"{sentence(f'array of {counts}')} {each.description}")
