"""The tiny grammar of a description: integers, index names and ``+ - * // %``; nothing is executed.

Three forms stand on it. A *name pattern* (``GPFSEL{i}``, ``FSEL{10*i+j}``) makes the names of array
elements. A *path* (``GPFSEL[i // 10].FSEL[i % 10]``) says which register, field or bit one index
of a view means. A *count* (``GCAP_ID.NUM_TIM_CAP + 1``) is a field and a constant.

A text outside the grammar raises ``ExprError`` with the offset of the first wrong character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Count", "Expr", "ExprError", "NamePattern", "Path", "Step", "parse_expr"]

# Deeper nesting than this is no description; the parser is recursive and stops well before Python.
_MAX_DEPTH = 32
_MAX_LENGTH = 512
_TOKEN = re.compile(
    r"\s*(?:(?P<int>0[xX][0-9a-fA-F]+|[0-9]+)|(?P<name>[A-Za-z_]\w*)|(?P<op>//|[-+*%()]))"
)


class ExprError(ValueError):
    """The text is outside the grammar; ``at`` is the offset of the first wrong character."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Expr:
    """A parsed expression: an integer, an index name, or an operator over two expressions."""

    op: str
    left: Expr | None = None
    right: Expr | None = None
    value: int = 0
    name: str = ""

    def at(self, indexes: Mapping[str, int]) -> int:
        """The number for these indexes. Raises ExprError for division by zero or an unknown
        index."""
        if self.op == "int":
            return self.value
        if self.op == "name":
            if self.name not in indexes:
                known = ", ".join(indexes) or "none"
                raise ExprError(f"unknown index {self.name!r} (known here: {known})", 0)
            return indexes[self.name]
        assert self.left is not None  # noqa: S101  (made so by the parser)
        assert self.right is not None  # noqa: S101
        left, right = self.left.at(indexes), self.right.at(indexes)
        if self.op in {"//", "%"} and right == 0:
            raise ExprError("division by zero", 0)
        match self.op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "//":
                return left // right
            case _:
                return left % right


class _Parser:
    """Recursive descent over one text; precedence as in Python."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise ExprError(f"longer than {_MAX_LENGTH} characters", _MAX_LENGTH)
        self.text = text
        self.position = 0
        self.depth = 0
        self.token: tuple[str, str, int] | None = None
        self.advance()

    def advance(self) -> None:
        rest = self.text[self.position :]
        if not rest.strip():
            self.token = None
            return
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            at = self.position + len(rest) - len(rest.lstrip())
            raise ExprError(f"unexpected {self.text[at]!r}", at)
        kind = str(match.lastgroup)
        self.token = (kind, match.group(kind), match.start(kind))
        self.position = match.end()

    def sum(self) -> Expr:
        left = self.product()
        while self.token and self.token[1] in {"+", "-"} and self.token[0] == "op":
            op = self.token[1]
            self.advance()
            left = Expr(op, left, self.product())
        return left

    def product(self) -> Expr:
        left = self.atom()
        while self.token and self.token[1] in {"*", "//", "%"} and self.token[0] == "op":
            op = self.token[1]
            self.advance()
            left = Expr(op, left, self.atom())
        return left

    def atom(self) -> Expr:
        if self.token is None:
            raise ExprError("the expression ends too early", len(self.text))
        kind, text, at = self.token
        if kind == "int":
            self.advance()
            return Expr("int", value=int(text, 0) if text[:2] in {"0x", "0X"} else int(text))
        if kind == "name":
            self.advance()
            return Expr("name", name=text)
        if text == "(":
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise ExprError(f"nested deeper than {_MAX_DEPTH}", at)
            self.advance()
            inner = self.sum()
            if self.token is None or self.token[1] != ")":
                raise ExprError("a parenthesis is not closed", at)
            self.depth -= 1
            self.advance()
            return inner
        raise ExprError(f"unexpected {text!r}", at)


def parse_expr(text: str) -> Expr:
    """Parse a whole text as one expression."""
    parser = _Parser(text)
    expr = parser.sum()
    if parser.token is not None:
        raise ExprError(f"unexpected {parser.token[1]!r}", parser.token[2])
    return expr


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A name with expressions in braces: ``FSEL{10*i+j}``."""

    text: str
    parts: tuple[str | Expr, ...]

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Parse a pattern; a brace without its partner is an ExprError."""
        parts: list[str | Expr] = []
        position = 0
        for match in re.finditer(r"\{([^{}]*)\}", text):
            parts.append(text[position : match.start()])
            try:
                parts.append(parse_expr(match[1]))
            except ExprError as error:
                raise ExprError(str(error), match.start(1) + error.at) from None
            position = match.end()
        parts.append(text[position:])
        for part in parts:
            if isinstance(part, str) and ("{" in part or "}" in part):
                raise ExprError("a brace has no partner", text.index(part))
        return cls(text, tuple(part for part in parts if part != ""))

    def at(self, indexes: Mapping[str, int]) -> str:
        """The name for these indexes."""
        return "".join([p if isinstance(p, str) else str(p.at(indexes)) for p in self.parts])


_STEP = re.compile(r"\s*([A-Za-z_]\w*)((?:\s*\[[^][]*\])*)\s*")


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path, with its indexes: ``GPFSEL[i // 10]``."""

    name: str
    indexes: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted path from a block down to a register, field or ``bit[n]``."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """Parse ``NAME[expr].NAME[expr]``."""
        if len(text) > _MAX_LENGTH:
            raise ExprError(f"longer than {_MAX_LENGTH} characters", _MAX_LENGTH)
        steps: list[Step] = []
        position = 0
        while True:
            match = _STEP.match(text, position)
            if match is None:
                raise ExprError("a name is expected here", position)
            indexes: list[Expr] = []
            for index in re.finditer(r"\[([^][]*)\]", match[2]):
                try:
                    indexes.append(parse_expr(index[1]))
                except ExprError as error:
                    at = match.start(2) + index.start(1) + error.at
                    raise ExprError(str(error), at) from None
            steps.append(Step(match[1], tuple(indexes)))
            position = match.end()
            if position == len(text):
                return cls(text, tuple(steps))
            if text[position] != ".":
                raise ExprError(f"unexpected {text[position]!r}", position)
            position += 1

    def at(self, indexes: Mapping[str, int]) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The path with its numbers: ``(("GPFSEL", (1,)), ("FSEL", (7,)))``."""
        return tuple(
            (step.name, tuple(expr.at(indexes) for expr in step.indexes)) for step in self.steps
        )

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Count:
    """A number of elements that the hardware states: a read-only field plus a constant."""

    text: str
    field: Path
    plus: int = 0

    @classmethod
    def parse(cls, text: str) -> Count:
        """Parse ``REGISTER.FIELD`` or ``REGISTER.FIELD + 1``."""
        if len(text) > _MAX_LENGTH:
            raise ExprError(f"longer than {_MAX_LENGTH} characters", _MAX_LENGTH)
        match = re.fullmatch(r"\s*([^+-]+?)\s*(?:([+-])\s*([0-9]+)\s*)?", text)
        if match is None:
            raise ExprError("a count is FIELD or FIELD + NUMBER", 0)
        plus = int(match[3] or 0)
        return cls(text, Path.parse(match[1]), -plus if match[2] == "-" else plus)
