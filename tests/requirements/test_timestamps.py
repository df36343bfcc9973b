"""Window scale, timestamps, PAWS, and TIME-WAIT with them: RFC 7323, RFC 6191."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Flags, Segment, State
from tests.requirements.registry import requirement
from tests.requirements.stage import MOD, MS, PATIENT, PLAIN, SECOND, Stage


def option(seen: Any, name: str) -> tuple[Any, ...] | None:
    return next((one for one in seen.seg.options if one[0] == name), None)


@requirement("EXT-7323-1", "REC-1")
@pytest.mark.parametrize("client", [None, 0, 7])
@pytest.mark.parametrize("server", [None, 0, 14])
def test_windows_are_scaled_only_if_both_syns_offer_it(client: int | None, server: int | None) -> None:
    stage = Stage(opened=False, client={"window_scale": client}, server={"window_scale": server, "rcv_buf": 1 << 20})
    stage.open()
    stage.mark = 0
    stage.conn.send(bytes(100))
    stage.run("1s")
    syn, synack = (next(seen for seen in stage.seen(host) if "S" in seen.letters) for host in ("client", "server"))
    assert option(syn, "wscale") == (None if client is None else ("wscale", client))
    both = client is not None and server is not None
    assert option(synack, "wscale") == (("wscale", server) if both else None)
    assert synack.wnd == 65535  # the window on a SYN is never scaled
    later = stage.seen("server")[-1].wnd
    assert later == (min(65535, (1 << 20) - 100 >> (server or 0)) if both else 65535)


@requirement("EXT-7323-1", "REC-1", "MUST-1")
def test_a_window_beyond_65535_is_used() -> None:
    switches = {"window_scale": 7, "rcv_buf": 400_000, "snd_buf": 400_000, "congestion": "none"}
    stage = Stage(delay="500ms", **switches, **PATIENT)
    stage.forge("client", ". 1:1(0) ack 1 win 3000")  # 384,000: the most that is in flight is not 64 KiB
    stage.cut("client")
    stage.forget().conn.send(bytes(300_000))
    assert sum(seen.len for seen in stage.seen("client")) > 200_000


@requirement("EXT-7323-1")
def test_a_shift_above_14_counts_as_14() -> None:
    stage = Stage(opened=False, server={"window_scale": 0, "congestion": "none"}, nagle=False, snd_buf=1 << 20)
    listener = stage.server.listen(80)
    iss, irs = stage.iss
    flow = ("10.0.0.2", 80, "10.0.0.1", 5000)
    stage.stray("server", Segment(flow, iss, 0, Flags.SYN, 1, options=(("mss", 60_000), ("wscale", 30))))
    stage.stray("server", Segment(flow, (iss + 1) % MOD, (irs + 1) % MOD, Flags.ACK, 2))
    peer, _ = listener.accept()
    stage.forget()
    peer.send(bytes(100_000))
    assert 2 << 14 >= sum(seen.len for seen in stage.seen("server")) > 30_000


TS: dict[str, Any] = {**PLAIN, "timestamps": True, "rcv_buf": 5000}


@requirement("EXT-7323-2")
def test_timestamps_stand_on_every_segment_but_resets_once_both_offer_them() -> None:
    for client in (False, True):
        for server in (False, True):
            stage = Stage(opened=False, client={"timestamps": client}, server={"timestamps": server}, **PLAIN)
            stage.open()
            stage.mark = 0
            stage.conn.send(bytes(700))
            stage.run("100ms")
            stage.peer.send(b"x")
            stage.run("100ms")
            stage.conn.close()
            stage.run("100ms")
            stage.peer.abort()
            stage.run("100ms")
            for seen in stage.seen():
                stamped = seen.seg.tsval is not None
                if seen.letters == "S":
                    assert stamped == client
                elif "R" not in seen.letters:
                    assert stamped == (client and server), seen


@requirement("EXT-7323-2")
def test_a_segment_without_the_stamp_is_dropped_and_ends_nothing() -> None:
    stage = Stage(**TS)
    stage.forge("server", "P. 1:6(5) ack 1 win 1000")
    assert (stage.lines("server"), stage.read(stage.peer), stage.peer.state) == ([], None, State.ESTABLISHED)
    stage.conn.send(b"hello")
    assert stage.peer.recv() == b"hello"
    stage.forge("server", "R 6:6(0) win 0")
    assert stage.peer.state is State.CLOSED  # a RST needs none


def stamped(stage: Stage, words: str, tsval: int, data: bytes | None = None) -> None:
    """A segment with that stamp reaches the server; its echo is what the server sent last."""
    ecr = stage.peer.tcb.ts_recent
    stage.forge("server", f"{words} <nop,nop,TS val {tsval % MOD} ecr {ecr}>")


@requirement("EXT-7323-3")
def test_ts_recent_is_kept_from_what_reaches_the_last_number_acknowledged() -> None:
    """Seen in the echoes: out of order, the stamp of the gap's filler is echoed, not that of what came early."""
    stage = Stage(**TS)
    now = stage.sim.now // 1_000_000
    stage.forget()
    stamped(stage, "P. 501:1001(500) ack 1 win 1000", now + 50)
    (duplicate,) = stage.seen("server")
    assert duplicate.ack == 1
    assert duplicate.seg.tsecr is not None
    assert duplicate.seg.tsecr < now + 50
    stage.forget()
    stamped(stage, "P. 1:501(500) ack 1 win 1000", now + 40)
    (ack,) = stage.seen("server")
    assert (ack.ack, ack.seg.tsecr) == (1001, now + 40)
    stage.forget()
    stamped(stage, "P. 1001:1002(1) ack 1 win 1000", now + 40)  # equal is not older
    (ack,) = stage.seen("server")
    assert (ack.ack, ack.seg.tsecr) == (1002, now + 40)


@requirement("EXT-7323-4")
def test_paws_drops_what_is_older_and_acknowledges_it() -> None:
    stage = Stage(**TS)
    now = stage.sim.now // 1_000_000
    stamped(stage, "P. 1:6(5) ack 1 win 1000", now + 1000)
    assert stage.read(stage.peer) == bytes(5)
    stage.forget()
    for old in (now + 999, now, now + 1000 - 2**31):  # right number, old stamp: it would be taken for new data
        stamped(stage, "P. 6:11(5) ack 1 win 1000", old)
        (ack,) = stage.seen("server")
        assert (ack.letters, ack.ack) == (".", 6)
        assert stage.read(stage.peer) is None
        stage.forget()
    stamped(stage, "P. 6:11(5) ack 1 win 1000", now + 1001)
    assert stage.read(stage.peer) == bytes(5)
    stamped(stage, "R 11:11(0) win 0", now)  # a RST is exempt
    assert stage.peer.state is State.CLOSED


@requirement("EXT-7323-4")
def test_paws_gives_up_a_stamp_that_is_older_than_24_days() -> None:
    stage = Stage(trace="brief", **TS)
    now = stage.sim.now // 1_000_000
    stage.sim.run(for_=24 * 86_400 * SECOND + SECOND)
    stamped(stage, "P. 1:6(5) ack 1 win 1000", now - 5)
    assert stage.read(stage.peer) == bytes(5)


@requirement("EXT-6298-4")
def test_with_timestamps_a_repeated_segment_measures() -> None:
    for stamps in (False, True):
        stage = Stage(delay="300ms", **PLAIN, **PATIENT, timestamps=stamps)
        stage.conn.send(b"x")
        stage.drop("client")
        stage.sim.weather("client", "server", delay="500ms")
        stage.run("5s")
        srtt = stage.conn.tcb.srtt
        # The repeated segment took 500 + 300 ms: 7/8 600 + 1/8 800 = 625.
        assert srtt == (625_000_000 if stamps else 600_000_000)


@requirement("EXT-6298-4")
def test_with_timestamps_a_repeated_syn_ack_measures() -> None:
    for stamps in (False, True):
        stage = Stage(
            opened=False, delay="300ms", **PLAIN, **PATIENT, timestamps=stamps, client={"rto_initial": SECOND * 9}
        )
        stage.listener = stage.server.listen(80)
        stage.client.connect("server", 80)
        stage.run("400ms").drop("server")
        stage.run("5s")
        assert [seen.t for seen in stage.seen("server")] == [300 * MS, 1300 * MS]
        srtt = stage.listener.accept()[0].tcb.srtt
        assert srtt == (600 * MS if stamps else -1), "-1: nothing is measured yet"


# -- TIME-WAIT: RFC 6191's cases


def waits(stamps: bool, reopen: str = "6191", **new: Any) -> Stage:
    """The client of an ended connection is in TIME-WAIT and a listener waits on its port; the server dials it."""
    stage = Stage(opened=False, **PLAIN, timestamps=stamps, client={"reopen_time_wait": reopen})
    listener = stage.client.listen(5000)
    stage.conn = stage.server.connect("client", 5000, local_port=80)
    peer, _ = listener.accept()
    peer.close()
    stage.run("100ms")
    stage.conn.close()
    stage.run("100ms")
    assert State.TIME_WAIT in [row["state"] for row in stage.client.sockets()]
    return stage.forget()


def syn(stage: Stage, seq: int, tsval: int | None) -> list[str]:
    """A new SYN with that number and stamp; what it draws."""
    number = (stage.iss[1] + seq) % MOD
    options = "" if tsval is None else f" <mss 500,nop,nop,TS val {tsval % MOD} ecr 0>"
    stage.stray("client", f"S {number}:{number}(0) win 1000{options}")
    return [seen.letters for seen in stage.seen("client")]


@requirement("EXT-6191-1", "SHLD-4")
@pytest.mark.parametrize(
    ("old", "tsval", "seq", "taken"),
    [
        (True, 5000, 900, True),  # a newer stamp
        (True, 5000, -900, True),  # the same, whatever the number
        (True, "same", 900, True),  # the same stamp and a higher number
        (True, "same", -900, False),
        (True, None, 900, True),  # no stamp any more, and a higher number
        (True, None, -900, False),
        (False, 5000, -900, True),  # stamps for the first time
        (False, None, 900, True),
        (False, None, -900, False),
        (True, 0, 900, False),  # an older stamp
    ],
)
def test_a_syn_in_time_wait(old: bool, tsval: Any, seq: int, taken: bool) -> None:
    """RFC 6191: accepted if stamp or number prove it new, else dropped without a word."""
    stage = waits(old)
    if not old and tsval is not None:
        stage = first_stamps()
    value = tsval
    if tsval == "same":
        value = next(raw for raw in stage.sim.world.conns.values() if raw.state is State.TIME_WAIT).tcb.ts_recent
    assert syn(stage, seq, value) == (["S."] if taken else [])


def first_stamps() -> Stage:
    """As ``waits(False)``, but the client's host would use stamps: only the server's old connection had none."""
    stage = Stage(
        opened=False, **PLAIN, client={"reopen_time_wait": "6191", "timestamps": True}, server={"timestamps": False}
    )
    listener = stage.client.listen(5000)
    stage.conn = stage.server.connect("client", 5000, local_port=80)
    peer, _ = listener.accept()
    peer.close()
    stage.run("100ms")
    stage.conn.close()
    stage.run("100ms")
    return stage.forget()
