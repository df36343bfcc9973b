"""A simulation written as a script is the same simulation."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

import tcpsim
from tcpsim.net import userland
from tcpsim.net.moves import Expire
from tcpsim.testing import Fault, Programs, check_run, faults, play, replay_script, scripts

ROOT = Path(__file__).resolve().parent.parent.parent


def eventful() -> tcpsim.Simulator:
    """A bit of everything, by hand and by the clock."""
    sim = tcpsim.Simulator(7, profile=tcpsim.profiles.RFC9293.but(r2=None))
    client = sim.host("client", "10.0.0.1", iss=2**32 - 2)
    server = sim.host("server", "10.0.0.2", profile="rfc9293_literal", rcv_buf=500)
    sim.host("other", iss=[1, 2])
    sim.link(client, server, delay="10ms", faults=[(2, "duplicate")])
    sim.link("other", server, delay="1ms", loss=0.25)
    sim.script("other", "sleep 5ms", "connect server 80", ("send", b"\x00'\""), "close", at="1ms")
    sim.script("server", "listen 80", ("serve", ("recv_to_end",), ("close",)))
    sim.run(until="3ms")
    conn = client.connect("server", 80)
    sim.run(for_="5ms")  # the clock stands where nothing happens
    sim.delay(by="2ms")
    sim.step(9)
    conn.send(b"hello")
    sim.duplicate()
    sim.corrupt()
    sim.step(3)
    sim.inject("server", "R 900:900(0) win 0")
    sim.step()
    conn.close()
    sim.weather("client", "server", delay="20ms", loss=0.5)
    sim.apply(Expire(conn.number, "rtx"))
    sim.reboot("server")
    sim.step(4)
    sim.run(for_="3ms")
    return sim


def test_a_script_in_another_process_makes_the_same_world_and_trace() -> None:
    sim = eventful()
    script = replay_script(sim)
    tail = (
        "import pickle, sys\n"
        "assert not {'hypothesis', 'pytest'} & set(sys.modules)\n"
        "sys.stdout.buffer.write(pickle.dumps((sim.now, sim.position, sim.world.key(), sim.trace.raw)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script + tail],
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "3"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert pickle.loads(done.stdout) == (sim.now, sim.position, sim.world.key(), sim.trace.raw)


def test_checking_needs_neither_hypothesis_nor_pytest() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    sim.run()
    script = replay_script(sim, check=True)
    tail = "import sys\nassert not {'hypothesis', 'pytest'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-W", "error", "-c", script + tail], cwd=ROOT, check=True)


def test_a_script_shows_only_the_past() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    sim.step(2)
    sim.drop()
    sim.back(2)
    assert "drop" not in replay_script(sim)
    assert replay_script(sim).endswith("sim.step()\n")
    assert [(at, type(move).__name__) for at, _, move in sim.recorded()] == [(0, "Call"), (1, "Call")]


def test_one_more_move_may_be_added() -> None:
    sim, _, server = tcpsim.pair()
    server.listen(80)
    assert replay_script(sim, then="step").endswith("sim.step()\n")
    assert replay_script(sim, then=Expire(1, "rtx")).endswith("sim.apply(Expire(1, 'rtx'))\n")


@given(scripts(), faults())
def test_any_run_replays(programs: Programs, schedule: tuple[Fault, ...]) -> None:
    sim, client, server = tcpsim.pair()
    sim.script(server, *programs.server)
    sim.script(client, *programs.client)
    play(sim, schedule)
    space: dict[str, tcpsim.Simulator] = {}
    exec(replay_script(sim), space)
    assert space["sim"].trace == sim.trace
    assert space["sim"].world.key() == sim.world.key()
    check_run(space["sim"])


def test_going_back_keeps_the_time_of_a_move() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    sim.run(for_="4ms")
    sim.delay(by="1ms")
    key, raw, end = sim.world.key(), list(sim.trace.raw), sim.position
    sim.goto(0)
    sim.goto(end)
    assert sim.world.key() == key
    assert sim.trace.raw == raw


def test_many_equal_octets_are_written_in_short() -> None:
    sim, client, server = tcpsim.pair()
    sim.script(server, "listen 80", "accept", "recv_to_end", "close")
    sim.script(client, "connect server 80", ("send", b"x" * 5000), ("send", b"ab" * 30), "close")
    sim.run()
    script = replay_script(sim)
    assert "('send', b'x' * 5000)" in script
    assert repr(b"ab" * 30) in script
    space: dict[str, tcpsim.Simulator] = {}
    exec(script, space)
    assert space["sim"].trace == sim.trace


def test_a_run_that_cannot_be_made_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sim, client, server = tcpsim.pair()
    listener = server.listen(80)
    conn = client.connect("server", 80)
    peer, _ = listener.accept()
    conn.send(b"hello")
    assert peer.recv(5) == b"hello"
    check_run(sim)
    monkeypatch.setitem(userland.CALLS, "recv", lambda *args: None)  # another engine: nothing has arrived
    with pytest.raises(tcpsim.TcpsimError, match="cannot be made again"):
        check_run(sim)
