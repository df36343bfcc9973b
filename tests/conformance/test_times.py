"""When timers run out, to the nanosecond, against times computed by hand (RFC 6298, RFC 9293 3.8).

Every table was written with pencil and paper from the formulas beside it, in ms unless it says otherwise.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tcpsim.tcp import Do, State
from tests.helpers.lab import SECOND, Lab, reach

MS: Final = 1_000_000
SHIFTS = [(0, 0), (-102 % 2**32, -302 % 2**32)]


@pytest.fixture(params=SHIFTS, ids=["plain", "wrap"], autouse=True)
def _numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "shift", request.param)


# -- RTO: SRTT = R, RTTVAR = R/2; then RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|, SRTT = 7/8 SRTT + 1/8 R;
#    RTO = SRTT + max(G, 4 RTTVAR), at least 1000, at most 60000

#: (round trip, SRTT, RTTVAR, RTO) one after the other, in us.
ESTIMATES: Final = {
    "steady": [
        (400_000, 400_000, 200_000, 1_200_000),
        (400_000, 400_000, 150_000, 1_000_000),  # 400 + 600 = 1000
        (400_000, 400_000, 112_500, 1_000_000),  # 850, under the floor
    ],
    "rising": [
        (800_000, 800_000, 400_000, 2_400_000),
        (1_600_000, 900_000, 500_000, 2_900_000),  # 3/4 400 + 1/4 800; 700 + 200
        (3_200_000, 1_187_500, 950_000, 4_987_500),  # 375 + 575; 787.5 + 400
    ],
    "falling": [
        (2_000_000, 2_000_000, 1_000_000, 6_000_000),
        (400_000, 1_800_000, 1_150_000, 6_400_000),  # 750 + 400; 1750 + 50
        (200_000, 1_600_000, 1_262_500, 6_650_000),  # 862.5 + 400; 1575 + 25
        (200_000, 1_425_000, 1_296_875, 6_612_500),  # 946.875 + 350; 1400 + 25
    ],
    "fast": [(1_000, 1_000, 500, 1_000_000), (9_000, 2_000, 2_375, 1_000_000)],
    "slow": [(40_000_000, 40_000_000, 20_000_000, 60_000_000)],  # 120 s, over the cap
}


@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("stamps", [False, True], ids=["karn", "timestamps"])
def test_round_trips_make_the_rto(name: str, stamps: bool) -> None:
    """The first sample is the handshake's; each later one that of one octet."""
    options: dict[str, Any] = {"timestamps": True, "peer_options": "TS"} if stamps else {}
    (first, *_), *_ = ESTIMATES[name]
    lab = Lab(**options, user_timeout=None, r2=None, r2_syn=None).open_active()
    lab.now += first * 1000
    stamp = " <TS val 1000 ecr 0>" if stamps else ""
    lab.arrives(f"S. 300:300(0) ack 101 win 1000{stamp}").forget()
    check(lab, *ESTIMATES[name][0][1:])
    at = 101
    for trip, *after in ESTIMATES[name][1:]:
        sent = lab.now // MS
        lab.send(1).forget()
        lab.now += trip * 1000
        at += 1
        stamp = f" <TS val {1000 + lab.now // MS} ecr {sent}>" if stamps else ""
        lab.arrives(f". 301:301(0) ack {at} win 1000{stamp}")
        check(lab, *after)


def check(lab: Lab, srtt: int, rttvar: int, rto: int) -> None:
    assert (lab.tcb.srtt, lab.tcb.rttvar, lab.tcb.rto) == (srtt * 1000, rttvar * 1000, rto * 1000)


#: The initial RTO 1000 doubles to the cap of 60000; R2 is 100 s after the first sending, and looked at by the timer.
BACKED_OFF: Final = [1, 3, 7, 15, 31, 63]
GIVEN_UP: Final = 123


def test_backing_off_and_giving_up() -> None:
    lab = reach(State.ESTABLISHED, outstanding=10, user_timeout=None)
    assert [(lab.expire(), lab.now) for _ in BACKED_OFF] == [("rtx", s * SECOND) for s in BACKED_OFF]
    assert lab.signals() == [Do.SIGNAL_R1]  # with the third
    assert (lab.expire(), lab.now, lab.state) == ("rtx", GIVEN_UP * SECOND, State.CLOSED)


def test_a_syn_is_given_up_after_more_than_three_minutes() -> None:
    lab = Lab(user_timeout=None).open_active()
    times = []
    while lab.state is State.SYN_SENT:
        lab.expire()
        times.append(lab.now // SECOND)
    assert times == [1, 3, 7, 15, 31, 63, 123, 183, 243]


# -- persist: the first probe one RTO after the window has closed; intervals double up to a minute


def test_probes() -> None:
    lab = reach(State.ESTABLISHED).advance("500ms").arrives(". 301:301(0) ack 101 win 0").send(10).forget()
    begun = lab.now
    times = []
    for _ in range(9):
        assert lab.expire() == "persist"
        times.append((lab.now - begun) // MS)
        lab.arrives(". 301:301(0) ack 101 win 0")
    assert times == [1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000, 243_000]


def test_probes_after_a_measured_round_trip() -> None:
    """RTO 2400 (round trip 800): 2.4 s, then 4.8, 9.6, 19.2, 38.4 and 60 more."""
    lab = Lab(user_timeout=None).open_active()
    lab.now += 800 * MS
    lab.arrives("S. 300:300(0) ack 101 win 0").send(10).forget()
    begun = lab.now
    times = []
    for _ in range(6):
        assert lab.expire() == "persist"
        times.append((lab.now - begun) // MS)
        lab.arrives(". 301:301(0) ack 101 win 0")
    assert times == [2400, 7200, 16_800, 36_000, 74_400, 134_400]


# -- delayed ACK: 200 after the first of two; the second goes at once; out of order at once

#: (at, segment, what is sent then); and what goes out later by itself.
ARRIVALS: Final = [
    (0, "P. 301:302(1)", []),
    (200, None, [302]),
    (1000, "P. 302:303(1)", []),
    (1050, "P. 303:304(1)", [304]),
    (1250, None, []),
    (2000, "P. 304:305(1)", []),
    (2100, "P. 306:307(1)", [305]),
    (2150, "P. 305:306(1)", [307]),
    (2199, "P. 307:308(1)", []),
    (2399, None, [308]),
]


def test_delayed_acks() -> None:
    lab = reach(State.ESTABLISHED, ack_delay=200 * MS)
    for at, segment, acks in ARRIVALS:
        before = lab.advance((at * MS - lab.now - (segment is None)) / SECOND).segments()
        assert before == [], at
        if segment is None:
            lab.advance("1ns")
            assert lab.now == at * MS
        else:
            lab.arrives(f"{segment} ack 101 win 1000")
        assert [(seg.ack, len(seg.data)) for seg in lab.segments()] == [(ack, 0) for ack in acks], at


# -- keep-alive: 7200 s idle, then every 75 s, nine probes, and 75 s later the end


def test_keepalive_with_its_usual_times() -> None:
    lab = reach(State.ESTABLISHED).configure(keepalive=True)
    times = []
    while lab.state is State.ESTABLISHED:
        assert lab.expire() == "keepalive"
        times.append(lab.now // SECOND)
    assert times == [7200, 7275, 7350, 7425, 7500, 7575, 7650, 7725, 7800, 7875]
    assert len(lab.sent()) == 9


def test_keepalive_begins_anew_with_whatever_is_heard() -> None:
    lab = reach(State.ESTABLISHED).configure(keepalive=(60 * SECOND, 10 * SECOND, 3))
    lab.advance("25s").arrives("P. 301:302(1) ack 101 win 1000").forget()  # next: 85
    assert (lab.expire(), lab.now // SECOND) == ("keepalive", 85)
    assert (lab.expire(), lab.now // SECOND) == ("keepalive", 95)
    lab.arrives(". 302:302(0) ack 101 win 1000")  # next: 155
    assert [(lab.expire(), lab.now // SECOND) for _ in range(4)] == [("keepalive", s) for s in (155, 165, 175, 185)]
    assert lab.state is State.CLOSED


# -- TIME-WAIT: 2MSL = 240 s from entering, and from every FIN that comes again


@pytest.mark.parametrize(("fins", "end"), [((), 240), ((1,), 241), ((1, 100, 239), 479), ((239, 478, 717), 957)])
def test_time_wait(fins: tuple[int, ...], end: int) -> None:
    lab = reach(State.TIME_WAIT)
    for at in fins:
        lab.advance(at - lab.now / SECOND).arrives("F. 301:301(0) ack 102 win 1000")
        assert len(lab.sent()) == 1
    lab.advance(end - lab.now / SECOND - 1).advance("999.999999ms")
    assert (lab.state, lab.now) == (State.TIME_WAIT, end * SECOND - 1)
    assert (lab.advance("1ns").state, lab.sent()) == (State.CLOSED, [])


def test_two_msl_follow_the_profile() -> None:
    lab = reach(State.TIME_WAIT, msl=30 * SECOND)
    assert (lab.expire(), lab.now) == ("time_wait", 60 * SECOND)
