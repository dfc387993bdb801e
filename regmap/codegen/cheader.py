"""A layout as a C header: offsets, masks, shifts, reset and enum values as macros, no code.

Texts of the description stand in comments as string literals in which nothing can end a comment
or join two lines; names are upper case behind the name of the chip, and where two meet the later
one gets ``_2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from regmap.codegen.literal import literal
from regmap.codegen.module import template
from regmap.codegen.plan import Header, Part, parts
from regmap.layout.device import DeviceLayout
from regmap.layout.rows import rows_of
from regmap.layout.shape import BlockLayout, EnumLayout, FieldLayout, RegisterLayout

__all__ = ["comment", "render_c_header"]


class Macro(NamedTuple):
    """One ``#define``; ``note`` is a comment behind it, or ""."""

    name: str
    value: str
    note: str = ""


class Section(NamedTuple):
    """Some macros below a comment that says what they are of; ``note`` is what the description
    says, as a comment."""

    title: str
    note: str
    macros: tuple[Macro, ...]


def comment(text: str) -> str:
    """``text`` as a literal that may stand in a C comment: the same text to who reads it back,
    but without what would end the comment, begin another or be a trigraph."""
    shown = literal(text)
    for pair, instead in (("*/", r"*\x2f"), ("/*", r"/\x2a"), ("??", r"?\x3f")):
        shown = shown.replace(pair, instead)
    return shown


def _note(text: str) -> str:
    return f" /* {comment(text)} */" if text else ""


def render_c_header(layout: DeviceLayout, header: Header) -> dict[str, str]:
    """The file ``chip.h``."""
    names = _Names(header.module)
    guard = names.get("H")
    sections = [_instances(layout, names)]
    for part in parts(layout):
        sections.extend(_block(layout, part, names))
    text = template("chip.h.j2").render(
        header=header, guard=guard, doc=_note(layout.description), sections=sections
    )
    return {f"{header.module}.h": text}


class _Names:
    """Names of macros, each given once."""

    def __init__(self, chip: str) -> None:
        self._chip = _upper(chip)
        self._taken: dict[str, int] = {}

    def get(self, *words: str) -> str:
        """A name made of words behind the chip's, with a number where it is taken."""
        first = found = "_".join([self._chip, *filter(None, map(_upper, words))])
        while found in self._taken:
            self._taken[first] += 1
            found = f"{first}_{self._taken[first]}"
        self._taken[found] = 1
        return found


def _upper(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()


def _number(value: int) -> str:
    return f"0x{value:X}{'ull' if value >> 32 else 'u'}"


def _count(value: int) -> str:
    return f"{value}u"


def _instances(layout: DeviceLayout, names: _Names) -> Section:
    macros = []
    for instance in layout.instances.values():
        macros.append(Macro(names.get(instance.name, "BASE"), _number(instance.base)))
        macros.append(Macro(names.get(instance.name, "SIZE"), _number(instance.size)))
    return Section("Instances: base address and size in bytes.", "", tuple(macros))


def _block(layout: DeviceLayout, part: Part, names: _Names) -> Iterator[Section]:
    """The registers of a block in address order, each kind of register once, then its enums."""
    block = part.layout
    prefix = _upper(block.name)
    places: list[Macro] = []
    kinds: dict[int, RegisterLayout] = {}
    for row in rows_of(layout.instances[part.instances[0]]):
        path = row.path.partition(".")[2]
        what = "OFFSET" if row.address is not None else "INDEX"
        places.append(Macro(names.get(prefix, path, what), _number(row.offset)))
        kinds.setdefault(id(row.register), row.register)
    yield Section(
        f"Block {prefix}: offsets in bytes; indexes of registers behind a window.",
        _note(block.description),
        tuple(places),
    )
    enums: dict[EnumLayout, None] = {}
    for register in kinds.values():
        yield _register(block, register, prefix, names)
        for field in register.fields:
            enums.update(dict.fromkeys(filter(None, (field.enum, field.write_enum))))
    for enum in enums:
        own = _tail(block, enum.name)
        yield Section(
            f"Values of {prefix} {_upper(own)}.",
            "",
            tuple(_values(enum, (prefix, own), names)),
        )


def _values(enum: EnumLayout, words: tuple[str, ...], names: _Names) -> Iterator[Macro]:
    for number, (name, value) in enumerate(enum.members):
        note = _note(enum.docs[number]) if number < len(enum.docs) else ""
        yield Macro(names.get(*words, name), _number(value), note)


def _tail(block: BlockLayout, class_name: str) -> str:
    """The name of a class behind that of its block."""
    return class_name.removeprefix(f"{block.class_name}_")


def _register(block: BlockLayout, register: RegisterLayout, prefix: str, names: _Names) -> Section:
    own = _tail(block, register.class_name)
    macros = [Macro(names.get(prefix, own, "WIDTH"), _count(register.width))]
    if register.reset is not None:
        macros.append(Macro(names.get(prefix, own, "RESET"), _number(register.reset)))
    if register.reset_mask is not None:
        macros.append(Macro(names.get(prefix, own, "RESET_MASK"), _number(register.reset_mask)))
    for field in register.fields:
        macros.extend(_field(field, (prefix, own, field.name), names))
    title = f"Register {prefix} {_upper(own)}: {_words(register.access)}."
    return Section(title, _note(register.description), tuple(macros))


def _field(field: FieldLayout, words: tuple[str, ...], names: _Names) -> Iterator[Macro]:
    """The mask of a field in its register, its shift and width; of a split field those of each
    part, the least significant first."""
    yield Macro(names.get(*words, "MASK"), _number(field.mask), _note(field.description))
    for number, (lsb, width) in enumerate(field.bits):
        which = f"PART{number}" if len(field.bits) > 1 else ""
        yield Macro(names.get(*words, which, "SHIFT"), _count(lsb))
        yield Macro(names.get(*words, which, "WIDTH"), _count(width))


def _words(text: str) -> str:
    return re.sub(r"[^A-Za-z-]", "_", text)
