"""What the tests of the command line share: calling it in this process, on a terminal, as a child.

Golden files are made anew by ``REGMAP_GOLDEN=write pytest tests/unit/test_cli_golden.py
tests/unit/test_demos.py``; look at the difference before committing it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from regmap.cli.main import main

GOLDEN = Path(__file__).parent.parent / "golden" / "cli"
LAMPS = str(GOLDEN / "lamp-board.yaml")


class Result(NamedTuple):
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def run(*argv: str) -> Result:
    """Call the command in this process with its output piped."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(argv)
        except SystemExit as left:
            status = left.code if isinstance(left.code, int) else 1
    assert "Traceback" not in err.getvalue()
    return Result(status, out.getvalue(), err.getvalue())


def ok(*argv: str) -> str:
    """The output of a command that must succeed and have nothing to remark."""
    result = run(*argv)
    assert (result.status, result.err) == (0, "")
    return result.out


def refused(*argv: str, status: int = 2) -> str:
    """What a command says that must not succeed; nothing on standard output."""
    result = run(*argv)
    assert (result.status, result.out) == (status, "")
    return result.err


def child(*argv: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """``python -m regmap`` as a process of its own, with its output piped."""
    env = {**os.environ, **settings.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "regmap", *argv],
        text=True, capture_output=True, timeout=60, env=env, check=False, **settings,
    )  # fmt: skip


class Terminal:
    """``python -m regmap`` on a terminal of its own."""

    def __init__(self, *argv: str, **env: str) -> None:
        ours, theirs = pty.openpty()
        settings = {name: os.environ[name] for name in os.environ if name != "NO_COLOR"}
        settings |= {"TERM": "xterm", "COLUMNS": "100", **env}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "regmap", *argv],
            stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=settings,
        )  # fmt: skip
        os.close(theirs)
        self._ours = ours
        self.out = ""
        self._bytes = b""

    def until(self, text: str, timeout_s: float = 30) -> None:
        """Read until the terminal shows ``text``."""
        while text not in self.out:
            assert self._more(timeout_s), f"the terminal never showed {text!r}: {self.out!r}"

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(2)

    def finish(self) -> int:
        """Read to the end; the exit status."""
        while self._more(30):
            pass
        os.close(self._ours)
        assert self._process.stderr is not None
        self.err = self._process.stderr.read().decode()
        self._process.stderr.close()
        return self._process.wait(30)

    def _more(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], timeout_s)
        try:
            more = os.read(self._ours, 1 << 16) if ready else b""
        except OSError:  # EIO: the other end is closed
            return False
        self._bytes += more
        self.out = self._bytes.decode(errors="replace")
        return bool(more)


def golden(name: str, text: str) -> None:
    """Hold ``text`` against a golden file."""
    file = GOLDEN / name
    if os.environ.get("REGMAP_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
