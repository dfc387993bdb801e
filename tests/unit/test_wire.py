"""The lines of the protocol: what a request may be, word for word, and that bytes of any kind come
to lines, requests or a WireError and to nothing else."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regmap.wire import (
    CODES,
    EDGES,
    LONGEST_WAIT_MS,
    PINS,
    VERBS,
    Event,
    Failure,
    Lines,
    Lost,
    Reply,
    Request,
    WireError,
    number,
    parse,
    parse_reply,
    render,
    values,
)

# ---- lines -------------------------------------------------------------------------------------

LIMIT = 16
TOO_LONG = f"Error toolong at most {LIMIT} bytes before LF"


def fed(chunks: list[bytes], limit: int = LIMIT) -> list[bytes | str]:
    lines = Lines(limit)
    return [x if isinstance(x, bytes) else str(x) for chunk in chunks for x in lines.feed(chunk)]


def model(data: bytes, limit: int = LIMIT) -> list[bytes | str]:
    """What lines are, said in one go. What is over long before its LF is told at once."""
    *ended, rest = data.split(b"\n")
    found: list[bytes | str] = [
        f"Error toolong at most {limit} bytes before LF"
        if len(line) > limit
        else line[:-1]
        if line.endswith(b"\r")
        else line
        for line in ended
    ]
    return [*found, TOO_LONG] if len(rest) > limit else found


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r", b"\r\n", b"x" * 17])))
@example([b"x" * LIMIT, b"\n"])
@example([b"x" * LIMIT, b"\r", b"\n", b"a\n"])
@example([b"x" * LIMIT, b"x", b"yyy", b"\nA\n"])
def test_any_split_of_bytes_gives_the_same_lines(chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    whole = model(data)
    assert fed(chunks) == whole
    assert fed([data]) == whole
    assert fed([bytes([byte]) for byte in data]) == whole


def test_a_line_of_the_limit_is_one_and_of_one_byte_more_is_not() -> None:
    assert fed([b"a" * 4096 + b"\n"], 4096) == [b"a" * 4096]
    assert fed([b"a" * 4097 + b"\n"], 4096) == ["Error toolong at most 4096 bytes before LF"]


def test_one_cr_before_lf_belongs_to_the_end() -> None:
    assert fed([b"READ 3\r\nREAD 3\r\r\n\r\n\n"]) == [b"READ 3", b"READ 3\r", b"", b""]


def test_a_too_long_line_is_told_once_and_the_next_is_as_if_nothing_had_been() -> None:
    lines = Lines(LIMIT)
    assert [str(x) for x in lines.feed(b"x" * 17)] == [TOO_LONG]
    assert lines.feed(b"y" * 1000) == []
    assert lines.pending == LIMIT + 1
    assert lines.feed(b"z\nREAD 3\nRE") == [b"READ 3"]
    assert lines.pending == 2


@pytest.mark.parametrize("split", range(1, 12))
def test_a_too_long_line_keeps_its_tag(split: int) -> None:
    line = b"@a.B-1 " + b"x" * 4090
    lines = Lines(4096)
    found = [*lines.feed(line[:split]), *lines.feed(line[split:])]
    assert [x.tag for x in found if isinstance(x, WireError)] == ["a.B-1"]


def test_memory_is_bounded_by_the_limit() -> None:
    lines, piece = Lines(4096), b"x" * 4096
    tracemalloc.start()
    try:
        for _ in range(1000):
            lines.feed(piece)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 50_000
    assert most < 100_000


# ---- requests ----------------------------------------------------------------------------------

tags = st.text("abzAZ019._-", max_size=32)
letters = st.text("AZaz_09", min_size=1, max_size=8)
names = letters | st.builds("{}[{}]".format, letters, st.integers(0, 999))
paths = st.lists(names, min_size=1, max_size=4).map(".".join)
numbers = st.integers(-1, 1 << 64).flatmap(lambda n: st.sampled_from([str(n), hex(n), bin(n)]))
words = numbers | letters
pairs = st.builds("{}={}".format, paths, words)
pins = st.integers(0, PINS - 1).map(str)
levels = st.sampled_from("01")
FORMS = {
    "READ": st.tuples(pins),
    "WRITE": st.tuples(pins, levels),
    "MODE": st.tuples(pins, st.sampled_from(["IN", "OUT"])),
    "READALL": st.just(()),
    "HELLO": st.just(("2",)),
    "GET": st.lists(paths, min_size=1, max_size=4),
    "SET": st.lists(pairs, min_size=1, max_size=4),
    "MODIFY": st.lists(pairs, min_size=1, max_size=4),
    "CAS": st.tuples(paths, words, words),
    "WAIT": st.tuples(pairs, st.integers(0, LONGEST_WAIT_MS).map(str)),
    "LIST": st.just(()) | st.tuples(st.text("A*?.[]", min_size=1, max_size=9)),
    "DESCRIBE": st.tuples(paths),
    "STATS": st.just(()),
    "DRIVE": st.tuples(pins, levels),
    "SUBSCRIBE": st.tuples(pins, st.sampled_from(EDGES)),
    "UNSUBSCRIBE": st.tuples(pins),
}


def requests_of(verbs: list[str], tag: st.SearchStrategy[str]) -> st.SearchStrategy[Request]:
    return st.sampled_from(verbs).flatmap(
        lambda verb: st.builds(lambda tag, args: Request(tag, verb, tuple(args)), tag, FORMS[verb])
    )


plain = requests_of(sorted(FORMS), tags)
parts = st.lists(requests_of(["GET", "SET", "MODIFY"], st.just("")), min_size=1, max_size=3)
batches = st.builds(lambda tag, parts: Request(tag, "BATCH", (), tuple(parts)), tags, parts)


def test_the_strategies_know_every_verb() -> None:
    assert {*FORMS, "BATCH"} == set(VERBS)


@given(plain | batches)
def test_every_request_comes_back_from_its_line(request: Request) -> None:
    line = render(request)
    assert parse(line, hello=True) == request
    if request.verb in {"READ", "WRITE", "MODE", "READALL", "HELLO"} and not request.tag:
        assert parse(line, hello=False) == request
    else:
        with pytest.raises(WireError) as caught:
            parse(line, hello=False)
        assert (caught.value.code, caught.value.tag) == ("hello", "")


def check_error(error: WireError, line: bytes, *, hello: bool) -> None:
    """It is one short line with the tag of ``line`` or none."""
    text = str(error)
    assert error.code in CODES
    assert text.startswith(f"Error {error.code} ")
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 300
    assert not error.tag or (hello and line.startswith(f"@{error.tag} ".encode()))


mutated = st.builds(
    lambda line, at, new: line[: at % (len(line) + 1)] + new + line[at % (len(line) + 1) :][1:],
    (plain | batches).map(render), st.integers(0, 200), st.binary(max_size=3),
)  # fmt: skip


@given(st.binary(max_size=200) | mutated, st.booleans())
@example(b"@a" + b"\xff" * 10, True)
@example(b"READ " + b"9" * 5000, False)
@example("READ ٣".encode(), False)
def test_random_bytes_come_to_a_request_or_a_wire_error(line: bytes, hello: bool) -> None:
    try:
        request = parse(line, hello=hello)
    except WireError as error:
        check_error(error, line, hello=hello)
    else:
        assert render(request) == line


ARTICLE_ERRORS = {
    b"": "syntax the line is empty",
    b"READ": "syntax expected READ PIN",
    b"READ 3 1": "syntax expected READ PIN",
    b"READ  3": "syntax expected READ PIN",
    b"READ 3 ": "syntax expected READ PIN",
    b" READ 3": "unknown no such command",
    b"read 3": "unknown no such command",
    b"READY 3": "unknown no such command",
    b"READALL 1": "syntax expected READALL",
    b"READ x": "syntax x is not a number",
    b"READ -1": "syntax -1 is not a number",
    b"READ +1": "syntax +1 is not a number",
    b"READ 03": "syntax 03 is not a number",
    b"READ 0x3": "syntax 0x3 is not a number",
    b"READ 3\x00": "syntax a line is printable ASCII",
    b"READ 3\r": "syntax a line is printable ASCII",
    b"READ\t3": "syntax a line is printable ASCII",
    b"READ 17": "pin no pin 17; there are 0 to 16",
    b"WRITE 3": "syntax expected WRITE PIN 0|1",
    b"WRITE 3 2": "value a value is 0 or 1",
    b"WRITE 3 x": "syntax x is not a number",
    b"WRITE 17 2": "pin no pin 17; there are 0 to 16",
    b"MODE 3 INPUT": "mode a mode is IN or OUT",
    b"MODE 3 in": "mode a mode is IN or OUT",
    b"HELLO 1": "hello this speaks version 2",
    b"HELLO": "syntax expected HELLO 2",
    b"SUBSCRIBE 3 BOTH": "hello say HELLO 2 before SUBSCRIBE",
    b"@1 READ 3": "hello say HELLO 2 before a line with an @ID",
}
OTHER_ERRORS = {
    b"@1": "syntax @ID is 1 to 32 of A-Z a-z 0-9 . _ - and a space",
    b"@" + b"x" * 33 + b" READ 3": "syntax @ID is 1 to 32 of A-Z a-z 0-9 . _ - and a space",
    b"@1 ": "syntax the line is empty",
    b"@1 @2 READ 3": "unknown no such command",
    b"GET": "syntax expected GET PATH...",
    b"GET a..b": "syntax a..b is not a path",
    b"GET a=1": "syntax a=1 is not a path",
    b"SET a": "syntax a is not PATH=VALUE",
    b"SET a=": "syntax  is neither a number nor a name",
    b"SET a=1.5": "syntax 1.5 is neither a number nor a name",
    b"WAIT a=1 3600001": "value the longest wait is 3600000 ms",
    b"BATCH": "syntax a BATCH is made of GET, SET, MODIFY, parted by '; '",
    b"BATCH GET a;GET b": "syntax a;GET is not a path",
    b"BATCH READ 3": "syntax a BATCH is made of GET, SET, MODIFY, parted by '; '",
    b"BATCH BATCH GET a": "syntax a BATCH is made of GET, SET, MODIFY, parted by '; '",
    b"SUBSCRIBE 3 rising": "mode an edge is RISING, FALLING, BOTH",
}


@pytest.mark.parametrize("line", ARTICLE_ERRORS)
def test_what_a_client_of_the_article_may_not_say(line: bytes) -> None:
    with pytest.raises(WireError) as caught:
        parse(line, hello=False)
    assert str(caught.value) == f"Error {ARTICLE_ERRORS[line]}"


@pytest.mark.parametrize("line", OTHER_ERRORS)
def test_what_nobody_may_say(line: bytes) -> None:
    with pytest.raises(WireError) as caught:
        parse(line, hello=True)
    assert str(caught.value) == f"Error {OTHER_ERRORS[line]}"


def test_a_text_that_was_not_meant_for_a_line_becomes_one() -> None:
    error = WireError("fault", "ä\nError ok\x7f" + "x" * 500)
    assert str(error) == "Error fault ??Error ok?" + "x" * 189


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("12", 12), ("0xC", 12), ("0b1100", 12), ("010", 10), ("-1", -1), ("-0x1", -1), ("0", 0),
     ("OUTPUT", None), ("0x", None), ("1_0", None), ("9" * 5000, None), ("b1", None)],
)  # fmt: skip
def test_a_value_is_a_number_or_a_name(word: str, wanted: int | None) -> None:
    assert number(word) == wanted


# ---- replies -----------------------------------------------------------------------------------

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
texts = printable.filter(lambda text: not text.startswith(("@", "Error ", "EVENT ", "LOST ")))
counts = st.integers(0, (1 << 64) - 1)
answers = st.one_of(
    st.builds(Reply, tags, texts),
    st.builds(Failure, tags, st.sampled_from(CODES), printable),
    st.builds(Event, st.integers(0, 16), st.sampled_from(EDGES[:2]), counts, counts),
    st.builds(Lost, counts),
)


@given(answers)
def test_every_answer_comes_back_from_its_line(answer: Reply | Failure | Event | Lost) -> None:
    assert parse_reply(render(answer)) == answer


@given(st.binary(max_size=100) | answers.map(render).map(lambda line: line + b" "))
@example(b"EVENT 3 RISING 1")
@example(b"LOST x")
@example(b"@ Ok")
def test_random_bytes_of_a_daemon_come_to_an_answer_or_a_wire_error(line: bytes) -> None:
    try:
        answer = parse_reply(line)
    except WireError as error:
        check_error(error, b"", hello=False)
    else:
        assert render(answer) == line or isinstance(answer, Event | Lost)


@given(st.dictionaries(paths, counts, min_size=1))
def test_values_come_back(wanted: dict[str, int]) -> None:
    assert values(f"{path}={value:#x}" for path, value in wanted.items()) == wanted


@pytest.mark.parametrize("word", ["a", "a=", "a=x", "a=-1", ""])
def test_values_that_are_none(word: str) -> None:
    with pytest.raises(WireError, match="is not PATH=NUMBER"):
        values([word])
