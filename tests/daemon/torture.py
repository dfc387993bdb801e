"""What the tests of survival have in common: a daemon as a process of its own, what it holds as the
kernel counts it, and a healthy client that runs throughout.

The daemon of these tests is started as a user would start it; it ends with 0 and without a
traceback, or the test fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["LONG_P99_MS", "PIN", "Daemon", "daemon", "healthy", "others", "until"]

# Written in the requirements; asserted where a machine is given for long enough.
LONG_P99_MS = 50.0
_LIMIT_S = 60
_HEALTHY = Path(__file__).with_name("healthy.py")
# The healthy client's pin, and the paths that others may write.
PIN = 7
_WRITABLE = ["GPIO.GPREN*", "GPIO.GPFEN*", "GPIO.GPHEN*", "GPIO.GPLEN*", "GPIO.GPAREN*"]


def others(uid: int) -> str:
    """Rules for a client that may do much, but nothing that changes the healthy client's pin
    where it keeps from WRITE, MODE and DRIVE of that."""
    verbs = "[read, write, mode, subscribe, drive]"
    return (
        f"  - {{uid: {uid}, pins: ['*'], verbs: {verbs}}}\n"
        f"  - {{uid: {uid}, paths: ['*'], verbs: [read]}}\n"
        f"  - {{uid: {uid}, paths: {json.dumps(_WRITABLE)}, verbs: [read, write]}}\n"
    )


@dataclass
class Daemon:
    """A running daemon; ``process`` is it, ``socket`` where it listens."""

    process: subprocess.Popen[str]
    socket: Path
    messages: Path
    at_rest: int = 0  # descriptors, with the healthy client alone

    @property
    def uri(self) -> str:
        """For ``regmap.open``."""
        return f"unix:{self.socket}"

    def resident(self) -> int:
        """Bytes of memory, as the kernel counts them."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        """How many files, sockets included, it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def forgets(self) -> None:
        """Wait until it has nothing open for other clients than the healthy one."""
        until(lambda: self.descriptors() == self.at_rest)

    def said(self) -> str:
        """Its messages."""
        return self.messages.read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.wait(_LIMIT_S)


def config(
    folder: Path,
    *,
    allow: str | None = None,
    limits: str = "",
    backend: str = "sim:",
    board: str = "rpi1-rev2",
) -> Path:
    """A configuration file in the folder."""
    file = folder / "regmapd.yaml"
    user = "user: nobody\n" if os.geteuid() == 0 else ""
    rules = allow if allow is not None else others(os.getuid())
    file.write_text(
        f"regmapd: 1\nboard: {board}\nbackend: {json.dumps(backend)}\n{user}"
        f"socket: {{path: {folder}/d.sock, mode: '0666'}}\n"
        f"audit: {{to: {folder}/audit.log, per_s: 10}}\n"
        f"limits: {{{limits}}}\nallow:\n{rules}",
        encoding="utf-8",
    )
    return file


@contextmanager
def daemon(folder: Path, **settings: Any) -> Iterator[Daemon]:
    """A daemon with such a ``config``, until the end of the block, where it has to end well."""
    file = config(folder, **settings)
    messages = folder / "messages"
    with messages.open("a", encoding="utf-8") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "regmap", "serve", str(file)],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env={key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"},
        )
    running = Daemon(process, folder / "d.sock", messages)
    assert process.stdout is not None
    with process.stdout:
        try:
            line = process.stdout.readline()
            assert line == f"ready {running.socket}\n", running.said()
            yield running
            killed = process.returncode is not None
            if not killed:
                process.terminate()
            status = process.wait(_LIMIT_S)
            assert status == (-9 if killed else 0), running.said()
            assert "Traceback" not in running.said()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(_LIMIT_S)


@dataclass
class Health:
    """How the healthy client did; complete after its block."""

    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    p99_ms: float = 0.0


_ONCE = [[f"MODE {PIN} OUT", "Ok"], ["HELLO 2", "HELLO 2 *"]]
_AGAIN = [
    [f"WRITE {PIN} 1", "Ok"], [f"READ {PIN}", f"{PIN} 1"],
    ["GET GPIO.GPLEV0.LEV4", "GPIO.GPLEV0.LEV4=0x1"],
    [f"WRITE {PIN} 0", "Ok"], [f"@h READ {PIN}", f"@h {PIN} 0"], ["READ 99", "Error pin *"],
]  # fmt: skip


@contextmanager
def healthy(
    served: Daemon, *, once: Any = _ONCE, again: Any = _AGAIN, p99_ms: float | None = None
) -> Iterator[Health]:
    """A healthy client during the block: it has to see no wrong reply and no error, and replies
    within ``p99_ms`` where that is given."""
    client = subprocess.Popen(
        [sys.executable, "-I", str(_HEALTHY), str(served.socket), json.dumps([once, again])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    health = Health()
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
        served.at_rest = served.descriptors()
        yield health
        out, _ = client.communicate(timeout=_LIMIT_S)
    finally:
        if client.poll() is None:
            client.kill()
            client.communicate(timeout=_LIMIT_S)
    health.__dict__.update(json.loads(out))
    assert health.wrong == []
    assert health.asked > 0
    assert p99_ms is None or health.p99_ms < p99_ms, f"99 of 100 replies in {health.p99_ms:.1f} ms"


def until(true: Callable[[], object], limit_s: float = 30) -> None:
    """Wait until something is so; that it takes longer than the limit is a failure."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)
