"""poll() and epoll on a simulated host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..net.readiness import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, readiness
from ..tcp.states import CLOSED
from ..tcp.units import MS
from .endpoint import Answer

if TYPE_CHECKING:
    from .simulated import SimulatedEndpoint

POLLRDHUP: Final = 0x2000  #: the peer has closed its half
#: What poll() calls its events; the last ones are the same under other names.
EVENTS: Final = {
    "POLLIN": POLLIN, "POLLPRI": POLLPRI, "POLLOUT": POLLOUT, "POLLERR": POLLERR, "POLLHUP": POLLHUP,
    "POLLNVAL": POLLNVAL, "POLLRDHUP": POLLRDHUP,
}  # fmt: skip
_EDGE: Final = "EPOLLET"
_ONCE: Final = "EPOLLONESHOT"


def _events(e: SimulatedEndpoint, fd: int, mask: int) -> int:
    """The events of ``mask`` that hold for a descriptor, and those that are always told."""
    conn = e.connection(fd)
    if conn is None:
        return POLLNVAL
    found = readiness(conn)
    if conn.tcb.fin_received or (conn.tcb.state is CLOSED and conn.tcb.flow[3]):
        found |= POLLRDHUP
    return found & (mask | POLLERR | POLLHUP)


def poll(e: SimulatedEndpoint, wanted: list[tuple[int, int]], timeout: int) -> Answer | Callable[[], Answer | None]:
    """poll(): how many descriptors have events; ``value`` has each one's.  ``timeout``: ms, below 0 for ever."""
    end = None if timeout < 0 else e.now + timeout * MS

    def attempt() -> Answer | None:
        found = [0 if fd < 0 else _events(e, fd, mask) for fd, mask in wanted]
        if any(found) or (end is not None and e.now >= end):
            return Answer(sum(map(bool, found)), None, found)
        return None

    return _until(attempt)


def _until(attempt: Callable[[], Answer | None]) -> Answer | Callable[[], Answer | None]:
    answer = attempt()
    return attempt if answer is None else answer


# -- epoll


def is_epoll(e: SimulatedEndpoint, fd: int) -> bool:
    """Whether a descriptor is one of epoll's."""
    return fd in e.epolls


def epoll_create(e: SimulatedEndpoint) -> Answer:
    """epoll_create(): a descriptor, far from those of sockets."""
    fd = 1000 + len(e.epolls)
    while fd in e.epolls:
        fd += 1
    e.epolls[fd] = {}
    return Answer(fd)


def epoll_ctl(e: SimulatedEndpoint, epfd: int, what: str, fd: int, events: Any, data: Any) -> Answer:
    """epoll_ctl(): EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL; ``events``: names; ``data``: given back."""
    watched = e.epolls.get(epfd)
    if watched is None or e.connection(fd) is None:
        return Answer(-1, "EBADF")
    if what == "EPOLL_CTL_DEL":
        return Answer(0) if watched.pop(fd, None) else Answer(-1, "ENOENT")
    if (what == "EPOLL_CTL_ADD") == (fd in watched):
        return Answer(-1, "EEXIST" if fd in watched else "ENOENT")
    mask = sum(EVENTS.get(name.replace("EPOLL", "POLL"), 0) for name in events)
    watched[fd] = {"mask": mask, "edge": _EDGE in events, "once": _ONCE in events, "data": data, "told": None}
    return Answer(0)


def epoll_wait(e: SimulatedEndpoint, epfd: int, most: int, timeout: int) -> Answer | Callable[[], Answer | None]:
    """epoll_wait(): how many descriptors have events; ``value``: (events, data) of each."""
    watched = e.epolls.get(epfd)
    if watched is None:
        return Answer(-1, "EBADF")
    end = None if timeout < 0 else e.now + timeout * MS

    def attempt() -> Answer | None:
        found = [told for fd in list(watched) if (told := _look(e, fd, watched)) is not None][:most]
        if found or (end is not None and e.now >= end):
            return Answer(len(found), None, found)
        return None

    return _until(attempt)


def _look(e: SimulatedEndpoint, fd: int, watched: dict[int, Any]) -> tuple[int, Any] | None:
    """What is to be told of one descriptor; with EPOLLET only what is news since it was told last."""
    one = watched[fd]
    conn = e.connection(fd)
    if conn is None:
        del watched[fd]
        return None
    if one["mask"] is None:
        return None
    events = _events(e, fd, one["mask"])
    mark = (events, conn.tcb.rcv_nxt, conn.tcb.snd_una, conn.tcb.state)
    if not events or (one["edge"] and one["told"] == mark):
        return None
    one["told"] = mark
    if one["once"]:
        one["mask"] = None
    return events, one["data"]
