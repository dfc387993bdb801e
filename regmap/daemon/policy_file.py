"""The configuration file to plain data, checked as a map is: every problem with its place.

This module and ``policy_rules`` are the only ones of the daemon that know YAML, and they never run
with root's rights (``apart`` sees to that). Relative paths are relative to the folder of the
file.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from regmap.daemon.policy import REQUIRABLE, Audit, Config, Limits, Socket
from regmap.daemon.policy_rules import group, rule, user
from regmap.errors import MapError, Place, Problem, UnknownName
from regmap.loaders.files import Files
from regmap.loaders.find import is_path
from regmap.loaders.keys import (
    WRONG,
    Keys,
    Reader,
    choice,
    integer,
    list_of,
    text,
    wanted,
)
from regmap.loaders.nodes import Node, Scalar
from regmap.loaders.report import (
    FORMAT_VERSION,
    UNRESOLVED_REFERENCE,
    WRONG_VALUE,
    Log,
    TooManyProblemsError,
    did_you_mean,
    shown,
)
from regmap.loaders.text import decoded, parse

__all__ = ["MOST_BYTES", "Read", "load", "read"]

MOST_BYTES = 1 << 20
_FORMAT = 1
_LONGEST_SOCKET = 107  # bytes of sun_path, without the NUL; unix(7)
_HOW_TO_BEGIN = "begin it with `regmapd: 1`; then `board:` and `allow:`"


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a file: ``config`` is None where something in it is wrong. ``patterns`` are
    the paths of its rules with their places, to be looked up on the board; ``texts`` are for
    showing the lines."""

    config: Config | None
    problems: tuple[Problem, ...]
    patterns: tuple[tuple[str, Place], ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def resolved(self, expand: Callable[[str], Iterable[object]]) -> Read:
        """The same, with a problem for each path that ``expand`` does not find on the board."""
        log = Log()
        with contextlib.suppress(TooManyProblemsError):
            for pattern, place in self.patterns:
                _resolve(pattern, place, expand, log)
        config = None if log.failed else self.config
        return Read(config, (*self.problems, *log.problems), self.patterns, self.texts)


def load(path: str | os.PathLike[str]) -> Config:
    """The configuration in a file; the paths of its rules are not looked up yet.

    Reads the file and the lists of users and groups. Raises MapError with every problem.
    """
    found = read(path)
    if found.config is None:
        raise MapError(found.problems)
    return found.config


def read(path: str | os.PathLike[str], data: bytes | None = None) -> Read:
    """The configuration in a file and all that is wrong with it; with ``data``, that is what the
    file holds. Never raises MapError."""
    from pathlib import Path  # noqa: PLC0415

    log = Log()
    file = os.fspath(path)
    files = Files(log)
    config: Config | None = None
    patterns: list[tuple[str, Place]] = []
    if data is None:
        data = files.read(Path(file), MOST_BYTES, None)
    if data is not None:
        with contextlib.suppress(TooManyProblemsError):
            config = _read(data, file, files, patterns)
    return Read(None if log.failed else config, log.problems, tuple(patterns), files.texts)


def _read(data: bytes, file: str, files: Files, patterns: list[tuple[str, Place]]) -> Config | None:
    log = files.log
    source, fit = decoded(data, file, log)
    files.texts[file] = source
    tree = parse(source, file, log, _HOW_TO_BEGIN) if fit else None
    if tree is None:
        return None
    folder = os.path.dirname(os.path.abspath(file))
    found = _keys(folder, patterns).read(tree, Place(file, 1, 1), log)
    if found is None:
        return None
    del found["regmapd"]
    found["rules"] = found.pop("allow")
    if "require" in found:
        found["require"] = frozenset(found["require"])
    return Config(**found)


def _keys(folder: str, patterns: list[tuple[str, Place]]) -> Keys:
    """The keys of the whole file, which lies in ``folder``."""
    place = partial(_file, folder)
    return Keys(
        "the configuration",
        {
            "regmapd": _version,
            "board": partial(_board, folder),
            "backend": _optional(text),
            "socket": _table(
                Socket,
                Keys(
                    "`socket`",
                    {
                        "path": partial(_socket_path, folder),
                        "mode": _mode,
                        "owner": _optional(user),
                        "group": _optional(group),
                    },
                ),
            ),
            "user": _optional(user),
            "require": list_of(choice(*REQUIRABLE)),
            "pid_file": _optional(place),
            "limits": _table(Limits, _LIMITS),
            "audit": _table(
                Audit,
                Keys("`audit`", {"to": partial(_audit, folder), "per_s": integer(1, 1_000_000)}),
            ),
            "allow": list_of(partial(rule, patterns)),
        },
        ("regmapd", "board", "allow"),
    )


# ---- values ------------------------------------------------------------------------------------


def _version(node: Node, what: str, log: Log) -> Any:
    if isinstance(node, Scalar) and node.value == _FORMAT and not isinstance(node.value, bool):
        return _FORMAT
    return wanted(f"`{what}` is {_FORMAT}", node, log, f"write {what}: {_FORMAT}", FORMAT_VERSION)


def _optional(reader: Reader) -> Reader:
    """The same reader, with nothing (``null``) allowed as well."""

    def read(node: Node, what: str, log: Log) -> Any:
        is_null = isinstance(node, Scalar) and node.value is None
        return None if is_null else reader(node, what, log)

    return read


def _table(make: Callable[..., Any], keys: Keys) -> Reader:
    """A reader of a mapping by a table of keys."""

    def read(node: Node, _what: str, log: Log) -> Any:
        found = keys.read(node, node.place, log)
        return make(**found) if found is not None else WRONG

    return read


def _seconds(lowest: float) -> Reader:
    def read(node: Node, what: str, log: Log) -> Any:
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, int | float) or isinstance(value, bool):
            return wanted(f"`{what}` is a number of seconds", node, log)
        if not lowest <= value <= 1_000_000:  # and no NaN
            fix = f"write a number from {lowest} to 1000000"
            log.error(WRONG_VALUE, node.place, f"`{what}` is out of range: {value}", fix)
            return WRONG
        return value

    return read


_LIMITS = Keys(
    "`limits`",
    {
        "clients": integer(1, 1000),
        "line": integer(64, 1 << 20),
        "queue": integer(1024, 1 << 26),
        "events": integer(1, 1_000_000),
        "slow_s": _seconds(0.01),
        "idle_s": _seconds(0),
    },
)


def _file(folder: str, node: Node, what: str, log: Log) -> Any:
    """The path of a file, made absolute."""
    found = text(node, what, log)
    if found is WRONG:
        return WRONG
    if not found or "\0" in found or found.endswith("/"):
        return wanted(f"`{what}` is the path of a file", node, log)
    return os.path.normpath(os.path.join(folder, found))


def _socket_path(folder: str, node: Node, what: str, log: Log) -> Any:
    found = _file(folder, node, what, log)
    if found is not WRONG and len(os.fsencode(found)) > _LONGEST_SOCKET:
        problem = f"a socket's path has at most {_LONGEST_SOCKET} bytes"
        log.error(WRONG_VALUE, node.place, problem, "use a shorter folder, such as /run/regmap")
        return WRONG
    return found


def _board(folder: str, node: Node, what: str, log: Log) -> Any:
    found = text(node, what, log)
    return _file(folder, node, what, log) if found is not WRONG and is_path(found) else found


def _audit(folder: str, node: Node, what: str, log: Log) -> Any:
    found = text(node, what, log)
    if found is WRONG or found in {"syslog", "stderr"}:
        return found
    if "/" not in found:
        fix = did_you_mean(found, ("syslog", "stderr"), "a path has a / in it")
        return wanted(f"`{what}` is syslog, stderr or the path of a file", node, log, fix)
    return _file(folder, node, what, log)


_MODE = re.compile(r"0?[0-7]{3}")


def _mode(node: Node, what: str, log: Log) -> Any:
    """The permission bits of the socket: octal digits as text, or YAML's 0o660."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, str) and _MODE.fullmatch(value):
        return int(value, 8)
    is_octal = isinstance(node, Scalar) and node.text.startswith("0o")
    if isinstance(value, int) and is_octal and value <= 0o777:
        return value
    if isinstance(node, Scalar) and _MODE.fullmatch(node.text):
        # Reported already where it begins with 0; 660 would be a decimal number.
        return wanted(f"`{what}` is octal digits as a text", node, log, f'write "{node.text}"')
    return wanted(f"`{what}` is three octal digits", node, log, 'write "0660"')


def _resolve(
    pattern: str, place: Place, expand: Callable[[str], Iterable[object]], log: Log
) -> None:
    try:
        found = any(True for _ in expand(pattern))
        fix = ""
    except UnknownName as error:
        found = False
        fix = str(error) if error.nearest else ""
    if not found:
        problem = f"{shown(pattern)!r} matches no register and no field of the board"
        fix = fix or "write a path such as GPIO.GPLEV0 or a pattern such as GPIO.GPFSEL*"
        log.error(UNRESOLVED_REFERENCE, place, problem, fix)
