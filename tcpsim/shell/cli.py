"""The command line: ``tcpsim VERB ...``.

A verb imports what it needs when it runs, so that ``tcpsim --help`` and shell completion are quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from .._version import __version__
from . import exploring, output
from .coverage import coverage
from .drawing import diagram
from .errors import ShellError, first_line
from .explaining import explain
from .exporting import export
from .packetdrill import packetdrill
from .program import FAILED, Program, fail

if TYPE_CHECKING:
    from ..net import Simulator
    from ..scenarios import Scenario
    from ..tcp.profiles import Profile

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _profile(ctx: click.Context, param: click.Parameter, value: str) -> Profile:
    from ..tcp.profiles import get_profile

    return get_profile(value)


def _complete_scenario(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ..scenarios import LESSONS, SCENARIOS

    names = [
        CompletionItem(name, help=scenario.title)
        for name, scenario in (LESSONS | SCENARIOS).items()
        if name.startswith(incomplete)
    ]
    return names or [CompletionItem(incomplete, type="file")]


def _complete_profile(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from ..tcp.profiles import PROFILES

    return [name for name in PROFILES if name.startswith(incomplete)]


def profile_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--profile NAME``; the function gets a Profile."""
    return click.option(
        "--profile",
        default="rfc9293",
        metavar="NAME",
        callback=_profile,
        shell_complete=_complete_profile,
        help="How the hosts behave: rfc9293 unless given; rfc9293_literal is the text as printed.",
    )(function)


seed_option = click.option("--seed", type=int, default=0, metavar="N", help="Decides all chance; 0 unless given.")
names_option = click.option(
    "--names",
    type=click.Choice(["tcpsim", "rfc"]),
    default="tcpsim",
    help="Spelling of the states: SYN_RECV, or the RFC's SYN-RECEIVED.",
)


@click.group(
    cls=Program,
    context_settings=SETTINGS,
    epilog="""
\b
Examples:
  tcpsim                             a simulation to step through: type help() there
  tcpsim scenarios                   what there is to play
  tcpsim play three-way-handshake    play one and draw it
  tcpsim explain TIME_WAIT           what a state, rule, variable or requirement means
  tcpsim diagram -o states.svg       the state diagram
  echo 'connect(); run(); ladder()' | tcpsim

\b
Completion of verbs, names and options in bash (zsh and fish alike):
  eval "$(_TCPSIM_COMPLETE=bash_source tcpsim)"

Exit codes: 0 fine, 1 what was checked does not hold, 2 wrong usage or files that cannot be read or written.
""",
)
@click.version_option(__version__, prog_name="tcpsim", message="%(prog)s %(version)s")
def main() -> None:
    """TCP as an executable model: step through it, draw it, ask it.

    Without a verb, tcpsim starts the REPL.
    """


@main.command(
    short_help="Step through a simulation.",
    epilog="""
\b
Examples:
  tcpsim
  tcpsim repl --shell plain --seed 7
  printf 'connect()\\nrun()\\nladder()\\n' | tcpsim repl
""",
)
@click.option(
    "--shell",
    type=click.Choice(["auto", "ipython", "plain"]),
    default="auto",
    help="IPython if it is installed (auto), or say which.",
)
@profile_option
@seed_option
def repl(shell: str, profile: Profile, seed: int) -> None:
    """Step through a simulation: a client, a server, and a listener on port 80.

    Standard input that is no terminal runs as a script, and stops at the first error with exit code 2.
    """
    from .repl import start

    start(shell=shell, profile=profile, seed=seed)


@main.command(
    short_help="List the scenarios.",
    epilog="""
\b
Examples:
  tcpsim scenarios
  tcpsim scenarios --json | jq -r '.[].name'
  tcpsim scenarios mine.py                what a file of your own has
""",
)
@click.argument("file", required=False, metavar="[FILE]", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="A list of objects instead of lines.")
def scenarios(file: str | None, as_json: bool) -> None:
    """List the scenarios, by chapter: those of the library, or those that a Python file defines."""
    from . import texts
    from .plays import scenarios_in

    found = None if file is None else list(scenarios_in(file).values())
    output.emit(texts.scenarios_json(found).encode() if as_json else texts.scenario_list(found))


@main.command(
    short_help="Play a scenario and draw what happens.",
    epilog="""
\b
Examples:
  tcpsim play three-way-handshake
  tcpsim play S-08 --numbers relative --names rfc
  tcpsim play normal-close --json | jq 'select(.kind == "fired").rule'
  tcpsim play normal-close -o close.jsonl; tcpsim play close.jsonl
  tcpsim play mine.py                     a scenario of your own
  tcpsim play handshake.pkt --profile linux

Exits 1 if the scenario does not end as it says (checked under the profile rfc9293), or if a saved session goes
another way than it did.
""",
)
@click.argument("name", metavar="NAME|FILE", shell_complete=_complete_scenario)
@click.option(
    "--numbers",
    type=click.Choice(["absolute", "relative"]),
    default="absolute",
    help="SEQ and ACK as on the wire (the default), or counted from each side's first.",
)
@names_option
@click.option("--json", "as_json", is_flag=True, help="The trace as JSON Lines instead of the ladder.")
@click.option(
    "--level",
    type=click.Choice(["brief", "full"]),
    help="How much the JSON Lines tell; full unless given.  Implies --json.",
)
@click.option("--no-data", is_flag=True, help="JSON Lines without the segments' payload.  Implies --json.")
@profile_option
@seed_option
@click.option(
    "-o",
    "file",
    default=output.STDOUT,
    metavar="FILE",
    help="Write to FILE, named .txt, .jsonl or without suffix, instead of standard output (-).  "
    ".jsonl implies --json.",
)
def play(
    name: str,
    numbers: str,
    names: str,
    as_json: bool,
    level: str | None,
    no_data: bool,
    profile: Profile,
    seed: int,
    file: str,
) -> None:
    """Play NAME and draw what happens: a scenario or its number (S-01), or a file.

    FILE.py defines a scenario of your own (FILE.py:NAME, where it defines several); FILE.jsonl is a saved session,
    which is played again and has to go as it did; FILE.pkt is a packetdrill script.  Time runs down.  Beside each
    segment stand the states that it leaves both ends in.
    """
    from ..net.sessions import CannotReplay, session_lines
    from ..tcp.profiles import RFC9293
    from . import texts
    from .plays import play_of

    to_stdout = file == output.STDOUT
    if not to_stdout:
        output.check_writable(file)
    suffix = _play_suffix(file)
    as_json = as_json or level is not None or no_data or suffix == ".jsonl"
    _own_settings_only(name)
    try:
        played = play_of(name, profile=profile, seed=seed, level=level, default="full" if as_json else "brief")
    except CannotReplay as error:
        fail(first_line(error), FAILED)
    if as_json:
        content: str | bytes = "".join(session_lines(played.sim, data=not no_data)).encode()
    else:
        look = output.look().options() if to_stdout else {}
        content = texts.played(played.scenario, played.sim, numbers=numbers, names=names, **look)
    if to_stdout:
        output.emit(content)
    else:
        output.write_file(file, content)
        output.emit(f"{file}\n")
    if played.failed:
        fail(played.failed, FAILED)
    if played.scenario is not None and profile == RFC9293:
        _check(played.scenario, played.sim)


def _own_settings_only(name: str) -> None:
    """Raise ShellError where a saved session is asked to go with another seed or profile."""
    given = click.get_current_context().get_parameter_source
    for option in ("seed", "profile"):
        if name.lower().endswith(".jsonl") and given(option) is ParameterSource.COMMANDLINE:
            raise ShellError(
                f"{output.shown(name)} is a saved session, which has its own {option}; leave --{option} out"
            )


def _check(scenario: Scenario, sim: Simulator) -> None:
    """Exit with FAILED unless the scenario ends as it says."""
    from ..scenarios import ScenarioFailed

    try:
        scenario.check(sim)
    except ScenarioFailed as error:
        fail(first_line(error), FAILED)


def _play_suffix(file: str) -> str:
    """The suffix of ``play``'s FILE, in lower case.  Raises ShellError for one that promises another format."""
    suffix = os.path.splitext(file)[1].lower()
    if suffix not in ("", ".txt", ".jsonl"):
        raise ShellError(
            f"cannot write {output.shown(file)}: play writes .txt (the ladder) and .jsonl (the trace), "
            "or a name without suffix"
        )
    return suffix


main.add_command(coverage)
main.add_command(diagram)
main.add_command(explain)
main.add_command(export)


@main.command(short_help="Say what is installed and what is missing.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects instead of lines.")
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing, and how to get it.

    Exits 1 if something is missing that tcpsim cannot do without.
    """
    import json

    from .doctor import findings, report_text

    report = findings()
    if as_json:
        rows = [finding._asdict() for finding in report]
        output.emit((json.dumps(rows, indent=2) + "\n").encode())
    else:
        output.emit(report_text(report))
    missing = [finding.name for finding in report if finding.needed and not finding.found]
    if missing:
        fail(f"missing: {', '.join(missing)}; pip install tcpsim brings them", FAILED)


main.add_command(exploring.explore)
main.add_command(packetdrill)
