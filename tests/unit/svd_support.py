"""Small SVD documents for tests, and what was read of them."""

from __future__ import annotations

from regmap.errors import Problem
from regmap.loaders import Loaded, read
from regmap.model.block import Block, Field, Group, Register
from regmap.model.chip import Chip, Instance
from regmap.model.walk import fields_of, instances_of, walk

__all__ = [
    "block",
    "chip_of",
    "device",
    "field",
    "group",
    "instance",
    "names_of_fields",
    "names_of_instances",
    "one_field",
    "one_register",
    "only_problem",
    "peripheral",
    "register",
    "registers",
    "said",
    "tag",
]


def tag(name: str, inside: str = "", /, **children: object) -> str:
    """An element with plain children: ``tag("field", name="F", lsb=0, msb=3)``; ``derivedFrom``
    is an attribute."""
    source = children.pop("derivedFrom", None)
    attribute = "" if source is None else f' derivedFrom="{source}"'
    plain = "".join(f"<{key}>{value}</{key}>" for key, value in children.items())
    return f"<{name}{attribute}>{plain}{inside}</{name}>"


def peripheral(registers: str | None = None, /, **children: object) -> str:
    """A peripheral P at 0 with these registers, unless ``children`` say otherwise."""
    inside = "" if registers is None else f"<registers>{registers}</registers>"
    return tag("peripheral", inside, **{"name": "P", "baseAddress": 0, **children})


def device(peripherals: str, before: str = "", *, whole: bool = True) -> Loaded:
    """What is read of a device with these peripherals, and ``before`` them."""
    text = f"<device><name>D</name>{before}<peripherals>{peripherals}</peripherals></device>"
    return read("d.svd", text=text, whole=whole)


def registers(inside: str, before: str = "") -> Loaded:
    """What is read of one peripheral P with these registers."""
    return device(peripheral(inside), before)


def one_register(inside: str = "", /, **children: object) -> Loaded:
    """What is read of one register R at 0."""
    return registers(tag("register", inside, **{"name": "R", "addressOffset": 0, **children}))


def one_field(inside: str = "", /, **children: object) -> Loaded:
    """What is read of one field F."""
    return one_register(f"<fields>{tag('field', inside, **{'name': 'F', **children})}</fields>")


def chip_of(loaded: Loaded) -> Chip:
    """The chip, whatever was odd."""
    assert isinstance(loaded.model, Chip), [str(each) for each in loaded.problems]
    return loaded.model


def instance(loaded: Loaded, name: str = "P") -> Instance:
    """An instance by its name in the model."""
    return next(each for each in chip_of(loaded).instances if each.name == name)


def block(loaded: Loaded, name: str = "P") -> Block:
    """The block of an instance."""
    return instance(loaded, name).block


def said(loaded: Loaded, name: str = "P") -> list[str]:
    """Every register of an instance, arrays written out: path, offset, width, access."""
    return [
        f"{at.path} {at.offset:#x} {at.register.width} {at.register.access}"
        for at in walk(block(loaded, name).items)
    ]


def register(loaded: Loaded, name: str = "R", owner: str = "P") -> Register:
    """A register by its name in the model, or an element's."""
    return next(
        at.register
        for at in walk(block(loaded, owner).items)
        if name in {at.register.name, at.path}
    )


def group(loaded: Loaded, name: str) -> Group:
    """A group that stands straight in P."""
    found = next(each for each in block(loaded).items if each.name == name)
    assert isinstance(found, Group)
    return found


def field(loaded: Loaded, name: str = "F", owner: str = "R") -> Field:
    """A field by its name in the model."""
    return next(each for each in register(loaded, owner).fields if each.name == name)


def names_of_fields(loaded: Loaded, owner: str = "R") -> list[str]:
    """The fields of a register with their bits, arrays written out."""
    found = register(loaded, owner)
    return [f"{at.name} {at.bits[0]}" for at in fields_of(found, 0, (0,) if found.array else ())]


def only_problem(loaded: Loaded) -> Problem:
    """The one problem that there is."""
    assert len(loaded.problems) == 1, [str(each) for each in loaded.problems]
    return loaded.problems[0]


def names_of_instances(loaded: Loaded) -> list[str]:
    """The instances, arrays written out, with their addresses."""
    return [f"{at.name} {at.base:#x}" for at in instances_of(chip_of(loaded).instances)]
