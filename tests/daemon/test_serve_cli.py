"""``regmap serve`` as a process of its own: its start, its end, its options, its exit status."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.served import Client

ROOT = os.geteuid() == 0
# Root has to serve as somebody else.
USER = "user: nobody\n" if ROOT else ""
_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "regmap", "serve", *words]


def _done(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*words), capture_output=True, text=True, timeout=60, env=_ENVIRONMENT, check=False
    )


@contextmanager
def _running(*words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A daemon that has said that it is ready, as the only line on its standard output."""
    daemon = subprocess.Popen(
        _command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT | environment,
    )
    try:
        assert daemon.stdout is not None
        assert daemon.stderr is not None
        line = daemon.stdout.readline()
        assert line.startswith("ready "), daemon.stderr.read()
        yield daemon
    finally:
        if daemon.poll() is None:
            daemon.kill()
        daemon.communicate(timeout=30)


def _end(daemon: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    daemon.send_signal(number)
    out, err = daemon.communicate(timeout=30)
    return daemon.returncode, out, err


def _config(folder: Path, text: str = "", **more: str) -> Path:
    file = folder / "regmapd.yaml"
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    file.write_text(
        "regmapd: 1\nboard: rpi1-rev2\nbackend: 'sim:'\naudit: {to: stderr}\n"
        f"socket: {{path: {folder}/d.sock, mode: '0666'}}\n"
        + USER
        + rest
        + (text or f"allow:\n  - {{uid: {os.getuid()}, pins: ['*'], verbs: [read, write]}}\n")
    )
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_serves_its_own_user_and_ends_with_0(tmp_path: Path, number: int) -> None:
    path = tmp_path / "d.sock"
    with _running("--demo", "--socket", str(path)) as daemon:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Client(path) as client:
            assert [client.ask(line) for line in ("MODE 2 OUT", "WRITE 2 1")] == ["Ok", "Ok"]
            client.send("READALL")
            assert client.lines(17)[2] == "2 27 GPIO 2 1"
            assert _end(daemon, number) == (0, "", "")
            assert client.line() == ""
        assert not path.exists()


def test_the_demo_starts_again_where_one_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    for _ in range(2):
        with _running("--demo", "--socket", str(path)) as daemon:
            with Client(path) as client:
                assert client.ask("READ 3") == "3 0"
            daemon.kill()
            daemon.wait(10)


def test_a_second_daemon_does_not_take_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with _running("--demo", "--socket", str(path)) as daemon:
        second = _done("--demo", "--socket", str(path))
        assert (second.returncode, second.stdout) == (3, "")
        assert str(path) in second.stderr
        assert "Traceback" not in second.stderr
        with Client(path) as client:
            assert client.ask("READ 3") == "3 0"
        assert _end(daemon)[0] == 0


def test_foreground_logs_writes_on_standard_error(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with _running("--demo", "--foreground", "--socket", str(path)) as daemon:
        with Client(path) as client:
            assert client.ask("WRITE 3 1") == "Ok"
        _, out, err = _end(daemon)
    assert out == ""
    logged = f"pid={os.getpid()} uid={os.getuid()} path=GPIO.pin[22].level old=? new=0x1"
    assert logged in err


def test_a_configuration_is_served_with_its_rules(tmp_path: Path) -> None:
    with _running(str(_config(tmp_path))) as daemon:
        with Client(tmp_path / "d.sock", hello=True) as client:
            assert client.ask("WRITE 3 1") == "Ok"
            assert client.ask("MODE 3 OUT").startswith("Error denied ")
            assert client.ask("GET GPIO.GPLEV0").startswith("Error denied ")
            assert client.ask("READ 3") == "3 0"
        status, _, err = _end(daemon)
    assert status == 0
    assert "path=GPIO.pin[22].level old=? new=0x1" in err


def test_options_win_over_the_file(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.write_bytes(bytes(4096))
    words = ["--socket", str(tmp_path / "other.sock"), "--backend", f"file:{memory}"]
    with _running(str(_config(tmp_path)), *words) as daemon:
        assert not (tmp_path / "d.sock").exists()
        with Client(tmp_path / "other.sock") as client:
            assert client.ask("WRITE 3 1") == "Ok"
        assert _end(daemon)[0] == 0
    assert memory.read_bytes()[0x1C:0x20] == (1 << 22).to_bytes(4, "little")


def test_a_truncated_mapping_is_a_fault_of_the_request(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.write_bytes(bytes(4096))
    with _running(str(_config(tmp_path)), "--backend", f"file:{memory}") as daemon:
        with Client(tmp_path / "d.sock") as client:
            assert client.ask("READ 3") == "3 0"
            os.truncate(memory, 0)
            assert client.ask("READ 3").startswith("Error fault ")
            assert client.ask("WRITE 3 1").startswith("Error fault ")
            os.truncate(memory, 4096)
            assert client.ask("READ 3") == "3 0"
        assert _end(daemon)[0] == 0


def test_the_pid_file_names_the_process(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with _running(str(_config(tmp_path, pid_file=str(file)))) as daemon:
        assert file.read_text() == f"{daemon.pid}\n"
        assert _end(daemon)[0] == 0
    assert not file.exists()


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(30)
        manager.bind(str(tmp_path / "notify"))
        words = ["--demo", "--socket", str(tmp_path / "d.sock")]
        with _running(*words, NOTIFY_SOCKET=str(tmp_path / "notify")) as daemon:
            assert manager.recv(100) == b"READY=1"
            assert _end(daemon)[0] == 0
            assert manager.recv(100) == b"STOPPING=1"


def test_check_prints_who_may_do_what_and_opens_nothing(tmp_path: Path) -> None:
    done = _done(str(_config(tmp_path)), "--check", "--backend", "file:/nowhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert "pins 0-16" in done.stdout
    assert not (tmp_path / "d.sock").exists()
    assert "GPIO.GPLEV0" in _done("--demo", "--check").stdout


def test_check_prints_what_is_wrong_with_its_place(tmp_path: Path) -> None:
    file = _config(tmp_path, "allow:\n  - {uid: 0, pins: [99], verbs: [read, fly]}\n")
    line = file.read_text().count("\n")
    for words, status in ((["--check"], 1), ([], 2)):
        done = _done(str(file), *words)
        assert (done.returncode, done.stdout) == (status, "")
        assert f"{file}:{line}:" in done.stderr
        assert not (tmp_path / "d.sock").exists()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), 2),
        (("--demo", "x.yaml"), 2),
        (("/nowhere/x.yaml",), 2),
        (("/nowhere/x.yaml", "--check"), 1),
    ],
)
def test_a_wrong_call_says_so(words: tuple[str, ...], status: int) -> None:
    done = _done(*words)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_opened_is_no_start(tmp_path: Path) -> None:
    done = _done(str(_config(tmp_path)), "--backend", "file:/nowhere/memory")
    assert (done.returncode, done.stdout) == (3, "")
    assert "/nowhere/memory" in done.stderr
    assert not (tmp_path / "d.sock").exists()
