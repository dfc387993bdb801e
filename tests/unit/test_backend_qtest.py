"""QEMU's qtest protocol: the exact lines, interrupts between them, and every way it can fail."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.backends import open_backend
from regmap.backends.qtest import Irq, QTest
from regmap.backends.stream import Lost
from regmap.errors import (
    BackendError,
    BackendUnavailable,
    BadAddress,
    BusFault,
    ClosedError,
    ValueDoesNotFit,
)
from tests.serving import Server, lines_of
from tests.support import device_of

BASE = 0x3F20_0000
SIZES = {"b": 1, "w": 2, "l": 4, "q": 8}


class Machine:
    """A machine of bytes that speaks the protocol; ``lines`` are the requests it got."""

    def __init__(self, order: str = "little", between: bytes = b"") -> None:
        self.order = order
        self.between = between
        self.memory = {"memory": bytearray(64), "io": bytearray(1 << 16)}
        self.lines: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        for line in lines_of(connection):
            self.lines.append(line)
            answer = self.answer(*line.split(" "))
            connection.sendall(self.between + b"OK" + answer.encode() + b"\n")

    def answer(self, verb: str, *numbers: str) -> str:
        if verb == "endianness":
            return f" {self.order}"
        if verb in {"irq_intercept_in", "irq_intercept_out", "set_irq_in"}:
            return ""
        found = re.fullmatch(r"(read|write|in|out)([bwlq])", verb)
        assert found, verb
        memory = self.memory["memory" if found[1] in {"read", "write"} else "io"]
        at, size = int(numbers[0], 16), SIZES[found[2]]
        at -= BASE if len(memory) == 64 else 0
        order = "little" if self.order == "little" else "big"
        if found[1] in {"read", "in"}:
            return f" 0x{int.from_bytes(memory[at : at + size], order):016x}"  # type: ignore[arg-type]
        memory[at : at + size] = int(numbers[1], 16).to_bytes(size, order)  # type: ignore[arg-type]
        return ""

    def taken(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


@contextmanager
def serving(
    tmp_path: Path, talk: Callable[[socket.socket], None], query: str = ""
) -> Iterator[tuple[QTest, Server]]:
    with Server(tmp_path / "qtest", talk) as server:
        backend = open_backend(f"qtest:{server.path}{query}")
        assert isinstance(backend, QTest)
        with backend:
            yield backend, server


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    """A peer that greets well and then says this to whatever it is asked."""

    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            connection.sendall(b"OK little\n" if line == "endianness" else answer)

    return talk


# ---- accesses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["little", "big"])
def test_each_width_is_one_request(tmp_path: Path, order: str) -> None:
    machine = Machine(order)
    with serving(tmp_path, machine) as (backend, _):
        assert machine.taken() == ["endianness"]
        backend.write(BASE, 64, 0x8877665544332211)
        assert bytes(machine.memory["memory"][:8]) == bytes.fromhex("1122334455667788")
        assert backend.read(BASE + 3, 8) == 0x44
        assert backend.read(BASE + 2, 16) == 0x4433
        assert backend.read(BASE + 4, 32) == 0x88776655
        assert backend.read(BASE, 64) == 0x8877665544332211
        backend.write(BASE + 8, 8, 0xA5)
        backend.write(BASE + 10, 16, 0x1234)
        backend.write(BASE + 12, 32, 0xCAFEBABE)
        assert bytes(machine.memory["memory"][8:16]) == bytes.fromhex("a5003412bebafeca")
    turned = order == "big"
    assert machine.taken() == [
        f"writeq 0x3f200000 {'0x1122334455667788' if turned else '0x8877665544332211'}",
        "readb 0x3f200003",
        "readw 0x3f200002",
        "readl 0x3f200004",
        "readq 0x3f200000",
        "writeb 0x3f200008 0xa5",
        f"writew 0x3f20000a {'0x3412' if turned else '0x1234'}",
        f"writel 0x3f20000c {'0xbebafeca' if turned else '0xcafebabe'}",
    ]


def test_ports_are_a_space_of_their_own(tmp_path: Path) -> None:
    machine = Machine()
    with serving(tmp_path, machine, "?space=io") as (backend, _):
        backend.write(0x70, 8, 0x0A)
        backend.write(0xCF8, 32, 0x8000_0000)
        assert backend.read(0xCF8, 32) == 0x8000_0000
        assert backend.read(0xFFFE, 16) == 0
        for address, width in ((0, 64), (0x1_0000, 8), (0xFFFF, 16), (-1, 8)):
            with pytest.raises(BadAddress):
                backend.read(address, width)
    assert machine.taken() == [
        "endianness",
        "outb 0x70 0xa",
        "outl 0xcf8 0x80000000",
        "inl 0xcf8",
        "inw 0xfffe",
    ]


@pytest.mark.parametrize(
    ("address", "width", "said"),
    [
        (BASE, 24, "takes 8, 16, 32, 64 bits"),
        (BASE, 0, "takes 8, 16, 32, 64 bits"),
        (BASE + 1, 16, "not aligned"),
        (BASE + 4, 64, "not aligned"),
        (1 << 64, 8, "the last address of QEMU's qtest at .* is 0xffffffffffffffff"),
        (-4, 32, "the last address"),
    ],
)
def test_what_would_be_split_is_refused_before_it_is_sent(
    tmp_path: Path, address: int, width: int, said: str
) -> None:
    machine = Machine()
    with serving(tmp_path, machine) as (backend, _):
        for use in (lambda: backend.read(address, width), lambda: backend.write(address, width, 0)):
            with pytest.raises(BadAddress, match=said):
                use()
        for value in (0x100, -1):
            with pytest.raises(ValueDoesNotFit):
                backend.write(BASE, 8, value)
    assert machine.taken() == ["endianness"]


def test_live_objects_are_the_same_on_it(tmp_path: Path) -> None:
    machine = Machine()
    with serving(tmp_path, machine) as (backend, _):
        machine.taken()
        device = device_of(
            """
            regmap: 1
            block: block
            instance: DEV
            size: 0x40
            registers:
              CTRL: {offset: 0x20, fields: {MODE: {bits: "2:0"}, REST: {bits: "31:3"}}}
            """,
            Shifted(backend),
        )
        device.DEV.CTRL.MODE = 5
        assert device.DEV.CTRL.raw == 5
    assert machine.taken() == ["readl 0x3f200020", "writel 0x3f200020 0x5", "readl 0x3f200020"]


class Shifted:
    """The backend ``inner`` with its addresses counted from BASE."""

    def __init__(self, inner: QTest) -> None:
        self.inner = inner

    def read(self, address: int, width: int) -> int:
        return self.inner.read(BASE + address, width)

    def write(self, address: int, width: int, value: int) -> None:
        self.inner.write(BASE + address, width, value)

    def close(self) -> None:
        self.inner.close()


def test_threads_get_their_own_answers(tmp_path: Path) -> None:
    wrong: list[object] = []
    with serving(tmp_path, Machine(between=b"IRQ raise 3\n")) as (backend, _):

        def use(at: int) -> None:
            for value in range(200):
                backend.write(BASE + at, 32, value << 8 | at)
                got = backend.read(BASE + at, 32)
                if got != value << 8 | at:
                    wrong.append((at, got))

        threads = [threading.Thread(target=use, args=(4 * n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


# ---- interrupts --------------------------------------------------------------------------------


def test_interrupts_between_answers_are_kept_in_order(tmp_path: Path) -> None:
    machine = Machine(between=b"IRQ raise 21\nIRQ lower 21\n")
    with serving(tmp_path, machine) as (backend, _):
        backend.irqs()
        assert backend.read(BASE, 32) == 0
        machine.between = b"IRQ raise 4\n"
        backend.write(BASE, 32, 1)
        assert backend.irqs() == [Irq(21, True), Irq(21, False), Irq(4, True)]
        assert backend.irqs() == []


def test_interrupts_are_waited_for(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            connection.sendall(b"OK little\n" if line == "endianness" else b"OK\nIRQ ra")
            if line != "endianness":
                connection.sendall(b"ise 7\nIRQ lower 7\n")

    with serving(tmp_path, talk) as (backend, _):
        assert backend.irqs(0.01) == []
        backend.write(BASE, 8, 0)
        seen: list[Irq] = []
        while len(seen) < 2:
            found = backend.irqs(30)
            assert found
            seen += found
        assert seen == [Irq(7, True), Irq(7, False)]


def test_lines_of_a_device_are_watched_and_driven(tmp_path: Path) -> None:
    machine = Machine()
    with serving(tmp_path, machine) as (backend, _):
        machine.taken()
        backend.irq_intercept("ioapic")
        backend.irq_intercept("/machine/unattached/device[6]", outputs=True)
        backend.set_irq_in("/machine/soc/gpio", 5, True)
        backend.set_irq_in("/machine/soc/gpio", 6, False, name="named")
        for wrong in ("", "a b", "a\nwritel 0 0", "ü"):
            with pytest.raises(ValueError, match="device is a word"):
                backend.irq_intercept(wrong)
            with pytest.raises(ValueError, match="name is a word"):
                backend.set_irq_in("gpio", 1, True, name=wrong)
        with pytest.raises(ValueError, match="not -1"):
            backend.set_irq_in("gpio", -1, True)
    assert machine.taken() == [
        "irq_intercept_in ioapic",
        "irq_intercept_out /machine/unattached/device[6]",
        "set_irq_in /machine/soc/gpio unnamed-gpio-in 5 1",
        "set_irq_in /machine/soc/gpio named 6 0",
    ]


def test_a_refusal_is_told_and_the_connection_goes_on(tmp_path: Path) -> None:
    refusals = itertools.chain([b"FAIL Unknown device\n"] * 3, itertools.repeat(b"OK 0x7\n"))

    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            connection.sendall(b"OK little\n" if line == "endianness" else next(refusals))

    with serving(tmp_path, talk) as (backend, _):
        with pytest.raises(BackendError, match="irq_intercept_in x: it says 'FAIL Unknown device'"):
            backend.irq_intercept("x")
        with pytest.raises(BusFault, match=r"8-bit read at 0x3f200000: .*FAIL") as caught:
            backend.read(BASE, 8)
        assert caught.value.address == BASE
        with pytest.raises(BusFault, match=r"8-bit write at 0x3f200000: .*FAIL"):
            backend.write(BASE, 8, 0)
        assert backend.read(BASE, 8) == 7


# ---- what a peer must not do -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"OK\n",
        b"OK 0x\n",
        b"OK 12\n",
        b"OK 0x100\n",
        b"OK 0x0 0x0\n",
        b"OK 0X1\n",
        b"OK 0x1\r\n",
        b"OK 0x11111111111111111\n",
        b"ok 0x1\n",
        b"\n",
        b"IRQ raise x\n",
        b"IRQ raise 1 2\n",
        b"\xff\xfe\n",
        b"0x1\n",
    ],
)
def test_a_malformed_answer_ends_the_connection(tmp_path: Path, answer: bytes) -> None:
    with serving(tmp_path, saying(answer)) as (backend, _):
        for again in (False, True):
            with pytest.raises(
                BusFault, match=r"8-bit read at 0x3f200004: .* is lost: it "
            ) as caught:
                backend.read(BASE + 4, 8)
            assert caught.value.address == BASE + 4
            assert ("answers" in str(caught.value)) or again
        assert "lost" in repr(backend)
        with pytest.raises(BackendError, match="is lost"):
            backend.irqs()


@pytest.mark.parametrize("answer", [b"OK 0x1\n", b"OK \n", b"maybe\n"])
def test_a_write_is_answered_by_one_word(tmp_path: Path, answer: bytes) -> None:
    fault = pytest.raises(BusFault, match="32-bit write at 0x3f200004")
    with serving(tmp_path, saying(answer)) as (backend, _), fault:
        backend.write(BASE + 4, 32, 1)


def test_an_answer_to_no_question_is_not_the_next_ones(tmp_path: Path) -> None:
    with serving(tmp_path, saying(b"OK 0x1\nOK 0x2\n")) as (backend, _):
        assert backend.read(BASE, 8) == 1
        with pytest.raises(BusFault, match="says 'OK 0x2' without being asked"):
            backend.read(BASE, 8)


def endless(piece: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            if line == "endianness":
                connection.sendall(b"OK little\n")
                continue
            while True:
                connection.sendall(piece)

    return talk


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (endless(b"x" * 1000), "a line without an end"),
        (endless(b"IRQ raise 1\n" * 100), "did not answer in time"),
        (saying(b""), "did not answer in time"),
    ],
    ids=["a line", "interrupts", "silence"],
)
def test_it_all_ends_within_the_time_limit(
    tmp_path: Path, talk: Callable[[socket.socket], None], said: str
) -> None:
    with serving(tmp_path, talk) as (backend, _):
        backend.timeout_s = 0.2 if "in time" in said else 30
        started = time.monotonic()
        with pytest.raises(BusFault, match=said):
            backend.read(BASE, 32)
        assert time.monotonic() - started < 20
        assert len(backend._irqs) <= 1 << 16


def test_a_byte_at_a_time_gains_nothing(tmp_path: Path) -> None:
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            if line == "endianness":
                connection.sendall(b"OK little\n")
                continue
            while not over.wait(0.01):
                connection.sendall(b"x")

    with serving(tmp_path, talk) as (backend, _):
        backend.timeout_s = 0.1
        with pytest.raises(BusFault, match="did not answer in time"):
            backend.read(BASE, 32)
        over.set()


def test_a_peer_that_is_gone_is_a_fault_with_the_address(tmp_path: Path) -> None:
    with serving(tmp_path, Machine()) as (backend, server):
        backend.read(BASE, 32)
        server.hang_up()
        for _ in range(2):
            with pytest.raises(BusFault, match=r"0x3f200010: .* is lost: .*open it anew") as caught:
                backend.read(BASE + 0x10, 32)
            assert caught.value.address == BASE + 0x10


def test_closed_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path, Machine()) as (backend, _):
        assert repr(backend) == f"<QEMU's qtest at {tmp_path}/qtest>"
        backend.close()
        backend.close()
        assert backend.closed
        for use in (lambda: backend.read(BASE, 8), lambda: backend.write(BASE, 8, 0), backend.irqs):
            with pytest.raises(ClosedError, match="is closed"):
                use()
        assert repr(backend) == f"<QEMU's qtest at {tmp_path}/qtest, closed>"


def test_closing_wakes_the_thread_that_waits(tmp_path: Path) -> None:
    asked = threading.Event()

    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            if line == "endianness":
                connection.sendall(b"OK little\n")
            else:
                asked.set()

    with serving(tmp_path, talk, "?timeout=600") as (backend, server):
        came: list[BaseException] = []

        def use() -> None:
            with pytest.raises(ClosedError, match="was closed meanwhile") as caught:
                backend.read(BASE, 32)
            came.append(caught.value)

        thread = threading.Thread(target=use)
        thread.start()
        assert asked.wait(30)
        closing = threading.Thread(target=backend.close)
        closing.start()
        closing.join(30)
        woken = not closing.is_alive()
        server.hang_up()
        closing.join()
        thread.join()
        assert woken
        assert len(came) == 1


def test_after_an_interrupted_exchange_no_answer_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, Machine()) as (backend, _):

        def interrupted(_: float) -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr(backend._stream, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            backend.read(BASE, 32)
        monkeypatch.undo()
        with pytest.raises(BusFault, match="an exchange before this one was interrupted"):
            backend.read(BASE, 32)


# ---- opening -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b'{"QMP": {"version": {}}}\r\n', "without being asked|asked for its byte order"),
        (b"OK middle\n", "asked for its byte order and says 'OK middle'"),
        (b"FAIL Unknown command\n", "asked for its byte order"),
        (b"", "did not answer in time; .*one client at a time"),
    ],
)
def test_what_is_no_qtest_is_not_opened(tmp_path: Path, greeting: bytes, said: str) -> None:
    def talk(connection: socket.socket) -> None:
        for _ in lines_of(connection):
            connection.sendall(greeting)

    refused = pytest.raises(BackendUnavailable, match=said)
    with Server(tmp_path / "qtest", talk) as server, refused:
        open_backend(f"qtest:{server.path}?timeout=0.2")


def test_who_serves_another_client_is_told_apart(tmp_path: Path) -> None:
    refused = pytest.raises(BackendUnavailable, match="see that no other is connected")
    with serving(tmp_path, Machine()) as (_, server), refused:
        open_backend(f"qtest:{server.path}?timeout=0.1")


def test_opening_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"No such file.*-qtest unix:PATH,server=on"):
        open_backend(f"qtest:{tmp_path}/none")
    with pytest.raises(BackendUnavailable, match="lacks the path"):
        open_backend("qtest:?space=io")
    with pytest.raises(BackendUnavailable, match="space is memory or io"):
        open_backend("qtest:/x?space=pci")


# ---- any answer at all -------------------------------------------------------------------------


class Played:
    """A stream that gives one answer to every request."""

    where = "there"

    def __init__(self) -> None:
        self.answer = b"OK little\n"

    def send(self, data: bytes, until: float) -> None:
        assert data.endswith(b"\n")

    def receive(self, until: float) -> bytes:
        answer, self.answer = self.answer, b""
        if not answer:
            raise Lost("it closed the connection")
        return answer

    def arrived(self) -> bytes:
        return b""

    def cut(self) -> None:
        pass

    close = cut


@given(
    st.binary(max_size=40)
    | st.from_regex(rb"(IRQ (raise|lower) \d{1,3}\n)?OK 0x[0-9a-f]{1,17}\n", fullmatch=True)
)
def test_a_number_comes_from_the_right_answer_alone(answer: bytes) -> None:
    stream = Played()
    backend = QTest(stream)  # type: ignore[arg-type]
    stream.answer = answer
    right = re.fullmatch(
        rb"(IRQ (raise|lower) \d{1,9}\n)*OK 0x0*([0-9a-f]{1,4})\n(.*)", answer, re.S
    )
    digits = right[0].split(b"0x")[1].split(b"\n")[0] if right else b""
    if right is None or len(digits) > 16:
        with pytest.raises(BusFault) as caught:
            backend.read(BASE, 16)
        assert caught.value.address == BASE
    else:
        assert backend.read(BASE, 16) == int(right[3], 16)
