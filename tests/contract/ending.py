"""Socket programs about ends: shutdown, close, reset, and what is told afterwards."""

from __future__ import annotations

import struct
from typing import Any

from .apis import LOOPBACK, attempt, connected, error_of, events, listening, reset_by_peer


def half_close(api: Any) -> Any:
    """One half is closed, the other still carries data."""
    client, server = connected(api)
    client.sendall(b"all")
    client.shutdown(api.SHUT_WR)
    api.settle()
    heard = server.recv(10), server.recv(10)
    server.sendall(b"the answer")
    server.close()
    api.settle()
    return heard, client.recv(100), client.recv(100)


def shutdown_twice(api: Any) -> Any:
    client, _ = connected(api)
    return [attempt(client.shutdown, api.SHUT_WR) for _ in range(2)]


def shutdown_without_a_connection(api: Any) -> Any:
    return attempt(api.socket().shutdown, api.SHUT_WR)


def shutdown_in_a_wrong_way(api: Any) -> Any:
    client, _ = connected(api)
    return attempt(client.shutdown, 7)


def send_after_shutdown(api: Any) -> Any:
    client, _ = connected(api)
    client.shutdown(api.SHUT_WR)
    return attempt(client.send, b"x"), attempt(client.sendall, b"x")


def shutdown_of_reading(api: Any) -> Any:
    """What comes all the same can be read; then there is an end."""
    client, server = connected(api)
    client.shutdown(api.SHUT_RD)
    empty = client.recv(10)
    server.sendall(b"late")
    api.settle()
    return empty, client.recv(10), client.recv(10), client.send(b"x"), events(api, client)


def shutdown_of_a_listener(api: Any) -> Any:
    listener, address = listening(api)
    done = attempt(listener.shutdown, api.SHUT_RD)
    return done, attempt(api.accept, listener), attempt(api.create_connection, address), attempt(listener.listen)


def shutdown_of_a_listeners_writing(api: Any) -> Any:
    listener, address = listening(api)
    done = attempt(listener.shutdown, api.SHUT_WR)
    return done, attempt(api.create_connection, address).getpeername() == address


def shutdown_both_and_data_comes(api: Any) -> Any:
    client, server = connected(api)
    client.shutdown(api.SHUT_RDWR)
    api.settle()
    sent = server.send(b"too late")
    api.settle()
    return sent, attempt(server.recv, 1), attempt(server.send, b"x"), events(api, client)


def close_with_something_unread(api: Any) -> Any:
    """The peer learns that its octets were lost: a reset instead of a FIN."""
    client, server = connected(api)
    client.sendall(b"nobody reads this")
    api.settle()
    server.close()
    api.settle()
    return attempt(client.recv, 1), attempt(client.recv, 1), attempt(client.send, b"x")


def close_with_everything_read(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"read")
    api.settle()
    server.recv(10)
    server.close()
    api.settle()
    return client.recv(1), client.recv(1)


def send_to_a_closed_peer(api: Any) -> Any:
    """The first octets are taken; the answer to them is a reset."""
    client, server = connected(api)
    server.close()
    api.settle()
    first = client.send(b"x")
    api.settle()
    return first, attempt(client.send, b"x"), attempt(client.send, b"x"), attempt(client.recv, 1)


def linger_for_no_time(api: Any) -> Any:
    client = reset_by_peer(api)
    return attempt(client.recv, 1), attempt(client.recv, 1), attempt(client.send, b"x")


def send_after_a_reset(api: Any) -> Any:
    client = reset_by_peer(api)
    return attempt(client.send, b"x"), attempt(client.send, b"x"), attempt(client.recv, 1)


def read_what_came_before_a_reset(api: Any) -> Any:
    client = reset_by_peer(api, unread=b"before")
    return attempt(client.recv, 100), attempt(client.recv, 100), attempt(client.recv, 100)


def so_error_after_a_reset(api: Any) -> Any:
    client = reset_by_peer(api)
    return error_of(api, client), error_of(api, client), attempt(client.recv, 1), attempt(client.send, b"x")


def peer_name_after_a_reset(api: Any) -> Any:
    client = reset_by_peer(api)
    return attempt(client.getpeername), client.getsockname()[0], attempt(client.shutdown, api.SHUT_WR)


def connect_after_a_reset(api: Any) -> Any:
    _, address = listening(api)
    client = reset_by_peer(api)
    return attempt(client.connect, address)


def reset_in_close_wait(api: Any) -> Any:
    """A reset that comes after the peer's FIN breaks the pipe."""
    client, server = connected(api)
    server.close()
    api.settle()
    client.send(b"x")
    api.settle()
    return error_of(api, client), attempt(client.recv, 1), attempt(client.send, b"x")


def accept_what_was_reset(api: Any) -> Any:
    listener, address = listening(api)
    client = api.create_connection(address)
    client.setsockopt(api.SOL_SOCKET, api.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    api.settle()
    server, _ = api.accept(listener)
    return attempt(server.recv, 1), attempt(server.recv, 1), attempt(server.getpeername)


def accept_what_was_closed(api: Any) -> Any:
    listener, address = listening(api)
    client = api.create_connection(address)
    client.sendall(b"note")
    client.close()
    api.settle()
    server, _ = api.accept(listener)
    return server.recv(10), server.recv(10), server.send(b"x")


def peer_name_after_the_peers_end(api: Any) -> Any:
    client, server = connected(api)
    name = client.getpeername()
    server.close()
    api.settle()
    return client.getpeername() == name, attempt(client.recv, 1)


def names_after_both_ends(api: Any) -> Any:
    """Both have sent their FIN: there is no connection any more, whichever end has to wait."""
    client, server = connected(api)
    client.shutdown(api.SHUT_WR)
    api.settle()
    server.shutdown(api.SHUT_WR)
    api.settle()
    return [(attempt(sock.getpeername), attempt(sock.recv, 1), attempt(sock.send, b"x"), events(api, sock),
             attempt(sock.shutdown, api.SHUT_WR)) for sock in (client, server)]  # fmt: skip


def close_twice(api: Any) -> Any:
    sock = api.socket()
    return attempt(sock.close), attempt(sock.close), sock.fileno()


def use_after_close(api: Any) -> Any:
    sock = api.socket()
    sock.close()
    calls = (
        lambda: sock.bind((LOOPBACK, 0)), sock.listen, lambda: sock.send(b"x"), lambda: sock.recv(1), sock.getsockname,
        lambda: sock.shutdown(api.SHUT_WR), lambda: sock.connect((LOOPBACK, 1)), lambda: api.accept(sock),
        lambda: sock.getsockopt(api.SOL_SOCKET, api.SO_ERROR),
    )  # fmt: skip
    return [attempt(call) for call in calls]


def a_context_closes(api: Any) -> Any:
    client, server = connected(api)
    with client as same:
        same.sendall(b"in time")
    api.settle()
    return client.fileno(), server.recv(10), server.recv(10)


def close_and_connect_again(api: Any) -> Any:
    """A server that is started anew takes its port back."""
    listener, address = listening(api, SO_REUSEADDR=1)
    api.create_connection(address).close()
    listener.close()
    again = api.create_server(address)
    client = api.create_connection(address)
    return api.accept(again)[1] == client.getsockname()
