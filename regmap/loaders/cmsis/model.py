"""The objects of the ``cmsis-svd`` package to the model, as the package understands a file.

Nothing is put right here. A nested cluster is where the package's ``get_registers`` has it, under
the innermost cluster's name and offset alone; actions of a register do not reach its fields; don't-
care bits are gone. What has no place in the model is noted, each kind once with a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from cmsis_svd import model as svd

from regmap.bits import BitRange, ones
from regmap.errors import Place
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.cmsis.words import (
    ADDRESS_BLOCK,
    CLUSTER,
    CPU,
    DEVICE,
    ENUM,
    FIELD,
    PERIPHERAL,
    REGISTER,
    extra_of,
    is_number,
    plain,
    word,
)
from regmap.loaders.report import BAD_BITS, DUPLICATE_KEY, WRONG_VALUE, Log, Rule
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import (
    Array,
    Block,
    ByteOrder,
    Constraint,
    Enum,
    EnumValue,
    Field,
    Group,
    Register,
)
from regmap.model.chip import Chip, Instance, Interrupt

__all__ = ["Mapping"]

_HIGHEST_BIT = 1023
_Item = TypeVar("_Item", Register, Group, Instance)


class Mapping:
    """One device on its way to the model; ``report`` tells what could not come along."""

    def __init__(self) -> None:
        self._odd: Counter[tuple[Rule, str]] = Counter()
        self._byte_order: ByteOrder = "little"
        self._registers = 0
        self._enums: dict[Enum, Enum] = {}

    def report(self, place: Place | None, log: Log) -> None:
        """Note each kind of thing that could not be mapped, once."""
        for (rule, text), count in self._odd.items():
            log.warning(rule, place, text, count=count)
        if self._registers > MOST_ELEMENTS:
            log.incomplete = True
            log.error(WRONG_VALUE, place, f"more than {MOST_ELEMENTS:,} registers")

    def chip(self, device: Any, name: str) -> Chip:
        """The chip that a parsed device is; ``name`` where it has none."""
        cpu = device.cpu
        if cpu is not None and cpu.endian is svd.SVDEndianType.BIG:
            self._byte_order = "big"
        extra = extra_of(device, DEVICE)
        if cpu is not None:
            extra += (("cpu", extra_of(cpu, CPU)),)
        blocks: dict[str, Block] = {}
        found: list[Instance] = []
        for each in device.peripherals:
            parts = each.peripherals if isinstance(each, svd.SVDPeripheralArray) else [each]
            made = [self._instance(part, blocks) for part in parts]
            if isinstance(each, svd.SVDPeripheralArray):
                found.extend(self._array(made, each.meta_peripheral))
            else:
                found.extend(i for i in made if i)
        return Chip(
            name=plain(device.name) or name,
            instances=tuple(self._distinct(found)),
            description=plain(device.description),
            source=" ".join(map(plain, filter(None, (device.vendor, device.name, device.version)))),
            extra=extra,
        )

    def _instance(self, peripheral: Any, blocks: dict[str, Block]) -> Instance | None:
        name, base = peripheral.name, peripheral.base_address
        if not (name and is_number(base)):
            self._note("a peripheral without a name or a base address is left out")
            return None
        spaces = [each for each in peripheral.address_blocks or () if is_number(each.size)]
        block = self._block(peripheral)
        source = blocks.get(peripheral.derived_from or "")
        if source is not None and _alike(block, source):
            block = source
        blocks[name] = block
        extra = extra_of(peripheral, PERIPHERAL)
        for each in peripheral.address_blocks or ():
            extra += (("addressBlock", extra_of(each, ADDRESS_BLOCK)),)
        return Instance(
            name=name,
            block=block,
            base=base,
            size=max(((each.offset or 0) + each.size for each in spaces), default=None),
            interrupts=tuple(
                Interrupt(name=each.name, number=each.value, description=plain(each.description))
                for each in peripheral.interrupts or ()
                if each.name and is_number(each.value)
            ),
            description=plain(peripheral.description),
            extra=extra,
        )

    def _block(self, peripheral: Any) -> Block:
        before, after = peripheral.prepend_to_name or "", peripheral.append_to_name or ""
        items: list[Register | Group] = []
        for each in peripheral.registers or ():
            if isinstance(each, svd.SVDRegisterArray):
                made = [self._register(part, part.name or "") for part in each.registers]
                items.extend(self._array(made, each.meta_register, before, after))
            elif isinstance(each, svd.SVDRegister):
                items.extend(filter(None, [self._register(each, each.name or "")]))
            else:
                items.extend(self._cluster(each, before, after))
        return Block(
            name=peripheral.name,
            items=tuple(self._distinct(items)),
            instance_name=peripheral.name,
            description=plain(peripheral.description),
        )

    def _cluster(self, cluster: Any, before: str, after: str) -> list[Group]:
        """A cluster, and behind it the clusters inside of it: the package adds no outer offset and
        no outer name to what is in those."""
        is_array = isinstance(cluster, svd.SVDRegisterClusterArray)
        parts = cluster.clusters if is_array else [cluster]
        groups = [self._group(part, before, after) for part in parts]
        if is_array:
            groups = [*self._array(groups, cluster.meta_cluster, before, after)]
        found = [group for group in groups if group is not None and group.items]
        for part in parts:
            for inner in part.clusters or ():
                found.extend(self._cluster(inner, before, after))
        return found

    def _group(self, cluster: Any, before: str, after: str) -> Group | None:
        name, offset = cluster.name, cluster.address_offset
        if not (name and is_number(offset)):
            self._note("a cluster without a name or an offset is left out")
            return None
        items: list[Register | Group] = []

        def own(register: Any) -> str:
            text: str = register.name.removeprefix(before)
            text = text.removesuffix(after) if after else text
            return text.removeprefix(f"{name}_")

        for each in cluster.registers or ():
            if isinstance(each, svd.SVDRegisterArray):
                made = [self._register(part, own(part), offset) for part in each.registers]
                items.extend(self._array(made, each.meta_register))
            else:
                items.extend(filter(None, [self._register(each, own(each), offset)]))
        return Group(
            name=before + name + after,
            offset=offset,
            items=tuple(self._distinct(items)),
            alternate=cluster.alternate_cluster is not None,
            description=plain(cluster.description),
            extra=extra_of(cluster, CLUSTER),
        )

    def _register(self, register: Any, name: str, moved: int = 0) -> Register | None:
        """A register; ``moved`` is what the package has added to its own offset."""
        offset = register.address_offset
        if not name or not is_number(offset) or offset < moved:
            self._note("a register without a name or an offset is left out")
            return None
        self._registers += 1
        width = register.size
        if not (is_number(width) and 0 < width <= _HIGHEST_BIT + 1):
            if width is not None:
                self._note("a register's size is no width; 32 is used")
            width = 32
        reset, mask = register.reset_value, register.reset_mask
        if any(is_number(each) and each > ones(width) for each in (reset, mask)):
            self._note("a reset value or mask is wider than its register; it is cut")
        return Register(
            name=name,
            offset=offset - moved,
            width=width,
            access=word(Access, register.access) or Access.READ_WRITE,
            write_action=word(WriteAction, register.modified_write_values) or WriteAction.MODIFY,
            read_action=word(ReadAction, register.read_action),
            reset=reset & ones(width) if is_number(reset) else None,
            reset_mask=mask & ones(width) if is_number(mask) else None,
            fields=tuple(
                self._distinct(
                    field
                    for each in register.fields or ()
                    for part in (each.fields if isinstance(each, svd.SVDFieldArray) else [each])
                    if (field := self._field(part)) is not None
                )
            ),
            byte_order=self._byte_order,
            constraint=self._constraint(register.write_constraint),
            alternate=bool(register.alternate_register or register.alternate_group),
            description=plain(register.description),
            extra=extra_of(register, REGISTER),
        )

    def _field(self, field: Any) -> Field | None:
        low, width = field.bit_offset, field.bit_width
        if width is None and is_number(low):
            self._note("a field has no bit_width; 1 is used", BAD_BITS)
            width = 1
        if not (field.name and is_number(low) and is_number(width) and width > 0) or (
            low + width > _HIGHEST_BIT + 1
        ):
            self._note("a field without a name or bits that make sense is left out", BAD_BITS)
            return None
        read = write = None
        for each in field.enumerated_values or ():
            enum = self._enum(each)
            if each.usage is svd.SVDEnumUsageType.WRITE:
                write = enum
            else:
                read = enum
        return Field(
            name=field.name,
            bits=(BitRange(low, width),),
            access=word(Access, field.access) or Access.READ_WRITE,
            write_action=word(WriteAction, field.modified_write_values) or WriteAction.MODIFY,
            read_action=word(ReadAction, field.read_action),
            enum=read,
            write_enum=write,
            constraint=self._constraint(field.write_constraint),
            description=plain(field.description),
            extra=extra_of(field, FIELD),
        )

    def _enum(self, values: Any) -> Enum | None:
        found = []
        for each in values.enumerated_values or ():
            is_default = bool(each.is_default) and each.value is None
            if not (each.name and (is_default or is_number(each.value))):
                self._note("an enumerated value without a name or a value is left out")
                continue
            description = plain(each.description)
            found.append(
                EnumValue(
                    name=each.name, value=each.value, description=description, default=is_default
                )
            )
        if not found:
            self._note("an enumeration without values is left out")
            return None
        # Written inside of its field: the package keeps no word of what derives from it.
        enum = Enum(values=tuple(self._distinct(found)), extra=extra_of(values, ENUM))
        return self._enums.setdefault(enum, enum)

    def _constraint(self, constraint: Any) -> Constraint | None:
        if constraint is None:
            return None
        if constraint.write_as_read:
            return Constraint(as_read=True)
        if constraint.use_enumerated_values:
            return Constraint(enum_only=True)
        bounds = constraint.range
        if bounds is None:
            return None
        if not (is_number(bounds.minimum) and is_number(bounds.maximum)):
            self._note("the package keeps no numbers of a <writeConstraint> <range>; left out")
            return None
        return Constraint(minimum=bounds.minimum, maximum=bounds.maximum)

    def _array(
        self, made: Sequence[_Item | None], meta: Any, before: str = "", after: str = ""
    ) -> list[_Item]:
        """The elements of an array as one item, if they differ no more than an array's do."""
        items = [each for each in made if each is not None]
        if isinstance(meta, svd.SVDRegister):
            # The elements' display names are the array's with the index filled in.
            items = [replace(each, extra=extra_of(meta, REGISTER)) for each in items]
        if len(items) < len(made) or not items:
            return items
        places = [_place(each) for each in items]
        given = meta.dim_increment
        stride = places[1] - places[0] if len(places) > 1 else given if is_number(given) else 0
        first = items[0]
        is_regular = places == [places[0] + number * stride for number in range(len(places))]
        name = before + (meta.name or "").replace("[%s]", "").replace("%s", "") + after
        labels = [each.name for each in items]
        if stride < 0 or not is_regular or not all(_alike(each, first) for each in items):
            self._note("an array with elements that differ is written out")
            return items
        if len(set(labels)) < len(labels):  # a name without %s
            return items
        if labels == [f"{name}[{number}]" for number in range(len(labels))]:
            labels = []
        array = Array(counts=(len(items),), strides=(stride,), labels=tuple(labels))
        return [replace(first, name=name or "ELEMENT", array=array)]

    def _distinct(self, items: Iterable[Any]) -> list[Any]:
        """The items under names that differ: a later one gets _2, _3, and so its elements. An
        array's own name is nobody's where its elements have names: it gives way with an x."""
        found: list[Any] = []
        taken: set[str] = set()
        last: Counter[str] = Counter()
        for each in items:
            array: Any = getattr(each, "array", None)
            labels = getattr(array, "labels", ())
            names = labels or [each.name]
            tail = ""
            while not taken.isdisjoint(name + tail for name in names):
                last[each.name] += 1
                tail = f"_{last[each.name] + 1}"
            taken.update(name + tail for name in names)
            if tail:
                text = "a name is there again; the later one has a number behind it"
                self._note(text, DUPLICATE_KEY)
                if labels:
                    array = replace(array, labels=tuple(label + tail for label in labels))
                    each = replace(each, array=array)  # noqa: PLW2901
                each = replace(each, name=each.name + tail)  # noqa: PLW2901
            found.append(each)
        for number, each in enumerate(found):
            name = each.name
            if getattr(getattr(each, "array", None), "labels", ()):
                while name in taken:
                    name += "x"
                taken.add(name)
                found[number] = each if name == each.name else replace(each, name=name)
        return found

    def _note(self, text: str, rule: Rule = WRONG_VALUE) -> None:
        self._odd[rule, text] += 1


def _place(item: Register | Group | Instance) -> int:
    return item.base if isinstance(item, Instance) else item.offset


def _alike(item: Any, other: Any) -> bool:
    """Whether two differ in name and place alone."""
    if isinstance(item, Instance):
        return _alike(item.block, other.block) and item == replace(
            other, name=item.name, base=item.base, block=item.block
        )
    if isinstance(item, Block):
        return bool(item == replace(other, name=item.name, instance_name=item.instance_name))
    return bool(item == replace(other, name=item.name, offset=item.offset))
