"""Pins by the names that a board gives them: as the first step of a path, and on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regmap.errors import AccessError, UnknownName

if TYPE_CHECKING:
    from regmap.cli.console import Console
    from regmap.layout.device import DeviceLayout, PinLayout

__all__ = ["pin_called", "show_pin", "without_pin"]


def pin_called(layout: DeviceLayout, name: str) -> PinLayout | None:
    """The pin of this name, None where it is the name of something else.

    Raises AccessError for a pin that is no GPIO, UnknownName for what looks like a pin.
    """
    if name in layout.instances or name in layout.arrays:
        return None
    for pin in layout.pins:
        if name in pin.names:
            return pin
    fixed = (layout.fixed_pins or {}).get(name)
    if fixed is not None:
        raise AccessError(name, f"it is no GPIO: {fixed}")
    if "-" in name and layout.pins:
        # Only the names of pins have a hyphen.
        raise UnknownName(
            f"{layout.name}.pins", name, [each for p in layout.pins for each in p.names]
        )
    return None


def without_pin(layout: DeviceLayout, path: str) -> str:
    """``path`` with a pin at its beginning said as a place: ``P1-11.level`` is
    ``GPIO.pin[17].level``."""
    name, dot, rest = path.partition(".")
    pin = pin_called(layout, name)
    return path if pin is None else f"{_place_of(pin)}{dot}{rest}"


def _place_of(pin: PinLayout) -> str:
    return f"{pin.instance}.{pin.view}[{pin.number}]"


def show_pin(layout: DeviceLayout, pin: PinLayout, console: Console) -> None:
    """What the map says of a pin. No bus access."""
    members = [
        member.name
        for own, view in layout.views()
        if own.name == pin.instance and view.name == pin.view
        for member in view.members
    ]
    if console.json_mode:
        console.json(
            {
                "names": list(pin.names),
                "at": _place_of(pin),
                "functions": dict(pin.functions),
                "reset_pull": pin.reset_pull or None,
                "pad": pin.pad or None,
                "description": pin.description,
                "members": members,
            }
        )
        return
    console.line(f"{pin.names[0]}: {_place_of(pin)} of {layout.name}")
    for what, text in (
        ("also", ", ".join(pin.names[1:])),
        ("description", " ".join(pin.description.split())),
        ("reset pull", pin.reset_pull),
        ("pad", pin.pad),
        ("members", ", ".join(members)),
    ):
        if text:
            console.line(f"  {what}: {text}")
    if pin.functions:
        console.table(["function", "is"], [list(function) for function in pin.functions])
