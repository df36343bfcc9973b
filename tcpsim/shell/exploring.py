"""The verb ``explore``: every interleaving of a set-up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from . import output
from .errors import ShellError
from .program import FAILED, INTERRUPTED, fail

if TYPE_CHECKING:
    from ..explore import Result


def _complete_setup(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ..explore.library import SETUPS

    return [CompletionItem(name, help=setup.title) for name, setup in SETUPS.items() if name.startswith(incomplete)]


def _bound(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """A number, or ``any`` for no bound."""
    if value is None:
        return None
    if value != "any" and not value.isdecimal():
        raise click.BadParameter(f"{value!r} is neither a number from 0 nor 'any'", ctx, param)
    return value


def _bounds(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that bound what may happen."""
    for name, says in (
        ("packets", "The most packets in flight at a time."),
        ("calls", "How many user calls."),
        ("timeouts", "How many timers run out."),
        ("reorder", "How often a packet overtakes an older one."),
        ("duplicate", "How many packets are doubled."),
        ("loss", "How many packets are lost."),
    ):
        function = click.option(f"--{name}", metavar="N", callback=_bound, help=says)(function)
    return function


def _progress() -> Callable[[int, int, int], None] | None:
    """A line on stderr that tells how far the search is; None where stderr is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def tell(states: int, transitions: int, waiting: int) -> None:
        sys.stderr.write(f"\r{states:,} states, {transitions:,} transitions, {waiting:,} to follow \x1b[K")
        sys.stderr.flush()

    return tell


@click.command(
    short_help="Explore every interleaving.",
    epilog="""
\b
Examples:
  tcpsim explore                                     the set-ups there are
  tcpsim explore handshake-and-close --loss 1
  tcpsim explore handshake-and-close --profile rfc9293_literal --save found
  tcpsim explore simultaneous-open --property no_livelock --states 5000

Exits 1 if a property does not hold, 130 after Ctrl-C; what was found until then is told.
""",
)
@click.argument("name", required=False, shell_complete=_complete_setup)
@_bounds
@click.option(
    "--early",
    metavar="TIMERS",
    help="The timers that may run out while packets are in flight, separated by commas; - for none.",
)
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Go no further than N moves.")
@click.option("--states", type=click.IntRange(min=1), metavar="N", help="Keep no more than N states.")
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="NAME",
    help="Check this property, or that some run reaches a pair of states, A/B; the set-up's own unless given.",
)
@click.option("--json", "as_json", is_flag=True, help="Counts and verdicts as JSON.")
@click.option("--no-ladder", is_flag=True, help="Verdicts without the runs that break them.")
@click.option("--histogram", is_flag=True, help="How many states lie how many moves away.")
@click.option(
    "--against", metavar="NAME", help="Explore under this profile too, and tell what one has and the other lacks."
)
@click.option("--diagram", metavar="FILE", help="Draw the joint states, client by server, as .svg, .gv or .dot.")
@click.option("--save", metavar="DIR", help="Write each counterexample there: ladder, script, scenario and trace.")
@click.option("--profile", default="rfc9293", metavar="NAME", help="How both hosts behave; rfc9293 unless given.")
def explore(
    name: str | None,
    early: str | None,
    depth: int | None,
    states: int | None,
    properties: tuple[str, ...],
    as_json: bool,
    no_ladder: bool,
    histogram: bool,
    against: str | None,
    diagram: str | None,
    save: str | None,
    profile: str,
    **bounds: str | None,
) -> None:
    """Visit every state that the set-up NAME can come to, under all orders of events, and check its properties.

    Without NAME, list the set-ups.  N may be 'any', for as often as there is occasion.
    """
    from ..explore import Limits, get_setup
    from ..explore import explore as run
    from ..explore.pictures import depth_histogram, difference
    from ..explore.report import report
    from ..tcp.profiles import get_profile

    if name is None:
        output.emit(_listed())
        return
    setup, chosen = get_setup(name), get_profile(profile)
    given: dict[str, Any] = {
        bound: None if value == "any" else int(value) for bound, value in bounds.items() if value is not None
    }
    if early is not None:
        given["early"] = () if early == "-" else tuple(early.split(","))
    other = None if against is None else get_profile(against)
    if diagram is not None:
        _check_diagram(diagram)
    tell = _progress()
    asked: dict[str, Any] = {
        "properties": properties or None,
        "limits": Limits(depth, states),
        "progress": tell,
        **given,
    }
    result = run(setup, profile=chosen, **asked)
    compared = None if other is None else difference(result, run(setup, profile=other, **asked))
    if tell is not None:
        sys.stderr.write("\r\x1b[K")
    if as_json:
        output.emit((json.dumps(result.summary(), indent=2) + "\n").encode())
    else:
        output.emit(report(result, ladders=not no_ladder, **output.look().options()))
        more = [depth_histogram(result)] if histogram else []
        more += [] if compared is None else [compared.words()]
        output.emit("".join(f"\n{text}" for text in more))
    written = _drawn(result, diagram) + ([] if save is None else [str(path) for path in _saved(result, save)])
    if not as_json:
        output.emit("".join(f"{path}\n" for path in written))
    _leave(result)


def _drawn(result: Any, diagram: str | None) -> list[str]:
    """Draw the joint states into the file ``diagram``; its name, if there is one."""
    from ..explore.pictures import joint_dot, joint_svg

    if diagram is None:
        return []
    output.write_file(diagram, joint_svg(result) if diagram.lower().endswith(".svg") else joint_dot(result))
    return [diagram]


def _check_diagram(file: str) -> None:
    """Raise ShellError or CannotWrite if no diagram can be written there."""
    if os.path.splitext(file)[1].lower() not in (".svg", ".gv", ".dot"):
        raise ShellError(f"cannot write {output.shown(file)}: a joint diagram ends in .svg, .gv or .dot")
    output.check_writable(file)


def _leave(result: Result) -> None:
    """Exit as the verdicts and the end of the search demand."""
    broken = [verdict.asked.name for verdict in result.verdicts if verdict.broken]
    if result.graph.stopped == "Ctrl-C":
        fail("interrupted: what was found until then is told above", INTERRUPTED)
    if broken or result.graph.error is not None:
        fail(f"does not hold: {', '.join(broken) or 'the engine raised an exception'}", FAILED)


def _listed() -> str:
    """The set-ups, one line each."""
    from ..explore.library import SETUPS

    width = max(map(len, SETUPS))
    return "".join(f"{name:<{width}}  {setup.title} ({setup.source})\n" for name, setup in SETUPS.items())


def _saved(result: Result, folder: str) -> list[str]:
    """Write the counterexamples as files; their names."""
    from ..explore.examples import replay, scenario, scenario_source, script
    from ..trace.jsonl import to_lines

    written = []
    for verdict in result.verdicts:
        if verdict.found != "broken" or verdict.example is None:
            continue
        os.makedirs(folder, exist_ok=True)
        stem = os.path.join(folder, f"{result.setup.name}-{verdict.asked.name}".replace("/", "-"))
        sim = replay(result, verdict, trace="full")
        for suffix, content in (
            (".txt", str(sim.ladder())),
            (".jsonl", "".join(to_lines(sim.trace))),
            ("-replay.py", script(result, verdict)),
            ("-scenario.py", scenario_source(scenario(result, verdict))),
        ):
            output.write_file(stem + suffix, content)
            written.append(stem + suffix)
    return written


__all__ = ["explore"]
