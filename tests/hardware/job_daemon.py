"""What the x86-64 guest does with the daemon: root starts it on /dev/mem, and looks at it.

Run in the guest; each record is what the kernel or the daemon said.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tools.hardware import inside

_FOLDER = Path("/dev/shm/daemon")  # noqa: S108 - the guest's own, and there is no other
_POLICY = """\
regmapd: 1
board: pc
backend: "mem:"
user: nobody
require: [user, no_new_privs, seccomp]
socket: {path: s, mode: "0666"}
pid_file: pid
audit: {to: ./audit}
allow:
  - {uid: root, paths: ["HPET.GCAP_ID", "HPET.TIMER[2].COMP"], verbs: [read, write]}
  - {uid: nobody, paths: ["HPET.GCAP_ID.VENDOR_ID"], verbs: [read]}
"""
REQUESTS = (
    "HELLO 2",
    "GET HPET.GCAP_ID",
    "SET HPET.TIMER[2].COMP=0x1234",
    "GET HPET.TIMER[2].COMP",
    "GET HPET.TIMER[2].CONF",
    "GET LAPIC.VERSION",
)
REQUESTS_OF_NOBODY = ("HELLO 2", "GET HPET.GCAP_ID.VENDOR_ID", "GET HPET.GCAP_ID")


def ask(requests: tuple[str, ...]) -> list[str]:
    """The answers to some lines."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(_FOLDER / "s"))
        connection.sendall("".join(f"{line}\n" for line in requests).encode())
        with connection.makefile("r") as lines:
            return [lines.readline().strip() for _ in requests]


def as_nobody() -> list[str]:
    """The same from a process that is nobody's."""
    answer, question = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        os.write(question, "\n".join(ask(REQUESTS_OF_NOBODY)).encode())
        os._exit(0)
    os.close(question)
    with os.fdopen(answer) as pipe:
        return pipe.read().splitlines()


def main() -> None:
    """Start it, ask it, look at it, end it."""
    _FOLDER.mkdir()
    (_FOLDER / "policy.yaml").write_text(_POLICY)
    command = [sys.executable, "-m", "regmap", "serve", "policy.yaml"]
    with (_FOLDER / "stderr").open("w") as log:
        daemon = subprocess.Popen(
            command, cwd=_FOLDER, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert daemon.stdout is not None
    inside.report("start", said=daemon.stdout.readline(), err=(_FOLDER / "stderr").read_text())
    inside.report("root", answers=ask(REQUESTS))
    inside.report("nobody", answers=as_nobody())
    proc = Path(f"/proc/{daemon.pid}")
    inside.report(
        "kernel",
        threads=[(each / "status").read_text() for each in (proc / "task").iterdir()],
        files=[os.readlink(each) for each in (proc / "fd").iterdir()],
        maps=(proc / "maps").read_text().count("/dev/mem"),
    )
    daemon.send_signal(signal.SIGTERM)
    status = daemon.wait(60)
    inside.report(
        "end",
        status=status,
        left=sorted(each.name for each in _FOLDER.iterdir()),
        audit=(_FOLDER / "audit").read_text(),
    )


if __name__ == "__main__":
    main()
