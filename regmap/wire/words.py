"""The words of a request: which a verb takes, and of what form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from regmap.wire.lines import WireError

__all__ = ["ARTICLE", "EDGES", "FORMS", "LONGEST_WAIT_MS", "PINS", "VERSION", "check", "number"]

VERSION = 2
PINS = 17
LONGEST_WAIT_MS = 3_600_000
EDGES = ("RISING", "FALLING", "BOTH")

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,19})")
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]{1,32}|0[bB][01]{1,128}|[0-9]{1,40})")
_VALUE = re.compile(r"-?[A-Za-z0-9_]+")
_PATH = re.compile(r"[A-Za-z0-9_]+(?:\[[0-9]{1,9}\])*(?:\.[A-Za-z0-9_]+(?:\[[0-9]{1,9}\])*)*")
_GLOB = re.compile(r"[A-Za-z0-9_*?.\[\]]+")


def _pin(word: str) -> None:
    if not _DECIMAL.fullmatch(word):
        raise WireError("syntax", f"{word[:32]} is not a number")
    if int(word) >= PINS:
        raise WireError("pin", f"no pin {word}; there are 0 to {PINS - 1}")


def _level(word: str) -> None:
    if not _DECIMAL.fullmatch(word):
        raise WireError("syntax", f"{word[:32]} is not a number")
    if word not in {"0", "1"}:
        raise WireError("value", "a value is 0 or 1")


def _mode(word: str) -> None:
    if word not in {"IN", "OUT"}:
        raise WireError("mode", "a mode is IN or OUT")


def _edge(word: str) -> None:
    if word not in EDGES:
        raise WireError("mode", f"an edge is {', '.join(EDGES)}")


def _path(word: str) -> None:
    if not _PATH.fullmatch(word):
        raise WireError("syntax", f"{word[:64]} is not a path")


def _value(word: str) -> None:
    if not _VALUE.fullmatch(word):
        raise WireError("syntax", f"{word[:64]} is neither a number nor a name")


def _pair(word: str) -> None:
    path, equals, value = word.partition("=")
    if not equals:
        raise WireError("syntax", f"{word[:64]} is not PATH=VALUE")
    _path(path)
    _value(value)


def _milliseconds(word: str) -> None:
    if not _DECIMAL.fullmatch(word):
        raise WireError("syntax", f"{word[:32]} is not a number")
    if int(word) > LONGEST_WAIT_MS:
        raise WireError("value", f"the longest wait is {LONGEST_WAIT_MS} ms")


def _version(word: str) -> None:
    if not _DECIMAL.fullmatch(word):
        raise WireError("syntax", f"{word[:32]} is not a number")
    if word != str(VERSION):
        raise WireError("hello", f"this speaks version {VERSION}")


def _glob(word: str) -> None:
    if not _GLOB.fullmatch(word):
        raise WireError("syntax", f"{word[:64]} is not a pattern of paths")


_Check = Callable[[str], None]


class _Form(NamedTuple):
    """The words after a verb: ``least`` of the ``words``; the last one repeats with ``more``."""

    words: tuple[_Check, ...]
    usage: str
    least: int = -1
    more: bool = False


ARTICLE = {
    "READ": _Form((_pin,), "PIN"),
    "WRITE": _Form((_pin, _level), "PIN 0|1"),
    "MODE": _Form((_pin, _mode), "PIN IN|OUT"),
    "READALL": _Form((), ""),
    "HELLO": _Form((_version,), str(VERSION)),
}
FORMS = ARTICLE | {
    "GET": _Form((_path,), "PATH...", more=True),
    "SET": _Form((_pair,), "PATH=VALUE...", more=True),
    "MODIFY": _Form((_pair,), "PATH=VALUE...", more=True),
    "CAS": _Form((_path, _value, _value), "PATH OLD NEW"),
    "WAIT": _Form((_pair, _milliseconds), "PATH=VALUE TIMEOUT_MS"),
    "LIST": _Form((_glob,), "[GLOB]", least=0),
    "DESCRIBE": _Form((_path,), "PATH"),
    "STATS": _Form((), ""),
    "DRIVE": _Form((_pin, _level), "PIN 0|1"),
    "SUBSCRIBE": _Form((_pin, _edge), "PIN RISING|FALLING|BOTH"),
    "UNSUBSCRIBE": _Form((_pin,), "PIN"),
}


def check(verb: str, words: tuple[str, ...]) -> None:
    """Raise WireError unless these words may follow the verb."""
    form = FORMS[verb]
    most = len(form.words)
    least = most if form.least < 0 else form.least
    # Two spaces, or one at the end, leave a word of nothing.
    if len(words) < least or (len(words) > most and not form.more) or "" in words:
        raise WireError("syntax", f"expected {verb} {form.usage}".rstrip())
    for number_of, word in enumerate(words):
        form.words[min(number_of, most - 1)](word)


def number(word: str) -> int | None:
    """A VALUE as a number (``12``, ``0xC``, ``0b1100``), None where it is a name instead."""
    if not _NUMBER.fullmatch(word):
        return None
    return int(word, 0 if word.lstrip("-")[1:2].isalpha() else 10)
