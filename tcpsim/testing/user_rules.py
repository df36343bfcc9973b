"""What both users do in a run of the state machine: each rule is a call."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ..net.host import Conn
from ..net.moves import Call
from ..tcp.states import CLOSE_WAIT, CLOSED, ESTABLISHED, SYN_RECV, SYN_SENT
from .driving import ANY, ENDS, PORTS, Driving, is_open, pick


class UserRules(Driving):
    """The client connects and the server listens, or both connect; they send, receive, shut down and close."""

    @precondition(lambda self: self.listener() is None)
    @rule()
    def listen(self) -> None:
        """The server listens."""
        self.move(Call("server", "listen", (PORTS["server"][0],)))

    def _free_port(self, end: str) -> int | None:
        taken = {flow[1] for flow in self.sim.world.host(end).conns}
        return next((port for port in PORTS[end] if port not in taken), None)

    def _may_connect(self, end: str) -> bool:
        return self._connects[end] < self.max_connects and self._free_port(end) is not None

    @precondition(lambda self: any(self._may_connect(end) for end in ENDS))
    @rule(which=ANY)
    def connect(self, which: int) -> None:
        """A user connects: the client to the server's port, or the server, from that port, to the client's."""
        self.open(pick([end for end in ENDS if self._may_connect(end)], which))

    def open(self, end: str) -> None:
        """This end connects to the other."""
        self._connects[end] += 1
        other = ENDS[end == "client"]
        address = self.sim.hosts[other].addresses[0]
        self.move(Call(end, "connect", (address, PORTS[other][0], self._free_port(end))))

    def queued(self) -> bool:
        """Whether the server can accept a connection."""
        listener = self.listener()
        return listener is not None and bool(self.sim.world.conns[listener.number].queue)

    @precondition(lambda self: self.queued())
    @rule()
    def accept(self) -> None:
        """The server accepts a connection."""
        listener = self.listener()
        assert listener is not None
        self.move(Call("server", "accept", (listener.fd,)))

    def _may_send(self, conn: Conn) -> bool:
        tcb = conn.tcb
        opening = tcb.state in (SYN_SENT, SYN_RECV) and not conn.profile.unconnected_is_enotconn
        return (
            (opening or tcb.state in (ESTABLISHED, CLOSE_WAIT))
            and not tcb.fin_queued
            and tcb.snd_buf.size < conn.profile.snd_buf
            and len(self.watch.ledger.written(tcb)) < self.max_octets
        )

    @precondition(lambda self: self.sockets(self._may_send))
    @rule(which=ANY, n=st.integers(1, 20))
    def send(self, which: int, n: int) -> None:
        """A user sends."""
        host, fd, conn = pick(self.sockets(self._may_send), which)
        so_far = len(self.watch.ledger.written(conn.tcb))
        data = bytes((so_far + i) & 0xFF for i in range(min(n, self.max_octets - so_far)))
        self.move(Call(host, "send", (fd, data)))

    @precondition(lambda self: self.sockets(may_receive))
    @rule(which=ANY, n=st.integers(1, 64))
    def recv(self, which: int, n: int) -> None:
        """A user receives."""
        host, fd, _ = pick(self.sockets(may_receive), which)
        self.move(Call(host, "recv", (fd, n)))

    @precondition(lambda self: self.sockets(may_shut_down))
    @rule(which=ANY)
    def shutdown(self, which: int) -> None:
        """A user closes the sending half."""
        host, fd, _ = pick(self.sockets(may_shut_down), which)
        self.move(Call(host, "shutdown", (fd,)))

    @precondition(lambda self: self.sockets(self._may_close))
    @rule(which=ANY)
    def close(self, which: int) -> None:
        """A user closes, and will not read what still comes."""
        host, fd, _ = pick(self.sockets(self._may_close), which)
        self.move(Call(host, "close", (fd,)))

    def _may_close(self, conn: Conn) -> bool:
        # Nobody would empty the buffer any more: the peer would probe a closed window for ever (MUST-37).
        return conn.state is CLOSED or conn.tcb.fin_received or conn.profile.rcv_buf > self.max_octets

    @precondition(lambda self: self.aborts and self.sockets(is_open))
    @rule(which=ANY)
    def abort(self, which: int) -> None:
        """A user aborts."""
        host, fd, _ = pick(self.sockets(is_open), which)
        self.move(Call(host, "abort", (fd,)))


def may_receive(conn: Conn) -> bool:
    """Whether there is something to read, or the end of the stream."""
    tcb = conn.tcb
    return bool(tcb.rcv_buf.size) or (tcb.fin_received and tcb.error is None)


def may_shut_down(conn: Conn) -> bool:
    """Whether this end has not closed yet."""
    return conn.state is not CLOSED and not conn.tcb.fin_queued
