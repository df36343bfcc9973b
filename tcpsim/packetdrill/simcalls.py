"""System calls on a simulated host: each returns an ``Answer``, or a function that says later how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..net.errnos import Failed, SocketError
from ..net.sendspace import writable
from ..net.sockopts import OPTIONS, get_option, option
from ..tcp.congestion import BY_NAME
from ..tcp.errors import TcpsimError
from ..tcp.states import CLOSED, CLOSING, FIN_WAIT_1, LAST_ACK, LISTEN, SYN_RECV, SYN_SENT
from ..tcp.units import NEVER, SECOND
from .endpoint import Answer, NotOffered
from .simpolls import epoll_create, epoll_ctl, epoll_wait, is_epoll, poll

if TYPE_CHECKING:
    from .simulated import SimulatedEndpoint

#: What a call that waits leaves behind: asked again after every event, it answers, or None.
Waiting = Callable[[], Answer | None]

#: Other names of the ways to control congestion.
CONTROLS: Final = {"reno": "newreno"}
DONE: Final = Answer(0)
_CONNECTING: Final = (SYN_SENT, SYN_RECV)


def ask(e: SimulatedEndpoint, name: str, *args: Any) -> Any:
    """Make a call of the simulation: what it returns, None if it would wait, or an ``Answer`` when it fails."""
    try:
        result = e.sim.call(e.host.name, name, *args)
    except SocketError as error:
        return Answer(-1, error.name)
    except TcpsimError as error:
        raise NotOffered(f"{name}: {error}") from None
    return Answer(-1, result.name) if isinstance(result, Failed) else result


def _plain(e: SimulatedEndpoint, name: str, *args: Any) -> Answer:
    """A call that never waits and returns 0 or fails."""
    found = ask(e, name, *args)
    return found if isinstance(found, Answer) else DONE


def _soon(e: SimulatedEndpoint, fd: int, attempt: Waiting, *, nowait: bool = False) -> Answer | Waiting:
    """The answer of ``attempt``; where it would wait, EAGAIN if it may not, else the attempt itself, for later."""
    answer = attempt()
    if answer is not None:
        return answer
    return Answer(-1, "EAGAIN") if nowait or fd in e.nonblocking else attempt


# -- opening


def socket(e: SimulatedEndpoint, version: int, nonblocking: bool = False) -> Answer:
    """socket(): a descriptor.  ``version``: of IP."""
    fd = ask(e, "socket", version)
    if isinstance(fd, Answer):
        return fd
    e.nonblocking.discard(fd)
    if nonblocking:
        e.nonblocking.add(fd)
    return Answer(fd)


def bind(e: SimulatedEndpoint, fd: int, address: str, port: int) -> Answer:
    """bind()."""
    return _plain(e, "bind", fd, address, port)


def listen(e: SimulatedEndpoint, fd: int, backlog: int) -> Answer:
    """listen()."""
    return _plain(e, "start_listening", fd, min(max(backlog, 0), 4096))


def accept(e: SimulatedEndpoint, fd: int) -> Answer | Waiting:
    """accept(): a descriptor; ``value`` is the peer's (address, port)."""

    def attempt() -> Answer | None:
        found = ask(e, "accept", fd)
        if found is None or isinstance(found, Answer):
            return found
        e.nonblocking.discard(found)
        if fd in e.nonblocking and e.profile.accept_inherits_nonblocking:
            e.nonblocking.add(found)
        conn = e.connection(found)
        return Answer(found, None, conn.tcb.flow[2:] if conn else None)

    return _soon(e, fd, attempt)


def connect(e: SimulatedEndpoint, fd: int, address: str, port: int) -> Answer | Waiting:
    """connect()."""
    waits = fd not in e.nonblocking
    conn = e.connection(fd)
    state = conn.tcb.state if conn else CLOSED
    found = ask(e, "start_connecting", fd, address, port, waits)
    if isinstance(found, Answer):
        if found.errno != "EALREADY" or not waits or state not in _CONNECTING:
            return found
    elif found == 0:
        return DONE
    elif not waits:
        return Answer(-1, "EINPROGRESS")

    def attempt() -> Answer | None:
        conn = e.connection(fd)
        if conn is None:
            return Answer(-1, "EBADF")
        if conn.tcb.state in _CONNECTING:
            return None
        if conn.tcb.state is CLOSED:
            return _plain(e, "start_connecting", fd, address, port)
        return DONE

    return attempt


# -- data


def write(e: SimulatedEndpoint, fd: int, octets: bytes, flags: str = "") -> Answer | Waiting:
    """send(): how many octets were taken; a call that may wait takes all of them."""
    taken = 0
    waits = fd not in e.nonblocking and "MSG_DONTWAIT" not in flags

    waited = False

    def attempt() -> Answer | None:
        nonlocal taken, waited
        conn = e.connection(fd)
        if waited and conn is not None and conn.tcb.snd_buf.size and not writable(conn):
            return None  # nobody wakes the writer for less
        waited = True
        while taken < len(octets) or not octets:
            rest = octets[taken:]
            found = ask(e, "send", fd, rest, *((flags,) if flags else ()))
            if isinstance(found, Answer):
                return Answer(taken) if taken else found
            if found is None:
                return Answer(taken) if taken and not waits else None
            taken += found
            if not octets:
                break
        return Answer(taken)

    return _soon(e, fd, attempt, nowait=not waits)


def read(e: SimulatedEndpoint, fd: int, n: int, flags: str = "") -> Answer | Waiting:
    """recv(): how many octets; ``value`` has them."""
    plain = "|".join(name for name in ("MSG_OOB", "MSG_PEEK") if name in flags)
    found: bytes = b""

    def attempt() -> Answer | None:
        nonlocal found
        while True:
            data = ask(e, "recv", fd, n - len(found), *((plain,) if plain else ()))
            if isinstance(data, Answer):
                return Answer(len(found), None, found) if found else data
            if data is None:
                return None
            found += data
            if "MSG_WAITALL" not in flags or plain or not data or len(found) >= n:
                return Answer(len(found), None, found)

    return _soon(e, fd, attempt, nowait="MSG_DONTWAIT" in flags or "MSG_OOB" in flags)


# -- ending


def shutdown(e: SimulatedEndpoint, fd: int, how: int) -> Answer:
    """shutdown(): ``how`` is SHUT_RD (0), SHUT_WR (1) or SHUT_RDWR (2)."""
    return _plain(e, "shutdown", fd, how + 1)


def close(e: SimulatedEndpoint, fd: int) -> Answer | Waiting:
    """close(): with SO_LINGER it waits so long for the peer to acknowledge all."""
    if is_epoll(e, fd):
        del e.epolls[fd]
        return DONE
    conn = e.connection(fd)
    number = conn.number if conn else 0
    linger = option(conn, "SO_LINGER") if conn else -1
    answer = _plain(e, "close", fd)
    waits = linger > 0 and fd not in e.nonblocking
    e.nonblocking.discard(fd)
    if answer.result or not waits:
        return answer
    end = e.now + linger * SECOND

    def attempt() -> Answer | None:
        conn = e.sim.world.conns.get(number)
        leaving = conn is not None and conn.tcb.state in (FIN_WAIT_1, CLOSING, LAST_ACK)
        return None if leaving and e.now < end else DONE

    return attempt


# -- options and state


def setsockopt(e: SimulatedEndpoint, fd: int, name: str, value: Any) -> Answer:
    """setsockopt(), by the option's name."""
    if name == "TCP_CONGESTION":
        name = CONTROLS.get(value, value)
        if name not in BY_NAME:
            raise NotOffered(f"the congestion control {value}")
        e.configure(congestion=name)  # of the host: a script tests one connection
        return DONE
    if name in OPTIONS:
        return _plain(e, "setsockopt", fd, name, value)
    raise NotOffered(f"the socket option {name}")


def getsockopt(e: SimulatedEndpoint, fd: int, name: str) -> Answer:
    """getsockopt(), by the option's name: the value; for SO_ERROR the name of an error or 0."""
    conn = e.connection(fd)
    if conn is None:
        return Answer(-1, "EBADF")
    if name == "SO_ERROR":
        found = ask(e, "getsockopt", fd, name)
        return found if isinstance(found, Answer) else Answer(0, None, found or 0)
    if name == "TCP_CONGESTION":
        return Answer(0, None, e.profile.congestion)
    if name == "TCP_INFO":
        return Answer(0, None, e.info(fd))
    if name not in OPTIONS:
        raise NotOffered(f"the socket option {name}")
    return Answer(0, None, get_option(conn, name))


def fcntl(e: SimulatedEndpoint, fd: int, command: str, nonblocking: bool = False) -> Answer:
    """fcntl(): F_GETFL, ``value`` tells whether it never waits; F_SETFL."""
    if e.connection(fd) is None:
        return Answer(-1, "EBADF")
    if command == "F_GETFL":
        return Answer(0, None, fd in e.nonblocking)
    if nonblocking:
        e.nonblocking.add(fd)
    else:
        e.nonblocking.discard(fd)
    return DONE


def ioctl(e: SimulatedEndpoint, fd: int, command: str) -> Answer:
    """ioctl(): SIOCINQ, octets to be read; SIOCOUTQ, octets not acknowledged; SIOCOUTQNSD, octets not sent."""
    conn = e.connection(fd)
    if conn is None:
        return Answer(-1, "EBADF")
    tcb = conn.tcb
    if tcb.state is LISTEN:
        return Answer(-1, "EINVAL")
    if command == "SIOCINQ":
        return Answer(0, None, tcb.rcv_buf.size)
    if command == "SIOCOUTQ":
        return Answer(0, None, tcb.snd_buf.size)
    if command == "SIOCOUTQNSD":
        return Answer(0, None, e.info(fd)["tcpi_notsent_bytes"])
    raise NotOffered(f"ioctl {command}")


def quiet(e: SimulatedEndpoint) -> bool:
    """Whether nothing more will happen by itself."""
    return e.sim.world.next_due() == NEVER


CALLS: Final[dict[str, Callable[..., Answer | Waiting]]] = {
    "socket": socket,
    "bind": bind,
    "listen": listen,
    "accept": accept,
    "connect": connect,
    "write": write,
    "read": read,
    "shutdown": shutdown,
    "close": close,
    "setsockopt": setsockopt,
    "getsockopt": getsockopt,
    "fcntl": fcntl,
    "ioctl": ioctl,
    "poll": poll,
    "epoll_create": epoll_create,
    "epoll_ctl": epoll_ctl,
    "epoll_wait": epoll_wait,
}
