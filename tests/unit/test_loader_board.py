"""Board files, variants by ``extends``, and how names become files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from regmap.errors import MapError, Problem, Severity
from regmap.loaders import find, load, read
from regmap.model.block import Block, Register
from regmap.model.chip import Board, Clock, Locator, Match, Pin
from regmap.model.expr import NamePattern

GOOD = Path(__file__).parents[1] / "data" / "good"


def board(name: str) -> Board:
    model = load(GOOD / f"{name}.yaml")
    assert isinstance(model, Board)
    return model


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def problems(path: Path) -> tuple[Problem, ...]:
    return read(path).problems


def test_every_key_of_a_board() -> None:
    model = board("everything-board")
    assert (model.name, model.source) == ("everything-board", "Made up, sheet 1")
    every, other, unit = model.instances
    assert (every.base, every.size, every.bus_base) == (0x2020_0000, 0x400, 0x7E20_0000)
    assert every.locator == Locator(kind="acpi", key="EVRY")
    assert every.clock == Clock(
        enable={"OTHER.CTRL.MODE": "RUN", "OTHER.LATCH": 1}, ready={"OTHER.STATUS.READY": 1}
    )
    assert (every.description, every.source) == ("The first", "Made up, memory map")
    assert (other.base, other.py_name) == (0x2020_1000, "other_one")
    assert unit.array is not None
    assert (unit.array.counts, unit.array.strides) == ((2,), (0x1000,))
    assert unit.array.names == NamePattern.parse("UNIT{i}")
    assert model.match == Match(
        cpuinfo_revision=(4, 0xA020D3),
        compatible=("maker,board",),
        architecture=("x86_64", "aarch64"),
    )
    assert model.backends == ("gpiomem", "mem", "file:/dev/null@0x20200000")
    assert model.fixed_pins == {"P1-01": "3V3", "P1-06": "GND"}


def test_pins() -> None:
    pins = board("everything-board").pins
    assert [pin.names for pin in pins] == [
        ("P1-03", "GPIO0", "SDA"),
        ("P1-05", "GPIO1"),
        ("P1-07",),
    ]
    assert pins[1] == Pin(
        names=("P1-05", "GPIO1"),
        instance="EVERY",
        view="pin",
        index=1,
        functions={"RUN": "clock"},
        reset_pull="down",
        pad="OTHER.CTRL",
        description="The clock",
        place=pins[1].place,
    )
    assert pins[1].place is not None
    assert (pins[1].place.line, pins[1].place.column) == (28, 5)


def test_instances_share_their_block() -> None:
    every, other, unit = board("everything-board").instances
    assert every.block is other.block
    assert unit.block is not every.block
    assert unit.block.extends == "everything"


def test_a_board_extends_a_board() -> None:
    model = board("everything-board2")
    assert model.extends == "everything-board"
    assert model.description == "The same with less"
    assert model.source == "Made up, sheet 1"
    assert [(each.name, each.base) for each in model.instances] == [
        ("EVERY", 0x2020_0000),
        ("OTHER", 0x2020_2000),
    ]
    assert model.match == Match(cpuinfo_revision=(5,), architecture=("x86_64", "aarch64"))
    assert [pin.names for pin in model.pins] == [("P1-03", "GPIO0"), ("P1-05", "GPIO1")]


def test_a_block_extends_a_block() -> None:
    model = load(GOOD / "everything_variant.yaml")
    assert isinstance(model, Block)
    names = [each.name for each in model.items]
    assert "SHADOW" not in names
    assert "CHANNEL" not in names
    assert names[-1] == "EXTRA"
    control = model.items[0]
    assert isinstance(control, Register)
    assert [field.name for field in control.fields] == ["MODE", "START", "LEVEL", "SPLIT"]
    mode, level = control.fields[0], control.fields[2]
    assert mode.bits[0].width == 3
    assert mode.enum is model.enums[0]
    assert [value.name for value in model.enums[0].values] == ["IDLE", "RUN", "REST", "FAST"]
    assert (level.unit, level.reset) == ("uV", 0x10)
    # A place is where something was said: the variant's for what it says, else the other file's.
    assert mode.place is not None
    assert level.place is not None
    assert control.fields[1].place is not None
    assert Path(mode.place.file).name == "everything_variant.yaml"
    assert Path(control.fields[1].place.file).name == "everything.yaml"
    assert model.views[0].count == 20
    assert list(model.views[0].lines) == [0, 1, 3]


BASE = """
block: base
size: 4
enums: {e: {A: 0}}
registers: {R: {offset: 0, access: rw, fields: {F: {bits: [3, "1:0"]}}}}
"""


@pytest.mark.parametrize(
    ("body", "text", "place"),
    [
        ("size: 4", "'size' is the same", (3, 1)),
        ("enums: {e: {B: null}}", "no 'B'", (3, 13)),
        ("registers: {R: {access: rw}}", "'access' is the same", (3, 17)),
        ("registers: {R: {fields: {F: {bits: [3, '1:0']}}}}", "'bits' is the same", (3, 30)),
        ("views: null", "no 'views'", (3, 1)),
    ],
)
def test_an_override_that_changes_nothing(
    tmp_path: Path, body: str, text: str, place: tuple[int, int]
) -> None:
    write(tmp_path, base=BASE, over=f"block: over\nextends: base\n{body}\n")
    (found,) = problems(tmp_path / "over.yaml")
    assert (found.rule, found.severity) == ("RM104", Severity.WARNING)
    assert text in found.text
    assert found.place is not None
    assert (found.place.line, found.place.column) == place
    assert isinstance(load(tmp_path / "over.yaml"), Block)


def test_an_override_that_changes_something(tmp_path: Path) -> None:
    body = "size: 0x8\nregmap: 1\nregisters: {R: {access: ro, reset: 0}}"
    write(tmp_path, base=f"regmap: 1\n{BASE}", over=f"block: over\nextends: base\n{body}\n")
    assert not problems(tmp_path / "over.yaml")


@pytest.mark.parametrize(
    ("files", "rule", "text", "fix"),
    [
        ({"a": "block: a\nextends: a"}, "RM009", "a > a", "break"),
        (
            {"a": "block: a\nextends: b", "b": "block: b\nextends: c", "c": "block: c\nextends: b"},
            *("RM009", "a > b > c > b", "break"),
        ),
        ({"a": "block: a\nextends: bcm2835_gpi"}, "RM008", "no block", "bcm2835_gpio"),
        ({"a": "block: a\nextends: ../b", "b": "block: b"}, "RM008", "no block '../b'", ""),
        ({"a": "block: a\nextends: b", "b": "board: b\ninstances: {}"}, "RM004", "no block", ""),
        (
            {"a": "board: a\ninstances: {I: {block: b, base: 0}}", "b": "board: b\ninstances: {}"},
            *("RM004", "no block", ""),
        ),
        (
            {"a": "board: a\ninstances: {I: {block: hpt, base: 0}}"},
            *("RM008", "no block 'hpt'", "did you mean hpet?"),
        ),
        ({"a": "board: a\ninstances: {I: {block: hpet}}"}, "RM004", "needs `base`", "base:"),
        ({"a": "board: a"}, "RM004", "needs `instances`", ""),
        (
            {"a": "board: a\ninstances: {I: {block: hpet, base: 0, locator: {usb: 1}}}"},
            *("RM003", "'usb'", "pci"),
        ),
        (
            {"a": "board: a\ninstances: {I: {block: hpet, base: 0, clock: {enable: [1]}}}"},
            *("RM004", "`enable` is a mapping", ""),
        ),
        ({"a": "board: a\ninstances: {}\npins: {I: {x: A}}"}, "RM004", "index", ""),
        ({"a": "board: a\ninstances: {}\npins: {I: {1: {pad: A}}}"}, "RM004", "`names`", ""),
        ({"a": "board: a\ninstances: {}\nmatch: {arch: []}"}, "RM003", "'arch'", "architecture"),
        ({"a": "board: a\ninstances: {}\nbackends: mem"}, "RM004", "a list", "write [mem]"),
    ],
)
def test_what_is_wrong_with_a_board(
    tmp_path: Path, files: dict[str, str], rule: str, text: str, fix: str
) -> None:
    write(tmp_path, **files)
    found = problems(tmp_path / "a.yaml")[0]
    assert found.rule == rule
    assert text in found.text
    assert fix in found.fix
    assert found.place is not None


def test_a_name_does_not_leave_its_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, b="block: b")
    for name in ("../b", f"{tmp_path}/b", "./../b"):
        write(inside, a=f"block: a\nextends: {name}")
        assert [each.rule for each in problems(inside / "a.yaml")] == ["RM008"]


def test_extending_has_an_end(tmp_path: Path) -> None:
    for number in range(3000):
        text = f"block: b{number}\nextends: b{number + 1}\n"
        (tmp_path / f"b{number}.yaml").write_text(text)
    assert [each.rule for each in problems(tmp_path / "b0.yaml")] == ["RM009"]


def test_a_problem_in_another_file_is_told_there_once(tmp_path: Path) -> None:
    instances = "{A: {block: b, base: 0}, B: {block: b, base: 64}}"
    write(tmp_path, a=f"board: a\ninstances: {instances}", b="block: b\nsise: 4")
    loaded = read(tmp_path / "a.yaml")
    (found,) = loaded.problems
    assert found.place is not None
    assert (found.place.file, found.place.line) == (str(tmp_path / "b.yaml"), 2)
    assert set(loaded.texts) == {str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")}


def test_where_blocks_are_looked_for(tmp_path: Path) -> None:
    for folder in ("boards", "chips"):
        (tmp_path / folder).mkdir()
    (tmp_path / "boards" / "a.yaml").write_text("board: a\ninstances: {I: {block: b, base: 0}}")
    (tmp_path / "chips" / "b.yaml").write_text("block: b\ndescription: chips")
    path = tmp_path / "boards" / "a.yaml"

    def description() -> str:
        model = load(path)
        assert isinstance(model, Board)
        return model.instances[0].block.description

    assert description() == "chips"
    (tmp_path / "boards" / "b.yaml").write_text("block: b\ndescription: beside")
    assert description() == "beside"


def test_relative_paths_stay_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a="board: a\ninstances: {I: {block: b, base: 0}}", b="block: b\nsise: 4")
    monkeypatch.chdir(tmp_path)
    found = read("a.yaml").problems[0]
    assert found.place is not None
    assert found.place.file == "b.yaml"


def test_shipped_names() -> None:
    assert "rpi1-rev2" in find.shipped_names("boards")
    assert "bcm2835_gpio" in find.shipped_names("chips")
    assert isinstance(load("rpi1-rev2"), Board)
    assert isinstance(load("hpet"), Block)
    assert not read("hpet").authored


@pytest.mark.parametrize("name", [*find.shipped_names("chips"), *find.shipped_names("boards")])
def test_every_shipped_description_loads_without_a_word(name: str) -> None:
    loaded = read(name)
    assert not loaded.problems
    assert loaded.model is not None
    assert loaded.model.name == name


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("rpi1-rev", "did you mean rpi1-rev"),
        ("../chips/hpet", "a path ends in .yaml or .svd"),
        ("", "a path ends in .yaml or .svd"),
        ("/etc/passwd", "a path ends in .yaml or .svd"),
    ],
)
def test_unknown_names(name: str, fix: str) -> None:
    with pytest.raises(MapError) as caught:
        load(name)
    (found,) = caught.value.problems
    assert found.rule == "RM008"
    assert fix in found.fix


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    for path in (tmp_path / "folder.yaml", tmp_path / "none.yaml", tmp_path / "none.svd"):
        (found,) = problems(path)
        assert found.rule == "RM008"
        assert str(path) in found.text


def test_a_path_object_is_always_a_path(tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_text("block: thing")
    assert load(path).name == "thing"


def test_importing_the_loaders_imports_no_parser() -> None:
    code = (
        "import sys, regmap.loaders\n"
        "print([m for m in ('yaml', 'lxml', 'cmsis_svd', 'six', 'jinja2') if m in sys.modules])\n"
        "regmap.loaders.load('hpet')\n"
        "print([m for m in ('lxml', 'cmsis_svd') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_the_collector_is_left_as_it_was() -> None:
    import gc

    assert gc.isenabled()
    load("hpet")
    assert gc.isenabled()
    gc.disable()
    try:
        load("hpet")
        assert not gc.isenabled()
    finally:
        gc.enable()
