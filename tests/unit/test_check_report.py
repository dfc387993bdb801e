"""Reports: golden files in all three forms, carets, escapes, and the shape of SARIF.

The golden files are made anew by ``REGMAP_GOLDEN=write pytest tests/unit/test_check_report.py``;
look at the difference before you keep it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from regmap import loaders
from regmap.check import RULES, apply_suppressions, check
from regmap.check.report import as_json, as_sarif, as_text, summary
from regmap.errors import Place, Problem, Severity

BAD = Path(__file__).parent.parent / "data" / "bad"
GOLDEN = Path(__file__).parent.parent / "golden" / "check"
# An overlap has both places; the rest is one of each severity.
FILES = ("rm201_field_overlap", "rm233_too_narrow", "rm241_mixed_write")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Problem], dict[str, str]]:
    """Problems of a few bad files, with names as somebody would type them."""
    monkeypatch.chdir(BAD.parent)
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for stem in FILES:
        loaded = loaders.read(Path("bad", f"{stem}.yaml"))
        assert loaded.model is not None
        problems += [*loaded.problems, *check(loaded.model)]
        texts |= loaded.texts
    return apply_suppressions(problems, texts), texts


def golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("REGMAP_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_text_is_as_it_was(found: tuple[list[Problem], dict[str, str]]) -> None:
    golden("report.txt", as_text(*found))


def test_coloured_text_is_the_same_text(found: tuple[list[Problem], dict[str, str]]) -> None:
    plain, coloured = as_text(*found), as_text(*found, colour=True)
    assert "\x1b" not in plain
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m", "\x1b[0m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_json_is_as_it_was(found: tuple[list[Problem], dict[str, str]]) -> None:
    text = as_json(found[0])
    golden("report.json", text)
    assert [row["rule"] for row in json.loads(text)] == [problem.rule for problem in found[0]]


def test_sarif_is_as_it_was(found: tuple[list[Problem], dict[str, str]]) -> None:
    golden("report.sarif", as_sarif(found[0], version="0.1.0"))


def at(line: int = 1, column: int = 1, width: int = 1, file: str = "a.yaml") -> Place:
    return Place(file, line, column, width)


def one(place: Place | None, text: str = "wrong", rule: str = "RM201", **more: Any) -> Problem:
    name = RULES[rule].name if rule in RULES else "unheard-of"
    words = {"severity": Severity.ERROR, **more}
    return Problem(rule=rule, name=name, text=text, place=place, **words)


@pytest.mark.parametrize(
    ("line", "place", "shown", "caret"),
    [
        ("A: {bits: 3}", at(1, 4, 4), "A: {bits: 3}", "   ^~~~"),
        ("A: 1", at(1, 1, 1), "A: 1", "^"),
        ("A: 1", at(1, 3, 99), "A: 1", "  ^~"),
        ("A: 1", at(1, 5, 1), "A: 1", "    ^"),
        ("A: 1", at(1, 50, 1), "A: 1", "    ^"),
        ("\tA: 1", at(1, 2, 1), " A: 1", " ^"),
        ("A: \x1b[31mred", at(1, 4, 1), "A:  [31mred", "   ^"),
        ("é: 1", at(1, 4, 1), "é: 1", "   ^"),
        ("x" * 300, at(1, 200, 3), "..." + "x" * 120, " " * 43 + "^~~"),
        ("x" * 300, at(1, 299, 2), "..." + "x" * 120, " " * 121 + "^~"),
        ("x" * 300, at(1, 2, 2), "x" * 120, " ^~"),
        ("x" * 300, at(1, 2, 299), "x" * 120, " ^" + "~" * 118),
    ],
)
def test_the_caret_stands_under_what_is_wrong(
    line: str, place: Place, shown: str, caret: str
) -> None:
    lines = as_text([one(place)], {"a.yaml": line + "\n"}).splitlines()
    assert lines[1:3] == [f"    {shown}", f"    {caret}"]


@pytest.mark.parametrize("place", [None, at(9), at(0), at(file="unknown.yaml")])
def test_a_place_without_a_line_is_told_without(place: Place | None) -> None:
    head, fix, *_ = as_text([one(place)], {"a.yaml": "A: 1\n"}).splitlines()
    assert head.endswith("error RM201 field-overlap: wrong")
    assert fix == f"help: {RULES['RM201'].fix}"


def test_nothing_of_a_description_moves_the_cursor() -> None:
    hostile = "\x1b[2J\x07\r\n\u202e"
    problem = one(at(file=f"{hostile}.yaml"), hostile, fix=hostile, related=((hostile, at()),))
    text = as_text([problem], {"a.yaml": f"A: {hostile}"})
    assert not set(text) & set("\x1b\x07\r\u202e")
    assert "\\x1b[2J\\x07\\r\\n\\u202e" in text


@pytest.mark.parametrize(
    ("severities", "text"),
    [
        ("", "no problems"),
        ("e", "1 error"),
        ("eww", "1 error, 2 warnings"),
        ("eeii", "2 errors, 2 infos"),
        ("i", "1 info"),
    ],
)
def test_the_last_line_counts(severities: str, text: str) -> None:
    words = {"e": Severity.ERROR, "w": Severity.WARNING, "i": Severity.INFO}
    problems = [one(None, severity=words[letter]) for letter in severities]
    assert summary(problems) == text
    assert as_text(problems, {}).splitlines()[-1] == text


def sarif(problems: list[Problem], base: Path | None = None) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(as_sarif(problems, base=base, version="1.2.3"))
    return log


def test_sarif_has_the_shape_that_the_standard_asks_for(
    found: tuple[list[Problem], dict[str, str]],
) -> None:
    log = sarif(found[0])
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "regmap"
    assert driver["version"] == "1.2.3"
    assert run["columnKind"] == "unicodeCodePoints"
    rules = driver["rules"]
    assert [entry["id"] for entry in rules] == sorted({problem.rule for problem in found[0]})
    for entry in rules:
        assert entry["name"].isalnum()
        assert entry["shortDescription"]["text"]
        assert entry["fullDescription"]["text"].endswith(".")
        assert entry["help"]["text"]
        assert entry["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    levels = {"error": "error", "warning": "warning", "info": "note"}
    assert {result["level"] for result in run["results"]} == set(levels.values())
    for result, problem in zip(run["results"], found[0], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == problem.rule
        assert result["level"] == levels[problem.severity]
        assert result["message"]["text"].startswith(problem.text)
        assert len(result["locations"]) == 1
        related = result.get("relatedLocations", [])
        assert [each["id"] for each in related] == list(range(len(problem.related)))
        assert [each["message"]["text"] for each in related] == [t for t, _ in problem.related]
        for location in (*result["locations"], *related):
            physical = location["physicalLocation"]
            assert physical["artifactLocation"]["uri"].startswith("bad/rm")
            region = physical["region"]
            assert region["startLine"] >= 1
            assert 1 <= region["startColumn"] < region["endColumn"]


def test_sarif_names_files_relative_to_the_base(tmp_path: Path) -> None:
    problems = [one(at(file=str(tmp_path / "maps" / "a b#1.yaml")))]
    (result,) = sarif(problems, tmp_path)["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "maps/a%20b%231.yaml"


def test_sarif_of_a_problem_without_a_place_or_a_rule() -> None:
    (run,) = sarif([one(None, rule="RM000")])["runs"]
    assert run["results"][0]["locations"] == []
    (entry,) = run["tool"]["driver"]["rules"]
    assert entry["id"] == "RM000"
    assert entry["shortDescription"]["text"] == "unheard of"
