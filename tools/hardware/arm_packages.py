"""What an arm64 guest is made of: Debian's kernel and Python, third-party packages, headers.

Debian's come through an apt with a state of its own, in the cache: nothing of another architecture
becomes known to this machine's dpkg, and nothing is installed.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.hardware import debian

__all__ = [
    "METAPACKAGE",
    "PYTHON",
    "ROOT",
    "VERSION",
    "headers",
    "kernel",
    "requirements",
    "system",
]

ROOT = Path(__file__).resolve().parents[2]  # of the checkout
VERSION = (3, 11)  # of bookworm's Python
PYTHON = "python3.11"

METAPACKAGE = "linux-image-arm64"  # the kernel's
_ARCHITECTURE = "arm64"
_SYSTEM = (
    *(f"{PYTHON}-minimal", f"lib{PYTHON}-minimal", f"lib{PYTHON}-stdlib"),
    *("busybox-static", "libc6", "libexpat1", "libffi8", "libgcc-s1", "liblzma5", "zlib1g"),
)
_KERNEL = (
    "*/boot/vmlinuz-*",
    "*/boot/config-*",
    "*/modules.builtin",
    "*/kernel/drivers/uio/*.ko*",
    "*/broadcom/bcm2837-rpi-3-b.dtb",
)
_REQUIRED = ("pyyaml", "gpiod")  # those of the project's that a guest comes to
_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")


@cache
def kernel() -> Path:
    """A folder with the kernel, its modules for UIO and the device tree of a Raspberry Pi 3."""

    def unpack(apt: Sequence[str]) -> Path:
        package = debian.resolve(METAPACKAGE, "linux-image-", apt)
        return debian.unpacked(package, _KERNEL, apt)

    return _with_apt(unpack)


@cache
def system() -> Path:
    """A root file system with Python and busybox. Raises Unavailable."""
    return _with_apt(lambda apt: debian.unpacked(_SYSTEM, (".",), apt))


@cache
def headers() -> Path:
    """The folder of header files that has Python's. Raises Unavailable."""
    package = f"lib{PYTHON}-dev"
    found = _with_apt(lambda apt: debian.unpacked(package, ("*/usr/include/*",), apt))
    return found / "usr" / "include"


@cache
def requirements() -> Path:
    """A folder with third-party packages for that Python, as pip installs them.

    Raises Unavailable.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [*project["dependencies"], *project["optional-dependencies"]["gpiod"]]
    chosen = sorted(each for each in stated if each.startswith(_REQUIRED))
    folder = debian.cache() / "-".join([_ARCHITECTURE, *chosen]).replace(">=", "_")
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch, "packages")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        command += ["--only-binary", ":all:", "--python-version", PYTHON.removeprefix("python")]
        command += [word for platform in _PLATFORMS for word in ("--platform", platform)]
        debian.run([*command, "--target", str(made), *chosen])
        made.rename(folder)
    return folder


def _with_apt(unpack: Callable[[Sequence[str]], Path]) -> Path:
    """What ``unpack`` gives with apt's options for the other architecture."""
    state = debian.cache().with_name(f"apt-{_ARCHITECTURE}")
    settings = state / "apt.conf"
    apt = ("--config-file", str(settings))
    if settings.is_file():
        try:
            return unpack(apt)
        except debian.Unavailable:
            pass  # the lists may be older than what the servers still have
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings.write_text(_settings(state))
    debian.run(["apt-get", *apt, "update"])
    return unpack(apt)


def _settings(state: Path) -> str:
    """Source: apt.conf(5)."""
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    if not sources.is_file():
        sources = Path("/etc/apt/sources.list")
    settings = {
        "APT::Architecture": _ARCHITECTURE,
        "APT::Architectures": _ARCHITECTURE,
        "APT::Sandbox::User": "root",
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
    }
    return "".join(f'{name} "{value}";\n' for name, value in settings.items())
