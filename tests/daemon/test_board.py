"""The board behind the protocol: what each request reads and writes, and what it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import regmap
from regmap.daemon.board import Served, Wait
from regmap.daemon.policy import Permissions, Rule
from regmap.errors import BusFault
from regmap.layout import lay_out
from regmap.live.build import build
from regmap.wire import WireError, parse
from tests.daemon.served import ME, policy_for
from tests.support import Recorder, device_of

_BASE = 0x20200000
_FSEL0, _FSEL1, _FSEL2 = _BASE, _BASE + 4, _BASE + 8
_SET0, _CLR0, _LEV0 = _BASE + 0x1C, _BASE + 0x28, _BASE + 0x34


class Board:
    """A board on a recorder, and what was written by whom."""

    def __init__(self, name: str = "rpi1-rev2", *rules: Rule) -> None:
        self.bus = Recorder()
        self.device = build(lay_out(regmap.load(name)))(self.bus)
        self.written: list[tuple[str, int | None, int]] = []
        self.served = Served(
            self.device, audit=lambda _peer, path, old, new: self.written.append((path, old, new))
        )
        self.rules = rules

    @property
    def allowed(self) -> Permissions:
        return policy_for(self.device, *self.rules).permissions(ME)

    def ask(self, line: str) -> str:
        action = self.served.prepare(parse(line.encode(), hello=True), self.allowed)
        assert not isinstance(action, Wait)
        return action(ME).decode()

    def refused(self, line: str) -> str:
        """The code, and nothing happened on the bus."""
        self.bus.taken()
        with pytest.raises(WireError) as caught:
            self.ask(line)
        assert self.bus.taken() == []
        assert self.written == []
        return caught.value.code


@pytest.fixture
def board() -> Board:
    return Board()


# ---- the article's pins ------------------------------------------------------------------------


def test_read_is_one_bus_read(board: Board) -> None:
    board.bus.memory[_LEV0] = 1 << 22
    assert board.ask("READ 3") == "3 1\n"
    assert board.ask("READ 0") == "0 0\n"
    assert board.bus.taken() == [("R", _LEV0, 32)] * 2


@pytest.mark.parametrize(("value", "register"), [(1, _SET0), (0, _CLR0)])
def test_write_is_one_write_of_one_bit(board: Board, value: int, register: int) -> None:
    assert board.ask(f"WRITE 3 {value}") == "Ok\n"
    assert board.bus.taken() == [("W", register, 32, 1 << 22)]
    assert board.written == [("GPIO.pin[22].level", None, value)]


def test_mode_changes_one_function_and_tells_the_old_one(board: Board) -> None:
    board.bus.memory[_FSEL2] = 0o7777_7777_77
    board.bus.memory[_FSEL2] &= ~(7 << 6)
    assert board.ask("MODE 3 OUT") == "Ok\n"
    assert board.bus.taken()[-1] == ("W", _FSEL2, 32, 0o7777_7771_77)
    assert board.ask("MODE 3 IN") == "Ok\n"
    assert board.bus.taken()[-1] == ("W", _FSEL2, 32, 0o7777_7770_77)
    assert board.written == [("GPIO.pin[22].function", 0, 1), ("GPIO.pin[22].function", 1, 0)]


def test_a_pin_goes_through_input_from_its_alternate_function(board: Board) -> None:
    """As the manual asks: BCM2835 ARM Peripherals 6.1 has no step between two functions."""
    board.bus.memory[_FSEL0] = 4 << 6
    assert board.ask("MODE 8 OUT") == "Ok\n"  # SDA, line 2
    writes = [access for access in board.bus.taken() if access[0] == "W"]
    assert writes == [("W", _FSEL0, 32, 0), ("W", _FSEL0, 32, 1 << 6)]
    assert board.written == [("GPIO.pin[2].function", 4, 1)]


_COMMON = [17, 18, None, 22, 23, 24, 25, 4, None, None, 8, 7, 10, 9, 11, 14, 15]
_NAMES = [*(f"GPIO {n}" for n in range(8)), "SDA", "SCL", "CE0", "CE1", "MOSI", "MISO", "SCLK"]
_NAMES += ["TxD", "RxD"]


@pytest.mark.parametrize(
    ("name", "moved"), [("rpi1-rev1", {2: 21, 8: 0, 9: 1}), ("rpi1-rev2", {2: 27, 8: 2, 9: 3})]
)
def test_read_all_is_the_article_s_table(name: str, moved: dict[int, int]) -> None:
    """Every pin alone is 1 in its own line, and all come from one bus read."""
    board = Board(name)
    lines = [moved.get(number, line) for number, line in enumerate(_COMMON)]
    for high, line in enumerate(lines):
        assert line is not None
        board.bus.memory[_LEV0] = 1 << line
        rows = [
            f"{number} {lines[number]} {_NAMES[number]} {int(number == high)}\n"
            for number in range(17)
        ]
        assert board.ask("READALL") == "".join(rows)
        assert board.bus.taken() == [("R", _LEV0, 32)]
        assert board.ask(f"READ {high}") == f"{high} 1\n"
        board.bus.taken()


def test_a_board_without_the_article_s_pins_has_none() -> None:
    board = Board("beaglebone-black")
    for line in ("READ 0", "WRITE 0 1", "MODE 0 IN", "READALL", "DRIVE 0 1"):
        assert board.refused(line) == "pin"


def test_only_a_simulator_is_driven(board: Board) -> None:
    assert board.refused("DRIVE 3 1") == "access"


# ---- registers by name -------------------------------------------------------------------------


def test_get_reads_each_path_once_and_says_it_as_it_was_asked(board: Board) -> None:
    board.bus.memory |= {_FSEL1: 0x1234, _LEV0: 8}
    asked = "GET GPIO.GPFSEL1 GPIO.GPFSEL[1].FSEL[1] GPIO.GPLEV0.LEV3 GPIO.GPLEV0.bit[2]"
    reply = "GPIO.GPFSEL1=0x1234 GPIO.GPFSEL[1].FSEL[1]=0x6 GPIO.GPLEV0.LEV3=0x1"
    assert board.ask(asked) == f"{reply} GPIO.GPLEV0.bit[2]=0x0\n"
    assert board.bus.taken() == [("R", at, 32) for at in (_FSEL1, _FSEL1, _LEV0, _LEV0)]
    assert board.written == []


def test_set_is_an_assignment_each(board: Board) -> None:
    board.bus.memory[_FSEL1] = 0o70
    assert board.ask("SET GPIO.GPFSEL1.FSEL10=OUTPUT GPIO.GPFSEL1=0x9 GPIO.GPSET0.SET3=1") == "Ok\n"
    assert board.bus.taken() == [
        ("R", _FSEL1, 32),
        ("W", _FSEL1, 32, 0o71),
        ("W", _FSEL1, 32, 9),
        ("W", _SET0, 32, 8),
    ]
    assert board.written == [
        ("GPIO.GPFSEL1.FSEL10", 0, 1),
        ("GPIO.GPFSEL1", None, 9),
        ("GPIO.GPSET0.SET3", None, 1),
    ]


def test_modify_is_one_read_and_one_write_a_register(board: Board) -> None:
    board.bus.memory |= {_FSEL1: 0o7_000, _FSEL2: 0}
    fields = "GPIO.GPFSEL1.FSEL10=1 GPIO.GPFSEL2.FSEL20=ALT5 GPIO.GPFSEL1.FSEL11=2"
    assert board.ask(f"MODIFY {fields}") == "Ok\n"
    assert board.bus.taken() == [
        ("R", _FSEL1, 32),
        ("W", _FSEL1, 32, 0o7_021),
        ("R", _FSEL2, 32),
        ("W", _FSEL2, 32, 2),
    ]
    assert board.written[0] == ("GPIO.GPFSEL1.FSEL10", 0, 1)


def test_one_bit_is_changed_as_its_register_allows(board: Board) -> None:
    board.bus.memory[_FSEL1] = 5
    assert board.ask("SET GPIO.GPFSEL1.bit[1]=1") == "Ok\n"
    assert board.bus.taken() == [("R", _FSEL1, 32), ("W", _FSEL1, 32, 7)]
    assert board.written == [("GPIO.GPFSEL1.bit[1]", None, 1)]


def test_cas_writes_only_over_what_was_expected(board: Board) -> None:
    board.bus.memory[_FSEL1] = 0o71
    assert board.ask("CAS GPIO.GPFSEL1.FSEL10 OUTPUT ALT0") == "Ok\n"
    assert board.bus.memory[_FSEL1] == 0o74
    assert board.written == [("GPIO.GPFSEL1.FSEL10", 1, 4)]
    board.bus.taken()
    with pytest.raises(WireError, match=r"^Error value it is 0x4$"):
        board.ask("CAS GPIO.GPFSEL1.FSEL10 OUTPUT ALT5")
    assert board.bus.taken() == [("R", _FSEL1, 32)]


def test_a_batch_is_done_in_its_order_and_says_what_was_read(board: Board) -> None:
    board.bus.memory[_LEV0] = 3
    asked = "BATCH GET GPIO.GPLEV0; SET GPIO.GPFSEL1=0x1; MODIFY GPIO.GPFSEL1.FSEL11=1; "
    reply = board.ask(asked + "GET GPIO.GPFSEL1")
    assert reply == "Ok GPIO.GPLEV0=0x3 GPIO.GPFSEL1=0x9\n"
    assert [access[:2] for access in board.bus.taken()] == [
        ("R", _LEV0),
        ("W", _FSEL1),
        ("R", _FSEL1),
        ("W", _FSEL1),
        ("R", _FSEL1),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("GET GPIO.GPFSEL9", "path"),
        ("GET GPIO", "path"),
        ("GET GPIO.GPFSEL[6]", "path"),
        ("GET GPIO.pin[3]", "path"),
        ("GET GPIO.GPLEV0.bit[32]", "path"),
        ("GET GPIO.GPSET0", "access"),
        ("SET GPIO.GPLEV0=1", "access"),
        ("SET GPIO.GPFSEL1.FSEL10=8", "value"),
        ("SET GPIO.GPFSEL1.FSEL10=-1", "value"),
        ("SET GPIO.GPFSEL1.FSEL10=NOPE", "value"),
        ("SET GPIO.GPFSEL1=0x100000000", "value"),
        ("SET GPIO.GPFSEL1=OUTPUT", "value"),
        ("SET GPIO.GPFSEL1.bit[1]=2", "value"),
        ("SET GPIO.GPFSEL1.bit[1]=ON", "value"),
        ("MODIFY GPIO.GPFSEL1.bit[1]=ON", "value"),
        ("CAS GPIO.GPFSEL1 0 ON", "value"),
        ("CAS GPIO.GPFSEL1 ON 0", "value"),
        ("WAIT GPIO.GPFSEL1=ON 5", "value"),
        ("WAIT GPIO.GPFSEL1.FSEL10=NOPE 5", "value"),
        ("WAIT GPIO.GPSET0=1 5", "access"),
        ("SET GPIO.GPSET0.SET3=0", "access"),
        ("MODIFY GPIO.GPFSEL1=1", "path"),
        ("MODIFY GPIO.GPFSEL1.FSEL10=1 GPIO.GPFSEL1.FSEL10=1", "path"),
        ("CAS GPIO.GPSET0 0 1", "access"),
        ("CAS GPIO.GPFSEL1.FSEL10 0 9", "value"),
        ("DESCRIBE GPIO.NOPE", "path"),
        ("SET GPIO.GPFSEL1=1 GPIO.GPFSEL2=2 GPIO.GPLEV0=1", "access"),
        ("BATCH SET GPIO.GPFSEL1=1; GET GPIO.GPSET0", "access"),
        ("BATCH SET GPIO.GPFSEL1=1; MODIFY GPIO.GPFSEL1.FSEL10=9", "value"),
    ],
)
def test_what_is_wrong_is_refused_before_the_first_access(
    board: Board, line: str, code: str
) -> None:
    assert board.refused(line) == code


class _Failing(Recorder):
    """A bus with a fault at one address."""

    bad = -1

    def read(self, address: int, width: int) -> int:
        self._check(address)
        return super().read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        self._check(address)
        super().write(address, width, value)

    def _check(self, address: int) -> None:
        if address == self.bad:
            raise BusFault("nothing is there", address=address)


@pytest.mark.parametrize("undone", [True, False])
def test_a_batch_that_faults_is_undone_or_says_how_far_it_came(undone: bool) -> None:
    board = Board()
    bus = _Failing({_FSEL1: 0o55})
    bus.bad = _FSEL2
    board.served = Served(
        build(lay_out(regmap.load("rpi1-rev2")))(bus),
        audit=lambda _peer, path, old, new: board.written.append((path, old, new)),
    )
    first = "MODIFY GPIO.GPFSEL1.FSEL10=1" if undone else "SET GPIO.GPFSEL1=1"
    with pytest.raises(WireError, match=r"^Error fault ") as caught:
        board.ask(f"BATCH {first}; SET GPIO.GPFSEL2=1")
    end = "nothing is changed" if undone else "writes done before: 1"
    assert caught.value.text == f"bus fault at {_FSEL2:#x}; {end}"
    assert bus.memory[_FSEL1] == (0o55 if undone else 1)
    assert len(board.written) == (2 if undone else 1)


def test_what_reading_changes_is_read_when_asked_and_never_polled() -> None:
    device = device_of(
        """
        regmap: 1
        block: block
        defaults: {width: 32}
        registers:
          FIFO: {offset: 0, access: rc, description: Emptied by a read.}
        """
    )
    board = Board()
    board.device = device
    board.served = Served(device, audit=lambda *_: None)
    assert board.ask("GET BLOCK.FIFO") == "BLOCK.FIFO=0x0\n"
    for line in ("WAIT BLOCK.FIFO=1 5", "CAS BLOCK.FIFO 0 1"):
        with pytest.raises(WireError, match=r"^Error access "):
            board.served.prepare(parse(line.encode(), hello=True), board.allowed)


# ---- what a peer may do ------------------------------------------------------------------------


def _rule(*verbs: str, pins: tuple[int, ...] = (), paths: tuple[str, ...] = ()) -> Rule:
    return Rule(pins=frozenset(pins), paths=paths, verbs=frozenset(verbs))


@pytest.mark.parametrize(
    "line",
    [
        "READ 4", "WRITE 3 1", "MODE 3 IN", "DRIVE 3 1", "READALL",
        "GET GPIO.GPLEV0", "GET GPIO.GPFSEL1.FSEL11", "SET GPIO.GPFSEL1.FSEL10=1",
        "MODIFY GPIO.GPFSEL1.FSEL10=1", "CAS GPIO.GPFSEL1.FSEL10 0 1",
        "WAIT GPIO.GPLEV0=1 5", "DESCRIBE GPIO.GPLEV0", "GET GPIO.GPFSEL1.bit[0]",
        "BATCH GET GPIO.GPFSEL1.FSEL10; SET GPIO.GPFSEL1.FSEL10=1",
    ],
)  # fmt: skip
def test_what_no_rule_gives_is_denied(line: str) -> None:
    rule = _rule("read", pins=(3,), paths=("GPIO.GPFSEL1.FSEL10",))
    board = Board("rpi1-rev2", rule)
    assert board.ask("READ 3") == "3 0\n"
    assert board.ask("GET GPIO.GPFSEL1.FSEL10") == "GPIO.GPFSEL1.FSEL10=0x0\n"
    assert board.refused(line) == "denied"


def test_list_names_what_the_peer_may_do_and_nothing_else() -> None:
    rule = _rule("read", "write", pins=(3, 8), paths=("GPIO.GPLEV0", "GPIO.GPFSEL1.FSEL10"))
    board = Board("rpi1-rev2", rule)
    verbs = ["read", "write"]
    pins = [
        {"pin": 3, "line": 22, "name": "GPIO 3", "path": "GPIO.pin[22]", "verbs": verbs},
        {"pin": 8, "line": 2, "name": "SDA", "path": "GPIO.pin[2]", "verbs": verbs},
    ]
    paths = {"GPIO.GPFSEL1.FSEL10": verbs, "GPIO.GPLEV0": verbs}
    assert json.loads(board.ask("LIST")) == {"board": "rpi1-rev2", "paths": paths, "pins": pins}
    less = json.loads(board.ask("LIST GPIO.GPLEV*"))
    assert less == {"board": "rpi1-rev2", "paths": {"GPIO.GPLEV0": verbs}}
    assert json.loads(board.ask("LIST GPIO.GPLEV[01]"))["paths"] == {}
    assert json.loads(board.ask("LIST *?PLEV?"))["paths"] == {"GPIO.GPLEV0": verbs}
    assert board.refused(f"LIST {'*a' * 100}") == "value"
    assert board.bus.taken() == []


def test_describe_tells_what_the_layout_says() -> None:
    board = Board()
    told = json.loads(board.ask("DESCRIBE GPIO.GPFSEL1"))
    assert (told["address"], told["width"], told["access"]) == (_FSEL1, 32, "read-write")
    first = told["fields"][0]
    assert (first["name"], first["lsb"], first["width"], first["mask"]) == ("FSEL10", 0, 3, 7)
    assert first["enum"]["ALT0"] == 4
    field = json.loads(board.ask("DESCRIBE GPIO.GPFSEL1.FSEL[1]"))
    assert (field["path"], field["mask"]) == ("GPIO.GPFSEL1.FSEL11", 0o70)
    assert board.bus.taken() == []


def test_describe_leaves_out_fields_of_which_the_peer_has_nothing() -> None:
    board = Board("rpi1-rev2", _rule("read", paths=("GPIO.GPFSEL1.FSEL10",)))
    told = json.loads(board.ask("DESCRIBE GPIO.GPFSEL1"))
    assert [field["name"] for field in told["fields"]] == ["FSEL10"]


def test_names_are_every_register_and_field(board: Board) -> None:
    names = board.served.names()
    assert names[:2] == ("GPIO.GPFSEL0", "GPIO.GPFSEL0.FSEL0")
    assert len(set(names)) == len(names)
    for name in names:
        board.served.device[name]


def test_a_description_s_words_stay_one_short_line_of_ascii(tmp_path: Path) -> None:
    del tmp_path
    device = device_of(
        """
        regmap: 1
        block: block
        defaults: {width: 32}
        registers:
          R:
            offset: 0
            fields:
              A: {bits: 0, access: wo1c, description: x}
              B: {bits: 1, constraint: {min: 0, max: 0}, description: x}
        """
    )
    board = Board()
    board.device, board.served = device, Served(device, audit=lambda *_: None)
    for line in ("SET BLOCK.R.B=1", "SET BLOCK.R.A=0", "GET BLOCK.R.C"):
        with pytest.raises(WireError) as caught:
            board.ask(line)
        assert str(caught.value).isascii()
        assert "\n" not in str(caught.value)
