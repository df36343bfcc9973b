"""The profiles of real stacks: every habit is told and shows, and ``linux`` does what Linux was seen to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.linux import PROBES
from tcpsim.profiles import FREEBSD, LINUX, PROFILES, RFC9293
from tcpsim.tcp import Connection, Profile, State
from tcpsim.tcp.habits import HABITS, NOT_MODELLED
from tests.conformance import switches_habits
from tests.conformance.all_switches import SWITCHES
from tests.helpers.lab import HERE, SECOND, THERE, Lab, reach

MEASURED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "benchmarks" / "linux.json").read_text(encoding="utf-8")
)
MS = SECOND // 1000
ALL_OPTIONS = "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>"


# -- the data


@pytest.mark.parametrize("profile", [LINUX, FREEBSD], ids=lambda profile: profile.name)
def test_every_difference_is_a_habit_with_a_source(profile: Profile) -> None:
    told = [habit.switch for habit in HABITS if profile.name in habit.stacks]
    differing = [
        name for name in Profile._fields if name != "name" and getattr(profile, name) != getattr(RFC9293, name)
    ]
    assert sorted(told) == sorted(differing)


def test_what_is_called_measured_was_measured() -> None:
    probes = {probe.__name__ for probe in PROBES}
    assert probes == MEASURED.keys() - {"kernel"}
    named = {habit.source for habit in HABITS if habit.certainty == "measured"} | {name for name, _ in NOT_MODELLED}
    assert named <= probes
    assert not any("failed" in figures for name, figures in MEASURED.items() if name != "kernel")
    assert all(habit.stacks == ("linux",) for habit in HABITS if habit.certainty == "measured")


def test_what_is_called_played_has_its_script() -> None:
    scripts = Path(__file__).parents[1] / "packetdrill" / "scripts"
    played = [habit for habit in HABITS if habit.certainty == "played"]
    assert played
    assert all(habit.source.startswith(f"{habit.stacks[0]}/") for habit in played)
    assert all((scripts / f"{habit.source}.pkt").is_file() for habit in played)


@pytest.mark.parametrize(("stack", "switch"), [(stack, habit.switch) for habit in HABITS for stack in habit.stacks])
def test_each_habit_shows(stack: str, switch: str) -> None:
    """The scene of the switch looks other with the stack's value than with rfc9293's."""
    show = SCENES.get(switch, SWITCHES[switch].show)
    assert show(RFC9293.but(**{switch: getattr(PROFILES[stack], switch)})) != show(RFC9293)


def left(profile: Profile, *times: str, state: State = State.ESTABLISHED, **switches: Any) -> list[str]:
    """The state of a connection that hears nothing any more, at these times."""
    begun = {"outstanding": 1} if state is State.ESTABLISHED else {}
    return [reach(state, profile, **begun, **switches).advance(time).state.name for time in times]


def syns(profile: Profile) -> list[float]:
    return switches_habits.repeated_at(profile.but(r2_syn=None), 300)


def ack_after_50_ms(profile: Profile) -> int:
    lab = reach(State.ESTABLISHED, profile, ack_delay=profile.ack_delay).arrives("P. 301:302(1) ack 101 win 1000")
    return len(lab.forget().advance("50ms").sent())


def keepalive_probes(profile: Profile) -> int:
    lab = reach(State.ESTABLISHED, profile)
    lab.conn.tcb.keepalive = (SECOND, SECOND, profile.keepalive_probes)
    lab.arrives(". 301:301(0) ack 101 win 1000").forget()
    return len(lab.advance("30s").sent())


#: Scenes for values too near to each other for those in ``switches``.
SCENES: dict[str, Any] = {
    "msl": lambda profile: reach(State.TIME_WAIT, profile).advance("61s").state.name,
    "rto_max": syns,
    "r2_syn": lambda profile: left(profile, "130s", "200s", state=State.SYN_SENT),
    "r2": lambda profile: left(profile, "150s", user_timeout=None),
    "r2_count": lambda profile: left(profile, "150s", user_timeout=None),
    "user_timeout": lambda profile: left(profile, "301s", r2=None),
    "ack_delay": ack_after_50_ms,
    "keepalive_probes": keepalive_probes,
    "rcv_buf": lambda profile: Lab(profile, rcv_buf=profile.rcv_buf).open_passive().tcb.rcv_wnd,
    "snd_buf": lambda profile: reach(State.SYN_SENT, profile).send(100_000).tcb.snd_buf.size,
}


# -- Linux, as it was measured


def seen(probe: str, what: str) -> Any:
    return MEASURED[probe][what]


def linux(**switches: Any) -> Connection:
    return Connection(HERE, THERE, profile=LINUX.but(**switches), iss=100)


def accepted(syn: str = "<mss 1460>") -> Lab:
    """A connection of ``linux`` that the peer, at 300, has opened."""
    plain = {name: getattr(LINUX, name) for name in ("rcv_buf", "ack_delay", "mss_option")}
    lab = Lab(LINUX, **plain).open_passive().arrives(f"S 300:300(0) win 65535 {syn}")
    return lab.arrives(". 301:301(0) ack 101 win 65535").forget()


def close_to(measured: list[float], expected: list[float]) -> bool:
    """Whether times agree: a busy machine is late, by what its timers and its load add."""
    return len(measured) == len(expected) and all(
        -0.02 <= seen - want <= 0.15 + want / 12 for seen, want in zip(measured, expected, strict=True)
    )


def test_the_syn_and_its_repetitions() -> None:
    conn = linux()
    conn.open_active(0)
    (syn,) = conn.take_output()
    assert [option[0] for option in syn.options] == seen("syn", "SYN options")
    assert syn.wnd == seen("syn", "SYN window")
    assert ("wscale", seen("syn", "SYN window scale")) in syn.options
    times = []
    while conn.state is State.SYN_SENT:
        due = conn.deadline()
        assert due is not None
        conn.timer_expires(due)
        times += [due / SECOND for seg in conn.take_output()]
    assert close_to(seen("syn", "SYN again after s"), times)


def test_the_synack_and_its_repetitions() -> None:
    lab = Lab(LINUX, rcv_buf=LINUX.rcv_buf, mss_option=True).open_passive()
    (answer,) = lab.arrives(f"S 300:300(0) win 65535 {ALL_OPTIONS}").segments()
    assert [option[0] for option in answer.options] == seen("syn_ack", "SYN,ACK options")
    assert answer.wnd == seen("syn_ack", "SYN,ACK window")
    times = []
    while lab.now < 32 * SECOND and lab.expire() == "rtx":
        times += [lab.now / SECOND for _ in lab.segments()]
    assert close_to(seen("syn_ack", "SYN,ACK again after s"), times[:5])


def test_data_that_nobody_answers() -> None:
    lab = accepted()
    lab.send(1).forget()
    began, times = lab.now, []
    for _ in seen("one_segment_unanswered", "one segment unanswered, no SACK: again after s"):
        assert lab.expire() == "rtx"
        times.append((lab.now - began) / SECOND)
    assert close_to(seen("one_segment_unanswered", "one segment unanswered, no SACK: again after s"), times)


def test_the_first_flight() -> None:
    lab = accepted()
    assert len(lab.send(60_000).segments()) == seen("first_flight", "initial window, segments")


def test_nagle_in_minshalls_form() -> None:
    lab = accepted()
    assert [seg.len for seg in lab.send(1560).segments()] == seen("nagle", "MSS + 100 octets leave as")
    assert [seg.len for seg in lab.send(100).segments()] == seen("nagle", "and 100 more as")


def test_quick_and_delayed_acks() -> None:
    lab = accepted()
    waits = []
    for n in range(24):
        start = lab.now
        first = 301 + 100 * n
        if not lab.arrives(f"P. {first}:{first + 100}(100) ack 101 win 65535").segments():
            assert lab.expire() == "delack"
            assert lab.segments()
        waits.append((lab.now - start) // MS)
    measured = seen("delayed_acks", "ms until an ACK, 24 segments one by one")
    assert [wait > 20 for wait in waits] == [wait > 20 for wait in measured]
    assert all(theirs >= ours - 1 for ours, theirs in zip(waits, measured, strict=True))


#: probe, what, what reaches ``linux`` in ESTABLISHED, our state afterwards.
ANSWERS = [
    ("resets", "RST one below RCV.NXT", "R 300:300(0) win 0"),
    ("resets", "RST in the window", "R 311:311(0) win 0"),
    ("resets", "RST at the window's right edge", "R {edge}:{edge}(0) win 0"),
    ("resets", "RST one beyond", "R {beyond}:{beyond}(0) win 0"),
    ("syn_and_acks_in_established", "SYN in ESTABLISHED", "S 301:301(0) win 65535"),
    ("syn_and_acks_in_established", "ACK of what was never sent", ". 301:301(0) ack 5101 win 65535"),
    ("syn_and_acks_in_established", "old data", "P. 300:301(1) ack 101 win 65535"),
    ("syn_and_acks_in_established", "bare ACK beyond the window", ". 900000:900000(0) ack 101 win 65535"),
]


@pytest.mark.parametrize(("probe", "what", "text"), ANSWERS)
def test_strange_segments_are_answered_alike(probe: str, what: str, text: str) -> None:
    lab = accepted()
    edge = 301 + lab.tcb.rcv_wnd
    answered = bool(lab.arrives(text.format(edge=edge, beyond=edge + 1)).sent())
    assert answered == (not seen(probe, what).startswith("nothing"))
    assert lab.state is State.ESTABLISHED


def test_challenges_are_limited_alike() -> None:
    lab = accepted()
    times, began = [], lab.now
    while lab.now - began < 2 * SECOND:
        times += [(lab.now - began) / SECOND for _ in lab.arrives("R 5000:5000(0) win 0").sent()]
        lab.advance("50ms")
    measured = seen("challenge_rate", "in-window RSTs every 50 ms: challenge ACKs at s")
    assert len(times) == len(measured)
    assert all(abs(ours - theirs) < 0.15 for ours, theirs in zip(times, measured, strict=True))


def test_strange_openings_are_answered_alike() -> None:
    for what, text in {
        "SYN,FIN to LISTEN": "SF 300:300(0) win 65535",
        "SYN,ACK to LISTEN": "S. 300:300(0) ack 5 win 65535",
        "FIN to LISTEN": "F 300:300(0) win 65535",
        "data to LISTEN": "P 300:305(5) win 65535",
    }.items():
        answered = bool(Lab(LINUX).open_passive().arrives(text).sent())
        assert answered == (seen("strange_openings", what) != "nothing"), what
    taken = Lab(LINUX).open_passive().arrives("S 300:305(5) win 65535").arrives(". 301:301(0) ack 101 win 9")
    assert bool(taken.tcb.rcv_buf.size) == seen("strange_openings", "data on the SYN is acknowledged")
    active = Lab(LINUX).open_active().arrives("S. 300:305(5) ack 101 win 65535 <mss 1460>")
    assert active.tcb.rcv_buf.size == seen("data_on_syn_ack", "octets of it readable")


def test_a_bad_ack_hastens_the_syn() -> None:
    lab = Lab(LINUX).open_active().forget().arrives(". 300:300(0) ack 5000 win 1000")
    assert lab.sent() == ["R 5000:5000(0) win 0"]
    assert lab.expire() == "rtx"
    first = seen("bad_ack_in_syn_sent", "the SYN again after s")[0]
    assert lab.now / SECOND <= first < 0.1


def test_closing_takes_as_long() -> None:
    assert abs(2 * LINUX.msl / SECOND - seen("plain_time_wait", "TIME_WAIT lasts s")) < 3
    restarted = seen("restarted_time_wait", "TIME_WAIT with the FIN again after 20 s lasts s")
    lab = reach(State.TIME_WAIT, LINUX).advance("20s").arrives("F. 301:301(0) ack 102 win 1000")
    assert lab.advance("59s").state is State.TIME_WAIT
    assert abs(80 - restarted) < 3
    assert LINUX.fin_wait_2_timeout is not None
    assert abs(LINUX.fin_wait_2_timeout / SECOND - seen("fin_wait_2", "and lasts s")) < 3
    ended = reach(State.TIME_WAIT, LINUX).arrives("R 302:302(0) win 0").state is State.CLOSED
    assert ended == seen("reset_in_time_wait", "RST in TIME_WAIT ends it")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("FIN without ACK in TIME_WAIT", "F 301:301(0) win 1000"),
        ("FIN in TIME_WAIT", "F. 301:301(0) ack 102 win 1000"),
        ("ACK in TIME_WAIT", ". 302:302(0) ack 102 win 1000"),
    ],
)
def test_time_wait_answers_alike(what: str, text: str) -> None:
    answered = bool(reach(State.TIME_WAIT, LINUX).arrives(text).sent())
    assert answered == (seen("time_wait", what) != "nothing")


def test_a_fin_at_a_closed_window() -> None:
    lab = reach(State.ESTABLISHED, LINUX)
    end = 301 + lab.tcb.rcv_wnd
    lab.arrives(f"P. 301:{end}({end - 301}) ack 101 win 1000")
    assert not lab.tcb.rcv_wnd
    state = lab.arrives(f"F. {end}:{end}(0) ack 101 win 1000").state
    assert state.name == seen("fin_at_zero_window", "FIN at a closed window leads to")


# -- FreeBSD, as its scripts have it


def test_freebsds_syn() -> None:
    conn = Connection(HERE, THERE, profile=FREEBSD, iss=100)
    conn.open_active(0)
    (syn,) = conn.take_output()
    assert [option[0] for option in syn.options] == ["mss", "nop", "wscale", "sackOK", "TS"]
    times = []
    for _ in range(2):
        due = conn.deadline()
        assert due is not None
        conn.timer_expires(due)
        times.append(due / SECOND)
    assert times == [1.0, 3.2]  # 200 ms more than twice as much
