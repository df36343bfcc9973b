"""How ``tcpsim`` meets mistakes: one line on stderr, exit code 2, never a traceback."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

import click

from ..tcp.errors import TcpsimError
from . import output
from .errors import first_line

FAILED: Final = 1  #: what was checked does not hold
WRONG_USAGE: Final = 2  #: wrong usage, unreadable input, unwritable output
INTERRUPTED: Final = 130  #: as a shell reports Ctrl-C

DEFAULT_VERB: Final = "repl"


class Program(click.Group):
    """The verbs of ``tcpsim``.  Without one it is ``repl``; its options need no verb either."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit, as ``click.Group.main`` does, but say what is wrong in one line."""

        def run() -> Any:
            return super(Program, self).main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        if not standalone_mode:
            return run()
        try:
            code = run()
        except click.ClickException as error:
            fail(_told(error))
        except click.Abort:
            fail("interrupted", INTERRUPTED)
        except TcpsimError as error:
            fail(first_line(error))
        except OSError as error:
            output.silence()
            if not output.is_gone(error):
                fail(f"{error.filename or 'output'}: {error.strerror or error}")
            code = 0
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which they are defined: the first ones first."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default verb in front of options that are not the program's own."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if not args and ctx.resilient_parsing:  # a shell asks for completions: of the verbs, not of repl's words
            return super().parse_args(ctx, args)
        if not args or (args[0].startswith("-") and args[0] not in own):
            if not ctx.resilient_parsing:
                self._check_order(ctx, args)
            args = [DEFAULT_VERB, *args]
        return super().parse_args(ctx, args)

    def _check_order(self, ctx: click.Context, args: list[str]) -> None:
        """Raise UsageError that says where options go if a verb stands behind them: ``--seed 3 play X``."""
        takes_value = {
            name: not (isinstance(param, click.Option) and param.is_flag)
            for command in self.commands.values()
            for param in command.params
            for name in param.opts
        }
        at = 0
        names = []
        while at < len(args) and args[at].startswith("-"):
            name, attached, _ = args[at].partition("=")
            if not name.startswith("--") and len(name) > 2:  # -oFILE
                name, attached = name[:2], name[2:]
            names.append(name)
            at += 2 if takes_value.get(name, False) and not attached else 1
        command = self.commands.get(args[at]) if at < len(args) else None
        if command is None:
            return
        known = {name for param in command.get_params(ctx) for name in param.opts}
        unknown = [name for name in names if name not in known]
        if unknown:
            verb = command.name
            raise click.UsageError(f"no option {unknown[0]!r} of the verb {verb!r}; see 'tcpsim {verb} --help'")
        meant = shlex.join(["tcpsim", *args[at:], *args[:at]])
        raise click.UsageError(f"options go after the verb: {meant}")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb's command; for an unknown one, an error that suggests what was meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            from ..scenarios import SCENARIOS

            known = self.list_commands(ctx)
            near = get_close_matches(name, [*known, *SCENARIOS], 1)
            sids = [scenario.sid.lower() for scenario in SCENARIOS.values()]
            if name.lower() in sids or (near and near[0] in SCENARIOS):
                meant = near[0] if near and near[0] in SCENARIOS else name
                raise click.UsageError(f"no verb {name!r}; did you mean 'tcpsim play {meant}'?", ctx)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise click.UsageError(f"no verb {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


def _told(error: click.ClickException) -> str:
    """Click's words in the house's form: lower case, no full stop, and where to look."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    if isinstance(error, click.UsageError) and error.ctx is not None and not message.endswith("?"):
        message += f"; see '{error.ctx.command_path} --help'"
    return message


def fail(message: str, code: int = WRONG_USAGE) -> NoReturn:
    """Say ``message`` in one line on stderr, and exit."""
    line = " ".join(message.splitlines())
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    text = f"tcpsim: {line}".encode(encoding, "backslashreplace").decode(encoding)
    try:
        click.echo(text, err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(code)
