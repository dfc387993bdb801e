"""``extends``: a variant's tree laid over the tree that it extends.

Mappings merge entry by entry, anything else replaces, null removes. What the variant says keeps
the variant's place, the rest the place in the file that said it. An override that changes
nothing is a warning: somebody meant something else. A null for a name that is much like one that is
there is an error.
"""

from __future__ import annotations

from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import IDLE_OVERRIDE, UNRESOLVED_REFERENCE, Log, did_you_mean, shown

__all__ = ["merged"]

# What a file says about itself is its own; saying the same is no mistake.
_OWN = frozenset({"regmap", "block", "board", "chip", "extends"})


def merged(base: Mapping, over: Mapping, log: Log, *, top: bool = True) -> Mapping:
    """The tree of ``over`` on top of ``base``; neither is changed."""
    entries = dict(base.entries)
    for key, (key_node, value) in over.entries.items():
        before = entries.get(key)
        own = top and key in _OWN
        if isinstance(value, Scalar) and value.value is None and not own:
            if before is None:
                _removes_nothing(str(key), key_node, base, log)
            else:
                del entries[key]
            continue
        if before is None:
            entries[key] = (key_node, value)
            continue
        if isinstance(value, Mapping) and isinstance(before[1], Mapping):
            entries[key] = (key_node, merged(before[1], value, log, top=False))
            continue
        if not own and not str(key).startswith("x-") and _same(before[1], value):
            text = f"{shown(str(key))!r} is the same in what is extended"
            log.warning(IDLE_OVERRIDE, key_node.place, text, "remove this line")
        entries[key] = (key_node, value)
    return Mapping(entries, over.event)


def _removes_nothing(key: str, key_node: Scalar, base: Mapping, log: Log) -> None:
    text = f"nothing to remove: what is extended has no {shown(key)!r}"
    fix = did_you_mean(key, map(str, base.entries), "remove this line")
    if fix.startswith("did you mean"):
        log.error(UNRESOLVED_REFERENCE, key_node.place, text, fix)
    else:
        log.warning(IDLE_OVERRIDE, key_node.place, text, fix)


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return one.value == other.value and type(one.value) is type(other.value)
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one.items) == len(other.items) and all(map(_same, one.items, other.items))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.entries.keys() == other.entries.keys() and all(
            _same(value, other.entries[key][1]) for key, (_, value) in one.entries.items()
        )
    return False
