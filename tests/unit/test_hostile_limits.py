"""What a hostile or broken description may cost: nothing that a person would wait for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regmap.bits import BitRange
from regmap.check import apply_suppressions, check
from regmap.errors import BackendUnavailable, MapError, Severity
from regmap.layout import lay_out
from regmap.layout.lower import _MOST_INSTANCES
from regmap.loaders import read
from regmap.model.block import Array, Block, Enum, EnumValue, Field, Register
from regmap.model.chip import Chip, Instance
from regmap.names import Taken, unique_name
from tests.unit.cli_support import refused, run

ONE = Register(name="R", offset=0, reset=0)


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """Ends a test that waits for ever or takes as long as the quadratic forms did."""

    def too_late(*_: object) -> None:
        raise TimeoutError("this takes too long")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class TestFiles:
    @pytest.mark.parametrize("suffix", [".yaml", ".svd"])
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path, suffix: str) -> None:
        file = tmp_path / f"pipe{suffix}"
        os.mkfifo(file)
        (problem,) = read(file).problems
        assert problem.rule == "RM008"
        assert problem.text.endswith("cannot be read: it is a pipe")

    def test_a_device_is_not_opened(self, tmp_path: Path) -> None:
        file = tmp_path / "zero.svd"
        file.symlink_to("/dev/zero")
        (problem,) = read(file).problems
        assert (problem.rule, problem.text[-11:]) == ("RM008", "is a device")

    @pytest.mark.parametrize(("suffix", "most"), [(".yaml", 4 << 20), (".svd", 64 << 20)])
    def test_a_large_file_is_refused_by_its_size(
        self, tmp_path: Path, suffix: str, most: int
    ) -> None:
        file = tmp_path / f"large{suffix}"
        with file.open("wb") as stream:
            stream.truncate(most + 1)
        loaded = read(file)
        assert [problem.rule for problem in loaded.problems] == ["RM001"]
        assert f"larger than {most >> 20} MiB" in loaded.problems[0].text
        assert not loaded.texts

    def test_of_what_is_no_xml_only_the_beginning_is_kept(self, tmp_path: Path) -> None:
        file = tmp_path / "nul.svd"
        with file.open("wb") as stream:
            stream.truncate(8 << 20)
        (text,) = read(file).texts.values()
        assert len(text) <= 1 << 20


class TestNames:
    def test_numbering_is_that_of_a_plain_set_and_linear(self) -> None:
        plain: set[str] = set()
        taken = Taken()
        for name in ["A", "A", "A_2", "A", "B", "A_3", "A", "A_2"] * 3:
            one = unique_name(name, plain)
            assert unique_name(name, taken) == one
            assert unique_name(name, taken) == one  # asking takes nothing
            plain.add(one)
            taken.add(one)

    def test_many_of_one_name(self) -> None:
        taken = Taken()
        for _ in range(50_000):
            taken.add(unique_name("R", taken))
        assert "R_50000" in taken

    def test_many_enum_values_of_one_name(self) -> None:
        values = tuple(EnumValue(name="V", value=number) for number in range(30_000))
        field = Field(name="F", bits=(BitRange(0, 32),), enum=Enum(name="E", values=values))
        block = Block(name="b", items=(Register(name="R", offset=0, fields=(field,)),))
        (instance,) = lay_out(block).instances.values()
        assert len(instance.block.members) == 1

    def test_too_many_enum_values(self) -> None:
        values = tuple(EnumValue(name=f"V{number}", value=number) for number in range(200_001))
        field = Field(name="F", bits=(BitRange(0, 32),), enum=Enum(name="E", values=values))
        block = Block(name="b", items=(Register(name="R", offset=0, fields=(field,)),))
        (instance,) = lay_out(block).instances.values()
        with pytest.raises(MapError, match="more than 200,000 enum values"):
            _ = instance.block

    def test_instances(self) -> None:
        def chip(count: int) -> Chip:
            array = Array(counts=(count,), strides=(4,))
            block = Block(name="b", items=(ONE,), size=4)
            return Chip(name="c", instances=(Instance(name="P", block=block, base=0, array=array),))

        assert len(lay_out(chip(_MOST_INSTANCES)).instances) == _MOST_INSTANCES
        with pytest.raises(MapError, match="more than 10,000 instances"):
            lay_out(chip(_MOST_INSTANCES + 1))


class TestProblems:
    def test_a_file_has_two_hundred_and_one_more(self, tmp_path: Path) -> None:
        file = tmp_path / "same.yaml"
        lines = "".join(f"  R{number}: {{offset: 0}}\n" for number in range(3_000))
        file.write_text(f"block: same\nsource: x\nregisters:\n{lines}")
        loaded = read(file)
        assert loaded.model is not None
        found = check(loaded.model)
        assert len(found) < 4_000
        told = apply_suppressions(found, loaded.texts)
        assert len(told) == 201
        assert {problem.severity for problem in told} == {Severity.ERROR}
        (last,) = [problem for problem in told if "further problems" in problem.text]
        assert last.rule == "RM210"
        assert last.place is not None
        assert (last.place.file, last.place.line) == (str(file), 1)

    def test_errors_come_before_what_is_worth_less(self, tmp_path: Path) -> None:
        file = tmp_path / "few.yaml"
        lines = "".join(f"  R{number}: {{offset: {4 * number}}}\n" for number in range(300))
        file.write_text(f"block: few\nregisters:\n{lines}  Z: {{offset: 2}}\n")
        loaded = read(file)
        assert loaded.model is not None
        told = apply_suppressions(check(loaded.model), loaded.texts)
        assert len(told) == 201
        assert "RM211" in {problem.rule for problem in told}
        (last,) = [problem for problem in told if "further problems" in problem.text]
        assert last.severity is not Severity.ERROR

    def test_a_missing_key_and_its_typing_error_are_one_problem(self, tmp_path: Path) -> None:
        file = tmp_path / "typo.yaml"
        file.write_text("block: typo\nregisters:\n  A: {ofset: 0}\n  B: {zzz: 0}\n")
        rules = [(problem.rule, problem.text) for problem in read(file).problems]
        assert [rule for rule, _ in rules] == ["RM003", "RM003", "RM004"]

    def test_what_removes_nothing_offers_the_nearest_name(self, tmp_path: Path) -> None:
        (tmp_path / "base.yaml").write_text("block: base\nregisters:\n  CONTROL: {offset: 0}\n")
        file = tmp_path / "over.yaml"
        file.write_text(
            "block: over\nextends: base\nregisters:\n  CONTROLS: null\n  QQQ: null\n"
            "  NEW: {offset: 4}\n"
        )
        first, second = read(file).problems
        assert (first.rule, first.severity, first.fix) == (
            "RM101", Severity.ERROR, "did you mean CONTROL?"
        )  # fmt: skip
        assert (second.rule, second.severity) == ("RM104", Severity.WARNING)


class TestCheckCommand:
    def test_what_cannot_be_laid_out_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "far.svd"
        file.write_text(
            "<device><name>D</name><peripherals><peripheral><name>P</name>"
            "<baseAddress>0xFFFFFFFFFFFFFFFE</baseAddress><registers><register><name>R</name>"
            "<addressOffset>0</addressOffset></register></registers></peripheral></peripherals>"
            "</device>"
        )
        found = run("check", str(file), "--json")
        assert found.status == 1
        assert "RM000" in {each["rule"] for each in found.json}
        assert run("show", str(file)).status == 2

    def test_remarks_on_shipped_files_only_where_they_are_named(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("board: mine\nextends: pc\n")
        pedantic = ("--profile", "pedantic", "--json")
        assert {each["file"] for each in run("check", str(file), *pedantic).json} <= {str(file)}
        remarks = run("check", "lapic", *pedantic).json
        assert remarks
        both = run("check", str(file), "lapic", *pedantic).json
        assert all(each in both for each in remarks)

    def test_a_file_name_that_is_no_text(self, tmp_path: Path) -> None:
        file = os.fsencode(tmp_path) + b"/b\xff.yaml"
        Path(os.fsdecode(file)).write_text("block: b\n")
        found = run("check", "--format", "sarif", os.fsdecode(file))
        uris = [
            each["physicalLocation"]["artifactLocation"]["uri"]
            for result in found.json["runs"][0]["results"]
            for each in result["locations"]
        ]
        assert uris
        assert all(uri.endswith("b%FF.yaml") for uri in uris)


class TestArguments:
    @pytest.mark.parametrize(
        "argv",
        [
            ("read", "rpi1-rev2", "--backend", "sim:", f"GPIO.GPFSEL[{'9' * 5000}]"),
            ("show", "rpi1-rev2", f"GPIO.pin[{'9' * 5000}]"),
            ("write", "rpi1-rev2", "--backend", "sim:", f"GPIO.GPFSEL1.FSEL17=0x{'f' * 50000}"),
            ("write", "rpi1-rev2", "--backend", "sim:", f"GPIO.GPFSEL1={'9' * 5000}"),
            ("peek", "9" * 5000),
            ("peek", "0", "--count", "0x" + "9" * 5000),
            ("9" * 5000,),
        ],
    )
    def test_huge_numbers(self, argv: tuple[str, ...]) -> None:
        assert len(refused(*argv)) < 1_500

    @pytest.mark.parametrize("more", [(), ("--dry-run",)])
    def test_traces_within_traces(self, more: tuple[str, ...]) -> None:
        from regmap.backends import open_backend

        uri = "trace:" * 5000 + "anon:"
        assert "more than 8" in refused("peek", "0", "--backend", uri, *more, status=3)
        with pytest.raises(BackendUnavailable):
            open_backend("trace:" * 9 + "anon:")
        open_backend("trace:" * 8 + "anon:").close()


class TestPins:
    def test_paths(self) -> None:
        sim = ("--backend", "sim:")
        assert run("read", "rpi4", *sim, "P1-11.level").out == "GPIO.pin[17].level = 0x0\n"
        written = run("write", "rpi4", "--backend", "trace:sim:", "P1-11.pull=UP", "--json")
        assert (written.status, written.json[0]["path"]) == (0, "GPIO.pin[17].pull")
        assert "it is no GPIO: " in refused("read", "rpi1-rev2", *sim, "P1-01.level")
        assert "did you mean P1-19" in refused("read", "rpi1-rev2", *sim, "P1-99.level")

    def test_one_alone(self) -> None:
        text = run("show", "rpi1-rev2", "P1-11").out
        assert text.startswith("P1-11: GPIO.pin[17] of rpi1-rev2\n")
        assert "also: GPIO17" in text
        assert "reset pull: down" in text
        found = run("show", "beaglebone-black", "USR0", "--json").json
        assert found["pad"] == "CONTROL.conf_gpmc_a5"
        assert found["functions"]["MODE7"] == "gpio1_21"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
class TestStreams:
    @pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
    @pytest.mark.parametrize(
        ("words", "status"), [("list", 0), ("reed", 2), ("show nothing", 2), ("peek 0", None)]
    )
    def test_remarks_that_cannot_be_written(
        self, where: str, words: str, status: int | None
    ) -> None:
        if status is None:
            words, status = "peek 0 --backend file:/nonexistent", 3
        command = f"{sys.executable} -m regmap {words}"
        usual = subprocess.run(command, shell=True, capture_output=True, check=False)  # noqa: S602
        done = subprocess.run(f"{command} {where}", shell=True, capture_output=True, check=False)  # noqa: S602
        assert (done.returncode, done.stdout) == (usual.returncode, usual.stdout)
        assert done.returncode == status

    @pytest.mark.parametrize("words", ["list", "export pc", "demo words"])
    def test_an_answer_that_cannot_be_written(self, words: str) -> None:
        command = f"{sys.executable} -m regmap {words} >/dev/full"
        done = subprocess.run(command, shell=True, capture_output=True, check=False)  # noqa: S602
        assert (done.returncode, done.stderr) == (3, b"regmap: No space left on device\n")

    def test_nobody_listens_at_all(self) -> None:
        command = f"{sys.executable} -m regmap list >&- 2>&- <&-"
        assert subprocess.run(command, shell=True, check=False).returncode == 0  # noqa: S602


def test_a_long_peek_is_shown_as_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "zeros"
    with file.open("wb") as stream:
        stream.truncate(64)
    # The mapping is asked for once; behind the end it is refused before the first line.
    uri = ("--backend", f"file:{file}")
    assert "are outside" in refused("peek", "0", "--count", "17", *uri, status=3)
    lines = run("peek", "0x20", "--count", "8", *uri).out.splitlines()
    assert [line[:8] for line in lines] == ["00000020", "00000030"]


class TestShow:
    def test_a_long_description_is_cut_in_a_table_only(self, tmp_path: Path) -> None:
        file = tmp_path / "long.yaml"
        text = "word " * 60 + "end"
        file.write_text(
            f"block: long\nregisters:\n  A: {{offset: 0, description: {text}}}\n"
            "  B: {offset: 4, array: {count: 100, stride: 4}}\n"
        )
        table = run("show", str(file), "LONG").out
        assert max(map(len, table.splitlines())) < 160
        assert " ...\n" in table
        assert "LONG.B[0..99]  0x4 to 0x190" in table
        assert text in run("show", str(file), "LONG.A").out
        assert len(run("show", str(file), "LONG", "--json").json) == 101
