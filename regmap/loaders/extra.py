"""``svd:``: what SVD says beyond the model, kept as it was written.

A repeated element is a list, an element with more in it a mapping, and every value the text that
stands in the file: ``0x400`` is not read as a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from regmap.loaders.keys import WRONG, Reader, items, wanted
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.report import UNKNOWN_KEY, WRONG_VALUE, Log, did_you_mean, shown
from regmap.loaders.scalars import Ambiguous
from regmap.model.block import Extra

__all__ = ["extra_of"]

_ARRAY = ("dimName", "dimArrayIndex")
_PERIPHERAL = (
    "version", "alternatePeripheral", "groupName", "headerStructName", "disableCondition",
    "addressBlock", *_ARRAY,
)  # fmt: skip
_KNOWN: dict[str, tuple[str, ...]] = {
    "a chip": (
        "@schemaVersion", "vendor", "vendorID", "series", "version", "licenseText", "cpu",
        "headerSystemFilename", "headerDefinitionsPrefix", "addressUnitBits", "width",
        "vendorExtensions",
    ),
    "an instance": _PERIPHERAL,
    "a block": _PERIPHERAL,
    "a group": ("alternateCluster", "headerStructName", *_ARRAY),
    "a register": (
        "displayName", "alternateGroup", "alternateRegister", "protection", "dataType", *_ARRAY,
    ),
    "a field": _ARRAY,
    "an enum": ("headerEnumName",),
}  # fmt: skip
# A name of XML, with the name space that it is of in braces where it is of one.
_ELEMENT = re.compile(r"@?(?:\{[^{}\s<>&\"']{1,200}\})?[^\W\d][\w.:-]{0,127}")


def extra_of(what: str) -> Reader:
    """A reader of what SVD says of ``what`` (``a register``)."""
    known = _KNOWN[what]

    def read(node: Node, key: str, log: Log) -> Any:
        if not isinstance(node, Mapping):
            return wanted(f"`{key}` is a mapping of SVD's elements", node, log)
        for each, (key_node, _value) in node.entries.items():
            if each not in known:
                text = f"`{key}` of {what} has no {shown(str(each))!r}"
                log.error(UNKNOWN_KEY, key_node.place, text, did_you_mean(str(each), known))
        return tuple(_entries(node, log))

    return read


def _value(node: Node, key: str, log: Log) -> Any:
    """The text or ``Extra`` that a node is, or WRONG."""
    if isinstance(node, Scalar):
        if isinstance(node.value, Ambiguous):
            return WRONG
        return node.text if node.text else wanted(f"`{key}` is a text", node, log)
    if not isinstance(node, Mapping) or not node.entries:
        return wanted(f"`{key}` is a text or a mapping of SVD's elements", node, log)
    return tuple(_entries(node, log))


def _entries(node: Mapping, log: Log) -> Iterator[tuple[str, str | Extra]]:
    for key, (key_node, value) in node.entries.items():
        if not isinstance(key, str) or not _ELEMENT.fullmatch(key):
            text = f"{shown(str(key))!r} is no name of an element"
            log.error(WRONG_VALUE, key_node.place, text)
            continue
        for item in items(value):
            found = _value(item, key, log)
            if found is not WRONG:
                yield key, found
