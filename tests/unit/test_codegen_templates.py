"""Templates loop and print; they work nothing out."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

import regmap.codegen

TEMPLATES = sorted((Path(regmap.codegen.__file__).parent / "templates").glob("*.j2"))
# What a template is made of: text, values by name, loops over them, choices and other templates.
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.For,
    nodes.If,
    nodes.Include,
    nodes.Const,
)


def _refused(text: str) -> list[str]:
    found = []
    waiting: list[nodes.Node] = [jinja2.Environment().parse(text)]  # noqa: S701  (only parsed)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ALLOWED):
            found.append(type(node).__name__)
        waiting.extend(node.iter_child_nodes())
    return found


def test_there_are_templates() -> None:
    assert {"module.py.j2", "package.py.j2", "block.py.j2", "chip.h.j2"} <= {
        path.name for path in TEMPLATES
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_operator_filter_or_call(path: Path) -> None:
    assert _refused(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ a + b }}", "{{ a - b }}", "{{ a * b }}", "{{ a / b }}", "{{ a // b }}", "{{ a % b }}",
        "{{ a ** b }}", "{{ -a }}", "{{ a ~ b }}", "{{ a | length }}", "{{ a | sum }}",
        "{{ f(a) }}", "{{ 1 + 1 }}", "{% if a > b %}{% endif %}", "{% set a = b %}", "{{ a[0] }}",
        "{% macro m() %}{% endmacro %}", "{{ a is divisibleby 3 }}",
    ],
)  # fmt: skip
def test_what_computes_is_refused(text: str) -> None:
    assert _refused(text)
