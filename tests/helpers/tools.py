"""Finding the outside programs some tests lean on."""

import os
import shutil
from typing import NoReturn

import pytest


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def unavailable(reason: str) -> NoReturn:
    """Skip, or in CI fail: there a skip would hide for ever what is never tested."""
    if in_ci():
        pytest.fail(f"{reason}, and in CI nothing is skipped for that", pytrace=False)
    pytest.skip(reason)


def require_tool(name: str) -> str:
    """The path of an outside program such as ``dot`` or ``tshark``."""
    path = shutil.which(name)
    if path is None:
        unavailable(f"{name} is not installed")
    return path
