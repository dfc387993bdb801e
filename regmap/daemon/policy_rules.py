"""The rules of a configuration, as nodes to ``Rule``: whom they name, pins, paths and verbs.

Names of users and groups become numbers by this machine's lists.
"""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from regmap.daemon.policy import PINS, VERBS, Rule
from regmap.errors import Place, nearest
from regmap.loaders.keys import WRONG, Keys, choice, integer, items, list_of, text, wanted
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import UNRESOLVED_REFERENCE, WRONG_VALUE, Log, shown
from regmap.loaders.scalars import Ambiguous

__all__ = ["group", "rule", "user"]

_MOST_ID = (1 << 32) - 2  # the number above it means "no change" to the kernel
_EVERYBODY = "*"
_ALL_VERBS = ", ".join(VERBS)


# ---- users and groups --------------------------------------------------------------------------


def user(node: Node, what: str, log: Log) -> Any:
    """The number of a user, given by number or name."""
    return _identity("user", _number_of_user, node, what, log)


def group(node: Node, what: str, log: Log) -> Any:
    """The number of a group, given by number or name."""
    return _identity("group", _number_of_group, node, what, log)


def _number_of_user(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _number_of_group(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _identity(kind: str, find: Callable[[str], int], node: Node, what: str, log: Log) -> Any:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(0, _MOST_ID)(node, what, log)
    if not isinstance(value, str) or isinstance(value, Ambiguous):
        return wanted(f"`{what}` is a name or a number", node, log)
    try:
        return find(value)
    except (KeyError, ValueError):
        problem = f"there is no {kind} {shown(value)!r} on this machine"
        log.error(UNRESOLVED_REFERENCE, node.place, problem, _way_out(value, kind))
        return WRONG


def _way_out(value: str, kind: str) -> str:
    if value.isdecimal():
        return f"write {shown(value)} without quotes"
    known = (
        [entry.pw_name for entry in pwd.getpwall()]
        if kind == "user"
        else [entry.gr_name for entry in grp.getgrall()]
    )
    close = nearest(value, known)
    return f"did you mean {' or '.join(close)}?" if close else f"add the {kind}, or mend the name"


# ---- rules -------------------------------------------------------------------------------------


def rule(patterns: list[tuple[str, Place]], node: Node, _what: str, log: Log) -> Any:
    """One rule; the patterns of its paths are added to ``patterns`` with their places."""
    keys = Keys(
        "a rule",
        {
            "uid": _anybody,
            "gid": group,
            "group": group,
            "pins": _pins,
            "paths": partial(_paths, patterns),
            "verbs": _verbs,
        },
        ("verbs",),
    )
    found = keys.read(node, node.place, log)
    if found is None or not isinstance(node, Mapping):
        return WRONG
    if not {"uid", "gid", "group"} & node.entries.keys():
        fix = 'say whom: uid, gid or group; uid: "*" is everybody'
        log.error(WRONG_VALUE, node.place, "a rule for nobody", fix)
        return WRONG
    if not {"pins", "paths"} & node.entries.keys():
        log.error(WRONG_VALUE, node.place, "a rule about nothing", "add `pins:` or `paths:`")
        return WRONG
    return Rule(**found)


def _anybody(node: Node, what: str, log: Log) -> Any:
    if isinstance(node, Scalar) and node.value == _EVERYBODY:
        return None
    return user(node, what, log)


def _verbs(node: Node, what: str, log: Log) -> Any:
    found = list_of(choice(*VERBS))(node, what, log)
    if isinstance(node, Sequence) and not node.items:
        log.error(WRONG_VALUE, node.place, "a rule without verbs", f"list some of {_ALL_VERBS}")
        return WRONG
    return found if found is WRONG else frozenset(found)


_RANGE = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")


def _pins(node: Node, what: str, log: Log) -> Any:
    """Numbers, ranges ("0-7") and "*", as one set."""
    found: set[int] = set()
    for item in items(node):
        value = item.value if isinstance(item, Scalar) else None
        match = _RANGE.fullmatch(str(value)) if isinstance(value, int | str) else None
        if value == _EVERYBODY:
            found.update(PINS)
        elif match is None:
            fix = 'write 3, "0-7" or "*"'
            wanted(f"an item of `{what}` is a pin's number or a range", item, log, fix)
        else:
            first = int(match[1])
            last = int(match[2] or first)
            if not first <= last <= PINS[-1]:
                problem = f"`{what}` {value}: pins go from 0 to {PINS[-1]}, the lower first"
                log.error(WRONG_VALUE, item.place, problem, "see the table of pins in the README")
            found.update(range(first, min(last, PINS[-1]) + 1))
    return frozenset(found)


def _paths(patterns: list[tuple[str, Place]], node: Node, what: str, log: Log) -> Any:
    found: list[str] = []
    for item in items(node):
        pattern = text(item, what, log)
        if pattern == "":  # which would be the whole board
            fix = 'write "*" for everything'
            log.error(WRONG_VALUE, item.place, f"an item of `{what}` is empty", fix)
        elif pattern is not WRONG:
            found.append(pattern)
            patterns.append((pattern, item.place))
    return tuple(found)
