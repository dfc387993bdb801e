"""One script of operations on every backend that needs no special machine: the same values, the
same errors, and the same bytes wherever there are bytes to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.errors import RegmapError
from regmap.live.path import find, lookup
from tests.support import model_of

BASE = 0x4000_0000
SIZE = 0x100
CHIP = """
regmap: 1
block: block
instance: DEV
size: 0x100
defaults: {reset: 0}
registers:
  BYTE: {offset: 0x00, width: 8}
  WORD: {offset: 0x02, width: 16, fields: {LOW: {bits: "7:0"}, HIGH: {bits: "15:8"}}}
  LONG:
    offset: 0x04
    fields:
      MODE: {bits: "2:0", enum: {IDLE: 0, RUN: 1, FAST: {value: 4}}}
      SPEED: {bits: "7:4", constraint: {min: 2, max: 9}}
      SPLIT: {bits: ["31:30", "9:8"]}
      STATE: {bits: 16, access: ro}
  QUAD: {offset: 0x08, width: 64, fields: {TOP: {bits: "63:56"}, BOTTOM: {bits: "7:0"}}}
  BIG16: {offset: 0x10, width: 16, byte-order: big}
  BIG32: {offset: 0x14, byte-order: big, fields: {TOP: {bits: "31:24"}, REST: {bits: "23:0"}}}
  BIG64: {offset: 0x18, width: 64, byte-order: big, fields: {TOP: {bits: "63:60"}}}
  PARTS: {offset: 0x20, width: 64, access-widths: [32], word-order: high-first}
  COUNTER: {offset: 0x28, width: 64, access-widths: [32], word-order: high-low-high}
  HALVES: {offset: 0x30, width: 32, access-widths: [16], word-order: low-first, byte-order: big}
  WRITE_ONLY: {offset: 0x34, access: wo, reset: null}
  FIFO: {offset: 0x38, access: ro, read-action: modify, reset: null}
  NO_ORDER: {offset: 0x40, width: 64, access-widths: [32], alternate: true}
  CHECKED: {offset: 0x50, verify: true, fields: {V: {bits: "3:0"}}}
  LIMITED: {offset: 0x54, constraint: {max: 100}}
  LIST: {offset: 0x60, array: {count: [2, 3], stride: [16, 4]}}
  NAMED: {offset: 0x80, width: 16, array: {count: 2, stride: 2, name: "NAMED{i}"}}
groups:
  CELL:
    offset: 0x90
    array: {count: 2, stride: 8}
    registers: {VALUE: {offset: 0}, FLAG: {offset: 4, width: 8}}
views:
  line:
    count: 2
    members:
      value: "NAMED[i]"
      flag: "CELL[i].FLAG.bit[3]"
"""

Step = Callable[[Any], object]


def put(path: str, value: object) -> Step:
    """An assignment to the last name of a path."""
    owner, _, name = path.rpartition(".")

    def step(dev: Any) -> None:
        here = dev
        for part in filter(None, owner.split(".")):
            here = getattr(here, part)
        setattr(here, name, value)

    return step


def item(of: Callable[[Any], Any], index: Any, value: object) -> Step:
    return lambda dev: of(dev).__setitem__(index, value)


SCRIPT: tuple[Step, ...] = (
    put("BYTE", 0xA5), lambda d: d.BYTE.raw, lambda d: d.BYTE.read().width,
    put("WORD.LOW", 0x34), put("WORD.HIGH", 0x12), lambda d: d.WORD.raw,
    lambda d: d.WORD.modify(LOW=1, HIGH=2), lambda d: str(d.WORD.read()),
    put("LONG.MODE", "FAST"), lambda d: d.LONG.MODE, lambda d: repr(d.LONG.MODE),
    put("LONG.SPEED", 5), put("LONG.SPEED", 1), put("LONG.SPEED", 10), put("LONG.SPLIT", 0b1001),
    lambda d: (d.LONG.SPLIT, d.LONG.raw), put("LONG.STATE", 1), put("LONG.MODE", "SLOW"),
    put("LONG.MODE", 8), put("LONG.MODE", -1), put("LONG.MODE", 2.5), put("LONG", 1 << 32),
    lambda d: d.LONG.write(MODE="RUN", SPEED=2), lambda d: d.LONG.raw, lambda d: d.LONG.reset(),
    lambda d: d.LONG.raw, item(lambda d: d.LONG.bit, 31, 1), lambda d: d.LONG.bit[31],
    item(lambda d: d.LONG.bit, 16, 1), item(lambda d: d.LONG.bit, 32, 1), lambda d: d.LONG.bit[99],
    put("QUAD.TOP", 0xFE), put("QUAD.BOTTOM", 0xDC), lambda d: d.QUAD.raw,
    put("QUAD", (1 << 64) - 1), lambda d: d.QUAD.raw,
    put("BIG16", 0x1234), lambda d: d.BIG16.raw, put("BIG32.TOP", 0xAB), put("BIG32.REST", 0xCDEF),
    lambda d: (d.BIG32.raw, d.BIG32.TOP), put("BIG64.TOP", 9), lambda d: d.BIG64.raw,
    put("PARTS", 0x1122334455667788), lambda d: d.PARTS.raw, lambda d: d.PARTS.modify(),
    put("COUNTER", 0x8877665544332211), lambda d: d.COUNTER.read(),
    put("HALVES", 0xCAFEBABE), lambda d: d.HALVES.raw, item(lambda d: d.HALVES.bit, 0, 1),
    lambda d: d.HALVES.raw, put("WRITE_ONLY", 7), lambda d: d.WRITE_ONLY.raw,
    lambda d: d.WRITE_ONLY.read(), lambda d: d.WRITE_ONLY.reset(), lambda d: d.FIFO.raw,
    lambda d: d.FIFO.bit[0], lambda d: d.FIFO.wait(lambda now: True, timeout_s=0),
    put("FIFO", 1), lambda d: d.NO_ORDER.read(), put("NO_ORDER", 1),
    put("CHECKED.V", 9), put("CHECKED", 0x0F), lambda d: d.CHECKED.V, put("LIMITED", 100),
    put("LIMITED", 101), lambda d: d.LIMITED.raw,
    item(lambda d: d.LIST[1], 2, 0x77), lambda d: d.LIST[1, 2].raw, lambda d: d.LIST[1][2].raw,
    lambda d: d.LIST[2], lambda d: d.LIST[0][3], lambda d: d.LIST[-1], put("LIST", 1),
    put("NAMED1", 0x5555), lambda d: d.NAMED[1].raw, lambda d: d.NAMED[1] is d.NAMED1,
    lambda d: d.CELL[1].VALUE.write(5), item(lambda d: d.CELL[0].FLAG.bit, 3, 1),
    lambda d: [register.raw for register in (d.CELL[0].FLAG, d.CELL[1].VALUE)],
    lambda d: d.line[1].value, lambda d: setattr(d.line[0], "value", 3), lambda d: d.line[0].flag,
    lambda d: setattr(d.line[1], "flag", 1), lambda d: d.line[2], lambda d: d.line[0].colour,
    lambda d: d.LONG.wait(MODE=0, timeout_s=0), lambda d: d.LONG.wait(MODE="RUN", timeout_s=0),
    lambda d: d.LONG.clear("MODE"), lambda d: d.LONG.modify(NOTHING=1), lambda d: d.LONK,
    put("LONK", 1), lambda d: d.LONG.MOOD, lambda d: int(d.LONG), lambda d: d.LONG == 5,
    lambda d: [target.read() for target in find(d, "CELL[*].VALUE")],
    lambda d: lookup(d, "LIST[1][2]").raw, lambda d: lookup(d, "NOTHING"),
    lambda d: [register.path for register in d], lambda d: repr(d["CELL[1].VALUE"]),
)  # fmt: skip


class Bare:
    """The least that a backend must be, over plain bytes."""

    def __init__(self) -> None:
        self.memory = bytearray(SIZE)

    def read(self, address: int, width: int) -> int:
        at = address - BASE
        return int.from_bytes(self.memory[at : at + width // 8], "little")

    def write(self, address: int, width: int, value: int) -> None:
        at = address - BASE
        self.memory[at : at + width // 8] = value.to_bytes(width // 8, "little")

    def close(self) -> None:
        pass


def model() -> Any:
    """The block at an address that is not 0."""
    from regmap.model.chip import Chip, Instance

    block = model_of(CHIP)
    return Chip(name="chip", instances=(Instance(name="DEV", block=block, base=BASE, size=SIZE),))


def played(device: Any) -> list[str]:
    """What each step of the script came to: its value, or its error."""
    came: list[str] = []
    for step in SCRIPT:
        try:
            value = step(device.DEV)
            came.append(f"{type(value).__name__} {value!r}")
        except (RegmapError, TypeError) as error:
            came.append(f"{type(error).__name__}: {error}")
    return came


@pytest.fixture(scope="module")
def wanted() -> list[str]:
    """What it comes to on the least backend that there can be."""
    return played(regmap.open(model(), backend=Bare()))


@pytest.fixture
def shared() -> Iterator[shared_memory.SharedMemory]:
    made = shared_memory.SharedMemory(create=True, size=4096)
    try:
        yield made
    finally:
        made.close()
        made.unlink()


def test_the_script_itself_comes_to_values_and_to_errors(wanted: list[str]) -> None:
    kinds = {text.partition(" ")[0] for text in wanted}
    assert kinds >= {
        "AccessError:", "BadAddress:", "NoSuchElement:", "NotANumber:", "NotReadable:",
        "NotWritable:", "ReadHasSideEffect:", "TypeError:", "UnknownName:", "ValueDoesNotFit:",
        "WaitTimeout:", "RegisterValue", "bool", "int", "list", "str", "tuple",
    }  # fmt: skip


@pytest.mark.parametrize("uri", ["anon:", "sim:", "trace:anon:", "trace:sim:"])
def test_the_same_on_memory_and_on_the_simulator(
    uri: str, wanted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with regmap.open(model(), backend=uri) as device:
        assert played(device) == wanted
    traced = capsys.readouterr().err
    assert bool(traced) is uri.startswith("trace:")
    assert re.search(r"^W8 0x40000000 = 0xA5$", traced, re.M) or not traced


def test_the_same_bytes_in_a_file(wanted: list[str], tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(SIZE))
    with regmap.open(model(), backend=f"file:{image}") as device:
        assert played(device) == wanted
    bare = Bare()
    played(regmap.open(model(), backend=bare))
    assert image.read_bytes() == bytes(bare.memory)
    assert image.read_bytes()[0x10:0x12] == b"\x12\x34"
    assert image.read_bytes()[0x20:0x28] == bytes.fromhex("8877665544332211")
    assert image.read_bytes()[0x30:0x34] == bytes.fromhex("cafebabf")


def test_the_same_in_shared_memory(wanted: list[str], shared: shared_memory.SharedMemory) -> None:
    with regmap.open(model(), backend=f"shm:{shared.name.lstrip('/')}") as device:
        assert played(device) == wanted
        assert shared.buf is not None
        assert bytes(shared.buf[0x10:0x12]) == b"\x12\x34"


@pytest.mark.parametrize("uri", ["anon:", "sim:", "trace:anon:", "trace:sim:"])
def test_a_closed_device_says_so_everywhere(uri: str) -> None:
    with regmap.open(model(), backend=uri) as device:
        registers = [device.DEV.LONG, device.DEV.PARTS, device.DEV.BIG64]
        for register in registers:
            register.read()
    for register in registers:
        for use in (register.read, lambda r=register: r.write(0x21), lambda r=register: r.bit[0]):
            with pytest.raises(regmap.ClosedError):
                use()
    device.close()


@pytest.mark.parametrize("uri", ["anon:", "sim:", "trace:sim:"])
def test_a_32_bit_bus_is_told_before_the_access(uri: str) -> None:
    """A backend that states its widths: what does not fit is refused, parts are used."""
    from regmap.backends import open_backend
    from regmap.layout import lay_out
    from regmap.sim import Simulator

    layout = lay_out(model())
    inner = open_backend(
        uri, origin=layout.origin, extent=layout.extent, simulator=lambda: Simulator(layout)
    )

    class Narrow:
        widths = (8, 16, 32)
        read, write, close = inner.read, inner.write, inner.close

    device = regmap.open(model(), backend=Narrow())
    with pytest.raises(regmap.BadAddress, match="takes accesses of 64 bits and this bus has 8, 16"):
        device.DEV.QUAD.read()
    device.DEV.PARTS = 1 << 40
    assert device.DEV.PARTS.read() == 1 << 40
