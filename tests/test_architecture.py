"""The rooms and who may enter them: imports run one way, nothing is heavy, nothing is too long.

The table here is the dependency rule. What is imported only for type checkers (``TYPE_CHECKING``)
is held against the same table, and so is what is imported inside of a function; the few exceptions
have their reason beside them.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "regmap"

_GROUND = {"errors", "bits", "names"}
# Each room, and the rooms below it that it may import. A room may always import itself.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "bits": set(),
    "names": set(),
    "_core": {"errors"},
    "wire": {"errors"},
    "model": {"errors", "bits"},
    "writers": {*_GROUND, "model"},
    "loaders": {*_GROUND, "model", "writers"},
    "check": {*_GROUND, "model"},
    "layout": {*_GROUND, "model"},
    "backends": {"errors", "_core", "wire", "model"},
    "live": {*_GROUND, "_core", "model", "layout", "backends.base"},
    "sim": {*_GROUND, "_core", "model", "layout"},
    "codegen": {*_GROUND, "model", "layout"},
    "daemon": {*_GROUND, "_core", "wire", "model", "layout", "backends", "live", "loaders"},
    "api": {*_GROUND, "model", "loaders", "check", "layout", "backends", "live", "sim"},
    "": {"errors", "api"},  # the package itself
    "demos": {*_GROUND, "model", "layout", "backends", "live", "sim", "api", ""},
    "cli": {
        *_GROUND, "model", "writers", "loaders", "check", "layout", "backends", "live", "sim",
        "codegen", "daemon", "demos", "api", "",
    },
    "__main__": {"cli"},
}  # fmt: skip
EXCEPTIONS = {
    # A generated module opens its device by the one function that opens devices, when it is called.
    ("regmap.live.generated", "regmap.api", "inside"),
    # A board that is not shipped is read by the one function that reads boards, in a child.
    ("regmap.daemon.apart", "regmap.api", "inside"),
}


class Import(NamedTuple):
    """``kind`` is "top" for what runs when the module is imported, "inside" of a function, or
    "type" for type checkers alone; ``name`` is what is taken from the module, if any."""

    importer: str
    imported: str
    name: str
    kind: str
    line: int


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> dict[str, Path]:
    return {_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


class _Imports(ast.NodeVisitor):
    """Collects the imports of one module."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.kind = "top"
        self.found: list[Import] = []

    def _within(self, kind: str, nodes: list[ast.stmt]) -> None:
        before, self.kind = self.kind, kind if self.kind != "type" else "type"
        for node in nodes:
            self.visit(node)
        self.kind = before

    def visit_If(self, node: ast.If) -> None:
        named = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
        self._within("type" if "TYPE_CHECKING" in named else self.kind, node.body)
        self._within(self.kind, node.orelse)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._within("inside", node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, "", node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, f"{self.module}:{node.lineno}: imports are written out in full"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            if inner in _modules() or inner == "regmap._core":
                self._add(inner, "", node.lineno)
            else:
                self._add(str(node.module), alias.name, node.lineno)

    def _add(self, imported: str, name: str, line: int) -> None:
        self.found.append(Import(self.module, imported, name, self.kind, line))


@cache
def _imports() -> tuple[Import, ...]:
    found: list[Import] = []
    for module, path in _modules().items():
        visitor = _Imports(module)
        visitor.visit(_tree(path))
        found.extend(visitor.found)
    return tuple(found)


def _ours() -> Iterator[Import]:
    return (each for each in _imports() if each.imported.partition(".")[0] == "regmap")


def _room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


# ---- the rule ----------------------------------------------------------------------------------


def test_imports_run_one_way() -> None:
    wrong = []
    for each in _ours():
        room, other = _room(each.importer), _room(each.imported)
        allowed = ROOMS[room]
        inside = each.imported.removeprefix("regmap.")
        if other == room or other in allowed or inside in allowed:
            continue
        if (each.importer, each.imported, each.kind) not in EXCEPTIONS:
            wrong.append(f"{each.importer}:{each.line} imports {each.imported} ({each.kind})")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_in_the_rule() -> None:
    assert {_room(module) for module in _modules()} <= set(ROOMS)


def test_the_rule_itself_has_no_circle() -> None:
    rooms = {room: {name.partition(".")[0] for name in below} for room, below in ROOMS.items()}
    order = list(TopologicalSorter(rooms).static_order())
    assert order.index("model") < order.index("layout") < order.index("live") < order.index("api")


def test_no_exception_is_stale() -> None:
    made = {(each.importer, each.imported, each.kind) for each in _ours()}
    stale = {e for e in EXCEPTIONS if e[0] in _modules()} - made
    assert not stale


def test_no_module_is_imported_in_a_circle() -> None:
    """Of what runs when a module is imported."""
    graph: dict[str, set[str]] = {module: set() for module in _modules()}
    for each in _ours():
        if each.kind == "top" and each.imported in graph and each.imported != each.importer:
            graph[each.importer].add(each.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' <- '.join(error.args[1])}")


def test_nothing_imports_the_command_line() -> None:
    importers = {each.importer for each in _ours() if _room(each.imported) == "cli"}
    assert {module for module in importers if _room(module) != "cli"} == {"regmap.__main__"}


def test_live_sees_nothing_of_the_transports_but_their_base() -> None:
    """The generated modules stand on ``live`` alone, and so on nothing that reads descriptions."""
    seen = {each.imported for each in _ours() if _room(each.importer) == "live"}
    assert {name for name in seen if _room(name) == "backends"} == {"regmap.backends.base"}
    run = {
        each.imported for each in _ours() if _room(each.importer) == "live" and each.kind != "type"
    }
    assert not {name for name in run if _room(name) in {"model", "loaders", "check", "sim"}}


def test_the_daemon_reads_yaml_in_its_policy_alone() -> None:
    """And that is imported inside of the function that reads it apart from all rights."""
    readers = {"regmap.daemon.policy_file", "regmap.daemon.policy_rules"}
    importers = {
        (each.importer, each.kind)
        for each in _ours()
        if _room(each.importer) == "daemon"
        and (_room(each.imported) == "loaders" or each.imported in readers)
    }
    assert {importer for importer, kind in importers if kind == "top"} == readers
    assert {importer for importer, kind in importers if kind == "inside"} == {"regmap.daemon.apart"}


# ---- weight ------------------------------------------------------------------------------------

_HEAVY = {"yaml", "jinja2", "lxml", "argparse", "cmsis_svd", "rich", "shtab", "regmap._core"}


def _loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_its_errors_and_nothing_else() -> None:
    loaded = _loaded_by("import regmap; regmap.RegmapError")
    assert {m for m in loaded if m.partition(".")[0] == "regmap"} == {"regmap", "regmap.errors"}
    assert not loaded & _HEAVY


def test_importing_a_generated_module_loads_no_parser() -> None:
    """And no C core either, before it is opened: it may be imported where there is none."""
    for path in sorted((ROOT / "generated").glob("*.py")):
        if path.stem != "__init__":
            loaded = _loaded_by(f"import regmap.generated.{path.stem}")
            assert not loaded & _HEAVY, path.name


def test_opening_a_model_loads_no_parser() -> None:
    """Live objects on a simulator, of a model made in Python."""
    code = (
        "from regmap.layout import lay_out\n"
        "from regmap.live.build import build\n"
        "from regmap.model import Block, Register\n"
        "from regmap.sim import Simulator\n"
        "layout = lay_out(Block(name='b', items=(Register(name='R', offset=0),)))\n"
        "build(layout)(Simulator(layout)).B.R.read()\n"
    )
    assert not _loaded_by(code) & (_HEAVY - {"regmap._core"})


# ---- mappings ----------------------------------------------------------------------------------

# Ways to a mapping that touch it more often, or otherwise, than one access is.
_WAYS = {"ctypes", "struct", "array", "numpy", "cffi"}
# Calls the kernel by numbers; it is given neither a mapping nor an address.
_SYSTEM_CALLS = "regmap.daemon.kernel"


def test_only_the_c_core_touches_a_mapping() -> None:
    wrong = [
        f"{each.importer}:{each.line} imports {each.imported}"
        for each in _imports()
        if each.imported.partition(".")[0] in _WAYS and each.importer != _SYSTEM_CALLS
    ]
    for module, path in _modules().items():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                text = f"{node.value.id}.{node.attr}"
                if node.value.id == "mmap" and text != "mmap.PAGESIZE":
                    wrong.append(f"{module}:{node.lineno} uses {text}")
            if isinstance(node, ast.Name) and node.id == "memoryview":
                wrong.append(f"{module}:{node.lineno} uses memoryview")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_ever_executed_from_text() -> None:
    """Law 7. (A demonstration runs its own lines one by one, to show them.)"""
    wrong = []
    for module, path in _modules().items():
        if _room(module) == "demos":
            continue
        wrong += [
            f"{module}:{node.lineno} calls {node.func.id}"
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"eval", "exec", "compile"}
        ]
        wrong += [
            f"{each.importer}:{each.line} imports {each.imported}"
            for each in _imports()
            if each.importer == module and each.imported in {"pickle", "marshal", "shelve"}
        ]
    assert not wrong, "\n".join(wrong)


# ---- size --------------------------------------------------------------------------------------


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_too_long() -> None:
    python = [*PACKAGE.rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    c = [*(PACKAGE / "csrc").glob("*.[ch]")]
    assert c
    long = {p: _lines(p) for p in python if _lines(p) > 400} | {
        p: _lines(p) for p in c if _lines(p) > 350
    }
    assert not long
    assert median(map(_lines, PACKAGE.rglob("*.py"))) <= 150


# ---- what a module offers ----------------------------------------------------------------------


def _offers(path: Path) -> Iterator[list[str]]:
    """Each ``__all__`` of a module; one may be for type checkers and another for what runs."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                yield ast.literal_eval(node.value)


def _weight(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as ruff sorts them."""
    if name.isupper():
        return 0, name
    return 1 if name[:1].isupper() else 2, name


def _defined(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def test_every_module_says_what_it_offers_in_order() -> None:
    for module, path in _modules().items():
        offers = list(_offers(path))
        public = {
            node.name
            for node in _tree(path).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
        }
        # A demonstration is run by its module's name, and nothing imports it.
        assert offers or not public or _room(module) == "demos", f"{module} has no __all__"
        for offered in offers:
            assert len(set(offered)) == len(offered), module
            assert offered == sorted(offered, key=_weight), f"{module}: __all__ is not in order"
            missing = set(offered) - _defined(path) - {"load", "open"}
            assert not missing, f"{module} offers what it has not: {missing}"


# Taken by name although their modules do not list them.
_NEIGHBOURLY = {
    ("regmap.api", "open_layout"),
    ("regmap.check.registry", "add"),
    ("regmap.check.scope", "EnumUse"),
    ("regmap.codegen.literal", "bracket"),
    ("regmap.model.walk", "Indexes"),
}


def test_whatever_is_imported_is_offered() -> None:
    """``__all__`` is complete: no module takes from another what that does not offer."""
    wrong = []
    for each in _ours():
        path = _modules().get(each.imported)
        if path is None or not each.name or each.imported == "regmap._core":
            continue
        offered = {name for names in _offers(path) for name in names}
        if each.name not in offered and (each.imported, each.name) not in _NEIGHBOURLY:
            wrong.append(f"{each.importer}:{each.line} takes {each.name} from {each.imported}")
    assert not wrong, "\n".join(wrong)


# ---- what must not be in the tree --------------------------------------------------------------

_SKIPPED = {"build", "dist", "__pycache__"}
# Written apart, so that this file does not find itself.
_STRANGE = [
    re.compile("/" + r"(work|root)/\w"),
    re.compile("(files|test)" + r"\.pythonhosted|pypi" + r"\.org/simple|--index" + "-url"),
]


def _texts() -> Iterator[Path]:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part[0] == "." and part != ".ci" for part in parts[:-1])
        made = _SKIPPED & set(parts) or any(part.endswith(".egg-info") for part in parts)
        if path.is_file() and not hidden and not made:
            yield path


def test_no_path_of_a_machine_and_no_index_is_in_the_tree() -> None:
    wrong = []
    for path in _texts():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(pattern.search(line) for pattern in _STRANGE):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not wrong, "\n".join(wrong)
