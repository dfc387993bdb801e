"""Each law of the project has a test here that fails when the law is broken."""

from __future__ import annotations

import inspect
import rlcompleter
import subprocess
import sys
from typing import Any

import pytest

import regmap
from regmap.errors import (
    AccessError,
    BadAddress,
    ClosedError,
    NotANumber,
    ReadHasSideEffect,
    UnknownName,
    ValueDoesNotFit,
)
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    defaults: {width: 32, access: rw}
    registers:
      PLAIN:
        offset: 0x00
        reset: 0
        fields:
          A: {bits: "3:0"}
          B: {bits: "7:4", enum: {IDLE: 0, SLOW: 1, FAST: 2}}
          STATUS: {bits: "31:24", access: ro}
      EVENTS:
        offset: 0x04
        access: rw1c
        fields: {E0: {bits: 0}, E1: {bits: 1}, E2: {bits: 2}}
      MIXED:
        offset: 0x08
        fields:
          EN: {bits: 0}
          FLAG: {bits: 1, access: rw1c}
          NFLAG: {bits: 2, access: rw0c}
          MODE: {bits: "5:4"}
      SET: {offset: 0x0C, access: wo1s}
      FIFO: {offset: 0x10, access: ro, read-action: modify}
      HALF_FIFO:
        offset: 0x14
        fields: {DATA: {bits: "7:0", access: rc}, LEVEL: {bits: "11:8"}}
      COMMAND:
        offset: 0x18
        fields: {GO: {bits: 0, access: wo}, WHAT: {bits: "7:4", access: wo}}
      ONCE: {offset: 0x1C, fields: {KEY: {bits: 0, access: rw1}, OTHER: {bits: 1}}}
      BYTE: {offset: 0x20, width: 8}
      WORD: {offset: 0x22, width: 16}
      LONG: {offset: 0x28, width: 64}
      NEVENTS:
        offset: 0x30
        access: rw0c
        fields: {N0: {bits: 0}, N1: {bits: 1}}
      BIG:
        offset: 0x34
        byte-order: big
        fields: {TOP: {bits: "31:24"}}
      COUNTER: {offset: 0x38, width: 64, access-widths: [32], word-order: high-low-high}
      PARTS: {offset: 0x40, width: 64, access-widths: [32], word-order: low-first}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


class TestLaw1OneAccessIsOneAccess:
    def test_a_register_read_is_one_read_of_its_width(self, dev: Any, bus: Recorder) -> None:
        for name, address, width in [
            ("PLAIN", 0, 32), ("BYTE", 0x20, 8), ("WORD", 0x22, 16), ("LONG", 0x28, 64),
        ]:  # fmt: skip
            getattr(dev, name).read()
            getattr(dev, name).raw
            assert bus.taken() == [("R", address, width)] * 2

    def test_a_register_write_is_one_write_and_no_read(self, dev: Any, bus: Recorder) -> None:
        dev.PLAIN = 5
        dev.WORD.raw = 0xABCD
        dev.LONG.write(1 << 63)
        assert bus.taken() == [("W", 0, 32, 5), ("W", 0x22, 16, 0xABCD), ("W", 0x28, 64, 1 << 63)]

    def test_a_field_read_is_one_read(self, dev: Any, bus: Recorder) -> None:
        dev.PLAIN.B
        assert bus.taken() == [("R", 0, 32)]

    def test_a_field_write_is_one_read_and_one_write(self, dev: Any, bus: Recorder) -> None:
        dev.PLAIN.B = "FAST"
        assert bus.taken() == [("R", 0, 32), ("W", 0, 32, 0x20)]

    def test_a_modify_of_many_fields_is_one_read_and_one_write(
        self, dev: Any, bus: Recorder
    ) -> None:
        dev.PLAIN.modify(A=15, B=1)
        assert bus.taken() == [("R", 0, 32), ("W", 0, 32, 0x1F)]

    def test_parts_are_accessed_once_each_in_the_stated_order(
        self, dev: Any, bus: Recorder
    ) -> None:
        bus.memory |= {0x40: 1, 0x44: 2}
        assert dev.PARTS.read() == 2 << 32 | 1
        dev.PARTS = 3 << 32 | 4
        assert bus.taken() == [
            ("R", 0x40, 32), ("R", 0x44, 32), ("W", 0x40, 32, 4), ("W", 0x44, 32, 3),
        ]  # fmt: skip

    def test_a_running_counter_is_read_high_low_high(self, dev: Any, bus: Recorder) -> None:
        dev.COUNTER.read()
        assert bus.taken() == [("R", 0x3C, 32), ("R", 0x38, 32), ("R", 0x3C, 32)]

    def test_a_64_bit_access_on_a_32_bit_bus_is_refused(self) -> None:
        bus = Recorder()
        bus.widths = (8, 16, 32)  # type: ignore[attr-defined]
        dev = device_of(CHIP, bus).DEV
        with pytest.raises(BadAddress, match="32"):
            dev.LONG.read()
        assert bus.taken() == []
        dev.PARTS.read()
        assert len(bus.taken()) == 2

    def test_big_endian_registers_are_turned_round(self, dev: Any, bus: Recorder) -> None:
        dev.BIG.TOP = 0xAB
        assert bus.taken() == [("R", 0x34, 32), ("W", 0x34, 32, 0x000000AB)]
        assert dev.BIG.raw == 0xAB000000


class TestLaw2NoHiddenAccess:
    def test_looking_at_objects_reads_nothing(self, dev: Any, bus: Recorder) -> None:
        register = dev.PLAIN
        for look in (repr, str, dir, hash, type):
            look(dev)
            look(register)
        assert register != 5
        assert (register == dev.PLAIN) is True
        assert "A" in dir(register)
        assert type(register).A.position == "3:0"
        assert dev["PLAIN"] is register
        list(dev)
        assert bus.taken() == []

    @pytest.mark.parametrize("use", [int, bool, float, lambda r: r < 3, lambda r: [0][r]])
    def test_a_live_register_is_no_number(self, dev: Any, bus: Recorder, use: Any) -> None:
        with pytest.raises(NotANumber, match=r"\.raw"):
            use(dev.PLAIN)
        assert bus.taken() == []

    def test_completion_reads_nothing(self, dev: Any, bus: Recorder) -> None:
        completer = rlcompleter.Completer({"dev": dev, "register": dev.PLAIN, "fifo": dev.FIFO})
        found = []
        for text in ("dev.", "register.", "fifo.", "dev.PLAIN."):
            state = 0
            while match := completer.complete(text, state):
                found.append(match)
                state += 1
        assert "register.A" in found
        assert any(match.startswith("dev.PLAIN") for match in found)
        assert bus.taken() == []

    def test_import_and_open_read_nothing(self, bus: Recorder) -> None:
        device = device_of(CHIP, bus)
        repr(device)
        repr(device.DEV)
        assert bus.taken() == []


class TestLaw3LookingHasNoSideEffects:
    @pytest.mark.parametrize(
        "look",
        [
            lambda dev: dev.FIFO.raw,
            lambda dev: dev.FIFO.bit[0],
            lambda dev: dev.HALF_FIFO.DATA,
            lambda dev: dev.HALF_FIFO.LEVEL,
            lambda dev: dev.HALF_FIFO.wait(LEVEL=1, timeout_s=0),
        ],
    )
    def test_only_read_reads_what_a_read_changes(self, dev: Any, bus: Recorder, look: Any) -> None:
        with pytest.raises(ReadHasSideEffect) as caught:
            look(dev)
        assert isinstance(caught.value, AttributeError)
        assert bus.taken() == []

    def test_a_write_that_would_read_first_is_refused(self, dev: Any, bus: Recorder) -> None:
        with pytest.raises(AccessError, match="side effect"):
            dev.HALF_FIFO.LEVEL = 1
        with pytest.raises(AccessError):
            dev.HALF_FIFO.modify(LEVEL=1)
        assert bus.taken() == []

    def test_an_explicit_read_reads_once(self, dev: Any, bus: Recorder) -> None:
        dev.FIFO.read()
        assert bus.taken() == [("R", 0x10, 32)]

    def test_getmembers_does_not_touch_a_side_effect(self, dev: Any, bus: Recorder) -> None:
        inspect.getmembers(dev.FIFO)
        assert bus.taken() == []


class TestLaw4AFieldWriteChangesThatFieldAlone:
    def test_neighbours_and_undeclared_bits_are_kept(self, dev: Any, bus: Recorder) -> None:
        bus.memory[0] = 0xFFFF_FF0F
        dev.PLAIN.B = 2
        assert bus.memory[0] == 0xFFFF_FF2F

    def test_write_one_neighbours_get_their_neutral_value(self, dev: Any, bus: Recorder) -> None:
        bus.memory[8] = 0b111
        dev.MIXED.MODE = 3
        # FLAG (a 1 clears) is written 0, NFLAG (a 0 clears) is written 1, EN is kept.
        assert bus.taken() == [("R", 8, 32), ("W", 8, 32, 0b110101)]

    def test_a_write_one_field_is_written_alone_and_never_read_first(
        self, dev: Any, bus: Recorder
    ) -> None:
        dev.EVENTS.E1 = 1
        dev.EVENTS.clear("E0", "E2")
        dev.EVENTS.modify(E2=1)
        dev.NEVENTS.N1 = 0
        assert bus.taken() == [
            ("W", 4, 32, 0b010), ("W", 4, 32, 0b101), ("W", 4, 32, 0b100),
            ("W", 0x30, 32, 0xFFFF_FFFD),
        ]  # fmt: skip

    def test_a_write_one_field_beside_plain_ones_keeps_them(self, dev: Any, bus: Recorder) -> None:
        bus.memory[8] = 0b110111
        dev.MIXED.FLAG = 1
        assert bus.taken() == [("R", 8, 32), ("W", 8, 32, 0b110111)]

    def test_the_neutral_value_is_refused(self, dev: Any, bus: Recorder) -> None:
        for write in (
            lambda: setattr(dev.EVENTS, "E0", 0),
            lambda: setattr(dev.NEVENTS, "N0", 1),
            lambda: dev.EVENTS.modify(E0=0),
        ):
            with pytest.raises(AccessError, match="nothing"):
                write()
        assert bus.taken() == []

    def test_what_cannot_be_kept_is_refused_and_not_guessed(self, dev: Any, bus: Recorder) -> None:
        with pytest.raises(AccessError, match="WHAT is write-only"):
            dev.COMMAND.GO = 1
        with pytest.raises(AccessError, match="only once"):
            dev.ONCE.OTHER = 1
        assert bus.taken() == []
        dev.COMMAND.modify(GO=1, WHAT=3)
        assert bus.taken() == [("W", 0x18, 32, 0x31)]

    def test_verbs_are_held_against_the_action(self, dev: Any, bus: Recorder) -> None:
        with pytest.raises(AccessError, match=r"no set\(\)"):
            dev.EVENTS.set("E0")
        with pytest.raises(AccessError, match="plain"):
            dev.PLAIN.clear("A")
        assert bus.taken() == []


class TestLaw5NothingIsCutSilently:
    @pytest.mark.parametrize(
        ("write", "told"),
        [
            (lambda dev: setattr(dev.PLAIN, "A", 16), ("DEV.PLAIN.A", 16, 4, 15)),
            (lambda dev: setattr(dev.PLAIN, "A", -1), ("DEV.PLAIN.A", -1, 4, 15)),
            (lambda dev: dev.PLAIN.modify(B=99), ("DEV.PLAIN.B", 99, 4, 15)),
            (lambda dev: setattr(dev, "BYTE", 256), ("DEV.BYTE", 256, 8, 255)),
            (lambda dev: setattr(dev.WORD, "raw", 1 << 16), ("DEV.WORD", 1 << 16, 16, 65535)),
            (lambda dev: dev.LONG.write(1 << 64), ("DEV.LONG", 1 << 64, 64, (1 << 64) - 1)),
        ],
    )
    def test_a_value_that_does_not_fit_names_everything(
        self, dev: Any, bus: Recorder, write: Any, told: tuple[str, int, int, int]
    ) -> None:
        path, value, *_ = told
        with pytest.raises(ValueDoesNotFit) as caught:
            write(dev)
        error = caught.value
        assert (error.path, error.value, error.width, error.largest) == told
        assert path in str(error)
        assert str(value) in str(error)
        assert bus.taken() == []


class TestLaw7ADescriptionIsData:
    def test_hostile_text_comes_back_as_text(self, bus: Recorder) -> None:
        hostile = '"""; import os; os.abort() #'
        quoted = hostile.replace('"', '\\"')
        device = device_of(
            f"""
            regmap: 1
            block: block
            registers:
              R: {{offset: 0, description: "{quoted}"}}
            """,
            bus,
        )
        assert type(device.BLOCK.R).__doc__ == hostile

    @pytest.mark.parametrize("name", ["__class__", "__init__", "mro", "read"])
    def test_names_cannot_replace_what_is_ours(self, name: str) -> None:
        from regmap.names import python_name

        safe = python_name(name)
        assert safe != name
        assert not safe.startswith("_")


class TestLaw8ErrorsAreForPeople:
    def test_unknown_names_offer_the_nearest(self, dev: Any) -> None:
        with pytest.raises(UnknownName, match="did you mean EVENTS") as caught:
            dev.EVENT
        assert isinstance(caught.value, AttributeError)
        with pytest.raises(UnknownName, match="STATUS"):
            dev.PLAIN.STATU
        with pytest.raises(UnknownName, match="FAST"):
            dev.PLAIN.B = "FASTER"
        with pytest.raises(UnknownName, match="PLAIN"):
            dev.PLIAN = 3

    def test_a_description_error_has_its_place(self) -> None:
        with pytest.raises(regmap.MapError) as caught:
            device_of("regmap: 1\nblock: block\nregisters:\n  R: {ofset: 0}\n")
        (problem, *_) = caught.value.problems
        assert problem.place is not None
        assert problem.place.line == 4
        assert "offset" in str(problem) + problem.fix


class TestLaw9AFaultIsAnException:
    def test_a_closed_device_raises(self, tmp_path: Any) -> None:
        image = tmp_path / "image"
        image.write_bytes(bytes(4096))
        description = tmp_path / "block.yaml"
        description.write_text(
            "regmap: 1\nblock: block\nregisters: {R: {offset: 0}}\n", encoding="utf-8"
        )
        with regmap.open(description, backend=f"file:{image}@0") as device:
            register = device.BLOCK.R
            register.read()
        with pytest.raises(ClosedError):
            register.read()
        with pytest.raises(ClosedError):
            device.BLOCK.R.raw = 1

    def test_a_truncated_file_is_a_bus_fault_with_its_address(self, tmp_path: Any) -> None:
        image = tmp_path / "image"
        image.write_bytes(bytes(8192))
        description = tmp_path / "block.yaml"
        description.write_text(
            "regmap: 1\nblock: block\nregisters: {R: {offset: 0x1000}}\n", encoding="utf-8"
        )
        with regmap.open(description, backend=f"file:{image}@0") as device:
            device.BLOCK.R.read()
            with image.open("r+b") as file:
                file.truncate(4096)
            for use in (device.BLOCK.R.read, lambda: device.BLOCK.R.write(1)):
                with pytest.raises(regmap.BusFault, match=r"BLOCK\.R") as caught:
                    use()
                assert caught.value.address == 0x1000


def test_importing_regmap_loads_no_parser() -> None:
    """Law 2 for imports: neither a parser nor a template engine nor the command line."""
    code = (
        "import sys, regmap; regmap.RegmapError; "
        "bad = {'yaml', 'jinja2', 'lxml', 'argparse', 'cmsis_svd'} & set(sys.modules); "
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
