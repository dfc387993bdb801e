"""``derivedFrom`` on every level: forwards, in chains, by path, from array elements, circles found.

Nothing is copied. What a node does not say itself it takes from the one that it derives from, and
its children are that one's children, the same nodes, with its own in place of those that have the
same name. So a child's own ``derivedFrom`` is looked up where the child is written.

Where the specification is open:

- A path is looked up from the surroundings of the node outwards, so that ``MODE``, ``CR.MODE`` and
  ``UART2.CR.MODE`` all work from anywhere (svd-rs and SVDConv want either the neighbour's name or
  the whole path). An enumeratedValues of one name may stand anywhere in the device.
- A node with children of its own keeps those of its source beside them, as in SVDConv; svd-rs
  takes either the one or the other.
- ``interrupt`` is not handed on, as in SVDConv: an interrupt belongs to one instance. svd-rs hands
  it on. Nor are displayName and alternateRegister, -Group, -Peripheral and -Cluster, as in svd-rs:
  ``<register derivedFrom="A">`` at another address is no alternative for A's neighbour.
- A node whose name has no ``%s`` is no array, whatever it derives from; one with ``%s`` takes the
  source's dim where it has none, and the source's dimIndex where it has the same dim, as in svd-rs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regmap.loaders.report import (
    REFERENCE_CYCLE,
    UNRESOLVED_REFERENCE,
    did_you_mean,
    shown,
)
from regmap.loaders.svd.scan import LEVELS, Node, Scan
from regmap.loaders.svd.words import indexes_of

__all__ = ["Derivation"]

_POSITION = frozenset({"bitRange", "lsb", "msb", "bitOffset", "bitWidth"})
_DIM = frozenset({"dim", "dimIncrement", "dimIndex", "dimName", "dimArrayIndex"})
_SAME_DIM = _DIM - {"dimName"}
_OWN = frozenset(
    {
        "name", "displayName", "interrupt", "alternateRegister", "alternateGroup",
        "alternatePeripheral", "alternateCluster",
    }
)  # fmt: skip
_NOTHING: frozenset[str] = frozenset()
# Children of a source taken over beside a node's own; every one is a reference in a list.
_MOST_MERGED = 300_000
# Looking for the array that an element's name belongs to.
_MOST_TRIES = 1_000_000
_MOST_INDEXES = 65_536


class Derivation:
    """Resolves the nodes of one device."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._notes = scan.notes
        (self.device,) = scan.nodes([scan.root], "device", None)
        self._left = _MOST_MERGED
        self._tries = _MOST_TRIES
        self._enums: dict[Node, dict[str, Any]] = {}
        self._arrays: dict[Node, list[tuple[str, Node]]] = {}
        self._by_element: dict[Node, dict[Any, Node]] = {}

    def resolve(self, node: Node) -> Node:
        """The node with the texts in force; follows its chain to the end and comes back."""
        if node.path is None or node.state:
            return node
        chain = []
        while node.path is not None and not node.state:
            node.state = 1
            source = self._source(node)
            if source is None:
                break
            if (source.path is not None and source.state == 1) or source in _around(node):
                text = f"derived from itself by way of {shown(node.path)!r}; not derived"
                self._notes.odd("circle", REFERENCE_CYCLE, node.element, text)
                break
            node.base = source
            chain.append(node)
            node = source
        node.state = 2
        first = chain[0] if chain else node
        for each in reversed(chain):
            self._take(each)
            each.state = 2
        return first

    def children(self, node: Node) -> list[Node]:
        """What is in a node: its own children, then those of its source that it has not."""
        if node.kids is not None:
            return node.kids
        if node.path is None:
            node.kids = self._scan.children(node)
            return node.kids
        chain = [self.resolve(node)]
        while (base := chain[-1].base) is not None and base.kids is None:
            chain.append(self.resolve(base))
        for each in reversed(chain):
            own = self._scan.children(each)
            theirs = each.base.kids if each.base is not None else None
            each.kids = self._merged(each, own, theirs) if theirs else own
        assert node.kids is not None  # noqa: S101  (the chain begins with it)
        return node.kids

    def _merged(self, node: Node, own: list[Node], theirs: list[Node]) -> list[Node]:
        if not own:
            return theirs
        if node.tag == "field":
            return own
        self._left -= len(theirs)
        if self._left < 0:
            text = "derivedFrom asks for too many copies"
            fix = "derive from one source, not in a long chain"
            self._notes.refuse(REFERENCE_CYCLE, node.element, text, fix)
        names = {each.name for each in own}
        return [*own, *(each for each in theirs if each.name not in names)]

    def _take(self, node: Node) -> None:
        """Take over what the node does not say itself."""
        assert node.base is not None  # noqa: S101
        own, theirs = node.texts, node.base.texts
        left_out = _NOTHING if node.tag == "enumeratedValues" else _OWN
        if not _POSITION.isdisjoint(own):
            left_out |= _POSITION
        if "%s" not in node.name:
            left_out |= _DIM
        elif not _DIM.isdisjoint(own):
            left_out |= _DIM if own.get("dim") != theirs.get("dim") else _DIM - _SAME_DIM
        taken = {tag: text for tag, text in theirs.items() if tag not in left_out}
        node.texts = {**taken, **own}

    def _source(self, node: Node) -> Node | None:
        """What ``derivedFrom`` names: searched from the node's surroundings outwards."""
        path = (node.path or "").strip()
        steps = path.split(".")
        tag = node.tag
        itself = False
        for scope in _around(node):
            found = self._walk(scope, steps, tag)
            if found is None and tag == "enumeratedValues" and len(steps) == 1:
                found = self._enum_in(scope, path)
            if found is not None and found is not node:
                return found
            itself = itself or found is node
        if itself:
            text = f"derived from itself by way of {shown(path)!r}; not derived"
            self._notes.odd("circle", REFERENCE_CYCLE, node.element, text)
            return None
        text = f"derived from {shown(path)!r}, which is not there; not derived"
        self._notes.odd(
            (tag, path), UNRESOLVED_REFERENCE, node.element, text,
            lambda: did_you_mean(steps[-1], self._near(node)),
        )  # fmt: skip
        return None

    def _near(self, node: Node) -> list[str]:
        return [name for scope in _around(node) for name in self._names(scope) if "%s" not in name]

    def _walk(self, scope: Node, steps: list[str], tag: str) -> Node | None:
        for step in steps:
            found = self._names(scope).get(step) or self._of_array(scope, step)
            if found is None:
                return None
            scope = found
        return scope if scope.element.tag == tag else None

    def _names(self, scope: Node) -> dict[str, Node]:
        """The named nodes inside one; an array also by its name without ``%s``."""
        if scope.named is None:
            if scope.state == 1:
                return {}  # what is in it depends on what is just being looked for
            kids = self.children(scope)
            found: dict[str, Node] = {}
            for each in kids:
                found.setdefault(each.name, each)
            for each in kids:
                if "%s" in each.name:
                    found.setdefault(each.name.replace("[%s]", "").replace("%s", ""), each)
            scope.named = found
        return scope.named

    def _of_array(self, scope: Node, step: str) -> Node | None:
        """The array of which an element has this name: ``CH1`` or ``CH[1]``."""
        names = self._names(scope)
        arrays = self._arrays.get(scope)
        if arrays is None:
            arrays = [(name, node) for name, node in names.items() if "%s" in name]
            if names:
                self._arrays[scope] = arrays
        for name, node in arrays:
            self._tries -= 1
            if self._tries < 0:
                return None
            before, _, after = name.partition("%s")
            if step.startswith(before) and step.endswith(after):
                index = step[len(before) : len(step) - len(after)]
                texts = self.resolve(node).texts
                count = min(self._scan.numbers[texts.get("dim") or "0"] or 0, _MOST_INDEXES)
                if index in indexes_of(texts.get("dimIndex") or "", count):
                    return node
        return None

    def _enum_in(self, scope: Node, name: str) -> Node | None:
        """The first enumeratedValues of a name anywhere inside a node."""
        named = self._enums.get(scope)
        if named is None:
            named = self._enums[scope] = {}
            for each in scope.element.iter("enumeratedValues"):
                named.setdefault((each.findtext("name") or "").strip(), each)
        element = named.get(name) if name else None
        return None if element is None else self._node_of(element)

    def _node_of(self, element: Any) -> Node | None:
        """The node of an element, by way of those around it; None where it is misplaced."""
        outer = element.getparent()
        while outer is not None and outer.tag not in LEVELS:
            outer = outer.getparent()
        if outer is None:
            return None
        around = self.device if outer is self._scan.root else self._node_of(outer)
        if around is None or around.state == 1:
            return None
        nodes = self._by_element.get(around)
        if nodes is None:
            nodes = {each.element: each for each in self.children(around)}
            self._by_element[around] = nodes
        return nodes.get(element)


def _around(node: Node) -> Iterator[Node]:
    """What a node is written in, the innermost first."""
    while node.parent is not None:
        node = node.parent
        yield node
