"""Opening a connection: the RFC's figures 6 to 8, and handshakes that lose a segment."""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_2
from .model import Line, Scenario, ScriptSpec
from .parts import ACCEPTS, CONNECT, LITERAL, OPENS, opened, to_server, two_hosts

CHAPTER: Final = "Opening"

_BOTH_OPEN: Final = {"client": ESTABLISHED, "server": ESTABLISHED}

_BOTH_OPEN_ACTIVELY: Final = (
    ScriptSpec("client", (CONNECT,)),
    ScriptSpec("server", ("connect client 49152 80",)),
)

_CROSSING_SYNS: Final[tuple[Line, ...]] = (
    ("<-", "SYN", 300, None, 0, "SYN_RECV", "SYN_SENT"),
    ("->", "SYN", 100, None, 0, "SYN_RECV", "SYN_RECV"),
)

_DUPLICATE_ANSWERED: Final[tuple[Line, ...]] = (
    ("->", "SYN", 90, None, 0, "SYN_SENT", "SYN_RECV"),
    ("<-", "SYN,ACK", 300, 91, 0, "SYN_SENT", "SYN_RECV"),
)

_OPENED_AT_LAST: Final[tuple[Line, ...]] = (
    ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
    ("<-", "SYN,ACK", 400, 101, 0, "ESTABLISHED", "SYN_RECV"),
    ("->", "ACK", 101, 401, 0, "ESTABLISHED", "ESTABLISHED"),
)

_FINAL_ACK_LOST: Final[tuple[Line, ...]] = (
    *opened(100, 300)[:2],
    ("-x", "ACK", 101, 301, 0, "ESTABLISHED", "SYN_RECV"),
)

OPENING: Final = (
    Scenario(
        name="three-way-handshake",
        sid="S-01",
        title="Three-way handshake",
        chapter=CHAPTER,
        look="Each SYN takes one sequence number, so the first octet of data will have number ISS + 1.  "
        "The client is ESTABLISHED half a round trip before the server.",
        source="RFC 9293 3.5, Figure 6",
        hosts=two_hosts(100, 300),
        scripts=(
            ScriptSpec("server", ("listen 80", "accept")),
            ScriptSpec("client", ("connect server 80",)),
        ),
        end=_BOTH_OPEN,
        lines=opened(100, 300),
    ),
    Scenario(
        name="three-way-handshake-data-follows",
        sid="S-01",
        title="Three-way handshake, and data follows",
        chapter=CHAPTER,
        look="The first data has the same SEQ as the ACK before it, for an ACK without data takes no number.  "
        "Otherwise ACKs would have to be acknowledged.",
        source="RFC 9293 3.5, Figure 6, line 5",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", b"ten octets")))),
        end=_BOTH_OPEN,
        lines=(
            *opened(100, 300),
            ("->", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "ACK", 301, 111, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="simultaneous-open",
        sid="S-02",
        title="Simultaneous open",
        chapter=CHAPTER,
        look="Both sides open actively, their SYNs cross, and one connection comes of it, not two.  "
        "Each SYN,ACK repeats a number that the other side has seen already, and is used all the same (A-8).",
        source="RFC 9293 3.5, Figure 7",
        hosts=two_hosts(100, 300),
        scripts=_BOTH_OPEN_ACTIVELY,
        faults=((1, "delay", "5ms"), (2, "delay", "10ms")),
        end=_BOTH_OPEN,
        lines=(
            *_CROSSING_SYNS,
            ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
            ("->", "SYN,ACK", 100, 301, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
    ),
    Scenario(
        name="simultaneous-open-literal",
        sid="S-02",
        title="Simultaneous open, to the letter",
        chapter=CHAPTER,
        look="Each SYN,ACK begins left of the window, so the sequence check of the text refuses what the figure "
        "takes in.  The ACKs that the refusal draws carry the right numbers, and they complete the handshake.",
        source="RFC 9293 3.5, Figure 7; 3.10.7.4 as printed",
        hosts=two_hosts(100, 300),
        scripts=_BOTH_OPEN_ACTIVELY,
        faults=((1, "delay", "5ms"), (2, "delay", "10ms")),
        profile=LITERAL,
        until="1s",
        end=_BOTH_OPEN,
        lines=(
            *_CROSSING_SYNS,
            ("<-", "SYN,ACK", 300, 101, 0, "SYN_RECV", "SYN_RECV"),
            ("->", "SYN,ACK", 100, 301, 0, "SYN_RECV", "SYN_RECV"),
            ("->", "ACK", 101, 301, 0, "SYN_RECV", "ESTABLISHED"),
            ("<-", "ACK", 301, 101, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
    ),
    Scenario(
        name="old-duplicate-syn",
        sid="S-03",
        title="Old duplicate SYN",
        chapter=CHAPTER,
        look="The server cannot know that the SYN with number 90 is an old one, but the client sees an ACK for what "
        "it never sent.  Its RST has just the number that makes the server believe it and listen again.",
        source="RFC 9293 3.5, Figure 8",
        hosts=two_hosts(100, (300, 400)),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "delay", "50ms"),),
        acts=(("5ms", to_server("S 90:90(0) win 1000")),),
        end=_BOTH_OPEN,
        lines=(
            *_DUPLICATE_ANSWERED,
            ("->", "RST", 91, None, 0, "SYN_SENT", "LISTEN"),
            *_OPENED_AT_LAST,
        ),
    ),
    Scenario(
        name="old-duplicate-syn-overtaken-rst",
        sid="S-04",
        title="Old duplicate SYN, and the real one overtakes the RST",
        chapter=CHAPTER,
        look="The real SYN meets the connection that the old one has begun: the server drops both and listens, and "
        "the RST comes to nobody.  Only the retransmitted SYN opens, one time-out later.",
        source="RFC 9293 3.5, Figure 8 and the text below it (A-4)",
        hosts=two_hosts(100, (300, 400)),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "delay", "10ms"),),
        acts=(("5ms", to_server("S 90:90(0) win 1000")),),
        end=_BOTH_OPEN,
        lines=(
            *_DUPLICATE_ANSWERED,
            ("->", "SYN", 100, None, 0, "SYN_SENT", "LISTEN"),
            ("->", "RST", 91, None, 0, "SYN_SENT", "LISTEN"),
            *_OPENED_AT_LAST,
        ),
        times=(("client", "SYN", ("0s", "1s")),),
    ),
    Scenario(
        name="lost-syn-ack",
        sid="S-13",
        title="Lost SYN,ACK",
        chapter=CHAPTER,
        look="The client repeats its SYN, and the server answers the repeated SYN with its SYN,ACK again (A-20).  "
        "So neither has to wait for the server's own timer.",
        source="RFC 9293 3.10.7.4, 3.8.1",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "delay", "30ms"),),
        faults_back=((1, "lose"),),
        end=_BOTH_OPEN,
        lines=(
            ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            ("x-", "SYN,ACK", 300, 101, 0, "SYN_SENT", "SYN_RECV"),
            *opened(100, 300),
        ),
        times=(("client", "SYN", ("0s", "1s")), ("server", "SYN,ACK", ("40ms", "1.01s"))),
    ),
    Scenario(
        name="lost-syn-ack-literal",
        sid="S-13",
        title="Lost SYN,ACK, to the letter",
        chapter=CHAPTER,
        look="The repeated SYN is an unacceptable segment, so the server answers with a bare ACK, which is of no use "
        "to a client in SYN_SENT.  The handshake waits for the server's own timer.",
        source="RFC 9293 3.10.7.4 as printed (A-20)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "delay", "30ms"),),
        faults_back=((1, "lose"),),
        profile=LITERAL,
        until="2s",
        end=_BOTH_OPEN,
        lines=(
            ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            ("x-", "SYN,ACK", 300, 101, 0, "SYN_SENT", "SYN_RECV"),
            ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            ("<-", "ACK", 301, 101, 0, "SYN_SENT", "SYN_RECV"),
            *opened(100, 300)[1:],
        ),
        times=(("client", "SYN", ("0s", "1s")), ("server", "SYN,ACK", ("40ms", "1.04s"))),
    ),
    Scenario(
        name="lost-final-ack",
        sid="S-14",
        title="Lost final ACK",
        chapter=CHAPTER,
        look="The client is connected and does not know that the server is not.  The server repeats its SYN,ACK, and "
        "the answer to that duplicate completes the handshake.",
        source="RFC 9293 3.5, 3.8.1",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, OPENS),
        faults=((2, "lose"),),
        end=_BOTH_OPEN,
        lines=(
            *_FINAL_ACK_LOST,
            ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
            ("->", "ACK", 101, 301, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        times=(("server", "SYN,ACK", ("10ms", "1.01s")),),
    ),
    Scenario(
        name="lost-final-ack-data-follows",
        sid="S-14",
        title="Lost final ACK, and data follows",
        chapter=CHAPTER,
        look="Every segment after the handshake carries the ACK that was lost.  The first one with data opens the "
        "server's end and is taken in by the same step.",
        source="RFC 9293 3.10.7.4 (fifth)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", ("send", b"ten octets")))),
        faults=((2, "lose"),),
        end=_BOTH_OPEN,
        lines=(
            *_FINAL_ACK_LOST,
            ("->", "PSH,ACK", 101, 301, 10, "ESTABLISHED", "ESTABLISHED"),
            ("<-", "ACK", 301, 111, 0, "ESTABLISHED", "ESTABLISHED"),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="lost-final-ack-close-follows",
        sid="S-14",
        title="Lost final ACK, and a FIN follows",
        chapter=CHAPTER,
        look="The FIN carries the lost ACK too: one segment takes the server through ESTABLISHED to CLOSE_WAIT.  "
        "Its user gets a connection whose other side has closed already.",
        source="RFC 9293 3.10.7.4 (fifth, eighth)",
        hosts=two_hosts(100, 300),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 80ms", "close"))),
        faults=((2, "lose"),),
        end={"client": FIN_WAIT_2, "server": CLOSE_WAIT},
        lines=(
            *_FINAL_ACK_LOST,
            ("->", "FIN,ACK", 101, 301, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            ("<-", "ACK", 301, 102, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
        ),
    ),
    Scenario(
        name="closed-port",
        sid="S-15",
        title="Nobody listens",
        chapter=CHAPTER,
        look="The RST acknowledges the SYN, or the client would not believe it.  It has SEQ 0, for a SYN without ACK "
        "tells no better number.",
        source="RFC 9293 3.10.7.1, 3.5.2",
        hosts=two_hosts(100, 300),
        scripts=(OPENS,),
        end={"client": CLOSED, "server": CLOSED},
        lines=(
            ("->", "SYN", 100, None, 0, "SYN_SENT", "CLOSED"),
            ("<-", "RST,ACK", 0, 101, 0, "CLOSED", "CLOSED"),
        ),
        told=(("client", "signal reset"), ("client", "connection refused")),
    ),
    Scenario(
        name="stray-segments",
        sid="S-15",
        title="Segments for no connection",
        chapter=CHAPTER,
        look="A segment with an ACK is answered by a RST with the number it acknowledges, which its sender will "
        "believe.  A RST is answered by nothing, or two hosts could exchange RSTs for ever.",
        source="RFC 9293 3.10.7.1",
        hosts=two_hosts(100, 300),
        scripts=(),
        acts=(
            ("0s", to_server(". 5:5(0) ack 77 win 1000")),
            ("100ms", to_server("R 9:9(0) win 0")),
        ),
        end={"client": CLOSED, "server": CLOSED},
        lines=(
            ("->", "ACK", 5, 77, 0, "CLOSED", "CLOSED"),
            ("<-", "RST", 77, None, 0, "CLOSED", "CLOSED"),
            ("->", "RST", 9, None, 0, "CLOSED", "CLOSED"),
        ),
    ),
    Scenario(
        name="two-clients",
        sid="S-56",
        title="A second SYN during the handshake",
        chapter=CHAPTER,
        look="The server is in the middle of one handshake when another begins on the same port.  Each SYN has a "
        "connection of its own, and the listener goes on listening.",
        source="RFC 9293 3.9.1.1 (MUST-42)",
        hosts=two_hosts((100, 200), (300, 500)),
        scripts=(
            ACCEPTS,
            OPENS,
            ScriptSpec("client", ("connect server 80 49153",), at="5ms"),
        ),
        end={"client": (ESTABLISHED, ESTABLISHED), "server": (ESTABLISHED, ESTABLISHED)},
        lines=tuple(line for pair in zip(opened(100, 300), opened(200, 500), strict=True) for line in pair),
    ),
)
