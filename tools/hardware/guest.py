"""Boots a guest, runs one script in it, and brings back what it said and what the bus saw."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.hardware import debian, initramfs, inside, modules, trace
from tools.hardware.emulator import Emulator

__all__ = ["ENVIRONMENT", "RUN", "Guest", "GuestFailed", "Image", "Report", "Step", "boot", "files"]

_ROOT = Path(__file__).resolve().parents[2]
_MODULES = ("arch", "drivers/uio", "drivers/virtio", "fs", "net/9p")
_KERNEL = (
    "*/boot/vmlinuz-*",
    "*/modules.builtin",
    *(f"*/kernel/{folder}/*.ko*" for folder in _MODULES),
)
_BUSYBOX = ("*/bin/busybox",)
_HOST_ROOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p")
# multidevs: host file systems share inode numbers, on which bind mounts would collide.
_HOST_ROOT = "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"
ENVIRONMENT = (
    *("HOME=/dev/shm", "TMPDIR=/dev/shm"),  # the only folder that can be written
    *("PYTHONDONTWRITEBYTECODE=1", "PYTHONSAFEPATH=1"),
)
# Runs a script; what follows its own arguments is the end of the path.
RUN = """import runpy, sys
sys.path.append(sys.argv[2])
runpy.run_path(sys.argv[1], None, "__main__")
"""


@dataclass(frozen=True)
class Image:
    """What a guest starts from, and QEMU's arguments that belong to it."""

    kernel: Path
    initramfs: bytes
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class Guest:
    """A machine to boot.

    ``image`` makes what it starts from, of a script to run. Without one that is the host's own
    root, with its Python: then the guest's processor must be the host's kind.
    """

    program: str  # of QEMU
    package: str  # Debian's, that has the program
    kernel: str  # Debian's metapackage
    machine: Sequence[str]  # QEMU's arguments: the machine and its devices
    command_line: str  # the kernel's
    marker: trace.Marker
    by_the_job: Callable[[trace.Operation], bool]  # and not by the kernel on its own account
    modules: Sequence[str] = ()  # loaded besides those for the host's root
    image: Callable[[Path], Image] | None = None
    qtest: bool = False  # with a socket "qtest" beside that of the machine protocol


@dataclass(frozen=True)
class Step:
    """What the guest reported of one step, and the transactions between its marks."""

    name: str
    values: Mapping[str, object]
    bus: Sequence[trace.Operation] = ()

    @property
    def result(self) -> object:
        """What the step gave; raises AssertionError with its error instead, if it had one."""
        if self.values.get("error"):
            raise AssertionError(f"{self.name} in the guest: {self.values['error']}")
        return self.values.get("result")


@dataclass(frozen=True)
class Report:
    """Everything of one boot."""

    steps: Mapping[str, Step]
    console: str
    seconds: float


class GuestFailed(Exception):
    """The guest did not run its script to the end; the text ends with its console."""


def files(guest: Guest) -> tuple[Path, Path]:
    """The unpacked kernel and busybox for a guest in the host's root. Raises Unavailable."""
    debian.program(guest.program, guest.package)
    kernel = debian.unpacked(debian.resolve(guest.kernel, "linux-image-"), _KERNEL)
    return kernel, debian.unpacked("busybox-static", _BUSYBOX)


def boot(
    guest: Guest,
    script: Path,
    *,
    command_line: str = "",
    limit_s: int = 120,
    at: Mapping[str, Callable[[Path], object]] | None = None,
) -> Report:
    """Boot, run the script, and end the guest.

    ``command_line`` is added to the kernel's. ``at`` are calls to make, with the path of QEMU's
    machine protocol, when the guest has reported a step of that name. Raises Unavailable,
    GuestFailed.
    """
    started = time.monotonic()
    debian.program(guest.program, guest.package)
    image = guest.image(script) if guest.image else _host_root(guest, script)
    with tempfile.TemporaryDirectory(prefix="regmap-guest-") as scratch:
        start, log, control = (Path(scratch, name) for name in ("initramfs", "trace", "qmp"))
        start.write_bytes(image.initramfs)
        command = [
            *(guest.program, *guest.machine, "-nodefaults", "-display", "none", "-no-reboot"),
            *("-serial", "stdio", *image.arguments),
            *("-kernel", str(image.kernel), "-initrd", str(start)),
            *("-append", f"{guest.command_line} {command_line}"),
            *("-d", "guest_errors", "-trace", "memory_region_ops_*", "-D", str(log)),
            *("-qmp", f"unix:{control},server=on,wait=off"),
        ]
        if guest.qtest:
            command += ["-qtest", f"unix:{control.with_name('qtest')},server=on,wait=off"]
            command += ["-qtest-log", "none"]
        console = _watch(command, limit_s, lambda name: (at or {}).get(name, _nothing)(control))
        with log.open(errors="replace") as lines:
            bus = trace.brackets(trace.operations(lines), guest.marker)
    return Report(_steps(console, bus, guest), "\n".join(console), time.monotonic() - started)


def _host_root(guest: Guest, script: Path) -> Image:
    kernel, busybox = files(guest)
    archive = initramfs.host_root(
        _only(busybox, "busybox").read_bytes(),
        modules.in_load_order(kernel, [*_HOST_ROOT_MODULES, *guest.modules]),
        _in_host_root(script),
    )
    return Image(_only(kernel, "vmlinuz-*"), archive, ("-virtfs", _HOST_ROOT))


def _steps(
    console: Sequence[str], bus: Sequence[Sequence[trace.Operation]], guest: Guest
) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for line in console:
        if not line.startswith(inside.PREFIX):
            continue
        values = json.loads(line.removeprefix(inside.PREFIX))
        name, bracket = values.pop("name"), values.get("bracket")
        if name in steps:
            raise GuestFailed(f"the guest reported {name} twice")
        found = () if bracket is None else tuple(filter(guest.by_the_job, bus[bracket]))
        steps[name] = Step(name, values, found)
    return steps


def _nothing(control: Path) -> None:
    del control


def _watch(command: Sequence[str], limit_s: int, reported: Callable[[str], object]) -> list[str]:
    console: list[str] = []
    with Emulator(command, limit_s=limit_s) as emulator:
        for line in emulator.lines():
            console.append(line)
            if line.startswith(inside.PREFIX):
                reported(json.loads(line.removeprefix(inside.PREFIX))["name"])
            if line.startswith("JOB-EXIT "):
                break
    end = console[-1] if console else ""
    if end != "JOB-EXIT 0":
        what = end if end.startswith("JOB-EXIT") else f"no end of the script (limit {limit_s} s)"
        raise GuestFailed("\n".join([f"{what}; the console's last lines:", *console[-40:]]))
    return console


def _in_host_root(script: Path) -> str:
    """The shell command that runs the script in the host's root.

    ``tools`` comes last on the path and the working folder is left out of it, so that the
    project under test is the installed one.
    """
    python = [sys.executable, "-u", "-c", RUN, str(script.resolve()), str(_ROOT)]
    return shlex.join(["chroot", "/host", "/usr/bin/env", *ENVIRONMENT, *python])


def _only(tree: Path, pattern: str) -> Path:
    [path] = (path for path in tree.rglob(pattern) if path.is_file())
    return path
