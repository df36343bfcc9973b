"""RACK and tail loss probes (RFC 8985) on fixed loss patterns; every table was computed by hand.

The round trip is 100 ms, so the reordering window is 25 ms and its timer runs 2 ms longer; rows as in ``path``.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import State
from tcpsim.tcp.rack import Rack
from tests.recovery.path import Path, table

BY_TIME: dict[str, Any] = {"sack": True, "rack": True, "initial_window": 10}
PROBING = BY_TIME | {"tlp": True}
MS = 1_000_000


def test_three_duplicate_acks_need_no_timer() -> None:
    """Without reordering, three segments SACKed make the window zero: as fast as DupThresh."""
    path = Path("1", **BY_TIME).give(6).run(until=250)
    assert path.table() == table("""
        0: start -> 1 2 3 4 5 6 | 10 inf 6
        100: ack 0 -> - | 10 inf 5 disorder         # 2 is SACKed
        100: ack 0 -> - | 10 inf 4 disorder
        100: ack 0 -> 1! | 3 3 3 fast               # FlightSize 6; on the way are 5, 6 and 1 again
        100: ack 0 -> - | 3 3 2 fast
        100: ack 0 -> - | 3 3 1 fast
        200: ack 6 -> - | 3 3 0
    """)


def test_two_duplicate_acks_and_a_quarter_of_the_round_trip() -> None:
    path = Path("2", **BY_TIME).give(4).run(until=250)
    assert path.table() == table("""
        0: start -> 1 2 3 4 | 10 inf 4
        100: ack 1 -> - | 10 inf 3
        100: ack 1 -> - | 10 inf 2 disorder         # 3 is SACKed, and the timer set
        100: ack 1 -> - | 10 inf 1 disorder
        127: rack -> 2! | 2 2 1 fast                # 100 + 25 + 2; FlightSize 3, but two segments at least
        227: ack 4 -> - | 2 2 0
    """)


def test_what_is_only_late_is_not_sent_again() -> None:
    """Segment 2 is overtaken by the two behind it and comes at once: within the window."""
    path = Path(late={2: 2}, **BY_TIME).give(6).run()
    assert path.repeated() == []
    assert path.tcb.cwnd == 10_000
    assert path.tcb.rack.seen == 1
    assert path.tcb.rack.reordering == 3


def test_how_far_a_segment_came_behind_is_counted_in_segments() -> None:
    """2 comes behind 4; that reordering was seen lets 10 come behind 15, six segments from the first to the last."""
    path = Path(late={2: 2, 10: 5}, **BY_TIME | {"initial_window": 20}).give(16).run()
    assert path.repeated() == []
    assert path.tcb.rack.seen == 2
    assert path.tcb.rack.reordering == 6


def test_a_lost_retransmission_is_told_by_one_sent_after_it() -> None:
    """1 and 2 are lost, and 1 once more: 2's second transmission was sent after it and has come."""
    path = Path("1 2 1", **BY_TIME).give(8).run(until=450)
    assert path.repeated() == [1, 2, 1]
    assert [sent for sent in path.sent if sent[2]] == [(100, 1, True), (100, 2, True), (200, 1, True)]


def test_the_probe_of_a_lost_tail() -> None:
    """The last two are lost: the probe repeats the last, whose SACK tells that the other is missing."""
    path = Path("5 6", **PROBING).give(6).run(until=700)
    assert path.table() == table("""
        0: start -> 1 2 3 4 5 6 | 10 inf 6
        100: ack 1 -> - | 10 inf 5
        100: ack 2 -> - | 10 inf 4
        100: ack 3 -> - | 10 inf 3
        100: ack 4 -> - | 10 inf 2
        302: rack -> 6! | 10 inf 2                  # two round trips and 2 ms after the last ACK
        402: ack 4 -> 5! | 2 2 1 fast               # 5 was sent long before 6, which has come
        502: ack 6 -> - | 2 2 0
    """)


def test_a_probe_of_new_data() -> None:
    """What waits for cwnd goes first: it need not be a repetition."""
    path = Path("9 10", **PROBING).give(11).run(until=100)
    assert path.sent[-1] == (100, 11, False)
    blocked = Path("3 4", sack=True, rack=True, tlp=True, initial_window=4, cwnd_validation=True)
    blocked.give(4).run(until=101)
    assert blocked.run(until=400).repeated() == [4]


def test_a_probe_of_new_data_tells_what_is_missing() -> None:
    """cwnd is full, and all of it is lost; the stream goes on behind the probe (RFC 8985 7.3)."""
    path = Path("1 2", **PROBING | {"initial_window": 2}).give(3).run(until=500)
    assert path.table() == table("""
        0: start -> 1 2 | 2 inf 2
        202: rack -> 3 | 2 inf 3                    # two round trips and 2 ms: one segment beyond cwnd
        302: ack 0 -> 1! 2! | 2 2 2 fast            # 3 is SACKed
        402: ack 1 -> - | 2 2 1 fast
        402: ack 3 -> - | 2 2 0
    """)
    assert path.give(1).run(until=700).receiver.tcb.rcv_buf.size == 4000
    assert path.sender.state is path.receiver.state is State.ESTABLISHED


@pytest.mark.parametrize("iss", [100, 2**32 - 1 - 4500])
def test_a_probe_that_repaired_the_loss_costs_a_window(iss: int) -> None:
    """The probe's ACK covers more than the probe: what it repeated was lost (RFC 8985 7.4)."""
    path = Path("4", iss=iss, **PROBING).give(4).run(until=450)
    assert path.repeated() == []  # one segment is in flight: 200 ms more, for a delayed ACK
    path.run(until=520)
    assert path.repeated() == [4]
    path.give(2).run(until=900)
    assert path.tcb.rack.probe is None
    assert path.tcb.ssthresh < 10_000


def test_a_probe_whose_original_came_costs_nothing() -> None:
    """The ACK was late, not the segment: a D-SACK tells that the probe was needless."""
    path = Path(**PROBING | {"receiver": {"ack_delay": 450 * MS}}).give(1).run(until=1000)
    assert path.repeated() == [1]
    assert (path.tcb.cwnd, path.tcb.rack.probe) == (10_000, None)


def test_after_a_time_out_only_what_is_missing_leaves() -> None:
    path = Path("1 1 2", **BY_TIME).give(3).run()
    assert path.repeated() == [1, 1, 2] or path.repeated() == [1, 2, 1]
    assert path.receiver.tcb.rcv_buf.size == 3000


def test_after_a_time_out_nothing_sent_a_round_trip_ago_is_on_its_way() -> None:
    path = Path("1 2 3", **BY_TIME).give(3).run(until=1250)
    assert path.table() == table("""
        0: start -> 1 2 3 | 10 inf 3
        1000: rtx -> 1! | 1 2 1 rto                 # all three are lost, and FlightSize is 3
        1100: ack 1 -> 2! 3! | 2 2 2 rto            # slow start
        1200: ack 2 -> - | 2 2 1 rto
        1200: ack 3 -> - | 2 2 0
    """)


def test_a_time_out_leaves_what_was_sent_just_before_it_on_its_way() -> None:
    """Less than a round trip ago: 3 is not taken for lost (RFC 8985 6.3)."""
    path = Path("2", **BY_TIME).give(1).run(until=100).give(1).run(until=1050).give(2).run(until=1500)
    assert path.table() == table("""
        0: start -> 1 | 10 inf 1
        100: ack 1 -> - | 10 inf 0
        100: start -> 2 | 10 inf 1                  # lost, and nothing behind it tells
        1050: start -> 3 4 | 10 inf 3
        1100: rtx -> 2! | 3 2 3 rto                 # one segment more than is on its way
        1150: ack 1 -> - | 3 2 2 rto
        1150: ack 1 -> - | 3 2 1 rto
        1200: ack 4 -> - | 3 2 0
    """)


def test_a_window_that_a_duplicate_has_widened_is_narrow_after_16_recoveries() -> None:
    """RFC 8985 6.2, step 4: a quarter of the least round trip; a D-SACK adds one, which persists."""
    rack = Rack(0)
    rack.transmitted(0, 1000, 0)
    rack.advance(1000, 100 * MS, 1000)
    assert rack.window(100 * MS, recovering=False) == 25 * MS
    rack.recovered()
    rack.told_of_duplicate(2000)
    widths = []
    for _ in range(17):
        widths.append(rack.window(100 * MS, recovering=False) // MS)
        rack.recovered()
    assert widths == [50] * 16 + [25]
    assert rack.window(100 * MS, recovering=False) == 25 * MS


@pytest.mark.parametrize("copies", [0, 1])
@given(
    actions=st.lists(
        st.tuples(st.sampled_from(("send", "ack", "sack", "detect", "again", "time-out")), st.integers(0, 9)),
        max_size=40,
    )
)
def test_the_pipe_is_what_flies(copies: int, actions: list[tuple[str, int]]) -> None:
    """Whatever happens: pipe counts the octets in flight, lost ones are known in order, nothing is in two places."""
    una = nxt = (1 << 32) - 3000
    rack = Rack(una)
    for now, (what, n) in enumerate(actions):
        if copies:
            before, rack = rack, rack.copy()
            assert before.key() == rack.key()
        flight = (nxt - una) % (1 << 32)
        if what == "send":
            rack.transmitted(nxt, end := (nxt + 1000) % (1 << 32), now)
            nxt = end
        elif what == "ack" and flight:
            una = (una + min(flight, 500 * n)) % (1 << 32)
            rack.advance(una, now, 1000)
        elif what == "sack":
            rack.sacked([((una + 500 * n) % (1 << 32), (una + 500 * n + 1500) % (1 << 32))], nxt, now, 1000)
        elif what == "detect":
            rack.detect(now, 10, recovering=bool(n % 2))
        elif what == "again" and (lost := rack.next_lost()) is not None:
            rack.repeated(lost[0], (lost[0] + lost[1]) % (1 << 32), now)
        elif what == "time-out":
            rack.timed_out(now)
        assert rack.pipe == sum(sent.end - start for start, sent in rack.flying.items())
        assert rack.todo == sorted(rack.gone)
        assert not rack.flying.keys() & rack.gone.keys()
        assert rack.pipe <= (nxt - una) % (1 << 32)
