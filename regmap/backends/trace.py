"""A backend around another that records every access, or that makes none at all (dry run)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import NamedTuple, TextIO, cast

from regmap._core import merge
from regmap.backends.base import Backend, Interrupt, Locating, Port

__all__ = ["Access", "TraceBackend", "printer"]


class Access(NamedTuple):
    """One bus access as it was made: ``op`` is ``read`` or ``write``, ``width`` in bits, ``path``
    the register's name where one is known. ``error`` says how it failed; ``made`` is False in a
    dry run. A read that failed has the value 0."""

    op: str
    address: int
    width: int
    value: int
    path: str = ""
    error: str = ""
    made: bool = True

    def __str__(self) -> str:
        value = "?" if self.op == "read" and self.error else f"0x{self.value:0{self.width // 4}X}"
        text = f"{self.op[0].upper()}{self.width} 0x{self.address:08X} = {value}"
        if self.path:
            text += f"  {self.path}"
        if self.error:
            text += f"  failed: {self.error}"
        return text if self.made else f"{text}  (dry run: no {self.op})"


class TraceBackend:
    """Passes accesses on to ``inner`` and records each in ``accesses``, oldest first.

    ``names(address, width)`` gives a register's name, "" for none. ``out`` is called with each
    access after it was made. With ``dry_run`` nothing reaches ``inner``, which may then be None;
    reads answer 0. Threads may share it: one access or update at a time.
    """

    def __init__(
        self,
        inner: Backend | None,
        *,
        names: Callable[[int, int], str] | None = None,
        out: Callable[[Access], None] | None = None,
        dry_run: bool = False,
    ) -> None:
        if inner is None and not dry_run:
            raise TypeError("a trace without a backend to pass accesses on to must be a dry run")
        self.inner = inner
        self.names = names
        self.out = out
        self.dry_run = dry_run
        self.accesses: list[Access] = []
        self.lock = threading.RLock()
        widths: tuple[int, ...] = getattr(inner, "widths", (8, 16, 32, 64))
        self.widths = widths
        # What is no access passes by: the interrupt of the device behind.
        self.irq: Interrupt | None = getattr(inner, "irq", None)

    def attach(self, address: int, size: int) -> TraceBackend:
        """Itself, so that every access is seen. What the inner backend refuses is refused."""
        inner_attach = getattr(self.inner, "attach", None)
        if inner_attach is not None and not self.dry_run:
            inner_attach(address, size)
        return self

    def locate(self, kind: str, key: str, base: int) -> tuple[int, Port | None]:
        """Where the inner backend has a block; another port than its own is recorded as well."""
        if self.dry_run or not isinstance(self.inner, Locating):
            return base, None
        address, port = self.inner.locate(kind, key, base)
        if port is None:
            return address, None
        other = TraceBackend(cast("Backend", port), names=self.names, out=self.out)
        other.accesses = self.accesses
        return address, other

    def read(self, address: int, width: int) -> int:
        """One bus read (none in a dry run, which answers 0)."""
        with self.lock:
            if self.dry_run or self.inner is None:
                self._record("read", address, width, 0, made=False)
                return 0
            try:
                value = self.inner.read(address, width)
            except BaseException as error:
                self._record("read", address, width, 0, error=_named(error))
                raise
            self._record("read", address, width, value)
            return value

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write (none in a dry run)."""
        with self.lock:
            if self.dry_run or self.inner is None:
                self._record("write", address, width, value, made=False)
                return
            try:
                self.inner.write(address, width, value)
            except BaseException as error:
                self._record("write", address, width, value, error=_named(error))
                raise
            self._record("write", address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One bus read and one bus write, recorded as these two; returns what was written."""
        with self.lock:
            new = merge(self.read(address, width), keep, neutral, mask, value)
            self.write(address, width, new)
            return new

    def why_fault(self, address: int) -> str:
        """What the inner backend says of a fault at this address."""
        ask = getattr(self.inner, "why_fault", None)
        return str(ask(address)) if ask else ""

    def __repr__(self) -> str:
        return f"<trace of {self.inner!r}>"

    def close(self) -> None:
        """Close the inner backend; the record stays."""
        if self.inner is not None:
            self.inner.close()

    def _record(
        self, op: str, address: int, width: int, value: int, *, error: str = "", made: bool = True
    ) -> None:
        path = self.names(address, width) if self.names else ""
        access = Access(op, address, width, value, path, error, made)
        self.accesses.append(access)
        if self.out:
            self.out(access)


def printer(file: TextIO | None = None) -> Callable[[Access], None]:
    """An ``out`` that prints a line for each access, to standard error if no file is given."""

    def show(access: Access) -> None:
        print(access, file=file or sys.stderr)

    return show


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
