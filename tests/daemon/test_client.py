"""The backend ``unix:``: the same objects on a daemon, and what happens when that ends."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import regmap
from regmap.backends.remote import Remote
from regmap.backends.stream import Stream
from regmap.backends.trace import Access, TraceBackend
from regmap.daemon.policy import Limits, Rule
from regmap.layout import lay_out
from regmap.sim import Simulator
from tests.contract.test_backends import Bare, model, played
from tests.daemon.clients import Daemon
from tests.serving import Server, lines_of

HELLO = "HELLO 2 board=rpi1-rev2"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "s") as made:
        yield made


@pytest.fixture
def pi(daemon: Daemon) -> Iterator[Any]:
    with regmap.open("rpi1-rev2", backend=daemon.uri) as device:
        yield device


# ---- the same objects --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["sim:", "anon:"])
def test_the_contract_of_backends_holds_through_a_daemon(backend: str, tmp_path: Path) -> None:
    wanted = played(regmap.open(model(), backend=Bare()))
    with (
        Daemon(tmp_path / "s", model(), backend=backend) as daemon,
        regmap.open(model(), backend=daemon.uri) as device,
    ):
        assert played(device) == wanted


def test_the_hardware_sees_the_same_accesses_through_a_daemon(tmp_path: Path) -> None:
    layout = lay_out(model())

    def accesses(trace: TraceBackend) -> list[Access]:
        return [each._replace(path="") for each in trace.accesses]

    near = TraceBackend(Simulator(layout))
    played(regmap.open(model(), backend=near))
    far = TraceBackend(Simulator(layout))
    with (
        Daemon(tmp_path / "s", model(), backend=far) as daemon,
        regmap.open(model(), backend=daemon.uri) as device,
    ):
        played(device)
    assert accesses(far) == accesses(near)


def test_one_operation_is_one_request(tmp_path: Path) -> None:
    asked: list[str] = []

    def talk(connection: socket.socket) -> None:
        for line in lines_of(connection):
            tag, _, request = line.rpartition("@")[2].partition(" ")
            if line == "HELLO 2":
                connection.sendall(f"{HELLO}\n".encode())
                continue
            asked.append(request)
            reply = f"{request[4:]}=0x20003" if request.startswith("GET") else "Ok"
            connection.sendall(f"@{tag} {reply}\n".encode())

    with (
        Server(tmp_path / "s", talk),
        regmap.open("rpi1-rev2", backend=f"unix:{tmp_path / 's'}") as pi,
    ):
        gpio = pi.GPIO
        assert gpio.GPLEV0.raw == 0x20003
        assert gpio.GPFSEL1.read() == 0x20003
        gpio.GPFSEL1.FSEL17 = "OUTPUT"
        gpio.GPFSEL1.modify(FSEL16="INPUT", FSEL17="ALT5")
        gpio.GPSET0 = 1 << 17
        gpio.GPSET0.bit[5] = 1
        gpio.GPEDS0.clear("EDS1", "EDS17")
        gpio.GPEDS0.clear("EDS17")
        assert pi["GPIO.GPLEV0"].bit[7] == 0x20003
    assert asked == [
        "GET GPIO.GPLEV0",
        "GET GPIO.GPFSEL1",
        "SET GPIO.GPFSEL1.FSEL17=0x1",
        "MODIFY GPIO.GPFSEL1.FSEL16=0x0 GPIO.GPFSEL1.FSEL17=0x2",
        "SET GPIO.GPSET0=0x20000",
        "SET GPIO.GPSET0.bit[5]=0x1",
        "MODIFY GPIO.GPEDS0.EDS1=0x1 GPIO.GPEDS0.EDS17=0x1",
        "SET GPIO.GPEDS0.EDS17=0x1",
        "GET GPIO.GPLEV0.bit[7]",
    ]


def test_pins_and_views_and_lookups(daemon: Daemon, pi: Any) -> None:
    pi.pin[17].function = "OUTPUT"
    pi.pins["P1-11"].set()
    assert daemon.device.pin[17].level == 1
    assert pi.GPIO.GPLEV0.LEV17 == 1
    assert pi["GPIO.GPFSEL1.FSEL17"].read() == 1
    assert [register.path for register in pi] == [register.path for register in daemon.device]
    assert daemon.written == [("GPIO.GPFSEL1.FSEL17", 0, 1), ("GPIO.GPSET0", None, 1 << 17)]


def test_a_policy_on_fields_holds_for_remote_objects(tmp_path: Path) -> None:
    rules = [
        Rule(uid=os.getuid(), paths=("GPIO.GPFSEL1.FSEL17",), verbs=frozenset({"read", "write"})),
        Rule(uid=os.getuid(), paths=("GPIO.GPLEV0.LEV17",), verbs=frozenset({"read"})),
    ]
    with (
        Daemon(tmp_path / "s", rules=rules) as daemon,
        regmap.open("rpi1-rev2", backend=daemon.uri) as pi,
    ):
        gpio = pi.GPIO
        gpio.GPFSEL1.FSEL17 = "OUTPUT"
        gpio.GPFSEL1.modify(FSEL17="ALT5")
        assert gpio.GPFSEL1.FSEL17.name == "ALT5"
        assert pi["GPIO.GPFSEL1.FSEL17"].read() == daemon.device.GPIO.GPFSEL1.FSEL17
        assert gpio.GPLEV0.LEV17 == 0
        for refused in (
            gpio.GPFSEL1.read,
            lambda: gpio.GPFSEL1.raw,
            lambda: gpio.GPFSEL1.FSEL16,
            lambda: gpio.GPFSEL1.modify(FSEL17="INPUT", FSEL16="OUTPUT"),
            lambda: setattr(gpio.GPFSEL1, "FSEL16", "OUTPUT"),
            lambda: setattr(gpio.GPFSEL1, "raw", 0),
            lambda: setattr(pi.GPIO, "GPFSEL1", 0),
            lambda: gpio.GPFSEL1.bit[21],
            lambda: gpio.GPLEV0.bit[17],
        ):
            with pytest.raises(regmap.Denied, match=r"GPIO\.GP.*you may not"):
                refused()
        assert [path for path, _, _ in daemon.written] == ["GPIO.GPFSEL1.FSEL17"] * 2


def test_requests_that_no_live_object_makes(daemon: Daemon) -> None:
    device = regmap.open("rpi1-rev2", backend=daemon.uri)
    remote = device.backend
    assert isinstance(remote, Remote)
    assert remote.greeting["board"] == "rpi1-rev2"
    with device:
        paths = ("GPIO.GPFSEL0", "GPIO.GPFSEL1.FSEL17")
        assert remote.get(*paths) == dict.fromkeys(paths, 0)
        assert remote.cas(paths[0], 0, 1) is True
        assert remote.cas(paths[0], 0, 2) is False
        assert daemon.device.GPIO.GPFSEL0.raw == 1
        assert remote.wait(paths[1], "INPUT", 1) == 0
        assert remote.ask("WRITE", "0", "1") == "Ok"
        assert "requests" in remote.ask("STATS")
        with pytest.raises(regmap.WaitTimeout, match=r"^GPIO\.GPFSEL1\.FSEL17: .*did not come"):
            remote.wait(paths[1], 1, 0.01)
        with pytest.raises(regmap.UnknownName, match=r"has no 'GPIO\.NOTHING'"):
            remote.get_named("GPIO.NOTHING")
        with pytest.raises(regmap.AccessError, match=r"^GPIO\.GPSET0: "):
            remote.get_named("GPIO.GPSET0")
        for words in (["a b"], ["a\nSET GPIO.GPFSEL0=1"], ["ä"], [], [""]):
            with pytest.raises(ValueError, match=r"^GET .*: "):
                remote.ask("GET", *words)
        with pytest.raises(regmap.BadAddress, match="is asked by name"):
            remote.read(0x2020_0000, 32)
        with pytest.raises(regmap.BadAddress, match="is asked by name"):
            remote.write(0x2020_0000, 32, 1)
        with pytest.raises(ValueError, match="from 0 on, not nan"):
            remote.wait(paths[0], 0, float("nan"))
    with pytest.raises(regmap.ClosedError, match="is closed"):
        remote.get_named(paths[0])


def test_a_bus_fault_at_the_daemon_is_one_here_with_its_address(tmp_path: Path) -> None:
    class Faulty(Bare):
        def read(self, address: int, width: int) -> int:
            raise regmap.BusFault("gone", address=address)

    with (
        Daemon(tmp_path / "s", model(), backend=Faulty()) as daemon,
        regmap.open(model(), backend=daemon.uri) as device,
    ):
        for use in (device.DEV.LONG.read, lambda: device.DEV.LONG.MODE):
            with pytest.raises(regmap.BusFault, match=r"DEV\.LONG.*bus fault") as caught:
                use()
            assert caught.value.address == 0x4000_0004


def test_threads_share_a_connection_and_an_update_is_whole(daemon: Daemon, pi: Any) -> None:
    def count(lsb: int) -> None:
        for value in itertools.islice(itertools.cycle(range(8)), 200):
            setattr(pi.GPIO.GPFSEL1, f"FSEL{lsb}", value)

    threads = [threading.Thread(target=count, args=(lsb,)) for lsb in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # The last of 200 values is 7 for every field.
    assert daemon.device.GPIO.GPFSEL1.raw == (1 << 24) - 1


# ---- when it ends ------------------------------------------------------------------------------


def test_a_daemon_that_ends_is_told_within_a_second(daemon: Daemon, pi: Any) -> None:
    pi.GPIO.GPFSEL1.read()
    daemon.kill()
    begun = time.monotonic()
    with pytest.raises(regmap.Disconnected, match="no answer came"):
        pi.GPIO.GPFSEL1.read()
    with pytest.raises(regmap.Disconnected, match=r"nothing was asked; .*open it anew"):
        pi.GPIO.GPFSEL1.FSEL17 = 1
    assert time.monotonic() - begun < 1


def told(reply: bytes, tmp_path: Path, use: Any, timeout_s: float = 5) -> Exception:
    """What an operation comes to where the daemon answers it with ``reply``, then hangs up, or
    says no more where that is empty."""

    def talk(connection: socket.socket) -> None:
        lines = lines_of(connection)
        next(lines)
        connection.sendall(f"{HELLO}\n".encode())
        next(lines)
        connection.sendall(reply)
        if not reply:
            connection.recv(1)

    path = tmp_path / "s"
    with (
        Server(path, talk),
        regmap.open("rpi1-rev2", backend=f"unix:{path}?timeout={timeout_s}") as pi,
        pytest.raises(regmap.RegmapError) as caught,
    ):
        use(pi.GPIO)
    return caught.value


def write(gpio: Any) -> None:
    gpio.GPFSEL1.FSEL17 = 1


def test_it_is_unknown_whether_the_last_write_was_made(tmp_path: Path) -> None:
    error = told(b"@1 O", tmp_path, write)
    assert isinstance(error, regmap.Disconnected)
    assert "SET GPIO.GPFSEL1.FSEL17=0x1: regmapd at unix:" in str(error)
    assert "it closed the connection; whether it took effect is unknown" in str(error)


def test_a_daemon_that_is_silent_is_lost(tmp_path: Path) -> None:
    error = told(b"", tmp_path, write, 0.05)
    assert isinstance(error, regmap.Disconnected)
    assert "did not answer in time; whether it took effect is unknown" in str(error)


@pytest.mark.parametrize(
    "reply", [b"@2 Ok\n", b"Ok\n", b"@1\n", b"\xff\n", b"EVENT\n", b"EVENT 1\n", b"x" * (1 << 25)]
)
def test_a_daemon_that_says_nonsense_broke_the_protocol(reply: bytes, tmp_path: Path) -> None:
    error = told(reply, tmp_path, write)
    assert isinstance(error, regmap.ProtocolError)
    assert "whether it took effect is unknown" in str(error)


def test_an_answer_to_another_question_is_refused(tmp_path: Path) -> None:
    error = told(b"@1 GPIO.GPFSEL0=0x1\n", tmp_path, lambda gpio: gpio.GPFSEL1.read())
    assert isinstance(error, regmap.ProtocolError)


def test_events_in_between_are_no_answer(tmp_path: Path) -> None:
    error = told(b"EVENT 3 RISING 1 1\nLOST 4\n@1 Error denied no\n", tmp_path, write)
    assert isinstance(error, regmap.Denied)
    assert str(error).startswith("GPIO.GPFSEL1.FSEL17: no; regmapd at unix:")


def test_a_daemon_started_anew_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with Daemon(path) as first:
        old = regmap.open("rpi1-rev2", backend=first.uri)
    path.unlink()
    with Daemon(path) as second, regmap.open("rpi1-rev2", backend=second.uri) as new:
        assert new.GPIO.GPFSEL1.raw == 0
        with pytest.raises(regmap.Disconnected):
            old.GPIO.GPFSEL1.read()
        old.close()


# ---- opening -----------------------------------------------------------------------------------


def test_one_client_too_many_is_told_so(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "s", limits=Limits(clients=1)) as daemon,
        regmap.open("rpi1-rev2", backend=daemon.uri),
        pytest.raises(regmap.BackendUnavailable, match="busy: too many clients"),
    ):
        regmap.open("rpi1-rev2", backend=daemon.uri)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(regmap.BackendUnavailable, match=r"No such file.*see whether regmapd runs"):
        regmap.open("rpi1-rev2", backend=f"unix:{tmp_path / 'none'}")


@pytest.mark.parametrize(
    ("said", "why"),
    [("SSH-2.0", "no regmapd: it says 'SSH-2.0'"), ("HELLO 3 a=b", "no regmapd"),
     ("Error unknown x", "does not serve us: unknown"), ("\xff", "no line of a daemon")],
)  # fmt: skip
def test_somebody_else_there(said: str, why: str, tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        next(lines_of(connection))
        connection.sendall(f"{said}\n".encode("latin-1"))

    path = tmp_path / "s"
    with Server(path, talk), pytest.raises(regmap.BackendUnavailable, match=why):
        regmap.open("rpi1-rev2", backend=f"unix:{path}")


def test_a_fork_that_fails_leaves_its_parents_connection_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = socket.socketpair()
    stream = Stream(ours, "the daemon")
    with theirs:
        with monkeypatch.context() as other:
            other.setattr(os, "getpid", lambda: 1)
            stream.cut()
        stream.send(b"x", time.monotonic() + 5)
        assert theirs.recv(10) == b"x"
        stream.cut()
        assert theirs.recv(10) == b""
    stream.close()
