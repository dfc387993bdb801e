"""The text of a mapping: what it looks like, and that every YAML reader reads it the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regmap import loaders
from regmap.errors import MapError
from regmap.loaders import find
from regmap.loaders.nodes import Mapping, Node, Sequence
from regmap.loaders.report import Log
from regmap.loaders.text import decoded, parse
from regmap.writers.mapping import of_model
from regmap.writers.plain import AsWritten, Hex
from regmap.writers.yaml import as_yaml
from tests.model_strategies import FRAGMENTS, full_chips, names, texts

LAW = settings(deadline=None, suppress_health_check=list(HealthCheck))
SHIPPED = [*find.shipped_names("boards"), *find.shipped_names("chips")]


def value_of(node: Node) -> Any:
    """The plain value of a node of the loader."""
    if isinstance(node, Mapping):
        return {key: value_of(value) for key, (_, value) in node.entries.items()}
    return list(map(value_of, node.items)) if isinstance(node, Sequence) else node.value


def read(text: str) -> Any:
    """What our loader reads, which must have nothing to remark on."""
    log = Log()
    clean, fit = decoded(text.encode(), "a.yaml", log)
    tree = parse(clean, "a.yaml", log) if fit else None
    assert [str(problem) for problem in log.problems] == []
    assert tree is not None
    return value_of(tree)


scalars = st.one_of(texts, st.integers(-5, 1 << 64), st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(names | st.integers(0, 99), inner, max_size=4)
    ),
    max_leaves=20,
)
mappings = st.dictionaries(names, values, min_size=1, max_size=5)


@LAW
@given(mappings)
def test_the_loader_reads_the_mapping_back(mapping: dict[str, Any]) -> None:
    assert read(as_yaml(mapping)) == mapping


@LAW
@given(mappings)
def test_a_reader_of_yaml_1_1_reads_the_same(mapping: dict[str, Any]) -> None:
    assert yaml.load(as_yaml(mapping), yaml.CSafeLoader) == mapping


@pytest.mark.parametrize("key", ["registers", "description", "x-a", "on", "<<"])
@pytest.mark.parametrize("text", FRAGMENTS)
def test_every_odd_text_everywhere(key: str, text: str) -> None:
    longer = f"{text} and {text}"
    mapping = {
        key: {"flow": {"a": text, "l": [text, longer]}, "deep": {"deep": {"deep": {"t": text}}}},
        "b": text,
        "c": longer,
        "d": [[text], {"e": {"f": text}, "g": longer}],
        "e": f"{'word ' * 30}{text} {text}word{text}",
    }
    assert read(as_yaml(mapping)) == mapping
    assert yaml.load(as_yaml(mapping), yaml.CSafeLoader) == mapping


@LAW
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
@example("a\nb")
@example("a\n\n  b\nc")
@example("a\n \nb")
@example(" a\nb")
@example("\na")
@example("a\n")
@example("a \nb")
@example(f"{'a ' * 60}b")
@example(f"{'a ' * 30} {'b ' * 30}c")
@example(f"a{' b' * 60} ")
@example("# " * 60 + "#")
@example("a" * 300)
def test_long_texts_and_texts_of_many_lines(text: str) -> None:
    for mapping in ({"d": text}, {"a": {"b": {"c": {"d": text}}}, "l": [{"t": {"d": text}}]}):
        assert read(as_yaml(mapping)) == mapping


@LAW
@given(full_chips())
def test_the_same_model_gives_the_same_bytes(chip: Any) -> None:
    mapping = of_model(chip)
    text = as_yaml(mapping)
    assert as_yaml(of_model(chip)) == text
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.split("\n"))


def test_a_text_as_written_needs_no_quotes() -> None:
    kept = ["0x400", "12", "true", "abc"]
    assert as_yaml({"a": [AsWritten(text) for text in kept]}) == "a: [0x400, 12, true, abc]\n"
    quoted = ["010", "1_0", "on", "null", "1.10", "1e3", "0b1", "-1", ""]
    text = as_yaml({"a": [AsWritten(text) for text in quoted]})
    assert text == f"a: {json.dumps(quoted)}\n"


def test_numbers() -> None:
    numbers = [Hex(9), Hex(10), Hex(0, 2), Hex(0x1F, 2), Hex(0xFED0_0000, 2), 31, Hex(0, 1), -3]
    assert as_yaml({"a": numbers}) == "a: [9, 0xA, 0x00, 0x1F, 0xFED00000, 31, 0x0, -3]\n"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(MapError, match=r"half a character, U\+D800"):
        as_yaml({"a": "b\ud800"})


def test_a_key_that_yaml_would_not_find_is_refused() -> None:
    with pytest.raises(MapError, match="too many odd characters"):
        as_yaml({"\U000e0001" * 128: 1})


LOOK = """\
regmap: 1
block: lamp
description: A text that is longer than a line of a hundred columns stands below its key, folded at
  its blanks.
svd: {version: Acme, headerStructName: "1.0"}
size: 0x100
defaults: {width: 16}
enums:
  mode: {IDLE: 0, "ON": 1, AUTO: "0b1x", REST: default}
  speed:
    SLOW: {value: 0, description: "Saves power, mostly."}
    FAST: {value: 1, description: Costs power.}
registers:
  CTRL:
    offset: 0x00
    reset: 0xABC
    reset-mask: 0xFFF
    description: "Control: all of it."
    fields:
      MODE: {bits: "1:0", enum: mode}
      GO: {bits: 4, access: wo1s, enum: {STOP: 0, GO: 1}, description: "Starts, at once."}
      MANY: {bits: [9, "7:6"], array: {count: 2, stride: 1, name: "MANY{i}"}}
  BIG: {offset: 0x10, array: {count: [2, 3], stride: [0x40, 2]}, access: ro, reset: 0}
  LIST:
    offset: 0x80
    array: {count: 20, stride: 2}
    reset: [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116,
      117, 118, 119]
views:
  pin:
    count: 4
    members:
      level: {read: "CTRL.bit[i]", set: "CTRL.bit[i]", clear: "CTRL.bit[i]"}
      mode:
        enum: mode
        steps:
          - {write: CTRL.MODE, value: value}
          - {wait-us: 10}
    lines:
      0: [LED, GPIO0]
      1: {names: [KEY], functions: {IDLE: SDA}, reset-pull: up}
"""
LOOKS = """\
regmap: 1
block: lamp
description: >-
  A text that is longer than a line of a hundred columns stands below its key, folded at its blanks.
size: 0x100
svd: {version: Acme, headerStructName: "1.0"}
defaults: {width: 16}

enums:
  mode: {IDLE: 0, "ON": 1, AUTO: "0b1x", REST: default}
  speed:
    SLOW: {value: 0, description: "Saves power, mostly."}
    FAST: {value: 1, description: Costs power.}

registers:
  CTRL:
    offset: 0x00
    reset: 0xABC
    reset-mask: 0xFFF
    description: "Control: all of it."
    fields:
      MODE: {bits: "1:0", enum: mode}
      GO: {bits: 4, access: wo1s, enum: {STOP: 0, GO: 1}, description: "Starts, at once."}
      MANY: {bits: [9, "7:6"], array: {count: 2, stride: 1, name: "MANY{i}"}}
  BIG: {offset: 0x10, array: {count: [2, 3], stride: [0x40, 2]}, access: ro, reset: 0}
  LIST:
    offset: 0x80
    array: {count: 20, stride: 2}
    reset: [0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70, 0x71,
      0x72, 0x73, 0x74, 0x75, 0x76, 0x77]

views:
  pin:
    count: 4
    members:
      level: {read: "CTRL.bit[i]", set: "CTRL.bit[i]", clear: "CTRL.bit[i]"}
      mode:
        steps:
          - {write: CTRL.MODE, value: value}
          - {wait-us: 10}
        enum: mode
    lines:
      0: [LED, GPIO0]
      1:
        names: [KEY]
        functions: {IDLE: SDA}
        reset-pull: up
"""


def test_what_it_looks_like() -> None:
    model = loaders.read("lamp.yaml", text=LOOK).model
    assert model is not None
    assert as_yaml(of_model(model)) == LOOKS


@pytest.mark.parametrize("name", SHIPPED)
def test_lines_end_before_the_last_column(name: str) -> None:
    # A quoted text and a text of one word are not folded.
    long = [line for line in as_yaml(of_model(loaders.load(name))).split("\n") if len(line) > 100]
    assert all(line.endswith(('"', "'")) for line in long)
