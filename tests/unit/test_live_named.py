"""Live objects on a transport that is asked by name: what is meant is what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import regmap
from tests.support import model_of

BLOCK = """
regmap: 1
block: block
instance: DEV
defaults: {reset: 0}
registers:
  PLAIN: {offset: 0, fields: {LOW: {bits: "3:0", enum: {NONE: 0, SOME: 1}}, HIGH: {bits: "31:4"}}}
  BIG: {offset: 4, byte-order: big, fields: {TOP: {bits: "31:24"}, SPLIT: {bits: ["9:8", 0]}}}
  FLAGS: {offset: 8, access: rw1c, fields: {A: {bits: 0}, B: {bits: "5:4"}}}
  CHECKED: {offset: 12, verify: true, constraint: {max: 100}, fields: {V: {bits: "6:0"}}}
  POP: {offset: 16, access: ro, read-action: modify, reset: null, fields: {V: {bits: "7:0"}}}
  INDEX: {offset: 20}
  DATA: {offset: 24}
  LIST: {offset: 32, array: {count: [2, 2], stride: [8, 4]}}
windows:
  behind: {index: INDEX, data: DATA, registers: {INNER: {index: 3}}}
"""


class Asked:
    """Remembers what it is asked and answers every question with 1."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def get_named(self, path: str) -> int:
        self.said.append(f"GET {path}")
        return 1

    def set_named(self, path: str, value: int) -> None:
        self.said.append(f"SET {path}={value:#x}")

    def modify_named(self, values: Mapping[str, int]) -> None:
        changes = " ".join(f"{path}={value:#x}" for path, value in values.items())
        self.said.append(f"MODIFY {changes}")

    def read(self, address: int, width: int) -> int:
        raise AssertionError(f"a {width}-bit read by address at {address:#x}")

    def write(self, address: int, width: int, value: int) -> None:
        raise AssertionError(f"a {width}-bit write of {value:#x} by address at {address:#x}")

    def close(self) -> None:
        pass


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def dev(asked: Asked) -> Any:
    return regmap.open(model_of(BLOCK), backend=asked).DEV


CASES = {
    "GET DEV.PLAIN.LOW": lambda d: d.PLAIN.LOW,
    "GET DEV.PLAIN": lambda d: d.PLAIN.raw,
    "GET DEV.PLAIN.bit[9]": lambda d: d.PLAIN.bit[9],
    "GET DEV.BIG": lambda d: d.BIG.read(),
    "GET DEV.BIG.TOP": lambda d: d.BIG.TOP,
    "GET DEV.BIG.SPLIT": lambda d: d.BIG.SPLIT,
    "GET DEV.POP": lambda d: d.POP.read(),
    "GET DEV.POP.V": lambda d: d["POP.V"].read(),
    "GET DEV.LIST[1][0]": lambda d: d.LIST[1, 0].raw,
    "GET DEV.INNER": lambda d: d.INNER.raw,
    "SET DEV.PLAIN.LOW=0x1": lambda d: setattr(d.PLAIN, "LOW", "SOME"),
    "SET DEV.PLAIN=0x12345678": lambda d: setattr(d, "PLAIN", 0x12345678),
    "SET DEV.PLAIN.bit[31]=0x1": lambda d: d.PLAIN.bit.__setitem__(31, 1),
    "SET DEV.BIG=0x12345678": lambda d: setattr(d, "BIG", 0x12345678),
    "SET DEV.BIG.SPLIT=0x5": lambda d: setattr(d.BIG, "SPLIT", 5),
    "SET DEV.CHECKED=0x64": lambda d: setattr(d, "CHECKED", 100),
    "SET DEV.CHECKED.V=0x63": lambda d: setattr(d.CHECKED, "V", 99),
    "SET DEV.FLAGS.B=0x3": lambda d: d.FLAGS.clear("B"),
    "MODIFY DEV.FLAGS.A=0x1 DEV.FLAGS.B=0x3": lambda d: d.FLAGS.clear("A", "B"),
    "MODIFY DEV.PLAIN.LOW=0x1": lambda d: d.PLAIN.modify(LOW=1),
    "MODIFY DEV.PLAIN.LOW=0x1 DEV.PLAIN.HIGH=0x2": lambda d: d.PLAIN.modify(LOW="SOME", HIGH=2),
}


@pytest.mark.parametrize("said", CASES)
def test_one_operation_asks_once_for_what_it_means(said: str, asked: Asked, dev: Any) -> None:
    CASES[said](dev)
    assert asked.said == [said]


def test_what_is_answered_is_the_number_of_what_was_asked_for(dev: Any) -> None:
    assert dev.PLAIN.LOW.name == "SOME"
    assert dev.PLAIN.HIGH == 1
    assert (dev.BIG.raw, dev.BIG.TOP, dev.BIG.SPLIT) == (1, 1, 1)
    assert dev.PLAIN.bit[30] == 1


def test_what_is_refused_here_is_not_asked(asked: Asked, dev: Any) -> None:
    for use in (
        lambda: dev.POP.raw,
        lambda: dev.POP.V,
        lambda: setattr(dev.PLAIN, "LOW", 16),
        lambda: setattr(dev, "CHECKED", 101),
        lambda: setattr(dev.FLAGS, "A", 0),
    ):
        with pytest.raises(regmap.RegmapError):
            use()
    assert asked.said == []


def test_registers_keep_their_order(dev: Any) -> None:
    order = [register.name for register in dev]
    assert order == [
        "PLAIN", "BIG", "FLAGS", "CHECKED", "POP", "INDEX", "DATA", "INNER",
        "LIST[0][0]", "LIST[0][1]", "LIST[1][0]", "LIST[1][1]",
    ]  # fmt: skip


def test_a_cpu_of_ones_own_choice_is_refused(dev: Any) -> None:
    with pytest.raises(regmap.BackendUnavailable, match="a CPU of its own"):
        dev.on_cpu(0)
