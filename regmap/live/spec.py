"""What the C core is told of a register: what it may do on its own, and when it has to ask."""

from __future__ import annotations

from collections.abc import Mapping

from regmap import _core
from regmap.layout.shape import RegisterLayout
from regmap.live.value import FieldInfo

__all__ = ["spec_of"]


def spec_of(layout: RegisterLayout, infos: Mapping[str, FieldInfo]) -> _core.Spec:
    """The core's numbers for a register with these fields."""
    limited = layout.limited or any(
        field.limited and field.access != "read-only" for field in layout.fields
    )
    return _core.Spec(
        width=layout.width,
        keep=layout.keep,
        neutral=layout.neutral,
        big_endian=layout.big_endian,
        readable=not (layout.refuse_read or layout.side_effect),
        writable=not (layout.refuse_write or layout.verify or limited),
        fields={name: _field(info, layout) for name, info in infos.items()},
    )


def _field(info: FieldInfo, layout: RegisterLayout) -> _core.Field:
    """The core's descriptor for a field: on the fast path where it is plain."""
    field = info.layout
    limited = field.limited or layout.limited
    return _core.Field(
        info.bits[0].lsb,
        info.width,
        readable=not field.refuse_read,
        writable=not (field.refuse_write or layout.refuse_write or layout.verify or limited),
        acting=field.acting,
        members=info.members or None,
        plain=len(info.bits) == 1,
        info=info,
    )
