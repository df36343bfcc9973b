"""Run the scripts of google/packetdrill that docs/packetdrill.tsv lists, and write their verdicts there.

    python tools/packetdrill.py gtests/net/tcp

The argument is that folder of a copy of the repository; the scripts are no part of this project.  Causes are written by
hand and stay.  Exits 1 if a script passes no more that did.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tcpsim.packetdrill import run_file  # noqa: E402
from tcpsim.profiles import LINUX  # noqa: E402

TABLE = ROOT / "docs" / "packetdrill.tsv"


def rows() -> list[list[str]]:
    """[script, verdict, cause] of each."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [[*line.split("\t"), "", ""][:3] for line in lines]


def main(folder: str) -> int:
    """Run them; how to exit."""
    worse = 0
    found = []
    for name, before, cause in rows():
        path = Path(folder) / name
        if not path.exists():  # some lie a folder deeper
            path = next(iter(sorted(Path(folder).rglob(Path(name).name))), path)
        outcome = run_file(path, profile=LINUX)
        print(f"{outcome.verdict:<11}  {name}  {outcome.reason.partition(': ')[2]}")
        worse += before == "PASS" != outcome.verdict
        found.append("\t".join((name, outcome.verdict, "" if outcome.verdict == "PASS" else cause)))
    TABLE.write_text("\n".join(found) + "\n", encoding="utf-8")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
