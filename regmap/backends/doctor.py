"""What would work on this machine and why not: the data behind ``regmap doctor``.

Makes no bus access: devices are opened and mapped, which touches no register, and closed again.
Rendering is the command line's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from regmap.backends import locate, open_backend
from regmap.backends.machine import Machine, Region, owners
from regmap.errors import BackendError

if TYPE_CHECKING:
    from regmap.model.chip import Board, Instance

__all__ = [
    "BlockTrial",
    "BoardReport",
    "Facts",
    "Found",
    "Located",
    "Report",
    "Trial",
    "examine",
    "facts",
    "found",
    "located",
    "nearest_board",
    "places",
    "recognise",
    "trial",
]

_OPTIONS = ("CONFIG_DEVMEM", "CONFIG_STRICT_DEVMEM", "CONFIG_IO_STRICT_DEVMEM", "CONFIG_DEVPORT")
# Names that differ by more are of another machine.
_ALIKE = 0.6
# Regions that hold many blocks, or none.
_NO_BLOCK = re.compile(r"(System RAM|System ROM|Kernel |Reserved|reserved|PCI Bus|PCI ECAM|ACPI)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What this machine is. ``options`` maps build options of the kernel to ``y``, ``n`` or ""
    (not known); ``hidden`` says that the kernel shows this user no address in /proc/iomem."""

    model: str
    kernel: str
    architecture: str
    revision: int | None
    compatible: tuple[str, ...]
    lockdown: str
    options: dict[str, str]
    relaxed: bool
    container: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class BlockTrial:
    """Whether a block of a board can be mapped: ``why`` says why not, "" when it can."""

    name: str
    address: int
    size: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of opening ``uri`` for a board. ``why`` says what keeps it from opening, ""
    when it opens; ``blocks`` are then the board's blocks, unless the machine is another."""

    uri: str
    why: str = ""
    blocks: tuple[BlockTrial, ...] = ()

    @property
    def works(self) -> bool:
        """It opens, and every block can be mapped."""
        return not self.why and not any(block.why for block in self.blocks)


@dataclass(frozen=True, slots=True)
class BoardReport:
    """A board on this machine. ``evidence`` says how the machine shows to be one, "" when it
    does not; the trials then stop at opening, since its addresses mean other things here."""

    name: str
    evidence: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A region of /proc/``space`` where a block of these boards would lie: by its ``address``, or
    by ``name`` alone where no address is shown."""

    space: str
    region: Region
    instance: str
    block: str
    boards: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Located:
    """What this machine says of an instance that has a locator: the ``addresses`` that it states,
    none where it states nothing, beside the ``described`` one."""

    board: str
    instance: str
    by: str
    described: int
    addresses: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. ``recognised`` is the name of the board that this machine is, "" for none."""

    facts: Facts
    recognised: str
    boards: tuple[BoardReport, ...]
    iomem: tuple[Region, ...]
    ioports: tuple[Region, ...]
    found: tuple[Found, ...]
    located: tuple[Located, ...]


def examine(boards: Iterable[Board], machine: Machine | None = None) -> Report:
    """Everything that ``regmap doctor`` tells about these boards on this machine."""
    machine = machine or Machine()
    boards = tuple(boards)
    best = recognise(boards, machine)
    return Report(
        facts=facts(machine),
        recognised=best.name if best else "",
        boards=tuple(_report(board, machine) for board in boards),
        iomem=machine.regions("iomem"),
        ioports=machine.regions("ioports"),
        found=found(boards, machine),
        located=located(boards, machine),
    )


def facts(machine: Machine) -> Facts:
    """What the machine says about itself."""
    regions = machine.regions("iomem")
    return Facts(
        model=machine.model(),
        kernel=machine.kernel(),
        architecture=machine.architecture(),
        revision=machine.revision(),
        compatible=machine.compatible(),
        lockdown=machine.lockdown(),
        options={option: machine.config(option) for option in _OPTIONS},
        relaxed=machine.booted_with("iomem=relaxed"),
        container=machine.container(),
        hidden=bool(regions) and all(region.hidden for region in regions),
    )


def recognise(boards: Iterable[Board], machine: Machine | None = None) -> Board | None:
    """The board that this machine is, by the best evidence; of equals the first."""
    machine = machine or Machine()
    known = [(how[0], board) for board in boards if (how := machine.matches(board.match))]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def nearest_board(boards: Iterable[Board], machine: Machine | None = None) -> Board | None:
    """The board that is most like this machine, which is none of them; None where nothing is."""
    machine = machine or Machine()
    own = machine.compatible()
    ranked: list[tuple[float, Board]] = []
    for board in boards:
        match = board.match
        names = match.compatible if match else ()
        alike = [SequenceMatcher(None, one, two).ratio() for one in own for two in names]
        if alike and max(alike) > _ALIKE:
            ranked.append((max(alike), board))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def located(boards: Iterable[Board], machine: Machine) -> tuple[Located, ...]:
    """Where this machine says that the instances of boards that it may be are."""
    return tuple(
        Located(board.name, each.name, f"{each.locator.kind} {each.locator.key}", each.base, there)
        for board in boards
        for each in board.instances
        if each.locator is not None
        and (there := locate.addresses(each.locator.kind, each.locator.key, machine))
    )


def _report(board: Board, machine: Machine) -> BoardReport:
    how = machine.matches(board.match)
    trials = tuple(trial(board, uri, machine, map_blocks=bool(how)) for uri in board.backends)
    return BoardReport(board.name, how[1] if how else "", trials)


def trial(board: Board, uri: str, machine: Machine, *, map_blocks: bool = True) -> Trial:
    """Open ``uri`` for a board and, with ``map_blocks``, map each of its blocks; touch none."""
    if uri.partition(":")[0] == "sim":
        return Trial(uri)
    blocks = tuple(places(board))
    lowest = min((address for _, address, _ in blocks), default=0)
    extent = max((address + size for _, address, size in blocks), default=0)
    try:
        backend = open_backend(uri, origin=lowest, extent=extent, machine=machine)
    except BackendError as error:
        return Trial(uri, str(error))
    with closing(backend):
        attach = getattr(backend, "attach", None)
        if attach is None or not map_blocks:
            return Trial(uri)
        tried = []
        for name, address, size in blocks:
            why = ""
            try:
                attach(address, size)
            except BackendError as error:
                why = str(error)
            tried.append(BlockTrial(name, address, size, why))
        return Trial(uri, "", tuple(tried))


def places(board: Board) -> Iterator[tuple[str, int, int]]:
    """Name, address and size in bytes of each instance, arrays element by element."""
    for instance in board.instances:
        for name, address in _elements(instance):
            yield name, address, _size(instance)


def _elements(instance: Instance) -> Iterator[tuple[str, int]]:
    array = instance.array
    if array is None:
        yield instance.name, instance.base
        return
    for indexes in itertools.product(*map(range, array.counts)):
        name = instance.name + "".join(f"[{index}]" for index in indexes)
        steps = zip(indexes, array.strides, strict=True)
        yield name, instance.base + sum(index * stride for index, stride in steps)


def _size(instance: Instance) -> int:
    # A block that states no size is tried with its first word.
    return instance.size or instance.block.size or 4


def found(boards: Iterable[Board], machine: Machine) -> tuple[Found, ...]:
    """The regions of /proc/iomem and /proc/ioports where blocks of these boards would lie."""
    merged: dict[tuple[str, Region, str, str, str], list[str]] = {}
    iomem, ioports = machine.regions("iomem"), machine.regions("ioports")
    for board in boards:
        for instance in board.instances:
            hits = [("iomem", region, "address") for region in _at(instance, iomem)]
            hits += [("iomem", region, "name") for region in _called(instance, iomem, hidden=True)]
            hits += [("ioports", region, "name") for region in _called(instance, ioports)]
            for space, region, by in hits:
                key = (space, region, instance.name, instance.block.name, by)
                merged.setdefault(key, []).append(board.name)
    return tuple(
        Found(space, region, instance, block, tuple(dict.fromkeys(names)), by)
        for (space, region, instance, block, by), names in merged.items()
    )


def _at(instance: Instance, regions: tuple[Region, ...]) -> Iterator[Region]:
    for _, address in _elements(instance):
        for region in owners(regions, address, _size(instance)):
            if not _NO_BLOCK.match(region.name):
                yield region


def _called(
    instance: Instance, regions: tuple[Region, ...], *, hidden: bool = False
) -> Iterator[Region]:
    names = {instance.name.casefold(), instance.block.name.casefold()}
    if instance.locator:
        names.add(instance.locator.key.casefold())
    for region in itertools.chain.from_iterable(top.walk() for top in regions):
        if region.hidden or not hidden:
            # "20200000.gpio gpio@7e200000", "HPET 0"
            words = set(re.split(r"[^0-9a-z_]+", region.name.casefold()))
            if words & names:
                yield region
