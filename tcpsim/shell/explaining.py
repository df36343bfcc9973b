"""``tcpsim explain``: what a term means, in a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from . import output
from .errors import ShellError

if TYPE_CHECKING:
    from ..explain import Term

EPILOG = """
\b
Examples:
  tcpsim explain TIME_WAIT                a state
  tcpsim explain syn_sent.rcv_synack      a rule of the transition table
  tcpsim explain check_sequence           a check; seq.unacceptable is one of its verdicts
  tcpsim explain snd_una                  a variable, by our name or the RFC's: SND.UNA
  tcpsim explain MUST-13                  a requirement
  tcpsim explain rst_exact                a switch of a profile
  tcpsim explain 3.10.7.4                 a section of RFC 9293: what here is about it
"""


def _complete_term(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ..explain import terms

    wanted = incomplete.casefold()
    return [CompletionItem(one.name, help=one.title) for one in terms() if one.name.casefold().startswith(wanted)]


@click.command(name="explain", short_help="Say what a term of TCP means here.", epilog=EPILOG)
@click.argument("terms", nargs=-1, required=True, metavar="TERM", shell_complete=_complete_term)
@click.option("--json", "as_json", is_flag=True, help="A list of objects instead of text.")
def explain(terms: tuple[str, ...], as_json: bool) -> None:
    """Say what TERM means: a state, rule, check, verdict, variable, timer, call, flag, requirement, switch, section.

    Several words that are no term by themselves are read as one: tcpsim explain first check sequence number.
    """
    from ..explain import explain as explained
    from ..explain import term_text
    from ..tcp.errors import BadValue

    try:
        found = [one for term in terms for one in explained(term)]
    except BadValue as error:
        found = _together(terms, error)
    if as_json:
        output.emit((json.dumps([one.data() for one in found], indent=2, ensure_ascii=False) + "\n").encode())
    else:
        output.emit("\n".join(map(term_text, found)))


def _together(terms: tuple[str, ...], error: Exception) -> list[Term]:
    """The words as one term.  Raises ``error`` if they are none, or ShellError that names the scenario they are."""
    from ..explain import explain as explained
    from ..scenarios import SCENARIOS

    if len(terms) > 1:
        return list(explained(" ".join(terms)))
    for one in SCENARIOS.values():
        if terms[0].lower() in (one.name, one.sid.lower()):
            raise ShellError(f"{terms[0]} is a scenario, {one.title}; 'tcpsim play {one.name}' shows it") from None
    raise error
