"""Both readings of SVD files side by side: our own, and that of the ``cmsis-svd`` package.

``python -m tools.compare_svd FILE...`` prints where they differ, counted by cause (see ``CAUSES``).
A difference without a cause is a fault of one of the two that nobody has looked at: exit status 1.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from regmap import loaders
from regmap.model.block import Enum, Field, Group, Register
from regmap.model.chip import Chip, Instance
from regmap.model.walk import element_name, elements, fields_of, instances_of

__all__ = ["CAUSES", "Difference", "Row", "compare", "flat_rows"]

# A field's name, "" for the register itself, and what is said about it.
_What = tuple[str, str]


class Row(NamedTuple):
    """One register as both readings can be compared: ``key`` is its name by the package's rule, in
    which of nested clusters only the innermost counts; ``depth`` is the number of clusters, and
    ``derived`` tells that it or what is around it derives from something."""

    key: str
    path: str
    depth: int
    derived: bool
    derived_fields: frozenset[str]
    facts: Mapping[_What, Any]


class Difference(NamedTuple):
    """One thing that the two readings say otherwise, of a register or of one of its fields."""

    path: str
    field: str
    what: str
    ours: Any
    theirs: Any
    depth: int
    derived: bool

    @property
    def cause(self) -> str:
        """The cause in ``CAUSES`` that explains it, "" where none does."""
        return next((name for name, (_, holds) in CAUSES.items() if holds(self)), "")


def flat_rows(chip: Chip, derived: frozenset[int] = frozenset()) -> dict[str, Row]:
    """Every register of a chip by its key, clusters and arrays written out; ``derived`` are the
    lines of the file on which something says derivedFrom."""
    found: dict[str, Row] = {}
    for instance in instances_of(chip.instances):
        # The package has SMHC[0] where a peripheral is called SMHC0 here.
        name = instance.name.replace("[", "").replace("]", "")
        items = instance.instance.block.items
        spot = _Spot(items, "", instance.base, 0, derived, _is_in(instance.instance, derived))
        for row in _rows_of(spot):
            found[f"{name}.{row.key}"] = row._replace(
                key=f"{name}.{row.key}", path=f"{name}.{row.path}"
            )
    return found


class _Spot(NamedTuple):
    """A group, or what stands outside of all groups, at one of its addresses."""

    items: Iterable[Register | Group]
    path: str
    base: int
    depth: int
    lines: frozenset[int]
    derived: bool

    def inside(self, group: Group, name: str, offset: int) -> _Spot:
        """One element of a group here."""
        derived = self.derived or _is_in(group, self.lines)
        base = self.base + group.offset + offset
        path = f"{self.path}{name}."
        return _Spot(group.items, path, base, self.depth + 1, self.lines, derived)


def _is_in(item: Instance | Group | Register | Field, lines: frozenset[int]) -> bool:
    return item.place is not None and item.place.line in lines


def _rows_of(block: _Spot) -> Iterator[Row]:
    yield from _registers(block, "")
    taken: Counter[str] = Counter()
    for group, outer in _groups(block):
        # The package repeats an inner cluster with each element of the outer one, under one name.
        taken[group.name] += 1
        again = f"_{taken[group.name]}" if taken[group.name] > 1 else ""
        for number, indexes, offset in elements(group.array):
            name = element_name(group, number, indexes)
            if group.array is None or group.array.labels or group.array.names is not None:
                key = name + again
            else:
                key = f"{group.name}{again}" + "".join(f"[{index}]" for index in indexes)
            yield from _registers(outer.inside(group, name, offset), f"{key}.")


def _groups(spot: _Spot) -> Iterator[tuple[Group, _Spot]]:
    """Each group, those inside of it after it, once for each element around."""
    for group in spot.items:
        if isinstance(group, Group):
            if any(isinstance(item, Register) for item in group.items):
                yield group, spot
            for number, indexes, offset in elements(group.array):
                name = element_name(group, number, indexes)
                yield from _groups(spot.inside(group, name, offset))


def _registers(spot: _Spot, prefix: str) -> Iterator[Row]:
    for register in spot.items:
        if isinstance(register, Register):
            derived = spot.derived or _is_in(register, spot.lines)
            for number, indexes, offset in elements(register.array):
                name = element_name(register, number, indexes)
                facts = {
                    ("", "address"): spot.base + register.offset + offset,
                    **_facts(register, number, indexes),
                }
                fields = frozenset(
                    at.name
                    for at in fields_of(register, number, indexes)
                    if _is_in(at.field, spot.lines)
                )
                yield Row(prefix + name, spot.path + name, spot.depth, derived, fields, facts)


def _facts(register: Register, number: int, indexes: tuple[int, ...]) -> dict[_What, Any]:
    fields = fields_of(register, number, indexes)
    facts: dict[_What, Any] = {
        ("", "width"): register.width,
        ("", "reset"): register.reset,
        ("", "mask"): register.reset_mask,
        ("", "fields"): tuple(f"{at.name}[{at.bits[0]}]" for at in fields),
        **_actions("", register),
    }
    for at in fields:
        facts.update(_actions(at.name, at.field))
        facts[at.name, "enum"] = _enum(at.field.enum)
        facts[at.name, "write enum"] = _enum(at.field.write_enum)
    return facts


def _actions(name: str, item: Register | Field) -> dict[_What, Any]:
    return {
        (name, "access"): str(item.access),
        (name, "write action"): str(item.write_action),
        (name, "read action"): item.read_action and str(item.read_action),
        (name, "constraint"): item.constraint,
    }


def _enum(enum: Enum | None) -> tuple[tuple[str, int | None, int | None], ...] | None:
    if enum is None:
        return None
    return tuple((each.name, each.value, each.care) for each in enum.values)


def compare(ours: Chip, theirs: Chip, text: str = "") -> list[Difference]:
    """Where two readings of one file differ; ``text`` is the file's, to see what is derived."""
    lines = (number for number, line in enumerate(text.splitlines(), 1) if "derivedFrom" in line)
    left, right = flat_rows(ours, frozenset(lines)), flat_rows(theirs)
    pairs = [(row, right.pop(key)) for key, row in left.items() if key in right]
    for _, row in pairs:
        left.pop(row.key)
    pairs += _pairs_among_the_rest(left, right)
    found: list[Difference] = []
    for row, other in pairs:

        def differ(field: str, what: str, here: Any, there: Any, row: Row = row) -> None:
            if here != there:
                derived = row.derived or field in row.derived_fields
                found.append(Difference(row.path, field, what, here, there, row.depth, derived))

        differ("", "name", row.key, other.key)
        for (field, what), value in row.facts.items():
            # Of a field that only one reading has, "fields" tells.
            differ(field, what, value, other.facts.get((field, what), value))
    for rows, is_ours in ((left, True), (right, False)):
        for it in rows.values():
            here, there = (it.path, None) if is_ours else (None, it.path)
            found.append(Difference(it.path, "", "register", here, there, it.depth, it.derived))
    return found


def _pairs_among_the_rest(left: dict[str, Row], right: dict[str, Row]) -> list[tuple[Row, Row]]:
    """The same register under two names, taken out of both: one whose name differs in blanks
    alone; or in a nested cluster, in order, one of the same last name; or else the one that is
    alone at its address."""
    pairs: list[tuple[Row, Row]] = []
    for is_same in (_but_for_blanks, _nested, _alone):
        waiting: dict[Any, list[Row]] = {}
        for row in right.values():
            waiting.setdefault(is_same(row, right), []).append(row)
        for row in list(left.values()):
            identity = is_same(row, left)
            if identity is not None and waiting.get(identity):
                other = waiting[identity].pop(0)
                pairs.append((left.pop(row.key), right.pop(other.key)))
    return pairs


def _but_for_blanks(row: Row, _rows: Mapping[str, Row]) -> Any:
    return "".join(row.key.split())


def _nested(row: Row, _rows: Mapping[str, Row]) -> Any:
    # Theirs has but one cluster around it; ours is asked for by what it is known to have.
    instance, _, rest = row.key.partition(".")
    return (instance, rest.rpartition(".")[2]) if row.depth else None


def _alone(row: Row, rows: Mapping[str, Row]) -> Any:
    place = row.facts["", "address"]
    count = sum(1 for each in rows.values() if each.facts["", "address"] == place)
    return (row.key.partition(".")[0], place) if count == 1 else None


def _is_nested(it: Difference) -> bool:
    return it.depth > 1 and it.what in {"register", "name", "address"}


def _is_bracketed(it: Difference) -> bool:
    index = str(it.theirs).rpartition("[")[2].partition("]")[0]
    return it.what == "name" and "[" in str(it.theirs) and not index.isdecimal()


def _is_blank(it: Difference) -> bool:
    if it.what == "fields" and len(it.ours) == len(it.theirs):
        return bool(it.ours == tuple(" ".join(each.split()) for each in it.theirs))
    return it.what == "name" and bool("".join(it.theirs.split()) == "".join(it.ours.split()))


def _is_left_out(it: Difference) -> bool:
    if it.what in {"enum", "write enum"} and it.ours and it.theirs:
        return set(_without_care(it.theirs)) < set(_without_care(it.ours))
    if it.what == "width":
        return bool(it.theirs == 32)
    return it.what in {"register", "reset", "mask"} and it.theirs is None


# Each cause: what the package does, and whether it is what made a difference.
CAUSES: Mapping[str, tuple[str, Callable[[Difference], bool]]] = {
    "nested-cluster": (
        "of nested clusters only the innermost one's name and offset are used",
        _is_nested,
    ),
    "blanks": ("blanks and line breaks of the file stay in names", _is_blank),
    "append-behind-index": (
        "appendToName comes behind the index of an array's element: X[0]_S",
        lambda it: it.what == "name" and "]_" in it.theirs and sorted(it.ours) == sorted(it.theirs),
    ),
    "bracketed-index": (
        "the texts of dimIndex stand in brackets too: X[A], where regmap has X[0]",
        _is_bracketed,
    ),
    "cluster-properties": (
        "size, access and reset values set on a cluster do not reach its registers",
        lambda it: it.depth > 0 and it.what in {"width", "access", "reset", "mask"},
    ),
    "no-placeholder": (
        "the elements of an array without %s in its name all have that name",
        lambda it: it.what == "name" and "[" in it.ours and "[" not in it.theirs,
    ),
    "turned-bits": (
        "bits the wrong way round give a width below 0; such a field cannot be mapped",
        lambda it: it.what == "fields" and set(it.theirs) < set(it.ours) and not it.derived,
    ),
    "register-actions": (
        "modifiedWriteValues and readAction of a register do not reach its fields",
        lambda it: (
            (it.field != "" and it.what == "write action" and it.theirs == "modify")
            or (it.field != "" and it.what == "read action" and it.theirs is None)
        ),
    ),
    "derived-enum": (
        "enumeratedValues with derivedFrom are left empty",
        lambda it: it.what in {"enum", "write enum"} and it.theirs is None,
    ),
    "dont-care": (
        "a bit x of an enumerated value is read as 0, and that it does not count is forgotten",
        lambda it: it.what == "enum" and _without_care(it.ours) == _without_care(it.theirs),
    ),
    "range": (
        "the bounds of a writeConstraint are read as truth values and are gone",
        lambda it: it.what == "constraint" and it.theirs is None and it.ours.maximum is not None,
    ),
    "derivation": (
        "derivedFrom is followed one step down the file, between described siblings or PERIPH.REG",
        lambda it: it.derived,
    ),
    "access-word": (
        "an access in other words than SVD's is dropped",
        lambda it: it.what == "access" and it.theirs == "read-write",
    ),
    "number": (
        "a number with 0b, a suffix (4k) or no digits is None, and what needs it is left out",
        _is_left_out,
    ),
}


def _without_care(enum: Any) -> Any:
    return enum and [(name, value) for name, value, _ in enum]


def main(arguments: list[str] | None = None) -> int:
    """Print the differences of each file by cause."""
    paths = list(map(Path, sys.argv[1:] if arguments is None else arguments))
    unexplained = 0
    for path in paths:
        ours, theirs = (loaders.read(path, engine=engine) for engine in ("regmap", "cmsis-svd"))
        if not isinstance(ours.model, Chip) or not isinstance(theirs.model, Chip):
            for problem in (*ours.errors, *theirs.errors):
                print(problem)
            unexplained += 1
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found = compare(ours.model, theirs.model, text)
        print(f"{path}: {len(flat_rows(ours.model)):,} registers, {len(found):,} differences")
        by_cause: dict[str, list[Difference]] = {}
        for each in found:
            by_cause.setdefault(each.cause, []).append(each)
        for cause, alike in by_cause.items():
            first = alike[0]
            where = ".".join(filter(None, (first.path, first.field)))
            said = CAUSES[cause][0] if cause else "NOT EXPLAINED"
            print(f"  {len(alike):6,} {cause}: {said}")
            print(f"         {where}: {first.what} {first.ours!r} here, {first.theirs!r} there")
        unexplained += len(by_cause.get("", ()))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
