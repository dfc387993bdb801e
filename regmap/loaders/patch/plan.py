"""From rules to a plan: what happens to each thing of a chip, and which rules contradict others.

All rules of a plan mean the chip as it is before any of them: their order in the file does not
matter. What happens to the inside of a block is planned once for all instances that share the
block and that the same rules mean; ``contents`` holds it by instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.patch.match import Item, Key, Matched, Searcher, TooMuchError, word_of
from regmap.loaders.patch.paths import PathError, Step, substituted
from regmap.loaders.patch.rules import Rule
from regmap.loaders.report import (
    PATCH_CONFLICT,
    UNRESOLVED_REFERENCE,
    WRONG_VALUE,
    Log,
    did_you_mean,
    shown,
)
from regmap.model.block import EnumValue, Field, Group, Register
from regmap.model.chip import Chip, Instance, Interrupt

__all__ = ["ChipPlan", "Plan", "make_plan"]

_MOST_CHANGES = 100_000
_ROOM_FOR = {
    Instance: (Chip,),
    Group: (Instance, Group),
    Register: (Instance, Group),
    Field: (Register,),
}


@dataclass(slots=True, eq=False)
class Plan:
    """What happens to one thing, and to what is in it. ``becomes`` is what is copied over it,
    ``new`` what is copied into it under these names."""

    sets: list[Rule] = field(default_factory=list)
    adds: list[Rule] = field(default_factory=list)
    becomes: list[tuple[Item, Rule]] = field(default_factory=list)
    new: dict[str, list[tuple[Item, Rule]]] = field(default_factory=dict)
    renames: list[tuple[str, Rule]] = field(default_factory=list)
    deletes: list[Rule] = field(default_factory=list)
    inside: dict[Key, Plan] = field(default_factory=dict)

    def at(self, way: tuple[Key, ...]) -> Plan:
        """The plan of what the way leads to."""
        plan = self
        for key in way:
            plan = plan.inside.setdefault(key, Plan())
        return plan

    def rules(self) -> Iterator[Rule]:
        """Every rule that changes this thing or something in it, deletion of it aside."""
        yield from self.sets
        yield from self.adds
        yield from (rule for _, rule in self.becomes)
        yield from (rule for copies in self.new.values() for _, rule in copies)
        yield from (rule for _, rule in self.renames)
        for plan in self.inside.values():
            yield from plan.deletes
            yield from plan.rules()


@dataclass(slots=True, eq=False)
class ChipPlan:
    """What happens to a chip, its instances and their interrupts; ``contents`` is what happens
    in the blocks, one object for instances to which the same happens."""

    chip: Plan = field(default_factory=Plan)
    contents: dict[str, Plan] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Hit:
    """One thing that a rule means; ``item`` is None where a copy makes it in ``parent``."""

    way: tuple[Key, ...]
    item: Item | None
    parent: Item | None
    wildcards: tuple[str, ...] = ()


def make_plan(chip: Chip, rules: list[Rule], log: Log) -> ChipPlan:
    """The plan of some rules; what is wrong with them is in the log."""
    planner = _Planner(chip, log)
    try:
        for rule in rules:
            planner.take(rule)
        plan = planner.finished()
    except TooMuchError as error:
        log.error(WRONG_VALUE, rules[-1].place, f"the patch {error}", "write narrower paths")
        return ChipPlan()
    _check(plan.chip, log)
    for name, contents in plan.contents.items():
        _check(contents, log)
        own = plan.chip.at((("", name),))
        for rule in own.deletes:
            _refuse_deletion(rule, contents.rules(), log)
        for _, rule in own.becomes[:1]:
            _refuse_inside(rule, contents, log)
    return plan


class _Planner:
    def __init__(self, chip: Chip, log: Log) -> None:
        self._chip = chip
        self._log = log
        self._searcher = Searcher()
        self._plan = ChipPlan()
        self._changes = 0
        # By instance: the rules that change the inside of its block.
        self._marks: dict[str, list[Rule]] = {}
        # By block and rule: what the rule means in the block.
        self._hits: dict[tuple[int, Rule], list[_Hit]] = {}

    def take(self, rule: Rule) -> None:
        """Find what a rule means and note it."""
        origin = self._origin(rule) if rule.verb == "copy" else None
        if rule.verb == "copy" and origin is None:
            return
        if len(rule.steps) <= 1:
            hits = self._find(self._chip, rule.steps, rule)
            found = bool(hits)
            for hit in hits:
                if rule.verb == "add" and isinstance(hit.item, Instance):
                    self._add_inside(hit.item, rule)
                self._note(self._plan.chip, hit, rule, origin)
        else:
            found = False
            for each in self._searcher.find(self._chip, rule.steps[:1]):
                found |= self._in_instance(each, rule, origin)
        if not found and not rule.optional:
            self._missed(rule, rule.steps, rule.key)

    def _in_instance(self, at: Matched, rule: Rule, origin: Item | None) -> bool:
        instance = at.item
        assert isinstance(instance, Instance)  # noqa: S101  (what a chip's names lead to)
        if rule.steps[1].text == "interrupts":
            hits = self._find(instance, rule.steps[1:], rule)
            own = [hit for hit in hits if hit.way[0][0] == "interrupts"]
            for hit in own:
                self._note(self._plan.chip.at(at.way), hit, rule, origin)
            if own:
                return True
        known = (id(instance.block), rule)
        if known not in self._hits:
            self._hits[known] = self._find(instance, rule.steps[1:], rule)
        if self._hits[known]:
            self._marks.setdefault(instance.name, []).append(rule)
        return bool(self._hits[known])

    def _add_inside(self, instance: Instance, rule: Rule) -> None:
        """Note what is added to an instance for its block; interrupts are the instance's own."""
        if rule.body is not None and rule.body.entries.keys() != {"interrupts"}:
            self._hits[id(instance.block), rule] = [_Hit((), instance, None)]
            self._marks.setdefault(instance.name, []).append(rule)

    def _find(self, start: Item, steps: tuple[Step, ...], rule: Rule) -> list[_Hit]:
        if rule.verb != "copy" or steps[-1].pattern is not None:
            matched = self._searcher.find(start, steps)
            return [_Hit(each.way, each.item, None, each.wildcards) for each in matched]
        hits: list[_Hit] = []
        name = steps[-1].text
        for each in self._searcher.find(start, steps[:-1]):
            item = self._searcher.inside(each.item).get(name)
            hits.append(_Hit((*each.way, ("", name)), item, each.item))
        return hits

    def _origin(self, rule: Rule) -> Item | None:
        """What a copy takes."""
        key = rule.origin_key
        assert key is not None  # noqa: S101  (a copy has one)
        found = self._searcher.find(self._chip, rule.origin)
        if not found:
            if not rule.optional:
                self._missed(rule, rule.origin, key)
            return None
        if len(found) > 1:
            text = f"a copy has one original, and {shown(key.text)!r} means {len(found)} things"
            self._log.error(WRONG_VALUE, key.place, text, "name one of them")
            return None
        origin = found[0].item
        if type(origin) not in _ROOM_FOR:
            text = f"a copy of {_a(word_of(origin))} is not to be had"
            fix = "copy an instance, group, register or field; or `add` it"
            self._log.error(WRONG_VALUE, key.place, text, fix)
            return None
        return origin

    def finished(self) -> ChipPlan:
        """The plan, with what happens in blocks put together."""
        made: dict[tuple[int, tuple[Rule, ...]], Plan] = {}
        origins: dict[Rule, Item | None] = {}
        for instance in self._chip.instances:
            rules = tuple(self._marks.get(instance.name, ()))
            if not rules:
                continue
            key = id(instance.block), rules
            if key not in made:
                made[key] = plan = Plan()
                for rule in rules:
                    if rule.verb == "copy" and rule not in origins:
                        origins[rule] = self._searcher.find(self._chip, rule.origin)[0].item
                    for hit in self._hits[id(instance.block), rule]:
                        self._note(plan, hit, rule, origins.get(rule))
            self._plan.contents[instance.name] = made[key]
        return self._plan

    def _note(self, root: Plan, hit: _Hit, rule: Rule, origin: Item | None) -> None:
        self._changes += 1
        if self._changes > _MOST_CHANGES:
            raise TooMuchError(f"changes more than {_MOST_CHANGES:,} things")
        if rule.verb == "copy":
            assert origin is not None  # noqa: S101  (else the rule was left out)
            self._note_copy(root, hit, rule, origin)
            return
        assert hit.item is not None  # noqa: S101  (only a copy makes something)
        plan = root.at(hit.way)
        if rule.verb == "set":
            plan.sets.append(rule)
        elif rule.verb == "delete":
            if isinstance(hit.item, Chip):
                self._log.error(WRONG_VALUE, rule.place, "the chip itself cannot be deleted")
            plan.deletes.append(rule)
        elif rule.verb == "rename":
            try:
                plan.renames.append((substituted(rule.name, hit.wildcards), rule))
            except PathError as error:
                fix = "{1} is what the first wildcard of the last step stands for"
                self._log.error(WRONG_VALUE, rule.place, str(error), fix)
        elif isinstance(hit.item, EnumValue | Interrupt):
            text = f"nothing can be added to {_a(word_of(hit.item))}"
            self._log.error(WRONG_VALUE, rule.place, text, "use `set`")
        else:
            plan.adds.append(rule)

    def _note_copy(self, root: Plan, hit: _Hit, rule: Rule, origin: Item) -> None:
        word = word_of(origin)
        if hit.item is None:
            if not isinstance(hit.parent, _ROOM_FOR[type(origin)]):
                where = word_of(hit.parent) if hit.parent is not None else "place"
                text = f"{_a(where)} holds no {word}, such as {rule.path!r} would be"
                self._log.error(WRONG_VALUE, rule.place, text, "correct the path")
                return
            root.at(hit.way[:-1]).new.setdefault(hit.way[-1][1], []).append((origin, rule))
        elif type(hit.item) is not type(origin):
            text = (
                f"{shown(hit.item.name)!r} is {_a(word_of(hit.item))} and its original {_a(word)}"
            )
            self._log.error(WRONG_VALUE, rule.place, text, "delete it, and copy to another name")
        elif hit.item is not origin:
            root.at(hit.way).becomes.append((origin, rule))

    def _missed(self, rule: Rule, steps: tuple[Step, ...], key: Scalar) -> None:
        step, where, names, array = self._searcher.missed(self._chip, steps)
        what = f"{shown(step.text)!r}"
        text = f"nothing in {shown(where)} is called {what}"
        if step.pattern is not None:
            text = f"nothing in {shown(where)} matches {what}"
        if array:
            fix = f"an array is patched as a whole; its name is {shown(array)}"
        else:
            fix = did_you_mean(step.text, names) or f"{shown(where)} has nothing in it"
            if not rule.optional and rule.verb != "copy":
                fix = f"{fix}; or say `optional: true`"
        self._log.error(UNRESOLVED_REFERENCE, key.place_at(step.at), text, fix)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _check(plan: Plan, log: Log) -> None:
    """Report every contradiction in a plan."""
    if plan.deletes:
        for rule in plan.deletes:
            _refuse_deletion(rule, plan.rules(), log)
        return
    if plan.becomes:
        _refuse_inside(plan.becomes[0][1], plan, log)
    _check_one([(new, rule) for new, rule in plan.renames], "renames it to another name", log)
    _check_one([(id(item), rule) for item, rule in plan.becomes], "copies something else", log)
    for copies in plan.new.values():
        _check_one([(id(item), rule) for item, rule in copies], "copies something else", log)
    _check_sets(plan.sets, log)
    for inner in plan.inside.values():
        _check(inner, log)


def _refuse_deletion(deletion: Rule, others: Iterator[Rule], log: Log) -> None:
    for other in others:
        # One thing may be taken out of many that a wildcard means.
        if other.verb == "delete" or (other.has_wildcards and not deletion.has_wildcards):
            continue
        text = f"what {deletion.path!r} deletes is changed by {other.verb} {other.path!r}"
        related = ((f"the {other.verb}", other.place),)
        log.error(PATCH_CONFLICT, deletion.place, text, "remove one of the rules", related)
        return


def _refuse_inside(copy: Rule, plan: Plan, log: Log) -> None:
    """What a copy replaces cannot be changed by another copy as well."""
    inner = (each for one in plan.inside.values() for each in one.rules())
    new = (rule for copies in plan.new.values() for _, rule in copies)
    other = next(chain(inner, new), None)
    if other is not None:
        text = f"what {copy.path!r} replaces is copied into by {other.path!r}"
        related = (("the other copy", other.place),)
        log.error(PATCH_CONFLICT, copy.place, text, "remove one of the rules", related)


def _check_one(chosen: list[tuple[str | int, Rule]], what: str, log: Log) -> None:
    for value, rule in chosen[1:]:
        if value != chosen[0][0]:
            first = chosen[0][1]
            text = f"{first.path!r} {what}"
            related = (("the other rule", first.place),)
            log.error(PATCH_CONFLICT, rule.place, text, "remove one of the rules", related)


def _check_sets(rules: list[Rule], log: Log) -> None:
    """Two rules that say different things of one key of one item contradict each other."""
    if len(rules) < 2:
        return
    known: dict[tuple[str | int, ...], tuple[Scalar, object]] = {}
    for rule in rules:
        assert rule.body is not None  # noqa: S101  (a set has one)
        own = dict(_leaves(rule.body, ()))
        for way, (key, value) in own.items():
            before = known.get(way)
            if before is not None and before[1] != value:
                text = f"{shown(str(way[-1]))!r} of the same thing is set to another value"
                related = (("the other value", before[0].place),)
                log.error(PATCH_CONFLICT, key.place, text, "remove one of the two", related)
        known.update(own)


def _leaves(
    node: Mapping, way: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], tuple[Scalar, object]]]:
    for name, (key, value) in node.entries.items():
        if isinstance(value, Mapping):
            yield (*way, name), (key, "a mapping")
            yield from _leaves(value, (*way, name))
        else:
            yield (*way, name), (key, _plain(value))


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return type(node.value), node.value
    if isinstance(node, Sequence):
        return tuple(map(_plain, node.items))
    return tuple((key, _plain(value)) for key, (_, value) in node.entries.items())
