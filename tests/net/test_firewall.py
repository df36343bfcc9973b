"""Firewalls: which rule decides, what a refused packet is answered with, and which rules are no rules."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim import Simulator, Socket, State, TcpsimError, pair
from tcpsim.net.firewall import Firewall, check_firewall
from tcpsim.tcp import Code, Segment
from tcpsim.tcp.segment import ACK, FIN, RST, SYN
from tcpsim.tcp.units import SECOND
from tcpsim.testing.replay import replay_script
from tests.helpers.promises import check_promises


def guarded(*rules: str, policy: str = "accept", host: str = "server", level: str = "full") -> Simulator:
    sim = Simulator(trace=level)
    sim.host("client", "10.0.0.1")
    sim.host("server", "10.0.0.2")
    sim.link("client", "server")
    sim.firewall(host, *rules, policy=policy)
    return sim


def opening(sim: Simulator, port: int = 80) -> Socket:
    sim.hosts["server"].listen(port)
    conn = sim.hosts["client"].connect("server", port)
    sim.run(for_="500ms")
    return conn


def decisions(sim: Simulator, kind: str) -> list[tuple[str, str]]:
    """(by, letters) of each record."""
    return [(record.by, record.seg.letters) for record in sim.trace.of(kind)]  # type: ignore[union-attr]


def test_the_first_rule_that_fits_decides_and_the_trace_names_it() -> None:
    sim = guarded("web: accept in port 80,8000-8010", "rest: drop in", policy="accept")
    assert opening(sim).state is State.ESTABLISHED
    assert opening(sim, 81).state is State.SYN_SENT
    assert opening(sim, 8005).state is State.ESTABLISHED
    assert decisions(sim, "refused") == [("firewall: rest", "S")]
    assert decisions(sim, "passed")[:3] == [("web", "S"), ("policy", "S."), ("web", ".")]
    assert sim.hits() == {"firewall of server": {"web": 4, "rest": 1, "policy": 2}}
    check_promises(sim.trace)


def test_what_is_dropped_is_silence_and_the_client_tries_again() -> None:
    sim = guarded("drop in port 80")
    conn = opening(sim)
    sim.run(until="4s")
    assert conn.state is State.SYN_SENT
    assert [record.t // SECOND for record in sim.trace.of("refused")] == [0, 1, 3]
    assert sim.trace.sent(where="server") == []


@pytest.mark.parametrize(
    ("action", "code", "answer"),
    [
        ("reject", Code.REFUSED, "rst"),
        ("reject-icmp", Code.REFUSED, "port-unreachable"),
        ("reject-prohibited", Code.UNREACHABLE, "prohibited"),
    ],
)
def test_what_is_rejected_is_answered(action: str, code: Code, answer: str) -> None:
    sim = guarded(f"no: {action} in port 80", "out: drop out")  # the answer is the firewall's own
    conn = opening(sim)
    assert (conn.state, conn.tcb.error) == (State.CLOSED, code)
    if answer == "rst":
        assert [seg.letters for seg in sim.trace.sent(where="server")] == ["R."]
    else:
        assert {record.name for record in sim.trace.of("icmp")} == {answer}  # type: ignore[union-attr]
    check_promises(sim.trace)


@pytest.mark.parametrize("action", ["reject", "reject-icmp", "drop"])
def test_what_may_not_leave_is_answered_on_the_spot(action: str) -> None:
    sim = guarded(f"no: {action} out port 80", host="client")
    conn = opening(sim)
    assert conn.state is (State.SYN_SENT if action == "drop" else State.CLOSED)
    assert sim.trace.of("arrived", where="server") == []
    assert decisions(sim, "refused") == [("firewall: no", "S")]


def test_clients_only_answers_come_in() -> None:
    """The rules of every home: what was begun inside may be answered, nothing else comes in."""
    rules = ("mine: accept out", "answers: accept in established")
    sim = guarded(*rules, policy="drop", host="client")
    conn = opening(sim)
    assert conn.state is State.ESTABLISHED
    listener = sim.hosts["client"].listen(22)
    other = sim.hosts["server"].connect("client", 22)
    sim.run(until="3s")
    assert (other.state, listener.state) == (State.SYN_SENT, State.LISTEN)
    conn.close()
    sim.run(until="4s")
    assert conn.state is State.FIN_WAIT_2


def test_new_and_established_are_told_apart_by_what_was_let_in() -> None:
    firewall = check_firewall("host", ("first: accept in new", "then: accept any established"), "drop")
    there, back = ("10.0.0.2", 80, "10.0.0.1", 5), ("10.0.0.1", 5, "10.0.0.2", 80)

    def decide(flow: Any, flags: int, direction: str, now: int = 0) -> str:
        return firewall.decide(Segment(flow, 1, 1, flags, 9), direction, now)[0]

    assert decide(back, SYN | ACK, "out") == "policy"
    assert decide(there, SYN, "in") == "first"
    assert decide(there, SYN, "in") == "first"  # again, and unanswered: still new
    assert decide(back, SYN | ACK, "out") == "then"
    assert decide(there, ACK, "in") == "then"
    assert decide(there, FIN | ACK, "in") == "then"
    assert decide(back, FIN | ACK, "out", 5) == "then"
    assert decide(there, ACK, "in", 10 * SECOND) == "then"
    assert firewall.copy().key() == firewall.key()
    assert decide(there, ACK, "in", 130 * SECOND) == "then", "two minutes after the last packet"
    assert decide(back, ACK, "out", 250 * SECOND + 1) == "policy", "it is forgotten"
    assert decide(there, SYN, "in", 251 * SECOND) == "first"
    assert decide(back, RST, "out", 251 * SECOND) == "then"
    assert firewall.tracked == {}


def test_a_fin_that_is_repeated_counts_once() -> None:
    """A connection is forgotten when each end has sent one, or more, and not when one end has sent three."""
    there, back = ("10.0.0.2", 80, "10.0.0.1", 5), ("10.0.0.1", 5, "10.0.0.2", 80)
    for senders, then in (
        ((there, there, there), "known"),
        ((there, there, back), "new"),
        ((back, back, there), "new"),
    ):
        firewall = check_firewall("host", ("known: accept any established", "new: accept any"), "drop")
        for flow, flags in ((there, SYN), (back, SYN | ACK), *((flow, FIN | ACK) for flow in senders)):
            firewall.decide(Segment(flow, 1, 1, flags, 9), "in", 0)
        assert firewall.decide(Segment(back, 1, 1, ACK, 9), "out", 3600 * SECOND)[0] == then


@pytest.mark.parametrize(
    ("flags", "then"),
    [
        pytest.param(SYN, "established", id="SYN"),
        pytest.param(SYN | ACK, "policy", id="SYN,ACK"),
        pytest.param(SYN | RST, "policy", id="SYN,RST"),
        pytest.param(ACK, "policy", id="ACK"),
        pytest.param(RST, "policy", id="RST"),
        pytest.param(FIN, "policy", id="FIN"),
        pytest.param(0, "policy", id="none"),
    ],
)
def test_only_a_syn_begins_what_is_established_when_it_is_answered(flags: int, then: str) -> None:
    """What scanners send is let in by ``new`` too, but opens no way out for whoever answers it."""
    firewall = check_firewall("host", ("new: accept in new", "established: accept out established"), "drop")
    there, back = ("10.0.0.2", 80, "10.0.0.1", 5), ("10.0.0.1", 5, "10.0.0.2", 80)
    assert firewall.decide(Segment(there, 1, 1, flags, 9), "in", 0) == ("new", "accept")
    assert firewall.decide(Segment(back, 1, 1, ACK, 9), "out", 0)[0] == then


def test_what_a_firewall_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.net.firewall.MOST_TRACKED", 10)
    firewall = check_firewall("host", (), "accept")
    for port in range(1, 100):
        firewall.decide(Segment(("10.0.0.2", 80, "10.0.0.1", port), 1, 0, SYN, 9), "in", 0)
    assert [flow[3] for flow in firewall.tracked] == list(range(90, 100))


def test_a_router_filters_what_passes_through() -> None:
    sim = Simulator()
    for name in ("client", "server"):
        sim.host(name)
    sim.router("gate")
    sim.link("client", "gate", delay="1ms")
    sim.link("gate", "server", delay="1ms")
    sim.firewall("gate", "no-ssh: reject-prohibited forward port 22", "in: drop in")
    assert opening(sim).state is State.ESTABLISHED
    assert opening(sim, 22).tcb.error is Code.UNREACHABLE
    assert {record.where for record in sim.trace.of("refused", "passed")} == {"gate"}
    assert sim.unused() == ["firewall of gate: in"]


def test_a_firewall_that_is_set_up_later_is_a_move() -> None:
    sim = guarded()
    conn = opening(sim)
    sim.firewall("server", "late: drop in")
    conn.send(b"hello")
    sim.run(until="700ms")
    assert [by for by, _ in decisions(sim, "refused")] == ["firewall: late"]
    position, raw = sim.position, list(sim.trace.raw)
    sim.goto(2)
    sim.goto(position)
    assert sim.trace.raw == raw
    namespace: dict[str, Any] = {}
    exec(replay_script(sim), namespace)
    assert namespace["sim"].trace.raw == raw
    assert namespace["sim"].trace.header == sim.trace.header
    copy = pickle.loads(pickle.dumps(sim.world.copy()))
    assert copy.key() == sim.world.key()


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (("drop in", "accept in port 80"), "'rule 2' is unreachable: 'rule 1', before it, decides every packet"),
        (("a: drop any from 10.0.0.0/8", "b: accept in from 10.1.0.0/16 port 5"), "'b' is unreachable: 'a'"),
        (("drop in port 1-100", "drop in port 80,90-95 flags SYN"), "'rule 2' is unreachable"),
        (("drop in", "accept in established"), "'rule 2' is unreachable"),
        (("drop in flags SYN", "accept in flags SYN,!ACK"), "'rule 2' is unreachable"),
        (("drop in flags SYN,!SYN",), "can never fit"),
        (("a: drop in port 1", "a: drop in port 2"), "the name 'a' is taken"),
        (("policy: drop in",), "the name 'policy' is taken"),
        (("eat in",), "cannot be read"),
        (("drop sideways",), "cannot be read"),
        (("drop",), "cannot be read"),
        (("drop in port 0",), "port 0 is not in 1 .. 65535"),
        (("drop in port 90-80",), "port 90-80 is not in"),
        (("drop in port http",), "cannot be read"),
        (("drop in flags XYZ",), "cannot be read"),
        (("drop in from nowhere",), "'nowhere' is no address or network"),
        (("drop in from 10.0.0.1 from 10.0.0.2",), "from twice"),
        (("drop in quickly",), "what is 'quickly'"),
        ((5,), "5 is no rule"),
    ],
)
def test_a_wrong_firewall_is_refused_and_nothing_has_changed(rules: tuple[Any, ...], problem: str) -> None:
    sim = guarded("old: accept in")
    before, header = sim.world.key(), repr(sim.trace.header)
    with pytest.raises(TcpsimError, match=problem) as raised:
        sim.firewall("server", *rules)
    assert "firewall of server" in str(raised.value)
    with pytest.raises(TcpsimError, match="policy 'maybe' is none"):
        sim.firewall("server", policy="maybe")
    with pytest.raises(TcpsimError, match="no host 'nobody'"):
        sim.firewall("nobody", "drop in")
    assert (sim.world.key(), repr(sim.trace.header)) == (before, header)


def test_rules_that_can_all_be_reached_are_let_in() -> None:
    lines = ("drop in port 80", "drop in port 80-81", "drop in", "drop out established", "accept out new",
             "drop out from 10.0.0.1", "drop out from 10.0.0.0/8", "drop any to fd00::/16", "drop any")  # fmt: skip
    assert len(check_firewall("host", lines, "accept").rules) == 9
    networks = ("10.1.0.0/16", "10.0.0.0/16", "10.2.0.0/16", "10.0.0.0/15", "fd01::/16", "fd00::/16", "11.0.0.0/8")
    assert len(check_firewall("host", (f"drop in from {network}" for network in networks), "accept").rules) == 7


NETWORKS = st.sampled_from(["any", "10.0.0.0/8", "10.0.0.1", "10.0.0.0/31", "fd00::/8"])
PORTS = st.sampled_from(["80", "1-100", "80,443", "1-65535"])
LINES = st.builds(
    lambda action, direction, *clauses: " ".join([action, direction, *clauses]),
    st.sampled_from(["accept", "drop"]),
    st.sampled_from(["in", "out", "any"]),
    st.just("") | NETWORKS.map("from {}".format) | st.builds("from {} port {}".format, NETWORKS, PORTS),
    st.just("") | NETWORKS.map("to {}".format) | st.builds("to {} port {}".format, NETWORKS, PORTS),
    st.sampled_from(["", "flags SYN", "flags SYN,!ACK", "flags !RST"]),
    st.sampled_from(["", "established", "new"]),
)
SEGMENTS = st.builds(
    lambda target, port, source, flags: Segment((target, port, source, 80), 1, 0, flags, 9),
    st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]),
    st.sampled_from([80, 443, 5000]),
    st.sampled_from(["10.0.0.1", "11.0.0.1", "fd00::2"]),
    st.sampled_from([SYN, SYN | ACK, ACK, RST, FIN | ACK]),
)


@settings(max_examples=60)
@given(lines=st.lists(LINES, min_size=2, max_size=4), segments=st.lists(SEGMENTS, min_size=1, max_size=30))
def test_a_rule_said_to_be_unreachable_never_decides(lines: list[str], segments: list[Segment]) -> None:
    named = [f"r{n}: {line}" for n, line in enumerate(lines)]
    try:
        check_firewall("host", named, "drop")
    except TcpsimError as error:
        covered = str(error).split("'")[1]
        rules = tuple(check_firewall("host", (line,), "drop").rules[0] for line in named)
        firewall = Firewall(rules, "drop")
        for seg in segments:
            for direction in ("in", "out"):
                assert firewall.decide(seg, direction, 0)[0] != covered


def test_a_traces_header_tells_of_each_firewall_as_it_was_last_set_up() -> None:
    sim, client, server = pair()
    sim.firewall(client, "drop in port 80")
    sim.firewall(server, "drop in port 81")
    sim.firewall(client, "reject in port 82")
    told = {guard["host"]: list(guard["rules"]) for guard in sim.trace.header["firewalls"]}
    assert told == {"client": ["reject in port 82"], "server": ["drop in port 81"]}
    assert len(sim.trace.header["firewalls"]) == 2
