"""serve: the daemon."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from regmap.cli.console import Console
from regmap.cli.target import Refusal

if TYPE_CHECKING:
    from regmap.daemon.policy import Config
    from regmap.errors import Problem
    from regmap.live.device import Device

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the command into the tree."""
    serve = commands.add_parser(
        "serve",
        help="give other programs pins and registers through a socket",
        description="Open a board and serve it on a unix socket to those whom the configuration "
        "names. Prints `ready PATH` once it listens; SIGTERM ends it.",
    )
    serve.add_argument("config", nargs="?", metavar="CONFIG", help="the configuration, a YAML file")
    serve.add_argument(
        "--demo", action="store_true", help="serve the simulator of a Raspberry Pi to yourself"
    )
    serve.add_argument("--socket", metavar="PATH", help="listen here instead")
    serve.add_argument("--backend", metavar="URI", help="what carries the accesses instead")
    serve.add_argument(
        "--check",
        action="store_true",
        help="print what is wrong with the configuration, or who may do what; open nothing",
    )
    serve.add_argument("--foreground", action="store_true", help="log writes on standard error too")
    serve.set_defaults(run=run, more="config")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until told to end."""
    if arguments.demo == bool(arguments.config):
        raise Refusal("serve needs a CONFIG, or --demo")
    if arguments.demo:
        return _demo(arguments, console)
    from regmap.daemon.apart import layout_of, prepare  # noqa: PLC0415
    from regmap.daemon.main import start  # noqa: PLC0415
    from regmap.daemon.privilege import is_privileged  # noqa: PLC0415

    prepared = prepare(arguments.config, _report, privileged=is_privileged())
    sys.stderr.write(prepared.report)
    if prepared.config is None:
        return 1 if arguments.check else 2
    if arguments.check:
        console.out.write(prepared.matrix)
        return 0
    config = _with_options(prepared.config, arguments)

    def opened() -> Device:
        from regmap.api import open_layout  # noqa: PLC0415

        return open_layout(layout_of(prepared), config.backend)

    return start(
        config,
        opened,
        ready=lambda path: _ready(console, path),
        foreground=arguments.foreground,
    )


def _demo(arguments: argparse.Namespace, console: Console) -> int:
    from regmap.daemon.apart import Prepared, layout_of  # noqa: PLC0415
    from regmap.daemon.main import demo_config, start  # noqa: PLC0415
    from regmap.daemon.matrix import expander, matrix, unconnected  # noqa: PLC0415
    from regmap.daemon.policy import Policy  # noqa: PLC0415

    config = _with_options(demo_config(arguments.socket or _own_socket()), arguments)
    layout = layout_of(Prepared(config, ""))
    if arguments.check:
        policy = Policy(config.rules, expander(unconnected(layout)))
        console.out.write(matrix(config, policy))
        return 0

    def opened() -> Device:
        from regmap.api import open_layout  # noqa: PLC0415

        return open_layout(layout, config.backend)

    return start(
        config,
        opened,
        ready=lambda path: _ready(console, path),
        foreground=arguments.foreground,
        quiet=True,
    )


def _own_socket() -> str:
    """Where a demonstration listens if it is not told: in the user's own folder."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return f"{folder}/regmapd.sock" if folder else f"/tmp/regmapd-{os.getuid()}.sock"  # noqa: S108


def _with_options(config: Config, arguments: argparse.Namespace) -> Config:
    """Options win over the file."""
    if arguments.socket is not None:
        config = replace(config, socket=replace(config.socket, path=arguments.socket))
    if arguments.backend is not None:
        config = replace(config, backend=arguments.backend)
    return config


def _ready(console: Console, path: str) -> None:
    console.line(f"ready {path}")
    console.out.flush()


def _report(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    """Problems for people."""
    from regmap.check import report  # noqa: PLC0415

    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return report.as_text(list(problems), dict(texts), colour=colour)
