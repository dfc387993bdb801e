"""Connections: what they are refused for, and the options at the end of a URI."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from regmap.backends.stream import Lost, Stream, options
from regmap.errors import BackendUnavailable

KNOWN = {"space": ("memory", "io"), "widths": ()}


def soon() -> float:
    return time.monotonic() + 30


@pytest.fixture
def pair() -> tuple[Stream, socket.socket]:
    ours, theirs = socket.socketpair()
    return Stream(ours, "there"), theirs


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ("/run/x", ("/run/x", {}, 5.0)),
        ("/run/x?space=io", ("/run/x", {"space": "io"}, 5.0)),
        ("/run/x?widths=8,16&timeout=0.5", ("/run/x", {"widths": "8,16"}, 0.5)),
        ("/run/what?", ("/run/what?", {}, 5.0)),
        ("/run/a?b/c", ("/run/a?b/c", {}, 5.0)),
        ("/run/a?b=c/x?space=io", ("/run/a?b=c/x", {"space": "io"}, 5.0)),
        ("?space=io", ("", {"space": "io"}, 5.0)),
    ],
)
def test_options_are_taken_off_the_end(rest: str, wanted: tuple[str, object, float]) -> None:
    assert options(rest, KNOWN, 5.0) == wanted


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("x?colour=red", "options are space, widths, timeout, each once, not 'colour=red'"),
        ("x?space=io&space=io", "each once"),
        ("x?space=ports", "space is memory or io, not 'ports'"),
        ("x?timeout=0", "timeout is a number of seconds"),
        ("x?timeout=-1", "timeout is a number of seconds"),
        ("x?timeout=nan", "not 'nan'"),
        ("x?timeout=inf", "not 'inf'"),
        ("x?timeout=1e9", "to 3600"),
        ("x?timeout=soon", "not 'soon'"),
    ],
)
def test_a_wrong_option_says_what_there_is(rest: str, said: str) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        options(rest, KNOWN, 5.0)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/nowhere/socket", "No such file or directory"),
        ("x" * 200, "too long"),
        ("a\0b", "there: "),
        (("localhost", 1), "there: "),
        (("a" * 300 + ".example", 1), "there: "),
    ],
)
def test_what_cannot_be_reached_says_why_and_what_to_do(
    address: str | tuple[str, int], said: str
) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        Stream.connect(address, "there", timeout_s=30, remedy="do this")
    assert said in str(caught.value)
    assert str(caught.value).endswith("; do this")


def test_a_file_is_no_socket(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BackendUnavailable, match="Connection refused"):
        Stream.connect(str(tmp_path / "file"), "there", timeout_s=30, remedy="")


def test_bytes_go_both_ways(pair: tuple[Stream, socket.socket]) -> None:
    ours, theirs = pair
    with theirs:
        ours.send(b"ask", soon())
        assert theirs.recv(10) == b"ask"
        assert ours.arrived() == b""
        assert not ours.ready(time.monotonic() + 0.01)
        theirs.sendall(b"answer")
        assert ours.ready(soon())
        assert ours.arrived() == b"answer"
        theirs.sendall(b"more")
        assert ours.receive(soon()) == b"more"
        assert not ours.ready(time.monotonic())
    ours.close()


def test_silence_and_an_end_are_told_apart(pair: tuple[Stream, socket.socket]) -> None:
    ours, theirs = pair
    with pytest.raises(Lost, match="did not answer in time"):
        ours.receive(time.monotonic() + 0.01)
    theirs.sendall(b"always more")
    with pytest.raises(Lost, match="did not answer in time"):
        ours.receive(time.monotonic() - 1)
    assert ours.arrived() == b"always more"
    theirs.close()
    for ask in (ours.arrived, lambda: ours.receive(soon())):
        with pytest.raises(Lost, match="closed the connection"):
            ask()
    with pytest.raises(Lost, match="the connection broke: Broken pipe"):
        ours.send(b"x", soon())
    ours.cut()
    ours.close()
    with pytest.raises(Lost, match="the connection broke"):
        ours.arrived()


def test_who_takes_nothing_does_not_hold_us_up(pair: tuple[Stream, socket.socket]) -> None:
    ours, theirs = pair
    with theirs, pytest.raises(Lost, match="takes no more requests"):
        ours.send(bytes(1 << 24), time.monotonic() + 0.05)
    ours.close()


def test_a_fork_does_not_take_its_parents_answers(
    pair: tuple[Stream, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    with theirs:
        monkeypatch.setattr(os, "getpid", lambda: 1)
        with pytest.raises(Lost, match="opened by another process"):
            ours.send(b"x", soon())
        monkeypatch.undo()
        ours.send(b"y", soon())
        assert theirs.recv(10) == b"y"
    ours.close()
