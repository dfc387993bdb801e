"""What SVD could not say, kept in an SVD file that regmap wrote: put back into its chip.

``regmap.writers.svd_rest`` has the form. It is used only where the rest of the file is still as it
was written: an SVD that somebody edited means what it says now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from regmap.errors import Place, Severity
from regmap.loaders import nodes
from regmap.loaders.block import read_block
from regmap.loaders.board import read_board, read_chip
from regmap.loaders.report import (
    IDLE_OVERRIDE,
    UNRESOLVED_REFERENCE,
    WRONG_VALUE,
    Log,
    TooManyProblemsError,
    shown,
)
from regmap.loaders.text import decoded, parse
from regmap.model.block import Block
from regmap.model.chip import Chip
from regmap.writers.svd_rest import ELEMENT, MOST_TEXT, MOST_TEXTS, VERSION, digest_of

__all__ = ["restore"]

# Lines put before the texts of one file so that they count as in it; it takes time.
_MOST_LINES = 10_000_000
_LATE = ("items", "enums")
_READERS = {"chip": read_chip, "board": read_board}


def restore(chip: Chip, root: Any, file: str, log: Log) -> Block | Chip:
    """The model that was written, or the chip as the SVD has it, with a warning why."""
    element = root.find(f"vendorExtensions/{ELEMENT}")
    place = Place(file, int(element.sourceline or 1), 1)
    version = element.get("version", "")
    if version != VERSION:
        text = f"a <{ELEMENT}> of version {shown(version)!r} is not known here; not used"
        log.warning(WRONG_VALUE, place, text, "use a newer regmap")
        return chip
    if element.get("sha256") != digest_of(root):
        text = f"the SVD was edited after regmap wrote it; what is kept in <{ELEMENT}> is not used"
        log.warning(IDLE_OVERRIDE, place, text, f"remove <{ELEMENT}>, or export the map again")
        return chip
    if sum(len(each.text or "") for each in element) > MOST_TEXTS:
        text = f"what is kept in <{ELEMENT}> is too long, and is not used"
        log.warning(WRONG_VALUE, place, text, f"remove <{ELEMENT}>, or export the map again")
        return chip
    own = Log()
    try:
        model = _Kept(chip, element, file, own).model()
    except TooManyProblemsError:
        model = None
    wrong = next((each for each in own.problems if each.severity is Severity.ERROR), None)
    if model is None or wrong is not None or own.incomplete:
        what = f": {wrong.text}" if wrong is not None else ""
        text = f"what is kept in <{ELEMENT}> cannot be read, and is not used{what}"
        log.warning(WRONG_VALUE, place, text, f"remove <{ELEMENT}>, or export the map again")
        return chip
    return model


class _Kept:
    """Reads one element ``regmap``."""

    def __init__(self, chip: Chip, element: Any, file: str, log: Log) -> None:
        self._chip = chip
        self._element = element
        self._file = file
        self._log = log
        self._lines = _MOST_LINES

    def model(self) -> Block | Chip | None:
        """What was written, or None, with errors in the log."""
        kind = self._element.get("kind", "")
        blocks: dict[str, Block] = {}
        for each in self._element.iterchildren("block"):
            block = self._block(each)
            if block is None:
                return None
            blocks[block.name] = block
        if kind == "block":
            return next(iter(blocks.values()), None)
        rest = self._element.find("rest")
        if rest is None:
            return self._with(blocks)
        tree = self._tree(rest)
        if tree is None or kind not in _READERS or kind not in tree.entries:
            return None
        known = {each.block.name: each.block for each in self._chip.instances} | blocks

        def find(name: str, at: nodes.Scalar) -> Block | None:
            if name not in known:
                text = f"no block {shown(name)!r}"
                self._log.error(UNRESOLVED_REFERENCE, at.place, text)
            return known.get(name)

        return _READERS[kind](tree, find, self._log)

    def _with(self, blocks: Mapping[str, Block]) -> Chip:
        """The chip with some blocks in place of its own."""
        instances = self._chip.instances
        return replace(
            self._chip,
            instances=tuple(
                replace(each, block=blocks.get(each.block.name, each.block)) for each in instances
            ),
        )

    def _block(self, element: Any) -> Block | None:
        tree = self._tree(element)
        block = (
            read_block(tree, self._log) if tree is not None and "block" in tree.entries else None
        )
        source = element.get("registers")
        if block is None or source is None:
            return block
        own = next((each.block for each in self._chip.instances if each.name == source), None)
        if own is None:
            text = f"no peripheral {shown(source)!r}"
            self._log.error(UNRESOLVED_REFERENCE, Place(self._file, element.sourceline, 1), text)
            return None
        names = [each.name for each in fields(Block) if each.init and each.name not in _LATE]
        return Block.deferred(lambda: own, **{name: getattr(block, name) for name in names})

    def _tree(self, element: Any) -> nodes.Mapping | None:
        """The tree of a text, with places in the SVD file."""
        text = (element.text or "").removeprefix("\n").rstrip(" ")
        file, line = self._file, int(element.sourceline or 1)
        self._lines -= line
        if self._lines < 0 or len(text.encode()) + line > MOST_TEXT:
            file = f"{file}, from line {line} on"
        else:
            text = "\n" * line + text
        text, fit = decoded(text.encode(), file, self._log)
        return parse(text, file, self._log) if fit else None
