"""``python -m benchmarks.linux``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from . import __doc__ as about
from . import measure, missing

INSIDE = "TCPSIM_MEASURES_INSIDE"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linux", description=about)
    parser.add_argument("-o", metavar="FILE", help="write JSON there")
    parser.add_argument("--only", default="", metavar="TEXT", help="probes whose name contains TEXT")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        why = missing()
        if why is not None:
            print(f"cannot measure Linux here: {why}", file=sys.stderr)
            raise SystemExit(2)
        command = ["unshare", "-n", sys.executable, "-m", "benchmarks.linux", *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)
    text = json.dumps(measure(options.only), indent=1)
    if options.o:
        Path(options.o).write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
