"""Reads SVD files that are made to hurt, each in a process of its own with bounded resources.

``python -m tests.svd_child`` takes one path a line and answers one JSON object a line, in order;
with ``--read``, files are only read.
What is feared is a dead interpreter, an endless one or one that fills the memory, not an
exception, so each file has a fork to itself: limits and peaks are the file's own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from regmap.check import check, gathered
from regmap.errors import MapError, Problem
from regmap.layout import lay_out
from regmap.layout.rows import rows
from regmap.loaders import read

__all__ = ["Outcome"]

_MEMORY = 1 << 30
_CPU_S = 20

Outcome = dict[str, Any]


def _told(problem: Problem) -> Outcome:
    place = problem.place
    return {
        "rule": problem.rule,
        "severity": str(problem.severity),
        "text": problem.text,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "count": problem.count,
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _look(path: str, answer: Outcome) -> None:
    """Reads, then does with what was read what commands do."""
    start = time.process_time()
    loaded = read(Path(path))
    answer |= {"read_s": time.process_time() - start, "read_kb": _peak()}
    answer["problems"] = [_told(problem) for problem in loaded.problems]
    answer["model"] = loaded.model is not None
    answer["usable"] = loaded.model is not None and not loaded.errors
    if loaded.model is None or "--read" in sys.argv:
        return
    start = time.process_time()
    found = gathered(check(loaded.model, profile="import"), lambda _: True)
    answer["check"] = [_told(problem) for problem in found]
    answer["check_s"] = time.process_time() - start
    start = time.process_time()
    answer["blocks"] = 0
    try:
        layout = lay_out(loaded.model)
        for instance in layout.instances.values():
            answer["blocks"] += len(instance.block.members) > 0
        answer["rows"] = sum(1 for _ in rows(layout))
    except MapError as error:
        answer["refused"] = str(error)[:200]
    answer |= {"layout_s": time.process_time() - start, "peak_kb": _peak()}


def _one(path: str) -> Outcome:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(ours)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
            answer: Outcome = {}
            try:
                _look(path, answer)
            except BaseException as error:  # noqa: BLE001  (told to the parent)
                answer["raised"] = f"{type(error).__name__}: {error}"[:300]
            with os.fdopen(theirs, "w") as stream:
                json.dump(answer, stream)
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if status or not text:
        return {"raised": f"the process ended with status {os.waitstatus_to_exitcode(status)}"}
    found: Outcome = json.loads(text)
    return found


if __name__ == "__main__":
    import regmap.loaders.svd
    import regmap.loaders.yaml  # noqa: F401  (imported once, not in every fork)

    for line in sys.stdin:
        print(json.dumps(_one(line.rstrip("\n"))), flush=True)
