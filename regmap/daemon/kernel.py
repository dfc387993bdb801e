"""The system calls that Python has no name for, and the numbers of all that a filter may name.

The only module that calls C by ctypes; it moves numbers and never touches a mapping. The table is
from the kernel's own: include/uapi/asm-generic/unistd.h (aarch64, riscv64),
arch/x86/entry/syscalls/syscall_64.tbl and arch/arm/tools/syscall.tbl; seccomp(2), landlock(7),
capabilities(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import NamedTuple

__all__ = [
    "CALLS",
    "Architecture",
    "add_landlock_path",
    "architecture",
    "capabilities",
    "forbid_new_privileges",
    "landlock_abi",
    "make_landlock_ruleset",
    "restrict_by_landlock",
    "set_capabilities",
    "set_seccomp_filter",
    "socket_option",
    "threads",
]

_PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 8, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_LANDLOCK_CREATE_RULESET_VERSION, _LANDLOCK_RULE_PATH_BENEATH = 1, 1
_CAPABILITY_VERSION_3 = 0x20080522


class Architecture(NamedTuple):
    """How the kernel names this kind of processor to a filter, and its column in ``CALLS``."""

    audit: int
    column: int


# By machine and the bytes of a pointer: a 32-bit userland may run on a 64-bit kernel.
_ARCHITECTURES = {
    ("x86_64", 8): Architecture(0xC000003E, 0),
    ("aarch64", 8): Architecture(0xC00000B7, 1),
    ("riscv64", 8): Architecture(0xC00000F3, 1),
    ("aarch64", 4): Architecture(0x40000028, 2),
    ("armv8l", 4): Architecture(0x40000028, 2),
    ("armv7l", 4): Architecture(0x40000028, 2),
    ("armv6l", 4): Architecture(0x40000028, 2),
}

# Name to number on x86_64; aarch64 and riscv64; arm (EABI). None: there is no such call.
CALLS: dict[str, tuple[int | None, int | None, int | None]] = {
    "read": (0, 63, 3),
    "write": (1, 64, 4),
    "readv": (19, 65, 145),
    "writev": (20, 66, 146),
    "pread64": (17, 67, 180),
    "pwrite64": (18, 68, 181),
    "close": (3, 57, 6),
    "lseek": (8, 62, 19),
    "_llseek": (None, None, 140),
    "fstat": (5, 80, 108),
    "fstat64": (None, None, 197),
    "newfstatat": (262, 79, None),
    "fstatat64": (None, None, 327),
    "statx": (332, 291, 397),
    "fcntl": (72, 25, 55),
    "fcntl64": (None, None, 221),
    "ioctl": (16, 29, 54),
    "dup": (32, 23, 41),
    "flock": (73, 32, 143),
    "fsync": (74, 82, 118),
    "fdatasync": (75, 83, 148),
    "msync": (26, 227, 144),
    "accept": (43, 202, 285),
    "accept4": (288, 242, 366),
    "recvfrom": (45, 207, 292),
    "recvmsg": (47, 212, 297),
    "sendto": (44, 206, 290),
    "sendmsg": (46, 211, 296),
    "send": (None, None, 289),
    "recv": (None, None, 291),
    "getsockopt": (55, 209, 295),
    "setsockopt": (54, 208, 294),
    "getsockname": (51, 204, 286),
    "getpeername": (52, 205, 287),
    "listen": (50, 201, 284),
    "shutdown": (48, 210, 293),
    "epoll_wait": (232, None, 252),
    "epoll_pwait": (281, 22, 346),
    "epoll_pwait2": (441, 441, 441),
    "epoll_ctl": (233, 21, 251),
    "poll": (7, None, 168),
    "ppoll": (271, 73, 336),
    "ppoll_time64": (None, None, 414),
    "select": (23, None, None),
    "_newselect": (None, None, 142),
    "pselect6": (270, 72, 335),
    "pselect6_time64": (None, None, 413),
    "futex": (202, 98, 240),
    "futex_time64": (None, None, 422),
    "set_robust_list": (273, 99, 338),
    "rseq": (334, 293, 398),
    "clone": (56, 220, 120),
    "clone3": (435, 435, 435),
    "sched_yield": (24, 124, 158),
    "sched_getaffinity": (204, 123, 242),
    "sched_setaffinity": (203, 122, 241),
    "getcpu": (309, 168, 345),
    "gettid": (186, 178, 224),
    "getpid": (39, 172, 20),
    "getuid": (102, 174, None),
    "geteuid": (107, 175, None),
    "getgid": (104, 176, None),
    "getegid": (108, 177, None),
    "getuid32": (None, None, 199),
    "geteuid32": (None, None, 201),
    "getgid32": (None, None, 200),
    "getegid32": (None, None, 202),
    "tgkill": (234, 131, 268),
    "rt_sigaction": (13, 134, 174),
    "rt_sigprocmask": (14, 135, 175),
    "rt_sigreturn": (15, 139, 173),
    "sigreturn": (None, None, 119),
    "sigaltstack": (131, 132, 186),
    "restart_syscall": (219, 128, 0),
    "rt_sigtimedwait": (128, 137, 177),
    "mmap": (9, 222, None),
    "mmap2": (None, None, 192),
    "munmap": (11, 215, 91),
    "mremap": (25, 216, 163),
    "mprotect": (10, 226, 125),
    "madvise": (28, 233, 220),
    "brk": (12, 214, 45),
    "membarrier": (324, 283, 389),
    "clock_gettime": (228, 113, 263),
    "clock_gettime64": (None, None, 403),
    "clock_getres": (229, 114, 264),
    "clock_getres_time64": (None, None, 406),
    "gettimeofday": (96, 169, 78),
    "time": (201, None, None),
    "nanosleep": (35, 101, 162),
    "clock_nanosleep": (230, 115, 265),
    "clock_nanosleep_time64": (None, None, 407),
    "getrandom": (318, 278, 384),
    "getrusage": (98, 165, 77),
    "sysinfo": (99, 179, 116),
    "uname": (63, 160, 122),
    "exit": (60, 93, 1),
    "exit_group": (231, 94, 248),
    "unlink": (87, None, 10),
    "unlinkat": (263, 35, 328),
    "openat": (257, 56, 322),
    "open": (2, None, 5),
    "readlink": (89, None, 85),
    "readlinkat": (267, 78, 332),
    "getdents64": (217, 61, 217),
    "getcwd": (79, 17, 183),
    "access": (21, None, 33),
    "faccessat": (269, 48, 334),
    "faccessat2": (439, 439, 439),
    "stat": (4, None, None),
    "lstat": (6, None, None),
    "stat64": (None, None, 195),
    "lstat64": (None, None, 196),
    "prlimit64": (302, 261, 369),
    "ugetrlimit": (None, None, 191),
    "arch_prctl": (158, None, None),
    "set_tid_address": (218, 96, 256),
    "seccomp": (317, 277, 383),
    "capset": (126, 91, 185),
    "landlock_create_ruleset": (444, 444, 444),
    "landlock_add_rule": (445, 445, 445),
    "landlock_restrict_self": (446, 446, 446),
}

_libc = ctypes.CDLL(None, use_errno=True)


def architecture() -> Architecture:
    """What this process runs on. Raises OSError where its calls are not in the table."""
    machine = platform.machine()
    found = _ARCHITECTURES.get((machine, ctypes.sizeof(ctypes.c_void_p)))
    if found is None:
        raise OSError(f"there is no table of system calls for {machine} here")
    return found


def _checked(result: int, what: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def _call(name: str, *arguments: object) -> int:
    number = CALLS[name][architecture().column]
    assert number is not None  # noqa: S101  (those called here exist everywhere)
    return _checked(int(_libc.syscall(ctypes.c_long(number), *arguments)), name)


def _prctl(what: str, *arguments: int) -> None:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:5]]
    _checked(int(_libc.prctl(*padded)), what)


def threads() -> int:
    """How many threads this process has, those included that Python knows nothing of."""
    return len(os.listdir("/proc/self/task"))


def forbid_new_privileges() -> None:
    """Nothing that this thread executes will have more rights than it. Raises OSError."""
    _prctl("no_new_privs", _PR_SET_NO_NEW_PRIVS, 1)


def socket_option(fd: int, level: int, option: int, most: int) -> bytes:
    """An option of a socket of up to ``most`` bytes; Python's own call takes 1024 at most.

    Raises OSError.
    """
    data = ctypes.create_string_buffer(most)
    length = ctypes.c_uint32(most)
    where = (ctypes.c_int(level), ctypes.c_int(option))
    done = _libc.getsockopt(ctypes.c_int(fd), *where, data, ctypes.byref(length))
    _checked(int(done), "getsockopt")
    return data.raw[: length.value]


# ---- capabilities ------------------------------------------------------------------------------


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def set_capabilities(bits: int, *, keep_over_user: bool = False) -> None:
    """This thread's effective and permitted capabilities; none stay inheritable or ambient.

    With ``keep_over_user`` those permitted outlive the next change of user. Raises OSError.
    """
    low = bits & 0xFFFFFFFF
    sets = (_Sets * 2)(_Sets(low, low, 0), _Sets(bits >> 32, bits >> 32, 0))
    header = _Header(_CAPABILITY_VERSION_3, 0)
    _prctl("ambient capabilities", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _call("capset", ctypes.byref(header), sets)
    if keep_over_user:
        _prctl("keepcaps", _PR_SET_KEEPCAPS, 1)


def capabilities() -> int:
    """The permitted and effective ones of this thread, as the kernel states them."""
    # As bytes: a user who has just been changed may not be able to read Python's own files.
    with open("/proc/thread-self/status", "rb") as lines:
        found = dict(line.split(b":", 1) for line in lines)
    return int(found[b"CapPrm"], 16) | int(found[b"CapEff"], 16)


# ---- seccomp -----------------------------------------------------------------------------------


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def set_seccomp_filter(program: bytes) -> None:
    """Put every thread of the process under a program of classic BPF. Raises OSError."""
    prog = _Program(len(program) // 8, program)
    flags = _SECCOMP_FILTER_FLAG_TSYNC
    stuck = _call(
        "seccomp",
        ctypes.c_uint(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_uint(flags),
        ctypes.byref(prog),
    )
    if stuck:
        raise OSError(f"seccomp: thread {stuck} cannot be put under the filter")


# ---- Landlock ----------------------------------------------------------------------------------


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_files", ctypes.c_uint64),
        ("handled_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock_abi() -> int:
    """Which Landlock this kernel has, 0 for none."""
    try:
        return _call(
            "landlock_create_ruleset",
            None,
            ctypes.c_size_t(0),
            ctypes.c_uint(_LANDLOCK_CREATE_RULESET_VERSION),
        )
    except OSError:
        return 0


def make_landlock_ruleset(files: int, net: int, scoped: int) -> int:
    """A descriptor of rules under which all these rights are refused. Raises OSError."""
    # A kernel takes a longer structure than it knows as long as what it does not know is 0.
    rules = _Ruleset(files, net, scoped)
    size = ctypes.c_size_t(ctypes.sizeof(rules))
    return _call("landlock_create_ruleset", ctypes.byref(rules), size, ctypes.c_uint(0))


def add_landlock_path(rules: int, folder: int, allowed: int) -> None:
    """Allow rights below an open folder. Raises OSError."""
    beneath = _Beneath(allowed, folder)
    _call(
        "landlock_add_rule",
        ctypes.c_int(rules),
        ctypes.c_int(_LANDLOCK_RULE_PATH_BENEATH),
        ctypes.byref(beneath),
        ctypes.c_uint(0),
    )


def restrict_by_landlock(rules: int) -> None:
    """Put this thread, and those that it starts, under the rules. Raises OSError."""
    _call("landlock_restrict_self", ctypes.c_int(rules), ctypes.c_uint(0))
