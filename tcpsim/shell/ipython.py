"""The REPL in IPython: its editing and history, our prompt and short errors."""

from __future__ import annotations

import sys
from typing import Any

from IPython.terminal.ipapp import TerminalIPythonApp
from IPython.terminal.prompts import Prompts
from pygments.token import Token  # type: ignore[import-untyped]
from traitlets.config import Config

from ..tcp.errors import TcpsimError
from .repl import told
from .session import Session
from .show import SHOWN, text_of


def interact(session: Session) -> None:
    """Run IPython in the session's names until the person leaves."""

    class SessionPrompts(Prompts):
        """Position and time instead of In and Out."""

        def in_prompt_tokens(self) -> list[tuple[Any, str]]:
            return [(Token.Prompt, session.prompt())]

        def continuation_prompt_tokens(self, width: int | None = None, **_: Any) -> list[tuple[Any, str]]:
            return [(Token.Prompt, "... ".rjust(width or len(session.prompt())))]

        def out_prompt_tokens(self) -> list[tuple[Any, str]]:
            return []

    config = Config()
    config.TerminalIPythonApp.display_banner = False
    config.TerminalInteractiveShell.prompts_class = SessionPrompts
    config.TerminalInteractiveShell.confirm_exit = False
    config.TerminalInteractiveShell.separate_in = ""
    app: Any = TerminalIPythonApp.instance(config=config, user_ns=session.namespace)
    app.initialize(argv=[])

    def one_line(self: Any, kind: Any, error: BaseException, at: Any, tb_offset: int | None = None) -> None:
        """IPython's hook for exceptions: one line for the mistakes that need no more."""
        line = told(session, error)
        if line is None:
            self.showtraceback((kind, error, at), tb_offset=tb_offset)
        else:
            print(line, file=sys.stderr)

    app.shell.set_custom_exc((TcpsimError, NameError, KeyboardInterrupt), one_line)
    usual = app.shell.showsyntaxerror

    def syntax_error(*args: Any, **options: Any) -> None:
        meant = session.meant(app.shell.history_manager.input_hist_raw[-1])
        if meant is None:
            usual(*args, **options)
        else:
            print(f"a verb is a function; write {meant}", file=sys.stderr)

    app.shell.showsyntaxerror = syntax_error
    plain = app.shell.display_formatter.formatters["text/plain"]
    for kind in SHOWN:
        plain.for_type(kind, lambda value, printer, cycle: printer.text(text_of(value)))
    print(session.banner())
    app.start()
