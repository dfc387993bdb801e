"""Patch files: a vendor's SVD file, mended by rules.

``patch:`` names the SVD file, relative to the patch, and binds the patch to it: by the file's
``sha256``, by the ``version`` that its device states, or by both. For another file the patch is
refused, since its rules were written for this one. The rules:

``copy``    makes one thing what another is, its name and position aside, or makes a new one
``rename``  gives a new name; ``{1}`` in it is what the first wildcard of the last step stands for
``set``     lays keys of the YAML language over what an item says; null takes one away
``add``     adds registers, fields, enum values, interrupts, instances in the YAML language
``delete``  takes things away

Copies are made first; all other rules mean the chip as it is then, under the names that the SVD
(or a copy) gave, wherever they stand in the file. A rule that means nothing is an error unless it
says ``optional: true``, and so are rules that contradict each other. ``UART0/SR`` is that of UART0
alone, even where other instances share its block.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from regmap.errors import MapError, Place
from regmap.loaders.files import Files
from regmap.loaders.keys import WRONG, Keys, as_is, name, text, wanted
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.patch.apply import applied
from regmap.loaders.patch.language import Editor
from regmap.loaders.patch.plan import make_plan
from regmap.loaders.patch.rules import VERBS, read_rules
from regmap.loaders.report import PATCH_BINDING, WRONG_VALUE, Log, shown
from regmap.model.chip import Chip

__all__ = ["patched", "read_patch"]

_SHA256 = re.compile("[0-9a-fA-F]{64}")
_SVD = (".svd", ".xml")


def _sha256(node: Node, what: str, log: Log) -> Any:
    if isinstance(node, Scalar) and _SHA256.fullmatch(node.text):
        return node.text.lower()
    return wanted(f"`{what}` is 64 hexadecimal digits", node, log, "see `sha256sum FILE`")


def _path(node: Node, what: str, log: Log) -> Any:
    found = text(node, what, log)
    if found is not WRONG and not found.lower().endswith(_SVD):
        return wanted(f"`{what}` is the path of an .svd file", node, log)
    return found


_HEAD = Keys("`patch`", {"svd": _path, "sha256": _sha256, "version": name}, required=("svd",))
_KEYS = Keys(
    "a patch file",
    {
        "regmap": as_is,
        "patch": as_is,
        "description": text,
        "source": text,
        **dict.fromkeys(VERBS, as_is),
    },
    required=("patch",),
)


def read_patch(tree: Mapping, file: str, files: Files) -> Chip | None:
    """The chip that a patch makes of its SVD file, or None where it cannot."""
    log = files.log
    values = _KEYS.read(tree, tree.place, log)
    head = _HEAD.read(values["patch"], tree.entries["patch"][0].place, log) if values else None
    if head is None:
        read_rules(tree, log)
        log.incomplete = True
        return None
    chip = _bound_chip(head, tree, file, files)
    if chip is None:
        log.incomplete = True
        return None
    return patched(chip, tree, file, log)


def patched(chip: Chip, tree: Mapping, file: str, log: Log) -> Chip:
    """A chip as the rules in the tree of a patch file make it; what is wrong is in the log."""
    rules = read_rules(tree, log)
    editor = Editor(log)
    copies = [rule for rule in rules if rule.verb == "copy"]
    rest = [rule for rule in rules if rule.verb != "copy"]
    try:
        for some in (copies, rest):
            if some:
                chip = applied(chip, make_plan(chip, some, log), editor, file)
    except MapError as error:
        # What the YAML language cannot say cannot be patched in it.
        for problem in error.problems:
            log.error(WRONG_VALUE, problem.place, f"cannot be patched: {problem.text}", problem.fix)
        log.incomplete = True
    if not log.failed:
        editor.tell_idle(rules)
    return chip


def _bound_chip(head: dict[str, Any], tree: Mapping, file: str, files: Files) -> Chip | None:
    """The chip of the SVD file, if it is the one that the patch was written for."""
    from regmap.loaders.svd import MOST_SVD_BYTES, read_svd  # noqa: PLC0415  (lxml)

    log = files.log
    patch = tree.get("patch")
    assert isinstance(patch, Mapping)  # noqa: S101  (read already)
    at = _place_of(patch, "svd")
    svd = _beside(Path(file), head["svd"])
    data = files.read(svd, MOST_SVD_BYTES, at)
    if data is None:
        return None
    digest = hashlib.sha256(data).hexdigest()
    if not patch.entries.keys() & {"sha256", "version"}:
        text = "the patch does not say for which file it is"
        fix = f"add `sha256: {digest}` to `patch`, or `version:`, what the device states"
        log.error(PATCH_BINDING, at, text, fix)
        return None
    if head.get("sha256", digest) != digest:
        text = f"{svd} has the SHA-256 {digest}, and the patch is for {head['sha256']}"
        _refuse(log, _place_of(patch, "sha256"), text, digest)
        return None
    chip: Any = read_svd(data, str(svd), files)
    if not isinstance(chip, Chip):
        if chip is not None:
            text = f"{svd} holds a single block, which is no chip to patch"
            log.error(WRONG_VALUE, at, text, "write a block that `extends` it")
        return None
    stated = _version(chip)
    if head.get("version", stated) != stated:
        text = f"{svd} states version {shown(stated)!r}, and the patch is for {head['version']!r}"
        _refuse(log, _place_of(patch, "version"), text, stated)
        return None
    return chip


def _beside(patch: Path, name: str) -> Path:
    """The path of a file that a patch names, without ``..`` where that is the same file."""
    path = patch.parent / name
    short = Path(os.path.normpath(path))
    with suppress(OSError, ValueError):
        return short if short.samefile(path) else path
    return path


def _refuse(log: Log, at: Place, text: str, now: str) -> None:
    fix = f"see whether each rule still holds, then write {shown(now) if len(now) != 64 else now}"
    log.error(PATCH_BINDING, at, text, fix)


def _place_of(patch: Mapping, key: str) -> Place:
    node = patch.get(key)
    return node.place if node is not None else patch.place


def _version(chip: Chip) -> str:
    found = (value for name, value in chip.extra if name == "version" and isinstance(value, str))
    return next(found, "")
