"""The GDB remote protocol: what is sent for each access, and every way a server can fail."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regmap.backends import open_backend
from regmap.backends.gdb import Gdb
from regmap.errors import (
    BackendUnavailable,
    BadAddress,
    BusFault,
    ClosedError,
    ValueDoesNotFit,
)
from tests.serving import Server

BASE = 0x4002_0000


def framed(body: bytes) -> bytes:
    return b"$" + body + b"#%02x" % (sum(body) % 256)


class Stub:
    """A server of 64 bytes of memory. ``got`` is what it was sent, acknowledgments left out.

    ``answers`` holds its answers to other requests; a request that is neither gets the empty one.
    ``mangle`` turns each answer into the bytes that go out.
    """

    def __init__(
        self,
        answers: dict[bytes, bytes] | None = None,
        mangle: Callable[[bytes], bytes] = framed,
        *,
        features: bytes = b"PacketSize=1000;QStartNoAckMode+",
    ) -> None:
        self.memory = bytearray(64)
        self.answers = {b"QStartNoAckMode": b"OK"} | (answers or {})
        self.features = features
        self.mangle = mangle
        self.got: list[bytes] = []
        self.acks = 0
        self.connection: socket.socket | None = None

    def __call__(self, connection: socket.socket) -> None:
        self.connection = connection
        buffer = b""
        while data := connection.recv(4096):
            buffer += data
            while buffer:
                found = re.match(rb"\+|-|\x03|\$([^#]*)#[0-9a-f]{2}", buffer)
                if found is None:
                    break
                buffer = buffer[found.end() :]
                if found[0] == b"\x03":
                    self.got.append(b"^C")
                    self.interrupted(connection)
                elif found[1] is not None:
                    assert found[0] == framed(found[1])
                    self.got.append(found[1])
                    self.reply(connection, found[1])
                else:
                    self.acks += found[0] == b"+"

    def interrupted(self, connection: socket.socket) -> None:
        connection.sendall(framed(b"T02thread:01;"))

    def reply(self, connection: socket.socket, body: bytes) -> None:
        connection.sendall(b"+" + self.mangle(self.answer(body)))

    def answer(self, body: bytes) -> bytes:
        if body in self.answers:
            return self.answers[body]
        if body.startswith(b"qSupported"):
            return self.features
        found = re.fullmatch(rb"([mM])([0-9a-f]+),([0-9a-f]+)(?::([0-9a-f]+))?", body)
        if found is None:
            return b""
        at, size = int(found[2], 16) - BASE, int(found[3], 16)
        if found[1] == b"m":
            return self.memory[at : at + size].hex().encode()
        self.memory[at : at + size] = bytes.fromhex(found[4].decode())
        return b"OK"

    def taken(self) -> list[bytes]:
        got, self.got = self.got, []
        return got


class Qemu(Stub):
    """Its questions about physical memory; ``mode`` outlives connections."""

    def __init__(self, mode: bytes = b"0", **how: object) -> None:
        super().__init__(features=b"PacketSize=1000;multiprocess+", **how)  # type: ignore[arg-type]
        self.mode = mode

    def answer(self, body: bytes) -> bytes:
        if body == b"qqemu.PhyMemMode":
            return self.mode
        if body.startswith(b"Qqemu.PhyMemMode:"):
            self.mode = body[-1:]
            return b"OK"
        return super().answer(body)


@contextmanager
def serving(
    tmp_path: Path, talk: Callable[[socket.socket], None], query: str = ""
) -> Iterator[tuple[Gdb, Server]]:
    with Server(tmp_path / "gdb", talk) as server:
        backend = open_backend(f"gdb:unix:{server.path}{query}")
        assert isinstance(backend, Gdb)
        with backend:
            yield backend, server


GREETING = [b"qSupported:qRelocInsn-", b"Hg0", b"qqemu.PhyMemMode"]
NO_ACKS = [GREETING[0], b"QStartNoAckMode", *GREETING[1:]]


# ---- accesses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("no_acks", [True, False])
def test_each_width_is_one_request(tmp_path: Path, no_acks: bool) -> None:
    features = b"QStartNoAckMode+" if no_acks else b"QStartNoAckMode-"
    stub = Stub(features=b"PacketSize=4000;" + features)
    with serving(tmp_path, stub) as (backend, _):
        assert stub.taken() == (NO_ACKS if no_acks else GREETING)
        backend.write(BASE, 32, 0x44332211)
        assert bytes(stub.memory[:4]) == bytes.fromhex("11223344")
        assert backend.read(BASE + 3, 8) == 0x44
        assert backend.read(BASE + 2, 16) == 0x4433
        assert backend.read(BASE, 32) == 0x44332211
        backend.write(BASE + 8, 8, 0xA5)
        backend.write(BASE + 10, 16, 0x1234)
        assert not backend.physical
    assert stub.taken() == [
        b"M40020000,4:11223344",
        b"m40020003,1",
        b"m40020002,2",
        b"m40020000,4",
        b"M40020008,1:a5",
        b"M4002000a,2:3412",
    ]
    # One to begin with, and then for each answer, up to that which ends them.
    assert stub.acks == (3 if no_acks else 10)


@pytest.mark.parametrize(
    ("query", "widths"),
    [("", (8, 16, 32)), ("?widths=32", (32,)), ("?widths=64,8,32,16", (8, 16, 32, 64))],
)
def test_widths_are_those_that_are_stated(
    tmp_path: Path, query: str, widths: tuple[int, ...]
) -> None:
    stub = Stub()
    with serving(tmp_path, stub, query) as (backend, _):
        stub.taken()
        assert backend.widths == widths
        for width in (8, 16, 32, 64):
            if width in widths:
                assert backend.read(BASE, width) == 0
                continue
            stated = ",".join(map(str, sorted({*widths, width})))
            for use in (
                lambda w=width: backend.read(BASE, w),
                lambda w=width: backend.write(BASE, w, 0),
            ):
                with pytest.raises(BadAddress, match=rf"say so: \?widths={stated}"):
                    use()
    assert [request[:1] for request in stub.taken()] == [b"m"] * len(widths)


@pytest.mark.parametrize(
    ("address", "width", "said"),
    [
        (BASE + 1, 16, "not aligned"),
        (BASE + 2, 32, "not aligned"),
        (1 << 64, 32, "the last address"),
        (-4, 32, "the last address"),
        (BASE, 24, "takes 8, 16, 32 bits"),
    ],
)
def test_what_would_be_split_is_refused_before_it_is_sent(
    tmp_path: Path, address: int, width: int, said: str
) -> None:
    stub = Stub()
    with serving(tmp_path, stub) as (backend, _):
        stub.taken()
        for use in (lambda: backend.read(address, width), lambda: backend.write(address, width, 0)):
            with pytest.raises(BadAddress, match=said):
                use()
        with pytest.raises(ValueDoesNotFit):
            backend.write(BASE, 32, 1 << 32)
        assert stub.taken() == []


def test_a_server_without_hexadecimal_writes_gets_binary_ones(tmp_path: Path) -> None:
    written: list[bytes] = []

    class Binary(Stub):
        def answer(self, body: bytes) -> bytes:
            if body[:1] == b"M":
                return b""
            if body[:1] == b"X":
                written.append(body)
                return b"OK"
            return super().answer(body)

    stub = Binary()
    with serving(tmp_path, stub) as (backend, _):
        stub.taken()
        backend.write(BASE, 32, int.from_bytes(b"}a*b", "little"))
        backend.write(BASE, 8, 0x01)
    assert stub.taken() == [b"M40020000,4:7d612a62", *written]
    assert written == [b"X40020000,4:}\x5da}\x0ab", b"X40020000,1:\x01"]


# ---- QEMU's memory modes -----------------------------------------------------------------------


def test_physical_memory_is_switched_on_and_given_back(tmp_path: Path) -> None:
    stub = Qemu()
    with serving(tmp_path, stub) as (backend, _):
        assert backend.physical
        assert stub.taken() == [*GREETING, b"Qqemu.PhyMemMode:1"]
    assert stub.taken() == [b"Qqemu.PhyMemMode:0"]


def test_physical_memory_that_was_on_stays_on(tmp_path: Path) -> None:
    stub = Qemu(b"1")
    with serving(tmp_path, stub) as (backend, _):
        assert backend.physical
    assert stub.taken() == GREETING


def test_what_the_cpu_sees_is_for_reading(tmp_path: Path) -> None:
    stub = Qemu(b"1")
    with serving(tmp_path, stub, "?memory=cpu") as (backend, _):
        assert not backend.physical
        assert backend.read(BASE, 32) == 0
        stub.taken()
        with pytest.raises(BadAddress, match="memory=cpu QEMU would drop it"):
            backend.write(BASE, 32, 1)
        assert stub.taken() == []
    assert stub.mode == b"1"


def test_a_refused_mode_is_no_success(tmp_path: Path) -> None:
    class Refusing(Qemu):
        def answer(self, body: bytes) -> bytes:
            return b"E22" if body.startswith(b"Qqemu") else super().answer(body)

    refused = pytest.raises(BackendUnavailable, match="physical addresses and says 'E22'")
    with Server(tmp_path / "gdb", Refusing()) as server, refused:
        open_backend(f"gdb:unix:{server.path}")


# ---- the CPU -----------------------------------------------------------------------------------


def test_the_cpu_is_interrupted_only_when_asked(tmp_path: Path) -> None:
    stub = Stub()
    with serving(tmp_path, stub) as (backend, _):
        backend.read(BASE, 32)
        assert b"^C" not in stub.taken()
        assert backend.interrupt()
        assert stub.taken() == [b"^C"]
        assert backend.read(BASE, 32) == 0


def test_a_halted_cpu_has_nothing_to_report(tmp_path: Path) -> None:
    class Halted(Stub):
        def interrupted(self, connection: socket.socket) -> None:
            pass

    with serving(tmp_path, Halted()) as (backend, _):
        backend.timeout_s = 0.2
        assert not backend.interrupt()
        backend.timeout_s = 30
        assert backend.read(BASE, 32) == 0


@pytest.mark.parametrize(("query", "wanted"), [("", []), ("?resume=yes", [b"D"])])
def test_the_cpu_goes_on_only_when_asked(tmp_path: Path, query: str, wanted: list[bytes]) -> None:
    stub = Stub({b"D": b"OK"})
    with serving(tmp_path, stub, query):
        stub.taken()
    assert stub.taken() == wanted


def test_reports_and_console_between_answers_are_no_answers(tmp_path: Path) -> None:
    notice = b"%" + framed(b"oocd_keepalive:00")[1:]
    noise = notice + framed(b"O68690a") + framed(b"T05") + framed(b"O")

    stub = Stub(mangle=lambda body: noise + framed(body) + notice)
    with serving(tmp_path, stub) as (backend, _):
        backend.write(BASE, 32, 7)
        assert backend.read(BASE, 32) == 7
        assert stub.connection is not None
        stub.connection.sendall(framed(b"T05thread:01;"))
        assert backend.read(BASE, 32) == 7


def test_an_answer_to_no_question_is_not_the_next_ones(tmp_path: Path) -> None:
    stub = Stub()
    with serving(tmp_path, stub) as (backend, _):
        assert stub.connection is not None
        stub.connection.sendall(framed(b"00000001"))
        with pytest.raises(BusFault, match="says '00000001' without being asked"):
            backend.read(BASE, 32)
        assert b"m40020000,4" not in stub.got


# ---- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"E01", b"E.no such memory", b""])
def test_a_refusal_is_a_fault_and_the_connection_goes_on(tmp_path: Path, answer: bytes) -> None:
    requests = (b"m40020000,4", b"M40020000,4:00000000", b"X40020000,4:\0\0\0\0")
    stub = Stub(dict.fromkeys(requests, answer))
    with serving(tmp_path, stub) as (backend, _):
        said = "does not know this request" if not answer else f"says '{answer.decode()}'"
        for use in (lambda: backend.read(BASE, 32), lambda: backend.write(BASE, 32, 0)):
            with pytest.raises(BusFault, match=said) as caught:
                use()
            assert caught.value.address == BASE
        assert backend.read(BASE + 4, 32) == 0


@pytest.mark.parametrize(
    "answer", [b"0", b"000", b"0000000", b"000000000", b"0000000g", b"OK", b"E1", b"\0\0\0\0", b"x"]
)
def test_a_malformed_answer_ends_the_connection(tmp_path: Path, answer: bytes) -> None:
    with serving(tmp_path, Stub({b"m40020000,4": answer})) as (backend, _):
        for _ in range(2):
            with pytest.raises(BusFault, match=r"read at 0x40020000: .* is lost") as caught:
                backend.read(BASE, 32)
            assert caught.value.address == BASE


@pytest.mark.parametrize("answer", [b"ok", b"OKOK", b"00", b"E"])
def test_a_write_is_answered_by_ok(tmp_path: Path, answer: bytes) -> None:
    fault = pytest.raises(BusFault, match=r"write at 0x40020000: .* is lost")
    with serving(tmp_path, Stub({b"M40020000,1:00": answer})) as (backend, _), fault:
        backend.write(BASE, 8, 0)


class Misbehaving(Stub):
    """Greets well, with acknowledgments or without; then ``mischief`` answers each read."""

    def __init__(self, mischief: Callable[[socket.socket], None], *, acks: bool = False) -> None:
        super().__init__(features=b"" if acks else b"QStartNoAckMode+")
        self.mischief = mischief

    def reply(self, connection: socket.socket, body: bytes) -> None:
        if body[:1] == b"m":
            self.mischief(connection)
        else:
            super().reply(connection, body)


def forever(piece: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(piece)

    return send


@pytest.mark.parametrize(
    ("mischief", "said"),
    [
        (lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "where a packet begins it says"),
        (lambda c: c.sendall(b"$00000000#00"), "the checksum b'00' of b'00000000' is wrong"),
        (lambda c: c.sendall(framed(b"00000000") * 2), "answers twice"),
        (lambda c: c.sendall(framed(b"0*~" * 6000)), "longer than 16384 bytes"),
        (forever(b"$0000"), "longer than 16384 bytes"),
        (forever(b"\0" * 1000), "where a packet begins"),
        (forever(b"+" * 1000), "did not answer in time"),
        (forever(b"-"), "for damaged again and again"),
        (forever(framed(b"T05") * 50), "did not answer in time"),
        (lambda c: None, "did not answer in time"),
        (lambda c: c.shutdown(socket.SHUT_RDWR), "closed the connection"),
    ],
    ids=[
        "other protocol", "checksum", "twice", "run", "length", "zeros", "acknowledgments",
        "refusals", "stops", "silence", "end",
    ],
)  # fmt: skip
def test_it_all_ends_within_the_time_limit(
    tmp_path: Path, mischief: Callable[[socket.socket], None], said: str
) -> None:
    with serving(tmp_path, Misbehaving(mischief)) as (backend, _):
        backend.timeout_s = 0.3 if "in time" in said else 30
        started = time.monotonic()
        with pytest.raises(BusFault) as caught:
            backend.read(BASE, 32)
        assert said in str(caught.value)
        assert time.monotonic() - started < 20
        assert caught.value.address == BASE
        assert len(str(caught.value)) < 500


def test_damage_on_the_way_is_mended_while_there_are_acknowledgments(tmp_path: Path) -> None:
    """The server asks for the request again, and its answer is asked for again: one access."""
    made: list[bytes] = []

    class Damaged(Stub):
        asked_again = 0

        def reply(self, connection: socket.socket, body: bytes) -> None:
            if body[:1] != b"m":
                super().reply(connection, body)
            elif not self.asked_again:
                self.asked_again = 1
                connection.sendall(b"-")
            else:
                made.append(body)
                connection.sendall(b"+$78563412#00")
                assert connection.recv(1) == b"-"
                connection.sendall(framed(b"78563412"))

    stub = Damaged(features=b"")
    with serving(tmp_path, stub) as (backend, _):
        assert backend.read(BASE, 32) == 0x12345678
    assert made == [b"m40020000,4"]
    assert stub.got[-2:] == [b"m40020000,4"] * 2


def test_a_peer_that_is_gone_is_a_fault_with_the_address(tmp_path: Path) -> None:
    with serving(tmp_path, Qemu()) as (backend, server):
        backend.read(BASE, 32)
        server.hang_up()
        for _ in range(2):
            with pytest.raises(BusFault, match=r"0x40020010: .* is lost: .*open it anew") as caught:
                backend.write(BASE + 0x10, 32, 0)
            assert caught.value.address == BASE + 0x10


def test_closed_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path, Stub()) as (backend, _):
        backend.close()
        backend.close()
        for use in (
            lambda: backend.read(BASE, 8),
            lambda: backend.write(BASE, 8, 0),
            backend.interrupt,
        ):
            with pytest.raises(ClosedError, match="is closed"):
                use()


def test_threads_get_their_own_answers(tmp_path: Path) -> None:
    wrong: list[object] = []
    with serving(tmp_path, Stub()) as (backend, _):

        def use(at: int) -> None:
            for value in range(100):
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


# ---- opening -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("3333", "say gdb:HOST:PORT or gdb:unix:PATH"),
        (":3333", "say gdb:HOST:PORT"),
        ("localhost", "say gdb:HOST:PORT"),
        ("localhost:0", "say gdb:HOST:PORT"),
        ("localhost:65536", "say gdb:HOST:PORT"),
        ("::1:3333", "say gdb:HOST:PORT"),
        ("unix:", "say gdb:HOST:PORT"),
        ("unix:/none/gdb", "No such file.*QEMU with -gdb"),
        ("localhost:1?widths=24", "widths are of 8, 16, 32 and 64"),
        ("localhost:1?widths=", "widths are of"),
        ("localhost:1?memory=virtual", "memory is physical or cpu"),
        ("localhost:1?resume=maybe", "resume is yes or no"),
    ],
)
def test_a_wrong_address_says_what_is_right(where: str, said: str) -> None:
    with pytest.raises(BackendUnavailable, match=said):
        open_backend(f"gdb:{where}")


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_host_and_a_port(family: socket.AddressFamily, host: str) -> None:
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError as error:
        pytest.skip(f"this machine has no {host}: {error}")

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            Stub()(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        port = listener.getsockname()[1]
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        with open_backend(f"gdb:{where}") as backend:  # type: ignore[attr-defined]
            assert backend.read(BASE, 32) == 0
        thread.join(30)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [(b"Open On-Chip Debugger\r\n> ", "where a packet begins"), (b"", "did not answer in time")],
)
def test_what_is_no_gdb_server_is_not_opened(tmp_path: Path, greeting: bytes, said: str) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(greeting)
        while connection.recv(100):
            pass

    refused = pytest.raises(BackendUnavailable, match=f"{said}.*is it a GDB server")
    with Server(tmp_path / "gdb", talk) as server, refused:
        open_backend(f"gdb:unix:{server.path}?timeout=0.2")
