"""Views written out: for each index the very register, field or bit, or a refusal that says why."""

from __future__ import annotations

from typing import Any

import pytest

from regmap.errors import MapError
from regmap.layout.blocks import lay_out_block
from regmap.layout.shape import StepLayout, Target, ViewLayout
from tests.support import model_of

REGISTERS = """
regmap: 1
block: block
registers:
  SEL:
    offset: 0
    array: {count: 2, stride: 4, name: "SEL{i}"}
    fields:
      S: {bits: "2:0", enum: {IN: 0, OUT: 1}, array: {count: [10, 4], stride: 3, name: "S{10*i+j}"}}
  SET: {offset: 8, access: wo1s, fields: {B: {bits: 0, array: {count: 14, stride: 1}}}}
  CLR: {offset: 12, access: wo1c, fields: {B: {bits: 0, array: {count: 14, stride: 1}}}}
  LEV: {offset: 16, access: ro}
  PULL: {offset: 20, reset: 0, fields: {P: {bits: "1:0"}}}
  GRID: {offset: 24, array: {count: [2, 2], stride: [8, 4]}, fields: {G: {bits: 0}}}
groups:
  BANK:
    offset: 0x40
    array: {count: 2, stride: 16}
    registers: {R: {offset: 4, fields: {F: {bits: 0}}}}
"""


def view(members: str, *, count: int = 14, more: str = "") -> ViewLayout:
    text = f"{REGISTERS}views:\n  pin:\n    count: {count}\n    members: {members}\n{more}"
    (found,) = (m for m in lay_out_block(model_of(text)).members if isinstance(m, ViewLayout))
    return found


def targets(members: str, **more: Any) -> tuple[tuple[Target, ...], ...]:
    return view(members, **more).members[0].targets


def test_each_index_points_at_its_own_register_and_field() -> None:
    found = targets('{function: "SEL[i // 10].S[i % 10]"}')
    assert found[0] == (Target("SEL[0]", "S0"),)
    assert found[9] == (Target("SEL[0]", "S9"),)
    assert found[10] == (Target("SEL[1]", "S10"),)
    assert len(found) == 14


@pytest.mark.parametrize(
    ("path", "index", "wanted"),
    [
        ("LEV.bit[i]", 5, Target("LEV", "", 5)),
        ("LEV", 3, Target("LEV")),
        ("SEL1.S12", 0, Target("SEL1", "S12")),
        ("SEL[1]", 0, Target("SEL[1]")),
        ("GRID[i // 2][i % 2].G", 3, Target("GRID[1][1]", "G")),
        ("BANK[i].R.F", 1, Target("BANK[1].R", "F")),
        ("BANK[0].R.bit[31]", 0, Target("BANK[0].R", "", 31)),
        ("SET.B[i]", 1, Target("SET", "B1")),
    ],
)
def test_a_path_may_go_anywhere_in_its_block(path: str, index: int, wanted: Target) -> None:
    count = 4 if "GRID" in path else 2 if "BANK[i]" in path else 14
    assert targets(f'{{m: "{path}"}}', count=count)[index] == (wanted,)


@pytest.mark.parametrize(
    ("path", "count", "why"),
    [
        ("SEL[i].S[0]", 3, r"pin\[2\]: SEL\[i\].S\[0\] points at nothing: there is no register"),
        ("SEL[i // 10].S[i % 10]", 20, r"pin\[14\].*has 4 elements"),
        ("SEL[4 // i].S[0]", 2, r"pin\[0\].*division by zero"),
        ("LEV.bit[i]", 33, r"pin\[32\].*LEV has 32 bits"),
        ("LEV.bit[0-i]", 2, r"pin\[1\].*32 bits"),
        ("PULL.Q", 1, "PULL has no field Q"),
        ("NONE.Q", 1, "there is no register NONE"),
        ("SEL[j].S[0]", 1, "unknown index 'j'"),
    ],
)
def test_an_index_that_points_at_nothing_is_refused(path: str, count: int, why: str) -> None:
    with pytest.raises(MapError, match=why) as caught:
        view(f'{{m: "{path}"}}', count=count)
    (problem,) = caught.value.problems
    assert problem.rule == "RM250"
    assert problem.place is not None


def test_the_four_kinds_of_member() -> None:
    found = view(
        """
      value: SEL[0].S[i]
      level: {read: "LEV.bit[i]", set: "SET.B[i]", clear: "CLR.B[i]"}
      fire: {call: "SET.B[i]"}
      pull:
        enum: {UP: 2, DOWN: 1}
        steps: [{write: PULL.P, value: value}, {wait-us: 10}, {write: PULL.P, value: 0}]
""",
        count=4,
    )
    value, level, fire, pull = found.members
    assert [m.kind for m in found.members] == ["value", "level", "call", "steps"]
    assert value.targets[2] == (Target("SEL[0]", "S2"),)
    assert level.targets[2] == (Target("LEV", "", 2), Target("SET", "B2"), Target("CLR", "B2"))
    assert fire.targets[2] == (Target("SET", "B2"),)
    assert pull.steps[3] == (
        StepLayout(Target("PULL", "P"), None, 0),
        StepLayout(None, None, 10),
        StepLayout(Target("PULL", "P"), 0, 0),
    )
    assert pull.enum is not None
    assert pull.enum.members == (("UP", 2), ("DOWN", 1))


def test_members_that_items_need_themselves_are_renamed() -> None:
    assert [m.name for m in view('{path: LEV, set: LEV, level: LEV, index: LEV}').members] == [
        "path_", "set", "level", "index_",
    ]  # fmt: skip


PAD = """
    pad: {level: "LEV.bit[i]", latch: "SET.B[i]", output: {function: %s}, event: "CLR.B[i]"}
    lines: {3: {names: [P3, X3]}}
"""


def test_pads_know_level_latch_and_what_makes_an_output() -> None:
    found = view('{function: "SEL[i // 10].S[i % 10]"}', more=PAD % "OUT")
    assert found.pad is not None
    assert found.pad.level[13] == Target("LEV", "", 13)
    assert found.pad.latch[13] == Target("SET", "B13")
    assert found.pad.event[13] == Target("CLR", "B13")
    assert (found.pad.output_member, found.pad.output_value) == ("function", 1)
    assert found.pad.rising == ()
    assert found.names[3] == ("P3", "X3")
    assert found.names[4] == ()


def test_a_pad_whose_output_is_no_value_is_refused() -> None:
    with pytest.raises(MapError, match="no member function with a value SIDEWAYS"):
        view('{function: "SEL[i // 10].S[i % 10]"}', more=PAD % "SIDEWAYS")
