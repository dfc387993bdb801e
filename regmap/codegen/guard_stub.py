"""What a stub may hold: annotations, and classes and functions without bodies.

A type checker reads a stub and nobody runs it; all the same nothing in it may be code. Every node
is of a kind listed here, every name a plain identifier, every function without a body but for its
docstring, and everything imported comes from one module or from beside it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

__all__ = ["refused_in_stub"]

_TYPES_IMPORT = ("regmap.live", "typed", "_t")
_BESIDE = re.compile(r"block_[a-z0-9_]{0,58}")
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,63}|_")
_DUNDERS = frozenset(
    {
        "__all__",
        "__call__",
        "__delattr__",
        "__doc__",
        "__get__",
        "__getattr__",
        "__getitem__",
        "__init__",
        "__iter__",
        "__len__",
        "__set__",
        "__setattr__",
        "__setitem__",
    }
)
_KINDS = (
    ast.AnnAssign,
    ast.Assign,
    ast.Attribute,
    ast.BinOp,
    ast.BitOr,
    ast.ClassDef,
    ast.Constant,
    ast.Expr,
    ast.FunctionDef,
    ast.ImportFrom,
    ast.List,
    ast.Load,
    ast.Module,
    ast.Name,
    ast.Pass,
    ast.Starred,
    ast.Store,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
    ast.USub,
    ast.alias,
    ast.arg,
    ast.arguments,
    ast.keyword,
)


def refused_in_stub(module: ast.Module) -> Iterator[ast.AST]:
    """Every node of a stub that it may not hold."""
    return (node for node in ast.walk(module) if not _is_allowed(node))


def _is_allowed(node: ast.AST) -> bool:
    if not isinstance(node, _KINDS) or not all(map(_is_name, _names(node))):
        return False
    match node:
        case ast.ImportFrom():
            return _may_import(node)
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant)
        case ast.FunctionDef(body=body):
            return all(isinstance(each, ast.Expr) for each in body)
    return True


def _names(node: ast.AST) -> Iterator[str]:
    """The identifiers that a node holds."""
    match node:
        case ast.Name(id=name) | ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            yield name
        case ast.arg(arg=name) | ast.Attribute(attr=name):
            yield name
        case ast.keyword(arg=name):
            yield name or "?"
        case ast.alias(name=name, asname=other):
            if name != "*":
                yield name
            if other:
                yield other


def _is_name(name: str) -> bool:
    return name in _DUNDERS or _NAME.fullmatch(name) is not None


def _may_import(node: ast.ImportFrom) -> bool:
    module = node.module or ""
    if node.level == 0:
        return [(module, each.name, each.asname) for each in node.names] == [_TYPES_IMPORT]
    return node.level == 1 and (not module or _BESIDE.fullmatch(module) is not None)
