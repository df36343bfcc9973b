"""Socket programs about opening: bind, listen, connect, accept."""

from __future__ import annotations

import errno
from typing import Any

from .apis import LOOPBACK, attempt, connected, error_of, events, listening


def name_of(number: int) -> str:
    return errno.errorcode.get(number, str(number))


def talk(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"question")
    api.settle()
    heard = server.recv(100)
    server.sendall(b"answer")
    api.settle()
    return heard, client.recv(100)


def refused(api: Any) -> Any:
    listener, address = listening(api)
    listener.close()
    return attempt(api.socket().connect, address)


def refused_as_a_number(api: Any) -> Any:
    listener, address = listening(api)
    listener.close()
    return name_of(api.socket().connect_ex(address))


def refused_and_connected_later(api: Any) -> Any:
    listener, address = listening(api, SO_REUSEADDR=1)
    listener.close()
    client = api.socket()
    first = attempt(client.connect, address)
    second = api.socket()
    second.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    second.bind(address)
    second.listen()
    return first, attempt(client.connect, address), client.getpeername() == address


def connect_without_waiting(api: Any) -> Any:
    _, address = listening(api)
    client = api.socket()
    client.setblocking(False)
    first = name_of(client.connect_ex(address))
    api.settle()
    return (
        first,
        events(api, client),
        error_of(api, client),
        client.connect_ex(address),
        attempt(client.connect, address),
    )


def refused_without_waiting(api: Any) -> Any:
    listener, address = listening(api)
    listener.close()
    client = api.socket()
    client.setblocking(False)
    first = name_of(client.connect_ex(address))
    api.settle()
    return first, events(api, client), error_of(api, client), error_of(api, client)


def refused_without_waiting_and_asked_again(api: Any) -> Any:
    listener, address = listening(api)
    listener.close()
    client = api.socket()
    client.setblocking(False)
    client.connect_ex(address)
    api.settle()
    return [name_of(client.connect_ex(address)) for _ in range(2)]


def send_on_a_refused_socket(api: Any) -> Any:
    listener, address = listening(api)
    listener.close()
    client = api.socket()
    client.setblocking(False)
    client.connect_ex(address)
    api.settle()
    return [attempt(client.send, b"x") for _ in range(2)], attempt(client.recv, 1)


def connect_twice(api: Any) -> Any:
    _, address = listening(api)
    client = api.create_connection(address)
    return attempt(client.connect, address), attempt(client.connect, (LOOPBACK, 1))


def connect_a_listener(api: Any) -> Any:
    listener, address = listening(api)
    return attempt(listener.connect, address)


def connect_to_the_wildcard(api: Any) -> Any:
    listener, address = listening(api)
    client = api.socket()
    client.connect(("0.0.0.0", address[1]))
    return client.getpeername() == address, client.getsockname()[0], api.accept(listener)[1] == client.getsockname()


def connect_to_itself(api: Any) -> Any:
    """Simultaneous open with itself (S-42)."""
    sock = api.socket()
    sock.bind((LOOPBACK, 0))
    sock.connect(sock.getsockname())
    sock.sendall(b"echo")
    api.settle()
    return sock.recv(10), sock.getsockname() == sock.getpeername()


def connect_to_a_group(api: Any) -> Any:
    return [attempt(api.socket().connect, (address, 80)) for address in ("224.0.0.1", "255.255.255.255")]


def connect_with_a_deadline(api: Any) -> Any:
    _, address = listening(api)
    client = api.socket()
    client.settimeout(2)
    client.connect(address)
    return client.getpeername() == address, client.gettimeout()


def same_connection_twice(api: Any) -> Any:
    _, address = listening(api)
    first = api.create_connection(address)
    second = api.socket()
    second.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    return attempt(second.bind, first.getsockname())


def same_connection_from_a_shared_port(api: Any) -> Any:
    _, address = listening(api)
    first, second = api.socket(), api.socket()
    for sock in (first, second):
        sock.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    first.bind((LOOPBACK, 0))
    second.bind(first.getsockname())
    return attempt(first.connect, address), attempt(second.connect, address)


def names_of_a_fresh_socket(api: Any) -> Any:
    sock = api.socket()
    return sock.getsockname(), attempt(sock.getpeername)


def names_of_both_ends(api: Any) -> Any:
    """The listener keeps its address; what it accepts has the port it was called at."""
    sock = api.socket()
    sock.bind(("", 0))
    sock.listen()
    port = sock.getsockname()[1]
    client = api.create_connection((LOOPBACK, port))
    server, peer = api.accept(sock)
    return (
        sock.getsockname()[0], attempt(sock.getpeername), server.getsockname() == (LOOPBACK, port) == client.getpeername(),
        peer == client.getsockname() == server.getpeername(),
    )  # fmt: skip


def bind_gives_a_port(api: Any) -> Any:
    sock = api.socket()
    sock.bind((LOOPBACK, 0))
    address, port = sock.getsockname()
    return address, port > 1023, attempt(sock.bind, (LOOPBACK, 0))


def bind_to_a_foreign_address(api: Any) -> Any:
    return attempt(api.socket().bind, ("192.0.2.1", 0))


def bind_to_a_port_that_is_none(api: Any) -> Any:
    wrong = [attempt(api.socket().bind, (LOOPBACK, port)) for port in (-1, 65536)]
    return wrong, attempt(api.socket().bind, LOOPBACK)


def bind_where_somebody_listens(api: Any) -> Any:
    _, address = listening(api)
    return attempt(api.socket().bind, address), attempt(api.socket().bind, ("", address[1]))


def bind_where_somebody_is_bound(api: Any) -> Any:
    first = api.socket()
    first.bind((LOOPBACK, 0))
    return attempt(api.socket().bind, first.getsockname())


def bind_to_another_address(api: Any) -> Any:
    _, (_, port) = listening(api)
    return attempt(api.socket().bind, ("127.0.0.2", port))


def bind_with_reuse_where_somebody_listens(api: Any) -> Any:
    _, address = listening(api, SO_REUSEADDR=1)
    sock = api.socket()
    sock.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    return attempt(sock.bind, address)


def bind_with_reuse_and_listen_in_turn(api: Any) -> Any:
    first, second = api.socket(), api.socket()
    for sock in (first, second):
        sock.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    first.bind((LOOPBACK, 0))
    bound = attempt(second.bind, first.getsockname())
    return bound, attempt(first.listen), attempt(second.listen)


def bind_with_reuse_on_one_side(api: Any) -> Any:
    first, second = api.socket(), api.socket()
    second.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    first.bind((LOOPBACK, 0))
    return attempt(second.bind, first.getsockname())


def listeners_that_share_a_port(api: Any) -> Any:
    first, address = listening(api, 12, SO_REUSEPORT=1)  # chance may give all twelve to either
    second = api.socket()
    second.setsockopt(api.SOL_SOCKET, api.SO_REUSEPORT, 1)
    second.bind(address)
    second.listen()
    clients = [api.create_connection(address) for _ in range(12)]
    api.settle()
    accepted = 0
    for listener in (first, second):
        listener.setblocking(False)
        while not isinstance(attempt(api.accept, listener), str):
            accepted += 1
    return len(clients), accepted


def bind_while_a_connection_lives(api: Any) -> Any:
    """The listener is gone, its connection is not."""
    listener, address = listening(api)
    client = api.create_connection(address)
    api.accept(listener)
    listener.close()
    plain, reusing = api.socket(), api.socket()
    reusing.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    return attempt(plain.bind, address), attempt(reusing.bind, address), client.fileno() > 0


def bind_while_a_reusing_connection_lives(api: Any) -> Any:
    listener, address = listening(api, SO_REUSEADDR=1)
    client = api.create_connection(address)
    api.accept(listener)
    listener.close()
    again = api.socket()
    again.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    return attempt(again.bind, address), attempt(again.listen), client.fileno() > 0


def bind_in_time_wait(api: Any) -> Any:
    """The server closes first, so that its port waits: with SO_REUSEADDR it can be had all the same."""
    listener, address = listening(api, SO_REUSEADDR=1)
    client = api.create_connection(address)
    server, _ = api.accept(listener)
    listener.close()
    server.close()
    api.settle()
    client.close()
    api.settle()
    plain, reusing = api.socket(), api.socket()
    reusing.setsockopt(api.SOL_SOCKET, api.SO_REUSEADDR, 1)
    return attempt(plain.bind, address), attempt(reusing.bind, address), attempt(reusing.listen)


def listen_without_bind(api: Any) -> Any:
    sock = api.socket()
    sock.listen()
    address, port = sock.getsockname()
    return address, port > 0, attempt(api.create_connection, (LOOPBACK, port)).getpeername() == (LOOPBACK, port)


def listen_again(api: Any) -> Any:
    listener, _ = listening(api, 1)
    return attempt(listener.listen, 5)


def listen_when_connected(api: Any) -> Any:
    client, _ = connected(api)
    return attempt(client.listen)


def accept_without_listen(api: Any) -> Any:
    client, _ = connected(api)
    return attempt(api.accept, client), attempt(api.accept, api.socket())


def accept_without_waiting(api: Any) -> Any:
    listener, _ = listening(api)
    listener.setblocking(False)
    return attempt(api.accept, listener)


def accept_with_a_deadline(api: Any) -> Any:
    listener, _ = listening(api)
    listener.settimeout(0.01)
    return attempt(api.accept, listener)


def accept_in_order(api: Any) -> Any:
    listener, address = listening(api)
    clients = [api.create_connection(address) for _ in range(3)]
    return [api.accept(listener)[1] == client.getsockname() for client in clients]


def three_clients_at_once(api: Any) -> Any:
    """Each gets a stream of its own."""
    listener, address = listening(api)
    clients = [api.create_connection(address) for _ in range(3)]
    servers = [api.accept(listener)[0] for _ in clients]
    for n, client in enumerate(clients):
        client.sendall(b"from %d" % n)
    for n, server in enumerate(servers):
        server.sendall(b"to %d" % n)
    api.settle()
    names = {sock.getsockname() for sock in (listener, *servers)}
    return [server.recv(10) for server in servers], [client.recv(10) for client in clients], len(names)


def a_closed_listener_leaves_what_it_accepted(api: Any) -> Any:
    listener, address = listening(api)
    client = api.create_connection(address)
    server, _ = api.accept(listener)
    listener.close()
    client.sendall(b"still here")
    api.settle()
    return server.recv(20), attempt(api.create_connection, address)


def a_closed_listener_resets_what_waits(api: Any) -> Any:
    listener, address = listening(api)
    client = api.create_connection(address)
    listener.close()
    api.settle()
    return attempt(client.recv, 1), attempt(client.recv, 1)


def how_many_wait(api: Any) -> Any:
    """A backlog of 1 lets two wait to be accepted."""
    _, address = listening(api, 1)
    clients = [api.socket() for _ in range(4)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(address)
        api.settle()
    return [events(api, client) for client in clients]


def a_backlog_of_none(api: Any) -> Any:
    _, address = listening(api, 0)
    clients = [api.socket() for _ in range(3)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(address)
        api.settle()
    return [events(api, client) for client in clients]


def still_connecting(api: Any) -> Any:
    """Behind a full backlog a connection stays in SYN_SENT."""
    _, address = listening(api, 0)
    first, client = api.socket(), api.socket()
    for sock in (first, client):
        sock.setblocking(False)
        sock.connect_ex(address)
        api.settle()
    told = name_of(client.connect_ex(address)), attempt(client.send, b"x"), attempt(client.recv, 1)
    return told, attempt(client.getpeername), error_of(api, client), first.getpeername() == address


def give_up_connecting(api: Any) -> Any:
    _, address = listening(api, 0)
    first, client = api.socket(), api.socket()
    for sock in (first, client):
        sock.setblocking(False)
        sock.connect_ex(address)
        api.settle()
    return attempt(client.shutdown, api.SHUT_WR), attempt(client.recv, 1), events(api, client), first.fileno() > 0


def connect_runs_into_its_deadline(api: Any) -> Any:
    _, address = listening(api, 0)
    first, client = api.create_connection(address), api.socket()
    client.settimeout(0.01)
    return attempt(client.connect, address), first.fileno() > 0


def the_lowest_free_descriptor(api: Any) -> Any:
    first, second = api.socket(), api.socket()
    number = first.fileno()
    first.close()
    return api.socket().fileno() == number < second.fileno()


def servers_made_at_once(api: Any) -> Any:
    server = api.create_server((LOOPBACK, 0))
    return server.getsockopt(api.SOL_SOCKET, api.SO_REUSEADDR), server.getsockopt(api.SOL_SOCKET, api.SO_ACCEPTCONN)


def ipv6(api: Any) -> Any:
    listener = api.create_server(("::1", 0), family=api.AF_INET6)
    name = listener.getsockname()
    client = api.create_connection(name[:2])
    server, peer = api.accept(listener)
    client.sendall(b"six")
    api.settle()
    return name[0], name[2:], peer == client.getsockname(), server.recv(10), client.family == api.AF_INET6


def a_listener_for_both_versions(api: Any) -> Any:
    listener = api.socket(api.AF_INET6)
    listener.setsockopt(api.IPPROTO_IPV6, api.IPV6_V6ONLY, 0)
    listener.bind(("::", 0))
    listener.listen()
    port = listener.getsockname()[1]
    four, six = api.create_connection((LOOPBACK, port)), api.create_connection(("::1", port))
    found = [api.accept(listener)[1] for _ in range(2)]
    return [name[0] for name in found], [name[1] for name in found] == [four.getsockname()[1], six.getsockname()[1]]


def a_listener_for_ipv6_alone(api: Any) -> Any:
    listener = api.socket(api.AF_INET6)
    listener.setsockopt(api.IPPROTO_IPV6, api.IPV6_V6ONLY, 1)
    listener.bind(("::", 0))
    listener.listen()
    port = listener.getsockname()[1]
    four = api.socket()
    refused = attempt(api.create_connection, (LOOPBACK, port))
    return refused, attempt(four.bind, (LOOPBACK, port)), api.create_connection(("::1", port)).fileno() > 0
