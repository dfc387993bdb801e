"""C headers: a C program that prints every macro says what the layout says."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regmap import loaders
from regmap.layout import lay_out
from regmap.layout.device import DeviceLayout
from regmap.layout.rows import rows
from regmap.layout.shape import RegisterLayout
from tests.generating import emitted
from tests.strategies import chips
from tests.support import model_of
from tests.unit.map_reading import BOARDS

GOOD = Path(__file__).parent.parent / "data" / "good"
MAPS = [BOARDS / "rpi1-rev2.yaml", BOARDS / "pc.yaml", BOARDS / "beaglebone-black.yaml"]
MAPS += [GOOD / "everything-board.yaml", GOOD / "small.svd"]
GCC = ["gcc", "-Wall", "-Wextra", "-Werror", "-std=c11"]


@cache
def _layout(path: Path) -> DeviceLayout:
    return lay_out(loaders.load(path))


def _compiled(header: str, folder: Path) -> dict[str, int]:
    """What the compiler makes of every macro of a header."""
    names = re.findall(r"^#define (\w+)", header, re.MULTILINE)
    (folder / "chip.h").write_text(header, encoding="ascii")
    prints = "".join(
        f'    printf("{name} %llu\\n", (unsigned long long)({name}));\n' for name in names
    )
    # Twice, since a header is included by many; and in a condition of the preprocessor.
    (folder / "main.c").write_text(
        '#include <stdio.h>\n#include "chip.h"\n#include "chip.h"\n'
        f"#if {names[0]} != 1\n#error it is not included\n#endif\n"
        f"int main(void) {{\n{prints}    return 0;\n}}\n",
        encoding="ascii",
    )
    program = str(folder / "program")
    done = subprocess.run(
        [*GCC, "-o", program, str(folder / "main.c")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60).stdout
    return {name: int(value) for name, value in (line.split() for line in said.splitlines())}


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()


def _expected(layout: DeviceLayout) -> dict[str, int]:
    """The macros of a description whose names do not meet, worked out from its flat form."""
    expected = {"CHIP_H": 1}
    for instance in layout.instances.values():
        expected[f"CHIP_{_word(instance.name)}_BASE"] = instance.base
        expected[f"CHIP_{_word(instance.name)}_SIZE"] = instance.size
    for row in rows(layout):
        block = layout.instances[row.path.partition(".")[0]].block
        prefix = f"CHIP_{_word(block.name)}"
        path = _word(row.path.partition(".")[2])
        expected[f"{prefix}_{path}_{'OFFSET' if row.address is not None else 'INDEX'}"] = row.offset
        kind = _word(row.register.class_name.removeprefix(f"{block.class_name}_"))
        expected.update(_of_register(f"{prefix}_{kind}", row.register))
        for field in row.register.fields:
            for enum in filter(None, (field.enum, field.write_enum)):
                name = _word(enum.name.removeprefix(f"{block.class_name}_"))
                for member, value in enum.members:
                    expected[f"{prefix}_{name}_{_word(member)}"] = value
    return expected


def _of_register(name: str, register: RegisterLayout) -> dict[str, int]:
    made = {f"{name}_WIDTH": register.width}
    if register.reset is not None:
        made[f"{name}_RESET"] = register.reset
    if register.reset_mask is not None:
        made[f"{name}_RESET_MASK"] = register.reset_mask
    for field in register.fields:
        own = f"{name}_{_word(field.name)}"
        made[f"{own}_MASK"] = field.mask
        for number, (lsb, width) in enumerate(field.bits):
            part = f"_PART{number}" if len(field.bits) > 1 else ""
            made[f"{own}{part}_SHIFT"] = lsb
            made[f"{own}{part}_WIDTH"] = width
    return made


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.name)
def test_every_number_is_the_layouts(path: Path, tmp_path: Path) -> None:
    layout = _layout(path)
    found = _compiled(emitted(layout, "c-header")["chip.h"], tmp_path)
    assert found == _expected(layout)


@settings(max_examples=4, deadline=None)
@given(chip=chips(), data=st.data())
def test_a_random_chip_compiles(chip: object, data: st.DataObject) -> None:
    import tempfile

    layout = lay_out(chip)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        found = _compiled(emitted(layout, "c-header")["chip.h"], Path(folder))
    assert set(_expected(layout).values()) == set(found.values())


def test_names_that_meet_are_numbered(tmp_path: Path) -> None:
    layout = lay_out(
        model_of("""
            block: block
            registers:
              A_B: {offset: 0, fields: {C: {bits: 0}}}
              A: {offset: 4, fields: {B_C: {bits: 1}}}
              A_B_C: {offset: 8}
        """)
    )
    found = _compiled(emitted(layout, "c-header")["chip.h"], tmp_path)
    assert found["CHIP_BLOCK_A_B_C_MASK"] == 1
    assert found["CHIP_BLOCK_A_B_C_MASK_2"] == 2
    assert found["CHIP_BLOCK_A_B_C_WIDTH"] == 1
    assert sorted(value for name, value in found.items() if "A_B_C_WIDTH" in name) == [1, 1, 32]
    assert len(found) == 1 + 2 + 3 + 3 + 3 * 2


def test_wide_numbers_are_not_cut(tmp_path: Path) -> None:
    layout = lay_out(
        model_of("""
            block: block
            registers:
              WIDE:
                offset: 0
                width: 64
                reset: 0xFFFFFFFFFFFFFFFF
                fields: {TOP: {bits: "63:32", enum: {ALL: 0xFFFFFFFF}}, SPLIT: {bits: ["3", "1:0"]}}
        """)
    )
    found = _compiled(emitted(layout, "c-header")["chip.h"], tmp_path)
    assert found["CHIP_BLOCK_WIDE_RESET"] == (1 << 64) - 1
    assert found["CHIP_BLOCK_WIDE_TOP_MASK"] == 0xFFFFFFFF << 32
    assert found["CHIP_BLOCK_WIDE_TOP_SHIFT"] == 32
    assert found["CHIP_BLOCK_WIDE_SPLIT_MASK"] == 0b1011
    assert found["CHIP_BLOCK_WIDE_SPLIT_PART1_SHIFT"] == 3
