"""A trace as a script: one host's calls and what arrived there, acted out again, with what leaves as expectations.

The host of the trace becomes the endpoint of the script, its peer the script's end.  The inputs are given to a fresh
endpoint with the same profile; what it sends is written down, and has to be what the host of the trace has sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile, get_profile
from ..tcp.segment import parse_flags
from ..tcp.seq import MASK
from ..tcp.units import SECOND
from ..trace.records import Arrived, Call, Header, Sent
from ..trace.trace import Trace
from .endpoint import NotOffered
from .numbers import Numbers
from .packetcalls import Caller
from .printer import format_script
from .scripts import run_script
from .settings import ADDRESSES
from .simulated import SimulatedEndpoint
from .sysctls import own_sysctls
from .tree import Command, Event, Packet, PacketdrillScript, Setting, When

#: The longest that the endpoint is left alone for a timer that somebody made run out.
_PATIENCE: Final = 3600 * SECOND


class CannotTell(TcpsimError):
    """A trace that no script can tell: what in it, and why."""


def emit(trace: Trace, *, conn: int | None = None) -> str:
    """The script that tells of a connection of ``trace``, as text.

    ``conn``: its number, at the host that is to be the endpoint; by default the first that sends.  Raises CannotTell.
    """
    try:
        text = format_script(_Actor(trace, conn).script())
    except NotOffered as missing:
        raise CannotTell(f"no script can tell this: {missing.feature}") from None
    outcome = run_script(text)
    if outcome.verdict != "PASS":  # numbers of an earlier connection, for which the language has no words
        raise CannotTell(f"no script can tell this: {outcome.reason}")
    return text


def _profile_of(trace: Trace, host: str) -> Profile:
    """The host's profile, by the trace's header."""
    for entry in trace.header.get("hosts", ()):
        if entry["name"] == host:
            switches = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in entry.get("switches", {}).items()
            }
            profile = get_profile(entry.get("profile", "rfc9293"))
            return profile.but(**switches) if switches else profile
    raise CannotTell(f"the trace does not tell of a host {host!r}")


class _Actor:
    """Acts a trace out again."""

    def __init__(self, trace: Trace, conn: int | None) -> None:
        self.trace = trace
        first = next((one for one in trace.of("sent") if conn is None or one.conn == conn), None)
        if not isinstance(first, Sent):
            raise CannotTell("nothing is sent in this trace" if conn is None else f"connection {conn} sends nothing")
        self.host = first.where
        self.flow = (first.seg.flow[2], first.seg.flow[3], first.seg.flow[0], first.seg.flow[1])
        self.profile = _profile_of(trace, self.host)
        version = 6 if ":" in self.flow[0] else 4
        local, remote = ADDRESSES[version]
        self.endpoint = SimulatedEndpoint(self.profile, local, remote)
        self.caller = Caller(self.endpoint, local, remote, version, self.flow, trace)
        self.events: list[Event] = []
        self.sent: list[Packet] = []
        self.version = version
        self.live: Numbers | None = None
        self.told = _relative(trace, self.host, self.flow)

    def script(self) -> PacketdrillScript:
        """The whole script."""
        later = 0  # how much later everything happens, because timers take their time
        end = 0
        record: Any
        for record in self.trace:
            end = max(end, record.t)
            mine = record.where == self.host if hasattr(record, "where") else False
            if record.kind == "move" and record.move.get("move") in ("expire", "reboot", "setfirewall", "corrupt"):
                if record.move["move"] != "expire":
                    raise CannotTell(f"a script has no {record.move['move']}")
                later += self._expire(record.t + later)
            elif mine and isinstance(record, Call):
                self._until(record.t + later)
                self.events += self.caller.made(record, self.endpoint.now)
                self._look()
            elif mine and isinstance(record, Arrived) and record.seg.flow == self.flow:
                self._until(record.t + later)
                self._arrive(record.seg)
            elif mine and record.kind in ("rebooted", "icmp", "refused"):
                raise CannotTell(f"a script has no words for what record {record.n} tells: {record.kind}")
        self._until(end + later)
        self._compare()
        settings = (Setting("ip_version", "ipv6"),) if self.version == 6 else ()
        return PacketdrillScript(settings, Command(own_sysctls(self.profile)), tuple(self.events), None)

    # -- acting

    def _until(self, t: int) -> None:
        while self.endpoint.step(t):
            self._look()
        self._look()

    def _expire(self, t: int) -> int:
        """Wait for the timer that somebody made run out at ``t``; by how much it is later."""
        self._until(t)
        if self.endpoint.step(t + _PATIENCE):
            self._look()
        return self.endpoint.now - t

    def _arrive(self, header: Header) -> None:
        packet = self._packet(header)
        numbers = self._numbers()
        if numbers.remote is None:
            numbers.remote = packet.seq
        self.events.append(Event(When("at", self.endpoint.now), packet))
        self.endpoint.inject(numbers.inbound(packet, header.ecn))
        self._look()

    def _packet(self, header: Header) -> Packet:
        """What arrived, as the script writes it."""
        seg = header.segment()
        seen = self.told.outbound(seg)
        ack = (seg.ack - (self.told.remote or 0)) & MASK if seen.ack is not None else None
        options = seen.options if isinstance(seen.options, tuple) else ()
        return Packet(
            True, seen.flags, seen.seq, seen.octets, ack, seen.win, seen.urg, options or None, None,
            absolute_ack=self.told.remote is None and ack is not None,
        )  # fmt: skip

    def _numbers(self) -> Numbers:
        if self.live is None:
            local, remote = ADDRESSES[self.version]
            port = self.caller.local_port
            self.live = Numbers((local, port, remote, self.caller.remote_port), scaled=True)
            self.live.first_stamp = (0, 0)
        return self.live

    def _look(self) -> None:
        """Write down what has left."""
        for sent in self.endpoint.take():
            seg = sent.seg
            numbers = self._numbers()
            if numbers.local is None:
                numbers.local = seg.seq
                numbers.flow = (seg.flow[2], seg.flow[3], seg.flow[0], seg.flow[1])
            packet = numbers.outbound(seg)
            self.sent.append(packet)
            self.events.append(Event(When("at", sent.t), packet))

    def _compare(self) -> None:
        """What was acted out has to be what the trace tells."""
        mine = [seg for seg in self.trace.sent(where=self.host) if seg.flow == _turned(self.flow)]
        expected = [(seg.flags, seg.len, _count(seg.seq, seg.flags, mine[0].seq)) for seg in mine]
        acted = [(parse_flags(one.flags), one.octets, one.seq or 0) for one in self.sent]
        for n, (want, have) in enumerate(zip(expected, acted, strict=False)):
            if want != have:
                raise CannotTell(
                    f"segment {n + 1} of {self.host} leaves otherwise when this is acted out: the trace has it inside "
                    "an event in which a program or a person interferes"
                )
        if len(expected) != len(acted):
            raise CannotTell(
                f"{self.host} sends {len(expected)} segments in the trace, and {len(acted)} when acted out"
            )


def _count(seq: int, flags: int, iss: int) -> int:
    return (seq - iss) & MASK


def _turned(flow: tuple[str, int, str, int]) -> tuple[str, int, str, int]:
    return flow[2], flow[3], flow[0], flow[1]


def _relative(trace: Trace, host: str, flow: tuple[str, int, str, int]) -> Numbers:
    """The numbers of the trace's connection, seen from the other end: what arrives is what that end sends."""
    numbers = Numbers(flow)
    for record in _packets(trace):
        if record.seg.flow == flow and record.seg.flags & 2 and numbers.local is None:
            numbers.local = record.seg.seq
        if record.seg.flow == _turned(flow) and record.seg.flags & 2 and numbers.remote is None:
            numbers.remote = record.seg.seq
    return numbers


def _packets(trace: Trace) -> Iterator[Any]:
    for kind in ("sent", "injected"):
        yield from trace.of(kind)
