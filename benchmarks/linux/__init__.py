"""What the Linux kernel of this machine does: ``python -m benchmarks.linux [-o FILE] [--only TEXT]``.

The kernel talks to this program through a TUN device in a network namespace of its own, so nothing outside is
touched.  Each probe plays the peer of one connection, segment by segment, and notes what the kernel answered and
when.  It takes about two and a half minutes, most of it waiting for TIME_WAIT and for SYNs to be repeated; the
probes run side by side.  It needs Linux, root, ``ip``, ``unshare`` and /dev/net/tun, and says what is missing (exit 2).
"""

from __future__ import annotations

from importlib import import_module

from .running import measure, missing
from .wire import PROBES, SETTINGS

for _about in ("opening", "sending", "acknowledging", "resets", "closing"):
    import_module(f"{__name__}.{_about}")  # registers its probes

__all__ = ["PROBES", "SETTINGS", "measure", "missing"]
