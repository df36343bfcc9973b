"""What the switches of loss recovery and congestion control do; see ``switches``."""

from __future__ import annotations

from typing import Any

from tcpsim.tcp import Profile, State
from tcpsim.tcp.congestion import UNLIMITED
from tests.conformance.switches import at, switch
from tests.helpers.lab import Lab
from tests.recovery.path import Path, numbers


def path(profile: Profile, *switches: str, lose: str = "", **options: Any) -> Path:
    """A path on which the ``switches`` named are the profile's, and the others plain."""
    return Path(lose, profile=profile, **{name: getattr(profile, name) for name in switches}, **options)


@switch("congestion", "cubic", default=4, flipped=5.6)
def congestion(profile: Profile) -> object:
    return path(profile, lose="5", sack=True).give(14).run(until=200).tcb.ssthresh / 1000


@switch("initial_window", 10, default=4, flipped=10)
def initial_window(profile: Profile) -> object:
    return len(path(profile).give(20).sent)


@switch("hystart", "both", default=False, flipped=True)
def hystart(profile: Profile) -> object:
    """Whether slow start ends while ACKs come 1 ms apart for longer than half of the round trip of 20 ms."""
    lab = Lab(profile, mss=100, initial_window=20).open_passive().arrives("S 300:300(0) win 9000")
    lab.arrives(". 301:301(0) ack 101 win 9000").send(2000).advance("20ms")
    for segment in range(1, 13):
        lab.arrives(f". 301:301(0) ack {101 + 100 * segment} win 9000").advance("1ms")
    return lab.tcb.ssthresh < UNLIMITED


@switch("idle_restart", False, default=4, flipped=14)
def idle_restart(profile: Profile) -> object:
    idle = path(profile).give(10).run(until=3000)
    before = len(idle.sent)
    return len(idle.give(20).sent) - before


@switch("cwnd_validation", False, default=4, flipped=7)
def cwnd_validation(profile: Profile) -> object:
    one_by_one = path(profile)
    for ms in (100, 200, 300):
        one_by_one.give(1).run(until=ms)
    return one_by_one.tcb.cwnd / 1000


@switch("limited_transmit", False, default=["13", "14", "5!"], flipped=["-", "-", "5!"])
def limited_transmit(profile: Profile) -> object:
    """What leaves with each of three duplicate ACKs."""
    rows = path(profile, "limited_transmit", lose="5").give(14).run(until=200).rows
    place = next(n for n, row in enumerate(rows) if "5!" in row)
    return numbers(rows[place - 2 : place + 1])


@switch("fast_retransmit", False, default=True, flipped=False)
def fast_retransmit(profile: Profile) -> object:
    """Whether the third duplicate ACK repeats the segment that is missing."""
    rows = path(profile, "fast_retransmit", lose="5").give(14).run(until=200).rows
    return any("5!" in row for row in rows)


@switch("sack", True, default=[".", "."], flipped=["<sackOK>", "<nop,nop,sack 501:601>"])
def sack(profile: Profile) -> object:
    lab = Lab(profile).open_passive().arrives("S 300:300(0) win 1000 <sackOK>")
    (answer,) = lab.sent()
    lab.arrives(". 301:301(0) ack 101 win 1000").forget()
    (ack,) = lab.arrives("P. 501:601(100) ack 101 win 1000").sent()
    return [line.partition(" win 1000")[2].strip() or "." for line in (answer, ack)]


@switch("dsack", False, default="<nop,nop,sack 301:401 501:601>", flipped="<nop,nop,sack 501:601>")
def dsack(profile: Profile) -> object:
    lab = Lab(profile, sack=True).open_passive().arrives("S 300:300(0) win 1000 <sackOK>")
    lab.arrives(". 301:301(0) ack 101 win 1000", "P. 301:401(100) ack 101 win 1000")
    lab.arrives("P. 501:601(100) ack 101 win 1000").forget()
    (ack,) = lab.arrives("P. 301:401(100) ack 101 win 1000").sent()
    return ack[ack.index("<") :]


@switch("prr", True, default=["5!", "-", "-", "-", "-", "-"], flipped=["5!", "-", "-", "21", "-", "22"])
def prr(profile: Profile) -> object:
    """Without it half a window of ACKs goes by before anything leaves; with it one segment for two that arrive."""
    rows = path(profile, "prr", lose="5", sack=True, initial_window=12).give(24).run(until=250).rows
    place = next(n for n, row in enumerate(rows) if "5!" in row)
    return numbers(rows[place : place + 6])


@switch("ecn", "offer", default=["S", "S."], flipped=["SEW", "S.E"])
def ecn(profile: Profile) -> object:
    (syn,) = Lab(profile).open_active().sent()
    (answer,) = Lab(profile).open_passive().arrives("SEW 300:300(0) win 1000").sent()
    return [line.partition(" ")[0] for line in (syn, answer)]


# -- by time (RFC 8985)


@switch("cut_from_cwnd", True, default=2, flipped=5)
def cut_from_cwnd(profile: Profile) -> object:
    return path(profile, "cut_from_cwnd", initial_window=10, lose="1").give(1).run(until=1500).tcb.ssthresh / 1000


def late_acks(profile: Profile, *arrivals: str, **switches: Any) -> tuple[list[str], list[int]]:
    """Four segments of ten time out; what leaves with each ACK that comes late, and then cwnd and ssthresh."""
    plain = {"mss_option": True, "rto_min": 1_000_000_000, "limited_transmit": False, "ack_range_checked": False}
    lab = at(State.ESTABLISHED, profile, **plain | switches)
    lab.arrives(". 301:301(0) ack 101 win 20000").send(5360).forget()
    assert lab.expire() == "rtx"
    assert [line.split()[1] for line in lab.sent()] == ["101:637(536)"]
    left = []
    for arrival in arrivals:
        lab.forget().arrives(f". 301:301(0) ack {arrival} win 20000")
        left.append(" ".join(line.split()[1].partition(":")[0] for line in lab.sent()))
    return left, [lab.tcb.cwnd // 536, min(lab.tcb.ssthresh // 536, 99)]


@switch("frto", True, default=(["637 1173", "1709"], [2, 2]), flipped=(["2245 2781", "3317"], [5, 99]))
def frto(profile: Profile) -> object:
    """The ACKs of the four segments come late: 637, and 1173."""
    return late_acks(profile, "637", "1173")


@switch("rack", True, default=[], flipped=[(127, 2, True)])
def rack(profile: Profile) -> object:
    """Two segments have come behind the one that is missing: too few duplicate ACKs, but time tells."""
    return path(profile, "rack", sack=True, lose="2").give(4).run(until=400).sent[4:]


@switch("timer_slack", 0, default=[(127, 2, True)], flipped=[(125, 2, True)])
def timer_slack(profile: Profile) -> object:
    return path(profile, "timer_slack", sack=True, rack=True, lose="2").give(4).run(until=400).sent[4:]


@switch("tlp", True, default=[], flipped=[(500, 4, True)])
def tlp(profile: Profile) -> object:
    """The last segment is lost: no ACK tells of it."""
    return path(profile, "tlp", sack=True, rack=True, lose="4").give(4).run(until=600).sent[4:]


@switch("tlp_ack_delay", 0, default=[(500, 4, True)], flipped=[(300, 4, True)])
def tlp_ack_delay(profile: Profile) -> object:
    return path(profile, "tlp_ack_delay", sack=True, rack=True, tlp=True, lose="4").give(4).run(until=600).sent[4:]


@switch("prr_safe_acks", True, default="1! 2!", flipped="1!")
def prr_safe_acks(profile: Profile) -> object:
    """Four of ten are lost: what leaves with the third duplicate ACK, when three are on the way and ssthresh is 5."""
    lost = path(profile, "prr_safe_acks", sack=True, prr=True, initial_window=10, lose="1 2 3 4")
    return numbers(lost.give(20).run(until=400).rows)[3]
