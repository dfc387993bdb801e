"""Patches that are refused: each with the place of what is wrong and a way out."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from regmap import loaders
from regmap.loaders.patch import apply as patch_apply
from regmap.loaders.patch import inside as patch_inside
from regmap.loaders.patch import match as patch_match
from regmap.loaders.patch import plan as patch_plan
from tests.unit.patching import VENDOR, errors, read

# Each rule, and below it what is told: LINE:COLUMN RULE text | fix. The head is two lines.
CASES = r"""
# Nothing is meant: the step that fits nothing, and what there is.
set: {UART9/SR: {access: ro}}
    3:7 RM101 nothing in the chip is called 'UART9' \| did you mean UART2.*; or say `optional: true`
set: {UART0/UART_ST: {access: ro}}
    3:13 RM101 nothing in UART0 is called 'UART_ST' \| did you mean UART_SR.*
rename: {'UART0/UART_*/DNE': X}
    3:24 RM101 nothing in UART_CR is called 'DNE' \| did you mean DONE.*
set: {DMA/CH/CFG/EM: {access: ro}}
    3:18 RM101 .* in CFG .*'EM' \| there is EN;.*
delete: ['*/X*']
    3:13 RM101 nothing in UART0 matches 'X\*' \| there is UART_CR.*
delete: [UART0/BUF1]
    3:16 RM101 .*'BUF1' \| an array is patched as a whole; its name is BUF
delete: ['DMA/CH[[]1]/CFG']
    3:15 RM101 .*
delete: [UART0/interrupts/IRQ]
    3:27 RM101 .*'IRQ' \| there is UART0_IRQ, UART0_ERR.*
delete: [UART0/UART_SR/DONE/YES]
    3:29 RM101 .*'YES' \| DONE has nothing in it.*
copy: {UART9/SR: UART0/UART_SR}
    3:8 RM101 nothing in the chip is called 'UART9'.*
copy: {UART0/NEW: UART0/UART_S}
    3:25 RM101 .*'UART_S' \| did you mean UART_SR.*
# What cannot be one of its kind.
copy: {UART0/NEW: UART0/UART_SR}
    3:8 RM004 a copy beside its original needs `offset` \| write `\{from: UART_SR, offset: \.\.\.\}`
copy: {UART0/UART_SR/NEW: UART0/UART_SR/DONE}
    3:8 RM004 .* needs `bits` .*
copy: {UART7: UART0}
    3:8 RM004 there is no instance 'UART7'; a new one needs `base` \| write `\{from: UART0, .*
copy: {UART0/UART_SR: UART0/UART_SR/DONE}
    3:8 RM004 'UART_SR' is a register and its original a field \| .*
copy: {UART0/X: UART1}
    3:8 RM004 an instance holds no instance, such as .*
copy: {UART0/X: 'UART?/UART_SR'}
    3:17 RM004 a copy has one original, and 'UART\?/UART_SR' means 3 things \| name one of them
copy: {UART0/X: UART0/interrupts/UART0_IRQ}
    3:17 RM004 a copy of an interrupt .*
copy: {'.': UART0}
    3:8 RM004 the chip itself cannot be copied.*
delete: ['.']
    3:10 RM004 the chip itself cannot be deleted.*
# What is said is read as the YAML language reads it, at its place.
set: {UART0/UART_SR: {acess: ro}}
    3:23 RM003 a register has no key 'acess' \| did you mean access\?
set: {UART0/UART_SR: {access: sometimes}}
    3:31 RM004 `access` is .*
set: {UART0/UART_SR/DONE: {bits: 3:1}}
    3:34 RM005 3:1 means different things .*"3:1"
set: {UART0/UART_SR/DONE: {bits: '1:3'}}
    3:34 RM202 bits 1:3 are reversed .*
set: {UART0/UART_SR/DONE: {enum: nope}}
    3:34 RM101 no enum 'nope' in this block.*
set: {UART0/UART_CR/MODE/RUN: {value: x}}
    3:39 RM004 .*
set: {UART0: {base: -1}}
    3:21 RM004 `base` is out of range.*
set: {UART0: {block: UART1}}
    3:15 RM003 `block` is not set in a patch .* `copy`.*
set: {UART0: {registers: {SR: {offset: 0}}}}
    3:15 RM003 `registers` is not set as a whole \| name what is in it by its path
set: {'.': {chip: X}}
    3:13 RM003 `chip` is not set.*
set: {'': {svd: {verion: x}}}
    3:18 RM003 .*'verion' .* did you mean version.*
set: {UART0/UART_SR: {offset: null}}
    3:7 RM004 a register needs `offset`.*
add: {UART0: {access: ro}}
    3:15 RM003 what is added to an instance has no key 'access'.*
add: {UART0/UART_SR: {registers: {X: {offset: 0}}}}
    3:23 RM003 .*register has no.*
add: {UART0: {registers: {X: {access: ro}}}}
    3:27 RM004 a register needs `offset`.*
add: {'.': {instances: {X: {base: 0, block: Z}}}}
    3:45 RM101 no block 'Z' in this chip \| .*
add: {'.': {instances: {X: 5}}}
    3:28 RM004 instance 'X' is a mapping.*
add: {UART0/UART_CR/MODE/RUN: {value: 1}}
    3:7 RM004 nothing can be added to an enum value \| use `set`
# The rules themselves.
set: [UART0]
    3:6 RM004 `set` is a mapping of paths, not a list .*
set: {UART0: 5}
    3:14 RM004 `set` takes a mapping of keys to values here.*
set: {UART0: {optional: true}}
    3:14 RM004 `set` takes a mapping of keys .*
rename: {UART0: [X]}
    3:17 RM004 `the new name` is a text, not a list.*
rename: {UART0: {optional: true}}
    3:17 RM004 a rename needs `to`.*
rename: {UART0: {to: X, why: z}}
    3:25 RM003 a rename has no key 'why'.*
rename: {UART0: ' X'}
    3:17 RM004 `the new name` is a name.*
rename: {'UART?': 'U{2}'}
    3:10 RM004 \{2\} stands for a wildcard, and .*\| \{1\} .*
delete: UART0
    3:9 RM004 `delete` is a list of paths.*
delete: [{optional: true}]
    3:10 RM004 a deletion needs `path`.*
delete: [[UART0]]
    3:10 RM004 a path is a text, not a list.*
delete: [{path: UART0, optional: 1}]
    3:34 RM004 `optional` is true or false.*
delete: [UART0//X]
    3:16 RM004 a step of a path is a name.*\| write .*wildcards
copy: {UART1: {offset: 4}}
    3:15 RM004 a copy needs a path to copy `from`.*
replace: {UART0: X}
    3:1 RM003 a patch file has no key 'replace'.*
# Contradictions.
set: {'UART?/UART_SR': {access: ro}, UART0/UART_SR: {access: rw}}
    3:54 RM107 'access' of the same thing is set to another value .*
set: {'*/UART_SR': {svd: {displayName: A}}, UART0/UART_SR: {svd: {displayName: B}}}
    3:67 RM107 'displayName' of the same.*
rename: {UART0: A, 'UART[0]': B}
    3:20 RM107 'UART0' renames it to another name.*
rename: {UART0: UART1}
    3:10 RM107 an instance called 'UART1' is there already.*
rename: {UART0/UART_CR: UART_SR}
    3:10 RM107 a register or group called 'UART_SR' .*
rename: {UART0/UART_SR/DONE: LATE}
    3:10 RM107 a field called 'LATE' .*
rename: {UART0/UART_CR/MODE/RUN: STOP}
    3:10 RM107 an enum value called 'STOP' .*
rename: {UART0/interrupts/UART0_IRQ: UART0_ERR}
    3:10 RM107 an interrupt called .*
rename: {'UART0/UART_*': X}
    3:10 RM107 a register or group called 'X' is there .*
add: {UART0: {registers: {UART_SR: {offset: 0x40}}}}
    3:27 RM107 a register or group called 'UART_SR' is there already \| .* or use `set` to change it
add: {UART0/UART_SR: {fields: {DONE: {bits: 4}}}}
    3:32 RM107 a field called 'DONE'.*
add: {UART0/UART_CR/MODE: {enum: {RUN: 2}}}
    3:35 RM107 an enum value called 'RUN'.*
add: {UART0/enums/mode: {RUN: 2}}
    3:26 RM107 an enum value called 'RUN'.* \| use `set`
add: {'.': {instances: {DMA: {base: 0, registers: {}}}}}
    3:25 RM107 an instance .*
delete: [UART0/UART_SR] & set: {UART0/UART_SR: {access: rw}}
    RM107 what 'UART0/UART_SR' deletes is changed by set 'UART0/UART_SR'.*
delete: ['UART0/UART_*'] & set: {'UART0/*': {access: rw}}
    RM107 what 'UART0/UART.*
delete: [UART0] & rename: {UART0/UART_SR/DONE: X}
    RM107 what 'UART0' deletes is changed by rename .*
delete: [UART0] & rename: {UART0: X}
    RM107 what 'UART0' deletes is changed by .*
copy: {DMA: UART0, 'DM?': UART1}
    3:20 RM107 'DMA' copies something else.*
copy: {UART0/UART_SR: DMA/ALL, 'UART0/UART_S?': UART1/UART_CR}
    3:32 RM107 'UART0/UART_SR' copies something else.*
copy: {UART0: DMA, UART0/UART_SR: UART0/UART_CR}
    3:8 RM107 what 'UART0' replaces is copied into by 'UART0/UART_SR'.*
"""


def cases() -> list[tuple[str, str]]:
    lines = [line for line in CASES.splitlines() if line and not line.startswith("#")]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [(rule.replace(" & ", "\n"), expected.strip()) for rule, expected in pairs]


@pytest.mark.parametrize(("rule", "expected"), cases())
def test_what_is_wrong_is_told_at_its_place(rule: str, expected: str) -> None:
    found = errors(rule)
    assert len(found) == 1, found
    assert re.search(expected, found[0]), found


def test_a_contradiction_shows_both_places() -> None:
    loaded = read("set:\n  'UART?/UART_SR': {access: ro}\n  UART0/UART_SR: {access: rw}")
    (problem,) = loaded.errors
    ((_, place),) = problem.related
    assert (place.line, place.column) == (4, 21)


def test_every_mistake_of_a_patch_is_told_at_once() -> None:
    found = errors("""\
        set: {UART9: {access: ro}, UART0/UART_SR: {acess: ro}}
        rename: {UART0/X: Z}
        delete: [DMA/Z]
    """)
    assert sorted(each.split()[1] for each in found) == ["RM003", "RM101", "RM101", "RM101"]


def head(**said: str) -> str:
    inner = ", ".join(f'{key}: "{value}"' for key, value in said.items())
    return f"regmap: 1\npatch: {{{inner}}}\n"


def test_a_patch_is_bound_to_its_file() -> None:
    digest = hashlib.sha256(VENDOR.read_bytes()).hexdigest()
    assert not errors("", head(svd="vendor.svd", sha256=digest.upper()))
    assert not errors("", head(svd="vendor.svd", sha256=digest, version="1.2"))
    (other,) = errors("", head(svd="vendor.svd", sha256="0" * 64))
    assert other.startswith("2:36 RM106 ")
    assert digest in other
    assert "0" * 64 in other
    assert other.endswith(f"then write {digest}")
    (version,) = errors("", head(svd="vendor.svd", version="1.3"))
    assert re.match(
        r"2:37 RM106 .*vendor.svd states version '1.2', and the patch is for '1.3'", version
    )
    (unbound,) = errors("", head(svd="vendor.svd"))
    assert unbound.startswith("2:14 RM106 the patch does not say for which file it is")
    assert f"add `sha256: {digest}`" in unbound


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"version": "1.2"}, "2:1 RM004 `patch` needs `svd`.*"),
        ({"svd": "nothing.svd", "version": "1"}, "2:14 RM008 .*nothing.svd cannot be read: No .*"),
        ({"svd": "vendor.yaml", "version": "1"}, "2:14 RM004 `svd` is the path of an .svd file.*"),
        ({"svd": "vendor.svd", "sha256": "12"}, "2:36 RM004 `sha256` is 64 hexadecimal digits.*"),
        (
            {"svd": "vendor.svd", "sha256": "0" * 64, "versoin": "1"},
            "2:104 RM003 `patch` has no key 'versoin'.*",
        ),
        ({"svd": "\\0.svd", "version": "1"}, "2:14 RM008 .*"),
    ],
)
def test_what_is_wrong_with_the_head(said: dict[str, str], expected: str) -> None:
    found = errors("", head(**said))
    assert len(found) == 1 + ("versoin" in said)
    assert re.match(expected, found[0]), found


def test_a_patch_that_is_no_mapping() -> None:
    assert errors("", "regmap: 1\npatch: vendor.svd\n")[0].startswith(
        "2:8 RM004 `patch` is a mapping"
    )


def test_the_file_may_be_anywhere(tmp_path: Path) -> None:
    below = tmp_path / "vendor"
    below.mkdir()
    shutil.copy(VENDOR, below / "chip.svd")
    patch = tmp_path / "patches"
    patch.mkdir()
    (patch / "a.yaml").write_text(head(svd="../vendor/chip.svd", version="1.2"))
    (patch / "b.yaml").write_text(head(svd=str(below / "chip.svd"), version="1.2"))
    for name in ("a", "b"):
        loaded = loaders.read(patch / f"{name}.yaml")
        assert not loaded.errors
        assert loaded.model is not None
        assert loaded.model.place is not None
        assert loaded.model.place.file == str(below / "chip.svd")


def test_a_broken_svd_file_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "chip.svd").write_text("<device><name>X</device>")
    (tmp_path / "a.yaml").write_text(head(svd="chip.svd", version="1.2"))
    loaded = loaders.read(tmp_path / "a.yaml")
    assert loaded.model is None
    assert [each.place.file for each in loaded.errors if each.place] == [str(tmp_path / "chip.svd")]


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        (f"delete: [{{path: '{'*a' * 400}', optional: true}}]", ""),
        ("delete: [" + "/".join("x" * 200) + "]", "RM004"),
        ("delete: [" + "x" * 2_000 + "]", "RM004"),
        ("delete: ['[', '[]', '[!]/x', '[z-a]', '[a-', '?[!']", "RM101"),
        ("copy:" + "".join(f"\n  DMA/C{n}: {{from: DMA/CH, offset: {n}}}" for n in range(999)), ""),
    ],
)  # fmt: skip
def test_a_hostile_patch_comes_to_an_end(rules: str, rule: str) -> None:
    assert {problem.rule for problem in read(rules).errors} == ({rule} if rule else set())


def test_too_much_for_one_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "set: {'*/*/*': {unit: u}}"
    monkeypatch.setattr(patch_plan, "_MOST_CHANGES", 5)
    (found,) = errors(rules)
    assert found.startswith("3:7 RM004 the patch changes more than 5 things")
    monkeypatch.setattr(patch_match, "_MOST_COMPARISONS", 5)
    (found,) = errors(rules)
    assert found.startswith("3:7 RM004 the patch compares more than 5 names with wildcards")


def test_too_many_registers_by_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "copy: {DMA/C1: {from: DMA/CH, offset: 0x100}, DMA/C2: {from: DMA/CH, offset: 0x200}}"
    monkeypatch.setattr(patch_inside, "MOST_ELEMENTS", 5)
    (found,) = errors(rules)
    assert found.startswith("3:47 RM004 copies make more than 5 registers")
    monkeypatch.setattr(patch_apply, "MOST_ELEMENTS", 5)
    found = errors("set: {UART0/BUF: {array: {count: 9}}}")[0]
    assert found.startswith("3:7 RM004 block 'UART0' has more than 5 registers now")
