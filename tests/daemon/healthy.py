"""A client that behaves, as a process of its own beside those that do not.

``python healthy.py SOCKET JSON``: of two lists of ``[request, reply]`` it asks the first once and
the second over and over, one request at a time, until its standard input ends; then it prints what
was wrong and how long replies took. It imports nothing of regmap and takes little of the processor.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

_PAUSE_S = 0.002
_MOST_WRONG = 10


def main(path: str, once: list[list[str]], again: list[list[str]]) -> dict[str, object]:
    """What was asked, what was wrong, and the 99th percentile of the replies' times."""
    wrong: list[str] = []
    times: list[float] = []
    asked = 0
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        replies = connection.makefile("rb")

        def ask(request: str, reply: str) -> None:
            begun = time.perf_counter()
            connection.sendall(request.encode() + b"\n")
            line = replies.readline()
            times.append(time.perf_counter() - begun)
            if line != reply.encode() + b"\n" and not (
                reply.endswith("*") and line.startswith(reply[:-1].encode())
            ):
                wrong.append(f"{request}: {line[:200]!r}")

        try:
            for request, reply in once:
                ask(request, reply)
            print("ready", flush=True)
            while len(wrong) < _MOST_WRONG:
                for request, reply in again:
                    ask(request, reply)
                    asked += 1
                if select.select([sys.stdin], [], [], _PAUSE_S)[0]:
                    break
        except OSError as error:
            wrong.append(f"after {asked} requests: {error!r}")
    times.sort()
    p99_ms = times[len(times) * 99 // 100] * 1000 if times else 0.0
    return {"asked": asked, "wrong": wrong, "p99_ms": p99_ms}


if __name__ == "__main__":
    first, then = json.loads(sys.argv[2])
    json.dump(main(sys.argv[1], first, then), sys.stdout)
