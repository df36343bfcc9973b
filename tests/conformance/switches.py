"""What each switch of a profile does, as something to be seen in a laboratory.

A ``show`` plays the same little scene under any profile and returns what was observed. The lab's own
plain settings (window 1000, no delayed ACKs, no options) hold unless the scene is about them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tcpsim.tcp import Code, Profile, State
from tests.helpers.lab import SECOND, Lab, reach

Show = Callable[[Profile], object]


class Switch(NamedTuple):
    """``show`` gives ``default`` under rfc9293 and ``flipped`` when the switch has the value ``flip``."""

    flip: object
    default: object
    flipped: object
    show: Show


SWITCHES: Final[dict[str, Switch]] = {}


def switch(name: str, flip: object, *, default: object, flipped: object) -> Callable[[Show], Show]:
    """The decorated function shows what ``name`` does."""

    def register(show: Show) -> Show:
        SWITCHES[name] = Switch(flip, default, flipped, show)
        return show

    return register


def outcome(lab: Lab) -> tuple[str, list[str]]:
    """(state, what was sent)."""
    return lab.state.name, lab.sent()


def at(state: State, profile: Profile, **options: Any) -> Lab:
    return reach(state, profile, **options)


# -- resets and challenges


@switch("rst_exact", False, default=("ESTABLISHED", [". 101:101(0) ack 301 win 1000"]), flipped=("CLOSED", []))
def rst_exact(profile: Profile) -> object:
    return outcome(at(State.ESTABLISHED, profile).arrives("R 350:350(0) win 0"))


@switch(
    "syn_challenged",
    False,
    default=("ESTABLISHED", [". 101:101(0) ack 301 win 1000"]),
    flipped=("CLOSED", ["R. 0:0(0) ack 351 win 0"]),
)
def syn_challenged(profile: Profile) -> object:
    return outcome(at(State.ESTABLISHED, profile).arrives("S 350:350(0) win 0"))


@switch("ack_range_checked", False, default=0, flipped=5)
def ack_range_checked(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile).arrives("P. 301:306(5) ack 4294966396 win 1000")
    return lab.tcb.rcv_buf.size


@switch("challenge_limit", 2, default=10, flipped=2)
def challenge_limit(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile)
    for _ in range(30):
        lab.arrives("R 350:350(0) win 0")
    return len(lab.sent())


@switch("challenge_period", 1 * SECOND, default=10, flipped=20)
def challenge_period(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile)
    for _ in range(2):
        for _ in range(30):
            lab.arrives("R 350:350(0) win 0")
        lab.advance("2s")
    return len(lab.sent())


@switch("time_wait_ignores_rst", True, default="CLOSED", flipped="TIME_WAIT")
def time_wait_ignores_rst(profile: Profile) -> object:
    return at(State.TIME_WAIT, profile).arrives("R 302:302(0) win 0").state.name


# -- the ambiguities


@switch("abort_to_time_wait", True, default=[("CLOSED", [])] * 5, flipped=[("TIME_WAIT", ["time_wait"])] * 5)
def abort_to_time_wait(profile: Profile) -> object:
    seen = []
    for state in (State.SYN_RECV, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT):
        lab = at(state, profile, user_timer_everywhere=False).abort()
        assert [seg.flags for seg in lab.segments()] == [4]
        seen.append((lab.state.name, lab.running()))
        lab.advance("240s")
        assert lab.state is State.CLOSED
        assert lab.error(lab.status) is Code.ABORTED
    return seen


@switch(
    "synack_completes_simultaneous_open",
    False,
    default=("ESTABLISHED", []),
    flipped=("SYN_RECV", [". 101:101(0) ack 301 win 1000"]),
)
def synack_completes_simultaneous_open(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile, origin="active")
    return outcome(lab.arrives("S. 300:300(0) ack 101 win 1000"))


@switch(
    "ack_range_in_syn_recv",
    True,
    default=["R 5000:5000(0) win 0", "R 100:100(0) win 0"],
    flipped=[". 101:101(0) ack 301 win 1000", "R 100:100(0) win 0"],
)
def ack_range_in_syn_recv(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile)
    return lab.arrives(". 301:301(0) ack 5000 win 9", ". 301:301(0) ack 100 win 9").sent()


@switch("fin_restarts_time_wait", False, default="TIME_WAIT", flipped="CLOSED")
def fin_restarts_time_wait(profile: Profile) -> object:
    lab = at(State.TIME_WAIT, profile).advance("200s").arrives("F. 301:301(0) ack 102 win 1000")
    assert lab.sent() == [". 102:102(0) ack 302 win 999"]
    return lab.advance("200s").state.name


@switch(
    "time_wait_answers_acks", True, default=([], "CLOSED"), flipped=([". 102:102(0) ack 302 win 999"], "TIME_WAIT")
)
def time_wait_answers_acks(profile: Profile) -> object:
    lab = at(State.TIME_WAIT, profile).advance("200s").arrives(". 302:302(0) ack 102 win 1000")
    return lab.sent(), lab.advance("200s").state.name


@switch("read_after_close", False, default=10, flipped=Code.CLOSING)
def read_after_close(profile: Profile) -> object:
    lab = at(State.FIN_WAIT_1, profile).arrives("FP. 301:311(10) ack 102 win 1000")
    assert lab.forget().state is State.TIME_WAIT
    if not profile.read_after_close:
        return lab.error(lab.receive)
    return len(lab.receive() or b"")


@switch(
    "every_fin_counts",
    True,
    default=([". 101:101(0) ack 302 win 999"], 0),
    flipped=([". 101:101(0) ack 303 win 998"], 1),
)
def every_fin_counts(profile: Profile) -> object:
    lab = at(State.CLOSE_WAIT, profile).arrives("F. 302:302(0) ack 101 win 1000")
    return lab.sent(), len(lab.signals())


def at_zero_window(profile: Profile) -> Lab:
    lab = at(State.ESTABLISHED, profile).arrives("P. 301:1301(1000) ack 101 win 1000").forget()
    assert lab.tcb.rcv_wnd == 0
    return lab


@switch("rst_at_zero_window", False, default=["CLOSED"] * 2, flipped=["ESTABLISHED"] * 2)
def rst_at_zero_window(profile: Profile) -> object:
    segments = ("R 1301:1301(0) win 0", "R 1301:1306(5) win 0")
    return [at_zero_window(profile).arrives(segment).state.name for segment in segments]


@switch("ack_at_zero_window", False, default=111, flipped=101)
def ack_at_zero_window(profile: Profile) -> object:
    lab = at_zero_window(profile).send(10).arrives("P. 1301:1302(1) ack 111 win 1000")
    return lab.snd_una


@switch("probe_advances_snd_nxt", True, default=(101, "P. 101:102(1)"), flipped=(102, "P. 101:102(1)"))
def probe_advances_snd_nxt(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile).arrives(". 301:301(0) ack 101 win 0").send(1).forget()
    assert lab.expire() == "persist"
    (probe,) = lab.sent()
    return lab.snd_nxt, probe.partition(" ack")[0].replace(". ", "P. ").replace("PP", "P")


@switch("empty_segments_draw_acks", True, default=[], flipped=[". 101:101(0) ack 301 win 1000"])
def empty_segments_draw_acks(profile: Profile) -> object:
    return at(State.ESTABLISHED, profile).arrives(". 302:302(0) ack 101 win 1000").sent()


@switch("opener_learns_window", False, default=(1000, 10), flipped=(0, 0))
def opener_learns_window(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, origin="active")
    wnd = lab.tcb.snd_wnd
    lab.send(10)
    return wnd, sum(len(seg.data) for seg in lab.segments())


@switch(
    "unacknowledged_syn_resets",
    False,
    default=["R 50:50(0) win 0", "R 5000:5000(0) win 0"],
    flipped=[". 102:102(0) ack 301 win 1000"],
)
def unacknowledged_syn_resets(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile, ack_range_checked=False).close().forget()
    lab.arrives(". 301:301(0) ack 50 win 9", ". 301:301(0) ack 5000 win 9")
    return lab.sent()


@switch(
    "duplicate_syn_draws_synack",
    False,
    default=["S. 100:100(0) ack 301 win 1000"],
    flipped=[". 101:101(0) ack 301 win 1000"],
)
def duplicate_syn_draws_synack(profile: Profile) -> object:
    return at(State.SYN_RECV, profile).arrives("S 300:300(0) win 1000").sent()


@switch("user_timer_everywhere", True, default=["LISTEN", "FIN_WAIT_2"], flipped=["CLOSED", "CLOSED"])
def user_timer_everywhere(profile: Profile) -> object:
    states = (State.LISTEN, State.FIN_WAIT_2)
    return [at(state, profile).advance("300s").state.name for state in states]


@switch("passive_open_survives", False, default=["LISTEN", "LISTEN"], flipped=["CLOSED", "CLOSED"])
def passive_open_survives(profile: Profile) -> object:
    user: dict[str, Any] = {"user_timeout": 30 * SECOND, "user_timer_everywhere": False}
    r2: dict[str, Any] = {"user_timeout": None}
    return [at(State.SYN_RECV, profile, **how).advance("250s").state.name for how in (user, r2)]


@switch("rst_told_while_closing", False, default=[1, 1], flipped=[0, 0])
def rst_told_while_closing(profile: Profile) -> object:
    states = (State.CLOSING, State.LAST_ACK)
    return [len(at(state, profile).arrives("R 302:302(0) win 0").signals()) for state in states]


@switch("send_after_queued_close", True, default=Code.CLOSING, flipped=5)
def send_after_queued_close(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile).send(3).close()
    if not profile.send_after_queued_close:
        return lab.error(lambda: lab.send(2))
    return lab.send(2).tcb.snd_buf.size


@switch("reopen_time_wait", "may2", default="TIME_WAIT", flipped="SYN_RECV")
def reopen_time_wait(profile: Profile) -> object:
    return at(State.TIME_WAIT, profile).arrives("S 900:900(0) win 1000").state.name


@switch(
    "crossed_syn_repeats_synack",
    False,
    default=["S. 100:100(0) ack 301 win 1000"],
    flipped=["S 100:100(0) win 1000"],
)
def crossed_syn_repeats_synack(profile: Profile) -> object:
    passive = at(State.SYN_RECV, profile).advance("1s")
    assert passive.sent() == ["S. 100:100(0) ack 301 win 1000"]
    return at(State.SYN_RECV, profile, origin="active").advance("1s").sent()


@switch("ack_left_of_window", True, default=["CLOSING", "LAST_ACK"], flipped=["TIME_WAIT", "CLOSED"])
def ack_left_of_window(profile: Profile) -> object:
    fin = "F. 301:301(0) ack 102 win 1000"
    return [at(state, profile).arrives(fin).state.name for state in (State.CLOSING, State.LAST_ACK)]


@switch("data_on_syn", True, default=["S 100:100(0) win 1000"], flipped=["S 100:103(3) win 1000"])
def data_on_syn(profile: Profile) -> object:
    return at(State.LISTEN, profile).send(3).sent()


# -- time


@switch("msl", SECOND, default="TIME_WAIT", flipped="CLOSED")
def msl(profile: Profile) -> object:
    return at(State.TIME_WAIT, profile).advance("2s").state.name


def sent_within(lab: Lab, time: str) -> int:
    return len(lab.advance(time).sent())


@switch("rto_initial", 2 * SECOND, default=1, flipped=0)
def rto_initial(profile: Profile) -> object:
    return sent_within(at(State.SYN_SENT, profile), "1s")


def measured(profile: Profile, after: str) -> Lab:
    """Data is out after a handshake whose round trip took ``after``."""
    lab = Lab(profile).open_passive().arrives("S 300:300(0) win 1000").advance(after)
    return lab.arrives(". 301:301(0) ack 101 win 1000").send(1).forget()


@switch("rto_min", SECOND // 10, default=0, flipped=1)
def rto_min(profile: Profile) -> object:
    return sent_within(measured(profile, "50ms"), "200ms")


@switch("rto_max", 2 * SECOND, default=4, flipped=10)
def rto_max(profile: Profile) -> object:
    return sent_within(at(State.SYN_SENT, profile), "20s")


@switch("rto_after_syn_loss", 9 * SECOND, default="rtx at 3 s", flipped="rtx at 9 s")
def rto_after_syn_loss(profile: Profile) -> object:
    lab = measured(profile, "1.5s")
    began = lab.now
    assert lab.expire() == "rtx"
    return f"rtx at {(lab.now - began) // SECOND} s"


@switch("granularity", 5 * SECOND, default=1, flipped=5)
def granularity(profile: Profile) -> object:
    lab = measured(profile, "1ns")
    began = lab.now
    lab.expire()
    return (lab.now - began) // SECOND


@switch("r1", 1, default=0, flipped=1)
def r1(profile: Profile) -> object:
    return len(at(State.SYN_SENT, profile).advance("1s").signals())


@switch("r2", 10 * SECOND, default="ESTABLISHED", flipped="CLOSED")
def r2(profile: Profile) -> object:
    return at(State.ESTABLISHED, profile, outstanding=1).advance("30s").state.name


@switch("r2_syn", 10 * SECOND, default="SYN_SENT", flipped="CLOSED")
def r2_syn(profile: Profile) -> object:
    return at(State.SYN_SENT, profile).advance("30s").state.name


@switch("r2_count", 1, default="SYN_SENT", flipped="CLOSED")
def r2_count(profile: Profile) -> object:
    return at(State.SYN_SENT, profile).advance("3s").state.name


@switch("user_timeout", 10 * SECOND, default="ESTABLISHED", flipped="CLOSED")
def user_timeout(profile: Profile) -> object:
    return at(State.ESTABLISHED, profile, outstanding=1).advance("10s").state.name


@switch("ack_delay", 0, default=(0, 1), flipped=(1, 1))
def ack_delay(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, ack_delay=profile.ack_delay)
    at_once = len(lab.arrives("P. 301:302(1) ack 101 win 1000").sent())
    return at_once, at_once + len(lab.advance("200ms").sent())


@switch("sws_override", 900_000_000, default=1, flipped=0)
def sws_override(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile).arrives(". 301:301(0) ack 101 win 100").send(200).forget()
    return sent_within(lab, "500ms")


# -- sizes


@switch("rcv_buf", 700, default=65_535, flipped=700)
def rcv_buf(profile: Profile) -> object:
    (syn,) = Lab(profile, rcv_buf=profile.rcv_buf).open_active().segments()
    return syn.wnd


@switch("snd_buf", 7, default=100, flipped=7)
def snd_buf(profile: Profile) -> object:
    return at(State.SYN_SENT, profile).send(100).tcb.snd_buf.size


def announced(profile: Profile) -> tuple[object, ...]:
    (syn,) = Lab(profile, mss_option=profile.mss_option).open_active().segments()
    return syn.options


@switch("mss", 500, default=(("mss", 1460),), flipped=(("mss", 500),))
def mss(profile: Profile) -> object:
    return announced(profile)


@switch("mss_option", False, default=(("mss", 1460),), flipped=())
def mss_option(profile: Profile) -> object:
    return announced(profile)


@switch("mss_default", 100, default=[250], flipped=[100, 100, 50])
def mss_default(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, nagle=False).send(250)
    return [len(seg.data) for seg in lab.segments()]


@switch("nagle", False, default=1, flipped=2)
def nagle(profile: Profile) -> object:
    return len(at(State.ESTABLISHED, profile).send(1).send(1).sent())


@switch("max_held", 1, default=2, flipped=1)
def max_held(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile)
    lab.arrives("P. 310:311(1) ack 101 win 1000", "P. 320:321(1) ack 101 win 1000")
    return len(lab.tcb.rcv_buf.early)
