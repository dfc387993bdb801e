"""The daemon as it is started, by root: what the kernel says of it, and that it serves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.daemon.in_child import HAS_LANDLOCK, HAS_SECCOMP, NOBODY, in_child, needs_root

pytestmark = [needs_root, HAS_SECCOMP]

POLICY = """\
regmapd: 1
board: rpi1-rev2
backend: "file:registers@0x20000000"
user: nobody
require: [user, no_new_privs, seccomp]
socket: {path: s, mode: "0666"}
pid_file: pid
audit: {to: ./audit}
allow:
  - {uid: root, pins: "*", paths: ["GPIO"], verbs: [read, write, mode]}
  - {uid: 33, paths: ["GPIO.GPLEV0.LEV3"], verbs: [read]}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """As an administrator's: others may enter it, and change nothing."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        (path / "policy.yaml").write_text(POLICY)
        (path / "policy.yaml").chmod(0o600)
        with (path / "registers").open("wb") as file:
            file.truncate(0x201000)
        (path / "registers").chmod(0o600)
        yield path


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "regmap", "serve", "policy.yaml"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, text=True, **pipes) as daemon:  # type: ignore[call-overload]
        try:
            said = daemon.stdout.readline()
            assert said == f"ready {folder / 's'}\n", daemon.communicate()[1]
            yield daemon
        finally:
            daemon.kill()


@contextmanager
def client(folder: Path) -> Iterator[Callable[[str], str]]:
    with socket.socket(socket.AF_UNIX) as connection, ExitStack() as stack:
        connection.connect(str(folder / "s"))
        connection.settimeout(10)
        lines = stack.enter_context(connection.makefile("r"))

        def ask(request: str) -> str:
            connection.sendall(f"{request}\n".encode())
            return lines.readline().rstrip("\n")

        yield ask


def test_it_serves_with_nothing_left_but_its_mapping(folder: Path) -> None:
    with serving(folder) as daemon, client(folder) as ask:
        assert ask("WRITE 3 1") == "Ok"
        assert ask("READ 3") == "3 0"  # a file is no GPIO block: its levels are what they were
        for thread in Path(f"/proc/{daemon.pid}/task").iterdir():
            lines = (thread / "status").read_text().splitlines()
            now = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
            assert now["Uid"] == now["Gid"] == [str(NOBODY)] * 4
            assert {now[kind][0].strip("0") for kind in ("CapInh", "CapPrm", "CapEff")} == {""}
            assert (now["NoNewPrivs"], now["Seccomp"]) == (["1"], ["2"])
        links = [os.readlink(link) for link in Path(f"/proc/{daemon.pid}/fd").iterdir()]
        assert str(folder / "registers") not in links
        maps = Path(f"/proc/{daemon.pid}/maps").read_text()
        assert str(folder / "registers") in maps
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(10) == 0
        assert daemon.stderr is not None
        assert daemon.stderr.read() == ""
    registers = (folder / "registers").read_bytes()
    assert registers[0x20001C:0x200020] == (1 << 22).to_bytes(4, "little")  # GPSET0, BCM 22


def test_what_it_made_is_gone_at_the_end_though_the_folder_is_roots(folder: Path) -> None:
    with serving(folder) as daemon:
        assert (folder / "pid").read_text() == f"{daemon.pid}\n"
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(10) == 0
        assert {file.name for file in folder.iterdir()} == {"policy.yaml", "registers", "audit"}


def test_a_daemon_that_was_killed_is_followed_by_another(folder: Path) -> None:
    for _ in range(3):
        with serving(folder) as daemon, client(folder) as ask:
            assert ask("READ 3") == "3 0"
            daemon.kill()
            daemon.wait(10)


def test_a_file_of_somebody_elses_is_not_removed(folder: Path) -> None:
    with serving(folder) as daemon:
        (folder / "pid").unlink()
        (folder / "pid").write_text("another's\n")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(10) == 0
    assert (folder / "pid").read_text() == "another's\n"
    assert not (folder / "s").exists()


def test_each_write_is_in_the_log(folder: Path) -> None:
    with serving(folder) as daemon, client(folder) as ask:
        ask("HELLO 2")
        assert ask("SET GPIO.GPFSEL1=0x7") == "Ok"
        assert ask("GET GPIO.GPFSEL1") == "GPIO.GPFSEL1=0x7"
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)
    [line] = (folder / "audit").read_text().splitlines()
    assert f"pid={os.getpid()} uid=0 path=GPIO.GPFSEL1 old=" in line
    assert line.endswith("new=0x7")


def test_the_kernel_says_who_asks(folder: Path) -> None:
    def as_www_data() -> list[str]:
        os.setgroups([])
        os.setresgid(33, 33, 33)
        os.setresuid(33, 33, 33)
        with client(folder) as ask:
            ask("HELLO 2")
            questions = ("GET GPIO.GPLEV0.LEV3", "GET GPIO.GPLEV0", "READ 3", "SET GPIO.GPSET0=1")
            return [ask(question) for question in questions]

    with serving(folder):
        field, *others = in_child(as_www_data)
    assert field == "GPIO.GPLEV0.LEV3=0x0"
    assert all(answer.startswith("Error denied") for answer in others)


def refused(folder: Path, before: str, after: str) -> str:
    """What it says where it does not start."""
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text().replace(before, after))
    command = [sys.executable, "-m", "regmap", "serve", "policy.yaml"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode not in {0, None}
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    left = {file.name for file in folder.iterdir()}
    assert left <= {"policy.yaml", "registers", "audit"}, "something is left behind"
    return done.stderr


def test_root_without_a_user_does_not_start(folder: Path) -> None:
    assert "names no user" in refused(folder, "user: nobody\n", "")


@HAS_LANDLOCK
def test_landlock_that_is_required_is_there(folder: Path) -> None:
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text().replace("seccomp]", "seccomp, landlock]"))
    with serving(folder), client(folder) as ask:
        assert ask("READ 3") == "3 0"


def test_a_backend_that_does_not_open_ends_it(folder: Path) -> None:
    assert "nothing" in refused(folder, "file:registers", "file:nothing")


def test_a_wrong_path_ends_it_with_the_line(folder: Path) -> None:
    said = refused(folder, '"GPIO"', '"GPOI"')
    assert "policy.yaml:10:" in said
    assert "RM101" in said


def test_an_audit_log_that_does_not_open_ends_it(folder: Path) -> None:
    assert "no/such" in refused(folder, "./audit", "./no/such")
