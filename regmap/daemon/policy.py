"""Who may do what: the configuration as plain data, and what a peer has under its rules.

Nothing is allowed without a rule. A rule holds for a peer when every identity that it names is
the peer's own, as the kernel states it; a peer has what any of its rules gives. Paths are
canonical (``GPIO.GPFSEL2.FSEL21``). Whoever has a register has its fields; a field does not give
its register, nor a pin any path. Reading the file that says all this is ``policy_file``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

__all__ = [
    "PINS",
    "REQUIRABLE",
    "VERBS",
    "Audit",
    "Config",
    "Limits",
    "Peer",
    "Permissions",
    "Policy",
    "Rule",
    "Socket",
]

VERBS = ("read", "write", "mode", "subscribe", "drive")
REQUIRABLE = ("user", "no_new_privs", "seccomp", "landlock")
PINS = range(17)  # the numbers of the line protocol

# Credentials kept with what they give; a peer can change its groups as often as it likes.
_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection, by the kernel's word: its process when it connected, its
    user, its primary group, and its supplementary groups."""

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whom it is for (None: whoever), and what it gives them: pins and paths, for each verb.

    ``paths`` are patterns as ``regmap read`` takes them: ``*`` within a name, ``[*]`` for every
    index; what is no register or field stands for all registers in it.
    """

    uid: int | None = None
    gid: int | None = None
    group: int | None = None
    pins: frozenset[int] = frozenset()
    paths: tuple[str, ...] = ()
    verbs: frozenset[str]

    def covers(self, peer: Peer) -> bool:
        """Whether it is for this peer: everything that it names must hold."""
        return (
            self.uid in {None, peer.uid}
            and self.gid in {None, peer.gid}
            and (self.group is None or self.group == peer.gid or self.group in peer.groups)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """Where the daemon listens; owner and group are numbers, None where they stay as made."""

    path: str = "/run/regmap/regmapd.sock"
    mode: int = 0o660
    owner: int | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``line``: bytes before LF. ``queue``: bytes of replies held for a client. ``events``:
    events held for one. Times in seconds; an ``idle_s`` of 0 is for ever."""

    clients: int = 64
    line: int = 4096
    queue: int = 65536
    events: int = 256
    slow_s: float = 10
    idle_s: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Where writes are logged (``syslog``, ``stderr`` or the path of a file), and how many a
    second at most."""

    to: str = "syslog"
    per_s: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a daemon is told. ``board`` is a shipped name or a path, ``backend`` a URI or None
    for the board's first that opens; ``user`` is who it serves as, None for who started it."""

    board: str
    rules: tuple[Rule, ...]
    backend: str | None = None
    socket: Socket = field(default_factory=Socket)
    user: int | None = None
    require: frozenset[str] = frozenset({"user", "no_new_privs", "seccomp"})
    pid_file: str | None = None
    limits: Limits = field(default_factory=Limits)
    audit: Audit = field(default_factory=Audit)


class Permissions:
    """What one peer may do. Asking costs a look into a set."""

    __slots__ = ("_paths", "_pins")

    def __init__(
        self, pins: Mapping[str, frozenset[int]], paths: Mapping[str, frozenset[str]]
    ) -> None:
        self._pins = pins
        self._paths = paths

    def pin(self, number: int, verb: str) -> bool:
        """Whether the verb is allowed on this pin of the line protocol."""
        return number in self._pins[verb]

    def every_pin(self, verb: str) -> bool:
        """Whether the verb is allowed on all of them."""
        return len(self._pins[verb]) == len(PINS)

    def path(self, path: str, verb: str) -> bool:
        """Whether the verb is allowed on a register or field, by its canonical path."""
        allowed = self._paths[verb]
        return path in allowed or path.rpartition(".")[0] in allowed

    def paths(self, verb: str) -> frozenset[str]:
        """The registers, and the single fields, on which the verb is allowed."""
        return self._paths[verb]

    def pins(self, verb: str) -> frozenset[int]:
        """The pins on which the verb is allowed."""
        return self._pins[verb]


class Policy:
    """The rules with their patterns written out for one board; ``expand`` gives the canonical
    paths of the registers and fields that a pattern names, and is called here only."""

    def __init__(self, rules: Iterable[Rule], expand: Callable[[str], Iterable[str]]) -> None:
        self._rules = tuple(
            (rule, frozenset(path for pattern in rule.paths for path in expand(pattern)))
            for rule in rules
        )
        self._kept: dict[tuple[int, int, frozenset[int]], Permissions] = {}

    def permissions(self, peer: Peer) -> Permissions:
        """What this peer may do, the same object for the same credentials."""
        key = peer.uid, peer.gid, peer.groups
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = self._made(peer)
        return kept

    def _made(self, peer: Peer) -> Permissions:
        rules = [(rule, paths) for rule, paths in self._rules if rule.covers(peer)]
        return _joined(rules)

    def of_rule(self, number: int) -> Permissions:
        """What the rule of this number, counted from 0, gives to those that it is for."""
        return _joined([self._rules[number]])


def _joined(rules: Iterable[tuple[Rule, frozenset[str]]]) -> Permissions:
    rules = list(rules)
    pins: dict[str, frozenset[int]] = {}
    paths: dict[str, frozenset[str]] = {}
    for verb in VERBS:
        given = [(rule.pins, names) for rule, names in rules if verb in rule.verbs]
        pins[verb] = frozenset[int]().union(*(numbers for numbers, _ in given))
        paths[verb] = frozenset[str]().union(*(names for _, names in given))
    return Permissions(pins, paths)
