"""enumeratedValues to enums: those with the same values and name are one object.

One with a name, or derived from one that has, is an enum of its block; without a name it belongs to
its field. ``usage`` decides whether it names what is read, written or both.
"""

from __future__ import annotations

from typing import Any

from regmap.bits import ones
from regmap.loaders.report import DUPLICATE_KEY, WRONG_VALUE, shown
from regmap.loaders.svd.derive import Derivation
from regmap.loaders.svd.makers import make_place, make_value
from regmap.loaders.svd.names import Scope
from regmap.loaders.svd.scan import Node, Scan
from regmap.loaders.svd.words import TRUE, pattern, plain
from regmap.model.block import Enum, EnumValue, Extra

__all__ = ["BlockEnums", "Enums"]

_ALL_BITS = ones(64)
_MOST_VALUES = 200_000
_USAGES: dict[str | None, str] = {each: each for each in ("read", "write", "read-write")}
Row = tuple[tuple[str, str | None], ...]
Pair = tuple[Enum | None, Enum | None]


class Enums:
    """The enums of one device."""

    def __init__(self, scan: Scan, derivation: Derivation) -> None:
        self._scan = scan
        self._derivation = derivation
        self._by_text: dict[tuple[object, ...], Enum] = {}
        self._by_value: dict[tuple[object, ...], Enum] = {}
        self._by_holder: dict[tuple[object, ...], Enum] = {}
        self._by_node: dict[Node, Enum] = {}

    def of_field(self, node: Node, block: BlockEnums) -> Pair:
        """A field's enums: (for reading and writing, for writing where it differs)."""
        read: Enum | None = None
        write: Enum | None = None
        for each in self._derivation.children(node):
            if each.path is not None:
                self._derivation.resolve(each)
            enum = self._enum(each)
            if enum is None:
                continue
            enum = block.named(enum)
            usage = None
            if "usage" in each.texts:
                usage = self._scan.word(each, "usage", _USAGES, "taken for read-write")
            taken = write if usage == "write" else read
            if taken is not None:
                text = "two <enumeratedValues> of one field have the same usage; the last counts"
                self._scan.notes.odd("usage", DUPLICATE_KEY, each.element, text)
            if usage == "write":
                write = enum
            else:
                read = enum
        return read, write

    def _enum(self, node: Node) -> Enum | None:
        again = self._by_node.get(node)
        if again is not None:  # by another field that derives from the one around it
            return again
        # Paths are slower than asking for children of one tag; this is asked for each enum.
        holder = node.element if node.base is None else node.holder("enumeratedValue")
        elements = [] if holder is None else list(holder.iterchildren("enumeratedValue"))
        if not elements:
            text = "<enumeratedValues> without a value; left out"
            self._scan.notes.odd("no values", WRONG_VALUE, node.element, text)
            return None
        texts = node.texts
        name = plain(texts.get("name"))
        header = plain(texts.get("headerEnumName"))
        known = self._by_holder.get((holder, name, header)) if node.base is not None else None
        if known is not None:
            return known
        if len(elements) > _MOST_VALUES:
            text = f"an enum of {len(elements):,} values, more than {_MOST_VALUES:,}"
            self._scan.notes.refuse(WRONG_VALUE, node.element, text, "describe it as a number")
        # A vendor repeats most of its enums; one that is there already costs only this key.
        rows = [tuple([(child.tag, child.text) for child in each]) for each in elements]
        key = (name, header, *rows)
        enum = self._by_text.get(key)
        plainly = enum is not None
        if enum is None:
            told = self._scan.notes.total
            values = self._values(elements, rows)
            if not values:
                return None
            extra: Extra = (("headerEnumName", header),) if header else ()
            place = self._scan.place(node.element)
            enum = Enum(name=name, values=values, extra=extra, place=place)
            same = tuple((v.name, v.value, v.care, v.default, v.description) for v in values)
            enum = self._by_value.setdefault((name, header, *same), enum)
            if told == self._scan.notes.total:  # what is odd is counted each time
                self._by_text[key] = enum
                plainly = True
        if plainly:
            self._by_node[node] = enum
            if node.base is not None:
                self._by_holder[holder, name, header] = enum
        return enum

    def _values(self, elements: list[Any], rows: list[Row]) -> tuple[EnumValue, ...]:
        scope = Scope()
        found = (
            self._value(element, dict(row), scope)
            for element, row in zip(elements, rows, strict=True)
        )
        return tuple([each for each in found if each is not None])

    def _value(self, element: Any, texts: dict[str, str | None], scope: Scope) -> EnumValue | None:
        scan = self._scan
        value, care = None, None
        text = texts.get("value")
        if text is not None:
            value = scan.numbers[text]
            if value is None:
                found = pattern(text)
                if found is not None:
                    value, care = found[0], _ALL_BITS ^ found[1]
                else:
                    value = scan.bad_number(element, "value", text)
        default = value is None and (texts.get("isDefault") or "").strip().lower() in TRUE
        if value is None and not default:
            named = shown(plain(texts.get("name")))
            what = f"enumerated value {named} has no <value>; left out"
            scan.notes.odd("no value", WRONG_VALUE, element, what)
            return None
        name = plain(texts.get("name")) or ("DEFAULT" if default else f"VALUE_{value}")
        own = scope.single(name)
        if own != name:
            what = f"enumerated value {shown(name)!r} stands there twice; the later is {shown(own)}"
            scan.notes.odd("value name", DUPLICATE_KEY, element, what)
        return make_value(
            name=own,
            value=value,
            description=plain(texts.get("description")),
            care=care,
            default=default,
            place=make_place(scan.file, element.sourceline or 1, 1),
        )


class BlockEnums:
    """The enums of one block that have a name, in the order of first use."""

    def __init__(self) -> None:
        self._scope = Scope()
        self._found: dict[int, Enum] = {}

    def named(self, enum: Enum) -> Enum:
        """The enum under the name that it has in this block: a later one of the same name and
        other values is NAME_2."""
        if not enum.name:
            return enum
        known = self._found.get(id(enum))
        if known is not None:
            return known
        name = self._scope.single(enum.name)
        used = enum
        if name != enum.name:
            used = Enum(name=name, values=enum.values, extra=enum.extra, place=enum.place)
        self._found[id(enum)] = used
        return used

    def all(self) -> tuple[Enum, ...]:
        """All of them."""
        return tuple(self._found.values())
