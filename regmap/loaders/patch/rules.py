"""The rules of a patch file as they are written: verb, path, and what is to be done.

What a rule says of an item stays a node, since it is read by the readers of the YAML language
when it is known what it is said of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from regmap.errors import Place
from regmap.loaders.keys import WRONG, flag, name, text, wanted
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.patch.paths import PathError, Step, parse_path
from regmap.loaders.report import UNKNOWN_KEY, WRONG_VALUE, Log, did_you_mean, shown

__all__ = ["VERBS", "Rule", "Verb", "read_rules"]

Verb = Literal["copy", "rename", "set", "add", "delete"]
VERBS: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One rule. ``key`` is the path as it is written; ``body`` what ``set``, ``add`` and ``copy``
    say of the item; ``name`` the new name of a ``rename``; ``origin`` what a ``copy`` takes."""

    verb: Verb
    steps: tuple[Step, ...]
    key: Scalar
    body: Mapping | None = None
    name: str = ""
    origin: tuple[Step, ...] = ()
    origin_key: Scalar | None = None
    optional: bool = False

    @property
    def place(self) -> Place:
        """Where its path is written."""
        return self.key.place

    @property
    def has_wildcards(self) -> bool:
        """Whether it means whatever there is of some kind."""
        return any(step.pattern is not None for step in self.steps)

    @property
    def path(self) -> str:
        """Its path, short enough for a message."""
        return shown(self.key.text)


def read_rules(tree: Mapping, log: Log) -> list[Rule]:
    """Every rule of a patch, in the order of the file."""
    found: list[Rule] = []
    for key, (_, node) in tree.entries.items():
        if key in VERBS:
            verb: Any = key
            rules = _deletions(node, log) if verb == "delete" else _rules(verb, node, log)
            found += [rule for rule in rules if rule is not None]
    return found


def _rules(verb: Verb, node: Node, log: Log) -> Iterator[Rule | None]:
    if not isinstance(node, Mapping):
        wanted(f"`{verb}` is a mapping of paths", node, log, _EXAMPLES[verb])
        return
    for key, value in node.entries.values():
        if not key.text.startswith("x-"):
            yield _READERS[verb](key, value, log)


_EXAMPLES = {
    "copy": "write `copy: {UART1: UART0}`",
    "rename": "write `rename: {UART0/SR: STATUS}`",
    "set": "write `set: {UART0/SR: {access: ro}}`",
    "add": "write `add: {UART0: {registers: {SR: {offset: 4}}}}`",
    "delete": "write `delete: [UART0/SR]`",
}


def _deletions(node: Node, log: Log) -> Iterator[Rule | None]:
    if not isinstance(node, Sequence):
        wanted("`delete` is a list of paths", node, log, _EXAMPLES["delete"])
        return
    for item in node.items:
        taken = _Taken(item, ("path", "optional", "source"), "a deletion", log)
        path = taken.values.get("path") if taken.node else item
        if path is None:
            log.error(WRONG_VALUE, item.place, "a deletion needs `path`", "add `path:`")
        elif not isinstance(path, Scalar):
            wanted("a path is a text", path, log)
        elif (steps := _steps(path, log)) is not None:
            yield Rule(verb="delete", steps=steps, key=path, optional=taken.optional)


class _Taken:
    """What a rule says about itself, taken out of a mapping; ``node`` is the rest of it.

    With ``known`` the mapping is the rule's own and may have no other keys; else it is what is
    said of an item, and ``source`` stays in it."""

    def __init__(self, node: Node, known: tuple[str, ...], what: str, log: Log) -> None:
        self.node: Mapping | None = None
        self.values: dict[str, Node] = {}
        self.optional = False
        if not isinstance(node, Mapping):
            return
        rest: dict[str | int, tuple[Scalar, Node]] = {}
        for key, (key_node, value) in node.entries.items():
            if key == "optional":
                self.optional = flag(value, "optional", log) is True
            elif key in known:
                self.values[str(key)] = value
            else:
                rest[key] = key_node, value
                if "path" in known or "to" in known:
                    _unknown(str(key), key_node, known, what, log)
        if known and isinstance(source := self.values.get("source"), Scalar):
            text(source, "source", log)
        self.node = Mapping(rest, node.event)


def _unknown(key: str, at: Scalar, known: tuple[str, ...], what: str, log: Log) -> None:
    if not key.startswith("x-"):
        log.error(
            UNKNOWN_KEY, at.place, f"{what} has no key {shown(key)!r}", did_you_mean(key, known)
        )


def _rename(key: Scalar, value: Node, log: Log) -> Rule | None:
    taken = _Taken(value, ("to", "optional", "source"), "a rename", log)
    new = taken.values.get("to") if taken.node else value
    if new is None:
        log.error(WRONG_VALUE, value.place, "a rename needs `to`", "add `to:`, the new name")
        return None
    found = name(new, "the new name", log)
    steps = _steps(key, log)
    if steps is None or found is WRONG:
        return None
    return Rule(verb="rename", steps=steps, key=key, name=found, optional=taken.optional)


def _copy(key: Scalar, value: Node, log: Log) -> Rule | None:
    taken = _Taken(value, ("from",), "a copy", log)
    origin = taken.values.get("from") if taken.node else value
    if not isinstance(origin, Scalar):
        wanted("a copy needs a path to copy `from`", origin or value, log, _EXAMPLES["copy"])
        return None
    steps, from_steps = _steps(key, log), _steps(origin, log)
    if steps is None or from_steps is None:
        return None
    if not steps or not from_steps:
        log.error(WRONG_VALUE, key.place, "the chip itself cannot be copied", "name what is in it")
        return None
    return Rule(
        verb="copy",
        steps=steps,
        key=key,
        body=taken.node,
        origin=from_steps,
        origin_key=origin,
        optional=taken.optional,
    )


def _set(key: Scalar, value: Node, log: Log) -> Rule | None:
    return _said("set", key, value, log)


def _add(key: Scalar, value: Node, log: Log) -> Rule | None:
    return _said("add", key, value, log)


def _said(verb: Verb, key: Scalar, value: Node, log: Log) -> Rule | None:
    taken = _Taken(value, (), verb, log)
    steps = _steps(key, log)
    if taken.node is None or not taken.node.entries:
        wanted(f"`{verb}` takes a mapping of keys to values here", value, log, _EXAMPLES[verb])
        return None
    if steps is None:
        return None
    return Rule(verb=verb, steps=steps, key=key, body=taken.node, optional=taken.optional)


_READERS = {"copy": _copy, "rename": _rename, "set": _set, "add": _add}


def _steps(path: Scalar, log: Log) -> tuple[Step, ...] | None:
    try:
        return parse_path(path.text)
    except PathError as error:
        fix = "write BLOCK/REGISTER/FIELD; * ? [abc] are wildcards"
        log.error(WRONG_VALUE, path.place_at(error.at), str(error), fix)
        return None
