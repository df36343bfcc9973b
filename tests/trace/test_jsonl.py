"""The file format: a header line, then a line for each record, with what interfaces promise for its kind."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given

from tcpsim import __version__
from tcpsim.trace.jsonl import plain, to_lines
from tcpsim.trace.records import KINDS
from tests.helpers.stories import ACTS, MOD, STORIES, TALK, Act, Story, act
from tests.trace.stories import everything, routed

COMMON = {"n", "t", "where", "kind", "cause"}
SEGMENT = {"packet", "seg"}
#: What every record of a kind has besides the common keys and ``conn``.
KEYS: dict[str, set[str]] = {
    "call": {"name", "args", "result"},
    "sent": SEGMENT,
    "arrived": SEGMENT,
    "forwarded": SEGMENT | {"ttl"},
    "icmp": {"packet", "what", "name", "source", "destination", "flow", "seq", "mtu", "by"},
    "passed": SEGMENT | {"by", "direction"},
    "lost": SEGMENT | {"by"},
    "marked": SEGMENT | {"by"},
    "duplicated": SEGMENT | {"original", "by"},
    "refused": SEGMENT | {"by"},
    "injected": SEGMENT,
    "checked": {"packet", "check", "verdict", "because"},
    "fired": {"rule", "from", "to"},
    "vars": {"changed"},
    "timer_set": {"timer", "due"},
    "timer_stopped": {"timer"},
    "timer_fired": {"timer"},
    "delivered": {"octets"},
    "rebooted": {"text"},
    "note": {"text"},
    "move": {"position", "move"},
}
#: The kinds that always belong to a connection, and those that never do.
WITH_CONN = {"call", "fired", "vars", "timer_set", "timer_stopped", "timer_fired", "delivered"}
WITHOUT_CONN = {"duplicated", "injected", "rebooted", "move"}

LINES = [json.loads(line) for line in to_lines(everything().trace)]
HEADER, RECORDS = LINES[0], LINES[1:]
ROUTED = [json.loads(line) for line in to_lines(routed().trace)][1:]


def of(kind: str) -> list[dict[str, Any]]:
    return [line for line in (*RECORDS, *ROUTED) if line["kind"] == kind]


def test_the_keys_are_of_all_kinds() -> None:
    assert set(KEYS) == set(KINDS)


def test_a_line_for_each_record() -> None:
    lines = list(to_lines(everything().trace))
    assert len(lines) == len(everything().trace) + 1
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_the_header() -> None:
    assert HEADER["schema"] == 1
    assert HEADER["version"] == __version__
    assert (HEADER["seed"], HEADER["profile"], HEADER["level"]) == (0, "rfc9293", "full")
    assert [host["name"] for host in HEADER["hosts"]] == ["client", "server"]
    assert HEADER["hosts"][0]["addresses"] == ["10.0.0.1"]
    assert HEADER["hosts"][0]["iss"] == MOD - 3
    assert HEADER["hosts"][0]["switches"] == {"mss": 500, "rcv_buf": 2000}
    (link,) = HEADER["links"]
    assert link["ends"] == ["client", "server"]
    assert (link["delay"], link["loss"]) == (10_000_000, 0.0)
    assert (link["faults"], link["faults_back"]) == ([[2, "lose"]], [[2, "duplicate"]])
    assert [script["host"] for script in HEADER["scripts"]] == ["server", "client"]


@pytest.mark.parametrize("kind", KEYS)
def test_each_kind_has_its_keys(kind: str) -> None:
    lines = of(kind)
    assert lines, "the story has every kind"
    for line in lines:
        assert set(line) - {"conn"} == COMMON | KEYS[kind]
        if kind in WITH_CONN:
            assert isinstance(line["conn"], int)
        if kind in WITHOUT_CONN:
            assert "conn" not in line


def test_common_keys() -> None:
    assert [line["n"] for line in RECORDS] == list(range(len(RECORDS)))
    assert all(isinstance(line["t"], int) and line["t"] >= 0 for line in RECORDS)
    assert {line["where"] for line in RECORDS} == {"client", "server", ""}
    assert all(line["cause"] is None or line["cause"] < line["n"] for line in RECORDS)


def test_segments() -> None:
    for line in RECORDS:
        if "seg" in line:
            seg = line["seg"]
            assert set(seg) - {"data"} == {"src", "dst", "seq", "ack", "flags", "wnd", "up", "len", "options"}
            assert (seg["ack"] is None) == ("." not in seg["flags"])
            assert ("data" in seg) == (seg["len"] > 0)
    first = of("sent")[0]["seg"]
    assert first == {
        "src": "10.0.0.1:49152", "dst": "10.0.0.2:80", "seq": MOD - 3, "ack": None, "flags": "S", "wnd": 2000,
        "up": 0, "len": 0, "options": [["mss", 500]],
    }  # fmt: skip


def test_payload_is_base64_unless_it_is_left_out() -> None:
    octets = next(line["seg"]["data"] for line in of("sent") if "data" in line["seg"])
    assert base64.b64decode(octets) == b"ping" * 125
    without = [json.loads(line) for line in to_lines(everything().trace, data=False)]
    assert not any("data" in line.get("seg", {}) for line in without)
    assert b"ping" not in "".join(to_lines(everything().trace, data=False)).encode()
    for line, other in zip(RECORDS, without[1:], strict=True):
        line.get("seg", {}).pop("data", None)
        if line != other:
            assert line["kind"] == "move"
            assert "base64" not in str(other)
            assert "'octets': 3" in str(other)


def test_values_of_each_kind() -> None:
    assert of("fired")[0] | {"n": 0, "t": 0, "cause": 0} == {
        "n": 0, "t": 0, "where": "server", "kind": "fired", "cause": 0, "conn": 1, "rule": "closed.open_passive",
        "from": "CLOSED", "to": "LISTEN",
    }  # fmt: skip
    changed = next(line["changed"] for line in of("vars") if "snd_una" in line["changed"])
    assert all(isinstance(pair, list) and len(pair) == 2 for pair in changed.values())
    assert ["CLOSED", "LISTEN"] in [line["changed"].get("state") for line in of("vars")]
    assert {line["by"] for line in RECORDS if line["kind"] == "refused"} == {"TCP checksum"}
    assert {line["by"] for line in of("lost")} == {"lose #2", "hand"}
    assert {line["verdict"] for line in of("checked")} > {None, "listen.taken"}
    assert "rtx" in {line["timer"] for line in of("timer_fired")}
    moves = [line["move"]["move"] for line in of("move")]
    assert {"corrupt", "inject", "call", "drop", "reboot", "wait"} == set(moves)
    names = [line["name"] for line in of("call")]
    assert names[:2] == ["listen", "connect"]


def test_level_brief_says_so() -> None:
    lines = [json.loads(line) for line in to_lines(everything("brief").trace)]
    assert lines[0]["level"] == "brief"
    assert lines[0] | {"level": "full"} == HEADER
    assert not any("data" in line.get("seg", {}) for line in lines[1:])


@given(STORIES, ACTS)
def test_whatever_happens_can_be_written(story: Story, acts: list[Act]) -> None:
    sim = story.build()
    for what in acts:
        act(sim, what)
    lines = [json.loads(line) for line in to_lines(sim.trace)]
    assert len(lines) == len(sim.trace) + 1
    for line in lines[1:]:
        assert set(line) - {"conn"} == COMMON | KEYS[line["kind"]]


def test_the_lines_are_text_without_surprises() -> None:
    text = "".join(to_lines(TALK.build().trace))
    assert text.count("\n") == 1
    assert "NaN" not in text


def test_plain_values() -> None:
    from tcpsim.tcp import Code, State

    assert plain(State.LISTEN) == "LISTEN"
    assert plain(Code.RESET) == "RESET"
    assert plain((1, [b"ab", None], {"a": True})) == [1, [{"base64": "YWI="}, None], {"a": True}]
    assert plain(1.5) == 1.5
