"""Giving up rights: each step alone in a child of this process, and all of them together.

Where the kernel here does not take a filter, the tests of the guest do the same there.
"""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regmap.daemon import kernel, landlock, privilege, seccomp
from regmap.daemon.peers import peer_of
from regmap.daemon.policy import Config
from regmap.errors import BackendUnavailable, DaemonError
from tests.daemon.in_child import (
    HAS_LANDLOCK,
    HAS_SECCOMP,
    NOBODY,
    attempt,
    in_child,
    needs_root,
)


def config(**values: Any) -> Config:
    user = NOBODY if os.geteuid() == 0 else None
    return Config(**{"board": "pc", "rules": (), "user": user, **values})


def status() -> dict[str, str]:
    """What the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {
        key: " ".join(value.split()) for key, _, value in (line.partition(":") for line in lines)
    }


_NEW = "/dev/shm/regmap-probe"  # noqa: S108  (it is never made)
PROBES: dict[str, Callable[[], object]] = {
    "open for reading": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "open for writing": lambda: os.open(_NEW, os.O_WRONLY | os.O_CREAT),
    "open itself again": Path(__file__).read_bytes,
    "open /dev/mem": lambda: os.open("/dev/mem", os.O_RDWR),
    "list a folder": lambda: os.listdir("/"),
    "look at a file": lambda: os.stat("/etc/passwd"),
    "remove a file": lambda: os.unlink(_NEW),
    "make a folder": lambda: os.mkdir(_NEW),
    "change an owner": lambda: os.chown("/", 0, 0),
    "socket of a path": lambda: socket.socket(socket.AF_UNIX),
    "socket of the net": lambda: socket.socket(socket.AF_INET),
    "pair of sockets": socket.socketpair,
    "pipe": os.pipe,
    "fork": os.fork,
    "vfork and exec": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "signal to another": lambda: os.kill(os.getppid(), 0),
    "signal to all": lambda: os.kill(-1, 0),
    "become root": lambda: os.setuid(0),
    "memory file": lambda: os.memfd_create("x"),
    "change root": lambda: os.chroot("/"),
    "scheduling": lambda: os.nice(-1),
}


@HAS_SECCOMP
@pytest.mark.parametrize("probe", PROBES)
def test_after_everything_nothing_can_be_opened_started_or_signalled(probe: str) -> None:
    def confined() -> str:
        privilege.confine(config())
        return attempt(PROBES[probe])

    assert in_child(confined) == "PermissionError"


@HAS_SECCOMP
@pytest.mark.parametrize("probe", PROBES)
def test_the_filter_alone_refuses_it_even_to_root(probe: str) -> None:
    def confined() -> str:
        kernel.forbid_new_privileges()
        seccomp.confine(seccomp.SERVING)
        return attempt(PROBES[probe])

    assert in_child(confined) == "PermissionError"


@HAS_SECCOMP
def test_what_is_open_works_on() -> None:
    """A server on its event loop, with a thread beside it, on descriptors opened before."""

    def confined() -> list[Any]:
        import asyncio

        here, there = socket.socketpair()
        path = f"\0regmap-{os.getpid()}"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        connecting = socket.socket(socket.AF_UNIX)
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            connecting.setblocking(False)
            privilege.confine(config())
            said: list[Any] = []

            class Echo(asyncio.Protocol):
                def connection_made(self, transport: Any) -> None:
                    self.transport = transport
                    said.append(peer_of(transport.get_extra_info("socket")).uid)

                def data_received(self, data: bytes) -> None:
                    self.transport.write(data.upper())

            async def serve() -> None:
                server = await loop.create_unix_server(Echo, sock=listening)
                here.setblocking(False)
                await loop.sock_sendall(here, b"x")
                there.setblocking(False)
                said.append((await loop.sock_recv(there, 9)).decode())
                thread = threading.Thread(target=lambda: said.append(os.getpid() == kernel_pid))
                kernel_pid = os.getpid()
                thread.start()
                thread.join()
                loop.add_signal_handler(signal.SIGTERM, lambda: None)
                await asyncio.sleep(0.001)
                said.append(len(bytearray(1 << 24)))
                server.close()

            runner.run(serve())
        return said

    assert in_child(confined) == ["x", True, 1 << 24]


@HAS_SECCOMP
@needs_root
def test_the_kernel_says_that_all_is_given_up() -> None:
    # The files of the process cannot be read by itself any more: its parent does.
    hold, go = os.pipe()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            privilege.confine(config(user=NOBODY))
            os.write(tell, b".")
            os.read(hold, 1)
        finally:
            os._exit(0)
    assert os.read(told, 1) == b"."
    lines = Path(f"/proc/{child}/status").read_text().splitlines()
    os.write(go, b".")
    os.waitpid(child, 0)
    for handle in (hold, go, told, tell):
        os.close(handle)
    now = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    assert now["Uid"] == now["Gid"] == [str(NOBODY)] * 4
    assert set(now["Groups"]) <= {str(NOBODY)}
    assert {now[kind][0].strip("0") for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {""}
    assert now["NoNewPrivs"] == ["1"]
    assert now["Seccomp"] == ["2"]


# ---- each step ----------------------------------------------------------------------------------


@needs_root
def test_the_service_user_comes_with_its_own_groups_and_no_way_back() -> None:
    def dropped() -> list[Any]:
        os.setgroups([0, 4, 27])
        privilege.drop_user(NOBODY)
        back = [attempt(lambda: os.setuid(0)), attempt(lambda: os.setgroups([0]))]
        return [os.getresuid(), os.getgroups(), kernel.capabilities(), *back]

    user, groups, capabilities, *back = in_child(dropped)
    assert user == [NOBODY] * 3
    assert set(groups) <= {NOBODY}
    assert capabilities == 0
    assert back == ["PermissionError"] * 2


@needs_root
def test_without_another_user_the_capabilities_go_all_the_same() -> None:
    def dropped() -> list[Any]:
        privilege.drop_user(None)
        return [os.geteuid(), kernel.capabilities(), attempt(lambda: os.chown("/", 1, 1))]

    assert in_child(dropped) == [0, 0, "PermissionError"]


def test_no_new_privileges() -> None:
    def done() -> str:
        kernel.forbid_new_privileges()
        return status()["NoNewPrivs"]

    assert in_child(done) == "1"


@HAS_LANDLOCK
def test_landlock_refuses_files_even_to_their_owner(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "gone").write_text("x")

    def confined() -> list[str]:
        kernel.forbid_new_privileges()
        landlock.confine([str(tmp_path / "sub")])
        return [
            attempt((tmp_path / "mine").read_text),
            attempt(lambda: (tmp_path / "mine").write_text("y")),
            attempt((tmp_path / "mine").unlink),
            attempt((tmp_path / "sub" / "gone").read_text),
            attempt((tmp_path / "sub" / "gone").unlink),
        ]

    assert in_child(confined) == ["PermissionError"] * 4 + ["done"]
    assert not (tmp_path / "sub" / "gone").exists()
    assert (tmp_path / "mine").read_text() == "x"


@HAS_SECCOMP
def test_a_thread_that_runs_already_is_under_the_filter_too() -> None:
    def confined() -> str:
        go, done = threading.Event(), threading.Event()
        result: list[str] = []

        def other() -> None:
            go.wait()
            result.append(attempt(lambda: os.open("/", os.O_RDONLY)))
            done.set()

        threading.Thread(target=other).start()
        kernel.forbid_new_privileges()
        seccomp.confine(seccomp.SERVING)
        go.set()
        done.wait()
        return result[0]

    assert in_child(confined) == "PermissionError"


@HAS_SECCOMP
def test_files_may_be_removed_only_where_that_was_asked_for() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        kept, gone = Path(folder, "kept"), Path(folder, "gone")
        kept.touch()
        gone.touch()

        def confined(*removes: str) -> list[str]:
            privilege.confine(config(), removes=removes)
            return [attempt(gone.unlink), attempt(lambda: os.open(kept, os.O_RDONLY))]

        assert in_child(confined) == ["PermissionError", "PermissionError"]
        assert in_child(lambda: confined(str(gone))) == ["done", "PermissionError"]
        assert not gone.exists()


# ---- never a weaker start -----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["user", "no_new_privs", "landlock", "seccomp"])
@pytest.mark.parametrize("required", [True, False])
def test_a_step_that_fails_ends_the_start_where_it_is_required(step: str, required: bool) -> None:
    def confined() -> list[str]:
        def fail(*_: object) -> None:
            raise OSError("no such thing here")

        notes: list[str] = []
        patched = {
            "user": (privilege, "drop_user"),
            "no_new_privs": (kernel, "forbid_new_privileges"),
            "landlock": (landlock, "confine"),
            "seccomp": (seccomp, "confine"),
        }
        for name, (module, function) in patched.items():
            setattr(module, function, fail if name == step else lambda *_: None)
        needed = frozenset({step} if required else ())
        try:
            privilege.confine(config(require=needed), note=notes.append)
        except DaemonError as error:
            return [str(error)]
        return notes

    prefix = f"{step} is required, but" if required else f"without {step}"
    assert in_child(confined) == [f"{prefix}: no such thing here"]


@needs_root
@pytest.mark.parametrize("user", [None, 0])
@pytest.mark.parametrize("require", [frozenset({"user"}), frozenset()])
def test_root_must_name_a_user(user: int | None, require: frozenset[str]) -> None:
    def confined() -> None:
        with pytest.raises(DaemonError, match="names no user"):
            privilege.confine(config(user=user, require=require))

    in_child(confined)


@needs_root
def test_a_user_without_root_cannot_become_another() -> None:
    def confined() -> str:
        privilege.drop_user(NOBODY)
        try:
            privilege.confine(config(user=1))
        except DaemonError as error:
            return str(error)
        return ""

    assert in_child(confined).startswith("user is required, but:")


def test_a_user_that_there_is_not_is_refused() -> None:
    with pytest.raises(OSError, match="no user with the number 4000000000"):
        privilege.drop_user(4_000_000_000)


def test_threads_that_run_already_are_refused() -> None:
    def confined() -> str:
        stay = threading.Event()
        threading.Thread(target=stay.wait, daemon=True).start()
        try:
            privilege.confine(config())
        except DaemonError as error:
            return str(error)
        return ""

    assert in_child(confined).startswith("2 threads run already")


# ---- the device ---------------------------------------------------------------------------------


def test_a_sealed_device_has_no_descriptor_and_works_on(tmp_path: Path) -> None:
    from regmap.backends import open_backend

    file = tmp_path / "device"
    file.write_bytes(bytes(8192))
    backend = open_backend(f"file:{file}")

    def descriptors() -> set[str]:
        links = Path("/proc/self/fd").iterdir()
        return {os.readlink(link) for link in links if link.is_symlink()}

    backend.write(16, 32, 7)
    assert str(file) in descriptors()
    privilege.seal(backend)
    assert str(file) not in descriptors()
    backend.write(16, 32, backend.read(16, 32) + 1)
    assert backend.read(16, 32) == 8
    with pytest.raises(BackendUnavailable, match="closed when all that is needed was mapped"):
        backend.read(4096, 32)
    backend.close()
    backend.close()
