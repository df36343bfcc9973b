"""Closing a connection: the RFC's figures 12 and 13, half-closing, and segments lost on the way."""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSED
from .model import Line, Scenario, ScriptSpec
from .parts import opened, two_hosts

CHAPTER: Final = "Closing"

_BOTH_CLOSED: Final = {"client": CLOSED, "server": CLOSED}

_CLOSES_AFTER: Final = ScriptSpec("server", ("listen 80", "accept", "recv_to_end", "sleep 20ms", "close"))

_CLOSES_FIRST: Final = ScriptSpec("client", ("connect server 80", "sleep 80ms", "close"))

_NORMAL_CLOSE: Final[tuple[Line, ...]] = (
    ("->", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
    ("<-", "ACK", 300, 101, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
    ("<-", "FIN,ACK", 300, 101, 0, "TIME_WAIT", "LAST_ACK"),
    ("->", "ACK", 101, 301, 0, "TIME_WAIT", "CLOSED"),
)

CLOSE: Final = (
    Scenario(
        name="normal-close",
        sid="S-08",
        title="Normal close",
        chapter=CHAPTER,
        look="Each direction is closed by a FIN and its ACK; the FIN takes one sequence number.  "
        "Who closes first waits in TIME_WAIT for twice the maximum segment lifetime.",
        source="RFC 9293 3.6, Figure 12",
        hosts=two_hosts(99, 299),
        scripts=(_CLOSES_AFTER, _CLOSES_FIRST),
        end=_BOTH_CLOSED,
        lines=(*opened(99, 299), *_NORMAL_CLOSE),
        times=(("client", "TIME_WAIT", ("140ms",)), ("client", "CLOSED", ("240.14s",))),
    ),
    Scenario(
        name="simultaneous-close",
        sid="S-09",
        title="Simultaneous close",
        chapter=CHAPTER,
        look="Both sides send a FIN before they see the other's: both pass through CLOSING.  "
        "Both then wait in TIME_WAIT, for neither knows that its last ACK arrived.",
        source="RFC 9293 3.6, Figure 13",
        hosts=two_hosts(99, 299),
        scripts=(
            ScriptSpec("server", ("listen 80", "accept", "sleep 70ms", "close")),
            ScriptSpec("client", ("connect server 80", "sleep 80ms", "close")),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            ("->", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "CLOSING"),
            ("<-", "FIN,ACK", 300, 100, 0, "CLOSING", "CLOSING"),
            ("<-", "ACK", 301, 101, 0, "TIME_WAIT", "CLOSING"),
            ("->", "ACK", 101, 301, 0, "TIME_WAIT", "TIME_WAIT"),
        ),
    ),
    Scenario(
        name="fin-and-ack-together",
        sid="S-10",
        title="FIN and ACK in one segment",
        chapter=CHAPTER,
        look="The server closes as soon as it sees the end of the stream, so its FIN carries the ACK of the "
        "client's.  One segment takes the client through FIN_WAIT_2 to TIME_WAIT (A-6).",
        source="RFC 9293 3.3.2, note 2; 3.10.7.4 (fifth, eighth)",
        hosts=two_hosts(99, 299),
        scripts=(ScriptSpec("server", ("listen 80", "accept", "recv_to_end", "close")), _CLOSES_FIRST),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            _NORMAL_CLOSE[0],
            *_NORMAL_CLOSE[2:],
        ),
    ),
    Scenario(
        name="fin-and-ack-together-after-a-loss",
        sid="S-10",
        title="The ACK of the FIN is lost",
        chapter=CHAPTER,
        look="The ACK of the client's FIN is lost, and the server's own FIN repeats it a moment later.  "
        "The client goes from FIN_WAIT_1 to TIME_WAIT, and nothing has to be sent again.",
        source="RFC 9293 3.3.2, note 2; 3.10.7.4 (fifth, eighth)",
        hosts=two_hosts(99, 299),
        scripts=(_CLOSES_AFTER, _CLOSES_FIRST),
        faults_back=((2, "lose"),),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            _NORMAL_CLOSE[0],
            ("x-", "ACK", 300, 101, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            *_NORMAL_CLOSE[2:],
        ),
        times=(("client", "FIN,ACK", ("100ms",)), ("server", "FIN,ACK", ("130ms",))),
    ),
    Scenario(
        name="half-closed",
        sid="S-11",
        title="Half-close",
        chapter=CHAPTER,
        look="The client has closed its direction and cannot send, but the server still can, for as long as it "
        "likes.  The client's user reads what comes in FIN_WAIT_2, then the end of the stream.",
        source="RFC 9293 3.6, 3.9.1.4, 3.10.2",
        hosts=two_hosts(100, 300),
        scripts=(
            ScriptSpec("server", ("listen 80", "accept", "sleep 120ms", ("send", bytes(20)), "sleep 350ms", "close")),
            ScriptSpec("client", ("connect server 80", "sleep 80ms", "shutdown", "recv 20", ("send", b"no more"))),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *opened(100, 300),
            ("->", "FIN,ACK", 101, 301, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            ("<-", "ACK", 301, 102, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
            ("<-", "PSH,ACK", 301, 102, 20, "FIN_WAIT_2", "CLOSE_WAIT"),
            ("->", "ACK", 102, 321, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
            ("<-", "FIN,ACK", 321, 102, 0, "TIME_WAIT", "LAST_ACK"),
            ("->", "ACK", 102, 322, 0, "TIME_WAIT", "CLOSED"),
        ),
        told=(("client", "this side has already closed"),),
        delivered={"client": 20, "server": 0},
    ),
    Scenario(
        name="lost-fin",
        sid="S-17",
        title="Lost FIN",
        chapter=CHAPTER,
        look="A FIN is retransmitted as data is, after one time-out.  Then the close goes on as if nothing had "
        "happened.",
        source="RFC 9293 3.4, 3.6; RFC 6298 5",
        hosts=two_hosts(99, 299),
        scripts=(_CLOSES_AFTER, _CLOSES_FIRST),
        faults=((3, "lose"),),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            ("-x", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "ESTABLISHED"),
            *_NORMAL_CLOSE,
        ),
        times=(("client", "FIN,ACK", ("100ms", "1.1s")),),
    ),
    Scenario(
        name="close-with-unread-data",
        sid="S-40",
        title="Close with unread data, half-duplex",
        chapter=CHAPTER,
        look="The server closes although ten octets are unread: with a half-duplex close it sends a RST instead of a "
        "FIN.  So the client learns that its data was lost.",
        source="RFC 9293 3.6.1 (MAY-1, SHLD-3)",
        hosts=two_hosts(100, 300, half_duplex_close=True),
        scripts=(
            ScriptSpec("server", ("listen 80", "accept", "sleep 200ms", "close")),
            ScriptSpec("client", ("connect server 80", "sleep 80ms", ("send", bytes(10)), "recv 1")),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *opened(100, 300),
            ("->", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "RST", 301, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("client", "signal reset"), ("client", "connection reset")),
        delivered={"server": 10},
    ),
    Scenario(
        name="shutdown-with-unread-data",
        sid="S-40",
        title="Close with unread data, full-duplex",
        chapter=CHAPTER,
        look="A full-duplex close sends a FIN whatever is unread.  The server reads its ten octets afterwards.",
        source="RFC 9293 3.6.1",
        hosts=two_hosts(100, 300),
        scripts=(
            ScriptSpec(
                "server",
                ("listen 80", "accept", "sleep 200ms", "shutdown", "sleep 100ms", "recv 10", "recv_to_end", "close"),
            ),
            ScriptSpec(
                "client",
                ("connect server 80", "sleep 80ms", ("send", bytes(10)), "recv_to_end", "sleep 300ms", "close"),
            ),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *opened(100, 300),
            ("->", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "FIN,ACK", 301, 111, 0, "CLOSE_WAIT", "FIN_WAIT_1"),
            ("->", "ACK", 111, 302, 0, "CLOSE_WAIT", "FIN_WAIT_2"),
            ("->", "FIN,ACK", 111, 302, 0, "LAST_ACK", "TIME_WAIT"),
            ("<-", "ACK", 302, 112, 0, "CLOSED", "TIME_WAIT"),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="deferred-fin",
        sid="S-50",
        title="A FIN that has to wait for data",
        chapter=CHAPTER,
        look="The client closes while the window lets only five of ten octets out: it is in FIN_WAIT_1, and then in "
        "CLOSING, without having sent a FIN.  No ACK can cover it before it has left behind the last octet.",
        source="RFC 9293 3.10.4 (A-7)",
        hosts=two_hosts(99, 299, rcv_buf=5),
        scripts=(
            ScriptSpec(
                "server",
                (
                    "listen 80",
                    "accept",
                    "sleep 70ms",
                    "shutdown",
                    "sleep 900ms",
                    "recv 5",
                    "sleep 1ms",
                    "recv_to_end",
                    "close",
                ),
            ),
            ScriptSpec("client", ("connect server 80", "sleep 80ms", ("send", bytes(10)), "close")),
        ),
        end=_BOTH_CLOSED,
        lines=(
            *opened(99, 299),
            ("->", "ACK", 100, 300, 5, "FIN_WAIT_1", "FIN_WAIT_1"),
            ("<-", "FIN,ACK", 300, 100, 0, "CLOSING", "FIN_WAIT_1"),
            ("->", "ACK", 105, 301, 0, "CLOSING", "FIN_WAIT_2"),
            ("<-", "ACK", 301, 105, 0, "CLOSING", "FIN_WAIT_2"),
            ("<-", "ACK", 301, 105, 0, "CLOSING", "FIN_WAIT_2"),
            ("->", "PSH,ACK", 105, 301, 5, "CLOSING", "FIN_WAIT_2"),
            ("->", "FIN,ACK", 110, 301, 0, "CLOSING", "TIME_WAIT"),
            ("<-", "ACK", 301, 110, 0, "CLOSING", "TIME_WAIT"),
            ("<-", "ACK", 301, 111, 0, "TIME_WAIT", "TIME_WAIT"),
        ),
        delivered={"server": 10},
    ),
)
