"""Many clients at once: that share registers, are killed, are too many, or are somebody else."""

from __future__ import annotations

import os
import signal
import socket
from functools import partial
from pathlib import Path

import pytest

from tests.daemon.in_child import in_child, needs_root
from tests.daemon.load import CLIENTS, COUNTER, REGISTERS, work
from tests.daemon.served import Client
from tests.daemon.torture import LONG_P99_MS, daemon, healthy

# All of it under load, so with `make test-long` alone.
pytestmark = pytest.mark.long

_long = pytest.mark.long
# What the healthy client does where a pin does not show what was written.
ON_A_REGISTER = [["HELLO 2", "HELLO 2 *"]] + [
    pair
    for value in (1, 0xFFFF)
    for pair in (
        [f"SET GPIO.GPLEN0={value}", "Ok"],
        ["GET GPIO.GPLEN0", f"GPIO.GPLEN0={value:#x}"],
    )
]


@pytest.mark.parametrize(
    ("requests", "times", "kind"),
    [
        (200, 1, "sim"),
        pytest.param(10_000, 1, "sim", marks=_long),
        pytest.param(10_000, 2, "file", marks=_long),
    ],
)
def test_64_clients_leave_exact_values(
    tmp_path: Path, requests: int, times: int, kind: str
) -> None:
    """Each reads back its own, and what they share has every one's part at the end."""
    memory, pins = tmp_path / "memory", kind == "sim"
    memory.write_bytes(bytes(4096))
    memory.chmod(0o666)
    p99_ms = LONG_P99_MS if requests > 200 else None
    asked = {} if pins else {"once": ON_A_REGISTER[:1], "again": ON_A_REGISTER[1:]}
    with (
        daemon(
            tmp_path, limits=f"clients: {CLIENTS + 2}", backend="sim:" if pins else f"file:{memory}"
        ) as served,
        healthy(served, p99_ms=p99_ms, **asked),
    ):
        counted = 0
        for _ in range(times):
            workers = work(served.socket, requests, pins=pins)
            assert [worker.wrong for worker in workers if worker.wrong] == []
            counted += sum(worker.counted for worker in workers)
            with Client(served.socket, hello=True) as client:
                assert client.ask(f"GET {COUNTER}") == f"{COUNTER}={counted:#x}"
                for at, (path, _) in enumerate(REGISTERS):
                    bits = [worker.bit for worker in workers[32 * at : 32 * at + 32]]
                    value = sum(bit << place for place, bit in enumerate(bits))
                    assert client.ask(f"GET {path}") == f"{path}={value:#x}"
        served.forgets()


def _die(path: Path, number: int, ready: int) -> None:
    """Be in the middle of something when the signal comes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"HELLO 2\nSUBSCRIBE 3 BOTH\n")
        client.recv(100)
        client.sendall((
            b"READ 3", b"READALL\n" * 200, b"WAIT GPIO.GPLEV0.LEV22=1 60000\n", b"LIST\n" * 20,
        )[number % 4])  # fmt: skip
        os.write(ready, b".")
        signal.pause()


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=_long)])
def test_killed_clients_leave_nothing_behind(tmp_path: Path, count: int) -> None:
    with daemon(tmp_path) as served, healthy(served):
        for first in range(0, count, 50):
            told, ready = os.pipe()
            children = []
            for number in range(first, first + 50):
                child = os.fork()
                if child == 0:
                    try:
                        _die(served.socket, number, ready)
                    finally:
                        os._exit(1)
                children.append(child)
            os.close(ready)
            for _ in children:
                assert os.read(told, 1) == b"."
            for child in children:
                os.kill(child, signal.SIGKILL)
            for child in children:
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            os.close(told)
            served.forgets()


def test_1000_connections_against_a_limit_of_64(tmp_path: Path) -> None:
    """All are held open; those beyond the limit are told, and it says little about it."""
    with daemon(tmp_path) as served, healthy(served):
        clients = [Client(served.socket) for _ in range(1000)]
        for client in clients[:63]:  # with the healthy one these are all
            assert client.ask("READ 99").startswith("Error pin ")
        for client in clients[63:]:
            assert client.line().startswith("Error busy ")
            assert client.line() == ""
        assert served.descriptors() == served.at_rest + 63
        for client in clients:
            client.close()
        served.forgets()
        assert len(served.said().splitlines()) <= 10
        with Client(served.socket) as client:
            assert client.ask("READ 99").startswith("Error pin ")


# ---- who may do what ---------------------------------------------------------------------------

_REQUESTS = {
    ("pin", "read"): "READ {}",
    ("pin", "write"): "WRITE {} 1",
    ("pin", "mode"): "MODE {} OUT",
    ("pin", "subscribe"): "SUBSCRIBE {} BOTH",
    ("pin", "drive"): "DRIVE {} 1",
    ("path", "read"): "GET {}",
    ("path", "write"): "SET {}=1",
}
_VERBS = ("read", "write", "mode", "subscribe", "drive")
_PATHS = ("GPIO.GPREN0", "GPIO.GPREN0.REN3", "GPIO.GPREN0.REN4", "GPIO.GPFEN0")
# Who: the keys of a rule; every verb of pins belongs to another one, so that each is told apart.
_RULES: list[tuple[dict[str, int], list[int], list[str], list[str]]] = [
    ({"uid": 2001}, [0, 1], [], ["read"]),
    ({"uid": 2001}, [1], ["GPIO.GPREN0.REN3"], ["write"]),
    ({"gid": 3001}, [2], ["GPIO.GPREN0"], ["mode", "read"]),
    ({"group": 3002}, [3, 4], ["GPIO.GPFEN0"], ["subscribe", "write"]),
    ({"uid": 2002, "group": 3002}, [4], ["GPIO.GPREN0.*"], ["drive", "read", "write"]),
    ({"uid": 2002, "gid": 3001, "group": 3003}, [5], ["*"], list(_VERBS)),
    ({"gid": 3004, "uid": 2001}, [6], [], ["write", "mode"]),
]
_IDENTITIES = [
    (uid, gid, groups)
    for uid in (2001, 2002, 2003)
    for gid in (3001, 3002, 3004)
    for groups in ((), (3001,), (3002,), (3002, 3003))
]


def _holds(who: dict[str, int], uid: int, gid: int, groups: tuple[int, ...]) -> bool:
    return (
        who.get("uid", uid) == uid
        and who.get("gid", gid) == gid
        and (who.get("group", gid) in {gid, *groups})
    )


def _covers(globs: list[str], path: str) -> bool:
    """A register gives its fields, but not the other way round."""
    return any(
        glob in {"*", path} or path.startswith(f"{glob.removesuffix('.*')}.") for glob in globs
    )


def _expected(uid: int, gid: int, groups: tuple[int, ...]) -> dict[str, bool]:
    """By the words of the policy alone: what any rule that holds gives."""
    held = [
        (pins, paths, verbs) for who, pins, paths, verbs in _RULES if _holds(who, uid, gid, groups)
    ]
    allowed = {}
    for (kind, verb), form in _REQUESTS.items():
        for thing in range(17) if kind == "pin" else _PATHS:
            allowed[form.format(thing)] = any(
                verb in verbs and (thing in pins if kind == "pin" else _covers(paths, str(thing)))
                for pins, paths, verbs in held
            )
    return allowed


def _found(path: Path, uid: int, gid: int, groups: tuple[int, ...]) -> dict[str, bool]:
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    found = {}
    with Client(path, hello=True) as client:
        for request in _expected(uid, gid, groups):
            client.send(request)
            reply = client.line()
            while reply.startswith("EVENT "):
                reply = client.line()
            found[request] = not reply.startswith("Error denied ")
            assert "Error" not in reply or not found[request], reply
    return found


@needs_root
def test_the_matrix_of_permissions(tmp_path: Path) -> None:
    """Every user, group, supplementary group and verb, as the kernel states who is asking."""
    rules = "".join(
        f"  - {{{', '.join(f'{key}: {number}' for key, number in who.items())}"
        + (f", pins: {pins}" if pins else "")
        + (f", paths: {[*paths]}" if paths else "")
        + f", verbs: [{', '.join(verbs)}]}}\n"
        for who, pins, paths, verbs in _RULES
    )
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    own = (
        f"  - {{uid: {os.getuid()}, pins: [7], verbs: [read, write, mode]}}\n"
        f"  - {{uid: {os.getuid()}, paths: [GPIO.GPLEV0.LEV4], verbs: [read]}}\n"
    )
    with daemon(tmp_path, allow=rules + own) as served, healthy(served):
        for uid, gid, groups in _IDENTITIES:
            found = in_child(partial(_found, served.socket, uid, gid, groups))
            assert found == _expected(uid, gid, groups), (uid, gid, groups)
        served.forgets()
