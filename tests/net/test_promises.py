"""The checker of promises: it lets real stories pass, and finds what is missing, too much or out of order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpsim import TRANSITIONS, Simulator
from tcpsim.tcp import Do, Transition
from tcpsim.tcp.states import BY_ID
from tcpsim.trace import Trace
from tests.helpers import promises
from tests.helpers.promises import PromiseBroken, check_promises, events
from tests.helpers.stories import STORMY, TALK, Story

RESET = TALK.but(client=("connect server 81",))
ABORT = TALK.but(client=("connect server 80", "sleep 1s", "abort"))
SIMULTANEOUS = TALK.but(
    client=("connect server 80", "sleep 80ms", "close"), server=("listen 80", "accept", "sleep 70ms", "close")
)


def played(story: Story) -> Simulator:
    sim = story.build()
    sim.run()
    return sim


@pytest.mark.parametrize("story", [TALK, STORMY, RESET, ABORT, SIMULTANEOUS])
def test_a_real_story_keeps_its_promises(story: Story) -> None:
    sim = played(story)
    check_promises(sim.trace)
    assert len(list(events(sim.trace))) == sim.position
    assert [n for event in events(sim.trace) for n in event] == list(range(len(sim.trace)))


def test_level_full_is_needed() -> None:
    with pytest.raises(AssertionError, match="level full"):
        check_promises(TALK.build("brief").trace)


def index_of(trace: Trace, kind: str, test: Callable[[Any], bool] = lambda record: True) -> int:
    return next(record.n for record in trace.of(kind) if test(record))


def without(story: Story, kind: str, test: Callable[[Any], bool] = lambda record: True) -> Trace:
    """The story's trace with one record's kind changed into one that means nothing here."""
    trace = played(story).trace
    n = index_of(trace, kind, test)
    raw = trace.raw[n]
    trace.raw[n] = ("delivered", *raw[1:5], 0)
    return trace


@pytest.mark.parametrize(
    ("story", "kind", "test", "message"),
    [
        (TALK, "sent", lambda r: r.seg.letters == "S", r"not done: \['snd SYN'\]"),
        (TALK, "sent", lambda r: r.seg.letters == "S.", r"not done: \['snd SYN,ACK'\]"),
        (SIMULTANEOUS, "sent", lambda r: r.seg.letters == "." and r.where == "client" and r.n > 60, "not done"),
        (ABORT, "sent", lambda r: r.seg.letters == "R", r"not done: \['snd RST'\]"),
        (TALK, "timer_set", lambda r: r.timer == "time_wait", r"not done: \['start 2MSL'\]"),
        (TALK, "note", lambda r: r.text == "signal open", r"not done: \['signal open'\]"),
        (TALK, "note", lambda r: r.text == "signal closing", r"not done: \['signal closing'\]"),
        (RESET, "note", lambda r: r.text == "signal reset", r"not done: \['signal reset'\]"),
        (TALK, "fired", lambda r: r.rule == "closed.open_active", r"done and not promised by \[\]: \['snd SYN'\]"),
        (TALK, "fired", lambda r: r.rule == "listen.rcv_syn", r"done and not promised"),
        (TALK, "fired", lambda r: r.rule == "established.close", "done and not promised by"),
        (TALK, "fired", lambda r: r.rule == "fin_wait_2.fin" or r.rule == "fin_wait_1.fin", "done and not promised by"),
        (ABORT, "fired", lambda r: r.rule == "established.abort", r"done and not promised by \[\]: \['snd RST'\]"),
        (ABORT, "fired", lambda r: r.rule == "established.rst", r"the user was told Counter\(.*and \[\] promise"),
        (TALK, "fired", lambda r: r.rule == "syn_recv.ack_of_syn", "fired in SYN_RECV|was told"),
    ],
)  # fmt: skip
def test_a_changed_story_is_found_out(story: Story, kind: str, test: Callable[[Any], bool], message: str) -> None:
    with pytest.raises(PromiseBroken, match=message):
        check_promises(without(story, kind, test))


def test_a_cause_in_another_event_is_found_out() -> None:
    trace = played(TALK).trace
    n = index_of(trace, "fired", lambda record: record.rule == "listen.rcv_syn")
    trace.raw[n] = (*trace.raw[n][:4], 0, *trace.raw[n][5:])
    with pytest.raises(PromiseBroken, match="names record 0, of another event, as its cause"):
        check_promises(trace)


def test_a_repeated_fin_needs_no_promise_and_a_new_one_does() -> None:
    story = TALK.but(client=("connect server 80", "sleep 1s", "close"), faults=((3, "lose"),))
    trace = played(story).trace
    check_promises(trace)
    fins = [record.n for record in trace.of("sent", where="client") if "F" in record.seg.letters]  # type: ignore[union-attr]
    assert len(fins) == 2
    raw = list(trace.raw[fins[1]])
    raw[6] = (raw[6][0], raw[6][1] + 7, *raw[6][2:])  # another number
    trace.raw[fins[1]] = tuple(raw)
    with pytest.raises(PromiseBroken, match=r"done and not promised by \[\]: \['snd FIN'\]"):
        check_promises(trace)


def test_a_bare_ack_for_nothing_is_found_out() -> None:
    trace = played(TALK).trace
    n = max(record.n for record in trace.of("arrived") if record.seg.letters == "." and not record.seg.len)  # type: ignore[union-attr]
    _, t, where, conn, *_ = trace.raw[n]
    header = trace.introduced(trace.raw[n][5])[1]  # type: ignore[index]
    trace.raw.insert(n + 1, ("sent", t, where, conn, n, 999, tuple(header)))
    for later in range(n + 2, len(trace.raw)):
        raw = trace.raw[later]
        if raw[4] is not None and raw[4] > n:
            trace.raw[later] = (*raw[:4], raw[4] + 1, *raw[5:])
    with pytest.raises(PromiseBroken, match="an empty segment was answered with a bare ACK|still acts"):
        check_promises(trace)


STORIES = [
    TALK, SIMULTANEOUS, RESET, ABORT, TALK.but(client=("connect server 80", "shutdown", "recv_to_end", "close")),
]  # fmt: skip
FIRED = {rule: story for story in STORIES for rule in played(story).trace.fired()}


def test_enough_rows_fire_here() -> None:
    assert len([row for row in TRANSITIONS if row.figure5 and row.id in FIRED]) >= 13


@pytest.mark.parametrize("row", [row for row in TRANSITIONS if row.id in FIRED], ids=lambda row: row.id)
def test_every_promise_is_really_looked_at(row: Transition, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a promise taken out of a row, or another put in, a story in which the row fires is found out."""
    trace = played(FIRED[row.id]).trace
    told = [do for do in row.do if do not in (Do.CREATE_TCB, Do.DELETE_TCB, Do.SND_ACK)]
    lies = [tuple(do for do in row.do if do is not gone) for gone in told]
    lies += [(*row.do, more) for more in (Do.SND_RST, Do.SIGNAL_REFUSED) if more not in row.do]
    for do in lies:
        changed: dict[str, Any] = {**BY_ID, row.id: row._replace(do=do, deferred=())}
        monkeypatch.setattr(promises, "BY_ID", changed)
        with pytest.raises(PromiseBroken):
            check_promises(trace)
