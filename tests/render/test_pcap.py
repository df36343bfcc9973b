"""Captures, read back by the library that wrote them and by our own decoder."""

import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tcpsim import Simulator, pair
from tcpsim.render import MissingTool, UnknownChoice
from tcpsim.render.errors import DrawingFailed
from tcpsim.render.pcap import RAW_IP, pcapng
from tcpsim.render.pcap_frames import frames, tap_names
from tcpsim.scenarios import play
from tcpsim.tcp.wire import decode, decode_ip
from tcpsim.trace import Trace
from tcpsim.trace.records import Icmp
from tests.helpers.tools import require_tool
from tests.render.traces import Story, handshake

# Of python-pcapng, about itself: it leaves if_tsresol without a type.
pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")


def read(capture: bytes) -> tuple[Any, list[Any], list[Any]]:
    """Section header, interfaces, packets."""
    from pcapng import FileScanner, blocks

    section, *rest = FileScanner(io.BytesIO(capture))
    interfaces = [block for block in rest if isinstance(block, blocks.InterfaceDescription)]
    packets = [block for block in rest if isinstance(block, blocks.EnhancedPacket)]
    assert len(interfaces) + len(packets) == len(rest)
    return section, interfaces, packets


def comments(capture: bytes) -> list[str]:
    return [packet.options["opt_comment"] for packet in read(capture)[2]]


def transfer() -> Simulator:
    """A connection with data both ways, traced in full."""
    sim, client, server = pair(trace="full", seed=3)
    sim.script(server, "listen 80", "accept", "recv_to_end", ("send", b"farewell"), "close")
    sim.script(client, "connect server 80", ("send", b"hello"), "shutdown", "recv_to_end", "close")
    sim.run()
    return sim


def test_every_packet_is_the_segment_of_the_trace() -> None:
    trace = transfer().trace
    _, _, packets = read(pcapng(trace))
    told = trace.of("sent", "arrived", where="client")
    assert len(packets) == len(told)
    for packet, record in zip(packets, told, strict=True):
        seg = decode(packet.packet_data)
        assert seg.key() == record.seg.segment().key()
        assert (packet.timestamp_high << 32) + packet.timestamp_low == record.t
        assert decode_ip(packet.packet_data).ident == record.packet
    assert b"farewell" in [decode(packet.packet_data).data for packet in packets]


def test_the_header_says_who_listens_where() -> None:
    section, interfaces, packets = read(pcapng(transfer().trace, tap="both"))
    assert section.options["shb_userappl"].startswith("tcpsim ")
    assert [one.options["if_name"] for one in interfaces] == ["client", "server"]
    assert [one.options["if_description"] for one in interfaces] == ["10.0.0.1", "10.0.0.2"]
    assert {one.link_type for one in interfaces} == {RAW_IP}
    assert {one.timestamp_resolution for one in interfaces} == {1e-9}
    assert {packet.interface_id for packet in packets} == {0, 1}


def test_payload_that_was_not_kept_is_zeros_and_the_file_says_so() -> None:
    story = handshake()
    story.sent(40, "client", "P.", 101, 301, octets=5)
    section, _, packets = read(pcapng(story.trace))
    assert decode(packets[-1].packet_data).data == bytes(5)
    assert "zeros" in section.options["opt_comment"]
    assert "zeros" not in read(pcapng(transfer().trace))[0].options["opt_comment"]


def test_times_beyond_32_bits_of_nanoseconds() -> None:
    story = Story()
    story.sent(10_000, "client", "S", 100)
    _, _, (packet,) = read(pcapng(story.trace))
    assert (packet.timestamp_high << 32) + packet.timestamp_low == 10_000_000_000


@pytest.mark.parametrize(
    ("tap", "names"),
    [
        (None, ("client",)),
        ("client", ("client",)),
        ("server", ("server",)),
        ("both", ("client", "server")),
    ],
)
def test_taps(tap: str | None, names: tuple[str, ...]) -> None:
    assert tap_names(handshake().trace, tap) == names


def test_client_and_server_are_the_first_and_second_host_where_nobody_is_called_so() -> None:
    trace = Story(("a", "10.0.0.1"), ("b", "10.0.0.2")).trace
    assert tap_names(trace, "client") == ("a",)
    assert tap_names(trace, "server") == ("b",)
    assert tap_names(trace, "both") == ("a", "b")


def test_an_unknown_tap_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownChoice, match="no tap 'router'; choose one of: client, server, both"):
        pcapng(handshake().trace, tap="router")


def test_a_lost_packet_is_seen_where_it_was_sent() -> None:
    trace = play("lost-fin", trace="full").trace
    assert any("lost (lose #3)" in words for words in comments(pcapng(trace, tap="client")))
    numbers = [frame.packet for frame in frames(trace, "server")]
    assert 4 not in numbers
    assert 5 in numbers


def test_a_duplicate_and_a_forgery_are_seen_where_they_arrive() -> None:
    sim, client, server = pair(trace="full")
    server.listen(80)
    client.connect("server", 80)
    sim.duplicate()
    sim.run()
    sim.inject("client", "R 1:1(0) win 0")
    sim.run()
    at_client, at_server = (comments(pcapng(sim.trace, tap=tap)) for tap in ("client", "server"))
    assert "doubled on the way as #2" in at_client[0]
    assert any(words.startswith("#2 a copy of #1; ") for words in at_server)
    assert not any(words.startswith("#2 ") for words in at_client)
    assert "injected; client: ESTABLISHED -> CLOSED" in at_client[-1]
    assert not any("injected" in words for words in at_server)


def test_what_a_host_sends_to_itself_is_seen_once() -> None:
    trace = play("self-connect", trace="full").trace
    assert len(comments(pcapng(trace, tap="both"))) == len(trace.sent())


def test_comments_tell_call_change_verdict_and_fate() -> None:
    told = comments(pcapng(play("half-open", trace="full").trace, tap="both"))
    assert told[0] == "#1 connect(10.0.0.2, 80, 49152); client: CLOSED -> SYN_SENT (closed.open_active)"
    assert "#3 server: SYN_RECV -> ESTABLISHED (syn_recv.ack_of_syn)" in told
    assert "#4 server in ESTABLISHED; outside the receive window (seq.unacceptable), so ACK" in told
    assert any("timer runs out" in words for words in told)
    assert told[-1].endswith("still on its way when the trace ends")


def test_a_close_inside_an_arrivals_event_is_told_with_the_fin_it_sends() -> None:
    told = comments(pcapng(transfer().trace, tap="server"))
    (fin,) = [words for words in told if "close_wait.close" in words]
    assert fin.startswith("#")
    assert "answers #" in fin
    assert "close()" in fin


def test_ipv6() -> None:
    sim = Simulator(trace="full")
    client, server = sim.host("client", "fd00::1"), sim.host("server", "fd00::2")
    sim.link(client, server)
    server.listen(80)
    client.connect("server", 80)
    sim.corrupt()
    sim.run(until="15ms")
    _, _, (sent, damaged) = read(pcapng(sim.trace, tap="both"))
    assert decode(sent.packet_data).src == ("fd00::1", 49152)
    with pytest.raises(ValueError, match="TCP checksum"):
        decode(damaged.packet_data)


@pytest.mark.parametrize(("bit", "which"), [(100, "IPv4 header"), (300, "TCP")])
def test_a_damaged_packet_has_a_wrong_checksum_where_it_arrives(bit: int, which: str) -> None:
    sim, client, server = pair(trace="full")
    server.listen(80)
    client.connect("server", 80)
    sim.corrupt(bit=bit)
    sim.run(until="15ms")
    _, _, (sent, damaged) = read(pcapng(sim.trace, tap="both"))
    assert decode(sent.packet_data).src == ("10.0.0.1", 49152)
    with pytest.raises(ValueError, match=f"{which} checksum"):
        decode(damaged.packet_data)
    assert f"its {which} checksum is wrong" in damaged.options["opt_comment"]


def test_a_router_takes_hops_and_its_tap_sees_what_comes_in() -> None:
    sim = Simulator(trace="full")
    client, middle, server = sim.host("client"), sim.router("middle"), sim.host("server")
    sim.link(client, middle)
    sim.link(middle, server)
    server.listen(80)
    client.connect("server", 80)
    sim.run()
    assert tap_names(sim.trace, "both") == ("client", "middle", "server")
    at_client, at_middle, at_server = (read(pcapng(sim.trace, tap=tap))[2] for tap in ("client", "middle", "server"))
    ttls = [
        [decode_ip(packet.packet_data).ttl for packet in packets] for packets in (at_client, at_middle, at_server)
    ]
    assert ttls == [[64, 63, 64], [64, 64, 64], [63, 64, 63]]
    assert at_middle[0].options["opt_comment"] == "#1 middle passes it on, 63 hops left"


def test_a_segment_that_no_octets_express_is_named() -> None:
    story = Story()
    story.sent(0, "client", "S", 100, wnd=70_000)
    with pytest.raises(DrawingFailed, match="packet 1 cannot be written as octets: wnd 70000"):
        pcapng(story.trace)


def test_a_trace_without_packets_is_a_file_with_an_interface() -> None:
    _, interfaces, packets = read(pcapng(Story().trace))
    assert len(interfaces) == 1
    assert packets == []


def test_an_empty_trace_is_a_file_all_the_same() -> None:
    section, interfaces, packets = read(pcapng(Trace()))
    assert section is not None
    assert (interfaces, packets) == ([], [])


def test_the_same_trace_gives_the_same_octets() -> None:
    assert pcapng(transfer().trace) == pcapng(transfer().trace)


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pcapng", None)
    with pytest.raises(MissingTool, match=r"pip install 'tcpsim\[pcap\]'") as caught:
        pcapng(handshake().trace)
    assert "\n" not in str(caught.value)


class Counting(list[Any]):
    """The plain records of a trace, counting how often one is looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        self.looks += 1
        return super().__getitem__(index)

    def __iter__(self) -> Any:
        self.looks += len(self)
        return super().__iter__()


def looks(packets: int) -> int:
    sim, client, server = pair()
    sim.script(server, "listen 80", "accept", "recv_to_end", "close")
    sim.script(client, "connect server 80", ("send", bytes(1460 * packets)), "close")
    sim.run()
    sim.trace.raw = Counting(sim.trace.raw)
    assert sum(1 for _ in frames(sim.trace, "both")) >= 2 * packets
    assert isinstance(sim.trace.raw, Counting)
    return sim.trace.raw.looks


def test_the_work_grows_with_the_trace_and_no_faster() -> None:
    few, many = looks(100), looks(800)
    assert many < 8.5 * few


def through_a_narrow_link(*addresses: str) -> Simulator:
    """A connection whose path has a smaller MTU in its middle than its ends know."""
    sim = Simulator(trace="full")
    names = ("client", "one", "other", "server")
    hosts = [
        sim.host(name, address) if name in ("client", "server") else sim.router(name, address)
        for name, address in zip(names, addresses, strict=True)
    ]
    for a, b in pairwise(hosts):
        sim.link(a, b, mtu=1300 if a.name == "one" else None)
    hosts[-1].listen(80)
    conn = hosts[0].connect("server", 80)
    sim.run()
    conn.send(bytes(1400))
    sim.run(for_="2s")
    return sim


V4 = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
V6 = ("fd00::1", "fd00::2", "fd00::3", "fd00::4")


@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
def test_icmp_messages_are_seen_where_they_are_sent_and_arrive(addresses: tuple[str, ...]) -> None:
    trace = through_a_narrow_link(*addresses).trace
    told = trace.of("icmp")
    assert {record.name for record in told if isinstance(record, Icmp)} == {"fragmentation-needed"}
    found = [frame for frame in frames(trace, "both") if isinstance(frame.seg, Icmp)]
    assert [(frame.tap, frame.outbound) for frame in found][:2] == [("one", True), ("client", False)]
    assert "MTU 1300, from" in found[0].comment
    assert len(read(pcapng(trace, "both"))[2]) == len(list(frames(trace, "both")))


@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
def test_tshark_reads_icmp_messages(addresses: tuple[str, ...], tmp_path: Path) -> None:
    program = require_tool("tshark")
    file = tmp_path / "icmp.pcapng"
    file.write_bytes(pcapng(through_a_narrow_link(*addresses).trace, "client"))
    kind = "icmp" if addresses is V4 else "icmpv6"
    wanted = [
        f"{kind}.type",
        f"{kind}.code",
        f"{kind}.mtu",
        f"{kind}.checksum.status",
        "tcp.srcport",
        "_ws.malformed",
    ]
    command = [program, "-n", "-r", str(file), "-Y", f"{kind}.type", "-T", "fields"]
    done = subprocess.run(
        [*command, *(word for field in wanted for word in ("-e", field))], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0].split("\t")
    assert first == [*(("3", "4") if addresses is V4 else ("2", "0")), "1300", "1", "49152", ""]
