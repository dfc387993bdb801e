"""What a client says: a line to a request and back."""

from __future__ import annotations

import re
from typing import NamedTuple

from regmap.wire.lines import TAG, WireError
from regmap.wire.words import ARTICLE, FORMS, PINS, VERSION, check

__all__ = ["VERBS", "Request", "parse", "request_line"]

VERBS = (*FORMS, "BATCH")
_IN_BATCH = ("GET", "SET", "MODIFY")
_PRINTABLE = re.compile(rb"[ -~]*")


class Request(NamedTuple):
    """One request, the form of its words checked; ``parts`` are those of a BATCH."""

    tag: str
    verb: str
    args: tuple[str, ...] = ()
    parts: tuple[Request, ...] = ()


def parse(line: bytes, *, hello: bool) -> Request:
    """The request of a line without its LF. ``hello``: the client has said ``HELLO 2``.

    Raises WireError, with the line's tag where it has one that may be said back.
    """
    known = _KNOWN.get(line)
    if known is not None:
        return known
    if line[:1] != b"@":
        return _request("", line, hello=hello)
    if not hello:
        raise WireError("hello", f"say HELLO {VERSION} before a line with an @ID")
    found = TAG.match(line)
    if found is None:
        raise WireError("syntax", "@ID is 1 to 32 of A-Z a-z 0-9 . _ - and a space")
    tag, rest = found[1].decode("ascii"), line[found.end() :]
    known = _KNOWN.get(rest)
    if known is not None:
        return Request(tag, known.verb, known.args)
    try:
        return _request(tag, rest, hello=True)
    except WireError as error:
        error.tag = tag
        raise


def _request(tag: str, line: bytes, *, hello: bool) -> Request:
    if not line:
        raise WireError("syntax", "the line is empty")
    if not _PRINTABLE.fullmatch(line):
        raise WireError("syntax", "a line is printable ASCII")
    verb, space, rest = line.decode("ascii").partition(" ")
    if verb not in FORMS and verb != "BATCH":
        raise WireError("unknown", "no such command")
    if verb not in ARTICLE and not hello:
        raise WireError("hello", f"say HELLO {VERSION} before {verb}")
    if verb == "BATCH":
        return Request(tag, verb, (), tuple(map(_part, rest.split("; "))))
    words = tuple(rest.split(" ")) if space else ()
    check(verb, words)
    return Request(tag, verb, words)


def _part(text: str) -> Request:
    verb, _, rest = text.partition(" ")
    if verb not in _IN_BATCH:
        raise WireError("syntax", f"a BATCH is made of {', '.join(_IN_BATCH)}, parted by '; '")
    words = tuple(rest.split(" "))
    check(verb, words)
    return Request("", verb, words)


def request_line(request: Request) -> str:
    """The line of a request, without LF."""
    text = " ".join((request.verb, *request.args))
    if request.parts:
        text += " " + "; ".join(map(request_line, request.parts))
    return f"@{request.tag} {text}" if request.tag else text


def _known() -> dict[bytes, Request]:
    """Every line of the article but HELLO: so few that looking them up is their parser."""
    pins = [str(pin) for pin in range(PINS)]
    requests = [Request("", "READALL"), *(Request("", "READ", (pin,)) for pin in pins)]
    requests += (Request("", "WRITE", (pin, level)) for pin in pins for level in ("0", "1"))
    requests += (Request("", "MODE", (pin, mode)) for pin in pins for mode in ("IN", "OUT"))
    return {request_line(request).encode("ascii"): request for request in requests}


_KNOWN = _known()
