"""The stage of a demonstration: shows each line of Python, then what it did on the bus."""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from types import ModuleType
from typing import Any, TextIO

import regmap.api
from regmap.backends.trace import Access, TraceBackend
from regmap.layout import lay_out
from regmap.layout.rows import rows
from regmap.live.build import build

__all__ = ["Stage"]

# A loop may make more traffic than anybody reads; the rest is counted.
_MOST_LINES = 12


class Stage:
    """Plays ``play(device)`` of a demonstration statement by statement.

    ``device`` is opened on ``backend`` through a trace. On a terminal the demonstration may draw
    (``draw``, called after each access with the simulator); Ctrl-C calls its ``off(device)``.
    """

    def __init__(self, out: TextIO, backend: str) -> None:
        self.out = out
        self.backend = backend
        self.terminal = out.isatty()
        self.colour = self.terminal and not os.environ.get("NO_COLOR")
        self._accesses: list[Access] = []
        self._drawn = False

    def play(self, title: str, module: ModuleType) -> None:
        """Play one demonstration to its end, or until Ctrl-C."""
        self._line(f"{title}", "1")
        self._line(textwrap.dedent(module.__doc__ or "").strip(), "2")
        self._line()
        board = module.BOARD
        layout = lay_out(regmap.api.load(board) if isinstance(board, str) else board)
        names = {row.address: row.path for row in rows(layout) if row.address is not None}
        inner = regmap.api.open_uri(self.backend, layout)
        draw = getattr(module, "draw", None)

        def heard(access: Access) -> None:
            self._accesses.append(access)
            if draw is not None and self.terminal:
                self._draw(draw(inner))

        trace = TraceBackend(inner, names=lambda address, _: names.get(address, ""), out=heard)
        prepare = getattr(module, "prepare", None)
        if prepare is not None and self.backend == "sim:":
            prepare(inner)
        with build(layout)(trace) as device:
            self._line(f">>> device = regmap.open({layout.name!r}, backend={self.backend!r})", "36")
            try:
                self._statements(module, device)
            except KeyboardInterrupt:
                self._line()
                self._line("interrupted", "33")
                if hasattr(module, "off"):
                    module.off(device)
                raise
            finally:
                self._undraw()
        self._line()

    def _statements(self, module: ModuleType, device: Any) -> None:
        """Run the body of ``play`` one statement at a time, in one namespace."""
        source = textwrap.dedent(inspect.getsource(module.play))
        (function,) = ast.parse(source).body
        assert isinstance(function, ast.FunctionDef)  # noqa: S101  (our own source)
        namespace = {**vars(module), "device": device, "print": self._print}
        lines = source.splitlines()
        skip_docstring = ast.get_docstring(function) is not None
        for statement in function.body[1 if skip_docstring else 0 :]:
            assert statement.end_lineno is not None  # noqa: S101  (parsed from text)
            text = textwrap.dedent("\n".join(lines[statement.lineno - 1 : statement.end_lineno]))
            first, *rest = text.splitlines()
            self._line(f">>> {first}", "36")
            for line in rest:
                self._line(f"... {line}", "36")
            self._accesses.clear()
            code = compile(ast.Module([statement], []), str(module.__file__), "exec")
            # The text is this package's own source, read back to be shown line by line.
            exec(code, namespace)  # noqa: S102
            self._undraw()
            self._traffic()

    def _traffic(self) -> None:
        shown = self._accesses[:_MOST_LINES]
        for access in shown:
            self._line(f"      {access}", "32")
        more = len(self._accesses) - len(shown)
        if more:
            self._line(f"      and {more} more accesses", "32")

    def _print(self, *values: object) -> None:
        self._undraw()
        for line in " ".join(map(str, values)).splitlines():
            self._line(f"    {line}")

    def _line(self, text: str = "", colour: str = "") -> None:
        if self.colour and colour:
            text = f"\x1b[{colour}m{text}\x1b[0m"
        print(text, file=self.out, flush=True)

    def _draw(self, picture: str) -> None:
        """One line that is drawn over again, on a terminal only."""
        print(f"\r      {picture}", end="", file=self.out, flush=True)
        self._drawn = True

    def _undraw(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self.out, flush=True)
            self._drawn = False
