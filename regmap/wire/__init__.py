"""The socket protocol of the daemon: bytes to lines, lines to requests, replies and events.

No I/O and no registers here; the daemon and its clients share it. A line is printable ASCII
without its LF; words are parted by exactly one space. ``PATH`` names a register or field by its
Python path (``GPIO.GPFSEL1.FSEL17``, ``HPET.TIMER[0].CONF``), or one bit of a register
(``GPIO.GPLEV0.bit[3]``).

    READ PIN          WRITE PIN 0|1      MODE PIN IN|OUT        READALL       HELLO 2
    GET PATH...       SET PATH=VALUE...  MODIFY PATH=VALUE...   CAS PATH OLD NEW
    WAIT PATH=VALUE TIMEOUT_MS           BATCH REQUEST; ...     (GET, SET and MODIFY)
    LIST [GLOB]       DESCRIBE PATH      STATS                  DRIVE PIN 0|1
    SUBSCRIBE PIN RISING|FALLING|BOTH    UNSUBSCRIBE PIN

GET reads as ``read()`` does, SET assigns one after the other, and MODIFY is one ``modify()`` for
each register. A VALUE is a number or the name of an enum's member. The first line alone is open to
who has not said ``HELLO 2``. After that a line may begin with ``@ID ``, and so does every line of
its reply then. Beside replies there come ``EVENT PIN RISING|FALLING TIMESTAMP_NS SEQUENCE`` and
``LOST N``, with which no reply begins.
"""

from __future__ import annotations

from regmap.wire.lines import CODES, LONGEST_LINE, Lines, WireError
from regmap.wire.replies import Event, Failure, Lost, Reply, parse_reply, render, values
from regmap.wire.requests import VERBS, Request, parse
from regmap.wire.words import EDGES, LONGEST_WAIT_MS, PINS, VERSION, number

__all__ = [
    "CODES",
    "EDGES",
    "LONGEST_LINE",
    "LONGEST_WAIT_MS",
    "PINS",
    "VERBS",
    "VERSION",
    "Event",
    "Failure",
    "Lines",
    "Lost",
    "Reply",
    "Request",
    "WireError",
    "number",
    "parse",
    "parse_reply",
    "render",
    "values",
]
