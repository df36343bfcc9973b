"""Attacks by somebody who knows the addresses and ports and guesses the numbers (RFC 5961)."""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSED, ESTABLISHED
from .model import Line, Scenario
from .parts import ACCEPTS, OPENS, opened, to_server, two_hosts

CHAPTER: Final = "Attacks"

_BOTH_OPEN: Final = {"client": ESTABLISHED, "server": ESTABLISHED}

_SERVER_RESET: Final = {"client": ESTABLISHED, "server": CLOSED}

#: What every suspicious segment draws: the server's numbers, which only the real client can make use of.
_CHALLENGE: Final[Line] = ("<-", "ACK", 300, 100, 0, "ESTABLISHED", "ESTABLISHED")

ATTACKS: Final = (
    Scenario(
        name="blind-reset",
        sid="S-22",
        title="Blind RST",
        chapter=CHAPTER,
        look="Outside the window a RST is dropped; inside it is challenged, and the real client ignores the "
        "challenge.  Only the one number in 2^32 that is expected next resets the connection.",
        source="RFC 9293 3.10.7.4 (second), RFC 5961 3",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        acts=(
            ("100ms", to_server("R 99:99(0) win 0")),
            ("200ms", to_server("R 1100:1100(0) win 0")),
            ("300ms", to_server("R 150:150(0) win 0")),
            ("400ms", to_server("R 100:100(0) win 0")),
        ),
        end=_SERVER_RESET,
        lines=(
            *opened(99, 299),
            ("->", "RST", 99, None, 0, "ESTABLISHED", "ESTABLISHED"),
            ("->", "RST", 1100, None, 0, "ESTABLISHED", "ESTABLISHED"),
            ("->", "RST", 150, None, 0, "ESTABLISHED", "ESTABLISHED"),
            _CHALLENGE,
            ("->", "RST", 100, None, 0, "ESTABLISHED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
    ),
    Scenario(
        name="blind-reset-793",
        sid="S-22",
        title="Blind RST, as in RFC 793",
        chapter=CHAPTER,
        look="Any number in the window resets the connection, so a window of 1000 makes the guess a thousand times "
        "easier.  The client does not learn of it.",
        source="RFC 793, RFC 9293 3.5.3",
        hosts=two_hosts(99, 299, rst_exact=False),
        scripts=(ACCEPTS, OPENS),
        acts=(("100ms", to_server("R 150:150(0) win 0")),),
        end=_SERVER_RESET,
        lines=(*opened(99, 299), ("->", "RST", 150, None, 0, "ESTABLISHED", "CLOSED")),
        told=(("server", "signal reset"),),
    ),
    Scenario(
        name="blind-syn",
        sid="S-23",
        title="Blind SYN",
        chapter=CHAPTER,
        look="Wherever its number lies, a SYN in an open connection draws a challenge ACK and does nothing else.  "
        "Had the client really begun anew, it would answer the challenge with a RST.",
        source="RFC 9293 3.10.7.4 (fourth), RFC 5961 4",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        acts=(
            ("100ms", to_server("S 150:150(0) win 1000")),
            ("200ms", to_server("S 5000:5000(0) win 1000")),
        ),
        end=_BOTH_OPEN,
        lines=(
            *opened(99, 299),
            ("->", "SYN", 150, None, 0, "ESTABLISHED", "ESTABLISHED"),
            _CHALLENGE,
            ("->", "SYN", 5000, None, 0, "ESTABLISHED", "ESTABLISHED"),
            _CHALLENGE,
        ),
    ),
    Scenario(
        name="blind-syn-793",
        sid="S-23",
        title="Blind SYN, as in RFC 793",
        chapter=CHAPTER,
        look="A SYN in the window is taken for an error and resets the server's end.  Its RST answers the SYN, so "
        "the client's end does not believe it and stays open alone.",
        source="RFC 793, RFC 9293 3.10.7.4 (fourth)",
        hosts=two_hosts(99, 299, syn_challenged=False),
        scripts=(ACCEPTS, OPENS),
        acts=(("100ms", to_server("S 150:150(0) win 1000")),),
        end=_SERVER_RESET,
        lines=(
            *opened(99, 299),
            ("->", "SYN", 150, None, 0, "ESTABLISHED", "CLOSED"),
            ("<-", "RST,ACK", 0, 151, 0, "ESTABLISHED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
    ),
    Scenario(
        name="blind-data",
        sid="S-24",
        title="Blind data",
        chapter=CHAPTER,
        look="The ACK of a forged segment must lie within one window below what is acknowledged: SND.UNA - 1001 is "
        "one too old, SND.UNA - 1000 is taken.  So who guesses SEQ has to guess ACK as well.",
        source="RFC 9293 3.10.7.4 (fifth), RFC 5961 5",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        acts=(
            ("100ms", to_server(f". 100:110(10) ack {2**32 + 300 - 1001} win 1000")),
            ("200ms", to_server(f". 100:110(10) ack {2**32 + 300 - 1000} win 1000")),
        ),
        until="300ms",  # before the client gets an ACK for what it never sent
        end=_BOTH_OPEN,
        lines=(
            *opened(99, 299),
            ("->", "ACK", 100, 4294966595, 10, "ESTABLISHED", "ESTABLISHED"),
            _CHALLENGE,
            ("->", "ACK", 100, 4294966596, 10, "ESTABLISHED", "ESTABLISHED"),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="optimistic-ack",
        sid="S-55",
        title="Optimistic ACK",
        chapter=CHAPTER,
        look="An ACK for what was never sent cannot be genuine.  The segment is dropped with its data, and an ACK "
        "tells the right numbers.",
        source="RFC 9293 3.10.7.4 (fifth)",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        acts=(("100ms", to_server(". 100:110(10) ack 5000 win 1000")),),
        end=_BOTH_OPEN,
        lines=(
            *opened(99, 299),
            ("->", "ACK", 100, 5000, 10, "ESTABLISHED", "ESTABLISHED"),
            _CHALLENGE,
        ),
        delivered={"server": 0},
    ),
)
