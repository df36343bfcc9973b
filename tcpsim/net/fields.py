"""Field expressions: what a link's fault rule asks of a packet, in words that stay data.

``"SYN and not ACK"``, ``"len > 0 and seq % 2920 == 0"``, ``"dport == 80 or src == '10.0.0.1'"``: Python's spelling
of comparisons, arithmetic, ``and``, ``or``, ``not`` and ``in``, over the fields of a segment and nothing else.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.segment import ACK, CE, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment

#: The names an expression may use.  ``n`` counts the packets of this direction from 1; ``len`` is octets of data.
FIELDS: Final[dict[str, Callable[[Segment, int], Any]]] = {
    "n": lambda seg, n: n,
    "seq": lambda seg, n: seg.seq,
    "ack": lambda seg, n: seg.ack,
    "wnd": lambda seg, n: seg.wnd,
    "up": lambda seg, n: seg.up,
    "len": lambda seg, n: len(seg.data),
    "tsval": lambda seg, n: seg.tsval or 0,
    "tsecr": lambda seg, n: seg.tsecr or 0,
    "src": lambda seg, n: seg.flow[2],
    "sport": lambda seg, n: seg.flow[3],
    "dst": lambda seg, n: seg.flow[0],
    "dport": lambda seg, n: seg.flow[1],
    "FIN": lambda seg, n: bool(seg.flags & FIN),
    "SYN": lambda seg, n: bool(seg.flags & SYN),
    "RST": lambda seg, n: bool(seg.flags & RST),
    "PSH": lambda seg, n: bool(seg.flags & PSH),
    "ACK": lambda seg, n: bool(seg.flags & ACK),
    "URG": lambda seg, n: bool(seg.flags & URG),
    "ECE": lambda seg, n: bool(seg.flags & ECE),
    "CWR": lambda seg, n: bool(seg.flags & CWR),
    "ECT": lambda seg, n: seg.ecn in (1, 2),
    "CE": lambda seg, n: seg.ecn == CE,
}

_COMPARE: Final[dict[type, Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_ARITHMETIC: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
}  # fmt: skip
_TEXTS: Final = frozenset(("src", "dst"))
_LONGEST: Final = 500


def holds(text: str, seg: Segment, n: int) -> bool:
    """Whether the expression ``text``, which ``check_expression`` has passed, holds for packet number ``n``."""
    return bool(_value(_tree(text), seg, n))


def check_expression(text: str, what: str) -> str:
    """``text`` if it is an expression.  Raises TcpsimError that shows what is wrong with it and a right form."""
    right = f"write one over {', '.join(FIELDS)}, such as 'SYN and not ACK' or 'len > 0'"
    try:
        tree = _tree(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise TcpsimError(f"{what}: {text!r} is no expression ({getattr(error, 'msg', error)}); {right}") from None
    wrong = _fault(tree)
    if wrong:
        raise TcpsimError(f"{what}: {text!r}: {wrong}; {right}")
    return text


@lru_cache(maxsize=256)
def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    return ast.parse(text.strip(), mode="eval").body


def _fault(node: ast.expr) -> str:
    """What in the tree is not allowed, in words; empty when all is."""
    match node:
        case ast.Name(id=name):
            return "" if name in FIELDS else f"no field {name!r}"
        case ast.Constant(value=bool() | int() | str()):
            return ""
        case ast.BoolOp(values=values):
            return _first(_fault(value) for value in values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return _fault(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            if isinstance(op, ast.Mod | ast.FloorDiv) and not (
                isinstance(right, ast.Constant) and isinstance(right.value, int) and right.value > 0
            ):
                return "divide by a number above 0"
            texts = _first("a text is no number" if _is_text(side) else "" for side in (left, right))
            return texts or _fault(left) or _fault(right)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _fault_of_comparison([left, *others], ops)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return f"the list of {len(items)} stands not behind 'in'"
    return f"{ast.unparse(node)!r} is not among what may be asked"


def _fault_of_comparison(sides: list[ast.expr], ops: list[ast.cmpop]) -> str:
    for left, op, right in zip(sides, ops, sides[1:], strict=False):
        if type(op) not in _COMPARE:
            return "compare with == != < <= > >= or in"
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List):
                return "after 'in' stands a list such as (80, 443)"
            wrong = _fault(left) or _first(_fault(item) for item in right.elts)
        else:
            wrong = _fault(left) or _fault(right)
            if not wrong and _is_text(left) != _is_text(right):
                wrong = "a text and a number are compared"
        if wrong:
            return wrong
    return ""


def _is_text(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id in _TEXTS) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _first(words: Any) -> str:
    return next((word for word in words if word), "")


def _value(node: ast.expr, seg: Segment, n: int) -> Any:
    """The value of a checked expression."""
    match node:
        case ast.Name(id=name):
            return FIELDS[name](seg, n)
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, seg, n) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, seg, n) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, seg, n)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, seg, n)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_value(left, seg, n), _value(right, seg, n))
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [_value(item, seg, n) for item in items]
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(side, seg, n) for side in (left, *others)]
            return all(_COMPARE[type(op)](a, b) for a, op, b in zip(sides, ops, sides[1:], strict=False))
    raise AssertionError(f"unchecked expression {ast.unparse(node)}")
