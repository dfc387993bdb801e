"""The rules that loaders apply while they read: what each wants, for reports and for reference.

A loader reports these itself, with the fix that fits; RM101, RM102, RM252 and RM270 are reported
by both, by a loader for what it has to resolve to make a model at all.
"""

from __future__ import annotations

from regmap.check.registry import Rule, add
from regmap.errors import Severity

__all__: list[str] = []

_ENTRIES = (
    ("RM001", "syntax", "The file is one YAML document of a reasonable size.", "mend the syntax"),
    ("RM002", "duplicate-key", "A mapping has each key once.", "remove or merge one of them"),
    ("RM003", "unknown-key", "Every key is one of the language or begins with `x-`.", "correct it"),
    ("RM004", "wrong-value", "Every value is of the right kind and in range; none is missing.",
     "correct the value"),
    ("RM005", "ambiguous-scalar", "No plain value (7:4, 010, on) is read in two ways.",
     "put it in quotes"),
    ("RM006", "format-version", "The format version is one that this release knows.",
     "write `regmap: 1`"),
    ("RM007", "bad-character", "The file is UTF-8 text, indented with spaces.", "save it as UTF-8"),
    ("RM008", "missing-file", "Every file that is named is there.", "correct the name"),
    ("RM009", "extends-cycle", "No file extends itself, however far around.", "break the circle"),
)  # fmt: skip

for _id, _name, _prose, _fix in _ENTRIES:
    add(
        Rule(
            id=_id,
            name=_name,
            severity=Severity.ERROR,
            prose=_prose,
            fix=_fix,
            always_error=True,
        )
    )

add(
    Rule(
        id="RM104",
        name="idle-override",
        severity=Severity.WARNING,
        prose="What overrides something inherited changes it.",
        fix="remove it",
    )
)
add(
    Rule(
        id="RM105",
        name="unused-suppression",
        severity=Severity.INFO,
        prose="A comment that suppresses a rule has something to suppress.",
        fix="remove the rule from the comment",
    )
)
add(
    Rule(
        id="RM106",
        name="patch-binding",
        severity=Severity.ERROR,
        prose="A patch is applied to the SVD file that it was written for.",
        fix="look at the rules again, then write the new SHA-256 or version",
        always_error=True,
    )
)
add(
    Rule(
        id="RM107",
        name="patch-conflict",
        severity=Severity.ERROR,
        prose="The rules of a patch do not contradict each other.",
        fix="remove one of the rules",
        always_error=True,
    )
)
