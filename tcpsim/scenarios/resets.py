"""Resets and half-open connections: the RFC's figures 9 to 11, reboots, aborts."""

from __future__ import annotations

from typing import Final

from ..net.moves import Call, Reboot
from ..tcp.states import CLOSED, ESTABLISHED, FIN_WAIT_2, LISTEN, SYN_SENT
from .model import Line, Scenario, ScriptSpec
from .parts import ACCEPTS, CONNECT, OPENS, client_connects, opened, server_connects, to_server, two_hosts

CHAPTER: Final = "Resets and half-open"

_REBOOT: Final = Reboot("client")

_BOTH_CLOSED: Final = {"client": CLOSED, "server": CLOSED}

_DISCOVERED: Final[tuple[Line, ...]] = (
    *opened(99, 299),
    ("->", "SYN", 400, None, 0, "SYN_SENT", "ESTABLISHED"),
    ("<-", "ACK", 300, 100, 0, "SYN_SENT", "ESTABLISHED"),
    ("->", "RST", 100, None, 0, "SYN_SENT", "CLOSED"),
)

_SYN_AGAIN: Final[tuple[Line, ...]] = (
    ("->", "SYN", 99, None, 0, "SYN_SENT", "ESTABLISHED"),
    ("<-", "ACK", 300, 100, 0, "SYN_SENT", "ESTABLISHED"),
)

RESETS: Final = (
    Scenario(
        name="half-open",
        sid="S-05",
        title="Half-open, and the side that rebooted opens again",
        chapter=CHAPTER,
        look="The server answers the SYN with the number that it expects; this tells the client that somebody still "
        "believes in the old connection, and its RST ends it.  The SYN is then tried again, as in a plain handshake.",
        source="RFC 9293 3.5.1, Figure 9",
        hosts=two_hosts((99, 400), 299, rcv_buf=200),  # so that 400 lies outside the window, as the RFC has it
        scripts=(ACCEPTS, OPENS),
        acts=(
            ("50ms", Call("server", "close", (3,))),  # the listener: nobody will be there to take the second SYN
            ("100ms", _REBOOT),
            ("200ms", client_connects()),
        ),
        until="1.215s",
        end={"client": SYN_SENT, "server": CLOSED},
        lines=(
            *_DISCOVERED,
            ("->", "SYN", 400, None, 0, "SYN_SENT", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        times=(("client", "SYN", ("0s", "200ms", "1.2s")),),
    ),
    Scenario(
        name="half-open-opens-again",
        sid="S-05",
        title="Half-open, and a listener takes the second SYN",
        chapter=CHAPTER,
        look="The same reboot, but the server still listens when the SYN is tried again.  What is left of the "
        "trouble is one time-out and a plain handshake.",
        source="RFC 9293 3.5.1, Figure 9 and the text below it",
        hosts=two_hosts((99, 400), (299, 700), rcv_buf=200),
        scripts=(ACCEPTS, OPENS),
        acts=(("100ms", _REBOOT), ("200ms", client_connects())),
        end={"client": (CLOSED, ESTABLISHED), "server": (CLOSED, ESTABLISHED)},
        lines=(*_DISCOVERED, *opened(400, 700)),
        told=(("server", "signal reset"),),
        times=(("client", "SYN", ("0s", "200ms", "1.2s")),),
    ),
    Scenario(
        name="half-open-live-side-sends",
        sid="S-06",
        title="Half-open, and the live side sends",
        chapter=CHAPTER,
        look="The client has rebooted and knows of no connection, so data for it is answered by a RST.  The RST has "
        "the number that the data acknowledged, and the server's user is told.",
        source="RFC 9293 3.5.1, Figure 10",
        hosts=two_hosts(99, 299),
        scripts=(ScriptSpec("server", ("listen 80", "accept", "sleep 200ms", ("send", b"ten octets"))), OPENS),
        acts=(("100ms", _REBOOT),),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            ("<-", "PSH,ACK", 300, 100, 10, "CLOSED", "ESTABLISHED"),
            ("->", "RST", 100, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        delivered={"client": 0},
    ),
    Scenario(
        name="old-duplicate-syn-two-listeners",
        sid="S-07",
        title="Old duplicate SYN between two listeners",
        chapter=CHAPTER,
        look="Nobody has opened, but an old SYN makes one listener answer the other.  The other has sent nothing "
        "that could be acknowledged, and its RST sends the first back to listening.",
        source="RFC 9293 3.5.1, Figure 11",
        hosts=two_hosts(100, 300),
        scripts=(ScriptSpec("client", ("listen 49152",)), ScriptSpec("server", ("listen 80",))),
        acts=(("5ms", to_server("S 90:90(0) win 1000")),),
        end={"client": LISTEN, "server": LISTEN},
        lines=(
            ("->", "SYN", 90, None, 0, "LISTEN", "SYN_RECV"),
            ("<-", "SYN,ACK", 300, 91, 0, "LISTEN", "SYN_RECV"),
            ("->", "RST", 91, None, 0, "LISTEN", "LISTEN"),
        ),
    ),
    Scenario(
        name="reset-before-lost-data",
        sid="S-25",
        title="A genuine RST that is not exact",
        chapter=CHAPTER,
        look="The data before the RST is lost, so the RST is in the window but not at its edge, and is only "
        "challenged.  The challenge finds no connection, and its RST has the exact number.",
        source="RFC 9293 3.10.7.4 (second), RFC 5961 3",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", bytes(50)), "sleep 10ms", "abort"))),
        faults=((3, "lose"),),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            ("-x", "PSH,ACK", 100, 300, 50, "ESTABLISHED", "ESTABLISHED"),
            ("->", "RST", 150, None, 0, "CLOSED", "ESTABLISHED"),
            ("<-", "ACK", 300, 100, 0, "CLOSED", "ESTABLISHED"),
            ("->", "RST", 100, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        delivered={"server": 0},
    ),
    Scenario(
        name="reboot-with-unlucky-number",
        sid="S-37",
        title="A reboot, and an unlucky initial number",
        chapter=CHAPTER,
        look="The new SYN has the number just before the one that the server expects, so the server's answer looks "
        "like a good ACK without SYN, and is dropped instead of reset.  Neither side ever finds out.",
        source="RFC 5961 4.2",
        hosts=two_hosts((99, 99), 299),
        scripts=(ACCEPTS, OPENS),
        acts=(("100ms", _REBOOT), ("1s", client_connects())),
        end={"client": CLOSED, "server": ESTABLISHED},
        lines=(*opened(99, 299), *(_SYN_AGAIN * 9)),
        told=(("client", "signal delivery trouble"), ("client", "signal timed out")),
        times=(
            ("client", "SYN", ("0s", "1s", "2s", "4s", "8s", "16s", "32s", "64s", "124s", "184s")),
            ("client", "CLOSED", ("244s",)),
        ),
    ),
    Scenario(
        name="abort-with-data-unacknowledged",
        sid="S-39",
        title="Abort with data unacknowledged",
        chapter=CHAPTER,
        look="The RST has the number after all that was sent: the data has arrived, so it is exact and is believed.  "
        "What was queued is thrown away, and the server's user hears of it.",
        source="RFC 9293 3.10.5",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", bytes(300)), "sleep 20ms", "abort"))),
        end=_BOTH_CLOSED,
        lines=(
            *opened(100, 300),
            ("->", "PSH,ACK", 101, 301, 300, "ESTABLISHED", "ESTABLISHED"),
            ("->", "RST", 401, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
    ),
    Scenario(
        name="silent-abort-strands-the-peer",
        sid="S-41",
        title="A silent abort strands the peer",
        chapter=CHAPTER,
        look="The server's FIN is lost, and then its user aborts: in LAST_ACK that sends nothing.  The client stays "
        "in FIN_WAIT_2 for ever, for no timer of the standard runs there (A-22).",
        source="RFC 9293 3.10.5",
        hosts=two_hosts(99, 299),
        scripts=(
            ScriptSpec(
                "server",
                ("listen 80", "accept", "recv_to_end", "sleep 20ms", "shutdown", "sleep 100ms", "abort"),
            ),
            ScriptSpec("client", (CONNECT, "sleep 80ms", "close")),
        ),
        faults_back=((3, "lose"),),
        end={"client": FIN_WAIT_2, "server": CLOSED},
        lines=(
            *opened(99, 299),
            ("->", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            ("<-", "ACK", 300, 101, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
            ("x-", "FIN,ACK", 300, 101, 0, "FIN_WAIT_2", "LAST_ACK"),
        ),
        times=(("server", "CLOSED", ("230ms",)),),
    ),
    Scenario(
        name="reset-of-passive-open",
        sid="S-46",
        title="RST in SYN_RECV after a passive open",
        chapter=CHAPTER,
        look="Somebody forges a SYN with the client's address, and the client's host refuses the answer.  The server "
        "goes back to LISTEN without a word to its user.",
        source="RFC 9293 3.10.7.4 (second)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS,),
        acts=(("0s", to_server("S 100:100(0) win 1000")),),
        end={"client": CLOSED, "server": LISTEN},
        lines=(
            ("->", "SYN", 100, None, 0, "CLOSED", "SYN_RECV"),
            ("<-", "SYN,ACK", 300, 101, 0, "CLOSED", "SYN_RECV"),
            ("->", "RST", 101, None, 0, "CLOSED", "LISTEN"),
        ),
    ),
    Scenario(
        name="reset-of-active-open",
        sid="S-46",
        title="RST in SYN_RECV after an active open",
        chapter=CHAPTER,
        look="The server opens too, and gives up before the client's SYN,ACK comes.  The client has no listener to "
        "go back to: it closes, and its user hears that the connection was refused.",
        source="RFC 9293 3.10.7.4 (second)",
        hosts=two_hosts(100, 300),
        scripts=(ScriptSpec("client", (CONNECT,), at="1ms"),),
        faults=((1, "lose"),),
        acts=(("0s", server_connects()), ("5ms", Call("server", "close", (3,)))),
        end=_BOTH_CLOSED,
        lines=(
            ("-x", "SYN", 100, None, 0, "SYN_SENT", "SYN_SENT"),
            ("<-", "SYN", 300, None, 0, "SYN_RECV", "CLOSED"),
            ("->", "SYN,ACK", 100, 301, 0, "SYN_RECV", "CLOSED"),
            ("<-", "RST", 301, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("client", "signal refused"), ("client", "connection refused")),
    ),
)
