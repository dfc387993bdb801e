"""What this machine says about itself in /proc, /sys, /boot and /dev; no access to any bus.

Everything is read below ``root``, so that a test hands in a tree of its own. A file that is
missing or that may not be read counts as "not stated", never as an error: the answers here only
feed explanations and ``regmap doctor``.
"""

from __future__ import annotations

import gzip
import itertools
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Machine", "Matching", "Region", "is_gone", "owners", "parse_regions", "recognises"]

# No file of interest comes near 4 MiB.
_PIECE = 1 << 16
_PIECES = 64
_REGION = re.compile(r"( *)([0-9a-fA-F]+)-([0-9a-fA-F]+) : (.*)")
# Bits 24 and up of a Raspberry Pi's revision tell of warranty, overvoltage and OTP, not the model.
_MODEL_BITS = 0xFF_FFFF


class Matching(Protocol):
    """How to recognise a machine: any one value of any one kind is enough."""

    @property
    def cpuinfo_revision(self) -> tuple[int, ...]:
        """Revision codes of /proc/cpuinfo."""

    @property
    def compatible(self) -> tuple[str, ...]:
        """Names of the device tree's root."""

    @property
    def architecture(self) -> tuple[str, ...]:
        """Names as uname gives them."""


@dataclass(frozen=True, slots=True)
class Region:
    """One line of /proc/iomem or /proc/ioports with what lies inside it; ``end`` is the last
    address, inside."""

    start: int
    end: int
    name: str
    inner: tuple[Region, ...] = ()

    @property
    def hidden(self) -> bool:
        """The kernel shows a user without CAP_SYS_ADMIN names, but 0 for each address."""
        return self.start == 0 and self.end == 0

    def walk(self) -> Iterator[Region]:
        """This region and all within it, in the order of the file."""
        yield self
        for region in self.inner:
            yield from region.walk()


def parse_regions(text: str) -> tuple[Region, ...]:
    """The tree that /proc/iomem or /proc/ioports shows by indentation."""
    lines = [found for line in text.splitlines() if (found := _REGION.fullmatch(line))]

    def inside(at: int, depth: int) -> tuple[tuple[Region, ...], int]:
        regions = []
        while at < len(lines) and len(lines[at][1]) >= depth:
            line = lines[at]
            inner, at = inside(at + 1, len(line[1]) + 1)
            regions.append(Region(int(line[2], 16), int(line[3], 16), line[4], inner))
        return tuple(regions), at

    return inside(0, 0)[0]


def owners(regions: Iterable[Region], address: int, size: int) -> tuple[Region, ...]:
    """The innermost regions that share bytes with ``size`` bytes at ``address``."""
    found: list[Region] = []
    for region in regions:
        if not region.hidden and region.start < address + size and address <= region.end:
            found += owners(region.inner, address, size) or (region,)
    return tuple(found)


def is_gone(folder: Path) -> bool:
    """Whether a device was removed: the kernel then takes its folder in sysfs away. One that may
    not be looked at is not gone; a daemon that has given up its rights sees no files."""
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine whose files lie below ``root``."""

    root: Path = Path("/")

    def path(self, name: str) -> Path:
        """Where the file lies that is ``name`` on the machine, such as ``/dev/mem``."""
        return self.root / name.lstrip("/")

    def exists(self, name: str) -> bool:
        """Whether there is such a file; this user need not be able to open it."""
        return os.path.lexists(self.path(name))

    def data(self, name: str) -> bytes:
        """A file's first 4 MiB, empty where it is missing or may not be read."""
        try:
            with self.path(name).open("rb", buffering=0) as file:
                # In pieces: /proc/sys answers a read of 4 MiB and more with ENOMEM.
                return b"".join(itertools.islice(iter(lambda: file.read(_PIECE), b""), _PIECES))
        except OSError:
            return b""

    def text(self, name: str) -> str:
        """A file as text without the NULs and line ends that close it."""
        return self.data(name).decode("utf-8", "replace").rstrip("\0\n")

    # The kernel

    def kernel(self) -> str:
        """The kernel's release."""
        return self.text("/proc/sys/kernel/osrelease")

    def architecture(self) -> str:
        """The kernel's name for the CPU, such as ``x86_64`` or ``aarch64``."""
        # Kernels before 6.1 do not state it in /proc.
        stated = self.text("/proc/sys/kernel/arch")
        return stated or (os.uname().machine if self.root == Path("/") else "")

    def config(self, option: str) -> str:
        """A build option of the kernel: ``y``, ``m``, ``n`` (not set), "" where nothing tells."""
        text = self.text(f"/boot/config-{self.kernel()}")
        if not text:
            try:
                text = gzip.decompress(self.data("/proc/config.gz")).decode("utf-8", "replace")
            except (OSError, EOFError, zlib.error):
                text = ""
        found = re.search(rf"^{re.escape(option)}=(.*)$", text, re.MULTILINE)
        if found:
            return found[1].strip('"')
        return "n" if text else ""

    def booted_with(self, word: str) -> bool:
        """Whether the kernel's command line has this word."""
        return word in self.text("/proc/cmdline").split()

    def lockdown(self) -> str:
        """``none``, ``integrity`` or ``confidentiality``; "" on a kernel without lockdown."""
        found = re.search(r"\[(\w+)\]", self.text("/sys/kernel/security/lockdown"))
        return found[1] if found else ""

    def container(self) -> bool:
        """Whether this looks like the inside of a container."""
        marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
        return any(self.exists(mark) for mark in marks)

    def regions(self, space: str) -> tuple[Region, ...]:
        """The tree of /proc/iomem or /proc/ioports; ``space`` is the file's name."""
        return parse_regions(self.text(f"/proc/{space}"))

    # Which machine it is

    def model(self) -> str:
        """What a person calls this machine; "" where nothing tells."""
        return self.text("/proc/device-tree/model") or self.text("/sys/class/dmi/id/product_name")

    def revision(self) -> int | None:
        """The board's revision in /proc/cpuinfo, which only a Raspberry Pi states; without the
        bits above 23, which do not belong to the model."""
        stated = re.search(
            r"^Revision\s*: *([0-9a-fA-F]+)$", self.text("/proc/cpuinfo"), re.MULTILINE
        )
        return int(stated[1], 16) & _MODEL_BITS if stated else None

    def compatible(self) -> tuple[str, ...]:
        """The device tree's names for this machine, the most exact first."""
        return tuple(filter(None, self.text("/proc/device-tree/compatible").split("\0")))

    def matches(self, match: Matching | None) -> tuple[int, str] | None:
        """How this machine shows to be one that ``match`` describes; None when it does not.

        The text says it and the number ranks it, the smallest first: the board's revision, the
        device tree's names from the most exact on, the architecture.
        """
        if match is None:
            return None
        revision = self.revision()
        if revision is not None and revision in {r & _MODEL_BITS for r in match.cpuinfo_revision}:
            return 0, f"revision {revision:#x} in /proc/cpuinfo"
        names = self.compatible()
        for rank, name in enumerate(names, start=1):
            if name in match.compatible:
                return rank, f"{name!r} in the device tree"
        if self.architecture() in match.architecture:
            return 1 + len(names), f"the architecture {self.architecture()}"
        return None


def recognises(match: Matching | None, machine: Machine | None = None) -> bool:
    """Whether ``match`` describes ``machine``, by default the one that this runs on."""
    return (machine or Machine()).matches(match) is not None
