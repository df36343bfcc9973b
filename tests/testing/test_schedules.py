"""Handshake and close reach CLOSED at both ends under any schedule of at most three faults."""

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tcpsim import Simulator, profiles
from tcpsim.testing import Fault, Programs, check_run, faults, play, replay_script, scripts, seqnums

#: R2 infinite: nobody gives up.
PATIENT = profiles.RFC9293.but(r2=None, r2_syn=None, user_timeout=None)
#: The same with buffers so small that windows close and data waits.
TINY = PATIENT.but(rcv_buf=8, snd_buf=16, mss=4)


def run(programs: Programs, schedule: tuple[Fault, ...], isses: tuple[int, int], profile: profiles.Profile) -> None:
    """Both applications end, both ends are closed in order, and every octet has arrived."""
    sim = Simulator(profile=profile)
    for name, iss in zip(("client", "server"), isses, strict=True):
        sim.host(name, iss=[iss])
    sim.link("client", "server")
    sim.script("server", *programs.server)
    sim.script("client", *programs.client)
    try:
        play(sim, schedule)
        assert not sim.world.scripts, "an application waits for ever"
        assert not [text for text in map(str, sim.trace.of("note")) if "the script stops" in text]
        ends = [conn for conn in sim.world.conns.values() if not conn.backlog]
        assert not ends, f"still there: {[str(conn.state) for conn in ends]}"
        received = [
            sum(record.octets for record in sim.trace.of("delivered", where=name)) for name in ("server", "client")
        ]
        assert tuple(received) == programs.sent
        check_run(sim)
    except Exception:
        note(sim.ladder())
        note(replay_script(sim))
        raise


ISSES = st.tuples(seqnums(), seqnums())
NO_DATA: dict[str, Any] = {"max_exchanges": 0}


@given(scripts(crossing=False, **NO_DATA), faults(), ISSES)
def test_open_and_close(programs: Programs, schedule: tuple[Fault, ...], isses: tuple[int, int]) -> None:
    run(programs, schedule, isses, PATIENT)


@given(scripts(crossing=True, **NO_DATA), faults(), ISSES)
def test_simultaneous_open_and_close(programs: Programs, schedule: tuple[Fault, ...], isses: tuple[int, int]) -> None:
    run(programs, schedule, isses, PATIENT)


@given(scripts(), faults(packets=12), ISSES, st.sampled_from((PATIENT, TINY)))
def test_with_data(
    programs: Programs, schedule: tuple[Fault, ...], isses: tuple[int, int], profile: profiles.Profile
) -> None:
    run(programs, schedule, isses, profile)


@pytest.mark.deep
@settings(max_examples=20_000)
@given(scripts(max_exchanges=6), faults(packets=16), ISSES, st.sampled_from((PATIENT, TINY)))
def test_with_more_data(
    programs: Programs, schedule: tuple[Fault, ...], isses: tuple[int, int], profile: profiles.Profile
) -> None:
    run(programs, schedule, isses, profile)
