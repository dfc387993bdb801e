"""YAML files to a ``Block`` or ``Board``, with the files that they extend and refer to."""

from __future__ import annotations

import re
from pathlib import Path

from regmap.loaders import find
from regmap.loaders.block import read_block
from regmap.loaders.board import read_board
from regmap.loaders.files import Files
from regmap.loaders.merge import merged
from regmap.loaders.nodes import Mapping, Scalar
from regmap.loaders.report import (
    EXTENDS_CYCLE,
    FORMAT_VERSION,
    MISSING_FILE,
    WRONG_VALUE,
    Log,
    TooManyProblemsError,
    did_you_mean,
    shown,
)
from regmap.loaders.text import MOST_BYTES, decoded, parse
from regmap.model.block import Block
from regmap.model.chip import Board

__all__ = ["MOST_BYTES", "read_yaml"]

_FORMAT = 1
_LONGEST_CHAIN = 16
_IDS = {"block": re.compile("[a-z][a-z0-9_]*"), "board": re.compile("[a-z][a-z0-9_-]*")}
_KIND: dict[str, find.Kind] = {"block": "chips", "board": "boards"}


class _Trees:
    """Reads files to trees with what they extend, and the blocks of a board."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.log = files.log
        self._blocks: dict[str, Block | None] = {}

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
        if (
            kind is None
            or not isinstance(base_name, Scalar)
            or not isinstance(base_name.value, str)
        ):
            return own if kind else None
        base = self._referred(base_name, kind, file, (*chain, file))
        return merged(base, own, self.log) if base is not None else None

    def _referred(
        self, name: Scalar, kind: str, beside: str, chain: tuple[str, ...] = ()
    ) -> Mapping | None:
        found = find.referred(name.text, _KIND[kind], beside)
        if found is None:
            known = find.shipped_names(_KIND[kind])
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
        if name not in self._blocks:
            tree = self._referred(at, "block", beside)
            self._blocks[name] = read_block(tree, self.log) if tree is not None else None
        return self._blocks[name]


def _same_file(file: str, chain: tuple[str, ...]) -> bool:
    return any(Path(file).resolve() == Path(each).resolve() for each in chain)


def _check_head(tree: Mapping, file: str, log: Log) -> str | None:
    """Which of the kinds of file this is, its format version and name made sure."""
    version = tree.get("regmap")
    if version is not None and not (isinstance(version, Scalar) and version.value == _FORMAT):
        place = version.place
        text = f"this is not format version {_FORMAT}, the only one that is known here"
        log.error(FORMAT_VERSION, place, text, f"write `regmap: {_FORMAT}`, or use a newer regmap")
    kinds = [kind for kind in _IDS if kind in tree.entries]
    if len(kinds) != 1:
        text = (
            "the file says neither `block:` nor `board:`" if not kinds else "both block and board"
        )
        log.error(WRONG_VALUE, tree.place, text, "begin it with `block: NAME` or `board: NAME`")
        return None
    kind = kinds[0]
    own = tree.get(kind)
    if isinstance(own, Scalar) and isinstance(own.value, str):
        _check_id(kind, own, file, log)
    return kind


def _check_id(kind: str, own: Scalar, file: str, log: Log) -> None:
    if not _IDS[kind].fullmatch(own.text):
        form = "a lower-case letter, then lower-case letters, digits, _"
        fix = f"write {form} or -" if kind == "board" else f"write {form}"
        log.error(WRONG_VALUE, own.place, f"{shown(own.text)!r} is no {kind} name", fix)
    elif file.endswith((".yaml", ".yml")) and Path(file).stem != own.text:
        text = f"{kind} {own.text!r} is in a file called {Path(file).name}"
        log.error(WRONG_VALUE, own.place, text, f"call the file {own.text}.yaml")


def read_yaml(data: bytes, file: str, files: Files) -> Block | Board | None:
    """The model of one file, or None where something essential is missing."""
    log = files.log
    trees = _Trees(files)
    try:
        tree = trees.tree(data, file)
        if tree is None:
            log.incomplete = True
            return None
        if "block" in tree.entries:
            return read_block(tree, log)
        return read_board(tree, lambda name, at: trees.block(name, at, file), log)
    except TooManyProblemsError:
        return None
