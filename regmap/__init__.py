"""Describe a chip once, in YAML or CMSIS-SVD; talk to its registers as Python attributes.

``regmap.open("rpi1-rev2", backend="sim:")`` gives a live device; ``regmap.load`` its description.
Importing this module loads no parser, no template engine and no command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regmap.errors import (
    AccessError,
    BackendError,
    BackendUnavailable,
    BadAddress,
    BusFault,
    ClosedError,
    DaemonError,
    Denied,
    Disconnected,
    MapError,
    NoSuchElement,
    NotANumber,
    NotReadable,
    NotWritable,
    ProtocolError,
    ReadHasSideEffect,
    RegmapError,
    UnknownName,
    ValueDoesNotFit,
    VerifyError,
    WaitTimeout,
)

if TYPE_CHECKING:
    from regmap.api import load, open  # noqa: A004

__version__ = "0.1.0"

__all__ = [
    "AccessError",
    "BackendError",
    "BackendUnavailable",
    "BadAddress",
    "BusFault",
    "ClosedError",
    "DaemonError",
    "Denied",
    "Disconnected",
    "MapError",
    "NoSuchElement",
    "NotANumber",
    "NotReadable",
    "NotWritable",
    "ProtocolError",
    "ReadHasSideEffect",
    "RegmapError",
    "UnknownName",
    "ValueDoesNotFit",
    "VerifyError",
    "WaitTimeout",
    "__version__",
    "load",
    "open",
]


if not TYPE_CHECKING:  # to a type checker a module with this has every name

    def __getattr__(name: str) -> Any:
        if name in {"load", "open"}:
            from regmap import api  # noqa: PLC0415  (import regmap stays light)

            return getattr(api, name)
        raise AttributeError(f"module 'regmap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
