"""The lessons: each runs, is as it says, would notice if it were not, and has its page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim.scenarios import LESSONS, SCENARIOS, Lesson, ScenarioFailed, get_scenario, http
from tcpsim.scenarios.lesson import Part
from tcpsim.shell.cli import main
from tcpsim.tcp.errors import TcpsimError

ROOT = Path(__file__).resolve().parents[2]
ALL = list(LESSONS.values())

each = pytest.mark.parametrize("lesson", ALL, ids=LESSONS)


@each
def test_a_lesson_is_as_it_says(lesson: Lesson) -> None:
    session = lesson.run()
    assert list(lesson.wrong(session)) == []
    assert lesson.checks
    assert session.sim.trace.header["scenario"] == lesson.name


@each
def test_a_lesson_would_notice(lesson: Lesson) -> None:
    session = lesson.run()
    for n, (expression, words) in enumerate(lesson.checks):
        turned = (*lesson.checks[:n], (f"not ({expression})", words), *lesson.checks[n + 1 :])
        assert list(replace(lesson, checks=turned).wrong(session)) == [
            f"it is not so that {words}: not ({expression})"
        ]
    parts = (replace(lesson.parts[0], fails=("NobodyKnows",)), *lesson.parts[1:])
    assert "NobodyKnows" in next(replace(lesson, parts=parts).wrong(session))


@pytest.mark.parametrize("lesson", ALL[:3], ids=[lesson.name for lesson in ALL[:3]])
def test_a_lesson_holds_whatever_the_seed_and_the_level(lesson: Lesson) -> None:
    for options in ({"seed": 7}, {"trace": "full"}):
        assert list(lesson.wrong(lesson.run(**options))) == []  # type: ignore[arg-type]
    assert lesson.play(trace="full").trace.level == "full"


def test_its_page_is_what_it_prints() -> None:
    for lesson in ALL:
        page = (ROOT / "docs" / "tutorial" / f"{lesson.name}.md").read_text(encoding="utf-8")
        assert page == lesson.markdown()
        for part in lesson.parts:
            first = " ".join(part.text.split())[:40]
            assert first in page


@each
def test_a_lesson_tells_what_it_is(lesson: Lesson) -> None:
    assert LESSONS[lesson.name] is lesson
    assert lesson.name not in SCENARIOS
    assert re.fullmatch(r"L-\d\d", lesson.sid)
    assert lesson.look.count(".  ") == 1
    assert lesson.chapter == "Lessons"
    assert all(part.text.strip() for part in lesson.parts)
    assert get_scenario(lesson.name) is get_scenario(lesson.sid) is lesson


def test_an_unexpected_exception_is_a_fault() -> None:
    lesson = LESSONS["what-is-a-socket"]
    broken = replace(lesson, parts=(*lesson.parts, Part("And then", "1 / 0")))
    (problem,) = broken.wrong(broken.run())
    assert problem == "'And then ...' raises ['ZeroDivisionError'], not []"
    with pytest.raises(ScenarioFailed, match="ZeroDivisionError"):
        broken.check(broken.play())


def test_a_lesson_is_played_at_the_command_line() -> None:
    done = CliRunner().invoke(main, ["play", "ports-and-accept"])
    assert done.exit_code == 0
    assert ">>> listener.bind(" in done.output
    assert "b'I am client 2'" in done.output
    assert "L-02  ports-and-accept" in CliRunner().invoke(main, ["scenarios"]).output


# -- HTTP


def test_requests_and_responses_are_http() -> None:
    octets = http.request("/a") + http.request("/b") + http.request("/c", close=True)
    assert http.requests_in(octets) == [("/a", "1.1"), ("/b", "1.1"), ("/c", "1.1")]
    assert http.requests_in(http.request("/old", version="1.0")) == [("/old", "1.0")]
    assert http.bodies_in(http.response(b"one") + http.response(b"") + http.response(b"three", close=True)) == [
        b"one",
        b"",
        b"three",
    ]


def test_what_is_not_complete_is_no_message_yet() -> None:
    whole = http.response(b"hello")
    assert http.bodies_in(whole + whole[:-1]) == [b"hello"]
    assert http.requests_in(http.request()[:-1]) == []


def test_what_is_no_http_is_refused() -> None:
    with pytest.raises(TcpsimError, match="this is no HTTP"):
        http.requests_in(b"\x00\x01\x02\r\n\r\n")
    with pytest.raises(TcpsimError, match="this is no HTTP"):
        http.bodies_in(b"hello\r\n\r\n")


def test_without_h11_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(http, "import_module", missing)
    with pytest.raises(TcpsimError, match=r"pip install 'tcpsim\[lessons\]'"):
        http.request()
