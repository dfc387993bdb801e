"""The configuration and the board are read where a mistake in a parser gives nobody any rights."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from regmap.check.report import as_text
from regmap.daemon import apart
from regmap.errors import DaemonError, Problem
from tests.daemon.in_child import HAS_SECCOMP, NOBODY, attempt, in_child, needs_root

RULE = '{uid: 0, paths: ["T.CTRL"], pins: [1], verbs: [read, write]}'
CHIP = """\
block: timer
source: none
registers:
  CTRL: {offset: 0, fields: {GO: {bits: 0}}}
"""
BOARD = """\
regmap: 1
board: tiny
source: none
backends: ["sim:"]
instances:
  T: {block: timer, base: 0x1000}
"""


def render(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    return as_text(list(problems), texts)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        (path / "timer.yaml").write_text(CHIP)
        (path / "tiny.yaml").write_text(BOARD)
        (path / "own.yaml").write_text(f"regmapd: 1\nboard: tiny.yaml\nallow: [{RULE}]\n")
        (path / "pi.yaml").write_text(
            "regmapd: 1\nboard: rpi1-rev2\nallow: [{uid: 0, pins: [1], verbs: [read]}]\n"
        )
        (path / "wrong.yaml").write_text(
            f"regmapd: 1\nboard: tiny.yaml\nallow: [{RULE.replace('CTRL', 'CRTL')}]\n"
        )
        for file in path.iterdir():
            file.chmod(0o600)
        yield path


@pytest.fixture(params=[False, pytest.param(True, marks=[needs_root, HAS_SECCOMP])])
def privileged(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_shipped_board_comes_from_its_generated_module(folder: Path, privileged: bool) -> None:
    found = apart.prepare(str(folder / "pi.yaml"), render, privileged=privileged)
    assert found.config is not None
    assert (found.report, found.model) == ("", "")
    assert "uid root (0):" in found.matrix
    assert apart.layout_of(found).name == "rpi1-rev2"


def test_a_board_of_ones_own_comes_back_as_data(folder: Path, privileged: bool) -> None:
    found = apart.prepare(str(folder / "own.yaml"), render, privileged=privileged)
    assert found.config is not None, found.report
    layout = apart.layout_of(found)
    assert layout.name == "tiny"
    assert layout.instances["T"].base == 0x1000
    assert "T.CTRL" in found.matrix


def test_problems_come_with_their_lines(folder: Path, privileged: bool) -> None:
    found = apart.prepare(str(folder / "wrong.yaml"), render, privileged=privileged)
    assert found.config is None
    assert f"{folder}/wrong.yaml:3:26: error RM101" in found.report
    assert "did you mean CTRL?" in found.report
    assert "^~~~" in found.report


def test_a_board_with_problems(folder: Path, privileged: bool) -> None:
    (folder / "tiny.yaml").write_text(BOARD.replace("timer", "tmier"))
    found = apart.prepare(str(folder / "own.yaml"), render, privileged=privileged)
    assert found.config is None
    assert f"{folder}/tiny.yaml:6:14: error RM008" in found.report
    (folder / "tiny.yaml").unlink()
    found = apart.prepare(str(folder / "own.yaml"), render, privileged=privileged)
    assert "cannot be read" in found.report


def test_no_parser_is_loaded_where_the_rights_are(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has rights to keep from a parser")
    code = (
        "import sys; from regmap.daemon import apart\n"
        "found = apart.prepare(sys.argv[1], lambda *_: '', privileged=True)\n"
        "apart.layout_of(found)\n"
        "print([m for m in sys.modules if m.startswith(('yaml', 'lxml', 'regmap.loaders'))])"
    )
    import subprocess
    import sys

    command = [sys.executable, "-c", code, str(folder / "own.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---- what the child may do ----------------------------------------------------------------------


def within(probe: Callable[[], Any], folder: Path) -> Any:
    """What ``probe`` gives where descriptions are read: here, where problems are rendered."""
    found = apart.prepare(
        str(folder / "wrong.yaml"), lambda *_: json.dumps(probe()), privileged=True
    )
    return json.loads(found.report)


@needs_root
@HAS_SECCOMP
def test_the_child_is_nobody_and_may_read_and_nothing_else(folder: Path) -> None:
    def probe() -> list[Any]:
        lines = Path("/proc/self/status").read_text().splitlines()
        said = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
        return [said[key] for key in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "NoNewPrivs")]

    uid, gid, groups, *capabilities, no_new = within(probe, folder)
    assert uid == gid == [str(NOBODY)] * 4
    assert groups == []
    assert [int(each[0], 16) for each in capabilities] == [1 << 2] * 2  # CAP_DAC_READ_SEARCH
    assert no_new == ["1"]


@needs_root
@HAS_SECCOMP
@pytest.mark.parametrize(
    "probe",
    [
        lambda: os.open("/dev/null", os.O_WRONLY),
        lambda: os.open("/dev/shm/regmap-probe", os.O_CREAT),  # noqa: S108
        lambda: os.unlink("/etc/passwd"),
        lambda: os.mkdir("/dev/shm/regmap-probe"),  # noqa: S108
        lambda: socket.socket(socket.AF_UNIX),
        os.fork,
        lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        lambda: os.kill(os.getppid(), signal.SIGTERM),
        lambda: os.setuid(0),
        lambda: os.chown("/", 0, 0),
    ],
)
def test_the_child_changes_nothing(probe: Callable[[], object], folder: Path) -> None:
    assert within(lambda: attempt(probe), folder) == "PermissionError"


@needs_root
@HAS_SECCOMP
def test_the_child_has_no_descriptor_of_its_parent(folder: Path) -> None:
    here, there = socket.socketpair()
    with here, there:
        # Beside the standard ones and the pipe there is the one that lists them.
        assert len(within(lambda: os.listdir("/proc/self/fd"), folder)) <= 5


@needs_root
@HAS_SECCOMP
def test_a_child_that_dies_or_fails_is_an_error(folder: Path) -> None:
    with pytest.raises(DaemonError, match="ended by SIGABRT"):
        within(os.abort, folder)
    with pytest.raises(DaemonError, match="gave no answer"):
        within(lambda: os._exit(3), folder)
    with pytest.raises(DaemonError, match="ZeroDivisionError"):
        within(lambda: 1 / 0, folder)


@needs_root
def test_root_without_the_right_to_become_nobody_does_not_go_on(folder: Path) -> None:
    def without() -> str:
        from regmap.daemon import kernel

        kernel.set_capabilities(0)
        try:
            apart.prepare(str(folder / "pi.yaml"), render, privileged=True)
        except DaemonError as error:
            return str(error)
        return ""

    assert "PermissionError" in in_child(without)
