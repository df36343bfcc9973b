"""The facade: one sans-IO connection.  Give it segments, calls and the time; take its output."""

from __future__ import annotations

from typing import Any

from . import calls
from .arrives import arrives
from .core import Core
from .info import TcpInfo, info
from .notices import icmp_arrives
from .output import output
from .profiles import RFC9293, Profile
from .segment import Flow, Segment
from .settings import configure
from .states import Do, State
from .timeouts import due_timer, expire
from .units import NEVER


class Connection(Core):
    """A TCP connection without clock, randomness, I/O or network (RFC 9293 3.10).

    ``local``, ``remote``: (address, port); a passive opener may leave the remote out.  ``iss``: the initial
    sequence number, else it is derived from ``secret``, the addresses and the time (RFC 6528).  Each method
    takes ``now``, ns of virtual time, which never goes back; then take what is in ``out`` and ``signals``::

        client.open_active(0)
        for segment in client.take_output(): ...
    """

    __slots__ = ()

    def __init__(
        self,
        local: tuple[str, int],
        remote: tuple[str, int] = ("", 0),
        *,
        profile: Profile = RFC9293,
        secret: bytes = b"",
        iss: int | None = None,
    ) -> None:
        flow: Flow = (*local, *remote)
        super().__init__(profile, flow, secret=secret, iss=iss)

    @property
    def state(self) -> State:
        """The connection's state."""
        return self.tcb.state

    # -- user calls (RFC 9293 3.10.1 to 3.10.6); see tcpsim.tcp.calls for what each raises

    def open_passive(self, now: int) -> None:
        """OPEN passive: wait for a SYN."""
        self.now = now
        calls.open_passive(self)

    def open_active(self, now: int) -> None:
        """OPEN active: send a SYN."""
        self.now = now
        calls.open_active(self)

    def configure(self, now: int, **settings: Any) -> None:
        """Set what a user may set for one connection; see ``tcpsim.tcp.settings.configure``."""
        self.now = now
        configure(self, **settings)
        output(self)

    def send(self, now: int, data: bytes, *, urgent: bool = False) -> int:
        """SEND: how many octets were taken in; ``urgent``: urgent data ends with the last of them."""
        self.now = now
        taken = calls.send(self, data, urgent=urgent)
        output(self)
        return taken

    def receive(self, now: int, n: int = 1 << 30) -> bytes | None:
        """RECEIVE: up to ``n`` octets, None when there are none yet."""
        self.now = now
        data = calls.receive(self, n)
        output(self)
        return data

    def close(self, now: int) -> None:
        """CLOSE: no more to send."""
        self.now = now
        calls.close(self)
        output(self)

    def shutdown(self, now: int) -> None:
        """The same, but this side goes on reading under every profile."""
        self.now = now
        calls.shutdown(self)
        output(self)

    def detach(self, now: int) -> None:
        """The user has gone: nothing more will be read."""
        self.now = now
        calls.detach(self)
        output(self)

    def abort(self, now: int) -> None:
        """ABORT: end at once."""
        self.now = now
        calls.abort(self)

    def status(self) -> dict[str, Any]:
        """STATUS: state and windows."""
        return calls.status(self)

    def urgent_left(self) -> int:
        """How many octets are still to be read until urgent data ends; 0: none."""
        return calls.urgent_left(self)

    def info(self) -> TcpInfo:
        """A snapshot of the connection, in any state."""
        return info(self)

    # -- what happens to the connection

    def segment_arrives(self, now: int, *segments: Segment) -> None:
        """SEGMENT ARRIVES, one or several in one event: they are all processed before anything is acknowledged."""
        self.now = now
        for segment in segments:
            arrives(self, segment)
        output(self)

    def icmp_arrives(self, now: int, name: str, seq: int, mtu: int = 0) -> bool:
        """An ICMP error about our segment at ``seq``; whether it was believed.  See ``tcpsim.tcp.notices``."""
        self.now = now
        believed = icmp_arrives(self, name, seq, mtu)
        output(self)
        return believed

    def timer_expires(self, now: int, timer: str | None = None) -> str | None:
        """Let ``timer`` run out, or else the one that is due; its name, None if none is due."""
        self.now = now
        timer = timer or due_timer(self, now)
        if timer is not None:
            expire(self, timer)
            output(self)
        return timer

    # -- what the connection wants

    def deadline(self) -> int | None:
        """When a timer is due, ns; None while none runs."""
        due = self.tcb.earliest()
        return None if due == NEVER else due

    def take_output(self) -> list[Segment]:
        """The segments to put on the wire, in order; each is given once."""
        out, self.out = self.out, []
        return out

    def take_signals(self) -> list[Do]:
        """What the user is to be told, in order; each is given once."""
        signals, self.signals = self.signals, []
        return signals

    def copy(self) -> Connection:
        """An independent connection in the same situation."""
        new = Connection.__new__(Connection)
        new.profile = self.profile
        new.secret = self.secret
        new.iss_given = self.iss_given
        new.now = self.now
        new.tcb = self.tcb.copy()
        new.out = self.out.copy()
        new.signals = self.signals.copy()
        new.log = None
        new.verbose = False
        new.reopens = self.reopens
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value: equal for connections in the same situation."""
        return self.tcb.key()
