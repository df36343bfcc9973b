"""Worlds as values: copies, keys, the moves there are, and the order of what is due."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim import Flags, Segment, Simulator, State, TcpsimError
from tcpsim.net.moves import (
    Call,
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Expire,
    Inject,
    Move,
    Reboot,
    SetLink,
    Wait,
    Wake,
    from_data,
    to_data,
)
from tcpsim.net.world import World
from tests.helpers.promises import check_promises
from tests.helpers.stories import ACTS, MS, SECOND, STORIES, TALK, Act, Story, act


def after(story: Story, acts: list[Act]) -> Simulator:
    sim = story.build()
    for what in acts:
        act(sim, what)
    return sim


# -- copies and keys


@given(STORIES, ACTS, st.integers(0, 40))
def test_a_copy_is_equal_and_independent(story: Story, acts: list[Act], steps: int) -> None:
    world = after(story, acts).world
    key = world.key()
    copy = world.copy()
    assert copy.key() == key
    assert hash(copy.key()) == hash(key)
    keys = []
    for _ in range(steps):
        copy.step()
        keys.append(copy.key())
    assert world.key() == key
    for expected in keys:
        world.step()
        assert world.key() == expected


@given(STORIES, ACTS)
def test_a_pickled_world_is_the_same_world(story: Story, acts: list[Act]) -> None:
    world = after(story, acts).world.copy()
    made = pickle.loads(pickle.dumps(world))
    assert made.key() == world.key()
    for _ in range(10):
        assert made.step() == world.step()
        assert made.key() == world.key()


def test_different_situations_have_different_keys() -> None:
    sim = TALK.build()
    keys = [sim.world.key()]
    while sim.step():
        keys.append(sim.world.key())
    assert len(set(keys)) == len(keys) > 10


# -- the moves there are


@given(STORIES, ACTS)
def test_every_move_there_is_can_be_made(story: Story, acts: list[Act]) -> None:
    world = after(story, acts).world
    before = world.key()
    moves = world.moves()
    assert len(set(moves)) == len(moves)
    for move in moves:
        copy = world.copy()
        copy.apply(move)
        assert copy.key() != before, move
        assert copy.now == world.now
    assert world.key() == before
    assert world.moves() == moves


@given(STORIES, ACTS, st.lists(st.integers(0, 1000), max_size=25))
def test_any_sequence_of_moves_keeps_the_promises(story: Story, acts: list[Act], choices: list[int]) -> None:
    sim = after(story, acts)
    for choice in choices:
        moves = sim.world.moves()
        if not moves:
            break
        sim.apply(moves[choice % len(moves)])
    check_promises(sim.trace)


def test_what_flies_runs_and_sleeps_makes_the_moves() -> None:
    sim = TALK.but(client=("connect server 80", "sleep 1s", "close"), faults_back=((1, "duplicate"),)).build()
    assert sim.world.moves() == [Wake(1), Wake(2)]
    sim.step(3)
    (synack, twin) = sim.in_flight
    assert sim.world.moves() == [
        Deliver((synack,)), Drop(synack), Duplicate(synack), Deliver((twin,)), Drop(twin), Duplicate(twin),
        Expire(2, "rtx"), Expire(2, "user"), Expire(3, "rtx"), Expire(3, "user"),
    ]  # fmt: skip
    sim.step()
    assert Wake(2) in sim.world.moves()


# -- moves as data


PACKETS = st.integers(1, 99)
NAMES = st.sampled_from(["client", "server"])
MOVES = st.one_of(
    st.builds(Deliver, st.lists(PACKETS, min_size=1).map(tuple)),
    st.builds(Drop, PACKETS),
    st.builds(Duplicate, PACKETS),
    st.builds(Delay, PACKETS, st.integers(0, SECOND)),
    st.builds(Corrupt, PACKETS, st.none() | st.integers(0, 400)),
    st.builds(Reboot, NAMES, st.integers(0, SECOND)),
    st.builds(
        SetLink,
        NAMES,
        NAMES,
        st.lists(
            st.tuples(st.just("delay"), st.integers(0, SECOND))
            | st.tuples(st.just("loss"), st.floats(0, 1))
            | st.tuples(st.just("faults"), st.just(((2, "lose"), ("SYN and not ACK", 1, "delay", 5)))),
        ).map(tuple),
    ),
    st.builds(Wait, st.integers(0, SECOND)),
    st.builds(Expire, PACKETS, st.sampled_from(["rtx", "time_wait"])),
    st.builds(Wake, PACKETS),
    st.builds(Call, NAMES, st.sampled_from(["send", "listen"]), st.tuples(PACKETS, st.binary() | st.text())),
    st.builds(
        Inject,
        st.just((("10.0.0.1", 1, "10.0.0.2", 2), 5, 6, 18, 7, 0, None, None, b"\0x", (("mss", 9), ("sack", (1, 2))))),
        st.integers(0, 9),
    ),
)


@given(MOVES)
def test_moves_are_read_back_from_data(move: Move) -> None:
    data = to_data(move)
    assert from_data(data) == move
    assert type(from_data(data)) is type(move)
    assert data["move"] == type(move).__name__.lower()


def test_moves_of_different_kinds_are_different() -> None:
    moves = {Drop(2), Duplicate(2), Corrupt(2), Wake(2), Wait(2), Deliver((2,)), Drop(2), Drop(3)}
    assert len(moves) == 7
    assert Drop(2) != Duplicate(2)
    assert Drop(2) == Drop(2)


@pytest.mark.parametrize("data", [{}, {"move": "fly"}, {"move": "drop"}, {"move": "drop", "packet": 1, "by": 2}])
def test_data_that_is_no_move_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(TcpsimError, match="is no move"):
        from_data(data)


# -- moves that cannot be made


WRONG = [
    (Deliver((99,)), "packet 99 is not in flight; in flight: "),
    (Deliver(()), "name one or more, each once"),
    (Deliver((2, 2)), "name one or more, each once"),
    (Drop(99), "packet 99 is not in flight; in flight: 2$"),
    (Duplicate(99), "packet 99 is not in flight"),
    (Corrupt(99), "packet 99 is not in flight"),
    (Delay(99, 1), "packet 99 is not in flight"),
    (Delay(2, -1), "time does not run backwards"),
    (
        Inject((("10.9.9.9", 1, "10.0.0.2", 2), 5, 6, 18, 7, 0, None, None, b"", ()), 0),
        "no host has the address 10.9.9.9",
    ),
    (
        Inject((("10.0.0.1", 1, "10.0.0.2", 2), 5, 6, 18, 7, 0, None, None, b"", ()), -1),
        "time does not run backwards",
    ),
    (Expire(99, "rtx"), "no connection 99; there are "),
    (Expire(2, "nap"), "no timer 'nap'; the timers are time_wait, rack, rtx"),
    (Expire(2, "time_wait"), "connection 2 in SYN_SENT: the timer time_wait does not run"),
    (Wake(9), "script 9 does not sleep; those that do are "),
    (Wait(5), "wait until 5 ns: it is 10000000 ns"),
    (Wait(SECOND), "wait until 1000000000 ns: it is 10000000 ns, and the next event is due at 20000000 ns"),
    (Reboot("nobody"), "no host 'nobody'; the hosts are client, server"),
    (SetLink("client", "client", (("loss", 0.0),)), "no link from client to client"),
    (SetLink("client", "server", (("delay", -1),)), "delay -1 is negative"),
    (SetLink("client", "server", (("loss", 2.0),)), "loss 2.0 is not a probability"),
    (Call("nobody", "listen", (80,)), "no host 'nobody'; the hosts are client, server"),
    (Call("client", "dance", ()), "no call 'dance'; the calls are socket, listen, connect"),
    (Call("client", "listen", (0,)), r"listen\(\): port 0 is not in 1 .. 65535"),
    (Call("client", "listen", (80, "10.9.9.9")), "10.9.9.9 is not an address of client, which has 10.0.0.1"),
    (Call("server", "listen", (80,)), "somebody listens there already"),
    (Call("client", "connect", ("10.0.0.2", 65536)), r"connect\(\): port 65536 is not in 1 .. 65535"),
    (Call("client", "connect", ("10.0.0.2", 80, 49152)), "the connection already exists"),
    (Call("client", "send", (77, b"x")), "host client: descriptor 77 is not open; open: 3"),
    (Call("server", "send", (3, b"x")), r"send\(\) on a"),
    (Call("client", "accept", (3,)), "it does not listen; call listen"),
    (Call("client", "listen", ()), "listen"),
    (Call("client", "listen", (80, "10.0.0.1", 5, 6)), "listen"),
    (Call("client", "send", ()), "send"),
    (Call("client", "send", (3,)), "send"),
    (Call("client", "send", (3, "text")), "send"),
    (Call("client", "recv", (3, "many")), "recv"),
    (Call("client", "recv", (3, -1)), "recv"),
]


@pytest.mark.parametrize(("move", "message"), WRONG, ids=[str(move) for move, _ in WRONG])
def test_a_move_that_cannot_be_made_is_explained_and_changes_nothing(move: Move, message: str) -> None:
    sim = TALK.build()
    sim.step(3)
    assert sim.now == 10 * MS
    assert list(sim.in_flight) == [2]
    before = sim.position, sim.world.key(), list(sim.trace.raw)
    with pytest.raises(TcpsimError, match=message):
        sim.apply(move)
    assert (sim.position, sim.world.key(), list(sim.trace.raw)) == before
    quiet = TALK.build()
    sim.run()
    quiet.run()
    assert sim.trace == quiet.trace


@pytest.mark.parametrize(("move", "message"), WRONG, ids=[str(move) for move, _ in WRONG])
def test_the_same_without_a_trace(move: Move, message: str) -> None:
    sim = TALK.build("off")
    sim.step(3)
    before = sim.position, sim.world.key()
    with pytest.raises(TcpsimError, match=message):
        sim.apply(move)
    assert (sim.position, sim.world.key()) == before
    quiet = TALK.build("off")
    sim.run()
    quiet.run()
    assert sim.world.key() == quiet.world.key()


# -- the order of what is due


def test_what_is_due_at_once_happens_in_the_order_in_which_it_was_scheduled() -> None:
    sim = Simulator()
    client, server = sim.host("client", "10.0.0.1"), sim.host("server", "10.0.0.2")
    sim.link(client, server, delay="10ms")
    for port in (80, 81, 82):
        client.connect(server, port)
    sim.run(until="10ms")
    assert [seg.flow[1] for seg in sim.trace.arrived(where="server")] == [80, 81, 82]


def test_a_packet_before_a_timer_that_was_set_later() -> None:
    """The SYN's answer takes exactly the RTO: it was sent before the timer was looked at again."""
    world = World(0)
    world.schedule(7, 1, 1)
    world.schedule(5, 1, 2)
    world.schedule(7, 0, 3)
    world.schedule(5, 0, 4)
    order = []
    while world.heap:
        from heapq import heappop

        order.append(heappop(world.heap)[3])
    assert order == [2, 4, 1, 3]


def test_the_clock_never_goes_back() -> None:
    sim = TALK.but(loss=0.3, seed=3).build()
    times = [0]
    while sim.step():
        times.append(sim.now)
    assert times == sorted(times)
    assert [raw[1] for raw in sim.trace.raw] == sorted(raw[1] for raw in sim.trace.raw)


@given(STORIES, ACTS)
def test_nor_when_a_person_interferes(story: Story, acts: list[Act]) -> None:
    sim = story.build()
    last = 0
    for what in acts:
        act(sim, what)
        assert sim.now >= last
        last = sim.now
    times = [raw[1] for raw in sim.trace.raw]
    assert times == sorted(times)


# -- moves by hand, one by one


def test_delivered_now_it_arrives_now() -> None:
    sim = TALK.build()
    sim.step(2)
    (syn,) = sim.in_flight
    sim.deliver(syn)
    assert sim.now == 0
    assert [record.packet for record in sim.trace.of("arrived")] == [syn]  # type: ignore[union-attr]


def test_several_packets_in_one_event_are_answered_once() -> None:
    sim = TALK.build()
    sim.until(lambda sim: len([seg for seg in sim.in_flight.values() if seg.data]) >= 2)
    data = [number for number, seg in sim.in_flight.items() if seg.data]
    before = len(sim.trace.sent(where="server"))
    sim.deliver(*data)
    assert len(sim.trace.sent(where="server")) == before + 1
    checked = {record.packet for record in sim.trace.of("checked", where="server")}  # type: ignore[union-attr]
    assert set(data) <= checked, "every check names the packet it looked at"
    because = [record.because for record in sim.trace.of("checked") if record.packet == data[0]]  # type: ignore[union-attr]
    assert any(str(sim.trace.introduced(data[0])[1].seq) in reason for reason in because)  # type: ignore[index]


@pytest.mark.parametrize("base", [1000, 2**32 - 2])
def test_a_reset_and_a_new_syn_in_one_event_are_of_two_connections(base: int) -> None:
    """The child that the reset has ended takes no segment any more: the SYN goes to the listener."""
    sim = TALK.but(client=(), client_iss=None).build()
    sim.step()
    flow = ("10.0.0.2", 80, "10.0.0.1", 5000)

    def arrives(*segments: Segment) -> None:
        for seg in segments:
            sim.apply(Inject(seg.key(), MS))
        sim.deliver(*sim.in_flight)
        for packet in sim.in_flight:  # what the server answers goes astray
            sim.drop(packet)

    arrives(Segment(flow, base, 0, Flags.SYN, 1000))
    assert [row["state"] for row in sim.hosts["server"].sockets()] == [State.LISTEN, State.SYN_RECV]
    reset = Segment(flow, (base + 1) % 2**32, 0, Flags.RST, 0)
    arrives(reset, Segment(flow, base, 0, Flags.SYN, 1000))
    assert sim.trace.fired(where="server")[-2:] == ["syn_recv.rst_of_passive_open", "listen.rcv_syn"]
    first, second = (record.conn for record in sim.trace.of("sent"))
    assert first != second
    (ack,) = sim.trace.sent(where="server", flags="S.")[-1:]
    arrives(Segment(flow, (base + 1) % 2**32, (ack.seq + 1) % 2**32, Flags.ACK, 1000))
    syn = Segment(flow, (base + 500) % 2**32, 0, Flags.SYN, 1000)
    arrives(reset, syn)  # ESTABLISHED, so CLOSED; and a third connection
    assert sim.trace.fired(where="server")[-2:] == ["established.rst", "listen.rcv_syn"]
    assert [row["state"].name for row in sim.hosts["server"].sockets()] == ["LISTEN", "SYN_RECV"]


def test_a_dropped_packet_is_lost_by_hand() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.drop()
    (lost,) = sim.trace.of("lost")
    assert (lost.by, lost.seg.letters) == ("hand", "S")  # type: ignore[union-attr]
    assert sim.in_flight == {}
    with pytest.raises(TcpsimError, match="^nothing is in flight$"):
        sim.drop()


def test_a_doubled_packet_arrives_twice() -> None:
    sim = TALK.build()
    sim.step(2)
    (syn,) = sim.in_flight
    sim.duplicate()
    assert len(sim.in_flight) == 2
    (twin,) = sim.trace.of("duplicated")
    assert (twin.original, twin.by) == (syn, "hand")  # type: ignore[union-attr]
    assert twin.packet in sim.in_flight  # type: ignore[union-attr]
    sim.step(2)
    assert [record.packet for record in sim.trace.of("arrived")] == [syn, twin.packet]  # type: ignore[union-attr]


def test_a_delayed_packet_arrives_later() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.delay(by="15ms")
    sim.step()
    assert [record.t for record in sim.trace.of("arrived")] == [25 * MS]


def test_a_damaged_packet_is_refused() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.corrupt()
    sim.step()
    (refused,) = sim.trace.of("refused")
    assert (refused.by, refused.where) == ("TCP checksum", "server")  # type: ignore[union-attr]
    assert sim.trace.sent(where="server") == []
    sim.run()
    assert sim.trace.fired(where="client")[-1] == "time_wait.timeout_2msl"


def test_a_timer_by_hand_runs_out_now() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.apply(Expire(2, "rtx"))
    assert sim.now == 0
    assert [seg.letters for seg in sim.trace.sent(where="client")] == ["S", "S"]


def test_a_script_woken_by_hand_goes_on_now() -> None:
    sim = TALK.but(client=("sleep 1h", "connect server 80")).build()
    sim.step(2)
    sim.apply(Wake(2))
    assert sim.now == 0
    assert sim.trace.fired(where="client") == ["closed.open_active"]


def test_weather_changes_for_packets_sent_from_now_on() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.weather("client", "server", delay="50ms")
    sim.weather("server", "client", loss=1.0)
    sim.step()
    assert [record.t for record in sim.trace.of("arrived")] == [10 * MS]
    assert [record.by for record in sim.trace.of("lost")] == ["loss"]  # type: ignore[union-attr]
    with pytest.raises(TcpsimError, match="no link from client to client"):
        sim.weather("client", "client", loss=0.5)


def test_a_rebooted_host_answers_with_resets() -> None:
    sim = TALK.but(client=("connect server 80", "sleep 1s", ("send", b"x"))).build()
    sim.run(until="500ms")
    sim.reboot("server")
    (rebooted,) = sim.trace.of("rebooted")
    assert rebooted.text.startswith("2 connections and listeners forgotten")  # type: ignore[union-attr]
    sim.run()
    assert [seg.letters for seg in sim.trace.sent(where="server")][-1] == "R"
    assert sim.trace.fired(where="client")[-1] == "established.rst"
    check_promises(sim.trace)


@pytest.mark.parametrize("iss", [100, 2**32 - 1])
def test_an_injected_segment_is_relative_to_the_connection(iss: int) -> None:
    sim = TALK.but(client_iss=iss, client=("connect server 80", "sleep 1s")).build()
    sim.run(until="500ms")
    sim.inject("server", "R 1:1(0) win 0")
    (injected,) = sim.trace.of("injected")
    assert injected.seg.seq == (iss + 1) % 2**32  # type: ignore[union-attr]
    sim.step()
    assert sim.trace.fired(where="server")[-1] == "established.rst"
    check_promises(sim.trace)


def test_nothing_can_be_injected_where_no_connection_is() -> None:
    sim = TALK.build()
    with pytest.raises(TcpsimError, match="client has no such connection; connect or accept first"):
        sim.inject("client", "R 1:1(0) win 0")
    with pytest.raises(TcpsimError, match="no host 'nobody'"):
        sim.inject("nobody", "R 1:1(0) win 0")
