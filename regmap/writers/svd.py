"""A model as CMSIS-SVD text by schema 1.3.12, the same text for the same model each time.

Every reader of SVD finds the registers and fields there, in the plainest form that SVD has for
them; this package finds the model again, with all that SVD cannot say (``svd_rest``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from regmap.model.block import Block
from regmap.model.chip import Chip
from regmap.writers.svd_device import as_chip, device_of
from regmap.writers.svd_extras import texts_of
from regmap.writers.svd_rest import digest_of, rest_of

__all__ = ["as_svd"]

# How a text is read as SVD, by the loader, which this room does not know.
ReadBack = Callable[[str], Block | Chip | None]


def as_svd(model: Block | Chip, read_back: ReadBack | None = None) -> str:
    """The SVD text of a block, chip or board.

    With ``read_back``, what SVD cannot say goes into ``vendorExtensions``; without, it is left
    out. Raises MapError for a chip with nothing in it, and for what no file can hold.
    """
    chip = as_chip(model)
    device = device_of(chip)
    theirs = _vendor_extensions(chip)
    text = _text(device, theirs, None)
    if read_back is None:
        return text
    # The digest is that of the text as it is read: without indentation.
    read = etree.fromstring(text.encode(), etree.XMLParser(remove_blank_text=True))
    plain = read_back(text)
    ours = rest_of(model, chip, plain if isinstance(plain, Chip) else None)
    if ours is None:
        return text
    ours.set("sha256", digest_of(read))
    return _text(device, theirs, ours)


def _vendor_extensions(chip: Chip) -> str:
    """What a vendor put there, if it is XML on its own."""
    kept = texts_of(chip.extra).get("vendorExtensions", "")
    try:
        element = _parsed(kept)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    # The schema has elements there, and no text.
    texts = [element.text, *(child.tail for child in element)]
    is_ours = any(child.tag == "regmap" for child in element)
    return "" if is_ours or any(text and text.strip() for text in texts) else kept


def _parsed(content: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    return etree.fromstring(f"<vendorExtensions>{content}</vendorExtensions>".encode(), parser)


def _text(device: Any, theirs: str, ours: Any | None) -> str:
    if theirs or ours is not None:
        extensions = _parsed(theirs)
        if ours is not None:
            extensions.append(ours)
        device.append(extensions)
    etree.indent(device, "  ")
    text = etree.tostring(device, encoding="unicode")
    if theirs or ours is not None:
        device.remove(device[-1])
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'
