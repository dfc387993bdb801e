"""Run the topics named on the command line."""

from __future__ import annotations

import argparse
import importlib
import sys

TOPICS = ("generate",)


def main() -> int:
    """Run each topic and print its ratios."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("topic", nargs="+", choices=TOPICS)
    for topic in parser.parse_args().topic:
        importlib.import_module(f"tools.bench.{topic}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
