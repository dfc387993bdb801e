"""completion: a script that lets a shell complete the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from regmap.cli.console import Console

__all__ = ["add"]


def add(commands: Any) -> None:
    """Put the command into the tree."""
    completion = commands.add_parser(
        "completion",
        help="print the completion script of a shell",
        description="Print a script that lets a shell complete commands, options, the names of "
        "shipped maps and files.",
        epilog="example: regmap completion bash > /etc/bash_completion.d/regmap",
    )
    completion.add_argument(
        "shell", choices=("bash", "zsh", "fish"), help="the shell that will read it"
    )
    completion.set_defaults(run=run_completion)


def run_completion(arguments: argparse.Namespace, console: Console) -> int:
    """Print the script."""
    import shtab  # noqa: PLC0415

    from regmap.loaders import find  # noqa: PLC0415

    boards, chips = find.shipped_names("boards"), find.shipped_names("chips")
    maps = _names_or_files("maps", [*boards, *chips])
    by_name = {
        "map": maps,
        "file": maps,
        "board": _names_or_files("boards", boards),
        "output": shtab.FILE,
    }
    parser: argparse.ArgumentParser = arguments.parser
    for command in (a.choices for a in parser._actions if isinstance(a.choices, dict)):
        for action in (a for own in command.values() for a in own._actions):
            if action.dest in by_name:
                action.complete = by_name[action.dest]
    print(shtab.complete(parser, shell=arguments.shell), file=console.out)
    return 0


def _names_or_files(kind: str, names: Iterable[str]) -> dict[str, Any]:
    """What shtab wants to know to complete a shipped name or a file of one's own."""
    words = " ".join(names)
    function = f"_regmap_{kind}_or_file"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f"""\
{function}() {{
  compgen -W "{words}" -- "$1"
  compgen -f -X '!*.yaml' -- "$1"
  compgen -f -X '!*.svd' -- "$1"
  compgen -d -- "$1"
}}
""",
            "zsh": f"""\
{function}() {{
  _alternative "names:{kind}:({words})" "files:file:_files -g '*.(yaml|svd)'"
}}
""",
            "fish": f"""\
function {function}
  printf '%s\\n' {words}
  __fish_complete_path (commandline -ct)
end
""",
        },
    }
