"""The archive that a guest starts from: a cpio (newc) file and the script that is its /init."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Entry", "archive", "host_root", "init_script", "own_root"]

_MOUNT_HOST = """\
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host
for folder in proc sys dev; do mount -o rbind /$folder /host/$folder; done"""


@dataclass(frozen=True)
class Entry:
    """One file, folder or device node of the archive."""

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def archive(entries: Iterable[Entry]) -> bytes:
    """The entries as a newc archive; folders on the way to each are added.

    Format: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
    """
    everything: dict[str, Entry] = {}
    for entry in entries:
        path = PurePosixPath(entry.path.strip("/"))
        for parent in reversed(path.parents[:-1]):
            everything.setdefault(str(parent), Entry(str(parent), stat.S_IFDIR | 0o755))
        everything[str(path)] = entry
    everything["TRAILER!!!"] = Entry("TRAILER!!!", 0)
    out = bytearray()
    for number, (name, entry) in enumerate(everything.items(), start=1):
        encoded = name.encode() + b"\0"
        size = len(entry.data)
        fields = (number, entry.mode, 0, 0, 1, 0, size, 0, 0, *entry.device, len(encoded), 0)
        out += b"070701" + "".join(f"{field:08X}" for field in fields).encode() + encoded
        out += bytes(-len(out) % 4)
        out += entry.data
        out += bytes(-len(out) % 4)
    return bytes(out)


def host_root(busybox: bytes, modules: Mapping[str, bytes], run: str) -> bytes:
    """An archive whose /init runs a shell command in the host's root, mounted over 9p.

    The host's /tmp stays visible, since a checkout may lie there; /dev/shm is the guest's own.
    """
    folder = Entry("host", stat.S_IFDIR | 0o755)
    program = Entry("bin/busybox", stat.S_IFREG | 0o755, busybox)
    return own_root([folder, program], modules, f"{_MOUNT_HOST}\n{run}")


def own_root(files: Iterable[Entry], modules: Mapping[str, bytes], run: str) -> bytes:
    """An archive of these files, among them ``bin/busybox``, whose /init runs a shell command."""
    return archive(
        [
            *files,
            *(Entry(name, stat.S_IFDIR | 0o755) for name in ("proc", "sys", "dev", "tmp")),
            Entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
            Entry("dev/null", stat.S_IFCHR | 0o666, device=(1, 3)),
            *(Entry(f"modules/{name}.ko", stat.S_IFREG | 0o644, modules[name]) for name in modules),
            Entry("init", stat.S_IFREG | 0o755, init_script(list(modules), run).encode()),
        ]
    )


def init_script(modules: Sequence[str], run: str) -> str:
    """The shell script: mounts, modules, the command, its exit status on the console, power off."""
    loads = "\n".join(f"insmod /modules/{name}.ko || echo cannot load {name}" for name in modules)
    return f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir /dev/shm
mount -t tmpfs shm /dev/shm
{loads}
{run}
echo "JOB-EXIT $?"
poweroff -f
"""
