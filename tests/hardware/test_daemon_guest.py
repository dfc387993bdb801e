"""regmapd on Debian's own kernel: root starts it on /dev/mem, and it gives everything else up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hardware.job_daemon import REQUESTS, REQUESTS_OF_NOBODY
from tools.hardware import guest, pc
from tools.hardware.debian import Unavailable
from tools.hardware.guest import Report

pytestmark = pytest.mark.hardware

GCAP_ID = 0x009896808086A201


@pytest.fixture(scope="module")
def report() -> Report:
    try:
        pc.require()
        guest.files(pc.GUEST)
    except Unavailable as reason:
        pytest.skip(str(reason))
    return guest.boot(pc.GUEST, Path(__file__).with_name("job_daemon.py"))


def test_it_starts(report: Report) -> None:
    assert report.steps["start"].values["said"] == "ready /dev/shm/daemon/s\n", report.steps[
        "start"
    ].values["err"]


def test_it_serves_what_the_policy_names(report: Report) -> None:
    answers = report.steps["root"].values["answers"]
    assert isinstance(answers, list)
    by_request = dict(zip(REQUESTS, answers, strict=True))
    assert by_request["GET HPET.GCAP_ID"] == f"HPET.GCAP_ID={GCAP_ID:#x}"
    assert by_request["SET HPET.TIMER[2].COMP=0x1234"] == "Ok"
    assert by_request["GET HPET.TIMER[2].COMP"] == "HPET.TIMER[2].COMP=0x1234"
    assert by_request["GET HPET.TIMER[2].CONF"].startswith("Error denied")
    assert by_request["GET LAPIC.VERSION"].startswith("Error denied")


def test_it_asks_the_kernel_who_is_there(report: Report) -> None:
    answers = report.steps["nobody"].values["answers"]
    assert isinstance(answers, list)
    _, field, register = answers
    assert len(answers) == len(REQUESTS_OF_NOBODY)
    assert field == "HPET.GCAP_ID.VENDOR_ID=0x8086"
    assert register.startswith("Error denied")


def test_the_kernel_says_that_it_has_nothing_but_its_mapping(report: Report) -> None:
    values = report.steps["kernel"].values
    threads, files = values["threads"], values["files"]
    assert isinstance(threads, list)
    assert isinstance(files, list)
    for text in threads:
        now = {
            key: value.split()
            for key, _, value in (line.partition(":") for line in text.splitlines())
        }
        assert now["Uid"] == now["Gid"] == ["65534"] * 4
        assert {now[kind][0].strip("0") for kind in ("CapInh", "CapPrm", "CapEff")} == {""}
        assert (now["NoNewPrivs"], now["Seccomp"]) == (["1"], ["2"])
    assert "/dev/mem" not in files
    assert values["maps"] == 1


def test_it_ends_and_leaves_its_log(report: Report) -> None:
    values = report.steps["end"].values
    assert values["status"] == 0
    assert values["left"] == ["audit", "policy.yaml", "stderr"]
    audit = values["audit"]
    assert isinstance(audit, str)
    assert "path=HPET.TIMER[2].COMP" in audit
    assert "new=0x1234" in audit
