"""peek and poke: whole words on a file image, of every width."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli_support import ok, refused, run


@pytest.fixture
def bios(tmp_path: Path) -> tuple[str, Path]:
    """An image of a PC's first megabyte with the date of its BIOS where every PC has it."""
    image = tmp_path / "low.bin"
    data = bytearray(0x100000)
    data[0xFFFF0:] = bytes.fromhex("ea 5b e0 00 f0") + b"06/23/99" + bytes.fromhex("00 fc 00")
    image.write_bytes(data)
    return f"file:{image}", image


def test_the_date_of_the_bios_is_one_call(bios: tuple[str, Path]) -> None:
    out = ok("peek", "0xFFFF5", "--width", "8", "--count", "8", "--backend", bios[0])
    assert out == "000ffff5  30 36 2f 32 33 2f 39 39  |06/23/99|\n"


@pytest.mark.parametrize(
    ("width", "line"),
    [
        ("8", "ea 5b e0 00 f0 30 36 2f 32 33 2f 39 39 00 fc 00  |.[...06/23/99...|"),
        ("16", "5bea 00e0 30f0 2f36 3332 392f 0039 00fc"),
        ("32", "00e05bea 2f3630f0 392f3332 00fc0039"),
        ("64", "2f3630f000e05bea 00fc0039392f3332"),
    ],
)
def test_words_of_every_width_are_shown_as_words_bytes_and_text(
    bios: tuple[str, Path], width: str, line: str
) -> None:
    count = str(128 // int(width))
    out = ok("peek", "0xFFFF0", "--width", width, "--count", count, "--backend", bios[0])
    rest = "" if width == "8" else "  ea 5b e0 00 f0 30 36 2f 32 33 2f 39 39 00 fc 00"
    text = "" if width == "8" else "  |.[...06/23/99...|"
    assert out == f"000ffff0  {line}{rest}{text}\n"


def test_lines_have_sixteen_bytes(bios: tuple[str, Path]) -> None:
    out = ok("peek", "0xFFFD0", "--count", "12", "--backend", bios[0])
    assert [line[:8] for line in out.splitlines()] == ["000fffd0", "000fffe0", "000ffff0"]


def test_an_image_may_begin_anywhere(tmp_path: Path) -> None:
    image = tmp_path / "page.bin"
    image.write_bytes(bytes(range(16)))
    out = ok("peek", "0xF0008", "--width", "16", "--backend", f"file:{image}@0xF0000")
    assert out == "000f0008  0908  08 09  |..|\n"


def test_json(bios: tuple[str, Path]) -> None:
    result = run("peek", "0xFFFF8", "--count", "2", "--json", "--backend", bios[0])
    assert result.json == {"address": 0xFFFF8, "width": 32, "words": [0x392F3332, 0x00FC0039]}


@pytest.mark.parametrize(
    ("width", "value", "data"),
    [
        ("8", "0x12", "12 ff ff ff ff ff ff ff"),
        ("16", "0x1234", "34 12 ff ff ff ff ff ff"),
        ("32", "0x12345678", "78 56 34 12 ff ff ff ff"),
        ("64", "0x123456789abcdef0", "f0 de bc 9a 78 56 34 12"),
    ],
)
def test_poke_writes_one_whole_word(tmp_path: Path, width: str, value: str, data: str) -> None:
    image = tmp_path / "words.bin"
    image.write_bytes(b"\xff" * 16)
    backend = ("--backend", f"file:{image}")
    assert ok("poke", "8", value, "--width", width, *backend) == ""
    assert image.read_bytes() == b"\xff" * 8 + bytes.fromhex(data)
    written = run("poke", "8", value, "--width", width, "--json", *backend).json
    assert written == {"address": 8, "width": int(width), "written": int(value, 0)}


def test_a_dry_run_opens_nothing() -> None:
    assert ok("peek", "0x10", "--count", "2", "--width", "16", "--dry-run") == (
        "would read  16 bits at 0x10\nwould read  16 bits at 0x12\n"
    )
    assert ok("poke", "0x10", "5", "--width", "8", "--dry-run") == (
        "would write  8 bits at 0x10: 0x05\n"
    )
    assert run("poke", "0x10", "5", "--dry-run", "--json").json == [
        {"op": "write", "address": 0x10, "width": 32, "path": "", "value": 5}
    ]


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["peek", "0x1001"], "0x1001 is not aligned to 32 bits; use 0x1000 or 0x1004, or --width"),
        (["peek", "0xFFFFFFFFFFFFFFFF", "--width", "8", "--count", "2"], "addresses are from 0"),
        (["peek", "-1"], "addresses are from 0"),
        (["peek", "0", "--count", "0"], "--count is from 1 to 1048576"),
        (["peek", "0", "--count", "0x100001"], "--count is from 1 to 1048576"),
        (["peek", "0", "--width", "24"], "invalid choice: 24"),
        (["peek", "start"], "'start' is no number; write it like 17"),
        (["peek", "010"], "'010' is no number"),
        (
            ["poke", "0", "0x100", "--width", "8"],
            "does not fit in 8 bits (largest 0xff); see --wid",
        ),
        (["poke", "0", "-1"], "does not fit in 32 bits"),
        (["poke", "2", "1"], "0x2 is not aligned"),
    ],
)
def test_what_means_nothing_is_refused(argv: list[str], why: str) -> None:
    assert why in refused(*argv, "--backend", "file:/nonexistent")


def test_the_simulator_simulates_maps() -> None:
    why = refused("peek", "0", "--backend", "sim:", status=3)
    assert "use it with a map: read, write or dump" in why


def test_what_lies_outside_is_a_failure(bios: tuple[str, Path]) -> None:
    assert "are outside" in refused("peek", "0x100000", "--backend", bios[0], status=3)
    assert "there is no /nonexistent" in refused(
        "peek", "0", "--backend", "file:/nonexistent", status=3
    )


def test_an_access_can_be_made_from_one_cpu(bios: tuple[str, Path]) -> None:
    import os

    cpu = str(min(os.sched_getaffinity(0)))
    assert "06" in ok("peek", "0xFFFF4", "--cpu", cpu, "--backend", bios[0])
    why = refused("peek", "0xFFFF4", "--cpu", "4095", "--backend", bios[0], status=3)
    assert "no such CPU" in why
