"""What the rules must not report: descriptions of real habits of hardware that look odd."""

from __future__ import annotations

import textwrap

import pytest

from regmap import loaders
from regmap.check import check

# Descriptions are left out: RM290 is not what this is about.
QUIET = {"RM290"}


def rules_of(body: str) -> set[str]:
    loaded = loaders.read("part.yaml", text="block: part\n" + textwrap.dedent(body))
    assert loaded.model is not None, loaded.problems
    found = [*loaded.problems, *check(loaded.model)]
    return {problem.rule for problem in found} - QUIET


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            """
            registers:
              PORT:
                offset: 0
                fields: {IN: {bits: "7:0", access: ro}, OUT: {bits: "7:0", access: wo}}
            """,
            id="one field is read and another written at the same bits",
        ),
        pytest.param(
            """
            registers:
              RBR: {offset: 0, width: 8, access: ro}
              THR: {offset: 0, width: 8, access: wo, alternate: true}
            """,
            id="registers of one address, one of them alternate",
        ),
        pytest.param(
            """
            registers:
              DATA: {offset: 0, array: {count: 4, stride: 8}}
              CTRL: {offset: 4, array: {count: 4, stride: 8}}
            """,
            id="two arrays that interleave",
        ),
        pytest.param(
            """
            groups:
              CH:
                offset: 0
                array: {count: 4, stride: 4}
                registers: {SET: {offset: 0x00}, GET: {offset: 0x10}}
            """,
            id="a group larger than its stride, without overlap",
        ),
        pytest.param(
            """
            registers:
              COUNTER: {offset: 4, width: 64, access-widths: [32], word-order: high-low-high}
            """,
            id="a 64-bit register of two words at a multiple of 4",
        ),
        pytest.param(
            """
            registers:
              DATAOUT: {offset: 0}
              SET: {offset: 4, access: wo1s, target: DATAOUT}
            """,
            id="a set register for storage that can be written whole",
        ),
        pytest.param(
            """
            registers:
              SET: {offset: 0, access: wo1s, storage: latch}
              CLR: {offset: 4, access: wo1c, storage: latch}
            """,
            id="set and clear registers of hidden storage",
        ),
        pytest.param(
            """
            registers:
              TGL: {offset: 0, access: wo1t, storage: latch}
            """,
            id="a toggle register alone",
        ),
        pytest.param(
            """
            groups:
              PORT:
                offset: 0
                array: {count: 2, stride: 0x20}
                registers:
                  OUT: {offset: 0}
                  SET: {offset: 4, access: wo1s, target: OUT}
                  CLR: {offset: 8, access: wo1c, target: OUT, lock: KEY.OPEN}
                  KEY: {offset: 12, fields: {OPEN: {bits: 0}}}
            """,
            id="references inside a group",
        ),
        pytest.param(
            """
            enums: {mode: {A: 0, B: "0b1x", REST: default}}
            registers:
              CTRL: {offset: 0, fields: {MODE: {bits: "1:0", enum: mode}}}
            """,
            id="a pattern and a default that 1 needs",
        ),
        pytest.param(
            """
            registers:
              CTRL:
                offset: 0
                fields: {MODE: {bits: "1:0", enum: {A: 0, B: 2}, constraint: enum}}
            """,
            id="an incomplete enum with a constraint",
        ),
        pytest.param(
            """
            registers:
              STATE: {offset: 0, access: ro, fields: {MODE: {bits: "1:0", enum: {A: 0, B: 2}}}}
            """,
            id="an incomplete enum of a field that cannot be written",
        ),
        pytest.param(
            """
            registers:
              CTRL: {offset: 0, reset: 0x30, fields: {MODE: {bits: "5:4", reset: 3}}}
            """,
            id="the same reset value at both levels",
        ),
        pytest.param(
            """
            registers:
              CTRL:
                offset: 0
                reset: 0
                reset-mask: 0x0F
                fields: {MODE: {bits: "5:4", reset: 3}}
            """,
            id="a field that knows the reset value that its register does not",
        ),
        pytest.param(
            """
            defaults: {reset-mask: 0xFFFF_FFFF}
            registers:
              BYTE: {offset: 0, width: 8, reset: 1}
            """,
            id="a default reset mask of wider registers",
        ),
        pytest.param(
            """
            registers:
              DFR: {offset: 0, fields: {DIVIDE: {bits: [3, "1:0"]}}}
            """,
            id="a split field",
        ),
        pytest.param(
            """
            registers:
              LOW: {offset: 0, array: {count: 2, stride: 4, labels: [FIRST, SECOND]}}
              KEEP: {offset: 8, py-name: keep_it}
            """,
            id="labels",
        ),
        pytest.param(
            """
            registers:
              FIFO: {offset: 0, access: ro, read-action: modify}
              STATUS: {offset: 4, access: ro}
            """,
            id="a FIFO at the start, where no run of plain registers goes over it",
        ),
        pytest.param(
            """
            registers:
              PIN: {offset: 0, array: {count: 2, stride: 4}}
            views:
              pin:
                count: 64
                members:
                  value: "PIN[i // 32].bit[i % 32]"
                  set: {call: "PIN[i // 32].bit[i % 32]"}
                  slow:
                    steps:
                      - {write: "PIN[0].bit[0]", value: 1}
                      - {wait-us: 1}
                      - {write: "PIN[i // 32].bit[i % 32]", value: value}
            """,
            id="a view called as a register in lower case, with members called as methods",
        ),
        pytest.param(
            """
            registers:
              CAP: {offset: 0, access: ro, fields: {NUM: {bits: "4:0", constraint: {max: 7}}}}
              T: {offset: 4, array: {count: "CAP.NUM + 1", max: 8, stride: 4}}
            """,
            id="a count with the maximum that its field can state",
        ),
        pytest.param(
            """
            registers:
              CTRL:
                offset: 0
                reset: 3
                fields: {MODE: {bits: "1:0", enum: {A: 0, REST: default}}}
            """,
            id="a reset value that the default of an enum names",
        ),
        pytest.param(
            """
            registers:
              CTRL: {offset: 0, fields: {MODE: {bits: "1:0", enum: {EVEN: "0bx0", ODD: "0bx1"}}}}
            """,
            id="an enum of two patterns that name all",
        ),
        pytest.param(
            """
            registers:
              CTRL: {offset: 0, access: ro}
              FIFO: {offset: 8, access: ro, read-action: modify}
              STATUS: {offset: 12, access: ro}
            """,
            id="a FIFO behind a gap",
        ),
        pytest.param(
            """
            registers:
              STATUS: {offset: 0, access: rw1c, fields: {A: {bits: 0}, B: {bits: 1, access: ro}}}
            """,
            id="flags without a plain field beside them",
        ),
        pytest.param(
            """
            registers:
              DATA: {offset: 0}
              MIRROR: {offset: 0, alias: DATA}
            """,
            id="an alias at the address of its register",
        ),
        pytest.param(
            """
            registers:
              DATA: {offset: 0x100}
            groups:
              DMA: {offset: 0x100, alternate: true, registers: {SOURCE: {offset: 0}}}
            """,
            id="a group that is alternate to a register",
        ),
    ],
)
def test_nothing_is_reported(body: str) -> None:
    assert rules_of(body) == set()
