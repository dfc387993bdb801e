"""What a vendor's file lets happen to addresses: peripherals that share them, and registers beyond
the size that their peripheral states. Each is read as a warning, and each is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

import regmap
from regmap.errors import BadAddress, BusFault

SVD = """<device schemaVersion="1.3"><name>ACME</name><version>1</version>
<description>Two peripherals at one address.</description>
<addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
<peripherals>
{0}
</peripherals></device>
"""


def peripheral(name: str, base: int, size: int, *registers: str) -> str:
    inside = "".join(f"<register>{text}</register>" for text in registers)
    return (
        f"<peripheral><name>{name}</name><baseAddress>{base:#x}</baseAddress><addressBlock>"
        f"<offset>0</offset><size>{size:#x}</size><usage>registers</usage></addressBlock>"
        f"<registers>{inside}</registers></peripheral>"
    )


def register(name: str, offset: int, more: str = "") -> str:
    return f"<name>{name}</name><addressOffset>{offset:#x}</addressOffset>{more}"


SHARED = SVD.format(
    peripheral("OUTER", 0, 0x1000, register("FIRST", 0), register("LAST", 0xF00))
    + peripheral("UART", 0x100, 0x40, register("CTRL", 0), register("BAUD", 4))
    + peripheral(
        "SPI",
        0x100,
        0x40,
        register("CTRL", 0),
        register("RXD", 8, "<access>read-only</access>"),
    )
    + peripheral("TWI", 0x100, 0x20, register("TXD", 8, "<access>write-only</access>"))
)
BEYOND = SVD.format(
    peripheral("A", 0x1000, 0x10, register("NEAR", 0), register("FAR", 0x2000))
    + peripheral("B", 0x8000, 0x10, register("NEAR", 0))
)


@pytest.fixture
def shared(tmp_path: Path) -> str:
    (tmp_path / "shared.svd").write_text(SHARED)
    return str(tmp_path / "shared.svd")


@pytest.fixture
def beyond(tmp_path: Path) -> str:
    (tmp_path / "beyond.svd").write_text(BEYOND)
    return str(tmp_path / "beyond.svd")


@pytest.mark.parametrize(
    "path", ["OUTER.FIRST", "OUTER.LAST", "UART.CTRL", "UART.BAUD", "SPI.CTRL", "TWI.TXD"]
)
def test_the_simulator_reaches_each_of_those_that_share(shared: str, path: str) -> None:
    with regmap.open(shared, backend="sim:") as chip:
        chip[path].write(0x55)
        assert chip.backend.peek(path) == 0x55


def test_one_address_is_one_storage_whoever_is_asked(shared: str) -> None:
    with regmap.open(shared, backend="sim:") as chip:
        for path in "UART.CTRL", "SPI.CTRL":
            chip.backend.poke(path, 7)
            assert (chip.UART.CTRL.raw, chip.SPI.CTRL.raw) == (7, 7)
            chip.UART.CTRL = 0
        chip.backend.on_read("UART.CTRL", lambda old: old + 1)
        assert [chip.SPI.CTRL.raw, chip.UART.CTRL.raw] == [1, 2]
        chip.backend.drop_writes("UART.CTRL")
        chip.SPI.CTRL = 0x99
        assert chip.backend.peek("SPI.CTRL") == 2


def test_who_is_read_and_who_is_written_at_one_address_are_told_apart(shared: str) -> None:
    with regmap.open(shared, backend="sim:") as chip:
        chip.backend.poke("SPI.RXD", 0x11)
        chip.TWI.TXD.write(0x22)
        assert chip.SPI.RXD.raw == 0x11
        assert chip.backend.peek("TWI.TXD") == 0x22


def test_where_nobody_has_a_register_is_a_fault_still(shared: str) -> None:
    with regmap.open(shared, backend="sim:") as chip:
        with pytest.raises(BusFault, match="0x10c: no register is there"):
            chip.backend.read(0x10C, 32)
        with pytest.raises(BusFault, match="0x100: the register takes 32 bits"):
            chip.backend.read(0x100, 8)
        with pytest.raises(BusFault, match="0x1000: nothing is there"):
            chip.backend.read(0x1000, 32)


@pytest.mark.parametrize("length", [0x10000, 0x3004])
def test_a_register_beyond_the_size_stated_is_reached(
    beyond: str, tmp_path: Path, length: int
) -> None:
    (tmp_path / "memory").write_bytes(bytes(length))
    for backend in "sim:", f"file:{tmp_path / 'memory'}@0":
        with regmap.open(beyond, backend=backend) as chip:
            chip.A.FAR = 0x1234
            assert (chip.A.NEAR.raw, chip.A.FAR.raw) == (0, 0x1234)
    assert (tmp_path / "memory").read_bytes()[0x3000:0x3002] == b"\x34\x12"


def test_a_file_of_the_size_stated_serves_what_it_has(beyond: str, tmp_path: Path) -> None:
    (tmp_path / "memory").write_bytes(bytes(0x1010))
    with regmap.open(beyond, backend=f"file:{tmp_path / 'memory'}@0") as chip:
        chip.A.NEAR = 5
        assert chip.A.NEAR.raw == 5
        with pytest.raises(BadAddress):
            chip.A.FAR.read()
