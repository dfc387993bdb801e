"""The API reference: it is built without a warning, and holds what users need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import regmap

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference, built in a process of its own: the tool changes modules as it looks at them.

    The sources are read with every warning an error, as pytest does.
    """
    output = tmp_path_factory.mktemp("docs") / "pages"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tools.docs", str(output)],
        cwd=ROOT, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"the API reference is {output / 'index.html'}\n"
    return output


def test_every_exported_name_is_there(pages: Path) -> None:
    text = (pages / "regmap.html").read_text()
    for name in regmap.__all__:
        if not name.startswith("__"):
            assert f'id="{name}"' in text, name
    assert "Touches no register" in re.sub(r"\s+", " ", text).replace("touches", "Touches")


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("live/register", "Register.modify"),
        ("live/device", "Device.pins"),
        ("backends/base", "Backend.read"),
        ("sim/simulator", "Simulator.drive"),
        ("errors", "BusFault"),
        ("model/block", "Register.offset"),
    ],
)
def test_the_public_modules_have_pages(pages: Path, page: str, name: str) -> None:
    assert f'id="{name}"' in (pages / "regmap" / f"{page}.html").read_text()


def test_private_modules_and_the_command_line_have_none(pages: Path) -> None:
    names = {str(page.relative_to(pages)) for page in pages.rglob("*.html")}
    assert len(names) > 50
    assert not [name for name in names if "/cli" in name or "/_" in name or "/generated/" in name]


def test_the_pages_need_no_network(pages: Path) -> None:
    for page in pages.rglob("*.html"):
        assert not re.search(r'(?:src|<link[^>]+href)="?https?://', page.read_text()), page
