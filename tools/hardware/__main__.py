"""``python -m tools.hardware``: what a guest needs, then the tests that boot one."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.hardware import arm, debian, guest, pc

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the hardware tests; pytest's exit status, or 0 where they cannot run here."""
    parser = argparse.ArgumentParser(prog="python -m tools.hardware", description=__doc__)
    parser.add_argument(
        "--install",
        action="store_true",
        help="install QEMU and a cross compiler with apt-get first (needs root)",
    )
    parser.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    options = parser.parse_args(arguments)
    if options.install:
        try:
            debian.install(sorted({pc.GUEST.package, *arm.NEEDED}))
        except debian.Unavailable as reason:
            print(f"SKIP hardware tests: {reason}", flush=True)
            return 0
    missing: dict[str, debian.Unavailable] = {}
    for name, fetch in (("x86-64", _fetch_pc), ("arm64", arm.require)):
        try:
            fetch()
        except debian.Unavailable as reason:
            missing[name] = reason
    if len(missing) == 2:
        reasons = "; ".join(str(reason) for reason in missing.values())
        print(f"SKIP hardware tests: {reasons}", flush=True)
        return 0
    for name, why in missing.items():
        print(f"SKIP tests in {name} guests: {why}", flush=True)
    command = [sys.executable, "-m", "pytest", "-m", "hardware", "tests/hardware", *options.pytest]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode


def _fetch_pc() -> None:
    pc.require()
    guest.files(pc.GUEST)


if __name__ == "__main__":
    sys.exit(main())
