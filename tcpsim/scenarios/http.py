"""HTTP messages for lessons: octets that h11 has built, and what h11 reads out of octets that have arrived.

TCP carries a stream of octets; HTTP cuts it into messages.  Needs the extra ``lessons``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..tcp.errors import TcpsimError

#: The end of a message's head.
END_OF_HEAD = b"\r\n\r\n"


def _h11() -> Any:
    try:
        return import_module("h11")
    except ImportError:
        raise TcpsimError("HTTP needs the package h11: pip install 'tcpsim[lessons]'") from None


def request(target: str = "/", *, version: str = "1.1", close: bool = False) -> bytes:
    """A GET request.  ``close``: it asks for the connection to be closed, which HTTP/1.0 does anyway."""
    h11 = _h11()
    headers = [("Host", "server")] + ([("Connection", "close")] if close else [])
    client = h11.Connection(our_role=h11.CLIENT)
    octets: bytes = client.send(h11.Request(method="GET", target=target, headers=headers))
    octets += client.send(h11.EndOfMessage())
    if version != "1.1":  # h11 writes its own version only; its reader is asked below whether this is right
        octets = octets.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1)
    return octets


def response(body: bytes, *, close: bool = False) -> bytes:
    """A response 200 with ``body``; ``close``: it says that the connection will be closed."""
    h11 = _h11()
    server = h11.Connection(our_role=h11.SERVER)
    server.receive_data(request())
    server.next_event()
    headers = [("Content-Length", str(len(body)))] + ([("Connection", "close")] if close else [])
    octets: bytes = server.send(h11.Response(status_code=200, reason=b"OK", headers=headers))
    octets += server.send(h11.Data(data=body))
    octets += server.send(h11.EndOfMessage())
    return octets


def requests_in(octets: bytes) -> list[tuple[str, str]]:
    """(target, HTTP version) of each request in a stream.  Raises TcpsimError for what is no HTTP."""
    h11 = _h11()
    server = h11.Connection(our_role=h11.SERVER)
    server.receive_data(octets)
    found = []
    while True:
        event = _next(h11, server)
        if isinstance(event, h11.Request):
            found.append((event.target.decode(), event.http_version.decode()))
        elif isinstance(event, h11.EndOfMessage):
            server.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            server.send(h11.EndOfMessage())
            if server.our_state is not h11.DONE or server.their_state is not h11.DONE:
                return found
            server.start_next_cycle()
        else:
            return found


def bodies_in(octets: bytes) -> list[bytes]:
    """The body of each response in a stream.  Raises TcpsimError for what is no HTTP."""
    h11 = _h11()
    found: list[bytes] = []
    rest = octets
    while rest:
        client = h11.Connection(our_role=h11.CLIENT)
        client.send(h11.Request(method="GET", target="/", headers=[("Host", "server")]))
        client.send(h11.EndOfMessage())
        client.receive_data(rest)
        body = b""
        while isinstance(event := _next(h11, client), h11.Response | h11.Data):
            body += bytes(event.data) if isinstance(event, h11.Data) else b""
        if not isinstance(event, h11.EndOfMessage):
            break
        found.append(body)
        rest = client.trailing_data[0]
    return found


def _next(h11: Any, connection: Any) -> Any:
    try:
        return connection.next_event()
    except h11.RemoteProtocolError as error:
        raise TcpsimError(f"this is no HTTP: {error}") from None


__all__ = ["END_OF_HEAD", "bodies_in", "request", "requests_in", "response"]
