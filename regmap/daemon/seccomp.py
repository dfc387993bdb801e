"""Which system calls are left: a list of those that serving needs; the kernel refuses the rest.

A program of classic BPF looks at every call. One for another kind of processor (a 32-bit call on
a 64-bit kernel) ends the process; one that is not listed fails with EPERM, so that a library that
tries its luck gets an error as for any other reason. Source: seccomp(2); the instructions are
those of include/uapi/linux/filter.h.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from regmap.daemon import kernel

__all__ = [
    "READING",
    "REMOVING",
    "SERVING",
    "Allowed",
    "Masked",
    "OneOf",
    "confine",
    "program",
    "removing",
]


class Masked(NamedTuple):
    """Argument ``number`` has ``value`` in the bits of ``mask``."""

    number: int
    mask: int
    value: int


class OneOf(NamedTuple):
    """Argument ``number`` is one of these."""

    number: int
    values: tuple[int, ...]


# A call by its name, and what its argument must be; None: anything.
Allowed = Mapping[str, Masked | OneOf | None]

_PROT_EXEC = 4
_CLONE_THREAD = 0x10000
_AT_EMPTY_PATH = 0x1000
# Whether an open file may be written to, and whether one is made: O_ACCMODE, O_CREAT, O_TRUNC,
# __O_TMPFILE; the same on every architecture of the table.
_WRITING = 0o3 | 0o100 | 0o1000 | 0o20000000
_FIONBIO = 0x5421  # how Python makes a socket non-blocking
# Of a gpiochip and its lines, by include/uapi/linux/gpio.h: what the bindings look at first (the
# chip and a line), to get a line, to set it up again, to read and to write it.
_GPIO = (0x8044B401, 0xC100B405, 0xC250B407, 0xC110B40D, 0xC010B40E, 0xC010B40F)
# Duplicate; flags; locks of a file.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)


def _any(names: str) -> dict[str, Masked | OneOf | None]:
    return dict.fromkeys(names.split())


_RUNNING: Allowed = {
    **_any("read write readv writev close lseek _llseek fstat fstat64 pread64 pwrite64"),
    **_any("futex futex_time64 sched_yield restart_syscall exit exit_group"),
    **_any("clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time"),
    **_any("nanosleep clock_nanosleep clock_nanosleep_time64 getrandom getrusage sysinfo uname"),
    **_any("rt_sigaction rt_sigprocmask rt_sigreturn sigreturn sigaltstack rt_sigtimedwait"),
    **_any("munmap mremap madvise brk membarrier msync"),
    **_any("getpid gettid getuid geteuid getgid getegid getcpu"),
    **_any("getuid32 geteuid32 getgid32 getegid32"),
    **_any("fsync fdatasync dup"),
    "fcntl": OneOf(1, _FCNTL),
    "fcntl64": OneOf(1, _FCNTL),
}
_NOT_EXECUTABLE: Allowed = {
    "mmap": Masked(2, _PROT_EXEC, 0),
    "mmap2": Masked(2, _PROT_EXEC, 0),
    "mprotect": Masked(2, _PROT_EXEC, 0),
}

# What a server does that has opened everything, the most frequent first; and threads.
SERVING: Allowed = {
    **_any("epoll_wait epoll_pwait recvfrom sendto epoll_ctl read write"),
    **_any("accept accept4 listen recvmsg sendmsg send recv shutdown epoll_pwait2"),
    **_any("getsockopt setsockopt getsockname getpeername"),
    **_any("poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64"),
    **_RUNNING,
    **_NOT_EXECUTABLE,
    **_any("set_robust_list rseq sched_getaffinity sched_setaffinity"),
    "clone": Masked(0, _CLONE_THREAD, _CLONE_THREAD),
    "ioctl": OneOf(1, (_FIONBIO, *_GPIO)),
    # What fstat() becomes in some C libraries; the path is then empty.
    "newfstatat": Masked(3, _AT_EMPTY_PATH, _AT_EMPTY_PATH),
    "fstatat64": Masked(3, _AT_EMPTY_PATH, _AT_EMPTY_PATH),
    "statx": Masked(2, _AT_EMPTY_PATH, _AT_EMPTY_PATH),
}

# What a parser does: reads files, loads its libraries, and answers through an open pipe.
READING: Allowed = {
    **_RUNNING,
    "openat": Masked(2, _WRITING, 0),
    "open": Masked(1, _WRITING, 0),
    **_any("newfstatat fstatat64 statx stat lstat stat64 lstat64 getdents64 getcwd ioctl"),
    **_any("readlink readlinkat access faccessat faccessat2 prlimit64 ugetrlimit"),
    **_any("mmap mmap2 mprotect sched_getaffinity"),
}


# What is left to a process that waits and then removes files.
REMOVING: Allowed = {
    **_RUNNING,
    **_NOT_EXECUTABLE,
    **_any("recvfrom recv flock unlink unlinkat"),
    **_any("newfstatat fstatat64 statx stat lstat stat64 lstat64"),
}


def removing(allowed: Allowed) -> Allowed:
    """The same, and files may be removed where the file system lets this user."""
    return {**allowed, **_any("unlink unlinkat")}


# ---- the program -------------------------------------------------------------------------------

_LOAD, _AND = 0x20, 0x54  # BPF_LD | BPF_W | BPF_ABS; BPF_ALU | BPF_AND | BPF_K
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
# Offsets in struct seccomp_data.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def _op(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    order = sys.byteorder
    return code.to_bytes(2, order) + bytes((if_true, if_false)) + k.to_bytes(4, order)


def program(allowed: Allowed, on: kernel.Architecture, pid: int | None = None) -> bytes:
    """The filter that lets these calls through on this architecture, as ``struct sock_filter``.

    With ``pid``, signals may be sent to threads of that process (which ``abort`` does).
    """
    # A call that a kernel of long ago does not have is tried and then done without.
    refuse = _op(_RETURN, _ERRNO | errno.EPERM)
    code = [
        _op(_LOAD, _ARCHITECTURE),
        _op(_IF_EQUAL, on.audit, 1, 0),
        _op(_RETURN, _KILL),
        _op(_LOAD, _NUMBER),
    ]
    calls: dict[str, Masked | OneOf | None] = dict(allowed)
    if pid is not None:
        calls["tgkill"] = OneOf(0, (pid,))
    for name, condition in calls.items():
        number = kernel.CALLS[name][on.column]
        if number is not None:
            body = b"".join(_let_through(condition, refuse))
            code.append(_op(_IF_EQUAL, number, 0, len(body) // 8) + body)
    # clone3 has its flags in memory, where no filter sees them: without it, clone is used.
    without = kernel.CALLS["clone3"][on.column] or 0
    code += [_op(_IF_EQUAL, without, 0, 1), _op(_RETURN, _ERRNO | errno.ENOSYS), refuse]
    return b"".join(code)


def _let_through(condition: Masked | OneOf | None, refuse: bytes) -> Iterable[bytes]:
    """The end of the program for one call: the accumulator is not the call's number any more."""
    if condition is None:
        yield _op(_RETURN, _ALLOW)
        return
    # The low half of an argument; those looked at are ``int`` to the kernel.
    low = 0 if sys.byteorder == "little" else 4
    yield _op(_LOAD, _ARGUMENTS + 8 * condition.number + low)
    if isinstance(condition, Masked):
        yield _op(_AND, condition.mask)
        values: tuple[int, ...] = (condition.value,)
    else:
        values = condition.values
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        yield _op(_IF_EQUAL, value, left, 0)
    yield refuse
    yield _op(_RETURN, _ALLOW)


def confine(allowed: Allowed) -> None:
    """Put every thread under the filter, for good.

    It needs ``no_new_privs``. Raises OSError, with no thread confined.
    """
    kernel.set_seccomp_filter(program(allowed, kernel.architecture(), os.getpid()))
