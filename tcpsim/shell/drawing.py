"""``tcpsim diagram``: the state diagram, plain or with what a trace did on it, and the joint diagram."""

from __future__ import annotations

from typing import Any

import click

from . import output

EPILOG = """
\b
Examples:
  tcpsim diagram                          writes tcp-state-diagram.svg
  tcpsim diagram --style rfc --names rfc -o states.svg
  tcpsim diagram S-08 -o close.svg        with both ends' ways through scenario S-08
  tcpsim diagram pair                     the pairs of states that the scenarios visit
  tcpsim diagram --all -o states.png      every edge of the RFC's text, through Graphviz
  tcpsim diagram --heat -o states.mmd     how often each edge runs in the scenarios, for Mermaid
"""


@click.command(name="diagram", short_help="Draw the state diagram.", epilog=EPILOG)
@click.argument("what", default="tcp", required=False, metavar="[tcp|pair|TRACE]")
@click.option(
    "-o",
    "file",
    default=None,
    metavar="FILE",
    help="Where to; the suffix decides: .svg, .mmd, .gv or .dot, .png, .pdf.  - writes SVG to standard output.  "
    "tcp-state-diagram.svg or tcp-joint-diagram.svg unless given.",
)
@click.option(
    "--engine",
    type=click.Choice(["svg", "graphviz"]),
    help="Who draws an .svg: tcpsim itself (the default) or Graphviz.",
)
@click.option(
    "--style",
    type=click.Choice(["stevens", "rfc", "uml"]),
    help="As in Stevens' books, client and server paths in bold (the default); in the RFC's words; or as in UML.",
)
@click.option(
    "--names",
    type=click.Choice(["tcpsim", "rfc"]),
    default="tcpsim",
    help="Spelling of the states: SYN_RECV, or the RFC's SYN-RECEIVED.",
)
@click.option(
    "--highlight", metavar="TRACE", help="Mark what happens in TRACE: a scenario, or a saved trace (.jsonl)."
)
@click.option("--heat", is_flag=True, help="Show how often each edge ran: in TRACE, or in all scenarios.")
@click.option("--all", "every", is_flag=True, help="Add the edges of the RFC's text that its figure lacks.")
@click.option("--seed", type=int, default=0, metavar="N", help="Decides all chance of a scenario; 0 unless given.")
def diagram(
    what: str,
    file: str | None,
    engine: str | None,
    style: str | None,
    names: str,
    highlight: str | None,
    heat: bool,
    every: bool,
    seed: int,
) -> None:
    """Draw the state diagram from the table that the engine runs on; print the file's path.

    TRACE, a scenario's name or a saved trace (.jsonl), is marked on it: the states that both ends are in, and their
    ways with order numbers.  "pair" draws the joint diagram: the pairs of states that both ends were in, over all
    scenarios, or over one with --highlight TRACE marked.
    """
    from . import pictures

    joint = what == "pair"
    if joint:
        _refuse_for_pair(style=style, heat=heat, all=every)
        options = _pair_options(highlight, seed)
    else:
        if what != "tcp" and highlight is not None:
            raise click.UsageError(f"{what!r} and --highlight {highlight!r} are two traces; give one")
        options = _tcp_options(what if what != "tcp" else highlight, heat, seed)
        options |= {"style": style or "stevens", "all": every}
    options["names"] = names
    kind = "pair" if joint else "tcp"
    if file == output.STDOUT:
        output.emit(pictures.picture("svg", engine or "svg", kind, **options))
        return
    drawn = pictures.draw(pictures.DEFAULT_FILES[kind] if file is None else file, engine=engine, kind=kind, **options)
    output.emit(f"{drawn.path}\n")


def _refuse_for_pair(**given: Any) -> None:
    for name, value in given.items():
        if value:
            raise click.UsageError(f"--{name} has no meaning for the joint diagram; leave it out")


def _library() -> list[Any]:
    from ..scenarios import SCENARIOS

    return [scenario.play().trace for scenario in SCENARIOS.values()]


def _pair_options(highlight: str | None, seed: int) -> dict[str, Any]:
    """The pairs of the library; those of one trace stand out."""
    from ..render import joint_of
    from .traces import trace_of

    traces = _library()
    if highlight is None:
        return {"source": joint_of(traces)}
    chosen = trace_of(highlight, seed=seed)
    return {"source": joint_of([*traces, chosen])._replace(marked=frozenset(joint_of(chosen).pairs))}


def _tcp_options(trace: str | None, heat: bool, seed: int) -> dict[str, Any]:
    from .traces import trace_of

    found = None if trace is None else trace_of(trace, seed=seed)
    if heat:
        return {"heat": _library() if found is None else found, "highlight": None}
    return {"highlight": found}
