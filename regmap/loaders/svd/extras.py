"""What SVD says and the model has no attribute for: kept as written, by name, not read."""

from __future__ import annotations

from typing import Any

from lxml import etree

from regmap.loaders.svd.scan import Node
from regmap.loaders.svd.words import plain
from regmap.model.block import Extra

__all__ = ["device_extra", "extra_of", "nested"]

_KEPT: dict[str, tuple[str, ...]] = {
    "device": (
        "vendor", "vendorID", "series", "version", "licenseText", "cpu", "headerSystemFilename",
        "headerDefinitionsPrefix", "addressUnitBits", "width",
    ),
    "peripheral": (
        "version", "alternatePeripheral", "groupName", "headerStructName", "disableCondition",
        "addressBlock", "dimName", "dimArrayIndex",
    ),
    "cluster": ("alternateCluster", "headerStructName", "dimName", "dimArrayIndex"),
    "register": (
        "displayName", "alternateGroup", "alternateRegister", "protection", "dataType", "dimName",
        "dimArrayIndex",
    ),
    "field": ("dimName", "dimArrayIndex"),
}  # fmt: skip
_SETS = {tag: frozenset(kept) for tag, kept in _KEPT.items()}
_NESTED = frozenset({"addressBlock", "dimArrayIndex", "cpu"})


def extra_of(node: Node, tag: str, protection: str = "") -> Extra:
    """What is kept of a node, in the order in which it is written; ``protection`` is the one in
    force, for a node that says none itself."""
    texts = node.texts
    kept = _SETS[tag]
    if kept.isdisjoint(texts):
        return (("protection", protection),) if protection else ()
    found: list[tuple[str, str | Extra]] = []
    for each in texts:
        if each not in kept:
            continue
        if each in _NESTED:
            holder = node.holder(each)
            for child in holder.findall(each) if holder is not None else ():
                value: str | Extra = nested(child) or plain(child.text)
                if value:
                    found.append((each, value))
        elif text := plain(texts[each]):
            found.append((each, text))
    if protection and "protection" not in texts:
        found.append(("protection", protection))
    return tuple(found)


def device_extra(node: Node, ours: str) -> Extra:
    """What is kept of a device; of the vendor's extensions, all but our own element ``ours``."""
    version = plain(node.element.get("schemaVersion"))
    found = extra_of(node, "device")
    if version:
        found = (("@schemaVersion", version), *found)
    element = node.element.find("vendorExtensions")
    if element is not None:
        parts = [element.text or ""]
        parts += [etree.tostring(each, encoding="unicode") for each in element if each.tag != ours]
        text = "".join(parts).strip()
        if text:
            found = (*found, ("vendorExtensions", text))
    return found


def nested(element: Any) -> Extra:
    """All that is in an element; entries of one name stand together."""
    found: dict[str, list[str | Extra]] = {}
    for name, text in element.attrib.items():
        if value := plain(text):
            found.setdefault(f"@{name}", []).append(value)
    for child in element:
        inner: str | Extra = nested(child) or plain(child.text)
        if inner:
            found.setdefault(str(child.tag), []).append(inner)
    return tuple((name, value) for name, values in found.items() for value in values)
