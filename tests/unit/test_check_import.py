"""Checking a vendor's file: each kind of problem once with a count, in columns, strictly if asked.

The golden files are made anew by ``REGMAP_GOLDEN=write pytest tests/unit/test_check_import.py``;
look at the difference before you keep it.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regmap.bits import BitRange
from regmap.check import bounded, check, gathered, profile_of
from regmap.check.columns import with_columns
from regmap.check.report import as_json, as_sarif, as_text, summary
from regmap.errors import MapError, Place, Problem, Severity
from regmap.model.block import Block, Field, Register
from tests.unit.cli_support import run

GOLDEN = Path(__file__).parent.parent / "golden" / "check"


def everywhere(_: str) -> bool:
    return True


def one(line: int = 1, file: str = "a.svd", **more: Any) -> Problem:
    words: dict[str, Any] = {"rule": "RM210", "name": "register-overlap", "kind": "k"}
    words |= {
        "severity": Severity.WARNING,
        "text": f"wrong in {line}",
        "place": Place(file, line, 1),
    }
    return Problem(**(words | more))


class TestCommand:
    @pytest.fixture(autouse=True)
    def here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(GOLDEN)

    def golden(self, name: str, *options: str) -> None:
        result = run("check", "import.svd", *options)
        assert not result.err
        text = f"{result.out}"
        if os.environ.get("REGMAP_GOLDEN") == "write":
            Path(name).write_text(text, "utf-8")
        assert text == Path(name).read_text("utf-8")

    @pytest.mark.parametrize("form", ["text", "json", "sarif"])
    def test_each_kind_is_told_once(self, form: str) -> None:
        self.golden(f"import.{form.replace('text', 'txt')}", "--format", form)

    def test_every_one_is_told_when_asked_for(self) -> None:
        self.golden("import-every.txt", "--every")

    def test_what_is_told_once_counts_what_every_tells(self) -> None:
        once = run("check", "import.svd", "--json").json
        every = run("check", "import.svd", "--json", "--every").json
        assert sum(row["count"] for row in once) == sum(row["count"] for row in every)
        assert len(once) < len(every)
        first = {(row["rule"], row["line"], row["column"], row["text"]) for row in every}
        assert {(row["rule"], row["line"], row["column"], row["text"]) for row in once} <= first

    def test_nothing_is_told_twice(self) -> None:
        rows = run("check", "import.svd", "--json").json
        assert len({(row["rule"], row["text"]) for row in rows}) == len(rows)

    def test_every_place_has_a_column(self) -> None:
        lines = Path("import.svd").read_text("utf-8").splitlines()
        for row in run("check", "import.svd", "--json", "--every").json:
            shown = lines[row["line"] - 1][row["column"] - 1 :][: row["width"]]
            assert shown.startswith("<"), row

    def test_the_lenient_answer_is_yes(self) -> None:
        result = run("check", "import.svd")
        assert result.status == 0
        assert "error" not in result.out

    @pytest.mark.parametrize("option", [("--strict",), ("--profile", "strict")])
    def test_strictly_repairs_are_errors(self, option: tuple[str, ...]) -> None:
        lenient = run("check", "import.svd", "--json").json
        result = run("check", "import.svd", "--json", *option)
        assert result.status == 1
        softened = {row["rule"] for row in lenient if row["severity"] == "warning"}
        errors = {row["rule"] for row in result.json if row["severity"] == "error"}
        assert softened == errors
        assert "RM004" in errors
        key = "rule", "line", "column", "text", "count"
        assert [[row[k] for k in key] for row in result.json] == [
            [row[k] for k in key] for row in lenient
        ]

    def test_a_file_of_ones_own_is_told_line_by_line(self, tmp_path: Path) -> None:
        file = tmp_path / "own.yaml"
        text = "".join(f"  R{n}: {{offset: {8 * n + 1}, description: Own.}}\n" for n in range(3))
        file.write_text(f"block: own\ndescription: Own.\nregisters:\n{text}", "utf-8")
        rows = run("check", str(file), "--json").json
        assert [row["rule"] for row in rows] == ["RM211"] * 3
        (row,) = run("check", str(file), "--json", "--profile", "import").json
        assert (row["count"], row["severity"]) == (3, "warning")
        every = run("check", str(file), "--json", "--profile", "import", "--every").json
        assert [row["count"] for row in every] == [1, 1, 1]

    def test_two_files_are_counted_apart(self, tmp_path: Path) -> None:
        other = tmp_path / "other.svd"
        other.write_bytes(Path("import.svd").read_bytes())
        alone = run("check", "import.svd", "--json").json
        both = run("check", "import.svd", str(other), "--json").json
        assert len(both) == 2 * len(alone)
        assert {row["file"] for row in both} == {"import.svd", str(other)}


class TestGathered:
    def test_the_first_place_is_kept_and_the_rest_counted(self) -> None:
        (told,) = gathered([one(9), one(3), one(5, count=4)], everywhere)
        assert told == one(3, count=6)
        assert str(told) == (
            "a.svd:3:1: warning RM210 register-overlap: wrong in 3; and 5 more like it"
        )

    @pytest.mark.parametrize(
        "other",
        [
            {"rule": "RM211"},
            {"kind": "another"},
            {"kind": ""},
            {"severity": Severity.ERROR},
            {"file": "b.svd"},
            {"place": None},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_what_is_not_alike_is_told_apart(self, other: dict[str, Any]) -> None:
        found = [one(3), one(5, **other)]
        assert sorted(gathered(found, everywhere), key=str) == sorted(found, key=str)

    def test_without_a_kind_each_is_told(self) -> None:
        found = [one(3, kind=""), one(4, kind="")]
        assert gathered(found, everywhere) == found

    def test_only_in_the_files_meant(self) -> None:
        found = [one(3, "a.yaml"), one(4, "a.yaml"), one(3, "b.svd"), one(4, "b.svd")]
        told = gathered(found, lambda file: profile_of(file) == "import")
        assert told == [*found[:2], one(3, "b.svd", count=2)]

    def test_what_is_not_shown_is_counted_in_full(self) -> None:
        *_, last = bounded([one(n, rule=f"RM{n}", count=10) for n in range(300)])
        assert last.text.startswith("1,000 or more")


class TestColumns:
    def column(self, line: int, text: str, column: int = 1) -> tuple[int, int, int]:
        problem = one(place=Place("a.svd", line, column))
        (told,) = with_columns([problem], {"a.svd": text})
        assert told.place is not None
        return told.place.line, told.place.column, told.place.width

    @pytest.mark.parametrize(
        ("line", "text", "where"),
        [
            (1, "<register>", (1, 1, 10)),
            (2, "<a>\n  <field><name>F</name>\n", (2, 3, 7)),
            (1, "  </a><b/>", (1, 7, 2)),
            (1, "\t<!-- <!x ?> --><?pi?><b>", (1, 23, 3)),
            (3, "<a>\r\n <register\r\n   derivedFrom='x'>", (2, 2, 9)),
            (2, "text\ntext", (2, 1, 1)),
            (9, "<a>", (9, 1, 1)),
            (0, "<a>", (0, 1, 1)),
        ],
    )
    def test_the_element_is_found_in_its_line(
        self, line: int, text: str, where: tuple[int, int, int]
    ) -> None:
        assert self.column(line, text) == where

    def test_a_column_that_is_known_is_kept(self) -> None:
        assert self.column(1, "<a> <bc>x", 5) == (1, 5, 4)
        assert self.column(1, "<a> <bc>x", 9) == (1, 9, 1)

    def test_a_file_without_its_text_and_a_problem_without_a_place(self) -> None:
        found = [one(3), one(place=None)]
        assert list(with_columns(found, {})) == found

    def test_the_other_party_has_its_column_too(self) -> None:
        problem = one(1, related=(("there", Place("a.svd", 2, 1)),))
        (told,) = with_columns([problem], {"a.svd": " <a>\n  <b>"})
        assert told.related == (("there", Place("a.svd", 2, 3, 3)),)

    def test_a_line_without_end_is_not_searched_through(self) -> None:
        assert self.column(2, "<a>\n" + "x" * 1_000_000 + "<b>") == (1, 1, 3)


def sloppy(count: int, file: str = "a.svd") -> Block:
    """Registers at odd offsets, all but the first of two kinds wrong."""
    registers = tuple(
        Register(name=f"R{n}", offset=4 * n + 1, description="One.", place=Place(file, n + 2, 1))
        for n in range(count)
    )
    return Block(name="b", items=registers, description="Sloppy.", place=Place(file, 1, 1))


class TestCheck:
    def test_the_count_is_exact_beyond_what_is_told_one_by_one(self) -> None:
        found = check(sloppy(2_500), profile="import")
        assert len(found) == 1_000
        assert sum(problem.count for problem in found) == 2_500
        (told,) = gathered(found, everywhere)
        assert told.count == 2_500
        assert told.place == Place("a.svd", 2, 1)

    def test_by_default_each_file_has_its_usual_profile(self) -> None:
        own = replace(sloppy(1), items=(*sloppy(1).items, *sloppy(1, "a.yaml").items))
        told = {
            problem.place.file: problem.severity
            for problem in check(own, profile=None)
            if problem.place and problem.rule == "RM211"
        }
        assert told == {"a.svd": Severity.WARNING, "a.yaml": Severity.ERROR}

    def test_reasons_of_one_rule_are_kinds(self) -> None:
        fields = tuple(
            Field(name=name, bits=(BitRange(bit, 1),), place=Place("a.svd", bit, 1))
            for bit, name in enumerate(("if", "in", "2x", "read", "write"))
        )
        block = Block(name="b", items=(Register(name="R", offset=0, fields=fields),))
        told = [p for p in gathered(check(block), everywhere) if p.rule == "RM010"]
        assert sorted(problem.count for problem in told) == [1, 2, 2]


class TestReport:
    found = (one(3, count=37), one(4, kind=""))

    def test_text(self) -> None:
        head = as_text(self.found, {}).splitlines()[0]
        assert head.endswith("register-overlap: wrong in 3; and 36 more like it")
        assert (
            as_text([one(3, count=5_001)], {}).splitlines()[0].endswith("; and 5,000 more like it")
        )

    def test_summary(self) -> None:
        assert summary(self.found) == "2 warnings; they stand for 38"

    def test_json(self) -> None:
        assert [row["count"] for row in json.loads(as_json(self.found))] == [37, 1]

    def test_sarif(self) -> None:
        results = json.loads(as_sarif(self.found))["runs"][0]["results"]
        assert [result.get("occurrenceCount") for result in results] == [37, None]
        assert "wrong in 3; and 36 more like it" in results[0]["message"]["text"]

    def test_an_error_says_it_too(self) -> None:
        assert "wrong in 3; and 36 more like it" in str(MapError(self.found))
