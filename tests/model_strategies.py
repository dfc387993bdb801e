"""Hypothesis strategies for models that say all that a file can say, in words that files break on.

``chips()`` of ``tests/strategies.py`` gives the registers; here they get names and texts with
quotes, line ends, control characters and words of YAML, sources, units, interrupts, what SVD says
beyond the model, and a board around them.
"""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from regmap.model.block import Block, Enum, EnumValue, Extra, Group, Line, Register, View
from regmap.model.chip import (
    Board,
    Chip,
    Clock,
    Instance,
    Interrupt,
    Locator,
    Match,
    Pin,
)
from tests import strategies

__all__ = ["boards", "full_chips", "names", "texts"]

# Words and fragments that one YAML reader or another takes for something else than a text.
FRAGMENTS = (
    "on", "OFF", "y", "No", "null", "~", "true", "7:4", "1_0", "010", "0x1F", "1e3", "0b1x", ".5",
    "2001-01-01", "-", "?", ":", "#", "%", "&a", "*a", "!t", "|", ">-", "<<", "=", "@x", "`", "'",
    '"', "\\", "{", "}", "[", "]", ",", ": ", " #", "a: b", "a #b", "\t", "\n", "\r\n", "\n\n  ",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\xa0", "\xad", "\u2028", "\ufeff", "\ufffe",
    "\U0001f600", "\U000e0001", "\xb5s", "---", "...", "x-note", "svd", "value", "read", "write",
    "default", "registers", "array", "wide " * 30, "  ", "z",
)  # fmt: skip

_whole = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
texts = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join),
    _whole,
)
names = texts.map(lambda text: text.strip()[:100].strip()).filter(bool)

_ELEMENTS = {
    Chip: ("@schemaVersion", "vendor", "cpu", "licenseText", "vendorExtensions"),
    Instance: ("version", "groupName", "addressBlock", "dimArrayIndex"),
    Block: ("version", "headerStructName"),
    Group: ("alternateCluster", "dimName"),
    Register: ("displayName", "alternateGroup", "protection", "dimArrayIndex"),
    "Field": ("dimName", "dimArrayIndex"),
    Enum: ("headerEnumName",),
}


@st.composite
def extras(draw: st.DrawFn, elements: tuple[str, ...], depth: int = 2) -> Extra:
    """Elements with a text or further elements each, those of one name together."""
    found: list[tuple[str, str | Extra]] = []
    for element in draw(st.lists(st.sampled_from(elements), max_size=3, unique=True)):
        for _ in range(draw(st.integers(1, 2))):
            inner = draw(extras(("name", "@a", "b-c"), depth - 1)) if depth else ()
            found.append((element, inner or draw(texts.filter(bool))))
    return tuple(found)


class _Adorning:
    """Gives the items of a model words out of a few that are drawn, in turn."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._texts = draw(st.lists(texts, min_size=1, max_size=5))
        self._names = draw(st.lists(names, min_size=1, max_size=5, unique=True))
        self._extras = {kind: draw(extras(known)) for kind, known in _ELEMENTS.items()}
        self._turn = count(draw(st.integers(0, 7)))
        self._draw = draw

    def text(self) -> str:
        turn = next(self._turn)
        return "" if turn % 3 == 0 else self._texts[turn % len(self._texts)]

    def beyond(self, kind: Any) -> Extra:
        return self._extras[kind] if next(self._turn) % 3 == 0 else ()

    def own(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """Items of one scope, some of which get a name of the hostile."""
        taken = {item.name for item in items}
        made = []
        for item in items:
            name = self._names[next(self._turn) % len(self._names)]
            if name in taken or next(self._turn) % 2:
                name = item.name
            taken.add(name)
            made.append(replace(self.adorned(item), name=name))
        return tuple(made)

    def adorned(self, item: Any) -> Any:
        """An item with words, and everything in it too."""
        has = {each.name for each in dataclass_fields(item)} if is_dataclass(item) else set()
        words: dict[str, Any] = {
            key: self.text() for key in ("description", "source", "unit") if key in has
        }
        for key in ("lock", "py_name"):
            if key in has and next(self._turn) % 4 == 0:
                words[key] = self._names[0]
        kind = type(item) if type(item) in _ELEMENTS else type(item).__name__
        if "extra" in has and kind in _ELEMENTS:
            words["extra"] = self.beyond(kind)
        if isinstance(item, Register | View):
            inner = "fields" if isinstance(item, Register) else "members"
            words[inner] = self.own(getattr(item, inner))
        elif isinstance(item, Group):
            words["items"] = self.own(item.items)
        if getattr(item, "enum", None) is not None:
            words["enum"] = self.enum(item.enum)
            if "write_enum" in has and next(self._turn) % 3 == 0:
                words["write_enum"] = self.enum(item.enum)
                if next(self._turn) % 3 == 0:
                    words["enum"] = None
                    words["constraint"] = None
        return replace(item, **words)

    def enum(self, enum: Enum) -> Enum:
        taken = {value.name for value in enum.values}
        values: list[EnumValue] = []
        for value in enum.values:
            name = self._names[next(self._turn) % len(self._names)]
            name = value.name if name in taken else name
            taken.add(name)
            values.append(replace(value, name=name, description=self.text()))
        extra = () if "svd" in taken else self.beyond(Enum)
        return replace(enum, values=tuple(values), extra=extra)

    def block(self, block: Block) -> Block:
        """A block whose first enum has a name and is used by it."""
        items = self._draw(st.permutations(self.own(block.items)))
        enums: tuple[Enum, ...] = ()
        for number, item in enumerate(items):
            if isinstance(item, Register) and item.fields and item.fields[0].enum:
                shared = replace(item.fields[0].enum, name=self._names[0])
                fields = (replace(item.fields[0], enum=shared), *item.fields[1:])
                items[number] = replace(item, fields=fields)
                enums = (shared,)
                break
        lines = {
            n * 3: Line(names=tuple(self._names[:n]), description=self.text()) for n in range(3)
        }
        views = tuple(replace(self.adorned(view), lines=lines) for view in block.views)
        words = {"description": self.text(), "source": self.text(), "extra": self.beyond(Block)}
        return replace(
            block,
            name=self._names[0],
            items=tuple(items),
            windows=tuple(
                replace(w, items=self.own(w.items), description=self.text()) for w in block.windows
            ),
            views=views,
            enums=enums,
            size=self._draw(st.sampled_from([None, 0x1000])),
            per_cpu=self._draw(st.booleans()),
            instance_name=self._draw(st.sampled_from(["", *self._names])),
            **words,
        )

    def interrupts(self) -> tuple[Interrupt, ...]:
        return tuple(
            Interrupt(name=name, number=number - 1, description=self.text())
            for number, name in enumerate(self._names)
        )


@st.composite
def full_chips(draw: st.DrawFn) -> Chip:
    """A chip of one block, twice in it, with all that is said beside registers."""
    chip = draw(strategies.chips())
    adorning = _Adorning(draw)
    (instance,) = chip.instances
    block = adorning.block(instance.block)
    first = replace(
        adorning.adorned(instance),
        block=block,
        size=draw(st.sampled_from([None, 1, 0x400])),
        bus_base=draw(st.sampled_from([None, 0x7E00_0000])),
        interrupts=adorning.interrupts(),
    )
    second = Instance(name="second one", block=block, base=0x10)
    words = {"description": adorning.text(), "source": adorning.text()}
    return Chip(name=draw(names), instances=(first, second), extra=adorning.beyond(Chip), **words)


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """A board with pins, clocks, and ways to recognise it."""
    chip = draw(full_chips())
    own = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    clock = Clock(
        enable={own[0]: 0x1234, "A.B": own[-1]}, ready=draw(st.sampled_from([{}, {"A.B": 1}]))
    )
    first, second = chip.instances
    kinds = st.sampled_from(["acpi", "devicetree", "pci"])
    instances = (replace(first, locator=Locator(kind=draw(kinds), key=own[0]), clock=clock), second)
    pins = tuple(
        Pin(
            names=tuple(own),
            instance="second one",
            view="pin",
            index=index * 7,
            functions={own[0]: draw(texts)},
            reset_pull=draw(st.sampled_from(["", "up", "none"])),
            pad=draw(st.sampled_from(["", own[0]])),
            description=draw(texts),
        )
        for index in range(draw(st.integers(0, 3)))
    )
    match = Match(cpuinfo_revision=(4, 0xA020D3), compatible=tuple(own))
    return Board(
        name="board",
        instances=instances,
        description=chip.description,
        source=chip.source,
        extra=chip.extra,
        pins=pins,
        fixed_pins=dict(zip(own, draw(st.lists(texts, max_size=3)), strict=False)),
        match=draw(st.sampled_from([None, Match(), match])),
        backends=tuple(own),
    )
