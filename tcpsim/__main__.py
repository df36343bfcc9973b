"""``python -m tcpsim``."""

from tcpsim.shell.cli import main

main()
