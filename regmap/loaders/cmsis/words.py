"""What the ``cmsis-svd`` package calls what SVD says, and its values as the model has them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeGuard, TypeVar

from regmap.bits import ones
from regmap.model.block import Extra

__all__ = [
    "ADDRESS_BLOCK",
    "CLUSTER",
    "CPU",
    "DEVICE",
    "ENUM",
    "FIELD",
    "PERIPHERAL",
    "REGISTER",
    "extra_of",
    "is_number",
    "plain",
    "word",
]

_LARGEST = ones(64)
_Word = TypeVar("_Word", bound=Enum)

# What the model keeps aside: SVD's element, and the package's attribute.
DEVICE = (
    ("@schemaVersion", "schema_version"),
    ("vendor", "vendor"),
    ("vendorID", "vendor_id"),
    ("series", "series"),
    ("version", "version"),
    ("licenseText", "license_text"),
    ("headerSystemFilename", "header_system_filename"),
    ("headerDefinitionsPrefix", "header_definitions_prefix"),
    ("addressUnitBits", "address_unit_bits"),
    ("width", "width"),
)
CPU = (
    ("name", "name"),
    ("revision", "revision"),
    ("endian", "endian"),
    ("mpuPresent", "mpu_present"),
    ("fpuPresent", "fpu_present"),
    ("fpuDP", "fpu_dp"),
    ("icachePresent", "icache_present"),
    ("dcachePresent", "dcache_present"),
    ("itcmPresent", "itcm_present"),
    ("dtcmPresent", "dtcm_present"),
    ("vtorPresent", "vtor_present"),
    ("nvicPrioBits", "nvic_prio_bits"),
    ("vendorSystickConfig", "vendor_systick_config"),
    ("deviceNumInterrupts", "device_num_interrupts"),
    ("sauNumRegions", "sau_num_regions"),
)
PERIPHERAL = (
    ("version", "version"),
    ("alternatePeripheral", "alternate_peripheral"),
    ("groupName", "group_name"),
    ("headerStructName", "header_struct_name"),
    ("disableCondition", "disable_condition"),
    ("dimName", "dim_name"),
)
ADDRESS_BLOCK = (
    ("offset", "offset"),
    ("size", "size"),
    ("usage", "usage"),
    ("protection", "protection"),
)
CLUSTER = (
    ("alternateCluster", "alternate_cluster"),
    ("headerStructName", "header_struct_name"),
    ("dimName", "dim_name"),
)
REGISTER = (
    ("displayName", "display_name"),
    ("alternateGroup", "alternate_group"),
    ("alternateRegister", "alternate_register"),
    ("protection", "protection"),
    ("dataType", "data_type"),
    ("dimName", "dim_name"),
)
FIELD = (("dimName", "dim_name"),)
ENUM = (("headerEnumName", "header_enum_name"),)


def extra_of(item: Any, table: Iterable[tuple[str, str]]) -> Extra:
    """What an object says of the things in ``table``, as text."""
    texts = ((tag, plain(getattr(item, attribute))) for tag, attribute in table)
    return tuple((tag, text) for tag, text in texts if text)


def plain(value: Any) -> str:
    """A value of the package as a text on one line; "" for None."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    # A number of thousands of digits cannot be written out in decimal.
    return (
        hex(value) if isinstance(value, int) and value > _LARGEST else " ".join(str(value).split())
    )


def is_number(value: Any) -> TypeGuard[int]:
    """Whether it is a number that an address or a register can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def word(words: type[_Word], value: Any) -> _Word | None:
    """One of the package's words as the model's."""
    return words(value.value) if value is not None else None
