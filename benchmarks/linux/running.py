"""Whether the kernel can be measured here, and all probes side by side."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .wire import PROBES, Device, Wire


def missing() -> str | None:
    """Why it cannot run here, in one line; None if it can."""
    if platform.system() != "Linux":
        return f"this is {platform.system()}: only Linux can be measured"
    if os.geteuid() != 0:
        return "it needs root: sudo python -m benchmarks.linux"
    for tool in ("ip", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed: apt-get install iproute2 util-linux"
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun does not exist: modprobe tun, or mknod /dev/net/tun c 10 200"
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"network namespaces are not permitted: {tried.stderr.strip()}"
    return None


def measure(only: str) -> dict[str, Any]:
    """Every probe's figures; a probe that fails is named with its error."""
    device = Device()
    found: dict[str, Any] = {}

    def run(one: Callable[[Wire], dict[str, Any]]) -> None:
        try:
            found[one.__name__] = one(Wire(device))
        except Exception as error:
            traceback.print_exc()
            found[one.__name__] = {"failed": f"{type(error).__name__}: {error}"}

    threads = [threading.Thread(target=run, args=(one,)) for one in PROBES if only in one.__name__]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
    return {
        "kernel": platform.release().partition("-")[0],
        **{p.__name__: found[p.__name__] for p in PROBES if p.__name__ in found},
    }
