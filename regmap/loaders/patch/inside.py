"""The inside of a block with its plan applied: groups, registers, fields and enum values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from regmap.errors import Place
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.enums import Enums
from regmap.loaders.fields import read_fields
from regmap.loaders.keys import Keys, as_is
from regmap.loaders.nodes import Mapping, Node
from regmap.loaders.patch.language import Editor
from regmap.loaders.patch.plan import Plan
from regmap.loaders.patch.rules import Rule
from regmap.loaders.registers import Scope, read_items
from regmap.loaders.report import PATCH_CONFLICT, WRONG_VALUE, Log, shown
from regmap.model.access import Access, AccessTriple
from regmap.model.block import Array, Enum, EnumValue, Extra, Field, Group, Register
from regmap.model.expr import ExprError, NamePattern
from regmap.model.walk import count_registers

__all__ = ["Insides", "called", "distinct"]

_PLAIN = AccessTriple(Access.READ_WRITE)
_ADD_TO = {
    Group: Keys("what is added to a group", {"registers": as_is, "groups": as_is}),
    Register: Keys("what is added to a register", {"fields": as_is}),
    Field: Keys("what is added to a field", {"enum": as_is}),
}
# SVD's elements that name another register or group of the same peripheral.
_NAMING = ("alternateRegister", "alternateCluster")


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def place(self) -> Place | None: ...


_Any = TypeVar("_Any", bound=_Named)
_Item = TypeVar("_Item", bound=Group | Register | Field)


def distinct(items: Iterable[_Any], what: str, plan: Plan, file: str, log: Log) -> tuple[_Any, ...]:
    """What a plan has made, of which no two may have one name: that is an error where the patch
    in ``file`` gives the name."""
    known: dict[str, _Any] = {}
    for item in items:
        before = known.setdefault(item.name, item)
        if before is not item:
            ours, other = item.place, before.place
            if ours is None or ours.file != file:
                ours, other = other, ours
            ours = next((rule.place for rule in _namers(plan, item.name)), ours)
            related = (("the other one", other),) if other else ()
            text = f"{what} called {shown(item.name)!r} is there already"
            fix = "take another name, rename or delete the other, or use `set` to change it"
            log.error(PATCH_CONFLICT, ours, text, fix, related)
    return tuple(known.values())


def _namers(plan: Plan, name: str) -> Iterator[Rule]:
    """The rules by which something is called ``name``."""
    for inner in plan.inside.values():
        yield from (rule for new, rule in inner.renames if new == name)


class Insides:
    """Applies plans inside of one block after the other; counts the registers that copies make."""

    def __init__(self, editor: Editor, file: str) -> None:
        self.editor = editor
        self.log = editor.log
        self.file = file
        self._left = MOST_ELEMENTS

    def items(
        self, items: tuple[Register | Group, ...], plan: Plan, enums: Enums, adds: list[Rule]
    ) -> tuple[Register | Group, ...]:
        """The registers and groups of a block or group; ``adds`` are the rules that add some."""
        made: list[Register | Group] = []
        new_names: dict[str, str] = {}
        for item in items:
            inner = plan.inside.get(("", item.name))
            if inner is None:
                made.append(item)
            elif not inner.deletes:
                changed = self._item(item, inner, enums)
                made.append(changed)
                if changed.name != item.name:
                    new_names[item.name] = changed.name
        for name, copies in plan.new.items():
            origin, rule = copies[0]
            assert isinstance(origin, Register | Group)  # noqa: S101  (planned so)
            made.append(self._copied(origin, name, rule, enums, beside=origin in items))
        for rule in adds:
            made += self._added(rule, enums)
        if new_names:
            made = [_renaming(item, new_names) for item in made]
        return distinct(made, "a register or group", plan, self.file, self.log)

    def spend(self, items: Iterable[Register | Group], rule: Rule) -> None:
        """Count what a copy makes; too much is an error, once."""
        before = self._left
        self._left -= count_registers(items)
        if self._left < 0 <= before:
            self.log.incomplete = True
            text = f"copies make more than {MOST_ELEMENTS:,} registers"
            self.log.error(WRONG_VALUE, rule.place, text, "copy less")

    def _added(self, rule: Rule, enums: Enums) -> tuple[Register | Group, ...]:
        said = _body(rule)
        known = {key: said.get(key) for key in ("registers", "groups")}
        return read_items(known, Scope(enums, self.log), "")

    def _copied(self, origin: _Item, name: str, rule: Rule, enums: Enums, *, beside: bool) -> _Item:
        """A copy under a new name; ``beside`` its original it must say where it is."""
        where = "bits" if isinstance(origin, Field) else "offset"
        if beside and where not in _body(rule).entries:
            text = f"a copy beside its original needs `{where}`"
            fix = f"write `{{from: {shown(origin.name)}, {where}: ...}}`"
            self.log.error(WRONG_VALUE, rule.place, text, fix)
        if isinstance(origin, Group | Register):
            self.spend((origin,), rule)
        made = replace(called(origin, name), py_name="", place=rule.place)
        return self._said(made, rule, enums)

    def _said(self, item: _Item, rule: Rule, enums: Enums) -> _Item:
        found: Any
        if isinstance(item, Group):
            found = self.editor.group(item, rule, enums)
        elif isinstance(item, Register):
            found = self.editor.register(item, rule, enums)
        else:
            found = self.editor.field(item, rule, enums)
        made: _Item = found
        return made

    def _item(self, whole: _Item, plan: Plan, enums: Enums) -> _Item:
        """One group, register or field with what is planned for it and in it."""
        item: Any = whole
        for origin, rule in plan.becomes:
            item = self._over(item, origin, rule, enums)
        for rule in plan.sets:
            item = self._said(item, rule, enums)
        adds = [rule for rule in plan.adds if self._may_add(item, rule)]
        if isinstance(item, Group):
            item = replace(item, items=self.items(item.items, plan, enums, adds))
        elif isinstance(item, Register):
            item = replace(item, fields=self._fields(item, plan, enums, adds))
        else:
            item = self._values(item, plan, enums, adds)
        for name, _ in plan.renames:
            item = called(item, name)
        made: _Item = item
        return made

    def _over(self, item: _Item, origin: object, rule: Rule, enums: Enums) -> _Item:
        """A copy of ``origin`` where ``item`` is: its name and position stay."""
        assert isinstance(origin, type(item))  # noqa: S101  (planned so)
        if isinstance(origin, Group | Register):
            self.spend((origin,), rule)
        made: Any = replace(called(origin, item.name), py_name=item.py_name, place=rule.place)
        where = "bits" if isinstance(item, Field) else "offset"
        moved: _Item = replace(made, **{where: getattr(item, where)})
        return self._said(moved, rule, enums)

    def _may_add(self, item: Group | Register | Field, rule: Rule) -> bool:
        return _ADD_TO[type(item)].read(_body(rule), rule.place, self.log) is not None

    def _fields(
        self, register: Register, plan: Plan, enums: Enums, adds: list[Rule]
    ) -> tuple[Field, ...]:
        made: list[Field] = []
        for field in register.fields:
            inner = plan.inside.get(("", field.name))
            if inner is None:
                made.append(field)
            elif not inner.deletes:
                made.append(self._item(field, inner, enums))
        for name, copies in plan.new.items():
            origin, rule = copies[0]
            assert isinstance(origin, Field)  # noqa: S101  (planned so)
            beside = origin in register.fields
            made.append(self._copied(origin, name, rule, enums, beside=beside))
        access = AccessTriple(register.access, register.write_action, register.read_action)
        for rule in adds:
            node = _body(rule).get("fields")
            made += read_fields(node, access, register.volatile, enums, self.log)
        return distinct(made, "a field", plan, self.file, self.log)

    def _values(self, field: Field, plan: Plan, enums: Enums, adds: list[Rule]) -> Field:
        for rule in adds:
            self.refuse_known(_body(rule).get("enum"), _enums_of(field))
            field = self.editor.field(field, rule, enums)
        if not plan.inside:
            return field
        return replace(
            field,
            enum=self.values(field.enum, plan) if field.enum else None,
            write_enum=self.values(field.write_enum, plan) if field.write_enum else None,
        )

    def refuse_known(self, node: Node | None, enums: Iterable[Enum]) -> None:
        """Report values to be added that one of the enums has already."""
        if not isinstance(node, Mapping):
            return
        known = {value.name: value for enum in enums for value in enum.values}
        for key, (key_node, _) in node.entries.items():
            value = known.get(str(key))
            if value is not None:
                text = f"an enum value called {shown(value.name)!r} is there already"
                related = (("the other one", value.place),) if value.place else ()
                self.log.error(PATCH_CONFLICT, key_node.place, text, "use `set`", related)

    def values(self, enum: Enum, plan: Plan) -> Enum:
        """An enum with what is planned for its values; the same where that is nothing."""
        made: list[EnumValue] = []
        for value in enum.values:
            inner = plan.inside.get(("", value.name))
            if inner is None:
                made.append(value)
                continue
            if inner.deletes:
                continue
            changed = value
            for rule in inner.sets:
                changed = self.editor.value(changed, rule)
            for name, _ in inner.renames:
                changed = replace(changed, name=name)
            made.append(changed)
        if tuple(made) == enum.values:
            return enum
        return replace(enum, values=distinct(made, "an enum value", plan, self.file, self.log))


def _enums_of(field: Field) -> Iterator[Enum]:
    if field.enum is not None:
        yield field.enum
    if field.write_enum is not None:
        yield field.write_enum


def _body(rule: Rule) -> Mapping:
    return rule.body if rule.body is not None else Mapping({}, rule.key.event)


def called(item: _Item, name: str) -> _Item:
    """An item by another name; names of its elements that begin with the old one follow."""
    array: Any = item.array
    before = item.name
    if array is not None and array.names is not None and array.names.text.startswith(before):
        with suppress(ExprError):
            names = NamePattern.parse(name + array.names.text[len(before) :])
            array = replace(array, names=names)
    if isinstance(array, Array) and array.labels:
        labels = (
            name + label[len(before) :] if label.startswith(before) else label
            for label in array.labels
        )
        array = replace(array, labels=tuple(labels))
    changes: dict[str, Any] = {"name": name, "array": array}
    return replace(item, **changes)


def _renaming(item: _Item, names: dict[str, str]) -> _Item:
    """An item that speaks of its renamed neighbours by their new names."""
    extra: Extra = tuple(
        (key, names.get(value, value) if key in _NAMING and isinstance(value, str) else value)
        for key, value in item.extra
    )
    return item if extra == item.extra else replace(item, extra=extra)
