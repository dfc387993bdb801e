"""Who may do what: a peer has what any of its rules gives, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regmap.generated import rpi1_rev2

from regmap.daemon import plain
from regmap.daemon.matrix import expander, matrix, unconnected
from regmap.daemon.policy import PINS, VERBS, Audit, Config, Limits, Peer, Policy, Rule, Socket
from regmap.errors import DaemonError, UnknownName

BOARD = unconnected(rpi1_rev2.LAYOUT)


def policy(*rules: Rule) -> Policy:
    return Policy(rules, expander(BOARD))


def rule(**values: object) -> Rule:
    return Rule(**{"verbs": frozenset({"read"}), **values})  # type: ignore[arg-type]


SOMEBODY = Peer(1, 1000, 1000, frozenset({20, 30}))


# ---- whom a rule is for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "covered"),
    [
        ({}, True),
        ({"uid": 1000}, True),
        ({"uid": 1001}, False),
        ({"gid": 1000}, True),
        ({"gid": 20}, False),  # a supplementary group is no primary one
        ({"group": 20}, True),
        ({"group": 1000}, True),  # and the primary one is one of them
        ({"group": 21}, False),
        ({"uid": 1000, "group": 30}, True),
        ({"uid": 1000, "group": 31}, False),
        ({"uid": 1, "group": 30}, False),
        ({"uid": 1000, "gid": 1000, "group": 20}, True),
        ({"uid": 1000, "gid": 1, "group": 20}, False),
    ],
)
def test_everything_that_a_rule_names_must_hold(whom: dict[str, int], covered: bool) -> None:
    assert rule(**whom).covers(SOMEBODY) is covered
    allowed = policy(rule(pins=frozenset({3}), **whom)).permissions(SOMEBODY)
    assert allowed.pin(3, "read") is covered


def test_root_and_no_one_else_is_root() -> None:
    allowed = policy(rule(uid=0, pins=frozenset(PINS)))
    assert allowed.permissions(Peer(1, 0, 0)).every_pin("read")
    assert not allowed.permissions(Peer(1, 1, 0)).pin(0, "read")


def test_without_a_rule_nothing() -> None:
    allowed = policy().permissions(SOMEBODY)
    assert not any(allowed.pin(number, verb) for number in PINS for verb in VERBS)
    assert not any(allowed.path("GPIO.GPLEV0", verb) for verb in VERBS)


IDS = st.integers(0, 3)
RULES = st.lists(
    st.builds(
        Rule,
        uid=st.none() | IDS,
        gid=st.none() | IDS,
        group=st.none() | IDS,
        pins=st.frozensets(st.integers(0, 16), max_size=3),
        paths=st.lists(
            st.sampled_from(["GPIO.GPLEV0", "GPIO.GPFSEL2.FSEL2*", "GPIO.GPSET*"]), max_size=2
        ).map(tuple),
        verbs=st.frozensets(st.sampled_from(VERBS), min_size=1),
    ),
    max_size=4,
)
PEERS = st.builds(Peer, st.just(1), IDS, IDS, st.frozensets(IDS, max_size=2))
# What the patterns stand for, written by hand: the oracle shares no code with the policy.
MEANT = {
    "GPIO.GPLEV0": {"GPIO.GPLEV0", *(f"GPIO.GPLEV0.LEV{i}" for i in range(32))},
    "GPIO.GPFSEL2.FSEL2*": {f"GPIO.GPFSEL2.FSEL{i}" for i in range(20, 30)},
    "GPIO.GPSET*": {
        *("GPIO.GPSET0", "GPIO.GPSET1"),
        *(f"GPIO.GPSET{i // 32}.SET{i}" for i in range(54)),
    },
}
ASKED = [
    *("GPIO.GPLEV0", "GPIO.GPLEV0.LEV17", "GPIO.GPLEV1", "GPIO.GPFSEL2", "GPIO.GPFSEL2.FSEL21"),
    *("GPIO.GPSET0", "GPIO.GPSET1.SET33", "GPIO.GPCLR0", "GPIO", ""),
]


@given(RULES, PEERS)
def test_a_peer_has_what_any_of_its_rules_gives(rules: list[Rule], peer: Peer) -> None:
    allowed = policy(*rules).permissions(peer)
    for verb in VERBS:
        own = [
            each
            for each in rules
            if verb in each.verbs
            and (each.uid is None or each.uid == peer.uid)
            and (each.gid is None or each.gid == peer.gid)
            and (each.group is None or each.group in {peer.gid, *peer.groups})
        ]
        pins = {number for each in own for number in each.pins}
        paths = {path for each in own for pattern in each.paths for path in MEANT[pattern]}
        assert {number for number in PINS if allowed.pin(number, verb)} == pins
        assert allowed.every_pin(verb) == (pins == set(PINS))
        assert {path for path in ASKED if allowed.path(path, verb)} == paths & set(ASKED)


def test_the_whole_matrix_of_users_groups_verbs_and_things() -> None:
    """Every combination against the table that the rules below spell out."""
    rules = (
        rule(uid=10, pins=frozenset({1}), verbs=frozenset({"read", "write"})),
        rule(gid=20, pins=frozenset({2}), verbs=frozenset({"mode"})),
        rule(group=30, paths=("GPIO.GPLEV0",), verbs=frozenset({"read", "subscribe"})),
        rule(uid=10, group=30, paths=("GPIO.GPSET0.SET4",), verbs=frozenset({"write"})),
    )
    checked = policy(*rules)
    for uid, gid, groups in product((10, 11), (20, 21, 30), ((), (30,), (20,), (20, 30))):
        peer = Peer(1, uid, gid, frozenset(groups))
        in_30 = gid == 30 or 30 in groups
        allowed = checked.permissions(peer)
        for verb in VERBS:
            assert allowed.pin(1, verb) == (uid == 10 and verb in {"read", "write"})
            assert allowed.pin(2, verb) == (gid == 20 and verb == "mode")
            assert not allowed.pin(3, verb)
            level = in_30 and verb in {"read", "subscribe"}
            assert allowed.path("GPIO.GPLEV0", verb) == level
            assert allowed.path("GPIO.GPLEV0.LEV4", verb) == level
            assert allowed.path("GPIO.GPSET0.SET4", verb) == (
                uid == 10 and in_30 and verb == "write"
            )
            assert not allowed.path("GPIO.GPSET0", verb)
            assert not allowed.path("GPIO.GPSET0.SET5", verb)


# ---- things -------------------------------------------------------------------------------------


def test_a_register_gives_its_fields_and_a_field_not_its_register() -> None:
    whole = policy(rule(paths=("GPIO.GPLEV0",))).permissions(SOMEBODY)
    assert whole.path("GPIO.GPLEV0.LEV3", "read")
    part = policy(rule(paths=("GPIO.GPLEV0.LEV3",))).permissions(SOMEBODY)
    assert part.path("GPIO.GPLEV0.LEV3", "read")
    assert not part.path("GPIO.GPLEV0", "read")
    assert not part.path("GPIO.GPLEV0.LEV4", "read")


def test_a_pin_gives_no_path_and_a_path_no_pin() -> None:
    pins = policy(rule(pins=frozenset(PINS), verbs=frozenset(VERBS))).permissions(SOMEBODY)
    assert not any(pins.path(path, verb) for path in ASKED for verb in VERBS)
    paths = policy(rule(paths=("*",), verbs=frozenset(VERBS))).permissions(SOMEBODY)
    assert not any(paths.pin(number, verb) for number in PINS for verb in VERBS)


def test_a_star_stands_for_everything_and_stays_within_a_name_elsewhere() -> None:
    everything = policy(rule(paths=("*",))).permissions(SOMEBODY)
    assert all(everything.path(register.path, "read") for register in BOARD)
    assert list(expander(BOARD)("GPIO.GPFSEL2.FSEL2*")) == sorted(MEANT["GPIO.GPFSEL2.FSEL2*"])
    with pytest.raises(UnknownName):
        expander(BOARD)("GP*FSEL20")


def test_paths_are_canonical() -> None:
    assert list(expander(BOARD)("GPIO.GPFSEL[1]")) == ["GPIO.GPFSEL1"]
    assert next(iter(expander(BOARD)("GPIO.GPFSEL2.FSEL2?"))) == "GPIO.GPFSEL2.FSEL20"


def test_the_same_credentials_get_the_same_object() -> None:
    checked = policy(rule(uid=1000, pins=frozenset({1})))
    assert checked.permissions(SOMEBODY) is checked.permissions(
        Peer(77, 1000, 1000, frozenset({30, 20}))
    )
    others = [checked.permissions(Peer(1, uid, 0)) for uid in range(1000)]
    assert not any(each.pin(1, "read") for each in others[:1000])
    assert checked.permissions(SOMEBODY).pin(1, "read")


# ---- the matrix ---------------------------------------------------------------------------------


def test_the_matrix_as_text() -> None:
    rules = (
        rule(
            uid=0,
            pins=frozenset({0, 1, 2, 5, 10}),
            verbs=frozenset({"read", "write", "mode", "subscribe"}),
        ),
        rule(gid=0, group=54321, paths=("GPIO.GPLEV*",)),
        rule(verbs=frozenset({"drive"}), pins=frozenset({16})),
    )
    config = Config(board="rpi1-rev2", rules=rules)
    assert matrix(config, policy(*rules)) == (
        "uid root (0):\n"
        "                   read  write  mode  subscribe  drive\n"
        "  pins 0-2, 5, 10   x      x     x        x        -\n"
        "\n"
        "primary group root (0) and group 54321:\n"
        "               read  write  mode  subscribe  drive\n"
        "  GPIO.GPLEV0   x      -     -        -        -\n"
        "  GPIO.GPLEV1   x      -     -        -        -\n"
        "\n"
        "everybody:\n"
        "           read  write  mode  subscribe  drive\n"
        "  pins 16   -      -     -        -        x\n"
    )


def test_the_matrix_of_no_rules() -> None:
    assert "nobody" in matrix(Config(board="pc", rules=()), policy())


# ---- as plain data ------------------------------------------------------------------------------

CONFIGS = st.builds(
    Config,
    board=st.text(max_size=8),
    rules=RULES.map(tuple),
    backend=st.none() | st.text(max_size=8),
    socket=st.builds(Socket, mode=st.integers(0, 0o777), owner=st.none() | IDS),
    user=st.none() | IDS,
    require=st.frozensets(st.sampled_from(["user", "seccomp"])),
    pid_file=st.none() | st.text(max_size=8),
    limits=st.builds(Limits, slow_s=st.floats(0.1, 9) | st.integers(1, 9)),
    audit=st.builds(Audit, to=st.text(max_size=8)),
)


@given(CONFIGS)
def test_a_configuration_comes_back_as_it_was(config: Config) -> None:
    assert plain.loads(plain.dumps(config)) == config


GOOD = plain.dumps(Config(board="pc", rules=(rule(uid=1, pins=frozenset({1})),)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"board":"pc"', '"board":7'),
        ('"board":"pc"', '"board":null'),
        ('"board":"pc",', ""),
        ('"board":"pc"', '"board":"pc","more":1'),
        ('"pins":[1]', '"pins":["1"]'),
        ('"pins":[1]', '"pins":[[1]]'),
        ('"pins":[1]', '"pins":{"1":1}'),
        ('"uid":1', '"uid":true'),
        ('"uid":1', '"uid":1.5'),
        ('"verbs":["read"]', '"verbs":"read"'),
    ],
)
def test_what_is_no_configuration_is_refused(before: str, after: str) -> None:
    assert before in GOOD
    with pytest.raises(DaemonError, match="no configuration"):
        plain.loads(GOOD.replace(before, after))


GARBAGE = ("", "null", "[]", "[" * 100_000, "{}", '{"board": 1}', "NaN")


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:8] or "empty")
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(DaemonError):
        plain.loads(text)
