"""read, write and dump: what they access, what they leave out, and what they refuse first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import regmap.api
from regmap.errors import BackendError, BusFault
from tests.support import Recorder
from tests.unit.cli_support import LAMPS, ok, refused, run

SIM = ("--backend", "sim:")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What the commands of a test access: ``--backend sim:`` opens it in place of the simulator."""
    recorder = Recorder({0x40000000: 1})
    monkeypatch.setattr(regmap.api, "open_uri", lambda uri, layout: recorder)
    return recorder


class TestRead:
    def test_a_register_is_one_read_and_is_decoded(self, bus: Recorder) -> None:
        bus.memory[0x40000004] = 0x3221
        out = ok("read", LAMPS, *SIM, "LEFT.CTRL")
        assert bus.taken() == [("R", 0x40000004, 32)]
        assert out == (
            "LEFT.CTRL = 0x00003221\n  [ 15:8] LEVEL   0x32 %\n  [  5:4] MODE    BLINK (2)\n"
            "  [    0] ENABLE  0x1\n"
        )

    def test_each_path_named_is_one_read(self, bus: Recorder) -> None:
        ok("read", LAMPS, *SIM, "LEFT.CTRL.ENABLE", "LEFT.CTRL.MODE", "LEFT.CTRL")
        assert bus.taken() == [("R", 0x40000004, 32)] * 3

    def test_fields_of_one_pattern_come_from_one_read(self, bus: Recorder) -> None:
        out = ok("read", LAMPS, *SIM, "LEFT.CTRL.*")
        assert bus.taken() == [("R", 0x40000004, 32)]
        assert out.splitlines() == [
            "LEFT.CTRL.ENABLE = 0x0",
            "LEFT.CTRL.MODE = IDLE (0)",
            "LEFT.CTRL.LEVEL = 0x0 %",
        ]

    def test_each_pattern_reads_anew(self, bus: Recorder) -> None:
        ok("read", LAMPS, *SIM, "LEFT.CTR?", "LEFT.CTR*")
        assert bus.taken() == [("R", 0x40000004, 32)] * 2

    def test_raw_prints_numbers_only(self, bus: Recorder) -> None:
        bus.memory |= {0x40000004: 0x20, 0x40000060: 5}
        out = ok("read", "--raw", LAMPS, *SIM, "LEFT.CTRL", "LEFT.CTRL.MODE", "LEFT.TONE0")
        assert out == "0x00000020\n2\n0x05\n"

    def test_json(self, bus: Recorder) -> None:
        bus.memory[0x40000004] = 0x20
        out = json.loads(ok("read", "--json", LAMPS, *SIM, "LEFT.CTRL", "LEFT.CTRL.MODE"))
        fields = {"ENABLE": {"value": 0}, "MODE": {"value": 2, "name": "BLINK"}}
        assert out == [
            {
                "path": "LEFT.CTRL",
                "address": 0x40000004,
                "value": 0x20,
                "fields": {**fields, "LEVEL": {"value": 0}},
            },
            {"path": "LEFT.CTRL.MODE", "value": 2, "name": "BLINK"},
        ]

    def test_a_register_behind_a_window_has_no_address(self) -> None:
        (answer,) = run("read", "--json", LAMPS, *SIM, "LEFT.GAIN").json
        assert (answer["address"], answer["value"]) == (None, 0x10)

    def test_named_a_register_with_a_side_effect_is_read(self, bus: Recorder) -> None:
        ok("read", LAMPS, *SIM, "LEFT.FIFO")
        assert bus.taken() == [("R", 0x4000000C, 32)]

    @pytest.mark.parametrize("path", ["LEFT.F*", "LEFT"])
    def test_a_look_leaves_out_what_it_must_not_read(self, bus: Recorder, path: str) -> None:
        result = run("read", LAMPS, *SIM, path)
        assert result.status == 0
        assert ("R", 0x4000000C, 32) not in bus.taken()
        assert "regmap: left out LEFT.FIFO: reading has a side effect" in result.err

    def test_a_block_leaves_out_the_write_only_and_the_windows_data(self, bus: Recorder) -> None:
        result = run("read", LAMPS, *SIM, "LEFT")
        assert "left out LEFT.COMMAND: it is write-only" in result.err
        assert "left out LEFT.WIN: it shows what LEFT.SEL selects" in result.err
        # The data register was read once, for the register behind it.
        assert [a for a in bus.taken() if a[1] == 0x4000002C] == [("R", 0x4000002C, 32)]

    def test_an_array_is_read_as_far_as_the_hardware_says(self, bus: Recorder) -> None:
        out = ok("read", LAMPS, *SIM, "LEFT.CHANNEL")
        assert [line.split()[0] for line in out.splitlines()] == [
            "LEFT.CHANNEL[0]",
            "LEFT.CHANNEL[1]",
        ]
        assert bus.taken() == [("R", 0x40000000, 32), ("R", 0x40000040, 32), ("R", 0x40000044, 32)]
        ok("read", LAMPS, *SIM, "LEFT.CHANNEL[*]")
        assert len(bus.taken()) == 3
        ok("read", LAMPS, *SIM, "LEFT.CHANNEL[5]")
        assert bus.taken() == [("R", 0x40000054, 32)]

    def test_a_member_of_a_pin(self, bus: Recorder) -> None:
        bus.memory[0x4000001C] = 1 << 2
        assert ok("read", LAMPS, *SIM, "LEFT.pin[2].level") == "LEFT.pin[2].level = 0x1\n"
        assert bus.taken() == [("R", 0x4000001C, 32)]

    @pytest.mark.parametrize(
        ("path", "why"),
        [
            ("LEFT.COMMAND", "LEFT.COMMAND: it is write-only"),
            ("LEFT.COMMAND.GO", "LEFT.COMMAND: it is write-only"),
            ("LEFT.CTLR", "LEFT has no 'CTLR'; did you mean CTRL?"),
            ("LEFT.CTRL.MODES", "LEFT.CTRL has no 'MODES'; did you mean MODE?"),
            ("LEFT.XXXXXX", f"LEFT has no 'XXXXXX'; `regmap show {LAMPS} 'LEFT'` says what"),
            ("LEFT.XXXXXX*", "lamp-board has no 'LEFT.XXXXXX*'"),
            ("LEFT..CTRL", "LEFT..CTRL"),
            ("LEFT.TONE[9]", "LEFT.TONE has no element 9; it has 4, from 0"),
            ("LEFT.pin", "LEFT.pin has no number of its own; name a member of LEFT.pin[0]: level"),
            ("LEFT.pin[1]", "name a member of LEFT.pin[1]: level, set, shown"),
            ("LEFT.pin[1].set", "LEFT.pin[1].set: it is a method that writes"),
            ("LEFT.pin[1].levle", "did you mean level?"),
            ("LEFT.pin[99].level", "LEFT.pin has no element 99; it has 32, from 0"),
            ("", "a PATH is empty; name a register"),
        ],
    )
    def test_what_cannot_be_read_is_refused_before_the_first_access(
        self, bus: Recorder, path: str, why: str
    ) -> None:
        assert why in refused("read", LAMPS, *SIM, "LEFT.CTRL", path)
        assert bus.taken() == []


class TestWrite:
    def test_in_the_order_given(self, bus: Recorder) -> None:
        ok("write", LAMPS, *SIM, "LEFT.TONE3=0x7", "LEFT.CTRL.MODE=FADE", "LEFT.STATUS.HOT=1")
        assert bus.taken() == [
            ("W", 0x40000063, 8, 7),
            ("R", 0x40000004, 32),
            ("W", 0x40000004, 32, 0x30),
            ("W", 0x40000008, 32, 1),
        ]

    @pytest.mark.parametrize("number", ["100", "0x64", "0b1100100", "0o144", "1_0_0", "+100"])
    def test_numbers_in_any_base(self, bus: Recorder, number: str) -> None:
        ok("write", LAMPS, *SIM, f"LEFT.CTRL.LEVEL={number}")
        assert bus.taken()[1] == ("W", 0x40000004, 32, 100 << 8)

    def test_a_pin(self, bus: Recorder) -> None:
        ok("write", LAMPS, *SIM, "LEFT.pin[3].level=1", "LEFT.pin[3].level=0")
        assert bus.taken() == [("W", 0x40000014, 32, 8), ("W", 0x40000018, 32, 8)]

    def test_json(self, bus: Recorder) -> None:
        out = json.loads(ok("write", "--json", LAMPS, *SIM, "LEFT.CTRL.MODE=FADE", "LEFT.TONE1=3"))
        assert out == [
            {"path": "LEFT.CTRL.MODE", "written": "FADE"},
            {"path": "LEFT.TONE1", "written": 3},
        ]

    @pytest.mark.parametrize(
        ("assignment", "why"),
        [
            ("LEFT.CTRL.LEVEL=101", "LEFT.CTRL.LEVEL: value 101 (0x65) does not fit"),
            ("LEFT.CTRL.MODE=4", "largest 0x3"),
            ("LEFT.CTRL.MODE=FADING", "the enum of LEFT.CTRL.MODE has no 'FADING'; did you mean"),
            ("LEFT.CTRL.MODE=QQQQ", "it has IDLE, STEADY, BLINK, FADE"),
            ("LEFT.CTRL=0x100000000", "largest 0xffffffff"),
            ("LEFT.CTRL=-1", "LEFT.CTRL: value -1"),
            ("LEFT.CTRL=BLINK", "is a whole register and takes a number, not 'BLINK'"),
            ("LEFT.CTRL=0x", "takes a number, not '0x'"),
            ("LEFT.CTRL=010", "'010' is no number; write it like 17, 0x11, 0b10001 or 0o21"),
            ("LEFT.CTRL=" + "9" * 5000, "is no number"),
            ("LEFT.CTRL", "'LEFT.CTRL' is no assignment; write PATH=VALUE"),
            ("LEFT.CTRL=", "is no assignment"),
            ("=1", "is no assignment"),
            ("LEFT.ID=1", "LEFT.ID: it is read-only"),
            ("LEFT.ID.CODE=1", "LEFT.ID.CODE: it is read-only"),
            ("LEFT.STATUS.HOT=0", "would do nothing; a 1 clears it"),
            ("LEFT.COMMAND.GO=1", "its neighbours cannot be left alone"),
            ("LEFT.T*=1", "LEFT.T*: globs are for reading"),
            ("LEFT=1", "LEFT is neither a register nor a field"),
            ("LEFT.TONE=1", "LEFT.TONE is neither a register nor a field"),
            ("LEFT.NONE=1", "LEFT has no 'NONE'"),
            ("LEFT.pin[1].set=1", "LEFT.pin[1].set is a method; write to LEFT.LIT instead"),
            ("LEFT.pin[1].shown=1", "LEFT.pin[1].shown: it is read-only"),
            ("LEFT.pin[1].level=2", "does not fit in 1 bit"),
            ("LEFT.pin[1].level=HIGH", "does not fit in 1 bit"),
            ("LEFT.pin[1]=1", "LEFT.pin[1] is neither a register nor a field"),
        ],
    )
    def test_all_are_checked_before_the_first_access(
        self, bus: Recorder, assignment: str, why: str
    ) -> None:
        assert why in refused("write", LAMPS, *SIM, "LEFT.TONE1=1", assignment)
        assert bus.taken() == []

    def test_a_dropped_write_is_a_failure_of_the_hardware(
        self, bus: Recorder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bus, "write", lambda *access: None)
        why = refused("write", LAMPS, *SIM, "LEFT.KEPT=3", status=3)
        assert "LEFT.KEPT: wrote 0x3 but read back 0x0; the write was dropped" in why

    def test_every_field_that_passes_the_check_can_be_written(self) -> None:
        """``check`` refuses all that a write refuses: on shipped maps, field by field."""
        from regmap.cli.select import check, one
        from regmap.errors import AccessError
        from regmap.live.path import Target

        passed = 0
        for name in ("rpi1-rev2", "pc", "beaglebone-black"):
            device = regmap.open(name, Recorder())
            for register in device:
                for field in register.FIELDS:
                    target = one(device, f"{register.path}.{field}")
                    assert isinstance(target, Target)
                    try:
                        check(target, 1)
                    except (AccessError, ValueError):
                        continue
                    target.write(1) if not register.LAYOUT.verify else None
                    passed += 1
        assert passed > 1000


class TestDump:
    def test_every_register_once_in_address_order(self, bus: Recorder) -> None:
        result = run("dump", LAMPS, *SIM)
        addresses = [access[1] for access in bus.taken() if access[0] == "R"]
        # The length of CHANNEL is asked of ID, and the window is read where its data register is.
        assert addresses[:6] == [
            0x40000000, 0x40000000, 0x40000004, 0x40000008, 0x4000001C, 0x40000024,
        ]  # fmt: skip
        assert "left out RIGHT.FIFO" in result.err
        paths = [line.split()[0] for line in result.out.splitlines()[1:]]
        assert len(set(paths)) == len(paths)
        assert paths.index("LEFT.ID") < paths.index("RIGHT.ID")

    def test_a_path(self) -> None:
        out = ok("dump", LAMPS, *SIM, "LEFT.TONE")
        assert [line.split()[0] for line in out.splitlines()] == [
            "register", "LEFT.TONE0", "LEFT.TONE1", "LEFT.TONE2", "LEFT.TONE3",
        ]  # fmt: skip
        assert ok("dump", LAMPS, "LEFT.TONE", *SIM) == out
        assert ok("dump", LAMPS, *SIM, "LEFT.TONE?") == out

    def test_a_single_register_with_a_side_effect_is_left_out_too(self, bus: Recorder) -> None:
        result = run("dump", LAMPS, *SIM, "LEFT.FIFO")
        assert (result.status, result.out, bus.taken()) == (0, "", [])
        assert "left out LEFT.FIFO" in result.err

    def test_json_names_what_is_left_out(self) -> None:
        answer = run("dump", "--json", LAMPS, *SIM, "LEFT").json
        assert list(answer) == ["map", "registers", "left_out", "failed"]
        assert answer["map"] == "lamp-board"
        assert answer["registers"][0] == {
            "path": "LEFT.ID",
            "address": 0x40000000,
            "value": 0x4C000001,
            "fields": {"CODE": {"value": 0x4C}, "CHANNELS": {"value": 1}},
        }
        assert {"path": "LEFT.LIT", "why": "it is write-only"} in answer["left_out"]
        assert answer["failed"] == []

    def test_a_block_that_fails_stops_only_itself(
        self, bus: Recorder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        right = bus.read

        def read(address: int, width: int) -> int:
            if address == 0x40000004:
                raise BusFault("nobody answered", address=address)
            return right(address, width)

        monkeypatch.setattr(bus, "read", read)
        result = run("dump", LAMPS, *SIM)
        assert result.status == 3
        assert "failed at LEFT.CTRL, the rest of its block is left out: nobody" in result.err
        assert "LEFT.ID " in result.out
        assert "LEFT.SHOWN" not in result.out
        assert "RIGHT.CTRL" in result.out
        answer = run("dump", "--json", LAMPS, *SIM).json
        assert answer["failed"] == [{"path": "LEFT.CTRL", "why": "nobody answered"}]

    def test_views_are_no_registers(self) -> None:
        assert "a dump is of registers" in refused("dump", LAMPS, *SIM, "LEFT.pin[2]")
        assert "did you mean" in refused("dump", LAMPS, *SIM, "LEFT.TONES")
        assert "a PATH is empty" in refused("dump", LAMPS, *SIM, "")

    def test_every_shipped_board_can_be_dumped(self) -> None:
        from regmap.loaders.find import shipped_names

        for board in shipped_names("boards"):
            result = run("dump", board, *SIM)
            clockless = "has no clock" in result.err
            assert result.status == (3 if clockless else 0), result.err
            assert clockless == (board == "beaglebone-black")


class TestDryRun:
    """Nothing is accessed, and nothing is opened: these boards' backend is /dev/mem."""

    @pytest.fixture(autouse=True)
    def no_backend(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise AssertionError("a dry run opened a backend")

        monkeypatch.setattr("regmap.backends.open_backend", fail)

    def test_a_read(self) -> None:
        assert ok("read", LAMPS, "--dry-run", "LEFT.HOURS", "LEFT.TONE2") == (
            "would read  32 bits at 0x40000024  LEFT.HOURS+4\n"
            "would read  32 bits at 0x40000020  LEFT.HOURS\n"
            "would read  32 bits at 0x40000024  LEFT.HOURS+4\n"
            "would read   8 bits at 0x40000062  LEFT.TONE2\n"
        )

    def test_a_write_names_the_bits_that_it_would_keep(self) -> None:
        assert ok("write", LAMPS, "--dry-run", "LEFT.CTRL.MODE=BLINK", "LEFT.STATUS.HOT=1") == (
            "would read  32 bits at 0x40000004  LEFT.CTRL\n"
            "would write 32 bits at 0x40000004: 0x00000020 with bits 0xffffffcf as read"
            "  LEFT.CTRL\n"
            "would write 32 bits at 0x40000008: 0x00000001  LEFT.STATUS\n"
        )

    def test_a_verified_write_is_not_taken_for_dropped(self) -> None:
        assert ok("write", LAMPS, "--dry-run", "LEFT.KEPT=3").splitlines() == [
            "would write 32 bits at 0x40000070: 0x00000003  LEFT.KEPT",
            "would read  32 bits at 0x40000070  LEFT.KEPT",
        ]

    def test_what_a_read_decides_is_said(self) -> None:
        result = run("read", LAMPS, "--dry-run", "LEFT.CHANNEL")
        assert result.out.splitlines() == [
            "would read  32 bits at 0x40000000  LEFT.ID",
            "would read  32 bits at 0x40000040  LEFT.CHANNEL[0]",
        ]
        assert "how many LEFT.CHANNEL there are; a dry run shows the first" in result.err
        result = run("write", "pc", "--dry-run", "IOAPIC.IOREDTBL[1].INTVEC=0x31")
        assert "what would be read counts as 0 here" in result.err

    def test_a_refused_value_is_refused(self) -> None:
        assert "does not fit" in refused("write", LAMPS, "--dry-run", "LEFT.CTRL.LEVEL=101")

    def test_a_wrong_uri_is_wrong(self) -> None:
        why = refused("read", LAMPS, "--dry-run", "--backend", "sin:", "LEFT.CTRL", status=3)
        assert "did you mean sim:?" in why

    def test_json_has_each_access(self) -> None:
        out = ok("write", LAMPS, "--dry-run", "--json", "LEFT.CTRL.MODE=BLINK")
        access = {"address": 0x40000004, "width": 32, "path": "LEFT.CTRL"}
        assert json.loads(out) == [
            {"op": "read", **access},
            {"op": "write", **access, "value": 0x20, "kept": 0xFFFFFFCF},
        ]

    def test_a_dump_and_a_cpu_that_is_not_there(self) -> None:
        result = run("dump", "pc", "--dry-run", "--cpu", "4095", "LAPIC.VERSION")
        assert result.out == "would read  32 bits at 0xfee00030  LAPIC.VERSION\n"


class TestBackends:
    def test_a_file(self, tmp_path: Path) -> None:
        image = tmp_path / "image.bin"
        image.write_bytes(bytes(0x2000))
        backend = ("--backend", f"file:{image}")
        ok("write", LAMPS, *backend, "RIGHT.CTRL.MODE=FADE", "LEFT.TONE0=0x55")
        assert ok("read", "--raw", LAMPS, *backend, "RIGHT.CTRL") == "0x00000030\n"
        data = image.read_bytes()
        assert (data[0x60], data[0x1004]) == (0x55, 0x30)

    def test_without_one_only_on_the_board_itself(self) -> None:
        why = refused("read", LAMPS, "LEFT.CTRL", status=3)
        assert "this machine is not recognised as lamp-board" in why
        assert "--backend sim:" in why
        assert "--force" in why
        assert "force=True" not in why

    def test_a_lone_block_has_none(self) -> None:
        why = refused("read", "hpet", "HPET.GEN_CONF", status=3)
        assert "--backend sim: or --backend file:PATH" in why

    def test_the_one_chosen_is_said(self, bus: Recorder) -> None:
        result = run("read", LAMPS, "--force", "LEFT.CTRL")
        assert result.status == 0
        assert "regmap: lamp-board is opened on <tests.support.Recorder" in result.err

    def test_a_cpu_that_is_not_there(self) -> None:
        why = refused("read", "pc", *SIM, "--cpu", "4095", "LAPIC.VERSION", status=3)
        assert "CPU 4095: this machine has no such CPU" in why

    def test_a_failing_backend(self, bus: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(address: int, width: int) -> int:
            raise BackendError("the cable is out")

        monkeypatch.setattr(bus, "read", fail)
        assert refused("read", LAMPS, *SIM, "LEFT.CTRL", status=3) == "regmap: the cable is out\n"
