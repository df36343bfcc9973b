"""Reading what was written: the same lines again, and one clear error for everything else."""

from __future__ import annotations

import json

import pytest

from tcpsim.render import ladder
from tcpsim.scenarios import SCENARIOS
from tcpsim.trace import Trace
from tcpsim.trace.jsonl import to_lines
from tcpsim.trace.reading import UnreadableTrace, from_lines
from tests.trace.stories import everything

LINES = list(to_lines(everything().trace))


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_was_written_is_read_and_written_again(name: str) -> None:
    for level in ("brief", "full"):
        trace = SCENARIOS[name].play(trace=level).trace
        lines = list(to_lines(trace))
        again = from_lines(lines)
        assert list(to_lines(again)) == lines
        assert ladder(again, numbers="relative") == ladder(trace, numbers="relative")
        if level == "brief":
            assert [raw for raw in again.raw if raw[0] != "checked"] == [
                raw for raw in trace.raw if raw[0] != "checked"
            ]


def test_every_kind_of_record_is_read_as_it_was() -> None:
    read = from_lines(LINES)
    assert read.level == "full"
    assert list(read) == list(everything().trace)


def test_without_payload_the_length_stays_known() -> None:
    read = from_lines(to_lines(everything().trace, data=False))
    sent = [seg for seg in read.sent() if seg.len]
    assert sent
    assert all(seg.data is None for seg in sent)


def test_timestamps_that_have_a_place_of_their_own_keep_it_and_their_values() -> None:
    seg = (("10.0.0.2", 80, "10.0.0.1", 49152), 1, 0, 2, 10, 0, 7, 8, 0, (("mss", 5), ("TS",), ("nop",)), None, 2)
    trace = Trace()
    trace.raw.append(("sent", 0, "client", 1, None, 1, seg))
    lines = list(to_lines(trace))
    assert json.loads(lines[1])["seg"]["options"] == [["mss", 5], ["TS", 7, 8], ["nop"]]
    assert json.loads(lines[1])["seg"]["ecn"] == 2
    assert from_lines(lines).raw == trace.raw


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "sung"}, "no record of kind 'sung'; there are call, sent"),
        ({"n": 7}, "record 7 where number 0 belongs"),
        ({"t": "noon"}, "'noon' is no whole number"),
        ({"where": None}, "None is no text"),
        ({"name": 1}, "1 is no text"),
    ],
)
def test_a_record_that_cannot_be_is_named_by_its_line(change: dict[str, object], words: str) -> None:
    wrong = json.dumps(json.loads(LINES[1]) | change)
    with pytest.raises(UnreadableTrace, match=f"f.jsonl, line 2: .*{words}"):
        from_lines([LINES[0], wrong], name="f.jsonl")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "trace is empty"),
        (["hello"], "line 1 is not JSON"),
        (["[1]"], "line 1 is no JSON object"),
        (["[" * 100_000], "line 1 is not JSON"),
        (["{}"], "no schema number"),
        (['{"schema": 2}'], "has schema 2, and this version reads schema 1"),
        (['{"schema": 1, "hosts": [{}]}'], "a host needs a name"),
        ([LINES[0], '{"kind": "sent", "n": 0}'], "lacks 'packet'"),
        ([LINES[0], '{"kind": "lost", "n": 0, "packet": 9}'], "no record before it introduces packet 9"),
        ([LINES[0], '{"kind": "fired", "n": 0, "rule": "x"}'], "there is no rule 'x'"),
    ],
)
def test_what_is_no_trace_is_told_in_one_line(lines: list[str], words: str) -> None:
    with pytest.raises(UnreadableTrace, match=words) as caught:
        from_lines(lines)
    assert "\n" not in str(caught.value)
