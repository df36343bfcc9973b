"""What a trace can be written as: a registry by suffix.

To add a format, add a line to ``FORMATS``.  Its function takes the trace, and of the options those it declares
there; it gives the whole file as text or octets.  It is imported when it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final, NamedTuple

from ..trace.trace import Trace
from .errors import UnknownChoice, check_choice


class Format(NamedTuple):
    """``function`` in the module ``module`` of this package; ``what``: in words; ``options``: those it takes."""

    module: str
    function: str
    what: str
    options: tuple[str, ...] = ()

    def check(self, options: Iterable[str]) -> None:
        """Raise UnknownChoice unless this format takes the options of those names."""
        for name in options:
            if name not in self.options:
                takes = f"takes {', '.join(self.options)}" if self.options else "takes no options"
                raise UnknownChoice(f"no option {name!r} for {self.what}: this format {takes}")

    def write(self, trace: Trace, **options: Any) -> str | bytes:
        """The file's content.  Raises UnknownChoice for an option that this format does not take."""
        self.check(options)
        content: str | bytes = getattr(import_module(f"{__package__}.{self.module}"), self.function)(trace, **options)
        return content


_LADDER: Final = ("numbers", "names", "hosts", "conn")
_WINDOW: Final = ("scale", "variables", "start", "end", "most")

#: Suffix -> format, in the order in which help shows them.
FORMATS: Final[dict[str, Format]] = {
    ".svg": Format("pictures", "picture_svg", "a picture", ("picture", *_LADDER, *_WINDOW)),
    ".mmd": Format("pictures", "picture_mmd", "a Mermaid diagram", ("picture", *_LADDER)),
    ".txt": Format("ladder", "ladder", "the ladder as text", _LADDER),
    ".html": Format("player", "player", "the player: a page to step through", (*_LADDER, "first", "most")),
    ".pcapng": Format("pcap", "pcapng", "a capture for Wireshark (needs the extra pcap)", ("tap",)),
    ".jsonl": Format("exports", "jsonl", "the trace itself", ("data",)),
}


def format_of(file: str) -> Format:
    """The format that the suffix of ``file`` stands for.  Raises UnknownChoice that lists them."""
    suffix = os.path.splitext(file)[1].lower()
    if not suffix:
        raise UnknownChoice(f"the suffix of a file says its format; end it in one of: {', '.join(FORMATS)}")
    check_choice("export format with the suffix", suffix, FORMATS)
    return FORMATS[suffix]


def export(trace: Trace, file: str, **options: Any) -> str | bytes:
    """The content of ``file``; its suffix says the format.  Nothing is written.

    ``options``: what ``FORMATS`` lists for the format.  Raises UnknownChoice.
    """
    return format_of(file).write(trace, **options)


def jsonl(trace: Trace, *, data: bool = True) -> bytes:
    """The trace as JSON Lines; without payload unless ``data``."""
    from ..trace.jsonl import to_lines

    return "".join(to_lines(trace, data=data)).encode()
