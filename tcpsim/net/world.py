"""The world: hosts, connections, packets in flight, timers, scripts and the clock, as plain data.

A world changes only by moves: ``step`` makes the earliest that is due, ``apply`` any that is asked for.  Every
event runs in the same order: input, then the scripts that wait for it, then output and what it sends.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.output import output
from ..tcp.profiles import Profile
from ..tcp.segment import Flow, Segment
from ..tcp.settings import configure
from ..tcp.states import LISTEN, SYN_RECV
from ..tcp.tcb import TIMERS, Tcb
from ..tcp.timeouts import expire
from ..tcp.units import NEVER
from . import icmp, moving
from .chance import secret
from .firewall import Firewall
from .host import Conn, HostData, has_ended, is_over
from .icmp import ICMP, Message
from .inbound import arrive
from .link import Path, Weather
from .moves import Move
from .outbound import PACKET, Mark, transmit
from .queues import grow_up, tell_users
from .rebooting import check_quiet
from .route import Route, next_mtu
from .scripts import Script, advance
from .telling import drain, tell_changes

#: What a heap entry ``(due, serial, kind, id)`` is about, besides ``PACKET``.
TIMER: Final = 1
SCRIPT: Final = 2


#: (index of the host, program, ns after its start).
Starter = tuple[int, tuple[tuple[Any, ...], ...], int]


class World:
    """Everything that is the case at one moment.

    ``now``: ns.  ``flight``: packet id -> (due, segment, index of the receiving host).
    ``damaged``: of the packets among them that have met a fault, the bits that are the wrong way round.
    ``guards``: the hosts' firewalls, by index.  ``off``, ``quiet``: until when a host is off or opens nothing, ns.
    ``starters``: the scripts that begin at every start: host, program, ns after it.
    ``icmp``: messages in flight, as ``flight``, whose numbers they share.
    ``headers``: what the IP headers of those that do not say the usual say; ``marks``: what connections (by
    number) and hosts (by name) send that do not; ``heard``: what a connection's last packet said.
    The topology: ``paths``, each one direction of a link; ``joined``: (source, target) -> place in ``paths``;
    ``neighbours``: host -> target -> the same; ``forwards``: which hosts are routers; ``by_hand``: the routes given;
    ``routes``: what is remembered of them, host -> address -> place in ``paths``.
    ``log``: None, or the plain records of a trace; ``full``: whether it takes every check and variable.
    ``cause``: the place in the trace of what the current event began with; ``packet``: the one it is about.
    ``before``: at level full, the variables of the event's connections as they were.
    """

    __slots__ = (
        "_dirty", "before", "by_address", "by_hand", "cause", "conns", "damaged", "flight", "forwards", "full", "guards",
        "headers", "heap", "heard", "hosts", "icmp", "joined", "log", "marks", "neighbours", "next_conn", "next_packet",
        "next_script", "now", "off", "packet", "paths", "quiet", "routes", "scripts", "seed", "serial", "starters",
    )  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = 0
        self.hosts: list[HostData] = []
        self.by_address: dict[str, int] = {}
        self.paths: list[Path] = []
        self.joined: dict[tuple[int, int], int] = {}
        self.neighbours: tuple[dict[int, int], ...] = ()
        self.forwards: tuple[bool, ...] = ()
        self.by_hand: tuple[tuple[Route, ...], ...] = ()
        self.routes: tuple[dict[str, int], ...] = ()
        self.off: dict[int, int] = {}
        self.quiet: dict[int, int] = {}
        self.starters: tuple[Starter, ...] = ()
        self.guards: dict[int, Firewall] = {}
        self.marks: dict[int | str, Mark] = {}
        self.headers: dict[int, Mark] = {}
        self.heard: dict[int, Mark] = {}
        self.conns: dict[int, Conn] = {}
        self.scripts: dict[int, Script] = {}
        self.flight: dict[int, tuple[int, Segment, int]] = {}
        self.heap: list[tuple[int, int, int, int]] = []
        self.damaged: dict[int, tuple[int, ...]] = {}
        self.icmp: dict[int, tuple[int, Message, int]] = {}
        self.serial = self.next_packet = self.next_conn = self.next_script = 0
        self.log: list[tuple[Any, ...]] | None = None
        self.full = False
        self._dirty: list[Conn] = []
        self.cause: int | None = None
        self.packet = 0
        self.before: dict[int, dict[str, Any]] = {}

    # -- setting up

    def add_host(
        self,
        name: str,
        addresses: tuple[str, ...],
        profile: Profile,
        isses: int | tuple[int, ...] | None,
        *,
        forwards: bool = False,
    ) -> HostData:
        """A new host; ``forwards``: a router."""
        host = HostData(len(self.hosts), name, addresses, profile, secret(self.seed, name), isses)
        self.hosts.append(host)
        # Copies of the world share all of the topology, so it is replaced and never changed.
        self.by_address = self.by_address | dict.fromkeys(addresses, host.index)
        self.forwards = (*self.forwards, forwards)
        self.neighbours = (*self.neighbours, {})
        self.by_hand = (*self.by_hand, ())
        self._forget_routes()
        return host

    def add_path(self, name: str, source: int, target: int, weather: Weather) -> None:
        """One direction of a link."""
        place = len(self.paths)
        self.paths.append(Path(name, self.seed, source, target, weather))
        self.joined = self.joined | {(source, target): place}
        here = self.neighbours[source] | {target: place}
        self.neighbours = (*self.neighbours[:source], here, *self.neighbours[source + 1 :])
        self._forget_routes()

    def add_route(self, index: int, route: Route) -> None:
        """A route given by hand."""
        routes = (*self.by_hand[index], route)
        self.by_hand = (*self.by_hand[:index], routes, *self.by_hand[index + 1 :])
        self._forget_routes()

    def _forget_routes(self) -> None:
        self.routes = tuple({} for _ in self.hosts)

    def add_script(self, host: int, program: tuple[tuple[Any, ...], ...], at: int) -> Script:
        """A script that begins at ``at``."""
        self.next_script += 1
        script = Script(self.next_script, host, program)
        self.scripts[script.number] = script
        self.sleep(script, at)
        return script

    def sleep(self, script: Script, ns: int) -> None:
        """Let ``script`` go on after ``ns``."""
        script.due = self.now + ns
        self.schedule(script.due, SCRIPT, script.number)

    def schedule(self, due: int, kind: int, number: int) -> None:
        """Put an entry into the heap; what it is about decides later whether it still counts."""
        self.serial += 1
        heappush(self.heap, (due, self.serial, kind, number))

    # -- moves

    def step(self, end: int = NEVER) -> bool:
        """Make the earliest move that is due; False when none is due up to ``end``."""
        heap = self.heap
        while heap and heap[0][0] <= end:
            due, _, kind, number = heappop(heap)
            if kind == PACKET:
                flying = self.flight.get(number)
                if flying is None or flying[0] != due:
                    continue
                self.now = due
                del self.flight[number]
                arrive(self, flying[1], flying[2])
                self.finish()
                return True
            if kind == TIMER:
                conn = self.conns.get(number)
                if conn is None or conn.armed != due:
                    continue
                timer = self._due_timer(conn, due)
                if timer is None:
                    continue
                self.now = due
                self.expire(conn, timer)
                return True
            if kind == ICMP:
                message = self.icmp.get(number)
                if message is not None and message[0] == due:
                    self.now = due
                    del self.icmp[number]
                    icmp.arrive(self, number, message[1], message[2])
                    self.finish()
                    return True
                continue
            script = self.scripts.get(number)
            if script is not None and script.due == due:
                self.now = due
                self.wake(script)
                return True
        return False

    def next_due(self) -> int:
        """When ``step`` would make a move, ns; ``NEVER`` when the world is quiet."""
        heap = self.heap
        while heap:
            due, _, kind, number = heap[0]
            if kind == PACKET:
                if number in self.flight and self.flight[number][0] == due:
                    return due
            elif kind == ICMP:
                if number in self.icmp and self.icmp[number][0] == due:
                    return due
            elif kind == SCRIPT:
                if number in self.scripts and self.scripts[number].due == due:
                    return due
            elif number in self.conns and self.conns[number].armed == due:
                conn = self.conns[number]
                if conn.tcb.earliest() <= due:
                    return due
                self._due_timer(conn, due)
            heappop(heap)
        return NEVER

    def apply(self, move: Move, cause: int | None = None) -> Any:
        """Make ``move`` at the current time; what a call returned.

        Raises TcpsimError, and has changed nothing, when the move names what is not there.
        """
        # Timers that were moved find their new places first, as in a step: else the order of what is due at one
        # time would depend on whether somebody has looked in between.
        self.next_due()
        self.cause = cause
        try:
            result = moving.MAKE[type(move)](self, move)
        except Exception:
            self._abandon()
            raise
        self.finish()
        return result

    def _abandon(self) -> None:
        """Forget an event that turned out not to be allowed: it has changed nothing."""
        self._dirty.clear()
        self.before.clear()
        self.cause = None

    def moves(self) -> list[Move]:
        """Every enabled delivery, loss, duplication, time-out and wake-up, in a fixed order."""
        return moving.moves(self)

    # -- looking up

    def host(self, name: str) -> HostData:
        """The host of that name.  Raises TcpsimError that lists the names."""
        for host in self.hosts:
            if host.name == name:
                return host
        names = ", ".join(host.name for host in self.hosts) or "none yet"
        raise TcpsimError(f"no host {name!r}; the hosts are {names}")

    def _due_timer(self, conn: Conn, due: int) -> str | None:
        """The timer of ``conn`` that is due at ``due``; if none is, look again when the next one is."""
        tcb = conn.tcb
        earliest = tcb.earliest()
        if earliest <= due:
            name = next(name for name in TIMERS if getattr(tcb, f"{name}_due") == earliest)
            conn.armed = NEVER
            # The others go on running: when the event is settled, the earliest of them is armed again.
            tcb.wake = min(getattr(tcb, f"{other}_due") for other in TIMERS if other != name)
            return name
        conn.armed = tcb.wake = earliest
        if earliest < NEVER:
            self.schedule(earliest, TIMER, conn.number)
        return None

    # -- events

    def expire(self, conn: Conn, timer: str) -> None:
        """A timer of ``conn`` runs out, at whatever time it was set for."""
        if self.log is not None:
            self.cause = len(self.log)
            where = self.hosts[conn.host].name
            self.log.append(("timer_fired", self.now, where, conn.number, None, timer))
        self.touch(conn)
        expire(conn, timer)
        self.finish()

    def wake(self, script: Script) -> None:
        """A sleeping script goes on."""
        self.cause = None
        script.due = NEVER
        advance(self, script)
        self.finish()

    def touch(self, conn: Conn) -> None:
        """``conn`` takes part in the current event: it is settled when the event's input is done."""
        if conn in self._dirty:
            return
        self._dirty.append(conn)
        conn.now = self.now
        if self.log is not None:
            conn.log = []
            conn.verbose = self.full
            if self.full:
                self.before[conn.number] = conn.tcb.variables()

    def finish(self) -> None:
        """The second half of every event: tell the users, let scripts go on, then send and set timers."""
        dirty = self._dirty
        for conn in dirty:  # scripts may touch more connections meanwhile
            if conn.log:
                drain(self, conn)
            if conn.signals:
                tell_users(self, conn)
            owner = conn.owner
            if owner is not None and owner in self.scripts:
                advance(self, self.scripts[owner])
        for conn in dirty:
            output(conn)
            self._settle(conn)
        dirty.clear()
        self.cause = None

    def _settle(self, conn: Conn) -> None:
        """Send what the event produced, set the timer, forget what is over."""
        tcb = conn.tcb
        host = self.hosts[conn.host]
        if self.log is not None:
            drain(self, conn)
            conn.log = None
            if self.full:
                tell_changes(self, conn, host.name)
        if conn.out:
            for seg in conn.out:
                transmit(self, host, seg, conn.number)
            conn.out.clear()
        if conn.embryo and tcb.state is not SYN_RECV:
            grow_up(self.conns.get(conn.listener or 0), conn)
        if tcb.wake < conn.armed:
            conn.armed = tcb.wake
            self.schedule(tcb.wake, TIMER, conn.number)
        if has_ended(conn):
            host.forget(conn)
            if tcb.state is LISTEN or is_over(conn):
                self.forget(conn)

    def forget(self, conn: Conn) -> None:
        """Nothing needs the connection any more."""
        self.conns.pop(conn.number, None)
        if self.marks or self.heard:
            self.marks.pop(conn.number, None)
            self.heard.pop(conn.number, None)

    def forget_ended(self) -> None:
        """Take what has just ended out of the demultiplexing, although its event goes on."""
        for conn in self._dirty:
            if has_ended(conn):
                self.hosts[conn.host].forget(conn)

    def new_conn(self, host: HostData, flow: Flow, *, listens: bool = False, tcb: Tcb | None = None) -> Conn:
        """A new connection of ``host``, in CLOSED or with a given block.  A listener sends nothing: it takes no ISS."""
        if flow[2] and self.quiet:
            check_quiet(self, host)
        self.next_conn = number = self.next_conn + 1
        iss = None if listens or host.isses is None else host.next_iss()
        conn = Conn(flow, profile=host.profile, secret=host.secret, iss=iss, number=number, host=host.index, tcb=tcb)
        self.conns[number] = conn
        if flow[2]:
            self.fit_mtu(conn)
        return conn

    def fit_mtu(self, conn: Conn) -> None:
        """Tell a connection that is about to open how large the packets on its first link may be."""
        mtu = next_mtu(self, conn.host, conn.tcb.flow[2])
        if mtu is not None:
            configure(conn, mtu=mtu)

    # -- copies

    def copy(self) -> World:
        """An independent equal world, without a trace."""
        new = World.__new__(World)
        new.seed = self.seed
        new.now = self.now
        new.conns = {number: conn.copy() for number, conn in self.conns.items()}
        new.hosts = [host.copy(new.conns) for host in self.hosts]
        new.by_address = self.by_address
        new.paths = [path.copy() for path in self.paths]
        new.joined = self.joined
        new.neighbours = self.neighbours
        new.forwards = self.forwards
        new.by_hand = self.by_hand
        new.routes = self.routes
        new.off = self.off.copy()
        new.quiet = self.quiet.copy()
        new.starters = self.starters
        new.guards = {index: firewall.copy() for index, firewall in self.guards.items()}
        new.marks = self.marks.copy()
        new.headers = self.headers.copy()
        new.heard = self.heard.copy()
        new.scripts = {number: script.copy() for number, script in self.scripts.items()}
        new.flight = self.flight.copy()
        new.damaged = self.damaged.copy()
        new.icmp = self.icmp.copy()
        new.heap = self.heap.copy()
        new.serial = self.serial
        new.next_packet = self.next_packet
        new.next_conn = self.next_conn
        new.next_script = self.next_script
        new.log = None
        new.full = False
        new._dirty = []
        new.cause = None
        new.packet = 0
        new.before = {}
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value: equal for worlds in the same situation (the heap is an index of it)."""
        return (
            self.now, self.next_packet, self.next_conn, self.next_script,
            tuple(host.key() for host in self.hosts),
            tuple((number, conn.key()) for number, conn in sorted(self.conns.items())),
            tuple((number, script.key()) for number, script in sorted(self.scripts.items())),
            tuple((number, due, seg.key(), to) for number, (due, seg, to) in sorted(self.flight.items())),
            tuple(sorted(self.damaged.items())),
            tuple(sorted(self.icmp.items())),
            tuple(path.key() for path in self.paths),
            self.by_hand,
            tuple((index, until) for index, until in sorted(self.off.items()) if until > self.now),
            tuple((index, until) for index, until in sorted(self.quiet.items()) if until > self.now),
            tuple(host.secret for host in self.hosts),
            tuple((index, firewall.key()) for index, firewall in sorted(self.guards.items())),
            frozenset(self.marks.items()),
            frozenset(self.headers.items()),
            frozenset(self.heard.items()),
        )  # fmt: skip
