"""Patches that mend faults of vendors' files, each found by ``check`` and confirmed elsewhere.

The files are not part of this repository; where they stand beside the checkout, the patches are
applied to them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import regmap
from regmap import loaders
from regmap.bits import BitRange
from regmap.check import check
from regmap.errors import Severity
from regmap.model.chip import Chip
from tests.unit.patching import PATCHES, block, field, register

VENDORS = Path(__file__).parents[3] / "shared" / "svd"

# What is gone from the report of each file: so many findings of each rule.
MENDED = {
    "e310x": {"RM201": 1, "RM202": 1},
    "saml11": {"RM221": 2, "RM231": 4},
    "d1": {"RM201": 3, "RM210": 1, "RM233": 2},
}
FILES = {"e310x": "e310x.svd", "saml11": "ATSAML11D14A.svd", "d1": "d1_unofficial.svd"}


def pair(name: str) -> tuple[Chip, Chip]:
    """The chip as the vendor has it and as the patch has it."""
    vendor = VENDORS / FILES[name]
    if not vendor.exists():
        pytest.skip(f"the vendor's file {FILES[name]} is not here: it is not ours to ship")
    before = loaders.read(vendor).model
    loaded = loaders.read(PATCHES / f"{name}.yaml")
    assert not loaded.errors, "\n".join(map(str, loaded.errors))
    assert not [p for p in loaded.problems if p.place and p.place.file.endswith(".yaml")]
    assert isinstance(before, Chip)
    assert isinstance(loaded.model, Chip)
    return before, loaded.model


def findings(chip: Chip) -> Counter[str]:
    """How often each rule is broken, warnings and errors."""
    found = check(chip, profile=None)
    return Counter(each.rule for each in found if each.severity is not Severity.INFO)


@pytest.mark.parametrize("name", FILES)
def test_the_faults_are_gone_and_no_new_ones_came(name: str) -> None:
    before, after = pair(name)
    gone = findings(before)
    gone.subtract(findings(after))
    assert {rule: count for rule, count in gone.items() if count} == MENDED[name]


def test_the_pwm_of_the_fe310() -> None:
    before, after = pair("e310x")
    for name in ("PWM0", "PWM1", "PWM2"):
        assert field(before, f"{name}/cfg/cmp2gang").bits == (BitRange(26, 11),)
        assert field(after, f"{name}/cfg/cmp2gang").bits == (BitRange(26, 1),)
        assert block(after, name) is block(after, "PWM0")
    with regmap.open(PATCHES / "e310x.yaml", backend="sim:") as chip:
        chip.PWM1.cfg.modify(cmp2gang=1)
        assert chip.PWM1.cfg.raw == 1 << 26


def test_the_debug_registers_of_the_saml11() -> None:
    _, after = pair("saml11")
    status = register(after, "DIB/DIB_DAUTHSTATUS")
    assert [each.bits for each in status.fields] == [
        (BitRange(0, 2),),
        (BitRange(2, 2),),
        (BitRange(4, 2),),
        (BitRange(6, 2),),
    ]
    assert block(after, "DIB") is block(after, "DIB_NS")


def test_the_usb_hosts_of_the_d1() -> None:
    before, after = pair("d1")
    path = "USB1/ohci_control_status_partition/hc_control/control_list_enable"
    assert (field(before, path).bits, field(after, path).bits) == (
        (BitRange(3, 1),),
        (BitRange(4, 1),),
    )
    assert register(after, "USB1/ehci_operational/usbsts").offset == 4
    assert field(after, "CE_NS/ce_icr/task_irq_en").bits == (BitRange(0, 1),)
    assert block(after, "CCU") == block(before, "CCU")
