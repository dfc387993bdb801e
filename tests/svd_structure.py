"""CMSIS-SVD 1.3.12 as a check of our own: which elements stand where, how often, in which form.

``faults(root)`` lists what is wrong with a document. Each type has a line of elements in the
schema's order, in the language of regular expressions, and each element of one a type or a form.
Beyond the schema it holds what svd-rs asks for: ``%s`` in the name of an array and in no other,
names that are there once in their place.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

__all__ = ["faults"]

_NUMBER = r"[+]?(0x|0X|#)?[0-9a-fA-F]+[kmgtKMGT]?"
_NAME = r"[_A-Za-z0-9]*"
_ONE = r"[_A-Za-z][_A-Za-z0-9]*"
_DIMABLE = rf"%s|%s{_ONE}|{_ONE}(\[%s\])?|{_ONE}(%s)?[_A-Za-z0-9]*"
_TEXT = r"(?s:.+)"
_FLAG = "true|false|0|1"
_ACCESS = "read-only|write-only|read-write|writeOnce|read-writeOnce"
_PROTECTION = "[snp]"
_DIM_INDEX = r"[0-9]+-[0-9]+|[A-Z]-[A-Z]|[_0-9a-zA-Z]+(,\s*[_0-9a-zA-Z]+)+"
_ACTIONS = "(one|zero)To(Clear|Set|Toggle)|clear|set|modify"

_DIM = "(dim dimIncrement dimIndex? dimName? dimArrayIndex?)?"
_PROPERTIES = "size? access? protection? resetValue? resetMask?"
_BITS = "((lsb msb)|(bitOffset bitWidth?)|bitRange)"

# Of each type: its children in order.
_CHILDREN = {
    "device": "vendor? vendorID? name series? version description licenseText? cpu? "
    "headerSystemFilename? headerDefinitionsPrefix? addressUnitBits width "
    f"{_PROPERTIES} peripherals vendorExtensions?",
    "cpu": "name revision endian mpuPresent? fpuPresent? fpuDP? dspPresent? icachePresent? "
    "dcachePresent? itcmPresent? dtcmPresent? vtorPresent? nvicPrioBits vendorSystickConfig "
    "deviceNumInterrupts? pmuPresent? pmuNumEventCnt? sauNumRegions? sauRegionsConfig?",
    "sauRegionsConfig": "region*",
    "region": "(base limit access)+",
    "peripherals": "peripheral+",
    "peripheral": f"{_DIM} name version? description? alternatePeripheral? groupName? "
    "prependToName? appendToName? headerStructName? disableCondition? baseAddress "
    f"{_PROPERTIES} addressBlock* interrupt* registers?",
    "addressBlock": "offset size usage protection?",
    "interrupt": "name description? value",
    "registers": "(cluster|register)+",
    "cluster": f"{_DIM} name description alternateCluster? headerStructName? addressOffset "
    f"{_PROPERTIES} (register|cluster)*",
    "register": f"{_DIM} name displayName? description? (alternateGroup|alternateRegister)? "
    f"addressOffset {_PROPERTIES} dataType? modifiedWriteValues? writeConstraint? readAction? "
    "fields?",
    "fields": "field+",
    "field": f"{_DIM} name description? {_BITS} access? modifiedWriteValues? writeConstraint? "
    "readAction? ((enumeratedValues ){0,2})",
    "writeConstraint": "(writeAsRead|useEnumeratedValues|range)",
    "range": "minimum maximum",
    "dimArrayIndex": "headerEnumName? enumeratedValue+",
    "enumeratedValues": "name? headerEnumName? usage? enumeratedValue*",
    "enumeratedValue": "name description? (value|isDefault)",
}
# Of each element without children: its form, by "parent/element" where that matters.
_FORMS = {
    **dict.fromkeys(
        (
            "addressUnitBits", "width", "size", "resetValue", "resetMask", "dim", "dimIncrement",
            "baseAddress", "addressOffset", "offset", "lsb", "msb", "bitOffset", "bitWidth",
            "minimum", "maximum", "nvicPrioBits", "deviceNumInterrupts", "pmuNumEventCnt",
            "sauNumRegions", "base", "limit",
        ),
        _NUMBER,
    ),
    **dict.fromkeys(
        (
            "mpuPresent", "fpuPresent", "fpuDP", "dspPresent", "icachePresent", "dcachePresent",
            "itcmPresent", "dtcmPresent", "vtorPresent", "vendorSystickConfig", "pmuPresent",
            "isDefault", "writeAsRead", "useEnumeratedValues",
        ),
        _FLAG,
    ),
    **dict.fromkeys(
        ("vendor", "series", "version", "licenseText", "displayName", "disableCondition"), _TEXT
    ),
    **dict.fromkeys(
        (
            "vendorID", "headerSystemFilename", "headerDefinitionsPrefix", "prependToName",
            "appendToName", "alternateGroup", "dimName", "headerEnumName",
        ),
        _NAME,
    ),
    **dict.fromkeys(("alternatePeripheral", "alternateCluster", "alternateRegister"), _DIMABLE),
    "description": _TEXT,
    "cluster/description": r"(?s:.*)",
    "interrupt/description": r"(?s:.*)",
    "device/name": _NAME,
    "cpu/name": r"C[MA][0-9]+(PLUS|\+|P)?|SC000|SC300|SMC1|ARMV8(MML|MBL|1MML)|other",
    "cpu/revision": "r[0-9]*p[0-9]*",
    "cpu/endian": "little|big|selectable|other",
    "region/access": "[cn]",
    "name": _DIMABLE,
    "interrupt/name": _TEXT,
    "interrupt/value": r"-?[0-9]+",
    "enumeratedValues/name": _NAME,
    "enumeratedValue/name": _NAME,
    "enumeratedValue/value": r"[+]?((0x|0X)[0-9a-fA-F]+|[0-9]+|(#|0b)[01xX]+)",
    "enumeratedValues/usage": "read|write|read-write",
    "addressBlock/usage": "registers|buffer|reserved",
    "groupName": r"[A-Za-z_:][\w:.-]*",
    "headerStructName": _DIMABLE,
    "cluster/headerStructName": _NAME,
    "access": _ACCESS,
    "protection": _PROTECTION,
    "dimIndex": _DIM_INDEX,
    "dataType": r"u?int(8|16|32|64)_t( \*)?",
    "modifiedWriteValues": _ACTIONS,
    "readAction": "clear|set|modify|modifyExternal",
    "bitRange": r"\[[0-6]?[0-9]:[0-6]?[0-9]\]",
}  # fmt: skip
_ATTRIBUTES = {
    "device": {"schemaVersion": r"[0-9]+(\.[0-9]+)?"},
    "peripheral": {"derivedFrom": _DIMABLE},
    "sauRegionsConfig": {"enabled": _FLAG, "protectionWhenDisabled": _PROTECTION},
    "region": {"enabled": _FLAG, "name": ".*"},
}
for _level in ("cluster", "register", "field", "enumeratedValues"):
    _ATTRIBUTES[_level] = {"derivedFrom": rf"({_DIMABLE})(\.({_DIMABLE}))*"}
_NEEDED = {"device": {"schemaVersion"}}


@cache
def _order(tag: str) -> re.Pattern[str]:
    """The children of an element, each with a blank behind it, as a pattern."""
    text = re.sub(r"([A-Za-z]+) ?", r"(?:\1[ ])", _CHILDREN[tag])
    return re.compile(text.replace(" ", "").replace("[]", "[ ]"))


def faults(root: Any) -> list[str]:
    """What is wrong with a document, each fault with its line."""
    if root.tag != "device":
        return [f"<{root.tag}> where <device> belongs"]
    return list(_faults(root))


def _faults(element: Any) -> Any:
    tag, parent = element.tag, element.getparent()
    here = f"line {element.sourceline}: <{tag}>"
    if tag == "vendorExtensions":
        return
    allowed = _ATTRIBUTES.get(tag, {})
    for name, value in element.attrib.items():
        if name not in allowed or not re.fullmatch(allowed[name], value):
            yield f"{here} has {name}={value!r}"
    if missing := _NEEDED.get(tag, set()) - set(element.attrib):
        yield f"{here} lacks {missing}"
    if tag not in _CHILDREN:
        key = f"{parent.tag}/{tag}"
        form = _FORMS[key if key in _FORMS else tag] if {key, tag} & set(_FORMS) else None
        if form is None:
            yield f"{here} is no element of SVD"
        elif len(element) or not re.fullmatch(form, element.text or ""):
            yield f"{here} is {element.text!r}"
        return
    tags = [child.tag for child in element]
    if not _order(tag).fullmatch("".join(f"{each} " for each in tags)):
        yield f"{here} has {' '.join(dict.fromkeys(tags))}"
    yield from _beyond(element, here)
    for child in element:
        yield from _faults(child)


def _beyond(element: Any, here: str) -> Any:
    """What the schema does not say and readers rely on."""
    tag = element.tag
    if tag in {"peripheral", "cluster", "register", "field"}:
        name = element.findtext("name") or ""
        if ("%s" in name) != (element.find("dim") is not None):
            yield f"{here} {name}: %s and <dim> go together"
    if tag in {"peripherals", "registers", "cluster", "fields", "enumeratedValues"}:
        names = Counter(
            child.findtext("name") for child in element if child.find("name") is not None
        )
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            yield f"{here} has twice: {twice}"
    has_blocks = element.get("derivedFrom") is not None or element.find("addressBlock") is not None
    if tag == "peripheral" and not has_blocks:
        yield f"{here} has no address block"
