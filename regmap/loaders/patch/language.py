"""What a patch says of an item, read by the readers of the YAML language.

The item becomes the mapping that would describe it, what the patch says is laid over it, and the
readers make an item of it again. Only what the patch speaks of is taken from the result, so that
nothing else can change on the way. An item whose meaning changes stands where the patch says it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from regmap.loaders.board import read_board, read_chip
from regmap.loaders.enums import Enums, read_enum
from regmap.loaders.fields import read_fields
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.patch.nodes import laid, named, node_of, same, widened
from regmap.loaders.patch.rules import Rule
from regmap.loaders.registers import Scope, read_items
from regmap.loaders.report import IDLE_OVERRIDE, UNKNOWN_KEY, WRONG_VALUE, Log
from regmap.model.access import Access, AccessTriple
from regmap.model.block import Enum, EnumValue, Field, Group, Register
from regmap.model.chip import Board, Chip, Instance, Interrupt
from regmap.writers.mapping import of_enum, of_field, of_group, of_instance, of_register
from regmap.writers.plain import kept

__all__ = ["Editor"]

_ACCESS = ("access", "write-action", "read-action")
# A field of a register inherits these, so that they are looked at together.
_INHERITED = (*_ACCESS, "volatile")
# Without these the readers make nothing of an item, or nothing of another key.
_NEEDED = ("offset", "bits", "block", "base", "value", "number", "array", "fields")
# What a key speaks of where it is not the attribute of that name.
_ATTRIBUTES = {
    "access": ("access", "write_action", "read_action"),
    "enum": ("enum", "write_enum"),
    "reset": ("reset", "resets"),
    "svd": ("extra",),
    "value": ("value", "care", "default"),
}
# Values that may be numbers or mappings with the number under this word.
_WIDENED = {"enum": "value", "interrupts": "number"}
# Words about an item, which change nothing of what it does.
_ABOUT = frozenset({"description", "source", "unit", "svd"})
_BY_PATH = ("registers", "groups", "fields", "instances", "blocks", "enums", "windows", "views")
_REFUSED = ("regmap", "chip", "board", "extends", "block")
_PLAIN = AccessTriple(Access.READ_WRITE)

_Item = TypeVar("_Item", bound=Chip | Instance | Interrupt | Group | Register | Field | EnumValue)


class Editor:
    """Changes single items by what rules say of them; remembers which keys changed anything."""

    def __init__(self, log: Log) -> None:
        self.log = log
        # Keys that changed something, and paths of rules that were applied to anything.
        self._used: set[int] = set()
        self._applied: set[int] = set()

    def tell_idle(self, rules: list[Rule]) -> None:
        """Warn about keys that changed nothing."""
        for rule in rules:
            if rule.body is None or rule.verb != "set" or id(rule.key) not in self._applied:
                continue
            for key, (key_node, _) in rule.body.entries.items():
                if id(key_node) not in self._used and not str(key).startswith("x-"):
                    text = f"{key!r} of {rule.path!r} is so already"
                    self.log.warning(IDLE_OVERRIDE, key_node.place, text, "remove this line")

    def chip(self, chip: Chip, rule: Rule) -> Chip:
        """A chip as a rule has it."""
        is_board = isinstance(chip, Board)
        word = "board" if is_board else "chip"
        base = {"svd": kept(chip.extra)} if chip.extra else {}

        def read(body: Mapping) -> Chip | None:
            place = rule.place
            entries = {
                **body.entries,
                **named(word, node_of(chip.name, place), place).entries,
                **named("instances", node_of({}, place), place).entries,
            }
            reader = read_board if is_board else read_chip
            return reader(Mapping(entries, body.event), lambda _name, _at: None, self.log)

        return self._restated(chip, base, rule, read)

    def instance(self, instance: Instance, rule: Rule) -> Instance:
        """An instance as a rule has it; its block stays."""
        base = of_instance(instance)
        if "interrupts" in base:
            base["interrupts"] = {
                name: number if isinstance(number, dict) else {"number": number}
                for name, number in base["interrupts"].items()
            }

        def read(body: Mapping) -> Instance | None:
            place = rule.place
            instances = named(instance.name, body, place)
            tree = Mapping(
                {
                    **named("chip", node_of("chip", place), place).entries,
                    **named("instances", instances, place).entries,
                },
                body.event,
            )
            chip = read_chip(tree, lambda _name, _at: instance.block, self.log)
            return chip.instances[0] if chip and chip.instances else None

        return self._restated(instance, base, rule, read)

    def interrupt(self, interrupt: Interrupt, rule: Rule, owner: Instance) -> Interrupt:
        """An interrupt as a rule has it."""
        base = {"number": interrupt.number, "description": interrupt.description or None}
        lone = replace(owner, interrupts=())

        def read(body: Mapping) -> Interrupt | None:
            inner = named("interrupts", named(interrupt.name, body, rule.place), rule.place)
            made = self.instance(lone, replace(rule, body=inner))
            return made.interrupts[0] if made.interrupts else None

        return self._restated(interrupt, base, rule, read)

    def group(self, group: Group, rule: Rule, enums: Enums) -> Group:
        """A group as a rule has it; what is in it stays."""
        base = of_group(replace(group, items=()))

        def read(body: Mapping) -> Group | None:
            found = read_items(
                {"groups": named(group.name, body, rule.place)}, self._scope(enums), ""
            )
            return found[0] if found and isinstance(found[0], Group) else None

        return self._restated(group, base, rule, read)

    def register(self, register: Register, rule: Rule, enums: Enums) -> Register:
        """A register as a rule has it. A field that has the register's access or volatility
        follows it."""
        body = rule.body
        inherits = body is not None and not body.entries.keys().isdisjoint(_INHERITED)
        bare = [_bare(field) for field in register.fields] if inherits else []
        base = of_register(replace(register, fields=tuple(bare)))

        whole: list[Register] = []

        def read(body: Mapping) -> Register | None:
            mapping = named(register.name, body, rule.place)
            for item in read_items({"registers": mapping}, self._scope(enums), ""):
                if isinstance(item, Register):
                    whole.append(item)
                    return item
            return None

        made = self._restated(register, base, rule, read)
        if not inherits or made is register or not whole:
            return made
        followed = (
            _follow(field, before, after)
            for field, before, after in zip(register.fields, bare, whole[0].fields, strict=False)
        )
        return replace(made, fields=tuple(followed))

    def field(self, field: Field, rule: Rule, enums: Enums) -> Field:
        """A field as a rule has it."""
        base = of_field(field)
        said = rule.body.get("enum") if rule.body is not None else None
        if isinstance(said, Mapping):
            base["enum"] = self._enum_below(field, said)
            if base["enum"] is None and field.write_enum is not None:
                return field

        def read(body: Mapping) -> Field | None:
            found = read_fields(named(field.name, body, rule.place), _PLAIN, False, enums, self.log)
            return found[0] if found else None

        made = self._restated(field, base, rule, read)
        if isinstance(said, Mapping):
            made = replace(
                made,
                enum=_called(made.enum, field.enum),
                write_enum=_called(made.write_enum, field.write_enum),
            )
        return made

    def _enum_below(self, field: Field, said: Mapping) -> dict[str, Any] | None:
        """What new values of a field's enum are laid over; None for nothing."""
        sides = {"read": field.enum, "write": field.write_enum}
        speaks_of_sides = said.entries.keys() <= sides.keys() and not any(
            _is_value(value) for _, value in said.entries.values()
        )
        if field.write_enum is None:
            return None if speaks_of_sides or field.enum is None else _values_of(field.enum)
        if speaks_of_sides:
            return {side: _values_of(enum) for side, enum in sides.items() if enum is not None}
        text = "reading and writing have different enums here"
        fix = "say which: `enum: {read: {...}}` or `enum: {write: {...}}`"
        self.log.error(WRONG_VALUE, said.place, text, fix)
        return None

    def value(self, value: EnumValue, rule: Rule) -> EnumValue:
        """An enum value as a rule has it."""
        base = _values_of(Enum(values=(value,)))[value.name]

        def read(body: Mapping) -> EnumValue | None:
            whole = named(value.name, body, rule.place)
            found = read_enum(whole, rule.key, self.log).values
            return found[0] if found else None

        return self._restated(value, base, rule, read)

    def enum(self, enum: Enum, rule: Rule) -> Enum:
        """A shared enum with the values that a rule says."""
        assert rule.body is not None  # noqa: S101  (set and add have one)
        base = node_of(_values_of(enum), enum.place or rule.place)
        over = widened(rule.body, "value")
        assert isinstance(base, Mapping)  # noqa: S101  (made of a mapping)
        assert isinstance(over, Mapping)  # noqa: S101
        made = read_enum(laid(base, over), rule.key, self.log, enum.name)
        known = {value.name: value for value in enum.values}
        self._applied.add(id(rule.key))
        values = tuple(
            known[value.name] if same(value, known.get(value.name)) else value
            for value in made.values
        )
        if values == enum.values and made.extra == enum.extra:
            return enum
        self._used.update(id(key) for key, _ in rule.body.entries.values())
        return replace(enum, values=values, extra=made.extra, place=rule.place)

    def _scope(self, enums: Enums) -> Scope:
        return Scope(enums, self.log)

    def _restated(
        self,
        old: _Item,
        base: dict[str, Any],
        rule: Rule,
        read: Callable[[Mapping], _Item | None],
    ) -> _Item:
        """``old`` with what the rule says of it."""
        if rule.body is None or not rule.body.entries or not self._allowed(rule.body):
            return old
        self._applied.add(id(rule.key))
        above = Mapping(
            {
                key: (node, widened(value, _WIDENED[str(key)]) if key in _WIDENED else value)
                for key, (node, value) in rule.body.entries.items()
            },
            rule.body.event,
        )
        wanted = {*above.entries, *_NEEDED}
        if not wanted.isdisjoint(_INHERITED):
            wanted.update(_INHERITED)
        trimmed = {key: value for key, value in base.items() if key in wanted and value is not None}
        if "access" in above.entries:
            # A word for access speaks of all three, whatever stood there before.
            trimmed.pop("write-action", None)
            trimmed.pop("read-action", None)
        below = node_of(trimmed, old.place or rule.place)
        assert isinstance(below, Mapping)  # noqa: S101  (made of a mapping)
        new = read(laid(below, above))
        if new is None:
            return old
        changes: dict[str, Any] = {}
        for key, (key_node, _) in above.entries.items():
            word = str(key)
            for attribute in _ATTRIBUTES.get(word, (word.replace("-", "_"),)):
                after = getattr(new, attribute, None)
                if hasattr(new, attribute) and not same(getattr(old, attribute), after):
                    changes[attribute] = after
                    self._used.add(id(key_node))
                    if word not in _ABOUT:
                        changes["place"] = rule.place
        return replace(old, **changes) if changes else old

    def _allowed(self, over: Mapping) -> bool:
        fine = True
        for key, (key_node, _) in over.entries.items():
            if key in _BY_PATH:
                text, fix = f"`{key}` is not set as a whole", "name what is in it by its path"
            elif key in _REFUSED:
                fix = "`rename` gives another name, `copy` another block"
                text = f"`{key}` is not set in a patch"
            else:
                continue
            fine = False
            self.log.error(UNKNOWN_KEY, key_node.place, text, fix)
        return fine


def _is_value(node: Node) -> bool:
    """Whether a node is the value of an enum rather than an enum."""
    if isinstance(node, Mapping):
        return isinstance(node.get("value"), Scalar)
    return isinstance(node, Scalar) and not isinstance(node.value, str)


def _values_of(enum: Enum) -> dict[str, Any]:
    """The values of an enum, each in full."""
    return {
        name: value if isinstance(value, dict) else {"value": value}
        for name, value in of_enum(enum).items()
    }


def _called(made: Enum | None, before: Enum | None) -> Enum | None:
    """An enum of its own by the name that it had before."""
    if made is None or before is None or made is before or made.name or not before.name:
        return made
    return replace(made, name=before.name)


def _bare(field: Field) -> Field:
    """A field with no more than its bits, access and volatility."""
    return Field(
        name=field.name,
        bits=field.bits,
        access=field.access,
        write_action=field.write_action,
        read_action=field.read_action,
        volatile=field.volatile,
    )


def _follow(field: Field, before: Field, after: Field) -> Field:
    """A field with what it inherits from its register now."""
    if same(before, after):
        return field
    return replace(
        field,
        access=after.access,
        write_action=after.write_action,
        read_action=after.read_action,
        volatile=after.volatile,
    )
