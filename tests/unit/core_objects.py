"""Registers and ports for the tests of the core, made of nothing but the core."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from regmap import _core

BASE = 0x2000_0000
PAGE = os.sysconf("SC_PAGE_SIZE")
WIDTHS = (8, 16, 32, 64)


def ones(width: int) -> int:
    return (1 << width) - 1


class MemoryFile:
    """A file in memory, to look at a mapping from the other side."""

    def __init__(self, size: int = PAGE) -> None:
        self.fd = os.memfd_create("regmap-test")
        os.ftruncate(self.fd, size)

    def map(self, size: int = PAGE, **options: Any) -> _core.Map:
        return _core.Map(self.fd, size, **{"address": BASE, **options})

    def get(self, offset: int, size: int) -> bytes:
        return os.pread(self.fd, size, offset)

    def put(self, offset: int, data: bytes) -> None:
        os.pwrite(self.fd, data, offset)

    def truncate(self, size: int) -> None:
        os.ftruncate(self.fd, size)

    def close(self) -> None:
        os.close(self.fd)


class Port:
    """The least a port must be, on a dict of bytes; remembers what was asked of it."""

    def __init__(self) -> None:
        self.memory: dict[int, int] = {}
        self.calls: list[tuple[Any, ...]] = []

    def read(self, address: int, width: int) -> int:
        self.calls.append(("R", address, width))
        return sum(self.memory.get(address + i, 0) << 8 * i for i in range(width // 8))

    def write(self, address: int, width: int, value: int) -> None:
        self.calls.append(("W", address, width, value))
        for i in range(width // 8):
            self.memory[address + i] = value >> 8 * i & 0xFF

    def taken(self) -> list[tuple[Any, ...]]:
        calls, self.calls = self.calls, []
        return calls


class UpdatingPort(Port):
    """A port with a read-modify-write of its own."""

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        self.calls.append(("U", address, width, keep, neutral, mask, value))
        old = sum(self.memory.get(address + i, 0) << 8 * i for i in range(width // 8))
        new = _core.merge(old, keep, neutral, mask, value)
        for i in range(width // 8):
            self.memory[address + i] = new >> 8 * i & 0xFF
        return new


class UnknownTestName(AttributeError):
    """What the test classes raise for a name that is nowhere."""


class AskedError(Exception):
    """What a slow path of the test classes raises: its name and arguments."""


class Register(_core.Register):
    """Every slow path raises what it was asked."""

    __slots__ = ()

    def _get_field(self, name: str) -> NoReturn:
        raise AskedError("get_field", name)

    def _set_field(self, name: str, value: object) -> NoReturn:
        raise AskedError("set_field", name, value)

    def _get_raw(self) -> NoReturn:
        raise AskedError("get_raw")

    def _set_raw(self, value: object) -> NoReturn:
        raise AskedError("set_raw", value)

    def _unknown(self, name: str) -> NoReturn:
        raise UnknownTestName(name)


def register_class(
    fields: Mapping[str, _core.Field] | None = None, *, width: int = 32, **spec: Any
) -> Any:
    """A register class with these fields, as the live layer would make it. Fields are attributes
    that no type checker knows, hence Any."""
    made = _core.Spec(width=width, fields=fields or {}, **spec)
    return type("Made", (Register,), {"__slots__": (), "SPEC": made, **made.fields})


def register(
    port: object,
    fields: Mapping[str, _core.Field] | None = None,
    *,
    offset: int = 0,
    context: object = None,
    **spec: Any,
) -> Any:
    """One register of such a class at BASE + offset."""
    return register_class(fields, **spec)(port, BASE + offset, "BLOCK.REG", context)


def spelt(name: str) -> str:
    """The same name as a string that is not interned."""
    return "".join(list(name))
