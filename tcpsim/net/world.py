"""The world: hosts, connections, packets in flight, timers, scripts and the clock, as plain data.

A world changes only by moves: ``step`` makes the earliest that is due, ``apply`` any that is asked for.  Every
event runs in the same order: input, then the scripts that wait for it, then output and what it sends.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Final

from ..tcp.arrives import arrives, reset_for
from ..tcp.core import child_block
from ..tcp.errors import TcpsimError
from ..tcp.output import output
from ..tcp.profiles import Profile
from ..tcp.segment import ACK, RST, SYN, Flow, Segment
from ..tcp.states import CLOSED, LISTEN, TIME_WAIT, Do
from ..tcp.tcb import TIMERS, Tcb
from ..tcp.timeouts import expire
from ..tcp.units import NEVER
from ..trace.raw import header_of
from . import moving
from .chance import secret
from .host import Conn, HostData, has_ended, is_over
from .link import Path
from .moves import Move
from .scripts import Script, advance

#: What a heap entry ``(due, serial, kind, id)`` is about.
PACKET: Final = 0
TIMER: Final = 1
SCRIPT: Final = 2

_NO_NUMBERS: Final = (CLOSED, 0, 0, 0, 0, 0, 0, None)


class World:
    """Everything that is the case at one moment.

    ``now``: ns.  ``flight``: packet id -> (due, segment, index of the receiving host).
    ``damaged``: the packets among them whose checksum is wrong.
    ``log``: None, or the plain records of a trace; ``full``: whether it takes every check and variable.
    ``cause``: the place in the trace of what the current event began with.
    """

    __slots__ = (
        "_before", "_dirty", "_packet", "by_address", "cause", "conns", "damaged", "flight", "full", "heap",
        "hosts", "log", "next_conn", "next_packet", "next_script", "now", "paths", "scripts", "seed", "serial",
    )  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = 0
        self.hosts: list[HostData] = []
        self.by_address: dict[str, int] = {}
        self.paths: dict[tuple[int, int | None], Path] = {}
        self.conns: dict[int, Conn] = {}
        self.scripts: dict[int, Script] = {}
        self.flight: dict[int, tuple[int, Segment, int]] = {}
        self.heap: list[tuple[int, int, int, int]] = []
        self.damaged: set[int] = set()
        self.serial = self.next_packet = self.next_conn = self.next_script = 0
        self.log: list[tuple[Any, ...]] | None = None
        self.full = False
        self._dirty: list[Conn] = []
        self.cause: int | None = None
        self._packet = 0
        self._before: dict[int, dict[str, Any]] = {}

    # -- setting up

    def add_host(
        self,
        name: str,
        addresses: tuple[str, ...],
        profile: Profile,
        isses: int | tuple[int, ...] | None,
    ) -> HostData:
        """A new host."""
        host = HostData(len(self.hosts), name, addresses, profile, secret(self.seed, name), isses)
        self.hosts.append(host)
        # Copies of the world share the dict, so it is replaced and never changed.
        self.by_address = self.by_address | dict.fromkeys(addresses, host.index)
        return host

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
                self.arrive(flying[1], flying[2])
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
        for conn in self._dirty:
            conn.log = None
        self._dirty.clear()
        self._before.clear()
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

    def arrive(self, seg: Segment, index: int) -> None:
        """A packet reaches its host: demultiplex by 4-tuple, then listener, then CLOSED."""
        host = self.hosts[index]
        if self.damaged and seg.id in self.damaged:
            self.damaged.discard(seg.id)
            if self.log is not None:
                self.log.append(("refused", self.now, host.name, None, self.cause, seg.id, "checksum"))
            return
        conn = host.conns.get(seg.flow)
        if self.log is not None:
            number = None if conn is None else conn.number
            self.cause = len(self.log)
            self.log.append(("arrived", self.now, host.name, number, None, seg.id))
            self._packet = seg.id
        if conn is None:
            listener = host.listener_for(seg.flow)
            if listener is None:
                self._reset(host, seg)
                return
            conn = self._child(host, listener, seg) if seg.flags & (SYN | RST | ACK) == SYN else listener
            if conn is None:
                return
        elif seg.flags & SYN:
            listener = host.listener_for(seg.flow)
            conn.reopens = conn.fd is None and listener is not None
            if conn.reopens and listener is not None and conn.tcb.state is TIME_WAIT:
                conn.listener = listener.number  # who accepts the new incarnation, if one begins
        self.touch(conn)
        arrives(conn, seg)
        if conn.listener is not None and conn.tcb.state is LISTEN:
            host.forget(conn)  # the next SYN, even in this event, begins a child of its own
        if conn.log:  # now, since another packet may arrive in the same event
            self._drain(conn)

    def _child(self, host: HostData, listener: Conn, seg: Segment) -> Conn | None:
        """The connection that a SYN to ``listener`` begins; None when nobody accepts fast enough."""
        if len(listener.queue) >= listener.backlog:
            if self.log is not None:
                self.log.append(("refused", self.now, host.name, listener.number, self.cause, seg.id, "backlog"))
            return None
        child = self.new_conn(host, seg.flow, tcb=child_block(listener.tcb, seg.flow))
        child.listener = listener.number
        host.conns[seg.flow] = child
        return child

    def _reset(self, host: HostData, seg: Segment) -> None:
        """No connection and no listener: answer as CLOSED does (RFC 9293 3.10.7.1)."""
        reset, verdict = reset_for(seg)
        if self.log is not None:
            told = ("check_closed", verdict.id, _NO_NUMBERS)
            self.log.append(("checked", self.now, host.name, None, self.cause, seg.id, *told))
        if reset is not None:
            self._transmit(host, reset, None)

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
                self._before[conn.number] = conn.tcb.variables()

    def finish(self) -> None:
        """The second half of every event: tell the users, let scripts go on, then send and set timers."""
        dirty = self._dirty
        for conn in dirty:  # scripts may touch more connections meanwhile
            if conn.log:
                self._drain(conn)
            if conn.signals:
                self._tell(conn)
            owner = conn.owner
            if owner is not None and owner in self.scripts:
                advance(self, self.scripts[owner])
        for conn in dirty:
            output(conn)
            self._settle(conn)
        dirty.clear()
        self.cause = None

    def _tell(self, conn: Conn) -> None:
        """What the user is told: a new connection is queued for accept(); all of it goes into the trace."""
        for signal in conn.signals:
            if self.log is not None:
                where = self.hosts[conn.host].name
                self.log.append(("note", self.now, where, conn.number, self.cause, signal.value))
            if signal is Do.SIGNAL_OPEN and conn.listener is not None:
                listener = self.conns.get(conn.listener)
                if listener is not None and listener.tcb.state is LISTEN:
                    listener.queue += (conn.number,)
                    conn.waiting = True
                    if listener.owner is not None and listener.owner in self.scripts:
                        advance(self, self.scripts[listener.owner])
        conn.signals.clear()

    def _settle(self, conn: Conn) -> None:
        """Send what the event produced, set the timer, forget what is over."""
        tcb = conn.tcb
        host = self.hosts[conn.host]
        if self.log is not None:
            self._drain(conn)
            conn.log = None
            if self.full:
                self._tell_changes(conn, host.name)
        if conn.out:
            for seg in conn.out:
                self._transmit(host, seg, conn.number)
            conn.out.clear()
        if tcb.wake < conn.armed:
            conn.armed = tcb.wake
            self.schedule(tcb.wake, TIMER, conn.number)
        if has_ended(conn):
            host.forget(conn)
            if tcb.state is LISTEN or is_over(conn):
                self.conns.pop(conn.number, None)

    def forget_ended(self) -> None:
        """Take what has just ended out of the demultiplexing, although its event goes on."""
        for conn in self._dirty:
            if has_ended(conn):
                self.hosts[conn.host].forget(conn)

    def _drain(self, conn: Conn) -> None:
        """Move what the engine told into the trace, with time, place and cause."""
        assert conn.log is not None
        assert self.log is not None
        where = self.hosts[conn.host].name
        for kind, *body in conn.log:
            if kind == "checked":
                body.insert(0, self._packet)
            self.log.append((kind, self.now, where, conn.number, self.cause, *body))
        conn.log.clear()

    def _tell_changes(self, conn: Conn, where: str) -> None:
        """Level full: the variables and timers that this event changed."""
        assert self.log is not None
        before = self._before.pop(conn.number)
        after = conn.tcb.variables()
        changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
        timers = {name: changed.pop(f"{name}_due")[1] for name in TIMERS if f"{name}_due" in changed}
        if changed:
            self.log.append(("vars", self.now, where, conn.number, self.cause, changed))
        for name, due in timers.items():
            told = ("timer_stopped", self.now, where, conn.number, self.cause, name)
            self.log.append(told if due == NEVER else ("timer_set", *told[1:], due))

    def _transmit(self, host: HostData, seg: Segment, conn: int | None) -> None:
        """Put a segment on the link to its destination."""
        self.next_packet += 1
        seg.id = self.next_packet
        log = self.log
        if log is not None:
            told = header_of(seg, data=self.full)
            log.append(("sent", self.now, host.name, conn, self.cause, seg.id, told))
        target = self.by_address.get(seg.flow[0])
        path = self.paths.get((host.index, target))
        if path is None or target is None:
            if target == host.index or _is_loopback(seg.flow[0]):
                self.fly(seg, self.now, host.index)
            elif log is not None:
                log.append(("refused", self.now, host.name, conn, self.cause, seg.id, "no route"))
            return
        due = self.now + path.delay
        path.count += 1
        if path.faults or path.loss:
            copies, rule, later = path.fate()
            due += later
            if copies == 2:
                self.fly(seg, due, target)
                self.double(seg, due, target, rule)
                return
            if copies == 0:
                if log is not None:
                    log.append(("lost", self.now, "", conn, self.cause, seg.id, rule))
                return
        self.flight[seg.id] = (due, seg, target)
        self.serial += 1
        heappush(self.heap, (due, self.serial, PACKET, seg.id))

    def fly(self, seg: Segment, due: int, target: int) -> None:
        """A packet is in flight until ``due``."""
        self.flight[seg.id] = (due, seg, target)
        self.schedule(due, PACKET, seg.id)

    def double(self, seg: Segment, due: int, target: int, rule: str) -> Segment:
        """A second packet like ``seg``, with a number of its own."""
        twin = seg.replace()
        self.next_packet += 1
        twin.id = self.next_packet
        if self.log is not None:
            told = header_of(twin, data=self.full)
            self.log.append(("duplicated", self.now, "", None, self.cause, twin.id, told, seg.id, rule))
        self.fly(twin, due, target)
        return twin

    def new_conn(self, host: HostData, flow: Flow, *, listens: bool = False, tcb: Tcb | None = None) -> Conn:
        """A new connection of ``host``, in CLOSED or with a given block.  A listener sends nothing: it takes no ISS."""
        self.next_conn = number = self.next_conn + 1
        iss = None if listens or host.isses is None else host.next_iss()
        conn = Conn(flow, profile=host.profile, secret=host.secret, iss=iss, number=number, host=host.index, tcb=tcb)
        self.conns[number] = conn
        return conn

    # -- copies

    def copy(self) -> World:
        """An independent equal world, without a trace."""
        new = World.__new__(World)
        new.seed = self.seed
        new.now = self.now
        new.conns = {number: conn.copy() for number, conn in self.conns.items()}
        new.hosts = [host.copy(new.conns) for host in self.hosts]
        new.by_address = self.by_address
        new.paths = {ends: path.copy() for ends, path in self.paths.items()}
        new.scripts = {number: script.copy() for number, script in self.scripts.items()}
        new.flight = self.flight.copy()
        new.damaged = self.damaged.copy()
        new.heap = self.heap.copy()
        new.serial = self.serial
        new.next_packet = self.next_packet
        new.next_conn = self.next_conn
        new.next_script = self.next_script
        new.log = None
        new.full = False
        new._dirty = []
        new.cause = None
        new._packet = 0
        new._before = {}
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value: equal for worlds in the same situation (the heap is an index of it)."""
        return (
            self.now, self.next_packet, self.next_conn, self.next_script,
            tuple(host.key() for host in self.hosts),
            tuple((number, conn.key()) for number, conn in sorted(self.conns.items())),
            tuple((number, script.key()) for number, script in sorted(self.scripts.items())),
            tuple((number, due, seg.key(), to) for number, (due, seg, to) in sorted(self.flight.items())),
            frozenset(self.damaged),
            tuple((ends, path.key()) for ends, path in sorted(self.paths.items())),
        )  # fmt: skip


def _is_loopback(address: str) -> bool:
    """Whether an address means the host itself, whichever it is."""
    return address.startswith("127.") or address == "::1"
