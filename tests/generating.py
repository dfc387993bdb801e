"""What the tests of the generator share: modules from layouts, and layouts and classes compared."""

from __future__ import annotations

import builtins
import importlib
import linecache
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

from regmap.codegen.emit import Form, emit
from regmap.codegen.plan import Header, module_name
from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.shape import RegisterAt, RegisterLayout
from regmap.live.array import ArrayMember
from regmap.live.block import GroupMember, RegisterMember
from regmap.live.device import InstanceMember
from regmap.live.views import CallMember, ViewOf

__all__ = [
    "Canary",
    "canary",
    "emitted",
    "generated",
    "header_for",
    "imported",
    "layout_facts",
    "run_module",
    "tree",
]

SHA = "0" * 64


def header_for(name: str = "chip", *, split: bool = False) -> Header:
    """The header of a module for tests."""
    return Header(module_name(name), "0.0", "chip.yaml", SHA, split)


def emitted(layout: DeviceLayout, form: Form = "python", *, split: bool = False) -> dict[str, str]:
    """The files of a layout, checked by the guard."""
    return emit(layout, header_for(split=split), form)


def run_module(text: str, name: str = "chip") -> Any:
    """A module that runs ``text``, without a file."""
    module = types.ModuleType(name)
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)  # noqa: S102  (what is under test)
    return module


def generated(layout: DeviceLayout) -> Any:
    """The generated module of a layout."""
    return run_module(emitted(layout)["chip.py"])


@contextmanager
def imported(folder: Path, name: str) -> Iterator[Any]:
    """A generated module or package, imported from ``folder`` and forgotten afterwards."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for known in [*sys.modules]:
            if known == name or known.startswith(f"{name}."):
                del sys.modules[known]
        linecache.clearcache()


class Canary:
    """A built-in function that hostile text tries to call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: object) -> int:
        self.calls += 1
        return 0


@contextmanager
def canary() -> Iterator[Canary]:
    """Let ``CANARY`` be a built-in function; fails where anything called it."""
    bird = Canary()
    builtins.CANARY = bird  # type: ignore[attr-defined]
    try:
        yield bird
    finally:
        del builtins.CANARY  # type: ignore[attr-defined]
    assert bird.calls == 0


def layout_facts(layout: DeviceLayout) -> dict[str, Any]:
    """Everything that a layout says, as text that tells 1 from True, and which pieces are one."""
    facts: dict[str, Any] = {
        name: repr(getattr(layout, name))
        for name in (
            "name", "class_name", "kind", "arrays", "pins", "fixed_pins", "backends", "match",
            "description", "origin", "extent",
        )
    }  # fmt: skip
    blocks: dict[int, str] = {}
    for name, instance in layout.instances.items():
        first = blocks.setdefault(id(instance.block), name)
        facts[f"instance {name}"] = [_instance_facts(instance), first]
        if first == name:
            facts[f"block of {name}"] = repr(instance.block)
            facts[f"sharing in {name}"] = _sharing(instance.block)
    facts["order"] = list(layout.instances)
    return facts


def _instance_facts(instance: InstanceLayout) -> str:
    names = (
        "name", "base", "size", "block_name", "bus_base", "clock", "locator", "reach",
        "description",
    )  # fmt: skip
    return repr([getattr(instance, name) for name in names])


def _sharing(block: object) -> list[int]:
    """For each register in the order met, the number of the object that it is."""
    numbers: dict[int, int] = {}
    found: list[int] = []

    def look(value: object) -> None:
        if isinstance(value, RegisterLayout):
            found.append(numbers.setdefault(id(value), len(numbers)))
        elif isinstance(value, tuple | RegisterAt):
            for part in value:
                look(part)

    look(block)
    return found


def tree(cls: type) -> Any:
    """A live class as plain data: name, bases, docstring, members in order, and constants."""
    seen: set[type] = set()
    return _class(cls, seen)


def _class(cls: type, seen: set[type]) -> Any:
    if issubclass(cls, IntEnum):
        return [cls.__name__, [(name, int(member)) for name, member in cls.__members__.items()]]
    if cls in seen:
        return cls.__name__
    seen.add(cls)
    namespace = {
        name: _value(value, seen)
        for name, value in vars(cls).items()
        if name not in {"__module__", "__weakref__", "__dict__"}
    }
    return [cls.__name__, [base.__qualname__ for base in cls.__mro__], cls.__doc__, namespace]


def _value(value: Any, seen: set[type]) -> Any:
    if isinstance(value, type):
        return _class(value, seen)
    if isinstance(value, DeviceLayout):
        return layout_facts(value)
    if isinstance(value, InstanceLayout):
        return _instance_facts(value)
    if isinstance(value, RegisterMember | GroupMember | ViewOf | InstanceMember):
        return [type(value).__name__, _attributes(value, seen), _class(value.cls, seen)]
    if isinstance(value, ArrayMember):
        facts = (value.counts, value.live, value.covers)
        return [repr(facts), [_value(member, seen) for member in value.members()]]
    if isinstance(value, property | CallMember):
        return [type(value).__name__, value.__doc__, _attributes(value, seen)]
    if isinstance(value, Mapping):
        return [(key, _value(item, seen)) for key, item in value.items()]
    if isinstance(value, tuple) and type(value) is tuple:
        return [_value(item, seen) for item in value]
    if type(value).__module__ == "regmap._core":
        return [type(value).__name__, _core(value, seen)]
    return repr(value)


def _attributes(value: Any, seen: set[type]) -> Any:
    return [
        (name, _value(item, seen)) for name, item in sorted(vars(value).items()) if name != "_cls"
    ]


def _core(value: Any, seen: set[type]) -> Any:
    """What a table or descriptor of the C core shows of itself."""
    names = [name for name in dir(value) if not name.startswith("_")]
    if not names:
        return list(value)
    return [(name, _value(getattr(value, name), seen)) for name in names]
