"""Reading the configuration and the board where a mistake in a parser gives nobody any rights.

Whoever has no rights reads them itself. For root a child does: as nobody, with no capability but
to read files, under a filter that lets it open them for reading only, and no socket, no program
and no other process at all. It answers with plain data: the configuration as JSON, the board as
``model.codec`` writes it (a shipped one comes from its generated module), and texts.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pwd
import re
import resource
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from regmap.daemon import kernel, plain, seccomp
from regmap.daemon.policy import Config, Policy
from regmap.errors import DaemonError, MapError, Problem
from regmap.layout import DeviceLayout

__all__ = ["Prepared", "layout_of", "prepare"]

_READ_ANYTHING, _SET_GROUP, _SET_USER = 1 << 2, 1 << 6, 1 << 7  # capabilities(7)
_NOBODY = 65534
_MOST_SECONDS = 60
_MOST_ANSWER = 256 << 20
_SHIPPED = re.compile(r"[a-z][a-z0-9-]{0,63}")

# Problems with the texts of their files, for people.
Render = Callable[[Iterable[Problem], Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a configuration and its board: ``config`` is None where something is wrong,
    ``report`` says what (and warns of what is not); ``matrix`` says who may do what. ``model`` is
    the board where it is no shipped one."""

    config: Config | None
    report: str
    matrix: str = ""
    model: str = ""


def prepare(path: str, render: Render, *, privileged: bool) -> Prepared:
    """Read a configuration with its board; ``privileged``: in a child without rights.

    Touches neither socket nor board. Raises DaemonError where the child cannot be made or dies.
    """
    return _in_a_child(path, render) if privileged else _read(path, render)


def layout_of(prepared: Prepared) -> DeviceLayout:
    """The layout of the board. Raises MapError, DaemonError."""
    from regmap.layout import lay_out  # noqa: PLC0415
    from regmap.model import codec  # noqa: PLC0415
    from regmap.model.block import Block  # noqa: PLC0415
    from regmap.model.chip import Board, Chip  # noqa: PLC0415

    if prepared.config is None:
        raise DaemonError("the configuration cannot be used")
    shipped = _generated(prepared.config.board)
    if shipped is not None:
        return shipped
    try:
        model: Board | Chip | Block = codec.loads(prepared.model, Board | Chip | Block)  # type: ignore[arg-type]
    except codec.CodecError as error:
        raise DaemonError(f"{prepared.config.board}: no board came back: {error}") from None
    return lay_out(model)


def _generated(board: str) -> DeviceLayout | None:
    """The layout in the generated module of a shipped board; None where there is none."""
    if not _SHIPPED.fullmatch(board):
        return None
    name = f"regmap.generated.{board.replace('-', '_')}"
    if importlib.util.find_spec(name) is None:
        return None
    layout: DeviceLayout = importlib.import_module(name).LAYOUT
    return layout


def _read(path: str, render: Render) -> Prepared:
    from regmap.daemon import policy_file  # noqa: PLC0415
    from regmap.daemon.matrix import expander, matrix, unconnected  # noqa: PLC0415

    found = policy_file.read(path)
    if found.config is None:
        return Prepared(None, render(found.problems, found.texts))
    try:
        model = ""
        layout = _generated(found.config.board)
        if layout is None:
            layout, model = _described(found.config.board)
        device = unconnected(layout)
    except MapError as error:
        problems = (*found.problems, *error.problems)
        return Prepared(None, render(problems, {**_texts(error.problems), **found.texts}))
    expand = expander(device)
    found = found.resolved(expand)
    report = render(found.problems, found.texts) if found.problems else ""
    if found.config is None:
        return Prepared(None, report)
    policy = Policy(found.config.rules, expand)
    return Prepared(found.config, report, matrix(found.config, policy), model)


def _described(board: str) -> tuple[DeviceLayout, str]:
    from regmap.api import load  # noqa: PLC0415
    from regmap.layout import lay_out  # noqa: PLC0415
    from regmap.model import codec  # noqa: PLC0415
    from regmap.model.block import Block  # noqa: PLC0415
    from regmap.model.chip import Board, Chip  # noqa: PLC0415

    model = load(board)
    return lay_out(model), codec.dumps(model, Board | Chip | Block)


def _texts(problems: Iterable[Problem]) -> dict[str, str]:
    """The files that problems point into, for showing the lines."""
    found: dict[str, str] = {}
    for file in {problem.place.file for problem in problems if problem.place}:
        try:
            with open(file, encoding="utf-8", errors="replace") as text:
                found[file] = text.read(1 << 24)
        except OSError:
            continue
    return found


# ---- the child ---------------------------------------------------------------------------------


def _in_a_child(path: str, render: Render) -> Prepared:
    answer, question = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answer)
        _be_the_child(path, render, question)
    os.close(question)
    try:
        with os.fdopen(answer, "rb") as pipe:
            data = pipe.read(_MOST_ANSWER + 1)
    finally:
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        raise DaemonError(f"reading {path} ended by {signal.Signals(-code).name}")
    try:
        said = json.loads(data)
        texts = [said[key] for key in ("report", "matrix", "model", "error")]
        plain_config = said["config"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DaemonError(f"reading {path} gave no answer (status {code})") from None
    if not all(isinstance(text, str) for text in texts):
        raise DaemonError(f"reading {path} gave a wrong answer")
    report, matrix, model, error = texts
    if error:
        raise DaemonError(f"reading {path}: {error}")
    config = plain.loads(plain_config) if isinstance(plain_config, str) else None
    return Prepared(config, report, matrix, model)


def _be_the_child(path: str, render: Render, pipe: int) -> NoReturn:
    """Answer through the pipe and end; nothing of the parent's is run or written on the way."""
    status = 1
    said: dict[str, object] = dict.fromkeys(("report", "matrix", "model", "error"), "")
    said["config"] = None
    try:
        try:
            _give_up_rights(pipe)
            found = _read(path, render)
            said |= {"report": found.report, "matrix": found.matrix, "model": found.model}
            said["config"] = plain.dumps(found.config) if found.config else None
        except Exception as error:  # noqa: BLE001  (whatever it is, the parent must hear of it)
            said["error"] = f"{type(error).__name__}: {error}"
        data = json.dumps(said).encode()
        while data:
            data = data[os.write(pipe, data) :]
        status = 0
    finally:
        os._exit(status)


def _give_up_rights(pipe: int) -> None:
    """Keep the pipe, and the right to read files. Raises OSError."""
    low, high = sorted((2, pipe))
    os.closerange(low + 1, high)
    os.closerange(high + 1, os.sysconf("SC_OPEN_MAX"))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    had = kernel.capabilities()
    kernel.set_capabilities(had & (_READ_ANYTHING | _SET_GROUP | _SET_USER), keep_over_user=True)
    try:
        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
    except KeyError:
        uid = gid = _NOBODY
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    kernel.set_capabilities(had & _READ_ANYTHING)
    kernel.forbid_new_privileges()
    seccomp.confine(seccomp.READING)
