"""Views: one index over many registers, with its members, pad and lines.

A member is a path, or a mapping with one of the forms ``path``, ``read`` with ``set`` and
``clear``, ``call``, ``steps``. What a line or pin is, is a name, a list of names or a mapping.
"""

from __future__ import annotations

from typing import Any

from regmap.errors import Place
from regmap.loaders.enums import Enums
from regmap.loaders.fields import LARGEST
from regmap.loaders.keys import (
    WRONG,
    Keys,
    as_is,
    choice,
    entries,
    integer,
    list_of,
    name,
    parsed,
    text,
    wanted,
)
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import VIEW_EXPRESSION, WRONG_VALUE, Log
from regmap.model.block import Line, Member, Pad, SequenceStep, View
from regmap.model.expr import Path

__all__ = ["LINE_KEYS", "numbered", "read_functions", "read_line", "read_names", "read_views"]

_PATH = parsed(Path.parse, VIEW_EXPRESSION)
_MOST_LINES = 65_536

_VIEW_KEYS = Keys(
    "a view",
    {
        "count": integer(1, _MOST_LINES),
        "members": as_is,
        "pad": as_is,
        "lines": as_is,
        "description": text,
    },
    required=("count", "members"),
)
_MEMBER_KEYS = Keys(
    "a member",
    {
        "path": _PATH,
        "read": _PATH,
        "set": _PATH,
        "clear": _PATH,
        "call": _PATH,
        "steps": as_is,
        "enum": as_is,
        "description": text,
    },
)


def _value(node: Node, what: str, log: Log) -> Any:
    if isinstance(node, Scalar) and node.value == "value":
        return None
    return _NUMBER(node, what, log)


_NUMBER = integer(0, LARGEST)
_WRITE_KEYS = Keys("a write", {"write": _PATH, "value": _value}, required=("write", "value"))
_WAIT_KEYS = Keys("a wait", {"wait-us": integer(0, 60_000_000)}, required=("wait-us",))
_PAD_PATHS = ("level", "latch", "event", "rising", "falling", "high", "low")
_PAD_KEYS = Keys(
    "a pad",
    {**dict.fromkeys(_PAD_PATHS, _PATH), "output": as_is},
    required=("level", "latch", "output"),
)


def read_functions(node: Node, what: str, log: Log) -> Any:
    """Functions of a pin by function name."""
    found = {each: text(value, what, log) for each, _key, value in entries(node, what, log)}
    return {each: value for each, value in found.items() if value is not WRONG}


def read_names(node: Node, what: str, log: Log) -> Any:
    """A name or a list of names."""
    if isinstance(node, Scalar):
        found = name(node, what, log)
        return WRONG if found is WRONG else (found,)
    if isinstance(node, Sequence):
        return _NAMES(node, what, log)
    return wanted(f"`{what}` is a name or a list of names", node, log)


_NAMES = list_of(name)

LINE_KEYS = {
    "names": read_names,
    "functions": read_functions,
    "reset-pull": choice("up", "down", "none"),
    "description": text,
}
_LINE_KEYS = Keys("a line", dict(LINE_KEYS))


def read_line(keys: Keys, node: Node, at: Place, log: Log) -> dict[str, Any] | None:
    """The values of a line or pin, which may be no more than its names."""
    if isinstance(node, Mapping):
        return keys.read(node, at, log)
    names = read_names(node, "names", log)
    return None if names is WRONG else {"names": names}


def numbered(node: Node | None, what: str, log: Log) -> list[tuple[int, Scalar, Node]]:
    """The entries of a mapping whose keys are numbers from 0."""
    if node is None:
        return []
    if not isinstance(node, Mapping):
        wanted(f"`{what}` is a mapping of numbers", node, log)
        return []
    found = []
    for key, (key_node, value) in node.entries.items():
        if isinstance(key, int) and 0 <= key < _MOST_LINES:
            found.append((key, key_node, value))
        elif not str(key).startswith("x-"):
            wanted(f"a key of `{what}` is an index, 0 to {_MOST_LINES - 1}", key_node, log)
    return found


def read_views(node: Node | None, enums: Enums, log: Log) -> tuple[View, ...]:
    """The views of a block."""
    found = []
    for each, key, value in entries(node, "views", log):
        values = _VIEW_KEYS.read(value, key.place, log)
        if values is None:
            continue
        members = (
            _member(*entry, enums, log) for entry in entries(values["members"], "members", log)
        )
        values["members"] = tuple(member for member in members if member is not None)
        if "pad" in values:
            values["pad"] = _pad(values["pad"], log)
        lines = {}
        for index, line_key, line in numbered(values.get("lines"), "lines", log):
            what = read_line(_LINE_KEYS, line, line_key.place, log)
            if what is not None:
                lines[index] = Line(place=line_key.place, **what)
        values["lines"] = lines
        found.append(View(name=each, place=key.place, **values))
    return tuple(found)


def _member(each: str, key: Scalar, node: Node, enums: Enums, log: Log) -> Member | None:
    place = key.place
    if not isinstance(node, Mapping):
        path = _PATH(node, each, log)
        log.incomplete |= path is WRONG
        return None if path is WRONG else Member(name=each, path=path, place=place)
    values = _MEMBER_KEYS.read(node, place, log) or {}
    if "enum" in values:
        values["enum"] = enums.one(values["enum"], "enum", key)
    if "steps" in values:
        values["steps"] = _steps(values["steps"], log)
    if not _one_form(set(node.entries), place, log) or not values.keys() & _FORMS.keys():
        log.incomplete = True
        return None
    return Member(name=each, place=place, **values)


_FORMS = {
    "path": {"path"},
    "read": {"read", "set", "clear"},
    "call": {"call"},
    "steps": {"steps"},
}


def _one_form(keys: set[str | int], place: Place, log: Log) -> bool:
    used = keys & set().union(*_FORMS.values())
    if any(used == form for form in _FORMS.values()):
        return True
    fix = "write `path`, or `read` with `set` and `clear`, or `call`, or `steps`"
    log.error(WRONG_VALUE, place, "a member has exactly one form", fix)
    return False


def _steps(node: Node, log: Log) -> tuple[SequenceStep, ...]:
    if not isinstance(node, Sequence):
        wanted("`steps` is a list of writes and waits", node, log)
        log.incomplete = True
        return ()
    found = []
    for item in node.items:
        wait = isinstance(item, Mapping) and "wait-us" in item.entries
        values = (_WAIT_KEYS if wait else _WRITE_KEYS).read(item, item.place, log)
        if values is not None:
            found.append(SequenceStep(**values))
    return tuple(found)


def _pad(node: Node, log: Log) -> Pad | None:
    values = _PAD_KEYS.read(node, node.place, log)
    if values is None:
        return None
    output = values["output"]
    pairs = [(each, name(value, each, log)) for each, _key, value in entries(output, "output", log)]
    if len(pairs) != 1 or pairs[0][1] is WRONG:
        wanted("`output` is {MEMBER: VALUE}, what makes the pin drive", output, log)
        log.incomplete = True
        return None
    values["output"] = pairs[0]
    return Pad(**values)
