"""What the scenarios share: two hosts, the handshake's lines, segments forged and calls made by hand."""

from __future__ import annotations

from typing import Final

from ..net.moves import Call, Inject
from ..tcp.notation import parse_segment
from ..tcp.profiles import RFC9293_LITERAL
from .model import Fault, HostSpec, Line, ScriptSpec

#: What the reference scenarios assume unless they say otherwise: windows of 1000, segments of 500, no options.
PLAIN: Final = {"rcv_buf": 1000, "mss": 500, "mss_option": False}

LITERAL: Final = RFC9293_LITERAL

CLIENT: Final = ("10.0.0.1", 49152)
SERVER: Final = ("10.0.0.2", 80)

#: The client opens to the server from a port that a forger or a second attempt can name.
CONNECT: Final = "connect server 80 49152"

#: A server that takes one connection and leaves it alone.
ACCEPTS: Final = ScriptSpec("server", ("listen 80", "accept"))

#: A client that opens and then leaves the connection alone.
OPENS: Final = ScriptSpec("client", (CONNECT,))

#: Nothing of this direction arrives: the host at its end is played by hand.
SILENCED: Final[tuple[Fault, ...]] = tuple((n, "lose") for n in range(1, 33))

#: Sequence numbers that come after 101, the last one that the earlier connection has used.
ABOVE_101: Final = range(102, 1 << 31)


def two_hosts(
    client_iss: int | tuple[int, ...], server_iss: int | tuple[int, ...], **server_switches: object
) -> tuple[HostSpec, HostSpec]:
    """A client and a server with given initial sequence numbers."""
    return (
        HostSpec("client", CLIENT[0], client_iss, PLAIN),
        HostSpec("server", SERVER[0], server_iss, PLAIN | server_switches),
    )


def opened(client_iss: int, server_iss: int) -> tuple[Line, ...]:
    """The lines of a three-way handshake."""
    return (
        ("->", "SYN", client_iss, None, 0, "SYN_SENT", "SYN_RECV"),
        ("<-", "SYN,ACK", server_iss, client_iss + 1, 0, "ESTABLISHED", "SYN_RECV"),
        ("->", "ACK", client_iss + 1, server_iss + 1, 0, "ESTABLISHED", "ESTABLISHED"),
    )


def to_server(text: str) -> Inject:
    """A segment that pretends to come from the client; its numbers are absolute."""
    return Inject(parse_segment(text, (*SERVER, *CLIENT)).key(), 0)


def to_client(text: str) -> Inject:
    """A segment that pretends to come from the server; its numbers are absolute."""
    return Inject(parse_segment(text, (*CLIENT, *SERVER)).key(), 0)


def client_connects() -> Call:
    """The client opens by hand."""
    return Call("client", "connect", (*SERVER, CLIENT[1]))


def server_connects() -> Call:
    """The server opens actively too, towards the client's port."""
    return Call("server", "connect", (*CLIENT, SERVER[1]))
