"""Where a mistake can be made: the places at which cosmic-ray's operators apply, and a sample of them."""

from __future__ import annotations

import ast
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

#: What is mutated.
PACKAGES: Final = ("tcpsim/tcp", "tcpsim/net")

#: States, flags of one bit and None are compared by identity or equality, and both give the same answer: no mistake.
IDENTITY: Final = {"Is_Eq", "IsNot_NotEq", "Eq_Is", "NotEq_IsNot"}

#: How a person reads an object, not what it does.
SHOWN: Final = {"__repr__", "__str__", "__rich__", "_repr_mimebundle_", "_repr_pretty_", "_repr_html_"}

#: Names that make types out of types.
GENERIC: Final = {
    "Callable",
    "ClassVar",
    "Final",
    "Iterable",
    "Iterator",
    "Literal",
    "Sequence",
    "dict",
    "tuple",
    "type",
}

Place = tuple[int, int]  # line from 1, column from 0


class Mutant(NamedTuple):
    """One operator of cosmic-ray at one place; ``occurrence`` counts the places of the operator in the file."""

    path: str
    start: Place
    end: Place
    operator: str
    occurrence: int

    @property
    def name(self) -> str:
        line, column = self.start
        return f"{self.path}:{line}:{column} {self.operator}"

    def apply(self, source: str) -> str:
        """The source with the mistake in it."""
        mutated = mutate_code(source, get_operator(f"core/{self.operator}")(), self.occurrence)
        assert mutated is not None, f"{self.name}: not in this source"
        return str(mutated)


def _family(operator: str) -> str:
    """Operators that replace the same thing are one family: a `+` is one place, not eleven."""
    return "_".join(operator.split("_")[:2])


def mutants(root: Path) -> dict[tuple[str, Place, Place, str], list[Mutant]]:
    """All mutants by place and family; what cannot matter is left out (see ``_left_out``)."""
    found: dict[tuple[str, Place, Place, str], list[Mutant]] = defaultdict(list)
    for package in PACKAGES:
        for file in sorted((root / package).glob("*.py")):
            path = file.relative_to(root).as_posix()
            for mutant in of_source(path, file.read_text(encoding="utf-8")):
                found[path, mutant.start, mutant.end, _family(mutant.operator)].append(mutant)
    return dict(found)


def of_source(path: str, source: str) -> Iterator[Mutant]:
    """The mutants of one file."""
    out = list(_left_out(ast.parse(source)))
    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        operator_class = get_operator(name)
        short = name.removeprefix("core/")
        if operator_class.arguments() or short.removeprefix("ReplaceComparisonOperator_") in IDENTITY:
            continue
        operator = operator_class()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            if not any(first <= start and end <= last for first, last in out):
                yield Mutant(path, start, end, short, occurrence)


def _left_out(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """Stretches of source in which a mistake changes no behaviour that is promised.

    Annotations and types, docstrings and the rest of texts, what an error says, ``__repr__`` and the like,
    assertions (they are for the type checker), and imports for it.
    """
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=annotation):
                yield _stretch(annotation)
            case ast.arg(annotation=ast.expr() as annotation):
                yield _stretch(annotation)
            case ast.FunctionDef(name=name) if name in SHOWN:
                yield _stretch(node)
            case ast.FunctionDef(returns=ast.expr() as returns):
                yield _stretch(returns)
            case ast.Raise(exc=ast.expr() as exc):
                yield _stretch(exc)
            case ast.Assert() | ast.JoinedStr():
                yield _stretch(node)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield _stretch(node)
            case ast.Subscript(value=ast.Name(id=name), slice=inside) if name in GENERIC:
                yield _stretch(inside)
            case ast.BinOp(op=ast.BitOr(), right=ast.Constant(value=None)):
                yield _stretch(node)
            case _:
                pass


def _stretch(node: ast.expr | ast.stmt) -> tuple[Place, Place]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def digest(root: Path) -> str:
    """A name for the source that is mutated, as it is."""
    sources = (file.read_bytes() for package in PACKAGES for file in sorted((root / package).glob("*.py")))
    return sha256(b"\0".join(sources)).hexdigest()[:12]


def sample(root: Path, number: int, seed: int) -> list[Mutant]:
    """So many mutants of different places, each place as likely as another."""
    return list(islice(_drawn(root, seed), number))


def _drawn(root: Path, seed: int) -> Iterator[Mutant]:
    """Mutants by chance; one that does not compile is none."""
    everything = mutants(root)
    places = sorted(everything)
    rng = random.Random(seed)
    rng.shuffle(places)
    for place in places:
        mutant = rng.choice(sorted(everything[place]))
        if _compiles(mutant, (root / mutant.path).read_text(encoding="utf-8")):
            yield mutant


def kept(root: Path, file: Path, number: int, seed: int) -> list[Mutant]:
    """The sample that was drawn once and stands in ``file``; a mutant whose line is gone is drawn anew, by seed.

    A change elsewhere would draw quite other mutants, and nobody would know any more whether those are noticed that
    tests were added for.
    """
    found = {identity: mutant for mutant, identity in _identities(root)}
    rows = [tuple(row.split("\t")) for row in file.read_text(encoding="utf-8").splitlines()]
    chosen = [found[row] for row in rows if row in found][:number]
    others = (mutant for mutant in _drawn(root, seed) if mutant not in chosen)
    return chosen + list(islice(others, number - len(chosen)))


def keep(root: Path, file: Path, drawn: Iterable[Mutant]) -> None:
    """Write a sample into ``file``, so that ``kept`` finds it in later source."""
    names = dict(_identities(root))
    file.write_text("".join("\t".join(names[mutant]) + "\n" for mutant in drawn), encoding="utf-8")


def _identities(root: Path) -> Iterator[tuple[Mutant, tuple[str, ...]]]:
    """What each mutant is known by though lines move: file, operator, column, which of several such, the line's text."""
    files: dict[str, list[str]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    everything = [mutant for group in mutants(root).values() for mutant in group]
    for mutant in sorted(everything, key=lambda one: (one.path, one.operator, one.occurrence)):
        if mutant.path not in files:
            files[mutant.path] = (root / mutant.path).read_text(encoding="utf-8").splitlines()
        line, column = mutant.start
        text = files[mutant.path][line - 1]
        known = mutant.path, mutant.operator, str(column - len(text) + len(text.lstrip())), text.strip()
        yield mutant, (*known[:3], str(seen[known]), known[3])
        seen[known] += 1


def _compiles(mutant: Mutant, source: str) -> bool:
    mutated = mutant.apply(source)
    try:
        return ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False
