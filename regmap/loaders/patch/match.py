"""Which things of a chip a path means.

A path goes from the chip to an instance, into its block's registers and groups, their fields and
the values of their enums. ``interrupts`` and ``enums`` behind an instance are its interrupts and
the shared enums of its block, unless a register is called so. Arrays have one name, the model's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regmap.loaders.patch.paths import Step
from regmap.model.block import Enum, EnumValue, Field, Group, Register
from regmap.model.chip import Chip, Instance, Interrupt
from regmap.model.walk import elements, own_name

__all__ = [
    "Item",
    "Key",
    "Matched",
    "Searcher",
    "TooMuchError",
    "inside",
    "word_of",
]

Item = Chip | Instance | Group | Register | Field | EnumValue | Enum | Interrupt
# In which of an item's name spaces ("" is the usual one), and the name.
Key = tuple[str, str]

_SPACES = ("interrupts", "enums")
# Names compared with a wildcard in one patch; half a second is enough for any.
_MOST_COMPARISONS = 3_000_000
_MOST_ELEMENTS_SHOWN = 10_000


class TooMuchError(Exception):
    """A patch asks for more than anybody needs; the text says of what."""


@dataclass(frozen=True, slots=True)
class Matched:
    """One thing that a path means: the way to it, and what the last step's wildcards stand for."""

    way: tuple[Key, ...]
    item: Item
    wildcards: tuple[str, ...] = ()


def word_of(item: Item) -> str:
    """What kind of thing it is, for messages."""
    return _WORDS[Chip if isinstance(item, Chip) else type(item)]


_WORDS: Mapping[type[Item], str] = {
    Chip: "chip",
    Instance: "instance",
    Group: "group",
    Register: "register",
    Field: "field",
    EnumValue: "enum value",
    Enum: "enum",
    Interrupt: "interrupt",
}


def inside(item: Item, space: str = "") -> dict[str, Item]:
    """What is in an item, by name."""
    found: Iterable[Item]
    if space:
        if not isinstance(item, Instance):
            return {}
        found = item.interrupts if space == "interrupts" else item.block.enums
    elif isinstance(item, Chip):
        found = item.instances
    elif isinstance(item, Instance):
        found = item.block.items
    elif isinstance(item, Group):
        found = item.items
    elif isinstance(item, Register):
        found = item.fields
    elif isinstance(item, Field):
        found = [value for enum in (item.write_enum, item.enum) if enum for value in enum.values]
    elif isinstance(item, Enum):
        found = item.values
    else:
        return {}
    return {each.name: each for each in found}


class Searcher:
    """Finds what paths mean in one chip, within bounds."""

    def __init__(self) -> None:
        self._left = _MOST_COMPARISONS
        # Of what a path leads through: the item itself, so that its number stays its own.
        self._names: dict[tuple[int, str], tuple[Item, dict[str, Item]]] = {}

    def inside(self, item: Item, space: str = "") -> dict[str, Item]:
        """What is in an item, remembered."""
        # Instances of one block have the same registers.
        owner = item.block if isinstance(item, Instance) and space != "interrupts" else item
        known = self._names.get((id(owner), space))
        if known is None:
            known = self._names[id(owner), space] = item, inside(item, space)
        return known[1]

    def find(self, start: Item, steps: tuple[Step, ...]) -> list[Matched]:
        """Everything that the steps mean from ``start`` on. Raises TooMuchError."""
        found = [Matched((), start)]
        space = ""
        for step in steps:
            if not space and step.text in _SPACES and self._is_space(found, step.text):
                space = step.text
                continue
            found = [each for one in found for each in self._step(one, space, step)]
            space = ""
        return [] if space else found

    def _is_space(self, found: list[Matched], word: str) -> bool:
        return bool(found) and all(
            isinstance(each.item, Instance) and word not in self.inside(each.item) for each in found
        )

    def _step(self, one: Matched, space: str, step: Step) -> Iterable[Matched]:
        names = self.inside(one.item, space)
        if step.pattern is None:
            item = names.get(step.text)
            if item is not None:
                yield Matched((*one.way, (space, step.text)), item)
            return
        self._left -= len(names)
        if self._left < 0:
            raise TooMuchError(f"compares more than {_MOST_COMPARISONS:,} names with wildcards")
        for name, item in names.items():
            wildcards = step.match(name)
            if wildcards is not None:
                yield Matched((*one.way, (space, name)), item, wildcards)

    def missed(self, chip: Chip, steps: tuple[Step, ...]) -> tuple[Step, str, list[str], str]:
        """Why a path means nothing: the step that fits nothing, what it was looked for in, the
        names that there are, and the name of the array of which it names an element."""
        reached: list[Matched] = [Matched((), chip)]
        good = 0
        for number in range(1, len(steps) + 1):
            further = self.find(chip, steps[:number])
            if not further and not (
                steps[number - 1].text in _SPACES
                and self._is_space(reached, steps[number - 1].text)
            ):
                break
            if further:
                reached, good = further, number
        step = steps[min(good, len(steps) - 1)]
        space = ""
        if step.text in _SPACES and good + 1 < len(steps) and self._is_space(reached, step.text):
            space, step = step.text, steps[good + 1]
        names: dict[str, Item] = {}
        for each in reached[:_MOST_SHOWN]:
            names.update(self.inside(each.item, space))
        first = reached[0]
        where = first.way[-1][1] if first.way else "the chip"
        array = next((name for name, item in names.items() if _has_element(item, step.text)), "")
        return step, where, list(names), array


_MOST_SHOWN = 100


def _has_element(item: Item, name: str) -> bool:
    """Whether an item is an array with an element of this name."""
    array = getattr(item, "array", None)
    if array is None or not isinstance(item, Register | Group | Instance):
        return False
    if name.startswith(f"{item.name}["):
        return True
    for count, (number, indexes, _) in enumerate(elements(array)):
        if count > _MOST_ELEMENTS_SHOWN:
            break
        if own_name(item, number, indexes) == name:
            return True
    return False
