"""Segments as octets: checksums, options in every layout, reserved bits (RFC 9293 3.1, 3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Flags, Segment, State
from tcpsim.tcp.options import WireError
from tcpsim.tcp.wire import decode, encode
from tests.requirements.registry import requirement
from tests.requirements.stage import PLAIN, Stage


def packets(**switches: Any) -> list[bytes]:
    """The octets of everything that a connection puts on the wire, from its SYN to its last ACK, and a reset."""
    stage = Stage(opened=False, **switches)
    stage.open()
    stage.mark = 0
    stage.conn.send(bytes(range(256)) * 10)
    stage.run("100ms")
    stage.read(stage.peer)
    stage.peer.close()
    stage.conn.close()
    stage.run()
    stage.client.connect("server", 81, local_port=6000)
    stage.run()
    return [encode(seen.seg.segment()) for seen in stage.seen()]


def summed(octets: bytes) -> int:
    """The ones-complement sum of 16-bit words, written once more from RFC 1071."""
    total = 0
    for i in range(0, len(octets), 2):
        total += int.from_bytes(octets[i : i + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


@requirement("MUST-2")
def test_every_segment_has_the_right_checksum() -> None:
    made = packets()
    assert len(made) > 9
    for packet in made:
        header = (packet[0] & 15) * 4
        tcp = packet[header:]
        pseudo = packet[12:20] + bytes((0, 6)) + len(tcp).to_bytes(2, "big")
        assert summed(pseudo + tcp) == 0xFFFF


@requirement("MUST-3")
def test_a_damaged_segment_is_as_good_as_lost() -> None:
    packet = packets()[0]
    header = (packet[0] & 15) * 4
    for bit in range(header * 8, len(packet) * 8):
        damaged = bytearray(packet)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(WireError):
            decode(bytes(damaged))
    stage = Stage(**PLAIN)
    stage.conn.send(b"hello")
    before = stage.peer.tcb.variables()
    stage.sim.corrupt()
    stage.run("500ms")
    assert stage.lines("server") == []
    assert stage.peer.tcb.variables() == before
    assert stage.peer.recv() == b"hello"


LAYOUTS: list[tuple[tuple[Any, ...], ...]] = [
    (("mss", 400),),
    (("nop",), ("mss", 400)),
    (("nop",), ("nop",), ("mss", 400), ("eol",)),
    (("nop",), ("nop",), ("nop",), ("mss", 400), ("nop",), ("eol",)),
    (("unknown", 200, b"\1\2\3\4"), ("mss", 400)),
    (("unknown", 254, b""), ("nop",), ("mss", 400), ("unknown", 77, b"xyz")),
]


@requirement("MUST-4", "MUST-6", "MUST-64", "MUST-14")
@pytest.mark.parametrize("options", LAYOUTS, ids=lambda options: "-".join(str(option[0]) for option in options))
def test_options_are_understood_in_any_layout(options: tuple[tuple[Any, ...], ...]) -> None:
    """As octets and back: a SYN with an MSS somewhere among the options completes the handshake and limits us."""
    stage = Stage(opened=False, **{**PLAIN, "mss": 1000}, nagle=False)
    listener = stage.server.listen(80)
    iss, irs = stage.iss
    flow = ("10.0.0.2", 80, "10.0.0.1", 5000)
    syn = decode(encode(Segment(flow, iss, 0, Flags.SYN, 1000, options=options)))
    stage.stray("server", syn)
    ack = Segment(flow, (iss + 1) % 2**32, (irs + 1) % 2**32, Flags.ACK, 1000)
    stage.stray("server", ack)
    peer, _ = listener.accept()
    stage.forget()
    peer.send(bytes(1000))
    assert [seen.len for seen in stage.seen("server")] == [400, 400, 200]


@requirement("MUST-5", "MUST-6")
@pytest.mark.parametrize("options", [(("nop",),) * 4, (("unknown", 200, b"\1\2"),), (("eol",),)])
@pytest.mark.parametrize("flags", [Flags.ACK, Flags.ACK | Flags.FIN])
def test_options_may_stand_on_any_segment(options: Any, flags: Flags) -> None:
    stage = Stage(**PLAIN)
    iss, irs = stage.iss
    flow = stage.peer.tcb.flow
    segment = Segment(flow, (iss + 1) % 2**32, (irs + 1) % 2**32, flags, 1000, b"hello", options=options)
    stage.stray("server", decode(encode(segment)))
    assert stage.read(stage.peer) == b"hello"
    assert stage.peer.state is (State.CLOSE_WAIT if flags & Flags.FIN else State.ESTABLISHED)


@requirement("MUST-7")
@pytest.mark.parametrize(
    "octets", [b"\x02\x00", b"\x02\x01", b"\x02\xff", b"\xfe\x00\x00", b"\xc8", b"\x08\x29", b"\x02\x03\x05"]
)
def test_impossible_lengths_are_survived(octets: bytes) -> None:
    """As octets on a SYN, on data and on a FIN: no loop, no crash; dropped, reset, or taken without the option."""
    stage = Stage(**PLAIN)
    iss, irs = stage.iss
    flow = stage.peer.tcb.flow
    options: Any = (("malformed", octets),)
    for flags, data in ((Flags.SYN, b""), (Flags.ACK, b"hello"), (Flags.ACK | Flags.FIN, b"")):
        segment = Segment(flow, (iss + 1) % 2**32, (irs + 1) % 2**32, flags, 1000, data, options=options)
        packet = encode(segment)
        stage.stray("server", decode(packet))
    assert stage.peer.state in (State.CLOSED, State.ESTABLISHED, State.CLOSE_WAIT)
    late = stage.client.connect("server", 80, local_port=7000)
    stage.run("1s")
    assert late.state is State.ESTABLISHED


@requirement("MUST-65")
def test_the_mss_option_stands_on_syns_only() -> None:
    stage = Stage(opened=False)
    stage.open()
    stage.mark = 0
    stage.conn.send(bytes(3000))
    stage.conn.close()
    stage.peer.close()
    stage.run()
    for seen in stage.seen():
        assert ("mss" in [option[0] for option in seen.seg.options]) == ("S" in seen.letters)


@requirement("MUST-68", "MUST-69")
def test_options_are_well_formed() -> None:
    """Every kind but EOL and NOP has a length that fits, and after EOL there are zeros."""
    for packet in packets():
        tcp = packet[(packet[0] & 15) * 4 :]
        options = tcp[20 : (tcp[12] >> 4) * 4]
        at = 0
        while at < len(options):
            kind = options[at]
            if kind == 0:
                assert not any(options[at:])
                break
            if kind == 1:
                at += 1
                continue
            length = options[at + 1]
            assert 2 <= length <= len(options) - at
            at += length


@requirement("LC-31")
def test_reserved_bits_are_zero_and_ignored() -> None:
    for packet in packets():
        tcp = packet[(packet[0] & 15) * 4 :]
        assert tcp[12] & 0x0E == 0
    stage = Stage(**PLAIN)
    iss, irs = stage.iss
    packet = encode(Segment(stage.peer.tcb.flow, (iss + 1) % 2**32, (irs + 1) % 2**32, Flags.ACK, 1000, b"hello"))
    octets = bytearray(packet)
    start = (packet[0] & 15) * 4
    octets[start + 12] |= 0x0E
    octets[start + 16 : start + 18] = b"\0\0"
    tcp = bytes(octets[start:])
    pseudo = packet[12:20] + bytes((0, 6)) + len(tcp).to_bytes(2, "big")
    octets[start + 16 : start + 18] = (summed(pseudo + tcp) ^ 0xFFFF).to_bytes(2, "big")
    stage.stray("server", decode(bytes(octets)))
    assert stage.read(stage.peer) == b"hello"


@requirement("MAY-3", "SHLD-5", "MUST-67", "MUST-14")
def test_syns_carry_the_mss() -> None:
    """By default 1460, what an Ethernet frame can carry; if it is told to, 536 too."""
    for mss in (1460, 536, 1400):
        stage = Stage(opened=False, mss=mss)
        stage.open()
        stage.mark = 0
        for seen in stage.seen():
            if "S" in seen.letters:
                assert ("mss", mss) in seen.seg.options
                assert mss <= 65535 - 40
        stage.conn.send(bytes(4000))
        stage.peer.send(bytes(4000))
        stage.run("1s")
        assert max(seen.len for seen in stage.seen()) <= mss
