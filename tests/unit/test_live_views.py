"""Views: values, levels, calls and procedures, and what of them is refused."""

from __future__ import annotations

import inspect
import rlcompleter
from typing import Any

import pytest

from regmap.errors import (
    AccessError,
    NoSuchElement,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    UnknownName,
    ValueDoesNotFit,
)
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      SEL:
        offset: 0
        fields: {S: {bits: "1:0", enum: {IN: 0, OUT: 1}, array: {count: 4, stride: 2}}}
      LEV: {offset: 4, access: ro}
      SET: {offset: 8, access: wo1s, fields: {B: {bits: 0, array: {count: 4, stride: 1}}}}
      CLR: {offset: 12, access: wo1c}
      ZERO: {offset: 16, access: wo0c, fields: {Z: {bits: 0, array: {count: 4, stride: 1}}}}
      MIXED: {offset: 20, fields: {EN: {bits: 7}, W: {bits: "1:0", access: rw0s}}}
      PULL: {offset: 24, reset: 0x80, fields: {P: {bits: "1:0"}, KEEP: {bits: 7}}}
      CLK: {offset: 28, reset: 0, fields: {C: {bits: 0, array: {count: 4, stride: 1}}}}
      FIFO: {offset: 32, access: ro, read-action: modify}
      STROBE: {offset: 36, access: wo1s, width: 8}
      BLANK: {offset: 40, fields: {X: {bits: 0}, Z: {bits: 1}}}
    views:
      line:
        count: 4
        description: One line.
        members:
          mode: {path: "SEL.S[i]", description: What it is.}
          level: {read: "LEV.bit[i]", set: "SET.B[i]", clear: "CLR.bit[i]"}
          set: {call: "SET.B[i]"}
          clear: {call: "CLR.bit[i]"}
          drop: {call: "ZERO.Z[i]"}
          kick: {call: MIXED.W}
          strobe: {call: STROBE}
          whole: LEV
          out: CLK
          fifo: FIFO
          shown: SET.B0
          pull:
            enum: {UP: 2, DOWN: 1}
            steps: [{write: PULL.P, value: value}, {wait-us: 10}, {write: "CLK.C[i]", value: 1},
                    {wait-us: 20}, {write: "CLK.C[i]", value: 0}]
          half:
            steps: [{write: PULL.P, value: value}, {write: BLANK.X, value: 1}]
          raw: {steps: [{write: PULL, value: value}, {write: "CLK.bit[i]", value: 1}]}
        lines: {2: {names: [L2, TXD]}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times: list[float] = []
    monkeypatch.setattr("regmap.live.views.time.sleep", times.append)
    return times


def test_items_know_their_place_and_names(dev: Any, bus: Recorder) -> None:
    assert dev.line[2] is dev.line[2]
    assert (dev.line[2].path, dev.line[2].index, dev.line[2].names) == (
        "DEV.line[2]", 2, ("L2", "TXD"),
    )  # fmt: skip
    assert (repr(dev.line), repr(dev.line[2]), repr(dev.line[1])) == (
        "<view DEV.line of 4>", "<DEV.line[2] (L2, TXD)>", "<DEV.line[1]>",
    )  # fmt: skip
    assert (len(dev.line), [item.index for item in dev.line]) == (4, [0, 1, 2, 3])
    assert type(dev.line[0]).__doc__ == "One line."
    assert type(dev.line[0]).mode.__doc__ == "What it is."
    for index in (4, -1):
        with pytest.raises(NoSuchElement, match=r"DEV\.line has no element"):
            dev.line[index]
    assert bus.taken() == []


def test_a_value_is_the_fields_own(dev: Any, bus: Recorder) -> None:
    dev.line[3].mode = "OUT"
    assert dev.line[3].mode.name == "OUT"
    dev.line[0].out = 5
    assert dev.line[1].out == 5
    assert bus.taken() == [
        ("R", 0, 32), ("W", 0, 32, 1 << 6), ("R", 0, 32), ("W", 28, 32, 5), ("R", 28, 32),
    ]  # fmt: skip


def test_a_level_is_read_at_one_place_and_written_at_two_others(dev: Any, bus: Recorder) -> None:
    bus.memory[4] = 0b100
    assert (dev.line[2].level, dev.line[1].level, dev.line[0].whole) == (1, 0, 4)
    assert bus.taken() == [("R", 4, 32)] * 3
    dev.line[2].level = 1
    dev.line[2].level = False
    assert bus.taken() == [("W", 8, 32, 0b100), ("W", 12, 32, 0b100)]


@pytest.mark.parametrize(
    ("call", "accesses"),
    [
        ("set", [("W", 8, 32, 0b10)]),
        ("clear", [("W", 12, 32, 0b10)]),
        ("drop", [("W", 16, 32, 0xFFFF_FFFD)]),
        # Beside a plain field: kept, by one read and one write of all its zeros.
        ("kick", [("R", 20, 32), ("W", 20, 32, 0)]),
        ("strobe", [("W", 36, 8, 0xFF)]),
    ],
)
def test_a_call_writes_what_acts(dev: Any, bus: Recorder, call: str, accesses: Any) -> None:
    for _ in range(2):
        getattr(dev.line[1], call)()
        assert bus.taken() == accesses


def test_a_procedure_writes_and_waits_in_order(dev: Any, bus: Recorder, slept: list[float]) -> None:
    dev.line[3].pull = "UP"
    assert bus.taken() == [("W", 24, 32, 0x82), ("W", 28, 32, 8), ("W", 28, 32, 0)]
    assert slept == [1e-5, 2e-5]
    dev.line[3].pull = 1
    dev.line[2].raw = 7
    assert bus.taken()[-3:] == [("W", 24, 32, 7), ("R", 28, 32), ("W", 28, 32, 4)]


def test_a_procedure_is_tried_before_its_first_write(
    dev: Any, bus: Recorder, slept: list[float]
) -> None:
    for name, value, error in [
        ("pull", "SIDEWAYS", UnknownName),
        ("pull", 4, ValueDoesNotFit),
        ("pull", None, TypeError),
        # The second step cannot be carried out: BLANK.Z has no known reset value.
        ("half", 1, AccessError),
        ("raw", 1 << 32, ValueDoesNotFit),
    ]:
        with pytest.raises(error):
            setattr(dev.line[0], name, value)
    assert (bus.taken(), slept) == ([], [])


@pytest.mark.parametrize(
    ("use", "error", "why"),
    [
        (lambda i: setattr(i, "level", 2), ValueDoesNotFit, r"DEV\.line\[0\]\.level: value 2"),
        (lambda i: setattr(i, "whole", 2), NotWritable, r"DEV\.LEV: it is read-only"),
        (lambda i: setattr(i, "set", 1), AccessError, r"it is a method; call set\(\)"),
        (lambda i: setattr(i, "mode", "SLOW"), UnknownName, "SLOW"),
        (lambda i: setattr(i, "moed", 1), UnknownName, r"DEV\.line\[0\] has no 'moed'.*mode"),
        (lambda i: i.moed, UnknownName, "did you mean mode"),
        (lambda i: setattr(i, "index", 1), UnknownName, "has no 'index'"),
        (lambda i: i.pull, NotReadable, r"DEV\.line\[0\]\.pull: the hardware does not show it"),
        # These are AttributeErrors too, which must not be taken for a missing name.
        (lambda i: i.shown, NotReadable, r"DEV\.SET\.B0: it is write-only"),
        (lambda i: i.fifo, ReadHasSideEffect, r"DEV\.FIFO"),
    ],
)
def test_what_is_refused_touches_nothing(
    dev: Any, bus: Recorder, use: Any, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why) as caught:
        use(dev.line[0])
    assert type(caught.value) is error
    assert bus.taken() == []


def test_completion_reads_nothing(dev: Any, bus: Recorder) -> None:
    """Law 2."""
    completer = rlcompleter.Completer({"item": dev.line[0], "view": dev.line})
    found: list[str] = []
    for text in ("item.", "view."):
        state = 0
        while match := completer.complete(text, state):
            found.append(match)
            state += 1
    assert "item.mode" in found
    assert any(match.startswith("item.set") for match in found)
    for look in (repr, str, dir, hash):
        look(dev.line[0])
    inspect.getmembers(type(dev.line[0]))
    assert bus.taken() == []
