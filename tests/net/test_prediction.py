"""Header prediction is a shortcut: with it and without it, the same happens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tcpsim.tcp import arrives
from tcpsim.tcp.core import Core
from tcpsim.tcp.predict import predicted
from tcpsim.tcp.segment import Segment
from tests.helpers.stories import STORIES, TALK, Story


def played(story: Story, prediction: Any) -> tuple[Any, ...]:
    """The world and the brief trace at the end of ``story``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrives, "predicted", prediction)
        sim = story.build(trace="brief")
        sim.run(until="300s")  # a window that nobody opens is probed for ever
    return sim.world.key(), sim.trace.raw


def never(c: Core, seg: Segment) -> bool:
    return False


@given(story=STORIES)
def test_prediction_changes_nothing(story: Story) -> None:
    assert played(story, predicted) == played(story, never)


def test_it_is_taken_in_an_ordinary_talk() -> None:
    taken: list[Segment] = []

    def watched(c: Core, seg: Segment) -> bool:
        answer = predicted(c, seg)
        if answer:
            taken.append(seg)
        return answer

    played(TALK, watched)
    assert any(seg.data for seg in taken)
    assert any(not seg.data for seg in taken)
