"""Tables of keys: what a mapping may hold, and how each value is read.

A ``Keys`` table is the grammar of one kind of mapping. Reading looks only at the keys that are
there, so what a mapping does not say costs nothing, and it goes on after a wrong value: that key
is left out of the result as if it had not been written. ``x-*`` keys are passed over; a name that
begins so is written in quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from regmap.errors import Place, nearest
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import UNKNOWN_KEY, WRONG_VALUE, Log, Rule, did_you_mean, shown
from regmap.loaders.scalars import Ambiguous
from regmap.model.expr import ExprError

__all__ = [
    "WRONG",
    "Keys",
    "Reader",
    "as_is",
    "choice",
    "entries",
    "flag",
    "integer",
    "items",
    "list_of",
    "name",
    "parsed",
    "text",
    "wanted",
]

# What a reader returns after it has reported that there is no value.
WRONG: Any = object()

# (node, what it is called in messages, log) to a value or WRONG.
Reader = Callable[[Node, str, Log], Any]

_LONGEST_NAME = 128
_NAME_FORM = f"1 to {_LONGEST_NAME} characters, no blanks around them"


class Keys:
    """The keys that one kind of mapping may have.

    ``what`` names the kind in messages (``a register``); keys are given as in the file, results
    come with ``_`` for ``-`` so that they can be handed to the model as they are.
    """

    def __init__(
        self, what: str, readers: dict[str, Reader], required: tuple[str, ...] = ()
    ) -> None:
        self.what = what
        # A number is no key, but it may stand where a key belongs.
        self._readers: dict[str | int, tuple[str, Reader]] = {
            key: (key.replace("-", "_"), read) for key, read in readers.items()
        }
        self._required = required

    def read(self, node: Node, at: Place, log: Log) -> dict[str, Any] | None:
        """The values of a mapping; None where it is no mapping or lacks a required key.

        ``at`` is what it belongs to: the place for what is missing.
        """
        if not isinstance(node, Mapping):
            wanted(f"{self.what} is a mapping of keys to values", node, log)
            log.incomplete = True
            return None
        values: dict[str, Any] = {}
        meant: set[str] = set()
        readers = self._readers
        for key, (key_node, value_node) in node.entries.items():
            reader = readers.get(key)
            if reader is None:
                if not str(key).startswith("x-"):
                    meant.update(self._unknown(str(key), key_node, log))
                continue
            value = reader[1](value_node, str(key), log)
            if value is not WRONG:
                values[reader[0]] = value
        complete = True
        for key in self._required:
            if key.replace("-", "_") not in values:
                complete = False
                log.incomplete = True
                # A mistyped key has been told of already, with the one that is missing.
                if key not in node.entries and key not in meant:
                    log.error(WRONG_VALUE, at, f"{self.what} needs `{key}`", f"add `{key}:`")
        return values if complete else None

    def _unknown(self, key: str, key_node: Scalar, log: Log) -> tuple[str, ...]:
        """Report a key that there is not; the ones that may be meant."""
        known = [str(each) for each in self._readers]
        fix = did_you_mean(key, known)
        log.error(UNKNOWN_KEY, key_node.place, f"{self.what} has no key {shown(key)!r}", fix)
        return nearest(key, known)


def wanted(what: str, node: Node, log: Log, fix: str = "", rule: Rule = WRONG_VALUE) -> Any:
    """Report that ``what`` belongs here and something else was found; returns WRONG."""
    if isinstance(node, Scalar) and isinstance(node.value, Ambiguous):
        return WRONG  # reported when it was read, with the forms to choose from
    log.error(rule, node.place, f"{what}, not {_kind(node)}", fix)
    return WRONG


def _kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {node.text}"
    if isinstance(value, str):
        return f"the text {shown(value)!r}"
    return f"the number {shown(node.text)}"


def as_is(node: Node, _what: str, _log: Log) -> Node:
    """The node itself, for values that need to know what surrounds them."""
    return node


def text(node: Node, what: str, log: Log) -> Any:
    """A text."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return str(node.value)
    fix = f'write "{shown(node.text)}"' if isinstance(node, Scalar) and node.text else ""
    return wanted(f"`{what}` is a text", node, log, fix)


def name(node: Node, what: str, log: Log) -> Any:
    """A text that is not empty and not endless, without blanks around it."""
    found = text(node, what, log)
    if found is WRONG:
        return WRONG
    if not found.strip() or found != found.strip() or len(found) > _LONGEST_NAME:
        return wanted(f"`{what}` is a name: {_NAME_FORM}", node, log)
    return found


def flag(node: Node, what: str, log: Log) -> Any:
    """``true`` or ``false``."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    return wanted(f"`{what}` is true or false", node, log)


def integer(lowest: int, highest: int, *, null: bool = False) -> Reader:
    """A reader of whole numbers from ``lowest`` to ``highest``; with ``null``, None as well."""

    def read(node: Node, what: str, log: Log) -> Any:
        value = node.value if isinstance(node, Scalar) else ""
        if value is None and null:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            return wanted(f"`{what}` is a whole number", node, log, _number_fix(value))
        if not lowest <= value <= highest:
            where = f"{lowest} to {highest:#x}" if highest > 99_999 else f"{lowest} to {highest}"
            fix = f"write a number from {where}"
            log.error(WRONG_VALUE, node.place, f"`{what}` is out of range: {node_text(node)}", fix)
            return WRONG
        return value

    return read


def node_text(node: Node) -> str:
    """A scalar as it was written, short enough for a message."""
    return shown(node.text) if isinstance(node, Scalar) else ""


def _number_fix(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    if isinstance(value, str):
        try:
            number = int(value, 0)
        except ValueError:
            return ""
        return f"write {number:#x}" if "x" in value.lower() else f"write {number}"
    return ""


def choice(*words: str) -> Reader:
    """A reader of one of some words."""

    def read(node: Node, what: str, log: Log) -> Any:
        if isinstance(node, Scalar) and node.value in words:
            return node.value
        near = did_you_mean(node.text, words) if isinstance(node, Scalar) else ""
        return wanted(f"`{what}` is {' or '.join(words)}", node, log, near)

    return read


def list_of(reader: Reader) -> Reader:
    """A reader of a list, as a tuple; what is wrong in it is left out."""

    def read(node: Node, what: str, log: Log) -> Any:
        if not isinstance(node, Sequence):
            fix = f"write [{node.text}]" if isinstance(node, Scalar) and node.text else ""
            return wanted(f"`{what}` is a list", node, log, fix)
        values = (reader(item, what, log) for item in node.items)
        return tuple(value for value in values if value is not WRONG)

    return read


def parsed(parse: Callable[[str], Any], rule: Rule = WRONG_VALUE) -> Reader:
    """A reader of a text in the grammar of ``model.expr``; points at the wrong character."""

    def read(node: Node, what: str, log: Log) -> Any:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return wanted(f"`{what}` is a text", node, log)
        if len(node.value) > _LONGEST_TEXT:
            text = f"`{what}` is longer than {_LONGEST_TEXT} characters"
            log.error(rule, node.place, text)
            return WRONG
        try:
            return parse(node.value)
        except ExprError as error:
            log.error(rule, node.place_at(error.at), f"`{what}`: {error}", _GRAMMAR)
            return WRONG

    return read


# Parsing a longer one would take long, and it would mean nothing.
_LONGEST_TEXT = 512
_GRAMMAR = "a name, or NAME[expression].NAME; expressions are numbers, i, + - * // % and ( )"


def items(node: Node) -> list[Node]:
    """The items of a list; of anything else, itself."""
    return node.items if isinstance(node, Sequence) else [node]


def entries(node: Node | None, what: str, log: Log) -> Iterator[tuple[str, Scalar, Node]]:
    """The entries of a mapping by name: (name, the node of the name, the value).

    ``x-*`` without quotes is passed over; a name that is a number is reported.
    """
    if node is None:
        return
    if not isinstance(node, Mapping):
        wanted(f"`{what}` is a mapping of names", node, log)
        log.incomplete = True
        return
    for key, (key_node, value) in node.entries.items():
        if not isinstance(key, str):
            fix = f'write "{shown(key_node.text)}"'
            log.error(WRONG_VALUE, key_node.place, f"a name in `{what}` is a text", fix)
        elif key.startswith("x-") and key_node.event.implicit[0]:
            continue
        elif key != key.strip() or not 0 < len(key) <= _LONGEST_NAME:
            text = f"a name in `{what}` has {_NAME_FORM}"
            log.error(WRONG_VALUE, key_node.place, text)
        yield str(key), key_node, value
