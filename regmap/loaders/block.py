"""A block file's tree, and the blocks written in other files, to ``Block``."""

from __future__ import annotations

from typing import Any

from regmap.errors import Place
from regmap.loaders.enums import Enums
from regmap.loaders.extra import extra_of
from regmap.loaders.fields import LARGEST
from regmap.loaders.keys import Keys, Reader, as_is, entries, flag, integer, name, text
from regmap.loaders.nodes import Mapping, Node
from regmap.loaders.registers import Scope, read_defaults, read_items, read_windows
from regmap.loaders.report import Log
from regmap.loaders.views import read_views
from regmap.model.block import Block

__all__ = ["read_block", "read_blocks"]

_BODY: dict[str, Reader] = {
    "instance": name,
    "description": text,
    "source": text,
    "size": integer(1, LARGEST),
    "per-cpu": flag,
    "svd": extra_of("a block"),
    "defaults": as_is,
    "enums": as_is,
    "registers": as_is,
    "groups": as_is,
    "windows": as_is,
    "views": as_is,
}
_KEYS = Keys(
    "a block file",
    {"regmap": as_is, "block": name, "extends": name, **_BODY},
    required=("block",),
)
_INLINE_KEYS = Keys("a block", _BODY)


def read_block(tree: Mapping, log: Log) -> Block | None:
    """The block that a tree describes, variants already merged."""
    values = _KEYS.read(tree, tree.place, log)
    if values is None:
        return None
    return _block(values.pop("block"), values, tree.entries["block"][0].place, log)


def read_blocks(node: Node | None, log: Log) -> dict[str, Block | None]:
    """The blocks under ``blocks:``, by name; None for one with something essential missing."""
    found: dict[str, Block | None] = {}
    for each, key, body in entries(node, "blocks", log):
        values = _INLINE_KEYS.read(body, key.place, log)
        found[each] = None if values is None else _block(each, values, key.place, log)
    return found


def _block(block: str, values: dict[str, Any], place: Place, log: Log) -> Block:
    source = values.get("source", "")
    enums = Enums(values.get("enums"), log)
    scope = Scope(enums, log)
    read_defaults(values.get("defaults"), scope)
    return Block(
        name=block,
        items=read_items(values, scope, source),
        windows=read_windows(values.get("windows"), scope, source),
        views=read_views(values.get("views"), enums, log),
        enums=tuple(enums.by_name.values()),
        size=values.get("size"),
        instance_name=values.get("instance", block.upper()),
        per_cpu=values.get("per_cpu", False),
        description=values.get("description", ""),
        source=source,
        extends=values.get("extends", ""),
        extra=values.get("svd", ()),
        place=place,
    )
