"""Mutation testing: ``python -m tools.mutation``.

Takes a sample of small mistakes (the one in ``sample.tsv``, or another, drawn by ``--seed``), makes each of them in a copy
of the tree, and runs the tests that reach it.  What comes out stands in ``build/mutation``, a line for each; a run that
was interrupted goes on, and one of other source or of another seed begins anew.  Exit 1 if fewer than 90 % are noticed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from .reach import Reach
from .run import Tree
from .sites import Mutant, digest, keep, kept, sample

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 0.9

#: The sample that is asked unless another is drawn, and the seed of what replaces a mutant whose line is gone.
KEPT = Path(__file__).with_name("sample.tsv")
SEED = 1


def main(argv: list[str] | None = None) -> int:
    options = _options(argv)
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    chosen = _chosen(options)
    if options.only:
        chosen = [mutant for mutant in chosen if mutant.name in options.only]
    if options.list:
        print(*(mutant.name for mutant in chosen), sep="\n")
        return 0
    drawn = "kept" if options.seed is None else options.seed
    results = out / f"results-{drawn}-{digest(ROOT)}.jsonl"
    known = _known(results)
    if options.survivors:
        known = {name: found for name, found in known.items() if found["verdict"] != "survived"}
    tree = Tree(ROOT, out)
    measured = out / "reach.sqlite"
    reach = Reach(measured, tree.root) if options.measured and measured.exists() else tree.measure()
    start = time.monotonic()
    found = [known.get(mutant.name) or _judge(tree, mutant, reach, results) for mutant in chosen]
    return _report(found, time.monotonic() - start)


def _chosen(options: argparse.Namespace) -> list[Mutant]:
    if options.seed is None:
        return kept(ROOT, KEPT, options.number, SEED)
    drawn = sample(ROOT, options.number, options.seed)
    if options.keep:
        keep(ROOT, KEPT, drawn)
    return drawn


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("--number", type=int, default=300, help="how many mutants (default: 300)")
    parser.add_argument("--seed", type=int, help="draw another sample, by this seed (default: the one that is kept)")
    parser.add_argument("--keep", action="store_true", help="let the sample of --seed be the one that is kept")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutation", help="where to work")
    parser.add_argument("--list", action="store_true", help="name the sample, and do nothing")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="one mutant of the sample, as --list names it"
    )
    parser.add_argument("--survivors", action="store_true", help="judge those once more that survived")
    parser.add_argument("--measured", action="store_true", help="trust what an earlier run measured about the tests")
    return parser.parse_args(argv)


def _known(results: Path) -> dict[str, dict[str, Any]]:
    if not results.exists():
        return {}
    lines = results.read_text(encoding="utf-8").splitlines()
    return {found["mutant"]: found for found in map(json.loads, lines)}


def _judge(tree: Tree, mutant: Mutant, reach: Reach, results: Path) -> dict[str, Any]:
    found = tree.judge(mutant, reach)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(found) + "\n")
    print(f"{found['verdict']:9}{found['seconds']:7.1f} s  {found['mutant']}  {found['by']}", flush=True)
    return found


def _report(found: list[dict[str, Any]], seconds: float) -> int:
    survivors = [one["mutant"] for one in found if one["verdict"] == "survived"]
    killed = len(found) - len(survivors)
    print(f"{len(found)} mutants: {killed} killed, {len(survivors)} survived, in {seconds:.0f} s")
    print(*survivors, sep="\n")
    return int(killed < ENOUGH * len(found))


if __name__ == "__main__":
    sys.exit(main())
