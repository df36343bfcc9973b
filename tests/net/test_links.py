"""Links with weather: each rule does what it says, counts what it hits, and is part of the world."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim import Simulator, TcpsimError
from tcpsim.net.crossing import size_of
from tcpsim.net.fields import check_expression, holds
from tcpsim.tcp import Segment
from tcpsim.tcp.segment import ACK, SYN
from tcpsim.tcp.units import MS, SECOND
from tcpsim.tcp.wire import encode
from tcpsim.testing.replay import replay_script
from tests.helpers.stories import PATIENT

SERVER = ("listen 80", ("serve", "recv_to_end", "close"))


def transfer(octets: int = 10_000, *, seed: int = 0, trace: str = "brief", **link: Any) -> Simulator:
    """A client sends ``octets`` over one link; nobody gives up."""
    sim = Simulator(seed, trace=trace)
    sim.host("client", "10.0.0.1", iss=100, congestion="none", **PATIENT)
    sim.host("server", "10.0.0.2", iss=300, **PATIENT)
    sim.link("client", "server", **link)
    sim.script("server", *SERVER)
    sim.script("client", "connect server 80", ("send", bytes(octets)), "close")
    return sim


def by(sim: Simulator, *kinds: str) -> list[Any]:
    return [record.by for record in sim.trace.of(*kinds)]  # type: ignore[union-attr]


def received(sim: Simulator) -> int:
    return sum(record.octets for record in sim.trace.of("delivered", where="server"))  # type: ignore[union-attr]


def arrivals(sim: Simulator, where: str) -> list[tuple[int, int]]:
    """(time, packet)."""
    return [(record.t, record.packet) for record in sim.trace.of("arrived", where=where)]  # type: ignore[union-attr]


# -- single packets


def test_the_second_that_carries_data_is_lost_and_no_other() -> None:
    sim = transfer(faults=[("len > 0", 2, "lose")])
    sim.run()
    (lost,) = sim.trace.of("lost")
    data = [seg for seg in sim.trace.sent(where="client") if seg.len]
    assert (lost.by, lost.seg) == ("lose len > 0 #2", data[1])  # type: ignore[union-attr]
    assert received(sim) == 10_000
    assert sim.hits() == {"client->server": {"lose len > 0 #2": 1}}


def test_every_packet_of_which_an_expression_holds() -> None:
    sim = transfer(faults=[("SYN", "duplicate")], faults_back=[("SYN and ACK", "delay", "5ms")])
    sim.run()
    (twin,) = sim.trace.of("duplicated")
    assert (twin.by, twin.seg.letters) == ("duplicate SYN", "S")  # type: ignore[union-attr]
    assert arrivals(sim, "client")[0][0] == 25 * MS
    assert sim.hits()["server->client"] == {"delay SYN and ACK": 1 + 1}  # the repeated SYN draws another


def test_the_first_rule_that_applies_acts_and_all_expressions_count() -> None:
    faults = [("len > 0", 1, "duplicate"), ("len > 0", "lose"), (1, "lose"), (1, "duplicate")]
    sim = transfer(octets=100, faults=faults)
    sim.run(until="50ms")
    assert by(sim, "duplicated", "lost") == ["duplicate #1", "duplicate len > 0 #1"]
    assert sim.unused() == ["client->server: lose len > 0", "client->server: lose #1"]


def test_what_never_hit_is_reported() -> None:
    sim = transfer(faults=[(1000, "lose")], down=[("1h", "2h")], loss=1e-12)
    assert len(sim.unused()) == 5
    sim.run()
    assert sim.unused() == [
        "client->server: lose #1000",
        "client->server: loss",
        "client->server: partition 3600.000 .. 7200.000 s",
        "server->client: loss",
        "server->client: partition 3600.000 .. 7200.000 s",
    ]


SEG = Segment(("10.0.0.2", 80, "10.0.0.1", 4000), 1000, 300, SYN | ACK, 500, b"abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SYN and not ACK", False),
        ("SYN and ACK and not (FIN or RST)", True),
        ("len == 3 and seq >= 1000 and seq < 1001", True),
        ("999 < seq <= 1000", True),
        ("dport in (80, 443)", True),
        ("sport not in [80, 443]", True),
        ("src == '10.0.0.1' and dst != src", True),
        ("n % 7 == 0", True),
        ("seq + len == 1003", True),
        ("wnd & 4 == 4", True),
        ("wnd - 1 > -1", True),
        ("tsval", False),
    ],
)
def test_expressions(text: str, expected: bool) -> None:
    assert holds(check_expression(text, "here"), SEG, 14) is expected


def fields_that_hold(seg: Segment, names: str) -> list[str]:
    return [name for name in names.split() if holds(check_expression(name, "here"), seg, 1)]


def test_an_expression_knows_every_field_of_a_packet() -> None:
    seg = Segment(("10.0.0.2", 80, "10.0.0.1", 4000), 1, 2, 0, 3, b"abcd", 5, tsval=6, tsecr=7)
    values = {
        "seq": 1,
        "ack": 2,
        "wnd": 3,
        "len": 4,
        "up": 5,
        "tsval": 6,
        "tsecr": 7,
        "n": 8,
        "sport": 4000,
        "dport": 80,
    }
    for name, value in (values | {"src": "10.0.0.1", "dst": "10.0.0.2"}).items():
        assert holds(check_expression(f"{name} == {value!r}", "here"), seg, 8), name
    assert holds(check_expression("tsval == 0 and tsecr == 0", "here"), SEG, 8), (
        "as if they were 0, where there are none"
    )
    flags = "FIN SYN RST PSH ACK URG ECE CWR"
    for n, name in enumerate(flags.split()):
        assert fields_that_hold(seg.replace(flags=1 << n), flags) == [name]
    told = [fields_that_hold(seg.replace(ecn=ecn), "ECT CE") for ecn in range(4)]
    assert told == [[], ["ECT"], ["ECT"], ["CE"]]  # RFC 3168 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SYN and", "is no expression"),
        ("syn", "no field 'syn'"),
        ("__import__('os')", "is not among what may be asked"),
        ("seq.real == 1", "is not among what may be asked"),
        ("[1 for n in (1,)]", "is not among what may be asked"),
        ("src > 5", "a text and a number are compared"),
        ("src + 1 == 5", "a text is no number"),
        ("seq % n", "divide by a number above 0"),
        ("seq // 0", "divide by a number above 0"),
        ("seq in 5", "after 'in' stands a list"),
        ("seq is 5", "compare with"),
        ("(1, 2)", "stands not behind 'in'"),
        ("1.5 < seq", "is not among what may be asked"),
        ("n == 1 or " * 100 + "FIN", "longer than 500"),
    ],
)
def test_what_is_no_expression(text: str, problem: str) -> None:
    with pytest.raises(TcpsimError, match=problem):
        transfer(faults=[(text, "lose")])


# -- time


def test_a_rate_spaces_packets_by_their_size() -> None:
    sim = transfer(octets=2920, rate="1Mbit", delay="1ms")
    sim.run()
    sizes = [size_of(seg.segment()) for seg in sim.trace.sent(where="client")]
    times = [t for t, _ in arrivals(sim, "server")]
    assert sizes[0] == 44
    assert times[0] == 1 * MS + 44 * 8 * 1000
    data = times[1:3]
    assert data[1] - data[0] == 1500 * 8 * 1000


def test_the_queue_drops_at_its_tail() -> None:
    sim = transfer(octets=14_600, rate="1Mbit", delay="1ms", queue=3)
    sim.run(until="100ms")
    refused = sim.trace.of("refused")
    sent = [seg for seg in sim.trace.sent(where="client") if seg.len]
    # One is on the line, three wait behind it, and the rest of the burst is dropped.
    assert [record.seg for record in refused] == sent[4:10]  # type: ignore[union-attr]
    assert {record.by for record in refused} == {"queue"}  # type: ignore[union-attr]
    assert sim.hits()["client->server"]["queue"] == 6
    sim.run()
    assert received(sim) == 14_600


def test_jitter_reorders_only_where_it_is_told_to() -> None:
    def overtaken(**link: Any) -> bool:
        sim = transfer(octets=60_000, jitter="30ms", **link)
        sim.run()
        assert received(sim) == 60_000
        times = [
            t - record.t
            for record in sim.trace.of("sent", where="client")
            for t, packet in arrivals(sim, "server")
            if packet == record.packet
        ]  # type: ignore[union-attr]
        assert len(set(times)) > 3
        assert min(times) >= 10 * MS
        numbers = [packet for _, packet in arrivals(sim, "server")]
        return numbers != sorted(numbers)

    assert not overtaken()
    assert overtaken(reorders=True)


def test_what_is_damaged_keeps_its_place_in_the_order() -> None:
    """A fault that changes a packet does not hold it back: jitter must not let it overtake, or be overtaken."""
    sim = transfer(octets=60_000, jitter="30ms", faults=[("n % 3 == 0", "corrupt")])
    sim.run()
    came = [record.packet for record in sim.trace.of("arrived", "refused", where="server")]  # type: ignore[union-attr]
    assert sim.hits()["client->server"]["corrupt n % 3 == 0"] > 10
    assert came == sorted(came)


def test_reordering_by_chance() -> None:
    sim = transfer(octets=60_000, reorder=0.2, reorder_by="3ms")
    sim.run()
    late = sim.hits()["client->server"]["reorder"]
    numbers = [packet for _, packet in arrivals(sim, "server")]
    assert late > 3
    assert numbers != sorted(numbers)
    assert received(sim) == 60_000


def test_what_is_held_back_is_overtaken_though_jitter_keeps_the_order() -> None:
    """Jitter alone never reorders; what ``reorder`` holds back waits for nobody and keeps nobody waiting."""
    sim = transfer(octets=60_000, jitter="1ms", reorder=0.2, reorder_by="5ms")
    sim.run()
    numbers = [packet for _, packet in arrivals(sim, "server")]
    held = sim.hits()["client->server"]["reorder"]
    overtaken = sum(any(later < number for later in numbers[place:]) for place, number in enumerate(numbers))
    assert held > 3
    assert overtaken >= held
    assert received(sim) == 60_000


def test_options_that_no_header_has_room_for_count_as_much_as_fits() -> None:
    """Only a forged segment has them: TCP's header ends after 60 octets (RFC 9293 3.1)."""
    blocks = tuple((n, n + 1) for n in range(0, 12, 2))
    forged = Segment(("10.0.0.2", 80, "10.0.0.1", 4000), 1, 1, ACK, 0, b"data", options=(("sack", *blocks),))
    assert size_of(forged) == 20 + 60 + 4


# -- loss, copies, damage


@pytest.mark.parametrize("version", [4, 6])
def test_corruption_by_chance_is_noticed_by_a_checksum(version: int) -> None:
    sim = Simulator(5)
    addresses = ("10.0.0.1", "10.0.0.2") if version == 4 else ("fd00::1", "fd00::2")
    for name, address in zip(("client", "server"), addresses, strict=True):
        sim.host(name, address, **PATIENT)
    sim.link("client", "server", corrupt=0.2)
    sim.script("server", *SERVER)
    sim.script("client", "connect server 80", ("send", bytes(60_000)), "close")
    sim.run()
    refused = by(sim, "refused")
    hits = sum(hits["corrupt"] for hits in sim.hits().values())
    assert hits > 10
    assert set(refused) <= {"TCP checksum", "IPv4 header checksum", "IP header", "TCP header"}
    assert len(refused) == hits if version == 4 else len(refused) <= hits
    assert received(sim) == 60_000
    assert sim.world.damaged == {}


@given(bit=st.integers(0, 8 * 44 - 1))
def test_each_single_bit_of_a_syn_is_noticed(bit: int) -> None:
    sim = transfer()
    sim.step(2)
    sim.corrupt(bit=bit)
    sim.step()
    (refused,) = by(sim, "refused")
    header = "IPv4 header checksum" if bit >= 8 else "IP header"  # the version and the header's length come first
    if bit >= 160:
        assert refused == ("TCP header" if bit in range(256, 260) else "TCP checksum")  # its length comes first
    else:
        assert refused in (header, "IPv4 header checksum") or bit in range(16, 32)


def test_two_flips_in_one_column_go_unnoticed_and_what_they_say_is_delivered() -> None:
    sim = transfer(octets=0)
    sim.step(2)
    window, up = 160 + 8 * 14, 160 + 8 * 18  # the window's high bit is 1, the urgent field's is 0
    sim.corrupt(bit=window)
    sim.corrupt(bit=up)
    sim.step()
    (arrived,) = sim.trace.of("arrived")
    assert (arrived.seg.wnd, arrived.seg.up) == (0x7FFF, 0x8000)  # type: ignore[union-attr]
    assert by(sim, "refused") == []
    assert sim.trace.of("injected")[0].packet == arrived.packet  # type: ignore[union-attr]
    sim.run()
    assert sim.trace.fired(where="server")[-1] == "last_ack.ack_of_fin"


def test_a_bit_flipped_twice_is_whole_again() -> None:
    sim = transfer()
    sim.step(2)
    before = sim.world.key()
    sim.corrupt(bit=170)
    assert sim.world.key() != before
    sim.corrupt(bit=170)
    assert sim.world.key() == before
    with pytest.raises(TcpsimError, match=r"corrupt bit 352 of packet 1: it has the bits 0 \.\. 351"):
        sim.corrupt(bit=352)


def test_the_hop_limit_of_ipv6_is_under_no_checksum() -> None:
    sim = Simulator()
    client, server = sim.host("client", "fd00::1"), sim.host("server", "fd00::2")
    sim.link(client, server)
    server.listen(80)
    client.connect("server", 80)
    sim.corrupt(bit=8 * 7)
    sim.run(until="15ms")
    assert by(sim, "refused") == []
    assert [record.seg.letters for record in sim.trace.of("arrived")] == ["S"]  # type: ignore[union-attr]


def test_what_only_loses_loses_the_same_packets_as_what_may_do_more() -> None:
    """A link that only loses is looked at many packets at a time; what it loses does not depend on that."""
    fates = []
    for more in ({}, {"mtu": 1500}):
        sim = transfer(200_000, seed=7, loss=0.03, **more)
        sim.run()
        assert received(sim) == 200_000
        fates.append([(record.packet, record.t) for record in sim.trace.of("lost", "arrived")])  # type: ignore[union-attr]
    assert fates[0] == fates[1]
    assert len(sim.trace.of("lost")) > 3


# -- marks (RFC 3168)


def marking(*, ecn: str = "offer", accepts: str = "accept", **link: Any) -> Simulator:
    """A client that offers ECN sends 100,000 octets."""
    sim = Simulator()
    sim.host("client", "10.0.0.1", iss=100, ecn=ecn, **PATIENT)
    sim.host("server", "10.0.0.2", iss=300, ecn=accepts, **PATIENT)
    sim.link("client", "server", **link)
    sim.script("server", *SERVER)
    sim.script("client", "connect server 80", ("send", bytes(100_000)), "close")
    return sim


def test_a_mark_is_echoed_until_the_sender_says_that_cwnd_is_reduced() -> None:
    sim = marking(faults=[("len > 0", 4, "mark")])
    sim.run()
    (marked,) = sim.trace.of("marked")
    data = [seg for seg in sim.trace.sent(where="client") if seg.len]
    assert (marked.by, marked.seg) == ("mark len > 0 #4", data[3])  # type: ignore[union-attr]
    assert [seg.ecn for seg in data] == [2] * len(data)
    assert not sim.trace.of("lost")
    back = [seg.letters for seg in sim.trace.sent(where="server")]
    first = back.index(".E")
    last = len(back) - 1 - back[::-1].index(".E")
    assert back[first : last + 1] == [".E"] * (last + 1 - first)
    assert sum("W" in seg.letters for seg in data) == 1
    assert received(sim) == 100_000
    assert sim.hits()["client->server"] == {"mark len > 0 #4": 1}
    assert " CE" in sim.ladder()


@pytest.mark.parametrize("ends", [{"ecn": "no"}, {"accepts": "no"}])
def test_what_does_not_understand_marks_is_not_marked(ends: dict[str, str]) -> None:
    sim = marking(mark=1.0, faults=[("len > 0", 4, "mark")], **ends)
    sim.run()
    assert not sim.trace.of("marked")
    assert sim.hits()["client->server"] == {"mark": 0, "mark len > 0 #4": 0}
    assert sim.unused() == ["client->server: mark len > 0 #4", "client->server: mark", "server->client: mark"]


def test_marks_by_chance_and_by_the_queue_tell_of_congestion_without_loss() -> None:
    by_chance = marking(mark=0.1)
    by_chance.run()
    assert {record.by for record in by_chance.trace.of("marked")} == {"mark"}  # type: ignore[union-attr]
    slow = {"rate": "2Mbit", "delay": "20ms", "queue": 12}
    lost, marked = marking(**slow), marking(**slow, mark_at=4)
    for sim in (lost, marked):
        sim.run()
        assert received(sim) == 100_000
    assert lost.trace.of("refused")
    assert not marked.trace.of("refused")
    assert {record.by for record in marked.trace.of("marked")} == {"queue mark"}  # type: ignore[union-attr]


def test_a_mark_stays_on_the_way_and_can_be_asked_for() -> None:
    sim = Simulator()
    sim.host("near", ecn="offer", iss=1)
    sim.router("gate")
    sim.host("far", ecn="accept", iss=1)
    sim.link("near", "gate", faults=[("ECT", 1, "mark")])
    sim.link("gate", "far", faults=[("CE", "delay", "1s")])
    sim.script("far", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("near", "connect far 80", ("send", bytes(5000)), "close")
    sim.run(until="500ms")
    assert sim.hits()["gate->far"] == {"delay CE": 1}
    assert any(seg.letters == ".E" for seg in sim.trace.sent(where="far")) is False
    sim.run(until="3s")
    assert any("E" in seg.letters for seg in sim.trace.sent(where="far"))


def test_duplication_by_chance_doubles_and_harms_nothing() -> None:
    sim = transfer(octets=60_000, duplicate=0.3)
    sim.run()
    assert len(by(sim, "duplicated")) == sum(hits["duplicate"] for hits in sim.hits().values()) > 10
    assert received(sim) == 60_000


@pytest.mark.parametrize("both", [True, False])
def test_a_partition_of_one_or_both_ways(both: bool) -> None:
    down = {"down": [("15ms", "2s")]}
    sim = transfer(octets=1000, **(down if both else {"back": down}))
    sim.run()
    lost = sim.trace.of("lost")
    assert {record.by for record in lost} == {"partition 0.015 .. 2.000 s"}  # type: ignore[union-attr]
    assert all(15 * MS <= record.t < 2 * SECOND for record in lost)
    assert {record.seg.src for record in lost} == {"10.0.0.2:80", *(["10.0.0.1:49152"] if both else [])}  # type: ignore[union-attr]
    assert received(sim) == 1000


def test_asymmetric_delays() -> None:
    sim = transfer(octets=10, delay="1ms", back={"delay": "50ms"})
    sim.run(until="1s")
    assert arrivals(sim, "server")[0][0] == 1 * MS
    assert arrivals(sim, "client")[0][0] == 51 * MS


# -- MTU


def test_a_stack_fits_its_segments_to_its_link() -> None:
    sim = transfer(octets=5000, mtu=600)
    sim.run()
    syn, synack = sim.trace.sent(where="client")[0], sim.trace.sent(where="server")[0]
    assert ("mss", 560) in syn.options
    assert ("mss", 560) in synack.options
    assert max(seg.len for seg in sim.trace.sent(where="client")) <= 560
    assert by(sim, "refused") == []


def test_what_is_too_large_is_not_let_onto_the_link() -> None:
    sim = transfer(octets=1400)
    sim.run(until="15ms")
    sim.weather("client", "server", mtu=1000)
    sim.run(until="40ms")
    (refused,) = sim.trace.of("refused")
    assert (refused.by, refused.seg.len, refused.where) == ("MTU 1000", 1400, "client")  # type: ignore[union-attr]
    assert sim.hits()["client->server"] == {"mtu": 1}


@given(
    options=st.lists(st.sampled_from([("mss", 1460), ("wscale", 7), ("sackOK",), ("nop",)]), max_size=4).map(tuple),
    stamped=st.booleans(),
    data=st.binary(max_size=20),
    six=st.booleans(),
)
def test_sizes_are_those_of_the_octets(options: tuple[Any, ...], stamped: bool, data: bytes, six: bool) -> None:
    flow = ("fd00::2", 80, "fd00::1", 4000) if six else ("10.0.0.2", 80, "10.0.0.1", 4000)
    stamp = 7 if stamped else None
    seg = Segment(flow, 1, 2, ACK, 3, data, 0, stamp, stamp, options)
    assert size_of(seg) == len(encode(seg))


# -- part of the world

WEATHERS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"delay": st.sampled_from([0, MS, 10 * MS])},
    optional={
        "loss": st.sampled_from([0.1, 0.3]),
        "jitter": st.sampled_from([MS, 30 * MS]),
        "reorders": st.booleans(),
        "rate": st.sampled_from(["100kbit", 1_000_000]),
        "queue": st.integers(0, 8),
        "mtu": st.sampled_from([576, 1000]),
        "duplicate": st.sampled_from([0.2]),
        "corrupt": st.sampled_from([0.2]),
        "reorder": st.sampled_from([0.2]),
        "reorder_by": st.sampled_from([5 * MS]),
        "down": st.sampled_from([[("15ms", "1s")], [(0, 5), ("1s", "2s")]]),
        "faults": st.sampled_from([[("len > 0", 2, "lose")], [(2, "corrupt"), ("ACK", 3, "duplicate")]]),
        "back": st.sampled_from([{"delay": "20ms"}, {"rate": "1Mbit", "loss": 0.2}]),
    },
)


@settings(max_examples=25)
@given(weather=WEATHERS, seed=st.integers(0, 3), cut=st.integers(0, 60))
def test_streams_survive_and_every_copy_goes_on_alike(weather: dict[str, Any], seed: int, cut: int) -> None:
    sim = transfer(octets=6000, seed=seed, **weather)
    sim.step(cut)
    copy = pickle.loads(pickle.dumps(sim.world.copy()))
    assert copy.key() == sim.world.key()
    assert hash(copy.key()) == hash(sim.world.key())
    fork = sim.fork()
    sim.run()
    fork.run()
    assert fork.trace == sim.trace
    while copy.step():
        pass
    assert copy.key() == sim.world.key()
    assert received(sim) == 6000
    assert {str(conn.state) for conn in sim.world.conns.values()} == {"LISTEN"}
    assert not any((sim.world.flight, sim.world.damaged, sim.world.headers, sim.world.marks))


@settings(max_examples=15)
@given(weather=WEATHERS, seed=st.integers(0, 3))
def test_going_back_and_replaying_repeat_the_weather(weather: dict[str, Any], seed: int) -> None:
    sim = transfer(octets=3000, seed=seed, **weather)
    sim.run(until="30ms")
    sim.weather("client", "server", loss=0.1, faults=[("len > 0", 1, "lose")])
    sim.run(until="3s")
    raw, end, position = list(sim.trace.raw), sim.world.key(), sim.position
    sim.goto(position // 2)
    sim.goto(position)
    namespace: dict[str, Any] = {}
    assert list(sim.trace.raw) == raw
    assert sim.world.key() == end
    exec(replay_script(sim), namespace)
    assert namespace["sim"].trace.raw == raw
    assert namespace["sim"].trace.header == sim.trace.header


# -- what people get wrong


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ({"loss": 1.5}, "loss 1.5 is not a probability"),
        ({"loss": -0.1}, "loss -0.1 is not a probability"),
        ({"corrupt": True}, "corrupt True is not a probability"),
        ({"delay": "-1ms"}, "delay '-1ms' is not a time"),
        ({"delay": -1}, "delay -1 is negative"),
        ({"jitter": "soon"}, "jitter 'soon' is not a time"),
        ({"rate": 0}, "rate 0 is not a rate"),
        ({"rate": "fast"}, "rate 'fast' is not a rate"),
        ({"queue": -1}, "queue -1 is not a number of packets"),
        ({"queue": 1_000_001}, "queue 1000001 is not a number of packets in 0 .. 1000000"),
        ({"mark_at": 0}, "mark_at 0 is not a number of packets in 1 .. 1000000"),
        ({"mark_at": 1_000_001}, "mark_at 1000001 is not a number of packets"),
        ({"mtu": 67}, "mtu 67 is not a number of octets in 68 .. 65535"),
        ({"mtu": 65_536}, "mtu 65536 is not a number of octets"),
        ({"down": [("2s", "1s")]}, "ends before it begins"),
        ({"down": ["1s"]}, "is no pair of times"),
        ({"down": [("1s", "2s", "3s")]}, "is no pair of times"),
        ({"speed": 5}, "no option 'speed'; the options are delay, loss, jitter"),
        ({"back": {"speed": 5}}, "no option 'speed'"),
        ({"faults": [(0, "lose")]}, "is no fault"),
        ({"faults": [(1, "eat")]}, "is no fault"),
        ({"faults": [("lose",)]}, "is no fault"),
        ({"faults": ["lose"]}, "is no fault"),
        ({"faults": "lose"}, "is no list of faults"),
        ({"faults": [("SYN", -1, "lose")]}, "is no fault"),
        ({"faults": [(1, "delay", "late")]}, "delay of packet 1 'late' is not a time"),
    ],
)
def test_a_wrong_link_is_refused_and_nothing_has_changed(link: dict[str, Any], problem: str) -> None:
    sim = Simulator()
    sim.host("client")
    sim.host("server")
    before = sim.world.key(), repr(sim.trace.header)
    with pytest.raises(TcpsimError, match=problem) as raised:
        sim.link("client", "server", **link)
    assert "link client-server" in str(raised.value)
    assert (sim.world.key(), repr(sim.trace.header)) == before


@pytest.mark.parametrize(
    "link",
    [
        {"loss": 0, "queue": 0, "mark_at": 1, "mtu": 68},
        {"loss": 1, "queue": 1_000_000, "mark_at": 1_000_000, "mtu": 65_535},
    ],
)
def test_the_least_and_the_most_that_a_link_may_have(link: dict[str, Any]) -> None:
    sim = Simulator()
    sim.link(sim.host("client"), sim.host("server"), **link)
    assert {name: sim.trace.header["links"][0][name] for name in link} == link


@pytest.mark.parametrize(
    ("ends", "problem"),
    [
        (("client", "client"), "a link joins two hosts"),
        (("client", "nobody"), "no host 'nobody'; the hosts are client, server"),
        (("server", "client"), "these hosts are joined already"),
    ],
)
def test_a_link_between_the_wrong_hosts(ends: tuple[str, str], problem: str) -> None:
    sim = Simulator()
    sim.host("client")
    sim.host("server")
    sim.link("client", "server")
    before = sim.world.key()
    with pytest.raises(TcpsimError, match=problem):
        sim.link(*ends)
    assert sim.world.key() == before
