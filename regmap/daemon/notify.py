"""What the service manager is told (``sd_notify``) and what it gives (``LISTEN_FDS``).

Source: sd_notify(3) and sd_listen_fds(3); nothing of systemd is needed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

__all__ = ["Notifier", "inherited"]

_FIRST_FD = 3


class Notifier:
    """Tells the service manager how things stand; where there is none, nothing happens.

    The socket is opened when this is made, while that is still allowed, and the variable is taken
    out of ``environment``. Raises OSError where it is set and leads nowhere.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        self._socket: socket.socket | None = None
        address = environment.pop("NOTIFY_SOCKET", "")
        if not address:
            return
        if address[0] not in "/@":
            raise OSError(f"NOTIFY_SOCKET={address!r} is neither a path nor an abstract name")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.connect(f"\0{address[1:]}" if address[0] == "@" else address)
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"NOTIFY_SOCKET={address}: {error.strerror}") from None

    def tell(self, state: str) -> None:
        """Send ``READY=1``, ``STOPPING=1`` and the like; that nobody reads it is no error."""
        if self._socket is not None:
            try:
                self._socket.send(state.encode(), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except OSError:
                return

    def close(self) -> None:
        """Tell nothing any more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def inherited(environment: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The listening socket that the service manager made for this process, None where it made
    none.

    The variables are taken out of ``environment``. Raises OSError for anything but one listening
    unix stream socket.
    """
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count:
        return None
    if count != "1":
        raise OSError(f"LISTEN_FDS={count}: one socket is wanted")
    try:
        given = socket.socket(fileno=_FIRST_FD)
    except OSError as error:
        raise OSError(error.errno, f"LISTEN_FDS: descriptor 3: {error.strerror}") from None
    is_unix = given.family == socket.AF_UNIX and given.type == socket.SOCK_STREAM
    if not is_unix or not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        given.detach()
        raise OSError("LISTEN_FDS: descriptor 3 is no listening unix stream socket")
    given.set_inheritable(False)
    return given
