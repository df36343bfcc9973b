"""A script file from text to verdict."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from traceback import format_exception

from ..net.simulator import Simulator
from ..tcp.profiles import LINUX, Profile
from .endpoint import NotOffered
from .parser import parse
from .reading import ScriptError
from .running import Run
from .settings import settings_of
from .simulated import SimulatedEndpoint
from .tree import Dialect
from .verdicts import Outcome, ScriptFailed


def run_script(
    text: str,
    name: str = "script",
    *,
    profile: Profile = LINUX,
    dialect: Dialect | None = None,
    defines: Iterable[str] = (),
    strict: bool = False,
    seed: int = 0,
) -> Outcome:
    """Run the script ``text``; ``name``: what messages call it.

    ``profile``: the stack under test, which the script's own sysctls refine.  ``dialect``: None finds it out.
    ``defines``: the names that #ifdef asks for.  ``strict``: packets that leave at the end and that nobody expected
    are a failure.  Never raises for what stands in the script.
    """
    options = {"dialect": dialect, "defines": defines, "strict": strict, "seed": seed}
    return play_script(text, name, profile=profile, **options)[0]  # type: ignore[arg-type]


def play_script(
    text: str,
    name: str = "script",
    *,
    profile: Profile = LINUX,
    dialect: Dialect | None = None,
    defines: Iterable[str] = (),
    strict: bool = False,
    seed: int = 0,
) -> tuple[Outcome, Simulator | None]:
    """The same, with the simulation as it stands at the end; None for a script that was not begun."""
    try:
        script = parse(text, name, dialect, default="nplab" if profile.name.startswith("freebsd") else "google")
        settings = settings_of(script, name)
    except ScriptError as error:
        return Outcome(name, "PARSE-ERROR", error.at.line, str(error)), None
    except NotOffered as missing:
        return Outcome(name, "UNSUPPORTED", 1, f"{name}:1: not supported: {missing.feature}"), None
    endpoint = SimulatedEndpoint(profile, settings.local, settings.remote, mtu=settings.mtu, seed=seed)
    run = Run(script, endpoint, settings, profile=profile.name, defines=defines)
    return _outcome(run, endpoint, name, strict=strict), endpoint.sim


def _outcome(run: Run, endpoint: SimulatedEndpoint, name: str, *, strict: bool) -> Outcome:
    """Run, and say how it went."""
    try:
        run.run()
        if strict and run.trailing:
            raise ScriptFailed(f"nobody expects what leaves at the end: {run.trailing[0]}")
    except NotOffered as missing:
        line = run.at.line or 1
        return Outcome(name, "UNSUPPORTED", line, f"{name}:{line}: not supported: {missing.feature}")
    except ScriptFailed as failed:
        line = run.at.line or 1
        sides = "".join(f"  {word + ':':<10}{side}\n" for word, side in failed.sides)
        return Outcome(name, "FAIL", line, f"{name}:{line}: {failed.reason}", sides + endpoint.story())
    except Exception as error:  # a defect of this package: one script must not end the run of a thousand
        line = run.at.line or 1
        reason = f"{name}:{line}: the runner itself failed: {type(error).__name__}: {error}"
        return Outcome(name, "FAIL", line, reason, "".join(format_exception(error)))
    notes = tuple(f"nobody expects what leaves at the end: {packet}" for packet in run.trailing)
    return Outcome(name, "PASS", 0, "", "", notes)


def run_file(path: str | Path, **options: object) -> Outcome:
    """The same for a file.  Raises OSError when it cannot be read."""
    text = Path(path).read_bytes().decode("utf-8", "surrogateescape")
    return run_script(text, str(path), **options)  # type: ignore[arg-type]
