"""Who is at the other end of a unix socket, by the kernel's word: unix(7), socket(7)."""

from __future__ import annotations

import errno
import socket
import sys

from regmap.daemon import kernel
from regmap.daemon.policy import Peer

__all__ = ["peer_of"]

_SO_PEERGROUPS = 59  # asm-generic/socket.h; Linux 4.13
_FEW, _MOST_GROUPS = 64, 65536  # NGROUPS_MAX
_BYTES = 4


def peer_of(connection: socket.socket) -> Peer:
    """The peer as it was when it connected. Raises OSError."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 3 * _BYTES)
    pid, uid, gid = _numbers(data)
    return Peer(pid, uid, gid, frozenset(_groups(connection)))


def _groups(connection: socket.socket) -> list[int]:
    try:
        data = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _FEW * _BYTES)
    except OSError as error:
        if error.errno != errno.ERANGE:
            raise
        fd, most = connection.fileno(), _MOST_GROUPS * _BYTES
        data = kernel.socket_option(fd, socket.SOL_SOCKET, _SO_PEERGROUPS, most)
    return _numbers(data)


def _numbers(data: bytes) -> list[int]:
    return [
        int.from_bytes(data[at : at + _BYTES], sys.byteorder) for at in range(0, len(data), _BYTES)
    ]
