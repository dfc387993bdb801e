"""Registers and clusters of a peripheral to registers and groups.

Properties (size, access, protection, reset value and mask) come from the innermost element around
that states them, after deriving: a derived register says what its source says, and what neither
says comes from where the derived one stands (as in svd-rs). What comes from around is cut to the
register: a device's mask of 32 ones is meant for its narrower registers too. A reset value of the
register's own that is too wide is cut with a note. A register of no stated size has 32 bits.

``prependToName`` and ``appendToName`` are part of the names of what stands straight in the
peripheral, registers and clusters (SVDConv puts them into its header, svd-rs leaves them aside).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from regmap.bits import ones
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.report import DUPLICATE_KEY, REFERENCE_CYCLE, WRONG_VALUE, Rule, shown
from regmap.loaders.svd.arrays import dim_of
from regmap.loaders.svd.derive import Derivation
from regmap.loaders.svd.enums import BlockEnums
from regmap.loaders.svd.extras import extra_of
from regmap.loaders.svd.fields import Fields, Outer, read_constraint
from regmap.loaders.svd.makers import make_register
from regmap.loaders.svd.names import Dim, Naming, Scope, own_name
from regmap.loaders.svd.scan import Node, Scan
from regmap.loaders.svd.words import ACCESS, HIGHEST_BIT, READ_ACTIONS, WRITE_ACTIONS, plain
from regmap.model.access import Access, WriteAction
from regmap.model.block import Array, ByteOrder, Enum, Field, Group, Register
from regmap.model.walk import extent

__all__ = ["LONGEST_NAME", "NO_PROPERTIES", "PROPERTIES", "Items", "Properties", "Result"]

_BAD_RESET = Rule("RM220", "bad-reset")
# Nothing real nests deeper than a few.
_DEEPEST = 64
# Children built again for other properties than before; a few hostile lines can ask for many.
_MOST_REPEATED = 200_000
PROPERTIES = frozenset({"size", "access", "protection", "resetValue", "resetMask"})
_ALTERNATE = frozenset({"alternateRegister", "alternateGroup"})
LONGEST_NAME = 4_096
# All names of one array together.
_MOST_LETTERS = 1 << 24
_DEFAULT = Access.READ_WRITE


# What is handed down: size, access, reset value, reset mask, protection; None where nobody has
# said it.
Properties = tuple[int | None, Access | None, int | None, int | None, str]
NO_PROPERTIES: Properties = (None, None, None, None, "")


class Result(NamedTuple):
    """The items of one place, the registers that they are with all arrays written out, and the
    enums of the whole block."""

    items: tuple[Register | Group, ...]
    total: int
    enums: tuple[Enum, ...] = ()


class Items:
    """The registers and clusters of one device."""

    def __init__(self, scan: Scan, derivation: Derivation, byte_order: ByteOrder) -> None:
        self._scan = scan
        self._derivation = derivation
        self._byte_order = byte_order
        self.naming = Naming()
        self._fields = Fields(scan, derivation, self.naming)
        self._enums = BlockEnums()
        self._groups: dict[tuple[int, Properties], Result] = {}
        self._made: dict[tuple[int, Outer], tuple[Field, ...]] = {}
        self._seen: set[int] = set()
        self._left = _MOST_REPEATED

    def of_block(self, node: Node, kids: list[Node], properties: Properties) -> Result:
        """What stands in a peripheral."""
        self._enums = BlockEnums()
        self._groups = {}
        self._made = {}
        before, after = (plain(node.texts.get(tag)) for tag in ("prependToName", "appendToName"))
        if len(before) + len(after) > LONGEST_NAME:
            text = f"affixes of {len(before) + len(after):,} characters"
            self._scan.notes.refuse(WRONG_VALUE, node.element, text, "shorten them")
        result = self._items(kids, properties, before, after, 0)
        return result._replace(enums=self._enums.all())

    def forget(self) -> None:
        """Let go of what was made of nodes that are let go of."""
        self._groups = {}
        self._made = {}
        self._seen.clear()

    def properties(self, node: Node, outer: Properties) -> Properties:
        """What an element hands down."""
        texts = node.texts
        if PROPERTIES.isdisjoint(texts):
            return outer
        size, access, reset, mask, protection = outer
        scan = self._scan
        if "size" in texts:
            found = scan.number(node, "size")
            if found is not None and not 0 < found <= HIGHEST_BIT + 1:
                text = f"a register of {found:,} bits; <size> is left out"
                scan.notes.odd("size", WRONG_VALUE, node.element, text)
                found = None
            size = found or size
        if "access" in texts:
            access = ACCESS.get(texts["access"]) or (
                scan.word(node, "access", ACCESS, f"taken for {access or _DEFAULT}") or access
            )
        if "resetValue" in texts:
            found = scan.number(node, "resetValue")
            reset = reset if found is None else found
        if "resetMask" in texts:
            found = scan.number(node, "resetMask")
            mask = mask if found is None else found
        if "protection" in texts:
            protection = plain(texts["protection"])
        return size, access, reset, mask, protection

    def _items(
        self, kids: list[Node], outer: Properties, before: str, after: str, depth: int
    ) -> Result:
        self._again(kids)
        found: list[Register | Group] = []
        total = 0
        numbers = self._scan.numbers
        scope = Scope(lambda: {f"{before}{n.name}{after}" for n in kids if "dim" not in n.texts})
        for node in kids:
            if node.path is not None:
                self._derivation.resolve(node)
            texts = node.texts
            text = texts.get("addressOffset")
            offset = None if text is None else numbers[text]
            if offset is None and text is not None:
                offset = self._scan.number(node, "addressOffset")
            if offset is None:
                text = f"{node.tag} {shown(node.name)} has no <addressOffset>; left out"
                self._scan.notes.odd((node.tag, "offset"), WRONG_VALUE, node.element, text)
                continue
            name = f"{before}{self._name(node, offset)}{after}"
            properties = self.properties(node, outer)
            inside: Result | None = None
            if node.element.tag == "cluster":
                inside = self._inside(node, properties, depth)
            array: Array | None = None
            if "dim" in texts or "%" in name:
                size = partial(_size_of, inside, properties[0] or 32)
                dim = dim_of(node, self._scan, MOST_ELEMENTS, size)
                if dim is None:
                    continue
                if dim.count:
                    name, array = self.array(node, name, dim, scope)
                else:
                    name = own_name(name)
            if array is None:
                own = scope.single(name)
                if own is not name:
                    self.twice(node, name, own)
                    name = own
            times = 1 if array is None else array.counts[0]
            if inside is None:
                total += times
                found.append(self._register(node, name, offset, properties, array))
            else:
                total += times * max(inside.total, 1)  # an empty one is walked over all the same
                found.append(self._group(node, name, offset, inside, array))
        return Result(tuple(found), total)

    def array(self, node: Node, name: str, dim: Dim, scope: Scope) -> tuple[str, Array]:
        """An array's own name in its place, and the array."""
        if len(name) * dim.count > _MOST_LETTERS:
            text = f"an array of {dim.count:,} with a name of {len(name):,} characters"
            self._scan.notes.refuse(WRONG_VALUE, node.element, text, "shorten the name")
        own, pattern, labels = self.naming.array(name, dim)
        named = pattern is not None or bool(labels)
        elements = [name.replace("%s", each) for each in dim.indexes] if named else []
        taken = scope.elements(elements)
        unique = scope.array(own, named=named)
        if taken != elements:
            pattern, labels = None, tuple(taken)
            self.twice(node, name, scope.renamed)
        elif not named and unique != own and not unique.startswith(f"{own}x"):
            self.twice(node, own, unique)
        place = self._scan.place(node.element)
        array = Array(
            counts=(dim.count,), strides=(dim.stride,), names=pattern, labels=labels, place=place
        )
        return unique, array

    def _inside(self, node: Node, properties: Properties, depth: int) -> Result:
        if depth >= _DEEPEST:
            text = f"clusters are nested deeper than {_DEEPEST}, or derive from each other for ever"
            self._scan.notes.refuse(REFERENCE_CYCLE, node.element, text, "break the circle")
        kids = self._derivation.children(node)
        key = (id(kids), properties)
        result = self._groups.get(key)
        if result is None:
            result = self._groups[key] = self._items(kids, properties, "", "", depth + 1)
        return result

    def _group(
        self, node: Node, name: str, offset: int, inside: Result, array: Array | None
    ) -> Group:
        return Group(
            name=name,
            offset=offset,
            items=inside.items,
            array=array,
            alternate="alternateCluster" in node.texts,
            description=plain(node.texts.get("description")),
            extra=extra_of(node, "cluster"),
            place=self._scan.place(node.element),
        )

    def _register(
        self, node: Node, name: str, offset: int, properties: Properties, array: Array | None
    ) -> Register:
        texts = node.texts
        scan = self._scan
        size, stated, reset, mask, protection = properties
        width = size or 32
        access = stated or _DEFAULT
        if reset is not None and reset >> width:
            reset = self._cut(node, "resetValue", reset, width)
        if mask is not None and mask >> width:
            mask = self._cut(node, "resetMask", mask, width)
        write_action, read_action = WriteAction.MODIFY, None
        if "modifiedWriteValues" in texts:
            write_action = WRITE_ACTIONS.get(texts["modifiedWriteValues"]) or (
                scan.word(node, "modifiedWriteValues", WRITE_ACTIONS, "taken for modify")
                or write_action
            )
        if "readAction" in texts:
            read_action = scan.word(node, "readAction", READ_ACTIONS, "left out")
        fields: tuple[Field, ...] = ()
        kids = self._derivation.children(node)
        if kids:
            outer = (access, write_action, read_action, "i" if array is None else "j")
            key = (id(kids), outer)
            made = self._made.get(key)
            if made is None:
                self._again(kids)
                made = self._made[key] = self._fields.of_register(kids, outer, self._enums)
            fields = made
        return make_register(
            name=name,
            offset=offset,
            width=width,
            access=access,
            write_action=write_action,
            read_action=read_action,
            reset=reset,
            reset_mask=mask,
            fields=fields,
            array=array,
            byte_order=self._byte_order,
            constraint=read_constraint(node, scan) if "writeConstraint" in texts else None,
            alternate=not _ALTERNATE.isdisjoint(texts),
            description=plain(texts.get("description")),
            extra=extra_of(node, "register", protection),
            place=scan.place(node.element),
        )

    def _again(self, kids: list[Node]) -> None:
        """Count what is built more than once."""
        if id(kids) not in self._seen:
            self._seen.add(id(kids))
            return
        self._left -= len(kids)
        if self._left < 0:
            text = "derivedFrom asks for too many copies"
            self._scan.notes.refuse(REFERENCE_CYCLE, kids[0].element, text, "copy less often")

    def _cut(self, node: Node, tag: str, value: int, width: int) -> int:
        cut = value & ones(width)
        if tag in node.texts:
            text = f"<{tag}> {value:#x} does not fit in {width} bits; cut to {cut:#x}"
            holder = node.holder(tag)
            at = node.element if holder is None else holder.find(tag)
            self._scan.notes.odd(tag, _BAD_RESET, at, text)
        return cut

    def _name(self, node: Node, offset: int) -> str:
        name = node.texts.get("name") or ""
        if not name.isidentifier():
            name = plain(name)
        if len(name) > LONGEST_NAME:
            text = f"a name of {len(name):,} characters"
            self._scan.notes.refuse(WRONG_VALUE, node.element, text, "shorten it")
        if not name:
            name = f"{node.tag.upper()}_{offset:X}"
            text = f"a {node.tag} has no <name>; called {name} by its offset"
            self._scan.notes.odd((node.tag, "name"), WRONG_VALUE, node.element, text)
        return name

    def twice(self, node: Node, name: str, own: str) -> None:
        """Note a name that its place has already."""
        text = f"{node.tag} {shown(name)!r} stands there twice; the later one is {shown(own)}"
        self._scan.notes.odd((node.tag, "same"), DUPLICATE_KEY, node.element, text)


def _size_of(inside: Result | None, width: int) -> int:
    """The bytes of one element of an array."""
    return -(-width // 8) if inside is None else extent(inside.items)
