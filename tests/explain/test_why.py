"""why(): an answer for every record, back to what began it."""

import json

import pytest

import tcpsim
from tcpsim.explain import Why, why
from tcpsim.explain.requirements import requirements
from tcpsim.explain.sections import SECTIONS, faults
from tcpsim.net import Simulator
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.tcp.errors import TcpsimError
from tcpsim.trace.jsonl import to_lines
from tcpsim.trace.reading import from_lines
from tcpsim.trace.records import Arrived, Call, Checked, Fired, Record, Sent, TimerFired
from tcpsim.trace.trace import Trace


def asked(trace: Trace, kind: type, nth: int = 0, **fields: object) -> Why:
    """The answer for the nth record of that type with those fields."""
    found = [r for r in trace if isinstance(r, kind) and all(getattr(r, k) == v for k, v in fields.items())]
    return why(trace, found[nth])


def sound(found: Why, record: Record) -> None:
    """What holds for every answer."""
    assert found.record == record
    assert len(found.says) > 10
    assert "\n" not in found.says
    assert found.refs
    assert not [fault for ref in found.refs for fault in faults(ref)]
    assert set(found.sections) <= SECTIONS
    assert set(found.requirements) <= set(requirements())
    for step in found.steps:
        assert not [fault for ref in step.refs for fault in faults(ref)]
        assert set(step.requirements) <= set(requirements())
    places = [cause.n for cause in found.causes]
    assert places == sorted(places, reverse=True)
    assert all(place < record.n for place in places)
    last = found.causes[-1] if found.causes else record
    assert last.kind in ("call", "move", "timer_fired") or last.where == record.where == "", last
    assert found.says in str(found)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_record_of_every_scenario_has_an_answer(name: str) -> None:
    trace = play(name, trace="full").trace
    for record in trace:
        found = why(trace, record)
        sound(found, record)
        if not record.n % 8:
            json.dumps(found.data())


def test_a_trace_read_from_a_file_gives_the_same_answers() -> None:
    trace = play("simultaneous-open", trace="full").trace
    again = from_lines(to_lines(trace))
    assert [str(why(again, n)) for n in range(len(trace))] == [str(why(trace, n)) for n in range(len(trace))]


@pytest.mark.parametrize("name", list(SCENARIOS)[::4])
def test_at_level_brief_too(name: str) -> None:
    trace = play(name).trace
    for record in trace:
        sound(why(trace, record), record)


def test_routers_firewalls_and_icmp_have_answers_too() -> None:
    sim = Simulator(trace="full")
    sim.host("client", "10.0.0.1")
    sim.host("server", "10.0.1.2")
    sim.router("middle", "10.0.0.254")
    sim.link("client", "middle")
    sim.link("middle", "server", mtu=600)
    sim.firewall("server", "web: accept in port 80", "reject any")
    sim.route("client", "10.0.1.0/24", "middle")
    sim.hosts["server"].listen(80)
    conn = sim.hosts["client"].connect("server", 80)
    sim.run(for_="100ms")
    conn.send(bytes(5000))
    sim.run(for_="3s")
    sim.hosts["client"].connect("server", 81)
    sim.run(for_="3s")
    sim.hosts["client"].connect("10.0.1.77", 80)
    sim.run(for_="3s")
    kinds = {record.kind for record in sim.trace}
    assert kinds >= {"forwarded", "passed", "refused", "icmp"}
    for record in sim.trace:
        sound(why(sim.trace, record), record)


def test_what_an_acknowledgment_does_is_told() -> None:
    sim, client, server = tcpsim.pair(trace="full")
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    conn.send(b"hello")
    assert [step.kind for step in why(sim.trace).steps].count("call") == 0
    sim.run(for_="10s")
    found = why(sim.trace)  # of the last event: that time passed afterwards is no question
    assert f"it acknowledges up to {conn.tcb.snd_una}, 5 more" in found.says


def test_a_dropped_segment_names_the_check_and_the_numbers() -> None:
    sim, client, server = tcpsim.pair(trace="full")
    server = sim.hosts["server"]
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    tcb = conn.tcb
    sim.inject("client", "R 9000:9000(0) win 0")
    sim.step()
    found = why(sim.trace)
    last = (tcb.rcv_nxt + tcb.rcv_wnd - 1) % 2**32
    where = "dropped at First, check sequence number: "
    assert where in found.says or "Second, check the RST bit" in found.says
    assert f"SEG.SEQ {(tcb.irs + 9000) % 2**32}" in found.says
    assert str(tcb.rcv_nxt) in found.says
    assert found.segment is not None
    assert found.segment.names == "RST"
    sim.inject("client", f". {tcb.rcv_nxt + 2**30 & 0xFFFFFFFF}:{tcb.rcv_nxt + 2**30 & 0xFFFFFFFF}(0) ack 1 win 9",
               absolute=True)  # fmt: skip
    sim.step()
    found = why(sim.trace)
    assert where in found.says
    assert f"is not in RCV.NXT {tcb.rcv_nxt} .. {last}" in found.says
    assert "the answer is ACK" in found.says
    assert found.sections == ("3.10.7.4",)
    assert "LC-10" in found.requirements
    assert [cause.kind for cause in found.causes] == ["injected", "move"]


def test_the_chain_goes_back_to_the_call() -> None:
    trace = play("three-way-handshake", trace="full").trace
    found = asked(trace, Arrived, -1)
    kinds = [cause.kind for cause in found.causes]
    assert kinds == ["sent", "arrived", "sent", "arrived", "sent", "call"]
    root = found.causes[-1]
    assert isinstance(root, Call)
    assert root.name == "connect"
    assert found.rules == ("syn_recv.ack_of_syn",)
    assert found.changed["snd_una"] == (300, 301)
    text = str(found)
    for words in (
        "SND.UNA 300 -> 301", "passes  Fifth, check the ACK field: SND.UNA 300 < SEG.ACK 301 =< SND.NXT 301",
        "SYN_RECV -> ESTABLISHED  syn_recv.ack_of_syn", "RFC 9293 3.10.7.4 (fifth)", "connect(10.0.0.2, 80, 49152)",
    ):  # fmt: skip
        assert words in text or words.replace(", 49152", "") in text, text


@pytest.mark.parametrize("level", ["brief", "full"])
def test_a_timer_goes_back_to_what_set_it(level: str) -> None:
    trace = play("normal-close", trace=level).trace
    found = asked(trace, TimerFired, -1, timer="time_wait")
    assert "2MSL timer of client runs out" in found.says
    assert found.causes
    assert any(isinstance(cause, Call) and cause.name == "close" for cause in found.causes)
    lost = play("lost-syn", trace=level).trace
    again = asked(lost, Sent, 1, where="client")
    assert "the rtx timer ran out, as #1 before" in again.says
    assert isinstance(again.causes[-1], Call)


def test_why_a_segment_was_sent() -> None:
    trace = play("normal-close", trace="full").trace
    assert "rule closed.open_active promises snd SYN" in asked(trace, Sent, 0).says
    assert "rule established.close promises snd FIN" in asked(trace, Sent, 0, packet=4).says
    assert "rule established.fin promises snd ACK" in asked(trace, Sent, 0, packet=5).says
    closed = play("closed-port", trace="full").trace
    assert "it answers #1: there is no such connection" in asked(closed, Sent, 0, where="server").says


def test_what_became_of_a_packet() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    number = next(iter(sim.in_flight))
    assert isinstance(why(sim.trace, packet=number).record, Sent)
    sim.step()
    assert isinstance(why(sim.trace, packet=number).record, Arrived)
    sim.drop()
    assert "lost, by hand" in why(sim.trace, packet=number + 1).says


def test_the_last_event_is_asked_about_unless_another_is() -> None:
    sim, client, server = tcpsim.pair(trace="full")
    server.listen(80)
    client.connect("server", 80)
    assert isinstance(why(sim.trace).record, Call)
    sim.deliver()
    assert isinstance(why(sim.trace).record, Arrived)
    assert [cause.kind for cause in why(sim.trace).causes][-1] == "call"
    for record in sim.trace:
        if isinstance(record, Checked | Fired):
            assert why(sim.trace, record.n).record == record


def test_deliveries_and_time_outs_by_hand_say_so() -> None:
    sim = Simulator(trace="full")
    for name in ("client", "server"):
        sim.host(name)
    sim.link("client", "server")
    conn = sim.hosts["client"].connect("server", 80)
    from tcpsim.net.moves import Expire

    sim.apply(Expire(conn.number, "rtx"))
    found = asked(sim.trace, TimerFired)
    assert "by hand" in str(found)


def test_what_cannot_be_asked() -> None:
    sim, client, server = tcpsim.pair()
    with pytest.raises(TcpsimError, match="nothing has happened yet"):
        why(sim.trace)
    server.listen(80)
    client.connect("server", 80)
    with pytest.raises(TcpsimError, match="its number in 0 .."):
        why(sim.trace, 9999)
    with pytest.raises(TcpsimError, match="no packet #77"):
        why(sim.trace, packet=77)
