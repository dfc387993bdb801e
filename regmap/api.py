"""The two verbs that start everything: ``load`` a description, ``open`` it on a backend."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from regmap.errors import BackendError, BackendUnavailable, MapError, Severity

if TYPE_CHECKING:
    from regmap.backends.base import Backend
    from regmap.layout.device import DeviceLayout
    from regmap.live.device import Device
    from regmap.loaders import Engine, Loaded, ParsedDevice
    from regmap.model.block import Block
    from regmap.model.chip import Board, Chip

__all__ = ["load", "open"]

_LOG = logging.getLogger("regmap")


def load(
    source: str | os.PathLike[str] | ParsedDevice, *, engine: Engine = "regmap"
) -> Block | Chip | Board:
    """The model of a description: a shipped name or a path to a ``.yaml`` or ``.svd`` file.

    With ``engine="cmsis-svd"`` an SVD file is read as the package of that name understands it;
    a device that it has parsed is taken too. No bus access. A file of your own is checked as
    ``regmap check`` does. Raises MapError with every problem.
    """
    from regmap import loaders  # noqa: PLC0415  (importing regmap loads no parser)

    return usable(loaders.read(source, whole=False, engine=engine))


def usable(loaded: Loaded) -> Block | Chip | Board:
    """The model of what was read, checked where ``load`` checks. Raises MapError."""
    problems = list(loaded.problems)
    if loaded.model is not None and loaded.authored:
        from regmap.check import apply_suppressions, check, profile_of  # noqa: PLC0415

        # What is left wrong in the SVD file under a patch is the vendor's, as without the patch.
        problems += (
            problem
            for problem in check(loaded.model, profile=None)
            if problem.place is None or profile_of(problem.place.file) != "import"
        )
        problems = apply_suppressions(problems, loaded.texts)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors or loaded.model is None:
        raise MapError(errors or problems)
    return loaded.model


def open(  # noqa: A001  (regmap.open is to a map what open is to a file)
    source: str | os.PathLike[str] | ParsedDevice | Block | Chip | Board | None = None,
    backend: str | Backend | None = None,
    *,
    force: bool = False,
    cpu: int | None = None,
) -> Device:
    """Open a description as a live device; touches no register.

    ``source`` is a shipped name, a path, a model or a device of cmsis-svd; without one, the
    shipped board that this machine is. ``backend`` is a URI
    (``sim:``, ``mem:``, ``file:PATH``) or any object with ``read``, ``write`` and ``close``.
    Without one, the board's own backends are tried in their order, and only on a machine that the
    board's ``match`` recognises; ``force`` tries them anyway. The one chosen shows in the device's
    ``repr`` and in the log ``regmap``. The simulator is never chosen unasked. ``cpu`` is the CPU
    on which blocks that differ by CPU (the local APIC) are accessed.

    Raises MapError, BackendUnavailable. The device may be shared between threads.
    """
    from regmap.layout.lower import lay_out  # noqa: PLC0415
    from regmap.model.block import Block  # noqa: PLC0415
    from regmap.model.chip import Chip  # noqa: PLC0415

    # Every model is a block or a chip; what is none of them is for ``load`` to judge.
    if source is None:
        source = _this_machine()
    model = source if isinstance(source, Block | Chip) else load(source)
    return open_layout(lay_out(model), backend, force=force, cpu=cpu)


def _this_machine() -> Board:
    """The shipped board that this machine is. Raises BackendUnavailable."""
    from regmap.backends import doctor  # noqa: PLC0415
    from regmap.backends.machine import Machine  # noqa: PLC0415
    from regmap.loaders import find  # noqa: PLC0415
    from regmap.model.chip import Board  # noqa: PLC0415

    models = (load(name) for name in find.shipped_names("boards"))
    boards = [model for model in models if isinstance(model, Board)]
    board = doctor.recognise(boards)
    if board is not None:
        _LOG.info("this machine is recognised as %s", board.name)
        return board
    machine = Machine()
    what = machine.model() or machine.architecture() or "this machine"
    near = doctor.nearest_board(boards, machine)
    hint = f"the nearest is {near.name}" if near else "see `regmap list`"
    raise BackendUnavailable(f"{what} is none of the shipped boards ({hint}); name one to open")


def open_layout(
    layout: DeviceLayout,
    backend: str | Backend | None = None,
    *,
    force: bool = False,
    cpu: int | None = None,
    cls: type[Device] | None = None,
) -> Device:
    """Open a layout as ``open`` does a description; ``cls`` is its class where there is one."""
    from regmap.live.build import build  # noqa: PLC0415

    if cls is None:
        cls = build(layout)
    if backend is None:
        return cls(_preferred(layout, force=force), cpu=cpu)
    if isinstance(backend, str):
        return cls(open_uri(backend, layout), cpu=cpu)
    verbs = ("read", "write", "close")
    missing = [verb for verb in verbs if not callable(getattr(backend, verb, None))]
    if missing:
        raise TypeError(f"a backend needs {', '.join(missing)}: {type(backend).__name__} has none")
    return cls(backend, cpu=cpu)


def open_uri(uri: str, layout: DeviceLayout) -> Backend:
    """The backend that a URI names, for this layout. Raises BackendUnavailable."""
    from regmap import backends  # noqa: PLC0415

    def simulate() -> Backend:
        from regmap.sim import Simulator  # noqa: PLC0415

        return Simulator(layout)

    return backends.open_backend(
        uri, origin=layout.origin, extent=layout.extent, simulator=simulate
    )


def _preferred(layout: DeviceLayout, *, force: bool) -> Backend:
    """The first of the board's own backends that opens here."""
    from regmap.backends import machine  # noqa: PLC0415

    listed = ", ".join(layout.backends)
    if not layout.backends:
        raise BackendUnavailable(
            f"{layout.name} is a {layout.kind} and has no backend of its own; name one, such as"
            ' backend="sim:" or backend="file:PATH"'
        )
    if not force and not machine.recognises(layout.match):
        raise BackendUnavailable(
            f"this machine is not recognised as {layout.name}; its backends are {listed}."
            ' Name one with backend=..., use backend="sim:" for the simulator, or force=True'
        )
    refused: list[str] = []
    for uri in layout.backends:
        try:
            chosen = open_uri(uri, layout)
        except BackendError as error:
            refused.append(f"  {uri} {error}")
        else:
            _LOG.info("%s is opened on %r", layout.name, chosen)
            return chosen
    raise BackendUnavailable(f"no backend of {layout.name} opens here:\n" + "\n".join(refused))
