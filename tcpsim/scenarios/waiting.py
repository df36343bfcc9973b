"""Time: backing off, giving up, and what TIME_WAIT is for."""

from __future__ import annotations

from typing import Final

from ..net.moves import Reboot
from ..tcp.states import CLOSED, ESTABLISHED, TIME_WAIT
from ..tcp.units import MS, SECOND
from .model import HostSpec, Line, Scenario, ScriptSpec
from .parts import (
    ABOVE_101,
    ACCEPTS,
    CLIENT,
    CONNECT,
    OPENS,
    PLAIN,
    SERVER,
    SILENCED,
    client_connects,
    opened,
    to_client,
    to_server,
    two_hosts,
)

CHAPTER: Final = "Time"

_BOTH_CLOSED: Final = {"client": CLOSED, "server": CLOSED}

_CLIENT_CLOSES: Final = (
    ScriptSpec("server", ("listen 80", "accept", "recv_to_end", "sleep 20ms", "close")),
    ScriptSpec("client", (CONNECT, "sleep 80ms", "close")),
)

_TO_LAST_ACK: Final[tuple[Line, ...]] = (
    *opened(99, 299),
    ("->", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
    ("<-", "ACK", 300, 101, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
    ("<-", "FIN,ACK", 300, 101, 0, "TIME_WAIT", "LAST_ACK"),
)

_CLOSED_BY_CLIENT: Final[tuple[Line, ...]] = (
    *_TO_LAST_ACK,
    ("->", "ACK", 101, 301, 0, "TIME_WAIT", "CLOSED"),
)

#: The server closes first, so that it is the one to wait: it has sent 100, and has seen the client's 300.
_SERVER_CLOSES: Final = (
    ScriptSpec("server", ("listen 80", "accept", "sleep 70ms", "close")),
    ScriptSpec("client", (CONNECT, "recv_to_end", "sleep 20ms", "close")),
)

_CLOSED_BY_SERVER: Final[tuple[Line, ...]] = (
    *opened(299, 99),
    ("<-", "FIN,ACK", 100, 300, 0, "CLOSE_WAIT", "FIN_WAIT_1"),
    ("->", "ACK", 300, 101, 0, "CLOSE_WAIT", "FIN_WAIT_2"),
    ("->", "FIN,ACK", 300, 101, 0, "LAST_ACK", "TIME_WAIT"),
    ("<-", "ACK", 101, 301, 0, "CLOSED", "TIME_WAIT"),
)

_OLD_DATA_IN_TIME_WAIT: Final[tuple[Line, ...]] = (
    *_CLOSED_BY_CLIENT,
    ("<-", "ACK", 290, 100, 10, "TIME_WAIT", "CLOSED"),
    ("->", "ACK", 101, 301, 0, "TIME_WAIT", "CLOSED"),
)

_CHALLENGED: Final[tuple[Line, ...]] = (
    ("->", "SYN", 500, None, 0, "SYN_SENT", "TIME_WAIT"),
    ("<-", "ACK", 101, 301, 0, "SYN_SENT", "TIME_WAIT"),
)

#: One second, and twice as long each time, up to a minute.
_BACKING_OFF: Final = ("0s", "1s", "3s", "7s", "15s", "31s", "63s", "123s", "183s")

#: A client that opens, and wants to know whether its peer is still there.
_KEPT_ALIVE: Final = ScriptSpec("client", (CONNECT, "setsockopt SO_KEEPALIVE 1"))

TIME: Final = (
    Scenario(
        name="lost-syn",
        sid="S-12",
        title="Lost SYN",
        chapter=CHAPTER,
        look="The SYN is repeated after 1 s and 2 s more, and its third copy arrives.  A connection that has lost "
        "its SYN begins with a time-out of 3 s for data, as the lost first segment shows.",
        source="RFC 6298 2, 5.5, 5.7",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", b"ten octets")))),
        faults=((1, "lose"), (2, "lose"), (5, "lose")),
        end={"client": ESTABLISHED, "server": ESTABLISHED},
        lines=(
            ("-x", "SYN", 100, None, 0, "SYN_SENT", "LISTEN"),
            ("-x", "SYN", 100, None, 0, "SYN_SENT", "LISTEN"),
            *opened(100, 300),
            ("-x", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("->", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "ACK", 301, 111, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        times=(
            ("client", "SYN", ("0s", "1s", "3s")),
            ("client", "ESTABLISHED", ("3.02s",)),
            ("client", "PSH,ACK", ("3.1s", "6.1s")),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="black-hole",
        sid="S-12",
        title="Every SYN is lost",
        chapter=CHAPTER,
        look="The intervals double up to a minute.  After three retransmissions the user hears of trouble, and a SYN "
        "still leaves three minutes after the first one before the opener gives up.",
        source="RFC 9293 3.8.3 (MUST-20, MUST-22, MUST-23); RFC 6298 5.5",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, OPENS),
        faults=SILENCED,
        end={"client": CLOSED},
        lines=(("-x", "SYN", 100, None, 0, "SYN_SENT", "LISTEN"),) * len(_BACKING_OFF),
        told=(
            ("client", "signal delivery trouble"),
            ("client", "signal timed out"),
            ("client", "connection timed out"),
        ),
        times=(("client", "SYN", _BACKING_OFF), ("client", "CLOSED", ("243s",))),
    ),
    Scenario(
        name="lost-last-ack",
        sid="S-18",
        title="Lost last ACK",
        chapter=CHAPTER,
        look="The server repeats its FIN, and the client is still there to acknowledge it: this is why it waits.  "
        "The repeated FIN sets the clock of TIME_WAIT back (A-11).",
        source="RFC 9293 3.6, 3.10.7.4 (first, eighth)",
        hosts=two_hosts(99, 299),
        scripts=_CLIENT_CLOSES,
        faults=((4, "lose"),),
        end=_BOTH_CLOSED,
        lines=(
            *_TO_LAST_ACK,
            ("-x", "ACK", 101, 301, 0, "TIME_WAIT", "LAST_ACK"),
            ("<-", "FIN,ACK", 300, 101, 0, "TIME_WAIT", "LAST_ACK"),
            ("->", "ACK", 101, 301, 0, "TIME_WAIT", "CLOSED"),
        ),
        times=(
            ("server", "FIN,ACK", ("130ms", "1.13s")),
            ("client", "TIME_WAIT", ("140ms",)),
            ("client", "CLOSED", ("241.14s",)),
        ),
    ),
    Scenario(
        name="lost-last-ack-nobody-waits",
        sid="S-19",
        title="Lost last ACK, and the client is gone",
        chapter=CHAPTER,
        look="This client waits 0.2 s only, and the server's repeated FIN finds nobody.  The RST ends the connection "
        "as well, but the server's user hears of a reset instead of an orderly end.",
        source="RFC 9293 3.10.7.1, 3.10.7.4 (second)",
        hosts=(
            HostSpec("client", CLIENT[0], 99, PLAIN | {"msl": 100 * MS}),
            HostSpec("server", SERVER[0], 299, PLAIN),
        ),
        scripts=_CLIENT_CLOSES,
        faults=((4, "lose"),),
        end=_BOTH_CLOSED,
        lines=(
            *_TO_LAST_ACK,
            ("-x", "ACK", 101, 301, 0, "TIME_WAIT", "LAST_ACK"),
            ("<-", "FIN,ACK", 300, 101, 0, "CLOSED", "LAST_ACK"),
            ("->", "RST", 101, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        times=(("client", "CLOSED", ("340ms",)),),
    ),
    Scenario(
        name="time-wait-assassination",
        sid="S-20",
        title="TIME_WAIT assassination",
        chapter=CHAPTER,
        look="An old segment draws an ACK from TIME_WAIT, the ACK draws a RST from a side that has forgotten.  Its "
        "number is exact, so even the strict test of RFC 5961 lets it end TIME_WAIT early.",
        source="RFC 1337",
        hosts=two_hosts(99, 299),
        scripts=_CLIENT_CLOSES,
        acts=(("1s", to_client(". 290:300(10) ack 100 win 1000")),),
        end=_BOTH_CLOSED,
        lines=(*_OLD_DATA_IN_TIME_WAIT, ("<-", "RST", 301, None, 0, "CLOSED", "CLOSED")),
        times=(("client", "CLOSED", ("1.02s",)),),
    ),
    Scenario(
        name="time-wait-assassination-foiled",
        sid="S-20",
        title="TIME_WAIT assassination, foiled",
        chapter=CHAPTER,
        look="The same old segment and the same RST, but here TIME_WAIT ignores RSTs.  It lasts as long as it "
        "should.",
        source="RFC 1337, fix F1",
        hosts=(
            HostSpec("client", CLIENT[0], 99, PLAIN | {"time_wait_ignores_rst": True}),
            HostSpec("server", SERVER[0], 299, PLAIN),
        ),
        scripts=_CLIENT_CLOSES,
        acts=(("1s", to_client(". 290:300(10) ack 100 win 1000")),),
        end=_BOTH_CLOSED,
        lines=(*_OLD_DATA_IN_TIME_WAIT, ("<-", "RST", 301, None, 0, "TIME_WAIT", "CLOSED")),
        times=(("client", "CLOSED", ("240.14s",)),),
    ),
    Scenario(
        name="port-reuse-in-time-wait",
        sid="S-21",
        title="A port is used again too early",
        chapter=CHAPTER,
        look="TIME_WAIT challenges the new SYN; the opener takes the challenge for an error and resets the old "
        "connection.  So the second SYN finds a listener, one time-out later.",
        source="RFC 9293 3.10.7.4 (fourth), RFC 5961 4",
        hosts=two_hosts((299, 500), (99, 700)),
        scripts=_SERVER_CLOSES,
        acts=(("1s", client_connects()),),
        until="10s",
        end={"client": (CLOSED, ESTABLISHED), "server": (CLOSED, ESTABLISHED)},
        lines=(
            *_CLOSED_BY_SERVER,
            *_CHALLENGED,
            ("->", "RST", 301, None, 0, "SYN_SENT", "CLOSED"),
            *opened(500, 700),
        ),
        times=(("client", "SYN", ("0s", "1s", "2s")),),
    ),
    Scenario(
        name="port-reuse-waits-its-turn",
        sid="S-21",
        title="A port is used again, and TIME_WAIT stands firm",
        chapter=CHAPTER,
        look="This server ignores RSTs in TIME_WAIT, which lasts 2 s here.  Every SYN is challenged until that time "
        "is over; the next one opens.",
        source="RFC 1337, fix F1; RFC 9293 3.10.7.4 (fourth)",
        hosts=two_hosts((299, 500), (99, 700), time_wait_ignores_rst=True, msl=SECOND),
        scripts=_SERVER_CLOSES,
        acts=(("1s", client_connects()),),
        until="10s",
        end={"client": (CLOSED, ESTABLISHED), "server": (CLOSED, ESTABLISHED)},
        lines=(
            *_CLOSED_BY_SERVER,
            *(*_CHALLENGED, ("->", "RST", 301, None, 0, "SYN_SENT", "TIME_WAIT")) * 2,
            *opened(500, 700),
        ),
        times=(("client", "SYN", ("0s", "1s", "2s", "4s")), ("server", "CLOSED", ("2.14s",))),
    ),
    Scenario(
        name="port-reuse-reopens",
        sid="S-21",
        title="TIME_WAIT lets a new connection in",
        chapter=CHAPTER,
        look="The SYN's number is beyond all that the old connection has seen, so it can be taken for a new one at "
        "once.  The server's new numbers lie above all that it has used before.",
        source="RFC 9293 3.6.1 (MAY-2), RFC 6191",
        hosts=two_hosts((299, 500), 99, reopen_time_wait=True),
        scripts=_SERVER_CLOSES,
        acts=(("1s", client_connects()),),
        end={"client": ESTABLISHED, "server": ESTABLISHED},
        lines=(
            *_CLOSED_BY_SERVER,
            ("->", "SYN", 500, None, 0, "SYN_SENT", "SYN_RECV"),
            ("<-", "SYN,ACK", ABOVE_101, 501, 0, "ESTABLISHED", "SYN_RECV"),
            ("->", "ACK", 501, ABOVE_101, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        times=(("client", "SYN", ("0s", "1s")),),
    ),
    Scenario(
        name="port-reuse-by-old-duplicate",
        sid="S-21",
        title="TIME_WAIT lets an old duplicate in, and out again",
        chapter=CHAPTER,
        look="The SYN looks new, but the host it came from knows nothing of it and answers with a RST.  The server "
        "goes back to TIME_WAIT, which it had kept for this.",
        source="RFC 9293 3.6.1 (MAY-2)",
        hosts=two_hosts(299, 99, reopen_time_wait=True),
        scripts=_SERVER_CLOSES,
        acts=(("1s", to_server("S 500:500(0) win 1000")),),
        until="10s",
        end={"client": CLOSED, "server": TIME_WAIT},
        lines=(
            *_CLOSED_BY_SERVER,
            ("->", "SYN", 500, None, 0, "CLOSED", "SYN_RECV"),
            ("<-", "SYN,ACK", ABOVE_101, 501, 0, "CLOSED", "SYN_RECV"),
            ("->", "RST", 501, None, 0, "CLOSED", "TIME_WAIT"),
        ),
    ),
    Scenario(
        name="another-port-during-time-wait",
        sid="S-21",
        title="Another port during TIME_WAIT",
        chapter=CHAPTER,
        look="TIME_WAIT belongs to one pair of sockets.  From another port the client can connect at once, while the "
        "old connection is still waiting.",
        source="RFC 9293 3.4.1, 3.6.1",
        hosts=two_hosts((299, 500), (99, 700)),
        scripts=(*_SERVER_CLOSES, ScriptSpec("client", ("connect server 80 49153",), at="1s")),
        until="10s",
        end={"client": (CLOSED, ESTABLISHED), "server": (TIME_WAIT, ESTABLISHED)},
        lines=(*_CLOSED_BY_SERVER, *opened(500, 700)),
    ),
    Scenario(
        name="user-timeout",
        sid="S-49",
        title="The user's patience ends",
        chapter=CHAPTER,
        look="Nothing of the client's arrives any more, and its user has allowed 30 s: then the connection is over, and "
        "nothing is sent.  When the peer speaks again, it draws resets, of which the third arrives.",
        source="RFC 9293 3.9.1.1, 3.10.8",
        hosts=(
            HostSpec("client", CLIENT[0], 100, PLAIN | {"user_timeout": 30 * SECOND, "r2": None}),
            HostSpec("server", SERVER[0], 300, PLAIN),
        ),
        scripts=(
            ScriptSpec("server", ("listen 80", "accept", "sleep 40s", ("send", bytes(5)))),
            ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", b"ten octets"), "recv 5")),
        ),
        faults=tuple((n, "lose") for n in range(3, 10)),
        end={"client": CLOSED, "server": CLOSED},
        lines=(
            *opened(100, 300),
            *(("-x", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),) * 5,
            *(
                ("<-", "PSH,ACK", 301, 101, 5, "CLOSED", "ESTABLISHED"),
                ("-x", "RST", 101, None, 0, "CLOSED", "ESTABLISHED"),
            )
            * 2,
            ("<-", "PSH,ACK", 301, 101, 5, "CLOSED", "ESTABLISHED"),
            ("->", "RST", 101, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(
            ("client", "signal delivery trouble"),
            ("client", "signal user timeout"),
            ("client", "user timeout"),
            ("server", "signal reset"),
        ),
        times=(("client", "CLOSED", ("30.1s",)), ("client", "PSH,ACK", ("100ms", "1.1s", "3.1s", "7.1s", "15.1s"))),
    ),
    Scenario(
        name="keep-alive",
        sid="S-36",
        title="Keep-alive finds the peer alive, though a probe is lost",
        chapter=CHAPTER,
        look="After two idle hours the client repeats the number before SND.NXT, which the server must answer.  The "
        "first probe is lost, and that proves nothing: the next one follows 75 s later.",
        source="RFC 9293 3.8.4 (MUST-28, MUST-29, SHLD-12)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, _KEPT_ALIVE),
        faults=((3, "lose"),),
        until="4h",
        end={"client": ESTABLISHED, "server": ESTABLISHED},
        lines=(
            *opened(100, 300),
            ("-x", "ACK", 100, 301, 0, "ESTABLISHED", "ESTABLISHED"),
            ("->", "ACK", 100, 301, 0, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "ACK", 301, 101, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        times=(("client", "ACK", ("20ms", "7200.02s", "7275.02s")),),
    ),
    Scenario(
        name="keep-alive-unanswered",
        sid="S-36",
        title="Keep-alive finds nobody",
        chapter=CHAPTER,
        look="Three probes are lost, which is as many as the client was told to send.  75 s after the last one the "
        "connection has timed out.",
        source="RFC 9293 3.8.4",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (*_KEPT_ALIVE.steps, "setsockopt TCP_KEEPCNT 3"))),
        faults=tuple((n, "lose") for n in range(3, 9)),
        until="4h",
        end={"client": CLOSED, "server": ESTABLISHED},
        lines=(
            *opened(100, 300),
            *(("-x", "ACK", 100, 301, 0, "ESTABLISHED", "ESTABLISHED"),) * 3,
        ),
        told=(("client", "signal timed out"),),
        times=(
            ("client", "ACK", ("20ms", "7200.02s", "7275.02s", "7350.02s")),
            ("client", "CLOSED", ("7425.02s",)),
        ),
    ),
    Scenario(
        name="keep-alive-after-reboot",
        sid="S-36",
        title="Keep-alive finds a rebooted peer",
        chapter=CHAPTER,
        look="The server has rebooted and knows nothing of the connection.  Its RST answers the first probe.",
        source="RFC 9293 3.5.1, 3.8.4",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, _KEPT_ALIVE),
        acts=(("1h", Reboot("server")),),
        until="4h",
        end={"client": CLOSED, "server": CLOSED},
        lines=(
            *opened(100, 300),
            ("->", "ACK", 100, 301, 0, "ESTABLISHED", "CLOSED"),
            ("<-", "RST", 301, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("client", "signal reset"),),
        times=(("client", "CLOSED", ("7200.04s",)),),
    ),
)
