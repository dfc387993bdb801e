"""The error for a description that means nothing: one problem with its place."""

from __future__ import annotations

from regmap.errors import MapError, Place, Problem, Severity

__all__ = ["refuse"]


def refuse(
    text: str,
    place: Place | None,
    fix: str = "",
    *,
    rule: str = "RM000",
    name: str = "cannot-lay-out",
) -> MapError:
    """The error for a description that cannot be laid out."""
    return MapError(
        [
            Problem(
                rule=rule,
                name=name,
                severity=Severity.ERROR,
                text=text,
                place=place,
                fix=fix,
            )
        ]
    )
