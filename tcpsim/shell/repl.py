"""The REPL: IPython where there is one, the standard library's console elsewhere, a script from a pipe."""

from __future__ import annotations

import code
import importlib.util
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile
from . import output
from .errors import ShellError, in_one_line
from .script import read_stdin, run_script
from .session import Session, situation
from .show import display
from .verbs import VERBS

HISTORY_FILE: Final = "~/.tcpsim_history"
HISTORY_LINES: Final = 2000

FILENAME: Final = "<console>"

LEAVING: Final = ("quit", "exit")  #: these need no parentheses at the prompt


def start(*, shell: str, profile: Profile, seed: int) -> None:
    """Run the REPL, or standard input as a script, to its end.

    ``shell``: "auto", "ipython" or "plain".  Raises ShellError when IPython is asked for and missing, or
    when there is no standard input; ScriptStopped at a script's first error.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise ShellError("standard input is closed; run tcpsim in a terminal, or pipe a script into it")
    session = Session(VERBS, seed=seed, profile=profile)
    sys.displayhook = display
    if not sys.stdin.isatty():
        _script(session)
        return
    found = importlib.util.find_spec("IPython") is not None
    if shell == "ipython" and not found:
        raise ShellError("IPython is not installed; pip install 'tcpsim[repl]', or use --shell plain")
    # IPython draws its prompt on standard output, which has to be a terminal for that.
    if shell == "ipython" or (shell == "auto" and found and sys.stdout.isatty()):
        from .ipython import interact

        interact(session)
    else:
        Console(session).talk()


def _script(session: Session) -> None:
    # A print() that nobody reads any more ends the script without a word, as it ends any other filter.
    # An except clause could not tell it from the BrokenPipeError of a simulated socket.
    pipe = getattr(signal, "SIGPIPE", None)
    before = None if pipe is None else signal.signal(pipe, signal.SIG_DFL)
    try:
        run_script(read_stdin(), session.namespace, session.meant)
    finally:
        output.emit("")  # flushes: a full disk shows here at the latest
        if pipe is not None:
            signal.signal(pipe, before)


def told(session: Session, error: BaseException) -> str | None:
    """The one line that a person gets for ``error``; None if it deserves its traceback."""
    if isinstance(error, KeyboardInterrupt):
        session.mend()
        try:
            return f"interrupted\n{situation(session.sim)}"
        except ShellError:  # sim is something else now
            return "interrupted"
    if isinstance(error, TcpsimError | NameError):
        return in_one_line(error, session.namespace)
    return None


class Console(code.InteractiveConsole):
    """The standard library's console, with the session's prompt, completion, history and short errors."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.namespace, FILENAME)
        self.session = session
        self.readline: ModuleType | None = None

    def talk(self) -> None:
        """Read and run until end of file or exit."""
        self.readline = _readline(self.session.namespace)
        self.interact(banner=self.session.banner(), exitmsg="")

    def raw_input(self, prompt: str = "") -> str:
        """A line from the person; the prompt tells position and time."""
        own = self.session.prompt()
        line = super().raw_input("... ".rjust(len(own)) if self.buffer else own)
        if self.readline is not None and line.strip():
            _remember(self.readline)
        word = line.strip()
        if word in LEAVING and not self.buffer and word not in self.session.namespace:
            return f"{word}()"
        return line

    def showsyntaxerror(self, filename: str | None = None, **options: Any) -> None:
        """As Python does; but who writes ``step 3`` is told to write ``step(3)``."""
        meant = self.session.meant("\n".join(self.buffer))
        if meant is None:
            super().showsyntaxerror(filename, **options)
        else:
            self.write(f"a verb is a function; write {meant}\n")

    def showtraceback(self) -> None:
        """One line for the mistakes that need no more."""
        error = sys.exc_info()[1]
        line = None if error is None else told(self.session, error)
        if line is None:
            super().showtraceback()
        else:
            self.write(f"{line}\n")


def _readline(namespace: dict[str, Any]) -> ModuleType | None:
    """The line editor with completion and history; None where the system has none."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return None
    readline.set_completer(rlcompleter.Completer(namespace).complete)
    uses_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if uses_libedit else "tab: complete")
    with suppress(OSError):
        readline.read_history_file(_history())
    readline.set_history_length(HISTORY_LINES)
    if readline.get_current_history_length() > HISTORY_LINES:
        with suppress(OSError):
            readline.write_history_file(_history())  # appending alone would let it grow for ever
    return readline


def _remember(readline: Any) -> None:
    """Write the last line to the history at once: a terminal may be closed without a goodbye."""
    with suppress(OSError):
        if hasattr(readline, "append_history_file") and Path(_history()).exists():
            readline.append_history_file(1, _history())
        else:
            readline.write_history_file(_history())


def _history() -> str:
    return os.path.expanduser(HISTORY_FILE)
