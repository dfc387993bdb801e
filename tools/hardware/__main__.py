"""``python -m tools.hardware``: what a guest needs, then the tests that boot one."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.hardware import debian, guest, pc

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_GUESTS = (pc.GUEST,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the hardware tests; pytest's exit status, or 0 where they cannot run here."""
    parser = argparse.ArgumentParser(prog="python -m tools.hardware", description=__doc__)
    parser.add_argument(
        "--install", action="store_true", help="install QEMU with apt-get first (needs root)"
    )
    parser.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    options = parser.parse_args(arguments)
    try:
        if options.install:
            debian.install(sorted({each.package for each in _GUESTS}))
        pc.require()
        for each in _GUESTS:
            guest.files(each)
    except debian.Unavailable as reason:
        print(f"SKIP hardware tests: {reason}", flush=True)
        return 0
    command = [sys.executable, "-m", "pytest", "-m", "hardware", "tests/hardware", *options.pytest]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
