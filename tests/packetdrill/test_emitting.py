"""Traces as scripts: they pass when they are run, and with one expectation altered they fail there."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tcpsim
from tcpsim import profiles
from tcpsim.packetdrill import CannotTell, emit, format_script, parse, run_script
from tcpsim.packetdrill.tree import Call, Event, Number, Packet, PacketdrillScript
from tcpsim.scenarios import get_scenario

PROFILES = (profiles.RFC9293, profiles.LINUX, profiles.FREEBSD, profiles.RFC9293.but(sack=True, window_scale=3))


def conversation(seed: int) -> tcpsim.Simulator:
    """Two ends that talk, with losses, and close in some order."""
    r = random.Random(seed)
    profile = r.choice(PROFILES)
    sim, client, server = tcpsim.pair(
        seed=seed, profile=profile, loss=r.choice((0, 0.1)), delay=r.choice(("1ms", "30ms"))
    )
    listener = server.listen(80)
    conn = client.connect(server, 80)
    sim.run(for_="20s")
    listener.setblocking(False)
    peer, _ = listener.accept()
    ends = [conn, peer]
    for end in ends:
        end.setblocking(False)
    for _ in range(r.randint(0, 6)):
        end = r.choice(ends)
        try:
            if r.random() < 0.6:
                end.send(bytes(r.choice((1, 100, 2000, 5000))))
            else:
                end.recv(r.choice((10, 5000)))
        except BlockingIOError:
            pass
        sim.run(for_=f"{r.choice((1, 50, 700))}ms")
    for end in r.sample(ends, r.randint(0, 2)):
        end.close()
        sim.run(for_="100ms")
    sim.run(for_="5s")
    return sim


@given(st.integers(0, 10_000), st.sampled_from(["client", "server"]))
def test_what_is_emitted_passes_and_altered_fails_there(seed: int, end: str) -> None:
    sim = conversation(seed)
    conn = next(record.conn for record in sim.trace.of("sent", where=end))
    text = emit(sim.trace, conn=conn)
    outcome = run_script(text, "x.pkt", strict=True)
    assert outcome.verdict == "PASS", outcome.reason
    script = parse(text)
    expected = [n for n, event in enumerate(script.events) if isinstance(event, Event) and _is_expectation(event)]
    place = expected[seed % len(expected)]
    altered = _altered(script, place)
    line = parse(altered).events[place].at.line
    outcome = run_script(altered, "x.pkt")
    assert (outcome.verdict, outcome.line) == ("FAIL", line), outcome.reason


def _is_expectation(event: Event) -> bool:
    return isinstance(event.what, Packet) and not event.what.inbound


def _altered(script: PacketdrillScript, place: int) -> str:
    event = script.events[place]
    assert isinstance(event, Event)
    assert isinstance(event.what, Packet)
    assert event.what.win is not None
    wrong = event._replace(what=event.what._replace(win=event.what.win ^ 1))
    return format_script(script._replace(events=(*script.events[:place], wrong, *script.events[place + 1 :])))


@pytest.mark.parametrize(
    "name", ["three-way-handshake", "simultaneous-close", "zero-window", "lost-fin", "keep-alive"]
)
def test_scenarios(name: str) -> None:
    text = emit(get_scenario(name).play().trace)
    assert run_script(text, profile=profiles.LINUX).verdict == "PASS"
    assert run_script(text, profile=profiles.FREEBSD).verdict == "PASS", "it selects its own profile"


def test_a_timer_that_somebody_made_run_out_takes_its_time() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    conn = client.connect(server, 80)
    sim.run(for_="1s")
    conn.send(b"x")
    sim.drop()
    sim.apply(tcpsim.net.moves.Expire(conn.number, "rtx"))
    sim.run(for_="1s")
    text = emit(sim.trace)
    sends = [event for event in parse(text).events if isinstance(event, Event) and isinstance(event.what, Packet)]
    assert [event.when.ns // 10**9 for event in sends if not event.what.inbound and event.what.octets] == [1, 2]


def test_calls_are_written_down_with_what_they_return() -> None:
    text = emit(conversation(4).trace)
    calls = [event.what for event in parse(text).events if isinstance(event, Event) and isinstance(event.what, Call)]
    assert [call.name for call in calls[:3]] == ["socket", "fcntl", "connect"]
    assert calls[2].result == Number(-1)
    assert calls[2].errno == "EINPROGRESS"


def test_what_no_script_can_tell() -> None:
    with pytest.raises(CannotTell, match="reboot"):
        emit(get_scenario("half-open").play().trace)
    with pytest.raises(CannotTell, match="nothing is sent"):
        emit(tcpsim.Simulator().trace)
    with pytest.raises(CannotTell, match="connection 77 sends nothing"):
        emit(get_scenario("three-way-handshake").play().trace, conn=77)
