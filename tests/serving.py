"""A program at the other end of a Unix socket, for tests of backends that talk to one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Server", "lines_of"]


class Server:
    """Listens at ``path`` and calls ``talk`` with the connection of each client, one by one.

    An error in ``talk`` fails the test, but for one that says that the client has left.
    """

    def __init__(self, path: Path, talk: Callable[[socket.socket], None]) -> None:
        self.path = path
        self._talk = talk
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._listener.accept()
            except OSError:  # the listener was shut down
                return
            gone = contextlib.suppress(BrokenPipeError, ConnectionResetError)
            with self._connection as connection, gone:
                self._talk(connection)

    def hang_up(self) -> None:
        """Close the connection, as a program does that is killed."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._thread.join(30)
        assert not self._thread.is_alive()


def lines_of(connection: socket.socket) -> Iterator[str]:
    """The lines that come, without their ends, until the client leaves."""
    with connection.makefile("rb") as file:
        for line in file:
            yield line.decode("ascii").removesuffix("\n")
