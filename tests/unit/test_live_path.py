"""Dotted paths: one grammar for lookups and for globs, and what a path that means nothing says."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.errors import AccessError, NoSuchElement, NotWritable, UnknownName, ValueDoesNotFit
from regmap.live.array import Array
from regmap.live.device import Device
from regmap.live.path import Target, find, lookup
from regmap.live.views import ViewItem
from regmap.model.block import Array as ArrayModel
from regmap.model.chip import Chip, Instance
from tests.support import Recorder, model_of

BLOCK = """
    regmap: 1
    block: block
    registers:
      LATE: {offset: 0x40}
      CTL:
        offset: 0
        fields:
          EN: {bits: 0}
          MODE: {bits: "2:1", enum: {A: 0, B: 1}}
          LIST: {bits: 8, array: {count: 2, stride: 1, name: "L{2*i+1}"}}
      STATE: {offset: 4, access: ro, fields: {EN: {bits: 0}}}
      SEL: {offset: 8, array: {count: 3, stride: 4, name: "SEL{i}"}}
      IDX: {offset: 0x20}
      DAT: {offset: 0x24}
    groups:
      T:
        offset: 0x100
        array: {count: 2, stride: 0x10}
        registers:
          CONF: {offset: 0, fields: {RUN: {bits: 0}}}
          CMP: {offset: 8, array: {count: 2, stride: 4}}
    windows: {pair: {index: IDX, data: DAT, registers: {IN1: {index: 1}, IN0: {index: 0}}}}
    views: {pin: {count: 2, members: {state: "CTL.bit[i]"}}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def device(bus: Recorder) -> Device:
    from regmap.layout import lay_out
    from regmap.live.build import build

    block = model_of(BLOCK)
    array = ArrayModel(counts=(2,), strides=(0x1000,))
    chip = Chip(
        name="chip",
        instances=(
            Instance(name="HIGH", block=block, base=0x8000),
            Instance(name="DEV", block=block, base=0x1000),
            Instance(name="UART", block=block, base=0x4000, array=array),
        ),
    )
    made: Device = build(lay_out(chip))(bus)
    return made


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("DEV", lambda d: d.DEV),
        ("DEV.CTL", lambda d: d.DEV.CTL),
        ("DEV.SEL1", lambda d: d.DEV.SEL1),
        ("DEV.SEL[1]", lambda d: d.DEV.SEL1),
        ("DEV.T[1]", lambda d: d.DEV.T[1]),
        ("DEV.T[1].CMP[0]", lambda d: d.DEV.T[1].CMP[0]),
        ("DEV.IN1", lambda d: d.DEV.IN1),
        ("DEV.pin[1]", lambda d: d.DEV.pin[1]),
        ("UART1.CTL", lambda d: d.UART1.CTL),
        ("UART[1].CTL", lambda d: d.UART1.CTL),
    ],
)
def test_a_path_names_one_thing(device: Any, bus: Recorder, path: str, wanted: Any) -> None:
    assert lookup(device, path) is wanted(device)
    assert device[path] is wanted(device)
    assert bus.taken() == []


def test_a_path_may_end_in_a_field_or_start_at_a_block(device: Any) -> None:
    assert lookup(device, "DEV.CTL.MODE") == Target(device.DEV.CTL, "MODE")
    assert lookup(device.DEV, "CTL.MODE") == Target(device.DEV.CTL, "MODE")
    assert lookup(device, "DEV.CTL.LIST[1]") == Target(device.DEV.CTL, "L3")
    assert isinstance(device["DEV.T"], Array)
    assert isinstance(device["DEV.pin[0]"], ViewItem)
    assert device["UART"] == (device.UART0, device.UART1)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("DVE", "chip has no 'DVE'; did you mean DEV"),
        ("DEV.CTRL", "DEV has no 'CTRL'; did you mean CTL"),
        ("DEV.CTL.MOD", r"DEV\.CTL has no 'MOD'; did you mean MODE"),
        ("DEV.CTL.EN.X", "has no 'X'"),
        ("DEV.CTL.EN[0]", r"DEV\.CTL\.EN has no '\[0\]'"),
        ("DEV.CTL.LIST", "has no 'LIST'"),
        ("DEV.CTL.LIST[*]", r"has no 'LIST\[\*\]'"),
        ("DEV.CTL.LIST[0][0]", r"has no '\[0\]'"),
        ("DEV.CTL.LIST[2]", r"DEV\.CTL\.LIST has no element 2; it has 2"),
        ("DEV.CTL.E?", r"has no 'E\?'"),
        ("DEV.CTL[0]", r"DEV\.CTL has no '\[0\]'"),
        ("DEV[0]", r"DEV has no '\[0\]'"),
        ("DEV.T.CONF", r"DEV\.T has no 'CONF'"),
        ("DEV.pin[0].state", "has no 'state'"),
        ("DEV.SEL[3]", "has no element 3; it has 3"),
        ("DEV.T[1].CMP[2]", r"DEV\.T\[1\]\.CMP has no element 2"),
        ("UART[2].CTL", "UART has no element 2; it has 2"),
        ("DEV.pin[2]", r"DEV\.pin has no element 2"),
        ("DEV.T[*].CONF", r"T\[\*\]"),
        ("DEV.SEL*", r"DEV has no 'SEL\*'"),
        ("DEV.", "grammar of paths"),
        (".DEV", "grammar of paths"),
        ("DEV..CTL", "grammar of paths"),
        ("DEV.T[x]", "grammar of paths"),
        ("DEV.T[-1]", "grammar of paths"),
        ("DEV.T[0", "grammar of paths"),
        ("DEV.T[0]CONF", "grammar of paths"),
        ("DEV CTL", "grammar of paths"),
        ("DEV.T[99999999999]", "has no element 99999999999"),
        ("DEV.__class__", "DEV has no '__class__'"),
        ("DEV.CTL.raw", r"DEV\.CTL has no 'raw'"),
        ("DEV.context", "DEV has no 'context'"),
    ],
)
def test_a_path_that_means_nothing_says_where_it_ends(
    device: Any, bus: Recorder, path: str, why: str
) -> None:
    with pytest.raises(UnknownName, match=why) as caught:
        lookup(device, path)
    assert isinstance(caught.value, NoSuchElement) is ("element" in why)
    assert bus.taken() == []


def test_the_empty_path_is_the_thing_itself(device: Any) -> None:
    assert lookup(device.DEV, "") is device.DEV


@given(st.text(alphabet="ABDEVCTL.[]*?019_x\n ", max_size=30))
def test_no_text_does_anything_but_name_or_be_refused(text: str) -> None:
    from tests.support import device_of

    device = device_of(BLOCK)
    for use in (lookup, find):
        with suppress(UnknownName):
            use(device, text)


@pytest.mark.parametrize(
    "text",
    [
        "A" * 1_000_000,
        "A[0]" * 100_000,
        "[" * 100_000,
        "A." * 100_000,
        f"DEV.T[{'9' * 100_000}]",
        f"DEV.CTL.LIST[{'9' * 100_000}]",
    ],
)
def test_hostile_paths_are_refused_at_once(device: Any, text: str) -> None:
    start = time.monotonic()
    for use in (lookup, find):
        with pytest.raises(UnknownName):
            use(device, text)
    assert time.monotonic() - start < 2


# ---- globs -------------------------------------------------------------------------------------


def found(device: Any, pattern: str) -> list[str]:
    return [target.path for target in find(device, pattern)]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("DEV.CTL", ["DEV.CTL"]),
        ("DEV.CTL.*", ["DEV.CTL.EN", "DEV.CTL.MODE", "DEV.CTL.L1", "DEV.CTL.L3"]),
        ("DEV.CTL.LIST[*]", ["DEV.CTL.L1", "DEV.CTL.L3"]),
        ("DEV.CTL.LIST[1]", ["DEV.CTL.L3"]),
        ("DEV.SEL?", ["DEV.SEL0", "DEV.SEL1", "DEV.SEL2"]),
        ("DEV.SEL*", ["DEV.SEL0", "DEV.SEL1", "DEV.SEL2"]),
        ("DEV.SEL[*]", ["DEV.SEL0", "DEV.SEL1", "DEV.SEL2"]),
        ("DEV.SEL", ["DEV.SEL0", "DEV.SEL1", "DEV.SEL2"]),
        ("DEV.T[*].CONF.RUN", ["DEV.T[0].CONF.RUN", "DEV.T[1].CONF.RUN"]),
        ("DEV.T[1]", ["DEV.T[1].CONF", "DEV.T[1].CMP[0]", "DEV.T[1].CMP[1]"]),
        ("DEV.T[*].CMP[1]", ["DEV.T[0].CMP[1]", "DEV.T[1].CMP[1]"]),
        ("*.CTL.EN", ["DEV.CTL.EN", "UART0.CTL.EN", "UART1.CTL.EN", "HIGH.CTL.EN"]),
        ("UART[*].CTL", ["UART0.CTL", "UART1.CTL"]),
        ("UART*.CTL", ["UART0.CTL", "UART1.CTL"]),
        ("DEV.*T*", [
            "DEV.CTL", "DEV.STATE", "DEV.DAT", "DEV.LATE", "DEV.T[0].CONF", "DEV.T[0].CMP[0]",
            "DEV.T[0].CMP[1]", "DEV.T[1].CONF", "DEV.T[1].CMP[0]", "DEV.T[1].CMP[1]",
        ]),
        ("DEV.*.EN", ["DEV.CTL.EN", "DEV.STATE.EN"]),
        ("DEV.?N?", ["DEV.IN0", "DEV.IN1"]),
    ],
)  # fmt: skip
def test_a_glob_names_every_match_in_address_order(
    device: Any, bus: Recorder, pattern: str, paths: list[str]
) -> None:
    assert found(device, pattern) == paths
    assert bus.taken() == []


def test_a_block_stands_for_all_its_registers_in_address_order(device: Any) -> None:
    paths = [
        "DEV.CTL", "DEV.STATE", "DEV.SEL0", "DEV.SEL1", "DEV.SEL2", "DEV.IDX", "DEV.DAT",
        "DEV.IN0", "DEV.IN1", "DEV.LATE", "DEV.T[0].CONF", "DEV.T[0].CMP[0]", "DEV.T[0].CMP[1]",
        "DEV.T[1].CONF", "DEV.T[1].CMP[0]", "DEV.T[1].CMP[1]",
    ]  # fmt: skip
    assert found(device, "DEV") == paths
    assert found(device, "DEV.*") == paths
    assert found(device.DEV, "*") == paths
    assert len(found(device, "*")) == 4 * len(paths)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("DEV.X*", r"chip has no 'DEV\.X\*'"),
        ("DEV.CTRL", "did you mean CTL"),
        ("DEV.SEL[9]", "no element 9"),
        ("DEV.pin[0]", "no register of its own"),
        ("DEV.CTL.EN[0]", r"DEV\.CTL\.EN has no '\[0\]'"),
        ("*.*.*.*.*", "has no"),
        ("DEV.[*]", "grammar of paths"),
    ],
)
def test_a_pattern_without_a_match_is_refused(device: Any, pattern: str, why: str) -> None:
    with pytest.raises(UnknownName, match=why):
        find(device, pattern)


# ---- targets -----------------------------------------------------------------------------------


def test_a_target_reads_checks_and_writes(device: Any, bus: Recorder) -> None:
    field, whole = lookup(device, "DEV.CTL.MODE"), Target(device.DEV.CTL)
    bus.memory[0x1000] = 0b011
    assert field.read() == 1
    assert field.read().name == "B"
    assert whole.read() == 3
    assert bus.taken() == [("R", 0x1000, 32)] * 3
    field.check("A")
    field.check(3)
    whole.check(1 << 31)
    with pytest.raises(ValueDoesNotFit):
        field.check(4)
    with pytest.raises(ValueDoesNotFit):
        whole.check(1 << 32)
    with pytest.raises(NotWritable):
        lookup(device, "DEV.STATE.EN").check(1)
    with pytest.raises(AccessError):
        Target(device.DEV.STATE).check(1)
    assert bus.taken() == []
    field.write("A")
    whole.write(7)
    assert bus.taken() == [("R", 0x1000, 32), ("W", 0x1000, 32, 1), ("W", 0x1000, 32, 7)]
    assert (field.path, whole.path) == ("DEV.CTL.MODE", "DEV.CTL")
