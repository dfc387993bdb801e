"""The register of rules: each has an ID, a short name, a severity, a sentence and a way out.

A rule is one generator function over a ``Scope``; the decorator ``rule`` puts it in ``RULES``.
Rules that a loader applies while it reads have an entry without a function (``loading``), so that
every ID that can be reported is explained here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from regmap.errors import Place, Severity

if TYPE_CHECKING:
    from regmap.check.scope import Scope

__all__ = ["RULES", "Finding", "Profile", "Rule", "RuleFunction", "rule", "severity_in"]

Profile = Literal["strict", "import", "pedantic"]


class Finding(NamedTuple):
    """What a rule found. ``severity`` and ``fix`` stand in for those of the rule; a related
    place that is not known is left out of the report. ``kind`` tells apart what a rule finds for
    different reasons: many findings of one kind may be told as one."""

    place: Place | None
    text: str
    related: tuple[tuple[str, Place | None], ...] = ()
    severity: Severity | None = None
    fix: str = ""
    kind: str = ""


RuleFunction = Callable[["Scope"], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. ``prose`` says what it wants; ``fix`` is the usual way out.

    ``pedantic`` rules run only in that profile. ``always_error`` marks those whose errors stay
    errors in the ``import`` profile, since nothing can be made of such a description.
    """

    id: str
    name: str
    severity: Severity
    prose: str
    fix: str
    pedantic: bool = False
    always_error: bool = False
    find: RuleFunction | None = None


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    name: str,
    severity: Severity,
    *,
    prose: str,
    fix: str,
    pedantic: bool = False,
    always_error: bool = False,
) -> Callable[[RuleFunction], RuleFunction]:
    """Register a function as a rule."""

    def enter(function: RuleFunction) -> RuleFunction:
        add(
            Rule(
                id=rule_id,
                name=name,
                severity=severity,
                prose=prose,
                fix=fix,
                pedantic=pedantic,
                always_error=always_error,
                find=function,
            )
        )
        return function

    return enter


def add(entry: Rule) -> None:
    """Put a rule in the register. Raises ValueError where its ID or name is taken."""
    if entry.id in RULES or any(entry.name == other.name for other in RULES.values()):
        raise ValueError(f"{entry.id} {entry.name} is registered twice")
    RULES[entry.id] = entry


def severity_in(profile: Profile, entry: Rule, found: Severity | None) -> Severity:
    """How bad a finding of a rule is in a profile.

    What an author must mend is only a warning in a vendor's file, whose reader cannot.
    """
    severity = found or entry.severity
    if profile == "import" and severity is Severity.ERROR and not entry.always_error:
        return Severity.WARNING
    return severity
