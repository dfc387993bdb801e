"""Generated modules: access against struct over mmap slices, import against json.load, opening
against YAML, and what generating costs."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import resource
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

from tools.bench.timing import Ratio, report, time_statements

_ROUNDS = 7
# Imports are measured as users have them: from cached bytecode.
_ENVIRONMENT = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run() -> None:
    """Print every ratio beside its target."""
    report("access through a generated module, against struct over mmap slices", access())
    report("import of a generated package, against json.load of the same description", imports())
    report(
        "opening a board, generated against YAML (seconds; the inverse of the ratio is the gain)",
        opening(),
    )
    generating()


def access() -> list[Ratio]:
    """One process, one page of shared memory, both ways interleaved."""
    from regmap.generated import rpi1_rev2  # noqa: PLC0415  (other topics do not need it)

    file = os.memfd_create("bench")
    os.ftruncate(file, mmap.PAGESIZE)
    memory = mmap.mmap(file, mmap.PAGESIZE)
    pi: Any = rpi1_rev2.open(backend=f"file:/proc/self/fd/{file}@0x20200000")
    struct_way = {"mm": memory, "pack": struct.pack, "unpack": struct.unpack, "n": 17}
    ours = {"gpio": pi.GPIO, "n": 17, "pin": pi.pin[17]}
    read = "unpack('<L', mm[4:8])[0]"
    # GPLEV0 has no enum, GPFSEL1 has one; both are mapped in the same page.
    pairs = {
        "register read": ("gpio.GPFSEL1.raw", read, 0.3),
        "register write": ("gpio.GPFSEL1 = 5", "mm[4:8] = pack('<L', 5)", 0.35),
        "field read": ("gpio.GPLEV0.LEV17", f"({read} >> 17) & 1", 0.17),
        "field write": (
            "gpio.GPFSEL1.FSEL17 = 1",
            f"mm[4:8] = pack('<L', {read} & ~(7 << 21) | 1 << 21)",
            0.1,
        ),
        "pin set": ("gpio.GPSET0 = 1 << n", "mm[28:32] = pack('<L', 1 << n)", 0.35),
        "pin set by name": ("pin.set()", "mm[28:32] = pack('<L', 1 << n)", None),
    }
    cases: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, (mine, theirs, _) in pairs.items():
        cases[f"{name}, ours"] = mine, ours
        cases[f"{name}, struct"] = theirs, struct_way
    cases["enum"] = "gpio.GPFSEL1.FSEL17", ours
    spent = time_statements(cases)
    lines = [
        Ratio(
            what=name,
            ours=spent[f"{name}, ours"],
            theirs=spent[f"{name}, struct"],
            unit="ns",
            target=target,
        )
        for name, (_, _, target) in pairs.items()
    ]
    lines.append(
        Ratio(
            what="field with an enum, against one without",
            ours=spent["enum"],
            theirs=spent["field read, ours"],
            unit="ns",
            target=1.5,
        )
    )
    pi.close()
    return lines


def _chip(folder: Path, blocks: int) -> Path:
    """A board of ``blocks`` blocks of 50 registers of 4 fields each, as YAML."""
    instances = []
    for block in range(blocks):
        registers = "\n".join(
            f"  R{number}: {{offset: {4 * number:#x}, reset: {number}, fields: {{"
            f"A{block}: {{bits: 0}}, B: {{bits: '7:4'}}, C: {{bits: '15:8'}}, "
            f"D: {{bits: '31:16'}}}}}}"
            for number in range(50)
        )
        name = f"b{block}"
        (folder / f"{name}.yaml").write_text(
            f"regmap: 1\nblock: {name}\nregisters:\n{registers}\n", encoding="utf-8"
        )
        instances.append(f"  I{block}: {{block: {name}, base: {block * 0x1000:#x}}}")
    board = folder / "bench.yaml"
    lines = "\n".join(instances)
    board.write_text(f"regmap: 1\nboard: bench\ninstances:\n{lines}\n", encoding="utf-8")
    return board


def _python(code: str, folder: Path) -> Any:
    """What a fresh interpreter prints as JSON; its imports are cached by a run before."""
    best: list[float] | None = None
    for _ in range(_ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=folder,
            env=_ENVIRONMENT,
            check=True,
            capture_output=True,
            text=True,
        )
        numbers = json.loads(done.stdout)
        best = numbers if best is None else [min(pair) for pair in zip(best, numbers, strict=True)]
    return best


_IMPORT = """
    import json, os, sys, time
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import regmap.live.generated
    sys.path.insert(0, ".")
    before = resident()
    start = time.perf_counter()
    import bench
    imported = time.perf_counter() - start
    grown = resident() - before
    class Bus:
        def read(self, address, width): return 0
        def write(self, address, width, value): pass
        def close(self): pass
    device = bench.open(Bus())
    start = time.perf_counter()
    device.I7.R3.raw
    first = time.perf_counter() - start
    print(json.dumps([imported, first, grown]))
"""
_JSON = """
    import json, time
    start = time.perf_counter()
    with open("bench.json") as file:
        json.load(file)
    print(json.dumps([time.perf_counter() - start]))
"""


def imports() -> list[Ratio]:
    """Fresh interpreters, the minimum of several."""
    lines = []
    for registers, target in ((10_000, 0.05), (60_000, 0.01)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            board = _chip(folder, registers // 50)
            _regmap("generate", str(board), "-o", name)
            flat = _regmap("export", str(board))
            document = [json.loads(line) for line in flat.splitlines()]
            (folder / "bench.json").write_text(json.dumps(document), encoding="utf-8")
            imported, first, grown = _python(_IMPORT, folder)
            (loaded,) = _python(_JSON, folder)
        count = f"{registers:,} registers"
        lines += [
            Ratio(what=f"{count}: import", ours=imported, theirs=loaded, unit="s", target=target),
            Ratio(
                what=f"{count}: first access, of 1 ms", ours=first, theirs=1e-3, unit="s", target=1
            ),
            Ratio(
                what=f"{count}: memory, of 2 MiB",
                ours=grown,
                theirs=2 << 20,
                unit="bytes",
                target=1,
            ),
        ]
    return lines


def _regmap(*arguments: str) -> str:
    command = [sys.executable, "-m", "regmap", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# Both sides have the package's own modules loaded, so that what is timed is the description.
_OPEN_GENERATED = """
    import json, time
    import regmap.api, regmap.backends.mapped, regmap.live.build, regmap.live.generated
    start = time.perf_counter()
    from regmap.generated import rpi1_rev2
    imported = time.perf_counter()
    rpi1_rev2.open(backend="anon:").close()
    print(json.dumps([time.perf_counter() - imported, time.perf_counter() - start]))
"""
_OPEN_YAML = """
    import json, time
    import regmap.api, regmap.backends.mapped, regmap.live.build, regmap.loaders.yaml
    start = time.perf_counter()
    regmap.open("rpi1-rev2", backend="anon:").close()
    print(json.dumps([time.perf_counter() - start]))
"""


def opening() -> list[Ratio]:
    """What it takes until a board can be used."""
    here = Path.cwd()
    opened, with_import = _python(_OPEN_GENERATED, here)
    (loaded,) = _python(_OPEN_YAML, here)
    return [
        Ratio(what="open", ours=opened, theirs=loaded, unit="s", target=0.02),
        Ratio(what="import and open", ours=with_import, theirs=loaded, unit="s", target=0.02),
    ]


def generating() -> None:
    """Generating 10,000 registers: seconds and peak memory of the whole process."""
    with tempfile.TemporaryDirectory() as name:
        board = _chip(Path(name), 200)
        start = time.perf_counter()
        with contextlib.suppress(subprocess.CalledProcessError):
            _regmap("generate", str(board), "-o", name)
        spent = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"generating 10,000 registers: {spent:.1f} s (target 10), {peak:.0f} MiB (target 500)")
