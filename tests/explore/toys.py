"""Small systems whose states can be counted by hand."""

from collections.abc import Iterator
from typing import Any


class Grid:
    """Walk on a grid: right and up, and home from the far corner if ``back``.  (x, y) with 0 =< x, y < n."""

    def __init__(self, n: int, *, back: bool = False) -> None:
        self.n = n
        self.back = back

    def start(self) -> tuple[int, int]:
        return 0, 0

    def key(self, state: tuple[int, int]) -> tuple[int, int]:
        return state

    def successors(self, state: tuple[int, int]) -> Iterator[tuple[str, Any, tuple[int, int] | None]]:
        x, y = state
        if x + 1 < self.n:
            yield "right", ("right", x), (x + 1, y)
        if y + 1 < self.n:
            yield "up", ("up", y), (x, y + 1)
        if self.back and x == y == self.n - 1:
            yield "home", "home", (0, 0)


class Edges:
    """A graph given as ``{state: [(kind, state or None), ...]}``, from "a" on."""

    def __init__(self, edges: dict[str, list[tuple[str, str | None]]]) -> None:
        self.edges = edges

    def start(self) -> str:
        return "a"

    def key(self, state: str) -> str:
        return state

    def successors(self, state: str) -> Iterator[tuple[str, Any, str | None]]:
        for kind, target in self.edges.get(state, []):
            yield kind, f"{kind} {target}", target
