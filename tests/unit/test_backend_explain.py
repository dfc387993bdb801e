"""What the machine states, and why something was refused, on trees that stand for machines."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pytest

from regmap.backends import explain, mapped, open_backend
from regmap.backends.devicetree import address_of
from regmap.backends.machine import Machine, Region, owners, parse_regions, recognises
from regmap.errors import BackendUnavailable
from regmap.model.chip import Match

IOMEM = """\
00000000-00000fff : Reserved
00001000-bfffffff : System RAM
  01000000-02209987 : Kernel code
fec00000-fec003ff : IOAPIC 0
fed00000-fed003ff : HPET 0
  fed00000-fed003ff : PNP0103:00
fee00000-fee00fff : Local APIC
"""


def machine(root: Path, **files: str | bytes) -> Machine:
    """A tree with these files; ``__`` in a keyword stands for ``/``."""
    for name, content in files.items():
        write(root, name.replace("__", "/"), content)
    return Machine(root)


def write(root: Path, name: str, content: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def strict(root: Path, **files: str | bytes) -> Machine:
    write(root, "boot/config-6.1.0", "CONFIG_STRICT_DEVMEM=y\nCONFIG_IO_STRICT_DEVMEM=y\n")
    return machine(root, proc__sys__kernel__osrelease="6.1.0\n", proc__iomem=IOMEM, **files)


# ---- the machine -------------------------------------------------------------------------------


def test_regions_nest_as_they_are_indented() -> None:
    regions = parse_regions(IOMEM + "  fee00300-fee003ff : a : b\nno region\n")
    assert [region.name for region in regions] == [
        "Reserved",
        "System RAM",
        "IOAPIC 0",
        "HPET 0",
        "Local APIC",
    ]
    assert regions[1].inner == (Region(0x1000000, 0x2209987, "Kernel code"),)
    assert regions[4].inner == (Region(0xFEE00300, 0xFEE003FF, "a : b"),)
    deep = parse_regions("0-9 : a\n  1-8 : b\n    2-3 : c\n    4-5 : d\n  9-9 : e\na-b : f\n")
    assert [region.name for top in deep for region in top.walk()] == list("abcdef")
    assert [region.name for region in deep[0].inner] == ["b", "e"]


def test_the_owner_is_the_innermost_region_that_shares_a_byte() -> None:
    regions = parse_regions(IOMEM)

    def names(address: int, size: int) -> list[str]:
        return [region.name for region in owners(regions, address, size)]

    assert names(0xFED00000, 4) == ["PNP0103:00"]
    assert names(0xFED003FF, 1) == ["PNP0103:00"]
    assert names(0xFED00400, 4) == []
    assert names(0x00FFFFFF, 1) == ["System RAM"]
    assert names(0x00FFFFFF, 2) == ["Kernel code"]
    assert names(0xFEC00000, 0x400000) == ["IOAPIC 0", "PNP0103:00", "Local APIC"]


def test_hidden_regions_own_nothing() -> None:
    regions = parse_regions("00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n")
    assert all(region.hidden for region in regions[0].walk())
    assert owners(regions, 0, 4) == ()


def test_a_machine_that_states_nothing_raises_nothing(tmp_path: Path) -> None:
    bare = Machine(tmp_path)
    assert (bare.kernel(), bare.architecture(), bare.model(), bare.lockdown()) == ("", "", "", "")
    assert (bare.config("CONFIG_DEVMEM"), bare.compatible()) == ("", ())
    assert bare.revision() is None
    assert address_of("/proc/device-tree/soc/gpiomem", bare) is None
    assert bare.regions("iomem") == ()
    assert not bare.container()
    assert not bare.booted_with("quiet")


def test_this_machine_answers() -> None:
    here = Machine()
    assert here.kernel() == os.uname().release
    assert here.architecture() == os.uname().machine


def test_build_options_are_found_in_boot_or_in_proc(tmp_path: Path) -> None:
    there = strict(tmp_path / "boot")
    assert there.config("CONFIG_STRICT_DEVMEM") == "y"
    assert there.config("CONFIG_DEVMEM") == "n"
    packed = gzip.compress(b"CONFIG_DEVMEM=y\n# CONFIG_STRICT_DEVMEM is not set\n")
    there = machine(tmp_path / "proc", proc__config="", proc__sys__kernel__osrelease="6.1.0")
    assert there.config("CONFIG_DEVMEM") == ""
    write(there.root, "proc/config.gz", packed)
    assert there.config("CONFIG_DEVMEM") == "y"
    assert there.config("CONFIG_STRICT_DEVMEM") == "n"
    for broken in (b"no gzip", packed[:20], b""):
        write(there.root, "proc/config.gz", broken)
        assert there.config("CONFIG_DEVMEM") == ""


def test_the_revision_is_the_boards_not_the_cpus_and_without_its_warranty(tmp_path: Path) -> None:
    text = "CPU revision\t: 7\nHardware\t: BCM2708\nRevision\t: {}\nSerial\t\t: 0\n"
    for stated, revision in {
        "000e": 0xE,
        "1000004": 0x4,
        "a02082": 0xA02082,
        "2a020d3": 0xA020D3,
    }.items():
        there = machine(tmp_path, proc__cpuinfo=text.format(stated))
        assert there.revision() == revision
    assert machine(tmp_path, proc__cpuinfo="CPU revision\t: 7\n").revision() is None


def test_a_match_is_ranked_by_its_evidence(tmp_path: Path) -> None:
    there = machine(
        tmp_path,
        proc__cpuinfo="Revision\t: 1000010\n",
        **{"proc__device-tree__compatible": b"raspberrypi,model-b-plus\0brcm,bcm2835\0"},
        proc__sys__kernel__arch="armv6l\n",
    )
    assert there.matches(Match(cpuinfo_revision=(0x1000010,))) is not None
    assert there.matches(Match(cpuinfo_revision=(0x10,))) == (0, "revision 0x10 in /proc/cpuinfo")
    assert there.matches(Match(compatible=("brcm,bcm2835",))) == (
        2,
        "'brcm,bcm2835' in the device tree",
    )
    assert there.matches(Match(compatible=("x", "raspberrypi,model-b-plus"))) is not None
    assert there.matches(Match(architecture=("armv6l",))) == (3, "the architecture armv6l")
    assert there.matches(Match(cpuinfo_revision=(0xE,), architecture=("x86_64",))) is None
    assert there.matches(Match()) is None
    assert there.matches(None) is None
    assert recognises(Match(cpuinfo_revision=(0x10,)), there)
    assert not recognises(None, there)
    assert recognises(Match(architecture=(os.uname().machine,)))


def cells(number: int) -> bytes:
    return number.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("above", "ranges", "address"),
    [
        (1, "7e000000 20000000 02000000", 0x20200000),
        (1, "7e000000 3f000000 01000000 40000000 40000000 00001000", 0x3F200000),
        (
            2,
            "7c000000 00000000 fc000000 02000000 7e000000 00000001 fe000000 01800000",
            0x1_FE200000,
        ),
        (1, "40000000 40000000 00001000", None),
        (1, "7e000000 20000000 00200000", None),
    ],
)
def test_the_address_of_gpiomem_goes_through_the_ranges_of_the_bus(
    tmp_path: Path, above: int, ranges: str, address: int | None
) -> None:
    tree = "proc/device-tree"
    write(tmp_path, f"{tree}/#address-cells", cells(above))
    write(tmp_path, f"{tree}/soc/#address-cells", cells(1))
    write(tmp_path, f"{tree}/soc/#size-cells", cells(1))
    write(tmp_path, f"{tree}/soc/gpiomem/reg", cells(0x7E200000) + cells(0x1000))
    write(tmp_path, f"{tree}/soc/ranges", bytes.fromhex(ranges))
    assert address_of("/proc/device-tree/soc/gpiomem", Machine(tmp_path)) == address


# ---- opening -----------------------------------------------------------------------------------


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def test_a_missing_dev_mem_is_the_kernels_the_containers_or_a_nodes(tmp_path: Path) -> None:
    without = machine(tmp_path / "a", **{"proc__config.gz": gzip.compress(b"CONFIG_A=y\n")})
    text = explain.opening(error(errno.ENOENT), "/dev/mem", without)
    assert "CONFIG_DEVMEM is not set" in text
    inside = machine(tmp_path / "b", **{".dockerenv": ""})
    text = explain.opening(error(errno.ENOENT), "/dev/mem", inside)
    assert "--device /dev/mem --cap-add SYS_RAWIO" in text
    text = explain.opening(error(errno.ENOENT), "/dev/mem", Machine(tmp_path / "c"))
    assert "mknod /dev/mem c 1 1" in text


def test_dev_mem_is_for_root_and_the_text_says_whose_it_is(tmp_path: Path) -> None:
    there = machine(tmp_path, dev__mem="", etc__group=f"root:x:0:\nkmem:x:{os.getgid()}:\n")
    (tmp_path / "dev/mem").chmod(0o640)
    for number in (errno.EACCES, errno.EPERM):
        text = explain.opening(error(number), "/dev/mem", there)
        assert "only root" in text
        assert "SYS_RAWIO" in text
        assert "-rw-r-----" in text
        assert "sudo" in text
        assert "--cap-add" not in text
    write(tmp_path, "run/.containerenv", "")
    assert "--cap-add SYS_RAWIO" in explain.opening(error(errno.EPERM), "/dev/mem", there)


@pytest.mark.parametrize("level", ["integrity", "confidentiality"])
def test_lockdown_is_named_at_opening_and_at_mapping(tmp_path: Path, level: str) -> None:
    words = "none integrity confidentiality\n".replace(level, f"[{level}]")
    there = strict(tmp_path, sys__kernel__security__lockdown=words)
    for text in (
        explain.opening(error(errno.EPERM), "/dev/mem", there),
        explain.mapping(error(errno.EPERM), "/dev/mem", 0xFEC00000, 4, there),
    ):
        assert f"lockdown says {level}" in text
        assert "Secure Boot" in text
    # A refusal by the file's mode has nothing to do with it.
    assert "locked" not in explain.opening(error(errno.EACCES), "/dev/mem", there)


def test_lockdown_none_explains_nothing(tmp_path: Path) -> None:
    there = strict(tmp_path, sys__kernel__security__lockdown="[none] integrity confidentiality\n")
    assert "locked" not in explain.opening(error(errno.EPERM), "/dev/mem", there)


def test_gpiomem_is_for_its_group(tmp_path: Path) -> None:
    there = machine(tmp_path, dev__gpiomem="", etc__group="root:x:0:\ngpio:x:997:pi\n")
    device = tmp_path / "dev/gpiomem"
    device.chmod(0o600)
    text = explain.opening(error(errno.EACCES), "/dev/gpiomem", there)
    assert 'udev rule \'SUBSYSTEM=="*gpiomem*", GROUP="gpio", MODE="0660"\'' in text
    assert "sudo usermod -aG gpio $USER" in text
    assert "-rw-------" in text


def test_gpiomem_that_has_its_group_needs_no_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = machine(tmp_path, dev__gpiomem="", etc__group="root:x:0:\npins:x:997:pi\n")
    real = Path.stat

    def of_group(path: Path, **how: bool) -> os.stat_result:
        found = list(real(path, **how))
        found[5] = 997
        found[0] = 0o100660
        return os.stat_result(found)

    monkeypatch.setattr(Path, "stat", of_group)
    text = explain.opening(error(errno.EACCES), "/dev/gpiomem", there)
    assert "sudo usermod -aG pins $USER" in text
    assert "udev" not in text
    assert "group pins" in text


def test_gpiomem_is_only_on_a_raspberry_pi(tmp_path: Path) -> None:
    text = explain.opening(error(errno.ENOENT), "/dev/gpiomem", Machine(tmp_path))
    assert "Raspberry Pi" in text
    assert "mem:" in text
    inside = machine(tmp_path, **{".dockerenv": ""})
    assert "--device /dev/gpiomem" in explain.opening(error(errno.ENOENT), "/dev/gpiomem", inside)


def test_any_other_error_is_at_least_said(tmp_path: Path) -> None:
    there = Machine(tmp_path)
    for device in ("/dev/mem", "/dev/gpiomem", "/some/file"):
        text = explain.opening(error(errno.EMFILE), device, there)
        assert os.strerror(errno.EMFILE) in text
        assert device in text
        assert os.strerror(errno.ENOMEM) in explain.mapping(
            error(errno.ENOMEM), device, 0, 4, there
        )
    text = explain.opening(error(errno.EACCES), "/some/file", there)
    assert text == "this user may not open /some/file"


# ---- mapping -----------------------------------------------------------------------------------


def test_a_claimed_region_names_its_owner_the_option_and_iomem_relaxed(tmp_path: Path) -> None:
    text = explain.mapping(error(errno.EPERM), "/dev/mem", 0xFEC00000, 0x400, strict(tmp_path))
    assert "'IOAPIC 0' in /proc/iomem" in text
    assert "CONFIG_IO_STRICT_DEVMEM=y" in text
    assert "boot with iomem=relaxed" in text


def test_a_kernel_that_does_not_tell_its_options_gets_no_value_made_up(tmp_path: Path) -> None:
    text = explain.mapping(error(errno.EPERM), "/dev/mem", 0xFEC00000, 0x400, Machine(tmp_path))
    assert "the kernel (see CONFIG_IO_STRICT_DEVMEM)" in text
    assert "=y" not in text
    assert "/proc/iomem" not in text


def test_ram_stays_closed_whatever_the_boot_options(tmp_path: Path) -> None:
    text = explain.mapping(error(errno.EPERM), "/dev/mem", 0x20200000, 0xB4, strict(tmp_path))
    assert "'System RAM'" in text
    assert "CONFIG_STRICT_DEVMEM=y" in text
    assert "is this the machine" in text
    assert "iomem=relaxed" not in text


def test_relaxed_already_is_not_advised_again(tmp_path: Path) -> None:
    there = strict(tmp_path, proc__cmdline="quiet iomem=relaxed\n")
    text = explain.mapping(error(errno.EPERM), "/dev/mem", 0xFEE00000, 0x400, there)
    assert "already" in text
    assert "boot with" not in text


def test_an_address_that_the_cpu_does_not_have(tmp_path: Path) -> None:
    text = explain.mapping(error(errno.EINVAL), "/dev/mem", 1 << 60, 4, Machine(tmp_path))
    assert "check the base address" in text


def test_the_explanation_reaches_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = strict(tmp_path, dev__mem="")

    def refuse(*_: object, **__: object) -> None:
        raise error(errno.EPERM)

    monkeypatch.setattr(mapped, "Map", refuse)
    backend = open_backend("mem:", machine=there)
    with pytest.raises(BackendUnavailable, match=r"0x400 bytes at 0xfee00000: .*'Local APIC'"):
        backend.attach(0xFEE00000, 0x400)  # type: ignore[attr-defined]
    backend.close()


# ---- faults ------------------------------------------------------------------------------------


def test_a_fault_of_a_device_is_its_clock_and_of_a_file_its_length() -> None:
    for device in ("/dev/mem", "/dev/gpiomem0"):
        text = explain.fault(device, 0x4804C000)
        assert "0x4804c000" in text
        assert "clock" in text
    assert "truncated" in explain.fault("/srv/memory", 0x10)
