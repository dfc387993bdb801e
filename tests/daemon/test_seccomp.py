"""The filter as a program: what it says to each call, on each architecture, without running it."""

from __future__ import annotations

import errno
import re
import shutil
import subprocess
import sys
from itertools import product

import pytest

from regmap.daemon import kernel, seccomp
from regmap.daemon.seccomp import READING, SERVING, Masked, OneOf, program

ARCHITECTURES = {
    "x86_64": kernel.Architecture(0xC000003E, 0),
    "aarch64": kernel.Architecture(0xC00000B7, 1),
    "arm": kernel.Architecture(0x40000028, 2),
}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
PID = 4321


def verdict(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the program returns: an interpreter of the few instructions, by the kernel's rules."""
    order = sys.byteorder
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = number.to_bytes(4, order) + audit.to_bytes(4, order) + bytes(8)
    data += b"".join(each.to_bytes(8, order) for each in padded)
    at, accumulator = 0, 0
    while True:
        line = code[8 * at : 8 * at + 8]
        operation = int.from_bytes(line[:2], order)
        if_true, if_false, k = line[2], line[3], int.from_bytes(line[4:], order)
        at += 1
        if operation == 0x20:  # load a word
            assert k in range(0, 64, 4)
            accumulator = int.from_bytes(data[k : k + 4], order)
        elif operation == 0x54:  # and
            accumulator &= k
        elif operation == 0x15:  # jump if equal
            at += if_true if accumulator == k else if_false
        elif operation == 0x06:  # return
            return k
        else:
            pytest.fail(f"instruction {operation:#x}")


@pytest.fixture(params=ARCHITECTURES)
def on(request: pytest.FixtureRequest) -> kernel.Architecture:
    return ARCHITECTURES[request.param]


def number(name: str, on: kernel.Architecture) -> int:
    found = kernel.CALLS[name][on.column]
    assert found is not None
    return found


@pytest.mark.parametrize("allowed", [SERVING, READING], ids=["serving", "reading"])
def test_every_number_gets_the_answer_of_the_list(
    allowed: seccomp.Allowed, on: kernel.Architecture
) -> None:
    code = program(allowed, on)
    free, conditional = set(), set()
    for name, condition in allowed.items():
        found = kernel.CALLS[name][on.column]
        if found is not None:
            (conditional if condition else free).add(found)
    clone3 = kernel.CALLS["clone3"][on.column]
    for each in set(range(1000)) - conditional:
        expected = ALLOW if each in free else ENOSYS if each == clone3 else EPERM
        assert verdict(code, on.audit, each) == expected, each


def test_a_program_is_not_too_long_for_the_kernel(on: kernel.Architecture) -> None:
    assert len(program(SERVING, on)) // 8 <= 4096


def test_memory_is_never_made_executable(on: kernel.Architecture) -> None:
    code = program(SERVING, on)
    calls = [kernel.CALLS[name][on.column] for name in ("mmap", "mmap2", "mprotect")]
    there = [call for call in calls if call is not None]
    assert len(there) == 2
    for call, protection in product(there, range(8)):
        expected = EPERM if protection & 4 else ALLOW
        assert verdict(code, on.audit, call, 0, 4096, protection) == expected


def test_clone_makes_threads_and_no_processes(on: kernel.Architecture) -> None:
    code, call = program(SERVING, on), number("clone", on)
    assert verdict(code, on.audit, call, 0x3D0F00) == ALLOW  # as pthread_create does
    assert verdict(code, on.audit, call, 17) == EPERM  # SIGCHLD: fork
    assert verdict(code, on.audit, call, 0x4000 | 0x100 | 17) == EPERM  # vfork


def test_ioctl_is_for_sockets_and_lines_only(on: kernel.Architecture) -> None:
    code, call = program(SERVING, on), number("ioctl", on)
    assert verdict(code, on.audit, call, 3, 0x5421) == ALLOW
    assert verdict(code, on.audit, call, 3, 0xC250B407) == ALLOW
    assert verdict(code, on.audit, call, 3, 0x5412) == EPERM  # TIOCSTI types into a terminal


def test_a_thread_may_signal_its_own_process_only(on: kernel.Architecture) -> None:
    code, call = program(SERVING, on, PID), number("tgkill", on)
    assert verdict(code, on.audit, call, PID, PID, 6) == ALLOW
    assert verdict(code, on.audit, call, PID + 1, PID + 1, 9) == EPERM
    assert verdict(program(SERVING, on), on.audit, call, PID, PID, 6) == EPERM


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0, ALLOW), (0o2000000, ALLOW), (1, EPERM), (2, EPERM), (0o100, EPERM), (0o1000, EPERM)],
)
def test_a_reader_opens_for_reading_only(
    flags: int, expected: int, on: kernel.Architecture
) -> None:
    code = program(READING, on)
    assert verdict(code, on.audit, number("openat", on), 0, 0, flags) == expected
    assert verdict(program(SERVING, on), on.audit, number("openat", on), 0, 0, flags) == EPERM


def test_nothing_is_removed_unless_asked_for(on: kernel.Architecture) -> None:
    call = number("unlinkat", on)
    assert verdict(program(SERVING, on), on.audit, call) == EPERM
    assert verdict(program(seccomp.removing(SERVING), on), on.audit, call) == ALLOW


def test_a_call_of_another_architecture_is_the_end(on: kernel.Architecture) -> None:
    code = program(SERVING, on)
    for audit in (0, 0x40000003, *(each.audit for each in ARCHITECTURES.values())):
        if audit != on.audit:
            assert verdict(code, audit, kernel.CALLS["read"][on.column] or 0) == KILL


def test_a_call_of_x32_is_none_of_the_list() -> None:
    on = ARCHITECTURES["x86_64"]
    assert verdict(program(SERVING, on), on.audit, 0x40000000) == EPERM


def test_conditions_look_at_their_own_argument(on: kernel.Architecture) -> None:
    allowed = {"read": Masked(3, 0xF0, 0x50), "write": OneOf(1, (5, 6, 7))}
    code = program(allowed, on)
    read, write = number("read", on), number("write", on)
    assert verdict(code, on.audit, read, 0, 0, 0, 0xF5F) == ALLOW
    assert verdict(code, on.audit, read, 0x50, 0x50, 0x50, 0x40, 0x50) == EPERM
    assert [verdict(code, on.audit, write, 0, each) == ALLOW for each in (4, 5, 6, 7, 8)] == [
        *(False, True, True, True, False)
    ]


@pytest.mark.parametrize(
    ("compiler", "architecture"),
    [("cc", None), ("aarch64-linux-gnu-gcc", "aarch64"), ("arm-linux-gnueabihf-gcc", "arm")],
)
def test_the_numbers_are_those_of_the_kernels_headers(
    compiler: str, architecture: str | None
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} with the headers of the kernel for it")
    column = (
        kernel.architecture().column if architecture is None else ARCHITECTURES[architecture][1]
    )
    source = "#include <asm/unistd.h>\n"
    for name in kernel.CALLS:
        source += f"#ifdef __NR_{name}\nCALL {name} __NR_{name}\n#endif\n"
    command = [compiler, "-E", "-P", "-xc", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{compiler} has no headers of the kernel")
    found = {
        name: sum(map(int, re.findall(r"[0-9]+", value)))  # "0" or "(0 + 5)"
        for name, value in re.findall(r"CALL (\w+) (.*)", done.stdout)
    }
    assert len(found) > 50
    table = {name: row[column] for name, row in kernel.CALLS.items() if row[column] is not None}
    assert {name: table[name] for name in found.keys() & table.keys()} == {
        name: found[name] for name in found.keys() & table.keys()
    }
    assert not found.keys() - table.keys()
