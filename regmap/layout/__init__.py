"""The one place of meaning: a description in, names, absolute addresses and masks out.

``masks`` decides which bits a write may touch; ``registers``, ``blocks``, ``views`` and ``device``
write out arrays and settle names; ``shape`` holds the results; ``rows`` lists them flat.
"""

from regmap.layout.device import DeviceLayout, InstanceLayout, PinLayout, lay_out
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
