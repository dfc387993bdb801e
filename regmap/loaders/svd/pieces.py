"""Large SVD files, a peripheral at a time.

The tree of a file takes many times the file's size. A peripheral that nothing derives from, and in
which nothing derives, is made as soon as it is parsed, and its part of the tree is let go. The rest
is resolved at the end as in any file, so what comes of a file does not depend on how it was read.
"""

from __future__ import annotations

import re

from lxml import etree

from regmap.loaders.report import Log
from regmap.loaders.svd.chip import EMBEDDED, Device
from regmap.loaders.svd.document import OPTIONS
from regmap.model.chip import Chip

__all__ = ["LEAST_BYTES", "chip_in_pieces"]

# Smaller files are read quicker at once.
LEAST_BYTES = 12 << 20
_PIECE = 1 << 20
_DERIVED = re.compile(rb"derivedFrom\s*=\s*[\"']\s*([^\"'.]*)")


def chip_in_pieces(data: bytes, file: str, log: Log) -> Chip | None:
    """The chip of a file whose prolog is clean; None where it must be read at once, be it to tell
    what is wrong. Raises RefusedError."""
    if f"<{EMBEDDED}".encode() in data or not data.isascii():
        return None
    named = {name.decode().strip() for name in _DERIVED.findall(data)}
    parser = etree.XMLPullParser(events=("end",), tag="peripheral", **OPTIONS)
    device: Device | None = None
    try:
        for start in range(0, len(data), _PIECE):
            parser.feed(data[start : start + _PIECE])
            for _, element in parser.read_events():
                around = element.getparent()
                root = element.getroottree().getroot()
                if around.getparent() is not root or root.tag != "device":
                    return None
                if device is None:
                    device = Device(root, data, file, log, whole=True)
                device.early(element, named)
        root = parser.close()
    except etree.XMLSyntaxError:
        return None
    if device is None or root.getroottree().docinfo.internalDTD is not None:
        return None
    return device.chip() if device.complete() else None
