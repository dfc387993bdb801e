"""Every rule has a bad file, and each bad file breaks its rule and no other.

A bad file says on its first line which rule it breaks and what the report says about it:
``# expect: RMnnn <regex>``, matched against the problem's line of the text report. More comment
lines may follow: ``# also: RMnnn`` for a rule that cannot but fire as well, ``# profile: NAME``,
``# beside: NAME`` for a second board. ``helper_*.yaml`` are what they refer to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest

from regmap import loaders
from regmap.check import RULES, Profile, apply_suppressions, check, check_boards
from regmap.check.report import as_text
from regmap.errors import Problem, Severity
from regmap.model.chip import Chip

BAD = Path(__file__).parent.parent / "data" / "bad"
GOOD = BAD.parent / "good"
FILES = sorted(file for file in BAD.glob("*.yaml") if not file.stem.startswith("helper_"))


def header(file: Path) -> dict[str, str]:
    """The comments on top of a bad file, by word."""
    found: dict[str, str] = {}
    for line in file.read_text("utf-8").splitlines():
        match = re.fullmatch(r"# (expect|also|profile|beside): (.*)", line)
        if match is None:
            break
        found[match[1]] = match[2]
    return found


def problems_of(file: Path, profile: Profile, beside: str = "") -> tuple[list[Problem], str]:
    """Everything found about a file, and the text report."""
    loaded = loaders.read(file)
    found = list(loaded.problems)
    if loaded.model is not None:
        found += check(loaded.model, profile=profile)
        if beside:
            other = loaders.load(BAD / f"{beside}.yaml")
            assert isinstance(loaded.model, Chip)
            assert isinstance(other, Chip)
            found += check_boards([other, loaded.model])
    checked = loaded.model is not None
    found = apply_suppressions(found, loaded.texts, profile=profile, checked=checked)
    return found, as_text(found, loaded.texts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_bad_file_breaks_its_rule_and_no_other(file: Path) -> None:
    head = header(file)
    rule, _, pattern = head["expect"].partition(" ")
    profile = cast("Profile", head.get("profile", "strict"))
    found, text = problems_of(file, profile, head.get("beside", ""))
    allowed = {rule, *re.findall(r"RM\d{3}", head.get("also", ""))}
    assert {problem.rule for problem in found} == allowed, text
    told = [str(problem) for problem in found if problem.rule == rule]
    assert any(re.search(pattern, line) for line in told), text
    assert len(told) == 1, text
    assert text.count("\nhelp: ") == len(found)
    for problem in found:
        assert problem.place is not None, text
        assert problem.name == RULES[problem.rule].name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_bad_file_is_named_after_its_rule(file: Path) -> None:
    rule = header(file)["expect"].split()[0]
    assert file.stem.startswith(f"{rule.lower()}_")


def test_every_rule_has_a_bad_file() -> None:
    covered = {header(file)["expect"].split()[0] for file in FILES}
    assert covered == set(RULES)


@pytest.mark.parametrize("file", sorted(BAD.glob("helper_*.yaml")), ids=lambda file: file.stem)
def test_helpers_are_not_bad(file: Path) -> None:
    found, text = problems_of(file, "strict")
    assert not found, text


@pytest.mark.parametrize("file", sorted(GOOD.rglob("*.yaml")), ids=lambda file: file.stem)
def test_good_files_are_clean(file: Path) -> None:
    found, text = problems_of(file, "strict")
    assert not [p for p in found if p.severity is not Severity.INFO], text
