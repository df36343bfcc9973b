"""tshark reads the capture of every scenario as the trace tells it, at each host's tap."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tcpsim.render.pcap import pcapng
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.tcp.segment import ACK, FIN, SYN
from tcpsim.tcp.seq import MASK
from tcpsim.trace.raw import INTRODUCE
from tcpsim.trace.records import Arrived, Header, Lost, Refused, Sent
from tcpsim.trace.trace import Trace
from tests.helpers.tshark import AGAIN, BAD, GOOD, Row, tshark


class Tap(NamedTuple):
    """What one host of one scenario must see, and what tshark says that it sees."""

    scenario: str
    host: str
    trace: Trace
    rows: list[Row]


def elsewhere(trace: Trace, k: int) -> Trace:
    """The same trace in network ``k``: so that tshark can read all captures at once and mix none up."""

    def moved(address: str) -> str:
        return f"10.{k >> 8}.{k & 255}.{address[7:]}" if address.startswith("10.0.0.") else address

    new = Trace(trace.header, trace.level)
    for raw in trace.raw:
        if raw[0] in INTRODUCE:
            target, to_port, source, from_port = raw[6][0]
            header = ((moved(target), to_port, moved(source), from_port), *raw[6][1:])
            raw = (*raw[:6], header, *raw[7:])
        new.raw.append(raw)
    return new


@pytest.fixture(scope="module")
def taps(tmp_path_factory: pytest.TempPathFactory) -> list[Tap]:
    """Every tap of every scenario; a section of one file each."""
    found: list[Tap] = []
    captures = []
    for name in SCENARIOS:
        told = play(name, trace="full").trace
        for host in told.header["hosts"]:
            trace = elsewhere(told, len(captures))
            captures.append(pcapng(trace, tap=host["name"]))
            found.append(Tap(name, host["name"], trace, []))
    for row in tshark(b"".join(captures), tmp_path_factory.mktemp("tshark")):
        found[row.section - 1].rows.append(row)
    return found


def passing(tap: Tap) -> list[tuple[bool, Any]]:
    """(outbound, record) of what passes the tap, straight from the trace's words."""
    found: list[tuple[bool, Any]] = []
    senders: dict[int, str] = {}
    arrived = set()
    for record in tap.trace:
        if isinstance(record, Sent):
            senders[record.packet] = record.where
            if record.where == tap.host:
                found.append((True, record))
        elif isinstance(record, Arrived | Refused) and record.where == tap.host != senders.get(record.packet):
            if record.packet not in arrived:
                found.append((False, record))
            arrived.add(record.packet)
    return found


def test_every_scenario_has_a_tap_at_each_host(taps: list[Tap]) -> None:
    assert {tap.scenario for tap in taps} == set(SCENARIOS)
    assert all(tap.rows for tap in taps if tap.trace.sent(where=tap.host))


def test_nothing_is_malformed_and_every_checksum_is_right(taps: list[Tap]) -> None:
    for tap in taps:
        seen = [record for _, record in passing(tap)]
        tcp = [record.t for record in seen if is_damaged(record, "TCP checksum", "TCP header")]
        ip = [record.t for record in seen if is_damaged(record, "IPv4 header checksum", "IP header")]
        assert [row for row in tap.rows if row.malformed] == [], tap.scenario
        assert [row.ns for row in tap.rows if row.tcp_checksum == BAD] == tcp, tap.scenario
        assert [row.ns for row in tap.rows if row.ip_checksum == BAD] == ip, tap.scenario
        assert {row.ip_checksum for row in tap.rows} <= {GOOD, BAD, ""}, tap.scenario  # IPv6 has none
        assert {row.tcp_checksum for row in tap.rows} <= {GOOD, BAD}, tap.scenario


def is_damaged(record: Any, *checks: str) -> bool:
    return isinstance(record, Refused) and record.by in checks


def test_fields_times_and_interfaces_are_those_of_the_trace(taps: list[Tap]) -> None:
    for tap in taps:
        told = [(record.t, outbound, *fields(record.seg)) for outbound, record in passing(tap)]
        read = [
            (row.ns, row.outbound, row.source, row.target, row.flags, row.seq, row.ack, row.octets, row.window)
            for row in tap.rows
        ]
        assert read == told, (tap.scenario, tap.host)


def fields(seg: Header) -> tuple[Any, ...]:
    return seg.src, seg.dst, seg.flags, seg.seq, seg.ack, seg.len, seg.wnd


def test_streams_are_the_connections_of_the_trace(taps: list[Tap]) -> None:
    for tap in taps:
        first: dict[int, int] = {}
        read = [first.setdefault(row.stream, len(first)) for row in tap.rows]
        assert read == list(streams([record.seg for _, record in passing(tap)])), (tap.scenario, tap.host)


def streams(segments: list[Header]) -> Iterator[int]:
    """A stream is two ends; a SYN with another number than its sender's first begins another one between them."""
    now: dict[frozenset[str], int] = {}
    begun: dict[tuple[int, str], int] = {}
    for seg in segments:
        ends = frozenset((seg.src, seg.dst))
        stream = now.setdefault(ends, max(now.values(), default=-1) + 1)
        if seg.flags & (SYN | ACK) == SYN:
            iss = begun.setdefault((stream, seg.src), seg.seq)
            if iss != seg.seq:
                stream = now[ends] = max(now.values()) + 1
                begun[stream, seg.src] = seg.seq
        begun.setdefault((stream, seg.src), seg.seq)
        yield stream


def test_what_is_lost_is_seen_at_its_senders_tap_only(taps: list[Tap]) -> None:
    lost_in_all = 0
    for tap in taps:
        numbers = [int(row.comment.split()[0].removeprefix("#")) for row in tap.rows]
        assert len(set(numbers)) == len(numbers)
        senders = {record.packet: record.where for record in tap.trace.of("sent") if isinstance(record, Sent)}
        for record in tap.trace.of("lost"):
            sender = senders.get(getattr(record, "packet", 0))
            if isinstance(record, Lost) and sender is not None:  # a copy has no sender, and is seen nowhere
                assert (record.packet in numbers) == (sender == tap.host), (tap.scenario, tap.host)
                lost_in_all += 1
                if sender == tap.host:
                    comment = tap.rows[numbers.index(record.packet)].comment
                    assert "lost" in comment or "dropped" in comment
    assert lost_in_all > 20


def test_comments_tell_the_state_or_what_became_of_it(taps: list[Tap]) -> None:
    for tap in taps:
        told = " ".join(row.comment for row in tap.rows)
        assert all(row.comment.startswith("#") and tap.host in row.comment for row in tap.rows), tap.scenario
        for record in tap.trace.of("fired", where=tap.host):
            cause = record.cause
            if cause is not None and tap.trace.raw[cause][0] == "arrived":
                assert f"{record.src} -> {record.dst} ({record.rule})" in told, (tap.scenario, record)


#: Scenarios in which somebody sends again what was lost, late, or asked for.
RETRANSMIT = (
    "lost-syn", "black-hole", "lost-syn-ack", "lost-syn-ack-literal", "lost-final-ack", "lost-fin", "lost-last-ack",
    "lost-last-ack-nobody-waits", "simultaneous-open", "simultaneous-open-literal",
    "old-duplicate-syn-overtaken-rst", "self-connect", "self-connect-echo", "close-in-syn-received",
    "close-in-syn-received-data-queued", "close-in-syn-received-reordered", "half-open", "half-open-opens-again",
    "reset-of-active-open", "shrinking-window", "fin-at-zero-window", "duplication", "user-timeout",
    "port-reuse-in-time-wait", "port-reuse-waits-its-turn",
)  # fmt: skip


def resent(trace: Trace, host: str) -> list[int]:
    """The packets in which ``host`` sends sequence numbers that it has sent before on that connection."""
    reached: dict[int | None, int] = {}
    found = []
    for record in trace.of("sent", where=host):
        assert isinstance(record, Sent)
        seg = record.seg
        octets = seg.len + bool(seg.flags & SYN) + bool(seg.flags & FIN)
        if not octets:
            continue
        again = (
            reached.setdefault(record.conn, seg.seq) - seg.seq
        ) & MASK  # octets from here on that were sent before
        if 0 < again < 1 << 31:
            found.append(record.packet)
        if again < octets or again >= 1 << 31:
            reached[record.conn] = (seg.seq + octets) & MASK
    return found


def test_the_interfaces_are_the_hosts(tmp_path: Path) -> None:
    trace = play("lost-fin", trace="full").trace
    rows = tshark(pcapng(trace, tap="both"), tmp_path)
    assert [(row.interface, row.outbound) for row in rows][:3] == [
        ("client", True),
        ("server", False),
        ("server", True),
    ]
    assert [row.ns for row in rows] == sorted(row.ns for row in rows)
    assert len(rows) == len(trace.sent()) + len(trace.arrived())


@pytest.mark.parametrize("name", RETRANSMIT)
def test_what_tshark_marks_at_the_senders_tap_is_what_was_sent_again(taps: list[Tap], name: str) -> None:
    in_all = 0
    for tap in taps:
        if tap.scenario == name:
            marked = [row for row in tap.rows if row.outbound and row.marks & set(AGAIN)]
            numbers = [int(row.comment.split()[0].removeprefix("#")) for row in marked]
            assert numbers == resent(tap.trace, tap.host), (name, tap.host)
            in_all += len(numbers)
    assert in_all


def test_a_damaged_packet_has_a_wrong_checksum_at_its_receiver_only(tmp_path: Path) -> None:
    from tcpsim import pair

    sim, client, server = pair()
    server.listen(80)
    client.connect("server", 80)
    sim.corrupt()
    sim.run(until="15ms")
    sent, refused = tshark(pcapng(sim.trace, tap="both"), tmp_path)
    assert (sent.interface, sent.tcp_checksum) == ("client", GOOD)
    assert (refused.interface, refused.tcp_checksum, refused.ip_checksum) == ("server", BAD, GOOD)
    assert "checksum" in sent.comment
    assert "checksum" in refused.comment
