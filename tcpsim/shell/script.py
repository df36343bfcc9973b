"""A script on standard input: statements run as they come, and values print as in the REPL."""

from __future__ import annotations

import ast
import codeop
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from .errors import ScriptStopped, in_one_line

FILENAME: Final = "<stdin>"

#: Words with which a line at the left margin continues the block before it.
_CONTINUES: Final = re.compile(r"(else|elif|except|finally)\b")


def run_script(
    lines: Iterable[str], namespace: dict[str, Any], meant: Callable[[str], str | None] = lambda line: None
) -> None:
    """Run the script in ``namespace``.  ``meant``: what a line that is no Python may have meant.

    A statement runs as soon as it is complete; a block ends where the next line at the left margin begins.
    Raises ScriptStopped, naming the line, at the first error; what ran before has run.
    """
    for first, source in statements(lines):
        try:
            code = _compiled(source, first)
        except SyntaxError as error:
            hint = meant(source)
            said = _syntax(error) if hint is None else f"a verb is a function; write {hint}"
            raise ScriptStopped(f"{FILENAME} line {error.lineno or first}: {said}") from None
        for piece in code:
            try:
                exec(piece, namespace)
            except Exception as error:
                line = _line_of(error) or first
                raise ScriptStopped(f"{FILENAME} line {line}: {in_one_line(error, namespace)}") from None


def statements(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """(line number, source) of each group of lines that can run by itself, as early as that is known."""
    held: list[str] = []
    first = 1
    number = 0
    for number, line in enumerate(lines, 1):
        line = line if line.endswith("\n") else line + "\n"
        at_margin = bool(line.strip()) and not line[0].isspace() and line[0] != "#"
        if held and at_margin and not _CONTINUES.match(line) and _is_whole("".join(held)):
            yield first, "".join(held)
            held = []
        if not held:
            if not line.strip():
                continue
            first = number
        held.append(line)
        source = "".join(held)
        if _may_run_at_once(source):
            yield first, source
            held = []
    if held:
        yield first, "".join(held)


def _is_whole(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _may_run_at_once(source: str) -> bool:
    """Whether ``source`` is complete and no further line can belong to it, or is beyond repair."""
    try:
        # Without the last newline, or a backslash before it would seem to continue with nothing.
        code = codeop.compile_command(source.removesuffix("\n"), FILENAME, "exec")
    except (SyntaxError, ValueError, OverflowError):
        return True
    if code is None:
        return False
    body = ast.parse(source).body
    return not body or not _is_block(body[-1])


def _is_block(statement: ast.stmt) -> bool:
    return hasattr(statement, "body") or isinstance(statement, ast.Match)


def _compiled(source: str, first: int) -> Iterator[Any]:
    """Code for each statement, which shows the values of expressions, with the script's line numbers."""
    try:
        tree = ast.parse("\n" * (first - 1) + source, FILENAME)
    except ValueError as error:  # a NUL
        raise SyntaxError(str(error)) from None
    pieces = [compile(ast.Interactive([statement]), FILENAME, "single") for statement in tree.body]
    return iter(pieces)


def _line_of(error: BaseException) -> int | None:
    """The line of the script in which ``error`` was raised: the innermost one."""
    line = None
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == FILENAME:
            line = at.tb_lineno
        at = at.tb_next
    return line


def _syntax(error: SyntaxError) -> str:
    return f"{type(error).__name__}: {error.msg}"


def read_stdin() -> Iterator[str]:
    """The lines of standard input as they come.  Raises ScriptStopped when they are not text."""
    number = 0
    while True:
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError:
            raise ScriptStopped(f"{FILENAME} line {number + 1}: this is not UTF-8 text") from None
        except OSError as error:
            raise ScriptStopped(f"{FILENAME} line {number + 1}: cannot be read: {error.strerror}") from None
        if not line:
            return
        number += 1
        if any("\ud800" <= char <= "\udfff" for char in line):  # how Python passes on stray octets
            raise ScriptStopped(f"{FILENAME} line {number}: this is not UTF-8 text")
        yield line
