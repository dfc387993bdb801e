"""CMSIS-SVD files to a ``Chip``, through the ``cmsis-svd`` package.

Peripherals become a block and an instance each (those derived without a change share the
block), clusters become groups, ``X[%s]`` and ``X%s`` become arrays. What a vendor's file gets
wrong is a warning at its line and the rest is used; only a file that is no SVD is an error.

``prependToName`` and ``appendToName`` are part of the names; a field without access, write
action or read action has its register's.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from cmsis_svd.parser import SVDParser

from regmap.errors import Place
from regmap.loaders.arrays import MOST_ELEMENTS
from regmap.loaders.files import Files
from regmap.loaders.report import SYNTAX, WRONG_VALUE, Log, TooManyProblemsError, shown
from regmap.loaders.svd_fields import Enums, read_constraint, read_field
from regmap.loaders.svd_names import array_names, plain, unique
from regmap.loaders.svd_source import MOST_SVD_BYTES, parse_xml
from regmap.loaders.svd_tree import Prepared, prepare
from regmap.loaders.svd_words import place_of
from regmap.model.access import Access, ReadAction, WriteAction
from regmap.model.block import Array, Block, ByteOrder, Group, Register
from regmap.model.chip import Chip, Instance

__all__ = ["MOST_SVD_BYTES", "read_svd"]


# Of a file that is no XML, messages show what stands near its beginning.
_MOST_SHOWN_BYTES = 1 << 20


def read_svd(data: bytes, file: str, files: Files) -> Chip | None:
    """The chip that an SVD file describes, or None where it is refused or no SVD."""
    files.digest(data)
    log = files.log
    try:
        tree = parse_xml(data, file, log)
        if tree is None:
            data = data[:_MOST_SHOWN_BYTES]
            return None
        root = tree.getroot()
        if root.tag != "device":
            text = f"<{shown(str(root.tag))}> where an SVD file has <device>"
            log.error(SYNTAX, place_of(root, file), text, "is this another kind of XML?")
            return None
        prepared = prepare(root, file, log)
        if log.failed:
            return None  # refused; the package would take long over it
        device = _parsed(tree, file, log)
        return _Reader(prepared, file, log).chip(root, device) if device is not None else None
    except TooManyProblemsError:
        return None
    finally:
        if log.problems:
            files.texts[file] = _text(data)


def _text(data: bytes) -> str:
    """The file's text for messages, without what could steer a terminal."""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = data.decode(encoding, "replace")
    return re.sub(
        "[^\t\n\r -~\xa0-\u2027\u202a-\U0010ffff]+", lambda bad: "\ufffd" * len(bad[0]), text
    )


def _parsed(tree: Any, file: str, log: Log) -> Any | None:
    """The package's objects; what it prints becomes warnings, what it raises an error."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            device = SVDParser(tree).get_device()
    except Exception as error:  # noqa: BLE001  (whatever a broken file provokes in the package)
        text = f"cmsis-svd cannot read it: {type(error).__name__}: {shown(str(error))}"
        log.error(SYNTAX, Place(file, 1, 1), text, "mend the file, or report it to its vendor")
        return None
    for line in dict.fromkeys(said.getvalue().splitlines()):
        log.warning(WRONG_VALUE, Place(file, 1, 1), f"cmsis-svd says: {shown(line)}")
    return device


class _Reader:
    """Walks elements and the package's objects side by side."""

    def __init__(self, prepared: Prepared, file: str, log: Log) -> None:
        self._prepared = prepared
        self._file = file
        self._log = log
        self._enums = Enums(file, log)
        self._byte_order: ByteOrder = "little"
        self._left = MOST_ELEMENTS

    def chip(self, root: Any, device: Any) -> Chip:
        if root.get("endian") == "big":
            self._byte_order = "big"
        elements = root.findall("peripherals/peripheral")
        blocks: dict[Any, Block] = {}
        instances = []
        objects = dict(zip(elements, device.peripherals, strict=True))
        for element, peripheral in objects.items():
            source = self._prepared.shared.get(element, element)
            if source not in objects:
                source = element
            if source not in blocks:
                blocks[source] = self._block(source, objects[source])
            instances.append(self._instance(element, peripheral, blocks[source]))
        return Chip(
            name=device.name or PurePath(self._file).stem,
            instances=tuple(instances),
            description=plain(device.description),
            source=" ".join(filter(None, (device.vendor, device.name, device.version))),
            place=place_of(root, self._file),
        )

    def _instance(self, element: Any, peripheral: Any, block: Block) -> Instance:
        blocks = [each for each in peripheral.address_blocks or () if each.size]
        size = max(((each.offset or 0) + each.size for each in blocks), default=None)
        name, array = self._named(peripheral.name, element, set())
        if array:
            self._spend(array.counts[0], element)
        return Instance(
            name=name,
            block=block,
            base=peripheral.base_address,
            size=size,
            array=array,
            description=plain(peripheral.description),
            place=self._place(element),
        )

    def _block(self, element: Any, peripheral: Any) -> Block:
        before = peripheral.prepend_to_name or ""
        after = peripheral.append_to_name or ""
        registers = element.findall("registers/register")
        clusters = element.findall("registers/cluster")
        pairs = zip(registers + clusters, peripheral.registers or (), strict=True)
        children = element.xpath("registers/register|registers/cluster")
        name, _names, _labels = array_names(peripheral.name, None)
        return Block(
            name=name,
            items=self._items(children, dict(pairs), offset=0, affixes=(before, after)),
            instance_name=name,
            description=plain(peripheral.description),
            place=self._place(element),
        )

    def _items(
        self,
        elements: Iterable[Any],
        objects: dict[Any, Any],
        *,
        offset: int,
        affixes: tuple[str, str] = ("", ""),
        times: int = 1,
    ) -> tuple[Register | Group, ...]:
        """What stands in a peripheral or cluster, in the order of the file. ``offset`` is what
        the package has added to the registers' own."""
        found: list[Register | Group] = []
        elements = list(elements)
        dims = self._prepared.dims
        before, after = affixes
        taken = {
            f"{before}{element.findtext('name')}{after}"
            for element in elements
            if element not in dims
        }
        for element in elements:
            text = f"{before}{element.findtext('name')}{after}"
            name, array = self._named(text, element, taken)
            count = times * (dims[element].count if array else 1)
            if element.tag == "cluster":
                found.append(self._group(element, objects[element], name, array, count))
            else:
                self._spend(count, element)
                register = self._register(element, objects[element], name, array, offset)
                found.append(register)
        return tuple(found)

    def _spend(self, count: int, element: Any) -> None:
        before, self._left = self._left, self._left - count
        if self._left < 0 <= before:
            self._log.incomplete = True
            text = f"more than {MOST_ELEMENTS:,} registers, arrays written out"
            self._log.error(WRONG_VALUE, self._place(element), text, "this looks like memory")

    def _group(
        self, element: Any, cluster: Any, name: str, array: Array | None, times: int
    ) -> Group:
        children = element.xpath("register|cluster")
        pairs = [
            *zip(element.findall("register"), cluster.registers, strict=True),
            *zip(element.findall("cluster"), cluster.clusters, strict=True),
        ]
        # The package adds a cluster's offset to the registers straight inside it.
        items = self._items(children, dict(pairs), offset=cluster.address_offset, times=times)
        return Group(
            name=name,
            offset=cluster.address_offset,
            items=items,
            array=array,
            alternate=cluster.alternate_cluster is not None,
            description=plain(cluster.description),
            place=self._place(element),
        )

    def _register(
        self, element: Any, register: Any, name: str, array: Array | None, moved: int
    ) -> Register:
        access = Access(register.access.value) if register.access else Access.READ_WRITE
        write = register.modified_write_values
        read = register.read_action
        fields = []
        for field_element, field in zip(
            element.findall("fields/field"), register.fields, strict=True
        ):
            dim = self._prepared.dims.get(field_element)
            # A pattern sees the register's own index first.
            index = "j" if array else "i"
            fields.extend(read_field(field_element, field, dim, index, self._enums))
        return Register(
            name=name,
            offset=register.address_offset - moved,
            width=register.size or 32,
            access=access,
            write_action=WriteAction(write.value) if write else WriteAction.MODIFY,
            read_action=ReadAction(read.value) if read else None,
            reset=register.reset_value,
            reset_mask=register.reset_mask,
            fields=tuple(fields),
            array=array,
            byte_order=self._byte_order,
            constraint=read_constraint(element),
            alternate=bool(register.alternate_register or register.alternate_group),
            description=plain(register.description),
            place=self._place(element),
        )

    def _named(self, text: str, element: Any, taken: set[str]) -> tuple[str, Array | None]:
        """A name without ``%s``, and the array with the names of its elements."""
        dim = self._prepared.dims.get(element)
        name, names, labels = array_names(text, dim)
        if dim is None:
            return name, None
        array = Array(
            counts=(dim.count,),
            strides=(dim.stride,),
            names=names,
            labels=labels,
            place=self._place(element),
        )
        return unique(name, taken), array

    def _place(self, element: Any) -> Place:
        return place_of(element, self._file)
