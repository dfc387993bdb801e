"""What SVD says beyond the model, back at its place in the schema's order.

``_FORMS`` has the lexical form of each element that is written as it was kept. What does not have
it is left out here: such a file would be no valid SVD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from regmap.model.block import Extra
from regmap.writers.svd_text import DIMABLE, NUMBER, put

__all__ = ["put_cpu", "put_each", "put_index", "put_kept", "texts_of"]

_TEXT = re.compile(r"(?s).+")
_NAME = re.compile(r"[_A-Za-z0-9]+")
_FLAG = re.compile(r"true|false|0|1")
_PROTECTION = re.compile(r"[snp]")
_FORMS: Mapping[str, re.Pattern[str]] = {
    "vendor": _TEXT,
    "vendorID": _NAME,
    "series": _TEXT,
    "version": _TEXT,
    "licenseText": _TEXT,
    "headerSystemFilename": _NAME,
    "headerDefinitionsPrefix": _NAME,
    "addressUnitBits": NUMBER,
    "width": NUMBER,
    "alternatePeripheral": DIMABLE,
    "groupName": re.compile(r"[A-Za-z_:][\w:.-]*", re.ASCII),
    "headerStructName": DIMABLE,
    "disableCondition": _TEXT,
    "alternateCluster": DIMABLE,
    "displayName": _TEXT,
    "alternateGroup": _NAME,
    "alternateRegister": DIMABLE,
    "protection": _PROTECTION,
    "dataType": re.compile(r"u?int(8|16|32|64)_t( \*)?"),
    "dimName": _NAME,
    "headerEnumName": _NAME,
    "offset": NUMBER,
    "size": NUMBER,
    "usage": re.compile("registers|buffer|reserved"),
}
_CPU_NAMES = re.compile(
    r"CM0|CM0PLUS|CM0\+|CM1|CM3|CM4|CM7|CM23|CM33|CM35P|CM52|CM55|CM85|SC000|SC300|ARMV8MML"
    r"|ARMV8MBL|ARMV81MML|CA5|CA7|CA8|CA9|CA15|CA17|CA53|CA57|CA72|SMC1|other"
)
# Of a cpu: its elements in order, with the form and, where it must be there, what stands in for
# one that is missing or has no such form.
_CPU: Mapping[str, tuple[re.Pattern[str], str]] = {
    "name": (_CPU_NAMES, "other"),
    "revision": (re.compile("r[0-9]*p[0-9]*"), "r0p0"),
    "endian": (re.compile("little|big|selectable|other"), "little"),
    **dict.fromkeys(
        (
            "mpuPresent", "fpuPresent", "fpuDP", "dspPresent", "icachePresent", "dcachePresent",
            "itcmPresent", "dtcmPresent", "vtorPresent",
        ),
        (_FLAG, ""),
    ),
    "nvicPrioBits": (NUMBER, "0"),
    "vendorSystickConfig": (_FLAG, "false"),
    "deviceNumInterrupts": (NUMBER, ""),
    "pmuPresent": (_FLAG, ""),
    "pmuNumEventCnt": (NUMBER, ""),
    "sauNumRegions": (NUMBER, ""),
}  # fmt: skip
_SAU = (("enabled", _FLAG), ("protectionWhenDisabled", _PROTECTION))
_REGION = (("enabled", _FLAG), ("name", _TEXT))
_REGION_PARTS = (("base", NUMBER), ("limit", NUMBER), ("access", re.compile("[cn]")))
_CODE = re.compile(r"[+]?((0x|0X)[0-9a-fA-F]+|[0-9]+|(#|0b)[01xX]+)")


def texts_of(extra: Extra) -> dict[str, str]:
    """The plain entries by name, the first of each."""
    found: dict[str, str] = {}
    for name, value in extra:
        if isinstance(value, str):
            found.setdefault(name, value)
    return found


def put_kept(parent: Any, extra: Extra, *tags: str, otherwise: str = "") -> bool:
    """The first of these elements that was kept, in its place; tells whether there is one."""
    texts = texts_of(extra)
    for tag in tags:
        text = texts.get(tag, "")
        text = text if _FORMS[tag].fullmatch(text) else otherwise
        if text:
            put(parent, tag, text)
            return True
    return False


def put_each(parent: Any, extra: Extra, tag: str, parts: Iterable[str]) -> bool:
    """Every element ``tag`` that has what it must have: all ``parts``, the last one aside."""
    *needed, last = parts
    found = False
    for name, value in extra:
        texts = texts_of(value) if name == tag and not isinstance(value, str) else {}
        if all(_FORMS[part].fullmatch(texts.get(part, "")) for part in needed):
            element = put(parent, tag)
            for part in needed:
                put(element, part, texts[part])
            put_kept(element, tuple(texts.items()), last)
            found = True
    return found


def put_index(parent: Any, extra: Extra) -> None:
    """``dimName`` and ``dimArrayIndex``, which end the elements of an array."""
    put_kept(parent, extra, "dimName")
    for name, value in extra:
        if name != "dimArrayIndex" or isinstance(value, str):
            continue
        named = [each for tag, each in value if tag == "enumeratedValue"]
        values = [texts_of(each) for each in named if not isinstance(each, str)]
        if not values or not all(_is_value(each) for each in values):
            continue
        element = put(parent, name)
        put_kept(element, value, "headerEnumName")
        for each in values:
            inner = put(element, "enumeratedValue")
            for part in ("name", "description", "value"):
                if part in each:
                    put(inner, part, each[part])
        return


def _is_value(texts: Mapping[str, str]) -> bool:
    return bool(_NAME.fullmatch(texts.get("name", "")) and _CODE.fullmatch(texts.get("value", "")))


def put_cpu(device: Any, extra: Extra) -> None:
    """The processor, if one was stated, with all that the schema (and svd-rs) asks for."""
    for name, value in extra:
        if name == "cpu" and not isinstance(value, str):
            cpu = put(device, "cpu")
            texts = texts_of(value)
            for tag, (form, otherwise) in _CPU.items():
                text = texts.get(tag, "")
                if not form.fullmatch(text):
                    text = otherwise
                if text:
                    put(cpu, tag, text)
            for tag, inner in value:
                if tag == "sauRegionsConfig" and not isinstance(inner, str):
                    _put_regions(cpu, inner)
                    break
            return


def _put_regions(cpu: Any, config: Extra) -> None:
    element = put(cpu, "sauRegionsConfig")
    _set(element, config, _SAU)
    for tag, region in config:
        texts = texts_of(region) if tag == "region" and not isinstance(region, str) else {}
        if texts and all(form.fullmatch(texts.get(part, "")) for part, form in _REGION_PARTS):
            inner = put(element, "region")
            _set(inner, region if not isinstance(region, str) else (), _REGION)
            for part, _form in _REGION_PARTS:
                put(inner, part, texts[part])


def _set(element: Any, extra: Extra, attributes: Iterable[tuple[str, re.Pattern[str]]]) -> None:
    texts = texts_of(extra)
    for name, form in attributes:
        text = texts.get(f"@{name}", "")
        if form.fullmatch(text) and text.isprintable():
            element.set(name, text)
