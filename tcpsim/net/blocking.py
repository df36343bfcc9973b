"""Waiting in virtual time: a call that must wait lets events happen until it can return."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..tcp.errors import TcpsimError
from ..tcp.units import NEVER, format_time
from .errnos import SocketError, socket_error

if TYPE_CHECKING:
    from .simulator import Simulator

#: Events that a blocking call lets happen before it gives up: a closed window is probed for ever.
PATIENCE: Final = 20_000


class Deadlock(TcpsimError):
    """A blocking call waits for what can no longer happen: the world is quiet."""


class Patience:
    """How long one call waits.  ``timeout``: ns, 0 for not at all, None until the world is quiet.

    ``what``: the call, for people; ``state``: what to say of the socket that it waits on.
    """

    __slots__ = ("_end", "_events", "_sim", "_state", "_timeout", "_what")

    def __init__(self, sim: Simulator, what: str, timeout: int | None, state: Callable[[], object]) -> None:
        self._sim = sim
        self._what = what
        self._timeout = timeout
        self._state = state
        self._end = NEVER if timeout is None else sim.now + timeout
        self._events = 0

    @property
    def endless(self) -> bool:
        """Whether only the end of all events ends it."""
        return self._timeout is None

    def wait(self) -> None:
        """Let the next event happen.

        Raises SocketError EAGAIN when the call may not wait, TimeoutError when its time is over, and Deadlock
        when nothing more will happen, or nothing that matters.
        """
        sim = self._sim
        if self._timeout == 0:
            raise socket_error(
                "EAGAIN", f"{self._what} would have to wait in {self._state()}: poll first, or let it block"
            )
        self._events += 1
        if self._events > PATIENCE:
            raise Deadlock(
                f"{self._what} waits in {self._state()} after {PATIENCE} events: what it waits for does not come, "
                f"though timers keep the network busy; there are {', '.join(_sockets(sim))}"
            )
        if self.endless:
            if sim.step():
                return
            raise Deadlock(
                f"{self._what} waits in {self._state()}, but nothing more will happen: the network is quiet"
                f"{_waiting(sim)}"
            )
        if sim.world.next_due() <= self._end:
            sim.step()
            return
        sim.run(until=self._end)
        raise _timed_out(f"{self._what}: timed out after {format_time(self._timeout or 0)} s in {self._state()}")


def _timed_out(message: str) -> SocketError:
    """The socket's own time-out: a TimeoutError without errno, as the standard library's."""
    error = socket_error("ETIMEDOUT", message)
    error.errno = None
    return error


def _sockets(sim: Simulator) -> list[str]:
    return [f"{row['local']} in {row['state']}" for host in sim.hosts.values() for row in host.sockets()]


def _waiting(sim: Simulator) -> str:
    """The scripts that wait too, and for what."""
    world = sim.world
    found = [
        f"a script of {world.hosts[script.host].name} at {' '.join(map(str, script.program[script.at][:2]))}"
        for script in world.scripts.values()
        if script.at < len(script.program)
    ]
    return f"; so do {', '.join(found)}" if found else ""
