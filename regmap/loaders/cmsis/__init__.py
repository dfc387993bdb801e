"""The second engine: SVD files and parsed devices of the ``cmsis-svd`` package to a ``Chip``.

It shows how the package reads a file, with what it gets wrong, so that its users can come over and
both readings can be compared. The file goes through our own safe parse first, so the package never
sees a DOCTYPE; what would take it too long is refused; what it prints becomes a warning, and what
it raises an error.
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from pathlib import PurePath
from typing import Any

from regmap.errors import Place
from regmap.loaders.cmsis.cost import refusal
from regmap.loaders.files import Files
from regmap.loaders.report import SYNTAX, WRONG_VALUE, Log, shown
from regmap.loaders.svd.document import parse_xml, text_of
from regmap.model.chip import Chip

__all__ = ["read_cmsis", "read_device"]

_FIX = "read it with the default engine, and see what it says of the file"

# Messages are about the file as a whole, or an array; what stands near its beginning is shown.
_MOST_SHOWN_BYTES = 1 << 20


def read_cmsis(data: bytes, file: str, files: Files) -> Chip | None:
    """The chip that the package reads in an SVD file, or None where it is refused or no SVD."""
    files.digest(data)
    chip = _read(data, file, files.log)
    if files.log.problems:
        files.texts[file] = text_of(data[:_MOST_SHOWN_BYTES])
    return chip


def _read(data: bytes, file: str, log: Log) -> Chip | None:
    root = parse_xml(data, file, log)
    if root is None:
        return None
    if root.tag != "device":
        text = f"<{shown(str(root.tag))}> where an SVD file has <device>"
        log.error(SYNTAX, Place(file, 1, 1), text, "is this another kind of XML?")
        return None
    refused = refusal(root)
    if refused is not None:
        place = Place(file, int(refused.element.sourceline or 1), 1)
        log.error(WRONG_VALUE, place, f"too much for cmsis-svd: {refused.text}", _FIX)
        return None
    device = _parsed(root.getroottree(), file, log)
    return None if device is None else _mapped(device, file, log)


def read_device(device: Any, log: Log) -> Chip | None:
    """The chip that a device parsed by the package is; None, with an error, where it is none."""
    return _mapped(device, "", log)


def _parsed(tree: Any, file: str, log: Log) -> Any | None:
    from cmsis_svd.parser import SVDParser  # noqa: PLC0415  (a moment, and few need it)

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            device = SVDParser(tree).get_device()
    except Exception as error:  # noqa: BLE001  (whatever a broken file provokes in the package)
        _failed("cannot read it", error, Place(file, 1, 1), log)
        return None
    for line, count in Counter(said.getvalue().splitlines()).items():
        text = f"cmsis-svd says: {shown(line)}"
        log.warning(WRONG_VALUE, Place(file, 1, 1), text, count=count)
    return device


def _mapped(device: Any, file: str, log: Log) -> Chip | None:
    from regmap.loaders.cmsis.model import Mapping  # noqa: PLC0415

    place = Place(file, 1, 1) if file else None
    mapping = Mapping()
    try:
        chip = mapping.chip(device, PurePath(file).stem or "DEVICE")
    except Exception as error:  # noqa: BLE001  (its attributes may hold anything)
        _failed("made what is no device", error, place, log)
        return None
    mapping.report(place, log)
    return chip


def _failed(what: str, error: Exception, place: Place | None, log: Log) -> None:
    text = f"cmsis-svd {what}: {type(error).__name__}: {shown(str(error))}"
    log.error(SYNTAX, place, text, _FIX)
