"""SVD files: the whole model, and opening with one register read, against lxml's own parse of the
same bytes and against cmsis-svd; the second opening, peak memory, and growth with instances.

All cases of one file run in turn in one process, and the least of each is taken, in time of the
CPU: other processes on the machine would count in that of the clock. The yardstick of a second
opening is 5 ms, that of memory 400 MB.
"""

from __future__ import annotations

import contextlib
import gc
import io
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

import regmap
from regmap import loaders
from regmap.layout.lower import lay_out
from regmap.layout.rows import rows
from tools.bench.timing import Ratio, report

__all__ = ["run"]

_FILES = Path(__file__).parents[3] / "shared" / "svd"
_ROUNDS = 7
_MOST_ROUNDS = 40
_SLOW_ROUNDS = 2
_SECOND_MS = 5.0
_MOST_MB = 400.0
# Imports are measured as users have them: from cached bytecode.
_ENVIRONMENT = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
# A device as the largest of vendors' files are: 45,000 registers with 228,000 fields.
_INSTANCES = 200
_REGISTERS = 225


class _Memory:
    """A backend of which every word is 0."""

    def read(self, address: int, width: int) -> int:
        """One word."""
        del address, width
        return 0

    def write(self, address: int, width: int, value: int) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""


def run(files: Sequence[str] = ()) -> None:
    """Print the ratios of each file (by default the sample files), then those of made ones."""
    found = [Path(file) for file in files] or sorted(_FILES.glob("*.svd"))
    for file in found:
        report(f"{file.name}, {file.stat().st_size / 1e6:.2f} MB", of_file(file))
    if files:
        return
    with tempfile.TemporaryDirectory() as folder:
        large = synthetic(Path(folder) / "large.svd", _INSTANCES)
        megabytes = large.stat().st_size / 1e6
        title = f"{_INSTANCES * _REGISTERS:,} registers made for this, {megabytes:.0f} MB"
        report(title, of_file(large, with_package=False))
        report("growth with instances (the exponent against 1)", growth(Path(folder)))


def of_file(file: Path, *, with_package: bool = True) -> list[Ratio]:
    """The ratios of one file."""
    data = file.read_bytes()
    path = _some_register(file)
    with tempfile.TemporaryDirectory() as folder:
        _read_one(file, path, folder)
        cases: dict[str, Callable[[], object]] = {
            "lxml": lambda: etree.fromstring(data, etree.XMLParser(huge_tree=True)),
            "whole": lambda: loaders.read(file),
            "open": lambda: _read_one(file, path, "off"),
            "again": lambda: _open(file, folder),
            "again, read": lambda: _read_one(file, path, folder),
        }
        # Short cases are told apart from noise by more rounds.
        spent = _timed(cases, max(_ROUNDS, min(_MOST_ROUNDS, 10_000_000 // len(data))))
        lines = [
            Ratio(what="whole model, against lxml", ours=spent["whole"], theirs=spent["lxml"],
                  unit="ms", target=10),
            Ratio(what="open and read a register, against lxml", ours=spent["open"],
                  theirs=spent["lxml"], unit="ms", target=2.5),
            Ratio(what="second opening, against 5 ms", ours=spent["again"], theirs=_SECOND_MS,
                  unit="ms", target=1),
            Ratio(what="second opening with the read, against 5 ms", ours=spent["again, read"],
                  theirs=_SECOND_MS, unit="ms"),
        ]  # fmt: skip
    if with_package:
        package = _timed({"package": lambda: _package(file), "whole": cases["whole"]}, _SLOW_ROUNDS)
        lines.append(
            Ratio(what="whole model, against cmsis-svd", ours=package["whole"],
                  theirs=package["package"], unit="ms", target=0.1)
        )  # fmt: skip
    mega = _peak_mb(file)
    lines.append(
        Ratio(what="peak memory of a process that loads all, against 400 MB", ours=mega,
              theirs=_MOST_MB, unit="MB", target=1)
    )  # fmt: skip
    return lines


def growth(folder: Path) -> list[Ratio]:
    """How times grow with the number of instances: the exponent fitted over four sizes."""
    sizes = [_INSTANCES >> shift for shift in (3, 2, 1, 0)]
    files = {size: synthetic(folder / f"growth{size}.svd", size) for size in sizes}
    cases: dict[str, Callable[[], object]] = {}
    for size, file in files.items():
        path = _some_register(file)
        cases[f"whole {size}"] = lambda file=file: loaders.read(file)  # type: ignore[misc]
        cases[f"open {size}"] = lambda file=file, path=path: _read_one(file, path, "off")  # type: ignore[misc]
    spent = _timed(cases, _SLOW_ROUNDS + 1)
    return [
        Ratio(what=what, ours=_exponent({size: spent[f"{what} {size}"] for size in sizes}),
              theirs=1.0, unit="", target=1.15)
        for what in ("whole", "open")
    ]  # fmt: skip


def synthetic(file: Path, instances: int) -> Path:
    """A device file of so many instances of 225 registers with 1,140 fields each.

    As in large files of vendors, two in five peripherals are written out and the others derived,
    and a fifth of the fields name their values.
    """
    written = max(instances * 2 // 5, 1)
    with file.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<device schemaVersion="1.3">\n')
        out.write("<name>MADE</name><version>1.0</version><description>Made</description>\n")
        out.write("<addressUnitBits>8</addressUnitBits><width>32</width><size>32</size>\n")
        out.write("<access>read-write</access><peripherals>\n")
        for number in range(instances):
            base = f"<baseAddress>{0x40000000 + 0x1000 * number:#x}</baseAddress>"
            if number >= written:
                out.write(f'<peripheral derivedFrom="P{number % written}"><name>P{number}</name>')
                out.write(f"{base}</peripheral>\n")
                continue
            out.write(f"<peripheral>\n  <name>P{number}</name>\n  {base}\n  <registers>\n")
            for register in range(_REGISTERS):
                out.write(_register(number, register))
            out.write("  </registers>\n</peripheral>\n")
        out.write("</peripherals>\n</device>\n")
    return file


def _register(number: int, register: int) -> str:
    count = 6 if register % 15 == 0 else 5
    fields = "".join(_field(number, register, field) for field in range(count))
    return (
        f"    <register>\n      <name>R{register}</name>\n"
        f"      <description>Register {register} of peripheral {number}</description>\n"
        f"      <addressOffset>{4 * register:#x}</addressOffset>\n"
        f"      <resetValue>{register:#x}</resetValue>\n"
        f"      <fields>\n{fields}      </fields>\n    </register>\n"
    )


def _field(number: int, register: int, field: int) -> str:
    values = ""
    if field == 2:
        values = "          <enumeratedValues>\n"
        for value in range(2):
            values += (
                f"            <enumeratedValue>\n              <name>V{value}</name>\n"
                f"              <description>Value {value} for {number}.{register}</description>\n"
                f"              <value>{value}</value>\n            </enumeratedValue>\n"
            )
        values += "          </enumeratedValues>\n"
    return (
        f"        <field>\n          <name>F{field}</name>\n"
        f"          <description>Field {field} of R{register}</description>\n"
        f"          <bitRange>[{5 * field + 4 if field < 5 else 31}:{5 * field}]</bitRange>\n"
        f"{values}        </field>\n"
    )


# ---- how it is measured ------------------------------------------------------------------------


def _timed(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of each case: the least over interleaved rounds."""
    best = dict.fromkeys(cases, math.inf)
    for _ in range(rounds):
        for name, case in cases.items():
            gc.collect()
            start = time.process_time_ns()
            made = case()
            best[name] = min(best[name], (time.process_time_ns() - start) / 1e6)
            del made
    return best


@contextlib.contextmanager
def _cache(folder: str) -> Iterator[None]:
    before = os.environ.get("REGMAP_CACHE")
    os.environ["REGMAP_CACHE"] = folder
    try:
        yield
    finally:
        del os.environ["REGMAP_CACHE"]
        if before is not None:
            os.environ["REGMAP_CACHE"] = before


def _open(file: Path, folder: str) -> Any:
    with _cache(folder):
        return regmap.open(file, _Memory())


def _read_one(file: Path, path: str, folder: str) -> Any:
    with _cache(folder):
        device = regmap.open(file, _Memory())
        return device[path].read()


def _some_register(file: Path) -> str:
    """The path of a register in the middle that may be read."""
    with _cache("off"):
        layout = lay_out(loaders.load(file))
    readable = [row.path for row in rows(layout) if not row.register.refuse_read]
    return readable[len(readable) // 2]


def _package(file: Path) -> object:
    from cmsis_svd.parser import SVDParser  # noqa: PLC0415  (slow to import, and only this needs it)

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return SVDParser.for_xml_file(str(file)).get_device()


def _peak_mb(file: Path) -> float:
    """The peak memory of a fresh process that makes the whole model of a file."""
    # Not ru_maxrss: a new process inherits that from the one that has started it.
    code = (
        "import sys; from regmap import loaders; loaded = loaders.read(sys.argv[1]);"
        "print(open('/proc/self/status').read())"
    )
    command = [sys.executable, "-c", code, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, env=_ENVIRONMENT, text=True)
    status = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    return int(status["VmHWM"].split()[0]) / 1024


def _exponent(spent: Mapping[int, float]) -> float:
    """The slope of the line through the logarithms."""
    points = [(math.log(size), math.log(time)) for size, time in spent.items()]
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    rise = sum((x - middle_x) * (y - middle_y) for x, y in points)
    return rise / sum((x - middle_x) ** 2 for x, _ in points)
