"""Traces: typed records, filters, cutting, and how causes hang together."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import State, Trace
from tcpsim.net.moves import Deliver, Drop
from tcpsim.scenarios import play
from tcpsim.tcp.states import BY_ID
from tcpsim.trace import Record
from tcpsim.trace.raw import INTRODUCE, REFER, endpoint
from tcpsim.trace.records import (
    KINDS,
    Arrived,
    Call,
    Checked,
    Delivered,
    Fired,
    Header,
    Lost,
    Moved,
    Note,
    Sent,
    TimerSet,
    Vars,
)
from tests.helpers.promises import check_promises
from tests.helpers.stories import MOD, TALK
from tests.trace.stories import everything, routed

FULL = everything().trace
BRIEF = everything("brief").trace


@pytest.mark.parametrize("trace", [FULL, BRIEF], ids=["full", "brief"])
def test_records_are_typed_and_numbered(trace: Trace) -> None:
    records = list(trace)
    assert len(records) == len(trace) == len(trace.raw)
    for n, record in enumerate(records):
        assert type(record) is KINDS[record.kind]
        assert record.n == n
        assert trace[n] == record
        assert isinstance(record.t, int)
        assert record.where in ("client", "server", "")
        assert record.conn is None or isinstance(record.conn, int)
        assert record.cause is None or 0 <= record.cause < n, "a cause is an earlier record"


def test_every_kind_is_there_at_level_full() -> None:
    assert {record.kind for trace in (FULL, routed().trace) for record in trace} == set(KINDS)
    check_promises(FULL)


def test_brief_leaves_out_what_passed_variables_and_timers() -> None:
    kinds = {record.kind for trace in (BRIEF, routed("brief").trace) for record in trace}
    assert kinds == set(KINDS) - {"vars", "timer_set", "timer_stopped"}
    assert all(record.verdict is not None for record in BRIEF.of("checked"))  # type: ignore[union-attr]
    assert all(record.seg.data is None for record in BRIEF if hasattr(record, "seg"))
    assert any(record.verdict is None for record in FULL.of("checked"))  # type: ignore[union-attr]


def test_reading_by_place() -> None:
    assert FULL[-1] == FULL[len(FULL) - 1]
    assert FULL[2:5] == [FULL[2], FULL[3], FULL[4]]
    assert FULL[::-50][0] == FULL[-1]
    for wrong in (len(FULL), -len(FULL) - 1):
        with pytest.raises(IndexError, match=f"the trace has records 0 .. {len(FULL) - 1}, not "):
            FULL[wrong]


@pytest.mark.parametrize("trace", [FULL, BRIEF], ids=["full", "brief"])
def test_what_is_sent_arrives_as_the_same_packet(trace: Trace) -> None:
    introduced: dict[int, Any] = {}
    for record in trace:
        if record.kind in INTRODUCE:
            assert record.packet not in introduced, "every packet has a number of its own"
            introduced[record.packet] = record
        elif record.kind in REFER:
            assert record.seg == introduced[record.packet].seg
            if record.kind == "arrived":
                assert record.cause == introduced[record.packet].n
                assert record.t >= introduced[record.packet].t
    for record in trace.of("duplicated"):
        assert record.seg == introduced[record.original].seg  # type: ignore[union-attr]
    ends = [record.packet for record in trace if record.kind in REFER]  # type: ignore[union-attr]
    assert len(set(ends)) == len(ends), "a packet ends once"


def test_headers_carry_the_segment() -> None:
    syn, data = FULL.sent(where="client")[0], next(seg for seg in FULL.sent(where="client") if seg.len)
    assert (syn.src, syn.dst, syn.letters, syn.names, syn.has_ack) == (
        "10.0.0.1:49152", "10.0.0.2:80", "S", "SYN", False,
    )  # fmt: skip
    assert (syn.seq, syn.options) == (MOD - 3, (("mss", 500),))
    assert (data.seq, data.len, data.data) == (MOD - 2, 500, b"ping" * 125)
    assert data.has_ack
    seg = data.segment()
    assert (seg.seq, seg.ack, seg.flags, seg.data, seg.flow) == (data.seq, data.ack, data.flags, data.data, data.flow)
    brief = next(seg for seg in BRIEF.sent(where="client") if seg.len)
    assert (brief.data, brief.len) == (None, 500)
    assert brief.segment().data == bytes(500)
    assert brief._replace(data=data.data) == data


def test_endpoints() -> None:
    assert endpoint("10.0.0.1", 80) == "10.0.0.1:80"
    assert endpoint("2001:db8::1", 80) == "[2001:db8::1]:80"


def test_fired_knows_its_row() -> None:
    record = FULL.of("fired")[0]
    assert isinstance(record, Fired)
    assert record.row is BY_ID[record.rule]
    assert (record.src, record.dst) == (record.row.src, record.row.dst)


def test_variables_before_and_after() -> None:
    records = [record for record in FULL if isinstance(record, Vars)]
    opening = next(record for record in records if record.changed.get("state") == (State.CLOSED, State.SYN_SENT))
    assert opening.changed["iss"] == (0, MOD - 3)
    assert opening.changed["snd_nxt"] == (0, MOD - 2)
    assert all(before != after for record in records for before, after in record.changed.values())
    assert not any(name.endswith("_due") for record in records for name in record.changed), "timers tell themselves"


def test_variables_add_up() -> None:
    """What each connection's records say, one after the other, is one story."""
    known: dict[tuple[int | None, str], Any] = {}
    for record in FULL:
        if isinstance(record, Vars):
            for name, (before, after) in record.changed.items():
                assert known.get((record.conn, name), before) == before
                known[record.conn, name] = after


def test_timers_are_set_when_they_will_fire() -> None:
    deadlines: dict[tuple[int | None, str], int] = {}
    fired = 0
    for record in FULL:
        if isinstance(record, TimerSet):
            assert record.due >= record.t
            deadlines[record.conn, record.timer] = record.due
        elif record.kind == "timer_stopped":
            deadlines.pop((record.conn, record.timer))
        elif record.kind == "timer_fired":
            assert deadlines[record.conn, record.timer] == record.t
            fired += 1
    assert fired >= 3


def test_a_check_says_why() -> None:
    record = FULL.of("checked")[0]
    assert isinstance(record, Checked)
    assert record.because
    assert all(record.because for record in FULL if isinstance(record, Checked))
    stopped = {record.verdict: record.because for record in FULL if isinstance(record, Checked) and record.verdict}
    assert stopped["listen.taken"] == f"SYN at SEG.SEQ {MOD - 3} in LISTEN"
    assert stopped["closed.no_ack"]


def test_a_check_of_an_ack_says_what_becomes_of_our_fin() -> None:
    trace = play("half-closed", trace="full").trace
    reasons = [record.because for record in trace.of("checked") if record.check == "check_ack"]  # type: ignore[union-attr]
    covers = [reason for reason in reasons if reason.endswith("which covers our FIN")]
    assert len(covers) == 2
    for reason in covers:
        assert reason.partition("SEG.ACK ")[2].split()[0] == reason.partition("SND.NXT ")[2].partition(",")[0]


# -- filters


def test_of_filters_by_kind_connection_and_host() -> None:
    assert FULL.of() == list(FULL)
    assert FULL.of("sent", "lost") == [record for record in FULL if record.kind in ("sent", "lost")]
    assert FULL.of("fired", where="server") == [
        record for record in FULL if record.kind == "fired" and record.where == "server"
    ]
    assert FULL.of(conn=2) == [record for record in FULL if record.conn == 2]
    assert FULL.of("nothing") == []
    assert FULL.of("sent", conn=99) == []


def test_filters_take_sockets() -> None:
    sim = TALK.but(client=()).build()
    conn = sim.hosts["client"].connect("server", 80)
    other = sim.hosts["client"].connect("server", 81)
    sim.run(for_="1s")
    assert sim.trace.fired(conn) == sim.trace.fired(conn.number) == ["closed.open_active", "syn_sent.rcv_synack"]
    assert {record.conn for record in sim.trace.of("sent", conn=other)} == {other.number}
    assert len(sim.trace.sent(conn)) + len(sim.trace.sent(other)) == len(sim.trace.sent(where="client"))
    assert sim.trace.fired(other) == ["closed.open_active", "syn_sent.rst"]


def test_fired_is_made_for_assertions() -> None:
    sim = TALK.build()
    sim.run()
    assert sim.trace.fired(where="client") == [
        "closed.open_active", "syn_sent.rcv_synack", "established.close", "fin_wait_1.ack_of_fin",
        "fin_wait_2.fin", "time_wait.timeout_2msl",
    ]  # fmt: skip
    assert sim.trace.fired() == [record.rule for record in sim.trace if isinstance(record, Fired)]


def test_sent_takes_exactly_those_flags() -> None:
    sim = TALK.build()
    sim.run()
    trace = sim.trace
    assert [seg.letters for seg in trace.sent(where="server", flags="S.")] == ["S."]
    assert trace.sent(flags="S") == trace.sent(where="client")[:1]
    assert trace.sent(flags="R") == []
    assert len(trace.sent()) == sum(len(trace.sent(where=name)) for name in ("client", "server"))
    with pytest.raises(ValueError, match="is not one of F S R"):
        trace.sent(flags="SYN")


def test_arrived_at_one_host() -> None:
    assert FULL.arrived(where="server") == [
        record.seg for record in FULL if isinstance(record, Arrived) and record.where == "server"
    ]
    assert all(seg.dst.startswith("10.0.0.1") for seg in FULL.arrived(where="client"))


# -- cutting, comparing


def test_cut_forgets_what_came_later() -> None:
    sim = TALK.build()
    sim.run()
    whole = list(sim.trace)
    last = max(record.packet for record in sim.trace.of("sent"))  # type: ignore[union-attr]
    assert sim.trace.introduced(last) is not None
    sim.trace.cut(5)
    assert sim.trace.introduced(last) is None
    sim = TALK.build()
    sim.run()
    for length in (len(whole), len(whole) // 2, 5, 0):
        sim.trace.cut(length)
        assert list(sim.trace) == whole[:length]
        assert len(sim.trace) == length


def test_after_going_back_packets_are_those_of_the_new_story() -> None:
    """A packet's number may come again with another segment."""
    sim = TALK.build()
    sim.step(3)
    (synack,) = sim.in_flight
    before = sim.trace.introduced(synack)
    assert before is not None
    assert before[1].letters == "S."
    sim.back()
    sim.deliver()
    sim.apply(Drop(synack))
    sim.run(for_="1s")
    sim.goto(2)
    sim.duplicate()
    found = sim.trace.introduced(synack)
    assert found is not None
    assert found[1].letters == "S"
    (twin,) = sim.trace.of("duplicated")
    assert twin.seg == found[1]  # type: ignore[union-attr]
    assert sim.trace.introduced(99) is None


def test_traces_compare_by_their_records() -> None:
    one, other = TALK.build(), TALK.build()
    one.run()
    assert one.trace != other.trace
    other.run()
    assert one.trace == other.trace
    assert one.trace != list(one.trace)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one.trace)
    assert repr(one.trace) == f"<Trace of {len(one.trace)} records, level full>"


# -- single kinds


def test_a_call_tells_arguments_and_result() -> None:
    calls = [record for record in FULL if isinstance(record, Call)]
    named = {record.name: record for record in calls}
    assert (named["listen"].args[0], named["listen"].result) == (80, 3)
    assert named["connect"].args[:2] == ("10.0.0.2", 81)
    assert named["send"].result in (1200, 4)
    assert "1200 octets" in next(record for record in calls if record.name == "send" and record.result == 1200).args


def test_a_lost_packet_tells_by_whom() -> None:
    assert {record.by for record in FULL if isinstance(record, Lost)} == {"lose #2", "hand"}


def test_notes_are_what_the_user_is_told() -> None:
    texts = [record.text for record in FULL if isinstance(record, Note)]
    assert texts[:2] == ["signal open", "signal open"]


def test_a_move_by_hand_tells_its_position() -> None:
    moves = [record for record in FULL if isinstance(record, Moved)]
    assert [record.move["move"] for record in moves][:3] == ["corrupt", "wait", "inject"]
    assert moves[0].position == 2
    positions = [record.position for record in moves]
    assert positions == sorted(positions)


def test_octets_become_readable_once() -> None:
    sim = TALK.build()
    sim.run()
    for where, octets in (("server", 1200), ("client", 4)):
        records = [record for record in sim.trace.of("delivered", where=where) if isinstance(record, Delivered)]
        assert sum(record.octets for record in records) == octets


def test_delivered_together_they_are_one_event() -> None:
    sim = TALK.build()
    sim.step(2)
    sim.duplicate()
    packets = tuple(sim.in_flight)
    before = len(sim.trace)
    sim.apply(Deliver(packets))
    records: list[Record] = sim.trace[before:]
    assert [record.kind for record in records[:2]] == ["move", "arrived"]
    assert [record.packet for record in records if isinstance(record, Arrived)] == list(packets)
    assert [record.seg.letters for record in records if isinstance(record, Sent)] == ["S.", "S."]
    assert isinstance(records[1], Arrived)
    assert isinstance(records[1].seg, Header)
