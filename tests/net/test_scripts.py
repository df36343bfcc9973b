"""Scripts: applications as data."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Simulator, State, TcpsimError
from tcpsim.net.programs import parse_program
from tests.helpers.promises import check_promises
from tests.helpers.stories import MS, PATIENT, SECOND, TALK, Story


def run(client: tuple[Any, ...], server: tuple[Any, ...], **changes: Any) -> Simulator:
    sim = Story(client=client, server=server).but(**changes).build()
    sim.run()
    check_promises(sim.trace)
    return sim


def calls(sim: Simulator, where: str) -> list[tuple[str, Any]]:
    return [(record.name, record.result) for record in sim.trace.of("call", where=where)]  # type: ignore[union-attr]


def notes(sim: Simulator) -> list[str]:
    return [record.text for record in sim.trace.of("note")]  # type: ignore[union-attr]


def test_every_step_is_a_call_in_the_trace() -> None:
    sim = run(
        client=("sleep 5ms", "connect server 80", ("send", b"GET /\r\n\r\nrest"), "recv 3", "shutdown", "recv_to_end", "close"),
        server=("listen 80", "accept", ("recv_until", b"\r\n\r\n"), "recv 2", "send b'yes'", "recv_to_end", "close"),
    )  # fmt: skip
    assert [name for name, _ in calls(sim, "client")] == ["connect", "send", "recv", "shutdown", "recv", "close"]
    told = [name for name, _ in calls(sim, "server")]
    assert told == ["listen", "accept", *["recv"] * 2, "send", "recv", "recv", "close"]
    assert ("recv", "2 octets") in calls(sim, "server")
    assert notes(sim) == ["signal open", "signal open", "signal closing", "signal closing"]
    assert {conn.state for conn in sim.world.conns.values()} == {State.LISTEN}
    assert sim.world.scripts == {}


def test_a_script_goes_on_inside_the_event_that_lets_it() -> None:
    """So that its answer carries the acknowledgment: seven segments for a question and an answer."""
    sim = run(
        client=("connect server 80", ("send", b"q" * 100), "recv 100", "close"),
        server=("listen 80", "accept", "recv 100", ("send", b"a" * 100), "recv_to_end", "close"),
    )
    lines = [(record.where, record.seg.letters, record.seg.len) for record in sim.trace.of("sent")]  # type: ignore[union-attr]
    assert lines == [
        ("client", "S", 0), ("server", "S.", 0), ("client", "P.", 100), ("server", "P.", 100),
        ("client", "F.", 0), ("server", "F.", 0), ("client", ".", 0),
    ]  # fmt: skip


def test_serve_starts_a_script_for_every_connection() -> None:
    sim = Simulator(trace="full")
    server = sim.host("server")
    sim.script(server, "listen 80", ("serve", "recv 1", ("send", b"ok"), "close"))
    for name in ("one", "two", "three"):
        sim.link(sim.host(name), server)
        sim.script(name, "connect server 80", ("send", b"x"), "recv 2", "recv_to_end", "close")
    sim.run()
    check_promises(sim.trace)
    assert [name for name, _ in calls(sim, "server")].count("accept") == 3
    for name in ("one", "two", "three"):
        assert sim.trace.fired(where=name)[-1] in ("last_ack.ack_of_fin", "time_wait.timeout_2msl")
    assert [script.program[0][0] for script in sim.world.scripts.values()] == ["listen"]


@pytest.mark.parametrize("steps", [("serve", "recv_to_end", "close"), ("serve", ["recv_to_end", "close"])])
def test_serve_takes_steps_or_a_list_of_them(steps: tuple[Any, ...]) -> None:
    assert parse_program([steps]) == (("serve", (("recv_to_end",), ("close",))),)


def test_a_large_send_waits_for_room() -> None:
    octets = bytes(range(256)) * 1000
    sim = run(
        client=("connect server 80", ("send", octets), "close"),
        server=("listen 80", "accept", f"recv {len(octets)}", "recv_to_end", "close"),
        switches={"snd_buf": 3000},
    )
    assert sum(record.octets for record in sim.trace.of("delivered", where="server")) == len(octets)  # type: ignore[union-attr]
    arrived = b"".join(seg.data or b"" for seg in sim.trace.arrived(where="server"))
    assert arrived == octets
    assert len([name for name, _ in calls(sim, "client") if name == "send"]) > 80


def test_nothing_behind_the_mark_is_taken() -> None:
    sim = Story(
        client=("connect server 80", ("send", b"one\ntwo\nthree")),
        server=("listen 80", "accept", ("recv_until", b"\n")),
    ).build()
    sim.run(for_="1s")
    assert sim.hosts["server"].socket(4).recv() == b"two\nthree"


def test_a_mark_may_come_in_pieces() -> None:
    sim = run(
        client=("connect server 80", ("send", b"ab\r"), "sleep 1s", ("send", b"\n\r"), "sleep 1s", ("send", b"\n!"), "close"),
        server=("listen 80", "accept", ("recv_until", b"\r\n\r\n"), "recv 1", "close"),
    )  # fmt: skip
    assert not any(text.startswith("the script stops") for text in notes(sim))
    assert len([name for name, _ in calls(sim, "server") if name == "recv"]) == 4


def test_sleep_lasts_exactly_so_long() -> None:
    sim = run(client=("sleep 10ms", "sleep 5ms", "connect server 80", "sleep 1s", "close"), server=("listen 80",))
    times = {record.name: record.t for record in sim.trace.of("call", where="client")}  # type: ignore[union-attr]
    assert times == {"connect": 15 * MS, "close": 35 * MS + SECOND}


def test_a_script_begins_when_it_is_told_to() -> None:
    sim = Simulator(trace="full")
    sim.link(sim.host("client"), sim.host("server"))
    sim.script("server", "listen 80", at="2s")
    sim.script("client", "connect server 80", at="1s")
    sim.script("client", "connect server 80", at=3 * SECOND)
    sim.run(until="4s")
    assert [(record.t, record.name) for record in sim.trace.of("call")] == [  # type: ignore[union-attr]
        (SECOND, "connect"), (2 * SECOND, "listen"), (3 * SECOND, "connect"),
    ]  # fmt: skip
    assert sim.trace.fired(where="client")[:2] == ["closed.open_active", "syn_sent.rst"]


def test_abort_resets() -> None:
    sim = run(
        client=("connect server 80", "sleep 1s", "abort"), server=("listen 80", "accept", "recv_to_end", "close")
    )
    assert [seg.letters for seg in sim.trace.sent(where="client")][-1] == "R"
    assert sim.trace.fired(where="server")[-1] == "established.rst"
    assert notes(sim)[-1] == "the script stops: recv() in CLOSED: connection reset (ECONNRESET)"


@pytest.mark.parametrize(
    ("client", "server", "reason"),
    [
        (("connect server 81",), ("listen 80",), "connect to 10.0.0.2:81: connection refused"),
        (("connect server 80", "recv 1"), ("listen 80", "accept", "close"), "recv 1: the stream ended after 0 octets"),
        (("connect server 80", ("recv_until", b"\n")), ("listen 80", "accept", ("send", b"x"), "close"),
         r"recv_until b'\n': the stream ended before it came"),
        (("connect server 80", "close", "send b'x'"), ("listen 80",), "it has no connection"),
        (("connect server 80", "shutdown", "send b'x'"), ("listen 80",), "send() in FIN_WAIT_1: this side has already"),
        (("accept",), ("listen 80",), "it does not listen; put a listen before accept and serve"),
        (("send b'x'",), ("listen 80",), "it has no connection"),
        (("listen 80",), ("listen 80", "listen 80"), "somebody listens there already"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_go_on_says_why_and_stops(
    client: tuple[Any, ...], server: tuple[Any, ...], reason: str
) -> None:
    sim = run(client, server)
    (text,) = [text for text in notes(sim) if text.startswith("the script stops: ")]
    assert reason in text
    assert sim.world.scripts == {} or all(
        script.program == parse_program(server) for script in sim.world.scripts.values()
    )


def test_scripts_wake_up_whatever_is_lost() -> None:
    sim = run(TALK.client, TALK.server, loss=0.4, seed=11, switches={**TALK.switches, **PATIENT})
    assert sim.trace.of("lost")
    assert sim.world.scripts == {}
    assert [name for name, _ in calls(sim, "server")][-1] == "close"


# -- as people write them


@pytest.mark.parametrize(
    ("step", "parsed"),
    [
        ("connect 10.0.0.2 80", ("connect", "10.0.0.2", 80)), (("connect", "10.0.0.2", 80), ("connect", "10.0.0.2", 80)),
        ("connect server 80 5000", ("connect", "server", 80, 5000)), ("listen 80", ("listen", 80)),
        ("listen 80 10.0.0.2 5", ("listen", 80, "10.0.0.2", 5)), ("accept", ("accept",)), (["accept"], ("accept",)),
        ("send b'a b'", ("send", b"a b")), (("send", b"x"), ("send", b"x")), ("recv 5", ("recv", 5)),
        ("recv_until b'\\r\\n'", ("recv_until", b"\r\n")), ("recv_to_end", ("recv_to_end",)),
        ("sleep 1.5s", ("sleep", 1_500_000_000)), (("sleep", 5), ("sleep", 5)), ("  close  ", ("close",)),
        ("shutdown", ("shutdown",)), ("abort", ("abort",)), ("serve", ("serve", ())),
    ],
)  # fmt: skip
def test_steps_are_read(step: Any, parsed: tuple[Any, ...]) -> None:
    assert parse_program([step]) == (parsed,)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("conect server 80", "no step 'conect'; the steps are connect, listen, accept"),
        ("", "write a call, such as 'listen 80'"), ((), "write a call"), (5, "write a call"), (None, "write a call"),
        (b"accept", "write a call"), ((5,), "no step 5"),
        ("connect server", "write connect HOST PORT"), ("connect", "write connect HOST PORT"),
        ("connect server http", "write connect HOST PORT"), ("connect server 80 90 100", "write connect HOST PORT"),
        ("connect server 0", "port 0 is not in 1 .. 65535"), ("connect server 99999", "port 99999 is not in"),
        (("connect", 10, 80), "write connect HOST PORT"),
        ("listen", "write listen PORT"), ("listen http", "write listen PORT"), ("listen 0", "port 0 is not in"),
        ("listen 80 any many", "write listen PORT"), ("accept 3", "write accept"),
        ("send", "write send OCTETS"), ("send hello", "write send OCTETS"), ("send 'hello'", "write send OCTETS"),
        (("send", "hello"), "write send OCTETS"), (("send", 5), "write send OCTETS"), (("send", b"a", b"b"), "write send"),
        (("send", bytearray(b"octets that may change")), "write send OCTETS"),
        ("recv", "write recv N"), ("recv all", "write recv N"), (("recv", -1), "write recv N"), ("recv 1 2", "write recv N"),
        ("recv_until", "write recv_until OCTETS"), ("recv_until nl", "write recv_until OCTETS"),
        ("recv_to_end 5", "write recv_to_end"), ("sleep", "write sleep TIME"), ("sleep long", "'long' is not a time"),
        (("sleep", -1), "sleep -1 is negative"), ("sleep 5", "'5' is not a time"),
        ("close 3", "write close"), ("shutdown twice", "write shutdown"), ("abort now", "write abort"),
        (("serve", "conect"), "no step 'conect'"), (("serve", ["recv"]), "write recv N"),
    ],
)  # fmt: skip
def test_a_wrong_step_gives_one_clear_error(step: Any, message: str) -> None:
    sim = Simulator()
    sim.host("client")
    before = sim.world.key(), repr(sim.trace.header)
    with pytest.raises(TcpsimError, match=message) as caught:
        sim.script("client", "sleep 1s", step)
    text = str(caught.value)
    inner = step[1] if isinstance(step, tuple) and step[:1] == ("serve",) else step
    inner = inner[0] if isinstance(inner, list) else inner
    assert text.startswith(f"script step {inner!r}: ")
    assert "\n" not in text
    assert (sim.world.key(), repr(sim.trace.header)) == before


# -- rounds, patience, options


def test_repeat_makes_its_steps_so_often() -> None:
    assert parse_program([("repeat", 2, "recv 1", "sleep 1ms")]) == (("recv", 1), ("sleep", MS)) * 2
    assert parse_program([("repeat", 2, ("repeat", 2, "accept"))]) == (("accept",),) * 4


def test_repeat_without_a_number_goes_on_while_the_peer_sends() -> None:
    sim = run(
        client=("connect server 80", ("repeat", 3, ("send", b"ping"), "recv 4", "sleep 1s"), "close"),
        server=("listen 80", "accept", ("repeat", "recv 4", ("send", b"pong")), "close"),
    )
    assert [name for name, _ in calls(sim, "server")].count("send") == 3
    assert sim.world.scripts == {}
    assert {conn.state for conn in sim.world.conns.values()} == {State.LISTEN}


def test_an_idle_peer_is_left_when_patience_ends() -> None:
    sim = run(
        client=("connect server 80", ("send", b"ping"), "recv 4", "recv_to_end", "close"),
        server=("listen 80", ("serve", "timeout 5s", ("repeat", "recv 4", ("send", b"pong")), "close")),
    )
    (closed,) = [record.t for record in sim.trace.of("call", where="server") if record.name == "close"]  # type: ignore[union-attr]
    (ping,) = [record.t for record in sim.trace.of("call", where="server") if record.name == "send"]  # type: ignore[union-attr]
    assert closed == ping + 5 * SECOND
    assert notes(sim).count("signal closing") == 2


def test_a_step_fails_when_patience_ends() -> None:
    sim = Story(
        client=("connect server 80", "timeout 2s", "recv 4", ("send", b"too late")),
        server=("listen 80", "accept", "recv_to_end"),
    ).build()
    sim.run(for_="10s")
    assert notes(sim)[-1] == "the script stops: recv: nothing came within 2.000 s"
    assert sim.trace.of("note")[-1].t == 2 * SECOND + 2 * Story().delay
    assert "send" not in [name for name, _ in calls(sim, "client")]


def test_what_comes_in_time_ends_the_wait() -> None:
    sim = Story(
        client=("connect server 80", "timeout 2s", "recv 4", "recv 4", ("send", b"done")),
        server=("listen 80", "accept", "sleep 1s", ("send", b"one."), "sleep 1500ms", ("send", b"two.")),
    ).build()
    sim.run(for_="20s")
    assert ("send", 4) in calls(sim, "client")
    position, trace = sim.position, list(sim.trace.raw)
    sim.goto(1)
    sim.goto(position)
    assert sim.trace.raw == trace


def test_scripts_set_options() -> None:
    sim = run(
        client=(
            "connect server 80",
            "setsockopt TCP_NODELAY 1",
            ("send", b"a"),
            "sleep 1ms",
            ("send", b"b"),
            "close",
        ),
        server=("listen 80", "setsockopt SO_KEEPALIVE 1", "accept", "recv_to_end", "close"),
        delay="50ms",
    )
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == [1, 1]


def test_scripts_close_halves() -> None:
    sim = run(
        client=("connect server 80", "shutdown writing", "recv_to_end", "close"),
        server=("listen 80", "accept", "recv_to_end", ("send", b"after"), "shutdown both", "close"),
    )
    assert ("shutdown", None) in calls(sim, "client")
    told = [record.args for record in sim.trace.of("call") if record.name == "shutdown"]  # type: ignore[union-attr]
    assert [args[1:] for args in told] == [("SHUT_WR",), ("SHUT_RDWR",)]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (("repeat",), "write ('repeat', 3, STEP, ...)"),
        (("repeat", 0, "accept"), "write ('repeat', 3, STEP, ...)"),
        ("repeat 3", "write ('repeat', 3, STEP, ...)"),
        ("loop 3", "no step 'loop'"),
        ("timeout", "write timeout TIME"),
        ("setsockopt SO_ERROR 1", "no option 'SO_ERROR' to set"),
        ("setsockopt TCP_NODELAY", "write setsockopt NAME VALUE"),
        ("shutdown 4", "write shutdown, or shutdown reading, writing, both"),
    ],
)
def test_wrong_rounds_and_options_are_explained(step: Any, message: str) -> None:
    with pytest.raises(TcpsimError) as caught:
        parse_program([step])
    assert message in str(caught.value)
