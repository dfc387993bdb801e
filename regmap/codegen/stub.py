"""Type stubs beside generated modules: every name with its type, and no code.

A generated module holds a layout from which classes are made when they are needed; a checker or an
editor never runs it and reads the stub. The classes of a stub derive from ``regmap.live.typed``,
which says what differs there from the live classes, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regmap.codegen.literal import WIDTH
from regmap.codegen.module import template
from regmap.codegen.plan import Header, parts
from regmap.codegen.scope import Class, ClassNames, Scope
from regmap.codegen.stubblock import Blocks, member
from regmap.codegen.stubregister import doc, generic, sentence
from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.shape import BlockLayout, ViewLayout

__all__ = ["render_stub"]


def render_stub(layout: DeviceLayout, header: Header) -> dict[str, str]:
    """The stubs of a device by file: ``chip.pyi``, or with ``header.split`` one beside each module
    of the package. Lays out every block."""
    names = ClassNames()
    device = _Device(layout, names)
    files: dict[str, str] = {}
    imports: list[str] = []
    blocks = Blocks(device.scope)
    for part in parts(layout):
        home = Blocks(Scope(names)) if header.split else blocks
        found = [part.layout, *_views(part.layout)]
        called = [home.block(part.layout), *(home.view(view, {}) for view in _views(part.layout))]
        if header.split:
            home.finish()
            files[f"{header.module}/{part.name}.pyi"] = _text(header, home.scope)
            imports.append(f"from .{part.name} import *")
            for number, name in enumerate(called):
                called[number] = f"_p{len(imports)}"
                imports.append(_import(part.name, name, called[number]))
        device.known.update(zip(map(id, found), called, strict=True))
    blocks.finish()
    own = f"{header.module}/__init__.pyi" if header.split else f"{header.module}.pyi"
    made = device.made()
    device.scope.classes.insert(0, made)
    files[own] = _text(
        header,
        device.scope,
        doc=doc(layout.description or layout.name),
        imports=imports,
        heads=("LAYOUT: _t.DeviceLayout", _open(made.name)),
    )
    return files


def _text(
    header: Header,
    scope: Scope,
    *,
    doc: str = "",
    imports: Sequence[str] = (),
    heads: Sequence[str] = (),
) -> str:
    return template("stub.pyi.j2").render(
        header=header,
        doc=doc,
        imports=imports,
        heads=heads,
        pieces=scope.pieces(),
        aliases=scope.aliases(),
    )


def _views(block: BlockLayout) -> list[ViewLayout]:
    return [each for each in block.members if isinstance(each, ViewLayout)]


def _import(module: str, name: str, short: str) -> str:
    flat = f"from .{module} import {name} as {short}"
    if len(flat) <= WIDTH:
        return flat
    return f"from .{module} import (\n    {name} as {short},\n)"


def _open(name: str) -> str:
    arguments = "backend: _t.Carrier = ..., *, force: _t.Bool = ..., cpu: _t.Cpu = ..."
    flat = f"def open({arguments}) -> {name}: ..."
    return flat if len(flat) <= WIDTH else f"def open(\n    {arguments}\n) -> {name}: ..."


class _Device:
    """The class of the device; ``known`` is what its file calls the classes of blocks and views,
    by the identity of their layouts."""

    def __init__(self, layout: DeviceLayout, names: ClassNames) -> None:
        self.layout = layout
        self.scope = Scope(names)
        self.known: dict[int, str] = {}
        self._name = names.claim(layout.class_name)
        self._hidden = {*layout.instances, *layout.arrays, "pin", "pins"}

    def made(self) -> Class:
        """The class, once all blocks are known."""
        return Class(
            self._name,
            "_t.Device",
            doc(self.layout.description or self.layout.name),
            tuple(self._body()),
        )

    def _body(self) -> Iterator[str]:
        layout = self.layout
        for name, instance in layout.instances.items():
            yield self._member(name, "_t.Member[{}]", self.known[id(instance.block)])
            yield _instance_doc(instance)
        for name, elements in layout.arrays.items():
            if elements:
                block = layout.instances[elements[0]].block
                yield self._member(name, "_t.Member[_t.Blocks[{}]]", self.known[id(block)])
        pins = [view for _, view in layout.views() if view.name == "pin"]
        if len(pins) == 1:
            of = self.scope.reference(self.known[id(pins[0])], self._hidden)
            yield "@_t.property"
            yield f"def pin(self) -> _t.View[{of}]: ..."
        if layout.pins:
            yield "@_t.property"
            yield f"def pins(self) -> _t.Pins[{self._items()}]: ..."

    def _items(self) -> str:
        """What a pin that is asked for by name can be."""
        views = {
            (instance.name, view.name): self.known[id(view)]
            for instance, view in self.layout.views()
        }
        items = dict.fromkeys(views[pin.instance, pin.view] for pin in self.layout.pins)
        if len(items) > 1:
            return self.scope.alias("u", generic("Union", *items))
        return self.scope.reference(next(iter(items)), self._hidden)

    def _member(self, name: str, form: str, of: str) -> str:
        return member(self.scope, name, form, of, self._hidden)


def _instance_doc(instance: InstanceLayout) -> str:
    bus = "" if instance.bus_base is None else f"on the bus at 0x{instance.bus_base:X}"
    return doc(f"{sentence(f'at 0x{instance.base:X}', bus)} {instance.description}")
