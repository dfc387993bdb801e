"""The README is true: its Python runs, its commands succeed, its files are valid, its links hold.

Blocks are taken in order. A ``yaml`` or ``xml`` block whose first line is a comment with a file's
name becomes that file; ``python`` blocks of one section (``##``) share a namespace; of a
``console`` block the lines that begin with ``$ regmap`` are run. All in one folder that starts
empty.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from regmap.backends import SCHEMES
from regmap.cli.main import main, make_parser
from regmap.demos import DEMOS
from regmap.loaders.find import shipped_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line of the README that it begins on."""

    language: str
    text: str
    line: int


def sections(text: str) -> Iterator[tuple[str, list[Block]]]:
    """The title and the blocks of each section, the part before the first one included."""
    starts = [0, *(match.start() for match in re.finditer(r"^## ", text, re.MULTILINE)), len(text)]
    for start, end in pairwise(starts):
        title = text[start:end].partition("\n")[0].strip("# ")
        yield (
            title,
            [
                Block(match[1], match[2], text.count("\n", 0, start + match.start(2)) + 1)
                for match in _FENCE.finditer(text[start:end])
            ],
        )


SECTIONS = list(sections(README))
WITH_CODE = [title for title, blocks in SECTIONS if any(block.language for block in blocks)]


def write_file(block: Block) -> None:
    """Make the file that a ``yaml`` or ``xml`` block is."""
    name = re.match(r"(?:# |<!-- )([\w.-]+\.(?:yaml|svd))(?: -->)?\n", block.text)
    if block.language in {"yaml", "xml"} and name:
        Path(name[1]).write_text(block.text, encoding="utf-8")


def run_block(block: Block, namespace: dict[str, Any]) -> None:
    """Do what a block shows; a failure names the README's line."""
    write_file(block)
    if block.language == "python":
        # Blank lines in front, so that a traceback has the README's own line numbers.
        exec(compile("\n" * (block.line - 1) + block.text, "README.md", "exec"), namespace)  # noqa: S102
    if block.language == "console":
        for line in block.text.splitlines():
            if line.startswith("$ regmap "):
                status = main(shlex.split(line.removeprefix("$ regmap "), comments=True))
                assert status == 0, f"README.md:{block.line}: {line}"


@pytest.mark.parametrize("title", WITH_CODE)
def test_what_is_shown_works(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "readme"}
    for each, blocks in SECTIONS:
        for block in blocks:
            if each == title:
                run_block(block, namespace)
            else:
                # A section may use a file of the one before, and nothing else of it.
                write_file(block)
        if each == title:
            return


def test_every_file_that_is_shown_has_neither_error_nor_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for _, blocks in SECTIONS:
        for block in blocks:
            write_file(block)
    # What a vendor wrote is shown because it is wrong, and a policy of the daemon is no map.
    files = sorted(
        file.name
        for file in tmp_path.iterdir()
        if file.suffix == ".yaml" and "\nregmapd:" not in file.read_text()
    )
    assert files
    main(["check", *files])
    said = capsys.readouterr().out
    assert not re.findall(r"^\S+\.yaml:\S+ (?:error|warning) RM\d+", said, re.MULTILINE), said


def test_every_command_is_mentioned() -> None:
    (commands,) = (a.choices for a in make_parser()._actions if isinstance(a.choices, dict))
    missing = [name for name in commands if f"regmap {name}" not in README]
    assert not missing


def test_every_backend_demonstration_and_board_is_mentioned() -> None:
    assert [scheme for scheme in SCHEMES if f"`{scheme}:" not in README] == []
    assert [demo.name for demo in DEMOS if f"`{demo.name}`" not in README] == []
    assert "`pc`" in README
    assert len(shipped_names("boards")) >= 8


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_the_two_commands_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in set(re.findall(r"`make ([\w-]+)`", README)):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
    assert README.index("`make demo`") < README.index("`make test`")
