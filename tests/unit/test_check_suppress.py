"""``# regmap: ignore[...]``: which problem it hides, and that it says so when it hides nothing."""

from __future__ import annotations

import pytest

from regmap.check import apply_suppressions
from regmap.errors import Place, Problem, Severity


def problem(rule: str = "RM201", line: int = 2, file: str = "a.yaml") -> Problem:
    return Problem(
        rule=rule,
        name="x",
        severity=Severity.ERROR,
        text="wrong",
        place=Place(file, line, 3),
        related=(("the other", Place(file, 1, 1)),),
    )


def left(text: str, *problems: Problem, profile: str = "strict") -> list[str]:
    kept = apply_suppressions(problems, {"a.yaml": text}, profile=profile)  # type: ignore[arg-type]
    return [f"{each.rule}: {each.text}" for each in kept]


@pytest.mark.parametrize(
    "text",
    [
        "x: 1\ny: 2  # regmap: ignore[RM201]\n",
        "x: 1\ny: 2  # regmap: ignore[RM201] the manual says so\n",
        "x: 1\ny: 2  # see 4.1 # regmap: ignore[RM201]\n",
        "# regmap: ignore[RM201]\ny: 2\n",
        "   #regmap:ignore[RM201]   \r\ny: 2\r\n",
    ],
    ids=["line", "reason", "behind a comment", "line above", "blanks and CRLF"],
)
def test_a_comment_hides_its_rule(text: str) -> None:
    assert left(text, problem()) == []


def test_several_rules_in_one_comment() -> None:
    text = "x: 1\ny: 2  # regmap: ignore[RM201, RM202]\n"
    assert left(text, problem("RM201"), problem("RM202")) == []
    assert left(text, problem("RM201")) == ["RM105: RM202 does not occur here"]


@pytest.mark.parametrize(
    "text",
    [
        "x: 1  # regmap: ignore[RM201]\ny: 2\n",
        "x: 1\ny: 2  # regmap: ignore[RM202]\n",
        "x: 1\ny: 2\n# regmap: ignore[RM201]\n",
        "# regmap: ignore[RM201]\n\ny: 2\n",
    ],
    ids=["another line, not alone", "another rule", "below", "two lines above"],
)
def test_a_comment_hides_nothing_else(text: str) -> None:
    found = problem(line=3 if "\n\n" in text else 2)
    kept = left(text, found)
    assert "RM201: wrong" in kept
    assert any(each.startswith("RM105: ") for each in kept)


@pytest.mark.parametrize(
    "text",
    [
        'x: 1\ny: "# regmap: ignore[RM201]"\n',
        "x: 1\ny: a#regmap: ignore[RM201]\n",
        "x: 1\ny: 2  # regmap ignore[RM201]\n",
        "x: 1\ny: 2  # regmap: ignore RM201\n",
    ],
    ids=["quoted", "no comment", "no colon", "no bracket"],
)
def test_what_is_no_such_comment_hides_nothing(text: str) -> None:
    assert left(text, problem()) == ["RM201: wrong"]


def test_only_the_file_of_the_comment_is_meant() -> None:
    text = "x: 1\ny: 2  # regmap: ignore[RM201]\n"
    assert "RM201: wrong" in left(text, problem(file="b.yaml"))


def test_a_comment_at_the_other_party_hides_nothing() -> None:
    text = "x: 1  # regmap: ignore[RM201]\ny: 2\n"
    assert "RM201: wrong" in left(text, problem())


def test_syntax_cannot_be_suppressed() -> None:
    text = "x: 1\ny: 2  # regmap: ignore[RM002]\n"
    assert left(text, problem("RM002")) == [
        "RM002: wrong",
        "RM105: RM002 cannot be suppressed",
    ]


def test_a_rule_that_is_not_there_is_told() -> None:
    text = "x: 1\ny: 2  # regmap: ignore[RM999,]\n"
    assert left(text) == ["RM105: there is no rule RM999", "RM105: no rule is named"]


def test_a_pedantic_rule_is_no_idle_comment_elsewhere() -> None:
    text = "x: 1  # regmap: ignore[RM291]\n"
    assert left(text) == []
    assert left(text, profile="import") == []
    assert left(text, profile="pedantic") == ["RM105: RM291 does not occur here"]


def test_nothing_is_told_where_the_rules_did_not_run() -> None:
    text = {"a.yaml": "x: 1  # regmap: ignore[RM201]\n"}
    assert apply_suppressions([], text, checked=False) == []
    (told,) = apply_suppressions([], text)
    assert told.severity is Severity.INFO
    assert told.place == Place("a.yaml", 1, 7, 23)
