"""One stub file while it is written: its classes, and its own short names for types.

Everything that a class body refers to is ``_t.Something`` or begins with an underscore and a small
letter, which no register or field can be called, so no name of a description can take the place
of another inside a class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from regmap.codegen.literal import WIDTH, Node, lay
from regmap.names import LONGEST, is_python_name

__all__ = ["Class", "ClassNames", "Scope"]


class Class(NamedTuple):
    """A class of a stub: what stands in its brackets, its docstring as a literal, and the lines
    of its body without their indent."""

    name: str
    base: str
    doc: str = ""
    body: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Its text."""
        head = f"class {self.name}({self.base}):"
        if not (self.doc or self.body):
            return [f"{head} ..."]
        lines = [head]
        if self.doc:
            lines += [f"    {self.doc}", *([""] if self.body else [])]
        return lines + [f"    {line}" for line in self.body]


class ClassNames:
    """The names that a module's classes can be asked for by: the first class of a name has it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, name: str) -> str:
        """``name`` for the first that asks; for a later one, or where nothing may be called so,
        a name that begins with an underscore and that no class of the live module has."""
        own = name
        if name in self._taken or len(name) > LONGEST or not is_python_name(name):
            cut = name[: LONGEST - 8]
            number = 2
            while (own := f"_{cut}_{number}") in self._taken:
                number += 1
        self._taken.add(own)
        return own


class Scope:
    """The classes and aliases of one stub file, each once."""

    def __init__(self, names: ClassNames) -> None:
        self.names = names
        self.classes: list[Class] = []
        self._private: list[Class] = []
        self._aliases: dict[tuple[str, str], tuple[str, Node]] = {}
        self._shapes: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self._counts: Counter[str] = Counter()

    def alias(self, kind: str, node: Node) -> str:
        """A short name for a type; the same for the same type."""
        key = kind, node if isinstance(node, str) else node.flat
        if key not in self._aliases:
            self._aliases[key] = self._next(kind), node
        return self._aliases[key][0]

    def shape(self, kind: str, base: str, body: Sequence[str]) -> str:
        """A class that only checkers see, by a short name; the same for the same body."""
        key = kind, base, tuple(body)
        if key not in self._shapes:
            self._shapes[key] = name = self._next(kind)
            self._private.append(Class(name, base, "", key[2]))
        return self._shapes[key]

    def share_bodies(self, classes: Iterable[Class]) -> None:
        """Add classes; a body that several have becomes a base of theirs."""
        added = list(classes)
        counts = Counter((each.base, each.body) for each in added if each.body)
        shared: dict[tuple[str, tuple[str, ...]], str] = {}
        for each in added:
            key = each.base, each.body
            if counts[key] > 1 and key not in shared:
                shared[key] = self._next("c")
                self.classes.append(each._replace(name=shared[key], doc=""))
            bare = each._replace(base=shared.get(key, ""), body=())
            self.classes.append(bare if bare.base else each)

    def pieces(self) -> list[list[str]]:
        """The text of its classes, with an empty line between each piece and the next: classes
        without a body stand together."""
        pieces: list[list[str]] = []
        for each in (*self.classes, *self._private):
            lines = each.lines()
            if len(lines) == 1 and pieces and pieces[-1][0].endswith("): ..."):
                pieces[-1] += lines
            else:
                pieces.append(lines)
        return pieces

    def aliases(self) -> list[str]:
        """The definitions of the short names."""
        return [lay(node, f"{name}: _t.TypeAlias = ") for name, node in self._aliases.values()]

    def reference(self, name: str, hidden: Iterable[str], *, room: int = WIDTH) -> str:
        """How a class body refers to a class of this file: by its name, or by a short one where
        a name of the body hides it or where it is too long."""
        return self.alias("c", name) if name in hidden or len(name) > room else name

    def _next(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"_{kind}{self._counts[kind] - 1}"
