"""The log of writes: one line each, not too many a second, and nothing missing uncounted."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.daemon.audit import AuditLog, FileSink, StreamSink, SyslogSink, open_audit
from regmap.daemon.policy import Audit, Peer

PEER = Peer(123, 1000, 1000)


class Lines(list[str]):
    """A sink that takes lines until it is full."""

    room = 1_000_000

    def write(self, line: str) -> bool:
        if len(self) >= self.room:
            return False
        self.append(line)
        return True

    def close(self) -> None:
        self.append("closed")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_write_is_one_line() -> None:
    lines = Lines()
    log = AuditLog((lines,), 100)
    log(PEER, "GPIO.GPSET0", 0, 0x20000)
    log(PEER, "GPIO.GPSET0.SET3", None, 1)
    assert lines == [
        "pid=123 uid=1000 path=GPIO.GPSET0 old=0x0 new=0x20000",
        "pid=123 uid=1000 path=GPIO.GPSET0.SET3 old=? new=0x1",
    ]


def test_beyond_so_many_a_second_the_number_left_out_is_logged() -> None:
    lines, clock = Lines(), Clock()
    log = AuditLog((lines,), 3, clock)
    for value in range(10):
        log(PEER, "A.B", 0, value)
    assert [line[-7:] for line in lines] == ["new=0x0", "new=0x1", "new=0x2"]
    clock.now += 0.99
    log.tick()
    assert len(lines) == 3
    clock.now += 0.01
    log.tick()
    assert lines[3:] == ["writes left out of this log: 7"]
    log(PEER, "A.B", 0, 0xFF)
    assert lines[4].endswith("new=0xff")
    log.tick()
    assert len(lines) == 5


def test_what_is_left_out_is_told_at_the_end_too() -> None:
    lines = Lines()
    log = AuditLog((lines,), 1, Clock())
    log(PEER, "A.B", 0, 1)
    log(PEER, "A.B", 0, 2)
    log.close()
    assert lines[1:] == ["writes left out of this log: 1", "closed"]


def test_what_a_sink_does_not_take_is_counted_for_this_sink() -> None:
    full, other, clock = Lines(), Lines(), Clock()
    full.room = 1
    log = AuditLog((full, other), 100, clock)
    for value in range(3):
        log(PEER, "A.B", 0, value)
    assert (len(full), len(other)) == (1, 3)
    full.room = 100
    clock.now += 1
    log.tick()
    assert full[1:] == ["writes left out of this log: 2"]
    assert len(other) == 3


@given(st.lists(st.sampled_from(["write", "wait", "half"]), max_size=60), st.integers(1, 4))
def test_every_write_is_logged_or_counted(steps: list[str], per_s: int) -> None:
    lines, clock = Lines(), Clock()
    log = AuditLog((lines,), per_s, clock)
    for step in steps:
        if step == "write":
            log(PEER, "A.B", 0, 1)
        else:
            clock.now += 1 if step == "wait" else 0.5
    log.close()
    counted = sum(int(line.rpartition(" ")[2]) for line in lines if "left out" in line)
    assert sum("path=" in line for line in lines) + counted == steps.count("write")


# ---- sinks --------------------------------------------------------------------------------------


def test_a_file_grows_by_lines_with_the_time(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    file.write_text("before\n")
    log = open_audit(Audit(to=str(file)))
    log(PEER, "A.B", 0, 1)
    log.close()
    before, line = file.read_text().splitlines()
    assert before == "before"
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 regmapd\[\d+\]: pid=123 uid=1000 path=A\.B"
        r" old=0x0 new=0x1",
        line,
    )


def test_a_new_file_is_not_for_everybody(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_audit(Audit(to=str(tmp_path / "audit"))).close()
    finally:
        os.umask(before)
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o640


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ".", "no/such"):
        with pytest.raises(OSError, match=re.escape(str(tmp_path / name))):
            FileSink(f"{tmp_path}/{name}" if name != "." else str(tmp_path))
    with pytest.raises(OSError, match="no regular file"):
        FileSink("/dev/null")
    assert not (tmp_path / "target").exists()


def test_syslog_gets_datagrams_and_is_found_again(tmp_path: Path) -> None:
    path = str(tmp_path / "log")

    def listening() -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(path)
        made.settimeout(5)
        return made

    with listening() as system_log:
        sink = SyslogSink(path)
        assert sink.write("pid=1")
        assert system_log.recv(999) == f"<30>regmapd[{os.getpid()}]: pid=1".encode()
    assert not sink.write("nobody is there")
    os.unlink(path)
    with listening() as system_log:
        assert sink.write("pid=2")
        assert system_log.recv(999).endswith(b": pid=2")
    sink.close()


def test_a_syslog_that_is_full_holds_nobody_up(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as system_log:
        system_log.bind(path)
        sink = SyslogSink(path)
        taken = [sink.write("x" * 100) for _ in range(100_000)]
        assert not taken[-1]
        sink.close()


def test_without_a_system_log_there_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"is a system log running\?.*audit: \{to: stderr\}"):
        SyslogSink(str(tmp_path / "nothing"))


def test_a_reader_of_standard_error_that_sleeps_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    sink = StreamSink(writing)
    written = 0
    while sink.write("x" * 200):
        written += 1
    assert written > 0
    data = os.read(reading, 1 << 20)
    assert data.count(b"\n") == written
    assert data.startswith(b"regmapd: xxx")
    os.close(reading)
    assert not sink.write("y")
    sink.close()
    os.close(writing)


def test_in_the_foreground_standard_error_has_it_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for settings in (Audit(to=str(tmp_path / "audit")), Audit(to="stderr")):
        log = open_audit(settings, foreground=True)
        log(PEER, "A.B", 2, 1)
        log.close()
        assert capfd.readouterr().err == "regmapd: pid=123 uid=1000 path=A.B old=0x2 new=0x1\n"
    assert "new=0x1" in (tmp_path / "audit").read_text()
