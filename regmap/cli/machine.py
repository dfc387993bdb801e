"""doctor and demo: this machine, and a show."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from regmap.cli.console import Console
from regmap.cli.target import Refusal

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the commands into the tree."""
    doctor = commands.add_parser(
        "doctor",
        help="say what would work on this machine, and why the rest would not",
        description="Say what this machine is, which backend of each board would open here and "
        "why not, and which regions of /proc/iomem and /proc/ioports shipped blocks match. "
        "Opens devices, accesses no register.",
    )
    doctor.add_argument("board", nargs="*", metavar="BOARD", help="only these boards")
    doctor.add_argument("--json", action="store_true", help="answer as JSON")
    doctor.set_defaults(run=run_doctor, more="board")

    demo = commands.add_parser(
        "demo",
        help="show registers at work on the simulator",
        description="Run short demonstrations on the simulator: each line of Python with the bus "
        "traffic that it causes.",
    )
    demo.add_argument(
        "name", nargs="?", metavar="NAME", help="one demonstration (default: the tour)"
    )
    demo.add_argument("--list", action="store_true", help="list the demonstrations")
    demo.add_argument("--json", action="store_true", help="with --list: answer as JSON")
    demo.add_argument(
        "--backend", metavar="URI", help="run on this backend instead of the simulator"
    )
    demo.set_defaults(run=run_demo, more="name")


def run_doctor(arguments: argparse.Namespace, console: Console) -> int:
    """Examine and print."""
    from regmap import loaders  # noqa: PLC0415
    from regmap.backends import doctor  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415
    from regmap.model.chip import Board  # noqa: PLC0415

    boards: list[Board] = []
    for name in arguments.board or find.shipped_names("boards"):
        model = loaders.load(name)
        if not isinstance(model, Board):
            raise Refusal(f"{name} is no board; the doctor examines boards (see `regmap list`)")
        boards.append(model)
    report = doctor.examine(boards)
    if arguments.json:
        console.json(asdict(report))
        return 0
    facts = report.facts
    console.line(f"machine   {facts.model or 'not stated'} ({facts.architecture})")
    console.line(f"kernel    {facts.kernel}{', in a container' if facts.container else ''}")
    options = ", ".join(f"{name}={value or '?'}" for name, value in facts.options.items())
    console.line(f"built     {options}{', booted with iomem=relaxed' if facts.relaxed else ''}")
    console.line(f"lockdown  {facts.lockdown or 'none'}")
    console.line(f"board     {report.recognised or 'none of the shipped ones is recognised'}")
    for board in report.boards:
        console.line()
        console.line(f"{board.name}: {board.evidence or 'this machine is another'}")
        for trial in board.trials:
            works = "works" if trial.works else trial.why or "opens, but not for every block"
            console.line(f"  {trial.uri:<10} {works}")
            for block in trial.blocks:
                if block.why:
                    console.line(f"    {block.name} at {block.address:#x}: {block.why}")
    if report.located:
        console.line()
        console.table(
            ["instance", "of", "found by", "is at", "described at"],
            [
                [
                    each.instance,
                    each.board,
                    each.by,
                    ", ".join(f"{address:#x}" for address in each.addresses),
                    f"{each.described:#x}",
                ]
                for each in report.located
            ],
        )
    console.line()
    if facts.hidden:
        console.line("The kernel hides addresses from this user; as root there is more to say.")
    rows = [
        [
            f"/proc/{found.space}",
            "hidden" if found.region.hidden else f"{found.region.start:#x}-{found.region.end:#x}",
            found.region.name,
            f"{found.instance} ({found.block})",
            ", ".join(found.boards),
        ]
        for found in report.found
    ]
    if rows:
        console.table(["in", "region", "called", "would be", "of"], rows)
    else:
        console.line("No region of /proc/iomem or /proc/ioports matches a shipped block.")
    return 0


def run_demo(arguments: argparse.Namespace, console: Console) -> int:
    """Run demonstrations."""
    from regmap import demos  # noqa: PLC0415

    if arguments.json and not arguments.list:
        raise Refusal("a demonstration has no JSON; --json goes with --list")
    if arguments.json:
        console.json([demo._asdict() for demo in demos.DEMOS])
    elif arguments.list:
        rows = [[demo.name, "yes" if demo.tour else "", demo.title] for demo in demos.DEMOS]
        console.table(["name", "in the tour", "what"], rows)
    else:
        demos.run(arguments.name, console.out, backend=arguments.backend)
    return 0
