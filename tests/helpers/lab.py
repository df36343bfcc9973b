"""A laboratory: one connection, and a test that plays its peer.

Numbers are absolute, as in the RFC's figures: our ISS is 100, the peer's is 300, windows are 1000,
SYNs carry no options and ACKs are not delayed. Every state is reached with real segments and calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

import pytest

from tcpsim.tcp import (
    RFC9293,
    CallError,
    Code,
    Connection,
    Do,
    Flags,
    Profile,
    Segment,
    State,
    Tcb,
    format_segment,
    parse_segment,
)
from tcpsim.tcp.tcb import TIMERS

Origin = Literal["passive", "active"]

ISS: Final = 100
IRS: Final = 300
WINDOW: Final = 1000
SECOND: Final = 1_000_000_000
MASK: Final = 2**32 - 1
HERE: Final = ("10.0.0.1", 1000)
THERE: Final = ("10.0.0.2", 2000)

#: What a laboratory changes in the profile it is given, unless told otherwise.
PLAIN: Final = {"rcv_buf": WINDOW, "ack_delay": 0, "mss_option": False}


def seconds(time: str | float) -> int:
    """Nanoseconds of ``"1s"``, ``"200ms"``, ``"2min"`` or of a number of seconds."""
    if isinstance(time, str):
        units = {"ms": 1_000_000, "ns": 1, "min": 60 * SECOND, "s": SECOND, "h": 3600 * SECOND}
        unit = next(unit for unit in units if time.endswith(unit))
        return round(float(time.removesuffix(unit)) * units[unit])
    return round(time * SECOND)


class Lab:
    """One connection with its clock. ``log``: "brief", "full" or None, which keeps no log.

    ``peer_options``: what the peer's SYN offers, in notation. If these are timestamps, every segment of the peer's
    that says nothing else carries one: its clock shows milliseconds and began at 1000.

    ``shift`` is added to every number of ours and of the peer's on its way to the connection and
    taken away on the way back, so that a test written with 100 and 300 also runs around 2**32.
    """

    shift: tuple[int, int] = (0, 0)
    #: Every row of the table that fired in any laboratory.
    all_fired: ClassVar[set[str]] = set()

    def __init__(
        self,
        profile: Profile = RFC9293,
        *,
        remote: bool = True,
        log: Literal["brief", "full"] | None = "full",
        peer_options: str = "",
        **switches: Any,
    ) -> None:
        self.peer_options = peer_options
        profile = profile.but(**{"name": profile.name, **PLAIN, **switches})
        self.ours, self.theirs = self.shift
        self.now = 0
        iss = (ISS + self.ours) & MASK
        self.conn = Connection(HERE, THERE if remote else ("", 0), profile=profile, iss=iss)
        self.conn.log = None if log is None else []
        self.conn.verbose = log == "full"

    # -- looking

    @property
    def state(self) -> State:
        return self.conn.state

    @property
    def tcb(self) -> Tcb:
        """The connection's variables, to be read."""
        return self.conn.tcb

    @property
    def snd_una(self) -> int:
        return (self.tcb.snd_una - self.ours) & MASK

    @property
    def snd_nxt(self) -> int:
        return (self.tcb.snd_nxt - self.ours) & MASK

    @property
    def rcv_nxt(self) -> int:
        return (self.tcb.rcv_nxt - self.theirs) & MASK

    def segments(self) -> list[Segment]:
        """What was sent since somebody asked last."""
        return [self._shifted(seg, -self.ours, -self.theirs) for seg in self.conn.take_output()]

    def _shifted(self, seg: Segment, seq: int, ack: int) -> Segment:
        """``seg`` with other numbers; the 0 of a RST,ACK and of an absent ACK are no numbers."""
        if seg.flags & (Flags.RST | Flags.ACK) == Flags.RST | Flags.ACK and not seg.seq:
            seq = 0
        if not seg.flags & Flags.ACK:
            ack = 0
        return seg.replace(seq=(seg.seq + seq) & MASK, ack=(seg.ack + ack) & MASK)

    def sent(self) -> list[str]:
        """The same in notation, with absolute numbers."""
        return [format_segment(seg) for seg in self.segments()]

    def signals(self) -> list[Do]:
        """What the user was told since somebody asked last."""
        return self.conn.take_signals()

    def log(self) -> list[tuple[Any, ...]]:
        """What the connection has written down since somebody asked last."""
        log = self.conn.log or []
        self.conn.log = None if self.conn.log is None else []
        self.all_fired.update(entry[1] for entry in log if entry[0] == "fired")
        return log

    def fired(self) -> list[str]:
        """The ids of the rows that fired since somebody asked last."""
        return [entry[1] for entry in self.log() if entry[0] == "fired"]

    def stopped(self) -> list[str]:
        """The verdicts that stopped segments since somebody asked last."""
        return [entry[2] for entry in self.log() if entry[0] == "checked" and entry[2] is not None]

    def running(self) -> list[str]:
        """The timers that run."""
        tcb = self.tcb
        return [name for name in TIMERS if getattr(tcb, f"{name}_due") < 1 << 62]

    def forget_segments(self) -> Lab:
        """Look away from what was sent so far."""
        self.segments()
        return self

    def forget(self) -> Lab:
        """Look away from everything so far."""
        self.segments()
        self.signals()
        self.log()
        return self

    # -- acting

    def segment(self, text: str, *, data: bytes | None = None) -> Segment:
        """A segment from the peer to us."""
        if self.peer_options and "<" not in text:
            stamp = f"TS val {1000 + self.now // 1_000_000} ecr 0" if "TS" in self.peer_options else ""
            options = self.peer_options.replace("TS", stamp) if text.startswith("S") else stamp
            text += f" <{options}>" if options else ""
        seg = parse_segment(text, (*HERE, *THERE), data=data)
        return self._shifted(seg, self.theirs, self.ours)

    def arrives(self, *texts: str | Segment) -> Lab:
        """The peer's segments arrive, all in one event."""
        segments = [self.segment(text) if isinstance(text, str) else text for text in texts]
        self.conn.segment_arrives(self.now, *segments)
        return self

    def open_passive(self) -> Lab:
        self.conn.open_passive(self.now)
        return self

    def open_active(self) -> Lab:
        self.conn.open_active(self.now)
        return self

    def configure(self, **settings: Any) -> Lab:
        self.conn.configure(self.now, **settings)
        return self

    def send(self, data: bytes | int, *, urgent: bool = False) -> Lab:
        """SEND octets, or so many zeros."""
        self.conn.send(self.now, bytes(data), urgent=urgent)
        return self

    def receive(self, n: int = 1 << 30) -> bytes | None:
        return self.conn.receive(self.now, n)

    def close(self) -> Lab:
        self.conn.close(self.now)
        return self

    def shutdown(self) -> Lab:
        self.conn.shutdown(self.now)
        return self

    def detach(self) -> Lab:
        self.conn.detach(self.now)
        return self

    def status(self) -> dict[str, Any]:
        return self.conn.status()

    def abort(self) -> Lab:
        self.conn.abort(self.now)
        return self

    def advance(self, time: str | float) -> Lab:
        """Let the clock run and the timers that fall due expire, in order."""
        target = self.now + seconds(time)
        while (due := self.conn.deadline()) is not None and due <= target:
            self.now = max(self.now, due)
            assert self.conn.timer_expires(self.now) is not None
        self.now = target
        return self

    def expire(self) -> str:
        """Advance to the next deadline; the name of the timer that ran out."""
        due = self.conn.deadline()
        assert due is not None, "no timer runs"
        self.now = max(self.now, due)
        timer = self.conn.timer_expires(self.now)
        assert timer is not None
        return timer

    def error(self, call: Callable[[], object]) -> Code:
        """The code of the error that ``call`` raises; it must change nothing."""
        before = self.conn.key()
        with pytest.raises(CallError) as caught:
            call()
        assert self.conn.key() == before, f"{caught.value} changed something"
        assert (self.conn.out, self.conn.signals) == ([], [])
        assert str(self.state) in str(caught.value)
        return caught.value.code


def reach(
    state: State,
    profile: Profile = RFC9293,
    *,
    origin: Origin = "passive",
    outstanding: int = 0,
    **options: Any,
) -> Lab:
    """A laboratory whose connection has come to ``state`` with segments and calls, and looks fresh.

    ``origin``: how it was opened. ``outstanding``: octets of ours that are sent and not acknowledged,
    in ESTABLISHED and CLOSE_WAIT. ``options``: those of Lab, and profile switches.
    """
    lab = Lab(profile, **options)
    _walk(lab, state, origin)
    assert lab.state is state, f"meant to reach {state}, and came to {lab.state}"
    if outstanding:
        assert state in (State.ESTABLISHED, State.CLOSE_WAIT)
        lab.send(outstanding)
    return lab.forget()


def _walk(lab: Lab, state: State, origin: Origin) -> None:
    if state is State.CLOSED:
        return
    opens = lab.open_passive if origin == "passive" and state is not State.SYN_SENT else lab.open_active
    opens()
    if state in (State.LISTEN, State.SYN_SENT):
        return
    una, nxt = ISS + 1, IRS + 1
    if origin == "active" and state is not State.SYN_RECV:
        lab.arrives(f"S. {IRS}:{IRS}(0) ack {una} win {WINDOW}")
    else:
        lab.arrives(f"S {IRS}:{IRS}(0) win {WINDOW}")
        if state is State.SYN_RECV:
            return
        lab.arrives(f". {nxt}:{nxt}(0) ack {una} win {WINDOW}")
    fin = f"F. {nxt}:{nxt}(0)"
    if state in (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT):
        lab.close()
        if state is State.CLOSING:
            lab.arrives(f"{fin} ack {una} win {WINDOW}")
        elif state is not State.FIN_WAIT_1:
            lab.arrives(f". {nxt}:{nxt}(0) ack {una + 1} win {WINDOW}")
            if state is State.TIME_WAIT:
                lab.arrives(f"{fin} ack {una + 1} win {WINDOW}")
    elif state in (State.CLOSE_WAIT, State.LAST_ACK):
        lab.arrives(f"{fin} ack {una} win {WINDOW}")
        if state is State.LAST_ACK:
            lab.close()
