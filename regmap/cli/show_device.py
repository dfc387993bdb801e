"""What ``show`` says of a whole device: its instances with their interrupts, and its pins."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from regmap.cli.console import Console

if TYPE_CHECKING:
    from regmap.layout.device import DeviceLayout
    from regmap.model.block import Block
    from regmap.model.chip import Chip, Interrupt

__all__ = ["brief", "interrupts_of", "show_device", "titled"]

_WIDEST_CELL = 80


def interrupts_of(model: Block | Chip) -> dict[tuple[int, str], tuple[Interrupt, ...]]:
    """What instances raise, by base address and block. A layout has no interrupts, since no access
    needs them."""
    from regmap.model.chip import Chip  # noqa: PLC0415
    from regmap.model.walk import instances_of  # noqa: PLC0415

    found = instances_of(model.instances) if isinstance(model, Chip) else ()
    return {(at.base, at.instance.block.name): at.instance.interrupts for at in found}


def show_device(layout: DeviceLayout, model: Block | Chip, console: Console) -> None:
    """Print the instances and pins of a device."""
    instances = sorted(layout.instances.values(), key=lambda at: at.base)
    if console.json_mode:
        raised = interrupts_of(model)
        console.json(
            {
                "name": layout.name,
                "kind": layout.kind,
                "description": layout.description,
                "backends": list(layout.backends),
                "instances": [
                    {
                        "name": at.name,
                        "block": at.block_name,
                        "base": at.base,
                        "size": at.size,
                        "description": at.description,
                        "interrupts": [
                            {
                                "name": interrupt.name,
                                "number": interrupt.number,
                                "description": interrupt.description,
                            }
                            for interrupt in raised.get((at.base, at.block_name), ())
                        ],
                    }
                    for at in instances
                ],
                "pins": [
                    {
                        "names": list(pin.names),
                        "at": f"{pin.instance}.{pin.view}[{pin.number}]",
                        "functions": dict(pin.functions),
                        "reset_pull": pin.reset_pull or None,
                        "pad": pin.pad or None,
                        "description": pin.description,
                    }
                    for pin in layout.pins
                ],
                "fixed_pins": layout.fixed_pins,
            }
        )
        return
    console.line(titled(f"{layout.name} ({layout.kind})", layout.description))
    if layout.backends:
        console.line(f"backends: {', '.join(layout.backends)}")
    console.table(
        ["instance", "block", "base", "size", "description"],
        [
            [at.name, at.block_name, f"{at.base:#x}", f"{at.size:#x}", brief(at.description)]
            for at in instances
        ],
    )
    if layout.pins:
        console.line()
        console.table(
            ["pin", "is", "also", "reset pull", "functions"],
            [
                [
                    pin.names[0],
                    f"{pin.instance}.{pin.view}[{pin.number}]",
                    ", ".join(pin.names[1:]),
                    pin.reset_pull,
                    ", ".join(f"{name}={what}" for name, what in pin.functions),
                ]
                for pin in layout.pins
            ],
        )


def titled(name: str, description: str) -> str:
    """A name with its description."""
    return f"{name}: {description}" if description else name


def brief(text: str) -> str:
    """A description as a cell of a table; the whole of it is shown for one thing alone."""
    return shorten(text, _WIDEST_CELL, placeholder=" ...")
