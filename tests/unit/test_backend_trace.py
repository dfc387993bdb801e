"""The trace: what it records, how it reads, and that a dry run does nothing."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from regmap.backends import open_backend
from regmap.backends.trace import Access, TraceBackend, printer
from regmap.errors import BadAddress, BusFault


class Fake:
    """A backend of 32-bit words that fails at address 0xBAD."""

    widths = (32,)

    def __init__(self) -> None:
        self.words = {0x2020_0034: 0x0002_0000}
        self.log: list[str] = []
        self.closed = 0

    def read(self, address: int, width: int) -> int:
        if address == 0xBAD:
            raise BusFault("no answer", address=address)
        self.log.append(f"R{width} {address:#x}")
        return self.words.get(address, 0)

    def write(self, address: int, width: int, value: int) -> None:
        if address == 0xBAD:
            raise KeyError("something else")
        self.log.append(f"W{width} {address:#x} {value:#x}")
        self.words[address] = value

    def update(self, address: int, width: int, **how: int) -> int:
        raise AssertionError("an update must pass as its read and its write")

    def close(self) -> None:
        self.closed += 1


def test_every_access_is_recorded_and_passed_on() -> None:
    fake = Fake()
    trace = TraceBackend(fake)
    assert trace.read(0x2020_0034, 32) == 0x20000
    trace.write(0x2020_001C, 32, 1 << 17)
    assert trace.update(0x2020_0034, 32, keep=0xFFFF_FFFF, neutral=0, mask=1, value=1) == 0x20001
    assert trace.accesses == [
        Access("read", 0x2020_0034, 32, 0x20000),
        Access("write", 0x2020_001C, 32, 0x20000),
        Access("read", 0x2020_0034, 32, 0x20000),
        Access("write", 0x2020_0034, 32, 0x20001),
    ]
    assert fake.log == [
        "R32 0x20200034",
        "W32 0x2020001c 0x20000",
        "R32 0x20200034",
        "W32 0x20200034 0x20001",
    ]


@pytest.mark.parametrize(
    ("access", "line"),
    [
        (
            Access("read", 0x2020_0034, 32, 0x20000, "GPIO.GPLEV0"),
            "R32 0x20200034 = 0x00020000  GPIO.GPLEV0",
        ),
        (Access("write", 0xFED0_0010, 64, 3), "W64 0xFED00010 = 0x0000000000000003"),
        (Access("write", 0x1_0000_0000, 8, 0xAB), "W8 0x100000000 = 0xAB"),
        (Access("read", 0, 16, 0, error="BusFault: x"), "R16 0x00000000 = ?  failed: BusFault: x"),
        (
            Access("write", 0, 16, 5, "A.B", error="E: x"),
            "W16 0x00000000 = 0x0005  A.B  failed: E: x",
        ),
        (Access("read", 4, 8, 0, made=False), "R8 0x00000004 = 0x00  (dry run: no read)"),
        (
            Access("write", 4, 8, 1, "A", made=False),
            "W8 0x00000004 = 0x01  A  (dry run: no write)",
        ),
    ],
)
def test_an_access_reads_as_one_line(access: Access, line: str) -> None:
    assert str(access) == line


def test_names_and_the_way_out() -> None:
    shown: list[Access] = []
    trace = TraceBackend(Fake(), names=lambda a, w: f"AT_{a:X}_{w}", out=shown.append)
    trace.read(0x34, 32)
    assert [access.path for access in shown] == ["AT_34_32"]
    assert shown == trace.accesses
    file = io.StringIO()
    TraceBackend(Fake(), out=printer(file)).write(4, 32, 5)
    assert file.getvalue() == "W32 0x00000004 = 0x00000005\n"


def test_a_failed_access_is_recorded_with_its_error_which_goes_on() -> None:
    trace = TraceBackend(Fake())
    with pytest.raises(BusFault):
        trace.read(0xBAD, 32)
    with pytest.raises(KeyError):
        trace.write(0xBAD, 32, 1)
    with pytest.raises(BusFault):
        trace.update(0xBAD, 32, keep=0, neutral=0, mask=1, value=1)
    assert [(a.op, a.error) for a in trace.accesses] == [
        ("read", "BusFault: no answer"),
        ("write", "KeyError: 'something else'"),
        ("read", "BusFault: no answer"),
    ]


def test_a_dry_run_reaches_nothing() -> None:
    class Attaching(Fake):
        def attach(self, address: int, size: int) -> Fake:
            self.log.append("attach")
            return self

    fake = Attaching()
    for trace in (TraceBackend(fake, dry_run=True), TraceBackend(None, dry_run=True)):
        assert trace.attach(0x2020_0000, 0xB4) is trace
        assert trace.read(0x2020_0034, 32) == 0
        trace.write(0xBAD, 32, 1)
        assert trace.update(0x10, 32, keep=0xFF, neutral=0x100, mask=2, value=2) == 0x102
        assert [(a.op, a.value, a.made) for a in trace.accesses] == [
            ("read", 0, False),
            ("write", 1, False),
            ("read", 0, False),
            ("write", 0x102, False),
        ]
        trace.close()
    assert fake.log == []
    assert fake.closed == 1
    with pytest.raises(TypeError, match="dry run"):
        TraceBackend(None)


def test_it_offers_the_widths_and_the_reasons_of_the_inner_one(tmp_path: Path) -> None:
    assert TraceBackend(Fake()).widths == (32,)
    assert TraceBackend(Fake()).why_fault(0) == ""
    path = tmp_path / "memory"
    path.write_bytes(bytes(64))
    trace = open_backend(f"trace:file:{path}@0x1000")
    assert isinstance(trace, TraceBackend)
    assert "truncated" in trace.why_fault(0x1000)
    trace.close()
    trace = open_backend(f"trace:file:{path}", origin=0x4000)
    assert trace.read(0x4000, 8) == 0
    trace.close()


def test_what_the_inner_backend_refuses_at_attaching_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_bytes(bytes(64))
    with_end = open_backend(f"file:{path}@0x1000")
    assert TraceBackend(with_end).attach(0x1000, 64).accesses == []
    with pytest.raises(BadAddress):
        TraceBackend(with_end).attach(0x1000, 65)
    with_end.close()


def test_an_update_is_one_unit_between_threads() -> None:
    taken: list[bool] = []

    class Probed(TraceBackend):
        """Asks, between the read and the write of an update, whether others could come in."""

        def write(self, address: int, width: int, value: int) -> None:
            probe = threading.Thread(target=lambda: taken.append(self.lock.acquire(blocking=False)))
            probe.start()
            probe.join(30)
            super().write(address, width, value)

    Probed(Fake()).update(0x10, 32, keep=0, neutral=0, mask=1, value=1)
    assert taken == [False]
