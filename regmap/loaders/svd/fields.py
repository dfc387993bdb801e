"""Fields of a register: where they are, what they inherit, their arrays and constraints.

A field without access, write action or read action has its register's. Where the specification is
open: a bitOffset without bitWidth is one bit wide (SVDConv; svd-rs refuses it). What is mended,
with a note: ``[0:3]`` and an lsb above the msb are turned round; a field whose bits make no sense
at all is left out.
"""

from __future__ import annotations

from dataclasses import replace

from regmap.bits import BitRange
from regmap.loaders.report import BAD_BITS, DUPLICATE_KEY, WRONG_VALUE, shown
from regmap.loaders.svd.arrays import dim_of
from regmap.loaders.svd.derive import Derivation
from regmap.loaders.svd.enums import BlockEnums, Enums
from regmap.loaders.svd.extras import extra_of
from regmap.loaders.svd.makers import make_field, make_place
from regmap.loaders.svd.names import Naming, Scope, own_name
from regmap.loaders.svd.scan import Node, Scan
from regmap.loaders.svd.words import (
    ACCESS,
    HIGHEST_BIT,
    READ_ACTIONS,
    TRUE,
    WRITE_ACTIONS,
    plain,
)
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Constraint, Enum, Field, FieldArray

__all__ = ["Fields", "Outer", "read_constraint"]

_MOST_FIELDS = 1024


# What a register hands to its fields: access, write action, read action, and the letter of a
# field's own index (a name pattern sees the register's index first).
Outer = tuple[Access, WriteAction, ReadAction | None, str]


class Fields:
    """The fields of one device."""

    def __init__(self, scan: Scan, derivation: Derivation, naming: Naming) -> None:
        self._scan = scan
        self._derivation = derivation
        self.naming = naming
        self._enums = Enums(scan, derivation)

    def of_register(self, kids: list[Node], outer: Outer, enums: BlockEnums) -> tuple[Field, ...]:
        """The fields that these nodes are."""
        found: list[Field] = []
        scope = Scope(lambda: {each.name for each in kids if "%" not in each.name})
        ranges = self._scan.ranges
        for node in kids:
            if node.path is not None:
                self._derivation.resolve(node)
            text = node.texts.get("bitRange")
            bits = (ranges[text] if text else None) or self._bits(node)
            if bits is not None:
                field = self._field(node, bits, outer, enums)
                name = field.name
                if "dim" in node.texts or "%" in name:
                    found += self._array(node, field, outer[3], scope)
                    continue
                own = scope.single(name)
                if own is not name:
                    self._twice(node, name, own)
                    field = replace(field, name=own)
                found.append(field)
        return tuple(found)

    def _field(self, node: Node, bits: BitRange, outer: Outer, enums: BlockEnums) -> Field:
        """One field, arrays aside."""
        texts = node.texts
        scan = self._scan
        name = texts.get("name") or ""
        if not name.isidentifier():
            name = plain(name) or self._nameless(node, bits)
        access, write_action, read_action, _ = outer
        if "access" in texts:
            access = ACCESS.get(texts["access"]) or (
                scan.word(node, "access", ACCESS, f"taken for {access}") or access
            )
        if "modifiedWriteValues" in texts:
            write_action = WRITE_ACTIONS.get(texts["modifiedWriteValues"]) or (
                scan.word(node, "modifiedWriteValues", WRITE_ACTIONS, f"taken for {write_action}")
                or write_action
            )
        if "readAction" in texts:
            read_action = READ_ACTIONS.get(texts["readAction"]) or (
                scan.word(node, "readAction", READ_ACTIONS, "left out") or read_action
            )
        enum: Enum | None = None
        write_enum: Enum | None = None
        if "enumeratedValues" in texts:
            enum, write_enum = self._enums.of_field(node, enums)
        return make_field(
            name=name,
            bits=(bits,),
            access=access,
            write_action=write_action,
            read_action=read_action,
            enum=enum,
            write_enum=write_enum,
            constraint=read_constraint(node, scan) if "writeConstraint" in texts else None,
            description=plain(texts.get("description")),
            place=make_place(scan.file, node.element.sourceline or 1, 1),
        )

    def _array(self, node: Node, field: Field, index: str, scope: Scope) -> list[Field]:
        """A field that is an array, or whose name says so; several where the elements' names
        follow no pattern, since the model has an array of fields by pattern only."""
        (bits,) = field.bits
        dim = dim_of(node, self._scan, _MOST_FIELDS, lambda: bits.width)
        if dim is None:
            return []
        name = field.name
        if not dim.count:
            own = scope.single(own_name(name))
            return [replace(field, name=own)]
        extra = extra_of(node, "field")
        if "%s" not in name:
            name = f"{name}%s"
        own, pattern, labels = self.naming.array(name, dim, index)
        elements = [name.replace("[%s]", "%s").replace("%s", each) for each in dim.indexes]
        taken = scope.elements(elements)
        if taken != elements:
            self._twice(node, name, scope.renamed)
            labels = tuple(taken)
        if labels:
            return [
                replace(
                    field,
                    name=label,
                    bits=(bits.shifted(number * dim.stride),),
                    extra=extra,
                )
                for number, label in enumerate(labels)
            ]
        array = FieldArray(counts=(dim.count,), stride=dim.stride, names=pattern, place=field.place)
        own = scope.array(own, named=True)
        return [replace(field, name=own, array=array, extra=extra)]

    def _bits(self, node: Node) -> BitRange | None:
        """Where a field is, said in one of SVD's three ways; None, with a note, for nowhere."""
        texts = node.texts
        scan = self._scan
        text = texts.get("bitRange")
        if text is not None:
            low, _, high = (part.strip() for part in text.strip().strip("[]").partition(":"))
            return scan.ranges[text] or self._turned(node, "bitRange", text.strip(), low, high)
        if "bitOffset" in texts:
            # Two texts that were understood once are not parsed again.
            key = (texts["bitOffset"], texts.get("bitWidth"))
            bits = scan.positions.get(key)
            if bits is not None:
                return bits
            offset = scan.number(node, "bitOffset")
            width = scan.number(node, "bitWidth") if "bitWidth" in texts else 1
            if offset is not None and width and offset + width - 1 <= HIGHEST_BIT:
                bits = scan.positions[key] = scan.bits(offset, width)
                return bits
        elif "lsb" in texts and "msb" in texts:
            first, last = scan.number(node, "lsb"), scan.number(node, "msb")
            if first is not None and last is not None and last <= HIGHEST_BIT:
                if first <= last:
                    return scan.bits(first, last - first + 1)
                said = f"lsb {first}, msb {last}"
                return self._turned(node, "lsb", said, str(last), str(first))
        text = f"field {shown(node.name)} has no bits that make sense; left out"
        scan.notes.odd("no bits", BAD_BITS, node.element, text)
        return None

    def _turned(self, node: Node, tag: str, said: str, low: str, high: str) -> BitRange | None:
        """A range written the wrong way round, turned."""
        at = node.element.find(tag)
        at = node.element if at is None else at
        if low.isdecimal() and high.isdecimal() and len(low) < 5 and len(high) < 5:
            first, last = sorted((int(low), int(high)))
            if last <= HIGHEST_BIT:
                text = f"bits {shown(said)} are the wrong way round; taken for [{last}:{first}]"
                self._scan.notes.odd("turned", BAD_BITS, at, text)
                return self._scan.bits(first, last - first + 1)
        text = f"<{tag}> {shown(said)!r} is not [high:low]; the field is left out"
        self._scan.notes.odd("range", BAD_BITS, at, text)
        return None

    def _nameless(self, node: Node, bits: BitRange) -> str:
        name = f"FIELD_{bits.lsb}"
        text = f"a field has no <name>; called {name} by its lowest bit"
        self._scan.notes.odd("field name", WRONG_VALUE, node.element, text)
        return name

    def _twice(self, node: Node, name: str, own: str) -> None:
        text = f"field {shown(name)!r} stands there twice; the later one is {shown(own)}"
        self._scan.notes.odd("same field", DUPLICATE_KEY, node.element, text)


def read_constraint(node: Node, scan: Scan) -> Constraint | None:
    """``writeConstraint`` in its three forms."""
    holder = node.holder("writeConstraint")
    if holder is None:
        return None
    element = holder.find("writeConstraint")
    if (element.findtext("writeAsRead") or "").strip().lower() in TRUE:
        return Constraint(as_read=True)
    if (element.findtext("useEnumeratedValues") or "").strip().lower() in TRUE:
        return Constraint(enum_only=True)
    limits: list[int | None] = []
    for tag in ("minimum", "maximum"):
        found = element.find(f"range/{tag}")
        text = found.text if found is not None else None
        value = scan.numbers[text] if text is not None else None
        if text is not None and value is None:
            value = scan.bad_number(found.getparent(), tag, text)
        limits.append(value)
    if limits == [None, None]:
        return None
    return Constraint(minimum=limits[0], maximum=limits[1])
