"""CMSIS-SVD files to a ``Chip``: a resolver of version 1.3.12 over lxml.

The way of a file: ``document`` makes a tree of it or refuses it, ``scan`` looks at each element
once, ``derive`` resolves ``derivedFrom``, ``items``, ``fields`` and ``enums`` hand properties down
and make the model, ``chip`` puts it together. What a vendor's file gets wrong is noted
(``notes``), with what it is taken for, and the rest is used; only a file that is no SVD, or that
asks for more than a device has, is an error.

Arrays stay arrays in the model, so what the specification calls expanding them is done by whoever
walks it; ``derivedFrom`` finds an array by the name of any of its elements. The order is the
specification's all the same: expand, derive, inherit.
"""

from __future__ import annotations

from typing import Any

from regmap.errors import Place
from regmap.loaders.files import Files
from regmap.loaders.report import SYNTAX, WRONG_VALUE, Log, TooManyProblemsError, shown
from regmap.loaders.svd import embedded
from regmap.loaders.svd.chip import EMBEDDED, Device
from regmap.loaders.svd.document import MOST_SVD_BYTES, parse_xml, prolog_is_clean, text_of
from regmap.loaders.svd.notes import RefusedError
from regmap.loaders.svd.pieces import LEAST_BYTES, chip_in_pieces
from regmap.model.block import Block
from regmap.model.chip import Chip

__all__ = ["MOST_SVD_BYTES", "read_svd"]

# Of a file that is no XML, messages show what stands near its beginning.
_MOST_SHOWN_BYTES = 1 << 20


def read_svd(data: bytes, file: str, files: Files, *, whole: bool = True) -> Block | Chip | None:
    """What an SVD file describes, or None where it is refused or no SVD.

    With ``whole``, all of it is resolved and all problems are in the log; without, blocks are made
    when first asked for, and only what concerns the document is told.
    """
    files.digest(data)
    log = files.log
    shown_bytes = len(data)
    try:
        if whole and LEAST_BYTES <= len(data) <= MOST_SVD_BYTES:
            chip = _in_pieces(data, file, log)
            if chip is not None or log.failed:
                return chip
        root = parse_xml(data, file, log)
        if root is None:
            shown_bytes = _MOST_SHOWN_BYTES
            return None
        if root.tag.startswith("{") and root.tag.endswith("}device"):
            _leave_namespace(root, file, log)
        if root.tag != "device":
            text = f"<{shown(str(root.tag))}> where an SVD file has <device>"
            place = Place(file, int(root.sourceline or 1), 1)
            log.error(SYNTAX, place, text, "is this another kind of XML?")
            return None
        device = Device(root, data, file, log, whole=whole)
        chip = device.chip()
        if whole:
            device.forget()  # nodes know each other in circles, which would stay for long
        if root.find(f"vendorExtensions/{EMBEDDED}") is not None:
            return embedded.restore(chip, root, file, log)
        return chip
    except (RefusedError, TooManyProblemsError):
        return None
    finally:
        if log.problems:
            files.texts[file] = text_of(data[:shown_bytes])


def _in_pieces(data: bytes, file: str, log: Log) -> Chip | None:
    return chip_in_pieces(data, file, log) if prolog_is_clean(data, file, log) else None


def _leave_namespace(root: Any, file: str, log: Log) -> None:
    """Call the elements by their names alone, where the whole file is in one namespace."""
    space = root.tag.rpartition("}")[0] + "}"
    text = f"<device> is in the namespace {shown(space[1:-1])!r}; that is not looked at"
    log.warning(WRONG_VALUE, Place(file, int(root.sourceline or 1), 1), text)
    for element in root.iter():
        element.tag = element.tag.removeprefix(space)
