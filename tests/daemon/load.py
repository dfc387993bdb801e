"""Clients that share registers and each know what they must find there."""

from __future__ import annotations

import itertools
import random
import threading
from pathlib import Path

from tests.daemon.served import Client
from tests.daemon.torture import PIN

__all__ = ["CLIENTS", "COUNTER", "REGISTERS", "Worker", "work"]

CLIENTS = 64
REGISTERS = (("GPIO.GPREN0", "REN"), ("GPIO.GPFEN0", "FEN"))
COUNTER = "GPIO.GPHEN0"
# Each sends so many at once, and counts after so many of these.
_AT_ONCE = 4
_COUNT_EVERY = 4


class Worker:
    """One of 64: it alone has one bit of a register, the first ones a pin, and all count in one
    register by CAS. ``bit`` is its bit at the end, ``counted`` what it added."""

    def __init__(self, path: Path, number: int, *, pins: bool) -> None:
        self.bit = self.level = self.counted = 0
        self.wrong: list[str] = []
        self.register, start = REGISTERS[number // 32]
        self._field = f"{self.register}.{start}{number % 32}"
        self._pin = number if pins and number < 17 and number != PIN else -1
        self._dice = random.Random(number)  # noqa: S311
        self._path = path

    def run(self, requests: int) -> None:
        """Make so many requests and look at each reply."""
        try:
            with Client(self._path, hello=True) as client:
                client.socket.settimeout(60)
                if self._pin >= 0:
                    pin = self._pin
                    self._talk(client, [(f"MODE {pin} OUT", "Ok"), (f"WRITE {pin} 0", "Ok")])
                self._talk(client, [(f"SET {self._field}=0", "Ok")])
                for turn in itertools.count():
                    if requests <= 0 or self.wrong:
                        break
                    some = [self._next() for _ in range(min(requests, _AT_ONCE))]
                    self._talk(client, some)
                    if turn % _COUNT_EVERY == 0:
                        self._count(client)
                    requests -= len(some)
        except Exception as error:  # noqa: BLE001  (told to the test, in whose thread it is not)
            self.wrong.append(repr(error))

    def _next(self) -> tuple[str, str]:
        """A request and its reply, or how that begins."""
        field, dice = self._field, self._dice
        old = self.bit
        match dice.randrange(8):
            case 0:
                self.bit = dice.randrange(2)
                return f"MODIFY {field}={self.bit}", "Ok"
            case 1:
                self.bit = dice.randrange(2)
                return f"@t.{old} SET {field}={self.bit}", f"@t.{old} Ok"
            case 2:
                self.bit ^= 1
                return f"BATCH GET {field}; MODIFY {field}={self.bit}", f"Ok {field}=0x{old}"
            case 3:
                return f"WAIT {field}={old} 1000", f"{field}=0x{old}"
            case 4:
                self.bit ^= 1
                return f"CAS {field} {old} {self.bit}", "Ok"
            case 5 if self._pin >= 0:
                self.level ^= 1
                return f"WRITE {self._pin} {self.level}", "Ok"
            case 6 if self._pin >= 0:
                return f"READ {self._pin}", f"{self._pin} {self.level}"
            case 7:
                wrong = dice.choice(
                    ("READ 99", "GET GPIO.NO", f"CAS {field} {old ^ 1} 1", "", "LIST (")
                )
                return wrong, "Error *"
        return f"GET {field}", f"{field}=0x{old}"

    def _count(self, client: Client) -> None:
        found = client.ask(f"GET {COUNTER}")
        now = int(found.partition("=")[2], 0)
        said = client.ask(f"CAS {COUNTER} {now} {now + 1}")
        if said == "Ok":
            self.counted += 1
        elif not said.startswith("Error value it is "):
            self.wrong.append(f"CAS: {said}")

    def _talk(self, client: Client, some: list[tuple[str, str]]) -> None:
        client.send(*[request for request, _ in some])
        for request, wanted in some:
            reply = client.line()
            if reply != wanted and not (wanted.endswith("*") and reply.startswith(wanted[:-1])):
                self.wrong.append(f"{request}: {reply}, not {wanted}")


def work(path: Path, requests: int, *, pins: bool = True) -> list[Worker]:
    """All clients at once, each with so many requests; without ``pins``, where a pin does not show
    what was written, to registers alone."""
    workers = [Worker(path, number, pins=pins) for number in range(CLIENTS)]
    threads = [threading.Thread(target=worker.run, args=(requests,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return workers
