"""Segments, their flags, and one segment in packetdrill's words."""

from __future__ import annotations

import copy
import pickle
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import Flags, Segment, format_segment
from tcpsim.tcp.segment import ACK, FIN, PSH, RST, SYN, URG, flag_letters, flag_names, parse_flags

FLOW = ("10.0.0.2", 80, "10.0.0.1", 49152)
TOP = 2**32 - 1
NUMBERS = st.integers(0, TOP) | st.sampled_from([0, 1, TOP - 1, TOP])
OPTIONS = st.sampled_from([(), (("mss", 1460),), (("mss", 536), ("sackOK",), ("unknown", 254, b"\1"))])
STAMPS = st.none() | NUMBERS
SEGMENTS = st.builds(
    Segment,
    flow=st.sampled_from([FLOW, ("::1", 7, "::1", 8)]),
    seq=NUMBERS,
    ack=NUMBERS,
    flags=st.integers(0, 255),
    wnd=st.integers(0, 65535),
    data=st.binary(max_size=20),
    up=st.integers(0, 65535),
    tsval=STAMPS,
    tsecr=STAMPS,
    options=OPTIONS,
)
FIELDS = ("flow", "seq", "ack", "flags", "wnd", "data", "up", "tsval", "tsecr", "options")


def segment(flags: int = ACK, seq: int = 100, ack: int = 300, data: bytes = b"", **more: object) -> Segment:
    return Segment(FLOW, seq, ack, flags, 1000, data, **more)  # type: ignore[arg-type]


# -- lengths and ends


@pytest.mark.parametrize("seq", [100, TOP - 3, TOP])
@pytest.mark.parametrize(
    ("flags", "octets", "length"),
    [(ACK, 0, 0), (ACK, 5, 5), (SYN, 0, 1), (SYN | ACK, 5, 6), (FIN | ACK, 0, 1), (FIN | ACK, 5, 6),
     (SYN | FIN, 5, 7), (RST, 0, 0), (PSH | ACK | URG, 4, 4)],
)  # fmt: skip
def test_len_counts_syn_and_fin(flags: int, octets: int, length: int, seq: int) -> None:
    seg = segment(flags, seq, data=bytes(octets))
    assert seg.len == length
    assert seg.end == (seq + length) % 2**32


@given(SEGMENTS)
def test_len_and_end_of_any_segment(seg: Segment) -> None:
    assert seg.len == len(seg.data) + bool(seg.flags & SYN) + bool(seg.flags & FIN)
    assert seg.end == (seg.seq + seg.len) % 2**32


def test_source_and_destination() -> None:
    assert segment().dst == ("10.0.0.2", 80)
    assert segment().src == ("10.0.0.1", 49152)


# -- equality, copies


@given(SEGMENTS, SEGMENTS)
def test_equal_when_every_field_is(one: Segment, other: Segment) -> None:
    same = all(getattr(one, name) == getattr(other, name) for name in FIELDS)
    assert (one == other) == same == (one.key() == other.key())
    assert one == one.replace()
    assert hash(one) == hash(one.replace())


@given(SEGMENTS)
def test_the_packet_number_counts_for_equality_but_not_for_the_key(seg: Segment) -> None:
    twin = seg.replace()
    twin.id = seg.id + 1
    assert twin != seg
    assert twin.key() == seg.key()


@given(SEGMENTS, st.integers(0, 1000))
def test_pickles_and_copies_are_equal(seg: Segment, number: int) -> None:
    seg.id = number
    for made in (pickle.loads(pickle.dumps(seg)), copy.copy(seg), copy.deepcopy(seg)):
        assert made is not seg
        assert made == seg
        assert (made.id, made.len) == (seg.id, seg.len)


def test_not_equal_to_other_things() -> None:
    assert segment() != segment().key()


CHANGES = {
    "flow": ("10.0.0.9", 80, "10.0.0.1", 49152), "seq": 101, "ack": 301, "flags": RST, "wnd": 0, "data": b"x",
    "up": 3, "tsval": 1, "tsecr": 2, "options": (("mss", 1),),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_replace_changes_one_field_of_a_new_segment(name: str) -> None:
    seg = segment()
    seg.id = 7
    before = seg.key()
    new = seg.replace(**{name: CHANGES[name]})
    assert getattr(new, name) == CHANGES[name]
    assert all(getattr(new, other) == getattr(seg, other) for other in FIELDS if other != name)
    assert new.id == 0
    assert new.key() != before == seg.key()


def test_replace_counts_len_again() -> None:
    assert segment().replace(flags=SYN, data=b"abc").len == 4


def test_replace_names_a_wrong_field() -> None:
    with pytest.raises(TypeError, match="no field 'window'; its fields: flow, seq"):
        segment().replace(window=5)


# -- flags


@pytest.mark.parametrize(
    ("flags", "letters", "names"),
    [(SYN, "S", "SYN"), (SYN | ACK, "S.", "SYN,ACK"), (ACK, ".", "ACK"), (FIN | ACK, "F.", "FIN,ACK"),
     (RST, "R", "RST"), (RST | ACK, "R.", "RST,ACK"), (PSH | ACK, "P.", "PSH,ACK"),
     (FIN | PSH | ACK, "FP.", "FIN,PSH,ACK"), (0, "-", "none"),
     (255, "FSRP.UEW", "SYN,FIN,RST,PSH,URG,ECE,CWR,ACK")],
)  # fmt: skip
def test_letters_and_names(flags: int, letters: str, names: str) -> None:
    assert flag_letters(flags) == letters
    assert flag_names(flags) == names


@given(st.integers(0, 255))
def test_letters_are_read_back(flags: int) -> None:
    assert parse_flags(flag_letters(flags)) == flags
    assert Flags(flags) == flags


def test_any_order_and_either_spelling_of_ack() -> None:
    assert {parse_flags("".join(order)) for order in permutations("FP.")} == {FIN | PSH | ACK}
    assert parse_flags("SA") == parse_flags("S.") == SYN | ACK


@pytest.mark.parametrize("text", ["X", "S-", "s", "S A", "-."])
def test_a_wrong_letter_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"flags '{text}'.*is not one of"):
        parse_flags(text)


def test_the_bits_are_the_headers() -> None:
    """RFC 9293 3.1: CWR ECE URG ACK PSH RST SYN FIN, from the left."""
    assert [flag.name for flag in sorted(Flags, reverse=True)] == [
        "CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN",
    ]  # fmt: skip


def test_a_segment_prints_itself() -> None:
    seg = segment(PSH | ACK, data=b"hello")
    seg.id = 3
    assert repr(seg) == "<Segment #3 PSH,ACK SEQ=100 ACK=300 WND=1000 5 octets>"
    assert repr(segment(RST)) == "<Segment RST SEQ=100 WND=1000>"


# -- in packetdrill's words


@pytest.mark.parametrize(
    ("seg", "text"),
    [
        (segment(SYN, 100, 0), "S 100:100(0) win 1000"),
        (segment(SYN | ACK), "S. 100:100(0) ack 300 win 1000"),
        (segment(PSH | ACK, data=bytes(5)), "P. 100:105(5) ack 300 win 1000"),
        (segment(FIN | ACK, data=bytes(5)), "F. 100:105(5) ack 300 win 1000"),
        (segment(RST, 7), "R 7:7(0) win 1000"),
        (segment(0), "- 100:100(0) win 1000"),
        (segment(ACK, TOP - 1, TOP, bytes(4)), f". {TOP - 1}:2(4) ack {TOP} win 1000"),
        (segment(ACK | URG, up=3), ".U 100:100(0) ack 300 win 1000 urg 3"),
        (segment(SYN, 100, 0, options=(("mss", 1460), ("nop",), ("wscale", 7))),
         "S 100:100(0) win 1000 <mss 1460,nop,wscale 7>"),
        (segment(SYN, 100, 0, options=(("unknown", 254, b"\xab\xcd"),)), "S 100:100(0) win 1000 <opt 254 0xabcd>"),
    ],
)  # fmt: skip
def test_absolute_numbers(seg: Segment, text: str) -> None:
    assert format_segment(seg) == text


def test_timestamps() -> None:
    assert format_segment(segment(tsval=7, tsecr=0)).endswith("<TS val 7 ecr 0>")


@pytest.mark.parametrize(("iss", "irs"), [(100, 300), (TOP, TOP - 2), (0, 5)])
def test_relative_numbers(iss: int, irs: int) -> None:
    seg = segment(PSH | ACK, (iss + 1) % 2**32, (irs + 9) % 2**32, b"abc")
    assert format_segment(seg, iss=iss, irs=irs) == "P. 1:4(3) ack 9 win 1000"


@pytest.mark.parametrize("iss", [100, TOP])
def test_a_syn_keeps_its_absolute_numbers(iss: int) -> None:
    assert format_segment(segment(SYN, iss, 0), iss=iss, irs=300) == f"S {iss}:{iss}(0) win 1000"


@given(SEGMENTS.filter(lambda seg: not seg.flags & SYN), NUMBERS, NUMBERS)
def test_relative_is_absolute_moved(seg: Segment, iss: int, irs: int) -> None:
    moved = seg.replace(seq=(seg.seq - iss) % 2**32, ack=(seg.ack - irs) % 2**32)
    assert format_segment(seg, iss=iss, irs=irs) == format_segment(moved)
