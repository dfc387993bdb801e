"""QEMU's machine protocol: telling a running machine to do something, such as to unplug a device.

Source: QEMU docs/interop/qmp-spec.rst.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

__all__ = ["execute"]

_LIMIT_S = 10


def execute(path: Path, command: str, arguments: Mapping[str, object]) -> object:
    """One command to the QEMU that listens at ``path``; its answer. Raises RuntimeError."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_LIMIT_S)
        line.connect(str(path))
        with line.makefile("rwb") as file:
            file.readline()  # its greeting
            for name, given in (("qmp_capabilities", {}), (command, arguments)):
                file.write(json.dumps({"execute": name, "arguments": given}).encode() + b"\n")
                file.flush()
                answer: dict[str, object] = {"event": None}
                while "event" in answer:  # what happens meanwhile comes between
                    answer = json.loads(file.readline())
                if "error" in answer:
                    raise RuntimeError(f"{name}: {answer['error']}")
    return answer["return"]
