"""The verb ``packetdrill``: run scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from . import output
from .program import FAILED, fail

if TYPE_CHECKING:
    from ..packetdrill import Outcome
    from ..packetdrill.tree import Dialect

EPILOG = """
\b
Examples:
  tcpsim packetdrill handshake.pkt
  tcpsim packetdrill scripts/ --profile freebsd
  tcpsim packetdrill scripts/ --json | jq -r '.[] | select(.verdict == "FAIL").file'
  tcpsim packetdrill scripts/ --junit report.xml
  tcpsim packetdrill tests/ --profile rfc9293 -D IPV4 --strict

UNSUPPORTED: the script needs something that is not modelled, which the reason names.
Exits 1 if a script fails or cannot be parsed.
"""


@click.command(name="packetdrill", short_help="Run packetdrill scripts.", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--profile", default="linux", metavar="NAME", help="The stack under test: linux unless given.")
@click.option(
    "--dialect", type=click.Choice(["google", "nplab"]), help="The language's dialect; found out unless given."
)
@click.option("-D", "--define", "defines", multiple=True, metavar="NAME", help="A name that #ifdef asks for.")
@click.option("--strict", is_flag=True, help="Packets that leave at the end and that nobody expects are a failure.")
@click.option("--brief", is_flag=True, help="No ladder beside a failure.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing of the scripts that pass.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects: file, verdict, line, reason.")
@click.option("--junit", metavar="FILE", help="Write the verdicts to FILE as JUnit's XML, too.")
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="So many processes; one for each core unless given."
)
@click.option("--seed", type=int, default=0, metavar="N", help="Decides all chance; 0 unless given.")
@click.option(
    "-o", "file", default=output.STDOUT, metavar="FILE", help="Write to FILE instead of standard output (-)."
)
def packetdrill(
    files: tuple[str, ...],
    profile: str,
    dialect: Dialect | None,
    defines: tuple[str, ...],
    strict: bool,
    brief: bool,
    quiet: bool,
    as_json: bool,
    junit: str | None,
    jobs: int | None,
    seed: int,
    file: str,
) -> None:
    """Run the scripts FILES, or those in the folders FILES, in virtual time: no kernel, no root.

    The script is the remote end and the application; the stack under test is this package's own, as the profile says
    and as the script's sysctls refine it.
    """
    from ..packetdrill.folders import find_scripts, run_files
    from ..packetdrill.report import summary, to_json, to_junit, told
    from ..tcp.profiles import get_profile

    for path in (file, junit):
        if path not in (None, output.STDOUT):
            output.check_writable(str(path))
    options: dict[str, Any] = {"profile": get_profile(profile), "dialect": dialect, "defines": defines}
    paths = find_scripts(files)
    found = run_files(paths, jobs=jobs, strict=strict, seed=seed, **options)
    outcomes: list[Outcome] = []
    text: list[str] = []
    for outcome in _noted(found, outcomes):
        line = "" if as_json or (quiet and outcome.verdict == "PASS") else told(outcome, details=not brief)
        if file == output.STDOUT:
            output.emit(line)
        text.append(line)
    last = to_json(outcomes) if as_json else f"\n{summary(outcomes)}" if len(outcomes) > 1 else ""
    if file == output.STDOUT:
        output.emit(last.encode() if as_json else last)
    else:
        output.write_file(file, "".join(text) + last)
        output.emit(f"{file}\n")
    if junit is not None:
        output.write_file(junit, to_junit(outcomes))
    bad = sum(outcome.verdict in ("FAIL", "PARSE-ERROR") for outcome in outcomes)
    if bad:
        fail(f"{bad} of {len(outcomes)} scripts failed or cannot be parsed", FAILED)


def _noted(found: Iterator[Outcome], outcomes: list[Outcome]) -> Iterator[Outcome]:
    """The outcomes one by one, also put into the list ``outcomes``."""
    for outcome in found:
        outcomes.append(outcome)
        yield outcome
