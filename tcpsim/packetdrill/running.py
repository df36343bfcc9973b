"""Running a script: its events in order, in virtual time, against an endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ..tcp.segment import Segment
from ..tcp.seq import MASK
from ..tcp.units import MS, SECOND, format_time
from .code import AssertionFailed, BadCode, Evaluator
from .endpoint import Answer, Endpoint, NotOffered, Sent
from .matching import ECN, differences, ip_of, merged, stamp_difference
from .numbers import Numbers, UnknownEcho
from .prepared import Prepared, World
from .printer import format_call, format_packet
from .settings import Settings
from .subject import Subjects
from .syscalls import check, prepare
from .sysctls import Shell, setter_of
from .tree import Call, Code, Command, Conditional, Dialect, Event, Foreign, Icmp, Packet, PacketdrillScript, Place
from .values import FREEBSD_STATES, Platform
from .verdicts import ScriptFailed

#: How long after its time an expected packet is waited for.
_PATIENCE: Final = 2 * SECOND
#: The same where any time will do.
_FOR_EVER: Final = 3600 * SECOND
#: Steps without any passing of time that mean that the endpoint turns in circles.
_MOST_STEPS: Final = 100_000

#: ICMP messages as the language calls them -> as the engine does.
ICMP_NAMES: Final = {
    ("unreachable", "net_unreachable"): "net-unreachable",
    ("unreachable", "host_unreachable"): "host-unreachable",
    ("unreachable", "protocol_unreachable"): "protocol-unreachable",
    ("unreachable", "port_unreachable"): "port-unreachable",
    ("unreachable", "frag_needed"): "fragmentation-needed",
    ("unreachable", "source_route_failed"): "source-route-failed",
    ("unreachable", "packet_filtered"): "prohibited",
    ("unreachable", "communication_prohibited"): "prohibited",
    ("unreachable", "no_route"): "net-unreachable",
    ("unreachable", "address_unreachable"): "host-unreachable",
    ("packet_too_big", None): "fragmentation-needed",
    ("source_quench", None): "source-quench",
    ("time_exceeded", "exc_ttl"): "ttl-exceeded",
    ("time_exceeded", "exc_fragtime"): "reassembly-exceeded",
    ("time_exceeded", None): "ttl-exceeded",
    ("parameter_problem", None): "parameter-problem",
}


def _begins(answer: Answer | None) -> bool:
    """Whether a connect() has begun an open: it waits, or the open is under way."""
    return answer is None or answer.errno == "EINPROGRESS"


class _Waiting(NamedTuple):
    """A call that has not returned: what, where, and when it must return."""

    call: Call
    prepared: Prepared
    at: Place
    start: int
    ends: int


def _cut(seg: Segment, mss: int | None) -> list[Segment]:
    """The segments of ``mss`` octets that a device has made one of (GRO); the one itself where it is short enough."""
    if mss is None or len(seg.data) <= mss:
        return [seg]
    return [
        seg.replace(seq=(seg.seq + at) & MASK, data=seg.data[at : at + mss]) for at in range(0, len(seg.data), mss)
    ]


class Run:
    """One run of one script.  ``at``: the place of the event that it has come to."""

    def __init__(
        self,
        script: PacketdrillScript,
        endpoint: Endpoint,
        settings: Settings,
        *,
        profile: str,
        defines: Iterable[str] = (),
    ) -> None:
        self.script = script
        self.endpoint = endpoint
        self.settings = settings
        self.dialect: Dialect = script.dialect
        self.at = Place(0, 0)
        self.defines = {*defines, *settings.defines}
        self.world = World(
            Platform(profile),
            local=settings.local,
            remote=settings.remote,
            bind_port=settings.bind_port,
            connect_port=settings.connect_port,
            version=settings.version,
        )
        self.subjects = Subjects(
            (settings.local, settings.bind_port), (settings.remote, settings.connect_port), scaled=settings.scaled
        )
        self.shell = Shell(self._set_sysctl, self._count)
        freebsd = self.world.platform.name == "freebsd"
        self.evaluator = Evaluator(FREEBSD_STATES if freebsd else None)
        self.queue: list[Sent] = []
        self.waiting: _Waiting | None = None
        self.last = 0  # when the event before was due
        self.trailing: list[str] = []

    # -- the whole

    def run(self) -> None:
        """Run all events.  Raises ScriptFailed and NotOffered; ``at`` tells where."""
        if self.script.init is not None:
            self._command(self.script.init)
        for event in self._events():
            self.at = event.at
            due = self._due(event)
            self._event(event, due)
            self.last = due
        self._finish_call(_PATIENCE)
        self._note_trailing()
        if self.script.cleanup is not None:
            self._command(self.script.cleanup)

    def _events(self) -> Iterator[Event]:
        """The events, those of conditionals only where the name is defined."""
        for event in self.script.events:
            if not isinstance(event, Conditional):
                yield event
            elif event.name in self.defines:
                yield from event.events

    def _due(self, event: Event) -> int:
        """When an event is due, ns; now, where any time will do."""
        when = event.when
        if when.kind == "any":
            return self.endpoint.now
        return when.ns + (self.endpoint.now if when.kind == "after" else 0)

    def _event(self, event: Event, due: int) -> None:
        what = event.what
        if isinstance(what, Packet) and not what.inbound:
            self._expect(event, what, due)
            return
        if isinstance(what, Foreign):
            raise NotOffered(f"packets of {what.text.split()[0].rstrip(':')}")
        if isinstance(what, Call):
            self._finish_call(SECOND)
        self._wait_until(due)
        match what:
            case Packet():
                self._inject(what)
            case Icmp():
                self._inject_icmp(what)
            case Call():
                self._call(event, what, due)
            case Command():
                self._command(what)
            case Code():
                self._code(what)

    def _note_trailing(self) -> None:
        """What has left at the end and nobody expected."""
        numbers = self.subjects.numbers()
        self._collect()
        mine = [sent for sent in self.queue if self.subjects.owns(sent)]
        if numbers is not None:
            self.trailing = [f"{format_time(sent.t)} {format_packet(numbers.outbound(sent.seg))}" for sent in mine]

    # -- time

    def _step(self, until: int) -> bool:
        """Let one event of the endpoint happen, and see what came of it."""
        stop = until
        if self.waiting is not None and self.endpoint.now < self.waiting.ends:
            stop = min(until, self.waiting.ends)  # its own time may be over then, of which no event tells
        happened = self.endpoint.step(stop)
        self._collect()
        self._look_at_call()
        return happened or stop < until

    def _collect(self) -> None:
        self.queue += self.endpoint.take()

    def _wait_until(self, due: int) -> None:
        """Let time pass until ``due``.  Raises ScriptFailed when it is later already."""
        for _ in range(_MOST_STEPS):
            if not self._step(due):
                break
        else:
            raise ScriptFailed(f"the endpoint does not come to rest: {_MOST_STEPS} events by {format_time(due)} s")
        late = self.endpoint.now - due
        if late > self._tolerance(due):
            raise ScriptFailed(
                f"this is due at {format_time(due)} s, and it is {format_time(self.endpoint.now)} s already"
            )

    def _tolerance(self, due: int) -> int:
        """How far from ``due`` something may happen, ns."""
        percent = self.settings.tolerance_percent
        if percent is None:
            percent = 5.0 if self.dialect == "nplab" else 12.5
        return max(self.settings.tolerance_us * 1000, int(percent / 100 * (due - self.last)))

    # -- packets in

    def _inject(self, packet: Packet) -> None:
        self._refuse_udp(packet)
        numbers = self.subjects.arriving(packet)
        ecn = 0
        for name, value in packet.ip.fields if packet.ip is not None else ():
            if name in ECN:
                ecn = ECN[name]
            elif name == "ecn" or name == "tos":
                ecn = (value or 0) & 3
            elif name not in ("ttl", "hlim", "flowlabel"):
                raise NotOffered(f"[{name}] on a packet into the endpoint")
        try:
            seg = numbers.inbound(packet, ecn)
        except UnknownEcho as echo:
            raise ScriptFailed(f"ecr {echo.stamp} echoes no timestamp that was expected before") from None
        self.endpoint.inject(*_cut(seg, self.settings.mss))
        self._collect()
        self._look_at_call()

    def _refuse_udp(self, packet: Packet) -> None:
        if packet.udp is not None:
            raise NotOffered("TCP over UDP")

    def _inject_icmp(self, message: Icmp) -> None:
        if not message.inbound:
            raise NotOffered("ICMP messages out of the endpoint")
        kind = message.type
        name = ICMP_NAMES.get((kind, message.code)) or ICMP_NAMES.get((kind, None))
        if name is None or (kind == "unreachable" and (kind, message.code) not in ICMP_NAMES):
            raise NotOffered(f"the ICMP message {kind} {message.code or ''}".rstrip())
        numbers = self.subjects.numbers()
        if numbers is None:
            raise ScriptFailed("an ICMP message quotes a packet, and none has left yet")
        quoted = message.quoted[0] if message.quoted is not None else 0
        seq = (quoted + (numbers.local or 0)) & MASK
        flow = numbers.flow
        self.endpoint.inject_icmp(name, (flow[2], flow[3], flow[0], flow[1]), seq, message.mtu or 0)
        self._collect()
        self._look_at_call()

    # -- packets out

    def _expect(self, event: Event, expected: Packet, due: int) -> None:
        """The next packet of the connection has to be this one."""
        self._refuse_udp(expected)
        when = event.when
        end = due + (when.until - when.ns if when.until is not None else 0)
        limit = self.endpoint.now + _FOR_EVER if when.kind == "any" else end + _PATIENCE
        sent, actual, numbers = self._next(expected, limit)
        while 0 < actual.octets < expected.octets and not self.settings.strict_segments:
            more, rest, _ = self._next(expected, limit)
            joined = merged(actual, rest)
            if joined is None:
                break
            sent, actual = more, joined
        numbers.learn(expected, sent.seg)
        actual = self._relabelled(actual, numbers, sent)
        found = differences(expected, actual, self.dialect)
        tolerance = max(self.settings.tolerance_us * 1000, int((self.settings.tolerance_percent or 12.5) / 100 * due))
        found += filter(None, [stamp_difference(expected, actual, self.settings.tick_us, tolerance)])
        sides = (("expected", format_packet(expected)), ("actual", format_packet(actual)))
        if found:
            raise ScriptFailed(f"another packet left: expected {'; '.join(found)}", *sides)
        slack = self._tolerance(due)
        if when.kind != "any" and not due - slack <= sent.t <= end + slack:
            span = format_time(due) + (f" .. {format_time(end)}" if end != due else "")
            raise ScriptFailed(f"this packet left at {format_time(sent.t)} s, not at {span} s", *sides)

    def _relabelled(self, actual: Packet, numbers: Numbers, sent: Sent) -> Packet:
        """The same with the timestamps that are known now."""
        again = numbers.outbound(sent.seg)
        return actual._replace(options=again.options)

    def _next(self, expected: Packet, limit: int) -> tuple[Sent, Packet, Numbers]:
        """The next packet of the connection, as the script would write it.  Raises ScriptFailed if none comes."""
        for _ in range(_MOST_STEPS):
            while self.queue:
                sent = self.queue.pop(0)
                if self.subjects.owns(sent):
                    self.subjects.expecting(expected)
                    numbers = self.subjects.numbers()
                    assert numbers is not None
                    return sent, numbers.outbound(sent.seg, ip_of(sent, expected), expected), numbers
            if not self._step(limit) and not self.queue:
                break
        raise ScriptFailed(
            f"no packet left by {format_time(self.endpoint.now)} s",
            ("expected", format_packet(expected)),
            ("actual", "nothing"),
        )

    # -- calls

    def _call(self, event: Event, call: Call, due: int) -> None:
        prepared = prepare(self.world, call)
        ends = event.when.ends
        answer = prepared.answer or self.endpoint.call(prepared.name, *prepared.args)
        if prepared.note == "listen" or (prepared.note == "connect" and _begins(answer)):
            self.subjects.note(prepared.note, prepared.args[0])
        self._collect()
        if ends is None:
            if answer is None:
                raise ScriptFailed(f"{call.name}() waits, and should have returned at once", *self._waits(call))
            self._returned(call, prepared, answer)
            return
        finish = ends + due - event.when.ns
        self.waiting = _Waiting(call, prepared, event.at, due, finish)
        if answer is not None:
            self._answered(answer)

    def _waits(self, call: Call) -> tuple[tuple[str, str], ...]:
        return ("expected", format_call(call)), (
            "actual",
            format_call(call._replace(result=None, errno=None, note=None)),
        )

    def _returned(self, call: Call, prepared: Prepared, answer: Answer) -> None:
        if prepared.faults and answer.result > 0:
            answer = Answer(-1, "EFAULT")
        check(self.world, call, prepared, answer)
        if prepared.note in ("socket", "accept") and answer.errno is None:
            self.subjects.note(prepared.note, answer.result)

    def _look_at_call(self) -> None:
        """Whether the call that waits has returned meanwhile."""
        if self.waiting is not None:
            answer = self.endpoint.answer()
            self._collect()
            if answer is not None:
                self._answered(answer)

    def _answered(self, answer: Answer) -> None:
        waiting = self.waiting
        assert waiting is not None
        self.waiting = None
        here, self.at = self.at, waiting.at
        now = self.endpoint.now
        self._returned(waiting.call, waiting.prepared, answer)
        slack = max(self.settings.tolerance_us * 1000, self._tolerance(waiting.ends))
        if abs(now - waiting.ends) > slack:
            raise ScriptFailed(
                f"{waiting.call.name}() returned at {format_time(now)} s, not at {format_time(waiting.ends)} s"
            )
        self.at = here

    def _finish_call(self, patience: int) -> None:
        """A call that still waits returns now, or has failed."""
        if self.waiting is None:
            return
        limit = max(self.endpoint.now, self.waiting.ends) + max(patience, 4 * MS)
        while self.waiting is not None and self._step(limit):
            pass
        waiting = self.waiting
        if waiting is not None:
            self.at = waiting.at
            now = format_time(self.endpoint.now)
            raise ScriptFailed(f"{waiting.call.name}() still waits at {now} s", *self._waits(waiting.call))

    # -- commands and code

    def _command(self, command: Command) -> None:
        status = self.shell.run(command.text)
        if status:
            raise ScriptFailed(f"the command `{command.text.strip()}` ends with {status}")

    def _set_sysctl(self, name: str, value: str) -> None:
        setter = setter_of(name)
        if setter is None:
            raise NotOffered(f"the sysctl {name}")
        switches = setter(value, self.endpoint.profile)
        if switches:
            self.endpoint.configure(**switches)

    def _count(self, state: str) -> int:
        return self.endpoint.count(state)

    def _code(self, code: Code) -> None:
        subject = self.subjects.current
        if subject is None or subject.fd < 0:
            raise ScriptFailed("this code asks for TCP_INFO, and there is no descriptor of the connection")
        try:
            self.evaluator.run(code.text, self.world.platform.info(self.endpoint.info(subject.fd)))
        except AssertionFailed as failed:
            raise ScriptFailed(f"does not hold: {failed}") from None
        except BadCode as failed:
            raise ScriptFailed(str(failed)) from None
