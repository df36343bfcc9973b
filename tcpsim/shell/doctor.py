"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from typing import Final, NamedTuple

from .._version import __version__


class Finding(NamedTuple):
    """One line of the report.  ``found``: the version or place, "" if missing; ``needed``: for anything at all."""

    name: str
    found: str
    purpose: str
    remedy: str
    needed: bool = False


#: Distribution, what it is for, how to get it, and whether tcpsim needs it for anything at all.
_PACKAGES: Final = (
    ("click", "the command line", "pip install click", True),
    ("graphviz", "diagrams drawn by Graphviz", "pip install graphviz", True),
    ("rich", "colours and tables", "pip install rich", True),
    ("ipython", "the REPL with IPython", "pip install 'tcpsim[repl]'", False),
    ("hypothesis", "tcpsim.testing", "pip install 'tcpsim[testing]'", False),
    ("pytest", "the pytest plugin", "pip install 'tcpsim[testing]'", False),
    ("python-pcapng", "captures (.pcapng)", "pip install 'tcpsim[pcap]'", False),
    ("h11", "the HTTP lesson", "pip install 'tcpsim[lessons]'", False),
    ("ipykernel", "the notebooks", "pip install 'tcpsim[jupyter]'", False),
)


def findings() -> list[Finding]:
    """Everything worth knowing about this installation."""
    python = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    report = [
        Finding("tcpsim", __version__, "", "", True),
        Finding("python", python, f"runs as {sys.executable}", "", True),
    ]
    for name, purpose, remedy, needed in _PACKAGES:
        report.append(Finding(name, _version(name), purpose, remedy, needed))
    report.append(Finding("dot", shutil.which("dot") or "", "diagrams as .png and .pdf", dot_remedy()))
    return report


def dot_remedy() -> str:
    """How to get Graphviz's program on this system."""
    if sys.platform == "darwin":
        return "brew install graphviz"
    if sys.platform == "win32":
        return "winget install graphviz"
    return "apt install graphviz, dnf install graphviz or the like"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def report_text(report: list[Finding]) -> str:
    """A line for each finding."""
    lines = []
    for finding in report:
        purpose = f"for {finding.purpose}" if finding.remedy else finding.purpose
        found = finding.found or f"missing: {finding.remedy}"
        lines.append(f"{finding.name:<14} {found}" + (f"  ({purpose})" if purpose else ""))
    return "\n".join(lines) + "\n"
