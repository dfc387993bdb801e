"""Base addresses that a machine states, on trees that stand for machines."""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.backends import Target, physical, x2apic
from regmap.backends.base import Locating
from regmap.backends.devicetree import address_of, compatible
from regmap.backends.locate import addresses, locate
from regmap.backends.machine import Machine
from regmap.backends.msr import Msr, open_cpu
from regmap.backends.physical import open_mem
from regmap.backends.x2apic import X2Apic, in_x2apic_mode
from regmap.errors import BadAddress

# ---- device trees ------------------------------------------------------------------------------


def cells(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def node(root: Path, path: str, **properties: bytes | str) -> None:
    folder = root / "proc/device-tree" / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in properties.items():
        own = name.replace("__", "#").replace("_", "-")
        data = value.encode() + b"\0" if isinstance(value, str) else value
        (folder / own).write_bytes(data)


# The ranges of /soc as the kernel's device trees of these boards have them.
PIS = {
    "pi1": ("brcm,bcm2835-gpio", cells(0x7E000000, 0x20000000, 0x02000000), 1, 0x20200000),
    "pi2": (
        "brcm,bcm2835-gpio",
        cells(0x7E000000, 0x3F000000, 0x01000000, 0x40000000, 0x40000000, 0x00001000),
        1,
        0x3F200000,
    ),
    "pi4": (
        "brcm,bcm2711-gpio",
        cells(0x7E000000, 0, 0xFE000000, 0x01800000, 0x7C000000, 0, 0xFC000000, 0x02000000),
        2,
        0xFE200000,
    ),
}


def pi(root: Path, name: str) -> Machine:
    says, ranges, above, _ = PIS[name]
    node(root, "", __address_cells=cells(above), __size_cells=cells(1))
    node(root, "soc", __address_cells=cells(1), __size_cells=cells(1), ranges=ranges)
    node(root, "soc/gpio@7e200000", compatible=says, reg=cells(0x7E200000, 0xB4))
    node(root, "soc/uart@7e201000", compatible="arm,pl011", reg=cells(0x7E201000, 0x200))
    return Machine(root)


@pytest.mark.parametrize("name", PIS)
def test_one_description_finds_the_gpio_block_of_every_pi(tmp_path: Path, name: str) -> None:
    machine = pi(tmp_path, name)
    key = "brcm,bcm2835-gpio brcm,bcm2711-gpio"
    assert addresses("devicetree", key, machine) == (PIS[name][3],)
    assert locate("devicetree", key, 0x20200000, machine) == PIS[name][3]


def test_nodes_that_are_switched_off_or_not_reached_do_not_count(tmp_path: Path) -> None:
    machine = pi(tmp_path, "pi1")
    node(tmp_path, "soc/gpio@1", compatible="brcm,bcm2835-gpio", reg=cells(1, 4), status="disabled")
    node(tmp_path, "i2c", __address_cells=cells(1), __size_cells=cells(0))
    node(tmp_path, "i2c/gpio@20", compatible="brcm,bcm2835-gpio", reg=cells(0x20))
    assert len(compatible(["brcm,bcm2835-gpio"], machine)) == 2
    assert address_of("/proc/device-tree/i2c/gpio@20", machine) is None
    assert addresses("devicetree", "brcm,bcm2835-gpio", machine) == (0x20200000,)


@pytest.mark.parametrize(
    "ranges", [b"", cells(0x7E000000), cells(0, 0, 0), cells(0x7E000000, 0x10000000, 0x02000000)]
)
def test_ranges_of_every_length(tmp_path: Path, ranges: bytes) -> None:
    machine = pi(tmp_path, "pi1")
    (tmp_path / "proc/device-tree/soc/ranges").write_bytes(ranges)
    found = addresses("devicetree", "brcm,bcm2835-gpio", machine)
    assert found == {0: (0x7E200000,), 4: (), 12: ()}.get(len(ranges)) or ranges[4] == 0x10
    if len(ranges) == 12 and ranges[4] == 0x10:
        assert found == (0x10200000,)


def test_a_tree_that_states_nonsense(tmp_path: Path) -> None:
    machine = pi(tmp_path, "pi1")
    (tmp_path / "proc/device-tree/soc/#address-cells").write_bytes(cells(0xFFFFFFFF))
    assert addresses("devicetree", "brcm,bcm2835-gpio", machine) == ()
    assert addresses("devicetree", "brcm,bcm2835-gpio", Machine(tmp_path / "none")) == ()


def test_several_blocks_are_not_guessed_among(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine = pi(tmp_path, "pi1")
    node(tmp_path, "soc/gpio@7e300000", compatible="brcm,bcm2835-gpio", reg=cells(0x7E300000, 4))
    with caplog.at_level(logging.WARNING, "regmap"):
        assert locate("devicetree", "brcm,bcm2835-gpio", 0x20300000, machine) == 0x20300000
        assert not caplog.records
        assert locate("devicetree", "brcm,bcm2835-gpio", 0x1000, machine) == 0x1000
    assert "0x20200000, 0x20300000" in caplog.text


# ---- ACPI, /proc/iomem and PCI -----------------------------------------------------------------


def table(root: Path, name: str, body: bytes) -> Path:
    """An ACPI table with its header and a checksum that is right."""
    length = 36 + len(body)
    data = bytearray(name.encode() + struct.pack("<IBB", length, 1, 0) + bytes(26) + body)
    data[9] = -sum(data) % 256
    path = root / "sys/firmware/acpi/tables" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def hpet(root: Path, address: int, space: int = 0) -> Path:
    return table(root, "HPET", struct.pack("<IBBBBQ", 0x8086A201, space, 64, 0, 0, address))


def madt(root: Path, *entries: bytes) -> Path:
    return table(root, "APIC", struct.pack("<II", 0xFEE00000, 1) + b"".join(entries))


def io_apic(number: int, address: int, inputs: int) -> bytes:
    return struct.pack("<BBBBII", 1, 12, number, 0, address, inputs)


def test_the_tables_of_a_pc(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    hpet(tmp_path, 0xFED10000)
    madt(tmp_path, bytes((0, 8)) + bytes(6), io_apic(2, 0xFEC40000, 24), io_apic(1, 0xFEC10000, 0))
    assert addresses("acpi", "HPET", machine) == (0xFED10000,)
    assert addresses("acpi", "MADT.LAPIC", machine) == (0xFEE00000,)
    assert addresses("acpi", "MADT.IOAPIC", machine) == (0xFEC10000,)
    assert addresses("acpi", "MADT", machine) == ()
    # A wide address overrides the one in the head (type 5).
    madt(tmp_path, struct.pack("<BBHQ", 5, 12, 0, 0x1_FEE00000))
    assert addresses("acpi", "MADT.LAPIC", machine) == (0x1_FEE00000,)


@pytest.mark.parametrize("harm", ["sum", "length", "name", "empty"])
def test_a_table_that_is_not_whole_says_nothing(tmp_path: Path, harm: str) -> None:
    path = hpet(tmp_path, 0xFED10000)
    data = bytearray(path.read_bytes())
    if harm == "sum":
        data[40] ^= 1
    elif harm == "length":
        del data[50:]
    elif harm == "name":
        data[0:4] = b"TEPH"
    else:
        data.clear()
    path.write_bytes(data)
    assert addresses("acpi", "HPET", Machine(tmp_path)) == ()
    assert locate("acpi", "HPET", 0xFED00000, Machine(tmp_path)) == 0xFED00000


def test_entries_that_never_end_are_not_followed(tmp_path: Path) -> None:
    madt(tmp_path, bytes(2), io_apic(1, 0xFEC10000, 0))
    assert addresses("acpi", "MADT.IOAPIC", Machine(tmp_path)) == ()
    hpet(tmp_path, 0xFED10000, space=1)  # in I/O space, so no address of memory
    assert addresses("acpi", "HPET", Machine(tmp_path)) == ()


def test_regions_and_bars(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/iomem").write_text("fed00000-fed003ff : HPET 0\n00000000-00000000 : HIDDEN\n")
    machine = Machine(tmp_path)
    assert addresses("iomem", "HPET 0", machine) == (0xFED00000,)
    assert addresses("iomem", "HIDDEN", machine) == ()
    assert addresses("pci", "1234:11e8/0", machine) == ()
    folder = tmp_path / "sys/bus/pci/devices/0000:00:05.0"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text("0x1234\n")
    (folder / "device").write_text("0x11e8\n")
    (folder / "resource").write_text("0xfea00000 0xfeafffff 0x40200\n")
    assert addresses("pci", "1234:11e8/0", machine) == (0xFEA00000,)
    assert addresses("pci", "1234:11e8", machine) == ()
    assert addresses("nonsense", "x", machine) == ()


# ---- a device that is opened -------------------------------------------------------------------


def memory(root: Path, **holds: int) -> Machine:
    """A machine with a /dev/mem of 64 KiB."""
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev/mem").write_bytes(bytes(0x10000))
    del holds
    return Machine(root)


def test_a_board_is_opened_where_the_machine_has_it(tmp_path: Path) -> None:
    hpet(tmp_path, 0x4000)
    machine = memory(tmp_path)
    backend = open_mem(Target(scheme="mem", machine=machine))
    assert isinstance(backend, Locating)
    with regmap.open("pc", backend=backend) as pc:
        assert pc.HPET.GEN_CONF.address == 0x4010
        pc.HPET.GEN_CONF = 1
    assert (tmp_path / "dev/mem").read_bytes()[0x4010:0x4018] == (1).to_bytes(8, "little")


def test_other_backends_have_what_the_map_says() -> None:
    with regmap.open("pc", backend="sim:") as pc:
        assert pc.HPET.GEN_CONF.address == 0xFED00010


# ---- x2APIC ------------------------------------------------------------------------------------


class Msrs:
    """The MSRs of one CPU, each with its own eight bytes, as files cannot have them."""

    def __init__(self, **known: int) -> None:
        self.values = {int(number[1:], 16): value for number, value in known.items()}
        self.log: list[Any] = []

    def read(self, address: int, width: int) -> int:
        self.log.append(("rdmsr", address // 8))
        assert width == 64
        return self.values.get(address // 8, 0)

    def write(self, address: int, width: int, value: int) -> None:
        self.log.append(("wrmsr", address // 8, value))
        assert width == 64
        self.values[address // 8] = value

    def close(self) -> None:
        self.log.append("closed")


@pytest.fixture
def msrs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Msrs:
    made = Msrs(x1B=0xFEE00D00, x802=3, x803=0x50014, x80F=0x1FF, x830=0x5_000000FD)

    def opened(cpu: int, machine: Machine) -> Msr:
        del cpu, machine
        return made  # type: ignore[return-value]

    monkeypatch.setattr(x2apic, "open_cpu", opened)
    monkeypatch.setattr(physical, "open_cpu", opened)
    memory(tmp_path)
    return made


def test_the_lapic_map_works_in_x2apic_mode(tmp_path: Path, msrs: Msrs) -> None:
    backend = open_mem(Target(scheme="mem", machine=Machine(tmp_path)))
    with regmap.open("pc", backend=backend) as pc:
        lapic = pc.LAPIC
        msrs.log.clear()
        assert lapic.ID.raw == 3 << 24
        assert lapic.VERSION.raw == 0x50014
        assert lapic.SVR.raw == 0x1FF
        lapic.EOI = 0
        assert msrs.log == [
            ("rdmsr", 0x802), ("rdmsr", 0x803), ("rdmsr", 0x80F), ("wrmsr", 0x80B, 0),
        ]  # fmt: skip
        for name in ("APR", "DFR"):
            with pytest.raises(BadAddress, match="does not exist in x2APIC mode"):
                _ = getattr(lapic, name).raw
    assert msrs.log[-1] == "closed"


def test_icr_is_written_as_one(msrs: Msrs) -> None:
    port = X2Apic(0xFEE00000, lambda _cpu: msrs)  # type: ignore[arg-type, return-value]
    assert port.read(0xFEE00310, 32) == 5
    assert port.read(0xFEE00300, 32) == 0xFD
    msrs.log.clear()
    port.write(0xFEE00310, 32, 7)
    assert msrs.log == []
    port.write(0xFEE00300, 32, 0x4500)
    assert msrs.log == [("wrmsr", 0x830, 0x7_00004500)]


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (0x0D0, 0, "read-only"),
        (0x0B0, 1, "only 0"),
        (0x280, 1, "only 0"),
        (0x0C0, 0, "remote read"),
        (0x024, 0, "multiple of 16"),
        (0x1000, 0, "multiple of 16"),
    ],
)
def test_what_x2apic_mode_refuses(msrs: Msrs, offset: int, value: int, words: str) -> None:
    port = X2Apic(0xFEE00000, lambda _cpu: msrs)  # type: ignore[arg-type, return-value]
    with pytest.raises(BadAddress, match=words):
        port.write(0xFEE00000 + offset, 32, value)
    assert msrs.log == []


def test_an_id_that_the_page_cannot_show(msrs: Msrs) -> None:
    msrs.values[0x802] = 0x1FF
    with pytest.raises(BadAddress, match=r"0x1ff.*MSR 0x802"):
        X2Apic(0, lambda _cpu: msrs).read(0x20, 32)  # type: ignore[arg-type, return-value]


def test_the_mode_is_read_where_it_can_be(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert in_x2apic_mode(machine) is None
    import os

    folder = tmp_path / f"dev/cpu/{min(os.sched_getaffinity(0))}"
    folder.mkdir(parents=True)
    for base, answer in ((0xFEE00900, False), (0xFEE00D00, True)):
        (folder / "msr").write_bytes(bytes(0x1B) + base.to_bytes(8, "little"))
        assert in_x2apic_mode(machine) is answer
    assert open_cpu(min(os.sched_getaffinity(0)), machine).read(8 * 0x1B, 64) == 0xFEE00D00
