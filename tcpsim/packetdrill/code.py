"""What stands between ``%{`` and ``}%``: a restricted Python about TCP_INFO, without exec.

Statements are ``assert``, ``print``, assignments to plain names and ``import``s that do nothing; expressions are
names, numbers, texts, arithmetic, comparisons, ``and``, ``or``, ``not``, ``if else``, ``%`` formatting, lists,
tuples, and calls of ``abs``, ``min``, ``max``, ``int``, ``str``, ``float``, ``round``.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any, Final

from .endpoint import NotOffered

#: The names that Linux's header gives to values.
CONSTANTS: Final[dict[str, int]] = {
    **{
        f"TCP_{name}": number
        for number, name in enumerate(
            ("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
             "LAST_ACK", "LISTEN", "CLOSING"), 1
        )
    },
    **{f"TCP_CA_{name}": n for n, name in enumerate(("Open", "Disorder", "CWR", "Recovery", "Loss"))},
    "TCPI_OPT_TIMESTAMPS": 1, "TCPI_OPT_SACK": 2, "TCPI_OPT_WSCALE": 4, "TCPI_OPT_ECN": 8, "TCPI_OPT_ECN_SEEN": 16,
    "TCPI_OPT_SYN_DATA": 32,
}  # fmt: skip

#: Those of them that are states.
STATES: Final = tuple(CONSTANTS)[:11]

_OPERATORS: Final[dict[type, Callable[..., Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_CALLS: Final[dict[str, Callable[..., Any]]] = {
    "abs": abs, "min": min, "max": max, "int": int, "str": str, "float": float, "round": round, "len": len,
}  # fmt: skip
#: The largest number and the longest text that an expression may make.
_LARGEST: Final = 1 << 128
_LONGEST: Final = 10_000


class AssertionFailed(Exception):
    """An ``assert`` that does not hold: its text, and the values of the names in it."""


class BadCode(Exception):
    """Code that cannot be read."""


class Evaluator:
    """Runs code blocks; names that one assigns are known to the next.  ``printed``: what they printed.

    ``states``: what Linux's numbers of the states are on another system.
    """

    def __init__(self, states: Mapping[int, int] | None = None) -> None:
        self.constants = CONSTANTS
        if states is not None:
            self.constants = CONSTANTS | {name: states[CONSTANTS[name]] for name in STATES}
        self.names: dict[str, Any] = {"True": True, "False": False, "None": None}
        self.printed: list[str] = []

    def run(self, text: str, info: Mapping[str, int]) -> None:
        """Run one block with the fields ``info``.

        Raises AssertionFailed, BadCode, and NotOffered for a construct or a field that is not supported.
        """
        try:
            tree = ast.parse(_straight(text))
        except (SyntaxError, ValueError, RecursionError) as error:
            raise BadCode(f"this code is no Python: {error}") from None
        try:
            for statement in tree.body:
                self._do(statement, info)
        except (TypeError, ValueError, ArithmeticError, KeyError, IndexError, RecursionError) as error:
            raise BadCode(f"this code fails: {type(error).__name__}: {error}") from None

    def _do(self, node: ast.stmt, info: Mapping[str, int]) -> None:
        match node:
            case ast.Assert(test, message):
                if not self._value(test, info):
                    said = "" if message is None else f", says {self._value(message, info)}"
                    raise AssertionFailed(f"assert {ast.unparse(test)}: {self._named(test, info)}{said}")
            case ast.Expr(ast.Call(ast.Name("print"), args)):
                self.printed.append(" ".join(str(self._value(arg, info)) for arg in args))
            case ast.Expr(value):
                self._value(value, info)
            case ast.Assign([ast.Name(name)], value):
                self.names[name] = self._value(value, info)
            case ast.AugAssign(ast.Name(name), op, value) if type(op) in _OPERATORS:
                old = self._value(ast.Name(name), info)
                self.names[name] = _OPERATORS[type(op)](old, self._value(value, info))
            case ast.If(test, body, orelse):
                for statement in body if self._value(test, info) else orelse:
                    self._do(statement, info)
            case ast.Pass():
                pass
            case ast.Import() | ast.ImportFrom():
                raise NotOffered("import in a code block")
            case _:
                raise NotOffered(f"the statement {ast.unparse(node).splitlines()[0]!r} in a code block")

    def _named(self, test: ast.expr, info: Mapping[str, int]) -> str:
        """The values of the fields in an expression."""
        names = dict.fromkeys(node.id for node in ast.walk(test) if isinstance(node, ast.Name))
        return ", ".join(f"{name} = {self._value(ast.Name(name), info)}" for name in names if name not in CONSTANTS)

    def _value(self, node: ast.expr, info: Mapping[str, int]) -> Any:
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return self._lookup(name, info)
            case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
                return _bounded(_OPERATORS[type(op)], self._value(left, info), self._value(right, info))
            case ast.UnaryOp(op, operand):
                return _OPERATORS[type(op)](self._value(operand, info))
            case ast.BoolOp(op, values):
                return self._junction(isinstance(op, ast.And), values, info)
            case ast.Compare(left, ops, others):
                return self._compare(left, ops, others, info)
            case ast.IfExp(test, body, orelse):
                return self._value(body if self._value(test, info) else orelse, info)
            case ast.Tuple(items):
                return tuple(self._value(item, info) for item in items)
            case ast.List(items):
                return [self._value(item, info) for item in items]
            case ast.Call(ast.Name(name), args, []) if name in _CALLS:
                return _CALLS[name](*(self._value(arg, info) for arg in args))
            case ast.JoinedStr(values):
                return "".join(str(self._value(value, info)) for value in values)
            case ast.FormattedValue(value):
                return self._value(value, info)
        raise NotOffered(f"the expression {ast.unparse(node)!r} in a code block")

    def _lookup(self, name: str, info: Mapping[str, int]) -> Any:
        for names in (self.names, info, self.constants):
            if name in names:
                return names[name]
        if name.startswith("tcpi_"):
            raise NotOffered(f"TCP_INFO's {name}")
        raise BadCode(f"this code names {name!r}, which is nothing here")

    def _junction(self, every: bool, values: list[ast.expr], info: Mapping[str, int]) -> Any:
        value: Any = every
        for node in values:
            value = self._value(node, info)
            if bool(value) is not every:
                break
        return value

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr], info: Mapping[str, int]) -> bool:
        value = self._value(left, info)
        for op, other in zip(ops, others, strict=True):
            if type(op) not in _OPERATORS:
                raise NotOffered("a comparison with 'is' in a code block")
            right = self._value(other, info)
            if not _OPERATORS[type(op)](value, right):
                return False
            value = right
        return True


def _bounded(function: Callable[..., Any], left: Any, right: Any) -> Any:
    """The result of an operator, unless it is beyond all measure."""
    for value in (left, right):
        if isinstance(value, int) and abs(value) >= _LARGEST:
            raise NotOffered("numbers of such a size in a code block")
        if isinstance(value, str | list | tuple) and len(value) >= _LONGEST:
            raise NotOffered("values of such a length in a code block")
    if function in (operator.lshift, operator.mul) and isinstance(right, int) and not isinstance(left, int | float):
        raise NotOffered("repeated texts in a code block")
    if function is operator.mod and isinstance(left, str) and re.search(r"\d{4}|\*", left):
        raise NotOffered("such a format in a code block")
    if function is operator.lshift and right > 128:
        raise NotOffered("numbers of such a size in a code block")
    if function is operator.mul and isinstance(right, str | list | tuple):
        raise NotOffered("repeated texts in a code block")
    return function(left, right)


def _straight(text: str) -> str:
    """The block without the indentation of the script around it."""
    lines = text.replace("\\\n", " ").split("\n")
    first = lines[0].strip()
    rest = dedent("\n".join(lines[1:])) if len(lines) > 1 else ""
    return f"{first}\n{rest}" if first else rest


__all__ = ["CONSTANTS", "AssertionFailed", "BadCode", "Evaluator"]
