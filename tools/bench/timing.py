"""How one statement is timed against another: interleaved rounds, minima, ratios.

Machines are shared and drift; rounds of all cases are interleaved so that a slow moment hits all of
them, and only minima and their ratios are reported. Statements are unrolled, names are locals, and
the empty loop of the same rounds is subtracted.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Ratio", "report", "time_statements"]

_UNROLLED = 10
_LOOPS = 5_000


def _function(statement: str, names: Mapping[str, Any]) -> Callable[[], None]:
    """A function that runs ``statement`` many times with ``names`` as its locals."""
    body = "".join(f"            {statement}\n" for _ in range(_UNROLLED))
    source = (
        f"def make({', '.join(names)}):\n"
        f"    def run():\n"
        f"        for _ in repeat:\n{body}"
        f"    return run\n"
    )
    namespace: dict[str, Any] = {"repeat": range(_LOOPS)}
    exec(source, namespace)  # noqa: S102  (the statements are this tool's own)
    made: Callable[[], None] = namespace["make"](**names)
    return made


def time_statements(
    cases: Mapping[str, tuple[str, Mapping[str, Any]]], rounds: int = 21
) -> dict[str, float]:
    """Nanoseconds of each statement: the minimum over interleaved rounds."""
    functions = {name: _function(text, names) for name, (text, names) in cases.items()}
    functions["empty"] = _function("pass", {"_": 0})
    best = dict.fromkeys(functions, float("inf"))
    gc.disable()
    try:
        for _ in range(rounds):
            for name, function in functions.items():
                start = time.perf_counter_ns()
                function()
                best[name] = min(best[name], time.perf_counter_ns() - start)
    finally:
        gc.enable()
    each = _UNROLLED * _LOOPS
    empty = best.pop("empty")
    return {name: max(spent - empty, 0) / each for name, spent in best.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One line of a report: ``ours`` against ``theirs`` in ``unit``, and the largest ratio that was
    aimed at (None: no target)."""

    what: str
    ours: float
    theirs: float
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        """How much of theirs ours takes."""
        return self.ours / self.theirs

    @property
    def met(self) -> bool:
        """Whether the target was met."""
        return self.target is None or self.ratio <= self.target


def report(title: str, lines: list[Ratio]) -> None:
    """Print a table of ratios beside their targets."""
    print(title)
    wide = max(len(line.what) for line in lines)
    for line in lines:
        aim = ""
        if line.target is not None:
            aim = f"  target {line.target:g}  {'met' if line.met else 'MISSED'}"
        numbers = f"{line.ours:10.4g} / {line.theirs:10.4g} {line.unit}"
        print(f"  {line.what:<{wide}}  {numbers}  ratio {line.ratio:.4f}{aim}")
    print()
