"""The runner's own parts, as far as they need no emulator."""

from __future__ import annotations

import lzma
import os
import stat
import time
from pathlib import Path

import pytest

from tools.hardware import __main__ as runner
from tools.hardware import arm_packages, arm_wheel, debian, modules, pc
from tools.hardware.emulator import Emulator
from tools.hardware.initramfs import Entry, archive, host_root, init_script, own_root
from tools.hardware.trace import Marker, Operation, brackets, operations

LOG = """\
memory_region_ops_write cpu 0 mr 0x55d0 addr 0x80 value 0x0 size 1 name 'ioport80'
memory_region_ops_read cpu 0 mr 0x55d1 addr 0xfed00000 value 0x9896808086a201 size 4 name 'hpet'
Invalid read at addr 0x88, size 2, region 'edu-mmio', reason: invalid size (min:4 max:8)
memory_region_ops_write cpu 0 mr 0x55d2 addr 0xfea00088 value 0x55 size 8 name 'edu-mmio'
anything else
"""
MARKER = Marker("marks", 0x10)


def mark(value: int, width: int = 8) -> Operation:
    return Operation("write", 0xFEB01010, width, value, "marks")


def test_a_trace_line_gives_what_the_bus_carried() -> None:
    assert list(operations(LOG.splitlines())) == [
        Operation("write", 0x80, 8, 0, "ioport80"),
        Operation("read", 0xFED00000, 32, 0x8086A201, "hpet"),  # the model answered with more
        Operation("read", 0x88, 16, None, "edu-mmio"),
        Operation("write", 0xFEA00088, 64, 0x55, "edu-mmio"),
    ]


def test_brackets_hold_what_lies_between_their_marks() -> None:
    a, b, c = (Operation("read", address, 32, 0, "device") for address in (0, 4, 8))
    other = mark(7)._replace(address=0xFEB01014)  # the marks' region, but not their address
    assert brackets([a, mark(0), b, other, mark(1), c, mark(2), mark(3)], MARKER) == [
        [b, other],
        [],
    ]


def test_brackets_go_on_beyond_one_byte() -> None:
    marks = [mark(number % 256) for number in range(600)]
    assert brackets(marks, MARKER) == [[]] * 300


@pytest.mark.parametrize(
    "marks",
    [
        [mark(1)],
        [mark(0)],
        [mark(0), mark(2)],
        [mark(0), mark(1), mark(0)],
        [mark(0, 32), mark(1)],
    ],
    ids=["closes first", "never closed", "opens twice", "starts again", "wrong width"],
)
def test_marks_out_of_order_are_an_error(marks: list[Operation]) -> None:
    with pytest.raises(ValueError, match=r"mark out of order|never closed"):
        brackets(marks, MARKER)


def test_interrupt_messages_are_not_the_jobs() -> None:
    message = Operation("write", 0xFEE01004, 32, 0x27, "apic-msi")
    assert not pc.by_the_job(message)
    assert pc.by_the_job(message._replace(kind="read"))
    assert not pc.by_the_job(message._replace(region="serial"))
    assert pc.by_the_job(message._replace(region="hpet"))


def read_newc(data: bytes) -> dict[str, tuple[int, bytes, tuple[int, int]]]:
    found: dict[str, tuple[int, bytes, tuple[int, int]]] = {}
    at = 0
    while True:
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        size, length = fields[6], fields[11]
        name = data[at + 110 : at + 110 + length - 1].decode()
        at += -(-(110 + length) // 4) * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (fields[1], data[at : at + size], (fields[9], fields[10]))
        at += -(-size // 4) * 4


def test_an_archive_has_each_folder_before_what_is_in_it() -> None:
    node = Entry("/dev/null", stat.S_IFCHR | 0o666, device=(1, 3))
    found = read_newc(archive([Entry("a/b/c", stat.S_IFREG | 0o644, b"12345"), node]))
    assert list(found) == ["a", "a/b", "a/b/c", "dev", "dev/null"]
    assert found["a/b"][0] == stat.S_IFDIR | 0o755
    assert found["a/b/c"] == (stat.S_IFREG | 0o644, b"12345", (0, 0))
    assert found["dev/null"] == (stat.S_IFCHR | 0o666, b"", (1, 3))


def test_init_loads_modules_in_their_order_and_reports_the_exit_status() -> None:
    lines = init_script(["b", "a"], "run this").splitlines()
    assert lines.index("run this") + 1 == lines.index('echo "JOB-EXIT $?"')
    loads = [line.split()[1] for line in lines if line.startswith("insmod")]
    assert loads == ["/modules/b.ko", "/modules/a.ko"]


def test_modules_come_after_what_they_depend_on(tmp_path: Path) -> None:
    tree = tmp_path / "lib/modules/6.1/kernel"
    (tree / "net").mkdir(parents=True)
    (tree / "net/top-half.ko").write_bytes(b"\x7fELF\0depends=lower,built-in\0name=top_half\0")
    (tree / "lower.ko.xz").write_bytes(lzma.compress(b"\x7fELF\0license=GPL\0depends=\0"))
    (tree.parent / "modules.builtin").write_text("kernel/built-in.ko\n")
    found = modules.in_load_order(tmp_path, ["top_half", "lower"])
    assert list(found) == ["lower", "top_half"]
    assert found["lower"].startswith(b"\x7fELF")
    with pytest.raises(LookupError, match="no kernel module absent"):
        modules.in_load_order(tmp_path, ["absent"])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ending_an_emulator_ends_its_process() -> None:
    with Emulator(["sh", "-c", "echo $$; exec sleep 60"], limit_s=60) as emulator:
        pid = int(next(emulator.lines()))
        assert alive(pid)
    assert not alive(pid)
    emulator.end()


def test_an_emulator_ends_at_its_limit() -> None:
    started = time.monotonic()
    with Emulator(["sh", "-c", "echo started; exec sleep 60"], limit_s=1) as emulator:
        assert list(emulator.lines()) == ["started"]
    assert time.monotonic() - started < 30


def test_without_qemu_the_runner_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runner.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("SKIP hardware tests: ")
    assert "qemu-system-x86" in lines[0]


def test_without_a_cross_compiler_the_other_guests_are_tested(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise debian.Unavailable("no compiler")

    class Done:
        returncode = 5

    monkeypatch.setattr(runner.arm, "require", lacking)
    monkeypatch.setattr(runner, "_fetch_pc", lambda: None)
    monkeypatch.setattr(runner.subprocess, "run", lambda *_, **__: Done)
    assert runner.main([]) == 5
    assert capsys.readouterr().out == "SKIP tests in arm64 guests: no compiler\n"


def test_the_wheel_needs_the_cross_compiler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert arm_wheel.main([str(tmp_path / "made")]) == 1
    assert "gcc-aarch64-linux-gnu" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_hosts_root_is_mounted_before_anything_runs_in_it() -> None:
    found = read_newc(host_root(b"busybox", {"one": b"module"}, "run this"))
    assert found["bin/busybox"][:2] == (stat.S_IFREG | 0o755, b"busybox")
    assert found["modules/one.ko"][1] == b"module"
    lines = found["init"][1].decode().splitlines()
    (mount,) = (line for line in lines if "9p" in line)
    assert lines.index("insmod /modules/one.ko || echo cannot load one") < lines.index(mount)
    assert lines.index(mount) < lines.index("run this")


def test_an_own_root_has_its_files_and_links() -> None:
    link = Entry("/lib/one", stat.S_IFLNK | 0o777, b"two")
    found = read_newc(own_root([link], {}, "run this"))
    assert found["lib/one"][:2] == (stat.S_IFLNK | 0o777, b"two")
    assert b"9p" not in found["init"][1]


def test_another_architectures_packages_have_an_apt_of_their_own(tmp_path: Path) -> None:
    text = arm_packages._settings(tmp_path)
    for name in ("State", "State::lists", "State::status", "Cache"):
        assert f'Dir::{name} "{tmp_path}' in text
    assert 'APT::Architectures "arm64";' in text


def test_installing_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(debian.Unavailable, match="needs root"):
        debian.install(["qemu-system-x86"])
