"""The configuration file: what it may say, and every problem with its place and a way out."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest
from regmap.generated import rpi1_rev2

from regmap.check.report import as_text
from regmap.daemon import policy_file
from regmap.daemon.matrix import expander, unconnected
from regmap.daemon.policy import Audit, Config, Limits, Rule, Socket
from regmap.errors import MapError

EXAMPLE = """\
regmapd: 1                       # version of this file; only this, board and allow are needed
socket: {path: /run/regmap/regmapd.sock, mode: "0660", owner: root, group: gpio}
board: rpi1-rev2
backend: "gpiomem:"
user: regmapd
require: [user, no_new_privs, seccomp]
pid_file: null
limits: {clients: 64, line: 4096, queue: 65536, events: 256, slow_s: 10, idle_s: 0}
audit: {to: syslog, per_s: 100}
allow:
  - {group: gpio, pins: ["0-7", 10], verbs: [read, write, mode, subscribe]}
  - {uid: www-data, paths: ["GPIO.GPLEV0", "GPIO.GPFSEL2.FSEL2*"], verbs: [read]}
"""
USERS = {"root": 0, "regmapd": 990, "www-data": 33}
GROUPS = {"root": 0, "gpio": 997}


@pytest.fixture(autouse=True)
def _lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The users and groups of one machine, the same wherever this runs."""
    users = {name: SimpleNamespace(pw_name=name, pw_uid=uid) for name, uid in USERS.items()}
    groups = {name: SimpleNamespace(gr_name=name, gr_gid=gid) for name, gid in GROUPS.items()}
    monkeypatch.setattr(pwd, "getpwnam", users.__getitem__)
    monkeypatch.setattr(pwd, "getpwall", lambda: list(users.values()))
    monkeypatch.setattr(grp, "getgrnam", groups.__getitem__)
    monkeypatch.setattr(grp, "getgrall", lambda: list(groups.values()))


def read(text: str | bytes) -> policy_file.Read:
    data = text if isinstance(text, bytes) else text.encode()
    return policy_file.read("/etc/regmap/policy.yaml", data)


def config(text: str) -> Config:
    found = read(text)
    assert found.config is not None, as_text(found.problems, found.texts)
    return found.config


def problems(text: str | bytes) -> list[str]:
    found = read(text)
    assert (found.config is None) == bool(found.problems)
    return [
        f"{each.place.line}:{each.place.column} {each.rule} {each.text} | {each.fix}"
        for each in found.problems
        if each.place
    ]


def least(more: str = "", rule: str = "{uid: 0, pins: [1], verbs: [read]}") -> str:
    return f"regmapd: 1\nboard: pc\nallow:\n  - {rule}\n{more}"


def test_the_example_says_what_it_says() -> None:
    assert config(EXAMPLE) == Config(
        board="rpi1-rev2",
        backend="gpiomem:",
        socket=Socket(path="/run/regmap/regmapd.sock", mode=0o660, owner=0, group=997),
        user=990,
        require=frozenset({"user", "no_new_privs", "seccomp"}),
        pid_file=None,
        limits=Limits(clients=64, line=4096, queue=65536, events=256, slow_s=10, idle_s=0),
        audit=Audit(to="syslog", per_s=100),
        rules=(
            Rule(
                group=997,
                pins=frozenset({*range(8), 10}),
                verbs=frozenset({"read", "write", "mode", "subscribe"}),
            ),
            Rule(
                uid=33,
                paths=("GPIO.GPLEV0", "GPIO.GPFSEL2.FSEL2*"),
                verbs=frozenset({"read"}),
            ),
        ),
    )


def test_what_the_example_says_is_what_holds_without_saying_it() -> None:
    """But for those that name somebody: nobody has the socket, and nobody else is served as."""
    short = "regmapd: 1\nboard: rpi1-rev2\nallow: []\n"
    full = config(EXAMPLE)
    assert config(short) == Config(
        board="rpi1-rev2",
        rules=(),
        socket=Socket(path=full.socket.path, mode=full.socket.mode),
        require=full.require,
        limits=full.limits,
        audit=full.audit,
    )


@pytest.mark.parametrize(
    ("pins", "meant"),
    [
        ("3", {3}),
        ("[3]", {3}),
        ('"0-2"', {0, 1, 2}),
        ("[0-2, 2, 16]", {0, 1, 2, 16}),
        ('"*"', set(range(17))),
        ('["4-4", "5"]', {4, 5}),
        ("[]", set()),
    ],
)
def test_pins(pins: str, meant: set[int]) -> None:
    [rule] = config(least(rule=f"{{uid: 0, pins: {pins}, verbs: [read]}}")).rules
    assert rule.pins == meant


def test_everybody_is_said_in_so_many_words() -> None:
    [rule] = config(least(rule='{uid: "*", pins: [1], verbs: [read]}')).rules
    assert (rule.uid, rule.gid, rule.group) == (None, None, None)


def test_relative_paths_begin_at_the_folder_of_the_file() -> None:
    found = config(
        least("pid_file: run/pid\naudit: {to: ./log}\nsocket: {path: ../s}\n").replace(
            "pc", "my.yaml"
        )
    )
    assert found.pid_file == "/etc/regmap/run/pid"
    assert found.audit.to == "/etc/regmap/log"
    assert found.socket.path == "/etc/s"
    assert found.board == "/etc/regmap/my.yaml"


@pytest.mark.parametrize("mode", ['"0600"', '"600"', "0o600"])
def test_the_mode_is_octal(mode: str) -> None:
    assert config(least(f"socket: {{mode: {mode}}}\n")).socket.mode == 0o600


WRONG = {
    "": "1:1 RM001 the file is empty | begin it with `regmapd: 1`; then `board:` and `allow:`",
    "[1]": "1:1 RM004 the file is no mapping of keys to values | begin it with `regmapd: 1`; then"
    " `board:` and `allow:`",
    "regmapd: 1\nallow: []\n": "1:1 RM004 the configuration needs `board` | add `board:`",
    "board: pc\nallow: []\n": "1:1 RM004 the configuration needs `regmapd` | add `regmapd:`",
    "regmapd: 1\nboard: pc\n": "1:1 RM004 the configuration needs `allow` | add `allow:`",
    "regmapd: 2\nboard: pc\nallow: []\n": "1:10 RM006 `regmapd` is 1, not the number 2 | write"
    " regmapd: 1",
    "regmapd: true\nboard: pc\nallow: []\n": "1:10 RM006 `regmapd` is 1, not the truth value true |"
    " write regmapd: 1",
    least("bord: x\n"): "5:1 RM003 the configuration has no key 'bord' | did you mean board?",
    least("user: regmap\n"): "5:7 RM101 there is no user 'regmap' on this machine | did you mean"
    " regmapd?",
    least("user: xyzzy\n"): "5:7 RM101 there is no user 'xyzzy' on this machine | add the user, or"
    " mend the name",
    least('user: "990"\n'): "5:7 RM101 there is no user '990' on this machine | write 990 without"
    " quotes",
    least("user: -1\n"): "5:7 RM004 `user` is out of range: -1 | write a number from 0 to"
    " 0xfffffffe",
    least("user: 4294967295\n"): "5:7 RM004 `user` is out of range: 4294967295 | write a number"
    " from 0 to 0xfffffffe",
    least("require: [user, secomp]\n"): "5:17 RM004 `require` is user or no_new_privs or seccomp"
    " or landlock, not the text 'secomp' | did you mean seccomp?",
    least("require: user\n"): "5:10 RM004 `require` is a list, not the text 'user' | write [user]",
    least("socket: {mode: 660}\n"): "5:16 RM004 `mode` is octal digits as a text, not the number"
    ' 660 | write "660"',
    least('socket: {mode: "0666x"}\n'): "5:16 RM004 `mode` is three octal digits, not the text"
    " '0666x' | write \"0660\"",
    least('socket: {mode: "4660"}\n'): "5:16 RM004 `mode` is three octal digits, not the text"
    " '4660' | write \"0660\"",
    least(f"socket: {{path: /{'x' * 107}}}\n"): "5:16 RM004 a socket's path has at most 107 bytes |"
    " use a shorter folder, such as /run/regmap",
    least("socket: {path: /run/}\n"): "5:16 RM004 `path` is the path of a file, not the text"
    " '/run/' | ",
    least("limits: {clients: 0}\n"): "5:19 RM004 `clients` is out of range: 0 | write a number from"
    " 1 to 1000",
    least("limits: {slow_s: 0}\n"): "5:18 RM004 `slow_s` is out of range: 0 | write a number from"
    " 0.01 to 1000000",
    least("limits: {slow_s: .nan}\n"): "5:18 RM004 `slow_s` is out of range: nan | write a number"
    " from 0.01 to 1000000",
    least("limits: {slow_s: soon}\n"): "5:18 RM004 `slow_s` is a number of seconds, not the text"
    " 'soon' | ",
    least("audit: {to: sysslog}\n"): "5:13 RM004 `to` is syslog, stderr or the path of a file, not"
    " the text 'sysslog' | did you mean syslog?",
    least("audit: {per_s: 0}\n"): "5:16 RM004 `per_s` is out of range: 0 | write a number from 1 to"
    " 0xf4240",
    least(rule="{pins: [1], verbs: [read]}"): "4:5 RM004 a rule for nobody | say whom: uid, gid or"
    ' group; uid: "*" is everybody',
    least(rule="{uid: null, pins: [1], verbs: [read]}"): "4:11 RM004 `uid` is a name or a number,"
    " not nothing | ",
    least(rule='{group: "*", pins: [1], verbs: [read]}'): "4:13 RM101 there is no group '*' on this"
    " machine | add the group, or mend the name",
    least(rule="{uid: true, pins: [1], verbs: [read]}"): "4:11 RM004 `uid` is a name or a number,"
    " not the truth value true | ",
    least(rule="{uid: 0, verbs: [read]}"): "4:5 RM004 a rule about nothing | add `pins:` or"
    " `paths:`",
    least(rule="{uid: 0, pins: [1]}"): "4:5 RM004 a rule needs `verbs` | add `verbs:`",
    least(rule="{uid: 0, pins: [1], verbs: []}"): "4:32 RM004 a rule without verbs | list some of"
    " read, write, mode, subscribe, drive",
    least(rule="{uid: 0, pins: [1], verbs: [exec]}"): "4:33 RM004 `verbs` is read or write or mode"
    " or subscribe or drive, not the text 'exec' | there is read, write, mode, subscribe, drive",
    least(rule="{uid: 0, pins: [17], verbs: [read]}"): "4:21 RM004 `pins` 17: pins go from 0 to 16,"
    " the lower first | see the table of pins in the README",
    least(rule='{uid: 0, pins: ["7-3"], verbs: [read]}'): "4:21 RM004 `pins` 7-3: pins go from 0 to"
    " 16, the lower first | see the table of pins in the README",
    least(rule="{uid: 0, pins: [-1], verbs: [read]}"): "4:21 RM004 an item of `pins` is a pin's"
    ' number or a range, not the number -1 | write 3, "0-7" or "*"',
    least(rule='{uid: 0, paths: [""], verbs: [read]}'): "4:22 RM004 an item of `paths` is empty |"
    ' write "*" for everything',
    least(rule="{uid: 0, paths: [1], verbs: [read]}"): "4:22 RM004 `paths` is a text, not the"
    ' number 1 | write "1"',
    least(rule="everything"): "4:5 RM004 a rule is a mapping of keys to values, not the text"
    " 'everything' | ",
}


@pytest.mark.parametrize(("text", "problem"), WRONG.items())
def test_each_problem_has_its_place_and_a_way_out(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_mode_that_yaml_readers_take_for_different_numbers() -> None:
    [problem] = problems(least("socket: {mode: 0660}\n"))
    assert problem.startswith("5:16 RM005 0660 means different things")
    assert '"0660"' in problem


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"a: \x00", b"\xff", b"{" * 100_000, b"x" * (2 << 20)]
)
def test_what_is_no_yaml_is_a_problem_and_no_crash(data: bytes) -> None:
    found = read(data)
    assert found.config is None
    assert found.problems


def test_all_problems_are_told_at_once() -> None:
    text = least("user: x\nbord: 1\n", rule="{uid: z, pins: [99], verbs: [fly]}")
    assert len(problems(text)) == 5


def test_the_line_and_a_caret_are_shown() -> None:
    found = read(least("audit: {to: sysslog}\n"))
    assert as_text(found.problems, found.texts).splitlines()[:4] == [
        f"{found.problems[0].place}: error RM004 wrong-value: {found.problems[0].text}",
        "    audit: {to: sysslog}",
        "                ^~~~~~~",
        "help: did you mean syslog?",
    ]


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("GPIO.GPLVE0", "did you mean GPLEV0"),
        ("GPIO.NOPE*", "write a path such as"),
        ("GPIO.GPLEV0.LEV99", "did you mean"),
        ("GPIO.pin[3]", ""),
        ("GPIO..GPLEV0", ""),
        ("/etc/passwd", ""),
    ],
)
def test_a_path_that_matches_nothing_is_an_error_at_its_place(path: str, fix: str) -> None:
    rule = f'{{uid: 0, paths: ["GPIO.GPLEV0", "{path}"], verbs: [read]}}'
    found = read(least(rule=rule)).resolved(expander(unconnected(rpi1_rev2.LAYOUT)))
    assert found.config is None
    [problem] = found.problems
    assert str(problem.place) == "/etc/regmap/policy.yaml:4:37"
    assert problem.rule == "RM101"
    assert path in problem.text
    assert fix in problem.fix


def test_paths_that_are_there_are_no_problem() -> None:
    found = read(EXAMPLE).resolved(expander(unconnected(rpi1_rev2.LAYOUT)))
    assert found.problems == ()
    assert found.config is not None


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(EXAMPLE)
    assert policy_file.load(file) == config(EXAMPLE)
    file.write_text("regmapd: 1\n")
    with pytest.raises(MapError, match="needs `board`"):
        policy_file.load(file)


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing", Path("/dev/null")):
        with pytest.raises(MapError, match="cannot be read"):
            policy_file.load(path)
