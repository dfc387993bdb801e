"""A bus fault is an exception; every other fault goes where it would have gone without us.

What would end a process, or depends on the order of handlers, runs in a child.
"""

from __future__ import annotations

import ctypes
import mmap
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

from regmap import _core
from regmap.errors import BusFault
from tests.probe import start_of
from tests.probe.compiler import compiler, library_path
from tests.unit.core_objects import BASE, PAGE, WIDTHS, MemoryFile, register

BEYOND = BASE + PAGE


@pytest.fixture
def truncated() -> Iterator[_core.Map]:
    """Two pages mapped; the file behind loses the second one."""
    file = MemoryFile(2 * PAGE)
    with file.map(2 * PAGE) as mapping:
        mapping.write(BEYOND, 32, 5)
        file.truncate(PAGE)
        yield mapping
    file.close()


ACCESSES: dict[str, tuple[Callable[[_core.Map, int], object], str]] = {
    "read": (lambda m, width: m.read(BEYOND + 8, width), "read"),
    "write": (lambda m, width: m.write(BEYOND + 8, width, 1), "write"),
    "update": (
        lambda m, width: m.update(BEYOND + 8, width, keep=1, neutral=0, mask=1, value=1),
        "read",
    ),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("access", "kind"), ACCESSES.values(), ids=ACCESSES)
def test_map(
    truncated: _core.Map, access: Callable[[_core.Map, int], object], kind: str, width: int
) -> None:
    with pytest.raises(BusFault, match=rf"{width}-bit {kind} at {BEYOND + 8:#x}") as caught:
        access(truncated, width)
    assert caught.value.address == BEYOND + 8
    assert truncated.read(BASE, width) == 0


@contextmanager
def read_only_page(mapping: _core.Map) -> Iterator[None]:
    """Take the right to write away behind the core's back, as a device that vanishes would."""
    libc = ctypes.CDLL(None)
    start = ctypes.c_void_p(start_of(mapping))
    assert libc.mprotect(start, PAGE, mmap.PROT_READ) == 0
    yield
    assert libc.mprotect(start, PAGE, mmap.PROT_READ | mmap.PROT_WRITE) == 0


OPERATIONS: dict[str, tuple[Callable[[Any], object], str]] = {
    "field read": (lambda reg: reg.F, "read"),
    "raw read": (lambda reg: reg.raw, "read"),
    "load": (lambda reg: reg.load(), "read"),
    "field write": (lambda reg: setattr(reg, "F", 1), "read"),
    "raw write": (lambda reg: setattr(reg, "raw", 1), "write"),
    "store": (lambda reg: reg.store(1), "write"),
    "update": (lambda reg: reg.update(1, 1), "read"),
    "act": (lambda reg: reg.act(1, 1), "read"),
    "act without a read": (lambda reg: reg.act(0xFFFF_FFFF, 1), "write"),
    "update without a read": (lambda reg: reg.update(0xFFFF_FFFF, 1), "write"),
}


@pytest.mark.parametrize(("operation", "kind"), OPERATIONS.values(), ids=OPERATIONS)
def test_register_without_a_fault_method(
    truncated: _core.Map, operation: Callable[[Any], object], kind: str
) -> None:
    reg = register(truncated, {"F": _core.Field(4, 4)}, offset=PAGE + 4, keep=0xFFFF_FFFF)
    with pytest.raises(BusFault, match=rf"^BLOCK\.REG: .*32-bit {kind} at") as caught:
        operation(reg)
    assert caught.value.address == BEYOND + 4
    assert caught.value.path == "BLOCK.REG"


@pytest.mark.parametrize(("operation", "kind"), OPERATIONS.values(), ids=OPERATIONS)
def test_register_asks_its_fault_method(
    truncated: _core.Map, operation: Callable[[Any], object], kind: str
) -> None:
    class Mine(Exception):
        pass

    class Asking(_core.Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32, keep=0xFFFF_FFFF, fields={"F": _core.Field(4, 4)})

        def _fault(self, *told: object) -> NoReturn:
            raise Mine(*told)

    with pytest.raises(Mine) as caught:
        operation(Asking(truncated, BEYOND + 4, "R", None))
    assert caught.value.args == (BEYOND + 4, 32, kind)


def test_a_fault_method_that_returns_is_not_enough(truncated: _core.Map) -> None:
    class Silent(_core.Register):
        __slots__ = ()
        SPEC = _core.Spec(width=32)

        def _fault(self, *told: object) -> None:
            pass

    with pytest.raises(BusFault):
        Silent(truncated, BEYOND, "R", None).load()


def test_a_fault_of_the_write_alone(truncated: _core.Map) -> None:
    """A page that can be read and no longer written: the read of an update succeeds."""
    reg = register(truncated, {"F": _core.Field(4, 4)}, keep=0xFFFF_FFFF)
    with read_only_page(truncated):
        assert reg.F == 0
        with pytest.raises(BusFault, match="32-bit write at"):
            reg.F = 1
        with pytest.raises(BusFault, match="32-bit write at"):
            truncated.update(BASE, 32, keep=0, neutral=0, mask=1, value=1)
    reg.F = 2
    assert reg.raw == 0x20


def test_many_faults_leave_nothing_behind(truncated: _core.Map) -> None:
    for _ in range(2000):
        with pytest.raises(BusFault):
            truncated.read(BEYOND, 32)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) & {signal.SIGBUS, signal.SIGSEGV} == set()


def test_faults_in_many_threads_reach_their_own(truncated: _core.Map) -> None:
    failures: list[object] = []

    def work(address: int) -> None:
        for _ in range(300):
            try:
                truncated.read(address, 32)
            except BusFault as error:
                if error.address != address:
                    failures.append(error)
            else:
                failures.append(address)

    threads = [threading.Thread(target=work, args=(BEYOND + 4 * i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# ---- in a child ------------------------------------------------------------------------------

PRELUDE = f"""
import ctypes, faulthandler, os, signal, sys
from regmap import _core
from regmap.errors import BusFault
def truncated():
    fd = os.memfd_create("x")
    os.ftruncate(fd, 2 * {PAGE})
    mapping = _core.Map(fd, 2 * {PAGE})
    os.ftruncate(fd, {PAGE})
    return mapping
def is_caught(mapping):
    try:
        mapping.read({PAGE}, 32)
    except BusFault as error:
        return error.address == {PAGE}
    return False
"""


def child(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    script = PRELUDE + textwrap.dedent(code)
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def outcome(code: str, *args: object) -> tuple[int, str]:
    """Status and last line of output."""
    done = child(code, *args)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, lines[-1] if lines else ""


def test_a_crash_elsewhere_still_ends_the_process_with_its_signal() -> None:
    assert (
        outcome("m = truncated(); assert is_caught(m); ctypes.string_at(0)")[0] == -signal.SIGSEGV
    )


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS])
def test_a_signal_from_outside_still_ends_the_process(number: int) -> None:
    code = "m = truncated(); os.kill(os.getpid(), int(sys.argv[1])); print('alive')"
    assert outcome(code, int(number)) == (-number, "")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS])
def test_a_signal_that_was_ignored_still_is(number: int) -> None:
    code = """
        number = int(sys.argv[1])
        signal.signal(number, signal.SIG_IGN)
        m = truncated()
        os.kill(os.getpid(), number)
        print("alive", is_caught(m))
    """
    assert outcome(code, int(number)) == (0, "alive True")


def test_a_fault_cannot_be_ignored() -> None:
    code = "signal.signal(signal.SIGSEGV, signal.SIG_IGN); m = truncated(); ctypes.string_at(0)"
    assert outcome(code)[0] == -signal.SIGSEGV


def test_a_thread_that_blocks_the_signal_dies_of_the_fault() -> None:
    """The kernel runs no handler for a fault whose signal is blocked; Map's docstring says so."""
    code = """
        m = truncated()
        assert is_caught(m)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGBUS, signal.SIGSEGV])
        print(is_caught(m))
    """
    assert outcome(code) == (-signal.SIGBUS, "")


def test_a_python_handler_from_before_still_gets_its_signal() -> None:
    code = """
        signal.signal(signal.SIGSEGV, lambda number, frame: print("handled", number))
        m = truncated()
        os.kill(os.getpid(), signal.SIGSEGV)
        print(is_caught(m))
    """
    done = child(code)
    assert (done.returncode, done.stdout.split()) == (0, ["handled", "11", "True"])


def test_faulthandler_from_before_still_reports() -> None:
    done = child("faulthandler.enable(); m = truncated(); is_caught(m); ctypes.string_at(0)")
    assert done.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in done.stderr
    assert "string_at" in done.stderr


def test_faulthandler_enabled_afterwards_does_not_turn_a_bus_fault_into_death() -> None:
    code = "m = truncated(); faulthandler.enable(); print(is_caught(m), is_caught(m))"
    done = child(code)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "True"])


def test_faulthandler_disabled_again_takes_our_handler_along_until_the_next_map() -> None:
    code = """
        faulthandler.enable()
        m = truncated()
        faulthandler.disable()
        n = truncated()
        print(is_caught(m), is_caught(n))
    """
    assert outcome(code) == (0, "True True")


def test_a_stack_overflow_still_reaches_the_alternate_stack_of_faulthandler() -> None:
    code = """
        faulthandler.enable()
        m = truncated()
        faulthandler._stack_overflow()
    """
    done = child(code)
    assert done.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in done.stderr


def test_a_forked_child_catches_its_own_faults() -> None:
    code = """
        m = truncated()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if is_caught(m) else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), is_caught(m))
    """
    assert outcome(code) == (0, "0 True")


needs_compiler = pytest.mark.skipif(compiler() is None, reason="needs a C compiler")


@needs_compiler
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS])
@pytest.mark.parametrize("flags", [0, 0x40000000, 0x08000000], ids=["plain", "NODEFER", "ONSTACK"])
def test_a_c_handler_from_before_still_gets_its_fault(number: int, flags: int) -> None:
    code = """
        import mmap
        number, flags = int(sys.argv[2]), int(sys.argv[3])
        fd = os.memfd_create("x")
        os.ftruncate(fd, 4096)
        view = mmap.mmap(fd, 4096)
        os.ftruncate(fd, 0)
        at = {signal.SIGSEGV: 0, signal.SIGBUS: ctypes.addressof(ctypes.c_char.from_buffer(view))}
        place = ctypes.c_void_p(at[number])
        lib = ctypes.CDLL(sys.argv[1])
        lib.faults_install(number, flags)
        m = truncated()
        seen = [is_caught(m), lib.faults_touch(place), is_caught(m), lib.faults_touch(place)]
        print(seen, lib.faults_recovered(), lib.faults_blocked(number))
    """
    got = outcome(code, library_path("faults"), int(number), flags)
    assert got == (0, "[True, 1, True, 1] 2 0")


@needs_compiler
def test_a_handler_without_siginfo_is_called_and_may_ask_to_be_called_once() -> None:
    code = """
        lib = ctypes.CDLL(sys.argv[1])
        lib.faults_install_plain(signal.SIGSEGV, 0x80000000)  # SA_RESETHAND
        m = truncated()
        os.kill(os.getpid(), signal.SIGSEGV)
        print(lib.faults_plain_calls(), lib.faults_blocked(signal.SIGUSR1), is_caught(m))
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSEGV)
    """
    assert outcome(code, library_path("faults")) == (-signal.SIGSEGV, "1 0 True")


@needs_compiler
def test_a_handler_installed_afterwards_stays_on_top_of_ours() -> None:
    """Another Map must not put our handler over one that passes on to it: a circle."""
    code = """
        lib = ctypes.CDLL(sys.argv[1])
        lib.faults_install(signal.SIGSEGV, 0)
        m = truncated()
        lib.faults_install_on_top(signal.SIGSEGV)
        lib.faults_install_on_top(signal.SIGBUS)
        n = truncated()
        print(lib.faults_touch(None), is_caught(m), is_caught(n), lib.faults_recovered())
    """
    assert outcome(code, library_path("faults")) == (0, "1 True True 1")


@needs_compiler
def test_a_fault_in_another_thread_while_one_is_in_the_middle_of_an_access() -> None:
    code = """
        lib = ctypes.CDLL(sys.argv[1])
        lib.faults_install(signal.SIGSEGV, 0)
        m = truncated()
        lib.faults_start_helper()
        print(is_caught(m), lib.faults_join_helper(), lib.faults_recovered())
    """
    assert outcome(code, library_path("faults")) == (0, "True 1 1")
