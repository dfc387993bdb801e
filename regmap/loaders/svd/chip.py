"""A device to a chip: its peripherals become a block and an instance each.

Peripherals that derive from one without a change of registers, properties or name affixes share its
block. A block's registers are made at once (``whole``) or when somebody asks for them: then a file
of any size opens as fast as it is parsed, and what is odd inside of a block is not told.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any

from regmap.errors import MapError
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.garbage import uncollected
from regmap.loaders.report import DUPLICATE_KEY, WRONG_VALUE, Log, TooManyProblemsError, shown
from regmap.loaders.svd.arrays import dim_of
from regmap.loaders.svd.derive import Derivation
from regmap.loaders.svd.extras import device_extra, extra_of
from regmap.loaders.svd.items import (
    LONGEST_NAME,
    NO_PROPERTIES,
    PROPERTIES,
    Items,
    Properties,
    Result,
)
from regmap.loaders.svd.names import Scope, own_name
from regmap.loaders.svd.notes import Notes, RefusedError
from regmap.loaders.svd.scan import Node, Scan
from regmap.loaders.svd.words import number, plain
from regmap.model.block import Array, Block
from regmap.model.chip import Chip, Instance, Interrupt

__all__ = ["EMBEDDED", "Device"]

# Our own element among the vendor's extensions.
EMBEDDED = "regmap"
_ENDIANS = ("little", "big", "selectable", "other")


class Device:
    """Makes the chip of one SVD file."""

    def __init__(self, root: Any, data: bytes, file: str, log: Log, *, whole: bool) -> None:
        self._root = root
        self._file = file
        self._data = data
        self._whole = whole
        self._notes = Notes(root, data, file, log)
        self._scan = Scan(root, file, self._notes)
        self._derivation = Derivation(self._scan)
        self._device = self._derivation.device
        self._early: list[Node] = []
        self._early_names: set[str] = set()
        self._endian = root.findtext("cpu/endian")
        big = (self._endian or "").strip() == "big"
        self._items = Items(self._scan, self._derivation, "big" if big else "little")
        self._properties = self._items.properties(self._device, NO_PROPERTIES)
        self._left = MOST_ELEMENTS
        self._origins: dict[Node, Node] = {}
        self._blocks: dict[tuple[int, Properties, str, str], Block] = {}
        self._lock = threading.RLock()

    def early(self, element: Any, named: set[str]) -> None:
        """Take a peripheral while the rest of the file is still being parsed; ``named`` is what
        anything derives from. Made at once where it stands for itself, and then let go."""
        (node,) = self._scan.nodes((element,), "peripheral", self._device)
        name = node.name
        twice = name in self._early_names
        self._early_names.add(name)
        self._early.append(node)
        alone = node.path is None and not element.xpath("boolean(.//@derivedFrom)")
        if twice or not alone or "%" in name or name in named or "baseAddress" not in node.texts:
            return
        if named and not named.isdisjoint(element.xpath(".//enumeratedValues/name/text()")):
            return
        self._block(node, plain(name))
        for each in element.iterchildren("registers"):
            each.clear()
        node.forget()
        self._items.forget()

    def complete(self) -> bool:
        """Take what stands around the peripherals; False where it would have changed those that
        were made before it was known."""
        texts: dict[str, str | None] = {}
        for child in self._root:
            texts.setdefault(child.tag, child.text)
        before, self._device.texts = self._device.texts, texts
        self._device.kids = self._early
        return self._endian == self._root.findtext("cpu/endian") and all(
            before.get(tag) == texts.get(tag) for tag in PROPERTIES
        )

    def chip(self) -> Chip:
        """The chip; the log gets what is odd. Raises RefusedError."""
        nodes = [self._derivation.resolve(each) for each in self._derivation.children(self._device)]
        scope = Scope(lambda: {each.name for each in nodes if "dim" not in each.texts})
        found = (self._instance(each, scope) for each in nodes)
        instances = tuple(each for each in found if each is not None)
        self._unit()
        self._notes.tell()
        texts = self._device.texts
        stated = (plain(texts.get(tag)) for tag in ("vendor", "name", "version"))
        return Chip(
            name=plain(texts.get("name")) or PurePath(self._file).stem,
            instances=instances,
            description=plain(texts.get("description")),
            source=" ".join(filter(None, stated)),
            extra=device_extra(self._device, EMBEDDED),
            place=self._scan.place(self._root),
        )

    def forget(self) -> None:
        """Let go of all that a chip was made of; no late block can be made afterwards."""
        self._device.forget()
        self._items.forget()

    def _instance(self, node: Node, scope: Scope) -> Instance | None:
        texts = node.texts
        notes = self._notes
        base = self._scan.number(node, "baseAddress")
        if base is None:
            text = f"peripheral {shown(node.name)} has no <baseAddress>; left out"
            notes.odd("base", WRONG_VALUE, node.element, text)
            return None
        name = plain(texts.get("name"))
        if not name:
            name = f"PERIPHERAL_{base:X}"
            text = f"a peripheral has no <name>; called {name} by its address"
            notes.odd("peripheral name", WRONG_VALUE, node.element, text)
        if len(name) > LONGEST_NAME:
            text = f"a name of {len(name):,} characters"
            notes.refuse(WRONG_VALUE, node.element, text, "shorten it")
        size = self._size(node)
        array: Array | None = None
        if "dim" in texts or "%" in name:
            dim = dim_of(node, self._scan, MOST_ELEMENTS, lambda: size or 4)
            if dim is None:
                return None
            if dim.count:
                self._spend(dim.count, node)
                name, array = self._items.array(node, name, dim, scope)
            else:
                name = own_name(name)
        if array is None:
            own = scope.single(name)
            if own is not name:
                self._items.twice(node, name, own)
                name = own
        return Instance(
            name=name,
            block=self._block(node, name),
            base=base,
            size=size,
            array=array,
            interrupts=self._interrupts(node),
            description=plain(texts.get("description")),
            extra=extra_of(node, "peripheral"),
            place=self._scan.place(node.element),
        )

    def _block(self, node: Node, name: str) -> Block:
        key = self._key(node)
        block = self._blocks.get(key)
        if block is None:
            origin = node
            while origin.base is not None and self._key(origin.base) == key:
                origin = origin.base
            if origin is not node:
                name = own_name(origin.name) or name
            # A lone block is opened as an instance of its own name.
            block = Block.deferred(
                partial(self._late, origin),
                name=name,
                instance_name=name,
                description=plain(origin.texts.get("description")),
                place=self._scan.place(origin.element),
            )
            if self._whole:
                made = self._made(origin)
                block = replace(block, items=made.items, enums=made.enums)
            self._blocks[key] = block
        return block

    def _key(self, node: Node) -> tuple[int, Properties, str, str]:
        """What must be alike for two peripherals to share a block."""
        walked = [node]
        while (origin := self._origins.get(walked[-1])) is None:
            last = walked[-1]
            if last.base is None or last.element.find("registers") is not None:
                origin = last
                break
            walked.append(last.base)
        self._origins.update(dict.fromkeys(walked, origin))
        before, after = (plain(node.texts.get(tag)) for tag in ("prependToName", "appendToName"))
        properties = self._items.properties(node, self._properties)
        return id(origin), properties, before, after

    def _made(self, node: Node) -> Result:
        kids = self._derivation.children(node)
        properties = self._items.properties(node, self._properties)
        result = self._items.of_block(node, kids, properties)
        self._spend(result.total, node)
        return result

    def _late(self, node: Node) -> Block:
        """A deferred block's registers. Raises MapError for what is refused."""
        with self._lock, uncollected():
            log = Log()
            self._notes.log = log
            try:
                result = self._made(node)
            except (RefusedError, TooManyProblemsError):
                raise MapError(log.problems) from None
            return Block(name="", items=result.items, enums=result.enums)

    def _spend(self, count: int, node: Node) -> None:
        self._left -= count
        if self._left < 0:
            text = f"more than {MOST_ELEMENTS:,} registers, arrays written out"
            self._left += count
            self._notes.refuse(WRONG_VALUE, node.element, text, "this looks like memory")

    def _size(self, node: Node) -> int | None:
        """The end of the last address block, in bytes from the base."""
        holder = node.holder("addressBlock") if "addressBlock" in node.texts else None
        end: int | None = None
        for each in holder.iterchildren("addressBlock") if holder is not None else ():
            values = []
            for tag in ("offset", "size"):
                text = each.findtext(tag)
                value = self._scan.numbers[text] if text is not None else None
                if text is not None and value is None:
                    value = self._scan.bad_number(each, tag, text)
                values.append(value or 0)
            if values[1]:
                end = max(end or 0, sum(values))
        return end

    def _interrupts(self, node: Node) -> tuple[Interrupt, ...]:
        found = []
        scope = Scope()
        for each in node.element.iterchildren("interrupt") if "interrupt" in node.texts else ():
            name, text = plain(each.findtext("name")), each.findtext("value")
            value = self._scan.numbers[text] if text is not None else None
            if value is None:
                value = self._scan.bad_number(each, "value", text) if text is not None else None
            if value is None:
                what = f"interrupt {shown(name)} has no number; left out"
                self._notes.odd("interrupt", WRONG_VALUE, each, what)
                continue
            name = name or f"IRQ{value}"
            own = scope.single(name)
            if own != name:
                what = (
                    f"interrupt {shown(name)!r} stands there twice; the later one is {shown(own)}"
                )
                self._notes.odd(("interrupt", "same"), DUPLICATE_KEY, each, what)
            description = plain(each.findtext("description"))
            place = self._scan.place(each)
            found.append(Interrupt(name=own, number=value, description=description, place=place))
        return tuple(found)

    def _unit(self) -> None:
        text = self._device.texts.get("addressUnitBits")
        if text is not None and number(text) != 8:
            what = f"<addressUnitBits> {shown(text.strip())!r} is taken for 8: offsets are in bytes"
            self._notes.odd("unit", WRONG_VALUE, self._root.find("addressUnitBits"), what)
        endian = self._root.findtext("cpu/endian")
        if endian is not None and endian.strip() not in _ENDIANS:
            what = f"<endian> {shown(endian.strip())!r} is taken for little"
            self._notes.odd("endian", WRONG_VALUE, self._root.find("cpu/endian"), what)
