"""Run the topics named on the command line; ``svd`` takes files after it."""

from __future__ import annotations

import argparse
import importlib
import sys

TOPICS = ("generate", "svd", "daemon")
# What takes files after its name.
WITH_FILES = ("svd",)


def main() -> int:
    """Run each topic and print its ratios."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("topic", nargs="+", help=f"{', '.join(TOPICS)}; or a file for the last")
    work: list[tuple[str, list[str]]] = []
    for word in parser.parse_args().topic:
        if word in TOPICS:
            work.append((word, []))
        elif work and work[-1][0] in WITH_FILES:
            work[-1][1].append(word)
        else:
            parser.error(f"no topic {word!r}; there is {', '.join(TOPICS)}")
    for topic, files in work:
        run = importlib.import_module(f"tools.bench.{topic}").run
        run(files) if files else run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
