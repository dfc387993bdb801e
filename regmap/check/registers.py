"""Rules on single registers: RM211 to RM213 and RM218."""

from __future__ import annotations

from collections.abc import Iterator

from regmap.check.registry import Finding, rule
from regmap.check.scope import BlockScope, Scope
from regmap.errors import Severity
from regmap.model.block import Register

__all__ = ["WIDTHS", "smallest_access"]

# What one load or store of a processor can be.
WIDTHS = (8, 16, 32, 64)


def smallest_access(register: Register) -> int:
    """The narrowest access, in bits, that a register takes and that it is made of."""
    fitting = [w for w in register.access_widths if w in WIDTHS and w <= register.width]
    return min(fitting, default=register.width)


@rule(
    "RM211",
    "misaligned",
    Severity.ERROR,
    prose="A register starts at a multiple of its access width.",
    fix="correct the offset or the stride, or state `access-widths` where the hardware takes parts",
)
def misaligned(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        told: set[int] = set()
        for element in block.elements:
            register = element.register
            offset = element.offset
            width = register.width
            if not offset % max(width // 8, 1) or id(register) in told:
                continue
            told.add(id(register))
            needs = smallest_access(register)
            where = f"{element.path} is {width} bits wide and stands at {offset:#x}"
            if offset % max(needs // 8, 1):
                text = f"{where}, which is no multiple of {needs // 8}"
                yield Finding(register.place, text)
            elif width in register.access_widths:
                text = f"{where}: whole accesses of {width} bits are refused there"
                fix = f"leave {width} out of `access-widths`, or correct the offset"
                yield Finding(register.place, text, severity=Severity.WARNING, fix=fix)


@rule(
    "RM212",
    "bad-width",
    Severity.ERROR,
    prose="Registers and accesses are 8, 16, 32 or 64 bits wide, and none is wider than its"
    " register.",
    fix="write `width: 8`, 16, 32 or 64; `width` is in bits",
    always_error=True,
)
def bad_width(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        register = at.register
        if register.width not in WIDTHS:
            yield Finding(register.place, f"{at.path} is {register.width} bits wide")
            continue
        for width in register.access_widths:
            if width not in WIDTHS:
                text = f"{at.path} has an access width of {width} bits"
                fix = "write 8, 16, 32 or 64; `access-widths` are in bits"
                yield Finding(register.place, text, fix=fix, kind="access")
        fits = [width for width in register.access_widths if width <= register.width]
        if register.access_widths and not fits:
            widths = ", ".join(map(str, register.access_widths))
            text = f"{at.path} is {register.width} bits wide, but its access widths are {widths}"
            fix = f"write `width: {min(register.access_widths)}`, or correct `access-widths`"
            yield Finding(register.place, text, fix=fix, kind="too narrow")


@rule(
    "RM213",
    "outside-block",
    Severity.ERROR,
    prose="Every register lies inside the size of its block, and of each instance of it.",
    fix="correct the offset, the count of an array, or `size` (in bytes)",
)
def outside_block(model: Scope) -> Iterator[Finding]:
    for block in model.blocks:
        size = block.block.size
        if size is not None and (block.end > size or _before(block)):
            yield from _outside(block, size)
    for at in model.chip.instances if model.chip else ():
        block = model.block_of(at)
        if at.size is not None and at.size < block.end <= (block.block.size or block.end):
            text = (
                f"instance {at.name} has {at.size:#x} bytes, but the registers of"
                f" {block.block.name} take {block.end:#x}"
            )
            related = ((f"{block.block.name} is described here", block.block.place),)
            yield Finding(at.place, text, related, kind="instance")


def _before(block: BlockScope) -> bool:
    return any(item.offset < 0 for item in block.block.items)


def _outside(block: BlockScope, size: int) -> Iterator[Finding]:
    """The first element of each register that is not inside."""
    told: set[int] = set()
    for element in block.elements:
        register = element.register
        if (element.end > size or element.offset < 0) and id(register) not in told:
            told.add(id(register))
            text = (
                f"{element.path} at {element.offset:#x} to {element.end - 1:#x} is outside"
                f" {block.block.name} of {size:#x} bytes"
            )
            related = ((f"{block.block.name} is described here", block.block.place),)
            yield Finding(register.place, text, related)


@rule(
    "RM218",
    "no-word-order",
    Severity.ERROR,
    prose="A register that the hardware takes only in parts says in which order.",
    fix="add `word-order: low-first` or `high-first`, or `high-low-high` for a running counter",
)
def no_word_order(model: Scope) -> Iterator[Finding]:
    for at in model.registers:
        register = at.register
        widths = register.access_widths
        if not widths or register.width in widths or register.word_order is not None:
            continue
        if min(widths) < register.width:
            shown = ", ".join(map(str, widths))
            text = f"{at.path} is {register.width} bits wide and taken in accesses of {shown}"
            yield Finding(register.place, text)
