"""A plan applied: the chip as the patch wants it, with everything that no rule means left as it is.

Instances that share a block go on sharing it where the same happens to all of them. Otherwise those
to which something else happens get a block of their own, called after the first of them.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.block import read_blocks
from regmap.loaders.board import read_chip
from regmap.loaders.enums import Enums
from regmap.loaders.keys import Keys, as_is, entries
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.patch.enums import settled, with_enums
from regmap.loaders.patch.inside import Insides, distinct
from regmap.loaders.patch.language import Editor
from regmap.loaders.patch.nodes import named, node_of
from regmap.loaders.patch.plan import ChipPlan, Plan
from regmap.loaders.patch.rules import Rule
from regmap.loaders.registers import Scope, read_windows
from regmap.loaders.report import UNRESOLVED_REFERENCE, WRONG_VALUE, Log, did_you_mean, shown
from regmap.loaders.views import read_views
from regmap.model.block import Block, Enum
from regmap.model.chip import Chip, Instance, Interrupt
from regmap.model.walk import count_registers

__all__ = ["applied"]

# What of an added instance is said of its block.
_OF_BLOCK = ("registers", "groups", "enums", "windows", "views", "defaults", "per-cpu")
_ADD_TO_CHIP = Keys("what is added to a chip", {"instances": as_is})
_ADD_TO_INSTANCE = Keys(
    "what is added to an instance",
    dict.fromkeys(("registers", "groups", "enums", "interrupts", "windows", "views"), as_is),
)


def applied(chip: Chip, plan: ChipPlan, editor: Editor, file: str) -> Chip:
    """The chip with a plan applied; ``file`` is the patch. What is wrong is in the log."""
    return _Patcher(chip, plan, editor, file).patched()


class _Patcher:
    def __init__(self, chip: Chip, plan: ChipPlan, editor: Editor, file: str) -> None:
        self._chip = chip
        self._plan = plan
        self._editor = editor
        self._insides = Insides(editor, file)
        self._file = file
        self._log: Log = editor.log
        self._names = {instance.block.name for instance in chip.instances}

    def patched(self) -> Chip:
        chip, plan = self._chip, self._plan.chip
        for rule in plan.sets:
            chip = self._editor.chip(chip, rule)
        blocks = self._blocks()
        instances: list[Instance] = []
        for instance in chip.instances:
            inner = plan.inside.get(("", instance.name))
            if inner is not None and inner.deletes:
                continue
            block = blocks.get(instance.name)
            changed = instance if block is None else replace(instance, block=block)
            instances.append(self._instance(changed, inner) if inner else changed)
        for name, copies in plan.new.items():
            origin, rule = copies[0]
            assert isinstance(origin, Instance)  # noqa: S101  (planned so)
            instances.append(self._copied(origin, name, rule))
        for rule in plan.adds:
            instances += self._added(rule)
        for name, _ in plan.renames:
            chip = replace(chip, name=name)
        found = distinct(instances, "an instance", plan, self._file, self._log)
        return chip if found == chip.instances else replace(chip, instances=found)

    def _instance(self, instance: Instance, plan: Plan) -> Instance:
        """An instance with what is planned for it, its block aside."""
        for origin, rule in plan.becomes:
            assert isinstance(origin, Instance)  # noqa: S101  (planned so)
            instance = replace(instance, block=origin.block, place=rule.place)
            instance = self._editor.instance(instance, rule)
        for rule in plan.sets:
            instance = self._editor.instance(instance, rule)
        interrupts = tuple(self._interrupts(instance, plan))
        for rule in plan.adds:
            interrupts += self._added_interrupts(instance, rule)
        if interrupts != instance.interrupts:
            found = distinct(interrupts, "an interrupt", plan, self._file, self._log)
            instance = replace(instance, interrupts=found)
        for name, _ in plan.renames:
            instance = replace(instance, name=name)
        return instance

    def _interrupts(self, instance: Instance, plan: Plan) -> list[Interrupt]:
        made: list[Interrupt] = []
        for interrupt in instance.interrupts:
            inner = plan.inside.get(("interrupts", interrupt.name))
            if inner is None:
                made.append(interrupt)
                continue
            if inner.deletes:
                continue
            changed = interrupt
            for rule in inner.sets:
                changed = self._editor.interrupt(changed, rule, instance)
            for name, _ in inner.renames:
                changed = replace(changed, name=name)
            made.append(changed)
        return made

    def _added_interrupts(self, instance: Instance, rule: Rule) -> tuple[Interrupt, ...]:
        node = _said(rule, "interrupts")
        if node is None:
            return ()
        only = replace(rule, body=named("interrupts", node, rule.place))
        return self._editor.instance(replace(instance, interrupts=()), only).interrupts

    def _copied(self, origin: Instance, name: str, rule: Rule) -> Instance:
        """A further instance of the original's block; interrupts are each peripheral's own."""
        if rule.body is None or "base" not in rule.body.entries:
            text = f"there is no instance {shown(name)!r}; a new one needs `base`"
            fix = f"write `{{from: {shown(origin.name)}, base: ...}}`"
            self._log.error(WRONG_VALUE, rule.place, text, fix)
        made = replace(origin, name=name, interrupts=(), py_name="", place=rule.place)
        return self._editor.instance(made, rule)

    def _added(self, rule: Rule) -> list[Instance]:
        """New instances, with a block of the chip or one that is described beside them."""
        values = _ADD_TO_CHIP.read(rule.body, rule.place, self._log) if rule.body else None
        made: list[Instance] = []
        known = {instance.block.name: instance.block for instance in self._chip.instances}
        for name, key, node in entries((values or {}).get("instances"), "instances", self._log):
            if not isinstance(node, Mapping):
                text = f"instance {shown(name)!r} is a mapping"
                self._log.error(
                    WRONG_VALUE, node.place, text, "write `{base: ..., registers: ...}`"
                )
                continue
            own = dict(node.entries)
            block: Block | None = None
            if "block" not in own:
                # ``own`` is what is said of the instance itself.
                block = self._new_block(name, key, node)
                own = {word: pair for word, pair in own.items() if word not in _OF_BLOCK}
                own["block"] = key, Scalar(block.name if block else name, key.event)

            def find(word: str, at: Scalar, block: Block | None = block) -> Block | None:
                found = block or known.get(word)
                if found is None:
                    text = f"no block {shown(word)!r} in this chip"
                    fix = did_you_mean(word, known, "describe its `registers`")
                    self._log.error(UNRESOLVED_REFERENCE, at.place, text, fix)
                return found

            body = Mapping({name: (key, Mapping(own, node.event))}, node.event)
            tree = Mapping(
                {
                    **named("chip", node_of("chip", rule.place), rule.place).entries,
                    "instances": (key, body),
                },
                node.event,
            )
            chip = read_chip(tree, find, self._log)
            made += chip.instances if chip is not None else ()
        return made

    def _new_block(self, name: str, key: Scalar, node: Mapping) -> Block | None:
        """A block out of what is said of it with its first instance."""
        inside: dict[str | int, tuple[Scalar, Node]] = {
            key: pair for key, pair in node.entries.items() if key in _OF_BLOCK
        }
        own = self._free_name(name)
        self._names.add(own)
        body = Mapping({own: (key, Mapping(inside, node.event))}, node.event)
        return read_blocks(body, self._log).get(own)

    def _blocks(self) -> dict[str, Block]:
        """The changed blocks, by instance."""
        shared: dict[int, dict[int, list[str]]] = {}
        blocks: dict[int, Block] = {}
        plans: dict[int, Plan | None] = {}
        for instance in self._chip.instances:
            inner = self._plan.chip.inside.get(("", instance.name))
            if inner is not None and (inner.deletes or inner.becomes):
                continue
            contents = self._plan.contents.get(instance.name)
            plans[id(contents)] = contents
            blocks[id(instance.block)] = instance.block
            by_plan = shared.setdefault(id(instance.block), {})
            by_plan.setdefault(id(contents), []).append(instance.name)
        found: dict[str, Block] = {}
        for number, by_plan in shared.items():
            block = blocks[number]
            keeps = _keeper(by_plan, block.name)
            for each, instances in by_plan.items():
                contents = plans[each]
                if contents is None:
                    continue
                changed = self._block(block, contents)
                if each != keeps:
                    changed = self._under_free_name(changed, instances[0])
                found.update(dict.fromkeys(instances, changed))
        return found

    def _under_free_name(self, block: Block, wish: str) -> Block:
        name = self._free_name(wish)
        self._names.add(name)
        instance_name = name if block.instance_name == block.name else block.instance_name
        return replace(block, name=name, instance_name=instance_name)

    def _free_name(self, wish: str) -> str:
        return _free(wish, self._names)

    def _block(self, block: Block, plan: Plan) -> Block:
        """A block with what is planned for its inside."""
        log = self._log
        enums = Enums(None, log)
        made, replaced = self._enums(block, plan)
        enums.by_name.update({enum.name: enum for enum in made})
        added = [rule for rule in plan.adds if self._may_add(rule)]
        for rule in added:
            more = Enums(_said(rule, "enums"), log)
            made += more.by_name.values()
            enums.by_name.update(more.by_name)
        made = list(distinct(made, "an enum", plan, self._file, log))
        items = with_enums(block.items, replaced) if replaced else block.items
        items = self._insides.items(items, plan, enums, added)
        windows, views = block.windows, block.views
        for rule in added:
            windows += read_windows(_said(rule, "windows"), Scope(enums, log), block.source)
            views += read_views(_said(rule, "views"), enums, log)
        items, kept = settled(items, made)
        if count_registers(items) > MOST_ELEMENTS:
            text = f"block {shown(block.name)!r} has more than {MOST_ELEMENTS:,} registers now"
            log.error(WRONG_VALUE, next(plan.rules()).place, text, "patch in less")
            log.incomplete = True
        return replace(block, items=items, enums=kept, windows=windows, views=views)

    def _may_add(self, rule: Rule) -> bool:
        body = rule.body
        return body is not None and _ADD_TO_INSTANCE.read(body, rule.place, self._log) is not None

    def _enums(
        self, block: Block, plan: Plan
    ) -> tuple[list[Enum], dict[str, tuple[Enum, Enum | None]]]:
        """The shared enums of a block, and of those that change the old and the new one."""
        made: list[Enum] = []
        replaced: dict[str, tuple[Enum, Enum | None]] = {}
        for enum in block.enums:
            inner = plan.inside.get(("enums", enum.name))
            if inner is None:
                made.append(enum)
            elif inner.deletes:
                replaced[enum.name] = (enum, None)
            else:
                changed = enum
                for rule in inner.adds:
                    self._insides.refuse_known(rule.body, (enum,))
                for rule in (*inner.sets, *inner.adds):
                    changed = self._editor.enum(changed, rule)
                changed = self._insides.values(changed, inner)
                for name, _ in inner.renames:
                    changed = replace(changed, name=name)
                made.append(changed)
                replaced[enum.name] = (enum, changed)
        return made, replaced


def _keeper(by_plan: dict[int, list[str]], name: str) -> int:
    """Which of a block's plans leaves it its name: none, or that of its namesake."""
    if id(None) in by_plan:
        return id(None)
    namesakes = (plan for plan, instances in by_plan.items() if name in instances)
    return next(namesakes, next(iter(by_plan)))


def _said(rule: Rule, key: str) -> Node | None:
    """What a rule says under a key."""
    return rule.body.get(key) if rule.body is not None else None


def _free(wish: str, taken: Container[str]) -> str:
    """``wish``, with a number behind it where that is taken."""
    name, number = wish, 2
    while name in taken:
        name = f"{wish}_{number}"
        number += 1
    return name
