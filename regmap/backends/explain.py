"""Why the kernel refused a device, a mapping or an access, and what to do about it.

Pure functions: they take the error that came and a ``Machine`` to look things up in, and return
text that starts with the reason and ends with the remedy. Sources: linux drivers/char/mem.c,
kernel/resource.c (``iomem_is_exclusive``), security/lockdown, Documentation/admin-guide
kernel-parameters (``iomem=``).
"""

from __future__ import annotations

import errno
import stat

from regmap.backends.machine import Machine, Region, owners

__all__ = ["fault", "line", "mapping", "msr", "opening", "pci", "ports", "uio"]

_ABSENT = {errno.ENOENT, errno.ENXIO, errno.ENODEV}
_GPIOMEM_RULE = 'SUBSYSTEM=="*gpiomem*", GROUP="gpio", MODE="0660"'


def opening(error: OSError, device: str, machine: Machine) -> str:
    """Why ``device`` (its name on the machine, such as ``/dev/mem``) could not be opened."""
    if device == "/dev/mem":
        return _opening_mem(error, machine)
    if device.startswith("/dev/gpiomem"):
        return _opening_gpiomem(error, device, machine)
    if error.errno in _ABSENT:
        return f"there is no {device}; it is never created here, so make it first"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"this user may not open {device}{_owner(device, machine)}"
    return f"{device}: {_words(error)}"


def _opening_mem(error: OSError, machine: Machine) -> str:
    if error.errno in _ABSENT:
        if machine.config("CONFIG_DEVMEM") == "n":
            return (
                "there is no /dev/mem: this kernel is built without it (CONFIG_DEVMEM is not set);"
                " use another backend or a kernel that has it"
            )
        if machine.container():
            return (
                "there is no /dev/mem: this is a container; start it with --device /dev/mem"
                " --cap-add SYS_RAWIO, or run outside of it"
            )
        return (
            "there is no /dev/mem; if the kernel has CONFIG_DEVMEM, `mknod /dev/mem c 1 1` as"
            " root makes it"
        )
    if error.errno == errno.EPERM and (locked := _locked(machine)):
        return locked
    if error.errno in {errno.EACCES, errno.EPERM}:
        inside = " (a container needs --cap-add SYS_RAWIO)" if machine.container() else ""
        return (
            "only root with the capability SYS_RAWIO may open /dev/mem"
            f"{_owner('/dev/mem', machine)}; run as root, for example with sudo{inside}"
        )
    return f"/dev/mem: {_words(error)}"


def _opening_gpiomem(error: OSError, device: str, machine: Machine) -> str:
    if error.errno in _ABSENT:
        if machine.container():
            return (
                f"there is no {device}: this is a container; on a Raspberry Pi start it with"
                f" --device {device}"
            )
        return (
            f"there is no {device}: only a Raspberry Pi with the kernel of Raspberry Pi OS has it"
            " (module raspberrypi-gpiomem or bcm2835-gpiomem); use mem: as root instead"
        )
    if error.errno not in {errno.EACCES, errno.EPERM}:
        return f"{device}: {_words(error)}"
    refused = f"this user may not open {device}{_owner(device, machine)}"
    if _group_may_write(device, machine):
        group = _group(device, machine)
        return f"{refused}; join its group with `sudo usermod -aG {group} $USER`, then log in again"
    return (
        f"{refused}; give it to the group gpio with the udev rule '{_GPIOMEM_RULE}', join that"
        " group with `sudo usermod -aG gpio $USER`, then log in again"
    )


def mapping(error: OSError, device: str, address: int, size: int, machine: Machine) -> str:
    """Why ``size`` bytes at ``address`` of ``device`` could not be mapped."""
    if device != "/dev/mem":
        return f"{device} does not let itself be mapped there: {_words(error)}"
    if error.errno == errno.EINVAL:
        return (
            "the kernel takes this for no address of a device (beyond the CPU's address range, or"
            " memory that it has mapped with other caching); check the base address"
        )
    if error.errno not in {errno.EPERM, errno.EACCES}:
        return f"/dev/mem: {_words(error)}"
    return _locked(machine) or _strict(address, size, machine)


def _locked(machine: Machine) -> str:
    level = machine.lockdown()
    if level in {"", "none"}:
        return ""
    return (
        f"the kernel is locked down (/sys/kernel/security/lockdown says {level}), which closes"
        " /dev/mem even to root; switch Secure Boot off in the firmware, or take lockdown="
        f"{level} off the kernel's command line"
    )


def _strict(address: int, size: int, machine: Machine) -> str:
    regions = machine.regions("iomem")
    named = owners(regions, address, size)
    ram = [region for region in named if _is_ram(region)]
    if ram:
        return (
            f"the address is the kernel's own memory ({_listed(ram)} in /proc/iomem), which"
            f" {_option('CONFIG_STRICT_DEVMEM', machine)} keeps closed whatever the boot options;"
            " check the base address: is this the machine that the map describes?"
        )
    by = f" ({_listed(named)} in /proc/iomem)" if named else ""
    rule = (
        f"a driver of the kernel has claimed the address{by}, and"
        f" {_option('CONFIG_IO_STRICT_DEVMEM', machine)} keeps programs out of it"
    )
    if machine.booted_with("iomem=relaxed"):
        return (
            f"{rule}; iomem=relaxed is on the kernel's command line already, so it is something"
            " else: see `dmesg` for a line on /dev/mem, or a security module's log"
        )
    return (
        f"{rule}; boot with iomem=relaxed on the kernel's command line (a machine for tests, not"
        " for work), or unbind that driver first"
    )


def fault(device: str, address: int) -> str:
    """What a fault of an access that was mapped and in bounds most likely means."""
    if device == "/dev/mem" or device.startswith("/dev/gpiomem"):
        return (
            f"nothing answers at {address:#x}: the block's clock or power is off (switch it on"
            " first), the base address is another machine's, or the bus refuses this width"
        )
    return f"{device} no longer reaches {address:#x}: it was truncated after it was mapped"


def ports(error: OSError, machine: Machine) -> str:
    """Why the kernel does not let this thread use I/O ports. Source: ioperm(2)."""
    if error.errno == errno.ENOSYS:
        kind = machine.architecture() or "this CPU"
        if not kind.startswith(("x86", "i")):
            return f"{kind} has no I/O ports; only x86 has them"
        return "this kernel has no ioperm (CONFIG_X86_IOPL_IOPERM), which grants I/O ports"
    if error.errno not in {errno.EPERM, errno.EACCES}:
        return f"I/O ports: {_words(error)}"
    inside = " (a container needs --cap-add SYS_RAWIO)" if machine.container() else ""
    return _locked(machine) or (
        "only root with the capability SYS_RAWIO may use I/O ports; run as root, for example with"
        f" sudo{inside}"
    )


def msr(error: OSError, device: str, machine: Machine) -> str:
    """Why ``/dev/cpu/N/msr`` could not be opened. Source: msr(4)."""
    if error.errno in _ABSENT:
        if machine.exists("/dev/cpu"):
            return f"there is no {device}; is there such a CPU? See /dev/cpu, or `nproc`"
        return f"there is no {device}; load the driver with `modprobe msr` (x86 only)"
    if error.errno in {errno.EPERM, errno.EACCES}:
        inside = " (a container needs --cap-add SYS_RAWIO)" if machine.container() else ""
        return (
            f"only root with the capability SYS_RAWIO may open {device}{_owner(device, machine)};"
            f" run as root, for example with sudo{inside}"
        )
    return f"{device}: {_words(error)}"


def pci(error: OSError, file: str, machine: Machine) -> str:
    """Why a file of a PCI device in sysfs could not be opened. Source: linux pci-sysfs.c."""
    if error.errno in _ABSENT:
        return f"there is no {file}"
    if error.errno in {errno.EPERM, errno.EACCES}:
        rule = (
            f'; as root, or with a udev rule such as \'ACTION=="add", SUBSYSTEM=="pci",'
            f' RUN+="/bin/chgrp gpio $sys$devpath/{file.rpartition("/")[2]}"\' and chmod g+rw'
        )
        return _locked(machine) or f"this user may not open {file}{_owner(file, machine)}{rule}"
    return f"{file}: {_words(error)}"


def uio(error: OSError, device: str, machine: Machine) -> str:
    """Why ``/dev/uioN`` could not be opened. Source: linux uio-howto.rst."""
    if error.errno in _ABSENT:
        return f"there is no {device}, though /sys/class/uio has it; is udev (or mdev) running?"
    if error.errno in {errno.EPERM, errno.EACCES}:
        return (
            f"this user may not open {device}{_owner(device, machine)}; give it to a group with the"
            ' udev rule \'SUBSYSTEM=="uio", GROUP="gpio", MODE="0660"\' and join that group'
        )
    return f"{device}: {_words(error)}"


def line(error: OSError, device: str, number: int | None = None) -> str:
    """Why a gpiochip could not be opened, or a line of it not be had. Source: linux chardev.rst."""
    what = device if number is None else f"line {number} of {device}"
    if error.errno == errno.EBUSY:
        return f"{what} is in use; `gpioinfo` says by whom"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"this user may not open {device}; join its group (`ls -l {device}`), as with"
            " `sudo usermod -aG gpio $USER`, then log in again"
        )
    return f"{what}: {_words(error)}"


def _option(name: str, machine: Machine) -> str:
    stated = machine.config(name)
    return f"{name}={stated}" if stated == "y" else f"the kernel (see {name})"


def _is_ram(region: Region) -> bool:
    return region.name.startswith(("System RAM", "Kernel "))


def _listed(regions: list[Region] | tuple[Region, ...]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(region.name for region in regions))


def _words(error: OSError) -> str:
    return error.strerror or str(error)


def _owner(device: str, machine: Machine) -> str:
    try:
        found = machine.path(device).stat()
    except OSError:
        return ""
    return f" ({stat.filemode(found.st_mode)}, group {_group(device, machine)})"


def _group_may_write(device: str, machine: Machine) -> bool:
    try:
        found = machine.path(device).stat()
    except OSError:
        return False
    return found.st_gid != 0 and bool(found.st_mode & stat.S_IWGRP)


def _group(device: str, machine: Machine) -> str:
    gid = machine.path(device).stat().st_gid
    for line in machine.text("/etc/group").splitlines():
        name, _, rest = line.partition(":")
        if rest.split(":")[1:2] == [str(gid)]:
            return name
    return str(gid)
