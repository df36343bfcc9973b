"""The REPL's names and verbs, called as functions."""

import inspect
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

import tcpsim
from tcpsim import Host, Simulator, Socket, State, TcpsimError
from tcpsim.net.world import World
from tcpsim.scenarios import SCENARIOS
from tcpsim.shell.interrupts import CtrlC
from tcpsim.shell.repl import told
from tcpsim.shell.script import run_script
from tcpsim.shell.session import SHOWN, Session
from tcpsim.shell.show import text_of
from tcpsim.shell.texts import TEACHING
from tcpsim.shell.verbs import CHAPTERS, VERBS

PROMISED = (
    "step", "back", "goto", "run", "until", "fork", "use", "drop", "deliver", "connect",
    "dup", "delay", "corrupt", "inject", "flight", "diff", "why", "explain", "save", "load",
    "ladder", "ss", "diagram", "play", "scenarios", "help",
)  # fmt: skip


@pytest.fixture
def session() -> Session:
    return Session(VERBS)


@pytest.fixture
def names(session: Session) -> dict[str, Any]:
    return session.namespace


def test_the_promised_names_are_ready(names: dict[str, Any]) -> None:
    assert isinstance(names["sim"], Simulator)
    assert isinstance(names["client"], Host)
    assert isinstance(names["server"], Host)
    assert isinstance(names["listener"], Socket)
    assert names["listener"].state is State.LISTEN
    assert names["listener"].getsockname()[1] == 80
    assert names["tcpsim"] is tcpsim
    for name in PROMISED:
        assert callable(names[name])


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_teaches(session: Session, name: str) -> None:
    verb = session.verbs[name]
    assert CHAPTERS[name]
    assert verb.summary.endswith(".") or name == "help"
    assert len(verb.summary) <= 70
    assert verb.usage.startswith(f"{name}(")
    assert "session" not in verb.usage
    assert inspect.signature(verb) == verb.__signature__
    assert repr(verb).startswith(verb.usage)
    assert f"  {name}(" in str(session.verbs["help"]())
    more = str(session.verbs["help"](verb))
    assert more.startswith(verb.usage)
    assert inspect.getdoc(VERBS[name]) in more
    assert str(session.verbs["help"](name)) == more


def test_what_help_teaches_works(session: Session) -> None:
    lessons = [line for line in TEACHING.splitlines() if line.startswith("    ")]
    assert len(lessons) > 4
    script = [re.split(r"\s{2,}", line.strip())[0] for line in lessons]
    run_script(script, session.namespace)
    assert session.namespace["peer"].host == "server"
    assert "FIN" in session.sim.ladder()


def test_help_about_anything_else_is_pythons(names: dict[str, Any]) -> None:
    assert "Lose a packet in flight" in names["help"](names["sim"].drop)


def test_a_session_from_handshake_to_close(names: dict[str, Any]) -> None:
    conn = names["connect"]()
    assert conn.state is State.SYN_SENT
    happened = names["step"]()
    assert [record.kind for record in happened if record.kind in ("arrived", "sent")] == ["arrived", "sent"]
    assert "SYN_RECV" in repr(happened)
    assert names["until"]("ESTABLISHED")
    assert conn.state is State.ESTABLISHED
    lost = names["drop"]()
    assert [record.kind for record in lost] == ["lost"]
    assert names["run"]()
    peer, _ = names["listener"].accept()
    assert peer.state is State.ESTABLISHED
    position = names["sim"].position
    assert "SYN_SENT" in names["goto"](2)
    assert names["goto"](position).startswith(f"step {position}, ")
    assert names["back"](1).startswith(f"step {position - 1}, ")
    assert conn.state is State.ESTABLISHED
    conn.close()
    names["deliver"]()
    assert "FIN" in names["ladder"]()
    assert "CLOSE_WAIT" in names["ss"]("server")
    assert "client\nState" in names["ss"]()
    assert "server" not in names["ss"](names["client"])


def test_ladder_and_ss_show_themselves(session: Session) -> None:
    names = session.namespace
    names["connect"]()
    names["run"]()
    assert repr(names["ladder"]()) == str(session.sim.ladder()).rstrip("\n")
    tables = [f"{host.name}\n{host.ss()}" for host in (names["client"], names["server"])]
    assert repr(names["ss"]()) == "\n\n".join(tables)
    assert repr(names["ss"]("server")) == tables[1]


def test_step_several_shows_all_of_them(names: dict[str, Any]) -> None:
    names["connect"]()
    start = len(names["sim"].trace)
    happened = names["step"](3)
    assert list(happened) == names["sim"].trace[start:]
    assert len([record for record in happened if record.kind == "arrived"]) == 3
    assert repr(names["step"]()) == "nothing is left to happen"


def test_run_until_a_time_and_for_a_time(names: dict[str, Any]) -> None:
    names["connect"]()
    names["run"](until="15ms")
    assert names["sim"].now == 15_000_000
    names["run"](for_="1ms")
    assert names["sim"].now == 16_000_000
    names["run"](until="1ms")  # is past
    assert names["sim"].now == 16_000_000
    assert "ESTABLISHED" in repr(names["run"]())


def test_until_a_function_or_never(names: dict[str, Any]) -> None:
    names["connect"]()
    assert names["until"](lambda sim: sim.now >= 20_000_000)
    assert names["sim"].now == 20_000_000
    outcome = names["until"]("time-wait")
    assert not outcome
    assert "time-wait never came" in repr(outcome)


def test_a_fork_goes_its_own_way_and_use_follows_it(names: dict[str, Any]) -> None:
    conn = names["connect"]()
    sim = names["sim"]
    other = names["fork"]()
    names["use"](other)
    assert names["sim"] is other
    assert names["before"] is sim
    assert names["client"].sim is other
    assert names["listener"].sim is other
    names["run"]()
    assert conn.state is State.SYN_SENT
    assert conn.on(other).state is State.ESTABLISHED
    names["use"](names["before"])
    assert names["sim"] is sim
    assert names["before"] is other


def test_verbs_follow_the_name_sim(names: dict[str, Any]) -> None:
    names["connect"]()
    names["sim"] = names["sim"].fork()
    names["run"]()
    assert names["sim"].now == 30_000_000


def test_play_makes_the_scenario_the_simulation(names: dict[str, Any]) -> None:
    first = names["sim"]
    text = names["play"]("normal-close")
    assert SCENARIOS["normal-close"].title in text
    assert names["sim"].trace.header["scenario"] == "normal-close"
    assert names["client"].sim is names["sim"]
    assert names["listener"].sim is names["sim"]
    last = names["sim"].position
    names["goto"](0)
    names["step"]()
    assert names["goto"](last)
    names["use"](names["before"])
    assert names["sim"] is first
    assert names["listener"].state is State.LISTEN


def test_use_keeps_what_the_person_named(names: dict[str, Any]) -> None:
    names["client"] = "mine"
    lonely = Simulator()
    lonely.host("step", "10.0.0.1")
    lonely.host("two words", "10.0.0.2")
    names["use"](lonely)
    assert names["client"] == "mine"
    assert "server" not in names
    assert callable(names["step"])  # a host's name hides no verb
    with pytest.raises(TcpsimError, match=r"no host client here.* one of: step, two words"):
        names["connect"]()


def test_diagram_marks_the_states_and_writes_the_file(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names["connect"]()
    drawn = names["diagram"]()
    assert repr(drawn).startswith("wrote tcp-state-diagram.svg (step 2, ")
    text = (tmp_path / "tcp-state-diagram.svg").read_text(encoding="utf-8")
    assert drawn._repr_svg_() == text
    assert "client" in text
    assert names["diagram"]("states.gv")._repr_svg_() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["states.gv", "tcp-state-diagram.svg"]


def test_the_situation_of_a_busy_network_stays_one_line(session: Session) -> None:
    names = session.namespace
    for _ in range(SHOWN + 2):
        names["connect"]()
    line = names["goto"](names["sim"].position)
    assert "\n" not in line
    assert line.count("SYN_SENT") == SHOWN
    assert line.count("and 2 more") == 2


def test_the_prompt_tells_position_and_time(session: Session) -> None:
    assert session.prompt() == "tcpsim 1 @ 0.000s> "
    session.namespace["connect"]()
    session.namespace["step"](2)
    assert session.prompt() == "tcpsim 4 @ 0.020s> "
    del session.namespace["sim"]
    assert session.prompt() == "tcpsim> "


# -- Ctrl-C


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("verb", ["until", "step"])
def test_ctrl_c_stops_between_two_events(session: Session, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = session.namespace
    sim = names["sim"]
    names["connect"]()
    last = sim.fork()
    last.run()
    if verb == "until":
        outcome = names["until"](lambda sim: sim.position == 3 and os.kill(os.getpid(), signal.SIGINT))
        assert not outcome
        assert repr(outcome).startswith("interrupted; until() goes on\nstep 3, ")
    else:
        step = Simulator.step

        def interrupted(self: Simulator, n: int = 1) -> Any:
            if sim.position == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return step(self, n)

        monkeypatch.setattr(Simulator, "step", interrupted)
        names["step"](100)
    assert sim.position == 3
    names["run"]()
    assert sim.world.key() == last.world.key()
    assert sim.trace == last.trace


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_stops_run(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    names = session.namespace
    conn = names["connect"]()
    names["run"]()
    conn.send(b"x" * 60_000)
    monkeypatch.setattr("tcpsim.shell.going.AT_ONCE", 4)
    run = Simulator.run
    start = names["sim"].position

    def interrupted(self: Simulator, **options: Any) -> None:
        if self.position == start + 8:
            os.kill(os.getpid(), signal.SIGINT)
        run(self, **options)

    monkeypatch.setattr(Simulator, "run", interrupted)
    outcome = names["run"]()
    assert not outcome
    assert repr(outcome).startswith("interrupted; run() goes on\n")
    assert names["sim"].position == start + 12
    assert names["run"]()
    assert not names["sim"].in_flight


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_the_second_ctrl_c_interrupts_at_once() -> None:
    with CtrlC() as ctrl_c:
        os.kill(os.getpid(), signal.SIGINT)
        assert ctrl_c.pressed
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interruption_within_an_event_is_undone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    names = session.namespace
    sim = names["sim"]
    names["connect"]()
    names["step"]()
    untouched = sim.fork()

    finish = World.finish
    presses = [True]

    def interrupted(world: World) -> None:
        if presses:  # once: what undoes the event makes events of its own
            presses.clear()
            raise KeyboardInterrupt
        finish(world)

    with monkeypatch.context() as patch:
        patch.setattr(World, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            sim.step()
    line = told(session, caught.value)
    assert line is not None
    assert line.startswith("interrupted\nstep 3, ")
    assert sim.world.key() == untouched.world.key()
    assert sim.trace == untouched.trace


def test_an_interruption_without_a_simulation(session: Session) -> None:
    session.namespace["sim"] = None
    assert told(session, KeyboardInterrupt()) == "interrupted"


# -- errors in one line


def test_what_is_told_in_one_line(session: Session) -> None:
    assert told(session, TcpsimError("this and\nthat")) == "this and"
    assert told(session, NameError("name 'ladr' is not defined", name="ladr")) == (
        "NameError: name 'ladr' is not defined; did you mean ladder?"
    )
    assert told(session, ZeroDivisionError("division by zero")) is None


# -- taking the network over, asking, saving


def test_what_is_in_flight_is_taken_over_by_number(names: dict[str, Any]) -> None:
    names["connect"]()
    names["until"]("S.")
    text = names["flight"]()
    assert re.match(
        r"#2 +SYN,ACK SEQ=\d+ ACK=\d+ WND=65535 +10\.0\.0\.2:80 -> 10\.0\.0\.1:49152  arrives at 0\.020 s$", text
    )
    assert [record.kind for record in names["dup"](2)] == ["duplicated"]
    assert "delay packet 3, by 0.500 s" in repr(names["delay"](3, "500ms"))
    assert "arrives at 0.520 s" in names["flight"]()
    assert "corrupt packet 2" in repr(names["corrupt"](2))
    assert "(damaged)" in names["flight"]()
    assert [record.kind for record in names["step"]()] == ["refused"]
    names["run"]()
    assert names["sim"].until("ESTABLISHED")


def test_a_forged_reset(names: dict[str, Any]) -> None:
    conn = names["connect"]()
    names["run"]()
    happened = names["inject"]("client", "R 101:101(0) win 0")
    assert [record.kind for record in happened] == ["injected"]
    names["step"]()
    assert conn.state is State.ESTABLISHED
    answer = names["why"]()
    assert "dropped at Second, check the RST bit" in answer.says
    assert "the answer is challenge ACK" in answer.says
    assert [step.name for step in answer.steps if step.kind == "check"] == ["check_sequence", "check_rst"]
    tcb = conn.tcb
    names["inject"]("client", f"R {tcb.rcv_nxt}:{tcb.rcv_nxt}(0) win 0", absolute=True)
    names["step"]()
    assert conn.state is State.CLOSED
    assert "taken at Second, check the RST bit" in names["why"]().says
    with pytest.raises(TcpsimError, match="column"):
        names["inject"]("server", "what is this")


def test_two_futures(names: dict[str, Any]) -> None:
    with pytest.raises(TcpsimError, match="nothing to compare with yet; other = fork"):
        names["diff"]()
    names["connect"]()
    names["until"]("ESTABLISHED")
    other = names["fork"]()
    names["drop"]()
    names["run"]()
    found = names["diff"](other)
    assert "the same moves were made, but one has gone further" in repr(found)
    other.step()
    assert "they part at step 4, 0.020 s" in repr(names["diff"](other))
    assert repr(names["diff"](other, names["sim"])) != repr(names["diff"](other))
    names["use"](other)
    assert names["diff"]()
    with pytest.raises(TcpsimError, match="3 is no simulation"):
        names["diff"](3)


def test_why_and_explain(names: dict[str, Any]) -> None:
    with pytest.raises(TcpsimError, match="its number in 0"):
        names["why"](99)
    conn = names["connect"]()
    names["run"]()
    assert "SYN_RECV -> ESTABLISHED" in repr(names["why"]())
    assert names["why"](packet=1).record.kind == "arrived"
    assert "ESTABLISHED (state)" in names["explain"](conn)
    assert "SND.UNA" in names["explain"]("snd_una")
    with pytest.raises(TcpsimError, match="did you mean"):
        names["explain"]("snd_unna")


def test_saving_and_loading(names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    conn = names["connect"]()
    names["until"]("ESTABLISHED")
    names["drop"]()
    assert "wrote it.jsonl (5 moves" in names["save"]("it.jsonl")
    sim = names["sim"]
    names["run"]()
    assert names["load"]("it.jsonl") == "step 5, 0.020 s: client ESTABLISHED, server SYN_RECV; in flight: nothing"
    assert names["before"] is sim
    assert names["sim"] is not sim
    twin = conn.on(names["sim"])
    assert twin.state is State.ESTABLISHED
    names["back"](3)
    assert twin.state is State.SYN_SENT
    names["load"]("it.jsonl", level="full")
    assert names["sim"].trace.level == "full"
    names["save"]("again.jsonl")
    names["play"]("it.jsonl")
    names["save"]("again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "it.jsonl").read_bytes()
    with pytest.raises(TcpsimError, match="cannot read nosuch.jsonl"):
        names["load"]("nosuch.jsonl")
    for wrong in ({"file": 3}, {"file": "no/such/folder.jsonl"}):
        with pytest.raises(TcpsimError):
            names["save"](**wrong)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_saving_to_a_full_disk_loses_nothing(names: dict[str, Any]) -> None:
    names["connect"]()
    before = list(names["sim"].trace.raw)
    with pytest.raises(TcpsimError, match="cannot write /dev/full: no space left on device; make room"):
        names["save"]("/dev/full")
    assert names["sim"].trace.raw == before
    names["run"]()


def test_what_the_prompt_shows(names: dict[str, Any]) -> None:
    conn = names["connect"]()
    names["until"]("ESTABLISHED")
    sim = names["sim"]
    assert text_of(sim).splitlines()[-1].strip().startswith("#3 ")
    assert "ESTABLISHED" in text_of(names["client"])
    shown = text_of(conn).splitlines()
    assert shown[0] == repr(conn)
    assert "SND.UNA" in shown[1]
    table = text_of(conn.tcb)
    assert re.search(rf"SND\.UNA +{conn.tcb.snd_una} +\+1 +send unacknowledged", table)
    assert re.search(r"SRTT +0\.020 s", table)
    assert "SYN,ACK" in text_of(sim.trace)
    segment = text_of(next(iter(sim.in_flight.values())))
    assert "SEG.LEN 0" in segment
    assert text_of(3) == "3"
