"""Registers, fields and enums as a checker sees them: what can be read, assigned and named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from regmap.bits import BitRange
from regmap.codegen.literal import WIDTH, Node, bracket, literal
from regmap.codegen.scope import Class, Scope
from regmap.layout.shape import EnumLayout, FieldLayout, RegisterAt, RegisterLayout
from regmap.names import LONGEST

__all__ = ["HIDDEN_FROM_READ", "Registers", "assigned", "doc", "generic", "sentence"]

# A snapshot does not show fields with this access.
HIDDEN_FROM_READ = frozenset({"write-only", "writeOnce"})
# Nobody names every value of a wider field.
_WIDEST_NAMED = 10
_MOST_OFFSETS = 4
# A name of an enum that is longer does not fit into its line twice.
_LONGEST_INLINE = 40


def generic(name: str, *arguments: Node) -> Node:
    """``_t.Name[...]``."""
    return bracket(f"_t.{name}[", [("", argument) for argument in arguments], "]")


def doc(*paragraphs: str) -> str:
    """A docstring as a literal; "" where there is nothing to say."""
    text = "\n\n".join(filter(None, (paragraph.strip() for paragraph in paragraphs)))
    return literal(text) if text else ""


def _literals(texts: Iterable[str]) -> Node | None:
    """The type of some texts, or None without any. A checker prints them to a terminal, so that
    only short ones of plain characters are told; the others work at run time all the same."""
    plain = dict.fromkeys(
        text for text in texts if len(text) <= LONGEST and text.isascii() and text.isprintable()
    )
    return bracket("_t.Literal[", [("", literal(text)) for text in plain], "]") if plain else None


def sentence(*facts: str) -> str:
    """Some facts as one sentence; "" without any."""
    text = ", ".join(filter(None, facts))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


class Registers:
    """The register and enum classes of one stub file, each once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._enums: dict[EnumLayout, str] = {}
        self._members: list[Class] = []
        self._names: dict[int, str] = {}
        self._layouts: dict[RegisterLayout, str] = {}
        self._places: dict[str, list[RegisterAt]] = {}

    def name(self, at: RegisterAt) -> str:
        """The class of a register, which will say that it is there."""
        layout = at.register
        name = self._names.get(id(layout)) or self._layouts.get(layout)
        if name is None:
            name = self._layouts[layout] = self._scope.names.claim(layout.class_name)
            for field in layout.fields:
                for enum in filter(None, (field.enum, field.write_enum)):
                    self.enum(enum)
        self._names[id(layout)] = name
        self._places.setdefault(name, []).append(at)
        return name

    def enum(self, layout: EnumLayout) -> str:
        """The class of an enum."""
        name = self._enums.get(layout)
        if name is None:
            name = self._enums[layout] = self._scope.names.claim(layout.name)
            docs = dict(zip((member for member, _ in layout.members), layout.docs, strict=False))
            body: list[str] = []
            for member, value in layout.members:
                body += [f"{member} = {value}", *filter(None, [doc(docs.get(member, ""))])]
            self._members.append(Class(name, "_t.FieldEnum", "", tuple(body)))
        return name

    def finish(self) -> None:
        """Write the classes of all registers and enums that were named."""
        self._scope.share_bodies(
            Class(name, self._base(layout), self._doc(layout, name), self._body(layout))
            for layout, name in self._layouts.items()
        )
        self._scope.classes += self._members

    # How a field is read, assigned and named.

    def live(self, field: FieldLayout) -> Node:
        """What a read of a live field gives."""
        if field.enum is None or not field.enum.members:
            return "_t.Number"
        return generic("Live", self._enum(field.enum))

    def attribute(self, *fields: FieldLayout) -> str:
        """The type of an attribute that is one of these fields, which are alike."""
        field = fields[0]
        readable = any(not each.refuse_read for each in fields)
        writable = any(not each.refuse_write for each in fields)
        enum, names = self.taken(field.write_enum or field.enum)
        if not readable:
            return self.setter(enum, names) if writable else "_t.HiddenField"
        if not writable:
            return self._scope.alias("d", generic("ReadField", self.live(field)))
        if not names:
            return "_t.Field"
        return self._scope.alias("d", generic("EnumField", self.live(field), enum, names))

    def setter(self, enum: str, names: str) -> str:
        """The type of an attribute that can only be assigned to."""
        if not names:
            return "_t.WriteField"
        return self._scope.alias("d", generic("EnumWriteField", enum, names))

    def taken(self, enum: EnumLayout | None) -> tuple[str, str]:
        """The class whose members may be assigned, and the type of their names; "" without."""
        if enum is None:
            return "_t.Int", ""
        names = [name for name, _ in enum.members] + [name for name, _, _ in enum.patterns]
        names += [printed for printed, python in enum.names if python in names]
        node = _literals(names)
        if node is None:
            return "_t.Int", ""
        return self._enum(enum) if enum.members else "_t.Int", self._scope.alias("n", node)

    def _enum(self, layout: EnumLayout) -> str:
        return self._scope.reference(self.enum(layout), (), room=_LONGEST_INLINE)

    def _written(self, field: FieldLayout) -> str:
        """What a keyword of this field takes."""
        enum, names = self.taken(field.write_enum or field.enum)
        return self._scope.alias("w", generic("Written", enum, names)) if names else "_t.Int"

    def _keyword(self, field: FieldLayout, hidden: Collection[str]) -> str:
        """The same in full where it fits: editors show it as the signature of ``modify``."""
        enum, names = self.taken(field.write_enum or field.enum)
        full = f"_t.Written[{enum}, {names}]"
        fits = len(field.name) + len(full) < WIDTH - 6 and enum not in hidden
        return full if names and fits else self._written(field)

    def _shown(self, field: FieldLayout) -> str:
        """What a snapshot has for this field: a number too, unless every value has a name."""
        enum = field.enum
        if enum is None or not enum.members:
            return "_t.Shown[_t.Int]"
        named = {value for _, value in enum.members}
        node: Node = self._enum(enum)
        if field.width > _WIDEST_NAMED or not named.issuperset(range(1 << field.width)):
            node = generic("Got", node)
        return self._scope.alias("s", generic("Shown", node))

    def _array(self, field: FieldLayout) -> str:
        """The type of an array of fields like this one."""
        live, written = self.live(field), self._written(field)
        if field.refuse_read and field.refuse_write:
            return "_t.HiddenFieldArray"
        if field.refuse_read:
            node = generic("WriteFieldArray", written)
        elif field.refuse_write:
            node = generic("ReadFieldArray", live)
        else:
            node = generic("FieldArray", live, written)
        return self._scope.alias("d", node)

    # A register's class.

    def _base(self, layout: RegisterLayout) -> str:
        if layout.refuse_read:
            return "_t.Register" if layout.refuse_write else "_t.WriteOnly"
        kind = "ReadChanges" if layout.side_effect else "Read"
        end = {"Read": ("Write", "Only"), "ReadChanges": ("", "Only")}[kind]
        return f"_t.{kind}{end[bool(layout.refuse_write)]}[{self._snapshot(layout)}]"

    def _body(self, layout: RegisterLayout) -> tuple[str, ...]:
        body: list[str] = []
        for field in layout.fields:
            body.append(f"{field.name}: {self.attribute(assigned(field, layout))}")
            body += filter(None, [_field_doc(field)])
        for name, elements in layout.field_arrays:
            if elements:
                first = assigned(layout.field(elements[0]), layout)
                body.append(f"{name}: {self._array(first)}")
        return (*body, *self._methods(layout))

    def _methods(self, layout: RegisterLayout) -> Iterable[str]:
        fields = _writable(layout)
        if fields and not layout.refuse_write:
            unpacked = f"**fields: _t.Unpack[{self._keywords(fields)}]"
            yield f"def write(self, value: _t.Int = ..., /, {unpacked}) -> None: ..."
            if not (layout.as_read or (layout.keep and layout.side_effect)):
                yield f"def modify(self, /, {unpacked}) -> None: ..."
        fields = _readable(layout)
        if fields and not (layout.refuse_read or layout.side_effect):
            value = self._snapshot(layout)
            unpacked = f"**fields: _t.Unpack[{self._polled(layout, fields)}]"
            yield f"def wait(self, until: _t.Until[{value}] = ..., /, {unpacked}) -> {value}: ..."
        for verb in ("set", "clear", "toggle"):
            node = _literals(field.name for field in _writable(layout) if field.does == verb)
            if node is not None and not (layout.refuse_write or layout.as_read):
                yield f"def {verb}(self, *names: {self._scope.alias('n', node)}) -> None: ..."

    def _snapshot(self, layout: RegisterLayout) -> str:
        if not layout.fields:
            return "_t.RegisterValue"
        body = [f"{field.name}: {self._shown(field)}" for field in _readable(layout)]
        unpacked = f"**fields: _t.Unpack[{self._every(layout)}]"
        body.append(f"def replace(self, /, {unpacked}) -> _t.Self: ...")
        return self._scope.shape("v", "_t.RegisterValue", body)

    def _keywords(self, fields: Sequence[FieldLayout], base: str = "_t.TypedDict") -> str:
        """The class of keywords that are these fields, after those of ``base``."""
        hidden = {field.name for field in fields}
        rows = [f"{field.name}: {self._keyword(field, hidden)}" for field in fields]
        return self._scope.shape("f", f"{base}, total=False", rows)

    def _every(self, layout: RegisterLayout) -> str:
        """The keywords that are all fields."""
        first = _writable(layout)
        rest = [field for field in layout.fields if field not in first]
        if not (first and rest):
            return self._keywords(layout.fields)
        return self._keywords(rest, self._keywords(first))

    def _polled(self, layout: RegisterLayout, fields: Sequence[FieldLayout]) -> str:
        """The keywords of ``wait``: names are those that reads have, and a field that is called
        like a keyword of its own has none."""
        kept = [field._replace(write_enum=None) for field in fields if field.name not in _POLLING]
        alike = kept == [*layout.fields]
        base = self._every(layout) if alike else self._keywords(kept)
        return self._scope.shape("q", f"{base}, _t.Polling, total=False", ())

    def _doc(self, layout: RegisterLayout, name: str) -> str:
        facts = sentence(
            _where(self._places[name]),
            f"{layout.width} bits",
            layout.access,
            _action(layout.write_action),
            _reset(layout),
            layout.unit,
        )
        effect = layout.side_effect
        return doc(
            layout.description,
            facts + (f" Reading it has a side effect: {effect}." if effect else ""),
            f"Source: {layout.source}" if layout.source else "",
        )


_POLLING = frozenset({"timeout_s", "period_s", "irq"})


def assigned(field: FieldLayout, layout: RegisterLayout) -> FieldLayout:
    """A field as its own attribute may be used: where the register takes only what was read, it
    is as if it were read-only."""
    return field._replace(refuse_write="it takes only what was read") if layout.as_read else field


def _writable(layout: RegisterLayout) -> list[FieldLayout]:
    """The fields that may be named in a write."""
    return [each for each in layout.fields if each.access != "read-only" and not each.as_read]


def _readable(layout: RegisterLayout) -> list[FieldLayout]:
    return [field for field in layout.fields if field.access not in HIDDEN_FROM_READ]


def _action(action: str) -> str:
    return "" if action == "modify" else action


def _reset(layout: RegisterLayout) -> str:
    if layout.reset is None:
        return ""
    known = "" if layout.reset_mask is None else f" (known bits 0x{layout.reset_mask:X})"
    return f"reset 0x{layout.reset:X}{known}"


def _where(places: Sequence[RegisterAt]) -> str:
    """Where the registers of one class are in their block."""
    word = "index" if places[0].window else "offset"
    offsets = sorted({place.offset for place in places})
    if len(offsets) == 1:
        return f"{word} 0x{offsets[0]:X}"
    plural = "indexes" if places[0].window else "offsets"
    if len(offsets) > _MOST_OFFSETS:
        return f"{plural} 0x{offsets[0]:X} to 0x{offsets[-1]:X}"
    return f"{plural} {', '.join(f'0x{offset:X}' for offset in offsets)}"


def _field_doc(field: FieldLayout) -> str:
    parts = ",".join(str(BitRange(lsb, width)) for lsb, width in reversed(field.bits))
    word = "bit" if field.width == 1 else "bits"
    facts = sentence(f"{word} {parts}", field.access, _action(field.write_action), field.unit)
    return doc(f"{facts} {field.description}")
