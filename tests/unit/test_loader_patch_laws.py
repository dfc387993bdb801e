"""What a patch changes is what it names: random chips, random rules, and the same done by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from regmap.loaders.patch import patched
from regmap.loaders.report import Log
from regmap.loaders.text import parse
from regmap.model.access import ACCESS_SHORTHANDS
from regmap.model.block import Field, Group, Register
from regmap.model.chip import Chip
from regmap.writers.yaml import as_yaml
from tests.strategies import chips
from tests.support import without_places

_HEAD = "patch: {svd: chip.svd, version: '1'}\n"
Way = tuple[str, ...]
Change = Callable[[Any], Any]


def apply(chip: Chip, rules: dict[str, Any]) -> Chip:
    """The chip with some rules; there is nothing wrong with them."""
    log = Log()
    text = _HEAD + as_yaml(rules)
    note(text)
    tree = parse(text, "patch.yaml", log)
    assert tree is not None
    made = patched(chip, tree, "patch.yaml", log)
    # A random rule may say what is so already (RM104).
    told = [each for each in log.problems if each.rule != "RM104"]
    assert not told, "\n".join(map(str, told))
    return made


def ways(items: tuple[Register | Group, ...], start: Way) -> list[tuple[Way, Any]]:
    """Every group, register and field with the way to it."""
    found: list[tuple[Way, Any]] = []
    for item in items:
        way = (*start, item.name)
        found.append((way, item))
        if isinstance(item, Group):
            found += ways(item.items, way)
        else:
            found += [((*way, field.name), field) for field in item.fields]
    return found


def changed(
    items: tuple[Any, ...], changes: dict[Way, Change | None], start: Way
) -> tuple[Any, ...]:
    """Items as the changes make them, done the plain way; None deletes."""
    made = []
    for item in items:
        way = (*start, item.name)
        change = changes.get(way, lambda same: same)
        if change is None:
            continue
        whole = change(item)
        if not isinstance(item, Field):
            inner = "items" if isinstance(item, Group) else "fields"
            inside = changed(getattr(whole, inner), changes, way)
            whole = replace(whole, **{inner: inside})
        made.append(whole)
    return tuple(made)


@dataclass(frozen=True)
class Rules:
    """Rules as a patch has them, and what they do, by the way to each thing."""

    text: dict[str, Any]
    changes: dict[Way, Change | None]


def _set(key: str, value: Any) -> Change:
    return lambda item: replace(item, **{key.replace("-", "_"): value})


_TRIPLE = ("access", "write_action", "read_action")


def _inherited(**said: Any) -> Change:
    """What a register's fields have in common with it follows it."""

    def change(item: Any) -> Any:
        same = [
            all(getattr(field, name) == getattr(item, name) for name in said)
            for field in getattr(item, "fields", ())
        ]
        if same:
            fields = (
                replace(field, **said) if follows else field
                for field, follows in zip(item.fields, same, strict=True)
            )
            item = replace(item, fields=tuple(fields))
        return replace(item, **said)

    return change


@st.composite
def cases(draw: st.DrawFn) -> tuple[Chip, Rules]:
    """A chip whose two instances share a block, and rules about things of the first."""
    chip = draw(chips())
    first = chip.instances[0]
    twin = replace(first, name="TWIN", base=first.base + 0x10_0000)
    chip = replace(chip, instances=(first, twin))
    known = ways(first.block.items, (first.name,))
    picked = draw(st.lists(st.sampled_from(known), max_size=6, unique_by=lambda each: each[0]))
    text: dict[str, Any] = {"rename": {}, "set": {}, "delete": []}
    changes: dict[Way, Change | None] = {}
    for number, (way, item) in enumerate(picked):
        inside = any(way[: len(other)] == other or other[: len(way)] == way for other in changes)
        kinds = ["about"] if item.array is not None else ["about", "rename"]
        kinds += ["alternate"] if isinstance(item, Group) else ["set", "volatile", "access"]
        kinds += ["delete"] if not inside else []
        path, kind = "/".join(way), draw(st.sampled_from(kinds))
        deleted = [other for other in changes if changes[other] is None]
        if any(way[: len(other)] == other for other in deleted):
            continue
        if kind == "rename":
            text["rename"][path] = f"NEW{number}"
            changes[way] = _set("name", f"NEW{number}")
        elif kind == "delete":
            text["delete"].append(path)
            changes[way] = None
        elif kind == "volatile":
            if item.volatile or any(way[: len(other)] == other for other in changes):
                continue
            text["set"][path] = {"volatile": True}
            changes[way] = _inherited(volatile=True)
        elif kind == "access":
            word, triple = draw(st.sampled_from(sorted(ACCESS_SHORTHANDS.items())))
            said = dict(
                zip(_TRIPLE, (triple.access, triple.write_action, triple.read_action), strict=True)
            )
            if all(getattr(item, name) == value for name, value in said.items()):
                continue
            if any(way[: len(other)] == other for other in changes):
                continue
            text["set"][path] = {"access": word}
            changes[way] = _inherited(**said)
        else:
            key, value = {
                "about": ("description", f"says {number}: yes"),
                "set": ("unit", f"u{number}"),
                "alternate": ("alternate", True),
            }[kind]
            if getattr(item, key) == value:
                continue
            text["set"][path] = {key: value}
            changes[way] = _set(key, value)
    return chip, Rules({key: rules for key, rules in text.items() if rules}, changes)


@given(cases())
def test_a_patch_changes_what_it_names_and_nothing_else(case: tuple[Chip, Rules]) -> None:
    chip, rules = case
    made = apply(chip, rules.text or {"description": "nothing to do"})
    assert rules.text or made is chip
    first, twin = made.instances
    assert twin == chip.instances[1], "the twin shares the block, and no rule names it"
    expected = changed(chip.instances[0].block.items, rules.changes, (first.name,))
    assert without_places(first.block.items) == without_places(expected)
    assert without_places(replace(first, block=twin.block)) == without_places(chip.instances[0])
    kept = ("views", "windows", "size", "description", "source", "per_cpu")
    for name in kept:
        assert getattr(first.block, name) == getattr(twin.block, name)


@given(cases(), st.randoms(use_true_random=False))
def test_rules_for_all_instances_change_them_alike_in_any_order(
    case: tuple[Chip, Rules], random: Any
) -> None:
    chip, rules = case
    first = chip.instances[0].name
    wide: dict[str, Any] = {}
    for verb in random.sample(sorted(rules.text), len(rules.text)):
        said = rules.text[verb]
        paths = random.sample(sorted(said), len(said))
        for_all = [path.replace(first, "*", 1) for path in paths]
        is_list = isinstance(said, list)
        values = [said[path] for path in paths] if not is_list else []
        wide[verb] = for_all if is_list else dict(zip(for_all, values, strict=True))
    made = apply(chip, wide) if wide else chip
    one, other = made.instances
    assert one.block is other.block
    assert one.block.name == chip.instances[0].block.name
    expected = changed(chip.instances[0].block.items, rules.changes, (first,))
    assert without_places(one.block.items) == without_places(expected)
