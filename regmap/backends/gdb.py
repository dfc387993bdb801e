"""The GDB remote protocol: registers through QEMU, OpenOCD, pyOCD or J-Link's server.

The protocol knows bytes at an address, and no widths; GDB's manual warns that a server may access
them as it likes. What the servers do with a read (``m``) or write (``M``) of 1, 2 or 4 bytes that
is aligned, which is all that is ever sent:

QEMU    one access of that width in physical mode, which is switched on. 8 bytes are two accesses
        where the device takes 4 at most. A width that the device refuses reads as 0 and answers OK,
        and so does an address where nothing is. Outside of physical mode writes to devices are
        dropped and answer OK, so they are refused here; what only the CPU sees (0xE000E000 of a
        Cortex-M) is read with ``?memory=cpu``. Sources: its bus trace; gdbstub/system.c
        gdb_target_memory_rw_debug, system/physmem.c address_space_write_rom.
OpenOCD one access of that width; 8 bytes are two on all cores but 64-bit RISC-V. Xtensa (ESP32)
        reads whole 32-bit words: say ``?widths=32``. A read that fails answers zeros unless its
        configuration has ``gdb report_data_abort enable``. Addresses are the CPU's, through its
        MMU. Sources: src/target/target.c target_read_buffer_default, src/server/gdb_server.c
        gdb_read_memory_packet, src/target/xtensa/xtensa.c; riscv-collab/riscv-openocd#1184.
pyOCD   one access of that width, 8 bytes are two. Devices of its memory map, and what is not in
        it, are never cached. Sources: pyocd/coresight/ap.py read_memory_block8,
        pyocd/cache/memory.py, pyocd/core/memory_map.py.
J-Link  closed. Its library chooses the width; users see that of an aligned request kept: with 1,
        2 and 4 bytes registers that take one width only give the right values. Sources:
        Marus/cortex-debug#516 and #458.

Connecting halts the CPU: QEMU and pyOCD always, OpenOCD unless its event gdb-attach says otherwise.
``?resume=yes`` lets it go on at the end. QEMU started with ``-S`` would then begin to run.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from regmap.backends.gdb_packets import Kind, PacketError, Packets, escaped, frame
from regmap.backends.peer import Peer
from regmap.backends.stream import Lost, Stream, options
from regmap.errors import BackendError, BackendUnavailable, BadAddress, BusFault

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Gdb", "open_gdb"]

_TIMEOUT_S = 5.0
_MOST_TRIES = 3
_STOPPED = re.compile(rb"[STWX][0-9a-fA-F]{2}.*", re.DOTALL)
_CONSOLE = re.compile(rb"O(?:[0-9a-fA-F]{2})*")
_ERROR = re.compile(rb"E(?:[0-9a-fA-F]{2}|\..*)", re.DOTALL)
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_NETWORK = re.compile(r"(\[[^\]]+\]|[^:\[\]]+):([0-9]{1,5})")
_WIDTHS = re.compile(r"(?:8|16|32|64)(?:,(?:8|16|32|64))*")
_REMEDY = (
    "start the server first: QEMU with -gdb tcp::1234 -S, openocd (port 3333), pyocd gdbserver"
    " (3333), JLinkGDBServer (2331)"
)


class Gdb(Peer):
    """A GDB server.

    ``widths`` are those that it makes one access of. ``memory`` is ``physical`` to switch QEMU to
    physical addresses (others have no such mode and show what the CPU sees), ``cpu`` to leave it.
    With ``resume`` the CPU is let go at ``close``. ``physical`` says whether addresses are.
    """

    name = "the GDB server"

    def __init__(
        self,
        stream: Stream,
        *,
        widths: tuple[int, ...] = (8, 16, 32),
        memory: str = "physical",
        resume: bool = False,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        super().__init__(stream, timeout_s=timeout_s)
        self.widths = widths
        self.physical = False
        self._is_qemu = False
        self._resume = resume
        self._restore = b""
        self._packets = Packets()
        self._answers: list[bytes] = []
        self._binary = False
        self._stopped = b""
        self._exchange("connecting", lambda until: self._greet(memory, until))

    def _greet(self, memory: str, until: float) -> None:
        self._stream.send(b"+", until)  # of a packet that a debugger before us left unacknowledged
        # A list must not be empty (pyOCD), and this says only what is not wanted.
        features = self._ask(b"qSupported:qRelocInsn-", until).split(b";")
        if b"QStartNoAckMode+" in features and self._ask(b"QStartNoAckMode", until) == b"OK":
            self._packets.acks = False
        # Any thread will do; gdbserver accesses nothing before one is chosen. No answer matters.
        self._ask(b"Hg0", until)
        mode = self._ask(b"qqemu.PhyMemMode", until)
        self._is_qemu = mode in {b"0", b"1"}
        if self._is_qemu:
            wanted = b"1" if memory == "physical" else b"0"
            if mode != wanted:
                self._switch(wanted, until)
                # The mode outlives the connection, and the next debugger expects its own.
                self._restore = mode
            self.physical = wanted == b"1"

    def _switch(self, mode: bytes, until: float) -> None:
        answer = self._ask(b"Qqemu.PhyMemMode:" + mode, until)
        if answer != b"OK":
            raise Lost(f"it is asked for physical addresses and says {_shown(answer)}")

    # Accesses

    def _why_width(self, width: int) -> str:
        return (
            f"one of {width} bits may be split in two or widened; where the server makes one of"
            f" it, say so: ?widths={','.join(map(str, sorted({*self.widths, width})))}"
        )

    def _read(self, address: int, width: int, until: float) -> int:
        count = width // 8
        answer = self._ask(b"m%x,%x" % (address, count), until)
        if _HEX.fullmatch(answer) and len(answer) == 2 * count:
            return int.from_bytes(bytes.fromhex(answer.decode("ascii")), "little")
        raise self._refused(answer, f"{width}-bit read at {address:#x}", address)

    def _write(self, address: int, width: int, value: int, until: float) -> None:
        what = f"{width}-bit write at {address:#x}"
        if self._is_qemu and not self.physical:
            raise BadAddress(f"{what}: with memory=cpu QEMU would drop it, and say that it did not")
        data = value.to_bytes(width // 8, "little")
        answer = b""
        if not self._binary:
            answer = self._ask(b"M%x,%x:%s" % (address, len(data), data.hex().encode()), until)
            # Unknown to it, so that nothing was written.
            self._binary = answer == b""
        if self._binary:
            answer = self._ask(b"X%x,%x:%s" % (address, len(data), escaped(data)), until)
        if answer != b"OK":
            raise self._refused(answer, what, address)

    def _refused(self, answer: bytes, what: str, address: int) -> Exception:
        if answer == b"":
            return BusFault(f"{what}: {self} does not know this request", address=address)
        if _ERROR.fullmatch(answer):
            text = (
                f"{what}: {self} says {_shown(answer)}; nothing answers there, or the CPU must be"
                " halted for it (Gdb.interrupt)"
            )
            return BusFault(text, address=address)
        return Lost(f"it answers {_shown(answer)}")

    # The CPU

    def interrupt(self) -> bool:
        """Halt the CPU. True when it reported that it halted, False when nothing came within the
        time limit: it was halted already, or it does not listen. No bus access."""

        def talk(until: float) -> bool:
            self._take_arrived(until)
            self._stopped = b""
            self._stream.send(b"\x03", until)
            while not self._stopped and self._stream.ready(until):
                self._take_arrived(until)
            return bool(self._stopped)

        return self._exchange("interrupting", talk)

    def close(self) -> None:
        """Give everything back; a second call does nothing. Waits for an access that is going on.

        QEMU's memory mode becomes what it was; with ``resume`` the CPU runs on.
        """
        with self.lock:
            if not (self._closed or self._lost):
                # Where it is gone, so is what there was to put back.
                with contextlib.suppress(BackendError):
                    self._exchange("closing", self._part)
        super().close()

    def _part(self, until: float) -> None:
        if self._restore:
            self._switch(self._restore, until)
        if self._resume:
            self._ask(b"D", until)

    # Packets

    def _ask(self, body: bytes, until: float) -> bytes:
        """The body of the packet that answers this one."""
        self._take_arrived(until)
        packet = frame(body)
        self._stream.send(packet, until)
        tries = 1
        while True:
            for kind in self._feed(self._stream.receive(until), until):
                if kind is Kind.AGAIN:
                    tries += 1
                    if tries > _MOST_TRIES:
                        raise Lost(f"it takes {_shown(packet)} for damaged again and again")
                    self._stream.send(packet, until)
            if self._answers:
                if len(self._answers) > 1:
                    raise Lost(f"it answers twice: {_shown(b' '.join(self._answers))}")
                return self._answers.pop()

    def _take_arrived(self, until: float) -> None:
        """What came meanwhile; an answer to no question would be taken for the next one's."""
        if data := self._stream.arrived():
            self._feed(data, until)
        if self._answers:
            raise Lost(f"it says {_shown(self._answers[0])} without being asked")

    def _feed(self, data: bytes, until: float) -> list[Kind]:
        try:
            events = self._packets.feed(data)
        except PacketError as error:
            raise Lost(str(error)) from error
        finally:
            replies = self._packets.replies()
        if replies:
            self._stream.send(replies, until)
        for kind, body in events:
            if kind is not Kind.PACKET or _CONSOLE.fullmatch(body):
                continue
            if _STOPPED.fullmatch(body):
                self._stopped = body
            else:
                self._answers.append(body)
        return [kind for kind, _ in events]


def _shown(answer: bytes) -> str:
    return repr(answer[:60])[1:] + ("..." if len(answer) > 60 else "")


def open_gdb(target: Target) -> Gdb:
    """A GDB server at ``HOST:PORT`` or ``unix:PATH``, with options behind a ``?``.

    ``widths=32`` or ``widths=8,16,32,64``: what the server makes one access of. ``memory=cpu``:
    QEMU as its CPU sees it, for reading. ``resume=yes``: the CPU runs on after ``close``.
    ``timeout=SECONDS`` for each answer, 5 by default. Touches no register. Raises
    BackendUnavailable.
    """
    known: dict[str, tuple[str, ...]] = {
        "widths": (),
        "memory": ("physical", "cpu"),
        "resume": ("yes", "no"),
    }
    where, given, timeout_s = options(target.rest, known, _TIMEOUT_S)
    stated = given.get("widths", "8,16,32")
    if not _WIDTHS.fullmatch(stated):
        raise BackendUnavailable(
            f"gdb:{target.rest}: widths are of 8, 16, 32 and 64, with commas between them"
        )
    stream = Stream.connect(_address(where), where, timeout_s=timeout_s, remedy=_REMEDY)
    try:
        return Gdb(
            stream,
            widths=tuple(sorted({int(width) for width in stated.split(",")})),
            memory=given.get("memory", "physical"),
            resume=given.get("resume") == "yes",
            timeout_s=timeout_s,
        )
    except BackendError as error:
        stream.close()
        raise BackendUnavailable(
            f"{error}; is it a GDB server? Most serve one debugger at a time, so see that no other"
            " is connected"
        ) from error
    except BaseException:
        stream.close()
        raise


def _address(where: str) -> str | tuple[str, int]:
    kind, _, path = where.partition(":")
    if kind == "unix" and path:
        return path
    found = _NETWORK.fullmatch(where)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise BackendUnavailable(
            f"gdb:{where}: say gdb:HOST:PORT or gdb:unix:PATH, as in gdb:localhost:3333"
        )
    return found[1].strip("[]"), int(found[2])
