"""One QEMU process: its console, line by line, its time limit and its end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

__all__ = ["Emulator"]

_GRACE_S = 10


class Emulator:
    """A QEMU that writes its serial console to standard output, for ``with``.

    coreutils' ``timeout`` stands between: it ends QEMU at the limit even if this process is gone
    by then, and passes the signal on when it is ended itself. Nothing else is ever signalled.
    """

    def __init__(self, command: Sequence[str], *, limit_s: int) -> None:
        self.limit_s = limit_s
        self._process = subprocess.Popen(
            ["timeout", f"--kill-after={_GRACE_S}", str(limit_s), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def lines(self) -> Iterator[str]:
        """Console lines as they come, until QEMU ends or has been ended at its limit."""
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        for line in self._process.stdout:
            yield line.rstrip()

    def end(self) -> None:
        """End QEMU and wait until its files are written; a second call does nothing."""
        self._process.terminate()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait(2 * _GRACE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
