"""Segments in packetdrill's words: reading, printing, and that the two agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import Flags, NotationError, Segment, TcpsimError, format_segment, parse_segment

FLOW = ("10.0.0.1", 80, "10.0.0.2", 49152)
TOP = 2**32 - 1
NUMBERS = st.integers(0, TOP) | st.sampled_from([0, 1, TOP - 1, TOP])


@pytest.mark.parametrize(
    ("text", "flags", "seq", "octets", "ack", "wnd", "options"),
    [
        ("S 0:0(0) win 1000 <mss 1460>", Flags.SYN, 0, 0, 0, 1000, (("mss", 1460),)),
        (". 1:1(0) ack 1 win 65535", Flags.ACK, 1, 0, 1, 65535, ()),
        ("F. 10:10(0) ack 3", Flags.FIN | Flags.ACK, 10, 0, 3, 65535, ()),
        ("R 101:101(0) win 0", Flags.RST, 101, 0, 0, 0, ()),
        ("P. 1:11(10) ack 1 win 500", Flags.PSH | Flags.ACK, 1, 10, 1, 500, ()),
        ("- 4294967295:4(5) win 7", Flags(0), TOP, 5, 0, 7, ()),
        ("SA 5:5(0) ack 9 win 1 <nop,wscale 7>", Flags.SYN | Flags.ACK, 5, 0, 9, 1,
         (("nop",), ("wscale", 7))),
        (". 1:1(0) ack 2 win 3 <sack 1:2 3:4>", Flags.ACK, 1, 0, 2, 3, (("sack", (1, 2), (3, 4)),)),
        (". 1:1(0) ack 2 win 3 < opt 254 0xABcd , eol >", Flags.ACK, 1, 0, 2, 3,
         (("unknown", 254, b"\xab\xcd"), ("eol",))),
        ("S 1:1(0) win 3 <0xfe04abcd,0x01,sackOK>", Flags.SYN, 1, 0, 0, 3,
         (("unknown", 254, b"\xab\xcd"), ("nop",), ("sackOK",))),
        ("S 1:1(0) win 3 <0xfe02>", Flags.SYN, 1, 0, 0, 3, (("unknown", 254, b""),)),
    ],
)  # fmt: skip
def test_reads(
    text: str,
    flags: Flags,
    seq: int,
    octets: int,
    ack: int,
    wnd: int,
    options: tuple[object, ...],
) -> None:
    seg = parse_segment(text, FLOW)
    assert (seg.flags, seg.seq, len(seg.data), seg.ack, seg.wnd) == (flags, seq, octets, ack, wnd)
    assert (seg.options, seg.flow, seg.id) == (options, FLOW, 0)
    assert seg.data == bytes(octets)


def test_urgent_pointer_and_payload() -> None:
    seg = parse_segment("P.U 1:4(3) ack 1 win 9 urg 3", FLOW, data=b"abc")
    assert (seg.flags, seg.up, seg.data) == (Flags.PSH | Flags.ACK | Flags.URG, 3, b"abc")


def test_timestamps_have_fields_of_their_own() -> None:
    seg = parse_segment(". 1:1(0) ack 1 win 9 <nop,nop,TS val 7 ecr 8>", FLOW)
    assert (seg.tsval, seg.tsecr, seg.options) == (7, 8, (("nop",), ("nop",)))
    seg = parse_segment("S 1:1(0) win 9 <TS val 7 ecr 0,nop,wscale 2>", FLOW)
    assert (seg.tsval, seg.tsecr) == (7, 0)
    assert format_segment(seg) == "S 1:1(0) win 9 <TS val 7 ecr 0,nop,wscale 2>"


def test_numbers_are_relative_to_the_initial_ones_but_for_a_syn() -> None:
    seg = parse_segment("P. 1:11(10) ack 1 win 9 <sack 5:6>", FLOW, iss=100, irs=TOP)
    assert (seg.seq, seg.ack, seg.options) == (101, 0, (("sack", (4, 5)),))
    syn = parse_segment("S. 100:100(0) ack 301 win 9", FLOW, iss=100, irs=300)
    assert (syn.seq, syn.ack) == (100, 301)
    bare = parse_segment("F 1:1(0) win 9", FLOW, iss=100, irs=300)
    assert (bare.seq, bare.ack) == (101, 0)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "flags"),
        ("X 1:1(0) win 1", 1, "flags of the letters"),
        ("S", 2, "the first sequence number"),
        ("S 1", 4, "':' and the number after the data"),
        ("S 1:1", 6, r"'\(' and the number of octets"),
        ("S 1:1(0", 8, r"'\)' after"),
        ("S 1:2(0) win 1", 5, "expected 1, which is 1 \\+ 0"),
        ("S 4294967296:0(0) win 1", 3, "up to 4294967295"),
        ("S 12345678901:0(0)", 3, "the first sequence number"),
        (". 1:1(0) win 1", 10, "'ack' and a number"),
        ("S 1:1(0) ack 5 win 1", 10, "no 'ack' without"),
        (". 1:1(0) ack 5 urg 1", 16, "no 'urg' without"),
        (". 1:1(0) ack x", 14, "a number after 'ack'"),
        (". 1:1(0) ack 5 win 65536", 20, "up to 65535"),
        (". 1:1(0) ack 5 win 6 rubbish", 22, "ack, win, urg, <options> or the end"),
        (". 1:1(0) ack 5 win 6 <", 23, "an option"),
        (". 1:1(0) ack 5 win 6 <mss>", 26, "a number after 'mss'"),
        (". 1:1(0) ack 5 win 6 <mss 1460", 31, "another option, or '>'"),
        (". 1:1(0) ack 5 win 6 <speed 3>", 23, "mss, wscale"),
        (". 1:1(0) ack 5 win 6 <TS 1>", 26, "'val'"),
        (". 1:1(0) ack 5 win 6 <TS val 1 ecr 2,TS val 1 ecr 2>", 38, "only once"),
        (". 1:1(0) ack 5 win 6 <0xfe05ab>", 23, "kind, length"),
        (". 1:1(0) ack 5 win 6 <0xfe>", 23, "kind, length"),
        (". 1:1(0) ack 5 win 6 <0xfe01>", 23, "kind, length"),
        (". 1:1(0) ack 5 win 6 <nop> x", 28, "the end"),
        (". 1:1(0) ack 5 win 6 <sack>", 27, "a number after 'sack'"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, column: int, expected: str) -> None:
    with pytest.raises(NotationError, match=expected) as caught:
        parse_segment(text, FLOW)
    assert caught.value.column == column
    assert f"column {column}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, TcpsimError)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (". 1:1(0) ack {} win 6", 2**32 - 1),
        (". 1:1(0) ack 5 win {}", 65_535),
        (".U 1:1(0) ack 5 win 6 urg {}", 65_535),
        ("S 1:1(0) win 6 <mss {}>", 65_535),
        ("S 1:1(0) win 6 <wscale {}>", 255),
        ("S 1:1(0) win 6 <sack {}:2>", 2**32 - 1),
        ("S 1:1(0) win 6 <sack 1:{}>", 2**32 - 1),
        ("S 1:1(0) win 6 <TS val {} ecr 0>", 2**32 - 1),
        ("S 1:1(0) win 6 <TS val 0 ecr {}>", 2**32 - 1),
        ("S 1:1(0) win 6 <opt {} 0xabcd>", 255),
    ],
)
def test_numbers_go_as_far_as_their_fields(text: str, most: int) -> None:
    assert format_segment(parse_segment(text.format(most), FLOW)) == text.format(most)
    with pytest.raises(NotationError, match=f"a number up to {most} for"):
        parse_segment(text.format(most + 1), FLOW)


def test_payload_must_have_the_length_that_is_said() -> None:
    with pytest.raises(NotationError, match="expected 3 octets"):
        parse_segment("P. 1:3(2) ack 1 win 1", FLOW, data=b"abc")


OPTIONS = st.lists(
    st.tuples(st.just("mss"), st.integers(0, 65_535))
    | st.tuples(st.just("wscale"), st.integers(0, 255))
    | st.sampled_from([("sackOK",), ("nop",), ("eol",)])
    | st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4).map(lambda b: ("sack", *b))
    | st.tuples(st.just("unknown"), st.integers(0, 255), st.binary(max_size=6)),
    max_size=4,
).map(tuple)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    flags = draw(st.integers(0, 255))
    options: tuple[tuple[object, ...], ...] = draw(OPTIONS)
    tsval = draw(st.none() | NUMBERS)
    tsecr = None if tsval is None else draw(NUMBERS)
    if tsval is not None and options and draw(st.booleans()):
        options = (("TS",), *options)
    return Segment(
        FLOW,
        draw(NUMBERS),
        draw(NUMBERS) if flags & Flags.ACK else 0,
        flags,
        draw(st.integers(0, 65_535)),
        bytes(draw(st.integers(0, 40))),
        draw(st.integers(0, 65_535)) if flags & Flags.URG else 0,
        tsval,
        tsecr,
        options,
    )


@given(segments(), NUMBERS, NUMBERS)
def test_what_is_printed_reads_back(seg: Segment, iss: int, irs: int) -> None:
    assert parse_segment(format_segment(seg), FLOW) == seg
    assert parse_segment(format_segment(seg, iss=iss, irs=irs), FLOW, iss=iss, irs=irs) == seg


@given(st.text(alphabet="SFRP.UEWA-0123456789:()<> ackwinurgmsTvleorpnx,", max_size=40))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        seg = parse_segment(text, FLOW)
    except NotationError as error:
        column = error.column
    else:
        column = 1
        assert parse_segment(format_segment(seg), FLOW) == seg
    assert 1 <= column <= len(text) + 1
