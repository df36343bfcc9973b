"""Socket programs about data: send, recv, flags, waiting."""

from __future__ import annotations

import hashlib
from typing import Any

from .apis import attempt, connected, events, listening


def read_in_pieces(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"abcdef")
    api.settle()
    return server.recv(2), server.recv(3), server.recv(10)


def writes_run_together(api: Any) -> Any:
    """TCP carries a stream: how it was cut on the way in does not show."""
    client, server = connected(api)
    client.setsockopt(api.IPPROTO_TCP, api.TCP_NODELAY, 1)
    for part in (b"one ", b"two ", b"three"):
        client.sendall(part)
    api.settle()
    return server.recv(100)


def read_nothing(api: Any) -> Any:
    client, server = connected(api)
    empty = client.recv(0)
    server.sendall(b"x")
    api.settle()
    return empty, client.recv(0), client.recv(1)


def peek(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"look")
    api.settle()
    return server.recv(2, api.MSG_PEEK), server.recv(10, api.MSG_PEEK), server.recv(10), attempt(
        server.recv, 1, api.MSG_DONTWAIT | api.MSG_PEEK
    )  # fmt: skip


def do_not_wait_this_once(api: Any) -> Any:
    client, _ = connected(api)
    return attempt(client.recv, 1, api.MSG_DONTWAIT), client.getblocking()


def never_wait(api: Any) -> Any:
    client, server = connected(api)
    client.setblocking(False)
    before = attempt(client.recv, 1)
    server.sendall(b"now")
    api.settle()
    return before, client.recv(10), client.gettimeout()


def wait_so_long(api: Any) -> Any:
    client, _ = connected(api)
    client.settimeout(0.01)
    return attempt(client.recv, 1), attempt(client.recv, 1)


def recv_without_a_connection(api: Any) -> Any:
    return attempt(api.socket().recv, 1)


def recv_on_a_listener(api: Any) -> Any:
    listener, _ = listening(api)
    return attempt(listener.recv, 1)


def send_without_a_connection(api: Any) -> Any:
    return attempt(api.socket().send, b"x")


def send_on_a_listener(api: Any) -> Any:
    listener, _ = listening(api)
    return attempt(listener.send, b"x")


def send_what_is_no_octets(api: Any) -> Any:
    client, server = connected(api)
    refused = [attempt(client.send, wrong) for wrong in ("text", 5, None)]
    client.sendall(bytearray(b"ab"))
    client.sendall(memoryview(b"cd"))
    api.settle()
    return refused, server.recv(10), client.send(b"")


def recv_into_a_buffer(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"abcdef")
    api.settle()
    buffer = bytearray(4)
    first = server.recv_into(buffer)
    kept = bytes(buffer)
    return first, kept, server.recv_into(buffer, 1), bytes(buffer)


def wait_for_all(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"abc")
    client.sendall(b"def")
    client.close()
    api.settle()
    return server.recv(5, api.MSG_WAITALL), server.recv(5, api.MSG_WAITALL), server.recv(5, api.MSG_WAITALL)


def a_lot(api: Any) -> Any:
    """More than the buffers hold, both ends in turn."""
    client, server = connected(api)
    client.setblocking(False)
    server.setblocking(False)
    octets = bytes(range(256)) * 4000
    digest, sent, got = hashlib.sha256(), 0, 0
    while got < len(octets):
        if sent < len(octets):
            taken = attempt(client.send, octets[sent : sent + 100_000])
            sent += taken if isinstance(taken, int) else 0
        api.settle()
        data = attempt(server.recv, 65536)
        if isinstance(data, bytes):
            digest.update(data)
            got += len(data)
    return sent, got, digest.digest() == hashlib.sha256(octets).digest()


def a_full_buffer(api: Any) -> Any:
    """Nobody reads: some octets are taken, then none; when somebody reads there is room again."""
    client, server = connected(api)
    client.setblocking(False)
    server.setblocking(False)
    sent = 0
    while not isinstance(taken := attempt(client.send, bytes(50_000)), str):
        sent += taken
        api.settle()
    full = taken, events(api, client), sent > 0
    got = 0
    while got < sent:
        data = attempt(server.recv, 100_000)
        got += len(data) if isinstance(data, bytes) else 0
        api.settle()
    return full, got == sent, events(api, client)


def a_write_is_cut_short(api: Any) -> Any:
    """Without waiting, send() takes what there is room for."""
    client, _ = connected(api)
    client.setblocking(False)
    octets = bytes(30_000_000)
    taken = client.send(octets)
    return 0 < taken < len(octets)


def write_with_a_deadline(api: Any) -> Any:
    client, _ = connected(api)
    client.settimeout(0.02)
    return attempt(client.sendall, bytes(30_000_000))


def how_much_is_unread(api: Any) -> Any:
    client, server = connected(api)
    before = api.unread(server)
    client.sendall(b"12345")
    api.settle()
    held = api.unread(server)
    server.recv(2)
    listener, _ = listening(api)
    return before, held, api.unread(server), attempt(api.unread, listener)


def end_of_stream(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"last words")
    client.close()
    api.settle()
    return server.recv(4), server.recv(100), server.recv(100), server.recv(100)


def urgent_octet(api: Any) -> Any:
    """The last octet of urgent data is read apart, and the stream goes on without it."""
    client, server = connected(api)
    client.sendall(b"ab")
    client.send(b"!", api.MSG_OOB)
    client.sendall(b"cd")
    api.settle()
    seen = events(api, server)
    return seen, server.recv(1, api.MSG_OOB), server.recv(10), server.recv(10), attempt(server.recv, 1, api.MSG_OOB)


def urgent_octet_not_read(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"ab")
    client.send(b"!", api.MSG_OOB)
    client.sendall(b"cd")
    api.settle()
    return server.recv(10), server.recv(10), attempt(server.recv, 1, api.MSG_OOB)


def urgent_octet_peeked(api: Any) -> Any:
    client, server = connected(api)
    client.send(b"xy!", api.MSG_OOB)
    api.settle()
    first = server.recv(1, api.MSG_OOB | api.MSG_PEEK), server.recv(1, api.MSG_OOB)
    return first, attempt(server.recv, 1, api.MSG_OOB), server.recv(10), attempt(server.recv, 1, api.MSG_DONTWAIT)


def urgent_octet_in_line(api: Any) -> Any:
    client, server = connected(api)
    server.setsockopt(api.SOL_SOCKET, api.SO_OOBINLINE, 1)
    client.sendall(b"ab")
    client.send(b"!", api.MSG_OOB)
    client.sendall(b"cd")
    api.settle()
    return attempt(server.recv, 1, api.MSG_OOB), server.recv(10), server.recv(10)


def nothing_urgent(api: Any) -> Any:
    client, server = connected(api)
    client.sendall(b"plain")
    api.settle()
    return attempt(server.recv, 1, api.MSG_OOB), server.recv(10)


def more_will_follow(api: Any) -> Any:
    client, server = connected(api)
    client.send(b"head ", api.MSG_MORE)
    api.settle()
    held = attempt(server.recv, 100, api.MSG_DONTWAIT)
    client.send(b"body")
    api.settle()
    return held, server.recv(100)


def end_of_record(api: Any) -> Any:
    client, server = connected(api)
    sent = client.send(b"record", api.MSG_EOR), client.send(b"next", api.MSG_EOR | api.MSG_NOSIGNAL)
    api.settle()
    return sent, server.recv(100)
