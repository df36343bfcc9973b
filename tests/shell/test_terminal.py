"""The REPL and the colours in a real (pseudo-) terminal, with IPython and without."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tools import unavailable
from tests.shell.running import COMMAND, environment

# pty.fork() warns where pytest-xdist has threads; the child replaces itself at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

PATIENCE = 60  # seconds, for a machine that is busy with other tests
PROMPT = r"tcpsim \d+ @ \d+\.\d+s> "
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """``tcpsim`` in a terminal of 100 columns."""

    def __init__(self, home: Path, *args: str, **env: str) -> None:
        import pexpect

        terms = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self.child = pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], *args],
            cwd=str(home),
            env=environment(home, **{**terms, "PYTHONWARNINGS": "default", **env}),
            dimensions=(50, 100),
            encoding="utf-8",
            timeout=PATIENCE,
        )
        self.eof: Any = pexpect.EOF
        self.shown = ""

    def expect(self, pattern: str) -> str:
        """Wait for ``pattern``; what was shown until then, without escape codes."""
        self.child.expect(pattern)
        self.shown += ESCAPES.sub("", f"{self.child.before}{self.child.after}")
        return self.shown

    def ask(self, line: str, answer: str, prompt: str = PROMPT) -> str:
        """Type ``line``; what was shown from then until ``answer`` (a pattern) and the prompt after it.

        IPython draws its prompt again with each key, so a prompt alone would not tell that it has answered.
        """
        self.shown = ""
        self.child.send(f"{line}\r")
        self.expect(answer)
        return self.expect(prompt)

    def end(self) -> tuple[str, int]:
        """What was shown to the end, and the exit code."""
        self.child.expect(self.eof)
        self.child.close()
        return ESCAPES.sub("", self.child.before or ""), self.child.exitstatus


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    if importlib.util.find_spec("pexpect") is None or importlib.util.find_spec("pty") is None:
        unavailable("there is no pexpect or no pseudo-terminal")
    opened: list[Terminal] = []

    def open_one(*args: str, **env: str) -> Terminal:
        opened.append(Terminal(tmp_path, *args, **env))
        return opened[-1]

    yield open_one
    for one in opened:
        one.child.close(force=True)


@pytest.fixture(params=["plain", "ipython"])
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "ipython" and importlib.util.find_spec("IPython") is None:
        unavailable("IPython is not installed")
    return name


def test_a_lost_handshake_ack_and_back(terminal: Callable[..., Terminal], shell: str, tmp_path: Path) -> None:
    screen = terminal("repl", "--shell", shell)
    banner = screen.expect(r"tcpsim 1 @ 0\.000s> ")
    assert "listens on port 80" in banner
    assert "help()" in banner

    screen.ask("conn = connect()", "", r"tcpsim 2 @ 0\.000s> ")
    screen.ask("step()", "LISTEN -> SYN_RECV", r"tcpsim 3 @ 0\.010s> ")
    screen.ask("step()", "SYN_SENT -> ESTABLISHED", r"tcpsim 4 @ 0\.020s> ")
    screen.ask("conn", r"<Socket .* ESTABLISHED>")
    screen.ask("drop()", "loses #3 ACK", r"tcpsim 5 @ 0\.020s> ")
    screen.ask("run()", r"step 8, 1\.030 s: client ESTABLISHED, server ESTABLISHED; in flight: nothing")
    shown = screen.ask("ss()", r"ESTABLISHED[^>]*ESTABLISHED")
    assert "LISTEN" in shown
    shown = screen.ask("ladder()", r"ESTABLISHED[^\n]*1\.030")
    assert "✗ dropped by hand" in shown
    assert "rtx timer runs out" in shown
    screen.ask("back(4)", r"step 4, 0\.020 s: client ESTABLISHED, server SYN_RECV; in flight: #3")

    screen.ask("other = fork()", "", r"tcpsim 4 @ 0\.020s> ")
    screen.ask("run()", r"step 5, 0\.030 s: client ESTABLISHED, server ESTABLISHED")
    shown = screen.ask("why()", r"read +RFC 9293 3\.10\.7\.4 \(fifth\), LC-3")
    assert "passes  Fifth, check the ACK field: SND.UNA" in shown
    assert "SYN_RECV -> ESTABLISHED  syn_recv.ack_of_syn" in shown
    assert "connect(10.0.0.2, 80)" in shown
    screen.ask("other.drop(); other.run()", "")
    shown = screen.ask("diff(other)", r"rtx_total +0 +1")
    assert "they part at step 4, 0.020 s" in shown
    assert "by hand at step 4: drop packet 3" in shown
    screen.ask("back(5); ss()", "Timer", r"tcpsim 0 @ 0\.000s> ")
    screen.ask("conn", "<Socket fd=3 of client CLOSED>")  # it was opened later
    shown = screen.ask("conn.send(b'x')", r"the descriptor is not open at step 0; it was closed, or the simulation")
    assert "Traceback" not in shown
    screen.ask("goto(4); conn.tcb", r"SND\.UNA +\d+ +\+1 +send unacknowledged", r"tcpsim 4 @ 0\.020s> ")
    if Path("/dev/full").exists():
        shown = screen.ask("save('/dev/full')", r"cannot write /dev/full: no space left on device; make room")
        assert "Traceback" not in shown
    screen.ask("save('it.jsonl'); load('it.jsonl')", r"step 4, 0\.020 s: client ESTABLISHED, server SYN_RECV")

    shown = screen.ask("connect('nowhere')", "the hosts are client, server, or give an address")
    assert "Traceback" not in shown
    shown = screen.ask("connect(port=70000)", r"port 70000 is not in 1 \.\. 65535")
    assert "Traceback" not in shown
    shown = screen.ask("stpe()", r"did you mean step\?")
    assert "Traceback" not in shown
    screen.ask("1/0", "Traceback")  # one's own mistakes show where they are
    screen.child.send("exit()\r")
    assert screen.end()[1] == 0
    history = (tmp_path / ".tcpsim_history") if shell == "plain" else (tmp_path / ".ipython")
    assert history.exists()


@pytest.mark.parametrize("word", ["quit", "exit", "quit()", " exit "])
def test_leaving_the_plain_shell(terminal: Callable[..., Terminal], word: str) -> None:
    screen = terminal("--shell", "plain")
    screen.expect(PROMPT)
    screen.child.send(f"{word}\r")
    shown, code = screen.end()
    assert code == 0
    assert "Use" not in shown


def test_a_name_of_ones_own_does_not_leave(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--shell", "plain")
    screen.expect(PROMPT)
    screen.ask("quit = 6 * 7", "")
    screen.ask("quit", "42")
    screen.child.send("exit\r")
    assert screen.end()[1] == 0


def test_ctrl_c_and_on(terminal: Callable[..., Terminal], shell: str) -> None:
    screen = terminal("--shell", shell)
    screen.expect(PROMPT)
    screen.ask("conn = connect(); _ = run(); _ = conn.send(b'x' * 60_000)", "", r"tcpsim 6 @ 0\.030s> ")
    # The simulation itself is over in no time: this lets it wait for the key.
    screen.shown = ""
    screen.child.send("import time; until(lambda s: print(6 * 7) if s.position == 8 else time.sleep(0.02))\r")
    screen.expect("42")
    screen.child.sendintr()
    assert "Traceback" not in screen.expect(r"interrupted; until\(\) goes on")
    screen.expect(PROMPT)
    screen.ask("run()", "ESTABLISHED, server ESTABLISHED; in flight: nothing")
    screen.child.send("\x04")
    assert screen.end()[1] == 0


def test_ctrl_c_in_a_run_that_never_ends(terminal: Callable[..., Terminal], shell: str) -> None:
    screen = terminal("--shell", shell)
    screen.expect(PROMPT)
    screen.ask("conn = connect(); _ = run(); print(conn.send(b'x' * 100_000))", "100000")
    for _ in range(5):  # the key may come before run() has begun; then it is the prompt's, and nothing has happened
        screen.shown = ""
        screen.child.send("print('be', 'gun'); run()\r")  # nobody reads, so the closed window is probed for ever
        screen.expect("be gun")
        screen.child.sendintr()
        shown = screen.expect(r"interrupted(; run\(\) goes on)?|KeyboardInterrupt")
        if "KeyboardInterrupt" not in shown:
            break
        screen.expect(PROMPT)
    assert "Traceback" not in shown
    screen.expect(PROMPT)
    screen.ask("at = sim.position; back(3); goto(at); print(sim.position == at)", "True")
    screen.ask("server.ss()", r"ESTABLISHED +\d{4,5} ")  # the key may come before the buffer is full
    screen.child.send("exit()\r")
    assert screen.end()[1] == 0


def test_closing_the_terminal_loses_no_history(terminal: Callable[..., Terminal], shell: str, tmp_path: Path) -> None:
    screen = terminal("--shell", shell)
    screen.expect(PROMPT)
    screen.ask("print(1234 * 3)", "3702")
    screen.ask("run()", "in flight: nothing")
    screen.child.close(force=True)
    if shell == "plain":
        typed = (tmp_path / ".tcpsim_history").read_text().splitlines()
    else:
        import sqlite3

        with sqlite3.connect(tmp_path / ".ipython" / "profile_default" / "history.sqlite") as history:
            typed = [line for (line,) in history.execute("select source from history")]
        history.close()
    assert "print(1234 * 3)" in typed
    again = terminal("--shell", shell)
    again.expect(PROMPT)
    again.child.send("\x1b[A" * 2)  # the arrow up, twice
    again.child.send("\r")
    again.expect("3702")


def test_the_plain_shell_completes_and_continues(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    screen = terminal("--shell", "plain")
    screen.expect(PROMPT)
    screen.ask("lad\t)", r"listen\(80\)")
    screen.child.send("for _ in range(2):\r")
    screen.expect(r"\.\.\. ")
    screen.child.send("    connect()\r")
    screen.expect(r"\.\.\. ")
    screen.ask("", r"SYN_SENT>[^>]*-> [^>]*SYN_SENT>")
    screen.child.close(force=True)  # the window is closed: what was typed is kept all the same
    assert "    connect()" in (tmp_path / ".tcpsim_history").read_text().splitlines()


def test_ipython_is_taken_where_it_is(terminal: Callable[..., Terminal]) -> None:
    if importlib.util.find_spec("IPython") is None:
        unavailable("IPython is not installed")
    screen = terminal()
    screen.expect(PROMPT)
    screen.ask("get_ipython().__class__.__name__", "TerminalInteractiveShell")
    screen.ask("step?", "Let the next n events happen")


def test_colour_in_a_terminal_only_and_not_against_ones_will(terminal: Callable[..., Terminal]) -> None:
    def play(**env: str) -> str:
        screen = terminal("play", "three-way-handshake", **env)
        screen.child.expect(screen.eof)
        text: str = screen.child.before
        assert "ESTABLISHED" in text
        return text

    assert "\x1b[" in play()
    assert "\x1b[" not in play(NO_COLOR="1")
    assert "\x1b[" in play(NO_COLOR="")
    assert "\x1b[" not in play(TERM="dumb")


def test_a_terminal_without_utf8_gets_the_ascii_ladder(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("play", "three-way-handshake", LANG="C", LC_ALL="C", NO_COLOR="1")
    text, code = screen.end()
    assert code == 0
    assert text.isascii()
    assert "SYN,ACK" in text


def test_the_ladder_fits_the_terminal(terminal: Callable[..., Terminal]) -> None:
    text, _ = terminal("play", "normal-close").end()
    assert 90 <= max(map(len, text.splitlines())) <= 100
