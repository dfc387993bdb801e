"""Removing the socket and the pid file at the end, when the daemon itself has no right to.

Their folder is often root's, and the daemon is not root any more. So a child that root leaves
behind waits until the daemon says so or has died, removes these files where they are still the
same ones, and ends. It has no capability, no device and no socket but its end of a pair, and can
do nothing but remove files in these folders.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

from regmap.daemon import kernel, landlock, seccomp

__all__ = ["leave_behind"]

_MOST_SECONDS = 5.0
_READY = b"r"

# Which file it is: another one at the same path, made later, is somebody else's.
_Mark = tuple[int, int, int]


def leave_behind(paths: Iterable[str]) -> Callable[[], None]:
    """Start the child, before there is a device; what is returned tells it to remove the files
    that are there now, and waits until that is done.

    The child has let go of everything of this process when this returns: a socket that it still
    held would be taken for one that somebody listens at. Raises OSError.
    """
    marks = {os.path.abspath(path): _mark(path) for path in paths}
    ours, its = socket.socketpair()
    if os.fork() == 0:
        _be_the_child(marks, its)
    its.close()
    ours.settimeout(_MOST_SECONDS)
    if ours.recv(1) != _READY:
        ours.close()
        raise OSError("the child that removes the socket at the end did not start")

    def remove() -> None:
        with ours, suppress(OSError):
            ours.shutdown(socket.SHUT_WR)
            ours.recv(1)  # its end of the pair closes with it

    return remove


def _mark(path: str) -> _Mark:
    found = os.lstat(path)
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _be_the_child(marks: dict[str, _Mark], pair: socket.socket) -> NoReturn:
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # those are for the daemon, which ends this too
        pair_fd = pair.fileno()
        os.closerange(0, pair_fd)
        os.closerange(pair_fd + 1, os.sysconf("SC_OPEN_MAX"))
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        folders = {path: os.open(os.path.dirname(path), flags) for path in marks}
        os.setgroups([])
        kernel.set_capabilities(0)
        kernel.forbid_new_privileges()
        if landlock.available():
            landlock.confine(sorted({os.path.dirname(path) for path in marks}))
        pair.send(_READY)
        seccomp.confine(seccomp.REMOVING)
        pair.recv(1)
        for path, mark in marks.items():
            # Whoever makes a socket there, and replaces this one, holds the same lock.
            fcntl.flock(folders[path], fcntl.LOCK_EX)
            with suppress(OSError):
                if _mark(path) == mark:
                    os.unlink(path)
            fcntl.flock(folders[path], fcntl.LOCK_UN)
    finally:
        os._exit(0)
