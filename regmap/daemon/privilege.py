"""Giving up what rights there are, in the order in which a daemon starts:

1. the configuration and the board are read, as root in a child without rights (``apart``);
2. the socket is taken over or made, the pid file and the audit log are opened, and the service
   manager's socket is (``sockets``, ``files``, ``audit``, ``notify``);
3. the board is opened on its backend, every instance that the policy reaches is mapped, every name
   is resolved and every module imported; the event loop is made;
4. ``confine``: /dev/mem is closed, then the service user with its own groups and no capabilities,
   no_new_privs, Landlock, seccomp;
5. only then is the first byte of a client read.

Each step is a function of its own and raises OSError. One that the configuration requires and that
fails ends the daemon; what is done before is not undone.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable

from regmap.daemon import kernel, landlock, seccomp
from regmap.daemon.policy import Config
from regmap.errors import DaemonError

__all__ = ["confine", "drop_user", "is_privileged", "seal"]


def is_privileged() -> bool:
    """Whether this process has rights that its user has not: it is root, or has capabilities."""
    return os.geteuid() == 0 or os.getuid() != os.geteuid() or kernel.capabilities() != 0


def confine(
    config: Config,
    *,
    backend: object = None,
    removes: Iterable[str] = (),
    note: Callable[[str], None] = lambda _text: None,
) -> None:
    """Every step that there is, those first that later ones need; for good.

    ``backend`` gives its descriptors back where it can do without. The files ``removes`` may be
    removed at the end. ``note`` is told of a step that failed and is not required. Raises
    DaemonError with the reason of a step that is.
    """
    if os.geteuid() == 0 and not config.user:
        raise DaemonError(
            "started as root, but the configuration names no user to serve as; add `user: regmapd`"
        )
    running = kernel.threads()
    if running != 1:
        raise DaemonError(f"{running} threads run already; only one can be confined for certain")
    seal(backend)
    removed = tuple(removes)
    folders = sorted({os.path.dirname(os.path.abspath(path)) for path in removed})
    calls = seccomp.removing(seccomp.SERVING) if removed else seccomp.SERVING
    steps: dict[str, Callable[[], None]] = {
        "user": lambda: drop_user(config.user),
        "no_new_privs": kernel.forbid_new_privileges,
        "landlock": lambda: landlock.confine(folders),
        "seccomp": lambda: seccomp.confine(calls),
    }
    for name, step in steps.items():
        try:
            step()
        except OSError as error:
            if name in config.require:
                raise DaemonError(f"{name} is required, but: {error}") from error
            note(f"without {name}: {error}")


def seal(backend: object) -> None:
    """Let a backend close the device whose mappings it goes on to use."""
    give_back = getattr(backend, "seal", None)
    if give_back is not None:
        give_back()


def drop_user(number: int | None) -> None:
    """Become a user with its own groups and no capabilities; None keeps the user.

    Raises OSError, also where the way back is still open.
    """
    if number is not None and number != os.geteuid():
        try:
            entry = pwd.getpwuid(number)
        except KeyError:
            raise OSError(f"there is no user with the number {number}") from None
        os.initgroups(entry.pw_name, entry.pw_gid)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(number, number, number)
    kernel.set_capabilities(0)
    if kernel.capabilities():
        raise OSError("capabilities are left")
    if number is not None and number != 0:
        _no_way_back()


def _no_way_back() -> None:
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise OSError("the user can become root again")
