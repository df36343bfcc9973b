"""Socket programs about select() and poll()."""

from __future__ import annotations

from typing import Any

from .apis import attempt, connected, events, listening, reset_by_peer


def a_fresh_socket(api: Any) -> Any:
    return events(api, api.socket())


def a_listener(api: Any) -> Any:
    listener, address = listening(api)
    before = events(api, listener)
    api.create_connection(address)
    api.settle()
    waiting = events(api, listener)
    api.accept(listener)
    return before, waiting, events(api, listener)


def a_connection(api: Any) -> Any:
    client, server = connected(api)
    before = events(api, client)
    server.sendall(b"x")
    api.settle()
    return before, events(api, client), events(api, client, 0), events(api, client, api.POLLIN)


def while_some_has_not_left(api: Any) -> Any:
    """TCP_NOTSENT_LOWAT: send() would do something worthwhile while less than half of so much waits to leave."""
    found = []
    for octets in (1, 499, 500, 501, 1000):
        client, _ = connected(api)
        client.setsockopt(api.IPPROTO_TCP, api.TCP_NOTSENT_LOWAT, 1000)
        client.setsockopt(api.IPPROTO_TCP, api.TCP_CORK, 1)
        client.send(bytes(octets))
        found.append(events(api, client))
    return found


def after_the_peers_end(api: Any) -> Any:
    client, server = connected(api)
    server.close()
    api.settle()
    return events(api, client)


def after_our_end(api: Any) -> Any:
    client, server = connected(api)
    client.shutdown(api.SHUT_WR)
    api.settle()
    return events(api, client), events(api, server)


def after_a_reset(api: Any) -> Any:
    client = reset_by_peer(api)
    before = events(api, client)
    attempt(client.recv, 1)
    return before, events(api, client)


def a_closed_descriptor(api: Any) -> Any:
    sock = api.socket()
    sock.close()
    return attempt(api.select, [sock], [], [], 0)


def select_sorts(api: Any) -> Any:
    listener, address = listening(api)
    client, server = connected(api)
    api.create_connection(address)
    server.sendall(b"x")
    api.settle()
    everybody = [listener, client, server]
    found = api.select(everybody, everybody, everybody, 0)
    return [[everybody.index(sock) for sock in sockets] for sockets in found]


def select_runs_out_of_time(api: Any) -> Any:
    client, _ = connected(api)
    return api.select([client], [], [], 0.01), attempt(api.select, [client], [], [], -1)


def select_waits_for_data(api: Any) -> Any:
    client, server = connected(api)
    server.sendall(b"x")
    readable, _, _ = api.select([client], [], [client], 2)
    return readable == [client], client.recv(1)


def select_after_a_reset(api: Any) -> Any:
    client = reset_by_peer(api)
    found = api.select([client], [client], [client], 0)
    return [bool(sockets) for sockets in found]


def select_finds_urgent_data(api: Any) -> Any:
    client, server = connected(api)
    client.send(b"!", api.MSG_OOB)
    api.settle()
    found = api.select([server], [], [server], 0)
    server.recv(1, api.MSG_OOB)
    return [bool(sockets) for sockets in found], [bool(sockets) for sockets in api.select([server], [], [server], 0)]


def poll_waits_for_a_connection(api: Any) -> Any:
    listener, address = listening(api)
    client = api.socket()
    client.setblocking(False)
    client.connect_ex(address)
    poll = api.poll()
    poll.register(client, api.POLLOUT)
    poll.register(listener, api.POLLIN)
    first = {fd for fd, _ in poll.poll(2000)}
    api.settle()
    both = {fd for fd, _ in poll.poll(2000)}
    poll.unregister(client)
    rest = {fd for fd, _ in poll.poll(2000)}
    return bool(first), both == {client.fileno(), listener.fileno()}, rest == {listener.fileno()}


def poll_runs_out_of_time(api: Any) -> Any:
    client, _ = connected(api)
    poll = api.poll()
    poll.register(client, api.POLLIN)
    return poll.poll(10), attempt(poll.unregister, client)
