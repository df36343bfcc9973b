"""Two endpoints on a link, seen from outside: what they put on the wire, and what their calls answer.

All numbers are relative to the initial sequence numbers: the first octet of data has number 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tcpsim import CallError, Code, Segment, Simulator, Socket, State
from tcpsim.net.moves import Inject
from tcpsim.tcp import parse_segment
from tcpsim.tcp.calls import send, urgent_left
from tcpsim.tcp.settings import configure
from tcpsim.tcp.units import parse_time
from tcpsim.trace.records import Header, Sent

MS = 1_000_000
SECOND = 1_000_000_000
MOD = 2**32

#: No options, no waiting ACKs, small windows: every line is about the matter in hand.
PLAIN: dict[str, Any] = {"rcv_buf": 1000, "mss": 500, "mss_option": False, "ack_delay": 0, "congestion": "none"}
#: Nobody gives up.
PATIENT: dict[str, Any] = {"r2": None, "r2_syn": None, "user_timeout": None}


class Seen(NamedTuple):
    """A segment that was put on the wire: ``t`` in ns, ``seq`` and ``ack`` relative, ``ack`` None without ACK."""

    t: int
    host: str
    letters: str
    seq: int
    ack: int | None
    len: int
    wnd: int
    seg: Header

    @property
    def end(self) -> int:
        """The number after its text."""
        return self.seq + self.len

    def __str__(self) -> str:
        ack = "" if self.ack is None else f" ack {self.ack}"
        return f"{self.host} {self.letters} {self.seq}:{self.end}({self.len}){ack}"


class Stage:
    """A client and a server on a link.

    ``client``, ``server``: switches of each host; ``both``: of both.  ``delay`` is one way, ``link`` the rest of
    the link's weather.  ``opened``: whether the
    handshake is over; then ``conn`` and ``peer`` are the two ends, and ``lines`` begin after it.  ``trace``: its level.
    """

    iss: tuple[int, int] = (100, 300)

    def __init__(
        self,
        *,
        client: dict[str, Any] | None = None,
        server: dict[str, Any] | None = None,
        delay: str = "10ms",
        opened: bool = True,
        profile: Any = "rfc9293",
        trace: str = "full",
        link: dict[str, Any] | None = None,
        **both: Any,
    ) -> None:
        self.sim = Simulator(profile=profile, trace=trace)
        self.client = self.sim.host("client", "10.0.0.1", iss=self.iss[0], **{**both, **(client or {})})
        self.server = self.sim.host("server", "10.0.0.2", iss=self.iss[1], **{**both, **(server or {})})
        self.sim.link(self.client, self.server, delay=delay, **(link or {}))
        self.mark = 0
        if opened:
            self.open()

    def open(self) -> None:
        """The three-way handshake."""
        self.listener = self.server.listen(80)
        self.conn = self.client.connect("server", 80, local_port=5000)
        self.sim.until(lambda sim: sim.world.conns[self.listener.number].queue)
        self.peer, _ = self.listener.accept()
        assert self.states() == (State.ESTABLISHED, State.ESTABLISHED)
        self.forget()

    def states(self) -> tuple[State, State]:
        """The states of the two ends."""
        return self.conn.state, self.peer.state

    # -- the wire

    def forget(self) -> Stage:
        """Look away from what was sent so far."""
        self.mark = len(self.sim.trace.raw)
        return self

    def seen(self, host: str | None = None) -> list[Seen]:
        """What was put on the wire since ``forget``, by one host or by both."""
        found = []
        for n, raw in enumerate(self.sim.trace.raw[self.mark :], self.mark):
            if raw[0] == "sent" and host in (None, raw[2]):
                record = self.sim.trace[n]
                assert isinstance(record, Sent)
                found.append(self._seen(record))
        return found

    def _seen(self, record: Sent) -> Seen:
        seg = record.seg
        mine, other = self.iss if record.where == "client" else self.iss[::-1]
        ack = (seg.ack - other) % MOD if seg.has_ack else None
        return Seen(record.t, record.where, seg.letters, (seg.seq - mine) % MOD, ack, seg.len, seg.wnd, seg)

    def lines(self, host: str | None = None) -> list[str]:
        """The same in words, and look away from it."""
        found = [str(seen) for seen in self.seen(host)]
        self.forget()
        return found

    def signals(self, host: str) -> list[str]:
        """What the users of a host were told, in the trace's words."""
        return [str(record.text) for record in self.sim.trace.of("note", where=host)]  # type: ignore[union-attr]

    # -- what happens

    def run(self, time: str | None = None) -> Stage:
        """Let time pass, or let everything happen that is due."""
        self.sim.run(for_=time)
        return self

    def forge(self, host: str, text: str) -> Stage:
        """A segment reaches ``host`` as if its peer had sent it; numbers are relative."""
        conn = self.conn if host == "client" else self.peer
        self.sim.inject(host, text, conn=conn)
        packet = list(self.sim.in_flight)[-1]
        self.sim.deliver(packet)
        return self

    def stray(self, host: str, words: str | Segment) -> Stage:
        """A segment reaches port 80 of the server or port 5000 of the client, connection or not; numbers are absolute."""
        server, client = ("10.0.0.2", 80), ("10.0.0.1", 5000)
        flow = (*server, *client) if host == "server" else (*client, *server)
        segment = parse_segment(words, flow) if isinstance(words, str) else words
        self.sim.apply(Inject(segment.key(), 0))
        self.sim.deliver(list(self.sim.in_flight)[-1])
        return self

    def cut(self, *hosts: str) -> Stage:
        """What ``hosts`` send from now on is lost."""
        return self._loss(hosts, 1.0)

    def mend(self, *hosts: str) -> Stage:
        """It arrives again."""
        return self._loss(hosts, 0.0)

    def _loss(self, hosts: tuple[str, ...], loss: float) -> Stage:
        for host in hosts:
            self.sim.weather(host, "server" if host == "client" else "client", loss=loss)
        return self

    def drop(self, *hosts: str) -> Stage:
        """What is in flight from ``hosts`` is lost."""
        for packet, seg in list(self.sim.in_flight.items()):
            source = "client" if seg.flow[2] == "10.0.0.1" else "server"
            if source in hosts:
                self.sim.drop(packet)
        return self

    def set(self, sock: Socket, **settings: Any) -> None:
        """What the user sets for one connection."""
        self._call(sock, lambda conn: configure(conn, **settings))

    def send_urgent(self, sock: Socket, data: bytes) -> int:
        """SEND with the URGENT flag."""
        taken: int = self._call(sock, lambda conn: send(conn, data, urgent=True))
        return taken

    def urgent_left(self, sock: Socket) -> int:
        """How many octets are still to be read until urgent data ends."""
        return urgent_left(self.sim.world.conns[sock.number])

    def _call(self, sock: Socket, call: Callable[[Any], Any]) -> Any:
        world = self.sim.world
        conn = world.conns[sock.number]
        world.touch(conn)
        try:
            return call(conn)
        finally:
            world.finish()

    def read(self, sock: Socket, n: int = 1 << 30) -> bytes | None:
        """What can be read now; None when there is nothing yet, b"" at the end."""
        data: bytes | None = self.sim.call(sock.host, "recv", sock.fd, n)
        return data

    @property
    def now(self) -> int:
        return self.sim.now


def refused(code: Code, call: Any, *args: Any) -> None:
    """The call is answered with that error."""
    with pytest.raises(CallError) as caught:
        call(*args)
    assert caught.value.code is code


def ns(time: str) -> int:
    """Nanoseconds of ``"1.5s"``."""
    return parse_time(time)
