"""Registers of a transport that is asked by name, such as the daemon: it decides, by its own map
and its own rules, what each request means, and so it is told what was meant.

A field is asked for as this field, never as its register: a peer that may use the field alone
gets what it may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from regmap.backends.base import Named, Port
from regmap.bits import swap_bytes
from regmap.layout.shape import RegisterLayout
from regmap.live.value import FieldInfo

__all__ = ["NamedPort", "load_for"]


class NamedPort:
    """The port of one register at ``peer``. ``port`` is what it would be accessed through by its
    address, which says where it comes in the order of addresses."""

    __slots__ = ("_big_endian", "_path", "_peer", "port")

    def __init__(self, peer: Named, path: str, layout: RegisterLayout, port: Port) -> None:
        self.port = port
        self._peer = peer
        self._path = path
        self._big_endian = layout.big_endian

    def read(self, address: int, width: int) -> int:
        """Read the register."""
        del address
        value = self._peer.get_named(self._path)
        return swap_bytes(value, width) if self._big_endian else value

    def write(self, address: int, width: int, value: int) -> None:
        """Write the whole register."""
        del address
        self._peer.set_named(self._path, swap_bytes(value, width) if self._big_endian else value)

    def read_field(self, name: str) -> int:
        """The number of a field, or of ``bit[N]``."""
        return self._peer.get_named(f"{self._path}.{name}")

    def write_fields(self, numbers: Mapping[str, int], *, always_read: bool) -> None:
        """Write fields by name, or ``bit[N]``: one assignment or, with ``always_read`` or several
        names, one modify."""
        named = {f"{self._path}.{name}": number for name, number in numbers.items()}
        if always_read or len(named) > 1:
            self._peer.modify_named(named)
        else:
            self._peer.set_named(*named.popitem())

    def __repr__(self) -> str:
        return repr(self._peer)


class _Register(Protocol):
    """What is needed of a register."""

    @property
    def port(self) -> object: ...
    def load(self) -> int: ...


def load_for(register: _Register, info: FieldInfo) -> int:
    """Read a register for one of its fields: from a peer that is asked by name, that field's
    bits alone. One bus read."""
    port = register.port
    if isinstance(port, NamedPort):
        return info.place(port.read_field(info.name))
    return register.load()
