"""Files made to hurt: each is refused with a problem, quickly, in little memory, without a crash.

Every input runs in a process of its own with bounded memory and CPU time, since what is feared is
a dead interpreter, not an exception.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, 8 << 20))
from regmap.loaders import read
import regmap.loaders.yaml, regmap.loaders.svd
start = time.process_time()
loaded = read(sys.argv[1])
spent = time.process_time() - start
found = [[p.rule, str(p.severity), p.text] for p in loaded.problems]
print(json.dumps([spent, loaded.model is not None, found]))
"""

ENDLESS = "offset: 0, array: {count: 100000, stride: 4}"
HEAD = "block: hostile\nregisters:\n"


def registers(count: int, body: str) -> str:
    return HEAD + "".join(f"  R{n}: {body}\n" for n in range(count))


def laughs(levels: int) -> str:
    lines = ["block: hostile", "x-a0: &a0 [l, l, l, l, l, l, l, l, l, l]"]
    lines += [f"x-a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def staircase(steps: int) -> str:
    """Aliases at the bottom of nests: deep without one deep line and without many values."""
    nest = "[" * 30
    lines = ["block: hostile", f"x-0: &a0 {nest}{']' * 30}"]
    lines += [f"x-{n}: &a{n} {nest}*a{n - 1}{']' * 30}" for n in range(1, steps)]
    return "\n".join(lines)


def groups(levels: int) -> str:
    text = "{offset: 0}"
    for _ in range(levels):
        text = "{offset: 0, groups: {G: " + text + "}}"
    return "block: hostile\ngroups: {G: " + text + "}\n"


YAML = {
    "brackets": ("[" * 1_000_000, "RM001"),
    "braces": ("{" * 1_000_000, "RM001"),
    "brackets in a value": ("block: hostile\nx: " + "[" * 1_000_000, "RM001"),
    "braces with keys": ("{a: " * 500_000, "RM001"),
    "dashes": ("- " * 1_000_000, "RM001"),
    "questions": ("? " * 1_000_000, "RM001"),
    "indentation": ("\n".join(" " * n + "a:" for n in range(2000)), "RM001"),
    "billion laughs": (laughs(9), "RM001 more than 400,000"),
    "aliases nested by aliases": (staircase(100), "RM001 nested deeper"),
    "an alias of itself": ("block: hostile\nx-a: &a [*a]\n", "RM001"),
    "nested groups": (groups(400), "RM001 nested deeper"),
    "no end of a quote": ('block: "' + "a" * 4_000_000, "RM001"),
    "no end of a plain text": ("block: " + "a " * 2_000_000, "RM004"),
    "a long comment": ("#" * 4_000_000, "RM001"),
    "anchors": ("block: hostile\nx:\n" + "".join(f"- &a{n} 1\n" for n in range(200_000)), "RM003"),
    "tags": ("block: hostile\nx-a:\n" + "- !!python/object:os.system x\n" * 100_000, "RM001"),
    "tag directives": ("".join(f"%TAG !{n}! a\n" for n in range(100_000)) + "--- a", "RM001"),
    "many values": ("block: hostile\nx-a: [" + "1," * 2_000_000 + "]", "RM001 more than 400,000"),
    "many documents": ("---\n" * 1_000_000, "RM001"),
    "duplicate keys": ("block: hostile\n" + "a: 1\n" * 500_000, "RM002"),
    "unknown keys": ("block: hostile\n" + "".join(f"k{n}: 1\n" for n in range(100_000)), "RM003"),
    "unknown keys in registers": (registers(20_000, "{offset: 0, ofset: 1}"), "RM003"),
    "unknown enums": (
        "block: hostile\nenums: {"
        + "".join(f"enumeration_{n}: {{A: 1}}, " for n in range(20_000))
        + "}\nregisters: {"
        + "".join(
            f"R{n}: {{offset: 0, fields: {{F: {{bits: 0, enum: enumeratoin_{n}}}}}}}, "
            for n in range(5_000)
        )
        + "}",
        "RM101",
    ),
    "ambiguous values": ("block: hostile\nx-a:\n" + "- 7:4\n" * 300_000, "RM005"),
    "a number without end": ("block: hostile\nsize: " + "9" * 4_000_000, "RM004"),
    "a base-60 number without end": ("block: hostile\nsize: " + "1:" * 2_000_000 + "1", "RM004"),
    "a name without end": (HEAD + '  ? "' + "n" * 3_000_000 + '"\n  : {offset: 0}', "RM004"),
    "an expression without end": (
        registers(1, '{offset: 0, array: {count: "' + " " * 2_000_000 + '", stride: 4}}'),
        "RM270",
    ),
    "a name pattern without end": (
        registers(1, '{offset: 0, array: {count: 1, stride: 4, name: "' + "{i}" * 900_000 + '"}}'),
        "RM004",
    ),
    "parentheses": (
        registers(1, '{offset: 0, array: {count: 1, stride: 4, name: "{' + "(" * 500 + '}"}}'),
        "RM004",
    ),
    "endless arrays": (
        registers(2000, "{offset: 0, array: {count: [1000, 1000], stride: [4, 4000]}}"),
        "RM004",
    ),
    "endless arrays in groups": (
        f"""block: hostile
groups: {{A: {{{ENDLESS}, groups: {{B: {{{ENDLESS}, registers: {{R: {{offset: 0}}}}}}}}}}}}""",
        "RM004",
    ),
    "an endless count": (
        registers(1, f"{{offset: 0, array: {{count: {10**40}, stride: 4}}}}"),
        "RM004",
    ),
    "a far bit": (registers(1, '{offset: 0, fields: {F: {bits: "9999:0"}}}'), "RM202"),
    "too large": ("block: hostile\nx-a: " + "a" * (4 << 20), "RM001"),
}


def run(path: Path) -> tuple[float, bool, list[list[str]]]:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    spent, has_model, found = json.loads(done.stdout)
    return spent, has_model, found


@pytest.mark.parametrize("name", YAML)
def test_hostile_yaml(tmp_path: Path, name: str) -> None:
    text, rule = YAML[name]
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    spent, _, found = run(path)
    rule, _, words = rule.partition(" ")
    assert any(each[:2] == [rule, "error"] and words in each[2] for each in found), found[:5]
    assert len(found) <= 201
    assert all(len(each[2]) < 600 for each in found)
    assert spent < 2


def svd(registers: str) -> str:
    return (
        "<device><name>D</name><peripherals><peripheral><name>P</name><baseAddress>0</baseAddress>"
        f"<registers>{registers}</registers></peripheral></peripherals></device>"
    )


def svd_clusters(levels: int, dim: int) -> str:
    text = "<register><name>R</name><addressOffset>0</addressOffset></register>"
    for level in range(levels):
        text = (
            f"<cluster><dim>{dim}</dim><dimIncrement>4</dimIncrement><name>C{level}[%s]</name>"
            f"<addressOffset>0</addressOffset>{text}</cluster>"
        )
    return svd(text)


SVD = {
    "many dimensions": (svd_clusters(10, 64), "RM004"),
    "one element too many": (svd_clusters(1, 1_000_001), "RM004"),
    "nesting": ("<device>" * 100_000, "RM001"),
    "an endless text": ("<device><name>" + "n" * 20_000_000, "RM001"),
    "derived from nothing, often": (
        svd(
            "".join(
                f"<register derivedFrom='Q{n}'><name>R{n}</name><addressOffset>0</addressOffset>"
                "</register>\n"
                for n in range(5000)
            )
        ),
        "RM101",
    ),
}


@pytest.mark.parametrize("name", SVD)
def test_hostile_svd(tmp_path: Path, name: str) -> None:
    text, rule = SVD[name]
    path = tmp_path / "hostile.svd"
    path.write_text(text)
    spent, _, found = run(path)
    assert found
    assert found[0][0] == rule
    assert len(found) <= 201
    assert spent < 4
