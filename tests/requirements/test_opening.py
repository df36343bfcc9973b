"""Opening: initial sequence numbers, the handshake in all its forms, what a SYN may carry (RFC 9293 3.4, 3.5)."""

from __future__ import annotations

import pytest

from tcpsim import Code, Flags, Segment, Simulator, State
from tcpsim.tcp import TRANSITIONS
from tests.requirements.registry import requirement
from tests.requirements.stage import MOD, PLAIN, SECOND, Stage, ns, refused


def isn(*, seed: int = 1, at: str = "0s", local_port: int = 5000, port: int = 80) -> int:
    """The number of the SYN that a client sends at a time, to a host that never answers."""
    sim = Simulator(seed)
    client, server = sim.host("client"), sim.host("server")
    sim.link(client, server, loss=1.0)
    sim.run(until=at)
    client.connect("server", port, local_port=local_port)
    return sim.trace.sent(where="client")[-1].seq


@requirement("MUST-8", "SHLD-1", "EXT-6528-1")
@pytest.mark.parametrize("later", ["4us", "1ms", "3600s", "20000s"])
def test_the_isn_advances_by_one_every_four_microseconds(later: str) -> None:
    first, second = isn(), isn(at=later)
    assert (second - first) % MOD == ns(later) // 4000 % MOD
    assert isn(at=later) == second


@requirement("MUST-9", "SHLD-1")
def test_the_isns_of_other_connections_tell_nothing() -> None:
    numbers = {(seed, port): isn(seed=seed, local_port=port) for seed in (1, 2) for port in range(5000, 5020)}
    assert len(set(numbers.values())) == len(numbers)
    gaps = {(numbers[1, port + 1] - numbers[1, port]) % MOD for port in range(5000, 5019)}
    assert len(gaps) == 19  # no step is taken twice
    assert {numbers[1, port] - numbers[2, port] for port in (5000, 5001)} != {numbers[1, 5000] - numbers[2, 5000]}


@requirement("MUST-10", "LC-2")
def test_a_simultaneous_open_makes_one_connection() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.conn = stage.client.connect("server", 6000, local_port=5000)
    stage.peer = stage.server.connect("client", 5000, local_port=6000)
    stage.run("1s")
    assert stage.states() == (State.ESTABLISHED, State.ESTABLISHED)
    assert [len(host.sockets()) for host in (stage.client, stage.server)] == [1, 1]
    assert stage.lines() == [
        "client S 0:0(0)",
        "server S 0:0(0)",
        "server S. 0:0(0) ack 1",
        "client S. 0:0(0) ack 1",
    ]
    stage.conn.send(b"crossed")
    assert stage.peer.recv() == b"crossed"


@requirement("MUST-11", "UNL-4")
def test_a_reset_in_syn_received_goes_where_the_open_came_from() -> None:
    passive = Stage(opened=False, **PLAIN)
    listener = passive.server.listen(80)
    passive.cut("server")
    passive.client.connect("server", 80, local_port=5000)
    passive.run("10ms")
    passive.sim.inject("server", "R 1:1(0) win 0")
    passive.run("1ms")
    assert [row["state"] for row in passive.server.sockets()] == [State.LISTEN]
    assert listener.state is State.LISTEN

    active = Stage(opened=False, **PLAIN)
    active.cut("server")
    active.conn = active.client.connect("server", 6000, local_port=5000)
    sock = active.server.connect("client", 5000, local_port=6000)
    active.run("10ms")
    assert sock.state is State.SYN_RECV
    active.sim.inject("server", "R 1:1(0) win 0")
    active.run("1ms")
    assert sock.state is State.CLOSED
    refused(Code.REFUSED, sock.send, b"x")


@requirement("MUST-22", "MUST-23", "EXT-6298-1", "SHLD-9")
def test_a_syn_into_a_black_hole() -> None:
    stage = Stage(opened=False)
    stage.cut("client")
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    stage.run()
    times = [seen.t / SECOND for seen in stage.seen("client")]
    assert times == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    (closed,) = [record.t for record in stage.sim.trace.of("fired", conn=stage.conn)[1:]]
    assert closed >= 180 * SECOND
    refused(Code.TIMED_OUT, stage.conn.send, b"x")
    assert stage.signals("client") == ["signal delivery trouble", "signal timed out"]


@requirement("LC-2", "LC-5", "LC-30")
def test_syn_and_fin_take_a_number_and_every_segment_after_the_handshake_has_an_ack() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.open()
    stage.mark = 0
    stage.conn.send(b"ten octets")
    stage.conn.close()
    stage.run("1s")
    stage.peer.close()
    stage.run()
    assert stage.lines() == [
        "client S 0:0(0)",
        "server S. 0:0(0) ack 1",
        "client . 1:1(0) ack 1",
        "client P. 1:11(10) ack 1",
        "client F. 11:11(0) ack 1",
        "server . 1:1(0) ack 11",
        "server . 1:1(0) ack 12",
        "server F. 1:1(0) ack 12",
        "client . 12:12(0) ack 2",
    ]
    assert len(State) == 11
    assert {row.src for row in TRANSITIONS} | {row.dst for row in TRANSITIONS} == set(State)


@requirement("LC-1")
@pytest.mark.parametrize("back", [0, 1, 2, 10, 11, 12, 500])
def test_numbers_that_wrap_change_nothing(back: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def story() -> list[str]:
        stage = Stage(opened=False, **PLAIN)
        stage.open()
        stage.mark = 0
        stage.conn.send(bytes(1200))
        stage.peer.send(bytes(11))
        stage.run("100ms")
        stage.drop("client", "server")
        while stage.read(stage.peer):
            pass
        stage.run("5s")
        stage.peer.close()
        stage.conn.close()
        stage.run()
        return stage.lines()

    monkeypatch.setattr(Stage, "iss", (1000, 2000))
    expected = story()
    monkeypatch.setattr(Stage, "iss", (-back % MOD, (-back - 1) % MOD))
    assert story() == expected


@requirement("LC-6", "SHLD-2", "LC-22")
def test_data_on_a_syn_waits_for_the_handshake() -> None:
    stage = Stage(opened=False, **PLAIN)
    listener = stage.server.listen(80)
    stage.cut("client")
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    address, port, remote, remote_port = stage.conn.tcb.flow
    syn = Segment((remote, remote_port, address, port), stage.iss[0], 0, Flags.SYN, 1000, b"early")
    stage.stray("server", syn)
    (row,) = [row for row in stage.server.sockets() if row["state"] is State.SYN_RECV]
    assert row["recv_q"] == 0
    assert stage.seen("server")[-1].ack == 1  # the SYN alone is acknowledged
    stage.mend("client")
    stage.run("100ms")
    peer, _ = listener.accept()
    assert peer.recv() == b"early"
    assert stage.seen("server")[-1].ack == 6


@requirement("UNL-3")
def test_queued_data_rides_on_the_ack_that_completes_the_open() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.server.listen(80)
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    stage.conn.send(b"hello")
    stage.run("25ms")
    assert stage.lines("client") == ["client S 0:0(0)", "client P. 1:6(5) ack 1"]


@requirement("LC-8")
def test_a_closed_port_answers_in_the_prescribed_form() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.conn = stage.client.connect("server", 81, local_port=5000)
    stage.run()
    (reset,) = stage.seen("server")
    assert (reset.letters, reset.seg.seq, reset.ack) == ("R.", 0, 1)
    refused(Code.REFUSED, stage.conn.send, b"x")

    stage = Stage(**PLAIN)
    stage.sim.reboot("server")
    stage.conn.send(b"data for nobody")
    stage.run("15ms")
    assert stage.lines("server") == ["server R 1:1(0)"]


@requirement("LC-9")
@pytest.mark.parametrize("letters", [".", "S.", "F.", "P."])
def test_listen_and_syn_states_reset_a_bad_ack_and_stay(letters: str) -> None:
    listening = Stage(opened=False, **PLAIN)
    listener = listening.server.listen(80)
    words = f"{letters} 9:9(0) ack 777 win 1000"
    listening.stray("server", words)
    (reset,) = listening.seen("server")
    assert (reset.letters, reset.seg.seq, listener.state) == ("R", 777, State.LISTEN)

    opening = Stage(opened=False, **PLAIN)
    opening.cut("client", "server")
    opening.conn = opening.client.connect("server", 80, local_port=5000)
    for ack in (0, 2):
        bad = (opening.iss[0] + ack) % MOD
        words = f"{letters} 9:9(0) ack {bad} win 1000"
        opening.forget().stray("client", words)
        (reset,) = opening.seen("client")
        assert (reset.letters, reset.seg.seq, opening.conn.state) == ("R", bad, State.SYN_SENT)

    if "S" in letters:
        return  # there the fourth check comes first
    embryo = Stage(opened=False, **PLAIN)
    embryo.server.listen(80)
    embryo.cut("server")
    embryo.client.connect("server", 80, local_port=5000)
    embryo.run("10ms")
    embryo.forget().sim.inject("server", f"{letters} 1:1(0) ack 2 win 1000")
    embryo.run("1ms")
    assert embryo.lines("server") == ["server R 2:2(0)"]
    assert State.SYN_RECV in [row["state"] for row in embryo.server.sockets()]


@requirement("LC-13")
def test_syn_sent_believes_a_reset_only_with_the_ack_of_its_syn() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.cut("client", "server")
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    iss = stage.iss[0]
    for words in ("R 0:0(0) win 0", f"R. 0:0(0) ack {iss} win 0", f"R. 0:0(0) ack {(iss + 2) % MOD} win 0"):
        stage.sim.inject("client", words, absolute=True)
        stage.run("1ms")
        assert stage.conn.state is State.SYN_SENT
    stage.sim.inject("client", f"R. 0:0(0) ack {(iss + 1) % MOD} win 0", absolute=True)
    stage.run("1ms")
    assert stage.conn.state is State.CLOSED
    refused(Code.REFUSED, stage.conn.send, b"x")


@requirement("LC-14", "LC-23", "LC-12")
@pytest.mark.parametrize("words", ["R 5:5(0) win 0", "R. 5:5(0) ack 7 win 0", "F 5:5(0) win 9"])
def test_listen_ignores_resets_and_bare_fins(words: str) -> None:
    stage = Stage(opened=False, **PLAIN)
    listener = stage.server.listen(80)
    stage.stray("server", words).run("1s")
    assert (stage.lines(), listener.state) == ([], State.LISTEN)
    if words.startswith("F"):
        opener = Stage(opened=False, **PLAIN)
        opener.cut("client", "server")
        opener.conn = opener.client.connect("server", 80, local_port=5000)
        opener.forget().sim.inject("client", words, absolute=True)
        opener.run("1ms")
        assert (opener.lines(), opener.conn.state) == ([], State.SYN_SENT)


@requirement("MUST-42")
def test_one_may_listen_while_a_handshake_on_that_port_is_under_way() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.cut("client")  # the crossing SYN never comes
    dialling = stage.server.connect("client", 5000, local_port=80)
    assert dialling.state is State.SYN_SENT
    listener = stage.server.listen(80)
    stage.mend("client")
    stage.client.connect("server", 80, local_port=6000)
    peer, address = listener.accept()
    assert (address, peer.state) == (("10.0.0.1", 6000), State.ESTABLISHED)


@requirement("MUST-41")
def test_a_second_passive_open_leaves_the_first_alone() -> None:
    stage = Stage(**PLAIN)
    before = stage.peer.tcb.variables()
    refused(Code.ALREADY_EXISTS, stage.server.listen, 80)
    assert stage.peer.tcb.variables() == before
    assert stage.server.listen(80, "10.0.0.2").state is State.LISTEN  # another record
    stage.conn.send(b"x")
    assert stage.peer.recv() == b"x"
