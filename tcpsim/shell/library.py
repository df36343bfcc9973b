"""The verbs about scenarios and saved sessions, and help."""

from __future__ import annotations

import inspect
from typing import Any

from . import output, texts
from .errors import ShellError
from .plays import load_session, play_of, save_session
from .registry import CHAPTERS, verb
from .session import Said, Session, situation


@verb("The library")
def play(session: Session, name: str) -> Said:
    """Run a scenario and draw it.

    By its name or number, play("S-08"), or from a file: play("mine.py"), play("saved.jsonl").  sim is this
    scenario from then on, so goto(0) and step() walk through it; use(before) returns to the simulation that was
    there before.
    """
    if not isinstance(name, str):
        raise ShellError(f'play(): {name!r} is no name; play("three-way-handshake"), or any of scenarios()')
    played = play_of(name, profile=session.sim.profile, seed=session.sim.world.seed)
    session.use(played.sim)
    return Said(texts.played(played.scenario, played.sim, **output.look().options()))


@verb("The library")
def scenarios(session: Session) -> Said:
    """The scenarios that play() knows."""
    return Said(texts.scenario_list())


@verb("The library")
def save(session: Session, file: str) -> Said:
    """Write this session to a file, from its beginning to here.

    save("session.jsonl"): the initial world, every move and every record.  load() goes on with it, and
    "tcpsim play session.jsonl" draws it.
    """
    sim = session.sim
    save_session(sim, file)
    return Said(f"wrote {file} ({sim.position} moves, {len(sim.trace)} records)")


@verb("The library")
def load(session: Session, file: str, *, level: str | None = None) -> Said:
    """Go on with a session that was saved.

    It is played again, so back() and goto() work as before; level="full" tells every check and variable.
    use(before) returns to the simulation that was there before.
    """
    if not isinstance(file, str):
        raise ShellError(f'load(): {file!r} is no file name; load("session.jsonl")')
    session.use(load_session(file, level=level))
    return Said(situation(session.sim))


@verb("The library")
def help(session: Session, topic: Any = None) -> Said | None:
    """This list, or more about one thing: help(run)."""
    if topic is None:
        return Said(texts.help_text(session, CHAPTERS))
    verb = session.verbs.get(topic if isinstance(topic, str) else getattr(topic, "__name__", ""))
    if verb is not None and (isinstance(topic, str) or topic is verb):
        return Said(f"{verb.usage}\n\n{inspect.getdoc(verb)}")
    import pydoc

    if isinstance(topic, str):
        raise ShellError(f"help(): no verb {topic!r}; help() lists them")
    return Said(pydoc.plain(pydoc.render_doc(topic)))
