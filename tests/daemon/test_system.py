"""The shipped system files, by the tools that read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from regmap.daemon import policy_file

SYSTEM = Path(str(files("regmap.daemon"))) / "system"
WORST_EXPOSURE = 2.0  # of 10


def run(tool: str, *arguments: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} here, which is systemd's")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if "Unknown command verb" in said or "unrecognized option" in said:
        pytest.skip(f"this {tool} is too old")
    assert done.returncode == 0, said
    return said


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    for name in ("regmapd.service", "regmapd.socket"):
        text = (SYSTEM / name).read_text().replace("/usr/local/bin/regmap", "/bin/true")
        (tmp_path / name).write_text(text)
    said = run("systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir())))
    assert "regmapd" not in said, said


def test_the_unit_is_hardened() -> None:
    said = run(
        "systemd-analyze", "security", "--no-pager", "--offline=true", f"{SYSTEM}/regmapd.service"
    )
    [level] = re.findall(r"exposure level for regmapd\.service: ([0-9.]+)", said)
    assert float(level) <= WORST_EXPOSURE, said


def test_the_users_are_what_sysusers_takes(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    root = f"--root={tmp_path}"
    run("systemd-sysusers", root, str(SYSTEM / "regmapd.sysusers.conf"))
    assert "regmapd:" in (tmp_path / "etc/passwd").read_text()
    assert {"gpio", "regmapd"} <= {
        line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()
    }


def test_the_rules_are_what_udev_takes() -> None:
    run("udevadm", "verify", str(SYSTEM / "60-regmapd.rules"))


def test_the_configuration_lacks_only_the_users() -> None:
    """Which the other file makes."""
    found = policy_file.read(SYSTEM / "regmapd.yaml")
    assert {problem.rule for problem in found.problems} <= {"RM101"}
    assert all("regmapd" in each.text or "gpio" in each.text for each in found.problems)
    text = (SYSTEM / "regmapd.yaml").read_bytes()
    named = text.replace(b"user: regmapd", b"user: 1").replace(b"group: gpio", b"group: 1")
    config = policy_file.read("regmapd.yaml", named).config
    assert config is not None
    assert [rule.verbs for rule in config.rules] == [{"read"}]


def test_every_file_is_told_of() -> None:
    told = (SYSTEM / "README.md").read_text()
    for file in SYSTEM.iterdir():
        assert file.name == "README.md" or f"`{file.name}`" in told
