"""YAML text to a tree of nodes that know where they stand.

The C parser of PyYAML gives events; its composer and constructor, which recurse without bound
and make objects, are never used. On top of plain YAML this module refuses what a description
has no use for or what YAML versions read differently: duplicate keys, more than one document,
tags, directives, merge keys (``<<``; use ``extends`` or ``defaults``), keys that are neither name
nor number, and every plain scalar that is ``Ambiguous``. Anchors and aliases are allowed.

Budgets keep a hostile file from taking the machine: bytes, nodes with aliases counted as often
as they are used, and depth, which is looked at event by event, before anything nests.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from regmap.errors import Place
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence, place_of
from regmap.loaders.report import (
    AMBIGUOUS_SCALAR,
    BAD_CHARACTER,
    DUPLICATE_KEY,
    SYNTAX,
    UNKNOWN_KEY,
    WRONG_VALUE,
    Log,
    shown,
)
from regmap.loaders.scalars import Ambiguous, Huge, plain_value

__all__ = ["MOST_BYTES", "MOST_NODES", "decoded", "parse"]

MOST_BYTES = 4 << 20
MOST_NODES = 400_000
_MOST_DEPTH = 64

# Everything that YAML does not allow, and the line ends that its versions count differently.
_FORBIDDEN = re.compile(
    "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_DIRECTIVE = re.compile(r"^%.*", re.MULTILINE)


class _StopError(Exception):
    """Nothing more can be made of this text; the reason is in the log."""


class _Source(io.BytesIO):
    """The bytes under the name that marks then carry."""

    name = ""


def decoded(data: bytes, file: str, log: Log) -> tuple[str, bool]:
    """The text of a file and whether it is fit to parse: UTF-8, of a bearable size, without
    characters that YAML forbids. An unfit text has ``\ufffd`` for what is wrong with it."""
    if len(data) > MOST_BYTES:
        what = f"larger than {MOST_BYTES >> 20} MiB"
        log.error(SYNTAX, Place(file, 1, 1), what, "split it: a file describes one block or board")
        return "", False
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        log.error(BAD_CHARACTER, Place(file, 1, 1), "UTF-16 text", "save the file as UTF-8")
        return "", False
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        what = f"byte {error.object[error.start]:#04x} is not UTF-8"
        log.error(BAD_CHARACTER, _place_after(file, before), what, "save the file as UTF-8")
        return _FORBIDDEN.sub("\ufffd", data.decode("utf-8-sig", "replace")), False
    bad = _FORBIDDEN.search(text)
    if bad:
        what = f"character U+{ord(bad[0]):04X} has no place in YAML"
        where = _place_after(file, text[: bad.start()])
        log.error(BAD_CHARACTER, where, what, "remove it, or write it as an escape in quotes")
        return _FORBIDDEN.sub("\ufffd", text), False
    return text, True


def _place_after(file: str, before: str) -> Place:
    lines = re.split("\r\n|\r|\n", before.removeprefix("\ufeff"))
    return Place(file, len(lines), len(lines[-1]) + 1)


def parse(text: str, file: str, log: Log, begin: str = "") -> Mapping | None:
    """The tree of one document, which is a mapping; None where there is none to be had.

    ``text`` comes from ``decoded``, or has been made sure to be as clean. ``begin`` says how such
    a file begins, where it is no description.
    """
    begin = begin or _HOW_TO_BEGIN
    directive = _DIRECTIVE.search(text)
    if directive:
        where = _place_after(file, text[: directive.start()])
        log.error(SYNTAX, where, "a line cannot begin with %", "remove it: directives are not used")
        return None
    source = _Source(text.encode())
    source.name = file
    try:
        root = _Composer(CParser(source).get_event, log).document()
    except MarkedYAMLError as error:
        _syntax_error(error, text, file, log)
        return None
    except YAMLError as error:
        log.error(SYNTAX, Place(file, 1, 1), str(error).splitlines()[0])
        return None
    except _StopError:
        return None
    if root is None:
        log.error(SYNTAX, Place(file, 1, 1), "the file is empty", begin)
        return None
    if not isinstance(root, Mapping):
        log.error(WRONG_VALUE, root.place, "the file is no mapping of keys to values", begin)
        return None
    return root


_HOW_TO_BEGIN = "begin it with `block: NAME`, `board: NAME` or `chip: NAME`"


def _syntax_error(error: MarkedYAMLError, text: str, file: str, log: Log) -> None:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = str(error.problem or error.context or "no YAML")
    lines = re.split("\r\n|\r|\n", text)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[place.column - 1 : place.column] == "\t":
        at = Place(file, place.line, line.index("\t") + 1)
        log.error(BAD_CHARACTER, at, "a tab in the indentation", "indent with spaces")
        return
    related: tuple[tuple[str, Place], ...] = ()
    if error.context and error.context_mark and error.context_mark is not mark:
        begin = error.context_mark
        related = ((str(error.context), Place(file, begin.line + 1, begin.column + 1)),)
    log.error(SYNTAX, place, problem, _syntax_fix(problem), related)


def _syntax_fix(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put a text with `: ` in it in quotes, or check the indentation"
    if "cannot start any token" in problem:
        return "put a text that begins with this character in quotes"
    if "',' or" in problem:
        return "close the bracket, or separate the entries with commas"
    return "check the indentation, brackets and quotes up to here"


class _Composer:
    """Events to nodes. Recursive, with the depth kept small."""

    def __init__(self, next_event: Callable[[], Any], log: Log) -> None:
        self._next = next_event
        self._log = log
        self._nodes = 0
        self._deepest = 0
        # Anchor to (node, how many nodes it is with aliases written out, how many levels); None
        # while it is open.
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}

    def document(self) -> Node | None:
        self._next()  # StreamStartEvent
        if self._next().__class__ is StreamEndEvent:
            return None
        root = self._node(self._next(), 0)
        end = self._next()
        while end.__class__ is DocumentEndEvent:
            end = self._next()
        if end.__class__ is not StreamEndEvent:
            place = place_of(end)
            self._log.error(SYNTAX, place, "a second document", "one file holds one document")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        kind = event.__class__
        if kind is ScalarEvent and event.anchor is None and event.tag is None:
            return self._scalar(event)  # nearly always
        if kind is AliasEvent:
            return self._alias(event, depth)
        if event.tag is not None:
            text = f"tag {shown(event.tag)!r}"
            self._log.error(SYNTAX, place_of(event), text, "remove it; put a text in quotes")
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        before, self._deepest, deepest = self._nodes, depth, self._deepest
        node: Node
        if kind is ScalarEvent:
            node = self._scalar(event)
        else:
            self._descend(event, depth + 1)
            node = (self._mapping if kind is MappingStartEvent else self._sequence)(
                event, depth + 1
            )
        if anchor is not None:
            self._anchors[anchor] = (node, self._nodes - before, self._deepest - depth)
        self._deepest = max(self._deepest, deepest)
        return node

    def _descend(self, event: Any, depth: int) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > _MOST_DEPTH:
            text = f"nested deeper than {_MOST_DEPTH}"
            self._log.error(SYNTAX, place_of(event), text, "no description needs that")
            raise _StopError

    def _too_many(self, event: Any) -> None:
        text = f"more than {MOST_NODES:,} values, aliases written out"
        self._log.error(SYNTAX, place_of(event), text, "use arrays for what repeats")
        raise _StopError

    def _alias(self, event: Any, depth: int) -> Node:
        target = self._anchors.get(event.anchor, _NO_ANCHOR)
        if target is _NO_ANCHOR or target is None:
            name = shown(event.anchor)
            text = (
                f"alias *{name} stands inside its own anchor"
                if target is None
                else f"no anchor &{name}"
            )
            self._log.error(SYNTAX, place_of(event), text, "an anchor stands before its aliases")
            raise _StopError
        node: Node
        node, size, levels = target
        self._nodes += size
        self._descend(event, depth + levels)
        return node

    def _scalar(self, event: Any) -> Scalar:
        self._nodes += 1
        text = event.value
        if not event.implicit[0]:
            return Scalar(text, event)
        value = plain_value(text)
        node = Scalar(value, event)
        if value.__class__ is not str and isinstance(value, Ambiguous):
            self._ambiguous(node)
        return node

    def _ambiguous(self, node: Scalar) -> None:
        text = shown(node.text)
        if isinstance(node.value, Huge):
            self._log.error(WRONG_VALUE, node.place, f"{text} has too many digits")
            return
        self._log.error(
            AMBIGUOUS_SCALAR,
            node.place,
            f"{text} means different things to different readers of YAML",
            f"write {' or '.join(_spellings(text))}",
        )

    def _sequence(self, start: Any, depth: int) -> Sequence:
        self._nodes += 1
        items: list[Node] = []
        following = self._next
        while (event := following()).__class__ is not SequenceEndEvent:
            items.append(self._node(event, depth))
            if self._nodes > MOST_NODES:
                self._too_many(event)
        return Sequence(items, start)

    def _mapping(self, start: Any, depth: int) -> Mapping:
        self._nodes += 1
        entries: dict[str | int, tuple[Scalar, Node]] = {}
        following = self._next
        while (event := following()).__class__ is not MappingEndEvent:
            key = self._node(event, depth)
            value = self._node(following(), depth)
            if self._nodes > MOST_NODES:
                self._too_many(event)
            if not isinstance(key, Scalar):
                self._log.error(SYNTAX, place_of(event), "a key is a name or a number")
                continue
            name = self._key(key)
            if name in entries:
                first = entries[name][0].place
                fix = "remove one of them, or merge them"
                text = f"{shown(key.text)!r} is there already"
                self._log.error(DUPLICATE_KEY, key.place, text, fix, (("first one", first),))
                continue
            entries[name] = (key, value)
        return Mapping(entries, start)

    def _key(self, key: Scalar) -> str | int:
        value = key.value
        if value.__class__ is str:
            if value == "<<" and key.event.implicit[0]:
                fix = "use `extends` for a variant and `defaults` for what registers share"
                self._log.error(UNKNOWN_KEY, key.place, "merge keys (<<) are not used", fix)
            return str(value)
        if value.__class__ is int:
            return value
        if not isinstance(value, Ambiguous):
            text = key.text or "nothing"
            self._log.error(
                WRONG_VALUE, key.place, f"{shown(text)} is no name", f'write "{shown(text)}"'
            )
        return key.text


def _spellings(text: str) -> list[str]:
    """What an ambiguous scalar may have been meant for, as everybody reads it."""
    meant = []
    digits = text.replace("_", "")
    if digits.isdecimal():
        meant.append(str(int(digits)))
        if digits[0] == "0" and not set(digits) & {"8", "9"} and int(digits) > 7:
            meant.append(f"0o{digits.lstrip('0')}")
    return [*meant, f'"{text}"']


_NO_ANCHOR: Any = object()
