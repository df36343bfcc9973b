"""``tcpsim export``: a trace as a file of another format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from . import output
from .errors import ShellError, first_line

if TYPE_CHECKING:
    from ..trace.trace import Trace

EPILOG = """
\b
Examples:
  tcpsim export three-way-handshake -o handshake.svg
  tcpsim play normal-close -o close.jsonl; tcpsim export close.jsonl -o close.mmd
  tcpsim export S-08 -o - --format txt
  tcpsim export three-way-handshake -o handshake.pkt; tcpsim packetdrill handshake.pkt
  tcpsim export lost-fin -o lost-fin.html
  tcpsim export lost-fin --tap both -o lost-fin.pcapng
"""


SCRIPT: Final = ".pkt"  #: the suffix of a packetdrill script, which is made above the floor of the other formats
SCRIPT_IS: Final = "a packetdrill script of one host, which passes when it is run"


class _Export(click.Command):
    """Its help lists the formats there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from ..render.exports import FORMATS

        with formatter.section("Formats"):
            formatter.write_dl([*((suffix, format.what) for suffix, format in FORMATS.items()), (SCRIPT, SCRIPT_IS)])
        super().format_epilog(ctx, formatter)


@click.command(name="export", cls=_Export, short_help="Write a trace as a picture or for other tools.", epilog=EPILOG)
@click.argument("trace")
@click.option(
    "-o",
    "file",
    required=True,
    metavar="FILE",
    help="Where to; the suffix says the format.  - is standard output, and needs --format.",
)
@click.option(
    "--format", "form", metavar="SUFFIX", help="The format, if FILE's suffix does not say it: svg, txt and so on."
)
@click.option("--picture", metavar="NAME", help="Which picture, where a format has several: ladder unless given.")
@click.option("--numbers", type=click.Choice(["absolute", "relative"]), help="How SEQ and ACK are counted.")
@click.option("--names", type=click.Choice(["tcpsim", "rfc"]), help="Spelling of the states.")
@click.option("--hosts", metavar="A,B", help="Which hosts, from left to right.")
@click.option("--conn", type=int, metavar="N", help="Only this connection, by its number in the trace.")
@click.option("--scale", metavar="NAME", help="Time in a ladder: compressed (the default), or true to scale.")
@click.option("--vars", "variables", metavar="A,B", help="Variables along the lifelines, such as snd_una,cwnd.")
@click.option("--start", metavar="TIME", help="Where the picture begins, such as 100ms.")
@click.option("--end", metavar="TIME", help="Where it ends.")
@click.option(
    "--most", type=click.IntRange(min=1), metavar="N", help="The most events, points or steps that are shown."
)
@click.option(
    "--tap", metavar="HOST", help="Where a capture is taken: client (unless given), server, both, or a host."
)
@click.option("--first", type=click.IntRange(min=1), metavar="N", help="The step with which a player begins.")
@click.option("--no-data", is_flag=True, help="Without the segments' payload.")
@click.option("--seed", type=int, default=0, metavar="N", help="Decides all chance of a scenario; 0 unless given.")
def export(trace: str, file: str, form: str | None, seed: int, **given: Any) -> None:
    """Write TRACE, a saved trace (.jsonl) or a scenario's name, to FILE.

    The suffix of FILE says the format.  An option that the format has no use for is an error.
    """
    from ..render.exports import format_of
    from .traces import trace_of

    to_stdout = file == output.STDOUT
    if not to_stdout:
        output.check_writable(file)
    suffix = form if form is None else f".{form.removeprefix('.')}"
    options = _options(given)
    if (suffix or os.path.splitext(file)[1]).lower() == SCRIPT:
        content: str | bytes = _script(trace_of(trace, seed=seed), options)
    else:
        format = format_of(file if suffix is None else f"x{suffix}")
        format.check(options)
        try:
            content = format.write(trace_of(trace, seed=seed), **options)
        except ValueError as error:  # a time that is none
            raise ShellError(first_line(error)) from None
    if to_stdout:
        output.emit(content)
    else:
        output.write_file(file, content)
        output.emit(f"{file}\n")


def _script(trace: Trace, options: dict[str, Any]) -> str:
    """The packetdrill script of a trace.  Raises ShellError for an option that it has no use for."""
    from ..packetdrill.emitting import emit

    others = [name for name in options if name != "conn"]
    if others:
        raise ShellError(f"no option {others[0]!r} for {SCRIPT_IS}: this format takes conn")
    return emit(trace, conn=options.get("conn"))


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as the formats call them."""
    options = {name: value for name, value in given.items() if value not in (None, False)}
    if options.pop("no_data", False):
        options["data"] = False
    for name in ("hosts", "variables"):
        if name in options:
            options[name] = tuple(one.strip() for one in options[name].split(","))
    return options
