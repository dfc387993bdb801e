"""check, list, show and export: descriptions without hardware."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from regmap.cli.describe import write_whole
from regmap.loaders.find import shipped_names
from tests.unit.cli_support import GOLDEN, LAMPS, ok, refused, run

BROKEN = str(GOLDEN / "broken.yaml")
OVERLAP = """\
regmap: 1
block: overlap
description: Two fields on one bit{comment}
source: made for these tests
registers:
  A:
    offset: 0
    description: One.
    fields:
      LOW: {{bits: "4:0", description: Overlaps.}}
      HIGH: {{bits: "7:4", description: Overlaps.}}{suppress}
"""
SVD = """\
<?xml version="1.0" encoding="utf-8"?>
<device schemaVersion="1.3" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance">
  <name>TINY</name><version>1</version><description>A tiny chip</description>
  <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size>
  <peripherals><peripheral><name>UART</name><baseAddress>0x40000000</baseAddress>
    <registers><register><name>DR</name><description>Data</description>
      <addressOffset>0</addressOffset><access>read-write</access>
    </register></registers>
  </peripheral></peripherals>
</device>
"""


class TestCheck:
    def test_the_answer_no_is_status_1(self) -> None:
        result = run("check", BROKEN)
        assert (result.status, result.err) == (1, "")
        assert "error RM" in result.out
        assert "    ^" in result.out

    def test_a_file_that_cannot_be_read_is_status_1(self) -> None:
        result = run("check", LAMPS, "/nonexistent/map.yaml")
        assert result.status == 1
        assert "/nonexistent/map.yaml" in result.out

    def test_warnings_and_remarks_are_status_0(self, tmp_path: Path) -> None:
        file = tmp_path / "plain.yaml"
        file.write_text("regmap: 1\nblock: plain\nregisters: {A: {offset: 0}}\n")
        result = run("check", str(file))
        assert result.status == 0
        assert "info" in result.out

    def test_every_shipped_map_has_neither_error_nor_warning(self) -> None:
        for name in (*shipped_names("boards"), *shipped_names("chips")):
            result = run("check", name, "--json")
            bad = [each for each in result.json if each["severity"] != "info"]
            assert (result.status, bad) == (0, [])

    def test_a_problem_of_a_shared_file_is_told_once(self) -> None:
        alone = run("check", BROKEN, "--json").json
        assert run("check", BROKEN, BROKEN, "--json").json == alone

    def test_the_forms(self) -> None:
        rows = run("check", BROKEN, "--format", "json").json
        assert rows == run("check", "--json", BROKEN).json
        assert list(rows[0]) == [
            "rule", "name", "severity", "file", "line", "column", "width", "text", "count", "fix",
            "related",
        ]  # fmt: skip
        sarif = run("check", BROKEN, "--format", "sarif").json
        assert sarif["version"] == "2.1.0"
        (done,) = sarif["runs"]
        assert done["tool"]["driver"]["version"] == "0.1.0"
        assert {each["ruleId"] for each in done["results"]} == {row["rule"] for row in rows}

    def test_a_comment_suppresses_a_rule(self, tmp_path: Path) -> None:
        file = tmp_path / "overlap.yaml"
        file.write_text(OVERLAP.format(comment="", suppress=""))
        (found,) = run("check", str(file), "--json").json
        comment = f"  # regmap: ignore[{found['rule']}] on purpose"
        lines = file.read_text().splitlines()
        lines[found["line"] - 1] += comment
        file.write_text("\n".join(lines) + "\n")
        result = run("check", str(file), "--json")
        assert (result.status, result.json) == (0, [])

    def test_profiles(self, tmp_path: Path) -> None:
        file = tmp_path / "overlap.yaml"
        file.write_text(OVERLAP.format(comment="", suppress=""))
        assert run("check", str(file), "--profile", "strict").status == 1
        assert run("check", str(file), "--profile", "import").status == 0
        assert run("check", str(file), "--profile", "pedantic").status == 1

    def test_an_svd_file_is_a_vendors(self, tmp_path: Path) -> None:
        file = tmp_path / "tiny.svd"
        file.write_text(SVD)
        assert run("check", str(file)).status == 0
        assert "UART" in ok("show", str(file))

    def test_two_boards_for_one_machine(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / f"{name}.yaml").write_text(
                f"regmap: 1\nboard: {name}\ndescription: A board.\nsource: none\n"
                "instances: {T: {block: hpet, base: 0x1000, size: 0x500, description: T.}}\n"
                'match: {compatible: ["acme,board"]}\n'
            )
        both = run("check", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"), "--json")
        assert "RM283" in {each["rule"] for each in both.json}

    def test_options_may_stand_between_files(self) -> None:
        assert run("check", LAMPS, "--format", "json", BROKEN).status == 1


class TestList:
    def test_every_shipped_map_with_one_sentence(self) -> None:
        lines = ok("list").splitlines()
        assert lines[0].split() == ["name", "kind", "description"]
        names = [line.split()[0] for line in lines[1:]]
        assert names == [*shipped_names("boards"), *shipped_names("chips")]
        assert any(line.startswith("rpi1-rev2 ") and " board " in line for line in lines)
        assert any(line.startswith("hpet ") and " block " in line for line in lines)

    def test_json_has_the_whole_description(self) -> None:
        rows = json.loads(ok("list", "--json"))
        assert {tuple(row) for row in rows} == {("name", "kind", "description")}
        assert all(row["description"] for row in rows)


class TestShow:
    def test_every_shipped_map_and_each_of_its_instances(self) -> None:
        for name in (*shipped_names("boards"), *shipped_names("chips")):
            shown = run("show", name, "--json").json
            assert shown["name"] == name
            for instance in shown["instances"]:
                assert run("show", name, instance["name"]).status == 0

    def test_a_field_alone(self) -> None:
        (shown,) = run("show", "--json", LAMPS, "LEFT.CTRL.LEVEL").json
        assert [field["name"] for field in shown["fields"]] == ["LEVEL"]
        assert "values: 0x0 to 0x64 %" in ok("show", LAMPS, "LEFT.CTRL.LEVEL")

    def test_an_element_has_both_names(self) -> None:
        assert ok("show", LAMPS, "LEFT.TONE[2]") == ok("show", LAMPS, "LEFT.TONE2")

    def test_globs_over_instances(self) -> None:
        shown = run("show", LAMPS, "--json", "*.CTRL").json
        assert [row["path"] for row in shown] == ["LEFT.CTRL", "RIGHT.CTRL"]

    def test_the_path_may_stand_before_or_behind_options(self) -> None:
        wanted = ok("show", LAMPS, "LEFT.CTRL", "--json")
        assert ok("show", "--json", LAMPS, "LEFT.CTRL") == wanted
        assert ok("show", LAMPS, "--json", "LEFT.CTRL") == wanted

    def test_an_unknown_path_offers_the_nearest(self) -> None:
        assert "did you mean LEFT?" in refused("show", LAMPS, "LEFD.CTRL")
        assert "did you mean CTRL?" in refused("show", LAMPS, "LEFT.CTRI")
        assert "LEFT.pin has no element 32" in refused("show", LAMPS, "LEFT.pin[32]")

    def test_a_bad_map_shows_where_and_how_to_mend_it(self) -> None:
        why = refused("show", BROKEN)
        assert "regmap: the map cannot be used" in why
        assert f"{BROKEN}:12:7: error RM" in why
        assert "  B: {ofset: 4" in why
        assert "help:" in why

    def test_a_file_too_large_to_load_is_not_read_for_the_message_either(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "large.svd"
        with file.open("wb") as stream:
            stream.write(b"<device>not shown\n")
            stream.truncate((64 << 20) + 1)
        why = refused("show", str(file))
        assert "large.svd is larger than 64 MiB" in why
        assert "not shown" not in why


class TestExport:
    KEYS = (
        "path", "block", "address", "offset", "width", "access", "reset", "reset_mask",
        "read_action", "write_action", "fields",
    )  # fmt: skip

    def rows(self, *argv: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in ok("export", *argv).splitlines()]

    def test_one_object_a_register_in_address_order(self) -> None:
        rows = self.rows(LAMPS, "--format", "jsonl")
        assert all(tuple(row)[: len(self.KEYS)] == self.KEYS for row in rows)
        addresses = [row["address"] for row in rows if row["address"] is not None]
        assert addresses == sorted(addresses)
        assert len({row["path"] for row in rows}) == len(rows) == 2 * 25
        window = [row["path"] for row in rows].index("LEFT.GAIN")
        assert rows[window - 1]["path"] == "LEFT.WIN"
        assert (rows[window]["address"], rows[window]["offset"]) == (None, 1)
        assert rows[window]["window"] == "hidden"

    def test_a_block_alone_begins_at_0(self) -> None:
        row = self.rows(str(GOLDEN / "lamp.yaml"))[1]
        assert (row["path"], row["address"], row["reset"]) == ("LAMP.CTRL", 4, 0x100)
        mode = {"IDLE": 0, "STEADY": 1, "BLINK": 2, "FADE": 3}
        assert row["fields"][1] == {
            "name": "MODE", "lsb": 4, "width": 2, "access": "read-write", "read_action": None,
            "write_action": None, "enum": mode,
        }  # fmt: skip

    def test_to_a_file_as_a_whole_or_not_at_all(self, tmp_path: Path) -> None:
        file = tmp_path / "out.jsonl"
        assert ok("export", LAMPS, "-o", str(file)) == ""
        assert file.read_text() == ok("export", LAMPS)
        umask = os.umask(0)
        os.umask(umask)
        assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask

        def broken() -> Any:
            yield "half"
            raise KeyboardInterrupt

        before = file.read_text()
        with pytest.raises(KeyboardInterrupt):
            write_whole(file, broken())
        assert file.read_text() == before
        assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]

    def test_a_link_is_followed_and_a_device_is_written_to(self, tmp_path: Path) -> None:
        target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
        target.write_text("old")
        link.symlink_to(target)
        assert ok("export", LAMPS, "-o", str(link)) == ""
        assert link.is_symlink()
        assert target.read_text() == ok("export", LAMPS)
        assert ok("export", LAMPS, "-o", os.devnull) == ""

    def test_a_place_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        file = f"{tmp_path}/missing/out.jsonl"
        why = refused("export", LAMPS, "-o", file)
        assert why == f"regmap: cannot write {file}: No such file or directory\n"
