"""Models as JSON text and back, for a store of our own: nothing in such a text is ever executed.

Generic over the frozen data of the model: what a class takes and of which type is read off its
annotations, so a new attribute needs no line here. Attributes that have their default value are
left out. Enums and blocks that are one object are written once and
come back as one. Places in ``file`` are written without its name and come back under the name
that the file has then. A text that is not exactly what ``dumps`` would write of some model is
refused: a wrong type, an unknown name or word, a missing attribute, a reference into nowhere.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum as PythonEnum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast

from regmap.errors import Place
from regmap.model.block import Block, Enum, Extra
from regmap.model.expr import Count, NamePattern, Path

__all__ = ["CodecError", "dumps", "loads"]

T = TypeVar("T")

# What several owners hold together; by identity, since layout makes one class of one object.
_SHARED = (Block, Enum)
# Kept as their text; parsing it again is the check that it is one.
_PARSED = (NamePattern, Path, Count)
# Names the class of an object where an attribute may hold one of several.
_TAG = "@"


class CodecError(ValueError):
    """The text is no model."""


class _Out:
    """One writing: what is shared, in an order in which each refers only to earlier ones."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows: list[Any] = []
        self.numbers: dict[int, int] = {}


class _In:
    """One reading."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.shared: list[Any] = []


class _Codec(typing.NamedTuple):
    write: Callable[[Any, _Out], Any]
    read: Callable[[Any, _In], Any]
    kinds: tuple[type, ...]


def dumps(model: object, kind: Any = None, *, file: str = "") -> str:
    """``model`` as text; ``kind`` is its type as an annotation says it (by default its class).

    A deferred block is made. Raises TypeError for what no such type holds.
    """
    out = _Out(file)
    root = _root(kind or type(model)).write(model, out)
    return json.dumps([out.rows, root], ensure_ascii=True, separators=(",", ":"))


def loads(text: str | bytes, kind: type[T], *, file: str = "") -> T:
    """The model in ``text``, of type ``kind``. Raises CodecError for anything else."""
    state = _In(file)
    try:
        document = json.loads(text)
        if type(document) is not list or len(document) != 2 or type(document[0]) is not list:
            raise CodecError("this is no model")
        codecs = [_object(each) for each in _SHARED]
        for row in document[0]:
            if type(row) is not list or len(row) != 2 or row[0] not in {0, 1}:
                raise CodecError("a shared object has no kind")
            state.shared.append(codecs[row[0]].read(row[1], state))
        return cast("T", _root(kind).read(document[1], state))
    except CodecError:
        raise
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise CodecError(f"{type(error).__name__}: {str(error)[:200]}") from error


# ---- from annotations to codecs ----------------------------------------------------------------


def _codec(hint: Any) -> _Codec:
    """How values of one annotation are written and read."""
    if isinstance(hint, typing.ForwardRef):
        hint = Extra  # the one type that holds itself
    found = _CODECS.get(hint)
    if found is None:
        found = _CODECS[hint] = _made(hint)
    return found


def _root(kind: Any) -> _Codec:
    return _object(kind) if kind in _SHARED else _codec(kind)


def _made(hint: Any) -> _Codec:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union([_codec(each) for each in inner])
    if origin is Literal:
        return _literal(inner)
    if origin is tuple:
        return _row_of(inner) if inner[-1] is not Ellipsis else _many(inner[0])
    if origin is Mapping or hint is Mapping:
        return _mapping(*inner)
    if isinstance(hint, type) and issubclass(hint, PythonEnum):
        return _words(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint) if hint in _SHARED else _object(hint)
    raise TypeError(f"no model holds {hint!r}")


def _plain(kind: type) -> _Codec:
    def write(value: Any, _: _Out) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} where {kind.__name__} belongs")
        return value

    def read(raw: Any, _: _In) -> Any:
        if type(raw) is not kind:
            raise CodecError(f"{type(raw).__name__} where {kind.__name__} belongs")
        return raw

    return _Codec(write, read, (kind,))


def _literal(words: tuple[Any, ...]) -> _Codec:
    def read(raw: Any, _: _In) -> Any:
        return words[words.index(raw)]

    return _Codec(lambda value, _: words[words.index(value)], read, (str,))


def _words(kind: type[PythonEnum]) -> _Codec:
    known = {each.value: each for each in kind}
    return _Codec(lambda value, _: kind(value).value, lambda raw, _: known[raw], (kind,))


def _many(hint: Any) -> _Codec:
    """Any number of one type."""
    each = _later(hint)

    def write(value: Any, out: _Out) -> Any:
        one = each().write
        return [one(item, out) for item in value]

    def read(raw: Any, state: _In) -> Any:
        if type(raw) is not list:
            raise CodecError("a list belongs here")
        one = each().read
        return tuple([one(item, state) for item in raw])

    return _Codec(write, read, (tuple,))


def _row_of(hints: tuple[Any, ...]) -> _Codec:
    """A stated number of stated types."""
    parts = [_later(hint) for hint in hints]
    readers: list[Callable[[Any, _In], Any]] = []

    def write(value: Any, out: _Out) -> Any:
        return [part().write(item, out) for part, item in zip(parts, value, strict=True)]

    def read(raw: Any, state: _In) -> Any:
        if type(raw) is not list:
            raise CodecError("a list belongs here")
        if not readers:
            readers[:] = [part().read for part in parts]
        return tuple([one(item, state) for one, item in zip(readers, raw, strict=True)])

    return _Codec(write, read, (tuple,))


def _mapping(key: Any, value: Any) -> _Codec:
    """Pairs: a key may be a number, and the order counts."""
    pairs = _many(tuple[key, value])

    def read(raw: Any, state: _In) -> Any:
        found = pairs.read(raw, state)
        made = dict(found)
        if len(made) != len(found):
            raise CodecError("a key stands twice")
        return made

    return _Codec(lambda value, out: pairs.write(value.items(), out), read, (dict,))


def _union(parts: list[_Codec]) -> _Codec:
    """One of several, told apart by what stands there; objects by their tag."""
    by_kind = {kind: part for part in parts for kind in part.kinds}
    objects = {kind.__name__: by_kind[kind] for kind in by_kind if is_dataclass(kind)}
    tagged = len(objects) > 1
    # How each kind looks in JSON.
    by_shape: dict[type, _Codec] = {}
    for kind, part in by_kind.items():
        shape: type = kind
        if is_dataclass(kind):
            shape = _shape_of(kind)
        elif issubclass(kind, PythonEnum):
            shape = str
        elif kind is tuple:
            shape = list
        by_shape[shape] = part

    def write(value: Any, out: _Out) -> Any:
        raw = by_kind[type(value)].write(value, out)
        return {_TAG: type(value).__name__, **raw} if tagged and type(raw) is dict else raw

    def read(raw: Any, state: _In) -> Any:
        if tagged and type(raw) is dict:
            return objects[raw.pop(_TAG)].read(raw, state)
        return by_shape[type(raw)].read(raw, state)

    return _Codec(write, read, tuple(by_kind))


# ---- objects -----------------------------------------------------------------------------------


def _shape_of(kind: type) -> type:
    """How an object looks in JSON: a number where it is shared, a text where it is parsed, a list
    of values where it is small, else its attributes by name."""
    if kind in _SHARED:
        return int
    if kind in _PARSED:
        return str
    return dict if any(each.kw_only for each in _fields(kind)) else list


def _fields(kind: type) -> list[Field[Any]]:
    return [each for each in fields(cast("Any", kind)) if each.init]


@cache
def _object(kind: type) -> _Codec:
    if kind is Place:
        return _Codec(_write_place, _read_place, (Place,))
    if kind in _PARSED:
        return _parsed(kind)
    return _row(kind) if _shape_of(kind) is list else _named(kind)


def _write_place(place: Place, out: _Out) -> Any:
    raw = [place.line, place.column]
    if place.file == out.file:
        return raw if place.width == 1 else [*raw, place.width]
    return [*raw, place.width, place.file]


def _read_place(raw: Any, state: _In) -> Place:
    if type(raw) is not list or not 2 <= len(raw) <= 4:
        raise CodecError("no place")
    file = raw.pop() if len(raw) == 4 else state.file
    for number in raw:
        if type(number) is not int:
            raise CodecError("a place has a line and a column")
    if type(file) is not str:
        raise CodecError("a file has a name")
    return Place(file, *raw)


def _parsed(kind: Any) -> _Codec:
    def write(value: Any, _: _Out) -> str:
        text: str = value.text
        if kind.parse(text) != value:
            raise TypeError(f"{value!r} is not what its text says")
        return text

    def read(raw: Any, _: _In) -> Any:
        if type(raw) is not str:
            raise CodecError(f"no {kind.__name__}")
        return kind.parse(raw)

    return _Codec(write, read, (kind,))


def _row(kind: type) -> _Codec:
    """The values in the order of the attributes."""
    hints = typing.get_type_hints(kind)
    names = [each.name for each in _fields(kind)]
    values = _row_of(tuple(hints[name] for name in names))

    def write(value: Any, out: _Out) -> Any:
        return values.write([getattr(value, name) for name in names], out)

    return _Codec(write, lambda raw, state: kind(*values.read(raw, state)), (kind,))


def _named(kind: type) -> _Codec:
    """The attributes that are not their default, by name."""
    hints = typing.get_type_hints(kind)
    parts = {each.name: _later(hints[each.name]) for each in _fields(kind)}
    defaults = {each.name: _default(each) for each in _fields(kind)}
    readers: dict[str, Callable[[Any, _In], Any]] = {}

    def write(value: Any, out: _Out) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{type(value).__name__} where {kind.__name__} belongs")
        raw = {}
        for name, part in parts.items():
            item = getattr(value, name)
            if item != defaults[name]:
                raw[name] = part().write(item, out)
        return raw

    def read(raw: Any, state: _In) -> Any:
        if type(raw) is not dict:
            raise CodecError(f"no {kind.__name__}")
        if not readers:
            readers.update({name: part().read for name, part in parts.items()})
        return kind(**{name: readers[name](item, state) for name, item in raw.items()})

    return _Codec(write, read, (kind,))


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _reference(kind: type) -> _Codec:
    """The number of a shared object."""
    which = _SHARED.index(kind)

    def write(value: Any, out: _Out) -> Any:
        number = out.numbers.get(id(value))
        if number is None:
            row = [which, _object(kind).write(value, out)]
            number = out.numbers[id(value)] = len(out.rows)
            out.rows.append(row)
        return number

    def read(raw: Any, state: _In) -> Any:
        if type(raw) is not int or raw < 0:
            raise CodecError("a reference is a number")
        found = state.shared[raw]
        if type(found) is not kind:
            raise CodecError(f"{type(found).__name__} where {kind.__name__} belongs")
        return found

    return _Codec(write, read, (kind,))


def _later(hint: Any) -> Callable[[], _Codec]:
    """The codec of a type that may hold itself; made when first used."""
    made: list[_Codec] = []

    def codec() -> _Codec:
        if not made:
            made.append(_codec(hint))
        return made[0]

    return codec


_CODECS: dict[Any, _Codec] = {each: _plain(each) for each in (str, int, bool, type(None))}
