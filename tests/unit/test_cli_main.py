"""The command as a whole: usage, help, exit statuses, terminals, pipes and interrupts."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regmap import errors
from regmap.cli import describe
from regmap.cli.console import Console, safe
from regmap.cli.main import main, make_parser
from tests.unit.cli_support import GOLDEN, LAMPS, Terminal, child, ok, refused, run

SIM = ("--backend", "sim:")
BROKEN = str(GOLDEN / "broken.yaml")
HOSTILE = """\
regmap: 1
block: hostile
description: "\\e[31mred\\e[0m\\a"
source: made for these tests
registers:
  A:
    offset: 0
    description: "first line\\nsecond\\e]0;title\\a"
    fields:
      F: {bits: "1:0", description: "\\u202Ereversed \\e[2J", enum: {X: 0}}
"""


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command with its parser."""
    found = [a.choices for a in make_parser()._actions if isinstance(a.choices, dict)]
    assert len(found) == 1
    return found[0]


class TestUsage:
    def test_the_commands(self) -> None:
        assert set(commands()) >= {
            "check", "list", "export", "show", "read", "write", "dump", "peek", "poke", "doctor",
            "demo", "completion",
        }  # fmt: skip

    @pytest.mark.parametrize("name", commands())
    def test_help_says_what_and_how(self, name: str) -> None:
        help_text = " ".join(ok(name, "--help").split())
        parser = commands()[name]
        assert parser.description
        assert len(parser.description) > 20
        assert " ".join(parser.description.split()) in help_text.replace("- ", "-")
        for action in parser._actions:
            assert action.help, f"{name} {action.dest} is not explained"

    def test_the_help_of_all_names_each_and_the_statuses(self) -> None:
        text = ok("--help")
        assert all(f"    {name}" in text for name in commands())
        assert "3 the hardware or backend failed" in " ".join(text.split())

    def test_version(self) -> None:
        assert ok("--version") == "regmap 0.1.0\n"

    @pytest.mark.parametrize(
        ("argv", "why"),
        [
            ([], "the following arguments are required: COMMAND; see `regmap --help`"),
            (["reed"], "there is no command 'reed'; did you mean read? See `regmap --help`"),
            (["zzzzz"], "there is no command 'zzzzz'; there are check, list"),
            (["read"], "required: BOARD, PATH; see `regmap read --help`"),
            (["read", LAMPS], "required: PATH"),
            (["read", LAMPS, "--wat", "LEFT"], "no option or argument like this: --wat"),
            (["show", LAMPS, "LEFT", "RIGHT"], "no option or argument like this: RIGHT"),
            (["dump", LAMPS, "LEFT", "--json", "RIGHT"], "no option or argument like this: RIGHT"),
            (["read", LAMPS, "--back", "sim:", "LEFT"], "no option or argument like this: --back"),
            (["read", LAMPS, "--backend"], "--backend: expected one argument"),
            (["read", LAMPS, "LEFT.ID", "--cpu", "zero"], "'zero' is no number"),
            (["export", LAMPS, "--format", "xml"], "invalid choice: 'xml'"),
            (["completion", "csh"], "invalid choice: 'csh'"),
            (["demo", "--json"], "--json goes with --list"),
            (["demo", "pi_lds"], "there is no demonstration 'pi_lds'; did you mean pi_leds?"),
            (["demo", "qqqqq"], "there is no demonstration 'qqqqq'; see `regmap demo --list`"),
            (["doctor", "hpet"], "hpet is no board; the doctor examines boards"),
            (["doctor", "rpi9"], "no description 'rpi9' is shipped"),
            (["read", "rpi1-rev3", *SIM, "GPIO"], "did you mean rpi1-rev"),
            (
                ["read", LAMPS, "--backend", "sim", "MIDDLE.ID"],
                "lamp-board has no 'MIDDLE'; it has",
            ),
        ],
    )
    def test_wrong_usage_is_status_2(self, argv: list[str], why: str) -> None:
        assert why in " ".join(refused(*argv).split())

    def test_paths_may_stand_before_and_behind_options(self) -> None:
        wanted = ok("read", "--raw", LAMPS, *SIM, "LEFT.ID", "LEFT.CTRL")
        assert ok("read", LAMPS, "LEFT.ID", *SIM, "LEFT.CTRL", "--raw") == wanted
        assert ok("read", LAMPS, "LEFT.ID", "LEFT.CTRL", "--raw", *SIM) == wanted
        assert ok("dump", LAMPS, *SIM, "LEFT.KEPT") == ok("dump", LAMPS, "LEFT.KEPT", *SIM)


# All others are 2.
STATUS = {
    errors.GeneratedOutdated: 1,
    errors.BackendError: 3,
    errors.DaemonError: 3,
    errors.WaitTimeout: 3,
}


class TestStatus:
    """Every error of the package has its status, and none shows a traceback."""

    @staticmethod
    def everyone() -> list[type[errors.RegmapError]]:
        found: list[type[errors.RegmapError]] = [errors.RegmapError]
        for each in found:
            found += each.__subclasses__()
        return [each for each in found if each.__module__ == "regmap.errors"]

    @pytest.mark.parametrize("kind", everyone())
    def test_errors(self, kind: type[errors.RegmapError], monkeypatch: pytest.MonkeyPatch) -> None:
        error = kind.__new__(kind)
        Exception.__init__(error, "what went wrong; do this")
        error.__dict__["problems"] = ()

        def fail(*_: object) -> int:
            raise error

        monkeypatch.setattr(describe, "run_list", fail)
        expected = next((s for base, s in STATUS.items() if issubclass(kind, base)), 2)
        assert refused("list", status=expected) == "regmap: what went wrong; do this\n"

    def test_an_error_of_the_system_names_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> int:
            raise PermissionError(13, "Permission denied", "/etc/shadow")

        monkeypatch.setattr(describe, "run_list", fail)
        assert refused("list", status=3) == "regmap: /etc/shadow: Permission denied\n"

    def test_a_traceback_only_where_one_is_asked_for(self) -> None:
        with pytest.raises(errors.UnknownName):
            main(["--traceback", "show", LAMPS, "MIDDLE"])

    def test_ctrl_c_is_130_and_quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object) -> int:
            raise KeyboardInterrupt

        monkeypatch.setattr(describe, "run_list", interrupted)
        assert run("list") == (130, "", "")


class TestAsAProcess:
    def test_answers_and_remarks_are_apart(self) -> None:
        done = child("read", LAMPS, *SIM, "LEFT.F*", "LEFT.TONE0")
        assert done.returncode == 0
        assert done.stdout == "LEFT.TONE0 = 0x00\n"
        assert done.stderr.startswith("regmap: left out LEFT.FIFO")

    @pytest.mark.parametrize(
        ("argv", "status"),
        [
            (["list"], 0),
            (["check", "/nonexistent.yaml"], 1),
            (["show", "nothing"], 2),
            (["peek", "0", "--backend", "file:/nonexistent"], 3),
        ],
    )
    def test_statuses(self, argv: list[str], status: int) -> None:
        done = child(*argv)
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert bool(done.stderr) == (status > 1)

    def test_the_installed_command_is_the_same(self) -> None:
        command = Path(sys.executable).with_name("regmap")
        done = subprocess.run([command, "--version"], text=True, capture_output=True, check=True)
        assert done.stdout == child("--version").stdout

    def test_a_reader_that_has_seen_enough(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "regmap", "export", "beaglebone-black"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(30), said) == (0, b"")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    def test_a_full_disk_is_an_error_without_a_traceback(self) -> None:
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "regmap", "list"],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == 3
        assert done.stderr == "regmap: No space left on device\n"

    def test_nowhere_to_print(self) -> None:
        command = f"{sys.executable} -m regmap list >&-"
        done = subprocess.run(command, shell=True, capture_output=True, check=False)  # noqa: S602
        assert (done.returncode, done.stderr) == (0, b"")

    def test_a_terminal_that_lacks_a_character(self) -> None:
        done = child("demo", "hpet", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_real_interrupt(self) -> None:
        script = (
            "import os, signal, sys, regmap.cli.describe as d, regmap.cli.main as m\n"
            "d.run_list = lambda *_: os.kill(os.getpid(), signal.SIGINT) or signal.pause()\n"
            "sys.exit(m.main(['list']))\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_help_and_version_load_no_parser_and_no_table(self) -> None:
        script = (
            "import sys; from regmap.cli.main import main\n"
            "try: main(['read', '--help'])\n"
            "except SystemExit: pass\n"
            "print([m for m in ('yaml', 'lxml', 'jinja2', 'rich', 'shtab', 'regmap._core')"
            " if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


class TestTerminal:
    def test_a_table_is_drawn(self) -> None:
        terminal = Terminal("show", LAMPS, "LEFT")
        assert terminal.finish() == 0
        assert "─" in terminal.out
        assert "LEFT.CTRL" in terminal.out

    @pytest.mark.parametrize("argv", [("demo", "words"), ("check", BROKEN)])
    def test_colours_unless_told_otherwise(self, argv: tuple[str, ...]) -> None:
        for settings, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            terminal = Terminal(*argv, **settings)
            terminal.finish()
            assert ("\x1b[" in terminal.out) is coloured

    def test_json_is_indented_and_plain(self) -> None:
        terminal = Terminal("show", LAMPS, "--json")
        assert terminal.finish() == 0
        assert "\x1b" not in terminal.out
        assert terminal.out.startswith("{\r\n  ")
        assert json.loads(terminal.out)["name"] == "lamp-board"

    def test_a_pipe_gets_plain_text(self) -> None:
        for argv in (["list"], ["show", LAMPS, "LEFT"], ["demo", "words"], ["check", "hpet"]):
            done = child(*argv, env={"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"})
            assert "\x1b" not in done.stdout
            assert "─" not in done.stdout


class TestHostileText:
    @pytest.fixture
    def hostile(self, tmp_path: Path) -> str:
        file = tmp_path / "hostile.yaml"
        file.write_text(HOSTILE)
        return str(file)

    COMMANDS = (
        ("show", ()),
        ("show", ("HOSTILE",)),
        ("show", ("HOSTILE.A",)),
        ("show", ("HOSTILE.A.F",)),
        ("show", ("--json", "HOSTILE.A")),
        ("read", (*SIM, "HOSTILE.A")),
        ("dump", SIM),
        ("export", ()),
        ("check", ()),
        ("check", ("--format", "sarif")),
    )

    @pytest.mark.parametrize(("command", "more"), COMMANDS)
    def test_nothing_steers_the_terminal(
        self, hostile: str, command: str, more: tuple[str, ...]
    ) -> None:
        result = run(command, hostile, *more)
        assert result.status == 0
        text = result.out + result.err
        assert all(c.isprintable() or c == "\n" for c in text)

    def test_what_was_there_is_shown(self, hostile: str) -> None:
        assert "\\x1b[31mred\\x1b[0m\\x07" in ok("show", hostile)
        assert "first line second\\x1b]0;title\\x07" in ok("show", hostile, "HOSTILE")

    def test_on_a_terminal_too(self, hostile: str) -> None:
        terminal = Terminal("show", hostile, "HOSTILE")
        assert terminal.finish() == 0
        assert "\x1b]0" not in terminal.out
        assert "\x1b[31m" not in terminal.out
        assert "\\x1b]0;title" in terminal.out

    def test_arguments_as_well(self) -> None:
        why = refused("read", LAMPS, *SIM, "LEFT.\x1b[31mX")
        assert "\x1b" not in why

    def test_safe(self) -> None:
        assert safe("plain µ text") == "plain µ text"
        assert safe("a\nb") == "a\nb"
        assert safe("\x1b[0m\r\t\x9b\u2028\u202e") == "\\x1b[0m\\r\\t\\x9b\\u2028\\u202e"


class TestConsole:
    def test_cells_are_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        Console().table(["a", "bb"], [["one\n two", ""], ["x", "y"]], title="T")
        assert capsys.readouterr().out == "T\na        bb\none two\nx        y\n"
