"""Socket programs about setsockopt() and getsockopt()."""

from __future__ import annotations

import struct
from typing import Any

from .apis import attempt, connected, listening


def got(api: Any, sock: Any, level: str, name: str) -> Any:
    return attempt(sock.getsockopt, getattr(api, level), getattr(api, name))


def put(api: Any, sock: Any, level: str, name: str, value: Any) -> Any:
    return attempt(sock.setsockopt, getattr(api, level), getattr(api, name), value)


def switches(api: Any) -> Any:
    """On and off, and whatever is not 0 is on."""
    sock = api.socket()
    names = ("SO_REUSEADDR", "SO_REUSEPORT", "SO_KEEPALIVE", "SO_OOBINLINE")
    found = []
    for level, name in [*(("SOL_SOCKET", name) for name in names), ("IPPROTO_TCP", "TCP_NODELAY")]:
        before = got(api, sock, level, name)
        done = put(api, sock, level, name, 5)
        found.append(
            (before, done, got(api, sock, level, name), put(api, sock, level, name, 0), got(api, sock, level, name))
        )
    return found


def what_kind_of_socket(api: Any) -> Any:
    sock = api.socket()
    listener, _ = listening(api)
    kinds = [got(api, sock, "SOL_SOCKET", name) for name in ("SO_TYPE", "SO_DOMAIN", "SO_PROTOCOL", "SO_ACCEPTCONN")]
    return kinds, got(api, listener, "SOL_SOCKET", "SO_ACCEPTCONN"), put(api, sock, "SOL_SOCKET", "SO_TYPE", 1)


def buffers(api: Any) -> Any:
    """Linux doubles what is asked for, and has a least."""
    sock = api.socket()
    found = []
    for name in ("SO_SNDBUF", "SO_RCVBUF"):
        for value in (20_000, 1):
            found.append((put(api, sock, "SOL_SOCKET", name, value), got(api, sock, "SOL_SOCKET", name)))
    return found


def linger(api: Any) -> Any:
    sock = api.socket()
    level, name = api.SOL_SOCKET, api.SO_LINGER
    before = sock.getsockopt(level, name, 8), sock.getsockopt(level, name)
    sock.setsockopt(level, name, struct.pack("ii", 1, 30))
    after = struct.unpack("ii", sock.getsockopt(level, name, 8))
    return before, after, attempt(sock.setsockopt, level, name, 1)


def keep_alive_times(api: Any) -> Any:
    sock = api.socket()
    names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
    defaults = [got(api, sock, "IPPROTO_TCP", name) for name in names]
    done = [put(api, sock, "IPPROTO_TCP", name, 7) for name in names]
    wrong = [put(api, sock, "IPPROTO_TCP", name, value) for name in names for value in (0, -1, 100_000)]
    return defaults, done, [got(api, sock, "IPPROTO_TCP", name) for name in names], wrong


def largest_segment(api: Any) -> Any:
    sock = api.socket()
    before = got(api, sock, "IPPROTO_TCP", "TCP_MAXSEG")
    wrong = [put(api, sock, "IPPROTO_TCP", "TCP_MAXSEG", value) for value in (1, 87, 40_000)]
    return before, wrong, put(api, sock, "IPPROTO_TCP", "TCP_MAXSEG", 600)


def user_timeout(api: Any) -> Any:
    sock = api.socket()
    before = got(api, sock, "IPPROTO_TCP", "TCP_USER_TIMEOUT")
    done = put(api, sock, "IPPROTO_TCP", "TCP_USER_TIMEOUT", 5000)
    return (
        before,
        done,
        got(api, sock, "IPPROTO_TCP", "TCP_USER_TIMEOUT"),
        put(api, sock, "IPPROTO_TCP", "TCP_USER_TIMEOUT", -1),
    )


def an_option_that_is_none(api: Any) -> Any:
    sock = api.socket()
    return attempt(sock.setsockopt, api.IPPROTO_TCP, 250, 1), attempt(sock.getsockopt, api.IPPROTO_TCP, 250)


def values_of_a_wrong_kind(api: Any) -> Any:
    sock = api.socket()
    short = attempt(sock.setsockopt, api.SOL_SOCKET, api.SO_KEEPALIVE, b"x")
    return short, attempt(sock.setsockopt, api.SOL_SOCKET, api.SO_KEEPALIVE, "on")


def accepted_sockets_inherit(api: Any) -> Any:
    listener, address = listening(api)
    listener.setsockopt(api.SOL_SOCKET, api.SO_KEEPALIVE, 1)
    listener.setsockopt(api.IPPROTO_TCP, api.TCP_NODELAY, 1)
    listener.setblocking(False)
    client = api.create_connection(address)
    api.settle()
    server, _ = api.accept(listener)
    return (
        got(api, server, "SOL_SOCKET", "SO_KEEPALIVE"), got(api, server, "IPPROTO_TCP", "TCP_NODELAY"),
        got(api, server, "SOL_SOCKET", "SO_ACCEPTCONN"), server.getblocking(), client.fileno() > 0,
    )  # fmt: skip


def states_in_tcp_info(api: Any) -> Any:
    """The first octet of TCP_INFO is the state."""
    client, server = connected(api)
    listener, _ = listening(api)

    def state(sock: Any) -> int:
        return int(sock.getsockopt(api.IPPROTO_TCP, api.TCP_INFO, 104)[0])

    open_ones = state(client), state(server), state(listener), state(api.socket())
    client.shutdown(api.SHUT_WR)
    for _ in range(40):  # a kernel may wait before it acknowledges the FIN, and a busy machine longer
        api.settle()
        if state(client) != 4:  # FIN_WAIT_1
            break
    return open_ones, state(client), state(server), len(client.getsockopt(api.IPPROTO_TCP, api.TCP_INFO, 104))


def time_outs(api: Any) -> Any:
    sock = api.socket()
    before = sock.gettimeout(), sock.getblocking()
    sock.settimeout(2.5)
    timed = sock.gettimeout(), sock.getblocking()
    sock.settimeout(0)
    return before, timed, sock.gettimeout(), sock.getblocking(), attempt(sock.settimeout, -1)


def set_before_and_after_connecting(api: Any) -> Any:
    client, _ = connected(api)
    v6 = api.socket(api.AF_INET6)
    v6.bind(("::1", 0))
    return put(api, client, "IPPROTO_TCP", "TCP_NODELAY", 1), put(api, v6, "IPPROTO_IPV6", "IPV6_V6ONLY", 1)
