"""What must hold of every SVD document, however broken: it loads or says why not, and what loads
can be checked, laid out and listed, or is refused."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import islice
from pathlib import Path

from regmap.check import check, gathered
from regmap.check.report import as_json, as_text
from regmap.errors import MapError, Problem
from regmap.layout import lay_out
from regmap.layout.rows import as_json as row_as_json
from regmap.layout.rows import rows
from regmap.loaders.files import Files
from regmap.loaders.report import Log
from regmap.loaders.svd import read_svd
from regmap.model.block import Block
from regmap.model.chip import Chip
from regmap.model.walk import count_innermost

__all__ = ["MOST_S", "look", "seeds"]

# Processor time for one document, everything together; most take some milliseconds.
MOST_S = 10.0
_MOST_ROWS = 5_000
_LONGEST_TEXT = 1_000
# What is larger takes its time rightly, and is only read.
_MOST_REGISTERS = 2_000

TESTS = Path(__file__).resolve().parent.parent.parent / "tests" / "data"


def seeds() -> list[bytes]:
    """The small documents of the tests, good and bad."""
    files = [*sorted(TESTS.glob("good/**/*.svd")), *sorted(TESTS.glob("bad/svd/*.svd"))]
    return [data for file in files if len(data := file.read_bytes()) < 20_000]


def look(data: bytes) -> str:
    """What became of a document: "refused" or "read". Raises AssertionError, or whatever else
    must not come out, with what is wrong."""
    start = time.process_time()
    answer = _look(data)
    spent = time.process_time() - start
    assert spent < MOST_S, f"it took {spent:.1f} s"  # noqa: S101  (what a fuzzer is for)
    return answer


def _read(data: bytes, *, whole: bool) -> tuple[Block | Chip | None, tuple[Problem, ...]]:
    log = Log()
    model = read_svd(data, "fuzz.svd", Files(log), whole=whole)
    return (None if log.incomplete or log.failed else model), log.problems


def _look(data: bytes) -> str:
    model, problems = _read(data, whole=True)
    for problem in problems:
        _is_told_well(problem)
    late, _ = _read(data, whole=False)
    if model is None:
        assert any(p.severity == "error" for p in problems), "refused without a reason"  # noqa: S101
        if late is not None:
            _make(late)
        return "refused"
    assert late is not None, "refused, but only without its blocks"  # noqa: S101
    if _registers(model) > _MOST_REGISTERS:
        return "read, large"
    found = check(model, profile="import")
    for problem in found:
        _is_told_well(problem)
    told = gathered([*problems, *found], lambda _: True)
    as_json(told)
    as_text(told, {"fuzz.svd": data.decode("utf-8", "replace")})
    _use(model)
    assert _same(model, late), "read on demand it is something else"  # noqa: S101
    return "read"


def _is_told_well(problem: Problem) -> None:
    place = problem.place
    assert place is not None, problem  # noqa: S101
    assert place.file == "fuzz.svd", problem  # noqa: S101
    assert place.line >= 1 <= place.column, problem  # noqa: S101
    assert len(problem.text) < _LONGEST_TEXT, problem  # noqa: S101
    assert problem.count >= 1, problem  # noqa: S101


def _make(model: Block | Chip) -> None:
    """Ask for what a chip has not made yet. MapError is an answer."""
    for instance in () if isinstance(model, Block) else model.instances:
        with suppress(MapError):
            _ = instance.block.items


def _use(model: Block | Chip) -> None:
    """Lay a chip out and list it. MapError is an answer; nothing else is."""
    try:
        layout = lay_out(model)
        for instance in islice(layout.instances.values(), 200):
            _ = instance.block
        for row in islice(rows(layout), _MOST_ROWS):
            row_as_json(row)
    except MapError:
        pass


def _registers(model: Block | Chip) -> int:
    """All registers of all blocks, arrays written out."""
    instances = [] if isinstance(model, Block) else model.instances
    blocks = {id(at.block): at.block for at in instances}
    return sum(count_innermost(block.items) for block in blocks.values())


def _same(model: Block | Chip, late: Block | Chip) -> bool:
    try:
        return model == late
    except MapError:
        return False
