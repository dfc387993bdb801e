"""What a plain (unquoted) scalar of YAML means here: YAML 1.2's core schema, made strict.

Two extensions: numbers may be binary (``0b101``) and may hold ``_`` between digits. One
restriction: a text that another YAML reader takes for something else (``7:4`` is 424 and ``010``
is 8 and ``on`` is true by YAML 1.1) is no value at all but ``Ambiguous``, and an error unless
it is quoted. Prefixes are lower-case, so ``0X10`` is a text, as in every YAML.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

__all__ = ["Ambiguous", "Huge", "Value", "plain_value"]

Value = str | int | float | bool | None


class Ambiguous(str):
    """A plain scalar that YAML versions read differently; as a text it is what was written."""

    __slots__ = ()


class Huge(Ambiguous):
    """A number of more digits than any register has."""

    __slots__ = ()


_MOST_DIGITS = 100

_NUMBER = re.compile(
    r"""(?P<decimal>[-+]?(?:0|[1-9](?:_?[0-9])*))
      | (?P<based>0x[0-9a-fA-F](?:_?[0-9a-fA-F])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*)
      | (?P<ambiguous>[-+]?(?: 0[0-9_]+                         # octal or not
                             | [0-9][0-9_]*                     # 1_ and 1__0
                             | 0x[0-9a-fA-F_]+ | 0b[01_]+ | 0o[0-7_]+      # signed, or 0x_1
                             | [0-9][0-9_]*(?::[0-9_]+)+(?:\.[0-9_]*)?     # base 60
                             | (?:[0-9][0-9_]*)?\.[0-9_]*_[0-9_]*(?:[eE][-+]?[0-9]+)?
                             | [0-9][0-9_]*_[0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)? ))
      | (?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
      | (?P<infinite>[-+]?\.(?:inf|Inf|INF)) | (?P<nan>\.(?:nan|NaN|NAN))
    """,
    re.VERBOSE,
)
# The same for texts of any length, in one pass.
_LONG_NUMBER = re.compile(r"[-+]?(?:0[xob][0-9a-fA-F_]+|\.?[0-9][0-9_.:]*(?:[eE][-+]?[0-9]+)?)")
_NUMERIC = frozenset("0123456789+-.")


def _words() -> dict[str, Value]:
    words: dict[str, Value] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
    words.update(dict.fromkeys(("true", "True", "TRUE"), True))
    words.update(dict.fromkeys(("false", "False", "FALSE"), False))
    for word in ("y", "n", "yes", "no", "on", "off"):
        for letters in product(*((each, each.upper()) for each in word)):
            text = "".join(letters)
            words[text] = Ambiguous(text)
    return words


_WORDS = _words()


def plain_value(text: str) -> Value:
    """What ``text`` means when it stands unquoted; a ``str`` for everything that is text."""
    if text[:1] in _NUMERIC and text:
        if len(text) > _MOST_DIGITS:
            return Huge(text) if _LONG_NUMBER.fullmatch(text) else text
        return _number(text)
    return _WORDS.get(text, text)


@lru_cache(maxsize=4096)
def _number(text: str) -> Value:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    kind = match.lastgroup
    if kind == "ambiguous":
        return Ambiguous(text)
    if kind == "decimal":
        return int(text)
    if kind == "based":
        return int(text, 0)
    if kind == "float":
        return float(text)
    return float(text.replace(".", ""))
