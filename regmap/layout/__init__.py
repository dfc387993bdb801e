"""The one place of meaning: a description in, names, absolute addresses and masks out.

``masks`` decides which bits a write may touch; ``registers``, ``blocks``, ``views`` and ``lower``
write out arrays and settle names; ``shape`` and ``device`` hold the results; ``rows`` lists them
flat. ``lay_out`` is imported from the description's side when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regmap.layout.device import DeviceLayout, InstanceLayout, PinLayout
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    EnumLayout,
    FieldLayout,
    GroupAt,
    RegisterAt,
    RegisterLayout,
    ViewLayout,
)

if TYPE_CHECKING:
    from regmap.layout.lower import lay_out

__all__ = [
    "ArrayLayout",
    "BlockLayout",
    "DeviceLayout",
    "EnumLayout",
    "FieldLayout",
    "GroupAt",
    "InstanceLayout",
    "PinLayout",
    "RegisterAt",
    "RegisterLayout",
    "ViewLayout",
    "lay_out",
]


def __getattr__(name: str) -> Any:
    # A generated module needs the shapes and not the model that descriptions are made of.
    if name == "lay_out":
        from regmap.layout.lower import lay_out as found  # noqa: PLC0415

        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
