"""What the habits of real stacks look like; see ``switches``."""

from __future__ import annotations

from tcpsim.tcp import Code, Profile, State
from tests.conformance.switches import at, switch
from tests.helpers.lab import SECOND, Lab

MS = SECOND // 1000
EVERYTHING = {"mss_option": True, "window_scale": 7, "sack": True, "timestamps": True}


@switch(
    "syn_options",
    ("mss", "sackOK", "TS", "wscale"),
    default="<mss 1460,wscale 7,sackOK,TS val 0 ecr 0>",
    flipped="<mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 7>",
)
def syn_options(profile: Profile) -> object:
    (syn,) = Lab(profile, **EVERYTHING).open_active().sent()
    return syn[syn.index("<") :]


def repeated_at(profile: Profile, seconds: int) -> list[float]:
    """When SYNs are sent again, s."""
    lab = Lab(profile).open_active().forget()
    times = []
    while lab.now < seconds * SECOND and lab.expire() == "rtx":
        times.append(lab.now / SECOND)
    return times[:-1]


@switch("syn_linear", 2, default=[1, 3, 7, 15], flipped=[1, 2, 3, 5, 9, 17])
def syn_linear(profile: Profile) -> object:
    return repeated_at(profile, 20)


@switch("rto_slop", 200 * MS, default=[1, 3, 7, 15], flipped=[1, 3.2, 7.4, 15.6])
def rto_slop(profile: Profile) -> object:
    return repeated_at(profile, 20)


@switch("quick_acks", 2, default=[0, 1, 0, 1], flipped=[1, 1, 0, 1])
def quick_acks(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, ack_delay=SECOND)
    return [len(lab.arrives(f"P. {n}:{n + 1}(1) ack 101 win 1000").sent()) for n in range(301, 305)]


@switch("minshall", True, default=[536, 0], flipped=[536, 64])
def minshall(profile: Profile) -> object:
    """A segment's worth and a little more: the rest follows at once if nothing small is out."""
    lab = at(State.ESTABLISHED, profile).send(600)
    lengths = [len(seg.data) for seg in lab.segments()]
    assert not lab.send(10).segments()
    return [*lengths, 0][:2]


@switch("probe_octet", False, default=". 101:102(1) ack 301", flipped=". 100:100(0) ack 301")
def probe_octet(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, probe_advances_snd_nxt=False)
    lab.arrives(". 301:301(0) ack 101 win 0").send(5).forget()
    assert lab.expire() == "persist"
    return lab.sent()[0].partition(" win")[0].replace("P", "")


@switch("window_rounded", True, default=65_535, flipped=64_240)
def window_rounded(profile: Profile) -> object:
    (syn,) = Lab(profile, rcv_buf=65_536).open_active().segments()
    return syn.wnd


@switch("rst_at_right_edge", True, default=[], flipped=[". 101:101(0) ack 301 win 1000"])
def rst_at_right_edge(profile: Profile) -> object:
    assert not at(State.ESTABLISHED, profile).arrives("R 1302:1302(0) win 0").sent()
    return at(State.ESTABLISHED, profile).arrives("R 1301:1301(0) win 0").sent()


@switch("empty_at_right_edge", True, default=1, flipped=0)
def empty_at_right_edge(profile: Profile) -> object:
    assert at(State.ESTABLISHED, profile).arrives(". 1302:1302(0) ack 101 win 1000").sent()
    return len(at(State.ESTABLISHED, profile).arrives(". 1301:1301(0) ack 101 win 1000").sent())


@switch("rst_at_fin", True, default=["ESTABLISHED", "CLOSE_WAIT"], flipped=["ESTABLISHED", "CLOSED"])
def rst_at_fin(profile: Profile) -> object:
    """Before the peer's FIN it is as any other outside the window."""
    states = [at(State.ESTABLISHED, profile).arrives("R 300:300(0) win 0").state.name]
    lab = at(State.CLOSE_WAIT, profile)
    number = (lab.tcb.rcv_nxt - 1) % 2**32
    return [*states, lab.arrives(f"R {number}:{number}(0) win 0").state.name]


@switch("ack_bit_first", True, default=[1, 0], flipped=[0, 0])
def ack_bit_first(profile: Profile) -> object:
    numbers = (300, 301)
    return [len(at(State.ESTABLISHED, profile).arrives(f"F {n}:{n}(0) win 1000").sent()) for n in numbers]


@switch("second_fin_answered", False, default=1, flipped=0)
def second_fin_answered(profile: Profile) -> object:
    lab = at(State.CLOSE_WAIT, profile)
    n = lab.tcb.rcv_nxt
    return len(lab.arrives(f"F. {n}:{n}(0) ack 101 win 1000").sent())


@switch("icmp_soft_ends_open", True, default="SYN_SENT", flipped="CLOSED")
def icmp_soft_ends_open(profile: Profile) -> object:
    lab = at(State.SYN_SENT, profile)
    assert lab.conn.icmp_arrives(lab.now, "host-unreachable", lab.tcb.snd_una)
    return lab.state.name


@switch("time_wait_plain", True, default=[0, 1, 1, 0], flipped=[1, 0, 0, 0])
def time_wait_plain(profile: Profile) -> object:
    """Data; an ACK of what was never sent; a RST in the window; a bare ACK."""
    profile = profile.but(time_wait_answers_acks=False)
    segments = ("P. {0}:{1}(1) ack 102", ". {0}:{0}(0) ack 500", "R {1}:{1}(0)", ". {0}:{0}(0) ack 102")
    answers = []
    for text in segments:
        lab = at(State.TIME_WAIT, profile)
        n = lab.tcb.rcv_nxt
        answers.append(len(lab.arrives(text.format(n, n + 1) + " win 1000").sent()))
    return answers


@switch("reset_carries_ack", True, default="R 101:101(0) win 0", flipped="R. 101:101(0) ack 301 win 1000")
def reset_carries_ack(profile: Profile) -> object:
    (reset,) = at(State.ESTABLISHED, profile).abort().sent()
    return reset if reset.startswith("R.") else "R 101:101(0) win 0"


@switch("timeout_resets", True, default=False, flipped=True)
def timeout_resets(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, outstanding=1, user_timeout=None).advance("200s")
    assert lab.state is State.CLOSED
    return any("R" in line.split()[0] for line in lab.sent())


@switch("bad_ack_hastens_syn", 10 * MS, default=1, flipped=2)
def bad_ack_hastens_syn(profile: Profile) -> object:
    lab = Lab(profile).open_active().forget().arrives(". 300:300(0) ack 5000 win 1000")
    return len(lab.advance("10ms").sent())


@switch("half_open_apart", True, default=[[], ["ESTABLISHED"]], flipped=[["R. 0:0(0) ack 303 win 0"], ["SYN_RECV"]])
def half_open_apart(profile: Profile) -> object:
    profile = profile.but(synack_completes_simultaneous_open=True)
    lab = at(State.SYN_RECV, profile)
    other = lab.arrives("S 302:302(0) win 1000").sent()
    crossed = at(State.SYN_RECV, profile).arrives("S. 300:300(0) ack 101 win 1000")
    return [other, [crossed.state.name]]


@switch("crossed_rst_refuses", False, default=Code.REFUSED, flipped=Code.RESET)
def crossed_rst_refuses(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile, origin="active").arrives("R 301:301(0) win 0").forget()
    return lab.error(lab.status)


@switch("listen_resets_synacks", False, default=["R 5:5(0) win 0"], flipped=[])
def listen_resets_synacks(profile: Profile) -> object:
    assert at(State.LISTEN, profile).arrives(". 300:300(0) ack 5 win 1000").sent()
    return at(State.LISTEN, profile).arrives("S. 300:300(0) ack 5 win 1000").sent()


@switch("syn_fin_opens", False, default="SYN_RECV", flipped="LISTEN")
def syn_fin_opens(profile: Profile) -> object:
    return at(State.LISTEN, profile).arrives("SF 300:300(0) win 1000").state.name


@switch("syn_text_taken", False, default=[5, 5], flipped=[0, 0])
def syn_text_taken(profile: Profile) -> object:
    passive = at(State.LISTEN, profile).arrives("S 300:305(5) win 1000")
    passive.arrives(". 301:301(0) ack 101 win 1000")
    active = at(State.SYN_SENT, profile).arrives("S. 300:305(5) ack 101 win 1000")
    return [
        sum(map(len, (lab.tcb.rcv_buf.peek(), *dict(lab.tcb.rcv_buf.early).values()))) for lab in (passive, active)
    ]


@switch("fin_at_zero_window", True, default="ESTABLISHED", flipped="CLOSE_WAIT")
def fin_at_zero_window(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile).arrives("P. 301:1301(1000) ack 101 win 1000")
    return lab.arrives("F. 1301:1301(0) ack 101 win 1000").state.name


@switch("fin_answers_fin", True, default=". 102:102(0) ack 302", flipped="F. 101:101(0) ack 302")
def fin_answers_fin(profile: Profile) -> object:
    (answer,) = at(State.FIN_WAIT_1, profile).arrives("F. 301:301(0) ack 101 win 1000").sent()
    return answer.partition(" win")[0]


@switch("time_wait_needs_ack", True, default=1, flipped=0)
def time_wait_needs_ack(profile: Profile) -> object:
    return len(at(State.TIME_WAIT, profile).arrives("F 301:301(0) win 1000").sent())
