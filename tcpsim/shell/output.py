"""Where output goes: the terminal, a pipe, or a file that appears whole or not at all."""

from __future__ import annotations

import errno
import itertools
import locale
import os
import shutil
import stat
import sys
from contextlib import suppress
from typing import Any, Final, NamedTuple, TextIO

import click

from .errors import CannotWrite

STDOUT: Final = "-"  #: the file name that means standard output
WIDEST: Final = 120  #: columns; longer arrows tell nothing more

_ADVICE: Final = {
    errno.ENOENT: "make the folder first, or name another file",
    errno.ENOTDIR: "one part of the path is a file; name another file",
    errno.EISDIR: "name a file in it",
    errno.ENOSPC: "make room, or name a file on another disk",
    errno.ENAMETOOLONG: "give it a shorter name",
}


class Look(NamedTuple):
    """What the reader of standard output can show; ``width`` is None where nothing limits it."""

    color: bool
    ascii: bool
    width: int | None

    def options(self) -> dict[str, Any]:
        """The same as options of ``ladder``."""
        width = {} if self.width is None else {"width": self.width}
        return {"color": self.color, "ascii": self.ascii, **width}


def look() -> Look:
    """How to draw for whoever reads standard output now."""
    stream = sys.stdout
    if not _is_terminal(stream):
        return Look(color=False, ascii=not _can_draw(getattr(stream, "encoding", None)), width=None)
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    # Python writes UTF-8 in the C locale too, which says that the terminal does not read it.
    forced = sys.platform == "win32" or any(map(os.environ.get, ("PYTHONIOENCODING", "PYTHONUTF8")))
    reads = forced or _can_draw(locale.getencoding())
    return Look(
        color=not plain,
        ascii=not (reads and _can_draw(stream.encoding)),
        width=min(shutil.get_terminal_size().columns, WIDEST),
    )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _can_draw(encoding: str | None) -> bool:
    """Whether the ladder's lines and arrows exist in ``encoding``."""
    from ..render.ladder import UNICODE

    try:
        "".join(UNICODE).encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def emit(text: str | bytes) -> None:
    """Write to standard output and flush.

    Octets go out as they are (JSON and SVG are UTF-8 whatever the terminal speaks); characters that the
    reader has no code for become question marks.  A reader that has gone away (``| head``) is no error.
    Raises CannotWrite when the output cannot be taken, as on a full disk.
    """
    if sys.stdout is None:
        raise CannotWrite("cannot write: standard output is closed; name a file with -o")
    if isinstance(text, str):
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        text = text.encode(encoding, "replace").decode(encoding)
    try:
        click.echo(text, nl=False)
    except OSError as error:
        silence()
        if is_gone(error):
            return
        raise CannotWrite(f"cannot write to standard output: {_reason(error)}") from None


def is_gone(error: OSError) -> bool:
    """Whether ``error`` says that the reader of a pipe has gone."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def silence() -> None:
    """Send the rest of standard output nowhere, or Python would complain about it when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def write_file(path: str, content: str | bytes) -> None:
    """Put ``content`` into the file ``path``, all of it or nothing.

    It is written beside the file under another name first and then renamed; what stood there stays until
    then.  Raises CannotWrite that says why not and what to do instead.
    """
    octets = content.encode() if isinstance(content, str) else content
    try:
        _write(path, octets)
    except OSError as error:
        # A temporary file's name would only confuse, so the path is the one that was asked for.
        advice = _ADVICE.get(error.errno or 0, "name another file")
        raise CannotWrite(f"cannot write {shown(path)}: {_reason(error)}; {advice}") from None
    except ValueError as error:  # a NUL in the name
        raise CannotWrite(f"cannot write {shown(path)}: {error}; name another file") from None


def shown(path: str) -> str:
    """``path`` as a message of one line can hold it."""
    return path if path.isprintable() else repr(path)


def check_writable(path: str) -> None:
    """Raise CannotWrite if ``path`` could not be written, before the work for it is done."""
    if not path:
        raise CannotWrite("cannot write to a file without a name; give it one")
    if os.path.isdir(path):
        raise CannotWrite(f"cannot write {shown(path)}: it is a folder; {_ADVICE[errno.EISDIR]}")
    folder = os.path.dirname(path) or os.curdir
    if not os.path.isdir(folder):
        wrong = f"cannot write {shown(path)}: there is no folder {shown(folder)}"
        raise CannotWrite(f"{wrong}; {_ADVICE[errno.ENOENT]}")


def _write(path: str, octets: bytes) -> None:
    target = os.path.realpath(path)  # a link stays a link: what it points to is replaced
    mode = None
    with suppress(FileNotFoundError):
        mode = os.stat(target).st_mode
    if mode is not None and not stat.S_ISREG(mode):
        with open(target, "wb") as file:  # a device or a pipe cannot be renamed onto; a folder raises
            file.write(octets)
        return
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    beside = _unused_name(os.path.dirname(target))
    file = open(beside, "xb")  # noqa: SIM115  # if this fails there is nothing to take away
    try:
        with file:
            file.write(octets)
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _unused_name(folder: str) -> str:
    for number in itertools.count():
        name = os.path.join(folder, f".tcpsim-{os.getpid()}-{number}.part")
        if not os.path.lexists(name):
            return name
    raise AssertionError("count() ends")


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
