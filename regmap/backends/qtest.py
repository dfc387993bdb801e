"""QEMU's qtest socket: the registers of its device models without any program in the machine.

    qemu-system-arm -M raspi2b -accel tcg -S -display none -nodefaults
        -qtest unix:PATH,server=on,wait=off -qtest-log none

``-S`` keeps the CPU stopped, and with it the machine's clocks. QEMU serves one client at a time.

An access goes to the address space of the first CPU with its exact width. What the device's model
then makes of it is not told: nothing at the address, or a width that the model does not take, reads
as 0 and swallows writes (``-d guest_errors,unimp`` logs it); a model that is built of narrower
words is accessed in several. Sources: QEMU system/qtest.c (before 9.0 softmmu/qtest.c), which drops
the result of address_space_read; memory_access_size in QEMU system/physmem.c.
"""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from regmap.backends.peer import Peer
from regmap.backends.stream import Lost, Stream, options
from regmap.errors import BackendError, BackendUnavailable, BusFault

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Irq", "QTest", "open_qtest"]

_TIMEOUT_S = 5.0
_LONGEST_LINE = 4096
_MOST_IRQS = 1 << 16
_IRQ = re.compile(rb"IRQ (raise|lower) ([0-9]{1,9})")
_NUMBER = re.compile(rb"OK 0x([0-9a-f]{1,16})")
_QOM_WORD = re.compile(r"[!-~]+")
_LETTERS = {8: "b", 16: "w", 32: "l", 64: "q"}
_REMEDY = "start QEMU with -qtest unix:PATH,server=on,wait=off -accel tcg -S"


class Irq(NamedTuple):
    """A line of the intercepted device that changed: its number, and whether it is high now."""

    line: int
    high: bool


class QTest(Peer):
    """QEMU at the other end of a qtest socket.

    ``space`` is ``memory`` or ``io``, the I/O ports of a PC (8, 16 and 32 bits, 0 to 0xffff).
    """

    name = "QEMU's qtest"
    widths: tuple[int, ...] = (8, 16, 32, 64)

    def __init__(
        self, stream: Stream, *, space: str = "memory", timeout_s: float = _TIMEOUT_S
    ) -> None:
        super().__init__(stream, timeout_s=timeout_s)
        self.space = space
        self._read_verb, self._write_verb = "read", "write"
        if space == "io":
            self._read_verb, self._write_verb = "in", "out"
            self.widths = (8, 16, 32)
            self.reach = 1 << 16  # QEMU ends itself at a higher one
        self._buffer = b""
        self._irqs: deque[Irq] = deque(maxlen=_MOST_IRQS)
        self.big_endian = self._exchange("asking for the byte order", self._greet)

    def _greet(self, until: float) -> bool:
        answer = self._ask("endianness", until)
        if answer not in {b"OK little", b"OK big"}:
            raise Lost(f"it is asked for its byte order and says {_shown(answer)}")
        return answer == b"OK big"

    def _read(self, address: int, width: int, until: float) -> int:
        answer = self._ask(f"{self._read_verb}{_LETTERS[width]} {address:#x}", until)
        found = _NUMBER.fullmatch(answer)
        if found is None or int(found[1], 16) >> width:
            raise self._refused(answer, f"{width}-bit read at {address:#x}", address)
        value = int(found[1], 16)
        return _turned(value, width) if self.big_endian else value

    def _write(self, address: int, width: int, value: int, until: float) -> None:
        if self.big_endian:
            value = _turned(value, width)
        request = f"{self._write_verb}{_LETTERS[width]} {address:#x} {value:#x}"
        if (answer := self._ask(request, until)) != b"OK":
            raise self._refused(answer, f"{width}-bit write at {address:#x}", address)

    def _refused(self, answer: bytes, what: str, address: int) -> Exception:
        if answer.startswith(b"FAIL"):
            return BusFault(f"{what}: {self} says {_shown(answer)}", address=address)
        return Lost(f"it answers {_shown(answer)}")

    # Interrupts

    def irq_intercept(self, device: str, *, outputs: bool = False) -> None:
        """From now on record the unnamed input lines of a device (its output lines) in ``irqs``.

        ``device`` is its path in QEMU's object tree (``qom-tree`` in the monitor), such as
        ``ioapic``. One device in the life of a QEMU. No bus access. Raises BackendError where
        there is no such device or another one is intercepted.
        """
        verb = f"irq_intercept_{'out' if outputs else 'in'}"
        self._command(f"{verb} {_word(device, 'device')}")

    def set_irq_in(
        self, device: str, line: int, high: bool, *, name: str = "unnamed-gpio-in"
    ) -> None:
        """Set one input line of a device; ``name`` is its list of lines.

        QEMU ends itself where the device has no such line. No bus access.
        """
        where = f"{_word(device, 'device')} {_word(name, 'name')}"
        if not 0 <= line < 1 << 31:
            raise ValueError(f"a line is a number from 0 on, not {line}")
        self._command(f"set_irq_in {where} {line} {int(high)}")

    def irqs(self, timeout_s: float = 0) -> list[Irq]:
        """The changes of intercepted lines since the last call, oldest first.

        Where there are none it waits up to ``timeout_s`` for the first; accesses of other threads
        wait as long. Of more than 65536 the oldest are gone. No bus access.
        """

        def collect(_: float) -> None:
            until = time.monotonic() + timeout_s
            self._take_arrived()
            while not self._irqs and self._stream.ready(until):
                self._take_arrived()

        with self.lock:
            self._exchange("looking for interrupts", collect)
            found = list(self._irqs)
            self._irqs.clear()
            return found

    def _command(self, text: str) -> None:
        def talk(until: float) -> None:
            answer = self._ask(text, until)
            if answer.startswith(b"FAIL"):
                raise BackendError(f"{self}: {text}: it says {_shown(answer)}")
            if answer != b"OK":
                raise Lost(f"it answers {_shown(answer)}")

        self._exchange(text, talk)

    # Lines

    def _ask(self, request: str, until: float) -> bytes:
        """Send a line and give the one that answers it; interrupts in between are kept."""
        self._take_arrived()
        self._stream.send(request.encode("ascii") + b"\n", until)
        while True:
            line, end, rest = self._buffer.partition(b"\n")
            if end:
                self._buffer = rest
                if not self._is_irq(line):
                    return line
            elif len(self._buffer) > _LONGEST_LINE:
                raise Lost(f"it sends a line without an end: {_shown(self._buffer)}")
            else:
                self._buffer += self._stream.receive(until)

    def _take_arrived(self) -> None:
        """Interrupts that came meanwhile; an answer to no question would be taken for the next."""
        self._buffer += self._stream.arrived()
        while b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            if not self._is_irq(line):
                raise Lost(f"it says {_shown(line)} without being asked")
        if len(self._buffer) > _LONGEST_LINE:
            raise Lost(f"it sends a line without an end: {_shown(self._buffer)}")

    def _is_irq(self, line: bytes) -> bool:
        found = _IRQ.fullmatch(line)
        if found:
            self._irqs.append(Irq(int(found[2]), found[1] == b"raise"))
        return found is not None


def _turned(value: int, width: int) -> int:
    return int.from_bytes(value.to_bytes(width // 8, "little"), "big")


def _word(text: str, what: str) -> str:
    if not _QOM_WORD.fullmatch(text):
        raise ValueError(f"{what} is a word without blanks in ASCII, not {text!r}")
    return text


def _shown(answer: bytes) -> str:
    return repr(answer[:60])[1:] + ("..." if len(answer) > 60 else "")


def open_qtest(target: Target) -> QTest:
    """QEMU's qtest at a Unix socket; ``?space=io`` for I/O ports, ``?timeout=SECONDS``.

    Asks for the machine's byte order and touches no register. Raises BackendUnavailable.
    """
    known = {"space": ("memory", "io")}
    path, given, timeout_s = options(target.rest, known, _TIMEOUT_S)
    if not path:
        raise BackendUnavailable("qtest: lacks the path of the socket, as in qtest:/run/qtest.sock")
    stream = Stream.connect(path, path, timeout_s=timeout_s, remedy=_REMEDY)
    try:
        return QTest(stream, space=given.get("space", "memory"), timeout_s=timeout_s)
    except BackendError as error:
        stream.close()
        raise BackendUnavailable(
            f"{error}; {_REMEDY}; it serves one client at a time, so see that no other is connected"
        ) from error
    except BaseException:
        stream.close()
        raise
