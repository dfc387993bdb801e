"""What a user does to live objects, as data, and Hypothesis strategies for random lists of it.

``operations`` draws legal and illegal ones; ``perform`` carries one out on a live device;
``tests/contract/oracle.py`` says what it must do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from regmap.bits import ones
from regmap.layout.device import DeviceLayout
from regmap.layout.shape import FieldLayout, RegisterLayout, ViewLayout
from regmap.live.device import Device
from tests.strategies import numbers

__all__ = ["Operation", "operations", "perform"]


@dataclass(frozen=True)
class Operation:
    """What a user does at a path; ``arguments`` depend on the verb."""

    verb: str
    path: str
    arguments: tuple[Any, ...] = ()


def _values(field: FieldLayout) -> st.SearchStrategy[object]:
    """Mostly what may be assigned to a field; now and then what may not."""
    kinds: list[st.SearchStrategy[object]] = [numbers(field.width)]
    if field.acting is not None:
        kinds = [st.just(ones(field.width) if field.acting else 0), numbers(field.width)]
    if field.enum is not None and field.enum.members:
        kinds.append(st.sampled_from([name for name, _ in field.enum.members]))
    wrong = st.sampled_from([1 << field.width, -1, "NO_SUCH_NAME"])
    return st.integers(0, 9).flatmap(lambda n: kinds[n % len(kinds)] if n else wrong)


def _some(draw: st.DrawFn, layout: RegisterLayout) -> dict[str, object]:
    """Some fields with values."""
    fields = layout.fields
    if draw(st.integers(0, 7)):
        fields = tuple(f for f in fields if f.access != "read-only") or fields
    names = [field.name for field in fields]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    # All of them now and then: then there is nothing left to guess.
    chosen = names if draw(st.integers(0, 3)) == 0 else chosen
    return {name: draw(_values(layout.field(name))) for name in chosen}


@st.composite
def _operation(draw: st.DrawFn, path: str, layout: RegisterLayout) -> Operation:
    verbs = ["read", "raw", "set_raw", "write", "assign", "reset", "bit", "set_bit"]
    if layout.fields:
        verbs += ["get", "get", "set", "set", "set", "modify", "modify", "write_fields", "wait"]
        verbs += ["act", "act"]
    if layout.field_arrays:
        verbs += ["get_element", "set_element"]
    verb = draw(st.sampled_from(verbs))
    width = layout.width
    if verb in {"set_raw", "write", "assign"}:
        wrong = st.sampled_from([1 << width, -1])
        return Operation(verb, path, (draw(numbers(width) if draw(st.integers(0, 9)) else wrong),))
    if verb in {"bit", "set_bit"}:
        number = draw(st.integers(0, width - 1))
        value = draw(st.sampled_from([0, 1, 0, 1, 0, 1, 2]))
        return Operation(verb, path, (number,) if verb == "bit" else (number, value))
    if verb in {"get", "set"}:
        able = "read-only" if verb == "set" else "write-only"
        likely = [field for field in layout.fields if field.access != able] or layout.fields
        field = draw(st.sampled_from(likely if draw(st.integers(0, 7)) else layout.fields))
        values = (draw(_values(field)),) if verb == "set" else ()
        return Operation(verb, path, (field.name, *values))
    if verb in {"get_element", "set_element"}:
        array, names = draw(st.sampled_from(layout.field_arrays))
        number = draw(st.integers(0, len(names) - 1))
        values = (draw(_values(layout.field(names[number]))),) if verb == "set_element" else ()
        return Operation(verb, path, (array, number, *values))
    if verb in {"modify", "write_fields", "wait"}:
        return Operation(verb, path, (_some(draw, layout),))
    if verb == "act":
        fields = [field for field in layout.fields if field.does] or list(layout.fields)
        first = draw(st.sampled_from(fields))
        rest = draw(st.lists(st.sampled_from(fields), max_size=2))
        named = dict.fromkeys(field.name for field in (first, *rest))
        does = draw(st.sampled_from([first.does or "set", "clear"]))
        return Operation(verb, path, (does, *named))
    return Operation(verb, path)


@st.composite
def _look(draw: st.DrawFn, path: str, view: ViewLayout) -> Operation:
    """A use of a member of a view."""
    member = draw(st.sampled_from(view.members))
    where = f"{path}[{draw(st.integers(0, view.length - 1))}]"
    if member.kind == "call":
        return Operation("view_call", where, (member.name,))
    if member.kind != "steps" and draw(st.booleans()):
        return Operation("view_get", where, (member.name,))
    value: object = draw(st.integers(0, 1))
    if member.enum is not None:
        value = draw(st.sampled_from([name for name, _ in member.enum.members]))
    return Operation("view_set", where, (member.name, value))


def operations(
    spots: Sequence[tuple[str, RegisterLayout]], layout: DeviceLayout, *, most: int = 12
) -> st.SearchStrategy[list[Operation]]:
    """What a user does, one after the other, at registers of ``spots`` (path and layout) and
    the views of their instances."""
    instances = {path.partition(".")[0] for path, _ in spots}
    one = st.sampled_from(spots).flatmap(lambda spot: _operation(*spot))
    views = [
        (f"{instance.name}.{view.name}", view)
        for instance, view in layout.views()
        if instance.name in instances
    ]
    if views:
        one = st.one_of(one, one, st.sampled_from(views).flatmap(lambda at: _look(*at)))
    return st.lists(one, min_size=min(4, most), max_size=most)


def perform(device: Device, operation: Operation) -> Any:
    """Carry an operation out as a user would write it; returns what the user would see."""
    verb, path, arguments = operation.verb, operation.path, operation.arguments
    if verb.startswith("view_"):
        return _perform_view(device, operation)
    if verb == "assign":
        parent, name = _parent(device, path)
        if isinstance(name, int):
            parent[name] = arguments[0]
        else:
            setattr(parent, name, arguments[0])
        return None
    register = device[path]
    match verb:
        case "read":
            return register.read()
        case "raw":
            return register.raw
        case "set_raw":
            register.raw = arguments[0]
        case "write":
            register.write(arguments[0])
        case "write_fields":
            register.write(**arguments[0])
        case "modify":
            register.modify(**arguments[0])
        case "wait":
            return register.wait(timeout_s=0, **arguments[0])
        case "get":
            return getattr(register, arguments[0])
        case "set":
            setattr(register, *arguments)
        case "get_element":
            return getattr(register, arguments[0])[arguments[1]]
        case "set_element":
            getattr(register, arguments[0])[arguments[1]] = arguments[2]
        case "bit":
            return register.bit[arguments[0]]
        case "set_bit":
            register.bit[arguments[0]] = arguments[1]
        case "act":
            getattr(register, arguments[0])(*arguments[1:])
        case "reset":
            register.reset()
        case _:
            raise NotImplementedError(verb)
    return None


def _perform_view(device: Device, operation: Operation) -> Any:
    item, (name, *values) = device[operation.path], operation.arguments
    if operation.verb == "view_get":
        return getattr(item, name)
    if operation.verb == "view_call":
        getattr(item, name)()
        return None
    setattr(item, name, *values)
    return None


def _parent(device: Device, path: str) -> tuple[Any, str | int]:
    """What holds the register, and its name or index there."""
    if path.endswith("]"):
        array, _, index = path[:-1].rpartition("[")
        return device[array], int(index)
    owner, _, name = path.rpartition(".")
    return device[owner], name
