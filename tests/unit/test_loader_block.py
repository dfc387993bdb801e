"""Block files to models: every key of the language, what is inherited, what is refused and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from regmap.bits import BitRange
from regmap.errors import MapError, Problem, Severity
from regmap.loaders import Loaded, load, read
from regmap.model.access import ACCESS_SHORTHANDS, Access, ReadAction, WriteAction
from regmap.model.block import Array, Block, Constraint, Field, Group, Register
from regmap.model.expr import Count, NamePattern
from regmap.model.expr import Path as RegisterPath

GOOD = Path(__file__).parents[1] / "data" / "good"


def read_text(body: str, name: str = "thing") -> Loaded:
    return read(f"{name}.yaml", text=f"block: {name}\n{body}")


def block(body: str) -> Block:
    loaded = read_text(body)
    assert not loaded.problems
    assert isinstance(loaded.model, Block)
    return loaded.model


def register(body: str, around: str = "") -> Register:
    found = block(f"{around}\nregisters:\n  R: {{offset: 0, {body}}}\n").items[0]
    assert isinstance(found, Register)
    return found


def field(body: str, inside: str = "offset: 0", around: str = "") -> Field:
    found = block(f"{around}\nregisters:\n  R: {{{inside}, fields: {{F: {{{body}}}}}}}\n").items[0]
    assert isinstance(found, Register)
    return found.fields[0]


def problem(body: str, rule: str) -> Problem:
    problems = read_text(body).problems
    assert [each.rule for each in problems] == [rule], problems
    return problems[0]


def item(model: Block, name: str) -> Register:
    found = next(each for each in model.items if each.name == name)
    assert isinstance(found, Register)
    return found


def everything() -> Block:
    model = load(GOOD / "everything.yaml")
    assert isinstance(model, Block)
    return model


def test_the_block_itself() -> None:
    model = everything()
    assert model.name == "everything"
    assert model.instance_name == "EVERY"
    assert model.size == 0x400
    assert model.per_cpu
    assert model.source == "Made up, chapter 1"
    assert model.description.startswith("Every key")
    assert [each.name for each in model.enums] == ["mode", "speed"]
    assert [each.name for each in model.items][-3:] == ["INDEX", "DATA", "CHANNEL"]
    assert model.place is not None
    assert (model.place.file, model.place.line) == (str(GOOD / "everything.yaml"), 2)
    assert block("size: 4").instance_name == "THING"


def test_enums() -> None:
    mode, speed = everything().enums
    assert [(v.name, v.value, v.default) for v in mode.values] == [
        ("IDLE", 0, False),
        ("RUN", 1, False),
        ("OFF", 2, False),
        ("REST", None, True),
    ]
    assert [(v.name, v.value, v.care) for v in speed.values] == [
        ("SLOW", 0, None),
        ("FAST", 2, (1 << 64) - 2),
        ("MID", 1, None),
    ]
    assert speed.values[0].description == "Saves power"


def test_a_shared_enum_is_one_object() -> None:
    model = everything()
    mode = model.enums[0]
    control, status = item(model, "CTRL"), item(model, "STATUS")
    assert control.fields[0].enum is mode
    assert status.fields[1].write_enum is mode
    assert status.fields[1].enum is not None
    assert [v.name for v in status.fields[1].enum.values] == ["NONE", "SOME", "REST"]
    assert item(model, "SEL").fields[0].enum is mode
    assert next(m for m in model.views[0].members if m.name == "pull").enum is mode


@pytest.mark.parametrize(
    ("text", "read_names", "write_names"),
    [
        ("{A: 0}", ["A"], None),
        ("{read: 0, write: 1}", ["read", "write"], None),
        ("{read: {value: 0}, write: {value: 1}}", ["read", "write"], None),
        ("{read: {A: 0}, write: {B: 0}}", ["A"], ["B"]),
        ("{write: {B: 0}}", None, ["B"]),
        ("{read: e}", ["E"], None),
        ("{read: e, write: {B: 0}}", ["E"], ["B"]),
    ],
)
def test_enums_by_usage(
    text: str, read_names: list[str] | None, write_names: list[str] | None
) -> None:
    found = field(f"bits: 0, enum: {text}", around="enums: {e: {E: 0}}")
    names = [
        [value.name for value in enum.values] if enum else None
        for enum in (found.enum, found.write_enum)
    ]
    assert names == [read_names, write_names]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("5", [(5, 1)]),
        ('"5"', [(5, 1)]),
        ('"7:4"', [(4, 4)]),
        ('"0:0"', [(0, 1)]),
        ('"63:0"', [(0, 64)]),
        ('" 7 : 4 "', [(4, 4)]),
        ('["3", "1:0"]', [(0, 2), (3, 1)]),
        ("[3, 1, 0]", [(0, 1), (1, 1), (3, 1)]),
    ],
)
def test_bits(text: str, parts: list[tuple[int, int]]) -> None:
    assert field(f"bits: {text}").bits == tuple(BitRange(*part) for part in parts)


@pytest.mark.parametrize("word", ACCESS_SHORTHANDS)
def test_access_shorthands(word: str) -> None:
    triple = ACCESS_SHORTHANDS[word]
    for found in (register(f"access: {word}"), field(f"bits: 0, access: {word}")):
        assert found.access is triple.access
        assert found.write_action is triple.write_action
        assert found.read_action is triple.read_action


def test_access_in_svd_words() -> None:
    for access in Access:
        assert register(f"access: {access}").access is access
    found = register("access: read-only, write-action: zeroToSet, read-action: modifyExternal")
    assert found.access is Access.READ_ONLY
    assert found.write_action is WriteAction.ZERO_TO_SET
    assert found.read_action is ReadAction.MODIFY_EXTERNAL


def test_fields_inherit_access_and_volatility() -> None:
    inside = "offset: 0, access: rw1c, read-action: set, volatile: true"
    found = field("bits: 0", inside)
    assert found.access is Access.READ_WRITE
    assert found.write_action is WriteAction.ONE_TO_CLEAR
    assert found.read_action is ReadAction.SET
    assert found.volatile
    # `access` begins afresh; an action alone changes what is inherited.
    own = field("bits: 0, access: rw, volatile: false", inside)
    assert (own.write_action, own.read_action) == (WriteAction.MODIFY, None)
    assert not own.volatile
    part = field("bits: 0, write-action: oneToSet", inside)
    assert (part.write_action, part.read_action) == (WriteAction.ONE_TO_SET, ReadAction.SET)


def test_defaults() -> None:
    around = (
        "source: book\ndefaults: {width: 16, access: rc, reset: 5, reset-mask: 7, verify: true,"
        " access-widths: [8], byte-order: big, word-order: high-first, volatile: true}"
    )
    found = register("description: d", around)
    assert found.width == 16
    assert (found.access, found.read_action) == (Access.READ_ONLY, ReadAction.CLEAR)
    assert (found.reset, found.reset_mask) == (5, 7)
    assert found.access_widths == (8,)
    assert (found.byte_order, found.word_order) == ("big", "high-first")
    assert found.volatile
    assert found.verify
    assert found.source == "book"
    own = register("width: 32, access: wo, reset: null, reset-mask: ~, source: page", around)
    assert (own.width, own.access, own.read_action) == (32, Access.WRITE_ONLY, None)
    assert (own.reset, own.reset_mask, own.source) == (None, None, "page")
    bare = register("description: d")
    assert (bare.width, bare.access, bare.reset, bare.byte_order) == (
        32,
        "read-write",
        None,
        "little",
    )


def test_every_key_of_a_register() -> None:
    model = everything()
    control = item(model, "CTRL")
    assert control.source == "Made up, table 2"
    assert control.place is not None
    assert (control.place.line, control.place.column, control.place.width) == (26, 3, 4)
    level = control.fields[3]
    assert (level.unit, level.reset, level.constraint) == (
        "mV",
        0x10,
        Constraint(minimum=1, maximum=200),
    )
    assert control.fields[1].constraint == Constraint(enum_only=True)
    assert (control.fields[4].lock, control.fields[5].py_name) == ("LOCK.KEY", "bit32")
    assert item(model, "LOCK").constraint == Constraint(as_read=True)
    assert item(model, "LATCH").verify
    assert item(model, "LATCH").unit == "raw"
    assert item(model, "LATCH_SET").target == "LATCH"
    shadow = item(model, "SHADOW")
    assert (shadow.alias, shadow.alternate, shadow.py_name) == ("LATCH", True, "shadow")
    assert item(model, "HIDDEN_SET").storage == "hidden"
    counter = item(model, "COUNTER")
    assert (counter.width, counter.access_widths) == (64, (32, 64))
    assert (counter.word_order, counter.byte_order) == ("high-low-high", "big")
    assert item(model, "BANK").lock == "LOCK.KEY"


def test_arrays() -> None:
    model = everything()
    one = item(model, "SEL").array
    assert one is not None
    assert (one.counts, one.strides) == ((3,), (4,))
    assert one.names == NamePattern.parse("SEL{i}")
    lines = item(model, "SEL").fields[0].array
    assert lines is not None
    assert (lines.counts, lines.stride) == ((10, 10, 4), 3)
    assert lines.names == NamePattern.parse("LINE{10*i+j}")
    two = item(model, "BANK").array
    assert isinstance(two, Array)
    assert (two.counts, two.strides, two.names, two.labels) == ((2, 4), (0x20, 4), None, ())
    labelled = item(model, "NAMED").array
    assert labelled is not None
    assert labelled.labels == ("NAMED_A", "NAMED_B")


def test_groups() -> None:
    group = everything().items[-1]
    assert isinstance(group, Group)
    assert group.array is not None
    assert group.array.live == Count.parse("STATUS.NUM + 1")
    assert group.array.counts == (8,)
    assert group.source == "Made up, chapter 3"
    conf, inner = group.items
    assert isinstance(conf, Register)
    assert conf.source == "Made up, chapter 3"
    assert (conf.write_action, conf.read_action) == ("oneToClear", "clear")
    assert isinstance(inner, Group)
    assert (inner.offset, inner.alternate, inner.py_name) == (0x10, True, "inner")
    assert inner.source == "Made up, chapter 3"
    assert inner.items[0].name == "VALUE"


def test_windows() -> None:
    (window,) = everything().windows
    assert window.name == "indirect"
    assert (window.index, window.data) == (
        RegisterPath.parse("INDEX.SELECT"),
        RegisterPath.parse("DATA"),
    )
    (table,) = window.items
    assert (table.offset, table.width, table.access_widths) == (0x10, 64, (32,))
    assert table.source == "Made up, chapter 4"
    assert window.description == "Behind a pair"


def test_views() -> None:
    (view,) = everything().views
    assert (view.name, view.count) == ("pin", 24)
    members = {member.name: member for member in view.members}
    assert str(members["function"].path) == "SEL[i // 10].LINE[i % 10]"
    level = members["level"]
    assert [str(path) for path in (level.read, level.set, level.clear)] == [
        "STATUS.bit[i]",
        "LATCH_SET.bit[i]",
        "LATCH_CLR.bit[i]",
    ]
    assert str(members["set"].call) == "LATCH_SET.bit[i]"
    assert members["set"].description == "Drive it high"
    assert str(members["event"].path) == "STATUS.bit[i]"
    assert members["event"].enum is not None
    assert [(str(s.write), s.value, s.wait_us) for s in members["pull"].steps] == [
        ("CTRL.MODE", None, 0),
        ("None", None, 10),
        ("CTRL.SPEED", 1, 0),
    ]
    pad = view.pad
    assert pad is not None
    assert pad.output == ("function", "RUN")
    assert [str(p) for p in (pad.level, pad.latch, pad.event)] == [
        "STATUS.bit[i]",
        "LATCH.bit[i]",
        "CTRL.bit[i]",
    ]
    assert [str(p) for p in (pad.rising, pad.falling, pad.high, pad.low)] == [
        f"BANK[0][{n}].bit[i]" for n in range(4)
    ]
    assert view.lines[0].names == ("GPIO0", "SDA")
    assert view.lines[0].functions == {"IDLE": "I2C SDA"}
    assert (view.lines[0].reset_pull, view.lines[0].description) == ("up", "First")
    assert view.lines[1].names == ("GPIO1", "SCL")
    assert view.lines[2].names == ("GPIO2",)


REGISTERS = "registers:\n  R:\n    offset: 0\n"


@pytest.mark.parametrize(
    ("body", "rule", "place", "text", "fix"),
    [
        ("sise: 4", "RM003", (2, 1, 4), "'sise'", "did you mean size?"),
        ("regmap: 2", "RM006", (2, 9, 1), "version 1", "regmap: 1"),
        ("regmap: '1'", "RM006", (2, 9, 3), "version 1", "regmap: 1"),
        ("size: big", "RM004", (2, 7, 3), "`size` is a whole number, not the text 'big'", ""),
        ('size: "0x10"', "RM004", (2, 7, 6), "not the text '0x10'", "write 0x10"),
        ("size: 0X10", "RM004", (2, 7, 4), "not the text '0X10'", "write 0x10"),
        ("size: 1e3", "RM004", (2, 7, 3), "not the number 1e3", "write 1000"),
        ("size: 0", "RM004", (2, 7, 1), "out of range: 0", "from 1"),
        ("size: -4", "RM004", (2, 7, 2), "out of range: -4", "from 1"),
        (
            "size: 0x1_0000_0000_0000_0000",
            "RM004",
            (2, 7, 23),
            "out of range",
            "0xffffffffffffffff",
        ),
        ("size: true", "RM004", (2, 7, 4), "not the truth value true", ""),
        ("size:", "RM004", (2, 6, 1), "not nothing", ""),
        ("size: [4]", "RM004", (2, 7, 1), "not a list", ""),
        ("source: 5", "RM004", (2, 9, 1), "`source` is a text, not the number 5", 'write "5"'),
        ("per-cpu: 1", "RM004", (2, 10, 1), "`per-cpu` is true or false", ""),
        ("registers: [a]", "RM004", (2, 12, 1), "`registers` is a mapping of names", ""),
        ("registers: {R: 4}", "RM004", (2, 16, 1), "a register is a mapping", ""),
        ("registers:\n  R: {width: 8}", "RM004", (3, 3, 1), "a register needs `offset`", "offset:"),
        ("registers: {17: {offset: 0}}", "RM004", (2, 13, 2), "a name", '"17"'),
        ("registers: {'': {offset: 0}}", "RM004", (2, 13, 2), "a name", ""),
        (f"{REGISTERS}    acces: rw", "RM003", (5, 5, 5), "a register has no key", "access"),
        (f"{REGISTERS}    access: r", "RM004", (5, 13, 1), "`access` is a word", "did you mean rw"),
        (f"{REGISTERS}    access: rw1k", "RM004", (5, 13, 4), "'rw1k'", "did you mean rw1"),
        (f"{REGISTERS}    read-action: eat", "RM004", (5, 18, 3), "clear or set", ""),
        (f"{REGISTERS}    access-widths: 32", "RM004", (5, 20, 2), "is a list", "write [32]"),
        (f"{REGISTERS}    byte-order: middle", "RM004", (5, 17, 6), "little or big", ""),
        (f"{REGISTERS}    reset: 7:4", "RM005", (5, 12, 3), "7:4", '"7:4"'),
        (f"{REGISTERS}    constraint: odd", "RM004", (5, 17, 3), "enum, as-read or", ""),
        (f"{REGISTERS}    fields: {{F: {{}}}}", "RM004", (5, 14, 1), "needs `bits`", ""),
        (f"{REGISTERS}    fields: {{F: {{bits: 4-7}}}}", "RM004", (5, 24, 3), "range", ""),
        (
            f"{REGISTERS}    fields: {{F: {{bits: '4:7'}}}}",
            "RM202",
            (5, 24, 5),
            "reversed",
            '"7:4"',
        ),
        (f"{REGISTERS}    fields: {{F: {{bits: []}}}}", "RM004", (5, 24, 1), "range", ""),
        (f"{REGISTERS}    fields: {{F: {{bits: -1}}}}", "RM004", (5, 24, 2), "range", ""),
        (f"{REGISTERS}    fields: {{F: {{bits: true}}}}", "RM004", (5, 24, 4), "range", ""),
        (f"{REGISTERS}    array: {{count: 4}}", "RM004", (3, 3, 1), "needs `stride`", ""),
        (f"{REGISTERS}    array: {{count: x, stride: 4}}", "RM270", (5, 20, 1), "`max`", "max"),
        (
            f"{REGISTERS}    array: {{count: 4, stride: 4, max: 5}}",
            *("RM004", (5, 20, 1), "`max`", "remove"),
        ),
        (
            f'{REGISTERS}    array: {{count: 4, stride: 4, name: "R{{i $ 2}}"}}',
            *("RM004", (5, 45, 1), "unexpected '$'", "expressions"),
        ),
        (
            f'{REGISTERS}    array: {{count: "A.B * 2", max: 4, stride: 4}}',
            *("RM004", (5, 25, 1), "unexpected '*'", "expressions"),
        ),
        ("enums: {e: {A: big}}", "RM004", (2, 16, 3), "value of A", ""),
        ('enums: {e: {A: "0b2"}}', "RM004", (2, 16, 5), "value of A", ""),
        ("enums: {e: {A: -1}}", "RM004", (2, 16, 2), "out of range", ""),
        ("enums: {e: {A: {valu: 1, value: 1}}}", "RM003", (2, 17, 4), "an enum value", "value"),
        ("enums: {e: {OFF: 0}}", "RM005", (2, 13, 3), "OFF", '"OFF"'),
        ("enums: {e: {TRUE: 0}}", "RM004", (2, 13, 4), "TRUE", '"TRUE"'),
        (
            f"enums: {{fsel: {{A: 1}}}}\n{REGISTERS}    fields: {{F: {{bits: 0, enum: fsell}}}}",
            *("RM101", (6, 33, 5), "no enum 'fsell'", "did you mean fsel?"),
        ),
        (
            "views: {v: {count: 1, members: {m: 'A[i ? 2]'}}}",
            *("RM252", (2, 41, 1), "unexpected '?'", "expressions"),
        ),
        (
            "views: {v: {count: 1, members: {m: {read: A, set: B}}}}",
            *("RM004", (2, 33, 1), "exactly one form", "`read` with `set` and `clear`"),
        ),
        (
            "views: {v: {count: 1, members: {m: {path: A, call: B}}}}",
            *("RM004", (2, 33, 1), "exactly one form", ""),
        ),
        ("views: {v: {members: {}}}", "RM004", (2, 9, 1), "a view needs `count`", ""),
        (
            "views: {v: {count: 1, members: {}, lines: {A: x}}}",
            *("RM004", (2, 44, 1), "index", ""),
        ),
        (
            "windows: {w: {index: A, data: B, registers: {R: {offset: 0}}}}",
            *("RM003", (2, 50, 6), "'offset'", ""),
        ),
    ],
)
def test_what_is_wrong_is_told_where_and_how(
    body: str, rule: str, place: tuple[int, int, int], text: str, fix: str
) -> None:
    problems = read_text(body).problems
    assert problems
    found = problems[0]
    assert found.rule == rule
    assert found.severity is Severity.ERROR
    assert found.place is not None
    assert (found.place.line, found.place.column, found.place.width) == place
    assert found.place.file == "thing.yaml"
    assert text in found.text
    assert fix in found.fix
    assert {each.rule for each in problems} <= {rule, "RM004"}


@pytest.mark.parametrize(
    "body",
    [
        f"{REGISTERS}    reset: 010",
        f"{REGISTERS}    volatile: yes",
        f"{REGISTERS}    access: on",
        "enums: {e: {A: 1:2}}",
    ],
)
def test_an_ambiguous_scalar_is_told_once(body: str) -> None:
    loaded = read_text(body)
    assert [each.rule for each in loaded.problems] == ["RM005"]


def test_names_in_messages_do_not_steer_a_terminal() -> None:
    found = problem('enums: {e: {"\\e[31mA": big}}', "RM004")
    assert found.text.isprintable()
    assert "[31mA" in found.text


def test_all_problems_are_told_at_once() -> None:
    loaded = read_text(
        "sise: 4\nsource: 5\nregisters:\n  A: {ofset: 0}\n  B: {offset: 4, width: wide,"
        " fields: {F: {bits: 7:4, enum: x}}}\n  B: {offset: 8}\n"
    )
    assert [each.rule for each in loaded.problems] == [
        *("RM005", "RM002", "RM003", "RM004", "RM003", "RM004", "RM101")
    ]


def test_a_model_comes_in_spite_of_errors_that_others_do_not_build_on() -> None:
    loaded = read_text(
        "sise: 4\nregisters:\n  R: {offset: 0, fields: {F: {bits: 7:4, enum: {OFF: 0}}}}\n"
    )
    assert [each.rule for each in loaded.errors] == ["RM005", "RM005", "RM003"]
    assert isinstance(loaded.model, Block)
    found = item(loaded.model, "R").fields[0]
    assert found.bits == (BitRange(4, 4),)
    assert found.enum is not None
    assert found.enum.values[0].name == "OFF"
    # Without its offset a register is no register, and nothing sound can be said of the rest.
    assert read_text("registers: {R: {offset: here}, Q: {offset: 4}}").model is None


def test_load_raises_with_every_error() -> None:
    with pytest.raises(MapError) as caught:
        load(GOOD / "nowhere.yaml")
    assert [each.rule for each in caught.value.problems] == ["RM008"]


def test_x_keys_pass_anywhere() -> None:
    model = block(
        "x-a: 1\nenums: {x-e: 1, e: {x-v: 1, V: 2}}\nregisters: {x-r: 1, R: {x-k: [], offset: 0,"
        " fields: {x-f: 1, F: {bits: 0, x-k: 1, enum: e}}}}\nviews: {x-v: 1, v: {count: 1,"
        " members: {x-m: 1, m: R.F}, lines: {x-l: 1, 0: A}}}"
    )
    assert [each.name for each in model.enums] == ["e"]
    assert [each.name for each in model.items] == ["R"]
    assert [each.name for each in item(model, "R").fields] == ["F"]
    assert list(model.views[0].lines) == [0]


def test_aliases_describe_the_same_twice() -> None:
    model = block("registers: {A: &a {offset: 0, fields: {F: {bits: 0}}}}\nx-b: *a\n")
    assert item(model, "A").fields[0].name == "F"


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("a.yaml", "block: b", "RM004"),
        ("A.yaml", "block: A", "RM004"),
        ("1a.yaml", "block: 1a", "RM004"),
        ("a-b.yaml", "block: a-b", "RM004"),
        ("a.yaml", "register: a", "RM004"),
        ("a.yaml", "block: a\nboard: a", "RM004"),
        ("a.yaml", "block: 5", "RM004"),
    ],
)
def test_what_a_file_is(file: str, text: str, rule: str) -> None:
    loaded = read(file, text=text)
    assert [each.rule for each in loaded.errors][:1] == [rule]


def test_the_digest_is_that_of_the_file() -> None:
    import hashlib

    loaded = read(GOOD / "everything.yaml")
    data = (GOOD / "everything.yaml").read_bytes()
    assert loaded.sha256 == hashlib.sha256(data).hexdigest()
    assert loaded.texts == {str(GOOD / "everything.yaml"): data.decode()}
    assert loaded.authored


def test_a_list_of_resets_gives_each_element_its_own() -> None:
    assert register("array: {count: 3, stride: 4}, reset: [1, 2, 0x30]").resets == (1, 2, 0x30)
    wrong = problem(
        "registers:\n  R: {offset: 0, array: {count: 3, stride: 4}, reset: [1]}\n", "RM004"
    )
    assert "1 values for 3 elements" in wrong.text


def test_the_reset_of_a_field_changes_a_default_but_not_its_register() -> None:
    fields = (
        "fields: {F: {bits: '7:4', reset: 5}, G: {bits: 0, array: {count: 2, stride: 1}, reset: 1}}"
    )
    assert register(fields, "defaults: {reset: 0xF0F0}").reset == 0xF053
    assert register(f"reset: 0, {fields}", "defaults: {reset: 0xF0F0}").reset == 0
