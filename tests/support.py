"""What tests share: a backend that records, and devices made from a few lines of YAML."""

from __future__ import annotations

import textwrap
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from typing import Any

from regmap import loaders
from regmap.errors import MapError, Severity
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.live.device import Device
from regmap.model.block import Block


class Recorder:
    """The least a backend must be: ``read``, ``write`` and ``close``; remembers every access."""

    def __init__(self, memory: dict[int, int] | None = None) -> None:
        self.memory = dict(memory or {})
        self.accesses: list[tuple[Any, ...]] = []

    def read(self, address: int, width: int) -> int:
        self.accesses.append(("R", address, width))
        return self.memory.get(address, 0)

    def write(self, address: int, width: int, value: int) -> None:
        self.accesses.append(("W", address, width, value))
        self.memory[address] = value

    def close(self) -> None:
        pass

    def taken(self) -> list[tuple[Any, ...]]:
        """The accesses since the last call."""
        accesses, self.accesses = self.accesses, []
        return accesses


def model_of(text: str, file: str = "block.yaml") -> Any:
    """The model of a description given as indented YAML."""
    loaded = loaders.read(file, text=textwrap.dedent(text))
    errors = [problem for problem in loaded.problems if problem.severity is Severity.ERROR]
    if errors or loaded.model is None:
        raise MapError(errors)
    return loaded.model


def device_of(text: str, backend: Any = None) -> Device:
    """A live device of a description given as indented YAML, on a Recorder by default."""
    made: Device = build(lay_out(model_of(text)))(Recorder() if backend is None else backend)
    return made


def without_places(value: Any) -> Any:
    """A model, or part of one, as it would be if it had been written elsewhere.

    No places, and no ``extends``: what a file extends is in its model already. A block whose
    instance has no name of its own calls it by its own name in capitals.
    """
    if is_dataclass(value) and not isinstance(value, type):
        known = {
            each.name: getattr(value, each.name) for each in dataclass_fields(value) if each.init
        }
        if isinstance(value, Block):
            known["instance_name"] = value.instance_name or value.name.upper()
        made = {name: without_places(each) for name, each in known.items()}
        made |= {name: none for name, none in (("place", None), ("extends", "")) if name in made}
        return type(value)(**made)
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    if isinstance(value, dict):
        return {key: without_places(each) for key, each in value.items()}
    return value
