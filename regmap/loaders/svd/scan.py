"""From lxml's elements to light items: the children of an element are looked at once.

A ``Node`` is a peripheral, cluster, register, field or enumeratedValues as it is written: the texts
of its plain children by tag, and where it stands. Nodes are made when somebody asks for what is
inside the one around them, so of a peripheral that nobody asks for only its own lines are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from regmap.bits import BitRange
from regmap.errors import Place
from regmap.loaders.report import DUPLICATE_KEY, UNKNOWN_KEY, WRONG_VALUE, did_you_mean, shown
from regmap.loaders.svd.makers import make_place
from regmap.loaders.svd.notes import Notes
from regmap.loaders.svd.words import BitRanges, Numbers, meant, mended

__all__ = ["LEVELS", "Node", "Scan"]

_PROPERTIES = ("size", "access", "protection", "resetValue", "resetMask")
_DIM = ("dim", "dimIncrement", "dimIndex", "dimName", "dimArrayIndex")
_ACTIONS = ("access", "modifiedWriteValues", "readAction", "writeConstraint")
# What may stand in each element, by CMSIS-SVD 1.3.12.
_KNOWN: Mapping[str, frozenset[str]] = {
    "device": frozenset(
        {
            "vendor", "vendorID", "name", "series", "version", "description", "licenseText", "cpu",
            "headerSystemFilename", "headerDefinitionsPrefix", "addressUnitBits", "width",
            "peripherals", "vendorExtensions", *_PROPERTIES,
        }
    ),
    "peripheral": frozenset(
        {
            "name", "version", "description", "alternatePeripheral", "groupName", "prependToName",
            "appendToName", "headerStructName", "disableCondition", "baseAddress", "addressBlock",
            "interrupt", "registers", *_PROPERTIES, *_DIM,
        }
    ),
    "cluster": frozenset(
        {
            "name", "description", "alternateCluster", "headerStructName", "addressOffset",
            "register", "cluster", *_PROPERTIES, *_DIM,
        }
    ),
    "register": frozenset(
        {
            "name", "displayName", "description", "alternateGroup", "alternateRegister",
            "addressOffset", "dataType", "fields", *_PROPERTIES, *_ACTIONS, *_DIM,
        }
    ),
    "field": frozenset(
        {
            "name", "description", "bitRange", "lsb", "msb", "bitOffset", "bitWidth",
            "enumeratedValues", *_ACTIONS, *_DIM,
        }
    ),
    "enumeratedValues": frozenset({"name", "headerEnumName", "usage", "enumeratedValue"}),
}  # fmt: skip
# What may stand there more than once.
_MANY = frozenset(
    {
        "addressBlock", "interrupt", "register", "cluster", "enumeratedValues", "enumeratedValue",
        "peripherals", "registers", "fields",
    }
)  # fmt: skip
LEVELS = frozenset(_KNOWN)
_ITEMS = ("register", "cluster")
# Where the others belong.
_HOMES = {
    "range": ["<writeConstraint>"],
    "writeAsRead": ["<writeConstraint>"],
    "useEnumeratedValues": ["<writeConstraint>"],
    "minimum": ["<range>"],
    "maximum": ["<range>"],
    "enumeratedValue": ["<enumeratedValues>"],
    "value": ["<enumeratedValue>"],
    "peripheral": ["<peripherals>"],
    "field": ["<fields>"],
}

# How many children an element has, and the tags that they have.
Shape = tuple[int | str, ...]

_Word = TypeVar("_Word")


class Node:
    """One element: its texts by tag, what it derives from, and what is in it once known.

    After it is resolved, ``texts`` are those in force and ``base`` is what it derives from.
    """

    __slots__ = ("base", "element", "held", "kids", "named", "parent", "path", "state", "texts")

    def __init__(self, element: Any, texts: dict[str, str | None], parent: Node | None) -> None:
        self.element = element
        self.texts = texts
        self.parent = parent
        self.path: str | None = element.get("derivedFrom")
        self.base: Node | None = None
        self.state = 0
        self.kids: list[Node] | None = None
        self.named: dict[str, Node] | None = None
        self.held: dict[str, Any] | None = None

    @property
    def tag(self) -> str:
        """What it is: peripheral, cluster, register, field, enumeratedValues, device."""
        return str(self.element.tag)

    @property
    def name(self) -> str:
        """Its name as written, "" where it has none."""
        return (self.texts.get("name") or "").strip()

    def forget(self) -> None:
        """Let go of the nodes inside, which know this one as it knows them."""
        left = [self]
        while left:
            node = left.pop()
            left += node.kids or ()
            node.kids = node.named = None

    def holder(self, tag: str) -> Any | None:
        """The element, of this node or of what it derives from, that has a child ``tag``."""
        if self.base is None:
            return self.element if self.element.find(tag) is not None else None
        walked: list[Node] = []
        node: Node | None = self
        found = None
        while node is not None and found is None:
            walked.append(node)
            found = node.held.get(tag) if node.held is not None else None
            if found is None and node.element.find(tag) is not None:
                found = node.element
            node = node.base
        # Chains may be long, and many may hang on one.
        for each in walked if len(walked) > 1 else ():
            each.held = {**(each.held or {}), tag: found}
        return found


class Scan:
    """Reads elements of one file, and notes what is odd in their texts."""

    def __init__(self, root: Any, file: str, notes: Notes) -> None:
        self.root = root
        self.file = file
        self.notes = notes
        self.numbers = Numbers()
        self.ranges = BitRanges()
        self._shapes: dict[str, set[Shape]] = {tag: set() for tag in LEVELS}
        self.positions: dict[tuple[str | None, str | None], BitRange] = {}
        self._bits: dict[tuple[int, int], BitRange] = {}

    def nodes(self, elements: Iterable[Any], tag: str, parent: Node | None) -> list[Node]:
        """The nodes of elements of one tag."""
        shapes = self._shapes[tag]
        found = []
        for element in elements:
            texts = {child.tag: child.text for child in element}
            # Most elements have the same children as one before; then nothing is odd about them.
            shape = (len(element), *texts)
            if shape not in shapes:
                self._look_at(element, texts, shape)
            found.append(Node(element, texts, parent))
        return found

    def children(self, node: Node) -> list[Node]:
        """The nodes written inside one: registers, clusters, fields, enumeratedValues."""
        tag = node.element.tag
        if tag == "register":
            return self._contained(node, "fields", "field") if "fields" in node.texts else []
        if tag == "field":
            if "enumeratedValues" not in node.texts:
                return []
            found = node.element.iterchildren("enumeratedValues")
            return self.nodes(found, "enumeratedValues", node)
        if tag == "device":
            return self._contained(node, "peripherals", "peripheral")
        inside = [node.element]
        if tag == "peripheral":
            inside = list(node.element.iterchildren("registers"))
        self._several(node, "registers", inside)
        nodes = []
        for container in inside:
            for each in container:
                if each.tag in _ITEMS:
                    nodes += self.nodes((each,), each.tag, node)
                elif tag == "peripheral":
                    self._unknown(each, "registers", _ITEMS)
        return nodes

    def place(self, element: Any) -> Place:
        """The line on which an element begins; only problems have a column."""
        return make_place(self.file, element.sourceline or 1, 1)

    def bits(self, lsb: int, width: int) -> BitRange:
        """A bit range, one object for all fields that have it."""
        found = self._bits.get((lsb, width))
        if found is None:
            found = self._bits[lsb, width] = BitRange(lsb, width)
        return found

    def number(self, node: Node, tag: str) -> int | None:
        """The number of a child, or None where there is none or it is no number."""
        text = node.texts.get(tag)
        if text is None:
            return None
        value = self.numbers[text]
        return value if value is not None else self.bad_number(node.element, tag, text)

    def bad_number(self, element: Any, tag: str, text: str) -> int | None:
        """What a text that is no number is taken for, with a note."""
        value = mended(text)
        what = f"<{tag}> {shown(text.strip())!r}"
        at = element.find(tag)
        at = element if at is None else at
        if value is not None:
            self.notes.odd((tag, text), WRONG_VALUE, at, f"{what} is taken for {value:#x}")
        elif text.strip():
            self.notes.odd((tag, text), WRONG_VALUE, at, f"{what} is no number; left out")
        else:
            self.notes.odd((tag, ""), WRONG_VALUE, at, f"<{tag}> is empty; left out")
        return value

    def word(
        self, node: Node, tag: str, words: Mapping[str | None, _Word], otherwise: str
    ) -> _Word | None:
        """The word of a child, where its text is not one of ``words`` as it stands: what it can
        only mean, or None; ``otherwise`` says what that leads to."""
        text = node.texts[tag] or ""
        found = words.get(text.strip())
        if found is not None:
            return found
        holder = node.holder(tag)
        at = node.element if holder is None else holder.find(tag)
        known = meant(text, words)
        what = f"<{tag}> {shown(text.strip())!r}"
        if known:
            self.notes.odd((tag, text), WRONG_VALUE, at, f"{what} is taken for {known}")
            return words[known]
        candidates = [str(word) for word in words]
        self.notes.odd(
            (tag, text), WRONG_VALUE, at, f"{what} is no word of SVD; {otherwise}",
            lambda: did_you_mean(text, candidates),
        )  # fmt: skip
        return None

    def _contained(self, node: Node, container: str, tag: str) -> list[Node]:
        containers = list(node.element.iterchildren(container))
        self._several(node, container, containers)
        found = []
        for each in containers:
            nodes = self.nodes(each.iterchildren(tag), tag, node)
            if len(nodes) != len(each):
                for child in each:
                    if child.tag != tag:
                        self._unknown(child, container, (tag,))
            found += nodes
        return found

    def _several(self, node: Node, container: str, containers: list[Any]) -> None:
        if len(containers) > 1:
            text = f"several <{container}> in one {node.tag}; all are used"
            self.notes.odd(container, DUPLICATE_KEY, containers[1], text)

    def _look_at(self, element: Any, texts: dict[str, str | None], shape: Shape) -> None:
        """Of what is there twice the first counts; what SVD does not know is not used."""
        tag = element.tag
        known = _KNOWN[tag]
        told = self.notes.total
        seen = set()
        for child in element:
            each = child.tag
            if each in seen:
                if each in known and each not in _MANY:
                    text = f"<{each}> twice in one {tag}; the first one counts"
                    self.notes.odd((tag, each), DUPLICATE_KEY, child, text)
                continue
            seen.add(each)
            texts[each] = child.text
            if each not in known:
                self._unknown(child, tag, known)
        if told == self.notes.total:
            self._shapes[tag].add(shape)

    def _unknown(self, child: Any, around: str, known: Iterable[str]) -> None:
        tag = str(child.tag)
        text = f"<{shown(tag)}> is nothing that <{around}> has; not used"
        homes = [f"<{level}>" for level, tags in _KNOWN.items() if tag in tags] or _HOMES.get(tag)
        # Looking for the most like name takes longer than reading a small file.
        fix: str | Callable[[], str] = partial(did_you_mean, tag, sorted(known))
        if homes:
            fix = f"it belongs in {' or '.join(homes)}"
        self.notes.odd((around, tag), UNKNOWN_KEY, child, text, fix)
