"""Moves made by hand: what a person does to packets, links and hosts while a simulation runs."""

from __future__ import annotations

from typing import Any

from ..tcp.errors import TcpsimError
from ..tcp.notation import parse_segment
from ..tcp.tcb import Tcb
from ..tcp.units import parse_time
from .firewall import check_firewall
from .handles import Host, Socket
from .link import check_weather
from .moves import (
    Call,
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Inject,
    InjectIcmp,
    Move,
    Reboot,
    SetFirewall,
    SetLink,
    SetMark,
)
from .outbound import PLAIN, Mark
from .setup import SetUp


class ByHand(SetUp):
    """The part of a simulator that a person drives: one method for each kind of move."""

    def apply(self, move: Move) -> Any:
        """Make ``move`` now; the simulator says how."""
        raise NotImplementedError

    def call(self, host: str, name: str, *args: Any) -> Any:
        """A user call on a host, as a move."""
        return self.apply(Call(host, name, args))

    def drop(self, packet: int | None = None) -> None:
        """Lose a packet in flight: the oldest unless named."""
        self.apply(Drop(self._packet(packet)))

    def deliver(self, *packets: int) -> None:
        """Let packets in flight arrive now, several in one event: the oldest unless named."""
        self.apply(Deliver(packets or (self._packet(None),)))

    def duplicate(self, packet: int | None = None) -> None:
        """Double a packet in flight: the oldest unless named."""
        self.apply(Duplicate(self._packet(packet)))

    def delay(self, packet: int | None = None, by: str | int = "100ms") -> None:
        """Let a packet in flight take longer: the oldest unless named."""
        self.apply(Delay(self._packet(packet), parse_time(by, "by")))

    def corrupt(self, packet: int | None = None, *, bit: int | None = None) -> None:
        """Flip a bit of a packet in flight: the oldest unless named; ``bit`` as for the move ``Corrupt``."""
        self.apply(Corrupt(self._packet(packet), bit))

    def reboot(self, host: str | Host, *, down: str | int = 0) -> None:
        """Let a host forget its connections, listeners, descriptors and scripts; ``down``: how long it is off."""
        self.apply(Reboot(host if isinstance(host, str) else host.name, parse_time(down, "down")))

    def weather(self, a: str | Host, b: str | Host, **changes: Any) -> None:
        """Change the link from ``a`` to ``b`` for packets sent from now on: any options of ``link`` but ``back``.

        Rules that stay keep their counts.  Raises TcpsimError for a link that is not there or a wrong value.
        """
        names = [end if isinstance(end, str) else end.name for end in (a, b)]
        what = f"link {names[0]}-{names[1]}"
        checked = check_weather(what, changes)
        plain = {name: getattr(checked, name) for name in changes}
        if "faults" in plain:
            plain["faults"] = tuple(rule.told for rule in checked.faults)
        self.apply(SetLink(names[0], names[1], tuple(plain.items())))

    def mark(self, conn: Socket, *, ttl: int | None = None, dscp: int | None = None) -> None:
        """Let the packets of ``conn`` say so in their IP headers from now on: hops, 1 .. 255, and DSCP, 0 .. 63."""
        now = self.marked(conn)
        ttl, dscp = now.ttl if ttl is None else ttl, now.dscp if dscp is None else dscp
        self.apply(SetMark(conn.number, ttl, dscp))

    def marked(self, conn: Socket) -> Mark:
        """What the packets of ``conn`` say in their IP headers."""
        marks = self.world.marks
        return marks.get(conn.number) or marks.get(conn.host) or PLAIN

    def heard(self, conn: Socket) -> Mark:
        """What the IP header of the last packet that ``conn`` has received said (MAY-9): TTL left, and DSCP."""
        return self.world.heard.get(conn.number, PLAIN)

    def ip_header(self, packet: int) -> Mark:
        """What the IP header of a packet in flight says now.  Raises TcpsimError when it is not in flight."""
        if packet not in self.world.flight:
            raise TcpsimError(
                f"packet {packet} is not in flight; in flight: {', '.join(map(str, self.world.flight))}"
            )
        return self.world.headers.get(packet, PLAIN)

    def firewall(self, host: str | Host, *rules: str, policy: str = "accept") -> None:
        """Give ``host`` a firewall, or another one: lines of text, the first that fits decides, else ``policy``.

        ``"web: accept in port 80"``, ``"reject in from 10.0.0.0/24 flags SYN,!ACK"``, ``"drop any new"``: see
        ``tcpsim.net.firewall``.  Each decision is in the trace by the rule's name.  Raises TcpsimError, and has
        changed nothing, for a line that cannot be read and for a rule that no packet can reach.
        """
        name = host if isinstance(host, str) else host.name
        checked = check_firewall(name, rules, policy)
        if self.position:
            self.apply(SetFirewall(name, rules, policy))
            return
        self._must_be_setting_up("firewall()")
        self.world.guards[self.world.host(name).index] = checked
        told = [entry for entry in self.trace.header.get("firewalls", ()) if entry["host"] != name]
        self.trace.header["firewalls"] = [*told, {"host": name, "rules": rules, "policy": policy}]

    def inject(
        self,
        host: str | Host,
        text: str,
        *,
        conn: Socket | None = None,
        absolute: bool = False,
        delay: str | int = 0,
    ) -> None:
        """Put a forged segment on its way to ``host``, as if its peer had sent it: ``"R 101:101(0) win 0"``.

        ``text``: packetdrill's words; its numbers are relative to the connection's ISNs unless ``absolute``.
        ``conn``: one end of the connection it pretends to belong to; by default the host's newest.  ``delay``:
        how long it takes.  Raises TcpsimError for a text that cannot be read or a host without connection.
        """
        tcb = self._forged_for(host, conn)
        seg = parse_segment(text, tcb.flow, iss=None if absolute else tcb.irs, irs=None if absolute else tcb.iss)
        self.apply(Inject(seg.key(), parse_time(delay, "delay")))

    def inject_icmp(
        self,
        host: str | Host,
        name: str,
        *,
        conn: Socket | None = None,
        seq: int | None = None,
        mtu: int = 0,
        delay: str | int = 0,
    ) -> None:
        """Put a forged ICMP error on its way to ``host``, about a packet that it has sent: ``"port-unreachable"``.

        ``name``: as in ``tcpsim.tcp.notices.ERRORS``.  ``conn``: the connection it is about, by default the host's
        newest; ``seq``: the quoted number, by default its oldest unacknowledged one.  ``mtu``: for
        "fragmentation-needed".  Raises TcpsimError for an unknown name or a host without connection.
        """
        tcb = self._forged_for(host, conn)
        flow = tcb.peer_flow
        quoted = tcb.snd_una if seq is None else seq
        self.apply(InjectIcmp(name, flow, quoted, mtu, parse_time(delay, "delay")))

    def _forged_for(self, host: str | Host, conn: Socket | None) -> Tcb:
        """The block of the connection of ``host`` that a forgery is about."""
        world = self.world
        index = world.host(host if isinstance(host, str) else host.name).index
        found = [one for one in world.conns.values() if one.host == index and one.tcb.flow[3]]
        if conn is not None:
            found = [one for one in found if one.number == conn.number]
        if not found:
            raise TcpsimError(f"inject: {world.hosts[index].name} has no such connection; connect or accept first")
        return found[-1].tcb

    def _packet(self, packet: int | None) -> int:
        if packet is not None:
            return packet
        for number in self.world.flight:
            return number
        raise TcpsimError("nothing is in flight")
