"""Traces written by hand, so that the pictures are tested without a network."""

from typing import Any

from tcpsim.tcp.segment import parse_flags
from tcpsim.trace import Trace

MS = 1_000_000
CLIENT = ("10.0.0.1", 49152)
SERVER = ("10.0.0.2", 80)
ENDS = {"client": CLIENT, "server": SERVER}
OTHER = {"client": "server", "server": "client"}
CONNS = {"client": 1, "server": 3}


class Story:
    """A trace that grows by what happens; times in ms."""

    def __init__(self, *hosts: tuple[str, str]) -> None:
        hosts = hosts or (("client", "10.0.0.1"), ("server", "10.0.0.2"))
        header = {"hosts": [{"name": name, "addresses": [address]} for name, address in hosts]}
        self.trace = Trace(header)
        self.packets = 0

    def raw(self, kind: str, t: float, where: str, conn: int | None, *body: Any) -> None:
        self.trace.raw.append((kind, round(t * MS), where, conn, None, *body))

    def call(self, t: float, where: str, name: str, *args: Any, result: Any = None, conn: int | None = None) -> None:
        self.raw("call", t, where, conn or CONNS.get(where), name, args, result)

    def fired(self, t: float, where: str, *rules: str, conn: int | None = None) -> None:
        for rule in rules:
            self.raw("fired", t, where, conn or CONNS.get(where), rule)

    def sent(
        self,
        t: float,
        where: str,
        flags: str,
        seq: int,
        ack: int = 0,
        *,
        wnd: int = 1000,
        octets: int = 0,
        kind: str = "sent",
        ends: tuple[tuple[str, int], tuple[str, int]] | None = None,
        conn: int | None = None,
        more: tuple[Any, ...] = (),
    ) -> int:
        """The new packet's number."""
        self.packets += 1
        source, target = ends or (ENDS[where], ENDS[OTHER[where]])
        header = ((*target, *source), seq, ack, parse_flags(flags), wnd, 0, None, None, octets, (), None, 0)
        is_sent = kind == "sent"
        number = (conn or CONNS.get(where)) if is_sent else None
        self.raw(kind, t, where if is_sent else "", number, self.packets, header, *more)
        return self.packets

    def arrived(self, t: float, where: str, packet: int, *rules: str, conn: int | None = None) -> None:
        self.raw("arrived", t, where, conn, packet)
        self.fired(t, where, *rules, conn=conn)

    def lost(self, t: float, packet: int, by: str = "loss") -> None:
        self.raw("lost", t, "", None, packet, by)


def handshake(client_iss: int = 100, server_iss: int = 300) -> Story:
    """The RFC's Figure 6, after a listen call."""
    story = Story()
    story.call(0, "server", "listen", 80, result=3, conn=2)
    story.fired(0, "server", "closed.open_passive", conn=2)
    story.call(0, "client", "connect", "10.0.0.2", 80, 0, result=3)
    story.fired(0, "client", "closed.open_active")
    one, two = (client_iss + 1) % 2**32, (server_iss + 1) % 2**32
    syn = story.sent(0, "client", "S", client_iss)
    story.arrived(10, "server", syn, "listen.rcv_syn")
    synack = story.sent(10, "server", "S.", server_iss, one)
    story.arrived(20, "client", synack, "syn_sent.rcv_synack")
    ack = story.sent(20, "client", ".", one, two)
    story.arrived(30, "server", ack, "syn_recv.ack_of_syn")
    return story
