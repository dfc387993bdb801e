"""The demonstrations: what they show, in what time, and what they leave behind."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from regmap.backends.trace import Access
from regmap.demos import DEMOS, NoSuchDemo, bbb_blink, pi_leds, run, words
from regmap.demos.stage import Stage
from regmap.demos.traffic import line_of, namer
from regmap.errors import BackendError
from regmap.layout import lay_out
from tests.support import model_of
from tests.unit import cli_support
from tests.unit.cli_support import GOLDEN, Terminal, child, golden, ok

TOUR = [demo.name for demo in DEMOS if demo.tour]


class Screen(io.StringIO):
    """A terminal that keeps what was printed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a demonstration made, none of them waited for."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def normal(text: str) -> str:
    """Without the numbers that are measured: the counter of the event timer."""
    text = re.sub(r"(R32 0xFED000F0 = )0x\w{8}", r"\1<counter>", text)
    return re.sub(r"\d+ ticks of 10 ns are \d\.\d{3} s", "<n> ticks of 10 ns are <t> s", text)


@pytest.mark.parametrize("name", [demo.name for demo in DEMOS])
def test_what_each_shows_in_a_pipe(name: str, naps: list[float]) -> None:
    golden(f"demo-{name}.txt", normal(ok("demo", name)))


def test_no_golden_file_is_left_over() -> None:
    found = {file.name for file in GOLDEN.glob("demo-*")}
    assert found == {f"demo-{demo.name}.txt" for demo in DEMOS}


@pytest.mark.parametrize("name", [demo.name for demo in DEMOS])
def test_each_line_of_play_is_shown(name: str, naps: list[float]) -> None:
    (module,) = (demo.module() for demo in DEMOS if demo.name == name)
    body = inspect.getsource(module.play).splitlines()[2:]
    if hasattr(module, "prepare"):
        # What the simulator is told is no secret, or nobody could repeat it.
        lines = inspect.getsource(module.prepare).splitlines()[2:]
        prepared = [line for line in lines if not line.lstrip().startswith("#")]
        body = ["sim = device.backend  # the simulator plays the hardware", *prepared, *body]
    shown = [line[4:] for line in ok("demo", name).splitlines() if line[:4] in {">>> ", "... "}]
    assert shown[0].startswith("device = regmap.open(")
    assert shown[1:] == [line.removeprefix("    ") for line in body]


def test_the_tour_is_all_four_in_order_in_a_process_of_its_own() -> None:
    start = time.monotonic()
    done = child("demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - start < 15
    titles = [demo.title for demo in DEMOS if demo.tour]
    places = [done.stdout.index(title) for title in titles]
    assert len(titles) == 4
    assert places == sorted(places)
    assert "\x1b" not in done.stdout
    assert "●" not in done.stdout
    assert "\r" not in done.stdout


def test_the_pauses_are_short(naps: list[float]) -> None:
    ok("demo")
    assert 0.5 < sum(naps) < 5


def test_the_counter_runs_at_the_rate_that_it_states() -> None:
    out = ok("demo", "hpet")
    (seconds,) = re.findall(r"ticks of 10 ns are (\d\.\d{3}) s", out)
    assert 0.1 <= float(seconds) < 2


def test_the_list() -> None:
    lines = ok("demo", "--list").splitlines()
    assert [line.split()[0] for line in lines[1:]] == [demo.name for demo in DEMOS]
    rows = json.loads(ok("demo", "--list", "--json"))
    assert [row["name"] for row in rows if row["tour"]] == TOUR


def test_a_hyphen_is_as_good(naps: list[float]) -> None:
    assert ok("demo", "pi-leds") == ok("demo", "pi_leds")


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(NoSuchDemo, match=r"'apics'; did you mean apic\?"):
        run("apics", io.StringIO())
    with pytest.raises(NoSuchDemo, match="see `regmap demo --list`"):
        run("zzzzz", io.StringIO())


def test_another_backend_is_not_prepared(naps: list[float], monkeypatch: Any) -> None:
    """On hardware nothing is set up behind the program's back, and nothing is drawn."""

    def fail(_: object) -> None:
        raise AssertionError("the hardware was prepared like a simulator")

    monkeypatch.setattr(bbb_blink, "prepare", fail)
    screen = Screen()
    Stage(screen, "anon:").play("t", pi_leds)
    assert 'regmap.open("rpi1-rev2", backend="anon:")' in screen.getvalue()
    assert "●" not in screen.getvalue()


class TestLeds:
    def test_they_are_drawn_on_a_terminal(self) -> None:
        terminal = Terminal("demo", "pi_leds")
        assert terminal.finish() == 0
        assert terminal.err == ""
        for led in pi_leds.LEDS:
            assert re.search(rf"● GPIO{led}\b", terminal.out)
        assert last_picture(terminal.out) == "○  GPIO7  ○  GPIO8  ○  GPIO9  ○  GPIO10  ○  GPIO11"
        # Each picture is wiped before the next line.
        assert terminal.out.count("\r\x1b[K") == len(re.findall(r"[●○] GPIO7", terminal.out))

    def test_one_shines_at_a_time(self, naps: list[float]) -> None:
        screen = Screen()
        Stage(screen).play("t", pi_leds)
        pictures = [line for line in re.split(r"[\r\n]", screen.getvalue()) if "GPIO7  " in line]
        chase = [re.findall(r"● (GPIO\d+)", picture) for picture in pictures]
        lit = [each for each in chase if each]
        wanted = [["GPIO7"], ["GPIO8"], ["GPIO9"], ["GPIO10"], ["GPIO11"], ["GPIO7"]]
        assert [each for n, each in enumerate(lit) if n == 0 or each != lit[n - 1]] == wanted
        assert chase[-1] == []


def last_picture(text: str) -> str:
    """The last row of LEDs that was drawn."""
    return re.findall(r"[●○] GPIO7.*?GPIO11", text)[-1].replace("○ ", "○  ")


class TestCutShort:
    """Whatever ends a demonstration early, the LEDs are off after it."""

    @pytest.mark.parametrize("module", [pi_leds, bbb_blink])
    @pytest.mark.parametrize("out", [io.StringIO, Screen])
    def test_at_any_access(self, module: Any, out: Callable[[], Any], naps: list[float]) -> None:
        """An interrupt just behind each access of the whole run, one run for each."""
        whole = Stage(out())
        total = count_accesses(whole, module)
        assert total > 10
        for stop in range(1, total + 1):
            stage = Stage(out())
            with pytest.raises(KeyboardInterrupt):
                play_until(stage, module, stop)
            assert not shining(stage), f"an LED shines after access {stop}"

    @pytest.mark.parametrize("module", [pi_leds, bbb_blink])
    def test_in_each_pause(self, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def sleep(_: float) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt

        monkeypatch.setattr(time, "sleep", sleep)
        for pause in range(1, 6):
            left = pause
            stage = Stage(io.StringIO())
            with pytest.raises(KeyboardInterrupt):
                stage.play("t", module)
            assert not shining(stage)

    def test_by_a_reader_that_went_away(self, naps: list[float]) -> None:
        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                if "W32 0x2020001C" in text:
                    raise BrokenPipeError
                return super().write(text)

        stage = Stage(Closed())
        with pytest.raises(BrokenPipeError):
            stage.play("t", pi_leds)
        assert not shining(stage)

    def test_what_keeps_it_from_switching_off_is_said(
        self, naps: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def off(device: Any) -> None:
            raise BackendError("the cable is out")

        monkeypatch.setattr(pi_leds, "off", off)
        out = io.StringIO()
        with pytest.raises(KeyboardInterrupt):
            play_until(Stage(out), pi_leds, 3)
        assert out.getvalue().endswith("could not switch off: the cable is out\n")

    @pytest.mark.parametrize("name", ["pi_leds", "bbb_blink"])
    def test_a_real_interrupt_on_a_terminal(self, name: str) -> None:
        terminal = Terminal("demo", name)
        terminal.until("●")
        terminal.interrupt()
        assert terminal.finish() == 130
        assert terminal.err == ""
        assert "Traceback" not in terminal.out
        pictures = re.findall(r"[●○] (?:GPIO7.*?GPIO11|USR0)", terminal.out)
        assert "●" not in pictures[-1]
        last = re.findall(r"W32 \w+ = (\w+)  \S+?\.(\w+)", terminal.out)[-1]
        wanted = {"pi_leds": ("0x00000F80", "GPCLR0"), "bbb_blink": ("0x00200000", "CLEARDATAOUT")}
        assert last == wanted[name]


def count_accesses(stage: Stage, module: Any) -> int:
    """Play to the end and count."""
    return play_until(stage, module, 0)


def play_until(stage: Stage, module: Any, stop: int) -> int:
    """Play, with Ctrl-C just behind access number ``stop``."""
    heard, count = stage._heard, 0

    def hear(access: Access) -> None:
        nonlocal count
        count += 1
        if count == stop:
            raise KeyboardInterrupt
        heard(access)

    stage._heard = hear  # type: ignore[method-assign]
    stage.play("t", module)
    return count


def shining(stage: Stage) -> bool:
    """Whether an LED of the simulated board shines."""
    return "●" in stage._module.draw(stage.inner) if stage._module else False


class TestWords:
    def test_the_model_shows_what_the_dumper_showed(self) -> None:
        """The symptom as it was reported: 0x12345678 and 0x87654321, byte by byte."""
        for value, seen in ((0x12345678, 0x00340078), (0x87654321, 0x00650021)):
            bus = words.RegisterFile()
            for at, byte in enumerate(value.to_bytes(4, "little")):
                bus.write(0x20 + at, 8, byte)
            assert bus.read(0x20, 32) == seen

    @pytest.mark.parametrize("width", [8, 16, 32, 64])
    def test_whole_words_arrive_whole(self, width: int) -> None:
        bus = words.RegisterFile()
        value = 0x123456789ABCDEF0 & (1 << width) - 1
        bus.write(0x40, width, value)
        assert bus.read(0x40, width) == value


class TestTraffic:
    LAYOUT = """
        regmap: 1
        block: parts
        registers:
          A: {offset: 0x0, width: 64, access-widths: [32], word-order: low-first}
          B: {offset: 0x8, width: 16}
          C: {offset: 0x8, width: 32, alternate: true}
          D: {offset: 0xF, width: 8}
        """

    def test_names_of_registers_and_of_their_parts(self) -> None:
        name = namer(lay_out(model_of(self.LAYOUT, "parts.yaml")))
        assert [name(address, 32) for address in (0, 4, 8)] == ["PARTS.A", "PARTS.A+4", "PARTS.C"]
        assert name(0, 64) == "PARTS.A"
        assert name(8, 16) == "PARTS.B"
        assert name(15, 8) == "PARTS.D"
        assert name(9, 8) == "PARTS.B+1"
        assert name(10, 16) == "PARTS.C+2"
        assert (name(14, 8), name(14, 16), name(0x1000, 32), name(-4, 32)) == ("", "", "", "")

    def test_lines(self) -> None:
        assert line_of(Access("write", 0x20, 8, 0x12, "W")) == "W8  0x00000020 = 0x12  W"
        assert line_of(Access("read", 0x20, 64, 1 << 60)) == (
            "R64 0x00000020 = 0x10000000_00000000"
        )
        failed = Access("read", 0x20, 32, 0, "R", "BusFault: no")
        assert line_of(failed) == "R32 0x00000020 = ?  R  failed: BusFault: no"


def test_support_is_honest() -> None:
    """The helper of these tests fails where a golden file differs."""
    if os.environ.get("REGMAP_GOLDEN") != "write":
        with pytest.raises(AssertionError):
            cli_support.golden("demo-words.txt", "something else")
