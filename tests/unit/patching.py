"""What the tests of patches share: the made-up vendor file, and patches of it in a few lines."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TypeVar

from regmap import loaders
from regmap.errors import Severity
from regmap.loaders import Loaded
from regmap.model.block import Block, Field, Group, Register
from regmap.model.chip import Chip, Instance

PATCHES = Path(__file__).parents[1] / "data" / "patches"
VENDOR = PATCHES / "vendor.svd"
FILE = PATCHES / "mine.yaml"
HEAD = 'regmap: 1\npatch: {svd: vendor.svd, version: "1.2"}\n'

_Named = TypeVar("_Named", Instance, Register | Group, Field)


def vendor() -> Chip:
    """The chip as the vendor has it."""
    model = loaders.load(VENDOR)
    assert isinstance(model, Chip)
    return model


def read(rules: str, head: str = HEAD) -> Loaded:
    """What comes of a patch with these rules."""
    return loaders.read(FILE, text=head + textwrap.dedent(rules))


def patched(rules: str, *, idle: bool = False) -> Chip:
    """The chip with these rules; there is nothing wrong with them."""
    loaded = read(rules)
    told = [problem for problem in loaded.problems if problem.severity is not Severity.INFO]
    assert bool(told) == idle, "\n".join(map(str, told))
    assert isinstance(loaded.model, Chip)
    return loaded.model


def errors(rules: str, head: str = HEAD) -> list[str]:
    """Each error as ``LINE:COLUMN RULE text | fix``; the head is two lines."""
    found = []
    for problem in read(rules, head).errors:
        place = problem.place
        where = f"{place.line}:{place.column}" if place and place.file == str(FILE) else str(place)
        found.append(f"{where} {problem.rule} {problem.text} | {problem.fix}")
    return found


def find(items: tuple[_Named, ...], name: str) -> _Named:
    """The one of a name."""
    return next(each for each in items if each.name == name)


def instance(chip: Chip, name: str) -> Instance:
    return find(chip.instances, name)


def block(chip: Chip, name: str) -> Block:
    """The block of an instance."""
    return instance(chip, name).block


def register(chip: Chip, path: str) -> Register:
    """The register of a path ``INSTANCE/GROUP/REGISTER``."""
    first, *rest = path.split("/")
    items = block(chip, first).items
    for name in rest[:-1]:
        group = find(items, name)
        assert isinstance(group, Group)
        items = group.items
    found = find(items, rest[-1])
    assert isinstance(found, Register)
    return found


def field(chip: Chip, path: str) -> Field:
    """The field of a path ``INSTANCE/REGISTER/FIELD``."""
    whole, _, name = path.rpartition("/")
    return find(register(chip, whole).fields, name)


def names(chip: Chip, name: str) -> list[str]:
    """What the registers and groups of an instance are called."""
    return [each.name for each in block(chip, name).items]
