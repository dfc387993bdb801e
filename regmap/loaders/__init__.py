"""Files to models: ``read`` tells everything about a description, ``load`` gives it or raises.

A source is a shipped name (``rpi1-rev2``), or a path to a YAML or SVD file. Nothing in a file
is ever executed. Parsers are imported when first needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, Protocol

from regmap.errors import MapError, Problem, Severity
from regmap.loaders import find
from regmap.loaders.files import Files
from regmap.loaders.garbage import uncollected
from regmap.loaders.report import MISSING_FILE, Log, did_you_mean, shown
from regmap.model.block import Block
from regmap.model.chip import Board, Chip

__all__ = ["Engine", "Loaded", "ParsedDevice", "load", "read"]

_XML = (".svd", ".xml")

# Who reads SVD files: we ourselves, or the package of that name with its own understanding.
Engine = Literal["regmap", "cmsis-svd"]
_ENGINES: tuple[Engine, ...] = ("regmap", "cmsis-svd")


class ParsedDevice(Protocol):
    """An ``SVDDevice`` that the ``cmsis-svd`` package has parsed."""

    def get_peripherals(self) -> list[Any]:
        """Its peripherals, arrays written out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of a description.

    ``model`` is None where something essential is wrong, and may be there in spite of errors so
    that it can be checked further. ``texts`` are the files that were read, by the name that
    places carry. ``sha256`` is over the bytes of all of them in the order read. ``authored`` is
    true for a YAML file of the caller's own: not a shipped one, not a vendor's SVD.
    """

    file: str
    model: Block | Chip | Board | None
    problems: tuple[Problem, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    authored: bool = False
    _sha256: Callable[[], str] = field(default=str, repr=False, compare=False)

    @property
    def sha256(self) -> str:
        """The digest of what was read, made when it is asked for."""
        return self._sha256()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the description from being used."""
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)


def read(
    source: str | os.PathLike[str] | ParsedDevice,
    *,
    text: str | None = None,
    whole: bool = True,
    engine: Engine = "regmap",
) -> Loaded:
    """Read a description and report everything that is wrong with it; never raises MapError.

    With ``text``, that is what is read, and ``source`` is the file that it stands for (an
    editor's unsaved buffer, a test). ``whole=False`` leaves each block of an SVD file until
    somebody asks for what is in it, takes from the user's cache what it has of an unchanged file,
    and reports only what concerns the file as a whole. ``engine`` is who reads an SVD file:
    "cmsis-svd" shows how the package of that name understands it. Reads files, no bus.
    """
    if engine not in _ENGINES:
        raise ValueError(f"no engine {engine!r}; there is {' and '.join(_ENGINES)}")
    log = Log()
    if not isinstance(source, str | os.PathLike):
        return _parsed(source, log)
    files = Files(log)
    is_own = text is not None or not isinstance(source, str) or find.is_path(source)
    found = Path(source) if is_own else _shipped(str(source), log)
    if found is None:
        return Loaded(file=str(source), model=None, problems=log.problems)
    file = str(found)
    is_svd = file.lower().endswith(_XML)
    data = text.encode("utf-8", "surrogatepass") if text is not None else None
    with uncollected():
        model: Block | Chip | None
        if is_svd and engine == "cmsis-svd":
            model = _cmsis(found, data, files)
        elif is_svd:
            model = _svd(found, data, files, whole=whole)
        else:
            model = _yaml(found, data, files)
    return Loaded(
        file=file,
        model=None if log.incomplete else model,
        problems=log.problems,
        texts=files.texts,
        authored=is_own and not is_svd,
        _sha256=files.sha256,
    )


def _yaml(found: Traversable, data: bytes | None, files: Files) -> Block | Chip | None:
    from regmap.loaders.yaml import MOST_BYTES, read_yaml  # noqa: PLC0415

    data = files.read(found, MOST_BYTES, None) if data is None else data
    return read_yaml(data, str(found), files) if data is not None else None


def _svd(
    found: Traversable, data: bytes | None, files: Files, *, whole: bool
) -> Block | Chip | None:
    if data is None and not whole and isinstance(found, Path):
        from regmap.loaders.cache import read_late  # noqa: PLC0415

        return read_late(found, files)
    from regmap.loaders.svd import MOST_SVD_BYTES, read_svd  # noqa: PLC0415

    data = files.read(found, MOST_SVD_BYTES, None) if data is None else data
    return read_svd(data, str(found), files, whole=whole) if data is not None else None


def _cmsis(found: Traversable, data: bytes | None, files: Files) -> Chip | None:
    from regmap.loaders.cmsis import read_cmsis  # noqa: PLC0415
    from regmap.loaders.svd import MOST_SVD_BYTES  # noqa: PLC0415

    data = files.read(found, MOST_SVD_BYTES, None) if data is None else data
    return read_cmsis(data, str(found), files) if data is not None else None


def _parsed(device: ParsedDevice, log: Log) -> Loaded:
    kind = type(device)
    if kind.__name__ != "SVDDevice" or not kind.__module__.startswith("cmsis_svd."):
        raise TypeError(f"a name, a path or a device of cmsis-svd is wanted, not {kind.__name__}")
    from regmap.loaders.cmsis import read_device  # noqa: PLC0415

    model = read_device(device, log)
    return Loaded(file="", model=None if log.incomplete else model, problems=log.problems)


def _shipped(name: str, log: Log) -> Traversable | None:
    found = find.shipped(name)
    if found is None:
        known = (*find.shipped_names("boards"), *find.shipped_names("chips"))
        fix = did_you_mean(name, known, "a path ends in .yaml or .svd")
        text = f"no description {shown(name)!r} is shipped"
        log.error(MISSING_FILE, None, text, fix)
    return found


def load(
    source: str | os.PathLike[str] | ParsedDevice, *, engine: Engine = "regmap"
) -> Block | Chip | Board:
    """The model of a description.

    Reads files, no bus. Raises MapError with every error of the description.
    """
    loaded = read(source, whole=False, engine=engine)
    if loaded.errors or loaded.model is None:
        raise MapError(loaded.errors)
    return loaded.model
