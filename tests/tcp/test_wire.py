"""Segments as octets: known packets, the two laws, and that nothing wrong gets through."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tcpsim.tcp import Flags, Segment, TcpsimError, parse_segment
from tcpsim.tcp.options import ROOM, decode_options, encode_options
from tcpsim.tcp.wire import WireError, checksum, decode, decode_ip, decode_tcp, encode, encode_tcp

FLOW = ("10.0.0.1", 1000, "10.0.0.2", 2000)
TOP = 2**32 - 1
NOP, EOL, TS = ("nop",), ("eol",), ("TS",)


# -- an independent checksum, as RFC 1071 and RFC 9293 3.1 describe it


def words_sum(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words, carry by carry."""
    total = 0
    for i in range(0, len(octets), 2):
        total += octets[i] << 8 | (octets[i + 1] if i + 1 < len(octets) else 0)
        if total > 0xFFFF:
            total -= 0xFFFF
    return total


def tcp_sum(tcp: bytes, source: str, destination: str) -> int:
    """The sum over pseudo-header and segment: 0xFFFF if the checksum in it is right."""
    addresses = ip_address(source).packed + ip_address(destination).packed
    if len(addresses) == 8:
        pseudo = addresses + bytes((0, 6)) + len(tcp).to_bytes(2)
    else:
        pseudo = addresses + len(tcp).to_bytes(4) + bytes((0, 0, 0, 6))
    return words_sum(pseudo + tcp)


def with_checksum(tcp: bytes, source: str, destination: str) -> bytes:
    """``tcp`` with the right checksum."""
    blank = tcp[:16] + bytes(2) + tcp[18:]
    return blank[:16] + (0xFFFF - tcp_sum(blank, source, destination)).to_bytes(2) + blank[18:]


def tcp_octets(options: bytes, *, flags: int = Flags.ACK, data: bytes = b"", reserved: int = 0) -> bytes:
    """A TCP segment from 10.0.0.2 to 10.0.0.1 with these octets of options, written by hand."""
    assert len(options) % 4 == 0
    head = bytes.fromhex("07d0 03e8 0000012c 00000065")
    tcp = head + bytes(((5 + len(options) // 4) << 4 | reserved, flags)) + bytes.fromhex("03e8 0000 0000") + options
    return with_checksum(tcp + data, "10.0.0.2", "10.0.0.1")


def read(options: str, **fields: int) -> Segment:
    """What such a segment is decoded to; ``options`` in hex."""
    return decode_tcp(tcp_octets(bytes.fromhex(options), **fields), source="10.0.0.2", destination="10.0.0.1")


# -- known packets


SYN_PACKET = """
4500003c 1c464000 40069c5d c0a80001 c0a800c7
c0000050 00000064 00000000 a002ffff 052c0000
020405b4 0402080a 00000007 00000000 01030307
"""
SYN_SEGMENT = Segment(
    ("192.168.0.199", 80, "192.168.0.1", 49152), 100, 0, Flags.SYN, 65535, b"", 0, 7, 0,
    (("mss", 1460), ("sackOK",), TS, NOP, ("wscale", 7)),
)  # fmt: skip

DATA_PACKET = """
6b900000 002306ff fd000000 00000000 00000000 00000001 20010db8 00000000 00080800 200c417a
0050ffff fffffffe 00000001 80180200 1baf0000
0101080a ffffffff 00000008 616263
"""
DATA_SEGMENT = Segment(
    ("2001:db8::8:800:200c:417a", 65535, "fd00::1", 80), TOP - 1, 1, Flags.PSH | Flags.ACK, 512, b"abc", 0, TOP, 8
)

ODD_PACKET = """
45000040 00004000 400626b6 0a000002 0a000001
07d003e8 0000012c fffffffb b0f00000 7de90009
01010512 ffffffff 00000004 0000000a 00000014 fe04abcd
"""
ODD_SEGMENT = Segment(
    FLOW, 300, TOP - 4, Flags.ACK | Flags.URG | Flags.ECE | Flags.CWR, 0, b"", 9,
    options=(NOP, NOP, ("sack", (TOP, 4), (10, 20)), ("unknown", 254, b"\xab\xcd")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seg", "fields"),
    [
        (SYN_PACKET, SYN_SEGMENT, {"ident": 0x1C46}),
        (DATA_PACKET, DATA_SEGMENT, {"ttl": 255, "dscp": 46, "ecn": 1}),
        (ODD_PACKET, ODD_SEGMENT, {}),
    ],
)
def test_known_packets(text: str, seg: Segment, fields: dict[str, int]) -> None:
    packet = bytes.fromhex(text)
    header = 20 if packet[0] >> 4 == 4 else 40
    source, destination = seg.flow[2], seg.flow[0]
    assert tcp_sum(packet[header:], source, destination) == 0xFFFF
    assert header == 40 or words_sum(packet[:20]) == 0xFFFF

    assert encode(seg, **fields).hex() == packet.hex()
    assert encode_tcp(seg) == packet[header:]
    assert decode(packet) == seg.replace(ecn=fields.get("ecn", 0))
    assert decode_tcp(packet[header:], source=source, destination=destination) == seg
    ip = decode_ip(packet)
    assert ip._asdict() == {
        "source": source, "destination": destination, "payload": packet[header:],
        "ttl": 64, "dscp": 0, "ecn": 0, "ident": 0, **fields,
    }  # fmt: skip


def test_the_checksum_of_known_octets() -> None:
    assert checksum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0xFFFF - 0xDDF2  # RFC 1071, section 3
    assert checksum(bytes.fromhex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7")) == 0xB861
    assert checksum(b"\xff\xff") == checksum(b"\xff\xfe\x00\x01") == 0
    assert checksum(b"\x01") == 0xFEFF


@given(st.binary(min_size=1, max_size=99).filter(any))
def test_the_checksum_is_the_complement_of_the_sum_of_words(octets: bytes) -> None:
    assert checksum(octets) == 0xFFFF - words_sum(octets)


@pytest.mark.parametrize("flow", [FLOW, ("fd00::1", 1000, "fd00::2", 2000)])
def test_a_checksum_of_zero(flow: tuple[str, int, str, int]) -> None:
    blank = Segment(flow, 0, 0, 0, 0)
    rest = int.from_bytes(encode_tcp(blank)[16:18])
    seg = Segment(flow, 0, 0, 0, rest)  # the window makes the sum 0xFFFF
    assert encode_tcp(seg)[16:18] == bytes(2)
    assert decode(encode(seg)) == seg


# -- the laws


IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = st.ip_addresses(v=6).map(str)
U8, U16 = st.integers(0, 255), st.integers(0, 2**16 - 1)
U32 = st.integers(0, TOP) | st.sampled_from([0, 1, 2**31 - 1, 2**31, TOP - 1, TOP])
FLOWS = st.tuples(IPV4, U16, IPV4, U16) | st.tuples(IPV6, U16, IPV6, U16)

OPTION = st.one_of(
    st.just(NOP),
    st.tuples(st.just("mss"), U16),
    st.tuples(st.just("wscale"), U8),
    st.just(("sackOK",)),
    st.lists(st.tuples(U32, U32), min_size=1, max_size=4).map(lambda blocks: ("sack", *blocks)),
    st.tuples(st.just("unknown"), st.integers(2, 255), st.binary(max_size=9)),
)
TAIL = (
    st.just(())
    | st.integers(1, 7).map(lambda n: (EOL,) * n)
    | st.binary(min_size=1).map(lambda b: (("malformed", b),))
)


def fits(fields: tuple[tuple[tuple[object, ...], ...], int | None, int | None]) -> bool:
    """Whether ``encode_options`` takes them."""
    try:
        encode_options(*fields)
    except WireError:
        return False
    return True


@st.composite
def option_fields(draw: st.DrawFn) -> tuple[tuple[tuple[object, ...], ...], int | None, int | None]:
    """Any options that can be encoded, and timestamps: canonical or not."""
    options = draw(st.lists(OPTION, max_size=5)) + list(draw(TAIL))
    tsval, tsecr = None, None
    if draw(st.booleans()):
        tsval, tsecr = draw(U32), draw(U32)
        if draw(st.booleans()):
            options.insert(draw(st.integers(0, len(options))), draw(st.sampled_from([TS, ("TS", tsval, tsecr)])))
    return tuple(options), tsval, tsecr


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """Any segment that can be encoded."""
    options, tsval, tsecr = draw(option_fields().filter(fits))
    head = draw(st.tuples(FLOWS, U32, U32, U8, U16))
    return Segment(*head, draw(st.binary(max_size=20)), draw(U16), tsval, tsecr, options)


def size(option: tuple[object, ...]) -> int:
    """Octets of an option."""
    match option:
        case ("nop",) | ("eol",):
            return 1
        case ("malformed", bytes(octets)):
            return len(octets)
        case ("sack", *blocks):
            return 2 + 8 * len(blocks)
        case ("unknown", _, bytes(payload)):
            return 2 + len(payload)
        case (str(name), *_):
            return {"mss": 4, "wscale": 3, "sackOK": 2, "TS": 10}[name]
    raise AssertionError(option)


def is_canonical(seg: Segment) -> bool:
    """The definition in the module's docstring, in code (addresses and values are as they should be here)."""
    names = [option[0] for option in seg.options]
    where = sum(map(size, seg.options))
    if (seg.tsval is None) != (seg.tsecr is None) or seg.id:
        return False
    # Timestamps: never with values; not mentioned where they end the options on a boundary.
    if any(option[0] == "TS" and option != TS for option in seg.options):
        return False
    if names[-1:] == ["TS"] and where % 4 == 0:
        return False
    if seg.tsval is not None and "TS" not in names and names[-1:] == ["nop"] and where % 4 != 3:
        return False
    # Nothing unknown is a well-formed option of another name.
    own = {2: (2,), 3: (1,), 4: (0,), 5: (8, 16, 24, 32)}
    stamped = False
    for option in seg.options:
        match option:
            case ("TS",):
                stamped = True
            case ("unknown", int(kind), bytes(payload)):
                if len(payload) in own.get(kind, ()) or (kind == 8 and len(payload) == 8 and not stamped):
                    return False
    # What ends the list.
    if "eol" in names and (names.count("eol") < 4 or where % 4):
        return False
    if "malformed" in names:
        _, octets = seg.options[-1]
        assert isinstance(octets, bytes)
        impossible = octets[:1] > b"\x01" and (len(octets) < 2 or octets[1] < 2 or octets[1] > len(octets))
        return impossible and where % 4 == 0
    return True


@given(segments())
def test_a_segment_comes_back_as_it_was_exactly_if_it_is_canonical(seg: Segment) -> None:
    packet = encode(seg)
    back = decode(packet)
    assert (back == seg) == is_canonical(seg), (seg.options, back.options)
    assert is_canonical(back)
    assert encode(back) == packet
    # What is no option is never changed.
    strip = {"options": (), "tsval": None, "tsecr": None}
    assert back.replace(**strip) == seg.replace(**strip)


@given(segments().filter(is_canonical))
def test_canonical_segments_round_trip(seg: Segment) -> None:
    assert decode(encode(seg)) == seg
    assert decode_tcp(encode_tcp(seg), source=seg.flow[2], destination=seg.flow[0]) == seg


@given(segments(), U8, st.integers(0, 63), st.integers(0, 3), U16)
def test_packets_round_trip(seg: Segment, ttl: int, dscp: int, ecn: int, ident: int) -> None:
    packet = encode(seg, ttl=ttl, dscp=dscp, ecn=ecn, ident=ident)
    ip = decode_ip(packet)
    assert (ip.ttl, ip.dscp, ip.ecn) == (ttl, dscp, ecn)
    assert ip.ident == (ident if len(packet) - len(ip.payload) == 20 else 0)
    assert encode(decode(packet), ttl=ip.ttl, dscp=ip.dscp, ecn=ip.ecn, ident=ip.ident) == packet


@given(segments())
def test_what_is_encoded_is_well_formed(seg: Segment) -> None:
    """Lengths, reserved bits (LC-31), checksum (MUST-2) and padding (MUST-69), looked at by hand."""
    packet = encode(seg)
    ip = decode_ip(packet)
    tcp = ip.payload
    if packet[0] == 0x45:
        assert int.from_bytes(packet[2:4]) == len(packet) == 20 + len(tcp)
        assert words_sum(packet[:20]) == 0xFFFF
    else:
        assert int.from_bytes(packet[4:6]) == len(tcp) == len(packet) - 40
    assert tcp_sum(tcp, seg.flow[2], seg.flow[0]) == 0xFFFF
    header = (tcp[12] >> 4) * 4
    assert tcp[12] & 15 == 0
    assert tcp[header:] == seg.data
    used = encode_options(seg.options, seg.tsval, seg.tsecr)
    assert len(used) == header - 20 <= ROOM
    at = 0
    while at < len(used) and used[at] != 0:  # MUST-68: walking by length octets stays within the options
        if used[at] > 1 and (at + 1 == len(used) or used[at + 1] < 2 or at + used[at + 1] > len(used)):
            assert any(option[0] == "malformed" for option in seg.options)
            return
        at += 1 if used[at] == 1 else used[at + 1]
    if not any(option[0] == "malformed" for option in seg.options):
        assert not any(used[at:])


# -- damage


@given(segments())
def test_a_wrong_bit_is_never_taken_for_another_segment(seg: Segment) -> None:
    """IPv6's traffic class, flow label and hop limit are under no checksum; a segment has two bits of the first."""
    packet = encode(seg)
    canonical = decode(packet)
    unprotected = {*range(4, 32), *range(56, 64)} if packet[0] >> 4 == 6 else set()
    for bit in range(8 * len(packet)):
        wrong = bytearray(packet)
        wrong[bit // 8] ^= 0x80 >> bit % 8
        if bit in unprotected:
            assert decode(bytes(wrong)) == canonical.replace(ecn=wrong[1] >> 4 & 3)
        else:
            with pytest.raises(WireError):
                decode(bytes(wrong))


@given(segments(), st.data())
def test_a_wrong_bit_in_an_address_fails_the_checksum_of_tcp(seg: Segment, data: st.DataObject) -> None:
    addresses = {"source": seg.flow[2], "destination": seg.flow[0]}
    which = data.draw(st.sampled_from(sorted(addresses)))
    packed = ip_address(addresses[which]).packed
    bit = data.draw(st.integers(0, 8 * len(packed) - 1))
    wrong = (int.from_bytes(packed) ^ 1 << bit).to_bytes(len(packed))
    with pytest.raises(WireError, match="TCP checksum"):
        decode_tcp(encode_tcp(seg), **addresses | {which: str(ip_address(wrong))})


@given(segments(), st.binary(min_size=1, max_size=4))
def test_a_packet_cut_off_or_with_more_after_it_is_rejected(seg: Segment, more: bytes) -> None:
    packet = encode(seg)
    for n in range(len(packet)):
        with pytest.raises(WireError):
            decode(packet[:n])
    with pytest.raises(WireError, match="length"):
        decode(packet + more)


@given(st.binary(max_size=120) | st.binary(max_size=120).map(lambda octets: b"\x45" + octets))
def test_any_octets_are_a_segment_or_an_error(octets: bytes) -> None:
    for attempt in (decode, lambda octets: decode_tcp(octets, source="::1", destination="::2")):
        mistake = None
        try:
            attempt(octets)
        except WireError as caught:
            mistake = caught
        if mistake is not None:
            assert mistake.at is not None
            assert 0 <= mistake.at <= len(octets)
            assert str(mistake).startswith(f"octet {mistake.at}: ")


@given(st.binary(min_size=20, max_size=90), st.integers(5, 15))
def test_any_octets_with_a_right_checksum_and_offset_are_a_canonical_segment(octets: bytes, words: int) -> None:
    tcp = octets[:12] + bytes((words << 4 | octets[12] & 15,)) + octets[13:]
    tcp = with_checksum(tcp + bytes(max(0, 4 * words - len(tcp))), "10.0.0.2", "10.0.0.1")
    seg = decode_tcp(tcp, source="10.0.0.2", destination="10.0.0.1")
    assert is_canonical(seg)
    assert decode(encode(seg)) == seg
    assert seg.data == tcp[4 * words :]


@given(st.integers(0, 10).flatmap(lambda n: st.lists(st.integers(0, 9) | U8, min_size=4 * n, max_size=4 * n)))
@example([0, 255, 255, 255, 255, 255, 255, 255])
@example([254] * 40)
def test_any_octets_of_options_can_be_read_and_written_back(octets: list[int]) -> None:
    raw = bytes(octets)
    options, tsval, tsecr = decode_options(raw)
    again = encode_options(options, tsval, tsecr)
    assert len(again) == len(raw)
    at = 0
    while at < len(raw) and raw[at] == again[at]:
        at += 1
    # The only difference there may be: what is not zero after EOL (MUST-69 is the sender's).
    assert not any(again[at:])
    assert at == len(raw) or 0 in raw[:at]


@pytest.mark.parametrize(
    ("at", "octets", "problem", "octet"),
    [
        (0, "35", "IP version 3 is neither", 0),
        (0, "44", "header of 16 octets", 0),
        (0, "4f", "header of 60 octets in a packet of 50", 0),
        (2, "0033", "total length 51", 2),
        (2, "0031", "total length 49", 2),
        (2, "0013", "total length 19", 2),
        (8, "41", "header checksum 0x", 10),
        (32, "4f", "data offset 4", 32),
        (32, "8f", "data offset 8, which is 32 octets, in 30", 32),
        (49, "ff", "TCP checksum 0x", 36),
    ],
)
def test_says_what_is_wrong_and_at_which_octet(at: int, octets: str, problem: str, octet: int) -> None:
    packet = bytearray(encode(Segment(FLOW, 300, 101, Flags.ACK, 1000, b"0123456789")))
    assert len(packet) == 50
    packet[at : at + len(octets) // 2] = bytes.fromhex(octets)
    with pytest.raises(WireError, match=problem) as caught:
        decode(bytes(packet))
    assert caught.value.at == octet
    assert isinstance(caught.value, TcpsimError)
    assert "\n" not in str(caught.value)


def test_says_what_the_checksum_should_have_been() -> None:
    packet = bytearray.fromhex(SYN_PACKET)
    packet[36:38] = b"\x12\x34"
    with pytest.raises(WireError, match="octet 36: TCP checksum 0x1234 should be 0x052c"):
        decode(bytes(packet))
    packet[10:12] = b"\xff\x00"
    with pytest.raises(WireError, match="octet 10: IPv4 header checksum 0xff00 should be 0x9c5d"):
        decode(bytes(packet))


@pytest.mark.parametrize(
    ("at", "octets", "problem", "octet"),
    [
        (6, "2000", "fragment", 6),
        (6, "0001", "fragment", 6),
        (9, "11", "protocol 17 is not TCP", 9),
    ],
)
def test_only_whole_tcp_packets_of_ipv4(at: int, octets: str, problem: str, octet: int) -> None:
    packet = bytearray(encode(Segment(FLOW, 300, 101, Flags.ACK, 1000)))
    packet[at : at + len(octets) // 2] = bytes.fromhex(octets)
    packet[10:12] = bytes(2)
    packet[10:12] = (0xFFFF - words_sum(packet[:20])).to_bytes(2)
    with pytest.raises(WireError, match=problem) as caught:
        decode(bytes(packet))
    assert caught.value.at == octet


@pytest.mark.parametrize(
    ("at", "octets", "problem", "octet"),
    [
        (4, "0015", "payload length 21, in a packet with 20", 4),
        (4, "0000", "payload length 0", 4),
        (6, "2c", "fragment", 6),
        (6, "11", "next header 17 is not TCP", 6),
        (6, "00", "next header 0 is not TCP", 6),
    ],
)
def test_only_whole_tcp_packets_of_ipv6(at: int, octets: str, problem: str, octet: int) -> None:
    packet = bytearray(encode(Segment(("::1", 1, "::2", 2), 300, 101, Flags.ACK, 1000)))
    packet[at : at + len(octets) // 2] = bytes.fromhex(octets)
    with pytest.raises(WireError, match=problem) as caught:
        decode(bytes(packet))
    assert caught.value.at == octet


@pytest.mark.parametrize(("octets", "octet"), [("", 0), ("45" + 18 * "00", 19), ("60" + 38 * "00", 39)])
def test_too_short_for_a_header(octets: str, octet: int) -> None:
    with pytest.raises(WireError) as caught:
        decode(bytes.fromhex(octets))
    assert caught.value.at == octet


def test_too_short_for_tcp() -> None:
    packet = bytearray(encode(Segment(FLOW, 300, 101, Flags.ACK, 1000)))[:39]
    packet[2:4] = (39).to_bytes(2)
    packet[10:12] = bytes(2)
    packet[10:12] = (0xFFFF - words_sum(packet[:20])).to_bytes(2)
    with pytest.raises(WireError, match="19 octets of TCP") as caught:
        decode(bytes(packet))
    assert caught.value.at == 39


def test_ip_options_are_ignored() -> None:
    seg = Segment(FLOW, 300, 101, Flags.ACK, 1000, b"abc")
    packet = bytearray(encode(seg))
    packet[20:20] = b"\x94\x04\x00\x00"  # router alert
    packet[0] = 0x46
    packet[2:4] = len(packet).to_bytes(2)
    packet[10:12] = bytes(2)
    packet[10:12] = (0xFFFF - words_sum(packet[:24])).to_bytes(2)
    assert decode(bytes(packet)) == seg


# -- options


@pytest.mark.parametrize("lead", range(5))
@pytest.mark.parametrize(
    ("octets", "option"),
    [
        ("020405b4", ("mss", 1460)),
        ("030307", ("wscale", 7)),
        ("0402", ("sackOK",)),
        ("050a ffffffff 00000004", ("sack", (TOP, 4))),
        ("fe06 00010203", ("unknown", 254, b"\x00\x01\x02\x03")),
        ("fe02", ("unknown", 254, b"")),
    ],
)
def test_options_at_any_alignment(lead: int, octets: str, option: tuple[object, ...]) -> None:
    """MUST-64."""
    raw = b"\x01" * lead + bytes.fromhex(octets)
    seg = read((raw + bytes(-len(raw) % 4)).hex())
    assert seg.options == (NOP,) * lead + (option,)


@pytest.mark.parametrize("lead", range(5))
def test_timestamps_at_any_alignment(lead: int) -> None:
    raw = b"\x01" * lead + bytes.fromhex("080a ffffffff 00000007")
    seg = read((raw + bytes(-len(raw) % 4)).hex())
    assert (seg.tsval, seg.tsecr) == (TOP, 7)
    assert seg.options == (() if lead == 2 else (NOP,) * lead + (TS,))


@pytest.mark.parametrize("flags", [0, Flags.SYN, Flags.ACK, Flags.FIN | Flags.ACK, Flags.RST, 255])
def test_options_on_any_segment(flags: int) -> None:
    """MUST-5."""
    seg = read("020405b4 0101080a 00000001 00000002", flags=flags)
    assert (seg.flags, seg.options, seg.tsval, seg.tsecr) == (flags, (("mss", 1460),), 1, 2)


def test_unknown_options_are_kept_and_the_rest_is_read() -> None:
    """MUST-6.  A known kind with a length that is not its own is as unknown as any other."""
    assert read("c806 01020304 0204 05b4 0101").options == (
        ("unknown", 200, b"\x01\x02\x03\x04"), ("mss", 1460), NOP, NOP,
    )  # fmt: skip
    assert read("0203 05 0304 0101 0403 00 0502 050b 0101010101010101 01 0802 000000").options == (
        ("unknown", 2, b"\x05"),
        ("unknown", 3, b"\x01\x01"),
        ("unknown", 4, b"\x00"),
        ("unknown", 5, b""),
        ("unknown", 5, b"\x01" * 9),
        ("unknown", 8, b""),
    )


def test_the_first_timestamps_count() -> None:
    seg = read("080a 00000001 00000002 080a 00000003 00000004")
    assert (seg.tsval, seg.tsecr) == (1, 2)
    assert seg.options == (TS, ("unknown", 8, bytes.fromhex("0000000300000004")))


@pytest.mark.parametrize(
    ("octets", "left"),
    [
        ("02000000", "02000000"),  # length 0
        ("c8010000", "c8010000"),  # length 1
        ("c8050000", "c8050000"),  # past the header
        ("c8ff0000", "c8ff0000"),
        ("020405b4 01010102", "02"),  # no room for a length
        ("020405b4 0101080a", "080a"),
        ("020405b4 0000c800", None),  # after EOL nothing counts
    ],
)
def test_impossible_lengths_survive(octets: str, left: str | None) -> None:
    """MUST-7: reading ends there, the octets are marked, and all else in the segment stands."""
    seg = read(octets, data=b"abc")
    assert seg.data == b"abc"
    assert [option for option in seg.options if option[0] == "malformed"] == (
        [("malformed", bytes.fromhex(left))] if left else []
    )
    if octets.startswith("020405b4"):
        assert seg.options[0] == ("mss", 1460)
    if left:
        assert encode_tcp(seg) == tcp_octets(bytes.fromhex(octets), data=b"abc")


def test_end_of_list() -> None:
    assert read("03030700").options == (("wscale", 7),)
    assert read("00000000").options == (EOL,) * 4
    assert read("04020000").options == read("04020002").options == (("sackOK",),)
    assert encode_options((("sackOK",), EOL)) == encode_options((("sackOK",),)) == bytes.fromhex("04020000")
    assert encode_options((("mss", 1), EOL)) == bytes.fromhex("02040001 00000000")


@pytest.mark.parametrize("reserved", [1, 2, 4, 8, 15])
def test_reserved_bits_are_ignored(reserved: int) -> None:
    """LC-31."""
    assert read("020405b4", reserved=reserved) == read("020405b4")


@pytest.mark.parametrize(
    ("options", "octets"),
    [
        ("nop,nop,TS val 1 ecr 2", "0101080a 00000001 00000002"),
        ("TS val 1 ecr 2", "0101080a 00000001 00000002"),
        ("mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7", "020405b4 0402080a 00000001 00000000 01030307"),
        ("mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 0", "020405b4 01030306 0402080a 00000001 00000000"),
        ("mss 1460,nop,wscale 7", "020405b4 01030307"),
        ("mss 1460,wscale 7", "020405b4 03030700"),
        ("wscale 7,TS val 1 ecr 0", "03030701 0101080a 00000001 00000000"),
        ("nop,nop,TS val 1 ecr 2,nop,nop,sack 1:11 21:31",
         "0101080a 00000001 00000002 01010512 00000001 0000000b 00000015 0000001f"),
        ("0xfe04abcd,nop,eol", "fe04abcd 01000000"),
    ],
)  # fmt: skip
def test_options_in_words_as_octets(options: str, octets: str) -> None:
    seg = parse_segment(f". 1:1(0) ack 1 win 1 <{options}>", FLOW)
    assert encode_options(seg.options, seg.tsval, seg.tsecr).hex() == octets.replace(" ", "")


def test_the_longest_options() -> None:
    four = ("sack", *((n, n + 1) for n in range(4)))
    assert len(encode_options((NOP, NOP, four))) == 36
    assert len(encode_options((four,))) == 36
    assert len(encode_options((NOP, NOP, four[:4]), 1, 2)) == ROOM
    with pytest.raises(WireError, match="48 octets of options: a TCP header has room for 40"):
        encode_options((NOP, NOP, four), 1, 2)
    with pytest.raises(WireError, match="44 octets"):
        encode(Segment(FLOW, 0, 0, 0, 0, options=(NOP,) * 41))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([("speed", 3)], "is not known; the forms"),
        ([()], "is not known"),
        ([("mss",)], "is not known"),
        ([("mss", "1460")], "is not known"),
        ([("sack",)], "is not known"),
        ([("TS", 1)], "is not known"),
        ([("mss", 65_536)], "does not fit"),
        ([("mss", -1)], "does not fit"),
        ([("wscale", 256)], "does not fit"),
        ([("sack", (1, 2**32))], "does not fit"),
        ([("sack", (1, 2, 3))], "does not fit"),
        ([("sack", 1, 2)], "does not fit"),
        ([("TS", -1, 0)], "does not fit"),
        ([("unknown", 256, b"")], "does not fit"),
        ([("unknown", 9, bytes(254))], "does not fit"),
        ([("unknown", 0, b"")], "neither length nor payload"),
        ([("unknown", 1, b"a")], "neither length nor payload"),
        ([TS], "without tsval"),
        ([("TS", 1, 2), ("TS", 1, 2)], "timestamps twice"),
        ([EOL, ("mss", 1)], "after 'eol'"),
        ([EOL, NOP], "after 'eol'"),
        ([("malformed", b"\x09"), NOP], "after 'malformed'"),
        ([("malformed", b"\x09"), ("malformed", b"\x09")], "after 'malformed'"),
        ([("unknown", 9, bytes(39))], "44 octets of options"),
    ],
)
def test_options_that_cannot_be_encoded(options: list[tuple[object, ...]], problem: str) -> None:
    with pytest.raises(WireError, match=problem) as caught:
        encode_options(options)
    assert caught.value.at is None
    assert len(str(caught.value)) < 300


def test_timestamps_cannot_follow_the_end() -> None:
    with pytest.raises(WireError, match=r"place \('TS',\) before it"):
        encode_options((EOL,), 1, 2)
    assert encode_options((TS, EOL), 1, None) == bytes.fromhex("080a 00000001 00000000 0000")


# -- what cannot be encoded


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seq": 2**32}, "seq 4294967296 is not a number in 0 .. 4294967295"),
        ({"seq": -1}, "seq -1"),
        ({"ack": None}, "ack None"),
        ({"flags": 256}, "flags 256"),
        ({"wnd": 65_536}, "wnd 65536"),
        ({"up": 1.5}, "up 1.5"),
        ({"tsval": 2**32}, "does not fit"),
        ({"flow": ("10.0.0.1", 65_536, "10.0.0.2", 1)}, "destination port 65536"),
        ({"flow": ("10.0.0.1", 1, "10.0.0.2", -1)}, "source port -1"),
        ({"flow": ("server", 1, "10.0.0.2", 1)}, "'server' is no IPv4 or IPv6 address"),
        ({"flow": ("fd00::1", 1, "10.0.0.2", 1)}, "10.0.0.2 and fd00::1 are addresses of two IP versions"),
        ({"data": bytes(65_496)}, "65516 octets of TCP: an IPv4 packet carries at most 65515"),
        ({"flow": ("::1", 1, "::2", 1), "data": bytes(65_516)}, "an IPv6 packet carries at most 65535"),
    ],
)
def test_segments_that_cannot_be_encoded(changes: dict[str, object], problem: str) -> None:
    """The field is named that does not fit, and none that is full to the last bit."""
    full = Segment(("10.0.0.2", 65_535, "10.0.0.1", 65_535), TOP, TOP, 255, 65_535, up=65_535)
    for others in (Segment(FLOW, 0, 0, 0, 0), full):
        for attempt in (encode, encode_tcp):
            with pytest.raises(WireError) as caught:
                attempt(others.replace(**changes))
            assert problem in str(caught.value)


@pytest.mark.parametrize("fields", [{"ttl": 256}, {"dscp": 64}, {"ecn": 4}, {"ecn": -1}, {"ident": 65_536}])
def test_ip_fields_that_do_not_fit(fields: dict[str, int]) -> None:
    with pytest.raises(WireError, match=f"{next(iter(fields))} .* is not in 0"):
        encode(Segment(FLOW, 0, 0, 0, 0), **fields)


@pytest.mark.parametrize("flow", [FLOW, ("::1", 1, "::2", 2)])
def test_the_longest_segment(flow: tuple[str, int, str, int]) -> None:
    longest = 65_535 - 20 - (20 if flow is FLOW else 0)
    seg = Segment(flow, TOP, 0, 0, 0, bytes(range(256)) * 255 + bytes(longest - 255 * 256))
    assert decode(encode(seg)) == seg


def test_decoding_needs_addresses_of_one_version() -> None:
    for source in ("::1", "nowhere"):
        with pytest.raises(WireError, match="address"):
            decode_tcp(bytes(20), source=source, destination="10.0.0.1")


def test_octets_of_other_types() -> None:
    packet = encode(SYN_SEGMENT)
    for octets in (bytearray(packet), memoryview(packet)):
        assert hash(decode(octets)) == hash(SYN_SEGMENT)
    assert decode(packet).data == b""
