"""What the x86-64 guest does by every transport but /dev/mem: PCI, UIO, ports, MSRs.

Run in the guest, it executes each statement between marks. The tests import it for the lists.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import regmap
from tests.hardware.job_x86 import STORAGE, command, on_storage
from tools.hardware import inside, pc

__all__ = ["BY_MSR", "BY_PORT", "ON_EDU", "ON_INTERRUPTS"]

_SCRATCH = Path("/dev/shm")  # noqa: S108 - the guest's own, and there is no other
_DRIVER = Path("/sys/bus/pci/drivers/uio_pci_generic")
_IDS = {"EDU": "1234:11e8", "SDHCI": "1b36:0007"}
_UNPLUGGED_S = 60

ON_EDU = (
    "edu.EDU.ID.read()",
    "edu.EDU.LIVENESS.write(0x12345678)",
    "edu.EDU.LIVENESS.read()",
    "edu.EDU.FACTORIAL.write(10)",
    "edu.EDU.STATUS.wait(COMPUTING=0, timeout_s=5).COMPUTING",
    "edu.EDU.FACTORIAL.read()",
)

ON_INTERRUPTS = (
    "edu.EDU.IRQ_RAISE.write(4)",
    "edu.irq.wait(5)._asdict()",
    "edu.EDU.IRQ_STATUS.read()",
    "edu.EDU.IRQ_ACK.write(4)",
    "edu.EDU.STATUS.write(IRQ_WHEN_DONE=1)",
    "edu.EDU.FACTORIAL.write(5)",
    "edu.EDU.IRQ_STATUS.wait(lambda now: now & 1, timeout_s=5, irq=True)",
    "edu.EDU.FACTORIAL.raw",
    "edu.EDU.IRQ_ACK.write(1)",
    "asyncio.run(raised(edu))._asdict()",
)

BY_PORT = (
    "ports.RTC.REGISTER_D.read()",
    "ports.RTC.REGISTER_B.DM",
    "ports.PCI.CONFIG_ADDRESS.write(ENABLE=1, BUS=0, DEVICE=5, FUNCTION=0, REGISTER=0)",
    "ports.PCI.CONFIG_DATA.read()",
    "ports.backend.read(0xCFC, 16)",
    "ports.backend.read(0xCFE, 8)",
    "ports.backend.read(0xCFC, 64)",
    "ports.backend.read(0xCFD, 16)",
    "in_thread(lambda: ports.RTC.REGISTER_D.read())",
)

BY_MSR = (
    "command('peek', '0xd8', '--width', '64', '--backend', 'msr:0', '--json')",
    "command('peek', '0xd8', '--width', '32', '--backend', 'msr:0')",
    "command('peek', '0', '--width', '32', '--backend', 'pciconf:1234:11e8', '--json')",
    "command('peek', '0', '--width', '64', '--backend', 'pciconf:1234:11e8')",
)


class Several:
    """Devices of one instance each, as one: a PCI device is a backend of its own."""

    def __init__(self, devices: dict[str, Any]) -> None:
        self.__dict__.update({name: getattr(device, name) for name, device in devices.items()})

    def __getitem__(self, path: str) -> Any:
        name, _, rest = path.partition(".")
        return self.__dict__[name][rest]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def storage(uris: dict[str, str]) -> Several:
    """The two devices that hold storage, each on its own transport."""
    maps = Path(__file__).with_name("maps")
    return Several(
        {
            name: regmap.open(maps / f"{name.lower()}.yaml", backend=uri)
            for name, uri in uris.items()
        }
    )


def bind(ids: str) -> str:
    """Give a PCI device to uio_pci_generic; the number of the UIO device."""
    before = set(os.listdir("/sys/class/uio"))
    (_DRIVER / "new_id").write_text(ids.replace(":", " "))
    [made] = set(os.listdir("/sys/class/uio")) - before
    return made.removeprefix("uio")


def in_thread(act: Any) -> object:
    """What a call gives in a thread of its own, to which the kernel grants ports anew."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as pool:
        return pool.submit(act).result()


async def raised(edu: Any) -> Any:
    """An interrupt that is raised while a task waits for it."""
    import asyncio

    waiting = asyncio.create_task(edu.irq.wait_async(5))
    await asyncio.sleep(0)
    edu.EDU.IRQ_RAISE.write(2)
    seen = await waiting
    edu.EDU.IRQ_ACK.write(2)
    return seen


def until_silent(victim: Any, until: float) -> int:
    """Reads until one fails, and raises what that raised."""
    value = 0
    while time.monotonic() < until:
        value = victim.SDHCI.ARGUMENT.raw
    return value


def gone(runner: inside.Bench, names: dict[str, Any]) -> None:
    """A device that is taken away while it is mapped: a fault is an exception."""
    shutil.copy(Path(__file__).with_name("maps") / "sdhci.yaml", _SCRATCH)
    victim = inside.pci_device(0x8086, 0x100E)
    names["victim"] = regmap.open(_SCRATCH / "sdhci.yaml", backend=f"pci:{victim.name}/0")
    runner.step("victim.SDHCI.ARGUMENT.read()")
    inside.report("unplug")
    until = time.monotonic() + _UNPLUGGED_S
    while victim.exists() and time.monotonic() < until:
        time.sleep(0.01)
    inside.report("unplugged", result=not victim.exists())
    # The kernel lets go of the device before it ejects it; until then it answers.
    names["until_silent"] = lambda: until_silent(names["victim"], until)
    runner.step("until_silent()")
    runner.step("victim.SDHCI.ARGUMENT.modify(HIGH=1)")
    runner.step("victim.SDHCI.ARGUMENT.write(1)")
    runner.step("'alive'")


def main() -> None:
    """Every statement."""
    import asyncio

    marks = inside.pci_device(0x1B36, 0x0005) / "resource0"
    for vendor, device in ((0x1234, 0x11E8), (0x1B36, 0x0007)):
        inside.report(
            f"{vendor:04x}", address=inside.pci_region(inside.pci_device(vendor, device), 0)[0]
        )
    names: dict[str, Any] = {
        "asyncio": asyncio, "command": command, "in_thread": in_thread, "raised": raised,
        "pci": storage({name: f"pci:{ids}/0" for name, ids in _IDS.items()}),
        "ports": regmap.open("pc-ports", backend="port:"),
        "edu": regmap.open("edu", backend="pci:1234:11e8/0"),
    }  # fmt: skip
    runner = inside.Bench(marks, pc.MARK_OFFSET, names)
    for statement in (*ON_EDU, *BY_PORT, *BY_MSR):
        runner.step(statement)
    for at in STORAGE:
        for statement, _ in on_storage(at, "pci"):
            runner.step(statement)
    numbers = {name: bind(ids) for name, ids in _IDS.items()}
    names["uio"] = storage({name: f"uio:{number}" for name, number in numbers.items()})
    names["edu"] = regmap.open("edu", backend=f"uio:{numbers['EDU']}")
    for statement in ON_INTERRUPTS:
        runner.step(statement)
    for at in STORAGE:
        for statement, _ in on_storage(at, "uio"):
            runner.step(statement)
    gone(runner, names)


if __name__ == "__main__":
    main()
