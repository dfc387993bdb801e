"""Hostile texts, and every place of a description where a text or a name can stand.

``SLOTS`` maps a place to a function that gives a board with a text there; ``HOSTILE`` are the
texts, by what each of them tries. The code in them calls the built-in function ``CANARY``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from regmap.bits import BitRange
from regmap.model.access import Access
from regmap.model.block import (
    Array,
    Block,
    Enum,
    EnumValue,
    Field,
    FieldArray,
    Group,
    Line,
    Member,
    Register,
    View,
    Window,
)
from regmap.model.chip import Board, Clock, Instance, Match, Pin
from regmap.model.expr import Path

__all__ = ["HOSTILE", "SLOTS", "board_with"]

CALL = "CANARY()"
HOSTILE = {
    "closes a docstring": f'"""\n{CALL}\n"""',
    "closes a docstring of the other kind": f"'''\n{CALL}\n'''",
    "closes a string": f'", {CALL}, "',
    "closes a string of the other kind": f"', {CALL}, '",
    "backslash before the closing quote": f'\\", {CALL} #',
    "ends with a backslash": "end\\",
    "ends with two backslashes and a quote": 'end\\\\"',
    "line feed": f"a\n{CALL}\n#",
    "line feed and indentation": f"a\n    {CALL}\n    #",
    "lone carriage return": f"a\r{CALL}\r#",
    "carriage return and line feed": f"a\r\n{CALL}\r\n#",
    "form feed": f"a\f{CALL}\f#",
    "vertical tab": f"a\v{CALL}\v#",
    "next line": f"a\x85{CALL}\x85#",
    "line separator": f"a\u2028{CALL}\u2028#",
    "paragraph separator": f"a\u2029{CALL}\u2029#",
    "NUL": f"a\0{CALL}\0",
    "template expression": f"{{{{ {CALL} }}}}",
    "template statement": f"{{% set x = {CALL} %}}",
    "template comment": "{# nothing",
    "format field": f"{{{CALL}}} {{0.__class__.__mro__}} %s %(a)s",
    "closes a C comment": f"*/ int x = {CALL}; /*",
    "C line splice and trigraph": f"a ??/\n{CALL} \\",
    "C directive": f'\n#include "/etc/passwd"\n#error {CALL}\n',
    "encoding cookie": "# -*- coding: utf-7 -*-",
    "full-width dunder": "__\uff49\uff4e\uff49\uff54__",
    "full-width keyword": "\uff49\uff46",
    "full-width call": "\uff23\uff21\uff2e\uff21\uff32\uff39()",
    "ligature": "\ufb01eld",
    "keyword": "class",
    "another keyword": "None",
    "soft keyword": "match",
    "later soft keyword": "type",
    "own method": "modify",
    "own attribute": "LAYOUT",
    "core attribute": "SPEC",
    "private name": "_set_field",
    "mro": "mro",
    "class attribute": "__class__",
    "slots": "__slots__",
    "constructor": "__init_subclass__",
    "type": "int",
    "annotation": f"Any = {CALL}",
    "name of ours": "open",
    "piece of ours": "r0",
    "shape": "RegisterLayout",
    "path": "../../etc/passwd",
    "absolute path": "/etc/evil",
    "drive": "C:\\evil",
    "module": "os.system",
    "terminal escape": "\x1b]0;evil\x07\x1b[2J",
    "C1 control": "\x9b31m",
    "right-to-left override": "\u202eevil\u202c",
    "byte order mark": "\ufeffname",
    "lone surrogates": "\ud800 \udfff \udc80",
    "beyond the basic plane": "\U0001f600",
    "empty": "",
    "spaces": "   ",
    "digits": "123",
    "very long": "A" * 100_000,
    "very long and hostile": f'"""\n{CALL}\n' * 4000,
}

# The description that hostile texts go into: everything that can be said, in one small block.


@cache
def _board() -> Board:
    enum = Enum(
        name="mode",
        values=(
            EnumValue(name="SLOW", value=0, description="slow"),
            EnumValue(name="SOME", value=2, care=2),
            EnumValue(name="REST", value=None, default=True),
        ),
    )
    one = Field(name="ONE", bits=(BitRange(0, 2),), enum=enum, description="one")
    many = Field(name="MANY", bits=(BitRange(8, 2),), array=FieldArray(counts=(2,), stride=2))
    secret = Field(name="SECRET", bits=(BitRange(4, 1),), access=Access.WRITE_ONCE)
    steady = Register(
        name="STEADY", offset=0x00, fields=(Field(name="BIT", bits=(BitRange(0, 1),)),)
    )
    register = Register(name="REG", offset=0x04, fields=(one, secret, many), description="reg")
    array = Register(
        name="ARR", offset=0x08, array=Array(counts=(2,), strides=(4,), labels=("LEFT", "RIGHT"))
    )
    group = Group(name="GRP", offset=0x20, items=(Register(name="INNER", offset=0),))
    index = Register(name="INDEX", offset=0x30)
    data = Register(name="DATA", offset=0x34)
    window = Window(
        name="pair",
        index=Path.parse("INDEX"),
        data=Path.parse("DATA"),
        items=(Register(name="BEHIND", offset=1),),
    )
    view = View(
        name="line",
        count=2,
        members=(
            Member(name="value", path=Path.parse("STEADY.BIT"), description="value"),
            Member(name="level", read=Path.parse("STEADY.BIT")),
        ),
        lines={0: Line(names=("L0",))},
    )
    block = Block(
        name="block",
        items=(steady, register, array, group, index, data),
        windows=(window,),
        views=(view,),
        size=0x100,
        description="block",
    )
    return Board(
        name="chip",
        description="board",
        instances=(
            Instance(
                name="DEV",
                block=block,
                base=0x1000,
                description="instance",
                clock=Clock(enable={"DEV.REG.ONE": "SLOW"}, ready={"DEV.REG.ONE": 1}),
            ),
        ),
        pins=(Pin(names=("P1",), instance="DEV", view="line", index=0, functions={"ALT0": "TX"}),),
        fixed_pins={"P2": "GND"},
        match=Match(compatible=("maker,board",), architecture=("arm",)),
        backends=("mem",),
    )


Slot = Callable[[str], Board]


def _changed(**changes: Any) -> Board:
    return replace(_board(), **changes)


def _in_instance(**changes: Any) -> Board:
    (instance,) = _board().instances
    return _changed(instances=(replace(instance, **changes),))


def board_with(**changes: Any) -> Board:
    """The board with something else in its one block."""
    return _in_instance(block=replace(_board().instances[0].block, **changes))


def _in_item(number: int, **changes: Any) -> Board:
    items = [*_board().instances[0].block.items]
    items[number] = replace(items[number], **changes)
    return board_with(items=tuple(items))


def _in_field(number: int, **changes: Any) -> Board:
    register: Any = _board().instances[0].block.items[1]
    fields = [*register.fields]
    fields[number] = replace(fields[number], **changes)
    return _in_item(1, fields=tuple(fields))


def _in_enum(number: int | None = None, **changes: Any) -> Board:
    register: Any = _board().instances[0].block.items[1]
    enum = register.fields[0].enum
    if number is None:
        return _in_field(0, enum=replace(enum, **changes))
    values = [*enum.values]
    values[number] = replace(values[number], **changes)
    return _in_field(0, enum=replace(enum, values=tuple(values)))


def _in_inner(**changes: Any) -> Board:
    group: Any = _board().instances[0].block.items[3]
    return _in_item(3, items=(replace(group.items[0], **changes),))


def _in_view(**changes: Any) -> Board:
    return board_with(views=(replace(_board().instances[0].block.views[0], **changes),))


def _in_member(**changes: Any) -> Board:
    first, second = _board().instances[0].block.views[0].members
    return _in_view(members=(replace(first, **changes), second))


def _in_window(**changes: Any) -> Board:
    return board_with(windows=(replace(_board().instances[0].block.windows[0], **changes),))


def _in_pin(**changes: Any) -> Board:
    return _changed(pins=(replace(_board().pins[0], **changes),))


def _pinned(board: Board, **changes: Any) -> Board:
    """A board whose pin follows a name that was changed."""
    return replace(board, pins=(replace(board.pins[0], **changes),))


SLOTS: dict[str, Slot] = {
    "board name": lambda t: _changed(name=t),
    "board description": lambda t: _changed(description=t),
    "backend": lambda t: _changed(backends=(t,)),
    "fixed pin": lambda t: _changed(fixed_pins={t: t}),
    "compatible": lambda t: _changed(match=Match(compatible=(t,))),
    "architecture": lambda t: _changed(match=Match(architecture=(t,))),
    "pin name": lambda t: _in_pin(names=(t, "P1")),
    "pin function": lambda t: _in_pin(functions={t: t}),
    "pin pull": lambda t: _in_pin(reset_pull=t),
    "pin pad": lambda t: _in_pin(pad=t),
    "pin description": lambda t: _in_pin(description=t),
    "instance name": lambda t: _pinned(_in_instance(name=t), instance=t),
    "instance py-name": lambda t: _in_instance(py_name=t),
    "instance description": lambda t: _in_instance(description=t),
    "clock": lambda t: _in_instance(clock=Clock(enable={t: t}, ready={t: 1})),
    "instance label": lambda t: replace(
        _in_instance(array=Array(counts=(2,), strides=(0x100,), labels=(t, t))), pins=()
    ),
    "block name": lambda t: board_with(name=t),
    "block description": lambda t: board_with(description=t),
    "block source": lambda t: board_with(source=t),
    "register name": lambda t: _in_item(1, name=t),
    "register py-name": lambda t: _in_item(1, py_name=t),
    "register description": lambda t: _in_item(1, description=t),
    "register source": lambda t: _in_item(1, source=t),
    "register unit": lambda t: _in_item(1, unit=t),
    "register lock": lambda t: _in_item(1, lock=t),
    "register storage": lambda t: _in_item(1, storage=t),
    "register target": lambda t: _in_item(1, target=t),
    "register alias": lambda t: _in_item(1, alias=t),
    "array name": lambda t: _in_item(2, name=t),
    "array label": lambda t: _in_item(
        2, array=Array(counts=(2,), strides=(4,), labels=(t, "RIGHT"))
    ),
    "group name": lambda t: _in_item(3, name=t),
    "group py-name": lambda t: _in_item(3, py_name=t),
    "group description": lambda t: _in_item(3, description=t),
    "group source": lambda t: _in_item(3, source=t),
    "inner register name": lambda t: _in_inner(name=t),
    "inner register description": lambda t: _in_inner(description=t),
    "field name": lambda t: _in_field(0, name=t),
    "field py-name": lambda t: _in_field(0, py_name=t),
    "field description": lambda t: _in_field(0, description=t),
    "field source": lambda t: _in_field(0, source=t),
    "field unit": lambda t: _in_field(0, unit=t),
    "name in a reason": lambda t: _in_field(1, name=t),
    "field array name": lambda t: _in_field(2, name=t),
    "enum name": lambda t: _in_enum(name=t),
    "enum value": lambda t: _in_enum(0, name=t),
    "enum value description": lambda t: _in_enum(0, description=t),
    "enum pattern": lambda t: _in_enum(1, name=t),
    "enum default": lambda t: _in_enum(2, name=t),
    "window name": lambda t: _in_window(name=t),
    "register behind a window": lambda t: _in_window(items=(Register(name=t, offset=1),)),
    "view name": lambda t: _pinned(_in_view(name=t), view=t),
    "view description": lambda t: _in_view(description=t),
    "view line name": lambda t: _in_view(lines={0: Line(names=(t,))}),
    "member name": lambda t: _in_member(name=t),
    "member description": lambda t: _in_member(description=t),
}
