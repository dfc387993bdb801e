"""GDB's packets: framing, escapes, runs, acknowledgments, and what no server may do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.backends.gdb_packets import LONGEST, Event, Kind, PacketError, Packets, escaped, frame


def packet(body: bytes) -> Event:
    return Event(Kind.PACKET, body)


def with_runs(data: bytes) -> bytes:
    """Runs shortened as the manual says: not by a count that would be # or $ (6 or 7 more)."""
    out = b""
    for value, group in itertools.groupby(data):
        left = len(list(group))
        while left:
            more = min(left - 1, 97)
            more = 5 if more in (6, 7) else more
            if more < 3 or bytes([value]) in b"#$}*":
                out += escaped(bytes([value]))
                left -= 1
            else:
                out += bytes([value]) + b"*" + bytes([more + 29])
                left -= more + 1
    return out


def summed(body: bytes) -> bytes:
    total = 0
    for byte in body:
        total = (total + byte) % 256
    return b"$" + body + b"#" + f"{total:02x}".encode()


@pytest.mark.parametrize(
    ("body", "framed"),
    [
        (b"", b"$#00"),
        (b"OK", b"$OK#9a"),
        (b"?", b"$?#3f"),
        (b"qSupported", b"$qSupported#37"),
    ],
)
def test_a_packet_has_its_sum(body: bytes, framed: bytes) -> None:
    assert frame(body) == framed == summed(body)
    assert Packets().feed(framed) == [packet(body)]


def test_the_manuals_run() -> None:
    """ "0* " is 0000: a space is 29 + 3."""
    assert Packets().feed(summed(b"0* ")) == [packet(b"0000")]
    assert Packets().feed(summed(b'0*"00')) == [packet(b"00000000")]


def test_a_run_behind_an_escape_repeats_what_was_sent() -> None:
    assert Packets().feed(summed(b"}\x03*!")) == [packet(b"#" + 4 * b"\x03")]


@given(st.binary(max_size=200))
def test_whatever_is_escaped_comes_back(data: bytes) -> None:
    sent = escaped(data)
    assert not set(b"#$*") & set(sent)
    assert Packets().feed(frame(sent)) == [packet(data)]


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=1), st.integers(1, 300)), max_size=6))
def test_runs_are_written_out(groups: list[tuple[bytes, int]]) -> None:
    data = b"".join(byte * count for byte, count in groups)
    assert Packets().feed(summed(with_runs(data))) == [packet(data)]


@given(st.data(), st.lists(st.binary(max_size=20), max_size=5))
def test_pieces_are_put_together(data: st.DataObject, bodies: list[bytes]) -> None:
    whole = b"+".join(frame(escaped(body)) for body in bodies)
    wanted = Packets().feed(whole)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    packets = Packets()
    got = []
    for start, end in itertools.pairwise([0, *cuts, len(whole)]):
        got += packets.feed(whole[start:end])
    assert got == wanted
    assert [event.body for event in got if event.kind is Kind.PACKET] == bodies


def test_each_packet_is_acknowledged_once() -> None:
    packets = Packets()
    packets.feed(b"+$OK#9a$OK#9a%Stop:T05#f4")
    assert packets.replies() == b"++"
    assert packets.replies() == b""
    packets.acks = False
    assert packets.feed(b"$OK#9A") == [packet(b"OK")]
    assert packets.replies() == b""


def test_notifications_and_acknowledgments_are_told() -> None:
    body = b"oocd_keepalive:00"
    notice = b"%" + frame(body)[1:]
    assert Packets().feed(b"+-" + notice) == [
        Event(Kind.ACK),
        Event(Kind.AGAIN),
        Event(Kind.NOTICE, body),
    ]
    # One that is damaged is left aside: it is not sent again.
    assert Packets().feed(b"%x#00+") == [Event(Kind.ACK)]


def test_a_damaged_packet_is_asked_for_again_and_not_for_ever() -> None:
    packets = Packets()
    assert packets.feed(b"$OK#00") == []
    assert packets.replies() == b"-"
    assert packets.feed(b"$OK#9a") == [packet(b"OK")]
    assert packets.replies() == b"+"
    for _ in range(3):
        assert packets.feed(b"$OK#0g") == []
        assert packets.replies() == b"-"
    with pytest.raises(PacketError, match="checksum b'9b' of b'OK' is wrong, it is b'9a'"):
        packets.feed(b"$OK#9b")


def test_without_acknowledgments_a_damaged_packet_is_the_end() -> None:
    packets = Packets()
    packets.acks = False
    with pytest.raises(PacketError, match="checksum"):
        packets.feed(b"$OK#00")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "where a packet begins it says b'HTTP/1.1 400"),
        (b"\xff\xfd\x03", "where a packet begins"),
        (b"+\n", "where a packet begins"),
        (summed(b"x}"), "ends within '}'"),
        (summed(b"x*"), "ends within '*'"),
        (summed(b"*!"), "nothing to repeat"),
        (summed(b"0*\x1f"), "no length"),
        (summed(b"0*\x7f"), "no length"),
        (b"$" + b"0" * (LONGEST + 1), "longer than 16384 bytes"),
        (summed(b"0" * (LONGEST + 1)), "longer than 16384 bytes"),
        (summed(b"0*~" * 5000), "longer than 16384 bytes"),
    ],
)
def test_nonsense_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(PacketError) as caught:
        Packets().feed(data)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"$", b"#", b"%", b"*", b"}", b"$#00"])))
def test_anything_gives_events_or_the_one_error(pieces: list[bytes]) -> None:
    packets = Packets()
    try:
        for piece in pieces:
            packets.feed(piece)
    except PacketError:
        pass


def test_what_waits_for_its_end_is_bounded() -> None:
    packets = Packets()
    packets.feed(b"$" + b"0" * LONGEST)
    with pytest.raises(PacketError, match="longer"):
        packets.feed(b"0")
