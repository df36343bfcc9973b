"""A browser for the tests of the player."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.browser import chromium
from tests.render.player_window import Open, Window, scenario


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Not for the whole session: Playwright keeps an event loop running in this thread, which others start theirs in.
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def plain(browser: Any) -> Window:
    """The window of all tests that want nothing special: opening one takes longer than most tests."""
    return Window(browser)


@pytest.fixture
def look(browser: Any, plain: Window, tmp_path: Path) -> Iterator[Open]:
    """Opens a page, in a window of its own if there are options; at the end nothing may have been said on the
    console or asked of a network.
    """
    file = tmp_path / "player.html"
    windows = [plain]

    def opened(content: str, fragment: str = "", *, width: int = 1366, height: int = 900, **options: Any) -> Any:
        if options:
            windows.append(Window(browser, **options))
        page = windows[-1].page
        page.set_viewport_size({"width": width, "height": height})
        file.write_text(content, encoding="utf-8")
        if page.url.startswith(file.as_uri()):
            page.goto("about:blank")  # or only the fragment would change
        page.goto(file.as_uri() + fragment)
        return page

    yield opened
    said = [words for window in windows for words in window.said]
    asked = {url.partition("#")[0] for window in windows for url in window.asked} - {"about:blank"}
    for window in windows[1:]:
        window.context.close()
    plain.said.clear()
    plain.asked.clear()
    assert said == []
    assert asked == {file.as_uri()}


@pytest.fixture(scope="module")
def lost_fin() -> str:
    return scenario("lost-fin", title="Lost FIN")
