"""``tcpsim coverage``: which rows, checks and verdicts ran in traces and test sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from . import output
from .errors import ShellError, first_line
from .program import FAILED, fail

if TYPE_CHECKING:
    from ..testing.coverage import RuleCoverage

EPILOG = """
\b
Examples:
  tcpsim coverage close.jsonl open.jsonl
  tcpsim coverage three-way-handshake normal-close
  pytest --tcpsim-cov-report=unit.json; tcpsim coverage unit.json close.jsonl -o rules.html

A saved trace at level brief tells only the checks that stopped a segment; 'tcpsim play --json' writes level full.
Exits 1 if less than --fail-under has run.
"""


@click.command(name="coverage", short_help="Show which rules ran.", epilog=EPILOG)
@click.argument("traces", metavar="TRACES", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON, which this command reads again.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="N", help="Exit 1 if less than N % has run.")
@click.option(
    "--unreachable",
    "list_file",
    metavar="FILE",
    help="What is not to be counted: lines 'row listen.user_timeout: why'.",
)
@click.option("--names", type=click.Choice(["tcpsim", "rfc"]), default="tcpsim", help="Spelling of the states.")
@click.option("--seed", type=int, default=0, metavar="N", help="Decides all chance of a scenario; 0 unless given.")
@click.option(
    "-o",
    "file",
    default=output.STDOUT,
    metavar="FILE",
    help="Where to; the suffix decides: .txt, .json or .html, a page with the state diagram as a heat map.",
)
def coverage(
    traces: tuple[str, ...],
    as_json: bool,
    fail_under: float | None,
    list_file: str | None,
    names: str,
    seed: int,
    file: str,
) -> None:
    """Show which rows of the transition table, checks and verdicts ran, and which never did.

    TRACES: saved traces (.jsonl), scenarios' names, counts of test sessions (.json); all are added up.
    """
    from ..testing.coverage import RuleCoverage, unreachable_items
    from ..testing.coverage_files import content

    suffix = ".json" if as_json else os.path.splitext(file)[1].lower()
    if file != output.STDOUT:
        output.check_writable(file)
        if suffix not in (".txt", ".json", ".html"):
            raise ShellError(f"cannot write {output.shown(file)}: coverage writes .txt, .json and .html")
    unreachable = unreachable_items([] if list_file is None else _text(list_file).splitlines())
    found = RuleCoverage()
    for name in traces:
        found.merge(_coverage_of(name, seed))
    written = content(found, suffix or ".txt", unreachable, names=names)
    if file == output.STDOUT:
        output.emit(written.encode() if as_json else written)
    else:
        output.write_file(file, written)
        output.emit(f"{file}\n")
    percent = found.percent(unreachable)
    if fail_under is not None and percent < fail_under:
        fail(f"{percent:.1f} % of the rules ran, and --fail-under asks for {fail_under:g} %", FAILED)


def _coverage_of(name: str, seed: int) -> RuleCoverage:
    from ..testing.coverage import CannotRead, RuleCoverage
    from .traces import trace_of

    try:
        if os.path.splitext(name)[1].lower() == ".json":
            return RuleCoverage.from_json(_text(name))
        return RuleCoverage([trace_of(name, seed=seed)])
    except CannotRead as error:
        raise ShellError(f"cannot read {output.shown(name)}: {first_line(error)}") from None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "it is no text in UTF-8").lower()
        raise ShellError(f"cannot read {output.shown(path)}: {reason}; name a file that is there") from None
