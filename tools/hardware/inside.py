"""The half that runs in the guest: steps done between marks, results as JSON lines.

Standard library only, and nothing of the project: what is tested must not test itself. A mark is
one 8-bit store through a memoryview's item, which the trace shows as one transaction.
"""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path

__all__ = ["PREFIX", "Bench", "pci_device", "pci_region", "report"]

PREFIX = "@@ "  # starts each line that is for the host


def report(name: str, **values: object) -> None:
    """Send one record to the host."""
    print(PREFIX + json.dumps({"name": name, **values}), flush=True)


def pci_device(vendor: int, device: int) -> Path:
    """The sysfs folder of a PCI device, enabled. Raises LookupError."""
    for folder in sorted(Path("/sys/bus/pci/devices").iterdir()):
        ids = ((folder / name).read_text().strip() for name in ("vendor", "device"))
        if [int(text, 16) for text in ids] == [vendor, device]:
            (folder / "enable").write_text("1")
            return folder
    raise LookupError(f"no PCI device {vendor:04x}:{device:04x}")


def pci_region(folder: Path, bar: int) -> tuple[int, int]:
    """Address and size in bytes of a PCI device's memory region."""
    first, last, _ = (folder / "resource").read_text().splitlines()[bar].split()
    return int(first, 16), int(last, 16) - int(first, 16) + 1


class Bench:
    """Runs statements, each in a bracket of two marks at ``offset`` of a file's mapping.

    The mapping is one page from ``start`` of the file on.
    """

    def __init__(
        self, file: Path, offset: int, names: dict[str, object], *, start: int = 0
    ) -> None:
        handle = os.open(file, os.O_RDWR | os.O_SYNC)
        try:
            self._marks = memoryview(mmap.mmap(handle, mmap.PAGESIZE, offset=start))
        finally:
            os.close(handle)
        self._offset = offset
        self._names = names
        self._done = 0

    def step(self, statement: str) -> bool:
        """Run an expression or statement of Python in a bracket; report what it gave or raised.

        Returns whether it raised nothing. It is compiled before the bracket opens.
        """
        try:
            code = compile(statement, "<step>", "eval")
        except SyntaxError:
            code = compile(statement, "<step>", "exec")
        number = self._done
        result: object = None
        error: dict[str, str] | None = None
        self._marks[self._offset] = 2 * number % 256
        try:
            result = eval(code, self._names)  # noqa: S307 - the job's own statements
        except Exception as caught:  # noqa: BLE001 - the host judges
            error = {"type": type(caught).__name__, "text": str(caught)}
        self._marks[self._offset] = (2 * number + 1) % 256
        self._done += 1
        report(statement, bracket=number, result=_plain(result), error=error)
        return error is None


def _plain(result: object) -> object:
    """What JSON can carry: an int subclass (an enum member, a snapshot) as its number."""
    if isinstance(result, int) and not isinstance(result, bool):
        return int(result)
    if result is None or isinstance(result, bool | float | list | dict):
        return result
    return str(result)
