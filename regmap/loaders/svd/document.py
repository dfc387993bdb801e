"""SVD bytes to an XML tree, safely: no DOCTYPE, no entities, no network, bounded size and depth.

A DOCTYPE is looked for twice: by expat in the prolog, before lxml sees the file, and by lxml in
what it parsed. Encodings that expat does not know are refused, so that the two cannot read the
same bytes differently. How much memory a tree takes depends on what is in it rather than on the
file's size, so elements and attributes are counted before anything is parsed.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from lxml import etree

from regmap.errors import Place
from regmap.loaders.report import SYNTAX, Log

__all__ = ["MOST_SVD_BYTES", "OPTIONS", "parse_xml", "prolog_is_clean", "text_of"]

# How lxml parses what somebody else has written.
OPTIONS = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_blank_text": True,
    "remove_comments": True,
    "remove_pis": True,
}

# The largest vendor file in sight has 25 MB and 600,000 elements.
MOST_SVD_BYTES = 64 << 20
_MOST_ELEMENTS = 2_500_000
_MOST_ATTRIBUTES = 1_000_000
# An element takes at least four bytes and an attribute six.
_LEAST_COUNTED = 6_000_000

# Of what the parser says: it quotes the file.
_MOST_SHOWN = 200

_UNPRINTABLE = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\U0010ffff]+")
_HARMLESS = bytes((*b"\t\n\r", *range(0x20, 0x7F), *range(0x80, 0x100)))
# In UTF-8: the second row of control characters, and two more ends of a line.
_CONTROLS = re.compile(b"\xc2[\x80-\x9f]")
_ENDS = (b"\xe2\x80\xa8", b"\xe2\x80\xa9")


class _DoctypeError(Exception):
    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.line = line
        self.column = column


class _RootReached(Exception):
    """No error: the prolog is clean."""


def parse_xml(data: bytes, file: str, log: Log) -> Any | None:
    """The root of an SVD file, without comments; None where it is refused or no XML."""
    if len(data) > MOST_SVD_BYTES:
        text = f"larger than {MOST_SVD_BYTES >> 20} MiB"
        log.error(SYNTAX, Place(file, 1, 1), text, "take out what is not needed")
        return None
    if not prolog_is_clean(data, file, log) or not _is_of_a_size(data, file, log):
        return None
    try:
        root = etree.fromstring(data, etree.XMLParser(**OPTIONS))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        text = (error.msg or "no XML").rsplit(", line", 1)[0][:_MOST_SHOWN]
        log.error(SYNTAX, Place(file, max(line, 1), max(column, 1)), text, "mend the XML")
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse_doctype(Place(file, 1, 1), log)
        return None
    return root


def text_of(data: bytes) -> str:
    """The file's text for messages, without what could steer a terminal."""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = data.decode(encoding, "replace")
    # Looking at each character of megabytes would take longer than parsing them.
    if encoding == "utf-8-sig" and _is_harmless(data):
        return text
    return _UNPRINTABLE.sub(lambda bad: "\ufffd" * len(bad[0]), text)


def _is_harmless(data: bytes) -> bool:
    if data.translate(None, _HARMLESS):
        return False
    return data.isascii() or not (_CONTROLS.search(data) or any(end in data for end in _ENDS))


def _refuse_doctype(place: Place, log: Log) -> None:
    fix = "remove it: an SVD file needs none, and it can read files and fill memory"
    log.error(SYNTAX, place, "a DOCTYPE is refused", fix)


def _is_of_a_size(data: bytes, file: str, log: Log) -> bool:
    if len(data) < _LEAST_COUNTED:
        return True
    for what, count, most in (
        ("elements", data.count(b"<") - data.count(b"</"), _MOST_ELEMENTS),
        ("attributes", data.count(b"="), _MOST_ATTRIBUTES),
    ):
        if count > most:
            text = f"more than {most:,} {what}"
            log.error(SYNTAX, Place(file, 1, 1), text, "take out what is not needed")
            return False
    return True


def prolog_is_clean(data: bytes, file: str, log: Log) -> bool:
    """Whether there is no DOCTYPE before the first element; the log says why not."""
    parser = expat.ParserCreate()

    def doctype(*_arguments: object) -> None:
        raise _DoctypeError(parser.CurrentLineNumber, parser.CurrentColumnNumber)

    def root(*_arguments: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        # A prolog is short; a long one is read on in pieces until the first element.
        size = 4_096
        for start in range(0, len(data), size):
            parser.Parse(data[start : start + size], False)
        parser.Parse(b"", True)
    except _RootReached:
        return True
    except _DoctypeError as found:
        _refuse_doctype(Place(file, found.line, found.column + 1), log)
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        column = getattr(error, "offset", 0) + 1
        text = str(error).rsplit(": line", 1)[0]
        log.error(SYNTAX, Place(file, line, column), f"no XML: {text}", "save it as UTF-8 XML")
    return False
