"""Opening in unusual ways: a connection with oneself, calls that come too early, a SYN with more than a SYN."""

from __future__ import annotations

from typing import Final

from ..net.moves import Call
from ..tcp.states import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN
from .model import HostSpec, Line, Scenario, ScriptSpec
from .parts import (
    ACCEPTS,
    CLIENT,
    CONNECT,
    LITERAL,
    OPENS,
    PLAIN,
    SILENCED,
    client_connects,
    server_connects,
    to_client,
    to_server,
    two_hosts,
)

CHAPTER: Final = "Opening"

_ALONE: Final = (HostSpec("client", CLIENT[0], 100, PLAIN),)

_SELF_CONNECT: Final[tuple[Line, ...]] = (
    ("->", "SYN", 100, None, 0, "SYN_RECV", "SYN_RECV"),
    ("->", "SYN,ACK", 100, 101, 0, "ESTABLISHED", "ESTABLISHED"),
)

#: The client opens, and closes after the server has.
_CLOSES_AFTER: Final = ScriptSpec("client", (CONNECT, "recv_to_end", "sleep 75ms", "close"))

#: The server's SYN is lost, the client's arrives, and the server answers it from SYN_SENT.
_SYN_LOST_AND_CROSSED: Final[tuple[Line, ...]] = (
    ("x-", "SYN", 300, None, 0, "SYN_SENT", "SYN_SENT"),
    ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
)

_SERVER_CLOSES: Final = Call("server", "close", (3,))

_BOTH_CLOSED: Final = {"client": CLOSED, "server": CLOSED}

UNUSUAL: Final = (
    Scenario(
        name="self-connect",
        sid="S-42",
        title="A connection with oneself",
        chapter=CHAPTER,
        look="A socket that connects to its own address and port meets its own SYN: one end is both, and goes the "
        "way of a simultaneous open.  Closing it is a simultaneous close.",
        source="RFC 9293 3.5, 3.6, 3.10.7.3",
        hosts=_ALONE,
        scripts=(ScriptSpec("client", ("connect client 5000 5000", "sleep 80ms", "close")),),
        end={"client": CLOSED},
        lines=(
            *_SELF_CONNECT,
            ("->", "FIN,ACK", 101, 101, 0, "CLOSING", "CLOSING"),
            ("->", "ACK", 102, 102, 0, "TIME_WAIT", "TIME_WAIT"),
        ),
        times=(("client", "TIME_WAIT", ("80ms",)), ("client", "CLOSED", ("240.08s",))),
    ),
    Scenario(
        name="self-connect-echo",
        sid="S-42",
        title="A connection with oneself echoes",
        chapter=CHAPTER,
        look="What the socket sends is what it receives.  The octets move SND.NXT and RCV.NXT of the same "
        "connection, so both are 111 when it closes.",
        source="RFC 9293 3.5, 3.10.7.4",
        hosts=_ALONE,
        scripts=(
            ScriptSpec(
                "client",
                ("connect client 5000 5000", "sleep 80ms", ("send", b"ten octets"), "recv 10", "sleep 1s", "close"),
            ),
        ),
        end={"client": CLOSED},
        lines=(
            *_SELF_CONNECT,
            ("->", "PSH,ACK", 101, 101, 10, "ESTABLISHED", "ESTABLISHED"),
            ("->", "ACK", 111, 111, 0, "ESTABLISHED", "ESTABLISHED"),
            ("->", "FIN,ACK", 111, 111, 0, "CLOSING", "CLOSING"),
            ("->", "ACK", 112, 112, 0, "TIME_WAIT", "TIME_WAIT"),
        ),
        delivered={"client": 10},
    ),
    Scenario(
        name="self-connect-literal",
        sid="S-42",
        title="A connection with oneself, to the letter",
        chapter=CHAPTER,
        look="As in a simultaneous open to the letter, the SYN,ACK is refused.  The ACK that answers it comes back "
        "to its sender and opens the connection.",
        source="RFC 9293 3.10.7.4 as printed (A-8)",
        hosts=_ALONE,
        scripts=(ScriptSpec("client", ("connect client 5000 5000",)),),
        profile=LITERAL,
        until="1s",
        end={"client": ESTABLISHED},
        lines=(
            _SELF_CONNECT[0],
            ("->", "SYN,ACK", 100, 101, 0, "SYN_RECV", "SYN_RECV"),
            ("->", "ACK", 101, 101, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
    ),
    Scenario(
        name="close-in-syn-sent",
        sid="S-44",
        title="CLOSE in SYN_SENT",
        chapter=CHAPTER,
        look="Closing in SYN_SENT sends nothing, for no connection exists yet.  The SYN,ACK comes too late and draws "
        "a RST, which sends the server back to LISTEN.",
        source="RFC 9293 3.10.4, 3.10.7.1",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS,),
        acts=(("0s", client_connects()), ("15ms", Call("client", "close", (3,)))),
        end={"client": CLOSED, "server": LISTEN},
        lines=(
            ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            ("<-", "SYN,ACK", 300, 101, 0, "CLOSED", "SYN_RECV"),
            ("->", "RST", 101, None, 0, "CLOSED", "LISTEN"),
        ),
    ),
    Scenario(
        name="close-in-syn-received",
        sid="S-45",
        title="CLOSE in SYN_RECV",
        chapter=CHAPTER,
        look="The server opens actively too, gets the client's SYN and closes before its own is acknowledged.  Its "
        "FIN follows its SYN,ACK, so FIN_WAIT_1 gets the ACK of the SYN first and that of the FIN later.",
        source="RFC 9293 3.10.4 (A-19)",
        hosts=two_hosts(100, 300),
        scripts=(_CLOSES_AFTER,),
        faults_back=((1, "lose"),),
        acts=(("5ms", server_connects()), ("15ms", _SERVER_CLOSES)),
        end=_BOTH_CLOSED,
        lines=(
            *_SYN_LOST_AND_CROSSED,
            ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "FIN_WAIT_1"),
            ("<-", "FIN,ACK", 301, 101, 0, "CLOSE_WAIT", "FIN_WAIT_1"),
            ("->", "ACK", 101, 301, 0, "CLOSE_WAIT", "FIN_WAIT_1"),
            ("->", "ACK", 101, 302, 0, "CLOSE_WAIT", "FIN_WAIT_2"),
            ("->", "FIN,ACK", 101, 302, 0, "LAST_ACK", "TIME_WAIT"),
            ("<-", "ACK", 302, 102, 0, "CLOSED", "TIME_WAIT"),
        ),
    ),
    Scenario(
        name="close-in-syn-received-data-queued",
        sid="S-45",
        title="CLOSE in SYN_RECV with data queued",
        chapter=CHAPTER,
        look="The server has ten octets to send when its user closes, so the close waits until the connection is "
        "open.  Then data and FIN leave together.",
        source="RFC 9293 3.10.4 (A-19)",
        hosts=two_hosts(100, 300),
        scripts=(_CLOSES_AFTER,),
        faults_back=((1, "lose"),),
        acts=(
            ("5ms", server_connects()),
            ("12ms", Call("server", "send", (3, b"ten octets"))),
            ("15ms", _SERVER_CLOSES),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *_SYN_LOST_AND_CROSSED,
            ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
            ("->", "ACK", 101, 301, 0, "ESTABLISHED", "FIN_WAIT_1"),
            ("<-", "FIN,PSH,ACK", 301, 101, 10, "CLOSE_WAIT", "FIN_WAIT_1"),
            ("->", "ACK", 101, 312, 0, "CLOSE_WAIT", "FIN_WAIT_2"),
            ("->", "FIN,ACK", 101, 312, 0, "LAST_ACK", "TIME_WAIT"),
            ("<-", "ACK", 312, 102, 0, "CLOSED", "TIME_WAIT"),
        ),
        delivered={"client": 10},
    ),
    Scenario(
        name="close-in-syn-received-reordered",
        sid="S-45",
        title="CLOSE in SYN_RECV, and the FIN overtakes the SYN,ACK",
        chapter=CHAPTER,
        look="A FIN without SYN means nothing to a client in SYN_SENT, which drops it.  It has to come again, one "
        "time-out later.",
        source="RFC 9293 3.10.7.3 (fifth)",
        hosts=two_hosts(100, 300),
        scripts=(_CLOSES_AFTER,),
        faults_back=((1, "lose"), (2, "delay", "20ms")),
        acts=(("5ms", server_connects()), ("15ms", _SERVER_CLOSES)),
        end=_BOTH_CLOSED,
        lines=(
            *_SYN_LOST_AND_CROSSED,
            ("<-", "FIN,ACK", 301, 101, 0, "SYN_SENT", "FIN_WAIT_1"),
            ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "FIN_WAIT_1"),
            ("->", "ACK", 101, 301, 0, "ESTABLISHED", "FIN_WAIT_1"),
            ("<-", "FIN,ACK", 301, 101, 0, "CLOSE_WAIT", "FIN_WAIT_1"),
            ("->", "ACK", 101, 302, 0, "CLOSE_WAIT", "FIN_WAIT_2"),
            ("->", "FIN,ACK", 101, 302, 0, "LAST_ACK", "TIME_WAIT"),
            ("<-", "ACK", 302, 102, 0, "CLOSED", "TIME_WAIT"),
        ),
        times=(("server", "FIN,ACK", ("15ms", "1.05s")),),
    ),
    Scenario(
        name="data-on-syn",
        sid="S-47",
        title="Data on the SYN",
        chapter=CHAPTER,
        look="The server keeps the octets that come with a SYN but acknowledges only the SYN, for it may be an old "
        "one.  They are delivered when the handshake is complete.  (The client is played by hand.)",
        source="RFC 9293 3.4, 3.10.7.2",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS,),
        faults_back=SILENCED,
        acts=(
            ("0s", to_server("S 100:105(5) win 1000")),
            ("100ms", to_server(". 106:106(0) ack 301 win 1000")),
        ),
        end={"server": ESTABLISHED},
        lines=(
            ("->", "SYN", 100, None, 5, "CLOSED", "SYN_RECV"),
            ("x-", "SYN,ACK", 300, 101, 0, "CLOSED", "SYN_RECV"),
            ("->", "ACK", 106, 301, 0, "CLOSED", "ESTABLISHED"),
            ("x-", "ACK", 301, 106, 0, "CLOSED", "ESTABLISHED"),
        ),
        delivered={"server": 5},
    ),
    Scenario(
        name="fin-with-syn",
        sid="S-48",
        title="FIN with the SYN",
        chapter=CHAPTER,
        look="The FIN is kept until the handshake is complete, like data on a SYN.  The ACK of the SYN,ACK then "
        "takes the server through ESTABLISHED to CLOSE_WAIT.  (The client is played by hand.)",
        source="RFC 9293 3.10.7.2, 3.10.7.4 (eighth)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS,),
        faults_back=SILENCED,
        acts=(
            ("0s", to_server("SF 100:100(0) win 1000")),
            ("100ms", to_server(". 102:102(0) ack 301 win 1000")),
        ),
        end={"server": CLOSE_WAIT},
        lines=(
            ("->", "SYN,FIN", 100, None, 0, "CLOSED", "SYN_RECV"),
            ("x-", "SYN,ACK", 300, 101, 0, "CLOSED", "SYN_RECV"),
            ("->", "ACK", 102, 301, 0, "CLOSED", "CLOSE_WAIT"),
            ("x-", "ACK", 301, 102, 0, "CLOSED", "CLOSE_WAIT"),
        ),
    ),
    Scenario(
        name="fin-with-syn-ack",
        sid="S-48",
        title="FIN with the SYN,ACK",
        chapter=CHAPTER,
        look="One segment opens the client's connection and closes the server's direction of it.  One ACK answers "
        "both the SYN and the FIN.  (The server is played by hand.)",
        source="RFC 9293 3.10.7.3, 3.10.7.4 (eighth)",
        hosts=two_hosts(100, 300),
        scripts=(OPENS,),
        faults=SILENCED,
        acts=(("20ms", to_client("SF. 300:300(0) ack 101 win 1000")),),
        end={"client": CLOSE_WAIT},
        lines=(
            ("-x", "SYN", 100, None, 0, "SYN_SENT", "CLOSED"),
            ("<-", "SYN,FIN,ACK", 300, 101, 0, "CLOSE_WAIT", "CLOSED"),
            ("-x", "ACK", 101, 302, 0, "CLOSE_WAIT", "CLOSED"),
        ),
    ),
)
