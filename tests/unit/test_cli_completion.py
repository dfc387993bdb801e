"""Completion scripts: each is valid in its shell, and completes commands, options and maps."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from regmap.loaders.find import shipped_names
from tests.unit.cli_support import ok

CHECK = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.parametrize("shell", CHECK)
def test_it_names_commands_options_and_maps(shell: str) -> None:
    script = ok("completion", shell)
    option = "dry-run" if shell == "fish" else "--dry-run"
    for word in ("doctor", option, "rpi1-rev2", "hpet", "pedantic"):
        assert word in script
    boards = script[script.index("_regmap_boards_or_file") :].splitlines()
    assert any(all(name in line for name in shipped_names("boards")) for line in boards)


@pytest.mark.parametrize("shell", CHECK)
def test_it_is_valid(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "completion"
    script.write_text(ok("completion", shell))
    done = subprocess.run([*CHECK[shell], script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["d"], {"dump", "doctor", "demo"}),
        (["show", "rpi1"], {"rpi1-rev1", "rpi1-rev2"}),
        (["doctor", "hp"], set()),
        (["show", "hp"], {"hpet"}),
        (["check", "my_"], {"my_chip.yaml", "my_dir"}),
        (["read", "pc", "--dry"], {"--dry-run"}),
        (["check", "--profile", "st"], {"strict"}),
        (["completion", "z"], {"zsh"}),
    ],
)
def test_bash_completes(words: list[str], expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "my_chip.yaml").touch()
    (tmp_path / "my_notes.txt").touch()
    (tmp_path / "my_dir").mkdir()
    line = " ".join(words)
    script = (
        f"{ok('completion', 'bash')}\nCOMP_WORDS=(regmap {line}); COMP_CWORD={len(words)}\n"
        '_shtab_regmap 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash"], input=script, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == expected
