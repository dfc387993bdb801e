"""A layout as a Python module, or for a large chip as a package with one module for each block.

A generated module holds the layout and nothing else: ``regmap.live`` makes the classes from it as
from any layout, so dynamic and generated objects are the same by construction. It is printed
inside functions, so that an import runs none of it and the first touch of a block runs that
block's; pieces that are the same object in the layout are printed once.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import jinja2

from regmap.codegen.literal import (
    WIDTH,
    Node,
    assigned,
    bracket,
    call,
    lay,
    literal,
    node,
)
from regmap.codegen.plan import Header, Part, parts
from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.shape import (
    ArrayLayout,
    BlockLayout,
    EnumLayout,
    GroupAt,
    RegisterAt,
    RegisterLayout,
    ViewLayout,
)

__all__ = ["render_boards", "render_module", "template"]

_SHAPES_MODULE = "regmap.live.generated"
_BODY = 4
# A text of at most this length is printed wherever it stands.
_SHORT = 24


class Function(NamedTuple):
    """A function that lays out one block: what it imports, defines and returns."""

    name: str
    imports: str
    definitions: tuple[str, ...]
    result: str


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("regmap.codegen"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  (Python and C are printed, not HTML)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def template(name: str) -> jinja2.Template:
    """A template of the package by its file's name."""
    return _environment().get_template(name)


def render_module(layout: DeviceLayout, header: Header) -> dict[str, str]:
    """The files of a device: ``chip.py``, or with ``header.split`` those of a package."""
    found = parts(layout)
    names = {id(part.layout): part.name for part in found}
    exported = bracket(
        "[", [("", literal(name)) for name in ("LAYOUT", layout.class_name, "open")], "]"
    )
    values: dict[str, Any] = {
        "header": header,
        "doc": assigned("__doc__", layout.description or layout.name),
        "exported": lay(exported, "__all__ = "),
        "imports": _imports(_device_shapes(layout, split=header.split)),
        "layout": lay(_device(layout, names, split=header.split), "return ", indent=_BODY),
    }
    if not header.split:
        functions = [_function(part) for part in found]
        text = template("module.py.j2").render(**values, blocks=functions)
        return {f"{header.module}.py": text}
    files = {f"{header.module}/__init__.py": template("package.py.j2").render(**values)}
    for part in found:
        files[f"{header.module}/{part.name}.py"] = template("block.py.j2").render(
            header=header, block=_function(part._replace(name="layout"))
        )
    return files


def render_boards(header: Header, modules: list[str]) -> dict[str, str]:
    """The ``__init__.py`` of a folder of boards; a module is imported when it is named."""
    exported = bracket("[", [("", literal(name)) for name in sorted(modules)], "]")
    text = template("boards.py.j2").render(header=header, exported=lay(exported, "__all__ = "))
    return {"__init__.py": text}


def _imports(names: set[str]) -> str:
    flat = f"from {_SHAPES_MODULE} import {', '.join(sorted(names))}"
    if _BODY + len(flat) <= WIDTH:
        return flat
    rows = "".join(f"{' ' * 2 * _BODY}{name},\n" for name in sorted(names))
    return f"from {_SHAPES_MODULE} import (\n{rows}{' ' * _BODY})"


def _device_shapes(layout: DeviceLayout, *, split: bool) -> set[str]:
    """The names that the device's own function calls."""
    names = {"DeviceLayout"}
    if layout.instances:
        names |= {"InstanceLayout", "part" if split else "once"}
    if any(instance.clock for instance in layout.instances.values()):
        names.add("ClockLayout")
    if layout.pins:
        names.add("PinLayout")
    if layout.match is not None:
        names.add("MatchLayout")
    return names


def _device(layout: DeviceLayout, names: dict[int, str], *, split: bool) -> Node:
    """The call that makes the layout of the device."""
    instances = [
        (f"{literal(name)}: ", _instance(instance, names[id(instance.block)], split=split))
        for name, instance in layout.instances.items()
    ]
    arguments: list[tuple[str, Node]] = [
        ("name=", node(layout.name)),
        ("class_name=", node(layout.class_name)),
        ("kind=", node(layout.kind)),
        ("instances=", bracket("{", instances, "}")),
    ]
    for name in ("arrays", "pins", "fixed_pins", "backends", "match", "description"):
        value = getattr(layout, name)
        if value:
            arguments.append((f"{name}=", node(value)))
    return call("DeviceLayout", arguments)


def _instance(instance: InstanceLayout, block: str, *, split: bool) -> Node:
    """The call that makes the layout of an instance; ``block`` names the function of its block,
    or the module."""
    maker: list[tuple[str, Node]] = [("", block)]
    if split:
        maker = [("", "__name__"), ("", literal(block))]
    arguments: list[tuple[str, Node]] = [
        ("name=", node(instance.name)),
        ("base=", node(instance.base, hexadecimal=True)),
        ("size=", node(instance.size, hexadecimal=True)),
        ("block_name=", node(instance.block_name)),
        ("block=", call("part" if split else "once", maker)),
    ]
    if instance.bus_base is not None:
        arguments.append(("bus_base=", node(instance.bus_base, hexadecimal=True)))
    if instance.clock is not None:
        arguments.append(("clock=", node(instance.clock)))
    if instance.locator is not None:
        arguments.append(("locator=", node(instance.locator)))
    if instance.description:
        arguments.append(("description=", node(instance.description)))
    return call("InstanceLayout", arguments)


def _function(part: Part) -> Function:
    """The function that lays out one block."""
    shelf = _Shelf()
    value = shelf.block(part.layout)
    return Function(
        part.name,
        _imports(shelf.used),
        tuple(shelf.definitions),
        lay(value, "return ", indent=_BODY),
    )


class _Shelf:
    """The pieces of one block, each defined once: ``t`` texts, ``e`` enums, ``r`` registers,
    ``g`` groups, and ``a`` for elements that stand both in an array and beside it.

    Registers and groups are shared where they are one object, since each object becomes one
    class; of enums any two that are equal are one class.
    """

    def __init__(self) -> None:
        self.definitions: list[str] = []
        self.used: set[str] = set()
        self._texts: dict[str, str] = {}
        self._enums: dict[EnumLayout, str] = {}
        self._named: dict[int, str] = {}
        self._counts = dict.fromkeys("terga", 0)

    def block(self, block: BlockLayout) -> Node:
        """The call that makes a block, after the definitions that it needs."""
        counts: Counter[str] = Counter()
        _count_texts(block, counts, set())
        for text, count in counts.items():
            if count > 1:
                name = self._texts[text] = self._next("t")
                self.definitions.append(assigned(name, text, indent=_BODY))
        for member in block.members:
            self._prepare(member)
        return self._node(block, block)

    def _prepare(self, member: object) -> None:
        """Define what ``member`` refers to."""
        if isinstance(member, RegisterAt):
            self._register(member.register)
        elif isinstance(member, GroupAt):
            self._group(member.group)
        elif isinstance(member, ArrayLayout):
            for element in member.elements:
                self._prepare(element)
                if member.named:
                    self._define("a", element)
        elif isinstance(member, ViewLayout):
            for enum in (each.enum for each in member.members):
                self._enum(enum)

    def _register(self, register: RegisterLayout) -> None:
        if id(register) in self._named:
            return
        for field in register.fields:
            self._enum(field.enum)
            self._enum(field.write_enum)
        self._define("r", register)

    def _group(self, group: BlockLayout) -> None:
        if id(group) in self._named:
            return
        for member in group.members:
            self._prepare(member)
        self._define("g", group)

    def _enum(self, enum: EnumLayout | None) -> None:
        if enum is not None and enum not in self._enums:
            self._enums[enum] = self._define("e", enum)

    def _define(self, letter: str, piece: object) -> str:
        if id(piece) in self._named:
            return self._named[id(piece)]
        name = self._next(letter)
        self.definitions.append(lay(self._node(piece, piece), f"{name} = ", indent=_BODY))
        self._named[id(piece)] = name
        return name

    def _next(self, letter: str) -> str:
        name = f"{letter}{self._counts[letter]}"
        self._counts[letter] += 1
        return name

    def _node(self, value: object, whole: object) -> Node:
        """The literal of a piece, with the names of those that are defined already."""

        def shared(part: str | tuple[Any, ...] | RegisterAt) -> str | None:
            if isinstance(part, str):
                return self._texts.get(part)
            if part is not whole:
                name = self._named.get(id(part))
                if isinstance(part, EnumLayout):
                    name = self._enums.get(part)
                if name is not None:
                    return name
            self.used.add(type(part).__name__)
            return None

        return node(value, shared)


def _count_texts(value: object, counts: Counter[str], seen: set[int]) -> None:
    """How often each text stands in a layout that is long enough to be worth a name."""
    if isinstance(value, str):
        if len(value) > _SHORT:
            counts[value] += 1
    elif isinstance(value, tuple | RegisterAt):
        if isinstance(value, EnumLayout | RegisterLayout | BlockLayout):
            if id(value) in seen:
                return
            seen.add(id(value))
        for part in value:
            _count_texts(part, counts, seen)
