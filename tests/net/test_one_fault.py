"""One packet lost or doubled anywhere: the handshake and the close still end in CLOSED on both sides."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim import Simulator, State
from tests.helpers.promises import check_promises
from tests.helpers.stories import MOD, MS, PATIENT, Story

NOTHING: Final = "nothing"
#: What runs on (client, server); who closes first, with and without octets before.
TALKS: Final[dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]]] = {
    "client closes first": (
        ("connect server 80", "close"),
        ("listen 80", "accept", "recv_to_end", "close"),
    ),
    "server closes first": (
        ("connect server 80", "recv_to_end", "close"),
        ("listen 80", "accept", "close"),
    ),
    "both close at once": (
        ("connect server 80", "sleep 100ms", "close"),
        ("listen 80", "accept", "sleep 90ms", "close"),
    ),
    "octets, then the client closes": (
        ("connect server 80", ("send", b"ping"), "recv 4", "close"),
        ("listen 80", "accept", "recv 4", ("send", b"pong"), "recv_to_end", "close"),
    ),
    "octets both ways, then both close": (
        ("connect server 80", ("send", b"a" * 1200), "close"),
        ("listen 80", "accept", ("send", b"b" * 700), "close"),
    ),
    "half-close": (
        ("connect server 80", ("send", b"question"), "shutdown", "recv_to_end", "close"),
        ("listen 80", "accept", "recv_to_end", ("send", b"answer"), "close"),
    ),
}  # fmt: skip

#: Near the ends of the sequence space, or anywhere.
NUMBERS = st.integers(MOD - 6, MOD - 1) | st.integers(0, 3) | st.integers(0, MOD - 1)


def story(talk: str, isses: tuple[int, int], **changes: Any) -> Story:
    client, server = TALKS[talk]
    switches = {**PATIENT, "mss": 500}
    return Story(client_iss=isses[0], server_iss=isses[1], client=client, server=server, switches=switches).but(
        **changes
    )


def check_closed(sim: Simulator, talk: str) -> None:
    """Both ends came to CLOSED by rows that say so, nothing is left, and all octets came."""
    for host in sim.hosts.values():
        # The listener answers a doubled last ACK that comes when its child is over; it sends no SYN.
        sent = sim.trace.of("sent", where=host.name)
        (conn,) = {record.conn for record in sent if "S" in record.seg.letters}  # type: ignore[union-attr]
        rows = sim.trace.of("fired", conn=conn)
        assert rows[-1].dst is State.CLOSED  # type: ignore[union-attr]
        assert [row["state"] for row in host.sockets() if row["state"] is not State.LISTEN] == []
    assert sim.in_flight == {}
    told = {record.text for record in sim.trace.of("note")}  # type: ignore[union-attr]
    assert told <= {"signal open", "signal closing", "signal delivery trouble"}
    for sender, receiver in (("client", "server"), ("server", "client")):
        program = TALKS[talk][sender == "server"]
        octets = sum(len(step[1]) for step in program if step[0] == "send")
        assert sum(record.octets for record in sim.trace.of("delivered", where=receiver)) == octets  # type: ignore[union-attr]
    check_promises(sim.trace)


@given(
    talk=st.sampled_from(sorted(TALKS)),
    isses=st.tuples(NUMBERS, NUMBERS),
    nth=st.integers(1, 9),
    there=st.booleans(),
    what=st.sampled_from(["lose", "duplicate"]),
    delay=st.sampled_from([0, 10 * MS, 400 * MS]),
)
def test_one_fault_of_the_link(
    talk: str, isses: tuple[int, int], nth: int, there: bool, what: str, delay: int
) -> None:
    faults = {"faults" if there else "faults_back": ((nth, what),)}
    sim = story(talk, isses, delay=delay, **faults).build()
    sim.run(limit=5000)
    check_closed(sim, talk)
    hit = sim.trace.of("lost", "duplicated")
    assert len(hit) <= 1


@given(
    talk=st.sampled_from(sorted(TALKS)),
    isses=st.tuples(NUMBERS, NUMBERS),
    step=st.integers(0, 25),
    which=st.integers(0, 2),
    what=st.sampled_from(["drop", "duplicate", NOTHING]),
)
def test_one_fault_by_hand(talk: str, isses: tuple[int, int], step: int, which: int, what: str) -> None:
    sim = story(talk, isses).build()
    sim.step(step)
    flying = list(sim.in_flight)
    if flying and what != NOTHING:
        getattr(sim, what)(flying[which % len(flying)])
    sim.run(limit=5000)
    check_closed(sim, talk)


@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize("isses", [(100, 300), (MOD - 1, MOD - 2)])
def test_every_single_fault(talk: str, isses: tuple[int, int]) -> None:
    """Each packet of the undisturbed story in turn, either way."""
    calm = story(talk, isses).build()
    calm.run()
    check_closed(calm, talk)
    for side, name in (("client", "faults"), ("server", "faults_back")):
        packets = len(calm.trace.sent(where=side))
        assert packets >= 2
        for nth in range(1, packets + 1):
            for what in ("lose", "duplicate"):
                sim = story(talk, isses, **{name: ((nth, what),)}).build()
                sim.run(limit=5000)
                check_closed(sim, talk)
                assert len(sim.trace.of("lost", "duplicated")) == 1


@pytest.mark.parametrize("talk", TALKS)
def test_numbers_are_only_moved_by_other_isns(talk: str) -> None:
    """The same story across the wrap is the same story."""
    runs = []
    for isses in ((1000, 5000), (MOD - 2, MOD - 1)):
        sim = story(talk, isses, faults=((3, "lose"),)).build()
        sim.run()
        base = {"client": isses, "server": isses[::-1]}
        runs.append(
            [
                (record.t, record.where, seg.letters, (seg.seq - base[record.where][0]) % MOD,
                 (seg.ack - base[record.where][1]) % MOD if seg.has_ack else None, seg.len, seg.wnd)
                for record in sim.trace.of("sent")
                for seg in [record.seg]  # type: ignore[union-attr]
            ]
        )  # fmt: skip
    assert runs[0] == runs[1]
