"""SVD files made to hurt: each is refused with a place or read with what is odd told, quickly and
in little memory, without a crash.

``tests/data/bad/svd/expected.txt`` says of every small file there what becomes of it; the large
ones are made by ``tests/svd_bombs.py``, with a table here. Each runs in a process of its own.
``REGMAP_GOLDEN=write`` makes the table of the small ones anew; look at the difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from regmap.check import RULES, check
from regmap.errors import MapError
from regmap.layout import lay_out
from regmap.loaders import read
from regmap.model.block import Block
from tests.svd_bombs import BOMBS
from tests.svd_child import Outcome
from tools.fuzz.mutate import Mutator
from tools.fuzz.svd import look, seeds

ROOT = Path(__file__).parent.parent.parent
BAD = ROOT / "tests" / "data" / "bad" / "svd"
EXPECTED = BAD / "expected.txt"
SMALL = {file.stem: file for file in sorted(BAD.glob("*.svd"))}

# Processor time and memory for reading alone, Python and its libraries among it.
MOST_S = 2.0
MOST_KB = 300 << 10
# A large file that is no more than large is read whole, and may take as long as it must.
LARGE_S = 10.0
LARGE_KB = 400 << 10


def outcomes(files: Mapping[str, Path], *options: str) -> dict[str, Outcome]:
    """What became of each file."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.svd_child", *options],
        input="".join(f"{file}\n" for file in files.values()),
        capture_output=True, text=True, timeout=600, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(files, map(json.loads, done.stdout.splitlines()), strict=True))


def summary(outcome: Outcome) -> str:
    """The line of the table: what became of a file, and the rules that were told."""
    told = sorted({problem["rule"] for problem in outcome["problems"]})
    what = "read" if outcome["usable"] else "refused"
    return " ".join([what, *(told or ["-"])])


def check_outcome(outcome: Outcome, file: Path, most_s: float, most_kb: int) -> None:
    """What holds of every file."""
    assert "raised" not in outcome, outcome["raised"]
    assert outcome["read_s"] < most_s
    assert outcome["read_kb"] < most_kb
    problems = [*outcome["problems"], *outcome.get("check", ())]
    for problem in problems:
        assert problem["rule"] in RULES
        assert problem["file"] == str(file)
        assert problem["line"] >= 1
        assert problem["column"] >= 1
        assert len(problem["text"]) < 600
    assert all(problem["text"].isprintable() for problem in outcome["problems"])
    assert len(outcome["problems"]) <= 201
    if not outcome["usable"]:
        assert any(problem["severity"] == "error" for problem in outcome["problems"])


@pytest.fixture(scope="module")
def small() -> dict[str, Outcome]:
    return outcomes(SMALL)


def table() -> dict[str, str]:
    """What is expected of each small file."""
    rows = (line.split(None, 1) for line in EXPECTED.read_text("utf-8").splitlines())
    return {row[0]: row[1] for row in rows if row and row[0] != "#"}


def test_the_table_is_as_it_was(small: dict[str, Outcome]) -> None:
    if os.environ.get("REGMAP_GOLDEN") == "write":
        head = "# What becomes of each file: read or refused, and the rules that are told of it\n"
        lines = (f"{name:<40} {summary(outcome)}\n" for name, outcome in small.items())
        EXPECTED.write_text(head + "".join(lines), "utf-8")
    assert set(table()) == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_small(small: dict[str, Outcome], name: str) -> None:
    check_outcome(small[name], SMALL[name], MOST_S, MOST_KB)
    assert summary(small[name]) == table()[name]


def test_whatever_has_a_document_type_is_refused(small: dict[str, Outcome]) -> None:
    names = [name for name, file in SMALL.items() if name.startswith(("doctype", "entity-"))]
    harmless = {"entity-predefined", "entity-characters"}
    assert len(names) > 20
    for name in set(names) - harmless:
        assert not small[name]["model"], name


REFUSED = """
elements 100,000 deep
elements 100,000 deep, closed
clusters 1,000 deep
clusters 60 deep, each an array of 2
a tag of 9 MB
a text of 30 MB
a text that never ends
blanks before the root
blanks inside the root
a comment of 30 MB
opened CDATA
ampersands
angle brackets
NULs
noise
one byte too large
largest, in UTF-16
a name of a megabyte
names of 10 kB
a peripheral's name of a megabyte
an affix of a megabyte
a name of placeholders
a long name, often by dim
an array of one more
an array of 100,000,000
arrays of 1,000 to the fourth
arrays of 64 to the tenth
many arrays that are too many together
doubled 24 times
doubled 200 times
doubled by peripherals
one value too many
""".strip().splitlines()


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> Iterable[dict[str, tuple[Path, Outcome]]]:
    folder = tmp_path_factory.mktemp("bombs")
    files = {name: folder / f"{number}.svd" for number, name in enumerate(BOMBS)}
    for name, file in files.items():
        file.write_bytes(BOMBS[name]())
    found = {name: (files[name], outcome) for name, outcome in outcomes(files, "--read").items()}
    for file in files.values():
        file.unlink()
    return found


@pytest.mark.parametrize("name", BOMBS)
def test_large(bombs: dict[str, tuple[Path, Outcome]], name: str) -> None:
    file, outcome = bombs[name]
    assert "raised" not in outcome, outcome["raised"]
    refused = name in REFUSED
    assert outcome["usable"] is not refused, outcome["problems"][:3]
    check_outcome(outcome, file, MOST_S if refused else LARGE_S, MOST_KB if refused else LARGE_KB)


def test_empty_groups_are_not_walked_through_one_by_one() -> None:
    endless = "offset: 0, array: {count: 100000, stride: 4}"
    text = f"block: empty\ngroups: {{A: {{{endless}, groups: {{B: {{{endless}}}}}}}}}\n"
    model = read("empty.yaml", text=text).model
    assert isinstance(model, Block)
    assert {problem.rule for problem in check(model)} <= {"RM103", "RM290"}
    (instance,) = lay_out(model).instances.values()
    with pytest.raises(MapError, match="more than 1000000 elements"):
        _ = instance.block


def test_a_few_random_documents() -> None:
    """``python -m tools.fuzz svd`` looks at as many more as one likes."""
    mutator = Mutator(seeds(), seed=20)
    answers = [look(mutator.document(number)) for number in range(400)]
    assert answers.count("read") > 100
    assert answers.count("refused") > 20


def test_a_random_document_is_the_same_again() -> None:
    first, again = Mutator(seeds(), 7), Mutator(seeds(), 7)
    assert [first.document(n) for n in range(20)] == [again.document(n) for n in range(20)]
    assert Mutator(seeds(), 8).document(0) != first.document(0)
