"""The script's numbers and the endpoint's: sequence numbers, SACK blocks, timestamps, both ways.

On SYNs a script's numbers are absolute, counted from initial numbers of its own; elsewhere they are relative to
those.  The endpoint chooses its ISN when it sends its first SYN; the script's end has the one that it writes.
Timestamps of the endpoint are shifted by what the first of them shows.
"""

from __future__ import annotations

from typing import Any, Final

from ..tcp.segment import ACK, SYN, URG, Flow, Segment, flag_letters, parse_flags
from ..tcp.segment import Option as WireOption
from ..tcp.seq import MASK
from .endpoint import NotOffered
from .tree import Ip, Option, Packet, SackBlock, Whatever


class UnknownEcho(Exception):
    """An inbound packet echoes a timestamp that the endpoint has not sent: ``stamp``, as the script has it."""

    def __init__(self, stamp: int) -> None:
        super().__init__(stamp)
        self.stamp = stamp


class Numbers:
    """What is known of one connection.  ``flow``: as the endpoint keys it.

    ``local``, ``local_script``: the endpoint's ISN, and what the script calls it; ``remote``: the other one, which
    is the same in both.
    """

    def __init__(self, flow: Flow, *, scaled: bool = False) -> None:
        self.flow = flow
        self.scaled = scaled
        self.local: int | None = None
        self.local_script = 0
        self.remote: int | None = None
        self.first_stamp: tuple[int, int] | None = None  #: (the script's, the endpoint's)
        self.stamps: dict[int, int] = {}  #: the script's -> the endpoint's

    # -- into the endpoint

    def inbound(self, packet: Packet, ecn: int) -> Segment:
        """The segment that a script's packet means.  Raises UnknownEcho, and NotOffered for an odd option."""
        flags = parse_flags(packet.flags)
        syn = bool(flags & SYN)
        seq = packet.seq or 0
        if not syn and not packet.absolute:
            seq = (seq + (self.remote or 0)) & MASK
        ack = packet.ack or 0
        shift = self._local_shift(syn)
        if flags & ACK and not packet.absolute_ack:
            ack = (ack + shift) & MASK
        options: list[WireOption] = []
        val = ecr = None
        for option in packet.options or () if not isinstance(packet.options, Whatever) else ():
            if option.kind == "TS":
                val, ecr = option.values[0] or 0, self._echo(option, bool(flags & ACK))
                options.append(("TS",))
            else:
                options.append(wire_option(option, shift))
        if options and options[-1] == ("TS",):
            options.pop()
        options = _up_to_malformed(options)
        up = packet.urg or 0 if flags & URG else 0
        data = bytes(packet.octets)
        return Segment(self.flow, seq, ack, flags, packet.win or 0, data, up, val, ecr, tuple(options), ecn)

    def _local_shift(self, syn: bool) -> int:
        """What is added to the script's numbers of the endpoint's stream."""
        if self.local is None:
            return 0
        return (self.local - self.local_script if syn else self.local) & MASK

    def _echo(self, option: Option, acks: bool) -> int:
        echo = option.values[1] or 0
        if option.absolute or not acks:
            return int(echo)
        if echo in self.stamps:
            return self.stamps[echo]
        if self.scaled and self.first_stamp is not None:
            return (echo - self.first_stamp[0] + self.first_stamp[1]) & MASK
        raise UnknownEcho(echo)

    # -- out of it

    def outbound(self, seg: Segment, ip: Ip | None = None, like: Packet | None = None) -> Packet:
        """A packet of the endpoint as the script would write it; ``like``: with numbers absolute as in that one."""
        syn = bool(seg.flags & SYN)
        shift = 0 if like is not None and like.absolute else self._local_shift(syn)
        base = 0 if syn or (like is not None and like.absolute_ack) else self.remote or 0
        return Packet(
            False,
            flag_letters(seg.flags),
            (seg.seq - shift) & MASK,
            len(seg.data),
            (seg.ack - base) & MASK if seg.flags & ACK else None,
            seg.wnd,
            seg.up if seg.flags & URG else None,
            self._options(seg, base),
            ip,
        )

    def _options(self, seg: Segment, base: int) -> tuple[Option, ...]:
        """The options in the order in which they stand on the wire, padding included."""
        found: list[Option] = []
        stamps = Option("TS", (self.stamp(seg.tsval or 0), seg.tsecr or 0))
        for option in seg.options:
            kind, *values = option
            if kind == "TS":
                found.append(stamps)
            elif kind == "sack":
                found.append(Option("sack", tuple(_block(block, base) for block in values)))
            elif kind == "unknown":
                number, payload = values
                assert isinstance(number, int)
                assert isinstance(payload, bytes)
                found.append(Option("raw", (bytes((number, len(payload) + 2)).hex() + payload.hex(),)))
            else:
                found.append(Option(str(kind), tuple(values)))
        if seg.tsval is not None and ("TS",) not in seg.options:
            found += [Option("nop"), Option("nop")] * (not found or size_of(found) % 4 != 2) + [stamps]
        return (*found, *[Option("eol")] * (-size_of(found) % 4))

    def stamp(self, val: int) -> int:
        """A timestamp of the endpoint, as the script counts."""
        if self.first_stamp is None:
            return val
        script, actual = self.first_stamp
        return (script + val - actual) & MASK

    def learn(self, expected: Packet, seg: Segment) -> None:
        """What a packet that the script expects tells of how it counts: the endpoint's ISN, timestamps."""
        if isinstance(expected.options, tuple) and seg.tsval is not None:
            for option in expected.options:
                if option.kind == "TS" and option.values[0] is not None:
                    if self.first_stamp is None:
                        self.first_stamp = option.values[0], seg.tsval
                    self.stamps[option.values[0]] = seg.tsval


def _block(block: Any, base: int) -> SackBlock:
    left, right = block
    return SackBlock((left - base) & MASK, (right - base) & MASK)


#: Octets that options take on the wire, kind and length included.
_SIZES: Final = {"nop": 1, "eol": 1, "mss": 4, "wscale": 3, "sackOK": 2, "TS": 10}


def size_of(options: list[Option] | tuple[Option, ...]) -> int:
    """How many octets these options take."""
    size = 0
    for option in options:
        if option.kind == "sack":
            size += 2 + 8 * len(option.values)
        elif option.kind == "raw":
            size += len(option.values[0]) // 2
        else:
            size += _SIZES[option.kind]
    return size


def _up_to_malformed(options: list[WireOption]) -> list[WireOption]:
    """The options as a reader finds them: from one with a wrong length on, the octets are not told apart (MUST-7)."""
    at = next((n for n, option in enumerate(options) if option[0] == "malformed"), None)
    if at is None:
        return options
    octets = b""
    for kind, *values in options[at:]:
        if kind not in ("malformed", "nop", "eol"):
            raise NotOffered(f"the option {kind} behind one whose length is wrong: write all of them as octets")
        payload = values[0] if values else b"\1" if kind == "nop" else b"\0"
        assert isinstance(payload, bytes)
        octets += payload
    return [*options[:at], ("malformed", octets)]


def wire_option(option: Option, shift: int) -> WireOption:
    """An option as a segment has it; SACK blocks shifted.  Raises NotOffered for one that is not modelled."""
    match option.kind:
        case "mss" | "wscale":
            return option.kind, option.values[0]
        case "sackOK" | "nop" | "eol":
            return (option.kind,)
        case "sack":
            return "sack", *(((left + shift) & MASK, (right + shift) & MASK) for left, right in option.values)
        case "raw":
            octets = bytes.fromhex(option.values[0])
            if len(octets) < 2 or octets[1] != len(octets):
                return "malformed", octets
            return "unknown", octets[0], octets[2:]
    raise NotOffered(f"the TCP option {option.kind}")
