"""SVD bytes to an XML tree, safely: no DOCTYPE, no entities, no network, bounded size and depth.

A DOCTYPE is looked for twice: by expat in the prolog, before lxml sees the file, and by lxml in
what it parsed. Encodings that expat does not know are refused, so that the two cannot read the
same bytes differently.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from lxml import etree

from regmap.errors import Place
from regmap.loaders.report import SYNTAX, Log

__all__ = ["MOST_SVD_BYTES", "parse_xml"]

# The largest vendor file in sight has 25 MB.
MOST_SVD_BYTES = 64 << 20


class _DoctypeError(Exception):
    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.line = line
        self.column = column


class _RootReached(Exception):
    """No error: the prolog is clean."""


def parse_xml(data: bytes, file: str, log: Log) -> Any | None:
    """The tree of an SVD file, without comments; None where it is refused or no XML."""
    if len(data) > MOST_SVD_BYTES:
        text = f"larger than {MOST_SVD_BYTES >> 20} MiB"
        log.error(SYNTAX, Place(file, 1, 1), text, "take out what is not needed")
        return None
    if not _prolog_is_clean(data, file, log):
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        text = (error.msg or "no XML").rsplit(", line", 1)[0]
        log.error(SYNTAX, Place(file, max(line, 1), max(column, 1)), text, "mend the XML")
        return None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        _refuse_doctype(Place(file, 1, 1), log)
        return None
    return tree


def _refuse_doctype(place: Place, log: Log) -> None:
    fix = "remove it: an SVD file needs none, and it can read files and fill memory"
    log.error(SYNTAX, place, "a DOCTYPE is refused", fix)


def _prolog_is_clean(data: bytes, file: str, log: Log) -> bool:
    parser = expat.ParserCreate()

    def doctype(*_arguments: object) -> None:
        raise _DoctypeError(parser.CurrentLineNumber, parser.CurrentColumnNumber)

    def root(*_arguments: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        # A prolog is short; a long one is read on in pieces until the first element.
        for start in range(0, len(data), 65_536):
            parser.Parse(data[start : start + 65_536], False)
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
