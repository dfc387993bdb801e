"""The socket in the file system: made with its owner and mode, and never over anything else.

What a daemon that died left behind is replaced: a socket at which nobody listens. Anything else at
the path is left as it is, a symbolic link too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from regmap.daemon.policy import Socket

__all__ = ["listen"]

_BACKLOG = 16


def listen(settings: Socket) -> socket.socket:
    """A socket that listens at the path; until its owner and mode are set, nobody can connect.

    Raises OSError with the path and what to do.
    """
    folder = os.path.dirname(os.path.abspath(settings.path))
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _alone(folder):
            _make_room(settings.path)
            _bind(made, settings.path)
            try:
                _hand_over(settings)
            except OSError:
                os.unlink(settings.path)
                raise
            made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """While no other daemon looks for a place in the same folder."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, f"{folder}: {error.strerror}; it must be a folder") from None
    try:
        mode = os.fstat(handle).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise OSError(f"{folder} is writable by everybody: the socket could be replaced")
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_room(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise OSError(f"{path} is a symbolic link; remove it")
    if not stat.S_ISSOCK(found.st_mode):
        raise OSError(f"{path} exists and is no socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.setblocking(False)
        try:
            knock.connect(path)
        except FileNotFoundError:
            return  # its daemon has just ended and removed it
        except ConnectionRefusedError:
            with suppress(FileNotFoundError):
                os.unlink(path)
            return
        except OSError as error:
            # Its queue may be full (EAGAIN), or it is none of our kind: somebody has it.
            raise OSError(error.errno, f"{path} is in use: {error.strerror}") from None
    raise OSError(errno.EADDRINUSE, f"{path} is in use: another program listens there")


def _bind(made: socket.socket, path: str) -> None:
    before = os.umask(0o777)
    try:
        made.bind(path)
    except OSError as error:
        raise OSError(error.errno, f"{path}: {error.strerror}") from None
    finally:
        os.umask(before)


def _hand_over(settings: Socket) -> None:
    owner = -1 if settings.owner is None else settings.owner
    group = -1 if settings.group is None else settings.group
    try:
        if (owner, group) != (-1, -1):
            os.chown(settings.path, owner, group, follow_symlinks=False)
        os.chmod(settings.path, settings.mode)
    except OSError as error:
        what = f"owner {owner}, group {group}, mode {settings.mode:04o}"
        raise OSError(error.errno, f"{settings.path}: {what}: {error.strerror}") from None
