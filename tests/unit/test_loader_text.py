"""YAML text to nodes: values, exact places, what is refused and what is offered instead."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.errors import Place, Problem
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import Log
from regmap.loaders.text import decoded, parse

FILE = "some/file.yaml"


def tree(text: str) -> tuple[Mapping | None, tuple[Problem, ...]]:
    log = Log()
    root = parse(text, FILE, log)
    return root, log.problems


def good(text: str) -> Mapping:
    root, problems = tree(text)
    assert not problems
    assert root is not None
    return root


def scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar)
    return node


def problem(text: str, rule: str) -> Problem:
    _, problems = tree(text)
    assert [each.rule for each in problems] == [rule], problems
    return problems[0]


def at(place: Place | None) -> tuple[int, int, int]:
    assert place is not None
    assert place.file == FILE
    return place.line, place.column, place.width


def test_places_are_exact() -> None:
    root = good('a: 1\nb:\n  - "two"\n  - {deep: 0x10, "quoted key": text}\nä€: ü  # c\n')
    assert at(scalar(root.get("a")).place) == (1, 4, 1)
    items = root.get("b")
    assert isinstance(items, Sequence)
    assert at(items.place) == (3, 3, 1)
    assert at(scalar(items.items[0]).place) == (3, 5, 5)
    deep = items.items[1]
    assert isinstance(deep, Mapping)
    assert at(deep.place) == (4, 5, 1)
    assert at(scalar(deep.get("deep")).place) == (4, 12, 4)
    assert at(deep.entries["quoted key"][0].place) == (4, 18, 12)
    assert at(root.entries["ä€"][0].place) == (5, 1, 2)
    assert at(scalar(root.get("ä€")).place) == (5, 5, 1)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_places_with_any_line_end(line_end: str) -> None:
    root = good(line_end.join(["# one", "a: 1", "", "b: 2"]))
    assert at(scalar(root.get("b")).place) == (4, 4, 1)


def test_a_place_inside_a_text() -> None:
    root = good('plain: abc\nquoted: "abc"\nescaped: "a\\tc"\nblock: |\n  abc\n')
    assert at(scalar(root.get("plain")).place_at(2)) == (1, 10, 1)
    assert at(scalar(root.get("quoted")).place_at(2)) == (2, 12, 1)
    # Where escapes or lines come between, the whole text is the best that can be told.
    assert at(scalar(root.get("escaped")).place_at(2)) == (3, 10, 6)
    assert at(scalar(root.get("block")).place_at(2)) == (4, 8, 1)


def test_quoted_is_text_and_plain_is_converted() -> None:
    root = good("a: '0x10'\nb: 0x10\nc: \"on\"\nd: ~\ne:\nf: 'null'\n17: r\n0x12: s\n'19': t")
    values = {key: scalar(value).value for key, (_, value) in root.entries.items()}
    assert values == {
        "a": "0x10",
        "b": 16,
        "c": "on",
        "d": None,
        "e": None,
        "f": "null",
        17: "r",
        18: "s",
        "19": "t",
    }


def test_key_order_is_kept() -> None:
    assert list(good("z: 1\na: 2\nm: 3\n").entries) == ["z", "a", "m"]


def test_anchors_and_aliases() -> None:
    root = good("a: &x {one: 1}\nb: *x\nc: &y text\nd: *y\n")
    assert root.get("a") is root.get("b")
    assert scalar(root.get("d")).value == "text"


@pytest.mark.parametrize(
    ("text", "offered", "place"),
    [
        ("bits: 7:4", '"7:4"', (1, 7, 3)),
        ("a: {b: 010}", 'write 10 or 0o10 or "010"', (1, 8, 3)),
        ("a: 08", 'write 8 or "08"', (1, 4, 2)),
        ("off: 1", '"off"', (1, 1, 3)),
        ("a: [1, Yes]", '"Yes"', (1, 8, 3)),
        ("a: 1__0", '"1__0"', (1, 4, 4)),
        ("x-a: {deep: [{er: n}]}", '"n"', (1, 19, 1)),
    ],
)
def test_ambiguous_scalars(text: str, offered: str, place: tuple[int, int, int]) -> None:
    found = problem(text, "RM005")
    assert offered in found.fix
    assert at(found.place) == place


def test_duplicate_keys() -> None:
    found = problem("a: 1\nb: 2\na: 3\n", "RM002")
    assert at(found.place) == (3, 1, 1)
    assert [(what, at(where)) for what, where in found.related] == [("first one", (1, 1, 1))]
    assert "'a'" in found.text
    # The same number in two spellings is the same key; a text and a number are not.
    problem("pins: {17: a, 0x11: b}", "RM002")
    good("{17: a, '17': b}")


@pytest.mark.parametrize("text", ["true: 1", "~: 1", "1.5: 1", "NULL: 1"])
def test_a_key_is_a_name_or_number(text: str) -> None:
    assert problem(text, "RM004").fix.startswith('write "')


def test_complex_keys_are_refused() -> None:
    problem("? [a, b]\n: 1\n", "RM001")


def test_merge_keys_are_refused() -> None:
    found = problem("a: &x {k: 1}\nb:\n  <<: *x\n", "RM003")
    assert "extends" in found.fix
    assert at(found.place) == (3, 3, 2)


def test_tags_are_refused() -> None:
    assert at(problem("a: !!str 5", "RM001").place)[:2] == (1, 4)
    problem("a: !thing {b: 1}", "RM001")
    problem("!!map {a: 1}", "RM001")


def test_one_document() -> None:
    found = problem("a: 1\n---\nb: 2\n", "RM001")
    assert at(found.place)[0] == 2
    good("---\na: 1\n...\n")


def test_directives_are_refused() -> None:
    assert at(problem("%YAML 1.1\n---\na: 1\n", "RM001").place) == (1, 1, 1)


@pytest.mark.parametrize("text", ["", "\n", "# only this\n"])
def test_nothing(text: str) -> None:
    assert "block:" in problem(text, "RM001").fix


@pytest.mark.parametrize("text", ["5", "- a\n- b\n", "just text"])
def test_no_mapping(text: str) -> None:
    problem(text, "RM004")


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("a: b: c\n", (1, 5), "quotes"),
        ("a: [1, 2\nb: 3\n", (2, 2), "bracket"),
        ("a: @b\n", (1, 4), "quotes"),
        ('a: "b\n', (2, 1), "quotes"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "indentation"),
        ("a: *b\n", (1, 4), "anchor"),
    ],
)
def test_syntax(text: str, place: tuple[int, int], fix: str) -> None:
    found = problem(text, "RM001")
    assert at(found.place)[:2] == place
    assert fix in found.fix


def test_what_was_found_before_a_syntax_error_is_told_as_well() -> None:
    root, problems = tree("a: 1\na: 2\nb: c: d\n")
    assert root is None
    assert [each.rule for each in problems] == ["RM002", "RM001"]


@pytest.mark.parametrize("text", ["a:\n\tb: 1\n", "a:\n  \tb: 1\n", "\ta: 1\n"])
def test_tabs(text: str) -> None:
    found = problem(text, "RM007")
    assert "spaces" in found.fix
    line, column, _ = at(found.place)
    assert text.splitlines()[line - 1][column - 1] == "\t"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: 1\nb: \xff\n", (2, 4)),
        ("ä: \udc80".encode("utf-8", "surrogatepass"), (1, 4)),
        (b"a: \x00\n", (1, 4)),
        (b"a: 1\r\nb: \x1b[31m\n", (2, 4)),
        ("a: \x85\n".encode(), (1, 4)),
        ("ab: \u2028\n".encode(), (1, 5)),
        ("a: \ufeff\n".encode(), (1, 4)),
        ("a: 1".encode("utf-16"), (1, 1)),
    ],
)
def test_characters(data: bytes, place: tuple[int, int]) -> None:
    log = Log()
    text, fit = decoded(data, FILE, log)
    assert not fit
    assert [each.rule for each in log.problems] == ["RM007"]
    assert at(log.problems[0].place)[:2] == place
    assert all(each.isprintable() or each in "\t\r\n\ufffd" for each in text)


def test_a_byte_order_mark_moves_nothing() -> None:
    log = Log()
    text, fit = decoded(b"\xef\xbb\xbfa: 7:4", FILE, log)
    assert fit
    assert at(problem(text, "RM005").place) == (1, 4, 3)


def test_messages_do_not_steer_a_terminal() -> None:
    found = problem('"\\e[31mred": 1\n"\\e[31mred": 2\n', "RM002")
    assert "\x1b" not in found.text + found.fix


# JSON writes these as two escapes, which YAML has not.
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.one_of(st.integers(-(1 << 70), 1 << 70), st.booleans(), st.none(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_json_reads_as_itself(value: dict[str, object]) -> None:
    root = good(json.dumps(value, ensure_ascii=True))
    assert plain(root) == value


@given(st.text(max_size=200))
def test_any_text_gives_a_tree_or_problems(text: str) -> None:
    log = Log()
    clean, fit = decoded(text.encode("utf-8", "surrogatepass"), FILE, log)
    root = parse(clean, FILE, log) if fit else None
    assert root is not None or log.problems
    lines = clean.splitlines() or [""]
    for each in log.problems:
        assert each.place is not None
        assert 1 <= each.place.line <= len(lines) + 1
