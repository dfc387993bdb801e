"""The socket in the file system, who is at its other end, and what the service manager gives."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from regmap.daemon import notify, sockets
from regmap.daemon.peers import peer_of
from regmap.daemon.policy import Peer, Socket
from tests.daemon.in_child import NOBODY, in_child, needs_root


@pytest.fixture
def path() -> Iterator[Path]:
    """Where others may come too, unlike in pytest's own folders."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder, "s")


def listen(path: Path, mode: int = 0o600, **values: int) -> socket.socket:
    return sockets.listen(Socket(path=str(path), mode=mode, **values))  # type: ignore[arg-type]


def knock(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666, 0o000])
def test_it_listens_with_its_mode_whatever_the_umask(path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        with listen(path, mode):
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert os.umask(0o077) == 0o077
            if mode:
                knock(path)
    finally:
        os.umask(before)


@needs_root
def test_it_belongs_to_whom_it_should(path: Path) -> None:
    with listen(path, owner=NOBODY, group=4321):
        assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, 4321)


@needs_root
def test_an_owner_that_cannot_be_set_leaves_nothing_behind(path: Path) -> None:
    def unprivileged() -> str:
        os.chown(path.parent, NOBODY, NOBODY)
        os.chdir(path.parent)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            sockets.listen(Socket(path="s", owner=0))
        except OSError as error:
            return f"{error} {Path('s').exists()}"
        return ""

    assert "owner 0, group -1, mode 0660: Operation not permitted False" in in_child(unprivileged)


def test_a_stale_socket_is_replaced(path: Path) -> None:
    listen(path).close()
    assert path.is_socket()
    with listen(path):
        knock(path)


def test_a_socket_at_which_somebody_listens_is_left_alone(path: Path) -> None:
    with listen(path):
        inode = path.stat().st_ino
        with pytest.raises(OSError, match="in use"):
            listen(path)
        assert path.stat().st_ino == inode
        knock(path)


def test_a_socket_with_a_full_queue_is_in_use(path: Path) -> None:
    busy = socket.socket(socket.AF_UNIX)
    busy.bind(str(path))
    busy.listen(0)
    waiting = []
    try:
        for _ in range(10):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(str(path))
            except BlockingIOError:
                break
        else:
            pytest.fail("the queue does not fill")
        with pytest.raises(OSError, match="in use"):
            listen(path)
    finally:
        for client in (busy, *waiting):
            client.close()


def test_a_datagram_socket_is_in_use(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(OSError, match="in use"):
            listen(path)
        assert path.is_socket()


def test_what_is_no_socket_is_left_alone(path: Path) -> None:
    target = path.with_name("target")
    target.write_text("mine")
    listen(path.with_name("stale")).close()
    for make in (
        lambda: path.write_text("mine"),
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to(target),
        lambda: path.symlink_to(path.with_name("nowhere")),
        lambda: path.symlink_to(path.with_name("stale")),  # to what could be replaced
    ):
        make()
        before = path.lstat()
        with pytest.raises(OSError, match=r"symbolic link|no socket"):
            listen(path)
        assert path.lstat() == before
        path.rmdir() if path.is_dir() else path.unlink()
    assert target.read_text() == "mine"


def test_a_folder_that_is_none_or_is_everybodys_is_refused(path: Path) -> None:
    with pytest.raises(OSError, match="it must be a folder"):
        listen(path / "deeper" / "s")
    path.parent.chmod(0o777)
    with pytest.raises(OSError, match="writable by everybody"):
        listen(path)
    path.parent.chmod(0o1777)
    with listen(path):
        knock(path)


def test_of_many_that_start_at_once_one_gets_the_socket(path: Path) -> None:
    listen(path).close()  # a stale one, which each of them may replace
    code = (
        "import sys; from regmap.daemon import sockets; from regmap.daemon.policy import Socket\n"
        "try: got = sockets.listen(Socket(path=sys.argv[1]))\n"
        "except OSError as error: print(error); sys.exit(1)\n"
        "print('got'); sys.stdout.flush(); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    many = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [each.stdout.readline() for each in many if each.stdout]
    for each in many:
        each.communicate()
    assert said.count("got\n") == 1
    assert all("in use" in line for line in said if line != "got\n")


# ---- peers --------------------------------------------------------------------------------------


def test_the_peer_is_who_the_kernel_says() -> None:
    here, there = socket.socketpair()
    with here, there:
        groups = frozenset(os.getgroups())
        assert peer_of(here) == Peer(os.getpid(), os.getuid(), os.getgid(), groups)


@needs_root
@pytest.mark.parametrize("groups", [[], [20], list(range(100, 400))])
def test_groups_however_many(path: Path, groups: list[int]) -> None:
    with listen(path, 0o666) as listening:
        client = socket.socket(socket.AF_UNIX)

        def connect() -> int:
            os.setgroups(groups)
            os.setresgid(54, 54, 54)
            os.setresuid(0, 33, 0)
            client.connect(str(path))
            os.setresuid(0, 0, 0)
            os.setgroups([7])  # later changes are of no use
            return os.getpid()

        with client:
            pid = in_child(connect)
            connection, _ = listening.accept()
            with connection:
                assert peer_of(connection) == Peer(pid, 33, 54, frozenset(groups))


# ---- the service manager ------------------------------------------------------------------------


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(5)
        yield bound


def test_readiness_is_told(manager: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": manager.getsockname()}
    notifier = notify.Notifier(environment)
    assert environment == {}
    notifier.tell("READY=1")
    notifier.close()
    notifier.tell("STOPPING=1")
    assert manager.recv(99) == b"READY=1"


def test_readiness_is_told_at_an_abstract_name() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(f"\0regmap-test-{os.getpid()}")
        bound.settimeout(5)
        notifier = notify.Notifier({"NOTIFY_SOCKET": f"@regmap-test-{os.getpid()}"})
        notifier.tell("READY=1")
        notifier.close()
        assert bound.recv(99) == b"READY=1"


def test_without_a_manager_nothing_happens(manager: socket.socket) -> None:
    notify.Notifier({}).tell("READY=1")
    notifier = notify.Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    manager.close()
    notifier.tell("STOPPING=1")
    notifier.close()


@pytest.mark.parametrize("address", ["/nowhere/notify", "relative", "vsock:2:1"])
def test_a_manager_that_is_not_there_is_an_error(address: str) -> None:
    with pytest.raises(OSError, match="NOTIFY_SOCKET"):
        notify.Notifier({"NOTIFY_SOCKET": address})


def activated(given: socket.socket | None, **variables: str) -> list[object]:
    """What a process gets that is started with this descriptor as its number 3."""

    def started() -> list[object]:
        if given is not None:
            os.dup2(given.fileno(), 3)
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", **variables, "X": "1"}
        try:
            found = notify.inherited(environment)
        except OSError as error:
            return [str(error), environment]
        return [found and [found.fileno(), os.get_inheritable(3)], environment]

    result: list[object] = in_child(started)
    return result


def test_a_socket_of_the_manager_is_taken_over(path: Path) -> None:
    with listen(path) as listening:
        assert activated(listening) == [[3, False], {"X": "1"}]


def test_what_is_for_another_process_is_not_taken(path: Path) -> None:
    with listen(path) as listening:
        assert activated(listening, LISTEN_PID="1")[0] is None
        assert activated(listening, LISTEN_FDS="")[0] is None


def test_anything_but_one_listening_socket_is_refused(path: Path) -> None:
    with listen(path) as listening, socket.socket(socket.AF_UNIX) as idle:
        assert "one socket is wanted" in str(activated(listening, LISTEN_FDS="2")[0])
        assert "no listening unix stream socket" in str(activated(idle)[0])
    with socket.socket(socket.AF_INET) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "no listening unix stream socket" in str(activated(other)[0])
    with open(os.devnull) as file:
        assert "LISTEN_FDS: descriptor 3" in str(activated(file)[0])  # type: ignore[arg-type]
