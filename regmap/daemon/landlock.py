"""Landlock: no file, no network, no signal and no abstract socket, whatever the file modes say.

Rights are of what is opened from now on; what is open stays. Older kernels know fewer of them.
Source: landlock(7) and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from regmap.daemon import kernel

__all__ = ["available", "confine"]

# How many rights to files each version of the interface has; later ones have the last.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_REMOVE_FILE = 1 << 5
_NET_SINCE, _NET = 4, 0b11  # bind and connect of TCP
_SCOPED_SINCE, _SCOPED = 6, 0b11  # abstract unix sockets and signals, to the same confinement only


def available() -> bool:
    """Whether this kernel has it, switched on."""
    return kernel.landlock_abi() > 0


def confine(removable: Iterable[str] = ()) -> None:
    """Refuse this thread every file; below the folders ``removable`` files may be removed.

    It needs ``no_new_privs``. Raises OSError, with nothing refused.
    """
    abi = kernel.landlock_abi()
    if abi < 1:
        raise OSError("this kernel has no Landlock (CONFIG_SECURITY_LANDLOCK and lsm=landlock,...)")
    files = (1 << _FILE_RIGHTS.get(abi, 16)) - 1
    net = _NET if abi >= _NET_SINCE else 0
    scoped = _SCOPED if abi >= _SCOPED_SINCE else 0
    rules = kernel.make_landlock_ruleset(files, net, scoped)
    try:
        for path in removable:
            try:
                folder = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            except PermissionError:
                continue  # nor could this user remove anything there
            try:
                kernel.add_landlock_path(rules, folder, _REMOVE_FILE)
            finally:
                os.close(folder)
        kernel.restrict_by_landlock(rules)
    finally:
        os.close(rules)
