"""What ``export`` makes of a map before it is written as a file of the map language: one block of
it alone, and the name that the file wants.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from regmap.cli.target import Refusal
from regmap.errors import UnknownName
from regmap.model.block import Block
from regmap.model.chip import Board, Chip
from regmap.model.walk import instances_of

__all__ = ["called", "check_size", "part_of"]

_SUFFIXES = (".yaml", ".yml")
_NAMES = {
    "block": (re.compile("[a-z][a-z0-9_]*"), "[^a-z0-9_]"),
    "board": (re.compile("[a-z][a-z0-9_-]*"), "[^a-z0-9_-]"),
}


def part_of(model: Block | Chip, path: str) -> Block:
    """The block that the name of an instance or block means; an instance gives it its name.

    Raises UnknownName.
    """
    if isinstance(model, Block):
        names = {model.name: model, model.instance_name or model.name.upper(): model}
    else:
        names = {instance.block.name: instance.block for instance in model.instances}
        for at in instances_of(model.instances):
            if path in {at.name, at.instance.py_name, at.instance.name}:
                return replace(at.instance.block, instance_name=path)
            names[at.name] = at.instance.block
    if path not in names:
        raise UnknownName(model.name, path, names)
    return names[path]


def called(model: Block | Chip, output: str | None) -> Block | Chip:
    """The model under the name of its file: that is what a block or board must be called.

    Without a file it keeps its name where that may be one, or else gets the most like it.
    """
    if isinstance(model, Block):
        kind = "block"
    elif isinstance(model, Board):
        kind = "board"
    else:
        return model
    form, other = _NAMES[kind]
    name, path = model.name, Path(output or "")
    if path.suffix in _SUFFIXES:
        name = path.stem
        if not form.fullmatch(name):
            what = "a lower-case letter, then lower-case letters, digits and _"
            raise Refusal(f"{path.name}: the file of a {kind} is called {what}")
    elif not form.fullmatch(name):
        name = re.sub(other, "_", name.lower())
        name = name if name[:1].isalpha() else f"{kind}_{name}"
    if name == model.name:
        return model
    if isinstance(model, Block):
        # What the instance is called does not change with the file.
        own = model.instance_name or model.name.upper()
        return replace(model, name=name, instance_name=own)
    return replace(model, name=name)


def check_size(mapping: Mapping[str, Any], text: str) -> None:
    """Refuse what would be too large to be read again."""
    from regmap.loaders.text import MOST_BYTES, MOST_NODES  # noqa: PLC0415

    if len(text.encode()) <= MOST_BYTES and _nodes(mapping) <= MOST_NODES:
        return
    raise Refusal(
        f"the map is too large for one YAML file ({MOST_BYTES >> 20} MiB, {MOST_NODES:,} values); "
        "export its instances one by one: regmap export MAP INSTANCE --format yaml"
    )


def _nodes(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _nodes(inner) for inner in value.values())
    return 1 + sum(map(_nodes, value)) if isinstance(value, list) else 1
