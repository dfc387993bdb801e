"""What commands print into a pipe, held against golden files; ``cli_support`` says how to renew."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli_support import GOLDEN, golden, run

SIM = ("--backend", "sim:")
MAP = "lamp-board.yaml"
COMMANDS = {
    "show-board": ("show", MAP),
    "show-block": ("show", MAP, "LEFT"),
    "show-register": ("show", MAP, "LEFT.CTRL"),
    "show-parts": ("show", MAP, "LEFT.HOURS"),
    "show-window": ("show", MAP, "LEFT.GAIN"),
    "show-side-effect": ("show", MAP, "LEFT.FIFO"),
    "show-field": ("show", MAP, "LEFT.CTRL.MODE"),
    "show-array": ("show", MAP, "LEFT.CHANNEL"),
    "show-glob": ("show", MAP, "*.TONE?"),
    "show-view": ("show", MAP, "LEFT.pin[1]"),
    "read": ("read", MAP, *SIM, "LEFT.CTRL", "LEFT.CTRL.MODE", "LEFT.pin[0].level", "*.TONE0"),
    "dump": ("dump", MAP, *SIM),
    "dry-run": ("write", MAP, "--dry-run", "LEFT.CTRL.LEVEL=50", "LEFT.pin[4].level=1"),
    "check-good": ("check", MAP),
    "export": ("export", MAP),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_golden(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    result = run(*COMMANDS[name])
    remarks = "".join(f"! {line}\n" for line in result.err.splitlines())
    golden(f"{name}.txt", f"{result.out}{remarks}exit status {result.status}\n")


@pytest.mark.parametrize("name", ["show-board", "show-register", "show-view", "dump"])
def test_golden_json(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    result = run(*COMMANDS[name], "--json")
    golden(f"{name}.json", json.dumps(result.json, indent=1) + "\n")


def test_no_golden_file_is_left_over() -> None:
    names = {f"{name}.txt" for name in COMMANDS}
    known = names | {f"show-{name}.json" for name in ("board", "register", "view")} | {"dump.json"}
    found = {file.name for file in GOLDEN.iterdir() if file.suffix != ".yaml"}
    assert {name for name in found if not name.startswith("demo-")} == known
