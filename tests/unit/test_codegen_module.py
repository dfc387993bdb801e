"""Generated modules: their text, what importing one costs, and what it gives.

The golden files are made anew by ``REGMAP_GOLDEN=write pytest tests/unit/test_codegen_module.py``;
look at the difference before committing it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regmap import loaders
from regmap.codegen.emit import Form, emit, emit_boards
from regmap.codegen.plan import Header
from regmap.layout import lay_out
from regmap.layout.device import DeviceLayout
from regmap.live.generated import once
from tests.generating import SHA, emitted, generated, header_for, imported
from tests.strategies import chips
from tests.support import Recorder, model_of
from tests.unit.map_reading import BOARDS
from tests.unit.test_codegen_literal import ruff_format

GOLDEN = Path(__file__).parent.parent / "golden" / "codegen"
LAMP = GOLDEN / "lamp.yaml"
# What nothing generated may load: parsers, templates, the command line, descriptions.
HEAVY = (
    "yaml", "jinja2", "lxml", "cmsis_svd", "argparse", "regmap.model", "regmap.loaders",
    "regmap.check", "regmap.codegen", "regmap.cli",
)  # fmt: skip


@cache
def _layout(path: Path) -> DeviceLayout:
    return lay_out(loaders.load(path))


def _written(folder: Path, layout: DeviceLayout, *, split: bool = False) -> None:
    for name, text in emitted(layout, split=split).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")


# The text.


@pytest.mark.parametrize(
    ("name", "form"), [("lamp.py", "python"), ("lamp.h", "c-header")], ids=["python", "c-header"]
)
def test_the_text_is_the_golden_one(name: str, form: Form) -> None:
    header = Header("lamp", "0.0", "lamp.yaml", SHA)
    text = emit(_layout(LAMP), header, form)[name]
    golden = GOLDEN / name
    if os.environ.get("REGMAP_GOLDEN") == "write":
        golden.write_text(text, encoding="ascii")
    assert text == golden.read_text(encoding="ascii")


def test_the_formatter_changes_nothing(tmp_path: Path) -> None:
    for number, path in enumerate([LAMP, BOARDS / "pc.yaml", BOARDS / "rpi4.yaml"]):
        for split in (False, True):
            folder = tmp_path / f"{number}{split}"
            folder.mkdir()
            _written(folder, _layout(path), split=split)
    boards = emit_boards(header_for("boards"), [f"a_board_with_a_long_name_{n}" for n in range(9)])
    (tmp_path / "boards.py").write_text(boards["__init__.py"], encoding="ascii")
    done = ruff_format(tmp_path)
    assert done.returncode == 0, done.stdout


@settings(max_examples=5, deadline=None)
@given(made=st.lists(chips(), min_size=3, max_size=8), split=st.booleans())
def test_the_formatter_changes_nothing_of_a_random_chip(made: list[Any], split: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        for number, chip in enumerate(made):
            folder = Path(name) / str(number)
            folder.mkdir()
            _written(folder, lay_out(chip), split=split)
        done = ruff_format(Path(name))
        assert done.returncode == 0, done.stdout


def test_the_text_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    made = []
    for seed in ("0", "1", "4242"):
        folder = tmp_path / seed
        for source in (str(LAMP), "pc"):
            subprocess.run(
                [sys.executable, "-m", "regmap", "generate", source, "-o", str(folder)],
                env={**os.environ, "PYTHONHASHSEED": seed},
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1] == made[2]
    assert {"lamp.py", "pc.py"} <= set(made[0])


def test_what_is_one_thing_is_printed_once() -> None:
    text = emitted(
        lay_out(
            model_of("""
                block: block
                enums: {mode: {A: 0, B: 1}}
                registers:
                  R: {offset: 0, array: {count: 40, stride: 4, name: "R{i}"},
                      fields: {F: {bits: 0, enum: mode}, G: {bits: 1, enum: mode}}}
                  S: {offset: 0x200, fields: {F: {bits: 0, enum: mode}}}
                groups:
                  T: {offset: 0x300, array: {count: 8, stride: 8}, registers: {U: {offset: 0}}}
            """)
        )
    )["chip.py"]
    assert text.count("EnumLayout(\n") + text.count("= EnumLayout(") == 1
    assert text.count("= RegisterLayout(") == 3
    assert text.count("= BlockLayout(") == 1


def test_blocks_are_shared_by_their_instances() -> None:
    module = generated(_layout(BOARDS / "beaglebone-black.yaml"))
    layout = module.LAYOUT
    assert layout.instances["GPIO0"].block is layout.instances["GPIO3"].block
    assert layout.instances["GPIO0"].block is not layout.instances["CM_PER"].block


# What an import costs.


def _python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


_OPENED = f"""
    import sys
    sys.path.insert(0, ".")
    before = set(sys.modules)
    import NAME
    assert not [m for m in set(sys.modules) - before if m != "NAME" and not m.startswith("regmap")]
    assert ISOLATED is False or not [m for m in sys.modules if m.partition(".")[0] == "regmap"]
    assert "regmap.live" not in sys.modules
    class Bus:
        def read(self, address, width): return 0
        def write(self, address, width, value): pass
        def close(self): pass
    with sys.modules["NAME"].open(Bus()) as device:
        for block in device.blocks:
            for register in block:
                str(register)
    loaded = [m for m in sys.modules if m.startswith({HEAVY!r})]
    assert not loaded, loaded
"""


@pytest.mark.parametrize("split", [False, True], ids=["module", "package"])
def test_an_import_loads_nothing_and_opening_no_parser(split: bool, tmp_path: Path) -> None:
    _written(tmp_path, _layout(LAMP), split=split)
    _python(_OPENED.replace("NAME", "chip").replace("ISOLATED", "True"), tmp_path)


@pytest.mark.parametrize("name", sorted(path.stem for path in BOARDS.glob("*.yaml")))
def test_a_shipped_module_is_light(name: str, tmp_path: Path) -> None:
    name = f"regmap.generated.{name.replace('-', '_')}"
    code = "import regmap, regmap.errors\n" + textwrap.dedent(_OPENED)
    _python(code.replace("NAME", name).replace("ISOLATED", "False"), tmp_path)


def test_a_block_is_imported_when_it_is_first_touched(tmp_path: Path) -> None:
    _written(tmp_path, _layout(BOARDS / "beaglebone-black.yaml"), split=True)
    with imported(tmp_path, "chip") as chip:

        def blocks() -> set[str]:
            return {name for name in sys.modules if name.startswith("chip.")}

        assert blocks() == set()
        device = chip.open(Recorder())
        dir(device), repr(device), device.layout.origin
        assert blocks() == set()
        device.GPIO1.OE.read()
        assert blocks() == {"chip.block_am335x_gpio"}
        assert device.GPIO2.OE.LAYOUT is device.GPIO1.OE.LAYOUT
        assert blocks() == {"chip.block_am335x_gpio"}


def test_a_package_of_the_same_name_has_its_own_blocks(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        _written(folder, _layout(LAMP), split=True)
        with imported(folder, "chip") as chip:
            chip.open(Recorder()).LAMP.CTRL.read()
            assert sys.modules["chip.block_lamp"].__file__ == str(folder / "chip/block_lamp.py")


def test_a_package_may_lie_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "maps.zip", "w") as archive:
        for name, text in emitted(_layout(LAMP), split=True).items():
            archive.writestr(name, text)
    with imported(tmp_path / "maps.zip", "chip") as chip:
        assert chip.open(Recorder()).LAMP.CTRL.read() == 0
        assert "chip.block_lamp" in sys.modules


# What a module gives.


def test_a_module_shows_what_it_has() -> None:
    module = generated(_layout(BOARDS / "rpi1-rev2.yaml"))
    assert dir(module) == ["LAYOUT", "Rpi1Rev2", "open"]
    assert module.__all__ == ["LAYOUT", "Rpi1Rev2", "open"]
    assert module.__doc__ == module.LAYOUT.description
    assert module.LAYOUT is module.LAYOUT
    assert module.Rpi1Rev2 is type(module.open(Recorder()))


@pytest.mark.parametrize("split", [False, True], ids=["module", "package"])
def test_a_class_is_found_by_its_name(split: bool, tmp_path: Path) -> None:
    _written(tmp_path, _layout(LAMP), split=split)
    with imported(tmp_path, "chip") as chip:
        lamp = chip.open(Recorder()).LAMP
        assert chip.Lamp is type(lamp)
        assert chip.Lamp_CTRL is type(lamp.CTRL)
        assert chip.Lamp_CHANNEL is type(lamp.CHANNEL[1])
        assert chip.Lamp_CHANNEL_GAIN is type(lamp.CHANNEL[0].GAIN)
        assert chip.Lamp_COLOR is type(lamp.COLOR2)
        assert chip.Lamp_bulb is type(lamp.bulb[0])
        assert chip.Lamp_mode is chip.Lamp_CTRL.MODE.enum
        assert lamp.CTRL.MODE is chip.Lamp_mode.DARK
        for name in ("Nothing", "Lamp_", "Lamp_NO", "lamp", "__path__x", "_private", "Lam"):
            with pytest.raises(AttributeError, match=name):
                getattr(chip, name)
        if split:
            from chip import block_lamp  # type: ignore[import-not-found]

            assert block_lamp.Lamp_CTRL is chip.Lamp_CTRL
            assert not hasattr(block_lamp, "__wrapped__")


def test_looking_at_a_module_lays_nothing_out() -> None:
    module = generated(_layout(LAMP))
    calls: list[str] = []
    module.layout = lambda: calls.append("layout")
    module.block_lamp = lambda: calls.append("block")
    repr(module), dir(module), hasattr(module, "__path__"), hasattr(module, "_x")
    assert calls == []


def test_threads_that_touch_a_block_at_once_get_one_layout() -> None:
    makes: list[object] = []
    start = threading.Barrier(8)

    def make() -> Any:
        makes.append(object())
        for _ in range(100):
            time.sleep(0)  # let another thread run, which must not come here too
        return makes[-1]

    found: list[object] = []

    def touch() -> None:
        start.wait(10)
        found.append(once(make)())

    threads = [threading.Thread(target=touch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(makes) == 1
    assert found == makes * 8
