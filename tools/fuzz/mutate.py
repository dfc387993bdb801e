"""Documents made out of good ones: elements moved, copied, renamed and filled with odd values;
bytes turned over."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

__all__ = ["Mutator"]

_ITEMS = (
    "peripheral", "register", "cluster", "field", "enumeratedValues", "enumeratedValue",
    "addressBlock", "interrupt", "registers", "fields", "peripherals", "writeConstraint", "range",
    "dimArrayIndex", "cpu", "device", "vendorExtensions", "regmap", "unheardOf",
)  # fmt: skip
_TAGS = (
    "name", "description", "displayName", "baseAddress", "addressOffset", "size", "access",
    "resetValue", "resetMask", "protection", "dim", "dimIncrement", "dimIndex", "dimName",
    "bitRange", "lsb", "msb", "bitOffset", "bitWidth", "value", "isDefault", "usage", "minimum",
    "maximum", "writeAsRead", "useEnumeratedValues", "modifiedWriteValues", "readAction",
    "alternateRegister", "alternateGroup", "alternateCluster", "alternatePeripheral",
    "prependToName", "appendToName", "offset", "headerEnumName", "groupName", "addressUnitBits",
    "width", "endian", "version", "dataType", "disableCondition", "headerStructName",
)  # fmt: skip
_NUMBERS = (
    "0", "1", "3", "4", "7", "8", "16", "31", "32", "33", "63", "64", "65", "128", "1000", "4096",
    "0x0", "0xFFFFFFFF", "0x100000000", "0xFFFFFFFFFFFFFFFF", "0x10000000000000000", "-1", "-4",
    "100000000", "1000001", "9" * 40, "#101", "#1xx", "0b11", "4k", "0x", "", " 8 ", "1e3", "010",
    "+4", "1_0", "0x1G", "\u0663",
)  # fmt: skip
_WORDS = (
    "read-only", "write-only", "read-write", "writeOnce", "read-writeOnce", "read/clear", "modify",
    "oneToClear", "zeroToSet", "clear", "set", "modifyExternal", "registers", "buffer", "read",
    "write", "true", "false", "1", "maybe", "Read Only", "little", "big", "s", "n", "p",
)  # fmt: skip
_NAMES = (
    "A", "A_2", "R", "R%s", "R[%s]", "[%s]", "%s", "%s%s", "%d", "A.B", "A[0]", "R0", "R1", "if",
    "class", "read", "mro", "__class__", "a b", "2nd", "", "  ", "\u540d", "N" * 65, "{i}", "{",
    "a%", "x/y", "'\"`", "\u202e", "\x85", "%s_%s", "CH[%s]_X",
)  # fmt: skip
_INDEXES = (
    "0-3", "A-D", "D-A", "A,B,C,D", "1,1,1,1", "0-999999999", ",", "A", "0,1,2,3,4,5,6", "7-4",
    "a,\x85,c,d", "0x0-0x3", "3-A", "",
)  # fmt: skip
_RANGES = (
    "[7:0]", "[0:0]", "[0:7]", "[31:0]", "[63:32]", "[64:0]", "[99999999999:0]", "7:0", "[7]", "",
    "[-1:0]", "[a:b]", "[3:3:3]", "[ 7 : 4 ]",
)  # fmt: skip
_BY_TAG: dict[str, Sequence[str]] = {
    "name": _NAMES, "dimIndex": _INDEXES, "bitRange": _RANGES, "prependToName": _NAMES,
    "appendToName": _NAMES, "access": _WORDS, "modifiedWriteValues": _WORDS, "readAction": _WORDS,
    "usage": _WORDS, "isDefault": _WORDS, "endian": _WORDS, "alternateRegister": _NAMES,
    "dimName": _NAMES, "protection": _WORDS, "writeAsRead": _WORDS,
}  # fmt: skip
_ENCODINGS = ("utf-8", "utf-16", "iso-8859-1", "us-ascii", "utf-8-sig", "utf-32", "cp1252", "utf-7")
_PIECES = (
    b"<!DOCTYPE x>", b"<!ENTITY a 'b'>", b"&a;", b"&lt;", b"&#0;", b"]]>", b"<![CDATA[", b"<!--",
    b"-->", b"<?x", b"?>", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"</register>", b"<register>", b"<",
    b">", b'"', b" derivedFrom='R'", b" xmlns='u'", b"\x80", b"\r", b"%s",
)  # fmt: skip
# A document with more elements is not made larger.
_MANY = 2_000

Edit = Callable[[random.Random, Any], None]


class Mutator:
    """Makes documents out of some that are there."""

    def __init__(self, documents: Sequence[bytes], seed: int) -> None:
        self._documents = list(documents)
        self._trees = [tree for each in documents if (tree := _parsed(each)) is not None]
        self._seed = seed

    def document(self, number: int) -> bytes:
        """The document of this number."""
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311  (to be had again)
        if chance.random() < 0.1:
            return _bytes(chance, chance.choice(self._documents))
        root = copy.deepcopy(chance.choice(self._trees))
        for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 13))):
            if chance.random() < 0.07 and len(root.xpath("//*")) < _MANY:
                other = _any(chance, chance.choice(self._trees))
                _any(chance, root).append(copy.deepcopy(other))
            else:
                chance.choice(_EDITS)(chance, root)
        encoding = chance.choice(_ENCODINGS) if chance.random() < 0.05 else "utf-8"
        text: str = etree.tostring(root, encoding="unicode", pretty_print=chance.random() < 0.5)
        data = text.encode(encoding, "replace")
        return _bytes(chance, data) if chance.random() < 0.1 else data


def _parsed(data: bytes) -> Any | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root.tag == "device" and root.getroottree().docinfo.internalDTD is None else None


def _bytes(chance: random.Random, data: bytes) -> bytes:
    """Bytes turned over, taken out, put in, cut off."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(found))
        way = chance.randrange(5)
        if way == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del found[at : at + chance.randint(1, 40)]
        elif way == 2:
            found[at:at] = chance.choice(_PIECES)
        elif way == 3:
            found[at:at] = found[at : at + chance.randint(1, 200)]
        elif chance.random() < 0.3:
            del found[at:]
    return bytes(found)


def _any(chance: random.Random, root: Any) -> Any:
    return chance.choice([each for each in root.iter() if isinstance(each.tag, str)])


def _drop(chance: random.Random, root: Any) -> None:
    each = _any(chance, root)
    if each is not root:
        each.getparent().remove(each)


def _repeat(chance: random.Random, root: Any) -> None:
    each = _any(chance, root)
    if each is not root and len(root.xpath("//*")) < _MANY:
        for _ in range(chance.choice((1, 1, 2, 9))):
            each.addnext(copy.deepcopy(each))


def _move(chance: random.Random, root: Any) -> None:
    each, target = _any(chance, root), _any(chance, root)
    if each is not root and each not in (target, *target.iterancestors()):
        target.append(each)


def _rename(chance: random.Random, root: Any) -> None:
    each = _any(chance, root)
    if each is not root:
        each.tag = chance.choice(_ITEMS if len(each) else _TAGS)


def _fill(chance: random.Random, root: Any) -> None:
    leaves = [each for each in root.iter() if len(each) == 0]
    each = chance.choice(leaves)
    values = _BY_TAG.get(each.tag, _NUMBERS) if chance.random() < 0.85 else _NAMES
    each.text = chance.choice(values)


def _add(chance: random.Random, root: Any) -> None:
    each = etree.SubElement(_any(chance, root), chance.choice(_TAGS))
    each.text = chance.choice(_BY_TAG.get(each.tag, _NUMBERS))


def _array(chance: random.Random, root: Any) -> None:
    found = list(root.iter("peripheral", "register", "cluster", "field"))
    if not found:
        return
    each = chance.choice(found)
    etree.SubElement(each, "dim").text = chance.choice(("2", "3", "4", "4", *_NUMBERS))
    etree.SubElement(each, "dimIncrement").text = chance.choice(("1", "4", "4", *_NUMBERS))
    if chance.random() < 0.5:
        etree.SubElement(each, "dimIndex").text = chance.choice(_INDEXES)
    name = each.find("name")
    if name is not None:
        name.text = (name.text or "") + chance.choice(("[%s]", "%s", "%s_X", ""))


def _derive(chance: random.Random, root: Any) -> None:
    found = list(root.iter("peripheral", "register", "cluster", "field", "enumeratedValues"))
    if not found:
        return
    each, other = chance.choice(found), chance.choice(found)
    names: list[str] = []
    while other is not None:
        text = other.findtext("name") if other.tag in _ITEMS else None
        if text and other is not root:
            names.insert(0, text)
        other = other.getparent()
    path = ".".join(names[chance.randrange(len(names)) :] if names else [""])
    path = path.replace("%s", chance.choice(("0", "1", "%s", "A")))
    each.set("derivedFrom", chance.choice((path, path, path, chance.choice(_NAMES))))


def _nest(chance: random.Random, root: Any) -> None:
    found = list(root.iter("register", "cluster"))
    if not found:
        return
    each = chance.choice(found)
    for _ in range(chance.choice((1, 2, 5, 80))):
        cluster = etree.Element("cluster")
        etree.SubElement(cluster, "name").text = chance.choice(_NAMES)
        etree.SubElement(cluster, "addressOffset").text = chance.choice(_NUMBERS)
        each.addprevious(cluster)
        cluster.append(each)
        each = cluster


def _attribute(chance: random.Random, root: Any) -> None:
    name = chance.choice(("derivedFrom", "schemaVersion", "id", "free", "endian"))
    value = chance.choice((*_NAMES, *_NUMBERS))
    _any(chance, root).set(name, value.replace("\x85", ""))


_EDITS: tuple[Edit, ...] = (
    _drop, _repeat, _move, _rename, _fill, _fill, _fill, _add, _array, _array, _derive, _derive,
    _nest, _attribute,
)  # fmt: skip
