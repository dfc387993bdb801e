"""YAML files to a ``Block``, ``Chip`` or ``Board``, with the files that they extend and refer to.

``_KINDS`` is the table of the kinds of file: the key that a file begins with, and what is made of
it. A name in ``block:`` of an instance means a block under ``blocks:`` of the same file, or else a
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from regmap.loaders import find
from regmap.loaders.block import read_block, read_blocks
from regmap.loaders.board import read_board, read_chip
from regmap.loaders.files import Files
from regmap.loaders.merge import merged
from regmap.loaders.nodes import Mapping, Scalar
from regmap.loaders.report import (
    EXTENDS_CYCLE,
    FORMAT_VERSION,
    MISSING_FILE,
    WRONG_VALUE,
    Log,
    Rule,
    TooManyProblemsError,
    did_you_mean,
    shown,
)
from regmap.loaders.text import MOST_BYTES, decoded, parse
from regmap.model.block import Block
from regmap.model.chip import Chip

__all__ = ["MOST_BYTES", "read_yaml"]

_FORMAT = 1
_LONGEST_CHAIN = 16
_UNUSED = Rule("RM103", "unused")


class _Trees:
    """Reads files to trees with what they extend, and the blocks of a chip or board."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.log = files.log
        self._blocks: dict[str, Block | None] = {}
        self._used: set[str] = set()

    def blocks_of(self, tree: Mapping, file: str) -> Callable[[str, Scalar], Block | None]:
        """What finds the blocks of the chip or board in ``file``: its own come first."""
        self._blocks.update(read_blocks(tree.get("blocks"), self.log))
        return lambda name, at: self.block(name, at, file)

    def tell_unused(self, file: str) -> None:
        """Report the blocks written in ``file`` that none of its instances has."""
        if self.log.failed:
            return  # one that is not used may be one that is not found
        for name, block in self._blocks.items():
            place = block.place if block else None
            # What comes from a board that this one extends may well be unused here.
            if name not in self._used and place and place.file == file:
                text = f"no instance is a block {shown(name)!r}"
                self.log.warning(_UNUSED, place, text, "use it or remove it")

    def tree(self, data: bytes, file: str, chain: tuple[str, ...] = ()) -> Mapping | None:
        """The tree of a file with all that it extends; ``chain`` are the files on the way."""
        self.files.digest(data)
        text, fit = decoded(data, file, self.log)
        self.files.texts[file] = text
        if not fit:
            return None
        own = parse(text, file, self.log)
        if own is None:
            return None
        kind = _check_head(own, file, self.log)
        base_name = own.get("extends")
        if kind is None:
            return None
        if _KINDS[kind].folder is None or not isinstance(base_name, Scalar):
            return own
        if not isinstance(base_name.value, str):
            return own
        base = self._referred(base_name, kind, file, (*chain, file))
        return merged(base, own, self.log) if base is not None else None

    def _referred(
        self, name: Scalar, kind: str, beside: str, chain: tuple[str, ...] = ()
    ) -> Mapping | None:
        folder = _KINDS[kind].folder
        assert folder is not None  # noqa: S101  (only such kinds are referred to)
        found = find.referred(name.text, folder, beside)
        if found is None:
            known = (*self._blocks, *find.shipped_names(folder))
            fix = did_you_mean(name.text, known, "write the file, or mend the name")
            text = f"no {kind} {shown(name.text)!r} beside this file nor among the shipped"
            self.log.error(MISSING_FILE, name.place, text, fix)
            return None
        file = str(found)
        if _same_file(file, chain):
            way = " > ".join(Path(each).stem for each in (*chain, file))
            self.log.error(EXTENDS_CYCLE, name.place, f"extends itself: {way}", "break the circle")
            return None
        if len(chain) > _LONGEST_CHAIN:
            text = f"extends more than {_LONGEST_CHAIN} files in a row"
            self.log.error(EXTENDS_CYCLE, name.place, text, "extend one of the first of them")
            return None
        data = self.files.read(found, MOST_BYTES, name.place)
        tree = self.tree(data, file, chain) if data is not None else None
        if tree is not None and kind not in tree.entries:
            self.log.error(WRONG_VALUE, name.place, f"{file} is no {kind} file")
            return None
        return tree

    def block(self, name: str, at: Scalar, beside: str) -> Block | None:
        """The block of an instance, read once."""
        self._used.add(name)
        if name not in self._blocks:
            tree = self._referred(at, "block", beside)
            self._blocks[name] = read_block(tree, self.log) if tree is not None else None
        return self._blocks[name]


def _same_file(file: str, chain: tuple[str, ...]) -> bool:
    return any(Path(file).resolve() == Path(each).resolve() for each in chain)


class _Kind(NamedTuple):
    """One kind of file: what is made of its tree and, where files refer to each other by name, in
    which folder they are looked for and which names they may have. (Such a file is called as what
    it describes.)"""

    read: Callable[[Mapping, str, _Trees], Block | Chip | None]
    folder: find.Kind | None = None
    ids: re.Pattern[str] | None = None
    form: str = ""
    value: str = "NAME"


def _read_patch(tree: Mapping, file: str, trees: _Trees) -> Chip | None:
    from regmap.loaders.patch import read_patch  # noqa: PLC0415  (few files are one)

    return read_patch(tree, file, trees.files)


_LETTERS = "a lower-case letter, then lower-case letters, digits, _"
_KINDS: dict[str, _Kind] = {
    "block": _Kind(
        lambda tree, _file, trees: read_block(tree, trees.log),
        "chips",
        re.compile("[a-z][a-z0-9_]*"),
        _LETTERS,
    ),
    "board": _Kind(
        lambda tree, file, trees: read_board(tree, trees.blocks_of(tree, file), trees.log),
        "boards",
        re.compile("[a-z][a-z0-9_-]*"),
        f"{_LETTERS} or -",
    ),
    "chip": _Kind(
        lambda tree, file, trees: read_chip(tree, trees.blocks_of(tree, file), trees.log)
    ),
    "patch": _Kind(_read_patch, value="{svd: FILE, version: TEXT}"),
}


def _check_head(tree: Mapping, file: str, log: Log) -> str | None:
    """Which of the kinds of file this is, its format version and name made sure."""
    version = tree.get("regmap")
    if version is not None and not (isinstance(version, Scalar) and version.value == _FORMAT):
        place = version.place
        text = f"this is not format version {_FORMAT}, the only one that is known here"
        log.error(FORMAT_VERSION, place, text, f"write `regmap: {_FORMAT}`, or use a newer regmap")
    kinds = [kind for kind in _KINDS if kind in tree.entries]
    if len(kinds) != 1:
        known = " nor ".join(f"`{kind}:`" for kind in _KINDS)
        text = " and ".join(kinds)
        text = f"{text} in one file" if kinds else f"the file says neither {known}"
        fix = f"begin it with {' or '.join(f'`{kind}: {_KINDS[kind].value}`' for kind in _KINDS)}"
        log.error(WRONG_VALUE, tree.place, text, fix)
        return None
    kind = kinds[0]
    own = tree.get(kind)
    if isinstance(own, Scalar) and isinstance(own.value, str):
        _check_id(kind, own, file, log)
    return kind


def _check_id(kind: str, own: Scalar, file: str, log: Log) -> None:
    ids = _KINDS[kind].ids
    if ids is None:
        return
    if not ids.fullmatch(own.text):
        fix = f"write {_KINDS[kind].form}"
        log.error(WRONG_VALUE, own.place, f"{shown(own.text)!r} is no {kind} name", fix)
    elif file.endswith((".yaml", ".yml")) and Path(file).stem != own.text:
        text = f"{kind} {own.text!r} is in a file called {Path(file).name}"
        log.error(WRONG_VALUE, own.place, text, f"call the file {own.text}.yaml")


def read_yaml(data: bytes, file: str, files: Files) -> Block | Chip | None:
    """The model of one file, or None where something essential is missing."""
    log = files.log
    trees = _Trees(files)
    try:
        tree = trees.tree(data, file)
        if tree is None:
            log.incomplete = True
            return None
        kind = next(kind for kind in _KINDS if kind in tree.entries)
        model = _KINDS[kind].read(tree, file, trees)
        trees.tell_unused(file)
        return model
    except TooManyProblemsError:
        return None
