"""The stage of a demonstration: shows each line of Python, then what it does on the bus."""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from types import FunctionType, ModuleType
from typing import Any, TextIO

import regmap.api
from regmap.backends.trace import Access, TraceBackend
from regmap.demos.traffic import line_of, namer
from regmap.errors import RegmapError
from regmap.layout import lay_out
from regmap.live.build import build

__all__ = ["Stage"]

# A loop may make more traffic than anybody reads; the rest is counted.
_MOST_LINES = 12


class Stage:
    """Plays ``play(device)`` of a demonstration statement by statement.

    ``device`` is opened through a trace on ``backend``, by default the simulator. On a terminal
    the simulator's picture (``draw``) stays below the traffic. Whatever cuts a run short, Ctrl-C
    first of all, the demonstration's ``off(device)`` is called.
    """

    def __init__(self, out: TextIO, backend: str | None = None) -> None:
        self.out = out
        self.backend = backend or "sim:"
        self.terminal = out.isatty()
        self.colour = self.terminal and not os.environ.get("NO_COLOR")
        self.inner: Any = None
        self._module: ModuleType | None = None
        self._shown = 0
        self._hidden = 0
        self._picture = False

    def play(self, title: str, module: ModuleType) -> None:
        """Play one demonstration to its end, or until something stops it."""
        self._module = module
        self._line(title, "1")
        self._line(textwrap.dedent(module.__doc__ or "").strip(), "2")
        self._line()
        board = module.BOARD
        layout = lay_out(regmap.api.load(board) if isinstance(board, str) else board)
        simulated = self.backend in {"sim", "sim:"}
        opened = f'regmap.open("{layout.name}", backend="{self.backend}")'
        if simulated and hasattr(module, "backend"):
            self.inner = module.backend()
            opened = f"regmap.open({layout.name}, backend={type(self.inner).__name__}())"
            simulated = False
        else:
            self.inner = regmap.api.open_uri(self.backend, layout)
        self._line(f">>> device = {opened}", "36")
        trace = TraceBackend(self.inner, names=namer(layout), out=self._heard)
        with build(layout)(trace) as device:
            names = {**vars(module), "device": device, "print": self._print}
            try:
                if simulated and hasattr(module, "prepare"):
                    self._line(">>> sim = device.backend  # the simulator plays the hardware", "36")
                    self._statements(module, module.prepare, {**names, "sim": self.inner})
                self._statements(module, module.play, names)
            except BaseException:
                self._off(module, device)
                raise
            finally:
                self._erase()
        self._line()

    def _statements(
        self, module: ModuleType, part: FunctionType, namespace: dict[str, Any]
    ) -> None:
        """Show and run the body of a function one statement at a time, in one namespace."""
        source = textwrap.dedent(inspect.getsource(part))
        (function,) = ast.parse(source).body
        assert isinstance(function, ast.FunctionDef)  # noqa: S101  (our own source)
        lines = source.splitlines()
        has_docstring = ast.get_docstring(function) is not None
        for statement in function.body[has_docstring:]:
            assert statement.end_lineno is not None  # noqa: S101  (parsed from text)
            text = textwrap.dedent("\n".join(lines[statement.lineno - 1 : statement.end_lineno]))
            first, *rest = text.splitlines()
            self._line(f">>> {first}", "36")
            for line in rest:
                self._line(f"... {line}", "36")
            self._shown = self._hidden = 0
            code = compile(ast.Module([statement], []), str(module.__file__), "exec")
            # The text is this package's own source, read back to be shown line by line.
            exec(code, namespace)  # noqa: S102
            if self._hidden:
                self._line(f"      and {self._hidden} more accesses", "32")

    def _off(self, module: ModuleType, device: Any) -> None:
        """Leave the hardware quiet; this comes before anything is printed."""
        off = getattr(module, "off", None)
        if off is None:
            return
        self._shown = self._hidden = 0
        try:
            off(device)
        except RegmapError as error:
            self._line(f"could not switch off: {error}", "31")

    def _heard(self, access: Access) -> None:
        if self._shown < _MOST_LINES:
            self._shown += 1
            self._line(f"      {line_of(access)}", "32")
        else:
            self._hidden += 1
        self._draw()

    def _print(self, *values: object) -> None:
        for line in " ".join(map(str, values)).splitlines():
            self._line(f"    {line}")
        self._draw()

    def _line(self, text: str = "", colour: str = "") -> None:
        self._erase()
        if self.colour and colour and text:
            text = f"\x1b[{colour}m{text}\x1b[0m"
        print(text, file=self.out, flush=True)

    def _draw(self) -> None:
        """The picture as the last line, on a terminal only."""
        draw = getattr(self._module, "draw", None)
        if draw is not None and self.terminal and hasattr(self.inner, "level"):
            self._erase()
            print(f"      {draw(self.inner)}", end="", file=self.out, flush=True)
            self._picture = True

    def _erase(self) -> None:
        if self._picture:
            self._picture = False
            print("\r\x1b[K", end="", file=self.out, flush=True)
