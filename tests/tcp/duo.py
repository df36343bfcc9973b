"""Two bare connections, joined by nothing but the test: what one sends waits until the test hands it over."""

from __future__ import annotations

from typing import Any

from tcpsim.tcp import RFC9293, Connection, Do, State, format_segment

CLIENT = ("10.0.0.1", 49152)
SERVER = ("10.0.0.2", 80)
MS = 1_000_000
SECOND = 1_000_000_000
MOD = 2**32

#: No options and no delayed ACKs, so that every line is about the matter in hand.
PLAIN: dict[str, Any] = {"mss_option": False, "ack_delay": 0}


class Duo:
    """``client`` and ``server``, one clock for both; ``wire`` keeps what was sent, in order."""

    def __init__(self, iss: int = 100, irs: int = 300, **switches: Any) -> None:
        profile = RFC9293.but(**{**PLAIN, **switches})
        self.client = Connection(CLIENT, SERVER, profile=profile, iss=iss)
        self.server = Connection(SERVER, CLIENT, profile=profile, iss=irs)
        self.now = 0

    def states(self) -> tuple[State, State]:
        return self.client.state, self.server.state

    def other(self, conn: Connection) -> Connection:
        return self.server if conn is self.client else self.client

    def carry(self, sender: Connection, *, after: int = 10 * MS) -> list[str]:
        """Hand over what ``sender`` has sent, a delay later, one segment at a time; what it was."""
        self.now += after
        segments = sender.take_output()
        for seg in segments:
            self.other(sender).segment_arrives(self.now, seg)
        return [format_segment(seg) for seg in segments]

    def lose(self, sender: Connection) -> list[str]:
        """Throw away what ``sender`` has sent; what it was."""
        return [format_segment(seg) for seg in sender.take_output()]

    def settle(self) -> list[str]:
        """Carry to and fro until nobody has anything to send."""
        lines: list[str] = []
        while self.client.out or self.server.out:
            for conn in (self.client, self.server):
                if conn.out:
                    lines += self.carry(conn)
        return lines

    def established(self) -> Duo:
        self.server.open_passive(self.now)
        self.client.open_active(self.now)
        self.settle()
        assert self.states() == (State.ESTABLISHED, State.ESTABLISHED)
        self.client.take_signals()
        self.server.take_signals()
        return self

    def expire(self, conn: Connection) -> tuple[int, str]:
        """Let the next timer of ``conn`` run out: when, and which."""
        due = conn.deadline()
        assert due is not None
        self.now = due
        timer = conn.timer_expires(due)
        assert timer is not None
        return due, timer

    def retransmissions(self, conn: Connection) -> tuple[list[int], list[str], list[Do]]:
        """Nothing comes back: after how many ms ``conn`` repeats itself until it gives up, and what it says."""
        start, times, lines = self.now, [], []
        while conn.state is not State.CLOSED:
            self.expire(conn)
            lines += self.lose(conn)
            times.append((self.now - start) // MS)
        return times, lines, conn.take_signals()
