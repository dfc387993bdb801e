"""Make documents, look at each, keep those that break a rule."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tools.fuzz import svd
from tools.fuzz.mutate import Mutator

_MEMORY = 2 << 30
_HANGS_AFTER_S = 30
_EVERY = 1_000
_KEPT = Path("build") / "fuzz"


def main() -> int:
    """Fuzz what is named; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("what", choices=("svd",))
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first document")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    start = time.monotonic()
    last = asked.first + asked.documents
    work = [
        (asked.seed, range(asked.first + job, last, asked.jobs), job == 0)
        for job in range(asked.jobs)
    ]
    with multiprocessing.Pool(asked.jobs) as pool:
        answers = sum(pool.map(_run, work, chunksize=1), Counter[str]())
    shown = ", ".join(f"{count:,} {answer}" for answer, count in answers.most_common())
    print(f"{asked.documents:,} documents in {time.monotonic() - start:.0f} s: {shown}")
    return int(any(answer.startswith("!") for answer in answers))


def _run(work: tuple[int, range, bool]) -> Counter[str]:
    seed, numbers, speaks = work
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGPROF, _too_late)
    mutator = Mutator(svd.seeds(), seed)
    answers: Counter[str] = Counter()
    for done, number in enumerate(numbers, 1):
        answer = _answer(mutator, number, svd.look)
        if answer.startswith("!") and answer not in answers:
            print(f"document {number}: {answer[2:]}", flush=True)
        answers[answer] += 1
        if done % _EVERY == 0:
            gc.collect()  # loading leaves rings behind, and puts them where they are seldom sought
        if speaks and done % _EVERY == 0:
            print(f"{done:,} of {len(numbers):,} of this process: {dict(answers)}", flush=True)
    return answers


def _too_late(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"more than {_HANGS_AFTER_S} s")


def _answer(mutator: Mutator, number: int, look: Callable[[bytes], str]) -> str:
    """What became of a document; "! ..." with the place in the code where it went wrong."""
    data = mutator.document(number)
    signal.setitimer(signal.ITIMER_PROF, _HANGS_AFTER_S)
    try:
        return look(data)
    except Exception as error:  # noqa: BLE001  (all of them are findings)
        at = traceback.extract_tb(error.__traceback__)[-1]
        _KEPT.mkdir(parents=True, exist_ok=True)
        (_KEPT / f"{number}.svd").write_bytes(data)
        text = "".join(traceback.format_exception(error))
        (_KEPT / f"{number}.txt").write_text(text, "utf-8", "backslashreplace")
        what = str(error).splitlines()[:1] if isinstance(error, AssertionError) else []
        return f"! {type(error).__name__} in {Path(at.filename).name}:{at.lineno} {what}"[:160]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    sys.exit(main())
