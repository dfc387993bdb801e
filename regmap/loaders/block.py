"""A block file's tree to a ``Block``."""

from __future__ import annotations

from regmap.loaders.enums import Enums
from regmap.loaders.fields import LARGEST
from regmap.loaders.keys import Keys, as_is, flag, integer, name, text
from regmap.loaders.nodes import Mapping
from regmap.loaders.registers import Scope, read_defaults, read_items, read_windows
from regmap.loaders.report import Log
from regmap.loaders.views import read_views
from regmap.model.block import Block

__all__ = ["read_block"]

_KEYS = Keys(
    "a block file",
    {
        "regmap": as_is,
        "block": name,
        "extends": name,
        "instance": name,
        "description": text,
        "source": text,
        "size": integer(1, LARGEST),
        "per-cpu": flag,
        "defaults": as_is,
        "enums": as_is,
        "registers": as_is,
        "groups": as_is,
        "windows": as_is,
        "views": as_is,
    },
    required=("block",),
)


def read_block(tree: Mapping, log: Log) -> Block | None:
    """The block that a tree describes, variants already merged."""
    values = _KEYS.read(tree, tree.place, log)
    if values is None:
        return None
    block = values["block"]
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
        place=tree.entries["block"][0].place,
    )
