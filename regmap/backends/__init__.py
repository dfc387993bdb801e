"""Who moves the bits: backends see addresses, widths and numbers, never names.

``SCHEMES`` is the one table of what a URI can name; ``open_backend`` opens one. A transport is
imported when it is first opened, so this module costs nothing to import.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from regmap.errors import BackendUnavailable, nearest

if TYPE_CHECKING:
    from regmap.backends.base import Backend
    from regmap.backends.machine import Machine

__all__ = ["SCHEMES", "Scheme", "Target", "open_backend", "parse_uri"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of backend: ``loader`` (``module:function``, called with a ``Target``), the form of
    its URI, what it is in one sentence, and an example.

    ``named``: something must follow the colon; otherwise nothing may. ``placed``: the space of
    the backend starts at 0, so the URI takes ``@ADDRESS``.
    """

    loader: str
    form: str
    prose: str
    example: str
    named: bool = False
    placed: bool = False


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "mem": Scheme(
            loader="regmap.backends.physical:open_mem",
            form="mem:",
            prose="physical memory through /dev/mem, for root",
            example="mem:",
        ),
        "gpiomem": Scheme(
            loader="regmap.backends.physical:open_gpiomem",
            form="gpiomem:[@ADDRESS]",
            prose="the GPIO block of a Raspberry Pi through /dev/gpiomem, for the group gpio",
            example="gpiomem:",
            placed=True,
        ),
        "file": Scheme(
            loader="regmap.backends.mapped:open_file",
            form="file:PATH[@ADDRESS]",
            prose="a file that exists and is long enough; its first byte stands for ADDRESS",
            example="file:dump.bin@0x20200000",
            named=True,
            placed=True,
        ),
        "shm": Scheme(
            loader="regmap.backends.mapped:open_shm",
            form="shm:NAME[@ADDRESS]",
            prose="POSIX shared memory that another process made",
            example="shm:board",
            named=True,
            placed=True,
        ),
        "anon": Scheme(
            loader="regmap.backends.mapped:open_anon",
            form="anon:[@ADDRESS]",
            prose="memory of zeros shared with the children that this process forks",
            example="anon:",
            placed=True,
        ),
        "uio": Scheme(
            loader="regmap.backends.uio:open_uio",
            form="uio:NAME-or-N[/MAP][@ADDRESS]",
            prose="a map and the interrupt of a UIO device, by number or by its driver's name",
            example="uio:0",
            named=True,
            placed=True,
        ),
        "pci": Scheme(
            loader="regmap.backends.pci:open_bar",
            form="pci:DEVICE/BAR[+enable][@ADDRESS]",
            prose="a memory or I/O BAR of a PCI device, by its address or by vendor:device",
            example="pci:00:05.0/0",
            named=True,
            placed=True,
        ),
        "pciconf": Scheme(
            loader="regmap.backends.pci:open_config",
            form="pciconf:DEVICE[@ADDRESS]",
            prose="the configuration space of a PCI device",
            example="pciconf:00:05.0",
            named=True,
            placed=True,
        ),
        "port": Scheme(
            loader="regmap.backends.port:open_port",
            form="port:",
            prose="x86 I/O ports by the in and out instructions, for root",
            example="port:",
        ),
        "msr": Scheme(
            loader="regmap.backends.msr:open_msr",
            form="msr:CPU",
            prose="model-specific registers of one x86 CPU, number N at address 8*N, for root",
            example="msr:0",
            named=True,
        ),
        "qtest": Scheme(
            loader="regmap.backends.qtest:open_qtest",
            form="qtest:PATH[?space=io]",
            prose="QEMU's device models through its qtest socket, without a guest",
            example="qtest:/run/qtest.sock",
            named=True,
        ),
        "unix": Scheme(
            loader="regmap.backends.remote:open_remote",
            form="unix:PATH[?timeout=SECONDS]",
            prose="a board that regmapd serves on a Unix socket: no rights to the hardware needed",
            example="unix:/run/regmap/regmapd.sock",
            named=True,
        ),
        "gdb": Scheme(
            loader="regmap.backends.gdb:open_gdb",
            form="gdb:HOST:PORT or gdb:unix:PATH",
            prose="a GDB server: QEMU, OpenOCD, pyOCD, J-Link",
            example="gdb:localhost:3333",
            named=True,
        ),
        "sim": Scheme(
            loader="regmap.backends:open_simulator",
            form="sim:",
            prose="the simulator: registers that react as the map says, no hardware",
            example="sim:",
        ),
        "trace": Scheme(
            loader="regmap.backends:open_trace",
            form="trace:URI",
            prose="any other backend, with each access printed on standard error",
            example="trace:sim:",
            named=True,
        ),
    }
)


_MOST_TRACES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parsed URI with what its loader may need to know.

    ``rest`` is what follows the colon without the address, and ``address`` the number after
    ``@``. ``lowest`` and ``extent`` are the map's lowest address and the end of its highest
    block; ``simulator`` makes the simulator of that map.
    """

    scheme: str
    rest: str = ""
    address: int | None = None
    lowest: int = 0
    extent: int | None = None
    simulator: Callable[[], Backend] | None = None
    machine: Machine | None = None

    @property
    def origin(self) -> int:
        """The address that the first byte stands for."""
        return self.lowest if self.address is None else self.address


def open_backend(
    uri: str,
    *,
    origin: int = 0,
    extent: int | None = None,
    simulator: Callable[[], Backend] | None = None,
    machine: Machine | None = None,
) -> Backend:
    """Open the backend that ``uri`` names, such as ``mem:`` or ``file:dump.bin@0x1000``.

    A scheme alone is enough where nothing need follow (``mem``). ``origin`` is the map's lowest
    address: what the first byte of a file stands for if the URI does not say. ``extent`` is the
    end of the map's highest block: how far ``anon:`` reaches. ``simulator`` is called for
    ``sim:``, also inside of ``trace:sim:``; it needs the map, which this module does not know.
    ``machine`` is where devices and explanations are looked up (a test's own tree).

    Touches no register. Raises BackendUnavailable for a URI that is wrong or a device that does
    not open, with the reason and the remedy.
    """
    scheme, target = parse_uri(uri)
    target = replace(target, lowest=origin, extent=extent, simulator=simulator, machine=machine)
    module, _, function = scheme.loader.partition(":")
    loader: Callable[[Target], Backend] = getattr(importlib.import_module(module), function)
    return loader(target)


def parse_uri(uri: str) -> tuple[Scheme, Target]:
    """Take a URI apart; opens nothing. Raises BackendUnavailable for one that is wrong."""
    if uri.startswith("trace:" * (_MOST_TRACES + 1)):
        raise BackendUnavailable(f"more than {_MOST_TRACES} times trace:; one tells everything")
    name, colon, rest = uri.partition(":")
    scheme = SCHEMES.get(name)
    if scheme is None:
        raise BackendUnavailable(_unknown(uri, name, colon))
    address = None
    if scheme.placed:
        before, at, after = rest.rpartition("@")
        # A path may have an @ of its own; an address begins with a digit.
        if at and (after[:1].isdecimal() or not before):
            rest, address = before, _number(after, uri)
    if scheme.named and not rest:
        raise BackendUnavailable(f"{uri!r} lacks a name: {scheme.form}, as in {scheme.example}")
    if rest and not scheme.named:
        raise BackendUnavailable(f"{uri!r}: {name}: takes no name, the form is {scheme.form}")
    return scheme, Target(scheme=name, rest=rest, address=address)


def _unknown(uri: str, name: str, colon: str) -> str:
    near = nearest(name, SCHEMES, 1)
    if near:
        hint = f"did you mean {near[0]}:?"
    elif not colon and ("/" in uri or "." in uri):
        hint = f"for a file say file:{uri}"
    else:
        hint = "there are " + ", ".join(scheme.form for scheme in SCHEMES.values())
    return f"{uri!r} names no backend; {hint}"


def _number(text: str, uri: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise BackendUnavailable(
            f"{uri!r}: {text!r} is no address; write a number such as 0x20200000"
        )
    return number


def open_simulator(target: Target) -> Backend:
    """The simulator that the caller of ``open_backend`` makes."""
    if target.simulator is None:
        raise BackendUnavailable("sim: simulates a map; open the map with backend='sim:'")
    return target.simulator()


def open_trace(target: Target) -> Backend:
    """Another backend with its accesses printed."""
    trace = importlib.import_module("regmap.backends.trace")
    inner = open_backend(
        target.rest,
        origin=target.lowest,
        extent=target.extent,
        simulator=target.simulator,
        machine=target.machine,
    )
    made: Backend = trace.TraceBackend(inner, out=trace.printer())
    return made
