"""What the doctor finds on trees that stand for machines, and that it touches no register."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

import pytest

from regmap._core import Map
from regmap.backends import doctor, mapped
from regmap.backends.doctor import BlockTrial, Trial
from regmap.backends.machine import Machine, Region
from regmap.model.block import Array, Block
from regmap.model.chip import Board, Instance, Locator, Match

PAGE = mmap.PAGESIZE

GPIO = Block(name="bcm2835_gpio", size=0xB4)
HPET = Block(name="hpet", size=0x400)
IOAPIC = Block(name="ioapic")
PC = Board(
    name="pc",
    instances=(
        Instance(
            name="HPET", block=HPET, base=0xFED00000, locator=Locator(kind="acpi", key="PNP0103")
        ),
        Instance(name="IOAPIC", block=IOAPIC, base=0xFEC00000, size=0x400),
    ),
    match=Match(architecture=("x86_64",)),
    backends=("mem",),
)
PI = Board(
    name="rpi1",
    instances=(Instance(name="GPIO", block=GPIO, base=0x20200000),),
    match=Match(cpuinfo_revision=(0xE,), compatible=("raspberrypi,model-b",)),
    backends=("gpiomem", "mem:", "sim:", "nonsense:"),
)
PI_REV1 = Board(
    name="rpi1-rev1",
    instances=PI.instances,
    match=Match(cpuinfo_revision=(2, 3)),
    backends=(),
)

PC_IOMEM = """\
00001000-bfffffff : System RAM
fec00000-fec003ff : IOAPIC 0
fed00000-fed003ff : HPET 0
  fed00000-fed003ff : PNP0103:00
"""


def tree(root: Path, files: dict[str, str | bytes]) -> Machine:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Machine(root)


@pytest.fixture
def pc(tmp_path: Path) -> Machine:
    return tree(
        tmp_path,
        {
            "proc/sys/kernel/arch": "x86_64\n",
            "proc/sys/kernel/osrelease": "6.1.0\n",
            "boot/config-6.1.0": "CONFIG_DEVMEM=y\nCONFIG_STRICT_DEVMEM=y\n",
            "proc/iomem": PC_IOMEM,
            "proc/ioports": "0000-0cf7 : PCI Bus 0000:00\n  0070-0077 : rtc0\n",
            "sys/class/dmi/id/product_name": "Standard PC\n",
            "dev/mem": b"",
        },
    )


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    return tree(
        tmp_path,
        {
            "proc/cpuinfo": "Revision\t: 000e\n",
            "proc/device-tree/compatible": b"raspberrypi,model-b\0brcm,bcm2835\0",
            "proc/device-tree/model": b"Raspberry Pi Model B Rev 2\0",
            "dev/gpiomem": bytes(PAGE),
            "proc/iomem": "20200000-202000b3 : 20200000.gpio gpio@7e200000\n",
        },
    )


def test_the_facts(pc: Machine) -> None:
    facts = doctor.facts(pc)
    assert (facts.model, facts.kernel, facts.architecture) == ("Standard PC", "6.1.0", "x86_64")
    assert facts.options == {
        "CONFIG_DEVMEM": "y",
        "CONFIG_STRICT_DEVMEM": "y",
        "CONFIG_IO_STRICT_DEVMEM": "n",
        "CONFIG_DEVPORT": "n",
    }
    assert not facts.hidden
    assert not facts.relaxed
    assert facts.revision is None


def test_the_machine_is_recognised_by_its_best_evidence(pi: Machine) -> None:
    assert doctor.recognise([PC, PI_REV1, PI], pi) is PI
    any_arm = Board(name="any", instances=(), match=Match(compatible=("brcm,bcm2835",)))
    assert doctor.recognise([any_arm, PI], pi) is PI
    assert doctor.recognise([any_arm], pi) is any_arm
    assert doctor.recognise([PC, PI_REV1], pi) is None
    assert doctor.recognise([], pi) is None


def test_each_backend_of_the_machines_board_is_tried(pi: Machine) -> None:
    report = doctor.examine([PI, PC], pi)
    assert report.recognised == "rpi1"
    ours, other = report.boards
    assert ours.evidence == "revision 0xe in /proc/cpuinfo"
    gpiomem, mem, sim, nonsense = ours.trials
    assert gpiomem == Trial("gpiomem", "", (BlockTrial("GPIO", 0x20200000, 0xB4),))
    assert gpiomem.works
    assert "there is no /dev/mem" in mem.why
    assert not mem.works
    assert sim == Trial("sim:")
    assert "names no backend" in nonsense.why
    assert other.evidence == ""
    assert not other.trials[0].works


def test_a_block_that_does_not_map_is_named_with_the_reason(
    pc: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def allow_hpet(
        fd: int, size: int, *, offset: int, address: int, writable: bool, gone: object
    ) -> Map:
        assert gone is None
        if address != 0xFED00000:
            raise OSError(errno.EPERM, "Operation not permitted")
        return Map(fd, size, offset=offset, address=address, writable=writable)

    monkeypatch.setattr(mapped, "Map", allow_hpet)
    trial = doctor.trial(PC, "mem", pc)
    hpet, ioapic = trial.blocks
    assert trial.why == ""
    assert not trial.works
    assert hpet == BlockTrial("HPET", 0xFED00000, 0x400)
    assert (ioapic.name, ioapic.address, ioapic.size) == ("IOAPIC", 0xFEC00000, 0x400)
    assert "'IOAPIC 0' in /proc/iomem" in ioapic.why


def test_another_machines_addresses_are_not_even_mapped(
    pc: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Map:
        raise AssertionError("mapped")

    monkeypatch.setattr(mapped, "Map", refuse)
    (report,) = doctor.examine([PI], pc).boards
    assert report.evidence == ""
    assert report.trials[1] == Trial("mem:")


def test_a_trial_reads_and_writes_nothing(pi: Machine, tmp_path: Path) -> None:
    os.utime(tmp_path / "dev/gpiomem", (1, 1))
    opened = len(os.listdir("/proc/self/fd"))
    # An empty file faults at any access to its pages.
    os.truncate(tmp_path / "dev/gpiomem", 0)
    os.utime(tmp_path / "dev/gpiomem", (1, 1))
    assert doctor.trial(PI, "gpiomem", pi).works
    assert (tmp_path / "dev/gpiomem").stat().st_mtime == 1
    assert len(os.listdir("/proc/self/fd")) == opened


def test_arrays_of_instances_are_tried_one_by_one() -> None:
    board = Board(
        name="b",
        instances=(
            Instance(
                name="UART",
                block=Block(name="uart"),
                base=0x1000,
                array=Array(counts=(2, 2), strides=(0x100, 0x10)),
            ),
        ),
    )
    assert list(doctor.places(board)) == [
        ("UART[0][0]", 0x1000, 4),
        ("UART[0][1]", 0x1010, 4),
        ("UART[1][0]", 0x1100, 4),
        ("UART[1][1]", 0x1110, 4),
    ]


def test_regions_where_blocks_lie_are_found_by_address(pc: Machine) -> None:
    found = doctor.found([PC, PI], pc)
    # The Pi's GPIO address is RAM here: no sign of a GPIO block.
    assert [(hit.instance, hit.region.name, hit.by, hit.boards) for hit in found] == [
        ("HPET", "PNP0103:00", "address", ("pc",)),
        ("IOAPIC", "IOAPIC 0", "address", ("pc",)),
    ]


def test_boards_that_share_a_block_are_told_together(pi: Machine) -> None:
    (hit,) = doctor.found([PI, PI_REV1], pi)
    assert hit.boards == ("rpi1", "rpi1-rev1")
    assert hit.region == Region(0x20200000, 0x202000B3, "20200000.gpio gpio@7e200000")
    assert (hit.space, hit.block) == ("iomem", "bcm2835_gpio")


def test_without_root_only_the_names_are_left(pc: Machine) -> None:
    hidden = "\n".join(
        f"{line[: len(line) - len(line.lstrip())]}00000000-00000000 : {line.partition(' : ')[2]}"
        for line in PC_IOMEM.splitlines()
    )
    tree(pc.root, {"proc/iomem": hidden})
    assert doctor.facts(pc).hidden
    assert [(hit.instance, hit.region.name, hit.by) for hit in doctor.found([PC], pc)] == [
        ("HPET", "HPET 0", "name"),
        ("HPET", "PNP0103:00", "name"),
        ("IOAPIC", "IOAPIC 0", "name"),
    ]


def test_io_ports_are_found_by_name(pc: Machine) -> None:
    rtc = Board(
        name="clock", instances=(Instance(name="RTC0", block=Block(name="rtc"), base=0x70),)
    )
    (hit,) = doctor.found([rtc], pc)
    assert (hit.space, hit.region.name, hit.by) == ("ioports", "rtc0", "name")
    assert doctor.examine([], pc).ioports[0].inner == (Region(0x70, 0x77, "rtc0"),)


def test_this_machine_can_be_examined() -> None:
    report = doctor.examine([PC, PI])
    assert report.facts.kernel == os.uname().release
    assert len(report.boards) == 2


def test_what_the_machine_says_of_places_is_reported(tmp_path: Path) -> None:
    board = Board(
        name="pc",
        instances=(
            Instance(
                name="HPET",
                block=HPET,
                base=0xFED00000,
                locator=Locator(kind="iomem", key="HPET 0"),
            ),
            Instance(
                name="GONE", block=HPET, base=0x1000, locator=Locator(kind="iomem", key="NONE")
            ),
        ),
    )
    here = tree(tmp_path, {"proc/iomem": "fed10000-fed103ff : HPET 0\n"})
    report = doctor.examine([board], here)
    assert report.located == (
        doctor.Located("pc", "HPET", "iomem HPET 0", 0xFED00000, (0xFED10000,)),
    )


def test_the_nearest_board_is_named_by_its_device_tree(tmp_path: Path) -> None:
    other = Board(name="bbb", instances=(), match=Match(compatible=("ti,am335x-bone-black",)))
    here = tree(tmp_path, {"proc/device-tree/compatible": "raspberrypi,model-b-plus\0brcm,x\0"})
    assert doctor.recognise([other, PI], here) is None
    assert doctor.nearest_board([other, PI], here) is PI
    strange = tree(tmp_path / "2", {"proc/device-tree/compatible": "zz\0"})
    assert doctor.nearest_board([other, PI], strange) is None
