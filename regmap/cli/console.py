"""How commands speak: tables on a terminal, plain text in a pipe, JSON where asked.

Answers go to standard output, everything about them to standard error. Colour only on a terminal
and never with NO_COLOR.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

__all__ = ["Console", "Remarks", "forget", "safe", "shortened"]


def safe(text: str) -> str:
    """``text`` of a description with what would steer a terminal made visible."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def shortened(text: str) -> str:
    """``text`` with words that nobody reads to their end, such as a number of 5,000 digits, cut."""
    return _ENDLESS.sub(lambda word: f"{word[0][:_LONGEST_WORD]}...", text)


_LONGEST_WORD = 300
_ENDLESS = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


class Remarks(io.TextIOBase):
    """Standard error for remarks: where they cannot be written, they are dropped. The answer and
    the exit status are worth more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop it."""
        try:
            return self._stream.write(text)
        except OSError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what is left."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._drop()

    def isatty(self) -> bool:
        """Whether a person reads them."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()

    def _drop(self) -> None:
        # What is in the buffer would be tried again at exit, and change the exit status.
        forget(self._stream)


def forget(stream: TextIO) -> None:
    """Let what ``stream`` still has to print go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Console:
    """Where answers and remarks go."""

    def __init__(self, *, json_mode: bool = False, out: TextIO | None = None) -> None:
        self.json_mode = json_mode
        self.out = out or sys.stdout
        self.pretty = self.out.isatty() and not json_mode
        self.colour = self.pretty and not os.environ.get("NO_COLOR")

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        print(safe(text), file=self.out)

    def json(self, value: Any) -> None:
        """The answer as JSON."""
        print(json.dumps(value, indent=2 if self.out.isatty() else None), file=self.out)

    def note(self, text: str) -> None:
        """A remark about the answer, on standard error."""
        print(f"regmap: {safe(shortened(text))}", file=sys.stderr)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
        """A table: drawn on a terminal, columns of plain text in a pipe."""
        # A cell is one line, whatever a description holds.
        rows = [[safe(" ".join(cell.split())) for cell in row] for row in rows]
        if self.pretty:
            self._rich(heads, rows, title)
            return
        if title:
            print(safe(title), file=self.out)
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in [heads, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip(), file=self.out)

    def _rich(self, heads: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
        import rich.box  # noqa: PLC0415  (only a terminal needs it)
        import rich.console  # noqa: PLC0415
        import rich.table  # noqa: PLC0415
        import rich.text  # noqa: PLC0415

        table = rich.table.Table(
            title=title or None, title_justify="left", box=rich.box.SIMPLE_HEAD
        )
        for head in heads:
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*(rich.text.Text(cell) for cell in row))
        rich.console.Console(file=self.out, no_color=not self.colour).print(table)
