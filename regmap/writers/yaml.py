"""A plain mapping as YAML text: pleasant to read, and the same each time.

What has names of its own (registers, fields, enums, ...) stands in block style, one entry below the
other, so that a change is a change of few lines. What is short and has no such thing in it stands
on one line in braces. A text is quoted only where this or another YAML reader would take it for
something else, and folded where it is long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from regmap.writers.plain import AsWritten, Hex, Mapping, refuse

__all__ = ["as_yaml"]

_COLUMNS = 100
_INDENT = 2
# Never on one line: each entry has a name that a reader looks for.
_NAMED = frozenset(
    {
        "blocks", "enums", "fields", "fixed-pins", "groups", "instances", "lines", "members",
        "pins", "registers", "views", "windows",
    }
)  # fmt: skip
# Of the keys whose mapping may stand in braces within braces.
_PARTS = frozenset({"array", "constraint", "enum", "locator", "output"})
# Each entry of these is a chapter of its own.
_CHAPTERS = frozenset({"blocks"})

# Words that YAML readers of one version or another take for something else than a text.
_WORDS = frozenset({"null", "true", "false", "y", "n", "yes", "no", "on", "off"})
# The whole of a text that is the same in every version and needs no quotes; in braces, and outside.
_INSIDE = re.compile(r"[^\W\d](?:[^\s,\[\]{}:?#\"'`\\]|(?<! ) (?=[^ #]))*|[1-9][0-9]*[a-zA-Z]\w*")
_OUTSIDE = re.compile(r"(?:[^\W\d]|[0-9(](?=.*[ ]))(?:[^\s:#]|:(?=[^ ])|(?<! )\#|[ ](?=[^ #]))*")
# What is a number, in some YAML, although it begins with a digit and has letters in it.
_NUMERIC = re.compile(r"[0-9][0-9_]*[eExXoObB.][0-9a-fA-F_+.-]*|[0-9]{4}-.*")
_KEPT_NUMBER = re.compile(r"0|[1-9][0-9]{0,60}|0x[0-9a-fA-F]{1,60}")
# What stands as it is in double quotes: what the loader takes and a terminal shows.
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 1000


def as_yaml(mapping: Mapping) -> str:
    """The text of a file that holds the mapping.

    Raises MapError for a text that no file of UTF-8 can hold.
    """
    lines: list[str] = []
    was_chapter = False
    for key, value in mapping.items():
        own = list(_entry(key, value, 0))
        is_chapter = key in _NAMED and len(own) > 1
        if lines and (is_chapter or was_chapter):
            lines.append("")
        was_chapter = is_chapter
        lines += own
    return "\n".join(lines) + "\n"


def _entry(key: str | int, value: Any, indent: int) -> Iterator[str]:
    """The lines of one entry of a mapping in block style."""
    head = f"{' ' * indent}{_key(key)}:"
    if isinstance(value, dict):
        flow = "{}" if not value else None if key in _NAMED else _braces(value)
        if flow is not None and (not value or _fits(head, flow)):
            yield f"{head} {flow}"
            return
        yield head
        for number, (inner, below) in enumerate(value.items()):
            if number and key in _CHAPTERS:
                yield ""
            yield from _entry(inner, below, indent + _INDENT)
    elif isinstance(value, list):
        yield from _list(head, value, indent)
    else:
        yield from _value(head, value, indent)


def _fits(head: str, rest: str) -> bool:
    return len(head) + 1 + len(rest) <= _COLUMNS


def _list(head: str, value: list[Any], indent: int) -> Iterator[str]:
    flow = _brackets(value)
    if not value or (flow is not None and _fits(head, flow)):
        yield f"{head} {flow}"
        return
    if any(isinstance(item, dict | list) for item in value):
        yield head
        for item in value:
            yield from _item(item, indent + _INDENT)
        return
    # As many on a line as there is room for.
    yield from _wrapped(f"{head} [", [f"{_scalar(item)}," for item in value], indent + _INDENT, "]")


def _item(item: Any, indent: int) -> Iterator[str]:
    """One item of a list, on lines of its own."""
    head = f"{' ' * indent}-"
    flow = _flow(item)
    if flow is not None and (not isinstance(item, dict | list) or not item or _fits(head, flow)):
        yield f"{head} {flow}"
        return
    first = head + " "
    for line in _below(item, indent + _INDENT):
        yield first + line[len(first) :] if first else line
        first = ""


def _below(item: Mapping | list[Any], indent: int) -> Iterator[str]:
    if isinstance(item, dict):
        for key, value in item.items():
            yield from _entry(key, value, indent)
    else:
        for each in item:
            yield from _item(each, indent)


def _value(head: str, value: Any, indent: int) -> Iterator[str]:
    """A scalar: behind its key, or below it where it is long."""
    if not isinstance(value, str):
        yield f"{head} {_scalar(value)}"
        return
    if "\n" in value and _is_literal(value):
        yield f"{head} |-"
        for line in value.split("\n"):
            yield f"{' ' * (indent + _INDENT)}{line}" if line else ""
        return
    text = _text(value, _OUTSIDE)
    if _fits(head, text) or not _is_folded(value):
        yield f"{head} {text}"
        return
    yield f"{head} >-"
    yield from _wrapped("", value.split(" "), indent + _INDENT, "")


def _wrapped(first: str, words: list[str], indent: int, end: str) -> Iterator[str]:
    """Words on lines that end before the last column; ``first`` begins the first of them."""
    margin = " " * indent
    line = first or margin
    empty = True
    words = [*words[:-1], words[-1].removesuffix(",") + end] if end else words
    for word in words:
        if not empty and len(line) + 1 + len(word) > _COLUMNS:
            yield line
            line, empty = margin, True
        line += word if empty else f" {word}"
        empty = False
    yield line


def _is_folded(text: str) -> bool:
    """Whether a text is words with one blank between them, so that folding gives it back."""
    return text.isprintable() and " " in text and text == " ".join(text.split())


def _is_literal(text: str) -> bool:
    """Whether a text stands as it is under ``|-``."""
    lines = text.split("\n")
    return (
        lines[0][:1] not in {" ", ""}
        and lines[-1] != ""
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )


def _flow(value: Any) -> str | None:
    """A value on one line, or None where it belongs on several."""
    if isinstance(value, dict):
        return _braces(value)
    return _brackets(value) if isinstance(value, list) else _scalar(value)


def _braces(value: Mapping) -> str | None:
    parts = []
    for key, inner in value.items():
        if isinstance(inner, dict) and key not in _PARTS:
            return None
        flow = _flow(inner)
        if flow is None or len(flow) > _COLUMNS:
            return None
        parts.append(f"{_key(key)}: {flow}")
    return f"{{{', '.join(parts)}}}"


def _brackets(value: list[Any]) -> str | None:
    parts = [None if isinstance(item, dict) else _flow(item) for item in value]
    return None if None in parts else f"[{', '.join(map(str, parts))}]"


def _scalar(value: Any) -> str:
    """A value inside of braces, brackets or an item of a list."""
    if isinstance(value, str):
        return _text(value, _INSIDE)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Hex) and (value.digits or value > 9):
        return f"0x{value:0{value.digits}X}"
    return str(int(value))


def _key(key: str | int) -> str:
    if not isinstance(key, str):
        return str(key)
    text = _text(key, _INSIDE)
    if len(text) > _LONGEST_KEY:
        raise refuse(f"the name {key[:20]!a}... has too many odd characters", None)
    # Without quotes, this would be a note that the loader passes over.
    return f'"{key}"' if text.startswith("x-") else text


def _text(text: str, plain: re.Pattern[str]) -> str:
    """A text as a scalar, in quotes where it needs them."""
    if plain.fullmatch(text) and text.lower() not in _WORDS and not _NUMERIC.fullmatch(text):
        if text.isprintable():
            return text
    elif isinstance(text, AsWritten) and (
        _KEPT_NUMBER.fullmatch(text) or text in {"true", "false"}
    ):
        return str(text)
    if text.isprintable():
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        if "'" not in text:
            return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    found = _ESCAPES.get(character)
    if found is not None:
        return found
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        text = f"a text holds half a character, U+{code:04X}"
        raise refuse(text, None, "no file can hold it; remove it")
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
