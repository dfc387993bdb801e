"""The order in which a daemon starts, and its end.

Everything that needs rights comes first: the socket and the logs, the device with the blocks that
the policy reaches, every name and every module. Then privileges are dropped, and only then is the
first byte of a client read.
"""

from __future__ import annotations

import asyncio
import codecs
import importlib.util
import os
import pwd
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace

from regmap.daemon import notify, privilege, sockets, sweeper
from regmap.daemon.audit import AuditLog, open_audit
from regmap.daemon.board import Served
from regmap.daemon.events import hold
from regmap.daemon.matrix import expander
from regmap.daemon.peers import peer_of
from regmap.daemon.policy import PINS, VERBS, Config, Policy, Rule, Socket
from regmap.daemon.server import Server
from regmap.errors import BackendError, DaemonError
from regmap.live.device import Device

__all__ = ["demo_config", "start"]

# Beside the clients: the loop's own, the socket, logs, what the backend holds.
_OTHER_FILES = 64


def demo_config(path: str) -> Config:
    """What ``--demo`` serves: the simulator of a Raspberry Pi, to the user who started it alone.

    Raises DaemonError where root starts it and there is no user nobody.
    """
    uid = os.getuid()
    try:
        user = None if uid else pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise DaemonError("started as root, but there is no user nobody to serve as") from None
    everything = Rule(uid=uid, pins=frozenset(PINS), paths=("*",), verbs=frozenset(VERBS))
    return Config(
        board="rpi1-rev2",
        backend="sim:",
        rules=(everything,),
        socket=Socket(path=path, mode=0o600),
        user=user,
    )


def start(
    config: Config,
    opened: Callable[[], Device],
    *,
    ready: Callable[[str], None],
    foreground: bool = False,
    quiet: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit status.

    ``opened`` opens the device; ``ready`` is called with the socket's path once everything is in
    place; ``quiet`` logs writes nowhere but where ``foreground`` says. Raises OSError,
    DaemonError, BackendError with the reason for which it does not start.
    """
    with ExitStack() as stack:
        notifier = notify.Notifier()
        stack.callback(notifier.close)
        listening = notify.inherited()
        removed = []
        if listening is None:
            listening = sockets.listen(config.socket)
            removed.append(config.socket.path)
        stack.enter_context(listening)
        for made in removed:  # while it still listens, so that none made after it is removed
            stack.callback(_remove, made)
        path = str(listening.getsockname())
        if config.pid_file is not None:
            _write_pid(config.pid_file)
            removed.append(config.pid_file)
            stack.callback(_remove, config.pid_file)
        if removed and config.user not in {None, os.geteuid()}:
            stack.callback(sweeper.leave_behind(removed))
        audit = _audit(config, foreground=foreground, quiet=quiet)
        stack.callback(audit.close)
        device = stack.enter_context(opened())
        policy = Policy(config.rules, expander(device))
        _allow_files(config.limits.clients + _OTHER_FILES)
        runner = stack.enter_context(asyncio.Runner())
        served = Served(device, audit=audit)
        _hold(served)
        server = Server(
            served,
            config.limits,
            peer_of=peer_of,
            permissions=policy.permissions,
            loop=runner.get_loop(),
            tick=audit.tick,
        )
        _load_what_comes_later()
        privilege.confine(config, backend=device.backend, removes=removed, note=_say)

        def tell() -> None:
            notifier.tell("READY=1")
            ready(path)

        runner.run(_until_told(server, listening, tell))
        notifier.tell("STOPPING=1")
    return 0


async def _until_told(server: Server, listening: socket.socket, ready: Callable[[], None]) -> None:
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    await server.start(listening)
    try:
        ready()
        await end.wait()
    finally:
        await server.stop()


def _audit(config: Config, *, foreground: bool, quiet: bool) -> AuditLog:
    if quiet and not foreground:
        return AuditLog((), config.audit.per_s)
    settings = replace(config.audit, to="stderr") if quiet else config.audit
    return open_audit(settings, foreground=foreground)


def _write_pid(path: str) -> None:
    """The number of this process in a file, all at once. Raises OSError."""
    begun = f"{path}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(begun, flags, 0o644)
    try:
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
    finally:
        os.close(handle)
    os.rename(begun, path)


def _remove(path: str) -> None:
    """Remove what was made here, where this user still may."""
    with suppress(OSError):
        os.unlink(path)


def _hold(served: Served) -> None:
    """Open the gpiochips; without them there are no edges, and all else works."""
    try:
        hold(served.device, served.pins.by_number.values())
    except BackendError as error:
        _say(f"no edges of pins: {error}")


def _load_what_comes_later() -> None:
    """What Python loads from files when it is first used: codecs, the bindings of gpiochips."""
    for name in ("ascii", "latin-1", "utf-8"):
        codecs.lookup(name)
    if importlib.util.find_spec("gpiod"):
        importlib.import_module("gpiod")


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files where it is too low for the clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < wanted:
            _say(f"only {most} files may be open, {wanted} are needed for all clients")


def _say(text: str) -> None:
    sys.stderr.write(f"regmapd: {text}\n")
    sys.stderr.flush()
