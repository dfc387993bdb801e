"""The keys ``access``, ``write-action`` and ``read-action``: shorthand or SVD's words.

``access`` begins afresh: what it does not say is plain (``access: rw`` in a field of an ``rw1c``
register is a plain field). Without ``access``, the two actions change what is inherited.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regmap.loaders.keys import WRONG, Reader, choice, wanted
from regmap.loaders.nodes import Node, Scalar
from regmap.loaders.report import Log, did_you_mean
from regmap.model.access import ACCESS_SHORTHANDS, Access, AccessTriple, ReadAction, WriteAction

__all__ = ["ACCESS_KEYS", "access_of"]

_WORDS: dict[str, AccessTriple] = {
    **ACCESS_SHORTHANDS,
    **{access.value: AccessTriple(access) for access in Access},
}


def _access(node: Node, what: str, log: Log) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        found = _WORDS.get(node.value)
        if found is not None:
            return found
        return wanted(
            f"`{what}` is a word such as rw or ro", node, log, did_you_mean(node.text, _WORDS)
        )
    return wanted(f"`{what}` is a word such as rw or ro", node, log)


def _action(kind: type[WriteAction | ReadAction]) -> Reader:
    word = choice(*(action.value for action in kind))

    def read(node: Node, what: str, log: Log) -> Any:
        found = word(node, what, log)
        return found if found is WRONG else kind(found)

    return read


ACCESS_KEYS: dict[str, Reader] = {
    "access": _access,
    "write-action": _action(WriteAction),
    "read-action": _action(ReadAction),
}


def access_of(values: dict[str, Any], inherited: AccessTriple) -> AccessTriple:
    """The access in force; takes the three keys out of ``values``."""
    found: AccessTriple = values.pop("access", inherited)
    if "write_action" in values:
        found = replace(found, write_action=values.pop("write_action"))
    if "read_action" in values:
        found = replace(found, read_action=values.pop("read_action"))
    return found
